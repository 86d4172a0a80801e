"""Bytes in, the same bytes out, whatever wraps the text."""

import codecs
import gzip
import io
import subprocess
import zlib
from pathlib import Path

import pytest

from cassette_cli.errors import Unreadable
from cassette_cli.source import document as module
from cassette_cli.source.document import Document

TEXT = 'a: "é😀"\nb: 2\n'
CRLF = TEXT.replace("\n", "\r\n")


def _gzip(data: bytes, name: str = "", time: int = 0, level: int = 9) -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(name, "wb", level, out, time) as file:
        file.write(data)
    return out.getvalue()


# A header with every optional field: extra, name, comment and the header's own checksum (RFC 1952).
_HEADER = b"\x1f\x8b\x08\x1e\x01\x02\x03\x04\x00\x07" + b"\x03\x00xyz" + b"name.yaml\0" + b"comment\0"
ALL_FIELDS = (
    _HEADER + (zlib.crc32(_HEADER) & 0xFFFF).to_bytes(2, "little") + _gzip(TEXT.encode())[10:]
)  # Python's own header is ten bytes

WRAPPINGS = [
    ("plain", TEXT.encode(), TEXT),
    ("empty", b"", ""),
    ("crlf", CRLF.encode(), CRLF),
    ("cr", b"a: 1\rb: 2\r", "a: 1\rb: 2\r"),
    ("no-final-break", b"a: 1", "a: 1"),
    ("bom", codecs.BOM_UTF8 + TEXT.encode(), TEXT),
    ("two-boms", codecs.BOM_UTF8 * 2 + TEXT.encode(), TEXT),
    ("three-boms", codecs.BOM_UTF8 * 3 + TEXT.encode(), TEXT),
    ("bom-alone", codecs.BOM_UTF8, ""),
    ("bom-inside", "a: \ufeffb".encode(), "a: \ufeffb"),
    ("utf-16-le", codecs.BOM_UTF16_LE + CRLF.encode("utf-16-le"), CRLF),
    ("utf-16-be", codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), TEXT),
    ("utf-32-le", codecs.BOM_UTF32_LE + TEXT.encode("utf-32-le"), TEXT),
    ("utf-32-be", codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"), TEXT),
    ("gzip", _gzip(TEXT.encode()), TEXT),
    ("gzip-empty", _gzip(b""), ""),
    ("gzip-fast", _gzip(TEXT.encode(), level=1), TEXT),
    ("gzip-named", _gzip(CRLF.encode(), "cassette.yaml", 1_700_000_000), CRLF),
    ("gzip-all-fields", ALL_FIELDS, TEXT),
    ("gzip-bom", _gzip(codecs.BOM_UTF8 + TEXT.encode(), "x"), TEXT),
    ("gzip-utf-16", _gzip(codecs.BOM_UTF16_LE + TEXT.encode("utf-16-le")), TEXT),
    ("gzip-two-members", _gzip(TEXT.encode()[:5]) + _gzip(TEXT.encode()[5:]), TEXT),
    ("gzip-padded", _gzip(TEXT.encode()) + b"\0" * 9, TEXT),
]


@pytest.mark.parametrize(("raw", "text"), [row[1:] for row in WRAPPINGS], ids=[row[0] for row in WRAPPINGS])
def test_the_same_text_gives_the_same_bytes(raw: bytes, text: str) -> None:
    document = Document("f", raw)
    assert document.text == text
    assert document.encode(document.text) == raw


@pytest.mark.parametrize(("raw", "text"), [row[1:] for row in WRAPPINGS], ids=[row[0] for row in WRAPPINGS])
def test_another_text_is_wrapped_in_the_same_way(raw: bytes, text: str) -> None:
    document = Document("f", raw)
    other = document.encode(text + "c: ü\n")
    again = Document("f", other)
    assert again.text == text + "c: ü\n"
    assert (again.charset, again.zipped) == (document.charset, document.zipped)
    if document.zipped:
        assert gzip.decompress(other).endswith(again.text[-5:].encode(again.charset))
    else:
        marks = raw[: len(raw) - len(text.encode(document.charset))]
        assert other == marks + again.text.encode(document.charset)


@pytest.mark.parametrize(
    ("raw", "header"),
    [
        (_gzip(TEXT.encode(), "cassette.yaml", 1_700_000_000), 10 + len("cassette.yaml\0")),
        (ALL_FIELDS, len(_HEADER) + 2),
    ],
    ids=["name-and-time", "all-fields"],
)
def test_a_gzip_header_stays(raw: bytes, header: int) -> None:
    other = Document("f", raw).encode("x" * 10_000)
    assert other[:header] == raw[:header]
    assert gzip.decompress(other) == b"x" * 10_000


def test_gzip_itself_reads_what_was_packed(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    path.write_bytes(Document("f", ALL_FIELDS).encode(CRLF))
    assert subprocess.run(["gzip", "-dc", path], capture_output=True, check=True).stdout == CRLF.encode()


BROKEN = [
    ("latin-1", b"a: b\ncaf\xe9: x\n", "f:2:4: byte 0xe9 is not UTF-8 text"),
    ("first-byte", b"\xff", "f:1:1: byte 0xff is not UTF-8 text"),
    ("surrogate", b"a\n\n\xed\xa0\x80", "f:3:1: byte 0xed is not UTF-8 text"),
    ("cut-character", "é\né: 😀".encode()[:-1], "f:2:4: byte 0xf0 is not UTF-8 text"),
    ("behind-bom", codecs.BOM_UTF8 + b"a\xff", "f:1:2: byte 0xff is not UTF-8 text"),
    ("half-unit", b"\xff\xfe" + "ab\nc".encode("utf-16-le") + b"x", "f:2:2: byte 0x78 is not UTF-16-LE"),
    ("lone-unit", codecs.BOM_UTF16_BE + b"\0a\xd8\0", "f:1:2: byte 0xd8 is not UTF-16-BE text"),
    ("gzip-latin-1", _gzip(b"ok\n\xe9"), "f:2:1: byte 0xe9 is not UTF-8 text"),
    ("gzip-cut", _gzip(TEXT.encode())[:-9], "f: the gzip file is cut short"),
    ("gzip-trailer-cut", _gzip(TEXT.encode())[:-1], "f: the gzip file is cut short"),
    ("gzip-magic-alone", b"\x1f\x8b", "f: the gzip file is cut short"),
    ("gzip-second-cut", _gzip(b"a") + _gzip(b"b")[:-2], "f: the gzip file is cut short"),
    ("gzip-wrong-sum", _gzip(b"a")[:-8] + b"\0" * 8, "f: the file is gzip, but broken"),
    ("gzip-then-text", _gzip(b"a") + b"b", "f: the gzip file has other bytes after its end"),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "message"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_what_is_no_text_is_an_error_with_its_place(raw: bytes, message: str) -> None:
    with pytest.raises(Unreadable) as caught:
        Document("f", raw)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("members", [1, 3])
def test_a_gzip_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch, members: int) -> None:
    monkeypatch.setattr(module, "LARGEST_UNPACKED", 2**20)
    assert len(Document("f", _gzip(b"a" * (2**20 - 1))).text) == 2**20 - 1
    with pytest.raises(Unreadable, match="unpacks to more than 1 MiB"):
        Document("f", _gzip(b"a" * (2**20 // members + 1)) * members)


PLACES = [
    ("start", "a\nb", 0, (1, 1)),
    ("line-break", "a\nb", 1, (1, 2)),
    ("second-line", "a\nb", 2, (2, 1)),
    ("end", "a\nb", 3, (2, 2)),
    ("behind-final-break", "a\n", 2, (2, 1)),
    ("empty", "", 0, (1, 1)),
    ("characters-not-bytes", "é😀x\n😀y", 5, (2, 2)),
    ("crlf", "a\r\nbc", 4, (2, 2)),
]


@pytest.mark.parametrize(
    ("text", "offset", "place"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES]
)
def test_a_place_counts_characters_from_one(text: str, offset: int, place: tuple[int, int]) -> None:
    document = Document("f", codecs.BOM_UTF8 + text.encode())
    assert document.line_column(offset) == place
    assert document.place(offset) == ("f", *place)


def test_a_format_of_raw_bytes_keeps_them() -> None:
    raw = b"httprr trace v1\n\xff\x00\xe9\r\n"
    document = Document("f", raw)
    assert document.encode(document.text) == raw
    assert document.encode(document.text + "é") == raw + "é".encode()
    assert document.line_column(len(document.text) - 3) == (2, 3)

"""Content codings: undone where the bytes really have them, told where they cannot be undone."""

import gzip
import sys
import zlib
from collections.abc import Callable

import pytest

from cassette_cli.source import inflate
from cassette_cli.wire.body import Kind, read_content
from cassette_cli.wire.codings import undo_codings
from tests.wire.messages import response

brotli = pytest.importorskip("brotli")
zstandard = pytest.importorskip("zstandard")

TEXT = b'{"text": "' + b"a word, and then another one; " * 20 + b'"}'


def _bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


def _brotli(data: bytes) -> bytes:
    return bytes(brotli.compress(data))


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": _brotli,
    "zstd": zstandard.compress,
}

# -- nothing to undo -------------------------------------------------------------------------------

UNTOUCHED = [
    ("nothing-claimed", b"hello", ""),
    ("identity", b"hello", "identity"),
    ("an-unknown-coding", b"hello", "rot13"),
    ("no-data", b"", "gzip"),
    ("only-commas", b"hello", " , ,"),
    ("gzip-stored-decoded", TEXT, "gzip"),
    ("deflate-stored-decoded", TEXT, "deflate"),
    ("br-stored-decoded", TEXT, "br"),
    ("zstd-stored-decoded", TEXT, "zstd"),
    ("two-stored-decoded", TEXT, "gzip, br"),
    ("words-of-other-languages", "\u043f\u0440\u0438\u0432\u0435\u0442".encode(), "br"),
]


@pytest.mark.parametrize(
    ("data", "claimed"), [row[1:] for row in UNTOUCHED], ids=[row[0] for row in UNTOUCHED]
)
def test_a_claim_alone_changes_nothing(data: bytes, claimed: str) -> None:
    assert undo_codings(data, claimed) == (data, None, None)


def test_a_gzip_file_that_was_asked_for_stays_one() -> None:
    packed = gzip.compress(TEXT)
    for media_type in ("application/gzip", "application/zip", "application/x-gzip"):
        assert undo_codings(packed, "", media_type).data == packed
    assert undo_codings(packed, "gzip", "application/gzip").data == TEXT


# -- undone ----------------------------------------------------------------------------------------

UNDONE = [
    *((name, packer(TEXT), name, name) for name, packer in PACKERS.items()),
    ("capitals", gzip.compress(TEXT), " GZip ", "gzip"),
    ("x-gzip", gzip.compress(TEXT), "x-gzip", "x-gzip"),
    ("bare-deflate", _bare_deflate(TEXT), "deflate", "deflate"),
    ("deflate-unpacked", zlib.compress(TEXT, 0), "deflate", "deflate"),
    ("two-members", gzip.compress(TEXT[:100]) + gzip.compress(TEXT[100:]), "gzip", "gzip"),
    ("an-empty-member", gzip.compress(TEXT) + gzip.compress(b""), "gzip", "gzip"),
    ("bytes-behind-the-last-member", gzip.compress(TEXT) + b"\0\0rest", "gzip", "gzip"),
    ("gzip-without-header", gzip.compress(TEXT), "", "gzip"),
    ("gzip-in-br", _brotli(gzip.compress(TEXT)), "gzip, br", "gzip, br"),
    ("br-in-gzip", gzip.compress(_brotli(TEXT)), "br, gzip", "br, gzip"),
    ("gzip-twice", gzip.compress(gzip.compress(TEXT)), "gzip,gzip", "gzip, gzip"),
    ("the-outer-stored-decoded", gzip.compress(TEXT), "gzip, identity", "gzip"),
    ("the-inner-stored-decoded", gzip.compress(TEXT), "br, gzip", "gzip"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "claimed", "encoding"), [row[1:] for row in UNDONE], ids=[row[0] for row in UNDONE]
)
def test_codings_are_undone_from_the_last_to_the_first(data: bytes, claimed: str, encoding: str) -> None:
    assert undo_codings(data, claimed) == (TEXT, encoding, None)


@pytest.mark.parametrize(
    ("data", "claimed", "encoding"), [row[1:] for row in UNDONE], ids=[row[0] for row in UNDONE]
)
def test_a_packed_body_reads_as_what_it_holds(data: bytes, claimed: str, encoding: str) -> None:
    content = read_content(response(data, "application/json", claimed))
    assert (content.kind, content.encoding, content.problems) == (Kind.JSON, encoding, ())
    assert content.bytes == TEXT


def test_gzip_that_python_2_stored_as_characters_is_undone() -> None:
    content = read_content(response(gzip.compress(TEXT).decode("latin-1"), "", "gzip"))
    assert (content.bytes, content.encoding) == (TEXT, "gzip")


def test_text_that_only_begins_like_gzip_stays_text() -> None:
    content = read_content(response("\x1f\x8b \u20ac", "", "gzip"))
    assert content.text == "\x1f\x8b \u20ac"
    assert content.problems


# -- what cannot be undone -------------------------------------------------------------------------


@pytest.mark.parametrize("name", PACKERS)
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_of_data_that_is_cut_short_the_rest_is_shown(name: str, share: float) -> None:
    noise = "".join(f"{number * 7919 % 10007} " for number in range(4000)).encode()
    packed = PACKERS[name](noise)
    data, encoding, problem = undo_codings(packed[: int(len(packed) * share)], name)
    assert noise.startswith(data)
    assert encoding == name
    assert problem == f"the {name} data is cut short; this is what is left of it"


@pytest.mark.parametrize("name", PACKERS)
def test_data_cut_just_before_its_end_is_known_to_be_cut(name: str) -> None:
    data, _, problem = undo_codings(PACKERS[name](TEXT)[:-1], name)
    assert TEXT.startswith(data)
    assert problem


@pytest.mark.parametrize("name", PACKERS)
def test_broken_data_is_left_as_it_is(name: str) -> None:
    packed = bytearray(PACKERS[name](TEXT))
    packed[len(packed) // 2 :] = b"\xff\x00\xee" * 20
    data, encoding, problem = undo_codings(bytes(packed), name)
    assert problem
    if encoding is None:
        assert data == bytes(packed)
        assert problem.startswith(f"the {name} data cannot be unpacked: ")


@pytest.mark.parametrize("name", PACKERS)
def test_an_image_that_is_stored_decoded_says_that_it_is_not_packed(name: str) -> None:
    image = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x30\xff\xfe"
    data, encoding, problem = undo_codings(image, name)
    assert (data, encoding) == (image, None)
    assert problem


@pytest.mark.parametrize("name", PACKERS)
def test_a_bomb_is_left_as_it_is(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inflate, "LARGEST_BODY", 1024 * 1024)
    bomb = PACKERS[name](b"\0" * (4 * 1024 * 1024))
    assert undo_codings(bomb, name) == (
        bomb, None, f"the {name} data unpacks to more than 1 MiB; left as it is"
    )  # fmt: skip


def test_a_bomb_of_many_members_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inflate, "LARGEST_BODY", 1024 * 1024)
    bomb = gzip.compress(b"\0" * 300_000) * 5
    assert undo_codings(bomb, "gzip").problem == "the gzip data unpacks to more than 1 MiB; left as it is"


def test_a_bomb_in_a_bomb_is_left_packed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inflate, "LARGEST_BODY", 1024 * 1024)
    inner = gzip.compress(b"\0" * (4 * 1024 * 1024))
    data, encoding, problem = undo_codings(gzip.compress(inner), "gzip, gzip")
    assert (data, encoding) == (inner, "gzip")
    assert problem


@pytest.mark.parametrize(
    ("name", "library", "extra"), [("br", "brotli", "brotli"), ("zstd", "zstandard", "zstd")]
)
def test_a_missing_library_names_the_extra_that_brings_it(
    name: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = PACKERS[name](TEXT)
    monkeypatch.setitem(sys.modules, library, None)
    content = read_content(response(packed, "application/json", name))
    assert (content.kind, content.data, content.encoding) == (Kind.BINARY, packed, None)
    assert content.problems == (
        f"the body is packed as {name}; to read it: pip install 'cassette-cli[{extra}]'",
    )


@pytest.mark.parametrize(("name", "library"), [("br", "brotli"), ("zstd", "zstandard")])
def test_a_missing_library_is_not_missed_for_text(
    name: str, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    content = read_content(response(TEXT, "application/json", name))
    assert (content.kind, content.problems) == (Kind.JSON, ())


def test_what_is_packed_in_a_missing_coding_is_not_guessed_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "brotli", None)
    packed = _brotli(gzip.compress(TEXT))
    data, encoding, problem = undo_codings(packed, "gzip, br")
    assert (data, encoding) == (packed, None)
    assert problem is not None
    assert "brotli" in problem

"""The exact text of one file: bytes in, bytes out, every offset a place.

A `Document` undoes what wraps the text (a byte order mark, UTF-16, whole-file gzip) and remembers
how to put it back. `document.encode(document.text)` is the file's own bytes, always. It knows
neither YAML nor JSON nor HTTP.
"""

import codecs
import struct
import zlib
from bisect import bisect_right
from pathlib import Path
from typing import NamedTuple

from cassette_cli.errors import Place, Unreadable

LARGEST_UNPACKED = 512 * 1024 * 1024  # bytes; a whole-file gzip that holds more is refused as a bomb

_GZIP = b"\x1f\x8b"
_MARKS = (  # longest first: the UTF-32 mark begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


_RAW = (b"httprr trace",)  # how files begin whose bodies are raw bytes; what is no text is kept in surrogates


class Length(NamedTuple):
    """A number in a text, at start..end, that counts the UTF-8 bytes of the characters first..last."""

    start: int
    end: int
    first: int
    last: int
    base: int = 10
    behind: int | None = None  # up to here all of it goes, number included, if nothing is left to count


class Document:
    """One file's text and what it takes to write it back as it was."""

    __slots__ = (
        "_lines",
        "_mark",
        "charset",
        "errors",
        "lengths",
        "name",
        "raw",
        "siblings",
        "text",
        "zipped",
    )

    def __init__(self, name: str, raw: bytes) -> None:
        """Decode `raw`; raises Unreadable with the place of the first byte that is no text."""
        self.name = name
        self.raw = raw
        self.zipped = raw.startswith(_GZIP)
        data = _unzip(name, raw) if self.zipped else raw
        self._mark, self.charset = next(
            ((mark, charset) for mark, charset in _MARKS if data.startswith(mark)), (b"", "utf-8")
        )
        one_mark = self._mark
        while one_mark and data.startswith(one_mark, len(self._mark)):  # the C parser skips a second one, too
            self._mark += one_mark
        self._lines: list[int] | None = None
        self.siblings: dict[str, bytes] = {}  # files beside it that are not written yet, by their names
        self.lengths: tuple[Length, ...] = ()  # set by the reader of a format that has them, inner ones first
        self.errors = "surrogateescape" if data.startswith(_RAW) else "strict"
        try:
            self.text = data[len(self._mark) :].decode(self.charset, self.errors)
        except UnicodeDecodeError as error:
            before = data[len(self._mark) :][: error.start].decode(self.charset, "replace")
            line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
            raise Unreadable(
                f"byte 0x{error.object[error.start]:02x} is not {self.charset.upper()} text; "
                "save the file as UTF-8",
                Place(name, line, column),
            ) from None

    def encode(self, text: str) -> bytes:
        """The bytes of a file like this one that holds `text`."""
        if text == self.text:
            return self.raw
        data = self._mark + text.encode(self.charset, self.errors)
        return zip_like(self.raw, data) if self.zipped else data

    def sibling(self, relative: str) -> bytes | None:
        """The bytes of a file named relative to this one's folder; None if they cannot be had."""
        try:
            path = Path(self.name).parent.joinpath(relative)
            known = self.siblings.get(str(path))
            return path.read_bytes() if known is None else known
        except (OSError, ValueError):
            return None

    def line_column(self, offset: int) -> tuple[int, int]:
        """The 1-based line and column of a character offset."""
        starts = self._line_starts()
        line = bisect_right(starts, offset)
        return line, offset - starts[line - 1] + 1

    def offset(self, line: int, column: int) -> int:
        """The character offset of a 1-based line and column."""
        return self._line_starts()[line - 1] + column - 1

    def line(self, number: int) -> str:
        """The text of a line, without what ends it."""
        start = self.offset(number, 1)
        end = self.text.find("\n", start)
        return self.text[start : end if end >= 0 else len(self.text)].removesuffix("\r")

    def _line_starts(self) -> list[int]:
        if self._lines is None:
            self._lines = [0]
            position = self.text.find("\n")
            while position >= 0:
                self._lines.append(position + 1)
                position = self.text.find("\n", position + 1)
        return self._lines

    def place(self, offset: int) -> Place:
        return Place(self.name, *self.line_column(offset))


def _unzip(name: str, raw: bytes) -> bytes:
    """All members of a gzip file, as gzip(1) reads them; zero padding at the end is allowed."""
    out, rest, room = [], raw, LARGEST_UNPACKED
    while rest.startswith(_GZIP):
        unpacker = zlib.decompressobj(wbits=31)
        try:
            out.append(unpacker.decompress(rest, room))
        except zlib.error as error:
            raise Unreadable(f"the file is gzip, but broken ({error}); restore it", Place(name)) from None
        room -= len(out[-1])
        if unpacker.unconsumed_tail or room <= 0:
            limit = LARGEST_UNPACKED // 1024**2
            raise Unreadable(f"the gzip file unpacks to more than {limit} MiB", Place(name))
        if not unpacker.eof:
            raise Unreadable("the gzip file is cut short; restore it", Place(name))
        rest = unpacker.unused_data
    if rest.strip(b"\0"):
        raise Unreadable("the gzip file has other bytes after its end; restore it", Place(name))
    return b"".join(out)


def zip_like(original: bytes, data: bytes) -> bytes:
    """`data` as one gzip member under the header (name, time, ...) of the original file."""
    packer = zlib.compressobj(9, wbits=-15)
    body = packer.compress(data) + packer.flush()
    trailer = struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)
    return original[: _gzip_header_end(original)] + body + trailer


def _gzip_header_end(raw: bytes) -> int:
    """Where the compressed data starts: RFC 1952, section 2.3."""
    flags, end = raw[3], 10
    if flags & 4:  # FEXTRA
        end += 2 + int.from_bytes(raw[end : end + 2], "little")
    for flag in (8, 16):  # FNAME, FCOMMENT: ended by a zero byte
        if flags & flag:
            end = raw.index(0, end) + 1
    return end + (2 if flags & 2 else 0)  # FHCRC

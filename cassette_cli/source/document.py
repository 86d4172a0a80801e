"""The exact text of one file: bytes in, bytes out, every offset a place.

A `Document` undoes what wraps the text (a byte order mark, UTF-16, whole-file gzip) and remembers
how to put it back. `document.encode(document.text)` is the file's own bytes, always. It knows
neither YAML nor JSON nor HTTP.
"""

import codecs
import os
import re
import struct
import zlib
from bisect import bisect_right
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from cassette_cli.errors import Place, Unreadable
from cassette_cli.source.inflate import GZIP, TooLarge, inflate

LARGEST_UNPACKED = 512 * 1024 * 1024  # bytes; a whole-file gzip that holds more is refused as a bomb

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


_WIDE = re.compile("(?:[^\0]\0){2}|(?:\0[^\0]){2}")  # every other character is none


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
        self.zipped = raw.startswith(GZIP)
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
        if self.charset == "utf-8" and _WIDE.match(self.text):
            raise Unreadable(
                "looks like UTF-16 without its byte order mark; save the file as UTF-8", Place(name, 1, 1)
            )

    def encode(self, text: str) -> bytes:
        """The bytes of a file like this one that holds `text`."""
        if text == self.text:
            return self.raw
        data = self._mark + text.encode(self.charset, self.errors)
        return zip_like(self.raw, data) if self.zipped else data

    def sibling(self, relative: str) -> bytes | None:
        """The bytes of a file named relative to this one's folder; None if they cannot be had.

        A symlink is not followed: what a cassette names could be any file of whoever reads it.
        """
        try:
            folder = os.path.realpath(Path(self.name).parent)
            path = Path(os.path.normpath(Path(folder, relative)))
            known = self.siblings.get(str(Path(self.name).parent.joinpath(relative)))
            if known is not None:
                return known
            return path.read_bytes() if path == Path(os.path.realpath(path)) and path.is_file() else None
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
    try:
        found = inflate(raw, 31, LARGEST_UNPACKED)
    except zlib.error as error:
        raise Unreadable(f"the file is gzip, but broken ({error}); restore it", Place(name)) from None
    except TooLarge:
        limit = LARGEST_UNPACKED // 1024**2
        raise Unreadable(f"the gzip file unpacks to more than {limit} MiB", Place(name)) from None
    if not found.ended:
        raise Unreadable("the gzip file is cut short; restore it", Place(name))
    if raw[found.end :].strip(b"\0"):
        raise Unreadable("the gzip file has other bytes after its end; restore it", Place(name))
    return found.data


def beginning(raw: bytes) -> str:
    """What can be had of the text of a file that is none, or a cut one: for a look at it, and no more."""
    if not raw.startswith(GZIP):
        return raw.decode("latin-1")
    unpacker, out = zlib.decompressobj(wbits=31), b""
    with suppress(zlib.error):
        for at in range(0, len(raw), _PIECE):
            out += unpacker.decompress(raw[at : at + _PIECE])
            if len(out) > _ENOUGH:
                break
    return out.decode("latin-1")


_PIECE, _ENOUGH = 512, 100_000  # bytes that are unpacked at once, for what is broken behind them; and in all


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

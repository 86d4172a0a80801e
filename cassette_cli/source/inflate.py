"""What zlib packed, unpacked within bounds, in time that grows with its size alone."""

import zlib
from typing import NamedTuple

GZIP = b"\x1f\x8b"  # how each member of a gzip stream begins

LARGEST_BODY = 32 * 1024 * 1024  # bytes; a body that unpacks to more is left as it is, and said
_MOST_TIMES, _HARMLESS = 200, 2 * 1024 * 1024  # so is one of more times its size, but for small ones
_FIRST_PIECE, _LARGEST_PIECE = 512, 1024 * 1024  # bytes fed at once; what follows a member is copied


class Inflated(NamedTuple):
    data: bytes  # of all members together
    end: int  # where the last member ends in what was packed
    ended: bool  # False where it is cut short


class TooLarge(Exception):
    """It unpacks to more than it may."""


def largest(packed: bytes) -> int:
    """The bytes that a body may unpack to; one of more is a bomb."""
    return min(LARGEST_BODY, max(_HARMLESS, _MOST_TIMES * len(packed)))


def inflate(packed: bytes, wbits: int, most: int) -> Inflated:
    """The data of all members; raises TooLarge for more than `most` bytes, zlib.error where it is broken."""
    out, room, end = list[bytes](), most, 0
    while True:
        unpacker, size = zlib.decompressobj(wbits), _FIRST_PIECE
        while not unpacker.eof and end < len(packed):
            piece = packed[end : end + size]
            out.append(unpacker.decompress(piece, room + 1))
            room -= len(out[-1])
            if room < 0:
                raise TooLarge
            end += len(piece) - len(unpacker.unused_data)
            size = min(2 * size, _LARGEST_PIECE)
        if not (unpacker.eof and packed.startswith(GZIP, end)):
            return Inflated(b"".join(out), end, unpacker.eof)

"""Content codings (gzip, deflate, br, zstd), undone where the bytes really have them, and bounded.

`Content-Encoding` is a claim: many recorders store the body decoded and keep the header.
"""

import zlib
from collections.abc import Callable
from typing import NamedTuple

from cassette_cli.source.document import zip_like
from cassette_cli.source.inflate import GZIP, TooLarge, inflate, largest


class Unpacked(NamedTuple):
    data: bytes
    encoding: str | None  # the codings that were undone, in the header's order
    problem: str | None = None


class _Cut(Exception):
    """The packed data ends too early."""

    def __init__(self, rest: bytes) -> None:
        super().__init__()
        self.rest = rest  # what could be unpacked


class _Missing(Exception):
    """The library for a coding is not installed; the argument is the extra that brings it."""


def undo_codings(data: bytes, claimed: str, media_type: str = "") -> Unpacked:
    """The bytes without the codings that they really have; a problem where one cannot be undone."""
    names = [name.strip().lower() for name in claimed.split(",") if name.strip()]
    if not names and data.startswith(GZIP) and "zip" not in media_type:
        names = ["gzip"]  # a recorder that drops headers
    undone: list[str] = []
    problem = None
    most = largest(data)
    for name in reversed(names):
        undo = _CODINGS.get(name.removeprefix("x-"))
        if undo is None or not data or problem:
            continue
        try:
            data = undo(data, most)
            undone.insert(0, name)
        except _Cut as error:
            data, problem = error.rest, f"the {name} data is cut short; this is what is left of it"
            undone.insert(0, name)
        except TooLarge:
            problem = f"the {name} data unpacks to more than {most // 1024**2} MiB; left as it is"
        except _Missing as error:
            problem = f"the body is packed as {name}; to read it: pip install 'cassette-cli[{error}]'"
        except ValueError as error:
            if not is_text(data):
                problem = f"the {name} data cannot be unpacked: {error}"
    return Unpacked(data, ", ".join(undone) or None, problem)


def redo_codings(data: bytes, encoding: str | None, before: bytes) -> bytes:
    """`data` under the codings that were undone, as `before` had them; raises ValueError for others."""
    for name in encoding.split(", ") if encoding else ():
        match name.removeprefix("x-"):
            case "gzip" if before.startswith(GZIP):
                data = zip_like(before, data)
            case "gzip":  # under another coding
                data = zlib.compress(data, wbits=31)
            case "deflate":
                wbits = 15 if before[0] & 15 == 8 and int.from_bytes(before[:2]) % 31 == 0 else -15
                packer = zlib.compressobj(wbits=wbits)
                data = packer.compress(data) + packer.flush()
            case "br":
                import brotli

                data = brotli.compress(data)
            case "zstd":
                import zstandard

                data = zstandard.compress(data)
            case _:
                raise ValueError(f"{name} cannot be packed here")
    return data


def is_text(data: bytes) -> bool:
    try:
        return b"\0" not in data[:4096] and data.decode() is not None
    except UnicodeDecodeError:
        return False


def _inflate(data: bytes, most: int, wbits: int) -> bytes:
    """Zlib's formats; of gzip all members."""
    try:
        found = inflate(data, wbits, most)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if not found.ended:
        raise _Cut(found.data)
    return found.data


def _gzip(data: bytes, most: int) -> bytes:
    return _inflate(data, most, 31)


def _deflate(data: bytes, most: int) -> bytes:
    """`deflate` is zlib's format by RFC 9110, bare deflate by widespread practice."""
    if is_text(data):
        raise ValueError("plain text")
    try:
        return _inflate(data, most, 15)
    except ValueError:
        return _inflate(data, most, -15)


def _brotli(data: bytes, most: int) -> bytes:
    if is_text(data):
        raise ValueError("plain text")
    try:
        import brotli
    except ImportError:
        raise _Missing("brotli") from None
    unpacker = brotli.Decompressor()
    return _bounded(unpacker.process, unpacker.is_finished, data, most, brotli.error)


def _zstd(data: bytes, most: int) -> bytes:
    if not data.startswith(b"\x28\xb5\x2f\xfd"):
        raise ValueError("no zstd data")
    try:
        import zstandard
    except ImportError:
        raise _Missing("zstd") from None
    unpacker = zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj()
    return _bounded(unpacker.decompress, lambda: unpacker.eof, data, most, zstandard.ZstdError)


def _bounded(
    feed: Callable[[bytes], bytes],
    finished: Callable[[], bool],
    data: bytes,
    most: int,
    fault: type[Exception],
) -> bytes:
    """All output, fed in pieces so small that it stays bounded (brotli packs 16 MB into 10 bytes)."""
    out, size = [], 0
    for start in range(0, len(data), 16):
        if finished():
            break
        try:
            out.append(feed(data[start : start + 16]))
        except fault as error:
            raise ValueError(str(error)) from None
        size += len(out[-1])
        if size > most:
            raise TooLarge
    if not finished():
        raise _Cut(b"".join(out))
    return b"".join(out)


_CODINGS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}

"""AWS event streams: length-prefixed binary messages with headers, a payload and two checksums.

The format is that of `vnd.amazon.eventstream`: a prelude of total length, header length and their
CRC-32, the headers, the payload, and the CRC-32 of the whole message, all big-endian.
https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html
"""

import struct
from collections.abc import Iterator
from zlib import crc32

from cassette_cli.wire.sse import Event

_PRELUDE = struct.Struct(">III")
_FIXED = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}  # header types by the bytes of their value
_COUNTED = (6, 7)  # bytes and text, behind two bytes of length
_LARGEST = 24 * 1024 * 1024  # bytes of one message, by the format


def looks_like_frames(data: bytes) -> bool:
    """Whether the bytes begin with the prelude of a message: its checksum tells."""
    if len(data) < 16:
        return False
    total, headers, checksum = _PRELUDE.unpack_from(data)
    return bool(16 + headers <= total <= _LARGEST and crc32(data[:8]) == checksum)


def read_frames(data: bytes) -> tuple[list[Event], list[str]]:
    """The messages as events named by their `:event-type` (an exception by its own), and what is wrong."""
    events: list[Event] = []
    problems: list[str] = []
    position = 0
    while position < len(data):
        rest = data[position:]
        if not looks_like_frames(rest):
            whole = len(rest) >= 12
            problems.append(f"the event stream is {'broken' if whole else 'cut'} at byte {position}")
            break
        total, length, _ = _PRELUDE.unpack_from(rest)
        if len(rest) < total:
            payload = rest[12 + length :]
            events.append(Event(_name(rest[12 : 12 + length]), _text(payload), position, ended=False))
            break
        message = rest[:total]
        if crc32(message[:-4]) != int.from_bytes(message[-4:], "big"):
            problems.append(f"event {len(events)}: the checksum does not fit")
        name = _name(message[12 : 12 + length])
        events.append(Event(name, _text(message[12 + length : -4]), position, ended=True))
        position += total
    return events, problems


def _text(payload: bytes) -> str:
    return payload.decode("utf-8", "replace")


def _name(headers: bytes) -> str:
    found = dict(_headers(headers))
    return found.get(":event-type") or found.get(":exception-type") or found.get(":error-code") or ""


def _headers(data: bytes) -> Iterator[tuple[str, str]]:
    """The text headers of a message; ends early where they are broken."""
    position = 0
    while position < len(data):
        size = data[position]
        name = _text(data[position + 1 : position + 1 + size])
        position += 1 + size
        kind = data[position] if position < len(data) else -1
        position += 1
        if kind in _COUNTED:
            size = int.from_bytes(data[position : position + 2], "big")
            position += 2
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            return
        if kind == 7:
            yield name, _text(data[position : position + size])
        position += size

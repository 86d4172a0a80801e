"""AWS event streams: length-prefixed binary messages with headers, a payload and two checksums.

The format is that of `vnd.amazon.eventstream`: a prelude of total length, header length and their
CRC-32, the headers, the payload, and the CRC-32 of the whole message, all big-endian.
https://docs.aws.amazon.com/transcribe/latest/dg/event-stream.html
"""

import struct
from collections.abc import Iterator, Sequence
from zlib import crc32

from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.style import Style
from cassette_cli.source.text import Lowered, Packed, Text
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


class Frames(Packed):
    """The bytes of an event stream, as characters; lengths and checksums follow what is edited."""

    __slots__ = ()

    def parent_edits(self, edits: Sequence[Edit]) -> Lowered:
        data = self.encode("latin-1")
        fixes: list[Edit] = []
        for start, total, length in _messages(data):
            first, last = start + 12 + length, start + total - 4
            inside = [edit for edit in edits if first <= edit.start and edit.end <= last]
            if not inside:
                continue
            own = [Edit(edit.start - first, edit.end - first, edit.text) for edit in inside]
            payload = splice(self[first:last], own).encode("latin-1")
            head = struct.pack(">II", 16 + length + len(payload), length)
            message = head + struct.pack(">I", crc32(head)) + data[start + 12 : first] + payload
            whole = message + struct.pack(">I", crc32(message))
            fixes.append(Edit(start, start + total, whole.decode("latin-1")))
        return super().parent_edits(fixes)


def _messages(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Where each whole message begins, how long it is, and how long its headers are."""
    position = 0
    while looks_like_frames(data[position : position + 16]):
        total, length, _ = _PRELUDE.unpack_from(data, position)
        if position + total > len(data):
            return
        yield position, total, length
        position += total


def read_frames(source: bytes | Frames) -> tuple[list[Event], list[str]]:
    """The messages as events named by their `:event-type` (an exception by its own), and what is wrong.

    The data of an event is a text if the stream is one.
    """
    data = source if isinstance(source, bytes) else source.encode("latin-1")
    events: list[Event] = []
    problems: list[str] = []
    end = 0
    for start, total, length in _messages(data):
        message, end = data[start : start + total], start + total
        if crc32(message[:-4]) != int.from_bytes(message[-4:], "big"):
            problems.append(f"event {len(events)}: the checksum does not fit")
        payload = _text(message[12 + length : -4])
        if isinstance(source, Frames):
            payload = Text(payload, source, start + 12 + length, end - 4, Style.UTF8)
        events.append(Event(_name(message[12 : 12 + length]), payload, start, ended=True))
    rest = data[end:]
    if looks_like_frames(rest):
        _, length, _ = _PRELUDE.unpack_from(rest)
        events.append(Event(_name(rest[12 : 12 + length]), _text(rest[12 + length :]), end, ended=False))
    elif rest:
        problems.append(f"the event stream is {'broken' if len(rest) >= 12 else 'cut'} at byte {end}")
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

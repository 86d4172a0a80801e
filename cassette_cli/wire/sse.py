"""Server-sent events, newline-delimited JSON, cut JSON arrays: the text of a stream as its events.

The rules are WHATWG's (HTML, 9.2.6), with two differences that an inspector needs: the last event is
kept though no blank line ends it (and is marked so), and each event knows where its data stands.
"""

import json
import re
from typing import NamedTuple

from cassette_cli.source.style import Style
from cassette_cli.source.text import Joined, Text


class Event(NamedTuple):
    """One event; `data` is a Text if the stream is one."""

    event: str
    data: str
    start: int  # of its first line, in the stream's text
    ended: bool  # False for a last event without the blank line that ends it


_STREAM = re.compile(r"\ufeff?(?:(?::[^\r\n]*|(?:event|id|retry):[^\r\n]*)?(?>\r\n|\r|\n))*(?:data|event):")
_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")
_OBJECT = re.compile(r"[\s,]*\{")


def looks_like_events(text: str) -> bool:
    """Whether the text begins as a stream of server-sent events does."""
    return _STREAM.match(text) is not None


def read_events(text: str) -> list[Event]:
    """The events of a stream that have data, in order."""
    events: list[Event] = []
    name, data = "", list[str]()
    start = first = last = -1
    for match in _LINE.finditer(text, 1 if text.startswith("\ufeff") else 0):
        line, end = match[1], match.end(1)
        if not line:
            if "\n".join(data):
                events.append(_event(text, name, data, start, (first, last), ended=bool(match[2])))
            name, data = "", []
            start = first = last = -1
            continue
        start = match.start() if start < 0 else start
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            first, last = (end - len(value) if first < 0 else first), end
            data.append(value)
        elif field == "event":
            name = value
    return events


def _event(text: str, name: str, data: list[str], start: int, span: tuple[int, int], *, ended: bool) -> Event:
    value = "\n".join(data)
    if isinstance(text, Text | Joined):
        value = Text(value, text, *span, Style.SSE)
    return Event(name, value, start, ended)


def read_lines(text: str) -> list[Event]:
    """The values of newline-delimited JSON, one event a line that is not blank."""
    lines = (match for match in re.finditer(r"[^\r\n]+", text) if not match[0].isspace())
    return [_slice(text, *line.span(), ended=True) for line in lines]


def read_array(text: str) -> list[Event]:
    """The objects of a JSON array that is cut off; the last event is what is left, maybe nothing."""
    decoder, events = json.JSONDecoder(), list[Event]()
    start = text.index("[") + 1
    while match := _OBJECT.match(text, start):
        start = match.end() - 1
        try:
            _, end = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            break
        events.append(_slice(text, start, end, ended=True))
        start = end
    return [*events, _slice(text, start, len(text), ended=False)]


def _slice(text: str, start: int, end: int, *, ended: bool) -> Event:
    data = text[start:end]
    if isinstance(text, Text | Joined):
        data = Text(data, text, start, end, Style.LINE)
    return Event("", data, start, ended)

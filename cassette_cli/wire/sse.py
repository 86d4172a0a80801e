"""Server-sent events and newline-delimited JSON: the text of a stream as its events.

The rules are WHATWG's (HTML, 9.2.6), with two differences that an inspector needs: the last event is
kept though no blank line ends it (and is marked so), and each event knows where its data stands.
"""

import re
from typing import NamedTuple

from cassette_cli.source.style import Style
from cassette_cli.source.text import Text


class Event(NamedTuple):
    """One event; `data` is a Text if the stream is one."""

    event: str
    data: str
    start: int  # of its first line, in the stream's text
    ended: bool  # False for a last event without the blank line that ends it


_STREAM = re.compile(r"\ufeff?(?:(?::[^\r\n]*|(?:event|id|retry):[^\r\n]*)?(?>\r\n|\r|\n))*(?:data|event):")
_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")


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
    if isinstance(text, Text):
        value = Text(value, text, *span, Style.SSE)
    return Event(name, value, start, ended)


def read_lines(text: str) -> list[Event]:
    """The values of newline-delimited JSON, one event a line that is not blank."""
    events = []
    for match in re.finditer(r"[^\r\n]+", text):
        if match[0].isspace():
            continue
        span = match.span()
        value = Text(match[0], text, *span, Style.LINE) if isinstance(text, Text) else match[0]
        events.append(Event("", value, span[0], ended=True))
    return events

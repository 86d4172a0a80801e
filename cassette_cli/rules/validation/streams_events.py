"""A streamed reply as the rules on streams read it: its events in one form, each with its place.

What Bedrock wraps in base64 is unwrapped, and is in the form of the family that is inside. A stream is given
to rules only if it is whole, for what else is wrong with a broken one follows from the break.
"""

from base64 import b64decode
from collections.abc import Iterator
from typing import NamedTuple
from weakref import WeakKeyDictionary

from cassette_cli.llm import bedrock_converse
from cassette_cli.llm.messages import Object, as_object, as_text
from cassette_cli.rules.validation.check import Problem
from cassette_cli.selection import Reading
from cassette_cli.source.jsontree import load_json
from cassette_cli.wire.body import Kind

DONE = "[DONE]"
STREAMS = (Kind.SSE, Kind.NDJSON, Kind.EVENTSTREAM)


class Said(NamedTuple):
    """One event of a stream: its type, its value (none for the end mark), and where it stands."""

    number: int  # -1 for a whole reply
    kind: str
    value: Object
    data: str
    inside: str = ""  # the JSON pointer of what holds the value packed, so that none leads into it

    def problem(
        self, message: str, pointer: str = "", note: str = "", span: tuple[int, int] | None = None
    ) -> Problem:
        """What is wrong with the event, or with what a pointer leads to in its value."""
        where = "response.body" if self.number >= 0 else f"response.body{pointer}"
        if self.inside:
            return Problem(message, where, self.data, None, self.inside, note)
        return Problem(message, where, self.data, span, pointer, note)


class Stream(NamedTuple):
    """A whole stream: whose events it has, and the events."""

    form: str
    events: tuple[Said, ...]


_read: WeakKeyDictionary[Reading, Stream | None] = WeakKeyDictionary()


def stream_of(reading: Reading) -> Stream | None:
    """The streamed reply of an LLM call that came whole and without an error; else None."""
    if reading.said.kind not in STREAMS:
        return None
    if reading not in _read:
        _read[reading] = _stream(reading)
    return _read[reading]


def _stream(reading: Reading) -> Stream | None:
    exchange, content = reading.exchange, reading.said
    if exchange is None or not exchange.complete or exchange.answer.error or content.problems:
        return None
    if "starting_after=" in reading.interaction.request.url:  # it goes on in the middle of an earlier one
        return None
    if exchange.dialect == "bedrock-invoke":
        return _unwrapped(reading)
    events: list[Said] = []
    for number, (event, value) in enumerate(zip(content.events, reading.events, strict=True)):
        body, done = as_object(value), event.data.strip() == DONE
        if value is None and not done:
            return None
        named = as_text(body.get("event_type")) or as_text(body.get("type")) or event.event
        kind = DONE if done else named
        events.append(Said(number, kind, body, event.data))
    return Stream(exchange.dialect, tuple(events))


def _unwrapped(reading: Reading) -> Stream | None:
    events: list[Said] = []
    for number, (event, value) in enumerate(zip(reading.said.events, reading.events, strict=True)):
        packed = as_object(value).get("bytes")
        try:
            body = as_object(load_json(b64decode(as_text(packed))))
        except (ValueError, RecursionError):
            return None
        events += _told(number, body, event.data)
    return Stream(_form(events[0]), tuple(events)) if events else None


def _told(number: int, body: Object, data: str) -> Iterator[Said]:
    """The events that one of InvokeModel's brings; Nova's stand under their names."""
    named = body.keys() & bedrock_converse.EVENTS
    for kind in named or [as_text(body.get("type"))]:
        value = as_object(body.get(kind)) if named else body
        yield Said(number, kind, value, data, inside="/bytes")


def _form(first: Said) -> str:
    if first.kind in bedrock_converse.EVENTS:
        return bedrock_converse.ID
    if first.kind == "message_start":
        return "anthropic-messages"
    return "openai-chat" if "choices" in first.value else "bedrock-invoke"

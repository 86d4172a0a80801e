"""One conversation, whatever the dialect: messages of parts, and what came back.

Plain values. Strings in them are `Text`s when the body was read with places (`wire.body.traced`),
a streamed text then is a `Joined` of its deltas; everything here treats them as strings.
"""

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from cassette_cli.source.jsontree import load_json
from cassette_cli.source.text import Joined, Text
from cassette_cli.source.tree import Fields, Integer, Items, Json

Object: TypeAlias = dict[str, Json]


class Prose(NamedTuple):
    """Words: `text` is seen, `reasoning` is thought aloud, `refusal` says no."""

    type: str
    text: str


class ToolCall(NamedTuple):
    """A call that the client is to run; one that the provider ran itself if `server`."""

    id: str | None
    name: str
    raw_arguments: str
    server: bool = False

    @property
    def arguments(self) -> Json:
        """The parsed arguments, `{}` for none at all, or None where they are no JSON."""
        if not self.raw_arguments.strip():
            return {}
        try:
            value: Json = load_json(self.raw_arguments)
        except (ValueError, RecursionError):
            return None
        return value


class ToolResult(NamedTuple):
    tool_call_id: str | None
    parts: "tuple[Part, ...]"
    is_error: bool = False
    server: bool = False


class Media(NamedTuple):
    """An image, audio or file: by what it is and how large, never by its bytes."""

    type: str  # image, audio, file
    media_type: str | None = None
    size: int | None = None  # bytes, where the data stands in the body
    url: str | None = None  # or a name or id, where it stands elsewhere


class Item(NamedTuple):
    """A part of another kind, by the provider's own fields: a citation, an embedding, a ranking."""

    type: str
    fields: Object


class Unknown(NamedTuple):
    """A part that no rule here knows: kept, and shown as it is."""

    raw: Json


Part: TypeAlias = Prose | ToolCall | ToolResult | Media | Item | Unknown


class Message(NamedTuple):
    role: str
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return self._prose("text")

    @property
    def reasoning(self) -> str:
        return self._prose("reasoning")

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The calls that the client is to run."""
        return tuple(part for part in self.parts if isinstance(part, ToolCall) and not part.server)

    def _prose(self, type_: str) -> str:
        return joined([part.text for part in self.parts if isinstance(part, Prose) and part.type == type_])


class Tool(NamedTuple):
    name: str
    description: str | None = None
    parameters: Json = None


class Usage(NamedTuple):
    """The provider's own numbers under common names."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None
    total_tokens: int | None = None


class ProviderError(NamedTuple):
    type: str | None
    message: str


class Prompt(NamedTuple):
    """What a request asks."""

    model: str | None
    messages: tuple[Message, ...]
    tools: tuple[Tool, ...]
    params: Object  # every other setting, as written


class Answer(NamedTuple):
    """What a response says: its choices, the first of which is the reply."""

    model: str | None = None
    choices: tuple[Message, ...] = ()
    finish_reason: str | None = None
    usage: Usage | None = None
    error: ProviderError | None = None
    ended: bool = True  # False for a stream without the end mark of its dialect
    problems: tuple[str, ...] = ()


class Event(NamedTuple):
    """One event of a stream, by name if it has one; a whole reply is one event without a name."""

    name: str
    value: Json


class View(NamedTuple):
    """What a dialect is told by: the URL's path and host, the request's fields, the reply's first events."""

    path: str
    host: str
    asked: Object
    events: tuple[Event, ...]

    @property
    def said(self) -> Iterator[Object]:
        """The first values of the reply that are objects."""
        return (event.value for event in self.events if isinstance(event.value, dict))


class Exchange(NamedTuple):
    """One interaction as its dialect reads it."""

    dialect: str
    prompt: Prompt
    answer: Answer
    streamed: bool
    complete: bool
    problems: tuple[str, ...] = ()

    @property
    def model(self) -> str | None:
        return self.prompt.model or self.answer.model

    @property
    def reply(self) -> Message | None:
        return self.answer.choices[0] if self.answer.choices else None


# -- reading JSON that may be anything -------------------------------------------------------------


def as_object(value: Json) -> Object:
    return value if isinstance(value, dict) else {}


def objects(value: Json) -> list[Object]:
    """The objects of a list; what else stands in it is passed over."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def as_text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def text_or_none(value: Json) -> str | None:
    return value if isinstance(value, str) else None


def count(value: Json) -> int | None:
    if isinstance(value, Integer):
        return value  # with its place
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return int(value)
    except (ValueError, OverflowError):  # NaN and Infinity, which Python's JSON reader lets through
        return None


class Compact(str):
    """A value that stands in the file as JSON of its own, written out."""

    __slots__ = ("value",)
    value: Fields | Items

    @classmethod
    def of(cls, text: str, value: Fields | Items) -> "Compact":
        self = cls(text)
        self.value = value
        return self


def compact(value: Json) -> str:
    try:
        if isinstance(value, str):
            return value
        text = json.dumps(value, ensure_ascii=False)
        return Compact.of(text, value) if isinstance(value, Fields | Items) else text
    except RecursionError:  # a value can be just shallow enough to be read, but not to be written
        return "(nested too deep to be written out)"


def joined(pieces: list[str]) -> str:
    """The pieces as one string, which knows its places if they do."""
    pieces = [piece for piece in pieces if piece] or pieces[:1]
    if len(pieces) == 1:
        return pieces[0]
    if any(isinstance(piece, Text | Joined) for piece in pieces):
        return Joined(pieces)
    return "".join(pieces)


def joined_parts(chunks: Iterable[Iterable[Part]]) -> tuple[Part, ...]:
    """The parts of a stream's chunks in order; prose that one chunk ends with goes on in the next."""
    runs: list[tuple[Part, list[str]]] = []
    for chunk in chunks:
        for place, part in enumerate(chunk):
            last = runs[-1] if runs and not place else None
            if last and isinstance(part, Prose) and isinstance(last[0], Prose) and part.type == last[0].type:
                last[1].append(part.text)
            else:
                runs.append((part, [part.text] if isinstance(part, Prose) else []))
    return tuple(
        part._replace(text=joined(words)) if isinstance(part, Prose) else part for part, words in runs
    )


def prose(type_: str, text: str) -> tuple[Prose, ...]:
    """One part, or none for no text."""
    return (Prose(type_, text),) if text else ()


def data_url(type_: str, url: str) -> Media:
    """An image or file by its URL; of a data URL, its type and size."""
    if not url.startswith("data:"):
        return Media(type_, url=url)
    head, _, data = url[5:].partition(",")
    media_type, _, coding = head.partition(";")
    return Media(type_, media_type or None, base64_size(data) if "base64" in coding else len(data))


def base64_size(data: str) -> int:
    """How many bytes base64 text stands for."""
    return max(len(data) * 3 // 4 - data[-2:].count("="), 0)


def citation(fields: Object) -> Item:
    """A source that the reply names."""
    return Item("citation", fields)


def settings(body: Object, *known: str) -> Object:
    """What a request says besides what has its own place."""
    return {key: value for key, value in body.items() if key not in known}

"""What an interaction says, passage by passage: the words of its conversation, then all else that it holds.

A passage is one logical text under its `where` path: a message, the reply joined over its deltas, an
argument of a call, a header, a value of a body. What the conversation says is not said again as the JSON
that carried it. Read with `wire.body.traced`, a passage knows its place in the file. Knows no pattern.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from cassette_cli.fields import Field, Role, Stored, bodies, heads
from cassette_cli.layers import opened
from cassette_cli.llm.messages import Exchange, Media, Message, Part, Prose, ToolCall, ToolResult
from cassette_cli.rules.credentials import (
    URL_HEADERS,
    Span,
    header_secrets,
    is_placeholder,
    is_secret_header,
    is_secret_key,
    is_secret_parameter,
    parameters,
    userinfo,
)
from cassette_cli.selection import Reading
from cassette_cli.source.document import Document
from cassette_cli.source.text import Joined, Text
from cassette_cli.source.tree import Json
from cassette_cli.wire.body import Content, Kind, read_content, traced

SIDES = ("request", "response")


class Within(StrEnum):
    """What a passage is part of; most are of several."""

    REQUEST = "request"
    RESPONSE = "response"
    URL = "url"
    HEADERS = "headers"
    BODY = "body"
    MESSAGES = "messages"
    TOOLS = "tools"
    REPLY = "reply"
    REASONING = "reasoning"
    TOOL_CALLS = "tool_calls"


class Passage(NamedTuple):
    """One logical text; one with a name reads `name: value`, as a header does."""

    where: str
    value: str  # a Text or a Joined where it has a place in the file
    within: frozenset[str]
    name: str = ""
    secrets: tuple[Span, ...] = ()  # what of the value is shown only to who may see it
    carried: bool = False  # a value of a body, as which the conversation's words may be carried once more
    seams: tuple[int, ...] = ()  # of what several events say together: where their pieces meet

    @property
    def text(self) -> str:
        return f"{self.name}: {self.value}" if self.name else str(self.value)

    @property
    def lead(self) -> int:
        """How many characters of the text stand before the value."""
        return len(self.name) + 2 if self.name else 0

    def offset(self, position: int) -> int | None:
        """Where in the file a character of the text stands; None if that is not known."""
        source = self.value if position >= self.lead or not isinstance(self.name, Text) else self.name
        if not isinstance(source, Text | Joined):
            return None
        return source.offset(max(position - self.lead, 0) if source is self.value else position)


def passages(reading: Reading) -> Iterator[Passage]:
    """All passages of an interaction: URL, headers, the conversation, what the bodies hold besides."""
    interaction = reading.interaction
    yield from map(_head, heads(interaction, SIDES))
    spoken = list(conversation(reading.exchange)) if reading.exchange else []
    yield from spoken
    told = {key for passage in spoken for key in _keys(passage.value)}
    contents = {"request.body": reading.asked, "response.body": reading.said}
    for stored in bodies(interaction, SIDES):
        content = contents.get(stored.where) or read_content(stored.message, traced)
        if content.kind is not Kind.BINARY:
            sent = stored.where.startswith("request") or (
                bool(interaction.frames) and _direction(reading, stored) == "sent"
            )
            yield from _carried(stored, content, told, "request" if sent else "response")


def _direction(reading: Reading, stored: Stored) -> str:
    number = int(stored.where.partition("[")[2].partition("]")[0] or 0)
    return reading.interaction.frames[number].direction


def _head(field: Field) -> Passage:
    side = field.where.partition(".")[0]
    if field.role is Role.URL:
        return Passage(field.where, field.text, frozenset((side, Within.URL)), secrets=_in_url(field.text))
    name = field.where.removeprefix(f"{side}.headers.").rpartition("[")[0]
    if name.lower() in URL_HEADERS:
        secrets = _in_url(field.text)
    else:
        secrets = tuple(header_secrets(name, field.text)) if is_secret_header(name) else ()
    return Passage(field.where, field.text, frozenset((side, Within.HEADERS)), name, secrets)


def _in_url(url: str) -> tuple[Span, ...]:
    secret = [(start, end) for name, start, end in parameters(url) if is_secret_parameter(name)]
    return tuple(sorted([*userinfo(url), *secret]))


# -- the conversation --------------------------------------------------------------------------------

_ASKED = frozenset((Within.REQUEST, Within.BODY, Within.MESSAGES))
_OFFERED = frozenset((Within.REQUEST, Within.BODY, Within.TOOLS))
_SAID = frozenset((Within.RESPONSE, Within.BODY, Within.REPLY))


def conversation(exchange: Exchange) -> Iterator[Passage]:
    for number, message in enumerate(exchange.prompt.messages):
        yield from _parts(f"messages[{number}].parts", message.parts, _ASKED)
    for number, tool in enumerate(exchange.prompt.tools):
        for name, text in (("name", tool.name), ("description", tool.description)):
            yield from _words(f"tools[{number}].{name}", text, _OFFERED)
    for number, message in enumerate(exchange.answer.choices):
        yield from _reply("reply" if number == 0 else f"alternatives[{number - 1}]", message)
    if exchange.answer.error:
        yield from _words("error.message", exchange.answer.error.message, _SAID)


def _words(where: str, text: str | None, within: frozenset[str], *more: str) -> Iterator[Passage]:
    if text:
        yield Passage(where, text, within.union(more))


def _reply(where: str, message: Message) -> Iterator[Passage]:
    yield from _words(f"{where}.reasoning", message.reasoning, _SAID, Within.REASONING)
    yield from _words(f"{where}.text", message.text, _SAID)
    for number, call in enumerate(message.tool_calls):
        yield from _call(f"{where}.tool_calls[{number}]", call, _SAID)
    for number, part in enumerate(message.parts):
        known = isinstance(part, Prose) and part.type in ("text", "reasoning")
        if not known and part not in message.tool_calls:
            yield from _part(f"{where}.parts[{number}]", part, _SAID)


def _parts(where: str, parts: Iterable[Part], within: frozenset[str]) -> Iterator[Passage]:
    for number, part in enumerate(parts):
        yield from _part(f"{where}[{number}]", part, within)


def _part(where: str, part: Part, within: frozenset[str]) -> Iterator[Passage]:
    match part:
        case Prose(type="reasoning"):
            yield from _words(f"{where}.text", part.text, within, Within.REASONING)
        case Prose():
            yield from _words(f"{where}.text", part.text, within)
        case ToolCall():
            yield from _call(where, part, within)
        case ToolResult():
            yield from _parts(f"{where}.parts", part.parts, within)
        case Media(url=str()) if part.url:
            yield Passage(f"{where}.url", part.url, within, secrets=_in_url(part.url))


def _call(where: str, call: ToolCall, within: frozenset[str]) -> Iterator[Passage]:
    yield from _words(f"{where}.name", call.name, within, Within.TOOL_CALLS)
    arguments = call.arguments
    if isinstance(arguments, dict):
        value = traced(call.raw_arguments) if arguments else {}
        yield from _values(f"{where}.arguments", "", value, within | {Within.TOOL_CALLS})
    else:
        yield from _words(f"{where}.raw_arguments", call.raw_arguments, within, Within.TOOL_CALLS)


def _values(where: str, name: str, value: Json, within: frozenset[str]) -> Iterator[Passage]:
    """The values of a call's arguments, each under the name of its key."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _values(f"{where}.{key}", key, item, within)
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _values(f"{where}[{number}]", name, item, within)
    else:
        text = value if isinstance(value, str) else _WORDS.get(value, repr(value))  # type: ignore[arg-type]
        yield Passage(where, text, within, name, _under(name, text))


_WORDS: dict[bool | None, str] = {True: "true", False: "false", None: "null"}


def _under(name: str, value: str) -> tuple[Span, ...]:
    """The whole value, if its name says that it is a secret."""
    secret = bool(value) and is_secret_key(name) and not is_placeholder(value)
    return ((0, len(value)),) if secret else ()


# -- what the bodies hold besides --------------------------------------------------------------------

Key: TypeAlias = "tuple[int | Key, int, int]"


def _keys(text: str) -> Iterator[Key]:
    """What tells the places in the file that a text is read from: the same, however often it is read."""
    if isinstance(text, Joined):
        for piece in text.pieces:
            yield from _keys(piece)
    elif isinstance(text, Text):
        parent = text.parent
        around = id(parent) if isinstance(parent, Document) else next(_keys(parent), 0)
        yield around, text.start, text.end


def _carried(stored: Stored, content: Content, told: set[Key], side: str) -> Iterator[Passage]:
    """The values of a body under their names, and the names of what is no value; without what is told."""
    within = frozenset((side, Within.BODY))
    is_form = content.kind in (Kind.FORM, Kind.MULTIPART)
    key = last = None
    for field in opened(stored, content):
        if key and not (field.where == key.where and field.name == key.text):
            yield _key(key, within, is_form=is_form)
        key = None
        if not field.name and field.where.rpartition("/")[2] == _step(field.text) != field.where:
            key = field
        elif _is_value(field, last) and not told.intersection(_keys(field.text)):
            yield _value(field, within, is_form=is_form)
        last = field
    if key:
        yield _key(key, within, is_form=is_form)


def _key(field: Field, within: frozenset[str], *, is_form: bool) -> Passage:
    """The name of what is no value; one inside a secret is of that secret."""
    around = field._replace(where=field.where.rpartition("/")[0])
    inside = _value(around, within, is_form=is_form)
    return inside if inside.secrets else inside._replace(where=field.where, name="")


def _is_value(field: Field, last: Field | None) -> bool:
    """Whether a field is more than what stands around others; one that is coded is read both ways."""
    coded = last is not None and last.slot in (f"{field.slot}%", f"{field.slot}!")
    return bool(field.text) and (bool(field.spread) or field.whole or coded)


def _step(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _value(field: Field, within: frozenset[str], *, is_form: bool) -> Passage:
    """A value under its name; what a secret holds, in JSON or base64, is all that secret."""
    where, *steps = field.where.split("/")
    for number, step in enumerate(steps, 1):
        if is_secret_key(step) or (is_form and is_secret_parameter(step)):
            secrets = () if is_placeholder(field.text) else ((0, len(field.text)),)
            where = "/".join([where, *steps[:number]])
            return Passage(where, field.text, within, step, secrets, carried=True)
    seams = tuple(field.text.starts[1:]) if field.spread and isinstance(field.text, Joined) else ()
    return Passage(field.where, field.text, within, field.name, carried=True, seams=seams)

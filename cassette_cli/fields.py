"""Every string of a cassette that a rule can look at: what it is, what it is called, where it stands.

`fields` gives the strings as they are stored, `bodies` the messages with a body. `inside` opens a
string as far as it goes: the values of JSON, the events of a stream, JSON in a string of JSON, base64,
percent-encoding; and what a stream's events say together, joined across them. The strings of an opened
`Text` are texts too, so whatever is found in them can be changed in the file. Knows no rule.
"""

import json
import re
from binascii import Error as BadBase64
from binascii import a2b_base64
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple, TypeAlias
from urllib.parse import unquote

from cassette_cli.errors import CassetteError
from cassette_cli.model import Body, Cassette, Header, Interaction, Request, Response
from cassette_cli.source.document import Document
from cassette_cli.source.jsontree import parse_json
from cassette_cli.source.style import Style
from cassette_cli.source.text import Joined, Packed, Text
from cassette_cli.source.tree import Json, Mapping, Node, Sequence
from cassette_cli.wire.body import Content, Kind
from cassette_cli.wire.sse import looks_like_events, read_events, read_lines


class Role(StrEnum):
    """What a string is in its cassette."""

    URL = "url"
    HEADER = "header"
    COOKIE = "cookie"  # one that a format lists besides the headers
    PARAMETER = "parameter"  # one of a query that a format lists besides the URL
    BODY = "body"
    OTHER = "other"


class Field(NamedTuple):
    """One string; a `Text` or a `Joined` where it can be changed."""

    role: Role
    where: str  # a path of the model: request.headers.Authorization[0], response.body/choices/0
    name: str  # of the header, parameter or key whose value this is
    text: str
    interaction: int | None = None
    slot: str = ""  # the same for all pieces of one streamed text
    whole: bool = True  # False if its parts are fields of their own
    spread: int = 0  # over how many events, for what is joined across them


class Stored(NamedTuple):
    """A message that has a body."""

    where: str
    interaction: int
    message: Request | Response


def bodies(interaction: Interaction, sides: tuple[str, ...]) -> Iterator[Stored]:
    """The messages of an interaction that have a body, its frames among them."""
    messages = (("request", interaction.request), ("response", interaction.response))
    for side, message in messages:
        if side in sides and not message.body.is_empty:
            yield Stored(f"{side}.body", interaction.index, message)
    for place, frame in enumerate(interaction.frames):
        if ("request" if frame.direction == "sent" else "response") in sides and not frame.body.is_empty:
            yield Stored(f"frames[{place}].body", interaction.index, Response(None, (), frame.body))


def heads(interaction: Interaction, sides: tuple[str, ...]) -> Iterator[Field]:
    """The URL and the headers of an interaction."""
    if "request" in sides:
        yield Field(Role.URL, "request.url", "", interaction.request.url, interaction.index)
        yield from _headers("request", interaction.request.headers, interaction.index)
    if "response" in sides:
        yield from _headers("response", interaction.response.headers, interaction.index)


def _headers(side: str, headers: tuple[Header, ...], index: int) -> Iterator[Field]:
    counts: dict[str, int] = {}
    for name, value in headers:
        number = counts[name.lower()] = counts.get(name.lower(), -1) + 1
        yield Field(Role.HEADER, f"{side}.headers.{name}[{number}]", str(name), value, index)


# -- what else stands in the file --------------------------------------------------------------------

_ROLES = {
    "cookies": Role.COOKIE,
    "url": Role.URL,
    "uri": Role.URL,
    "request_uri": Role.URL,
    "redirectURL": Role.URL,
    "queryString": Role.PARAMETER,
    "query_param": Role.PARAMETER,
    "queryParameters": Role.PARAMETER,
    "form": Role.BODY,
    "params": Role.BODY,
    "formParameters": Role.BODY,
    "post_fields": Role.BODY,
}
_SHORTEST = 8  # characters that a string needs to be looked at, if nothing says what it is


class Other(NamedTuple):
    """A string that the model does not have; there are many, so what it is called is told on demand."""

    role: Role
    path: "_Path"
    name: str
    text: Text
    interaction: int | None

    @property
    def field(self) -> Field:
        return Field(self.role, _where(self.path), self.name, self.text, self.interaction)


def others(cassette: Cassette, interactions: Iterable[Interaction], *, all_: bool) -> list[Other]:
    """The strings of a file that the model does not have: names, copies of cookies, forms, notes.

    Of the whole file, or only of what belongs to the interactions.
    """
    known = _known(cassette.interactions)
    chosen = tuple(interactions)
    starts = {id(interaction.node): interaction.index for interaction in cassette.interactions}
    roots = cassette.roots if all_ else tuple(interaction.node for interaction in chosen)
    found: list[Other] = []

    def walk(node: Node, path: _Path, role: Role, name: str, index: int | None) -> None:
        if id(node) in known:
            return
        if isinstance(node, Text):
            if len(node) >= _SHORTEST or role is not Role.OTHER:
                found.append(Other(role, path, name, node, index))
            return
        if id(node) in starts:
            index, path = starts[id(node)], None
        if isinstance(node, Sequence):
            for place, item in enumerate(node.items):
                walk(item, (path, place), role, name, index)
        elif isinstance(node, Mapping):
            named = node.get("name") if role is not Role.OTHER else None
            for key, value in node.items:
                word, own = key if isinstance(key, Text) else "?", role
                if len(word) >= _SHORTEST or not isinstance(key, Text):
                    walk(key, (path, word), Role.OTHER, "", index)
                if role is Role.OTHER:
                    own = _ROLES.get(word, Role.OTHER)
                    if own is Role.OTHER and isinstance(value, Text) and len(value) < _SHORTEST:
                        continue  # most are numbers and words: not worth a call
                elif isinstance(named, Text):  # an entry of a list of names and values
                    own = role if word == "value" else Role.OTHER
                walk(value, (path, word), own, str(named or word) if own is not Role.OTHER else "", index)

    for root in roots:
        walk(root, None, Role.OTHER, "", None)
    return found


_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#[^\r\n]*", re.MULTILINE)


def comments(cassette: Cassette, fires: Callable[[str], object]) -> Iterator[Field]:
    """The comments of a YAML file on which a trigger fires."""
    text = cassette.document.text
    found = [match.span() for match in _COMMENT.finditer(text) if fires(match[0])] if "#" in text else []
    if not found or text.lstrip()[:1] in ("{", "["):
        return
    scalars = sorted((node.start, node.end) for root in cassette.roots for node in _scalars(root))
    for start, end in found:
        before = bisect_right(scalars, (start, len(text))) - 1
        if before < 0 or scalars[before][1] <= start:
            yield Field(
                Role.OTHER, "comment", "", Text(text[start:end], cassette.document, start, end, Style.LINE)
            )


def _scalars(root: Node) -> Iterator[Text]:
    stack = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Text):
            yield node
        elif isinstance(node, Sequence):
            stack += node.items
        elif isinstance(node, Mapping):
            stack += (part for item in node.items for part in item)


_Path: TypeAlias = "tuple[_Path, str | int] | None"  # the way to a node, from its end


def _where(path: _Path) -> str:
    steps: list[str] = []
    while path is not None:
        path, step = path
        steps.append(f"[{step}]" if isinstance(step, int) else f".{step}")
    return "".join(reversed(steps)).removeprefix(".")


def _known(interactions: tuple[Interaction, ...]) -> set[int]:
    """The nodes that the model holds, by their ids."""
    found: set[int] = set()

    def add(value: object) -> None:
        if isinstance(value, Joined):
            for piece in value.pieces:
                add(piece)
        elif isinstance(value, Text) and not isinstance(value.parent, Document):
            add(value.parent)
        found.add(id(value))

    for interaction in interactions:
        request, response = interaction.request, interaction.response
        add(request.url)
        for header in (*request.headers, *response.headers):
            add(header.value)
        for body in (request.body, response.body, *(frame.body for frame in interaction.frames)):
            if body.node is not None:
                add(body.node)
    return found


# -- what a string holds ------------------------------------------------------------------------------

_DEEPEST = 6  # layers within layers
_INDEXES = ("index", "output_index", "content_index", "summary_index", "contentBlockIndex", "thought")
_ONE_TEXT = ("/logprobs/content", "/parts")  # lists whose entries are one text, token by token, part by part
_BASE64 = re.compile(
    r"(?:data:[\w.+/-]+(?:;[\w=.-]+)*;base64,)?(?P<data>[A-Za-z0-9+/_-]{8,}[A-Za-z0-9+/_\r\n-]*={0,2}\s*)"
)
_PERCENT = re.compile(r"%[\da-fA-F]{2}")
_LEAD = re.compile(r"[\ufeff \t\r\n]*+(.?)")


def opened(stored: Stored, content: Content) -> Iterator[Field]:
    """The strings of a body, which `content` is read from with or without places; the body itself last."""
    field = Field(Role.BODY, stored.where, "", content.text or "", stored.interaction)
    if content.kind is Kind.EVENTSTREAM:
        yield from _stream(field, [event.data for event in content.events], 0)
    elif stored.message.body.tree is not None:
        yield from _values(field, stored.message.body.tree, 0)
    elif content.kind in (Kind.FORM, Kind.MULTIPART):
        yield from _values(field, content.json, 0)
        yield field._replace(whole=False)
    elif content.kind is Kind.BINARY:
        yield field._replace(text=content.bytes.decode("latin-1"))
    else:
        yield from inside(field)


def inside(field: Field, depth: int = 0) -> Iterator[Field]:
    """The strings inside a string, at any depth, then itself."""
    whole = True
    for part in _parts(field, depth) if depth < _DEEPEST else ():
        whole = False
        yield part
    yield field._replace(whole=whole)


def _parts(field: Field, depth: int) -> Iterator[Field]:
    text = field.text
    lead = _LEAD.match(text)
    head = lead[1] if lead else ""
    if head in ("{", "[") and (value := _json(text)) is not None:
        yield from _values(field, value, depth + 1)
        if isinstance(value, list | Sequence) and not depth:
            yield from _listed(field, value)
    elif head == "{" and "\n" in text and not depth:
        yield from _stream(field, [event.data for event in read_lines(text)], depth + 1)
    elif (match := _BASE64.fullmatch(text)) and (packed := _unpacked(text, match)) is not None:
        yield from inside(field._replace(text=packed, slot=f"{field.slot}!"), depth + 1)
    elif looks_like_events(text):
        yield from _stream(field, [event.data for event in read_events(text)], depth + 1)
    elif len(text) < _LONGEST_URL and _PERCENT.search(text):
        plain = unquote(text, errors="surrogateescape")
        if isinstance(text, Text | Joined):
            plain = Text(plain, text, 0, len(text), Style.PERCENT)
        yield from inside(field._replace(text=plain, slot=f"{field.slot}%"), depth + 1)


_LONGEST_URL = 16_000  # characters; a longer text is no part of a URL
Value: TypeAlias = Node | Json


def _json(text: str) -> Value:
    """The value of a JSON text, its tree if it knows its place; None if it is none."""
    try:
        if isinstance(text, Text | Joined):
            start = 1 if text.startswith("\ufeff") else 0
            return parse_json(Text.inside(text, start, len(text), Style.VERBATIM) if start else text)
        value: Json = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError, CassetteError):
        return None
    return value


def _values(field: Field, value: Value, depth: int) -> Iterator[Field]:
    """The strings and numbers of a value, each opened, and the names of its keys.

    What an alias stands for is looked at where it is written down.
    """
    where, slot = field.where, field.slot
    if isinstance(value, str):  # a Text too
        yield from inside(field._replace(text=value), depth)
    elif isinstance(value, dict | Mapping):
        slot += _index(value)
        for key, item in value.items() if isinstance(value, dict) else value.items:
            name = str(key) if isinstance(key, str) else "?"
            inner = f"{where}/{name if name.isalnum() else name.replace('~', '~0').replace('/', '~1')}"
            yield field._replace(where=inner, name="", text=key if isinstance(key, str) else "")
            yield from _values(field._replace(where=inner, name=name, slot=f"{slot}/{name}"), item, depth)
    elif isinstance(value, list | Sequence):
        one_text = slot.endswith(_ONE_TEXT)
        for place, item in enumerate(value if isinstance(value, list) else value.items):
            inner = slot if one_text else f"{slot}/{place}"
            yield from _values(field._replace(where=f"{where}/{place}", slot=inner), item, depth)


def _index(value: dict[str, Json] | Mapping) -> str:
    """Which of several texts that are streamed at once an object belongs to."""
    found = [value.get(name) for name in _INDEXES if name in value]
    return "".join(f"#{index}" for index in found if isinstance(index, int | str))


def is_packed(text: str) -> bool:
    """Whether all of a text is base64 that holds another."""
    match = _BASE64.fullmatch(text) if len(text) >= 24 else None
    return match is not None and holds_text(match["data"])


def holds_text(base64: str) -> bool:
    """Whether base64, of either alphabet, begins as that of a text does; of other data, little does."""
    try:
        head = _bytes_of(base64[:24])
        return (
            head[:-3]
            .decode("utf-8", "ignore" if head.isascii() else "strict")
            .replace("\n", "")
            .isprintable()
        )
    except (BadBase64, UnicodeDecodeError):
        return False


_URL_SAFE = str.maketrans("-_", "+/")


def _bytes_of(base64: str) -> bytes:
    plain = "".join(base64.translate(_URL_SAFE).split()).rstrip("=")
    return a2b_base64(plain + "=" * (-len(plain) % 4))


def _unpacked(text: str, match: re.Match[str]) -> str | None:
    """The text that base64 stands for; None if it stands for anything else."""
    data = match["data"]
    if not holds_text(data):
        return None
    try:
        plain = _bytes_of(data).decode("utf-8")
    except (BadBase64, UnicodeDecodeError):
        return None
    if not plain.isprintable() and any(char < " " and char not in "\t\r\n" for char in plain):
        return None
    if not isinstance(text, Text | Joined):
        return plain
    held = text if match.start("data") == 0 else Text.inside(text, *match.span("data"), Style.LINE)
    return Packed.of(plain, held, lambda new: _packed_like(held, new))


def _packed_like(old: str, new: str) -> str:
    """A text as base64 in the alphabet, the padding and the lines of another."""
    spelt = Body(old, base64=True).stored(new.encode()) if isinstance(old, Text | Joined) else ""
    if "-" in old or "_" in old:
        spelt = spelt.translate(str.maketrans("+/", "-_"))
    return spelt if len("".join(old.split())) % 4 == 0 else spelt.replace("=", "")


# -- what a stream says --------------------------------------------------------------------------------


def _stream(field: Field, events: list[str], depth: int) -> Iterator[Field]:
    """The strings of each event, then those that several make together."""
    fields: list[Field] = []
    for place, event in enumerate(events):
        part = field._replace(where=f"{field.where}[{place}]", text=event, slot=f"{field.slot}[]")
        found = list(inside(part, depth))
        yield from found
        fields += found
    yield from joined(field, fields)


def _listed(field: Field, value: Value) -> Iterator[Field]:
    """What the objects of a list say together, as a stream may be written."""
    items = value if isinstance(value, list) else value.items if isinstance(value, Sequence) else ()
    if len(items) > 1 and all(isinstance(item, dict | Mapping) for item in items):
        part = field._replace(slot=f"{field.slot}[]")
        yield from joined(field, (leaf for item in items for leaf in _values(part, item, _DEEPEST)))


def streamed(events: Iterable[str]) -> list[str]:
    """The texts that `joined` makes of events, told much cheaper, without their places."""
    slots: dict[str, list[str]] = {}

    def collect(value: Json, slot: str) -> None:
        if isinstance(value, str):
            if value:
                slots.setdefault(slot, []).append(value)
                if (match := _BASE64.fullmatch(value)) and (packed := _unpacked(value, match)):
                    collect(_plain_json(packed), f"{slot}!")
        elif isinstance(value, dict):
            slot += _index(value)
            for key, item in value.items():
                if isinstance(item, str | dict | list):
                    collect(item, f"{slot}/{key}")
        elif isinstance(value, list):
            one_text = slot.endswith(_ONE_TEXT)
            for place, item in enumerate(value):
                collect(item, slot if one_text else f"{slot}/{place}")

    for event in events:
        collect(_plain_json(event), "")
    return ["".join(pieces) for pieces in slots.values() if len(pieces) > 1]


def _plain_json(text: str) -> Json:
    try:
        value: Json = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def joined(field: Field, parts: Iterable[Field]) -> Iterator[Field]:
    """The texts that are spread over several of the parts, each joined."""
    slots: dict[str, list[Field]] = {}
    for part in parts:
        if part.name and not part.spread and part.text and not _is_number(part.text):
            slots.setdefault(part.slot, []).append(part)
    for pieces in slots.values():
        texts = [piece.text for piece in pieces]
        if len(texts) < 2 or _is_repeated(texts):
            continue
        placed = any(isinstance(text, Text | Joined) for text in texts)
        where = re.sub(r"\[\d+\](?!.*\[\d+\])", "[*]", pieces[0].where)
        text = Joined(texts) if placed else "".join(texts)
        whole = field._replace(where=where, name=pieces[0].name, text=text, spread=len(texts))
        value = _json(text) if text[:1] in ("{", "[") else None  # the arguments of a tool call
        if value is not None:
            yield from _values(whole, value, _DEEPEST)
        yield whole._replace(whole=False)


def _is_repeated(texts: list[str]) -> bool:
    """Whether the events repeat something, an id for example, instead of going on with it."""
    again = sum(len(two) for one, two in pairwise(texts) if one == two and len(two) >= _SHORTEST)
    return again * 2 > sum(map(len, texts))


def _is_number(text: str) -> bool:
    return isinstance(text, Text) and text.style is Style.JSON_WORD

"""The strings of a cassette as they are stored: what each is, what it is called, where it stands.

`heads` and `bodies` give what the model has, `others` and `comments` whatever else stands in the file, so
that no string is passed over. `layers` opens them. Knows no rule.
"""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from enum import StrEnum
from itertools import chain
from typing import NamedTuple, TypeAlias

from cassette_cli.model import Cassette, Header, Interaction, Request, Response
from cassette_cli.source.document import Document
from cassette_cli.source.style import Style
from cassette_cli.source.text import Joined, Text
from cassette_cli.source.tree import Alias, Mapping, Node, Sequence


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


def heads(
    interaction: Interaction, sides: tuple[str, ...], wanted: Callable[[str], bool] = lambda _: True
) -> Iterator[Field]:
    """The URL and the headers of an interaction, of these only those with a name that is wanted."""
    if "request" in sides:
        yield Field(Role.URL, "request.url", "", interaction.request.url, interaction.index)
        yield from _headers("request", interaction.request.headers, interaction.index, wanted)
    if "response" in sides:
        yield from _headers("response", interaction.response.headers, interaction.index, wanted)


def _headers(
    side: str, headers: tuple[Header, ...], index: int, wanted: Callable[[str], bool]
) -> Iterator[Field]:
    counts: dict[str, int] = {}
    for name, value in headers:
        if wanted(name):  # whatever its case
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


def others(cassette: Cassette, roots: Iterable[Node]) -> list[Other]:
    """The strings below these nodes that the model does not have: names, copies of cookies, forms, notes."""
    walk = _Walk(cassette)
    for root in roots:
        walk.node(root, None, Role.OTHER, "", None)
    return walk.found


class Glance(NamedTuple):
    """What `others` would find, seen without its places."""

    texts: Collection[str]
    has_roles: bool  # whether one may have another role than OTHER


def glance(cassette: Cassette, roots: Iterable[Node]) -> Glance:
    known = held_nodes(cassette.interactions)
    texts: dict[Text, None] = {}  # most names of headers and keys are there again and again
    has_roles = False
    stack = [node for node in roots if id(node) not in known]
    while stack:
        node = stack.pop()
        if isinstance(node, Text):
            if len(node) >= _SHORTEST:
                texts[node] = None
        elif isinstance(node, Sequence):
            stack += [item for item in node.items if id(item) not in known]
        elif isinstance(node, Mapping):
            for key, value in node.items:
                stack.append(key)
                if id(value) not in known:
                    has_roles = has_roles or (key in _ROLES and not _is_empty(value))
                    stack.append(value)
    return Glance(texts, has_roles)


def _is_empty(node: Node) -> bool:
    return not (node if isinstance(node, Text) else isinstance(node, Alias) or node.items)


class _Walk:
    """One pass over the trees of a file, past what the model knows."""

    def __init__(self, cassette: Cassette) -> None:
        self.known = held_nodes(cassette.interactions)
        self.starts = {id(interaction.node): interaction.index for interaction in cassette.interactions}
        self.found: list[Other] = []

    def node(self, node: Node, path: "_Path", role: Role, name: str, index: int | None) -> None:
        if id(node) in self.known:
            return
        if isinstance(node, Text):
            if len(node) >= _SHORTEST or role is not Role.OTHER:
                self.found.append(Other(role, path, name, node, index))
            return
        if id(node) in self.starts:
            index, path = self.starts[id(node)], None
        if isinstance(node, Sequence):
            for place, item in enumerate(node.items):
                if id(item) not in self.known:
                    self.node(item, (path, place), role, name, index)
        elif isinstance(node, Mapping):
            self._mapping(node, path, role, index)

    def _mapping(self, node: Mapping, path: "_Path", role: Role, index: int | None) -> None:
        named = node.get("name") if role is not Role.OTHER else None
        for key, value in node.items:
            word = key if isinstance(key, Text) else "?"
            if len(word) >= _SHORTEST or not isinstance(key, Text):
                self.node(key, (path, word), Role.OTHER, "", index)
            own = _ROLES.get(word, Role.OTHER) if role is Role.OTHER else role
            if isinstance(named, Text) and word != "value":  # an entry of a list of names and values
                own = Role.OTHER
            if not self._is_dull(value, own):
                self.node(value, (path, word), own, "" if own is Role.OTHER else str(named or word), index)

    def _is_dull(self, value: Node, role: Role) -> bool:
        """Whether a value is not worth a call, as most are: a number or a word, or one that is known."""
        if isinstance(value, Text):
            return id(value) in self.known or (role is Role.OTHER and len(value) < _SHORTEST)
        return isinstance(value, Sequence) and len(value.items) == 1 and id(value.items[0]) in self.known


_COMMENT = re.compile(
    r"#(?:(?<=[ \t\r\n]#)|(?<=\A#))[^\r\n]*"
)  # the `#` first: it is found at memory's speed


def comments(cassette: Cassette, fires: Callable[[str], object]) -> Iterator[Field]:
    """The comments of a YAML file on which a trigger fires."""
    text = cassette.document.text
    found = list(_COMMENT.finditer(text)) if "#" in text and text.lstrip()[:1] not in ("{", "[") else []
    if not found or not fires("\n".join([match[0] for match in found])):
        return
    for start, end in (match.span() for match in found if fires(match[0])):
        if scalar_at(cassette, start) is None:
            yield Field(
                Role.OTHER, "comment", "", Text(text[start:end], cassette.document, start, end, Style.LINE)
            )


def scalar_at(cassette: Cassette, offset: int) -> Text | None:
    """The scalar that a character of the file stands in, its tag and header included."""
    stack: list[Node] = list(cassette.roots)
    while stack:
        node = stack.pop()
        if not node.start <= offset < node.end:
            continue
        if isinstance(node, Text):
            return node
        if isinstance(node, Sequence):
            stack += node.items
        elif isinstance(node, Mapping):
            stack += chain.from_iterable(node.items)
    return None


_Path: TypeAlias = "tuple[_Path, str | int] | None"  # the way to a node, from its end


def _where(path: _Path) -> str:
    steps: list[str] = []
    while path is not None:
        path, step = path
        steps.append(f"[{step}]" if isinstance(step, int) else f".{step}")
    return "".join(reversed(steps)).removeprefix(".")


def held_nodes(interactions: tuple[Interaction, ...]) -> set[int]:
    """The nodes that the model holds, by their ids."""
    found: set[int] = set()

    def add(value: object) -> None:
        found.add(id(value))
        if isinstance(value, Joined):
            for piece in value.pieces:
                add(piece)
        elif isinstance(value, Text) and not isinstance(value.parent, Document):
            add(value.parent)

    for interaction in interactions:
        request, response = interaction.request, interaction.response
        add(request.url)
        for _, value in (*request.headers, *response.headers):
            if value.__class__ is Text and value.parent.__class__ is Document:
                found.add(id(value))  # as nearly all do
            else:
                add(value)
        for body in (request.body, response.body, *(frame.body for frame in interaction.frames)):
            if body.node is not None:
                add(body.node)
    return found

"""The strings of a cassette as they are stored: what each is, what it is called, where it stands.

`heads` and `bodies` give what the model has, `others` and `comments` whatever else stands in the file, so
that no string is passed over. `layers` opens them. Knows no rule.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from itertools import chain
from typing import NamedTuple, TypeAlias

from cassette_cli.model import Cassette, Header, Interaction, Request, Response
from cassette_cli.source.document import Document
from cassette_cli.source.style import Style
from cassette_cli.source.text import Joined, Text
from cassette_cli.source.tree import Mapping, Node, Sequence


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
    walk = _Walk(cassette)
    for root in cassette.roots if all_ else [interaction.node for interaction in interactions]:
        walk.node(root, None, Role.OTHER, "", None)
    return walk.found


def are_dull(cassette: Cassette, fires: Callable[[str], object], packed: Callable[[str], bool]) -> bool:
    """Whether no other string of a file has a role of its own, is packed, or makes a trigger fire."""
    known = held_nodes(cassette.interactions)
    texts: list[Text] = []
    stack: list[Node] = [node for node in cassette.roots if id(node) not in known]
    while stack:
        node = stack.pop()
        if isinstance(node, Text):
            texts.append(node)
        elif isinstance(node, Sequence):
            stack += [item for item in node.items if id(item) not in known]
        elif isinstance(node, Mapping):
            for key, value in node.items:
                if isinstance(key, Text):
                    texts.append(key)
                else:
                    stack.append(key)
                if id(value) not in known:
                    if key in _ROLES:
                        return False
                    stack.append(value)
    long = [text for text in texts if len(text) >= _SHORTEST]
    return not (fires("\n".join(long)) or any(map(packed, long)))


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
    found = [match.span() for match in _COMMENT.finditer(text) if fires(match[0])] if "#" in text else []
    if not found or text.lstrip()[:1] in ("{", "["):
        return
    for start, end in found:
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

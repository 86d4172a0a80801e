"""The tree that a YAML or JSON text is read into: plain nodes that point into the text.

A scalar is a `Text`. Tags are never acted on and plain scalars are never guessed at: `plain` gives
ordinary values where someone wants them. Aliases keep their own place; `get` follows them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, Union

from cassette_cli.errors import Unreadable
from cassette_cli.source.document import Document
from cassette_cli.source.style import Style
from cassette_cli.source.text import Source, Text

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
Node: TypeAlias = Union[Text, "Mapping", "Sequence", "Alias"]

DEEPEST = 200  # nested collections; recursion over a tree stays far from Python's own limit
LARGEST_EXPANSION = 100_000  # values that the aliases of one tree may stand for


@dataclass(frozen=True, slots=True, eq=False)
class Alias:
    """A YAML alias `*name`, at its own place, and the node that it stands for."""

    parent: Source
    start: int
    end: int
    target: "Text | Mapping | Sequence"


@dataclass(slots=True, eq=False)  # not frozen: that makes it three times dearer, and there are many
class Mapping:
    """Keys and values in file order; a key can be any node and can repeat."""

    parent: Source
    start: int  # of the tag or anchor, if it has one
    end: int  # of its last entry, in block style
    flow: bool
    items: tuple[tuple[Node, Node], ...]
    tag: str | None = None
    anchor: str | None = None

    def get(self, key: str) -> "Text | Mapping | Sequence | None":
        """The value under `key`, an alias followed; the last one counts, then the first merged (`<<`) one."""
        for name, value in reversed(self.items):
            if name == key:
                return resolve(value)
        merged = [value for name, value in self.items if name == "<<" and name.style is Style.PLAIN]
        return _inherited(merged, key) if merged else None

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key) is not None


@dataclass(slots=True, eq=False)
class Sequence:
    """The entries of a list, in file order."""

    parent: Source
    start: int
    end: int
    flow: bool
    items: tuple[Node, ...]
    tag: str | None = None
    anchor: str | None = None

    def __iter__(self) -> Iterator["Text | Mapping | Sequence"]:
        return map(resolve, self.items)


def _is_merge(key: Node) -> bool:
    return key == "<<" and key.style is Style.PLAIN


def _inherited(merged: list[Node], key: str) -> "Text | Mapping | Sequence | None":
    """The value under `key` in the first of the merged mappings that has it, each asked once."""
    seen: set[int] = set()
    while merged:
        source = resolve(merged.pop(0))
        if id(source) in seen or isinstance(source, Text):
            continue
        seen.add(id(source))
        inner: list[Node] = []
        if isinstance(source, Sequence):
            inner += source.items
        else:
            for name, value in reversed(source.items):
                if name == key:
                    return resolve(value)
                if _is_merge(name):
                    inner.insert(0, value)
        merged[:0] = inner
    return None


def resolve(node: Node) -> Text | Mapping | Sequence:
    return node.target if isinstance(node, Alias) else node


def document_of(node: Node) -> Document:
    return node.parent if isinstance(node.parent, Document) else node.parent.document


def offset_of(node: Node) -> int:
    """Where in the document the node starts, behind a scalar's tag."""
    if isinstance(node, Text):
        return node.offset()
    return node.start if isinstance(node.parent, Document) else node.parent.offset(node.start)


class Integer(int):
    """A whole number that knows where it stands."""

    node: Text

    @classmethod
    def at(cls, value: int, node: Text) -> "Integer":
        self = cls(value)
        self.node = node
        return self


class Real(float):
    """A number that knows where it stands."""

    node: Text


class Fields(dict[str, Json]):
    """An object that knows where it stands."""

    node: "Mapping"


class Items(list[Json]):
    """A list that knows where it stands."""

    node: "Sequence"


def _placed(value: Json, node: "Text | Mapping | Sequence") -> Json:
    """The value with its place, as far as a value can have one (true, false and null cannot)."""
    made: Integer | Real | Fields | Items
    if isinstance(value, dict) and isinstance(node, Mapping):
        made = Fields(value)
        made.node = node
    elif isinstance(value, list) and isinstance(node, Sequence):
        made = Items(value)
        made.node = node
    elif isinstance(value, int) and not isinstance(value, bool) and isinstance(node, Text):
        return Integer.at(value, node)
    elif isinstance(value, float) and isinstance(node, Text):
        made = Real(value)
        made.node = node
    else:
        return value
    return made


def plain(node: Node, *, placed: bool = False) -> Json:
    """The ordinary value of a tree, as PyYAML's safe loader or `json` reads it (dates stay text).

    Strings in it are still `Text`s; if `placed`, numbers, objects and lists know their nodes, too. Raises
    Unreadable where aliases expand without bound or too deep.
    """
    room = LARGEST_EXPANSION

    def convert(node: Node, expanded: bool, depth: int = 0) -> Json:
        nonlocal room
        if isinstance(node, Alias):
            return convert(node.target, True, depth)
        if depth > DEEPEST:
            place = document_of(node).place(offset_of(node))
            raise Unreadable(f"aliases nest values more than {DEEPEST} deep", place)
        room -= expanded
        if room < 0:
            place = document_of(node).place(offset_of(node))
            raise Unreadable("aliases of this value stand for over 100,000 values", place)
        if isinstance(node, Text):
            scalar = plain_scalar(node)
            return _placed(scalar, node) if placed else scalar
        if isinstance(node, Sequence):
            items: Json = [convert(item, expanded, depth + 1) for item in node.items]
            return _placed(items, node) if placed else items
        merged: dict[str, Json] = {}
        own: dict[str, Json] = {}
        for key, value in node.items:
            if _is_merge(key):
                sources = convert(value, expanded, depth + 1)
                for source in sources if isinstance(sources, list) else (sources,):
                    merged = (source if isinstance(source, dict) else {}) | merged
            else:
                own[key if isinstance(key, Text) else "?"] = convert(value, expanded, depth + 1)
        return _placed(merged | own, node) if placed else merged | own

    return convert(node, False)


_INT = re.compile(r"[-+]?(?:0b[01_]+|0x[\da-fA-F_]+|0o?[0-7_]+|0|[1-9][\d_]*)\Z", re.ASCII)
_FLOAT = re.compile(
    r"[-+]?(?:\d[\d_]*)?\.\d[\d_]*(?:[eE][-+]\d+)?\Z|[-+]?\d[\d_]*\.\d*(?:[eE][-+]\d+)?\Z", re.ASCII
)
_SPECIAL = re.compile(r"[-+]?\.(?:inf|Inf|INF)\Z|\.(?:nan|NaN|NAN)\Z")
_WORDS: dict[str, bool | None] = {
    spelling: value
    for word, value in {
        "null": None, "true": True, "yes": True, "on": True, "false": False, "no": False, "off": False,
    }.items()
    for spelling in (word, word.capitalize(), word.upper())
} | {"~": None, "": None}  # fmt: skip


def plain_scalar(text: Text) -> bool | int | float | str | None:
    """What an unquoted, untagged scalar stands for; any other is a string."""
    if text.style is Style.JSON_WORD:
        return _json_word(text)
    if text.style is not Style.PLAIN or text.tag not in (None, "!"):
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return _yaml_int(text)
    if _FLOAT.match(text):
        return float(text.replace("_", ""))
    if _SPECIAL.match(text):
        return float(text.replace(".", ""))
    return text


def _yaml_int(text: str) -> int | str:
    digits = text.lower().replace("_", "")
    sign = -1 if digits[0] == "-" else 1
    digits = digits.lstrip("+-")
    base = {"0x": 16, "0b": 2, "0o": 8}.get(digits[:2], 8 if digits[0] == "0" and len(digits) > 1 else 10)
    try:
        return sign * int(digits, base)
    except ValueError:
        return text  # more digits than Python converts: shown as written


def _json_word(text: str) -> bool | int | float | str | None:
    if text in ("null", "true", "false"):
        return {"null": None, "true": True, "false": False}[text]
    try:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        return text

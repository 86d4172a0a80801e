"""A JSON value put in the place of another, in the layout of what stands around it.

As little as possible is written anew: of an object or list that keeps its keys only the values that
differ, and of one that does not, what stays is copied as it is spelt.
"""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from cassette_cli.editing.dealing import change_of
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit
from cassette_cli.source.style import BLOCKS, Style
from cassette_cli.source.text import Joined, Source, Text, properties
from cassette_cli.source.tree import Json, Mapping, Node, Sequence, plain, resolve

_KEY = re.compile(r'"(\s*:\s*)')
_COMMA = re.compile(r'["\d\]}el],([ \t]*)(?=["\d\[{tfn-])')
_LINE = re.compile(r"[{\[](\r?\n)([ \t]*)")
_UNSAFE = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")  # which YAML wants escaped


class Respelt(NamedTuple):
    """One edit for a value, and what its node must read as after it."""

    source: Source
    edit: Edit
    node: Node | Joined
    value: Json


def respelt(node: Node, value: Json) -> Iterator[Respelt]:
    """The edits after which a node reads as the value; none where it does."""
    node = resolve(node)
    old = plain(node)
    if is_same(old, value):
        return
    if isinstance(node, Mapping) and isinstance(value, dict) and _keeps_keys(node, value):
        for key, child in node.items:
            yield from respelt(child, value[str(key)])
    elif isinstance(node, Sequence) and isinstance(value, list) and len(node.items) == len(value):
        for child, item in zip(node.items, value, strict=True):
            yield from respelt(child, item)
    elif isinstance(node, Text) and isinstance(old, str) and isinstance(value, str):
        yield Respelt(node, change_of(node, value), node, value)
    elif isinstance(node, Text) and _is_word(node, old, value):
        yield Respelt(node, Edit(0, len(node), json.dumps(value)), node, value)
    else:
        yield Respelt(node.parent, _whole(node, value), node, value)


def is_same(one: Json, two: Json) -> bool:
    """Whether two values are the same JSON: true is not 1, and 1 is not 1.0."""
    if isinstance(one, dict) and isinstance(two, dict):
        return one.keys() == two.keys() and all(is_same(one[key], two[key]) for key in one)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(is_same, one, two))
    kinds = (bool, int, float, str)
    return one == two and [isinstance(one, kind) for kind in kinds] == [
        isinstance(two, kind) for kind in kinds
    ]


def _keeps_keys(node: Mapping, value: dict[str, Json]) -> bool:
    names = [key for key, _ in node.items if isinstance(key, Text)]
    return len(names) == len(node.items) == len(value) and set(names) == value.keys()


def _is_word(node: Text, old: Json, value: Json) -> bool:
    """Whether a value that stands without quotes is to be another that does."""
    words = (bool, int, float, type(None))
    return (
        node.style in (Style.PLAIN, Style.JSON_WORD)
        and isinstance(old, words)
        and isinstance(value, words)
        and node.start < node.end
    )


def _whole(node: Text | Mapping | Sequence, value: Json) -> Edit:
    text = node.parent.text
    start, end = properties(text, node)[1], node.end
    if not _is_json(node):
        tail = text[:end].rstrip()
        end = len(tail) if node.end > len(tail) and _ends_in_break(node) else end
        before = text[:start].rstrip(" \t\r\n")
        spelt = _flow(value)
        if isinstance(node, Mapping | Sequence) and not node.flow and _is_like(node, value):
            return Edit(start, end, _block(value, node, " " * (start - text.rfind("\n", 0, start) - 1)))
        if isinstance(node, Mapping | Sequence) and not node.flow and before.endswith(":"):
            return Edit(len(before), end, " " + spelt)
        if start == end and not text[start - 1 : start].isspace():
            spelt = " " + spelt
        return Edit(start, end, spelt)
    return Edit(start, end, _Layout.of(text, start).spelt(value, node))


def _ends_in_break(node: Text | Mapping | Sequence) -> bool:
    return not isinstance(node, Text) or node.style in BLOCKS


def _is_json(node: Text | Mapping | Sequence) -> bool:
    if not isinstance(node.parent, Document):
        return True
    if isinstance(node, Text):
        return node.style in (Style.JSON, Style.JSON_WORD)
    return node.parent.text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[")


def _flow(value: Json) -> str:
    """The value on one line, as YAML and JSON read it alike."""
    return _UNSAFE.sub(lambda char: f"\\u{ord(char[0]):04x}", json.dumps(value, ensure_ascii=False))


def _is_like(node: Mapping | Sequence, value: Json) -> bool:
    """Whether a value is of a node's kind, with something in it."""
    return bool(value) and isinstance(value, dict if isinstance(node, Mapping) else list)


def _block(value: Json, old: Node | None, indent: str) -> str:
    """The value in YAML's block style, its lines but the first indented; what stays is copied."""
    old = resolve(old) if old is not None else None
    lines: list[str] = []
    if isinstance(value, dict) and value:
        entries = old.items if isinstance(old, Mapping) and not old.flow else ()
        known = {str(key): (key, child) for key, child in entries}
        for key, item in value.items():
            before = known.get(key)
            if before and is_same(plain(before[1]), item):
                lines.append(before[0].parent.text[before[0].start : before[1].end].rstrip())
                continue
            name = key if _WORD.fullmatch(key) and not _RESERVED.fullmatch(key) else _flow(key)
            inner = indent + "  " * isinstance(item, dict)
            deeper = isinstance(item, dict | list) and item
            lines.append(
                f"{name}:{chr(10) + inner if deeper else ' '}{_block(item, before and before[1], inner)}"
            )
    elif isinstance(value, list) and value:
        items = old.items if isinstance(old, Sequence) else ()
        for place, item in enumerate(value):
            kept = items[place] if place < len(items) else None
            lines.append(f"- {_block(item, kept, indent + '  ')}")
    else:
        plain_word = isinstance(value, str) and _PLAIN.fullmatch(value) and not _RESERVED.fullmatch(value)
        return str(value) if plain_word else _flow(value)
    return f"\n{indent}".join(lines)


_WORD = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_PLAIN = re.compile(r"[A-Za-z](?:[\w ,./()-]*[\w.)])?", re.ASCII)
_RESERVED = re.compile(
    "null|true|false|yes|no|on|off|y|n", re.IGNORECASE
)  # words that are no strings to some


_SURROGATE = re.compile(r"[\ud800-\udfff]")


class _Layout(NamedTuple):
    """How a JSON text is written: what stands behind keys and commas, and how lines are indented."""

    colon: str
    comma: str
    newline: str  # empty where all stands on one line
    unit: str
    indent: str  # of the line that the value begins on
    ascii_only: bool

    @classmethod
    def of(cls, text: str, start: int) -> "_Layout":
        key, comma, line = _KEY.search(text), _COMMA.search(text), _LINE.search(text)
        begun = text.rfind("\n", 0, start) + 1
        own = re.match(r"[ \t]*", text[begun:start])
        colon = key[1] if key else ": "
        return cls(
            colon if "\n" not in colon else ": ",
            "," + (comma[1] if comma else "" if colon == ":" else " "),
            line[1] if line else "",
            line[2] if line else "",
            own[0] if own else "",
            text.isascii(),
        )

    def spelt(self, value: Json, old: Node | None) -> str:
        """The value in this layout; what the old one has of it is copied."""
        old = resolve(old) if old is not None else None
        if old is not None and is_same(plain(old), value):
            return old.parent.text[old.start : old.end]
        inner = self._replace(indent=self.indent + self.unit)
        if isinstance(value, dict) and value:
            known = dict(old.items) if isinstance(old, Mapping) else {}
            named = {str(key): (key, child) for key, child in known.items()}
            entries = []
            for key, item in value.items():
                before = named.get(key)
                name = _copied(before[0]) if before else self._string(key)
                entries.append(name + self.colon + inner.spelt(item, before[1] if before else None))
            return self._wrapped("{", entries, "}")
        if isinstance(value, list) and value:
            items = old.items if isinstance(old, Sequence) else ()
            kept = [items[place] if place < len(items) else None for place in range(len(value))]
            return self._wrapped(
                "[", [inner.spelt(item, was) for item, was in zip(value, kept, strict=True)], "]"
            )
        return self._string(value) if isinstance(value, str) else json.dumps(value)

    def _string(self, value: str) -> str:
        spelt = json.dumps(value, ensure_ascii=self.ascii_only)
        return _SURROGATE.sub(lambda char: f"\\u{ord(char[0]):04x}", spelt)

    def _wrapped(self, begin: str, entries: list[str], end: str) -> str:
        if not self.newline:
            return begin + (self.comma).join(entries) + end
        first = self.newline + self.indent + self.unit
        return begin + first + f",{first}".join(entries) + self.newline + self.indent + end


def _copied(node: Node) -> str:
    return node.parent.text[node.start : node.end]

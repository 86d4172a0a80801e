"""JSON text into the same tree as YAML, with the same leniency as the `json` module.

The source is a document or a text inside one (a body, the data of a server-sent event). JSON does
not go through the YAML parser: surrogate pairs and long keys fail there.
"""

import json
import re
from collections.abc import Iterable
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]

from cassette_cli.errors import CassetteError, Unreadable
from cassette_cli.source.style import Style
from cassette_cli.source.text import Source, Text
from cassette_cli.source.tree import DEEPEST, Json, Mapping, Node, Sequence

_BLANK = re.compile(r"[ \t\n\r]*")
_WORD = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null|NaN|-?Infinity", re.ASCII)


def parse_json(source: Source) -> Node:
    """The root node of a JSON text; raises Unreadable with the place of the first fault."""
    return _Reader(source).read()


def load_json(text: str | bytes) -> Json:
    """Like `json.loads`, but no deeper than a tree may be: raises ValueError for what is."""
    try:
        value: Json = json.loads(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if len(text) > 2 * DEEPEST and _is_too_deep(value):
        raise ValueError(_TOO_DEEP)
    return value


def _is_too_deep(value: Json) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, dict | list)]
    return bool(level)


def _inside(value: Json) -> Iterable[Json]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


_TOO_DEEP = f"nested more than {DEEPEST} deep"


class _Reader:
    """One pass by recursive descent; the depth is bounded, so a deep text cannot exhaust the stack."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = str(source.text)

    def read(self) -> Node:
        node, position = self._value(self._skip(0), 0)
        position = self._skip(position)
        if position < len(self.text):
            raise self._error("something stands behind the end of the JSON value", position)
        return node

    def _value(self, position: int, depth: int) -> tuple[Node, int]:
        mark = self.text[position : position + 1]
        if mark == '"':
            return self._string(position)
        if mark == "{":
            return self._mapping(position, depth + 1)
        if mark == "[":
            return self._sequence(position, depth + 1)
        match = _WORD.match(self.text, position)
        if not match:
            raise self._error(
                "a value is missing" if mark in ("", ",", "}", "]") else "not a JSON value", position
            )
        return Text(match[0], self.source, position, match.end(), Style.JSON_WORD), match.end()

    def _string(self, position: int) -> tuple[Text, int]:
        try:
            value, end = scanstring(self.text, position + 1, False)
        except JSONDecodeError as error:
            message = f"in a string: {error.msg[0].lower()}{error.msg[1:]}"
            if error.msg.startswith("Unterminated"):
                message = "the text ends inside the string that starts here"
            raise self._error(message, error.pos) from None
        return Text(value, self.source, position, end, Style.JSON), end

    def _mapping(self, start: int, depth: int) -> tuple[Mapping, int]:
        items: list[tuple[Node, Node]] = []
        position = self._skip(start + 1)
        while self.text[position : position + 1] != "}":
            if self.text[position : position + 1] != '"':
                raise self._error("a key in double quotes is missing", position)
            key, position = self._string(position)
            position = self._expect(":", position)
            value, position = self._value(self._check(position, depth), depth)
            items.append((key, value))
            position = self._next("}", position)
        return Mapping(self.source, start, position + 1, True, tuple(items)), position + 1

    def _sequence(self, start: int, depth: int) -> tuple[Sequence, int]:
        items: list[Node] = []
        position = self._skip(start + 1)
        while self.text[position : position + 1] != "]":
            value, position = self._value(self._check(position, depth), depth)
            items.append(value)
            position = self._next("]", position)
        return Sequence(self.source, start, position + 1, True, tuple(items)), position + 1

    def _next(self, close: str, position: int) -> int:
        """Behind the comma, or at the closing bracket."""
        position = self._skip(position)
        if self.text[position : position + 1] == close:
            return position
        position = self._expect(",", position)
        if self.text[position : position + 1] == close:
            raise self._error(f"a comma stands before the closing {close}", position)
        return position

    def _expect(self, mark: str, position: int) -> int:
        position = self._skip(position)
        if self.text[position : position + 1] != mark:
            raise self._error(f"expected {mark!r}", position)
        return self._skip(position + 1)

    def _skip(self, position: int) -> int:
        match = _BLANK.match(self.text, position)
        return match.end() if match else position

    def _check(self, position: int, depth: int) -> int:
        if depth >= DEEPEST:
            raise self._error(_TOO_DEEP, position)
        return position

    def _error(self, message: str, position: int) -> CassetteError:
        source = self.source
        if position >= len(self.text):
            message = "the text ends in the middle"
        position = min(position, len(self.text))
        return Unreadable(f"not JSON: {message}", source.place(position))

"""One value that is to change: what stands in the file for it, and what that becomes."""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from cassette_cli.editing import doubles
from cassette_cli.editing.dealing import change_of
from cassette_cli.editing.layout import Respelt, respelt
from cassette_cli.errors import BadRequest
from cassette_cli.fields import scalar_at
from cassette_cli.llm import reply_events
from cassette_cli.model import Cassette
from cassette_cli.selection import Reading
from cassette_cli.source.style import Style
from cassette_cli.source.text import Joined, Packed, Text
from cassette_cli.source.tree import DEEPEST, Fields, Integer, Items, Json, Mapping, Node, Real, plain_scalar
from cassette_cli.where import Found, find, named
from cassette_cli.wire.body import placed


class Wanted(NamedTuple):
    """A value that is to change: where it stands, and what it becomes."""

    where: str
    path: tuple[str | int, ...]
    target: Text | Joined | Node
    value: Json
    is_text: bool
    beside: tuple[Respelt, ...] = ()  # what goes with it

    @classmethod
    def of(
        cls, where: str, text: str, cassette: Cassette, document: dict[str, Any], reading: Reading
    ) -> "Wanted":
        """The value that a name and a text mean; raises BadRequest where they mean none."""
        found = one_of(find(document, where), where)
        target = _in_tree(cassette, target_of(found, where, reading))
        if any("\ud800" <= char <= "\udfff" for char in text):
            raise BadRequest(f"{where}: the new value is not UTF-8 text")
        value: Json = text if isinstance(found.value, str) else _parsed(where, text, found.value)
        if value != found.value:
            _check_line(where, found.path, text)
        if found.path == ("response", "status"):
            if not isinstance(value, int) or not 100 <= value <= 599:
                raise BadRequest(f"{where}: a status is a number from 100 to 599")
            words = tuple(doubles.reasons(reading.interaction, value))
            return cls(where, found.path, target, value, is_text=False, beside=words)
        return cls(where, found.path, target, value, isinstance(found.value, str))

    def edits(self) -> Iterator[Respelt]:
        target = self.target
        yield from self.beside
        if isinstance(target, Text) and isinstance(self.value, int) and isinstance(plain_scalar(target), str):
            yield from _texts(target, str(self.value))  # a number that is written as a string
        elif self.path[-1] == "arguments" and isinstance(target, Text | Joined):
            yield from _texts(target, json.dumps(self.value, ensure_ascii=False))
        elif isinstance(target, Text | Joined) and self.is_text:
            yield from _texts(target, str(self.value))
        elif not isinstance(target, Joined):
            yield from respelt(target, self.value)


def _texts(target: Text | Joined, value: str) -> Iterator[Respelt]:
    if target != value:
        yield Respelt(target, change_of(target, value), target, value)


def one_of(found: Found, where: str) -> Found:
    """The value itself: of a header with one value, that; of several texts, none can be meant."""
    if len(found.path) > 1 and found.path[-2] == "headers" and isinstance(found.value, list):
        if len(found.value) > 1:
            several = ", ".join(f"{where}[{place}]" for place in range(len(found.value)))
            raise BadRequest(f"{where} has several values: name one of {several}")
        return Found(found.value[0], (*found.path, 0), found.value)
    last, parts = found.path[-1], found.inside.get("parts") if isinstance(found.inside, dict) else None
    if last in ("text", "reasoning") and isinstance(parts, list):
        names = [
            f"{named(found.path[:-1])}.parts[{place}].text"
            for place, part in enumerate(parts)
            if part["type"] == last
        ]
        if len(names) > 1:
            raise BadRequest(f"{where} is made of several parts: name one of {', '.join(names)}")
    return found


def target_of(found: Found, where: str, reading: Reading) -> Text | Joined | Node:
    """What stands in the file for a value; raises BadRequest where nothing does."""
    value, step = found.value, found.path[-1]
    target: Text | Joined | Node | None = None
    if isinstance(value, Text | Joined):
        target = value
    elif isinstance(value, Integer | Real | Fields | Items):
        target = value.node
    elif isinstance(found.inside, Fields):
        target = found.inside.node.get(str(step))
    elif isinstance(found.inside, Items) and isinstance(step, int):
        target = found.inside.node.items[step]
    elif step == "arguments" and isinstance(found.inside, dict):
        raw = found.inside.get("raw_arguments")  # of none at all, or none that can be read
        target = raw if isinstance(raw, Text | Joined) else None
    elif found.path[:2] == ("exchange", "params"):
        target = _setting(reading.asked.json, str(step), value)
    elif found.path == _REPLY and value == "":
        target = next(_unsaid([event.value for event in reply_events(reading.said, placed)]), None)
    if found.path[0] == "frames" and _explains(reading.interaction.node):
        raise BadRequest(f"{where}: the call is replayed from its bytes beside this: record it anew")
    if isinstance(target, Text) and target.style is Style.FIXED and not isinstance(target, Packed):
        raise BadRequest(f"{where}: files of TOML are read here, not written: change it by hand")
    if target is None:
        empty = value == "" and step in ("text", "reasoning")
        parts = " or ".join(_parts(found, where, reading))
        why = f"this is put together here: set {parts} instead" if parts else _WHY
        raise BadRequest(f"{where}: there is none to change" if empty else f"{where}: {why}")
    return target


def _parts(found: Found, where: str, reading: Reading) -> Iterator[str]:
    """Of a value that has no place of its own, such as the usage, the figures in it that have one."""
    values = found.value if isinstance(found.value, dict) else {}
    if any(isinstance(value, dict | list) for value in values.values()):
        return
    for key, value in values.items():
        part = Found(value, (*found.path, key), values)
        with suppress(BadRequest):
            target_of(part, where, reading)
            yield named(part.path)


def _explains(node: Node) -> bool:
    """Whether an interaction holds JSON beside the bytes that it is of, as cassetter's gRPC calls do."""
    return isinstance(node, Mapping) and "json_debug" in node


_REPLY = ("exchange", "reply", "text")
_SAYING = ("content", "text", "value", "response", "delta")  # what dialects call the text of a reply


def _unsaid(value: Json) -> Iterator[Text]:
    """The texts of a reply that are stored, but say nothing."""
    for key, item in value.items() if isinstance(value, dict) else ():
        if key in _SAYING and isinstance(item, Text) and item == "":
            yield item
        else:
            yield from _unsaid(item)
    for item in value if isinstance(value, list) else ():
        yield from _unsaid(item)


def _in_tree(cassette: Cassette, target: Text | Joined | Node) -> Text | Joined | Node:
    """The target; of a body that is a string of JSON in a file of JSON, the file's own node."""
    if isinstance(target, Text) and isinstance(target.parent, Text) and target.parent.style is Style.VERBATIM:
        raw = target.parent
        if raw.parent is cassette.document and target.end - target.start == len(raw):
            return scalar_at(cassette, raw.start) or target
    return target


_WHY = "this is not stored as such, but follows from other values: change those, or the body itself"


def _setting(asked: Json, name: str, value: Json) -> Node | None:
    """The node of a setting that has no place of its own (true, false, null), the outermost by its name."""
    level: list[Json] = [asked]
    while level:
        objects = [fields for fields in level if isinstance(fields, Fields)]
        for fields in objects:
            if name in fields and fields[name] is value:
                return fields.node.get(name)
        level = [item for fields in objects for item in fields.values()]
    return None


def _parsed(where: str, text: str, old: Json) -> Json:
    try:
        value: Json = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        kind = {dict: "an object", list: "a list", bool: "true or false", type(None): "null"}
        known = next((word for type_, word in kind.items() if isinstance(old, type_)), "a number")
        detail = error.msg if isinstance(error, json.JSONDecodeError) else "it cannot be read"
        raise BadRequest(
            f"{where}: the new value is no JSON ({detail[0].lower()}{detail[1:]}); it is {known} now, "
            "and a string would stand in double quotes"
        ) from None
    level: list[Json] = [value]
    for _ in range(DEEPEST):
        level = [item for inner in level for item in _inside(inner)]
    if level:
        raise BadRequest(f"{where}: the new value is nested more than {DEEPEST} deep")
    return value


def _inside(value: Json) -> Iterable[Json]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _no_constant(word: str) -> Json:
    raise ValueError(f"{word} is none of JSON's words")


def _check_line(where: str, path: tuple[str | int, ...], text: str) -> None:
    """Raises BadRequest for what HTTP has no place for before a body, whatever a file could hold."""
    pattern, told = _LINES.get(path[:2], (_ANY, ""))
    if not pattern.fullmatch(text):
        raise BadRequest(f"{where}: {told}")


_ANY = re.compile(r".*", re.DOTALL)
_HEADER = (re.compile(r"[^\r\n\0]*"), "a header's value is text on one line")
_LINES: dict[tuple[str | int, ...], tuple[re.Pattern[str], str]] = {
    ("request", "method"): (
        re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII),
        "a method is one word, such as GET",
    ),
    ("request", "url"): (re.compile(r"[^\x00-\x1f\x7f]+"), "a URL is text on one line, and not empty"),
    ("request", "headers"): _HEADER,
    ("response", "headers"): _HEADER,
}


def check_overlaps(wanted: list[Wanted]) -> None:
    """Raises BadRequest where two names mean the same value, or one a part of the other's."""
    for place, one in enumerate(wanted):
        for two in wanted[:place]:
            shared = min(len(one.path), len(two.path))
            if one.path[:shared] == two.path[:shared]:
                same = one.path == two.path
                raise BadRequest(
                    f"{two.where} and {one.where} are the same value: give it once"
                    if same
                    else f"{two.where} and {one.where} overlap: give one of them"
                )

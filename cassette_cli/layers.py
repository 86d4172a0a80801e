"""What a string holds: its values, its events, what is packed in it, each a field of its own.

`inside` opens a string as far as it goes: the values of JSON, the events of a stream, JSON in a string of
JSON, base64, percent-encoding; and what a stream's events say together, joined across them. The strings
of an opened `Text` are texts too, so whatever is found in them can be changed in the file. Knows no rule.
"""

import re
from binascii import Error as BadBase64
from binascii import a2b_base64
from codecs import utf_8_decode
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TypeAlias
from urllib.parse import unquote

from cassette_cli.errors import CassetteError
from cassette_cli.fields import Field, Role, Stored
from cassette_cli.model import Body
from cassette_cli.source.jsontree import load_json, parse_json
from cassette_cli.source.style import Style
from cassette_cli.source.text import Joined, Packed, Text
from cassette_cli.source.tree import Json, Mapping, Node, Sequence
from cassette_cli.wire.body import Content, Kind
from cassette_cli.wire.sse import looks_like_events, read_events, read_lines

_SHORTEST = 8  # characters that an event repeats, if it repeats something
_DEEPEST = 6  # layers within layers
_INDEXES = ("index", "output_index", "content_index", "summary_index", "contentBlockIndex", "thought")
_ALL_INDEXES = frozenset(_INDEXES)
_PACKED = 24  # characters of base64 that are looked at, and that a text is packed in at least
TOKENS = "/logprobs/content/"
_ONE_TEXT = ("/logprobs/content", "/parts")  # lists whose entries are one text, token by token, part by part
_BASE64 = re.compile(
    r"(?:data:[\w.+/-]+(?:;[\w=.-]+)*;base64,)?(?P<data>[A-Za-z0-9+/_-]{8,}[A-Za-z0-9+/_\r\n-]*={0,2}\s*)"
)
_PERCENT = re.compile(r"%[\da-fA-F]{2}")
LEAD = re.compile(r"[\ufeff \t\r\n]*+(.?)")


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
    lead = LEAD.match(text)
    head = lead[1] if lead else ""
    if head in ("{", "[") and (value := _json(text)) is not None:
        yield from _values(field, value, depth + 1)
        if isinstance(value, list | Sequence) and not depth:
            yield from _listed(field, value)
        if '"logprobs"' in text and not depth:  # of a whole reply, whose tokens say its text once more
            leaves = _values(field, value, _DEEPEST)
            yield from joined(field, (leaf for leaf in leaves if TOKENS in leaf.slot))
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
        value: Json = load_json(text.removeprefix("\ufeff"))
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
    match = _BASE64.fullmatch(text) if len(text) >= _PACKED else None
    return match is not None and holds_text(match["data"])


def holds_text(base64: str) -> bool:
    """Whether base64, of either alphabet, begins as that of a text does; of other data, little does."""
    try:
        head, _ = utf_8_decode(_bytes_of(base64[:_PACKED]), "strict", False)  # which may end in a character
    except (BadBase64, UnicodeDecodeError):
        return False
    return head.replace("\n", "").isprintable()


_URL_SAFE = str.maketrans("-_", "+/")


def _bytes_of(base64: str) -> bytes:
    if base64.isalnum() and len(base64) % 4 == 0:
        return a2b_base64(base64)
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
    return streamed_values(map(_plain_json, events))


def streamed_values(values: Iterable[Json]) -> list[str]:
    """The same of the values that events hold."""
    slots: dict[str, list[str]] = {}

    def collect(value: Json, slot: str) -> None:
        if isinstance(value, str):
            if value:
                slots.setdefault(slot, []).append(value)
                if len(value) >= _PACKED and is_packed(value) and (match := _BASE64.fullmatch(value)):
                    collect(_plain_json(_unpacked(value, match) or ""), f"{slot}!")
        elif isinstance(value, dict):
            if not _ALL_INDEXES.isdisjoint(value):
                slot += _index(value)
            for key, item in value.items():
                if isinstance(item, str | dict | list):
                    collect(item, f"{slot}/{key}")
        elif isinstance(value, list):
            one_text = slot.endswith(_ONE_TEXT)
            for place, item in enumerate(value):
                collect(item, slot if one_text else f"{slot}/{place}")

    for value in values:
        collect(value, "")
    return ["".join(pieces) for pieces in slots.values() if len(pieces) > 1 and not _is_one(pieces)]


def _is_one(pieces: list[str]) -> bool:
    """Whether all are the same, as an id that is repeated; `_is_repeated` says so, too."""
    return len(pieces) > 2 and len(pieces[0]) >= _SHORTEST and pieces.count(pieces[0]) == len(pieces)


def _plain_json(text: str) -> Json:
    try:
        value: Json = load_json(text)
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
        slot = pieces[0].slot
        whole = field._replace(where=where, name=pieces[0].name, text=text, slot=slot, spread=len(texts))
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

"""Secrets of every provider's shape, planted into real cassettes in every layer, and looked for afterwards.

What is left is looked for by other means than the tool's own: PyYAML or `json` read the file, and every
string is taken apart with the standard library, in every encoding that it may be in.
"""

import base64
import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

import yaml

from cassette_cli.errors import Refused
from cassette_cli.fields import Field, Role, Stored, bodies, heads
from cassette_cli.layers import opened
from cassette_cli.model import Cassette
from cassette_cli.recorders import read_cassette
from cassette_cli.rules.providers import SECRETS
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.text import Change, Joined, Packed, Text, rewrite
from cassette_cli.wire.body import Kind, read_content, traced
from tests.rules.shapes import Made, make_marked

RULES = tuple(rule for rule in SECRETS if rule.default)


class Planted(NamedTuple):
    """A cassette with a secret in it."""

    cassette: Cassette
    layer: str
    rule: str
    secret: str


def plant(cassette: Cassette, layer: str, random: Random) -> Planted | None:
    """The cassette with a random secret in a random place of a layer; None if it has no such place."""
    rule = random.choice(RULES)
    made = make_marked(random.choice(rule.shapes), random)
    changes = _LAYERS[layer](cassette, made, random)
    if not changes:
        return None
    document = cassette.document
    try:
        edits = rewrite(changes)
    except Refused:
        return None
    if set(edits) != {document}:
        return None
    new = Document(document.name, document.encode(splice(document.text, edits[document])))
    return Planted(read_cassette(new), layer, rule.id, made.secret)


def _changes(fields: list[Field], text: str, random: Random) -> list[Change]:
    """The text behind what one of the fields says, or before it."""
    places = [field.text for field in fields if isinstance(field.text, Text | Joined)]
    if not places:
        return []
    place = random.choice(places)
    at = random.choice([0, len(place)])
    return [(place, [Edit(at, at, f"{text} " if at == 0 else f" {text}")])]


def _in_header(cassette: Cassette, made: Made, random: Random) -> list[Change]:
    calm = ("user-agent", "server", "x-note", "accept", "via")
    fields = [
        field
        for interaction in cassette.interactions
        for field in heads(interaction, ("request", "response"))
        if field.role is Role.HEADER and field.name.lower() in calm
    ]
    return _changes(fields, made.text, random) if made.text.isprintable() else []


def _in_url(cassette: Cassette, made: Made, random: Random) -> list[Change]:
    urls = [one.request.url for one in cassette.interactions]
    places = [url for url in urls if isinstance(url, Text) and "#" not in url]
    if not places or not made.text.isprintable():
        return []
    url = random.choice(places)
    return [
        (url, [Edit(len(url), len(url), f"{'&' if '?' in url else '?'}note={quote(made.text, safe='')}")])
    ]


def _stored(cassette: Cassette) -> Iterator[Stored]:
    for interaction in cassette.interactions:
        yield from bodies(interaction, ("request", "response"))


def _leaves(
    cassette: Cassette, wanted: Callable[[Stored, Field], bool], *, spread: bool = False
) -> list[Field]:
    found = []
    for stored in _stored(cassette):
        content = read_content(stored.message, traced)
        if content.kind in (Kind.BINARY, Kind.FORM, Kind.MULTIPART) or content.size > 200_000:
            continue
        fields = opened(stored, content)
        found += [field for field in fields if bool(field.spread) is spread and wanted(stored, field)]
    return found


def _is_prose(field: Field) -> bool:
    return field.whole and field.name in (
        "content",
        "text",
        "description",
        "name",
        "query",
        "title",
        "message",
    )


def _in_json(cassette: Cassette, made: Made, random: Random) -> list[Change]:
    fields = _leaves(
        cassette, lambda stored, field: _is_prose(field) and stored.message.body.text is not None
    )
    return _changes(fields, made.text, random)


def _in_escaped_json(cassette: Cassette, made: Made, random: Random) -> list[Change]:
    fields = _leaves(
        cassette, lambda stored, field: _is_prose(field) and stored.message.body.text is not None
    )
    places = [field.text for field in fields if isinstance(field.text, Text)]
    if not places:
        return []
    place = random.choice(places)
    return [(place, [Edit(0, len(place), json.dumps({"note": ["see", made.text]}))])]


def _in_packed(cassette: Cassette, made: Made, random: Random) -> list[Change]:
    """Base64, hex, codings, event streams."""

    def is_packed(stored: Stored, field: Field) -> bool:
        text = field.text
        while isinstance(text, Text | Joined) and not isinstance(text, Packed):
            parent = text.parent if isinstance(text, Text) else None
            text = parent if isinstance(parent, Text | Joined) else ""
        return _is_prose(field) and isinstance(text, Packed)

    return _changes(_leaves(cassette, is_packed), made.text, random)


def _in_stream(cassette: Cassette, made: Made, random: Random) -> list[Change]:
    """Dealt out over several deltas, a few characters each."""
    names = ("content", "text", "delta", "partial_json", "thinking", "arguments", "response")
    fields = _leaves(cassette, lambda _, field: field.name in names, spread=True)
    streams = [field.text for field in fields if isinstance(field.text, Joined)]
    if not streams:
        return []
    pieces = random.choice(streams).pieces
    first = random.randrange(len(pieces) - 1)
    chosen = pieces[first : first + random.randint(2, 12)]
    text = f" {made.text} "
    cuts = [0, *sorted(random.choices(range(1, len(text)), k=len(chosen) - 1)), len(text)]
    changes: list[Change] = []
    for number, (piece, part) in enumerate(zip(chosen, pairwise(cuts), strict=True)):
        if not isinstance(piece, Text | Joined):
            return []
        start = len(piece) if number == 0 else 0  # behind the first, before the last, instead of the others
        end = 0 if number == len(chosen) - 1 else len(piece)
        changes.append((piece, [Edit(start, end, text[slice(*part)])]))
    return changes


def _in_folded(cassette: Cassette, made: Made, random: Random) -> list[Change]:
    fields = [
        Field(Role.BODY, "", "", stored.message.body.text or "")
        for stored in _stored(cassette)
        if stored.message.header("content-type").startswith(("text/plain", "text/html", "application/json"))
    ]
    folded = [
        field
        for field in fields
        if isinstance(field.text, Text)
        and "\n" in field.text.parent.text[field.text.start : field.text.end]
        and field.text.style in ("'", '"', "")
    ]
    return _changes(folded, made.text, random)


_LAYERS: dict[str, Callable[[Cassette, Made, Random], list[Change]]] = {
    "header": _in_header,
    "URL": _in_url,
    "JSON": _in_json,
    "JSON in JSON": _in_escaped_json,
    "packed body": _in_packed,
    "stream": _in_stream,
    "folded scalar": _in_folded,
}
LAYERS = tuple(_LAYERS)


# -- what is left ------------------------------------------------------------------------------------


def is_left(raw: bytes, secret: str) -> bool:
    """Whether a secret stands anywhere in a file, in any encoding."""
    wanted = secret.replace("\r\n", "\n")
    return any(wanted in view for text in _strings(raw) for view in _views(text, 0))


class _Loader(yaml.CSafeLoader):
    """Tags that it does not know are read as plain values."""


_Loader.add_multi_constructor("", lambda loader, _, node: _plain(loader, node))


def _plain(loader: Any, node: Any) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    deep = loader.construct_sequence if isinstance(node, yaml.SequenceNode) else loader.construct_mapping
    return deep(node, deep=True)


def _strings(raw: bytes) -> Iterator[str]:
    data = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
    text = data.decode("utf-8-sig", "surrogateescape")
    yield text
    try:
        loaded: Any = json.loads(text)
    except ValueError:
        try:
            loaded = [
                event.value for event in yaml.parse(text, _Loader) if isinstance(event, yaml.ScalarEvent)
            ]
        except yaml.YAMLError:
            return
    yield from _leaves_of(loaded)


def _leaves_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes):
        yield value.decode("utf-8", "replace")
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves_of(key)
            yield from _leaves_of(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves_of(item)


_DELTA = re.compile(
    r'"(text|content|delta|partial_json|thinking|arguments|response)" ?: ?("(?:[^"\\]|\\.)*")'
)


def _views(text: str, depth: int) -> Iterator[str]:
    """The text, and all that it may stand for."""
    yield text.replace("\r\n", "\n")
    if depth > 4:
        return
    if "%" in text:
        yield unquote(text)
    for data in _unpacked(text):
        yield from _views(data.decode("utf-8", "ignore"), depth + 1)
        for packed in _frames(data):
            yield from _views(packed, depth + 1)
    if text.lstrip()[:1] in ("{", "[", '"'):
        try:
            for leaf in _leaves_of(json.loads(text)):
                yield from _views(leaf, depth + 1)
        except (ValueError, RecursionError):
            pass
    by_name: dict[str, list[str]] = {}
    for name, spelt in _DELTA.findall(text):
        by_name.setdefault(name, []).append(spelt)
    for spellings in by_name.values():
        try:
            yield "".join(map(json.loads, spellings))
        except ValueError:
            continue
    for line in re.findall(r"^data: ?(.*)$", text, re.MULTILINE):
        if line.lstrip().startswith("{"):
            yield from _views(line, depth + 1)


def _unpacked(text: str) -> Iterator[bytes]:
    squeezed = "".join(text.split())
    candidates = []
    plain = squeezed.rstrip("=")
    if len(plain) >= 16 and len(plain) % 4 != 1 and re.fullmatch(r"[A-Za-z0-9+/]+", plain):
        candidates.append(base64.b64decode(plain + "=" * (-len(plain) % 4)))
    if len(squeezed) >= 16 and re.fullmatch(r"(?:[0-9a-fA-F]{2})+", squeezed):
        candidates.append(bytes.fromhex(squeezed))
    if text.startswith("\x1f\x8b") and max(map(ord, text)) < 256:
        candidates.append(text.encode("latin-1"))
    for data in candidates:
        yield data
        for wbits in (31, 15, -15):
            try:
                yield zlib.decompress(data, wbits)
            except zlib.error:
                continue


def _frames(data: bytes) -> Iterator[str]:
    """The payloads of an AWS event stream, all together."""
    payloads, at = [], 0
    while at + 16 <= len(data):
        total, headers = int.from_bytes(data[at : at + 4]), int.from_bytes(data[at + 4 : at + 8])
        if not 16 + headers <= total <= len(data) - at:
            break
        payloads.append(data[at + 12 + headers : at + total - 4].decode("utf-8", "ignore"))
        at += total
    if payloads:
        yield "\n".join(f"data: {payload}" for payload in payloads)
        inner = []
        for payload in payloads:
            try:
                inner.append(base64.b64decode(json.loads(payload)["bytes"]).decode())
            except (ValueError, KeyError, TypeError):
                continue
        yield "\n".join(f"data: {one}" for one in inner)

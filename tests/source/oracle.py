"""What other people's parsers make of a text, our own tree of it, and both in one comparable shape.

A shape is nested tuples; a tree's shape can be asked for as it must be after some changes.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from collections.abc import Mapping as Map
from typing import TypeAlias

import yaml

from cassette_cli.source.document import Document
from cassette_cli.source.jsontree import parse_json
from cassette_cli.source.scalar import block_indent, decode
from cassette_cli.source.style import BLOCKS, Style
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Alias, Mapping, Node, Sequence
from cassette_cli.source.yamltree import parse_yaml

Shape: TypeAlias = str | tuple["Shape", ...] | None

STRING = "tag:yaml.org,2002:str"


# -- ours ------------------------------------------------------------------------------------------


def is_json(text: str) -> bool:
    """Whether the `json` module reads the text."""
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def roots(document: Document) -> list[Node]:
    """Our tree of each document of the file."""
    return [parse_json(document)] if is_json(document.text) else parse_yaml(document)


def shape(node: Node, texts: Map[int, str] | None = None, without: "Without | None" = None) -> Shape:
    """The node's shape with the texts of these ids changed, and without some entries of one container."""
    if isinstance(node, Alias):
        return ("alias", node.target.anchor)
    if isinstance(node, Text):
        kind = "word" if node.style is Style.JSON_WORD else "scalar"
        return (kind, (texts or {}).get(id(node), str(node)), node.tag, node.anchor)
    cut = without[1] if without and without[0] is node else ()
    entries = [entry for number, entry in enumerate(node.items) if number not in cut]
    inner = [
        shape(part, texts, without)
        for entry in entries
        for part in (entry if isinstance(entry, tuple) else (entry,))
    ]
    return ("mapping" if isinstance(node, Mapping) else "sequence", node.tag, node.anchor, *inner)


Without: TypeAlias = tuple[Mapping | Sequence, Collection[int]]


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, keys included, in file order; aliases are not followed."""
    yield node
    if isinstance(node, Mapping | Sequence):
        for entry in node.items:
            for part in entry if isinstance(entry, tuple) else (entry,):
                yield from walk(part)


def texts(document: Document, trees: Iterable[Node] | None = None) -> list[Text]:
    """Every scalar of the file, in file order; of these trees of it, if given."""
    parsed = roots(document) if trees is None else trees
    return [node for tree in parsed for node in walk(tree) if isinstance(node, Text)]


def decoded(text: Text) -> str:
    """What our own decoder makes of the characters of a scalar."""
    source = text.parent.text[text.content_start : text.end]
    return decode(text.style, source, block_indent(source, text) if text.style in BLOCKS else 0).value


# -- theirs ----------------------------------------------------------------------------------------


def expected(text: str) -> list[Shape]:
    """The shape of each document of a text, read by the `json` module or by PyYAML's C parser."""
    if is_json(text):
        loaded = json.loads(
            text, object_pairs_hook=_Object, parse_int=_Word, parse_float=_Word, parse_constant=_Word
        )
        return [_json_shape(loaded)]
    events = yaml.parse(text, Loader=yaml.CLoader)
    return [
        _yaml_shape(next(events), events) for event in events if isinstance(event, yaml.DocumentStartEvent)
    ]


class _Word(str):
    __slots__ = ()


class _Object(list[tuple[str, object]]):
    __slots__ = ()


def _json_shape(value: object) -> Shape:
    if isinstance(value, _Object):
        return ("mapping", None, None, *(part for k, v in value for part in map(_json_shape, (k, v))))
    if isinstance(value, list):
        return ("sequence", None, None, *map(_json_shape, value))
    if isinstance(value, str):
        return ("word" if isinstance(value, _Word) else "scalar", str(value), None, None)
    return ("word", json.dumps(value), None, None)


def _yaml_shape(event: yaml.Event, events: Iterator[yaml.Event]) -> Shape:
    if isinstance(event, yaml.AliasEvent):
        return ("alias", event.anchor)
    if isinstance(event, yaml.ScalarEvent):
        return ("scalar", event.value, event.tag, event.anchor)
    inner = []
    while not isinstance(part := next(events), yaml.CollectionEndEvent):
        inner.append(_yaml_shape(part, events))
    assert isinstance(event, yaml.CollectionStartEvent)
    kind = "mapping" if isinstance(event, yaml.MappingStartEvent) else "sequence"
    return (kind, event.tag, event.anchor, *inner)


def kinds(text: str) -> list[str]:
    """The tag that PyYAML's safe loader resolves each scalar to, in file order."""
    resolver = yaml.SafeLoader("")
    return [
        event.tag or resolver.resolve(yaml.ScalarNode, event.value, event.implicit)  # type: ignore[no-untyped-call]
        for event in yaml.parse(text, Loader=yaml.CLoader)
        if isinstance(event, yaml.ScalarEvent)
    ]

"""YAML text into a tree, from the parser's events; the only module that imports ruamel.yaml.

Events, not objects: no tag is constructed, no alias is expanded, marks are exact offsets. The C
parser is used wherever it is installed; the pure one gives the same events, 40 times slower.
"""

from collections.abc import Iterator
from typing import Any  # ruamel.yaml carries no types

from cassette_cli.errors import Place, Unreadable
from cassette_cli.source.document import Document
from cassette_cli.source.style import Style
from cassette_cli.source.text import GAP, Tagged, Text
from cassette_cli.source.tree import DEEPEST, Alias, Mapping, Node, Sequence

force_pure = False  # the tests run every promise under both parsers


def parser_name() -> str:
    """The YAML parser that is in use, as `cassette --version` says it; ruamel.yaml is not imported for it."""
    from importlib.util import find_spec

    # What `YAML(typ="safe")` looks for; a test holds the two together.
    if find_spec("_ruamel_yaml") and not force_pure:
        return "YAML parser: C"
    return "YAML parser: pure Python, 40 times slower; pip install 'ruamel.yaml[oldlibyaml]'"


def parse_yaml(document: Document) -> list[Node]:
    """The root node of each YAML document of the file; raises Unreadable with the place."""
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    try:
        return _build(document)
    except MarkedYAMLError as error:
        raise _fault(document, error) from None
    except ReaderError as error:
        odd = error.character if isinstance(error.character, str) else chr(error.character)
        raise Unreadable(
            f"not YAML: the character U+{ord(odd):04X} is not allowed",
            document.place(document.text.index(odd)),
        ) from None
    except (YAMLError, ValueError, OverflowError) as error:  # the pure parser's chr() of "\\U00110000"
        raise Unreadable(f"not YAML: {str(error).splitlines()[0]}", Place(document.name)) from None


def _fault(document: Document, error: Any) -> Unreadable:
    """What the parser says, where; of what is never closed, where it opens, too."""
    mark, opening = error.problem_mark or error.context_mark, error.context_mark
    said = error.problem or error.context
    if opening and error.context == "while scanning a quoted scalar" and "unexpected" in said:
        mark, said = opening, "the quoted text that opens here is never closed"
    elif opening and error.problem_mark and opening.line != mark.line:
        said += f" ({error.context} that begins at {opening.line + 1}:{opening.column + 1})"
    place = Place(document.name, mark.line + 1, mark.column + 1) if mark else Place(document.name)
    return Unreadable(f"not YAML: {said}", place)


def _events(text: str) -> tuple[Iterator[Any], bool]:
    """The parser's events, and whether it is the pure one; the C parser is asked directly: that is faster."""
    from ruamel.yaml import YAML
    from ruamel.yaml.parser import Parser

    yaml = YAML(typ="safe", pure=force_pure)
    if yaml.Parser is Parser:
        return iter(yaml.parse(text)), True
    return iter(yaml.Parser(text).get_event, None), False  # after the end of the stream it gives None


def _build(document: Document) -> list[Node]:
    from ruamel.yaml.events import (
        AliasEvent,
        DocumentEndEvent,
        MappingEndEvent,
        MappingStartEvent,
        ScalarEvent,
        SequenceEndEvent,
        SequenceStartEvent,
    )

    styles = {style.value: style for style in Style} | {None: Style.PLAIN}
    new = str.__new__
    roots: list[Node] = []
    anchors: dict[str, Text | Mapping | Sequence] = {}
    nodes = roots  # the children read so far of the innermost open collection
    open_ones: list[tuple[Any, list[Node]]] = []
    node: Node
    events, is_pure = _events(document.text)
    for event in events:
        kind = event.__class__
        if kind is ScalarEvent:
            # Text.__new__ by hand: this is the innermost loop of the whole program.
            anchor = event.anchor
            if anchor is None and event.ctag is None:
                text = new(Text, event.value)
            else:
                text = new(Tagged, event.value)
                text.tag = event.tag if event.ctag is not None else None
                text.anchor = anchor
                if anchor is not None:
                    anchors[anchor] = text
            text.parent = document
            text.start = event.start_mark.index
            text.end = event.end_mark.index
            text.style = styles[event.style]
            nodes.append(text)
        elif kind is MappingStartEvent or kind is SequenceStartEvent:
            if len(open_ones) == DEEPEST:
                raise Unreadable(f"nested more than {DEEPEST} deep", document.place(event.start_mark.index))
            open_ones.append((event, nodes))
            nodes = []
            if event.anchor is not None:
                anchors.pop(event.anchor, None)
        elif kind is MappingEndEvent or kind is SequenceEndEvent:
            start, outer = open_ones.pop()
            flow = bool(start.flow_style)
            begin, end = start.start_mark.index, event.end_mark.index if flow else nodes[-1].end
            tag = start.tag if start.ctag is not None else None
            if kind is MappingEndEvent:
                if is_pure:
                    _place_empty_values(document.text, nodes)
                items = tuple(zip(nodes[::2], nodes[1::2], strict=True))
                node = Mapping(document, begin, end, flow, items, tag, start.anchor)
            else:
                node = Sequence(document, begin, end, flow, tuple(nodes), tag, start.anchor)
            nodes = outer
            nodes.append(node)
            if node.anchor is not None:
                anchors[node.anchor] = node
        elif kind is AliasEvent:
            begin, end = event.start_mark.index, event.end_mark.index
            if event.anchor not in anchors:
                name = (
                    event.anchor if len(event.anchor) <= 4 else f"{event.anchor[:4]}…"
                )  # it may be a secret
                raise Unreadable(
                    f"the alias *{name} has no anchor, or stands inside it; if it is text, quote it",
                    document.place(begin),
                )
            nodes.append(Alias(document, begin, end, anchors[event.anchor]))
        elif kind is DocumentEndEvent:
            anchors.clear()
    return roots


def _place_empty_values(text: str, nodes: list[Node]) -> None:
    """Move the empty values behind their colons: the pure parser places them at what follows."""
    for key, value in zip(nodes[::2], nodes[1::2], strict=True):
        if isinstance(value, Text) and value.start == value.end:
            gap = GAP.match(text, key.end)
            colon = gap.end() if gap else key.end
            if colon < value.start and text[colon] == ":":
                value.start = value.end = colon + 1

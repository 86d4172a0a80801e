"""Typed reading of a recorder's tree: each getter gives what it promises or says what stands there.

Shared by the recorder modules; knows what HTTP recordings have in common, but no recorder.
"""

from binascii import Error as BadBase64
from binascii import a2b_base64
from collections.abc import Iterable, Iterator
from pathlib import PurePath

from cassette_cli.errors import Unreadable
from cassette_cli.model import Body, Header
from cassette_cli.source.document import Document
from cassette_cli.source.style import Style
from cassette_cli.source.text import Joined, Packed, Text
from cassette_cli.source.tree import (
    Integer,
    Mapping,
    Node,
    Sequence,
    document_of,
    offset_of,
    plain_scalar,
    resolve,
)

BINARY = ("tag:yaml.org,2002:binary", "!binary")  # the short tag is Ruby's

_NESTED_HEADERS = 3  # lists around pairs, as the arguments of a frozenset are; more are aliases gone wild


def mapping(node: Node | None, what: str, parent: Node) -> Mapping:
    """The node as a mapping; `what` and `parent` say in the error what was expected where."""
    if isinstance(node, Mapping):
        return node
    raise wrong(node, what, "a mapping", parent)


def string(node: Node | None, what: str, parent: Node) -> Text:
    if isinstance(node, Text):
        return node
    raise wrong(node, what, "a string", parent)


def wrong(node: Node | None, what: str, expected: str, parent: Node) -> Unreadable:
    """The error that says what stands where something else should, with its place."""
    at = document_of(parent).place(offset_of(parent if node is None else node))
    if node is None:
        return Unreadable(f"{what} is missing, expected {expected}{_near(what, parent)}", at)
    return Unreadable(f"{what} is {kind_of(node)}, expected {expected}", at)


def _near(what: str, parent: Node) -> str:
    """The key that is perhaps a misspelt one, as the end of a message."""
    from difflib import get_close_matches

    keys = [key for key, _ in parent.items if isinstance(key, Text)] if isinstance(parent, Mapping) else []
    near = get_close_matches(what, keys, n=1, cutoff=0.8)
    return f" (there is {near[0]})" if near else ""


def kind_of(node: Node) -> str:
    node = resolve(node)
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return "a list"
    value = plain_scalar(node)
    if value is None:
        return "null"
    return "a boolean" if isinstance(value, bool) else "a string" if isinstance(value, str) else "a number"


def is_null(node: Node | None) -> bool:
    return node is None or (isinstance(node, Text) and len(node) <= 4 and plain_scalar(node) is None)


def integer(node: Node | None) -> int | None:
    """A whole number, quoted or not; None for anything else."""
    try:
        return Integer.at(int(node), node) if isinstance(node, Text) else None
    except ValueError:
        return None


def lengths(*nodes: Node | None) -> tuple[Text, ...]:
    """Those of the nodes that are a number of bytes; -1 stands for an unknown one."""
    numbers = ((node, integer(node)) for node in nodes)
    return tuple(
        node for node, number in numbers if isinstance(node, Text) and number is not None and number >= 0
    )


def interactions(root: Mapping, key: str = "interactions") -> list[Mapping]:
    """The entries of `interactions`; none for null and for an empty mapping, which both occur."""
    node = root.get(key)
    if is_null(node) or (isinstance(node, Mapping) and not node.items):
        return []
    if not isinstance(node, Sequence):
        raise wrong(node, key, "a list", root)
    return entries(node)


def entries(node: Sequence) -> list[Mapping]:
    return [mapping(entry, f"interaction {i}", node) for i, entry in enumerate(node)]


def first_entries(root: Mapping) -> Iterator[Mapping]:
    """What has a `request` under `interactions`, however wrong the rest is: for detection only."""
    node = root.get("interactions")
    values: Iterable[Node] = ()
    if isinstance(node, Sequence):
        values = node.items
    elif isinstance(node, Mapping):
        values = (value for _, value in node.items)
    for entry in map(resolve, values):
        if isinstance(entry, Mapping) and isinstance(entry.get("request"), Mapping):
            yield entry


def stated(root: Mapping) -> str | None:
    """The version that a file says it has."""
    node = root.get("version")
    return str(node) if isinstance(node, Text) and not is_null(node) else None


def version(root: Mapping, known: tuple[str, ...], recorder: str) -> str | None:
    node = root.get("version")
    if is_null(node):
        return None
    if isinstance(node, Text) and node in known:
        return str(node)
    found = f"version {node}" if isinstance(node, Text) else "this version"
    error = Unreadable(
        f"{found} is not known: {recorder} writes {' and '.join(known)}",
        document_of(root).place(offset_of(node or root)),
    )
    error.rule = "unknown-version"
    raise error


def headers(node: Node | None, parent: Node, nested: int = 0) -> tuple[Header, ...]:
    """Headers from a mapping (of values or lists), or a list of pairs, of `{name, value}` or of lines."""
    if is_null(node):
        return ()
    if nested > _NESTED_HEADERS:
        raise wrong(node, "a header", "a name and a value", parent)
    found: list[Header] = []
    if isinstance(node, Mapping):
        return _mapped_headers(node, nested)
    if not isinstance(node, Sequence):
        raise wrong(node, "headers", "a mapping", parent)
    for entry in node:
        if isinstance(entry, Sequence) and len(entry.items) == 2 and isinstance(entry.items[0], Text):
            found += _values(entry.items[0], resolve(entry.items[1]))
        elif isinstance(entry, Text):
            found.append(_line(entry))
        elif isinstance(entry, Mapping) and "name" in entry:
            value = entry.get("value")
            found += _values(string(entry.get("name"), "name", entry), None if is_null(value) else value)
        elif isinstance(entry, Sequence):
            found += headers(entry, node, nested + 1)
        else:
            raise wrong(entry, "a header", "a name and a value", node)
    return tuple(found)


def _line(entry: Text) -> Header:
    """A header that stands in one string, as on the wire."""
    name, colon, value = entry.partition(":")
    start = len(name) + len(colon) + len(value) - len(value.lstrip())
    end = max(start, len(entry.rstrip()))
    return Header(Text.inside(entry, 0, len(name), Style.LINE), Text.inside(entry, start, end, Style.LINE))


def _mapped_headers(node: Mapping, nested: int) -> tuple[Header, ...]:
    own: list[Header] = []
    merged: tuple[Header, ...] = ()
    for key, node_value in node.items:
        name, value = resolve(key), resolve(node_value)
        if isinstance(name, Sequence) and len(name.items) == 1:
            name = resolve(name.items[0])  # ? !!python/object/apply:multidict._multidict.istr [Accept]
        if not isinstance(name, Text):
            raise wrong(name, "the name of a header", "a string", node)
        if name == "<<" and name.style is Style.PLAIN and isinstance(value, Mapping):
            merged = headers(value, node, nested + 1)
        else:
            own += _values(unpacked(name), value)
    names = {header.name for header in own}
    return (*(header for header in merged if header.name not in names), *own)


def _values(name: Text, value: Text | Mapping | Sequence | None) -> Iterator[Header]:
    if value is None:
        yield Header(name, "")
    elif isinstance(value, Text):
        yield Header(name, unpacked(value))
    elif isinstance(value, Sequence):
        for item in value:
            if not isinstance(item, Text):
                raise wrong(item, f"a value of the header {name}", "a string", value)
            yield Header(name, unpacked(item))
    else:
        raise wrong(value, f"the header {name}", "a string or a list", value)


def unpacked(value: Text) -> Text:
    """A string; of one that was set as bytes (botocore, old Ruby) and so stands there in base64, its text."""
    if value.tag not in BINARY:
        return value
    try:
        text = a2b_base64(value.encode("ascii", "replace")).decode("latin-1")
    except BadBase64:
        return value
    packed = Body(value, base64=True)
    return Packed.of(text, value, lambda text: packed.stored(text.encode("latin-1")))


def body(node: Node | None) -> Body:
    """A body as it stands: text, `!!binary`, `{string: ...}` and `{base64_string: ...}`, or a tree."""
    if is_null(node) or node is None:
        return Body()
    if isinstance(node, Mapping) and len(node.items) <= 2:
        encoded, text = node.get("base64_string"), node.get("string")
        if isinstance(encoded, Text):
            return Body(encoded, base64=True)
        node = node if text is None else text
    return Body() if is_null(node) else Body(node, base64=isinstance(node, Text) and node.tag in BINARY)


def json_body(node: Node | None) -> Body:
    """The body that a JSON value was: of a string the characters as they stand, with the quotes."""
    if isinstance(node, Text) and node.style is Style.JSON:
        return Body(Text.inside(node.parent, node.start, node.end, Style.VERBATIM))
    return Body(node)


def joined_body(pieces: Iterable[str]) -> Body:
    """A text that is stored in several."""
    whole = Joined(pieces)
    return Body(whole) if any(isinstance(piece, Text | Joined) for piece in whole.pieces) else Body()


def body_in_file(document: Document, name: str, folder: str = "") -> Body:
    """A body that stands in a file named relative to a folder, and that one to the cassette's."""
    pure = PurePath(name)
    data = None if pure.is_absolute() or ".." in pure.parts else document.sibling(folder + name)
    if data is None:
        return Body(missing=f"the body stands in {folder}{name}, which cannot be read")
    try:
        own = Document(str(PurePath(document.name).parent / (folder + name)), data)
    except Unreadable:
        return Body(data=data)
    if own.text.encode("utf-8", own.errors) != data:  # what wraps it is a part of the body
        return Body(data=data)
    return Body(Text(own.text, own, 0, len(own.text), Style.VERBATIM))

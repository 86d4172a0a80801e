"""Messages for the wire tests: a body stored in a file the way that recorders store it."""

import base64
import json
import textwrap

from cassette_cli.model import Body, Header, Response
from cassette_cli.source.document import Document
from cassette_cli.source.jsontree import parse_json
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Node
from cassette_cli.source.yamltree import parse_yaml

STYLES = ("json", "double", "literal")


def stored(text: str, style: str = "json") -> Text:
    """`text` as a scalar of a file that holds nothing else, written in a style."""
    document = Document("body.yaml", written(text, style).encode())
    node: Node = parse_json(document) if style == "json" else parse_yaml(document)[0]
    assert isinstance(node, Text)
    assert node == text
    return node


def written(text: str, style: str) -> str:
    if style == "literal":
        return "|+\n" + textwrap.indent(text, "  ")
    return json.dumps(text, ensure_ascii=style == "json")


def again(text: Text, document: Document) -> Text:
    """The one scalar of a changed file."""
    node = parse_json(document) if document.text.startswith('"') else parse_yaml(document)[0]
    assert isinstance(node, Text)
    return node


def response(body: str | bytes | Node | None, content_type: str = "", encoding: str = "") -> Response:
    """A response with a text, with bytes (stored as base64), with a tree, or without a body."""
    named = (("Content-Type", content_type), ("Content-Encoding", encoding))
    headers = tuple(Header(name, value) for name, value in named if value)
    if body is None:
        return Response(200, headers, Body())
    if isinstance(body, bytes):
        return Response(200, headers, Body(stored(base64.b64encode(body).decode()), base64=True))
    if isinstance(body, str) and not isinstance(body, Text):
        return Response(200, headers, Body(stored(body)))
    return Response(200, headers, Body(body))

"""httpmock (Rust, alexliesenfeld/httpmock): one YAML document an interaction, `when` and `then`.

`when` is a matcher, so parts of a request may be missing or stand under another name; a recording
has `path`, `method`, `query_param`, `header` and `body`. The host is not recorded.
"""

import re
from collections.abc import Iterator
from collections.abc import Sequence as Roots

from cassette_cli.model import Body, Cassette, Header, Interaction, Request, Response
from cassette_cli.recorders import reading
from cassette_cli.source.document import Document
from cassette_cli.source.text import Joined, Text
from cassette_cli.source.tree import Mapping, Node, Sequence

ID = "httpmock"
HINT = re.compile(r"^when:", re.MULTILINE)


def matches(roots: Roots[Node]) -> bool:
    return bool(roots) and all(
        isinstance(root, Mapping) and "when" in root and "then" in root for root in roots
    )


def load(document: Document, roots: Roots[Node]) -> Cassette:
    interactions = tuple(
        _interaction(i, reading.mapping(root, "the document", root)) for i, root in enumerate(roots)
    )
    return Cassette(ID, None, interactions, document)


def _interaction(index: int, root: Mapping) -> Interaction:
    when = reading.mapping(root.get("when"), "when", root)
    then = reading.mapping(root.get("then"), "then", root)
    method = when.get("method")
    return Interaction(
        index,
        root,
        Request(method if isinstance(method, Text) else "GET", _url(when), _headers(when), _body(when)),
        Response(reading.integer(then.get("status")), _headers(then), _body(then)),
    )


def _url(when: Mapping) -> str:
    pieces: list[str] = []
    scheme, host = when.get("scheme"), when.get("host")
    if isinstance(host, Text):
        pieces += [scheme if isinstance(scheme, Text) else "https", "://", host]
    path = when.get("path")
    pieces.append(path if isinstance(path, Text) else "/")
    for place, (name, value) in enumerate(_pairs(when, "query_param")):
        pieces += ["&" if place else "?", name, "=", value]
    return pieces[0] if len(pieces) == 1 else Joined(pieces)


def _headers(side: Mapping) -> tuple[Header, ...]:
    return tuple(Header(name, value) for name, value in _pairs(side, "header"))


def _pairs(side: Mapping, key: str) -> Iterator[tuple[Text, Text]]:
    """A list of `{name, value}`."""
    node = side.get(key)
    for entry in node if isinstance(node, Sequence) else ():
        pair = reading.mapping(entry, f"an entry of {key}", side)
        yield reading.string(pair.get("name"), "name", pair), reading.string(pair.get("value"), "value", pair)


def _body(side: Mapping) -> Body:
    body = reading.body(side.get("body"))
    return body._replace(base64=True) if side.get("body_encoding") == "base64" else body

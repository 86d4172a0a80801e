"""OkReplay (airbnb/okreplay) and its ancestor, Betamax for Groovy and Java: YAML with the tag `!tape`.

SnakeYAML leaves out what is empty, a whole list of interactions too. Bodies are text, `!!binary`, or
in late versions of Betamax `!file`, the name of a file beside the tape.
https://github.com/airbnb/okreplay
"""

import re
from collections.abc import Sequence as Roots

from cassette_cli.model import Body, Cassette, Interaction, Request, Response
from cassette_cli.recorders import reading
from cassette_cli.source.document import Document
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Mapping, Node

ID = "okreplay"
HINT = re.compile(r"!tape\s")


def matches(roots: Roots[Node]) -> bool:
    return bool(roots) and isinstance(roots[0], Mapping) and roots[0].tag == "!tape"


def load(document: Document, roots: Roots[Node]) -> Cassette:
    root = reading.mapping(roots[0], "the tape", roots[0])
    entries = reading.interactions(root)
    found = tuple(_interaction(document, i, entry) for i, entry in enumerate(entries))
    return Cassette(ID, None, found, document)


def _interaction(document: Document, index: int, entry: Mapping) -> Interaction:
    request = reading.mapping(entry.get("request"), "request", entry)
    response = reading.mapping(entry.get("response"), "response", entry)
    recorded = entry.get("recorded")
    return Interaction(
        index,
        entry,
        Request(
            reading.string(request.get("method"), "method", request),
            reading.string(request.get("uri"), "uri", request),
            reading.headers(request.get("headers"), request),
            _body(document, request.get("body")),
        ),
        Response(
            reading.integer(response.get("status")),
            reading.headers(response.get("headers"), response),
            _body(document, response.get("body")),
        ),
        recorded_at=recorded if isinstance(recorded, Text) else None,
    )


def _body(document: Document, node: Node | None) -> Body:
    if isinstance(node, Text) and node.tag == "!file":
        return reading.body_in_file(document, node)
    return reading.body(node)

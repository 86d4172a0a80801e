"""Datadog's APM test agent, its VCR proxy: one `request` and its `response` in a JSON file.

A body is a string; one that is no text, or holds a zero byte, is base64 behind the word `base64:`.
https://github.com/DataDog/dd-apm-test-agent (`vcr_proxy`)
"""

import re
from collections.abc import Sequence as Roots

from cassette_cli.model import Body, Cassette, Interaction, Request, Response
from cassette_cli.recorders import reading
from cassette_cli.source.document import Document
from cassette_cli.source.style import Style
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Mapping, Node

ID = "ddapm"
HINT = re.compile(r'"response"\s*:\s*\{')

_PACKED = "base64:"


def matches(roots: Roots[Node]) -> bool:
    root = roots[0] if roots else None
    request, response = (
        root.get(key) if isinstance(root, Mapping) else None for key in ("request", "response")
    )
    if not isinstance(request, Mapping) or not isinstance(response, Mapping):
        return False
    status = response.get("status")
    return "url" in request and "method" in request and isinstance(status, Mapping) and "code" in status


def load(document: Document, roots: Roots[Node]) -> Cassette:
    root = reading.mapping(roots[0], "the file", roots[0])
    request = reading.mapping(root.get("request"), "request", root)
    response = reading.mapping(root.get("response"), "response", root)
    status = reading.mapping(response.get("status"), "status", response)
    interaction = Interaction(
        0,
        root,
        Request(
            reading.string(request.get("method"), "method", request),
            reading.string(request.get("url"), "url", request),
            reading.headers(request.get("headers"), request),
            _body(request.get("body")),
        ),
        Response(
            reading.integer(status.get("code")),
            reading.headers(response.get("headers"), response),
            _body(response.get("body")),
        ),
    )
    return Cassette(ID, None, (interaction,), document)


def _body(node: Node | None) -> Body:
    if isinstance(node, Text) and node.startswith(_PACKED):
        return Body(Text.inside(node, len(_PACKED), len(node), Style.LINE), base64=True)
    return reading.body(node)

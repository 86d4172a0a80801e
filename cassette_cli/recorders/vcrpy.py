"""vcrpy (kevin1024/vcrpy): YAML and JSON, `version: 1`; its list form from before version 1.0.

An interaction's request has `uri`. A response's body is `{string: ...}`, or `content` in what its
httpx stub once wrote; a custom serializer in wide use stores JSON bodies as a tree, `parsed_body`.
"""

import re
from collections.abc import Sequence as Roots

from cassette_cli.model import Body, Cassette, Interaction, Request, Response
from cassette_cli.recorders import reading
from cassette_cli.source.document import Document
from cassette_cli.source.text import Joined, Text
from cassette_cli.source.tree import Mapping, Node, Sequence

ID = "vcrpy"
HINT = re.compile(
    r"""interactions(?<![\w-]interactions)["']?\s*:|^(?:-|\[\s*\{)\s*["']?request["']?\s*:""", re.MULTILINE
)

_FILE = "tag:yaml.org,2002:python/object/new:_io.BytesIO"
_DEFAULT_PORTS = {"https": "443", "http": "80"}


def matches(roots: Roots[Node]) -> bool:
    root = roots[0] if roots else None
    if isinstance(root, Sequence) and root.items:
        entry = next(iter(root))
        request = entry.get("request") if isinstance(entry, Mapping) else None
        return isinstance(request, Mapping) and "path" in request
    if not isinstance(root, Mapping) or root.tag or "interactions" not in root:
        return False
    first = next(reading.first_entries(root), None)
    request = first.get("request") if first else None
    return "uri" in request if isinstance(request, Mapping) else _is_empty(root)


def _is_empty(root: Mapping) -> bool:
    node = root.get("interactions")
    if not {key for key, _ in root.items if isinstance(key, Text)} <= {"interactions", "version", "metadata"}:
        return False
    return reading.is_null(node) or (isinstance(node, Mapping | Sequence) and not node.items)


def load(document: Document, roots: Roots[Node]) -> Cassette:
    root = roots[0]
    if isinstance(root, Sequence):
        entries = [reading.mapping(entry, f"interaction {i}", root) for i, entry in enumerate(root)]
        version = None
    else:
        root = reading.mapping(root, "the file", root)
        version = reading.stated(root)  # which vcrpy does not look at
        entries = reading.interactions(root)
    return Cassette(ID, version, tuple(_interaction(i, entry) for i, entry in enumerate(entries)), document)


def _interaction(index: int, entry: Mapping) -> Interaction:
    request = reading.mapping(entry.get("request"), "request", entry)
    response = reading.mapping(entry.get("response"), "response", entry)
    return interaction(index, entry, request, response)


def interaction(index: int, node: Node, request: Mapping, response: Mapping) -> Interaction:
    """An interaction of vcrpy's two halves, wherever they stand."""
    return Interaction(
        index,
        node,
        Request(
            reading.string(request.get("method"), "method", request),
            _url(request),
            reading.headers(request.get("headers"), request),
            _body(request),
        ),
        Response(
            _status(response),
            reading.headers(response.get("headers"), response),
            _body(response),
        ),
    )


def _url(request: Mapping) -> str:
    if "uri" in request or "host" not in request:
        return reading.string(request.get("uri"), "uri", request)
    scheme, host, port, path = (
        reading.string(request.get(key), key, request) for key in ("protocol", "host", "port", "path")
    )
    number = () if _DEFAULT_PORTS.get(scheme) == port else (":", port)
    return Joined((scheme, "://", host, *number, path))


def _status(response: Mapping) -> int | None:
    status = response.get("status")
    if isinstance(status, Mapping):
        return reading.integer(status.get("code"))
    return reading.integer(response.get("status_code"))


def _body(message: Mapping) -> Body:
    if "parsed_body" in message:
        return Body(message.get("parsed_body"))
    if "content" in message and "body" not in message:
        content = message.get("content")
        return reading.body(content) if isinstance(content, Text) else Body(content)
    return reading.body(_held(message.get("body")))


def _held(node: Node | None) -> Node | None:
    """What a file held that was sent as a body; its state is (content, position, attributes)."""
    if isinstance(node, Mapping) and node.tag == _FILE:
        state = node.get("state")
        return next(iter(state), None) if isinstance(state, Sequence) else None
    return node

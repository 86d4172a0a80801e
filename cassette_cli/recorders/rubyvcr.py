"""Ruby's VCR (vcr/vcr): a mapping with `http_interactions` since 2.0, YAML or JSON; a list before.

A request has `uri` and a method in lower case, a body is `{encoding, string}` or `{encoding,
base64_string}`; https://benoittgt.github.io/vcr/#/cassettes/format. VCR 1.x wrote Ruby objects, with
methods as symbols (`:get`) and bodies as bare strings; Psych writes binary strings as `!binary`.
R, Rust and Python have descendants of the same form: their modules read it through this one.
"""

import re
from collections.abc import Callable
from collections.abc import Sequence as Roots

from cassette_cli.model import Body, Cassette, Header, Interaction, Request, Response
from cassette_cli.recorders import reading
from cassette_cli.source.document import Document
from cassette_cli.source.style import Style
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Mapping, Node, Sequence

ID = "ruby-vcr"
HINT = re.compile(r"""http_interactions["']?\s*:|!ruby/struct:VCR::|- +request: *\r?\n +method:""")


def matches(roots: Roots[Node]) -> bool:
    root = roots[0] if roots else None
    if isinstance(root, Mapping):
        return "http_interactions" in root
    first = next(iter(root), None) if isinstance(root, Sequence) else None
    return isinstance(first, Mapping) and (
        (first.tag or "").startswith("!ruby/struct:VCR") or _is_plain(first)
    )


def _is_plain(entry: Mapping) -> bool:
    """Whether this is an interaction of VCR 2.0's first beta, a list without Ruby's tags."""
    request = entry.get("request")
    return (
        isinstance(request, Mapping)
        and {"method", "uri", "headers"} <= {key for key, _ in request.items}
        and {key for key, _ in entry.items} <= {"request", "response", "recorded_at"}
    )


def load(document: Document, roots: Roots[Node]) -> Cassette:
    return read(ID, document, roots[0])


def entries(root: Node) -> list[Mapping]:
    if isinstance(root, Sequence):
        return reading.entries(root)
    return reading.interactions(reading.mapping(root, "the file", root), "http_interactions")


def recorded_with(root: Node | None) -> str:
    """What the file says that it was recorded with; R's vcr once said it in every interaction."""
    told = root.get("recorded_with") if isinstance(root, Mapping) else None
    if told is None and isinstance(root, Mapping) and isinstance(root.get("http_interactions"), Sequence):
        told = next((entry.get("recorded_with") for entry in entries(root)), None)
    return told if isinstance(told, Text) else ""


def read(
    recorder: str, document: Document, root: Node, body: Callable[[Node | None], Body] | None = None
) -> Cassette:
    """The cassette of one of VCR's family, which may have its own way with bodies."""
    number = re.search(r"\d+(?:\.\w+)+", recorded_with(root))
    interactions = tuple(_interaction(i, entry, body or stored) for i, entry in enumerate(entries(root)))
    return Cassette(recorder, number[0] if number else None, interactions, document)


def _interaction(index: int, entry: Mapping, body: Callable[[Node | None], Body]) -> Interaction:
    request = reading.mapping(entry.get("request"), "request", entry)
    response = reading.mapping(entry.get("response"), "response", entry)
    recorded_at = entry.get("recorded_at")
    return Interaction(
        index,
        entry,
        Request(
            _method(request),
            reading.unpacked(reading.string(request.get("uri"), "uri", request)),
            _headers(request),
            body(request.get("body")),
        ),
        Response(_status(response), _headers(response), body(response.get("body"))),
        recorded_at=recorded_at if isinstance(recorded_at, Text) else None,
    )


def _method(request: Mapping) -> str:
    method = reading.string(request.get("method"), "method", request)
    return Text.inside(method, 1, len(method), Style.LINE) if method.startswith(":") else method


def _headers(message: Mapping) -> tuple[Header, ...]:
    """The headers; those of a Ruby hash with instance variables stand under `elements`."""
    node = message.get("headers")
    if isinstance(node, Mapping) and (node.tag or "").startswith("!ruby/hash-with-ivars"):
        node = node.get("elements")
    return reading.headers(node, message)


def _status(response: Mapping) -> int | None:
    """`{code, message}`; a number in R's vcr; `status_code` in old files of R's vcr and of betamax."""
    status = response.get("status")
    if isinstance(status, Mapping):
        return reading.integer(status.get("code" if "code" in status else "status_code"))
    return reading.integer(response.get("status_code") if reading.is_null(status) else status)


def stored(node: Node | None) -> Body:
    """A body as VCR writes it; other mappings than VCR's are trees."""
    if not isinstance(node, Mapping):
        return reading.body(node)
    if isinstance(packed := node.get("base64_string"), Text):
        return Body(packed, base64=True)
    if "string" in node:
        return stored(node.get("string"))
    if "str" in node and node.tag:  # an instance of a subclass of String, with its variables
        return reading.body(node.get("str"))
    return Body() if {key for key, _ in node.items} <= {"encoding"} else Body(node)

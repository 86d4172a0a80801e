"""ExVCR (parroty/exvcr, Elixir): a list in JSON, each entry with a `url` asked and a `status_code` said.

A status is a number, or httpc's `[version, code, reason]`; null where the connection failed (then
the body is the reason). A body that is no text is `binary`: an Erlang term in base64,
https://www.erlang.org/doc/apps/erts/erl_ext_dist.html. Custom cassettes leave out what may vary.
"""

import re
from collections.abc import Sequence as Roots

from cassette_cli.model import Body, Cassette, Interaction, Request, Response
from cassette_cli.recorders import reading
from cassette_cli.source.document import Document
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Mapping, Node, Sequence, plain_scalar

ID = "exvcr"
HINT = re.compile(r"\"status_code\"\s*:")

_BINARY = b"\x83m"  # a term of version 131 that is a binary: four bytes of length, then the bytes


def matches(roots: Roots[Node]) -> bool:
    root = roots[0] if roots else None
    first = next(iter(root), None) if isinstance(root, Sequence) else None
    if not isinstance(first, Mapping):
        return False
    request, response = first.get("request"), first.get("response")
    return (
        isinstance(request, Mapping)
        and "url" in request
        and isinstance(response, Mapping)
        and "status_code" in response
    )


def load(document: Document, roots: Roots[Node]) -> Cassette:
    entries = reading.entries(roots[0]) if isinstance(roots[0], Sequence) else []
    return Cassette(ID, None, tuple(_interaction(i, entry) for i, entry in enumerate(entries)), document)


def _interaction(index: int, entry: Mapping) -> Interaction:
    request = reading.mapping(entry.get("request"), "request", entry)
    response = reading.mapping(entry.get("response"), "response", entry)
    method = request.get("method")
    return Interaction(
        index,
        entry,
        Request(
            method if isinstance(method, Text) and not reading.is_null(method) else "ANY",
            reading.string(request.get("url"), "url", request),
            reading.headers(request.get("headers"), request),
            reading.body(request.get("body" if request.get("body") else "request_body")),
        ),
        Response(_status(response), reading.headers(response.get("headers"), response), _body(response)),
    )


def _status(response: Mapping) -> int | None:
    status = response.get("status_code")
    if isinstance(status, Sequence):
        status = next((part for part in status if reading.integer(part) is not None), None)
    return reading.integer(status)


def _body(response: Mapping) -> Body:
    body = reading.body(response.get("body"))
    flag = response.get("binary")
    if body.text is None or not isinstance(flag, Text) or plain_scalar(flag) is not True:
        return body
    packed = body._replace(base64=True)
    try:
        term = packed.bytes
    except ValueError:
        return packed  # reading it will say what is wrong
    size = int.from_bytes(term[2:6])
    if not term.startswith(_BINARY) or len(term) != 6 + size:
        return packed
    return packed._replace(
        data=term[6:], pack=lambda data: packed.stored(_BINARY + len(data).to_bytes(4) + data)
    )

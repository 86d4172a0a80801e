"""php-vcr (php-vcr/php-vcr): a list in YAML or JSON, each entry `request`, `response` and maybe `index`.

A status is a number or `{http_version, code, message}`, a body text, or base64 where the headers say
that it is binary. Empty values are left out. https://github.com/php-vcr/php-vcr
"""

import re
from collections.abc import Sequence as Roots

from cassette_cli.model import Body, Cassette, Header, Interaction, Request, Response
from cassette_cli.recorders import reading
from cassette_cli.source.document import Document
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Mapping, Node, Sequence, plain_scalar

ID = "php-vcr"
HINT = re.compile(r"request\"?\s*:\s*\{?\s*\"?method\"?\s*:\s*['\"]?[A-Z]{3}")

_ENTRY = {"request", "response", "index"}
_REQUEST = {"method", "url", "headers", "body", "post_files", "post_fields", "curl_options"}
_RESPONSE = {"status", "headers", "body", "curl_info"}


def matches(roots: Roots[Node]) -> bool:
    root = roots[0] if roots else None
    first = next(iter(root), None) if isinstance(root, Sequence) else None
    if not isinstance(first, Mapping):
        return False
    request, response = first.get("request"), first.get("response")
    return (
        {key for key, _ in first.items} <= _ENTRY
        and isinstance(request, Mapping)
        and {"method", "url"} <= {key for key, _ in request.items} <= _REQUEST
        and (not isinstance(response, Mapping) or {key for key, _ in response.items} <= _RESPONSE)
    )


def load(document: Document, roots: Roots[Node]) -> Cassette:
    entries = reading.entries(roots[0]) if isinstance(roots[0], Sequence) else []
    return Cassette(ID, None, tuple(_interaction(i, entry) for i, entry in enumerate(entries)), document)


def _interaction(index: int, entry: Mapping) -> Interaction:
    request = reading.mapping(entry.get("request"), "request", entry)
    response = reading.mapping(entry.get("response"), "response", entry)
    status, headers = response.get("status"), reading.headers(response.get("headers"), response)
    return Interaction(
        index,
        entry,
        Request(
            reading.string(request.get("method"), "method", request),
            reading.string(request.get("url"), "url", request),
            reading.headers(request.get("headers"), request),
            _asked(request),
        ),
        Response(
            reading.integer(status.get("code") if isinstance(status, Mapping) else status),
            headers,
            _said(response, headers),
        ),
        duration_ms=_milliseconds(response),
    )


def _asked(request: Mapping) -> Body:
    """The body, or the fields that curl was to send as one."""
    return reading.body(request.get("body") if "body" in request else request.get("post_fields"))


def _said(response: Mapping, headers: tuple[Header, ...]) -> Body:
    body = reading.body(response.get("body"))
    binary = any(
        (name == "Content-Type" and "application/x-gzip" in value)
        or (name == "Content-Transfer-Encoding" and value == "binary")
        for name, value in headers
    )
    return body._replace(base64=True) if binary and body.text else body


def _milliseconds(response: Mapping) -> float | None:
    info = response.get("curl_info")
    seconds = info.get("total_time") if isinstance(info, Mapping) else None
    value = plain_scalar(seconds) if isinstance(seconds, Text) else None
    return round(value * 1000, 3) if isinstance(value, float) else None

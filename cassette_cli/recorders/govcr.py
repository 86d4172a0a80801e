"""go-vcr (dnaeon/go-vcr): `version: 1` up to its v2, `version: 2` since v3; YAML or JSON.

An interaction's request has `url`; headers are lists; a duration is Go's (`348.88ms`). Wrappers add
fields and further YAML documents, which are left alone.
"""

import re
from collections.abc import Sequence as Roots

from cassette_cli.model import Cassette, Interaction, Request, Response
from cassette_cli.recorders import reading
from cassette_cli.source.document import Document
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Mapping, Node

ID = "go-vcr"
HINT = re.compile(r"""interactions(?<![\w-]interactions)["']?\s*:""")


def matches(roots: Roots[Node]) -> bool:
    root = roots[0] if roots else None
    if not isinstance(root, Mapping) or "interactions" not in root:
        return False
    entry = next(reading.first_entries(root), None)
    if entry is None:
        return root.get("version") == "2"
    request, response = entry.get("request"), entry.get("response")
    # `code` tells a truncated or foreign file with a `url` apart; a missing response is an error to report.
    return (
        isinstance(request, Mapping)
        and "url" in request
        and (not isinstance(response, Mapping) or "code" in response)
    )


def load(document: Document, roots: Roots[Node]) -> Cassette:
    root = reading.mapping(roots[0], "the file", roots[0])
    version = reading.version(root, ("1", "2"), ID)
    return Cassette(
        ID,
        version,
        tuple(_interaction(i, entry) for i, entry in enumerate(reading.interactions(root))),
        document,
    )


def _interaction(index: int, entry: Mapping) -> Interaction:
    request = reading.mapping(entry.get("request"), "request", entry)
    response = reading.mapping(entry.get("response"), "response", entry)
    return Interaction(
        index,
        entry,
        Request(
            reading.string(request.get("method"), "method", request),
            reading.string(request.get("url"), "url", request),
            reading.headers(request.get("headers"), request),
            reading.body(request.get("body")),
            reading.lengths(request.get("content_length")),
        ),
        Response(
            reading.integer(response.get("code")),
            reading.headers(response.get("headers"), response),
            reading.body(response.get("body")),
            reading.lengths(response.get("content_length")),
        ),
        duration_ms=_milliseconds(response.get("duration")),
    )


_DURATION = re.compile(r"(\d{1,19}(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)")
_UNITS = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "μs": 1e-3, "ms": 1.0, "s": 1e3, "m": 6e4, "h": 3.6e6}


def _milliseconds(node: Node | None) -> float | None:
    """A Go duration (`1m2.5s`) or a number of nanoseconds."""
    if not isinstance(node, Text) or not node:
        return None
    if re.fullmatch(r"\d{1,19}", node):  # what Go's int64 can hold
        return int(node) / 1e6
    if not re.fullmatch(rf"(?:{_DURATION.pattern})+", node):
        return None
    # Rounded to the nanosecond that Go counts in: 0.1 + 0.2 is no duration.
    return round(sum(float(number) * _UNITS[unit] for number, unit in _DURATION.findall(node)), 6)

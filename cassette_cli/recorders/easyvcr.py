"""EasyVCR (EasyPost/easyvcr-csharp, -java) and its Dart port dartvcr: a list in JSON.

C# writes `RecordedAt`, `Duration` in milliseconds and headers apart by what they describe, the message
or its content; Java the same names in lower camel case and lists of header values, where the name
`null` carries the status line, as HttpURLConnection has it; Dart `recorded_at`.
https://github.com/EasyPost/easyvcr-csharp
"""

import re
from collections.abc import Sequence as Roots

from cassette_cli.model import Cassette, Header, Interaction, Request, Response
from cassette_cli.recorders import reading
from cassette_cli.source.document import Document
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Mapping, Node, Sequence

ID = "easyvcr"
HINT = re.compile(r"ecorded(?:A|_a)t\"\s*:")

_RECORDED_AT = ("recordedAt", "RecordedAt", "recorded_at")


def matches(roots: Roots[Node]) -> bool:
    root = roots[0] if roots else None
    first = next(iter(root), None) if isinstance(root, Sequence) else None
    if not isinstance(first, Mapping) or not any(name in first for name in _RECORDED_AT):
        return False
    request, response = _get(first, "request"), _get(first, "response")
    return (
        isinstance(request, Mapping)
        and _get(request, "uri") is not None
        and (not isinstance(response, Mapping) or isinstance(_get(response, "status"), Mapping))
    )


def load(document: Document, roots: Roots[Node]) -> Cassette:
    entries = reading.entries(roots[0]) if isinstance(roots[0], Sequence) else []
    return Cassette(ID, None, tuple(_interaction(i, entry) for i, entry in enumerate(entries)), document)


def _interaction(index: int, entry: Mapping) -> Interaction:
    request = reading.mapping(_get(entry, "request"), "request", entry)
    response = reading.mapping(_get(entry, "response"), "response", entry)
    status = reading.mapping(_get(response, "status"), "status", response)
    recorded_at = next((entry.get(name) for name in _RECORDED_AT if name in entry), None)
    duration = reading.integer(_get(entry, "duration"))
    return Interaction(
        index,
        entry,
        Request(
            reading.string(_get(request, "method"), "method", request),
            reading.string(_get(request, "uri"), "uri", request),
            _headers(request, "RequestHeaders"),
            reading.body(_get(request, "body")),
        ),
        Response(
            reading.integer(_get(status, "code")),
            _headers(response, "ResponseHeaders"),
            reading.body(_get(response, "body")),
        ),
        duration_ms=None if duration is None else float(duration),
        recorded_at=recorded_at if isinstance(recorded_at, Text) else None,
    )


def _get(node: Mapping, name: str) -> Text | Mapping | Sequence | None:
    """What stands under a name, as Java or as C# spells it."""
    value = node.get(name)
    return node.get(name.capitalize()) if value is None else value


def _headers(message: Mapping, name: str) -> tuple[Header, ...]:
    found = [header for key in ("headers", name) for header in reading.headers(message.get(key), message)]
    found += reading.headers(message.get("ContentHeaders"), message)
    return tuple(header for header in found if header.name != "null")

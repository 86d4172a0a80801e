"""seinfeld (Braintrust, JavaScript): `entries`, with bodies by `kind`, decoded.

`json` and `text` have a `value`, `base64` too; `sse` has the events in `chunks`, each without the
blank line behind it; `binary` is a file beside the cassette. Several cookies stand in one value, a
line each. https://github.com/braintrustdata/braintrust-sdk-javascript (`dev-packages/seinfeld`)
"""

import re
from collections.abc import Iterator
from collections.abc import Sequence as Roots

from cassette_cli.model import Body, Cassette, Header, Interaction, Request, Response
from cassette_cli.recorders import reading
from cassette_cli.source.document import Document
from cassette_cli.source.style import Style
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Mapping, Node, Sequence

ID = "seinfeld"
HINT = re.compile(r'"entries"\s*:\s*\[')

_BLANK_LINE = "\n\n"


def matches(roots: Roots[Node]) -> bool:
    root = roots[0] if roots else None
    entries = root.get("entries") if isinstance(root, Mapping) else None
    if not isinstance(root, Mapping) or not isinstance(entries, Sequence):
        return False
    first, meta = next(iter(entries), None), root.get("meta")
    if first is None:
        return isinstance(meta, Mapping) and "createdAt" in meta
    return isinstance(first, Mapping) and "matchKey" in first and "request" in first


def load(document: Document, roots: Roots[Node]) -> Cassette:
    root = reading.mapping(roots[0], "the file", roots[0])
    version = reading.version(root, ("1",), ID)
    entries = reading.interactions(root, "entries")
    return Cassette(
        ID, version, tuple(_read(document, i, entry) for i, entry in enumerate(entries)), document
    )


def _read(document: Document, index: int, entry: Mapping) -> Interaction:
    request = reading.mapping(entry.get("request"), "request", entry)
    response = reading.mapping(entry.get("response"), "response", entry)
    at = entry.get("recordedAt")
    return Interaction(
        index,
        entry,
        Request(
            reading.string(request.get("method"), "method", request),
            reading.string(request.get("url"), "url", request),
            tuple(_headers(request)),
            _body(document, request),
        ),
        Response(
            reading.integer(response.get("status")), tuple(_headers(response)), _body(document, response)
        ),
        recorded_at=at if isinstance(at, Text) else None,
    )


def _headers(message: Mapping) -> Iterator[Header]:
    for name, value in reading.headers(message.get("headers"), message):
        if isinstance(value, Text) and "\n" in value and name.lower() == "set-cookie":
            for line in re.finditer(r"[^\n]+", value):
                yield Header(name, Text.inside(value, *line.span(), Style.LINE))
        else:
            yield Header(name, value)


def _body(document: Document, message: Mapping) -> Body:
    body = reading.mapping(message.get("body"), "body", message)
    match reading.string(body.get("kind"), "kind", body):
        case "empty":
            return Body()
        case "json":
            return reading.json_body(body.get("value"))
        case "base64":
            return Body(reading.string(body.get("value"), "value", body), base64=True)
        case "binary":
            return reading.body_in_file(document, reading.string(body.get("path"), "path", body))
        case "sse":
            chunks = body.get("chunks")
            texts = (
                [chunk for chunk in chunks if isinstance(chunk, Text)] if isinstance(chunks, Sequence) else []
            )
            return reading.joined_body(piece for text in texts for piece in (text, _BLANK_LINE))
        case _:
            return reading.body(body.get("value"))

"""govcr (seborama/govcr, Go): `Tracks`, as Go's `encoding/json` writes its HTTP types.

A URL is `net/url`'s parts, a body base64. A track that ended in an error has its words in `ErrMsg`
instead of a response. Encrypted cassettes (`$ENC`) cannot be read.
https://github.com/seborama/govcr (`cassette/track`)
"""

import re
from collections.abc import Sequence as Roots

from cassette_cli.model import Body, Cassette, Interaction, Request, Response
from cassette_cli.recorders import reading
from cassette_cli.source.document import Document
from cassette_cli.source.text import Joined, Text
from cassette_cli.source.tree import Mapping, Node, Sequence

ID = "govcr"
HINT = re.compile(r'"Tracks"\s*:')


def matches(roots: Roots[Node]) -> bool:
    root = roots[0] if roots else None
    if not isinstance(root, Mapping) or "Tracks" not in root:
        return False
    tracks = root.get("Tracks")
    first = next(iter(tracks), None) if isinstance(tracks, Sequence) else None
    return len(root.items) == 1 if first is None else isinstance(first, Mapping) and "Request" in first


def load(document: Document, roots: Roots[Node]) -> Cassette:
    tracks = reading.interactions(reading.mapping(roots[0], "the file", roots[0]), "Tracks")
    return Cassette(ID, None, tuple(_interaction(i, track) for i, track in enumerate(tracks)), document)


def _interaction(index: int, track: Mapping) -> Interaction:
    request = reading.mapping(track.get("Request"), "Request", track)
    response, method = track.get("Response"), request.get("Method")
    return Interaction(
        index,
        track,
        Request(
            method if isinstance(method, Text) and method else "GET",  # so Go's client takes an empty one
            _url(request.get("URL")),
            reading.headers(request.get("Header"), request),
            _body(request),
        ),
        Response(
            reading.integer(response.get("StatusCode")),
            reading.headers(response.get("Header"), response),
            _body(response),
        )
        if isinstance(response, Mapping)
        else Response(None, (), reading.body(track.get("ErrMsg"))),
    )


def _url(url: Node | None) -> str:
    if not isinstance(url, Mapping):
        return ""

    def part(*names: str) -> str:
        return next((text for name in names if isinstance(text := url.get(name), Text) and text), "")

    scheme, host, query, fragment = map(part, ("Scheme", "Host", "RawQuery", "Fragment"))
    pieces = [scheme, ":" if scheme else "", "//" if host else "", host, part("Opaque", "RawPath", "Path")]
    pieces += ("?" if query else "", query, "#" if fragment else "", fragment)
    return Joined(pieces)


def _body(message: Mapping) -> Body:
    body = message.get("Body")
    return (
        Body(body, base64=True) if isinstance(body, Text) and body and not reading.is_null(body) else Body()
    )

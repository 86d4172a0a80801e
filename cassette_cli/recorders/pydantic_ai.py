"""Pydantic AI's recordings of what is not HTTP: WebSocket frames and gRPC calls under `interactions`.

A WebSocket file is one connection: a list of `{kind, direction, data}`. A gRPC file is a list of
calls, `{request_sample, response_sample}`, `{request_stream, response_stream}` or
`{collections_method}`, each with JSON beside the raw bytes; the JSON is what is read.
https://github.com/pydantic/pydantic-ai (tests/realtime, tests/models/xai)
"""

import re
from collections.abc import Iterator
from collections.abc import Sequence as Roots

from cassette_cli.model import Body, Cassette, Frame, Interaction, Request, Response
from cassette_cli.recorders import reading
from cassette_cli.source.document import Document
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Mapping, Node, Sequence

ID = "pydantic-ai"
HINT = re.compile(r"^- (?:kind|(?:request|response)_(?:sample|stream)|collections_method):", re.MULTILINE)

_CALLS = ("request_sample", "request_stream", "collections_method")


def matches(roots: Roots[Node]) -> bool:
    root = roots[0] if roots else None
    entries = root.get("interactions") if isinstance(root, Mapping) else None
    first = next(iter(entries), None) if isinstance(entries, Sequence) else None
    return isinstance(first, Mapping) and (_is_frame(first) or any(key in first for key in _CALLS))


def _is_frame(entry: Mapping) -> bool:
    return "direction" in entry and "kind" in entry


def load(document: Document, roots: Roots[Node]) -> Cassette:
    root = reading.mapping(roots[0], "the file", roots[0])
    version = reading.version(root, ("1",), ID)
    entries = reading.interactions(root)
    if _is_frame(entries[0]):
        frames = tuple(_frame(entry) for entry in entries)
        found = [_connection(0, root, "WebSocket", "", frames)]
    else:
        found = [_call(i, entry) for i, entry in enumerate(entries)]
    return Cassette(ID, version, tuple(found), document)


def _frame(entry: Mapping) -> Frame:
    direction = reading.string(entry.get("direction"), "direction", entry)
    body = (
        Body(entry.get("data")) if isinstance(entry.get("data"), Mapping) else reading.body(entry.get("data"))
    )
    return Frame(direction, body)


def _call(index: int, entry: Mapping) -> Interaction:
    call = entry.get("collections_method")
    method = call.get("method") if isinstance(call, Mapping) else None
    return _connection(
        index, entry, "gRPC", method if isinstance(method, Text) else "", tuple(_frames(entry))
    )


def _frames(entry: Mapping) -> Iterator[Frame]:
    for key, value in entry.items:
        if not isinstance(value, Mapping) or not isinstance(key, Text):
            continue
        if key == "collections_method":
            for direction, name in (("sent", "request_json"), ("received", "response_json")):
                if name in value:
                    yield Frame(direction, Body(value.get(name)))
            continue
        direction = "sent" if key.startswith("request") else "received"
        chunks = value.get("chunks_json")
        if isinstance(chunks, Sequence):
            yield from (Frame(direction, Body(chunk)) for chunk in chunks)
        elif "json" in value:
            yield Frame(direction, Body(value.get("json")))


def _connection(
    index: int, node: Mapping, protocol: str, name: str, frames: tuple[Frame, ...]
) -> Interaction:
    return Interaction(
        index, node, Request(protocol, name, (), Body()), Response(None, (), Body()), frames=frames
    )

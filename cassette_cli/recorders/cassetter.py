"""cassetter (Kludex/cassetter): typed bodies, and besides HTTP also gRPC calls and WebSockets.

A body is `{type: json | text | binary | none, content}`, binary in hexadecimal. Interactions are
numbered through the lists `interactions`, `grpc_interactions` and `ws_interactions`. Its TOML files
hold the same for HTTP alone; TOML has no spans here, so they can be read but not edited.
"""

import re
from collections.abc import Sequence as Roots

from cassette_cli.errors import Place, Unreadable
from cassette_cli.model import Body, Cassette, Frame, Interaction, Request, Response
from cassette_cli.recorders import reading
from cassette_cli.source.document import Document
from cassette_cli.source.style import Style
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Json, Mapping, Node, Sequence

ID = "cassetter"
HINT = re.compile(
    r"""interactions(?<![\w-]interactions)["']?\s*:|(?:grpc|ws)_interactions["']?\s*:|^\[\[interactions\]\]""",
    re.MULTILINE,
)

_DIRECTIONS = {"send": "sent", "recv": "received"}


def matches(roots: Roots[Node]) -> bool:
    root = roots[0] if roots else None
    if not isinstance(root, Mapping):
        return False
    if "grpc_interactions" in root or "ws_interactions" in root:
        return True
    entry = next(reading.first_entries(root), None)
    request = entry.get("request") if entry else None
    if not isinstance(request, Mapping) or "uri" not in request:
        return False
    body = request.get("body")
    return "body_type" in request or (isinstance(body, Mapping) and isinstance(body.get("type"), Text))


def load(document: Document, roots: Roots[Node]) -> Cassette:
    root = reading.mapping(roots[0], "the file", roots[0])
    version = reading.version(root, ("1",), ID)
    readers = {"interactions": _http, "grpc_interactions": _grpc, "ws_interactions": _websocket}
    found: list[Interaction] = []
    for key, read in readers.items():
        for entry in reading.interactions(root, key):
            found.append(read(len(found), entry))
    return Cassette(ID, version, tuple(found), document)


def _http(index: int, entry: Mapping) -> Interaction:
    request = reading.mapping(entry.get("request"), "request", entry)
    response = reading.mapping(entry.get("response"), "response", entry)
    return Interaction(
        index,
        entry,
        Request(
            reading.string(request.get("method"), "method", request),
            reading.string(request.get("uri"), "uri", request),
            reading.headers(request.get("headers"), request),
            _body(request),
        ),
        Response(
            reading.integer(response.get("status")),
            reading.headers(response.get("headers"), response),
            _body(response),
        ),
        recorded_at=_recorded_at(entry),
    )


def _grpc(index: int, entry: Mapping) -> Interaction:
    """A call as two frames; their JSON where it was recorded beside the bytes."""
    request = reading.mapping(entry.get("request"), "request", entry)
    response = reading.mapping(entry.get("response"), "response", entry)
    debug = entry.get("json_debug")
    sides = [("sent", "request", request), ("received", "response", response)]
    frames = []
    for direction, key, side in sides:
        told = debug.get(key) if isinstance(debug, Mapping) else None
        frames.append(Frame(direction, Body(told) if told is not None else _body(side)))
    method = reading.string(request.get("method"), "method", request)
    return _connection(index, entry, "gRPC", method, tuple(frames), request.get("metadata"))


def _websocket(index: int, entry: Mapping) -> Interaction:
    url = reading.string(entry.get("uri"), "uri", entry)
    frames = tuple(_frame(frame) for frame in reading.interactions(entry, "frames"))
    return _connection(index, entry, "WebSocket", url, frames, entry.get("headers"))


def _frame(entry: Mapping) -> Frame:
    direction = reading.string(entry.get("direction"), "direction", entry)
    at = reading.integer(entry.get("offset_ms"))
    return Frame(_DIRECTIONS.get(direction, direction), _body(entry), None if at is None else float(at))


def _connection(
    index: int, entry: Mapping, protocol: str, name: str, frames: tuple[Frame, ...], headers: Node | None
) -> Interaction:
    request = Request(protocol, name, reading.headers(headers, entry), Body())
    empty = Response(None, (), Body())
    return Interaction(index, entry, request, empty, recorded_at=_recorded_at(entry), frames=frames)


def _recorded_at(entry: Mapping) -> str | None:
    at = entry.get("recorded_at")
    return at if isinstance(at, Text) else None


def _body(side: Mapping) -> Body:
    """A typed body; in TOML its type and content stand in the message itself."""
    stored = side.get("body")
    kind = stored.get("type") if isinstance(stored, Mapping) else side.get("body_type")
    content = stored.get("content") if isinstance(stored, Mapping) else side.get("body_content")
    if content is None or kind == "none":
        return Body()
    return Body(content, hex=kind == "binary")


# -- TOML ------------------------------------------------------------------------------------------


def read_toml(document: Document) -> Node:
    """The tree of a TOML text; its strings have no places and refuse edits."""
    import tomllib  # on use: few files are TOML

    try:
        value = tomllib.loads(document.text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+), column (\d+)", str(error))
        at = Place(document.name, int(place[1]), int(place[2])) if place else Place(document.name)
        raise Unreadable(f"not TOML: {str(error).partition(' (at')[0]}", at) from None
    return _node(document, value)


def _node(document: Document, value: Json) -> Node:
    if isinstance(value, dict):
        items = ((_node(document, key), _node(document, item)) for key, item in value.items())
        return Mapping(document, 0, 0, True, tuple(items))
    if isinstance(value, list):
        return Sequence(document, 0, 0, True, tuple(_node(document, item) for item in value))
    return Text(str(value), document, 0, 0, Style.FIXED)

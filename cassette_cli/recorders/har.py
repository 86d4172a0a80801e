"""HAR 1.2 (browsers, proxies, Playwright) and what Polly.js makes of it: `log.entries`.

A body is `content.text`, decoded, in base64 where it is binary; Playwright can put it in a file beside
(`_file`). Polly.js keeps a body with a content coding as it came: a JSON array of its chunks, in
base64, or in hexadecimal before its version 6. A connection's frames are Chrome's `_webSocketMessages`.
http://www.softwareishard.com/blog/har-12-spec, https://netflix.github.io/pollyjs/#/persisters/custom
"""

import json
import re
from base64 import b64encode
from binascii import Error as BadBase64
from binascii import a2b_base64
from collections.abc import Iterator
from collections.abc import Sequence as Roots
from datetime import datetime

from cassette_cli.model import Body, Cassette, Frame, Header, Interaction, Request, Response, joined_values
from cassette_cli.recorders import reading
from cassette_cli.source.document import Document
from cassette_cli.source.text import Joined, Text
from cassette_cli.source.tree import Mapping, Node, Sequence, plain_scalar

ID = "har"
HINT = re.compile(
    r'"log"\s*:\s*\{\s*"(?:_recordingName|version|creator|pages|entries)"|"startedDateTime"\s*:'
)

_DIRECTIONS = {"send": "sent", "receive": "received"}
_BINARY_FRAME = "2"  # WebSocket's opcode, RFC 6455, 5.2
_NO_BODY = (204, 304)
_GZIP = b"\x1f\x8b"
_LONGEST = 1e15  # milliseconds or seconds; what is more is no time


def matches(roots: Roots[Node]) -> bool:
    root = roots[0] if roots else None
    log = root.get("log") if isinstance(root, Mapping) else None
    return isinstance(log, Mapping) and isinstance(log.get("entries"), Sequence)


def load(document: Document, roots: Roots[Node]) -> Cassette:
    root = reading.mapping(roots[0], "the file", roots[0])
    log = reading.mapping(root.get("log"), "log", root)
    version = log.get("version")
    entries = reading.interactions(log, "entries")
    interactions = tuple(_interaction(document, i, entry) for i, entry in enumerate(entries))
    return Cassette(ID, str(version) if isinstance(version, Text) else None, interactions, document)


def _interaction(document: Document, index: int, entry: Mapping) -> Interaction:
    started, frames = entry.get("startedDateTime"), entry.get("_webSocketMessages")
    request, response = _request(document, entry), _response(document, entry)
    if isinstance(frames, Sequence) and frames.items:
        request, response = request._replace(method="WebSocket"), response._replace(body=Body())
    return Interaction(
        index,
        entry,
        request,
        response,
        duration_ms=_positive(entry.get("time")),
        recorded_at=started if isinstance(started, Text) else None,
        frames=tuple(_frames(frames, started)) if isinstance(frames, Sequence) else (),
    )


def _request(document: Document, entry: Mapping) -> Request:
    request = reading.mapping(entry.get("request"), "request", entry)
    headers = _headers(request, "Cookie")
    return Request(
        reading.string(request.get("method"), "method", request),
        reading.string(request.get("url"), "url", request),
        headers,
        _posted(document, request.get("postData"), joined_values(headers, "content-type")),
        reading.lengths(request.get("bodySize")),
    )


def _response(document: Document, entry: Mapping) -> Response:
    response = reading.mapping(entry.get("response"), "response", entry)
    headers, status = _headers(response, "Set-Cookie"), reading.integer(response.get("status"))
    content = response.get("content")
    body = _content(document, content, headers) if isinstance(content, Mapping) else Body()
    request = entry.get("request")
    bodiless = status in _NO_BODY or (isinstance(request, Mapping) and request.get("method") == "HEAD")
    if body.is_empty and status == 0 and isinstance(error := response.get("_error"), Text):
        body = reading.body(error)
    elif body.missing and bodiless:
        body = Body()
    size = content.get("size") if isinstance(content, Mapping) else None
    lengths = reading.lengths(size, response.get("bodySize"))
    return Response(status or None, headers, body, lengths)  # 0 stands for no response


def _headers(message: Mapping, cookie: str) -> tuple[Header, ...]:
    """The headers; a cookie that stands in `cookies` alone was sent as one, too."""
    headers = reading.headers(message.get("headers"), message)
    cookies = message.get("cookies")
    if not isinstance(cookies, Sequence) or any(name.lower() == cookie.lower() for name, _ in headers):
        return headers
    pairs = [pair for entry in cookies if (pair := _pair(entry))]
    if cookie == "Cookie" and pairs:
        return (*headers, Header(cookie, Joined(_separated(pairs, "; "))))
    return (*headers, *(Header(cookie, Joined(pair)) for pair in pairs))


def _pair(entry: Node) -> tuple[str, ...]:
    name, value = (entry.get("name"), entry.get("value")) if isinstance(entry, Mapping) else (None, None)
    return (name, "=", value) if isinstance(name, Text) and isinstance(value, Text) else ()


def _separated(pairs: list[tuple[str, ...]], mark: str) -> Iterator[str]:
    for number, pair in enumerate(pairs):
        yield from (mark, *pair) if number else pair


def _posted(document: Document, data: Node | None, media_type: str) -> Body:
    """A request's body; where only the parts of a form are told, the form."""
    if not isinstance(data, Mapping):
        return Body()
    if isinstance(file := data.get("_file"), Text):
        return reading.body_in_file(document, file)
    text, params = data.get("text"), data.get("params")
    if isinstance(text, Text) and not reading.is_null(text) and (text or not isinstance(params, Sequence)):
        return Body(text, base64=data.get("encoding") == "base64")
    if not isinstance(params, Sequence) or not params.items:
        return Body()
    if "urlencoded" not in media_type and "urlencoded" not in (data.get("mimeType") or ""):
        return Body(params)
    return reading.joined_body(_separated([pair for entry in params if (pair := _pair(entry))], "&"))


def _content(document: Document, content: Mapping, headers: tuple[Header, ...]) -> Body:
    text, file = content.get("text"), content.get("_file")
    if isinstance(file, Text):
        return reading.body_in_file(document, file)
    if not isinstance(text, Text) or reading.is_null(text):
        size, comment = reading.integer(content.get("size")) or 0, content.get("comment")
        was_there = size > 0 or (isinstance(comment, Text) and "not included" in comment)  # so says Firefox
        return Body(missing="the body was not recorded") if was_there else Body()
    in_base64, flag = content.get("encoding") == "base64", content.get("_isBinary")
    flagged = isinstance(flag, Text) and plain_scalar(flag) is True
    if text.startswith("[") and joined_values(headers, "content-encoding"):
        chunks = _chunks(text, in_base64=in_base64, flagged=flagged)
        if chunks is not None:
            return Body(
                text,
                base64=in_base64,
                hex=not in_base64,
                data=chunks,
                pack=lambda data: _one_chunk(data, in_base64=in_base64),
            )
    return Body(text, base64=in_base64, hex=flagged and not in_base64)


def _chunks(text: str, *, in_base64: bool, flagged: bool) -> bytes | None:
    """The bytes of Polly's array of chunks; None if it is none, but a body of strings."""
    try:
        chunks = json.loads(text)
        if not all(isinstance(chunk, str) for chunk in chunks):
            return None
        data = b"".join(a2b_base64(chunk) if in_base64 else bytes.fromhex(chunk) for chunk in chunks)
        return data if in_base64 or flagged or data.startswith(_GZIP) else None
    except (ValueError, BadBase64, RecursionError):
        return None


def _one_chunk(data: bytes, *, in_base64: bool) -> str:
    return json.dumps([b64encode(data).decode("ascii") if in_base64 else data.hex()])


def _frames(messages: Sequence, started: Node | None) -> Iterator[Frame]:
    begun = _seconds(started)
    for i, message in enumerate(messages):
        frame = reading.mapping(message, f"_webSocketMessages[{i}]", messages)
        way, data, at = frame.get("type"), frame.get("data"), _positive(frame.get("time"))
        body = Body(data, base64=frame.get("opcode") == _BINARY_FRAME) if isinstance(data, Text) else Body()
        begun = at if begun is None else begun
        since = None if at is None or begun is None else round((at - begun) * 1000, 3)
        direction = reading.string(way, "type", frame)
        yield Frame(_DIRECTIONS.get(direction, direction), body, since)


def _seconds(started: Node | None) -> float | None:
    try:
        return datetime.fromisoformat(started).timestamp() if isinstance(started, Text) else None
    except (ValueError, OverflowError):
        return None


def _positive(node: Node | None) -> float | None:
    """A number that is no less than 0: unknown times are -1."""
    value = plain_scalar(node) if isinstance(node, Text) else None
    return float(value) if isinstance(value, int | float) and 0 <= value < _LONGEST else None

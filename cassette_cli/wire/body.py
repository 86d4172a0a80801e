"""Bodies as a reader means them: content codings undone, charset applied, the kind told.

What cannot be read is never an exception: the content says in `problems` what is wrong with it.
"""

import json
import re
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from cassette_cli.errors import CassetteError
from cassette_cli.model import Body, Request, Response
from cassette_cli.source.jsontree import load_json, parse_json
from cassette_cli.source.style import Style
from cassette_cli.source.text import Joined, Packed, Text
from cassette_cli.source.tree import Json, plain
from cassette_cli.wire.codings import redo_codings, undo_codings
from cassette_cli.wire.eventstream import Frames, looks_like_frames, read_frames
from cassette_cli.wire.multipart import form_fields, multipart_fields
from cassette_cli.wire.sse import Event, looks_like_events, read_array, read_events, read_lines


class Kind(StrEnum):
    """What a body is, whatever its header says."""

    EMPTY = "empty"
    JSON = "json"
    SSE = "sse"
    NDJSON = "ndjson"
    EVENTSTREAM = "eventstream"
    FORM = "form"
    MULTIPART = "multipart"
    TEXT = "text"
    BINARY = "binary"


class Content(NamedTuple):
    """A decoded body, by kind: its `text` (None for binary), its `json` value, its `events`."""

    kind: Kind
    data: bytes | None  # what was stored as bytes, codings undone; None where it was stored as text
    text: str | None  # a Text where the body stands in the file as text
    encoding: str | None = None  # the content codings that were undone
    json: Json = None  # of JSON; the fields of a form
    events: tuple[Event, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def bytes(self) -> bytes:
        return self.data if self.data is not None else (self.text or "").encode("utf-8", "surrogatepass")

    @property
    def size(self) -> int:
        """Bytes, decoded; of a structured body, as compact JSON."""
        return len(self.bytes)

    @property
    def is_cut(self) -> bool:
        """Whether it is known that the end of the body is missing."""
        return any(" is cut" in problem for problem in self.problems)


def read_content(message: Request | Response, loads: Callable[[str], Json] = load_json) -> Content:
    """The content of a message; with `traced` or `placed` for `loads`, what is in `json` keeps its place."""
    content = _read(message, loads)
    if content.kind is Kind.FORM:
        return content._replace(json=form_fields(content.text or ""))
    content_type = message.header("content-type")
    if content.kind in (Kind.MULTIPART, Kind.BINARY) and content_type.lower().startswith("multipart/"):
        body = content.bytes if content.text is None else content.text
        fields, ended = multipart_fields(body, content_type)
        fault = () if ended or not fields else ("the multipart body is cut: its end is missing",)
        return content._replace(json=fields, problems=(*content.problems, *fault))
    return content


def _read(message: Request | Response, loads: Callable[[str], Json]) -> Content:
    body = message.body
    if body.is_empty:
        problems = (body.missing,) if body.missing else ()
        return Content(Kind.EMPTY, None, "", problems=problems)
    if body.tree is not None:
        return _read_tree(body, knows_places=loads is placed)
    media_type = message.header("content-type").partition(";")[0].strip().lower()
    if body.text is not None and not body.text.startswith("\x1f\x8b"):
        return _classify(Content(Kind.TEXT, None, body.text), media_type, loads)
    try:
        # Python 2's vcrpy wrote compressed bytes as characters of the same numbers.
        stored = body.bytes if body.text is None else body.text.encode("latin-1")
    except ValueError as error:
        return Content(Kind.TEXT, None, str(body.node), problems=(str(error),))
    content_type = message.header("content-type")
    data, encoding, problem = undo_codings(stored, message.header("content-encoding"), media_type)
    problems = (problem,) if problem else ()
    node = body.node if loads in (traced, placed) and not problem else None

    def pack(data: bytes) -> str:
        packed = redo_codings(data, encoding, stored)
        return body.stored(packed) if body.text is None else packed.decode("latin-1")

    if looks_like_frames(data):
        source: bytes | Frames = data
        if isinstance(node, Text | Joined):
            source = Frames.of(data.decode("latin-1"), node, lambda text: pack(text.encode("latin-1")))
        frames, faults = read_frames(source)
        return Content(
            Kind.EVENTSTREAM, data, None, encoding, events=tuple(frames), problems=(*problems, *faults)
        )
    text, charset = _decode(data, content_type)
    if text is None:
        return Content(Kind.BINARY, data, None, encoding, problems=problems)
    if charset and isinstance(node, Text | Joined):
        text = Packed.of(text, node, lambda text: pack(text.encode(charset)))
    return _classify(Content(Kind.TEXT, data, text, encoding, problems=problems), media_type, loads)


_LEAD = re.compile(r"[\ufeff \t\r\n]*+(.?)")  # some servers keep a connection alive with blank lines


def traced(text: str) -> Json:
    """Like `json.loads`, but the strings in the result are texts if `text` is one."""
    return plain(parse_json(text)) if isinstance(text, Text | Joined) else load_json(text)


def placed(text: str) -> Json:
    """Like `traced`, but numbers, objects and lists know their places, too."""
    return plain(parse_json(text), placed=True) if isinstance(text, Text | Joined) else load_json(text)


def _read_tree(body: Body, *, knows_places: bool) -> Content:
    try:
        value = plain(body.tree, placed=knows_places) if body.tree is not None else None
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    except (CassetteError, ValueError, RecursionError) as error:
        return Content(Kind.TEXT, None, "", problems=(_brief(error),))
    return Content(Kind.JSON, None, text, json=value)


def _classify(content: Content, media_type: str, loads: Callable[[str], Json]) -> Content:
    """The content of a text, with its kind, and its value or events."""
    text = content.text or ""
    if not text:
        return content._replace(kind=Kind.EMPTY)
    claims_lines = "ndjson" in media_type or "jsonl" in media_type
    claims_json = media_type.endswith(("json", "javascript")) and not claims_lines
    match = _LEAD.match(text)
    head = match[1] if match else ""
    if head in ("{", "[") or (claims_json and head):
        fault = None
        if not claims_lines:
            try:
                return content._replace(kind=Kind.JSON, json=loads(_without_mark(text)))
            except (ValueError, RecursionError, CassetteError) as error:
                fault = f"the JSON body does not parse: {_brief(error)}"
                if _lacks_its_end(text):
                    fault = "the JSON body is cut: its end is missing"
        lines = read_lines(text)
        if (claims_lines or len(lines) > 1) and _are_json(lines):
            return content._replace(kind=Kind.NDJSON, events=tuple(lines))
        begun = tuple(read_array(text)) if fault and head == "[" else ()
        if fault and (claims_json or head == "{" or len(begun) > 1) and not looks_like_events(text):
            events = begun if len(begun) > 1 else ()
            return content._replace(events=events, problems=(*content.problems, fault))
    if media_type == "text/event-stream" or looks_like_events(text):
        return content._replace(kind=Kind.SSE, events=tuple(read_events(text)))
    if media_type == "application/x-www-form-urlencoded":
        return content._replace(kind=Kind.FORM)
    return content._replace(kind=Kind.MULTIPART) if media_type.startswith("multipart/") else content


def _without_mark(text: str) -> str:
    """The text behind a byte order mark, which RFC 8259 allows a reader to ignore."""
    if not text.startswith("\ufeff"):
        return text
    return Text.inside(text, 1, len(text), Style.LINE) if isinstance(text, Text | Joined) else text[1:]


def _lacks_its_end(text: str) -> bool:
    """Whether JSON is right as far as it goes."""
    try:
        json.loads(_without_mark(text))
    except json.JSONDecodeError as error:
        rest = error.doc[error.pos :].strip()
        return error.msg.startswith("Unterminated string") or any(word.startswith(rest) for word in _WORDS)
    except (ValueError, RecursionError):
        pass
    return False


_WORDS = ("true", "false", "null", "-")


def _are_json(lines: list[Event]) -> bool:
    """Whether lines look like values: the first parses, all begin as one."""
    try:
        load_json(lines[0].data)
    except (ValueError, RecursionError):
        return False
    return all(line.data.lstrip()[0] in "{[" for line in lines)


def _brief(error: Exception) -> str:
    return error.message if isinstance(error, CassetteError) else str(error)


def _decode(data: bytes, content_type: str) -> tuple[str | None, str | None]:
    """The text of a body, or None where it is no text, and the charset that it is whole in."""
    charset = content_type.lower().partition("charset=")[2].partition(";")[0].strip(" \"'")
    for name in (charset or "utf-8", "utf-8"):
        try:
            text = data.decode(name)
        except (LookupError, ValueError):  # no such charset, no charset name at all, not its text
            continue
        if "\0" not in text[:4096]:
            return text, name
    text = data.decode("utf-8", "replace")
    # A recording that was cut inside a character is text all the same; the cut is shown as U+FFFD.
    cut = text.rstrip("\ufffd").count("\ufffd") == 0 and len(text) > 8 and "\0" not in text
    return text if cut else None, None

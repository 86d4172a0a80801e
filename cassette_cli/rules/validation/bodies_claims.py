"""Bodies against what is said of them: how long they are, how they are packed, what they are.

A claim is wrong only if nothing that recorders do to a body explains it: they store it decoded, trim its
last line break, write its JSON in another layout, or keep the length that was packed.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from cassette_cli.findings import Severity
from cassette_cli.model import Request, Response
from cassette_cli.rules.validation.check import Case, Check, Each, Family, Problem, each
from cassette_cli.selection import Reading
from cassette_cli.source.text import Joined, Text
from cassette_cli.wire.body import Content, Kind


class Side(NamedTuple):
    """A request or response with what its body holds."""

    name: str
    message: Request | Response
    content: Content

    @property
    def where(self) -> str:
        return f"{self.name}.body"

    @property
    def media_type(self) -> str:
        return self.message.header("content-type").partition(";")[0].strip().lower()


def sides(reading: Reading) -> Iterator[Side]:
    """Both sides of an interaction."""
    yield Side("request", reading.interaction.request, reading.asked)
    yield Side("response", reading.interaction.response, reading.said)


def whole_sides(reading: Reading) -> Iterator[Side]:
    """The sides that have a body of their own, and not a range out of one."""
    return (
        side
        for side in sides(reading)
        if side.name == "request" or reading.interaction.response.status != 206
    )


def header(side: Side, name: str) -> tuple[str, str] | None:
    """The path and the value of the first header of a name; None if there is none."""
    found = ((key, value) for key, value in side.message.headers if key.lower() == name)
    return next(((f"{side.name}.headers.{key}[0]", value) for key, value in found), None)


# -- lengths -------------------------------------------------------------------------------------------

_NO_BODY = (204, 304)  # their Content-Length counts what a GET would bring: RFC 9110, 8.6
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_NAMES = {"go-vcr": "content_length", "har": "the recorder's size"}


@Each
def _length_mismatch(case: Case) -> Callable[[Reading], Iterator[Problem]]:
    name = _NAMES.get(case.cassette.recorder, "the length")
    return partial(_claimed_lengths, name=name, wire=case.cassette.recorder == "httprr")


def _claimed_lengths(reading: Reading, name: str, *, wire: bool) -> Iterator[Problem]:
    for side in sides(reading):
        claims: tuple[str, ...] = side.message.lengths
        where = f"{side.name}.content_length"
        if wire and (found := header(side, "content-length")):  # bytes off the wire, and replayed as such
            where, claims, name = found[0], (found[1],), "Content-Length"
        numbers = [claim for claim in claims if _is_number(claim)]
        if numbers and _counts(reading, side) and not any(_fits(int(one), side) for one in numbers):
            yield _misfit(side, where, numbers[0], name)


def _content_length_mismatch(reading: Reading) -> Iterator[Problem]:
    for side in sides(reading):
        found = header(side, "content-length")
        if found and _is_number(found[1]) and _counts(reading, side) and not _fits(int(found[1]), side):
            yield _misfit(side, *found, "Content-Length")


def _is_number(text: str) -> bool:
    return len(text) < 16 and text.isascii() and text.isdigit()


def _misfit(side: Side, where: str, claim: str, name: str) -> Problem:
    size = side.content.size
    has = "1 byte" if size == 1 else f"{size} bytes"
    return Problem(f"{name} says {claim}, but the body has {has}", where, claim, note=f"the body has {size}")


def _counts(reading: Reading, side: Side) -> bool:
    """Whether the body is stored so that its length on the wire can be known."""
    body, content, interaction = side.message.body, side.content, reading.interaction
    if body.is_empty or body.tree is not None or content.problems or "\ufffd" in (content.text or ""):
        return False
    if side.name == "response" and (
        interaction.request.method.upper() == "HEAD" or interaction.response.status in _NO_BODY
    ):
        return False
    return content.encoding is not None or not side.message.header("content-encoding")


def _fits(claim: int, side: Side) -> bool:
    """Whether a body can have been so long; 0 stands for unknown as well."""
    body, content = side.message.body, side.content
    sizes = {0, content.size, len(body.bytes)}
    if claim in sizes:
        return True
    text = content.text
    if isinstance(body.node, Text | Joined):
        # Characters, UTF-16's, and what was base64 and is stored as text: Polly.js, hooks of go-vcr.
        stored = body.node
        sizes |= {len(stored), len(stored.encode("utf-16-le", "surrogatepass")) // 2}
        if len(stored) == (claim + 2) // 3 * 4:
            return True
    if text is not None:
        breaks = text.count("\n") if "\r" not in text else 0
        sizes |= {content.size + breaks, content.size + (-1 if text.endswith("\n") else 1)}
        if content.kind is Kind.JSON:
            sizes |= _layouts(text, content.size)
    return claim in sizes


def _layouts(text: str, size: int) -> set[int]:
    """How long JSON is without blanks, with one behind commas, colons or both, and then a line break."""
    bare = _STRING.sub("", text)
    least = size - sum(map(bare.count, " \t\r\n"))
    commas, colons = bare.count(","), bare.count(":")
    return {least + blanks + ending for blanks in (0, commas, colons, commas + colons) for ending in (0, 1)}


# -- codings -------------------------------------------------------------------------------------------

_CODINGS = frozenset(("gzip", "x-gzip", "deflate", "br", "zstd"))


def _coding_mismatch(reading: Reading) -> Iterator[Problem]:
    for side in sides(reading):
        content = side.content
        if content.encoding or content.problems or content.kind is Kind.EMPTY:
            continue
        found = header(side, "content-encoding")
        if found and _CODINGS.intersection(name.strip().lower() for name in found[1].split(",")):
            message = "the content encoding says that the body is packed, but it is stored unpacked"
            yield Problem(message, *found, note="stored unpacked")


def _unnamed_coding(reading: Reading) -> Iterator[Problem]:
    side = Side("response", reading.interaction.response, reading.said)
    named = header(side, "content-encoding") is not None
    if side.content.encoding and not named and _is_text(side.media_type):
        message = "the body is packed as gzip, but no Content-Encoding says so"
        yield Problem(message, side.where, side.message.body.node, note="packed as gzip")


def _is_text(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type.endswith(("json", "xml", "javascript"))


def _wrong_charset(reading: Reading) -> Iterator[Problem]:
    for side in sides(reading):
        data, kind = side.content.data, side.content.kind
        if not data or kind is Kind.EVENTSTREAM or side.content.problems or b"\0" in data[:64]:
            continue
        fault = _broken_utf8(data) if _should_be_utf8(side) else None
        if fault:
            ends = fault.end == len(data) and fault.reason == "unexpected end of data"
            what = "it ends inside a character" if ends else f"byte {fault.start} begins no character"
            message = f"the body should be UTF-8, but {what}"
            yield Problem(message, side.where, side.message.body.node, note="not UTF-8")


def _should_be_utf8(side: Side) -> bool:
    """Whether the content type says so, or the standard of JSON and event streams does.

    Other charsets decode anything, or are names that the web takes for larger ones.
    """
    if not _is_text(side.media_type):
        return False
    charset = side.message.header("content-type").lower().partition("charset=")[2].partition(";")[0]
    if charset:
        return charset.strip(" \"'") in ("utf-8", "utf8")
    return side.media_type.endswith("json") or side.media_type == "text/event-stream"


def _broken_utf8(data: bytes) -> UnicodeDecodeError | None:
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error
    return None


# -- media types ---------------------------------------------------------------------------------------

_DECLARED = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/jpg": "JPEG",
    "image/gif": "GIF",
    "image/webp": "WebP",
    "application/pdf": "PDF",
    "audio/wav": "WAV",
    "audio/x-wav": "WAV",
    "video/mp4": "MP4",
    "application/json": "JSON",
    "text/event-stream": "an event stream",
}
_MAGIC = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "PNG"),
    (re.compile(rb"\xff\xd8\xff"), "JPEG"),
    (re.compile(rb"GIF8[79]a"), "GIF"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "WebP"),
    (re.compile(rb"RIFF.{4}WAVE", re.DOTALL), "WAV"),
    (re.compile(rb"%PDF-"), "PDF"),
    (re.compile(rb".{4}ftyp(?:isom|mp4|avc1|iso[2-6])", re.DOTALL), "MP4"),
    (re.compile(rb"\s*<(?:!doctype\s+)?html[\s>]", re.IGNORECASE), "HTML"),
)


def _media_type_mismatch(reading: Reading) -> Iterator[Problem]:
    if (reading.interaction.response.status or 0) >= 400:  # a proxy's own page of an error
        return
    for side in sides(reading):
        if side.content.kind is Kind.EMPTY:
            continue
        declared = _DECLARED.get(side.media_type)
        found = _found(side.content) if declared else None
        if found not in (None, declared) and (place := header(side, "content-type")):
            message = f"the content type says {declared}, but the body is {found}"
            yield Problem(message, *place, note=f"the body is {found}")


def _found(content: Content) -> str | None:
    """What a body certainly is, as far as that can be told from how it begins."""
    if content.kind is Kind.JSON:
        return "JSON"
    if content.kind not in (Kind.TEXT, Kind.BINARY, Kind.SSE):
        return None
    begin = content.data if content.data is not None else (content.text or "")[:64].encode("utf-8", "replace")
    return next((name for pattern, name in _MAGIC if pattern.match(begin)), None)


# -- the table -----------------------------------------------------------------------------------------


def _vcrpy(
    response: str, *, headers: str = "Content-Type: [application/json]", status: str = "200, message: OK"
) -> str:
    """A cassette with one reply whose body is written so."""
    return f"""\
interactions:
- request: {{method: GET, uri: 'http://example.com/', headers: {{}}, body: null}}
  response:
    status: {{code: {status}}}
    headers: {{{headers}}}
    body: {{string: {response}}}
version: 1
"""


def _govcr(length: str) -> str:
    return f"""\
version: 2
interactions:
- id: 0
  request: {{method: GET, url: 'http://example.com/', headers: {{}}, body: "", content_length: 0}}
  response:
    code: 200
    headers: {{Content-Type: [text/plain]}}
    content_length: {length}
    body: hello world
"""


_GZIP = "!!binary H4sIAAAAAAACA6tWys9WslIoKSpN1VFQyk0tLk5MTwUKKGWk5uTkK9UCADicj3YgAAAA"
_JPEG = "!!binary /9j/4AAQSkZJRgABAQAAAQ=="

CHECKS: tuple[Check, ...] = (
    Check(
        "length-mismatch",
        Family.BODIES,
        Severity.ERROR,
        "a length beside the body that the body does not have",
        "The body was edited or cut after it was recorded. go-vcr matches requests by this number, too, so "
        "such a request is not found any more; a client that counts what it reads fails.",
        "write the number of bytes of the body, or restore the body",
        _length_mismatch,
        (_govcr("«120»"),),
        (_govcr("11"), _govcr("-1")),
        after=(
            "unparsable-json",
            "undecodable-base64",
            "undecodable-body",
            "wrong-charset",
            "media-type-mismatch",
            "broken-frame",
            "cut-multipart",
            "cut-stream",
        ),
    ),
    Check(
        "content-length-mismatch",
        Family.BODIES,
        Severity.WARNING,
        "a Content-Length header that does not fit the body",
        "The body is not the one that the server sent: it was edited, cut, or decoded by the recorder.",
        "write the number of bytes of the body, or leave the header out",
        each(_content_length_mismatch),
        (_vcrpy("hello", headers="Content-Length: ['«120»']"),),
        (_vcrpy("hello", headers="Content-Length: ['5']"),),
        default=False,
        after=("length-mismatch", "unparsable-json", "undecodable-base64", "undecodable-body", "cut-stream"),
    ),
    Check(
        "coding-mismatch",
        Family.BODIES,
        Severity.WARNING,
        "a Content-Encoding that the stored body does not have",
        "Some recorders store a body unpacked and take care of it when they replay; with others the client "
        "tries to unpack it and fails.",
        "leave the header out, or have the recorder decode bodies, which removes it",
        each(_coding_mismatch),
        (_vcrpy("hello", headers="Content-Encoding: [«gzip»]"),),
        (_vcrpy("hello", headers="Content-Encoding: [identity]"),),
        default=False,
    ),
    Check(
        "unnamed-coding",
        Family.BODIES,
        Severity.WARNING,
        "a packed body without the header that says so",
        "The client that replays it gets bytes that it does not know to unpack. Mostly a filter of headers "
        "took `Content-Encoding` out.",
        "put the header back, or store the body unpacked",
        each(_unnamed_coding),
        (_vcrpy(_GZIP.replace("H4", "«H4") + "»"),),
        (_vcrpy(_GZIP, headers="Content-Type: [application/json], Content-Encoding: [gzip]"),),
        after=("undecodable-body",),
    ),
    Check(
        "wrong-charset",
        Family.BODIES,
        Severity.WARNING,
        "a text that should be UTF-8 and is not",
        "The client fails to decode it, or shows other characters. A body that was cut or edited as bytes is "
        "broken like that.",
        "record the interaction again, or name the charset that the bytes are in",
        each(_wrong_charset),
        (_vcrpy("!!binary «Y2Fm6SBhdSBsYWl0»", headers="Content-Type: [text/plain; charset=utf-8]"),),
        (
            _vcrpy("!!binary Y2Fmw6kgYXUgbGFpdA==", headers="Content-Type: [text/plain; charset=utf-8]"),
            _vcrpy("!!binary Y2Fm6SBhdSBsYWl0", headers="Content-Type: [text/plain; charset=latin-1]"),
        ),
        after=("unparsable-json", "cut-stream"),
    ),
    Check(
        "media-type-mismatch",
        Family.BODIES,
        Severity.WARNING,
        "a Content-Type that the body certainly does not have",
        "The client reads the body as something else than it is. Mostly the body of another reply, or an "
        "error page, stands in its place.",
        "record the interaction again, or name the type that the body has",
        each(_media_type_mismatch),
        (
            _vcrpy(_JPEG, headers="Content-Type: [«image/png»]"),
            _vcrpy("'<html>Bad gateway</html>'", headers="Content-Type: [«text/event-stream»]"),
        ),
        (_vcrpy(_JPEG, headers="Content-Type: [image/jpeg]"),),
    ),
)

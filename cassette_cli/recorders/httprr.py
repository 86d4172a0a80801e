"""httprr (Go; golang.org/x/oscar, LangChainGo): `httprr trace v1`, then pairs of messages as on the wire.

A line with two numbers of bytes goes before each pair, then the request (as to a proxy, with the whole
URL), then the response; lines end with CR LF or LF. The lengths in the text (these two, a fitting
Content-Length, the sizes of chunks) are told to the document, so that they follow what is edited.
Bodies end as Go's `net/http` ends them. https://pkg.go.dev/golang.org/x/oscar/internal/httprr
"""

import re
from typing import NamedTuple

from cassette_cli.errors import Unreadable
from cassette_cli.model import Body, Cassette, Header, Interaction, Request, Response, joined_values
from cassette_cli.source.document import Document, Length
from cassette_cli.source.style import Style
from cassette_cli.source.text import Joined, Text
from cassette_cli.source.tree import Integer

ID = "httprr"
HINT = re.compile(r"\Ahttprr trace v1\r?\n")

_SIZES = re.compile(r"(\d{1,15}) (\d{1,15})\r?\n", re.ASCII)
_LINE = re.compile(r"([^\n]*?)\r?(?:\n|\Z)")
_WORD = re.compile(r"[^ ]+")
_RAW = re.compile(r"[\udc80-\udcff]")  # bytes that are no text
_CHUNK = re.compile(r"([\da-fA-F]{1,12})[^\n]*\n")
_NO_BODY = (*range(100, 200), 204, 304)


def load(document: Document) -> Cassette:
    text, found, lengths = document.text, list[Interaction](), list[Length]()
    mark = HINT.match(text)
    at = mark.end() if mark else 0
    while at < len(text):
        sizes = _SIZES.match(text, at)
        middle = _behind(text, sizes.end(), int(sizes[1])) if sizes else None
        end = _behind(text, middle, int(sizes[2])) if sizes and middle is not None else None
        if sizes is None or middle is None or end is None:
            raise Unreadable(_misfit(text, sizes), document.place(at))
        asked, said = _Message(document, sizes.end(), middle), _Message(document, middle, end)
        request = _request(asked, lengths)
        found.append(
            Interaction(
                len(found),
                Text(text[at:end], document, at, end, Style.VERBATIM),
                request,
                _response(said, lengths, request.method),
            )
        )
        # What is put in between the two belongs to the request: no response begins with what can change.
        ranges = ((1, sizes.end(), middle), (2, middle + 1, end))
        lengths += (Length(*sizes.span(group), first, last) for group, first, last in ranges)
        at = end
    document.lengths = tuple(lengths)
    return Cassette(ID, "1", tuple(found), document)


def _misfit(text: str, sizes: re.Match[str] | None) -> str:
    """Why a record is not as long as it says: of a trace with changed line ends, none of its own is left."""
    rest = text[sizes.end() :] if sizes else ""
    if sizes and "\r\n" in rest and len(_bytes(rest)) < int(sizes[1]) + int(sizes[2]):
        return (
            "the file ends before this record does: it was cut, or edited without its lengths; "
            "restore it, or record it anew"
        )
    return (
        "the lengths of this record do not fit what follows: the trace was edited without them, "
        "or its line ends were changed; record it anew"
    )


def _behind(text: str, start: int, size: int) -> int | None:
    """Where so many bytes from `start` end, in characters; None if there are fewer, or one is cut in two."""
    part = text[start : start + size]
    if part.isascii():
        return start + size if len(part) == size else None
    data = _bytes(part)[:size]
    characters = data.decode("utf-8", "surrogateescape")
    return start + len(characters) if len(data) == size and part.startswith(characters) else None


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


class _Message:
    """A request or response on the wire: its first line, its headers, and where its body begins."""

    def __init__(self, document: Document, start: int, end: int) -> None:
        self.document, self.end = document, end
        lines = []
        for line in _LINE.finditer(document.text, start, end):
            lines.append(line.span(1))
            self.body = line.end()
            if not line[1] or line.end() == end:
                break
        self.start_line = [self.text(*word) for word in _words(document.text, *lines[0])] if lines else []
        self.headers: list[Header] = []
        for span in lines[1:]:
            self._add(*span)

    def text(self, start: int, end: int, style: Style = Style.LINE) -> Text:
        return Text(self.document.text[start:end], self.document, start, end, style)

    def _add(self, start: int, end: int) -> None:
        line = self.document.text[start:end]
        name, colon, rest = line.partition(":")
        if line[:1] in (" ", "\t") and self.headers:
            last = self.headers.pop()
            more = self.text(*_trimmed(self.document.text, start, end))
            self.headers.append(Header(last.name, Joined((last.value, " ", more))))
        elif colon:
            value = _trimmed(self.document.text, end - len(rest), end)
            self.headers.append(Header(self.text(start, start + len(name)), self.text(*value)))
        elif line:
            raise Unreadable("a header has no colon", self.document.place(start))


def _words(text: str, start: int, end: int) -> list[tuple[int, int]]:
    return [word.span() for word in _WORD.finditer(text, start, end)]


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    value = text[start:end]
    first = start + len(value) - len(value.lstrip(" \t"))
    return first, max(first, start + len(value.rstrip(" \t")))


def _request(message: _Message, lengths: list[Length]) -> Request:
    headers = tuple(message.headers)
    if len(message.start_line) < 2:
        raise Unreadable("the line of the request is missing", message.document.place(message.body))
    method, target = message.start_line[:2]
    host = next((value for name, value in headers if name.lower() == "host"), None)
    url = Joined(("//", host, target)) if host and target.startswith("/") else target
    return Request(method, url, headers, _body(message, lengths))


def _response(message: _Message, lengths: list[Length], method: str) -> Response:
    code = message.start_line[1] if len(message.start_line) > 1 else ""
    known = isinstance(code, Text) and code.isascii() and code.isdigit()
    status = Integer.at(int(code), code) if isinstance(code, Text) and known else None
    if status is None:
        raise Unreadable("the status of the response is missing", message.document.place(message.body))
    bodiless = method == "HEAD" or status in _NO_BODY
    return Response(status, tuple(message.headers), Body() if bodiless else _body(message, lengths))


class _Chunk(NamedTuple):
    size: tuple[int, int]  # where it stands
    start: int
    end: int
    behind: int  # the line break that follows


def _body(message: _Message, lengths: list[Length]) -> Body:
    """What follows the headers: its chunks, or what Content-Length counts; all of it where neither fits."""
    text, start, end = message.document.text, message.body, message.end
    pieces = [(start, end)]
    chunks = _chunks(text, start, end) if _is_chunked(message) else None
    claim = next((value for name, value in message.headers if name.lower() == "content-length"), None)
    if chunks is not None:
        pieces = [(chunk.start, chunk.end) for chunk in chunks]
        lengths += (Length(*chunk.size, chunk.start, chunk.end, 16, chunk.behind) for chunk in chunks)
    elif isinstance(claim, Text) and claim.isascii() and claim.isdigit():
        claimed = _behind(text, start, int(claim))
        if claimed is not None and claimed <= end:
            pieces = [(start, claimed)]
            lengths.append(Length(claim.start, claim.end, start, claimed))
    texts = [message.text(*piece, Style.VERBATIM) for piece in pieces if piece[0] < piece[1]]
    if any(_RAW.search(text) for text in texts):
        return Body(data=_bytes("".join(texts)))
    return Body(texts[0] if len(texts) == 1 else Joined(texts)) if texts else Body()


def _is_chunked(message: _Message) -> bool:
    codings = joined_values(tuple(message.headers), "transfer-encoding")
    return codings.rpartition(",")[2].strip().lower() == "chunked"


def _chunks(text: str, start: int, end: int) -> list[_Chunk] | None:
    """RFC 9112, 7.1: the chunks before the last, empty one; None where they are broken off."""
    found: list[_Chunk] = []
    while size := _CHUNK.match(text, start, end):
        count = int(size[1], 16)
        if not count:
            return found
        behind = _behind(text, size.end(), count)
        if behind is None or behind > end:
            return None
        mark = _LINE.match(text, behind, end)
        start = mark.end() if mark and not mark[1] else end
        found.append(_Chunk(size.span(1), size.end(), behind, start))
    return None

"""Forms as objects: the fields of a multipart or URL-encoded body; files by name, type and size.

A field whose name repeats has a list of values. Recorders that keep a body as text may have changed
its line ends, and some lose its binary characters, so a boundary is looked for on any line and a size
is that of what stands there. RFC 7578, RFC 2046 5.1; https://url.spec.whatwg.org/#application/x-www-form-urlencoded
"""

import re
from urllib.parse import unquote_plus

from cassette_cli.source.style import Style
from cassette_cli.source.text import Joined, Text
from cassette_cli.source.tree import Json

_BOUNDARY = re.compile(r'boundary="?([^";,\s]+)', re.IGNORECASE)
_FIRST_LINE = re.compile(r"\s*--([^\r\n]+?)[ \t]*\r?\n")
_GAP = re.compile(r"\r?\n\r?\n")
_PAIR = re.compile(r"([^&=]*)(=?)([^&]*)")


def form_fields(text: str) -> dict[str, Json]:
    """The fields of a URL-encoded form."""
    fields: dict[str, Json] = {}
    for match in _PAIR.finditer(text):
        if match[0]:
            value = unquote_plus(match[3], errors="surrogateescape")
            if isinstance(text, Text | Joined):
                value = Text(value, text, *match.span(3), Style.FORM)
            _add(fields, unquote_plus(match[1]), value)
    return fields


def multipart_fields(body: str | bytes, content_type: str) -> tuple[dict[str, Json], bool]:
    """The fields of a multipart form, and whether it goes on to its end."""
    text = body if isinstance(body, str) else body.decode("latin-1")
    found = (match[1] for match in (_BOUNDARY.search(content_type), _FIRST_LINE.match(text)) if match)
    mark = next((mark for mark in found if f"--{mark}" in text), None)
    if mark is None:
        return {}, False
    fields: dict[str, Json] = {}
    start, ended = -1, False
    for match in re.finditer(rf"(?:\A|\r?\n)--{re.escape(mark)}(--)?[ \t]*(?=\r?\n|\Z)", text):
        if start >= 0:
            _add_part(fields, body, text, start, match.start())
        start, ended = match.end(), bool(match[1])
    if start >= 0 and not ended:
        _add_part(fields, body, text, start, len(text))
    return fields, ended


def _add_part(fields: dict[str, Json], body: str | bytes, text: str, start: int, end: int) -> None:
    """Adds the part start..end, whose headers end at the first blank line."""
    gap = _GAP.search(text, start, end)
    head = _words(body[start : gap.start() if gap else end])
    name = _parameter(head, "name")
    if name is None:
        return
    at = gap.end() if gap else end
    filename = _parameter(head, "filename")
    if filename is None:
        _add(fields, name, _value(body, at, end))
        return
    kind = re.search(r"^content-type:[ \t]*([^;\s]+)", head, re.IGNORECASE | re.MULTILINE)
    data = body[at:end]
    size = len(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)
    _add(fields, name, {"filename": filename, "media_type": kind[1] if kind else None, "size": size})


def _value(body: str | bytes, start: int, end: int) -> str:
    if isinstance(body, Text | Joined):
        return Text(body[start:end], body, start, end, Style.LINE)
    return _words(body[start:end])


def _words(piece: str | bytes) -> str:
    return piece if isinstance(piece, str) else piece.decode("utf-8", "replace")


def _parameter(head: str, name: str) -> str | None:
    """A parameter of the part's Content-Disposition."""
    line = re.search(r"^content-disposition:[^\r\n]*", head, re.IGNORECASE | re.MULTILINE)
    match = re.search(rf';[ \t]*{name}=(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', line[0]) if line else None
    return (match[1] if match[1] is not None else match[2]) if match else None


def _add(fields: dict[str, Json], name: str, value: Json) -> None:
    if name not in fields:
        fields[name] = value
        return
    known = fields[name]
    fields[name] = [*known, value] if isinstance(known, list) else [known, value]

"""The line of a file that a finding is about, with the place marked: what a compiler prints below an error.

A line can be a whole cassette long, so only the neighbourhood of the place is kept. What must not be seen
is masked before anything is cut. This module must not know what is found, nor why something is hidden.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from cassette_cli.report import words
from cassette_cli.report.terminal import Screen, Span, width_of
from cassette_cli.report.veil import Veil
from cassette_cli.source.document import Document

_AROUND = 240  # characters kept on either side of the place
_LONGEST = 120  # characters marked at most


class Excerpt(NamedTuple):
    """One line around a place, ready to be shown."""

    line: int
    before: str
    marked: str
    after: str


def excerpt(document: Document, start: tuple[int, int], end: tuple[int, int], veil: Veil) -> Excerpt:
    """What stands around a place that is given by lines and columns, under a veil."""
    number, first = start
    begin, length = document.offset(number, 1), len(document.line(number))
    from_ = min(first - 1, length)
    to = max(min(end[1] - 1, length) if end[0] == number else length, from_)
    first_veil = veil.around(begin + from_)
    if first_veil:  # a mask is marked as a whole, or it would be drawn twice
        from_ = max(first_veil[0] - begin, 0)
        to = to if end[0] == number else from_ + 1  # it goes on elsewhere
    right = min(to, from_ + _LONGEST)
    if last_veil := veil.around(begin + max(right - 1, from_)):
        right = min(last_veil[1] - begin, length)
    left = max(from_ - _AROUND, 0)
    parts = ((left, from_), (from_, right), (right, min(right + _AROUND, length)))
    before, marked, after = (words.one_line(veil.over(begin + one, begin + two)) for one, two in parts)
    return Excerpt(number, f"…{before}" if left else before, marked, after)


_NAMED = re.compile(
    r"(?:authorization|cookie|(?:api|access|private|secret)[_-]?key|token(?!s)|secret|passw(?:or)?d|pwd|credential"
    r"|signature|session)[\w-]{0,20}[\"'\\\]]*\s*[:=][\s\[]*(?:\\*[\"'](?P<quoted>[^\"'\\]+)|(?P<plain>[^\"'\\\r\n,}&]+))",
    re.IGNORECASE,
)
_OPAQUE = re.compile(r"(?<![A-Za-z0-9+/_=-])(?=[A-Za-z+/_=-]*\d)(?=[\d+/_=-]*[A-Za-z])[A-Za-z0-9+/_=-]{12,}")


def doubtful(document: Document, line: int, *, opaque: bool) -> list[tuple[int, int]]:
    """What may be secret in a line that could not be read, so that no rule can tell.

    That is the value behind a word that says secret, and if nothing of the file could be read, whatever
    looks `opaque`.
    """
    begin, text = document.offset(line, 1), document.line(line)
    spans = [match.span(match.lastgroup or 0) for match in _NAMED.finditer(text)]
    spans += [match.span() for match in _OPAQUE.finditer(text)] if opaque else []
    return [(begin + start, begin + end) for start, end in spans]


_LEAST = 24  # columns that an excerpt has at least


def write(screen: Screen, shown: Excerpt, note: str, style: str) -> None:
    """The line with its number, and the mark below it with a note."""
    number = f"{shown.line:>5} | "
    room = max((screen.width or 100) - len(number), _LEAST)
    before, marked, after = _fitted(shown, room)
    screen.line(Span(number, "dim"), before, Span(marked, style), after)
    beside = room - width_of(before) - len(note) - 1
    aside = f" {note}" if note and beside > 0 else ""
    mark = "^" * max(min(width_of(marked), beside if aside else room), 1)
    bar = Span("| ".rjust(len(number)), "dim")
    screen.line(bar, " " * width_of(before), Span(mark + aside, style))


def _fitted(shown: Excerpt, room: int) -> tuple[str, str, str]:
    """The three parts cut to so many columns, with the mark well inside."""
    before, marked, after = shown.before, shown.marked, shown.after
    indent = len(before) - len(before.lstrip(" "))
    if indent > 4 and width_of(before) + width_of(marked) + width_of(after) > room:
        before = before[indent - 4 :]
    if width_of(marked) > room - 4:
        marked, after = _cut(marked, room - 4), ""
    lead = max((room - width_of(marked)) * 2 // 3, 0)
    if width_of(before) + max(width_of(marked), 1) + min(width_of(after), room // 3) > room:
        before = _cut_left(before, lead)
    return before, marked, _cut(after, room - width_of(before) - width_of(marked))


def _cut(text: str, room: int) -> str:
    if width_of(text) <= room:
        return text
    kept = list(_taken(text, room - 1))
    return "".join(kept) + "…" if room > 0 else ""


def _cut_left(text: str, room: int) -> str:
    if width_of(text) <= room:
        return text
    kept = list(_taken(text[::-1], room - 1))
    return "…" + "".join(reversed(kept)) if room > 0 else ""


def _taken(text: str, room: int) -> Iterator[str]:
    """The characters of a text that fit into so many columns."""
    for char in text:
        room -= width_of(char)
        if room < 0:
            return
        yield char

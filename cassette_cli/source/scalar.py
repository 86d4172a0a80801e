"""How a string is written: decode it, and remember where each character came from.

`decode` gives the value and its *atoms*: the places where the value and its source differ (an
escape, a folded line, an indentation). Between two atoms the characters stand one for one, so a
value of a megabyte with three escapes has three atoms.

The YAML rules follow libyaml's scanner (YAML 1.1: U+0085, U+2028 and U+2029 are line breaks).
This module knows strings only: no files, no trees.
"""

import re
from bisect import bisect_right
from typing import NamedTuple
from urllib.parse import unquote

from cassette_cli.source.style import BLOCKS, Style

_QUOTED = (Style.SINGLE, Style.DOUBLE, Style.JSON)


class Atom(NamedTuple):
    """The decoded characters at..to are written as the source characters start..end."""

    at: int
    to: int
    start: int
    end: int


class Decoded(NamedTuple):
    """A value, the source offset of its first character, and where the two differ."""

    value: str
    first: int
    atoms: list[Atom]

    def start_of(self, offset: int) -> int:
        """The source offset at which the character `offset` begins (an atom's, if inside one)."""
        index = bisect_right(self.atoms, offset, key=_at) - 1
        if index < 0:
            return self.first + offset
        atom = self.atoms[index]
        return atom.start if offset < atom.to else atom.end + offset - atom.to

    def end_of(self, offset: int) -> int:
        """The source offset just behind the character `offset` - 1 (an atom's, if inside one)."""
        index = bisect_right(self.atoms, offset - 1, key=_at) - 1
        if index < 0:
            return self.first + offset
        atom = self.atoms[index]
        return atom.end if offset <= atom.to else atom.end + offset - atom.to


def _at(atom: Atom) -> int:
    return atom.at


BREAKS = "\r\n\x85\u2028\u2029"
BREAK = rf"(?:\r\n|[{BREAKS}])"
_FOLD = rf"[ \t]*+(?:{BREAK}[ \t]*+)++|[ \t]{{2,}}"  # the last part only keeps long runs of blanks linear
_MARKS = {
    Style.PLAIN: re.compile(_FOLD),
    Style.SINGLE: re.compile(rf"''|{_FOLD}"),
    Style.DOUBLE: re.compile(
        r"\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}"
        rf"|{BREAK}[ \t]*+(?:{BREAK}[ \t]*+)*+|.)|{_FOLD}",
        re.DOTALL,
    ),
    Style.JSON: re.compile(
        r"\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u[\da-fA-F]{4}|.)", re.DOTALL
    ),
    Style.SSE: re.compile(
        r"(?:\r\n|\r|\n)(?:(?!data(?:[:\r\n]|\Z))[^\r\n]*(?:\r\n|\r|\n))*data(?:: ?|(?=[\r\n])|\Z)"
    ),
    Style.PERCENT: re.compile(r"(?:%[\da-fA-F]{2})+"),
    Style.FORM: re.compile(r"(?:%[\da-fA-F]{2})+|\+"),
    Style.UTF8: re.compile(r"[\x80-\xff]+"),
}
_BREAKS = re.compile(BREAK)
_LINE = re.compile(rf"([^{BREAKS}]*)({BREAK}|\Z)")
HEADER = re.compile(
    rf"[|>](?P<signs>[+-]?\d?|\d[+-])(?P<comment>[ \t]*#[^{BREAKS}]*)?[ \t]*(?P<end>{BREAK}|\Z)"
)
_YAML_NAMES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f",
    "r": "\r", "e": "\x1b", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_JSON_NAMES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def decode(style: Style, source: str, indent: int = 0) -> Decoded:
    """The value that `source` (quotes or block header included) stands for.

    `indent` is that of a block scalar's lines (see `block_indent`); other styles have none.
    """
    if style in BLOCKS:
        return _decode_block(style, source, indent)
    quotes = 1 if style in _QUOTED else 0
    out: list[str] = []
    atoms: list[Atom] = []
    position, length, end = quotes, 0, len(source) - quotes
    for match in _MARKS[style].finditer(source, quotes, end) if style in _MARKS else ():
        value = _decode_mark(style, match[0])
        if value is None:
            continue
        length += match.start() - position
        out += source[position : match.start()], value
        atoms.append(Atom(length, length + len(value), *match.span()))
        length += len(value)
        position = match.end()
    out.append(source[position:end])
    return Decoded("".join(out), quotes, atoms)


def _decode_mark(style: Style, mark: str) -> str | None:
    """What an escape or a fold stands for; None for blanks that stand for themselves."""
    if style is Style.SSE:
        return "\n"
    if style is Style.UTF8:
        return mark.encode("latin-1").decode("utf-8", "replace")
    if style in (Style.PERCENT, Style.FORM):
        return " " if mark == "+" else unquote(mark, errors="surrogateescape")
    if mark == "''":
        return "'"
    if mark[0] != "\\":
        breaks = _BREAKS.findall(mark)
        return _fold(breaks) if breaks else None
    if style is Style.JSON:
        if mark[1] != "u":
            return _JSON_NAMES.get(mark[1], mark[1])
        units = b"".join(int(unit, 16).to_bytes(2, "big") for unit in mark[2:].split("\\u"))
        return units.decode("utf-16-be", "surrogatepass")
    if mark[1] in "xuU" and len(mark) > 2:
        return chr(int(mark[2:], 16))
    if mark[1] in BREAKS:
        return "".join(map(_break, _BREAKS.findall(mark)[1:]))
    return _YAML_NAMES.get(mark[1], mark[1])


def _break(mark: str) -> str:
    return mark if mark in "\u2028\u2029" else "\n"


def _fold(breaks: list[str]) -> str:
    """A run of line breaks between two lines: one is a blank, n are n - 1 breaks."""
    first, rest = _break(breaks[0]), "".join(map(_break, breaks[1:]))
    return (rest or " ") if first == "\n" else first + rest


def has_explicit_indent(source: str) -> bool:
    header = HEADER.match(source)
    return header is not None and header["signs"].strip("+-") != ""


def block_indent(source: str, value: str | None = None) -> int:
    """The indentation of a block scalar's lines, in columns.

    With an explicit indicator it depends on the parent, so it is told from the known `value`.
    """
    header = HEADER.match(source)
    lines = [match[1] for match in _LINE.finditer(source, header.end() if header else len(source))]
    if value is not None and has_explicit_indent(source):
        for line, decoded in zip(lines, re.split("[\n\u2028\u2029]", value), strict=False):
            if decoded:
                return _blanks(line) - _blanks(decoded)
        return max(map(len, lines), default=1)
    widest = 1
    for line in lines:
        widest = max(widest, _blanks(line))
        if _blanks(line) < len(line):
            break
    return widest


def is_deep_enough(source: str, indent: int) -> bool:
    """Whether no line of a block scalar that has content begins left of its indentation."""
    header = HEADER.match(source)
    lines = (match[1] for match in _LINE.finditer(source, header.end() if header else 0))
    return all(_blanks(line) >= indent or not line.strip(" ") for line in lines)


def _blanks(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


class _Line(NamedTuple):
    start: int  # of its content, behind the indentation
    end: int
    mark: str  # its line break


def _decode_block(style: Style, source: str, indent: int) -> Decoded:
    header = HEADER.match(source)
    lines = _block_lines(source, header.end() if header else len(source), indent)
    signs = header["signs"] if header else ""
    last = max((i for i, line in enumerate(lines) if line.start < line.end), default=-1)
    out: list[str] = []
    atoms: list[Atom] = []
    length, begun, folding = 0, False, -1

    def add(value: str, start: int, end: int) -> None:
        nonlocal length
        out.append(value)
        atoms.append(Atom(length, length + len(value), start, end))
        length += len(value)

    for i, (start, end, mark) in enumerate(lines):
        if start < end:
            if folding >= 0:
                add(_fold_block(source, lines[folding : i + 1]), lines[folding].end, start)
                folding = -1
            out.append(source[start:end])
            length += end - start
            begun = True
        kept = i < last or "+" in signs or ("-" not in signs and i == last >= 0)
        if style is Style.FOLDED and begun and i < last:
            folding = i if folding < 0 else folding
        elif kept and mark:
            behind = lines[i + 1].start if i + 1 < len(lines) else end + len(mark)
            add(_break(mark), end, behind)
    return Decoded("".join(out), lines[0].start if lines else len(source), atoms)


def _block_lines(source: str, position: int, indent: int) -> list[_Line]:
    return [
        _Line(match.start() + min(_blanks(match[1]), indent), match.end(1), match[2])
        for match in _LINE.finditer(source, position)
        if match[0]
    ]


def _fold_block(source: str, lines: list[_Line]) -> str:
    """What the breaks from one content line to the next stand for in a folded scalar."""
    breaks = [_break(line.mark) for line in lines[:-1]]
    more_indented = source[lines[0].start] in " \t" or source[lines[-1].start] in " \t"
    return "".join(breaks) if more_indented or breaks[0] != "\n" else "".join(breaks[1:]) or " "

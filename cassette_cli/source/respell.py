"""Write a part of a string anew, in the way in which the string is written.

`respell` turns changes of a value into the smallest changes of its source that read back as
intended, and tries wider ones when the small ones don't: it checks by decoding, it does not hope.
From narrow to wide: the characters asked for; those and the folds beside them; the whole scalar in
its own style; the whole scalar in quotes. Knows strings only: no files, no trees.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote, quote_plus

from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.scalar import (
    BREAKS,
    HEADER,
    Decoded,
    block_indent,
    decode,
    has_explicit_indent,
    is_deep_enough,
)
from cassette_cli.source.style import BLOCKS, Style


def respell(style: Style, source: str, changes: Sequence[Edit], indent: int = 0) -> list[Edit] | None:
    """Changes of `source` after which it reads as the value with `changes`; None if it cannot.

    `changes` are sorted and do not overlap.
    """
    if style is Style.FIXED:
        return None
    decoded = decode(style, source, indent)
    scalar = _Scalar(style, source, indent, decoded, splice(decoded.value, changes))
    if scalar.wanted == decoded.value:
        return []
    for guard, widen in ((False, False), (True, False), (False, True)):
        parts = _spell_parts(scalar, changes, guard=guard, widen=widen)
        if parts is not None and _reads_back(scalar, style, splice(source, parts)):
            return parts
    for other in _WHOLE.get(style, ()):
        whole = _spell_whole(scalar, other, changes)
        if whole is not None and _reads_back(scalar, other, whole):
            return [Edit(0, len(source), whole)]
    return None


_WHOLE = {
    Style.PLAIN: (Style.SINGLE, Style.DOUBLE),
    Style.SINGLE: (Style.DOUBLE,),
    Style.DOUBLE: (Style.DOUBLE,),
    Style.LITERAL: (Style.LITERAL, Style.DOUBLE),
    Style.FOLDED: (Style.LITERAL, Style.DOUBLE),
}


class _Scalar(NamedTuple):
    style: Style
    source: str
    indent: int
    decoded: Decoded
    wanted: str

    @property
    def newline(self) -> str:
        return "\r\n" if "\r\n" in self.source else "\n"


# -- checking --------------------------------------------------------------------------------------

_PRINTABLE = (
    re.compile(  # what libyaml's reader lets through, less the line breaks that it would read as such
        r"[\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*\Z"
    )
)
_NO_STRING = re.compile(  # what a YAML 1.1 or 1.2 reader takes for something other than a string
    r"(?:|~|null|true|false|yes|no|on|off|y|n|<<|=|[-+]?\.(?:inf|nan)|[-+]?[\d.][\d_,.:]*(?:e[-+]?\d+)?"
    r"|[-+]?0[xob][\da-f_]+|\d{4}-\d\d?-\d\d?.*|:.+)\Z",
    re.IGNORECASE,
)
_NEVER_STRING = re.compile(  # what all of them do
    r"(?:|~|null|true|false|yes|no|on|off|[-+]?(?:0|[1-9]\d*)(?:\.\d+)?"
    r"|\d{4}-\d\d-\d\d(?:[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[-+]\d\d:\d\d))?)\Z",
    re.IGNORECASE,
)
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?")
_NO_PLAIN = re.compile(
    r"\A[\s,\[\]{}#&*!|>'\"%@`]|\A[-?:](?:\s|\Z)|:(?:\s|\Z)|\s#|\s\Z|\A(?:---|\.\.\.)|\A\Z"
)
_ONLY_IN_BLOCK = (  # what ends a plain scalar in flow context, for all parsers or (: and ?) for some
    re.compile(r"[,\[\]{}]"),
    re.compile(r"[,\[\]{}:?]"),
    re.compile(r"\t"),
)
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)


def _reads_back(scalar: _Scalar, style: Style, source: str) -> bool:
    """Whether `source`, in `style`, stands for the wanted value wherever the old source stood."""
    wanted = scalar.wanted
    if scalar.style in BLOCKS:
        if (scalar.source[-1:] in BREAKS) != (source[-1:] in BREAKS):
            return False
        if style in BLOCKS and not scalar.decoded.value.strip("\n\u2028\u2029"):
            return False  # no line of it tells how deep the parser wants the new ones
        if style in BLOCKS and not is_deep_enough(source, scalar.indent):
            return False
        if style in BLOCKS and not has_explicit_indent(source):
            first = wanted.lstrip("\n")[:1]
            if first in " \t" or block_indent(source) != scalar.indent:
                return False  # the first line would be taken for deeper indentation
        if style not in BLOCKS and (quoted := _QUOTED.match(source)):
            source = quoted[0]  # without the header's comment and the line break
    if style is Style.PLAIN and not _stays_plain(scalar.decoded.value, wanted):
        return False
    return decode(style, source, scalar.indent).value == wanted


def _stays_plain(before: str, after: str) -> bool:
    """Whether a changed plain scalar is still one, of the same kind, with no indicator the old one lacked."""
    if _NO_STRING.match(after) and not _NEVER_STRING.match(before):
        return False
    if _DATE.match(before) and _NO_STRING.match(after) and not _DATE.match(after):
        return False  # a date is a string to those who do not know dates
    if any(mark.search(after) and not mark.search(before) for mark in _ONLY_IN_BLOCK):
        return False
    return not _NO_PLAIN.search(after) and bool(_PRINTABLE.match(after))


# -- writing ---------------------------------------------------------------------------------------


def _spell_parts(scalar: _Scalar, changes: Sequence[Edit], *, guard: bool, widen: bool) -> list[Edit] | None:
    decoded, parts, done = scalar.decoded, list[Edit](), -1
    for change in changes:
        low, high = _whole_atoms(decoded, change, widen=widen)
        if low < done:
            return None
        done = high
        text = decoded.value[low : change.start] + change.text + decoded.value[change.end : high]
        first = decoded.start_of(low)
        last = first if low == high else decoded.end_of(high)
        if scalar.style is Style.SSE and _hides_fields(scalar.source[first:last]):
            return None
        part = _encode(scalar, text, last)
        if part is None:
            return None
        if scalar.style in BLOCKS:
            part = _missing_indent(scalar, part, first, last) + part
        if guard:  # a blank that touches a line break in double quotes must be escaped
            part = re.sub(r"\A | \Z", r"\\ ", part) if scalar.style is Style.DOUBLE else part
        parts.append(Edit(first, last, part))
    return parts


def _missing_indent(scalar: _Scalar, part: str, first: int, last: int) -> str:
    """The blanks that an empty line lacks, which holds text once first..last is replaced by `part`."""
    line = scalar.source.rfind("\n", 0, first) + 1
    column = first - max(line, *(scalar.source.rfind(mark, line, first) + 1 for mark in BREAKS))
    filled = (part or scalar.source[last:])[:1] not in ("", *BREAKS)
    return " " * (scalar.indent - column) if filled else ""


def _whole_atoms(decoded: Decoded, change: Edit, *, widen: bool) -> tuple[int, int]:
    """The range grown so that it cuts no atom in two; widened, so that it takes in its neighbours."""
    start, end, atoms = change.start, change.end, decoded.atoms
    low = bisect_right(atoms, start, key=lambda atom: atom.at) - 1
    if low >= 0 and start < atoms[low].to + widen:
        start = atoms[low].at
    high = bisect_right(atoms, end - (not widen), key=lambda atom: atom.at) - 1
    if high >= 0 and end < atoms[high].to and atoms[high].at < end + widen:
        end = atoms[high].to
    return start, max(start, end)


def _hides_fields(source: str) -> bool:
    """Whether a range over an event's data lines holds other fields or comments, which must stay."""
    return any(not line.startswith("data:") for line in re.split(r"\r\n|\r|\n", source)[1:])


def _encode(scalar: _Scalar, text: str, behind: int) -> str | None:
    """`text` as written in this scalar, just before its source offset `behind`; None where it cannot be."""
    match scalar.style:
        case Style.JSON:
            return _encode_json(text, ascii_only=scalar.source.isascii())
        case Style.JSON_WORD:
            return text if _JSON_WORD.fullmatch(scalar.wanted) else None
        case Style.VERBATIM:
            return None if _SURROGATE.search(text) else text
        case Style.LINE:
            return None if "\n" in text or "\r" in text else text
        case Style.SSE:
            mark = _SSE_BREAK.search(scalar.source)
            return None if "\r" in text else text.replace("\n", mark[0] if mark else "\ndata: ")
        case Style.PERCENT:
            return quote(text, safe="", errors="surrogateescape")
        case Style.FORM:
            return quote_plus(text, errors="surrogateescape")
        case Style.UTF8:
            return None if _SURROGATE.search(text) else text.encode().decode("latin-1")
        case Style.DOUBLE:
            return _DOUBLE_ESCAPED.sub(_escape_double, text)
    if not _PRINTABLE.match(text):
        return None
    if scalar.style is Style.LITERAL:
        newline, indent = scalar.newline, " " * scalar.indent
        lines = [indent + line if line else "" for line in text.split("\n")[1:]]
        if lines and not lines[-1] and scalar.source[behind : behind + 1] not in ("", *BREAKS):
            lines[-1] = indent
        return newline.join([text.partition("\n")[0], *lines])
    if "\n" in text:
        return None
    return text.replace("'", "''") if scalar.style is Style.SINGLE else text


_JSON_WORD = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null", re.ASCII)
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_SSE_BREAK = re.compile(r"(?:\r\n|\r|\n)data: ?")
_DOUBLE_ESCAPED = re.compile(r'[\\"\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]')
_DOUBLE_NAMES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}


def _escape_double(match: re.Match[str]) -> str:
    char = match[0]
    return _DOUBLE_NAMES.get(char) or (f"\\x{ord(char):02x}" if char < "\x80" else f"\\u{ord(char):04x}")


def _encode_json(text: str, *, ascii_only: bool) -> str:
    spelt = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
    return re.sub(r"[\ud800-\udfff]", lambda match: f"\\u{ord(match[0]):04x}", spelt)


def _spell_whole(scalar: _Scalar, style: Style, changes: Sequence[Edit]) -> str | None:
    """The scalar written anew, with the lines of a plain one and what trails a block as they were."""
    wanted, source = scalar.wanted, scalar.source
    tail = source[len(source.rstrip(f" {BREAKS}")) :] if scalar.style in BLOCKS else ""
    if style is Style.DOUBLE:
        header = HEADER.match(source) if scalar.style in BLOCKS else None
        comment = f" {header['comment'].lstrip()}" if header and header["comment"] else ""
        return f'"{_DOUBLE_ESCAPED.sub(_escape_double, wanted)}"{comment}{tail.lstrip(" ")}'
    if style is Style.SINGLE:
        parts = _spell_parts(scalar, changes, guard=False, widen=False)
        if parts is None or not _PRINTABLE.match(wanted):
            return None
        return "'" + splice(source, parts).replace("'", "''") + "'"
    return _spell_literal(scalar, tail)


def _spell_literal(scalar: _Scalar, tail: str) -> str | None:
    body = scalar.wanted.rstrip("\n")
    spelt = _encode(scalar._replace(style=Style.LITERAL), body, len(scalar.source))
    header = HEADER.match(scalar.source)
    if spelt is None or header is None or not body:
        return None
    extra = len(scalar.wanted) - len(body)
    signs = ("-", "", "+")[min(extra, 2)] + header["signs"].strip("+-")
    tail = scalar.newline * extra if extra > 1 else tail
    return f"|{signs}{header['comment'] or ''}{scalar.newline}{' ' * scalar.indent}{spelt}{tail}"

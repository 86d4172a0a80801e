"""The readable form of an interaction: a text to change in an editor, and what was changed read back from it.

A section for each slot: its head, its value as it reads, and an empty line. A text stands there with no
escaping; only one that holds characters that editors lose or hide (a carriage return, a control character,
half a surrogate pair) has backslash escapes, and its head says so. What is no text is JSON, laid out.
No line of a text is ever taken for a head: the mark that begins heads is one that no text has.

What must not be seen or is not worth it has a stand-in (`cover`): where that is left, the value stays. This
module must not know how a change is made, nor where the text lies while it is edited.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from itertools import pairwise

from cassette_cli.cover import Cover, masked
from cassette_cli.edit import Slot
from cassette_cli.errors import BadRequest
from cassette_cli.source.tree import Json

LONGEST = 200_000  # characters of a value that can be edited so


class Misread(BadRequest):
    """A text that is not the form any more; `line` counts from the top of the text, from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


class Form:
    """The slots of an interaction as a text, and the way back."""

    def __init__(
        self, title: str, slots: Iterable[Slot], roles: Sequence[str] = (), *, reveal: bool = False
    ) -> None:
        """`title` says what is edited, `roles` whose the messages are; `reveal` shows credentials."""
        self._title = title
        self._left_out: list[str] = []
        self._sections: list[_Section] = []
        self._known: dict[str, _Section] = {}  # by their heads, and by those without the notes
        for slot in slots:
            section = _section(slot, roles, reveal=reveal)
            if len(section.source) > LONGEST:
                self._left_out.append(f"{section.name}, {len(section.source):,} characters")
                continue
            while self._known.keys() & {section.name, section.head}:
                section.name += "'"
            self._sections.append(section)
            self._known |= {section.name: section, section.head: section}
        self._mark = self._free_mark()

    def _free_mark(self) -> str:
        """What heads begin with, and no line of a value."""
        width = 2
        sources = [f"\n{section.source}" for section in self._sections]
        while any(f"\n# {'=' * width}>" in source for source in sources):
            width += 1
        return f"# {'=' * width}> "

    @property
    def is_empty(self) -> bool:
        return not self._sections

    @property
    def text(self) -> str:
        """The form as it is first opened."""
        return self._preamble() + self._body()

    def _body(self) -> str:
        lines: list[str] = []
        for section in self._sections:
            source = [section.source] if section.source else []
            lines += [f"{self._mark}{section.head}", *source, ""]
        return "\n".join([*lines, f"{self._mark}{_END}", _comment(self._help()), ""])

    def _preamble(self, problem: str | None = None) -> str:
        told = [f"NOT WRITTEN: {problem}", _MEND, ""] if problem else []
        return _comment([*told, self._title, *_INTRODUCTION]) + "\n\n"

    def _help(self) -> list[str]:
        kinds = {section.kind for section in self._sections}
        hidden = any(section.hidden for section in self._sections)
        return [
            *[f"Too long to be edited here, use `cassette set`: {one}" for one in self._left_out],
            *[_KINDS[kind] for kind in _KINDS if kind in kinds],
            *([_STAND_INS] if hidden else []),
            *_MANUAL,
        ]

    # -- the way back ----------------------------------------------------------------------------------

    def read(self, text: str) -> dict[str, str]:
        """What was changed, by its `where`: a text as it is to read, anything else as JSON.

        Raises Misread where the text cannot be read.
        """
        return {
            section.slot.where: value
            for section, value in self._values(text)
            if not _is_same(section.slot, value)
        }

    def _values(self, text: str) -> "Iterator[tuple[_Section, str]]":
        text = text.replace("\r\n", "\n")  # an editor's doing: the form has none
        is_trimmed = _trimmed(text) == text  # perhaps one's doing, too: then blanks that are gone say nothing
        for section, line, source in self._found(text):
            untouched = is_trimmed and source == _trimmed(section.source)
            yield section, section.read(section.source if untouched else source, line)

    def _found(self, text: str) -> "list[tuple[_Section, int, str]]":
        """The sections of a text, each with the line behind its head; raises unless all are there once."""
        lines = text.split("\n")
        heads = [number for number, line in enumerate(lines) if line.startswith(self._mark.rstrip(" "))]
        last = heads[-1] if heads else len(lines) - 1
        if not heads or self._named(lines[last]) != _END:
            told = f"the end is missing: put `{self._mark}{_END}` back below the last section"
            raise Misread(last + 1, told)
        _reject_text(lines[: heads[0]], 1, "stands above the first head")
        _reject_text(lines[last + 1 :], last + 2, "stands below the end")
        found: dict[str, tuple[_Section, int, str]] = {}
        for start, end in pairwise(heads):
            named = self._named(lines[start])
            section = self._known.get(named)
            if section is None:
                told = _plain(named) or "without a name"
                raise Misread(start + 1, f"there is no section {told}: {_ONE_HEAD}")
            if section.name in found:
                raise Misread(start + 1, f"{section.name} is there twice: {_ONE_HEAD}")
            source = lines[start + 1 : end]
            source = source[:-1] if source[-1:] == [""] else source
            found[section.name] = section, start + 2, "\n".join(source)
        if missing := [one.name for one in self._sections if one.name not in found]:
            raise Misread(last + 1, f"the section {missing[0]} is missing: put its head back ({_STAYS})")
        return list(found.values())

    def _named(self, line: str) -> str:
        return line[len(self._mark.rstrip(" ")) :].strip(" \t")

    def again(self, text: str, problem: BadRequest) -> str:
        """The same text with what is wrong with it on top, where its lines stand now."""
        comment = _PREAMBLE.match(text)
        body = text[comment.end() :] if comment else text
        gone = text[: len(text) - len(body)].count("\n")
        message = problem.message
        if isinstance(problem, Misread):
            line = problem.line - gone + self._preamble(message).count("\n")
            message = f"line {line}: {message}"
        return self._preamble(message) + body


def _trimmed(text: str) -> str:
    """The text without blanks at the ends of its lines."""
    return "\n".join(line.rstrip(" \t") for line in text.split("\n"))


def _reject_text(lines: list[str], number: int, where: str) -> None:
    """Raise Misread where there is more than a comment: what someone typed is not to be lost."""
    text = "\n".join(lines)
    rest = re.sub(r"<!--.*?-->", lambda match: "\n" * match[0].count("\n"), text, flags=re.DOTALL)
    if rest.strip():
        above = rest[: len(rest) - len(rest.lstrip())].count("\n")
        raise Misread(number + above, f"this {where}, so it belongs to no section: move it, or take it out")


# -- one section ---------------------------------------------------------------------------------------


class _Kind(StrEnum):
    """How a value stands in its section."""

    TEXT = ""
    ESCAPED = "escapes"
    JSON = "JSON"


@dataclass(slots=True)
class _Section:
    slot: Slot
    name: str  # its `where` as it can stand in a head
    kind: _Kind
    source: str  # the lines below the head
    hidden: dict[str, str]  # what the stand-ins stand for
    role: str = ""  # of the message that it belongs to

    @property
    def head(self) -> str:
        notes = ", ".join(filter(None, (self.role, self.kind)))
        return f"{self.name}  ({notes})".strip(" ") if notes else self.name

    def read(self, source: str, line: int) -> str:
        """What these lines say, which begin on that line of the form: literal text, or JSON."""
        if self.kind is _Kind.ESCAPED:
            source = self._unescaped(source, line)
        elif self.kind is _Kind.JSON and source != self.source:  # what is there already need be none
            self._check_json(source, line)
        return self._uncovered(source)

    def _unescaped(self, source: str, line: int) -> str:
        def one(match: re.Match[str]) -> str:
            if match[1] is None:
                told = f"{self.name}: a single backslash: write \\\\ for one, \\r or \\u001b for others"
                raise Misread(line + source.count("\n", 0, match.start()), told)
            return _CHARACTERS.get(match[1]) or chr(int(match[1][1:], 16))

        return _ESCAPE.sub(one, source)

    def _check_json(self, source: str, line: int) -> None:
        try:
            json.loads(source, parse_constant=_no_constant)
        except json.JSONDecodeError as error:
            told = f"{self.name} is no JSON: {error.msg.lower()}, at column {error.colno}"
            raise Misread(line + error.lineno - 1, told) from None
        except (ValueError, RecursionError) as error:
            raise Misread(line, f"{self.name} is no JSON: {error}") from None

    def _uncovered(self, text: str) -> str:
        """The text with what its stand-ins stand for."""
        if not self.hidden:
            return text
        stand_ins = re.compile("|".join(map(re.escape, self.hidden)))
        is_json = self.kind is _Kind.JSON
        return stand_ins.sub(
            lambda match: json.dumps(self.hidden[match[0]])[1:-1] if is_json else self.hidden[match[0]], text
        )


def _section(slot: Slot, roles: Sequence[str], *, reveal: bool) -> _Section:
    cover = Cover(slot.value)
    shown = cover.over(slot.value, slot.value if reveal else masked(slot.where, slot.value))
    if not slot.is_text or not isinstance(shown, str):
        kind, source = _Kind.JSON, _laid_out(shown)
    elif _ODD.search(shown):
        kind, source = _Kind.ESCAPED, _escaped(shown.replace("\\", "\\\\"))
    else:
        kind, source = _Kind.TEXT, shown
    message = _MESSAGE.match(slot.where)
    number = int(message[1]) if message else len(roles)
    role = _plain(roles[number]).strip(" ") if number < len(roles) else ""
    return _Section(slot, _plain(slot.where).strip(" "), kind, source, cover.hidden, role)


_MESSAGE = re.compile(r"messages\[(\d+)\]")


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is none of its numbers")


def _is_same(slot: Slot, value: str) -> bool:
    """Whether this is what the slot holds already; 1, 1.0 and true are three values, and order counts."""
    if slot.is_text:
        return value == slot.value
    return json.dumps(json.loads(value)) == json.dumps(slot.value)


# -- characters ----------------------------------------------------------------------------------------

# What editors do not keep as it is, or hide: control characters but tab and line feed, separators of lines
# that only some know, marks and overrides of direction, byte order marks, halves of surrogate pairs.
_ODD = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_ESCAPE = re.compile(r"\\(?:([\\rnt]|u[0-9a-fA-F]{4}))?")
_CHARACTERS = {"\\": "\\", "r": "\r", "n": "\n", "t": "\t"}


def _escaped(text: str) -> str:
    return _ODD.sub(lambda match: "\\r" if match[0] == "\r" else f"\\u{ord(match[0]):04x}", text)


def _plain(where: str) -> str:
    """A name on one line."""
    return re.sub(r"[\n\t]", lambda match: f"\\u{ord(match[0]):04x}", _escaped(where))


def _laid_out(value: Json, indent: str = "") -> str:
    """JSON to be read and changed: on one line what fits, else an entry a line."""
    dumps = partial(json.dumps, ensure_ascii=False)
    line = _ODD.sub(lambda match: f"\\u{ord(match[0]):04x}", dumps(value))
    if not isinstance(value, dict | list) or len(indent) + len(line) <= _WIDTH:
        return line
    if isinstance(value, list) and not any(isinstance(item, str | dict | list) for item in value):
        return line  # numbers, perhaps a thousand
    inner = f"{indent}  "
    if isinstance(value, dict):
        entries = [f"{_laid_out(key)}: {_laid_out(item, inner)}" for key, item in value.items()]
    else:
        entries = [_laid_out(item, inner) for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n{inner}" + f",\n{inner}".join(entries) + f"\n{indent}{closing}"


_WIDTH = 80


# -- what the form says of itself ----------------------------------------------------------------------

_END = "end"
_PREAMBLE = re.compile(r"<!--.*?-->\n*", re.DOTALL)
_ONE_HEAD = "each head stands once; for a line of text that looks like one, use `cassette set`"
_STAYS = "what is not to change stays as it is; `cassette prune` takes things out"
_MEND = "Mend it, or leave the text as it is to give up."
_INTRODUCTION = (
    "Change what you mean to change, save, and leave the editor: only what you changed is written.",
    "To give up, leave everything as it is, or empty the file.",
    "How the sections are to be read stands below the last one.",
)
_KINDS = {
    _Kind.JSON: "JSON: the value stands in JSON. All others are texts, as they read.",
    _Kind.ESCAPED: "escapes: a text with \\\\ for a backslash, \\r and others for what cannot stand here.",
}
_STAND_INS = "**** and <... of base64> stand for what is not shown: left as they are, it stays as it is."
_MANUAL = (
    "A head begins a section, and the one empty line above a head ends it: more of them belong to the text.",
    "Heads stay as they are, each once. What stands from the last one on is only help.",
    "`cassette prune` takes a header or an interaction out; `cassette set` changes values without an editor.",
)
_MODELINE = re.compile(r"(?<!\S)([vV]im?|ex)(?=[<>=\d]*:)")


def _comment(lines: Iterable[str]) -> str:
    """A comment that nothing in it can end, nor an editor take for settings of its own."""
    told = (_MODELINE.sub(r"\1 ", _plain(line)).replace("-->", "-- >") for line in lines)
    return "\n".join(["<!--", *told, "-->"])

"""Two texts as one, word by word: what went, what came, and of what stayed only the neighbourhood.

Lines are compared first, then the words of lines that were replaced; where little stays, the lines stand
one below the other. Bounded: a text beyond the limits is compared more coarsely, never not at all. This
module must not know what the texts are.
"""

import re
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

_WORDS = re.compile(r"\w+|[^\S\n]+|\n|[^\w\s]")
_MOST_WORDS = 4_000  # in one run of replaced lines; difflib takes time by their square
_MOST_LINES = 4_000
_FIRST = 10  # lines of a text that is too long to be compared
_LONGEST = 400  # characters of a word that came or went
_ALIKE = 0.35  # share of a run that must stay for it to be told word by word
_KEPT = 48  # characters of a long stretch that stays, on either side of a change


class Piece(NamedTuple):
    """A stretch of text that stayed, came or went."""

    kind: str  # "", "+", "-"
    text: str


Line = list[Piece]


def compared(old: str, new: str, context: int = 1, *, full: bool = False) -> list[Line]:
    """The lines of the comparison, with so many unchanged lines around each change; `…` for the others.

    What stays of a long line is cut to its ends, unless the lines are wanted in full.
    """
    before, after = _lines(old), _lines(new)
    if max(len(before), len(after)) > _MOST_LINES:
        return _coarse(before, after)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    lines: list[Line] = []
    groups = matcher.get_opcodes()
    for place, (tag, start, end, first, last) in enumerate(groups):
        if tag == "equal":
            same = before[start:end] if full else [_ends(line) for line in before[start:end]]
            lines += _kept(same, context, first=place == 0, last=place == len(groups) - 1)
        else:
            lines += _replaced(before[start:end], after[first:last], full=full)
    return lines


def _coarse(old: list[str], new: list[str]) -> list[Line]:
    """The first lines that differ, and how many follow."""
    most = min(len(old), len(new))
    start = next((place for place in range(most) if old[place] != new[place]), most)
    told: list[Line] = [[Piece("", f"… {start:,} lines")]] if start else []
    for kind, lines in (("-", old[start:]), ("+", new[start:])):
        told += [[Piece(kind, line)] for line in lines[:_FIRST]]
        told += [[Piece("", f"… {len(lines) - _FIRST:,} more lines")]] if len(lines) > _FIRST else []
    return told


def differing(old: str, new: str) -> Iterator[Piece]:
    """Two long words as one: what they begin and end with in short, and what differs between."""
    most = min(len(old), len(new))
    start = next((place for place in range(most) if old[place] != new[place]), most)
    end = next((place for place in range(most - start) if old[-1 - place] != new[-1 - place]), most - start)
    if start:
        yield Piece("", ("…" if start > _KEPT else "") + old[max(0, start - _KEPT) : start])
    for kind, text in (("-", old[start : len(old) - end]), ("+", new[start : len(new) - end])):
        if text:
            yield Piece(
                kind, text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… {len(text):,} characters"
            )
    if end:
        yield Piece("", old[len(old) - end :][:_KEPT] + ("…" if end > _KEPT else ""))


def _lines(text: str) -> list[str]:
    return text.split("\n")


def _kept(lines: list[str], context: int, *, first: bool, last: bool) -> Iterator[Line]:
    """What stays around changes: the end of what is before, the beginning of what is behind."""
    head = 0 if first else context
    tail = 0 if last else context
    if len(lines) <= head + tail + 1 and not (first and not tail) and not (last and not head):
        yield from ([Piece("", line)] for line in lines)
        return
    yield from ([Piece("", line)] for line in lines[:head])
    if len(lines) > head + tail:
        yield [Piece("", "…")]
    yield from ([Piece("", line)] for line in lines[len(lines) - tail :] if tail)


def _replaced(old: list[str], new: list[str], *, full: bool) -> list[Line]:
    """Lines that went and lines that came, word by word if enough of them stays."""
    before, after = "\n".join(old), "\n".join(new)
    pieces = list(_words(before, after)) if old and new else []
    stayed = sum(len(piece.text) for piece in pieces if not piece.kind and piece.text.strip())
    if not pieces or stayed < _ALIKE * max(len(before), len(after)):
        return [[Piece("-", line)] for line in old] + [[Piece("+", line)] for line in new]
    return _broken(pieces if full else _shortened(pieces))


def _words(old: str, new: str) -> Iterator[Piece]:
    """The two texts as pieces; a blank between two changed words counts as changed."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if max(len(before), len(after)) > _MOST_WORDS:
        return
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    went, came = "", ""
    for tag, start, end, first, last in matcher.get_opcodes():
        kept = "".join(before[start:end])
        if tag == "equal" and (not kept.isspace() or "\n" in kept or not (went or came)):
            yield from _change(went, came)
            went = came = ""
            yield Piece("", kept)
        else:
            went += kept
            came += "".join(after[first:last])
    yield from _change(went, came)


def _change(went: str, came: str) -> Iterator[Piece]:
    """What went and what came, without the blanks that both end with."""
    blanks = ""
    while went[-1:] and went[-1:] == came[-1:] and went[-1].isspace():
        went, came, blanks = went[:-1], came[:-1], went[-1] + blanks
    if went:
        yield Piece("-", went)
    if came:
        yield Piece("+", came)
    if blanks:
        yield Piece("", blanks)


def _shortened(pieces: list[Piece]) -> Iterator[Piece]:
    """The pieces, with the middle of what stays left out."""
    for place, (kind, text) in enumerate(pieces):
        kept = text if kind else _ends(text, head=place > 0, tail=place < len(pieces) - 1)
        yield Piece(kind, kept)


def _ends(text: str, *, head: bool = True, tail: bool = True) -> str:
    """A long text without its middle."""
    if len(text) <= 2 * _KEPT + 8:
        return text
    return f"{text[:_KEPT] if head else ''}…{text[-_KEPT:] if tail else ''}"


def _broken(pieces: Iterable[Piece]) -> list[Line]:
    """The pieces in lines."""
    lines: list[Line] = [[]]
    for kind, text in pieces:
        first, *rest = text.split("\n")
        lines[-1].append(Piece(kind, first))
        lines += [[Piece(kind, line)] for line in rest]
    return [[piece for piece in line if piece.text] for line in lines]


def plain(line: Line) -> str:
    """A line as plain text: [-went-]{+came+}; one that went or came as a whole has its sign in front."""
    if len(line) == 1 and line[0].kind:
        return f"{line[0].kind} {line[0].text}"
    marks = {"-": ("[-", "-]"), "+": ("{+", "+}"), "": ("", "")}
    return "".join(f"{marks[kind][0]}{text}{marks[kind][1]}" for kind, text in line)

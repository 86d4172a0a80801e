"""The unified diff of a text and its edits, in the form that `git apply` takes.

The edits say what changed, so the texts are never compared as wholes: edits are widened to whole
lines, and of these the ones that came out equal are dropped. Lines end at line feeds only, as in git;
a carriage return belongs to its line. What must not be seen is masked in removed, added and context
lines alike; such a diff is to be read, not applied. This module must not know why a range is hidden,
nor whether a terminal reads the diff: its lines are exact, not made visible.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cassette_cli.report.veil import Veil
from cassette_cli.source.edit import Edit, ordered, splice


def unified(
    name: str,
    old: str,
    edits: Sequence[Edit],
    hidden: Sequence[tuple[int, int]] = (),
    context: int = 3,
    fresh: Sequence[tuple[int, int]] = (),
) -> Iterator[str]:
    """The lines of the diff, each with its line feed; none if the edits change nothing.

    What must not be seen are the ranges `hidden` of the old text and `fresh` of the new one.
    """
    new = splice(old, edits)
    if new == old:
        return
    veil = Veil(old, hidden)
    blocks = _blocks(old, edits, veil, Veil(new, fresh))
    changes = _joined(change for block in blocks for change in _changes(block))
    lines = _lines(old)
    hunks = [hunk for hunk in _hunks(changes, context) if _matters(lines, hunk)]
    yield f"--- {_file('a/', name)}\n"
    yield f"+++ {_file('b/', name)}\n"
    shown = _lines(veil.over(0, len(old)))
    shift = 0
    for hunk in hunks:
        yield from _hunk(shown, hunk, context, shift)
        shift += _growth(hunk)


class _Block(NamedTuple):
    """Whole lines and what becomes of them."""

    line: int  # the number of its first line, from 0
    old: list[str]
    new: list[str]
    shown: list[str]  # the new lines as they may be seen


class _Change(NamedTuple):
    """The old lines start..end give way to the new ones; either may be none."""

    start: int
    end: int
    new: list[str]
    shown: list[str]


def _lines(text: str) -> list[str]:
    """The lines with their line feeds; only the last one may have none."""
    *whole, rest = text.split("\n")
    return [line + "\n" for line in whole] + ([rest] if rest else [])


def _blocks(old: str, edits: Iterable[Edit], veil: Veil, new_veil: Veil) -> Iterator[_Block]:
    """The edits that share lines, widened to these: outside of the blocks every line stays."""
    line = counted = grown = 0
    for start, end, run in _runs(old, edits):
        line += old.count("\n", counted, start)
        counted = start
        new: list[str] = []
        shown: list[str] = []
        position = start
        for edit in run:
            new += old[position : edit.start], edit.text
            begin = edit.start + grown
            shown += veil.over(position, edit.start), new_veil.over(begin, begin + len(edit.text))
            position, grown = edit.end, begin + len(edit.text) - edit.end
        new.append(old[position:end])
        shown.append(veil.over(position, end))
        yield _Block(line, _lines(old[start:end]), _lines("".join(new)), _lines("".join(shown)))


def _runs(old: str, edits: Iterable[Edit]) -> Iterator[tuple[int, int, list[Edit]]]:
    """The edits in runs, each with the range of whole lines that holds it, in the old text and in the new."""
    start = end = line_end = 0
    fresh, whole = True, True  # where the run ends: begins a line in the new text, in both texts
    run: list[Edit] = []
    for edit in ordered(edits):
        if old[edit.start : edit.end] == edit.text:
            continue
        if run and edit.start >= end and (whole or end < len(old)):
            yield start, end, run
            run = []
        if not run:
            start, fresh = old.rfind("\n", 0, edit.start) + 1, True
        position = run[-1].end if run else start
        if last := edit.text[-1:] or old[position : edit.start][-1:]:
            fresh = last == "\n"
        run.append(edit)
        end = edit.end
        whole = fresh and old[max(end - 1, 0) : end] in ("", "\n")
        if not whole:
            if end >= line_end:  # else the line of the edit before goes on: its end is known
                line_end = old.find("\n", end) + 1 or len(old)
            end = line_end
    if run:
        yield start, end, run


def _changes(block: _Block) -> Iterator[_Change]:
    """What changes within a block: lines that came out equal are no part of it."""
    line, old, new, shown = block
    if len(old) == len(new):  # the usual case: characters changed, lines did not
        for place, (before, after) in enumerate(zip(old, new, strict=True)):
            if before != after:
                yield _Change(line + place, line + place + 1, [after], [shown[place]])
        return
    most = min(len(old), len(new))
    head = next((place for place in range(most) if old[place] != new[place]), most)
    tail = next((place for place in range(most - head) if old[-1 - place] != new[-1 - place]), most - head)
    kept = slice(head, len(new) - tail)
    yield _Change(line + head, line + len(old) - tail, new[kept], shown[kept])


def _joined(changes: Iterable[_Change]) -> list[_Change]:
    """The changes, those that touch made one: first all lines that go, then all that come."""
    joined: list[_Change] = []
    for change in changes:
        if joined and joined[-1].end == change.start:
            joined[-1].new.extend(change.new)
            joined[-1].shown.extend(change.shown)
            joined[-1] = joined[-1]._replace(end=change.end)
        else:
            joined.append(change)
    return joined


def _hunks(changes: Sequence[_Change], context: int) -> Iterator[list[_Change]]:
    """The changes in groups: two stand in one hunk if their context meets."""
    hunk: list[_Change] = []
    for change in changes:
        if hunk and change.start - hunk[-1].end > 2 * context:
            yield hunk
            hunk = []
        hunk.append(change)
    yield hunk


def _matters(lines: Sequence[str], hunk: Sequence[_Change]) -> bool:
    """Whether a hunk's lines differ at all: a line that goes may come again beside its like."""
    if _growth(hunk):
        return True
    after: list[str] = []
    position = hunk[0].start
    for change in hunk:
        after += [*lines[position : change.start], *change.new]
        position = change.end
    return after != lines[hunk[0].start : position]


def _growth(hunk: Sequence[_Change]) -> int:
    """By how many lines a text grows in a hunk."""
    return sum(len(change.new) - (change.end - change.start) for change in hunk)


def _hunk(lines: Sequence[str], hunk: Sequence[_Change], context: int, shift: int) -> Iterator[str]:
    """A hunk's header and lines; `shift` is how much longer the text before it became."""
    start, end = max(hunk[0].start - context, 0), min(hunk[-1].end + context, len(lines))
    grown = _growth(hunk)
    yield f"@@ -{_range(start, end - start)} +{_range(start + shift, end - start + grown)} @@\n"
    position = start
    for change in hunk:
        for sign, group in (
            (" ", lines[position : change.start]),
            ("-", lines[change.start : change.end]),
            ("+", change.shown),
        ):
            yield from (_signed(sign, line) for line in group)
        position = change.end
    yield from (_signed(" ", line) for line in lines[position:end])


def _range(start: int, count: int) -> str:
    """A hunk's place as diff writes it: an empty one stands behind the line that it names."""
    first = start + 1 if count else start
    return str(first) if count == 1 else f"{first},{count}"


def _signed(sign: str, line: str) -> str:
    return f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"


def _file(prefix: str, name: str) -> str:
    """The name in a header, as git writes it: an odd one quoted, one with a blank ended by a tab."""
    path = prefix + name.removeprefix("/")
    quoted = _ODD.sub(_quoted, path.encode("utf-8", "surrogateescape")).decode("ascii")
    shown = path if quoted == path else f'"{quoted}"'
    return shown + "\t" * (" " in path)


# https://git-scm.com/docs/git-config#Documentation/git-config.txt-corequotePath
_ODD = re.compile(rb'[\x00-\x1f"\\\x7f-\xff]')
_ESCAPES = dict(zip(b'\a\b\t\n\v\f\r"\\', (rf"\{char}" for char in 'abtnvfr"\\'), strict=True))


def _quoted(match: re.Match[bytes]) -> bytes:
    code = match[0][0]
    return _ESCAPES.get(code, f"\\{code:03o}").encode("ascii")

"""What to cut when entries leave a mapping or a sequence, in block and in flow style.

The rules: a block entry takes its whole lines and the comment on its last one; comments on lines of
their own stay. The first key on a `- ` line gives its place to the next key, the dash stays. A flow
entry takes one comma and the blank behind it. A collection that loses all of its entries becomes
`{}` or `[]` where it stands: a recorder that expects the key still finds it. Blank lines and deeper
comments that would become a part of the block scalar above go with the entry.
"""

import re
from collections.abc import Collection, Iterator

from cassette_cli.source.edit import Edit
from cassette_cli.source.scalar import BREAK, BREAKS
from cassette_cli.source.style import BLOCKS
from cassette_cli.source.text import Text, properties
from cassette_cli.source.tree import Mapping, Node, Sequence

_GAP = re.compile(rf"(?:[ \t]*(?:#[^{BREAKS}]*)?{BREAK})*[ \t]*")  # blanks, comments, line breaks
_BLANK_OR_COMMENT = re.compile(rf"(?P<indent>[ \t]*)(?P<comment>#[^{BREAKS}]*)?(?:{BREAK}|\Z)")
_REST_OF_LINE = re.compile(rf"[^{BREAKS}]*(?:{BREAK}|\Z)")
_LAST_BREAK = re.compile(rf"{BREAK}\Z")
_OPEN_KEY = re.compile(  # a key, or the `?` of one, with nothing but a comment behind it
    r"""([ \t]*(?:[-?:][ \t]+|[!&]\S*[ \t]+)*"""
    r"""(?:(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|(?:[^#]|(?<![ \t])\#)*?)[ \t]*:|\?))[ \t]*(?:#.*)?"""
)


def remove(container: Mapping | Sequence, entries: Collection[int]) -> list[Edit]:
    """The edits of the container's parent that take these entries out, and nothing else."""
    if not entries:
        return []
    reader = _Entries(container)
    if len(set(entries)) == len(container.items):
        return reader.cut_all()
    cut = reader.cut_flow if container.flow else reader.cut_block
    return [edit for first, last in _runs(entries) for edit in cut(first, last)]


def _runs(entries: Collection[int]) -> Iterator[tuple[int, int]]:
    """The entries as runs of neighbours, first and last of each."""
    wanted = sorted(set(entries))
    first = wanted[0]
    for one, two in zip(wanted, [*wanted[1:], -1], strict=True):
        if two != one + 1:
            yield first, one
            first = two


class _Entries:
    """Where each entry of one container begins and ends in the text."""

    def __init__(self, container: Mapping | Sequence) -> None:
        self.container = container
        self.text = container.parent.text
        self.body = properties(self.text, container)[1]
        self.last = len(container.items) - 1

    def end(self, index: int) -> int:
        return self._tail(self.container.items[index])[1]

    def _tail(self, entry: Node | tuple[Node, Node]) -> tuple[Node, int]:
        """The last node that has a place of its own in the entry, and where the entry ends."""
        if isinstance(entry, tuple):
            key, value = entry
            if value.start < value.end:
                return self._tail(value)
            last, end = self._tail(key)  # the parsers disagree on where an empty value stands
            colon = self._behind_gap(end)
            own = colon < value.start and self.text[colon] == ":"
            return (value, colon + 1) if own else (last, end)
        if isinstance(entry, Mapping | Sequence) and not entry.flow:
            return self._tail(entry.items[-1])
        return entry, entry.end

    def begin(self, index: int) -> int:
        """Where the entry begins: its dash, its `?`, or its key."""
        flow = self.container.flow
        if index == 0:
            position = self.body + 1 if flow else self.body
        else:
            position = self.end(index - 1)
        position = self._behind_gap(position)
        if flow and index:
            position = self._behind_gap(position + 1)  # the comma
        return position

    def _behind_gap(self, position: int) -> int:
        match = _GAP.match(self.text, position)
        return match.end() if match else position

    def cut_all(self) -> list[Edit]:
        empty = "{}" if isinstance(self.container, Mapping) else "[]"
        if self.container.flow:
            return [Edit(self.body, self.container.end, empty)]
        start, end = self.begin(0), self.end(self.last)
        line = self._line_start(start)
        if not self.text[line:start].strip() and (key_end := self._open_key(line)) is not None:
            return [Edit(key_end, key_end, f" {empty}"), self._lines(start, end, None)]
        kept = len(self.text[start:end].rstrip(BREAKS))
        return [Edit(start, start + kept, empty)]

    def cut_flow(self, first: int, last: int) -> list[Edit]:
        if last < self.last:
            return [Edit(self.begin(first), self.begin(last + 1), "")]
        start = self.end(first - 1)
        start += self.text[start - 1 : start + 1] == ": "  # a colon needs its blank before the bracket
        return [Edit(start, self.end(last), "")]

    def cut_block(self, first: int, last: int) -> list[Edit]:
        start, end = self.begin(first), self.end(last)
        if not self.text[self._line_start(start) : start].strip():
            return [
                self._lines(start, end, self._tail(self.container.items[first - 1])[0] if first else None)
            ]
        following = self.begin(last + 1)  # the container's first entry, on its parent's dash line
        if not self.text[self._line_end(end) : following].strip():
            return [Edit(start, following, "")]
        kept = len(self.text[self._line_start(start) : start].rstrip(" "))
        cut = len(_LAST_BREAK.sub("", self.text[start:end]))  # a block scalar's own break stays
        return [Edit(self._line_start(start) + kept, start + cut, "")]

    def _lines(self, start: int, end: int, above: Node | None) -> Edit:
        """All lines from start to end; with the break before them if the file's last line has none."""
        begin, stop = self._line_start(start), self._line_end(end)
        if isinstance(above, Text) and above.style in BLOCKS and above.end == begin:
            while line := _BLANK_OR_COMMENT.match(self.text, stop):
                if line.end() == stop or (line["comment"] and len(line["indent"]) <= start - begin):
                    break
                stop = line.end()
        elif stop == len(self.text) and self.text[stop - 1] not in BREAKS:
            begin = len(_LAST_BREAK.sub("", self.text[:begin]))
        return Edit(begin, stop, "")

    def _line_start(self, position: int) -> int:
        line = self.text.rfind("\n", 0, position) + 1
        return max(line, *(self.text.rfind(mark, line, position) + 1 for mark in BREAKS))

    def _line_end(self, position: int) -> int:
        if position and self.text[position - 1] in BREAKS:
            return position  # a block scalar ends with its own break
        match = _REST_OF_LINE.match(self.text, position)
        return match.end() if match else position

    def _open_key(self, line: int) -> int | None:
        """Behind the colon of a key whose value starts on the line at `line`, if there is one."""
        if self.body > self.container.start:
            return properties(self.text, self.container)[0]
        while line > 0:
            line = self._line_start(line - 1)
            above = _REST_OF_LINE.match(self.text, line)
            content = above[0].rstrip(BREAKS) if above else ""
            if content.strip() and not content.lstrip().startswith("#"):
                match = _OPEN_KEY.fullmatch(content)
                return line + match.end(1) if match else None
        return None

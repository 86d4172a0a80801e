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
from cassette_cli.source.style import BLOCKS
from cassette_cli.source.text import Text, properties_end
from cassette_cli.source.tree import Mapping, Node, Sequence

_GAP = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|[\r\n]))*[ \t]*")  # blanks, comments, line breaks
_BLANK_OR_COMMENT = re.compile(r"(?P<indent>[ \t]*)(?P<comment>#[^\r\n]*)?(?:\r\n|[\r\n]|\Z)")
_REST_OF_LINE = re.compile(r"[^\r\n]*(?:\r\n|[\r\n]|\Z)")
_PROPERTY = re.compile(r"[!&]\S*")
_OPEN_KEY = re.compile(  # a key, or the `?` of one, with nothing but a comment behind it
    r"""([ \t]*(?:[-?:][ \t]+|[!&]\S*[ \t]+)*"""
    r"""(?:(?:"(?:[^"\\]|\\.)*"|'[^']*'|(?:(?![ \t]\#).)*?)[ \t]*:|\?))[ \t]*(?:#.*)?"""
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
        self.body = properties_end(self.text, container)
        self.last = len(container.items) - 1

    def end(self, index: int) -> int:
        return self._last(index).end

    def _last(self, index: int) -> Node:
        """The last node of an entry that has characters: a `? key` without a value ends with its key."""
        entry: Node | tuple[Node, Node] = self.container.items[index]
        while isinstance(entry, tuple) or (isinstance(entry, Mapping | Sequence) and not entry.flow):
            if not isinstance(entry, tuple):
                entry = entry.items[-1]
                continue
            key, value = entry
            missing = value.start == value.end >= key.end and self._behind_gap(key.end) == value.end
            entry = key if missing else value
        return entry

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
        kept = len(self.text[start:end].rstrip("\r\n"))
        return [Edit(start, start + kept, empty)]

    def cut_flow(self, first: int, last: int) -> list[Edit]:
        if last < self.last:
            return [Edit(self.begin(first), self.begin(last + 1), "")]
        return [Edit(self.end(first - 1), self.end(last), "")]

    def cut_block(self, first: int, last: int) -> list[Edit]:
        start, end = self.begin(first), self.end(last)
        if not self.text[self._line_start(start) : start].strip():
            return [self._lines(start, end, self._last(first - 1) if first else None)]
        following = self.begin(last + 1)  # the container's first entry, on its parent's dash line
        if not self.text[self._line_end(end) : following].strip():
            return [Edit(start, following, "")]
        kept = len(self.text[self._line_start(start) : start].rstrip(" "))
        cut = len(
            self.text[start:end].removesuffix("\n").removesuffix("\r")
        )  # a block scalar's own break stays
        return [Edit(self._line_start(start) + kept, start + cut, "")]

    def _lines(self, start: int, end: int, above: Node | None) -> Edit:
        """All lines from start to end; with the break before them if the file's last line has none."""
        begin, stop = self._line_start(start), self._line_end(end)
        if isinstance(above, Text) and above.style in BLOCKS and above.end == begin:
            while line := _BLANK_OR_COMMENT.match(self.text, stop):
                if line.end() == stop or (line["comment"] and len(line["indent"]) <= start - begin):
                    break
                stop = line.end()
        elif stop == len(self.text) and self.text[stop - 1 : stop] not in ("\n", "\r"):
            begin = len(self.text[:begin].removesuffix("\n").removesuffix("\r"))
        return Edit(begin, stop, "")

    def _line_start(self, position: int) -> int:
        return max(self.text.rfind("\n", 0, position), self.text.rfind("\r", 0, position)) + 1

    def _line_end(self, position: int) -> int:
        if position and self.text[position - 1] in "\r\n":
            return position  # a block scalar ends with its own break
        match = _REST_OF_LINE.match(self.text, position)
        return match.end() if match else position

    def _open_key(self, line: int) -> int | None:
        """Behind the colon of a key whose value starts on the line at `line`, if there is one."""
        if self.body > self.container.start:
            return self._properties_end()
        while line > 0:
            line = self._line_start(line - 1)
            above = _REST_OF_LINE.match(self.text, line)
            content = above[0].rstrip("\r\n") if above else ""
            if content.strip() and not content.lstrip().startswith("#"):
                match = _OPEN_KEY.fullmatch(content)
                return line + match.end(1) if match else None
        return None

    def _properties_end(self) -> int:
        """Behind the container's tag and anchor, but before a comment there."""
        end = self.container.start
        for own in (self.container.tag, self.container.anchor):
            if own is not None and (match := _PROPERTY.match(self.text, self._behind_gap(end))):
                end = match.end()
        return end

"""Where the interactions of a file stand: the list whose entries they are, and the text that is theirs.

Mostly that is one list; some recorders have several beside one another (LangChain's requests and
responses, cassetter's lists by protocol), a YAML document for each, or records one behind the other.
An entry in block style takes its whole lines with it, the comments right above it and those inside.
Texts are cut and put in, never written anew. A file that is one interaction has no entries.
"""

import re
from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from cassette_cli.errors import BadRequest, Place, Refused
from cassette_cli.model import Cassette
from cassette_cli.source import tree
from cassette_cli.source.edit import Edit
from cassette_cli.source.removal import remove
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Mapping, Node, plain_scalar, resolve

Span: TypeAlias = tuple[int, int]

# -- lists, and the text of their entries ----------------------------------------------------------------

_DEEP = 3  # keys above the list of interactions


def lists(node: Node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], tree.Sequence]]:
    """The lists of a tree that can be a list of interactions, with the keys that lead to them."""
    if isinstance(node, tree.Sequence):
        yield path, node
    elif isinstance(node, Mapping) and len(path) < _DEEP:
        for key, value in node.items:
            if isinstance(key, Text):
                yield from lists(value, (*path, key))


def spans(text: str, node: tree.Sequence) -> list[Span]:
    """Where the entries of a list stand, one behind the other; raises Refused where that cannot be told.

    In flow style with the blanks around them, up to the commas; in block style whole lines.
    """
    if not node.items:
        return []
    return _flow_spans(text, node) if node.flow else _block_spans(text, node)


_COMMA = re.compile(r"(\s*),(\s*)")


def _flow_spans(text: str, node: tree.Sequence) -> list[Span]:
    found, start = list[Span](), node.start + 1
    for one, two in pairwise(node.items):
        match = _COMMA.fullmatch(text, one.end, two.start)
        if not match:
            raise Refused("there is more than a comma between two interactions")
        found.append((start, match.end(1)))
        start = match.start(2)
    return [*found, (start, node.items[-1].end)]


_DASH = re.compile(r"[ \t]*-\s+(?:[!&]\S*[ \t]+)*")
_COMMENT = re.compile(r"([ \t]*)#.*\n")


def _block_spans(text: str, node: tree.Sequence) -> list[Span]:
    starts = [_entry_start(text, item.start)[0] for item in node.items]
    return list(pairwise([*starts, _line_end(text, node.items[-1].end)]))


def _line_end(text: str, position: int) -> int:
    """Behind the line that something ends on; a block scalar ends with its own break."""
    if position and text[position - 1] == "\n":
        return position
    return text.find("\n", position) + 1 or len(text)


def _entry_start(text: str, node: int) -> tuple[int, int]:
    """Where the lines of an entry begin, with the comments above them; and the column of its dash."""
    start = text.rfind("\n", 0, node) + 1
    if start and text[start:node].isspace():  # the dash has a line of its own
        start = text.rfind("\n", 0, start - 1) + 1
    if not _DASH.fullmatch(text, start, node):
        raise Refused("an interaction does not start on the line of its dash")
    dash = text.index("-", start) - start
    while start:
        above = text.rfind("\n", 0, start - 1) + 1
        comment = _COMMENT.fullmatch(text, above, start)
        if not comment or len(comment[1]) > dash:  # deeper, it may be a line of a block scalar
            break
        start = above
    return start, dash


# -- the interactions of a cassette ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Listed:
    """A list that has an entry for each of some interactions."""

    path: tuple[str, ...]
    node: tree.Sequence
    owners: tuple[int, ...]  # the interaction of each entry
    text: str

    @property
    def spans(self) -> list[Span]:
        """Where the entries stand, as `spans` has it."""
        return spans(self.text, self.node)

    @property
    def nodes(self) -> tuple[Node, ...]:
        return self.node.items

    @property
    def column(self) -> int:
        """How many characters stand before the dashes of a list in block style."""
        return _entry_start(self.text, self.node.items[0].start)[1]

    def without(self, gone: Collection[int]) -> list[Edit]:
        """The edits that take these entries out, with the comments that are theirs."""
        if self.node.flow:
            return remove(self.node, gone)
        try:
            heads = [_entry_start(self.text, item.start) for item in self.node.items]
        except Refused:
            return remove(self.node, gone)  # an odd layout, in which comments stay
        starts = [start for start, _ in heads]
        ends = [self._end(place, column, starts) for place, (_, column) in enumerate(heads)]
        if len(gone) == len(starts):
            *empty, lines = remove(self.node, gone)  # `[]` at the key, and what goes
            whole = Edit(min(lines.start, starts[0]), max(lines.end, ends[-1]), "")
            return [*empty, whole] if empty else [lines]
        last = next(place for place in reversed(range(len(starts))) if place not in gone)
        if ends[-1] == len(self.text) and last + 1 < len(starts):
            starts[last + 1] = self._end_of_file(last, starts[last + 1])
        return [Edit(starts[place], ends[place], "") for place in sorted(gone)]

    def _end(self, place: int, column: int, starts: list[int]) -> int:
        """Behind an entry's lines, and the blank ones and deeper comments below: above the next one's."""
        end = _line_end(self.text, self.node.items[place].end)
        limit = starts[place + 1] if place + 1 < len(starts) else len(self.text)
        while end < limit:
            line = _BLANK_OR_COMMENT.match(self.text, end, limit)
            if not line or (line["indent"] is not None and len(line["indent"]) <= column):
                break
            end = line.end()
        return end

    def _end_of_file(self, last: int, start: int) -> int:
        """Where what goes begins if the file is to end with the entry before it, as it ends now."""
        end = _line_end(self.text, self.node.items[last].end)
        while end < start and (blank := _LAST_BLANK.search(self.text, end, start)):
            start = blank.start()
        in_block = self.text[self.node.items[last].end - 1] == "\n"  # whose break is a part of its value
        if self.text.endswith("\n") or in_block or start != end:
            return start
        return len(self.text[:start].removesuffix("\n").removesuffix("\r"))


_BLANK_OR_COMMENT = re.compile(r"[ \t]*\r?\n|[ \t]+\Z|(?P<indent>[ \t]*)#[^\n]*(?:\n|\Z)")
_LAST_BLANK = re.compile(r"(?<=\n)[ \t]*\r?\n\Z")


@dataclass(frozen=True, slots=True)
class Documents:
    """The YAML documents of a file, each an interaction."""

    nodes: tuple[Node, ...]
    text: str

    @property
    def owners(self) -> tuple[int, ...]:
        return tuple(range(len(self.nodes)))

    def without(self, gone: Collection[int]) -> list[Edit]:
        """The edits that take these documents out, each with one of the lines that divide them."""
        marks = self._marks
        starts = [start for start, _ in self.spans]
        last = max(place for place in self.owners if place not in gone)
        edits = [Edit(starts[place], starts[place + 1], "") for place in sorted(gone) if place < last]
        if last + 1 < len(self.nodes):
            edits.append(Edit(marks[last][0], len(self.text), ""))
        return edits

    @property
    def spans(self) -> list[Span]:
        """Where the documents stand, without the lines that divide them."""
        found = list(_MARK.finditer(self.text, 0, self.nodes[0].start))
        marks = [(0, found[-1].end() if found else 0), *self._marks, (len(self.text), 0)]
        return [(one[1], two[0]) for one, two in pairwise(marks)]

    @property
    def _marks(self) -> list[Span]:
        return [self._mark(one.end, two.start) for one, two in pairwise(self.nodes)]

    def _mark(self, end: int, start: int) -> Span:
        """The line that divides two documents."""
        line = self.text.rfind("\n", 0, end) + 1
        found = list(_MARK.finditer(self.text, line, start))
        if len(found) != 1:
            raise Refused("there is more than one line between two documents")
        return found[0].span()


_MARK = re.compile(r"^---[ \t]*\r?\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Records:
    """Records one behind the other, in a format that is neither YAML nor JSON."""

    nodes: tuple[Node, ...]
    text: str

    @property
    def owners(self) -> tuple[int, ...]:
        return tuple(range(len(self.nodes)))

    @property
    def spans(self) -> list[Span]:
        return [(node.start, node.end) for node in self.nodes]

    def without(self, gone: Collection[int]) -> list[Edit]:
        """The edits that take these records out."""
        return [Edit(*self.spans[place], "") for place in sorted(gone)]


Track: TypeAlias = Listed | Documents | Records


def tracks(cassette: Cassette) -> tuple[Track, ...]:
    """All that holds entries of a cassette's interactions; raises BadRequest for a file that is just one."""
    document, interactions = cassette.document, cassette.interactions
    nodes = tuple(interaction.node for interaction in interactions)
    if not cassette.roots:
        return (Records(nodes, document.text),)
    if interactions and all(interaction.node.end == 0 for interaction in interactions):
        raise BadRequest("TOML can be read here, not changed; edit it by hand", Place(document.name))
    if cassette.recorder == "httpmock":
        return (Documents(nodes, document.text),)
    found = tuple(_listed(cassette))
    if {index for track in found for index in track.owners} != set(range(len(interactions))):
        message = f"the file is one interaction, as {cassette.recorder} keeps them: delete the file instead"
        raise BadRequest(message, Place(document.name))
    return found


def _listed(cassette: Cassette) -> Iterator[Listed]:
    """The lists whose entries are the interactions, and those that stand beside them."""
    waiting: dict[int, deque[int]] = {}
    for interaction in cassette.interactions:
        waiting.setdefault(id(interaction.node), deque()).append(interaction.index)
    for path, node in lists(cassette.roots[0]):
        ids = [id(resolve(item)) for item in node.items]
        if ids and all(waiting.get(one) for one in ids):
            yield Listed(path, node, tuple(waiting[one].popleft() for one in ids), cassette.document.text)
        elif path in _BESIDE.get(cassette.recorder, ()):
            yield Listed(path, node, tuple(range(len(ids))), cassette.document.text)


_BESIDE = {"langchain": (("responses",),)}  # lists that go in step with that of the interactions


# -- the same values -----------------------------------------------------------------------------------------


def alike(one: Node, two: Node, past: Collection[int] = ()) -> bool:
    """Whether a reader takes two trees for the same, aliases followed; nodes of `one` in `past` aside."""
    stack, seen = [(one, two)], set[tuple[int, int]]()
    while stack:
        old, new = map(resolve, stack.pop())
        if (id(old), id(new)) in seen or id(old) in past:
            continue
        seen.add((id(old), id(new)))
        if isinstance(old, Text) and isinstance(new, Text):
            same = old == new and type(plain_scalar(old)) is type(plain_scalar(new))
        elif isinstance(old, Mapping) and isinstance(new, Mapping):
            same = len(old.items) == len(new.items)
            stack += [
                pair for item in zip(old.items, new.items, strict=False) for pair in zip(*item, strict=True)
            ]
        elif isinstance(old, tree.Sequence) and isinstance(new, tree.Sequence):
            same = len(old.items) == len(new.items)
            stack += zip(old.items, new.items, strict=False)
        else:
            same = False
        if not same or old.tag != new.tag:
            return False
    return True

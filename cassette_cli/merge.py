"""Three versions of a cassette into one: the interactions of both sides, each with the bytes it has there.

Interactions are aligned with the base's: by content, else by request, else by method and URL. What one
side added, removed or changed is taken; what both changed differently is a conflict, marked as git marks
one, around these interactions alone. What stands around the list of interactions is taken from one side.
Texts are cut and joined, never written anew; what comes out is read again, each side of its conflicts,
and must hold the interactions that were meant. Where anything stands in the way, `Refused` is raised:
git's own merge by lines is always there.
"""

import json
import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from cassette_cli.conflict import MARKS, Marks, ours_and_theirs
from cassette_cli.entries import lists, spans
from cassette_cli.errors import Place, Refused
from cassette_cli.model import Body, Cassette, Interaction
from cassette_cli.recorders import read_cassette
from cassette_cli.source import tree
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Alias, Json, Mapping, Node, plain_scalar, resolve


class Merged(NamedTuple):
    """The text of the merged file, like ours in all that wraps it, and how many conflicts it marks."""

    text: str
    conflicts: int


def merge(base: Document | None, ours: Document, theirs: Document, marks: Marks = MARKS) -> Merged:
    """What both sides made of the base (None: both made the file); raises CassetteError if it cannot tell."""
    own, other = _Side(ours), _Side(theirs)
    old = None if base is None or not base.text.strip() else _Side(base)
    if any(side and not side.is_like(own) for side in (other, old)):
        raise Refused("the sides are no files of the same recorder", Place(ours.name))
    joined = _joined(old.entries if old else (), own.entries, other.entries)
    chunks = _commas_inside(_numbered(list(joined), (own, other)), own.is_flow)
    frame = _frame(old, own, other, is_empty=not chunks)
    text = frame.written(chunks, marks)
    conflicts = sum(chunk.is_conflict for chunk in chunks)
    if conflicts and ours.zipped:
        raise Refused("a conflict cannot be marked in a gzip file", Place(ours.name))
    _prove(frame, text, chunks)
    return Merged(text, conflicts)


# -- one version of the file ---------------------------------------------------------------------------


class _Entry(NamedTuple):
    """One interaction: its text, what it says, and what tells it from others, from strict to lax."""

    text: str
    keys: tuple[str, str, str]  # all that it says (its number aside), its request, method and URL
    number: tuple[int, int] | None  # where in the text the number stands that the recorder gave it

    @property
    def content(self) -> str:
        return self.keys[0]

    @property
    def counted(self) -> int | None:
        """The number that the recorder gave it."""
        return None if self.number is None else int(self.text[slice(*self.number)])

    def numbered(self, number: int) -> "_Entry":
        if self.number is None:
            return self
        return self._replace(text=splice(self.text, [Edit(*self.number, str(number))]))


Entries: TypeAlias = Sequence[_Entry]


class _Side:
    """One version: what stands before, in and behind the list of interactions."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.cassette = read_cassette(document)
        self.path, self._list = _container(self.cassette)
        self.entries: tuple[_Entry, ...] = ()
        text = document.text
        self.is_flow = self._list.flow
        self.line_end = "\r\n" if "\r\n" in text[:10_000] else "\n"
        found = spans(text, self._list)
        start, end = (found[0][0], found[-1][1]) if found else (self._list.start, self._list.end)
        self.head, self.tail = text[:start], text[end:]
        self.entries = tuple(map(self._entry, self.cassette.interactions, found))

    def is_like(self, other: "_Side") -> bool:
        """Whether interactions of both can stand in one list."""
        if not (self.entries and other.entries):
            return self.path == other.path
        one, two = self.cassette, other.cassette
        return (self.path, self.is_flow, one.recorder) == (other.path, other.is_flow, two.recorder)

    @property
    def around(self) -> tuple[str, str]:
        """What stands around the list; the blanks beside it depend on whether it is empty."""
        head, tail = self.head, self.tail
        if self.entries and self.is_flow:
            head, tail = head[:-1], tail.lstrip()[1:]
        return _TOLD.sub("", head).strip(), _TOLD.sub("", tail).strip()

    def _entry(self, interaction: Interaction, span: tuple[int, int]) -> "_Entry":
        node, request = interaction.node, interaction.request
        text = self.document.text[span[0] : span[1]]
        number = node.get("id") if isinstance(node, Mapping) else None
        place = None
        if isinstance(number, Text) and type(plain_scalar(number)) is int:
            start, end = number.start - span[0], number.end - span[0]
            if start >= 0 and text[start:end].isdecimal():  # no alias, no anchor, no 0x10
                place = (start, end)
        if not self.is_flow and not text.endswith("\n"):
            text += self.line_end
        heading = (request.verb, str(request.url))
        said = _said(node, but="id" if place else None)
        return _Entry(text, (said, json.dumps((*heading, _body(request.body))), json.dumps(heading)), place)

    # -- a file like this one with other interactions --------------------------------------------------

    def written(self, chunks: "list[_Chunk]", marks: Marks) -> str:
        """The text of this file with these interactions instead of its own."""
        if not chunks:
            return self.document.text
        parts = self._flow(chunks, marks) if self.is_flow else self._block(chunks, marks)
        alone = bool(chunks) and chunks[-1].is_conflict  # on lines of its own
        tail = self.tail.removeprefix(self.line_end) if alone and self.is_flow else self.tail
        text = "".join([self.head, *parts, tail])
        ends_open = not self.is_flow and not self.document.text.endswith("\n") and not alone
        return text.removesuffix(self.line_end) if ends_open else text

    def _block(self, chunks: "list[_Chunk]", marks: Marks) -> Iterator[str]:
        for chunk in chunks:
            ours, theirs, base = ("".join(entry.text for entry in side) for side in chunk)
            yield marks.write(ours, theirs, base, self.line_end) if chunk.is_conflict else ours

    def _flow(self, chunks: "list[_Chunk]", marks: Marks) -> Iterator[str]:
        """Entries with their commas; those of a conflict stand on lines of their own."""
        first = _blanks(self.entries[0].text)
        indent = first.rpartition("\n")[2]
        others = (_blanks(entry.text) for chunk in chunks for entry in chunk.ours)
        between = next((blanks for blanks in others if blanks != first), first)
        for place, chunk in enumerate(chunks):
            comma = "," if place < len(chunks) - 1 else ""
            behind = place > 0 and chunks[place - 1].is_conflict
            if chunk.is_conflict:
                sides = [self._lines(side, indent, comma) for side in chunk]
                yield "" if behind else self.line_end
                yield marks.write(sides[0], sides[1], sides[2], self.line_end)
                continue
            text = chunk.ours[0].text
            own = _blanks(text)
            before = indent if behind else first if not place else between if own == first else own
            yield before + text.lstrip() + comma

    def _lines(self, entries: "Entries", indent: str, comma: str) -> str:
        texts = [indent + entry.text.strip() for entry in entries]
        return f",{self.line_end}".join(texts) + comma + self.line_end if texts else ""


def _frame(old: _Side | None, own: _Side, other: _Side, *, is_empty: bool) -> _Side:
    """The side whose file the merged one is like: ours, unless only theirs changed what is around."""
    around = own.around
    if old and around == old.around:
        around = other.around
    elif around != other.around and not (old and other.around == old.around):
        raise Refused("both sides changed what stands around the interactions", Place(own.document.name))
    for side in (own, other, old):
        if side and side.around == around and bool(side.entries) is not is_empty:
            return side
    raise Refused("the list of interactions appears or vanishes", Place(own.document.name))


_TOLD = re.compile(r"""recorded_with["']?:[^\n,}]*""")  # by whom: every recording sets it anew


def _container(cassette: Cassette) -> tuple[tuple[str, ...], tree.Sequence]:
    """The list whose entries are the interactions, and the keys that lead to it."""
    wanted = [id(interaction.node) for interaction in cassette.interactions]
    for root in cassette.roots[:1]:
        for path, node in lists(root):
            if wanted and [id(item) for item in node.items] == wanted:
                if node.tag or node.anchor:
                    break
                return path, node
            if not wanted and path and path[-1] in _EMPTY and not node.items:
                return path, node
    raise Refused("its interactions are not the entries of one list", Place(cassette.document.name))


_EMPTY = ("interactions", "http_interactions", "entries", "http_recordings", "Tracks", "recordings")


def _blanks(text: str) -> str:
    """What the text begins with that is none."""
    return text[: len(text) - len(text.lstrip())]


def _said(node: Node, but: str | None = None) -> str:
    """All that a node says, in whatever style it is written; one with anchors or aliases is refused."""

    def plain(node: Node) -> Json:
        if isinstance(node, Alias) or node.anchor:
            raise Refused("the interactions have anchors")
        if isinstance(node, Text):
            return [node.tag, str(node), type(plain_scalar(node)).__name__]
        if isinstance(node, tree.Sequence):
            return ["list", node.tag, *map(plain, node.items)]
        items = [(key, value) for key, value in node.items if key != but or isinstance(value, Alias)]
        return ["map", node.tag, *(plain(side) for item in items for side in item)]

    return json.dumps(plain(node))


def _body(body: Body) -> str:
    if body.data is not None:
        return body.data.hex()
    node = body.node
    if node is None:
        return ""
    return str(node) if isinstance(node, str) else _said(resolve(node))


# -- what came of each interaction -----------------------------------------------------------------------


class _Chunk(NamedTuple):
    """Interactions that both sides have so, or a conflict: as each side has them."""

    ours: tuple[_Entry, ...]
    theirs: tuple[_Entry, ...]
    base: tuple[_Entry, ...] = ()

    @property
    def is_conflict(self) -> bool:
        return self.ours is not self.theirs


def _settled(entries: Entries) -> Iterator[_Chunk]:
    for entry in entries:
        both = (entry,)
        yield _Chunk(both, both)


def _joined(base: Entries, ours: Entries, theirs: Entries) -> Iterator[_Chunk]:
    """The interactions in order: those that all three have, and what the sides made of those between."""
    own, other = dict(_aligned(base, ours)), dict(_aligned(base, theirs))
    at = at_own = at_other = 0
    for place in [*sorted(own.keys() & other.keys()), len(base)]:
        one, two = own.get(place, len(ours)), other.get(place, len(theirs))
        yield from _between(
            base[at:place],
            ours[at_own:one],
            theirs[at_other:two],
            [own[old] - at_own if old in own else None for old in range(at, place)],
            [other[old] - at_other if old in other else None for old in range(at, place)],
        )
        if place < len(base):
            yield from _picked(base[place], ours[one], theirs[two])
        at, at_own, at_other = place + 1, one + 1, two + 1


def _aligned(old: Entries, new: Entries, level: int = 0, last: int = 2) -> Iterator[tuple[int, int]]:
    """Places in the old and the new that are the same interaction, both in order."""
    one_keys, two_keys = ([entry.keys[level] for entry in side] for side in (old, new))
    at_old = at_new = 0
    for block in SequenceMatcher(None, one_keys, two_keys, autojunk=False).get_matching_blocks():
        if level < last:
            for one, two in _aligned(old[at_old : block.a], new[at_new : block.b], level + 1, last):
                yield at_old + one, at_new + two
        yield from ((block.a + step, block.b + step) for step in range(block.size))
        at_old, at_new = block.a + block.size, block.b + block.size


def _picked(base: _Entry, ours: _Entry, theirs: _Entry) -> Iterator[_Chunk]:
    """The side that changed the interaction; of two that say the same, the one that is written anew."""
    if ours.content == theirs.content:
        yield from _settled([theirs if ours.text == base.text else ours])
    elif base.content in (ours.content, theirs.content):
        yield from _settled([theirs if ours.content == base.content else ours])
    else:
        yield _Chunk((ours,), (theirs,), (base,))


def _between(
    base: Entries, ours: Entries, theirs: Entries, own: list[int | None], other: list[int | None]
) -> Iterator[_Chunk]:
    """What the sides made of interactions each of which is gone in one side at least.

    `own` and `other` say for each of the base which of ours, of theirs, it is.
    """
    changed = any(
        at is not None and side[at].content != entry.content
        for side, places in ((ours, own), (theirs, other))
        for entry, at in zip(base, places, strict=True)
    )
    new_ours = [entry for at, entry in enumerate(ours) if at not in own]
    new_theirs = [entry for at, entry in enumerate(theirs) if at not in other]
    both_gone = any(one is two for one, two in zip(own, other, strict=True))
    if [entry.content for entry in ours] == [entry.content for entry in theirs]:
        yield from _settled(ours)
    elif changed or (both_gone and new_ours and new_theirs):
        yield _Chunk(tuple(ours), tuple(theirs), tuple(base))
    else:
        yield from _both_added(new_ours, new_theirs)


def _both_added(ours: Entries, theirs: Entries) -> Iterator[_Chunk]:
    """What either added, each once; two replies to one request are a conflict."""
    at_own = at_other = 0
    for one, two in [*_aligned(ours, theirs, last=1), (len(ours), len(theirs))]:
        yield from _settled(ours[at_own:one])
        yield from _settled(theirs[at_other:two])
        if one < len(ours) and ours[one].content == theirs[two].content:
            yield from _settled([ours[one]])
        elif one < len(ours):
            yield _Chunk((ours[one],), (theirs[two],))
        at_own, at_other = one + 1, two + 1


def _numbered(chunks: list[_Chunk], sides: tuple[_Side, _Side]) -> list[_Chunk]:
    """Numbered anew in order, if the recorder numbers interactions; gaps that a side has stay."""
    counted = [entry.counted for chunk in chunks for entry in chunk.ours + chunk.theirs]
    known = [number for number in counted if number is not None]
    gaps = not all(_rise([entry.counted for entry in side.entries], 1) for side in sides)
    both = ([entry.counted for chunk in chunks for entry in chunk[side]] for side in (0, 1))
    if len(known) < len(counted) or not known or (gaps and all(map(_rise, both))):
        return chunks
    at, result = min(known), []
    for chunk in chunks:
        one, two = (tuple(entry.numbered(at + step) for step, entry in enumerate(side)) for side in chunk[:2])
        result.append(_Chunk(one, two, chunk.base) if chunk.is_conflict else _Chunk(one, one))
        at += max(len(one), len(two))
    return result


def _rise(numbers: Sequence[int | None], most: int | None = None) -> bool:
    """Whether each number is greater than the one before, by no more than `most`."""
    steps = [two - one for one, two in pairwise(numbers) if one is not None and two is not None]
    return all(0 < step <= (most or step) for step in steps)


def _commas_inside(chunks: list[_Chunk], is_flow: bool) -> list[_Chunk]:
    """So that a conflict at the end of a list with commas holds the comma that only one side needs."""
    while is_flow and len(chunks) > 1 and chunks[-1].is_conflict and not all(chunks[-1][:2]):
        *chunks, before, last = chunks
        base = (before.base if before.is_conflict else before.ours) + last.base
        chunks = [*chunks, _Chunk(before.ours + last.ours, before.theirs + last.theirs, base)]
    return chunks


# -- the proof -----------------------------------------------------------------------------------------


def _prove(frame: _Side, text: str, chunks: list[_Chunk]) -> None:
    """Raise Refused unless the text reads, on each side of its conflicts, as what was meant."""
    sides = ours_and_theirs(text) if any(chunk.is_conflict for chunk in chunks) else (text, text)
    if sides is None:
        raise Refused("the markers of a conflict are not read as such", Place(frame.document.name))
    for side, written in enumerate(sides):
        wanted = [(entry.content, entry.counted) for chunk in chunks for entry in chunk[side]]
        read = _Side(Document(frame.document.name, frame.document.encode(written)))
        if [
            (entry.content, entry.counted) for entry in read.entries
        ] != wanted or read.around != frame.around:
            raise Refused("what came out does not read as what was meant", Place(frame.document.name))

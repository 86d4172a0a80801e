"""Text: a string that knows where it stands, and turns a change of itself into edits of the file.

A `Text` *is* its decoded value, so it goes wherever a string goes; besides, it knows the characters
of its parent that it was read from and the style in which it stands there. The parent is the
document or another text, so layers nest: a word in a JSON string in a server-sent event in a YAML
block is four texts, each of which only knows the one around it. A `Joined` text is spread over
several (a reply over its streamed deltas); a `Packed` one is held encoded as a whole (base64, gzip).

`rewrite` is the one verb for editing: changes of texts in, edits of documents out. Reading alone
needs neither `scalar` nor `respell`, so they are imported on use.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, Protocol, Self, TypeAlias

from cassette_cli.errors import Place, Refused
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, ordered, splice
from cassette_cli.source.style import BLOCKS, Style

if TYPE_CHECKING:
    from cassette_cli.source.scalar import Decoded

_TAG = re.compile(r"!\S*")
GAP = re.compile(r"(?:[ \t\r\n\x85\u2028\u2029]++(?:#[^\r\n\x85\u2028\u2029]*+)?)*+")


class _Tagged(Protocol):
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...
    @property
    def tag(self) -> str | None: ...
    @property
    def anchor(self) -> str | None: ...


def properties(text: str, node: "_Tagged") -> tuple[int, int]:
    """Where a node's tag and anchor end, and where its content starts."""
    end = start = node.start
    for own in (node.tag, node.anchor):  # in either order; what follows them may be the first key's
        if own is None:
            continue
        if node.anchor is not None and text.startswith(f"&{node.anchor}", start):
            end = start + 1 + len(node.anchor)
        elif match := _TAG.match(text, start, node.end):
            end = match.end()
        gap = GAP.match(text, end, node.end)
        start = gap.end() if gap else end
    return end, start


class Text(str):
    """A decoded string read from the characters start..end of its parent."""

    __slots__ = ("_read", "end", "parent", "start", "style")
    _read: "Decoded"  # there once it was asked for
    parent: "Source"
    start: int
    end: int
    style: Style
    tag: str | None = None  # see Tagged
    anchor: str | None = None

    def __new__(cls, value: str, parent: "Source", start: int, end: int, style: Style) -> Self:
        self = str.__new__(cls, value)
        self.parent = parent
        self.start = start
        self.end = end
        self.style = style
        return self

    @classmethod
    def inside(cls, parent: "Source", start: int, end: int, style: Style) -> Self:
        """The text that the characters start..end of `parent` stand for."""
        from cassette_cli.source.scalar import decode

        return cls(decode(style, parent.text[start:end]).value, parent, start, end, style)

    @property
    def text(self) -> str:
        return self

    @property
    def content_start(self) -> int:
        """Where the scalar itself starts, behind a YAML tag and anchor."""
        return properties(self.parent.text, self)[1]

    @property
    def document(self) -> Document:
        return self.parent if isinstance(self.parent, Document) else self.parent.document

    @property
    def depth(self) -> int:
        return 0 if isinstance(self.parent, Document) else self.parent.depth + 1

    def offset(self, position: int = 0) -> int:
        """The offset in the document at which the character `position` is written."""
        if self.style is Style.FIXED:
            return self.start
        at = self.content_start + self._decoded().start_of(position)
        return at if isinstance(self.parent, Document) else self.parent.offset(at)

    def place(self, position: int = 0) -> Place:
        return self.document.place(self.offset(position))

    def spans(self, start: int, end: int) -> "Iterator[Span]":
        """Where the characters start..end stand: in the document, or in the packed text around them."""
        if self.style is Style.FIXED:
            first, last = self.start, self.end
        else:
            decoded, begin = self._decoded(), self.content_start
            first = begin + decoded.start_of(start)
            last = max(first, begin + decoded.end_of(end)) if end > start else first
        if isinstance(self.parent, Document):
            yield Span(self.parent, first, last)
        else:
            yield from self.parent.spans(first, last)

    def parent_edits(self, edits: Sequence[Edit]) -> "Lowered":
        """What the parent must change so that this text changes; raises Refused if nothing would do."""
        from cassette_cli.source.respell import respell

        start = self.content_start
        gap = self._gap() if start == self.end and self.style is Style.PLAIN else ""
        spelt = respell(self.style, self.parent.text[start : self.end], edits, self._indent())
        if spelt is None or (self.style is Style.SSE and self._loses_blank(edits)):
            raise Refused("the new text cannot be written here", self.place(edits[0].start))
        return [(self.parent, [Edit(start + one, start + two, gap + new) for one, two, new in spelt])]

    def _loses_blank(self, edits: Sequence[Edit]) -> bool:
        """Whether an event's data would begin with the one blank that a reader drops behind `data:`."""
        return splice(self, edits).startswith(" ") and self.parent.text[self.start - 1 : self.start] == ":"

    def _gap(self) -> str:
        """What separates a new value from the indicator or tag before it, where none stood; or Refused."""
        before = self.parent.text[: self.end]
        asked = before.rstrip(" \t").endswith(":") or re.search(r"(?:\A|[\s\[{,])[-?]\Z", before[-2:])
        if not asked and self.start == self.end:
            raise Refused("no value stands here, not even an empty one", self.place())
        return "" if before[-1:].isspace() else " "

    def _decoded(self) -> "Decoded":
        from cassette_cli.source.scalar import decode

        try:
            return self._read
        except AttributeError:
            source = self.parent.text[self.content_start : self.end]
            self._read = decode(self.style, source, self._indent())
            return self._read

    def _indent(self) -> int:
        if self.style not in BLOCKS:
            return 0
        from cassette_cli.source.scalar import block_indent

        return block_indent(self.parent.text[self.content_start : self.end], self)


class Tagged(Text):
    """A YAML scalar with a tag, an anchor or both: a class of its own, for few have one."""

    __slots__ = ("anchor", "tag")
    tag: str | None
    anchor: str | None


class Packed(Text):
    """A text that another one holds encoded as a whole: in base64, compressed, in another charset."""

    __slots__ = ("pack",)
    pack: Callable[[str], str]

    @classmethod
    def of(cls, value: str, parent: "Text | Joined", pack: Callable[[str], str]) -> Self:
        """The text that `parent` holds; `pack` makes of another one what `parent` must be for it."""
        self = cls(value, parent, 0, len(parent.text), Style.FIXED)
        self.pack = pack
        return self

    def offset(self, position: int = 0) -> int:  # noqa: ARG002 - all of it stands in one place
        return self.parent.offset() if isinstance(self.parent, Text | Joined) else self.start

    def spans(self, start: int, end: int) -> "Iterator[Span]":
        yield Span(self, start, end)

    def parent_edits(self, edits: Sequence[Edit]) -> "Lowered":
        try:
            packed = self.pack(splice(self, edits))
        except ValueError as error:
            raise Refused(f"the new text cannot be packed as the old one is: {error}", self.place()) from None
        return [(self.parent, [difference(self.parent.text, packed)])]


def difference(old: str, new: str) -> Edit:
    """The one edit that makes `new` of `old`, without what both begin and end with."""
    most = min(len(old), len(new))
    start = next((place for place in range(most) if old[place] != new[place]), most)
    room = most - start
    end = next((place for place in range(room) if old[-1 - place] != new[-1 - place]), room)
    return Edit(start, len(old) - end, new[start : len(new) - end])


class Joined(str):
    """One string made of several, in order; those that are texts can be changed."""

    __slots__ = ("depth", "pieces", "starts")
    pieces: tuple[str, ...]
    starts: list[int]  # of the pieces
    depth: int

    def __new__(cls, pieces: Iterable[str]) -> Self:
        parts = tuple(pieces)
        self = str.__new__(cls, "".join(parts))
        self.pieces = parts
        self.starts = [0, *accumulate(map(len, parts))][:-1]
        self.depth = 1 + max((part.depth for part in parts if isinstance(part, Text | Joined)), default=0)
        return self

    @property
    def text(self) -> str:
        return self

    @property
    def document(self) -> Document:
        return next(piece.document for piece in self.pieces if isinstance(piece, Text | Joined))

    def offset(self, position: int = 0) -> int:
        """The offset of the character `position`; of one that stands nowhere, that of the text beside it."""
        first = max(bisect_right(self.starts, position) - 1, 0)
        for number in (*range(first, -1, -1), *range(first + 1, len(self.pieces))):
            piece = self.pieces[number]
            if isinstance(piece, Text | Joined):
                return piece.offset(max(0, min(position - self.starts[number], len(piece))))
        return 0

    def place(self, position: int = 0) -> Place:
        return self.document.place(self.offset(position))

    def spans(self, start: int, end: int) -> "Iterator[Span]":
        """Where the characters start..end stand, piece by piece."""
        for piece, first, last in self.cut(start, end):
            if isinstance(piece, Text | Joined):
                yield from piece.spans(first, last)

    def cut(self, start: int, end: int) -> Iterator[tuple[str, int, int]]:
        """The pieces that hold the characters start..end, with what each holds of them."""
        number = max(bisect_right(self.starts, start) - 1, 0)
        while number < len(self.pieces) and self.starts[number] < end:
            piece, begin = self.pieces[number], self.starts[number]
            first, last = max(start - begin, 0), min(end - begin, len(piece))
            if first < last:
                yield piece, first, last
            number += 1

    def parent_edits(self, edits: Sequence[Edit]) -> "Lowered":
        """The edits dealt out: the first piece that one touches takes the new text, others only lose."""
        result: Lowered = []
        waiting, begin = list(edits), 0
        for number, piece in enumerate(self.pieces):
            end = begin + len(piece)
            last = number == len(self.pieces) - 1
            mine: list[Edit] = []
            while waiting and (waiting[0].start < end or last):
                start, stop, new = waiting.pop(0)
                mine.append(Edit(start - begin, min(stop, end) - begin, new))
                if stop > end:
                    waiting.insert(0, Edit(end, stop, ""))
                    break
            if mine and not isinstance(piece, Text | Joined):
                raise Refused("a part of this text has no place of its own in the file")
            if mine and isinstance(piece, Text | Joined):
                result.append((piece, mine))
            begin = end
        return result


class Span(NamedTuple):
    """The characters start..end of a document, or of a text that is packed into one."""

    root: Document | Packed
    start: int
    end: int


Source: TypeAlias = Document | Text | Joined  # what a text can stand in
Lowered: TypeAlias = list[tuple[Source, list[Edit]]]


Change: TypeAlias = tuple[Source, Iterable[Edit]]


def rewrite(changes: Iterable[Change], wanted: "dict[int, str] | None" = None) -> dict[Document, list[Edit]]:
    """The edits of each document after which every text reads with its changes made.

    One batch for all changes of a file: the deepest layer is lowered first, so that what several
    layers do to one scalar meets there. Raises Refused where changes overlap or cannot be written.
    `wanted` is given what each text that changes, in whichever layer, must then read as, by its id.
    """
    pending: dict[int, dict[int, tuple[Text | Joined, list[Edit]]]] = {}  # by depth, then by text
    result: dict[Document, list[Edit]] = {}

    def add(target: Source, edits: Iterable[Edit]) -> None:
        if isinstance(target, Document):
            result.setdefault(target, []).extend(edits)
        else:
            same_depth = pending.setdefault(target.depth, {})
            same_depth.setdefault(id(target), (target, []))[1].extend(edits)

    for text, edits in changes:
        add(text, edits)
    while pending:
        for text, edits in pending.pop(max(pending)).values():
            edits = ordered(edits)
            if wanted is not None:
                wanted[id(text)] = splice(text, edits)
            for target, lowered in text.parent_edits(edits) if edits else ():
                add(target, lowered)
    return {document: ordered(edits + _lengths(document, edits)) for document, edits in result.items()}


def _lengths(document: Document, edits: list[Edit]) -> list[Edit]:
    """What a format that carries lengths must change besides, so that they still fit.

    A length that is itself edited is left to that edit; an outer one counts what inner ones grow by.
    """
    text, all_edits = document.text, set(edits)
    for start, end, first, last, base, behind in document.lengths:
        if any(edit.start < end and start < edit.end for edit in all_edits):
            continue
        inside = (edit for edit in all_edits if first <= edit.start and edit.end <= last)
        grown = sum(_size(edit.text) - _size(text[edit.start : edit.end]) for edit in inside)
        if grown:
            number = int(text[start:end], base) + grown
            if number == 0 and behind is not None:
                all_edits |= {Edit(start, first, ""), Edit(last, behind, "")}
            else:
                all_edits.add(Edit(start, end, format(number, "x" if base == 16 else "d")))
    return list(all_edits - set(edits))


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogateescape"))

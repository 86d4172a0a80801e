"""Changes of texts spread to all places of them: over the pieces of a joined text, and to its copies.

A change begins at the text that a reader finds, and goes down from there, the deepest texts first: from a
joined text to its pieces (`dealing`), from a text in one that stands in several places to that one. What is
left is for `rewrite`, which knows how each is spelt. Whatever changes on the way takes its copies along
(`copies`): a whole the pieces that make it up and the other wholes, a piece the wholes.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cassette_cli.editing.copies import Copies, Spot, spot
from cassette_cli.editing.dealing import change_of, dealt
from cassette_cli.editing.layout import Respelt, respelt
from cassette_cli.errors import Refused
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, ordered, splice
from cassette_cli.source.text import Change, Joined, Source, Text
from cassette_cli.source.tree import Fields, Items, Json, Mapping, Node, resolve
from cassette_cli.source.tree import Sequence as List


class _Role(NamedTuple):
    """What a text is among copies: one of the pieces, by its number, or a whole."""

    copies: Copies
    number: int | None


class Spread:
    """Changes as they are asked for, and as they must be made."""

    def __init__(self, known: Iterable[Copies], bodies: Iterable[object] = ()) -> None:
        self._bodies = {id(body) for body in bodies}  # each is one text to what is in it
        self.made: dict[Spot, tuple[Source, list[Edit]]] = {}
        self.replaced: dict[int, Json] = {}  # what nodes become as a whole, by their ids
        self._held: list[Node | Joined] = []  # so that no other node takes the id of one of those
        self._pending: dict[int, dict[Spot, tuple[Source, list[Edit]]]] = {}  # by depth
        self._roles: dict[Spot, list[_Role]] = {}
        self._trees: list[list[Node]] = []
        self._done: set[int] = set()
        self._stale: dict[int, Copies] = {}  # of which a piece has changed
        for copies in known:
            trees = [whole.node for whole in copies.wholes if isinstance(whole, Fields | Items)]
            if len(trees) > 1:
                self._trees.append(list(trees))
            for number, piece in enumerate(copies.pieces):
                self._know(piece, _Role(copies, number))
            for whole in copies.wholes:
                self._know(whole, _Role(copies, None))

    def _know(self, value: object, role: _Role) -> None:
        if isinstance(value, Text | Joined):
            self._roles.setdefault(spot(value), []).append(role)

    def put(self, one: Respelt) -> None:
        """Takes a change of a node, and of the same one in copies of the tree that it stands in."""
        self._put(one)
        node = one.node
        for trees in self._trees:
            for tree in trees:
                path = None if isinstance(node, Joined) else _path_to(tree, node)
                for other in trees if path is not None else ():
                    twin = _node_at(other, path or ())
                    if other is not tree and twin is not None:
                        for same in respelt(twin, one.value):
                            self._put(same)

    def _put(self, one: Respelt) -> None:
        self.replaced[id(one.node)] = one.value
        self._held.append(one.node)
        self.add(one.source, [one.edit])

    def add(self, source: Source, edits: Iterable[Edit]) -> None:
        depth = -1 if isinstance(source, Document) else source.depth
        known = self._pending.setdefault(depth, {}).setdefault(spot(source), (source, []))[1]
        known += [edit for edit in edits if edit not in known]

    def changes(self) -> list[Change]:
        """The changes that `rewrite` is to make; raises Refused where two touch the same characters."""
        while self._pending or self._stale:
            if not self._pending:
                self._freshen(self._stale.pop(next(iter(self._stale))))
                continue
            for key, (source, edits) in self._pending.pop(max(self._pending)).items():
                self._lower(key, source, ordered(edits))
        return [(source, ordered(edits)) for source, edits in self.made.values()]

    def _lower(self, key: Spot, source: Source, edits: list[Edit]) -> None:
        placed = isinstance(source, Joined) and all(isinstance(piece, Text) for piece in source.pieces)
        if isinstance(source, Joined) and not (placed and id(source) in self._bodies):
            self._deal(source.pieces, edits)
            return
        if isinstance(source, Text) and key not in self._roles and self._is_spread(source.parent):
            for parent, lowered in source.parent_edits(edits):
                self.add(parent, lowered)
            return
        known = self.made.setdefault(key, (source, []))[1]
        known += [edit for edit in edits if edit not in known]
        for copies, number in self._roles.get(key, ()):
            if number is not None:
                self._stale[id(copies)] = copies
                self._misspell(copies, number)
            elif id(copies) not in self._done:
                self._done.add(id(copies))
                self._follow(copies, str(source), edits)

    def _is_spread(self, source: Source) -> bool:
        """Whether a text, or one around it, stands in several places."""
        while not isinstance(source, Document):
            if spot(source) in self._roles:
                return True
            if isinstance(source, Joined):
                return id(source) not in self._bodies
            source = source.parent
        return False

    def _follow(self, copies: Copies, old: str, edits: list[Edit]) -> None:
        """Changes the pieces of a whole that changes, and the other wholes."""
        new, joined = splice(old, edits), "".join(copies.pieces)
        if copies.pieces and joined != new:
            self._deal(copies.pieces, edits if joined == old else [change_of(joined, new)])
        self._set_wholes(copies, new)

    def _freshen(self, copies: Copies) -> None:
        """Changes the wholes of pieces that have changed."""
        if id(copies) not in self._done:
            self._done.add(id(copies))
            self._set_wholes(copies, "".join(map(self._value, copies.pieces)))

    def _set_wholes(self, copies: Copies, new: str) -> None:
        for whole in copies.wholes:
            if isinstance(whole, Text | Joined) and self._value(whole) != new:
                self.add(whole, [change_of(whole, new)])

    def _value(self, text: str) -> str:
        """What a text is to be, as far as is known."""
        if isinstance(text, Joined):
            return "".join(map(self._value, text.pieces))
        made = self.made.get(spot(text)) if isinstance(text, Text) else None
        return splice(text, made[1]) if made else text

    def _misspell(self, copies: Copies, number: int) -> None:
        """Of a token that is another one now, the bytes are not known."""
        bytes_ = copies.spelt[number] if copies.spelt else None
        if isinstance(bytes_, Items):
            for one in respelt(bytes_.node, None):
                self._put(one)

    def _deal(self, pieces: Sequence[str], edits: list[Edit]) -> None:
        flat = list(_flat(pieces))
        placed = all(isinstance(piece, Text) for piece in flat)
        shares = dealt(flat, edits) if placed else _between(flat, edits)
        for piece, share in zip(flat, shares, strict=True):
            own = [edit for edit in share if edit.text != piece[edit.start : edit.end]]
            if own and isinstance(piece, Text):
                self.add(piece, own)


def _between(pieces: list[str], edits: list[Edit]) -> list[list[Edit]]:
    """The edits dealt out where what stands between the pieces, as in a list of cookies, must stay."""
    spelt = "".join("(.*?)" if isinstance(piece, Text) else re.escape(piece) for piece in pieces)
    match = re.fullmatch(spelt, splice("".join(pieces), edits), re.DOTALL)
    if match is None:
        raise Refused("it is stored in parts, whose number must stay, and what stands between them")
    new = iter(match.groups())
    return [[change_of(piece, next(new))] if isinstance(piece, Text) else [] for piece in pieces]


def _flat(pieces: Iterable[str]) -> Iterator[str]:
    for piece in pieces:
        if isinstance(piece, Joined):
            yield from _flat(piece.pieces)
        else:
            yield piece


def _path_to(tree: Node, wanted: Node) -> tuple[int, ...] | None:
    """The way from a tree to a node in it; None if it is not."""
    if (tree.start, tree.end, spot(tree.parent)) == (wanted.start, wanted.end, spot(wanted.parent)):
        return ()
    for place, child in enumerate(_children(tree)):
        if (path := _path_to(child, wanted)) is not None:
            return (place, *path)
    return None


def _node_at(tree: Node, path: Sequence[int]) -> Node | None:
    for place in path:
        children = _children(tree)
        if place >= len(children):
            return None
        tree = children[place]
    return tree


def _children(node: Node) -> list[Node]:
    node = resolve(node)
    if isinstance(node, Mapping):
        return [value for _, value in node.items]
    return list(node.items) if isinstance(node, List) else []

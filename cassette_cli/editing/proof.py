"""Whether a changed cassette reads as was wanted, and all else as before."""

from collections.abc import Iterator
from typing import Any, TypeAlias

from cassette_cli.editing.copies import Spot, spot
from cassette_cli.llm.messages import Compact
from cassette_cli.model import Cassette, Interaction
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.text import Joined, Source, Text
from cassette_cli.source.tree import Fields, Integer, Items, Real, plain

Path: TypeAlias = tuple[str | int, ...]
_PROSE = ("text", "reasoning", "refusal")


class Made:
    """The changes that were made, by the spots of the texts."""

    def __init__(self, edits: dict[Spot, tuple[Source, list[Edit]]]) -> None:
        self.edits = edits
        self._around = {spot(outer) for source, _ in edits.values() for outer in _outer(source)}

    def touches(self, value: object) -> bool:
        """Whether a value stands, wholly or in part, in what was changed."""
        if isinstance(value, Joined):
            return any(map(self.touches, value.pieces))
        if isinstance(value, Compact):
            return any(map(self.touches, _leaves(value.value)))
        if isinstance(value, Integer | Real | Fields | Items):
            return self.touches(value.node)
        if not hasattr(value, "parent"):
            return False
        node: Any = value
        if isinstance(node, Text) and (spot(node) in self.edits or spot(node) in self._around):
            return True
        while not isinstance(node, Document):
            parent, start, end = node.parent, node.start, node.end
            edits = self.edits.get(spot(parent), (parent, []))[1]
            if any(edit.start <= end and start <= edit.end for edit in edits):
                return True
            if isinstance(parent, Joined):
                return self.touches(parent)
            node = parent
        return False

    def expected(self, value: str) -> str | None:
        """What a text must read as; None where it is a part of something that was written anew."""
        if isinstance(value, Joined):
            pieces = [self.expected(piece) for piece in value.pieces]
            return None if None in pieces else "".join(filter(None, pieces))
        if not self.touches(value):
            return value
        if isinstance(value, Text) and spot(value) in self.edits:
            return splice(value, self.edits[spot(value)][1])
        return None


def _outer(source: Source) -> Iterator[Source]:
    """What a text stands in, from the inside out."""
    while isinstance(source, Text):
        source = source.parent
        if isinstance(source, Text):
            yield source


def differences(made: Made, old: Any, new: Any, path: Path = ()) -> Iterator[Path]:
    """Where a document reads otherwise than it was to, told by what its texts became."""
    if isinstance(old, dict):
        if not isinstance(new, dict) or old.keys() != new.keys():
            yield from () if made.touches(old) else (path,)
            return
        raw = old.get("raw_arguments", "")
        follows = {"arguments"} if made.touches(raw) and made.expected(raw) is not None else set()
        for key in old.keys() - follows:
            yield from differences(made, old[key], new[key], (*path, key))
    elif isinstance(old, list):
        if isinstance(new, list) and len(old) > len(new):
            old = [item for item in old if not _is_emptied(made, item)]
        if not isinstance(new, list) or len(old) != len(new):
            yield from () if made.touches(old) else (path,)
            return
        for place, (one, two) in enumerate(zip(old, new, strict=True)):
            yield from differences(made, one, two, (*path, place))
    elif isinstance(old, Compact | Integer | Real):
        if old != new and not made.touches(old):
            yield path
    elif isinstance(old, str):
        wanted = made.expected(old)
        if wanted is not None and wanted != new:
            yield path
    elif old != new:
        yield path


def _leaves(value: Any) -> Iterator[Any]:
    """A value and all that is in it."""
    yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in inner:
        yield from _leaves(item)


def _is_emptied(made: Made, part: Any) -> bool:
    """Whether a part is prose of which nothing is left, so that it is none."""
    return isinstance(part, dict) and part.get("type") in _PROSE and made.expected(part["text"]) == ""


def others(cassette: Cassette, changed: Cassette, index: int) -> Iterator[int]:
    """Which other interactions read differently."""
    for one, two in zip(cassette.interactions, changed.interactions, strict=True):
        if one.index != index and _plain(one) != _plain(two):
            yield one.index


def _plain(interaction: Interaction) -> tuple[object, ...]:
    request, response = interaction.request, interaction.response
    bodies = (request.body, response.body, *(frame.body for frame in interaction.frames))
    return (
        *(request.method, request.url, request.headers, response.status, response.headers),
        *((body.data, body.node if body.tree is None else repr(plain(body.tree))) for body in bodies),
    )

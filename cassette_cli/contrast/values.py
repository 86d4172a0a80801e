"""Where two JSON values differ: each place with what stands there on either side.

Lists are aligned, so an inserted element is one difference and not a cascade; a string that holds JSON on
both sides is compared by what it holds. Knows no HTTP, no noise and no conversation.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from cassette_cli.contrast.align import Aligner, Pair
from cassette_cli.rules.volatile import ABSENT, Value, same
from cassette_cli.source.jsontree import load_json
from cassette_cli.source.tree import Json


class Delta(NamedTuple):
    """One place at which two values differ."""

    where: str
    old: Value
    new: Value


class Path(NamedTuple):
    """A place in a value: as a JSON pointer behind a body, with dots and brackets elsewhere."""

    where: str
    dotted: bool = False
    listed: bool = False  # a list of bodies: brackets for it, a pointer in each

    def key(self, name: str) -> "Path":
        if self.dotted:
            return Path(f"{self.where}.{name}" if self.where else name, True)
        return Path(f"{self.where}/{name.replace('~', '~0').replace('/', '~1')}")

    def item(self, place: int) -> "Path":
        return Path(
            f"{self.where}[{place}]" if self.dotted or self.listed else f"{self.where}/{place}", self.dotted
        )


Mask: TypeAlias = Callable[[Json, str], Json]  # a value at a place, without what does not matter

DEEPEST = 80  # values within values; deeper ones are compared whole
_NUMBERS = 16  # from so many on, a list of numbers is one value (an embedding)
_ALIKE = 0.5  # how much two elements must share to be the same one, changed
_NAMES = ("role", "type", "name", "object", "id")  # elements that say the same of themselves need share less
_ALIKE_BY_NAME = 0.2


def differences(old: Value, new: Value, path: Path, mask: Mask) -> Iterator[Delta]:
    """The places at which two values differ; `mask` takes out what must not tell elements of lists apart."""
    yield from _Walk(mask).below(old, new, path, None, 0)


Clean: TypeAlias = tuple[Json, Json] | None  # the two values, masked, once someone had to


class _Walk:
    """Two values gone through side by side."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask

    def below(self, old: Value, new: Value, path: Path, clean: Clean, depth: int) -> Iterator[Delta]:
        if same(old, new):
            return
        if isinstance(old, str) and isinstance(new, str) and depth < DEEPEST:
            held = held_in(old), held_in(new)
            if held[0] is not None and held[1] is not None:
                yield from self.below(*held, path, None, depth + 1)
                return
        if isinstance(old, dict) and isinstance(new, dict) and depth < DEEPEST:
            for name in dict.fromkeys([*old, *new]):
                was, now = old.get(name, ABSENT), new.get(name, ABSENT)
                yield from self.below(was, now, path.key(name), _inside(clean, name), depth + 1)
        elif isinstance(old, list) and isinstance(new, list) and depth < DEEPEST and not _figures(old, new):
            yield from self._lists(old, new, path, clean, depth)
        else:
            yield Delta(path.where, old, new)

    def _lists(
        self, old: list[Json], new: list[Json], path: Path, clean: Clean, depth: int
    ) -> Iterator[Delta]:
        if clean is None or not isinstance(clean[0], list) or not isinstance(clean[1], list):
            where = path.item(0).where
            clean = [self._mask(item, where) for item in old], [self._mask(item, where) for item in new]
        olds, news = (side if isinstance(side, list) else [] for side in clean)
        for one, two in _aligned(old, new, olds, news):
            if one is None and two is not None:
                yield Delta(path.item(two).where, ABSENT, new[two])
            elif two is None and one is not None:
                yield Delta(path.item(one).where, old[one], ABSENT)
            elif one is not None and two is not None:
                inner = olds[one], news[two]
                yield from self.below(old[one], new[two], path.item(two), inner, depth + 1)


def _inside(clean: Clean, name: str) -> Clean:
    """The masked values under a name, where both sides have one."""
    if clean is None or not isinstance(clean[0], dict) or not isinstance(clean[1], dict):
        return None
    return (clean[0][name], clean[1][name]) if name in clean[0] and name in clean[1] else None


def _aligned(old: list[Json], new: list[Json], olds: list[Json], news: list[Json]) -> list[Pair]:
    """The elements of two lists (and what they are masked) in pairs: equal, alike, then what is left over."""
    keys = [[key(item) for item in side] for side in (olds, news)]
    aligner = Aligner(len(old), len(new))
    aligner.equal(*keys)
    left = aligner.left()
    if all(left):
        one, two = (
            {place: frozenset(_WORD.findall(side[place])) for place in places}
            for side, places in zip(keys, left, strict=True)
        )
        aligner.alike(lambda i, j: _likeness(old[i], new[j], one[i], two[j]))
        aligner.left_over(lambda i, j: _pass_for_one(old[i], new[j]))
    return aligner.in_order()


_WORD = re.compile(r"\w+")


def _likeness(old: Json, new: Json, words: frozenset[str], others: frozenset[str]) -> float:
    """How much of two elements is the same; 0 if too little to be one."""
    if not isinstance(old, dict | list) or type(old) is not type(new):
        return 0.0
    share = len(words & others) / max(len(words | others), 1)
    return share if share >= (_ALIKE_BY_NAME if _same_name(old, new) else _ALIKE) else 0.0


def _same_name(old: Json, new: Json) -> bool:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return False
    names = [name for name in _NAMES if name in old or name in new]
    return bool(names) and all(same(old.get(name), new.get(name)) for name in names)


def _pass_for_one(old: Json, new: Json) -> bool:
    """Whether what is alone left over at one place is one element that changed."""
    if isinstance(old, dict) and isinstance(new, dict):
        said = [name for name in ("role", "type") if name in old or name in new]
        return all(same(old.get(name), new.get(name)) for name in said)
    return True


def key(value: Json) -> str:
    """A text that is the same for equal values."""
    try:
        return json.dumps(value, sort_keys=True)
    except RecursionError:
        return f"(nested too deep: {id(value)})"


def held_in(text: str) -> Json:
    """The object or list that a text holds; None if it holds none."""
    if text[:1] not in ("{", "["):
        return None
    try:
        value: Json = load_json(text)
    except (ValueError, RecursionError):
        return None
    return value


def _figures(*lists: list[Json]) -> bool:
    return all(len(one) >= _NUMBERS and all(isinstance(item, int | float) for item in one) for one in lists)

"""Whether ids were renamed consistently: what two recordings call differently must stay one thing.

An id that was masked is a change after all where a request shows that it matters: the result of a tool no
longer names its call, two requests that shared a thread no longer do. Ids that no request holds may be as
they like. Those that chance made are compared over the whole cassette, others (`call_1`) within a request.
What only repeats such a renaming (an id that stands under another name) is noise, too.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import NamedTuple, TypeAlias

from cassette_cli.contrast.bodies import events_of, held, value_or_none
from cassette_cli.contrast.values import Delta
from cassette_cli.rules.noise import ids_in, pairs_of_ids, spot_of
from cassette_cli.rules.volatile import Value, is_random
from cassette_cli.selection import Reading

Key: TypeAlias = tuple[str, int | None]


class Compared(NamedTuple):
    """One pair of interactions: the old one, if both are there, and what differs, as noise and besides."""

    old: Reading | None
    masked: tuple[Delta, ...]
    changes: tuple[Delta, ...]


class Renaming(NamedTuple):
    """What the ids of a cassette are called now."""

    names: dict[str, str]  # those that chance made
    broken: dict[int, set[int]]  # of each pair, which of the masked differences contradict another

    def repeats(self, delta: Delta) -> bool:
        """Whether two values differ only in ids that were renamed so elsewhere."""
        if not isinstance(delta.old, str) or not isinstance(delta.new, str) or not self.names:
            return False
        if not delta.where.startswith(("request.body", "request.url", "response.body", "response.headers")):
            return False
        one, two = _STEP.split(delta.old), _STEP.split(delta.new)
        pairs = [pair for pair in zip(one, two, strict=False) if pair[0] != pair[1]]
        return len(one) == len(two) and all(self.names.get(was) == now for was, now in pairs)


_STEP = re.compile(r"([/?&=#:,;.]|\s.*)", re.DOTALL)  # a text of several words is no id


class _Renamed(NamedTuple):
    """One id with what it is called now; `at` is which of the masked differences says so, None for none."""

    old: str
    new: str
    pair: int
    at: int | None
    asked: bool  # whether it stands in a request

    def key(self, name: str) -> Key:
        return name, None if is_random(name) else self.pair


def renaming(pairs: list[Compared]) -> Renaming:
    """How the ids of the pairs' old sides were renamed, and where that contradicts itself."""
    changed = [one for number, pair in enumerate(pairs) for one in _renamed(number, pair)]
    concerned = {name for one in changed for name in (one.old, one.new)}
    kept = [one for number, pair in enumerate(pairs) for one in _kept(number, pair, concerned)]
    asked = {(one.old, one.new) for one in chain(kept, changed) if one.asked}
    forward: dict[Key, str] = {}
    backward: dict[Key, str] = {}
    broken: dict[int, set[int]] = {}
    for one in chain(kept, changed):
        new = forward.setdefault(one.key(one.old), one.new)
        old = backward.setdefault(one.key(one.new), one.old)
        others = {(one.old, new), (old, one.new)} - {(one.old, one.new)}
        if one.at is not None and others and (one.asked or others & asked):
            broken.setdefault(one.pair, set()).add(one.at)
    return Renaming({old: new for (old, pair), new in forward.items() if pair is None}, broken)


def _renamed(number: int, pair: Compared) -> Iterator[_Renamed]:
    for at, (where, old, new) in enumerate(pair.masked):
        for one, two in pairs_of_ids(spot_of(where), old, new):
            yield _Renamed(one, two, number, at, where.startswith("request"))


def _kept(number: int, pair: Compared, concerned: set[str]) -> Iterator[_Renamed]:
    """The ids of an old interaction that the new one has in the same places, of those that are concerned."""
    if pair.old is None or not concerned:
        return
    for asked, ids in ((True, _asked(pair.old)), (False, _said(pair.old))):
        count = Counter(name for name in ids if name in concerned)
        for where, old, _ in chain(pair.masked, pair.changes) if count else ():
            if where.startswith("request") is asked:
                for name in _ids(old, where):
                    count[name] -= 1 if asked else count[name]  # a reply says one id in many events
        yield from (_Renamed(name, name, number, None, asked) for name, times in count.items() if times > 0)


def _ids(value: Value, where: str) -> Iterable[str]:
    return ids_in(value_or_none(value), where)


def _asked(reading: Reading) -> Iterator[str]:
    yield from _ids(str(reading.interaction.request.url), "request.url")
    for header in reading.interaction.request.headers:
        yield from _ids(str(header.value), f"request.headers.{header.name}")
    yield from _ids(held(reading.asked), "request.body")


def _said(reading: Reading) -> Iterator[str]:
    for header in reading.interaction.response.headers:
        yield from _ids(str(header.value), f"response.headers.{header.name}")
    if reading.said.events:
        for _, value in events_of(reading.said):
            yield from _ids(value, "response.body")
    else:
        yield from _ids(held(reading.said), "response.body")

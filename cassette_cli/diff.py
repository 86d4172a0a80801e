"""What changed in meaning between two cassettes: interactions put together, then compared part by part.

A request is compared by what it holds, a reply as the conversation that its dialect reads, and besides all
of a reply's fields that the conversation does not speak of: nothing is passed over but what a rule of
`noise` names, and that is kept to be counted. Pure: two cassettes in, a difference out.
"""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from cassette_cli.contrast.bodies import of_bodies, of_frames, of_headers, of_value, value_or_none
from cassette_cli.contrast.pairing import Side, paired
from cassette_cli.contrast.renaming import Compared, renaming
from cassette_cli.contrast.replies import of_replies
from cassette_cli.contrast.stored import of_files, of_interactions
from cassette_cli.contrast.values import Delta
from cassette_cli.model import Cassette
from cassette_cli.rules import noise
from cassette_cli.rules.noise import spot_of, told_apart_by
from cassette_cli.rules.volatile import ABSENT as ABSENT  # these two are part of what this module offers
from cassette_cli.rules.volatile import Absent as Absent
from cassette_cli.rules.volatile import Value
from cassette_cli.selection import Reading
from cassette_cli.source.tree import Json


class Kind(StrEnum):
    """What became of an interaction."""

    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"
    MOVED = "moved"  # and perhaps changed


Change: TypeAlias = Delta  # a `where` path, with what stood there and what stands there


class Masked(NamedTuple):
    """One difference that a rule for noise let pass."""

    rule: str
    where: str
    old: Json
    new: Json


class Pairing(NamedTuple):
    """One interaction in both cassettes, or in one of them, with what differs."""

    kind: Kind
    old: Reading | None
    new: Reading | None
    changes: tuple[Change, ...] = ()
    masked: tuple[Masked, ...] = ()


class Difference(NamedTuple):
    """Two cassettes compared, or one that has no other side; pairings in the order of the new one."""

    old: Cassette | None
    new: Cassette | None
    pairings: tuple[Pairing, ...]
    changes: tuple[Change, ...] = ()  # around the interactions
    masked: tuple[Masked, ...] = ()

    @property
    def same(self) -> bool:
        return not self.changes and all(pairing.kind is Kind.SAME for pairing in self.pairings)


PARTS = frozenset(("request", "reply", "headers", "usage", "timing"))


class Scope(NamedTuple):
    """What is compared: which rules let noise pass, which parts count (all, if none is named) and which not.

    A part that is named, usage or timing, is wanted: its own noise is none then.
    """

    noise: frozenset[str] = noise.DEFAULT
    only: frozenset[str] = frozenset()
    ignore: frozenset[str] = frozenset()

    def takes(self, where: str) -> bool:
        part = _part(where)
        return part not in self.ignore and (not self.only or part in self.only)

    def rules(self, where: str) -> frozenset[str]:
        """The rules that let differences at a place pass."""
        part = _part(where)
        return frozenset() if part in self.only and part in ("usage", "timing") else self.noise


def _part(where: str) -> str:
    if ".headers" in where[:17]:
        return "headers"
    if where.lower().removeprefix("stored/").startswith("request"):
        return "request"
    if where in ("duration_ms", "recorded_at"):
        return "timing"
    return "usage" if where.startswith("usage") else "reply"


def compare(old: Cassette | None, new: Cassette | None, scope: Scope = Scope()) -> Difference:  # noqa: B008
    """What differs between two cassettes; one that is not there has no interactions."""
    olds, news = ([Side(one) for one in side.interactions] if side else [] for side in (old, new))
    if old and new and old.document.raw == new.document.raw:
        pairings = [Pairing(Kind.SAME, i.reading, j.reading) for i, j in zip(olds, news, strict=True)]
        return Difference(old, new, tuple(pairings))
    together = paired(olds, news)
    alike = bool(old and new and old.recorder == new.recorder)
    found: list[Pairing] = []
    for i, j in together.pairs:
        if i is None or j is None:
            old_side = olds[i].reading if i is not None else None
            new_side = news[j].reading if j is not None else None
            found.append(Pairing(Kind.REMOVED if new_side is None else Kind.ADDED, old_side, new_side))
        else:
            found.append(_pairing(olds[i], news[j], scope, moved=i in together.moved, alike=alike))
    around = of_files(old, new) if old and new and alike else ()
    changes, masked = _sifted(around, scope, is_read=False)
    return Difference(old, new, tuple(_with_renaming(found, scope)), tuple(changes), tuple(masked))


def _pairing(old: Side, new: Side, scope: Scope, *, moved: bool, alike: bool) -> Pairing:
    deltas = list(_deltas(old, new))
    if alike:
        deltas += of_interactions(old.interaction, new.interaction, deltas)
    is_read = bool(deltas and (old.reading.exchange or new.reading.exchange))
    changes, masked = _sifted(deltas, scope, is_read=is_read)
    return _judged(Pairing(Kind.MOVED if moved else Kind.SAME, old.reading, new.reading), changes, masked)


def _sifted(deltas: Iterable[Delta], scope: Scope, *, is_read: bool) -> tuple[list[Change], list[Masked]]:
    """The differences that are changes, and those that a rule lets pass."""
    changes: list[Change] = []
    masked: list[Masked] = []
    for delta in deltas:
        if not scope.takes(delta.where):
            continue
        spot = spot_of(delta.where) if is_read else noise.plain(spot_of(delta.where))
        rules = told_apart_by(spot, delta.old, delta.new, scope.rules(delta.where))
        masked += [_masked(rule, delta) for rule in sorted(rules)]
        changes += [] if rules else [delta]
    return changes, masked


def _judged(pairing: Pairing, changes: list[Change], masked: list[Masked]) -> Pairing:
    kind = pairing.kind
    if kind in (Kind.SAME, Kind.CHANGED):
        kind = Kind.CHANGED if changes else Kind.SAME
    return pairing._replace(kind=kind, changes=tuple(changes), masked=tuple(masked))


# -- one pair ------------------------------------------------------------------------------------------


def _deltas(old: Side, new: Side) -> Iterator[Delta]:
    """All that differs between two interactions, noise included."""
    if old.stored == new.stored:
        return
    one, two = old.interaction, new.interaction
    yield from of_value("request.method", one.request.verb, two.request.verb)
    yield from of_value("request.url", str(one.request.url), str(two.request.url))
    yield from of_headers("request.headers", one.request.headers, two.request.headers)
    yield from of_bodies("request.body", old.reading.asked, new.reading.asked)
    yield from of_value("response.status", one.response.status, two.response.status)
    yield from of_headers("response.headers", one.response.headers, two.response.headers)
    yield from of_replies(old.reading, new.reading)
    yield from of_frames(old.reading, new.reading)
    yield from of_value("duration_ms", _given(one.duration_ms), _given(two.duration_ms))
    yield from of_value("recorded_at", _given(one.recorded_at), _given(two.recorded_at))


def _given(value: Json) -> Value:
    return ABSENT if value is None else value


# -- ids that must go together -------------------------------------------------------------------------


def _with_renaming(pairings: list[Pairing], scope: Scope) -> Iterator[Pairing]:
    """The pairings judged once more, by how ids were renamed in all of them.

    An id whose renaming contradicts another one is a change, what only repeats a renaming is noise.
    """
    told = renaming([_compared(pairing) for pairing in pairings])
    for number, pairing in enumerate(pairings):
        wrong = told.broken.get(number, set())
        repeated = [
            one for one in pairing.changes if noise.ID in scope.rules(one.where) and told.repeats(one)
        ]
        if not wrong and not repeated:
            yield pairing
            continue
        masked = [one for at, one in enumerate(pairing.masked) if at not in wrong]
        masked += [_masked(noise.ID, one) for one in repeated]
        changes = [one for one in pairing.changes if one not in repeated]
        changes += [_unmasked(one) for at, one in enumerate(pairing.masked) if at in wrong]
        yield _judged(pairing, changes, masked)


def _compared(pairing: Pairing) -> Compared:
    masked = tuple(map(_unmasked, pairing.masked))
    return Compared(pairing.old if pairing.new else None, masked, pairing.changes)


def _unmasked(one: Masked) -> Change:
    return Change(one.where, one.old, one.new)


def _masked(rule: str, delta: Delta) -> Masked:
    return Masked(rule, delta.where, value_or_none(delta.old), value_or_none(delta.new))

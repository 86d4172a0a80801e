"""Two sequences put side by side: which entry of the one is which of the other.

Found in rounds, surest first; each round works in the gaps that the rounds before have left, so that what
stands between two known entries stays between them. Knows no cassette and no JSON. The cost is bounded:
where a gap is too large for the best answer, a plainer one is taken.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

Pair: TypeAlias = tuple[int | None, int | None]
Weight: TypeAlias = Callable[[int, int], float]

_ROOM = 250_000  # cells of a table in which entries are compared by their keys
_DEAR_ROOM = 40_000  # cells where comparing two costs more than a look


class Aligner:
    """The entries 0..olds-1 and 0..news-1 of two sequences while they are put together."""

    def __init__(self, olds: int, news: int) -> None:
        self._sizes = (olds, news)
        self._new_of: dict[int, int] = {}
        self._old_of: dict[int, int] = {}

    # -- rounds --------------------------------------------------------------------------------------

    def equal(self, old_keys: Sequence[Hashable], new_keys: Sequence[Hashable]) -> None:
        """Pair entries of the same key, as many as stand in the same order."""
        for olds, news in self._gaps():
            for i, j in _common([old_keys[i] for i in olds], [new_keys[j] for j in news]):
                self._add(olds[i], news[j])

    def equal_best(self, old_keys: Sequence[Hashable], new_keys: Sequence[Hashable], weight: Weight) -> None:
        """The same, and of several of one key those that go together best."""
        self._heaviest(lambda i, j: 1 + weight(i, j) if old_keys[i] == new_keys[j] else 0.0)

    def crossing(self, old_keys: Sequence[Hashable], new_keys: Sequence[Hashable]) -> None:
        """Pair what is left of the same key wherever it stands: it was moved."""
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for i in self._left(0):
            waiting[old_keys[i]].append(i)
        for j in self._left(1):
            if waiting[new_keys[j]]:
                self._add(waiting[new_keys[j]].pop(0), j)

    def alike(self, weight: Weight) -> None:
        """Pair what is alike (a weight over 0), in order, so that the weights are most together."""
        self._heaviest(weight)

    def left_over(self, fits: Callable[[int, int], bool]) -> None:
        """Pair what is left in equal numbers between the same neighbours, one by one, where it fits."""
        for olds, news in self._gaps():
            if len(olds) == len(news):
                for i, j in zip(olds, news, strict=True):
                    if fits(i, j):
                        self._add(i, j)

    def left(self) -> tuple[set[int], set[int]]:
        """The old and the new entries that have no partner."""
        return set(self._left(0)), set(self._left(1))

    # -- the result ----------------------------------------------------------------------------------

    def in_order(self) -> list[Pair]:
        """Every entry once: those of the new sequence in order, what it lacks where it stood in the old."""
        found: list[Pair] = []
        for (i, j), (next_i, next_j) in pairwise(self._fences()):
            found += [(i, j)] if i >= 0 else []
            found += [(gone, None) for gone in range(i + 1, next_i) if gone not in self._new_of]
            found += [(self._old_of.get(come), come) for come in range(j + 1, next_j)]
        return found

    def moved(self) -> set[int]:
        """The old entries that stand elsewhere now: as few as explain the new order."""
        return self._new_of.keys() - self._staying()

    # -- inside --------------------------------------------------------------------------------------

    def _add(self, old: int, new: int) -> None:
        self._new_of[old] = new
        self._old_of[new] = old

    def _left(self, side: int) -> list[int]:
        taken = (self._new_of, self._old_of)[side]
        return [entry for entry in range(self._sizes[side]) if entry not in taken]

    def _staying(self) -> set[int]:
        pairs = sorted(self._new_of.items())
        return {pairs[place][0] for place in rising([new for _, new in pairs])}

    def _fences(self) -> list[tuple[int, int]]:
        """The pairs that stay in order, with one before and one behind all entries."""
        return [(-1, -1), *((i, self._new_of[i]) for i in sorted(self._staying())), self._sizes]

    def _gaps(self) -> Iterator[tuple[list[int], list[int]]]:
        """The entries without a partner between each two neighbours that have one."""
        for (i, j), (next_i, next_j) in pairwise(self._fences()):
            olds = [entry for entry in range(i + 1, next_i) if entry not in self._new_of]
            news = [entry for entry in range(j + 1, next_j) if entry not in self._old_of]
            if olds and news:
                yield olds, news

    def _heaviest(self, weight: Weight) -> None:
        for olds, news in self._gaps():
            for i, j in _heaviest(olds, news, weight):
                self._add(i, j)


def rising(numbers: Sequence[int]) -> list[int]:
    """The places of the longest run of numbers that rise, in order."""
    tails: list[int] = []  # the least number that a run of each length ends with
    places: list[int] = []
    before: list[int] = []
    for place, number in enumerate(numbers):
        length = bisect_left(tails, number)
        before.append(places[length - 1] if length else -1)
        tails[length : length + 1] = [number]
        places[length : length + 1] = [place]
    run: list[int] = []
    place = places[-1] if places else -1
    while place >= 0:
        run.append(place)
        place = before[place]
    return run[::-1]


def _common(old: Sequence[Hashable], new: Sequence[Hashable]) -> Iterator[tuple[int, int]]:
    """The pairs of a longest common subsequence; a common one where the two are too long for that."""
    most = min(len(old), len(new))
    start = next((place for place in range(most) if old[place] != new[place]), most)
    yield from ((place, place) for place in range(start))
    ends = 0
    while ends < most - start and old[-1 - ends] == new[-1 - ends]:
        ends += 1
    one, two = old[start : len(old) - ends], new[start : len(new) - ends]
    if len(one) * len(two) <= _ROOM:
        pairs = _table(one, two, lambda i, j: float(one[i] == two[j]))
    else:
        pairs = _by_occurrence(one, two)
    yield from ((start + i, start + j) for i, j in pairs)
    yield from ((len(old) - ends + n, len(new) - ends + n) for n in range(ends))


def _by_occurrence(old: Sequence[Hashable], new: Sequence[Hashable]) -> list[tuple[int, int]]:
    """The first of a key with the first, the second with the second; what crosses then is left out."""
    waiting: dict[Hashable, list[int]] = defaultdict(list)
    for j, key in enumerate(new):
        waiting[key].append(j)
    for places in waiting.values():
        places.reverse()
    pairs = [(i, waiting[key].pop()) for i, key in enumerate(old) if waiting.get(key)]
    return [pairs[place] for place in rising([j for _, j in pairs])]


def _heaviest(olds: list[int], news: list[int], weight: Weight) -> list[tuple[int, int]]:
    """The pairs in order that weigh most together; of very many entries, those at the same places."""
    if len(olds) * len(news) > _DEAR_ROOM:
        return [(i, j) for i, j in zip(olds, news, strict=False) if weight(i, j) > 0]
    found = _table(olds, news, lambda i, j: weight(olds[i], news[j]))
    return [(olds[i], news[j]) for i, j in found]


def _table(one: Sequence[object], two: Sequence[object], weight: Weight) -> list[tuple[int, int]]:
    """The pairs in order whose weights are most together, found in a table of all."""
    width = len(two) + 1
    best = [[0.0] * width]
    weights: list[list[float]] = []
    for i in range(len(one)):
        above, row = best[-1], [0.0] * width
        own = [weight(i, j) for j in range(len(two))]
        for j, gain in enumerate(own):
            left, up = row[j], above[j + 1]
            most = max(left, up)
            if gain > 0 and above[j] + gain > most:
                most = above[j] + gain
            row[j + 1] = most
        best.append(row)
        weights.append(own)
    pairs: list[tuple[int, int]] = []
    i, j = len(one), len(two)
    while i and j:
        if best[i][j] == best[i - 1][j]:
            i -= 1
        elif best[i][j] == best[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return pairs[::-1]

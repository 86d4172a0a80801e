"""Pruning over real cassettes: what is to go goes, and nothing else; what was split is one again.

What is left is judged by PyYAML and `json`, and by vcrpy where it is vcrpy's; the bytes by comparison.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from vcr.serialize import deserialize
from vcr.serializers import jsonserializer, yamlserializer

from cassette_cli.entries import Documents, Listed, Track, tracks
from cassette_cli.errors import BadRequest, CassetteError
from cassette_cli.model import Cassette
from cassette_cli.prune import prune
from cassette_cli.prune_headers import prune_headers
from cassette_cli.recorders import read_cassette
from cassette_cli.rewrite import SIDES
from cassette_cli.source.document import Document
from cassette_cli.source.text import difference
from cassette_cli.split import join, split
from tests.corpus import dice, name_of
from tests.proof import Outcome
from tests.recorders import oracle as vcrpy
from tests.source.oracle import Shape, expected

SEED = 7
NUMBERS = {"go-vcr": "id", "har": "_order", "seinfeld": "callIndex", "php-vcr": "index"}


def pruned_interactions_leave_all_others_as_they_were(paths: Iterable[Path]) -> Outcome:
    """A random interaction of each file that has several, and a random few."""
    outcome, random = Outcome(Counter(), []), dice(SEED)
    for path, cassette in _several(paths):
        count = len(cassette.interactions)
        for gone in (
            {random.randrange(count)},
            set(random.sample(range(count), random.randint(1, count - 1))),
        ):
            try:
                made = prune(cassette, gone)
            except CassetteError as error:
                outcome.faults.append(f"{name_of(path)}: {sorted(gone)}: {error.message}")
                continue
            new = Document(cassette.document.name, made.bytes_of(cassette.document))
            outcome.counts[f"of {cassette.recorder}"] += 1
            faults = _faults(cassette, new, gone)
            outcome.faults.extend(f"{name_of(path)}: {sorted(gone)[:5]}: {fault}" for fault in faults)
    return outcome


def _faults(cassette: Cassette, new: Document, gone: Collection[int]) -> Iterator[str]:
    old, key = cassette.document, NUMBERS.get(cassette.recorder)
    if cassette.roots:
        wanted = [_without(shape, key) for shape in _shapes(cassette, gone)]
        if wanted != [_without(shape, key) for shape in expected(new.text)]:
            yield "the other parser reads something else"
    if len(gone) == 1 and cassette.recorder != "langchain" and not _is_cut(old.text, new.text, key):
        yield "more than one stretch of the text differs"
    if key == "id" and _numbers(old.text) == list(range(len(cassette.interactions))):
        left = len(cassette.interactions) - len(gone)
        if _numbers(new.text) != list(range(left)):
            yield "the ids are not in order"
    read = read_cassette(new)
    if len(read.interactions) != len(cassette.interactions) - len(gone) or read.recorder != cassette.recorder:
        yield "it reads as another number of interactions"
    if cassette.recorder == "vcrpy" and not vcrpy.excluded(cassette):
        yield from vcrpy.differences(read)


def _shapes(cassette: Cassette, gone: Collection[int]) -> list[Shape]:
    """What the other parser must read: what it reads now, without the entries of these interactions."""
    shapes = expected(cassette.document.text)
    for track in tracks(cassette):
        places = {place for place, owner in enumerate(track.owners) if owner in gone}
        if isinstance(track, Documents):
            return [shape for place, shape in enumerate(shapes) if place not in places]
        shapes[0] = _taken(shapes[0], track, places)
    return shapes


def _taken(shape: Shape, track: Track, places: set[int]) -> Shape:
    assert isinstance(track, Listed)

    def inner(shape: Shape, path: tuple[str, ...]) -> Shape:
        assert isinstance(shape, tuple)
        head, items = shape[:3], shape[3:]
        if not path:
            return (*head, *(item for place, item in enumerate(items) if place not in places))
        at = [key[1] for key in items[::2] if isinstance(key, tuple)].index(path[0])
        return (*head, *items[: 2 * at + 1], inner(items[2 * at + 1], path[1:]), *items[2 * at + 2 :])

    return inner(shape, track.path)


def _without(shape: Shape, key: str | None) -> Shape:
    """The shape without the numbers under a key."""
    if not isinstance(shape, tuple) or key is None or shape[0] not in ("mapping", "sequence"):
        return shape
    items = [_without(item, key) for item in shape[3:]]
    if shape[0] == "mapping":
        for place in range(0, len(items), 2):
            name = items[place]
            if isinstance(name, tuple) and name[1] == key:
                items[place + 1] = None
    return (*shape[:3], *items)


_NUMBER = r"""(?m)^([ -]*"?{}"?: *)(\d+)"""


def _numbers(text: str) -> list[int]:
    return [int(match[1]) for match in re.finditer(r"(?m)^ *- id: (\d+)$", text)]


def _is_cut(old: str, new: str, key: str | None) -> bool:
    """Whether one text is the other without one stretch of it, numbers aside."""
    if key:
        old, new = (re.sub(_NUMBER.format(key), r"\1N", text) for text in (old, new))
    cut = difference(old, new)
    return not cut.text and cut.start < cut.end


def a_file_without_its_last_interaction_still_loads(paths: Iterable[Path]) -> Outcome:
    """Or it is refused: where nothing would tell any more whose file it is."""
    outcome = Outcome(Counter(), [])
    for path, cassette in _several(paths):
        try:
            made = prune(cassette, range(len(cassette.interactions)))
        except BadRequest:
            outcome.counts[f"refused of {cassette.recorder}"] += 1
            continue
        except CassetteError as error:
            outcome.faults.append(f"{name_of(path)}: {error.message}")
            continue
        outcome.counts["empty"] += 1
        new = Document(cassette.document.name, made.bytes_of(cassette.document))
        if cassette.roots and expected(new.text) != _shapes(cassette, range(len(cassette.interactions))):
            outcome.faults.append(f"{name_of(path)}: the other parser reads something else")
        if cassette.recorder == "vcrpy" and not vcrpy.excluded(cassette):
            serializer = jsonserializer if new.text.lstrip().startswith("{") else yamlserializer
            if deserialize(new.text, serializer)[0]:
                outcome.faults.append(f"{name_of(path)}: vcrpy finds interactions")
    return outcome


def what_is_split_is_one_again(paths: Iterable[Path]) -> Outcome:
    """Split into interactions and merged, each file has the bytes that it had."""
    outcome = Outcome(Counter(), [])
    for path, cassette in _several(paths):
        name = cassette.document.name
        try:
            parts = [Document(name, part.content) for part in split(cassette, str(path.parent))]
            whole = Document(name, join([read_cassette(part) for part in parts]))
        except CassetteError as error:
            outcome.faults.append(f"{name_of(path)}: {error.message}")
            continue
        outcome.counts["files"] += 1
        outcome.counts["parts"] += len(parts)
        if whole.text != cassette.document.text:
            outcome.faults.append(f"{name_of(path)}: other bytes than before")
    return outcome


def pruned_headers_are_gone_and_nothing_else(paths: Iterable[Path]) -> Outcome:
    """A random header of each file: the other parser reads no new scalar, and all others in order."""
    outcome, random = Outcome(Counter(), []), dice(SEED)
    for path in paths:
        cassette = _read(path)
        found = cassette.interactions if cassette else ()
        sides = [side for one in found for side in (one.request, one.response)]
        names = sorted({header.name.lower() for side in sides for header in side.headers})
        if not cassette or not names:
            continue
        name = random.choice(names)
        fits = re.compile(re.escape(name), re.IGNORECASE).fullmatch
        try:
            done = prune_headers(cassette, fits, range(len(found)), SIDES)
        except CassetteError as error:
            outcome.faults.append(f"{name_of(path)}: {name}: {error.message}")
            continue
        outcome.counts["headers"] += len(done.gone)
        outcome.counts["kept"] += len(done.kept)
        if not done.gone or not cassette.roots:
            continue
        before = _scalars(expected(cassette.document.text))
        after = _scalars(expected(Document("", done.made.bytes_of(cassette.document)).text))
        if not all(scalar in before for scalar in after):  # an iterator: in order
            outcome.faults.append(f"{name_of(path)}: {name}: the other parser reads something else")
    return outcome


def _scalars(shapes: Iterable[Shape]) -> Iterator[Shape]:
    for shape in shapes:
        if isinstance(shape, tuple) and shape[0] in ("mapping", "sequence"):
            yield from _scalars(shape[3:])
        else:
            yield shape


def _several(paths: Iterable[Path]) -> Iterator[tuple[Path, Cassette]]:
    for path in paths:
        if (cassette := _read(path)) and len(cassette.interactions) > 1:
            yield path, cassette


def _read(path: Path) -> Cassette | None:
    try:
        return read_cassette(Document(str(path), path.read_bytes()))
    except CassetteError:
        return None


PROOFS: tuple[Callable[[Iterable[Path]], Outcome], ...] = (
    pruned_interactions_leave_all_others_as_they_were,
    a_file_without_its_last_interaction_still_loads,
    what_is_split_is_one_again,
    pruned_headers_are_gone_and_nothing_else,
)

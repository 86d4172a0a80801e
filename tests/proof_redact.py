"""Redaction over real cassettes: just the secrets change, all of them go, and the replies stay.

What changed is judged by PyYAML and `json`, what is left by the standard library (`tests.planted`), the
replies by the vendors' SDKs and the files by vcrpy.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from cassette_cli.clean import Cleaned, clean
from cassette_cli.errors import CassetteError
from cassette_cli.model import Cassette
from cassette_cli.recorders import read_cassette
from cassette_cli.rules.redaction import Choice, Rules
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.text import Text
from tests import planted
from tests.corpus import dice, name_of
from tests.proof import Outcome
from tests.recorders import oracle as vcrpy
from tests.source.oracle import Shape, expected, walk

SEED = 7
LARGEST = 2_000_000  # bytes of a cassette that secrets are planted into

KINDS = {
    "headers": Rules(Choice(query=False, body=False, secrets=False)),
    "all": Rules(Choice(rules=planted.RULES)),
    "all, volatile": Rules(Choice(rules=planted.RULES, volatile=True)),
    "all but three": Rules(Choice(rules=planted.RULES, all_but=("accept", "content-type", "user-agent"))),
}


def redactions_change_just_what_they_edit(paths: Iterable[Path]) -> Outcome:
    """For another parser, no scalar but those that were edited differs; no byte outside an edit does."""
    outcome = Outcome(Counter(), [])
    for path in paths:
        cassette = _cassette(path)
        for kind, rules in KINDS.items() if cassette else ():
            if cassette is None:
                continue
            try:
                cleaned = clean(cassette, rules)
            except CassetteError as error:
                outcome.faults.append(f"{name_of(path)}: {kind}: {error.message}")
                continue
            outcome.counts[f"files with {kind}"] += 1
            outcome.counts[f"found by {kind}"] += len(cleaned.findings)
            outcome.faults.extend(
                f"{name_of(path)}: {kind}: {fault}" for fault in _faults(cassette, cleaned, rules, outcome)
            )
    return outcome


def _faults(cassette: Cassette, cleaned: Cleaned, rules: Rules, outcome: Outcome) -> Iterator[str]:
    document = cassette.document
    edits = cleaned.edits.get(document)
    if edits is None:
        return
    new = Document(document.name, cleaned.bytes_of(document))
    outcome.counts["edits"] += len(edits)
    outcome.counts["characters outside edits"] += sum(len(part) for part in _outside(document.text, edits))
    if new.text != splice(document.text, edits):
        yield "the bytes do not say what the edits do"
    if cassette.roots and not document.text.startswith("version = "):
        yield from _elsewhere(cassette, new, edits)
    if left := [one for one in clean(read_cassette(new), rules).findings if one.fixable]:
        yield f"a second run finds {left[0].rule} in {left[0].where}"
    if cassette.recorder == "vcrpy" and not vcrpy.excluded(cassette):
        yield from vcrpy.differences(read_cassette(new))


def _outside(text: str, edits: list[Edit]) -> Iterator[str]:
    ends = [Edit(0, 0, ""), *sorted(edits), Edit(len(text), len(text), "")]
    return (text[before.end : after.start] for before, after in pairwise(ends))


def _elsewhere(cassette: Cassette, new: Document, edits: list[Edit]) -> Iterator[str]:
    """Scalars that differ for the other parser, but that no edit touched."""
    try:
        before, after = expected(cassette.document.text), expected(new.text)
    except yaml.YAMLError:
        yield "the result is not YAML"
        return
    scalars = [node for root in cassette.roots for node in walk(root) if isinstance(node, Text)]
    one, two = list(_scalars(before)), list(_scalars(after))
    if not len(one) == len(two) == len(scalars) or _skeleton(before) != _skeleton(after):
        yield "the shape is another"
        return
    for text, old, now in zip(scalars, one, two, strict=True):
        touched = any(edit.start < text.end and text.start < max(edit.end, edit.start + 1) for edit in edits)
        if old != now and not touched:
            yield f"the scalar at {text.start} differs, which no edit touched"


def _scalars(shapes: Iterable[Shape]) -> Iterator[Shape]:
    for shape in shapes:
        if isinstance(shape, tuple) and shape[0] in ("scalar", "word"):
            yield shape
        elif isinstance(shape, tuple) and shape[0] in ("mapping", "sequence"):
            yield from _scalars(shape[3:])


def _skeleton(shapes: Iterable[Shape]) -> list[object]:
    return [
        (shape[:3], _skeleton(shape[3:]))
        if isinstance(shape, tuple) and shape[0] in ("mapping", "sequence")
        else None
        for shape in shapes
    ]


def planted_secrets_are_found_and_gone(paths: Iterable[Path]) -> Outcome:
    """A secret of a random provider in every layer of each file: none is left in any encoding."""
    outcome, random, rules = Outcome(Counter(), []), dice(SEED), KINDS["all"]
    for path in paths:
        cassette = _cassette(path) if path.stat().st_size <= LARGEST else None
        for layer in planted.LAYERS if cassette else ():
            one = planted.plant(cassette, layer, random) if cassette else None
            if one is None:
                continue
            document = one.cassette.document
            if not planted.is_left(document.raw, one.secret):
                outcome.counts[f"not counted, for nobody sees them: in {layer}"] += 1
                continue
            outcome.counts[f"in {layer}"] += 1
            try:
                cleaned = clean(one.cassette, rules)
            except CassetteError as error:
                outcome.faults.append(f"{name_of(path)}: {one.rule} in {layer}: {error.message}")
                continue
            raw = cleaned.bytes_of(document) if document in cleaned.edits else document.raw
            if planted.is_left(raw, one.secret):
                outcome.faults.append(f"{name_of(path)}: {one.rule} is left in {layer}")
    return outcome


def killed_runs_leave_the_old_file_or_the_new(paths: Iterable[Path]) -> Outcome:
    """200 runs over 20 files each, killed at random moments."""
    from tests.test_redact_cli import kill

    with TemporaryDirectory() as folder:
        return Outcome(Counter({"runs": 200}), kill(Path(folder), runs=200))


def _cassette(path: Path) -> Cassette | None:
    try:
        return read_cassette(Document(str(path), path.read_bytes()))
    except CassetteError:
        return None


PROOFS: tuple[Callable[[Iterable[Path]], Outcome], ...] = (
    redactions_change_just_what_they_edit,
    planted_secrets_are_found_and_gone,
    killed_runs_leave_the_old_file_or_the_new,
)

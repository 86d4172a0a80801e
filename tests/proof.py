"""The promises over the whole corpus of real cassettes: `python -m tests.proof`.

One line a proof with what was counted; what is wrong below it, by file and offset, and exit code 1.
A further proof is a function of paths to an `Outcome` and a row in `PROOFS`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

import yaml

from cassette_cli.errors import Refused, Unreadable
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit
from cassette_cli.source.style import Style
from cassette_cli.source.text import Text, rewrite
from cassette_cli.source.tree import Mapping, Node, Sequence
from tests.corpus import CORPUS, JSON, YAML, dice, files, name_of
from tests.source.oracle import expected, roots, walk
from tests.source.promises import reading, removing, replacing

SEED = 7
SCALARS_A_FILE = 16
REMOVALS_A_FILE = 8

REPLACEMENTS = (
    "", "x", "REDACTED", "a b", " lead", "trail ", "it's", '"q"', "é", "😀", "€" * 50, "data: x", "\\", "%",
    "\n", "line\nline2\n", "\n\n x", "\n \n", "a\r\nb", "\r", "\t", "\x07", "\x85", "\u2028", "\ufeff",
    "# c", " #", ": ", "a:b", "- ", "-", "?", "{", "[", ",", "&a", "*a", "!x", "---", "...", "<<", "=",
    "000", "no", "null", "~", "1e3", "1_000", "0x1f", "0o7", "1:30", ".5", "+1", "-.inf", ".NaN", "true",
    "2020-01-01", "2020-01-01T00:00:00Z",
)  # fmt: skip


class Outcome(NamedTuple):
    """What a proof counted, and what it found wrong."""

    counts: Counter[str]
    faults: list[str]

    def __str__(self) -> str:
        seen = ", ".join(f"{number:,} {what}" for what, number in sorted(self.counts.items()))
        return f"{seen}; {len(self.faults)} wrong"


class _File(NamedTuple):
    name: str
    document: Document
    trees: list[Node]


def _read(paths: Iterable[Path], outcome: Outcome) -> Iterator[_File]:
    """The files that parse; one that only the other parser reads is a fault."""
    for path in paths:
        name = name_of(path)
        try:
            document = Document(name, path.read_bytes())
            trees = roots(document)
        except Unreadable as error:
            outcome.counts["files unreadable"] += 1
            if _others_read(path):
                outcome.faults.append(f"{error}, but the other parser reads it")
            continue
        outcome.counts["files"] += 1
        yield _File(name, document, trees)


def _others_read(path: Path) -> bool:
    try:
        expected(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, yaml.YAMLError):
        return False
    return True


def scalars_read_as_the_other_parser_reads_them(paths: Iterable[Path]) -> Outcome:
    """Every scalar, tag and anchor; and the text as it is encodes to the file's own bytes."""
    outcome = Outcome(Counter(), [])
    for name, document, trees in _read(paths, outcome):
        outcome.counts["scalars"] += sum(isinstance(node, Text) for tree in trees for node in walk(tree))
        if fault := reading(document, trees):
            outcome.faults.append(f"{name}: {fault}")
    return outcome


def replacements_change_just_that_value(paths: Iterable[Path]) -> Outcome:
    """Random characters of random scalars of each file, all in one rewrite."""
    outcome, random = Outcome(Counter(), []), dice(SEED)
    for name, document, trees in _read(paths, outcome):
        texts = [node for tree in trees for node in walk(tree) if isinstance(node, Text)]
        texts = [text for text in texts if text.style is not Style.JSON_WORD]
        changes = []
        for text in random.sample(texts, min(len(texts), SCALARS_A_FILE)):
            edit = random_edit(text, random)
            try:
                rewrite([(text, [edit])])
            except Refused:
                outcome.counts["refused"] += 1
            else:
                changes.append((text, [edit]))
        outcome.counts["replacements"] += len(changes)
        if fault := replacing(document, trees, changes):
            outcome.faults.append(f"{name}: {fault}")
    return outcome


def random_edit(text: str, random: Random) -> Edit:
    """Some characters of the text, maybe none or all, replaced by a piece that is awkward somewhere."""
    start = random.randint(0, len(text))
    end = min(len(text), start + random.choice([0, 1, 5, 60]))
    if random.random() < 0.2:
        start, end = 0, len(text)
    return Edit(start, end, random.choice(REPLACEMENTS))


def removals_take_just_those_entries(paths: Iterable[Path]) -> Outcome:
    """Random entries of random mappings and sequences of each file, one removal at a time."""
    outcome, random = Outcome(Counter(), []), dice(SEED)
    for name, document, trees in _read(paths, outcome):
        nodes = [node for tree in trees for node in walk(tree)]
        containers = [node for node in nodes if isinstance(node, Mapping | Sequence) and node.items]
        for container in random.sample(containers, min(len(containers), REMOVALS_A_FILE)):
            entries = random_entries(container, random)
            outcome.counts["removals"] += 1
            if fault := removing(document, trees, container, entries):
                outcome.faults.append(f"{name}: {entries} of the entries at {container.start}: {fault}")
    return outcome


def random_entries(container: Mapping | Sequence, random: Random) -> list[int]:
    """One entry, a few or all."""
    count = min(len(container.items), random.choice([1, 1, 1, 2, 3, 99]))
    return random.sample(range(len(container.items)), count)


PROOFS: tuple[Callable[[Iterable[Path]], Outcome], ...] = (
    scalars_read_as_the_other_parser_reads_them,
    replacements_change_just_that_value,
    removals_take_just_those_entries,
)


def main() -> int:
    if not CORPUS.is_dir():
        print(f"skipped: no corpus of real cassettes at {CORPUS}")
        return 0
    paths = files(*YAML, *JSON)
    from tests import (
        proof_diff,
        proof_edit,
        proof_prune,
        proof_redact,
        proof_sdk,
        proof_validate,
    )  # which take Outcome from here

    wrong = False
    of_files = [(proof, paths) for proof in PROOFS]
    own = (*proof_sdk.PROOFS, *proof_redact.PROOFS, *proof_validate.PROOFS, *proof_diff.PROOFS)
    own += (*proof_prune.PROOFS, *proof_edit.PROOFS)
    of_cassettes = [(proof, files()) for proof in own]
    for proof, among in (*of_files, *of_cassettes):
        outcome = proof(among)
        print(f"{proof.__name__.replace('_', ' ')}: {outcome}", *outcome.faults, sep="\n  ")
        wrong = wrong or bool(outcome.faults)
    return int(wrong)


if __name__ == "__main__":
    raise SystemExit(main())

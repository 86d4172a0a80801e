"""The promises of `validate` over the corpus: silence on health, and every break found at its line.

`python -m tests.proof_validate silence [RULE...]` lists what the rules find in the corpus;
`python -m tests.proof_validate mutations [RULE...]` breaks its cassettes in every rule's way.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from random import Random

from cassette_cli.errors import CassetteError
from cassette_cli.model import Cassette
from cassette_cli.recorders import read_cassette
from cassette_cli.rules.validation import CHECKS, Case, Check
from cassette_cli.source.document import Document
from cassette_cli.validate import problems
from tests.corpus import dice, files, name_of
from tests.mutations import Mutation
from tests.proof import Outcome

FAMILIES = ("structure", "bodies", "streams", "conversation", "replay", "hygiene")
_STALE = ("length-mismatch", "content-length-mismatch")  # an edit of a body leaves its length as it was
SEED = 1
EACH = 200  # cassettes that every mutation breaks, if there are so many that it can


def mutations() -> list[Mutation]:
    """Those of all families."""
    found: list[Mutation] = []
    for family in FAMILIES:
        try:
            found += import_module(f"tests.mutations.{family}").MUTATIONS
        except ModuleNotFoundError:
            continue
    return found


def cassettes(paths: Iterable[Path]) -> Iterator[tuple[Path, Cassette]]:
    for path in paths:
        try:
            yield path, read_cassette(Document(str(path), path.read_bytes()))
        except CassetteError:
            continue


def lines(cassette: Cassette, checks: list[Check]) -> list[tuple[str, int, str]]:
    """What the rules find: rule, line, message."""
    found = []
    for check, located in problems(Case(cassette), checks):
        line = located.document.line_column(located.start)[0] if located.document is cassette.document else 1
        found.append((check.id, line, located.problem.message))
    return sorted(found)


def prove_mutation(
    mutation: Mutation, among: Iterable[tuple[Path, Cassette]], each: int, random: Random
) -> tuple[int, list[str]]:
    """How many of the cassettes the mutation broke, and where what was found is not just that."""
    checks = [check for check in CHECKS if check.default or check.id == mutation.rule]
    count, wrong = 0, list[str]()
    for path, cassette in among:
        if count >= each:
            break
        if len(cassette.document.raw) > 400_000:
            continue
        made = mutation.make(cassette, random)
        if made is None:
            continue
        before = Counter((rule, message) for rule, _, message in lines(cassette, checks))
        if any(rule == mutation.rule for rule, _ in before):
            continue  # broken in this way already
        count += 1
        document = Document(str(path), cassette.document.encode(made.text))
        try:
            after = lines(read_cassette(document), checks)
        except CassetteError as error:
            wrong.append(f"{mutation.name}: {name_of(path)}: does not load: {error}")
            continue
        own = [line for rule, line, _ in after if rule == mutation.rule]
        others = [(rule, message) for rule, _, message in after if rule not in (mutation.rule, *_STALE)]
        noise = Counter(others) - before
        if not own:
            wrong.append(f"{mutation.name}: {name_of(path)}: not found")
        elif not all(made.first <= line <= made.last for line in own):
            wrong.append(f"{mutation.name}: {name_of(path)}: at {own}, not {made.first}-{made.last}")
        if noise:
            wrong.append(f"{mutation.name}: {name_of(path)}: besides {dict(noise)}")
    return count, wrong


KNOWN = {  # what the rules find in the corpus by default; each was looked at, and is true
    "length-mismatch": 30,
    "unsafe-tag": 17,
    "missing-body": 10,
    "mismatched-arguments": 5,
    "unparsable-json": 4,
    "undeclared-tool": 4,
    "missing-finish-reason": 2,
    "indistinguishable-interactions": 2,
    "orphan-result": 1,
    "duplicate-key": 1,
}


def healthy_cassettes_are_silent(paths: Iterable[Path]) -> Outcome:
    """What the default rules find, leaks aside, is no more than what is known to be true."""
    outcome = Outcome(Counter(), [])
    checks = [check for check in CHECKS if check.default]
    for _, cassette in cassettes(paths):
        outcome.counts["cassettes"] += 1
        outcome.counts.update(rule for rule, _, _ in lines(cassette, checks))
    for check in checks:
        if outcome.counts[check.id] > KNOWN.get(check.id, 0):
            outcome.faults.append(f"{check.id}: {outcome.counts[check.id]}, known {KNOWN.get(check.id, 0)}")
    return outcome


def every_break_is_found_at_its_line(paths: Iterable[Path]) -> Outcome:
    """Real cassettes broken in every rule's way; each break is found, where it is, and nothing else is."""
    outcome = Outcome(Counter(), [])
    everything = list(paths)
    for mutation in mutations():
        random = dice(SEED)
        among = cassettes(random.sample(everything, len(everything)))
        count, wrong = prove_mutation(mutation, among, EACH, random)
        outcome.counts[mutation.rule] += count
        outcome.faults.extend(wrong)
    return outcome


PROOFS = (healthy_cassettes_are_silent, every_break_is_found_at_its_line)


def main(what: str, rules: list[str]) -> None:
    everything = files()
    if what == "silence":
        checks = [check for check in CHECKS if not rules or check.id in rules or check.family in rules]
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for path, cassette in cassettes(everything):
            for rule, line, message in lines(cassette, checks):
                counts[rule][name_of(path)] += 1
                print(f"{path}:{line}: {rule}: {message}")
        for rule, names in counts.items():
            print(f"{rule}: {names.total()} in {len(names)} files", file=sys.stderr)
    else:
        for mutation in mutations():
            if not rules or mutation.rule in rules or mutation.name in rules:
                random = dice(SEED)
                among = cassettes(random.sample(everything, len(everything)))
                count, wrong = prove_mutation(mutation, among, EACH, random)
                told = f"{mutation.rule} / {mutation.name}: {count} broken, {len(wrong)} wrong"
                sys.stderr.write("\n  ".join([told, *wrong[:10]]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

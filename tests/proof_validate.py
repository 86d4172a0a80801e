"""The promises of `validate` over the corpus: silence on health, and every break found at its line.

`python -m tests.proof_validate silence [RULE...]` lists what the rules find in the corpus;
`python -m tests.proof_validate mutations [RULE...]` breaks its cassettes in every rule's way.
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from cassette_cli.errors import CassetteError
from cassette_cli.model import Cassette
from cassette_cli.recorders import read_cassette
from cassette_cli.rules.validation import CHECKS, Case, Check
from cassette_cli.source.document import Document
from cassette_cli.validate import problems
from tests.corpus import dice, files, name_of
from tests.mutations import Mutation

FAMILIES = ("structure", "bodies", "streams", "conversation", "replay", "hygiene")
_STALE = ("length-mismatch", "content-length-mismatch")  # an edit of a body leaves its length as it was
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


def cassettes(paths: list[Path]) -> Iterator[tuple[Path, Cassette]]:
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


def prove_mutation(mutation: Mutation, paths: list[Path], each: int, seed: int) -> tuple[int, list[str]]:
    """How many cassettes the mutation broke, and where what was found is not just that."""
    checks = [check for check in CHECKS if check.default or check.id == mutation.rule]
    random = dice(seed)
    count, wrong = 0, list[str]()
    for path, cassette in cassettes(random.sample(paths, len(paths))):
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
                count, wrong = prove_mutation(mutation, everything, EACH, 1)
                told = f"{mutation.rule} / {mutation.name}: {count} broken, {len(wrong)} wrong"
                sys.stderr.write("\n  ".join([told, *wrong[:10]]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])

"""What the shell completes: the ids of rules, behind the comma of a list too."""

from collections.abc import Callable, Iterator

Complete = Callable[[str], list[str]]


def listed(words: Callable[[], Iterator[str]]) -> Complete:
    """Completes the last word of a list with commas; `words` are looked up only when someone asks."""

    def complete(incomplete: str) -> list[str]:
        before, comma, begun = incomplete.rpartition(",")
        return [f"{before}{comma}{word}" for word in words() if word.startswith(begun)]

    return complete


def checks() -> Iterator[str]:
    from cassette_cli.rules.validation import TABLE, Family

    yield from (str(family) for family in Family)
    yield from TABLE


def secrets() -> Iterator[str]:
    from cassette_cli.rules.validation import TABLE, Family

    yield from (row.id for row in TABLE.values() if row.family is Family.LEAKS)


def noises() -> Iterator[str]:
    from cassette_cli.rules.noise import NOISE

    yield from (rule.id for rule in NOISE)
    yield "all"

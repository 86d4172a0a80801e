"""What a validation rule is: a pure function from what was read to what is wrong, and a row of facts.

A rule sees a whole cassette as a `Case`, or one interaction at a time (`each`). It yields problems that point
at a text of the file, or into the JSON of one; lines, columns, severities, suppression and order are the
engine's business. Rules read plain values, which is quick; where one finds something it is run once more on
a reading that keeps places, so the strings that it points at are texts. A rule must not print, read files,
or quote a value that may be secret.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple, TypeAlias

from cassette_cli.findings import Severity
from cassette_cli.model import Cassette
from cassette_cli.selection import Reading
from cassette_cli.source.text import Joined
from cassette_cli.source.tree import Node
from cassette_cli.wire.body import traced


class Family(StrEnum):
    """What a rule is about; `--select` takes the name of a family for all its rules."""

    STRUCTURE = "structure"
    BODIES = "bodies"
    STREAMS = "streams"
    CONVERSATION = "conversation"
    REPLAY = "replay"
    LEAKS = "leaks"
    HYGIENE = "hygiene"


class Problem(NamedTuple):
    """One thing that is wrong, and where.

    `at` is a string or node that stands in the file; a plain string, which has no place, stands for the
    body or else the interaction that `where` and `interaction` name. `pointer` leads on into the JSON of
    `at`, as far as it goes.
    """

    message: str  # a sentence without a full stop that says it all, without any value that may be secret
    where: str  # a path of the model: request.headers.Accept[0], response.body/choices/0; empty for the file
    at: Node | Joined | str | None = None
    span: tuple[int, int] | None = None  # only these characters of `at`
    pointer: str = ""  # a JSON pointer
    note: str = ""  # a few words for the marked place: "expected 200"
    interaction: int | None = None  # its place in the file; `each` fills it in


class Limits(NamedTuple):
    """From where on the opt-in rules find a cassette too old or too large."""

    age_days: int = 365
    file_bytes: int = 1_000_000
    body_bytes: int = 250_000


DEFAULT = Limits()
_SMALL = 2_000_000  # characters of a file of which all bodies may be in memory, decoded


class Case:
    """One cassette as the rules read it: its interactions, each body read once for all of them."""

    def __init__(self, cassette: Cassette, limits: Limits = DEFAULT) -> None:
        self.cassette = cassette
        self.limits = limits
        self.readings = list(map(Reading, cassette.interactions))

    def in_turn(self) -> Iterator[Reading]:
        """The readings, of which in a large file one at a time has its bodies in memory."""
        is_large = len(self.cassette.document.text) > _SMALL
        for place in range(len(self.readings)):
            yield self.readings[place]
            for case in (self, self.__dict__.get("traced", self)) if is_large else ():
                case.readings[place] = case.readings[place].without_bodies()

    @cached_property
    def traced(self) -> "Case":
        """The same with places for all strings of bodies and exchanges; slow."""
        case = Case(self.cassette, self.limits)
        case.readings = [Reading(one, traced) for one in self.cassette.interactions]
        return case


Run: TypeAlias = Callable[[Case], Iterable[Problem]]


class Check(NamedTuple):
    """A rule as the table has it."""

    id: str  # a kebab-case noun: what is found
    family: Family
    severity: Severity
    summary: str  # what it finds, in a few words that go on from the id: "a streamed reply without its end"
    why: str  # why it matters: a sentence or two
    fix: str  # what to do: one sentence, imperative, no full stop
    run: Run | None  # None: what the reader, `redact` or the engine itself finds
    bad: tuple[str, ...]  # whole small cassettes; what is found stands between « and »
    good: tuple[str, ...]  # their healthy twins
    default: bool = True  # False: only where it is asked for
    after: tuple[str, ...] = ()  # what one of these rules says of the same side need not be said again
    limits: Limits = DEFAULT  # that its examples are held to


@dataclass(frozen=True, slots=True)
class Each:
    """A rule that looks at one interaction at a time; which one can depend on the cassette."""

    rule_for: Callable[[Case], Callable[[Reading], Iterable[Problem]]]

    def __call__(self, case: Case) -> Iterator[Problem]:
        for place in range(len(case.readings)):
            yield from self.at(case, place)

    def at(self, case: Case, place: int) -> Iterator[Problem]:
        """What it finds in the interaction at this place."""
        rule, reading = self.rule_for(case), case.readings[place]
        found = list(rule(reading))
        if found:
            found = list(rule(case.traced.readings[place])) or found
        return (problem._replace(interaction=reading.interaction.index) for problem in found)


def each(rule: Callable[[Reading], Iterable[Problem]]) -> Run:
    """A rule that looks at one interaction at a time."""
    return Each(lambda _: rule)


def whole(rule: Run) -> Run:
    """A rule that compares interactions with one another."""

    def run(case: Case) -> Iterator[Problem]:
        found = list(rule(case))
        yield from (list(rule(case.traced)) or found) if found else ()

    return run

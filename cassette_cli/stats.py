"""What a suite consists of: its interactions counted by recorder, dialect, model, host and status.

`facts` reads what counts off one cassette, in plain values that another process can send; `sum_up` adds
the cassettes up. Knows no screen.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlsplit

from cassette_cli.llm.tokens import Tokens, sum_tokens
from cassette_cli.model import Cassette, Interaction
from cassette_cli.rules.placeholders import OURS, moment
from cassette_cli.selection import Reading, Selection


class By(StrEnum):
    """What interactions are counted by."""

    RECORDER = "recorder"
    DIALECT = "dialect"
    MODEL = "model"
    HOST = "host"
    STATUS = "status"


class Call(NamedTuple):
    """What counts of one interaction."""

    path: str
    interaction: int
    names: dict[By, str | None]  # what it counts for, by each; None if it has none
    tokens: Tokens
    body_bytes: int  # decoded, of both sides
    duration_ms: float | None
    recorded_at: datetime | None
    is_cut: bool


class File(NamedTuple):
    """What counts of one cassette."""

    path: str
    bytes: int
    calls: list[Call]


@dataclass(slots=True)
class Group:
    """The interactions that have a name in common."""

    name: str | None
    interactions: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    body_bytes: int = 0
    paths: set[str] = field(default_factory=set)

    @property
    def files(self) -> int:
        return len(self.paths)

    def add(self, call: Call) -> None:
        self.interactions += 1
        self.tokens = _plus(self.tokens, call.tokens)
        self.body_bytes += call.body_bytes
        self.paths.add(call.path)


def _plus(one: Tokens, two: Tokens) -> Tokens:
    return Tokens(one.read + two.read, one.written + two.written)


class Stats(NamedTuple):
    """A suite in figures; groups and records are in order, the most first."""

    total: Group
    bytes: int
    files: list[File]  # the largest first
    groups: dict[By, list[Group]]
    slowest: list[Call]
    oldest: list[Call]  # of each file
    newest: list[Call]  # likewise
    cut: int


def facts(cassette: Cassette, selection: Selection) -> File:
    """What counts of a cassette, or of the interactions that are selected."""
    calls = [_call(cassette, cassette.written_by, reading) for reading in selection.pick(cassette)]
    return File(cassette.document.name, len(cassette.document.raw), calls)


def _call(cassette: Cassette, recorder: str, reading: Reading) -> Call:
    interaction, exchange = reading.interaction, reading.exchange
    status = interaction.response.status
    names = {
        By.RECORDER: recorder,
        By.DIALECT: exchange.dialect if exchange else None,
        By.MODEL: str(exchange.model) if exchange and exchange.model else None,
        By.HOST: _host(interaction.request.url),
        By.STATUS: str(status) if status is not None else None,
    }
    sizes = [reading.asked.size, reading.said.size, *(content.size for _, content in reading.frames)]
    return Call(
        cassette.document.name,
        interaction.index,
        names,
        sum_tokens([exchange]),
        sum(sizes),
        interaction.duration_ms,
        _recorded(interaction),
        exchange is not None and not exchange.complete,
    )


def _host(url: str) -> str | None:
    try:
        return urlsplit(str(url)).netloc.rpartition("@")[2].lower() or None
    except ValueError:
        return None


def _recorded(interaction: Interaction) -> datetime | None:
    """When an interaction was recorded: as its recorder says, else as the server's `Date` does."""
    told = (interaction.recorded_at or "", interaction.response.header("date"))
    return next((time for time in map(moment, told) if time and time >= OURS), None)


def sum_up(files: Iterable[File]) -> Stats:
    """The figures of a suite; a file of which nothing is selected does not count."""
    taken = sorted(files, key=lambda file: (-file.bytes, file.path))
    total, cut = Group(None), 0
    groups: dict[By, dict[str | None, Group]] = {by: {} for by in By}
    calls = [call for file in taken for call in file.calls]
    for call in calls:
        total.add(call)
        cut += call.is_cut
        for by, name in call.names.items():
            groups[by].setdefault(name, Group(name)).add(call)
    total.paths |= {file.path for file in taken}
    dated = sorted((call for call in calls if call.recorded_at), key=lambda call: call.recorded_at or OURS)
    return Stats(
        total,
        sum(file.bytes for file in taken),
        taken,
        {by: sorted(found.values(), key=_rank) for by, found in groups.items()},
        sorted((call for call in calls if call.duration_ms), key=lambda call: -(call.duration_ms or 0)),
        _firsts(dated),
        _firsts(reversed(dated)),
        cut,
    )


def _firsts(calls: Iterable[Call]) -> list[Call]:
    """The first interaction of each file."""
    first: dict[str, Call] = {}
    for call in calls:
        first.setdefault(call.path, call)
    return list(first.values())


def _rank(group: Group) -> tuple[bool, int, str]:
    """The most first; what has no name last."""
    return group.name is None, -group.interactions, group.name or ""

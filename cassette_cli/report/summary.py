"""`cassette show --summary`: a line a cassette, or a line an interaction, in aligned columns."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from cassette_cli.llm.messages import Exchange
from cassette_cli.model import Cassette
from cassette_cli.report import words
from cassette_cli.report.figures import Tokens, sum_tokens
from cassette_cli.report.terminal import Screen, Span, width_of
from cassette_cli.rules.masking import masked_url
from cassette_cli.selection import Reading


@dataclass(slots=True)
class Summary:
    """Rows while they come in; `write` aligns them."""

    reveal: bool = False
    rows: list[tuple[str, ...]] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)  # of cassettes, by where their interactions begin
    files: int = 0
    interactions: int = 0
    bytes: int = 0
    tokens: Tokens = field(default_factory=Tokens)

    def add_cassette(self, cassette: Cassette, readings: list[Reading]) -> None:
        """One line for the whole cassette."""
        for reading in readings:
            _ = reading.exchange, reading.is_cut
            reading.let_go()  # a file can hold very many
        self._count(cassette, readings)
        exchanges = [reading.exchange for reading in readings if reading.exchange]
        dialects = dict.fromkeys(exchange.dialect for exchange in exchanges)
        models = dict.fromkeys(exchange.model for exchange in exchanges if exchange.model)
        self.rows.append(
            (
                words.one_line(cassette.document.name),
                f"{len(readings)}",
                words.one_line(cassette.written_by, 60),
                _few(list(dialects)),
                _few(list(models)),
                _tokens(exchanges),
                words.size(len(cassette.document.raw)),
                notes(readings),
            )
        )

    def add_interactions(self, cassette: Cassette, readings: list[Reading]) -> None:
        """One line for each interaction; where a file is two, each is named above its own."""
        self._count(cassette, readings)
        self.names[len(self.rows)] = cassette.document.name
        for reading in readings:
            request, exchange = reading.interaction.request, reading.exchange
            status = reading.interaction.response.status
            url = request.url if self.reveal else masked_url(request.url)
            self.rows.append(
                (
                    f"#{reading.interaction.index}",
                    words.one_line(request.verb),
                    words.one_line(url.partition("://")[2] or url),
                    str(status) if status is not None else "-",
                    exchange.dialect if exchange else str(reading.said.kind),
                    words.one_line(exchange.model) if exchange and exchange.model else "",
                    _tokens([exchange]),
                    words.size(reading.said.size),
                    "cut" if reading.is_cut else "",
                )
            )

    def _count(self, cassette: Cassette, readings: list[Reading]) -> None:
        more = sum_tokens(reading.exchange for reading in readings)
        self.tokens = Tokens(self.tokens.read + more.read, self.tokens.written + more.written)
        self.files += 1
        self.interactions += len(readings)
        self.bytes += len(cassette.document.raw)

    def write(self, screen: Screen) -> None:
        if self.rows:
            wide = len(self.rows[0]) == len(_INTERACTIONS.styles)
            heads = self.names if len(self.names) > 1 else {}
            _write_table(screen, self.rows, _INTERACTIONS if wide else _CASSETTES, heads)
        facts = [
            words.amount(self.files, "cassette"),
            words.amount(self.interactions, "interaction"),
            str(self.tokens),
            words.size(self.bytes),
        ]
        screen.line(Span(" · ".join(fact for fact in facts if fact), "title"))


def _tokens(exchanges: Sequence[Exchange | None]) -> str:
    return str(sum_tokens(exchanges)).removesuffix(" out tokens").replace(" in + ", " + ")


def _few(names: list[str]) -> str:
    """As many names as stand in a narrow column, with a count of the others."""
    shown = [words.one_line(name, 40) for name in names]
    fitting = next((n for n in range(len(shown), 1, -1) if len(", ".join(shown[:n])) <= 36), 1)
    return ", ".join([*shown[:fitting], *([f"+{len(shown) - fitting}"] if len(shown) > fitting else [])])


def notes(readings: list[Reading]) -> str:
    """What a reader should look at: error statuses with their counts, streams that were cut."""
    failed = Counter(
        str(status)
        for reading in readings
        if (status := reading.interaction.response.status) and status >= 400
    )
    told = [status if count == 1 else f"{status} ×{count}" for status, count in sorted(failed.items())]
    cut = sum(reading.is_cut for reading in readings)
    return ", ".join(told + (["cut"] if cut == 1 else [f"cut ×{cut}"] if cut else []))


class _Table(NamedTuple):
    """How a table's columns look, and what they give up in turn where the screen is too narrow."""

    styles: tuple[str, ...]
    right: frozenset[int]  # the columns of figures
    long: int  # the column of paths or URLs
    keep: float  # how much of its end stays where it must be cut: of a path all, of a URL most
    yields: tuple[tuple[int, int], ...]  # column, and the columns of the screen that it keeps


_CASSETTES = _Table(
    ("path", "", "dim", "dim", "", "dim", "", "bad"),
    frozenset((1, 6)),
    0,
    1.0,
    ((0, 60), (4, 30), (3, 0), (0, 40), (4, 20), (2, 10), (0, 24), (4, 12)),
)
_INTERACTIONS = _Table(
    ("accent", "", "path", "", "dim", "", "dim", "", "bad"),
    frozenset((7,)),
    2,
    0.6,
    ((2, 60), (5, 30), (4, 0), (2, 40), (5, 20), (2, 24), (5, 12)),
)


def _write_table(
    screen: Screen, rows: list[tuple[str, ...]], table: _Table, heads: Mapping[int, str]
) -> None:
    widths = [max(map(width_of, cells)) for cells in zip(*rows, strict=True)]
    for place, least in table.yields:
        used = sum(width + 2 for width in widths if width) - 2
        excess = used - (screen.width or used)
        if excess > 0 and widths[place] > least:
            widths[place] = max(widths[place] - excess, least) if least else 0
    for number, row in enumerate(rows):
        if number in heads:
            screen.line(Span(words.one_line(heads[number]), "path"))
        spans = [
            Span(
                _fit(cell, width, right=place in table.right, keep=table.keep if place == table.long else 0.0)
                + "  ",
                style,
            )
            for place, (cell, width, style) in enumerate(zip(row, widths, table.styles, strict=True))
            if width
        ]
        screen.line(*spans)


def _fit(cell: str, width: int, *, right: bool, keep: float) -> str:
    """The cell padded or cut to its width."""
    spare = width - width_of(cell)
    if spare >= 0:
        return " " * spare + cell if right else cell + " " * spare
    return words.elide(cell, width, keep)

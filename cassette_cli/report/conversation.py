"""`cassette show`: a cassette as the conversation that it recorded, in styled lines.

What is long is cut with a count, what is opaque is shrunk to its type and size; `full` undoes the cuts.
"""

from cassette_cli.model import Cassette
from cassette_cli.report import words
from cassette_cli.report.blocks import (
    LONGEST_BODY,
    LONGEST_FRAME,
    LONGEST_SETTINGS,
    Block,
    Body,
    Closing,
    Facts,
    Failure,
    Frame,
    Head,
    Headers,
    Problem,
    Reply,
    Same,
    Settings,
    View,
)
from cassette_cli.report.parts import write_turn
from cassette_cli.report.rows import INDENT, Rows
from cassette_cli.report.teller import Teller, cassette_facts
from cassette_cli.report.terminal import Screen, Span, width_of
from cassette_cli.report.turns import Turn
from cassette_cli.selection import Reading
from cassette_cli.wire.body import Kind


class Conversation:
    """Writes one cassette to a screen."""

    def __init__(self, screen: Screen, view: View) -> None:
        self.screen = screen
        self.view = view
        self.rows = Rows(screen, view)
        self._teller = Teller(view)

    def cassette(self, cassette: Cassette, readings: list[Reading]) -> None:
        name, facts = words.one_line(cassette.document.name), cassette_facts(cassette, readings)
        if self.screen.width and width_of(name) + 2 + width_of(facts) > self.screen.width:
            self.screen.line(Span(name, "path"))
            self.rows.dim(facts)
        else:
            self.screen.line(Span(name, "path"), Span(f"  {facts}", "dim"))
        for reading in readings:
            self.screen.line()
            self.interaction(reading)

    def interaction(self, reading: Reading) -> None:
        self._title(self._teller.head(reading))
        for block in self._teller.tell(reading):
            self._block(block)

    def _block(self, block: Block) -> None:
        rows = self.rows
        match block:
            case Facts(text):
                rows.dim(text)
            case Settings(line=line):
                rows.dim(self.view.clip(line, LONGEST_SETTINGS))
            case Headers(side, pairs):
                for place, (name, value) in enumerate(pairs):
                    rows.row("" if place else side, f"{name}: {value}", "dim", deeper=2)
            case Same(what, number, notes):
                rows.dim(f"· {what} as in #{number}{notes}")
            case Turn():
                write_turn(rows, block)
            case Reply():
                rows.mark("▸")
            case Body(side, kind, text):
                deeper = 2 if kind in (Kind.JSON, Kind.SSE, Kind.NDJSON) else 0
                rows.text(side, text, most=LONGEST_BODY, deeper=deeper)
            case Frame(direction, text, at):
                rows.row(direction, self.view.clip(text, LONGEST_FRAME), right=at, deeper=2)
            case Failure(text):
                rows.row("error", text, "bad")
            case Problem(text):
                rows.mark("")
                rows.row("!", text, "warn")
            case Closing(text, cut_short):
                rows.dim(text, "warn" if cut_short else "dim")

    def _title(self, head: Head) -> None:
        self.rows.mark("")
        url = head.url
        start = [Span(f"#{head.number}".ljust(INDENT - 1) + " ", "accent"), Span(f"{head.method} ", "title")]
        status, duration = head.outcome
        outcome = [Span(status, head.style)] if status else []
        if duration:
            outcome.append(Span(f"{' · ' if status else ''}{duration}", "dim"))
        if self.screen.width:
            used = sum(width_of(span.text) for span in (*start, *outcome)) + 2
            if self.view.full and used + width_of(url) > self.screen.width:
                self.screen.line(*start, *outcome)
                self.rows.dim(url, "")
                return
            url = words.elide(url, max(self.screen.width - used, 20))
        self.screen.line(*start, url, right=outcome)

"""Rows: a label, a text beside it, and what stands at the right edge; cut and wrapped to the screen."""

from cassette_cli.report import words
from cassette_cli.report.blocks import LONGEST_TEXT, View
from cassette_cli.report.terminal import EDGE, Screen, Span, width_of, wrap

INDENT = 4
LABEL = 12  # columns of a role and the blanks behind it


class Rows:
    """Writes rows to a screen; everything in them is made visible first."""

    def __init__(self, screen: Screen, view: View) -> None:
        self.screen = screen
        self.view = view
        self._gutter = ""

    def mark(self, gutter: str) -> None:
        """Put a sign into the margin of the next row."""
        self._gutter = gutter

    def dim(self, text: str, style: str = "dim") -> None:
        """Lines without a label."""
        for line in wrap(words.visible(text), self.screen.width and self.screen.width - INDENT):
            self.screen.line(" " * INDENT, Span(line, style))

    def text(
        self,
        label: str,
        text: str,
        style: str = "",
        *,
        mark: str = "",
        right: str | None = None,
        most: int = LONGEST_TEXT,
        deeper: int = 0,
    ) -> None:
        """A text under its label, cut with a count if it is long."""
        shown, rest = self.view.cut(text, most)
        self.row(label, mark + words.shrink(shown), style, right=right, hang=len(mark), deeper=deeper)
        if rest:
            self.row("", f"… {rest:,} more characters (--full shows them)", "dim")

    def row(
        self,
        label: str,
        text: str,
        style: str = "",
        *,
        right: str | None = None,
        hang: int = 0,
        deeper: int = 0,
    ) -> None:
        """One text beside its label; its later lines hang under the first, broken ones `deeper`."""
        room = self.screen.width and max(self.screen.width - INDENT - LABEL, 20)
        lines = wrap(words.visible(text), room and room - hang, deeper)
        edge = Span(words.one_line(right, 60), "dim") if right else None
        place = self._place_of(edge, lines, room)
        gutter, self._gutter = self._gutter, ""
        head_style = "warn" if label == "!" else "accent" if gutter else "role"
        head = Span(
            f"{gutter:>{INDENT - 2}}{'  ' if len(gutter) < 2 else ''}"[:INDENT].ljust(INDENT), "accent"
        )
        for number, line in enumerate(lines):
            start = [head, Span(f"{words.one_line(label, LABEL - 1):<{LABEL}}", head_style)]
            if number:
                start = [Span(" " * (INDENT + LABEL + hang))] if line else []
            self.screen.line(*start, Span(line, style), right=[edge] if edge and number == place else ())
        if edge and place == len(lines):
            self.screen.line(" " * (INDENT + LABEL), right=[edge])

    def _place_of(self, edge: Span | None, lines: list[str], room: int | None) -> int:
        """The line that has room for the edge: the first, else the last, else one more."""
        needed = width_of(edge.text) + 2 if edge else 0
        for place in (0, len(lines) - 1):
            if not room or width_of(lines[place]) + needed <= min(room, EDGE - INDENT - LABEL):
                return place
        return len(lines)

"""`cassette rules`."""

from typing import TYPE_CHECKING, Annotated

import typer

from cassette_cli.cli.options import Color
from cassette_cli.cli.run import finish
from cassette_cli.errors import BadRequest, ExitCode

if TYPE_CHECKING:
    from cassette_cli.report.terminal import Screen
    from cassette_cli.rules.validation import Check


def rules(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[RULE]...", help="Rules to explain, or families to list.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    color: Color = None,
) -> None:
    """List the rules of validate and redact, or explain one.

    For example:

      cassette rules

      cassette rules streams

      cassette rules cut-stream
    """

    def command() -> int:
        from cassette_cli.report import machine
        from cassette_cli.report.terminal import Screen
        from cassette_cli.rules.validation import TABLE

        chosen = [row for name in names for row in _named(name)] if names else list(TABLE.values())
        with Screen(color) as screen:
            if json:
                document = {"schema": "cassette.rules/1", "rules": [_document(row) for row in chosen]}
                screen.raw(machine.dumps(document, indent=2 if screen.is_terminal else None) + "\n")
            elif names and all(name in TABLE for name in names):
                for place, row in enumerate(chosen):
                    if place:
                        screen.line()
                    _explain(screen, row)
            else:
                _list(screen, chosen)
        return ExitCode.CLEAN

    finish(command)


def _named(name: str) -> "list[Check]":
    from cassette_cli.config import nearest
    from cassette_cli.rules.validation import TABLE, Family

    if name in TABLE:
        return [TABLE[name]]
    if not (rows := [row for row in TABLE.values() if row.family == name]):
        raise BadRequest(f"no rule {name}{nearest(name, [*TABLE, *Family])}")
    return rows


def _document(row: "Check") -> "dict[str, object]":
    return {
        "id": row.id,
        "family": str(row.family),
        "severity": str(row.severity),
        "default": row.default,
        "summary": row.summary,
        "why": row.why,
        "fix": row.fix,
        "bad": [text.replace("«", "").replace("»", "") for text in row.bad],
        "good": list(row.good),
    }


def _list(screen: "Screen", rows: "list[Check]") -> None:
    """The rules by family, a line each."""
    from cassette_cli.report.terminal import Span
    from cassette_cli.report.words import elide
    from cassette_cli.rules.validation import Family

    width = max(len(row.id) for row in rows)
    order, family = list(Family), ""
    for row in sorted(rows, key=lambda row: order.index(row.family)):
        if row.family != family:
            if family:
                screen.line()
            family = row.family
            screen.line(Span(family, "title"))
        grade = "opt-in" if not row.default else str(row.severity)
        style = {"error": "bad", "warning": "warn"}.get(grade, "dim")
        room = max((screen.width or 1000) - width - 15, 20)
        summary = elide(row.summary, room, 0)
        screen.line(
            "  ", Span(f"{row.id:<{width}}", "role"), "  ", Span(f"{grade:<7}", style), f"  {summary}"
        )


def _explain(screen: "Screen", row: "Check") -> None:
    """One rule: what, why, how to mend it, and an example of it with the place marked."""
    from cassette_cli.report.excerpt import excerpt, write
    from cassette_cli.report.terminal import Span, wrap
    from cassette_cli.report.veil import Veil
    from cassette_cli.source.document import Document

    style = "bad" if row.severity == "error" else "warn"
    opt_in = "" if row.default else " · opt-in"
    screen.line(Span(row.id, "title"), f"  {row.family} · ", Span(row.severity, style), opt_in)
    for head, text in (("finds", row.summary), ("why", row.why), ("fix", row.fix)):
        for number, line in enumerate(wrap(text, screen.width and screen.width - 8)):
            screen.line(Span(f"  {'' if number else head:<6}", "role"), line)
    for text in row.bad[:1]:
        start = text.index("«")
        end = text.index("»") - 1
        document = Document("example", text.replace("«", "").replace("»", "").encode())
        screen.line()
        screen.line(Span("  found in", "role"))
        for number in range(1, document.line_column(start)[0]):
            screen.line(Span(f"{number:>5} | ", "dim"), document.line(number))
        veil = Veil(document.text, ())
        place, behind = document.line_column(start), document.line_column(end)
        write(screen, excerpt(document, place, behind, veil), "", style)

"""`cassette rules`."""

from typing import TYPE_CHECKING, Annotated

import typer

from cassette_cli.cli import completion
from cassette_cli.cli.options import Color
from cassette_cli.cli.run import finish
from cassette_cli.errors import BadRequest, ExitCode

if TYPE_CHECKING:
    from cassette_cli.report.terminal import Screen
    from cassette_cli.rules.validation import Check


def rules(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[RULE]...",
            help="Rules to explain, or families to list.",
            autocompletion=completion.listed(completion.checks),
        ),
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

        chosen = [row for name in names or () for row in _named(name)] or list(TABLE.values())
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
                _list(screen, chosen, fold=not names)
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


def _list(screen: "Screen", rows: "list[Check]", *, fold: bool) -> None:
    """The rules by family, with what each finds; of those that leak only the count, if they `fold`."""
    from cassette_cli.report.terminal import Span, wrap
    from cassette_cli.rules.validation import Family

    leaks = [row for row in rows if row.family is Family.LEAKS]
    rows = [row for row in rows if row not in leaks] if fold else rows
    width = max(len(row.id) for row in rows)
    order, family = list(Family), ""
    for row in sorted(rows, key=lambda row: order.index(row.family)):
        if row.family != family:
            if family:
                screen.line()
            family = row.family
            screen.line(Span(family, "title"))
        style = "bad" if row.severity == "error" else "warn"
        told = row.summary if row.default else f"{row.summary} (opt-in)"
        first, *more = wrap(told, screen.width and max(screen.width - width - 13, 20))
        name = Span(f"{row.id:<{width}}", "role" if row.default else "dim")
        screen.line("  ", name, "  ", Span(f"{row.severity:<7}", style), f"  {first}")
        for line in more:
            screen.line(" " * (width + 13), line)
    if fold:
        screen.line()
        screen.line(Span("leaks", "title"))
        screen.line(f"  {len(leaks)} rules, those of redact: `cassette rules leaks`")


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

"""Findings as a compiler tells its errors: the place, the line with a mark, what to do; then the sums.

This module must not know how findings are made, nor which exit code follows.
"""

from collections import Counter
from typing import NamedTuple, TypeAlias

from cassette_cli.findings import Finding, Severity
from cassette_cli.report import words
from cassette_cli.report.excerpt import Excerpt
from cassette_cli.report.excerpt import write as write_excerpt
from cassette_cli.report.terminal import Screen, Span, wrap
from cassette_cli.rules.validation import OF_THE_READER, TABLE

Told: TypeAlias = tuple[Finding, Excerpt | None]
FEW = 3  # findings of a rule in one file that are shown one by one


class Sums(NamedTuple):
    """How many files there were, and findings that a baseline accepts."""

    files: int
    accepted: int = 0


def tell(screen: Screen, found: list[Told], sums: Sums, *, full: bool, most: int) -> None:
    """The findings as a compiler tells its errors, then how many there are.

    In a file the gravest come first. What a rule finds many times in it is counted after the first few, and
    how to mend it is said once.
    """
    gravest, paths = list(Severity), dict.fromkeys(finding.place.path for finding, _ in found)
    ranks = {path: rank for rank, path in enumerate(paths)}
    found = sorted(found, key=lambda one: (ranks[one[0].place.path], gravest.index(one[0].severity)))
    counts = Counter((finding.place.path, finding.rule) for finding, _ in found)
    seen: Counter[tuple[str, str]] = Counter()
    advised: set[tuple[str, str]] = set()
    shown = 0
    for finding, lines in found[:most]:
        kind = (finding.place.path, finding.rule)
        folded = counts[kind] - FEW if counts[kind] > FEW + 1 and not full else 0
        seen[kind] += 1
        shown += 1
        if folded and seen[kind] > FEW:
            continue
        row = TABLE.get(finding.rule)
        fix = row.fix if row and (finding.place.path, row.fix) not in advised else ""
        if row in OF_THE_READER and "; " in finding.message:
            fix = ""  # the message itself says what to do
        advised.add((finding.place.path, fix))
        _write(screen, finding, lines, fix, folded if seen[kind] == FEW else 0)
    if shown < len(found):
        screen.line(f"… {len(found) - shown:,} more (--max-findings 0 tells all, --statistics counts them)")
    if sums.files:
        _write_summary(screen, found, sums)


def _write_summary(screen: Screen, found: list[Told], sums: Sums) -> None:
    """What the run comes to; rules as far as a line has room."""
    accepted = f"; the baseline accepts {sums.accepted:,}" if sums.accepted else ""
    files = words.amount(sums.files, "file")
    if not found:
        screen.line(f"nothing found in {files}{accepted}")
        return
    severities = Counter(finding.severity for finding, _ in found)
    rules = Counter(finding.rule for finding, _ in found).most_common()
    broken = len({finding.place.path for finding, _ in found})
    numbers = ", ".join(words.amount(severities[one], one) for one in Severity if severities[one])
    told = ", ".join(f"{rule} {number:,}" for rule, number in rules[:_MOST])
    rest = f", {words.amount(len(rules) - _MOST, 'more rule')}" if len(rules) > _MOST else ""
    for line in wrap(f"{numbers} in {broken:,} of {files} ({told}{rest}){accepted}", screen.width):
        screen.line(line)


_MOST = 8  # rules that the summary counts


def statistics(screen: Screen, found: list[Told], sums: Sums) -> None:
    """A line for each rule that found something: how often, in how many files."""
    rules = Counter((finding.rule, finding.severity) for finding, _ in found).most_common()
    width = max((len(f"{number:,}") for _, number in rules), default=0)
    name = max((len(rule) for (rule, _), _ in rules), default=0)
    for (rule, severity), number in rules:
        paths = len({finding.place.path for finding, _ in found if finding.rule == rule})
        style = "bad" if severity is Severity.ERROR else "warn"
        where = Span(f"  in {words.amount(paths, 'file')}", "dim")
        screen.line(f"{number:>{width},}  ", Span(f"{severity:<7}", style), f"  {rule:<{name}}", where)
    _write_summary(screen, found, sums)


def _write(screen: Screen, finding: Finding, shown: Excerpt | None, fix: str, more: int = 0) -> None:
    """A finding with its line, the place marked, and what to do; then how many like it are not shown."""
    style = "bad" if finding.severity is Severity.ERROR else "warn"
    place = words.one_line(str(finding.place))
    at = "" if finding.interaction is None else f" (#{finding.interaction})"
    screen.line(
        Span(place, "path"),
        ": ",
        Span(f"{finding.severity}", style),
        Span(f" {finding.rule}", "role"),
        f": {words.one_line(finding.message)}{at}",
    )
    if shown is not None:
        write_excerpt(screen, shown, words.one_line(finding.detail), style)
    if fix:
        _write_after(screen, f"= {fix}")
    if more > 0:
        _write_after(screen, f"… {finding.rule}: {more:,} more in this file (--full shows them)")
    screen.line()


def _write_after(screen: Screen, text: str) -> None:
    for line in wrap(text, screen.width and screen.width - _AFTER, deeper=2):
        screen.line(" " * _AFTER, Span(line, "dim"))


_AFTER = 6  # where the bar of an excerpt stands

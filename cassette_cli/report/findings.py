"""Findings as people and machines read them: rows on a screen, JSON, GitHub's annotations, SARIF.

Every format tells the same facts in its reader's own terms, and says how much it leaves out where
that reader takes no more. This module must not know what the findings mean, what is done about them,
or which exit code follows.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from cassette_cli.errors import CassetteError, Place
from cassette_cli.findings import Finding, Severity
from cassette_cli.report import words
from cassette_cli.report.machine import Document
from cassette_cli.report.machine import error as error_document
from cassette_cli.report.terminal import Screen, Span, width_of, wrap


def to_json(
    findings: Iterable[Finding], errors: Iterable[CassetteError], files: int, omitted: int = 0
) -> Document:
    """A `cassette.findings/1` document; `omitted` are findings that it was told to leave out."""
    return {
        "schema": "cassette.findings/1",
        "files": files,
        "findings": [_document(finding) for finding in findings],
        "errors": [error_document(fault) for fault in errors],
        **({"omitted": omitted} if omitted else {}),
    }


def _document(finding: Finding) -> Document:
    line, column = finding.end if finding.place.line else (None, None)
    return {
        "rule": finding.rule,
        "severity": str(finding.severity),
        "path": finding.place.path,
        "line": finding.place.line,
        "column": finding.place.column,
        "end_line": line,
        "end_column": column,
        "interaction": finding.interaction,
        "where": finding.where,
        "message": finding.message,
        "fixable": finding.fixable,
        "fingerprint": finding.fingerprint,
    }


ANNOTATIONS = 10  # of a kind that GitHub shows of one step; it drops the others without a word


def to_github(findings: Iterable[Finding], errors: Iterable[CassetteError]) -> Iterator[str]:
    """The workflow commands, without line feeds, that annotate the files; what was not read comes first."""
    told: Counter[str] = Counter()
    for kind, place, end, title, message in _annotations(findings, errors):
        told[kind] += 1
        if told[kind] <= ANNOTATIONS:
            yield _command(kind, {**_github_place(place, end), "title": title}, message)
    rest = [
        words.amount(count - ANNOTATIONS, f"more {kind}")
        for kind, count in told.items()
        if count > ANNOTATIONS
    ]
    if rest:
        how = f"GitHub shows {ANNOTATIONS} of a kind for a step; without --format github all are listed"
        yield _command("notice", {"title": "cassette"}, f"{' and '.join(rest)}: {how}")


class _Annotation(NamedTuple):
    kind: str
    place: Place | None
    end: tuple[int, int] | None
    title: str
    message: str


def _annotations(findings: Iterable[Finding], errors: Iterable[CassetteError]) -> Iterator[_Annotation]:
    for fault in errors:
        yield _Annotation("error", fault.place, None, "cassette", fault.message)
    for finding in findings:
        kind = str(finding.severity)
        yield _Annotation(kind, finding.place, finding.end, finding.rule, finding.message)


def _github_place(place: Place | None, end: tuple[int, int] | None) -> dict[str, object]:
    """Where an annotation stands; over several lines without columns, as the runner takes no others.

    https://github.com/actions/runner/blob/main/src/Runner.Worker/ActionCommandManager.cs
    """
    if place is None:
        return {}
    where: dict[str, object] = {"file": place.path, "line": place.line, "col": place.column}
    if place.line and end:
        where["endLine"] = end[0]
        where |= {"endColumn": end[1] if place.column else None} if end[0] == place.line else {"col": None}
    return where


def _command(kind: str, properties: dict[str, object], message: str) -> str:
    """A command as GitHub's toolkit spells it.

    https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
    """
    said = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value)
    return f"::{kind}{' ' if said else ''}{said}::{_data(words.visible(message))}"


def _data(text: str) -> str:
    return _encodable(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(words.visible(text)).replace(":", "%3A").replace(",", "%2C")


def _encodable(text: str) -> str:
    """The text without lone surrogates, which stand for the bytes of a file's name that is no UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


RESULTS = 25_000  # GitHub refuses a run with more
_NONE: Mapping[str, str] = {}
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def to_sarif(
    findings: Iterable[Finding],
    errors: Iterable[CassetteError],
    rules: Iterable[tuple[str, str]],
    version: str,
    helps: Mapping[str, str] = _NONE,
) -> Document:
    """A SARIF 2.1.0 log of one run; `rules` are ids with what each finds, `helps` say more of some."""
    found, faults = list(findings), list(errors)
    kept = found
    if len(found) > RESULTS:
        gravest = list(Severity)
        kept = sorted(found, key=lambda finding: gravest.index(finding.severity))[:RESULTS]
    descriptors = _descriptors(kept, rules, helps)
    places = {descriptor["id"]: place for place, descriptor in enumerate(descriptors)}
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "cassette", "version": version, "rules": descriptors}},
                "invocations": [_invocation(faults, len(found))],
                "columnKind": "unicodeCodePoints",
                "results": [_result(finding, places[finding.rule]) for finding in kept],
            }
        ],
    }


def _descriptors(
    findings: Iterable[Finding], rules: Iterable[tuple[str, str]], helps: Mapping[str, str]
) -> list[Document]:
    """The rules that occur, in the order of the table; one that it does not have goes by its id."""
    occur = dict.fromkeys(finding.rule for finding in findings)
    summaries = {rule: summary for rule, summary in rules if rule in occur}
    # GitHub asks for all three texts:
    # https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support
    return [
        {
            "id": rule,
            "shortDescription": text,
            "fullDescription": text,
            "help": {"text": helps.get(rule, summary)},
        }
        for rule, summary in (summaries | {rule: summaries.get(rule, rule) for rule in occur}).items()
        for text in ({"text": summary},)
    ]


def _invocation(errors: Sequence[CassetteError], count: int) -> Document:
    notes = [_notification("error", fault.message, fault.place) for fault in errors]
    if count > RESULTS:
        left = f"{words.amount(count, 'finding')}: only {RESULTS:,} are here, the gravest first"
        notes.append(_notification("warning", f"{left}; GitHub takes no more in one run", None))
    return {"executionSuccessful": not errors, "toolExecutionNotifications": notes}


def _notification(level: str, message: str, place: Place | None) -> Document:
    where = {"locations": [{"physicalLocation": _physical(place, None)}]} if place else {}
    return {"level": level, "message": {"text": message}, **where}


def _result(finding: Finding, rule: int) -> Document:
    location: Document = {"physicalLocation": _physical(finding.place, finding.end)}
    if finding.where:
        location["logicalLocations"] = [{"fullyQualifiedName": finding.where}]
    return {
        "ruleId": finding.rule,
        "ruleIndex": rule,
        "level": str(finding.severity),
        "message": {"text": finding.message},
        "locations": [location],
        "partialFingerprints": {"cassette/v1": finding.fingerprint},
        "properties": {"interaction": finding.interaction, "fixable": finding.fixable},
    }


def _physical(place: Place, end: tuple[int, int] | None) -> Document:
    """Where in which file; without a region the whole file is meant."""
    physical: Document = {"artifactLocation": {"uri": _uri(place.path)}}
    region = {"startLine": place.line, "startColumn": place.column}
    if end and place.column:
        region |= {"endLine": end[0], "endColumn": end[1]}
    if place.line:
        physical["region"] = {key: number for key, number in region.items() if number}
    return physical


def _uri(path: str) -> str:
    """The path as a URI reference: relative if it is, which GitHub resolves against the checkout."""
    located = Path(path)
    if located.is_absolute():
        return located.as_uri()
    return quote(located.as_posix(), errors="surrogateescape")


FEW = 4  # findings alike that are shown one by one
_GAP = 2


class _Row(NamedTuple):
    """The cells of a finding; of `more` findings like it only a count is shown."""

    cells: tuple[str, ...]
    more: int = 0
    last: str = ""  # the place of the last one like it


_STYLES = ("dim", "", "role", "")  # place, where, rule, detail
_ALIGNED = (24, 64, 40, None)  # columns that are aligned at most: one long path does not move all rows
# What a column gives up in turn where the screen is too narrow, and what it keeps.
_YIELDS = ((3, 60), (1, 44), (3, 32), (1, 32), (3, 25), (1, 24), (2, 16), (3, 12), (1, 8), (2, 8), (3, 0))
_TAILS = (0.0, 0.6, 0.0, 0.0)  # how much of a cell's end stays where it must be cut


def write_text(
    screen: Screen, path: str, findings: Sequence[Finding], notes: Iterable[str] = (), *, full: bool = False
) -> None:
    """A file's findings below its path, a row each, then the notes; many alike are counted unless `full`."""
    screen.line(Span(words.one_line(path), "path"))
    rows = [_Row(_cells(finding)) for finding in findings] if full else list(_folded(findings))
    widths = _widths([row.cells for row in rows], screen.width)
    for row in rows:
        screen.line(" " * _GAP, *_spans(row.cells, widths, screen.width))
        if row.more:
            indent = 2 * _GAP + widths[0] if widths[0] else _GAP
            last = f", the last at {row.last}" if row.last else ""
            _write_wrapped(screen, f"… {row.more:,} more like it{last} (--full shows them)", indent)
    for note in notes:
        _write_wrapped(screen, words.visible(note), _GAP)


def _write_wrapped(screen: Screen, text: str, indent: int) -> None:
    for line in wrap(text, screen.width and screen.width - indent, deeper=_GAP):
        screen.line(" " * indent, Span(line, "dim"))


def _folded(findings: Sequence[Finding]) -> Iterator[_Row]:
    """A row for each finding; of more than a few alike the first, with a count of the others."""
    alike = [_likeness(finding) for finding in findings]
    counts = Counter(alike)
    last = {kind: finding for kind, finding in zip(alike, findings, strict=True) if counts[kind] > FEW}
    shown = set()
    for kind, finding in zip(alike, findings, strict=True):
        if kind not in last:
            yield _Row(_cells(finding))
        elif kind not in shown:
            shown.add(kind)
            yield _Row(_cells(finding), counts[kind] - 1, _place(last[kind]))


def _likeness(finding: Finding) -> tuple[str, ...]:
    """What findings share that a person need not see one by one: all but numbers and places."""
    where = _INDEX.sub("#", finding.where)
    return finding.severity, finding.rule, where, _NUMBER.sub("#", finding.detail)


_INDEX = re.compile(r"(?<=\[)\d+(?=\])|(?<=/)\d+(?=/|$)")
_NUMBER = re.compile(r"\d[\d,.]*")


def _named(finding: Finding) -> str:
    """Where it is in words: the interaction by its number, as `show` counts, and the place in it."""
    return finding.where if finding.interaction is None else f"#{finding.interaction} {finding.where}"


def _cells(finding: Finding) -> tuple[str, ...]:
    return tuple(
        words.one_line(cell) for cell in (_place(finding), _named(finding), finding.rule, finding.detail)
    )


def _place(finding: Finding) -> str:
    return ":".join(str(number) for number in finding.place[1:] if number is not None)


def _widths(rows: Sequence[tuple[str, ...]], screen: int | None) -> list[int]:
    """How many columns of the screen each column gets; an empty one none."""
    widest = [max(map(width_of, cells)) for cells in zip(*rows, strict=True)]
    widths = [min(width, most or width) for width, most in zip(widest, _ALIGNED[: len(widest)], strict=True)]
    for place, least in _YIELDS if rows and screen else ():
        excess = _taken(widths) - (screen or 0)
        if excess > 0 and widths[place] > least:
            widths[place] = max(widths[place] - excess, least)
    return widths


def _taken(widths: Sequence[int]) -> int:
    """How many columns of the screen a row of cells takes, with the gaps before them."""
    return sum(_GAP + width for width in widths if width)


def _spans(cells: tuple[str, ...], widths: Sequence[int], screen: int | None) -> Iterator[Span]:
    """A row's cells, each padded to its column, cut to it if the screen demands that."""
    taken = [max(width_of(cell), width) if width else 0 for cell, width in zip(cells, widths, strict=True)]
    uncut = screen is None or (widths[1] == _ALIGNED[1] and _taken(taken) <= screen)
    for cell, width, style, tail in zip(cells, widths, _STYLES, _TAILS, strict=True):
        if width:
            shown = cell if uncut else _cut(cell, width, tail)
            yield Span(shown + " " * (max(width - width_of(shown), 0) + _GAP), style)


def _cut(cell: str, width: int, keep: float) -> str:
    """The cell in so many columns, without its middle or its end."""
    shown = cell
    most = width
    while width_of(shown) > width:  # wide characters: fewer of them fit
        shown, most = words.elide(cell, most, keep), most - 1
    return shown

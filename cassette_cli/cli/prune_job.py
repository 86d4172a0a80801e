"""One run of `cassette prune` over its files: what goes from each, written and told."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeAlias

from cassette_cli.cli.outcome import Change, Mode, secrets_of, settle
from cassette_cli.cli.run import Run
from cassette_cli.errors import CassetteError, ExitCode, Place

if TYPE_CHECKING:
    from cassette_cli.model import Cassette, Interaction
    from cassette_cli.report.terminal import Screen
    from cassette_cli.rewrite import Rewritten
    from cassette_cli.selection import Selection


class Pruned(NamedTuple):
    """What goes from one cassette: for machines, in words for a table, and what is to be said besides."""

    facts: "Sequence[Facts]" = ()
    rows: Sequence[tuple[str, ...]] = ()
    made: "Rewritten | None" = None
    notes: tuple[tuple[Place, str], ...] = ()


Facts: TypeAlias = dict[str, str | int | None]


class What(Protocol):
    """What a run takes out."""

    @property
    def selection(self) -> "Selection":
        """The interactions that are looked at."""

    @property
    def noun(self) -> str:
        """What one of the things is called."""

    def prune(self, cassette: "Cassette") -> Pruned:
        """The cassette without it; raises CassetteError where it cannot go."""


# -- interactions ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Interactions:
    """The interactions that are selected, of these those that are doubled or failed if so asked."""

    selection: "Selection"
    duplicates: bool
    failed: bool
    invert: bool
    noun: str = "interaction"

    def prune(self, cassette: "Cassette") -> Pruned:
        """The cassette without them; a later interaction that quotes one is noted."""
        from cassette_cli.prune import prune, replays_in_turn
        from cassette_cli.replay import quoting, unanswered

        gone = self._gone(cassette)
        if not gone:
            return Pruned()
        name = cassette.document.name
        notes = [
            (Place(name, cassette.line(cassette.interactions[index]), 1), message)
            for index, message in quoting(cassette, gone)
        ]
        if any(gone.values()) and replays_in_turn(cassette):
            told = f"{cassette.recorder} gives replies in turn: a test that asks again misses the copies"
            notes.append((Place(name), told))
        if self.failed and not self.invert and (left := unanswered(cassette, gone)):
            number = f"#{left[0]}" + f" and {len(left) - 1} more" * (len(left) > 1)
            notes.append((Place(name), f"{number}: a test that makes this request will find no reply"))
        leave = [one for one in cassette.interactions if one.index in gone]
        facts = [_facts(cassette, one) for one in leave]
        rows = [(*_words(fact), gone[one.index]) for fact, one in zip(facts, leave, strict=True)]
        notes += [
            (Place(file), f"held a body of #{index}, and stays") for index, file in _files(cassette, leave)
        ]
        return Pruned(facts, rows, prune(cassette, gone), tuple(notes))

    def _gone(self, cassette: "Cassette") -> dict[int, str]:
        """The interactions that go, with what is to be said of each."""
        from cassette_cli.prune import duplicates, failed

        chosen = {reading.interaction.index: reading for reading in self.selection.pick(cassette)}
        found = dict.fromkeys(chosen, "")
        if self.duplicates or self.failed:
            first = duplicates(cassette) if self.duplicates else {}
            found = {index: f"the same as #{first[index]}" for index in chosen if index in first}
            if self.failed:
                found = {index: "" for index in chosen if failed(chosen[index])} | found
        if self.invert:
            return {one.index: "" for one in cassette.interactions if one.index not in found}
        return found


def _facts(cassette: "Cassette", interaction: "Interaction") -> Facts:
    from cassette_cli.rules.masking import masked_url

    status = interaction.response.status
    return {  # in plain values: one that knows its place would take the file along to another process
        "line": cassette.line(interaction),
        "interaction": interaction.index,
        "method": str(interaction.request.method),
        "url": masked_url(interaction.request.url),
        "status": None if status is None else int(status),
    }


def _words(facts: Facts) -> tuple[str, ...]:
    index, method, url, status = (facts[key] for key in ("interaction", "method", "url", "status"))
    return f"#{index}", str(method).upper(), str(url), str(status or "-")


def _files(cassette: "Cassette", leave: "list[Interaction]") -> Iterator[tuple[int, str]]:
    """The files that hold bodies of these interactions."""
    from cassette_cli.source.text import Text

    for one in leave:
        for body in (one.request.body, one.response.body):
            if isinstance(body.node, Text) and body.node.document is not cassette.document:
                yield one.index, body.node.document.name


# -- headers -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Headers:
    """The headers whose names fit one of the globs, or, with `but`, none of them."""

    selection: "Selection"
    globs: tuple[str, ...]
    but: bool
    sides: tuple[str, ...]
    noun: str = "header"

    def prune(self, cassette: "Cassette") -> Pruned:
        """The cassette without them; those that must stay are noted."""
        from cassette_cli.cli.redact_rules import listed
        from cassette_cli.prune_headers import prune_headers
        from cassette_cli.report.words import amount
        from cassette_cli.rules.credentials import names

        fits = names(listed(list(self.globs))).fullmatch
        indexes = {reading.interaction.index for reading in self.selection.pick(cassette)}
        done = prune_headers(cassette, lambda name: bool(fits(name)) is not self.but, indexes, self.sides)
        lines = {one.index: cassette.line(one) for one in cassette.interactions}
        facts: list[Facts] = []
        sides: dict[tuple[str, str], list[str]] = {}
        for one in done.gone:
            index = one.interaction or 0
            facts.append({"line": lines[index], "interaction": index, "where": one.where})
            sides.setdefault((f"#{index}", one.where.partition(".")[0]), []).append(one.name)
        rows = [(*side, ", ".join(dict.fromkeys(found))) for side, found in sides.items()]
        kept: dict[tuple[str, str], list[int]] = {}
        for one in done.kept:
            kept.setdefault((one.where.partition(".")[0], one.name), []).append(lines[one.interaction or 0])
        notes = [
            (
                Place(cassette.document.name, at[0], 1),
                f"{name} of {amount(len(at), side)} stays: what is recorded is read by it",
            )
            for (side, name), at in kept.items()
        ]
        return Pruned(facts, rows, done.made if rows else None, tuple(notes))


# -- the work ------------------------------------------------------------------------------------------------


class _Done(NamedTuple):
    """What came of one cassette, as it comes from another process, too."""

    path: str
    pruned: Pruned
    change: Change
    interactions: int


@dataclass
class Job:
    """One run of the command."""

    run: Run
    what: What
    mode: Mode
    output: str | None
    json: bool
    reveal: bool
    one_file: bool = False
    found: list[Facts] = field(default_factory=list)
    files: int = 0
    changed: int = 0
    last: int = -1  # the largest index of an interaction

    def work(
        self,
        screen: "Screen",
        paths: list[str],
        exclude: list[str] | None,
        *,
        skip_unrecognised: bool,
        jobs: int,
    ) -> int:
        """Do all files; the exit code."""
        from cassette_cli.config import load
        from cassette_cli.files import is_one_file

        self.one_file = is_one_file(paths)
        results = self.run.results(
            paths,
            exclude,
            self._pruned,
            skip_unrecognised=skip_unrecognised,
            excludes=load().excludes,
            jobs=jobs or os.cpu_count() or 1,
            once=True,  # #0 of a file that is met again would be another one
        )
        for done in results:
            self._use(screen, done)
        self._end(screen)
        return max(
            self.run.code, ExitCode.FOUND if self.mode is Mode.CHECK and self.found else ExitCode.CLEAN
        )

    def _pruned(self, cassette: "Cassette") -> _Done:
        """What comes of one cassette; nothing is written or told yet, for this can be another process."""
        last = len(cassette.interactions) - 1
        missing = self.what.selection.beyond(last)
        if missing is not None and self.one_file:
            raise missing
        pruned = self.what.prune(cassette)
        edits = pruned.made.edits if pruned.made else {}
        hidden = secrets_of(cassette) if self.mode is Mode.DIFF and edits and not self.reveal else ()
        change = Change.of(cassette, edits, self.mode, hidden)
        return _Done(cassette.document.name, pruned._replace(made=None), change, last + 1)

    def _use(self, screen: "Screen", done: _Done) -> None:
        """Write and tell what came of one cassette."""
        self.files += 1
        self.last = max(self.last, done.interactions - 1)
        try:
            settle(screen, done.change, self.mode, self.output)
        except CassetteError as error:
            self.run.report(error)
            return
        self.changed += done.change.changed
        self.found += ({"path": done.path, **facts} for facts in done.pruned.facts)
        for place, message in done.pruned.notes:
            self.run.tell(f"{place}: {message}")
        if done.pruned.rows and not self.json and self.mode in (Mode.WRITE, Mode.CHECK):
            _write_rows(screen, done.path, done.pruned.rows)

    def _end(self, screen: "Screen") -> None:
        from cassette_cli.report import machine
        from cassette_cli.report.words import amount

        if self.files and not self.one_file and (missing := self.what.selection.beyond(self.last)):
            self.run.report(missing)
        if self.json:
            document = {
                "schema": "cassette.prune/1",
                "files": self.files,
                "pruned": self.found,
                "errors": [machine.error(error) for error in self.run.errors],
            }
            screen.raw(machine.dumps(document, indent=2 if screen.is_terminal else None) + "\n")
        elif self.files and self.mode in (Mode.WRITE, Mode.CHECK):
            verb = "would prune" if self.mode is Mode.CHECK else "pruned"
            files = amount(self.files, "file")
            if self.found:
                count = amount(len(self.found), self.what.noun)
                screen.line(f"{verb} {count} in {self.changed:,} of {files}")
            elif not self.run.errors:
                screen.line(f"nothing to prune in {files}")


def _write_rows(screen: "Screen", path: str, rows: Sequence[tuple[str, ...]]) -> None:
    """The file, and below it a line for each thing that goes."""
    from cassette_cli.report.terminal import Span
    from cassette_cli.report.words import elide, one_line

    screen.line(Span(one_line(path), "path"))
    cells = [tuple(elide(one_line(cell), _WIDEST) for cell in row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        screen.line("  " + line.rstrip())


_WIDEST = 100  # characters of a cell

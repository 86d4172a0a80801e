"""One run of `cassette redact`: each cassette cleaned, the results written and told."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cassette_cli.cli.outcome import Change, Mode, settle
from cassette_cli.cli.redact_rules import RuleBook
from cassette_cli.cli.run import Run
from cassette_cli.cli.strays import strays, tell
from cassette_cli.errors import BadRequest, CassetteError

if TYPE_CHECKING:
    from cassette_cli.baseline import Baseline
    from cassette_cli.clean import Cleaned, Scope
    from cassette_cli.config import Settings
    from cassette_cli.findings import Finding
    from cassette_cli.model import Cassette
    from cassette_cli.report.terminal import Screen
    from cassette_cli.search import Note
    from cassette_cli.selection import Selection
    from cassette_cli.source.text import Span


class Format(StrEnum):
    """How findings are told."""

    TEXT = "text"
    JSON = "json"
    GITHUB = "github"
    SARIF = "sarif"


def baseline_file(given: str | None, settings: "Settings", *, needed: bool) -> str | None:
    file = given or (str(settings.baseline) if settings.baseline else None)
    if needed and file is None:
        raise BadRequest("--write-baseline needs a file: --baseline FILE, or `baseline` in the configuration")
    return file


# -- the work ------------------------------------------------------------------------------------------


class Done(NamedTuple):
    """What came of one cassette, as it comes from another process, too."""

    path: str
    findings: "tuple[Finding, ...]"
    notes: "tuple[Note, ...]"
    lengths: list[str]
    change: Change
    changed: bool
    interactions: int
    selected: int
    accepted: int  # by the baseline


@dataclass
class Job:
    """One run of the command over its files."""

    run: Run
    rules: RuleBook
    selection: "Selection"
    sides: tuple[str, ...]
    strict: bool
    mode: Mode
    output: str | None
    baseline: str | None
    form: Format
    full: bool
    reveal: bool
    findings: "list[Finding]" = field(default_factory=list)
    accepted: "Baseline | None" = None
    seen: "list[str]" = field(default_factory=list)  # the files
    changed: int = 0
    failed: int = 0  # files that are as they were, though something is to go
    last: int = -1  # the largest index of an interaction
    selected: int = 0
    accepted_count: int = 0  # by the baseline
    told: bool = False

    def work(
        self,
        screen: "Screen",
        paths: list[str],
        exclude: list[str] | None,
        *,
        skip_unrecognised: bool,
        jobs: int,
    ) -> None:
        from cassette_cli import baseline

        if self.baseline is not None and self.mode is not Mode.BASELINE:
            if not Path(self.baseline).exists():
                raise BadRequest(f"{self.baseline} does not exist yet: --write-baseline makes it")
            self.accepted = baseline.read(self.baseline)
        results = self.run.results(
            paths,
            exclude,
            self._cleaned,
            skip_unrecognised=skip_unrecognised,
            excludes=self.rules.settings.excludes,
            jobs=jobs or os.cpu_count() or 1,
        )
        for done in results:
            self._use(screen, done)
        if self.mode is Mode.BASELINE and self.baseline is not None:
            seen = {os.path.realpath(path) for path in self.seen}
            baseline.write(
                self.baseline,
                self.findings,
                lambda path, rule: os.path.realpath(path) in seen and rule in self.rules.summaries,
            )
        self._end(screen)
        if not skip_unrecognised:
            tell(self.run, strays(self.run).doubtful)

    def _cleaned(self, cassette: "Cassette") -> "Done":
        """What comes of one cassette; nothing is written or told yet, for this can be another process."""
        from cassette_cli.clean import Cleaned, clean

        document = cassette.document
        rules = self.rules.of(document.name)
        stay: set[tuple[object, ...]] = set()
        scope = self._scope(cassette, stay)
        cleaned = clean(cassette, rules, scope) if rules else Cleaned(cassette)
        total = len(cassette.interactions)
        change = Change.of(cassette, cleaned.edits, self.mode, self._hidden(cassette, cleaned))
        lengths = [f"{where} {before} → {after}" for where, before, after in cleaned.lengths]
        return Done(
            document.name,
            cleaned.findings,
            cleaned.notes,
            lengths,
            change,
            bool(cleaned.edits),
            total,
            total if scope.indexes is None else len(scope.indexes),
            len(stay),
        )

    def _use(self, screen: "Screen", done: "Done") -> None:
        """Write and tell what came of one cassette."""
        self.seen.append(done.path)
        self.findings += done.findings
        self.last = max(self.last, done.interactions - 1)
        self.selected += done.selected
        self.accepted_count += done.accepted
        try:
            settle(screen, done.change, self.mode, self.output)
            self.changed += done.changed
        except CassetteError as error:
            self.run.report(error)
            self.failed += 1
        self._tell(screen, done)

    def _scope(self, cassette: "Cassette", stay: set[tuple[object, ...]]) -> "Scope":
        """What of a cassette is searched; what the baseline accepts of it is put into `stay`."""
        from cassette_cli.clean import Scope

        indexes = None
        if not self.selection.is_everything:
            indexes = frozenset(one.interaction.index for one in self.selection.pick(cassette))
        accepted = self.accepted
        once: set[str] = set()  # accepted in this file: a baseline accepts each time but once

        def accepts(finding: "Finding") -> bool:
            if finding.fingerprint not in once and accepted and accepted.accepts(finding):
                once.add(finding.fingerprint)
            if finding.fingerprint in once:
                # Not by its column: that moves when it is searched again after a change.
                stay.add((finding.fingerprint, finding.interaction, finding.where))
            return finding.fingerprint in once

        return Scope(indexes, self.sides, self.mode is Mode.CHECK, accepts)

    def _hidden(self, cassette: "Cassette", cleaned: "Cleaned") -> "Sequence[Span]":
        """What the difference masks: everything that any rule finds, unless it is revealed."""
        from cassette_cli.redact import plan

        if self.reveal or self.mode is not Mode.DIFF:
            return ()
        return (*cleaned.spans, *plan(cassette, self.rules.everything, heeds_comments=False).spans)

    # -- telling ---------------------------------------------------------------------------------------

    def _tell(self, screen: "Screen", done: "Done") -> None:
        from cassette_cli.report import findings

        for finding in done.findings:
            if not finding.fixable and self.mode is not Mode.CHECK:
                self.run.report(BadRequest(f"{finding.rule}: {finding.message}", finding.place))
        for note in done.notes:
            if self.strict:
                self.run.report(BadRequest(note.message, note.place))
            else:
                self.run.tell(f"{note.place}: {note.message}")
        if self.form is Format.TEXT and done.findings and self.mode not in (Mode.DIFF, Mode.OUTPUT):
            if self.told:
                screen.line()
            self.told = True
            findings.write_text(screen, done.path, done.findings, done.lengths, full=self.full)

    def _end(self, screen: "Screen") -> None:
        """The documents of the machine formats, or a last line for people."""
        from cassette_cli import __version__
        from cassette_cli.report import findings, machine

        errors = self.run.errors
        match self.form:
            case Format.JSON:
                document = findings.to_json(self.findings, errors, len(self.seen))
                screen.raw(machine.dumps(document, indent=2 if screen.is_terminal else None) + "\n")
            case Format.SARIF:
                summaries = self.rules.summaries.items()
                document = findings.to_sarif(self.findings, errors, summaries, __version__)
                screen.raw(machine.dumps(document, indent=2 if screen.is_terminal else None) + "\n")
            case Format.GITHUB:
                for line in findings.to_github(self.findings, errors):
                    screen.raw(line + "\n")
            case Format.TEXT if self.mode in (Mode.WRITE, Mode.CHECK, Mode.BASELINE) and len(self.seen):
                screen.line(self._summary())
        self._missed()
        if self.mode is Mode.WRITE and self.findings and self.changed:
            self.run.tell("what was committed is still in git's history: revoke it")

    def _summary(self) -> str:
        from cassette_cli.report.words import amount

        accepted = f"; the baseline accepts {self.accepted_count:,}" if self.accepted_count else ""
        if not self.findings:
            return f"nothing to redact in {amount(len(self.seen), 'file')}{accepted}"
        verb = {Mode.CHECK: "would make ", Mode.BASELINE: "accepted "}.get(self.mode, "")
        told = ""
        if len(self.findings) > _FEW:
            counts = Counter(finding.rule for finding in self.findings).most_common()
            told = f" ({', '.join(f'{rule} {number:,}' for rule, number in counts)})"
        failed = f"; {amount(self.failed, 'file')} not cleaned" if self.failed else ""
        redactions = amount(len(self.findings), "redaction")
        files = self.changed + self.failed
        return f"{verb}{redactions} in {files:,} of {amount(len(self.seen), 'file')}{told}{failed}{accepted}"

    def _missed(self) -> None:
        """What the selectors ask for and no cassette has."""
        missing = self.selection.beyond(self.last)
        if missing and self.last >= 0:
            self.run.report(missing)
        elif self.last >= 0 and not self.selected:
            self.run.tell("nothing selected; a GLOB matches the whole value")


_FEW = 20  # findings that need no counts

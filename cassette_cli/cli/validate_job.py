"""One run of `cassette validate`: which rules for which file, what they find, how it is told."""

import os
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cassette_cli.cli.redact_rules import Flags, RuleBook, What
from cassette_cli.cli.run import Run
from cassette_cli.cli.strays import strays, tell
from cassette_cli.errors import BadRequest, CassetteError, ExitCode, Unreadable
from cassette_cli.findings import Finding, Severity

if TYPE_CHECKING:
    from cassette_cli.baseline import Baseline
    from cassette_cli.config import Settings
    from cassette_cli.model import Cassette
    from cassette_cli.report.excerpt import Excerpt
    from cassette_cli.rules.redaction import Rules
    from cassette_cli.search import Note
    from cassette_cli.source.document import Document
    from cassette_cli.validate import Choice, Validated


class FailOn(StrEnum):
    """From which severity on findings make the exit code 1."""

    ERROR = "error"
    WARNING = "warning"
    NEVER = "never"


# -- which rules -----------------------------------------------------------------------------------------


class Chooser:
    """The rules for each file: those of the command line and the configuration, less what is off for it."""

    def __init__(
        self, select: tuple[str, ...], enable: tuple[str, ...], ignore: tuple[str, ...], settings: "Settings"
    ) -> None:
        from cassette_cli.rules.validation import OF_THE_READER, TABLE, Family

        own = settings.redact.rules
        self._own = frozenset(rule.id for rule in own)
        settings.check_rules([*TABLE, *Family])
        chosen = self._chosen(select or settings.validate.select)
        extra = (*enable, *settings.validate.enable, *settings.redact.enable)
        always = frozenset(row.id for row in OF_THE_READER)  # what cannot be read was not looked into
        self.rules = (chosen | self._named(extra) | always) - self._named(ignore, all_of=True)
        self._settings = settings
        leaks = {rule for rule, row in TABLE.items() if row.family is Family.LEAKS} | self._own
        wanted = self.rules & leaks
        active = {rule for rule in leaks if rule not in TABLE or TABLE[rule].default}
        flags = Flags(
            enable=tuple(sorted(wanted - active)),
            ignore=("volatile-header", *sorted((active | set(settings.redact.enable)) - wanted)),
        )
        self._leaks = RuleBook(What.ALL, flags, settings) if wanted else None
        self._choices: dict[frozenset[str], Choice] = {}
        self._severities = {
            rule: Severity(severity)
            for name, severity in settings.validate.severity
            for rule in self._named((name,), all_of=True)
        }

    @cached_property
    def everything(self) -> "Rules":
        """All rules of `redact`, for what must not be printed."""
        return (self._leaks or RuleBook(What.ALL, Flags(), self._settings)).everything

    def of(self, path: str) -> "Choice":
        """The rules for a file, and how they grade."""
        from cassette_cli.rules.validation import Limits
        from cassette_cli.validate import Choice

        ignored = self._settings.ignored(path)
        if ignored not in self._choices:
            own = self._settings.validate
            rules = frozenset() if "*" in ignored else self.rules - self._named(ignored, all_of=True)
            self._choices[ignored] = Choice(
                rules,
                self._severities,
                self._leaks.of(path) if self._leaks else None,
                Limits(own.max_age_days, own.max_file_bytes, own.max_body_bytes),
                self.everything,
            )
        return self._choices[ignored]

    def _chosen(self, words: tuple[str, ...]) -> frozenset[str]:
        from cassette_cli.rules.validation import TABLE

        if not words:
            return frozenset(rule for rule, row in TABLE.items() if row.default) | self._own
        return self._named(words)

    def _named(self, words: "frozenset[str] | tuple[str, ...]", *, all_of: bool = False) -> frozenset[str]:
        """The rules that are meant; a family is its default ones, or all where it has none or `all_of`."""
        from cassette_cli.config import nearest
        from cassette_cli.rules.validation import TABLE, Family

        found: set[str] = set()
        for word in words:
            family = [row for row in TABLE.values() if word in (row.family, "all")]
            default = [row.id for row in family if row.default]
            if word == "all" or all_of or not default:
                default = [row.id for row in family]
            if word in TABLE or word in self._own:
                default = [word]
            if word in (Family.LEAKS, "all"):
                default += self._own
            if not default and word != "*":
                raise BadRequest(f"no rule {word}{nearest(word, [*TABLE, *Family])}; see `cassette rules`")
            found.update(default)
        return frozenset(found)


# -- the work --------------------------------------------------------------------------------------------


class Done(NamedTuple):
    """What came of one file, as it comes from another process, too."""

    path: str
    findings: tuple[Finding, ...]
    excerpts: "tuple[Excerpt | None, ...]" = ()
    notes: "tuple[Note, ...]" = ()


@dataclass
class Job:
    """One run of the command over its files."""

    run: Run
    chooser: Chooser
    settings: "Settings"
    fail_on: FailOn
    excerpts: bool  # whether the lines are shown
    baseline: str | None
    write_baseline: bool
    findings: "list[tuple[Finding, Excerpt | None]]" = field(default_factory=list)
    seen: list[str] = field(default_factory=list)  # the files
    accepted: int = 0  # by the baseline

    def work(
        self, paths: list[str], exclude: list[str] | None, *, skip_unrecognised: bool, jobs: int
    ) -> None:
        """Validate all files; what was found is then in `findings`."""
        from cassette_cli import baseline

        accepted = None
        if self.baseline is not None and not self.write_baseline:
            if not Path(self.baseline).exists():
                raise BadRequest(f"{self.baseline} does not exist yet: --write-baseline makes it")
            accepted = baseline.read(self.baseline)
        results = self.run.results(
            paths,
            exclude,
            self._validated,
            skip_unrecognised=skip_unrecognised,
            excludes=self.settings.excludes,
            jobs=jobs or os.cpu_count() or 1,
            fault=self._fault,
            progress=True,
        )
        for done in results:
            self._use(done, accepted)
        beside = strays(self.run)
        for error in beside.empty:
            if (fault := self._fault(error)) is not None:
                self._use(fault, accepted)
        if not skip_unrecognised:
            tell(self.run, beside.doubtful)
        if self.write_baseline and self.baseline is not None:
            seen = {os.path.realpath(path) for path in self.seen}
            baseline.write(
                self.baseline,
                [finding for finding, _ in self.findings],
                lambda path, rule: os.path.realpath(path) in seen and rule in self.chooser.of(path).rules,
            )

    @property
    def code(self) -> ExitCode:
        if self.run.code is not ExitCode.CLEAN or self.write_baseline:
            return self.run.code
        counted = {FailOn.NEVER: (), FailOn.ERROR: (Severity.ERROR,), FailOn.WARNING: tuple(Severity)}
        failing = any(finding.severity in counted[self.fail_on] for finding, _ in self.findings)
        return ExitCode.FOUND if failing else ExitCode.CLEAN

    def _use(self, done: Done, accepted: "Baseline | None") -> None:
        self.seen.append(done.path)
        told = {finding.place[:2] for finding in done.findings}
        for note in done.notes:
            if note.place[:2] not in told:  # what cannot be read is mostly a finding already
                self.run.tell(f"{note.place}: {note.message}")
        for finding, shown in zip(done.findings, done.excerpts, strict=True):
            if accepted is not None and accepted.accepts(finding):
                self.accepted += 1
            else:
                self.findings.append((finding, shown))

    def _validated(self, cassette: "Cassette") -> Done:
        from cassette_cli.validate import validate

        choice = self.chooser.of(cassette.document.name)
        found = validate(cassette, choice)
        shown = self._excerpts(cassette, found, choice)
        return Done(cassette.document.name, found.findings, shown, found.notes)

    def _excerpts(
        self, cassette: "Cassette", found: "Validated", choice: "Choice"
    ) -> "tuple[Excerpt | None, ...]":
        """The lines of the findings, with everything masked that any rule of `redact` finds."""
        findings = found.findings
        if not self.excerpts or not findings:
            return (None,) * len(findings)
        from cassette_cli.redact import plan
        from cassette_cli.report.excerpt import doubtful, excerpt
        from cassette_cli.report.veil import Veil
        from cassette_cli.rules.validation import UNREAD

        document, everything = cassette.document, self.chooser.everything
        secrets = found.secrets
        if secrets is None or choice.leaks is None or not choice.leaks.are_all(everything):
            secrets = plan(cassette, everything, heeds_comments=False).spans
        hidden = [(span.start, span.end) for span in secrets if span.root is document]
        here = [one for one in findings if one.place.path == document.name]
        for line in {one.place.line for one in here if one.place.line}:
            hidden += _in_line(document, line, everything)
        for line in {one.place.line for one in here if one.place.line and one.rule in UNREAD}:
            hidden += doubtful(document, line, opaque=False)
        veil = Veil(document.text, hidden)
        return tuple(
            excerpt(document, (finding.place.line, finding.place.column), finding.end, veil)
            if finding.place.path == document.name and finding.place.line and finding.place.column
            else None
            for finding in findings
        )

    def _fault(self, error: Unreadable) -> Done | None:
        """What a file that cannot be read comes to, if that is a finding."""
        from cassette_cli.validate import fault

        found = fault(error, self.chooser.of(error.place.path)) if error.place else None
        if found is None or error.place is None:
            return None
        return Done(error.place.path, found.findings, tuple(map(self._fault_excerpt, found.findings)))

    def _fault_excerpt(self, finding: Finding) -> "Excerpt | None":
        from cassette_cli.files import read
        from cassette_cli.report.excerpt import doubtful, excerpt
        from cassette_cli.report.veil import Veil
        from cassette_cli.source.document import Document

        place = finding.place
        if not self.excerpts or not place.line or not place.column or not Path(place.path).is_file():
            return None
        try:
            document = Document(place.path, read(place.path))
            if not document.text.strip():
                return None
            veil = Veil(document.text, doubtful(document, place.line, opaque=True))
            return excerpt(document, (place.line, place.column), finding.end, veil)
        except (CassetteError, IndexError):  # no text at all
            return None


def _in_line(document: "Document", line: int, rules: "Rules") -> list[tuple[int, int]]:
    """What has the shape of a secret in a line as it stands, be it a tag, a comment or an alias."""
    from cassette_cli.fields import Field, Role

    begin, text = document.offset(line, 1), document.line(line)
    if len(text) > _LONG:
        return []
    found = rules.find(Field(Role.OTHER, "", "", text))
    return [(begin + match.start, begin + match.end) for match in found]


_LONG = 20_000  # characters; a longer line is no tag or comment

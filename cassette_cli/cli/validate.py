"""`cassette validate`."""

from typing import TYPE_CHECKING, Annotated

import typer

from cassette_cli.cli import completion
from cassette_cli.cli.options import Baseline, Color, Exclude, Jobs, Json, Paths, SkipUnrecognised
from cassette_cli.cli.redact_job import Format, baseline_file
from cassette_cli.cli.redact_rules import listed
from cassette_cli.cli.run import Run, finish
from cassette_cli.cli.validate_job import Chooser, FailOn, Job
from cassette_cli.errors import BadRequest

if TYPE_CHECKING:
    from cassette_cli.report.terminal import Screen

_complete = completion.listed(completion.checks)
Rules = Annotated[
    list[str] | None,
    typer.Option(
        "--select",
        metavar="RULES",
        help="Just these rules or families; all: every rule.",
        autocompletion=_complete,
    ),
]


def validate(
    paths: Paths,
    select: Rules = None,
    enable: Annotated[
        list[str] | None,
        typer.Option(
            "--enable", metavar="RULES", help="These besides: hygiene, ...", autocompletion=_complete
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            "--ignore", metavar="RULES", help="Leave rules or families out.", autocompletion=_complete
        ),
    ] = None,
    fail_on: Annotated[
        FailOn | None,
        typer.Option(
            "--fail-on", metavar="SEVERITY", help="error (default), warning, never: what makes the exit 1."
        ),
    ] = None,
    format_: Annotated[
        Format, typer.Option("--format", metavar="FORMAT", help="text, json, github, sarif.")
    ] = Format.TEXT,
    json: Json = False,
    show_statistics: Annotated[
        bool, typer.Option("--statistics", help="Only count what each rule finds.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Fold nothing of what repeats in a file.")] = False,
    max_findings: Annotated[
        int | None,
        typer.Option(
            "--max-findings", metavar="N", min=0, help="Tell so many; 0: all. Default: 1000 as text."
        ),
    ] = None,
    baseline: Baseline = None,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="Accept all findings of now.")
    ] = False,
    exclude: Exclude = None,
    skip_unrecognised: SkipUnrecognised = False,
    jobs: Jobs = 0,
    color: Color = None,
) -> None:
    """Check cassettes: what is broken, cut, leaking, contradictory.

    For example:

      cassette validate tests/cassettes

      cassette validate tests/cassettes --select leaks,streams --format github

      cassette rules cut-stream
    """

    def command() -> int:
        from cassette_cli.config import load
        from cassette_cli.report.compiled import Sums, statistics, tell
        from cassette_cli.report.terminal import Screen

        settings = load()
        form = Format.JSON if json else format_
        if show_statistics and form is not Format.TEXT:
            raise BadRequest("--statistics is text: give no other format with it")
        job = Job(
            run=Run(),
            chooser=Chooser(listed(select), listed(enable), listed(ignore), settings),
            settings=settings,
            fail_on=fail_on or FailOn(settings.validate.fail_on),
            excerpts=form is Format.TEXT and not show_statistics and not write_baseline,
            baseline=baseline_file(baseline, settings, needed=write_baseline),
            write_baseline=write_baseline,
        )
        job.work(paths, exclude, skip_unrecognised=skip_unrecognised, jobs=jobs)
        sums = Sums(len(job.seen), job.accepted)
        with Screen(color) as screen:
            if write_baseline:
                screen.line(f"accepted {len(job.findings):,} findings in {job.baseline}")
            elif show_statistics:
                statistics(screen, job.findings, sums)
            elif form is Format.TEXT:
                most = 1000 if max_findings is None else max_findings
                tell(screen, job.findings, sums, full=full, most=most or len(job.findings))
            else:
                _write(screen, job, form, max_findings or len(job.findings))
        return job.code

    finish(command)


def _write(screen: "Screen", job: Job, form: Format, most: int) -> None:
    """The document of a machine format."""
    from cassette_cli import __version__
    from cassette_cli.report import findings, machine
    from cassette_cli.rules.validation import TABLE

    found, errors = [finding for finding, _ in job.findings[:most]], job.run.errors
    match form:
        case Format.GITHUB:
            for line in findings.to_github(found, errors):
                screen.raw(line + "\n")
            return
        case Format.SARIF:
            rules = [(row.id, row.summary) for row in TABLE.values()]
            helps = {row.id: f"{row.why}\n\nTo mend it: {row.fix}." for row in TABLE.values() if row.why}
            document = findings.to_sarif(found, errors, rules, __version__, helps)
        case _:
            document = findings.to_json(found, errors, len(job.seen), len(job.findings) - len(found))
    screen.raw(machine.dumps(document, indent=2 if screen.is_terminal else None) + "\n")

"""`cassette redact`."""

from typing import Annotated

import typer

from cassette_cli.cli import completion
from cassette_cli.cli.options import (
    Baseline,
    Check,
    Color,
    Diff,
    Exclude,
    Indexes,
    Invert,
    Jobs,
    Json,
    Method,
    Model,
    Output,
    Paths,
    SkipUnrecognised,
    Status,
    Url,
)
from cassette_cli.cli.outcome import mode_of
from cassette_cli.cli.redact_job import Format, Job, baseline_file
from cassette_cli.cli.redact_rules import Flags, RuleBook, What, listed
from cassette_cli.cli.run import Run, finish
from cassette_cli.errors import ExitCode

Names = Annotated[
    list[str] | None,
    typer.Option("--name", metavar="GLOB", help="headers, query: these names too."),
]
Keep = Annotated[
    list[str] | None,
    typer.Option("--keep", metavar="GLOB", help="headers, query: these names stay."),
]
Only = Annotated[list[str] | None, typer.Option("--only", metavar="GLOB", help="headers: just these.")]
AllBut = Annotated[
    list[str] | None,
    typer.Option("--all-but", metavar="GLOBS", help="headers: all but these: accept,content-type."),
]
Keys = Annotated[
    list[str] | None,
    typer.Option("--key", metavar="GLOB", help="body: values under this key, in JSON, forms, XML."),
]
Pointers = Annotated[
    list[str] | None,
    typer.Option("--path", metavar="POINTER", help="body: values at this path: '/messages/*/content'."),
]
Regexes = Annotated[
    list[str] | None, typer.Option("--regex", metavar="REGEX", help="body: text that matches.")
]
_complete = completion.listed(completion.secrets)
Enable = Annotated[
    list[str] | None,
    typer.Option(
        "--enable",
        metavar="RULE",
        help="secrets: email-address, home-directory, ip-address.",
        autocompletion=_complete,
    ),
]
Ignore = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="RULE", help="Leave a rule out.", autocompletion=_complete),
]


def redact(
    what: Annotated[What, typer.Argument(metavar="WHAT", help="headers, query, body, secrets, or all.")],
    paths: Paths,
    check: Check = False,
    diff: Diff = False,
    output: Output = None,
    name: Names = None,
    keep: Keep = None,
    only: Only = None,
    all_but: AllBut = None,
    drop: Annotated[
        bool, typer.Option("--drop", help="headers: remove them, not just their values.")
    ] = False,
    volatile: Annotated[
        bool, typer.Option("--volatile", help="headers: dates, request ids, rate limits too.")
    ] = False,
    key: Keys = None,
    path: Pointers = None,
    regex: Regexes = None,
    enable: Enable = None,
    ignore: Ignore = None,
    indexes: Indexes = None,
    method: Method = None,
    url: Url = None,
    status: Status = None,
    model: Model = None,
    invert: Invert = False,
    request: Annotated[bool, typer.Option("--request", help="Only in requests.")] = False,
    response: Annotated[bool, typer.Option("--response", help="Only in responses.")] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="What was not searched or no longer replays is an error.")
    ] = False,
    baseline: Baseline = None,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="Accept all findings of now; write no cassette.")
    ] = False,
    format_: Annotated[
        Format,
        typer.Option(
            "--format", metavar="FORMAT", help="text, json, github, sarif: how to tell what was found."
        ),
    ] = Format.TEXT,
    json: Json = False,
    full: Annotated[bool, typer.Option("--full", help="Fold nothing.")] = False,
    reveal: Annotated[bool, typer.Option("--reveal", help="Print what --diff would mask.")] = False,
    exclude: Exclude = None,
    skip_unrecognised: SkipUnrecognised = False,
    jobs: Jobs = 0,
    color: Color = None,
) -> None:
    """Take secrets out of cassettes, in place; every other byte stays.

    For example:

      cassette redact all tests/cassettes --check

      cassette redact headers tests/cassettes --all-but accept,user-agent

      cassette redact body chat.yaml --key password --diff
    """

    def command() -> int:
        from cassette_cli.config import load
        from cassette_cli.report.terminal import Screen
        from cassette_cli.selection import Selection

        settings = load()
        flags = Flags(
            names=listed(name),
            keep=listed(keep),
            only=listed(only),
            all_but=listed(all_but),
            keys=listed(key),
            paths=tuple(path or ()),
            regexes=tuple(regex or ()),
            enable=listed(enable),
            ignore=listed(ignore),
            drop=drop,
            volatile=volatile,
        )
        form = Format.JSON if json else format_
        job = Job(
            run=Run(),
            rules=RuleBook(what, flags, settings),
            selection=Selection.parse(indexes, method, url, status, model, invert=invert),
            sides=("request",) * (request or not response) + ("response",) * (response or not request),
            strict=strict or settings.redact.strict,
            mode=mode_of(
                paths,
                output,
                check=check,
                diff=diff,
                write_baseline=write_baseline,
                machine=form is not Format.TEXT,
            ),
            output=output,
            baseline=baseline_file(baseline, settings, needed=write_baseline),
            form=form,
            full=full,
            reveal=reveal,
        )
        with Screen(color) as screen:
            job.work(screen, paths, exclude, skip_unrecognised=skip_unrecognised, jobs=jobs)
        return max(job.run.code, ExitCode.FOUND if check and job.findings else ExitCode.CLEAN)

    finish(command)

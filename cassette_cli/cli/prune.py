"""`cassette prune`."""

from typing import Annotated

import typer

from cassette_cli.cli.commands import Subcommands
from cassette_cli.cli.options import (
    Check,
    Color,
    Diff,
    Exclude,
    Indexes,
    Invert,
    Jobs,
    Method,
    Model,
    Output,
    Paths,
    Reveal,
    SkipUnrecognised,
    Status,
    Url,
)
from cassette_cli.cli.outcome import mode_of
from cassette_cli.cli.prune_orphans import orphans
from cassette_cli.cli.run import Run, finish
from cassette_cli.errors import BadRequest

app = typer.Typer(name="prune", cls=Subcommands, no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Tell what goes as JSON.")]


@app.callback()
def _prune() -> None:
    """Take out interactions, headers, or cassettes that no test names."""


@app.command()
def interactions(
    paths: Paths,
    indexes: Indexes = None,
    method: Method = None,
    url: Url = None,
    status: Status = None,
    model: Model = None,
    duplicates: Annotated[
        bool, typer.Option("--duplicates", help="Those that say all that an earlier one says.")
    ] = False,
    failed: Annotated[
        bool, typer.Option("--failed", help="Those that were answered with an error, or not at all.")
    ] = False,
    invert: Annotated[
        bool, typer.Option("--invert", help="Keep what is selected, and take out the others.")
    ] = False,
    check: Check = False,
    diff: Diff = False,
    output: Output = None,
    json: Json = False,
    reveal: Reveal = False,
    exclude: Exclude = None,
    skip_unrecognised: SkipUnrecognised = False,
    jobs: Jobs = 0,
    color: Color = None,
) -> None:
    """Take interactions out of cassettes, in place.

    Every other byte stays, but for the recorder's numbers. All selectors that are given must hold;
    --duplicates and --failed together take either.

    For example:

      cassette prune interactions chat.yaml -i 0,2-4

      cassette prune interactions tests/cassettes --failed --check

      cassette prune interactions chat.yaml --url '*/chat/completions' --invert
    """

    def command() -> int:
        from cassette_cli.cli.prune_job import Interactions, Job
        from cassette_cli.report.terminal import Screen
        from cassette_cli.selection import Selection

        selection = Selection.parse(indexes, method, url, status, model)
        if selection.is_everything and not duplicates and not failed:
            raise BadRequest("say which: -i, --method, --url, --status, --model, --duplicates or --failed")
        mode = mode_of(paths, output, check=check, diff=diff, machine=json)
        what = Interactions(selection, duplicates, failed, invert)
        job = Job(Run(), what, mode, output, json=json, reveal=reveal)
        with Screen(color) as screen:
            return job.work(screen, paths, exclude, skip_unrecognised=skip_unrecognised, jobs=jobs)

    finish(command)


@app.command()
def headers(
    paths: Paths,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="GLOB", help="Just these: 'x-stainless-*'.")
    ] = None,
    all_but: Annotated[
        list[str] | None,
        typer.Option("--all-but", metavar="GLOBS", help="All but these: accept,content-type."),
    ] = None,
    request: Annotated[bool, typer.Option("--request", help="Only in requests.")] = False,
    response: Annotated[bool, typer.Option("--response", help="Only in responses.")] = False,
    indexes: Indexes = None,
    method: Method = None,
    url: Url = None,
    status: Status = None,
    model: Model = None,
    invert: Invert = False,
    check: Check = False,
    diff: Diff = False,
    output: Output = None,
    json: Json = False,
    reveal: Reveal = False,
    exclude: Exclude = None,
    skip_unrecognised: SkipUnrecognised = False,
    jobs: Jobs = 0,
    color: Color = None,
) -> None:
    """Take headers out of cassettes, in place.

    Those by which a body is read stay.

    For example:

      cassette prune headers tests/cassettes --only 'x-stainless-*,cf-*'

      cassette prune headers chat.yaml --response --all-but content-type
    """

    def command() -> int:
        from cassette_cli.cli.prune_job import Headers, Job
        from cassette_cli.report.terminal import Screen
        from cassette_cli.selection import Selection

        if bool(only) is bool(all_but):
            raise BadRequest("say which: --only GLOB for just these, or --all-but GLOB for all others")
        selection = Selection.parse(indexes, method, url, status, model, invert=invert)
        mode = mode_of(paths, output, check=check, diff=diff, machine=json)
        sides = ("request",) * (request or not response) + ("response",) * (response or not request)
        what = Headers(selection, tuple(only or all_but or ()), but=bool(all_but), sides=sides)
        job = Job(Run(), what, mode, output, json=json, reveal=reveal)
        with Screen(color) as screen:
            return job.work(screen, paths, exclude, skip_unrecognised=skip_unrecognised, jobs=jobs)

    finish(command)


app.command()(orphans)

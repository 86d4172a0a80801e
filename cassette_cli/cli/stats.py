"""`cassette stats`."""

import os
from functools import partial
from typing import Annotated

import typer

from cassette_cli.cli.options import (
    Color,
    Exclude,
    Indexes,
    Invert,
    Jobs,
    Method,
    Model,
    Paths,
    SkipUnrecognised,
    Status,
    Url,
)
from cassette_cli.cli.run import Run, finish
from cassette_cli.errors import BadRequest


def stats(
    paths: Paths,
    by: Annotated[
        str | None,
        typer.Option("--by", metavar="KIND", help="One table: recorder, dialect, model, host, status."),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option("--top", metavar="N", min=1, help="The first N of each; default: 5, with --by all."),
    ] = None,
    indexes: Indexes = None,
    method: Method = None,
    url: Url = None,
    status: Status = None,
    model: Model = None,
    invert: Invert = False,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    exclude: Exclude = None,
    skip_unrecognised: SkipUnrecognised = False,
    jobs: Jobs = 0,
    color: Color = None,
) -> None:
    """Count what a suite holds: models, tokens, statuses, sizes.

    For example:

      cassette stats tests/cassettes

      cassette stats tests/cassettes --by model --top 20
    """

    def command() -> int:
        from cassette_cli.report import machine, suite
        from cassette_cli.report.terminal import Screen
        from cassette_cli.selection import Selection
        from cassette_cli.stats import By, facts, sum_up

        if by is not None and by not in list(By):
            raise BadRequest(f"--by {by!r}: give one of {', '.join(By)}")
        kind = By(by) if by is not None else None
        selection = Selection.parse(indexes, method, url, status, model, invert=invert)
        run = Run()
        results = run.results(
            paths,
            exclude,
            partial(facts, selection=selection),
            skip_unrecognised=skip_unrecognised,
            jobs=jobs or os.cpu_count() or 1,
            progress=True,
        )
        found = sum_up(file for file in results if file.calls or selection.is_everything)
        with Screen(color) as screen:
            if json:
                document = suite.document(found, kind, top, run.errors)
                screen.raw(machine.dumps(document, indent=2 if screen.is_terminal else None) + "\n")
            elif run.errors and not found.total.files:
                pass  # what was said is all that there is to say
            elif kind:
                suite.Suite(screen, found, top).table(kind)
            else:
                suite.Suite(screen, found, top).overview()
        return run.code

    finish(command)

"""`cassette grep`."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from cassette_cli.cli.options import (
    Color,
    Exclude,
    Invert,
    Jobs,
    Method,
    Model,
    Paths,
    Reveal,
    SkipUnrecognised,
    Status,
    Url,
)
from cassette_cli.cli.run import Run, finish
from cassette_cli.errors import BadRequest, ExitCode

if TYPE_CHECKING:
    from cassette_cli.grep import Hit, Query
    from cassette_cli.model import Cassette
    from cassette_cli.report.hits import View
    from cassette_cli.report.terminal import Screen


def grep(
    pattern: Annotated[str, typer.Argument(metavar="PATTERN", help="A regular expression, as Python's re.")],
    paths: Paths,
    ignore_case: Annotated[bool, typer.Option("-i", "--ignore-case", help="Case does not matter.")] = False,
    word: Annotated[bool, typer.Option("-w", "--word-regexp", help="Only whole words.")] = False,
    fixed: Annotated[bool, typer.Option("-F", "--fixed-strings", help="The pattern is plain text.")] = False,
    within: Annotated[
        str | None,
        typer.Option(
            "--in",
            metavar="PARTS",
            help="Only there: request, response, url, headers, body, messages, tools, reply, reasoning, "
            "tool_calls.",
        ),
    ] = None,
    files_only: Annotated[
        bool, typer.Option("-l", "--files-with-matches", help="Only the names of files.")
    ] = False,
    files_without: Annotated[
        bool, typer.Option("-L", "--files-without-match", help="Only the names of files without any.")
    ] = False,
    count: Annotated[
        bool, typer.Option("-c", "--count", help="Only how many lines match in a file.")
    ] = False,
    only_matching: Annotated[
        bool, typer.Option("-o", "--only-matching", help="Only what matches of a line.")
    ] = False,
    no_filename: Annotated[
        bool, typer.Option("--no-filename", help="No names of files in front (no -h here).")
    ] = False,
    most: Annotated[
        int | None, typer.Option("-m", "--max-count", metavar="N", min=1, help="So many lines of a file.")
    ] = None,
    after: Annotated[
        int | None,
        typer.Option("-A", "--after-context", metavar="N", min=0, help="Lines after a match, too."),
    ] = None,
    before: Annotated[
        int | None,
        typer.Option("-B", "--before-context", metavar="N", min=0, help="Lines before a match, too."),
    ] = None,
    context: Annotated[
        int, typer.Option("-C", "--context", metavar="N", min=0, help="Lines before and after.")
    ] = 0,
    indexes: Annotated[
        list[str] | None,
        typer.Option("--interaction", metavar="N", help="By place in the file, from 0: 0,2-4 (no -i here)."),
    ] = None,
    method: Method = None,
    url: Url = None,
    status: Status = None,
    model: Model = None,
    invert: Invert = False,
    as_ever: Annotated[  # noqa: ARG001 - what grep is wont to be given
        bool, typer.Option("-r", "-n", help="Change nothing: directories and line numbers go without.")
    ] = False,
    full: Annotated[bool, typer.Option("--full", help="Fold nothing that repeats, cut no line.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    reveal: Reveal = False,
    exclude: Exclude = None,
    skip_unrecognised: SkipUnrecognised = False,
    jobs: Jobs = 0,
    color: Color = None,
) -> None:
    """Search what cassettes say, decoded and joined over deltas.

    As with grep, -i ignores case, and the exit code is 0 if something matches, 1 if nothing does, 2 for an
    error. A header, or a value in a body, is a line `name: value`. A match in a credential is told, but
    reads ****. For example:

      cassette grep -i florence tests/cassettes

      cassette grep 'hot [0-9]+ .C' tests/cassettes --in reply -C 1

      cassette grep -l gpt-3.5 tests/cassettes --in body
    """

    def command() -> int:
        from dataclasses import replace

        from cassette_cli.grep import Query, compiled
        from cassette_cli.report.hits import View
        from cassette_cli.report.terminal import Screen
        from cassette_cli.selection import Selection

        forms = {"-l": files_only, "-L": files_without, "-c": count, "-o": only_matching, "--json": json}
        if len(given := [name for name, wanted in forms.items() if wanted]) > 1:
            raise BadRequest(f"{' and '.join(given)} do not go together: give one")
        found, literal = compiled(pattern, ignore_case=ignore_case, word=word, fixed=fixed)
        query = Query(
            found,
            literal,
            Selection.parse(indexes, method, url, status, model, invert=invert),
            _parts(within),
            context if before is None else before,
            context if after is None else after,
            1 if files_only or files_without else most,
            full,
            reveal,
        )
        if only_matching or files_only or files_without or count:
            query = replace(query, before=0, after=0)
        run = Run()
        results = run.results(
            paths,
            exclude,
            _search(query),
            skip_unrecognised=skip_unrecognised,
            jobs=jobs or os.cpu_count() or 1,
            progress=True,
        )
        with Screen(color) as screen:
            if json:
                any_hits = _write_json(run, screen, results)
            elif files_only or files_without:
                any_hits = _write_names(screen, results, matching=files_only)
            elif count:
                any_hits = _write_counts(screen, results, named=not no_filename)
            else:
                view = View(only_matching, full, not no_filename)
                any_hits = _write(screen, results, view)
        return run.code or (ExitCode.CLEAN if any_hits else ExitCode.FOUND)

    finish(command)


def _parts(given: str | None) -> frozenset[str]:
    from cassette_cli.passages import Within

    names = frozenset((given or "all").replace("-", "_").split(","))
    unknown = sorted(names - {"all", *Within})
    if unknown:
        raise BadRequest(f"--in {unknown[0]!r}: give some of {', '.join(Within)}, or all")
    return frozenset() if "all" in names else names


# -- the work on one file ----------------------------------------------------------------------------


class File(NamedTuple):
    """What was found in a file."""

    path: str
    hits: "list[Hit]"


def _search(query: "Query") -> "Callable[[Cassette], File]":
    from cassette_cli.grep import search

    def work(cassette: "Cassette") -> File:
        with _patience(cassette.document.name):
            return File(cassette.document.name, search(cassette, query))

    return work


_PATIENCE = 10  # seconds of work until a person is told what takes so long


@contextmanager
def _patience(name: str) -> Iterator[None]:
    """Say so if a file takes long: a pattern can need more time than there is (`(a+)+$`)."""
    import signal
    import threading

    if not hasattr(signal, "SIGVTALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def tell(*_: object) -> None:
        from cassette_cli.report.words import visible

        typer.echo(
            f"cassette: {visible(name)}: still at it after {_PATIENCE} s; if the pattern nests repetitions, "
            "as (a+)+ does, it may never end: stop it with Ctrl-C",
            err=True,
        )

    before = signal.signal(signal.SIGVTALRM, tell)
    signal.setitimer(signal.ITIMER_VIRTUAL, _PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


# -- writing -----------------------------------------------------------------------------------------


def _write(screen: "Screen", results: Iterator[File], view: "View") -> bool:
    from cassette_cli.report.hits import Writer

    writer, any_hits = Writer(screen, view), False
    for _, hits in results:
        if hits:
            writer.file(hits)
            any_hits = True
    return any_hits


def _write_names(screen: "Screen", results: Iterator[File], *, matching: bool) -> bool:
    """The files with hits, or those without; whether there are hits."""
    from cassette_cli.report.terminal import Span
    from cassette_cli.report.words import one_line

    any_hits = False
    for path, hits in results:
        any_hits = any_hits or bool(hits)
        if bool(hits) is matching:
            screen.line(Span(one_line(path), "path"))
    return any_hits


def _write_counts(screen: "Screen", results: Iterator[File], *, named: bool) -> bool:
    from cassette_cli.report.terminal import Span
    from cassette_cli.report.words import one_line

    any_hits = False
    for path, hits in results:
        if hits:
            any_hits = True
            screen.line(Span(one_line(path) if named else "", "path"), f"{':' * named}{len(hits)}")
    return any_hits


def _write_json(run: Run, screen: "Screen", results: Iterator[File]) -> bool:
    from cassette_cli.report import hits, machine

    files = list(results)
    found = [hit for file in files for hit in file.hits]
    document = hits.document(found, len(files), run.errors)
    screen.raw(machine.dumps(document, indent=2 if screen.is_terminal else None) + "\n")
    return bool(found)

"""The command line: options, one short function per command, exit codes. The only typer import.

Everything else is imported on use: `cassette --version` pays for nothing that it does not need.
"""

import os
import sys
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer  # noqa: TID253

from cassette_cli import __version__
from cassette_cli.errors import BadRequest, CassetteError, ExitCode, Place, Unreadable, Unrecognised

if TYPE_CHECKING:
    from cassette_cli.files import Found
    from cassette_cli.model import Cassette
    from cassette_cli.report.rows import View
    from cassette_cli.report.terminal import Screen
    from cassette_cli.selection import Reading, Selection

app = typer.Typer(
    name="cassette",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        from cassette_cli.source.yamltree import parser_name

        typer.echo(f"cassette {__version__} ({parser_name()})")
        raise typer.Exit


@app.callback()
def _cassette(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show version and YAML parser."),
    ] = False,
) -> None:
    """Read, review and clean the HTTP recordings that tests replay."""


# -- what commands share ---------------------------------------------------------------------------

_SELECT, _PATHS, _OUTPUT = "Which interactions", "Which files", "Output"

Paths = Annotated[
    list[str], typer.Argument(metavar="PATHS...", help="Files, directories, globs; - is stdin.")
]
Exclude = Annotated[
    list[str] | None,
    typer.Option(
        "--exclude", metavar="GLOB", help="Pass over such files in directories.", rich_help_panel=_PATHS
    ),
]
SkipUnrecognised = Annotated[
    bool, typer.Option("--skip-unrecognised", help="Pass over named files that are no cassettes.")
]
Indexes = Annotated[
    list[str] | None,
    typer.Option("-i", "--interaction", metavar="N", help="By place in the file, from 0: 0,2-4."),
]
Method = Annotated[str | None, typer.Option("--method", metavar="NAME", help="By method: POST or GET,HEAD.")]
Url = Annotated[str | None, typer.Option("--url", metavar="GLOB", help="By URL: '*/chat/completions'.")]
Status = Annotated[str | None, typer.Option("--status", metavar="CODE", help="By status: 200 or 4xx,500.")]
Model = Annotated[str | None, typer.Option("--model", metavar="GLOB", help="By LLM model: 'gpt-4*'.")]
Invert = Annotated[bool, typer.Option("--invert", help="Take the interactions that these do not select.")]
Color = Annotated[
    bool | None,
    typer.Option("--color/--no-color", help="Colour or not; default: on a terminal, see NO_COLOR."),
]


class Run:
    """One run of a command over its files: errors are told where they happen, and remembered."""

    def __init__(self) -> None:
        self.errors: list[CassetteError] = []

    @property
    def code(self) -> ExitCode:
        return ExitCode.COULD_NOT if self.errors else ExitCode.CLEAN

    def report(self, error: CassetteError) -> None:
        self.errors.append(error)
        self.tell(str(error))

    def tell(self, message: str) -> None:
        from cassette_cli.report.words import visible

        sys.stdout.flush()
        typer.echo(f"cassette: {visible(message)}", err=True)

    def files(self, paths: list[str], exclude: list[str] | None) -> "Iterator[Found]":
        from cassette_cli.files import find
        from cassette_cli.recorders import SUFFIXES

        for path in dict.fromkeys(paths):
            try:
                yield from find([path], SUFFIXES, exclude or ())
            except CassetteError as error:
                self.report(error)

    def cassettes(
        self, paths: list[str], exclude: list[str] | None, *, skip_unrecognised: bool = False
    ) -> "Iterator[Cassette]":
        """Each file's cassette; a file that cannot be read is reported, and the next one follows."""
        none = True
        for found in self.files(paths, exclude):
            try:
                yield _read(found)
                none = False
            except Unrecognised as error:
                if found.named and not skip_unrecognised:
                    self.report(error)
            except CassetteError as error:
                self.report(error)
        if none and not self.errors and not skip_unrecognised:
            self.tell(f"no cassettes in {', '.join(paths)}")


def _read(found: "Found") -> "Cassette":
    """The cassette in a file; of a file that a walk found, only if it looks like one at all."""
    from cassette_cli.files import STDIN, read
    from cassette_cli.recorders import looks_like_cassette, read_cassette
    from cassette_cli.source.document import Document

    raw = read(found.path)
    name = "<stdin>" if found.path == STDIN else found.path
    try:
        document = Document(name, raw)
    except Unreadable:
        if not found.named and not looks_like_cassette(raw.decode("latin-1")):
            raise Unrecognised("not a cassette", Place(name)) from None
        raise
    if not found.named and not looks_like_cassette(document.text):
        raise Unrecognised("not a cassette", Place(name))
    return read_cassette(document)


def _finish(command: Callable[[], int]) -> None:
    """Run a command and end with its exit code, whatever happens in it."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a character that the encoding lacks is no reason to fail
            stream.reconfigure(errors="backslashreplace")
    try:
        code = command()
        sys.stdout.flush()
    except CassetteError as error:
        from cassette_cli.report.words import visible

        typer.echo(f"cassette: {visible(str(error))}", err=True)
        code = ExitCode.COULD_NOT
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`| head`): nobody is left to tell. What is still buffered goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.CLEAN
    except OSError as error:
        typer.echo(f"cassette: cannot write: {error.strerror or error}", err=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.COULD_NOT
    except Exception as error:  # the last line of defence: a bug, told in one line
        if os.environ.get("CASSETTE_DEBUG"):
            raise
        kind = f"{type(error).__module__}.{type(error).__name__}".removeprefix("builtins.")
        at = error.__traceback__
        while at is not None and at.tb_next is not None:
            at = at.tb_next
        where = f"{Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}" if at else "?"
        typer.echo(f"cassette: a bug: {kind} at {where}; CASSETTE_DEBUG=1 shows more", err=True)
        code = ExitCode.BUG
    raise typer.Exit(int(code))


# -- show ------------------------------------------------------------------------------------------


@app.command()
def show(
    paths: Paths,
    indexes: Indexes = None,
    method: Method = None,
    url: Url = None,
    status: Status = None,
    model: Model = None,
    invert: Invert = False,
    summary: Annotated[
        bool, typer.Option("-s", "--summary", help="One line a cassette, or an interaction.")
    ] = False,
    headers: Annotated[bool, typer.Option("--headers", help="Show headers too.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Cut nothing.")] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Only the decoded body, as it is (the response's).")
    ] = False,
    get: Annotated[
        str | None,
        typer.Option("--get", metavar="WHERE", help="Only one value, bare: reply.text, request.body/model."),
    ] = None,
    request: Annotated[bool, typer.Option("--request", help="Only the request.")] = False,
    response: Annotated[bool, typer.Option("--response", help="Only the response.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show credentials instead of ****.")] = False,
    exclude: Exclude = None,
    skip_unrecognised: SkipUnrecognised = False,
    color: Color = None,
) -> None:
    """Show cassettes as the conversations that they recorded.

    For example:

      cassette show tests/cassettes/weather.yaml

      cassette show tests/cassettes -s

      cassette show chat.yaml -i 1 --get reply.text
    """

    def command() -> int:
        from cassette_cli.files import is_one_file
        from cassette_cli.report.rows import View
        from cassette_cli.report.terminal import Screen
        from cassette_cli.selection import Selection

        forms = {"--json": json, "--get": get is not None, "--raw": raw, "--summary": summary}
        if len(given := [name for name, wanted in forms.items() if wanted]) > 1:
            raise BadRequest(f"{' and '.join(given)} do not go together: give one")
        selection = Selection.parse(indexes, method, url, status, model, invert=invert)
        run = Run()
        chosen = _chosen(run, run.cassettes(paths, exclude, skip_unrecognised=skip_unrecognised), selection)
        with Screen(color) as screen:
            if json:
                _write_json(run, screen, chosen, reveal=reveal)
            elif get is not None:
                _write_values(run, screen, chosen, get, reveal=reveal)
            elif raw:
                _write_raw(screen, chosen, request=request)
            elif summary:
                _write_summary(screen, chosen, one_file=is_one_file(paths), reveal=reveal)
            else:
                both = request == response
                view = View(full, headers, reveal, request or both, response or both)
                _write_conversations(screen, chosen, view)
        return run.code

    _finish(command)


Chosen = Iterator[tuple["Cassette", list["Reading"]]]


def _chosen(run: Run, cassettes: "Iterator[Cassette]", selection: "Selection") -> Chosen:
    """Each cassette with its selected interactions; an index that no cassette has is an error."""
    largest, total, none = -1, 0, True
    for cassette in cassettes:
        largest = max(largest, len(cassette.interactions) - 1)
        total += len(cassette.interactions)
        readings = list(selection.pick(cassette))
        if readings or selection.is_everything:
            none = False
            yield cassette, readings
    missing = [index for index in sorted(selection.indexes or ()) if index > largest]
    if missing and (largest >= 0 or not run.errors):
        last = f"the last one is {largest}" if largest >= 0 else "there is none at all"
        run.report(BadRequest(f"no interaction {missing[0]}: {last} (they count from 0)"))
    elif none and total:
        run.tell(f"nothing selected of {total:,} interactions; a GLOB matches the whole value")


def _write_conversations(screen: "Screen", chosen: Chosen, view: "View") -> None:
    from cassette_cli.report.conversation import Conversation

    for place, (cassette, readings) in enumerate(chosen):
        if place:
            screen.line()
        Conversation(screen, view).cassette(cassette, readings)


def _write_summary(screen: "Screen", chosen: Chosen, *, one_file: bool, reveal: bool) -> None:
    from cassette_cli.report.summary import Summary

    table = Summary(reveal)
    add = table.add_interactions if one_file else table.add_cassette
    for cassette, readings in chosen:
        add(cassette, readings)
    table.write(screen)


def _write_json(run: Run, screen: "Screen", chosen: Chosen, *, reveal: bool) -> None:
    from cassette_cli.report import machine

    cassettes = [machine.show_cassette(cassette, readings, reveal=reveal) for cassette, readings in chosen]
    errors = [machine.error(error) for error in run.errors]
    document = {"schema": "cassette.show/1", "cassettes": cassettes, "errors": errors}
    screen.raw(machine.dumps(document, indent=2 if screen.is_terminal else None) + "\n")


def _write_values(run: Run, screen: "Screen", chosen: Chosen, where: str, *, reveal: bool) -> None:
    """The value of each selected interaction that has it; an error if none has."""
    from cassette_cli.report import machine, words
    from cassette_cli.where import look_up

    missing: BadRequest | None = None
    written = False
    for cassette, readings in chosen:
        for reading in readings:
            try:
                value = look_up(machine.show_interaction(cassette, reading, reveal=reveal), where)
            except BadRequest as error:
                missing = missing or error
                continue
            text = value if isinstance(value, str) else machine.dumps(value)
            screen.raw((words.visible(text) if screen.is_terminal else text) + "\n")
            written = True
    if missing and not written:
        run.report(missing)


def _write_raw(screen: "Screen", chosen: Chosen, *, request: bool) -> None:
    """The decoded bodies, byte for byte into a pipe; what a terminal would obey is shown on one."""
    from cassette_cli.report import words

    for _, readings in chosen:
        for reading in readings:
            content = reading.asked if request else reading.said
            if not screen.is_terminal:
                screen.bytes(content.bytes)
            elif content.text is None:
                screen.line(f"<{content.kind}, {words.size(content.size)}: send it to a file to see it>")
            else:
                screen.raw(words.visible(content.text).removesuffix("\n") + "\n")

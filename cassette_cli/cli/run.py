"""What every command does: read its files one by one, remember errors, end with an exit code."""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cassette_cli.errors import CassetteError, ExitCode, Place, Refused, Unreadable, Unrecognised

if TYPE_CHECKING:
    from cassette_cli.files import Found
    from cassette_cli.model import Cassette


class Run:
    """One run of a command over its files: errors are told where they happen, and remembered."""

    def __init__(self) -> None:
        self.errors: list[CassetteError] = []

    @property
    def code(self) -> ExitCode:
        if any(isinstance(error, Refused) for error in self.errors):
            return ExitCode.BUG
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
                yield _read(found, doubtful=not found.named or skip_unrecognised)
                none = False
            except Unrecognised as error:
                if found.named and not skip_unrecognised:
                    self.report(error)
            except CassetteError as error:
                self.report(error)
            except Exception as error:
                self.report(bug(error, found.path))
        if none and not self.errors and not skip_unrecognised:
            self.tell(f"no cassettes in {', '.join(paths)}")


def _read(found: "Found", *, doubtful: bool) -> "Cassette":
    """The cassette in a file; of a doubtful one, that a walk found, only if it looks like one at all."""
    from cassette_cli.files import STDIN, read
    from cassette_cli.recorders import looks_like_cassette, read_cassette
    from cassette_cli.source.document import Document

    raw = read(found.path)
    name = "<stdin>" if found.path == STDIN else found.path
    try:
        document = Document(name, raw)
    except Unreadable:
        if doubtful and not looks_like_cassette(raw.decode("latin-1")):
            raise Unrecognised("not a cassette", Place(name)) from None
        raise
    if doubtful and not looks_like_cassette(document.text):
        raise Unrecognised("not a cassette", Place(name))
    return read_cassette(document)


def bug(error: Exception, path: str | None = None) -> Refused:
    """An exception that nobody foresaw, in one line without the words of its message, which may be secret."""
    if os.environ.get("CASSETTE_DEBUG"):
        raise error
    kind = f"{type(error).__module__}.{type(error).__name__}".removeprefix("builtins.")
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    where = f"{Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}" if at else "?"
    place = Place(path) if path else None
    return Refused(f"a bug: {kind} at {where}; CASSETTE_DEBUG=1 shows more; please report it", place)


def finish(command: Callable[[], int]) -> None:
    """Run a command and end with its exit code, whatever happens in it."""
    gc.set_threshold(200_000, 50, 50)  # trees are freed without it: children know parents, not the reverse
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
        typer.echo(f"cassette: {bug(error)}", err=True)
        code = ExitCode.BUG
    raise typer.Exit(int(code))

"""What every command does: read its files one by one, remember errors, end with an exit code."""

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from io import TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from cassette_cli.errors import CassetteError, ExitCode, Place, Refused, Unreadable, Unrecognised

if TYPE_CHECKING:
    from cassette_cli.files import Found
    from cassette_cli.model import Cassette

T = TypeVar("T")


class Run:
    """One run of a command over its files: errors are told where they happen, and remembered."""

    def __init__(self) -> None:
        self.errors: list[CassetteError] = []
        self.read: list[str] = []  # the cassettes
        self.passed: list[str] = []  # the files that are none, and no error

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
        """Each file's cassette; a file that cannot be read is reported, and the next one follows.

        One with conflict markers is two, ours and theirs.
        """
        found = self.results(
            paths,
            exclude,
            lambda cassette: [cassette],
            skip_unrecognised=skip_unrecognised,
            fault=self._both_sides,
        )
        return chain.from_iterable(found)

    def _both_sides(self, error: Unreadable) -> "list[Cassette] | None":
        from cassette_cli.recorders import read_cassette
        from cassette_cli.source.document import Document

        sides = both_sides(error.place.path) if error.place and error.rule == "conflict-marker" else None
        if not sides:
            return None
        try:
            cassettes = [read_cassette(Document(name, raw)) for name, raw in sides]
        except CassetteError:
            return None
        self.tell(f"{error.place}: git's conflict markers: ours and theirs are shown; resolve them")
        return cassettes

    def results(
        self,
        paths: list[str],
        exclude: list[str] | None,
        work: "Callable[[Cassette], T]",
        *,
        skip_unrecognised: bool = False,
        excludes: Callable[[str], bool] = lambda _: False,
        jobs: int = 1,
        fault: "Callable[[Unreadable], T | None]" = lambda _: None,
        progress: bool = False,
        once: bool = False,
    ) -> Iterator[T]:
        """What `work` makes of each file's cassette, in order; a file that fails is reported.

        Unless `fault` makes something of its error. With `once`, a file that several paths or links lead to
        is worked on under the first of them alone.
        """
        none = True
        seen: set[str] = set()
        files = (
            found
            for found in self.files(paths, exclude)
            if (found.named and not skip_unrecognised) or not excludes(found.path)
            if not once or _is_new(os.path.realpath(found.path), seen)
        )
        results = _mapped(files, work, skip_unrecognised, jobs)
        for found, result in _counted(results) if progress else results:
            if isinstance(result, Unrecognised):
                if found.named and not skip_unrecognised:
                    self.report(result)
                else:
                    self.passed.append(found.path)
            elif isinstance(result, Unreadable) and (done := fault(result)) is not None:
                none = False
                yield done
            elif isinstance(result, CassetteError):
                self.report(result)
            else:
                none = False
                self.read.append(found.path)
                yield result
        if none and not self.errors and not skip_unrecognised:
            self.tell(f"no cassettes in {', '.join(str(Place(path)) for path in paths)}")


def _is_new(one: str, seen: set[str]) -> bool:
    if one in seen:
        return False
    seen.add(one)
    return True


def _counted(results: Iterator[T]) -> Iterator[T]:
    """The same results, while a terminal is told how many there were, if it takes long."""
    import time

    if not sys.stderr.isatty():
        yield from results
        return
    next_time, number = time.monotonic() + _PATIENCE, 0
    for number, result in enumerate(results, 1):
        if time.monotonic() >= next_time:
            next_time = time.monotonic() + _EVERY
            typer.echo(f"\r{number:,} files", err=True, nl=False)
        yield result
    if next_time > 0 and number:
        typer.echo("\r\x1b[K", err=True, nl=False)


_PATIENCE, _EVERY = 1.0, 0.1  # seconds until a run is long, and between two numbers


def both_sides(path: str) -> list[tuple[str, bytes]] | None:
    """A file with conflict markers as ours and theirs have it, with names for both; None for any other."""
    from cassette_cli.conflict import ours_and_theirs
    from cassette_cli.files import read

    if not Path(path).is_file() or b"<<<<<<<" not in (raw := read(path)):
        return None
    found = ours_and_theirs(raw.decode("utf-8", "surrogateescape"))
    names = (f"{path} (ours)", f"{path} (theirs)")
    return [
        (name, side.encode("utf-8", "surrogateescape"))
        for name, side in zip(names, found or (), strict=False)
    ] or None


# -- several processes -------------------------------------------------------------------------------

_WORTH = 3_000_000  # bytes of cassettes from which on more processes save time
_PORTION = 300_000  # bytes that a process takes at a time
_EACH = 2_000  # bytes that take as long as any file does, be it empty


def _mapped(
    files: "Iterable[Found]", work: "Callable[[Cassette], T]", skip: bool, jobs: int
) -> "Iterator[tuple[Found, T | CassetteError]]":
    """What comes of each file, in order; by forked processes where there is work enough for them."""
    attempt = partial(_attempt, work=work, skip=skip)
    if jobs > 1 and hasattr(os, "fork"):
        files = list(files)
        sizes = [Path(found.path).stat().st_size if Path(found.path).is_file() else 0 for found in files]
        if sum(sizes) > _WORTH:
            yield from zip(files, _forked(attempt, files, _portions(sizes), jobs), strict=True)
            return
    for found in files:
        yield found, attempt(found)


def _attempt(found: "Found", *, work: "Callable[[Cassette], T]", skip: bool) -> "T | CassetteError":
    """What the work makes of a file, or why it fails: one file's bug is not the others'."""
    try:
        return work(_read(found, doubtful=not found.named or skip))
    except CassetteError as error:
        if isinstance(error, Refused) and os.environ.get("CASSETTE_DEBUG"):
            raise
        error.place = error.place or Place(found.path)
        return error
    except Exception as error:
        return bug(error, found.path)


def _portions(sizes: list[int]) -> list[range]:
    """What a process takes at a time: neighbours, about as much work each, so that all end together."""
    portions, begin, size = list[range](), 0, 0
    for place, more in enumerate(sizes, 1):
        size += more + _EACH
        if size >= _PORTION or place == len(sizes):
            portions.append(range(begin, place))
            begin, size = place, 0
    return portions


def _forked(
    attempt: "Callable[[Found], T]", files: "list[Found]", portions: list[range], jobs: int
) -> Iterator[T]:
    """Forked, so that nothing but the places of files goes to a process, and results come back."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    global _inherited
    _inherited = [partial(attempt, found) for found in files]
    ignore = partial(signal.signal, signal.SIGINT, signal.SIG_IGN)  # the parent ends them
    fork = multiprocessing.get_context("fork")
    pool = ProcessPoolExecutor(jobs, fork, initializer=ignore)
    try:
        yield from chain.from_iterable(pool.map(_run_inherited, portions))
    except BrokenProcessPool:
        _end_processes()
        raise CassetteError(_KILLED) from None
    except BaseException:  # Ctrl-C, or a reader that has gone: what is still being done is for nobody
        _end_processes()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    pool.shutdown()


_KILLED = (
    "a process was killed, for want of memory perhaps; what it was to look at, and all behind it, was not: "
    "run again with --jobs 1"
)


def _end_processes() -> None:
    """Kill and reap what was forked; what the pool's own thread says of that is of no interest."""
    import threading
    from multiprocessing import active_children

    threading.excepthook = lambda _: None
    for child in active_children():
        child.kill()
        child.join()


_inherited: list[Any] = []  # what the processes are to do


def _run_inherited(numbers: range) -> list[Any]:
    return [_inherited[number]() for number in numbers]


def _read(found: "Found", *, doubtful: bool) -> "Cassette":
    """The cassette in a file; of a doubtful one, that a walk found, only if it looks like one at all."""
    from cassette_cli.files import STDIN, read
    from cassette_cli.recorders import looks_like_cassette, read_cassette
    from cassette_cli.source.document import Document, beginning

    raw = read(found.path)
    name = "<stdin>" if found.path == STDIN else found.path
    try:
        document = Document(name, raw)
    except Unreadable as error:
        if doubtful and not looks_like_cassette(beginning(raw)):
            raise Unrecognised("not a cassette", Place(name)) from None
        error.rule = "unparsable"
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
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:  # `main` has set it: an import needs no cleaning up
        signal.signal(signal.SIGINT, signal.default_int_handler)
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
        sys.stderr.flush()
        if "multiprocessing" in sys.modules:
            _end_processes()
        os._exit(ExitCode.INTERRUPTED)  # no thread of a pool is waited for
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

"""`cassette prune orphans`."""

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from unicodedata import normalize

import typer

from cassette_cli.cli.options import Color, Exclude
from cassette_cli.cli.run import Run, finish
from cassette_cli.errors import BadRequest, CassetteError, ExitCode, Place

if TYPE_CHECKING:
    from cassette_cli.naming.shapes import Source
    from cassette_cli.orphans import File

_PASSED_OVER = frozenset({"node_modules", "__pycache__", "site-packages"})


def orphans(
    tests: Annotated[str, typer.Argument(metavar="TESTS", help="All the test files: a directory, or one.")],
    cassettes: Annotated[str, typer.Argument(metavar="CASSETTES", help="Their cassettes, likewise.")],
    delete: Annotated[bool, typer.Option("--delete", help="Delete the orphans.")] = False,
    verbose: Annotated[
        bool, typer.Option("-v", "--verbose", help="Tell of the used and unsure ones, too.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Every verdict with its evidence, as JSON.")] = False,
    exclude: Exclude = None,
    color: Color = None,
) -> None:
    """Find cassettes that no test names.

    By the text of the tests, of vcrpy, pytest-recording, pytest-vcr, go-vcr and Ruby VCR. A name that is
    computed keeps all that it could be; what could be used in ways not understood is unsure, and stays.

    For example:

      cassette prune orphans tests tests/cassettes

      cassette prune orphans spec spec/cassettes --delete
    """

    def command() -> int:
        from cassette_cli.orphans import Verdict, judge
        from cassette_cli.report.orphans import tell, to_json
        from cassette_cli.report.terminal import Screen

        run = Run()
        sources = _sources(tests)
        if not Path(cassettes).exists():
            raise BadRequest("no such file or directory", Place(cassettes))
        shown: dict[File, str] = {}
        for name, recorder in run.results(
            [cassettes], exclude, lambda one: (one.document.name, one.recorder)
        ):
            shown[_file(name, recorder)] = name
        judged = judge(sources, list(shown))
        gone: set[str] = set()
        for one in judged if delete else ():
            if one.verdict is Verdict.ORPHAN:
                try:
                    _delete(shown[one.file], cassettes)
                    gone.add(one.file.path)
                except CassetteError as error:
                    run.report(error)
        names = {file.path: name for file, name in shown.items()}
        with Screen(color) as screen:
            if json:
                screen.raw(to_json(judged, names, gone, run.errors, pretty=screen.is_terminal))
            else:
                tell(screen, judged, names, gone, verbose=verbose)
        left = any(one.verdict is Verdict.ORPHAN and one.file.path not in gone for one in judged)
        return max(run.code, ExitCode.FOUND if left else ExitCode.CLEAN)

    finish(command)


def _file(name: str, recorder: str) -> "File":
    """A cassette where its name stands: a link in its place is not followed."""
    from cassette_cli.orphans import File

    path = Path(name)
    return File(_composed((Path(os.path.realpath(path.parent)) / path.name).as_posix()), recorder)


def _composed(text: str) -> str:
    """The text with each accent in its letter: some file systems spell names otherwise than tests do."""
    return text if text.isascii() else normalize("NFC", text)


def _sources(tests: str) -> "list[Source]":
    """The test files of a path, whatever git ignores of them, and the conftests above.

    Raises BadRequest where there are none.
    """
    from cassette_cli.naming.shapes import Source
    from cassette_cli.orphans import SUFFIXES

    top = Path(os.path.realpath(tests))
    if not top.exists():
        raise BadRequest("no such file or directory", Place(tests))
    paths = _walked(top, SUFFIXES) if top.is_dir() else [top]
    if not paths:
        raise BadRequest(f"no tests here ({', '.join(SUFFIXES)})", Place(tests))
    for folder in top.parents:
        if (folder / "conftest.py").is_file():
            paths.append(folder / "conftest.py")
        if (folder / ".git").exists():
            break
    return [Source(_composed(path.as_posix()), _text(path)) for path in dict.fromkeys(paths)]


def _walked(top: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """All such files below a folder, linked folders too, each once."""
    found: dict[Path, None] = {}
    seen: set[str] = set()
    for parent, folders, names in os.walk(top, followlinks=True, onerror=_unread):
        if (real := os.path.realpath(parent)) in seen:
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _PASSED_OVER
            and not Path(parent, name, "pyvenv.cfg").exists()
        )
        found |= {Path(real, name): None for name in sorted(names) if name.endswith(suffixes)}
    return list(found)


def _unread(error: OSError) -> None:
    """Raise BadRequest: tests that are not seen would make orphans of what they use."""
    said = (error.strerror or str(error)).lower()
    raise BadRequest(f"{said}: tests may stand in it; check its rights", Place(str(error.filename)))


def _text(path: Path) -> str | None:
    try:
        return _composed(path.read_bytes().decode("utf-8-sig"))
    except (OSError, ValueError):
        return None


def _delete(name: str, cassettes: str) -> None:
    """Delete an ordinary file that stands inside what was named; raises CassetteError for any other."""
    place = Place(name)
    top = Path(os.path.realpath(cassettes))
    path = Path(name)
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            raise BadRequest("is no file of its own, and was left; delete the link yourself", place)
        real = Path(os.path.realpath(path))
        if real != top and top not in real.parents:
            raise BadRequest(f"stands outside of {cassettes}, and was left", place)
        path.unlink()
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise BadRequest(f"{said}: not deleted; check its rights", place) from None

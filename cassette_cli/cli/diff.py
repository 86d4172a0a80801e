"""`cassette diff`."""

import os
import sys
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from cassette_cli.cli import completion
from cassette_cli.cli.options import Color, Exclude, Indexes, Invert, Json, Method, Model, Reveal, Status, Url
from cassette_cli.cli.redact_rules import listed
from cassette_cli.cli.run import Run, both_sides, bug, finish
from cassette_cli.errors import BadRequest, CassetteError, ExitCode, Place, Unreadable, Unrecognised
from cassette_cli.files import STDIN

if TYPE_CHECKING:
    from cassette_cli.diff import Scope
    from cassette_cli.model import Cassette
    from cassette_cli.report.difference import Named, View
    from cassette_cli.report.terminal import Screen
    from cassette_cli.selection import Selection


class Form(StrEnum):
    """How differences are told."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


class Part(StrEnum):
    """What of an interaction is compared."""

    REQUEST = "request"
    REPLY = "reply"
    HEADERS = "headers"
    USAGE = "usage"
    TIMING = "timing"


_parts = completion.listed(lambda: map(str, Part))


def diff(
    operands: Annotated[
        list[str] | None,
        typer.Argument(metavar="A B | [REV[..REV]] [--] PATHS", help="Two files or directories; or git's."),
    ] = None,
    staged: Annotated[bool, typer.Option("--staged", help="What is staged against HEAD.")] = False,
    only: Annotated[
        list[str] | None,
        typer.Option(
            "--only",
            metavar="PARTS",
            help="Just request, reply, headers, usage, timing.",
            autocompletion=_parts,
        ),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option("--ignore", metavar="PARTS", help="Leave these parts out.", autocompletion=_parts),
    ] = None,
    noise: Annotated[bool, typer.Option("--noise", help="List what is ignored, too.")] = False,
    unmask: Annotated[
        list[str] | None,
        typer.Option(
            "--unmask",
            metavar="RULES",
            help="Ignore these no longer: volatile-id, ...; all.",
            autocompletion=completion.listed(completion.noises),
        ),
    ] = None,
    summary: Annotated[bool, typer.Option("-s", "--summary", help="A line for each cassette.")] = False,
    context: Annotated[
        int, typer.Option("--context", metavar="N", min=0, help="Unchanged lines around a change of a text.")
    ] = 1,
    full: Annotated[bool, typer.Option("--full", help="Cut nothing.")] = False,
    format_: Annotated[
        Form, typer.Option("--format", metavar="FORMAT", help="text, json, markdown.")
    ] = Form.TEXT,
    json: Json = False,
    reveal: Reveal = False,
    indexes: Indexes = None,
    method: Method = None,
    url: Url = None,
    status: Status = None,
    model: Model = None,
    invert: Invert = False,
    exclude: Exclude = None,
    color: Color = None,
) -> None:
    """Show what changed in meaning, past the noise of re-recording.

    For example:

      cassette diff old.yaml new.yaml

      cassette diff tests/cassettes

      cassette diff main..HEAD tests/cassettes --format markdown
    """

    def command() -> int:
        from cassette_cli.report.difference import View
        from cassette_cli.report.terminal import Screen
        from cassette_cli.selection import Selection

        form = Form.JSON if json else format_
        if summary and form is not Form.TEXT:
            raise BadRequest("--summary is text: give no other format with it")
        run = Run()
        scope = _scope(only, ignore, unmask)
        view = View(context, full, noise, reveal)
        sides = _sides(run, operands or [], exclude, staged=staged)
        selection = Selection.parse(indexes, method, url, status, model, invert=invert)
        named = (_selected(one, selection) for one in _compared(run, sides, scope))
        with Screen(color) as screen:
            differ = _tell(run, screen, named, view, form, brief=summary)
        return max(run.code, ExitCode.FOUND if differ else ExitCode.CLEAN)

    finish(command)


def _selected(named: "Named", selection: "Selection") -> "Named":
    """The difference of those interactions alone that are selected, on one of the two sides."""
    if selection.is_everything:
        return named
    difference = named.difference
    pairings = tuple(
        pairing
        for pairing in difference.pairings
        if any(side is not None and selection.takes(side) for side in (pairing.new, pairing.old))
    )
    return named._replace(difference=difference._replace(pairings=pairings, changes=(), masked=()))


def _scope(only: list[str] | None, ignore: list[str] | None, unmask: list[str] | None) -> "Scope":
    from cassette_cli.config import nearest
    from cassette_cli.diff import Scope
    from cassette_cli.rules.noise import NOISE

    parts = tuple(Part)
    for word in (*listed(only), *listed(ignore)):
        if word not in parts:
            raise BadRequest(f"no part {word}{nearest(word, parts)}; there is {', '.join(parts)}")
    if both := set(listed(only)) & set(listed(ignore)):
        raise BadRequest(f"--only and --ignore name both {', '.join(sorted(both))}: give one")
    rules = {rule.id for rule in NOISE}
    shown = listed(unmask)
    for word in shown:
        if word not in {*rules, "all"}:
            raise BadRequest(f"no rule {word}{nearest(word, rules)}; there is {', '.join(sorted(rules))}")
    on = frozenset() if "all" in shown else frozenset(rules - set(shown))
    return Scope(on, frozenset(listed(only)), frozenset(listed(ignore)))


# -- what is compared with what --------------------------------------------------------------------------


class Side(NamedTuple):
    """One file on one side."""

    name: str
    raw: bytes


class Sides(NamedTuple):
    """The two sides of one pair; a file that is on one side only has None on the other."""

    old: Side | None
    new: Side | None
    sure: bool = False  # whether it was named, so that it must be a cassette


def _sides(run: Run, operands: list[str], exclude: list[str] | None, *, staged: bool) -> Iterator[Sides]:
    """The pairs that the operands mean; behind `--` they are paths, which git compares with HEAD."""
    of_git = staged or "--" in sys.argv
    if len(operands) == 2 and not of_git and all(path == STDIN or Path(path).exists() for path in operands):
        yield from _two(run, operands[0], operands[1], exclude)
        return
    if len(operands) == 1 and not of_git and (halves := both_sides(operands[0])):
        ours, theirs = halves
        yield Sides(Side(*ours), Side(*theirs), sure=True)
        return
    if "--" in sys.argv:  # typer takes it away
        behind = sys.argv[sys.argv.index("--") + 1 :]
        operands = [*operands[: len(operands) - len(behind)], "--", *behind]
    from cassette_cli.git import in_repository, sides
    from cassette_cli.recorders import SUFFIXES

    if not in_repository():
        missing = [path for path in operands if path.endswith(SUFFIXES) and not Path(path).exists()]
        if missing:
            raise BadRequest("no such file or directory", Place(missing[0]))
        operands = _moved(operands)
    for name, old, new, old_name in sides(operands, staged=staged):
        yield Sides(
            None if old is None else Side(old_name, old),
            None if new is None else Side(name, new),
        )


def _moved(operands: list[str]) -> list[str]:
    """The operands as they are from within the repository of the first path among them, and go there."""
    paths = [Path(one).absolute() if Path(one).exists() else None for one in operands]
    first = next(filter(None, paths), None)
    if first is None:
        return operands
    os.chdir(first if first.is_dir() else first.parent)
    return [str(path) if path else one for path, one in zip(paths, operands, strict=True)]


def _two(run: Run, old: str, new: str, exclude: list[str] | None) -> Iterator[Sides]:
    """Two files, or the files of two directories by their paths in them."""
    if Path(old).is_dir() != Path(new).is_dir():
        raise BadRequest(f"{old} and {new} are a file and a directory: give two of a kind")
    if not Path(old).is_dir():
        yield Sides(_read(old), _read(new), sure=True)
        return
    before, after = (
        {str(Path(found.path).relative_to(folder)): found.path for found in run.files([folder], exclude)}
        for folder in (old, new)
    )
    for name in sorted({*before, *after}):
        try:
            yield Sides(
                _read(before[name]) if name in before else None,
                _read(after[name]) if name in after else None,
            )
        except CassetteError as error:
            run.report(error)


def _read(path: str) -> Side:
    from cassette_cli.files import read

    return Side(path, read(path))


# -- comparing -------------------------------------------------------------------------------------------


def _compared(run: Run, sides: Iterator[Sides], scope: "Scope") -> Iterator["Named"]:
    """The differences of the pairs of cassettes; what is none on either side is passed over."""
    for pair in sides:
        try:
            if (named := compare_sides(pair, scope)) is not None:
                yield named
        except CassetteError as error:
            run.report(error)
        except Exception as error:
            run.report(bug(error, (pair.new or pair.old or Side("", b"")).name))


def compare_sides(pair: Sides, scope: "Scope") -> "Named | None":
    """The difference of two files; None where neither is a cassette, unless it must be one."""
    from cassette_cli.diff import compare
    from cassette_cli.report.difference import Named

    old, new = (_cassette(side, sure=pair.sure) for side in pair[:2])
    if old is None and new is None:
        return None
    for side, cassette in ((pair.old, old), (pair.new, new)):
        if side is not None and cassette is None:
            raise Unrecognised("not a cassette, and the other side is one", Place(side.name))
    return Named(pair.old and pair.old.name, pair.new and pair.new.name, compare(old, new, scope))


def _cassette(side: Side | None, *, sure: bool) -> "Cassette | None":
    """The cassette of a side; None for a file that is none."""
    from cassette_cli.recorders import looks_like_cassette, read_cassette
    from cassette_cli.source.document import Document

    if side is None:
        return None
    try:
        document = Document(side.name, side.raw)
        if not sure and not looks_like_cassette(document.text):
            return None
        return read_cassette(document)
    except Unrecognised:
        if sure:
            raise
        return None
    except Unreadable:
        if not sure and not looks_like_cassette(side.raw.decode("latin-1")):
            return None
        raise


# -- telling ---------------------------------------------------------------------------------------------


def _tell(
    run: Run, screen: "Screen", named: Iterator["Named"], view: "View", form: Form, *, brief: bool
) -> bool:
    """Write the differences as they come; whether there is any."""
    from cassette_cli.report import machine
    from cassette_cli.report.difference import Report, brief_line, to_json, to_markdown

    if form is Form.TEXT:
        report = Report(screen, view)
        for one in named:
            if brief:
                brief_line(screen, one)
                report.count(one.difference)
            else:
                report.add(one)
        report.end(failed=bool(run.errors))
        return bool(report.changed)
    pairs = list(named)
    if form is Form.MARKDOWN:
        screen.raw(to_markdown(pairs, view))
    else:
        errors = [machine.error(error) for error in run.errors]
        found = [to_json(one, view) for one in pairs]
        document = {"schema": "cassette.diff/1", "errors": errors, "pairs": found}
        screen.raw(machine.dumps(document, indent=2 if screen.is_terminal else None) + "\n")
    return any(not one.difference.same for one in pairs)


def tell(
    old: "Cassette | None", new: "Cassette | None", name: str, *, color: bool, width: int | None
) -> bool:
    """Write the difference of two cassettes for git, nothing where it is but noise; whether there is one."""
    from cassette_cli.diff import compare
    from cassette_cli.report.difference import Named, Report, View
    from cassette_cli.report.terminal import Screen

    difference = compare(old, new)
    if difference.same:
        return False
    with Screen(color, sys.stdout) as screen:
        screen.width = width
        Report(screen, View(), titles=False).add(Named(name, name, difference))
    return True

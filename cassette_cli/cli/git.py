"""`cassette git`: the set-up, and what git then calls.

Whatever happens in a driver, git gets an answer: where a file is no cassette, or anything at all fails,
it is the answer that git itself would have given.
"""

import os
import re
import sys
import tempfile
from contextlib import redirect_stdout, suppress
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cassette_cli.cli.commands import Subcommands
from cassette_cli.cli.run import finish
from cassette_cli.errors import BadRequest, ExitCode, Unrecognised

if TYPE_CHECKING:
    from cassette_cli.drivers import State
    from cassette_cli.model import Cassette
    from cassette_cli.source.document import Document

app = typer.Typer(name="git", cls=Subcommands, rich_markup_mode=None, no_args_is_help=True)
Everywhere = Annotated[bool, typer.Option("--global", help="For all repositories, not only this one.")]


@app.callback()
def _git() -> None:
    """Let git show, compare and merge cassettes as conversations."""


@app.command()
def install(
    everywhere: Everywhere = False,
    attributes: Annotated[
        list[str] | None,
        typer.Option("--attributes", metavar="GLOB", help="For these files, as .gitattributes names them."),
    ] = None,
) -> None:
    """Set git up to know cassettes: git diff, git log -p, git merge.

    For example:

      cassette git install

      cassette git install --attributes 'spec/recorded/**/*.yml'
    """

    def command() -> int:
        from cassette_cli.drivers import install
        from cassette_cli.report.words import amount, one_line

        done = install(is_global=everywhere, attributes=tuple(attributes or ()))
        scope = "every repository of yours" if everywhere else "this repository"
        typer.echo(f"git now shows and merges these files of {scope} as conversations:")
        for pattern in done.patterns:
            typer.echo(f"  {one_line(pattern)}")
        if done.covered or not everywhere:
            hint = "" if done.covered else "; name others with --attributes GLOB"
            typer.echo(f"{amount(done.covered, 'tracked file')} so far{hint}")
        for path, was in done.overridden[:_SHOWN]:
            typer.echo(f"{one_line(path)} had {one_line(was)} in its attributes: this goes before it")
        if (more := len(done.overridden) - _SHOWN) > 0:
            typer.echo(f"and {amount(more, 'more file')}")
        typer.echo(f"undo: cassette git uninstall{' --global' if everywhere else ''}")
        return ExitCode.CLEAN

    finish(command)


_SHOWN = 3  # files of which it is said that they had other attributes


@app.command()
def uninstall(everywhere: Everywhere = False) -> None:
    """Take the set-up away; nothing of it is left behind."""

    def command() -> int:
        from cassette_cli.drivers import status, uninstall

        if uninstall(is_global=everywhere):
            typer.echo("git no longer calls cassette")
        else:
            typer.echo("nothing was installed")
        for state in status():
            option = " --global" if state.scope.is_global else ""
            typer.echo(f"still installed for {_scope(state)}; cassette git uninstall{option} removes it")
        return ExitCode.CLEAN

    finish(command)


@app.command()
def status() -> None:
    """Say what is set and whether it works.

    The exit code is 0 if it does, 1 if not.
    """

    def command() -> int:
        from cassette_cli.drivers import status
        from cassette_cli.report.words import one_line

        states = status()
        for state in states:
            typer.echo(f"{_scope(state)}: {'works' if not state.faults else 'does not work'}")
            typer.echo(f"  {one_line(str(state.scope.config))}, {one_line(str(state.scope.attributes))}")
            for fault in state.faults:
                typer.echo(f"  {one_line(fault)}")
            for pattern in state.patterns:
                typer.echo(f"  {one_line(pattern)}")
        if not states:
            typer.echo("not installed; cassette git install does it")
        return ExitCode.CLEAN if any(not state.faults for state in states) else ExitCode.FOUND

    finish(command)


def _scope(state: "State") -> str:
    return "every repository" if state.scope.is_global else "this repository"


# -- what git calls ------------------------------------------------------------------------------------


@app.command(hidden=True)
def textconv(
    file: Annotated[str, typer.Argument()],
) -> None:
    """Write a cassette as `show` does, anything else as it is."""

    def command() -> int:
        data = Path(file).read_bytes()
        with suppress(Exception):
            data = _conversation(_read(data, f"cassette{Path(file).suffix}")).encode()
        sys.stdout.buffer.write(data)
        return ExitCode.CLEAN

    finish(command)


Guarded = Annotated[bool, typer.Option("--guarded", help="Called through the shell that install sets up.")]
_GUARDED = 10  # what that shell makes a 1 of


@app.command("diff-driver", hidden=True)
def diff_driver(args: Annotated[list[str], typer.Argument()], guarded: Guarded = False) -> None:
    """Answer as GIT_EXTERNAL_DIFF does: PATH, then FILE HEX MODE of old and new, then [NEW-PATH INFO]."""

    def command() -> int:
        if len(args) == 1:
            typer.echo(f"* Unmerged path {args[0]}")
            return ExitCode.CLEAN
        if len(args) not in (7, 8, 9):
            raise BadRequest("git calls this, with seven to nine arguments")
        change = _Change(args)
        try:
            differs = _tell(change)
        except Exception:
            differs = _as_git_would(change)
        return _GUARDED if differs and guarded and _trusts() else ExitCode.CLEAN

    finish(command)


@app.command("merge-driver", hidden=True)
def merge_driver(args: Annotated[list[str], typer.Argument()], guarded: Guarded = False) -> None:
    """Answer as a merge driver: BASE OURS THEIRS PATH MARKER-SIZE [LABELS], into OURS."""

    def command() -> int:
        if len(args) < 5:
            raise BadRequest("git calls this, with five arguments at least")
        base, ours, theirs, path, size = args[:5]
        # Gits before 2.45 do not know the labels (%S %X %Y), and leave them as they are.
        labels = ["" if label.startswith("%") else label for label in [*args[5:], "", "", ""]]
        names = tuple(label or name for label, name in zip(labels, _NAMES, strict=False))
        try:
            conflicts = _merge(base, ours, theirs, path, int(size), names)
        except Exception:
            conflicts = _merge_lines(base, ours, theirs, size, names)
        return (_GUARDED if guarded else ExitCode.FOUND) if conflicts else ExitCode.CLEAN

    finish(command)


_NAMES = ("base", "ours", "theirs")


def _read(data: bytes, name: str) -> "Cassette":
    from cassette_cli.recorders import read_cassette
    from cassette_cli.source.document import Document

    return read_cassette(Document(name, data))


def _conversation(cassette: "Cassette") -> str:
    """All of a cassette, in lines that do not depend on a screen or on where the file stands."""
    from cassette_cli.report.blocks import View
    from cassette_cli.report.conversation import Conversation
    from cassette_cli.report.terminal import Screen
    from cassette_cli.report.words import one_line
    from cassette_cli.selection import Reading

    out = StringIO()
    screen = Screen(color=False, out=out)
    screen.width = None
    screen.line(one_line(cassette.written_by))
    writer = Conversation(screen, View(full=True))
    for interaction in cassette.interactions:
        screen.line()
        writer.interaction(Reading(interaction))
    return out.getvalue()


# -- a difference --------------------------------------------------------------------------------------

_NONE = "/dev/null"


class _Change:
    """What git says of one file."""

    def __init__(self, args: list[str]) -> None:
        self.path, self.old_file, _, self.old_mode, self.new_file, _, self.new_mode = args[:7]
        self.new_path = args[7] if len(args) > 7 else self.path
        self.info = args[8] if len(args) > 8 else ""

    @property
    def head(self) -> list[str]:
        """The lines above what differs, that of the names first."""
        lines = [f"diff --cassette a/{self.path} b/{self.new_path}"]
        if self.old_file == _NONE:
            lines.append(f"new file mode {self.new_mode}")
        elif self.new_file == _NONE:
            lines.append(f"deleted file mode {self.old_mode}")
        elif self.old_mode != self.new_mode:
            lines += [f"old mode {self.old_mode}", f"new mode {self.new_mode}"]
        return lines + self.renaming

    @property
    def renaming(self) -> list[str]:
        return [line for line in self.info.splitlines() if not line.startswith("index ")]


def _tell(change: _Change) -> bool:
    """Write what differs in meaning, nothing if nothing does; whether it does."""
    sides = (
        _side(change.path, change.old_file, change.old_mode),
        _side(change.new_path, change.new_file, change.new_mode),
    )
    from cassette_cli.cli.diff import tell
    from cassette_cli.report.terminal import Screen
    from cassette_cli.report.words import one_line

    color = _wants_color()
    text = StringIO()
    with redirect_stdout(text):
        differs = tell(*sides, change.new_path, color=color, width=Screen(color).width)
    if not differs and len(change.head) == 1:
        return False
    bold, plain = ("\x1b[1m", "\x1b[m") if color else ("", "")
    lines = [f"{bold}{one_line(line)}{plain}\n" for line in change.head]
    sys.stdout.write("".join([*lines, text.getvalue()]))
    return True


def _side(path: str, file: str, mode: str) -> "Cassette | None":
    if file == _NONE:
        return None
    if not mode.startswith("100"):
        raise Unrecognised("a symlink or a submodule")
    return _read(Path(file).read_bytes(), path)


def _wants_color() -> bool:
    from cassette_cli.git import run

    if os.environ.get("NO_COLOR"):
        return False
    seen = "true" if sys.stdout.isatty() or os.environ.get("GIT_PAGER_IN_USE") else "false"
    return run("config", "--get-colorbool", "color.diff", seen).stdout.strip() == b"true"


def _trusts() -> bool:
    """Whether the git that asks takes 1 for an answer; to any other it means that we died."""
    from cassette_cli.git import run

    told = run("config", "--type=bool", "--get", "diff.cassette.trustExitCode").stdout.strip()
    numbers = run("version").stdout.removeprefix(b"git version ").split(b".")[:2]
    return told == b"true" and [int(number) for number in numbers] >= [2, 46]


def _as_git_would(change: _Change) -> bool:
    """Write git's own difference of the two files under their own names; whether they differ."""
    from cassette_cli.git import asked, run

    folder = asked("rev-parse", "--absolute-git-dir").decode("utf-8", "surrogateescape").strip()
    with tempfile.TemporaryDirectory(prefix="cassette-") as top:
        names = [
            _placed(top, f"a/{change.path}", change.old_file, change.old_mode),
            _placed(top, f"b/{change.new_path}", change.new_file, change.new_mode),
        ]
        color = "always" if _wants_color() else "never"
        command = ("diff", "--no-index", "--no-prefix", "--no-ext-diff", "--no-textconv", f"--color={color}")
        found = run("-C", top, f"--git-dir={folder}", f"--work-tree={top}", *command, "--", *names)
    out = _TWICE.sub(rb"\1\2a/\3 \2b/\3", found.stdout, count=1)
    first, end, rest = out.partition(b"\n")
    out = b"\n".join([first, *(os.fsencode(line) for line in change.renaming), rest]) if end else out
    if found.returncode > 1:
        out = f"Files a/{change.path} and b/{change.new_path} differ\n".encode("utf-8", "surrogateescape")
    sys.stdout.flush()
    sys.stdout.buffer.write(out)
    return found.returncode > 0


_TWICE = re.compile(rb'(diff --git )("?)[ab]/(.*) \2[ab]/\3')  # of a file on one side git knows one name


def _placed(top: str, name: str, file: str, mode: str) -> str:
    """The name of a copy of the file that git can compare; its own is no help to a reader."""
    if file == _NONE:
        return file
    path = Path(top, name)
    path.parent.mkdir(parents=True)
    data = Path(file).read_bytes()
    if mode == "120000":
        path.symlink_to(os.fsdecode(data))
    else:
        path.write_bytes(data)
        path.chmod(0o755 if mode == "100755" else 0o644)
    return name


# -- a merge -------------------------------------------------------------------------------------------


def _merge(base: str, ours: str, theirs: str, path: str, size: int, names: tuple[str, ...]) -> bool:
    """Write the merged cassette, and whether it has conflicts; raises CassetteError if it is not for us."""
    from cassette_cli.conflict import Marks
    from cassette_cli.git import run
    from cassette_cli.merge import merge
    from cassette_cli.source.document import Document

    style = run("config", "--get", "merge.conflictStyle").stdout.strip()
    marks = Marks(size, names[1], names[2], names[0] if style in (b"diff3", b"zdiff3") else None)
    old, own, other = (Document(path, Path(file).read_bytes()) for file in (base, ours, theirs))
    merged = merge(old, own, other, marks)
    Path(ours).write_bytes(own.encode(merged.text))
    if not merged.conflicts:
        _warn_of_orphans(own, other, merged.text)
    return merged.conflicts > 0


def _warn_of_orphans(own: "Document", other: "Document", text: str) -> None:
    """Say which interactions of one side quote what the other side recorded anew."""
    from cassette_cli.cli.run import Run
    from cassette_cli.errors import Place
    from cassette_cli.recorders import read_cassette
    from cassette_cli.replay import orphaned
    from cassette_cli.source.document import Document

    merged = read_cassette(Document(own.name, own.encode(text)))
    for index, message in orphaned((read_cassette(own), read_cassette(other)), merged):
        line = merged.line(merged.interactions[index])
        Run().tell(f"{Place(own.name, line, 1)}: warning: {message}")


def _merge_lines(base: str, ours: str, theirs: str, size: str, names: tuple[str, ...]) -> bool:
    """Write what git's own merge gives; a file that it cannot merge stays ours, and is a conflict."""
    from cassette_cli.git import run

    labels = [option for name in (names[1], names[0], names[2]) for option in ("-L", name)]
    return run("merge-file", *labels, f"--marker-size={size}", "--", ours, base, theirs).returncode != 0

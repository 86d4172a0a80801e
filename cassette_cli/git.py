"""git: what files were in a revision or in the index, against what they are.

git is asked in words that no argument can turn into an option, names travel between NULs, and nothing of
a repository is run that is not needed: no hook, no file system monitor, no external diff, no textconv.
It knows no format: contents go out as bytes.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple, Self

from cassette_cli.errors import BadRequest, Place, Unreadable
from cassette_cli.recorders import SUFFIXES


class Side(NamedTuple):
    """One file that differs: its name as seen from here, and its content before and after."""

    name: str
    old: bytes | None  # None: there is none
    new: bytes | None
    old_name: str  # another one where it was renamed


def sides(args: list[str], *, staged: bool = False) -> Iterator[Side]:
    """The files that can be cassettes and differ between what the arguments name, as git sorts them.

    PATHS: the work tree against HEAD; REV PATHS: against REV; REV..REV PATHS: one against the other;
    `staged`: the index instead of the work tree. Raises BadRequest where that makes no sense.
    """
    old, new, paths = _meant(args)
    if staged and new:
        raise BadRequest("--staged compares the index with one revision; two were given")
    top = Path(os.fsdecode(asked("rev-parse", "--show-toplevel").removesuffix(b"\n")))
    index = ("diff-index", "--cached") if staged else ("diff-index",)
    compared = ("diff-tree", "-r", old, new) if new else (*index, old)
    answer = asked(compared[0], *_RAW, *compared[1:], "--", *paths)
    here = Path(os.path.realpath("."))
    with _Blobs() as blobs:
        for change in _changes(answer):
            names = [Path(os.path.relpath(top / name, here)).as_posix() for name in (change.old, change.new)]
            before = blobs.read(change.old_id, names[0])
            if new or staged or change.new_id is None:
                after = blobs.read(change.new_id, names[1])
            else:
                after = _in_work_tree(top / change.new)
            if before != after:
                yield Side(names[1], before, after, names[0])


_RAW = ("--raw", "-z", "-M", "--no-abbrev", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all")


# -- what the arguments mean -----------------------------------------------------------------------


def _meant(args: list[str]) -> tuple[str, str | None, list[str]]:
    """The old tree, the new one (None: the index or the work tree), and the paths."""
    asked("rev-parse", "--is-inside-work-tree")
    if "--" in args:
        at = args.index("--")
        revisions, paths = args[:at], args[at + 1 :]
        if len(revisions) > 1:
            raise BadRequest("before -- stands one revision, or REV..REV")
    else:
        revisions = list(takewhile(_is_revision, args[:2]))
        paths = args[len(revisions) :]
        for path in paths:
            if not os.path.lexists(path) and not any(mark in path for mark in "*?[:"):
                if ".." in path:
                    raise BadRequest(f"no revisions {path} in this repository")
                what = "no file" if revisions else "neither a revision nor a file"
                raise BadRequest(f"{what}; put -- before the paths if it was deleted", Place(path))
    if not revisions:
        return _head(), None, paths
    if len(revisions) == 2:
        revisions = ["..".join(revisions)]
    trees = _trees(revisions[0])
    if trees is None:
        raise BadRequest(f"no revision {revisions[0]} in this repository; git log --oneline --all shows them")
    return (*trees, paths)


def _is_revision(arg: str) -> bool:
    """Whether this is no path but a revision; raises BadRequest where it is both."""
    if not os.path.lexists(arg):
        return _trees(arg) is not None
    if arg.strip("./") and _trees(arg) is not None:
        raise BadRequest("both a revision and a file; put -- behind it or before it", Place(arg))
    return False


def _trees(arg: str) -> tuple[str, str | None] | None:
    """The ids of the trees of REV, REV..REV or REV...REV; None if a revision is not there."""
    old, dots, new = arg.partition("..")
    if not dots:
        one = _id(arg, "tree")
        return (one, None) if one else None
    if new.startswith("."):
        ends = _id(old or "HEAD", "commit"), _id(new[1:] or "HEAD", "commit")
        old = asked("merge-base", *filter(None, ends)).decode().strip() if all(ends) else "."
        new = new[1:]
    one, two = _id(old or "HEAD", "tree"), _id(new or "HEAD", "tree")
    return (one, two) if one and two else None


def _id(revision: str, kind: str) -> str | None:
    if revision.startswith("-") or "\0" in revision:
        return None  # no name of git's begins so, an option does
    found = run("rev-parse", "--verify", "--quiet", f"{revision}^{{{kind}}}")
    return found.stdout.decode().strip() if found.returncode == 0 else None


def _head() -> str:
    """The tree of HEAD; before the first commit the empty one."""
    return _id("HEAD", "tree") or asked("hash-object", "-t", "tree", "--stdin").decode().strip()


# -- what git answers ------------------------------------------------------------------------------


class _Change(NamedTuple):
    """One record of `git diff --raw`, of a file that can be a cassette."""

    old: str
    new: str
    old_id: str | None  # None: there is no such file
    new_id: str | None  # of what is in the work tree it may be none, or one that is not stored


_RECORD = re.compile(rb":(\d{6}) (\d{6}) ([0-9a-f]+) ([0-9a-f]+) ([A-Z])\d*")
_FILE = b"100"  # how the modes of ordinary files begin: symlinks and submodules have others


def _changes(answer: bytes) -> Iterator[_Change]:
    fields = iter(answer.split(b"\0"))
    for field in fields:
        match = _RECORD.fullmatch(field)
        if not match:
            continue
        names = [os.fsdecode(next(fields)) for _ in range(2 if match[5] in b"RC" else 1)]
        is_file = [mode.startswith(_FILE) for mode in match.group(1, 2)]
        if match[5] == b"U" or not any(is_file) or not names[-1].endswith(SUFFIXES):
            continue  # what is unmerged is listed a second time, as changed
        old_id, new_id = (
            identity.decode() if there else None
            for identity, there in zip(match.group(3, 4), is_file, strict=True)
        )
        yield _Change(names[0], names[-1], old_id, new_id)


def _in_work_tree(path: Path) -> bytes | None:
    try:
        return None if path.is_symlink() else path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise Unreadable(f"{said}; check the path and its rights", Place(str(path))) from None


class _Blobs:
    """Contents out of the object store, all through one process; use as a context."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            with self._process:  # its end is waited for
                self._process.terminate()

    def read(self, identity: str | None, name: str) -> bytes | None:
        if identity is None:
            return None
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603 - a fixed command
                [*_GIT, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        into, out = self._process.stdin, self._process.stdout
        if not into or not out:
            raise AssertionError
        into.write(identity.encode() + b"\n")
        into.flush()
        head = out.readline().split()
        if len(head) != 3:
            raise Unreadable(
                f"its content {identity[:12]} is not in the repository; git fetch may get it", Place(name)
            )
        return out.read(int(head[2]) + 1)[:-1]


_GIT = ("git", "-c", "core.fsmonitor=false", "--no-optional-locks")


def tracked() -> list[str]:
    """The files that the index has and that can be cassettes; none without a repository."""
    found = run("ls-files", "-z", "--deduplicate", ":/").stdout
    return [name for name in map(os.fsdecode, found.split(b"\0")) if name.endswith(SUFFIXES)]


def run(*args: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """What comes of a git command; raises BadRequest where there is no git."""
    try:
        return subprocess.run(  # noqa: S603 - git, and arguments that are no options
            [*_GIT, *args], input=given, capture_output=True, check=False
        )
    except FileNotFoundError:
        raise BadRequest("git is needed for this, and there is none; install it, or name two files") from None


def asked(*args: str, given: bytes = b"") -> bytes:
    """What git answers; raises BadRequest with its own words where it refuses."""
    done = run(*args, given=given)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0].removeprefix("fatal: ")
        raise BadRequest(f"git: {said or f'exit code {done.returncode}'}")
    return done.stdout


def in_repository() -> bool:
    """Whether git finds a repository here."""
    return run("rev-parse", "--git-dir").returncode == 0

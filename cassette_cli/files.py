"""Which files a command line means: files, directories, globs and `-`, in a stable order.

A directory is walked as ripgrep does it: what git ignores and hidden folders are passed over.
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from cassette_cli.errors import BadRequest, Place, Unreadable

STDIN = "-"


def is_one_file(paths: list[str]) -> bool:
    """Whether the person named just one file."""
    return len(paths) == 1 and (paths[0] == STDIN or Path(paths[0]).is_file())


class Found(NamedTuple):
    """One file to read; `named` if the person named it, not a walk."""

    path: str
    named: bool


def find(paths: Iterable[str], suffixes: tuple[str, ...], exclude: Iterable[str] = ()) -> Iterator[Found]:
    """The files that the paths mean, each once; a glob or directory gives those with these suffixes.

    `exclude` holds globs that a path below a directory must not match. Raises BadRequest for a path
    that does not exist.
    """
    unwanted = tuple(exclude)
    seen: set[str] = set()
    for path in paths:
        for found in _expand(path, suffixes):
            if found.path not in seen and not (
                unwanted and not found.named and _matches(found.path, unwanted)
            ):
                seen.add(found.path)
                yield found


def _expand(path: str, suffixes: tuple[str, ...]) -> Iterator[Found]:
    if not path:
        raise BadRequest("a path is empty; give . for this directory")
    if path == STDIN or Path(path).is_file():
        yield Found(path, named=True)
    elif Path(path).is_dir():
        yield from (Found(name, named=False) for name in _walk(path) if name.endswith(suffixes))
    elif any(mark in path for mark in "*?["):
        import glob

        matches = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - pathlib's takes no absolute ones
        if not matches:
            raise BadRequest(f"no file matches {path}", Place(path))
        for match in matches:
            if Path(match).is_file() and match.endswith(suffixes):
                yield Found(match, named=False)
    elif os.path.lexists(path):
        yield Found(path, named=True)  # a device, a pipe, a broken link: reading it tells
    else:
        raise BadRequest("no such file or directory", Place(path))


def _matches(path: str, globs: tuple[str, ...]) -> bool:
    pure = Path(path)
    return any(
        pure.match(pattern) or any(parent.match(pattern) for parent in pure.parents) for pattern in globs
    )


def _walk(folder: str) -> list[str]:
    """All files below a folder that git does not ignore, sorted; without git, all that are not hidden."""
    listed = _git_files(folder)
    if listed is not None:
        return listed
    found: list[str] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "node_modules")
        found += [str(Path(parent, name)) for name in names]
    return sorted(found)


def _git_files(folder: str) -> list[str] | None:
    command = [
        "git",
        "-C",
        folder,
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--deduplicate",
    ]
    try:
        answer = subprocess.run(  # noqa: S603 - a fixed command; the folder is an argument of -C
            command, capture_output=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    names = [os.fsdecode(name) for name in answer.stdout.split(b"\0") if name]
    found = sorted(str(Path(folder, name)) for name in names)
    # A folder that is itself ignored lists nothing, but it was asked for by name.
    return [name for name in found if Path(name).is_file()] or None


def read(path: str) -> bytes:
    """The bytes of a file, or of standard input; raises Unreadable where they cannot be had."""
    try:
        return sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()
    except OSError as error:
        raise Unreadable(
            f"{(error.strerror or str(error)).lower()}; check the path and its rights", Place(path)
        ) from None

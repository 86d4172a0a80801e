"""Which files a command line means, how they are read, and the only writer of files.

A directory is walked as ripgrep does it: what git ignores and hidden folders are passed over. A file is
written as a whole or not at all: the new content is made safe on the disk beside the old, then takes its
name in one step. So whoever looks, whenever the power fails, finds one or the other. It knows no format:
what is written comes as bytes.
"""

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple

from cassette_cli.errors import BadRequest, CassetteError, Place, Unreadable

STDIN = "-"
LARGEST = 512 * 1024 * 1024  # bytes of a file that are read
_PIECE = 8 * 1024 * 1024


def is_one_file(paths: list[str]) -> bool:
    """Whether the person named just one file."""
    return len(paths) == 1 and (paths[0] == STDIN or Path(paths[0]).is_file())


def is_same(one: str, other: str) -> bool:
    """Whether two paths lead to one file, by links or by names that differ in case alone, too."""
    try:
        return Path(one).samefile(other)
    except OSError:
        return False


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
        try:
            for found in _expand(path, suffixes):
                if found.path not in seen and not (
                    unwanted and not found.named and _matches(found.path, unwanted)
                ):
                    seen.add(found.path)
                    yield found
        except OSError as error:  # the name is too long
            said = (error.strerror or str(error)).lower()
            raise BadRequest(f"{said}; check the path and its rights", Place(path)) from None


def _expand(path: str, suffixes: tuple[str, ...]) -> Iterator[Found]:
    if not path:
        raise BadRequest("a path is empty; give . for this directory")
    if path == STDIN or Path(path).is_file():
        yield Found(path, named=True)
    elif Path(path).is_dir():
        for name in _walk(path):
            if name.endswith(suffixes) and not _leads_out(name, path):
                yield Found(name, named=False)
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


def _leads_out(path: str, folder: str) -> bool:
    """Whether a file below a folder is a symlink to one that is not, which may be anybody's."""
    target = Path(os.path.realpath(path))
    return Path(path).is_symlink() and not target.is_relative_to(os.path.realpath(folder))


def _walk(folder: str) -> list[str]:
    """All files below a folder that git does not ignore, sorted; without git, all that are not hidden."""
    listed = _git_files(folder)
    if listed is not None:
        return listed
    found: list[str] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "node_modules")
        found += [path for name in names if Path(path := str(Path(parent, name))).is_file()]
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
    """The bytes of a file, a pipe or standard input; raises Unreadable where they cannot be had."""
    try:
        if path == STDIN:
            return _all_of(sys.stdin.buffer, Place("<stdin>"))
        with Path(path).open("rb") as file:
            return _all_of(file, Place(path))
    except OSError as error:
        raise Unreadable(
            f"{(error.strerror or str(error)).lower()}; check the path and its rights", Place(path)
        ) from None


def _all_of(file: BinaryIO, place: Place) -> bytes:
    """What a file holds, within bounds: a device or a pipe may have no end."""
    pieces, size = list[bytes](), 0
    while piece := file.read(_PIECE):
        pieces.append(piece)
        size += len(piece)
        if size > LARGEST:
            raise Unreadable(f"larger than {LARGEST // 1024**2} MiB, which no cassette is; split it", place)
    return b"".join(pieces)


# -- writing ---------------------------------------------------------------------------------------


class Unwritable(CassetteError):
    """The file cannot be written; it is as it was."""


class Changed(Unwritable):
    """The file on the disk is no longer the one that was read; it is as somebody else left it."""


def write(path: str, before: bytes, after: bytes) -> None:
    """Replace the content of a file, at once and wholly; the same content leaves the file untouched.

    A symlink stays and its target is written; the rights, and the owner where that is permitted, are kept.
    Raises Changed where the file no longer holds `before`, Unwritable where it cannot be written. A file
    with several names (hard links) is refused: a new file could have only one of them, and the other
    would silently keep what was to go, a secret perhaps.
    """
    if before == after:
        return
    place = Place(path)
    if path == STDIN:
        raise Unwritable("standard input cannot be rewritten; name a file", place)
    try:
        target = Path(os.path.realpath(path, strict=True))
        _check_target(target, place)
        with _beside(target, after, _take_after) as temporary:
            if not _holds(target, before):
                raise Changed(_CHANGED, place)
            temporary.replace(target)
    except FileNotFoundError:
        raise Changed(_CHANGED, place) from None
    except OSError as error:
        raise _unwritable(error, place) from None
    _sync_folder(target.parent)


def create(path: str, content: bytes) -> None:
    """Make a file that is not there yet, at once and wholly, with the rights that new files have.

    Raises Changed where there is one meanwhile, Unwritable where it cannot be made.
    """
    place = Place(path)
    target = Path(os.path.realpath(path))
    try:
        _check_rights(target.parent, "its folder", place)
        with _beside(target, content) as temporary:
            _name(temporary, target)
    except FileExistsError:
        raise Changed(_CHANGED.replace("changed or removed", "made"), place) from None
    except OSError as error:
        raise _unwritable(error, place) from None
    _sync_folder(target.parent)


def relative(path: str, folder: Path) -> str:
    """The path as it is seen from a folder, with `/`; one outside begins with `..`.

    Where only a symlink makes it look outside, the place that it leads to counts.
    """
    seen = _from(path, str(folder))
    if seen.startswith("../"):
        real = _from(os.path.realpath(path), os.path.realpath(folder))
        return seen if real.startswith("../") else real
    return seen


def _from(path: str, folder: str) -> str:
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # on another drive of Windows
        return Path(path).absolute().as_posix()


_CHANGED = "the file was changed or removed by someone else meanwhile; nothing was written, run again"
_ADVICE = {  # what to do, by the name of the system's error
    "ENOSPC": "free some space and run again",
    "EDQUOT": "free some space and run again",
    "EFBIG": "raise the limit of file sizes (ulimit -f) and run again",
    "EROFS": "make the file system writable, or copy the file elsewhere",
    "EACCES": "check who owns the file and its folder",
    "EPERM": "check who owns the file and its folder",
    "EBUSY": "it is in use, or a mount of its own: mount its folder instead",
    "ELOOP": "mend the symlink",
}


def _unwritable(error: OSError, place: Place) -> Unwritable:
    said = (error.strerror or str(error)).lower()
    advice = _ADVICE.get(errno.errorcode.get(error.errno or 0, ""), "check the path and its rights")
    return Unwritable(f"{said}, nothing was written; {advice}", place)


def _check_target(target: Path, place: Place) -> None:
    """Raise Unwritable unless this is an ordinary file that its owner means to be written."""
    status = target.stat()
    if stat.S_ISDIR(status.st_mode):
        raise Unwritable("is a directory; name a file in it", place)
    if not stat.S_ISREG(status.st_mode):
        raise Unwritable("is a device or a pipe, and no file that can be replaced; name a file", place)
    _check_rights(target, "the file", place)
    _check_rights(target.parent, "its folder", place)
    if status.st_nlink > 1:
        others = "another name" if status.st_nlink == 2 else f"{status.st_nlink - 1} other names"
        raise Unwritable(
            f"the file has {others} (hard links), which would keep the old content; "
            "give it a copy of its own first (cp -p FILE NEW && mv NEW FILE)",
            place,
        )


def _check_rights(path: Path, what: str, place: Place) -> None:
    """Raise Unwritable where the mode says read-only, even to root, or the system does."""
    if not path.stat().st_mode & 0o222:
        raise Unwritable(f"{what} is read-only; chmod u+w it first", place)
    if not os.access(path, os.W_OK):
        raise Unwritable(f"{what} is not yours to write; check its owner, rights and file system", place)


@contextmanager
def _beside(
    target: Path, content: bytes, prepare: Callable[[Path, Path], None] | None = None
) -> Iterator[Path]:
    """A hidden file with this content in the folder of `target`, safe on the disk; gone unless it is moved.

    `prepare` gives it what it is to have of the target; until then nobody else may read it. Its name is
    no walk's business (no recorder's suffix) and short: the target's own may be as long as can be.
    """
    temporary = target.parent / f".cassette-{os.urandom(12).hex()}.tmp"
    mode = 0o600 if prepare else 0o666
    try:
        with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
            file.write(content)
            file.flush()
            if prepare:
                prepare(temporary, target)
            os.fsync(file.fileno())
        yield temporary
    finally:  # on Ctrl-C, too
        with suppress(OSError):
            temporary.unlink()


def _take_after(temporary: Path, target: Path) -> None:
    """Give the new file the owner, the attributes (access lists among them) and the mode of the old one."""
    status = target.stat()
    for owner, group in ((-1, status.st_gid), (status.st_uid, -1)):
        with suppress(OSError, AttributeError):  # only root may give files away; Windows has no such owners
            os.chown(temporary, owner, group)
    with suppress(OSError, AttributeError):  # not every file system has them, nor every Python the calls
        for name in os.listxattr(target):
            with suppress(OSError):
                os.setxattr(temporary, name, os.getxattr(target, name))
    temporary.chmod(stat.S_IMODE(status.st_mode))  # last: a new owner costs some bits


def _holds(target: Path, content: bytes) -> bool:
    status = target.stat()
    same = stat.S_ISREG(status.st_mode) and status.st_size == len(content)
    return same and target.read_bytes() == content


def _name(temporary: Path, target: Path) -> None:
    """Give a file its name; raises FileExistsError where it is taken."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links; here two runs at once could both succeed
        if os.path.lexists(target):
            raise FileExistsError from None
        temporary.replace(target)


def _sync_folder(folder: Path) -> None:
    """Make a new name in a folder outlast a loss of power, where the system can."""
    with suppress(OSError):  # the file stands already; not every file system, nor Windows, syncs folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

"""Writing files: wholly or not at all, whatever happens meanwhile. Real files, real signals, full disks."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cassette_cli import files
from cassette_cli.errors import CassetteError
from cassette_cli.files import Changed, Unwritable, create, relative, write
from tests.corpus import dice

OLD, NEW = b"interactions: [old]\n", b"interactions: [new, and longer]\n"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with one old file; whatever a test does to its rights is undone."""
    (tmp_path / "a.yaml").write_bytes(OLD)
    yield tmp_path
    tmp_path.chmod(0o700)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# -- what is not written ---------------------------------------------------------------------------


def test_the_same_content_leaves_the_file_untouched(folder: Path) -> None:
    path = folder / "a.yaml"
    path.chmod(0o444)
    before = path.stat()
    write(str(path), OLD, OLD)
    assert path.stat() == before


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _device(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/null")


def _loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def _swap(path: Path) -> None:
    path.write_bytes(OLD.swapcase())


REFUSED: list[tuple[str, Callable[[Path], object], type[CassetteError], str]] = [
    ("read-only", lambda path: path.chmod(0o444), Unwritable, "the file is read-only; chmod u+w it first"),
    ("no-rights", lambda path: path.chmod(0), Unwritable, "the file is read-only"),
    ("folder", lambda path: path.parent.chmod(0o555), Unwritable, "its folder is read-only"),
    ("directory", _directory, Unwritable, "is a directory"),
    ("fifo", _fifo, Unwritable, "is a device or a pipe"),
    ("device", _device, Unwritable, "is a device"),
    ("hard-link", lambda path: os.link(path, path.parent / "b"), Unwritable, "another name (hard links)"),
    ("link-loop", _loop, Unwritable, "mend the symlink"),
    ("same-size", _swap, Changed, "changed or removed by someone else meanwhile"),
    ("longer", lambda path: path.write_bytes(OLD + b"\n"), Changed, "nothing was written, run again"),
    ("emptied", lambda path: path.write_bytes(b""), Changed, "nothing was written, run again"),
    ("gone", lambda path: path.unlink(), Changed, "nothing was written, run again"),
]


@pytest.mark.parametrize(("name", "spoil", "kind", "message"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_written_is_told_and_left_as_it_is(
    folder: Path, name: str, spoil: Callable[[Path], object], kind: type[CassetteError], message: str
) -> None:
    path = folder / "a.yaml"
    spoil(path)
    before = [(name, (folder / name).lstat()[:7]) for name in names(folder)]
    with pytest.raises(kind) as caught:
        write(str(path), OLD, NEW)
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)
    assert [(name, (folder / name).lstat()[:7]) for name in names(folder)] == before


def test_standard_input_cannot_be_written() -> None:
    with pytest.raises(Unwritable, match="standard input cannot be rewritten; name a file"):
        write("-", OLD, NEW)


def test_a_change_while_the_new_file_is_being_written_is_seen(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "a.yaml"
    sync = os.fsync

    def meanwhile(descriptor: int) -> None:
        sync(descriptor)
        path.write_bytes(b"theirs\n")

    monkeypatch.setattr(os, "fsync", meanwhile)
    with pytest.raises(Changed):
        write(str(path), OLD, NEW)
    assert (names(folder), path.read_bytes()) == (["a.yaml"], b"theirs\n")


STAGES = [(os, "fsync"), (os, "open"), (os, "chown"), (Path, "chmod"), (Path, "replace"), (files, "_holds")]


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), KeyboardInterrupt()], ids=["os", "key"])
@pytest.mark.parametrize(("owner", "name"), STAGES, ids=[name for _, name in STAGES])
def test_a_failure_at_any_stage_leaves_the_old_file_and_nothing_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, error: BaseException
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise error

    tolerated = name == "chown" and isinstance(error, OSError)
    with monkeypatch.context() as patched:
        patched.setattr(owner, name, fail)
        if tolerated:
            write(str(folder / "a.yaml"), OLD, NEW)
        else:
            with pytest.raises((Unwritable, KeyboardInterrupt)) as caught:
                write(str(folder / "a.yaml"), OLD, NEW)
            assert isinstance(error, KeyboardInterrupt) or "input/output error, nothing" in str(caught.value)
    assert (names(folder), (folder / "a.yaml").read_bytes()) == (["a.yaml"], NEW if tolerated else OLD)


# -- what is written -------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [OLD, b""], ids=["old", "empty"])
@pytest.mark.parametrize("after", [NEW, b"", b"\r\n\x00\xff" * 300_000], ids=["new", "empty", "large"])
def test_the_file_holds_exactly_the_new_bytes_and_nothing_is_left_beside_it(
    folder: Path, before: bytes, after: bytes
) -> None:
    (folder / "a.yaml").write_bytes(before)
    write(str(folder / "a.yaml"), before, after)
    assert (names(folder), (folder / "a.yaml").read_bytes()) == (["a.yaml"], after)


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o755, 0o220, 0o4755], ids=oct)
def test_the_mode_is_kept(folder: Path, mode: int) -> None:
    path = folder / "a.yaml"
    path.chmod(mode)
    if not os.access(path, os.R_OK | os.W_OK):
        pytest.skip("only root can write such a file")
    write(str(path), OLD, NEW)
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_is_kept(folder: Path) -> None:
    path = folder / "a.yaml"
    os.chown(path, 1234, 5678)
    write(str(path), OLD, NEW)
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 5678)


def test_attributes_are_kept(folder: Path) -> None:
    path = folder / "a.yaml"
    try:
        os.setxattr(path, "user.origin", b"recorded")
    except (OSError, AttributeError):
        pytest.skip("no attributes here")
    write(str(path), OLD, NEW)
    assert os.getxattr(path, "user.origin") == b"recorded"


@pytest.mark.parametrize("link", ["../real/a.yaml", "{folder}/real/a.yaml", "other"])
def test_a_symlink_stays_and_its_target_is_written_in_its_own_folder(folder: Path, link: str) -> None:
    (folder / "real").mkdir()
    (folder / "links").mkdir()
    (folder / "a.yaml").rename(folder / "real" / "a.yaml")
    (folder / "links" / "other").symlink_to("../real/a.yaml")
    (folder / "links" / "a.yaml").symlink_to(link.format(folder=folder))
    (folder / "links").chmod(0o555)  # nothing is to be made here
    try:
        write(str(folder / "links" / "a.yaml"), OLD, NEW)
    finally:
        (folder / "links").chmod(0o755)
    assert str((folder / "links" / "a.yaml").readlink()) == link.format(folder=folder)
    assert (names(folder / "real"), (folder / "real" / "a.yaml").read_bytes()) == (["a.yaml"], NEW)


def test_the_longest_names_and_paths_from_here_are_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "é" * 125 + ".yaml"  # 255 bytes
    (folder / name).write_bytes(OLD)
    monkeypatch.chdir(folder)
    write(name, OLD, NEW)
    assert (folder / name).read_bytes() == NEW


# -- new files -------------------------------------------------------------------------------------


def test_a_new_file_has_the_rights_of_new_files(folder: Path) -> None:
    mask = os.umask(0o027)
    try:
        create(str(folder / "b"), NEW)
    finally:
        os.umask(mask)
    assert (names(folder), (folder / "b").read_bytes()) == (["a.yaml", "b"], NEW)
    assert stat.S_IMODE((folder / "b").stat().st_mode) == 0o640
    assert (folder / "b").stat().st_nlink == 1


def test_a_new_file_takes_no_other_s_place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unable(*paths: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    for _ in ("with hard links", "without"):
        with pytest.raises(Changed, match="the file was made by someone else meanwhile"):
            create(str(folder / "a.yaml"), NEW)
        monkeypatch.setattr(os, "link", unable)
    create(str(folder / "b"), NEW)
    assert (names(folder), (folder / "b").read_bytes()) == (["a.yaml", "b"], NEW)
    assert (folder / "a.yaml").read_bytes() == OLD


@pytest.mark.parametrize(
    ("path", "message"),
    [("none/b", "no such file or directory"), ("a.yaml/b", "not a directory"), ("shut/b", "its folder is")],
)
def test_a_new_file_that_cannot_be_made_is_told(folder: Path, path: str, message: str) -> None:
    (folder / "shut").mkdir(mode=0o555)
    with pytest.raises(Unwritable, match=message):
        create(str(folder / path), NEW)


# -- full disks ------------------------------------------------------------------------------------


def test_a_limit_of_file_sizes_leaves_the_old_file(folder: Path) -> None:
    code = (
        "import resource, sys; from cassette_cli.files import write\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))\n"
        f"write(sys.argv[1], {OLD!r}, b'x' * 100_000)"
    )
    run = _python(code, str(folder / "a.yaml"))
    assert "a.yaml: file too large, nothing was written; raise the limit" in run
    assert (names(folder), (folder / "a.yaml").read_bytes()) == (["a.yaml"], OLD)


def _python(code: str, *arguments: str) -> str:
    """What a program says at its end on standard error."""
    run = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parent.parent,
    )
    return run.stderr.rpartition("cassette_cli.files.")[2] or run.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB."""
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(tmp_path)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this machine lets nobody mount a disk")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def test_a_full_disk_leaves_the_old_file(small_disk: Path) -> None:
    (small_disk / "a.yaml").write_bytes(OLD)
    with pytest.raises(Unwritable, match="no space left on device, nothing was written; free some space"):
        write(str(small_disk / "a.yaml"), OLD, b"x" * 100_000)
    with pytest.raises(Unwritable, match="no space left on device"):
        create(str(small_disk / "b"), b"x" * 100_000)
    assert (names(small_disk), (small_disk / "a.yaml").read_bytes()) == (["a.yaml"], OLD)


# -- a process that is killed ----------------------------------------------------------------------

_WRITER = """
import sys
from cassette_cli.files import write
a, b = b"a" * 1_000_000, b"b" * 700_001
with open(sys.argv[1], "rb") as file:
    now = file.read()
print(flush=True)
while True:
    after = b if now == a else a
    write(sys.argv[1], now, after)
    now = after
"""


def test_whenever_a_process_is_killed_the_file_is_wholly_old_or_wholly_new(tmp_path: Path) -> None:
    path, whole = tmp_path / "a.yaml", {b"a" * 1_000_000, b"b" * 700_001}
    path.write_bytes(b"a" * 1_000_000)
    random, amid, seen = dice(1), 0, set[bytes]()
    for _ in range(20):
        with subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(path)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parent.parent,
        ) as child:
            assert child.stdout
            assert child.stdout.readline() == b"\n"
            end = time.monotonic() + random.uniform(0, 0.04)
            while time.monotonic() < end:  # whoever reads meanwhile sees a whole file, too
                seen.add(path.read_bytes())
            child.send_signal(signal.SIGKILL)
        seen.add(path.read_bytes())
        left = [name for name in names(tmp_path) if name != "a.yaml"]
        assert all(name.startswith(".cassette-") and name.endswith(".tmp") for name in left)
        amid += bool(left)
        for name in left:
            (tmp_path / name).unlink()
    assert seen == whole
    assert amid, "no kill fell into a write: the test proves nothing"


# -- paths -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.yaml", "a.yaml"),
        ("./sub/../a.yaml", "a.yaml"),
        ("sub/a.yaml", "sub/a.yaml"),
        ("{here}/sub/a.yaml", "sub/a.yaml"),
        ("{link}/sub/a.yaml", "sub/a.yaml"),
        ("../other/a.yaml", "../other/a.yaml"),
        ("..", ".."),
        ("..a.yaml", "..a.yaml"),
    ],
)
def test_a_path_as_it_is_seen_from_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, expected: str
) -> None:
    (tmp_path / "here" / "sub").mkdir(parents=True)
    (tmp_path / "link").symlink_to("here")
    monkeypatch.chdir(tmp_path / "here")
    given = path.format(here=tmp_path / "here", link=tmp_path / "link")
    assert relative(given, tmp_path / "here") == expected
    assert relative(given, tmp_path / "link") == expected

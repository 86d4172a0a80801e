"""The set-up that lets git call this tool: a diff driver, a textconv and a merge driver named `cassette`.

What git needs to know stands in two files, a config (how a driver is run) and one with attributes (for
which files), each in a block between two comments of ours. So it goes as it came: without the block the
files are, byte for byte, what they were, and those that we made are gone.
https://git-scm.com/docs/gitattributes
"""

import os
import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from cassette_cli import files
from cassette_cli.errors import BadRequest, Place
from cassette_cli.git import asked, run, tracked
from cassette_cli.recorders import looks_like_cassette

_FOLDERS = ("*cassettes", "recordings")
PATTERNS = (
    *(f"**/{folder}/**/*.{suffix}" for folder in _FOLDERS for suffix in ("yaml", "yml", "json")),
    "*.httprr",
)
LIKELY = ("**/testdata/**/*.yaml", "**/fixtures/**/*.yaml", "*.har")  # taken where such a file is a cassette


class Scope(NamedTuple):
    """Where a set-up holds: in this repository, or for all of this person's."""

    is_global: bool
    config: Path
    attributes: Path


class Installed(NamedTuple):
    patterns: tuple[str, ...]
    covered: int  # tracked files
    overridden: tuple[tuple[str, str], ...]  # files with what their attributes were


class State(NamedTuple):
    """What is set in a scope, and why it does not work, if it does not."""

    scope: Scope
    patterns: tuple[str, ...]
    faults: tuple[str, ...]


def install(*, is_global: bool, attributes: tuple[str, ...] = ()) -> Installed:
    """Set the drivers up for these patterns, anew if they are; raises BadRequest where that cannot work."""
    if fault := _fault():
        raise BadRequest(fault)
    scope = _scope(is_global=is_global)
    patterns = tuple(dict.fromkeys(map(_pattern, attributes))) or _defaults(is_global=is_global)
    before = {} if is_global else _attributes()
    _put(scope.config, _config())
    _put(scope.attributes, [f"{_quoted(pattern)} diff=cassette merge=cassette" for pattern in patterns])
    after = _attributes()
    covered = [path for path, found in after.items() if found == _OURS]
    own = [(path, before[path]) for path in covered if before.get(path, {}) not in ({}, _OURS)]
    overridden = tuple(
        (path, " ".join(f"{name}={value}" for name, value in found.items())) for path, found in own
    )
    return Installed(patterns, len(covered), overridden)


def uninstall(*, is_global: bool) -> bool:
    """Take the set-up away; whether there was any."""
    scope = _scope(is_global=is_global)
    found = [_take(path) for path in (scope.config, scope.attributes)]
    return any(found)


def status() -> tuple[State, ...]:
    """The set-ups that there are: this repository's, this person's."""
    scopes = [_scope(is_global=True)]
    if run("rev-parse", "--git-dir").returncode == 0:
        scopes.insert(0, _scope(is_global=False))
    return tuple(state for scope in scopes if (state := _state(scope)))


# -- what is set ---------------------------------------------------------------------------------------

_OURS = {"diff": "cassette", "merge": "cassette"}


def program() -> str:
    """How a shell runs this tool wherever it is: `-P` keeps Python from importing what lies about there."""
    return f"{shlex.quote(sys.executable)} -P -m cassette_cli"


# What git runs. Should this tool be gone (an environment that was deleted, a package that was removed), git
# still gets an answer, as if the driver were not set. 1 is what Python says then; so guarded drivers say 10.
# A git before 2.46 takes 1 from a diff for a crash.
_DIFF = (
    """f() { %s git diff-driver --guarded -- "$@"; case $? in 0) return 0;; 10) return 1;; esac; """
    """git diff --no-index --no-ext-diff --no-textconv -- "$2" "$5"; """
    """case $(git version) in *" 2.4"[6-9]*|*" 2."[5-9][0-9]*|*" "[3-9].*) return 1;; esac; return 0; }; f"""
)
_TEXTCONV = """f() { %s git textconv -- "$1" || cat "$1"; }; f"""
_MERGE = (
    """f() { %s git merge-driver --guarded -- "$@"; case $? in 0) return 0;; 10) return 1;; esac; """
    """git merge-file -L ours -L base -L theirs --marker-size="$5" "$2" "$1" "$3"; }; """
    """f %%O %%A %%B %%P %%L %%S %%X %%Y"""
)


def _config() -> list[str]:
    # No cachetextconv: its notes would be a ref of the repository, shown by `git log --all` and pushed.
    lines = [
        ("diff", "command", _DIFF % program()),
        ("diff", "textconv", _TEXTCONV % program()),
        ("diff", "trustExitCode", "true"),  # gits before 2.46 do not know it, and do not mind
        ("merge", "name", "interactions of HTTP recordings"),
        ("merge", "driver", _MERGE % program().replace("%", "%%")),
    ]
    result = []
    for section in ("diff", "merge"):
        result.append(f'[{section} "cassette"]')
        result += [f"\t{key} = {_escaped(value)}" for own, key, value in lines if own == section and value]
    return result


def _escaped(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _pattern(glob: str) -> str:
    """A pattern as .gitattributes have it, where a folder does not stand for what is in it."""
    if not glob.strip() or "\n" in glob or glob.startswith("!"):
        raise BadRequest(f"no pattern for .gitattributes: {glob!r}")
    return f"{glob}**" if glob.endswith("/") else glob


def _quoted(pattern: str) -> str:
    plain = re.fullmatch(r"[^\s\"\\#\[][^\s\"\\]*", pattern)
    return pattern if plain else _escaped(pattern)


def _defaults(*, is_global: bool) -> tuple[str, ...]:
    """The usual places; in a repository also those that hold other things elsewhere, but cassettes here."""
    names = () if is_global else tracked()
    return PATTERNS + tuple(
        pattern
        for pattern in LIKELY
        if any(_is_cassette(name) for name in names if _regex(pattern).fullmatch(name))
    )


def _regex(pattern: str) -> re.Pattern[str]:
    anywhere = pattern if "/" in pattern else f"**/{pattern}"
    return re.compile(re.escape(anywhere).replace(r"\*\*/", "(?:.*/)?").replace(r"\*", "[^/]*"))


def _is_cassette(path: str) -> bool:
    with suppress(OSError, ValueError):
        return looks_like_cassette(Path(path).read_text("utf-8"))
    return False


def _attributes() -> dict[str, dict[str, str]]:
    """What is set of `diff` and `merge` for each tracked file that can be a cassette."""
    names = tracked()
    if not names:
        return {}
    given = "".join(f"{name}\0" for name in names).encode("utf-8", "surrogateescape")
    fields = asked("check-attr", "-z", "--stdin", "diff", "merge", given=given).split(b"\0")
    found: dict[str, dict[str, str]] = {name: {} for name in names}
    for path, attribute, value in zip(fields[::3], fields[1::3], fields[2::3], strict=False):
        if value != b"unspecified":
            found[os.fsdecode(path)][attribute.decode()] = value.decode("utf-8", "replace")
    return found


# -- where it stands -----------------------------------------------------------------------------------


def _scope(*, is_global: bool) -> Scope:
    if not is_global:
        paths = [_line("rev-parse", "--git-path", name) for name in ("config", "info/attributes")]
        return Scope(False, *map(Path, paths))
    home, own = Path.home(), os.environ.get("XDG_CONFIG_HOME")
    folder = (Path(own) if own else home / ".config") / "git"
    config = home / ".gitconfig"
    if not config.exists() and (folder / "config").exists():  # as `git config --global` chooses
        config = folder / "config"
    config = Path(os.environ.get("GIT_CONFIG_GLOBAL") or config)
    told = run("config", "--global", "--includes", "--type=path", "--get", "core.attributesFile").stdout
    return Scope(True, config, Path(os.fsdecode(told.removesuffix(b"\n")) or folder / "attributes"))


def _line(*args: str) -> str:
    return os.fsdecode(asked(*args).removesuffix(b"\n"))


_BLOCK = re.compile(
    rb"^# >>> cassette git install(.*)\n((?:.*\n)*?)# <<< cassette git install\n", re.MULTILINE
)


class _Text(NamedTuple):
    """A file's bytes without our block, the lines of that, and what is to be undone with it."""

    rest: bytes
    block: list[str] | None
    undo: frozenset[str]


def _read(path: Path) -> _Text:
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return _Text(b"", None, frozenset())
    except OSError as error:
        raise _unusable(error, path) from None
    match = _BLOCK.search(text)
    if not match:
        return _Text(text, None, frozenset())
    undo = frozenset(match[1].decode("ascii", "replace").strip(" ()").split(", "))
    before = text[: match.start()].removesuffix(b"\n") if _LINE_END in undo else text[: match.start()]
    return _Text(before + text[match.end() :], match[2].decode("utf-8", "surrogateescape").splitlines(), undo)


_LINE_END, _FILE, _FOLDERS_MADE = "ends the line above", "made this file", "made folders: "


def _put(path: Path, lines: list[str]) -> None:
    """Write our block at the end of a file, in place of the one that it has."""
    with _locked(path) as made:
        old = _read(path)
        undo = set(old.undo - {_LINE_END})
        if not path.exists():
            undo |= {_FILE, f"{_FOLDERS_MADE}{made}"} if made else {_FILE}
        between = b"" if not old.rest or old.rest.endswith(b"\n") else b"\n"
        undo |= {_LINE_END} if between else set()
        told = f" ({', '.join(sorted(undo - {''}))})" if undo - {""} else ""
        block = [f"# >>> cassette git install{told}", *lines, "# <<< cassette git install"]
        text = old.rest + between + "".join(f"{line}\n" for line in block).encode("utf-8", "surrogateescape")
        if path.exists():
            files.write(str(path), path.read_bytes(), text)
        else:
            files.create(str(path), text)


def _take(path: Path) -> bool:
    """Remove our block from a file; whether it was there. A file that was made for it goes, too."""
    if _read(path).block is None:
        return False
    with _locked(path):
        old = _read(path)
        if old.rest or _FILE not in old.undo:
            files.write(str(path), path.read_bytes(), old.rest)
            return True
        path.unlink()
    made = next(
        (name.removeprefix(_FOLDERS_MADE) for name in old.undo if name.startswith(_FOLDERS_MADE)), "0"
    )
    with suppress(OSError):  # something else lives there now
        for folder in list(path.parents)[: int(made) if made.isdigit() else 0]:
            folder.rmdir()
    return True


def _unusable(error: OSError, path: Path) -> BadRequest:
    said = (error.strerror or str(error)).lower()
    return BadRequest(f"{said}; check the path and its rights", Place(str(path)))


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The lock that git itself takes to write such a file; gives how many folders it took to make it."""
    target = Path(os.path.realpath(path))
    missing = [folder for folder in target.parents if not folder.exists()]
    lock = target.with_name(f"{target.name}.lock")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock.open("xb").close()
    except FileExistsError:
        advice = f"another git process writes it; remove {lock} if there is none"
        raise BadRequest(advice, Place(str(path))) from None
    except OSError as error:
        raise _unusable(error, path) from None
    try:
        yield len(missing)
    finally:
        lock.unlink()


# -- whether it works ----------------------------------------------------------------------------------


def _state(scope: Scope) -> State | None:
    config, attributes = _read(scope.config), _read(scope.attributes)
    if config.block is None and attributes.block is None:
        return None
    patterns = tuple(line.rpartition(" diff=")[0] for line in attributes.block or ())
    return State(scope, patterns, tuple(_faults(scope, config, attributes)))


def _faults(scope: Scope, config: _Text, attributes: _Text) -> Iterator[str]:
    again = f"run cassette git install{' --global' if scope.is_global else ''} again"
    if config.block is None:
        yield f"its drivers are not in {scope.config}; {again}"
    elif config.block != _config():
        yield f"it was set up by another Python or version of cassette; {again}"
    elif fault := _fault():
        yield fault
    if attributes.block is None:
        yield f"its patterns are not in {scope.attributes}; {again}"
    told = _line("config", "--get", "diff.cassette.command") if config.block else ""
    if told and f"\tcommand = {_escaped(told)}" not in (config.block or ()):
        show = "git config --show-origin --get-all diff.cassette.command"
        yield f"another diff.cassette.command overrides it; see {show}"


def _fault() -> str | None:
    """Why git could not run this tool, if so: it is asked to."""
    tried = run("-c", f"alias.cassette-tried=!{program()} --version", "cassette-tried")
    if tried.returncode == 0:
        return None
    return f"git could not run {program()}; install cassette for this Python (pip install cassette-cli)"

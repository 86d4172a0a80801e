"""What a project has settled for all its runs: `[tool.cassette]` of pyproject.toml, or `.cassette.toml`.

The nearest file from the working directory upwards counts, alone; the search ends at the folder of the
repository. Whatever the file says is checked before anything else is done, for a misspelt key would
silently leave a secret in its place. It knows no rule, no recorder and no option of the command line:
rule ids are words here, and `Settings.check_rules` holds them against those that a command knows.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NoReturn

from cassette_cli.errors import BadRequest, Place, Unreadable
from cassette_cli.files import relative

OWN, SHARED = ".cassette.toml", "pyproject.toml"
ALL = "*"  # every rule


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of the project's own: what matches the pattern is a secret."""

    id: str
    pattern: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Redact:
    """The table `redact`: what is taken out besides, or instead of, what goes by default."""

    headers: tuple[str, ...] = ()
    keep_headers: tuple[str, ...] = ()
    only_headers: tuple[str, ...] = ()
    all_but_headers: tuple[str, ...] = ()
    drop: bool = False
    volatile: bool = False
    parameters: tuple[str, ...] = ()
    keep_parameters: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    regexes: tuple[str, ...] = ()
    enable: tuple[str, ...] = ()
    allow: frozenset[str] = frozenset()  # SHA-256 of values that may stay, in lower-case hex
    strict: bool = False
    rules: tuple[Rule, ...] = ()


@dataclass(frozen=True, slots=True)
class Validate:
    """The table `validate`: which rules run, and from where on something is too old or too large."""

    select: tuple[str, ...] = ()  # rules and families instead of the default ones
    enable: tuple[str, ...] = ()  # besides them
    fail_on: str = "error"
    max_age_days: int = 365
    max_file_bytes: int = 1_000_000
    max_body_bytes: int = 250_000
    severity: tuple[tuple[str, str], ...] = ()  # of a rule, where it is not that of the table


@dataclass(frozen=True, slots=True)
class Settings:
    """All that a config file says; without one, the defaults."""

    path: str | None = None  # of the config file, for messages
    folder: Path | None = None  # where it stands, absolute
    exclude: tuple[str, ...] = ()
    ignore: frozenset[str] = frozenset()
    per_path_ignores: tuple[tuple[str, frozenset[str]], ...] = ()
    baseline: Path | None = None  # absolute
    redact: Redact = field(default_factory=Redact)
    validate: Validate = field(default_factory=Validate)

    def ignored(self, path: str) -> frozenset[str]:
        """The ids of the rules that are off for a file; `*` among them stands for all."""
        if not self.per_path_ignores or self.folder is None:
            return self.ignore
        steps = tuple(relative(path, self.folder).split("/"))
        if steps[0] == "..":  # the globs speak of what is below the config file
            return self.ignore
        off = (rules for glob, rules in self.per_path_ignores if _covers(_steps(glob), steps))
        return self.ignore.union(*off)

    def excludes(self, path: str) -> bool:
        """Whether a file is one that the config says to pass over."""
        if not self.exclude or self.folder is None:
            return False
        steps = tuple(relative(path, self.folder).split("/"))
        return steps[0] != ".." and any(_covers(_steps(glob), steps) for glob in self.exclude)

    def check_rules(self, known: Iterable[str]) -> None:
        """Raise BadRequest for a rule id that is neither among the known ones nor the project's own."""
        ids = {*known, *(rule.id for rule in self.redact.rules)}
        named = [("ignore", self.ignore), ("redact.enable", frozenset(self.redact.enable))]
        named += [("validate.select", frozenset(self.validate.select))]
        named += [("validate.enable", frozenset(self.validate.enable))]
        named += [("validate.severity", frozenset(rule for rule, _ in self.validate.severity))]
        named += [(f'per-path-ignores."{glob}"', rules) for glob, rules in self.per_path_ignores]
        for key, rules in named:
            for rule in sorted(rules - ids - {ALL}):
                place = Place(self.path) if self.path else None
                raise BadRequest(f"{key} names no rule: {rule}{nearest(rule, ids)}", place)


def load(start: Path | None = None) -> Settings:
    """The settings for a working directory; raises BadRequest for a file that says what makes no sense."""
    try:
        folder = (start or Path()).absolute()
    except FileNotFoundError:  # the working directory is gone, and with it its config
        return Settings()
    for parent in (folder, *folder.parents):
        if _is_there(parent / OWN):
            return _settings(parent / OWN, _parse(parent / OWN), "")
        if _is_there(parent / SHARED) and (table := _shared(parent / SHARED)) is not None:
            return _settings(parent / SHARED, table, "tool.cassette")
        if _is_there(parent / ".git", folder=True):
            break
    return Settings()


# -- finding and parsing ---------------------------------------------------------------------------


def _is_there(path: Path, *, folder: bool = False) -> bool:
    """Whether there is a file (a broken link too: reading it tells), or a folder if that is asked for."""
    try:
        return path.is_file() or path.is_symlink() or (folder and path.is_dir())
    except OSError:  # a folder further up that is shut to us holds no config of ours
        return False


# A table can be spelt "cass\u0065tte"; without an escape or the word there is none.
_MENTION = re.compile(rb"cassette|\\[uU]")


def _shared(path: Path) -> object:
    """What stands under `tool.cassette`; None if nothing does. A file that never names us may be broken."""
    raw = _read(path)
    if not _MENTION.search(raw):
        return None
    tool = _parse(path, raw).get("tool")
    return tool.get("cassette") if isinstance(tool, dict) else None


def _read(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():  # a device or a pipe, which may have no end
            raise Unreadable("is no plain file; put one there or take it away", Place(_shown(path)))
        return path.read_bytes()
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise Unreadable(f"{said}; check the config file and its rights", Place(_shown(path))) from None


def _parse(path: Path, raw: bytes | None = None) -> dict[str, object]:
    """The tables of a TOML file; raises BadRequest with the place of the first fault."""
    import tomllib

    raw = _read(path) if raw is None else raw
    try:
        return tomllib.loads(text := raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8", "replace")
        place = _end_of(path, before)
        raise BadRequest(
            f"byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8", place
        ) from None
    except ValueError as error:  # TOMLDecodeError is one; a number of too many digits another
        message, place = str(error), Place(_shown(path))
        if match := re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", message, re.DOTALL):
            message, place = match[1], Place(_shown(path), int(match[2]), int(match[3]))
        elif message.endswith(" (at end of document)"):
            message, place = message.removesuffix(" (at end of document)"), _end_of(path, text)
        raise BadRequest(f"not TOML: {message[:1].lower()}{message[1:]}; mend the file", place) from None
    except RecursionError:
        raise BadRequest("not TOML: nested too deep; mend the file", Place(_shown(path))) from None


def _end_of(path: Path, text: str) -> Place:
    return Place(_shown(path), text.count("\n") + 1, len(text) - text.rfind("\n"))


def _shown(path: Path) -> str:
    """How messages name the file: as short as it is clear."""
    seen = relative(str(path), Path())
    return str(path) if seen.startswith("..") else seen


# -- checking --------------------------------------------------------------------------------------

Check = Callable[[str], str | None]  # what is wrong with a text, in words; it is not quoted: it may be secret


class _Table:
    """A table of the file: gives checked values, and at the end says which keys nobody asked for."""

    def __init__(self, path: Path, name: str, values: object) -> None:
        self.path, self.name, self.asked = path, name, list[str]()
        if not isinstance(values, dict):
            self._fault(name, f"{_kind(values)}, no table; write [{name}] and the keys below it")
        self.values: dict[str, object] = values

    def named(self, key: str) -> str:
        key = key if re.fullmatch(r"[\w.\[\]-]+", key) else f'"{key}"'
        return f"{self.name}.{key}" if self.name else key

    def fault(self, key: str, message: str, place: int | None = None) -> NoReturn:
        self._fault(self.named(key) + (f"[{place}]" if place is not None else ""), message)

    def _fault(self, name: str, message: str) -> NoReturn:
        raise BadRequest(f"{name} is {message}", Place(_shown(self.path)))

    def _get(self, key: str) -> object:
        self.asked.append(key)
        return self.values.get(key)

    def flag(self, key: str) -> bool:
        value = self._get(key)
        if value is not None and not isinstance(value, bool):
            self.fault(key, f"{_kind(value)}; write true or false")
        return bool(value)

    def number(self, key: str, default: int) -> int:
        value = self._get(key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            self.fault(key, f"{_kind(value)}; write a number from 0")
        return default if value is None else int(value)

    def text(self, key: str, check: Check) -> str | None:
        value = self._get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            self.fault(key, f"{_kind(value)}; write a string")
        if wrong := check(value):
            self.fault(key, wrong)
        return value

    def needed(self, key: str, check: Check) -> str:
        value = self.text(key, check)
        return self.fault(key, "missing; every rule has one") if value is None else value

    def texts(self, key: str, check: Check) -> tuple[str, ...]:
        value = self._get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            example = ' of strings, as in ["...", "..."]' if isinstance(value, str) else " of strings"
            self.fault(key, f"{_kind(value)}; write a list{example}")
        for place, item in enumerate(value):
            if not isinstance(item, str):
                self.fault(key, f"{_kind(item)}; write a string", place)
            if wrong := check(item):
                self.fault(key, wrong, place)
        return tuple(dict.fromkeys(value))

    def table(self, key: str) -> "_Table":
        value = self._get(key)
        return _Table(self.path, self.named(key), {} if value is None else value)

    def tables(self, key: str) -> "list[_Table]":
        value = self._get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.fault(key, f"{_kind(value)}; write [[{self.named(key)}]] and the keys below it")
        return [_Table(self.path, f"{self.named(key)}[{place}]", item) for place, item in enumerate(value)]

    def end(self) -> None:
        """Raise BadRequest for a key that was never asked for: it has no meaning."""
        for key in self.values:
            if key not in self.asked:
                hint = f"; in {OWN} the keys stand at the top, without [tool.cassette]"
                hint = hint if key == "tool" and not self.name else nearest(key, self.asked)
                self.fault(key, f"no known key{hint} (there is {', '.join(sorted(self.asked))})")


def _kind(value: object) -> str:
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "a list"}
    return "a table" if isinstance(value, dict) else kinds.get(type(value), "a date or time")


def nearest(word: str, known: Iterable[str]) -> str:
    """Which of the known words a misspelt one may be, as the end of a message."""
    from difflib import get_close_matches

    near = get_close_matches(word, sorted(known), n=1, cutoff=0.65)
    return f"; did you mean {near[0]}?" if near else ""


# -- what the keys mean ----------------------------------------------------------------------------


def _settings(path: Path, values: object, name: str) -> Settings:
    table = _Table(path, name, values)
    ignores = table.table("per-path-ignores")
    for glob in ignores.values:
        if wrong := _glob(glob):
            ignores.fault(glob, wrong)
    baseline = table.text("baseline", _text)
    settings = Settings(
        path=_shown(path),
        folder=path.parent,
        exclude=table.texts("exclude", _glob),
        ignore=frozenset(table.texts("ignore", _rule_id_or_all)),
        per_path_ignores=tuple(
            (glob, frozenset(ignores.texts(glob, _rule_id_or_all))) for glob in ignores.values
        ),
        baseline=path.parent / baseline if baseline is not None else None,
        redact=_redact(table.table("redact")),
        validate=_validate(table.table("validate")),
    )
    table.end()
    return settings


def _redact(table: _Table) -> Redact:
    redact = Redact(
        headers=table.texts("headers", _header),
        keep_headers=table.texts("keep-headers", _header),
        only_headers=table.texts("only-headers", _header),
        all_but_headers=table.texts("all-but-headers", _header),
        drop=table.flag("drop"),
        volatile=table.flag("volatile"),
        parameters=table.texts("parameters", _text),
        keep_parameters=table.texts("keep-parameters", _text),
        keys=table.texts("keys", _text),
        paths=table.texts("paths", _pointer),
        regexes=table.texts("regexes", _regex),
        enable=table.texts("enable", _rule_id),
        allow=frozenset(digest.lower() for digest in table.texts("allow", _digest)),
        strict=table.flag("strict"),
        rules=tuple(map(_rule, table.tables("rules"))),
    )
    table.end()
    if redact.only_headers and redact.all_but_headers:
        table.fault("only-headers", "given, and so is all-but-headers: they do not go together, give one")
    ids = [rule.id for rule in redact.rules]
    for place, rule in enumerate(ids):
        if rule in ids[:place]:
            table.fault(f"rules[{place}].id", f"that of rules[{ids.index(rule)}] too; give it another")
    return redact


def _validate(table: _Table) -> Validate:
    defaults = Validate()
    severities = table.table("severity")
    validate = Validate(
        select=table.texts("select", _rule_id),
        enable=table.texts("enable", _rule_id),
        fail_on=table.text("fail-on", _one_of("error", "warning", "never")) or defaults.fail_on,
        max_age_days=table.number("max-age-days", defaults.max_age_days),
        max_file_bytes=table.number("max-file-bytes", defaults.max_file_bytes),
        max_body_bytes=table.number("max-body-bytes", defaults.max_body_bytes),
        severity=tuple(
            (rule, severities.needed(rule, _one_of("error", "warning"))) for rule in severities.values
        ),
    )
    table.end()
    return validate


def _one_of(*words: str) -> Check:
    return lambda text: None if text in words else f"none of its words; write {' or '.join(words)}"


def _rule(table: _Table) -> Rule:
    rule = Rule(
        table.needed("id", _rule_id), table.needed("pattern", _regex), table.text("summary", _text) or ""
    )
    table.end()
    return rule


def _text(text: str) -> str | None:
    return None if text.strip() else "empty; write something or leave it out"


def _rule_id(text: str) -> str | None:
    fits = re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", text)
    return None if fits else "no rule id; write small letters, digits and hyphens, as in bearer-token"


def _rule_id_or_all(text: str) -> str | None:
    return None if text == ALL else _rule_id(text)


def _header(text: str) -> str | None:
    fits = re.fullmatch(r":?[\w!#$%&'*+.^`|~-]+", text, re.ASCII)  # RFC 9110, section 5.6.2
    return None if fits else "no name of a header; write it without colon and blanks, as in x-team-*"


def _pointer(text: str) -> str | None:
    fits = re.fullmatch(r"(?:/(?:[^~/]|~[01])*)+", text, re.DOTALL)  # RFC 6901
    return None if fits else "no JSON pointer; write one, as in /messages/*/content"


def _digest(text: str) -> str | None:
    fits = re.fullmatch(r"[0-9a-fA-F]{64}", text)
    return None if fits else "no SHA-256; write its 64 hex digits, and never the value itself"


def _regex(text: str) -> str | None:
    import warnings

    if not text:
        return "empty; write something or leave it out"
    try:
        with warnings.catch_warnings():  # of spellings that may mean another thing some day
            warnings.simplefilter("ignore")
            re.compile(text)
    except (re.error, OverflowError) as error:
        return f"no regular expression: {error}"
    except RecursionError:
        return "no regular expression: nested too deep"
    return None


# -- globs of paths --------------------------------------------------------------------------------


def _glob(text: str) -> str | None:
    steps = text.split("/")
    if wrong := _text(text):
        return wrong
    if steps[0] == "" or ".." in steps or "\\" in text:
        return "no glob of a path below this file's folder; write it relative to that, with / and without .."
    if any("**" in step and step != "**" for step in steps):
        return "no glob: ** stands for folders, alone between slashes; write * for a part of a name"
    for step in steps:
        rest = re.sub(r"\[!?+\]?+[^\]]*\]", "", step)
        if "[" in rest:
            return "no glob: [ is not closed; write [[] for the character itself"
        if any(low > high for low, high in re.findall(r"(?s)\[[^\]]*?([^\]])-([^\]])", step)):
            return "no glob: a range in [] is the wrong way round"
    return None


@cache
def _steps(glob: str) -> tuple[str, ...]:
    """The steps of a glob; as for git, a mere name is one at any depth, and `./name` one here."""
    steps = tuple(step for step in glob.split("/") if step not in ("", "."))
    return ("**", *steps) if len(steps) == 1 and not glob.startswith("./") else steps


def _covers(globs: tuple[str, ...], steps: tuple[str, ...]) -> bool:
    """Whether a path, or a folder that it is in, matches; `*` stays within a step, `**` is any folders."""
    from fnmatch import fnmatchcase

    if not globs:
        return True
    if globs[0] == "**":
        return any(_covers(globs[1:], steps[skipped:]) for skipped in range(len(steps)))
    return bool(steps) and fnmatchcase(steps[0], globs[0]) and _covers(globs[1:], steps[1:])

"""Which rules `cassette redact` applies to which file: what the options and the configuration come to."""

import re
from dataclasses import replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from cassette_cli.errors import BadRequest

if TYPE_CHECKING:
    from cassette_cli.config import Settings
    from cassette_cli.rules.redaction import Choice, Rules


class What(StrEnum):
    """What `redact` takes out."""

    HEADERS = "headers"
    QUERY = "query"
    BODY = "body"
    SECRETS = "secrets"
    ALL = "all"


class Flags(NamedTuple):
    """What the command line says about which values are to go."""

    names: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    all_but: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    regexes: tuple[str, ...] = ()
    enable: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    drop: bool = False
    volatile: bool = False


_HOME = {  # which flags make sense where; with `all`, each does
    "names": (What.HEADERS, What.QUERY), "keep": (What.HEADERS, What.QUERY), "only": (What.HEADERS,),
    "all_but": (What.HEADERS,), "drop": (What.HEADERS,), "volatile": (What.HEADERS,), "keys": (What.BODY,),
    "paths": (What.BODY,), "regexes": (What.BODY,), "enable": (What.SECRETS,),
}  # fmt: skip
_SPELT = {"names": "--name", "all_but": "--all-but", "keys": "--key", "paths": "--path", "regexes": "--regex"}


def listed(values: list[str] | None) -> tuple[str, ...]:
    """The values of an option that can be given several times, or once with commas."""
    return tuple(part.strip() for value in values or () for part in value.split(",") if part.strip())


class RuleBook:
    """The rules for each file: those of the command and of the configuration, less what is off for it."""

    def __init__(self, what: What, flags: Flags, settings: "Settings") -> None:
        from cassette_cli.config import nearest
        from cassette_cli.rules.providers import SECRETS
        from cassette_cli.rules.redaction import RULES

        for flag, homes in _HOME.items():
            if getattr(flags, flag) and what not in (*homes, What.ALL):
                option = _SPELT.get(flag, f"--{flag}")
                raise BadRequest(f"{option} goes with {' and '.join(homes)}, and with all; not with {what}")
        for regex in flags.regexes:
            try:
                re.compile(regex)
            except re.error as error:
                raise BadRequest(f"--regex is no regular expression: {error}") from None
        for pointer in flags.paths:
            if not pointer.startswith("/"):
                raise BadRequest("--path is a JSON pointer and begins with a slash: '/messages/*/content'")
        for flag, values in flags._asdict().items():
            if isinstance(values, tuple) and any(value.startswith("--") for value in values):
                raise BadRequest(f"{_SPELT.get(flag, f'--{flag}')} needs a value, and got an option")
        if flags.only and flags.all_but:
            raise BadRequest("--only and --all-but do not go together: give one")
        known = [*RULES, *(rule.id for rule in SECRETS)]
        try:
            settings.check_rules(known)
        except BadRequest:  # it may name a rule of `validate`, and to know those takes time
            from cassette_cli.rules.validation import TABLE, Family

            settings.check_rules([*TABLE, *Family])
        for rule in (*flags.enable, *flags.ignore):
            if rule not in {*known, *(own.id for own in settings.redact.rules)}:
                raise BadRequest(f"no rule {rule}{nearest(rule, known)}")
        self.summaries = RULES | {rule.id: rule.summary for rule in SECRETS}
        self.summaries |= {rule.id: rule.summary for rule in settings.redact.rules}
        self.settings = settings
        self._choice = _choice(what, flags, settings)
        self._flags = flags
        self._rules: dict[frozenset[str], Rules] = {}

    @cached_property
    def everything(self) -> "Rules":
        """All rules, ignored or not: what they find must not be printed."""
        from cassette_cli.rules.redaction import Rules

        return Rules(replace(_choice(What.ALL, self._flags, self.settings), ignore=frozenset()))

    def of(self, path: str) -> "Rules | None":
        """The rules for a file; None if all are off."""
        from cassette_cli.rules.redaction import Rules

        ignored = self.settings.ignored(path) | self._choice.ignore
        if "*" in ignored or "leaks" in ignored:
            return None
        if ignored not in self._rules:
            self._rules[ignored] = Rules(replace(self._choice, ignore=ignored))
        return self._rules[ignored]


def _choice(what: What, flags: Flags, settings: "Settings") -> "Choice":
    from cassette_cli.rules.providers import SECRETS
    from cassette_cli.rules.redaction import Choice

    own = settings.redact
    enabled = {*own.enable, *flags.enable}
    query = what is What.QUERY
    return Choice(
        headers=what in (What.HEADERS, What.ALL),
        query=what in (What.QUERY, What.ALL),
        body=what in (What.BODY, What.ALL),
        secrets=what in (What.SECRETS, What.ALL),
        names=(*own.headers, *(() if query else flags.names)),
        keep=(*own.keep_headers, *(() if query else flags.keep)),
        only=flags.only or (() if flags.all_but else own.only_headers),
        all_but=flags.all_but or (() if flags.only else own.all_but_headers),
        volatile=flags.volatile or own.volatile,
        drop=flags.drop or own.drop,
        parameters=(*own.parameters, *(() if what is What.HEADERS else flags.names)),
        keep_parameters=(*own.keep_parameters, *(() if what is What.HEADERS else flags.keep)),
        keys=(*own.keys, *flags.keys),
        paths=(*own.paths, *flags.paths),
        regexes=(*own.regexes, *flags.regexes),
        rules=tuple(rule for rule in SECRETS if rule.default or rule.id in enabled),
        own=tuple(
            (rule.id, rule.pattern, rule.summary or "a secret of a rule of your own") for rule in own.rules
        ),
        ignore=frozenset(flags.ignore),
        allow=own.allow,
    )

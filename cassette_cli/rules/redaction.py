"""What `redact` takes out: rules by the name of a header, parameter or key, by a path, by shape.

A rule points: `Rules.find` gives what in one field is to go, and under which rule id. What stands there
instead, which edits that takes and what is written is the engine's business. `Rules.trigger` is the
cheap look: a text that it does not fire on holds nothing, however it is written inside, so only the
others are opened and read.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from typing import NamedTuple

from cassette_cli.fields import Field, Role
from cassette_cli.layers import holds_text
from cassette_cli.rules import credentials
from cassette_cli.rules.placeholders import is_ours
from cassette_cli.rules.secrets import Searcher, Secret


class Match(NamedTuple):
    """The characters start..end of a field's text, and what they are."""

    rule: str
    start: int
    end: int
    summary: str
    shape: str = ""  # how what takes their place must look: jwt, pem, email, ip, home, date
    distinct: bool = True  # whether two different ones must stay different


RULES = {  # what is found by name; what is found by shape is in `secrets.SECRETS`
    "authorization": "the credentials of a request",
    "cookie": "a cookie",
    "credential-header": "a header with a credential",
    "organization-id": "the id of an organisation or project",
    "volatile-header": "a header that differs in every recording",
    "chosen-header": "a header that was named",
    "secret-parameter": "a secret in a URL",
    "url-password": "the password of a URL",
    "secret-field": "a secret under its name",
    "chosen-field": "a value that was named",
    "chosen-text": "a text that was named",
    "known-secret": "a secret that was found elsewhere in the file",
}


HEADER_RULES = frozenset(list(RULES)[:6])  # whose headers can leave as a whole


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be taken out, by default and by what the person says."""

    headers: bool = True
    query: bool = True
    body: bool = True
    secrets: bool = True
    names: tuple[str, ...] = ()  # of more headers
    keep: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    all_but: tuple[str, ...] = ()
    volatile: bool = False
    drop: bool = False  # headers go whatever their value
    parameters: tuple[str, ...] = ()
    keep_parameters: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    regexes: tuple[str, ...] = ()
    rules: tuple[Secret, ...] = ()
    own: tuple[tuple[str, str, str], ...] = ()  # rules of the project: id, regex, summary
    ignore: frozenset[str] = frozenset()
    allow: frozenset[str] = frozenset()  # values that may stay, by their SHA-256


# -- the trigger ---------------------------------------------------------------------------------------


_TOLD = r"\d*\\*(?:[\"'>]?\s*[:=]|\"\\?[\r\nrn;])"  # in JSON, a string of it, XML, code, a multipart form
_SAID = (
    "key", "keyid", "key_id", "token", "sig", "signature", "credential", "sessionid", "session_id", "jwt",
    "verifier", "password", "passwd", "pwd", "secret",
)  # fmt: skip
_NAMES = (  # fire, on small letters, behind a name that says secret: `password":`, `api_key=`
    # Each begins with what is read as it stands, for which the search runs at memory's speed.
    *(f"{mark}(?:{'|'.join(f'(?<={name}{mark})' for name in _SAID)})" for mark in ("=", r"\\u003d")),
    rf"key(?:(?<=(?:pi|te|et|ss)key)|(?<=(?:pi|te|et|ss)[_-]key)){_TOLD}",  # api, private, secret, access
    rf"token(?:(?<=[sdhn]token)|(?<=[sdhn_-][_-]token)){_TOLD}",  # access, id, refresh, auth, session
    rf"assword(?<=password){_TOLD}",
    rf"wd(?:(?<=pwd)|(?<=passwd)){_TOLD}",
    rf"ecret(?<=secret){_TOLD}",
    rf"earer(?<=bearer){_TOLD}",
)


_ESCAPED = (  # what a secret's fixed part may hold, escaped in JSON or in a URL
    r"\\u00(?:2[dDeE]|3[\daAdD]|[46][1-9a-fA-F]|[57][\daA]|5[fF])",
    r"\\/(?<=[1m:]\\/)",
    r"%[2-7][\dA-Fa-f]",
)
_DATA = re.compile(
    r"(?:data:[\w.+/-]+;base64,)?(?P<data>[A-Za-z0-9+/_-]+(?:(?:\\+[nr])+[A-Za-z0-9+/_-]+)*={0,2})(?:\\[nr]?)*"
)
_LONG = 32  # characters of base64 that hold more than a word and a short secret
BETWEEN = '"\n"'  # joins texts that are looked at as one: it ends whatever one ends with, a value, base64
_RANDOM = 4000  # characters of other data, in which nothing is looked for; an AWS session token is shorter
_AROUND = 300  # characters that the longest look at one secret takes in


def _without_data(text: str) -> tuple[str, bool]:
    """A text without the base64 data in it, and whether some of that holds a text.

    Split at the quotes that JSON puts around it, which costs less than any regex.
    """
    parts = text.split('"')
    long = [part for part in parts if len(part) >= _LONG and " " not in part]
    dropped = False
    for part in long:
        match = _DATA.fullmatch(part)
        if match and holds_text(match["data"]):
            return text, True
        dropped = dropped or (match is not None and len(part) >= _RANDOM)
    if not dropped:
        return text, False
    kept = [part for part in parts if len(part) < _RANDOM or " " in part or not _DATA.fullmatch(part)]
    return '"'.join(kept), False


def _holds_secret(searcher: Searcher, text: str) -> bool:
    """Whether a secret stands in a text as it is written, or could once its escapes are read."""
    places = searcher.places(text)
    if any(re.search(r"\\[/u\\]", text[max(0, at - _AROUND) : at + _AROUND]) for at in places):
        return True
    return bool(places) and next(searcher.find(text, places), None) is not None


def _searched(patterns: tuple[re.Pattern[str], ...], text: str) -> Iterator[re.Pattern[str]]:
    """Those of the patterns that are found in a text."""
    return (pattern for pattern in patterns if pattern.search(text))


class Trigger(NamedTuple):
    """The cheap look at a stored text: whether something could be found in it, however deep."""

    names: tuple[re.Pattern[str], ...] = ()  # that fire on it in small letters
    patterns: tuple[re.Pattern[str], ...] = ()
    searcher: Searcher | None = None
    packed: bool = False  # base64 that holds a text fires, too
    values: tuple[str, ...] = ()  # these do

    def fires(self, text: str) -> bool:
        if any(value in text for value in self.values):
            return True
        if self.packed and len(text) > _LONG:
            text, packed = _without_data(text)
            if packed:
                return True
        if any(_searched(self.names, text.lower())) or any(_searched(self.patterns, text)):
            return True
        return self.searcher is not None and _holds_secret(self.searcher, text)

    def within(self, text: str) -> "Trigger":
        """What of this can fire on any part of a text, which is little: one look saves many."""
        packed = self.packed
        if packed:
            text, packed = _without_data(text)
        searcher = self.searcher and self.searcher.within(text)
        if searcher is not None and not _holds_secret(searcher, text):
            searcher = None
        names = tuple(_searched(self.names, text.lower()))
        return Trigger(names, tuple(_searched(self.patterns, text)), searcher, packed, self.values)

    @property
    def is_dead(self) -> bool:
        """Whether it fires on nothing at all."""
        return not any(self)


_PASSWORDS = (r"://[^/?#\s@:\"\\]*:[^/?#\s@\"\\]+@", r":\\/\\/[^/?#\s@:\"\\]*:[^/?#\s@\"\\]+@")


class Rules:
    """The rules of one run."""

    def __init__(self, choice: Choice) -> None:
        self.choice = choice
        self._searcher = Searcher(choice.rules) if choice.secrets and choice.rules else None
        self._regexes = [re.compile(regex) for regex in choice.regexes]
        own = choice.own if choice.secrets else ()
        self._own = [(rule, re.compile(regex), summary) for rule, regex, summary in own]
        self._taken: dict[str, bool] = {}  # headers by name: few names, many headers

    @cached_property
    def trigger(self) -> Trigger:
        """What fires on every text in which these rules find something."""
        choice = self.choice
        plain = (*choice.keys, *choice.parameters, *(regex.pattern for _, regex, _ in self._own))
        if (choice.body and (choice.paths or choice.regexes)) or not all(map(_is_written_plainly, plain)):
            return Trigger(patterns=(re.compile(""),))  # these can be anywhere
        names = _NAMES if choice.query or choice.body else ()
        parts = [regex.pattern.replace(r"\b", "") for _, regex, _ in self._own]
        if choice.query:
            parts += _PASSWORDS
            parts += [rf"{_glob(name)}(?:=|\\u003[dD])" for name in choice.parameters]
        if choice.body:
            parts += map(_glob, choice.keys)
        if parts or names or self._searcher:
            parts += _ESCAPED
        return Trigger(_all(names), _all(parts), self._searcher, packed=self._searcher is not None)

    def are_all(self, everything: "Rules") -> bool:
        """Whether these leave out nothing of what others find that is a secret."""
        own = self.choice
        return own.ignore <= {"volatile-header"} and replace(own, ignore=frozenset()) == everything.choice

    def masked(self, text: str) -> str:
        """The text with a mask for whatever has the shape of a secret."""
        if not self.trigger.fires(text):
            return text
        for match in sorted(self.find(Field(Role.OTHER, "", "", text)), key=lambda one: -one.start):
            text = text[: match.start] + credentials.MASK + text[match.end :]
        return text

    @property
    def reads_bodies(self) -> bool:
        return self.choice.query or self.choice.body or self.choice.secrets

    def named(self, field: Field) -> Iterable[Match]:
        """What is to go of a field for the name of its header, cookie or parameter."""
        matches: Iterable[Match] = ()
        if field.role is Role.HEADER and self.choice.headers:
            if not self.takes(field.name):
                return ()
            matches = self._header(field.name, field.text)
        elif field.role is Role.COOKIE and self.choice.headers:
            matches = self._cookie(field.text)
        elif field.role is Role.PARAMETER and self.choice.query:
            matches = self._parameter(field)
        return self._allowed(field, matches)

    def find(self, field: Field) -> Iterator[Match]:
        """What is to go of a field for what it reads, or for the key that it stands under."""
        return self._allowed(field, self._find(field, self._searcher))

    def among(self, texts: Iterable[str]) -> Callable[[Field], Iterable[Match]]:
        """Like `find`, of fields with these texts: a secret that is in none is not looked for in each."""
        searcher = self._searcher and self._searcher.within(BETWEEN.join(texts))
        return lambda field: self._allowed(field, self._find(field, searcher))

    def _allowed(self, field: Field, matches: Iterable[Match]) -> Iterator[Match]:
        for match in matches:
            value = field.text[match.start : match.end]
            headers = (Role.HEADER, Role.COOKIE)
            dropped = self.choice.drop and field.role in headers and len(value) == len(field.text)
            ours = not value or is_ours(field.text, match.start, match.end)
            if match.rule in self.choice.ignore or (ours and not dropped):
                continue
            allowed = self.choice.allow
            if not allowed or sha256(value.encode("utf-8", "replace")).hexdigest() not in allowed:
                yield match

    def _find(self, field: Field, searcher: Searcher | None) -> Iterator[Match]:
        choice, text = self.choice, field.text
        if choice.query and field.role is not Role.PARAMETER:
            yield from self._query(field)
        if choice.body and field.role is Role.BODY:
            yield from self._body(field)
        if searcher:
            for rule, start, end in searcher.find(text):
                yield Match(rule.id, start, end, rule.summary, rule.shape)
        for rule_id, regex, summary in self._own:
            for found in regex.finditer(text):
                group = 1 if regex.groups else 0
                if not credentials.is_placeholder(found[group] or ""):
                    yield Match(rule_id, *found.span(group), summary)

    # -- headers -----------------------------------------------------------------------------------

    def takes(self, name: str) -> bool:
        """Whether a header is one of those to go, if there is anything in it."""
        taken = self._taken.get(name)
        if taken is None:
            word = str(name)  # a text keeps its document
            taken = self._taken[word] = self.choice.headers and self._takes(word)
        return taken

    def _takes(self, name: str) -> bool:
        choice = self.choice
        if _matches(choice.keep, name) or name.lower() in credentials.FRAMING_HEADERS:
            return False
        if choice.only:
            return _matches(choice.only, name)
        if _matches(choice.names, name):
            return True
        if _matches(credentials.REPLAY_HEADERS, name):
            return False
        if choice.all_but:
            return not _matches(choice.all_but, name)
        volatile = choice.volatile and _matches(credentials.VOLATILE_HEADERS, name)
        return credentials.is_secret_header(name) or volatile

    def _header(self, name: str, value: str) -> Iterator[Match]:
        rule = _header_rule(name)
        if self.choice.drop:
            yield Match(rule, 0, len(value), RULES[rule], distinct=False)
            return
        if rule in ("volatile-header", "chosen-header"):
            if not credentials.is_placeholder(value):
                yield Match(rule, 0, len(value), RULES[rule], _shape_of(name), distinct=False)
            return
        for start, end in credentials.header_secrets(name, value):
            yield Match(rule, start, end, RULES[rule], distinct=rule != "cookie")

    def _cookie(self, value: str) -> Iterator[Match]:
        if self.takes("cookie") and (self.choice.drop or not credentials.is_placeholder(value)):
            yield Match("cookie", 0, len(value), RULES["cookie"], distinct=False)

    # -- queries -----------------------------------------------------------------------------------

    def _parameter(self, field: Field) -> Iterator[Match]:
        if self._is_parameter(field.name) and not credentials.is_placeholder(field.text):
            yield Match("secret-parameter", 0, len(field.text), RULES["secret-parameter"])

    def _query(self, field: Field) -> Iterator[Match]:
        text = field.text
        is_url = field.role is Role.URL or (
            field.role is Role.HEADER and field.name.lower() in credentials.URL_HEADERS
        )
        for url in [re.match(r"(?s).*", text)] if is_url else _URL.finditer(text):
            if url:
                yield from self._in_url(url[0], url.start())

    def _in_url(self, url: str, at: int) -> Iterator[Match]:
        for start, end in credentials.userinfo(url):
            yield Match("url-password", at + start, at + end, RULES["url-password"])
        for name, start, end in credentials.parameters(url):
            if self._is_parameter(name) and (at == 0 or end - start >= _SHORTEST):
                yield Match("secret-parameter", at + start, at + end, RULES["secret-parameter"])

    def _is_parameter(self, name: str) -> bool:
        if _matches(self.choice.keep_parameters, name):
            return False
        return credentials.is_secret_parameter(name) or _matches(self.choice.parameters, name)

    # -- bodies ------------------------------------------------------------------------------------

    def _body(self, field: Field) -> Iterator[Match]:
        choice, text = self.choice, field.text
        if field.whole and field.name:
            rule = "chosen-field" if self._is_chosen(field) else ""
            if not rule and credentials.is_secret_key(field.name) and not _NO_SECRET.search(text):
                rule = "secret-field"
            if rule and not credentials.is_placeholder(text):
                yield Match(rule, 0, len(text), RULES[rule], _shape(text))
        for regex in self._regexes:
            for found in regex.finditer(text):
                group = 1 if regex.groups else 0
                if not credentials.is_placeholder(found[group] or ""):
                    yield Match("chosen-text", *found.span(group), RULES["chosen-text"])
        if "<" in text and field.whole and choice.keys:
            for key in choice.keys:
                yield from _elements(key, text)

    def _is_chosen(self, field: Field) -> bool:
        """Whether the value, or what it is a part of, was named by its key or its path."""
        if not (self.choice.keys or self.choice.paths):
            return False
        _, *steps = field.where.split("/")
        for before, step in pairwise(["", *steps]):
            if before != "properties" and _matches(
                self.choice.keys, step.replace("~1", "/").replace("~0", "~")
            ):
                return True  # what stands under `properties` is the schema of a tool
        if not steps and _matches(self.choice.keys, field.name):
            return True
        pointer = "/" + "/".join(steps)
        return any(_is_below(pointer, path) for path in self.choice.paths)


_SHORTEST = 8  # characters that the value of a parameter has in a text, which may be an example
_NO_SECRET = re.compile(  # a URL, the name of a type, a sentence
    r"://|\A(?:str|string|number|integer|object|array|boolean|true|false|null|none)\Z|(?:\S+ ){3}",
    re.IGNORECASE,
)
_URL = re.compile(r"https?://[^\s\"'<>\\)\]}]+")


def _matches(globs: tuple[str, ...], name: str) -> bool:
    return bool(globs) and credentials.names(globs).fullmatch(name) is not None


def _all(patterns: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, patterns))


def _is_written_plainly(pattern: str) -> bool:
    """Whether a pattern looks for nothing that JSON or a URL escapes, nor for where a line begins."""
    return re.fullmatch(r"(?:[\w .()\[\]{}*+?|,-]|\\[bdwWs.])*", pattern, re.ASCII) is not None


def _glob(name: str) -> str:
    return f"(?i:{re.escape(name)})".replace(r"\*", r"[\w.-]*")


def _header_rule(name: str) -> str:
    match name.lower():
        case "authorization" | "proxy-authorization":
            return "authorization"
        case "cookie" | "set-cookie":
            return "cookie"
        case "openai-organization" | "openai-project" | "anthropic-organization-id":
            return "organization-id"
    if credentials.is_secret_header(name):
        return "credential-header"
    volatile = credentials.names(credentials.VOLATILE_HEADERS).fullmatch(name)
    return "volatile-header" if volatile else "chosen-header"


def _shape_of(name: str) -> str:
    return "date" if name.lower() in ("date", "expires", "last-modified", "x-amz-date") else "value"


def _shape(text: str) -> str:
    return "value" if getattr(text, "style", "") == "json-word" else ""


def _is_below(pointer: str, path: str) -> bool:
    """Whether a JSON pointer is that of `path`, in which `*` is any one step, or goes on below it."""
    steps, wanted = pointer[1:].split("/"), path[1:].split("/")
    return len(steps) >= len(wanted) and all(
        want in ("*", step) for want, step in zip(wanted, steps, strict=False)
    )


def _elements(key: str, text: str) -> Iterator[Match]:
    """The contents of XML elements and attributes of that name."""
    name = _glob(key)
    for found in re.finditer(
        rf"<(?:[\w.-]+:)?{name}(?:\s[^<>]*)?>([^<]+)</|\s(?:[\w.-]+:)?{name}\s*=\s*(?:\"([^\"]+)\"|'([^']+)')",
        text,
    ):
        group = found.lastindex or 1
        if not credentials.is_placeholder(found[group].strip()):
            yield Match("chosen-field", *found.span(group), RULES["chosen-field"])

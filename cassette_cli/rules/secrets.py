"""Which texts are secrets by their own shape: the search with the rows of `providers`.

A rule is a row: how it begins (`head`), what it is as a whole (`pattern`), what must hold of it besides
(`check`). A `Searcher` makes regexes, the triggers, of all heads. A head is looked for at its rarest
character (its pivot), with what stands before in a lookbehind: `sk-` at each `-`, not at each `s`. So one
scan finds the few places at which a rule can match at all, and only there the rules are tried.

False alarms cost as much as misses: what lies inside base64 data is chance, what is made up
(`sk-your-key-here`) may stay. Knows no provider, no cassette and no command, and makes no placeholders.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from cassette_cli.rules.credentials import is_placeholder


class Secret(NamedTuple):
    """One rule.

    A head begins with elements of fixed width (characters, classes, either with `{n}`), before them at most
    one class with `+`; among them must be a character, or a class of at most five, to look for.
    In shapes and misses, `{32h}` stands for 32 random hex digits; `tests/rules/shapes.py` has the letters,
    and « » stand around the secret where it is not the whole text.
    """

    id: str
    summary: str
    head: str  # every match of the pattern begins with one of the head
    pattern: str  # a group `secret` narrows what is replaced
    shapes: tuple[str, ...]
    misses: tuple[str, ...]
    check: Callable[[str], bool] | None = None  # of the secret's text
    default: bool = True
    shape: str = ""  # how a placeholder for it must look: jwt, pem, email, ip, home; or as it likes


class Hit(NamedTuple):
    """A secret in a text."""

    rule: Secret
    start: int
    end: int


# -- what is made up ---------------------------------------------------------------------------------

_WORDS = (  # five letters at least: in 1,000 random characters one of these is a chance of 1 in 20,000
    "redacted|dummy|example|placeholder|sanitized|scrubbed|filtered|masked|changeme|change[-_]me|replace[-_]?me"
    "|insert[-_]|your[-_]?(?:api|key|token|secret|own|pass)|test[-_]?(?:key|token|secret|api|pass)|mock[-_]?(?:key|token)"
    "|fake[-_]?(?:key|token|secret|api)|fixture|invalid|not[-_]?(?:a[-_]|real|valid|used)|deadbeef|qwerty|foobar"
    "|lorem|[-_]goes[-_]|[-_]here(?![a-z])|my[-_](?:api|key|token|secret)|\\.\\.\\.|…|\\*\\*\\*|<[a-z]"
)
_SHORT = r"(?<![A-Za-z0-9])(?:fake|mock|mocked|dummy|your|x{4,}|abc|abcd|todo|sample|test)(?![A-Za-z0-9])"


def looks_made_up(secret: str) -> bool:
    """Whether somebody wrote this: words like `dummy`, a row of one letter, the alphabet, 1234567890."""
    if len(set(secret)) <= 5 and len(secret) > 8:
        return True
    if re.search(_WORDS, secret, re.IGNORECASE):
        return True
    if re.search(_SHORT, re.sub(r"^[sr]k_test_", "", secret), re.IGNORECASE):
        return True
    if len(secret) <= 120 and re.search(r"(.)\1{6}|(.{2,12}?)\2\2\2", secret):  # longer ones hold such rows
        return True
    return _has_sequence(secret.lower())


def _has_sequence(text: str) -> bool:
    """Whether six letters of the alphabet or seven digits stand in their order."""
    length = 1
    for before, after in pairwise(text):
        length = length + 1 if ord(after) - ord(before) == 1 or before + after == "90" else 1
        if length >= (6 if after.isalpha() else 7):
            return True
    return False


# -- the engine ------------------------------------------------------------------------------------

_PIVOTS = "~@=./_-:JAGBSbgp"  # best first: rare in prose, rare in base64, and few: each costs time in either
_ELEMENT = re.compile(r"(\\[^A-Za-z0-9]|\[[^\]]+\]|[^\\\[\](){}.*+?|^$])(?:\{(\d+)\}|(\+))?(?![*?{+])")
_ESCAPE = r"(?:\\[nrt]|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|%[0-9A-Fa-f]{2})\Z"  # its last letter is no word's
_ESCAPED = r"(?<=\\)[nrt]|(?<=%)[0-9A-Fa-f]{2}"
_STANDARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_BLOB = 160  # characters of base64 around a match: it stands in data


class _Anchor(NamedTuple):
    """Where in a text to look for a head: at a pivot, `back` characters behind its start."""

    pivots: str
    back: int
    run: str  # a class, of which the head begins with one or more
    trigger: str  # of the head, read at the pivot: what follows it, having looked behind


def _anchor(head: str) -> _Anchor:
    """The rarest character that a head surely has at a known place."""
    elements: list[tuple[str, int, int]] = []
    run, position = "", 0
    while found := _ELEMENT.match(head, position):
        if found[3] and (elements or run):
            break
        if found[3]:
            run = found[1]
        else:
            elements.append((found[1], int(found[2] or 1), found.end()))
        position = found.end()
    best, at = "", -1
    for number, (element, count, _) in enumerate(elements):
        pivots = element.strip("[]") if element[0] == "[" else element[-1]
        small = count == 1 and len(pivots) <= 5 and (len(pivots) < 3 or "-" not in pivots)
        if small and (at < 0 or _rank(pivots) < _rank(best)):
            best, at = pivots, number
    if at < 0:
        raise ValueError(f"a head with nothing to look for: {head}")
    before = "".join(f"{element}{{{count}}}" if count > 1 else element for element, count, _ in elements[:at])
    behind = f"{run}{before}"
    looked = f"(?<={behind}{elements[at][0]})" if behind else ""
    return _Anchor(best, sum(count for _, count, _ in elements[:at]), run, looked + head[elements[at][2] :])


_MOST = 64  # needles of one head


def needles(head: str) -> tuple[str, ...]:
    """Texts of which every match of a head holds one: its longest run of characters and small classes."""
    runs: list[list[str]] = [[""]]
    position = 0
    while position < len(head):
        element = _ELEMENT.match(head, position)
        characters = _characters(element[1]) if element and not element[3] else ""
        several = [characters] * int((element and element[2]) or 1)
        if characters and len(runs[-1]) * len(characters) ** len(several) <= _MOST:
            for one in several:
                runs[-1] = [begun + char for begun in runs[-1] for char in one]
        else:
            runs.append([""])
        if not element:
            break
        position = element.end()
    best: Sequence[str] = max(runs, key=_telling)
    return tuple(best)


def _telling(run: Sequence[str]) -> tuple[int, int, int]:
    """How well needles tell a head from other text: by their length up to four, then if they are few."""
    return min(len(run[0]), 4), -len(run), len(run[0])


def _characters(element: str) -> str:
    """What an element can be; nothing for a class with ranges or too many."""
    if element[0] != "[":
        return element[-1]
    inner = element[1:-1].replace("\\\\", "\\")
    return inner if len(inner) <= 16 and "-" not in inner.strip("-") else ""


def _rank(pivots: str) -> int:
    return max(_PIVOTS.find(char) if char in _PIVOTS else len(_PIVOTS) for char in pivots)


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


class Searcher:
    """The search for the secrets of some rules."""

    def __init__(self, rules: Iterable[Secret]) -> None:
        self.rules = tuple(rules)
        self._at: dict[str, list[tuple[int, int, str]]] = {}
        triggers: dict[str, dict[str, None]] = {}
        for number, rule in enumerate(self.rules):
            anchor = _anchor(rule.head)
            for pivot in anchor.pivots:
                self._at.setdefault(pivot, []).append((number, anchor.back, anchor.run))
                triggers.setdefault(pivot, {})[anchor.trigger] = None
        # One regex a pivot: each begins with one character, and for that the search runs at memory's speed.
        self._triggers = [
            re.compile(f"{re.escape(pivot)}(?:{'|'.join(heads)})") for pivot, heads in triggers.items()
        ]

    def within(self, text: str) -> "Searcher":
        """The same search for the parts of a text, with only what can be in them."""
        part = copy(self)
        part._triggers = [trigger for trigger in self._triggers if trigger.search(text)]
        return part

    def places(self, text: str) -> list[int]:
        """Where rules may match: the pivots of their heads; nowhere in most texts, and soon told."""
        places = []
        for trigger in self._triggers:
            match = trigger.search(text)
            while match:
                places.append(match.start())
                match = trigger.search(text, match.start() + 1)
        return places

    def find(self, text: str, places: Iterable[int] | None = None) -> Iterator[Hit]:
        """The secrets of a decoded text, in order; of several that overlap the first, of the first row."""
        hits = []
        for start, number in sorted(self._candidates(text, self.places(text) if places is None else places)):
            hit = _hit(self.rules[number], text, start)
            if hit:
                hits.append((hit.start, number, hit))
        end = 0
        for _, _, hit in sorted(hits):
            if hit.start >= end:
                yield hit
                end = hit.end

    def _candidates(self, text: str, places: Iterable[int]) -> set[tuple[int, int]]:
        """Where rules may match, with their numbers."""
        found = set()
        for at in places:
            for number, back, run in self._at[text[at]]:
                start = at - back
                if run:
                    start = _run_start(run, text, start)
                if start >= 0:
                    found.add((start, number))
        return found


def _run_start(run: str, text: str, end: int) -> int:
    """Where the characters of this class before a place begin, after an escape; -1 if there are none."""
    behind = _compiled(run + r"+\Z").search(text, max(0, end - 64), end)
    if not behind:
        return -1
    escaped = _compiled(_ESCAPED).match(text, behind.start(), end)
    return escaped.end() if escaped else behind.start()


def _hit(rule: Secret, text: str, start: int) -> Hit | None:
    """The secret that the rule finds at this place, if it is one."""
    if _is_inside_word(text, start):
        return None
    match = _compiled(rule.pattern).match(text, start)
    if not match:
        return None
    group = "secret" if "secret" in match.re.groupindex else 0
    secret = match[group]
    if (len(secret) <= 64 and is_placeholder(secret)) or looks_made_up(secret):
        return None
    if rule.check and not rule.check(secret):
        return None
    start, end = match.span(group)
    return None if rule.shape != "pem" and _is_inside_data(text, start, end) else Hit(rule, start, end)


def _is_inside_word(text: str, start: int) -> bool:
    """Whether a letter or digit stands before the one here, and not as the end of an escape."""
    before, first = text[max(0, start - 1) : start], text[start]
    if not (first.isalnum() and before.isalnum() and before.isascii()):
        return False
    return _compiled(_ESCAPE).search(text, max(0, start - 6), start) is None


def _is_inside_data(text: str, start: int, end: int) -> bool:
    """Whether base64 goes on around the match for so long that the match is chance."""
    before, after = text[max(0, start - 4 * _BLOB) : start], text[end : end + 4 * _BLOB]
    for alphabet in (_STANDARD, _STANDARD.replace("+/", "-_")):
        beyond = len(before) - len(before.rstrip(alphabet)) + len(after) - len(after.lstrip(alphabet))
        if beyond > _BLOB:
            return True
    return False

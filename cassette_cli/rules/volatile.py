"""What volatile values look like, and how one is masked: the shapes that the rules of `noise` are made of.

A test says whether a value looks like something (an id, a time); a mask puts `MASK` in place of what does,
in all of a value or in a part of it, and leaves any other value as it is.
"""

import re
from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import TypeAlias

from cassette_cli.rules.credentials import is_placeholder
from cassette_cli.source.tree import Json


class Absent(Enum):
    """What stands where there is nothing, which JSON's null is not."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT
Value: TypeAlias = Json | Absent


MASK = "\0"  # stands for noise; no header has it and no URL, and JSON only for someone who means it
Test: TypeAlias = Callable[[Json], bool]
Mask: TypeAlias = Callable[[Value], Value]


def whole(test: Test) -> Mask:
    """Masks a value that passes, and a list of such."""

    def mask(value: Value) -> Value:
        if isinstance(value, list) and value and not any(isinstance(one, list) for one in value):
            return MASK if all(map(test, value)) else value
        return MASK if not isinstance(value, Absent) and test(value) else value

    return mask


def or_nothing(test: Test) -> Mask:
    """The same, and what is not there at all: a server may send it in one reply and not in the next."""
    mask = whole(test)
    return lambda value: MASK if value is ABSENT else mask(value)


def matching(pattern: str) -> Test:
    """Whether all of a string matches."""
    regex = re.compile(pattern)
    return lambda value: isinstance(value, str) and regex.fullmatch(value) is not None


def same(old: Value, new: Value) -> bool:
    """Whether two values are equal as JSON, in which true is no 1; objects in one order of keys."""
    if isinstance(old, str) and isinstance(new, str):
        return old == new
    if isinstance(old, int | float) and isinstance(new, int | float) and not isinstance(old, bool):
        return old == new and not isinstance(new, bool)
    try:
        return repr(old) == repr(new)
    except RecursionError:
        return False


# -- ids -----------------------------------------------------------------------------------------------

_UUID = re.compile(r"[\da-fA-F]{8}-(?:[\da-fA-F]{4}-){3}[\da-fA-F]{12}")
_TOKEN = re.compile(r"[\x21-\x7e]*")
_RUN = re.compile(r"\d+|[a-z]+|[A-Z]+")
_HEX = re.compile(r"[\da-f]+|[\dA-F]+")
_SHORTEST = 8  # characters of a word that chance alone made up


@lru_cache(maxsize=65536)
def is_random(text: str) -> bool:
    """Whether no one has thought of a text: it holds a UUID, or a long mix of letters and digits."""
    if not _SHORTEST <= len(text) <= 1024 or not _TOKEN.fullmatch(text) or is_placeholder(text):
        return False
    return _UUID.search(text) is not None or any(map(_is_mix, re.split(r"[^A-Za-z0-9]+", text)))


def _is_mix(word: str) -> bool:
    if len(word) < _SHORTEST:
        return False
    if word.isdigit():
        return len(word) > _SHORTEST  # eight digits are a date, as in the names of models
    runs = _RUN.findall(word)
    if any(run.isdigit() for run in runs):
        return len(runs) >= 3 or _HEX.fullmatch(word) is not None
    return len(word) >= 12 and len(runs) * 5 >= len(word) * 2  # chance goes on for two letters, a word longer


def is_given(value: Json) -> bool:
    """Whether a text is an id that no one can have thought of: not even a name with numbers in it."""
    if not isinstance(value, str) or not is_random(value):
        return False
    return _UUID.search(value) is not None or any(map(_is_wild, re.split(r"[^A-Za-z0-9]+", value)))


def _is_wild(word: str) -> bool:
    """Whether a mix changes between letters and digits too often for a name (gpt4turbo128k), or is long."""
    if word.isdigit() or not _is_mix(word):
        return False
    return len(word) >= 20 or len(_RUN.findall(word)) * 2 >= len(word) or _HEX.fullmatch(word) is not None


def is_id(value: Json) -> bool:
    """Whether a value looks like the id that a server gave to something."""
    if isinstance(value, str):
        return is_random(value)
    return isinstance(value, int) and not isinstance(value, bool) and value >= 10_000


def is_uuid(value: Json) -> bool:
    """Whether all of a value is a UUID, and not the one that stands for none."""
    return isinstance(value, str) and _UUID.fullmatch(value) is not None and is_random(value)


is_token = matching(r"[\x21-\x7e]{1,200}")
is_sealed = matching(r"[A-Za-z0-9+/_=.:\-\s]{16,}")
is_opaque = matching(r"(?=.*\d)[\x20-\x7e]{1,2000}")


# -- times and figures ---------------------------------------------------------------------------------

_EPOCHS = (1e9, 1e12, 1e15)  # seconds, milliseconds, microseconds: from 2001 on
_is_date = matching(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)? ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)?"
    r"|\w{3},? \d\d[ -]\w{3}[ -]\d{4} [\d:]{8}(?: GMT| UTC| [+-]\d{4})?|\d{8}T\d{6}Z"
    r"|[1-9]\d{9}(?:\d{3}|\d{6})?(?:\.\d+)?"
)
is_day = matching(r"\d{4}-\d\d-\d\d")
is_span = matching(r"-?\d+(?:\.\d+)?\s*(?:[num]?s|min|secs?|seconds?)?")


def is_text(value: Json) -> bool:
    return isinstance(value, str)


def is_scalar(value: Json) -> bool:
    return isinstance(value, str | int | float)


def is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_time(value: Json) -> bool:
    """Whether a value is a date with a time, or a time as seconds since 1970."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return any(epoch <= value < epoch * 2.5 for epoch in _EPOCHS)
    return _is_date(value)


def is_duration(value: Json) -> bool:
    return is_number(value) or is_span(value)


def is_figure(value: Json) -> bool:
    """Whether a value is a number, nothing, or an object or list of nothing else."""
    if isinstance(value, dict | list):
        return all(map(is_figure, value.values() if isinstance(value, dict) else value))
    return value is None or is_number(value)


# -- a part of a value ---------------------------------------------------------------------------------

_ID_VALUE = re.compile(r"((?:^|[&;])(?:[^=&;]*id|after|before|cursor|[^=&;]*token)=)([^&;#]*)", re.IGNORECASE)
_VOLATILE_VALUE = re.compile(
    r"((?:^|[?&;])(?:sig|signature|x-amz-[\w-]*|x-goog-(?:signature|date|credential|expires)|se|st|ske|skt|skoid"
    r"|sktid|expires|expiry|timestamp|ts|nonce|_|cb|request_?id|awsaccesskeyid|key-pair-id|policy)=)[^&;#]+",
    re.IGNORECASE,
)
_SIGNATURE = re.compile(
    r"[?&;](?:sig|signature|x-amz-(?:signature|credential)|x-goog-(?:signature|credential)|key-pair-id)=",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z0-9][\w-]{7,}", re.ASCII)
_SIGNED = re.compile(
    r"(Signature=|Credential=[^/,\s]*/|oauth_(?:nonce|signature|timestamp)=)[^,\s]*", re.IGNORECASE
)


def ids_in_url(value: Value) -> Value:
    """A URL or path with the random steps of its path, and the random values of ids, masked."""
    if not isinstance(value, str) or "/" not in value:
        return value
    path, mark, query = value.partition("?")
    steps = [MASK if is_given(step) else step for step in re.split(r"([/#:,<>;\s])", path)]
    return "".join(steps) + mark + _ID_VALUE.sub(_without_id, query)


def _without_id(match: re.Match[str]) -> str:
    return match[1] + MASK if is_given(match[2]) else match[0]


def volatile_parameters(value: Value) -> Value:
    """A URL with the values masked that sign or date it: of one without a signature, those that look so."""
    if not isinstance(value, str) or "?" not in value:
        return value
    if _SIGNATURE.search(value):
        return _VOLATILE_VALUE.sub(rf"\1{MASK}", value)
    return _VOLATILE_VALUE.sub(_without_date, value)


def _without_date(match: re.Match[str]) -> str:
    said = match[0][len(match[1]) :]
    return match[1] + MASK if is_time(said) or is_given(said) else match[0]


def ids_in_words(value: Value) -> Value:
    """A sentence with the ids in it masked."""
    if not isinstance(value, str):
        return value
    return _WORD.sub(lambda word: MASK if is_random(word[0]) else word[0], value)


def signed_anew(value: Value) -> Value:
    """The header of a signed request without what its time changes."""
    return _SIGNED.sub(rf"\1{MASK}", value) if isinstance(value, str) else value


def boundary(value: Value) -> Value:
    """A content type without the line that parts its parts."""
    return re.sub(r"(boundary=)[^;,\s]+", rf"\1{MASK}", value) if isinstance(value, str) else value

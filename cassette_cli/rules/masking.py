"""A mask for whatever has the shape of a secret, cheap enough for all that is shown.

Each rule has needles: texts of which every head of it holds one. A rule whose needles are not in a text is
not tried, and its regexes are not even compiled, which for all rules costs as much as starting up.
"""

import re
from functools import cache

from cassette_cli.rules.credentials import MASK, mask_url
from cassette_cli.rules.providers import SECRETS
from cassette_cli.rules.secrets import Searcher, needles
from cassette_cli.source.tree import Json

_NAMED = re.compile(r"(?i:key|pwd|token|secret|passw|passphrase)")  # what is assigned needs such a name
_SHORTEST = 8  # characters of a secret


def masked(text: str) -> str:
    """The text without what has the shape of a secret."""
    end, parts = 0, list[str]()
    for start, stop in spans(text):
        parts += [text[end:start], MASK]
        end = stop
    return "".join([*parts, text[end:]]) if parts else text


def spans(text: str) -> list[tuple[int, int]]:
    """Where in a text something has the shape of a secret: first and behind the last character, in order."""
    found = _secrets(text) if len(text) >= _SHORTEST else []
    if not found:
        return []
    from cassette_cli.rules.placeholders import is_ours

    result: list[tuple[int, int]] = []
    for start, stop in found:
        if (not result or start >= result[-1][1]) and not is_ours(text, start, stop):
            result.append((start, stop))
    return result


def masked_url(url: str) -> str:
    """A URL without what is secret in it by the name of a parameter or by its shape."""
    return masked(mask_url(url))


def masked_value(value: Json) -> Json:
    """A JSON value, keys included, without what has the shape of a secret."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, list):
        return [masked_value(item) for item in value]
    if isinstance(value, dict):
        return {masked(key): masked_value(item) for key, item in value.items()}
    return value


def _secrets(text: str) -> list[tuple[int, int]]:
    numbers = {number for needle, rules in _needles() if needle in text for number in rules}
    if not _NAMED.search(text):
        numbers -= _assigned()
    return sorted((hit.start, hit.end) for number in numbers for hit in _searcher(number).find(text))


@cache
def _searcher(number: int) -> Searcher:
    return Searcher(SECRETS[number : number + 1])


@cache
def _needles() -> list[tuple[str, list[int]]]:
    found: dict[str, list[int]] = {}
    for number, rule in enumerate(SECRETS):
        if rule.default:
            for needle in needles(rule.head):
                found.setdefault(needle, []).append(number)
    return list(found.items())


@cache
def _assigned() -> frozenset[int]:
    """The rules whose head is a name with a value."""
    return frozenset(number for number, rule in enumerate(SECRETS) if set(needles(rule.head)) == {":", "="})

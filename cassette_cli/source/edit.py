"""Edits of a string: what replaces which characters, and the one pass that makes them."""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from cassette_cli.errors import Refused


class Edit(NamedTuple):
    """Replace the characters start..end (half-open) by `text`; an empty range inserts."""

    start: int
    end: int
    text: str


def ordered(edits: Iterable[Edit]) -> list[Edit]:
    """The edits sorted, each once; raises Refused where two overlap or insert at one place."""
    result = sorted(set(edits))
    for one, two in pairwise(result):
        if two.start < one.end or (two.start, two.end) == (one.start, one.end):
            raise Refused(f"two edits touch the same characters ({two.start} to {max(one.end, two.end)})")
    return result


def splice(text: str, edits: Iterable[Edit]) -> str:
    """`text` with the edits made in one forward pass; every other character stays."""
    out: list[str] = []
    position = 0
    for start, end, new in ordered(edits):
        out += text[position:start], new
        position = end
    return "".join([*out, text[position:]])

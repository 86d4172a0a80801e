"""A change of a text dealt out over the pieces that make it up, as a stream's deltas do.

What the change does not touch keeps its piece; new words go to the pieces that held the old ones, in
proportion, cut between words where that is near, and never inside what is read as one character.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from unicodedata import category

from cassette_cli.source.edit import Edit

_WORD = re.compile(r"\s*[^\s]+|\s+")
_JOINER = "\u200d"
_MODIFIERS = "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"  # of skin


def change_of(old: str, new: str) -> Edit:
    """The one edit that makes `new` of `old`, without what both begin and end with."""
    most = min(len(old), len(new))
    start = next((place for place in range(most) if old[place] != new[place]), most)
    while start and not (is_boundary(old, start) and is_boundary(new, start)):
        start -= 1
    room = most - start
    tail = next((place for place in range(room) if old[-1 - place] != new[-1 - place]), room)
    while tail and not (is_boundary(old, len(old) - tail) and is_boundary(new, len(new) - tail)):
        tail -= 1
    gone, come = old[start : len(old) - tail], new[start : len(new) - tail]
    moving = "" if gone and come else gone or come
    while start and old[start - 1].isspace() and moving.endswith(old[start - 1]):
        start, tail = start - 1, tail + 1  # a word goes or comes with the blank before it
        moving = moving[-1] + moving[:-1]
    return Edit(start, len(old) - tail, new[start : len(new) - tail])


def is_boundary(text: str, place: int) -> bool:
    """Whether a text can be cut there: not inside a surrogate pair, an emoji or a letter with its marks."""
    if not 0 < place < len(text):
        return True
    before, behind = text[place - 1], text[place]
    if behind < "\x7f":
        return not (before == "\r" and behind == "\n")
    if before == _JOINER or behind == _JOINER or behind in _MODIFIERS:
        return False
    if "\ud800" <= before <= "\udbff" and "\udc00" <= behind <= "\udfff":
        return False
    if _is_flag(before) and _is_flag(behind):
        run = next((back for back in range(place) if not _is_flag(text[place - 1 - back])), place)
        return run % 2 == 0
    return not category(behind).startswith("M")


def _is_flag(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def dealt(pieces: Sequence[str], edits: Sequence[Edit]) -> list[list[Edit]]:
    """What each piece must change so that together they read with the edits made."""
    result: list[list[Edit]] = [[] for _ in pieces]
    starts = [0, *accumulate(map(len, pieces))]
    for edit in edits:
        taking = [
            (number, max(edit.start, starts[number]), min(edit.end, starts[number + 1]))
            for number in range(len(pieces))
            if max(edit.start, starts[number]) < min(edit.end, starts[number + 1])
        ]
        if not taking:
            number = _piece_at(starts, edit.start)
            taking = [(number, edit.start, edit.start)]
        shares = _shares(edit.text, [last - first for _, first, last in taking])
        for (number, first, last), share in zip(taking, shares, strict=True):
            result[number].append(Edit(first - starts[number], last - starts[number], share))
    return result


def _piece_at(starts: list[int], place: int) -> int:
    """The piece that an insertion goes to: the one that ends there, else the one that begins there."""
    last = len(starts) - 2
    ending = next((number for number in range(last, -1, -1) if starts[number] < place), None)
    return next((n for n in range(last + 1) if starts[n + 1] > place), 0) if ending is None else ending


def _shares(text: str, sizes: list[int]) -> Iterator[str]:
    """The text in as many parts, about in proportion to the sizes."""
    total, begun = sum(sizes) or 1, 0
    words = [match.end() for match in _WORD.finditer(text)]
    for share in list(accumulate(sizes))[:-1]:
        wanted = max(begun, round(share / total * len(text)))
        room = max(4, len(text) * max(sizes) // total)
        near = min(words, key=lambda end, at=wanted: abs(end - at), default=wanted)  # type: ignore[misc]
        cut = near if begun <= near and abs(near - wanted) <= room else wanted
        while not is_boundary(text, cut):
            cut += 1
        yield text[begun:cut]
        begun = cut
    yield text[begun:]

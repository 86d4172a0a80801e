"""Ways to break a healthy cassette, a module a family: each breaks what one rule finds, at a known line."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from cassette_cli.model import Cassette
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.text import Change, rewrite


class Broken(NamedTuple):
    """A cassette's new text, and the first and last line (1-based) at which the break must be found."""

    text: str
    first: int
    last: int


class Mutation(NamedTuple):
    """One way to break a cassette so that one rule finds it; None where there is nothing to break."""

    rule: str
    name: str
    make: Callable[[Cassette, Random], Broken | None]


def broken(cassette: Cassette, changes: list[Change], offset: int) -> Broken:
    """The cassette with these changes, to be found at the line where the old `offset` stands then."""
    document = cassette.document
    edits = rewrite(changes)[document]
    text = splice(document.text, edits)
    grown = sum(len(edit.text) - (edit.end - edit.start) for edit in edits if edit.end <= offset)
    line = text.count("\n", 0, offset + grown) + 1
    return Broken(text, line, line)


def cut_out(cassette: Cassette, start: int, end: int, new: str = "") -> str:
    """The file's text with one stretch of it replaced, whatever that does to its grammar."""
    return splice(cassette.document.text, [Edit(start, end, new)])

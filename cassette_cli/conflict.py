"""A file that git left with conflict markers: the two sides of it, and how the markers are written.

git's markers stand on lines of their own, as long as each other: `<<<<<<<`, in diff3's style `|||||||`
and the base, `=======`, `>>>>>>>`. A base that was itself merged can hold longer ones, which are just
text here. It knows no file format.
https://git-scm.com/docs/git-merge#_how_conflicts_are_presented
"""

import re
from typing import NamedTuple

_OPEN = re.compile(r"^(<{7,})(?: .*)?\r?$", re.MULTILINE)


class Marks(NamedTuple):
    """How a conflict is marked: the length of the markers, and what the sides are called."""

    size: int = 7
    ours: str = "ours"
    theirs: str = "theirs"
    base: str | None = None  # where the style is diff3's

    def write(self, ours: str, theirs: str, base: str, end: str) -> str:
        """The region of two sides that differ; each is whole lines, `end` is what ends a line."""
        before = "" if self.base is None else f"{'|' * self.size} {self.base}{end}{base}"
        return (
            f"{'<' * self.size} {self.ours}{end}{ours}{before}"
            f"{'=' * self.size}{end}{theirs}{'>' * self.size} {self.theirs}{end}"
        )


MARKS = Marks()


def ours_and_theirs(text: str) -> tuple[str, str] | None:
    """The text as each side has it; None without markers, or where they are not as git writes them."""
    if (first := _OPEN.search(text)) is None:
        return None
    marks = {char: re.compile(rf"{re.escape(char * len(first[1]))}(?: .*)?\r?\n?") for char in "<|=>"}
    marks["="] = re.compile(rf"={{{len(first[1])}}}\r?\n?")
    sides: tuple[list[str], list[str]] = ([], [])
    into: tuple[list[str], ...] = sides  # where a line belongs
    state = ">"  # the marker above
    for line in re.findall(r"[^\n]*\n|[^\n]+", text):
        mark = line[0] if line[0] in marks and marks[line[0]].fullmatch(line) else ""
        if mark and (state + mark) in _STEPS:
            state, into = mark, tuple(sides[side] for side in _STEPS[state + mark])
        elif mark in ("<", ">") and state != "|":
            return None
        else:
            for side in into:
                side.append(line)
    return ("".join(sides[0]), "".join(sides[1])) if state == ">" else None


_STEPS = {
    "><": (0,),
    "<|": (),
    "<=": (1,),
    "|=": (1,),
    "=>": (0, 1),
}  # from a marker to one: whose lines follow

"""What a test may call a cassette, as far as its text tells: literal pieces with anything between them.

A `Shape` is a string of which parts are unknown; an expression has several where it may be one of
several things. Nothing here runs a test or looks at a disk.
"""

import re
from collections.abc import Iterable
from functools import cache
from itertools import product
from typing import NamedTuple

Piece = str | None  # None stands for any text, slashes too
Shape = tuple[Piece, ...]

ANY: Shape = (None,)
TEMPORARY: Shape = ("/\0temporary",)  # a folder that a test makes: no cassette that is kept stands in it
_MOST = 50_000  # alternatives of one expression; more are as good as anything


class Source(NamedTuple):
    """A test file: its absolute path with `/`, and its text, None where it cannot be read as text."""

    path: str
    text: str | None

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


class Claim(NamedTuple):
    """A test names a file of this shape, or, if it is not `sure`, could do so."""

    shape: Shape
    source: str
    line: int
    how: str
    sure: bool = True


class Names(NamedTuple):
    """What the tests of one language say: their claims, and every text in them with its place."""

    claims: list[Claim]
    strings: dict[str, tuple[str, int]]
    recorders: bool  # whether any test uses a recorder at all


def joined(*parts: Iterable[Shape]) -> list[Shape]:
    """Every way to put one of each part's shapes behind one another."""
    options = [list(part) for part in parts]
    count = 1
    for option in options:
        count *= len(option)
    if count > _MOST:
        options = [option if len(option) == 1 else [ANY] for option in options]
    return unique(merged(piece for shape in choice for piece in shape) for choice in product(*options))


def merged(pieces: Iterable[Piece]) -> Shape:
    """The shape with neighbouring texts, and neighbouring unknowns, made one."""
    found: list[Piece] = []
    for piece in pieces:
        last = found[-1] if found else ""
        if piece is None and found and last is None:
            continue
        if piece is not None and found and last is not None:
            found[-1] = last + piece
        elif piece != "":
            found.append(piece)
    return tuple(found)


def unique(shapes: Iterable[Shape]) -> list[Shape]:
    found = list(dict.fromkeys(shapes))
    return found if len(found) <= _MOST else [ANY]


def is_literal(shape: Shape) -> bool:
    return None not in shape


def literal(shape: Shape) -> str | None:
    """The text of a shape of which all is known."""
    return "".join(piece or "" for piece in shape) if is_literal(shape) else None


def below(folder: str | None, shape: Shape) -> Shape:
    """The shape as a path: relative ones in the folder, of which None says that nobody knows it.

    `.` and `..` are taken out; what they do to a folder that is not known is not known either.
    """
    first = shape[0] if shape else None
    if not (first and first.startswith("/")) and not (first is None and shape):
        shape = merged((folder, "/", *shape))
    elif first is None:
        shape = merged(shape)
    steps: list[Shape] = []
    for step in _steps(shape):
        if step == ("..",):
            if steps and steps[-1] not in (ANY, ()):
                steps.pop() if None not in steps[-1] else steps.__setitem__(-1, ANY)
        elif step not in ((".",), ()) or not steps:
            steps.append(step)
    return merged(piece for number, step in enumerate(steps) for piece in (("/",) * (number > 0) + step))


def _steps(shape: Shape) -> list[Shape]:
    """What stands between the slashes."""
    steps: list[list[Piece]] = [[]]
    for piece in shape:
        if piece is None:
            steps[-1].append(None)
            continue
        first, *others = piece.split("/")
        steps[-1] += [first] if first else []
        steps += [[other] if other else [] for other in others]
    return [tuple(step) for step in steps]


def claim(folder: str | None, shape: Shape, source: str, line: int, how: str, *, sure: bool = True) -> Claim:
    """The claim on a path in a folder, None for one that nobody knows; what is computed is not sure."""
    return Claim(below(folder, shape), source, line, how, sure and is_literal(shape))


def is_named(shape: Shape) -> bool:
    """Whether only the folder above is unknown: the shape names a file, wherever that may stand."""
    return is_literal(shape) or (len(shape) == 2 and shape[0] is None and (shape[1] or "").startswith("/"))


SUFFIX = r"(?:\.ya?ml|\.json|\.toml)?(?:\.gz|\.zz)?"
_SUFFIX = re.compile(rf"{SUFFIX}\Z")


def stem(path: str) -> str:
    """The last step of a path without the suffixes that recorders add."""
    return _SUFFIX.sub("", path.rpartition("/")[2], count=1)


def matches(shape: Shape, path: str) -> bool:
    """Whether a path may be of this shape; a recorder may have added its suffix."""
    first = shape[0] if shape else ""
    if first is not None and not path.startswith(first):
        return False
    if is_named(shape):
        text = shape[-1] or "" if shape else ""
        start = path.rfind(text)
        return start >= 0 and (first is None or not start) and bool(_TAIL.fullmatch(path, start + len(text)))
    return bool(_pattern(shape).fullmatch(path))


_TAIL = re.compile(SUFFIX)


@cache
def _pattern(shape: Shape) -> re.Pattern[str]:
    body = "".join(".*" if piece is None else re.escape(piece) for piece in shape)
    body = body.replace("/.*/", "/(?:.*/)?")  # a step that is not known may be none, or `.`
    return re.compile(f"{body}{SUFFIX}", re.DOTALL)

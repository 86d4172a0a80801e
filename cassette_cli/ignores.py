"""Comments that accept a finding where it stands: `# cassette: ignore[rule, rule]`.

At the end of a line, or alone on the line above, it holds for whatever begins on that line: a key with its
value, a block scalar by its header, an interaction by its dash. Only YAML has comments. Knows no rule: the
words in the brackets are held against what a finding goes by.
"""

import re
from bisect import bisect_right
from typing import NamedTuple

from cassette_cli.fields import scalar_at
from cassette_cli.model import Cassette
from cassette_cli.source.style import BLOCKS
from cassette_cli.source.tree import Mapping, Node, Sequence

_COMMENT = re.compile(
    r"(?:^|(?<=[ \t]))#[ \t]*cassette:[ \t]*ignore\b(?:\[([^\]\r\n]*)\])?[^\r\n]*", re.MULTILINE
)
_NOTHING = re.compile(r"(?:[ \t]*(?:#[^\r\n]*)?(?:\r\n|\n|\Z))*?(?=[ \t]*[^ \t\r\n#])")


class Ignore(NamedTuple):
    """One comment: the words in it, where it stands, and the characters of the file that it holds for."""

    words: tuple[str, ...]
    at: int
    start: int
    end: int

    def covers(self, names: tuple[str, ...], offset: int) -> bool:
        return self.start <= offset < max(self.end, self.start + 1) and any(
            one in self.words for one in names
        )


def ignores(cassette: Cassette) -> tuple[Ignore, ...]:
    """The comments of a file, in order; one that stands before nothing holds for nothing."""
    text = cassette.document.text
    if "ignore" not in text or text.lstrip()[:1] in ("{", "["):
        return ()
    found = [match for match in _COMMENT.finditer(text) if _is_comment(cassette, match.start())]
    begun = _begun(cassette, [_line(text, match) for match in found])
    return tuple(_ignore(match, begun[place]) for place, match in enumerate(found))


def _is_comment(cassette: Cassette, offset: int) -> bool:
    """Whether an offset is in no scalar, or in the header of a block scalar."""
    node = scalar_at(cassette, offset)
    if node is None:
        return True
    header = node.content_start
    return node.style in BLOCKS and header < offset and "\n" not in cassette.document.text[header:offset]


def _ignore(match: re.Match[str], begun: list[tuple[int, int]]) -> Ignore:
    words = tuple(word.strip() for word in (match[1] or "").split(",") if word.strip())
    start = min((start for start, _ in begun), default=match.start())
    return Ignore(words, match.start(), start, max((end for _, end in begun), default=start))


def _line(text: str, match: re.Match[str]) -> range:
    """The characters of the line that a comment is for."""
    begin = text.rfind("\n", 0, match.start()) + 1
    if not text[begin : match.start()].strip():  # alone: it is for the next line
        following = _NOTHING.match(text, match.end())
        begin = following.end() if following else len(text)
    end = text.find("\n", begin)
    return range(begin, end if end >= 0 else len(text))


def _begun(cassette: Cassette, lines: list[range]) -> list[list[tuple[int, int]]]:
    """For each line the stretches of the keys and list entries that begin on it."""
    order = sorted(range(len(lines)), key=lambda place: lines[place].start)
    starts = [lines[place].start for place in order]
    found: list[list[tuple[int, int]]] = [[] for _ in lines]

    def add(start: int, end: int) -> None:
        last = bisect_right(starts, start)
        while last > 0 and start in lines[order[last - 1]]:
            found[order[last - 1]].append((start, end))
            last -= 1

    stack: list[Node] = list(cassette.roots) if lines else []
    while stack:
        node = stack.pop()
        if isinstance(node, Mapping):
            for key, value in node.items:
                add(key.start, max(key.end, value.end))
                stack.append(value)
        elif isinstance(node, Sequence):
            for item in node.items:
                add(item.start, item.end)
                stack.append(item)
    return found

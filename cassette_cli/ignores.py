"""Comments that accept a finding where it stands: `# cassette: ignore[rule, rule]`.

At the end of a line, or alone on the line above, it holds for whatever begins on that line: a key with its
value, a block scalar by its header, an interaction by its dash. Only YAML has comments. Knows no rule: the
words in the brackets are held against what a finding goes by.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

from cassette_cli.fields import scalars
from cassette_cli.model import Cassette
from cassette_cli.source.style import BLOCKS
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Mapping, Node, Sequence

_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#[ \t]*cassette:[ \t]*ignore\[([^\]\r\n]*)\][^\r\n]*", re.MULTILINE)
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
    if "ignore[" not in text or text.lstrip()[:1] in ("{", "["):
        return ()
    found = [match for match in _COMMENT.finditer(text) if _is_comment(cassette, match.start())]
    return tuple(_ignore(cassette, match) for match in found)


def _is_comment(cassette: Cassette, offset: int) -> bool:
    """Whether an offset is in no scalar, or in the header of a block scalar."""
    spans = sorted(
        ((node.start, node) for root in cassette.roots for node in scalars(root)), key=lambda pair: pair[0]
    )
    place = bisect_right(spans, offset, key=lambda pair: pair[0]) - 1
    if place < 0 or spans[place][1].end <= offset:
        return True
    node = spans[place][1]
    header = node.content_start
    return node.style in BLOCKS and header < offset and "\n" not in cassette.document.text[header:offset]


def _ignore(cassette: Cassette, match: re.Match[str]) -> Ignore:
    text = cassette.document.text
    words = tuple(word.strip() for word in match[1].split(",") if word.strip())
    begin = text.rfind("\n", 0, match.start()) + 1
    if not text[begin : match.start()].strip():  # alone: it is for the next line
        following = _NOTHING.match(text, match.end())
        begin = following.end() if following else len(text)
    end = text.find("\n", begin)
    line = range(begin, end if end >= 0 else len(text))
    starts, ends = [match.start()], [match.start()]
    for root in cassette.roots:
        for start, stop in _begun(root, line):
            starts.append(start)
            ends.append(stop)
    if len(starts) == 1:
        return Ignore(words, match.start(), match.start(), match.start())
    return Ignore(words, match.start(), min(starts[1:]), max(ends[1:]))


def _begun(root: Node, line: range) -> Iterator[tuple[int, int]]:
    """The stretches of the keys and list entries that begin on a line."""
    stack: list[Node] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, Text) or node.end <= line.start or node.start >= line.stop:
            continue
        if isinstance(node, Mapping):
            for key, value in node.items:
                if key.start in line:
                    yield key.start, max(key.end, value.end)
                stack.append(value)
        elif isinstance(node, Sequence):
            for item in node.items:
                if item.start in line:
                    yield item.start, item.end
                stack.append(item)

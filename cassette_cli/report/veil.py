"""A text with stretches of it masked: what may be seen of a line in which a secret stands."""

import re
from bisect import bisect_right
from collections.abc import Iterable

from cassette_cli.rules.credentials import MASK


class Veil:
    """A text in which some ranges must not be seen."""

    def __init__(self, text: str, hidden: Iterable[tuple[int, int]]) -> None:
        self.text = text
        self.ranges: list[tuple[int, int]] = []
        for start, end in sorted(hidden):
            if self.ranges and start <= self.ranges[-1][1]:
                self.ranges[-1] = self.ranges[-1][0], max(end, self.ranges[-1][1])
            elif start < end:
                self.ranges.append((start, end))

    def over(self, start: int, end: int) -> str:
        """What may be seen of the characters start..end: its lines are as many."""
        out: list[str] = []
        place = max(bisect_right(self.ranges, (start, start)) - 1, 0)
        while place < len(self.ranges) and self.ranges[place][0] < end:
            first, last = self.ranges[place]
            first, last = max(first, start), min(last, end)
            if first < last:
                out += self.text[start:first], _VEILED.sub(MASK, self.text[first:last])
                start = last
            place += 1
        return "".join([*out, self.text[start:end]])

    def around(self, offset: int) -> tuple[int, int] | None:
        """The masked stretch that a character is in; None if it can be seen."""
        place = bisect_right(self.ranges, offset, key=lambda pair: pair[0]) - 1
        return self.ranges[place] if place >= 0 and offset < self.ranges[place][1] else None


_VEILED = re.compile(r"[^\r\n]+")  # the ends of lines stay, those of CRLF too

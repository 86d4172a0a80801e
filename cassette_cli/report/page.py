"""`cassette show --format html`: cassettes as one page that needs nothing else, for any screen and for paper.

The page holds no script and asks for nothing, which its policy makes a browser keep to. What is written waits
in a temporary file, because the index stands before it: a suite is never in memory as a whole.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Sequence
from hashlib import sha256
from html import escape
from tempfile import TemporaryFile
from typing import NamedTuple, Self

from cassette_cli.errors import CassetteError
from cassette_cli.model import Cassette
from cassette_cli.report import words
from cassette_cli.report.blocks import View
from cassette_cli.report.figures import Tokens, sum_tokens
from cassette_cli.report.html import Pen
from cassette_cli.report.stylesheet import CSS
from cassette_cli.report.summary import notes
from cassette_cli.report.teller import Teller, cassette_facts
from cassette_cli.selection import Reading

LARGEST = 20_000_000  # bytes of a page, unless all is asked for


class _Entry(NamedTuple):
    """A cassette in the index, and where its interactions stand in what is held."""

    name: str
    facts: str
    notes: str
    links: list[str]
    start: int
    end: int


class Page:
    """Takes cassettes one by one; `write` gives the page out. Use as a context: it holds a file."""

    def __init__(self, view: View) -> None:
        self._view = view._replace(headers=True)
        self._held = TemporaryFile()  # noqa: SIM115
        self._entries: list[_Entry] = []
        self._left = 0
        self._tokens = Tokens()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def add(self, cassette: Cassette, readings: list[Reading]) -> None:
        """Hold a cassette; what the page has no room for is counted."""
        file, links, start = f"file-{len(self._entries)}", list[str](), self._held.tell()
        pen, teller = Pen(self._view, file), Teller(self._view._replace(full=True))
        for reading in readings:
            if not self._view.full and self._held.tell() > LARGEST:
                self._left += 1
                continue
            head = teller.head(reading)
            links.append(pen.link(head, cut=reading.is_cut))
            for piece in pen.article(head, list(teller.tell(reading)), cut=reading.is_cut):
                self._held.write(piece.encode())
        more = sum_tokens(reading.exchange for reading in readings)
        self._tokens = Tokens(self._tokens.read + more.read, self._tokens.written + more.written)
        facts = pen.text(cassette_facts(cassette, readings))
        name = pen.name(cassette.document.name)
        self._entries.append(_Entry(name, facts, notes(readings), links, start, self._held.tell()))

    def write(self, out: Callable[[str], None], errors: Sequence[CassetteError] = ()) -> None:
        """Give the page out in pieces, with what could not be read."""
        alone = self._entries[0] if len(self._entries) == 1 else None
        title = alone.name if alone else words.amount(len(self._entries), "cassette")
        out(_head(re.sub(r"<.*?>", "", title)))
        facts = alone.facts if alone else self._facts()
        out(f"<header><h1>{title}</h1>\n<p class=facts>{facts}</p></header>\n")
        for error in errors:
            out(f"<p class=problem>{escape(words.visible(str(error)))}</p>\n")
        if self._left:
            left = words.amount(self._left, "interaction")
            out(f"<p class=problem>{left} left out, the page is full: give fewer files, or --full</p>\n")
        if len(self._entries) > 1 or (alone and len(alone.links) > 1):
            out("<nav aria-label=Index>\n<ol>\n")
            out("\n".join(alone.links if alone else map(_row, range(len(self._entries)), self._entries)))
            out("\n</ol>\n</nav>\n")
        out("<main>\n")
        for place, entry in enumerate(self._entries):
            out(f'<section id="file-{place}">\n')
            heading = f'<a href="#file-{place}">{entry.name}</a></h2>\n<p class=facts>{entry.facts}</p>\n'
            out("<h2 class=unseen>Interactions</h2>\n" if alone else f"<h2>{heading}")
            self._held.seek(entry.start)
            out(self._held.read(entry.end - entry.start).decode())
            out("</section>\n")
        out("</main>\n</body>\n</html>\n")

    def _facts(self) -> str:
        shown = sum(len(entry.links) for entry in self._entries)
        return " · ".join(filter(None, [words.amount(shown, "interaction"), str(self._tokens)]))


def _head(title: str) -> str:
    policy = f"default-src 'none'; style-src 'sha256-{b64encode(sha256(CSS.encode()).digest()).decode()}'"
    return f"""<!DOCTYPE html>
<html lang=en>
<head>
<meta charset=utf-8>
<meta http-equiv=Content-Security-Policy content="{policy}; base-uri 'none'; form-action 'none'">
<meta name=viewport content="width=device-width, initial-scale=1">
<meta name=color-scheme content="light dark">
<meta name=referrer content=no-referrer>
<title>{title}</title>
<style>{CSS}</style>
</head>
<body>
"""


def _row(place: int, entry: _Entry) -> str:
    """A cassette in the index, with its interactions under a fold."""
    told = f" <b class=bad>{entry.notes}</b>" if entry.notes else ""
    line = f'<a href="#file-{place}">{entry.name}</a>{told}'
    links = "\n".join(entry.links)
    fold = f"<details><summary>{entry.facts}</summary>\n<ol>\n{links}\n</ol></details>"
    return f"<li>{line}\n{fold if entry.links else f'<p class=facts>{entry.facts}</p>'}</li>"

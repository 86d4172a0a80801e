"""`cassette grep`: the lines that match, as ripgrep prints them, and as `cassette.grep/1`.

On a terminal a file is a heading, and a long line is cut around its match. In a pipe every line stands
whole behind `path:line:`, and behind `path-line-` if it is context.
"""

from collections.abc import Iterator
from typing import NamedTuple

from cassette_cli.errors import CassetteError
from cassette_cli.grep import Hit
from cassette_cli.report import machine, words
from cassette_cli.report.terminal import Screen, width_of
from cassette_cli.report.terminal import Span as Styled
from cassette_cli.rules.credentials import Span


class View(NamedTuple):
    """What the options ask to see of the hits."""

    only_matching: bool = False
    full: bool = False
    named: bool = True  # with the names of files


class Writer:
    """Writes the hits of one file after another."""

    def __init__(self, screen: Screen, view: View) -> None:
        self.screen = screen
        self.view = view
        self._files = 0
        self._end: tuple[str, int, str, int] | None = None  # file, interaction, passage, line told last
        self._chunk = False  # whether there were lines around what was told last

    def file(self, hits: list[Hit]) -> None:
        if self.screen.is_terminal:
            if self._files:
                self.screen.line()
            if self.view.named:
                self.screen.line(Styled(words.one_line(hits[0].path), "path"))
        self._files += 1
        self._end = None if self.screen.is_terminal else self._end
        for hit, following in zip(hits, [*hits[1:], None], strict=True):
            self._hit(hit, following)

    def _hit(self, hit: Hit, following: Hit | None) -> None:
        own = (hit.path, hit.interaction, hit.where)
        told = self._end[3] if self._end and self._end[:3] == own else -1
        before = [
            line for number, line in enumerate(hit.before, hit.number - len(hit.before)) if number > told
        ]
        joins = told >= 0 and hit.number - len(before) == told + 1
        if self._end and not joins and (self._chunk or before or hit.after):
            self.screen.line(Styled("--", "dim"))
        for line in before:
            self._line(hit, line.line, line.text, [], "-")
        if self.view.only_matching:
            for start, end in hit.matches:
                if start < end:
                    self._line(hit, hit.line, hit.text[start:end], [(0, end - start)], ":", named=False)
        else:
            self._line(hit, hit.line, hit.text, hit.matches, ":")
        same = following is not None and (following.path, following.interaction, following.where) == own
        until = following.number if same and following else None
        after = hit.after if until is None else hit.after[: until - hit.number - 1]
        for line in after:
            self._line(hit, line.line, line.text, [], "-")
        self._end = (*own, hit.number + len(after))
        self._chunk = bool(before or after or (joins and self._chunk))

    def _line(
        self, hit: Hit, line: int, text: str, matches: list[Span], mark: str, *, named: bool = True
    ) -> None:
        """One line; `mark` says whether it matches (`:`) or stands around one that does (`-`)."""
        name = f"{words.one_line(hit.path)}{mark}" if self.view.named else ""
        place = f"{line}" if self.screen.is_terminal else f"{name}{line}{mark}"
        lead = len(hit.name) + 2 if hit.name and named and mark == ":" else 0
        spans = [
            Styled(f"{place:>6}  " if self.screen.is_terminal else f"{place} ", "dim"),
            Styled(f"#{hit.interaction} ", "accent"),
            *_where(hit, [span for span in matches if span[0] < lead]),
            Styled(f"{f' ×{hit.repeats + 1}' if hit.repeats and mark == ':' else ''}{mark} ", "dim"),
        ]
        rest = [(max(one - lead, 0), two - lead) for one, two in matches if two > lead or one == two]
        room = None
        if self.screen.width and not self.view.full:
            room = max(self.screen.width - sum(width_of(span.text) for span in spans), 20)
        self.screen.line(*spans, *_marked(*_window(text[lead:], rest, room)))


def _where(hit: Hit, matches: list[Span]) -> Iterator[Styled]:
    """The path of a passage; what matches in its name, which is a step of the path, is marked there."""
    place = hit.where.rfind(hit.name) if hit.name and matches else -1
    if place < 0:
        yield Styled(words.one_line(hit.where), "role")
        return
    yield Styled(words.one_line(hit.where[:place]), "role")
    inside = [(one, min(two, len(hit.name))) for one, two in matches]
    yield from _marked(hit.name, inside, "role")
    yield Styled(words.one_line(hit.where[place + len(hit.name) :]), "role")


def _marked(text: str, matches: list[Span], style: str = "") -> Iterator[Styled]:
    position = 0
    for start, end in matches:
        if start >= position:
            yield Styled(words.one_line(text[position:start]), style)
            yield Styled(words.one_line(text[start:end]), "bad")
            position = end
    yield Styled(words.one_line(text[position:]), style)


def _window(text: str, matches: list[Span], room: int | None) -> tuple[str, list[Span]]:
    """As much of a text as there is room for, around its first match, and where the matches are in it."""
    if room is None or width_of(text) <= room:
        return text, matches
    first = matches[0][0] if matches else 0
    start = 0 if first < room * 2 // 3 else min(first - room // 3, max(len(text) - room + 1, 0))
    begin, end = ("…" if start else ""), "…"
    shown = text[start:]
    while width_of(shown[: room * 2]) > room - len(begin) - len(end):
        excess = width_of(shown[: room * 2]) - (room - len(begin) - len(end))
        shown = shown[: min(len(shown), room * 2) - max(excess // 2, 1)]
    whole = start + len(shown) == len(text)
    moved = [
        (max(one - start, 0) + len(begin), min(two - start, len(shown)) + len(begin))
        for one, two in matches
        if two > start and one - start < len(shown)
    ]
    return f"{begin}{shown}{'' if whole else end}", moved


def document(hits: list[Hit], files: int, errors: list[CassetteError]) -> machine.Document:
    """A `cassette.grep/1` document."""
    return {
        "schema": "cassette.grep/1",
        "files": files,
        "hits": [_hit(hit) for hit in hits],
        "errors": [machine.error(error) for error in errors],
    }


def _hit(hit: Hit) -> machine.Document:
    return {
        "path": hit.path,
        "line": hit.line,
        "column": hit.column,
        "interaction": hit.interaction,
        "where": hit.where,
        "text": hit.text,
        "matches": [{"start": start, "end": end, "text": hit.text[start:end]} for start, end in hit.matches],
        "before": [{"line": line, "text": text} for line, text in hit.before],
        "after": [{"line": line, "text": text} for line, text in hit.after],
        "repeats": hit.repeats,
    }

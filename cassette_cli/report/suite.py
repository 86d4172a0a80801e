"""`cassette stats`: a suite in figures, with bars beside them, and as `cassette.stats/1`.

The bars show interactions, each section to its own scale. Where the output cannot hold block characters
they are drawn in ASCII.
"""

from collections.abc import Iterable, Sequence

from cassette_cli.errors import CassetteError
from cassette_cli.report import machine, words
from cassette_cli.report.terminal import Screen, Span, width_of
from cassette_cli.stats import By, Call, Group, Stats

_LABEL = 12
_WIDEST = 100  # columns: on a wider screen, figures do not wander off from their names
_FEW = 5  # of each that is told, unless someone says how many
_PLURALS = {
    By.RECORDER: "recorders", By.DIALECT: "dialects", By.MODEL: "models", By.HOST: "hosts",
    By.STATUS: "statuses",
}  # fmt: skip
_COLUMNS = (("interactions", 6), ("files", 5), ("in", 5), ("out", 5), ("bodies", 6))
_BLOCKS = " ▏▎▍▌▋▊▉█"
_SIZES = (("under 1 kB", 1e3), ("1 to 10 kB", 1e4), ("10 to 100 kB", 1e5), ("0.1 to 1 MB", 1e6))

Cells = tuple[str, ...]


class Suite:
    """Writes a suite's figures to a screen."""

    def __init__(self, screen: Screen, stats: Stats, top: int | None) -> None:
        self.screen = screen
        self.stats = stats
        self.top = top
        self.width = min(screen.width or _WIDEST, _WIDEST)
        self.blocks = _BLOCKS if _can_draw(screen) else " #"

    def overview(self) -> None:
        """Everything, the first few of each."""
        self._title()
        most = self.top or _FEW
        named = [
            (by, groups)
            for by, groups in self.stats.groups.items()
            if any(one.name is not None for one in groups)
        ]
        names = [_name(by, one) for by, groups in named for one in groups[:most]]
        frame = _Frame(self.width, _LABEL, [*names, *(name for name, _ in _SIZES)], _COLUMNS[:4])
        if named:
            self.screen.line()
            self.screen.line(Span(frame.head(""), "dim"))
        for place, (by, groups) in enumerate(named):
            if place:
                self.screen.line()
            self._groups(frame, _PLURALS[by], by, groups[:most], len(groups))
        self._sizes(frame)
        self._records(most)

    def table(self, by: By) -> None:
        """One line for each name of a kind, with all its figures."""
        self._title()
        groups = self.stats.groups[by]
        frame = _Frame(self.width, 0, [_name(by, one) for one in groups[: self.top]], _COLUMNS)
        if groups:
            self.screen.line()
            self.screen.line(Span(frame.head(by), "dim"))
            self._groups(frame, "", by, groups[: self.top], len(groups))

    def _title(self) -> None:
        total, cut = self.stats.total, self.stats.cut
        facts = [words.amount(total.files, "cassette"), words.amount(total.interactions, "interaction")]
        facts += [str(total.tokens), words.size(self.stats.bytes)]
        line = " · ".join(fact for fact in facts if fact)
        self.screen.line(
            Span(line, "title"), Span(f" · {words.amount(cut, 'stream')} cut" if cut else "", "bad")
        )

    def _groups(self, frame: "_Frame", label: str, by: By, groups: list[Group], number: int) -> None:
        largest = max((one.interactions for one in groups), default=0)
        for place, one in enumerate(groups):
            name, (read, written) = _name(by, one), one.tokens
            cells = (
                f"{one.interactions:,}",
                f"{one.files:,}",
                _short(read),
                _short(written),
                words.size(one.body_bytes),
            )
            failed = by is By.STATUS and name[:1] in ("4", "5")
            style = "bad" if failed else "dim" if one.name is None else ""
            bar = self._bar(one.interactions, largest, frame.bar)
            self._row(frame, "" if place else label, Span(name, style), cells, bar)
        if number > len(groups):
            self.screen.line(Span(f"{' ' * frame.label}… {number - len(groups):,} more (--top)", "dim"))

    def _row(self, frame: "_Frame", label: str, name: Span, cells: Cells, bar: str) -> None:
        shown = words.elide(name.text, frame.name, 0.5)
        self.screen.line(
            Span(f"{label:<{frame.label}}", "role"),
            Span(shown + " " * (frame.name - width_of(shown)), name.style),
            Span(frame.figures(cells[:1])),
            Span(frame.figures(cells)[len(frame.figures(cells[:1])) :], "dim"),
            Span(f"  {bar}", "accent"),
        )

    def _sizes(self, frame: "_Frame") -> None:
        counts = [0] * (len(_SIZES) + 1)
        for file in self.stats.files:
            counts[sum(file.bytes >= limit for _, limit in _SIZES)] += 1
        names = [*(name for name, _ in _SIZES), "over 1 MB"]
        rows = [(name, count) for name, count in zip(names, counts, strict=True) if count]
        if rows:
            self.screen.line()
        for place, (name, count) in enumerate(rows):
            bar = self._bar(count, max(counts), frame.bar)
            self._row(frame, "" if place else "sizes", Span(name), ("", f"{count:,}", "", ""), bar)

    def _records(self, most: int) -> None:
        stats = self.stats
        rest = max(len(stats.oldest) - most, 0)  # what is one of the oldest already is not told twice
        sections = {
            "largest": [(words.size(file.bytes), file.path, "") for file in stats.files[:most]],
            "slowest": [
                (words.duration(one.duration_ms or 0), one.path, f"#{one.interaction}")
                for one in stats.slowest[:most]
            ],
            "oldest": [_dated(one) for one in stats.oldest[:most]],
            "newest": [_dated(one) for one in stats.newest[: min(most, rest)]],
        }
        wide = max((len(row[0]) for rows in sections.values() for row in rows), default=0)
        for label, rows in sections.items():
            if rows:
                self.screen.line()
            for place, (figure, path, index) in enumerate(rows):
                name = words.one_line(path)
                if self.screen.width:
                    name = words.elide(name, self.screen.width - _LABEL - wide - len(index) - 4, 1.0)
                head = Span(f"{'' if place else label:<{_LABEL}}", "role")
                self.screen.line(
                    head, f"{figure:>{wide}}  ", Span(name, "path"), Span(f"  {index}", "accent")
                )

    def _bar(self, count: int, largest: int, room: int) -> str:
        """A bar as long as its count is large; what is there at all is seen."""
        steps = len(self.blocks) - 1
        length = max(round(count / (largest or 1) * room * steps), 1 if count else 0)
        whole, rest = divmod(length, steps)
        return self.blocks[-1] * whole + (self.blocks[rest] if rest else "")


class _Frame:
    """How wide each column is: a label, a name, figures, and a bar in what is left."""

    def __init__(self, width: int, label: int, names: list[str], columns: Sequence[tuple[str, int]]) -> None:
        self.label = label
        self.columns = columns
        room = width - label - sum(2 + wide for _, wide in columns) - 2
        self.name = min(max(map(width_of, names), default=0), max(room - 10, 12))
        self.bar = max(min(room - self.name, 30), 4)

    def figures(self, cells: Cells) -> str:
        return "".join(f"  {cell:>{wide}}" for cell, (_, wide) in zip(cells, self.columns, strict=False))

    def head(self, name: str) -> str:
        """The names of the columns; the first may reach over that of the names."""
        first, *rest = (title for title, _ in self.columns)
        end = self.label + self.name + len(self.figures((first[:1],)))
        return f"{name}{first:>{end - len(name)}}" + self.figures(("", *rest))[2 + self.columns[0][1] :]


def _dated(call: Call) -> tuple[str, str, str]:
    return f"{call.recorded_at:%Y-%m-%d}", call.path, f"#{call.interaction}"


def _can_draw(screen: Screen) -> bool:
    try:
        _BLOCKS.encode(getattr(screen.out, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _name(by: By, group: Group) -> str:
    return words.one_line(group.name) if group.name is not None else f"no {by}"


def _short(number: int) -> str:
    """A number of tokens in at most five columns: 852, 6.9k, 232k, 1.1M; nothing for none."""
    amount, unit = float(number), ""
    for unit in ("", "k", "M", "G"):
        if amount < 999.5 or unit == "G":
            break
        amount /= 1000
    return f"{amount:.1f}{unit}" if unit and amount < 9.95 else f"{amount:.0f}{unit}" if number else ""


# -- JSON --------------------------------------------------------------------------------------------


def document(
    stats: Stats, by: By | None, top: int | None, errors: Iterable[CassetteError]
) -> machine.Document:
    """A `cassette.stats/1` document; all kinds of groups, or one."""
    records: machine.Document = {
        "largest": [
            {"path": file.path, "bytes": file.bytes, "interactions": len(file.calls)}
            for file in stats.files[: top or _FEW]
        ],
        "slowest": [_record(one) for one in stats.slowest[: top or _FEW]],
        "oldest": [_record(one) for one in stats.oldest[: top or _FEW]],
        "newest": [_record(one) for one in stats.newest[: top or _FEW]],
    }
    return {
        "schema": "cassette.stats/1",
        **{key: value for key, value in _group(stats.total).items() if key != "name"},
        "bytes": stats.bytes,
        "cut_streams": stats.cut,
        "by": {
            str(kind): [_group(one) for one in groups[:top]]
            for kind, groups in stats.groups.items()
            if by in (None, kind)
        },
        **records,
        "errors": [machine.error(error) for error in errors],
    }


def _group(group: Group) -> machine.Document:
    return {
        "name": group.name,
        "files": group.files,
        "interactions": group.interactions,
        "input_tokens": group.tokens.read,
        "output_tokens": group.tokens.written,
        "body_bytes": group.body_bytes,
    }


def _record(call: Call) -> machine.Document:
    return {
        "path": call.path,
        "interaction": call.interaction,
        "duration_ms": call.duration_ms,
        "recorded_at": call.recorded_at.isoformat() if call.recorded_at else None,
    }

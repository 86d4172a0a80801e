"""Differences of cassettes as people and machines read them: a screen, JSON, a comment on a pull request.

What changed comes first, by interaction: request, reply, the rest; then one line of what was ignored. This
module must not know how interactions are paired, what is noise, or which exit code follows.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cassette_cli.diff import Change, Difference, Kind, Masked, Pairing
from cassette_cli.model import Request
from cassette_cli.report import words
from cassette_cli.report.machine import Document
from cassette_cli.report.terminal import Screen, Span, wrap
from cassette_cli.report.worddiff import Line, Piece, compared, differing, plain
from cassette_cli.rules.credentials import MASK, is_secret_key, mask_header, mask_json
from cassette_cli.rules.masking import masked, masked_url, masked_value
from cassette_cli.rules.noise import NOISE
from cassette_cli.rules.volatile import Absent
from cassette_cli.source.tree import Json

_INDENT, _SIDE, _NAME = 6, 10, 22  # columns
_NARROW, _SHORT = 100, 14  # below so many columns, a name has fewer
_LONGEST = 600  # characters of a value that came or went as a whole, unless all is asked for
_STYLES = {"-": "bad", "+": "good", "": ""}


class View(NamedTuple):
    """What the options of `diff` ask to see."""

    context: int = 1
    full: bool = False
    noise: bool = False
    reveal: bool = False


class Named(NamedTuple):
    """A difference with the names of its two files; None for a file on one side only."""

    old: str | None
    new: str | None
    difference: Difference


# -- JSON ------------------------------------------------------------------------------------------------


def to_json(named: Named, view: View) -> Document:
    """One entry of `pairs` in a `cassette.diff/1` document."""
    return {
        "old": named.old,
        "new": named.new,
        "same": named.difference.same,
        "changes": [_change(change, view) for change in named.difference.changes],
        "ignored": dict(Counter(masked.rule for masked in named.difference.masked)),
        "interactions": [_pairing(pairing, view) for pairing in named.difference.pairings],
    }


def _pairing(pairing: Pairing, view: View) -> Document:
    old, new = pairing.old, pairing.new
    request = _request(pairing)
    url = request.url if request else ""
    return {
        "change": str(pairing.kind),
        "old_index": old.interaction.index if old else None,
        "new_index": new.interaction.index if new else None,
        "method": request.method if request else "",
        "url": url if view.reveal else masked_url(url),
        "changes": [_change(change, view) for change in pairing.changes],
        "ignored": dict(Counter(masked.rule for masked in pairing.masked)),
    }


def _request(pairing: Pairing) -> Request | None:
    """What was asked, last of all."""
    side = pairing.new or pairing.old
    return side.interaction.request if side else None


def _change(change: Change, view: View) -> Document:
    """A change; a side that is not there has no value."""
    values = {"old": change.old, "new": change.new}
    return {"where": _named(change.where, view)} | {
        side: _seen(change.where, value, view)
        for side, value in values.items()
        if not isinstance(value, Absent)
    }


def _seen(where: str, value: Json, view: View) -> Json:
    """A value as it may be printed: without what its name or its shape tells to be secret."""
    if view.reveal:
        return value
    name = re.split(r"[./]", re.sub(r"(?:\[\d+\]|/\d+)$", "", where))[-1]
    if _LISTED.search(where):
        return MASK
    if ".headers." in where and isinstance(value, list):
        return [_seen(where, item, view) for item in value]
    if not isinstance(value, str):
        return masked_value(mask_json(value))
    if ".headers." in where:
        value = mask_header(name, value)
    elif where.endswith(".url"):
        return masked_url(value)
    elif is_secret_key(name) and value:
        return MASK
    return masked(value)


_LISTED = re.compile(
    r"^(?:stored|file)/.*(?i:cookies|queryString|form|params)\b.*/value$"
)  # of what, stands beside it


def _named(where: str, view: View) -> str:
    """A path as it may be printed, where a key is a secret."""
    return where if view.reveal else masked(where)


# -- text ------------------------------------------------------------------------------------------------


class Report:
    """Writes differences to a screen, and counts them."""

    def __init__(self, screen: Screen, view: View, *, titles: bool = True) -> None:
        self.screen = screen
        self.name = _NAME if (screen.width or _NARROW) >= _NARROW else _SHORT
        self.titles = titles  # False where the names of the files stand above already
        self.view = view
        self.changed = self.quiet = self.same = 0
        self.told = False

    def add(self, named: Named) -> None:
        """One pair of files; nothing for one in which nothing changed, unless the noise is asked for."""
        difference = named.difference
        masked = masked_rules(difference)
        if difference.same and not (masked and self.view.noise):
            self.count(difference)
            return
        if self.told:
            self.screen.line()
        self.told = True
        self.count(difference)
        if self.titles:
            self.screen.line(*_title(named))
        if difference.changes or (difference.masked and self.view.noise):
            self.screen.line("  ", Span("around the interactions", "title"))
            self._changes(difference.changes, difference.masked)
        for pairing in difference.pairings:
            self._pairing(pairing)
        if masked:
            self._row(f"ignored: {ignored(masked)}", indent=2)

    def count(self, difference: Difference) -> None:
        """Count a pair of files for the last line."""
        quiet = difference.same and bool(masked_rules(difference))
        self.changed += not difference.same
        self.quiet += quiet
        self.same += difference.same and not quiet

    def end(self, *, failed: bool = False) -> None:
        """The line that says what it comes to."""
        rest = " in what could be read" if failed and not self.changed else ""
        self.screen.line(summary(self.changed, self.quiet, self.same) + rest)

    def _pairing(self, pairing: Pairing) -> None:
        if pairing.kind is Kind.SAME and not (self.view.noise and pairing.masked):
            return
        self.screen.line("  ", *_head(pairing, self.view))
        self._changes(pairing.changes, pairing.masked)

    def _changes(self, changes: tuple[Change, ...], masked: tuple[Masked, ...]) -> None:
        side = ""
        for change in changes:
            own, name = split(_named(change.where, self.view))
            self._change(change, own if own != side else "", name)
            side = own
        for one in masked if self.view.noise else ():
            old, new = (_brief(_seen(one.where, value, self.view)) for value in one[2:])
            self._row(f"{_named(one.where, self.view)}  {one.rule}  {old} → {new}", indent=_INDENT)

    def _row(self, text: str, indent: int) -> None:
        width = self.screen.width and self.screen.width - indent
        for line in wrap(words.visible(text), width, deeper=2):
            self.screen.line(" " * indent, Span(line, "dim"))

    def _change(self, change: Change, side: str, name: str) -> None:
        lines = list(_lines(change, self.view))
        label = words.one_line(name, 60)
        head: list[Span | str] = [" " * _INDENT, Span(f"{side:<{_SIDE}}", "role"), f"{label:<{self.name}}"]
        room = self.screen.width and max(self.screen.width - _INDENT - _SIDE - self.name, 20)
        beside = len(label) < self.name
        if not beside:
            self.screen.line(*head)
        for number, line in enumerate(lines):
            for part, shown in enumerate(_wrapped(line, room, color=self.screen.color)):
                first = number == part == 0 and beside
                self.screen.line(*(head if first else [" " * (_INDENT + _SIDE + self.name)]), *shown)


def brief_line(screen: Screen, named: Named) -> None:
    """A line for a pair of files: how many interactions changed, came, went, moved."""
    kinds = Counter(pairing.kind for pairing in named.difference.pairings)
    told = ", ".join(f"{kinds[kind]} {kind}" for kind in Kind if kinds[kind] and kind is not Kind.SAME)
    if told:
        screen.line(*_title(named), "  ", told)


def _title(named: Named) -> Iterator[Span | str]:
    old, new = named.old, named.new
    if new is None:
        yield Span(words.one_line(old or ""), "path")
        yield "  removed"
    elif old is None:
        yield Span(words.one_line(new), "path")
        yield "  added"
    elif old == new:
        yield Span(words.one_line(new), "path")
    else:
        yield Span(f"{words.one_line(old)} → {words.one_line(new)}", "path")


def _head(pairing: Pairing, view: View) -> Iterator[Span | str]:
    """The number of an interaction on both sides, what became of it, and its request."""
    old, new = pairing.old, pairing.new
    numbers = [f"#{side.interaction.index}" for side in (old, new) if side]
    number = numbers[0] if len(set(numbers)) == 1 else " → ".join(numbers)
    request = _request(pairing)
    yield Span(f"{number:<3} ", "accent")
    if pairing.kind not in (Kind.CHANGED, Kind.SAME):
        yield Span(f"{pairing.kind} ", {Kind.ADDED: "good", Kind.REMOVED: "bad"}.get(pairing.kind, "warn"))
    if request:
        url = request.url if view.reveal else masked_url(request.url)
        yield Span(words.one_line(f"{request.verb} {url}"), "title")


def split(where: str) -> tuple[str, str]:
    """A path in two: which side of the interaction it is about, and the rest."""
    for prefix, side in _SIDES:
        if where.startswith(prefix):
            return side, where.removeprefix(prefix).lstrip("./") or prefix.rstrip("./")
    return "", where


_SIDES = (
    ("request.body/", "request"),
    ("request.", "request"),
    ("reply.", "reply"),
    ("response.body/", "response"),
    ("response.", "response"),
    ("stored/", "stored"),
    ("file/", "file"),
)


def _lines(change: Change, view: View) -> Iterator[Line]:
    """What changed, in lines of pieces."""
    old, new = (
        value if isinstance(value, Absent) else _seen(change.where, value, view)
        for value in (change.old, change.new)
    )
    if isinstance(old, Absent):
        yield from _whole("+", new, view)
    elif isinstance(new, Absent):
        yield from _whole("-", old, view)
    elif old == new:
        yield [Piece("", f"{_brief(old)} (another value)")]
    elif isinstance(old, str) and isinstance(new, str) and (" " in old + new or "\n" in old + new):
        context = max(len(old), len(new)) if view.full else view.context
        yield from compared(old, new, context, full=view.full)
    else:
        yield from _exchanged(old, new, view)


def _exchanged(old: Json, new: Json, view: View) -> Iterator[Line]:
    """One value for another: side by side if they are short."""
    both = isinstance(old, str) and isinstance(new, str)
    short = [_brief(value) if both else words.one_line(words.compact(value), 120) for value in (old, new)]
    if short[0] == short[1]:
        yield [Piece("", f"{short[0]} → {short[1]} (which only look the same)")]
    elif sum(map(len, short)) <= _BESIDE:
        yield [Piece("", f"{short[0]} → {short[1]}")]
    elif isinstance(old, str) and isinstance(new, str) and not view.full:
        yield list(differing(old, new))
    else:
        yield from _whole("-", old, view)
        yield from _whole("+", new, view)


_BESIDE = 60  # characters of two values that stand in one line


def _whole(kind: str, value: Json | Absent, view: View) -> Iterator[Line]:
    """A value that came or went, cut if it is long."""
    text = value if isinstance(value, str) else words.compact(None if isinstance(value, Absent) else value)
    text = words.shrink(text)
    rest = len(text) - _LONGEST if not view.full and len(text) > _LONGEST * 1.2 else 0
    for line in (text[:_LONGEST] if rest else text).split("\n"):
        yield [Piece(kind, line)]
    if rest:
        yield [Piece("", f"… {rest:,} more characters (--full shows them)")]


def _brief(value: Json | Absent) -> str:
    if isinstance(value, Absent):
        return "nothing"
    return words.one_line(value if isinstance(value, str) and value else words.compact(value), 120)


def _wrapped(line: Line, room: int | None, *, color: bool) -> Iterator[list[Span]]:
    """A line of pieces as styled spans, in lines of the screen; with colour, words need no brackets."""
    whole = len(line) == 1 and bool(line[0].kind)
    if color and not whole:
        spans = [Span(words.visible(piece.text), _STYLES[piece.kind]) for piece in line]
    else:
        spans = [Span(words.visible(plain(line)), _STYLES[line[0].kind] if whole else "")]
    text = "".join(span.text for span in spans)
    position = 0
    for part in wrap(text, room) or [""]:
        start = text.find(part, position) if part else position
        start = position if start < 0 else start
        yield list(_slice(spans, start, start + len(part)))
        position = start + len(part)


def _slice(spans: list[Span], start: int, end: int) -> Iterator[Span]:
    position = 0
    for text, style in spans:
        first, last = max(start - position, 0), min(end - position, len(text))
        if first < last:
            yield Span(text[first:last], style)
        position += len(text)


# -- what was ignored ------------------------------------------------------------------------------------


def masked_rules(difference: Difference) -> Counter[str]:
    """How many differences each noise rule let pass."""
    masked = [*difference.masked, *(one for pairing in difference.pairings for one in pairing.masked)]
    return Counter(one.rule for one in masked)


def ignored(counts: Counter[str]) -> str:
    """The counts in words: 14 volatile ids, 3 timestamps."""
    order = {rule.id: place for place, rule in enumerate(NOISE)}
    rules = sorted(counts, key=lambda rule: (-counts[rule], order.get(rule, 0)))
    return ", ".join(words.amount(counts[rule], rule.replace("-", " ")) for rule in rules)


def summary(changed: int, quiet: int, same: int) -> str:
    """What a run comes to, in a line."""
    told = []
    if changed:
        told.append(f"{words.amount(changed, 'cassette')} changed")
    if quiet:
        told.append(f"{words.amount(quiet, 'cassette') if not changed else quiet} only re-recorded")
    if same and not (changed or quiet):
        told.append("no difference")
    return ", ".join(told) or "no difference"


# -- a comment on a pull request ---------------------------------------------------------------------------

_LARGEST = 60_000  # characters; GitHub takes 65,536


def to_markdown(differences: Iterable[Named], view: View) -> str:
    """A comment: a table of the cassettes, and a fold for each; what does not fit is counted."""
    changed = [named for named in differences if not named.difference.same]
    rows, folds, left, cut = list[str](), list[str](), 0, 0
    for named in changed:
        name = _escaped(named.new or named.old or "")
        kinds = Counter(pairing.kind for pairing in named.difference.pairings)
        counts = ", ".join(f"{kinds[kind]} {kind}" for kind in Kind if kinds[kind] and kind is not Kind.SAME)
        row = f"| {name} | {counts} | {_escaped(ignored(masked_rules(named.difference)))} |"
        fold = _fold(named, name, view)
        used = sum(map(len, rows)) + sum(map(len, folds)) + len(row)
        if used > _LARGEST:
            left += 1
            continue
        rows.append(row)
        if used + len(fold) <= _LARGEST:
            folds.append(fold)
        else:
            cut += 1
    if not changed:
        return "No cassette changed in meaning.\n"
    head = [
        f"**{words.amount(len(changed), 'cassette')} changed**",
        "",
        "| cassette | interactions | ignored |",
    ]
    more = [f"\n… {left:,} more"] if left else []
    rest = [f"{words.amount(cut, 'difference')} too long to be shown here"] if cut else []
    return "\n".join([*head, "| --- | --- | --- |", *rows, *more, "", *folds, *rest, ""])


def _fold(named: Named, name: str, view: View) -> str:
    """The text of one cassette's difference under a fold, as a diff that GitHub colours."""
    lines = list(_diff_lines(named.difference.changes, view))
    for pairing in named.difference.pairings:
        if pairing.kind is not Kind.SAME:
            head = _head(pairing, view)
            lines.append("  " + "".join(span if isinstance(span, str) else span.text for span in head))
            lines += _diff_lines(pairing.changes, view)
    text = words.visible("\n".join(lines))
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"<details><summary>{name}</summary>\n\n{fence}diff\n{text}\n{fence}\n\n</details>\n"


def _diff_lines(changes: tuple[Change, ...], view: View) -> Iterator[str]:
    for change in changes:
        yield f"! {_named(change.where, view)}"
        yield from map(_marked, _lines(change, view))


def _marked(line: Line) -> str:
    if len(line) == 1 and line[0].kind:
        return plain(line)
    return f"  {plain(line)}"


def _escaped(text: str) -> str:
    """Text that means nothing to Markdown or HTML."""
    return re.sub(r"([\\`*_{}\[\]()#+!|<>~&@-])", r"\\\1", words.one_line(text))

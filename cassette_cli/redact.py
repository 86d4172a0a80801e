"""Take secrets out of one cassette: what is found, what stands there instead, and the edits for it.

Pure: a cassette and rules in, a plan out; `rewrite` proves and makes its changes. A stored string is
opened only if the rules' trigger fires on it, on what its coding hides, or on what its events say
together. Of matches that overlap, the one in the innermost string counts, then the longest.
"""

import json
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple, TypeAlias, TypeGuard

from cassette_cli.errors import Place
from cassette_cli.fields import (
    Field,
    Role,
    Stored,
    bodies,
    comments,
    heads,
    inside,
    is_packed,
    opened,
    others,
    streamed,
)
from cassette_cli.findings import Finding, Severity, fingerprint
from cassette_cli.llm import read_exchange
from cassette_cli.model import Cassette, Interaction
from cassette_cli.rules import credentials
from cassette_cli.rules.placeholders import Placeholders
from cassette_cli.rules.redaction import RULES, Match, Rules
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit
from cassette_cli.source.style import Style
from cassette_cli.source.text import Change, Joined, Packed, Span, Text
from cassette_cli.source.tree import plain_scalar
from cassette_cli.wire.body import Content, Kind, read_content, traced
from cassette_cli.wire.sse import looks_like_events

BOTH = ("request", "response")


class Note(NamedTuple):
    """Something that could not be searched, or not be taken out."""

    place: Place
    message: str


class Plan(NamedTuple):
    """What was found in a cassette, and the changes after which it is not there."""

    findings: tuple[Finding, ...]
    changes: tuple[Change, ...]
    drops: tuple[Field, ...]  # headers that leave as a whole
    notes: tuple[Note, ...]
    opened: dict[str, list[Field]]  # the strings of the bodies that were looked into
    spans: tuple[Span, ...]  # of what was found, in its file; of what is packed there, all that packs it


Trigger: TypeAlias = Callable[[str], object]
Finder: TypeAlias = Callable[[Field], Iterable[Match]]


class _Found(NamedTuple):
    field: Field
    match: Match
    spans: tuple[Span, ...]  # empty if it has no place of its own in the file

    @property
    def value(self) -> str:
        return str(self.field.text[self.match.start : self.match.end])

    @property
    def offset(self) -> int:
        """Where in the file it begins; -1 without a place."""
        text = self.field.text
        return text.offset(self.match.start) if isinstance(text, Text | Joined) else -1


def plan(
    cassette: Cassette,
    rules: Rules,
    indexes: frozenset[int] | None = None,
    sides: tuple[str, ...] = BOTH,
    *,
    drop: bool = False,
    accepts: Callable[[Finding], bool] = lambda _: False,
) -> Plan:
    """What the rules find in a cassette, or in some of its interactions, and how it leaves.

    What `accepts` lets pass stays, and is not told.
    """
    search = _Search(cassette, rules, indexes, sides)
    found = _without_overlaps(search.found(rules.fires, rules.find, rules.named))
    found = [one for one in found if not accepts(_finding(cassette, one, one.field.where, ""))]
    if rules.choice.secrets and (known := _known(found)) is not None:
        fires = lambda text: known.search(text) or rules.fires(text)  # noqa: E731 - one for this search
        again = search.found(fires, lambda field: _copies(known, rules, field))
        found = _without_overlaps([*found, *again])
    found.sort(key=lambda one: one.offset)
    return _planned(cassette, search, found, drop=drop)


# -- finding -------------------------------------------------------------------------------------------


class _Search:
    """The strings of a cassette, opened at most once."""

    def __init__(
        self, cassette: Cassette, rules: Rules, indexes: frozenset[int] | None, sides: tuple[str, ...]
    ) -> None:
        self.cassette = cassette
        self.rules = rules
        self.sides = sides
        self.interactions = [
            interaction
            for interaction in cassette.interactions
            if indexes is None or interaction.index in indexes
        ]
        self.everything = indexes is None and sides == BOTH
        self.opened: dict[str, list[Field]] = {}
        self._inside: dict[int, list[Field]] = {}  # what texts outside of bodies hold
        self.notes: dict[Note, None] = {}

    def found(self, fires: Trigger, find: Finder, named: Finder | None = None) -> list[_Found]:
        """All matches, in whatever depth, overlapping ones too."""
        result: list[_Found] = []
        for field, fired in self._fields(fires):
            matches = [*(named(field) if named else ()), *(find(field) if fired else ())]
            for match in matches:
                text = field.text
                spans = text.spans(match.start, match.end) if _can_change(text) else ()
                result.append(_Found(field, match, tuple(spans)))
        return result

    def _fields(self, fires: Trigger) -> Iterator[tuple[Field, bool]]:
        """Every field, and whether what it reads is worth a look."""
        for interaction in self.interactions:
            head = list(heads(interaction, self.sides))
            fired = fires("\n".join([field.text for field in head])) or any(
                is_packed(field.text) for field in head
            )
            for field in head:
                yield from self._each(field, fires) if fired else ((field, False),)
            if self.rules.reads_bodies:
                for stored in bodies(interaction, self.sides):
                    yield from ((field, True) for field in self._body(stored, fires))
        if self.rules.reads_bodies or "cookies" in self.cassette.document.text:
            rest = others(self.cassette, self.interactions, all_=self.everything)
            if fires("\n".join([other.text for other in rest])):
                for other in rest:
                    if other.role is not Role.OTHER or fires(other.text) or is_packed(other.text):
                        yield from self._each(other.field, fires)
            else:
                named = (other.field for other in rest if other.role is not Role.OTHER)
                yield from ((field, field.role is Role.BODY) for field in named)
        if self.everything and self.rules.reads_bodies:
            yield from ((field, True) for field in comments(self.cassette, fires))

    def _each(self, field: Field, fires: Trigger) -> Iterator[tuple[Field, bool]]:
        if fires(field.text) or is_packed(field.text):
            key = id(field.text)
            if key not in self._inside:
                self._inside[key] = list(inside(field))
            yield from ((part, True) for part in self._inside[key])
        else:
            yield field, field.role is Role.BODY  # it may go for its name

    def _body(self, stored: Stored, fires: Trigger) -> Iterable[Field]:
        key = f"{stored.interaction} {stored.where}"
        if key not in self.opened:
            if not self._fires(stored, fires):
                return ()
            self.opened[key] = list(opened(stored, read_content(stored.message, traced)))
        return self.opened[key]

    def _fires(self, stored: Stored, fires: Trigger) -> bool:
        """Whether a body could hold anything, by the cheapest look that is sound."""
        body = stored.message.body
        text = body.text
        if text is not None and not text.startswith("\x1f\x8b"):
            if fires(text) or is_packed(text):
                return True
            if not _is_stream(text):
                return False
        content = read_content(stored.message)
        self._note(stored, content)
        if content.kind is Kind.BINARY:
            media = stored.message.header("content-type").startswith(_MEDIA)
            return not media and bool(fires(content.bytes.decode("latin-1")))
        if content.text is not None and content.text is not text and fires(content.text):
            return True
        events = [event.data for event in content.events]
        if content.kind is Kind.EVENTSTREAM and fires("\n".join(events)):
            return True
        if isinstance(content.json, list):
            events = [json.dumps(value) for value in content.json]
        return any(fires(text) for text in streamed(events))

    def _note(self, stored: Stored, content: Content) -> None:
        body = stored.message.body
        problems = [one for one in content.problems if not one.startswith(("the JSON", "the multipart"))]
        if problems and (
            body.text is None or body.text.startswith("\x1f\x8b")
        ):  # a text was searched as it is
            place = (
                body.node.place()
                if isinstance(body.node, Text | Joined)
                else Place(self.cassette.document.name)
            )
            for problem in problems:
                self.notes[Note(place, f"{stored.where} was not searched: {problem}")] = None


def _can_change(text: str) -> TypeGuard[Text | Joined]:
    """Whether a text has a place in the file that can be written anew."""
    return isinstance(text, Joined | Packed) or (isinstance(text, Text) and text.style is not Style.FIXED)


_MEDIA = ("image/", "audio/", "video/", "font/")  # in which a secret's shape turns up by chance alone


def _is_stream(text: str) -> bool:
    """Whether a text consists of events, lines or entries that can say something together."""
    head = text.lstrip("\ufeff \t\r\n")[:1]
    return (head == "{" and "\n{" in text) or head == "[" or looks_like_events(text)


def _known(found: list[_Found]) -> re.Pattern[str] | None:
    """What finds other copies of the secrets that were found, if any is long enough to tell."""
    values = {
        one.value
        for one in found
        if one.match.rule not in _PASSING and one.match.shape not in ("value", "home", "date")
    }
    needles = sorted(filter(_is_telling, values), key=len, reverse=True)
    if not needles:
        return None
    return re.compile(rf"(?<![A-Za-z0-9])(?:{'|'.join(map(re.escape, needles))})(?![A-Za-z0-9])")


_PASSING = ("volatile-header", "chosen-header")  # what they find is no secret


def _is_telling(value: str) -> bool:
    """Whether a value is long enough not to turn up by chance."""
    return len(value) >= 12 or (len(value) >= 8 and any(map(str.isdigit, value)))


def _copies(known: re.Pattern[str], rules: Rules, field: Field) -> Iterator[Match]:
    if "known-secret" not in rules.choice.ignore:
        for match in known.finditer(field.text):
            yield Match("known-secret", *match.span(), RULES["known-secret"])


class _Range(NamedTuple):
    """Characters that are spoken for: by a match, or by what changes inside a text that is packed there."""

    start: int
    end: int
    packed: int | None = None  # the id of that text


def _without_overlaps(found: Iterable[_Found]) -> list[_Found]:
    """The matches that count: each character of the file belongs to one of them at most."""
    taken: dict[int, list[_Range]] = {}
    result: list[_Found] = []
    for one in sorted(found, key=_rank):
        wanted = [pair for span in one.spans for pair in _ranges(span)]
        if all(_is_free(taken.get(root, []), range_) for root, range_ in wanted):
            result.append(one)
            for root, range_ in wanted:
                ranges = taken.setdefault(root, [])
                at = bisect_left(ranges, range_[:2], key=_bounds)
                if ranges[at : at + 1] != [range_]:
                    ranges.insert(at, range_)
    return result


def _ranges(span: Span) -> Iterator[tuple[int, _Range]]:
    """What a match takes up, in its own text and in those around it."""
    yield id(span.root), _Range(span.start, span.end)
    while isinstance(span.root, Packed) and isinstance(span.root.parent, Text | Joined):
        packed, around = id(span.root), list(span.root.parent.spans(0, len(span.root.parent)))
        yield from ((id(outer.root), _Range(outer.start, outer.end, packed)) for outer in around)
        span = around[0]


def _rank(one: _Found) -> tuple[bool, bool, int]:
    size = sum(span.end - span.start for span in one.spans)
    return one.match.rule == "known-secret", not (one.field.whole or one.field.spread), -size


def _is_free(ranges: list[_Range], wanted: _Range) -> bool:
    at = bisect_left(ranges, wanted[:2], key=_bounds)
    if ranges[at : at + 1] == [wanted] and wanted.packed is not None:
        return True
    if at < len(ranges) and ranges[at].start < max(wanted.end, wanted.start + 1):
        return False
    return at == 0 or ranges[at - 1].end <= wanted.start


def _bounds(range_: _Range) -> tuple[int, int]:
    return range_.start, range_.end


# -- planning ------------------------------------------------------------------------------------------


def _planned(cassette: Cassette, search: _Search, found: list[_Found], *, drop: bool) -> Plan:
    dates = [one.value for one in found if one.match.shape == "date"]
    placeholders = Placeholders(cassette.document.text, dates)
    names = _Names(cassette)
    findings: list[Finding] = []
    changes: dict[int, tuple[Text | Joined, list[Edit]]] = {}
    drops: dict[str, Field] = {}
    seen: set[tuple[str, str]] = set()
    for one in found:
        field, match = one.field, one.match
        if not one.spans:  # a reading without places; told once for each value
            if (field.where, one.value) not in seen:
                seen.add((field.where, one.value))
                findings.append(_finding(cassette, one, field.where, "cannot be taken out here"))
            continue
        if drop and field.role is Role.HEADER:
            drops[f"{field.interaction} {field.where}"] = field
            findings.append(_finding(cassette, one, field.where, "the header is dropped"))
            continue
        if _is_word(field.text):
            continue
        shape = "number" if _is_number(one) else match.shape
        placeholder = placeholders.of(one.value, match.rule, shape, distinct=match.distinct)
        if placeholder == one.value:
            continue
        text = field.text
        if isinstance(text, Text | Joined):
            for target, edit in _edits(text, match, placeholder):
                changes.setdefault(id(target), (target, []))[1].append(edit)
        findings.append(_finding(cassette, one, names.of(one), _change_words(one, placeholder)))
    secrets = sorted({one.value for one in found if len(one.value) >= 8}, key=len, reverse=True)
    return Plan(
        tuple(_without(secrets, finding) for finding in findings),
        tuple(changes.values()),
        tuple(drops.values()),
        tuple(search.notes),
        search.opened,
        tuple(span for one in found for inner in one.spans for span in _outermost(inner)),
    )


def _without(secrets: list[str], finding: Finding) -> Finding:
    """The finding with no secret in the name of its place, where a key or a header's name is one."""
    where = finding.where
    for secret in secrets:
        where = where.replace(secret, credentials.MASK)
    if where == finding.where:
        return finding
    return finding._replace(where=where, message=finding.message.replace(finding.where, where))


def _outermost(span: Span) -> Iterator[Span]:
    if isinstance(span.root, Document):
        yield span
    elif isinstance(span.root.parent, Text | Joined):
        for outer in span.root.parent.spans(0, len(span.root.parent)):
            yield from _outermost(outer)


def _edits(text: Text | Joined, match: Match, placeholder: str) -> Iterator[tuple[Text | Joined, Edit]]:
    """The edits of a match; where a part of it has no place of its own, of each part that has one."""
    parts = list(text.cut(match.start, match.end)) if isinstance(text, Joined) else []
    if all(isinstance(piece, Text | Joined) for piece, _, _ in parts):
        yield text, Edit(match.start, match.end, placeholder)
        return
    for piece, start, end in parts:
        if isinstance(piece, Text | Joined):
            yield piece, Edit(start, end, placeholder)


def _is_word(text: str) -> bool:
    """Whether a value says no more than true, false or null."""
    return isinstance(text, Text) and isinstance(plain_scalar(text), bool | None)


def _is_number(one: _Found) -> bool:
    """Whether what goes is a number as a whole, which a number must replace."""
    text = one.field.text
    if isinstance(text, Text) and isinstance(plain_scalar(text), int | float):
        return True
    return one.match.shape == "value" and re.fullmatch(r"\d+(?:\.\d+)?", one.value) is not None


def _change_words(one: _Found, placeholder: str) -> str:
    before = one.field.text[: one.match.start]
    if one.field.role is Role.HEADER and re.fullmatch(r"[A-Za-z][\w-]{0,19} +", before):
        return f"{before.strip()} → {before}{placeholder}"  # the scheme
    characters = "character" if len(one.value) == 1 else "characters"
    over = f" over {len(one.spans)} deltas" if one.field.spread and len(one.spans) > 1 else ""
    return f"{len(one.value):,} {characters}{over} → {placeholder}"


def _finding(cassette: Cassette, one: _Found, where: str, detail: str) -> Finding:
    field, match = one.field, one.match
    if one.spans:
        place, end = _place(one.spans[0], end=False), _place(one.spans[-1], end=True)
    else:
        place = end = _stored_place(cassette, field)
    hashed = sha256(one.value.encode("utf-8", "surrogatepass")).hexdigest()
    return Finding(
        match.rule,
        Severity.WARNING if match.rule == "volatile-header" else Severity.ERROR,
        f"{match.summary} in {where}: {detail}",
        place,
        (end.line or 1, end.column or 1),
        field.interaction,
        where,
        bool(one.spans),
        fingerprint(match.rule, hashed),
        detail,
    )


def _place(span: Span, *, end: bool) -> Place:
    if isinstance(span.root, Document):
        return span.root.place(span.end if end else span.start)
    return span.root.place()


def _stored_place(cassette: Cassette, field: Field) -> Place:
    for interaction in cassette.interactions:
        if interaction.index == field.interaction:
            return Place(cassette.document.name, cassette.line(interaction), 1)
    return Place(cassette.document.name, 1, 1)


class _Names:
    """What a place in a streamed body is called in the conversation: reply.text."""

    def __init__(self, cassette: Cassette) -> None:
        self._interactions = {one.index: one for one in cassette.interactions}
        self._read: dict[int, dict[tuple[int, int], str]] = {}

    def of(self, one: _Found) -> str:
        field = one.field
        if not field.spread or field.interaction is None or not field.where.startswith("response"):
            return field.where
        if field.interaction not in self._read:
            self._read[field.interaction] = dict(_reply(self._interactions[field.interaction]))
        span = one.field.text.spans(0, 1) if isinstance(one.field.text, Joined) else iter(())
        first = next(span, None)
        return self._read[field.interaction].get(_key(first), field.where) if first else field.where


def _key(span: Span) -> tuple[int, int]:
    return len(span.root.text), span.start


def _reply(interaction: Interaction) -> Iterator[tuple[tuple[int, int], str]]:
    exchange = read_exchange(interaction, loads=traced)
    reply = exchange.reply if exchange else None
    if reply is None:
        return
    texts = {"reply.text": reply.text, "reply.reasoning": reply.reasoning}
    for number, call in enumerate(reply.tool_calls):
        texts[f"reply.tool_calls[{number}].arguments"] = call.raw_arguments
    for where, text in texts.items():
        if isinstance(text, Text | Joined) and (span := next(text.spans(0, 1), None)):
            yield _key(span), where

"""The search of one cassette: the matches of rules in all its strings, and which of them count.

A stored string is opened only if the rules' trigger fires on it, on what its coding hides, or on what its
events say together; and at most once. Of matches that overlap, the one in the innermost string counts,
then the longest.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import NamedTuple, TypeAlias, TypeGuard

from cassette_cli.errors import Place
from cassette_cli.fields import Field, Role, Stored, are_dull, bodies, comments, heads, others
from cassette_cli.layers import inside, is_packed, opened, streamed, streamed_values
from cassette_cli.model import Cassette
from cassette_cli.rules.redaction import RULES, Match, Rules
from cassette_cli.source.style import Style
from cassette_cli.source.text import Joined, Packed, Span, Text
from cassette_cli.wire.body import Content, Kind, read_content, traced
from cassette_cli.wire.sse import looks_like_events

BOTH = ("request", "response")


class Note(NamedTuple):
    """Something that could not be searched, or not be taken out."""

    place: Place
    message: str


Trigger: TypeAlias = Callable[[str], object]
Finder: TypeAlias = Callable[[Field], Iterable[Match]]


class Found(NamedTuple):
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


class Search:
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

    def found(self, fires: Trigger, find: Finder, named: Finder | None = None) -> list[Found]:
        """All matches, in whatever depth, overlapping ones too."""
        result: list[Found] = []
        for field, fired in self._fields(fires):
            matches = [*(named(field) if named and not field.slot else ()), *(find(field) if fired else ())]
            for match in matches:
                text = field.text
                spans = text.spans(match.start, match.end) if _can_change(text) else ()
                result.append(Found(field, match, tuple(spans)))
        return result

    def _fields(self, fires: Trigger) -> Iterator[tuple[Field, bool]]:
        """Every field, and whether what it reads is worth a look."""
        stored_bodies: dict[int, list[Stored]] = {}
        if self.rules.reads_bodies:
            stored_bodies = {one.index: list(bodies(one, self.sides)) for one in self.interactions}
        quiet = not fires(_BETWEEN.join(_texts(stored_bodies.values())))
        for interaction in self.interactions:
            head = list(heads(interaction, self.sides))
            fired = fires("\n".join([field.text for field in head])) or any(
                is_packed(field.text) for field in head
            )
            for field in head:
                yield from self._each(field, fires) if fired else ((field, False),)
            for stored in stored_bodies.get(interaction.index, ()):
                yield from ((field, True) for field in self._body(stored, fires, quiet=quiet))
        if self.everything and are_dull(self.cassette, fires, is_packed):
            pass
        elif self.rules.reads_bodies or "cookies" in self.cassette.document.text:
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

    def _body(self, stored: Stored, fires: Trigger, *, quiet: bool) -> Iterable[Field]:
        key = f"{stored.interaction} {stored.where}"
        if key not in self.opened:
            if not self._fires(stored, fires, quiet=quiet):
                return ()
            self.opened[key] = list(opened(stored, read_content(stored.message, traced)))
        return self.opened[key]

    def _fires(self, stored: Stored, fires: Trigger, *, quiet: bool) -> bool:
        """Whether a body could hold anything, by the cheapest look that is sound.

        If all are `quiet`, that was seen of the texts of the bodies as they stand.
        """
        body = stored.message.body
        text = body.text
        if text is not None and not text.startswith("\x1f\x8b"):
            if (not quiet and fires(text)) or is_packed(text):
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
        texts = streamed_values(content.json) if isinstance(content.json, list) else streamed(events)
        return any(map(fires, texts))

    def _note(self, stored: Stored, content: Content) -> None:
        body = stored.message.body
        problems = [one for one in content.problems if not one.startswith(("the JSON", "the multipart"))]
        if body.text is not None and not body.text.startswith("\x1f\x8b"):
            return  # it was searched as it is
        if problems:
            place = Place(self.cassette.document.name)
            if isinstance(body.node, Text | Joined):
                place = body.node.place()
            for problem in problems:
                self.notes[Note(place, f"{stored.where} was not searched: {problem}")] = None


_BETWEEN = '"\n"'  # ends whatever one text ends with: a value, base64


def _texts(stored: Iterable[list[Stored]]) -> Iterator[str]:
    """The bodies that stand in the file as texts."""
    for one in chain.from_iterable(stored):
        text = one.message.body.text
        if text is not None:
            yield text


def _can_change(text: str) -> TypeGuard[Text | Joined]:
    """Whether a text has a place in the file that can be written anew."""
    return isinstance(text, Joined | Packed) or (isinstance(text, Text) and text.style is not Style.FIXED)


_MEDIA = ("image/", "audio/", "video/", "font/")  # in which a secret's shape turns up by chance alone


def _is_stream(text: str) -> bool:
    """Whether a text consists of events, lines or entries that can say something together."""
    head = text.lstrip("\ufeff \t\r\n")[:1]
    return (head == "{" and "\n{" in text) or head == "[" or looks_like_events(text)


class Known(NamedTuple):
    """The secrets that were found, of which there may be other copies."""

    values: list[str]
    regex: re.Pattern[str]

    def fires(self, text: str) -> bool:
        """Whether a copy could stand in a text; the cheap look."""
        return any(value in text for value in self.values)


def known_secrets(found: list[Found]) -> Known | None:
    """What finds other copies of the secrets that were found, if any is long enough to tell."""
    values = {
        one.value
        for one in found
        if one.match.rule not in _PASSING and one.match.shape not in ("value", "home", "date")
    }
    needles = sorted(filter(_is_telling, values), key=len, reverse=True)
    if not needles:
        return None
    either = "|".join(map(re.escape, needles))
    return Known(needles, re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])"))


_PASSING = ("volatile-header", "chosen-header")  # what they find is no secret


def _is_telling(value: str) -> bool:
    """Whether a value is long enough not to turn up by chance."""
    return len(value) >= 12 or (len(value) >= 8 and any(map(str.isdigit, value)))


def copies(known: Known, rules: Rules, field: Field) -> Iterator[Match]:
    if "known-secret" not in rules.choice.ignore and known.fires(field.text):
        for match in known.regex.finditer(field.text):
            yield Match("known-secret", *match.span(), RULES["known-secret"])


class _Range(NamedTuple):
    """Characters that are spoken for: by a match, or by what changes inside a text that is packed there."""

    start: int
    end: int
    packed: int | None = None  # the id of that text


def without_overlaps(found: Iterable[Found]) -> list[Found]:
    """The matches that count: each character of the file belongs to one of them at most."""
    taken: dict[int, list[_Range]] = {}
    result: list[Found] = []
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


def _rank(one: Found) -> tuple[bool, bool, int]:
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

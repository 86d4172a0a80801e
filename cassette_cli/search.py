"""The search of one cassette: the matches of rules in all its strings, and which of them count.

One look at all strings of a file tells which triggers can fire in it at all: in most files, none. A stored
string is opened only if such a trigger fires on it, or any on what its coding hides or on what its events
say together. Of matches that overlap, the one in the innermost string counts, then the longest.
"""

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from operator import itemgetter
from typing import NamedTuple, TypeAlias, TypeGuard

from cassette_cli.errors import Place
from cassette_cli.fields import Field, Glance, Role, Stored, bodies, comments, glance, heads, others
from cassette_cli.layers import LEAD, inside, is_packed, opened, streamed, streamed_values
from cassette_cli.model import Cassette, Interaction
from cassette_cli.rules.redaction import BETWEEN, RULES, Match, Rules, Trigger
from cassette_cli.selection import Reading
from cassette_cli.source.style import Style
from cassette_cli.source.text import Joined, Packed, Span, Text
from cassette_cli.source.tree import Node
from cassette_cli.wire.body import Content, Kind, read_content, traced
from cassette_cli.wire.sse import looks_like_events

BOTH = ("request", "response")


class Note(NamedTuple):
    """Something that could not be searched, or not be taken out."""

    place: Place
    message: str


Finder: TypeAlias = Callable[[Field], Iterable[Match]]
Finders: TypeAlias = Callable[[Iterable[str]], Finder]  # what finds in fields with these texts


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
    """The strings of a cassette, looked at and opened."""

    def __init__(
        self,
        cassette: Cassette,
        rules: Rules,
        indexes: frozenset[int] | None = None,
        sides: tuple[str, ...] = BOTH,
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
        self.opened: dict[str, list[Field]] = {}  # the bodies in which something was found
        self.notes: dict[Note, None] = {}
        self._inside: dict[int, list[Field]] = {}  # what texts outside of bodies hold
        self._looked: dict[str, bool] = {}  # bodies that were looked at, and whether one could hold anything

    def found(self, among: Finders, named: Finder | None = None, values: tuple[str, ...] = ()) -> list[Found]:
        """All matches, in whatever depth, overlapping ones too; a text that holds one of the values fires."""
        near, far = (one._replace(values=values) for one in (self._near, self.rules.trigger))
        result: list[Found] = []
        for interaction in self.interactions:
            result += _matches(self._heads(interaction, near), among, named)
            for stored in bodies(interaction, self.sides) if self.rules.reads_bodies else ():
                result += self._in_body(stored, near, far, among)
        result += _matches(self._others(near), among, named)
        if self.everything and self.rules.reads_bodies:
            result += _matches([(field, True) for field in comments(self.cassette, far.fires)], among)
        return result

    def look(self, reading: Reading) -> None:
        """Look at the bodies of an interaction, to be searched later, while others have them decoded."""
        for stored in bodies(reading.interaction, self.sides) if self.rules.reads_bodies else ():
            self._looked[_key(stored)] = self._fires(stored, self._near, self.rules.trigger, reading)

    # -- what could hold something -----------------------------------------------------------------

    @cached_property
    def _near(self) -> Trigger:
        """What can fire on a string as it stands in the file."""
        trigger = self.rules.trigger
        return trigger if trigger.is_dead else trigger.within(BETWEEN.join(self._texts))

    @cached_property
    def _holds_packed(self) -> bool:
        """Whether a string of the file is as a whole base64 of another."""
        return not self.rules.trigger.is_dead and any(map(is_packed, self._texts))

    @cached_property
    def _texts(self) -> dict[str, None]:
        """All strings as they stand in the file, each once."""
        texts = dict.fromkeys(self._glance.texts)
        for interaction in self.interactions:
            texts.update(dict.fromkeys(self._head_texts(interaction)))
            for stored in bodies(interaction, self.sides):
                if (text := stored.message.body.text) is not None:
                    texts[text] = None
        return texts

    @cached_property
    def _glance(self) -> Glance:
        return glance(self.cassette, self._roots)

    @property
    def _roots(self) -> Iterable[Node]:
        return self.cassette.roots if self.everything else [one.node for one in self.interactions]

    @cached_property
    def _taken(self) -> set[str]:
        """The names of headers that go for their name."""
        messages = [message for one in self.interactions for message in (one.request, one.response)]
        names = {name for message in messages for name, _ in message.headers}
        return set(filter(self.rules.takes, names))

    def _opens(self, text: str, trigger: Trigger) -> bool:
        """Whether a string is to be opened."""
        return trigger.fires(text) or (self._holds_packed and is_packed(text))

    def _head_texts(self, interaction: Interaction) -> Iterator[str]:
        if "request" in self.sides:
            yield interaction.request.url
            yield from map(_value, interaction.request.headers)
        if "response" in self.sides:
            yield from map(_value, interaction.response.headers)

    # -- the strings -------------------------------------------------------------------------------

    def _heads(self, interaction: Interaction, near: Trigger) -> list[tuple[Field, bool]]:
        if (not near.is_dead and near.fires(BETWEEN.join(self._head_texts(interaction)))) or (
            self._holds_packed and any(map(is_packed, self._head_texts(interaction)))
        ):
            fields = heads(interaction, self.sides)
            return [part for field in fields for part in self._each(field, near)]
        if not self._taken:
            return []
        return [(field, False) for field in heads(interaction, self.sides, self._taken.__contains__)]

    def _others(self, near: Trigger) -> list[tuple[Field, bool]]:
        """What the model does not have; most files have nothing there that is worth to be named."""
        if not (self.rules.reads_bodies or "cookies" in self.cassette.document.text):
            return []
        if not self._glance.has_roles and not any(self._opens(text, near) for text in self._glance.texts):
            return []
        return [
            part
            for other in others(self.cassette, self._roots)
            if other.role is not Role.OTHER or self._opens(other.text, near)
            for part in self._each(other.field, near)
        ]

    def _each(self, field: Field, near: Trigger) -> Iterator[tuple[Field, bool]]:
        if not self._opens(field.text, near):
            yield field, field.role is Role.BODY  # it may go for its name
            return
        key = id(field.text)
        if key not in self._inside:
            self._inside[key] = list(inside(field))
        yield from ((part, True) for part in self._inside[key])

    def _in_body(self, stored: Stored, near: Trigger, far: Trigger, among: Finders) -> list[Found]:
        key = _key(stored)
        fields = self.opened.get(key)
        if fields is None:
            looked = None if far.values else self._looked.get(key)
            if looked is False or (looked is None and not self._fires(stored, near, far)):
                return []
            fields = list(opened(stored, read_content(stored.message, traced)))
        found = _matches([(field, True) for field in fields], among)
        if found:
            self.opened[key] = fields
        return found

    def _fires(self, stored: Stored, near: Trigger, far: Trigger, reading: Reading | None = None) -> bool:
        """Whether a body could hold anything, by the cheapest look that is sound."""
        body = stored.message.body
        text = body.text
        if text is not None and not text.startswith("\x1f\x8b"):
            if self._opens(text, near):
                return True
            if not _is_stream(text):
                return False
        content = reading.content(stored.message) if reading else read_content(stored.message)
        self._note(stored, content)
        if content.kind is Kind.BINARY:
            media = stored.message.header("content-type").startswith(_MEDIA)
            return not media and far.fires(content.bytes.decode("latin-1"))
        hidden = [event.data for event in content.events] if content.kind is Kind.EVENTSTREAM else []
        if content.text is not None and content.text is not text:
            hidden.append(content.text)
        if isinstance(content.json, list):
            hidden += streamed_values(content.json)
        elif reading and stored.message is reading.interaction.response:
            hidden += streamed_values(reading.events)
        else:
            hidden += streamed(event.data for event in content.events)
        return bool(hidden) and far.fires(BETWEEN.join(hidden))

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


_value = itemgetter(1)


def _key(stored: Stored) -> str:
    """What a body goes by."""
    return f"{stored.interaction} {stored.where}"


def _matches(fields: list[tuple[Field, bool]], among: Finders, named: Finder | None = None) -> list[Found]:
    """What is found in fields, each with whether what it reads is worth a look."""
    texts = [field.text for field, fired in fields if fired]
    find = among(texts) if texts else None
    result: list[Found] = []
    for field, fired in fields:
        matches = named(field) if named and not field.slot else ()
        for match in (*matches, *(find(field) if find and fired else ())):
            text = field.text
            spans = text.spans(match.start, match.end) if _can_change(text) else ()
            result.append(Found(field, match, tuple(spans)))
    return result


def _can_change(text: str) -> TypeGuard[Text | Joined]:
    """Whether a text has a place in the file that can be written anew."""
    return isinstance(text, Joined | Packed) or (isinstance(text, Text) and text.style is not Style.FIXED)


_MEDIA = ("image/", "audio/", "video/", "font/")  # in which a secret's shape turns up by chance alone


def _is_stream(text: str) -> bool:
    """Whether a text consists of events, lines or entries that can say something together."""
    lead = LEAD.match(text)
    head = lead[1] if lead else ""
    return (head == "{" and "\n{" in text) or head == "[" or looks_like_events(text)


class Known(NamedTuple):
    """The secrets that were found, of which there may be other copies."""

    values: tuple[str, ...]
    regex: re.Pattern[str]


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
    return Known(tuple(needles), re.compile(rf"(?<![A-Za-z0-9])(?:{either})(?![A-Za-z0-9])"))


_PASSING = ("volatile-header", "chosen-header")  # what they find is no secret


def _is_telling(value: str) -> bool:
    """Whether a value is long enough not to turn up by chance."""
    return len(value) >= 12 or (len(value) >= 8 and any(map(str.isdigit, value)))


def copies(known: Known, rules: Rules, texts: Iterable[str]) -> Finder:
    """What finds copies in fields with these texts."""
    text = BETWEEN.join(texts)
    if "known-secret" in rules.choice.ignore or not any(value in text for value in known.values):
        return lambda _: ()
    return lambda field: (
        Match("known-secret", *match.span(), RULES["known-secret"])
        for match in known.regex.finditer(field.text)
    )


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

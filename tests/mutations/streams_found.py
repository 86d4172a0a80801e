"""The streams of a cassette for mutations: their events with places, and what changes them."""

from collections.abc import Iterable, Iterator
from random import Random
from typing import NamedTuple

from cassette_cli.errors import Refused
from cassette_cli.model import Cassette
from cassette_cli.rules.validation import Case
from cassette_cli.rules.validation.streams_events import Said, Stream, stream_of
from cassette_cli.selection import Reading
from cassette_cli.source.edit import Edit
from cassette_cli.source.jsontree import parse_json
from cassette_cli.source.text import Change, Joined, Text
from cassette_cli.source.tree import Mapping, Node, Sequence, resolve
from tests.mutations import Broken, broken


class Found(NamedTuple):
    """A whole stream of a cassette, with places."""

    reading: Reading
    stream: Stream

    @property
    def events(self) -> tuple[Said, ...]:
        return self.stream.events


def streams(cassette: Cassette, random: Random, *forms: str) -> Iterator[Found]:
    """The whole streams of some dialects (of all), in any order."""
    case = Case(cassette)
    places = [
        place
        for place, reading in enumerate(case.readings)
        if (stream := stream_of(reading)) and (not forms or stream.form in forms)
    ]
    for place in random.sample(places, len(places)):
        reading = case.traced.readings[place]
        stream = stream_of(reading)
        if stream and isinstance(stream.events[0].data, Text) and not stream.events[0].inside:
            yield Found(reading, stream)


def changed(
    cassette: Cassette, reading: Reading, changes: list[Change], at: Text | Joined, position: int = 0
) -> Broken | None:
    """The cassette with the changes and lengths that fit, found where a character of `at` stands."""
    grown = 0
    for target, edits in changes:
        edits = list(edits)
        text = target.text
        grown += sum(_size(edit.text) - _size(text[edit.start : edit.end]) for edit in edits)
    lengths = [one for one in reading.interaction.response.lengths if grown and int(one) > 0]
    changes += [(one, [Edit(0, len(one), str(int(one) + grown))]) for one in lengths]
    try:
        return broken(cassette, changes, at.offset(position))
    except (Refused, KeyError):  # the latter where the body stands in a file of its own
        return None


def _size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def text_of(said: Said) -> Text:
    assert isinstance(said.data, Text)
    return said.data


def body_of(found: Found) -> Text | Joined | None:
    """The text of a stream of lines or server-sent events."""
    text = found.reading.said.text
    return text if isinstance(text, Text | Joined) else None


def extent(found: Found, place: int) -> tuple[int, int]:
    """Where an event stands in the stream's text, up to the next one."""
    events, body = found.reading.said.events, body_of(found)
    following = events[place + 1].start if place + 1 < len(events) else len(body or "")
    return events[place].start, following


def without(
    cassette: Cassette, found: Found, places: Iterable[int], at: int, pointer: str = ""
) -> Broken | None:
    """The cassette without some events, to be found at another one, or in it where a pointer leads."""
    body = body_of(found)
    if body is None:
        return None
    edits = [Edit(*extent(found, place), "") for place in places]
    data = text_of(found.events[at])
    return changed(cassette, found.reading, [(body, edits)], (pointer and node_at(data, pointer)) or data)


def places_of(found: Found, *kinds: str) -> list[int]:
    return [place for place, said in enumerate(found.events) if said.kind in kinds]


def node_at(text: Text | Joined, pointer: str) -> Text | None:
    """The scalar that a JSON pointer leads to in a text."""
    node: Node = parse_json(text)
    for step in pointer.split("/")[1:]:
        inner: Node | None = None
        if isinstance(node, Mapping):
            inner = node.get(step)
        elif isinstance(node, Sequence) and step.isdigit() and int(step) < len(node.items):
            inner = resolve(node.items[int(step)])
        if inner is None:
            return None
        node = inner
    return node if isinstance(node, Text) else None

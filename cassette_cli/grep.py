"""The search of one cassette for a pattern: the lines of its passages that match, and where they stand.

A line is matched as it was recorded and told as it may be shown: of a match in a secret there is `****`.
Reading an interaction with its places is dear, so it is done only if the interaction could hold what the
pattern needs; that cheap look errs on one side only. Knows no screen.
"""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate, islice
from typing import NamedTuple

from cassette_cli.errors import BadRequest
from cassette_cli.fields import Field, Role, bodies, heads
from cassette_cli.layers import holds_text, inside, streamed
from cassette_cli.model import Cassette
from cassette_cli.passages import SIDES, Passage, conversation, passages
from cassette_cli.rules.credentials import MASK, Span
from cassette_cli.rules.masking import spans
from cassette_cli.selection import Reading, Selection
from cassette_cli.source.tree import offset_of
from cassette_cli.wire.body import Content, Kind, read_content, traced


@dataclass(frozen=True, slots=True)
class Query:
    """What is looked for, where, and how much of it is wanted."""

    pattern: re.Pattern[str]
    literal: re.Pattern[str] | None = None  # what a text holds if one of its lines matches
    selection: Selection = field(default_factory=Selection)
    within: frozenset[str] = frozenset()  # the parts that are searched; all if empty
    before: int = 0  # lines of context
    after: int = 0
    most: int | None = None  # lines of a file
    full: bool = False  # tell each time what repeats
    reveal: bool = False


def compiled(
    pattern: str, *, ignore_case: bool, word: bool, fixed: bool
) -> tuple[re.Pattern[str], re.Pattern[str] | None]:
    """A pattern, and the literal that it needs, if that is plain; raises BadRequest for one that is none."""
    flags = re.IGNORECASE if ignore_case else 0
    spelt = re.escape(pattern) if fixed else pattern
    try:
        with warnings.catch_warnings(action="ignore"):
            whole = re.compile(spelt, flags)
            if word:
                own = _FLAGS.match(spelt)
                start = own.end() if own else 0
                whole = re.compile(rf"{spelt[:start]}(?<!\w)(?:{spelt[start:]})(?!\w)", flags)
    except (re.error, RecursionError, OverflowError) as error:
        raise BadRequest(f"the pattern is no regular expression: {error}; -F takes it as it stands") from None
    needed = _literal(pattern, fixed=fixed)
    return whole, re.compile(re.escape(needed), flags) if needed else None


_FLAGS = re.compile(r"\(\?[aimsux]+\)")
_INVOLVED = re.compile(r"[|()\[\]{}]|\\[xuUN0-9]")


def _literal(pattern: str, *, fixed: bool) -> str:
    """The longest run of letters and digits that each match holds; empty where that takes thought."""
    if not fixed:
        if _INVOLVED.search(pattern):
            return ""
        pattern = re.sub(r"\\.|[\w-]?[*?]", " ", pattern)
    return max(re.findall(r"[A-Za-z0-9_-]{2,}", pattern), key=len, default="")


class Line(NamedTuple):
    """One line as it may be shown."""

    line: int  # in the file
    text: str


@dataclass(slots=True)
class Hit:
    """One line that matches."""

    path: str
    line: int
    column: int
    interaction: int
    where: str
    name: str  # what the text begins with, before a colon, if it is that of a name
    text: str
    matches: list[Span]  # in the text
    number: int  # of the line in its passage
    before: list[Line]
    after: list[Line]
    repeats: int = 0  # how many other places of this side of the interaction say the same


def search(cassette: Cassette, query: Query) -> list[Hit]:
    """The lines of a cassette that match, interaction by interaction."""
    found = (
        hit
        for reading in query.selection.pick(cassette)
        if query.literal is None or could_hold(reading, query.literal)
        for hit in _in_interaction(cassette, reading, query)
    )
    return list(islice(found, query.most))


def _in_interaction(cassette: Cassette, reading: Reading, query: Query) -> Iterator[Hit]:
    told: dict[tuple[bool, str], Hit] = {}
    hits: list[Hit] = []
    start = offset_of(reading.interaction.node)
    for passage in passages(Reading(reading.interaction, traced)):
        if query.within and not query.within & passage.within:
            continue
        fresh = []
        for hit in _in_passage(cassette, passage, start, query):
            hit.interaction = reading.interaction.index
            key = ("request" in passage.within, _said(hit))
            if passage.carried and not query.full and key in told:
                told[key].repeats += 1
            else:
                fresh.append((key, hit))
        hits += (hit for _, hit in fresh)
        for key, hit in fresh:
            told.setdefault(key, hit)
    yield from hits


def _said(hit: Hit) -> str:
    """What makes two lines one to a reader: what they say, and under which name if that is what matches."""
    lead = len(hit.name) + 2 if hit.name else 0
    return hit.text if any(start < lead for start, _ in hit.matches) else hit.text[lead:]


def _in_passage(cassette: Cassette, passage: Passage, fallback: int, query: Query) -> Iterator[Hit]:
    text = passage.text
    if query.literal and not query.literal.search(text):
        return
    lines = text.split("\n")
    starts = list(accumulate((len(line) + 1 for line in lines), initial=0))
    if len(lines) > 1 and not lines[-1]:
        lines.pop()
    found = {
        number: matches
        for number, line in enumerate(lines)
        if (matches := _matches(query.pattern, line.removesuffix("\r"), starts[number], passage))
    }
    secrets = _secrets(passage) if found and not query.reveal else []

    def shown(number: int, matches: list[Span]) -> tuple[str, list[Span]]:
        return _masked(lines[number].removesuffix("\r"), starts[number], secrets, matches)

    def place(at: int) -> tuple[int, int]:
        offset = passage.offset(at)
        return cassette.document.line_column(fallback if offset is None else offset)

    def context(first: int, last: int) -> list[Line]:
        return [Line(place(starts[number])[0], shown(number, [])[0]) for number in range(first, last)]

    for number, matches in found.items():
        line, column = place(starts[number] + matches[0][0])
        before = context(max(0, number - query.before), number)
        after = context(number + 1, min(len(lines), number + 1 + query.after))
        shown_line, shown_matches = shown(number, matches)
        name = str(passage.name) if number == 0 else ""
        yield Hit(
            cassette.document.name, line, column, -1, passage.where,
            name, shown_line, shown_matches, number, before, after,
        )  # fmt: skip


def _secrets(passage: Passage) -> list[Span]:
    """What of a passage only that person sees who asks for it: by its name, and by its shape."""
    named = [(passage.lead + one, passage.lead + two) for one, two in passage.secrets]
    result: list[Span] = []
    for start, end in sorted([*named, *spans(passage.text)]):
        if result and start < result[-1][1]:
            result[-1] = result[-1][0], max(end, result[-1][1])
        else:
            result.append((start, end))
    return result


def _matches(pattern: re.Pattern[str], line: str, start: int, passage: Passage) -> list[Span]:
    """Where a line matches; in what several events say together, only what no event says alone."""
    found = [match.span() for match in pattern.finditer(line)]
    if passage.seams:
        start -= passage.lead
        found = [(one, two) for one, two in found if any(one < seam - start < two for seam in passage.seams)]
    return found


def _masked(line: str, start: int, secrets: list[Span], matches: list[Span]) -> tuple[str, list[Span]]:
    """A line as it may be shown, and where in that its matches are: one that touches a secret, around it."""
    inside = [
        (max(one - start, 0), min(two - start, len(line)))
        for one, two in sorted(secrets)
        if one - start < len(line) and two > start
    ]
    pieces, position, moved = list[str](), 0, list[tuple[int, int, int]]()
    length = 0
    for one, two in inside:
        pieces += [line[position:one], MASK]
        length += one - position
        moved.append((one, two, length))
        length += len(MASK)
        position = two
    text = "".join([*pieces, line[position:]])

    def at(place: int, *, end: bool) -> int:
        shift = 0
        for one, two, shown in moved:
            if place < one or (end and place == one):
                break
            if place < two or (end and place == two):
                return shown + (len(MASK) if end else 0)
            shift = shown + len(MASK) - two
        return place + shift

    spans = dict.fromkeys((at(one, end=False), at(two, end=True)) for one, two in matches)
    return text, list(spans)


# -- the cheap look ----------------------------------------------------------------------------------


def could_hold(reading: Reading, literal: re.Pattern[str]) -> bool:
    """Whether a passage of an interaction could hold a word; False only if none does."""
    interaction = reading.interaction
    if any(literal.search(head.text) or literal.search(head.where) for head in heads(interaction, SIDES)):
        return True
    contents = {"request.body": reading.asked, "response.body": reading.said}
    for stored in bodies(interaction, SIDES):
        if _holds(contents.get(stored.where) or read_content(stored.message), literal):
            return True
    exchange = reading.exchange
    return exchange is not None and any(literal.search(one.text) for one in conversation(exchange))


def _holds(content: Content, literal: re.Pattern[str]) -> bool:
    if content.kind is Kind.BINARY:
        return False
    events = [event.data for event in content.events]
    text = "\n".join(events) if content.text is None else content.text
    if any(map(literal.search, _readings(text))):
        return True
    if isinstance(content.json, list):
        import json

        events = [json.dumps(value) for value in content.json]
    elif '"logprobs"' in text and not events:
        events = [text]
    return any(map(literal.search, streamed(events)))


_ESCAPED = re.compile(  # a letter, a digit or a dash, spelt in another way
    r"\\+u(002d|003\d|00[4-7][\da-f]|017f|212a|013[01])|%(2[bdf]|3\d|[4-7][\da-f])", re.IGNORECASE
)
_PACKED = re.compile(r"(?:^|(?<=[\"',=]))[A-Za-z0-9+/_-]{8,}(?=\\|[\"'=&\s]|\Z)")


def _readings(text: str) -> Iterator[str]:
    """A text as it stands, without its escapes, and what may be packed in it."""
    yield text
    if "\\u" in text or "%" in text:
        plain = _ESCAPED.sub(lambda match: chr(int(match[1] or match[2], 16)), text)
        if plain != text:
            yield from _readings(plain)
    for run in set(_PACKED.findall(text)):
        if holds_text(run):
            yield from (one.text for one in inside(Field(Role.BODY, "", "", run)))

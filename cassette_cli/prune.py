"""Interactions taken out of a cassette, and all that counts them kept right.

Pure: a cassette and what is to go in, the proved result and what to say about it out. Which entries are
cut is `entries`' business, the proof `rewrite`'s; what is here is what a recorder needs besides: numbers
that have no gap, a chain of WireMock's states that still leads on, a file that still loads when empty.
"""

import json
from collections.abc import Collection, Iterator
from typing import NamedTuple

from cassette_cli.entries import Documents, Listed, tracks
from cassette_cli.errors import BadRequest, CassetteError, Place
from cassette_cli.model import Cassette, Interaction
from cassette_cli.recorders import read_cassette
from cassette_cli.rewrite import Pruned, Rewritten, apply
from cassette_cli.selection import Reading
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.text import Change, Text
from cassette_cli.source.tree import Alias, Mapping, Node, Sequence, plain

# -- which ---------------------------------------------------------------------------------------------


def failed(reading: Reading) -> bool:
    """Whether a reply is an error: its status from 400 on, none at all, or an error in a provider's words.

    A stream that was cut is none: what there is of it, a test may be about.
    """
    status = reading.interaction.response.status
    if reading.interaction.frames:
        return False
    if status is None or status >= 400:
        return True
    return reading.exchange is not None and reading.exchange.answer.error is not None


def duplicates(cassette: Cassette) -> dict[int, int]:
    """The interactions that say all that an earlier one says, by the index of the first.

    Request and reply, headers too: a reply with another date is another reply, and recorders give the
    replies to one request in turn.
    """
    first: dict[str, int] = {}
    found = {}
    for interaction in cassette.interactions:
        said = _said(cassette, interaction)
        if said is not None and (index := first.setdefault(said, interaction.index)) != interaction.index:
            found[interaction.index] = index
    return found


_PATTERNS = ("wiremock", "httpmock")  # whose requests are more than the model says of them
_NAMES = ("id", "uuid", "name", "insertionIndex", "persistent")  # of a stub


def _said(cassette: Cassette, interaction: Interaction) -> str | None:
    if cassette.recorder in _PATTERNS and isinstance(interaction.node, Mapping):
        stub = plain(interaction.node)
        own = (
            {key: value for key, value in stub.items() if key not in _NAMES} if isinstance(stub, dict) else 0
        )
        return json.dumps(own)
    request, response = interaction.request, interaction.response
    if request.body.missing or response.body.missing:
        return None
    reading = Reading(interaction)
    frames = [(frame.direction, content.bytes.hex()) for frame, content in reading.frames]
    asked = (request.method, str(request.url), request.headers, reading.asked.bytes.hex())
    return json.dumps((*asked, response.status, response.headers, reading.said.bytes.hex(), frames))


def replays_in_turn(cassette: Cassette) -> bool:
    """Whether the recorder gives the replies to one request one after another, so that none is idle."""
    return cassette.recorder not in (*_PATTERNS, "easyvcr", "exvcr")


# -- interactions ------------------------------------------------------------------------------------------


def prune(cassette: Cassette, gone: Collection[int]) -> Rewritten:
    """The cassette without some interactions, proved; raises BadRequest where they cannot leave it."""
    indexes = frozenset(gone)
    entries: dict[int, set[int]] = {}
    edits: list[Edit] = []
    leaving: list[Node] = []
    found = tracks(cassette)
    all_of_it = len(indexes) == len(cassette.interactions)
    if all_of_it and any(
        isinstance(track, Documents) or (isinstance(track, Listed) and not track.path) for track in found
    ):
        raise _nothing_left(cassette)
    for track in found:
        places = {place for place, owner in enumerate(track.owners) if owner in indexes}
        if not places:
            continue
        edits += track.without(places)
        if isinstance(track, Listed):
            entries[id(track.node)] = places
            leaving += [track.node.items[place] for place in sorted(places)]
    _check_aliases(cassette, leaving)
    if all_of_it:
        _check_empty(cassette, edits)
    count = len(cassette.interactions)
    changes = [*_renumbered(cassette, indexes), *_chained(cassette, indexes)]
    changes += totalled(cassette, count, count - len(indexes))
    return apply(cassette, changes, pruned=Pruned(indexes, entries, tuple(edits)))


def _nothing_left(cassette: Cassette) -> BadRequest:
    message = f"without its last interaction, nothing tells that the file is {cassette.recorder}'s: delete it"
    return BadRequest(message, Place(cassette.document.name))


def _check_empty(cassette: Cassette, edits: list[Edit]) -> None:
    """Raise BadRequest where what is left of a file, with an empty list, is no cassette any more."""
    document = cassette.document
    try:
        read_cassette(Document(document.name, document.encode(splice(document.text, edits))))
    except CassetteError:
        raise _nothing_left(cassette) from None


def _check_aliases(cassette: Cassette, leaving: list[Node]) -> None:
    """Raise BadRequest where an alias that stays stands for something that leaves."""
    gone = {id(node) for root in leaving for node in _walk(root, set())}
    tops = {id(node) for node in leaving}
    for root in cassette.roots:
        for node in _walk(root, tops):
            if isinstance(node, Alias) and id(node.target) in gone:
                name = node.target.anchor
                message = f"*{name} stands for a part of what would go: write it out here first"
                raise BadRequest(message, cassette.document.place(node.start))


def _walk(root: Node, past: set[int]) -> Iterator[Node]:
    """The nodes of a tree without those below `past`; aliases are not followed."""
    stack = [root]
    while stack:
        node = stack.pop()
        if id(node) in past:
            continue
        yield node
        if isinstance(node, Mapping):
            stack += [part for item in node.items for part in item]
        elif isinstance(node, Sequence):
            stack += node.items


# -- numbers -----------------------------------------------------------------------------------------------


class _Number(NamedTuple):
    """The key under which an interaction is numbered, among those that agree in others."""

    key: str
    among: tuple[str, ...] = ()


_NUMBERS = {
    "go-vcr": _Number("id"),
    "har": _Number("_order", ("_id",)),  # Polly.js: Persister.findEntry asks for each number in turn
    "seinfeld": _Number("callIndex", ("matchKey",)),
    "php-vcr": _Number("index", ("request",)),  # Cassette::playback, likewise
}


def numbered(cassette: Cassette) -> list[dict[int, Text]]:
    """The numbers that a recorder gave its interactions, by their index; apart for each row of numbers."""
    number = _NUMBERS.get(cassette.recorder)
    rows: dict[str, dict[int, Text]] = {}
    for interaction in cassette.interactions if number else ():
        node = interaction.node
        text = node.get(number.key) if number and isinstance(node, Mapping) else None
        if number is None or not isinstance(node, Mapping) or not isinstance(text, Text):
            continue
        if text.isascii() and text.isdigit():
            values = [node.get(key) for key in number.among]
            row = json.dumps([None if value is None else plain(value) for value in values])
            rows.setdefault(row, {})[interaction.index] = text
    return list(rows.values())


def _renumbered(cassette: Cassette, gone: frozenset[int]) -> Iterator[Change]:
    """The numbers behind those that leave, counted down; a gap that was there stays."""
    for row in numbered(cassette):
        stay = {index: text for index, text in row.items() if index not in gone}
        lost = set(map(int, row.values())) - set(map(int, stay.values()))
        for text in stay.values():
            if less := sum(other < int(text) for other in lost):
                yield text, [Edit(0, len(text), str(int(text) - less))]


_START = "Started"  # https://wiremock.org/docs/stateful-behaviour


def _chained(cassette: Cassette, gone: frozenset[int]) -> Iterator[Change]:
    """WireMock's states that only a stub led to which leaves: what that one waited for is waited for now."""
    stubs = cassette.interactions if cassette.recorder == "wiremock" else ()

    def state(stub: Interaction, key: str) -> str | None:
        value = stub.node.get(key) if isinstance(stub.node, Mapping) else None
        return value if isinstance(value, Text) else None

    for stub in stubs:
        text, scenario = state(stub, "requiredScenarioState"), state(stub, "scenarioName")
        wanted = text
        for _ in stubs:  # not for ever: states can lead in a circle
            before = [
                one
                for one in stubs
                if wanted
                and state(one, "scenarioName") == scenario
                and state(one, "newScenarioState") == wanted
            ]
            if not before or any(one.index not in gone for one in before):
                break
            wanted = state(before[0], "requiredScenarioState") or _START
        if isinstance(text, Text) and wanted and wanted != text and stub.index not in gone:
            yield text, [Edit(0, len(text), str(wanted))]


def totalled(cassette: Cassette, was: int, now: int) -> Iterator[Change]:
    """How many stubs there are, where a list of WireMock says so."""
    root = cassette.roots[0] if cassette.roots else None
    meta = root.get("meta") if cassette.recorder == "wiremock" and isinstance(root, Mapping) else None
    total = meta.get("total") if isinstance(meta, Mapping) else None
    if isinstance(total, Text) and total == str(was):
        yield total, [Edit(0, len(total), str(now))]

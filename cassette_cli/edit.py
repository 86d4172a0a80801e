"""Change what one interaction of a cassette says, by the names of the JSON contract.

A value is found in the conversation as its dialect reads it, and changed where it is stored: in every
piece and copy of it. Pure: a cassette and new values in, the changed one out, proved by reading it anew:
the values read as wanted, and all else of the exchange as before.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple, TypeAlias

from cassette_cli.editing import doubles, proof
from cassette_cli.editing.copies import copies
from cassette_cli.editing.layout import is_same
from cassette_cli.editing.spreading import Spread
from cassette_cli.editing.target import Wanted, check_overlaps, one_of, target_of
from cassette_cli.errors import BadRequest, Place, Refused
from cassette_cli.llm import reply_events
from cassette_cli.llm.messages import Compact
from cassette_cli.model import Cassette, Interaction
from cassette_cli.report.machine import show_interaction
from cassette_cli.rewrite import Rewritten, apply
from cassette_cli.selection import Reading, no_interaction
from cassette_cli.source.text import Joined, Text
from cassette_cli.source.tree import Fields, Items, Json
from cassette_cli.where import find, named
from cassette_cli.wire.body import placed

Document: TypeAlias = dict[str, Any]


class Slot(NamedTuple):
    """One value of an interaction that can be changed."""

    where: str  # request.url, request.headers.Accept[0], reply.text, response.status, ...
    value: Json  # as it reads now
    is_text: bool  # a new one is written as literal text, else as JSON


def change(cassette: Cassette, index: int, values: dict[str, str]) -> Rewritten:
    """The cassette with values of an interaction changed, by their `where` paths.

    A new value is literal text where the old one is a string, else JSON. Raises BadRequest for a value
    that is not there, is not stored as such, or cannot be written so that it reads back.
    """
    reading = _reading(cassette, index)
    document = _shown(cassette, reading)
    wanted = [Wanted.of(where, text, cassette, document, reading) for where, text in values.items()]
    check_overlaps(wanted)
    exchange = reading.exchange
    known = copies(exchange.dialect, reply_events(reading.said, placed)) if exchange else []
    interaction = reading.interaction
    frames = (frame.body.node for frame in interaction.frames)
    spread = Spread(known, (interaction.request.body.node, interaction.response.body.node, *frames))
    try:
        for one in wanted:
            for respell in one.edits():
                spread.put(respell)
        changes = spread.changes()
        if not changes:
            return Rewritten(cassette, {}, ())
        made = apply(cassette, changes, replaced=spread.replaced)
        if more := list(doubles.listed(cassette, interaction, made.cassette.interactions[index])):
            for respell in more:
                spread.put(respell)
            made = apply(cassette, spread.changes(), replaced=spread.replaced)
    except Refused as error:
        names = " and ".join(values)
        twice = "two edits touch" in error.message and len(values) > 1
        for pair in combinations(values.items(), 2) if twice and len(values) > 2 else ():
            change(cassette, index, dict(pair))  # tells of the two alone that overlap
        why = "overlap in one text: give one of them" if twice else f"cannot be set: {_in_words(error)}"
        raise BadRequest(f"{names} {why}", error.place) from None
    _prove(cassette, made, index, document, wanted, proof.Made(spread.made))
    return made


def _in_words(error: Refused) -> str:
    """Why a change could not be made; one that was, but does not read so, is none that can be."""
    words = error.message.removeprefix("a bug in cassette: ")
    return words.removesuffix("; nothing was written, please report it")


def _prove(
    cassette: Cassette, made: Rewritten, index: int, old: Document, wanted: list[Wanted], edits: proof.Made
) -> None:
    """Raises BadRequest where a value does not read as wanted, or another one differently."""
    if shared := list(proof.others(cassette, made.cassette, index)):
        raise BadRequest(
            f"interaction {shared[0]} shares what would change (a YAML anchor): give it its own first",
            Place(cassette.document.name),
        )
    _prove_heads(cassette.interactions[index], made.cassette.interactions[index], wanted)
    new = _shown(made.cassette, _reading(made.cassette, index))
    assigned = {one.path[1:] for one in wanted}
    begun = ("reply", "text") in assigned and not old["exchange"]["reply"]["text"]
    compares = _is_comparable(wanted)
    moved = compares and any(one.value == "" for one in wanted)  # a part that says nothing is none
    for one in wanted:
        if not (moved and one.is_text and one.path[0] == "exchange") and not _reads_as(new, one):
            none = begun and one.path == ("exchange", "reply", "text")
            why = "there is none to change" if none else "the new value would not read back as it is"
            raise BadRequest(f"{one.where}: {why}; {_INSTEAD}")
    if compares:
        # A part that said nothing is one now; and Gemini's message counts only with some finish reasons.
        if begun or ("finish_reason",) in assigned:
            assigned.add(("reply", "parts"))
        for path in proof.differences(edits, old["exchange"], new["exchange"]):
            if path not in assigned:
                name = named(("exchange", *path))
                raise BadRequest(f"{wanted[0].where}: {name} would read differently, too; {_INSTEAD}")


def _is_comparable(wanted: list[Wanted]) -> bool:
    """Whether the exchange is to read as before but for what was set: none of it tells how it is read."""
    paths = [one.path for one in wanted]
    return not any(map(_tells_how, paths)) and any(path[1] != "headers" for path in paths)


def _tells_how(path: tuple[str | int, ...]) -> bool:
    match path:
        case ["frames", *_] | [_, "body" | "url", *_]:
            return True
        case [_, "headers", str(name), *_]:
            return name.lower() in ("content-type", "content-encoding")
    return False


def _prove_heads(old: Interaction, new: Interaction, wanted: list[Wanted]) -> None:
    """Raises BadRequest where more headers of a side changed than were to."""
    sides = (("request", old.request, new.request), ("response", old.response, new.response))
    for side, before, after in sides:
        pairs = zip(before.headers, after.headers, strict=False)
        names = [one.name for one, two in pairs if one != two and one.name.lower() != "content-length"]
        given = [one.path[2] for one in wanted if one.path[:2] == (side, "headers")]
        if len(names) > len(given):
            raise BadRequest(
                f"{wanted[0].where}: {side}.headers.{names[0]} is the same text (a YAML anchor): "
                "give it one of its own first"
            )


_INSTEAD = "change request.body or response.body itself"


def _reads_as(document: Document, one: Wanted) -> bool:
    if one.path[-2:] == ("body", "text"):
        return True  # as it stands, whatever it is to a reader now
    try:
        value = one_of(find(document, one.where), one.where).value
    except BadRequest:
        return False
    return is_same(value, one.value)


def slots(cassette: Cassette, index: int) -> tuple[Slot, ...]:
    """What a person would want to change of an interaction, in reading order."""
    reading = _reading(cassette, index)
    document = _shown(cassette, reading)
    return tuple(_slots(document, reading))


def _shown(cassette: Cassette, reading: Reading) -> Document:
    """The interaction as `show --json` has it, in which values know their places, those of arguments too."""
    document = show_interaction(cassette, reading, reveal=True)
    stack: list[Any] = [document["exchange"]]
    while stack:
        value = stack.pop()
        if isinstance(value, dict) and not isinstance(value, Fields):
            raw = value.get("raw_arguments")
            if isinstance(raw, Compact):
                value["arguments"] = raw.value
            elif isinstance(raw, Text | Joined) and value["arguments"]:
                value["arguments"] = placed(raw)
            stack += value.values()
        elif isinstance(value, list) and not isinstance(value, Items):
            stack += value
    return document


def _reading(cassette: Cassette, index: int) -> Reading:
    found = next((one for one in cassette.interactions if one.index == index), None)
    if found is None:
        raise no_interaction(index, len(cassette.interactions) - 1, Place(cassette.document.name))
    return Reading(found, placed)


# -- all values ----------------------------------------------------------------------------------------


def _slots(document: Document, reading: Reading) -> Iterator[Slot]:
    for where in _wheres(document):
        try:
            found = one_of(find(document, where), where)
            target_of(found, where, reading)
        except BadRequest:
            continue  # it follows from other values
        yield Slot(where, found.value, isinstance(found.value, str))


def _wheres(document: Document) -> Iterator[str]:
    exchange = document["exchange"]
    if document["request"]:
        yield from ("request.method", "request.url")
        yield from _headers("request", document)
    if exchange:
        yield "request.model"
        yield from (f"params.{name}" for name in exchange["params"] if _is_plain(name))
        for place, message in enumerate(exchange["messages"]):
            yield from _parts(f"messages[{place}]", message["parts"])
    elif document["request"]:
        yield "request.body"
    if document["response"]:
        yield "response.status"
        yield from _headers("response", document)
    if exchange and exchange["reply"]:
        yield from _reply(exchange["reply"])
        yield "finish_reason"
    elif exchange and exchange["error"]:
        yield "error.message"
    elif document["response"]:
        yield "response.body"
    for place in range(len(document.get("frames", ()))):
        yield f"frames[{place}].body"


def _is_plain(name: str) -> bool:
    return not set(name) & set(".[]/")


def _headers(side: str, document: Document) -> Iterator[str]:
    counts: dict[str, int] = {}
    for name, _ in document[side]["headers"]:
        number = counts[name.lower()] = counts.get(name.lower(), -1) + 1
        if _is_plain(name):
            yield f"{side}.headers.{name}[{number}]"


def _reply(reply: Document) -> Iterator[str]:
    kinds = [part["type"] for part in reply["parts"]]
    calls = 0
    for place, part in enumerate(reply["parts"]):
        kind = part["type"]
        if kind in ("text", "reasoning") and kinds.count(kind) == 1:
            yield f"reply.{kind}"
        elif kind == "tool_call":
            yield from (f"reply.tool_calls[{calls}].{key}" for key in ("name", "arguments"))
            calls += 1
        else:
            yield from _part(f"reply.parts[{place}]", part)


def _parts(where: str, parts: list[Document]) -> Iterator[str]:
    for place, part in enumerate(parts):
        yield from _part(f"{where}.parts[{place}]", part)


def _part(where: str, part: Document) -> Iterator[str]:
    match part["type"]:
        case "text" | "reasoning" | "refusal":
            yield f"{where}.text"
        case "tool_call":
            yield from (f"{where}.name", f"{where}.arguments")
        case "server_tool_call":
            yield f"{where}.arguments"
        case "tool_result" | "server_tool_result":
            yield from _parts(where, part["parts"])

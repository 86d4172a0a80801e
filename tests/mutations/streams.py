"""Streams cut, robbed of events, numbered anew, put together from two.

`streams_values` has those that put a stream at odds with itself.
"""

import re
from collections.abc import Callable
from random import Random

from cassette_cli.llm.messages import as_object
from cassette_cli.model import Cassette
from cassette_cli.rules.validation.streams_events import DONE, Said
from cassette_cli.source.edit import Edit
from cassette_cli.source.text import Change, Text
from cassette_cli.wire.body import Kind
from tests.mutations import Broken, Mutation, streams_values
from tests.mutations.streams_found import (
    Found,
    body_of,
    changed,
    extent,
    node_at,
    places_of,
    streams,
    text_of,
    without,
)

# -- the end -------------------------------------------------------------------------------------------


def _cut_inside(cassette: Cassette, random: Random) -> Broken | None:
    for found in streams(cassette, random):
        body, events = body_of(found), found.events
        place = random.randrange(len(events))
        data = text_of(events[place])
        if body is None or len(data) < 3 or events[place].kind == DONE:
            continue
        if found.reading.said.kind is Kind.NDJSON and place == 0:
            continue
        at = body.index(data, events[place].number and found.reading.said.events[place].start) + (
            random.randrange(1, len(data) - 1)
        )
        return changed(cassette, found.reading, [(body, [Edit(at, len(body), "")])], data)
    return None


def _cut_between(cassette: Cassette, random: Random) -> Broken | None:
    for found in streams(cassette, random, *_FINISHED):
        body, events = body_of(found), found.events
        if body is None or len(events) < 4:
            continue
        place = random.randrange(1, len(events) // 2)
        start, _ = extent(found, place)
        return changed(
            cassette, found.reading, [(body, [Edit(start, len(body), "")])], text_of(events[place - 1])
        )
    return None


_FINISHED = (
    *("openai-chat", "mistral-chat", "anthropic-messages", "openai-responses", "gemini", "cohere-chat"),
    *("ollama-chat", "ollama-generate"),
)


def _cut_frames(cassette: Cassette, random: Random) -> Broken | None:
    for found in streams(cassette, random, "bedrock-converse"):
        body, data = found.reading.interaction.response.body, found.reading.said.data
        if data is None or found.reading.said.encoding or not isinstance(body.node, Text):
            continue
        first = found.reading.said.events[1].start
        new = body.stored(data[: random.randrange(first, len(data) - 1)])
        change: Change = (body.node, [Edit(0, len(body.node), new)])
        return changed(cassette, found.reading, [change], body.node)
    return None


def _unmarked(cassette: Cassette, random: Random) -> Broken | None:
    for found in streams(cassette, random, "anthropic-messages", "openai-chat", "mistral-chat"):
        marks = places_of(found, "message_stop", DONE)
        url = found.reading.interaction.request.url
        known = found.stream.form == "anthropic-messages" or re.search(r"//[\w.]*(?:openai|mistral)\.", url)
        reasoned = found.reading.exchange and found.reading.exchange.answer.finish_reason
        if known and reasoned and marks == [len(found.events) - 1] and len(found.events) > 2:
            return without(cassette, found, marks, marks[0] - 1)
    return None


_REASON = re.compile(r'"(?:finish_reason|stop_reason|stopReason)"\s*:\s*("(?!length|max)[A-Za-z_]+")')


def _unreasoned(cassette: Cassette, random: Random) -> Broken | None:
    forms = ("openai-chat", "mistral-chat", "anthropic-messages", "bedrock-converse", "cohere-chat")
    for found in streams(cassette, random, *forms):
        if found.reading.exchange is None or not found.reading.exchange.answer.ended:
            continue
        hits = ((said, list(_REASON.finditer(said.data))) for said in found.events)
        changes: list[Change] = [
            (text_of(said), [Edit(*match.span(1), "null") for match in matches])
            for said, matches in hits
            if matches
        ]
        cut_short = '"length"', '"max_tokens"'
        if changes and not any(word in said.data for said in found.events for word in cut_short):
            return changed(cassette, found.reading, changes, text_of(found.events[-1]))
    return None


def _garbled(cassette: Cassette, random: Random) -> Broken | None:
    for found in streams(cassette, random):
        if len(found.events) < 3:
            continue
        said = found.events[random.randrange(1, len(found.events) - 1)]
        colon = said.data.find('":')
        if colon > 0:
            change: Change = (text_of(said), [Edit(colon + 1, colon + 2, ";")])
            return changed(cassette, found.reading, [change], text_of(said))
    return None


# -- the order -----------------------------------------------------------------------------------------

_OPENINGS = ("content_block_start", "response.output_item.added", "content-start", "tool-call-start")
_CLOSINGS = ("content_block_stop", "response.output_item.done", "content-end", "tool-call-end")
_STARTS = ("message_start", "response.created", "message-start")
_INDEXES = ("index", "output_index", "contentBlockIndex")


def _index(said: Said) -> object:
    return next((said.value[name] for name in _INDEXES if name in said.value), None)


def _unopened(cassette: Cassette, random: Random) -> Broken | None:
    for found in streams(cassette, random, "anthropic-messages", "openai-responses", "cohere-chat"):
        openings = places_of(found, *_OPENINGS)
        if openings:
            place = random.choice(openings)
            family = found.events[place].kind.rpartition("_" if "_" in found.events[place].kind else "-")[0]
            touching = (
                other
                for other in range(place + 1, len(found.events))
                if _index(found.events[other]) == _index(found.events[place])
                and (found.stream.form != "cohere-chat" or found.events[other].kind.startswith(family))
                and (found.events[other].kind != "response.content_part.added")
                and (found.events[other].kind.count(".") != 2 or _needs_item(found.events[other]))
            )
            at = next(touching, None)
            return None if at is None else without(cassette, found, [place], at)
    return None


def _needs_item(said: Said) -> bool:
    return said.kind.startswith("response.output_item") or "arguments" in said.kind or "input" in said.kind


def _started_twice(cassette: Cassette, random: Random) -> Broken | None:
    for found in streams(cassette, random, "anthropic-messages", "openai-responses", "cohere-chat"):
        starts, body = places_of(found, *_STARTS), body_of(found)
        if not starts or body is None or "sequence_number" in found.events[starts[0]].value:
            continue
        first, last = extent(found, starts[0])
        place = random.randrange(starts[0] + 1, len(found.events) - 1)
        start, _ = extent(found, place)
        made = changed(
            cassette,
            found.reading,
            [(body, [Edit(start, start, body[first:last])])],
            text_of(found.events[place]),
        )
        return made and _above(made, cassette, found, place, body[first:last])
    return None


def _above(made: Broken, cassette: Cassette, found: Found, place: int, new: str) -> Broken | None:
    """The lines from the event before to the one behind what was put in; None if all was spelt anew."""
    document, before = cassette.document, text_of(found.events[place - 1]).offset()
    if not made.text.startswith(document.text[:before]):
        return None
    return Broken(made.text, document.line_column(before)[0], made.last + new.count("\n") * 3)


def _after_the_end(cassette: Cassette, random: Random) -> Broken | None:
    for found in streams(cassette, random, "anthropic-messages", "openai-chat", "mistral-chat"):
        body, marks = body_of(found), places_of(found, "message_stop", DONE)
        if body is None or marks != [len(found.events) - 1] or not found.reading.said.events[-1].ended:
            continue
        place = random.choice([n for n, said in enumerate(found.events[:-1]) if n and said.kind != "ping"])
        new = body[slice(*extent(found, place))]
        change: Change = (body, [Edit(len(body), len(body), new)])
        made = changed(cassette, found.reading, [change], text_of(found.events[-1]))
        return made and Broken(made.text, made.first, made.last + 3 * new.count("\n") + new.count("\n"))
    return None


def _backwards(cassette: Cassette, random: Random) -> Broken | None:
    for found in streams(cassette, random, "openai-responses"):
        places = [place for place, said in enumerate(found.events) if "sequence_number" in said.value]
        if len(places) < 4:
            continue
        said = found.events[random.choice(places[2:])]
        node = node_at(text_of(said), "/sequence_number")
        if node:
            return changed(cassette, found.reading, [(node, [Edit(0, len(node), "0")])], node)
    return None


def _closed_elsewhere(cassette: Cassette, random: Random) -> Broken | None:
    for found in streams(cassette, random, "bedrock-converse", "anthropic-messages"):
        places = places_of(found, "contentBlockStop", "content_block_stop")
        for place in random.sample(places, len(places)):
            said = found.events[place]
            node = node_at(text_of(said), "/contentBlockIndex") or node_at(text_of(said), "/index")
            if node:
                change: Change = (node, [Edit(0, len(node), str(int(node) + 7))])
                return changed(cassette, found.reading, [change], text_of(said))
    return None


def _unclosed(cassette: Cassette, random: Random) -> Broken | None:
    for found in streams(cassette, random, "anthropic-messages", "openai-responses", "cohere-chat"):
        closings = places_of(found, *_CLOSINGS)
        for place in random.sample(closings, len(closings)):
            said = found.events[place]
            stem = re.split(r"[_-](?=stop|end)|\.(?=done)", said.kind)[0]
            openings = [
                other
                for other in places_of(found, *_OPENINGS)
                if found.events[other].kind.startswith(stem) and _index(found.events[other]) == _index(said)
            ]
            if len(openings) == 1 and as_object(said.value.get("item")).get("type") != "mcp_list_tools":
                return without(cassette, found, [place], openings[0])
    return None


def _jump(cassette: Cassette, random: Random) -> Broken | None:
    """The last block numbered one higher than it is."""
    for found in streams(cassette, random, "anthropic-messages", "bedrock-converse"):
        numbers = [
            (said, node)
            for said in found.events
            for name in ("index", "contentBlockIndex")
            if (name in said.value and (node := node_at(text_of(said), f"/{name}")))
        ]
        if not numbers:
            continue
        last = max(int(node) for _, node in numbers)
        nodes = [node for _, node in numbers if int(node) == last]
        changes: list[Change] = [(node, [Edit(0, len(node), str(last + 1))]) for node in nodes]
        return changed(cassette, found.reading, changes, nodes[0])
    return None


def _block_lost(cassette: Cassette, random: Random) -> Broken | None:
    """A message without one of its blocks that is not the last."""
    for found in streams(cassette, random, "anthropic-messages"):
        openings = places_of(found, "content_block_start")
        if len(openings) < 2:
            continue
        number = random.randrange(len(openings) - 1)
        lost = [place for place, said in enumerate(found.events) if said.value.get("index") == number]
        return without(cassette, found, lost, openings[number + 1], "/index")
    return None


def _lost(cassette: Cassette, random: Random) -> Broken | None:
    """A Responses stream without one of its deltas."""
    for found in streams(cassette, random, "openai-responses"):
        places = [
            place
            for place, said in enumerate(found.events[:-1])
            if said.kind.endswith(".delta") and "sequence_number" in said.value and place
        ]
        if places:
            place = random.choice(places)
            return without(cassette, found, [place], place + 1, "/sequence_number")
    return None


_CALL = re.compile(r'"tool_calls"\s*:\s*\[\s*\{[^{}]{0,200}?"index"\s*:\s*(\d+)')


def _call_jump(cassette: Cassette, random: Random) -> Broken | None:
    """The last streamed tool call numbered one higher than it is."""
    for found in streams(cassette, random, "openai-chat"):
        hits = [(said, match) for said in found.events for match in _CALL.finditer(said.data)]
        if not hits or any(said.data.count('"index"') != 2 for said, _ in hits):
            continue
        last = max(int(match[1]) for _, match in hits)
        mine = [(said, match) for said, match in hits if int(match[1]) == last]
        changes: list[Change] = [
            (text_of(said), [Edit(*match.span(1), str(last + 1))]) for said, match in mine
        ]
        said, match = mine[0]
        return changed(cassette, found.reading, changes, text_of(said), match.start(1))
    return None


# -- what stays the same -------------------------------------------------------------------------------


def _renamed(pointers: dict[str, str]) -> Callable[[Cassette, Random], Broken | None]:
    """A change of what one event's pointer leads to, behind the first two that have it."""

    def make(cassette: Cassette, random: Random) -> Broken | None:
        for found in streams(cassette, random, *pointers):
            pointer = pointers[found.stream.form]
            key = pointer.rpartition("/")[2]
            having = [
                said for said in found.events if f'"{key}"' in said.data and node_at(text_of(said), pointer)
            ]
            if len(having) < 3:
                continue
            node = node_at(text_of(random.choice(having[2:])), pointer)
            if node and len(node) > 2 and node.isascii() and re.fullmatch(r"[\w./:-]+", node):
                change: Change = (node, [Edit(len(node) - 1, len(node), "x" if node[-1] != "x" else "y")])
                return changed(cassette, found.reading, [change], node)
        return None

    return make


_IDS = {
    "openai-chat": "/id",
    "mistral-chat": "/id",
    "gemini": "/responseId",
    "openai-responses": "/response/id",
    "openai-completions": "/id",
}
_MODELS = {
    "openai-chat": "/model",
    "mistral-chat": "/model",
    "gemini": "/modelVersion",
    "openai-responses": "/response/model",
    "openai-completions": "/model",
    "ollama-chat": "/model",
}

MUTATIONS: tuple[Mutation, ...] = (
    Mutation("cut-stream", "an end inside an event", _cut_inside),
    Mutation("cut-stream", "an end between events", _cut_between),
    Mutation("cut-stream", "an end inside a frame", _cut_frames),
    Mutation("missing-end-mark", "a stream without its end mark", _unmarked),
    Mutation("missing-finish-reason", "a finish reason that is null", _unreasoned),
    Mutation("unparsable-event", "a semicolon for a colon", _garbled),
    Mutation("misplaced-event", "an opening taken out", _unopened),
    Mutation("misplaced-event", "a second start", _started_twice),
    Mutation("misplaced-event", "an event behind the end", _after_the_end),
    Mutation("misplaced-event", "a sequence number of 0", _backwards),
    Mutation("misplaced-event", "a block closed under another index", _closed_elsewhere),
    Mutation("unclosed-block", "a closing taken out", _unclosed),
    Mutation("skipped-index", "the last block numbered one higher", _jump),
    Mutation("skipped-index", "a delta taken out", _lost),
    Mutation("skipped-index", "a block taken out", _block_lost),
    Mutation("skipped-index", "the last tool call numbered one higher", _call_jump),
    Mutation("changed-stream-id", "an id with another end", _renamed(_IDS)),
    Mutation("changed-stream-model", "a model with another end", _renamed(_MODELS)),
    *streams_values.MUTATIONS,
)

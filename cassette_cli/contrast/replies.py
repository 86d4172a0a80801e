"""Where two replies differ: as the conversations that their dialects read, and in all else that they hold.

First what the exchange says, by the names that `show` has for it. Then the fields of the body (of a stream,
what its events say together), less those whose difference has been told that way already: a field that no
one here knows is never passed over.
"""

from collections.abc import Iterator

from cassette_cli.contrast.bodies import events_of, of_bodies, of_value
from cassette_cli.contrast.fold import folded
from cassette_cli.contrast.told import Told
from cassette_cli.contrast.values import Delta, Path, differences
from cassette_cli.llm.messages import (
    Exchange,
    Item,
    Media,
    Message,
    Part,
    Prose,
    ToolCall,
    ToolResult,
    Unknown,
)
from cassette_cli.rules.noise import is_noise, without_noise
from cassette_cli.rules.volatile import ABSENT, Value, same
from cassette_cli.selection import Reading
from cassette_cli.source.tree import Json

_OF_MESSAGES = ("reply.text", "reply.reasoning", "reply.tool_calls", "alternatives")


def of_replies(old: Reading, new: Reading) -> Iterator[Delta]:
    """All that differs between what two requests were answered."""
    one, two = old.exchange, new.exchange
    if old.said.bytes == new.said.bytes and old.said.problems == new.said.problems:
        return
    if one is None or two is None or not (_is_read(one) and _is_read(two)):
        yield from of_bodies("response.body", old.said, new.said)
        return
    told = Told()
    spoken = list(_of_exchanges(one, two))
    yield from spoken
    for delta in spoken:
        if not delta.where.startswith(_OF_MESSAGES):
            told.add(delta)
    parts = [delta for delta in _of_parts(one, two) if not told.has(delta)]
    yield from parts
    for delta in (*spoken, *parts):
        told.add(delta)
    told.add_parts(one, two)
    if one.streamed is not two.streamed:
        return
    if not one.streamed:
        of_body = of_bodies("response.body", old.said, new.said)
        yield from (delta for delta in of_body if not told.has(delta))
        return
    said: set[tuple[str, str, str]] = set()  # a stream says a field of the reply again in several events
    for delta, part in _of_streams(old, new):
        known = delta.where.rpartition("/")[2], repr(delta.old), repr(delta.new)
        if known not in said and not told.has(delta, part=part):
            said.add(known)
            yield delta


def _is_read(exchange: Exchange) -> bool:
    """Whether the dialect found in the reply what it looks for; if not, a reader sees more in the body."""
    return bool(exchange.reply or exchange.answer.error or exchange.streamed)


def _of_streams(old: Reading, new: Reading) -> Iterator[tuple[Delta, bool]]:
    """The slots in which two streams differ, and whether a slot is of a part that one of them lacks."""
    texts = {text for side in (old, new) if side.exchange for text in _texts(side.exchange)}
    olds, news = _slots(old, texts), _slots(new, texts)
    parents = [{parent for slot in side for parent in _parents(slot)} for side in (olds, news)]
    for slot in dict.fromkeys([*olds, *news]):
        was, now = olds.get(slot, ABSENT), news.get(slot, ABSENT)
        where = f"response.body{slot}"
        if same(was, now):
            continue
        part = slot.rpartition("/")[0]
        lacks = _in_list(part) and (any(part not in side for side in parents) or _is_empty(was, now))
        # How often something was said depends on how the stream was cut: a list of noise is one value.
        if (isinstance(was, list) or isinstance(now, list)) and is_noise(where, was, now):
            yield Delta(where, was, now), lacks
        else:
            deltas = differences(was, now, Path(where), without_noise)
            yield from ((delta, lacks) for delta in deltas)


def _parents(slot: str) -> Iterator[str]:
    """The objects that a slot is in."""
    steps = slot.split("/")
    yield from ("/".join(steps[:size]) for size in range(1, len(steps)))


def _is_empty(*values: Value) -> bool:
    return all(value is ABSENT or value in ("", [], {}) for value in values)


def _in_list(slot: str) -> bool:
    return any(step.isdigit() for step in slot.split("/"))


def _slots(reading: Reading, texts: set[str]) -> dict[str, Json]:
    whole = reading.said.json if isinstance(reading.said.json, list) else [reading.said.json]
    events = events_of(reading.said) if reading.said.events else (("", value) for value in whole)
    return folded(events, texts)


def _texts(exchange: Exchange) -> set[str]:
    """The texts of a conversation that a stream may have in pieces."""
    found: set[str] = set()
    for message in exchange.answer.choices:
        found |= {message.text, message.reasoning}
        for part in message.parts:
            if isinstance(part, Prose):
                found.add(part.text)
            elif isinstance(part, ToolCall):
                found |= {part.raw_arguments, part.name}
    return {str(text) for text in found if text}


# -- the conversation ----------------------------------------------------------------------------------


def _of_exchanges(old: Exchange, new: Exchange) -> Iterator[Delta]:
    one, two = old.answer, new.answer
    yield from of_value("reply.streamed", old.streamed, new.streamed)
    yield from of_value("reply.model", _given(one.model), _given(two.model))
    yield from _of_messages("reply", old.reply, new.reply)
    most = max(len(one.choices), len(two.choices))
    for place in range(1, most):
        choices = [side.choices[place] if place < len(side.choices) else None for side in (one, two)]
        yield from _of_messages(f"alternatives[{place - 1}]", *choices)
    yield from of_value("finish_reason", _given(one.finish_reason), _given(two.finish_reason))
    errors = [dict(side.error._asdict()) if side.error else ABSENT for side in (one, two)]
    yield from differences(errors[0], errors[1], Path("error", dotted=True), without_noise)
    figures = [dict(side.usage._asdict()) if side.usage else {} for side in (one, two)]
    for name in dict.fromkeys([*figures[0], *figures[1]]):
        was, now = figures[0].get(name), figures[1].get(name)
        yield from of_value(f"usage.{name}", _given(was), _given(now))
    yield from of_value("reply.complete", old.complete, new.complete)
    yield from of_value("reply.problems", list[Json](old.problems), list[Json](new.problems))


def _given(value: Json) -> Value:
    return ABSENT if value is None else value


def _of_messages(where: str, old: Message | None, new: Message | None) -> Iterator[Delta]:
    if old is None or new is None:
        if old is not new:
            yield Delta(where, _whole(old), _whole(new))
        return
    for name in ("text", "reasoning"):
        yield from of_value(f"{where}.{name}", getattr(old, name), getattr(new, name))
    yield from differences(
        list[Json]([_call(call) for call in old.tool_calls]),
        list[Json]([_call(call) for call in new.tool_calls]),
        Path(f"{where}.tool_calls", dotted=True),
        without_noise,
    )


def _of_parts(old: Exchange, new: Exchange) -> Iterator[Delta]:
    """What differs in parts that have no name of their own."""
    for place, (one, two) in enumerate(zip(old.answer.choices, new.answer.choices, strict=False)):
        path = Path(f"alternatives[{place - 1}].parts" if place else "reply.parts", dotted=True)
        others = [list[Json]([_other(part) for part in side.parts]) for side in (one, two)]
        for delta in differences(others[0], others[1], path, without_noise):
            was, now = (ABSENT if side in _ELSEWHERE else side for side in (delta.old, delta.new))
            yield from of_value(delta.where, was, now)
        kinds = [_order(one), _order(two)] if old.streamed and new.streamed else [[], []]
        if kinds[0] != kinds[1] and sorted(kinds[0]) == sorted(kinds[1]):
            yield Delta(path.where, list[Json](kinds[0]), list[Json](kinds[1]))


def _order(message: Message) -> list[str]:
    """What the parts are that are told by other names, in order."""
    kinds = [_other(part) for part in message.parts]
    return [str(kind) for kind in kinds if kind in ("text", "reasoning", "tool_call")]


def _whole(message: Message | None) -> Value:
    if message is None:
        return ABSENT
    calls = [_call(call) for call in message.tool_calls]
    return {"text": message.text, "reasoning": message.reasoning, "tool_calls": list[Json](calls)}


def _call(call: ToolCall) -> dict[str, Json]:
    said = {"arguments": call.arguments} if call.arguments is not None else {}
    return {"id": call.id, "name": call.name} | (said or {"raw_arguments": call.raw_arguments})


_ELSEWHERE = ("text", "reasoning", "tool_call", "media", "sealed")  # parts that are told by another name


def _other(part: Part) -> Json:
    """A part that is told as such; of one that is not, only what it is, to hold its place."""
    match part:
        case Prose(type="text" | "reasoning"):
            return part.type
        case Prose():
            return {"type": part.type, "text": part.text}
        case ToolCall():
            return {"type": "server_tool_call", **_call(part)} if part.server else "tool_call"
        case ToolResult():
            inner = [_said(one) for one in part.parts]
            return {"type": "tool_result", "tool_call_id": part.tool_call_id, "parts": list[Json](inner)}
        case Media():
            return "media"
        case Item():
            return "sealed" if part.type.startswith("encrypted") else part.fields | {"type": part.type}
        case Unknown():
            return {"type": "unknown", "raw": part.raw}


def _said(part: Part) -> Json:
    return {"type": part.type, "text": part.text} if isinstance(part, Prose) else _other(part)

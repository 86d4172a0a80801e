"""Where two replies differ: as the conversations that their dialects read, and in all else that they hold.

First what the exchange says, by the names that `show` has for it. Then the fields of the body (of a stream,
what its events say together), less those whose difference has been told that way already: a field that no
one here knows is never passed over.
"""

import re
from collections.abc import Iterator
from typing import TypeAlias

from cassette_cli.contrast.bodies import events_of, of_bodies, of_value
from cassette_cli.contrast.fold import folded
from cassette_cli.contrast.values import DEEPEST, Delta, Path, differences, held_in
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
from cassette_cli.rules.noise import is_counted, is_noise, without_noise
from cassette_cli.rules.volatile import ABSENT, Absent, Value, is_random, same
from cassette_cli.selection import Reading
from cassette_cli.source.tree import Json

Token: TypeAlias = str | tuple[str, str]


def of_replies(old: Reading, new: Reading) -> Iterator[Delta]:
    """All that differs between what two requests were answered."""
    one, two = old.exchange, new.exchange
    if old.said.bytes == new.said.bytes and old.said.problems == new.said.problems:
        return
    if one is None or two is None or not (_is_read(one) and _is_read(two)):
        yield from of_bodies("response.body", old.said, new.said)
        return
    told = _Told()
    for delta in _of_exchanges(one, two):
        told.add(delta)
        yield delta
    told.add_parts(one, two)
    for delta in _of_parts(one, two):
        if not told.has(delta, streamed=False):
            told.add(delta)
            yield delta
    if one.streamed is not two.streamed:
        return
    if not one.streamed:
        of_body = of_bodies("response.body", old.said, new.said)
        yield from (delta for delta in of_body if not told.has(delta, streamed=False))
        return
    said: set[tuple[str, str, str]] = set()  # a stream says a field of the reply again in several events
    for delta in _of_streams(old, new):
        known = delta.where.rpartition("/")[2], repr(delta.old), repr(delta.new)
        if known not in said and not told.has(delta, streamed=True):
            said.add(known)
            yield delta


def _is_read(exchange: Exchange) -> bool:
    """Whether the dialect found in the reply what it looks for; if not, a reader sees more in the body."""
    return bool(exchange.reply or exchange.answer.error or exchange.streamed)


def _of_streams(old: Reading, new: Reading) -> Iterator[Delta]:
    """The slots in which two streams differ."""
    texts = {text for side in (old, new) if side.exchange for text in _texts(side.exchange)}
    olds, news = _slots(old, texts), _slots(new, texts)
    for slot in dict.fromkeys([*olds, *news]):
        was, now = olds.get(slot, ABSENT), news.get(slot, ABSENT)
        where = f"response.body{slot}"
        if same(was, now):
            continue
        # How often something was said depends on how the stream was cut: a list of noise is one value.
        if (isinstance(was, list) or isinstance(now, list)) and is_noise(where, was, now):
            yield Delta(where, was, now)
        else:
            yield from differences(was, now, Path(where), without_noise)


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


# -- what has been told already ------------------------------------------------------------------------

_LONG = 12  # characters of a text that is in another by no chance
_WORDS_OF_FORM = frozenset(("type", "object", "role", "index", "status"))


class _Told:
    """The values of the differences that have been named; what differs in just these says nothing new."""

    def __init__(self) -> None:
        self._old: set[Token] = set()
        self._new: set[Token] = set()
        self._texts: list[tuple[str, str]] = []
        self._figures: set[tuple[Json, Json]] = set()
        self._of_messages = False

    def add(self, delta: Delta) -> None:
        if delta.where.startswith("usage."):
            self._figures.add((_figure(delta.old), _figure(delta.new)))
            return
        self._of_messages = self._of_messages or delta.where.startswith(("reply", "alternatives"))
        if isinstance(delta.old, str) and isinstance(delta.new, str):
            self._texts.append((delta.old, delta.new))
        name = re.split(r"[./]", delta.where)[-1]
        for told, value in ((self._old, delta.old), (self._new, delta.new)):
            told |= _tokens(value, name)
            told |= _tokens(held_in(value), name) if isinstance(value, str) else set()

    def add_parts(self, old: Exchange, new: Exchange) -> None:
        """If messages differ, the pieces that their texts and calls stand in may differ, too."""
        if not self._of_messages:
            return
        for told, exchange in ((self._old, old), (self._new, new)):
            for message in exchange.answer.choices:
                for part in message.parts:
                    if isinstance(part, Prose):
                        told.add(part.text)
                    elif isinstance(part, ToolCall):
                        told |= {part.raw_arguments, part.name, *_tokens(part.arguments, "")}

    def has(self, delta: Delta, *, streamed: bool) -> bool:
        """Whether a difference says nothing new."""
        if is_counted(delta.where) and (_figure(delta.old), _figure(delta.new)) in self._figures:
            return True
        if not self._old and not self._new:
            return False
        name = delta.where.rpartition("/")[2]
        olds, news = _tokens(delta.old, name), _tokens(delta.new, name)
        if (
            isinstance(delta.old, str)
            and isinstance(delta.new, str)
            and self._has_piece(delta.old, delta.new)
        ):
            return True
        if not isinstance(delta.old, Absent | None) and not isinstance(delta.new, Absent | None):
            return olds != news and olds - news <= self._old and news - olds <= self._new
        if not (streamed or olds or news):
            return False
        whole = streamed or isinstance(delta.old, dict | list) or isinstance(delta.new, dict | list)
        leaves = [*_leaves(delta.old, name), *_leaves(delta.new, name)]
        formal = {_token(*leaf) for leaf in leaves if _is_form(*leaf, whole=whole)}
        return olds - formal <= self._old and news - formal <= self._new

    def _has_piece(self, old: str, new: str) -> bool:
        """Whether a text that changed has changed in this piece of it, or is itself a piece of this one."""
        for one, two in self._texts:
            if one and old.replace(one, two, 1) == new:
                return True
            if min(len(old), len(new)) >= _LONG and old in one and new in two:
                return True
            start = one.find(old) if old else -1
            while start >= 0:
                if one[:start] + new + one[start + len(old) :] == two:
                    return True
                start = one.find(old, start + 1)
        return False


def _figure(value: Value) -> Json:
    return value if isinstance(value, int | float) else None


def _is_form(name: str, value: Json, *, whole: bool) -> bool:
    """Whether a text comes with any value of its kind; in a whole thing that came or went, its id does."""
    return name in _WORDS_OF_FORM or (whole and isinstance(value, str) and is_random(value))


def _tokens(value: Value, name: str) -> set[Token]:
    return {_token(*leaf) for leaf in _leaves(value, name)}


def _token(name: str, value: Json) -> Token:
    """What a scalar is known by: a text by itself, anything else with its name."""
    return str(value) if isinstance(value, str) else (name, repr(value))


def _leaves(value: Value, name: str, depth: int = 0) -> Iterator[tuple[str, Json]]:
    """The scalars of a value by their names; what is empty is nothing."""
    if isinstance(value, dict) and depth < DEEPEST:
        for inner, item in value.items():
            yield from _leaves(item, inner, depth + 1)
    elif isinstance(value, list) and depth < DEEPEST:
        for item in value:
            yield from _leaves(item, name, depth + 1)
    elif value not in (None, "") and not isinstance(value, Absent | dict | list):
        yield name, value

"""Where two replies differ: as the conversations that their dialects read, and in all else that they hold.

First what the exchange says, by the names that `show` has for it. Then the fields of the body (of a stream,
what its events say together), less those whose difference has been told that way already: a field that no
one here knows is never passed over.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple, TypeAlias

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

_OF_MESSAGES = ("reply.text", "reply.reasoning", "reply.tool_calls", "alternatives")
Token: TypeAlias = tuple[str, str]  # where a value may stand, and the value


def of_replies(old: Reading, new: Reading) -> Iterator[Delta]:
    """All that differs between what two requests were answered."""
    one, two = old.exchange, new.exchange
    if old.said.bytes == new.said.bytes and old.said.problems == new.said.problems:
        return
    if one is None or two is None or not (_is_read(one) and _is_read(two)):
        yield from of_bodies("response.body", old.said, new.said)
        return
    told = _Told()
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


# -- what has been told already ------------------------------------------------------------------------

_LONG = 12  # characters of a text that is in another by no chance
_TEXT, _CALL = "a text", "a call"
_HOLDERS = (  # what may stand under a name that the dialects have for it, and so may have been told
    (
        _TEXT,
        re.compile(
            r"|text|content|parts|delta|message|value|response|completion|answer|output\w*|generat(?:ion|ed_?[tT]ext)|instructions|data"
            r"|transcript|refusal|tool_plan|think\w*|thought\w*|reasoning\w*|summary\w*|result|p|bytes"
        ),
    ),
    (_CALL, re.compile(r"(?i:arguments|partial_json|input|args|parameters|function|delta|code)")),
    ("name", re.compile(r"(?i:name|tool_?name|function|recipient)")),
    ("id", re.compile(r"(?i:.*id)")),
    ("model", re.compile(r"(?i:model\w*)")),
    (
        "finish_reason",
        re.compile(r"(?i:(?:.*_?reason)|finish\w*|stop\w*|status|type|done\w*|completionReason)"),
    ),
    ("error", re.compile(r"(?i:type|status\w*|code|message|msg|errors?\w*|detail\w*|title|reason|__type)")),
)
_GROUPS = {"text": _TEXT, "reasoning": _TEXT, "raw_arguments": _CALL, "arguments": _CALL}
_FORM = {  # what comes with a part of a message and says nothing new where the part does
    "type": re.compile(
        r"(?i:(?:output_|summary_|reasoning_|redacted_)?(?:text|thinking)|message|reasoning|refusal|function"
        r"|function_call|(?:server_|mcp_)?tool_(?:use|call)|custom_tool_call|(?:text|thinking|input_json)_delta)"
    ),
    "role": re.compile("assistant|model"),
    "status": re.compile("completed|in_progress"),
    "object": re.compile(r"[\w.]*message|chat\.completion(?:\.chunk)?|thread\.[\w.]+"),
}


class _Leaf(NamedTuple):
    """A scalar of a value, and the names that it stands under, its own last."""

    trail: tuple[str, ...]
    value: Json

    @property
    def name(self) -> str:
        return self.trail[-1] if self.trail else ""

    @property
    def said(self) -> str:
        return str(self.value) if isinstance(self.value, str) else repr(self.value)

    def tokens(self) -> Iterator[Token]:
        """What it may have been told as."""
        yield from ((group, self.said) for group, names in _HOLDERS if names.fullmatch(self.name))
        yield self.name, self.said


class _Told:
    """The values of the differences that have been named; what differs in just these says nothing new.

    A value is known by where it may stand, so the same one in a field of another name is news.
    """

    def __init__(self) -> None:
        self._old: set[Token] = set()
        self._new: set[Token] = set()
        self._texts: list[tuple[str, str]] = []
        self._figures: set[tuple[Json, Json]] = set()

    def add(self, delta: Delta) -> None:
        if delta.where.startswith("usage."):
            self._figures.add((_figure(delta.old), _figure(delta.new)))
            return
        if isinstance(delta.old, str) and isinstance(delta.new, str):
            self._texts.append((delta.old, delta.new))
        trail = _trail(delta.where)
        for told, value in ((self._old, delta.old), (self._new, delta.new)):
            for leaf in _leaves(value, trail):
                _add(told, leaf)

    def add_parts(self, old: Exchange, new: Exchange) -> None:
        """If texts or calls of messages differ, the pieces that these stand in may differ, too."""
        olds, news = old.answer.choices, new.answer.choices
        for place in range(max(len(olds), len(news))):
            one, two = (side[place] if place < len(side) else None for side in (olds, news))
            for name in ("text", "reasoning", "tool_calls"):
                if one is None or two is None or getattr(one, name) != getattr(two, name):
                    for told, message in ((self._old, one), (self._new, two)):
                        for leaf in _pieces(message, name) if message else ():
                            _add(told, leaf)

    def has(self, delta: Delta, *, part: bool = False) -> bool:
        """Whether a difference says nothing new; a `part` of a message came or went with a slot in it."""
        if is_counted(delta.where) and (_figure(delta.old), _figure(delta.new)) in self._figures:
            return True
        if not self._old and not self._new:
            return False
        trail = _trail(delta.where)
        if _holds_text(trail) and self._has_piece(delta.old, delta.new):
            return True
        olds, news = _by_key(delta.old, trail), _by_key(delta.new, trail)
        if not isinstance(delta.old, Absent | None) and not isinstance(delta.new, Absent | None):
            only = olds.keys() ^ news.keys()
            return bool(only) and all(
                _in(told, leaf)
                for told, leaves in ((self._old, olds), (self._new, news))
                for key, leaf in leaves.items()
                if key in only
            )
        found = [
            _in(told, leaf)
            for told, leaves in ((self._old, olds), (self._new, news))
            for leaf in leaves.values()
        ]
        if not part and not any(found):
            return False
        whole = part or isinstance(delta.old, dict | list) or isinstance(delta.new, dict | list)
        leaves = [*olds.values(), *news.values()]
        return all(
            told or (whole and _is_form(leaf, delta.where)) for told, leaf in zip(found, leaves, strict=True)
        )

    def _has_piece(self, old: Value, new: Value) -> bool:
        if not isinstance(old, str) or not isinstance(new, str):
            return False
        return any(_is_piece(old, new, *texts) for texts in self._texts)


def _add(told: set[Token], leaf: _Leaf) -> None:
    group = "error" if leaf.trail[:1] == ("error",) else _GROUPS.get(leaf.name, leaf.name)
    told |= {(group, leaf.said), (leaf.name, leaf.said)}
    held = held_in(leaf.value) if isinstance(leaf.value, str) else None
    told |= {(one.name, one.said) for one in _leaves(held, leaf.trail)}


def _in(told: set[Token], leaf: _Leaf) -> bool:
    return any(token in told for token in leaf.tokens())


def _pieces(message: Message, name: str) -> Iterator[_Leaf]:
    """What the texts, the reasoning or the calls of a message are made of."""
    for part in message.parts:
        if isinstance(part, Prose) and part.type == name:
            yield _Leaf((name,), part.text)
        elif isinstance(part, ToolCall) and not part.server and name == "tool_calls":
            yield _Leaf(("raw_arguments",), part.raw_arguments)
            yield _Leaf(("name",), part.name)
            yield from _leaves(part.arguments, ("arguments",))


def _trail(where: str) -> tuple[str, ...]:
    """The names that a place stands under: in a body, or in what an exchange says."""
    head, slash, pointer = where.partition("/")
    if slash or head.startswith("response.body"):
        steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")]
    else:
        steps = re.split(r"[.\[\]]+", head)
    return tuple(step for step in steps if step and not step.isdigit())


def _holds_text(trail: tuple[str, ...]) -> bool:
    name = trail[-1] if trail else ""
    return any(group in (_TEXT, _CALL, "error") and names.fullmatch(name) for group, names in _HOLDERS)


def _is_piece(old: str, new: str, one: str, two: str) -> bool:
    """Whether a text that became another changed in this piece of it, or is itself a piece of this one."""
    if one and old.replace(one, two, 1) == new:
        return True
    if min(len(old), len(new)) >= _LONG and old in one and new in two:
        return True
    if not old or len(two) - len(one) != len(new) - len(old):
        return False
    starts, ends = zip(_shared(one, two), _shared(old, new), strict=True)
    for start in {starts[0] - starts[1], len(one) - ends[0] - (len(old) - ends[1])}:
        after = start + len(old)
        if 0 <= start <= starts[0] and len(one) - after <= ends[0] and one[start:after] == old:
            return one[:start] + new + one[after:] == two
    return False


@lru_cache(maxsize=256)
def _shared(one: str, two: str) -> tuple[int, int]:
    """How many characters two texts have in common at their start, and how many at their end."""
    return _start(one, two), _start(one[::-1], two[::-1])


def _start(one: str, two: str) -> int:
    pairs = enumerate(zip(one, two, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(two)))


def _figure(value: Value) -> Json:
    return value if isinstance(value, int | float) else None


def _is_form(leaf: _Leaf, where: str) -> bool:
    """Whether a value comes with any part of its kind."""
    if not isinstance(leaf.value, str):
        return leaf.name == "index"
    form = _FORM.get(leaf.name)
    if form is None:
        return leaf.name.lower().endswith("id") and is_random(leaf.value)
    return (
        form.fullmatch(leaf.value) is not None or f"[{leaf.value}]" in where
    )  # a stream's event by its type


def _by_key(value: Value, trail: tuple[str, ...]) -> dict[tuple[str, str], _Leaf]:
    return {(leaf.name, repr(leaf.value)): leaf for leaf in _leaves(value, trail)}


def _leaves(value: Value, trail: tuple[str, ...], depth: int = 0) -> Iterator[_Leaf]:
    """The scalars of a value by their names; what is empty is nothing."""
    if isinstance(value, dict) and depth < DEEPEST:
        for inner, item in value.items():
            yield from _leaves(item, (*trail, inner), depth + 1)
    elif isinstance(value, list) and depth < DEEPEST:
        for item in value:
            yield from _leaves(item, trail, depth + 1)
    elif value not in (None, "") and not isinstance(value, Absent | dict | list):
        yield _Leaf(trail, value)

"""What has been told of two replies already: a difference that says just this once more is no news.

A value is known by the names that it may stand under, a text by its pieces too. Knows no stream and no body.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from cassette_cli.contrast.values import DEEPEST, Delta, held_in
from cassette_cli.llm.messages import Exchange, Message, Prose, ToolCall
from cassette_cli.rules.noise import is_counted
from cassette_cli.rules.volatile import Absent, Value, is_random
from cassette_cli.source.tree import Json

Token: TypeAlias = tuple[str, str]  # where a value may stand, and the value
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


class Told:
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

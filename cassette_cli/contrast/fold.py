"""What the events of a stream say together, however they were cut: one value for each slot.

A slot is what events of one kind have at one place. Its strings are one text if a conversation has that
text, or if such a field is known to come in pieces; else what repeats is one value and what changes is the
list of what it was. So a stream that was cut elsewhere folds to the same. Knows no dialect.
"""

import re
from binascii import Error as BadBase64
from binascii import a2b_base64
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby
from typing import TypeAlias

from cassette_cli.contrast.values import key
from cassette_cli.source.jsontree import load_json
from cassette_cli.source.tree import Json

Slots: TypeAlias = dict[str, Json]

_INDEXES = ("output_index", "content_index", "summary_index", "contentBlockIndex", "index")
_COUNTERS = ("sequence_number",)  # they number the events
_QUIET = ("ping", "keepalive")  # events that only keep a connection open
_ONE_TEXT = ("parts", "content")  # lists whose elements are pieces of one text: Gemini's, those of logprobs
_PIECES = frozenset(
    (
        *(
            "text",
            "content",
            "delta",
            "arguments",
            "partial_json",
            "thinking",
            "reasoning",
            "summary",
            "refusal",
        ),
        *("reasoning_content", "transcript", "data", "token", "signature", "input", "code", "completion"),
        *("response", "outputText", "generated_text", "obfuscation", "p", "thoughtSignature", "tool_plan"),
    )
)
_LAST = re.compile(
    r"(?i:usage|usage_?metadata|.*tokens?|.*count)"
)  # figures that grow while the stream goes on
_DEEPEST = 80


def folded(events: Iterable[tuple[str, Json]], texts: Collection[str]) -> Slots:
    """The slots of events, which come with their names; `texts` are those of the conversation."""
    found: dict[str, list[Json]] = {}
    for name, event in events:
        value = _unpacked(event)
        kind = value.get("type") if isinstance(value, dict) else None
        kind = kind if isinstance(kind, str) else name
        if kind not in _QUIET:
            for slot, leaf in _leaves(value, f"[{kind or '*'}]", 0):
                found.setdefault(slot, []).append(leaf)
    return {slot: _one(slot, leaves, texts) for slot, leaves in found.items()}


def _unpacked(event: Json) -> Json:
    """The event that Bedrock's invoke packs as base64, or the event itself."""
    packed = event.get("bytes") if isinstance(event, dict) else None
    if not isinstance(event, dict) or not isinstance(packed, str):
        return event
    try:
        value: Json = load_json(a2b_base64(packed.encode("ascii", "replace")))
    except (ValueError, BadBase64, RecursionError):
        return event
    return value | {"p": event.get("p")} if isinstance(value, dict) else event


def _leaves(value: Json, slot: str, depth: int) -> Iterator[tuple[str, Json]]:
    if value is None or depth > _DEEPEST:
        return
    if isinstance(value, dict) and value:
        indexes = [value[name] for name in _INDEXES if isinstance(value.get(name), int)]
        if not slot.endswith(tuple("0123456789")):
            slot += "".join(f"/{index}" for index in indexes)
        if value.get("thought") is True:
            slot += "/thought"
        for name, item in value.items():
            if name not in _COUNTERS and not (name in _INDEXES and item in indexes):
                step = name.replace("~", "~0").replace("/", "~1")
                yield from _leaves(item, f"{slot}/{step}", depth + 1)
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        one_text = slot.endswith(_ONE_TEXT)
        for place, item in enumerate(value):
            index = item.get("index") if isinstance(item, dict) else None
            number = index if isinstance(index, int) else place
            yield from _leaves(item, slot if one_text else f"{slot}/{number}", depth + 1)
    else:
        yield slot, value


def _one(slot: str, leaves: list[Json], texts: Collection[str]) -> Json:
    """What a slot says."""
    name = slot.rpartition("/")[2]
    if _LAST.fullmatch(name) or "usage" in slot.lower():
        return leaves[-1]
    pieces = [leaf for leaf in leaves if isinstance(leaf, str)]
    if len(pieces) == len(leaves):
        text = "".join(pieces)
        if text in texts or not text:
            return text
        leaves = [leaf for leaf in leaves if leaf]
        if name in _PIECES and len({*pieces}) > 1:
            return text
    runs = [next(run) for _, run in groupby(leaves, key=key)]
    return runs[0] if len(runs) == 1 else runs

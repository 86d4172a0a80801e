"""The promises of `diff` over the corpus: silence where nothing changed, and just the change where one did.

`python -m tests.proof_diff [N]` makes pairs of N cassettes (of all, without a number), in every way that
changes nothing (re-chunked, re-stamped, re-formatted), moves whole interactions, or changes one thing.
Which values are ids, dates and figures is judged here by rules of its own, not by those of `noise`.
"""

import json
import re
import string
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import yaml

from cassette_cli.contrast.align import rising
from cassette_cli.diff import Difference, Kind, compare
from cassette_cli.errors import CassetteError
from cassette_cli.llm.messages import Message
from cassette_cli.model import Cassette, Header, Interaction
from cassette_cli.recorders import read_cassette
from cassette_cli.selection import Reading
from cassette_cli.source import tree
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.jsontree import parse_json
from cassette_cli.source.text import Change, Joined, Text, rewrite
from cassette_cli.wire.body import Content, traced
from cassette_cli.wire.body import Kind as Form
from tests.corpus import CORPUS, dice, files, name_of
from tests.proof import Outcome

SEED = 11
LARGEST = 600_000  # bytes of a cassette that is tried


class Made(NamedTuple):
    """A changed cassette, and what must show: a fault in words, or None if just that shows."""

    cassette: Cassette
    judge: Callable[[Difference], str | None]


Make = Callable[[Cassette, Random], Made | None]


# -- the strings and numbers of bodies -----------------------------------------------------------------


class Leaf(NamedTuple):
    """A scalar of a JSON body: which side's, in which event, under which keys."""

    side: str
    event: int | None
    keys: tuple[str, ...]
    text: Text

    @property
    def name(self) -> str:
        return next((key for key in reversed(self.keys) if not key.isdigit()), "")

    @property
    def is_string(self) -> bool:
        return self.text.style != "json-word" and isinstance(tree.plain_scalar(self.text), str)


def leaves(reading: Reading) -> Iterator[Leaf]:
    """Those of the request and of the reply, whole or streamed."""
    request, response = reading.interaction.request, reading.interaction.response
    for side, message, content in (("request", request, reading.asked), ("response", response, reading.said)):
        if message.body.tree is not None:
            yield from _below(side, None, (), message.body.tree)
        elif content.kind is Form.JSON and isinstance(content.text, Text):
            yield from _parsed(side, None, content.text)
        for number, event in enumerate(content.events):
            if isinstance(event.data, Text) and event.data[:1] in ("{", "["):
                yield from _parsed(side, number, event.data)


def _parsed(side: str, event: int | None, text: Text) -> Iterator[Leaf]:
    try:
        yield from _below(side, event, (), parse_json(text))
    except (CassetteError, RecursionError):
        return


def _below(side: str, event: int | None, keys: tuple[str, ...], node: tree.Node) -> Iterator[Leaf]:
    if isinstance(node, Text):
        yield Leaf(side, event, keys, node)
    elif isinstance(node, tree.Mapping):
        for key, item in node.items:
            yield from _below(side, event, (*keys, str(key)), item)
    elif isinstance(node, tree.Sequence):
        for place, item in enumerate(node.items):
            yield from _below(side, event, (*keys, str(place)), item)


def readings(cassette: Cassette) -> list[Reading]:
    return [Reading(interaction, traced) for interaction in cassette.interactions]


def rewritten(cassette: Cassette, changes: Iterable[Change]) -> Cassette | None:
    """The cassette with its texts changed and read anew; None where nothing changes or it cannot."""
    try:
        edits = rewrite(changes)
        own = edits.pop(cassette.document, [])
        return reread(cassette, splice(cassette.document.text, own)) if own and not edits else None
    except (CassetteError, ValueError):
        return None


def reread(cassette: Cassette, text: str) -> Cassette | None:
    try:
        return read_cassette(Document(cassette.document.name, cassette.document.encode(text)))
    except (CassetteError, ValueError):
        return None


def whole(text: Text, new: str) -> Change:
    return text, [Edit(0, len(text), new)]


# -- what must show ------------------------------------------------------------------------------------


def nothing(difference: Difference) -> str | None:
    if difference.changes:
        return f"around the interactions {_briefly(difference.changes)}"
    for pairing in difference.pairings:
        if pairing.kind is not Kind.SAME:
            return f"{pairing.kind} {_number(pairing)} {_briefly(pairing.changes)}"
    return None


def _number(pairing: Any) -> str:
    reading = pairing.new or pairing.old
    return f"#{reading.interaction.index}"


def _briefly(changes: Iterable[Any]) -> list[tuple[str, ...]]:
    return [tuple(map(_brief, one)) for one in list(changes)[:3]]


def _brief(value: object) -> str:
    return str(value)[:90]


def just(index: int, where: str) -> Callable[[Difference], str | None]:
    """One change, in that interaction, at a place that the pattern matches."""

    def judge(difference: Difference) -> str | None:
        changed = [one for one in difference.pairings if one.kind is not Kind.SAME]
        if not changed:
            return "HIDDEN"
        if [one.kind for one in changed] != [Kind.CHANGED] or changed[0].new is None:
            return f"{[f'{one.kind} {_number(one)}' for one in changed]}, not #{index} changed at {where}"
        changes = changed[0].changes
        if changed[0].new.interaction.index != index or len(changes) != 1:
            return f"{len(changes)} changes, not {where}: {_briefly(changes)}"
        return None if re.fullmatch(where, changes[0].where) else f"at {changes[0].where}, not {where}"

    return judge


def kinds(wanted: Counter[Kind]) -> Callable[[Difference], str | None]:
    """So many of each kind, and nothing changed inside."""

    def judge(difference: Difference) -> str | None:
        found = Counter(one.kind for one in difference.pairings if one.kind is not Kind.SAME)
        inside = [one.changes[0] for one in difference.pairings if one.changes]
        if found == +wanted and not inside:
            return None
        return f"{dict(found)}, not {dict(+wanted)} {_briefly(inside)}"

    return judge


# -- nothing changes -----------------------------------------------------------------------------------

_ID = re.compile(
    r"(?<![A-Za-z])(?:chatcmpl|msgbatch|gen|cmpl|msg|resp|call|toolu|srvtoolu|run|thread|asst|step|req|fc|rs|ws|file|batch|fs|vs|tooluse)"
    r"[-_](?:[a-z]+_)?(?=[A-Za-z0-9]*\d)(?=[A-Za-z0-9]*[A-Za-z])[A-Za-z0-9]{14,}"
    r"|(?!0{8})[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}"
)
_SEALED = ("signature", "thoughtSignature", "encrypted_content")
_FIGURES = re.compile(
    r"(?:prompt|completion|input|output|total|cached|reasoning)_tokens|.*TokenCount|(?:prompt_)?eval_count"
)
_EPOCHS = ("created", "created_at", "completed_at", "started_at", "expires_at")
_VOLATILE = re.compile(
    r"date|.*request-id|cf-ray|.*ratelimit-(?:remaining|reset).*|openai-processing-ms|.*trace-id|x-amzn-requestid"
    r"|x-envoy-upstream-service-time|server-timing|set-cookie|user-agent|x-stainless-(?!.*timeout)[\w-]*",
    re.IGNORECASE,
)


def restamped(cassette: Cassette, random: Random) -> Made | None:
    """Every id renamed, the same way everywhere; dates, figures and signatures as of another day."""
    names: dict[str, str] = {}
    shift = random.randrange(1000, 10_000_000)
    changes: list[Change] = []
    for reading in readings(cassette):
        for leaf in leaves(reading):
            if re.search(r"(?i:id|ids|cursor|conversation|container|ur[li])$", leaf.name):
                _renamed(leaf.text, names, random)
        _renamed(reading.interaction.request.url, names, random)
    for reading in readings(cassette):
        for leaf in leaves(reading):
            new = _restamped(leaf, names, shift, random)
            changes += [whole(leaf.text, new)] if new not in (None, leaf.text) else []
        request, response = reading.interaction.request, reading.interaction.response
        if isinstance(request.url, Text) and _ID.search(request.url):
            changes.append(whole(request.url, _renamed(request.url, names, random)))
        for name, value in (*request.headers, *response.headers):
            if name.lower() == "location" and isinstance(value, Text) and _ID.search(value):
                changes.append(whole(value, _renamed(value, names, random)))
            if _VOLATILE.fullmatch(name) and isinstance(value, Text) and any(map(str.isdigit, value)):
                changes.append(whole(value, _shuffled(value, random)))
    made = rewritten(cassette, changes)
    return Made(made, nothing) if made else None


def _restamped(leaf: Leaf, names: dict[str, str], shift: int, random: Random) -> str | None:
    text, name = leaf.text, leaf.name
    if leaf.is_string:
        if name in _SEALED and len(text) >= 40 and " " not in text:
            return _scrambled(text, random)
        if name == "system_fingerprint" and text.startswith("fp_"):
            return f"fp_{random.randrange(16**9, 16**10):x}"
        known = any(match[0] in names for match in _ID.finditer(text)) and " " not in text
        return _renamed(text, names, random) if known else None
    if leaf.side == "request" or not text.isdigit():
        return None
    if name in _EPOCHS and len(text) == 10:
        return str(int(text) + shift)
    return str(int(text) + random.randrange(1, 9)) if _FIGURES.fullmatch(name) else None


def _renamed(text: str, names: dict[str, str], random: Random) -> str:
    return _ID.sub(lambda match: names.setdefault(match[0], _like(match[0], random)), text)


def _like(id_: str, random: Random) -> str:
    """Another id of the same form."""
    head, mark, tail = id_.rpartition("-" if id_.count("-") == 4 else "_" if "_" in id_ else "-")
    if id_.count("-") == 4:
        head, mark, tail = "", "", id_
    return head + mark + _scrambled(tail, random)


def _scrambled(text: str, random: Random) -> str:
    """Other characters of the same kinds, the first few as they are."""
    kinds = (
        string.digits,
        "abcdef" if re.fullmatch(r"[\da-f-]+", text) else string.ascii_lowercase,
        string.ascii_uppercase,
    )
    return "".join(next((random.choice(kind) for kind in kinds if char in kind), char) for char in text)


def _shuffled(value: str, random: Random) -> str:
    """Other digits; the first of a number stays, and what a date would not survive."""
    return (
        re.sub(r"(?<=[1-9])\d(?=\d*\b)", lambda _: str(random.randrange(10)), value)
        if "," not in value
        else value
    )


DELTAS: tuple[tuple[str, ...], ...] = (  # where pieces of texts stand in the events of the dialects
    ("choices", "0", "delta", "content"),
    ("choices", "0", "delta", "reasoning_content"),
    ("choices", "0", "delta", "reasoning"),
    ("choices", "0", "delta", "tool_calls", "0", "function", "arguments"),
    ("delta", "text"),
    ("delta", "thinking"),
    ("delta", "partial_json"),
    ("delta",),
    ("candidates", "0", "content", "parts", "0", "text"),
    ("delta", "message", "content", "text"),
    ("delta", "content", "0", "text", "value"),
    ("message", "content"),
    ("response",),
)
_WHOLE_TEXTS = (
    "id",
    "name",
    "logprobs",
    "finish_reason",
    "finishReason",
    "done",
    "refusal",
    "citations",
    "reasoning_details",
)


def rechunked(cassette: Cassette, random: Random) -> Made | None:
    """The pieces of streamed texts cut elsewhere: some split in two, some put together."""
    changes: list[Change] = []
    for reading in readings(cassette):
        content = reading.said
        if reading.exchange is None or content.kind not in (Form.SSE, Form.NDJSON):
            continue
        if isinstance(content.text, Text) and (new := _rechunked(content, random)) and new != content.text:
            changes.append(whole(content.text, new))
    made = rewritten(cassette, changes)
    return Made(made, nothing) if made else None


def _rechunked(content: Content, random: Random) -> str:
    text = str(content.text)
    starts = [event.start for event in content.events] + [len(text)]
    out = [text[: starts[0]]] if content.events else [text]
    waiting: tuple[str, Any, tuple[str, ...]] | None = None  # a block that the next may be put together with
    for event, (start, end) in zip(content.events, pairwise(starts), strict=True):
        block = text[start:end]
        value, path = _piece(str(event.data))
        if path is None or block.count(str(event.data)) != 1:
            out += [waiting[0]] if waiting else []
            waiting = None
            out.append(block)
            continue
        if waiting and waiting[2] == path and _alike(waiting[1], value, path) and random.random() < 0.4:
            put = _put(value, path, _get(waiting[1], path) + _get(value, path))
            waiting = (block.replace(str(event.data), put), json.loads(put), path)
            continue
        out += [waiting[0]] if waiting else []
        waiting = (block, value, path)
        said = _get(value, path)
        if len(said) > 1 and random.random() < 0.5:
            at = random.randrange(1, len(said))
            out.append(block.replace(str(event.data), _put(value, path, said[:at])))
            put = _put(value, path, said[at:])
            waiting = (block.replace(str(event.data), put), json.loads(put), path)
    return "".join([*out, waiting[0] if waiting else ""])


def _piece(data: str) -> tuple[Any, tuple[str, ...] | None]:
    """An event that is a piece of a text and nothing else, with the path to it."""
    try:
        value = json.loads(data)
    except ValueError:
        return None, None
    choices = value.get("choices") if isinstance(value, dict) else None
    if choices and (len(choices) > 1 or choices[0].keys() & {"message", "text"}):
        return value, None
    for path in DELTAS:
        if isinstance(_get(value, path), str) and _get(value, path):
            around = _put(value, path, "")
            busy = any(re.search(rf'"{name}": (?!null|\[\]|false|"")', around) for name in _WHOLE_TEXTS[1:])
            inner = _get(value, path[:-1]) if len(path) > 1 else {}
            parts = _get(value, ("candidates", "0", "content", "parts"))
            return value, None if busy or _extra(inner, path) or (parts and len(parts) > 1) else path
    return value, None


def _extra(inner: Any, path: tuple[str, ...]) -> bool:
    """Whether another text stands beside the piece."""
    others = ("content", "reasoning", "reasoning_content", "tool_calls", "thoughtSignature")
    return isinstance(inner, dict) and any(inner.get(name) for name in others if name != path[-1])


def _get(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _put(value: Any, path: tuple[str, ...], text: str) -> str:
    copy = json.loads(json.dumps(value))
    inner = _get(copy, path[:-1])
    inner[path[-1]] = text
    return json.dumps(copy)


def _alike(one: Any, two: Any, path: tuple[str, ...]) -> bool:
    """Whether two events differ in the piece, their numbers and their times only."""
    bare = [json.loads(_put(value, path, "")) for value in (one, two)]
    for value in bare:
        for name in (
            "obfuscation",
            "sequence_number",
            "created",
            "created_at",
            "usage",
            "usageMetadata",
            "p",
        ):
            value.pop(name, None)
    return bool(bare[0] == bare[1])


class _Dumper(yaml.SafeDumper):
    """Strings in the style `quote`; all else plain, for a quoted number would be a string."""

    quote: str | None = None

    def represent_scalar(self, tag: str, value: str, style: str | None = None) -> yaml.ScalarNode:
        is_string = tag == "tag:yaml.org,2002:str"
        return super().represent_scalar(tag, value, self.quote if is_string else style)


class _Loader(yaml.SafeLoader):
    """Dates stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regex) for tag, regex in rows if tag != "tag:yaml.org,2002:timestamp"]
    for first, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _data(cassette: Cassette) -> Any:
    """The file as plain values; None where PyYAML does not read it as such."""
    try:
        return yaml.load(cassette.document.text, _Loader)  # noqa: S506 - a safe one
    except (yaml.YAMLError, ValueError):
        return None


def _dumped(cassette: Cassette, data: Any, random: Random, *, as_json: bool = False) -> Cassette | None:
    if as_json:
        try:
            return reread(cassette, json.dumps(data, indent=random.choice((None, 2))))
        except TypeError:
            return None
    dumper = type("Dumper", (_Dumper,), {"quote": random.choice(("'", '"', None))})
    width = random.choice((60, 1000))
    return reread(cassette, yaml.dump(data, Dumper=dumper, width=width, sort_keys=False, allow_unicode=True))


def reformatted(cassette: Cassette, random: Random) -> Made | None:
    """The same values in other quotes and lines, or as JSON."""
    data = _data(cassette)
    if not isinstance(data, dict):
        return None
    as_json = cassette.recorder == "vcrpy" and random.random() < 0.5
    made = _dumped(cassette, data, random, as_json=as_json)
    return Made(made, nothing) if made and len(made.interactions) == len(cassette.interactions) else None


# -- whole interactions --------------------------------------------------------------------------------

_LISTS = ("interactions", "http_interactions")


def _listed(cassette: Cassette) -> tuple[Any, str, list[Any]] | None:
    data = _data(cassette)
    for name in _LISTS if isinstance(data, dict) else ():
        if isinstance(data.get(name), list) and 2 <= len(data[name]) == len(cassette.interactions):
            return data, name, data[name]
    return None


def _with_list(cassette: Cassette, data: Any, name: str, items: list[Any], random: Random) -> Cassette | None:
    numbered = [
        item | {"id": place} if isinstance(item, dict) and "id" in item else item
        for place, item in enumerate(items)
    ]
    return _dumped(cassette, data | {name: numbered}, random)


def removed(cassette: Cassette, random: Random) -> Made | None:
    if (listed := _listed(cassette)) is None:
        return None
    data, name, items = listed
    at = random.randrange(len(items))
    made = _with_list(cassette, data, name, items[:at] + items[at + 1 :], random)
    return Made(made, kinds(Counter({Kind.REMOVED: 1}))) if made else None


def added(cassette: Cassette, random: Random) -> Made | None:
    """The old cassette lacks one: the new one, given here as the changed, is the smaller's counterpart."""
    if (listed := _listed(cassette)) is None:
        return None
    data, name, items = listed
    item = json.loads(json.dumps(random.choice(items), default=str))
    if not isinstance(item, dict) or not isinstance(item.get("request"), dict):
        return None
    key = "uri" if "uri" in item["request"] else "url"
    item["request"][key] = f"https://example.org/another/{random.randrange(10**6)}/place"
    at = random.randrange(len(items) + 1)
    made = _with_list(cassette, data, name, [*items[:at], item, *items[at:]], random)
    return Made(made, kinds(Counter({Kind.ADDED: 1}))) if made else None


def _bare(item: Any) -> Any:
    """An interaction without its headers and times, in which two may differ in noise."""
    response = item.get("response") if isinstance(item, dict) else None
    if not isinstance(response, dict):
        return item
    return item.get("request"), {key: response[key] for key in ("body", "status", "code") if key in response}


def reordered(cassette: Cassette, random: Random) -> Made | None:
    if (listed := _listed(cassette)) is None:
        return None
    data, name, items = listed
    said = [
        re.sub(r'"id": \d+|[\da-f]{2,}', "", json.dumps(_bare(item), sort_keys=True, default=str))
        for item in items
    ]
    if len({*said}) < len(said):
        return None
    order = list(range(len(items)))
    for _ in range(random.randrange(1, 3)):
        order.insert(random.randrange(len(order)), order.pop(random.randrange(len(order))))
    made = _with_list(cassette, data, name, [items[place] for place in order], random)
    return Made(made, kinds(Counter({Kind.MOVED: len(order) - len(rising(order))}))) if made else None


# -- one thing changes ---------------------------------------------------------------------------------

_NEW_WORD = "wheelbarrow"


def _one(choose: Callable[[Leaf], bool], new: Callable[[Leaf], str], where: Callable[[Leaf], str]) -> Make:
    """A way to change one scalar of a body."""

    def make(cassette: Cassette, random: Random) -> Made | None:
        found = [
            (reading.interaction.index, leaf)
            for reading in readings(cassette)
            for leaf in leaves(reading)
            if choose(leaf)
        ]
        if not found:
            return None
        index, leaf = random.choice(found)
        made = rewritten(cassette, [whole(leaf.text, new(leaf))])
        return Made(made, just(index, where(leaf))) if made else None

    return make


def _pointer(leaf: Leaf) -> str:
    escaped = (key.replace("~", "~0").replace("/", "~1") for key in leaf.keys)
    return re.escape(f"{leaf.side}.body" + "".join(f"/{key}" for key in escaped))


def _other_word(leaf: Leaf) -> str:
    words = list(re.finditer(r"[A-Za-z]{2,}", leaf.text))
    at = words[len(words) // 2] if words else None
    return leaf.text[: at.start()] + _NEW_WORD + leaf.text[at.end() :] if at else f"{leaf.text} {_NEW_WORD}"


def _is_message(leaf: Leaf) -> bool:
    inside = leaf.keys[:1] and leaf.keys[0] in (
        "messages",
        "input",
        "contents",
        "system",
        "prompt",
        "instructions",
    )
    return bool(
        leaf.side == "request"
        and inside
        and leaf.is_string
        and leaf.name in ("content", "text", "input", "system", "prompt", "instructions")
        and len(leaf.text) > 3
        and leaf.text[:1] not in "{["
    )


def _is_setting(leaf: Leaf) -> bool:
    return (
        leaf.side == "request"
        and len(leaf.keys) == 1
        and leaf.event is None
        and not _is_message(leaf)
        and (
            tree.plain_scalar(leaf.text) is not None
            and not re.search(r"(?i)id$|token$|created|timestamp|^ts$|^id$", leaf.name)
        )
    )


def _other_value(leaf: Leaf) -> str:
    value = tree.plain_scalar(leaf.text)
    if isinstance(value, bool):
        return str(not value).lower()
    if isinstance(value, int | float):
        return str(value + 1)
    return f"{value} {_NEW_WORD}"


def _is_tool_name(leaf: Leaf) -> bool:
    return (
        leaf.side == "request"
        and leaf.keys[:1] == ("tools",)
        and leaf.name == "name"
        and "parameters" not in leaf.keys
        and leaf.is_string
    )


_NOISY = re.compile(
    r"(?i)id$|ids$|uuid|created|updated|_at$|time|date|usage|tokens?$|count$|finger|duration|latency|ms$|logprob|provider"
    r"|signature|encrypted|obfusc|url|uri|link|hash|sha|etag|cursor|seed|^p$|timings|metrics|cost|data|location|expires"
    r"|_on$|self|next|prev|href|path|eval|ts$|seconds|context|billed|digest|checksum|container|conversation|guid"
)


def _is_elsewhere(leaf: Leaf) -> bool:
    if leaf.side != "response" or leaf.event is not None or any(map(_NOISY.search, leaf.keys)):
        return False
    value = tree.plain_scalar(leaf.text)
    if leaf.name in ("type", "object", "role", "done"):
        return False  # a dialect tells by them what to read, so more than one thing changes
    return value is not None and value != "" and not (leaf.is_string and leaf.text[:1] in "{[")


def _of_reply(get: Callable[[Reading], Any], edit: Callable[[str], Edit | None], where: str) -> Make:
    """A way to change one text of a reply."""

    def make(cassette: Cassette, random: Random) -> Made | None:
        found = []
        for reading in readings(cassette):
            text = get(reading) if reading.exchange and reading.exchange.reply else None
            if isinstance(text, Text | Joined) and (change := edit(text)):
                found.append((reading.interaction.index, text, change))
        if not found:
            return None
        index, text, change = random.choice(found)
        made = rewritten(cassette, [(text, [change])])
        return Made(made, just(index, where)) if made else None

    return make


def _word(text: str) -> Edit | None:
    words = list(re.finditer(r"[A-Za-z]{3,}", text))
    return Edit(*words[len(words) // 2].span(), _NEW_WORD) if words else None


def _argument(text: str) -> Edit | None:
    found = re.search(r'": ?"([A-Za-z][^"\\]*)"', text)
    return Edit(*found.span(1), _NEW_WORD) if found else None


def _all_of(text: str) -> Edit | None:
    return Edit(0, len(text), "another_tool") if text else None


def _said(reading: Reading) -> Message:
    return (reading.exchange and reading.exchange.reply) or Message("", ())


def _call(reading: Reading, name: str) -> Any:
    calls = _said(reading).tool_calls
    return getattr(calls[0], name) if calls else None


def _finish_reason(reading: Reading) -> Any:
    """That of a reply without words for it, which Gemini's has if it stopped short."""
    told = '"finishMessage"' in (reading.said.text or "")
    return reading.exchange.answer.finish_reason if reading.exchange and not told else None


def _in_memory(edit: Callable[[Interaction, Random], tuple[Interaction, str] | None]) -> Make:
    """A way to change one thing of the model."""

    def make(cassette: Cassette, random: Random) -> Made | None:
        place = random.randrange(len(cassette.interactions)) if cassette.interactions else None
        changed = edit(cassette.interactions[place], random) if place is not None else None
        if place is None or changed is None:
            return None
        items = (*cassette.interactions[:place], changed[0], *cassette.interactions[place + 1 :])
        document = Document(cassette.document.name, b"{}")
        made = replace(cassette, interactions=items, document=document, recorder="memory")  # of no file
        return Made(made, just(place, changed[1]))

    return make


def _status(one: Interaction, random: Random) -> tuple[Interaction, str] | None:
    if one.frames or one.response.status is None:
        return None
    return replace(one, response=one.response._replace(status=one.response.status + 7)), "response.status"


def _method(one: Interaction, random: Random) -> tuple[Interaction, str] | None:
    if one.frames:
        return None
    method = "PUT" if one.request.method.upper() != "PUT" else "PATCH"
    return replace(one, request=one.request._replace(method=method)), "request.method"


def _url(one: Interaction, random: Random) -> tuple[Interaction, str] | None:
    if one.frames or not one.request.url:
        return None
    base, mark, query = one.request.url.partition("?")
    url = (
        f"{base}/more{mark}{query}"
        if random.random() < 0.5
        else f"{one.request.url}{'&' if mark else '?'}page=2"
    )
    return replace(one, request=one.request._replace(url=url)), r"request\.url"


def _header(one: Interaction, random: Random) -> tuple[Interaction, str] | None:
    if one.frames:
        return None
    side = random.choice(("request", "response"))
    message = one.request if side == "request" else one.response
    quiet = re.compile(
        r"(?i)accept|content-type|server|vary|cache-control|x-content-type-options|anthropic-version|openai-version|"
        r"strict-transport-security|openai-beta|host|access-control-allow-origin|x-frame-options|pragma|"
        r"x-amzn-bedrock-content-type|x-goog-api-key|authorization|x-api-key|openai-organization|content-disposition"
    )
    places = [place for place, (name, value) in enumerate(message.headers) if quiet.fullmatch(name) and value]
    if not places:
        return None
    place = random.choice(places)
    name, value = message.headers[place]
    new = [] if random.random() < 0.3 else [Header(name, f"{value}; x=1")]
    headers = (*message.headers[:place], *new, *message.headers[place + 1 :])
    where = rf"(?i:{side}\.headers\.{re.escape(name)})"
    if side == "request":
        return replace(one, request=one.request._replace(headers=headers)), where
    return replace(one, response=one.response._replace(headers=headers)), where


SILENT: dict[str, Make] = {"re-chunked": rechunked, "re-stamped": restamped, "re-formatted": reformatted}
WHOLE: dict[str, Make] = {"removed": removed, "added": added, "reordered": reordered}
SINGLE: dict[str, Make] = {
    "a word of a message": _one(_is_message, _other_word, _pointer),
    "a setting": _one(_is_setting, _other_value, _pointer),
    "a tool's name": _one(_is_tool_name, _other_word, _pointer),
    "a word of the reply": _of_reply(lambda reading: _said(reading).text, _word, r"reply\.text"),
    "a word of the reasoning": _of_reply(
        lambda reading: _said(reading).reasoning, _word, r"reply\.reasoning"
    ),
    "an argument": _of_reply(
        lambda reading: _call(reading, "raw_arguments"), _argument, r"reply\.tool_calls\[0\]\.arguments\..*"
    ),
    "the tool that is called": _of_reply(
        lambda reading: _call(reading, "name"), _all_of, r"reply\.tool_calls\[0\]\.name"
    ),
    "the finish reason": _of_reply(_finish_reason, lambda text: _all_of(text), "finish_reason"),
    "a field of the reply": _one(_is_elsewhere, _other_value, lambda _: r".*"),
    "the status": _in_memory(_status),
    "the method": _in_memory(_method),
    "the URL": _in_memory(_url),
    "a header": _in_memory(_header),
}
WAYS: dict[str, dict[str, Make]] = {
    "nothing changed": SILENT,
    "whole interactions": WHOLE,
    "one change": SINGLE,
}


def cassettes(paths: Iterable[Path]) -> Iterator[tuple[Path, Cassette]]:
    for path in paths:
        if path.stat().st_size > LARGEST:
            continue
        try:
            cassette = read_cassette(Document(str(path), path.read_bytes()))
        except CassetteError:
            continue
        if cassette.interactions:
            yield path, cassette


def prove(paths: Iterable[Path], ways: dict[str, Make], seed: int = SEED) -> tuple[Counter[str], list[str]]:
    """How many pairs each way made, and where what shows is not just what was changed."""
    counts: Counter[str] = Counter()
    faults: list[str] = []
    for path, cassette in cassettes(paths):
        for name, make in ways.items():
            made = make(cassette, dice(hash_of(path, name, seed)))
            if made is None:
                continue
            counts[name] += 1
            fault = made.judge(compare(cassette, made.cassette))
            if fault:
                faults.append(f"{name}: {name_of(path)}: {fault}")
    return counts, faults


def hash_of(path: Path, name: str, seed: int) -> int:
    """A number that is the same in every run."""
    return sum(ord(char) * (place + 1) for place, char in enumerate(f"{seed} {name} {name_of(path)}"))


def _outcome(paths: Iterable[Path], kind: str) -> Outcome:
    counts, faults = prove([path for path in paths if path.is_file()], WAYS[kind])
    return Outcome(counts, faults)


def a_recording_made_anew_is_no_change(paths: Iterable[Path]) -> Outcome:
    """Streams cut otherwise, ids and dates of another day, files written otherwise: nothing differs."""
    return _outcome(paths, "nothing changed")


def whole_interactions_show_as_just_that(paths: Iterable[Path]) -> Outcome:
    """Interactions taken out, put in and moved."""
    return _outcome(paths, "whole interactions")


def one_edit_shows_as_just_that(paths: Iterable[Path]) -> Outcome:
    """A word, a setting, a tool, an argument, a status, a header: that and nothing else differs."""
    return _outcome(paths, "one change")


PROOFS = (
    a_recording_made_anew_is_no_change,
    whole_interactions_show_as_just_that,
    one_edit_shows_as_just_that,
)


def main(count: int | None) -> None:
    paths = [path for path in files() if path.is_file()]
    paths = dice(SEED).sample(paths, min(count or len(paths), len(paths)))
    for kind, ways in WAYS.items():
        counts, faults = prove(paths, ways)
        wrong = Counter(fault.partition(":")[0] for fault in faults)
        for name in ways:
            print(f"{kind}: {name}: {counts[name] - wrong[name]} of {counts[name]}")
        total = counts.total()
        print(f"{kind}: {total - len(faults)} of {total}, {100 * (1 - len(faults) / max(total, 1)):.2f}%")
        print(*(f"  {fault}" for fault in faults), sep="\n")


if __name__ == "__main__":
    assert CORPUS.is_dir(), f"no corpus at {CORPUS}"
    main(int(sys.argv[1]) if len(sys.argv) > 1 else None)

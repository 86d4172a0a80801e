"""Every recorded reply changed, and beside it what its vendor's own SDK then reads from the new bytes."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

from cassette_cli import edit
from cassette_cli.errors import CassetteError
from cassette_cli.llm import read_exchange
from cassette_cli.llm.messages import Exchange, Prose
from cassette_cli.model import Cassette
from cassette_cli.recorders import read_cassette
from cassette_cli.source.document import Document
from cassette_cli.source.tree import Json
from cassette_cli.wire.body import read_content
from tests.corpus import dice, name_of
from tests.oracles import Reading, SdkError
from tests.proof import SEED, Outcome
from tests.proof_sdk import ORACLES, is_reply, our_reading

NEW_TEXTS = (
    "No.",
    "",
    'She said "no", and \'yes\': {"a": [1, 2]} \\ </p>',
    "one\ntwo\r\n\n\tthree\n",
    "data: [DONE]\n\ndata: {}\nevent: x\n\n",
    "👩‍👩‍👧‍👦🇩🇪🇫🇷 e\u0301te\u0301 中文字符 😀" * 3,
    "A longer answer, word by word, that goes on and on. " * 60,
)
NEW_ARGUMENTS: tuple[Json, ...] = (
    {"place": 'the "Café"\n😀', "days": [1, 2.5, None, True], "more": {}},
    {"x": "y"},
)


class Reply(NamedTuple):
    """One recorded reply that an SDK reads, and what it reads."""

    name: str
    cassette: Cassette
    number: int
    exchange: Exchange
    oracle: Callable[[bytes], Reading]
    before: Reading

    @property
    def place(self) -> str:
        return f"{self.name}, interaction {self.number}"


class Trial(NamedTuple):
    """A value to set, and what the SDK must read then."""

    where: str
    value: str
    wanted: Reading


def replies(paths: Iterable[Path], outcome: Outcome, *, streamed: bool) -> Iterator[Reply]:
    for path in paths:
        try:
            cassette = read_cassette(Document(str(path), path.read_bytes()))
        except CassetteError:
            continue
        for interaction in cassette.interactions:
            said = read_content(interaction.response)
            exchange = read_exchange(interaction, said=said)
            oracle = ORACLES.get((exchange.dialect, said.kind)) if exchange else None
            if exchange is None or oracle is None or exchange.streamed is not streamed:
                continue
            if not is_reply(exchange, interaction):
                continue
            try:
                before = oracle(said.bytes)
            except SdkError:
                outcome.counts["the SDK raises"] += 1
                continue
            if before != our_reading(exchange):
                outcome.counts["read otherwise (see proof_sdk)"] += 1
                continue
            yield Reply(name_of(path), cassette, interaction.index, exchange, oracle, before)


def trials(reply: Reply, texts: Iterable[str] = NEW_TEXTS) -> Iterator[Trial]:
    """What is to be set: each text, the arguments of each call as a whole, and the first string in them."""
    message = reply.exchange.reply
    if message is None:
        return
    parts = [
        (place, part)
        for place, part in enumerate(message.parts)
        if isinstance(part, Prose) and part.type == "text"
    ]
    for number, (place, _) in enumerate(parts[:3]):
        where = "reply.text" if len(parts) == 1 else f"reply.parts[{place}].text"
        for text in texts:
            whole = "".join(text if number == other else part.text for other, (_, part) in enumerate(parts))
            yield Trial(where, text, reply.before._replace(text=whole))
    for number, call in enumerate(message.tool_calls[:3]):
        where = f"reply.tool_calls[{number}].arguments"
        for value in NEW_ARGUMENTS if call.raw_arguments else ():
            yield Trial(where, json.dumps(value), _with_call(reply, number, value))
        arguments = call.arguments
        leaf = (
            next((key for key, value in arguments.items() if isinstance(value, str)), None)
            if isinstance(arguments, dict)
            else None
        )
        if leaf is not None and isinstance(arguments, dict) and not set(leaf) & set(".[]/"):
            text = 'new "words"\n😀 \\'
            yield Trial(f"{where}.{leaf}", text, _with_call(reply, number, arguments | {leaf: text}))


def _with_call(reply: Reply, number: int, value: Json) -> Reading:
    calls: list[Any] = [*reply.before.calls]
    id_, name, _ = calls[number]
    calls[number] = (id_, name, value)
    return reply.before._replace(calls=calls)


def fault_of(reply: Reply, trial: Trial) -> str | None:
    """What is wrong with the reply after a trial; None if the SDK reads it as wanted."""
    try:
        made = edit.change(reply.cassette, reply.number, {trial.where: trial.value})
    except CassetteError as error:
        return f"{type(error).__name__}: {error.message}"
    document = reply.cassette.document
    new = Document(document.name, made.bytes_of(document) if document in made.edits else document.raw)
    new.siblings = {one.name: made.bytes_of(one) for one in made.edits}
    said = read_content(read_cassette(new).interactions[reply.number].response)
    try:
        after = reply.oracle(said.bytes)
    except SdkError as error:
        return f"the SDK raises {error}"
    wanted = trial.wanted
    if "arguments" in trial.where:  # as they are written they differ in blanks
        after, wanted = _parsed(after), _parsed(wanted)
    return None if after == wanted else f"the SDK reads {after!r:.400} for {wanted!r:.400}"


def _parsed(reading: Reading) -> Reading:
    calls: list[Any] = [
        (id_, name, json.loads(args or "{}") if isinstance(args, str) else args)
        for id_, name, args in reading.calls
    ]
    return reading._replace(calls=calls)


def _proof(paths: Iterable[Path], *, streamed: bool) -> Outcome:
    outcome = Outcome(Counter(), [])
    for reply in replies(paths, outcome, streamed=streamed):
        outcome.counts[f"{reply.exchange.dialect} replies"] += 1
        for trial in trials(reply):
            outcome.counts["changes"] += 1
            if fault := fault_of(reply, trial):
                outcome.faults.append(f"{reply.place}: {trial.where}={trial.value!r:.40}: {fault}")
    return outcome


def changed_streams_read_as_the_sdks_read_them(paths: Iterable[Path]) -> Outcome:
    """Text and tool-call arguments of every streamed reply, set to what is awkward somewhere."""
    return _proof(paths, streamed=True)


def changed_replies_read_as_the_sdks_read_them(paths: Iterable[Path]) -> Outcome:
    """The same of every whole reply."""
    return _proof(paths, streamed=False)


SLOTS_A_FILE = 6


def values_change_alone(paths: Iterable[Path]) -> Outcome:
    """Random values of random interactions of every recorder set: they read as set, all others as before."""
    outcome, random = Outcome(Counter(), []), dice(SEED)
    for path in paths:
        try:
            cassette = read_cassette(Document(str(path), path.read_bytes()))
        except CassetteError:
            continue
        if not cassette.interactions:
            continue
        index = random.randrange(len(cassette.interactions))
        known = edit.slots(cassette, index)
        for slot in random.sample(known, min(len(known), SLOTS_A_FILE)):
            new = _new_value(slot, random)
            outcome.counts[f"{cassette.recorder} values"] += 1
            fault = slot_fault(cassette, index, slot, new)
            if fault and any(reason in fault for reason in _REFUSED):
                outcome.counts["refused, with the reason"] += 1
            elif fault:
                place = f"{'/'.join(path.parts[-3:])}, interaction {index}"
                outcome.faults.append(f"{place}: {slot.where}={new!r:.60}: {fault}")
    return outcome


_REFUSED = (  # what no value that is set alone can change
    "(a YAML anchor)",
    "it is stored in parts, whose number must stay",
    "the URL or the headers of",  # which Go stores in parts
    "has other bodies",  # by a Content-Length that no longer fits
)


def _new_value(slot: edit.Slot, random: Random) -> str:
    if slot.where == "request.url":
        return f"{slot.value}{'&' if '?' in str(slot.value) else '?'}new=1"
    if slot.where == "request.method":
        return "PATCH"
    if slot.where == "response.status":
        return "404"
    if ".headers." in slot.where:
        return random.choice(("new", "a, b;c=d", '"quoted"', "0"))
    if slot.where.endswith(".body") and str(slot.value).startswith('"'):
        return '"a JSON string"'
    if slot.is_text:
        return random.choice([text for text in NEW_TEXTS if text] + ["true", "12", "~", " x ", "# c: d"])
    if isinstance(slot.value, dict):
        return json.dumps(random.choice(NEW_ARGUMENTS))
    return random.choice(("3", "0.25", "null", "true")) if not isinstance(slot.value, list) else '[1, "two"]'


def slot_fault(cassette: Cassette, index: int, slot: edit.Slot, text: str) -> str | None:
    """What is wrong after one value is set; None if it alone reads as set."""
    try:
        made = edit.change(cassette, index, {slot.where: text})
    except CassetteError as error:
        return f"{type(error).__name__}: {error.message}"
    document = cassette.document
    new = Document(document.name, made.bytes_of(document) if document in made.edits else document.raw)
    new.siblings = {one.name: made.bytes_of(one) for one in made.edits}
    before = {one.where: one.value for one in edit.slots(cassette, index)}
    after = {one.where: one.value for one in edit.slots(read_cassette(new), index)}
    wanted = text if slot.is_text else json.loads(text)
    if after.get(slot.where) != wanted:
        return f"reads {after.get(slot.where)!r:.100}"
    if slot.where.startswith(_TELLING):
        return None
    rest = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)} - {
        slot.where,
        *(f"{side}.headers.{name}[0]" for side in ("request", "response") for name in _LENGTHS),
    }
    if slot.where == "finish_reason":  # by which Gemini's readers tell whether a message beside it counts
        rest = {where for where in rest if not where.startswith("reply.parts")}
    return f"changes {', '.join(sorted(rest))}, too" if rest else None


_TELLING = (  # what tells the dialect, or the coding
    *("request.url", "request.body", "response.body"),
    *("response.headers.", "request.headers."),
)
_LENGTHS = ("Content-Length", "content-length", "Content-length")

PROOFS: tuple[Callable[[Iterable[Path]], Outcome], ...] = (
    changed_streams_read_as_the_sdks_read_them,
    changed_replies_read_as_the_sdks_read_them,
    values_change_alone,
)

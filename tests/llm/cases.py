"""Streams of one vendor's form, and the promises that hold for each of them, whatever the vendor."""

import json
from collections.abc import Callable
from typing import NamedTuple

from cassette_cli.llm import read_exchange
from cassette_cli.llm.messages import Exchange, Message, Part, Usage
from cassette_cli.model import Interaction
from cassette_cli.recorders import read_cassette
from cassette_cli.source.document import Document
from cassette_cli.source.tree import Json
from cassette_cli.wire.body import traced
from tests.corpus import CORPUS, dice
from tests.oracles import Reading
from tests.proof_sdk import our_reading, replies_read_as_the_sdks_read_them


class Form(NamedTuple):
    """How a stream is written: what stands before, between and behind its values, and its media type."""

    media_type: str
    start: str
    between: str
    end: str


SSE = Form("text/event-stream", "data: ", "\n\ndata: ", "\n\n")
LINES = Form("application/x-ndjson", "", "\n", "\n")
ARRAY = Form("application/json", "[", ",\r\n", "]\n")


class Case(NamedTuple):
    """A stream of values, the reply that it builds up, and how many of the values make it complete."""

    id: str
    url: str
    events: list[Json]
    parts: tuple[Part, ...]
    finish_reason: str | None
    usage: Usage | None
    complete_with: int
    form: Form = SSE
    oracle: Callable[[bytes], Reading] | None = None

    def text(self, events: list[Json], *, closed: bool = True) -> str:
        words = [json.dumps(event, ensure_ascii=False) if event != "[DONE]" else event for event in events]
        end = self.form.end if closed or self.form is SSE else ""
        return self.form.start + self.form.between.join(map(str, words)) + end


def read(url: str, asked: Json, reply: str | Json, media_type: str = "application/json") -> Exchange:
    """An exchange as it is read from a cassette; the same with places and without."""
    interaction = _recorded(url, asked, reply, media_type)
    found, placed = read_exchange(interaction), read_exchange(interaction, loads=traced)
    assert found is not None
    assert placed is not None
    assert repr(placed._replace(problems=())) == repr(found._replace(problems=()))
    return found


def _recorded(url: str, asked: Json, reply: str | Json, media_type: str) -> Interaction:
    text = reply if isinstance(reply, str) else json.dumps(reply)
    request = {"method": "POST", "uri": url, "headers": {}, "body": json.dumps(asked)}
    response = {"status": {"code": 200}, "headers": {"Content-Type": [media_type]}, "body": {"string": text}}
    cassette = {"version": 1, "interactions": [{"request": request, "response": response}]}
    return read_cassette(Document("c.json", json.dumps(cassette).encode())).interactions[0]


def _read(case: Case, text: str) -> Exchange:
    return read(case.url, {}, text, case.form.media_type)


def check_whole(case: Case, dialect: str) -> None:
    exchange = _read(case, case.text(case.events))
    assert exchange.dialect == dialect
    assert exchange.streamed
    assert exchange.reply is not None
    assert exchange.reply.parts == case.parts
    assert exchange.answer.finish_reason == case.finish_reason
    assert exchange.answer.usage == case.usage
    assert exchange.complete
    assert exchange.problems == ()


def check_against_sdk(case: Case) -> None:
    if case.oracle is not None:
        exchange = _read(case, case.text(case.events))
        assert our_reading(exchange) == case.oracle(case.text(case.events).encode())


def check_cuts(case: Case) -> None:
    """Cut behind each value, and in the middle of each."""
    for number in range(1, len(case.events)):
        behind = _read(case, case.text(case.events[:number], closed=False))
        assert behind.complete == (number >= case.complete_with and case.form is not ARRAY), number
        last = case.text(case.events[: number + 1], closed=False).rstrip("\n")
        within = _read(case, last[: -max(len(json.dumps(case.events[number])) // 2, 1)])
        assert not within.complete or number >= case.complete_with, number
        assert within.complete or any("cut" in problem for problem in within.problems), number


def check_strangers(case: Case, stranger: Json) -> None:
    """An unknown value at each place changes nothing else."""
    expected = _without_problems(_read(case, case.text(case.events)))
    for place in range(len(case.events) + 1):
        events = [*case.events[:place], stranger, *case.events[place:]]
        assert _without_problems(_read(case, case.text(events))) == expected, place


def check_depth(url: str, asked: Json, reply: str) -> None:
    """A value in a reply, where it says DEEP, at the edge of the stack and beyond, is read or told."""
    media_type = "text/event-stream" if reply.startswith("data:") else "application/json"
    for depth in (*range(940, 1000, 6), 5000):
        for deep in ("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
            interaction = _recorded(url, asked, reply.replace("DEEP", deep), media_type)
            for loads in (json.loads, traced):
                exchange = read_exchange(interaction, loads=loads)
                assert exchange is not None
                for call in exchange.reply.tool_calls if exchange.reply else ():
                    assert isinstance(call.arguments, dict | list | None)


STRANGERS: list[Json] = [
    {"type": "novelty", "delta": {"text": "no"}},
    {"event_type": "novel.ty", "index": 0},
    {"novelty": [1, {"text": "no"}]},
    {},
]


def _without_problems(exchange: Exchange) -> Exchange:
    return exchange._replace(problems=(), answer=exchange.answer._replace(problems=()))


def reply(exchange: Exchange) -> Message:
    assert exchange.reply is not None
    return exchange.reply


def check_corpus(kinds: tuple[str, ...], dialects: tuple[str, ...], most: int) -> None:
    """Every reply of these dialects in so many real cassettes reads as the vendor's SDK reads it."""
    rows = [json.loads(row) for row in (CORPUS / "MANIFEST.jsonl").read_text("utf-8").splitlines()]
    names = [row["path"] for row in rows if set(kinds) & set(row["dialects"]) and row["bytes"] < 100_000]
    paths = [CORPUS / name for name in dice(5).sample(sorted(names), most)]
    outcome = replies_read_as_the_sdks_read_them(paths)
    assert outcome.faults == []
    assert all(any(what.startswith(dialect) for what in outcome.counts) for dialect in dialects)

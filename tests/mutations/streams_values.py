"""Replies at odds with themselves: counts that do not add up, texts that their deltas do not make."""

import re
from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple

from cassette_cli.llm.messages import as_text
from cassette_cli.model import Cassette
from cassette_cli.rules.validation import Case
from cassette_cli.rules.validation.streams_events import stream_of
from cassette_cli.rules.validation.streams_usage import ACCOUNTS, Account
from cassette_cli.selection import Reading
from cassette_cli.source.edit import Edit
from cassette_cli.source.text import Change, Joined, Text
from cassette_cli.wire.body import Kind
from tests.mutations import Broken, Mutation
from tests.mutations.streams_found import changed, node_at, streams, text_of

# -- counts --------------------------------------------------------------------------------------------


class Counted(NamedTuple):
    """A usage of a reply: how it is counted, and the text and pointer it stands at."""

    reading: Reading
    account: Account
    text: Text | Joined
    pointer: str

    def node(self, name: str) -> Text | None:
        return node_at(self.text, f"{self.pointer}/{name}")


def _usages(cassette: Cassette, random: Random) -> Iterator[Counted]:
    case = Case(cassette)
    for place in random.sample(range(len(case.readings)), len(case.readings)):
        plain = case.readings[place]
        if plain.exchange is None or plain.exchange.answer.usage is None:
            continue
        exchange = plain.exchange
        account = ACCOUNTS.get(exchange.dialect)
        if account is None or (exchange.dialect == "openai-chat" and "gemini" in (exchange.model or "")):
            continue
        reading = case.traced.readings[place]
        for text in _texts(reading):
            for pointer in account.at:
                key = pointer.rpartition("/")[2]
                if f'"{key}"' in text:
                    yield Counted(reading, account, text, pointer)


def _texts(reading: Reading) -> Iterator[Text | Joined]:
    """The texts that may hold a usage: the whole reply, or the events from the last on."""
    if reading.said.kind is Kind.JSON and isinstance(reading.said.text, Text | Joined):
        yield reading.said.text
    elif stream := stream_of(reading):
        for said in reversed(stream.events):
            if isinstance(said.data, Text) and not said.inside and said.value:
                yield said.data


def _wrong_total(cassette: Cassette, random: Random) -> Broken | None:
    for counted in _usages(cassette, random):
        total = counted.node(counted.account.total) if counted.account.total else None
        first = counted.node(counted.account.parts[0])
        if total and total.isdigit() and first and first.isdigit():
            change: Change = (
                total,
                [Edit(0, len(total), str(int(total) + 1 + random.randrange(3) * 100000))],
            )
            return changed(cassette, counted.reading, [change], total)
    return None


def _too_large(cassette: Cassette, random: Random) -> Broken | None:
    """What was cached or thought made larger than what was read or written."""
    for counted in _usages(cassette, random):
        for name, outer in counted.account.within:
            part, whole = counted.node(name), counted.node(outer)
            model = counted.reading.exchange.model if counted.reading.exchange else ""
            if part and whole and part.isdigit() and whole.isdigit() and "grok" not in (model or ""):
                change: Change = (part, [Edit(0, len(part), str(int(whole) + 1))])
                return changed(cassette, counted.reading, [change], part)
    return None


def _fallen(cassette: Cassette, random: Random) -> Broken | None:
    """More tokens at the start of a message than at its end."""
    for found in streams(cassette, random, "anthropic-messages"):
        ends = [said for said in found.events if said.kind == "message_delta"]
        first = node_at(text_of(found.events[0]), "/message/usage/output_tokens")
        last = node_at(text_of(ends[-1]), "/usage/output_tokens") if len(ends) == 1 else None
        if first and last and last != "0":
            change: Change = (first, [Edit(0, len(first), str(int(last) + 5))])
            return changed(cassette, found.reading, [change], last)
    return None


def _wrong_split(cassette: Cassette, random: Random) -> Broken | None:
    for counted in _usages(cassette, random):
        name, names = counted.account.split
        whole = counted.node(name) if name else None
        parts = [counted.node(one) for one in names]
        if whole and any(part and part.isdigit() and part != "0" for part in parts):
            change: Change = (whole, [Edit(0, len(whole), str(int(whole) + 1))])
            return changed(cassette, counted.reading, [change], whole)
    return None


# -- texts ---------------------------------------------------------------------------------------------

_LETTER = re.compile(r"[a-z]")
_STREAMED = {  # deltas by the events that bring the whole, and where
    "response.output_text": "/text",
    "response.reasoning_summary_text": "/text",
    "response.function_call_arguments": "/arguments",
}


def _other(text: str, place: int) -> Edit:
    return Edit(place, place + 1, "q" if text[place] != "q" else "z")


def _changed_delta(cassette: Cassette, random: Random) -> Broken | None:
    """A letter of a delta, which is found in the whole text behind it."""
    for found in streams(cassette, random, "openai-responses"):
        for stem, pointer in _STREAMED.items():
            wholes = [said for said in found.events if said.kind == f"{stem}.done"]
            deltas = [said for said in found.events if said.kind == f"{stem}.delta"]
            if len(wholes) != 1 or not deltas:
                continue
            number = random.randrange(len(deltas))
            before = sum(len(as_text(said.value.get("delta"))) for said in deltas[:number])
            delta = node_at(text_of(deltas[number]), "/delta")
            whole = node_at(text_of(wholes[0]), pointer)
            match = _LETTER.search(delta) if delta else None
            if delta and whole and match:
                change: Change = (delta, [_other(delta, match.start())])
                return changed(cassette, found.reading, [change], whole, before + match.start())
    return None


def _changed_whole(kind: str, pointer: str, *forms: str) -> Callable[[Cassette, Random], Broken | None]:
    """A letter of the whole text in an event of a kind."""

    def make(cassette: Cassette, random: Random) -> Broken | None:
        for found in streams(cassette, random, *forms):
            for said in found.events:
                if said.kind != kind:
                    continue
                whole = node_at(text_of(said), pointer)
                places = [match.start() for match in _LETTER.finditer(whole)] if whole else []
                if whole and places:
                    place = random.choice(places)
                    return changed(cassette, found.reading, [(whole, [_other(whole, place)])], whole, place)
        return None

    return make


MUTATIONS: tuple[Mutation, ...] = (
    Mutation("contradictory-usage", "another total", _wrong_total),
    Mutation("contradictory-usage", "a part larger than the whole", _too_large),
    Mutation("contradictory-usage", "a count that falls", _fallen),
    Mutation("contradictory-usage", "a split that does not add up", _wrong_split),
    Mutation("contradictory-text", "another letter in a delta", _changed_delta),
    *(
        Mutation("contradictory-text", f"another letter in {kind}", _changed_whole(kind, pointer, form))
        for kind, pointer, form in (
            ("response.output_text.done", "/text", "openai-responses"),
            ("response.content_part.done", "/part/text", "openai-responses"),
            ("response.output_item.done", "/item/content/0/text", "openai-responses"),
            ("response.completed", "/response/output/0/content/0/text", "openai-responses"),
            ("thread.message.completed", "/content/0/text/value", "openai-assistants"),
            ("stream-end", "/response/text", "cohere-chat"),
        )
    ),
)

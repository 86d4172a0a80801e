"""What a request hands back of the conversation so far: results, calls, replies, and whose turn it is."""

import re
from collections import defaultdict
from collections.abc import Hashable, Iterator
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from cassette_cli.llm.messages import (
    Exchange,
    Item,
    Media,
    Message,
    ToolCall,
    ToolResult,
    Unknown,
    as_object,
    text_or_none,
)
from cassette_cli.rules.validation.check import Case, Problem
from cassette_cli.rules.validation.conversation_calls import Trees, answered
from cassette_cli.rules.validation.streams_order import is_sound
from cassette_cli.selection import Reading
from cassette_cli.source.text import Joined
from cassette_cli.source.tree import Node

# -- calls and their results ---------------------------------------------------------------------------

_KEPT = {  # settings that go on with what the server has kept
    *("previous_response_id", "conversation", "previous_interaction_id", "conversation_id", "thread"),
    *("thread_id", "cachedContent", "cached_content"),
}
_ELSEWHERE = ("openai-assistants", "mcp")  # whose conversation stands in no request


class Turns(NamedTuple):
    """A request's messages with the ids and names that calls and results go by."""

    messages: tuple[Message, ...]
    calls: frozenset[str]
    results: frozenset[str]
    ordered: tuple[bool, bool]  # whether some call, and some result, has no id, so that only the order tells


def _turns(reading: Reading) -> Turns | None:
    """The turns of a request with calls or results; None where it may not hold all of the conversation."""
    exchange = answered(reading)
    if (
        exchange is None
        or exchange.dialect in _ELSEWHERE
        or any(exchange.prompt.params.get(key) for key in _KEPT)
    ):
        return None
    messages = exchange.prompt.messages
    parts = [part for message in messages for part in message.parts]
    if any(isinstance(part, Item) and part.type == "item_reference" for part in parts):
        return None
    calls = [part for part in parts if isinstance(part, ToolCall)]
    results = [part for part in parts if isinstance(part, ToolResult)]
    if not calls and not results:
        return None
    notes = [
        part.fields if isinstance(part, Item) else as_object(part.raw)
        for part in parts
        if isinstance(part, Item | Unknown)
    ]
    others = [text_or_none(one.get("call_id")) for one in notes]
    return Turns(
        messages,
        frozenset(filter(None, [*(call.id for call in calls), *(call.name for call in calls), *others])),
        frozenset(filter(None, (result.tool_call_id for result in results))),
        (not all(call.id for call in calls), not all(result.tool_call_id for result in results)),
    )


def orphan_result(reading: Reading) -> Iterator[Problem]:
    """A tool's result for a call that no message before it holds."""
    turns = _turns(reading)
    if turns is None or any(turns.ordered) or turns.results <= turns.calls:
        return
    for number, message in enumerate(turns.messages):
        for place, part in enumerate(message.parts):
            if isinstance(part, ToolResult) and not part.server and part.tool_call_id not in turns.calls:
                yield Problem(
                    "the result is for a call that is not in the messages before it",
                    f"request.messages[{number}].parts[{place}].tool_call_id",
                    part.tool_call_id,
                    note="no such call",
                )


_DEMANDING = (  # APIs that refuse a call without its result
    *("openai-chat", "openai-responses", "anthropic-messages", "bedrock-converse", "mistral-chat", "gemini"),
)


def unanswered_call(reading: Reading) -> Iterator[Problem]:
    """A call that the conversation goes on behind without its result."""
    exchange = reading.exchange
    if exchange is None or exchange.dialect not in _DEMANDING:
        return
    turns = _turns(reading)
    if turns is None or turns.ordered[1] or turns.results - turns.calls:
        return
    for number, message in enumerate(turns.messages[:-1]):
        for place, call in enumerate(message.tool_calls):
            if not {call.id, call.name} & turns.results:
                yield Problem(
                    f"the call of {call.name or 'a tool'} has no result, though the conversation goes on",
                    f"request.messages[{number}].tool_calls[{place}]",
                    call.id or call.name,
                    note="no result",
                )


# -- whose turn it is ----------------------------------------------------------------------------------

_MODEL = ("assistant", "model", "CHATBOT")
_USER_FIRST = ("bedrock-converse", "anthropic-messages")
_IN_TURN = ("bedrock-converse",)


def misplaced_role(reading: Reading) -> Iterator[Problem]:
    """A message that cannot stand where it does, by what the API says when it refuses it."""
    exchange = answered(reading)
    if exchange is None or exchange.dialect not in (*_USER_FIRST, "mistral-chat"):
        return
    messages = [message for message in enumerate(exchange.prompt.messages) if message[1].role != "system"]
    if messages and exchange.dialect in _USER_FIRST and messages[0][1].role in _MODEL:
        yield _misplaced(*messages[0], "the conversation begins with the model's message")
    for (_, before), (number, message) in pairwise(messages):
        if exchange.dialect in _IN_TURN and message.role == before.role:
            yield _misplaced(number, message, f"two messages of the {message.role} follow each other")
    if messages and exchange.dialect == "mistral-chat" and messages[-1][1].role in _MODEL:
        begun = any(isinstance(part, Item) and part.type == "prefix" for part in messages[-1][1].parts)
        if not begun:
            yield _misplaced(*messages[-1], "the conversation ends with the model's message")


def _misplaced(number: int, message: Message, what: str) -> Problem:
    return Problem(f"{what}, which the API refuses", f"request.messages[{number}].role", message.role)


# -- quoted replies ------------------------------------------------------------------------------------


_Place: TypeAlias = Node | Joined | str


class _Said(NamedTuple):
    """A recorded reply, and the interaction that it stands in."""

    reading: Reading
    exchange: Exchange


def misquoted_reply(case: Case) -> Iterator[Problem]:
    """A request that goes on from an earlier one, but with another reply than was recorded for it."""
    said: dict[int, list[_Said]] = defaultdict(list)
    told: set[int] = set()
    for reading in case.in_turn() if len(case.readings) > 1 else ():
        exchange = answered(reading)
        if exchange is None or exchange.dialect in _ELSEWHERE or not exchange.prompt.messages:
            continue
        before, tree = 0, reading.interaction.request.body.tree
        for number, message in enumerate(exchange.prompt.messages):
            known = said.get(before, ()) if message.role in _MODEL else ()
            before = hash((before, _heard(message)))
            if len(known) != 1 or before in told:
                continue
            for problem in _misquoted(known[0], message, f"request.messages[{number}]", tree):
                told.add(before)
                yield problem._replace(interaction=reading.interaction.index)
        if exchange.answer.choices:
            said[before].append(_Said(reading, exchange))


def _heard(message: Message) -> Hashable:
    """What makes two messages the same, whoever wrote them down."""
    parts = message.parts
    return (
        "assistant" if message.role in _MODEL else message.role,
        "".join(message.text.split()),
        tuple((part.name, part.raw_arguments) for part in parts if isinstance(part, ToolCall)),
        tuple(repr(part) for part in parts if isinstance(part, ToolResult | Media)),
    )


def _misquoted(said: _Said, quote: Message, where: str, tree: Node | None) -> Iterator[Problem]:
    """The first thing in which a quote certainly differs from the reply; clients leave out what they like."""
    reply = said.exchange.reply
    if reply is None or len(said.exchange.answer.choices) > 1 or not is_sound(said.reading):
        return
    number = said.reading.interaction.index
    if not _is_of(quote.text, reply.text):
        yield Problem(
            f"the request quotes another text than the reply of interaction {number} has",
            f"{where}.text",
            quote.text,
            note="not the recorded reply",
        )
        return
    for place, (own, other) in enumerate(zip(quote.tool_calls, reply.tool_calls, strict=False)):
        if len(quote.tool_calls) == len(reply.tool_calls) and (found := _other_call(own, other, reply, tree)):
            what, at = found
            yield Problem(
                f"the request quotes a tool call with another {what} than the reply of interaction "
                f"{number} has",
                f"{where}.tool_calls[{place}]",
                at,
                note="not the recorded reply",
            )
            return


def _other_call(
    quote: ToolCall, call: ToolCall, reply: Message, tree: Node | None
) -> tuple[str, _Place] | None:
    """In what a quoted call differs from the recorded one, and the text that does."""
    ids = [one.id for one in reply.tool_calls]
    if quote.id and call.id and quote.id != call.id and len(set(ids)) == len(ids):
        return "id", quote.id
    if quote.name != call.name:
        return "name", quote.name
    own, other = quote.arguments, call.arguments
    if own is None or other is None or own == other:
        return None
    return "argument", Trees(tree).arguments(quote)


_WORD = re.compile(r"\w+")


def _is_of(quote: str, text: str) -> bool:
    """Whether one of two texts is the other with words left out, punctuation aside."""
    if not quote or not text or quote == text:
        return True
    own, other = _WORD.findall(quote), _WORD.findall(text)
    short, long = sorted((own, other), key=len)
    rest = iter(long)
    return all(word in rest for word in short) or "".join(short) in "".join(long)

"""Streamed replies: whether they end, whether they can be read, whether they agree with themselves.

`streams_order`, `streams_text` and `streams_usage` hold the rules that look into the events.
"""

import json
from collections.abc import Iterator
from functools import partial

from cassette_cli.findings import Severity
from cassette_cli.llm import DIALECTS
from cassette_cli.llm.messages import as_object
from cassette_cli.rules.validation import streams_examples as example
from cassette_cli.rules.validation.check import Check, Family, Problem, each
from cassette_cli.rules.validation.streams_events import DONE, stream_of
from cassette_cli.rules.validation.streams_order import first
from cassette_cli.rules.validation.streams_text import contradictory_text
from cassette_cli.rules.validation.streams_usage import contradictory_usage
from cassette_cli.selection import Reading
from cassette_cli.source.tree import Json
from cassette_cli.wire.body import Kind
from cassette_cli.wire.sse import Event

# -- the end -------------------------------------------------------------------------------------------

_END_MARKS = {dialect.ID: dialect.END_MARK for dialect in DIALECTS}
_ENDLESS = ("mcp",)  # a server may close a stream of messages before there is a result
_MARKED = (  # dialects whose streams end with a mark besides the finish reason
    *("openai-chat", "openai-completions", "mistral-chat", "anthropic-messages", "bedrock-converse"),
    *("openai-responses", "openai-assistants", "cohere-chat", "ollama-chat", "ollama-generate"),
)
_REASONED = ("openai-chat", "mistral-chat", "anthropic-messages", "bedrock-converse", "cohere-chat")
_CHAT = ("openai-chat", "openai-completions", "mistral-chat")
_MARKING = (  # servers of these that send the mark; others' streams may just end
    *("openai.com", "azure.com", "openrouter.ai", "ai-gateway.vercel.sh", "mistral.ai", "x.ai", "z.ai"),
    *("deepseek.com", "huggingface.co", "groq.com", "together.xyz", "fireworks.ai", "cerebras.ai"),
    *("ollama.com", "avian.io"),
)
_UNREASONED = ("snowflakecomputing.com",)


def _cut_stream(reading: Reading) -> Iterator[Problem]:
    exchange, content = reading.exchange, reading.said
    last = content.events[-1] if content.events else None
    broken = last is not None and _is_broken_off(content.kind, last)
    number = len(content.events) - 1
    if exchange is None:
        if last and broken and _is_json_stream(reading):
            yield _broken_off(number, last)
        return
    if not exchange.streamed or exchange.answer.error or any(_unreadable(reading)):
        return
    if last and broken:
        yield _broken_off(number, last)
    elif not exchange.complete and exchange.dialect not in _ENDLESS:
        mark = _END_MARKS[exchange.dialect]
        wanted = f"{mark} or a finish reason" if mark else "a finish reason"
        place = f" after event {number}" if last else ""
        message = f"the stream ends{place} without {wanted}"
        yield Problem(message, "response.body", last.data if last else content.text, note="the stream ends")


def _is_json_stream(reading: Reading) -> bool:
    """Whether all server-sent events of a reply are objects, as far as the last one goes."""
    content = reading.said
    others = reading.events[:-1]
    return (
        content.kind is Kind.SSE
        and content.events[-1].data.startswith('{"')
        and all(isinstance(value, dict) for value in others)
    )


def _broken_off(number: int, last: Event) -> Problem:
    message = f"the stream breaks off inside event {number}"
    return Problem(message, "response.body", last.data, note="breaks off")


def _is_broken_off(kind: Kind, last: Event) -> bool:
    """Whether a stream's last event is only the beginning of one."""
    if kind is Kind.EVENTSTREAM:
        return not last.ended
    return (kind is Kind.NDJSON or not last.ended) and not _is_value(last)


def _is_value(event: Event) -> bool:
    """Whether an event can be read: as JSON, or as the end mark."""
    try:
        json.loads(event.data)
    except (ValueError, RecursionError):
        return event.data.strip() == DONE
    return True


def _unreadable(reading: Reading) -> Iterator[tuple[int, Event]]:
    """The numbered events that are no JSON, but for a last one at which the stream is cut."""
    exchange, content = reading.exchange, reading.said
    for number, (event, value) in enumerate(zip(content.events, reading.events, strict=True)):
        if value is None and not _is_value(event):
            whole = exchange is not None and exchange.complete
            if event is not content.events[-1] or (whole and not _is_broken_off(content.kind, event)):
                yield number, event


def _missing_end_mark(reading: Reading) -> Iterator[Problem]:
    exchange, stream = reading.exchange, stream_of(reading)
    if exchange is None or stream is None or exchange.answer.ended or exchange.dialect not in _MARKED:
        return
    if exchange.dialect not in _CHAT or _is_from(reading, _MARKING):
        message = f"the stream has a finish reason, but no {_END_MARKS[exchange.dialect]}"
        yield stream.events[-1].problem(message, note="the last event")


def _missing_finish_reason(reading: Reading) -> Iterator[Problem]:
    exchange, stream = reading.exchange, stream_of(reading)
    if exchange is None or stream is None or exchange.answer.finish_reason:
        return
    if stream.form in _REASONED and exchange.answer.ended and not _is_from(reading, _UNREASONED):
        message = "the stream has its end mark, but no event says why the model stopped"
        yield stream.events[-1].problem(message, note="no finish reason before")


def _is_from(reading: Reading, hosts: tuple[str, ...]) -> bool:
    url = reading.interaction.request.url
    host = url.partition("://")[2].partition("/")[0].partition(":")[0]
    return host.endswith(hosts)


def _unparsable_event(reading: Reading) -> Iterator[Problem]:
    exchange = reading.exchange
    if exchange is None or not exchange.streamed or exchange.answer.error:
        return
    for number, event in _unreadable(reading):
        message = f"event {number} of the stream is no JSON"
        yield Problem(message, "response.body", event.data, note="no JSON")


# -- what stays the same -------------------------------------------------------------------------------

_IDENTITY = {  # dialects by the JSON pointers of the id and of the model that all events share
    "openai-chat": ("/id", "/model"),
    "mistral-chat": ("/id", "/model"),
    "openai-completions": ("/id", "/model"),
    "openai-responses": ("/response/id", "/response/model"),
    "gemini": ("/responseId", "/modelVersion"),
    "ollama-chat": ("", "/model"),
    "ollama-generate": ("", "/model"),
}


def _changed(reading: Reading, what: int) -> Iterator[Problem]:
    """The first event that has another id (0) or model (1) than those before."""
    stream = stream_of(reading)
    pointer = _IDENTITY.get(stream.form, ("", ""))[what] if stream else ""
    if stream is None or not pointer:
        return
    known, number = "", -1
    for said in stream.events:
        value: Json = said.value
        for step in pointer[1:].split("/"):
            value = as_object(value).get(step)
        if not isinstance(value, str) or not value:
            continue
        # Some gateways make up the first chunk of a chat, and its id.
        if known and value != known and not (number == 0 and stream.form == "openai-chat"):
            name = "model" if what else "id"
            message = f"event {said.number} has another {name} than event {number}"
            yield said.problem(message, pointer, f"another {name}")
            return
        known, number = value, said.number


# -- the table -----------------------------------------------------------------------------------------

_HI = example.delta("Hi")
_WORDS = (example.opened("0"), example.added(0, "Hi"), example.closed(0))
_ENDS = (example.END, example.MESSAGE_STOP)
_WHOLE = example.chat(_HI, example.STOP, example.DONE)
_MESSAGE = example.messages(example.START, *_WORDS, *_ENDS)


def _marked(event: str) -> str:
    return f"«{event}»"


CHECKS: tuple[Check, ...] = (
    Check(
        "cut-stream",
        Family.STREAMS,
        Severity.ERROR,
        "a streamed reply that stops before its end",
        "The client that replays it fails or waits for more. The connection broke, the recorder stopped too "
        "early, or the body was shortened.",
        "record the interaction again",
        each(_cut_stream),
        (
            example.chat(_HI, _marked(example.delta("there"))),
            example.messages(example.START, *_WORDS[:2], _marked(_WORDS[2])),
            example.open_ended(example.chat(_HI, '«{"id": "chatcmpl-1", "choi»')),
            example.open_ended(example.feed('{"number": 1}', '«{"num»')),
        ),
        (
            _WHOLE,
            _MESSAGE,
            example.feed('{"number": 1}', "bye"),
            example.open_ended(example.feed("on", "off")),
        ),
        after=("undecodable-body", "undecodable-base64"),
    ),
    Check(
        "missing-end-mark",
        Family.STREAMS,
        Severity.WARNING,
        "a streamed reply that says why it ends, but has no end mark",
        "Clients wait for `[DONE]`, `message_stop` or the like. The last event was lost or taken out.",
        "add the event, or record the interaction again",
        each(_missing_end_mark),
        (
            example.chat(_HI, _marked(example.STOP)),
            example.messages(example.START, *_WORDS, _marked(example.END)),
        ),
        (_WHOLE, _MESSAGE),
    ),
    Check(
        "missing-finish-reason",
        Family.STREAMS,
        Severity.WARNING,
        "a streamed reply with its end mark, but without a finish reason",
        "Clients decide by the finish reason whether tools are to be run and whether the answer is whole.",
        "add the event that tells it, or record the interaction again",
        each(_missing_finish_reason),
        (example.chat(_HI, _marked(example.DONE)),),
        (_WHOLE,),
    ),
    Check(
        "unparsable-event",
        Family.STREAMS,
        Severity.ERROR,
        "an event in the middle of a streamed reply that is no JSON",
        "The client that replays it fails there. Mostly an edit or a replacement broke it.",
        "mend the event, or record the interaction again",
        each(_unparsable_event),
        (example.chat('«{"id": "chatcmpl-1", "choices": oops}»', example.STOP, example.DONE),),
        (_WHOLE,),
        after=("broken-frame",),
    ),
    Check(
        "misplaced-event",
        Family.STREAMS,
        Severity.ERROR,
        "an event of a stream where its API never sends it",
        "The client that replays it fails or drops words: a delta of a block that was not opened, a second "
        "start, something behind the end.",
        "put the events back into their order, or record the interaction again",
        each(partial(first, rule="misplaced-event")),
        (
            example.messages(example.START, _marked(_WORDS[1]), *_ENDS),
            example.messages(_marked(_WORDS[0]), *_WORDS[1:], *_ENDS),
            example.chat(_HI, example.STOP, example.DONE, _marked(example.delta("!"))),
        ),
        (_MESSAGE,),
    ),
    Check(
        "unclosed-block",
        Family.STREAMS,
        Severity.WARNING,
        "a content block or output item that is begun and never closed",
        "Clients run a tool or show a text when its block is closed, so they never do.",
        "add the event that closes it, or record the interaction again",
        each(partial(first, rule="unclosed-block")),
        (example.messages(example.START, _marked(_WORDS[0]), _WORDS[1], *_ENDS),),
        (_MESSAGE,),
        after=("misplaced-event",),
    ),
    Check(
        "skipped-index",
        Family.STREAMS,
        Severity.WARNING,
        "a block, tool call or event whose number leaves one out",
        "What has the number in between was lost or taken out; clients that keep a list by it fail.",
        "restore what is missing, or record the interaction again",
        each(partial(first, rule="skipped-index")),
        (
            example.messages(example.START, example.opened("«1»"), example.closed(1), *_ENDS),
            example.chat(
                example.call("0"), example.call("2").replace("2", "«2»", 1), example.STOP, example.DONE
            ),
            example.responses("Hi", "Hi", last=6).replace('"sequence_number": 6', '"sequence_number": «6»'),
        ),
        (
            example.messages(example.START, *_WORDS, example.opened("1"), example.closed(1), *_ENDS),
            example.chat(example.call("0"), example.call("1"), example.STOP, example.DONE),
            example.responses("Hi", "Hi"),
        ),
        after=("misplaced-event", "unclosed-block"),
    ),
    Check(
        "changed-stream-id",
        Family.STREAMS,
        Severity.WARNING,
        "a stream whose events belong to two replies by their ids",
        "Parts of two recordings were put together, or only some ids were replaced. Clients may take it for "
        "two replies.",
        "give all events the same id, or record the interaction again",
        each(partial(_changed, what=0)),
        (
            example.chat(
                _HI,
                _HI,
                example.delta("!", id_="chatcmpl-2").replace('"chatcmpl-2"', '"«chatcmpl-2»"'),
                example.STOP,
                example.DONE,
            ),
        ),
        (_WHOLE,),
    ),
    Check(
        "changed-stream-model",
        Family.STREAMS,
        Severity.WARNING,
        "a stream whose events name two models",
        "Parts of two recordings were put together, or the model was replaced in some places only.",
        "name the same model in all events, or record the interaction again",
        each(partial(_changed, what=1)),
        (
            example.chat(
                _HI,
                _HI,
                example.delta("!", model="gpt-5").replace('"gpt-5"', '"«gpt-5»"'),
                example.STOP,
                example.DONE,
            ),
        ),
        (_WHOLE,),
        after=("changed-stream-id",),
    ),
    Check(
        "contradictory-usage",
        Family.STREAMS,
        Severity.WARNING,
        "token counts of a reply that contradict one another",
        "A test that checks tokens or costs checks numbers that no server sent. Mostly only some of them "
        "were edited.",
        "make the counts agree, or record the interaction again",
        each(contradictory_usage),
        (
            example.chat(_HI, example.STOP, example.usage("«20»"), example.DONE),
            example.chat(_HI, example.STOP, example.usage("11", "«64»"), example.DONE),
        ),
        (example.chat(_HI, example.STOP, example.usage("11", "8"), example.DONE),),
    ),
    Check(
        "contradictory-text",
        Family.STREAMS,
        Severity.ERROR,
        "a text that is not what the deltas before it make",
        "Clients that read the deltas see another reply than those that read the whole. Mostly only one of "
        "the two was edited.",
        "change the deltas and the whole text alike, or record the interaction again",
        each(contradictory_text),
        (example.responses("Hi there", "Hi «w»here"),),
        (example.responses("Hi there", "Hi there"),),
        after=("skipped-index", "misplaced-event"),
    ),
)

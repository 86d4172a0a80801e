"""Cohere's chat in its two versions, whole and streamed, as Cohere's SDK reads it."""

import pytest

from cassette_cli.llm import cohere
from cassette_cli.llm.messages import (
    Event,
    Item,
    Media,
    Message,
    Object,
    Part,
    Prose,
    ProviderError,
    Tool,
    ToolCall,
    ToolResult,
    Unknown,
    Usage,
    View,
    citation,
)
from cassette_cli.source.tree import Json
from tests import oracles
from tests.corpus import needs_corpus
from tests.llm.cases import (
    LINES,
    STRANGERS,
    Case,
    check_against_sdk,
    check_corpus,
    check_cuts,
    check_depth,
    check_strangers,
    check_whole,
    read,
    reply,
)

V1, V2 = "https://api.cohere.com/v1/chat", "https://api.cohere.com/v2/chat"

CITED: Object = {"start": 0, "end": 2, "text": "Hi", "document_ids": ["d"]}
META: Json = {
    "billed_units": {"input_tokens": 1, "output_tokens": 1},
    "tokens": {"input_tokens": 9, "output_tokens": 4},
}


def line(kind: str, **fields: Json) -> Json:
    return {"is_finished": kind == "stream-end", "event_type": kind, **fields}


def end(text: str, reason: str = "COMPLETE", **fields: Json) -> Json:
    response: Object = {"text": text, "generation_id": "g", "finish_reason": reason, "meta": META, **fields}
    return line("stream-end", finish_reason=reason, response=response)


START = line("stream-start", generation_id="g")
FOUND: Object = {"id": "d", "title": "T", "snippet": "s"}
ASKED: Object = {"text": "q", "generation_id": "g"}

LINED = [
    Case(
        "text",
        V1,
        [START, line("text-generation", text="Hel"), line("text-generation", text="lo"), end("Hello")],
        (Prose("text", "Hello"),),
        "COMPLETE",
        Usage(9, 4),
        4,
        LINES,
        oracles.cohere_lines,
    ),
    Case(
        "search",
        V1,
        [
            START,
            line("search-queries-generation", search_queries=[ASKED]),
            line("search-results", search_results=[{"document_ids": ["d"]}], documents=[FOUND]),
            line("text-generation", text="Hi"),
            line("citation-generation", citations=[CITED]),
            end("Hi", documents=[FOUND], citations=[CITED], search_queries=[ASKED]),
        ],
        (Prose("text", "Hi"), citation(CITED), Item("search_query", ASKED), Item("document", FOUND)),
        "COMPLETE",
        Usage(9, 4),
        6,
        LINES,
        oracles.cohere_lines,
    ),
    Case(
        "calls",
        V1,
        [
            START,
            line("tool-calls-chunk", text="I will", tool_call_delta={}),
            line("tool-calls-chunk", tool_call_delta={"index": 0, "name": "f"}),
            line("tool-calls-chunk", tool_call_delta={"index": 0, "parameters": '{"a": '}),
            line("tool-calls-chunk", tool_call_delta={"index": 0, "parameters": "1}"}),
            line("tool-calls-generation", text="I will", tool_calls=[{"name": "f", "parameters": {"a": 1}}]),
            end("I will", tool_calls=[{"name": "f", "parameters": {"a": 1}}]),
        ],
        (Prose("text", "I will"), ToolCall(None, "f", '{"a": 1}')),
        "COMPLETE",
        Usage(9, 4),
        7,
        LINES,
    ),
]


def event(kind: str, index: int | None = None, **message: Json) -> Json:
    head: Object = {"type": kind} if index is None else {"type": kind, "index": index}
    return head | ({"delta": {"message": message}} if message else {})


def call(id_: str, name: str, **function: Json) -> Json:
    return {"id": id_, "type": "function", "function": {"name": name, **function}}


def finish(reason: str = "COMPLETE") -> Json:
    usage: Json = {
        "billed_units": {"input_tokens": 1, "output_tokens": 1},
        "tokens": {"input_tokens": 9, "output_tokens": 4, "reasoning_tokens": 3},
        "cached_tokens": 2,
    }
    return {"type": "message-end", "delta": {"finish_reason": reason, "usage": usage}}


BEGIN = event("message-start", role="assistant", content=[], tool_plan="", tool_calls=[], citations=[])
USAGE = Usage(9, 4, 2, None, 3)
SOURCED: Object = {"start": 0, "end": 2, "text": "Hi", "sources": [{"type": "document", "id": "d"}]}

EVENTS = [
    Case(
        "thinking-and-text",
        V2,
        [
            BEGIN,
            event("content-start", 0, content={"type": "thinking", "thinking": ""}),
            event("content-delta", 0, content={"thinking": "h"}),
            event("content-delta", 0, content={"thinking": "m"}),
            event("content-end", 0),
            event("content-start", 1, content={"type": "text", "text": ""}),
            event("content-delta", 1, content={"text": "Hel"}),
            event("content-delta", 1, content={"text": "lo"}),
            event("citation-start", 0, citations=SOURCED),
            event("citation-end", 0),
            event("content-end", 1),
            finish(),
            "[DONE]",
        ],
        (Prose("reasoning", "hm"), Prose("text", "Hello"), citation(SOURCED)),
        "COMPLETE",
        USAGE,
        12,
        oracle=oracles.cohere_stream,
    ),
    Case(
        "plan-and-calls",
        V2,
        [
            BEGIN,
            event("tool-plan-delta", tool_plan="I "),
            event("tool-plan-delta", tool_plan="will"),
            event("tool-call-start", 0, tool_calls=call("x", "f", arguments="")),
            event("tool-call-delta", 0, tool_calls={"function": {"arguments": '{"a":'}}),
            event("tool-call-delta", 0, tool_calls={"function": {"arguments": " 1}"}}),
            event("tool-call-end", 0),
            event("tool-call-start", 1, tool_calls=call("y", "g")),
            event("tool-call-end", 1),
            finish("TOOL_CALL"),
        ],
        (Prose("reasoning", "I will"), ToolCall("x", "f", '{"a": 1}'), ToolCall("y", "g", "")),
        "TOOL_CALL",
        USAGE,
        10,
        oracle=oracles.cohere_stream,
    ),
]

cases = pytest.mark.parametrize("case", [*LINED, *EVENTS], ids=lambda case: case.id)


@cases
def test_a_stream_reads_as_its_reply(case: Case) -> None:
    check_whole(case, "cohere-chat")


@cases
def test_the_sdk_reads_the_same(case: Case) -> None:
    check_against_sdk(case)


@cases
def test_a_cut_stream_says_so(case: Case) -> None:
    check_cuts(case)


@cases
@pytest.mark.parametrize("stranger", STRANGERS, ids=str)
def test_an_unknown_event_changes_nothing_else(case: Case, stranger: Json) -> None:
    check_strangers(case, stranger)


def test_a_call_that_is_cut_is_read_as_far_as_it_came() -> None:
    calls = LINED[2]
    exchange = read(V1, {"message": "x"}, calls.text(calls.events[:4], closed=False), LINES.media_type)
    assert reply(exchange).tool_calls == (ToolCall(None, "f", '{"a": '),)


def test_an_unknown_event_is_told() -> None:
    exchange = read(V2, {}, EVENTS[0].text([BEGIN, event("novelty"), finish()]), "text/event-stream")
    assert exchange.problems == ("an event of an unknown type: novelty",)


def test_an_error_at_the_end_of_a_stream_is_told() -> None:
    stop: Json = {"type": "message-end", "delta": {"finish_reason": "ERROR", "error": "overloaded"}}
    exchange = read(V2, {}, EVENTS[0].text([BEGIN, stop]), "text/event-stream")
    assert exchange.answer.error == ProviderError(None, "overloaded")
    assert exchange.complete


# -- whole replies ---------------------------------------------------------------------------------

TEXT: Json = {"type": "text", "text": "Hi"}

WHOLE: list[tuple[str, Json, Message, Usage | None]] = [
    (
        "v1",
        {"text": "Hi", "generation_id": "g", "citations": [CITED], "finish_reason": "COMPLETE", "meta": META},
        Message("CHATBOT", (Prose("text", "Hi"), citation(CITED))),
        Usage(9, 4),
    ),
    (
        "v1-before-tokens",
        {
            "text": "Hi",
            "generation_id": "g",
            "finish_reason": "COMPLETE",
            "token_count": {"prompt_tokens": 9, "response_tokens": 4, "total_tokens": 13},
            "meta": {"billed_units": {"input_tokens": 1, "output_tokens": 1}},
        },
        Message("CHATBOT", (Prose("text", "Hi"),)),
        Usage(9, 4, total_tokens=13),
    ),
    (
        "v2",
        {
            "id": "r",
            "message": {
                "role": "assistant",
                "content": [{"type": "thinking", "thinking": "hm"}, TEXT],
                "tool_plan": "I will",
                "tool_calls": [{"id": "x", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
                "citations": [SOURCED],
            },
            "finish_reason": "COMPLETE",
            "usage": {"billed_units": {"input_tokens": 9, "output_tokens": 4}},
        },
        Message(
            "assistant",
            (
                Prose("reasoning", "hm"),
                Prose("text", "Hi"),
                Prose("reasoning", "I will"),
                ToolCall("x", "f", "{}"),
                citation(SOURCED),
            ),
        ),
        Usage(9, 4),
    ),
]


@pytest.mark.parametrize(
    ("said", "message", "usage"), [row[1:] for row in WHOLE], ids=[row[0] for row in WHOLE]
)
def test_a_whole_reply_reads_in_both_versions(said: Json, message: Message, usage: Usage) -> None:
    exchange = read("https://proxy.example/chat", {}, said)
    assert exchange.dialect == "cohere-chat"
    assert reply(exchange) == message
    assert (exchange.answer.finish_reason, exchange.answer.usage) == ("COMPLETE", usage)


def test_a_refused_request_says_why() -> None:
    exchange = read(V2, {"messages": []}, {"id": "r", "message": "invalid api token"})
    assert (exchange.dialect, exchange.reply) == ("cohere-chat", None)
    assert exchange.answer.error == ProviderError(None, "invalid api token")


@pytest.mark.parametrize(
    ("path", "asked", "said"),
    [
        (
            "v1/generate",
            {"prompt": "Hi"},
            {"text": "a", "is_finished": False, "event_type": "text-generation"},
        ),
        ("v1/generate", {"prompt": "Hi"}, {"id": "g", "generations": [{"text": "a"}]}),
        ("v2/embed", {"texts": ["Hi"]}, {"id": "e", "embeddings": {}}),
        ("v1/rerank", {"query": "Hi", "documents": []}, {"results": []}),
        ("v1/chat/completions", {"messages": []}, {"choices": []}),
    ],
)
def test_other_endpoints_are_left_alone(path: str, asked: Object, said: Json) -> None:
    assert not cohere.matches(View(path, "api.cohere.com", asked, (Event("", said),)))


# -- the request -----------------------------------------------------------------------------------


def test_a_request_of_the_first_version_reads_as_messages() -> None:
    asked: Json = {
        "model": "command",
        "preamble": "Be brief.",
        "chat_history": [
            {"role": "USER", "message": "Hi"},
            {"role": "CHATBOT", "message": "", "tool_calls": [{"name": "f", "parameters": {"a": 1}}]},
        ],
        "documents": [{"title": "T"}],
        "message": "And?",
        "tool_results": [{"call": {"name": "f", "parameters": {"a": 1}}, "outputs": [{"b": 2}]}],
        "tools": [{"name": "f", "description": "does f", "parameter_definitions": {"a": {"type": "int"}}}],
        "temperature": 0,
    }
    prompt = read(V1, asked, {}).prompt
    assert prompt.messages == (
        Message("system", (Prose("text", "Be brief."),)),
        Message("documents", (Item("document", {"title": "T"}),)),
        Message("USER", (Prose("text", "Hi"),)),
        Message("CHATBOT", (ToolCall(None, "f", '{"a": 1}'),)),
        Message("USER", (Prose("text", "And?"), ToolResult("f", (Prose("text", '[{"b": 2}]'),)))),
    )
    assert prompt.tools == (Tool("f", "does f", {"a": {"type": "int"}}),)
    assert (prompt.model, prompt.params) == ("command", {"temperature": 0})


BLOCKS: list[tuple[str, Json, tuple[Part, ...]]] = [
    ("words", "Hi", (Prose("text", "Hi"),)),
    ("blocks", [TEXT], (Prose("text", "Hi"),)),
    ("thinking", [{"type": "thinking", "thinking": "hm"}], (Prose("reasoning", "hm"),)),
    (
        "image",
        [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAEC"}}],
        (Media("image", "image/png", 3),),
    ),
    (
        "document",
        [{"type": "document", "document": {"id": "d", "data": {"title": "T"}}}],
        (Item("document", {"id": "d", "title": "T"}),),
    ),
    ("unknown", [{"type": "hologram"}], (Unknown({"type": "hologram"}),)),
]


@pytest.mark.parametrize(("content", "parts"), [row[1:] for row in BLOCKS], ids=[row[0] for row in BLOCKS])
def test_content_of_the_second_version_reads_as_parts(content: Json, parts: tuple[Part, ...]) -> None:
    asked: Json = {
        "documents": ["D"],
        "messages": [
            {"role": "user", "content": content},
            {"role": "tool", "tool_call_id": "x", "content": content},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
    }
    prompt = read(V2, asked, {}).prompt
    assert prompt.messages == (
        Message("documents", (Prose("text", "D"),)),
        Message("user", parts),
        Message("tool", (ToolResult("x", parts),)),
    )
    assert prompt.tools == (Tool("f", None, {}),)


# -- deep ------------------------------------------------------------------------------------------

DELTA = 'data: {"type": "tool-call-delta", "index": 0, "delta": {"message": {"tool_calls": DEEP}}}\n\n'


@pytest.mark.parametrize(
    ("url", "said"), [(V1, '{"tool_calls": [{"name": "f", "parameters": DEEP}]}'), (V2, DELTA + DELTA)]
)
def test_a_value_at_the_edge_of_the_stack_is_read_or_told(url: str, said: str) -> None:
    check_depth(url, {"message": "x"}, said)


# -- real recordings -------------------------------------------------------------------------------


@needs_corpus
def test_real_replies_read_as_coheres_sdk_reads_them() -> None:
    check_corpus(("cohere",), ("cohere-chat",), 40)

"""Mistral's chat where it differs from OpenAI's, and Ollama's chat and generate, as their SDKs read them."""

import pytest

from cassette_cli.llm.messages import (
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
    check_strangers,
    check_whole,
    read,
    reply,
)

MISTRAL = "https://api.mistral.ai/v1/chat/completions"
CHAT, GENERATE = "http://localhost:11434/api/chat", "http://localhost:11434/api/generate"


def chunk(finish: str | None = None, usage: Json = None, **delta: Json) -> Json:
    choice: Object = {"index": 0, "delta": delta, "finish_reason": finish}
    head: Object = {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [choice],
    }
    return head | ({"usage": usage} if usage else {})


def thought(*words: str) -> Json:
    return {"type": "thinking", "thinking": [{"type": "text", "text": word} for word in words]}


FIGURES: Json = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13, "num_cached_tokens": 2}
TEXT: Json = {"type": "text", "text": "Hi"}
REFERENCE: Object = {"type": "reference", "reference_ids": [1]}

MISTRAL_CASES = [
    Case(
        "thinking",
        MISTRAL,
        [
            chunk(role="assistant", content=""),
            chunk(content=[thought("h")]),
            chunk(content=[thought("", "m")]),
            chunk(content=[TEXT, REFERENCE]),
            chunk(content=" there"),
            chunk("stop", FIGURES, content=""),
            "[DONE]",
        ],
        (Prose("reasoning", "hm"), Prose("text", "Hi there"), citation(REFERENCE)),
        "stop",
        Usage(9, 4, 2, total_tokens=13),
        6,
        oracle=oracles.mistral_stream,
    ),
    Case(
        "calls",
        MISTRAL,
        [
            chunk(role="assistant", content=""),
            chunk(
                "tool_calls",
                FIGURES,
                content="",
                tool_calls=[
                    {"id": "x", "index": 0, "function": {"name": "f", "arguments": '{"a": 1}'}},
                    {"id": "y", "index": 1, "function": {"name": "g", "arguments": {}}},
                ],
            ),
        ],
        (ToolCall("x", "f", '{"a": 1}'), ToolCall("y", "g", "{}")),
        "tool_calls",
        Usage(9, 4, 2, total_tokens=13),
        2,
        oracle=oracles.mistral_stream,
    ),
]


def said(content: Json = "", **fields: Json) -> Json:
    """A line of Ollama's chat; with `done`, the last."""
    message: Object = {"role": "assistant", "content": content}
    message |= {key: fields.pop(key) for key in ("thinking", "tool_calls") if key in fields}
    return {"model": "m", "created_at": "2025-01-01T00:00:00Z", "message": message, "done": False, **fields}


def given(response: Json = "", **fields: Json) -> Json:
    return {"model": "m", "created_at": "2025-01-01T00:00:00Z", "response": response, "done": False, **fields}


DONE: Object = {"done": True, "done_reason": "stop", "prompt_eval_count": 9, "eval_count": 4}
CALL: Json = {"id": "x", "function": {"index": 0, "name": "f", "arguments": {"a": 1}}}

OLLAMA_CASES = [
    Case(
        "thinking",
        CHAT,
        [said(thinking="h"), said(thinking="m"), said("Hel"), said("lo"), said(**DONE)],
        (Prose("reasoning", "hm"), Prose("text", "Hello")),
        "stop",
        Usage(9, 4),
        5,
        LINES,
        oracles.ollama_chat,
    ),
    Case(
        "calls",
        CHAT,
        [said("Let me"), said(tool_calls=[CALL]), said(tool_calls=[CALL]), said(**DONE)],
        (Prose("text", "Let me"), ToolCall("x", "f", '{"a": 1}'), ToolCall("x", "f", '{"a": 1}')),
        "stop",
        Usage(9, 4),
        4,
        LINES,
        oracles.ollama_chat,
    ),
    Case(
        "before-reasons",
        CHAT,
        [said("Hi"), said(done=True)],
        (Prose("text", "Hi"),),
        None,
        None,
        2,
        LINES,
    ),
    Case(
        "generate",
        GENERATE,
        [given(thinking="hm"), given("Hel"), given("lo"), given(context=[1, 2], **DONE)],
        (Prose("reasoning", "hm"), Prose("text", "Hello")),
        "stop",
        Usage(9, 4),
        4,
        LINES,
        oracles.ollama_generate,
    ),
]

cases = pytest.mark.parametrize(
    "case", [*MISTRAL_CASES, *OLLAMA_CASES], ids=lambda case: f"{case.url}-{case.id}"
)


@cases
def test_a_stream_reads_as_its_reply(case: Case) -> None:
    dialects = {MISTRAL: "mistral-chat", CHAT: "ollama-chat", GENERATE: "ollama-generate"}
    check_whole(case, dialects[case.url])


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


# -- Mistral ---------------------------------------------------------------------------------------

COMPLETION: Json = {
    "object": "chat.completion",
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
}


@pytest.mark.parametrize(
    ("url", "dialect"),
    [
        (MISTRAL, "mistral-chat"),
        ("https://api.mistral.ai:443/v1/chat/completions#stream", "mistral-chat"),
        ("https://codestral.mistral.ai/v1/fim/completions", "mistral-chat"),
        ("https://api.mistral.ai/v1/agents/completions", "mistral-chat"),
        ("https://proxy.example/v1/fim/completions", "mistral-chat"),
        ("https://x.googleapis.com/v1/publishers/mistralai/models/m:rawPredict", "mistral-chat"),
        ("https://proxy.example/v1/chat/completions", "openai-chat"),
        ("https://notmistral.ai/v1/chat/completions", "openai-chat"),
    ],
)
def test_mistral_is_told_by_host_and_path(url: str, dialect: str) -> None:
    exchange = read(url, {"messages": []}, COMPLETION)
    assert (exchange.dialect, reply(exchange)) == (dialect, Message("assistant", (Prose("text", "Hi"),)))


CHUNKS: list[tuple[str, Json, Part]] = [
    ("text", TEXT, Prose("text", "Hi")),
    ("thinking", thought("h", "m"), Prose("reasoning", "hm")),
    ("image", {"type": "image_url", "image_url": "https://i.example"}, Media("image", url="https://i.example")),
    (
        "document",
        {"type": "document_url", "document_url": "https://d.example", "document_name": "D"},
        Media("file", url="https://d.example"),
    ),
    (
        "document-inside",
        {"type": "document_url", "document_url": "data:application/pdf;base64,AAEC", "document_name": "D"},
        Media("file", "application/pdf", 3, "D"),
    ),
    ("file", {"type": "file", "file_id": "f"}, Media("file", url="f")),
    ("audio", {"type": "input_audio", "input_audio": "AAEC"}, Media("audio", size=3)),
    ("audio-elsewhere", {"type": "input_audio", "input_audio": "https://a.example"}, Media("audio", url="https://a.example")),
    ("reference", REFERENCE, citation(REFERENCE)),
    ("unknown", {"type": "hologram"}, Unknown({"type": "hologram"})),
]  # fmt: skip


@pytest.mark.parametrize(("content", "part"), [row[1:] for row in CHUNKS], ids=[row[0] for row in CHUNKS])
def test_a_chunk_of_mistral_reads_alike_in_request_and_reply(content: Json, part: Part) -> None:
    message: Object = {"role": "assistant", "content": [content]}
    exchange = read(MISTRAL, {"messages": [message]}, {"choices": [{"message": message}]})
    assert exchange.prompt.messages == (Message("assistant", (part,)),)
    assert reply(exchange).parts == (part,)


def test_a_prefix_is_marked() -> None:
    message: Json = {"role": "assistant", "content": "Dear", "prefix": True}
    prompt = read(MISTRAL, {"messages": [message]}, {}).prompt
    assert prompt.messages == (Message("assistant", (Prose("text", "Dear"), Item("prefix", {}))),)


def test_what_is_to_be_filled_in_reads_as_messages() -> None:
    asked: Json = {"model": "codestral", "prompt": "def f(", "suffix": "return 1", "temperature": 0}
    prompt = read("https://api.mistral.ai/v1/fim/completions", asked, COMPLETION).prompt
    assert prompt.messages == (
        Message("user", (Prose("text", "def f("),)),
        Message("suffix", (Prose("text", "return 1"),)),
    )
    assert prompt.params == {"temperature": 0}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"detail": "Invalid API Key"}, ProviderError(None, "Invalid API Key")),
        ({"object": "error", "message": "no", "type": "t", "code": "1"}, ProviderError("t", "no")),
        ({"detail": [{"loc": ["body"]}]}, ProviderError(None, '[{"loc": ["body"]}]')),
    ],
)
def test_an_error_of_mistral_is_told(body: Json, told: ProviderError) -> None:
    assert read(MISTRAL, {}, body).answer.error == told


# -- Ollama ----------------------------------------------------------------------------------------


def test_a_request_of_ollamas_chat_reads_as_messages() -> None:
    asked: Json = {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Look", "images": ["AAEC", "AAEC"]},
            {"role": "assistant", "thinking": "hm", "content": "", "tool_calls": [CALL]},
            {"role": "tool", "tool_name": "f", "content": "7"},
            {"role": "tool", "tool_call_id": "x", "tool_name": "f", "content": "8"},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "description": "does f", "parameters": {}}}],
        "options": {"temperature": 0},
        "think": True,
        "stream": False,
    }
    exchange = read(CHAT, asked, said("Hi", **DONE))
    prompt = exchange.prompt
    assert prompt.messages == (
        Message("system", (Prose("text", "Be brief."),)),
        Message("user", (Prose("text", "Look"), Media("image", size=3), Media("image", size=3))),
        Message("assistant", (Prose("reasoning", "hm"), ToolCall("x", "f", '{"a": 1}'))),
        Message("tool", (ToolResult("f", (Prose("text", "7"),)),)),
        Message("tool", (ToolResult("x", (Prose("text", "8"),)),)),
    )
    assert prompt.tools == (Tool("f", "does f", {}),)
    assert prompt.params == {"temperature": 0, "think": True}
    assert (exchange.streamed, reply(exchange).text, exchange.model) == (False, "Hi", "m")


def test_a_request_of_ollamas_generate_reads_as_messages() -> None:
    asked: Json = {"model": "m", "system": "Be brief.", "prompt": "Hi", "images": ["AAEC"], "raw": True}
    exchange = read(GENERATE, asked, given("Ho", image="AAEC", **DONE))
    assert exchange.prompt.messages == (
        Message("system", (Prose("text", "Be brief."),)),
        Message("user", (Prose("text", "Hi"), Media("image", size=3))),
    )
    assert exchange.prompt.params == {"raw": True}
    assert reply(exchange).parts == (Prose("text", "Ho"), Media("image", size=3))


@pytest.mark.parametrize(("url", "asked"), [(CHAT, {"messages": []}), (GENERATE, {"model": "m"})])
def test_an_error_of_ollama_is_told(url: str, asked: Json) -> None:
    exchange = read(url, asked, {"error": "model 'm' not found"})
    assert exchange.answer.error == ProviderError(None, "model 'm' not found")
    assert exchange.reply is None


# -- real recordings -------------------------------------------------------------------------------


@needs_corpus
def test_real_replies_read_as_their_sdks_read_them() -> None:
    check_corpus(("mistral", "ollama"), ("mistral-chat", "ollama-chat", "ollama-generate"), 50)

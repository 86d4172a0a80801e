"""OpenAI's chat completions: requests in all their forms, whole replies, and what is not one."""

from typing import Any

import pytest

from cassette_cli.llm import read_exchange
from cassette_cli.llm.messages import (
    Media,
    Message,
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
from tests.llm.exchanges import OPENAI, read, recorded

PNG = "data:image/png;base64,AAECAw=="
REPLY: dict[str, Json] = {"object": "chat.completion", "choices": []}


def _asked(**body: Json) -> Any:
    return read(REPLY, body).prompt


# -- messages of a request -------------------------------------------------------------------------

MESSAGES: list[tuple[str, dict[str, Json], Message]] = [
    ("system", {"role": "system", "content": "be brief"}, Message("system", (Prose("text", "be brief"),))),
    ("developer", {"role": "developer", "content": "x"}, Message("developer", (Prose("text", "x"),))),
    (
        "user",
        {"role": "user", "content": "h\u00e9", "name": "Ann"},
        Message("user", (Prose("text", "h\u00e9"),)),
    ),
    ("empty", {"role": "user", "content": ""}, Message("user", ())),
    ("null", {"role": "assistant", "content": None}, Message("assistant", ())),
    ("nothing", {"role": "assistant"}, Message("assistant", ())),
    ("no-role", {"content": "x"}, Message("", (Prose("text", "x"),))),
    (
        "parts-stay-apart-and-in-order",
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "one"},
                {"type": "text", "text": "two"},
                {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}},
                {"type": "text", "text": "three"},
            ],
        },
        Message(
            "user",
            (
                Prose("text", "one"),
                Prose("text", "two"),
                Media("image", "image/png", 4),
                Prose("text", "three"),
            ),
        ),
    ),
    (
        "tool-calls",
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "one", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}},
                {"id": "two", "type": "function", "function": {"name": "f", "arguments": "{"}},
                {"id": "three", "type": "custom", "custom": {"name": "sql", "input": "SELECT 1"}},
            ],
        },
        Message(
            "assistant",
            (
                ToolCall("one", "f", '{"a": 1}'),
                ToolCall("two", "f", "{"),
                ToolCall("three", "sql", "SELECT 1"),
            ),
        ),
    ),
    (
        "tool-calls-beside-a-list",
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "a"}],
            "tool_calls": [{"id": "one", "type": "function", "function": {"name": "f", "arguments": ""}}],
        },
        Message("assistant", (Prose("text", "a"), ToolCall("one", "f", ""))),
    ),
    (
        "legacy-call",
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        Message("assistant", (ToolCall(None, "f", "{}"),)),
    ),
    (
        "tool-result",
        {"role": "tool", "tool_call_id": "one", "content": "42"},
        Message("tool", (ToolResult("one", (Prose("text", "42"),)),)),
    ),
    (
        "tool-result-in-parts",
        {
            "role": "tool",
            "tool_call_id": "one",
            "content": [{"type": "text", "text": "4"}, {"type": "text", "text": "2"}],
        },
        Message("tool", (ToolResult("one", (Prose("text", "4"), Prose("text", "2"))),)),
    ),
    (
        "tool-result-of-nothing",
        {"role": "tool", "tool_call_id": "one", "content": None},
        Message("tool", (ToolResult("one", ()),)),
    ),
    (
        "legacy-result",
        {"role": "function", "name": "f", "content": "42"},
        Message("function", (ToolResult("f", (Prose("text", "42"),)),)),
    ),
    (
        "refusal",
        {"role": "assistant", "content": None, "refusal": "no"},
        Message("assistant", (Prose("refusal", "no"),)),
    ),
    (
        "refusal-part",
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
        Message("assistant", (Prose("refusal", "no"),)),
    ),
    (
        "reasoning",
        {"role": "assistant", "content": "42", "reasoning_content": "hmm"},
        Message("assistant", (Prose("reasoning", "hmm"), Prose("text", "42"))),
    ),
    (
        "earlier-audio",
        {"role": "assistant", "audio": {"id": "audio_1"}},
        Message("assistant", (Media("audio", url="audio_1"),)),
    ),
]


@pytest.mark.parametrize(
    ("message", "expected"), [row[1:] for row in MESSAGES], ids=[row[0] for row in MESSAGES]
)
def test_a_message_reads_as_its_parts(message: dict[str, Json], expected: Message) -> None:
    assert _asked(messages=[message]).messages == (expected,)


PARTS: list[tuple[str, Json, tuple[Part, ...]]] = [
    ("text", {"type": "text", "text": "a"}, (Prose("text", "a"),)),
    ("empty-text", {"type": "text", "text": ""}, ()),
    ("bare-words", "a", (Prose("text", "a"),)),
    ("input-text", {"type": "input_text", "text": "a"}, (Prose("text", "a"),)),
    (
        "image",
        {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},
        (Media("image", url="https://x.example/a.png"),),
    ),
    (
        "image-in-the-body",
        {"type": "image_url", "image_url": {"url": PNG}},
        (Media("image", "image/png", 4),),
    ),
    ("image-as-words", {"type": "image_url", "image_url": PNG}, (Media("image", "image/png", 4),)),
    (
        "image-of-no-type",
        {"type": "image_url", "image_url": {"url": "data:;base64,AAE="}},
        (Media("image", None, 2),),
    ),
    (
        "image-not-in-base64",
        {"type": "image_url", "image_url": {"url": "data:image/svg+xml,<svg/>"}},
        (Media("image", "image/svg+xml", 6),),
    ),
    (
        "image-of-nothing",
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,="}},
        (Media("image", "image/png", 0),),
    ),
    ("image-without-url", {"type": "image_url"}, (Media("image", url=""),)),
    (
        "audio",
        {"type": "input_audio", "input_audio": {"data": "AAEC", "format": "wav"}},
        (Media("audio", "audio/wav", 3),),
    ),
    (
        "audio-of-no-format",
        {"type": "input_audio", "input_audio": {"data": "AAEC"}},
        (Media("audio", None, 3),),
    ),
    (
        "file",
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AAEC"}},
        (Media("file", "application/pdf", 3, "a.pdf"),),
    ),
    ("file-by-id", {"type": "file", "file": {"file_id": "file-1"}}, (Media("file", url="file-1"),)),
    ("file-by-name", {"type": "file", "file": {"filename": "a.pdf"}}, (Media("file", url="a.pdf"),)),
    (
        "thinking",
        {"type": "thinking", "thinking": [{"type": "text", "text": "h"}, {"type": "text", "text": "m"}]},
        (Prose("reasoning", "hm"),),
    ),
    ("thinking-as-words", {"type": "thinking", "thinking": "hm"}, (Prose("reasoning", "hm"),)),
    ("reasoning", {"type": "reasoning", "text": "hm"}, (Prose("reasoning", "hm"),)),
    (
        "unknown",
        {"type": "document_url", "document_url": "https://x.example"},
        (Unknown({"type": "document_url", "document_url": "https://x.example"}),),
    ),
    ("no-type", {"text": "a"}, (Unknown({"text": "a"}),)),
    ("number", 5, (Unknown(5),)),
    ("null", None, (Unknown(None),)),
    ("list", [1], (Unknown([1]),)),
    ("type-is-a-list", {"type": ["text"]}, (Unknown({"type": ["text"]}),)),
]


@pytest.mark.parametrize(("part", "expected"), [row[1:] for row in PARTS], ids=[row[0] for row in PARTS])
def test_a_part_of_a_message_is_told_by_its_type(part: Json, expected: tuple[Part, ...]) -> None:
    (message,) = _asked(messages=[{"role": "user", "content": [part]}]).messages
    assert message.parts == expected
    if expected:
        assert type(message.parts[0]) is type(expected[0])


TOOLS: list[tuple[str, dict[str, Json], tuple[Tool, ...]]] = [
    ("none", {}, ()),
    ("null", {"tools": None}, ()),
    (
        "function",
        {
            "tools": [
                {
                    "type": "function",
                    "function": {"name": "f", "description": "d", "parameters": {"type": "object"}},
                }
            ]
        },
        (Tool("f", "d", {"type": "object"}),),
    ),
    ("bare", {"tools": [{"type": "function", "function": {"name": "f"}}]}, (Tool("f"),)),
    (
        "custom",
        {"tools": [{"type": "custom", "custom": {"name": "sql", "description": "d"}}]},
        (Tool("sql", "d"),),
    ),
    ("built-in", {"tools": [{"type": "browser_search"}]}, (Tool("browser_search"),)),
    ("legacy", {"functions": [{"name": "f", "description": "d", "parameters": {}}]}, (Tool("f", "d", {}),)),
    (
        "both",
        {"tools": [{"type": "function", "function": {"name": "f"}}], "functions": [{"name": "g"}]},
        (Tool("f"), Tool("g")),
    ),
    ("nonsense", {"tools": [5, None, [], {"type": 5, "function": []}]}, (Tool(""),)),
]


@pytest.mark.parametrize(("body", "expected"), [row[1:] for row in TOOLS], ids=[row[0] for row in TOOLS])
def test_tools_are_named_and_described(body: dict[str, Json], expected: tuple[Tool, ...]) -> None:
    assert _asked(messages=[], **body).tools == expected


def test_every_other_setting_is_kept_as_written() -> None:
    prompt = _asked(
        model="m", messages=[], stream=True, stream_options={"include_usage": True}, tools=[],
        temperature=0.5, tool_choice={"type": "function"}, stop=["x"], user=None,
    )  # fmt: skip
    assert prompt.model == "m"
    assert prompt.params == {
        "temperature": 0.5,
        "tool_choice": {"type": "function"},
        "stop": ["x"],
        "user": None,
    }


# -- whole replies ---------------------------------------------------------------------------------


def _whole(message: Json, finish_reason: Json = "stop", **fields: Json) -> Any:
    choice: Json = {"index": 0, "message": message, "finish_reason": finish_reason}
    return read(REPLY | {"model": "m", "choices": [choice]} | fields)


WHOLE: list[tuple[str, Json, tuple[Part, ...]]] = [
    ("text", {"role": "assistant", "content": "a"}, (Prose("text", "a"),)),
    ("nothing", {"role": "assistant", "content": None}, ()),
    ("refusal", {"role": "assistant", "content": None, "refusal": "no"}, (Prose("refusal", "no"),)),
    ("reasoning-and-text", {"content": "a", "reasoning": "b"}, (Prose("reasoning", "b"), Prose("text", "a"))),
    (
        "text-and-calls",
        {
            "content": "a",
            "tool_calls": [
                {"id": "1", "function": {"name": "f", "arguments": "{}"}},
                {"id": "2", "function": {"name": "f", "arguments": '{"a": 1}'}},
            ],
        },
        (Prose("text", "a"), ToolCall("1", "f", "{}"), ToolCall("2", "f", '{"a": 1}')),
    ),
    (
        "calls-that-are-all-number-0",
        {
            "tool_calls": [
                {"index": 0, "id": "1", "function": {"name": "f", "arguments": "{}"}},
                {"index": 0, "id": "2", "function": {"name": "g", "arguments": "{}"}},
            ]
        },
        (ToolCall("1", "f", "{}"), ToolCall("2", "g", "{}")),
    ),
    (
        "calls-without-ids",
        {
            "tool_calls": [
                {"function": {"name": "f", "arguments": "{}"}},
                {"function": {"name": "f", "arguments": "{}"}},
            ]
        },
        (ToolCall(None, "f", "{}"), ToolCall(None, "f", "{}")),
    ),
    (
        "legacy-call",
        {"content": None, "function_call": {"name": "f", "arguments": "{}"}},
        (ToolCall(None, "f", "{}"),),
    ),
    (
        "audio",
        {"content": None, "audio": {"id": "a1", "data": "AAEC", "transcript": "hi", "expires_at": 1}},
        (Prose("text", "hi"), Media("audio", None, 3, "a1")),
    ),
    (
        "annotations",
        {"content": "a", "annotations": [{"type": "url_citation", "url_citation": {"url": "u"}}]},
        (Prose("text", "a"), citation({"type": "url_citation", "url_citation": {"url": "u"}})),
    ),
    (
        "images",
        {"content": "a", "images": [{"type": "image_url", "image_url": {"url": PNG}}]},
        (Prose("text", "a"), Media("image", "image/png", 4)),
    ),
    (
        "a-list",
        {
            "content": [
                {"type": "thinking", "thinking": [{"type": "text", "text": "h"}]},
                {"type": "text", "text": "a"},
            ]
        },
        (Prose("reasoning", "h"), Prose("text", "a")),
    ),
]


@pytest.mark.parametrize(("message", "expected"), [row[1:] for row in WHOLE], ids=[row[0] for row in WHOLE])
def test_a_whole_reply_reads_as_its_parts(message: Json, expected: tuple[Part, ...]) -> None:
    exchange = _whole(message)
    assert exchange.reply == Message("assistant", expected)
    assert (exchange.streamed, exchange.complete, exchange.problems) == (False, True, ())
    assert exchange.answer.finish_reason == "stop"


def test_the_message_counts_where_an_empty_delta_stands_beside_it() -> None:
    message: Json = {"role": "assistant", "content": "a"}
    choice: dict[str, Json] = {"message": message, "delta": {"role": "assistant", "content": ""}}
    assert _text(read(REPLY | {"choices": [choice]})) == "a"


def test_choices_are_in_the_order_of_their_numbers() -> None:
    choices: list[Json] = [
        {"index": 1, "message": {"content": "b"}, "finish_reason": "length"},
        {"index": 0, "message": {"content": "a"}, "finish_reason": "stop"},
        {"message": {"content": "c"}},
    ]
    exchange = read(REPLY | {"choices": choices})
    assert [choice.text for choice in exchange.answer.choices] == ["a", "b", "c"]
    assert exchange.answer.finish_reason == "stop"


def test_a_choice_without_a_message_is_empty() -> None:
    bare: dict[str, Json] = {"index": 0, "finish_reason": "content_filter"}
    for choice in (bare, bare | {"message": None}):
        exchange = read(REPLY | {"choices": [choice]})
        assert exchange.reply == Message("assistant", ())
        assert exchange.answer.finish_reason == "content_filter"


USAGES: list[tuple[str, Json, Usage | None]] = [
    ("none", None, None),
    ("empty", {}, None),
    ("counts", {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}, Usage(1, 2, total_tokens=3)),
    (
        "details",
        {
            "prompt_tokens": 1,
            "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 5},
            "completion_tokens_details": {"reasoning_tokens": 6},
        },
        Usage(1, None, 4, 5, 6),
    ),
    (
        "null-details",
        {"prompt_tokens": 1, "prompt_tokens_details": None, "completion_tokens_details": None},
        Usage(1),
    ),
    ("deepseek", {"prompt_tokens": 9, "prompt_cache_hit_tokens": 4}, Usage(9, None, 4)),
    ("moonshot", {"prompt_tokens": 9, "cached_tokens": 4}, Usage(9, None, 4)),
    ("xai", {"prompt_tokens": 9, "reasoning_tokens": 4}, Usage(9, reasoning_tokens=4)),
    (
        "zero-cached",
        {"prompt_tokens_details": {"cached_tokens": 0}, "cached_tokens": 5},
        Usage(cached_input_tokens=0),
    ),
    ("floats", {"prompt_tokens": 9.0}, Usage(9)),
    ("words", {"prompt_tokens": "9", "completion_tokens": [], "total_tokens": {}}, Usage()),
    ("booleans", {"prompt_tokens": True, "completion_tokens": False}, Usage()),
    ("no-numbers", {"prompt_tokens": float("nan"), "completion_tokens": float("inf")}, Usage()),
    ("large", {"prompt_tokens": 10**30}, Usage(10**30)),
    ("a-list", [1, 2], None),
    ("a-number", 5, None),
]


@pytest.mark.parametrize(("usage", "expected"), [row[1:] for row in USAGES], ids=[row[0] for row in USAGES])
def test_usage_has_common_names(usage: Json, expected: Usage | None) -> None:
    assert _whole({"content": "a"}, usage=usage).answer.usage == expected


ERRORS: list[tuple[str, Json, ProviderError]] = [
    (
        "openai",
        {"error": {"message": "no key", "type": "invalid_request_error", "code": None}},
        ProviderError("invalid_request_error", "no key"),
    ),
    (
        "by-code",
        {"error": {"message": "m", "type": None, "code": "content_filter"}},
        ProviderError("content_filter", "m"),
    ),
    ("by-number", {"error": {"message": "m", "code": 429}}, ProviderError("429", "m")),
    ("by-status", {"error": {"message": "m", "status": "NOT_FOUND"}}, ProviderError("NOT_FOUND", "m")),
    ("words", {"error": "gone"}, ProviderError(None, "gone")),
    ("no-message", {"error": {"detail": "x"}}, ProviderError(None, '{"detail": "x"}')),
    ("message-is-an-object", {"error": {"message": {"a": 1}}}, ProviderError(None, '{"a": 1}')),
    (
        "vllm",
        {"object": "error", "message": "m", "type": "BadRequestError", "code": 400},
        ProviderError("BadRequestError", "m"),
    ),
]


@pytest.mark.parametrize(("reply", "expected"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS])
def test_an_error_body_is_an_exchange_without_a_reply(reply: Json, expected: ProviderError) -> None:
    exchange = read(reply, {"messages": []})
    assert exchange.reply is None
    assert exchange.answer.error == expected
    assert (exchange.complete, exchange.problems) == (True, ())


@pytest.mark.parametrize("error", [None, {}, [], 5, ""])
def test_an_empty_error_is_none(error: Json) -> None:
    exchange = _whole({"content": "a"}, error=error)
    assert exchange.answer.error in (None, ProviderError(None, ""))
    assert _text(exchange) == "a"


# -- arguments -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "arguments"),
    [
        ("", {}),
        (" \n", {}),
        ("{}", {}),
        ('{"a": [1, null]}', {"a": [1, None]}),
        ("[1]", [1]),
        ("5", 5),
        ('{"a": ', None),
        ("{'a': 1}", None),
        ("null", None),
        ("[" * 100_000, None),
        ("9" * 5000, None),
    ],
    ids=["empty", "blank", "object", "values", "list", "number", "cut", "quotes", "null", "deep", "huge"],
)
def test_arguments_are_parsed_or_none(written: str, arguments: Json) -> None:
    call = ToolCall("x", "f", written)
    assert call.arguments == arguments


# -- what speaks it --------------------------------------------------------------------------------

SPEAKS: list[tuple[str, str, Json, str]] = [
    ("by-the-reply", "http://localhost:1234/anything", None, '{"choices": [{"message": {"content": "a"}}]}'),
    (
        "by-a-stream",
        "http://localhost:1234/anything",
        None,
        'data: {"choices": [{"delta": {"content": "a"}}]}\n\n',
    ),
    ("by-the-object", "http://localhost:1234/anything", None, '{"object": "chat.completion", "choices": []}'),
    ("by-the-request", OPENAI, {"messages": []}, "{}"),
    (
        "by-the-request-of-azure",
        "https://x.example/openai/deployments/d/chat/completions?api-version=1",
        {"messages": []},
        "{}",
    ),
    ("with-a-slash", OPENAI + "/", {"messages": []}, "{}"),
    (
        "behind-empty-chunks",
        "http://localhost/x",
        None,
        'data: {"choices": []}\n\ndata: {"choices": [{"delta": {}}]}\n\n',
    ),
]


@pytest.mark.parametrize(
    ("url", "asked", "reply"), [row[1:] for row in SPEAKS], ids=[row[0] for row in SPEAKS]
)
def test_a_dialect_is_told_by_what_is_said_and_then_by_the_url(url: str, asked: Json, reply: str) -> None:
    exchange = read(reply, asked, url)
    assert exchange.dialect == "openai-chat"


STRANGERS: list[tuple[str, str, Json, str]] = [
    ("another-api", "https://api.openai.com/v1/models", None, '{"object": "list", "data": []}'),
    ("no-messages", OPENAI, {"question": "x"}, "{}"),
    ("another-choice", "https://x.example/vote", None, '{"choices": [{"name": "a"}]}'),
    ("choices-of-words", "https://x.example/vote", None, '{"choices": ["a", "b"]}'),
    ("prose", "https://x.example/", None, "data: hello\n\n"),
    ("a-list", "https://x.example/", [1], "data: [1]\n\n"),
    ("no-url", "", None, '{"a": 1}'),
    ("broken-url", "http://[x/?#", None, '{"a": 1}'),
]


@pytest.mark.parametrize(
    ("url", "asked", "reply"), [row[1:] for row in STRANGERS], ids=[row[0] for row in STRANGERS]
)
def test_what_no_dialect_knows_is_no_exchange(url: str, asked: Json, reply: str) -> None:
    assert read_exchange(recorded(reply, asked, url)) is None


def test_a_reply_in_prose_is_a_problem() -> None:
    exchange = read("<html>Bad gateway", {"messages": []})
    assert exchange.reply is None
    assert exchange.problems


def _text(exchange: Any) -> str:
    return str(exchange.reply.text)

"""Anthropic's Messages: requests in all their forms, whole replies, and what is not one."""

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
from tests.llm.exchanges import ANTHROPIC, read, recorded

REPLY: dict[str, Json] = {
    "id": "msg",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [],
    "stop_reason": "end_turn",
}


def _asked(**body: Json) -> Any:
    return read(REPLY, {"messages": []} | body, ANTHROPIC).prompt


def _said(*blocks: Json, **fields: Json) -> Any:
    return read(REPLY | {"content": list(blocks)} | fields, None, ANTHROPIC)


# -- blocks, the same in a request and in a reply --------------------------------------------------

RESULT = {"title": "One", "url": "https://x.example", "page_age": "1 day"}
BLOCKS: list[tuple[str, Json, tuple[Part, ...]]] = [
    ("text", {"type": "text", "text": "a"}, (Prose("text", "a"),)),
    (
        "text-to-be-cached",
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
        (Prose("text", "a"),),
    ),
    ("empty-text", {"type": "text", "text": ""}, ()),
    (
        "text-with-citations",
        {"type": "text", "text": "a", "citations": [{"type": "char_location", "cited_text": "b"}]},
        (Prose("text", "a"), citation({"type": "char_location", "cited_text": "b"})),
    ),
    ("text-without-citations", {"type": "text", "text": "a", "citations": None}, (Prose("text", "a"),)),
    ("thinking", {"type": "thinking", "thinking": "hm", "signature": "c2ln"}, (Prose("reasoning", "hm"),)),
    ("hidden-thinking", {"type": "thinking", "thinking": "", "signature": "c2ln"}, ()),
    (
        "redacted-thinking",
        {"type": "redacted_thinking", "data": "eA=="},
        (Unknown({"type": "redacted_thinking", "data": "eA=="}),),
    ),
    (
        "call",
        {"type": "tool_use", "id": "x", "name": "f", "input": {"a": "\u00e9"}},
        (ToolCall("x", "f", '{"a": "\u00e9"}'),),
    ),
    ("call-of-nothing", {"type": "tool_use", "id": "x", "name": "f", "input": {}}, (ToolCall("x", "f", ""),)),
    (
        "call-of-a-list",
        {"type": "tool_use", "id": "x", "name": "f", "input": [1]},
        (ToolCall("x", "f", "[1]"),),
    ),
    (
        "call-of-words",
        {"type": "tool_use", "id": "x", "name": "f", "input": "{}"},
        (ToolCall("x", "f", "{}"),),
    ),
    (
        "server-call",
        {"type": "server_tool_use", "id": "x", "name": "web_search", "input": {"query": "q"}},
        (ToolCall("x", "web_search", '{"query": "q"}', True),),
    ),
    (
        "mcp-call",
        {"type": "mcp_tool_use", "id": "x", "name": "f", "server_name": "s", "input": {}},
        (ToolCall("x", "f", "", True),),
    ),
    (
        "result",
        {"type": "tool_result", "tool_use_id": "x", "content": "42"},
        (ToolResult("x", (Prose("text", "42"),)),),
    ),
    ("result-of-nothing", {"type": "tool_result", "tool_use_id": "x"}, (ToolResult("x", ()),)),
    (
        "failed-result",
        {"type": "tool_result", "tool_use_id": "x", "content": "no", "is_error": True},
        (ToolResult("x", (Prose("text", "no"),), True),),
    ),
    (
        "result-in-blocks",
        {
            "type": "tool_result",
            "tool_use_id": "x",
            "content": [
                {"type": "text", "text": "a"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAEC"}},
            ],
        },
        (ToolResult("x", (Prose("text", "a"), Media("image", "image/png", 3))),),
    ),
    (
        "search-result-of-the-provider",
        {
            "type": "web_search_tool_result",
            "tool_use_id": "x",
            "content": [{"type": "web_search_result", "encrypted_content": "y", **RESULT}],
        },
        (ToolResult("x", (citation(dict(RESULT)),), False, True),),
    ),
    (
        "failed-search",
        {
            "type": "web_search_tool_result",
            "tool_use_id": "x",
            "content": {"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"},
        },
        (
            ToolResult(
                "x",
                (Unknown({"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"}),),
                True,
                True,
            ),
        ),
    ),
    (
        "code-that-ran",
        {
            "type": "bash_code_execution_tool_result",
            "tool_use_id": "x",
            "content": {"type": "bash_code_execution_result", "stdout": "1", "stderr": ""},
        },
        (ToolResult("x", (Prose("text", "1"),), False, True),),
    ),
    (
        "mcp-result",
        {
            "type": "mcp_tool_result",
            "tool_use_id": "x",
            "is_error": False,
            "content": [{"type": "text", "text": "a"}],
        },
        (ToolResult("x", (Prose("text", "a"),), False, True),),
    ),
    (
        "mcp-result-in-words",
        {"type": "mcp_tool_result", "tool_use_id": "x", "content": "a"},
        (ToolResult("x", (Prose("text", "a"),), False, True),),
    ),
    (
        "image",
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAECAw=="}},
        (Media("image", "image/png", 4),),
    ),
    (
        "image-by-url",
        {"type": "image", "source": {"type": "url", "url": "https://x.example/a.png"}},
        (Media("image", url="https://x.example/a.png"),),
    ),
    (
        "image-by-id",
        {"type": "image", "source": {"type": "file", "file_id": "file_1"}},
        (Media("image", url="file_1"),),
    ),
    (
        "document",
        {
            "type": "document",
            "title": "T",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "AAEC"},
        },
        (Media("file", "application/pdf", 3, "T"),),
    ),
    (
        "document-of-text",
        {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "h\u00e9"}},
        (Media("file", "text/plain", 3),),
    ),
    (
        "document-by-url",
        {"type": "document", "source": {"type": "url", "url": "https://x.example/a.pdf"}},
        (Media("file", url="https://x.example/a.pdf"),),
    ),
    (
        "document-in-blocks",
        {
            "type": "document",
            "title": "T",
            "source": {"type": "content", "content": [{"type": "text", "text": "a"}]},
        },
        (Media("file", url="T"),),
    ),
    ("upload", {"type": "container_upload", "file_id": "file_1"}, (Media("file", url="file_1"),)),
    ("unknown", {"type": "novelty", "x": 1}, (Unknown({"type": "novelty", "x": 1}),)),
    ("no-type", {"text": "a"}, (Unknown({"text": "a"}),)),
    ("number", 5, (Unknown(5),)),
]


@pytest.mark.parametrize(("block", "expected"), [row[1:] for row in BLOCKS], ids=[row[0] for row in BLOCKS])
def test_a_block_of_a_request_is_told_by_its_type(block: Json, expected: tuple[Part, ...]) -> None:
    prompt = _asked(messages=[{"role": "user", "content": [block]}])
    assert prompt.messages == (Message("user", expected),)
    assert [type(part) for part in prompt.messages[0].parts] == [type(part) for part in expected]


@pytest.mark.parametrize(
    ("block", "expected"),
    [row[1:] for row in BLOCKS if isinstance(row[1], dict)],
    ids=[row[0] for row in BLOCKS if isinstance(row[1], dict)],
)
def test_a_block_of_a_reply_reads_as_in_a_request(block: Json, expected: tuple[Part, ...]) -> None:
    exchange = _said(block)
    assert exchange.reply == Message("assistant", expected)
    assert (exchange.streamed, exchange.complete, exchange.problems) == (False, True, ())


def test_a_search_result_of_the_user_is_kept_as_it_is() -> None:
    block: Json = {
        "type": "search_result",
        "source": "s",
        "title": "T",
        "content": [{"type": "text", "text": "a"}],
    }
    (message,) = _asked(messages=[{"role": "user", "content": [block]}]).messages
    assert message.parts == (Unknown(block),)


# -- the rest of a request -------------------------------------------------------------------------

SYSTEMS: list[tuple[str, dict[str, Json], tuple[Message, ...]]] = [
    ("none", {}, ()),
    ("null", {"system": None}, ()),
    ("empty", {"system": ""}, ()),
    ("words", {"system": "be brief"}, (Message("system", (Prose("text", "be brief"),)),)),
    (
        "blocks",
        {"system": [{"type": "text", "text": "a", "cache_control": {}}, {"type": "text", "text": "b"}]},
        (Message("system", (Prose("text", "a"), Prose("text", "b"))),),
    ),
]


@pytest.mark.parametrize(("body", "expected"), [row[1:] for row in SYSTEMS], ids=[row[0] for row in SYSTEMS])
def test_the_system_prompt_comes_first(body: dict[str, Json], expected: tuple[Message, ...]) -> None:
    user = Message("user", (Prose("text", "hi"),))
    assert _asked(messages=[{"role": "user", "content": "hi"}], **body).messages == (*expected, user)


def test_tools_are_named_and_described() -> None:
    tools: list[Json] = [
        {"name": "f", "description": "d", "input_schema": {"type": "object"}},
        {"type": "custom", "name": "g"},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 1},
        {"type": "mcp_toolset"},
        5,
    ]
    assert _asked(tools=tools).tools == (
        Tool("f", "d", {"type": "object"}), Tool("g"), Tool("web_search"), Tool("mcp_toolset")
    )  # fmt: skip


def test_every_other_setting_is_kept_as_written() -> None:
    thinking: Json = {"type": "enabled", "budget_tokens": 1024}
    prompt = _asked(model="m", stream=True, tools=[], max_tokens=5, thinking=thinking, metadata=None)
    assert prompt.model == "m"
    assert prompt.params == {"max_tokens": 5, "thinking": thinking, "metadata": None}


# -- the rest of a reply ---------------------------------------------------------------------------


def test_what_is_said_of_a_whole_reply() -> None:
    usage: Json = {
        "input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": 3, "cache_creation_input_tokens": 4,
        "output_tokens_details": {"thinking_tokens": 5}, "service_tier": "standard",
    }  # fmt: skip
    exchange = _said({"type": "text", "text": "a"}, usage=usage)
    assert exchange.model == "m"
    assert exchange.answer.finish_reason == "end_turn"
    assert exchange.answer.usage == Usage(1, 2, 3, 4, 5)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (None, None),
        ({}, None),
        ([], None),
        ({"input_tokens": "1"}, Usage()),
        ({"input_tokens": True, "output_tokens": 1.0}, Usage(None, 1)),
        ({"input_tokens": float("nan"), "output_tokens": float("-inf")}, Usage()),
        ({"output_tokens_details": 5}, Usage()),
    ],
    ids=["null", "empty", "list", "words", "boolean", "no-numbers", "details"],
)
def test_usage_that_is_none_is_left_out(usage: Json, expected: Usage | None) -> None:
    assert _said(usage=usage).answer.usage == expected


def test_an_error_body_is_an_exchange_without_a_reply() -> None:
    error: Json = {
        "type": "error",
        "error": {"type": "not_found_error", "message": "model: m"},
        "request_id": "r",
    }
    exchange = read(error, {"messages": []}, ANTHROPIC)
    assert exchange.reply is None
    assert exchange.answer.error == ProviderError("not_found_error", "model: m")
    assert (exchange.complete, exchange.problems) == (True, ())


# -- what speaks it --------------------------------------------------------------------------------

SPEAKS: list[tuple[str, str, Json, str]] = [
    ("by-the-reply", "http://localhost:1234/anything", None, '{"type": "message", "content": []}'),
    (
        "by-a-stream",
        "http://localhost:1234/anything",
        None,
        'data: {"type": "message_start", "message": {}}\n\n',
    ),
    (
        "behind-a-ping",
        "http://localhost/x",
        None,
        'data: {"type": "ping"}\n\ndata: {"type": "message_start"}\n\n',
    ),
    ("by-the-request", ANTHROPIC, {"messages": []}, "{}"),
    (
        "by-the-request-of-a-gateway",
        "https://x.example/anthropic/v1/messages?beta=true",
        {"messages": []},
        "{}",
    ),
    (
        "by-the-version",
        "https://x.example/rawPredict",
        {"messages": [], "anthropic_version": "vertex-2023-10-16"},
        "{}",
    ),
]


@pytest.mark.parametrize(
    ("url", "asked", "reply"), [row[1:] for row in SPEAKS], ids=[row[0] for row in SPEAKS]
)
def test_a_dialect_is_told_by_what_is_said_and_then_by_the_request(url: str, asked: Json, reply: str) -> None:
    assert read(reply, asked, url).dialect == "anthropic-messages"


STRANGERS: list[tuple[str, str, Json, str]] = [
    ("another-api", "https://api.anthropic.com/v1/models", None, '{"data": []}'),
    ("another-message", "https://x.example/mail", None, '{"type": "message", "content": "hello"}'),
    ("no-messages", ANTHROPIC, {"question": "x"}, "{}"),
]


@pytest.mark.parametrize(
    ("url", "asked", "reply"), [row[1:] for row in STRANGERS], ids=[row[0] for row in STRANGERS]
)
def test_what_no_dialect_knows_is_no_exchange(url: str, asked: Json, reply: str) -> None:
    assert read_exchange(recorded(reply, asked, url)) is None

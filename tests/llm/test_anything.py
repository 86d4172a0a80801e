"""Whatever a server or a hand wrote into a body: no exception leaves the reading of an exchange."""

import json
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cassette_cli.llm import read_exchange
from cassette_cli.llm.messages import Exchange, ToolCall
from cassette_cli.source.tree import Json
from cassette_cli.wire.body import traced
from tests.llm.exchanges import ANTHROPIC, OPENAI, recorded
from tests.llm.streams import STREAMS, Sample

WEIRD: list[Json] = [
    None, True, False, 0, -1, 5, 10**30, -(10**30), 1.5, float("nan"), float("inf"), -float("inf"), 1e300,
    "", " ", "x", "0", "\ud800", "\0", "[DONE]", "data:", "data:;base64,", "data:image/png;base64,=", "null",
    [], [None], [[]], ["x"], [5], [{}], [[{"text": "x"}]], {}, {"": None}, {"text": 5}, {"type": []},
    {"index": -1}, {"index": 10**30}, {"index": "0"}, {"index": float("nan")}, {"message": {}}, {"error": []},
]  # fmt: skip

REQUEST: dict[str, Any] = {
    "model": "m",
    "system": [{"type": "text", "text": "s", "cache_control": {}}],
    "stream": True,
    "tools": [
        {"type": "function", "function": {"name": "f", "description": "d", "parameters": {}}},
        {"name": "g", "input_schema": {}},
    ],
    "functions": [{"name": "h"}],
    "messages": [
        {"role": "user", "content": "hi"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "a", "citations": [{"cited_text": "b"}]},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAEC"}},
                {"type": "input_audio", "input_audio": {"data": "AAEC", "format": "wav"}},
                {"type": "file", "file": {"file_data": "data:x/y;base64,AAEC", "filename": "n"}},
                {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}], "signature": "s"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAEC"}},
                {"type": "document", "source": {"type": "text", "data": "x"}, "title": "t"},
                {"type": "tool_result", "tool_use_id": "x", "content": [{"type": "text", "text": "r"}]},
                {
                    "type": "web_search_tool_result",
                    "tool_use_id": "x",
                    "content": [{"title": "t", "url": "u"}],
                },
                {"type": "code_execution_tool_result", "content": {"stdout": "x", "stderr": "y"}},
                {"type": "container_upload", "file_id": "f"},
            ],
        },
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "x", "name": "f", "input": {"a": 1}, "partial_json": ""}],
            "tool_calls": [{"index": 0, "id": "1", "function": {"name": "f", "arguments": "{}"}}],
            "function_call": {"name": "f", "arguments": "{}"},
            "reasoning_details": [{"text": "a", "summary": "b"}],
            "audio": {"id": "x", "data": "AAEC", "transcript": "t"},
            "executed_tools": [{"index": 0, "type": "t", "arguments": "{}", "output": {}}],
            "annotations": [{"type": "url_citation"}],
            "images": [{"type": "image_url", "image_url": {"url": "u"}}],
            "refusal": "no",
        },
        {"role": "tool", "tool_call_id": "x", "content": [{"type": "text", "text": "r"}]},
    ],
}

WHOLE: list[Json] = [
    {
        "object": "chat.completion",
        "model": "m",
        "choices": [{"index": 0, "message": REQUEST["messages"][2], "delta": {}, "finish_reason": "stop"}],
        "usage": {
            "prompt_tokens": 1,
            "prompt_tokens_details": {"cached_tokens": 1},
            "completion_tokens_details": {"reasoning_tokens": 1},
        },
        "x_groq": {"usage": {"prompt_tokens": 1}},
        "citations": ["u"],
        "search_results": [{"url": "u"}],
        "error": {"message": "m", "type": "t", "code": 5},
    },
    {
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": REQUEST["messages"][1]["content"],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens_details": {"thinking_tokens": 1}},
    },
    {"type": "error", "error": {"type": "t", "message": "m"}},
]


# -- one value gone wrong --------------------------------------------------------------------------


def _broken(value: Json) -> Iterator[Json]:
    """The value with each of its parts in turn replaced by each weird one, or left out."""
    for path in _paths(value):
        for weird in WEIRD:
            yield _replaced(value, path, weird)
        yield _replaced(value, path, None, leave_out=True)


def _paths(value: Any) -> Iterator[tuple[str | int, ...]]:
    yield ()
    items: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, inner in items:
        yield from ((key, *path) for path in _paths(inner))


def _replaced(value: Any, path: tuple[str | int, ...], new: Json, *, leave_out: bool = False) -> Any:
    if not path:
        return new
    copy: Any = dict(value) if isinstance(value, dict) else list(value)
    if leave_out and len(path) == 1:
        del copy[path[0]]
    else:
        copy[path[0]] = _replaced(value[path[0]], path[1:], new, leave_out=leave_out)
    return copy


def _check(reply: str, asked: Json, url: str) -> None:
    interaction = recorded(reply, asked, url)
    plain, placed = read_exchange(interaction), read_exchange(interaction, loads=traced)
    assert repr(_bare(plain)) == repr(_bare(placed))
    for exchange in (plain, placed):
        if exchange:
            _look_at(exchange)


def _bare(exchange: Exchange | None) -> Exchange | None:
    return exchange._replace(problems=()) if exchange else None


def _look_at(exchange: Exchange) -> None:
    """Everything that a reader of an exchange may ask it for, of the types that are promised."""
    assert isinstance(exchange.complete, bool)
    assert all(isinstance(problem, str) for problem in exchange.problems)
    assert exchange.model is None or isinstance(exchange.model, str)
    assert exchange.answer.finish_reason is None or isinstance(exchange.answer.finish_reason, str)
    for number in exchange.answer.usage or ():
        assert number is None or type(number) is int
    error = exchange.answer.error
    assert error is None or isinstance(error.message + (error.type or ""), str)
    for message in (*exchange.prompt.messages, *exchange.answer.choices):
        assert isinstance(message.role, str)
        assert isinstance(message.text + message.reasoning, str)
        for part in message.parts:
            if isinstance(part, ToolCall):
                assert isinstance(part.name + part.raw_arguments + (part.id or ""), str)
                json.dumps(part.arguments)
    for tool in exchange.prompt.tools:
        assert isinstance(tool.name, str)
        assert tool.description is None or isinstance(tool.description, str)


@pytest.mark.parametrize("url", [OPENAI, ANTHROPIC], ids=["openai", "anthropic"])
def test_a_request_with_one_value_gone_wrong_is_read(url: str) -> None:
    for number, asked in enumerate(_broken(REQUEST)):
        if number % 29 == 0:
            _check("{}", asked, url)


@pytest.mark.parametrize("reply", WHOLE, ids=["openai", "anthropic", "error"])
def test_a_whole_reply_with_one_value_gone_wrong_is_read(reply: Json) -> None:
    for number, broken in enumerate(_broken(reply)):
        if number % 17 == 0:
            _check(
                json.dumps(broken), {"messages": []}, OPENAI if "choices" in json.dumps(reply) else ANTHROPIC
            )


@pytest.mark.parametrize("sample", STREAMS, ids=lambda sample: f"{sample.end_mark}-{sample.id}")
def test_a_stream_with_one_value_gone_wrong_is_read(sample: Sample) -> None:
    events = sample.text.replace("\r\n", "\n").split("\n\n")[:-1]
    chosen = random.Random(sample.id)
    for number, event in enumerate(events):
        head, _, data = event.rpartition("data: ")
        if not data.startswith("{"):
            continue
        for broken in chosen.sample(list(_broken(json.loads(data))), 6):
            changed = [*events[:number], f"{head}data: {json.dumps(broken)}", *events[number + 1 :], ""]
            _check("\n\n".join(changed), {"messages": []}, sample.url)


# -- everything gone wrong -------------------------------------------------------------------------

NAMES = st.sampled_from(
    re.findall(
        r"\w+",
        """type role content text thinking index delta message choices usage tool_calls function name
        arguments id input partial_json content_block error model finish_reason stop_reason citations
        citation source data url image_url tool_use_id is_error stdout title reasoning_details reasoning
        audio transcript annotations executed_tools output images object x_groq search_results messages""",
    )
)
TYPES = st.sampled_from(
    re.findall(
        r"\w+",
        """message message_start content_block_start content_block_delta message_delta message_stop error
        ping text text_delta thinking_delta input_json_delta citations_delta tool_use server_tool_use
        tool_result image web_search_tool_result document image_url input_audio file thinking refusal""",
    )
)
ANYTHING = st.recursive(
    st.sampled_from(WEIRD) | TYPES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES, inner, max_size=5)
        | st.tuples(TYPES, st.dictionaries(NAMES, inner, max_size=5)).map(
            lambda pair: {"type": pair[0]} | pair[1]
        )
        | st.dictionaries(NAMES, inner, max_size=3).map(lambda inner: {"choices": [{"delta": inner}]})
    ),
    max_leaves=15,
)


@settings(max_examples=50, deadline=None)
@given(ANYTHING, st.lists(ANYTHING, max_size=5), st.sampled_from([OPENAI, ANTHROPIC]))
def test_no_stream_raises(asked: Json, events: list[Json], url: str) -> None:
    stream = "".join(f"data: {json.dumps(event)}\n\n" for event in events) or ": nothing\n\n"
    for body in (asked, {"messages": asked}, {"messages": [asked], "system": asked, "tools": asked}):
        _check(stream, body, url)


@settings(max_examples=50, deadline=None)
@given(ANYTHING, ANYTHING, st.sampled_from([OPENAI, ANTHROPIC]))
def test_no_whole_reply_raises(asked: Json, said: Json, url: str) -> None:
    replies: list[Json] = [
        said,
        {"choices": [{"message": said}]},
        {"type": "message", "content": [said], "usage": said},
    ]
    for reply in replies:
        _check(json.dumps(reply), {"messages": [{"role": "user", "content": [asked]}]}, url)


# -- deep, and wide --------------------------------------------------------------------------------

CALL = '{"choices": [{"message": {"tool_calls": [{"function": {"arguments": DEEP}}]}}]}'
NESTED = [
    ("arguments", OPENAI, CALL),
    ("input", ANTHROPIC, '{"type": "message", "content": [{"type": "tool_use", "input": DEEP}]}'),
    ("error", OPENAI, '{"choices": [], "error": {"message": DEEP}}'),
    ("streamed", OPENAI, 'data: {"choices": [{"delta": {"content": DEEP}}]}\n\n'),
]


@pytest.mark.parametrize(("url", "reply"), [row[1:] for row in NESTED], ids=[row[0] for row in NESTED])
def test_a_value_at_the_edge_of_the_stack_is_read_or_told(url: str, reply: str) -> None:
    for depth in (*range(940, 1000), 5000, 100_000):
        interaction = recorded(reply.replace("DEEP", "[" * depth + "]" * depth), {"messages": []}, url)
        for loads in (json.loads, traced):
            exchange = read_exchange(interaction, loads=loads)
            assert exchange is not None
            for call in exchange.reply.tool_calls if exchange.reply else ():
                assert call.arguments is None or isinstance(call.arguments, list)


def test_ten_thousand_deltas_are_read_in_no_time() -> None:
    event = json.dumps({"choices": [{"index": 0, "delta": {"content": "a word "}}]})
    exchange = read_exchange(recorded(f"data: {event}\n\n" * 10_000), loads=traced)
    assert exchange is not None
    assert exchange.reply is not None
    assert len(exchange.reply.text) == 70_000

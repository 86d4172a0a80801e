"""Streamed replies as the vendors document them, written by hand, with what they say."""

from typing import NamedTuple

from cassette_cli.llm.messages import (
    Media,
    Part,
    Prose,
    ProviderError,
    ToolCall,
    ToolResult,
    Unknown,
    Usage,
    citation,
)
from cassette_cli.source.tree import Json
from tests.llm.exchanges import ANTHROPIC, OPENAI, sse


class Sample(NamedTuple):
    """A stream and the reply that it builds up."""

    id: str
    text: str
    parts: tuple[Part, ...]
    finish_reason: str | None = "stop"
    usage: Usage | None = None
    others: tuple[tuple[Part, ...], ...] = ()  # the choices behind the first
    error: ProviderError | None = None
    url: str = OPENAI
    model: str | None = "m"

    @property
    def end_mark(self) -> str:
        return "message_stop" if self.url == ANTHROPIC else "[DONE]"


def _chunk(*choices: Json, **fields: Json) -> Json:
    head: dict[str, Json] = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return head | {"choices": list(choices)} | fields


def _delta(choice: int = 0, finish: str | None = None, **delta: Json) -> Json:
    return {"index": choice, "delta": delta, "finish_reason": finish}


def _call(
    index: int | None, id_: str | None = None, name: str | None = None, arguments: str | None = None
) -> Json:
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    found: dict[str, Json] = {"function": dict(function)}
    if index is not None:
        found["index"] = index
    return found | ({"id": id_, "type": "function"} if id_ is not None else {})


def _usage(asked: int, said: int, **fields: Json) -> Json:
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said} | fields


DETAILS: Json = {"reasoning_tokens": 3, "accepted_prediction_tokens": 0}

OPENAI_STREAMS = [
    Sample(
        "text",
        sse(
            _chunk(_delta(role="assistant", content="", refusal=None)),
            _chunk(_delta(content="Hel")),
            _chunk(_delta(content="lo, ")),
            _chunk(_delta(content="w\u00f6rld \U0001f600\n")),
            _chunk(_delta(finish="stop")),
            _chunk(
                usage=_usage(
                    9, 4, prompt_tokens_details={"cached_tokens": 2}, completion_tokens_details=DETAILS
                )
            ),
            "[DONE]",
        ),
        (Prose("text", "Hello, w\u00f6rld \U0001f600\n"),),
        usage=Usage(9, 4, 2, None, 3, 13),
    ),
    Sample(
        "no-end-mark",
        sse(_chunk(_delta(content="a")), _chunk(_delta(content="b")), _chunk(_delta(finish="length"))),
        (Prose("text", "ab"),),
        "length",
    ),
    Sample(
        "no-finish-reason",
        sse(_chunk(_delta(content="a")), _chunk(_delta(content="b")), "[DONE]"),
        (Prose("text", "ab"),),
        None,
    ),
    Sample(
        "empty-finish-reasons",
        sse(
            _chunk(_delta(content="a", finish="")),
            _chunk(_delta(content="b", finish="")),
            _chunk(_delta(finish="stop")),
        ),
        (Prose("text", "ab"),),
    ),
    Sample(
        "azure",
        sse(
            {"id": "", "object": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": [{}]},
            _chunk(_delta(role="assistant", content=None)),
            _chunk(_delta(content="yes")),
            _chunk({"index": 0, "delta": {}, "finish_reason": "stop", "content_filter_results": {}}),
            "[DONE]",
        ),
        (Prose("text", "yes"),),
    ),
    Sample(
        "parallel-calls",
        sse(
            _chunk(_delta(role="assistant", content=None, tool_calls=[_call(0, "one", "weather", "")])),
            _chunk(_delta(tool_calls=[_call(0, None, None, '{"city": ')])),
            _chunk(_delta(tool_calls=[_call(0, None, None, '"Paris"}')])),
            _chunk(_delta(tool_calls=[_call(1, "two", "time", "")])),
            _chunk(_delta(tool_calls=[_call(1, None, None, "{}"), _call(0, None, None, " ")])),
            _chunk(_delta(finish="tool_calls")),
            "[DONE]",
        ),
        (ToolCall("one", "weather", '{"city": "Paris"} '), ToolCall("two", "time", "{}")),
        "tool_calls",
    ),
    Sample(
        "calls-that-are-all-number-0",
        sse(
            _chunk(_delta(content="let me")),
            _chunk(_delta(tool_calls=[_call(0, "one", "f", '{"a":')])),
            _chunk(_delta(tool_calls=[_call(0, None, None, "1}")])),
            _chunk(_delta(tool_calls=[_call(0, "two", "g", '{"b":')])),
            _chunk(_delta(tool_calls=[_call(0, None, None, "2")])),
            _chunk(_delta(tool_calls=[_call(0, "two", None, "}")])),
            _chunk(_delta(finish="tool_calls")),
        ),
        (Prose("text", "let me"), ToolCall("one", "f", '{"a":1}'), ToolCall("two", "g", '{"b":2}')),
        "tool_calls",
    ),
    Sample(
        "calls-without-numbers",
        sse(
            _chunk(_delta(tool_calls=[_call(None, "one", "f", "{}"), _call(None, "two", "g", "{}")])),
            _chunk(_delta(tool_calls=[_call(None, "three", "h", "{}")], finish="stop")),
        ),
        (ToolCall("one", "f", "{}"), ToolCall("two", "g", "{}"), ToolCall("three", "h", "{}")),
    ),
    Sample(
        "calls-with-arguments-as-values",
        sse(
            _chunk(
                _delta(
                    tool_calls=[{"index": 0, "id": "x", "function": {"name": "f", "arguments": {"a": 1}}}],
                    finish="stop",
                )
            )
        ),
        (ToolCall("x", "f", '{"a": 1}'),),
    ),
    Sample(
        "name-repeated",
        sse(
            _chunk(_delta(tool_calls=[_call(0, "0", "version", "")])),
            _chunk(_delta(tool_calls=[_call(0, "0", "version", "{")])),
            _chunk(_delta(tool_calls=[_call(0, "0", "version", "}")], finish="tool_calls")),
        ),
        (ToolCall("0", "version", "{}"),),
        "tool_calls",
    ),
    Sample(
        "name-in-pieces",
        sse(
            _chunk(_delta(tool_calls=[_call(0, "x", "get_", "")])),
            _chunk(_delta(tool_calls=[_call(0, None, "time", "{}")], finish="stop")),
        ),
        (ToolCall("x", "get_time", "{}"),),
    ),
    Sample(
        "empty-call-fields",
        sse(
            _chunk(_delta(content="a", tool_calls=[_call(0, "", "", "")])),
            _chunk(_delta(content="b", tool_calls=[], function_call=None)),
            _chunk(_delta(finish="stop", tool_calls=None)),
        ),
        (Prose("text", "ab"),),
    ),
    Sample(
        "custom-tool",
        sse(
            _chunk(
                _delta(
                    tool_calls=[
                        {"index": 0, "id": "x", "type": "custom", "custom": {"name": "sql", "input": "SEL"}}
                    ]
                )
            ),
            _chunk(_delta(tool_calls=[{"index": 0, "custom": {"input": "ECT 1"}}], finish="tool_calls")),
        ),
        (ToolCall("x", "sql", "SELECT 1"),),
        "tool_calls",
    ),
    Sample(
        "legacy-function",
        sse(
            _chunk(_delta(role="assistant", content=None, function_call={"name": "f", "arguments": ""})),
            _chunk(_delta(function_call={"arguments": '{"a":'})),
            _chunk(_delta(function_call={"arguments": "1}"})),
            _chunk(_delta(finish="function_call")),
            "[DONE]",
        ),
        (ToolCall(None, "f", '{"a":1}'),),
        "function_call",
    ),
    Sample(
        "two-choices",
        sse(
            _chunk(_delta(1, content="second ")),
            _chunk(_delta(0, content="first "), _delta(1, content="choice")),
            _chunk(_delta(0, content="one", finish="stop")),
            _chunk(_delta(1, finish="length")),
            "[DONE]",
        ),
        (Prose("text", "first one"),),
        others=((Prose("text", "second choice"),),),
    ),
    Sample(
        "refusal",
        sse(
            _chunk(_delta(refusal="I can")),
            _chunk(_delta(refusal="not do that.", content=None)),
            _chunk(_delta(finish="stop")),
        ),
        (Prose("refusal", "I cannot do that."),),
    ),
    *(
        Sample(
            f"reasoning-as-{name}",
            sse(one, two, _chunk(_delta(content="42", finish="stop"))),
            (Prose("reasoning", "hmm."), Prose("text", "42")),
        )
        for name, one, two in (
            ("reasoning", _chunk(_delta(reasoning="hm")), _chunk(_delta(reasoning="m.", content=None))),
            (
                "reasoning_content",
                _chunk(_delta(reasoning_content="hm")),
                _chunk(_delta(reasoning_content="m.", content=None)),
            ),
        )
    ),
    Sample(
        "reasoning-as-details",
        sse(
            _chunk(_delta(reasoning_details=[{"type": "reasoning.summary", "summary": "hm"}])),
            _chunk(
                _delta(
                    reasoning_details=[
                        {"type": "reasoning.text", "text": "m."},
                        {"type": "reasoning.encrypted", "data": "x"},
                    ]
                )
            ),
            _chunk(_delta(content="42", finish="stop")),
        ),
        (Prose("reasoning", "hmm."), Prose("text", "42")),
    ),
    Sample(
        "reasoning-told-twice",
        sse(
            _chunk(_delta(reasoning="hmm", reasoning_content="hmm", reasoning_details=[{"text": "hmm"}])),
            _chunk(_delta(content="42", finish="stop")),
        ),
        (Prose("reasoning", "hmm"), Prose("text", "42")),
    ),
    Sample(
        "mistral-thinking",
        sse(
            _chunk(_delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}])),
            _chunk(_delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "m"}]}])),
            _chunk(_delta(content=[{"type": "text", "text": "4"}])),
            _chunk(_delta(content="2", finish="stop")),
        ),
        (Prose("reasoning", "hmm"), Prose("text", "42")),
    ),
    Sample(
        "groq-usage",
        sse(
            _chunk(_delta(content="a"), x_groq={"id": "r"}),
            _chunk(_delta(finish="stop"), x_groq={"usage": _usage(1, 2)}),
        ),
        (Prose("text", "a"),),
        usage=Usage(1, 2, total_tokens=3),
    ),
    Sample(
        "growing-usage",
        sse(
            _chunk(_delta(content="a"), usage=_usage(5, 1)),
            _chunk(_delta(content="b", finish="stop"), usage=_usage(5, 2)),
            _chunk(usage=None),
        ),
        (Prose("text", "ab"),),
        usage=Usage(5, 2, total_tokens=7),
    ),
    Sample(
        "deepseek-usage",
        sse(
            _chunk(
                _delta(content="a", finish="stop"),
                usage=_usage(5, 1, prompt_cache_hit_tokens=4, prompt_cache_miss_tokens=1),
            )
        ),
        (Prose("text", "a"),),
        usage=Usage(5, 1, 4, total_tokens=6),
    ),
    Sample(
        "keep-alives-and-crlf",
        (
            ": OPENROUTER PROCESSING\n\n"
            + sse(_chunk(_delta(content="a")), _chunk(_delta(finish="stop")), "[DONE]")
        ).replace("\n", "\r\n"),
        (Prose("text", "a"),),
    ),
    Sample(
        "perplexity-sources",
        sse(
            _chunk(_delta(content="a"), citations=["https://one.example"], search_results=[]),
            _chunk(_delta(finish="stop"), search_results=[{"title": "One", "url": "https://one.example"}]),
        ),
        (Prose("text", "a"), citation({"title": "One", "url": "https://one.example"})),
    ),
    Sample(
        "perplexity-messages-that-grow",
        sse(
            _chunk(
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "a"},
                    "delta": {"role": "assistant", "content": "a"},
                }
            ),
            _chunk(
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": "ab"},
                    "delta": {"content": "b"},
                    "finish_reason": "stop",
                }
            ),
        ),
        (Prose("text", "ab"),),
    ),
    Sample(
        "annotations-and-images",
        sse(
            _chunk(
                _delta(
                    content="a",
                    annotations=[{"type": "url_citation", "url_citation": {"url": "https://one.example"}}],
                )
            ),
            _chunk(
                _delta(
                    images=[{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAEC"}}],
                    finish="stop",
                )
            ),
        ),
        (
            Prose("text", "a"),
            citation({"type": "url_citation", "url_citation": {"url": "https://one.example"}}),
            Media("image", "image/png", 3),
        ),
    ),
    Sample(
        "audio",
        sse(
            _chunk(_delta(audio={"id": "audio_1", "transcript": "Hel"})),
            _chunk(_delta(audio={"transcript": "lo"})),
            _chunk(_delta(audio={"expires_at": 1}, finish="stop")),
        ),
        (Prose("text", "Hello"), Media("audio", url="audio_1")),
    ),
    Sample(
        "groq-tools-that-ran",
        sse(
            _chunk(
                _delta(
                    executed_tools=[
                        {"index": 0, "type": "search", "arguments": '{"q": "x"}', "output": "found"}
                    ]
                )
            ),
            _chunk(_delta(content="a", finish="stop")),
        ),
        (
            Prose("text", "a"),
            ToolCall(None, "search", '{"q": "x"}', server=True),
            ToolResult(None, (Prose("text", "found"),), server=True),
        ),
    ),
    Sample(
        "error-in-the-middle",
        sse(
            _chunk(_delta(content="a")),
            {"error": {"message": "overloaded", "type": "server_error", "code": 503}},
        ),
        (Prose("text", "a"),),
        None,
        error=ProviderError("server_error", "overloaded"),
    ),
    Sample(
        "error-in-words",
        sse(_chunk(_delta(content="a")), {"error": "gone"}, "[DONE]"),
        (Prose("text", "a"),),
        None,
        error=ProviderError(None, "gone"),
    ),
]


def _start(**fields: Json) -> Json:
    message: dict[str, Json] = {
        "id": "msg",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
    }
    return {"type": "message_start", "message": message | {"stop_reason": None} | fields}


def _block(index: int, **block: Json) -> Json:
    return {"type": "content_block_start", "index": index, "content_block": block}


def _more(index: int, type_: str, **delta: Json) -> Json:
    head: dict[str, Json] = {"type": type_}
    return {"type": "content_block_delta", "index": index, "delta": head | delta}


def _stop(index: int) -> Json:
    return {"type": "content_block_stop", "index": index}


def _end(reason: str | None = "end_turn", **usage: Json) -> tuple[Json, Json]:
    delta: Json = {"stop_reason": reason, "stop_sequence": None}
    return {"type": "message_delta", "delta": delta, "usage": usage}, {"type": "message_stop"}


PING: Json = {"type": "ping"}


def _anthropic(
    id_: str,
    events: list[Json],
    parts: tuple[Part, ...],
    finish: str | None = "end_turn",
    usage: Usage | None = None,
    error: ProviderError | None = None,
) -> Sample:
    return Sample(id_, sse(*events, named=True), parts, finish, usage, (), error, ANTHROPIC)


FOUND: Json = {
    "type": "web_search_result",
    "title": "One",
    "url": "https://one.example",
    "encrypted_content": "x",
}
CITED: Json = {"type": "web_search_result_location", "url": "https://one.example", "cited_text": "one"}

ANTHROPIC_STREAMS = [
    _anthropic(
        "text",
        [
            _start(usage={"input_tokens": 9, "output_tokens": 1, "cache_read_input_tokens": 2}),
            _block(0, type="text", text=""),
            PING,
            _more(0, "text_delta", text="Hel"),
            _more(0, "text_delta", text="lo, w\u00f6rld \U0001f600\n"),
            _stop(0),
            *_end(output_tokens=4),
        ],
        (Prose("text", "Hello, w\u00f6rld \U0001f600\n"),),
        usage=Usage(9, 4, 2),
    ),
    _anthropic(
        "text-in-the-start",
        [_start(), _block(0, type="text", text="Hel"), _more(0, "text_delta", text="lo"), _stop(0), *_end()],
        (Prose("text", "Hello"),),
    ),
    _anthropic(
        "several-texts",
        [
            _start(),
            _block(0, type="text", text=""),
            _more(0, "text_delta", text="one "),
            _stop(0),
            _block(1, type="text", text=""),
            _more(1, "text_delta", text="two"),
            _stop(1),
            *_end("max_tokens"),
        ],
        (Prose("text", "one "), Prose("text", "two")),
        "max_tokens",
    ),
    _anthropic(
        "thinking",
        [
            _start(),
            _block(0, type="thinking", thinking="", signature=""),
            _more(0, "thinking_delta", thinking="hm"),
            _more(0, "thinking_delta", thinking="m"),
            _more(0, "signature_delta", signature="c2ln"),
            _stop(0),
            _block(1, type="redacted_thinking", data="eA=="),
            _stop(1),
            _block(2, type="text", text=""),
            _more(2, "text_delta", text="42"),
            _stop(2),
            *_end(),
        ],
        (
            Prose("reasoning", "hmm"),
            Unknown({"type": "redacted_thinking", "data": "eA=="}),
            Prose("text", "42"),
        ),
    ),
    _anthropic(
        "parallel-calls",
        [
            _start(),
            _block(0, type="tool_use", id="one", name="weather", input={}),
            _block(1, type="tool_use", id="two", name="time", input={}),
            _more(0, "input_json_delta", partial_json=""),
            _more(0, "input_json_delta", partial_json='{"city": '),
            _more(1, "input_json_delta", partial_json=""),
            _more(0, "input_json_delta", partial_json='"Paris"}'),
            _stop(0),
            _stop(1),
            *_end("tool_use"),
        ],
        (ToolCall("one", "weather", '{"city": "Paris"}'), ToolCall("two", "time", "")),
        "tool_use",
    ),
    _anthropic(
        "search-with-citations",
        [
            _start(),
            _block(0, type="server_tool_use", id="s", name="web_search", input={}),
            _more(0, "input_json_delta", partial_json='{"query": "x"}'),
            _stop(0),
            _block(1, type="web_search_tool_result", tool_use_id="s", content=[FOUND]),
            _stop(1),
            _block(2, type="text", text="", citations=[]),
            _more(2, "text_delta", text="one"),
            _more(2, "citations_delta", citation=CITED),
            _stop(2),
            *_end(),
        ],
        (
            ToolCall("s", "web_search", '{"query": "x"}', server=True),
            ToolResult("s", (citation({"title": "One", "url": "https://one.example"}),), server=True),
            Prose("text", "one"),
            citation(dict(CITED) if isinstance(CITED, dict) else {}),
        ),
    ),
    _anthropic(
        "code-that-ran",
        [
            _start(),
            _block(0, type="server_tool_use", id="s", name="code_execution", input={"code": "print(1)"}),
            _stop(0),
            _block(
                1,
                type="code_execution_tool_result",
                tool_use_id="s",
                content={
                    "type": "code_execution_result",
                    "stdout": "1\n",
                    "stderr": "warning",
                    "return_code": 0,
                    "content": [],
                },
            ),
            _stop(1),
            *_end(),
        ],
        (
            ToolCall("s", "code_execution", '{"code": "print(1)"}', server=True),
            ToolResult("s", (Prose("text", "1\nwarning"),), server=True),
        ),
    ),
    _anthropic(
        "usage-in-the-end",
        [
            _start(usage={"input_tokens": 1, "output_tokens": 1}),
            _block(0, type="text", text="a"),
            _stop(0),
            *_end(
                input_tokens=25,
                output_tokens=7,
                cache_creation_input_tokens=3,
                cache_read_input_tokens=None,
                output_tokens_details={"thinking_tokens": 5},
            ),
        ],
        (Prose("text", "a"),),
        usage=Usage(25, 7, None, 3, 5),
    ),
    _anthropic(
        "refusal",
        [_start(), *_end("refusal", output_tokens=0)],
        (),
        "refusal",
        usage=Usage(None, 0),
    ),
    _anthropic(
        "error-in-the-middle",
        [
            _start(),
            _block(0, type="text", text=""),
            _more(0, "text_delta", text="a"),
            {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
        ],
        (Prose("text", "a"),),
        None,
        error=ProviderError("overloaded_error", "Overloaded"),
    ),
    _anthropic(
        "no-stop-event",
        [_start(), _block(0, type="text", text="a"), _stop(0), _end()[0]],
        (Prose("text", "a"),),
    ),
    _anthropic(
        "no-finish-reason",
        [_start(), _block(0, type="text", text="a"), _stop(0), {"type": "message_stop"}],
        (Prose("text", "a"),),
        None,
    ),
]

STREAMS = [*OPENAI_STREAMS, *ANTHROPIC_STREAMS]

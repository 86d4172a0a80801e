"""Bedrock's Converse and InvokeModel, read as botocore reads them; MCP by its specification."""

import json
from base64 import b64encode
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from cassette_cli.errors import CassetteError
from cassette_cli.llm import read_exchange
from cassette_cli.llm.messages import Exchange, Item, Media, Prose, ToolCall, ToolResult, Usage
from cassette_cli.model import Interaction
from cassette_cli.recorders import read_cassette
from cassette_cli.source.document import Document
from cassette_cli.source.tree import Json
from cassette_cli.wire.body import Kind, read_content
from tests.corpus import files, needs_corpus
from tests.wire.test_eventstream import frame

MODEL = "us.amazon.nova-lite-v1%3A0"
HOST = "https://bedrock-runtime.us-east-1.amazonaws.com"


def recorded(reply: bytes, asked: Json, operation: str) -> Interaction:
    request = {
        "method": "POST",
        "uri": f"{HOST}/model/{MODEL}/{operation}",
        "headers": {},
        "body": json.dumps(asked),
    }
    text = (
        f"version: 1\ninteractions:\n- request: {json.dumps(request)}\n  response:\n    headers: {{}}\n"
        f"    status: {{code: 200}}\n    body:\n      string: !!binary {b64encode(reply).decode()}\n"
    )
    return read_cassette(Document("cassette.yaml", text.encode())).interactions[0]


def read(reply: bytes, asked: Json, operation: str) -> Exchange:
    exchange = read_exchange(recorded(reply, asked, operation))
    assert exchange is not None
    return exchange


CONVERSATION: Json = {
    "system": [{"text": "Be brief."}],
    "messages": [
        {
            "role": "user",
            "content": [{"text": "Look"}, {"image": {"format": "png", "source": {"bytes": "aGVsbG8="}}}],
        },
        {
            "role": "assistant",
            "content": [{"toolUse": {"toolUseId": "t1", "name": "look", "input": {"at": 7}}}],
        },
        {
            "role": "user",
            "content": [
                {
                    "toolResult": {
                        "toolUseId": "t1",
                        "content": [{"json": {"a": 1}}, {"text": "b"}],
                        "status": "error",
                    }
                },
                {"cachePoint": {"type": "default"}},
            ],
        },
    ],
    "inferenceConfig": {"maxTokens": 9},
    "toolConfig": {"tools": [{"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object"}}}}]},
}
EVENTS: list[tuple[str, Json]] = [
    ("messageStart", {"role": "assistant"}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "Hm"}}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"text": "m."}}}),
    ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"reasoningContent": {"signature": "x"}}}),
    ("contentBlockStop", {"contentBlockIndex": 0}),
    ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"text": "Let me "}}),
    ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"text": "look."}}),
    ("contentBlockStop", {"contentBlockIndex": 1}),
    (
        "contentBlockStart",
        {"contentBlockIndex": 2, "start": {"toolUse": {"toolUseId": "t2", "name": "look"}}},
    ),
    ("contentBlockDelta", {"contentBlockIndex": 2, "delta": {"toolUse": {"input": '{"at"'}}}),
    ("contentBlockDelta", {"contentBlockIndex": 2, "delta": {"toolUse": {"input": ": 8}"}}}),
    ("contentBlockStop", {"contentBlockIndex": 2}),
    ("messageStop", {"stopReason": "tool_use"}),
    (
        "metadata",
        {"usage": {"inputTokens": 5, "outputTokens": 6, "totalTokens": 11, "cacheReadInputTokens": 4}},
    ),
]
STREAM = b"".join(frame(name, body) for name, body in EVENTS)


# -- the forms -------------------------------------------------------------------------------------


def test_a_converse_request_reads_as_messages_settings_and_tools() -> None:
    prompt = read(b'{"output": {}}', CONVERSATION, "converse").prompt
    assert prompt.model == "us.amazon.nova-lite-v1:0"
    assert [message.role for message in prompt.messages] == ["system", "user", "assistant", "user"]
    assert prompt.messages[1].parts == (Prose("text", "Look"), Media("image", "image/png", 5))
    assert prompt.messages[2].tool_calls == (ToolCall("t1", "look", '{"at": 7}'),)
    assert prompt.messages[3].parts == (
        ToolResult("t1", (Prose("text", '{"a": 1}'), Prose("text", "b")), is_error=True),
    )
    assert [tool.name for tool in prompt.tools] == ["look"]
    assert prompt.params == {"maxTokens": 9}


def test_a_converse_stream_reads_as_its_reply() -> None:
    exchange = read(STREAM, CONVERSATION, "converse-stream")
    assert (exchange.dialect, exchange.streamed, exchange.complete) == ("bedrock-converse", True, True)
    assert exchange.reply is not None
    assert exchange.reply.parts == (
        Prose("reasoning", "Hmm."),
        Prose("text", "Let me look."),
        ToolCall("t2", "look", '{"at": 8}'),
    )
    assert exchange.answer.finish_reason == "tool_use"
    assert exchange.answer.usage == Usage(5, 6, 4, None, None, 11)


@pytest.mark.parametrize("cut", range(1, len(STREAM), 37))
def test_a_cut_stream_says_so_and_keeps_what_came(cut: int) -> None:
    exchange = read(STREAM[:cut], CONVERSATION, "converse-stream")
    if exchange.streamed:
        stop = STREAM.index(b"messageStop")
        assert exchange.complete is (cut > STREAM.index(b'"tool_use"', stop) and not exchange.problems)


def test_an_unknown_event_is_said_and_an_exception_is_the_error() -> None:
    odd = (
        frame("novelty", {"x": 1})
        + STREAM
        + frame("throttlingException", {"message": "slow down"}, kind="exception")
    )
    exchange = read(odd, CONVERSATION, "converse-stream")
    assert exchange.problems == ("an event of an unknown type: novelty",)
    assert exchange.answer.error is not None
    assert exchange.answer.error.message == "slow down"
    assert exchange.reply is not None
    assert exchange.reply.text == "Let me look."


def _chunks(*values: Json) -> bytes:
    packed = (b64encode(json.dumps(value).encode()).decode() for value in values)
    return b"".join(frame("chunk", {"bytes": text, "p": "abc"}) for text in packed)


METRICS: Json = {"inputTokenCount": 3, "outputTokenCount": 4}
FAMILIES: list[tuple[str, Json, bytes, str, str | None]] = [
    (
        "anthropic",
        {"anthropic_version": "bedrock-2023-05-31", "messages": [{"role": "user", "content": "Hi"}]},
        _chunks(
            {
                "type": "message_start",
                "message": {"role": "assistant", "content": [], "usage": {"input_tokens": 3}},
            },
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 4}},
            {"type": "message_stop", "amazon-bedrock-invocationMetrics": METRICS},
        ),
        "Hello",
        "end_turn",
    ),
    (
        "nova",
        {"messages": [{"role": "user", "content": [{"text": "Hi"}]}]},
        _chunks(
            {"messageStart": {"role": "assistant"}},
            {"contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "Hel"}}},
            {
                "contentBlockDelta": {"contentBlockIndex": 0, "delta": {"text": "lo"}},
                "amazon-bedrock-trace": {},
            },
            {"messageStop": {"stopReason": "end_turn"}},
            {
                "metadata": {"usage": {"inputTokens": 3, "outputTokens": 4}},
                "amazon-bedrock-invocationMetrics": METRICS,
            },
        ),
        "Hello",
        "end_turn",
    ),
    (
        "titan",
        {"inputText": "Hi", "textGenerationConfig": {}},
        _chunks(
            {"outputText": "Hel", "index": 0, "completionReason": None, "inputTextTokenCount": 3},
            {"outputText": "lo", "completionReason": "FINISH", "totalOutputTextTokenCount": 4},
        ),
        "Hello",
        "FINISH",
    ),
    (
        "llama",
        {"prompt": "Hi"},
        _chunks(
            {"generation": "Hel", "prompt_token_count": 3, "generation_token_count": 1, "stop_reason": None},
            {"generation": "lo", "generation_token_count": 4, "stop_reason": "stop"},
        ),
        "Hello",
        "stop",
    ),
    (
        "cohere",
        {"prompt": "Hi"},
        _chunks(
            {"is_finished": False, "text": "Hello"},
            {"is_finished": True, "finish_reason": "COMPLETE", "amazon-bedrock-invocationMetrics": METRICS},
        ),
        "Hello",
        "COMPLETE",
    ),
]


@pytest.mark.parametrize(
    ("family", "asked", "reply", "text", "finish"), FAMILIES, ids=[row[0] for row in FAMILIES]
)
def test_each_family_behind_invoke_is_read_in_its_own_form(
    family: str, asked: Json, reply: bytes, text: str, finish: str
) -> None:
    exchange = read(reply, asked, "invoke-with-response-stream")
    assert (exchange.dialect, exchange.complete, exchange.problems) == ("bedrock-invoke", True, ())
    assert exchange.reply is not None
    assert (exchange.reply.text, exchange.answer.finish_reason) == (text, finish)
    assert exchange.prompt.messages[-1].text == "Hi"
    assert exchange.answer.usage is not None
    assert exchange.answer.usage[:2] == (3, 4)


def test_embeddings_behind_invoke_tell_their_dimensions() -> None:
    exchange = read(b'{"embedding": [1, 2, 3], "inputTextTokenCount": 3}', {"inputText": "Hi"}, "invoke")
    assert exchange.reply is not None
    assert exchange.reply.parts == (Item("embedding", {"index": 0, "dimensions": 3}),)


# -- as botocore reads them ------------------------------------------------------------------------


class _Raw:
    """A recorded body where botocore expects a connection."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def stream(self) -> Iterator[bytes]:
        yield self.body

    def read(self) -> bytes:
        return self.body

    def close(self) -> None:
        pass


@cache
def _client_and_answers() -> tuple[Any, list[Any]]:
    """The client of botocore, and the list from which its next answer is taken."""
    import botocore.awsrequest
    import botocore.session

    client = botocore.session.Session().create_client(
        "bedrock-runtime",
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",  # noqa: S106
    )
    answers: list[Any] = []

    def answer(**_: Any) -> Any:
        body, content_type = answers.pop()
        return botocore.awsrequest.AWSResponse(HOST, 200, {"content-type": content_type}, _Raw(body))

    client.meta.events.register("before-send", answer)
    return client, answers


def _client(body: bytes, content_type: str) -> Any:
    client, answers = _client_and_answers()
    answers.append((body, content_type))
    return client


def _converse_oracle(body: bytes, *, streamed: bool) -> tuple[str, list[tuple[str, str, Any]], str | None]:
    """Text, calls and stop reason as botocore's client gives them."""
    if not streamed:
        reply = _client(body, "application/json").converse(modelId="m", messages=[])
        blocks = reply["output"]["message"]["content"]
        blocks = [
            part for block in blocks for part in block.get("citationsContent", {}).get("content", [block])
        ]
        uses = [block["toolUse"] for block in blocks if "toolUse" in block]
        return (
            "".join(block.get("text", "") for block in blocks),
            [(use["toolUseId"], use["name"], use["input"]) for use in uses],
            reply["stopReason"],
        )
    text, stop, calls = "", None, dict[int, list[str]]()
    stream = _client(body, "application/vnd.amazon.eventstream").converse_stream(modelId="m", messages=[])[
        "stream"
    ]
    for event in stream:
        start = event.get("contentBlockStart")
        if start and (use := start["start"].get("toolUse")):
            calls[start["contentBlockIndex"]] = [use["toolUseId"], use["name"], ""]
        if delta := event.get("contentBlockDelta"):
            text += delta["delta"].get("text", "")
            if "toolUse" in delta["delta"]:
                calls[delta["contentBlockIndex"]][2] += delta["delta"]["toolUse"]["input"]
        stop = event.get("messageStop", {}).get("stopReason", stop)
    return text, [(id_, name, json.loads(raw or "{}")) for id_, name, raw in calls.values()], stop


def test_botocore_reads_the_same_from_our_sample() -> None:
    assert _converse_oracle(STREAM, streamed=True) == (
        "Let me look.",
        [("t2", "look", {"at": 8})],
        "tool_use",
    )


@needs_corpus
def test_every_converse_reply_reads_as_botocore_reads_it() -> None:
    pytest.importorskip("botocore")
    compared = 0
    for interaction in _bedrock("/converse"):
        said = read_content(interaction.response)
        exchange = read_exchange(interaction, None, said)
        if exchange is None or exchange.answer.error or said.kind not in (Kind.JSON, Kind.EVENTSTREAM):
            continue
        expected = _converse_oracle(said.bytes, streamed=exchange.streamed)
        assert exchange.reply is not None
        calls = [(call.id, call.name, call.arguments) for call in exchange.reply.tool_calls]
        assert (exchange.reply.text, calls, exchange.answer.finish_reason) == expected
        compared += 1
    assert compared >= 40


def _bedrock(part: str) -> Iterator[Interaction]:
    for path in files(".yaml", ".yml"):
        raw = path.read_bytes()
        if b"bedrock-runtime" not in raw and not path.name.endswith(".gz"):
            continue
        try:
            cassette = read_cassette(Document(path.name, raw))
        except CassetteError:
            continue
        yield from (
            one for one in cassette.interactions if "/model/" in one.request.url and part in one.request.url
        )


# -- MCP -------------------------------------------------------------------------------------------


def _mcp(asked: Json, *said: Json) -> Exchange:
    stream = "".join(f"event: message\ndata: {json.dumps(message)}\n\n" for message in said)
    exchange = read_exchange(recorded(stream.encode(), asked, "mcp"))
    assert exchange is not None
    assert exchange.dialect == "mcp"
    return exchange


def test_an_mcp_tool_call_and_its_result_read_as_such() -> None:
    call: Json = {
        "jsonrpc": "2.0",
        "id": 3,
        "method": "tools/call",
        "params": {"name": "add", "arguments": {"a": 1}},
    }
    image: Json = {"type": "image", "data": "aGVsbG8=", "mimeType": "image/png"}
    content: Json = [{"type": "text", "text": "2"}, image]
    exchange = _mcp(
        call,
        {"jsonrpc": "2.0", "method": "notifications/progress", "params": {"progress": 1}},
        {"jsonrpc": "2.0", "id": 3, "result": {"content": content, "isError": False}},
    )
    assert exchange.prompt.messages[0].parts == (ToolCall("3", "add", '{"a": 1}'),)
    assert exchange.reply is not None
    assert exchange.reply.parts == (
        Item("request", {"method": "notifications/progress", "params": {"progress": 1}}),
        ToolResult("3", (Prose("text", "2"), Media("image", "image/png", 5))),
    )
    assert exchange.complete


def test_an_mcp_error_is_the_error() -> None:
    exchange = _mcp(
        {"jsonrpc": "2.0", "id": 1, "method": "tools/list"},
        {"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "no such method"}},
    )
    assert exchange.answer.error is not None
    assert exchange.answer.error == ("-32601", "no such method")


def test_a_stream_without_a_result_is_cut() -> None:
    exchange = _mcp({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, {"jsonrpc": "2.0", "method": "ping"})
    assert not exchange.complete
    assert exchange.problems == ("the stream is cut: no result and no finish reason",)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("message/stream", {"message": {"role": "user"}}),  # A2A
        ("message/send", {"message": {"role": "user"}}),
        ("tasks/get", {"id": "t1"}),
        ("eth_blockNumber", []),
    ],
)
def test_other_json_rpc_is_no_mcp(method: str, params: Json) -> None:
    asked: Json = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    for reply in (b'{"jsonrpc": "2.0", "id": 1, "result": {"kind": "task"}}', b""):
        assert read_exchange(recorded(reply, asked, "mcp")) is None


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("initialize", {}),
        ("ping", {}),
        ("notifications/initialized", {}),
        ("resources/read", {"uri": "a:b"}),
        ("tasks/get", {"taskId": "t1"}),
    ],
)
def test_mcps_methods_are_mcp(method: str, params: Json) -> None:
    _mcp({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})

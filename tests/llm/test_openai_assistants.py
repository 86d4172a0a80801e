"""OpenAI's assistants: objects in outline, and streamed runs held against OpenAI's SDK."""

import json

import pytest

from cassette_cli.llm import read_exchange
from cassette_cli.llm.messages import (
    Exchange,
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
    Usage,
    citation,
)
from cassette_cli.source.tree import Json
from tests import oracles
from tests.llm.exchanges import read, recorded
from tests.proof_sdk import our_reading

THREAD = "https://api.openai.com/v1/threads/thread_1"
COUNTS: Json = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}


def _parts(exchange: Exchange) -> tuple[Part, ...]:
    assert exchange.reply is not None
    return exchange.reply.parts


def _run(status: str, **fields: Json) -> Object:
    head: Object = {"id": "run_1", "object": "thread.run", "status": status, "model": "gpt-4o"}
    return head | {"assistant_id": "asst_1", "thread_id": "thread_1"} | fields


def _message(role: str, text: str, **fields: Json) -> Object:
    content: Json = [{"type": "text", "text": {"value": text, "annotations": []}}] if text else []
    return {"id": "msg_1", "object": "thread.message", "role": role, "content": content} | fields


def _step(**details: Json) -> Object:
    head: Object = {"id": "step_1", "object": "thread.run.step", "run_id": "run_1", "status": "in_progress"}
    return head | {"step_details": details}


def _says(text: str) -> Object:
    part: Json = {"index": 0, "type": "text", "text": {"value": text}}
    return {"id": "msg_1", "object": "thread.message.delta", "delta": {"content": [part]}}


def _codes(**call: Json) -> Object:
    calls: Json = [{"index": 0, "type": "code_interpreter", **call}]
    delta: Json = {"step_details": {"type": "tool_calls", "tool_calls": calls}}
    return {"id": "step_1", "object": "thread.run.step.delta", "delta": delta}


RAN: Json = {"input": "print(4)", "outputs": [{"type": "logs", "logs": "4"}]}
CALLED: Json = [{"id": "call_1", "type": "code_interpreter", "code_interpreter": RAN}]
RUN: list[tuple[str, Object]] = [
    ("thread.run.created", _run("queued")),
    ("thread.run.in_progress", _run("in_progress")),
    ("thread.run.step.created", _step(type="tool_calls", tool_calls=[])),
    ("thread.run.step.delta", _codes(id="call_1", code_interpreter={"input": "", "outputs": []})),
    ("thread.run.step.delta", _codes(code_interpreter={"input": "print"})),
    ("thread.run.step.delta", _codes(code_interpreter={"input": "(4)"})),
    ("thread.run.step.completed", _step(type="tool_calls", tool_calls=CALLED)),
    ("thread.message.created", _message("assistant", "")),
    ("thread.message.delta", _says("Fo")),
    ("thread.message.delta", _says("ur.")),
    ("thread.message.completed", _message("assistant", "Four.")),
    ("thread.run.completed", _run("completed", usage=COUNTS)),
]
CODE = ToolCall("call_1", "code_interpreter", '{"code": "print(4)"}', True)


def _wire(events: list[tuple[str, Object]], end: str = "event: done\ndata: [DONE]\n\n") -> str:
    return "".join(f"event: {name}\ndata: {json.dumps(value)}\n\n" for name, value in events) + end


def test_a_streamed_run_reads_as_openais_sdk_reads_it() -> None:
    exchange = read(_wire(RUN), {"assistant_id": "asst_1", "stream": True}, f"{THREAD}/runs")
    assert exchange.dialect == "openai-assistants"
    assert _parts(exchange) == (
        CODE,
        ToolResult("call_1", (Prose("text", "4"),), server=True),
        Prose("text", "Four."),
    )
    assert (exchange.model, exchange.answer.finish_reason) == ("gpt-4o", "completed")
    assert exchange.answer.usage == Usage(5, 2, total_tokens=7)
    assert (exchange.complete, exchange.problems) == (True, ())
    assert our_reading(exchange) == oracles.openai_assistants_stream(_wire(RUN).encode())


def test_a_run_cut_behind_any_event_has_what_came_until_then() -> None:
    texts = []
    for end in range(1, len(RUN) + 1):
        exchange = read(_wire(RUN[:end], ""), {"assistant_id": "asst_1"}, f"{THREAD}/runs")
        assert exchange.complete == (end == len(RUN))
        assert exchange.answer.finish_reason == ("completed" if end == len(RUN) else None)
        texts.append(exchange.reply.text if exchange.reply else None)
    assert texts == [None, None, None, "", "", "", "", "", "Fo", "Four.", "Four.", "Four."]
    cut = read(_wire(RUN[:6], ""), {"assistant_id": "asst_1"}, f"{THREAD}/runs")
    assert _parts(cut) == (CODE,)


@pytest.mark.parametrize("place", range(len(RUN) + 1))
def test_an_unknown_event_changes_nothing_in_a_run_and_is_said(place: int) -> None:
    stranger: tuple[str, Object] = ("thread.novelty", {"object": "novelty"})
    events = [*RUN[:place], stranger, *RUN[place:]]
    exchange = read(_wire(events), {"assistant_id": "asst_1"}, f"{THREAD}/runs")
    assert exchange.reply == read(_wire(RUN), {"assistant_id": "asst_1"}, f"{THREAD}/runs").reply
    assert exchange.problems == ("an event of an unknown type: thread.novelty",)


def test_a_run_that_waits_for_the_client_says_for_what() -> None:
    function: Json = {"name": "weather", "arguments": '{"city": "Pisa"}'}
    calls: Json = [{"id": "call_1", "type": "function", "function": function}]
    waiting = _run("requires_action", required_action={"submit_tool_outputs": {"tool_calls": calls}})
    step = _step(type="tool_calls", tool_calls=calls)
    events: list[tuple[str, Object]] = [
        RUN[0],
        ("thread.run.step.created", step),
        ("thread.run.requires_action", waiting),
    ]
    for reply in (_wire(events), waiting):
        exchange = read(reply, {"assistant_id": "asst_1"}, f"{THREAD}/runs")
        assert _parts(exchange) == (ToolCall("call_1", "weather", '{"city": "Pisa"}'),)
        assert exchange.answer.finish_reason == "requires_action"
        assert exchange.complete


OBJECTS: list[tuple[str, Object, tuple[Message, ...], str | None]] = [
    (
        "thread",
        {"id": "thread_1", "object": "thread"},
        (Message("assistant", (Item("thread", {"id": "thread_1"}),)),),
        None,
    ),
    (
        "assistant",
        {"id": "asst_1", "object": "assistant", "name": "Tutor", "model": "gpt-4o"},
        (Message("assistant", (Item("assistant", {"id": "asst_1", "name": "Tutor", "model": "gpt-4o"}),)),),
        None,
    ),
    (
        "run",
        _run("queued"),
        (
            Message(
                "assistant",
                (
                    Item(
                        "thread.run",
                        {"id": "run_1", "model": "gpt-4o", "assistant_id": "asst_1", "status": "queued"},
                    ),
                ),
            ),
        ),
        "queued",
    ),
    ("message", _message("user", "Hi"), (Message("user", (Prose("text", "Hi"),)),), None),
    (
        "cited",
        _message("assistant", "")
        | {
            "content": [
                {
                    "type": "text",
                    "text": {"value": "a", "annotations": [{"type": "file_citation", "text": "[0]"}]},
                },
                {"type": "image_file", "image_file": {"file_id": "file_1"}},
            ]
        },
        (
            Message(
                "assistant",
                (
                    Prose("text", "a"),
                    citation({"type": "file_citation", "text": "[0]"}),
                    Media("image", url="file_1"),
                ),
            ),
        ),
        None,
    ),
    (
        "messages-newest-first",
        {
            "object": "list",
            "data": [
                _message("user", "Hi", created_at=1),
                _message("assistant", "Ho", id="msg_2", created_at=2),
            ],
        },
        (Message("assistant", (Prose("text", "Ho"),)), Message("user", (Prose("text", "Hi"),))),
        None,
    ),
    (
        "steps",
        {
            "object": "list",
            "data": [
                _step(type="message_creation", message_creation={"message_id": "msg_1"}),
                _step(type="tool_calls", tool_calls=CALLED) | {"id": "step_2"},
            ],
        },
        (Message("assistant", (CODE, ToolResult("call_1", (Prose("text", "4"),), server=True))),),
        None,
    ),
    ("none", {"object": "list", "data": []}, (), None),
]


@pytest.mark.parametrize(
    ("reply", "choices", "reason"), [row[1:] for row in OBJECTS], ids=[row[0] for row in OBJECTS]
)
def test_each_object_is_outlined(reply: Object, choices: tuple[Message, ...], reason: str | None) -> None:
    exchange = read(reply, None, f"{THREAD}/x")
    assert exchange.dialect == "openai-assistants"
    assert exchange.answer.choices == choices
    assert exchange.answer.finish_reason == reason
    assert exchange.problems == ()


def test_a_failed_run_says_why() -> None:
    exchange = read(
        _run("failed", last_error={"code": "rate_limit_exceeded", "message": "slow"}),
        None,
        f"{THREAD}/runs/run_1",
    )
    assert exchange.answer.error == ProviderError("rate_limit_exceeded", "slow")
    assert exchange.answer.finish_reason == "failed"


ASKED: list[tuple[str, Object, tuple[Message, ...]]] = [
    (
        "message",
        {"role": "user", "content": "Hi", "attachments": [{"file_id": "file_1"}]},
        (Message("user", (Prose("text", "Hi"), Media("file", url="file_1"))),),
    ),
    (
        "parts",
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Hi"},
                {"type": "image_url", "image_url": {"url": "https://x.example/a"}},
            ],
        },
        (Message("user", (Prose("text", "Hi"), Media("image", url="https://x.example/a"))),),
    ),
    (
        "run",
        {"instructions": "Be brief.", "additional_messages": [{"role": "user", "content": "Hi"}]},
        (Message("system", (Prose("text", "Be brief."),)), Message("user", (Prose("text", "Hi"),))),
    ),
    (
        "thread-and-run",
        {"thread": {"messages": [{"role": "user", "content": "Hi"}]}},
        (Message("user", (Prose("text", "Hi"),)),),
    ),
    (
        "tool-outputs",
        {"tool_outputs": [{"tool_call_id": "call_1", "output": "4"}]},
        (Message("tool", (ToolResult("call_1", (Prose("text", "4"),)),)),),
    ),
]


@pytest.mark.parametrize(("asked", "expected"), [row[1:] for row in ASKED], ids=[row[0] for row in ASKED])
def test_a_request_reads_as_its_messages(asked: Object, expected: tuple[Message, ...]) -> None:
    tools: Json = [
        {"type": "code_interpreter"},
        {"type": "function", "function": {"name": "f", "parameters": {}}},
    ]
    prompt = read(_run("queued"), asked | {"assistant_id": "asst_1", "tools": tools}, f"{THREAD}/runs").prompt
    assert prompt.messages == expected
    assert prompt.params == {"assistant_id": "asst_1"}
    assert prompt.tools == (Tool("code_interpreter"), Tool("f", None, {}))


def test_threads_of_another_api_are_not_claimed() -> None:
    assert (
        read_exchange(recorded('{"run_id": "1"}', {"input": {}}, "https://langgraph.example/threads/1/runs"))
        is None
    )

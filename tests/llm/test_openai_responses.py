"""OpenAI's Responses: items of requests and replies, streams whole and cut, held against OpenAI's SDK."""

import json
import random

import pytest

from cassette_cli.llm import read_exchange
from cassette_cli.llm.messages import (
    Exchange,
    Item,
    Media,
    Message,
    Object,
    Prose,
    ProviderError,
    Tool,
    ToolCall,
    ToolResult,
    Unknown,
    Usage,
)
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.text import Joined, Text, rewrite
from cassette_cli.source.tree import Json
from cassette_cli.wire.body import traced
from tests import oracles
from tests.corpus import CORPUS, needs_corpus
from tests.llm.exchanges import STYLES, read, recorded, reread, sse
from tests.llm.responses import CASES, RESPONSES, USAGE, Case, response, streamed, wire
from tests.proof_sdk import our_reading, replies_read_as_the_sdks_read_them

cases = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def _read(reply: str | Json, asked: Json = None, url: str = RESPONSES) -> Exchange:
    return read(reply, {"input": "x"} if asked is None else asked, url)


# -- replies ---------------------------------------------------------------------------------------


@cases
def test_a_whole_reply_reads_as_its_items(case: Case) -> None:
    exchange = _read(response(case.items))
    assert exchange.dialect == "openai-responses"
    assert exchange.reply == Message("assistant", case.parts)
    assert exchange.answer.finish_reason == "completed"
    assert exchange.answer.usage == Usage(20, 7, 8, 2, 3, 27)
    assert (exchange.model, exchange.streamed, exchange.complete) == ("gpt-5", False, True)
    assert exchange.problems == ()


@cases
@pytest.mark.parametrize("named", [True, False])
def test_a_stream_reads_as_the_whole_reply(case: Case, named: bool) -> None:
    text = wire(streamed(case.items), named=named)
    exchange = _read(text)
    assert exchange.answer == _read(response(case.items)).answer
    assert (exchange.streamed, exchange.complete, exchange.problems) == (True, True, ())
    assert _read(text + "data: [DONE]\n\n").answer == exchange.answer


@cases
@pytest.mark.parametrize("none", [[], None], ids=repr)
def test_a_final_response_without_its_items_has_those_that_were_streamed(case: Case, none: Json) -> None:
    assert _read(wire(streamed(case.items, output=none))).reply == Message("assistant", case.parts)


@cases
def test_openais_sdk_reads_the_same(case: Case) -> None:
    whole, text = json.dumps(response(case.items)), wire(streamed(case.items))
    assert our_reading(_read(whole)) == oracles.openai_responses_whole(whole.encode())
    assert our_reading(_read(text)) == oracles.openai_responses_stream(text.encode())


ENDS: list[tuple[str, str, Object, str, ProviderError | None]] = [
    ("completed", "completed", {}, "completed", None),
    (
        "incomplete",
        "incomplete",
        {"incomplete_details": {"reason": "max_output_tokens"}},
        "max_output_tokens",
        None,
    ),
    ("incomplete-for-no-reason", "incomplete", {}, "incomplete", None),
    (
        "failed",
        "failed",
        {"error": {"code": "server_error", "message": "down"}},
        "failed",
        ProviderError("server_error", "down"),
    ),
]


@pytest.mark.parametrize(
    ("last", "fields", "reason", "error"), [row[1:] for row in ENDS], ids=[row[0] for row in ENDS]
)
def test_each_end_is_an_end_with_its_reason(
    last: str, fields: Object, reason: str, error: ProviderError | None
) -> None:
    items = CASES[0].items
    for reply in (response(items, status=last) | fields, wire(streamed(items, last=last, **fields))):
        exchange = _read(reply)
        assert exchange.answer.finish_reason == reason
        assert exchange.answer.error == error
        assert exchange.complete
        assert exchange.reply == Message("assistant", CASES[0].parts)
        assert exchange.problems == ()


ERRORS: list[tuple[str, str | Json, ProviderError]] = [
    (
        "whole",
        {"error": {"message": "no such model", "type": "invalid_request_error", "param": None, "code": "x"}},
        ProviderError("invalid_request_error", "no such model"),
    ),
    (
        "event",
        wire([*streamed([])[:2], {"type": "error", "code": "rate_limit_exceeded", "message": "slow"}]),
        ProviderError("rate_limit_exceeded", "slow"),
    ),
    (
        "event-with-an-error",
        wire([*streamed([])[:2], {"type": "error", "error": {"type": "server_error", "message": "down"}}]),
        ProviderError("server_error", "down"),
    ),
    ("failed", response([], status="failed", error={"code": "x", "message": "y"}), ProviderError("x", "y")),
]


@pytest.mark.parametrize(("reply", "error"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS])
def test_an_error_is_the_answer(reply: str | Json, error: ProviderError) -> None:
    exchange = _read(reply)
    assert exchange.answer.error == error
    assert exchange.problems == ()


USAGES: list[tuple[str, Json, Usage | None]] = [
    ("all", USAGE, Usage(20, 7, 8, 2, 3, 27)),
    ("bare", {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3}, Usage(1, 2, total_tokens=3)),
    ("null-details", {"input_tokens": 1, "output_tokens": 2, "input_tokens_details": None}, Usage(1, 2)),
    ("zero", {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}, Usage(0, 0, total_tokens=0)),
    ("null", None, None),
    ("nonsense", [5], None),
]


@pytest.mark.parametrize(("usage", "expected"), [row[1:] for row in USAGES], ids=[row[0] for row in USAGES])
def test_usage_is_the_final_responses(usage: Json, expected: Usage | None) -> None:
    assert _read(response([], usage=usage)).answer.usage == expected
    assert _read(wire(streamed([], usage=usage))).answer.usage == expected


def test_the_count_of_a_requests_tokens_is_usage() -> None:
    exchange = _read({"object": "response.input_tokens", "input_tokens": 11}, url=f"{RESPONSES}/input_tokens")
    assert exchange.answer.usage == Usage(11)
    assert exchange.reply is None


def test_what_the_user_said_is_not_the_reply_of_a_compaction() -> None:
    said: Object = {
        "type": "message",
        "role": "user",
        "content": [{"type": "input_text", "text": "I live in Pisa."}],
    }
    sealed: Object = {"type": "compaction", "id": "cmp_1", "encrypted_content": "AAECAwQF"}
    exchange = _read(response([said, sealed], object="response.compaction"), url=f"{RESPONSES}/compact")
    assert exchange.reply is not None
    assert exchange.reply.text == ""
    assert exchange.reply.parts == (
        Item("message", {"role": "user", "content": said["content"]}),
        Item("encrypted_compaction", {"size": 6}),
    )


def test_a_response_that_is_still_being_made_says_so() -> None:
    exchange = _read(response([], status="queued", usage=None))
    assert exchange.answer.finish_reason == "queued"
    assert exchange.complete


# -- cut, and with strangers -----------------------------------------------------------------------


@cases
def test_a_stream_cut_behind_any_event_has_what_came_until_then(case: Case) -> None:
    """Compared with what the SDK's `stream` helper has put together, which leaves thoughts for the end."""
    events = streamed(case.items)
    for end in range(1, len(events)):
        text = wire(events[:end])
        exchange = _read(text)
        assert not exchange.complete
        assert exchange.answer.finish_reason is None
        assert exchange.problems == ("the stream is cut: no response.completed and no finish reason",)
        if end % 3:  # the SDK takes its time
            continue
        sdk, ours = oracles.openai_responses_cut(text.encode()), our_reading(exchange)
        assert (ours.text, ours.finish_reason, ours.usage) == (sdk.text, None, None)
        if case.id != "custom-call":  # whose input the helper leaves for the end, too
            assert ours.calls == sdk.calls


@cases
def test_words_come_in_as_they_are_streamed(case: Case) -> None:
    events = streamed(case.items)
    for kind, read_back in (("output_text", "text"), ("refusal", "refusal"), ("reasoning", "reasoning")):
        so_far = ""
        for end, event in enumerate(events[:-1], 1):
            if str(event["type"]).startswith(f"response.{kind}") and str(event["type"]).endswith(".delta"):
                so_far += str(event["delta"])
                reply = _read(wire(events[:end])).reply
                assert reply is not None
                told = [
                    part.text for part in reply.parts if isinstance(part, Prose) and part.type == read_back
                ]
                assert "".join(told) == so_far


def test_the_input_of_a_custom_tool_comes_in_as_it_is_streamed() -> None:
    events = streamed(next(case.items for case in CASES if case.id == "custom-call"))
    first_delta = next(n for n, event in enumerate(events) if str(event["type"]).endswith("input.delta"))
    assert _read(wire(events[: first_delta + 1])).reply == Message(
        "assistant", (ToolCall("call_1", "sql", "SELE"),)
    )


def test_a_stream_cut_inside_an_event_is_said_to_be() -> None:
    text = wire(streamed(CASES[0].items))
    exchange = _read(text[:-40])
    assert not exchange.complete
    assert exchange.problems == ("the stream is cut: its last event is broken off",)
    assert our_reading(exchange).text == our_reading(_read(text)).text


STRANGERS: list[tuple[str, Object, bool]] = [
    ("unknown", {"type": "response.novelty", "output_index": 0, "delta": "no"}, True),
    ("of-another-api", {"type": "codex.rate_limits", "plan": "plus"}, True),
    (
        "unknown-state-of-a-known-kind",
        {"type": "response.web_search_call.searching", "output_index": 0},
        False,
    ),
    ("keepalive", {"type": "keepalive", "sequence_number": 3}, False),
    ("empty-item", {"type": "response.output_item.added", "output_index": 9, "item": None}, False),
]


@cases
@pytest.mark.parametrize(
    ("stranger", "said"), [row[1:] for row in STRANGERS], ids=[row[0] for row in STRANGERS]
)
def test_an_unknown_event_anywhere_changes_nothing_and_is_said(
    case: Case, stranger: Object, said: bool
) -> None:
    events = streamed(case.items)
    expected = f"an event of an unknown type: {stranger['type']}"
    for place in (0, len(events) // 2, len(events)):
        exchange = _read(wire([*events[:place], stranger, *events[place:]]))
        assert exchange.reply == Message("assistant", case.parts)
        assert exchange.complete
        assert exchange.problems == ((expected,) if said else ())


def test_events_in_any_order_never_raise() -> None:
    rng = random.Random(5)
    for case in CASES:
        events = streamed(case.items)
        rng.shuffle(events)
        _read(wire(events))
        for event in events:
            event.pop(rng.choice([*event]))
        _read(wire([event for event in events if event.get("type")]))


ODD: list[Json] = [None, 5, "x", [], [5], {}, {"type": 5}, {"type": "message", "content": 5}]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_odd_values_in_the_place_of_items_never_raise(odd: Json) -> None:
    _read(response([], output=[odd]))
    _read(response([], output=odd))
    _read(response([]), {"input": [odd], "tools": [odd], "instructions": odd})
    _read(wire([{"type": "response.output_item.done", "output_index": odd, "item": odd}]))


# -- requests --------------------------------------------------------------------------------------


def _text(role: str, text: str) -> Message:
    return Message(role, (Prose("text", text),))


REQUESTS: list[tuple[str, Object, tuple[Message, ...]]] = [
    ("text", {"input": "Hi"}, (_text("user", "Hi"),)),
    (
        "instructions",
        {"input": "Hi", "instructions": "Be brief."},
        (_text("system", "Be brief."), _text("user", "Hi")),
    ),
    ("empty", {"input": ""}, ()),
    ("null", {"input": None, "instructions": None}, ()),
    (
        "messages",
        {
            "input": [
                {"role": "developer", "content": "a"},
                {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "b"}]},
            ]
        },
        (_text("developer", "a"), _text("user", "b")),
    ),
    (
        "a-turn-of-several-items-is-one-message",
        {
            "input": [
                {"role": "user", "content": "a"},
                {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "b"}]},
                {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"},
                {"type": "function_call", "call_id": "call_2", "name": "g", "arguments": ""},
                {"type": "function_call_output", "call_id": "call_1", "output": "1"},
                {
                    "type": "function_call_output",
                    "call_id": "call_2",
                    "output": [{"type": "input_image", "image_url": "https://x.example/a.png"}],
                },
                {"role": "assistant", "content": "c"},
            ]
        },
        (
            _text("user", "a"),
            Message(
                "assistant",
                (
                    Prose("reasoning", "hm"),
                    Prose("text", "b"),
                    ToolCall("call_1", "f", "{}"),
                    ToolCall("call_2", "g", ""),
                ),
            ),
            Message("tool", (ToolResult("call_1", (Prose("text", "1"),)),)),
            Message("tool", (ToolResult("call_2", (Media("image", url="https://x.example/a.png"),)),)),
            _text("assistant", "c"),
        ),
    ),
    (
        "media",
        {
            "input": [
                {
                    "role": "user",
                    "content": [
                        {"type": "input_image", "image_url": "data:image/png;base64,AAEC", "detail": "low"},
                        {"type": "input_image", "file_id": "file_1"},
                        {
                            "type": "input_file",
                            "filename": "a.pdf",
                            "file_data": "data:application/pdf;base64,AAEC",
                        },
                        {"type": "input_file", "filename": "a.pdf", "file_data": "AAEC"},
                        {"type": "input_file", "file_url": "https://x.example/a.pdf"},
                        {"type": "input_file", "file_id": "file_2"},
                        {"type": "input_audio", "input_audio": {"data": "AAEC", "format": "wav"}},
                        {"type": "novelty"},
                    ],
                }
            ]
        },
        (
            Message(
                "user",
                (
                    Media("image", "image/png", 3),
                    Media("image", url="file_1"),
                    Media("file", "application/pdf", 3, "a.pdf"),
                    Media("file", None, 3, "a.pdf"),
                    Media("file", url="https://x.example/a.pdf"),
                    Media("file", url="file_2"),
                    Media("audio", "audio/wav", 3),
                    Unknown({"type": "novelty"}),
                ),
            ),
        ),
    ),
    (
        "what-the-client-ran",
        {
            "input": [
                {
                    "type": "computer_call_output",
                    "call_id": "c1",
                    "output": {"type": "computer_screenshot", "image_url": "data:image/png;base64,AAEC"},
                },
                {"type": "local_shell_call_output", "id": "c2", "output": "{}"},
                {
                    "type": "shell_call_output",
                    "call_id": "c3",
                    "output": [{"stdout": "a", "stderr": "b", "outcome": {"type": "exit", "exit_code": 1}}],
                },
                {
                    "type": "apply_patch_call_output",
                    "call_id": "c4",
                    "status": "failed",
                    "output": "no such file",
                },
                {"type": "custom_tool_call_output", "call_id": "c5", "output": "4"},
                {
                    "type": "tool_search_output",
                    "call_id": "c6",
                    "execution": "client",
                    "tools": [{"type": "function", "name": "f"}],
                },
            ]
        },
        (
            Message("tool", (ToolResult("c1", (Media("image", "image/png", 3),)),)),
            Message("tool", (ToolResult("c2", (Prose("text", "{}"),)),)),
            Message("tool", (ToolResult("c3", (Prose("text", "ab"),), is_error=True),)),
            Message("tool", (ToolResult("c4", (Prose("text", "no such file"),), is_error=True),)),
            Message("tool", (ToolResult("c5", (Prose("text", "4"),)),)),
            Message("tool", (ToolResult("c6", (Item("tools", {"names": ["f"]}),)),)),
        ),
    ),
    (
        "references-and-notes",
        {
            "input": [
                {"type": "item_reference", "id": "msg_1"},
                {"type": "mcp_approval_response", "approval_request_id": "mcpr_1", "approve": True},
                {"type": "compaction", "encrypted_content": "AAEC"},
            ]
        },
        (
            Message("assistant", (Item("item_reference", {}),)),
            Message(
                "user", (Item("mcp_approval_response", {"approval_request_id": "mcpr_1", "approve": True}),)
            ),
            Message("assistant", (Item("encrypted_compaction", {"size": 3}),)),
        ),
    ),
]


@pytest.mark.parametrize(
    ("asked", "expected"), [row[1:] for row in REQUESTS], ids=[row[0] for row in REQUESTS]
)
def test_a_request_reads_as_its_messages(asked: Object, expected: tuple[Message, ...]) -> None:
    assert _read(response([]), asked).prompt.messages == expected


@cases
def test_a_reply_handed_back_is_the_message_that_it_was(case: Case) -> None:
    """So that a conversation folds: the items of a reply are those of the next request's input."""
    ours = [item for item in case.items if item["type"] != "mcp_approval_response"]
    (message,) = _read(response([]), {"input": list(ours)}).prompt.messages or (Message("assistant", ()),)
    assert message == Message("assistant", case.parts)


TOOLS: list[tuple[str, Object, Tool]] = [
    (
        "function",
        {
            "type": "function",
            "name": "f",
            "description": "d",
            "parameters": {"type": "object"},
            "strict": True,
        },
        Tool("f", "d", {"type": "object"}),
    ),
    (
        "custom",
        {"type": "custom", "name": "sql", "description": "d", "format": {"type": "text"}},
        Tool("sql", "d", {"type": "text"}),
    ),
    ("built-in", {"type": "web_search", "user_location": {"type": "approximate"}}, Tool("web_search")),
    (
        "mcp",
        {"type": "mcp", "server_label": "wiki", "server_description": "d", "server_url": "https://x.example"},
        Tool("wiki", "d"),
    ),
]


@pytest.mark.parametrize(("tool", "expected"), [row[1:] for row in TOOLS], ids=[row[0] for row in TOOLS])
def test_a_tool_has_its_name(tool: Object, expected: Tool) -> None:
    assert _read(response([]), {"input": "x", "tools": [tool]}).prompt.tools == (expected,)


def test_every_other_setting_is_kept_as_written() -> None:
    params: Object = {"previous_response_id": "resp_0", "reasoning": {"effort": "low"}, "store": False}
    prompt = _read(response([]), {"model": "m", "input": "x", "stream": True, "tools": [], **params}).prompt
    assert (prompt.model, prompt.params) == ("m", params)


# -- which exchanges are this dialect's ------------------------------------------------------------

TOLD: list[tuple[str, str, Json, str | Json, str | None]] = [
    ("by-the-reply", "https://proxy.example/x", None, response([]), "openai-responses"),
    ("by-an-event", "https://proxy.example/x", None, wire(streamed([])[1:]), "openai-responses"),
    (
        "by-the-name-of-an-event",
        "https://proxy.example/x",
        None,
        "event: response.created\ndata: {}\n\n",
        "openai-responses",
    ),
    (
        "by-the-path",
        "https://api.deepseek.com/responses",
        {"model": "m", "input": []},
        {"error": {"message": "m"}},
        "openai-responses",
    ),
    (
        "with-a-query",
        f"{RESPONSES}?api-version=1",
        {"input": "x"},
        {"error": {"message": "m"}},
        "openai-responses",
    ),
    (
        "compacted",
        f"{RESPONSES}/compact",
        {"model": "m"},
        {"object": "response.compaction", "output": []},
        "openai-responses",
    ),
    (
        "chat",
        "https://api.openai.com/v1/chat/completions",
        {"messages": []},
        {"error": {"message": "m"}},
        "openai-chat",
    ),
    ("another-api", "https://x.example/responses", {"form": 1}, {"ok": True}, None),
    (
        "conversations",
        "https://api.openai.com/v1/conversations",
        {},
        {"object": "conversation", "id": "conv_1"},
        None,
    ),
]


@pytest.mark.parametrize(
    ("url", "asked", "reply", "dialect"), [row[1:] for row in TOLD], ids=[row[0] for row in TOLD]
)
def test_the_dialect_is_told_by_what_is_said_then_by_the_path(
    url: str, asked: Json, reply: str | Json, dialect: str | None
) -> None:
    text = reply if isinstance(reply, str) else json.dumps(reply)
    exchange = read_exchange(recorded(text, asked, url))
    assert (exchange.dialect if exchange else None) == dialect


# -- places, and changes ---------------------------------------------------------------------------


@cases
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("cut", [False, True])
def test_every_word_of_a_reply_has_a_place(case: Case, style: str, cut: bool) -> None:
    events = streamed(case.items)
    text = wire(events[:-1] if cut else events)
    exchange = read_exchange(recorded(text, None, RESPONSES, style), loads=traced)
    assert exchange is not None
    assert exchange.reply is not None
    for part in exchange.reply.parts:
        words = [part.text] if isinstance(part, Prose) else []
        if isinstance(part, ToolCall) and not part.server:
            words = [part.id or "", part.name, part.raw_arguments]
        assert all(isinstance(word, Text | Joined) for word in words)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    "events", [streamed(CASES[0].items), streamed(CASES[0].items)[:-4]], ids=["whole", "cut"]
)
def test_a_changed_reply_reads_as_changed(events: list[Object], style: str) -> None:
    interaction = recorded(wire(events), None, RESPONSES, style)
    exchange = read_exchange(interaction, loads=traced)
    assert exchange is not None
    assert exchange.reply is not None
    text = exchange.reply.text
    assert isinstance(text, Text | Joined)
    edits = [Edit(2, 9, 'said "new"\n\u00e9')]
    ((document, spelt),) = rewrite([(text, edits)]).items()
    again = read_exchange(
        reread(type(document)(document.name, document.encode(splice(document.text, spelt))))
    )
    assert again is not None
    assert again.reply is not None
    assert again.reply.text == splice(text, edits)


def test_a_stream_without_a_blank_line_at_its_end_is_complete() -> None:
    exchange = _read(wire(streamed(CASES[0].items)).rstrip("\n"))
    assert exchange.complete
    assert exchange.reply == Message("assistant", CASES[0].parts)


def test_deltas_that_come_late_add_nothing_to_an_item_that_is_done() -> None:
    events = streamed(CASES[0].items)[:-1]
    late = [event for event in events if str(event["type"]).endswith(".delta")]
    assert _read(sse(*events, *late)).reply == Message("assistant", CASES[0].parts)


# -- real recordings -------------------------------------------------------------------------------


@needs_corpus
def test_real_replies_read_as_openais_sdk_reads_them() -> None:
    rows = [json.loads(line) for line in (CORPUS / "MANIFEST.jsonl").read_text("utf-8").splitlines()]
    names = [row["path"] for row in rows if "openai-responses" in row["dialects"] and row["bytes"] < 200_000]
    paths = [CORPUS / name for name in sorted(random.Random(3).sample(names, 40))]
    outcome = replies_read_as_the_sdks_read_them(paths)
    assert outcome.faults == []
    assert sum(number for what, number in outcome.counts.items() if what.startswith("openai-responses")) >= 30

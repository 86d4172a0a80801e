"""Responses as OpenAI documents them, written by hand: items, what they say, and how they are streamed."""

import json
from collections.abc import Iterator
from typing import NamedTuple

from cassette_cli.llm.messages import (
    Item,
    Media,
    Object,
    Part,
    Prose,
    ToolCall,
    ToolResult,
    Unknown,
    citation,
)
from cassette_cli.source.tree import Json

RESPONSES = "https://api.openai.com/v1/responses"
PNG = "iVBORw0KGgo="
USAGE: Json = {
    "input_tokens": 20,
    "input_tokens_details": {"cached_tokens": 8, "cache_write_tokens": 2},
    "output_tokens": 7,
    "output_tokens_details": {"reasoning_tokens": 3},
    "total_tokens": 27,
}


class Case(NamedTuple):
    """Items of a reply, and the parts that they are."""

    id: str
    items: list[Object]
    parts: tuple[Part, ...]


def _said(*texts: str, **fields: Json) -> Object:
    content: list[Json] = [{"type": "output_text", "text": text, "annotations": []} for text in texts]
    head: Object = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
    return head | {"content": content} | fields


NOTE: Object = {
    "type": "url_citation",
    "title": "One",
    "url": "https://one.example",
    "start_index": 0,
    "end_index": 3,
}
CITED: Json = [{"type": "output_text", "text": "One says so.", "annotations": [NOTE]}]
REFUSED: Json = [{"type": "refusal", "refusal": "I can't help with that."}]

CASES = [
    Case(
        "text", [_said("Hello, w\u00f6rld \U0001f600\n")], (Prose("text", "Hello, w\u00f6rld \U0001f600\n"),)
    ),
    Case("several-texts", [_said("one ", "two")], (Prose("text", "one "), Prose("text", "two"))),
    Case(
        "several-messages",
        [_said("Let me look. ", phase="commentary"), _said("Done.", id="msg_2", phase="final_answer")],
        (Prose("text", "Let me look. "), Prose("text", "Done.")),
    ),
    Case("citation", [_said() | {"content": CITED}], (Prose("text", "One says so."), citation(NOTE))),
    Case("refusal", [_said() | {"content": REFUSED}], (Prose("refusal", "I can't help with that."),)),
    Case(
        "summaries",
        [
            {
                "type": "reasoning",
                "id": "rs_1",
                "summary": [
                    {"type": "summary_text", "text": "**Plan** "},
                    {"type": "summary_text", "text": "Add."},
                ],
            },
            _said("4"),
        ],
        (Prose("reasoning", "**Plan** "), Prose("reasoning", "Add."), Prose("text", "4")),
    ),
    Case(
        "thoughts",
        [
            {
                "type": "reasoning",
                "id": "rs_1",
                "summary": [],
                "content": [{"type": "reasoning_text", "text": "2+2"}],
            }
        ],
        (Prose("reasoning", "2+2"),),
    ),
    Case(
        "sealed-thoughts",
        [{"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "AAECAwQF"}, _said("4")],
        (Item("encrypted_reasoning", {"size": 6}), Prose("text", "4")),
    ),
    Case(
        "thoughts-of-nothing",
        [{"type": "reasoning", "id": "rs_1", "summary": []}, _said("4")],
        (Prose("text", "4"),),
    ),
    Case(
        "calls",
        [
            {
                "type": "function_call",
                "id": "fc_1",
                "call_id": "call_1",
                "name": "weather",
                "arguments": '{"city": "Pisa"}',
            },
            {"type": "function_call", "id": "fc_2", "call_id": "call_2", "name": "time", "arguments": "{}"},
        ],
        (ToolCall("call_1", "weather", '{"city": "Pisa"}'), ToolCall("call_2", "time", "{}")),
    ),
    Case(
        "custom-call",
        [
            {
                "type": "custom_tool_call",
                "id": "ctc_1",
                "call_id": "call_1",
                "name": "sql",
                "input": "SELECT 1",
            }
        ],
        (ToolCall("call_1", "sql", "SELECT 1"),),
    ),
    Case(
        "web-search",
        [
            {
                "type": "web_search_call",
                "id": "ws_1",
                "status": "completed",
                "action": {
                    "type": "search",
                    "query": "q",
                    "sources": [{"type": "url", "url": "https://one.example"}],
                },
            }
        ],
        (
            ToolCall("ws_1", "web_search", '{"type": "search", "query": "q"}', True),
            ToolResult("ws_1", (citation({"type": "url", "url": "https://one.example"}),), server=True),
        ),
    ),
    Case(
        "file-search",
        [
            {
                "type": "file_search_call",
                "id": "fs_1",
                "status": "completed",
                "queries": ["q"],
                "results": None,
            }
        ],
        (ToolCall("fs_1", "file_search", '{"queries": ["q"]}', True),),
    ),
    Case(
        "file-search-with-results",
        [
            {
                "type": "file_search_call",
                "id": "fs_1",
                "status": "completed",
                "queries": ["q"],
                "results": [{"file_id": "file_1", "filename": "a.txt", "score": 0.5, "text": "t"}],
            }
        ],
        (
            ToolCall("fs_1", "file_search", '{"queries": ["q"]}', True),
            ToolResult(
                "fs_1",
                (citation({"file_id": "file_1", "filename": "a.txt", "score": 0.5, "text": "t"}),),
                server=True,
            ),
        ),
    ),
    Case(
        "code-interpreter",
        [
            {
                "type": "code_interpreter_call",
                "id": "ci_1",
                "status": "completed",
                "container_id": "cntr_1",
                "code": "print(4)",
                "outputs": [
                    {"type": "logs", "logs": "4\n"},
                    {"type": "image", "url": f"data:image/png;base64,{PNG}"},
                    {"type": "sound"},
                ],
            }
        ],
        (
            ToolCall("ci_1", "code_interpreter", '{"code": "print(4)"}', True),
            ToolResult(
                "ci_1",
                (Prose("text", "4\n"), Media("image", "image/png", 8), Unknown({"type": "sound"})),
                server=True,
            ),
        ),
    ),
    Case(
        "image-generation",
        [
            {
                "type": "image_generation_call",
                "id": "ig_1",
                "status": "completed",
                "revised_prompt": "A boat.",
                "size": "1024x1024",
                "output_format": "png",
                "result": PNG,
            }
        ],
        (
            ToolCall("ig_1", "image_generation", '{"revised_prompt": "A boat.", "size": "1024x1024"}', True),
            ToolResult("ig_1", (Media("image", "image/png", 8),), server=True),
        ),
    ),
    Case(
        "mcp",
        [
            {
                "type": "mcp_list_tools",
                "id": "mcpl_1",
                "server_label": "wiki",
                "tools": [{"name": "ask", "input_schema": {"type": "object"}}],
            },
            {
                "type": "mcp_call",
                "id": "mcp_1",
                "server_label": "wiki",
                "name": "ask",
                "arguments": '{"q": "x"}',
                "output": "42",
                "error": None,
            },
        ],
        (
            Item("mcp_list_tools", {"server_label": "wiki", "tools": ["ask"]}),
            ToolCall("mcp_1", "ask", '{"q": "x"}', True),
            ToolResult("mcp_1", (Prose("text", "42"),), server=True),
        ),
    ),
    Case(
        "failed-mcp",
        [
            {
                "type": "mcp_call",
                "id": "mcp_1",
                "server_label": "wiki",
                "name": "ask",
                "arguments": "{}",
                "output": None,
                "error": {"type": "http_error", "code": 500, "message": "down"},
            }
        ],
        (
            ToolCall("mcp_1", "ask", "{}", True),
            ToolResult(
                "mcp_1",
                (Prose("text", '{"type": "http_error", "code": 500, "message": "down"}'),),
                is_error=True,
                server=True,
            ),
        ),
    ),
    Case(
        "mcp-approval",
        [
            {
                "type": "mcp_approval_request",
                "id": "mcpr_1",
                "server_label": "wiki",
                "name": "ask",
                "arguments": "{}",
            }
        ],
        (Item("mcp_approval_request", {"server_label": "wiki", "name": "ask", "arguments": "{}"}),),
    ),
    Case(
        "computer",
        [
            {
                "type": "computer_call",
                "id": "cu_1",
                "call_id": "call_1",
                "status": "completed",
                "action": {"type": "click", "button": "left", "x": 1, "y": 2},
                "pending_safety_checks": [],
            }
        ],
        (
            Item(
                "computer_call",
                {
                    "call_id": "call_1",
                    "action": {"type": "click", "button": "left", "x": 1, "y": 2},
                    "pending_safety_checks": [],
                },
            ),
        ),
    ),
    Case(
        "tool-search-by-the-provider",
        [
            {
                "type": "tool_search_call",
                "id": "ts_1",
                "call_id": None,
                "execution": "server",
                "status": "completed",
                "arguments": {"query": "q"},
            },
            {
                "type": "tool_search_output",
                "id": "tso_1",
                "call_id": None,
                "execution": "server",
                "status": "completed",
                "tools": [{"type": "function", "name": "f", "parameters": {}}],
            },
        ],
        (
            ToolCall("ts_1", "tool_search", '{"query": "q"}', True),
            ToolResult("tso_1", (Item("tools", {"names": ["f"]}),), server=True),
        ),
    ),
    Case(
        "unknown",
        [{"type": "new_thing", "id": "x_1", "value": 5}],
        (Unknown({"type": "new_thing", "id": "x_1", "value": 5}),),
    ),
    Case("nothing", [], ()),
]


def response(items: list[Object], **fields: Json) -> Object:
    """A whole response; completed, if it does not say otherwise."""
    head: Object = {"id": "resp_1", "object": "response", "created_at": 1, "model": "gpt-5", "error": None}
    return (
        head
        | {"status": "completed", "incomplete_details": None, "output": list[Json](items), "usage": USAGE}
        | fields
    )


def streamed(items: list[Object], last: str = "completed", **fields: Json) -> list[Object]:
    """The events that bring about a response with these items."""
    begun = response([], status="in_progress", usage=None)
    events: list[Object] = [
        {"type": f"response.{state}", "response": begun} for state in ("created", "in_progress")
    ]
    for index, item in enumerate(items):
        events += _of_item(index, item)
    events.append({"type": f"response.{last}", "response": response(items, status=last) | fields})
    return [{"sequence_number": number} | event for number, event in enumerate(events)]


_FIELDS = {
    "arguments": {"function_call": "function_call_arguments", "mcp_call": "mcp_call_arguments"},
    "input": {"custom_tool_call": "custom_tool_call_input"},
    "code": {"code_interpreter_call": "code_interpreter_call_code"},
}
_PARTS = {
    "output_text": "output_text",
    "refusal": "refusal",
    "reasoning_text": "reasoning_text",
    "summary_text": "reasoning_summary_text",
}


def _of_item(index: int, item: Object) -> Iterator[Object]:
    place: Object = {"output_index": index, "item_id": item["id"]}
    emptied: Object = {key: [] for key in ("content", "summary") if key in item}
    emptied |= {field: "" for field, kinds in _FIELDS.items() if item["type"] in kinds}
    begun: Object = item | emptied | {"status": "in_progress"}
    yield {"type": "response.output_item.added", "output_index": index, "item": begun}
    for field, kinds in _FIELDS.items():
        if kind := kinds.get(str(item["type"])):
            yield from _deltas(f"response.{kind}", place, str(item[field]), field)
    for list_, counter in (("content", "content_index"), ("summary", "summary_index")):
        parts = item.get(list_, [])
        for number, part in enumerate(parts if isinstance(parts, list) else []):
            assert isinstance(part, dict)
            yield from _of_part(
                place | {counter: number}, part, "content" if list_ == "content" else "reasoning_summary"
            )
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _of_part(place: Object, part: Object, kind: str) -> Iterator[Object]:
    field = "refusal" if part["type"] == "refusal" else "text"
    yield place | {"type": f"response.{kind}_part.added", "part": part | {field: ""}}
    yield from _deltas(f"response.{_PARTS[str(part['type'])]}", place, str(part[field]), field)
    notes = part.get("annotations")
    for note in notes if isinstance(notes, list) else []:
        added: Object = {"type": "response.output_text.annotation.added", "annotation": note}
        yield place | added
    yield place | {"type": f"response.{kind}_part.done", "part": part}


def _deltas(kind: str, place: Object, text: str, field: str) -> Iterator[Object]:
    for start in range(0, len(text), 4):
        yield place | {"type": f"{kind}.delta", "delta": text[start : start + 4], "logprobs": []}
    yield place | {"type": f"{kind}.done", field: text, "logprobs": []}


def wire(events: list[Object], *, named: bool = True) -> str:
    """The events as a server sends them."""
    lines = (
        (f"event: {event['type']}\n" if named else "") + f"data: {json.dumps(event, ensure_ascii=False)}\n\n"
        for event in events
    )
    return "".join(lines)

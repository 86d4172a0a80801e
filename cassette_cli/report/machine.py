"""JSON output: the documents that scripts, CI and editors build on. Fields are only ever added."""

import json
import re
from base64 import b64encode
from typing import Any

from cassette_cli.errors import CassetteError
from cassette_cli.llm.messages import (
    Exchange,
    Item,
    Media,
    Message,
    Part,
    Prose,
    ToolCall,
    ToolResult,
    Unknown,
)
from cassette_cli.model import Cassette, Header
from cassette_cli.rules.credentials import mask_form, mask_header, mask_json, mask_url
from cassette_cli.selection import Reading
from cassette_cli.wire.body import Content, Kind

Document = dict[str, Any]  # JSON that is on its way out


def dumps(value: object, *, indent: int | None = None) -> str:
    """JSON text that is safe on a terminal: what `json` leaves raw of control and bidi is escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


_UNSAFE = re.compile(r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def show_cassette(cassette: Cassette, readings: list[Reading], *, reveal: bool) -> Document:
    """One entry of `cassettes` in a `cassette.show/1` document."""
    return {
        "path": cassette.document.name,
        "recorder": cassette.recorder,
        "version": cassette.version,
        "interactions": [show_interaction(cassette, reading, reveal=reveal) for reading in readings],
    }


def show_interaction(cassette: Cassette, reading: Reading, *, reveal: bool) -> Document:
    interaction = reading.interaction
    request, response = interaction.request, interaction.response
    sides: Document = {
        "request": {
            "method": request.method,
            "url": request.url if reveal else mask_url(request.url),
            "headers": _headers(request.headers, reveal=reveal),
            "body": _body(reading.asked, reveal=reveal),
        },
        "response": {
            "status": response.status,
            "headers": _headers(response.headers, reveal=reveal),
            "body": _body(reading.said, reveal=reveal),
        },
    }
    if interaction.frames:
        sides = {
            "request": None,
            "response": None,
            "connection": sides["request"],
            "frames": _frames(reading, reveal=reveal),
        }
        del sides["connection"]["body"]
    return {
        "index": interaction.index,
        "line": cassette.line(interaction),
        **sides,
        "duration_ms": interaction.duration_ms,
        "recorded_at": interaction.recorded_at,
        "exchange": _exchange(reading.exchange, reveal=reveal) if reading.exchange else None,
    }


def _frames(reading: Reading, *, reveal: bool) -> list[Document]:
    return [
        {"direction": frame.direction, "at_ms": frame.at_ms, "body": _body(content, reveal=reveal)}
        for frame, content in reading.frames
    ]


def error(fault: CassetteError) -> Document:
    place = fault.place
    return {
        "path": place.path if place else None,
        "line": place.line if place else None,
        "column": place.column if place else None,
        "message": fault.message,
    }


def _headers(headers: tuple[Header, ...], *, reveal: bool) -> list[list[str]]:
    return [[name, value if reveal else mask_header(name, value)] for name, value in headers]


def _body(content: Content, *, reveal: bool) -> Document:
    body: Document = {"kind": content.kind, "size": content.size, "encoding": content.encoding}
    match content.kind:
        case Kind.EMPTY:
            pass
        case Kind.JSON:
            body["json"] = content.json if reveal else mask_json(content.json)
        case Kind.FORM:
            body["text"] = content.text if reveal else mask_form(content.text or "")
        case Kind.BINARY | Kind.EVENTSTREAM:
            body["base64"] = b64encode(content.bytes).decode("ascii")
        case Kind.SSE | Kind.NDJSON:
            body |= {"events": len(content.events), "text": content.text}
        case _:
            body["text"] = content.text
    if content.problems:
        body["problems"] = list(content.problems)
    return body


def _exchange(exchange: Exchange, *, reveal: bool) -> Document:
    answer, prompt = exchange.answer, exchange.prompt
    return {
        "dialect": exchange.dialect,
        "model": exchange.model,
        "streamed": exchange.streamed,
        "complete": exchange.complete,
        "problems": list(exchange.problems),
        "messages": [
            {"role": message.role, "parts": [_part(part) for part in message.parts]}
            for message in prompt.messages
        ],
        "tools": [tool._asdict() for tool in prompt.tools],
        "params": prompt.params if reveal else mask_json(prompt.params),
        "reply": _reply(exchange.reply) if exchange.reply else None,
        "alternatives": [_reply(message) for message in answer.choices[1:]],
        "finish_reason": answer.finish_reason,
        "usage": answer.usage._asdict() if answer.usage else None,
        "error": answer.error._asdict() if answer.error else None,
    }


def _reply(message: Message) -> Document:
    return {
        "role": message.role,
        "text": message.text,
        "reasoning": message.reasoning,
        "tool_calls": [_call(call) for call in message.tool_calls],
        "parts": [_part(part) for part in message.parts],
    }


def _call(call: ToolCall) -> Document:
    return {
        "id": call.id,
        "name": call.name,
        "arguments": call.arguments,
        "raw_arguments": call.raw_arguments,
    }


def _part(part: Part) -> Document:
    match part:
        case Prose():
            return {"type": part.type, "text": part.text}
        case ToolCall():
            return {"type": "server_tool_call" if part.server else "tool_call"} | _call(part)
        case ToolResult():
            return {
                "type": "server_tool_result" if part.server else "tool_result",
                "tool_call_id": part.tool_call_id,
                "parts": [_part(inner) for inner in part.parts],
                "is_error": part.is_error,
            }
        case Media():
            return part._asdict()
        case Item():
            return part.fields | {"type": part.type}
        case Unknown():
            return {"type": "unknown", "raw": part.raw}

"""Anthropic's Messages, from Anthropic, Bedrock, Vertex and compatible gateways.

A stream is folded into the message that a whole reply would have been, as Anthropic's SDK does it;
then both are read alike. https://docs.anthropic.com/en/api/messages-streaming
"""

from collections.abc import Iterable

from cassette_cli.llm.messages import (
    Answer,
    Event,
    Media,
    Message,
    Object,
    Part,
    Prompt,
    ProviderError,
    Tool,
    ToolCall,
    ToolResult,
    Unknown,
    Usage,
    View,
    as_object,
    as_text,
    base64_size,
    citation,
    compact,
    count,
    joined,
    objects,
    prose,
    settings,
    text_or_none,
)
from cassette_cli.source.tree import Json

ID = "anthropic-messages"
END_MARK = "message_stop"

_QUIET = ("ping", "content_block_stop")
_DELTAS = {"text_delta": "text", "thinking_delta": "thinking", "input_json_delta": "partial_json"}


def matches(view: View) -> bool:
    for value in view.said:
        if value.get("type") == "message_start" or (
            value.get("type") == "message" and isinstance(value.get("content"), list)
        ):
            return True
    if "messages" not in view.asked:
        return False
    return "anthropic_version" in view.asked or view.path.endswith("v1/messages")


# -- the request -----------------------------------------------------------------------------------


def prompt(view: View) -> Prompt:
    body = view.asked
    system = _parts(body.get("system"))
    messages = [Message("system", system)] if system else []
    messages += [
        Message(as_text(message.get("role")), _parts(message.get("content")))
        for message in objects(body.get("messages"))
    ]
    return Prompt(
        text_or_none(body.get("model")),
        tuple(messages),
        tuple(_tool(tool) for tool in objects(body.get("tools"))),
        settings(body, "model", "system", "messages", "tools", "stream"),
    )


def _tool(tool: Object) -> Tool:
    name = as_text(tool.get("name")) or as_text(tool.get("type"))
    return Tool(name, text_or_none(tool.get("description")), tool.get("input_schema"))


def _parts(content: Json) -> tuple[Part, ...]:
    if isinstance(content, list):
        return tuple(part for block in content for part in _block(block))
    return prose("text", as_text(content))


def _block(value: Json) -> tuple[Part, ...]:
    block = as_object(value)
    kind = as_text(block.get("type"))
    match kind:
        case "text":
            notes = tuple(citation(note) for note in objects(block.get("citations")))
            return (*prose("text", as_text(block.get("text"))), *notes)
        case "thinking":
            return prose("reasoning", as_text(block.get("thinking")))
        case "tool_use" | "server_tool_use" | "mcp_tool_use":
            return (_call(block, server=kind != "tool_use"),)
        case "image" | "document":
            return (_media("image" if kind == "image" else "file", block),)
        case "container_upload":
            return (Media("file", url=text_or_none(block.get("file_id"))),)
    if kind.endswith("tool_result"):
        return (_result(block, server=kind != "tool_result"),)
    return (Unknown(value),)


def _call(block: Object, *, server: bool) -> ToolCall:
    raw = as_text(block.get("partial_json"))  # put there by `_fold`
    if not raw and block.get("input") not in (None, {}, ""):
        raw = compact(block["input"])
    return ToolCall(text_or_none(block.get("id")), as_text(block.get("name")), raw, server)


def _result(block: Object, *, server: bool) -> ToolResult:
    content = block.get("content")
    parts = tuple(_server_output(content)) if server else _parts(content)
    failed = bool(block.get("is_error")) or as_text(as_object(content).get("type")).endswith("_error")
    return ToolResult(text_or_none(block.get("tool_use_id")), parts, failed, server)


def _server_output(content: Json) -> Iterable[Part]:
    """What a tool that the provider ran gave back: pages found, text, what a program printed."""
    for item in content if isinstance(content, list) else [content]:
        block = as_object(item)
        if isinstance(item, str):
            yield from prose("text", item)
        elif "url" in block:
            yield citation({key: block[key] for key in ("title", "url", "page_age") if key in block})
        elif block.get("type") != "text" and isinstance(block.get("text"), str):
            yield from prose("text", as_text(block["text"]))
        elif "stdout" in block or "stderr" in block:
            yield from prose("text", as_text(block.get("stdout")) + as_text(block.get("stderr")))
        elif block:
            yield from _block(block)


def _media(type_: str, block: Object) -> Media:
    source = as_object(block.get("source"))
    media_type = text_or_none(source.get("media_type"))
    data = as_text(source.get("data"))
    where = source.get("url") or source.get("file_id") or block.get("title")
    if source.get("type") == "text":
        return Media(type_, media_type, len(data.encode("utf-8", "surrogatepass")), text_or_none(where))
    return Media(type_, media_type, base64_size(data) if data else None, text_or_none(where))


# -- the reply -------------------------------------------------------------------------------------


def answer(events: Iterable[Event]) -> Answer:
    """What a stream's events, or the one value of a whole reply, say."""
    message, error, problems, ended = _fold(events)
    if not message:
        return Answer(error=error, ended=ended, problems=problems)
    blocks = message.get("content")
    return Answer(
        text_or_none(message.get("model")),
        (Message(as_text(message.get("role")) or "assistant", _parts(blocks)),),
        text_or_none(message.get("stop_reason")),
        _usage(as_object(message.get("usage"))),
        error,
        ended,
        problems,
    )


def _fold(events: Iterable[Event]) -> tuple[Object, ProviderError | None, tuple[str, ...], bool]:
    """The message that the events build up, an error among them, what was odd, and if it ended."""
    message: Object = {}
    blocks: list[_OpenBlock] = []
    usage: Object = {}
    error: ProviderError | None = None
    problems: dict[str, None] = {}
    ended = False
    for _, value in events:
        event = as_object(value)
        kind = as_text(event.get("type"))
        match kind:
            case "message_start" | "message":
                message = dict(as_object(event.get("message")) if kind == "message_start" else event)
                usage = dict(as_object(message.get("usage")))
                blocks = [_OpenBlock(block) for block in objects(message.get("content"))]
            case "content_block_start":
                blocks.append(_OpenBlock(as_object(event.get("content_block"))))
            case "content_block_delta":
                index = count(event.get("index"))
                if index is None or not 0 <= index < len(blocks):
                    problems[f"a delta for the content block {index}, which was not started"] = None
                else:
                    blocks[index].add(as_object(event.get("delta")))
            case "message_delta":
                delta = as_object(event.get("delta"))
                message["stop_reason"] = delta.get("stop_reason")
                usage |= {key: new for key, new in as_object(event.get("usage")).items() if new is not None}
            case "message_stop":
                ended = True
            case "error":
                fault = as_object(event.get("error"))
                error = ProviderError(text_or_none(fault.get("type")), as_text(fault.get("message")))
            case _ if event and kind not in _QUIET:
                problems[f"an event of an unknown type: {kind or 'none'}"] = None
    if message or blocks:
        message |= {"content": [block.close() for block in blocks], "usage": usage}
    return message, error, tuple(problems), ended


class _OpenBlock:
    """A content block while its deltas come in."""

    def __init__(self, block: Object) -> None:
        self.block = block
        self._pieces: dict[str, list[str]] = {}
        self._citations = objects(block.get("citations"))

    def add(self, delta: Object) -> None:
        kind = as_text(delta.get("type"))
        if kind == "citations_delta":
            self._citations.append(as_object(delta.get("citation")))
        elif key := _DELTAS.get(kind):
            self._pieces.setdefault(key, [as_text(self.block.get(key))]).append(as_text(delta.get(key)))

    def close(self) -> Json:
        texts: Object = {key: joined([p for p in pieces if p]) for key, pieces in self._pieces.items()}
        return self.block | texts | ({"citations": list[Json](self._citations)} if self._citations else {})


def _usage(usage: Object) -> Usage | None:
    if not usage:
        return None
    return Usage(
        count(usage.get("input_tokens")),
        count(usage.get("output_tokens")),
        count(usage.get("cache_read_input_tokens")),
        count(usage.get("cache_creation_input_tokens")),
        count(as_object(usage.get("output_tokens_details")).get("thinking_tokens")),
    )

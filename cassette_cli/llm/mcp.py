"""MCP, the Model Context Protocol: JSON-RPC calls of tools and their results, whole or over SSE.

https://modelcontextprotocol.io/specification
"""

import re
from collections.abc import Iterable

from cassette_cli.llm.messages import (
    Answer,
    Event,
    Item,
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
    View,
    as_object,
    as_text,
    base64_size,
    compact,
    objects,
    prose,
    settings,
    text_or_none,
)

ID = "mcp"
END_MARK = "result"

_METHODS = re.compile(
    r"initialize|ping|"
    r"(?:notifications|tools|resources|prompts|completion|logging|sampling|elicitation|roots)/.*"
)


def matches(view: View) -> bool:
    """JSON-RPC with MCP's methods; without any, where one side answers, it is taken for MCP's."""
    messages = [message for message in (view.asked, *view.said) if message.get("jsonrpc") == "2.0"]
    call = next((message for message in messages if "method" in message), None)
    return bool(messages) and (call is None or _is_ours(call))


def _is_ours(call: Object) -> bool:
    method = as_text(call["method"])
    if method.startswith("tasks/"):  # A2A has such methods, too, and says `id`
        return "taskId" in as_object(call.get("params")) or method == "tasks/list"
    return bool(_METHODS.fullmatch(method))


def prompt(view: View) -> Prompt:
    body = view.asked
    if not body:
        return Prompt(None, (), (), {})
    return Prompt(
        None, (Message("client", (_call(body),)),), (), settings(as_object(body.get("params")), *_KNOWN)
    )


_KNOWN = ("name", "arguments", "_meta", "capabilities", "clientInfo")


def _call(body: Object) -> Part:
    """A tool call; any other request or notification by its method."""
    method, params = as_text(body.get("method")), as_object(body.get("params"))
    if method == "tools/call":
        arguments = compact(params.get("arguments", {}))
        return ToolCall(_id(body), as_text(params.get("name")), arguments)
    if "result" in body or "error" in body:  # the client answers the server
        return Unknown(body.get("result", body.get("error")))
    return Item("request", {"method": method} | ({"params": params} if params else {}))


def _id(body: Object) -> str | None:
    return compact(body["id"]) if body.get("id") is not None else None


def answer(events: Iterable[Event]) -> Answer:
    """The messages of the server: notifications, then the result or error."""
    parts: list[Part] = []
    error: ProviderError | None = None
    ended = False
    for _, value in events:
        for message in objects(value) if isinstance(value, list) else [as_object(value)]:
            if "result" in message:
                parts += _result(message)
                ended = True
            elif fault := as_object(message.get("error")):
                error = ProviderError(compact(fault.get("code")), as_text(fault.get("message")))
                ended = True
            elif "method" in message:
                parts.append(_call(message))
            elif message:
                parts.append(Unknown(message))
    return Answer(None, (Message("server", tuple(parts)),) if parts else (), None, None, error, ended)


def _result(message: Object) -> list[Part]:
    result = as_object(message.get("result"))
    if isinstance(result.get("content"), list):
        content = tuple(_content(item) for item in objects(result["content"]))
        return [ToolResult(_id(message), content, bool(result.get("isError")))]
    if isinstance(result.get("tools"), list):
        return [Item("tool", _tool(tool)._asdict()) for tool in objects(result["tools"])]
    if "serverInfo" in result:
        return [
            Item("server", as_object(result["serverInfo"])),
            *prose("text", as_text(result.get("instructions"))),
        ]
    return [Item("result", result)] if result else []


def _tool(tool: Object) -> Tool:
    return Tool(as_text(tool.get("name")), text_or_none(tool.get("description")), tool.get("inputSchema"))


def _content(item: Object) -> Part:
    match item.get("type"):
        case "text":
            return next(iter(prose("text", as_text(item.get("text")))), Unknown(item))
        case "image" | "audio":
            size = base64_size(as_text(item.get("data")))
            return Media(as_text(item["type"]), text_or_none(item.get("mimeType")), size)
        case "resource" | "resource_link":
            inner = as_object(item.get("resource")) or item
            return Media("file", text_or_none(inner.get("mimeType")), None, text_or_none(inner.get("uri")))
    return Unknown(item)

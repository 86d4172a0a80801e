"""OpenAI's Responses, as OpenAI, Azure, OpenRouter, DeepSeek and other servers speak it.

A conversation is a list of typed items, and a request hands back the items of earlier replies: both
sides are read by one function. https://platform.openai.com/docs/api-reference/responses
"""

from collections.abc import Iterable, Iterator

from cassette_cli.llm.messages import (
    Answer,
    Event,
    Item,
    Media,
    Message,
    Object,
    Part,
    Prompt,
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
    data_url,
    joined,
    objects,
    prose,
    settings,
    text_or_none,
)
from cassette_cli.llm.openai_chat import content_parts
from cassette_cli.llm.openai_responses_stream import Stream, is_response
from cassette_cli.source.tree import Json

ID = "openai-responses"
END_MARK = "response.completed"


def matches(view: View) -> bool:
    for event in view.events:
        value = as_object(event.value)
        kind = as_text(value.get("type")) or event.name
        if kind.startswith("response.") or is_response(value):
            return True
    return f"/{view.path}".endswith("/responses") and ("input" in view.asked or "model" in view.asked)


# -- the request -----------------------------------------------------------------------------------


def prompt(view: View) -> Prompt:
    body = view.asked
    told = _content(body.get("instructions"))
    messages = [Message("system", told)] if told else []
    given = body.get("input")
    if isinstance(given, list):
        messages += _messages(given)
    elif given:
        messages.append(Message("user", prose("text", as_text(given))))
    return Prompt(
        text_or_none(body.get("model")),
        tuple(messages),
        tuple(_tool(tool) for tool in objects(body.get("tools"))),
        settings(body, "model", "instructions", "input", "tools", "stream", "stream_options"),
    )


def _messages(items: list[Json]) -> list[Message]:
    """The messages of a list of items; what the model said in one turn, in several items, is one."""
    found: list[Message] = []
    for value in items:
        item = as_object(value)
        role = _role(item)
        parts = _item(item) if item else (Unknown(value),)
        if role == "assistant" and found and found[-1].role == role:
            found[-1] = Message(role, found[-1].parts + parts)
        else:
            found.append(Message(role, parts))
    return found


_ROLES = {
    "mcp_approval_response": "user",
    "additional_tools": "developer",
    "configuration_update": "developer",
    "program_output": "assistant",
}


def _role(item: Object) -> str:
    kind = as_text(item.get("type"))
    if role := as_text(item.get("role")):
        return role
    by_client = kind.endswith("_output") and item.get("execution") != "server"
    return _ROLES.get(kind, "tool" if by_client else "assistant")


def _tool(tool: Object) -> Tool:
    """A function or custom tool by its name, a built-in one by its type."""
    name = as_text(tool.get("name")) or as_text(tool.get("server_label")) or as_text(tool.get("type"))
    description = tool.get("description") or tool.get("server_description")
    return Tool(name, text_or_none(description), tool.get("parameters", tool.get("format")))


# -- items, of a request and of a reply ------------------------------------------------------------


def _item(item: Object) -> tuple[Part, ...]:
    kind = as_text(item.get("type")) or ("message" if "role" in item else "")
    call = text_or_none(item.get("call_id")) or text_or_none(item.get("id"))
    match kind:
        case "message":
            return _content(item.get("content"))
        case "reasoning":
            thoughts = [
                part for key in ("summary", "content") for part in _content(item.get(key), "reasoning")
            ]
            return (*thoughts, *_sealed(item))
        case "function_call" | "custom_tool_call":
            arguments = item.get("arguments", item.get("input"))
            return (
                ToolCall(call, as_text(item.get("name")), compact("" if arguments is None else arguments)),
            )
        case "compaction" | "compaction_summary":
            return _sealed(item)
    if kind in _BY_SERVER or item.get("execution") == "server":
        return tuple(_by_server(kind, call, item))
    if kind.endswith("_output"):
        return (_output(call, item),)
    return (_note(kind, item) if kind in _NOTES else Unknown(item),)


_BY_SERVER = (
    "web_search_call",
    "file_search_call",
    "code_interpreter_call",
    "image_generation_call",
    "mcp_call",
    "program",
    "program_output",
)
_NOTES = (  # what OpenAI defines and the client does, and what the two tell each other
    "computer_call",
    "local_shell_call",
    "shell_call",
    "apply_patch_call",
    "tool_search_call",
    "mcp_list_tools",
    "mcp_approval_request",
    "mcp_approval_response",
    "additional_tools",
    "configuration_update",
    "compaction_trigger",
    "item_reference",
)


def _note(kind: str, item: Object) -> Item:
    fields = settings(item, "type", "status", "id")
    return Item(kind, fields | ({"tools": _names(item)} if "tools" in item else {}))


def _names(item: Object) -> list[Json]:
    """The names of the tools that an item lists."""
    return [tool.get("name") or tool.get("type") for tool in objects(item.get("tools"))]


def _content(content: Json, said: str = "text") -> tuple[Part, ...]:
    """An item's content: a string, or a list of typed parts."""
    if isinstance(content, list):
        return tuple(part for piece in content for part in _piece(piece, said))
    return prose(said, as_text(content))


def _piece(value: Json, said: str) -> tuple[Part, ...]:
    piece = as_object(value)
    match piece.get("type"):
        case "output_text" | "input_text" | "text" | "summary_text":
            notes = tuple(citation(note) for note in objects(piece.get("annotations")))
            return (*prose(said, as_text(piece.get("text"))), *notes)
        case "reasoning_text":
            return prose("reasoning", as_text(piece.get("text")))
        case "input_image" | "computer_screenshot":
            return (data_url("image", as_text(piece.get("image_url")) or as_text(piece.get("file_id"))),)
        case "input_file":
            return (_file(piece),)
    return content_parts([value])


def _file(piece: Object) -> Media:
    data = as_text(piece.get("file_data"))
    name = text_or_none(piece.get("filename"))
    if not data:
        return Media(
            "file", url=text_or_none(piece.get("file_url")) or text_or_none(piece.get("file_id")) or name
        )
    if not data.startswith("data:"):
        return Media("file", None, base64_size(data), name)
    return data_url("file", data)._replace(url=name)


def _sealed(item: Object) -> tuple[Part, ...]:
    """What only the provider can read, by its size."""
    sealed = as_text(item.get("encrypted_content"))
    kind = as_text(item.get("type"))
    return (Item(f"encrypted_{kind}", {"size": base64_size(sealed)}),) if sealed else ()


def _by_server(kind: str, call: str | None, item: Object) -> Iterator[Part]:
    """The call of a tool that the provider ran itself, and what came of it."""
    name = as_text(item.get("name")) or kind.removesuffix("_call")
    failed = item.get("status") == "failed" or bool(item.get("error"))
    results: list[Part] = []
    match kind:
        case "web_search_call":
            action = as_object(item.get("action"))
            arguments: Json = settings(action, "sources")
            results = [citation(source) for source in objects(action.get("sources"))]
        case "file_search_call":
            arguments = {"queries": item.get("queries")}
            results = [citation(found) for found in objects(item.get("results"))]
        case "code_interpreter_call":
            arguments = {"code": item.get("code")}
            results = [part for output in objects(item.get("outputs")) for part in _printed(output)]
        case "image_generation_call":
            arguments = {key: item[key] for key in ("revised_prompt", "size", "quality") if item.get(key)}
            results = list(_image(item))
        case "program" | "program_output":
            arguments = {"code": item.get("code")}
            results = list(prose("text", as_text(item.get("result"))))
        case _:
            arguments = item.get("arguments", "")
            results = [*_content(item.get("output")), *_tools(item)]
    if item.get("error"):
        results += prose("text", compact(item["error"]))
    if not kind.endswith("_output"):
        yield ToolCall(call, name, compact(arguments), True)
    if results or failed or kind.endswith("_output"):
        yield ToolResult(call, tuple(results), failed, True)


def _printed(output: Object) -> tuple[Part, ...]:
    if output.get("type") == "image":
        return (data_url("image", as_text(output.get("url"))),)
    return prose("text", as_text(output.get("logs"))) if "logs" in output else (Unknown(output),)


def _image(item: Object) -> tuple[Part, ...]:
    data = as_text(item.get("result"))
    format_ = as_text(item.get("output_format"))
    return (Media("image", f"image/{format_}" if format_ else None, base64_size(data)),) if data else ()


def _tools(item: Object) -> tuple[Part, ...]:
    return (Item("tools", {"names": _names(item)}),) if "tools" in item else ()


def _output(call: str | None, item: Object) -> ToolResult:
    """What the client sends back for a call: of functions, shells, screens, patches."""
    output = item.get("output")
    if isinstance(output, dict):
        parts = _piece(output, "text")
    elif isinstance(output, list) and any("stdout" in chunk for chunk in objects(output)):
        streams = [as_text(chunk.get(key)) for chunk in objects(output) for key in ("stdout", "stderr")]
        parts = prose("text", joined(streams))
    else:
        parts = _content(output)
    exits = [as_object(chunk.get("outcome")).get("exit_code", 0) for chunk in objects(output)]
    return ToolResult(call, parts + _tools(item), item.get("status") == "failed" or any(exits))


# -- the reply -------------------------------------------------------------------------------------


def answer(events: Iterable[Event]) -> Answer:
    """What a stream's events, or the one value of a whole reply, say."""
    stream = Stream(events)
    response = stream.response
    parts = tuple(part for item in stream.output for part in _said(item))
    has_reply = bool(parts) or ("output" in response and not stream.error)
    reason = as_object(response.get("incomplete_details")).get("reason") or response.get("status")
    return Answer(
        text_or_none(response.get("model")),
        (Message("assistant", parts),) if has_reply else (),
        text_or_none(reason) if stream.ended else None,
        _usage(as_object(response.get("usage")) or response),
        stream.error,
        stream.ended,
        tuple(stream.problems),
    )


def _said(item: Object) -> tuple[Part, ...]:
    """An item of a reply; a compacted conversation hands back its users' messages, too."""
    role = as_text(item.get("role"))
    if role in ("", "assistant"):
        return _item(item)
    return (Item("message", {"role": role, "content": item.get("content")}),)


def _usage(usage: Object) -> Usage | None:
    if "input_tokens" not in usage and "output_tokens" not in usage:
        return None
    read = as_object(usage.get("input_tokens_details"))
    written = as_object(usage.get("output_tokens_details"))
    return Usage(
        count(usage.get("input_tokens")),
        count(usage.get("output_tokens")),
        count(read.get("cached_tokens")),
        count(read.get("cache_write_tokens")),
        count(written.get("reasoning_tokens")),
        count(usage.get("total_tokens")),
    )

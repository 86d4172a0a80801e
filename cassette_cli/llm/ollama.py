"""Ollama's own chat: one JSON object, or one a line, each with the next piece of the message.

https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from collections.abc import Callable, Iterable

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
    Usage,
    View,
    as_object,
    as_text,
    base64_size,
    compact,
    count,
    joined_parts,
    objects,
    prose,
    settings,
    text_or_none,
)
from cassette_cli.llm.openai_chat import provider_error

ID = "ollama-chat"
END_MARK = '"done": true'


def matches(view: View) -> bool:
    if any(isinstance(value.get("message"), dict) and "done" in value for value in view.said):
        return True
    return "messages" in view.asked and f"/{view.path}".endswith("/api/chat")


def prompt(view: View) -> Prompt:
    body = view.asked
    return Prompt(
        text_or_none(body.get("model")),
        tuple(_message(message) for message in objects(body.get("messages"))),
        tuple(_tool(tool) for tool in objects(body.get("tools"))),
        parameters(body, "messages", "tools"),
    )


def parameters(body: Object, *known: str) -> Object:
    """The settings of a request, its `options` among them."""
    return as_object(body.get("options")) | settings(body, "model", "stream", "options", *known)


def _message(message: Object) -> Message:
    role = as_text(message.get("role"))
    if role != "tool":
        return Message(role, _parts(message))
    named = (text_or_none(message.get(key)) for key in ("tool_call_id", "tool_name", "name"))
    return Message(role, (ToolResult(next(filter(None, named), None), _parts(message)),))


def _parts(message: Object) -> tuple[Part, ...]:
    return (
        *prose("reasoning", as_text(message.get("thinking"))),
        *prose("text", as_text(message.get("content"))),
        *images(message),
        *(_call(call) for call in objects(message.get("tool_calls"))),
    )


def images(fields: Object) -> tuple[Media, ...]:
    """The images beside a text, which are bare base64."""
    given = fields.get("images")
    found = given if isinstance(given, list) else []
    return tuple(Media("image", size=base64_size(data)) for data in found if isinstance(data, str))


def _call(call: Object) -> ToolCall:
    function = as_object(call.get("function"))
    arguments = function.get("arguments")
    raw = compact(arguments) if arguments else ""
    return ToolCall(text_or_none(call.get("id")), as_text(function.get("name")), raw)


def _tool(tool: Object) -> Tool:
    function = as_object(tool.get("function")) or tool
    description = text_or_none(function.get("description"))
    return Tool(as_text(function.get("name")), description, function.get("parameters"))


def answer(events: Iterable[Event]) -> Answer:
    """What the lines of a stream, or the one value of a whole reply, say."""
    return told(events, lambda line: _parts(as_object(line.get("message"))))


def told(events: Iterable[Event], parts_of: Callable[[Object], Iterable[Part]]) -> Answer:
    """The answer of lines that differ only in where their parts stand."""
    chunks: list[Iterable[Part]] = []
    last: Object = {}
    model = role = None
    error: ProviderError | None = None
    for _, value in events:
        line = as_object(value)
        error = provider_error(line) or error
        model = model or text_or_none(line.get("model"))
        role = role or text_or_none(as_object(line.get("message")).get("role"))
        chunks.append(parts_of(line))
        last = line if line.get("done") else last
    parts = joined_parts(chunks)
    choices = (Message(role or "assistant", parts),) if parts or last else ()
    reason = text_or_none(last.get("done_reason"))
    return Answer(model, choices, reason, _usage(last), error, ended=bool(last))


def _usage(line: Object) -> Usage | None:
    read, written = count(line.get("prompt_eval_count")), count(line.get("eval_count"))
    return None if read is None and written is None else Usage(read, written)

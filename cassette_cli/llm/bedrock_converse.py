"""Amazon Bedrock's Converse: one form for every model, whole or as an AWS event stream.

A stream is folded into the message that a whole reply would have been; then both are read alike.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
"""

from collections.abc import Iterable
from urllib.parse import unquote

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

ID = "bedrock-converse"
END_MARK = "messageStop"

EVENTS = frozenset(
    ("messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata")
)


def matches(view: View) -> bool:
    return "/model/" in f"/{view.path}" and view.path.endswith(("/converse", "/converse-stream"))


def model_of(view: View) -> str | None:
    """The model, which stands percent-encoded in the path: `model/ID/converse`, behind a gateway's prefix."""
    return unquote(f"/{view.path}".rpartition("/model/")[2].rpartition("/")[0]) or None


# -- the request -----------------------------------------------------------------------------------


def prompt(view: View) -> Prompt:
    body = view.asked
    tools = as_object(body.get("toolConfig"))
    system = _parts(body.get("system"))
    messages = [Message("system", system)] if system else []
    messages += [
        Message(as_text(message.get("role")), _parts(message.get("content")))
        for message in objects(body.get("messages"))
    ]
    chosen = {"toolChoice": tools["toolChoice"]} if "toolChoice" in tools else {}
    return Prompt(
        model_of(view),
        tuple(messages),
        tuple(_tool(tool) for tool in objects(tools.get("tools"))),
        as_object(body.get("inferenceConfig"))
        | chosen
        | settings(body, "messages", "system", "toolConfig", "inferenceConfig"),
    )


def _tool(tool: Object) -> Tool:
    spec = as_object(tool.get("toolSpec"))
    if not spec:
        return Tool(", ".join(tool))
    schema = as_object(spec.get("inputSchema")).get("json")
    return Tool(as_text(spec.get("name")), text_or_none(spec.get("description")), schema)


def _parts(content: Json) -> tuple[Part, ...]:
    return tuple(part for block in objects(content) for part in _block(block))


def _block(block: Object) -> tuple[Part, ...]:
    """A content block: an object with one key that names what it is."""
    found: list[Part] = []
    for kind, value in block.items():
        inner = as_object(value)
        match kind:
            case "text":
                found += prose("text", as_text(value))
            case "toolUse":
                found.append(_call(inner))
            case "toolResult":
                failed = inner.get("status") == "error"
                call = text_or_none(inner.get("toolUseId"))
                found.append(ToolResult(call, _parts(inner.get("content")), failed))
            case "reasoningContent":
                text = as_object(inner.get("reasoningText")).get("text")
                found += prose("reasoning", as_text(text)) if text else (Unknown(block),)
            case "image" | "video" | "audio" | "document":
                found.append(_media(kind, inner))
            case "json":
                found += prose("text", compact(value))
            case "guardContent":
                found += prose("text", as_text(as_object(inner.get("text")).get("text")))
            case "citationsContent":
                found += _parts(inner.get("content"))
                found += [citation(note) for note in objects(inner.get("citations"))]
            case "citations":
                found += [citation(note) for note in objects(value)]
            case _ if kind != "cachePoint":
                found.append(Unknown({kind: value}))
    return tuple(found)


def _call(use: Object) -> ToolCall:
    raw = use.get("input")
    arguments = "" if raw in (None, {}) else compact(raw)
    return ToolCall(text_or_none(use.get("toolUseId")), as_text(use.get("name")), arguments)


def _media(kind: str, media: Object) -> Media:
    source = as_object(media.get("source"))
    data = as_text(source.get("bytes"))
    type_ = kind if kind in ("image", "audio") else "file"
    format_ = text_or_none(media.get("format"))
    media_type = f"{kind}/{format_}" if format_ and kind != "document" else format_
    where = text_or_none(media.get("name")) or text_or_none(as_object(source.get("s3Location")).get("uri"))
    return Media(type_, media_type, base64_size(data) if data else None, where)


# -- the reply -------------------------------------------------------------------------------------


def answer(events: Iterable[Event]) -> Answer:
    """What a stream's events, or the one value of a whole reply, say."""
    reply: Object = {}
    blocks: dict[int, _OpenBlock] = {}
    error: ProviderError | None = None
    problems: dict[str, None] = {}
    ended = False
    for name, value in events:
        body = as_object(value)
        index = count(body.get("contentBlockIndex")) or 0
        match name:
            case "":
                reply = body
                error = _error(body)
                ended = True
            case "messageStart":
                reply = {"output": {"message": {"role": body.get("role")}}}
            case "contentBlockStart":
                blocks.setdefault(index, _OpenBlock()).start(as_object(body.get("start")))
            case "contentBlockDelta":
                blocks.setdefault(index, _OpenBlock()).add(as_object(body.get("delta")))
            case "messageStop":
                reply["stopReason"] = body.get("stopReason")
                ended = True
            case "metadata":
                reply["usage"] = body.get("usage")
            case _ if name.endswith(("Exception", "Error")):
                error = ProviderError(name, as_text(body.get("message")) or compact(body))
            case _ if name != "contentBlockStop":
                problems[f"an event of an unknown type: {name}"] = None
    message = as_object(as_object(reply.get("output")).get("message"))
    content: Json = [blocks[index].close() for index in sorted(blocks)] if blocks else message.get("content")
    choices = (Message(as_text(message.get("role")) or "assistant", _parts(content)),)
    return Answer(
        None,
        choices if message or blocks else (),
        text_or_none(reply.get("stopReason")),
        _usage(as_object(reply.get("usage"))),
        error,
        ended,
        tuple(problems),
    )


class _OpenBlock:
    """A content block while its deltas come in."""

    def __init__(self) -> None:
        self._use: Object = {}
        self._pieces: dict[str, list[str]] = {}
        self._citations: list[Json] = []
        self._others: Object = {}

    def start(self, start: Object) -> None:
        self._use = as_object(start.get("toolUse"))
        self._others |= {key: value for key, value in start.items() if key != "toolUse"}

    def add(self, delta: Object) -> None:
        for kind, value in delta.items():
            inner = as_object(value)
            if kind == "text":
                self._pieces.setdefault("text", []).append(as_text(value))
            elif kind == "toolUse":
                self._pieces.setdefault("input", []).append(as_text(inner.get("input")))
            elif kind == "reasoningContent":
                self._pieces.setdefault("reasoning", []).append(as_text(inner.get("text")))
            elif kind == "citation":
                self._citations.append(value)
            else:
                self._others[kind] = value

    def close(self) -> Object:
        texts = {key: joined([piece for piece in pieces if piece]) for key, pieces in self._pieces.items()}
        block: Object = dict(self._others)
        if texts.get("reasoning"):
            block["reasoningContent"] = {"reasoningText": {"text": texts["reasoning"]}}
        if "text" in texts:
            block["text"] = texts["text"]
        if self._use:
            block["toolUse"] = self._use | {"input": texts.get("input", "")}
        return block | ({"citations": self._citations} if self._citations else {})


def _error(body: Object) -> ProviderError | None:
    message = body.get("message") or body.get("Message")
    if "output" in body or not isinstance(message, str):
        return None
    return ProviderError(text_or_none(body.get("__type")), message)


def _usage(usage: Object) -> Usage | None:
    if not usage:
        return None
    return Usage(
        count(usage.get("inputTokens")),
        count(usage.get("outputTokens")),
        count(usage.get("cacheReadInputTokens", usage.get("cacheReadInputTokenCount"))),
        count(usage.get("cacheWriteInputTokens", usage.get("cacheWriteInputTokenCount"))),
        None,
        count(usage.get("totalTokens")),
    )

"""Cohere's chat, version 1 (one message and a history) and version 2 (messages).

A stream is folded into the body that a whole reply would have been; then both are read alike. The
first version streams lines with an `event_type` and ends with the whole reply, the second one
server-sent events with a `type`. https://docs.cohere.com/reference/chat
"""

from collections.abc import Iterable, Iterator

from cassette_cli.llm.messages import (
    Answer,
    Event,
    Item,
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
from cassette_cli.source.tree import Json

ID = "cohere-chat"
END_MARK = "end event"


def matches(view: View) -> bool:
    for value in view.said:
        if value.get("event_type") == "stream-start" and "prompt" not in view.asked:
            return True
        message = as_object(as_object(value.get("delta")).get("message"))
        if value.get("type") == "message-start" and message.get("role") == "assistant":
            return True
        if "generation_id" in value and isinstance(value.get("text"), str):
            return True
        if "finish_reason" in value and "usage" in value and isinstance(value.get("message"), dict):
            return True
    asked = view.path.endswith(("v1/chat", "v2/chat")) and not isinstance(view.asked.get("input"), str)
    return asked and ("message" in view.asked or "cohere" in view.host)


# -- the request -----------------------------------------------------------------------------------


def prompt(view: View) -> Prompt:
    body = view.asked
    documents = tuple(part for document in _list(body.get("documents")) for part in _document(document))
    preamble = prose("text", as_text(body.get("preamble")))
    messages = [Message("system", preamble)] if preamble else []
    messages += [Message("documents", documents)] if documents else []
    messages += [
        _message(message) for key in ("chat_history", "messages") for message in objects(body.get(key))
    ]
    last = prose("text", as_text(body.get("message"))) + _results(body)
    return Prompt(
        text_or_none(body.get("model")),
        (*messages, Message("USER", last)) if last else tuple(messages),
        tuple(_tool(tool) for tool in objects(body.get("tools"))),
        settings(body, *_KNOWN),
    )


_KNOWN = (
    "model", "preamble", "documents", "chat_history", "messages", "message", "tool_results", "tools",
    "stream",
)  # fmt: skip


def _list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _message(message: Object) -> Message:
    role = as_text(message.get("role"))
    if "tool_call_id" in message:
        return Message(role, (ToolResult(text_or_none(message["tool_call_id"]), _content(message)),))
    words = prose("text", as_text(message.get("message")))
    return Message(role, words + _results(message) + _parts(message))


def _results(message: Object) -> tuple[Part, ...]:
    """The results of tools in the first version, which names the call by what was called."""
    return tuple(
        ToolResult(
            text_or_none(as_object(result.get("call")).get("name")),
            prose("text", compact(result.get("outputs", ""))),
        )
        for result in objects(message.get("tool_results"))
    )


def _tool(tool: Object) -> Tool:
    definition = as_object(tool.get("function")) or tool
    schema = definition.get("parameters", definition.get("parameter_definitions"))
    return Tool(as_text(definition.get("name")), text_or_none(definition.get("description")), schema)


def _content(message: Object) -> tuple[Part, ...]:
    content = message.get("content")
    if isinstance(content, str):
        return prose("text", content)
    blocks = [content] if isinstance(content, dict) else _list(content)
    return tuple(part for block in blocks for part in _block(block))


def _block(value: Json) -> tuple[Part, ...]:
    if isinstance(value, str):
        return prose("text", value)
    block = as_object(value)
    match block.get("type"):
        case "image_url":
            return (data_url("image", as_text(as_object(block.get("image_url")).get("url"))),)
        case "document":
            return _document(block.get("document"))
    words = prose("reasoning", as_text(block.get("thinking"))) + prose("text", as_text(block.get("text")))
    return words if words or block.keys() & {"thinking", "text"} else (Unknown(value),)


def _document(value: Json) -> tuple[Part, ...]:
    """A document: a text, fields, or an id with fields under `data`."""
    if isinstance(value, str):
        return prose("text", value)
    document = as_object(value)
    return (Item("document", settings(document, "data") | as_object(document.get("data"))),)


def _parts(message: Object) -> tuple[Part, ...]:
    """What a message of either side holds: content, the plan for the tools, calls, sources."""
    plan = prose("reasoning", as_text(message.get("tool_plan")))
    calls = tuple(_call(call) for call in objects(message.get("tool_calls")))
    return (
        *_content(message),
        *plan,
        *calls,
        *(citation(note) for note in objects(message.get("citations"))),
    )


def _call(call: Object) -> ToolCall:
    function = as_object(call.get("function")) or call
    arguments = function.get("arguments", function.get("parameters"))
    raw = compact(arguments) if arguments else ""
    return ToolCall(text_or_none(call.get("id")), as_text(function.get("name")), raw)


# -- the reply -------------------------------------------------------------------------------------


def answer(events: Iterable[Event]) -> Answer:
    """What a stream's events, or the one value of a whole reply, say."""
    fold = _Fold()
    for _, value in events:
        fold.add(as_object(value))
    body = fold.body()
    error = text_or_none(body.get("message")) or text_or_none(body.get("error"))
    message = body | as_object(body.get("message"))
    parts = (*prose("text", as_text(body.get("text"))), *_parts(message), *_found(body))
    role = as_text(message.get("role")) or "CHATBOT"
    finish_reason = text_or_none(body.get("finish_reason"))
    return Answer(
        choices=(Message(role, parts),) if parts or finish_reason else (),
        finish_reason=finish_reason,
        usage=_usage(body),
        error=ProviderError(None, error) if error else None,
        ended=fold.ended,
        problems=tuple(fold.problems),
    )


def _found(body: Object) -> Iterator[Part]:
    """What the first version looked up for its answer."""
    for query in objects(body.get("search_queries")):
        yield Item("search_query", query)
    for document in objects(body.get("documents")):
        yield Item("document", document)


_LISTS = ("citations", "documents", "search_queries", "tool_calls")  # which the first version streams whole
_MANY = ("content", "tool_calls", "citations")


class _Fold:
    """The body of a whole reply, while the events that make it up come in."""

    def __init__(self) -> None:
        self.ended = False
        self.problems: dict[str, None] = {}
        self._body: Object = {}
        self._lists: Object = {}
        self._pieces: dict[tuple[str, int], list[Json]] = {}  # by field and index

    def add(self, event: Object) -> None:
        kind = as_text(event.get("event_type")) or as_text(event.get("type"))
        delta = as_object(event.get("delta"))
        match kind:
            case "text-generation":
                self._put("text", 0, event.get("text"))
            case "tool-calls-chunk":
                chunk = as_object(event.get("tool_call_delta"))
                self._put("text", 0, event.get("text") or chunk.get("text"))
                self._put("tool_calls", count(chunk.get("index")) or 0, settings(chunk, "index", "text"))
            case (
                "search-queries-generation"
                | "search-results"
                | "citation-generation"
                | "tool-calls-generation"
            ):
                self._lists |= {key: _list(self._lists.get(key)) + _list(event.get(key)) for key in _LISTS}
            case "stream-end" | "message-end":
                self._body |= as_object(event.get("response")) | delta
                self._body["finish_reason"] = event.get("finish_reason") or self._body.get("finish_reason")
                self.ended = True
            case "":
                self._body |= event
            case "stream-start" | "debug":
                pass
            case _ if kind.endswith(("-start", "-delta", "-end")):
                for field, value in as_object(delta.get("message")).items():
                    alone = field == "citations"
                    self._put(field, len(self._pieces) if alone else count(event.get("index")) or 0, value)
            case _:
                self.problems[f"an event of an unknown type: {kind}"] = None

    def _put(self, field: str, index: int, piece: Json) -> None:
        if piece:
            self._pieces.setdefault((field, index), []).append(piece)

    def body(self) -> Object:
        streamed: Object = {}
        for (field, _), pieces in sorted(self._pieces.items(), key=lambda item: item[0][1]):
            whole = _merged(pieces)
            streamed[field] = [*_list(streamed.get(field)), whole] if field in _MANY else whole
        return self._body | streamed | {key: value for key, value in self._lists.items() if value}


def _merged(pieces: list[Json], deepest: int = 3) -> Json:
    """One value of streamed pieces: strings go on, objects field by field."""
    fields = dict.fromkeys(key for piece in pieces for key in as_object(piece))
    texts = [piece for piece in pieces if isinstance(piece, str)]
    if texts or len(pieces) == 1 or not deepest:
        return joined(texts) if texts else pieces[0]
    values = {key: [piece[key] for piece in objects(pieces) if piece.get(key)] for key in fields}
    empty = {key: "" for key in fields if any(piece.get(key) == "" for piece in objects(pieces))}
    return empty | {
        key: found[0] if key in ("id", "type") else _merged(found, deepest - 1)
        for key, found in values.items()
        if found
    }


def _usage(body: Object) -> Usage | None:
    """The tokens that were read and written, as far as they are told; else those that were billed."""
    usage = as_object(body.get("usage")) or as_object(body.get("meta"))
    older = as_object(body.get("token_count"))
    told = as_object(usage.get("tokens")) or older or as_object(usage.get("billed_units"))
    if not told:
        return None
    return Usage(
        count(told.get("input_tokens", told.get("prompt_tokens"))),
        count(told.get("output_tokens", told.get("response_tokens"))),
        count(usage.get("cached_tokens")),
        None,
        count(told.get("reasoning_tokens")),
        count(told.get("total_tokens")),
    )

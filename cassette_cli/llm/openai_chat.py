"""OpenAI's chat completions, as OpenAI and the many compatible servers speak them.

A streamed delta and a whole message have the same fields, so one builder reads both: a whole reply
is a stream of one delta. Providers' own fields for reasoning, citations, images and the tools that
they ran themselves are read too. https://platform.openai.com/docs/api-reference/chat
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
    Prose,
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
    data_url,
    joined,
    objects,
    prose,
    settings,
    text_or_none,
)
from cassette_cli.source.tree import Json

ID = "openai-chat"
END_MARK = "[DONE]"


def matches(view: View) -> bool:
    for value in view.said:
        for choice in objects(value.get("choices")):
            if "delta" in choice or "message" in choice:
                return True
        if as_text(value.get("object")).startswith("chat.completion"):
            return True
    return "messages" in view.asked and view.path.endswith("chat/completions")


# -- the request -----------------------------------------------------------------------------------


def prompt(view: View) -> Prompt:
    body = view.asked
    return Prompt(
        text_or_none(body.get("model")),
        tuple(_message(message) for message in objects(body.get("messages"))),
        tuple(_tool(tool) for key in ("tools", "functions") for tool in objects(body.get(key))),
        settings(body, "model", "messages", "tools", "functions", "stream", "stream_options"),
    )


def _message(message: Object) -> Message:
    role = as_text(message.get("role"))
    if role in ("tool", "function"):
        call = text_or_none(message.get("tool_call_id")) or text_or_none(message.get("name"))
        return Message(role, (ToolResult(call, content_parts(message.get("content"))),))
    builder = _Builder()
    content = message.get("content")
    if isinstance(content, list):  # each part is one of its own; only a stream's are pieces of one
        builder.add(message | {"content": None})
        return Message(role, content_parts(content) + builder.parts())
    builder.add(message)
    return Message(role, builder.parts())


def _tool(tool: Object) -> Tool:
    definition = as_object(tool.get("function") or tool.get("custom")) or tool
    name = as_text(definition.get("name")) or as_text(tool.get("type"))
    return Tool(name, text_or_none(definition.get("description")), definition.get("parameters"))


def content_parts(content: Json) -> tuple[Part, ...]:
    """A message's `content`: a string, or a list of typed parts."""
    if isinstance(content, list):
        return tuple(part for item in content for part in _content_part(item))
    return prose("text", as_text(content))


def _content_part(item: Json) -> tuple[Part, ...]:
    part = as_object(item)
    match part.get("type"):
        case "text" | "input_text" | "output_text":
            return prose("text", as_text(part.get("text")))
        case "refusal":
            return prose("refusal", as_text(part.get("refusal")))
        case "thinking" | "reasoning":
            thought = part.get("thinking") or part.get("text")
            pieces = [as_text(piece.get("text")) for piece in objects(thought)]
            return prose("reasoning", joined(pieces) if pieces else as_text(thought))
        case "image_url":
            image = part.get("image_url")
            return (data_url("image", as_text(image) or as_text(as_object(image).get("url"))),)
        case "input_audio":
            audio = as_object(part.get("input_audio"))
            return (_audio(audio, text_or_none(audio.get("format"))),)
        case "file":
            file = as_object(part.get("file"))
            data, name = as_text(file.get("file_data")), text_or_none(file.get("filename"))
            if data:
                media = data_url("file", data)
                return (Media("file", media.media_type, media.size, name),)
            return (Media("file", url=text_or_none(file.get("file_id")) or name),)
    return prose("text", item) if isinstance(item, str) else (Unknown(item),)


def _audio(audio: Object, format_: str | None) -> Media:
    size = base64_size(as_text(audio.get("data")))
    return Media(
        "audio", f"audio/{format_}" if format_ else None, size or None, text_or_none(audio.get("id"))
    )


# -- the reply -------------------------------------------------------------------------------------


def answer(events: Iterable[Event]) -> Answer:
    """What a stream's events, or the one value of a whole reply, say."""
    builders: dict[int, _Builder] = {}
    model = usage = error = None
    ended = False
    extra: tuple[Part, ...] = ()
    for _, value in events:
        if value == END_MARK:
            ended = True
            break
        event = as_object(value)
        model = model or text_or_none(event.get("model"))
        usage = event.get("usage") or as_object(event.get("x_groq")).get("usage") or usage
        error = provider_error(event) or error
        extra = _sources(event) or extra
        for place, choice in enumerate(objects(event.get("choices"))):
            index = count(choice.get("index"))
            builder = builders.setdefault(place if index is None else index, _Builder())
            builder.message = as_object(choice.get("message")) or builder.message
            builder.add(as_object(choice.get("delta") or choice.get("message")))
            finish_reason = text_or_none(choice.get("finish_reason"))
            builder.finish_reason = finish_reason or builder.finish_reason or finish_reason
    ordered = [builders[index] for index in sorted(builders)]
    choices = [Message(builder.role or "assistant", builder.parts()) for builder in ordered]
    if choices and extra:
        choices[0] = Message(choices[0].role, choices[0].parts + extra)
    return Answer(
        model,
        tuple(choices),
        ordered[0].finish_reason if ordered else None,
        _usage(as_object(usage)),
        error,
        ended,
    )


class _Builder:
    """One choice while its deltas come in: parts in the order in which they first appear."""

    def __init__(self) -> None:
        self.role: str | None = None
        self.finish_reason: str | None = None
        self.message: Object = {}
        self._prose: dict[str, list[str]] = {}
        self._calls: dict[int, list[_Call]] = {}
        self._order: list[str | _Call] = []
        self._others: list[Part] = []

    def add(self, delta: Object) -> None:
        self.role = self.role or text_or_none(delta.get("role"))
        self._add_prose("reasoning", _reasoning(delta))
        content = delta.get("content")
        if isinstance(content, list):
            for part in content_parts(content):
                self._add_part(part)
        else:
            self._add_prose("text", as_text(content))
        self._add_prose("refusal", as_text(delta.get("refusal")))
        for place, call in enumerate(objects(delta.get("tool_calls"))):
            self._add_call(call, place)
        if function := as_object(delta.get("function_call")):
            self._add_call({"function": function}, 0)
        self._add_extras(delta)

    def _add_part(self, part: Part) -> None:
        if isinstance(part, Prose):
            self._add_prose(part.type, part.text)
        else:
            self._others.append(part)

    def _add_prose(self, type_: str, text: str) -> None:
        if not text:
            return
        if type_ not in self._prose:
            self._prose[type_] = []
            self._order.append(type_)
        self._prose[type_].append(text)

    def _add_call(self, call: Object, place: int) -> None:
        index = count(call.get("index"))
        id_ = text_or_none(call.get("id"))
        function = as_object(call.get("function") or call.get("custom"))
        name = as_text(function.get("name"))
        arguments = function.get("arguments", function.get("input"))
        if not (id_ or name or arguments):
            return  # some servers send the field empty instead of leaving it out
        # Some servers number every parallel call 0: a new id with a name is a new call, and what has no id
        # goes on with the newest.
        known = self._calls.setdefault(place if index is None else index, [])
        found = next((one for one in reversed(known) if id_ and one.id == id_), known[-1] if known else None)
        if found is None or (id_ and name and found.id and found.id != id_):
            found = _Call()
            known.append(found)
            self._order.append(found)
        found.add(id_, name, arguments)

    def _add_extras(self, delta: Object) -> None:
        self._others += [citation(note) for note in objects(delta.get("annotations"))]
        for image in objects(delta.get("images")):
            self._others += _content_part(image)
        if audio := as_object(delta.get("audio")):
            self._add_prose("text", as_text(audio.get("transcript")))
            if audio.get("data") or audio.get("id"):
                self._others.append(_audio(audio, None))
        for tool in objects(delta.get("executed_tools")):
            id_ = as_text(tool.get("index")) or None
            self._others.append(
                ToolCall(id_, as_text(tool.get("type")), compact(tool.get("arguments", "")), True)
            )
            if "output" in tool:
                self._others.append(ToolResult(id_, prose("text", compact(tool["output"])), server=True))

    def parts(self) -> tuple[Part, ...]:
        if not self._order and not self._others:
            self.add(self.message)  # Perplexity's whole replies have an empty delta beside the message
        found: list[Part] = []
        for key in self._order:
            if isinstance(key, str):
                found.append(Prose(key, joined(self._prose[key])))
            else:
                found.append(key.part())
        return (*found, *self._others)


class _Call:
    """A tool call while its pieces come in."""

    def __init__(self) -> None:
        self.id: str | None = None
        self._name: list[str] = []
        self._arguments: list[str] = []

    def add(self, id_: str | None, name: str, arguments: Json) -> None:
        self.id = self.id or id_
        if name and name != "".join(self._name):  # a server may repeat the name in every piece
            self._name.append(name)
        if arguments is not None:
            self._arguments.append(compact(arguments))

    def part(self) -> ToolCall:
        return ToolCall(self.id, joined(self._name), joined(self._arguments))


def _reasoning(delta: Object) -> str:
    """The one of the fields that providers use for reasoning; some send the same text in two."""
    for key in ("reasoning_content", "reasoning"):
        if text := as_text(delta.get(key)):
            return text
    details = objects(delta.get("reasoning_details"))
    return joined([as_text(detail.get("text")) or as_text(detail.get("summary")) for detail in details])


def _sources(event: Object) -> tuple[Part, ...]:
    """What a searching provider (Perplexity) names beside the choices."""
    found = objects(event.get("search_results"))
    urls = event.get("citations") if not found else None
    if isinstance(urls, list):
        found = [{"url": url} for url in urls if isinstance(url, str)]
    return tuple(citation(source) for source in found)


def provider_error(event: Object) -> ProviderError | None:
    """`{"error": {...}}`, `{"error": "..."}` and `{"object": "error", "message": ...}`."""
    error = event.get("error")
    if event.get("object") == "error":
        error = event
    if isinstance(error, str):
        return ProviderError(None, error)
    if not isinstance(error, dict) or not error:
        return None
    kind = error.get("type") or error.get("code") or error.get("status")
    return ProviderError(str(kind) if kind is not None else None, compact(error.get("message", error)))


def _usage(usage: Object) -> Usage | None:
    if not usage:
        return None
    read = as_object(usage.get("prompt_tokens_details"))
    written = as_object(usage.get("completion_tokens_details"))
    cached = (read.get("cached_tokens"), usage.get("prompt_cache_hit_tokens"), usage.get("cached_tokens"))
    return Usage(
        count(usage.get("prompt_tokens")),
        count(usage.get("completion_tokens")),
        next((number for number in map(count, cached) if number is not None), None),
        count(read.get("cache_write_tokens", usage.get("cache_creation_input_tokens"))),
        count(written.get("reasoning_tokens", usage.get("reasoning_tokens"))),
        count(usage.get("total_tokens")),
    )

"""Google's Gemini Interactions API: a list of steps, streamed one after the other.

A streamed step is started, gets its deltas, and then reads as a whole one would. Before steps there
were outputs, with `content.*` for `step.*` events; both are read. A tool that the provider ran is a
`..._call` and a `..._result`. https://ai.google.dev/api/interactions-api
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

from cassette_cli.llm.gemini import error_of
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
    joined_parts,
    objects,
    prose,
    settings,
    text_or_none,
)
from cassette_cli.source.tree import Json

ID = "gemini-interactions"
END_MARK = "interaction.completed"

_MEDIA = {"image": "image", "audio": "audio", "video": "file", "document": "file", "file": "file"}
_PENDING = ("in_progress", "queued")
_WHOLE = {"steps", "outputs", "status"}  # a whole reply has one of these


def matches(view: View) -> bool:
    for value in view.said:
        event = as_text(value.get("event_type"))
        if value.get("object") == "interaction" or event.startswith(("interaction.", "step.")):
            return True
    return view.path.endswith("/interactions") and ("input" in view.asked or "agent" in view.asked)


# -- the request -----------------------------------------------------------------------------------


def prompt(view: View) -> Prompt:
    body = view.asked
    system = prose("text", as_text(body.get("system_instruction")))
    messages = [Message("system", system)] if system else []
    params = as_object(body.get("generation_config")) | settings(
        body, "model", "agent", "input", "tools", "system_instruction", "generation_config", "stream"
    )
    return Prompt(
        text_or_none(body.get("model")) or text_or_none(body.get("agent")),
        (*messages, *_messages(body.get("input"))),
        tuple(_tool(tool) for tool in objects(body.get("tools"))),
        params,
    )


def _messages(given: Json) -> Iterator[Message]:
    """The input: a text, a content, contents, steps, or turns with roles."""
    if isinstance(given, str | dict):
        given = [given]
    items = given if isinstance(given, list) else []
    for role, same in groupby(items, _role):
        inner = (content for item in same for content in _contents(item))
        yield Message(role, tuple(part for content in inner for part in _item(content)))


def _role(item: Json) -> str:
    fields = as_object(item)
    by_model = fields.get("type") in ("model_output", "thought") or as_text(fields.get("type")).endswith(
        "_call"
    )
    return as_text(fields.get("role")) or ("model" if by_model else "user")


def _tool(tool: Object) -> Tool:
    name = as_text(tool.get("name")) or as_text(tool.get("type"))
    return Tool(name, text_or_none(tool.get("description")), tool.get("parameters"))


def _contents(item: Json) -> list[Json]:
    """What stands in a turn, which has a role and no type; or the item itself."""
    fields = as_object(item)
    if "type" in fields or "content" not in fields:
        return [item]
    content = fields["content"]
    return content if isinstance(content, list) else [content]


def _item(item: Json) -> tuple[Part, ...]:
    """A step, or a content, as its parts."""
    fields = as_object(item)
    kind = as_text(fields.get("type"))
    if kind in ("model_output", "user_input"):
        content = fields.get("content")
        return tuple(part for one in content for part in _content(one)) if isinstance(content, list) else ()
    if kind == "thought":
        pieces = [as_text(one.get("text")) for one in objects(fields.get("summary"))]
        return prose("reasoning", joined(pieces))
    if kind.endswith("_call"):
        return (_call(fields, kind),)
    return (_result(fields, kind),) if kind.endswith("_result") else _content(item)


def _content(item: Json) -> tuple[Part, ...]:
    if isinstance(item, str):
        return prose("text", item)
    fields = as_object(item)
    kind = as_text(fields.get("type"))
    if kind == "text":
        notes = tuple(citation(note) for note in objects(fields.get("annotations")))
        return (*prose("text", as_text(fields.get("text"))), *notes)
    if kind not in _MEDIA:
        return (Unknown(item),)
    data, url = as_text(fields.get("data")), text_or_none(fields.get("uri"))
    size = base64_size(data) if data else None
    return (Media(_MEDIA[kind], text_or_none(fields.get("mime_type")), size, url),)


def _call(fields: Object, kind: str) -> ToolCall:
    name = as_text(fields.get("name")) or kind.removesuffix("_call")
    arguments = fields.get("arguments")
    raw = compact(arguments) if arguments else ""
    return ToolCall(text_or_none(fields.get("id")), name, raw, server=kind != "function_call")


def _result(fields: Object, kind: str) -> ToolResult:
    given = fields.get("result")
    contents = isinstance(given, list) and all("type" in as_object(one) for one in given)
    parts = [part for one in objects(given) for part in _content(one)] if contents else []
    if not contents and given is not None:
        parts = list(prose("text", compact(given)))
    failed = bool(fields.get("is_error"))
    call = text_or_none(fields.get("call_id"))
    return ToolResult(call, tuple(parts), failed, server=kind != "function_result")


# -- the reply -------------------------------------------------------------------------------------


def answer(events: Iterable[Event]) -> Answer:
    """What a stream's events, or the one value of a whole reply, say."""
    interaction: Object = {}
    steps: dict[int, _Step] = {}
    error: ProviderError | None = None
    streamed = ended = False
    problems: dict[str, None] = {}
    for _, value in events:
        event = as_object(value)
        kind = as_text(event.get("event_type"))
        streamed = streamed or bool(kind)
        error = error_of(event) or error
        index = count(event.get("index")) or 0
        match kind.partition(".")[::2]:
            case ("interaction", "status_update"):
                interaction |= {key: event[key] for key in ("status", "usage") if key in event}
            case ("interaction", last):
                interaction |= as_object(event.get("interaction"))
                ended = ended or last.startswith("complete")
            case ("step" | "content" as name, "start"):
                steps[index] = _Step(as_object(event.get(name)))
            case ("step" | "content", "delta"):
                steps.setdefault(index, _Step({})).add(as_object(event.get("delta")))
            case _ if event.keys() & _WHOLE:
                interaction |= event
            case (_, last) if event and last != "stop" and not error:
                problems[f"an event of an unknown type: {kind or 'none'}"] = None
    error = error_of(interaction) or error
    parts = tuple(part for index in sorted(steps) for part in steps[index].parts()) or _whole(interaction)
    status = text_or_none(interaction.get("status"))
    return Answer(
        text_or_none(interaction.get("model")),
        (Message("model", parts),) if parts or (status and not error) else (),
        None if streamed and status in _PENDING else status,
        _usage(as_object(interaction.get("usage"))),
        error,
        ended,
        tuple(problems),
    )


def _whole(interaction: Object) -> tuple[Part, ...]:
    """What stands in a whole reply behind the input that it may repeat."""
    parts: list[Part] = []
    for step in objects(interaction.get("steps") or interaction.get("outputs")):
        if step.get("type") == "user_input":
            parts.clear()
        else:
            parts += _item(step)
    return tuple(parts)


class _Step:
    """A step, or one of the older outputs, while its deltas come in."""

    def __init__(self, start: Object) -> None:
        self._step = dict(start)
        self._arguments: list[str] = []
        self._chunks: list[Iterable[Part]] = []

    def add(self, delta: Object) -> None:
        kind = as_text(delta.get("type"))
        if kind == "arguments_delta":
            self._arguments.append(as_text(delta.get("arguments")))
        elif kind == "thought_summary":
            self._chunks.append(prose("reasoning", as_text(as_object(delta.get("content")).get("text"))))
        elif kind.startswith("text_annotation"):
            self._chunks.append([citation(note) for note in objects(delta.get("annotations"))])
        elif kind.endswith(("_call", "_result")):
            self._step |= {key: value for key, value in delta.items() if value is not None}
        elif kind != "thought_signature":
            self._chunks.append(_item(delta))

    def parts(self) -> tuple[Part, ...]:
        if self._arguments:
            self._step["arguments"] = joined(self._arguments)
        return joined_parts([_item(self._step) if self._step else (), *self._chunks])


def _usage(usage: Object) -> Usage | None:
    if not usage:
        return None
    return Usage(
        count(usage.get("total_input_tokens")),
        count(usage.get("total_output_tokens")),
        count(usage.get("total_cached_tokens")),
        None,
        count(usage.get("total_thought_tokens")),
        count(usage.get("total_tokens")),
    )

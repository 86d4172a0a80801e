"""OpenAI's assistants in outline: threads, their messages, runs and the steps of runs.

Each reply is one object that says what it is, or a list of such. A stream brings objects as they
come about and deltas of messages and steps in between; what is complete comes once more, whole.
https://platform.openai.com/docs/api-reference/assistants-streaming/events
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
    ProviderError,
    Tool,
    ToolCall,
    ToolResult,
    Unknown,
    View,
    as_object,
    as_text,
    citation,
    compact,
    count,
    joined,
    objects,
    prose,
    settings,
    text_or_none,
)
from cassette_cli.llm.openai_chat import content_parts, provider_error
from cassette_cli.llm.openai_completions import usage
from cassette_cli.source.tree import Json

ID = "openai-assistants"
END_MARK = "done"

_SINGLE = ("index", "type", "role", "id", "object")  # what deltas repeat and do not add to
_PENDING = ("queued", "in_progress", "cancelling")
_TOLD = ("id", "name", "model", "assistant_id", "status", "deleted")  # of an object that is no message


def matches(view: View) -> bool:
    for event in view.events:
        value = as_object(event.value)
        if event.name.startswith("thread.") or any(map(_is_ours, [value, *objects(value.get("data"))])):
            return True
    ours = f"/{view.path}/".partition("/threads/")[1] or f"/{view.path}/".partition("/assistants/")[1]
    return bool(ours) and view.host.partition(":")[0].endswith(("openai.com", "openai.azure.com"))


def _is_ours(value: Object) -> bool:
    return as_text(value.get("object")).partition(".")[0] in ("thread", "assistant")


# -- the request -----------------------------------------------------------------------------------


def prompt(view: View) -> Prompt:
    body = view.asked
    system = joined([text for key in _SYSTEM if (text := as_text(body.get(key)))])
    told = [body] if "role" in body else objects(body.get("messages"))
    told = (
        told
        + objects(as_object(body.get("thread")).get("messages"))
        + objects(body.get("additional_messages"))
    )
    results = (
        ToolResult(text_or_none(output.get("tool_call_id")), prose("text", as_text(output.get("output"))))
        for output in objects(body.get("tool_outputs"))
    )
    return Prompt(
        text_or_none(body.get("model")),
        (
            *([Message("system", prose("text", system))] if system else []),
            *(Message(as_text(message.get("role")), _content(message)) for message in told),
            *(Message("tool", (result,)) for result in results),
        ),
        tuple(map(_tool, objects(body.get("tools")))),
        settings(body, *_SYSTEM, *_KNOWN),
    )


_SYSTEM = ("instructions", "additional_instructions")
_KNOWN = (
    *("model", "role", "content", "attachments", "messages", "thread", "additional_messages"),
    *("tool_outputs", "tools", "stream"),
)


def _tool(tool: Object) -> Tool:
    function = as_object(tool.get("function"))
    name = as_text(function.get("name")) or as_text(tool.get("type"))
    return Tool(name, text_or_none(function.get("description")), function.get("parameters"))


def _content(message: Object) -> tuple[Part, ...]:
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    said = prose("text", as_text(content)) + tuple(part for item in parts for part in _part(item))
    files = (text_or_none(file.get("file_id")) for file in objects(message.get("attachments")))
    return said + tuple(Media("file", url=file) for file in files)


def _part(value: Json) -> tuple[Part, ...]:
    part = as_object(value)
    match part.get("type"):
        case "text" if isinstance(part.get("text"), dict):
            text = as_object(part["text"])
            notes = (citation(note) for note in objects(text.get("annotations")))
            return (*prose("text", as_text(text.get("value"))), *notes)
        case "image_file":
            return (Media("image", url=text_or_none(as_object(part.get("image_file")).get("file_id"))),)
    return content_parts([value])


# -- the reply -------------------------------------------------------------------------------------


def answer(events: Iterable[Event]) -> Answer:
    """What a stream's events, or the one value of a whole reply, say."""
    told = _Told()
    for name, value in events:
        told.add(name, value)
    things = told.things()
    last = things[-1] if things else {}
    run = next((thing for thing in things if thing.get("object") == "thread.run"), {})
    reason = as_object(run.get("incomplete_details")).get("reason") or run.get("status")
    return Answer(
        text_or_none(run.get("model") or last.get("model")),
        tuple(_choices(things, streamed=told.streamed)),
        None if told.streamed and reason in _PENDING else text_or_none(reason),
        usage(as_object(run.get("usage") or last.get("usage"))),
        told.error or _fault(as_object(run.get("last_error"))),
        told.ended or not told.streamed,
        tuple(told.problems),
    )


class _Told:
    """The objects of a reply, by their ids, while its events come in."""

    def __init__(self) -> None:
        self.error: ProviderError | None = None
        self.problems: dict[str, None] = {}
        self.ended = False
        self.streamed = False
        self._pieces: dict[str, list[Object]] = {}  # the latest whole object, and its deltas since

    def add(self, name: str, value: Json) -> None:
        event = as_object(value)
        self.streamed = self.streamed or bool(name)
        self.ended = self.ended or value == "[DONE]"
        if name == "error" or event.get("error"):
            self.error = provider_error(event) or _fault(event)
            return
        listed = event.get("object") == "list"
        for thing in objects(event.get("data")) if listed else [event]:
            if _is_ours(thing):
                self._take(as_text(thing.get("id")), thing)
            elif thing:
                self.problems[f"an event of an unknown type: {name or 'none'}"] = None

    def _take(self, id_: str, thing: Object) -> None:
        kind = as_text(thing.get("object"))
        if kind.endswith(".delta"):
            begun = self._pieces.setdefault(id_, [{"object": kind.removesuffix(".delta")}])
            begun.append(as_object(thing.get("delta")))
        else:
            self._pieces[id_] = [thing]

    def things(self) -> list[Object]:
        return [as_object(_merged([*pieces])) for pieces in self._pieces.values()]


def _merged(pieces: list[Json]) -> Json:
    """What pieces of a value make together: texts are joined, entries of lists told by their index."""
    if all(isinstance(piece, dict) for piece in pieces):
        keys = dict.fromkeys(key for piece in pieces for key in as_object(piece))
        values = {key: [as_object(piece)[key] for piece in pieces if key in as_object(piece)] for key in keys}
        return {key: found[-1] if key in _SINGLE else _merged(found) for key, found in values.items()}
    if all(isinstance(piece, list) for piece in pieces):
        entries: dict[int, list[Json]] = {}
        for piece in pieces:
            for place, entry in enumerate(objects(piece)):
                index = count(entry.get("index"))
                entries.setdefault(place if index is None else index, []).append(entry)
        return [_merged(entries[index]) for index in sorted(entries)]
    if all(isinstance(piece, str) for piece in pieces):
        return joined([as_text(piece) for piece in pieces])
    return pieces[-1]


def _choices(things: list[Object], *, streamed: bool) -> Iterator[Message]:
    """One reply of all that was told; but each message of a list of them is one, the newest first."""
    messages = [thing for thing in things if thing.get("object") == "thread.message"]
    if len(messages) > 1 and not streamed:
        newest_first = sorted(messages, key=lambda message: -(count(message.get("created_at")) or 0))
        yield from (Message(as_text(message.get("role")), _content(message)) for message in newest_first)
        return
    required = {call.id for thing in things for call in _required(thing)}
    parts = tuple(part for thing in things for part in _thing(thing, required))
    role = as_text(messages[0].get("role")) if messages else ""
    outline = tuple(map(_outline, things)) if not parts and not messages and not streamed else ()
    if parts or outline or messages:
        yield Message(role or "assistant", parts or outline)


def _thing(thing: Object, required: set[str | None]) -> tuple[Part, ...]:
    """The parts of a message, of a step's calls, or of what a run waits for."""
    match thing.get("object"):
        case "thread.message":
            return _content(thing)
        case "thread.run.step":
            calls = objects(as_object(thing.get("step_details")).get("tool_calls"))
            return tuple(
                part for call in calls if call.get("id") not in required for part in _step_call(call)
            )
    return tuple(_required(thing))


def _required(run: Object) -> Iterator[ToolCall]:
    """The calls that the client is to run before the run goes on."""
    action = as_object(as_object(run.get("required_action")).get("submit_tool_outputs"))
    for call in objects(action.get("tool_calls")):
        function = as_object(call.get("function"))
        arguments = as_text(function.get("arguments"))
        yield ToolCall(text_or_none(call.get("id")), as_text(function.get("name")), arguments)


def _step_call(call: Object) -> Iterator[Part]:
    """A tool call of a step, with what came of it as far as it is told."""
    kind = as_text(call.get("type"))
    inner = as_object(call.get(kind))
    id_ = text_or_none(call.get("id"))
    server = kind != "function"
    results: tuple[Part, ...] = prose("text", as_text(inner.get("output")))
    if kind == "function":
        yield ToolCall(id_, as_text(inner.get("name")), as_text(inner.get("arguments")))
    elif kind == "code_interpreter":
        yield ToolCall(id_, kind, compact({"code": inner.get("input")}), True)
        results = tuple(part for output in objects(inner.get("outputs")) for part in _printed(output))
    else:
        yield ToolCall(id_, kind, "", True)
        results = tuple(citation(found) for found in objects(inner.get("results")))
    if results:
        yield ToolResult(id_, results, server=server)


def _printed(output: Object) -> tuple[Part, ...]:
    if output.get("type") == "image":
        return (Media("image", url=text_or_none(as_object(output.get("image")).get("file_id"))),)
    return prose("text", as_text(output.get("logs"))) if "logs" in output else (Unknown(output),)


def _outline(thing: Object) -> Item:
    return Item(
        as_text(thing.get("object")), {key: thing[key] for key in _TOLD if thing.get(key) is not None}
    )


def _fault(error: Object) -> ProviderError | None:
    message = error.get("message")
    return ProviderError(text_or_none(error.get("code")), message) if isinstance(message, str) else None

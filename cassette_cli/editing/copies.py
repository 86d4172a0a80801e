"""What a reply says more than once, by the dialect's own rules of where: texts that change together.

A Responses stream brings every text in deltas, in `done` events and in the final response. Copies are
told by their places, never by being equal: an equal text elsewhere is another one.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, TypeAlias

from cassette_cli.llm.messages import Event, Object, as_object, as_text, count, objects
from cassette_cli.source.document import Document
from cassette_cli.source.text import Joined, Packed, Source, Text
from cassette_cli.source.tree import Fields, Items, Json

Spot: TypeAlias = tuple[int | str, ...]
Whole: TypeAlias = str | Fields | Items
Key: TypeAlias = tuple[Json, ...]


class Copies(NamedTuple):
    """One text in all its places: in pieces that make it up, and whole."""

    pieces: tuple[str, ...]
    wholes: tuple[Whole, ...]
    spelt: tuple[Json, ...] = ()  # the bytes of pieces that are tokens


def spot(source: Source) -> Spot:
    """Where a text stands, the same however often it is read."""
    if isinstance(source, Document):
        return (source.name,)
    if isinstance(source, Joined):
        first = next(piece for piece in source.pieces if isinstance(piece, Text | Joined))
        return (*spot(first), "joined", len(source.pieces))
    if isinstance(source, Packed):
        return (*spot(source.parent), "packed")
    return (*spot(source.parent), source.start, source.end)


def copies(dialect: str, events: Iterable[Event]) -> list[Copies]:
    """The texts that a reply says more than once, or in pieces that say another's."""
    find = _DIALECTS.get(dialect)
    found = list(find(list(events))) if find else []
    return [one for one in found if len(one.wholes) + bool(one.pieces) > 1]


# -- OpenAI's Responses --------------------------------------------------------------------------------


def _responses(events: list[Event]) -> Iterator[Copies]:
    table = _Table()
    for name, value in events:
        event = as_object(value)
        kind = as_text(event.get("type")) or name
        item = count(event.get("output_index")) or 0
        part = count(event.get("content_index", event.get("summary_index"))) or 0
        stem = kind.removeprefix("response.").rpartition(".")
        if stem[2] == "delta" and isinstance(event.get("delta"), str):
            table.piece((item, _LISTS.get(stem[0], stem[0]), part), event["delta"])
            table.tokens.append(_tokens(event.get("logprobs"), event["delta"]))
        elif stem[2] == "done" and stem[0] in _FIELDS:
            text = event.get(_FIELDS[stem[0]])
            table.whole((item, _LISTS.get(stem[0], stem[0]), part), text)
            _names(table, item, event)
            table.tokens.append(_tokens(event.get("logprobs"), text))
        elif stem[0] in _PARTS and stem[2] == "done":
            table.part((item, _PARTS[stem[0]], part), as_object(event.get("part")))
        elif kind == "response.output_item.added":
            _names(table, item, as_object(event.get("item")))  # its texts are still to come
        elif kind == "response.output_item.done":
            _item(table, item, as_object(event.get("item")))
        elif "response" in event or not kind.startswith("response."):
            response = as_object(event.get("response")) or event
            for place, one in enumerate(objects(response.get("output"))):
                _item(table, place, one)
    yield from table.copies()


_LISTS = {  # which list of an item its deltas build
    "output_text": "content",
    "refusal": "content",
    "reasoning_text": "content",
    "reasoning_summary_text": "summary",
}
_PARTS = {"content_part": "content", "reasoning_part": "content", "reasoning_summary_part": "summary"}
_FIELDS = {  # what a `done` event calls the whole of what was streamed
    "output_text": "text",
    "refusal": "refusal",
    "reasoning_text": "text",
    "reasoning_summary_text": "text",
    "function_call_arguments": "arguments",
    "mcp_call_arguments": "arguments",
    "custom_tool_call_input": "input",
    "code_interpreter_call_code": "code",
}
_OWN = {  # and which field of an item
    "arguments": ("function_call_arguments", "mcp_call_arguments"),
    "input": ("custom_tool_call_input",),
    "code": ("code_interpreter_call_code",),
}


def _item(table: "_Table", place: int, item: Object) -> None:
    for list_ in ("content", "summary"):
        parts = objects(item.get(list_))
        for number, part in zip(table.numbers(place, list_, len(parts)), parts, strict=True):
            table.part((place, list_, number), part)
    for field, streams in _OWN.items():
        for stream in streams:
            if stream.startswith(as_text(item.get("type"))):
                table.whole((place, stream, 0), item.get(field))
    _names(table, place, item)


def _names(table: "_Table", place: int, item: Object) -> None:
    for field in ("name", "call_id"):
        table.whole((place, field, 0), item.get(field))


class _Table:
    """Pieces and wholes by what they are of."""

    def __init__(self) -> None:
        self._pieces: dict[Key, list[str]] = {}
        self._wholes: dict[Key, list[Whole]] = {}
        self._ids: dict[Key, Json] = {}
        self.tokens: list[Copies] = []

    def piece(self, key: Key, value: Json) -> None:
        if isinstance(value, str):
            self._pieces.setdefault(key, []).append(value)

    def whole(self, key: Key, value: Json) -> None:
        if isinstance(value, str | Fields | Items):
            self._wholes.setdefault(key, []).append(value)

    def part(self, key: Key, part: Object) -> None:
        text = part.get("refusal" if part.get("type") == "refusal" else "text")
        self.whole(key, text)
        self.tokens.append(_tokens(part.get("logprobs"), text))

    def numbers(self, item: int, list_: str, total: int) -> Iterable[Json]:
        """By which numbers an item's parts were streamed: Bedrock's servers go on counting over items."""
        streamed = [key[2] for key in self._pieces if key[:2] == (item, list_)]
        return streamed if len(streamed) == total else range(total)

    def named(self, key: Key, id_: Json, field: str) -> Key:
        """The key of a call's field: by its id, which only its first piece may say."""
        known = self._ids.setdefault(key, id_)
        return (known, field)

    def copies(self) -> Iterator[Copies]:
        for key in dict.fromkeys((*self._pieces, *self._wholes)):
            yield Copies(tuple(self._pieces.get(key, ())), tuple(self._wholes.get(key, ())))
        yield from self.tokens


# -- OpenAI's chat, and those who speak it -------------------------------------------------------------


def _chat(events: list[Event]) -> Iterator[Copies]:
    so_far: dict[Json, list[str]] = {}  # the deltas of each choice
    yield _last_figures(events)
    yield from _repeated_names(events)
    for _, value in events:
        for choice in objects(as_object(value).get("choices")):
            message = as_object(choice.get("delta") or choice.get("message"))
            content, text = message.get("content"), choice.get("text")
            deltas = so_far.setdefault(choice.get("index"), [])
            yield _tokens(choice.get("logprobs"), content if isinstance(content, str) else text)
            if isinstance(content, str) and content == text:
                yield Copies((), (content, text))
            yield _reasoning(message)
            if isinstance(content, str):
                deltas.append(content)
            beside = as_object(choice.get("message")).get("content")
            if choice.get("delta") and beside == "".join(deltas):  # Perplexity: all of it up to here
                yield Copies(tuple(deltas), (as_text(beside),))


def _repeated_names(events: list[Event]) -> Iterator[Copies]:
    """The names of the tools that are called, which a server may repeat in every piece of a call."""
    names: dict[tuple[Json, Json], list[str]] = {}
    ids: dict[tuple[Json, Json], Json] = {}
    for _, value in events:
        for choice in objects(as_object(value).get("choices")):
            for call in objects(as_object(choice.get("delta")).get("tool_calls")):
                name = as_text(as_object(call.get("function")).get("name"))
                key = (choice.get("index"), call.get("index"))
                known, id_ = names.setdefault(key, []), call.get("id") or ids.get(key)
                if known and (id_ != ids.get(key) or name not in ("", known[0])):
                    yield Copies((), tuple(known))
                    known.clear()
                ids[key] = id_
                known += [name] if name else []
    yield from (Copies((), tuple(known)) for known in names.values())


def _last_figures(events: list[Event]) -> Copies:
    """The usage that a stream ends with, which Groq's servers say twice."""
    said = [as_object(value) for _, value in events]
    usages = (
        [event.get("usage") for event in said],
        [as_object(event.get("x_groq")).get("usage") for event in said],
    )
    last = (next((usage for usage in reversed(found) if isinstance(usage, Fields)), None) for found in usages)
    return Copies((), tuple(usage for usage in last if usage is not None))


def _tokens(logprobs: Json, text: Json) -> Copies:
    """The tokens that make up a text, with the bytes that spell each."""
    told = as_object(logprobs)
    tokens = told.get("content", told.get("tokens", logprobs))
    listed = [token for token in tokens if isinstance(token, str)] if isinstance(tokens, list) else []
    found = objects(tokens)
    pieces = listed or [as_text(token.get("token")) for token in found]
    wholes = (text,) if isinstance(text, str) and "".join(pieces) == text else ()
    return Copies(tuple(pieces), wholes, tuple(token.get("bytes") for token in found))


def _reasoning(message: Object) -> Copies:
    """What providers send under two names, and once more in parts."""
    told = [as_text(message.get(key)) for key in ("reasoning_content", "reasoning")]
    details = objects(message.get("reasoning_details"))
    pieces = [as_text(detail.get("text")) or as_text(detail.get("summary")) for detail in details]
    text = next(filter(None, told), "")
    same = "".join(pieces) == text
    return Copies(tuple(filter(None, pieces)) if same else (), tuple(one for one in told if one == text))


# -- other dialects ------------------------------------------------------------------------------------


def _gemini(events: list[Event]) -> Iterator[Copies]:
    for _, value in events:
        for candidate in objects(as_object(value).get("candidates")):
            parts = objects(as_object(candidate.get("content")).get("parts"))
            chosen = as_object(candidate.get("logprobsResult")).get("chosenCandidates")
            if len(parts) == 1:
                yield _tokens(chosen, parts[0].get("text"))


def _cohere(events: list[Event]) -> Iterator[Copies]:
    """Version 1: a stream's end has the whole reply, which may repeat itself in a history."""
    table = _Table()
    for _, value in events:
        event = as_object(value)
        kind = event.get("event_type")
        if kind == "text-generation":
            table.piece(("text",), event.get("text"))
        elif kind == "tool-calls-chunk":
            chunk = as_object(event.get("tool_call_delta"))
            table.piece(("parameters", chunk.get("index")), chunk.get("parameters"))
        elif kind in (None, "stream-end", "tool-calls-generation"):
            reply = as_object(event.get("response")) or event
            table.whole(("text",), reply.get("text"))
            history = objects(reply.get("chat_history"))[-1:]
            for last in history if history and history[-1].get("role") == "CHATBOT" else ():
                table.whole(("text",), last.get("message"))
            for place, call in enumerate(objects(reply.get("tool_calls"))):
                for key in ("name", "parameters"):
                    table.whole((key, place), call.get(key))
    yield from table.copies()


def _audio(events: list[Event]) -> Iterator[Copies]:
    """A transcript comes in deltas, and at the end as a whole."""
    pieces: list[str] = []
    for name, value in events:
        event = as_object(value)
        kind = as_text(event.get("type")) or name
        delta, text = event.get("delta", event.get("text")), event.get("text")
        if kind in ("transcript.text.delta", "transcription.text.delta") and isinstance(delta, str):
            pieces.append(delta)
            yield _tokens(event.get("logprobs"), delta)
        elif isinstance(text, str) and text == "".join(pieces):
            yield Copies(tuple(pieces), (text,))
            yield _tokens(event.get("logprobs"), text)


def _mcp(events: list[Event]) -> Iterator[Copies]:
    """What a tool gave, as text and once more as a value."""
    for _, value in events:
        result = as_object(as_object(value).get("result"))
        given = as_object(result.get("structuredContent")).get("result")
        said = [content.get("text") for content in objects(result.get("content"))]
        if isinstance(given, str) and said == [given]:
            yield Copies((), (as_text(said[0]), given))


def _assistants(events: list[Event]) -> Iterator[Copies]:
    table = _Table()
    for _, value in events:
        thing = as_object(value)
        kind, id_ = as_text(thing.get("object")), as_text(thing.get("id"))
        told = as_object(thing.get("delta")) or thing
        put = table.piece if kind.endswith(".delta") else table.whole
        for place, part in enumerate(objects(told.get("content"))):
            put((id_, part.get("index", place)), as_object(part.get("text")).get("value"))
        calls = objects(as_object(told.get("step_details")).get("tool_calls"))
        for place, call in enumerate(calls):
            for field, text in _called(call):
                put(table.named((id_, call.get("index", place)), call.get("id"), field), text)
        action = as_object(as_object(told.get("required_action")).get("submit_tool_outputs"))
        for call in objects(action.get("tool_calls")):
            for field, text in _called(call):
                table.whole((call.get("id"), field), text)
    yield from table.copies()


def _called(call: Object) -> Iterator[tuple[str, Json]]:
    inner = as_object(call.get(as_text(call.get("type"))))
    yield from ((field, inner[field]) for field in ("name", "arguments", "input") if field in inner)


_DIALECTS: dict[str, Callable[[list[Event]], Iterator[Copies]]] = {
    "openai-responses": _responses,
    "openai-chat": _chat,
    "openai-completions": _chat,
    "mistral-chat": _chat,
    "gemini": _gemini,
    "cohere-chat": _cohere,
    "openai-assistants": _assistants,
    "openai-audio": _audio,
    "mcp": _mcp,
}

"""Texts that a stream brings piece by piece and then once more whole: both must be the same.

https://platform.openai.com/docs/api-reference/responses-streaming, https://docs.cohere.com/v1/docs/streaming
"""

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from cassette_cli.llm.messages import Object, as_object, as_text, count, objects
from cassette_cli.rules.validation.check import Problem
from cassette_cli.rules.validation.streams_events import Said, Stream, stream_of
from cassette_cli.selection import Reading

Key: TypeAlias = tuple[int, str, int]  # an item's index, which of its lists or fields, the index in the list


class Piece(NamedTuple):
    """A part of a text."""

    key: Key
    text: str


class Whole(NamedTuple):
    """A text that is told whole, and where."""

    key: Key
    text: str
    said: Said
    pointer: str


Told: TypeAlias = Iterator[Piece | Whole]


def contradictory_text(reading: Reading) -> Iterator[Problem]:
    """The first whole text of each that was streamed that is not what its pieces make."""
    stream = stream_of(reading)
    read = _READERS.get(stream.form) if stream else None
    if stream is None or read is None:
        return
    pieces: dict[Key, list[str]] = {}
    for told in read(stream):
        if isinstance(told, Piece):
            pieces.setdefault(told.key, []).append(told.text)
        elif told.key in pieces:
            streamed = "".join(pieces[told.key])
            pieces[told.key] = [streamed]
            if streamed != told.text:
                yield _contradiction(told, streamed)
                del pieces[told.key]  # what follows would say the same again


def _contradiction(told: Whole, streamed: str) -> Problem:
    whole, shorter = told.text, min(len(told.text), len(streamed))
    start = next((place for place in range(shorter) if whole[place] != streamed[place]), shorter)
    rest = shorter - start
    same = next((place for place in range(rest) if whole[-1 - place] != streamed[-1 - place]), rest)
    end = len(whole) - same
    if start == end:  # something is missing here
        start, end = (start, start + 1) if start < len(whole) else (max(start - 1, 0), start)
    field = told.pointer.rpartition("/")[2]
    source = told.said.kind or f"event {told.said.number}"
    message = f"the {field} in {source} is not what its deltas make: they differ from character {start} on"
    return told.said.problem(message, told.pointer, "differs from the deltas", (start, end))


# -- Responses -----------------------------------------------------------------------------------------

_TEXTS = {  # events by what they stream: which list, the field that numbers it, the field of the whole
    "response.output_text": ("content", "content_index", "text"),
    "response.refusal": ("content", "content_index", "refusal"),
    "response.reasoning_text": ("content", "content_index", "text"),
    "response.reasoning_summary_text": ("summary", "summary_index", "text"),
    "response.function_call_arguments": ("arguments", "", "arguments"),
    "response.mcp_call_arguments": ("arguments", "", "arguments"),
    "response.custom_tool_call_input": ("input", "", "input"),
    "response.code_interpreter_call_code": ("code", "", "code"),
}
_PARTS = {
    "response.content_part.done": ("content", "content_index"),
    "response.reasoning_summary_part.done": ("summary", "summary_index"),
}
_ENDINGS = ("response.completed", "response.incomplete")


def _responses(stream: Stream) -> Told:
    for said in stream.events:
        stem, _, last = said.kind.rpartition(".")
        item = count(said.value.get("output_index")) or 0
        if stem in _TEXTS and last in ("delta", "done"):
            list_, numbered, field = _TEXTS[stem]
            key = item, list_, count(said.value.get(numbered)) or 0
            name = "delta" if last == "delta" else field
            text = said.value.get(name)
            if isinstance(text, str):
                yield Piece(key, text) if last == "delta" else Whole(key, text, said, f"/{name}")
        elif said.kind in _PARTS:
            list_, numbered = _PARTS[said.kind]
            part = as_object(said.value.get("part"))
            yield from _part(said, (item, list_, count(said.value.get(numbered)) or 0), part, "/part")
        elif said.kind == "response.output_item.done":
            yield from _item(said, item, as_object(said.value.get("item")), "/item")
        elif said.kind in _ENDINGS:
            response = as_object(said.value.get("response"))
            for index, one in enumerate(objects(response.get("output"))):
                yield from _item(said, index, one, f"/response/output/{index}")


def _part(said: Said, key: Key, part: Object, pointer: str) -> Told:
    for field in ("text", "refusal"):
        if isinstance(text := part.get(field), str):
            yield Whole(key, text, said, f"{pointer}/{field}")


def _item(said: Said, index: int, item: Object, pointer: str) -> Told:
    for list_ in ("content", "summary"):
        for number, part in enumerate(objects(item.get(list_))):
            yield from _part(said, (index, list_, number), part, f"{pointer}/{list_}/{number}")
    for field in ("arguments", "input", "code"):
        if isinstance(text := item.get(field), str):
            yield Whole((index, field, 0), text, said, f"{pointer}/{field}")


# -- others --------------------------------------------------------------------------------------------


def _cohere(stream: Stream) -> Told:
    for said in stream.events:
        if said.kind == "text-generation":
            yield Piece((0, "text", 0), as_text(said.value.get("text")))
        elif said.kind == "stream-end":
            response = as_object(said.value.get("response"))
            yield from _part(said, (0, "text", 0), response, "/response")


def _transcript(stream: Stream) -> Told:
    for said in stream.events:
        if said.kind == "transcript.text.delta":
            yield Piece((0, "text", 0), as_text(said.value.get("delta")))
        elif said.kind == "transcript.text.done":
            yield from _part(said, (0, "text", 0), said.value, "")


def _assistants(stream: Stream) -> Told:
    """Messages whose text parts come in deltas, each message known by its id."""
    known: dict[str, int] = {}
    for said in stream.events:
        value = said.value
        whole = value.get("object") == "thread.message" and value.get("status") == "completed"
        if not whole and value.get("object") != "thread.message.delta":
            continue
        item = known.setdefault(as_text(value.get("id")), len(known))
        holder = value if whole else as_object(value.get("delta"))
        for place, part in enumerate(objects(holder.get("content"))):
            text = as_object(part.get("text")).get("value")
            number = count(part.get("index"))
            key = item, "content", place if number is None else number
            if isinstance(text, str):
                yield Whole(key, text, said, f"/content/{place}/text/value") if whole else Piece(key, text)


def _chat(stream: Stream) -> Told:
    """Perplexity's chunks hold the message so far beside the delta."""
    for said in stream.events:
        for place, choice in enumerate(objects(said.value.get("choices"))):
            key = count(choice.get("index")) or 0, "content", 0
            delta, message = as_object(choice.get("delta")), as_object(choice.get("message"))
            if isinstance(text := delta.get("content"), str):
                yield Piece(key, text)
            if isinstance(text := message.get("content"), str) and choice.get("finish_reason"):
                yield Whole(key, text, said, f"/choices/{place}/message/content")


_READERS = {
    "openai-responses": _responses,
    "cohere-chat": _cohere,
    "openai-audio": _transcript,
    "openai-assistants": _assistants,
    "openai-chat": _chat,
}

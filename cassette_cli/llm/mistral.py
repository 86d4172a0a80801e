"""Mistral's chat, agents and fill-in-the-middle completions: OpenAI's form, with chunks of Mistral's own.

What differs is put into OpenAI's terms, and read as such; only Mistral's hosts and paths say which it
is. https://docs.mistral.ai/api
"""

from collections.abc import Iterable, Iterator

from cassette_cli.llm import openai_chat
from cassette_cli.llm.messages import (
    Answer,
    Event,
    Item,
    Message,
    Object,
    Prompt,
    View,
    as_object,
    as_text,
    compact,
    objects,
    prose,
    settings,
)
from cassette_cli.source.tree import Json

ID = "mistral-chat"
END_MARK = openai_chat.END_MARK

_PATHS = ("/chat/completions", "/agents/completions", "/fim/completions")


def matches(view: View) -> bool:
    path = f"/{view.path}"
    if path.endswith("/fim/completions") or "/publishers/mistralai/" in path:
        return True
    return f".{view.host.partition(':')[0]}".endswith(".mistral.ai") and path.endswith(_PATHS)


# -- the request -----------------------------------------------------------------------------------


def prompt(view: View) -> Prompt:
    body = view.asked
    messages = objects(body.get("messages"))
    asked: Object = {"messages": [_message(message) for message in messages]}
    told = openai_chat.prompt(view._replace(asked=body | asked))
    shown = [_with_prefix(message, raw) for message, raw in zip(told.messages, messages, strict=True)]
    filled = [
        Message(role, prose("text", as_text(body.get(key))))
        for role, key in (("user", "prompt"), ("suffix", "suffix"))
        if body.get(key)
    ]
    return told._replace(messages=(*shown, *filled), params=settings(told.params, "prompt", "suffix"))


def _with_prefix(message: Message, raw: Object) -> Message:
    """The message, marked if the reply is to begin with it."""
    return message._replace(parts=(*message.parts, Item("prefix", {}))) if raw.get("prefix") else message


def _message(message: Object) -> Object:
    """A message or delta in OpenAI's terms."""
    content = message.get("content")
    if not isinstance(content, list):
        return message
    references: list[Json] = [chunk for chunk in content if _kind(chunk).endswith("reference")]
    chunks: list[Json] = [_chunk(chunk) for chunk in content if not _kind(chunk).endswith("reference")]
    return message | {"content": chunks} | ({"annotations": references} if references else {})


def _kind(chunk: Json) -> str:
    return as_text(as_object(chunk).get("type"))


def _chunk(chunk: Json) -> Json:
    fields = as_object(chunk)
    match fields.get("type"):
        case "document_url":
            url = as_text(fields.get("document_url"))
            name = fields.get("document_name")
            file: Object = (
                {"file_data": url, "filename": name} if url.startswith("data:") else {"file_id": url}
            )
            return {"type": "file", "file": file}
        case "file" | "tool_file" if "file_id" in fields:
            return {"type": "file", "file": {"file_id": fields["file_id"]}}
        case "input_audio" if isinstance(fields.get("input_audio"), str):
            audio = as_text(fields["input_audio"])
            return {"type": "input_audio", "input_audio": {"id" if "://" in audio[:10] else "data": audio}}
    return chunk


# -- the reply -------------------------------------------------------------------------------------


def answer(events: Iterable[Event]) -> Answer:
    """What a stream's events, or the one value of a whole reply, say."""
    return openai_chat.answer(_in_openai_terms(events))


def _in_openai_terms(events: Iterable[Event]) -> Iterator[Event]:
    for name, value in events:
        body = dict(as_object(value))
        if not body:
            yield Event(name, value)
            continue
        body["choices"] = [
            choice
            | {key: _message(as_object(choice[key])) for key in ("delta", "message") if choice.get(key)}
            for choice in objects(body.get("choices"))
        ]
        usage = as_object(body.get("usage"))
        if "num_cached_tokens" in usage:
            body["usage"] = usage | {"cached_tokens": usage["num_cached_tokens"]}
        if "detail" in body and "error" not in body:
            body["error"] = {"message": compact(body["detail"])}
        yield Event(name, body)

"""OpenAI's completions before chat: a prompt in, text out; also vLLM, Together, Writer and others.

A choice's text is what a chat message's content is, and all else is as in chat, which reads it.
https://platform.openai.com/docs/api-reference/completions
"""

from collections.abc import Iterable, Iterator

from cassette_cli.llm import openai_chat
from cassette_cli.llm.messages import (
    Answer,
    Event,
    Item,
    Message,
    Object,
    Part,
    Prompt,
    Usage,
    View,
    as_object,
    as_text,
    count,
    objects,
    prose,
    settings,
    text_or_none,
)
from cassette_cli.source.tree import Json

ID = "openai-completions"
END_MARK = "[DONE]"


def matches(view: View) -> bool:
    for value in view.said:
        if value.get("object") in ("text_completion", "text.completion"):
            return True
        if any("text" in choice for choice in objects(value.get("choices"))):
            return True
    return "prompt" in view.asked and f"/{view.path}".endswith("/completions")


def prompt(view: View) -> Prompt:
    body = view.asked
    return Prompt(
        text_or_none(body.get("model")),
        tuple(Message("user", parts) for parts in inputs(body.get("prompt"))),
        (),
        settings(body, "model", "prompt", "stream", "stream_options"),
    )


def inputs(value: Json) -> list[tuple[Part, ...]]:
    """The parts of each input: of one, or of a list of several, as words, as tokens or typed."""
    if isinstance(value, list) and not all(isinstance(item, int) for item in value):
        return [part for item in value for part in inputs(item)]
    if isinstance(value, list):
        return [(Item("tokens", {"count": len(value)}),)] if value else []
    if isinstance(value, dict):
        return [openai_chat.content_parts([value])]
    return [prose("text", as_text(value))] if value else []


def usage(told: Object) -> Usage | None:
    """The figures of the APIs around chat, which name them as chat does or as Responses do."""
    if not {"input_tokens", "output_tokens", "prompt_tokens", "total_tokens"} & told.keys():
        return None
    read = as_object(told.get("prompt_token_details"))  # so the assistants' runs write it
    return Usage(
        count(told.get("input_tokens", told.get("prompt_tokens"))),
        count(told.get("output_tokens", told.get("completion_tokens"))),
        count(read.get("cached_tokens")),
        reasoning_tokens=count(as_object(told.get("completion_tokens_details")).get("reasoning_tokens")),
        total_tokens=count(told.get("total_tokens")),
    )


def answer(events: Iterable[Event]) -> Answer:
    """What a stream's events, or the one value of a whole reply, say."""
    return openai_chat.answer(_as_chat(events))


def _as_chat(events: Iterable[Event]) -> Iterator[Event]:
    bare = False
    for name, value in events:
        event = as_object(value)
        choices: list[Json] = [
            choice | {"delta": {"content": choice.get("text")}} for choice in objects(event.get("choices"))
        ]
        if isinstance(event.get("value"), str):  # Writer's streams, which end with no mark
            choices, bare = [{"delta": {"content": event["value"]}}], True
        yield Event(name, event | {"choices": choices} if choices else value)
    if bare:
        yield Event("", END_MARK)

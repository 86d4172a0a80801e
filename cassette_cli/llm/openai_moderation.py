"""Moderation in OpenAI's form, which Mistral has too: words or images in, judgements out.

https://platform.openai.com/docs/api-reference/moderations
"""

from collections.abc import Iterable

from cassette_cli.llm.messages import (
    Answer,
    Event,
    Item,
    Message,
    Object,
    Prompt,
    View,
    as_object,
    objects,
    settings,
    text_or_none,
)
from cassette_cli.llm.openai_chat import provider_error
from cassette_cli.llm.openai_completions import inputs, usage
from cassette_cli.source.tree import Json

ID = "openai-moderation"
END_MARK = ""


def matches(view: View) -> bool:
    for value in view.said:
        if any("category_scores" in result for result in objects(value.get("results"))):
            return True
    return "input" in view.asked and f"/{view.path}".endswith("/moderations")


def prompt(view: View) -> Prompt:
    body = view.asked
    return Prompt(
        text_or_none(body.get("model")),
        tuple(Message("user", parts) for parts in inputs(body.get("input"))),
        (),
        settings(body, "model", "input"),
    )


def answer(events: Iterable[Event]) -> Answer:
    """What the one value of a reply says."""
    body = as_object(next(iter(events), Event("", None)).value)
    results = tuple(_judgement(result) for result in objects(body.get("results")))
    return Answer(
        text_or_none(body.get("model")),
        (Message("assistant", results),) if results else (),
        usage=usage(as_object(body.get("usage"))),
        error=provider_error(body),
    )


def _judgement(result: Object) -> Item:
    """Whether an input was flagged, and the names of the categories that it was flagged for."""
    found: list[Json] = [name for name, held in as_object(result.get("categories")).items() if held is True]
    return Item("moderation", {"flagged": result.get("flagged", bool(found)), "categories": found})

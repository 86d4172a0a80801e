"""Embeddings in the forms of Cohere and Ollama: texts or images in, lists of vectors out.

Cohere gives a list of vectors for each type of number that was asked for; of the binary types a
number holds eight dimensions. https://docs.cohere.com/reference/embed,
https://docs.ollama.com/api/embed
"""

from collections.abc import Iterable, Iterator

from cassette_cli.llm.messages import (
    Answer,
    Event,
    Item,
    Message,
    Object,
    Prompt,
    ProviderError,
    Usage,
    View,
    as_object,
    count,
    settings,
    text_or_none,
)
from cassette_cli.llm.openai_chat import provider_error
from cassette_cli.llm.openai_completions import inputs
from cassette_cli.llm.openai_embeddings import dimensions_of
from cassette_cli.source.tree import Json

ID = "embeddings"
END_MARK = ""

_PATHS = ("v1/embed", "v2/embed", "api/embed", "api/embeddings")
_GIVEN = ("texts", "images", "inputs", "input", "prompt")


def matches(view: View) -> bool:
    return view.path.endswith(_PATHS) and any(key in view.asked for key in _GIVEN)


def prompt(view: View) -> Prompt:
    body = view.asked
    return Prompt(
        text_or_none(body.get("model")),
        tuple(Message("user", parts) for key in _GIVEN for parts in inputs(body.get(key))),
        (),
        settings(body, "model", *_GIVEN),
    )


def answer(events: Iterable[Event]) -> Answer:
    """What the one value of a reply says: of each vector its length."""
    body = as_object(next(iter(events), Event("", None)).value)
    vectors = tuple(_vectors(body))
    billed = as_object(as_object(body.get("meta")).get("billed_units"))
    tokens = count(billed.get("input_tokens", body.get("prompt_eval_count")))
    message = text_or_none(body.get("message"))
    return Answer(
        text_or_none(body.get("model")),
        (Message("assistant", vectors),) if vectors else (),
        usage=Usage(tokens) if tokens is not None else None,
        error=provider_error(body) or (ProviderError(None, message) if message and not vectors else None),
    )


def _vectors(body: Object) -> Iterator[Item]:
    found = body.get("embeddings", [body["embedding"]] if "embedding" in body else None)
    if isinstance(found, list):
        for index, vector in enumerate(found):
            yield Item("embedding", {"index": index, "dimensions": dimensions_of(vector)})
    for type_, vectors in as_object(found).items():
        for index, vector in enumerate(vectors if isinstance(vectors, list) else []):
            yield Item("embedding", {"index": index, "dimensions": _of_type(type_, vector), "type": type_})


def _of_type(type_: str, vector: Json) -> int | None:
    numbers = dimensions_of(vector)
    return numbers * 8 if numbers is not None and type_.endswith("binary") else numbers

"""Reranking, as Cohere, Jina, Voyage and local servers offer it: a query and documents in, places out.

https://docs.cohere.com/reference/rerank, https://docs.voyageai.com/reference/reranker-api,
https://huggingface.github.io/text-embeddings-inference (a bare list of `{index, score}`)
"""

from collections.abc import Iterable

from cassette_cli.llm.messages import (
    Answer,
    Event,
    Item,
    Message,
    Object,
    Part,
    Prompt,
    View,
    as_object,
    as_text,
    compact,
    objects,
    prose,
    settings,
    text_or_none,
)
from cassette_cli.llm.openai_chat import provider_error
from cassette_cli.llm.openai_completions import usage
from cassette_cli.source.tree import Json

ID = "rerank"
END_MARK = ""


def matches(view: View) -> bool:
    asked = view.asked
    if "query" not in asked or not ({"documents", "texts"} & asked.keys()):
        return False
    return view.path.endswith("rerank") or any(
        "relevance_score" in result for value in view.said for result in _results(value)
    )


def prompt(view: View) -> Prompt:
    body = view.asked
    documents = body.get("documents") or body.get("texts")
    given = documents if isinstance(documents, list) else []
    return Prompt(
        text_or_none(body.get("model")),
        (
            Message("query", prose("text", as_text(body.get("query")))),
            *(Message("document", _document(document)) for document in given),
        ),
        (),
        settings(body, "model", "query", "documents", "texts"),
    )


def _document(document: Json) -> tuple[Part, ...]:
    return prose("text", compact(as_object(document).get("text") or document))


def answer(events: Iterable[Event]) -> Answer:
    """What the value of a reply says, or the values of a bare list."""
    model: str | None = None
    told: Object = {}
    error = None
    ranked: list[Part] = []
    for _, value in events:
        body = as_object(value)
        model = text_or_none(body.get("model")) or model
        told = as_object(body.get("usage")) or told
        error = provider_error(body) or error
        ranked += [_ranking(result) for result in _results(body) if "index" in result]
    choices = (Message("assistant", tuple(ranked)),) if ranked else ()
    return Answer(model, choices, None, usage(told), error)


def _results(body: Object) -> list[Object]:
    return objects(body.get("results")) or objects(body.get("data")) or [body]


def _ranking(result: Object) -> Item:
    return Item(
        "ranking", {"index": result["index"], "score": result.get("relevance_score", result.get("score"))}
    )

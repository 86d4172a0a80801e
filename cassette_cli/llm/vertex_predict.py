"""Vertex AI's predict: instances in, predictions out, in each model's own form; also of the Gemini API.

Embeddings, images (Imagen) and long-running videos (Veo) are told by their fields, others are kept.
https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api
"""

from collections.abc import Iterable

from cassette_cli.llm.gemini import error_of, model_of
from cassette_cli.llm.messages import (
    Answer,
    Event,
    Item,
    Media,
    Message,
    Object,
    Part,
    Prompt,
    Unknown,
    View,
    as_object,
    as_text,
    base64_size,
    objects,
    prose,
    settings,
    text_or_none,
)
from cassette_cli.source.tree import Json

ID = "vertex-predict"
END_MARK = ""


def matches(view: View) -> bool:
    return view.path.endswith((":predict", ":predictLongRunning")) and "instances" in view.asked


def prompt(view: View) -> Prompt:
    body = view.asked
    messages = tuple(Message("user", _instance(instance)) for instance in objects(body.get("instances")))
    params = as_object(body.get("parameters")) | settings(body, "instances", "parameters")
    return Prompt(model_of(view), messages, (), params)


def _instance(instance: Object) -> tuple[Part, ...]:
    words = next((instance[key] for key in _TEXTS if isinstance(instance.get(key), str)), "")
    image = as_object(instance.get("image"))
    rest = settings(instance, *_TEXTS, "image")
    return (
        *prose("text", as_text(words)),
        *((_image(image),) if image else ()),
        *((Item("instance", rest),) if rest else ()),
    )


_TEXTS = ("content", "prompt", "text")


def _image(image: Object) -> Media:
    data = as_text(image.get("bytesBase64Encoded"))
    url = text_or_none(image.get("gcsUri"))
    return Media("image", text_or_none(image.get("mimeType")), base64_size(data) if data else None, url)


def answer(events: Iterable[Event]) -> Answer:
    """What the one value of a reply says."""
    body = as_object(next(iter(events), Event("", None)).value)
    predictions = body.get("predictions")
    found = predictions if isinstance(predictions, list) else []
    parts = tuple(_prediction(index, prediction) for index, prediction in enumerate(found))
    if "name" in body and not parts:
        parts = (Item("operation", body),)
    return Answer(choices=(Message("model", parts),) if parts else (), error=error_of(body))


def _prediction(index: int, prediction: Json) -> Part:
    fields = as_object(prediction)
    embedding = as_object(fields.get("embeddings"))
    if isinstance(values := embedding.get("values"), list):
        statistics = as_object(embedding.get("statistics"))
        return Item("embedding", {"index": index, "dimensions": len(values)} | statistics)
    return _image(fields) if "bytesBase64Encoded" in fields else Unknown(prediction)

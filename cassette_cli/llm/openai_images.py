"""Images in OpenAI's form: a prompt in, and with edits images; images out, whole or streamed.

https://platform.openai.com/docs/api-reference/images
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
    View,
    as_object,
    as_text,
    base64_size,
    data_url,
    objects,
    prose,
    settings,
    text_or_none,
)
from cassette_cli.llm.openai_audio import file_media
from cassette_cli.llm.openai_chat import provider_error
from cassette_cli.llm.openai_completions import usage
from cassette_cli.source.tree import Json

ID = "openai-images"
END_MARK = "image_generation.completed"

_PATHS = ("/images", "/images/generations", "/images/edits", "/images/variations")
_GIVEN = ("image", "image[]", "images", "input_references", "mask")


def matches(view: View) -> bool:
    for value in view.said:
        if as_text(value.get("type")).startswith(("image_generation.", "image_edit.")):
            return True
        if any("b64_json" in entry for entry in objects(value.get("data"))):
            return True
    return f"/{view.path}".endswith(_PATHS) and bool({"prompt", *_GIVEN} & view.asked.keys())


def prompt(view: View) -> Prompt:
    body = view.asked
    given = (part for key in _GIVEN for part in _given(body.get(key)))
    parts: tuple[Part, ...] = (*prose("text", as_text(body.get("prompt"))), *given)
    return Prompt(
        text_or_none(body.get("model")),
        (Message("user", parts),) if parts else (),
        (),
        settings(body, "model", "prompt", "stream", *_GIVEN),
    )


def _given(value: Json) -> Iterator[Media]:
    """The images of a request: files of a form, URLs, data URLs, ids, in one of several shapes."""
    if isinstance(value, list):
        for item in value:
            yield from _given(item)
    elif isinstance(value, str):
        yield data_url("image", value)
    elif isinstance(value, dict):
        inner = value.get("image_url") or value.get("url") or value.get("file_id")
        if inner:
            yield from _given(inner)
        else:
            yield file_media("image", value)


def answer(events: Iterable[Event]) -> Answer:
    """What a stream's events, or the one value of a whole reply, say."""
    model: str | None = None
    told: Object = {}
    images: tuple[Part, ...] = ()
    partial: tuple[Part, ...] = ()
    error = None
    ended = False
    for _, value in events:
        event = as_object(value)
        kind = as_text(event.get("type"))
        error = provider_error(event) or error
        model = text_or_none(event.get("model")) or model
        if kind.endswith(".partial_image"):
            partial = _image(event, event)
        elif "data" in event or kind.endswith(".completed"):
            found = objects(event.get("data")) or [event]
            images += tuple(part for entry in found for part in _image(entry, event))
            told, ended = as_object(event.get("usage")) or told, True
    shown = images or partial
    return Answer(model, (Message("assistant", shown),) if shown else (), None, usage(told), error, ended)


def _image(entry: Object, reply: Object) -> tuple[Part, ...]:
    """An image and the prompt that the model made of the one given."""
    data, url = as_text(entry.get("b64_json")), as_text(entry.get("url"))
    format_ = text_or_none(entry.get("output_format")) or text_or_none(reply.get("output_format"))
    media_type = text_or_none(entry.get("mime_type")) or (f"image/{format_}" if format_ else None)
    revised = as_text(entry.get("revised_prompt"))
    notes = (Item("revised_prompt", {"text": revised}),) if revised else ()
    if data:
        return (Media("image", media_type, base64_size(data)), *notes)
    return (data_url("image", url)._replace(media_type=media_type), *notes) if url else notes

"""Ollama's generate: a prompt in, a response out, whole or one line a piece.

The lines are those of Ollama's chat but for where the pieces stand.
https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from collections.abc import Iterable

from cassette_cli.llm.messages import (
    Answer,
    Event,
    Media,
    Message,
    Object,
    Part,
    Prompt,
    View,
    as_text,
    base64_size,
    prose,
    text_or_none,
)
from cassette_cli.llm.ollama import END_MARK as END_MARK
from cassette_cli.llm.ollama import images, parameters, told

ID = "ollama-generate"


def matches(view: View) -> bool:
    if any("done" in value and isinstance(value.get("response"), str) for value in view.said):
        return True
    return "model" in view.asked and f"/{view.path}".endswith("/api/generate")


def prompt(view: View) -> Prompt:
    body = view.asked
    system = Message("system", prose("text", as_text(body.get("system"))))
    asked = Message("user", (*prose("text", as_text(body.get("prompt"))), *images(body)))
    return Prompt(
        text_or_none(body.get("model")),
        tuple(message for message in (system, asked) if message.parts),
        (),
        parameters(body, "system", "prompt", "images"),
    )


def answer(events: Iterable[Event]) -> Answer:
    """What the lines of a stream, or the one value of a whole reply, say."""
    return told(events, _parts)


def _parts(line: Object) -> tuple[Part, ...]:
    image = as_text(line.get("image"))
    return (
        *prose("reasoning", as_text(line.get("thinking"))),
        *prose("text", as_text(line.get("response"))),
        *((Media("image", size=base64_size(image)),) if image else ()),
    )

"""Embeddings in OpenAI's form: texts in, vectors out; also Mistral, Voyage, Jina and local servers.

A vector is told by its length. In base64 it stands for float32 numbers, with some providers for float64
or for one byte a number; the bytes themselves tell which.
https://platform.openai.com/docs/api-reference/embeddings
"""

import struct
from binascii import Error as BadBase64
from binascii import a2b_base64
from collections.abc import Iterable, Iterator

from cassette_cli.llm.messages import (
    Answer,
    Event,
    Item,
    Message,
    Object,
    Prompt,
    View,
    as_object,
    count,
    objects,
    settings,
    text_or_none,
)
from cassette_cli.llm.openai_chat import provider_error
from cassette_cli.llm.openai_completions import inputs, usage
from cassette_cli.source.tree import Json

ID = "openai-embeddings"
END_MARK = ""

_LARGEST = (
    1e4  # of a number in a vector; bytes of another type, taken for float32, soon give larger ones or NaN
)


def matches(view: View) -> bool:
    for value in view.said:
        if any("embedding" in entry for entry in objects(value.get("data"))):
            return True
    return "input" in view.asked and f"/{view.path}".endswith("/embeddings")


def prompt(view: View) -> Prompt:
    body = view.asked
    return Prompt(
        text_or_none(body.get("model")),
        tuple(Message("user", parts) for parts in inputs(body.get("input"))),
        (),
        settings(body, "model", "input"),
    )


def answer(events: Iterable[Event]) -> Answer:
    """What the one value of a reply says: of each vector its length."""
    body = as_object(next(iter(events), Event("", None)).value)
    vectors = tuple(_vectors(body))
    return Answer(
        text_or_none(body.get("model")),
        (Message("assistant", vectors),) if vectors else (),
        usage=usage(as_object(body.get("usage"))),
        error=provider_error(body),
    )


def _vectors(body: Object) -> Iterator[Item]:
    for place, entry in enumerate(objects(body.get("data"))):
        index = count(entry.get("index"))
        dimensions = dimensions_of(entry.get("embedding"))
        yield Item("embedding", {"index": place if index is None else index, "dimensions": dimensions})


def dimensions_of(vector: Json) -> int | None:
    """How many numbers a vector has, or None where it cannot be read."""
    if isinstance(vector, list):
        return len(vector)
    if not isinstance(vector, str):
        return None
    try:
        data = a2b_base64(vector.encode("ascii", "replace"))
    except BadBase64:
        return None
    single, double = _numbers(data, "f", 4), _numbers(data, "d", 8)
    if any(double) and not any(single[::2]):  # half of a float64 of few digits is a zero of float32
        return len(double)
    return len(single or double or data)


def _numbers(data: bytes, form: str, size: int) -> tuple[float, ...]:
    """The numbers of a vector, or none where the bytes are of another type."""
    if len(data) % size:
        return ()
    numbers = struct.unpack(f"<{len(data) // size}{form}", data)
    return numbers if all(abs(number) < _LARGEST for number in numbers) else ()

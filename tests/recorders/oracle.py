"""What vcrpy itself, and PyYAML, make of a cassette: the truth that the model is held against."""

from typing import Any

from vcr.serialize import deserialize
from vcr.serializers import jsonserializer, yamlserializer

from cassette_cli.model import Body, Cassette, Interaction
from cassette_cli.source.tree import plain


def differences(cassette: Cassette) -> list[str]:
    """Where the model and what vcrpy's own reader gives differ."""
    text = cassette.document.text
    serializer = jsonserializer if text.lstrip().startswith("{") else yamlserializer
    requests, responses = deserialize(text, serializer)[:2]
    if not len(requests) == len(responses) == len(cassette.interactions):
        return [f"{len(cassette.interactions)} interactions, vcrpy has {len(requests)}"]
    found = []
    for interaction, request, response in zip(cassette.interactions, requests, responses, strict=True):
        for what, ours, theirs in _compared(interaction, request, response):
            if ours != theirs:
                found.append(
                    f"interaction {interaction.index}: {what} {ours!r:.200}, vcrpy has {theirs!r:.200}"
                )
    return found


def _compared(interaction: Interaction, request: Any, response: Any) -> list[tuple[str, object, object]]:
    asked, answered = interaction.request, interaction.response
    first = {header.name.lower(): header.value for header in reversed(asked.headers)}
    body = request.body.read() if hasattr(request.body, "read") else request.body
    if "content" in response:  # what the httpx stub wrote is handed on as it stands
        content = response["content"]
        status, answer = response["status_code"], content.encode() if isinstance(content, str) else content
    else:
        status, answer = response["status"]["code"], response["body"]["string"]
    return [
        ("method", asked.method, request.method),
        ("uri", asked.url, request.uri),
        ("request headers", first, {name.lower(): _word(value) for name, value in request.headers.items()}),
        ("request body", _asked(asked.body), body),
        ("status", answered.status, status),
        ("headers", list(answered.headers), _pairs(response["headers"])),
        ("body", answered.body.bytes, answer or b""),
    ]


def _asked(body: Body) -> object:
    if body.tree is not None:
        return plain(body.tree)
    return None if body.is_empty else body.bytes


def _pairs(headers: Any) -> list[tuple[str, str]]:
    """Response headers as they stand: a mapping or pairs, of values or lists."""
    pairs = headers.items() if isinstance(headers, dict) else headers
    return [
        (name, _word(value))
        for name, values in pairs
        for value in (values if isinstance(values, list | tuple) else [values])
    ]


def _word(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def excluded(cassette: Cassette) -> str | None:
    """Why vcrpy's reader is no oracle for a file; None where it is one."""
    text = cassette.document.text
    if cassette.version is None and text.startswith("-"):
        return "vcrpy refuses its own form from before version 1.0"
    if "multidict._multidict.istr" in text:
        return "vcrpy refuses the names of headers that aiohttp wrapped"
    if "parsed_body:" in text or '"parsed_body":' in text:
        return "a custom serializer's form"
    return None

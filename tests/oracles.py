"""What the vendors' own SDKs make of recorded bytes: the truth that a reading is held against.

The SDKs run as they are, over a transport that answers every request with the recording.
"""

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple


class Reading(NamedTuple):
    """A reply in common terms; None where the SDK has nothing."""

    text: str
    reasoning: str
    calls: list[tuple[str | None, str, Any]]  # id, name, arguments: OpenAI's as written, Anthropic's parsed
    finish_reason: str | None
    usage: tuple[int | None, int | None] | None  # input, output


class SdkError(Exception):
    """The SDK itself does not read these bytes."""


def _client(sdk: Any, make: Callable[..., Any], status: int, content_type: str, body: bytes) -> Any:
    # The SDKs moved from one HTTP library to its successor: take the one that theirs is made of.
    http = importlib.import_module(sdk.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0])
    transport = http.MockTransport(
        lambda _: http.Response(status, headers={"content-type": content_type}, content=body)
    )
    return make(api_key="test", max_retries=0, http_client=http.Client(transport=transport))


@cache
def _sdk(name: str) -> Any:
    return importlib.import_module(name)


def openai_chat_stream(body: bytes) -> Reading:
    """`create(stream=True)` iterated, the deltas of the first choice joined by index."""
    openai = _sdk("openai")
    client = _client(openai, openai.OpenAI, 200, "text/event-stream", body)
    text, reasoning = "", ""
    calls: dict[int, list[Any]] = {}
    finish, usage = None, None
    try:
        for chunk in client.chat.completions.create(model="m", messages=[], stream=True):
            usage = getattr(chunk, "usage", None) or _groq_usage(chunk) or usage
            for choice in chunk.choices or ():
                if choice.index or choice.delta is None:
                    continue
                text += _content(choice.delta, "text")
                reasoning += _reasoning(choice.delta)
                finish = choice.finish_reason or finish
                for call in choice.delta.tool_calls or ():
                    known = calls.setdefault(call.index, [None, "", ""])
                    known[0] = known[0] or call.id
                    known[1] += call.function.name or ""
                    known[2] += call.function.arguments or ""
    except openai.APIError as error:
        raise SdkError(str(error)) from error
    return Reading(text, reasoning, [(c[0], c[1], c[2]) for c in calls.values()], finish, _counts(usage))


def openai_chat_whole(body: bytes) -> Reading:
    openai = _sdk("openai")
    client = _client(openai, openai.OpenAI, 200, "application/json", body)
    completion = client.chat.completions.create(model="m", messages=[])
    choice = completion.choices[0]
    message = choice.message
    if message is None:  # Azure's content filter leaves it out
        return Reading("", "", [], choice.finish_reason, _counts(completion.usage))
    calls = [(call.id, call.function.name, call.function.arguments) for call in message.tool_calls or ()]
    return Reading(
        _content(message, "text"), _reasoning(message), calls, choice.finish_reason, _counts(completion.usage)
    )


def _counts(usage: Any) -> tuple[int | None, int | None] | None:
    if isinstance(usage, dict):
        return usage.get("prompt_tokens"), usage.get("completion_tokens")
    return (usage.prompt_tokens, usage.completion_tokens) if usage else None


def _groq_usage(chunk: Any) -> Any:
    """Where Groq's servers put the counts of a stream, and Groq's own SDK finds them."""
    return (getattr(chunk, "x_groq", None) or {}).get("usage")


def _content(message: Any, wanted: str) -> str:
    """The `text` or the `thinking` of a message; Mistral's servers send both as a list of parts."""
    if isinstance(message.content, str):
        return message.content if wanted == "text" else ""
    found = ""
    for part in message.content or ():
        value = part.get(wanted)
        found += value if isinstance(value, str) else "".join(piece["text"] for piece in value or ())
    return found


def _reasoning(message: Any) -> str:
    """The field that this provider uses; OpenAI's SDK hands unknown fields through."""
    for name in ("reasoning_content", "reasoning"):
        value = getattr(message, name, None)
        if isinstance(value, str) and value:
            return value
    details = getattr(message, "reasoning_details", None) or ()  # OpenRouter's, see its SDK
    told = "".join(detail.get("text") or detail.get("summary") or "" for detail in details)
    return told or _content(message, "thinking")


def anthropic_stream(body: bytes) -> Reading:
    """`messages.stream` to the final message."""
    anthropic = _sdk("anthropic")
    client = _client(anthropic, anthropic.Anthropic, 200, "text/event-stream", body)
    try:
        with client.messages.stream(model="m", max_tokens=1, messages=[]) as stream:
            return _anthropic_message(stream.get_final_message())
    except (anthropic.APIError, AssertionError, RuntimeError, IndexError) as error:
        raise SdkError(str(error)) from error


def anthropic_whole(body: bytes) -> Reading:
    anthropic = _sdk("anthropic")
    client = _client(anthropic, anthropic.Anthropic, 200, "application/json", body)
    return _anthropic_message(client.messages.create(model="m", max_tokens=1, messages=[]))


def _anthropic_message(message: Any) -> Reading:
    blocks = message.content
    return Reading(
        "".join(block.text for block in blocks if block.type == "text"),
        "".join(block.thinking for block in blocks if block.type == "thinking"),
        [(block.id, block.name, block.input) for block in blocks if block.type == "tool_use"],
        message.stop_reason,
        (message.usage.input_tokens, message.usage.output_tokens) if message.usage else None,
    )

"""Amazon Bedrock's InvokeModel: each model family's own form, whole or wrapped in an event stream.

A streamed event holds one base64 value; what it decodes to is the family's own event, told by its
shape. Anthropic's, Nova's (Converse's) and OpenAI's forms are read by their own dialects.
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator
from itertools import chain

from cassette_cli.errors import CassetteError
from cassette_cli.llm import anthropic_messages, bedrock_converse, openai_chat
from cassette_cli.llm.messages import (
    Answer,
    Event,
    Item,
    Message,
    Object,
    Prompt,
    Usage,
    View,
    as_object,
    as_text,
    compact,
    count,
    joined,
    objects,
    prose,
    settings,
    text_or_none,
)
from cassette_cli.source.text import Joined, Packed, Text
from cassette_cli.source.tree import Fields
from cassette_cli.wire.body import placed, traced

ID = "bedrock-invoke"
END_MARK = "amazon-bedrock-invocationMetrics"

_PROMPTS = ("prompt", "inputText", "message", "texts", "images")


def matches(view: View) -> bool:
    return "/model/" in f"/{view.path}" and view.path.endswith(("/invoke", "/invoke-with-response-stream"))


def prompt(view: View) -> Prompt:
    body = view.asked
    if "anthropic_version" in body:
        asked = anthropic_messages.prompt(view)
    elif any("text" in block for message in objects(body.get("messages")) for block in _untyped(message)):
        asked = bedrock_converse.prompt(view)
    elif "messages" in body:
        asked = openai_chat.prompt(view)
    else:
        texts = [body[key] for key in _PROMPTS if key in body]
        messages = tuple(Message("user", prose("text", compact(text))) for text in texts)
        asked = Prompt(None, messages, (), settings(body, *_PROMPTS))
    return asked._replace(model=bedrock_converse.model_of(view))


def _untyped(message: Object) -> list[Object]:
    """A message's content blocks that do not say their type, as Converse's don't."""
    return [block for block in objects(message.get("content")) if "type" not in block]


def answer(events: Iterable[Event]) -> Answer:
    """What the events say, read in the family's form that the first one shows."""
    problems: list[str] = []
    values = _unwrapped(events, problems)
    first = next(values, None)
    if first is None:
        return Answer(ended=False, problems=tuple(problems))
    told = _read(as_object(first.value), chain((first,), values))
    return told._replace(problems=(*told.problems, *problems))


def _unwrapped(events: Iterable[Event], problems: list[str]) -> Iterator[Event]:
    for number, (name, value) in enumerate(events):
        packed = as_object(value).get("bytes")
        if name != "chunk" or not isinstance(packed, str):
            yield Event(name, value)
            continue
        try:
            loads = placed if isinstance(value, Fields) else traced
            yield Event(name, loads(_unpacked(packed)))
        except (ValueError, RecursionError, CassetteError):
            problems.append(f"event {number} holds no JSON")


def _unpacked(packed: str) -> str:
    """What an event's base64 holds, with its place if that has one."""
    text = b64decode(packed).decode()
    if not isinstance(packed, Text | Joined):
        return text
    return Packed.of(text, packed, lambda new: b64encode(new.encode()).decode("ascii"))


def _read(first: Object, events: Iterator[Event]) -> Answer:
    metrics = _Metrics()
    if as_text(first.get("type")) in ("message", "message_start", "error"):
        return metrics.complete(anthropic_messages.answer(metrics.watch(events)))
    if first.keys() & bedrock_converse.EVENTS:
        return metrics.complete(bedrock_converse.answer(_by_name(metrics.watch(events))))
    if "output" in first or (len(first) <= 2 and "message" in first):
        return bedrock_converse.answer(events)
    if any("message" in choice or "delta" in choice for choice in objects(first.get("choices"))):
        return metrics.complete(openai_chat.answer(metrics.watch(events)))
    if "embedding" in first or "embeddings" in first:
        return Answer(choices=(Message("assistant", tuple(_embeddings(first))),))
    return metrics.complete(_plain(metrics.watch(events)))


class _Metrics:
    """Bedrock's own figures, which ride on a stream's last event whatever its form."""

    def __init__(self) -> None:
        self._found: Object = {}

    def watch(self, events: Iterator[Event]) -> Iterator[Event]:
        for name, value in events:
            body = as_object(value)
            self._found = as_object(body.get(END_MARK)) or self._found
            if body.keys() - {END_MARK}:
                yield Event("" if name == "chunk" else name, value)

    def complete(self, told: Answer) -> Answer:
        if not self._found:
            return told
        usage = Usage(
            count(self._found.get("inputTokenCount")),
            count(self._found.get("outputTokenCount")),
            count(self._found.get("cacheReadInputTokenCount")),
            count(self._found.get("cacheWriteInputTokenCount")),
        )
        return told._replace(usage=told.usage or usage, ended=True)


def _by_name(events: Iterable[Event]) -> Iterator[Event]:
    """Converse's events as a stream of InvokeModel writes them: `{name: body}`."""
    for name, value in events:
        if name:
            yield Event(name, value)
        for key, body in as_object(value).items() if not name else ():
            if not key.startswith("amazon-bedrock-"):
                yield Event(key, body)


def _embeddings(body: Object) -> Iterator[Item]:
    found = body.get("embeddings", [body.get("embedding")])
    if isinstance(found, dict):
        found = [vector for vectors in found.values() if isinstance(vectors, list) for vector in vectors]
    for index, vector in enumerate(found if isinstance(found, list) else []):
        if isinstance(vector, list):
            yield Item("embedding", {"index": index, "dimensions": len(vector)})


_LISTS = ("results", "generations", "outputs", "choices", "completions")


def _plain(events: Iterable[Event]) -> Answer:
    """Families whose events hold a text under a name of their own (Titan, Llama, Cohere, Mistral, AI21)."""
    pieces: list[str] = []
    finish: str | None = None
    read = written = None
    error = None
    for name, value in events:
        body = as_object(value)
        if name.endswith(("Exception", "Error")):
            error = bedrock_converse.answer([Event(name, value)]).error
        inner = next((objects(body[key]) for key in _LISTS if key in body), [])
        for part in inner or [body]:
            part = part | as_object(part.get("data"))  # AI21's completions
            texts = (part.get(key) for key in ("generation", "outputText", "completion", "text"))
            pieces += [text for text in texts if isinstance(text, str) and text][:1]
            reasons = [part.get(key) for key in ("stop_reason", "completionReason", "finish_reason")]
            reasons.append(as_object(part.get("finishReason")).get("reason"))
            finish = next(filter(None, map(text_or_none, reasons)), finish)
            written = count(part.get("generation_token_count", part.get("tokenCount"))) or written
        read = count(body.get("prompt_token_count", body.get("inputTextTokenCount"))) or read
        written = count(body.get("totalOutputTextTokenCount")) or written
    usage = Usage(read, written) if read or written else None
    choices = (Message("assistant", prose("text", joined(pieces))),) if pieces or finish else ()
    return Answer(None, choices, finish, usage, error, ended=False)

"""LLM dialects: an interaction as one conversation, whichever API it spoke to.

`DIALECTS` is the whole list; the first module that matches reads the exchange, judged by what is in
the bodies, then by the URL. To add one: a module with `ID`, `matches`, `prompt` and `answer`, and a
row here. A dialect never fails: what it cannot read it leaves out and says in `problems`.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Protocol

from cassette_cli.errors import CassetteError
from cassette_cli.llm import (
    anthropic_messages,
    bedrock_converse,
    bedrock_invoke,
    cohere,
    embeddings,
    gemini,
    gemini_interactions,
    mcp,
    mistral,
    ollama,
    ollama_generate,
    openai_assistants,
    openai_audio,
    openai_chat,
    openai_completions,
    openai_embeddings,
    openai_images,
    openai_moderation,
    openai_responses,
    rerank,
    vertex_predict,
)
from cassette_cli.llm.messages import (
    Answer,
    Event,
    Exchange,
    Media,
    Message,
    Prompt,
    View,
    as_object,
    objects,
)
from cassette_cli.model import Interaction
from cassette_cli.source.jsontree import load_json
from cassette_cli.source.tree import Json
from cassette_cli.wire.body import Content, Kind, read_content


class Dialect(Protocol):
    """What a dialect module offers."""

    ID: str
    END_MARK: str  # what a whole stream ends with, for the words of a problem; empty if only a finish reason

    def matches(self, view: View, /) -> bool:
        """Whether an exchange speaks this dialect."""

    def prompt(self, view: View, /) -> Prompt:
        """What a request asks: its body, and with some its path, which names the model."""

    def answer(self, events: Iterable[Event], /) -> Answer:
        """What a stream's events say; a whole reply is a stream of its one value."""


DIALECTS: tuple[Dialect, ...] = (
    bedrock_converse,
    bedrock_invoke,
    mcp,
    gemini,
    gemini_interactions,
    vertex_predict,
    cohere,
    mistral,
    ollama,
    ollama_generate,
    anthropic_messages,
    openai_chat,
    openai_responses,
    openai_assistants,
    openai_completions,
    openai_embeddings,
    embeddings,
    openai_images,
    openai_audio,
    openai_moderation,
    rerank,
)

_STREAMS = (Kind.SSE, Kind.NDJSON, Kind.EVENTSTREAM)
_LOOKED_AT = 4  # events of a stream that are looked at to tell the dialect
_DONE = "[DONE]"


def read_exchange(
    interaction: Interaction,
    asked: Content | None = None,
    said: Content | None = None,
    loads: Callable[[str], Json] = load_json,
) -> Exchange | None:
    """The conversation of an interaction, or None where no dialect knows it.

    The contents of request and response are read if they are not given. With `wire.body.traced`
    for `loads`, every string of the result that stands in the file is a text.
    """
    asked = asked or read_content(interaction.request, loads)
    said = said or read_content(interaction.response, loads)
    body = as_object(asked.json)
    events = _Events(said, loads)
    host, path = _host_and_path(interaction.request.url)
    view = View(path, host, body, tuple(islice(_Events(said, load_json), _LOOKED_AT)))
    dialect = next((dialect for dialect in DIALECTS if dialect.matches(view)), None)
    if dialect is None:
        return None
    prompt = dialect.prompt(view)
    if said.kind is Kind.BINARY:
        answer = Answer(choices=(Message("assistant", (_media(interaction, said),)),))
    elif said.kind is Kind.TEXT and interaction.response.status == 200 and not said.problems:
        answer = dialect.answer([Event("", said.text)])  # a transcript or subtitles, if they were asked for
    else:
        answer = dialect.answer(events)
    problems = [f"the request: {problem}" for problem in asked.problems]
    problems += [*said.problems, *events.problems, *answer.problems]
    streamed = said.kind in _STREAMS or bool(said.events) or (dialect is gemini and bool(_array(said)))
    complete = not streamed or (not events.broken and (answer.ended or bool(answer.finish_reason)))
    if events.broken:
        problems.append("the stream is cut: its last event is broken off")
    elif not complete and not answer.error:
        mark = f"no {dialect.END_MARK} and " if dialect.END_MARK else ""
        problems.append(f"the stream is cut: {mark}no finish reason")
    elif said.kind in (Kind.TEXT, Kind.FORM, Kind.MULTIPART) and not (answer.choices or said.problems):
        problems.append(f"the reply is {said.kind}, no JSON")
    elif said.kind is Kind.JSON and prompt.messages and not (answer.choices or answer.error or problems):
        problems.append(f"the reply holds nothing that {dialect.ID} knows")
    return Exchange(dialect.ID, prompt, answer, streamed, complete, tuple(problems))


def reply_events(said: Content, loads: Callable[[str], Json] = load_json) -> list[Event]:
    """The events of a reply that can be read, as its dialect is given them; a whole reply is one."""
    return list(_Events(said, loads))


class _Events:
    """The events of a reply as values; remembers what could not be read while it is iterated."""

    def __init__(self, said: Content, loads: Callable[[str], Json]) -> None:
        self._said = said
        self._loads = loads
        self.problems: list[str] = []
        self.broken = False

    def __iter__(self) -> Iterator[Event]:
        if self._said.kind is Kind.JSON:
            yield from (Event("", value) for value in _array(self._said) or [self._said.json])
        for number, event in enumerate(self._said.events):
            if event.data.strip() == _DONE:
                yield Event(event.event, _DONE)
                continue
            try:
                yield Event(event.event, self._loads(event.data))
            except (ValueError, RecursionError, CassetteError):
                if event.ended:
                    self.problems.append(f"event {number} is no JSON")
                else:
                    self.broken = True


def _array(said: Content) -> list[Json]:
    """The objects that a body is a JSON array of, as a stream may be written; empty if it is none."""
    found = said.json if isinstance(said.json, list) else []
    return found if len(objects(found)) == len(found) else []


def _host_and_path(url: str) -> tuple[str, str]:
    """The two parts of a URL, or what there is of one that is broken."""
    start, scheme, rest = url.partition("?")[0].partition("#")[0].partition("://")
    host, _, path = (rest if scheme else start).partition("/")
    return host.rpartition("@")[2].lower(), path.rstrip("/")


def _media(interaction: Interaction, said: Content) -> Media:
    media_type = interaction.response.header("content-type").partition(";")[0].strip() or None
    kind = (media_type or "").partition("/")[0]
    return Media(kind if kind in ("image", "audio") else "file", media_type, said.size)

"""LLM dialects: an interaction as one conversation, whichever API it spoke to.

`DIALECTS` is the whole list; the first module that matches reads the exchange, judged by what is in
the bodies, then by the URL. To add one: a module with `ID`, `matches`, `prompt` and `answer`, and a
row here. A dialect never fails: what it cannot read it leaves out and says in `problems`.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from cassette_cli.errors import CassetteError
from cassette_cli.llm import anthropic_messages, openai_chat
from cassette_cli.llm.messages import Answer, Exchange, Object, Prompt, View, as_object
from cassette_cli.model import Interaction
from cassette_cli.source.tree import Json
from cassette_cli.wire.body import Content, Kind, read_content


class Dialect(Protocol):
    """What a dialect module offers."""

    ID: str
    END_MARK: str  # what a whole stream ends with, for the words of a problem

    def matches(self, view: View, /) -> bool:
        """Whether an exchange speaks this dialect."""

    def prompt(self, body: Object, /) -> Prompt:
        """What a request's body asks."""

    def answer(self, events: Iterable[Json], /) -> Answer:
        """What a stream's events say; a whole reply is a stream of its one value."""


DIALECTS: tuple[Dialect, ...] = (anthropic_messages, openai_chat)

_STREAMS = (Kind.SSE, Kind.NDJSON)
_LOOKED_AT = 4  # events of a stream that are looked at to tell the dialect


def read_exchange(
    interaction: Interaction,
    asked: Content | None = None,
    said: Content | None = None,
    loads: Callable[[str], Json] = json.loads,
) -> Exchange | None:
    """The conversation of an interaction, or None where no dialect knows it.

    The contents of request and response are read if they are not given. With `wire.body.traced`
    for `loads`, every string of the result that stands in the file is a text.
    """
    asked = asked or read_content(interaction.request, loads)
    said = said or read_content(interaction.response, loads)
    body = as_object(asked.json)
    view = View(
        _path(interaction.request.url),
        body,
        tuple(as_object(value) for value in _glimpse(said)),
    )
    dialect = next((dialect for dialect in DIALECTS if dialect.matches(view)), None)
    if dialect is None:
        return None
    prompt = dialect.prompt(body)
    if said.kind in _STREAMS:
        return _streamed(dialect, prompt, said, loads)
    problems = [*asked.problems, *said.problems]
    answer = Answer()
    if isinstance(said.json, dict):
        answer = dialect.answer([said.json])
        problems += answer.problems
        if not answer.choices and not answer.error:
            problems.append("the reply holds no message")
    elif said.kind is not Kind.EMPTY:
        problems.append(f"the reply is {said.kind}, no JSON object")
    return Exchange(dialect.ID, prompt, answer, streamed=False, complete=True, problems=tuple(problems))


def _path(url: str) -> str:
    """The path of a URL, or what there is of one that is broken."""
    return url.partition("?")[0].partition("#")[0].partition("://")[2].partition("/")[2].rstrip("/")


def _glimpse(said: Content) -> Iterator[Json]:
    """The first values of a reply: enough to tell its dialect."""
    if said.kind not in _STREAMS:
        yield said.json
        return
    for event in said.events[:_LOOKED_AT]:
        try:
            yield json.loads(event.data)
        except (ValueError, RecursionError):
            continue


def _streamed(dialect: Dialect, prompt: Prompt, said: Content, loads: Callable[[str], Json]) -> Exchange:
    problems = list(said.problems)
    broken = False

    def values() -> Iterator[Json]:
        nonlocal broken
        for number, event in enumerate(said.events):
            if event.data.strip() == "[DONE]":
                yield "[DONE]"
                continue
            try:
                yield loads(event.data)
            except (ValueError, RecursionError, CassetteError):
                if event.ended:
                    problems.append(f"event {number} is no JSON")
                else:
                    broken = True

    answer = dialect.answer(values())
    if broken:
        problems.append("the stream is cut: its last event is broken off")
    elif not answer.ended and not answer.finish_reason and not answer.error:
        problems.append(f"the stream is cut: no {dialect.END_MARK} and no finish reason")
    complete = not broken and (answer.ended or bool(answer.finish_reason))
    return Exchange(dialect.ID, prompt, answer, True, complete, (*problems, *answer.problems))

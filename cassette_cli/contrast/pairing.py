"""Which interaction of one cassette is which of another: by what they ask, what came back, where they stand.

Surest first: what is stored alike, what says the same but for noise, the same request with another reply, a
request to the same URL that is like it, and what alone is left at one place. What is left then was added or
removed; what has a partner in another order was moved.
"""

import json
import re
from collections.abc import Callable
from functools import cached_property
from typing import NamedTuple, TypeAlias

from cassette_cli.contrast.align import Aligner, Pair
from cassette_cli.model import Body, Interaction, Request, Response
from cassette_cli.rules.noise import DEFAULT, masked, spot_of, without_noise
from cassette_cli.selection import Reading
from cassette_cli.wire.body import Content, Kind

Key: TypeAlias = tuple[object, ...]

_ALIKE = (
    0.2  # how much of its words a request to the same URL must share with another to be the same, changed
)
_LIKELY = 0.4  # the same for what is alone left at one place, whatever its URL
_LOOKED_AT = 20_000  # characters at either end of a body that its words are taken from


class Paired(NamedTuple):
    """The interactions of two cassettes, those of the new one in order, and which of them were moved."""

    pairs: tuple[Pair, ...]
    moved: frozenset[int]  # by their place in the old cassette


class Side:
    """An interaction as it is compared: what it is told apart by, each worked out when first asked for."""

    def __init__(self, interaction: Interaction) -> None:
        self.interaction = interaction
        self.reading = Reading(interaction)

    @cached_property
    def stored(self) -> Key:
        """Everything about the interaction, as the file has it."""
        one = self.interaction
        request, response = one.request, one.response
        frames = tuple((frame.at_ms, frame.direction, content.text) for frame, content in self.reading.frames)
        return (
            *(request.method, str(request.url), *_stored(request, lambda: self.reading.asked)),
            *(response.status, *_stored(response, lambda: self.reading.said)),
            *(one.duration_ms, one.recorded_at, frames),
        )

    @cached_property
    def target(self) -> Key:
        """The method and the URL, without noise."""
        request = self.interaction.request
        return request.method.upper(), masked(spot_of("request.url"), str(request.url), DEFAULT)

    @cached_property
    def request(self) -> Key:
        return *self.target, _said(self.reading.asked, "request.body")

    @cached_property
    def whole(self) -> Key:
        """Request and reply, without noise; of a reply that a dialect knows, what it says."""
        reading = self.reading
        exchange = reading.exchange
        if exchange is None or not exchange.reply:
            reply: Key = (_said(reading.said, "response.body"),)
        else:
            calls = tuple((call.name, call.raw_arguments) for call in exchange.reply.tool_calls)
            reply = (exchange.reply.text, exchange.reply.reasoning, calls, exchange.answer.finish_reason)
        frames = tuple((frame.direction, content.bytes) for frame, content in reading.frames)
        return *self.request, self.interaction.response.status, reply, frames

    @cached_property
    def asked_words(self) -> frozenset[str]:
        return _words(self.reading.asked)

    @cached_property
    def said_words(self) -> frozenset[str]:
        return _words(self.reading.said)

    @cached_property
    def words(self) -> frozenset[str]:
        """Those of the URL, the request and the reply."""
        return self.asked_words | self.said_words | frozenset(_WORD.findall(self.interaction.request.url))


def paired(olds: list[Side], news: list[Side]) -> Paired:
    """The interactions of two cassettes, put together."""
    aligner = Aligner(len(olds), len(news))
    stored = [side.stored for side in olds], [side.stored for side in news]
    aligner.equal(*stored)
    aligner.crossing(*stored)
    if left := aligner.left():
        whole = _keys("whole", olds, news, left)
        aligner.equal(*whole)
        aligner.crossing(*whole)
        request = _keys("request", olds, news, left)
        aligner.equal_best(*request, lambda i, j: _share(olds[i].said_words, news[j].said_words))
        aligner.crossing(*request)
        aligner.alike(lambda i, j: _likeness(olds[i], news[j]))
        aligner.left_over(lambda i, j: _may_be_one(olds[i], news[j]))
    return Paired(tuple(aligner.in_order()), frozenset(aligner.moved()))


def _keys(
    name: str, olds: list[Side], news: list[Side], left: tuple[set[int], set[int]]
) -> tuple[list[object], list[object]]:
    """A key of those that have no partner yet; of the others none is worked out."""
    one, two = (
        [getattr(side, name) if place in wanted else None for place, side in enumerate(sides)]
        for sides, wanted in zip((olds, news), left, strict=True)
    )
    return one, two


def _likeness(old: Side, new: Side) -> float:
    """How much two requests to one URL share; 0 if too little, or for another URL."""
    if old.target != new.target:
        return 0.0
    share = _share(old.asked_words, new.asked_words)
    return share if share >= _ALIKE else 0.0


def _may_be_one(old: Side, new: Side) -> bool:
    one, two = old.interaction.request, new.interaction.request
    if old.target == new.target or one.url == two.url:
        return True
    return one.method == two.method and _share(old.words, new.words) >= _LIKELY


def _share(one: frozenset[str], two: frozenset[str]) -> float:
    return len(one & two) / len(one | two) if one or two else 1.0


_WORD = re.compile(r"\w+")


def _words(content: Content) -> frozenset[str]:
    text = content.text if content.text is not None else "\n".join(event.data for event in content.events)
    if len(text) > 2 * _LOOKED_AT:
        text = f"{text[:_LOOKED_AT]}\n{text[-_LOOKED_AT:]}"
    return frozenset(_WORD.findall(text))


def _said(content: Content, where: str) -> object:
    """What a body says, without noise, as something that can be a key."""
    if content.kind in (Kind.JSON, Kind.FORM, Kind.MULTIPART) and content.json is not None:
        try:
            return json.dumps(without_noise(content.json, where), sort_keys=True)
        except RecursionError:
            return content.bytes
    return content.bytes if content.text is None else str(content.text)


def _stored(message: Request | Response, content: Callable[[], Content]) -> Key:
    """The headers and the body as the file has them; of a structured one, its value."""
    headers = tuple((name.lower(), str(value)) for name, value in message.headers)
    return headers, _stored_body(message.body) if message.body.tree is None else content().text


def _stored_body(body: Body) -> Key:
    return str(body.node), body.base64, body.hex, body.data, body.missing

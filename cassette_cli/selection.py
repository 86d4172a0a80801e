"""Which interactions a command works on: the selectors that every command shares."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from cassette_cli.errors import BadRequest, Place
from cassette_cli.llm import read_exchange
from cassette_cli.llm.messages import Exchange
from cassette_cli.model import Cassette, Frame, Interaction, Request, Response
from cassette_cli.source.jsontree import load_json
from cassette_cli.source.tree import Json
from cassette_cli.wire.body import Content, read_content


class Reading:
    """An interaction with its bodies and its conversation, each read when first asked for.

    With `wire.body.traced` for `loads`, the strings in them keep their places.
    """

    def __init__(self, interaction: Interaction, loads: Callable[[str], Json] = load_json) -> None:
        self.interaction = interaction
        self._loads = loads

    @cached_property
    def asked(self) -> Content:
        return read_content(self.interaction.request, self._loads)

    @cached_property
    def said(self) -> Content:
        return read_content(self.interaction.response, self._loads)

    @cached_property
    def events(self) -> tuple[Json, ...]:
        """The values of the reply's events, in step with `said.events`; None for one that is no JSON."""
        return tuple(_value(event.data) for event in self.said.events)

    def content(self, message: Request | Response) -> Content:
        """The body of one of its messages."""
        if message is self.interaction.request:
            return self.asked
        return self.said if message is self.interaction.response else read_content(message, self._loads)

    @cached_property
    def frames(self) -> tuple[tuple[Frame, Content], ...]:
        """The frames of a connection with what each holds."""
        return tuple(
            (frame, read_content(Response(None, (), frame.body), self._loads))
            for frame in self.interaction.frames
        )

    @cached_property
    def exchange(self) -> Exchange | None:
        loads = self._loads
        if loads is load_json and "events" in self.__dict__:  # they need not be parsed once more
            known = dict(zip((event.data for event in self.said.events), self.events, strict=True))
            loads = lambda text: load_json(text) if known.get(text) is None else known[text]  # noqa: E731
        return read_exchange(self.interaction, self.asked, self.said, loads)

    def without_bodies(self) -> "Reading":
        """A fresh one, which reads the bodies again if asked for; the exchange stays, it is small."""
        fresh = Reading(self.interaction, self._loads)
        if self._loads is load_json and "exchange" in self.__dict__:
            fresh.__dict__["exchange"] = self.exchange
        return fresh

    @cached_property
    def is_cut(self) -> bool:
        """Whether the end of the reply is missing."""
        return self.said.is_cut or (self.exchange is not None and not self.exchange.complete)

    def let_go(self) -> None:
        """Forget the bodies; who asks for one again has it read again. What the conversation says stays."""
        for name in ("asked", "said", "events", "frames"):
            self.__dict__.pop(name, None)


def _value(text: str) -> Json:
    try:
        value: Json = load_json(text)
    except (ValueError, RecursionError):
        return None
    return value


@dataclass(frozen=True, slots=True)
class Selection:
    """What `-i`, `--method`, `--url`, `--status`, `--model` and `--invert` say; all must hold."""

    indexes: frozenset[int] | None = None
    methods: frozenset[str] | None = None
    url: re.Pattern[str] | None = None
    statuses: re.Pattern[str] | None = None
    model: re.Pattern[str] | None = None
    invert: bool = False

    @classmethod
    def parse(
        cls,
        indexes: list[str] | None = None,
        method: str | None = None,
        url: str | None = None,
        status: str | None = None,
        model: str | None = None,
        *,
        invert: bool = False,
    ) -> "Selection":
        """The selection that the options' texts mean; raises BadRequest for one that means nothing."""
        if invert and not any((indexes, method, url, status, model)):
            raise BadRequest("--invert takes what the other selectors do not: give one")
        return cls(
            _indexes(",".join(indexes)) if indexes else None,
            frozenset(method.upper().split(",")) if method is not None else None,
            glob(url) if url is not None else None,
            _statuses(status) if status is not None else None,
            glob(model) if model is not None else None,
            invert,
        )

    @property
    def is_everything(self) -> bool:
        return self == Selection()

    def beyond(self, last: int) -> BadRequest | None:
        """What there is to say where an index behind the last one is asked for; -1 if there is none."""
        behind = [index for index in sorted(self.indexes or ()) if index > last]
        return no_interaction(behind[0], last) if behind else None

    def pick(self, cassette: Cassette) -> Iterator[Reading]:
        """The interactions of a cassette that are selected, in file order."""
        for interaction in cassette.interactions:
            reading = Reading(interaction)
            if self.takes(reading):
                yield reading

    def takes(self, reading: Reading) -> bool:
        """Whether an interaction is one of those that are selected."""
        return self._holds(reading) is not self.invert

    def _holds(self, reading: Reading) -> bool:
        interaction = reading.interaction
        request, response = interaction.request, interaction.response
        if self.indexes is not None and interaction.index not in self.indexes:
            return False
        if self.methods is not None and request.verb not in self.methods:
            return False
        if self.url is not None and not self.url.fullmatch(request.url):
            return False
        if self.statuses is not None and not self.statuses.fullmatch(str(response.status)):
            return False
        if self.model is None:
            return True
        models = (reading.exchange.prompt.model, reading.exchange.answer.model) if reading.exchange else ()
        return any(self.model.fullmatch(model) for model in models if model)


def no_interaction(index: int, last: int, place: Place | None = None) -> BadRequest:
    """That an index is none of those up to the last one; -1 if there is none at all."""
    there = f"the last one is {last}" if last >= 0 else "there is none at all"
    return BadRequest(f"no interaction {index}: {there} (they count from 0)", place)


def glob(pattern: str) -> re.Pattern[str]:
    """A pattern in which `*` stands for anything, slashes included, and all else for itself."""
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)


def _indexes(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d+)(?:-(\d+))?\s*", part)
        if not match or int(match[2] or match[1]) - int(match[1]) not in range(1_000_000):
            raise BadRequest(f"interactions {text!r}: write 0-based numbers and ranges, as in 0,2-4")
        found.update(range(int(match[1]), int(match[2] or match[1]) + 1))
    return frozenset(found)


def _statuses(text: str) -> re.Pattern[str]:
    one = r"(?:[1-5][\dxX]{2}|[6-9]\d{2})"  # no class beyond 5xx, but some servers make codes up
    if not re.fullmatch(rf"{one}(?:,{one})*", text):
        raise BadRequest(f"status {text!r}: write codes or classes of them, as in 404 or 4xx,500")
    return re.compile(text.lower().replace("x", r"\d").replace(",", "|"))

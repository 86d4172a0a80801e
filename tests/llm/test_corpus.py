"""Real exchanges: as the SDKs read them, with places and without, cut, and with strangers in between."""

import json
import random
import re
from functools import cache
from pathlib import Path

import pytest

from cassette_cli.errors import CassetteError
from cassette_cli.llm import read_exchange
from cassette_cli.llm.messages import Exchange
from cassette_cli.model import Interaction
from cassette_cli.recorders import read_cassette
from cassette_cli.source.document import Document
from cassette_cli.wire.body import Content, Kind, read_content
from cassette_cli.wire.sse import read_events
from tests import proof_sdk
from tests.corpus import files, name_of, needs_corpus

FOLDERS = ("go-vcr-v1", "go-vcr-v2", "vcrpy", "vcrpy-json", "vcrpy-list", "vcrpy-parsed_body")
STREAM = rb"chat\.completion\.chunk|message_start"
URL = rb"/chat/completions|/v1/messages"
LARGEST = 200_000  # bytes of a file that the sample holds


def _sample(seed: int, count: int) -> list[Path]:
    """The same files for the same seed: half of them with a stream."""
    streamed, others = _files()
    chosen = random.Random(seed)
    return sorted(chosen.sample(streamed, count // 2) + chosen.sample(others, count // 2))


@cache
def _files() -> tuple[list[Path], list[Path]]:
    """The files with a stream, and the others that spoke to one of the two APIs; without the large ones."""
    streamed, others = list[Path](), list[Path]()
    for path in files():
        if name_of(path).split("/")[0] in FOLDERS and path.stat().st_size < LARGEST:
            raw = path.read_bytes()
            if re.search(STREAM, raw):
                streamed.append(path)
            elif re.search(URL, raw):
                others.append(path)
    return streamed, others


@needs_corpus
def test_real_replies_read_as_the_sdks_read_them() -> None:
    outcome = proof_sdk.replies_read_as_the_sdks_read_them(_sample(30, 50))
    assert outcome.faults == []
    assert sum(outcome.counts.values()) > 60


@needs_corpus
def test_real_exchanges_read_alike_with_places() -> None:
    outcome = proof_sdk.exchanges_read_alike_with_places(_sample(31, 50))
    assert outcome.faults == []
    assert outcome.counts["exchanges"] > 60


@needs_corpus
@pytest.mark.parametrize("seed", [32, 33])
def test_real_streams_survive_cuts_and_strangers(seed: int) -> None:
    seen = 0
    for path in _sample(seed, 40):
        for interaction in _interactions(path):
            asked, said = read_content(interaction.request), read_content(interaction.response)
            exchange = read_exchange(interaction, asked, said)
            if (
                exchange is None
                or said.kind is not Kind.SSE
                or exchange.dialect not in ("openai-chat", "anthropic-messages")
            ):
                continue
            seen += 1
            where = f"{name_of(path)}, interaction {interaction.index}"
            _check_cuts(interaction, asked, said, where)
            _check_stranger(interaction, asked, said, exchange, where)
    assert seen > 20


def _interactions(path: Path) -> tuple[Interaction, ...]:
    try:
        return read_cassette(Document(name_of(path), path.read_bytes())).interactions
    except CassetteError:
        return ()


def _with(said: Content, text: str) -> Content:
    return Content(Kind.SSE, None, text, events=tuple(read_events(text)))


def _check_cuts(interaction: Interaction, asked: Content, said: Content, where: str) -> None:
    text = said.text or ""
    ends = [event.start for event in said.events[1:]]
    chosen = random.Random(where)
    places = chosen.sample(ends, min(6, len(ends))) + [chosen.randrange(len(text)) for _ in range(6)]
    for end in sorted({*places, len(text)}):
        cut = _with(said, text[:end])
        exchange = read_exchange(interaction, asked, cut)
        if exchange is None:  # the request alone does not tell the dialect
            assert len(cut.events) < 4, where
            continue
        broken = bool(cut.events) and not cut.events[-1].ended and not _parses(cut.events[-1].data)
        finished = bool(exchange.answer.finish_reason) or exchange.answer.ended
        assert exchange.complete == (finished and not broken), f"{where}, cut at {end}"
        assert exchange.complete or exchange.problems or exchange.answer.error, f"{where}, cut at {end}"


def _parses(data: str) -> bool:
    try:
        json.loads(data)
    except ValueError:
        return data.strip() == "[DONE]"
    return True


def _check_stranger(
    interaction: Interaction, asked: Content, said: Content, exchange: Exchange, where: str
) -> None:
    text = said.text or ""
    chosen = random.Random(where)
    for event in chosen.sample(said.events, min(4, len(said.events))):
        stranger = 'event: novelty\ndata: {"type": "novelty", "text": "no"}\n\n'
        other = _with(said, text[: event.start] + stranger + text[event.start :])
        again = read_exchange(interaction, asked, other)
        assert again is not None, where
        assert again.complete == exchange.complete, where
        assert again.answer._replace(problems=()) == exchange.answer._replace(problems=()), where

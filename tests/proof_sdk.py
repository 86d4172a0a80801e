"""Every recorded chat reply beside what its vendor's own SDK makes of the same bytes."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from cassette_cli.errors import CassetteError
from cassette_cli.llm import read_exchange
from cassette_cli.llm.messages import Exchange
from cassette_cli.model import Cassette, Interaction
from cassette_cli.recorders import read_cassette
from cassette_cli.source.document import Document
from cassette_cli.wire.body import Content, Kind, read_content, traced
from tests import oracles
from tests.corpus import files, name_of
from tests.oracles import Reading, SdkError

EXCEPTIONS: dict[
    tuple[str, int, str], str
] = {  # the end of a path, an interaction, a field: why it may differ
    ("simonw__llm/tests/cassettes/test_tools_streaming/test_tools_streaming_variant_a.yaml", 0, "calls"): (
        "the server repeats the whole name of the tool in every delta; joined, it would be no tool's name"
    ),
}

ORACLES: dict[tuple[str, Kind], Callable[[bytes], Reading]] = {
    ("openai-chat", Kind.SSE): oracles.openai_chat_stream,
    ("openai-chat", Kind.JSON): oracles.openai_chat_whole,
    ("openai-responses", Kind.SSE): oracles.openai_responses_stream,
    ("openai-responses", Kind.JSON): oracles.openai_responses_whole,
    ("openai-completions", Kind.SSE): oracles.openai_completions_stream,
    ("openai-completions", Kind.JSON): oracles.openai_completions_whole,
    ("openai-assistants", Kind.SSE): oracles.openai_assistants_stream,
    ("anthropic-messages", Kind.SSE): oracles.anthropic_stream,
    ("anthropic-messages", Kind.JSON): oracles.anthropic_whole,
    ("gemini", Kind.SSE): oracles.gemini_stream,
    ("gemini", Kind.JSON): oracles.gemini_whole,
    ("gemini-interactions", Kind.SSE): oracles.interactions_stream,
    ("gemini-interactions", Kind.JSON): oracles.interactions_whole,
    ("cohere-chat", Kind.NDJSON): oracles.cohere_lines,
    ("cohere-chat", Kind.SSE): oracles.cohere_stream,
    ("cohere-chat", Kind.JSON): oracles.cohere_whole,
    ("mistral-chat", Kind.SSE): oracles.mistral_stream,
    ("mistral-chat", Kind.JSON): oracles.mistral_whole,
    ("ollama-chat", Kind.NDJSON): oracles.ollama_chat,
    ("ollama-chat", Kind.JSON): oracles.ollama_chat,
    ("ollama-generate", Kind.NDJSON): oracles.ollama_generate,
    ("ollama-generate", Kind.JSON): oracles.ollama_generate,
}


class Outcome(NamedTuple):
    """What a proof looked at, and what it found that should not be."""

    counts: Counter[str]
    faults: list[str]

    def __str__(self) -> str:
        seen = ", ".join(f"{number} {what}" for what, number in sorted(self.counts.items()))
        return f"{seen}; {len(self.faults)} faults"


def replies_read_as_the_sdks_read_them(paths: Iterable[Path] | None = None) -> Outcome:
    """The text, reasoning, tool calls, finish reason and usage of every reply that an SDK can read."""
    counts: Counter[str] = Counter()
    faults: list[str] = []
    used: set[tuple[str, int, str]] = set()
    for name, interaction in _interactions(paths):
        said = read_content(interaction.response)
        exchange = read_exchange(interaction, said=said)
        oracle = ORACLES.get((exchange.dialect, said.kind)) if exchange else None
        if exchange is None or oracle is None or not is_reply(exchange, interaction):
            continue
        counts[f"{exchange.dialect} {'streamed' if exchange.streamed else 'whole'}"] += 1
        for field, ours, theirs in differences(exchange, said, oracle):
            exception = _exception(name, interaction.index, field)
            if exception is None:
                faults.append(
                    f"{name}, interaction {interaction.index}: {field} {ours!r:.200}, SDK {theirs!r:.200}"
                )
            else:
                used.add(exception)
                counts["excepted"] += 1
    if paths is None:
        faults += [
            f"the exception for {path}, {field} is not needed" for path, _, field in EXCEPTIONS.keys() - used
        ]
    return Outcome(counts, faults)


def exchanges_read_alike_with_places(paths: Iterable[Path] | None = None) -> Outcome:
    """Every exchange, read with places and without: the same values."""
    counts: Counter[str] = Counter()
    faults: list[str] = []
    for name, interaction in _interactions(paths):
        plain, placed = read_exchange(interaction), read_exchange(interaction, loads=traced)
        counts["exchanges" if plain else "others"] += 1
        if repr(_bare(plain)) != repr(_bare(placed)):  # as words, for NaN equals nothing
            faults.append(f"{name}, interaction {interaction.index}: not the same with places")
    return Outcome(counts, faults)


def _bare(exchange: Exchange | None) -> tuple[object, int]:
    """An exchange without the words of its problems, in which each JSON reader has its own."""
    return (exchange._replace(problems=()), len(exchange.problems)) if exchange else (None, 0)


def is_reply(exchange: Exchange, interaction: Interaction) -> bool:
    """Whether there is a reply that an SDK would return, not raise or refuse."""
    return exchange.streamed or (interaction.response.status == 200 and exchange.reply is not None)


def differences(
    exchange: Exchange, said: Content, oracle: Callable[[bytes], Reading]
) -> Iterator[tuple[str, object, object]]:
    """Where the exchange and the SDK's reading differ: field, ours, theirs."""
    try:
        theirs = oracle(said.bytes)
    except SdkError as error:
        yield "all", our_reading(exchange), str(error)
        return
    ours = our_reading(exchange)
    yield from (
        (field, one, other)
        for field, one, other in zip(Reading._fields, ours, theirs, strict=True)
        if one != other
    )


def our_reading(exchange: Exchange) -> Reading:
    reply, usage = exchange.reply, exchange.answer.usage
    written = exchange.dialect.startswith("openai-")
    calls = reply.tool_calls if reply else ()
    return Reading(
        reply.text if reply else "",
        reply.reasoning if reply else "",
        [(call.id, call.name, call.raw_arguments if written else call.arguments) for call in calls],
        exchange.answer.finish_reason,
        (usage.input_tokens, usage.output_tokens) if usage else None,
    )


def _interactions(paths: Iterable[Path] | None) -> Iterator[tuple[str, Interaction]]:
    for path in files() if paths is None else paths:
        cassette = _cassette(path)
        if cassette:
            yield from ((name_of(path), interaction) for interaction in cassette.interactions)


def _cassette(path: Path) -> Cassette | None:
    try:
        return read_cassette(Document(name_of(path), path.read_bytes()))
    except CassetteError:
        return None  # what is no cassette, and what is broken, is another proof's business


def _exception(name: str, interaction: int, field: str) -> tuple[str, int, str] | None:
    keys = (key for key in EXCEPTIONS if name.endswith(key[0]) and key[1:] == (interaction, field))
    return next(keys, None)


if __name__ == "__main__":
    for proof in (replies_read_as_the_sdks_read_them, exchanges_read_alike_with_places):
        outcome = proof()
        print(f"{proof.__name__.replace('_', ' ')}: {outcome}", *outcome.faults, sep="\n  ")

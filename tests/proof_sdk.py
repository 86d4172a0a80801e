"""Every recorded chat reply beside what its vendor's own SDK makes of the same bytes."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

from cassette_cli.errors import CassetteError
from cassette_cli.llm import read_exchange
from cassette_cli.llm.messages import Exchange
from cassette_cli.model import Cassette, Interaction
from cassette_cli.recorders import read_cassette
from cassette_cli.source.document import Document
from cassette_cli.wire.body import Content, Kind, read_content, traced
from tests import oracles
from tests.corpus import name_of
from tests.oracles import Reading, SdkError
from tests.proof import Outcome
from tests.recorders import oracle as vcrpy

_Field: TypeAlias = tuple[str, int, str]  # the end of a path, an interaction, a field of the reading

EXCEPTIONS: dict[_Field, str] = {  # why a field may differ
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


def replies_read_as_the_sdks_read_them(paths: Iterable[Path]) -> Outcome:
    """The text, reasoning, tool calls, finish reason and usage of every reply that an SDK can read."""
    outcome, needed, used = Outcome(Counter(), []), set[_Field](), set[_Field]()
    for name, interaction in _interactions(paths):
        said = read_content(interaction.response)
        exchange = read_exchange(interaction, said=said)
        oracle = ORACLES.get((exchange.dialect, said.kind)) if exchange else None
        if exchange is None or oracle is None or not is_reply(exchange, interaction):
            continue
        outcome.counts[f"{exchange.dialect} {'streamed' if exchange.streamed else 'whole'}"] += 1
        known = {key for key in EXCEPTIONS if name.endswith(key[0]) and key[1] == interaction.index}
        needed |= known
        for field, ours, theirs in differences(exchange, said, oracle):
            if excepted := {key for key in known if key[2] == field}:
                used |= excepted
                outcome.counts["excepted"] += 1
                continue
            where = f"{name}, interaction {interaction.index}"
            outcome.faults.append(f"{where}: {field} {ours!r:.200}, SDK {theirs!r:.200}")
    outcome.faults.extend(f"{path}: {field} needs no exception" for path, _, field in needed - used)
    return outcome


def exchanges_read_alike_with_places(paths: Iterable[Path]) -> Outcome:
    """Every exchange, read with places and without: the same values."""
    outcome = Outcome(Counter(), [])
    for name, interaction in _interactions(paths):
        plain, placed = read_exchange(interaction), read_exchange(interaction, loads=traced)
        outcome.counts["exchanges" if plain else "other interactions"] += 1
        if repr(_bare(plain)) != repr(_bare(placed)):  # as words, for NaN equals nothing
            outcome.faults.append(f"{name}, interaction {interaction.index}: not the same with places")
    return outcome


def cassettes_read_as_vcrpy_reads_them(paths: Iterable[Path]) -> Outcome:
    """Every interaction of the files that vcrpy's own reader loads."""
    outcome = Outcome(Counter(), [])
    for path in paths:
        cassette = _cassette(path)
        if cassette is None or cassette.recorder != "vcrpy":
            continue
        if reason := vcrpy.excluded(cassette):
            outcome.counts[f"not compared: {reason}"] += 1
            continue
        outcome.counts["files"] += 1
        outcome.counts["interactions"] += len(cassette.interactions)
        outcome.faults.extend(f"{name_of(path)}, {line}" for line in vcrpy.differences(cassette))
    return outcome


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


def _interactions(paths: Iterable[Path]) -> Iterator[tuple[str, Interaction]]:
    for path in paths:
        cassette = _cassette(path)
        if cassette:
            yield from ((name_of(path), interaction) for interaction in cassette.interactions)


def _cassette(path: Path) -> Cassette | None:
    try:
        return read_cassette(Document(str(path), path.read_bytes()))
    except CassetteError:
        return None  # what is no cassette, and what is broken, is another proof's business


PROOFS: tuple[Callable[[Iterable[Path]], Outcome], ...] = (
    cassettes_read_as_vcrpy_reads_them,
    replies_read_as_the_sdks_read_them,
    exchanges_read_alike_with_places,
)

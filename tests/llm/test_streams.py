"""Streams read whole, cut at every place, and with strangers in between."""

import json
from collections.abc import Callable

import pytest

from cassette_cli.llm import read_exchange
from cassette_cli.llm.messages import Exchange, Message, Prose, ToolCall
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.text import Joined, Text, rewrite
from cassette_cli.source.tree import Json
from cassette_cli.wire.body import traced
from tests.llm.exchanges import ANTHROPIC, STYLES, read, recorded, reread
from tests.llm.streams import STREAMS, Sample

samples = pytest.mark.parametrize("sample", STREAMS, ids=lambda sample: f"{sample.end_mark}-{sample.id}")


@samples
def test_a_stream_reads_as_its_reply(sample: Sample) -> None:
    exchange = read(sample.text, url=sample.url)
    assert exchange.dialect == ("anthropic-messages" if sample.url == ANTHROPIC else "openai-chat")
    assert exchange.streamed
    assert exchange.reply == Message("assistant", sample.parts)
    assert tuple(choice.parts for choice in exchange.answer.choices[1:]) == sample.others
    assert exchange.answer.finish_reason == sample.finish_reason
    assert exchange.answer.usage == sample.usage
    assert exchange.answer.error == sample.error
    assert exchange.model == sample.model
    assert exchange.complete == _is_complete(sample, sample.text)
    assert exchange.problems == ()


# -- cut -------------------------------------------------------------------------------------------


def _is_complete(sample: Sample, text: str) -> bool:
    """What `complete` promises, told from the text without the code under test."""
    events = text.replace("\r\n", "\n").split("\n\n")
    finished = False
    for number, event in enumerate(events):
        data = "\n".join(line[5:].removeprefix(" ") for line in event.split("\n") if line.startswith("data:"))
        if not data:
            continue
        try:
            value = data if data == "[DONE]" else json.loads(data)
        except ValueError:
            assert number == len(events) - 1
            return False
        finished = finished or _finishes(sample, value)
    return finished


def _finishes(sample: Sample, value: Json) -> bool:
    if sample.url != ANTHROPIC:
        choices = value["choices"] if isinstance(value, dict) and "choices" in value else []
        assert isinstance(choices, list)
        first = [choice for choice in choices if isinstance(choice, dict) and choice["index"] == 0]
        return value == "[DONE]" or any(choice.get("finish_reason") for choice in first)
    assert isinstance(value, dict)
    delta = value.get("delta")
    return value["type"] == "message_stop" or bool(isinstance(delta, dict) and delta.get("stop_reason"))


@samples
def test_a_stream_that_is_cut_behind_an_event_says_whether_it_is_complete(sample: Sample) -> None:
    ends = [place + 2 for place in range(len(sample.text)) if sample.text.startswith("\n\n", place)]
    ends += [place + 4 for place in range(len(sample.text)) if sample.text.startswith("\r\n\r\n", place)]
    for end in (0, *ends):
        _check_cut(sample, end)


@samples
def test_a_stream_that_is_cut_anywhere_says_whether_it_is_complete(sample: Sample) -> None:
    for end in range(1, len(sample.text), 7 if len(sample.text) < 1000 else 23):
        _check_cut(sample, end)


def _check_cut(sample: Sample, end: int) -> None:
    cut = sample.text[:end]
    exchange = read_exchange(recorded(cut, {"messages": []}, sample.url))
    assert exchange is not None
    if not exchange.streamed:
        assert cut == ""
        return
    assert exchange.complete == _is_complete(sample, cut), cut[-80:]
    said = any("the stream is cut" in problem for problem in exchange.problems)
    assert said == (not exchange.complete and (exchange.answer.error is None or _is_broken(exchange)))


def _is_broken(exchange: Exchange) -> bool:
    return "the stream is cut: its last event is broken off" in exchange.problems


# -- with strangers --------------------------------------------------------------------------------

STRANGERS: list[tuple[str, str]] = [
    ("comment", ": keep-alive\n\n"),
    ("unknown-type", 'event: novelty\ndata: {"type": "novelty", "delta": {"text": "no"}}\n\n'),
    ("unknown-fields", 'data: {"novelty": [1, {"text": "no"}]}\n\n'),
    ("null", "data: null\n\n"),
    ("list", "data: [1, 2]\n\n"),
    ("number", "data: 5\n\n"),
    ("words", 'data: "hello"\n\n'),
    ("empty-object", "data: {}\n\n"),
    ("no-json", "data: <html>\n\n"),
    ("deep", "data: " + "[" * 5000 + "\n\n"),
]


@samples
def test_an_unknown_event_anywhere_changes_nothing_else(sample: Sample) -> None:
    text = sample.text.replace("\r\n", "\n")
    events = text.split("\n\n")[:-1]
    expected = _known(read_exchange(recorded(text, {"messages": []}, sample.url)))
    for name, stranger in STRANGERS:
        for place in {0, len(events) // 2, len(events)}:
            parts = [event + "\n\n" for event in events]
            parts.insert(place, stranger)
            exchange = read_exchange(recorded("".join(parts), {"messages": []}, sample.url))
            assert _known(exchange) == expected, f"{name} at {place}"


def _known(exchange: Exchange | None) -> Exchange:
    """An exchange without what was odd."""
    assert exchange is not None
    return exchange._replace(problems=(), answer=exchange.answer._replace(problems=()))


@pytest.mark.parametrize(
    ("stranger", "problem"),
    [
        ('data: {"type": "novelty"}\n\n', "an event of an unknown type: novelty"),
        ('data: {"a": 1}\n\n', "an event of an unknown type: none"),
        ("data: <html>\n\n", "event 1 is no JSON"),
    ],
)
def test_a_stranger_in_an_anthropic_stream_is_told_once(stranger: str, problem: str) -> None:
    sample = next(sample for sample in STREAMS if sample.url == ANTHROPIC)
    start, behind, rest = sample.text.partition("\n\n")
    exchange = read(start + behind + stranger + rest, url=ANTHROPIC)
    assert exchange.problems == (problem,)


# -- out of order ----------------------------------------------------------------------------------


@samples
def test_events_in_any_order_do_not_raise(sample: Sample) -> None:
    events = [event + "\n\n" for event in sample.text.replace("\r\n", "\n").split("\n\n")[:-1]]
    for order in (
        events[::-1],
        events[1:],
        events[::2],
        events[1::2],
        events * 2,
        [*events[2:], *events[:2]],
    ):
        text = "".join(order) or ": nothing\n\n"
        for loads in (json.loads, traced):
            assert read_exchange(recorded(text, {"messages": []}, sample.url), loads=loads) is not None


def test_a_delta_before_its_block_is_a_problem() -> None:
    events = [
        '{"type": "message_start", "message": {"role": "assistant"}}',
        '{"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}}',
        '{"type": "content_block_delta", "index": -1, "delta": {"type": "text_delta", "text": "a"}}',
        '{"type": "content_block_delta", "index": 1e300, "delta": {"type": "text_delta", "text": "a"}}',
        '{"type": "content_block_delta", "delta": {"type": "text_delta", "text": "a"}}',
        '{"type": "message_stop"}',
    ]
    exchange = read("".join(f"data: {event}\n\n" for event in events), url=ANTHROPIC)
    assert exchange.reply == Message("assistant", ())
    assert len(exchange.problems) == 4
    assert exchange.problems[0] == "a delta for the content block 0, which was not started"


def test_blocks_without_a_message_start_are_read() -> None:
    sample = next(sample for sample in STREAMS if sample.url == ANTHROPIC)
    exchange = read(sample.text.partition("\n\n")[2], {"messages": []}, ANTHROPIC)
    assert exchange.reply == Message("assistant", sample.parts)
    assert exchange.complete


# -- places, and changes ---------------------------------------------------------------------------


@samples
@pytest.mark.parametrize("style", STYLES)
def test_every_word_of_a_reply_has_a_place(sample: Sample, style: str) -> None:
    exchange = read_exchange(recorded(_in_style(sample, style), url=sample.url, style=style), loads=traced)
    assert exchange is not None
    for choice in exchange.answer.choices:
        for part in choice.parts:
            if isinstance(part, Prose):
                assert isinstance(part.text, Text | Joined)
            elif isinstance(part, ToolCall) and part.raw_arguments and not part.server:
                assert isinstance(part.name, Text | Joined)
                written = isinstance(part.raw_arguments, Text | Joined)
                assert written or sample.id == "calls-with-arguments-as-values"


def _in_style(sample: Sample, style: str) -> str:
    return sample.text.replace("\r\n", "\n") if style == "literal" else sample.text


CHANGES: dict[str, Callable[[str], list[Edit]]] = {
    "noop": lambda _: [],
    "first-letter": lambda _: [Edit(0, 1, "X")],
    "in-front": lambda _: [Edit(0, 0, "new ")],
    "behind": lambda text: [Edit(len(text), len(text), " new")],
    "all": lambda text: [Edit(0, len(text), 'said "new"\n\u00e9\U0001f600')],
    "across-deltas": lambda text: [Edit(1, max(len(text) - 1, 1), "\u2026")],
    "several": lambda text: [Edit(i, i + 1, "<>") for i in range(0, len(text), 3)],
}


@samples
@pytest.mark.parametrize("style", STYLES)
def test_a_changed_reply_reads_as_changed_and_nothing_else_changes(sample: Sample, style: str) -> None:
    interaction = recorded(_in_style(sample, style), url=sample.url, style=style)
    exchange = read_exchange(interaction, loads=traced)
    assert exchange is not None
    assert exchange.reply is not None
    text = exchange.reply.text
    if not text:
        return
    assert isinstance(text, Text | Joined)
    for name, change in CHANGES.items():
        edits = change(text)
        again = read_exchange(reread(_edited(_document(text), text, edits)))
        assert again is not None
        assert again.reply is not None
        assert again.reply.text == splice(text, edits), name
        assert _without_text(again) == _without_text(exchange), name


def _edited(document: Document, text: Text | Joined, edits: list[Edit]) -> Document:
    spelt = rewrite([(text, edits)]).get(document, [])
    return Document(document.name, document.encode(splice(document.text, spelt)))


def _without_text(exchange: Exchange) -> Exchange:
    choices = list(exchange.answer.choices)
    kept = tuple(part for part in choices[0].parts if not (isinstance(part, Prose) and part.type == "text"))
    choices[0] = Message(choices[0].role, kept)
    return exchange._replace(answer=exchange.answer._replace(choices=tuple(choices)))


@samples
def test_changed_arguments_and_reasoning_read_as_changed(sample: Sample) -> None:
    exchange = read_exchange(recorded(sample.text, url=sample.url), loads=traced)
    assert exchange is not None
    assert exchange.reply is not None
    for number, part in enumerate(exchange.reply.parts):
        text = (
            part.raw_arguments if isinstance(part, ToolCall) else part.text if isinstance(part, Prose) else ""
        )
        if not isinstance(text, Text | Joined) or not text:
            continue
        document = _document(text)
        changed = _edited(document, text, [Edit(0, 1, "{new"), Edit(len(text), len(text), "\n")])
        again = read_exchange(reread(changed))
        assert again is not None
        assert again.reply is not None
        other = again.reply.parts[number]
        wanted = "{new" + text[1:] + "\n"
        assert (
            other.raw_arguments if isinstance(other, ToolCall) else getattr(other, "text", None)
        ) == wanted
        assert [*again.reply.parts[:number], *again.reply.parts[number + 1 :]] == [
            *exchange.reply.parts[:number], *exchange.reply.parts[number + 1 :]
        ]  # fmt: skip


def _document(text: Text | Joined) -> Document:
    while isinstance(text, Joined):
        text = next(piece for piece in text.pieces if isinstance(piece, Text | Joined))
    return text.document

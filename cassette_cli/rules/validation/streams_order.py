"""The events of a stream against the order that its API gives them, as one grammar a dialect.

A reply starts and ends; in between blocks are opened, added to and closed, each known by its index. Sources:
https://docs.anthropic.com/en/api/messages-streaming,
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html,
https://platform.openai.com/docs/api-reference/responses-streaming, https://docs.cohere.com/docs/streaming
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, TypeAlias

from cassette_cli.llm.messages import as_object, count, objects
from cassette_cli.rules.validation.check import Problem
from cassette_cli.rules.validation.streams_events import DONE, STREAMS, Said, Stream, stream_of
from cassette_cli.selection import Reading

Key: TypeAlias = tuple[str, tuple[int, ...]]  # what a block is, and its indexes from the outermost on


class Grammar(NamedTuple):
    """The order of a dialect's events."""

    starts: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()  # what may come after the end
    before: tuple[str, ...] = ()  # what may come before the start
    opens: Mapping[str, str] = {}  # the events by the block that they open, add to or close
    adds: Mapping[str, str] = {}
    closes: Mapping[str, str] = {}
    indexes: Mapping[str, tuple[str, ...]] = {}  # the fields that number a block
    implied: tuple[str, ...] = ()  # the blocks that may begin with what adds to them
    loose: tuple[str, ...] = ()  # the blocks that may not be opened at all, and are numbered anyhow
    begins: bool = True  # a start is always sent


_CHAT = Grammar(ends=(DONE,), begins=False)
GRAMMARS: dict[str, Grammar] = {
    "anthropic-messages": Grammar(
        ("message_start",),
        ("message_stop",),
        (DONE, "ping"),
        ("ping",),
        {"content_block_start": "content block"},
        {"content_block_delta": "content block"},
        {"content_block_stop": "content block"},
        {"content block": ("index",)},
    ),
    "bedrock-converse": Grammar(
        ("messageStart",),
        ("messageStop",),
        ("metadata",),
        (),
        {"contentBlockStart": "content block"},
        {"contentBlockDelta": "content block"},
        {"contentBlockStop": "content block"},
        {"content block": ("contentBlockIndex",)},
        implied=("content block",),
    ),
    "cohere-chat": Grammar(
        ("message-start", "stream-start"),
        ("message-end", "stream-end"),
        (DONE,),
        (),
        {"content-start": "content block", "tool-call-start": "tool call"},
        {"content-delta": "content block", "tool-call-delta": "tool call"},
        {"content-end": "content block", "tool-call-end": "tool call"},
        {"content block": ("index",), "tool call": ("index",)},
    ),
    "gemini-interactions": Grammar(
        ("interaction.start", "interaction.created"),
        ("interaction.complete", "interaction.completed"),
        (DONE, "done"),
        (),
        {"step.start": "step", "content.start": "content"},
        {"step.delta": "step", "content.delta": "content"},
        {"step.stop": "step", "content.stop": "content"},
        {"step": ("index",), "content": ("index",)},
    ),
    "openai-responses": Grammar(
        ("response.created",),
        ("response.completed", "response.incomplete", "response.failed"),
        (DONE,),
        ("keepalive",),
        {
            "response.output_item.added": "output item",
            "response.content_part.added": "content part",
            "response.reasoning_summary_part.added": "summary part",
        },
        {
            "response.output_text.delta": "content part",
            "response.output_text.done": "content part",
            "response.refusal.delta": "content part",
            "response.refusal.done": "content part",
            "response.reasoning_text.delta": "content part",
            "response.reasoning_text.done": "content part",
            "response.reasoning_summary_text.delta": "summary part",
            "response.reasoning_summary_text.done": "summary part",
            "response.function_call_arguments.delta": "output item",
            "response.function_call_arguments.done": "output item",
            "response.custom_tool_call_input.delta": "output item",
            "response.custom_tool_call_input.done": "output item",
            "response.mcp_call_arguments.delta": "output item",
            "response.mcp_call_arguments.done": "output item",
            "response.code_interpreter_call_code.delta": "output item",
            "response.code_interpreter_call_code.done": "output item",
        },
        {
            "response.output_item.done": "output item",
            "response.content_part.done": "content part",
            "response.reasoning_summary_part.done": "summary part",
        },
        {
            "output item": ("output_index",),
            "content part": ("output_index", "content_index"),
            "summary part": ("output_index", "summary_index"),
        },
        loose=("content part", "summary part"),  # by vLLM and what is built on it
        begins=False,
    ),
    "openai-chat": _CHAT,
    "openai-completions": _CHAT,
    "mistral-chat": _CHAT,
}


_LEFT_OPEN = ("mcp_list_tools",)  # OpenAI closes only the last of several


class Fault(NamedTuple):
    """What is wrong with the order of a stream: the rule that says so, and its problem."""

    rule: str
    problem: Problem


class _Walk:
    """A stream as it goes by: what is open, and what has been."""

    def __init__(self, grammar: Grammar) -> None:
        self.grammar = grammar
        self.started: str | None = None
        self.ended: str | None = None
        self.open: dict[Key, Said] = {}
        self.closed: set[Key] = set()
        self._next: dict[Key, int] = {}

    def step(self, said: Said) -> Iterator[Fault]:
        """What is wrong with the next event."""
        grammar, kind = self.grammar, said.kind
        if self.ended and kind not in grammar.behind:
            yield _misplaced(said, f"comes after {self.ended}", "after the end")
        elif kind in grammar.starts:
            if self.started:
                yield _misplaced(said, "begins the stream a second time", "second start")
            self.started = kind
        elif not self.started and grammar.begins and kind not in grammar.before:
            self.started = grammar.starts[0]
            yield _misplaced(said, f"comes before {grammar.starts[0]}", "before the start")
        if kind in grammar.ends:
            self.ended = kind
        if key := self._key(said, grammar.opens):
            yield from self._opened(key, said)
        elif key := self._key(said, grammar.adds):
            yield from self._touched(key, said)
        elif key := self._key(said, grammar.closes):
            yield from self._touched(key, said, closes=True)
            self.open.pop(key, None)
            self.closed.add(key)

    def _key(self, said: Said, events: Mapping[str, str]) -> Key | None:
        block = events.get(said.kind)
        if block is None:
            return None
        numbers = [count(said.value.get(field)) for field in self.grammar.indexes[block]]
        found = tuple(number for number in numbers if number is not None)
        return (block, found) if len(found) == len(numbers) else None

    def _opened(self, key: Key, said: Said) -> Iterator[Fault]:
        block, numbers = key
        if key in self.open or key in self.closed:
            yield _misplaced(said, f"opens {_name(key)} a second time", "opened before")
        scope = block, numbers[:-1]
        expected = self._next.get(scope, 0)
        if numbers[-1] > expected and block not in self.grammar.loose:
            field = self.grammar.indexes[block][-1]
            message = (
                f"the {block} at event {said.number} has the index {numbers[-1]}, but the next is {expected}"
            )
            yield Fault("skipped-index", said.problem(message, f"/{field}", f"expected {expected}"))
        self._next[scope] = max(expected, numbers[-1] + 1)
        self.open[key] = said

    def _touched(self, key: Key, said: Said, *, closes: bool = False) -> Iterator[Fault]:
        if key in self.closed:
            yield _misplaced(said, f"belongs to {_name(key)}, which is closed already", "closed before")
        elif key not in self.open:
            if key[0] in self.grammar.implied and not closes:
                yield from self._opened(key, said)
            elif key[0] not in self.grammar.loose:
                yield _misplaced(said, f"belongs to {_name(key)}, which was never opened", "never opened")


def _name(key: Key) -> str:
    block, numbers = key
    return f"{block} {'.'.join(map(str, numbers))}"


def _misplaced(said: Said, fault: str, note: str) -> Fault:
    name = said.kind or "a chunk"
    return Fault("misplaced-event", said.problem(f"event {said.number}, {name}, {fault}", note=note))


def faults(stream: Stream) -> Iterator[Fault]:
    """All that is wrong with the order of a stream."""
    grammar = GRAMMARS.get(stream.form)
    if grammar is None:
        return
    walk = _Walk(grammar)
    for said in stream.events:
        yield from walk.step(said)
    for key, said in walk.open.items() if walk.ended else ():
        if as_object(said.value.get("item")).get("type") in _LEFT_OPEN:
            continue
        message = f"{_name(key)}, opened by event {said.number}, is never closed"
        yield Fault("unclosed-block", said.problem(message, note="never closed"))
    if stream.form == "openai-responses":
        yield from _sequence(stream)
    elif grammar is _CHAT:
        yield from _calls(stream)


def _sequence(stream: Stream) -> Iterator[Fault]:
    """Events of a Responses stream whose number does not follow that of the one before."""
    last: int | None = None
    for said in stream.events:
        number = count(said.value.get("sequence_number"))
        if number is not None and last is not None and number != last + 1:
            message = f"the sequence number of event {said.number} is {number}, but the one before has {last}"
            rule = "skipped-index" if number > last else "misplaced-event"
            yield Fault(rule, said.problem(message, "/sequence_number", f"expected {last + 1}"))
        last = number if number is not None else last


def _calls(stream: Stream) -> Iterator[Fault]:
    """Streamed tool calls of a choice whose index jumps."""
    expected: dict[int, int] = {}
    for said in stream.events:
        for place, choice in enumerate(objects(said.value.get("choices"))):
            calls = as_object(choice.get("delta")).get("tool_calls")
            for position, call in enumerate(objects(calls)):
                number, index = count(call.get("index")), count(choice.get("index")) or 0
                following = expected.get(index, 0)
                if number is not None and number > following:
                    pointer = f"/choices/{place}/delta/tool_calls/{position}/index"
                    message = f"a tool call has the index {number}, but the next one is {following}"
                    yield Fault("skipped-index", said.problem(message, pointer, f"expected {following}"))
                expected[index] = max(following, (number or 0) + 1)


def first(reading: Reading, rule: str) -> Iterator[Problem]:
    """The first fault that one rule finds in a reply."""
    stream = stream_of(reading)
    if stream is not None:
        yield from [fault.problem for fault in faults(stream) if fault.rule == rule][:1]


def is_sound(reading: Reading) -> bool:
    """Whether a reply is no stream, or is a whole one whose events are all there and in order."""
    if reading.said.kind not in STREAMS or reading.exchange is None:
        return True
    stream = stream_of(reading)
    return stream is not None and next(faults(stream), None) is None

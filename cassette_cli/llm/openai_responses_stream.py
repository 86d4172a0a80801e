"""The events of a Responses stream, folded into the response that a whole reply would have been.

The last event brings the response whole, and that is what counts, as with OpenAI's SDK. Where it is
missing, or came without its items (as ChatGPT's own backend sends it), the items are put together
from their events. https://platform.openai.com/docs/api-reference/responses-streaming
"""

from collections.abc import Iterable
from typing import NamedTuple

from cassette_cli.llm.messages import (
    Event,
    Object,
    ProviderError,
    as_object,
    as_text,
    count,
    joined,
    objects,
    text_or_none,
)
from cassette_cli.llm.openai_chat import provider_error
from cassette_cli.source.tree import Json

_SNAPSHOTS = ("response.created", "response.queued", "response.in_progress")
_ENDINGS = ("response.completed", "response.incomplete", "response.failed")
_ITEMS = ("response.output_item.added", "response.output_item.done")
_DELTAS = {  # of which item, in which of its lists a part of which type; or which field of the item itself
    "response.output_text.delta": ("message", "content", "output_text"),
    "response.refusal.delta": ("message", "content", "refusal"),
    "response.reasoning_text.delta": ("reasoning", "content", "reasoning_text"),
    "response.reasoning_summary_text.delta": ("reasoning", "summary", "summary_text"),
    "response.function_call_arguments.delta": ("function_call", "", "arguments"),
    "response.mcp_call_arguments.delta": ("mcp_call", "", "arguments"),
    "response.custom_tool_call_input.delta": ("custom_tool_call", "", "input"),
    "response.code_interpreter_call_code.delta": ("code_interpreter_call", "", "code"),
}
_STATES = frozenset(  # last words of events that tell how an item is getting on; the item itself comes whole
    (
        *("added", "done", "completed", "failed"),
        *("queued", "in_progress", "searching", "generating", "interpreting", "calling", "compacting"),
        "partial_image",
    )
)
_QUIET = ("keepalive", "response.shell_call_command.delta", "response.shell_call_output_content.delta")


def is_response(value: Object) -> bool:
    """Whether a whole reply is a response, a compacted one, or the count of one's tokens."""
    kind = as_text(value.get("object"))
    return kind == "response" or kind.startswith("response.")


class Stream:
    """A response as its events, or a whole reply's one value, tell it."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.response: Object = {}
        self.error: ProviderError | None = None
        self.problems: dict[str, None] = {}
        self.ended = False
        self._items: dict[int, _OpenItem] = {}
        for name, value in events:
            self._add(name, as_object(value))

    @property
    def output(self) -> list[Object]:
        """The response's items: its own, or those that were streamed."""
        whole = objects(self.response.get("output")) if self.ended else []
        return whole or [self._items[index].close() for index in sorted(self._items)]

    def _add(self, name: str, event: Object) -> None:
        kind = as_text(event.get("type")) or name
        index = count(event.get("output_index")) or 0
        if kind in _SNAPSHOTS or kind in _ENDINGS:
            self._take(as_object(event.get("response")), ended=kind in _ENDINGS)
        elif kind in _ITEMS:
            if item := as_object(event.get("item")):
                self._items[index] = _OpenItem(item, done=kind.endswith(".done"))
        elif kind in _DELTAS:
            type_, list_, part = _DELTAS[kind]
            self._items.setdefault(index, _OpenItem({"type": type_})).add(event, list_, part)
        elif kind == "response.output_text.annotation.added" and index in self._items:
            self._items[index].annotate(event)
        elif not name and is_response(event):
            self._take(event, ended=True)
        elif kind == "error" or event.get("error"):
            fault = ProviderError(text_or_none(event.get("code")), as_text(event.get("message")))
            self.error = provider_error(event) or fault
        elif event and kind not in _QUIET and kind.rpartition(".")[2] not in _STATES:
            self.problems[f"an event of an unknown type: {kind or 'none'}"] = None

    def _take(self, response: Object, *, ended: bool) -> None:
        self.response, self.ended = response, ended
        self.error = provider_error(response) or self.error


class _OpenItem:
    """An output item while its deltas come in."""

    def __init__(self, item: Object, *, done: bool = False) -> None:
        self._item = item
        self._done = done  # what comes late adds nothing
        self._texts: dict[str, list[str]] = {}
        self._lists: dict[str, dict[int, _OpenPart]] = {}

    def add(self, event: Object, list_: str, part: str) -> None:
        delta = as_text(event.get("delta"))
        if list_:
            self._part(event, list_, part).pieces.append(delta)
        else:
            self._texts.setdefault(part, [as_text(self._item.get(part))]).append(delta)

    def annotate(self, event: Object) -> None:
        self._part(event, "content", "output_text").notes.append(event.get("annotation"))

    def _part(self, event: Object, list_: str, type_: str) -> "_OpenPart":
        number = count(event.get("content_index", event.get("summary_index"))) or 0
        return self._lists.setdefault(list_, {}).setdefault(number, _OpenPart(type_, [], []))

    def close(self) -> Object:
        """The item with what was added to it."""
        texts: Object = {field: joined(pieces) for field, pieces in self._texts.items()}
        lists: Object = {
            key: [parts[number].close() for number in sorted(parts)] for key, parts in self._lists.items()
        }
        return self._item if self._done else self._item | texts | lists


class _OpenPart(NamedTuple):
    """A numbered part of an item while its deltas come in."""

    type: str
    pieces: list[str]
    notes: list[Json]

    def close(self) -> Object:
        field = "refusal" if self.type == "refusal" else "text"
        return {"type": self.type, field: joined(self.pieces), "annotations": self.notes}

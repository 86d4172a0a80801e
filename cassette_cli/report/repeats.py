"""Which messages an interaction repeats: a conversation is told once, however often it is sent anew."""

from collections.abc import Iterable, Iterator

from cassette_cli.llm.messages import Item, Message, Part, Prose, ToolCall, ToolResult


class Told:
    """The messages of the interactions so far, replies included."""

    def __init__(self) -> None:
        self._told: list[tuple[int, tuple[Message, ...]]] = []

    def add(self, number: int, messages: tuple[Message, ...]) -> None:
        self._told.append((number, messages))

    def fold(self, messages: tuple[Message, ...]) -> tuple[int, int, str]:
        """How many first messages an earlier interaction showed already, which one, and what differs."""
        best, source, notes = 0, -1, ""
        keys = [_key(message) for message in messages]
        for index, told in self._told:
            same = 0
            for key, message in zip(keys, told, strict=False):
                if key != _key(message):
                    break
                same += 1
            if same > best:
                best, source = same, index
                pairs = zip(told[:same], messages[:same], strict=True)
                notes = "".join(sorted({note for pair in pairs for note in _differences(*pair)}))
        return best, source, notes


def _key(message: Message) -> object:
    """Role, text, calls and results: two messages with the same key are one to a reader."""
    return message.role, tuple(_part_keys(message.parts))


def _part_keys(parts: Iterable[Part]) -> Iterator[object]:
    text = "".join(part.text for part in parts if isinstance(part, Prose) and part.type == "text")
    if text.strip():
        yield text.strip()
    for part in parts:
        if isinstance(part, ToolCall):
            yield part.id, part.name, repr(part.arguments)
        elif isinstance(part, ToolResult):
            yield part.tool_call_id, part.is_error, tuple(_part_keys(part.parts))
        elif not isinstance(part, Prose | Item):
            yield repr(part)


def _differences(told: Message, now: Message) -> Iterator[str]:
    """What a message with the same key has lost or changed all the same."""
    if told.reasoning != now.reasoning:
        yield ", with other reasoning" if now.reasoning else ", without the reasoning"
    if _citations(told) != _citations(now):
        yield ", with other citations" if _citations(now) else ", without the citations"
    if told.text != now.text:
        yield ", with other blanks"


def _citations(message: Message) -> list[Part]:
    return [part for part in message.parts if isinstance(part, Item) and part.type == "citation"]

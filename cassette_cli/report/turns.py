"""Messages as the turns of a talk: texts, calls with their results, citations as footnotes.

What belongs together is brought together here, once, for every report that shows a conversation.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias

from cassette_cli.llm.messages import Item, Message, Object, Part, Prose, ToolCall, ToolResult
from cassette_cli.report import words
from cassette_cli.source.tree import Json


class Answered(NamedTuple):
    """A tool call with its result, wherever in the messages that stands."""

    call: ToolCall
    result: ToolResult


class Footnote(NamedTuple):
    """What a number in the text before it stands for."""

    number: int
    source: str


Piece: TypeAlias = Part | Answered | Footnote


class Turn(NamedTuple):
    """What one message adds to what was told; without pieces, an empty message."""

    role: str
    pieces: tuple[Piece, ...]


def turns(messages: Iterable[Message]) -> Iterator[Turn]:
    """The messages, with the result of each tool call beside the call where both are among them.

    A message of such results alone makes no turn.
    """
    messages = tuple(messages)
    results = {
        part.tool_call_id: part
        for message in messages
        for part in message.parts
        if isinstance(part, ToolResult) and part.tool_call_id
    }
    answered: set[str | None] = set()
    for message in messages:
        pieces: list[Piece] = []
        for piece in _with_footnotes(message.parts):
            if isinstance(piece, ToolCall) and piece.id is not None and piece.id in results:
                answered.add(piece.id)
                pieces.append(Answered(piece, results[piece.id]))
            elif not (isinstance(piece, ToolResult) and piece.tool_call_id in answered):
                pieces.append(piece)
        if pieces or not message.parts:
            yield Turn(message.role, tuple(pieces))


def split_arguments(arguments: Object) -> tuple[Object, dict[str, str]]:
    """The arguments of a call that are short, and the texts of several lines among them."""
    long = {key: text for key, text in arguments.items() if isinstance(text, str) and "\n" in text}
    return {key: value for key, value in arguments.items() if key not in long}, long


def _with_footnotes(parts: tuple[Part, ...]) -> Iterator[Part | Footnote]:
    """The parts, with the citations in a text as numbers, and their sources behind it, each once."""
    pieces: list[str] = []
    sources: dict[str, int] = {}

    def flush() -> Iterator[Part | Footnote]:
        if pieces:
            yield Prose("text", "".join(pieces))
        for source, number in sources.items():
            yield Footnote(number, source)
        pieces.clear()
        sources.clear()

    for part in parts:
        if isinstance(part, Prose) and part.type == "text":
            pieces.append(part.text)
        elif isinstance(part, Item) and part.type == "citation":
            number = sources.setdefault(item_words(part), len(sources) + 1)
            pieces.append(f" [{number}]" if pieces else "")
        else:
            yield from flush()
            yield part
    yield from flush()


# -- parts in words --------------------------------------------------------------------------------


def item_words(item: Item) -> str:
    """A part of another kind in a few words; a citation by its title and URL."""
    fields = item.fields
    inner = fields.get("url_citation")
    source = inner if isinstance(inner, dict) else fields
    shown = [source[key] for key in ("title", "document_title", "url", "uri") if source.get(key)]
    told = " · ".join(words.one_line(str(value), 100) for value in shown)
    if item.type == "citation":
        return told or _quoted(fields) or words.one_line(words.compact(fields), 200)
    return ", ".join([item.type, *(f"{key} {value_words(value)}" for key, value in fields.items())])


def _quoted(fields: dict[str, Json]) -> str:
    """Of a citation without a title, the words that it stands behind, and what they are from."""
    text = fields.get("cited_text", fields.get("text"))
    sources = fields.get("document_ids", fields.get("sources"))
    names = [_source_name(source) for source in sources] if isinstance(sources, list) else []
    shown = [f"“{words.one_line(text, 100)}”"] if isinstance(text, str) and text else []
    return " · ".join([*shown, ", ".join(filter(None, names))]).removesuffix(" · ")


def _source_name(source: Json) -> str:
    inner = source.get("document") if isinstance(source, dict) else None
    fields = {**(source if isinstance(source, dict) else {}), **(inner if isinstance(inner, dict) else {})}
    name = fields.get("title") or fields.get("id") or source
    return words.one_line(name, 60) if isinstance(name, str) else ""


def value_words(value: Json, most: int | None = 60) -> str:
    """A setting's value on one line."""
    return words.one_line(value if isinstance(value, str) else words.compact(value), most)

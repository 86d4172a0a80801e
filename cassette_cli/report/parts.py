"""Messages and their parts as rows: texts, calls with their results, media, citations as footnotes."""

from collections.abc import Iterable, Iterator

from cassette_cli.llm.messages import Item, Media, Message, Part, Prose, ToolCall, ToolResult, Unknown
from cassette_cli.report import words
from cassette_cli.report.rows import LONGEST_TEXT, Rows
from cassette_cli.source.tree import Json

LONGEST_UNKNOWN = 300
_FOOTNOTE = "footnote"
_OWN_LABELS = {"reasoning": "thought", "refusal": "warn"}  # prose that is no plain text, and its style


def write_messages(rows: Rows, messages: Iterable[Message]) -> None:
    """The messages, with the result of each tool call beside the call where both are among them."""
    messages = tuple(messages)
    results = {
        part.tool_call_id: part
        for message in messages
        for part in message.parts
        if isinstance(part, ToolResult) and part.tool_call_id
    }
    writer = _Writer(rows, results)
    for message in messages:
        writer.message(message)


class _Writer:
    def __init__(self, rows: Rows, results: dict[str, ToolResult]) -> None:
        self.rows = rows
        self._results = results
        self._answered: set[str] = set()

    def message(self, message: Message) -> None:
        label, written = message.role, False
        for part in _with_footnotes(message.parts):
            if isinstance(part, ToolResult) and part.tool_call_id in self._answered:
                written = True
                continue
            self.part("" if written else label, part)
            written = written or not (isinstance(part, Prose) and part.type in _OWN_LABELS)
            if isinstance(part, ToolCall) and part.id is not None and part.id in self._results:
                self._answered.add(part.id)
                self._result("", self._results[part.id], beside=True)
        if not message.parts:
            self.rows.row(label, "(empty)", "dim")

    def part(self, label: str, part: Part, mark: str = "", right: str | None = None) -> None:
        rows = self.rows
        match part:
            case Prose():
                own = part.type in _OWN_LABELS
                rows.text(
                    part.type if own else label,
                    part.text,
                    _OWN_LABELS.get(part.type, ""),
                    mark=mark,
                    right=right,
                )
            case ToolCall():
                self._call(label, part)
            case ToolResult():
                self._result(label, part)
            case Media():
                rows.row(label, mark + words.media(part), "dim", right=right)
            case Item() if part.type == _FOOTNOTE:
                rows.row("", f"[{part.fields['number']}] {part.fields['source']}", "dim", deeper=4)
            case Item():
                rows.row(label, f"{mark}[{item_words(part)}]", "dim", right=right)
            case Unknown():
                rows.row(
                    label, f"{mark}unknown {rows.clip(words.compact(part.raw), LONGEST_UNKNOWN)}", "warn"
                )

    def _call(self, label: str, call: ToolCall) -> None:
        rows, arguments = self.rows, call.arguments
        arrow = "⇒" if call.server else "→"
        if not isinstance(arguments, dict):
            text = rows.clip(f"{arrow} {call.name}({words.shrink(call.raw_arguments)})", LONGEST_TEXT)
            rows.row(label, text, "call", right=call.id)
            if arguments is None and call.raw_arguments.lstrip().startswith("{"):
                rows.row("", "the arguments are no JSON", "warn")
            return
        long = {key: text for key, text in arguments.items() if isinstance(text, str) and "\n" in text}
        short = ", ".join(
            f"{key}={words.compact(value)}" for key, value in arguments.items() if key not in long
        )
        text = f"{arrow} {call.name}({short}{', ' if short and long else ''}{'…' if long else ''})"
        rows.row(label, rows.clip(text, LONGEST_TEXT), "call", right=call.id, deeper=2)
        for key, text in long.items():
            rows.row("", f"  {key}:", "call")
            rows.text("", text, mark="    ")

    def _result(self, label: str, result: ToolResult, *, beside: bool = False) -> None:
        right = None if beside else result.tool_call_id
        mark = "✗ " if result.is_error else "⇐ " if result.server else "← "
        if not result.parts:
            self.rows.row(label, f"{mark}(empty)", "bad" if result.is_error else "dim", right=right)
        for place, part in enumerate(result.parts):
            self.part("" if place else label, part, "  " if place else mark, None if place else right)


def _with_footnotes(parts: tuple[Part, ...]) -> Iterator[Part]:
    """The parts, with the citations in a text as numbers, and their sources behind it, each once."""
    pieces: list[str] = []
    sources: dict[str, int] = {}

    def flush() -> Iterator[Part]:
        if pieces:
            yield Prose("text", "".join(pieces))
        for source, number in sources.items():
            yield Item(_FOOTNOTE, {"number": number, "source": source})
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

"""The pieces of a turn as rows: texts, calls with their results, media, footnotes."""

from cassette_cli.llm.messages import Item, Media, Prose, ToolCall, ToolResult, Unknown
from cassette_cli.report import words
from cassette_cli.report.blocks import LONGEST_TEXT, LONGEST_UNKNOWN
from cassette_cli.report.rows import Rows
from cassette_cli.report.turns import Answered, Footnote, Piece, Turn, item_words, split_arguments

_OWN_LABELS = {"reasoning": "thought", "refusal": "warn"}  # prose that is no plain text, and its style


def write_turn(rows: Rows, turn: Turn) -> None:
    """The pieces of a turn, the first one beside its role."""
    label = turn.role
    for piece in turn.pieces:
        _piece(rows, label, piece)
        if not (isinstance(piece, Prose) and piece.type in _OWN_LABELS):
            label = ""
    if not turn.pieces:
        rows.row(label, "(empty)", "dim")


def _piece(rows: Rows, label: str, piece: Piece, mark: str = "", right: str | None = None) -> None:
    match piece:
        case Prose(type_, text):
            style = _OWN_LABELS.get(type_, "")
            rows.text(type_ if style else label, text, style, mark=mark, right=right)
        case Answered(call, result):
            _call(rows, label, call)
            _result(rows, "", result, beside=True)
        case ToolCall():
            _call(rows, label, piece)
        case ToolResult():
            _result(rows, label, piece)
        case Media():
            rows.row(label, mark + words.media(piece), "dim", right=right)
        case Footnote(number, source):
            rows.row("", f"[{number}] {source}", "dim", deeper=4)
        case Item():
            rows.row(label, f"{mark}[{item_words(piece)}]", "dim", right=right)
        case Unknown(raw):
            text = rows.view.clip(words.compact(raw), LONGEST_UNKNOWN)
            rows.row(label, f"{mark}unknown {text}", "warn")


def _call(rows: Rows, label: str, call: ToolCall) -> None:
    clip, arguments = rows.view.clip, call.arguments
    arrow = "⇒" if call.server else "→"
    if not isinstance(arguments, dict):
        text = clip(f"{arrow} {call.name}({words.shrink(call.raw_arguments)})", LONGEST_TEXT)
        rows.row(label, text, "call", right=call.id)
        if arguments is None and call.raw_arguments.lstrip().startswith("{"):
            rows.row("", "the arguments are no JSON", "warn")
        return
    few, long = split_arguments(arguments)
    short = ", ".join(f"{key}={words.compact(value)}" for key, value in few.items())
    text = f"{arrow} {call.name}({short}{', ' if short and long else ''}{'…' if long else ''})"
    rows.row(label, clip(text, LONGEST_TEXT), "call", right=call.id, deeper=2)
    for key, text in long.items():
        rows.row("", f"  {key}:", "call")
        rows.text("", text, mark="    ")


def _result(rows: Rows, label: str, result: ToolResult, *, beside: bool = False) -> None:
    right = None if beside else result.tool_call_id
    mark = "✗ " if result.is_error else "⇐ " if result.server else "← "
    if not result.parts:
        rows.row(label, f"{mark}(empty)", "bad" if result.is_error else "dim", right=right)
    for place, part in enumerate(result.parts):
        _piece(rows, "" if place else label, part, "  " if place else mark, None if place else right)

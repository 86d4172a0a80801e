"""`cassette show --format markdown`: cassettes for a comment on a pull request, or for an issue.

Whatever comes from a cassette stands in a code span or in a fence longer than any in it, where neither HTML
nor a mention, a link or a reference to an issue means anything. Without `full` it fits into a comment.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Self

from cassette_cli.errors import CassetteError
from cassette_cli.llm.messages import Item, Media, Prose, ToolCall, ToolResult, Unknown
from cassette_cli.model import Cassette
from cassette_cli.report import words
from cassette_cli.report.blocks import (
    LONGEST_BODY,
    LONGEST_FRAME,
    LONGEST_SETTINGS,
    LONGEST_TEXT,
    Block,
    Body,
    Closing,
    Facts,
    Failure,
    Frame,
    Head,
    Headers,
    Problem,
    Reply,
    Same,
    Settings,
    View,
)
from cassette_cli.report.teller import Teller, cassette_facts
from cassette_cli.report.terminal import wrap
from cassette_cli.report.turns import Answered, Footnote, Piece, Turn, item_words, split_arguments
from cassette_cli.selection import Reading
from cassette_cli.source.tree import Json
from cassette_cli.wire.body import Kind

LARGEST = 60_000  # characters; GitHub takes 65,536
_END = "</details>\n\n"
_WIDTH = 100  # columns: a fence does not wrap by itself


class Comment:
    """Takes cassettes one by one; `write` gives the comment out."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._pieces: list[str] = []
        self._size = self._left = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def add(self, cassette: Cassette, readings: list[Reading]) -> None:
        """Keep a cassette; what there is no room for is counted."""
        pen, teller = _Pen(self._view), Teller(self._view)
        name, facts = pen.code(cassette.document.name), pen.code(cassette_facts(cassette, readings))
        titled = self._put(f"### {name}\n\n{facts}\n\n")
        for reading in readings:
            opening = pen.opening(teller.head(reading), is_open=len(readings) == 1)
            if not titled or not self._put(opening):
                self._left += 1
                continue
            self._size += len(_END)
            if not all(self._put(piece) for block in teller.tell(reading) for piece in pen.block(block)):
                self._pieces.append("*… and more*\n\n")
            self._pieces.append(_END)

    def _put(self, piece: str) -> bool:
        """Keep a piece if there is room for it; behind one without room, nothing has any."""
        self._size += len(piece)
        if fits := self._view.full or self._size <= LARGEST:
            self._pieces.append(piece)
        return fits

    def write(self, out: Callable[[str], None], errors: Sequence[CassetteError] = ()) -> None:
        """Give the comment out, with what could not be read."""
        pen = _Pen(self._view)
        for error in errors[:20]:
            out(f"⚠️ {pen.code(str(error))}\n\n")
        text = "".join(self._pieces).rstrip("\n")
        out(f"{text}\n" if text else "No interactions.\n")
        if self._left:
            out(f"\n*… and {words.amount(self._left, 'more interaction')}*\n")


class _Pen:
    """Writes the blocks of an interaction as GitHub-flavoured Markdown, each complete in itself."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._mark = ""

    def opening(self, head: Head, *, is_open: bool) -> str:
        """The summary of a fold: HTML, in which `code` keeps a mention from being one."""
        self._mark = ""
        url = words.elide(head.url, 200)
        outcome = "".join(f" · {fact}" for fact in head.outcome if fact)
        line = f"<code>#{head.number} {escape(f'{head.method} {url}', quote=False)}</code>{outcome}"
        return f"<details{' open' if is_open else ''}><summary>{line}</summary>\n\n"

    def block(self, block: Block) -> Iterator[str]:
        match block:
            case Facts(text):
                yield f"{self.code(text)}\n\n"
            case Settings(line=line):
                yield f"{self.code(self.view.clip(line, LONGEST_SETTINGS))}\n\n"
            case Headers(side, pairs):
                text = "\n".join(f"{name}: {value}" for name, value in pairs)
                yield self._fold(f"{side} headers", self._fence(text, LONGEST_BODY))
            case Same(what, number, notes):
                yield f"*{what} as in* `#{number}`{notes}\n\n"
            case Turn(role, pieces):
                yield self._label(role) + ("" if pieces else "*(empty)*\n\n")
                for piece in pieces:
                    yield from self._piece(piece)
            case Reply():
                self._mark = "▸ "
            case Body(side, kind, text):
                fence = self._fence(text, LONGEST_BODY, "json" if kind is Kind.JSON else "text")
                yield self._label(side) + fence
            case Frame(direction, text, at):
                yield self._label(direction, at or "") + self._fence(text, LONGEST_FRAME)
            case Failure(text):
                yield f"{self._label('error')}{self._prose(text)}"
            case Problem(text):
                yield f"⚠️ {self.code(text)}\n\n"
            case Closing(text):
                yield f"{self.code(text)}\n\n"

    def _label(self, label: str, more: str = "") -> str:
        mark, self._mark = self._mark, ""
        told = f"**{label}**" if re.fullmatch(r"[A-Za-z]+(?: \d+)?", label) else self.code(label)
        return f"{mark}{told}{f' {more}' if more else ''}\n\n"

    # -- pieces of a turn --------------------------------------------------------------------------

    def _piece(self, piece: Piece) -> Iterator[str]:
        match piece:
            case Prose("reasoning", text):
                yield self._fold(f"reasoning, {words.amount(len(text), 'character')}", self._prose(text))
            case Prose(type_, text):
                yield ("⚠️ refusal\n\n" if type_ == "refusal" else "") + self._prose(text)
            case Answered(call, result):
                yield from self._call(call)
                yield from self._result(result)
            case ToolCall():
                yield from self._call(piece)
            case ToolResult():
                yield from self._result(piece, piece.tool_call_id)
            case Media():
                yield f"{self.code(words.media(piece)[1:-1])}\n\n"
            case Footnote(number, source):
                yield f"{self.code(f'[{number}] {source}')}\n\n"
            case Item():
                yield f"{self.code(item_words(piece))}\n\n"
            case Unknown(raw):
                yield f"⚠️ unknown\n\n{self._value(raw)}"

    def _call(self, call: ToolCall) -> Iterator[str]:
        id_ = f" {self.code(self.view.one_line(call.id, 60))}" if call.id else ""
        head = f"{'⇒' if call.server else '→'} {self.code(call.name)}{id_}\n\n"
        arguments = call.arguments
        if not isinstance(arguments, dict):
            fault = "⚠️ the arguments are no JSON\n\n" if arguments is None else ""
            yield f"{head}{self._fence(call.raw_arguments, LONGEST_BODY)}{fault}"
            return
        short, long = split_arguments(arguments)
        yield head + (self._value(short) if short else "")
        for key, text in long.items():
            yield f"{self.code(key)}\n\n{self._fence(text, LONGEST_TEXT)}"

    def _result(self, result: ToolResult, id_: str | None = None) -> Iterator[str]:
        told = "✗ failed" if result.is_error else "⇐ result" if result.server else "← result"
        shown = f" {self.code(self.view.one_line(id_, 60))}" if id_ else ""
        yield f"{told}{shown}{'' if result.parts else ' *(empty)*'}\n\n"
        for part in result.parts:
            yield from self._piece(part)

    # -- texts -------------------------------------------------------------------------------------

    def code(self, text: str) -> str:
        """Content on one line, as a code span."""
        line = self.view.one_line(text)
        ticks = "`" * (1 + _longest_run(line))
        pad = " " if line.startswith(("`", " ")) or line.endswith(("`", " ")) else ""
        return f"{ticks}{pad}{line}{pad}{ticks}" if line.strip() else "*(blank)*"

    def _value(self, value: Json) -> str:
        if isinstance(value, str):
            return self._fence(value, LONGEST_BODY)
        return self._fence(words.pretty(value), LONGEST_BODY, "json")

    def _prose(self, text: str) -> str:
        return self._fence(text, LONGEST_TEXT, width=_WIDTH)

    def _fence(self, text: str, most: int, language: str = "text", width: int | None = None) -> str:
        """Content in a fence, cut with a count."""
        shown, rest = self.view.seen(text, most)
        if not shown.strip():
            return "*(blank)*\n\n"
        lines = "\n".join(wrap(shown, width)) if width else shown
        fence = "`" * max(3, 1 + _longest_run(lines))
        more = f"*… {rest:,} more characters*\n\n" if rest else ""
        return f"{fence}{language}\n{lines}\n{fence}\n\n{more}"

    def _fold(self, summary: str, inner: str) -> str:
        return f"<details><summary>{summary}</summary>\n\n{inner}{_END}"


def _longest_run(text: str) -> int:
    """How many backticks stand in a row at most."""
    return max(map(len, re.findall("`+", text)), default=0)

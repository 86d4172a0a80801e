"""The blocks of an interaction as HTML.

Nothing of a cassette is markup: each text passes `text` or `_cut`, which mask it, make it visible and escape
it; no attribute holds any.
"""

from collections.abc import Iterator
from html import escape

from cassette_cli.llm.messages import Item, Media, Prose, Tool, ToolCall, ToolResult, Unknown
from cassette_cli.report import words
from cassette_cli.report.blocks import (
    LONGEST_BODY,
    LONGEST_FRAME,
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
from cassette_cli.report.turns import Answered, Footnote, Piece, Turn, item_words, split_arguments
from cassette_cli.source.jsontree import load_json
from cassette_cli.source.tree import Json

_SHORT = 60  # characters of a setting that needs no fold
_MANY = 40  # lines of a body from which on it is folded
_SIDES = {"user": "user", "sent": "user", "system": "system", "developer": "system", "tool": "tool"}


class Pen:
    """Writes the blocks of one cassette's interactions as HTML."""

    def __init__(self, view: View, file: str) -> None:
        self.view = view
        self.file = file

    def text(self, text: str) -> str:
        """Content on its way onto the page."""
        return escape(words.visible(self.view.masked(text)), quote=False)

    def path(self, text: str) -> str:
        """A path or URL, which breaks behind its slashes."""
        return self.text(text).replace("/", "/<wbr>").replace("/<wbr>/<wbr>", "//")

    def name(self, path: str) -> str:
        """A file's path, its folder less in sight than its name."""
        folder, slash, name = words.one_line(path).rpartition("/")
        return f"<span>{self.path(folder + slash)}</span>{self.text(name)}" if slash else self.text(name)

    def link(self, head: Head, *, cut: bool) -> str:
        """An interaction in the index."""
        target = f'<a href="#{self.file}-{head.number}">#{head.number}</a>'
        url = self.path(words.elide(head.url.partition("://")[2] or head.url, 90))
        return f"<li>{target} <b>{self.text(head.method)}</b> {url} {_status(head, cut=cut)}</li>"

    def article(self, head: Head, blocks: list[Block], *, cut: bool) -> Iterator[str]:
        """An interaction, under a heading that can be linked to."""
        name = f"{self.file}-{head.number}"
        anchor = f'<a href="#{name}">#{head.number}</a>'
        yield f'<article id="{name}">\n'
        yield f"<h3>{anchor} <b>{self.text(head.method)}</b> {self.path(head.url)}</h3>\n"
        facts = [_status(head, cut=cut), head.outcome[1]]
        facts += [self.text(block.text) for block in blocks if isinstance(block, Facts)]
        yield f"<p class=facts>{' · '.join(filter(None, facts))}</p>\n"
        yield from self._setup(blocks)
        replied = False
        for block in blocks:
            if isinstance(block, Reply):
                replied = True
                yield "<div class=reply>\n"
            else:
                yield from self._block(block)
        yield "</div>\n</article>\n" if replied else "</article>\n"

    def _block(self, block: Block) -> Iterator[str]:
        match block:
            case Same(what, number, told):
                where = f'<a href="#{self.file}-{number}">#{number}</a>'
                yield f"<p class=same>{what} as in {where}{told}</p>\n"
            case Turn(role, pieces):
                side = _SIDES.get(role.lower(), "assistant")
                yield f'<div class="turn {side}">\n<h4>{self.text(role)}</h4>\n'
                for piece in pieces:
                    yield from self._piece(piece)
                yield "</div>\n" if pieces else "<p class=dim>(empty)</p></div>\n"
            case Body(side, kind, text):
                lines = 1 + text.count("\n")
                more = f" · {lines:,} lines" if lines > _MANY else ""
                summary = f"<b>{side}</b> <small>{kind}{more}</small>"
                yield self._fold(summary, self._code(text, LONGEST_BODY), is_open=lines <= _MANY)
            case Frame(direction, text, at):
                when = f" <small>{at}</small>" if at else ""
                side = _SIDES.get(direction, "assistant")
                yield f'<div class="turn {side}">\n<h4>{self.text(direction)}{when}</h4>\n'
                yield f"{self._code(text, LONGEST_FRAME)}</div>\n"
            case Failure(text):
                yield f"<p class=problem><b>error</b> {self.text(text)}</p>\n"
            case Problem(text):
                yield f"<p class=problem>{self.text(text)}</p>\n"
            case Closing(text, cut_short):
                yield f'<p class="closing{" warn" if cut_short else ""}">{self.text(text)}</p>\n'

    def _setup(self, blocks: list[Block]) -> Iterator[str]:
        """The short settings, then the folds of the others, the tools and the headers."""
        short, folds = list[str](), list[str]()
        for block in blocks:
            match block:
                case Settings(params=params, tools=tools):
                    for key, value in params.items():
                        told = value if isinstance(value, str) else words.compact(value)
                        if len(told) <= _SHORT and "\n" not in told:
                            short.append(self._row(key, told))
                        else:
                            folds.append(self._fold(self.text(key), self._value(value)))
                    folds += self._tools(tools)
                case Headers(side, pairs):
                    rows = "".join(self._row(name, value) for name, value in pairs)
                    count = words.amount(len(pairs), f"{side} header")
                    folds.append(self._fold(count, f"<dl>\n{rows}</dl>\n"))
        yield f"<dl class=settings>\n{''.join(short)}</dl>\n" if short else ""
        yield f"<div class=folds>\n{''.join(folds)}</div>\n" if folds else ""

    def _tools(self, tools: tuple[Tool, ...]) -> Iterator[str]:
        if tools:
            names = ", ".join(self.view.one_line(tool.name, 40) for tool in tools)
            summary = f"{words.amount(len(tools), 'tool')} <small>{self.text(names)}</small>"
            yield self._fold(summary, "".join(map(self._tool, tools)))

    def _row(self, name: str, value: str) -> str:
        return f"<div><dt>{self.text(name)}</dt><dd>{self.text(value)}</dd></div>\n"

    def _tool(self, tool: Tool) -> str:
        description = self._prose(tool.description) if tool.description else ""
        parameters = self._value(tool.parameters) if tool.parameters else ""
        return f"<h4>{self.text(tool.name)}</h4>\n{description}{parameters}"

    # -- pieces of a turn --------------------------------------------------------------------------

    def _piece(self, piece: Piece) -> Iterator[str]:
        match piece:
            case Prose("reasoning", text):
                count = words.amount(len(text), "character")
                yield self._fold(f"reasoning <small>{count}</small>", self._prose(text))
            case Prose(type_, text):
                label = f"<h4 class=warn>{type_}</h4>\n" if type_ == "refusal" else ""
                yield label + self._prose(text)
            case Answered(call, result):
                yield from self._call(call, result)
            case ToolCall():
                yield from self._call(piece)
            case ToolResult():
                yield from self._result(piece, piece.tool_call_id)
            case Media():
                yield f"<p class=media>{self.text(words.media(piece)[1:-1])}</p>\n"
            case Footnote(number, source):
                yield f"<p class=note>[{number}] {self.text(source)}</p>\n"
            case Item():
                yield f"<p class=media>{self.text(item_words(piece))}</p>\n"
            case Unknown(raw):
                yield f"<h4 class=warn>unknown</h4>\n{self._value(raw)}"

    def _call(self, call: ToolCall, result: ToolResult | None = None) -> Iterator[str]:
        by = " by the provider" if call.server else ""
        yield f"<div class=call>\n<h4>call{by} <b>{self.text(call.name)}</b> {self._id(call.id)}</h4>\n"
        arguments = call.arguments
        if not isinstance(arguments, dict):
            yield self._code(call.raw_arguments, LONGEST_BODY)
            if arguments is None:
                yield "<p class=problem>the arguments are no JSON</p>\n"
        else:
            short, long = split_arguments(arguments)
            yield self._value(short) if short else ""
            for key, text in long.items():
                yield f"<h4>{self.text(key)}</h4>\n{self._code(text, LONGEST_TEXT)}"
        if result:
            yield from self._result(result)
        yield "</div>\n"

    def _result(self, result: ToolResult, id_: str | None = None) -> Iterator[str]:
        told = "<b class=bad>failed</b>" if result.is_error else "result"
        yield f"<div class=result>\n<h4>{told} {self._id(id_)}</h4>\n"
        for part in result.parts:
            if isinstance(part, Prose) and (part.text[:1] in ("{", "[") or "\n" in part.text):
                value = _object(part.text)
                yield self._code(part.text, LONGEST_TEXT) if value is None else self._value(value)
            else:
                yield from self._piece(part)
        yield "</div>\n" if result.parts else "<p class=dim>(empty)</p></div>\n"

    # -- texts -------------------------------------------------------------------------------------

    def _id(self, id_: str | None) -> str:
        return f"<small>{self.text(self.view.one_line(id_, 60))}</small>" if id_ else ""

    def _prose(self, text: str) -> str:
        return self._cut("div class=text dir=auto", text, LONGEST_TEXT)

    def _code(self, text: str, most: int) -> str:
        return self._cut("pre dir=auto", text, most)

    def _value(self, value: Json) -> str:
        return self._code(value if isinstance(value, str) else words.pretty(value), LONGEST_BODY)

    def _cut(self, tag: str, text: str, most: int) -> str:
        """A text in an element, cut with a count; the line break after `<pre>` is none of its text."""
        shown, rest = self.view.seen(text, most)
        more = f"<p class=dim>… {rest:,} more characters (--full shows them)</p>\n" if rest else ""
        line = "\n" if tag.startswith("pre") else ""
        return f"<{tag}>{line}{escape(shown, quote=False)}</{tag.partition(' ')[0]}>\n{more}"

    def _fold(self, summary: str, inner: str, *, is_open: bool = False) -> str:
        return f"<details{' open' if is_open else ''}><summary>{summary}</summary>\n{inner}</details>\n"


def _status(head: Head, *, cut: bool) -> str:
    status = head.outcome[0]
    told = f"<b class={head.style or 'dim'}>{status}</b>" if status else ""
    return f"{told} <b class=bad>cut</b>" if cut else told


def _object(text: str) -> Json:
    """The JSON object or list that a text is; None if it is none."""
    try:
        value: Json = load_json(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None

"""`cassette show`: a cassette as the conversation that it recorded.

Values in, styled lines out. The vocabulary is that of the JSON output. What repeats is folded, what
is long is cut with a count, what is opaque is shrunk to its type and size; `full` undoes the cuts.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cassette_cli.llm.messages import (
    Exchange,
    Item,
    Media,
    Message,
    Part,
    Prose,
    ToolCall,
    ToolResult,
    Unknown,
    Usage,
)
from cassette_cli.model import Cassette, Header
from cassette_cli.report import words
from cassette_cli.report.terminal import Screen, Span, width_of, wrap
from cassette_cli.rules.credentials import MASK, is_secret_parameter, mask_header, mask_url
from cassette_cli.selection import Reading
from cassette_cli.source.tree import Json
from cassette_cli.wire.body import Content, Kind

INDENT = 4
LABEL = 12  # columns of a role and the blanks behind it
LONGEST_TEXT = 1500  # characters of a message before it is cut
LONGEST_BODY = 3000  # characters of a body that is no conversation
LONGEST_SETTING = 60
LONGEST_FRAME = 300


class View(NamedTuple):
    """What the options of `show` ask to see."""

    full: bool = False
    headers: bool = False
    reveal: bool = False
    request: bool = True
    response: bool = True


class Conversation:
    """Writes one cassette to a screen; remembers its messages, so that repeated ones are folded."""

    def __init__(self, screen: Screen, view: View) -> None:
        self.screen = screen
        self.view = view
        self._told: list[tuple[int, list[object]]] = []  # interaction, keys of its messages and reply

    def cassette(self, cassette: Cassette, readings: list[Reading]) -> None:
        facts = [words.amount(len(cassette.interactions), "interaction")]
        if len(readings) != len(cassette.interactions):
            facts.append(f"{len(readings)} shown")
        usages = [reading.exchange.answer.usage for reading in readings if reading.exchange]
        if total := tokens(usages):
            facts.append(total)
        name = f"{cassette.recorder} {cassette.version or ''}".strip()
        self.screen.line(
            Span(words.one_line(cassette.document.name), "path"),
            Span("  " + " · ".join([name, *facts]), "dim"),
        )
        for reading in readings:
            self.screen.line()
            self.interaction(reading)

    def interaction(self, reading: Reading) -> None:
        self._title(reading)
        if reading.interaction.frames:
            self._frames(reading)
            return
        exchange = reading.exchange
        if exchange is None:
            self._facts(reading)
            self._plain_sides(reading)
            return
        self._facts(reading, exchange.dialect, exchange.model)
        self._settings(exchange)
        if self.view.request:
            self._headers("request", reading.interaction.request.headers)
            self._messages(exchange)
        if self.view.response:
            self._headers("response", reading.interaction.response.headers)
            self._reply(reading, exchange)
        keys = [_key(message) for message in exchange.prompt.messages]
        reply = [_key(exchange.reply)] if exchange.reply else []
        self._told.append((reading.interaction.index, keys + reply))

    # -- the head of a block -----------------------------------------------------------------------

    def _title(self, reading: Reading) -> None:
        interaction = reading.interaction
        request, status = interaction.request, interaction.response.status
        url = words.one_line(request.url if self.view.reveal else mask_url(request.url))
        number = f"#{interaction.index}"
        outcome = [Span(str(status) if status is not None else "no status", _status_style(status))]
        if interaction.frames:
            outcome = []
        if interaction.duration_ms is not None:
            outcome.append(Span(f" · {words.duration(interaction.duration_ms)}", "dim"))
        start = f"{number:<{INDENT}}"
        head = [Span(start if len(number) < INDENT else number + " ", "accent")]
        head += [Span(f"{words.one_line(request.method)} ", "title")]
        room = self.screen.width and self.screen.width - sum(width_of(span.text) for span in head)
        needed = 2 + sum(width_of(span.text) for span in outcome)
        first, *rest = wrap(url, room)
        if not rest and room and width_of(url) + needed > room:
            rest = [""]
        self.screen.line(*head, first, right=() if rest else outcome)
        for place, line in enumerate(rest):
            self.screen.line(
                " " * INDENT, line, *(("  " if line else "", *outcome) if place == len(rest) - 1 else ())
            )

    def _facts(self, reading: Reading, *names: str | None) -> None:
        asked, said = reading.asked, reading.said
        sides = [_body_words(asked)] if asked.kind is not Kind.EMPTY else []
        sides.append(_body_words(said))
        facts = [words.one_line(name) for name in names if name]
        self._dim(" · ".join([*facts, " → ".join(sides)]))

    def _settings(self, exchange: Exchange) -> None:
        prompt = exchange.prompt
        settings = [f"{words.one_line(key)} {_setting(value)}" for key, value in prompt.params.items()]
        if prompt.tools:
            names = ", ".join(words.one_line(tool.name, 40) for tool in prompt.tools)
            settings.append(f"{words.amount(len(prompt.tools), 'tool')}: {names}")
        if settings:
            self._dim(self._clip(" · ".join(settings), 600))

    def _dim(self, text: str, style: str = "dim") -> None:
        for line in wrap(text, self._room(0)):
            self.screen.line(" " * INDENT, Span(line, style))

    def _headers(self, side: str, headers: tuple[Header, ...]) -> None:
        if not self.view.headers:
            return
        for place, (name, value) in enumerate(headers):
            shown = value if self.view.reveal else mask_header(name, value)
            self._row(side if place == 0 else "", f"{name}: {shown}", "dim")

    # -- messages ----------------------------------------------------------------------------------

    def _messages(self, exchange: Exchange) -> None:
        messages = exchange.prompt.messages
        folded, source = self._fold([_key(message) for message in messages])
        if folded:
            self._dim(f"· {words.amount(folded, 'message')} as in #{source}")
        results = {
            part.tool_call_id: part
            for message in messages[folded:]
            for part in message.parts
            if isinstance(part, ToolResult) and part.tool_call_id
        }
        answered: set[str] = set()
        for message in messages[folded:]:
            self._message(message, results, answered)

    def _fold(self, keys: list[object]) -> tuple[int, int]:
        """How many first messages an earlier interaction showed already, and which one."""
        best, source = 0, -1
        for index, told in self._told:
            same = 0
            for one, two in zip(keys, told, strict=False):
                if one != two:
                    break
                same += 1
            if same > best:
                best, source = same, index
        return best, source

    def _message(self, message: Message, results: dict[str, ToolResult], answered: set[str]) -> None:
        """A message, with the result of each tool call beside the call where it is known."""
        label = words.one_line(message.role, LABEL - 2)
        written = False
        for part in message.parts:
            if isinstance(part, ToolResult) and part.tool_call_id in answered:
                written = True
                continue
            self._part("" if written else label, part)
            written = written or not (isinstance(part, Prose) and part.type == "reasoning")
            if isinstance(part, ToolCall) and part.id is not None and part.id in results:
                answered.add(part.id)
                self._result("", results[part.id], beside=True)
        if not written:
            self._row(label, "(empty)", "dim")

    def _part(self, label: str, part: Part) -> None:
        match part:
            case Prose():
                style = {"reasoning": "thought", "refusal": "warn"}.get(part.type, "")
                self._text("reasoning" if part.type == "reasoning" else label, part.text, style)
            case ToolCall():
                self._call(label, part)
            case ToolResult():
                self._result(label, part)
            case Media():
                self._row(label, words.media(part), "dim")
            case Item():
                self._row(label, f"[{_item(part)}]", "dim")
            case Unknown():
                self._row(label, f"unknown {self._clip(words.compact(part.raw), 300)}", "warn")

    def _call(self, label: str, call: ToolCall) -> None:
        arguments = call.arguments
        if isinstance(arguments, dict):
            inside = ", ".join(f"{key}={words.compact(value)}" for key, value in arguments.items())
        else:
            inside = call.raw_arguments
        arrow = "⇒" if call.server else "→"
        text = self._clip(f"{arrow} {call.name}({words.shrink(inside)})", LONGEST_TEXT)
        self._row(label, text, "call", right=call.id)
        if arguments is None:
            self._row("", "the arguments are no JSON", "warn")

    def _result(self, label: str, result: ToolResult, *, beside: bool = False) -> None:
        right = None if beside else result.tool_call_id
        mark, style = ("✗ ", "bad") if result.is_error else ("← ", "")
        if not result.parts:
            self._row(label, f"{mark}(empty)", "dim", right=right)
        for place, part in enumerate(result.parts):
            if isinstance(part, Prose):
                self._text(
                    label if not place else "", part.text, style, mark="  " if place else mark, right=right
                )
            else:
                self._part(label if not place else "", part)
            right = None

    # -- the reply ---------------------------------------------------------------------------------

    def _reply(self, reading: Reading, exchange: Exchange) -> None:
        answer = exchange.answer
        for place, message in enumerate(answer.choices):
            role = message.role if place == 0 else f"choice {place}"
            if message.parts:
                self._message(Message(role, message.parts), {}, set())
            else:
                self._row(role, "(no content)", "dim")
        if answer.error:
            kind = f"{answer.error.type}: " if answer.error.type else ""
            self._row("error", kind + answer.error.message, "bad")
        elif not answer.choices:
            self._content("response", reading.said)
        for problem in exchange.problems:
            self._row("!", problem, "warn")
        closing = [answer.finish_reason] if answer.finish_reason else []
        if answer.usage:
            closing.append(usage_words(answer.usage))
        if closing:
            style = "warn" if answer.finish_reason in _CUT_SHORT else "dim"
            self._dim(words.one_line(" · ".join(closing)), style)

    # -- a connection ------------------------------------------------------------------------------

    def _frames(self, reading: Reading) -> None:
        sent = sum(frame.direction == "sent" for frame, _ in reading.frames)
        total = len(reading.frames)
        self._dim(f"{words.amount(total, 'frame')} · {sent:,} sent, {total - sent:,} received")
        self._headers("request", reading.interaction.request.headers)
        for frame, content in reading.frames:
            shown = {"sent": self.view.request, "received": self.view.response}.get(frame.direction, True)
            if shown:
                at = words.duration(frame.at_ms) if frame.at_ms is not None else None
                self._row(frame.direction, self._clip(_frame_words(content), LONGEST_FRAME), right=at)

    # -- what is no conversation -------------------------------------------------------------------

    def _plain_sides(self, reading: Reading) -> None:
        if self.view.request:
            self._headers("request", reading.interaction.request.headers)
            self._content("request", reading.asked)
        if self.view.response:
            self._headers("response", reading.interaction.response.headers)
            self._content("response", reading.said)

    def _content(self, side: str, content: Content) -> None:
        from urllib.parse import parse_qsl

        for problem in content.problems:
            self._row("!", problem, "warn")
        match content.kind:
            case Kind.EMPTY:
                return
            case Kind.JSON:
                text = words.pretty(content.json)
            case Kind.FORM:
                text = "\n".join(self._field(*pair) for pair in parse_qsl(content.text or "", True))
            case Kind.SSE:
                text = "\n".join(f"{event.event or 'data'}: {event.data}" for event in content.events)
            case Kind.BINARY | Kind.EVENTSTREAM:
                kind = words.media_type(content.bytes[:16]) or content.kind
                text = f"<{kind}, {words.size(content.size)}>"
            case _:
                text = words.shrink(content.text or "").rstrip("\n")
        self._text(side, text, most=LONGEST_BODY)

    def _field(self, name: str, value: str) -> str:
        masked = is_secret_parameter(name) and not self.view.reveal
        return f"{name} = {MASK if masked else words.shrink(value)}"

    # -- rows --------------------------------------------------------------------------------------

    def _room(self, label: int = LABEL) -> int | None:
        return self.screen.width and max(self.screen.width - INDENT - label, 20)

    def _clip(self, text: str, most: int) -> str:
        return text if self.view.full or len(text) <= most else f"{text[: most - 1]}…"

    def _text(
        self,
        label: str,
        text: str,
        style: str = "",
        *,
        mark: str = "",
        right: str | None = None,
        most: int = LONGEST_TEXT,
    ) -> None:
        """A text under its label, cut with a count if it is long."""
        shown, rest = text, 0
        if not self.view.full and len(text) > most * 1.2:
            shown, rest = text[:most], len(text) - most
        self._row(label, mark + words.shrink(shown), style, right=right, hang=len(mark))
        if rest:
            self._row("", f"… {rest:,} more characters (--full shows them)", "dim")

    def _row(
        self, label: str, text: str, style: str = "", *, right: str | None = None, hang: int = 0
    ) -> None:
        room = self._room()
        first, *rest = wrap(words.visible(text), room and room - hang)
        edge = [Span(words.one_line(right, 60), "dim")] if right else []
        if edge and room and width_of(first) + 2 + width_of(edge[0].text) > room:
            edge = []
        head = Span(f"{words.one_line(label):<{LABEL}}", "warn" if label == "!" else "role")
        self.screen.line(" " * INDENT, head, Span(first, style), right=edge)
        for line in rest:
            self.screen.line(" " * (INDENT + LABEL + hang if line else 0), Span(line, style))


# -- words of a conversation -----------------------------------------------------------------------

_CUT_SHORT = ("length", "max_tokens", "content_filter", "refusal", "model_context_window_exceeded")


def usage_words(usage: Usage) -> str:
    """`132 in (64 cached), 16 out (10 reasoning)`."""
    read = [f"{usage.cached_input_tokens:,} cached"] if usage.cached_input_tokens else []
    read += [f"{usage.cache_write_tokens:,} written to cache"] if usage.cache_write_tokens else []
    thought = [f"{usage.reasoning_tokens:,} reasoning"] if usage.reasoning_tokens else []
    sides = (
        (usage.input_tokens, "in", read),
        (usage.output_tokens, "out", thought),
    )
    return ", ".join(
        f"{number:,} {name}" + (f" ({', '.join(details)})" if details else "")
        for number, name, details in sides
        if number is not None
    )


def tokens(usages: Iterable[Usage | None]) -> str:
    """`225 in + 37 out tokens` for a whole cassette; empty if no reply has figures."""
    known = [usage for usage in usages if usage]
    if not known:
        return ""
    read = sum(usage.input_tokens or 0 for usage in known)
    written = sum(usage.output_tokens or 0 for usage in known)
    return f"{read:,} in + {written:,} out tokens"


def _body_words(content: Content) -> str:
    facts = ["streamed" if content.kind is Kind.SSE else str(content.kind)]
    if content.kind is not Kind.EMPTY:
        facts.append(words.size(content.size))
    if content.events:
        facts.append(f"in {words.amount(len(content.events), 'event')}")
    if content.encoding:
        facts.append(f"({content.encoding})")
    return " ".join(facts)


def _frame_words(content: Content) -> str:
    if content.kind is Kind.JSON:
        return words.compact(content.json)
    if content.kind is Kind.EMPTY:
        return "(empty)"
    if content.text is None:
        return f"<{words.media_type(content.bytes[:16]) or content.kind}, {words.size(content.size)}>"
    return words.shrink(content.text)


def _setting(value: Json) -> str:
    text = value if isinstance(value, str) else words.compact(value)
    return words.one_line(text, LONGEST_SETTING)


def _item(item: Item) -> str:
    fields = item.fields
    inner = fields.get("url_citation")
    source = inner if isinstance(inner, dict) else fields
    shown = [source[key] for key in ("title", "document_title", "url", "cited_text") if source.get(key)]
    told = " · ".join(words.one_line(str(value), 100) for value in shown)
    if item.type == "citation" and told:
        return told
    return ", ".join([item.type, *(f"{key} {_setting(value)}" for key, value in fields.items())])


def _status_style(status: int | None) -> str:
    if status is None or status >= 400:
        return "bad"
    return "good" if status < 300 else ""


def _key(message: Message) -> object:
    """What makes two messages the same to a reader: role, text, calls and results, not the thoughts."""
    return message.role, tuple(_part_keys(message.parts))


def _part_keys(parts: Iterable[Part]) -> Iterator[object]:
    text = "".join(part.text for part in parts if isinstance(part, Prose) and part.type == "text")
    if text.strip():
        yield text.strip()
    for part in parts:
        if isinstance(part, ToolCall):
            yield part.id, part.name, repr(part.arguments)
        elif isinstance(part, ToolResult):
            yield part.tool_call_id, tuple(_part_keys(part.parts))
        elif not isinstance(part, Prose | Item):
            yield repr(part)

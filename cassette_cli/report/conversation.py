"""`cassette show`: a cassette as the conversation that it recorded.

Values in, styled lines out. The vocabulary is that of the JSON output. What repeats is folded, what
is long is cut with a count, what is opaque is shrunk to its type and size; `full` undoes the cuts.
"""

from collections.abc import Iterable, Iterator

from cassette_cli.llm.messages import (
    Exchange,
    Item,
    Message,
    Part,
    Prose,
    ToolCall,
    ToolResult,
    as_object,
)
from cassette_cli.model import Cassette, Header
from cassette_cli.report import words
from cassette_cli.report.figures import sum_tokens, usage_words
from cassette_cli.report.parts import value_words, write_messages
from cassette_cli.report.rows import INDENT, Rows, View
from cassette_cli.report.terminal import Screen, Span, width_of
from cassette_cli.rules.credentials import mask_form, mask_header, mask_json, mask_url
from cassette_cli.selection import Reading
from cassette_cli.wire.body import Content, Kind

LONGEST_BODY = 3000  # characters of a body that is no conversation
LONGEST_FRAME = 300
LONGEST_SETTINGS = 600

_CUT_SHORT = (
    "length",
    "max_tokens",
    "content_filter",
    "refusal",
    "model_context_window_exceeded",
    "safety",
    "recitation",
    "blocklist",
    "prohibited_content",
    "spii",
    "model_armor",
    "malformed_function_call",
    "error",
)


class Conversation:
    """Writes one cassette to a screen; remembers its messages, so that repeated ones are folded."""

    def __init__(self, screen: Screen, view: View) -> None:
        self.screen = screen
        self.view = view
        self.rows = Rows(screen, view)
        self._told: list[tuple[int, tuple[Message, ...]]] = []  # interaction, its messages and reply
        self._settings_of: dict[str, int] = {}  # settings as they were shown, by interaction

    def cassette(self, cassette: Cassette, readings: list[Reading]) -> None:
        name = words.one_line(cassette.document.name)
        facts = [f"{cassette.recorder} {cassette.version or ''}".strip()]
        facts.append(words.amount(len(cassette.interactions), "interaction"))
        if len(readings) != len(cassette.interactions):
            facts.append(f"{len(readings)} shown")
        if total := str(sum_tokens(reading.exchange for reading in readings)):
            facts.append(total)
        line = " · ".join(facts)
        if self.screen.width and width_of(name) + 2 + width_of(line) > self.screen.width:
            self.screen.line(Span(name, "path"))
            self.rows.dim(line)
        else:
            self.screen.line(Span(name, "path"), Span(f"  {line}", "dim"))
        for reading in readings:
            self.screen.line()
            self.interaction(reading)

    def interaction(self, reading: Reading) -> None:
        self._title(reading)
        if reading.interaction.frames:
            self._frames(reading)
        elif reading.exchange is None:
            self._facts(reading, [])
            self._side("request", reading.interaction.request.headers, reading.asked)
            self._side("response", reading.interaction.response.headers, reading.said)
        else:
            self._exchange(reading, reading.exchange)

    # -- the head of a block -----------------------------------------------------------------------

    def _title(self, reading: Reading) -> None:
        request = reading.interaction.request
        url = words.one_line(request.url if self.view.reveal else mask_url(request.url))
        method = request.method.upper() if request.method.islower() else request.method
        number = f"#{reading.interaction.index}"
        head = [Span(number.ljust(INDENT - 1) + " ", "accent"), Span(f"{words.one_line(method)} ", "title")]
        outcome = _outcome(reading)
        if self.screen.width:
            used = sum(width_of(span.text) for span in (*head, *outcome)) + 2
            if self.view.full and used + width_of(url) > self.screen.width:
                self.screen.line(*head, *outcome)
                self.rows.dim(url, "")
                return
            url = words.elide(url, max(self.screen.width - used, 20))
        self.screen.line(*head, url, right=outcome)

    def _facts(self, reading: Reading, names: list[str]) -> None:
        asked, said = reading.asked, reading.said
        sides = [_body_words(asked)] if asked.kind is not Kind.EMPTY else []
        sides.append(_body_words(said))
        self.rows.dim(" · ".join([*names, " → ".join(sides)]))

    def _settings(self, exchange: Exchange) -> str:
        prompt = exchange.prompt
        most = None if self.view.full else 60
        params = prompt.params if self.view.reveal else as_object(mask_json(prompt.params))
        settings = [f"{key} {value_words(value, most)}" for key, value in params.items()]
        if prompt.tools:
            names = ", ".join(words.one_line(tool.name, 40) for tool in prompt.tools)
            settings.append(f"{words.amount(len(prompt.tools), 'tool')}: {names}")
        return " · ".join(settings)

    # -- an exchange -------------------------------------------------------------------------------

    def _exchange(self, reading: Reading, exchange: Exchange) -> None:
        interaction, messages = reading.interaction, exchange.prompt.messages
        self._facts(reading, [exchange.dialect, *_models(exchange)])
        settings = self._settings(exchange)
        folded, source, notes = self._fold(messages)
        same_settings = bool(settings) and self._settings_of.get(settings) == source and folded > 0
        if settings and not same_settings:
            self.rows.dim(self.rows.clip(settings, LONGEST_SETTINGS))
        self._settings_of.setdefault(settings, interaction.index)
        if self.view.request:
            self._headers("request", interaction.request.headers)
            if folded:
                what = f"{'settings and ' if same_settings else ''}{words.amount(folded, 'message')}"
                self.rows.dim(f"· {what} as in #{source}{notes}")
            write_messages(self.rows, messages[folded:])
            if not messages and not exchange.prompt.params:
                self._content("request", reading.asked)
        if self.view.response:
            self._headers("response", interaction.response.headers)
            self._reply(reading, exchange)
        self._told.append((interaction.index, (*messages, *exchange.answer.choices[:1])))

    def _fold(self, messages: tuple[Message, ...]) -> tuple[int, int, str]:
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

    def _reply(self, reading: Reading, exchange: Exchange) -> None:
        answer = exchange.answer
        self.rows.mark("▸")
        for place, message in enumerate(answer.choices):
            role = message.role if place == 0 else f"choice {place}"
            write_messages(self.rows, [message._replace(role=role)])
        if answer.error:
            kind = f"{answer.error.type}: " if answer.error.type else ""
            self.rows.row("error", kind + answer.error.message, "bad")
        elif not answer.choices:
            self._content("response", reading.said)
        self.rows.mark("")
        for problem in exchange.problems:
            self.rows.row("!", problem, "warn")
        closing = [answer.finish_reason] if answer.finish_reason else []
        if figures := usage_words(exchange):
            closing.append(figures)
        if closing:
            style = "warn" if (answer.finish_reason or "").lower() in _CUT_SHORT else "dim"
            self.rows.dim(words.one_line(" · ".join(closing)), style)

    # -- a connection ------------------------------------------------------------------------------

    def _frames(self, reading: Reading) -> None:
        sent = sum(frame.direction == "sent" for frame, _ in reading.frames)
        total = len(reading.frames)
        self.rows.dim(f"{words.amount(total, 'frame')} · {sent:,} sent, {total - sent:,} received")
        self._headers("request", reading.interaction.request.headers)
        for frame, content in reading.frames:
            shown = {"sent": self.view.request, "received": self.view.response}.get(frame.direction, True)
            if shown:
                at = words.duration(frame.at_ms) if frame.at_ms is not None else None
                text = self.rows.clip(self._frame_words(content), LONGEST_FRAME)
                self.rows.row(frame.direction, text, right=at, deeper=2)

    def _frame_words(self, content: Content) -> str:
        if content.kind is Kind.JSON:
            return words.compact(content.json if self.view.reveal else mask_json(content.json))
        return "(empty)" if content.kind is Kind.EMPTY else _raw_words(content)

    # -- what is no conversation -------------------------------------------------------------------

    def _side(self, side: str, headers: tuple[Header, ...], content: Content) -> None:
        if self.view.request if side == "request" else self.view.response:
            self._headers(side, headers)
            for problem in content.problems:
                self.rows.row("!", problem, "warn")
            self._content(side, content)

    def _headers(self, side: str, headers: tuple[Header, ...]) -> None:
        for place, (name, value) in enumerate(headers if self.view.headers else ()):
            shown = value if self.view.reveal else mask_header(name, value)
            self.rows.row(side if place == 0 else "", f"{name}: {shown}", "dim", deeper=2)

    def _content(self, side: str, content: Content) -> None:
        deeper = 0
        match content.kind:
            case Kind.EMPTY:
                return
            case Kind.JSON:
                text, deeper = words.pretty(content.json if self.view.reveal else mask_json(content.json)), 2
            case Kind.FORM:
                text = "\n".join(self._fields(content.text or ""))
            case Kind.SSE | Kind.NDJSON:
                text, deeper = (
                    "\n".join(f"{event.event or 'data'}: {event.data}" for event in content.events),
                    2,
                )
            case _:
                text = _raw_words(content).rstrip("\n")
        self.rows.text(side, text, most=LONGEST_BODY, deeper=deeper)

    def _fields(self, form: str) -> Iterator[str]:
        from urllib.parse import parse_qsl

        for name, value in parse_qsl(form if self.view.reveal else mask_form(form), keep_blank_values=True):
            yield f"{name} = {words.shrink(value)}"


# -- words of a block ------------------------------------------------------------------------------


def _outcome(reading: Reading) -> list[Span]:
    """`200 · 349 ms`."""
    interaction = reading.interaction
    status = interaction.response.status
    style = "bad" if status is None or status >= 400 else "good" if status < 300 else ""
    known = [] if interaction.frames else [Span(str(status) if status is not None else "no status", style)]
    if interaction.duration_ms is not None:
        known.append(Span(f"{' · ' if known else ''}{words.duration(interaction.duration_ms)}", "dim"))
    return known


def _models(exchange: Exchange) -> list[str]:
    """The model asked for, and the one that answered where that is another."""
    asked, answered = exchange.prompt.model, exchange.answer.model
    if not asked or not answered or _plain_model(answered).startswith(_plain_model(asked)):
        return [words.one_line(model) for model in (asked or answered,) if model]
    return [words.one_line(f"{asked} → {answered}")]


def _plain_model(model: str) -> str:
    """The model's own name, without a router's prefix and suffix."""
    return model.lower().rpartition("/")[2].partition(":")[0]


def _body_words(content: Content) -> str:
    facts = ["streamed" if content.kind is Kind.SSE else str(content.kind)]
    if content.kind is not Kind.EMPTY:
        facts.append(words.size(content.size))
    if content.events:
        facts.append(f"in {words.amount(len(content.events), 'event')}")
    if content.encoding:
        facts.append(f"({content.encoding})")
    return " ".join(facts)


def _raw_words(content: Content) -> str:
    if content.text is None:
        return f"<{words.media_type(content.bytes[:16]) or content.kind}, {words.size(content.size)}>"
    return words.shrink(content.text)


# -- what makes two messages the same --------------------------------------------------------------


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

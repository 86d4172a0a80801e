"""An interaction told in blocks, in order.

What repeats is folded and credentials are masked here; cutting, escaping and making visible are left to who
shows the blocks. This module knows no screen and no markup.
"""

from collections.abc import Iterator

from cassette_cli.llm.messages import Exchange, Item, Message, Part, as_object
from cassette_cli.model import Cassette, Header
from cassette_cli.report import words
from cassette_cli.report.blocks import (
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
from cassette_cli.report.figures import sum_tokens, usage_words
from cassette_cli.report.repeats import Told
from cassette_cli.report.turns import turns, value_words
from cassette_cli.rules.credentials import mask_form, mask_header, mask_json
from cassette_cli.rules.masking import masked_url
from cassette_cli.selection import Reading
from cassette_cli.wire.body import Content, Kind

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


def cassette_facts(cassette: Cassette, readings: list[Reading]) -> str:
    """`go-vcr 2 · 2 interactions · 225 in + 37 out tokens`."""
    facts = [words.one_line(cassette.written_by, 60)]
    facts.append(words.amount(len(cassette.interactions), "interaction"))
    if len(readings) != len(cassette.interactions):
        facts.append(f"{len(readings)} shown")
    if total := str(sum_tokens(reading.exchange for reading in readings)):
        facts.append(total)
    return " · ".join(facts)


class Teller:
    """Tells the interactions of one cassette in turn; remembers messages: repeated ones are folded."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._told = Told()
        self._settings_of: dict[str, int] = {}  # settings as they were shown, by interaction

    def tell(self, reading: Reading) -> Iterator[Block]:
        """The blocks of an interaction."""
        interaction = reading.interaction
        if interaction.frames:
            yield from self._frames(reading)
        elif reading.exchange is None:
            yield self._facts(reading, [])
            yield from self._side("request", interaction.request.headers, reading.asked)
            yield from self._side("response", interaction.response.headers, reading.said)
        else:
            yield from self._exchange(reading, reading.exchange)

    def head(self, reading: Reading) -> Head:
        """What stands above the blocks."""
        interaction, request = reading.interaction, reading.interaction.request
        url = request.url if self.view.reveal else masked_url(request.url)
        return Head(
            interaction.index,
            words.one_line(request.verb),
            words.one_line(url),
            interaction.response.status,
            interaction.duration_ms,
            not interaction.frames,
        )

    def _facts(self, reading: Reading, names: list[str]) -> Facts:
        asked, said = reading.asked, reading.said
        sides = [_body_words(asked)] if asked.kind is not Kind.EMPTY else []
        sides.append(_body_words(said))
        return Facts(" · ".join([*names, " → ".join(sides)]))

    # -- an exchange -------------------------------------------------------------------------------

    def _exchange(self, reading: Reading, exchange: Exchange) -> Iterator[Block]:
        interaction, messages = reading.interaction, exchange.prompt.messages
        yield self._facts(reading, [exchange.dialect, *_models(exchange)])
        settings = self._settings(exchange)
        folded, source, notes = self._told.fold(messages)
        same_settings = bool(settings.line) and self._settings_of.get(settings.line) == source and folded > 0
        if settings.line and not same_settings:
            yield settings
        self._settings_of.setdefault(settings.line, interaction.index)
        if self.view.request:
            yield from self._headers("request", interaction.request.headers)
            if folded:
                what = f"{'settings and ' if same_settings else ''}{words.amount(folded, 'message')}"
                yield Same(what, source, notes)
            yield from turns(map(self._message, messages[folded:]))
            if not messages and not exchange.prompt.params:
                yield from self._content("request", reading.asked)
        if self.view.response:
            yield from self._headers("response", interaction.response.headers)
            yield from self._reply(reading, exchange)
        self._told.add(interaction.index, (*messages, *exchange.answer.choices[:1]))

    def _settings(self, exchange: Exchange) -> Settings:
        prompt = exchange.prompt
        most = None if self.view.full else 60
        params = prompt.params if self.view.reveal else as_object(mask_json(prompt.params))
        params = as_object(self.view.masked_value(params))
        told = [f"{key} {value_words(value, most)}" for key, value in params.items()]
        if prompt.tools:
            names = ", ".join(self.view.one_line(tool.name, 40) for tool in prompt.tools)
            told.append(f"{words.amount(len(prompt.tools), 'tool')}: {names}")
        return Settings(" · ".join(told), params, prompt.tools)

    def _message(self, message: Message) -> Message:
        """The message without secrets in what is told in a few words, and so cut before it is drawn."""
        return message._replace(parts=tuple(map(self._part, message.parts)))

    def _part(self, part: Part) -> Part:
        if not isinstance(part, Item):
            return part
        return part._replace(fields=as_object(self.view.masked_value(part.fields)))

    def _reply(self, reading: Reading, exchange: Exchange) -> Iterator[Block]:
        answer = exchange.answer
        yield Reply()
        for place, message in enumerate(answer.choices):
            role = message.role if place == 0 else f"choice {place}"
            yield from turns([self._message(message)._replace(role=role)])
        if answer.error:
            kind = f"{answer.error.type}: " if answer.error.type else ""
            yield Failure(kind + answer.error.message)
        elif not answer.choices:
            yield from self._content("response", reading.said)
        for problem in exchange.problems:
            yield Problem(problem)
        closing = [answer.finish_reason] if answer.finish_reason else []
        if figures := usage_words(exchange):
            closing.append(figures)
        if closing:
            cut_short = (answer.finish_reason or "").lower() in _CUT_SHORT
            yield Closing(words.one_line(" · ".join(closing)), cut_short)

    # -- a connection ------------------------------------------------------------------------------

    def _frames(self, reading: Reading) -> Iterator[Block]:
        sent = sum(frame.direction == "sent" for frame, _ in reading.frames)
        total = len(reading.frames)
        yield Facts(f"{words.amount(total, 'frame')} · {sent:,} sent, {total - sent:,} received")
        yield from self._headers("request", reading.interaction.request.headers)
        for frame, content in reading.frames:
            shown = {"sent": self.view.request, "received": self.view.response}.get(frame.direction, True)
            if shown:
                at = words.duration(frame.at_ms) if frame.at_ms is not None else None
                yield Frame(frame.direction, self._frame_words(content), at)

    def _frame_words(self, content: Content) -> str:
        if content.kind is Kind.JSON:
            return words.compact(content.json if self.view.reveal else mask_json(content.json))
        return "(empty)" if content.kind is Kind.EMPTY else _raw_words(content)

    # -- what is no conversation -------------------------------------------------------------------

    def _side(self, side: str, headers: tuple[Header, ...], content: Content) -> Iterator[Block]:
        if self.view.request if side == "request" else self.view.response:
            yield from self._headers(side, headers)
            for problem in content.problems:
                yield Problem(problem)
            yield from self._content(side, content)

    def _headers(self, side: str, headers: tuple[Header, ...]) -> Iterator[Block]:
        if self.view.headers and headers:
            shown = (
                (name, value if self.view.reveal else mask_header(name, value)) for name, value in headers
            )
            yield Headers(side, tuple(Header(name, value) for name, value in shown))

    def _content(self, side: str, content: Content) -> Iterator[Block]:
        match content.kind:
            case Kind.EMPTY:
                return
            case Kind.JSON:
                text = words.pretty(content.json if self.view.reveal else mask_json(content.json))
            case Kind.FORM:
                text = "\n".join(self._fields(content.text or ""))
            case Kind.SSE | Kind.NDJSON:
                text = "\n".join(f"{event.event or 'data'}: {event.data}" for event in content.events)
            case _:
                text = _raw_words(content).rstrip("\n")
        yield Body(side, content.kind, text)

    def _fields(self, form: str) -> Iterator[str]:
        from urllib.parse import parse_qsl

        for name, value in parse_qsl(form if self.view.reveal else mask_form(form), keep_blank_values=True):
            yield f"{name} = {words.shrink(value)}"


# -- words of a block ------------------------------------------------------------------------------


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

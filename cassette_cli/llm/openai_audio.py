"""Speech and text in OpenAI's form: transcription, translation (of a form with a file) and speech.

A transcript comes as JSON, as plain text or subtitles, or streamed; speech as the audio itself, or
streamed in pieces. https://platform.openai.com/docs/api-reference/audio
"""

from collections.abc import Iterable

from cassette_cli.llm.messages import (
    Answer,
    Event,
    Item,
    Media,
    Message,
    Object,
    Part,
    Prompt,
    ProviderError,
    View,
    as_object,
    as_text,
    base64_size,
    count,
    joined,
    objects,
    prose,
    settings,
    text_or_none,
)
from cassette_cli.llm.openai_chat import content_parts, provider_error
from cassette_cli.llm.openai_completions import usage
from cassette_cli.source.tree import Json

ID = "openai-audio"
END_MARK = "transcript.text.done"

_PATHS = ("/audio/transcriptions", "/audio/translations", "/audio/speech")
_KINDS = ("transcript.", "transcription.", "speech.audio.")
_DONE = ("transcript.text.done", "transcription.done", "speech.audio.done", "")
_SPEAKERS = {"speaker", "speaker_id"}


def matches(view: View) -> bool:
    if any(as_text(value.get("type")).startswith(_KINDS) for value in view.said):
        return True
    return f"/{view.path}".endswith(_PATHS)


def prompt(view: View) -> Prompt:
    body = view.asked
    file = as_object(body.get("file"))
    parts: tuple[Part, ...] = (file_media("audio", file),) if file else ()
    if "input_audio" in body:
        parts += content_parts([{"type": "input_audio", "input_audio": body["input_audio"]}])
    parts += prose("text", as_text(body.get("input")) or as_text(body.get("prompt")))
    known = ("file", "input_audio", "input", "prompt", "stream")
    return Prompt(
        text_or_none(body.get("model")),
        (Message("user", parts),) if parts else (),
        (),
        settings(body, "model", *known),
    )


def file_media(type_: str, file: Object) -> Media:
    """A file of a multipart form."""
    name = text_or_none(file.get("filename"))
    return Media(type_, text_or_none(file.get("media_type")), count(file.get("size")), name)


def answer(events: Iterable[Event]) -> Answer:
    """What a stream's events, the one value of a whole reply, or a plain text, say."""
    heard = _Heard()
    for name, value in events:
        heard.add(name, value)
    parts = heard.parts()
    choices = (Message("assistant", parts),) if parts else ()
    return Answer(
        heard.model, choices, None, usage(heard.usage), heard.error, heard.ended, tuple(heard.problems)
    )


class _Heard:
    """A transcript or speech while its events come in."""

    def __init__(self) -> None:
        self.model: str | None = None
        self.usage: Object = {}
        self.error: ProviderError | None = None
        self.problems: dict[str, None] = {}
        self.ended = False
        self._text: str | None = None
        self._pieces: list[str] = []
        self._segments: list[Part] = []
        self._sound = 0  # bytes

    def add(self, name: str, value: Json) -> None:
        event = as_object(value)
        kind = as_text(event.get("type")) or name
        self.model = text_or_none(event.get("model")) or self.model
        self.usage = as_object(event.get("usage")) or self.usage
        self.error = provider_error(event) or self.error
        if isinstance(value, str):
            self._text = value if value != "[DONE]" else self._text
        elif kind in ("transcript.text.delta", "transcription.text.delta"):
            self._pieces.append(as_text(event.get("delta", event.get("text"))))
        elif kind in ("transcript.text.segment", "transcription.segment"):
            self._segments.append(_segment(event))
        elif kind == "speech.audio.delta":
            self._sound += base64_size(as_text(event.get("audio", event.get("audio_data"))))
        elif kind in _DONE:
            self._end(event)
        elif kind not in ("transcription.language", "error") and event:
            self.problems[f"an event of an unknown type: {kind}"] = None

    def _end(self, event: Object) -> None:
        """The last event of a stream, or the whole reply."""
        self.ended = True
        self._text = text_or_none(event.get("text")) or self._text
        self._sound += base64_size(as_text(event.get("audio_data")))
        speakers = [_segment(part) for part in objects(event.get("segments")) if _SPEAKERS & part.keys()]
        self._segments = [*speakers] or self._segments

    def parts(self) -> tuple[Part, ...]:
        text = joined(self._pieces) if self._text is None else self._text
        sound = (Media("audio", None, self._sound),) if self._sound else ()
        return (*prose("text", text), *self._segments, *sound)


def _segment(segment: Object) -> Item:
    """Who says what, from when to when."""
    keys = ("speaker", "speaker_id", "start", "end", "text")
    return Item("segment", {key: segment[key] for key in keys if key in segment})

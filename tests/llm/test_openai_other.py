"""OpenAI's APIs around chat, and those like them: texts completed, embedded, ranked; images; audio."""

import base64
import json
import random
import struct
from pathlib import Path
from typing import Any

import pytest

from cassette_cli.llm import read_exchange
from cassette_cli.llm.messages import (
    Exchange,
    Item,
    Media,
    Message,
    Object,
    Part,
    Prose,
    ProviderError,
    Usage,
)
from cassette_cli.recorders import read_cassette
from cassette_cli.source.document import Document
from cassette_cli.source.text import Joined, Text
from cassette_cli.source.tree import Json
from cassette_cli.wire.body import Kind, read_content, traced
from tests import oracles
from tests.corpus import CORPUS, needs_corpus
from tests.llm.exchanges import read, recorded, sse
from tests.proof_sdk import our_reading, replies_read_as_the_sdks_read_them

API = "https://api.openai.com/v1"
COMPLETIONS = f"{API}/completions"


def _parts(exchange: Exchange) -> tuple[Part, ...]:
    assert exchange.reply is not None
    return exchange.reply.parts


def _sent(
    path: str,
    asked: str | bytes,
    kind: str,
    reply: str | bytes,
    reply_kind: str = "application/json",
    status: int = 200,
) -> Exchange:
    """The exchange of a request and a reply with these types."""
    request = {
        "method": "POST",
        "uri": f"{API}/{path}",
        "headers": {"Content-Type": [kind]},
        "body": _stored(asked),
    }
    response = {
        "status": {"code": status},
        "headers": {"Content-Type": [reply_kind]},
        "body": {"string": _stored(reply)},
    }
    cassette = {"version": 1, "interactions": [{"request": request, "response": response}]}
    lines = json.dumps(cassette, indent=1).replace('"!!binary ', '!!binary "')
    (interaction,) = read_cassette(Document("cassette.yaml", lines.encode())).interactions
    found, placed = read_exchange(interaction), read_exchange(interaction, loads=traced)
    assert found is not None
    assert repr(found) == repr(placed)
    return found


def _stored(body: str | bytes) -> str:
    return body if isinstance(body, str) else "!!binary " + base64.b64encode(body).decode()


# -- completions -----------------------------------------------------------------------------------


def _chunk(*choices: Json, **fields: Json) -> Object:
    head: Object = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m"}
    return head | {"choices": list(choices)} | fields


def _choice(text: str, index: int = 0, finish: str | None = None) -> Object:
    return {"text": text, "index": index, "logprobs": None, "finish_reason": finish}


COUNTS: Json = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
STREAMS: list[tuple[str, list[Json], str, str | None, Usage | None]] = [
    (
        "text",
        [
            _chunk(_choice("Once ")),
            _chunk(_choice("upon")),
            _chunk(_choice("", finish="stop")),
            _chunk(usage=COUNTS),
            "[DONE]",
        ],
        "Once upon",
        "stop",
        Usage(5, 2, total_tokens=7),
    ),
    (
        "two-choices",
        [
            _chunk(_choice("b", 1), _choice("a")),
            _chunk(_choice("B", 1, "stop")),
            _chunk(_choice("A", 0, "length")),
            "[DONE]",
        ],
        "aA",
        "length",
        None,
    ),
    ("no-end-mark", [_chunk(_choice("a", finish="stop"))], "a", "stop", None),
    ("no-finish-reason", [_chunk(_choice("a")), "[DONE]"], "a", None, None),
]


@pytest.mark.parametrize(
    ("events", "text", "finish", "usage"), [row[1:] for row in STREAMS], ids=[row[0] for row in STREAMS]
)
def test_a_streamed_completion_reads_as_openais_sdk_reads_it(
    events: list[Json], text: str, finish: str | None, usage: Usage | None
) -> None:
    exchange = read(sse(*events), {"prompt": "x"}, COMPLETIONS)
    assert exchange.dialect == "openai-completions"
    assert _parts(exchange) == (Prose("text", text),)
    assert (exchange.answer.finish_reason, exchange.answer.usage) == (finish, usage)
    assert (exchange.complete, exchange.problems) == (True, ())
    assert our_reading(exchange) == oracles.openai_completions_stream(sse(*events).encode())


@pytest.mark.parametrize("events", [row[1] for row in STREAMS], ids=[row[0] for row in STREAMS])
def test_a_completion_cut_behind_any_event_has_what_came_until_then(events: list[Json]) -> None:
    for end in range(1, len(events) + 1):
        text = sse(*events[:end])
        exchange = read(text, {"prompt": "x"}, COMPLETIONS)
        assert our_reading(exchange) == oracles.openai_completions_stream(text.encode())
        assert exchange.complete == (exchange.answer.finish_reason is not None or "[DONE]" in events[:end])
        stranger = sse(*events[:end], {"type": "novelty"}, *events[end:])
        assert (
            read(stranger, {"prompt": "x"}, COMPLETIONS).answer
            == read(sse(*events), {"prompt": "x"}, COMPLETIONS).answer
        )


def test_a_whole_completion_reads_as_openais_sdk_reads_it() -> None:
    body = _chunk(_choice("Once", finish="stop"), _choice("Twice", 1, "length"), usage=COUNTS)
    exchange = read(body, {"model": "m", "prompt": "x", "n": 2}, COMPLETIONS)
    assert our_reading(exchange) == oracles.openai_completions_whole(json.dumps(body).encode())
    assert [choice.text for choice in exchange.answer.choices] == ["Once", "Twice"]


def test_writers_streams_are_read() -> None:
    exchange = read(
        sse({"value": "One"}, {"value": " joke"}),
        {"prompt": "x"},
        "https://api.writer.com/v1/completions",
    )
    assert _parts(exchange) == (Prose("text", "One joke"),)
    assert exchange.complete


INPUTS: list[tuple[str, Json, tuple[tuple[Part, ...], ...]]] = [
    ("text", "a", ((Prose("text", "a"),),)),
    ("texts", ["a", "b"], ((Prose("text", "a"),), (Prose("text", "b"),))),
    ("tokens", [1, 2, 3], ((Item("tokens", {"count": 3}),),)),
    ("lists-of-tokens", [[1, 2], [3]], ((Item("tokens", {"count": 2}),), (Item("tokens", {"count": 1}),))),
    ("empty", "", ()),
    ("none", None, ()),
    ("nothing", [], ()),
    (
        "typed",
        [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}],
        ((Media("image", url="https://x.example/a.png"),),),
    ),
]


@pytest.mark.parametrize(("given", "expected"), [row[1:] for row in INPUTS], ids=[row[0] for row in INPUTS])
@pytest.mark.parametrize(
    ("path", "key"), [("completions", "prompt"), ("embeddings", "input"), ("moderations", "input")]
)
def test_each_input_is_a_message(
    path: str, key: str, given: Json, expected: tuple[tuple[Part, ...], ...]
) -> None:
    prompt = read(
        {"error": {"message": "m"}}, {"model": "m", key: given, "user": "u"}, f"{API}/{path}"
    ).prompt
    assert tuple(message.parts for message in prompt.messages) == expected
    assert (prompt.model, prompt.params) == ("m", {"user": "u"})


@pytest.mark.parametrize("cut", [0, 1])
def test_every_word_of_a_completion_has_a_place(cut: int) -> None:
    events = STREAMS[0][1]
    interaction = recorded(sse(*events[: len(events) - cut]), {"prompt": "x"}, COMPLETIONS, "literal")
    exchange = read_exchange(interaction, loads=traced)
    assert exchange is not None
    assert exchange.reply is not None
    assert isinstance(exchange.reply.text, Joined)
    assert all(isinstance(piece, Text) for piece in exchange.reply.text.pieces)


# -- embeddings ------------------------------------------------------------------------------------


def _packed(*numbers: float, form: str = "f") -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}{form}", *numbers)).decode()


def _embedded(*vectors: Json) -> Object:
    data: list[Json] = [
        {"object": "embedding", "index": n, "embedding": vector} for n, vector in enumerate(vectors)
    ]
    usage: Json = {"prompt_tokens": 4, "total_tokens": 4}
    return {"object": "list", "model": "e", "data": data, "usage": usage}


NUMBERS = (0.6, -0.8, 0.0, 1e-9)
UNIT: list[Json] = [*NUMBERS]
VECTORS: list[tuple[str, Json, int | None]] = [
    ("numbers", UNIT, 4),
    ("integers", [1, -128, 127], 3),
    ("none", [], 0),
    ("base64", _packed(*NUMBERS), 4),
    ("a-long-one-in-base64", _packed(*[0.01] * 1536), 1536),
    ("doubles-in-base64", _packed(*[0.1, -0.7] * 128, form="d"), 256),
    ("short-doubles-in-base64", _packed(*[0.5, -0.25] * 128, form="d"), 256),
    ("zeros-in-base64", _packed(*[0.0] * 8), 8),
    ("bytes-in-base64", base64.b64encode(bytes(range(1, 201))).decode(), 200),
    ("bytes-in-base64-of-odd-length", base64.b64encode(bytes(33)).decode(), 33),
    ("no-base64", "not base64!", None),
    ("nonsense", {"a": 1}, None),
]


@pytest.mark.parametrize(
    ("vector", "dimensions"), [row[1:] for row in VECTORS], ids=[row[0] for row in VECTORS]
)
def test_an_embedding_is_told_by_its_length(vector: Json, dimensions: int | None) -> None:
    exchange = read(_embedded([1.0, 2.0], vector), {"model": "e", "input": ["a", "b"]}, f"{API}/embeddings")
    assert exchange.dialect == "openai-embeddings"
    assert _parts(exchange) == (
        Item("embedding", {"index": 0, "dimensions": 2}),
        Item("embedding", {"index": 1, "dimensions": dimensions}),
    )
    assert exchange.answer.usage == Usage(4, total_tokens=4)
    assert exchange.problems == ()


@pytest.mark.parametrize("vector", [row[1] for row in VECTORS[:5]], ids=[row[0] for row in VECTORS[:5]])
def test_openais_sdk_makes_as_many_numbers_of_an_embedding(vector: Json) -> None:
    body = _embedded(vector)
    theirs = oracles.openai_client(json.dumps(body).encode()).embeddings.create(model="m", input="x").data
    ours = _parts(read(body, {"input": "x"}, f"{API}/embeddings"))
    assert [part.fields["dimensions"] for part in ours if isinstance(part, Item)] == [
        len(one.embedding) for one in theirs
    ]


COHERE: list[tuple[str, str, Object, Object, tuple[Part, ...], Usage | None]] = [
    (
        "cohere-2",
        "https://api.cohere.com/v2/embed",
        {"model": "e", "texts": ["a", "b"], "input_type": "search_query"},
        {
            "embeddings": {"float": [UNIT, UNIT], "ubinary": [[1, 2], [3, 4]]},
            "texts": ["a", "b"],
            "meta": {"billed_units": {"input_tokens": 2}},
        },
        (
            Item("embedding", {"index": 0, "dimensions": 4, "type": "float"}),
            Item("embedding", {"index": 1, "dimensions": 4, "type": "float"}),
            Item("embedding", {"index": 0, "dimensions": 16, "type": "ubinary"}),
            Item("embedding", {"index": 1, "dimensions": 16, "type": "ubinary"}),
        ),
        Usage(2),
    ),
    (
        "cohere-1",
        "https://api.cohere.ai/v1/embed",
        {"texts": ["a"]},
        {"embeddings": [UNIT]},
        (Item("embedding", {"index": 0, "dimensions": 4}),),
        None,
    ),
    (
        "ollama",
        "http://localhost:11434/api/embed",
        {"model": "e", "input": "a"},
        {"model": "e", "embeddings": [UNIT], "prompt_eval_count": 3},
        (Item("embedding", {"index": 0, "dimensions": 4}),),
        Usage(3),
    ),
    (
        "old-ollama",
        "http://localhost:11434/api/embeddings",
        {"model": "e", "prompt": "a"},
        {"embedding": UNIT},
        (Item("embedding", {"index": 0, "dimensions": 4}),),
        None,
    ),
]


@pytest.mark.parametrize(
    ("url", "asked", "reply", "parts", "usage"), [row[1:] for row in COHERE], ids=[row[0] for row in COHERE]
)
def test_embeddings_of_other_forms_are_read(
    url: str, asked: Object, reply: Object, parts: tuple[Part, ...], usage: Usage | None
) -> None:
    exchange = read(reply, asked, url)
    assert exchange.dialect == "embeddings"
    assert _parts(exchange) == parts
    assert exchange.answer.usage == usage
    assert exchange.prompt.messages[0].text == "a"


# -- images ----------------------------------------------------------------------------------------

PNG = "iVBORw0KGgo="
TOKENS: Json = {"input_tokens": 10, "output_tokens": 20, "total_tokens": 30}
IMAGES: list[tuple[str, Object, tuple[Part, ...]]] = [
    (
        "url",
        {"created": 1, "data": [{"url": "https://x.example/a.png"}]},
        (Media("image", url="https://x.example/a.png"),),
    ),
    (
        "data",
        {"created": 1, "data": [{"b64_json": PNG}], "output_format": "webp"},
        (Media("image", "image/webp", 8),),
    ),
    (
        "revised-prompt",
        {"created": 1, "data": [{"b64_json": PNG, "revised_prompt": "A boat."}, {"b64_json": PNG}]},
        (Media("image", None, 8), Item("revised_prompt", {"text": "A boat."}), Media("image", None, 8)),
    ),
    (
        "type-given",
        {"data": [{"url": "https://x.example/a", "mime_type": "image/jpeg"}]},
        (Media("image", "image/jpeg", url="https://x.example/a"),),
    ),
]


@pytest.mark.parametrize(("reply", "parts"), [row[1:] for row in IMAGES], ids=[row[0] for row in IMAGES])
def test_images_are_told_by_their_type_and_size_or_their_url(reply: Object, parts: tuple[Part, ...]) -> None:
    exchange = read(
        reply | {"usage": TOKENS}, {"model": "m", "prompt": "a boat", "n": 1}, f"{API}/images/generations"
    )
    assert exchange.dialect == "openai-images"
    assert _parts(exchange) == parts
    assert exchange.answer.usage == Usage(10, 20, total_tokens=30)
    assert exchange.prompt.messages == (Message("user", (Prose("text", "a boat"),)),)
    assert exchange.prompt.params == {"n": 1}
    theirs = oracles.openai_client(json.dumps(reply).encode()).images.generate(model="m", prompt="x").data
    assert len(theirs) == sum(isinstance(part, Media) for part in parts)


GIVEN: list[tuple[str, Object, Media]] = [
    (
        "data-url",
        {"images": [{"type": "image_url", "url": f"data:image/png;base64,{PNG}"}]},
        Media("image", "image/png", 8),
    ),
    (
        "url",
        {"images": [{"image_url": "https://x.example/a.png"}]},
        Media("image", url="https://x.example/a.png"),
    ),
    (
        "nested",
        {"input_references": [{"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]},
        Media("image", url="https://x.example/a.png"),
    ),
    ("file-id", {"images": [{"file_id": "file_1"}]}, Media("image", url="file_1")),
]


@pytest.mark.parametrize(("asked", "expected"), [row[1:] for row in GIVEN], ids=[row[0] for row in GIVEN])
def test_the_images_of_an_edit_are_shown(asked: Object, expected: Media) -> None:
    exchange = read({"data": []}, asked | {"prompt": "green"}, f"{API}/images/edits")
    assert exchange.prompt.messages == (Message("user", (Prose("text", "green"), expected)),)


def test_a_streamed_image_is_the_completed_one_and_until_then_the_latest() -> None:
    partial: Object = {
        "type": "image_generation.partial_image",
        "b64_json": "AAEC",
        "partial_image_index": 0,
        "output_format": "png",
    }
    completed: Object = {
        "type": "image_generation.completed",
        "b64_json": PNG,
        "output_format": "png",
        "usage": TOKENS,
    }
    whole = read(sse(partial, completed, named=True), {"prompt": "x"}, f"{API}/images/generations")
    assert (_parts(whole), whole.complete) == ((Media("image", "image/png", 8),), True)
    assert whole.answer.usage == Usage(10, 20, total_tokens=30)
    cut = read(sse(partial, named=True), {"prompt": "x"}, f"{API}/images/generations")
    assert (_parts(cut), cut.complete) == ((Media("image", "image/png", 3),), False)


# -- audio -----------------------------------------------------------------------------------------

WAVE = b"RIFF\x00\x80\xff\x00WAVE"
BOUNDARY = "multipart/form-data; boundary=frontier"


def _form(**fields: str) -> bytes:
    head = b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n'
    head += b"Content-Type: audio/wav\r\n\r\n"
    rest = "".join(
        f'--frontier\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    return head + WAVE + b"\r\n" + rest.encode() + b"--frontier--\r\n"


def _heard(reply: str, kind: str = "application/json", status: int = 200) -> Exchange:
    return _sent(
        "audio/transcriptions", _form(model="whisper-1", language="en"), BOUNDARY, reply, kind, status
    )


def test_a_form_with_a_recording_is_shown_by_its_fields_and_the_files_size() -> None:
    exchange = _heard('{"text": "Hello."}')
    assert exchange.dialect == "openai-audio"
    assert exchange.model == "whisper-1"
    assert exchange.prompt.params == {"language": "en"}
    assert exchange.prompt.messages == (Message("user", (Media("audio", "audio/wav", len(WAVE), "a.wav"),)),)
    assert exchange.problems == ()


HEARD: list[tuple[str, Object, tuple[Part, ...], Usage | None]] = [
    ("text", {"text": "Hello."}, (Prose("text", "Hello."),), None),
    (
        "tokens",
        {
            "text": "Hello.",
            "usage": {"type": "tokens", "input_tokens": 3, "output_tokens": 2, "total_tokens": 5},
        },
        (Prose("text", "Hello."),),
        Usage(3, 2, total_tokens=5),
    ),
    (
        "seconds",
        {"text": "Hello.", "usage": {"type": "duration", "seconds": 4}},
        (Prose("text", "Hello."),),
        None,
    ),
    (
        "verbose",
        {
            "task": "transcribe",
            "language": "english",
            "duration": 1.5,
            "text": "Hello.",
            "segments": [{"id": 0, "start": 0.0, "end": 1.5, "text": "Hello."}],
        },
        (Prose("text", "Hello."),),
        None,
    ),
    (
        "speakers",
        {
            "text": "Hello.",
            "segments": [
                {
                    "type": "transcript.text.segment",
                    "id": "seg_0",
                    "start": 0.0,
                    "end": 1.5,
                    "text": "Hello.",
                    "speaker": "A",
                }
            ],
        },
        (
            Prose("text", "Hello."),
            Item("segment", {"speaker": "A", "start": 0.0, "end": 1.5, "text": "Hello."}),
        ),
        None,
    ),
    ("silence", {"text": ""}, (), None),
]


@pytest.mark.parametrize(
    ("reply", "parts", "usage"), [row[1:] for row in HEARD], ids=[row[0] for row in HEARD]
)
def test_a_transcript_reads_as_openais_sdk_reads_it(
    reply: Object, parts: tuple[Part, ...], usage: Usage | None
) -> None:
    exchange = _heard(json.dumps(reply))
    assert (exchange.reply.parts if exchange.reply else ()) == parts
    assert exchange.answer.usage == usage
    client = oracles.openai_client(json.dumps(reply).encode())
    theirs = client.audio.transcriptions.create(file=("a.wav", WAVE), model="m").text
    assert (exchange.reply.text if exchange.reply else "") == theirs


def test_a_transcript_in_plain_text_is_the_reply() -> None:
    subtitles = "1\n00:00:00,000 --> 00:00:01,500\nHello.\n"
    exchange = _heard(subtitles, "text/plain; charset=utf-8")
    assert _parts(exchange) == (Prose("text", subtitles),)
    assert exchange.problems == ()
    failed = _heard("<html>Bad Gateway</html>", "text/html", 502)
    assert failed.reply is None
    assert failed.problems == (f"the reply is {Kind.TEXT}, no JSON",)


TRANSCRIPT: list[Json] = [
    {"type": "transcript.text.delta", "delta": "Hel"},
    {"type": "transcript.text.delta", "delta": "lo."},
    {
        "type": "transcript.text.segment",
        "id": "seg_0",
        "speaker": "A",
        "start": 0,
        "end": 1,
        "text": "Hello.",
    },
    {
        "type": "transcript.text.done",
        "text": "Hello.",
        "usage": {"type": "tokens", "input_tokens": 3, "output_tokens": 2, "total_tokens": 5},
    },
]
SEGMENT = Item("segment", {"speaker": "A", "start": 0, "end": 1, "text": "Hello."})


def test_a_streamed_transcript_is_what_came_until_then() -> None:
    found = [_heard(sse(*TRANSCRIPT[:end]), "text/event-stream") for end in range(1, 5)]
    assert [_parts(exchange) for exchange in found] == [
        (Prose("text", "Hel"),),
        (Prose("text", "Hello."),),
        (Prose("text", "Hello."), SEGMENT),
        (Prose("text", "Hello."), SEGMENT),
    ]
    assert [exchange.complete for exchange in found] == [False, False, False, True]
    assert found[-1].answer.usage == Usage(3, 2, total_tokens=5)
    assert found[-1].problems == ()
    odd = _heard(sse({"type": "transcript.novelty"}, *TRANSCRIPT), "text/event-stream")
    assert odd.problems == ("an event of an unknown type: transcript.novelty",)
    assert odd.reply == found[-1].reply


def test_mistrals_streamed_transcripts_are_read() -> None:
    events: list[Json] = [
        {"type": "transcription.language", "audio_language": "en"},
        {"type": "transcription.text.delta", "text": "Hel"},
        {"type": "transcription.text.delta", "text": "lo."},
        {"type": "transcription.segment", "speaker_id": "s1", "start": 0, "end": 1, "text": "Hello."},
        {"type": "transcription.done", "model": "v", "text": "Hello.", "language": "en", "usage": COUNTS},
    ]
    exchange = _heard(sse(*events, named=True), "text/event-stream")
    assert exchange.dialect == "openai-audio"
    assert _parts(exchange) == (
        Prose("text", "Hello."),
        Item("segment", {"speaker_id": "s1", "start": 0, "end": 1, "text": "Hello."}),
    )
    assert exchange.answer.usage == Usage(5, 2, total_tokens=7)
    assert (exchange.complete, exchange.problems) == (True, ())


SPEECH: list[tuple[str, str | bytes, str, Media]] = [
    ("audio", b"ID3\x00\xff\xfb\x00", "audio/mpeg", Media("audio", "audio/mpeg", 7)),
    ("json", '{"audio_data": "AAECAwQF"}', "application/json", Media("audio", None, 6)),
    (
        "streamed",
        sse(
            {"type": "speech.audio.delta", "audio": "AAEC"},
            {"type": "speech.audio.delta", "audio": "AwQF"},
            {
                "type": "speech.audio.done",
                "usage": {"input_tokens": 1, "output_tokens": 2, "total_tokens": 3},
            },
        ),
        "text/event-stream",
        Media("audio", None, 6),
    ),
]


@pytest.mark.parametrize(
    ("reply", "kind", "expected"), [row[1:] for row in SPEECH], ids=[row[0] for row in SPEECH]
)
def test_speech_is_told_by_its_type_and_size(reply: str | bytes, kind: str, expected: Media) -> None:
    asked = json.dumps({"model": "tts-1", "input": "Hello.", "voice": "alloy"})
    exchange = _sent("audio/speech", asked, "application/json", reply, kind)
    assert exchange.prompt.messages == (Message("user", (Prose("text", "Hello."),)),)
    assert exchange.prompt.params == {"voice": "alloy"}
    assert _parts(exchange) == (expected,)
    assert (exchange.complete, exchange.problems) == (True, ())


# -- moderation, and reranking ---------------------------------------------------------------------


def test_moderation_says_what_was_flagged_and_for_what() -> None:
    reply: Object = {
        "id": "modr-1",
        "model": "omni-moderation-latest",
        "results": [
            {
                "flagged": True,
                "categories": {"hate": False, "violence": True},
                "category_scores": {"hate": 0},
            },
            {"categories": {"selfharm": False}, "category_scores": {"selfharm": 0.1}},
        ],
    }
    exchange = read(reply, {"input": ["a", "b"]}, f"{API}/moderations")
    assert exchange.dialect == "openai-moderation"
    assert _parts(exchange) == (
        Item("moderation", {"flagged": True, "categories": ["violence"]}),
        Item("moderation", {"flagged": False, "categories": []}),
    )
    theirs = oracles.openai_client(json.dumps(reply).encode()).moderations.create(input="x").results[0]
    assert theirs.flagged
    assert [name for name, held in theirs.categories.to_dict().items() if held is True] == ["violence"]


RANKED: list[tuple[str, str, Object, Json, str | None, Usage | None]] = [
    (
        "cohere",
        "https://api.cohere.com/v2/rerank",
        {"model": "r", "documents": ["a", {"text": "b"}]},
        {"id": "1", "results": [{"index": 1, "relevance_score": 0.5}], "meta": {}},
        "r",
        None,
    ),
    (
        "jina",
        "https://api.jina.ai/v1/rerank",
        {"documents": ["a", "b"]},
        {
            "model": "r",
            "results": [{"index": 1, "relevance_score": 0.5, "document": {"text": "b"}}],
            "usage": {"total_tokens": 9, "prompt_tokens": 9},
        },
        "r",
        Usage(9, total_tokens=9),
    ),
    (
        "voyage",
        "https://api.voyageai.com/v1/rerank",
        {"documents": ["a", "b"]},
        {
            "object": "list",
            "data": [{"index": 1, "relevance_score": 0.5}],
            "model": "r",
            "usage": {"total_tokens": 9},
        },
        "r",
        Usage(total_tokens=9),
    ),
    (
        "a-bare-list",
        "http://localhost:8080/rerank",
        {"texts": ["a", "b"]},
        [{"index": 1, "score": 0.5}],
        None,
        None,
    ),
]


@pytest.mark.parametrize(
    ("url", "asked", "reply", "model", "usage"), [row[1:] for row in RANKED], ids=[row[0] for row in RANKED]
)
def test_a_ranking_has_the_places_and_scores(
    url: str, asked: Object, reply: Json, model: str | None, usage: Usage | None
) -> None:
    document: Object = {
        "request": {
            "method": "POST",
            "uri": url,
            "headers": {},
            "body": json.dumps(asked | {"query": "q", "top_n": 1}),
        }
    }
    response: Object = {"status": {"code": 200}, "headers": {}, "body": {"string": json.dumps(reply)}}
    cassette = json.dumps({"version": 1, "interactions": [document | {"response": response}]})
    exchange = read_exchange(read_cassette(Document("cassette.yaml", cassette.encode())).interactions[0])
    assert exchange is not None
    assert (exchange.dialect, exchange.model, exchange.answer.usage) == ("rerank", model, usage)
    assert _parts(exchange) == (Item("ranking", {"index": 1, "score": 0.5}),)
    texts = [(message.role, message.text) for message in exchange.prompt.messages]
    assert texts == [("query", "q"), ("document", "a"), ("document", "b")]
    assert exchange.prompt.params == {"top_n": 1}
    assert (exchange.complete, exchange.problems) == (True, ())


ERRORS = [
    "completions",
    "embeddings",
    "images/generations",
    "audio/speech",
    "moderations",
    "rerank",
    "threads/t/runs",
]


@pytest.mark.parametrize("path", ERRORS)
def test_an_error_is_the_answer(path: str) -> None:
    asked: Object = {"prompt": "x", "input": "x", "query": "q", "documents": [], "assistant_id": "a"}
    exchange = read({"error": {"type": "invalid_request_error", "message": "no"}}, asked, f"{API}/{path}")
    assert exchange.answer.error == ProviderError("invalid_request_error", "no")
    assert exchange.reply is None
    assert exchange.problems == ()


ODD: list[Json] = [None, 5, "x", [], [5], {}, {"data": 5}, {"data": [5]}, {"results": {}}, {"choices": [5]}]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("path", [*ERRORS, "embed"])
def test_odd_values_never_raise(path: str, odd: Json) -> None:
    names = ("input", "prompt", "query", "documents", "messages", "tools", "image", "file")
    asked: Object = dict.fromkeys(names, odd)
    whole: Object = {"data": [odd], "results": [odd], "choices": [odd], "embeddings": odd, "text": odd}
    replies: list[Json] = [odd, whole, whole | {"object": "list"}]
    for reply in replies:
        for text in (json.dumps(reply), sse(reply, reply, "[DONE]")):
            read_exchange(recorded(text, asked, f"{API}/{path}"))


# -- real recordings -------------------------------------------------------------------------------


def _files(kinds: set[str], count: int) -> list[Path]:
    rows = [json.loads(line) for line in (CORPUS / "MANIFEST.jsonl").read_text("utf-8").splitlines()]
    names = [row["path"] for row in rows if kinds & {*row["dialects"]} and row["bytes"] < 300_000]
    return [CORPUS / name for name in sorted(random.Random(3).sample(names, count))]


@needs_corpus
def test_real_completions_read_as_openais_sdk_reads_them() -> None:
    outcome = replies_read_as_the_sdks_read_them(_files({"openai-completions"}, 25))
    assert outcome.faults == []
    assert sum(number for what, number in outcome.counts.items() if "completions" in what) >= 15


@needs_corpus
def test_real_embeddings_have_as_many_numbers_as_openais_sdk_makes_of_them() -> None:
    compared = 0
    for path in _files({"embeddings"}, 25):
        cassette = read_cassette(Document(path.name, path.read_bytes()))
        for interaction in cassette.interactions:
            exchange = read_exchange(interaction)
            if exchange is None or exchange.dialect != "openai-embeddings" or not exchange.reply:
                continue
            data: Any = (
                oracles.openai_client(read_content(interaction.response).bytes)
                .embeddings.create(model="m", input="x")
                .data
            )
            ours = [part.fields["dimensions"] for part in exchange.reply.parts if isinstance(part, Item)]
            if "perplexity" in interaction.request.url:  # bytes, which OpenAI's SDK takes for float32
                assert {*ours} == {exchange.prompt.params.get("dimensions", 1024)}
                continue
            if exchange.prompt.model == "intfloat/e5-mistral-7b-instruct":  # float64, from a vLLM of its time
                assert {*ours} == {4096}
                continue
            assert ours == [len(one.embedding) for one in data], path
            compared += 1
    assert compared >= 8

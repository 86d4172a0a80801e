"""AWS event streams, held against botocore's own reader of them."""

import json
from struct import pack
from zlib import crc32

import pytest

from cassette_cli.errors import CassetteError
from cassette_cli.recorders import read_cassette
from cassette_cli.source.document import Document
from cassette_cli.source.tree import Json
from cassette_cli.wire.body import Kind, read_content
from cassette_cli.wire.eventstream import looks_like_frames, read_frames
from tests.corpus import files, needs_corpus


def frame(name: str, body: Json, kind: str = "event") -> bytes:
    """One message as the format's documentation lays it out."""
    headers = b"".join(
        pack(">B", len(key)) + key.encode() + b"\x07" + pack(">H", len(value)) + value.encode()
        for key, value in (
            (f":{kind}-type", name),
            (":content-type", "application/json"),
            (":message-type", kind),
        )
    )
    payload = json.dumps(body).encode()
    prelude = pack(">II", 16 + len(headers) + len(payload), len(headers))
    message = prelude + pack(">I", crc32(prelude)) + headers + payload
    return message + pack(">I", crc32(message))


TWO = frame("one", {"a": 1}) + frame("two", {"b": "\u00f6"})


def _botocore(data: bytes) -> list[tuple[str, str]]:
    eventstream = pytest.importorskip("botocore.eventstream")
    buffer = eventstream.EventStreamBuffer()
    buffer.add_data(data)
    return [(str(event.headers[":event-type"]), event.payload.decode()) for event in buffer]


def test_events_are_what_botocore_reads() -> None:
    events, problems = read_frames(TWO)
    assert [(event.event, event.data) for event in events] == _botocore(TWO)
    assert problems == []


@pytest.mark.parametrize("cut", range(len(TWO)))
def test_a_stream_cut_anywhere_keeps_what_is_whole_and_says_the_cut(cut: int) -> None:
    events, problems = read_frames(TWO[:cut])
    assert len([event for event in events if event.ended]) == len(_botocore(TWO[:cut]))
    whole = cut in (0, len(frame("one", {"a": 1})))
    assert whole == (problems == [] and all(event.ended for event in events))


def test_a_wrong_checksum_is_said() -> None:
    broken = bytearray(TWO)
    broken[60] ^= 1
    _, problems = read_frames(bytes(broken))
    assert problems == ["event 0: the checksum does not fit"]


@pytest.mark.parametrize("data", [b"", b"data: {}\n\n", b"\x00" * 40, b"\xff" * 40, TWO[:11]])
def test_other_bytes_are_no_event_stream(data: bytes) -> None:
    assert not looks_like_frames(data)


@needs_corpus
def test_every_event_stream_of_the_corpus_is_read_as_botocore_reads_it() -> None:
    streams = 0
    for path in files(".yaml", ".yml"):
        raw = path.read_bytes()
        if b"eventstream" not in raw and b"bedrock" not in raw:
            continue
        try:
            cassette = read_cassette(Document(path.name, raw))
        except CassetteError:
            continue
        for interaction in cassette.interactions:
            content = read_content(interaction.response)
            if content.kind is Kind.EVENTSTREAM:
                assert [(event.event, event.data) for event in content.events] == _botocore(content.bytes)
                streams += 1
    assert streams >= 40

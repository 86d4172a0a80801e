"""cassetter, LangChain, httpmock and Pydantic AI's frames, held against independent readings."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from cassette_cli.errors import Refused, Unreadable
from cassette_cli.model import Cassette
from cassette_cli.recorders import read_cassette
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit
from cassette_cli.source.text import Text, rewrite
from cassette_cli.wire.body import Kind, read_content
from tests.corpus import CORPUS, needs_corpus

CASSETTER = """\
version: 1
interactions:
- request:
    method: GET
    uri: https://x.example.com/b
    headers: {}
    body: {type: none}
  response:
    status: 200
    headers: {content-type: [image/png], set-cookie: [a=1, b=2]}
    body: {type: binary, content: 89504e470d0a}
  recorded_at: 2025-11-03T10:00:02Z
grpc_interactions:
- request: {method: /pkg.Svc/Do, metadata: {}, body: {type: binary, content: 0a026869}}
  response: {status_code: 0, status_message: OK, metadata: {}, body: {type: binary, content: 0a03686579}}
  json_debug: {request: {q: hi}}
  recorded_at: 2025-11-03T10:00:03Z
ws_interactions:
- uri: wss://api.example.com/rt
  headers: {authorization: [Bearer sample]}
  frames:
  - {direction: send, frame_type: text, body: {type: json, content: {type: hello}}, offset_ms: 0}
  - {direction: recv, frame_type: close, body: {type: none}, offset_ms: 31}
  recorded_at: 2025-11-03T10:00:04Z
"""
TOML = """\
version = 1

[[interactions]]
recorded_at = "2025-11-03T10:00:00Z"

[interactions.request]
method = "POST"
uri = "https://x.example.com/t"
body_type = "json"
body_content = '{"a":1}'

[interactions.request.headers]
content-type = ["application/json"]

[interactions.response]
status = 200
body_type = "text"
body_content = "line"

[interactions.response.headers]
"""


def load(text: str | bytes, name: str = "cassette.yaml") -> Cassette:
    return read_cassette(Document(name, text.encode() if isinstance(text, str) else text))


# -- cassetter -------------------------------------------------------------------------------------


def test_cassetter_bodies_are_typed_and_binary_is_hexadecimal() -> None:
    cassette = load(CASSETTER)
    assert (cassette.recorder, cassette.version, len(cassette.interactions)) == ("cassetter", "1", 3)
    first = cassette.interactions[0]
    assert first.response.body.bytes == b"\x89PNG\r\n"
    assert read_content(first.request).kind is Kind.EMPTY
    assert [header.value for header in first.response.headers] == ["image/png", "a=1", "b=2"]


def test_cassetter_calls_and_connections_are_frames_in_order() -> None:
    _, grpc, websocket = load(CASSETTER).interactions
    assert (grpc.request.method, grpc.request.url) == ("gRPC", "/pkg.Svc/Do")
    assert [frame.direction for frame in grpc.frames] == ["sent", "received"]
    assert grpc.frames[1].body.bytes == b"\x0a\x03hey"
    assert [(frame.direction, frame.at_ms) for frame in websocket.frames] == [
        ("sent", 0.0),
        ("received", 31.0),
    ]


def test_a_toml_cassette_is_read_and_an_edit_of_it_refused() -> None:
    cassette = load(TOML, "cassette.toml")
    (only,) = cassette.interactions
    assert (cassette.recorder, only.request.url, only.response.status) == (
        "cassetter",
        "https://x.example.com/t",
        200,
    )
    assert read_content(only.request).json == {"a": 1}
    assert isinstance(only.request.url, Text)
    with pytest.raises(Refused):
        rewrite([(only.request.url, [Edit(0, 5, "http")])])


def test_broken_toml_is_told_with_its_place() -> None:
    with pytest.raises(Unreadable, match=r"cassette\.toml:3:\d+: not TOML"):
        load("[[interactions]]\n\nrequest = \n", "cassette.toml")


def test_cassetter_itself_reads_the_same(tmp_path: Path) -> None:
    core = pytest.importorskip("cassetter._core")
    path = tmp_path / "cassette.yaml"
    path.write_text(CASSETTER, "utf-8")
    theirs, ours = core.Cassette.load(str(path)), load(CASSETTER)
    assert [one.request.uri for one in theirs.interactions] == [
        one.request.url for one in ours.interactions[:1]
    ]
    assert bytes(theirs.interactions[0].response.body.content) == ours.interactions[0].response.body.bytes
    assert [frame.offset_ms for frame in theirs.ws_interactions[0].frames] == [0, 31]


# -- LangChain -------------------------------------------------------------------------------------

SPLIT = {
    "requests": [{"body": b"a", "headers": {}, "method": "POST", "uri": "https://x.example.com/1"}],
    "responses": [{"body": {"string": b"b"}, "headers": {}, "status": {"code": 200, "message": "OK"}}],
}


def test_langchain_pairs_its_two_lists_through_gzip() -> None:
    cassette = load(gzip.compress(yaml.safe_dump(SPLIT).encode()), "cassette.yaml.gz")
    (only,) = cassette.interactions
    assert (cassette.recorder, only.request.body.bytes, only.response.body.bytes) == ("langchain", b"a", b"b")


def test_langchain_lists_of_different_lengths_are_an_error() -> None:
    with pytest.raises(Unreadable, match="1 requests stand beside 0 responses"):
        load(yaml.safe_dump(SPLIT | {"responses": []}))


# -- httpmock --------------------------------------------------------------------------------------

HTTPMOCK = """\
when:
  path: /api/chat
  method: POST
  query_param: [{name: a, value: '1'}, {name: b, value: c d}]
  header: [{name: accept, value: '*/*'}]
  body: '{"q": 1}'
then:
  status: 200
  header: [{name: content-type, value: application/octet-stream}]
  body: aGVsbG8=
  body_encoding: base64
---
when: {path: /two}
then: {status: 404}
"""


def test_httpmock_is_a_document_an_interaction() -> None:
    one, two = load(HTTPMOCK).interactions
    assert (one.request.method, one.request.url) == ("POST", "/api/chat?a=1&b=c d")
    assert (one.response.status, one.response.body.bytes) == (200, b"hello")
    assert (two.request.url, two.response.status, two.response.body.bytes) == ("/two", 404, b"")


# -- the corpus ------------------------------------------------------------------------------------


class _Plain(yaml.CSafeLoader):
    """PyYAML, an independent reader."""


def _paths(folder: str) -> Iterator[Path]:
    return (path for path in sorted((CORPUS / folder).rglob("*")) if path.is_file())


def _loaded(path: Path) -> Any:
    raw = path.read_bytes()
    return list(yaml.load_all(gzip.decompress(raw) if path.suffix == ".gz" else raw, _Plain))


@needs_corpus
def test_every_httpmock_file_reads_as_pyyaml_reads_it() -> None:
    for path in _paths("httpmock-rs"):
        documents, cassette = _loaded(path), load(path.read_bytes(), path.name)
        assert len(documents) == len(cassette.interactions)
        for document, one in zip(documents, cassette.interactions, strict=True):
            when, then = document["when"], document["then"]
            query = "&".join(f"{pair['name']}={pair['value']}" for pair in when["query_param"])
            assert one.request.url == when["path"] + (f"?{query}" if query else "")
            assert (one.request.method, one.response.status) == (when["method"], then["status"])
            assert [tuple(pair.values()) for pair in then["header"]] == list(one.response.headers)
            if "body_encoding" not in then:
                assert one.response.body.bytes == (then.get("body") or "").encode()


@needs_corpus
def test_every_langchain_file_reads_as_pyyaml_reads_it() -> None:
    for path in _paths("langchain-split"):
        (document,), cassette = _loaded(path), load(path.read_bytes(), path.name)
        ours = [(one.request.url, one.response.body.bytes) for one in cassette.interactions]
        bodies = [response["body"]["string"] for response in document["responses"]]
        assert ours == list(zip([request["uri"] for request in document["requests"]], bodies, strict=True))


@needs_corpus
def test_every_frame_of_pydantic_ai_reads_as_pyyaml_reads_it() -> None:
    frames = 0
    for path in _paths("pydantic-ai-realtime-WS"):
        (document,), (only,) = _loaded(path), load(path.read_bytes(), path.name).interactions
        assert [frame["direction"] for frame in document["interactions"]] == [
            frame.direction for frame in only.frames
        ]
        frames += len(only.frames)
    assert frames == 2331


@needs_corpus
def test_every_call_of_pydantic_ai_is_an_interaction() -> None:
    for path in _paths("pydantic-ai-xai-gRPC"):
        (document,), cassette = _loaded(path), load(path.read_bytes(), path.name)
        assert len(document["interactions"]) == len(cassette.interactions)
        for entry, one in zip(document["interactions"], cassette.interactions, strict=True):
            chunks = entry.get("response_stream", {}).get("chunks_json")
            assert len(one.frames) == (1 + len(chunks) if chunks is not None else len(one.frames))
            assert json.dumps(entry, default=str)

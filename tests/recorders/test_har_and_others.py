"""HAR, WireMock, Azure's and Datadog's proxies, seinfeld, govcr: forms by table, real files by `json`.

The oracle at the end reads each format as its documentation has it, from nothing but parsed values.
`python -m tests.recorders.test_har_and_others` compares every file of the corpus.
"""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from cassette_cli.model import Body, Cassette, Header, Interaction
from cassette_cli.recorders import looks_like_cassette, read_cassette
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.text import Joined, Text, rewrite
from cassette_cli.source.tree import plain
from cassette_cli.wire.body import Kind, read_content, traced
from tests.corpus import CORPUS, dice, name_of, needs_corpus
from tests.recorders.reading import Said, fault, read, said

BINARY = b"\xff\0\x01"
B64 = base64.b64encode(BINARY).decode()


def only(text: str) -> Interaction:
    (found,) = read(text, "x.json").interactions
    return found


def bytes_of(body: Body) -> bytes | Any:
    """The stored bytes, or the value of a body that is stored as one."""
    return body.bytes if body.tree is None else plain(body.tree)


# -- HAR -------------------------------------------------------------------------------------------

HAR_REQUEST = {"method": "GET", "url": "http://a/", "headers": []}
HAR_RESPONSE = {"status": 200, "headers": [], "content": {"size": 0, "mimeType": "x-unknown"}}


def har(
    request: dict[str, Any] | None = None,
    response: dict[str, Any] | None = None,
    content: dict[str, Any] | None = None,
    **entry: Any,
) -> str:
    answer = {**HAR_RESPONSE, **(response or {})}
    if content is not None:
        answer["content"] = content
    whole = {"request": {**HAR_REQUEST, **(request or {})}, "response": answer, **entry}
    return json.dumps({"log": {"version": "1.2", "entries": [whole]}})


def pairs(**values: Any) -> list[dict[str, Any]]:
    return [{"name": name, "value": value} for name, value in values.items()]


FORM = {"mimeType": "application/x-www-form-urlencoded"}
FILES = {"mimeType": "multipart/form-data", "params": [{"name": "a", "fileName": "b.txt"}]}

HAR_ASKED: list[tuple[str, dict[str, Any], object]] = [
    ("none", {}, b""),
    ("text", {"postData": {"mimeType": "text/plain", "text": "hello"}}, b"hello"),
    ("null", {"postData": {"mimeType": "text/plain", "text": None}}, b""),
    ("no-text", {"postData": {"mimeType": "text/plain"}}, b""),
    ("base64", {"postData": {"mimeType": "x", "text": B64, "encoding": "base64"}}, BINARY),
    ("text-beside-params", {"postData": {**FORM, "text": "a=1", "params": pairs(a="1")}}, b"a=1"),
    ("empty-text-beside-params", {"postData": {**FORM, "text": "", "params": pairs(a="1")}}, b"a=1"),
    ("params", {"postData": {**FORM, "params": pairs(a="1", b="x y", c="")}}, b"a=1&b=x y&c="),
    ("params-without-values", {"postData": {**FORM, "params": [{"name": "a"}]}}, b""),
    ("files", {"postData": FILES}, FILES["params"]),
]


@pytest.mark.parametrize(
    ("request_", "body"), [row[1:] for row in HAR_ASKED], ids=[row[0] for row in HAR_ASKED]
)
def test_what_a_browser_sent_is_its_body(request_: dict[str, Any], body: object) -> None:
    assert bytes_of(only(har(request_)).request.body) == body


GZIP = {"headers": pairs(**{"content-encoding": "gzip"})}
CHUNKS = json.dumps([base64.b64encode(BINARY[:1]).decode(), base64.b64encode(BINARY[1:]).decode()])
ZIPPED = b"\x1f\x8b\x08\0"
HEX_CHUNKS = json.dumps([ZIPPED[:3].hex(), ZIPPED[3:].hex()])
IDS = '["abcd","ef01"]'

HAR_ANSWERS: list[tuple[str, dict[str, Any], dict[str, Any], bytes]] = [
    ("text", {}, {"text": "hello"}, b"hello"),
    ("decoded-text", GZIP, {"text": "hello"}, b"hello"),
    ("base64", {}, {"text": B64, "encoding": "base64"}, BINARY),
    ("hex-flagged", {}, {"text": BINARY.hex(), "_isBinary": True}, BINARY),
    ("hex-not-flagged", {}, {"text": "abcd", "_isBinary": False}, b"abcd"),
    ("chunks", GZIP, {"text": CHUNKS, "encoding": "base64"}, BINARY),
    ("hex-chunks", GZIP, {"text": HEX_CHUNKS}, ZIPPED),
    ("hex-chunks-flagged", GZIP, {"text": IDS, "_isBinary": True}, b"\xab\xcd\xef\x01"),
    ("a-list-of-ids", GZIP, {"text": IDS}, IDS.encode()),
    ("no-chunk", GZIP, {"text": "[]", "encoding": "base64"}, b""),
    ("a-list-of-strings", GZIP, {"text": '["hello"]'}, b'["hello"]'),
    ("a-list-of-numbers", GZIP, {"text": "[1, 2]"}, b"[1, 2]"),
    ("a-list-that-is-cut", GZIP, {"text": '["1f'}, b'["1f'),
    ("a-list-not-packed", {}, {"text": '["abcd"]'}, b'["abcd"]'),
]


@pytest.mark.parametrize(
    ("response", "content", "body"), [row[1:] for row in HAR_ANSWERS], ids=[row[0] for row in HAR_ANSWERS]
)
def test_what_a_browser_or_polly_got_is_its_body(
    response: dict[str, Any], content: dict[str, Any], body: bytes
) -> None:
    assert only(har(response=response, content=content)).response.body.bytes == body


def test_playwrights_bodies_stand_in_files_beside(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"hello")
    text = har({"postData": {"mimeType": "text/plain", "_file": "a.txt"}}, content={"_file": "a.txt"})
    (one,) = read_cassette(Document(str(tmp_path / "x.har"), text.encode())).interactions
    assert (one.request.body.bytes, one.response.body.bytes) == (b"hello", b"hello")


LEFT_OUT = "the body was not recorded"

HAR_EMPTY: list[tuple[str, str, str | None]] = [
    ("nothing", har(content={"size": 0}), None),
    ("empty-text", har(content={"size": 5, "text": ""}), None),
    ("left-out", har(content={"size": 5}), LEFT_OUT),
    ("left-out-says-firefox", har(content={"comment": "Response bodies are not included."}), LEFT_OUT),
    ("size-unknown", har(content={"size": -1}), None),
    ("head", har({"method": "HEAD"}, content={"size": 5}), None),
    ("no-content", har(response={"status": 204}, content={"size": 5}), None),
    ("not-modified", har(response={"status": 304}, content={"size": 5}), None),
    (
        "playwrights-file-is-lost",
        har(content={"_file": "a.txt"}),
        "the body stands in a.txt, which cannot be read",
    ),
    ("far-away", har(content={"_file": "../a.txt"}), "the body stands in ../a.txt, which cannot be read"),
    (
        "absolute",
        har(content={"_file": "/etc/passwd"}),
        "the body stands in /etc/passwd, which cannot be read",
    ),
]


@pytest.mark.parametrize(
    ("text", "problem"), [row[1:] for row in HAR_EMPTY], ids=[row[0] for row in HAR_EMPTY]
)
def test_a_body_that_is_not_there_is_said_if_there_was_one(text: str, problem: str | None) -> None:
    content = read_content(only(text).response)
    assert (content.kind, content.problems) == (Kind.EMPTY, (problem,) if problem else ())


NO_VALUES = [("a", ""), ("b", "")]
COOKIES = {"cookies": pairs(a="1", b="2")}

HAR_HEADERS: list[tuple[str, dict[str, Any], list[tuple[str, str]], list[tuple[str, str]]]] = [
    ("pairs", {"headers": pairs(a="1", B="2")}, [("a", "1"), ("B", "2")], [("a", "1"), ("B", "2")]),
    ("values", {"headers": pairs(a=["1", "2"])}, [("a", "1"), ("a", "2")], [("a", "1"), ("a", "2")]),
    ("no-value", {"headers": [{"name": "a"}, *pairs(b=None)]}, NO_VALUES, NO_VALUES),
    ("pseudo", {"headers": pairs(**{":path": "/"})}, [(":path", "/")], [(":path", "/")]),
    ("none", {"headers": None}, [], []),
    ("cookies-alone", COOKIES, [("Cookie", "a=1; b=2")], [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]),
    (
        "cookies-twice",
        {"headers": pairs(cookie="a=1", **{"set-cookie": "a=1"}), **COOKIES},
        [("cookie", "a=1"), ("set-cookie", "a=1")],
        [("cookie", "a=1"), ("set-cookie", "a=1")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("message", "asked", "answered"), [row[1:] for row in HAR_HEADERS], ids=[row[0] for row in HAR_HEADERS]
)
def test_the_headers_of_har(
    message: dict[str, Any], asked: list[tuple[str, str]], answered: list[tuple[str, str]]
) -> None:
    one = only(har(message, message))
    assert (list(one.request.headers), list(one.response.headers)) == (asked, answered)


TIMES = [(12.5, 12.5), (0, 0.0), (-1, None), (None, None), ("5", None), (10**400, None), (1e15, None)]


@pytest.mark.parametrize(("stored", "expected"), TIMES)
def test_times_of_har(stored: object, expected: float | None) -> None:
    one = only(har(time=stored, startedDateTime="2026-02-01T09:00:00.000Z"))
    assert (one.duration_ms, one.recorded_at) == (expected, "2026-02-01T09:00:00.000Z")


def test_a_request_that_was_not_answered_has_no_status_but_its_reason() -> None:
    one = only(har(response={"status": 0, "_error": "net::ERR_FAILED"}))
    assert (one.response.status, one.response.body.bytes) == (None, b"net::ERR_FAILED")
    assert only(har(response={"status": 0, "_error": None})).response.body.is_empty


MESSAGES = [
    {"type": "send", "time": 100.25, "opcode": 1, "data": "hello"},
    {"type": "receive", "time": 100.5, "opcode": 2, "data": B64},
    {"type": "error", "time": -1, "opcode": -1, "data": "gone"},
]


def test_a_websocket_is_its_frames() -> None:
    one = only(har(startedDateTime="1970-01-01T00:01:40.000Z", _webSocketMessages=MESSAGES))
    assert one.request.method == "WebSocket"
    assert [(frame.direction, frame.body.bytes, frame.at_ms) for frame in one.frames] == [
        ("sent", b"hello", 250.0),
        ("received", BINARY, 500.0),
        ("error", b"gone", None),
    ]
    unknown = only(har(_webSocketMessages=MESSAGES))
    assert [frame.at_ms for frame in unknown.frames] == [0.0, 250.0, None]
    assert only(har(_webSocketMessages=[])).request.method == "GET"


# -- WireMock --------------------------------------------------------------------------------------


def stub(request: dict[str, Any], response: dict[str, Any] | None = None) -> str:
    return json.dumps({"request": {"url": "/", **request}, "response": response or {"status": 200}})


def stubs(*mappings: str) -> str:
    return f'{{"mappings": [{", ".join(mappings)}]}}'


URLS: list[tuple[str, dict[str, Any], str]] = [
    ("url", {"url": "/a?b=c"}, "/a?b=c"),
    ("path", {"url": None, "urlPath": "/a"}, "/a"),
    ("pattern", {"url": None, "urlPattern": "/a.*"}, "/a.*"),
    ("path-pattern", {"url": None, "urlPathPattern": "/[a-z]+"}, "/[a-z]+"),
    ("template", {"url": None, "urlPathTemplate": "/a/{id}"}, "/a/{id}"),
    ("query", {"queryParameters": {"a": {"equalTo": "1"}, "b": {"equalTo": "2"}}}, "/?a=1&b=2"),
    (
        "query-exactly",
        {"queryParameters": {"a": {"hasExactly": [{"equalTo": "1"}, {"equalTo": "2"}]}}},
        "/?a=1&a=2",
    ),
    ("query-by-pattern", {"queryParameters": {"a": {"matches": "1"}}}, "/"),
    ("query-absent", {"queryParameters": {"a": {"absent": True}}}, "/"),
]


@pytest.mark.parametrize(("request_", "url"), [row[1:] for row in URLS], ids=[row[0] for row in URLS])
def test_the_url_of_a_stub_is_what_it_must_equal(request_: dict[str, Any], url: str) -> None:
    request = {key: value for key, value in {"url": "/", **request_}.items() if value is not None}
    assert only(json.dumps({"request": {"method": "GET", **request}, "response": {}})).request.url == url


def test_a_stub_for_anything_says_so() -> None:
    one = only('{"request": {"method": "ANY"}, "response": {}}')
    assert (one.request.method, one.request.url, one.response.status) == ("ANY", "*", 200)
    assert only('{"request": {"url": "/"}, "response": {}}').request.method == "ANY"


LOGIN = {"basicAuthCredentials": {"username": "ada", "password": "x"}}

STUB_HEADERS: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("equal", {"headers": {"a": {"equalTo": "1", "caseInsensitive": True}}}, [("a", "1")]),
    (
        "other",
        {"headers": {"a": {"contains": "1"}, "b": {"absent": True}}},
        [("a", "contains 1"), ("b", "absent true")],
    ),
    (
        "or",
        {"headers": {"a": {"or": [{"equalTo": "1"}, {"matches": "2"}]}}},
        [("a", "1"), ("a", "matches 2")],
    ),
    ("cookies", {"cookies": {"a": {"equalTo": "1"}}}, [("Cookie", "a=1")]),
    ("login", LOGIN, [("Authorization", "Basic ada:x")]),
]


@pytest.mark.parametrize(
    ("request_", "headers"), [row[1:] for row in STUB_HEADERS], ids=[row[0] for row in STUB_HEADERS]
)
def test_a_condition_on_a_header_is_shown(request_: dict[str, Any], headers: list[tuple[str, str]]) -> None:
    assert list(only(stub(request_)).request.headers) == headers


STUB_ASKED: list[tuple[str, dict[str, Any], object]] = [
    ("json-in-text", {"bodyPatterns": [{"equalToJson": '{"a": 1}', "ignoreArrayOrder": True}]}, b'{"a": 1}'),
    ("json", {"bodyPatterns": [{"equalToJson": {"a": 1}}]}, {"a": 1}),
    ("text", {"bodyPatterns": [{"contains": "x"}, {"equalTo": "hello"}]}, b"hello"),
    ("bytes", {"bodyPatterns": [{"binaryEqualTo": B64}]}, BINARY),
    ("patterns-alone", {"bodyPatterns": [{"matchesJsonPath": "$.a"}, {"contains": "x"}]}, b""),
    ("form", {"formParameters": {"a": {"equalTo": "1"}, "b": {"equalTo": "2"}}}, b"a=1&b=2"),
    ("none", {}, b""),
]


@pytest.mark.parametrize(
    ("request_", "body"), [row[1:] for row in STUB_ASKED], ids=[row[0] for row in STUB_ASKED]
)
def test_a_request_body_of_a_stub_is_what_it_must_equal(request_: dict[str, Any], body: object) -> None:
    assert bytes_of(only(stub(request_)).request.body) == body


STUB_ANSWERS: list[tuple[str, dict[str, Any], object]] = [
    ("text", {"body": "hello"}, b"hello"),
    ("tree", {"jsonBody": {"a": 1}}, {"a": 1}),
    ("string", {"jsonBody": "a\n"}, b'"a\\n"'),
    ("number", {"jsonBody": 1}, b"1"),
    ("null", {"jsonBody": None, "body": "hello"}, b"hello"),
    ("base64", {"base64Body": B64}, BINARY),
    ("none", {}, b""),
]


@pytest.mark.parametrize(
    ("response", "body"), [row[1:] for row in STUB_ANSWERS], ids=[row[0] for row in STUB_ANSWERS]
)
def test_a_response_body_of_a_stub(response: dict[str, Any], body: object) -> None:
    assert bytes_of(only(stub({}, response)).response.body) == body


PLACES = ["", "mappings", "mappings/deep", "mappings/very/deep"]


@pytest.mark.parametrize("folder", PLACES)
def test_a_body_in_a_file_is_read_and_changed_there(tmp_path: Path, folder: str) -> None:
    path = tmp_path / folder / "x.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / "__files").mkdir()
    raw = '{"a": "one",\r\n "b": "zwei ü"}\n'.encode()
    (tmp_path / "__files" / "y.json").write_bytes(raw)
    path.write_text(stub({}, {"bodyFileName": "y.json"}))
    response = read_cassette(Document(str(path), path.read_bytes())).interactions[0].response
    assert response.body.bytes == raw
    value = read_content(response, traced).json
    assert isinstance(value, dict)
    word = value["a"]
    assert isinstance(word, Text)
    ((document, edits),) = rewrite([(word, [Edit(0, 3, 'a "b"')])]).items()
    assert Path(document.name).samefile(tmp_path / "__files" / "y.json")
    assert document.encode(splice(document.text, edits)) == raw.replace(b"one", rb"a \"b\"")


@pytest.mark.parametrize(
    "raw", [BINARY, b"\x1f\x8b\x08broken", b"\xef\xbb\xbfhello"], ids=["bytes", "gzip", "mark"]
)
def test_a_body_in_a_file_that_is_no_plain_text_is_bytes(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "__files").mkdir()
    (tmp_path / "__files" / "y").write_bytes(raw)
    document = Document(str(tmp_path / "x.json"), stub({}, {"bodyFileName": "y"}).encode())
    assert read_cassette(document).interactions[0].response.body.bytes == raw


def test_a_lost_file_is_said_and_the_stub_shown() -> None:
    one = only(stub({"method": "GET"}, {"status": 201, "bodyFileName": "../secret"}))
    assert one.response.status == 201
    assert read_content(one.response).problems == (
        "the body stands in __files/../secret, which cannot be read",
    )


# -- Azure's test proxy ----------------------------------------------------------------------------


def azure(content_type: str | list[str] | None, body: object) -> str:
    entry = {
        "RequestUri": "http://a/",
        "RequestMethod": "GET",
        "RequestHeaders": {},
        "RequestBody": None,
        "StatusCode": 200,
        "ResponseHeaders": {} if content_type is None else {"content-type": content_type},
        "ResponseBody": body,
    }
    return json.dumps({"Entries": [entry], "Variables": {}})


MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
MIXED = "multipart/mixed; boundary=b"

AZURE: list[tuple[str, str | list[str] | None, object, object]] = [
    ("null", "text/plain", None, b""),
    ("none", "text/plain", [], b""),
    ("none-of-bytes", "image/png", [], b""),
    ("text", "text/plain", "hello", b"hello"),
    ("lines", "application/xml", ["a\n", "b\r\n", "c"], b"a\nb\r\nc"),
    ("tree", "application/json; charset=utf-8", {"a": 1}, {"a": 1}),
    ("number", "application/json", 12, b"12"),
    ("json-in-text", "application/json", '["a"]', b'["a"]'),
    ("suffix", "application/problem+json", "hello", b"hello"),
    ("form", "application/x-www-form-urlencoded", "a=1", b"a=1"),
    ("charset", "application/odd; charset=UTF-8", "hello", b"hello"),
    ("bytes", "image/png", B64, BINARY),
    ("bytes-without-a-type", None, B64, BINARY),
    ("bytes-of-two-types", ["text/plain", "text/html"], B64, BINARY),
    ("manifest", MANIFEST, B64, BINARY),
    ("mixed-as-one", MIXED, B64, BINARY),
    (
        "mixed",
        MIXED,
        ["--b\r\n", "\r\n", f"b64:{B64}\r\n", [], "--b--\r\n"],
        b"--b\r\n\r\n" + BINARY + b"--b--\r\n",
    ),
    ("mixed-text", MIXED, ["--b\r\n", "\r\n", "hello\r\n", "--b--\r\n"], b"--b\r\n\r\nhello\r\n--b--\r\n"),
    ("not-written-so", "application/json", [{"a": 1}], [{"a": 1}]),
]


@pytest.mark.parametrize(
    ("kind", "stored", "body"), [row[1:] for row in AZURE], ids=[row[0] for row in AZURE]
)
def test_a_body_of_azures_proxy_is_told_by_its_type(
    kind: str | list[str] | None, stored: object, body: object
) -> None:
    assert bytes_of(only(azure(kind, stored)).response.body) == body


def test_what_is_not_base64_where_it_should_be_is_shown_and_said() -> None:
    content = read_content(only(azure(None, "Sanitized")).response)
    assert content.text == "Sanitized"
    assert "not base64" in content.problems[0]


# -- the small ones --------------------------------------------------------------------------------

DDAPM: dict[str, Any] = {
    "request": {"method": "GET", "url": "http://a/", "headers": {"a": "1"}, "body": ""},
    "response": {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": f"base64:{B64}"},
}


def seinfeld(body: object, headers: dict[str, str] | None = None) -> str:
    message = {"headers": headers or {}, "body": body}
    entry = {
        "matchKey": "GET a/",
        "recordedAt": "2026-02-01T10:00:00.000Z",
        "request": {**message, "method": "GET", "url": "http://a/", "body": {"kind": "empty"}},
        "response": {**message, "status": 200},
    }
    return json.dumps({"entries": [entry]})


KINDS: list[tuple[str, object, object]] = [
    ("empty", {"kind": "empty"}, b""),
    ("tree", {"kind": "json", "value": {"a": 1}}, {"a": 1}),
    ("string", {"kind": "json", "value": "a"}, b'"a"'),
    ("null", {"kind": "json", "value": None}, b"null"),
    ("text", {"kind": "text", "value": "hello"}, b"hello"),
    ("base64", {"kind": "base64", "value": B64, "contentType": "x"}, BINARY),
    (
        "stream",
        {"kind": "sse", "chunks": ["data: a", "event: b\ndata: c"]},
        b"data: a\n\nevent: b\ndata: c\n\n",
    ),
    ("no-event", {"kind": "sse", "chunks": []}, b""),
]


@pytest.mark.parametrize(("body", "expected"), [row[1:] for row in KINDS], ids=[row[0] for row in KINDS])
def test_a_body_of_seinfeld_is_told_by_its_kind(body: object, expected: object) -> None:
    assert bytes_of(only(seinfeld(body)).response.body) == expected


def test_cookies_of_seinfeld_are_a_header_each() -> None:
    headers = only(seinfeld({"kind": "empty"}, {"set-cookie": "a=1\nb=2", "x": "1\n2"})).response.headers
    assert headers == (("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x", "1\n2"))


def test_a_word_of_a_streamed_reply_is_changed_in_its_chunk() -> None:
    text = seinfeld({"kind": "sse", "chunks": ['data: {"a": "one"}', 'data: {"a": "two"}']})
    cassette = read(text, "x.json")
    events = read_content(cassette.interactions[0].response, traced).events
    values = [traced(event.data) for event in events]
    words = [value["a"] for value in values if isinstance(value, dict)]
    assert [cassette.document.text[word.offset() :][:3] for word in words if isinstance(word, Text)] == [
        "one",
        "two",
    ]
    changes = [(word, [Edit(1, 1, '"\n')]) for word in words if isinstance(word, Text)]
    after = json.loads(splice(text, rewrite(changes)[cassette.document]))
    chunks = after["entries"][0]["response"]["body"]["chunks"]
    assert [json.loads(chunk.removeprefix("data: "))["a"] for chunk in chunks] == ['o"\nne', 't"\nwo']


def test_bytes_of_datadogs_agent_stand_behind_a_word() -> None:
    body = only(json.dumps(DDAPM)).response.body
    assert body.bytes == BINARY
    assert isinstance(body.node, Text)
    assert body.node == B64


GO_URL = {
    "Scheme": "https",
    "User": None,
    "Host": "a",
    "Path": "/b",
    "RawPath": "",
    "RawQuery": "c=d",
    "Fragment": "",
}

GO_URLS: list[tuple[str, object, str]] = [
    ("null", None, ""),
    ("whole", GO_URL, "https://a/b?c=d"),
    ("raw-path", {**GO_URL, "Path": "/b/c", "RawPath": "/b%2Fc", "RawQuery": ""}, "https://a/b%2Fc"),
    ("fragment", {"Host": "a", "Path": "/", "Fragment": "x"}, "//a/#x"),
]


def track(url: object = None, **more: Any) -> str:
    response = {"StatusCode": 200, "Header": {"A": ["1", "2"]}, "Body": B64}
    return json.dumps({"Tracks": [{"Request": {"Method": "", "URL": url}, "Response": response, **more}]})


@pytest.mark.parametrize(("stored", "url"), [row[1:] for row in GO_URLS], ids=[row[0] for row in GO_URLS])
def test_a_url_of_govcr_is_its_parts(stored: object, url: str) -> None:
    headers = (Header("A", "1"), Header("A", "2"))
    assert said(only(track(stored))) == Said("GET", url, (), None, 200, headers, BINARY)


def test_a_track_that_failed_says_why() -> None:
    response = only(track(Response=None, ErrType="*net.OpError", ErrMsg="no such host")).response
    assert (response.status, response.body.bytes) == (None, b"no such host")


# -- whose, and what is wrong ----------------------------------------------------------------------

WHOSE = [
    ("har", har(), "har"),
    ("har-empty", '{"log": {"version": "1.2", "entries": []}}', "har"),
    ("polly-empty", '{"log": {"_recordingName": "x", "entries": []}}', "har"),
    ("wiremock", stub({}), "wiremock"),
    ("wiremock-list", stubs(stub({})), "wiremock"),
    ("wiremock-empty", '{"mappings": [], "meta": {"total": 0}}', "wiremock"),
    ("azure", azure(None, None), "azure-test-proxy"),
    ("azure-empty", '{"Entries": [], "Variables": {}}', "azure-test-proxy"),
    ("ddapm", json.dumps(DDAPM), "ddapm"),
    ("seinfeld", seinfeld({"kind": "empty"}), "seinfeld"),
    ("seinfeld-empty", '{"entries": [], "meta": {"createdAt": "2026"}}', "seinfeld"),
    ("govcr", track(), "govcr"),
    ("govcr-empty", '{"Tracks": null}', "govcr"),
]


@pytest.mark.parametrize(("text", "recorder"), [row[1:] for row in WHOSE], ids=[row[0] for row in WHOSE])
def test_a_file_is_known_by_its_content(text: str, recorder: str) -> None:
    assert looks_like_cassette(text)
    for spelt in (text, json.dumps(json.loads(text), indent=2), f"\ufeff{text}"):
        assert read(spelt, "x").recorder == recorder


NOBODYS = [
    ("an-elastic-mapping", '{"mappings": {"a": {}}}'),
    ("a-list-of-mappings", '{"mappings": [{"a": 1}]}'),
    ("no-mapping-at-all", '{"mappings": []}'),
    ("a-log", '{"log": {"level": "debug"}}'),
    ("entries", '{"entries": [{"a": 1}]}'),
    ("entries-of-azure", '{"Entries": [{"a": 1}]}'),
    ("no-entries", '{"entries": []}'),
    ("tracks", '{"Tracks": [{"a": 1}]}'),
    ("sent-headers", '{"request": {"url": "/", "headers": {"a": "1"}}, "response": {"status": 200}}'),
    ("a-launch-file", '{"request": {"url": "/"}, "response": {"status": "ok"}}'),
]


@pytest.mark.parametrize("text", [row[1] for row in NOBODYS], ids=[row[0] for row in NOBODYS])
def test_a_file_of_something_else_is_nobodys(text: str) -> None:
    assert fault(text, "x.json")[0] == "Unrecognised"


FAULTS = [
    ("har-no-request", '{"log": {"entries": [{}]}}', "1:22: request is missing, expected a mapping"),
    ("har-no-method", har().replace('"method": "GET", ', ""), "1:52: method is missing, expected a string"),
    ("har-entry", '{"log": {"entries": [5]}}', "1:22: interaction 0 is a number, expected a mapping"),
    ("stub", stubs(stub({}), "5"), "1:71: interaction 1 is a number, expected a mapping"),
    ("seinfeld-body", seinfeld(None), "1:207: body is null, expected a mapping"),
    ("seinfeld-kind", seinfeld({}), "1:207: kind is missing, expected a string"),
    ("har-cut", har()[:-5], "1:196: not JSON: the text ends in the middle"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_a_fault_is_told_with_its_place(text: str, message: str) -> None:
    assert fault(text, "x.json") == ("Unreadable", f"x.json:{message}")


# -- real files ------------------------------------------------------------------------------------


class Told(NamedTuple):
    """One interaction as `json` gives it; a body is bytes, or the value that is stored."""

    method: str
    url: str
    asked_headers: list[tuple[str, str]]
    asked: Any
    status: int | None
    headers: list[tuple[str, str]]
    body: Any


Reader = Callable[[Any, Path], list[Told]]


def _har_pairs(headers: list[dict[str, Any]]) -> list[tuple[str, str]]:
    values = ((header["name"], header.get("value", "")) for header in headers)
    return [(name, one) for name, value in values for one in (value if isinstance(value, list) else [value])]


def _har(value: Any, _: Path) -> list[Told]:
    found = []
    for entry in value["log"]["entries"]:
        request, response, content = entry["request"], entry["response"], entry["response"]["content"]
        text = content.get("text") or ""
        packed = [v for n, v in _har_pairs(response["headers"]) if n.lower() == "content-encoding"]
        if (
            packed
            and text.startswith('["')
            and (content.get("encoding") or set(text) <= set('[",]0123456789abcdef'))
        ):
            decode = base64.b64decode if content.get("encoding") else bytes.fromhex
            body = b"".join(decode(chunk) for chunk in json.loads(text))
        else:
            body = base64.b64decode(text) if content.get("encoding") == "base64" else text.encode()
        asked = (request.get("postData") or {}).get("text") or ""
        headers = _har_pairs(response["headers"])
        if not any(name.lower() == "set-cookie" for name, _ in headers):
            headers += [
                ("Set-Cookie", f"{cookie['name']}={cookie['value']}") for cookie in response["cookies"]
            ]
        found.append(
            Told(
                request["method"],
                request["url"],
                _har_pairs(request["headers"]),
                asked.encode(),
                response["status"],
                headers,
                body,
            )
        )
    return found


def _wiremock(value: Any, path: Path) -> list[Told]:
    request, response = value["request"], value["response"]
    query = "&".join(
        f"{name}={pattern['hasExactly'][0]['equalTo']}"
        for name, pattern in request.get("queryParameters", {}).items()
    )
    asked = [pattern["equalToJson"] for pattern in request.get("bodyPatterns", [])]
    body = (path.parent.parent / "__files" / response["bodyFileName"]).read_bytes()
    return [
        Told(
            request["method"],
            (request.get("url") or request["urlPath"]) + (f"?{query}" if query else ""),
            [(name, pattern["equalTo"]) for name, pattern in request.get("headers", {}).items()],
            "".join(asked).encode(),
            response["status"],
            _listed(response["headers"]),
            body,
        )
    ]


def _listed(headers: dict[str, Any] | None) -> list[tuple[str, str]]:
    items = (headers or {}).items()
    return [(name, one) for name, value in items for one in (value if isinstance(value, list) else [value])]


def _azure(value: Any, _: Path) -> list[Told]:
    def body(stored: Any, headers: dict[str, Any]) -> Any:
        kind = headers.get("Content-Type", "")
        if not isinstance(stored, str):
            return b"" if stored is None else stored
        textual = kind.startswith("text/") or any(word in kind for word in ("json", "xml", "urlencoded"))
        return stored.encode() if textual and "application/vnd." not in kind else base64.b64decode(stored)

    return [
        Told(
            entry["RequestMethod"],
            entry["RequestUri"],
            _listed(entry["RequestHeaders"]),
            body(entry.get("RequestBody"), entry["RequestHeaders"]),
            entry["StatusCode"],
            _listed(entry.get("ResponseHeaders")),
            body(entry.get("ResponseBody"), entry.get("ResponseHeaders", {})),
        )
        for entry in value["Entries"]
    ]


def _ddapm(value: Any, _: Path) -> list[Told]:
    request, response = value["request"], value["response"]
    return [
        Told(
            request["method"],
            request["url"],
            list(request["headers"].items()),
            request["body"].encode(),
            response["status"]["code"],
            list(response["headers"].items()),
            response["body"].encode(),
        )
    ]


def _seinfeld(value: Any, _: Path) -> list[Told]:
    def body(stored: Any) -> Any:
        match stored["kind"]:
            case "json":
                return stored["value"]
            case "sse":
                return "".join(f"{chunk}\n\n" for chunk in stored["chunks"]).encode()
            case _:
                return b""

    found = []
    for entry in value["entries"]:
        request, response = entry["request"], entry["response"]
        headers = [(n, line) for n, v in response["headers"].items() for line in v.split("\n")]
        asked = list(request["headers"].items())
        found.append(
            Told(
                request["method"],
                request["url"],
                asked,
                body(request["body"]),
                response["status"],
                headers,
                body(response["body"]),
            )
        )
    return found


def _govcr(value: Any, _: Path) -> list[Told]:
    return [
        Told(track["Request"]["Method"], "", [], b"", track["Response"]["StatusCode"], [], b"")
        for track in value["Tracks"]
    ]


FOLDERS: dict[str, Reader] = {
    "HAR": _har,
    "HAR-polly": _har,
    "wiremock": _wiremock,
    "azure-test-proxy": _azure,
    "ddapm-json": _ddapm,
    "seinfeld": _seinfeld,
    "govcr": _govcr,
}


def _ours(cassette: Cassette) -> list[Told]:
    return [
        Told(
            str(one.request.method),
            str(one.request.url),
            [(str(name), str(value)) for name, value in one.request.headers],
            bytes_of(one.request.body),
            one.response.status,
            [(str(name), str(value)) for name, value in one.response.headers],
            bytes_of(one.response.body),
        )
        for one in cassette.interactions
    ]


def differences(path: Path, reader: Reader) -> Iterator[str]:
    """What we read otherwise than `json`; and text bodies that an edit changes otherwise than meant."""
    raw = path.read_bytes()
    cassette = read_cassette(Document(str(path), raw))
    ours, theirs = _ours(cassette), reader(json.loads(raw.decode("utf-8-sig")), path)
    if len(ours) != len(theirs):
        yield f"{name_of(path)}: {len(ours)} interactions, not {len(theirs)}"
    for index, (mine, its) in enumerate(zip(ours, theirs, strict=False)):
        fields = zip(Told._fields, mine, its, strict=True)
        yield from (f"{name_of(path)}: #{index} {field} differs" for field, one, two in fields if one != two)
    yield from _edited(path, cassette, ours)


def _edited(path: Path, cassette: Cassette, ours: list[Told]) -> Iterator[str]:
    document, roll = cassette.document, dice(len(cassette.document.text))
    for one in cassette.interactions:
        for field, body in (("asked", one.request.body), ("body", one.response.body)):
            if body.text is None or not (isinstance(body.text, Joined) or body.text.document is document):
                continue
            first = body.text.pieces[0] if isinstance(body.text, Joined) else body.text
            start = roll.randrange(len(first) or 1)
            edit = Edit(start, start, roll.choice(["x", "\r\n\n", '"\\', "€😀"]))
            after = splice(document.text, rewrite([(body.text, [edit])])[document])
            wanted = list(ours)
            changed = splice(body.text, [edit]).encode()
            wanted[one.index] = Told(**{**ours[one.index]._asdict(), field: changed})
            if _ours(read_cassette(Document(document.name, document.encode(after)))) != wanted:
                yield f"{name_of(path)}: #{one.index} {field}: an edit reads otherwise"


def _files(folder: str) -> list[Path]:
    return sorted(
        path for path in (CORPUS / folder).rglob("*") if path.is_file() and "__files" not in path.parts
    )


@needs_corpus
@pytest.mark.parametrize("folder", FOLDERS)
def test_real_files_read_as_an_independent_reader_reads_them(folder: str) -> None:
    paths = _files(folder)
    some = dice(3).sample(paths, min(12, len(paths)))
    assert [line for path in some for line in differences(path, FOLDERS[folder])] == []
    assert some


def main() -> None:
    for folder, reader in FOLDERS.items():
        paths = _files(folder)
        found = [line for path in paths for line in differences(path, reader)]
        entries = sum(
            len(read_cassette(Document(str(path), path.read_bytes())).interactions) for path in paths
        )
        print(
            f"{folder}: {len(paths)} files, {entries} interactions, {len(found)} differences",
            *found,
            sep="\n  ",
        )


if __name__ == "__main__":
    main()

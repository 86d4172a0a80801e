"""Ruby's VCR, its descendants and small relatives: forms by table, real files against PyYAML and json.

The oracle at the end reads each format as its documentation has it, from nothing but parsed values.
`python -m tests.recorders.test_rubyvcr` compares every file of the corpus.
"""

import base64
import gzip
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from cassette_cli.model import Body, Cassette, Header, Interaction
from cassette_cli.recorders import looks_like_cassette, read_cassette
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.text import Text, rewrite
from cassette_cli.source.tree import plain
from cassette_cli.wire.body import Kind, read_content
from tests.corpus import CORPUS, name_of, needs_corpus
from tests.recorders.reading import Said, fault, read, said

# -- forms -----------------------------------------------------------------------------------------

RUBY = """\
---
http_interactions:
- request:
    method: post
    uri: https://api.example.com/ask
    body:
      encoding: UTF-8
      string: ! '{"q":"a
        b"}'
    headers:
      Accept:
      - ! '*/*'
  response:
    status:
      code: 200
      message: OK
    headers:
      Vary: [Accept, Origin]
      !binary "eC1uYW1l": [!binary "Ymx1ZQ=="]
    body:
      encoding: ASCII-8BIT
      string: !binary |-
        /wAB
    http_version: null
  recorded_at: Thu, 09 Oct 2025 08:53:21 GMT
recorded_with: VCR 6.3.1
"""
RUBY_1 = """\
---
- !ruby/struct:VCR::HTTPInteraction
  request: !ruby/struct:VCR::Request
    method: :get
    uri: !binary "aHR0cDovL2E6ODAv"
    body:
    headers:
  response: !ruby/struct:VCR::Response
    status: !ruby/struct:VCR::ResponseStatus
      code: 200
      message: OK
    headers: !ruby/hash-with-ivars:Faraday::Utils::Headers
      elements: {a: ['1']}
      ivars: {'@names': {a: a}}
    body: !str
      str: hello
      '@net_http_res':
    http_version: "1.1"
"""
RUBY_2_BETA = """\
---
- request:
    method: get
    uri: http://a/
    body: ''
    headers: {}
  response:
    status: {code: 200, message: OK}
    headers: {a: ['1']}
    body: hello
    http_version: '1.1'
"""
R = """\
http_interactions:
- request: {method: GET, uri: 'http://a/'}
  response:
    status: 200
    headers: {a: '1', b: ['2', '3']}
    body: {string: hello}
  recorded_at: 2025-05-06 13:04:11
recorded_with: VCR-vcr/2.0.0, webmockr/2.0.0
"""
R_1 = """\
http_interactions:
- request:
    method: get
    uri: http://a/
    body: {encoding: '', string: no}
    headers: []
  response:
    status: {status_code: '200', message: OK}
    headers: {status: HTTP/1.1 200 OK}
    body: {encoding: '', file: no, string: hello}
  recorded_at: 2020-11-27 10:44:33 GMT
  recorded_with: vcr/0.5.5.91, webmockr/0.7.3.94
"""


def _listed(
    recorded_with: str | None, response: dict[str, Any], request: dict[str, Any] | None = None
) -> str:
    """A JSON file in the form of Ruby's VCR."""
    entry = {"request": {"method": "GET", "uri": "http://a/", "body": "", "headers": {}, **(request or {})}}
    told = {"recorded_with": recorded_with} if recorded_with else {}
    answer = {
        "status": {"code": 200, "message": "OK"},
        "headers": {},
        "body": {"string": "hello"},
        **response,
    }
    return json.dumps({"http_interactions": [{**entry, "response": answer}], **told})


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


PLAIN = Said("GET", "http://a/", (), "", 200, (), "hello")
ONE = (Header("a", "1"),)
ZIPPED = gzip.compress(b"hello", mtime=0)
TERM = _base64(b"\x83m\0\0\0\x03\xff\0\x01")
UNPADDED = {"encoding": "base64", "string": "/wABAg"}
PHP = """\
-
  request: {method: GET, url: 'http://a/'}
  response: {status: 200, headers: {a: 1}, body: hello}
"""
PHP_JSON = """\
[{"request":{"method":"GET","url":"http://a/","body":""},"response":{"status":200,"body":"hello"}}]"""
EXVCR: dict[str, Any] = {
    "request": {
        "method": "get",
        "url": "http://a/",
        "headers": [],
        "body": "",
        "options": [],
        "request_body": "",
    },
    "response": {"body": "hello", "headers": {"a": "1"}, "status_code": 200, "type": "ok", "binary": False},
}
CSHARP = {
    "Duration": 295,
    "RecordedAt": "2026-02-02T20:32:38.000000Z",
    "Request": {
        "Body": "?",
        "Method": "GET",
        "Uri": "http://a/",
        "RequestHeaders": {"a": "1"},
        "ContentHeaders": {"b": "2"},
    },
    "Response": {
        "Body": "hello",
        "Status": {"Code": 200},
        "ResponseHeaders": {"a": "1"},
        "ContentHeaders": {},
    },
}
JAVA = {
    "recordedAt": 1763493497,
    "request": {"body": "", "method": "GET", "headers": {}, "uri": "http://a/"},
    "response": {
        "body": "hello",
        "headers": {"null": ["HTTP/1.1 200 OK"], "a": ["1"]},
        "status": {"code": 200},
    },
    "duration": 198,
}
DART = {
    "duration": 12,
    "recorded_at": "2026-02-02T20:32:38.000000Z",
    "request": {"body": "", "method": "GET", "headers": {}, "uri": "http://a/"},
    "response": {"body": "hello", "headers": {"a": "1"}, "status": {"code": 200, "message": "OK"}},
}  # fmt: skip
TAPE = """\
!tape
name: httpbin
interactions:
- recorded: 2013-11-11T17:53:35.524Z
  request: {method: GET, uri: 'http://a/'}
  response:
    status: 200
    headers: {a: '1'}
    body: BODY
"""


def _exvcr(**response: Any) -> str:
    return json.dumps([EXVCR | {"response": EXVCR["response"] | response}])


FORMS: list[tuple[str, str, str, str | None, Said]] = [
    ("ruby", RUBY, "ruby-vcr", "6.3.1", Said(
        "post", "https://api.example.com/ask", (Header("Accept", "*/*"),), '{"q":"a b"}', 200,
        (Header("Vary", "Accept"), Header("Vary", "Origin"), Header("x-name", "blue")), b"\xff\0\x01",
    )),
    ("ruby-1", RUBY_1, "ruby-vcr", None, Said("get", "http://a:80/", (), None, 200, ONE, "hello")),
    ("ruby-2-beta", RUBY_2_BETA, "ruby-vcr", None, PLAIN._replace(method="get", headers=ONE)),
    ("ruby-json", _listed("VCR 2.4.0", {}), "ruby-vcr", "2.4.0", PLAIN),
    ("ruby-unsigned", _listed(None, {}), "ruby-vcr", None, PLAIN),
    ("ruby-exact-bytes", _listed("VCR 6.2.0", {"body": {"base64_string": "aGVs\nbG8=\n"}}), "ruby-vcr",
     "6.2.0", PLAIN._replace(body=b"hello")),
    ("ruby-no-body", _listed("VCR 6.2.0", {"body": {"encoding": "UTF-8"}}), "ruby-vcr", "6.2.0",
     PLAIN._replace(body=None)),
    ("r", R, "r-vcr", "2.0.0", PLAIN._replace(
        asked=None, headers=(Header("a", "1"), Header("b", "2"), Header("b", "3")))),
    ("r-1", R_1, "r-vcr", "0.5.5.91", PLAIN._replace(
        method="get", asked=None, headers=(Header("status", "HTTP/1.1 200 OK"),))),
    ("r-json", _listed("vcr/1.7.0, webmockr/2.0.0", {"status": 200, "headers": {"a": "1"}}), "r-vcr", "1.7.0",
     PLAIN._replace(headers=ONE)),
    ("rust", _listed("rVCR 0.1.0", {"body": {"encoding": None, "string": "hello"}}), "rvcr", "0.1.0", PLAIN),
    ("rust-base64", _listed("rVCR 0.1.0", {"body": UNPADDED}), "rvcr", "0.1.0",
     PLAIN._replace(body=b"\xff\0\x01\x02")),
    ("betamax", _listed("betamax/0.8.0", {"url": "http://a/", "headers": {"a": ["1"]}}), "betamax", "0.8.0",
     PLAIN._replace(headers=ONE)),
    ("betamax-misprinted", _listed("betamax/{version}", {"url": "http://a/"}), "betamax", None, PLAIN),
    ("betamax-unsigned", _listed(None, {"url": "http://a/"}), "betamax", None, PLAIN),
    ("betamax-0.1", _listed("betamax", {"status_code": 200, "status": None, "headers": {"a": "1"}}),
     "betamax", None, PLAIN._replace(headers=ONE)),
    ("php", PHP, "php-vcr", None, PLAIN._replace(asked=None, headers=ONE)),
    ("php-status", PHP.replace("200", "{http_version: '1.1', code: '404', message: Not Found}")
     .replace("hello", "''") + "  index: 0\n", "php-vcr", None,
     PLAIN._replace(asked=None, status=404, headers=ONE, body="")),
    ("php-gzip", PHP.replace("a: 1", "Content-Type: application/x-gzip").replace("hello", "/wAB"),
     "php-vcr", None,
     PLAIN._replace(asked=None, headers=(Header("Content-Type", "application/x-gzip"),), body=b"\xff\0\x01")),
    ("php-json", PHP_JSON, "php-vcr", None, PLAIN),
    ("exvcr", _exvcr(), "exvcr", None, PLAIN._replace(method="get", headers=ONE)),
    ("exvcr-binary", _exvcr(body=TERM, binary=True), "exvcr", None,
     PLAIN._replace(method="get", headers=ONE, body=b"\xff\0\x01")),
    ("exvcr-httpc", _exvcr(status_code=["HTTP/1.1", 404, "Not Found"]), "exvcr", None,
     PLAIN._replace(method="get", headers=ONE, status=404)),
    ("exvcr-failed", _exvcr(status_code=None, type="error", headers=[], body="econnrefused"), "exvcr", None,
     PLAIN._replace(method="get", status=None, body="econnrefused")),
    ("exvcr-custom", '[{"request": {"url": "~r/a/"}, "response": {"status_code": 200, "body": null}}]',
     "exvcr", None, Said("ANY", "~r/a/", (), None, 200, (), None)),
    ("exvcr-request-body", json.dumps([EXVCR | {"request": {"url": "http://a/", "request_body": "hi"}}]),
     "exvcr", None, PLAIN._replace(method="ANY", asked="hi", headers=ONE)),
    ("csharp", json.dumps([CSHARP]), "easyvcr", None,
     PLAIN._replace(asked_headers=(Header("a", "1"), Header("b", "2")), asked="?", headers=ONE)),
    ("java", json.dumps([JAVA]), "easyvcr", None, PLAIN._replace(headers=ONE)),
    ("dart", json.dumps([DART]), "easyvcr", None, PLAIN._replace(headers=ONE)),
    ("tape", TAPE.replace("BODY", "hello"), "okreplay", None, PLAIN._replace(asked=None, headers=ONE)),
    ("tape-binary", TAPE.replace("BODY", "!!binary /wAB"), "okreplay", None,
     PLAIN._replace(asked=None, headers=ONE, body=b"\xff\0\x01")),
    ("tape-document", "---  " + TAPE.replace("BODY", "hello"), "okreplay", None,
     PLAIN._replace(asked=None, headers=ONE)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "recorder", "version", "expected"), [row[1:] for row in FORMS], ids=[row[0] for row in FORMS]
)
def test_a_form_reads_as_its_recorder_means_it(
    text: str, recorder: str, version: str | None, expected: Said
) -> None:
    cassette = read(text)
    assert (cassette.recorder, cassette.version) == (recorder, version)
    assert [said(interaction) for interaction in cassette.interactions] == [expected]


@pytest.mark.parametrize("text", [row[1] for row in FORMS], ids=[row[0] for row in FORMS])
def test_a_form_is_hinted_at_and_may_have_crlf_and_a_mark(text: str) -> None:
    assert looks_like_cassette(text)
    one, two = read(text), read("\ufeff" + text.replace("\n", "\r\n"))
    assert (one.recorder, len(one.interactions)) == (two.recorder, len(two.interactions))
    assert looks_like_cassette(text.replace("\n", "\r\n"))


EMPTY = [
    ("---\nhttp_interactions: []\nrecorded_with: VCR 6.4.0\n", "ruby-vcr"),
    ("http_interactions:\nrecorded_with: VCR 6.4.0\n", "ruby-vcr"),
    ('{"http_interactions": [], "recorded_with": "betamax/0.8.0"}', "betamax"),
    ('{"http_interactions": [], "recorded_with": "rVCR 0.1.0"}', "rvcr"),
    ("http_interactions: []\nrecorded_with: VCR-vcr/2.0.0, webmockr/2.0.0\n", "r-vcr"),
    ("!tape\nname: nothing\n", "okreplay"),
]


@pytest.mark.parametrize(("text", "recorder"), EMPTY)
def test_a_cassette_without_interactions_is_one(text: str, recorder: str) -> None:
    assert (read(text).recorder, read(text).interactions) == (recorder, ())


# -- bodies ----------------------------------------------------------------------------------------


def _content(text: str, name: str = "cassette.yaml") -> tuple[Kind, bytes, tuple[str, ...]]:
    content = read_content(read(text, name).interactions[0].response)
    return content.kind, content.bytes, content.problems


ZLIB = "eJzLSM3JyQcABiwCFQ=="  # what R's memCompress("hello", "gzip") gives
UNPACKED = [
    ("claimed-and-done", _listed("VCR 6.4.0", {"headers": {"Content-Encoding": ["gzip"]}})),
    ("claimed-and-packed", _listed("betamax/0.8.0", {
        "headers": {"Content-Encoding": ["gzip"]}, "body": {"base64_string": _base64(ZIPPED)}})),
    ("unclaimed", _listed("VCR 6.4.0", {"body": {"base64_string": base64.encodebytes(ZIPPED).decode()}})),
    ("r-raw-gzip", R.replace("{string: hello}", f"{{raw_gzip: {ZLIB}}}")),
    ("r-1-base64", R_1.replace("string: hello", "base64_string: aGVsbG8=")),
    ("exvcr", _exvcr(body=_base64(b"\x83m" + len(ZIPPED).to_bytes(4) + ZIPPED), binary=True)),
    ("tape", TAPE.replace("BODY", f"!!binary {_base64(ZIPPED)}")),
]  # fmt: skip


@pytest.mark.parametrize("text", [row[1] for row in UNPACKED], ids=[row[0] for row in UNPACKED])
def test_a_packed_body_is_unpacked(text: str) -> None:
    assert _content(text) == (Kind.TEXT, b"hello", ())


def test_fields_of_a_form_are_a_tree() -> None:
    fields = R.replace("{string: hello}", "{fields: {name: Ada, age: 36}}")
    php = PHP.replace("url: 'http://a/'", "url: 'http://a/', post_fields: {name: Ada, age: 36}")
    assert _content(fields)[:2] == (Kind.JSON, b'{"name":"Ada","age":36}')
    asked = read_content(read(php).interactions[0].request)
    assert asked.json == {"name": "Ada", "age": 36}


def test_another_mapping_for_a_body_is_a_tree() -> None:
    assert _content(_listed("VCR 6.4.0", {"body": {"a": [1]}})) == (Kind.JSON, b'{"a":[1]}', ())


BROKEN_BODIES = [
    ("base64", _listed("VCR 6.4.0", {"body": {"base64_string": "a*"}}), "not base64"),
    ("rust", _listed("rVCR 0.1.0", {"body": {"encoding": "base64", "string": "a"}}), "not base64"),
    ("exvcr", _exvcr(body="a*", binary=True), "not base64"),
    ("r", R.replace("{string: hello}", "{raw_gzip: a*}"), "not base64"),
    (
        "php",
        PHP.replace("a: 1", "Content-Transfer-Encoding: binary").replace("hello", "'*'"),
        "not base64",
    ),
    (
        "r-missing-file",
        R.replace("{string: hello}", "{on_disk: nowhere.csv}"),
        "nowhere.csv, which cannot be read",
    ),
    ("r-1-missing-file", R_1.replace("file: no, string: hello", "file: yes, string: ../no.csv"), "../no.csv"),
    ("tape-missing-file", TAPE.replace("BODY", "!file no.bin"), "the body stands in no.bin"),
]


@pytest.mark.parametrize(
    ("text", "problem"), [row[1:] for row in BROKEN_BODIES], ids=[row[0] for row in BROKEN_BODIES]
)
def test_a_body_that_cannot_be_read_is_said(text: str, problem: str) -> None:
    _, _, problems = _content(text)
    assert [problem in one for one in problems] == [True]


@pytest.mark.parametrize(
    "packed", [b"\x83m\0\0\0\x09\xff", b"\x83k\0\x01a", b"\xff\0"], ids=["cut", "another", "none"]
)
def test_a_term_that_is_no_binary_stays_as_it_is(packed: bytes) -> None:
    text = _exvcr(body=_base64(packed), binary=True)
    assert read(text).interactions[0].response.body.bytes == packed


def test_zlib_data_that_are_cut_stay_as_they_are() -> None:
    packed = base64.b64decode(ZLIB)[:-4]
    text = R.replace("{string: hello}", f"{{raw_gzip: {_base64(packed)}}}")
    assert read(text).interactions[0].response.body.bytes == packed


IN_FILES = [
    ("tape", TAPE.replace("BODY", "!file PATH"), "body.txt", True),
    ("r", R.replace("{string: hello}", "{on_disk: PATH}"), "body.txt", True),
    ("r-advised", R.replace("{string: hello}", "{on_disk: PATH}"), "../body.txt", True),
    ("r-1", R_1.replace("file: no, string: hello", "file: yes, string: PATH"), "../body.txt", True),
    ("tape-above", TAPE.replace("BODY", "!file PATH"), "../body.txt", False),
    ("r-far-above", R.replace("{string: hello}", "{on_disk: PATH}"), "../../body.txt", False),
    ("absolute", TAPE.replace("BODY", "!file PATH"), "/etc/hostname", False),
    ("folder", TAPE.replace("BODY", "!file PATH"), "'.'", False),
]


@pytest.mark.parametrize(
    ("text", "path", "found"), [row[1:] for row in IN_FILES], ids=[row[0] for row in IN_FILES]
)
def test_a_body_in_a_file_is_read_from_near_the_cassette(
    text: str, path: str, found: bool, tmp_path: Path
) -> None:
    folder = tmp_path / "tests" / "tapes"
    folder.mkdir(parents=True)
    for place in (folder, folder.parent, tmp_path):
        (place / "body.txt").write_bytes(b"hello")
    kind, data, problems = _content(text.replace("PATH", path), str(folder / "tape.yaml"))
    assert (kind is Kind.TEXT, data, not problems) == (found, b"hello" if found else b"", found)


# -- other facts, places, faults -------------------------------------------------------------------

FACTS = [
    (RUBY, None, "Thu, 09 Oct 2025 08:53:21 GMT"),
    (RUBY_1, None, None),
    (json.dumps([CSHARP]), 295.0, "2026-02-02T20:32:38.000000Z"),
    (json.dumps([JAVA]), 198.0, "1763493497"),
    (json.dumps([DART]), 12.0, "2026-02-02T20:32:38.000000Z"),
    (TAPE, None, "2013-11-11T17:53:35.524Z"),
    (PHP.replace("body: hello", "curl_info: {total_time: 0.194497}"), 194.497, None),
    (PHP, None, None),
]


@pytest.mark.parametrize(("text", "duration", "recorded_at"), FACTS)
def test_durations_and_times_are_read(text: str, duration: float | None, recorded_at: str | None) -> None:
    (interaction,) = read(text).interactions
    assert (interaction.duration_ms, interaction.recorded_at) == (duration, recorded_at)


FAULTS = [
    ("a-mapping-of-interactions", "http_interactions: {a: 1}\n",
     "1:20: http_interactions is a mapping, expected a list"),
    ("null", "http_interactions:\n-\n", "2:2: interaction 0 is null, expected a mapping"),
    ("no-request", "http_interactions:\n- response: {}\n", "2:3: request is missing"),
    ("no-response", "http_interactions:\n- request: {method: get, uri: x}\n", "2:3: response is missing"),
    ("no-uri", "http_interactions:\n- {request: {method: get}, response: {}}\n", "2:13: uri is missing"),
    ("method", RUBY.replace("post", "[post]"), "4:13: method is a list, expected a string"),
    ("exvcr", '[{"request": {"url": "x"}, "response": {"status_code": 1}}, 1]',
     "1:61: interaction 1 is a number"),
    ("easyvcr", json.dumps([JAVA, {"request": {}}]), "response is missing, expected a mapping"),
    ("php", PHP + "- {}\n", "4:3: request is missing"),
    ("tape", "!tape\ninteractions: {a: 1}\n", "2:15: interactions is a mapping, expected a list"),
    ("cut", '{"http_interactions": [{"request": {', "1:37: not JSON: the text ends in the middle"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_what_is_wrong_is_said_with_its_place(text: str, message: str) -> None:
    kind, found = fault(text, "cassette.json" if text[0] in "{[" else "cassette.yaml")
    assert kind == "Unreadable"
    assert message in found


NOBODYS = [
    '[{"url": "x", "status": 200}]',
    '[{"request": {"url": "x"}, "response": {"status": 200}}]',
    '[{"request": {"method": "GET", "url": "x", "cookies": []}, "response": {"status": 200}}]',
    '[{"request": {"method": "GET", "uri": "x"}, "response": {"status": 200}}]',
    '[{"recordedAt": 1, "request": {"uri": "x"}, "response": {"status": 200}}]',
    '[{"recordedAt": 1, "user": "ada"}]',
    "[]",
    "!cassette\ninteractions: []\n",
    "- request: x\n  response: y\n",
]


@pytest.mark.parametrize("text", NOBODYS)
def test_what_only_resembles_a_form_is_not_recognised(text: str) -> None:
    assert fault(text)[0] == "Unrecognised"


def _texts(cassette: Cassette) -> Iterator[Text]:
    for interaction in cassette.interactions:
        for side in (interaction.request, interaction.response):
            strings = [header.value for header in side.headers] + [side.body.text or ""]
            yield from (one for one in strings if isinstance(one, Text) and one)
        strings = [interaction.request.method, interaction.request.url]
        yield from (one for one in strings if isinstance(one, Text))


@pytest.mark.parametrize("text", [row[1] for row in FORMS], ids=[row[0] for row in FORMS])
def test_what_is_read_can_be_changed_in_place(text: str) -> None:
    before = list(_texts(read(text)))
    assert len(before) >= 2 or "~r/" in text
    for place, old in enumerate(before):
        if old.tag in ("tag:yaml.org,2002:binary", "!binary") or "x-gzip" in old:
            continue  # what stands in base64 is read, not changed; what says that it does, changes it
        cassette = read(text)
        ((document, edits),) = rewrite([(list(_texts(cassette))[place], [Edit(0, 1, "z")])]).items()
        after = list(_texts(read(splice(document.text, edits))))
        assert [str(one) for one in after] == [
            "z" + one[1:] if at == place else str(one) for at, one in enumerate(before)
        ]


# -- real files: every reader below is written from a format's documentation -----------------------


class Told(NamedTuple):
    """What an independent reading finds in one interaction; bodies as the bytes that were stored."""

    method: str
    url: str
    asked_headers: list[tuple[str, str]]
    asked: bytes
    status: int | None
    headers: list[tuple[str, str]]
    body: bytes


def _values(text: str) -> Any:
    """Plain values: null and booleans resolved, binary scalars decoded, everything else a string."""
    if text.lstrip()[0] in "{[":
        return json.loads(text)

    def convert(node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return {convert(key): convert(value) for key, value in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [convert(item) for item in node.value]
        if node.tag.removeprefix("tag:yaml.org,2002:").removeprefix("!") == "binary":
            return base64.b64decode(node.value)
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        if kind in ("null", "bool"):
            return None if kind == "null" else node.value.lower() in ("yes", "true", "on")
        return node.value

    return convert(yaml.compose(text, Loader=yaml.CSafeLoader))


def _bytes(value: Any) -> bytes:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return (
        b""
        if value is None
        else value
        if isinstance(value, bytes)
        else str(value).encode("utf-8", "surrogatepass")
    )


def _pairs(headers: Any) -> list[tuple[str, str]]:
    return [
        (name, str(value))
        for name, values in (headers or {}).items()
        for value in (values if isinstance(values, list) else [values])
    ]


def _http_interactions(root: Any) -> Iterator[Told]:
    """https://benoittgt.github.io/vcr/#/cassettes/format, and what R's vcr and betamax make of it."""
    for entry in root["http_interactions"]:
        asked, answer = entry["request"], entry["response"]
        status = answer.get("status", answer.get("status_code"))
        if isinstance(status, dict):
            status = status.get("code", status.get("status_code"))
        yield Told(
            asked["method"], asked["uri"], _pairs(asked.get("headers")), _vcr_body(asked.get("body")),
            int(status), _pairs(answer.get("headers")), _vcr_body(answer.get("body")),
        )  # fmt: skip


def _vcr_body(body: Any) -> bytes:
    if isinstance(body, dict):
        return (
            base64.b64decode(body["base64_string"]) if "base64_string" in body else _bytes(body.get("string"))
        )
    return _bytes(body)


def _php(root: Any) -> Iterator[Told]:
    for entry in root:
        asked, answer = entry["request"], entry["response"]
        status = answer["status"]
        yield Told(
            asked["method"], asked["url"], _pairs(asked.get("headers")), _bytes(asked.get("body")),
            int(status["code"] if isinstance(status, dict) else status),
            _pairs(answer.get("headers")), _bytes(answer.get("body")),
        )  # fmt: skip


def _elixir(root: Any) -> Iterator[Told]:
    for entry in root:
        asked, answer = entry["request"], entry["response"]
        status, body = answer["status_code"], answer["body"]
        if answer.get("binary"):
            body = base64.b64decode(body)[6:]  # an Erlang term's version, its tag and its length
        yield Told(
            asked.get("method") or "ANY", asked["url"], _pairs(asked.get("headers")),
            _bytes(asked.get("body") or asked.get("request_body")),
            status[1] if isinstance(status, list) else status, _pairs(answer.get("headers")), _bytes(body),
        )  # fmt: skip


def _easyvcr_csharp(root: Any) -> Iterator[Told]:
    for entry in root:
        asked, answer = entry["Request"], entry["Response"]
        yield Told(
            asked["Method"], asked["Uri"], _pairs(asked["RequestHeaders"]) + _pairs(asked["ContentHeaders"]),
            _bytes(asked["Body"]), answer["Status"]["Code"],
            _pairs(answer["ResponseHeaders"]) + _pairs(answer["ContentHeaders"]), _bytes(answer["Body"]),
        )  # fmt: skip


def _easyvcr_java(root: Any) -> Iterator[Told]:
    for entry in root:
        asked, answer = entry["request"], entry["response"]
        headers = {name: values for name, values in answer["headers"].items() if name != "null"}
        yield Told(
            asked["method"], asked["uri"], _pairs(asked["headers"]), _bytes(asked["body"]),
            answer["status"]["code"], _pairs(headers), _bytes(answer["body"]),
        )  # fmt: skip


def _tape(root: Any) -> Iterator[Told]:
    for entry in root["interactions"]:
        asked, answer = entry["request"], entry["response"]
        yield Told(
            asked["method"], asked["uri"], _pairs(asked.get("headers")), _bytes(asked.get("body")),
            int(answer["status"]), _pairs(answer.get("headers")), _bytes(answer.get("body")),
        )  # fmt: skip


FOLDERS: dict[str, tuple[str, Callable[[Any], Iterator[Told]]]] = {
    "Ruby-VCR": ("ruby-vcr", _http_interactions),
    "Ruby-VCR-json": ("ruby-vcr", _http_interactions),
    "R-vcr": ("r-vcr", _http_interactions),
    "rvcr-json": ("rvcr", _http_interactions),
    "betamax": ("betamax", _http_interactions),
    "php-vcr": ("php-vcr", _php),
    "exvcr": ("exvcr", _elixir),
    "EasyVCR-csharp": ("easyvcr", _easyvcr_csharp),
    "EasyVCR-java": ("easyvcr", _easyvcr_java),
    "okreplay": ("okreplay", _tape),
}
OTHERS_IN = {"Ruby-VCR/ropensci__vcr": "r-vcr"}  # R's, before it signed its files as a whole


def differences(path: Path) -> list[str]:
    """Where our reading of a real file and the independent one differ; what was compared is not empty."""
    name = name_of(path)
    folder = name.partition("/")[0]
    recorder, reader = FOLDERS[folder]
    recorder = next((other for start, other in OTHERS_IN.items() if name.startswith(start)), recorder)
    document = Document(name, path.read_bytes())
    cassette = read_cassette(document)
    theirs = list(reader(_values(document.text)))
    found = [] if cassette.recorder == recorder else [f"{name}: read as {cassette.recorder}"]
    if not looks_like_cassette(document.text):
        found.append(f"{name}: passed over in a walk")
    if len(theirs) != len(cassette.interactions):
        return [*found, f"{name}: {len(cassette.interactions)} interactions, not {len(theirs)}"]
    for ours, told in zip(cassette.interactions, theirs, strict=True):
        found += [f"{name} #{ours.index}: {line}" for line in _compared(ours, told)]
    return found


def _compared(ours: Interaction, told: Told) -> Iterator[str]:
    asked, answer = read_content(ours.request), read_content(ours.response)
    mine = Told(
        ours.request.method, ours.request.url, [(name, value) for name, value in ours.request.headers],
        _plain(ours.request.body), ours.response.status,
        [(name, value) for name, value in ours.response.headers], _plain(ours.response.body),
    )  # fmt: skip
    for what, one, two in zip(Told._fields, mine, told, strict=True):
        if one != two:
            yield f"{what} is {one!r:.100}, not {two!r:.100}"
    for side, content, stored in (("request", asked, told.asked), ("response", answer, told.body)):
        if content.bytes != _unzipped(stored) or (content.problems and _is_json(stored)):
            yield f"the {side} reads {content.bytes[:50]!r} with {content.problems}, not {stored[:50]!r}"


def _plain(body: Body) -> bytes:
    return body.bytes if body.tree is None else _bytes(plain(body.tree))


def _is_json(data: bytes) -> bool:
    try:
        json.loads(_unzipped(data))
    except ValueError:
        return False  # a placeholder may stand where a number was
    return True


def _unzipped(data: bytes) -> bytes:
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


def _files(folder: str) -> list[Path]:
    return sorted(path for path in (CORPUS / folder).rglob("*") if path.is_file())


@needs_corpus
@pytest.mark.parametrize("folder", FOLDERS)
def test_real_files_read_as_an_independent_reader_reads_them(folder: str) -> None:
    paths = _files(folder)
    some = random.Random(3).sample(paths, min(60, len(paths)))
    assert [line for path in some for line in differences(path)] == []
    assert len(some) >= 3


def main() -> None:
    for folder in FOLDERS:
        paths = _files(folder)
        found = [line for path in paths for line in differences(path)]
        entries = sum(
            len(read_cassette(Document(path.name, path.read_bytes())).interactions) for path in paths
        )
        print(f"{folder}: {len(paths)} files, {entries} interactions, {len(found)} differences")
        for line in found:
            print(f"  {line}")


if __name__ == "__main__":
    main()

"""vcrpy's files in all their forms; vcrpy itself says what is in those that it reads."""

import json
import random

import pytest
import yaml

from cassette_cli.model import Header
from cassette_cli.recorders import looks_like_cassette, read_cassette
from cassette_cli.source.document import Document
from cassette_cli.source.text import Joined, Text
from cassette_cli.wire.body import Kind, read_content
from tests.corpus import files, name_of, needs_corpus
from tests.proof_sdk import cassettes_read_as_vcrpy_reads_them
from tests.recorders.oracle import differences
from tests.recorders.reading import Said, fault, read, said

YAML = """\
interactions:
- request:
    body: '{"question": "?"}'
    headers:
      Accept: ['*/*']
      Content-Type:
      - application/json
    method: POST
    uri: https://api.example.com/v1/ask?x=1
  response:
    body:
      string: '{"answer": "caf\u00e9"}'
    headers:
      Content-Type:
      - application/json
      Set-Cookie:
      - a=1; Path=/
      - b=2
    status:
      code: 200
      message: OK
version: 1
"""
JSON = json.dumps(
    {
        "version": 1,
        "interactions": [
            {
                "request": {
                    "method": "GET",
                    "uri": "http://localhost/",
                    "body": None,
                    "headers": {"A": ["1"], "B": ["2", "3"]},
                },
                "response": {
                    "status": {"code": 404, "message": "Not Found"},
                    "headers": {"C": ["4"]},
                    "body": {"string": "caf\u00e9 \U0001f600"},
                },
            }
        ],
    },
    indent=4,
)
BINARY = """\
interactions:
- request:
    body: !!binary |
      /wAB
    headers: {}
    method: PUT
    uri: http://localhost/
  response:
    body: {string: !!binary H4sIAAAAAAAC/w==}
    headers:
      Content-Encoding: [gzip]
    status: {code: 200, message: OK}
version: 1
"""
UNICODE_TAGS = """\
interactions:
- request:
    body: null
    headers: {}
    method: GET
    uri: http://localhost/
  response:
    body: {string: !!python/unicode 'hello'}
    headers:
    - !!python/tuple
      - Content-Length
      - ['5']
    - !!python/tuple
      - Server
      - [!!python/unicode 'nginx']
    status: {code: 200, message: OK}
version: 1
"""
FILE = """\
interactions:
- request:
    body: !!python/object/new:_io.BytesIO
      state: !!python/tuple
      - !!binary |
        /wAB
      - 0
      - null
    headers: {}
    method: POST
    uri: http://localhost/
  response:
    body: {string: ''}
    headers: {}
    status: {code: 200, message: OK}
version: 1
"""

FORMS: list[tuple[str, str, Said]] = [
    (
        "yaml", YAML,
        Said(
            "POST", "https://api.example.com/v1/ask?x=1",
            (Header("Accept", "*/*"), Header("Content-Type", "application/json")), '{"question": "?"}',
            200,
            (Header("Content-Type", "application/json"), Header("Set-Cookie", "a=1; Path=/"),
             Header("Set-Cookie", "b=2")),
            '{"answer": "caf\u00e9"}',
        ),
    ),
    (
        "json", JSON,
        Said(
            "GET", "http://localhost/", (Header("A", "1"), Header("B", "2"), Header("B", "3")), None,
            404, (Header("C", "4"),), "caf\u00e9 \U0001f600",
        ),
    ),
    ("json-on-one-line", json.dumps(json.loads(JSON)), Said(
        "GET", "http://localhost/", (Header("A", "1"), Header("B", "2"), Header("B", "3")), None,
        404, (Header("C", "4"),), "caf\u00e9 \U0001f600",
    )),
    ("binary", BINARY, Said(
        "PUT", "http://localhost/", (), b"\xff\0\x01",
        200, (Header("Content-Encoding", "gzip"),), b"\x1f\x8b\x08\0\0\0\0\0\x02\xff",
    )),
    ("python-tags", UNICODE_TAGS, Said(
        "GET", "http://localhost/", (), None,
        200, (Header("Content-Length", "5"), Header("Server", "nginx")), "hello",
    )),
    ("a-file-that-was-sent", FILE, Said("POST", "http://localhost/", (), b"\xff\0\x01", 200, (), "")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in FORMS], ids=[row[0] for row in FORMS])
def test_a_form_reads_as_what_it_holds(text: str, expected: Said, parser: str) -> None:
    cassette = read(text)
    assert (cassette.recorder, cassette.version) == ("vcrpy", "1")
    (interaction,) = cassette.interactions
    assert said(interaction) == expected
    assert interaction.duration_ms is None
    assert interaction.recorded_at is None


@pytest.mark.parametrize("text", [row[1] for row in FORMS], ids=[row[0] for row in FORMS])
def test_a_form_reads_as_vcrpy_itself_reads_it(text: str) -> None:
    assert differences(read(text)) == []


@pytest.mark.parametrize("text", [row[1] for row in FORMS], ids=[row[0] for row in FORMS])
def test_a_form_is_no_stranger_to_a_cheap_look(text: str) -> None:
    assert looks_like_cassette(text)
    assert looks_like_cassette(text.replace("\n", "\r\n"))


# -- forms that vcrpy itself no longer reads -------------------------------------------------------

LIST = """\
- request: !!python/object:vcr.request.Request
    body: null
    headers: !!python/object/apply:__builtin__.frozenset
    - - !!python/tuple [accept-encoding, 'gzip, deflate']
      - !!python/tuple [accept, '*/*']
    host: api.example.com
    method: GET
    path: /ip?x=1
    port: 80
    protocol: http
  response:
    body: {string: !!python/unicode "{}"}
    headers: [!!python/unicode "content-type: application/json\\r\\n", "content-length:
        2\\r\\n"]
    status: {code: 200, message: OK}
"""
ISTR = """\
version: 1
interactions:
- request:
    body: null
    method: GET
    uri: http://localhost/
    headers:
      ? !!python/object/apply:multidict._multidict.istr
      - Accept
      : - application/json
        - text/plain
      Content-Length:
      - '172'
      ? &id001 !!python/object/new:multidict._multidict.istr [User-Agent]
      : agent/1
  response:
    body: {string: ''}
    status: {code: 200, message: OK}
    headers:
      ? *id001
      : [agent/2]
"""
HTTPX = """\
version: 1
interactions:
- request:
    body: ''
    headers: {}
    method: GET
    uri: http://localhost/
  response:
    content: '{"a": 1}'
    headers:
    - - content-type
      - application/json
    - - set-cookie
      - a=1
    http_version: HTTP/1.1
    status_code: 201
"""
PARSED = """\
version: 1
interactions:
- request:
    headers:
      content-type:
      - application/json
    method: POST
    parsed_body:
      question: '?'
      temperature: 0.5
    uri: http://localhost/
  response:
    headers:
      content-type:
      - application/json
    parsed_body:
      answer: [1, two, null, true]
    status:
      code: 200
      message: OK
"""
SERIALIZED_BYTES = """\
{"version": 1, "interactions": [{
  "request": {"method": "GET", "uri": "http://localhost/", "body": null, "headers": {}},
  "response": {"status": {"code": 200, "message": "OK"}, "headers": {},
               "body": {"base64_string": "/wAB", "encoding": "utf-8"}}}]}
"""
ALIASES = """\
version: 1
interactions:
- request: &request
    body: &body hello
    headers: &headers
      Accept: &accept ['*/*']
      Also: *accept
    method: GET
    uri: http://localhost/
  response: &response
    body: {string: *body}
    headers: {<<: *headers, Also: [other]}
    status: {code: 200, message: OK}
- request: {<<: *request, method: PUT}
  response: *response
"""
TWICE = """\
version: 1
interactions:
- request:
    body: one
    body: two
    headers: {A: '1', A: '2'}
    method: GET
    uri: http://localhost/
  response:
    body: {string: ''}
    headers: {}
    status: {code: 200, code: 201}
"""


def test_the_oldest_form_is_a_list_with_a_url_in_parts(parser: str) -> None:
    cassette = read(LIST)
    assert (cassette.recorder, cassette.version) == ("vcrpy", None)
    assert said(cassette.interactions[0]) == Said(
        "GET", "http://api.example.com/ip?x=1",
        (Header("accept-encoding", "gzip, deflate"), Header("accept", "*/*")), None,
        200, (Header("content-type", "application/json"), Header("content-length", "2")), "{}",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("parts", "url"),
    [
        ("port: 80\n    protocol: http", "http://api.example.com/ip?x=1"),
        ("port: 443\n    protocol: https", "https://api.example.com/ip?x=1"),
        ("port: 80\n    protocol: https", "https://api.example.com:80/ip?x=1"),
        ("port: 8080\n    protocol: http", "http://api.example.com:8080/ip?x=1"),
        ("port: 21\n    protocol: ftp", "ftp://api.example.com:21/ip?x=1"),
    ],
)
def test_a_port_is_shown_where_it_is_not_the_usual_one(parts: str, url: str) -> None:
    text = LIST.replace("port: 80\n    protocol: http", parts)
    found = read(text).interactions[0].request.url
    assert found == url
    assert isinstance(found, Joined)


def test_the_list_form_may_be_json() -> None:
    request = {
        "method": "GET",
        "host": "h",
        "port": 80,
        "protocol": "http",
        "path": "/",
        "headers": {"A": "1"},
    }
    response = {"status": {"code": 200}, "headers": ["B: 2"], "body": {"string": "x"}}
    text = json.dumps([{"request": request, "response": response}])
    assert looks_like_cassette(text)
    assert said(read(text, "cassette.json").interactions[0]) == Said(
        "GET", "http://h/", (Header("A", "1"),), None, 200, (Header("B", "2"),), "x"
    )


def test_names_of_headers_that_aiohttp_wrapped_are_kept(parser: str) -> None:
    (interaction,) = read(ISTR).interactions
    assert interaction.request.headers == (
        Header("Accept", "application/json"),
        Header("Accept", "text/plain"),
        Header("Content-Length", "172"),
        Header("User-Agent", "agent/1"),
    )
    assert interaction.response.headers == (Header("User-Agent", "agent/2"),)
    assert all(isinstance(part, Text) for header in interaction.request.headers for part in header)


def test_what_the_httpx_stub_wrote_is_read() -> None:
    assert said(read(HTTPX).interactions[0])[3:] == (
        "", 201, (Header("content-type", "application/json"), Header("set-cookie", "a=1")), '{"a": 1}'
    )  # fmt: skip


def test_httpx_content_may_be_bytes_or_nothing() -> None:
    assert said(read(HTTPX.replace("'{\"a\": 1}'", "!!binary /wAB")).interactions[0]).body == b"\xff\0\x01"
    assert said(read(HTTPX.replace("'{\"a\": 1}'", "")).interactions[0]).body is None


def test_a_body_beside_a_content_is_the_body() -> None:
    text = HTTPX.replace("    content:", "    body: {string: this}\n    content:")
    assert said(read(text).interactions[0]).body == "this"


def test_a_parsed_body_is_a_tree(parser: str) -> None:
    (interaction,) = read(PARSED).interactions
    for message, value in (
        (interaction.request, {"question": "?", "temperature": 0.5}),
        (interaction.response, {"answer": [1, "two", None, True]}),
    ):
        content = read_content(message)
        assert (content.kind, content.json) == (Kind.JSON, value)
        assert message.body.tree is not None
        assert message.body.text is None


def test_bytes_in_json_are_base64() -> None:
    assert said(read(SERIALIZED_BYTES).interactions[0]).body == b"\xff\0\x01"


def test_aliases_are_followed(parser: str) -> None:
    one, two = read(ALIASES).interactions
    headers = (Header("Accept", "*/*"), Header("Also", "*/*"))
    over = (Header("Accept", "*/*"), Header("Also", "other"))
    assert said(one) == Said("GET", "http://localhost/", headers, "hello", 200, over, "hello")
    assert said(two) == said(one)._replace(method="PUT")


def test_of_a_key_that_stands_twice_the_last_counts() -> None:
    (interaction,) = read(TWICE).interactions
    assert said(interaction).asked == "two"
    assert said(interaction).status == 201
    assert interaction.request.headers == (Header("A", "1"), Header("A", "2"))  # both stand in the file


HEADERS: list[tuple[str, str, tuple[tuple[str, str], ...]]] = [
    ("none", "{}", ()),
    ("null", "null", ()),
    ("nothing", "", ()),
    ("empty-list", "[]", ()),
    ("null-value", "{A: null}", (("A", "null"),)),
    ("lists", "{A: ['1', '2'], B: ['3']}", (("A", "1"), ("A", "2"), ("B", "3"))),
    ("strings", "{A: '1', B: two words}", (("A", "1"), ("B", "two words"))),
    ("numbers", "{A: 1, B: [2]}", (("A", "1"), ("B", "2"))),
    ("no-values", "{A: []}", ()),
    ("pairs", "[[A, '1'], [A, '2']]", (("A", "1"), ("A", "2"))),
    ("pairs-of-lists", "[[A, ['1', '2']]]", (("A", "1"), ("A", "2"))),
    ("tuples", "[!!python/tuple [A, '1']]", (("A", "1"),)),
    ("lines", '["A: 1\\r\\n", "B:2", C]', (("A", "1"), ("B", "2"), ("C", ""))),
    (
        "frozenset",
        "!!python/object/apply:builtins.frozenset [[[A, '1'], [B, '2']]]",
        (("A", "1"), ("B", "2")),
    ),
    ("wrapped", "{? [A] : '1', ? [B] : ['2']}", (("A", "1"), ("B", "2"))),
    ("one-wrapped", "{? [A] : '1'}", (("A", "1"),)),
    ("bytes", "{A: !!binary aGVsbG8=, B: [!!binary 'd29y\n      bGQ=']}", (("A", "hello"), ("B", "world"))),
    ("bytes-that-are-none", "{A: !!binary a}", (("A", "a"),)),
    ("quoted-merge-key", "{'<<': '1'}", (("<<", "1"),)),
]


@pytest.mark.parametrize(
    ("written", "expected"), [row[1:] for row in HEADERS], ids=[row[0] for row in HEADERS]
)
def test_headers_have_many_shapes(written: str, expected: tuple[tuple[str, str], ...]) -> None:
    text = BINARY.replace("    headers: {}\n", f"    headers: {written}\n")
    assert read(text).interactions[0].request.headers == expected


BODIES: list[tuple[str, str, bytes | str | None]] = [
    ("null", "null", None),
    ("nothing", "", None),
    ("empty", "''", ""),
    ("text", "hello", "hello"),
    ("a-number", "12", "12"),
    ("string", "{string: hello}", "hello"),
    ("string-with-encoding", "{string: hello, encoding: utf-8}", "hello"),
    ("empty-string", "{string: ''}", ""),
    ("null-string", "{string: null}", None),
    ("binary-string", "{string: !!binary /wAB}", b"\xff\0\x01"),
    ("base64-string", "{base64_string: /wAB, encoding: utf-8}", b"\xff\0\x01"),
    ("python-2", "{string: !!python/str hello}", "hello"),
]


@pytest.mark.parametrize(("written", "expected"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
def test_bodies_have_many_shapes(written: str, expected: bytes | str | None) -> None:
    text = YAML.replace('\n      string: \'{"answer": "caf\u00e9"}\'', f" {written}")
    assert said(read(text).interactions[0]).body == expected


@pytest.mark.parametrize("written", ["{a: b}", "[1, 2]", "{string: {a: b}}", "{string: x, b: c, d: e}", "{}"])
def test_a_body_of_other_shape_is_a_tree(written: str) -> None:
    text = YAML.replace('\n      string: \'{"answer": "caf\u00e9"}\'', f" {written}")
    body = read(text).interactions[0].response.body
    assert body.tree is not None
    assert read_content(read(text).interactions[0].response).kind is Kind.JSON


STATUSES = [
    ("{code: 200, message: OK}", 200),
    ("{code: '200'}", 200),
    ("{code: null}", None),
    ("{code: two}", None),
    ("{code: [200]}", None),
    ("{}", None),
    ("null", None),
]


@pytest.mark.parametrize(("written", "expected"), STATUSES, ids=[row[0] for row in STATUSES])
def test_a_status_is_a_number_or_nothing(written: str, expected: int | None) -> None:
    text = BINARY.replace("status: {code: 200, message: OK}", f"status: {written}")
    assert read(text).interactions[0].response.status == expected


# -- empty, and wrong ------------------------------------------------------------------------------

EMPTY = [
    ("null", "interactions: null\nversion: 1\n", "1"),
    ("nothing", "interactions:\nversion: 1\n", "1"),
    ("list", "interactions: []\nversion: 1\n", "1"),
    ("mapping", "interactions: {}\nversion: 1\n", "1"),
    ("no-version", "interactions: []\n", None),
    ("null-version", "interactions: []\nversion:\n", None),
    ("json", '{"version": 1, "interactions": []}', "1"),
    ("flow", "{version: 1, interactions: []}", "1"),
]


@pytest.mark.parametrize(("text", "version"), [row[1:] for row in EMPTY], ids=[row[0] for row in EMPTY])
def test_a_cassette_may_be_empty(text: str, version: str | None) -> None:
    cassette = read(text)
    assert (cassette.recorder, cassette.version, cassette.interactions) == ("vcrpy", version, ())
    assert looks_like_cassette(text)


def test_a_version_is_told_and_not_judged_as_vcrpy_does_not_look_at_it() -> None:
    assert read(YAML.replace("version: 1", "version: 2")).version == "2"


FAULTS: list[tuple[str, str, str, str]] = [
    ("method", "method: POST", "method: {}", "8:13: method is a mapping, expected a string"),
    ("uri", "uri: https://api.example.com/v1/ask?x=1", "uri: []", "9:10: uri is a list, expected a string"),
    ("headers", "      Accept: ['*/*']", "      Accept: {a: b}",
     "5:15: the header Accept is a mapping, expected a string or a list"),
    ("value", "      Accept: ['*/*']", "      Accept: [{a: b}]",
     "5:16: a value of the header Accept is a mapping, expected a string"),
    ("name", "      Accept: ['*/*']", "      ? {a: b}\n      : c",
     "5:9: the name of a header is a mapping, expected a string"),
    ("response", "  response:\n", "  answer:\n", "2:3: response is missing, expected a mapping"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "message"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
)
def test_what_is_wrong_is_told_with_its_place(old: str, new: str, message: str) -> None:
    assert old in YAML
    assert fault(YAML.replace(old, new)) == ("Unreadable", f"cassette.yaml:{message}")


def test_interactions_under_names_are_told_with_their_place() -> None:
    text = "version: 1\ninteractions:\n  one:\n    request: {method: GET, uri: x}\n"
    message = "cassette.yaml:3:3: interactions is a mapping, expected a list"
    assert fault(text) == ("Unreadable", message)


@pytest.mark.parametrize(
    "written",
    [
        "&x [[[[[[A, '1']]]]]]",
        "&x [" * 150 + "]" * 150,
        "[{A: b}]",
        "{? [A, B] : c}",
        "{A: {B: c}}",
    ],
    ids=["nested", "deeply-nested", "mappings", "two-names", "mapping-value"],
)
def test_headers_of_no_known_shape_are_refused(written: str) -> None:
    kind, _ = fault(BINARY.replace("    headers: {}\n", f"    headers: {written.replace('&x ', '')}\n"))
    assert kind == "Unreadable"


def test_headers_that_grow_by_aliases_are_refused() -> None:
    lists = "".join(f"x{i}: &x{i} [*x{i - 1}, *x{i - 1}, *x{i - 1}]\n" for i in range(1, 40))
    text = f"x0: &x0 [A, b]\n{lists}{BINARY}".replace("    headers: {}\n", "    headers: *x39\n")
    assert fault(text)[0] == "Unreadable"


MERGES = [
    (
        "many",
        "x0: &x0 {A: b}\n" + "".join(f"x{i}: &x{i} {{<<: [*x{i - 1}, *x{i - 1}]}}\n" for i in range(1, 40)),
    ),
    ("deep", "x0: &x0 {A: b}\n" + "".join(f"x{i}: &x{i} {{<<: *x{i - 1}}}\n" for i in range(1, 40))),
]


@pytest.mark.parametrize("merges", [row[1] for row in MERGES], ids=[row[0] for row in MERGES])
def test_merges_gone_wild_are_refused_or_read_at_once(merges: str) -> None:
    for written in ("headers: *x39", "headers: {<<: *x39}"):
        kind, _ = fault(merges + BINARY.replace("    headers: {}\n", f"    {written}\n"))
        assert kind in ("", "Unreadable")


# -- real ones -----------------------------------------------------------------------------------


@needs_corpus
def test_real_cassettes_read_as_vcrpy_reads_them() -> None:
    folders = ("vcrpy/", "vcrpy-json/", "vcrpy-list/")
    paths = [
        path for path in files() if name_of(path).startswith(folders) and path.stat().st_size < 1_000_000
    ]
    outcome = cassettes_read_as_vcrpy_reads_them(random.Random(20).sample(paths, 120))
    assert outcome.faults == []
    assert outcome.counts["files"] > 90


@needs_corpus
def test_real_parsed_bodies_read_as_pyyaml_reads_them() -> None:
    paths = [path for path in files() if name_of(path).startswith("vcrpy-parsed_body/")]
    for path in sorted(random.Random(21).sample(paths, 30)):
        document = Document(name_of(path), path.read_bytes())
        loaded = yaml.load(document.text, Loader=yaml.CSafeLoader)
        cassette = read_cassette(document)
        assert len(loaded["interactions"]) == len(cassette.interactions)
        for interaction, theirs in zip(cassette.interactions, loaded["interactions"], strict=True):
            for side in ("request", "response"):
                if "parsed_body" in theirs[side]:
                    ours = read_content(getattr(interaction, side))
                    assert ours.json == theirs[side]["parsed_body"], f"{document.name}, {interaction.index}"

"""go-vcr's files: both versions, YAML and JSON, and what may be wrong with them."""

import pytest

from cassette_cli.model import Header
from cassette_cli.recorders import looks_like_cassette
from cassette_cli.source.text import Text
from tests.recorders.reading import Said, fault, read, said

V1 = """\
---
version: 1
interactions:
- request:
    body: ""
    form: {}
    headers:
      Accept:
      - text/plain
      - text/html
    url: http://localhost/one
    method: GET
  response:
    body: |
      hello
    headers:
      Set-Cookie:
      - a=1
      - b=2
    status: 200 OK
    code: 200
    duration: ""
"""
V2 = """\
---
version: 2
interactions:
    - id: 0
      request:
        proto: HTTP/1.1
        proto_major: 1
        proto_minor: 1
        content_length: 17
        transfer_encoding: []
        trailer: {}
        host: localhost
        remote_addr: ""
        request_uri: ""
        body: '{"question": "?"}'
        form: {}
        headers:
            Content-Type:
                - application/json
        url: http://localhost/two
        method: POST
      response:
        proto: HTTP/2.0
        transfer_encoding: []
        trailer: {}
        content_length: -1
        uncompressed: true
        body: '{"answer": 42}'
        headers: {}
        status: 201 Created
        code: 201
        duration: 348.881541ms
"""
JSON = """\
{"version": 2, "interactions": [{"id": 0,
  "request": {"method": "PUT", "url": "http://localhost/", "headers": {"A": ["1"]}, "body": "caf\\u00e9"},
  "response": {"code": 204, "headers": {}, "body": "", "duration": 1500000}}]}
"""

FORMS: list[tuple[str, str, str, Said, float | None]] = [
    (
        "version-1", V1, "1",
        Said(
            "GET", "http://localhost/one",
            (Header("Accept", "text/plain"), Header("Accept", "text/html")), "",
            200, (Header("Set-Cookie", "a=1"), Header("Set-Cookie", "b=2")), "hello\n",
        ),
        None,
    ),
    (
        "version-2", V2, "2",
        Said(
            "POST", "http://localhost/two", (Header("Content-Type", "application/json"),),
            '{"question": "?"}', 201, (), '{"answer": 42}',
        ),
        348.881541,
    ),
    (
        "json", JSON, "2",
        Said("PUT", "http://localhost/", (Header("A", "1"),), "caf\u00e9", 204, (), ""),
        1.5,
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "version", "expected", "duration"), [row[1:] for row in FORMS], ids=[row[0] for row in FORMS]
)
def test_a_form_reads_as_what_it_holds(
    text: str, version: str, expected: Said, duration: float | None, parser: str
) -> None:
    cassette = read(text)
    assert (cassette.recorder, cassette.version) == ("go-vcr", version)
    (interaction,) = cassette.interactions
    assert said(interaction) == expected
    assert interaction.index == 0
    assert interaction.duration_ms == duration


@pytest.mark.parametrize("text", [row[1] for row in FORMS], ids=[row[0] for row in FORMS])
def test_a_form_is_no_stranger_to_a_cheap_look(text: str) -> None:
    assert looks_like_cassette(text)
    assert looks_like_cassette(text.replace("\n", "\r\n"))


def test_line_ends_and_a_mark_make_no_difference() -> None:
    plain = said(read(V2).interactions[0])
    assert said(read(V2.replace("\n", "\r\n")).interactions[0]) == plain
    assert said(read("\ufeff" + V2).interactions[0]) == plain


def test_what_stands_in_the_file_can_be_changed() -> None:
    (interaction,) = read(V2).interactions
    for text in (
        interaction.request.method,
        interaction.request.url,
        *interaction.request.headers[0],
        interaction.request.body.text,
        interaction.response.body.text,
    ):
        assert isinstance(text, Text)
        assert str(text) in text.document.text[text.offset() :].split("\n")[0]


def test_an_interaction_knows_its_line() -> None:
    cassette = read(V1 + V1.split("interactions:\n")[1])
    assert [cassette.line(interaction) for interaction in cassette.interactions] == [4, 23]
    assert [interaction.index for interaction in cassette.interactions] == [0, 1]


def test_a_further_document_is_left_alone() -> None:
    cassette = read(V2 + "---\nnow: 2024-01-01\nvariables: {}\n")
    assert len(cassette.interactions) == 1


@pytest.mark.parametrize(
    ("written", "milliseconds"),
    [
        ("''", None), ("null", None), ("soon", None), ("-1s", None), ("1.5", None), ("1s 2s", None),
        ("{}", None), ("1e3", None), ("\u00b2", None), ("9" * 400, None), ("1" * 5000 + "s", None),
        ("0s", 0.0), ("0", 0.0), ("348.881541ms", 348.881541), ("1.5s", 1500.0), ("1m2.5s", 62500.0),
        ("2h45m", 9_900_000.0), ("100\u00b5s", 0.1), ("100\u03bcs", 0.1), ("100us", 0.1), ("12ns", 0.000012),
        (".5s", 500.0), ("1.s", 1000.0), ("348881541", 348.881541), ("'348881541'", 348.881541),
        ("1.1s2.2ms", 1102.2),
    ],
)  # fmt: skip
def test_a_duration_is_gos_words_or_nanoseconds(written: str, milliseconds: float | None) -> None:
    text = V2.replace("348.881541ms", written)
    assert read(text).interactions[0].duration_ms == milliseconds


BODIES: list[tuple[str, str, bytes | str | None]] = [
    ("null", "null", None),
    ("nothing", "", None),
    ("empty", "''", ""),
    ("a-number", "12", "12"),
    ("a-boolean", "true", "true"),
    ("quoted-null", "'null'", "null"),
    ("double", '"a\\tb\\u00e9"', "a\tb\u00e9"),
    ("folded", "a\n              b", "a b"),
    ("binary", "!!binary aGVsbG8=", b"hello"),
    ("binary-block", "!!binary |\n              aGVs\n              bG8=", b"hello"),
    ("tagged-text", "!!str 12", "12"),
]


@pytest.mark.parametrize(("written", "expected"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
def test_a_body_is_text_or_bytes_or_nothing(written: str, expected: bytes | str | None) -> None:
    text = V2.replace("'{\"answer\": 42}'", written)
    assert said(read(text).interactions[0]).body == expected


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("        body: '{\"question\": \"?\"}'\n", {"asked": None}),
        ("        body: '{\"answer\": 42}'\n", {"body": None}),
        ("        headers: {}\n", {"headers": ()}),
        ("        headers:\n            Content-Type:\n                - application/json\n",
         {"asked_headers": ()}),
        ("        duration: 348.881541ms\n", {}),
        ("        proto: HTTP/2.0\n", {}),
        ("    - id: 0\n      request:", {}),
    ],
    ids=["asked", "body", "headers", "asked-headers", "duration", "proto", "id"],
)  # fmt: skip
def test_a_missing_field_is_empty(field: str, expected: dict[str, object]) -> None:
    assert field in V2
    text = V2.replace(field, "    - request:" if "id: 0" in field else "")
    assert said(read(text).interactions[0])._asdict() == said(read(V2).interactions[0])._asdict() | expected


EMPTY = [
    ("version-2-list", "version: 2\ninteractions: []\n"),
    ("version-2-null", "version: 2\ninteractions:\n"),
    ("version-2-mapping", "version: 2\ninteractions: {}\n"),
    ("json", '{"version": 2, "interactions": []}'),
    ("json-null", '{"version": 2, "interactions": null}'),
]


@pytest.mark.parametrize("text", [row[1] for row in EMPTY], ids=[row[0] for row in EMPTY])
def test_a_cassette_may_be_empty(text: str) -> None:
    cassette = read(text)
    assert (cassette.recorder, cassette.version, cassette.interactions) == ("go-vcr", "2", ())


FAULTS = [
    ("version-3", "version: 2", "version: 3", "2:10: version 3 is not known: go-vcr writes 1 and 2"),
    ("version-list", "version: 2", "version: [2]", "2:10: this version is not known: go-vcr writes 1 and 2"),
    ("no-method", "        method: POST\n", "", "6:9: method is missing, expected a string"),
    ("method-list", "method: POST", "method: [POST]", "21:17: method is a list, expected a string"),
    ("url-mapping", "url: http://localhost/two", "url: {}", "20:14: url is a mapping, expected a string"),
    (
        "header-mapping",
        "            Content-Type:\n                - application/json",
        "            Content-Type: {a: b}",
        "18:27: the header Content-Type is a mapping, expected a string or a list",
    ),
    (
        "value-list",
        "                - application/json",
        "                - [application/json]",
        "19:19: a value of the header Content-Type is a list, expected a string",
    ),
    ("headers-text", "headers: {}", "headers: none", "29:18: headers is a string, expected a mapping"),
    ("headers-number", "headers: {}", "headers: 5", "29:18: headers is a number, expected a mapping"),
    ("headers-boolean", "headers: {}", "headers: true", "29:18: headers is a boolean, expected a mapping"),
]


@pytest.mark.parametrize(
    ("old", "new", "message"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS]
)
def test_what_is_wrong_is_told_with_its_place(old: str, new: str, message: str) -> None:
    assert old in V2
    assert fault(V2.replace(old, new)) == ("Unreadable", f"cassette.yaml:{message}")


def test_a_missing_response_is_told_at_its_interaction() -> None:
    text = "version: 2\ninteractions:\n- request: {method: GET, url: x}\n"
    assert fault(text) == ("Unreadable", "cassette.yaml:3:3: response is missing, expected a mapping")


def test_a_second_interaction_that_is_none_is_told_by_its_number() -> None:
    text = "version: 2\ninteractions:\n- {request: {method: GET, url: x}, response: {code: 200}}\n- hello\n"
    assert fault(text) == ("Unreadable", "cassette.yaml:4:3: interaction 1 is a string, expected a mapping")

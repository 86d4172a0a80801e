"""Forms as objects, held against Python's own readers of mail and of query strings."""

from email import message_from_bytes
from email.policy import HTTP
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cassette_cli.source.document import Document
from cassette_cli.source.jsontree import parse_json
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Json
from cassette_cli.wire.body import Kind, read_content
from cassette_cli.wire.multipart import form_fields, multipart_fields
from tests.wire.messages import response

TYPE = "multipart/form-data; boundary=frontier"


def _body(*parts: tuple[str, bytes], end: bytes = b"--frontier--\r\n") -> bytes:
    written = b"".join(
        b"--frontier\r\n" + head.encode() + b"\r\n\r\n" + value + b"\r\n" for head, value in parts
    )
    return written + end


def _field(name: str) -> str:
    return f'Content-Disposition: form-data; name="{name}"'


SOUND = b"RIFF\x00\xff\r\n\r\n--front\r\n\x80wave"
FILE = ('Content-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav', SOUND)
FORMS: list[tuple[str, bytes, str, dict[str, Json]]] = [
    (
        "fields",
        _body((_field("model"), b"whisper-1"), (_field("language"), b"en")),
        TYPE,
        {"model": "whisper-1", "language": "en"},
    ),
    (
        "file",
        _body((_field("model"), b"m"), FILE),
        TYPE,
        {"model": "m", "file": {"filename": "a.wav", "media_type": "audio/wav", "size": len(SOUND)}},
    ),
    (
        "file-of-no-type",
        _body(('Content-Disposition: form-data; name="f"; filename="a"', b"x")),
        TYPE,
        {"f": {"filename": "a", "media_type": None, "size": 1}},
    ),
    ("empty-value", _body((_field("a"), b"")), TYPE, {"a": ""}),
    ("several-lines", _body((_field("a"), b"one\r\n\r\ntwo\n")), TYPE, {"a": "one\r\n\r\ntwo\n"}),
    (
        "repeated",
        _body((_field("image[]"), b"1"), (_field("image[]"), b"2"), (_field("image[]"), b"3")),
        TYPE,
        {"image[]": ["1", "2", "3"]},
    ),
    (
        "no-ascii",
        _body((_field("pr\u00e9nom"), "h\u00e9 \U0001f600".encode())),
        TYPE,
        {"pr\u00e9nom": "h\u00e9 \U0001f600"},
    ),
    ("bare-parameters", _body(("content-disposition:form-data;name=a", b"x")), TYPE, {"a": "x"}),
    (
        "quoted-boundary",
        _body((_field("a"), b"x")),
        'multipart/form-data; charset=utf-8; boundary="frontier"',
        {"a": "x"},
    ),
    ("boundary-only-in-the-body", _body((_field("a"), b"x")), "multipart/form-data", {"a": "x"}),
    (
        "another-boundary-in-the-header",
        _body((_field("a"), b"x")),
        "multipart/form-data; boundary=other",
        {"a": "x"},
    ),
    ("preamble", b"hello\r\n" + _body((_field("a"), b"x")), TYPE, {"a": "x"}),
    (
        "bare-line-ends",
        _body((_field("a"), b"x"), (_field("b"), b"y")).replace(b"\r\n", b"\n"),
        TYPE,
        {"a": "x", "b": "y"},
    ),
    ("no-name", _body(("Content-Type: text/plain", b"x")), TYPE, {}),
    ("no-headers", b"--frontier\r\n\r\nx\r\n--frontier--", TYPE, {}),
    ("no-form", b"hello", TYPE, {}),
    ("nothing", b"", TYPE, {}),
]


@pytest.mark.parametrize(
    ("body", "kind", "fields"), [row[1:] for row in FORMS], ids=[row[0] for row in FORMS]
)
def test_a_multipart_form_reads_as_its_fields(body: bytes, kind: str, fields: dict[str, Json]) -> None:
    found, ended = multipart_fields(body, kind)
    assert found == fields
    assert ended == (b"--frontier--" in body)


@pytest.mark.parametrize(
    ("body", "kind", "fields"), [row[1:] for row in FORMS[:8]], ids=[row[0] for row in FORMS[:8]]
)
def test_it_reads_as_pythons_reader_of_mail_reads_it(body: bytes, kind: str, fields: dict[str, Json]) -> None:
    mail = message_from_bytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body, policy=HTTP)
    theirs: dict[str, list[bytes]] = {}
    for part in mail.iter_parts():
        name = part.get_param("name", header="content-disposition")
        data = part.get_payload(decode=True)
        assert isinstance(name, str)
        assert isinstance(data, bytes)
        theirs.setdefault(name, []).append(data)
    ours = {name: value if isinstance(value, list) else [value] for name, value in fields.items()}
    assert [*ours] == [*theirs]
    for name, values in ours.items():
        for one, other in zip(values, theirs[name], strict=True):
            assert (one["size"] if isinstance(one, dict) else one) == (
                len(other) if isinstance(one, dict) else other.decode()
            )


def test_a_form_that_is_cut_has_what_there_is_and_says_so() -> None:
    body = _body((_field("model"), b"m"), FILE)
    found, ended = multipart_fields(body[:-25], TYPE)
    assert not ended
    assert found["model"] == "m"
    assert found["file"] == {"filename": "a.wav", "media_type": "audio/wav", "size": len(SOUND) - 9}
    content = read_content(response(body[:-25], TYPE))
    assert content.problems == ("the multipart body is cut: its end is missing",)
    assert read_content(response(body, TYPE)).problems == ()


@given(st.binary(max_size=200))
def test_anything_can_be_read(noise: bytes) -> None:
    multipart_fields(noise, TYPE)
    multipart_fields(b"--frontier" + noise + b"\r\n--frontier--", TYPE)
    multipart_fields(noise.decode("latin-1"), "")


PAIRS: list[tuple[str, str, dict[str, Json]]] = [
    ("pairs", "a=1&b=2", {"a": "1", "b": "2"}),
    ("blanks-and-escapes", "a=one+two%20three%26%3D&b=h%C3%A9", {"a": "one two three&=", "b": "h\u00e9"}),
    ("repeated", "a=1&a=2&a=3", {"a": ["1", "2", "3"]}),
    ("no-value", "a=&b&c=1", {"a": "", "b": "", "c": "1"}),
    ("equals-in-the-value", "a=b=c", {"a": "b=c"}),
    ("empty-pairs", "&&a=1&", {"a": "1"}),
    ("nothing", "", {}),
]


@pytest.mark.parametrize(("form", "fields"), [row[1:] for row in PAIRS], ids=[row[0] for row in PAIRS])
def test_a_url_encoded_form_reads_as_pythons_own_reader_reads_it(form: str, fields: dict[str, Json]) -> None:
    assert form_fields(form) == fields
    theirs = parse_qs(form, keep_blank_values=True)
    assert {name: value if isinstance(value, list) else [value] for name, value in fields.items()} == theirs


def test_the_content_of_a_form_has_its_fields_and_keeps_its_kind_and_text() -> None:
    form = read_content(response("a=1", "application/x-www-form-urlencoded"))
    assert (form.kind, form.text, form.json) == (Kind.FORM, "a=1", {"a": "1"})
    body = _body((_field("a"), b"x"))
    parts = read_content(response(body, TYPE))
    assert (parts.kind, parts.text, parts.json) == (Kind.MULTIPART, body.decode(), {"a": "x"})
    noise = read_content(response(_body((_field("a"), b"x"), FILE), TYPE))
    assert (noise.kind, noise.text) == (Kind.BINARY, None)
    assert isinstance(noise.json, dict)
    assert noise.json["a"] == "x"


@pytest.mark.parametrize(
    ("written", "kind", "place"),
    [
        (
            r'"--frontier\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\u00e9y\r\n--frontier--"',
            TYPE,
            "x",
        ),
        ('"b=1&a=x%C3%A9y"', "", "x"),
    ],
    ids=["multipart", "form"],
)
def test_a_value_knows_where_it_stands(written: str, kind: str, place: str) -> None:
    body = parse_json(Document("a.json", written.encode()))
    assert isinstance(body, Text)
    value = (multipart_fields(body, kind)[0] if kind else form_fields(body))["a"]
    assert isinstance(value, Text)
    assert value == "x\u00e9y"
    assert value.place().column == written.index(place + ("\\u" if kind else "%")) + 1

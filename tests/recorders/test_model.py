"""The model holds what is stored, as it is stored."""

import json

import pytest

from cassette_cli.model import Body, Header, Request, Response
from cassette_cli.source.document import Document
from cassette_cli.source.jsontree import parse_json
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Node

HEADERS = (Header("Set-Cookie", "a=1"), Header("X-Empty", ""), Header("SET-COOKIE", "b=2"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("set-cookie", "a=1, b=2"), ("Set-Cookie", "a=1, b=2"), ("x-empty", ""), ("x-missing", ""), ("", "")],
)
def test_a_header_is_found_by_its_name_case_aside(name: str, value: str) -> None:
    assert Request("GET", "http://localhost/", HEADERS, Body()).header(name) == value
    assert Response(200, HEADERS, Body()).header(name) == value


def _node(written: str) -> Node:
    return parse_json(Document("body.json", written.encode()))


def test_no_body_is_neither_text_nor_tree() -> None:
    body = Body()
    assert (body.is_empty, body.text, body.tree, body.bytes) == (True, None, None, b"")


def test_an_empty_body_is_a_body() -> None:
    body = Body(_node('""'))
    assert (body.is_empty, body.text, body.tree, body.bytes) == (False, "", None, b"")


def test_a_text_is_its_own_utf8() -> None:
    body = Body(_node('"caf\\u00e9 \\ud83d\\ude00"'))
    assert isinstance(body.text, Text)
    assert body.bytes == "caf\u00e9 \U0001f600".encode()


def test_half_a_character_is_no_obstacle() -> None:
    assert Body(_node('"\\ud83d"')).bytes == b"\xed\xa0\xbd"


@pytest.mark.parametrize(
    ("written", "stored"),
    [("", b""), ("/wAB", b"\xff\0\x01"), ("aGVs\nbG8=\n", b"hello"), ("aGk", None), ("a", None)],
)
def test_bytes_are_kept_as_base64(written: str, stored: bytes | None) -> None:
    body = Body(_node(json.dumps(written)), base64=True)
    assert (body.text, body.tree) == (None, None)
    if stored is None:
        with pytest.raises(ValueError, match=r"^not base64"):
            _ = body.bytes
    else:
        assert body.bytes == stored


def test_a_tree_has_no_bytes_of_its_own() -> None:
    body = Body(_node('{"a": 1}'))
    assert body.tree is not None
    assert (body.is_empty, body.text, body.bytes) == (False, None, b"")

"""What a body is, told by its content; and that no body, however broken, raises."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cassette_cli.source import tree
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.text import Text, rewrite
from cassette_cli.source.tree import Json, Node
from cassette_cli.source.yamltree import parse_yaml
from cassette_cli.wire.body import Content, Kind, read_content, traced
from tests.wire.messages import STYLES, again, response, stored

SSE, NDJSON, JSON = "text/event-stream", "application/x-ndjson", "application/json"

# -- kinds -----------------------------------------------------------------------------------------

KINDS: list[tuple[str, str, str | bytes | None, Kind]] = [
    ("no-body", JSON, None, Kind.EMPTY),
    ("empty-text", JSON, "", Kind.EMPTY),
    ("empty-bytes", JSON, b"", Kind.EMPTY),
    ("object", JSON, '{"a": 1}', Kind.JSON),
    ("object-with-charset", "Application/JSON; charset=utf-8", "{}", Kind.JSON),
    ("object-of-a-vendor", "application/vnd.api+json", "{}", Kind.JSON),
    ("object-without-header", "", "{}", Kind.JSON),
    ("object-called-text", "text/plain", "{}", Kind.JSON),
    ("object-called-html", "text/html", " \n[1]", Kind.JSON),
    ("object-called-stream", SSE, '{"error": {}}', Kind.JSON),
    ("object-called-script", "text/javascript", "{}", Kind.JSON),
    ("object-behind-a-mark", JSON, "\ufeff{}", Kind.JSON),
    ("object-behind-a-mark-in-bytes", JSON, b"\xef\xbb\xbf{}", Kind.JSON),
    ("object-behind-keep-alives", "text/plain", "\r\n" * 1000 + "{}", Kind.JSON),
    ("object-on-lines", "text/plain", '{\n"a": 1\n}\n', Kind.JSON),
    ("number", JSON, "5", Kind.JSON),
    ("null", JSON, "null", Kind.JSON),
    ("number-without-header", "", "5", Kind.TEXT),
    ("broken-object", JSON, '{"a": ', Kind.TEXT),
    ("broken-object-without-header", "", "{a}", Kind.TEXT),
    ("brackets-in-prose", "text/plain", "[x] done", Kind.TEXT),
    ("prose-called-json", JSON, "upstream connect error", Kind.TEXT),
    ("blanks-called-json", JSON, " \n ", Kind.TEXT),
    ("prose", "", "hello", Kind.TEXT),
    ("html", "text/html", "<html>", Kind.TEXT),
    ("stream", SSE, "data: x\n\n", Kind.SSE),
    ("stream-without-events", SSE, ": ping\n\n", Kind.SSE),
    ("stream-called-json", JSON, 'data: {"a": 1}\n\n', Kind.SSE),
    ("stream-without-header", "", "event: x\ndata: y\n\n", Kind.SSE),
    ("stream-behind-a-comment", "text/plain", ": x\n\ndata: y\n\n", Kind.SSE),
    ("stream-behind-a-mark", "", "\ufeffdata: y\n\n", Kind.SSE),
    ("prose-called-stream", SSE, "Internal error", Kind.SSE),
    ("lines", NDJSON, '{"a": 1}\n{"a": 2}\n', Kind.NDJSON),
    ("one-line", NDJSON, '{"a": 1}\n', Kind.NDJSON),
    ("one-line-of-jsonl", "application/jsonl", '{"a": 1}', Kind.NDJSON),
    ("lines-called-json", JSON, '{"a": 1}\r\n\r\n{"a": 2}', Kind.NDJSON),
    ("lines-without-header", "", '{"a": 1}\n{"a": 2}\n', Kind.NDJSON),
    ("lines-cut-in-the-last", "", '{"a": 1}\n{"a"', Kind.NDJSON),
    ("lines-of-lists", "", "[1]\n[2]\n", Kind.NDJSON),
    ("lines-that-are-no-json", "", '{"a": 1}\nhello\n', Kind.TEXT),
    ("broken-line", NDJSON, '{"a"', Kind.TEXT),
    ("form", "application/x-www-form-urlencoded", "a=1&b=2", Kind.FORM),
    ("json-called-form", "application/x-www-form-urlencoded", '{"a": 1}', Kind.JSON),
    ("multipart", "multipart/form-data; boundary=x", "--x\r\n\r\n1\r\n--x--", Kind.MULTIPART),
    ("multipart-in-bytes", "multipart/mixed; boundary=x", b"--x\r\n\r\n1\r\n--x--", Kind.MULTIPART),
    ("text-in-bytes", "", "h\u00e9llo".encode(), Kind.TEXT),
    ("json-in-bytes", "", b'{"a": 1}', Kind.JSON),
    ("stream-in-bytes", "", b"data: x\n\n", Kind.SSE),
    ("image", "image/png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", Kind.BINARY),
    ("zeros", "text/plain", b"hello\0world", Kind.BINARY),
    ("audio-called-json", JSON, b"\xff\xfb\x90\x64\0\0\0", Kind.BINARY),
    ("frames-in-name-only", "application/vnd.amazon.eventstream", b"\0\0\0\x10", Kind.BINARY),
]


@pytest.mark.parametrize(
    ("content_type", "body", "kind"), [row[1:] for row in KINDS], ids=[row[0] for row in KINDS]
)
def test_the_kind_is_told_by_the_content(content_type: str, body: str | bytes | None, kind: Kind) -> None:
    content = read_content(response(body, content_type))
    assert content.kind is kind
    assert content.encoding is None
    assert (content.text is None) == (kind in (Kind.BINARY, Kind.EVENTSTREAM))
    assert bool(content.events) <= (kind in (Kind.SSE, Kind.NDJSON))


@pytest.mark.parametrize(
    ("content_type", "body", "kind"), [row[1:] for row in KINDS], ids=[row[0] for row in KINDS]
)
def test_the_bytes_are_those_that_are_stored(content_type: str, body: str | bytes | None, kind: Kind) -> None:
    content = read_content(response(body, content_type))
    assert content.bytes == (body.encode() if isinstance(body, str) else body or b"")
    assert content.size == len(content.bytes)


VALUES: list[tuple[str, str | bytes, Json]] = [
    ("object", '{"a": [1, 2.5, true, null, "x"]}', {"a": [1, 2.5, True, None, "x"]}),
    ("behind-a-mark", '\ufeff{"a": 1}', {"a": 1}),
    ("in-bytes", '{"a": "\u00e9"}'.encode(), {"a": "\u00e9"}),
    ("surrogates", '["\\ud83d\\ude00", "\\ud83d"]', ["\U0001f600", "\ud83d"]),
    ("the-last-of-two-keys", '{"a": 1, "a": 2}', {"a": 2}),
    ("large-number", "[123456789012345678901234567890]", [123456789012345678901234567890]),
]


@pytest.mark.parametrize("loads", [json.loads, traced], ids=["plain", "traced"])
@pytest.mark.parametrize(("body", "value"), [row[1:] for row in VALUES], ids=[row[0] for row in VALUES])
def test_the_value_is_the_one_that_json_reads(body: str | bytes, value: Json, loads: object) -> None:
    assert callable(loads)
    content = read_content(response(body), loads)
    assert content.json == value
    assert content.problems == ()


# -- what cannot be read is said, never raised -----------------------------------------------------

PROBLEMS: list[tuple[str, str, str | bytes, str]] = [
    ("broken-object", JSON, '{"a": ', "the JSON body is cut"),
    ("broken-object-without-header", "", '{"a": ', "the JSON body is cut"),
    ("prose-called-json", JSON, "upstream connect error", "the JSON body does not parse"),
    ("a-comma-too-many", JSON, '{"a": 1,}', "the JSON body does not parse"),
    ("two-objects", JSON, "{} {}", "the JSON body does not parse"),
    ("deeper-than-the-stack", JSON, "[" * 200_000, "the JSON body does not parse"),
    ("deep-and-whole", JSON, "[" * 200_000 + "]" * 200_000, "the JSON body does not parse"),
    ("a-number-beyond-python", JSON, f"[{'9' * 5000}]", "the JSON body does not parse"),
    ("wide-blank-line", JSON, '{"a":\n' + " " * 100_000 + "\n", "the JSON body is cut"),
]


@pytest.mark.parametrize(
    ("content_type", "body", "problem"), [row[1:] for row in PROBLEMS], ids=[row[0] for row in PROBLEMS]
)
def test_a_body_that_cannot_be_read_says_so(content_type: str, body: str | bytes, problem: str) -> None:
    content = read_content(response(body, content_type))
    assert content.kind is Kind.TEXT
    assert content.text == body
    assert len(content.problems) == 1
    assert content.problems[0].startswith(problem)


@pytest.mark.parametrize("body", ["[x] done", "5", "hello", "[1] and\n[2]", "{", "]"])
def test_prose_with_brackets_is_no_problem_of_json_unless_it_opens_a_brace(body: str) -> None:
    content = read_content(response(body, "text/plain"))
    assert content.kind is Kind.TEXT
    assert len(content.problems) == body.startswith("{")


@pytest.mark.parametrize("stored_as", ["H4sIA", "abc", "=", "A"])
def test_base64_that_is_none_is_shown_as_it_stands(stored_as: str) -> None:
    message = response(b"")
    body = message.body._replace(node=stored(stored_as))
    content = read_content(message._replace(body=body))
    assert content.text == stored_as
    assert content.problems
    assert content.problems[0].startswith("not base64")


def test_base64_may_be_wrapped_and_indented() -> None:
    body = response(b"").body._replace(node=stored("aGVs\n    bG8g\n d29ybGQ=\n"))
    assert read_content(response(b"")._replace(body=body)).text == "hello world"


ANY_BODY = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=60),
    st.text(alphabet='{}[]",:\n\r \\dat1e', max_size=40),
    st.binary(max_size=40).map(lambda data: b"\x1f\x8b\x08" + data),
    st.binary(max_size=40).map(lambda data: b"\x28\xb5\x2f\xfd" + data),
)
ANY_TYPE = st.sampled_from(
    ["", JSON, SSE, NDJSON, "text/plain; charset=utf-16", "multipart/x", "application/vnd.amazon.eventstream"]
)
ANY_CODING = st.sampled_from(["", "gzip", "deflate", "br", "zstd", "gzip, br", "zstd,gzip", "compress", ","])


@settings(deadline=None)
@given(ANY_BODY, ANY_TYPE, ANY_CODING)
def test_no_body_raises(body: str | bytes, content_type: str, coding: str) -> None:
    for loads in (json.loads, traced):
        content = read_content(response(body, content_type, coding), loads)
        assert isinstance(content.bytes, bytes)


# -- charsets --------------------------------------------------------------------------------------

CHARSETS = [
    ("utf-8", "text/plain; charset=UTF-8", "h\u00e9".encode(), "h\u00e9"),
    ("latin-1", "text/plain; charset=iso-8859-1", b"h\xe9", "h\u00e9"),
    ("quoted", 'text/plain; charset="ISO-8859-1"; x=y', b"h\xe9", "h\u00e9"),
    ("cyrillic", "text/plain;charset=koi8-r", "\u043f\u0440".encode("koi8-r"), "\u043f\u0440"),
    ("utf-16", "text/plain; charset=utf-16", "h\u00e9".encode("utf-16"), "h\u00e9"),
    ("really-utf-8", "text/plain; charset=ascii", "h\u00e9".encode(), "h\u00e9"),
    ("unknown", "text/plain; charset=klingon", "h\u00e9".encode(), "h\u00e9"),
    ("empty", "text/plain; charset=", "h\u00e9".encode(), "h\u00e9"),
    ("no-text-codec", "text/plain; charset=rot13", b"hello", "hello"),
    ("undefined", "text/plain; charset=undefined", b"hello", "hello"),
    ("zero-in-the-name", "text/plain; charset=utf\0-8", b"hello", "hello"),
    ("half-a-character-in-the-name", "text/plain; charset=\ud800", b"hello", "hello"),
    ("none-said", "text/plain", "h\u00e9".encode(), "h\u00e9"),
    ("cut-inside-a-character", "text/plain", "a word, h\u00e9".encode()[:-1], "a word, h\ufffd"),
]


@pytest.mark.parametrize(
    ("content_type", "body", "text"), [row[1:] for row in CHARSETS], ids=[row[0] for row in CHARSETS]
)
def test_bytes_are_read_in_their_charset(content_type: str, body: bytes, text: str) -> None:
    content = read_content(response(body, content_type))
    assert content.text == text
    assert content.kind is Kind.TEXT


@pytest.mark.parametrize("body", [b"\xff\xfe\xfd and more", b"caf\xe9 au lait", b"h\xc3", bytes(range(256))])
def test_bytes_in_no_charset_are_binary(body: bytes) -> None:
    content = read_content(response(body, "text/plain"))
    assert content.kind is Kind.BINARY
    assert content.data == body


# -- bodies that are stored as a tree --------------------------------------------------------------


def _tree(text: str) -> Node:
    return parse_yaml(Document("body.yaml", text.encode()))[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{}", {}),
        ("[]", []),
        ("a: 1\nb: [x, 'y', true, null, 2.5]\n", {"a": 1, "b": ["x", "y", True, None, 2.5]}),
        ("a: '1'\nb: 'true'\n", {"a": "1", "b": "true"}),
        ("a: &x {b: c}\nd: *x\n", {"a": {"b": "c"}, "d": {"b": "c"}}),
        ("a: h\u00e9\n", {"a": "h\u00e9"}),
    ],
    ids=["empty", "list", "types", "quoted", "alias", "unicode"],
)
def test_a_tree_is_json(text: str, value: Json) -> None:
    content = read_content(response(_tree(text)))
    assert content.kind is Kind.JSON
    assert content.json == value
    assert content.text == json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert content.size == len(content.bytes)


def test_strings_of_a_tree_have_places() -> None:
    content = read_content(response(_tree("a: b\nc: 'd'\n")))
    assert isinstance(content.json, dict)
    assert [type(value) for value in content.json.values()] == [Text, Text]


TREE_PROBLEMS = [
    (
        "million-laughs",
        "a0: &a0 x\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 30)),
    ),
    ("deeper-by-aliases", "a0: &a0 x\n" + "".join(f"a{i}: &a{i} {{b: *a{i - 1}}}\n" for i in range(1, 2000))),
    ("a-number-beyond-python", "a: 0x" + "f" * 5000),
]


@pytest.mark.parametrize("text", [row[1] for row in TREE_PROBLEMS], ids=[row[0] for row in TREE_PROBLEMS])
def test_a_tree_that_cannot_be_told_says_so(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "LARGEST_EXPANSION", 10_000)
    content = read_content(response(_tree(text)))
    assert content.kind is Kind.TEXT
    assert len(content.problems) == 1


# -- places ----------------------------------------------------------------------------------------


def _strings(value: Json) -> list[str]:
    if isinstance(value, dict):
        return [string for item in value.items() for part in item for string in _strings(part)]
    if isinstance(value, list):
        return [string for item in value for string in _strings(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.parametrize(
    ("style", "mark"), [*((style, "") for style in STYLES), ("json", "\ufeff"), ("double", "\ufeff")]
)
def test_traced_strings_lead_to_their_places_and_can_be_changed(style: str, mark: str) -> None:
    text = stored(mark + '{"one": "first", "two": ["second \\u00e9", {"three": "third"}]}\n', style)
    content = read_content(response(text), traced)
    found = _strings(content.json)
    assert found == ["one", "first", "two", "second \u00e9", "three", "third"]
    for string in found:
        assert isinstance(string, Text)
        assert text.document.text[string.offset() :].startswith(string[:5])
        edits = rewrite([(string, [Edit(0, 1, '"new"\n')])])[text.document]
        changed = again(text, Document("body.yaml", splice(text.document.text, edits).encode()))
        wanted = [other if other is not string else '"new"\n' + string[1:] for other in found]
        assert _strings(read_content(response(changed)).json) == wanted


NAMES = st.text(max_size=3) | st.just("<<")  # in YAML a merge key, in JSON a name as any other


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
        max_leaves=10,
    )
)
def test_traced_values_equal_plain_ones(value: Json) -> None:
    for ascii_only in (True, False):
        written = json.dumps([value], ensure_ascii=ascii_only)
        assert traced(stored(written)) == json.loads(written) == traced(written)


def test_a_content_without_text_has_no_bytes_of_its_own() -> None:
    assert Content(Kind.EMPTY, None, None).bytes == b""

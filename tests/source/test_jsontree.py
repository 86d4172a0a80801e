"""JSON as a tree: what the `json` module reads, refused where it refuses."""

import json

import pytest

from cassette_cli.errors import Unreadable
from cassette_cli.source.document import Document
from cassette_cli.source.jsontree import parse_json
from cassette_cli.source.style import Style
from cassette_cli.source.text import Text
from cassette_cli.source.tree import DEEPEST, Mapping, Node, plain
from tests.source.conftest import Framing
from tests.source.oracle import decoded, walk

GOOD = (
    "{}", "[]", '""', "0", "null", " \t\r\n[ ]\n", '{"a": {"b": [1, {"c": null}]}, "d": [true, false]}',
    '{"a":1,"a":2}', '{"": ""}', '["\\ud83d\\ude00", "\\ud83d", "\\u00e9é😀", "\\"\\\\\\/\\b\\f\\n\\r\\t"]',
    "[0, -0, 1.5, -1.5e3, 1E5, 1e05, 1e-5, 10000000000000000000000000, 0.1]", "NaN", "[Infinity, -Infinity]",
    '["\u2028\u2029\x7f\x85"]', "1e400", '{"<<": {"a": 1}, "b": 2}', "[[[[[[]]]]]]", '"\\ude00\\ud83d"',
    '{"' + "k" * 2000 + '": 1}', '{\n  "a": [\n    1\n  ]\n}\n', '["a\nb\tc\x00"]',
)  # fmt: skip
BAD = (
    "", "  ", "{", "}", "[", "]", '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,}', "[1,]", "[,1]", "[1 2]",
    "{a:1}", "{'a':1}", '"a', '"\\q"', '"\\u12"', '"\\u12g4"', '"\\"', "nul", "nulll", "tru", "-", "01", "1.",
    ".5", "1e", "1e+", "+1", "nan", "-NaN", "--1", "0x1", "1 1", "{}{}", "[]x", "\x0b1", "\xa01", "[1\u0661]",
    "1\u0661", '{"a":1 "b":2}', '{"a" 1}', "{1:2}", '{"a"::1}', "[1,,2]", "// c\n1", "1 // c", '"\\u+123"',
    '"\\u 123"', '"\\u1_23"', '["a",]', '{"a":1,,"b":2}', "{,}", "true false", '"\\x41"', "'a'", "[1}",
    '{"a":1]', '"a""b"', "1.5.5", "2.e3", "1_0", '{\n "a": 1,\n "b": [1, 2\n}\n', '{"a": "é😀", x}',
    '[\n1,\n"a', "None", "True",
)  # fmt: skip


def _document(text: str) -> Document:
    return Document("f", text.encode("utf-8", "surrogatepass"))


def _same(one: object, two: object) -> bool:
    return repr(one) == repr(two)  # which tells 1 from 1.0 and from true, and takes NaN for itself


@pytest.mark.parametrize("text", GOOD, ids=range(len(GOOD)))
def test_reads_what_the_json_module_reads(text: str, framing: Framing) -> None:
    document = Document("f", framing(text))
    root = parse_json(document)
    assert _same(_bare(plain(root)), json.loads(document.text, strict=False))
    for node in walk(root):
        assert document.text[node.start : node.end].strip() == document.text[node.start : node.end]
        if isinstance(node, Text):
            assert decoded(node) == node
        if isinstance(node, Text) and node.style is Style.JSON:
            assert json.loads(document.text[node.start : node.end], strict=False) == node


def _bare(value: object) -> object:
    """The value with bare strings, whose `repr` is that of a string."""
    if isinstance(value, dict):
        return {str(key): _bare(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_bare(item) for item in value]
    return str(value) if isinstance(value, str) else value


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_refuses_what_the_json_module_refuses_at_the_same_place(text: str, framing: Framing) -> None:
    document = Document("f", framing(text))
    with pytest.raises(json.JSONDecodeError) as theirs:
        json.loads(document.text, strict=False)
    with pytest.raises(Unreadable) as ours:
        parse_json(document)
    assert ours.value.place == ("f", theirs.value.lineno, theirs.value.colno)


MESSAGES = [
    ("cut", '{"a": [1', "f:1:9: not JSON: the text ends in the middle"),
    ("nothing", "", "f:1:1: not JSON: the text ends in the middle"),
    ("value", '{"a": }', "f:1:7: not JSON: a value is missing"),
    ("word", '{"a": nil}', "f:1:7: not JSON: not a JSON value"),
    ("key", "{a: 1}", "f:1:2: not JSON: a key in double quotes is missing"),
    ("comma", "[1,\n]", "f:2:1: not JSON: a comma stands before the closing ]"),
    ("more", "{}\n{}", "f:2:1: not JSON: something stands behind the end of the JSON value"),
    ("string", '{"a": "b\n}', "f:1:7: not JSON: the text ends inside the string that starts here"),
    ("escape", '"\\q"', "f:1:2: not JSON: in a string: invalid \\escape"),
    ("deep", "[" * (DEEPEST + 1), f"f:1:{DEEPEST + 1}: not JSON: nested more than {DEEPEST} deep"),
    ("deep-objects", '{"a":' * 100_000, f"f:1:{5 * DEEPEST + 1}: not JSON: nested more than {DEEPEST} deep"),
]


@pytest.mark.parametrize(("text", "message"), [row[1:] for row in MESSAGES], ids=[row[0] for row in MESSAGES])
def test_a_fault_says_what_and_where(text: str, message: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parse_json(_document(text))
    assert str(caught.value).startswith(message)


def test_the_deepest_text_is_read() -> None:
    text = "[" * DEEPEST + "]" * DEEPEST
    assert plain(parse_json(_document(text))) == json.loads(text)


def test_a_fault_in_a_text_inside_the_file_has_its_place_in_the_file() -> None:
    document = _document('{\n  "body": "{\\"a\\":\\n tru}"}')
    root = parse_json(document)
    assert isinstance(root, Mapping)
    body = root.get("body")
    assert isinstance(body, Text)
    with pytest.raises(Unreadable, match=r"^f:2:22: not JSON: not a JSON value"):
        parse_json(body)


def test_numbers_and_words_keep_their_spelling() -> None:
    root = parse_json(_document('[1.50, 1E5, -0, "1.50", true]'))
    nodes: list[Node] = list(walk(root))[1:]
    assert nodes == ["1.50", "1E5", "-0", "1.50", "true"]
    styles = [node.style for node in nodes if isinstance(node, Text)]
    assert styles == [Style.JSON_WORD] * 3 + [Style.JSON, Style.JSON_WORD]

"""A string as it is written, decoded: what other people's readers make of it, and where each part stands."""

import json
from urllib.parse import unquote, unquote_plus

import pytest
import yaml

from cassette_cli.source.document import Document
from cassette_cli.source.scalar import decode
from cassette_cli.source.style import Style
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Mapping
from cassette_cli.source.yamltree import parse_yaml
from tests.source.conftest import Framing
from tests.source.oracle import decoded

AS_IT_STANDS = [  # what stands behind `k:` and a blank; further lines as they are
    ("plain", "word"),
    ("plain-blanks", "two  words"),
    ("plain-marks", "a:b#c http://x/?y={z}[0],'\"-&*!|>%@`"),
    ("plain-begins-with-a-mark", "-a"),
    ("plain-unicode", "é😀\u3000\xa0x"),
    ("plain-long", "x" * 5000),
    ("single", "'word'"),
    ("single-blanks", "'  a  b  '"),
    ("single-backslash", r"'a\nb\'"),
    ("double", '"word"'),
    ("double-blanks", '"  a  b  "'),
    ("double-apostrophe", '"it\'s # no: comment"'),
    ("literal", "|-\n  word"),
    ("literal-marks", "|-\n  # no comment: 'x' \"y\" \\n"),
    ("folded", ">-\n  one line"),
]
DECODED = [
    ("empty", "", ""),
    ("plain-comment", "a # b", "a"),
    ("plain-trailing-blanks", "a  ", "a"),
    ("plain-fold", "a\n  b", "a b"),
    ("plain-fold-blanks", "a \n    b  \n  c", "a b c"),
    ("plain-blank-line", "a\n\n  b", "a\nb"),
    ("plain-blank-lines", "a\n\n  \n\n  b\n  c", "a\n\n\nb c"),
    ("single-empty", "''", ""),
    ("single-quote", "'it''s'", "it's"),
    ("single-quotes-only", "''''''", "''"),
    ("single-fold", "'a\n  b'", "a b"),
    ("single-fold-blanks", "'a  \n    b'", "a b"),
    ("single-blank-lines", "'a\n\n\n  b'", "a\n\nb"),
    ("single-break-first-and-last", "'\n  a\n  '", " a "),
    ("single-breaks-only", "'\n\n\n  '", "\n\n"),
    ("single-quote-beside-fold", "'a''\n  ''b'", "a' 'b"),
    ("double-empty", '""', ""),
    ("double-names", r'"\0\a\b\t\n\v\f\r\e\"\\\N\_\L\P"', '\0\a\b\t\n\v\f\r\x1b"\\\x85\xa0\u2028\u2029'),
    ("double-slash-and-blank", r'"\/\ "', "/ "),
    ("double-tab", '"a\\\tb"', "a\tb"),
    ("double-numbers", r'"\x41\xe9\u00e9\u20AC\U0001F600"', "Aéé€😀"),
    ("double-escaped-backslash", r'"\\n\\\n"', "\\n\\\n"),
    ("double-fold", '"a\n  b"', "a b"),
    ("double-fold-after-escape", '"a\\n\n  b"', "a\n b"),
    ("double-blank-lines", '"a\n\n  \n  b"', "a\n\nb"),
    ("double-escaped-end", '"a\\\n  b"', "ab"),
    ("double-escaped-end-keeps-blanks", '"a  \\\n  b"', "a  b"),
    ("double-escaped-end-and-blank", '"a\\\n  \\  b"', "a  b"),
    ("double-escaped-end-then-blank-line", '"a\\\n\n  b"', "a\nb"),
    ("double-break-first-and-last", '"\n  a\n  "', " a "),
    ("double-as-pyyaml-folds", '"a b\\\n  \\ c\\\n  \\ d"', "a b c d"),
    ("literal-clip", "|\n  a\n  b\n\n", "a\nb\n"),
    ("literal-strip", "|-\n  a\n  b\n\n", "a\nb"),
    ("literal-keep", "|+\n  a\n  b\n\n", "a\nb\n\n"),
    ("literal-keep-nothing", "|+\n\n\n", "\n\n"),
    ("literal-clip-nothing", "|\n\n\n", ""),
    ("literal-blank-lines", "|\n\n  a\n\n   \n  b\n", "\na\n\n \nb\n"),
    ("literal-deeper", "|\n  a\n    b\n   c\n", "a\n  b\n c\n"),
    ("literal-explicit", "|2\n    a\n  b\n", "  a\nb\n"),
    ("literal-explicit-first-line-blank", "|2-\n\n   a\n", "\n a"),
    ("literal-explicit-blanks-only", "|1\n   \n   \n", "  \n  \n"),
    ("literal-signs-swapped", "|-1\n  a\n", " a"),
    ("literal-comment", "| # why\n  a\n", "a\n"),
    ("literal-trailing-blanks", "|\n  a  \n  b\t\n", "a  \nb\t\n"),
    ("literal-blanks-at-the-end", "|\n  a\n   \n", "a\n \n"),
    ("literal-tab", "|\n  a\n  \tb\n", "a\n\tb\n"),
    ("literal-no-final-break", "|\n  a\n  b", "a\nb"),
    ("literal-keep-no-final-break", "|+\n  a\n\n  b", "a\n\nb"),
    ("folded-clip", ">\n  a\n  b\n", "a b\n"),
    ("folded-strip", ">-\n  a\n  b\n\n", "a b"),
    ("folded-keep", ">+\n  a\n  b\n\n", "a b\n\n"),
    ("folded-paragraphs", ">\n  a\n  b\n\n  c\n\n\n  d\n", "a b\nc\n\nd\n"),
    ("folded-deeper", ">\n  a\n    b\n    c\n  d\n", "a\n  b\n  c\nd\n"),
    ("folded-deeper-and-blank", ">\n  a\n\n    b\n\n  c\n", "a\n\n  b\n\nc\n"),
    ("folded-blank-first", ">\n\n  a\n  b\n", "\na b\n"),
    ("folded-explicit", ">1-\n   a\n b\n", "  a\nb"),
    ("folded-tab", ">\n  a\n  \tb\n  c\n", "a\n\tb\nc\n"),
    ("folded-trailing-blanks", ">\n  a \n  b\n", "a  b\n"),
]
ONLY_C = [  # what the pure parser, which reads YAML 1.2, does not take or takes for characters
    ("literal-comment-close", "|#why\n  a\n", "a\n"),
    ("plain-next-line", "a\x85  b", "a b"),
    ("plain-separator", "a\u2028  b", "a\u2028b"),
    ("single-paragraph", "'a\u2029\n  b'", "a\u2029\nb"),
    ("double-separator", '"a\n\u2028  b"', "a\u2028b"),
    ("double-escaped-next-line", '"a\\\x85  b"', "ab"),
    ("literal-separator", "|\n  a\u2028  b\n", "a\u2028b\n"),
    ("literal-next-line", "|\n  a\x85  b\n", "a\nb\n"),
    ("literal-ends-with-a-separator", "|\n  a\n  b\u2028", "a\nb\u2028"),
    ("literal-comment-ends", "| # c\u2028  a\n", "a\n"),
    ("literal-explicit", "|2\u2028  a\n   b\n", "a\n b\n"),
    ("folded-separator", ">\n  a\u2028  b\n", "a\u2028b\n"),
    ("folded-next-line", ">\n  a\x85\x85  b\n", "a\nb\n"),
]


def _value(raw: bytes) -> Text:
    root = parse_yaml(Document("f", raw))[0]
    assert isinstance(root, Mapping)
    value = root.items[0][1]
    assert isinstance(value, Text)
    return value


def _theirs(raw: bytes) -> str:
    return str(yaml.load(raw, yaml.CBaseLoader)["k"])  # noqa: S506 - the base loader makes strings only


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("source", [row[1] for row in AS_IT_STANDS], ids=[row[0] for row in AS_IT_STANDS])
def test_text_that_needs_no_decoding_is_as_it_stands(source: str, framing: Framing) -> None:
    raw = framing(f"k: {source}\n")
    text = _value(raw)
    assert decoded(text) == text == _theirs(raw)
    assert text in source


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("source", "expected"), [row[1:] for row in DECODED], ids=[row[0] for row in DECODED]
)
def test_decodes_as_pyyaml_reads(source: str, expected: str, framing: Framing) -> None:
    raw = framing(f"k: {source}")
    text = _value(raw)
    assert decoded(text) == text == _theirs(raw) == expected


@pytest.mark.parametrize(("source", "expected"), [row[1:] for row in ONLY_C], ids=[row[0] for row in ONLY_C])
def test_decodes_the_odd_line_breaks_of_yaml_1_1(source: str, expected: str) -> None:
    raw = f"k: {source}".encode()
    text = _value(raw)
    assert decoded(text) == text == _theirs(raw) == expected


JSON_STRINGS = [
    ("plain", '"word"', "word"),
    ("empty", '""', ""),
    ("unicode", '"é😀\u2028"', "é😀\u2028"),
    ("names", r'"\"\\\/\b\f\n\r\t"', '"\\/\b\f\n\r\t'),
    ("numbers", r'"\u0041\u00e9\u20AC"', "Aé€"),
    ("pair", r'"\ud83d\ude00"', "😀"),
    ("pair-upper", r'"\uD83D\uDE00x"', "😀x"),
    ("lone-high", r'"\ud83d"', "\ud83d"),
    ("lone-low", r'"\ude00"', "\ude00"),
    ("swapped", r'"\ude00\ud83d"', "\ude00\ud83d"),
    ("high-high-low", r'"\ud83d\ud83d\ude00"', "\ud83d😀"),
    ("high-then-escape", r'"\ud83d\n"', "\ud83d\n"),
    ("backslash-u", r'"\\ud83d\ude00"', "\\ud83d\ude00"),
]


@pytest.mark.parametrize(
    ("source", "expected"), [row[1:] for row in JSON_STRINGS], ids=[row[0] for row in JSON_STRINGS]
)
def test_decodes_json_strings_as_the_json_module(source: str, expected: str) -> None:
    assert decode(Style.JSON, source).value == json.loads(source) == expected


URL_PARTS = [
    ("plain", "abc-._~"),
    ("blank", "a%20b"),
    ("plus", "a+b%2Bc"),
    ("utf-8", "%C3%A9%f0%9f%98%80"),
    ("no-escape", "100%, %zz %4"),
    ("no-utf-8", "%ff%FE"),
    ("mixed", "%41%ffé"),
]


@pytest.mark.parametrize("source", [row[1] for row in URL_PARTS], ids=[row[0] for row in URL_PARTS])
def test_decodes_parts_of_urls_as_urllib(source: str) -> None:
    assert decode(Style.PERCENT, source).value == unquote(source, errors="surrogateescape")
    assert decode(Style.FORM, source).value == unquote_plus(source, errors="surrogateescape")


DATA_LINES = [  # from the first value to the last, as they stand in an event
    ("one", "word", "word"),
    ("empty", "", ""),
    ("two", "a\ndata: b", "a\nb"),
    ("crlf", "a\r\ndata: b\r\ndata: c", "a\nb\nc"),
    ("cr", "a\rdata: b", "a\nb"),
    ("no-blank", "a\ndata:b", "a\nb"),
    ("two-blanks", "a\ndata:  b", "a\n b"),
    ("empty-line", "a\ndata:\ndata: \ndata: b", "a\n\n\nb"),
    ("other-fields-between", "a\nid: 7\n: ping\ndata: b", "a\nb"),
]


@pytest.mark.parametrize(
    ("source", "expected"), [row[1:] for row in DATA_LINES], ids=[row[0] for row in DATA_LINES]
)
def test_decodes_the_data_lines_of_an_event(source: str, expected: str) -> None:
    assert decode(Style.SSE, source).value == expected


@pytest.mark.parametrize("style", [Style.LINE, Style.VERBATIM, Style.JSON_WORD, Style.FIXED])
def test_some_styles_have_no_escapes(style: Style) -> None:
    assert decode(style, "a\\n%41+\n  b").value == "a\\n%41+\n  b"


PLACES = [  # the characters of the source from which each character of the value was read
    ("plain", Style.PLAIN, "abc", ["a", "b", "c"]),
    ("plain-fold", Style.PLAIN, "a \n  b", ["a", " \n  ", "b"]),
    ("single", Style.SINGLE, "'a''b'", ["a", "''", "b"]),
    ("double", Style.DOUBLE, r'"\x41b\n"', [r"\x41", "b", r"\n"]),
    ("double-escaped-end", Style.DOUBLE, '"a\\\n  b"', ["a", "b"]),
    ("json-pair", Style.JSON, r'"a\ud83d\ude00b"', ["a", r"\ud83d\ude00", "b"]),
    ("literal", Style.LITERAL, "|\n  a\n\n  b\n", ["a", "\n", "\n  ", "b", "\n"]),
    ("folded", Style.FOLDED, ">-\n  a\n  b\n", ["a", "\n  ", "b"]),
    ("sse", Style.SSE, "a\ndata: b", ["a", "\ndata: ", "b"]),
    ("percent", Style.PERCENT, "a%20b", ["a", "%20", "b"]),
    ("form", Style.FORM, "a+b", ["a", "+", "b"]),
]


@pytest.mark.parametrize(
    ("style", "source", "parts"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES]
)
def test_every_character_knows_where_it_was_read(style: Style, source: str, parts: list[str]) -> None:
    found = decode(style, source, 2)
    places = [(found.start_of(i), found.end_of(i + 1)) for i in range(len(found.value))]
    assert [source[start:end] for start, end in places] == parts

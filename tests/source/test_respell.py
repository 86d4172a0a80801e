"""A change of a value is a small change of its source, in the style in which it stands."""

import json
from urllib.parse import unquote, unquote_plus

import pytest
import yaml

from cassette_cli.errors import Refused
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.respell import respell
from cassette_cli.source.scalar import decode
from cassette_cli.source.style import Style
from cassette_cli.source.text import rewrite
from tests.source.conftest import Framing
from tests.source.oracle import roots, texts
from tests.source.promises import replacing

Change = tuple[int, int | None, str]  # a slice of the value, and what takes its place


def _edit(text: str, change: Change) -> Edit:
    start, end, _ = slice(change[0], change[1]).indices(len(text))
    return Edit(start, max(start, end), change[2])


def _changed(raw: bytes, change: Change) -> bytes:
    """The bytes after a change of the value in the text, once the promises hold."""
    document = Document("f", raw)
    trees = roots(document)
    text = next(text for text in texts(document, trees) if text not in ("k", "z"))
    edits = [(text, [_edit(text, change)])]
    assert replacing(document, trees, edits) is None
    return document.encode(splice(document.text, rewrite(edits).get(document, [])))


SAME = [
    ("plain", "word\n", (0, None, "word")),
    ("plain-fold", "two\n  lines\n", (2, 5, "o l")),
    ("single", "'it''s'\n", (0, 2, "it")),
    ("double", '"a\\n\\u00e9b"\n', (3, 4, "b")),
    ("double-escape", '"a\\u00e9b"\n', (1, 2, "é")),
    ("literal", "|\n  a\n  b\n", (0, None, "a\nb\n")),
    ("literal-break", "|\n  a\n  b\n", (1, 2, "\n")),
    ("folded", ">-\n  a\n  b\n", (0, 1, "a")),
    ("nothing-inserted", "word\n", (2, 2, "")),
    ("nothing-into-nothing", "\n", (0, 0, "")),
]

CHANGED = [
    # plain
    ("plain-start", "word\n", (0, 1, "W"), "Word\n"),
    ("plain-end", "word # c\n", (-1, None, "k"), "work # c\n"),
    ("plain-insert", "word\n", (2, 2, "-"), "wo-rd\n"),
    ("plain-all", "word\n", (0, None, "other thing"), "other thing\n"),
    ("plain-in-a-fold", "two\n  lines\n", (3, 4, "_"), "two_lines\n"),
    ("plain-beside-a-fold", "two\n  lines\n", (2, 3, "x"), "twx\n  lines\n"),
    ("plain-across-a-fold", "two\n  lines\n", (2, 5, "x"), "twxines\n"),
    ("plain-to-blank-at-a-fold", "two\n  lines\n", (3, 3, " "), "two  lines\n"),
    ("plain-colon", "word\n", (0, None, "a: b"), "'a: b'\n"),
    ("plain-colon-close", "word\n", (0, None, "a:b"), "'a:b'\n"),  # old parsers refuse it in flow style
    ("plain-colon-stays", "a:b\n", (0, 1, "x:y"), "x:y:b\n"),
    ("plain-comment", "word\n", (2, 2, " #"), "'wo #rd'\n"),
    ("plain-quote", "word\n", (2, 2, "'"), "wo'rd\n"),
    ("plain-quote-first", "word\n", (0, 0, "'"), "'''word'\n"),
    ("plain-blank-first", "word\n", (0, 0, " "), "' word'\n"),
    ("plain-blank-last", "word\n", (4, 4, " "), "'word '\n"),
    ("plain-empty", "word\n", (0, None, ""), "''\n"),
    ("plain-break", "word\n", (2, 2, "\n"), '"wo\\nrd"\n'),
    ("plain-control", "word\n", (2, 2, "\x07"), '"wo\\x07rd"\n'),
    ("plain-separator", "word\n", (2, 2, "\u2028"), '"wo\\u2028rd"\n'),
    ("plain-dash", "word\n", (0, None, "- x"), "'- x'\n"),
    ("plain-flow-marks", "word\n", (0, None, "a, b"), "'a, b'\n"),
    ("plain-tag", "word\n", (0, 0, "!"), "'!word'\n"),
    ("plain-document-mark", "word\n", (0, None, "---"), "'---'\n"),
    ("plain-tagged", "!!str word\n", (0, None, "a: b"), "!!str 'a: b'\n"),
    ("plain-anchored", "&a !!str word\n", (0, None, "a: b"), "&a !!str 'a: b'\n"),
    ("plain-folded-to-quotes", "two\n  lines\n", (0, 3, "a:"), "'a:\n  lines'\n"),
    ("empty-filled", "\n", (0, 0, "word"), "word \n"),
    ("empty-filled-before-a-comment", " # c\n", (0, 0, "word"), "word  # c\n"),
    ("empty-tagged", "!!str\n", (0, 0, "word"), "!!str word\n"),
    ("empty-anchored", "&a # c\n", (0, 0, "a: b"), "&a 'a: b' # c\n"),
    # single-quoted
    ("single-start", "'word'\n", (0, 0, " "), "' word'\n"),
    ("single-end", "'word'\n", (4, 4, " "), "'word '\n"),
    ("single-quote", "'word'\n", (2, 2, "'"), "'wo''rd'\n"),
    ("single-of-a-quote", "'it''s'\n", (2, 3, "_"), "'it_s'\n"),
    ("single-beside-a-quote", "'it''s'\n", (1, 2, ""), "'i''s'\n"),
    ("single-empty", "'word'\n", (0, None, ""), "''\n"),
    ("single-filled", "''\n", (0, 0, "it's"), "'it''s'\n"),
    ("single-number", "'word'\n", (0, None, "000"), "'000'\n"),
    ("single-break", "'word'\n", (2, 2, "\n"), '"wo\\nrd"\n'),
    ("single-across-a-fold", "'two\n  lines'\n", (2, 5, "x"), "'twxines'\n"),
    ("single-beside-a-fold", "'two\n  lines'\n", (0, 2, "x"), "'xo\n  lines'\n"),
    ("single-blank-at-a-fold", "'two\n  lines'\n", (3, 3, " "), "'two  lines'\n"),
    ("single-of-blank-lines", "'a\n\n  b'\n", (1, 2, " "), "'a b'\n"),
    # double-quoted
    ("double-quote", '"word"\n', (2, 2, '"'), '"wo\\"rd"\n'),
    ("double-backslash", '"word"\n', (2, 2, "\\n"), '"wo\\\\nrd"\n'),
    ("double-breaks", '"word"\n', (2, 2, "\n\r\t"), '"wo\\n\\r\\trd"\n'),
    ("double-of-an-escape", '"a\\u00e9b"\n', (1, 2, "e"), '"aeb"\n'),
    ("double-beside-an-escape", '"a\\u00e9b"\n', (2, 3, ""), '"a\\u00e9"\n'),
    ("double-across-a-fold", '"two\n  lines"\n', (2, 5, "x"), '"twxines"\n'),
    ("double-across-an-escaped-end", '"two\\\n  lines"\n', (2, 4, "x"), '"twxines"\n'),
    ("double-at-an-escaped-end", '"two\\\n  lines"\n', (3, 3, "x"), '"two\\\n  xlines"\n'),
    ("double-blank-at-a-fold", '"two\n  lines"\n', (3, 3, " "), '"two\\ \n  lines"\n'),
    ("double-unicode", '"word"\n', (0, 4, "é😀"), '"é😀"\n'),
    ("double-empty", '"word"\n', (0, None, ""), '""\n'),
    # literal
    ("literal-start", "|\n  a b\n  c\n", (0, 1, "x"), "|\n  x b\n  c\n"),
    ("literal-end", "|\n  a b\n  c\n", (4, 5, "x"), "|\n  a b\n  x\n"),
    ("literal-break-in", "|\n  ab\n", (1, 1, "\n"), "|\n  a\n  b\n"),
    ("literal-breaks-in", "|\n  ab\n", (1, 1, "\n\n\n"), "|\n  a\n\n\n  b\n"),
    ("literal-lines-joined", "|\n  a\n  b\n", (1, 2, ""), "|\n  ab\n"),
    ("literal-blank-line-filled", "|\n  a\n\n  b\n", (2, 2, "x"), "|\n  a\n  x\n  b\n"),
    ("literal-other-blank-lines-stay", "|\n  a\n\n  b\n \n  c\n", (2, 2, "x"), "|\n  a\n  x\n  b\n \n  c\n"),
    ("literal-line-joins-a-blank-line", "|\n  a\n\n  b\n", (2, 3, ""), "|\n  a\n  b\n"),
    ("literal-line-emptied", "|\n  a\n  b\n  c\n", (2, 3, ""), "|\n  a\n  \n  c\n"),
    ("literal-final-break-gone", "|\n  a\n", (1, 2, ""), "|-\n  a\n"),
    ("literal-final-breaks-more", "|\n  a\n", (2, 2, "\n"), "|+\n  a\n\n"),
    ("literal-deeper-first-line", "|\n  a\n", (0, 0, " "), '" a\\n"\n'),
    ("literal-deeper-other-line", "|\n  a\n  b\n", (2, 2, " "), "|\n  a\n   b\n"),
    ("literal-control", "|\n  a\n", (0, 1, "\x07"), '"\\x07\\n"\n'),
    ("literal-carriage-return", "| # c\n  ab\n", (1, 1, "\r"), '"a\\rb\\n" # c\n'),
    ("literal-empty", "|\n  a\n", (0, None, ""), '""\n'),
    ("literal-nothing-filled", "|\n", (0, 0, "a"), '"a"\n'),
    ("literal-nothing-with-comment-filled", "| # c\n", (0, 0, "a"), '"a" # c\n'),
    ("literal-explicit", "|2\n    a\n  b\n", (0, 2, ""), "|2\n  a\n  b\n"),
    ("literal-explicit-deeper", "|2-\n   a\n", (0, 0, "  "), "|2-\n     a\n"),
    ("literal-comment-stays", "|- # c\n  a\n", (1, 1, "\nb"), "|- # c\n  a\n  b\n"),
    ("literal-marks", "|\n  a\n", (0, 1, "# 'x' \"y\" \\z: -"), "|\n  # 'x' \"y\" \\z: -\n"),
    ("literal-tagged", "!!str |\n  a\n", (0, 1, "b"), "!!str |\n  b\n"),
    # folded
    ("folded-inside-a-line", ">\n  a b\n  c\n", (0, 1, "x"), ">\n  x b\n  c\n"),
    ("folded-across", ">\n  a b\n  c\n", (2, 5, "x"), ">\n  a x\n"),
    ("folded-break-in", ">\n  a b\n  c\n", (1, 2, "\n"), "|\n  a\n  b c\n"),
    ("folded-blank-at-a-fold", ">\n  a\n  b\n", (1, 1, " "), ">\n  a \n  b\n"),
]  # fmt: skip


def _around(framing: Framing, source: str) -> bytes:
    return framing(f"k: {source}z: end\n")


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(("source", "change"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_the_same_text_leaves_the_source_alone(source: str, change: Change, framing: Framing) -> None:
    raw = _around(framing, source)
    assert _changed(raw, change) == raw


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("source", "change", "expected"), [row[1:] for row in CHANGED], ids=[row[0] for row in CHANGED]
)
def test_a_change_is_small_and_in_style(source: str, change: Change, expected: str, framing: Framing) -> None:
    assert _changed(_around(framing, source), change) == _around(framing, expected)


# What a reader of YAML 1.1 or 1.2, of Go's, Ruby's or Python's making, does not take for a string.
TYPED = (
    "~", "null", "Null", "true", "FALSE", "yes", "No", "on", "y", "N", "000", "0", "-1", "+1", "1_000",
    "1,000", "0x1f", "0b11", "0o7", "1.5", ".5", "-.5", "1.", "1e3", "1.5e-3", ".inf", "-.INF", ".NaN",
    "1:30", "190:20:30", "2020-01-01", "2020-1-1", "2020-01-01T00:00:00Z", "2001-12-14t21:59:43.10-05:00",
    "=", "<<", ":symbol",
)  # fmt: skip
STRINGS = ("0x", "1a", "nul", "yes!", "01-02", "1.2.3a", "e3", "v1", "-", "..", "<", "a:", "infinity")


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("new", TYPED)
@pytest.mark.parametrize("old", ["word", "'word'", '"word"', "'1'", "1e3", "0o7", "1.2.3", "2020-01-01 x"])
def test_a_string_stays_a_string(old: str, new: str) -> None:
    after = _changed(f"k: {old}\n".encode(), (0, None, new))
    quote = '"' if old[0] == '"' else "'"
    assert after == f"k: {quote}{new}{quote}\n".encode() or old == new


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("200", "404"),
        ("200", "0"),
        ("1.25", "0.5"),
        ("-1", "12"),
        ("true", "false"),
        ("no", "yes"),
        ("null", "1"),
        ("~", "true"),
        ("2020-01-01", "2000-01-01"),
        ("2020-01-01T00:00:00Z", "2000-01-01T00:00:00.5Z"),
        ("200", "word"),
    ],
)
def test_what_was_no_string_need_not_become_one(old: str, new: str) -> None:
    assert _changed(f"k: {old}\n".encode(), (0, None, new)) == f"k: {new}\n".encode()


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("new", STRINGS)
def test_what_only_looks_like_a_value_needs_no_quotes_or_gets_them(new: str) -> None:
    after = _changed(b"k: word\n", (0, None, new))
    assert yaml.safe_load(after) == {"k": new}


ANYWHERE = [
    ("flow-comma", "{k: a, z: b}", (0, None, "x, y"), "{k: 'x, y', z: b}"),
    ("flow-bracket", "{k: a, z: b}", (0, None, "x]y"), "{k: 'x]y', z: b}"),
    ("flow-colon", "{k: a, z: b}", (1, 1, ":"), "{k: 'a:', z: b}"),
    ("flow-question", "{k: a, z: b}", (1, 1, "?"), "{k: 'a?', z: b}"),
    ("flow-empty-behind-quotes", '{"k":, z: b}', (0, 0, "x"), '{"k": x, z: b}'),
    ("flow-empty-tagged", "{k: !!str , z: b}", (0, 0, "x"), "{k: !!str x , z: b}"),
    ("flow-fold", "{k: a\n  b, z: c}", (1, 2, "x"), "{k: axb, z: c}"),
    ("flow-in-a-sequence", "[k, a, z]", (0, 1, "- x"), "[k, '- x', z]"),
    ("on-a-dash-line", "- k: a\n  z: b\n", (0, 1, "x"), "- k: x\n  z: b\n"),
    ("behind-a-dash", "- k\n-\n- z\n", (0, 0, "x"), "- k\n- x\n- z\n"),
    ("literal-on-a-dash-line", "- k: |\n    a\n  z: b\n", (1, 1, "\nb"), "- k: |\n    a\n    b\n  z: b\n"),
    ("literal-explicit-nested", "- k: |1\n    a\n  z: b\n", (0, 1, ""), "- k: |1\n   a\n  z: b\n"),
    ("complex-key", "? k\n: >-\n  a\n", (0, 1, "b"), "? k\n: >-\n  b\n"),
    ("is-a-complex-key", "? |\n  a\n: k\n", (0, 1, "b"), "? |\n  b\n: k\n"),
    ("no-final-break", "k: |-\n  a", (0, 1, "b"), "k: |-\n  b"),
    ("no-final-break-more-lines", "k: |\n  a", (1, 1, "\nb"), "k: |\n  a\n  b"),
    ("plain-at-the-end", "k: a", (0, 1, "\n"), 'k: "\\n"'),
    ("root", "--- a\n", (0, 1, "b: c"), "--- 'b: c'\n"),
    ("root-literal", "--- |\n a\n...\n", (0, 1, "b"), "--- |\n b\n...\n"),
    ("own-line", "k:\n  a\n", (0, 1, "b: c"), "k:\n  'b: c'\n"),
    ("anchored", "k: &x a\nz: *x\n", (0, 1, "b"), "k: &x b\nz: *x\n"),
    ("comment-between", "k: # c\n  a\n", (0, 1, "b"), "k: # c\n  b\n"),
    ("tag-comment-anchor", "k: !t # c\n  # d\n  &x a\n", (0, 1, "b"), "k: !t # c\n  # d\n  &x b\n"),
    ("document-two", "k\n---\nk: a\n", (0, 1, "b"), "k\n---\nk: b\n"),
    ("is-a-key", "a: k\n", (0, 1, "x: y"), "'x: y': k\n"),
    ("is-an-anchored-key", "k:\n  !t &x a: z\n", (0, 1, "b"), "k:\n  !t &x b: z\n"),
]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("source", "change", "expected"), [row[1:] for row in ANYWHERE], ids=[row[0] for row in ANYWHERE]
)
def test_a_value_can_stand_anywhere(source: str, change: Change, expected: str, framing: Framing) -> None:
    assert _changed(framing(source), change) == framing(expected)


NOWHERE = [  # empty values of keys without a colon, and of documents: there is no place for another
    ("complex-key-alone", "? k\n? z\n"),
    ("flow-key-alone", "{k , z}"),
    ("document", "---\n...\n"),
    ("nested-complex-key", "? k:\n"),
]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("source", [row[1] for row in NOWHERE], ids=[row[0] for row in NOWHERE])
def test_a_value_that_stands_nowhere_is_refused(source: str, framing: Framing) -> None:
    document = Document("f", framing(source))
    text = [text for text in texts(document) if text not in ("k", "z")][-1]
    with pytest.raises(Refused, match="no value stands here"):
        rewrite([(text, [Edit(0, 0, "x")])])


OTHER = [  # style, source, change, expected source; None where it cannot be written
    ("json", Style.JSON, '"a\\nb"', (0, 1, "x"), '"x\\nb"'),
    ("json-marks", Style.JSON, '"ab"', (1, 1, '"\\\n\t/'), '"a\\"\\\\\\n\\t/b"'),
    ("json-ascii", Style.JSON, '"ab"', (1, 1, "é😀"), '"a\\u00e9\\ud83d\\ude00b"'),
    ("json-unicode", Style.JSON, '"äb"', (1, 1, "é😀"), '"äé😀b"'),
    ("json-of-a-pair", Style.JSON, '"a\\ud83d\\ude00b"', (1, 2, ""), '"ab"'),
    ("json-beside-a-lone-surrogate", Style.JSON, '"\\ud83dx"', (1, 2, "y"), '"\\ud83dy"'),
    ("json-lone-surrogate", Style.JSON, '"äx"', (1, 2, "\ud83d"), '"ä\\ud83d"'),
    ("json-two-halves-make-no-whole", Style.JSON, '"\\ud83d"', (1, 1, "\ude00"), None),
    ("json-word", Style.JSON_WORD, "200", (0, None, "-1.5e3"), "-1.5e3"),
    ("json-word-part", Style.JSON_WORD, "200", (0, 1, "4"), "400"),
    ("json-word-null", Style.JSON_WORD, "200", (0, None, "null"), "null"),
    ("json-word-no-word", Style.JSON_WORD, "200", (0, None, "x"), None),
    ("json-word-two-numbers", Style.JSON_WORD, "200", (1, 1, ", "), None),
    ("json-word-leading-zero", Style.JSON_WORD, "200", (0, 1, "0"), None),
    ("json-word-two-words-in-one", Style.JSON_WORD, "200", (1, 1, "-1"), None),
    ("json-word-piece-of-a-word", Style.JSON_WORD, "200", (1, 1, ".5e+"), "2.5e+00"),
    ("json-word-cut", Style.JSON_WORD, "-200", (2, None, ""), "-2"),
    ("json-word-other-digits", Style.JSON_WORD, "200", (0, 1, "\u0661"), None),
    ("json-word-empty", Style.JSON_WORD, "200", (0, None, ""), None),
    ("line", Style.LINE, "abc", (1, 2, "%"), "a%c"),
    ("line-break", Style.LINE, "abc", (1, 2, "\n"), None),
    ("verbatim-break", Style.VERBATIM, "abc", (1, 2, "\n"), "a\nc"),
    ("fixed", Style.FIXED, "abc", (1, 2, "x"), None),
    ("sse", Style.SSE, "a\ndata: b", (0, 1, "x"), "x\ndata: b"),
    ("sse-break-in", Style.SSE, "ab", (1, 1, "\n"), "a\ndata: b"),
    ("sse-break-in-as-the-others", Style.SSE, "ab\r\ndata:c", (1, 1, "\n"), "a\r\ndata:b\r\ndata:c"),
    ("sse-lines-joined", Style.SSE, "a\ndata: b", (1, 2, ""), "ab"),
    ("sse-carriage-return", Style.SSE, "ab", (1, 1, "\r"), None),
    ("sse-beside-other-fields", Style.SSE, "a\nid: 7\ndata: b", (2, 3, "c"), "a\nid: 7\ndata: c"),
    ("sse-across-other-fields", Style.SSE, "a\nid: 7\ndata: b", (0, 3, "c"), None),
    ("percent", Style.PERCENT, "a%20b", (0, 1, "é&"), "%C3%A9%26%20b"),
    ("percent-inside-a-run", Style.PERCENT, "%41%42%43", (1, 2, "x"), "AxC"),
    ("percent-raw-bytes", Style.PERCENT, "%ffa", (1, 2, "b c"), "%ffb%20c"),
    ("form", Style.FORM, "a+b", (0, 1, "x y+"), "x+y%2B+b"),
    ("form-of-a-blank", Style.FORM, "a+b", (1, 2, ""), "ab"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("style", "source", "change", "expected"), [row[1:] for row in OTHER], ids=[row[0] for row in OTHER]
)
def test_other_styles_take_what_they_can_hold(
    style: Style, source: str, change: Change, expected: str | None
) -> None:
    value = decode(style, source).value
    edit = _edit(value, change)
    edits = respell(style, source, [edit])
    found = None if edits is None else splice(source, edits)
    assert found == expected
    if found is not None:
        assert _read_by_others(style, found) == splice(value, [edit])


def _read_by_others(style: Style, source: str) -> str:
    match style:
        case Style.JSON:
            return str(json.loads(source))
        case Style.PERCENT:
            return unquote(source, errors="surrogateescape")
        case Style.FORM:
            return unquote_plus(source, errors="surrogateescape")
        case Style.SSE:
            lines = f"data: {source}".splitlines()
            data = [line.partition(":")[2] for line in lines if line.startswith("data:")]
            return "\n".join(line.removeprefix(" ") for line in data)
        case _:
            return source

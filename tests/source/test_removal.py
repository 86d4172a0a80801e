"""What leaves with an entry, and what stays."""

import pytest

from cassette_cli.source.document import Document
from cassette_cli.source.edit import splice
from cassette_cli.source.removal import remove
from cassette_cli.source.tree import Mapping, Sequence
from tests.source.conftest import Framing
from tests.source.oracle import roots, walk
from tests.source.promises import removing


def _without(raw: bytes, number: int, entries: list[int]) -> bytes:
    """The bytes without these entries of the container with this number, once the promise holds."""
    document = Document("f", raw)
    trees = roots(document)
    containers = [node for tree in trees for node in walk(tree) if isinstance(node, Mapping | Sequence)]
    assert removing(document, trees, containers[number], entries) is None
    return document.encode(splice(document.text, remove(containers[number], entries)))


SAME = [
    ("mapping", "a: 1\nb: 2\n", 0),
    ("empty-mapping", "{}\n", 0),
    ("empty-sequence", "[ ]", 0),
    ("nested", "a:\n- b: 1\n", 2),
    ("json", '{"a": [1, 2]}', 1),
]

BLOCK = [  # id, source, container, entries, what is left
    ("first-key", "a: 1\nb: 2\nc: 3\n", 0, [0], "b: 2\nc: 3\n"),
    ("middle-key", "a: 1\nb: 2\nc: 3\n", 0, [1], "a: 1\nc: 3\n"),
    ("last-key", "a: 1\nb: 2\nc: 3\n", 0, [2], "a: 1\nb: 2\n"),
    ("last-key-no-final-break", "a: 1\nb: 2", 0, [1], "a: 1"),
    ("first-key-no-final-break", "a: 1\nb: 2", 0, [0], "b: 2"),
    ("run", "a: 1\nb: 2\nc: 3\nd: 4\n", 0, [1, 2], "a: 1\nd: 4\n"),
    ("two-runs", "a: 1\nb: 2\nc: 3\nd: 4\n", 0, [3, 0], "b: 2\nc: 3\n"),
    ("all", "a: 1\nb: 2\n", 0, [0, 1], "{}\n"),
    ("all-no-final-break", "a: 1\nb: 2", 0, [0, 1], "{}"),
    ("item", "- a\n- b\n- c\n", 0, [1], "- a\n- c\n"),
    ("all-items", "- a\n- b\n", 0, [0, 1], "[]\n"),
    ("the-first-key-on-a-dash-line-keeps-the-dash", "- a: 1\n  b: 2\n", 1, [0], "- b: 2\n"),
    ("the-first-keys-on-a-dash-line", "- a: 1\n  b: 2\n  c: 3\n", 1, [0, 1], "- c: 3\n"),
    ("the-first-key-on-a-wide-dash-line", "-   a: 1\n    b: 2\n", 1, [0], "-   b: 2\n"),
    ("the-first-key-on-two-dashes", "- - a: 1\n    b: 2\n", 2, [0], "- - b: 2\n"),
    ("the-first-key-of-many-lines", "- a:\n    x: 1\n  b: 2\n", 1, [0], "- b: 2\n"),
    ("the-first-key-with-a-literal", "- a: |\n    x\n\n  b: 2\n", 1, [0], "- b: 2\n"),
    ("the-first-key-before-a-comment", "- a: 1 # c\n  # own\n  b: 2\n", 1, [0], "- # c\n  # own\n  b: 2\n"),
    ("the-first-literal-before-a-comment", "- a: |\n    x\n# own\n  b: 2\n", 1, [0], "-\n# own\n  b: 2\n"),
    ("the-first-key-before-a-blank-line", "- a: 1\n\n  b: 2\n", 1, [0], "- b: 2\n"),
    ("the-last-key-on-a-dash-line", "- a: 1\n  b: 2\n- c\n", 1, [1], "- a: 1\n- c\n"),
    ("all-keys-on-a-dash-line", "- a: 1\n  b: 2\n- c\n", 1, [0, 1], "- {}\n- c\n"),
    ("the-sole-key-on-a-dash-line", "- a: 1 # c\n- c\n", 1, [0], "- {} # c\n- c\n"),
    ("the-first-item-on-a-dash-line", "- - a\n  - b\n", 1, [0], "- - b\n"),
    ("all-items-on-a-dash-line", "- - a\n  - b\n- c\n", 1, [0, 1], "- []\n- c\n"),
    ("below-a-bare-dash", "-\n  a: 1\n  b: 2\n", 1, [0], "-\n  b: 2\n"),
    ("all-below-a-bare-dash", "-\n  a: 1\n", 1, [0], "-\n  {}\n"),
    ("sole-member-below-its-key", "a:\n  b: 1\nc: 2\n", 1, [0], "a: {}\nc: 2\n"),
    ("sole-item-below-its-key", "a:\n- b\nc: 2\n", 1, [0], "a: []\nc: 2\n"),
    ("sole-item-no-final-break", "a:\n- b", 1, [0], "a: []"),
    ("sole-item-below-a-comment", "a: # c\n# own\n- b # d\nc: 2\n", 1, [0], "a: [] # c\n# own\nc: 2\n"),
    ("sole-item-below-its-tag", "a: !t\n- b\n", 1, [0], "a: !t []\n"),
    ("sole-item-below-tag-and-anchor", "a: !t &x # c\n  - b\nc: *x\n", 1, [0], "a: !t &x [] # c\nc: *x\n"),
    ("sole-key-below-its-anchor", "a: &x # c\n  !!str k: 1\n", 1, [0], "a: &x {} # c\n"),
    ("sole-item-below-a-quoted-key", '"a: # c":\n- b\n', 1, [0], '"a: # c": []\n'),
    ("sole-item-below-an-apostrophe", "'it''s: #':\n- b\n", 1, [0], "'it''s: #': []\n"),
    ("sole-item-below-a-key-with-a-hash", "a#b: # c: d\n- b\n", 1, [0], "a#b: [] # c: d\n"),
    ("sole-item-below-a-tagged-key", "!t &x a:\n  - b\n", 1, [0], "!t &x a: []\n"),
    ("sole-item-below-a-dash-and-key", "- a:\n  - b\n  c: 1\n", 2, [0], "- a: []\n  c: 1\n"),
    ("sole-item-below-a-question-mark", "?\n- b\n: c\n", 1, [0], "? []\n: c\n"),
    ("sole-item-below-a-colon", "? a\n:\n- b\n", 1, [0], "? a\n: []\n"),
    ("sole-item-of-the-document", "--- # x:\n- b\n", 0, [0], "--- # x:\n[]\n"),
    ("tagged-first-key", "!t\n!u a: 1\nb: 2\n", 0, [0], "!t\nb: 2\n"),
    ("anchored-first-key", "k: !t\n  &x a: 1\n  b: 2\n", 1, [0], "k: !t\n  b: 2\n"),
    ("indented", "k:\n    a: 1\n    b: 2\nc: 3\n", 1, [1], "k:\n    a: 1\nc: 3\n"),
    ("dashes-at-the-key", "k:\n- a\n- b\nc: 3\n", 1, [1], "k:\n- a\nc: 3\n"),
    ("nested-value", "a:\n  x:\n  - 1\n  - 2\nb: 2\n", 0, [0], "b: 2\n"),
    ("nested-last-value", "a: 1\nb:\n  x:\n  - 1\n  - 2\n", 0, [1], "a: 1\n"),
    ("empty-value", "a:\nb: 2\nc:\n", 0, [0], "b: 2\nc:\n"),
    ("last-empty-value", "a:\nb: 2\nc:", 0, [2], "a:\nb: 2"),
    ("empty-value-with-blanks", "a:   # c\nb: 2\n", 0, [0], "b: 2\n"),
    ("empty-item", "- a\n-\n- # c\n- d\n", 0, [1], "- a\n- # c\n- d\n"),
    ("alias-value", "a: &x 1\nb: *x\nc: 3\n", 0, [1], "a: &x 1\nc: 3\n"),
    ("many-line-plain", "a: x\n  y\n  z\nb: 2\n", 0, [0], "b: 2\n"),
    ("many-line-quotes", "a: 'x\n\n  y'\nb: \"z\\\n  z\" # c\nd: 4\n", 0, [1], "a: 'x\n\n  y'\nd: 4\n"),
    ("flow-value", "a: {x: 1,\n  y: 2}\nb: 2\n", 0, [0], "b: 2\n"),
    ("comment-on-the-line-goes", "a: 1 # one\nb: 2 # two\n", 0, [1], "a: 1 # one\n"),
    ("comments-of-their-own-stay", "# 0\na: 1\n# 1\nb: 2\n# 2\n", 0, [0], "# 0\n# 1\nb: 2\n# 2\n"),
    ("comments-around-the-last-stay", "a: 1\n# 1\nb: 2\n# 2\n", 0, [1], "a: 1\n# 1\n# 2\n"),
    ("blank-lines-stay", "a: 1\n\nb: 2\n\nc: 3\n", 0, [1], "a: 1\n\n\nc: 3\n"),
    ("trailing-blanks-go", "a: 1\nb: 2  \nc: 3\n", 0, [1], "a: 1\nc: 3\n"),
    ("literal", "a: |\n  x\n\nb: 2\n", 0, [0], "b: 2\n"),
    ("literal-last", "a: 1\nb: |\n  x\n", 0, [1], "a: 1\n"),
    ("literal-last-no-final-break", "a: 1\nb: |\n  x", 0, [1], "a: 1"),
    ("literal-empty", "a: |-\nb: 2\n", 0, [0], "b: 2\n"),
    ("literal-key", "? |\n  x\n: 1\nb: 2\n", 0, [0], "b: 2\n"),
    ("behind-a-literal", "a: |\n  x\nb: 2\nc: 3\n", 0, [1], "a: |\n  x\nc: 3\n"),
    ("behind-a-literal-no-final-break", "a: |\n  x\nb: 2", 0, [1], "a: |\n  x\n"),
    ("behind-a-literal-before-blank-lines", "a: |+\n  x\nb: 2\n\n\nc: 3\n", 0, [1], "a: |+\n  x\nc: 3\n"),
    ("behind-a-literal-before-a-comment", "a: |\n  x\nb: 2\n# c\nc: 3\n", 0, [1], "a: |\n  x\n# c\nc: 3\n"),
    ("behind-a-literal-before-a-deep-comment", "a: |\n  x\nb: 2\n  # c\nc: 3\n", 0, [1], "a: |\n  x\nc: 3\n"),
    ("behind-a-literal-before-blanks", "a: |+\n  x\nb: 2\n  ", 0, [1], "a: |+\n  x\n"),
    ("behind-a-nested-literal", "a:\n  x: >\n    y\nb: 2\n\n# c\n", 0, [1], "a:\n  x: >\n    y\n# c\n"),
    ("behind-a-literal-key", "? |\n  x\nb: 2\n\nc: 3\n", 0, [1], "? |\n  x\nc: 3\n"),
    ("complex-key", "? a\n: 1\n? b\n: 2\n", 0, [0], "? b\n: 2\n"),
    ("complex-key-last", "? a\n: 1\n? b\n: 2\n", 0, [1], "? a\n: 1\n"),
    ("complex-key-alone", "? a\n? b\nc: 3\n", 0, [0], "? b\nc: 3\n"),
    ("complex-key-alone-last", "a: 1\n? b\n# c\n", 0, [1], "a: 1\n# c\n"),
    ("complex-key-of-python", "? !!python/tuple\n- a\n- b\n: 1\nc: 3\n", 0, [0], "c: 3\n"),
    ("inside-a-complex-key", "? - a\n  - b\n: 1\n", 1, [0], "? - b\n: 1\n"),
    ("before-a-key-that-begins-with-a-colon", "? a\n:b: 1\nc: 3\n", 0, [0], ":b: 1\nc: 3\n"),
    ("nested-empty-values", "a:\n  ? x\nb: 2\n", 0, [0], "b: 2\n"),
    ("second-document", "a: 1\n---\nb: 2\nc: 3\n", 1, [0], "a: 1\n---\nc: 3\n"),
    ("before-a-document-mark", "a: 1\nb: 2\n---\nc: 3\n", 0, [1], "a: 1\n---\nc: 3\n"),
    ("before-an-end-mark", "a: 1\nb: |\n  x\n...\n", 0, [1], "a: 1\n...\n"),
    ("all-before-a-document-mark", "- a\n---\n- b\n", 0, [0], "[]\n---\n- b\n"),
]  # fmt: skip

FLOW = [
    ("first", "[a, b, c]", 0, [0], "[b, c]"),
    ("middle", "[a, b, c]", 0, [1], "[a, c]"),
    ("last", "[a, b, c]", 0, [2], "[a, b]"),
    ("run", "[a, b, c, d]", 0, [1, 2], "[a, d]"),
    ("two-runs", "[a, b, c, d, e]", 0, [0, 2, 4], "[b, d]"),
    ("all", "[a, b]", 0, [0, 1], "[]"),
    ("all-in-lines", "k: [\n  a, # c\n  b\n]\n", 1, [0, 1], "k: []\n"),
    ("mapping", "{a: 1, b: 2, c: 3}", 0, [0, 2], "{b: 2}"),
    ("all-of-a-mapping", "k: !t { a: 1 } # c\n", 1, [0], "k: !t {} # c\n"),
    ("padded", "{ a: 1, b: 2 }", 0, [0], "{ b: 2 }"),
    ("padded-last", "{ a: 1, b: 2 }", 0, [1], "{ a: 1 }"),
    ("trailing-comma", "[a, b, ]", 0, [1], "[a, ]"),
    ("compact", "{a: 1,b: 2,c: 3}", 0, [1], "{a: 1,c: 3}"),
    ("lines", "[\n  a,\n  b,\n  c\n]", 0, [0], "[\n  b,\n  c\n]"),
    ("lines-last", "[\n  a,\n  b\n]", 0, [1], "[\n  a\n]"),
    ("nested", "[{a: 1}, [b, {c: d}]]", 0, [1], "[{a: 1}]"),
    ("in-block", "k: [a, b]\nz: 1\n", 1, [0], "k: [b]\nz: 1\n"),
    ("quotes", "['a, b', \"c]\", d]", 0, [0], '["c]", d]'),
    ("keys-alone", "{a, b, c}", 0, [1], "{a, c}"),
    ("empty-values", "{a: , b: 1}", 0, [1], "{a: }"),
    ("empty-value-first", "{a: , b: 1}", 0, [0], "{b: 1}"),
    ("question-marks", "{? a : 1, ? b : 2}", 0, [0], "{? b : 2}"),
    ("pairs", "[a: 1, b: 2]", 0, [0], "[b: 2]"),
    ("all-of-a-pair", "[a: 1, b: 2]", 1, [0], "[{}, b: 2]"),
    ("tagged", "[!t a, &x b, *x]", 0, [0], "[&x b, *x]"),
]  # fmt: skip

JSON = [
    ("compact-first", '{"a":1,"b":2}', 0, [0], '{"b":2}'),
    ("compact-last", '{"a":1,"b":2}', 0, [1], '{"a":1}'),
    ("pretty-first", '{\n  "a": 1,\n  "b": 2\n}\n', 0, [0], '{\n  "b": 2\n}\n'),
    ("pretty-middle", '[\n  1,\n  2,\n  3\n]\n', 0, [1], "[\n  1,\n  3\n]\n"),
    ("pretty-last", '{\n  "a": 1,\n  "b": 2\n}\n', 0, [1], '{\n  "a": 1\n}\n'),
    ("pretty-all", '{\n  "a": [\n    1\n  ]\n}\n', 1, [0], '{\n  "a": []\n}\n'),
    ("comma-first", '{\n  "a": 1\n, "b": 2\n}', 0, [1], '{\n  "a": 1\n}'),
    ("marks-in-strings", '["a]", "b,", "#", "}"]', 0, [1], '["a]", "#", "}"]'),
    ("tabs", '{\n\t"a" : 1,\n\t"b" : 2\n}', 0, [0], '{\n\t"b" : 2\n}'),
    ("nested", '{"a": {"b": [1, {"c": null}]}, "d": 1}', 2, [1], '{"a": {"b": [1]}, "d": 1}'),
    ("surrogates", '["\\ud83d\\ude00", "\\ud83d", 1]', 0, [1], '["\\ud83d\\ude00", 1]'),
]  # fmt: skip


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(("source", "number"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_removing_nothing_leaves_the_text_alone(source: str, number: int, framing: Framing) -> None:
    assert _without(framing(source), number, []) == framing(source)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("source", "number", "entries", "left"), [row[1:] for row in BLOCK], ids=[row[0] for row in BLOCK]
)
def test_a_block_entry_takes_its_lines(
    source: str, number: int, entries: list[int], left: str, framing: Framing
) -> None:
    assert _without(framing(source), number, entries) == framing(left)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("source", "number", "entries", "left"), [row[1:] for row in FLOW], ids=[row[0] for row in FLOW]
)
def test_a_flow_entry_takes_one_comma(
    source: str, number: int, entries: list[int], left: str, framing: Framing
) -> None:
    assert _without(framing(source), number, entries) == framing(left)


@pytest.mark.parametrize(
    ("source", "number", "entries", "left"), [row[1:] for row in JSON], ids=[row[0] for row in JSON]
)
def test_a_json_entry_takes_one_comma(
    source: str, number: int, entries: list[int], left: str, framing: Framing
) -> None:
    assert _without(framing(source), number, entries) == framing(left)


@pytest.mark.parametrize(
    ("source", "number", "entries", "left"),
    [
        ("- a\u2028- b\u2028- c\u2028", 0, [1], "- a\u2028- c\u2028"),
        ("a: |\n  x\u2028b: 1\x85c: 2\n", 0, [1], "a: |\n  x\u2028c: 2\n"),
        ("k:\x85- a\x85z: 1", 1, [0], "k: []\x85z: 1"),
        ("[a # c\u2029, b]", 0, [0], "[b]"),
        ("- a\r- b\r- c\r", 0, [2], "- a\r- b\r"),
    ],
    ids=["separator", "literal", "next-line", "flow-comment", "carriage-return"],
)
def test_the_odd_line_breaks_of_yaml_1_1_end_an_entry(
    source: str, number: int, entries: list[int], left: str
) -> None:
    assert _without(source.encode(), number, entries) == left.encode()

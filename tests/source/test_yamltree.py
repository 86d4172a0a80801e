"""YAML as a tree that points into the text: nothing is constructed or guessed, faults have a place."""

import sys
import time

import pytest
import yaml

from cassette_cli.errors import Unreadable
from cassette_cli.source import yamltree
from cassette_cli.source.document import Document
from cassette_cli.source.style import Style
from cassette_cli.source.text import Text
from cassette_cli.source.tree import DEEPEST, Alias, Mapping, Sequence, document_of, offset_of, plain
from cassette_cli.source.yamltree import parse_yaml
from tests.source.conftest import Framing
from tests.source.oracle import expected, shape, walk


def test_the_c_parser_is_the_active_one() -> None:
    from ruamel.yaml import YAML

    assert YAML(typ="safe").Parser.__module__.endswith("_ruamel_yaml")
    assert yamltree.parser_name() == "YAML parser: C"


def test_the_name_of_the_parser_is_that_of_the_one_in_use(parser: str) -> None:
    assert (parser == "C") == (yamltree.parser_name() == "YAML parser: C")


TREES = [
    ("nothing", ""),
    ("comment-alone", "# c\n"),
    ("scalar", "a\n"),
    ("empty-document", "---\n"),
    ("block", "a: 1\nb:\n- c\n- d: e\n"),
    ("flow", "{a: [b, {c: d}], e: {}}\n"),
    ("several-documents", "a: 1\n---\n- b\n...\n---\nc\n"),
    ("duplicate-keys", "a: 1\na: 2\na: 3\n"),
    ("directives", "%YAML 1.1\n%TAG !e! tag:e.org,2000:\n---\na: !e!x b\n"),
    ("tags", "a: !t b\nc: !!int 'x'\nd: !<tag:x,y> [!!map {}]\n"),
    ("tags-of-languages", "a: !!python/object/apply:os.system [ls]\nb: !ruby/object:Foo {c: d}\n"),
    ("binary", "a: !!binary |\n  aGk=\n"),
    ("anchors", "a: &x {b: &y c}\nd: *x\ne: [*y, *x]\n"),
    ("anchors-on-keys", "&x a: b\n*x : c\n"),
    ("anchor-again", "a: &x 1\nb: *x\nc: &x 2\nd: *x\n"),
    ("anchors-of-two-documents", "- &x 1\n- *x\n---\n- &x 2\n- *x\n"),
    ("merge", "a: &x {b: c}\nd: {<<: *x, e: f}\n"),
    ("complex-keys", "? [a, b]\n: c\n? {d: e}\n? |\n  f\n: g\n"),
    ("empty-values", "a:\nb: ~\n? c\n: \n? d\n"),
    ("empty-items", "-\n- \n- a\n-\n"),
    ("pairs-in-a-sequence", "[a: b, c, {d}]\n"),
    ("many-lines", "a: b\n  c\n\n  d\ne: 'f\n  g'\nh: \"i\\\n  j\"\n"),
    ("comments", "# 0\na: # 1\n  # 2\n  b # 3\n# 4\nc: [ # 5\n  d, # 6\n  e ]\n# 7\n"),
    ("unicode", "é: 😀\n\u3000x: \xa0y\n"),
    ("indentless", "a:\n- b\n-\n  - c\n- - d\n  - e\n"),
]
ONLY_C = [  # what the pure parser, which reads YAML 1.2, does not take
    ("tabs-between", "a:\tb\nc: [\td,\te ]\t# f\n"),
    ("odd-line-breaks", "a: b\x85c:\u2028- d\u2029- e\r\x85"),
]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("text", [row[1] for row in TREES], ids=[row[0] for row in TREES])
def test_the_tree_is_what_pyyaml_reads(text: str, framing: Framing) -> None:
    document = Document("f", framing(text))
    trees = parse_yaml(document)
    assert [shape(tree) for tree in trees] == expected(document.text)
    for node in (node for tree in trees for node in walk(tree)):
        assert document_of(node) is document
        assert 0 <= node.start <= node.end <= len(document.text)


@pytest.mark.parametrize("text", [row[1] for row in ONLY_C], ids=[row[0] for row in ONLY_C])
def test_the_tree_is_what_pyyaml_reads_where_only_the_c_parser_reads_it(text: str) -> None:
    assert [shape(tree) for tree in parse_yaml(Document("f", text.encode()))] == expected(text)


SPANS = [  # a node by its place in file order, and the characters that it stands on
    ("plain", "a: b c # d\n", 2, "b c"),
    ("single", "a: 'b'\n", 2, "'b'"),
    ("tagged", "a: !!str b\n", 2, "!!str b"),
    ("anchored", "a: &x  b\n", 2, "&x  b"),
    ("literal", "a: |-\n  b\n\nc: d\n", 2, "|-\n  b\n\n"),
    ("alias", "a: &x b\nc: *x\n", 4, "*x"),
    ("flow", "a: {b: c} # d\n", 2, "{b: c}"),
    ("tagged-flow", "a: !t [b]\n", 2, "!t [b]"),
    ("block-mapping", "a:\n  b: c\n  d: e\nf: g\n", 2, "b: c\n  d: e"),
    ("block-sequence", "a:\n- b\n- c\nd: e\n", 2, "- b\n- c"),
    ("anchored-mapping", "a: &x\n  b: c\n", 2, "&x\n  b: c"),
    ("behind-wide-characters", "é😀: 😀\n", 2, "😀"),
]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "number", "span"), [row[1:] for row in SPANS], ids=[row[0] for row in SPANS]
)
def test_a_node_knows_its_characters(text: str, number: int, span: str, framing: Framing) -> None:
    document = Document("f", framing(text))
    node = list(walk(parse_yaml(document)[0]))[number]
    assert document.text[node.start : node.end].replace("\r\n", "\n") == span
    offset = offset_of(node)
    assert node.start <= offset <= node.end
    if isinstance(node, Text):
        assert document.text[offset:].startswith(node.rstrip("\n"))


@pytest.mark.usefixtures("parser")
def test_tags_are_inert() -> None:
    source = "- !!python/object/apply:sys.exit [3]\n- !!binary aGk=\n- !!int '7'\n- !!float 1.5\n- !!null x\n"
    root = parse_yaml(Document("f", source.encode()))[0]
    assert plain(root) == [[3], "aGk=", "7", "1.5", "x"]


@pytest.mark.usefixtures("parser")
def test_an_alias_keeps_its_own_span_and_stands_for_its_anchor() -> None:
    document = Document("f", b"a: &x {b: 1}\nc: [*x, *x]\n")
    root = parse_yaml(document)[0]
    assert isinstance(root, Mapping)
    target, aliases = root.get("a"), root.get("c")
    assert isinstance(aliases, Sequence)
    one, two = aliases.items
    assert isinstance(one, Alias)
    assert isinstance(two, Alias)
    assert (one.start, one.end, two.start, two.end) == (17, 19, 21, 23)
    assert one.target is two.target is target
    assert list(aliases) == [target, target]


@pytest.mark.usefixtures("parser")
def test_an_anchor_ends_with_its_document() -> None:
    with pytest.raises(Unreadable, match=r"^f:3:3: the alias \*x has no anchor"):
        parse_yaml(Document("f", b"- &x 1\n---\n- *x\n"))


@pytest.mark.usefixtures("parser")
def test_styles_are_those_of_the_text() -> None:
    root = parse_yaml(Document("f", b"- a\n- 'a'\n- \"a\"\n- |\n  a\n- >\n  a\n-\n"))[0]
    assert isinstance(root, Sequence)
    styles = [item.style for item in root if isinstance(item, Text)]
    assert styles == [Style.PLAIN, Style.SINGLE, Style.DOUBLE, Style.LITERAL, Style.FOLDED, Style.PLAIN]


# -- faults ----------------------------------------------------------------------------------------

FAULTS = [  # the place is the same under both parsers, the words are the parser's own
    ("flow-open", "a: [b\n", "2:1"),
    ("two-colons", "a: b: c\n", "1:5"),
    ("quote-open", 'a: "b\n', "1:4"),
    ("quote-open-at-a-document", "a: 'b\n---\nc: d\n", "1:4"),
    ("tab", "a:\n\tb: c\n", "2:1"),
    ("deeper", "a: b\n c: d\n", "2:3"),
    ("wrong-bracket", "a: b\n---\nc: [}\n", "3:5"),
    ("mark", "a: @b\n", "1:4"),
    ("no-anchor", "a: *x\n", "1:4"),
    ("self-alias", "a: &x [b, *x]\n", "1:11"),
    ("self-alias-as-key", "&x {a: {*x : b}}\n", "1:9"),
    ("alias-before-its-anchor", "a: *x\nb: &x 1\n", "1:4"),
    ("self-alias-under-an-older-name", "a: &x 1\nb: &x [*x]\n", "2:8"),
    ("unknown-handle", "a: !x!y z\n", "1:4"),
    ("directive-alone", "%YAML 1.1\na: b\n", "2:1"),
    ("yaml-3", "%YAML 3.0\n---\na: b\n", "1:1"),
    ("bad-hexadecimal", 'a: "\\xZZ"\n', "1:7"),
    ("dash-in-mapping", "a: b\n- c\n", "2:1"),
    ("zero", "a: b\nc: \x00d\n", "2:4"),
    ("bell", "é: 😀\na: \x07\n", "2:4"),
    ("delete", "a\n\x7f\n", "2:1"),
    ("control-of-latin-1", "a: b\nc: \x80\n", "2:4"),
    ("no-character", "a: b\nc: d\ufffe\n", "2:5"),
    ("too-deep", "a:\n  " + "[" * (DEEPEST + 1), f"2:{2 + DEEPEST}"),
    ("too-deep-in-block", "- " * (DEEPEST + 1) + "a\n", f"1:{2 * DEEPEST + 1}"),
    ("far-too-deep", "[" * 2_000, f"1:{DEEPEST + 1}"),
]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(("text", "place"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_a_fault_has_its_place(text: str, place: str, framing: Framing) -> None:
    with pytest.raises(Unreadable) as caught:
        parse_yaml(Document("f", framing(text)))
    assert str(caught.value).startswith(f"f:{place}: ")


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a:\n  b: {c: d\n", r"\(while parsing a flow mapping that begins at 2:6\)$"),
        ("a:\n  b: [c,\n d}\n", r"\(while parsing a flow sequence that begins at 2:6\)$"),
        ("a:\n  b: 'c\n", "2:6: not YAML: the quoted text that opens here is never closed$"),
        ('a:\n  b: "c\n---\nd\n', "2:6: not YAML: the quoted text that opens here is never closed$"),
        ("a: b: c\n", "not YAML: mapping values are not allowed (?:here|in this context)$"),
    ],
)
def test_a_fault_tells_where_what_is_not_closed_opens(text: str, words: str, framing: Framing) -> None:
    with pytest.raises(Unreadable, match=words):
        parse_yaml(Document("f", framing(text)))


@pytest.mark.usefixtures("parser")
def test_an_escape_that_is_no_character_is_a_fault() -> None:
    with pytest.raises(Unreadable, match="not YAML"):
        parse_yaml(Document("f", b'a: "\\U00110000"\n'))


@pytest.mark.usefixtures("parser")
def test_the_deepest_tree_is_read_and_given() -> None:
    text = "[" * DEEPEST + "]" * DEEPEST
    assert plain(parse_yaml(Document("f", text.encode()))[0]) == yaml.safe_load(text)


# -- bombs -----------------------------------------------------------------------------------------


def _bomb(kind: str, levels: int) -> Mapping:
    line = {"sequence": "[*a{0}, *a{0}, *a{0}, *a{0}]", "merge": "{{<<: [*a{0}, *a{0}, *a{0}]}}"}[kind]
    text = "a0: &a0 {x: 1}\n" + "".join(f"a{n + 1}: &a{n + 1} {line.format(n)}\n" for n in range(levels))
    root = parse_yaml(Document("f", text.encode()))[0]
    assert isinstance(root, Mapping)
    return root


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("kind", ["sequence", "merge"])
def test_an_alias_bomb_is_read_but_not_expanded(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr("cassette_cli.source.tree.LARGEST_EXPANSION", 10_000)
    assert plain(_bomb(kind, 3))
    begin = time.process_time()
    bomb = _bomb(kind, 40)
    with pytest.raises(Unreadable, match=r"^f:\d+:\d+: aliases of this value stand for over 100,000"):
        plain(bomb)
    deepest = bomb.get("a40")
    if isinstance(deepest, Mapping):
        assert deepest.get("x") == "1"
        assert deepest.get("y") is None
    assert time.process_time() - begin < 5


@pytest.mark.usefixtures("parser")
def test_aliases_that_nest_too_deep_are_an_error() -> None:
    half = DEEPEST // 2 + 1
    lines = [f"a{n}: &a{n} {'[' * half}*a{n - 1}{']' * half}\n" for n in range(1, 40)]
    assert plain(parse_yaml(Document("f", ("a0: &a0 1\n" + lines[0]).encode()))[0])
    root = parse_yaml(Document("f", ("a0: &a0 1\n" + "".join(lines)).encode()))[0]
    assert half * len(lines) > sys.getrecursionlimit()
    with pytest.raises(Unreadable, match=f"more than {DEEPEST} deep"):
        plain(root)

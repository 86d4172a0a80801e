"""What holds for any text: dumped by anybody in any style, written by hand, changed and cut at random."""

import io
import json
from typing import Any, TypeAlias

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from cassette_cli.errors import Refused, Unreadable
from cassette_cli.source import yamltree
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.jsontree import parse_json
from cassette_cli.source.style import Style
from cassette_cli.source.text import Text, rewrite
from cassette_cli.source.tree import Mapping, Node, Sequence
from tests.corpus import dice
from tests.proof import REPLACEMENTS, random_edit, random_entries
from tests.source.oracle import decoded, expected, roots, texts, walk
from tests.source.promises import reading, removing, replacing
from tests.source.wild import wild_yaml

Model: TypeAlias = bool | int | float | str | list["Model"] | dict[str, "Model"] | None


def _settings(examples: int) -> settings:
    return settings(
        derandomize=True,
        deadline=None,
        max_examples=examples,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
    )


_AWKWARD = " \n\t\r:#'\"\\-?{}[],&*!|>%@`~=.01aeé😀\x07\x85\xa0\u2028\u2029\ufeff"
STRINGS = st.one_of(
    st.text(st.sampled_from(_AWKWARD), max_size=12),
    st.sampled_from(REPLACEMENTS),
    st.lists(st.sampled_from(["word", "two words", "", " lead", "a: b", "# c", "x" * 30]), max_size=6).map(
        "\n".join
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
LEAVES = st.one_of(STRINGS, STRINGS, st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False))
MODELS: st.SearchStrategy[Model] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(STRINGS, inner, max_size=4),
    max_leaves=12,
)
CONTAINERS = st.lists(MODELS, min_size=1, max_size=5) | st.dictionaries(
    STRINGS, MODELS, min_size=1, max_size=5
)

STYLES = st.sampled_from([None, "'", '"', "|", ">"])
WIDTHS = st.sampled_from([5, 20, 80, 10_000])


@st.composite
def dumped(draw: st.DrawFn, values: st.SearchStrategy[Any] = CONTAINERS) -> str:
    """The text of a value as PyYAML (either emitter), ruamel.yaml or `json` writes it, with any options."""
    value, writer = draw(values), draw(st.sampled_from(["PyYAML", "libyaml", "ruamel.yaml", "json"]))
    if writer == "json":
        indent = draw(st.sampled_from([None, 0, 1, 4, "\t"]))
        return json.dumps(value, indent=indent, ensure_ascii=draw(st.booleans()))
    if writer == "ruamel.yaml":
        return _ruamel(value, draw(WIDTHS), draw(st.sampled_from([(2, 0), (4, 2), (6, 3)])))
    text: str = yaml.dump(
        value,
        Dumper=yaml.SafeDumper if writer == "PyYAML" else yaml.CSafeDumper,
        default_style=draw(STYLES),
        default_flow_style=draw(st.sampled_from([None, True, False])),
        width=draw(WIDTHS),
        indent=draw(st.sampled_from([2, 4, 7])),
        allow_unicode=draw(st.booleans()),
        line_break=draw(st.sampled_from(["\n", "\n", "\r\n", "\r"])),
        explicit_start=draw(st.booleans()),
    )
    return text


def _ruamel(value: object, width: int, indents: tuple[int, int]) -> str:
    from ruamel.yaml import YAML

    writer, out = YAML(), io.StringIO()
    writer.width = width
    writer.indent(sequence=indents[0], offset=indents[1])
    writer.dump(value, out)
    return out.getvalue()


def _read(text: str) -> tuple[Document, list[Node]]:
    """The tree of a text; passes over what the other parser, or the active one, does not take.

    The pure parser reads YAML 1.2, which has fewer line breaks than 1.1.
    """
    assume(not (yamltree.force_pure and set(text) & set("\x85\u2028\u2029")))
    document = Document("f", text.encode("utf-8", "surrogatepass"))
    try:
        expected(document.text)
        return document, roots(document)
    except (yaml.YAMLError, Unreadable):
        assume(False)
        raise


@pytest.mark.usefixtures("parser")
@_settings(60)
@given(dumped())
def test_the_tree_is_what_the_other_parser_reads(text: str) -> None:
    document, trees = _read(text)
    assert document.text == text
    assert reading(document, trees) is None


@_settings(150)
@given(dumped(st.lists(STRINGS, min_size=1, max_size=3)))
def test_every_string_decodes_as_it_was_parsed(text: str) -> None:
    document, trees = _read(text)
    for scalar in texts(document, trees):
        assert decoded(scalar) == scalar


@pytest.mark.usefixtures("parser")
@_settings(80)
@given(dumped(), st.data())
def test_a_change_changes_only_that_value(text: str, data: st.DataObject) -> None:
    document, trees = _read(text)
    scalars = [scalar for scalar in texts(document, trees) if scalar.style is not Style.JSON_WORD]
    assume(scalars)
    changes: list[tuple[Text, list[Edit]]] = []
    for scalar in data.draw(st.lists(st.sampled_from(scalars), min_size=1, max_size=3, unique_by=id)):
        start = data.draw(st.integers(0, len(scalar)))
        edit = Edit(start, data.draw(st.integers(start, len(scalar))), data.draw(STRINGS))
        try:
            rewrite([(scalar, [edit])])
        except Refused:
            assert scalar == "", "only an empty value may have no place"
        else:
            changes.append((scalar, [edit]))
    assert replacing(document, trees, changes) is None


@pytest.mark.usefixtures("parser")
@_settings(50)
@given(dumped(), st.data())
def test_many_changes_of_one_value_are_all_made(text: str, data: st.DataObject) -> None:
    document, trees = _read(text)
    scalars = [scalar for scalar in texts(document, trees) if len(scalar) > 2]
    assume(scalars)
    scalar = data.draw(st.sampled_from(scalars))
    assume(scalar.style is not Style.JSON_WORD)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(scalar)), min_size=2, max_size=6)))
    edits = [Edit(one, two, data.draw(STRINGS)) for one, two in zip(cuts[::2], cuts[1::2], strict=False)]
    assert replacing(document, trees, [(scalar, edits)]) is None


@pytest.mark.usefixtures("parser")
@_settings(70)
@given(dumped(), st.data())
def test_removing_entries_then_parsing_is_the_model_without_them(text: str, data: st.DataObject) -> None:
    document, trees = _read(text)
    nodes = [node for tree in trees for node in walk(tree)]
    containers = [node for node in nodes if isinstance(node, Mapping | Sequence) and node.items]
    assume(containers)
    container = data.draw(st.sampled_from(containers))
    entries = data.draw(st.sets(st.integers(0, len(container.items) - 1), min_size=1))
    assert removing(document, trees, container, entries) is None


@_settings(100)
@given(st.dictionaries(STRINGS, STRINGS, min_size=1, max_size=4), STYLES, WIDTHS, st.data())
def test_a_change_in_json_in_an_event_in_yaml_changes_only_that(
    model: dict[str, str], style: str | None, width: int, data: st.DataObject
) -> None:
    body = "data: " + json.dumps(model, indent=1, ensure_ascii=False).replace("\n", "\ndata: ") + "\n\n"
    dump = yaml.dump({"k": 1, "body": body}, Dumper=yaml.CSafeDumper, default_style=style, width=width)
    document = Document("f", dump.encode())
    text = next(text for text in texts(document) if text.startswith("data: "))
    event = Text.inside(text, 6, len(text) - 2, Style.SSE)
    key = data.draw(st.sampled_from(sorted(model)))
    root = parse_json(event)
    assert isinstance(root, Mapping)
    value = next(value for name, value in root.items if name == key)
    assert isinstance(value, Text)
    new = data.draw(STRINGS)
    start = data.draw(st.integers(0, len(value)))
    edit = Edit(start, data.draw(st.integers(start, len(value))), new)
    after = yaml.safe_load(splice(document.text, rewrite([(value, [edit])]).get(document, [])))
    lines = after["body"].rstrip("\n").split("\n")
    read = json.loads("\n".join(line.removeprefix("data: ") for line in lines))
    assert read == model | {key: splice(model[key], [edit])}


@_settings(100)
@given(
    st.binary(max_size=200),
    st.sampled_from([b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b\x08\0"]),
)
def test_any_bytes_are_given_back_or_refused(raw: bytes, start: bytes) -> None:
    try:
        document = Document("f", start + raw)
    except Unreadable:
        return
    assert document.encode(splice(document.text, [])) == start + raw


@pytest.mark.parametrize("block", range(8))
def test_edits_of_wild_yaml_do_what_they_promise(block: int, parser: str) -> None:
    size = 70 if parser == "C" else 8
    for seed in range(block * 1000, block * 1000 + size):
        text, random = wild_yaml(seed), dice(seed)
        document = Document(f"wild {seed}", text.encode())
        try:
            intended = expected(document.text)
            trees = roots(document)
        except (yaml.YAMLError, Unreadable):
            continue
        assert intended
        assert reading(document, trees) is None, seed
        scalars = texts(document, trees)
        assert [decoded(scalar) for scalar in scalars] == scalars, seed
        changes = []
        for scalar in random.sample(scalars, min(len(scalars), 4)):
            change = (scalar, [random_edit(scalar, random)])
            try:
                rewrite([change])
            except Refused:
                assert scalar == "" or parser == "pure", seed
            else:
                changes.append(change)
        assert replacing(document, trees, changes) is None, seed
        nodes = [node for tree in trees for node in walk(tree)]
        containers = [node for node in nodes if isinstance(node, Mapping | Sequence) and node.items]
        for container in random.sample(containers, min(len(containers), 4)):
            assert removing(document, trees, container, random_entries(container, random)) is None, seed

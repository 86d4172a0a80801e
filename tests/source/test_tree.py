"""Ordinary values of a tree, as PyYAML's safe loader has them, and looking up keys."""

import math

import pytest
import yaml

from cassette_cli.source.document import Document
from cassette_cli.source.tree import Mapping, plain
from cassette_cli.source.yamltree import parse_yaml
from tests.source.oracle import roots

SCALARS = (
    "1", "01", "0x1F", "0X1F", "0b11", "-1", "+1", "1_000", "0", "-0", "00", "08", "09", "007", "0_7", "0x",
    "0b", "0b2", "_1", "1__0", "1_", "0x1_F", "-0x1", "+0b1", "0_", "-_1", "0x1g", "9999999999999999999999",
    "1.", "1.5", "1e3", "1.0e3", "1.0e+3", "1.e+3", ".5", "-1.5", "-0.0", "0.", "1.2.3", "685_230.15",
    "685.230_15e+03", "0e0", "1e+3", "1.5e-3", "1_.5", ".5_", "._5", ".", "..", ".e", "+", ".inf",
    "-.inf", "+.inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN", "-.nan", "nan", "inf", "~", "null", "Null",
    "NULL", "nUll", "true", "True", "TRUE", "tRue", "yes", "Yes", "YES", "no", "No", "NO", "on", "On", "OFF",
    "off", "y", "n", "Y", "N", "1,000", "2020-01-01x", "1\u0662", ".1\u0662", "1" * 4200, "'1'", '"true"',
    "''", "'~'", "", "!!str 1", "!!str", "a b", "'<<'",
)  # fmt: skip
OTHERWISE = [  # where YAML 1.2 rules, or where the safe loader itself fails
    ("0o7", 7),
    ("-.5", -0.5),
    ("+.5", 0.5),
    ("1:30", "1:30"),
    ("190:20:30.5", "190:20:30.5"),
    ("0x_", "0x_"),
    ("=", "="),
    ("2020-01-01", "2020-01-01"),
    ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
    ("!!int '1'", "1"),
    ("!t 1", "1"),
    ("1" * 5000, "1" * 5000),  # more digits than Python converts
]


def _plain(text: str) -> object:
    value = plain(roots(Document("f", text.encode()))[0])
    assert isinstance(value, dict)
    found = value["k"]
    return str(found) if isinstance(found, str) else found


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("source", SCALARS, ids=lambda source: source[:20])
def test_a_scalar_is_what_the_safe_loader_has(source: str) -> None:
    text = f"k: {source}\n"
    assert repr(_plain(text)) == repr(yaml.safe_load(text)["k"])


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(("source", "value"), OTHERWISE, ids=[row[0][:20] for row in OTHERWISE])
def test_some_scalars_are_read_otherwise(source: str, value: object) -> None:
    assert repr(_plain(f"k: {source}\n")) == repr(value)


MAPPINGS = (
    "k: {a: 1, a: 2}\n", "a: &x {p: 1, q: 2}\nk: {<<: *x, q: 3}\n", "k: {q: 3, <<: {p: 1, q: 2}}\n",
    "k: {<<: [{p: 1}, {p: 2, q: 2}], r: 3}\n", "k: {<<: {p: 1}, <<: {p: 2, q: 3}}\n",
    "k: {<<: {<<: {z: 1}, p: 1}}\n", "k: {<<: [{<<: {p: 1}}, {p: 2}]}\n", "k: {'<<': {p: 1}, q: 2}\n",
    '{"k": {"<<": {"p": 1}, "q": 2}}', "k:\n- &x [1, [~, no]]\n- *x\n", "k: {}\n", "k: []\n",
    "k: {<<: {}, p: {<<: {q: 1}}}\n",
)  # fmt: skip


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("text", MAPPINGS, ids=range(len(MAPPINGS)))
def test_a_mapping_is_what_the_safe_loader_has(text: str) -> None:
    theirs = yaml.safe_load(text)["k"]
    assert _plain(text) == theirs
    root = roots(Document("f", text.encode()))[0]
    assert isinstance(root, Mapping)
    found = root.get("k")
    if isinstance(found, Mapping):
        assert {key: plain(node) for key in "pqrz" if (node := found.get(key)) is not None} == {
            key: value for key, value in theirs.items() if key in "pqrz"
        }
        assert all((key in found) == (key in theirs) for key in "pqrz")


@pytest.mark.usefixtures("parser")
def test_a_key_is_its_text_and_a_complex_one_a_question_mark() -> None:
    root = parse_yaml(Document("f", b"1: a\nnull: b\n? [x]\n: c\n"))[0]
    assert plain(root) == {"1": "a", "null": "b", "?": "c"}


@pytest.mark.usefixtures("parser")
def test_no_number_is_no_number() -> None:
    value = _plain("k: .nan\n")
    assert isinstance(value, float)
    assert math.isnan(value)

"""Accepted findings: so many as were accepted, wherever in their file they move, and no more."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cassette_cli.baseline import read, write
from cassette_cli.errors import BadRequest, Place, Unreadable
from cassette_cli.files import Unwritable
from cassette_cli.findings import Finding, Severity, fingerprint
from tests.corpus import dice

SECRET = "sk-sample-not-a-key"  # noqa: S105 - it is none


def finding(path: str | Path, rule: str = "bearer-token", print_: str = "f0", line: int = 1) -> Finding:
    place = Place(str(path), line, 1)
    return Finding(
        rule, Severity.ERROR, f"has {SECRET}", place, (line, 9), 0, "request.url", True, print_, SECRET
    )


# -- what is not accepted --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        finding("b.yaml"),
        finding("sub/a.yaml"),
        finding("../a.yaml"),
        finding("a.yaml", rule="cookie"),
        finding("a.yaml", print_="f1"),
    ],
    ids=["file", "folder", "outside", "rule", "fingerprint"],
)
def test_another_finding_is_not_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: Finding
) -> None:
    monkeypatch.chdir(tmp_path)
    write("base.json", [finding("a.yaml")])
    assert not read("base.json").accepts(other)


def test_an_empty_baseline_accepts_nothing(tmp_path: Path) -> None:
    write(str(tmp_path / "base.json"), [])
    assert (tmp_path / "base.json").read_text() == '{"schema": "cassette.baseline/1",\n "findings": []}\n'
    assert not read(str(tmp_path / "base.json")).accepts(finding(tmp_path / "a.yaml"))


def test_the_same_findings_in_any_order_leave_the_file_untouched(tmp_path: Path) -> None:
    path = tmp_path / "base.json"
    found = [finding(tmp_path / f"{name}.yaml", print_=f"f{name}") for name in range(20)] * 2
    write(str(path), found)
    before = path.stat()
    dice(1).shuffle(found)
    write(str(path), found)
    assert path.stat() == before


# -- what is accepted ------------------------------------------------------------------------------


def test_a_finding_is_accepted_wherever_in_its_file_it_moves(tmp_path: Path) -> None:
    write(str(tmp_path / "base.json"), [finding(tmp_path / "a.yaml", line=1)])
    assert read(str(tmp_path / "base.json")).accepts(finding(tmp_path / "a.yaml", line=99))


def test_so_many_are_accepted_as_there_were_and_no_more(tmp_path: Path) -> None:
    one, other = finding(tmp_path / "a.yaml"), finding(tmp_path / "b.yaml")
    write(str(tmp_path / "base.json"), [one, other, one, one])
    baseline = read(str(tmp_path / "base.json"))
    assert [baseline.accepts(one) for _ in range(5)] == [True, True, True, False, False]
    assert [baseline.accepts(other) for _ in range(2)] == [True, False]


def test_paths_mean_the_same_from_every_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tests" / "deep").mkdir(parents=True)
    (tmp_path / "conf").mkdir()
    monkeypatch.chdir(tmp_path / "tests")
    write("../conf/base.json", [finding("deep/a.yaml"), finding(tmp_path / "conf" / "b.yaml")])
    entries = json.loads((tmp_path / "conf" / "base.json").read_text())["findings"]
    assert [entry["path"] for entry in entries] == ["../tests/deep/a.yaml", "b.yaml"]
    monkeypatch.chdir(tmp_path)
    assert read("conf/base.json").accepts(finding("tests/deep/a.yaml"))
    assert read(str(tmp_path / "conf/base.json")).accepts(finding("conf/../conf/b.yaml"))


def test_the_file_is_sorted_has_a_finding_a_line_and_holds_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "base.json"
    facts = [
        ("b", "cookie", "f1"),
        ("a", "jwt", "f0"),
        ("b", "cookie", "f1"),
        ("b", "cookie", "f0"),
        ("a", "a", "f9"),
    ]
    write(str(path), [finding(tmp_path / name, rule, mark) for name, rule, mark in facts])
    assert path.read_text() == (
        '{"schema": "cassette.baseline/1",\n "findings": [\n'
        '  {"path": "a", "rule": "a", "fingerprint": "f9"},\n'
        '  {"path": "a", "rule": "jwt", "fingerprint": "f0"},\n'
        '  {"path": "b", "rule": "cookie", "fingerprint": "f0"},\n'
        '  {"path": "b", "rule": "cookie", "fingerprint": "f1", "count": 2}\n'
        " ]}\n"
    )
    assert SECRET not in path.read_text()


NAMES = st.text(st.characters(exclude_characters="/\0", codec=None), min_size=1, max_size=9).filter(
    lambda name: name not in (".", "..")
)


@given(st.lists(st.tuples(NAMES, st.sampled_from("ab"), st.sampled_from("fg"))))
def test_what_was_written_accepts_just_what_it_was_written_from(
    tmp_path_factory: pytest.TempPathFactory, facts: list[tuple[str, str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    path = str(folder / "base.json")
    found = [finding(f"{folder}/{name}", rule, fingerprint(mark)) for name, rule, mark in facts]
    write(path, found)
    baseline = read(path)
    assert all(map(baseline.accepts, reversed(found)))
    assert not any(map(baseline.accepts, found))


def test_a_file_name_that_is_no_text_is_kept(tmp_path: Path) -> None:
    odd = finding(tmp_path / os.fsdecode(b"caf\xe9\n\x1b.yaml"))
    write(str(tmp_path / "base.json"), [odd])
    assert (tmp_path / "base.json").read_bytes().isascii()
    assert read(str(tmp_path / "base.json")).accepts(odd)


# -- broken files ----------------------------------------------------------------------------------

ENTRY = '{"path": "a.yaml", "rule": "cookie", "fingerprint": "f0"%s}'
HEAD = '{"schema": "cassette.baseline/1",\n "findings": '
BROKEN = [
    ("empty", "", ":1:1: not a baseline: not JSON: the text ends in the middle"),
    ("cut", HEAD + "[\n  {", ":3:4: not a baseline: not JSON: the text ends in the middle"),
    ("conflict", f"{HEAD}[\n<<<<<<< ours\n", ":3:1: not a baseline: not JSON"),
    ("comma", f"{HEAD}[\n  {ENTRY % ''},\n ]}}", ":4:2: not a baseline: not JSON: a comma stands before"),
    ("not-utf8", (HEAD + '["caf\xe9"]}').encode("latin-1"), ":2:19: not a baseline: byte 0xe9"),
    ("list", "[]", ":1:1: not a baseline: an object is missing"),
    ("other", '{"name": "x"}', ":1:1: not a baseline: its schema is not cassette.baseline/1"),
    ("newer", '{"schema": "cassette.baseline/2"}', ":1:12: not a baseline: its schema is not"),
    ("bare", '{"schema": "cassette.baseline/1"}', ":1:1: not a baseline: findings is no list"),
    ("mapping", HEAD + "{}}", ":2:14: not a baseline: findings is no list"),
    ("entry", HEAD + '[\n  "x"]}', ":3:3: not a baseline: a finding is no object"),
    ("no-rule", HEAD + '[\n  {"path": "a"}]}', ":3:3: not a baseline: rule is missing"),
    ("number", HEAD + '[\n  {"path": 1}]}', ":3:12: not a baseline: path is no string"),
    ("null", HEAD + '[\n  {"path": null}]}', ":3:12: not a baseline: path is no string"),
    *(
        (
            f"count-{word[:4]}",
            HEAD + "[" + ENTRY % f', "count": {word}' + "]}",
            ":2:82: not a baseline: count is no",
        )
        for word in ("0", "-1", "1.0", "true", '"2"', "[2]", "9" * 5000)
    ),
]


@pytest.mark.parametrize(("name", "text", "message"), BROKEN, ids=[row[0] for row in BROKEN])
def test_a_broken_file_is_told_with_its_place_and_not_written_over(
    tmp_path: Path, name: str, text: str | bytes, message: str
) -> None:
    path = tmp_path / "base.json"
    path.write_bytes(data := text if isinstance(text, bytes) else text.encode())
    for use in (lambda: read(str(path)), lambda: write(str(path), [])):
        with pytest.raises(BadRequest) as caught:
            use()
        assert str(caught.value).startswith(f"{path}{message}")
    assert path.read_bytes() == data


def test_fields_that_are_added_some_day_do_no_harm(tmp_path: Path) -> None:
    more = ENTRY % ', "reason": "a sample"'
    (tmp_path / "base.json").write_text(f'{HEAD}[{more}], "written_by": "cassette 9"}}')
    assert read(str(tmp_path / "base.json")).accepts(finding(tmp_path / "a.yaml", "cookie"))


def test_a_byte_order_mark_and_other_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "base.json"
    write(str(path), [finding(tmp_path / "a.yaml")])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert read(str(path)).accepts(finding(tmp_path / "a.yaml"))


def test_a_file_that_is_not_there_or_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="no such file or directory"):
        read(str(tmp_path / "none.json"))
    with pytest.raises(Unreadable, match="is a directory"):
        write(str(tmp_path), [])
    with pytest.raises(Unwritable, match="no such file or directory"):
        write(str(tmp_path / "none" / "base.json"), [])
    write(str(tmp_path / "base.json"), [])
    (tmp_path / "base.json").chmod(0o444)
    with pytest.raises(Unwritable, match=r"chmod u\+w it first"):
        write(str(tmp_path / "base.json"), [finding("a.yaml")])

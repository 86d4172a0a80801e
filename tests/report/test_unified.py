"""The diff of edits: git makes of it exactly what `splice` makes of them, and it shows nothing hidden."""

import re
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cassette_cli.errors import Refused
from cassette_cli.report.unified import unified
from cassette_cli.source.edit import Edit, ordered, splice

NO_END = "\\ No newline at end of file\n"
TEN = "".join(f"{number}\n" for number in range(10))


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("repository")
    subprocess.run(["git", "init", "-q", str(path)], check=True)
    return path


def _apply(repository: Path, files: dict[str, str], patch: str) -> dict[str, str]:
    """What git makes of the files by the patch."""
    for name, text in files.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_bytes(text.encode())
    if patch:
        command = ["git", "-c", "core.autocrlf=false", "apply", "--whitespace=nowarn", "-"]
        run = subprocess.run(command, input=patch.encode(), capture_output=True, cwd=repository)
        assert run.returncode == 0, f"{run.stderr.decode()}\n{patch}"
    return {name: (repository / name).read_bytes().decode() for name in files}


SAME: list[tuple[str, str, list[Edit]]] = [
    ("no-edits", "a\nb\n", []),
    ("empty-text", "", []),
    ("an-edit-that-writes-what-is-there", "a\nb\n", [Edit(2, 3, "b")]),
    ("an-empty-insertion", "a\nb\n", [Edit(2, 2, "")]),
    ("a-line-moved-over-its-like", "a\na\n", [Edit(0, 0, "a\n"), Edit(2, 4, "")]),
    ("a-line-moved-over-many-like-it", "a\n" * 20, [Edit(0, 0, "a\n"), Edit(38, 40, "")]),
    ("two-edits-that-undo-each-other", "ab\n", [Edit(0, 1, ""), Edit(1, 1, "a")]),
]

DIFFS = [
    ("a-character", "a\nb\nc\n", [Edit(2, 3, "x")], "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n"),
    ("one-line", "a\n", [Edit(0, 1, "x")], "@@ -1 +1 @@\n-a\n+x\n"),
    ("into-nothing", "", [Edit(0, 0, "x\n")], "@@ -0,0 +1 @@\n+x\n"),
    ("all-of-it", "a\nb\n", [Edit(0, 4, "")], "@@ -1,2 +0,0 @@\n-a\n-b\n"),
    ("a-line-goes", "a\nb\nc\n", [Edit(2, 4, "")], "@@ -1,3 +1,2 @@\n a\n-b\n c\n"),
    ("a-line-comes", "a\nc\n", [Edit(2, 2, "b\n")], "@@ -1,2 +1,3 @@\n a\n+b\n c\n"),
    ("at-the-start", "a\n", [Edit(0, 0, "x\n")], "@@ -1 +1,2 @@\n+x\n a\n"),
    ("at-the-end", "a\n", [Edit(2, 2, "x\n")], "@@ -1 +1,2 @@\n a\n+x\n"),
    ("lines-join", "a\nb\nc\n", [Edit(1, 2, "")], "@@ -1,3 +1,2 @@\n-a\n-b\n+ab\n c\n"),
    ("a-line-splits", "ab\nc\n", [Edit(1, 1, "\n")], "@@ -1,2 +1,3 @@\n-ab\n+a\n+b\n c\n"),
    ("no-final-break", "a\nb", [Edit(0, 1, "x")], f"@@ -1,2 +1,2 @@\n-a\n+x\n b\n{NO_END}"),
    ("the-final-break-goes", "a\n", [Edit(1, 2, "")], f"@@ -1 +1 @@\n-a\n+a\n{NO_END}"),
    ("a-final-break-comes", "a", [Edit(1, 1, "\n")], f"@@ -1 +1 @@\n-a\n{NO_END}+a\n"),
    (
        "the-final-break-moves-behind-more",
        "a\nb\n",
        [Edit(3, 4, ""), Edit(4, 4, "x\n")],
        "@@ -1,2 +1,2 @@\n a\n-b\n+bx\n",
    ),
    ("crlf", "a\r\nb\r\n", [Edit(3, 4, "x")], "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+x\r\n"),
    ("a-return-is-no-line", "a\rb\u2028c\n", [Edit(2, 3, "x")], "@@ -1 +1 @@\n-a\rb\u2028c\n+a\rx\u2028c\n"),
    ("two-on-a-line", "abc\n", [Edit(0, 1, "x"), Edit(2, 3, "z")], "@@ -1 +1 @@\n-abc\n+xbz\n"),
    (
        "neighbours-go-before-they-come",
        "a\nb\n",
        [Edit(0, 1, "x"), Edit(2, 3, "y")],
        "@@ -1,2 +1,2 @@\n-a\n-b\n+x\n+y\n",
    ),
    (
        "equal-lines-inside-of-an-edit",
        "a\nb\nc\n",
        [Edit(0, 5, "x\nb\nz")],
        "@@ -1,3 +1,3 @@\n-a\n+x\n b\n-c\n+z\n",
    ),
    (
        "every-other-line-goes",
        "a\nb\nc\nd\n",
        [Edit(0, 2, ""), Edit(4, 6, "")],
        "@@ -1,4 +1,2 @@\n-a\n b\n-c\n d\n",
    ),
    (
        "context-that-meets",
        TEN,
        [Edit(2, 3, "x"), Edit(16, 17, "y")],
        "@@ -1,10 +1,10 @@\n 0\n-1\n+x\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+y\n 9\n",
    ),
    (
        "context-that-does-not",
        TEN,
        [Edit(0, 0, "x\n"), Edit(16, 18, "")],
        "@@ -1,3 +1,4 @@\n+x\n 0\n 1\n 2\n@@ -6,5 +7,4 @@\n 5\n 6\n 7\n-8\n 9\n",
    ),
]


@pytest.mark.parametrize(("old", "edits"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
def test_edits_that_change_nothing_have_no_diff(old: str, edits: list[Edit]) -> None:
    assert splice(old, edits) == old
    assert not list(unified("f", old, edits))


@pytest.mark.parametrize(("old", "edits", "hunks"), [row[1:] for row in DIFFS], ids=[row[0] for row in DIFFS])
def test_a_diff_is_what_git_would_write(repository: Path, old: str, edits: list[Edit], hunks: str) -> None:
    diff = "".join(unified("f", old, edits))
    assert diff == f"--- a/f\n+++ b/f\n{hunks}"
    assert _apply(repository, {"f": old}, diff) == {"f": splice(old, edits)}


def test_context_is_as_wide_as_asked() -> None:
    edits = [Edit(8, 9, "x"), Edit(12, 13, "y")]
    assert list(unified("f", TEN, edits, context=0))[2:] == [
        "@@ -5 +5 @@\n", "-4\n", "+x\n", "@@ -7 +7 @@\n", "-6\n", "+y\n"
    ]  # fmt: skip
    assert list(unified("f", TEN, edits, context=1))[2] == "@@ -4,5 +4,5 @@\n"


def test_edits_that_overlap_have_no_diff() -> None:
    with pytest.raises(Refused):
        list(unified("f", "abc", [Edit(0, 2, "x"), Edit(1, 3, "y")]))


NAMES = [
    "f",
    "a b",
    "é.yaml",
    'quo"te',
    "back\\slash",
    "tab\tand\nbreak\r",
    "bell\x07\x1b\x7f",
    "a/ b/c",
    "-- x",
]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_name_is_written_as_git_writes_it(repository: Path, name: str) -> None:
    diff = "".join(unified(name, "a\n", [Edit(0, 1, "x")]))
    assert _apply(repository, {name: "a\n"}, diff) == {name: "x\n"}
    add = ["git", "-c", "core.autocrlf=false", "add", "-N", "--", name]
    subprocess.run(add, check=True, cwd=repository)
    command = ["git", "-c", "core.quotePath=true", "diff", "--no-ext-diff", "--no-color", "--", name]
    gits = subprocess.run(command, check=True, capture_output=True, cwd=repository).stdout.decode()
    assert gits[gits.index("+++ ") :].partition("\n")[0] == diff.splitlines()[1]


@pytest.mark.parametrize(
    ("name", "header"),
    [("/tmp/f", "--- a/tmp/f\n"), ("caf\udce9", '--- "a/caf\\351"\n')],  # noqa: S108 a name, no file
)
def test_a_name_that_git_cannot_have_is_close_to_it(name: str, header: str) -> None:
    assert next(unified(name, "a", [Edit(0, 1, "x")])) == header


_PIECES = (
    "\n",
    "\n",
    "\r\n",
    "\r",
    "\u2028",
    "\x85",
    "\x0b",
    "\t",
    " ",
    "a",
    "b",
    "é",
    "-",
    "+",
    "\\ ",
    "@@ ",
    "𝄞",
)
TEXTS = st.lists(st.sampled_from(_PIECES), max_size=30).map("".join)


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    """A text and edits of it, many at the ends of its lines."""
    text = draw(TEXTS)
    ends = [0, *(match.end() for match in re.finditer("\n", text)), len(text)]
    places = st.sampled_from(ends) | st.integers(0, len(text))
    cuts = sorted(draw(st.lists(places, max_size=8)))
    edits = [Edit(one, two, draw(TEXTS | st.just(""))) for one, two in list(pairwise(cuts))[::2]]
    try:
        return text, ordered(edits)
    except Refused:
        return text, edits[:1]


@st.composite
def hiding(draw: st.DrawFn) -> tuple[str, list[Edit], list[tuple[int, int]]]:
    text, edits = draw(edited())
    places = st.integers(0, len(text))
    return (
        text,
        edits,
        [(min(pair), max(pair)) for pair in draw(st.lists(st.tuples(places, places), max_size=4))],
    )


CALM = settings(derandomize=True, deadline=None, max_examples=300)
WITH_GIT = settings(CALM, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])


@WITH_GIT
@given(cases=st.lists(edited(), min_size=1, max_size=12))
def test_git_makes_of_a_diff_what_splice_makes_of_the_edits(
    repository: Path, cases: list[tuple[str, list[Edit]]]
) -> None:
    files = {f"p{number}": case[0] for number, case in enumerate(cases)}
    patch = "".join("".join(unified(f"p{number}", *case)) for number, case in enumerate(cases))
    assert list(_apply(repository, files, patch).values()) == [splice(*case) for case in cases]


def _sides(diff: list[str]) -> Iterator[tuple[str, str]]:
    """What each hunk finds and what it leaves."""
    for hunk in re.split(r"(?m)^@@ -.*\n", "".join(diff[2:]))[1:]:
        lines = re.findall(r"[-+ ][^\n]*\n(?:\\ No newline[^\n]*\n)?", hunk)
        yield (
            "".join(line[1:] for line in lines if line[0] != "+"),
            "".join(line[1:] for line in lines if line[0] != "-"),
        )


@CALM
@given(edited())
def test_there_is_a_diff_where_there_is_a_difference(case: tuple[str, list[Edit]]) -> None:
    diff = list(unified("f", *case))
    assert bool(diff) == (splice(*case) != case[0])
    assert all(line.endswith("\n") for line in diff)
    assert all(found != left for found, left in _sides(diff))


def test_a_hunk_that_changes_nothing_is_left_out() -> None:
    edits = [Edit(0, 0, "a\n"), Edit(2, 4, ""), Edit(22, 23, "x")]
    assert list(unified("f", "a\n" * 2 + TEN, edits))[2:3] == ["@@ -9,4 +9,4 @@\n"]


VEILED = [
    ("removed", "key: abc\n", [Edit(5, 8, "X")], [(5, 8)], "-key: ****\n+key: X\n"),
    ("context", "a: abc\nb: 1\n", [Edit(10, 11, "2")], [(3, 6)], " a: ****\n-b: 1\n+b: 2\n"),
    ("added", "a: abc\n", [Edit(0, 1, "b")], [(3, 6)], "-a: ****\n+b: ****\n"),
    ("over-lines", "ab\r\ncd\nef\n", [Edit(8, 9, "X")], [(1, 6)], " a****\r\n ****\n-ef\n+eX\n"),
    ("part-of-it-goes", "abcdef\n", [Edit(2, 4, "X")], [(1, 5)], "-a****f\n+a****X****f\n"),
    ("overlapping", "abcdef\n", [Edit(5, 6, "X")], [(2, 4), (1, 3), (4, 5), (5, 5)], "-a****f\n+a****X\n"),
    ("to-the-end", "ab", [Edit(0, 0, "X")], [(1, 2)], f"-a****\n{NO_END}+Xa****\n{NO_END}"),
    ("beyond-the-end", "ab\n", [Edit(0, 0, "X")], [(1, 99)], "-a****\n+Xa****\n"),
    ("only-a-break", "a\nb\n", [Edit(0, 1, "X")], [(1, 2)], "-a\n+X\n b\n"),
    ("its-line-goes", "abc\nd\n", [Edit(0, 4, "")], [(1, 3)], "-a****\n d\n"),
]


@pytest.mark.parametrize(
    ("old", "edits", "hidden", "lines"), [row[1:] for row in VEILED], ids=[row[0] for row in VEILED]
)
def test_what_is_hidden_is_masked_on_every_line(
    old: str, edits: list[Edit], hidden: list[tuple[int, int]], lines: str
) -> None:
    assert "".join(list(unified("f", old, edits, hidden))[3:]) == lines


def test_what_must_not_be_seen_of_the_new_text_is_masked_too() -> None:
    """Also where an edit brings in but a part of it, behind an edit that moves it, and over several lines."""
    old, new = "one\nkey: abc-1-xyz\nend\n", "eleven\nkey: abc-22-xyz\nand\nmore\nend\n"
    edits = [Edit(0, 3, "eleven"), Edit(13, 14, "22"), Edit(18, 19, "\nand\nmore\n")]
    assert splice(old, edits) == new
    fresh = [(new.index("abc"), new.index("-xyz") + 4), (new.index("and"), new.index("\nend"))]
    lines = list(unified("f", old, edits, [(old.index("abc"), old.index("\nend"))], fresh=fresh))[3:]
    assert lines == [
        "-one\n",
        "-key: ****\n",
        "+eleven\n",
        "+key: ************\n",
        "+****\n",
        "+****\n",
        " end\n",
    ]


def _filled(text: str, hidden: list[tuple[int, int]], char: str) -> str:
    """The text with every hidden character that ends no line replaced."""
    chars = list(text)
    for start, end in hidden:
        chars[start:end] = [old if old in "\r\n" else char for old in chars[start:end]]
    return "".join(chars)


@CALM
@given(hiding())
def test_a_diff_tells_nothing_about_what_is_hidden(
    case: tuple[str, list[Edit], list[tuple[int, int]]],
) -> None:
    text, edits, hidden = case
    one, two = (list(unified("f", _filled(text, hidden, char), edits, hidden)) for char in "\ue000\ue001")
    assert one == two
    assert "\ue000" not in "".join(one)


@CALM
@given(hiding())
def test_hiding_leaves_the_lines_of_a_diff(case: tuple[str, list[Edit], list[tuple[int, int]]]) -> None:
    text, edits, hidden = case
    veiled, whole = list(unified("f", text, edits, hidden)), list(unified("f", text, edits))
    assert [line[:1] for line in veiled] == [line[:1] for line in whole]
    assert [line for line in veiled if line[:2] == "@@"] == [line for line in whole if line[:2] == "@@"]


def test_a_diff_of_many_edits_takes_no_longer_than_it_must() -> None:
    """Edits on one line and on many: with anything quadratic in it, this would take minutes."""
    for text in ("ab" * 50_000, "ab\n" * 50_000):
        step = 2 if text[2] == "a" else 3
        edits = [Edit(place, place + 1, "x") for place in range(0, len(text), step)]
        hidden = [(edit.start, edit.end) for edit in edits]
        assert len(list(unified("f", text, edits, hidden))) >= 5

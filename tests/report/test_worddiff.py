"""Two texts as one: what is told makes the old text again, and the new one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cassette_cli.report.worddiff import Piece, compared, differing, plain


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("It is warm.", "It is hot.", ["It is [-warm-]{+hot+}."]),
        ("a big red house", "a red house", ["a[- big-] red house"]),
        ("one two three", "one two three four", ["one two three{+ four+}"]),
        ("yes", "no way", ["- yes", "+ no way"]),
        ("a\nb\nc\nd\ne", "a\nb\nX\nd\ne", ["a", "b", "- c", "+ X", "d", "e"]),
        ("a\nb\nc\nd", "a\nb\nc\nd\ne", ["…", "d", "+ e"]),
        ("", "new words", ["- ", "+ new words"]),
    ],
)
def test_what_changed_is_marked_where_it_stands(old: str, new: str, expected: list[str]) -> None:
    assert [plain(line) for line in compared(old, new)] == expected


def test_the_middle_of_what_stays_is_left_out() -> None:
    (line,) = compared("word " * 100 + "old", "word " * 100 + "new")
    assert len(plain(line)) < 100
    assert plain(line).endswith("word [-old-]{+new+}")


def test_a_long_line_around_a_change_is_cut_as_a_changed_one_is() -> None:
    long = "word " * 100
    context, *_ = compared(f"{long}\nold", f"{long}\nnew")
    assert plain(context) == f"{long[:48]}…{long[-48:]}"
    assert plain(compared(f"{long}\nold", f"{long}\nnew", full=True)[0]) == long
    assert plain(compared(f"{long}old", f"{long}new", full=True)[0]) == f"{long}[-old-]{{+new+}}"


def test_a_text_without_end_is_told_by_its_first_lines_that_differ() -> None:
    lines = [plain(line) for line in compared("a\n" * 9000, "a\n" * 5000 + "b\n" * 4000)]
    assert lines[:3] == ["… 5,000 lines", "- a", "- a"]
    assert "+ b" in lines
    assert len(lines) < 40


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("https://x.example/a/1", "https://x.example/b/1", "https://x.example/[-a-]{+b+}/1"),
        ("A" * 900 + "x", "A" * 900 + "y", "…" + "A" * 48 + "[-x-]{+y+}"),
        ("x" + "A" * 900, "y" + "A" * 900, "[-x-]{+y+}" + "A" * 48 + "…"),
        ("ab", "abc", "ab{+c+}"),
    ],
)
def test_of_long_words_the_place_is_told_at_which_they_differ(old: str, new: str, expected: str) -> None:
    assert plain(list(differing(old, new))) == expected


TEXT = st.text(st.sampled_from("ab \n.é"), max_size=60)


def side(lines: list[list[Piece]], gone: str) -> str:
    """The text that one side was by the comparison, without the lines of the other side alone."""
    kept = [line for line in lines if not (len(line) == 1 and line[0].kind == gone)]
    return "\n".join("".join(piece.text for piece in line if piece.kind != gone) for line in kept)


@given(TEXT, TEXT)
def test_either_text_can_be_read_from_the_comparison(old: str, new: str) -> None:
    lines = compared(old, new, context=1000)
    if old == new:
        return
    assert side(lines, "+").replace("\n", "") == old.replace("\n", "")
    assert side(lines, "-").replace("\n", "") == new.replace("\n", "")

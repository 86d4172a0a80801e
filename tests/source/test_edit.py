"""One forward pass over edits that do not touch."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cassette_cli.errors import Refused
from cassette_cli.source.edit import Edit, ordered, splice

SAME = [
    ("none", []),
    ("same-text", [Edit(1, 2, "b")]),
    ("empty-at-start", [Edit(0, 0, "")]),
]
SPLICED = [
    ("replace", [Edit(1, 3, "X")], "aXdef"),
    ("insert", [Edit(3, 3, "X")], "abcXdef"),
    ("append", [Edit(6, 6, "X")], "abcdefX"),
    ("delete-all", [Edit(0, 6, "")], ""),
    ("any-order", [Edit(4, 5, "Y"), Edit(0, 1, "X")], "XbcdYf"),
    ("neighbours", [Edit(1, 3, "X"), Edit(3, 4, "Y")], "aXYef"),
    ("insert-before-a-replacement", [Edit(2, 2, "X"), Edit(2, 3, "Y")], "abXYdef"),
    ("insert-behind-a-replacement", [Edit(2, 3, "Y"), Edit(3, 3, "X")], "abYXdef"),
    ("one-twice", [Edit(1, 2, "X"), Edit(1, 2, "X")], "aXcdef"),
]
OVERLAPS = [
    ("overlap", [Edit(0, 3, "X"), Edit(2, 4, "Y")]),
    ("inside", [Edit(0, 5, "X"), Edit(2, 3, "Y")]),
    ("insert-inside", [Edit(0, 5, "X"), Edit(2, 2, "Y")]),
    ("same-range", [Edit(1, 3, "X"), Edit(1, 3, "Y")]),
    ("two-inserts", [Edit(1, 1, "X"), Edit(1, 1, "Y")]),
]


@pytest.mark.parametrize("edits", [row[1] for row in SAME], ids=[row[0] for row in SAME])
def test_some_edits_change_nothing(edits: list[Edit]) -> None:
    assert splice("abcdef", edits) == "abcdef"


@pytest.mark.parametrize(("edits", "text"), [row[1:] for row in SPLICED], ids=[row[0] for row in SPLICED])
def test_edits_are_made_and_nothing_else(edits: list[Edit], text: str) -> None:
    assert splice("abcdef", edits) == text


@pytest.mark.parametrize("edits", [row[1] for row in OVERLAPS], ids=[row[0] for row in OVERLAPS])
def test_edits_that_overlap_are_refused(edits: list[Edit]) -> None:
    for order in (edits, edits[::-1]):
        with pytest.raises(Refused, match="two edits touch the same characters"):
            ordered(order)


@settings(derandomize=True, deadline=None, max_examples=200)
@given(st.text(), st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.text(max_size=3))))
def test_a_splice_replaces_backwards_as_forwards(text: str, triples: list[tuple[int, int, str]]) -> None:
    edits = [Edit(min(a, b, len(text)), min(max(a, b), len(text)), new) for a, b, new in triples]
    try:
        kept = ordered(edits)
    except Refused:
        return
    wanted = text
    for start, end, new in reversed(kept):
        wanted = wanted[:start] + new + wanted[end:]
    assert splice(text, edits) == wanted

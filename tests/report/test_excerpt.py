"""The marked line below a finding: the right characters, within the screen, with nothing hidden seen."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cassette_cli.report.excerpt import Excerpt, doubtful, excerpt, write
from cassette_cli.report.terminal import Screen, width_of
from cassette_cli.report.veil import Veil
from cassette_cli.source.document import Document


def shown(text: str, start: int, end: int, width: int, hidden: tuple[tuple[int, int], ...] = ()) -> list[str]:
    """The two lines for a place in a text on a screen of so many columns."""
    document = Document("a.yaml", text.encode("utf-8", "surrogatepass"))
    places = document.line_column(start), document.line_column(end)
    return _written(excerpt(document, *places, Veil(text, hidden)), width)


def _written(one: Excerpt, width: int) -> list[str]:
    out = io.StringIO()
    screen = Screen(color=False, out=out)
    screen.width = width
    with screen:
        write(screen, one, "", "")
    return out.getvalue().splitlines()


@pytest.mark.parametrize(
    ("text", "start", "end", "width", "expected"),
    [
        ("a: 1\nb: 22\n", 8, 10, 40, ["    2 | b: 22", "      |    ^^"]),
        ("a: 1\r\nb: 22\r\n", 9, 11, 40, ["    2 | b: 22", "      |    ^^"]),
        ("a: 1", 4, 4, 40, ["    1 | a: 1", "      |     ^"]),
        ("", 0, 0, 40, ["    1 | ", "      | ^"]),
        ("a: [1,\n2]", 3, 9, 40, ["    1 | a: [1,", "      |    ^^^"]),
        ("日本: x", 4, 5, 40, ["    1 | 日本: x", "      |       ^"]),
        ("b" * 30 + "X" + "c" * 30, 30, 31, 38, [
            "    1 | …bbbbbbbbbbbbbbbbbbXccccccccc…",
            "      |                    ^",
        ]),
        ("x" * 300, 0, 300, 38, ["    1 | xxxxxxxxxxxxxxxxxxxxxxxxx…", "      | ^^^^^^^^^^^^^^^^^^^^^^^^^^"]),
    ],
)  # fmt: skip
def test_the_mark_stands_below_what_is_marked(
    text: str, start: int, end: int, width: int, expected: list[str]
) -> None:
    lines = shown(text, start, end, width)
    assert [line.rstrip() for line in lines] == [line.rstrip() for line in expected]


@pytest.mark.parametrize(
    ("text", "start", "end", "hidden", "expected"),
    [
        ("key: secret!", 5, 12, ((5, 12),), ["    1 | key: ****", "      |      ^^^^"]),
        ("key: secret! more", 13, 17, ((5, 12),), ["    1 | key: **** more", "      |           ^^^^"]),
        ("key: secret!\nmore", 5, 16, ((5, 12),), ["    1 | key: ****", "      |      ^^^^"]),
        ("key: a secret!", 7, 9, ((5, 14),), ["    1 | key: ****", "      |      ^^^^"]),
        ("key: a secret!", 9, 9, ((5, 14),), ["    1 | key: ****", "      |      ^^^^"]),
        ("key: a secret! more", 2, 8, ((5, 14),), ["    1 | key: **** more", "      |   ^^^^^^^"]),
        (f"key: {'s' * 300} more", 5, 305, ((5, 305),), ["    1 | key: **** more", "      |      ^^^^"]),
    ],
)
def test_what_is_hidden_is_not_seen_wherever_the_mark_is(
    text: str, start: int, end: int, hidden: tuple[tuple[int, int], ...], expected: list[str]
) -> None:
    assert shown(text, start, end, 80, hidden) == expected


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    st.integers(0, 300),
    st.integers(0, 40),
    st.integers(32, 120),
)
def test_nothing_is_wider_than_the_screen(text: str, start: int, length: int, width: int) -> None:
    document = Document("a", text.encode())
    start = min(start, len(document.text))
    end = min(start + length, len(document.text))
    one = excerpt(document, document.line_column(start), document.line_column(end), Veil(text, ()))
    for line in _written(one, width):
        assert width_of(line) <= width
        assert min(line) >= " "


@pytest.mark.parametrize(
    "line",
    [
        "  Authorization: Bearer s3cret", '"x-api-key": ["s3cret"]', "cookie: a=s3cret; b=s3cret",
        "s3cretlongvalue", "url: http://x/?token=s3cret", "password = s3cret",
    ],
)  # fmt: skip
def test_in_a_file_that_no_rule_can_read_whatever_may_be_secret_is_hidden(line: str) -> None:
    document = Document("a.yaml", f"a: 1\n{line}\n".encode())
    veil = Veil(document.text, doubtful(document, 2, opaque=True))
    assert "s3cret" not in str(excerpt(document, (2, 1), (2, 2), veil))

"""Server-sent events by WHATWG's rules (HTML, 9.2.6), JSON lines, and the places of both in the file."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cassette_cli.errors import Refused
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.style import Style
from cassette_cli.source.text import Text, rewrite
from cassette_cli.wire.sse import Event, looks_like_events, read_events, read_lines
from tests.wire.messages import STYLES, again, stored

# -- what is an event ------------------------------------------------------------------------------

NO_EVENTS = [
    ("nothing", ""),
    ("line-ends", "\n\r\n\r\n"),
    ("only-a-comment", ": keep-alive\n\n"),
    ("comment-without-text", ":\n\n"),
    ("only-an-id", "id: 7\n\n"),
    ("only-a-retry", "retry: 3000\n\n"),
    ("only-an-event-name", "event: ping\n\n"),
    ("empty-data", "data:\n\n"),
    ("empty-data-with-its-blank", "data: \n\n"),
    ("data-without-colon", "data\n\n"),
    ("data-in-capitals", "Data: x\nDATA: y\n\n"),
    ("a-blank-before-the-field", " data: x\n\n"),
    ("another-field", "datum: x\ndatabase: y\n\n"),
    ("byte-order-mark-alone", "\ufeff"),
]


@pytest.mark.parametrize("text", [row[1] for row in NO_EVENTS], ids=[row[0] for row in NO_EVENTS])
def test_what_has_no_data_is_no_event(text: str) -> None:
    assert read_events(text) == []


EVENTS: list[tuple[str, str, list[tuple[str, str, int, bool]]]] = [
    ("lf", "data: a\n\ndata: b\n\n", [("", "a", 0, True), ("", "b", 9, True)]),
    ("crlf", "data: a\r\n\r\ndata: b\r\n\r\n", [("", "a", 0, True), ("", "b", 11, True)]),
    ("cr", "data: a\r\rdata: b\r\r", [("", "a", 0, True), ("", "b", 9, True)]),
    (
        "mixed",
        "data: a\r\n\ndata: b\r\r\ndata: c\n\r",
        [("", "a", 0, True), ("", "b", 10, True), ("", "c", 20, True)],
    ),
    ("no-blank-behind-the-colon", "data:a\n\n", [("", "a", 0, True)]),
    ("one-blank-is-dropped", "data:  a \n\n", [("", " a ", 0, True)]),
    ("a-tab-is-kept", "data:\ta\n\n", [("", "\ta", 0, True)]),
    ("colons-in-the-value", "data: a: b::c\n\n", [("", "a: b::c", 0, True)]),
    ("several-data-lines", "data: a\ndata:b\ndata:  c\n\n", [("", "a\nb\n c", 0, True)]),
    ("data-lines-without-colon", "data\ndata\n\n", [("", "\n", 0, True)]),
    ("empty-data-among-others", "data: a\ndata:\ndata: b\n\n", [("", "a\n\nb", 0, True)]),
    ("event-name", "event: add\ndata: a\n\n", [("add", "a", 0, True)]),
    ("event-name-behind-the-data", "data: a\nevent: add\n\n", [("add", "a", 0, True)]),
    ("the-last-event-name-counts", "event: a\nevent: b\ndata: x\n\n", [("b", "x", 0, True)]),
    ("a-name-is-for-one-event", "event: a\n\ndata: x\n\n", [("", "x", 10, True)]),
    ("id-and-retry", "id: 1\nretry: 5\nevent: e\ndata: x\nid\n\n", [("e", "x", 0, True)]),
    ("unknown-fields", "data: x\nnote: y\nx\n\n", [("", "x", 0, True)]),
    ("comments-around", ": one\ndata: a\n: two\ndata: b\n:\n\n", [("", "a\nb", 0, True)]),
    (
        "comment-between-events",
        "data: a\n\n: keep-alive\n\ndata: b\n\n",
        [("", "a", 0, True), ("", "b", 23, True)],
    ),
    ("many-blank-lines", "\n\n\ndata: a\n\n\n\n", [("", "a", 3, True)]),
    ("leading-mark", "\ufeffdata: a\n\n", [("", "a", 1, True)]),
    ("a-mark-further-on", "data: a\n\n\ufeffdata: b\n\n", [("", "a", 0, True)]),
    (
        "only-line-ends-split",
        "data: a\u2028b\u2029c\x85d\x0b\x0c\x1ce\n\n",
        [("", "a\u2028b\u2029c\x85d\x0b\x0c\x1ce", 0, True)],
    ),
    ("no-last-blank-line", "data: a\n\ndata: b\n", [("", "a", 0, True), ("", "b", 9, False)]),
    ("no-last-line-end", "data: a\n\ndata: b", [("", "a", 0, True), ("", "b", 9, False)]),
    ("cut-inside-crlf", "data: a\r\n\r", [("", "a", 0, True)]),
    ("cut-in-the-data", 'event: e\ndata: {"a', [("e", '{"a', 0, False)]),
    ("cut-in-the-field-name", "data: a\n\ndat", [("", "a", 0, True)]),
    ("cut-behind-the-event-name", "data: a\n\nevent: e", [("", "a", 0, True)]),
    ("several-lines-cut", "data: a\ndata: b", [("", "a\nb", 0, False)]),
    ("end-mark", "data: [DONE]\n\n", [("", "[DONE]", 0, True)]),
    ("bare-numbers-and-blanks", "data: 0\n\ndata:   \n\n", [("", "0", 0, True), ("", "  ", 9, True)]),
]


@pytest.mark.parametrize(("text", "expected"), [row[1:] for row in EVENTS], ids=[row[0] for row in EVENTS])
def test_events_are_read_by_the_rules(text: str, expected: list[tuple[str, str, int, bool]]) -> None:
    assert read_events(text) == [Event(*row) for row in expected]


LINES = st.lists(
    st.sampled_from(["data: a", "data:b", "data", "data: {}", "event: e", ": note", "id: 1", "x", ""]),
    max_size=20,
)


@settings(deadline=None)
@given(LINES, st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=20, max_size=20))
def test_line_ends_make_no_difference(lines: list[str], ends: list[str]) -> None:
    # A line that ends in CR before an empty one that ends in LF would read as one CRLF.
    safe = ["\r\n" if end == "\r" and not line else end for line, end in zip(lines, ends, strict=False)]
    ends = ["\r\n" if end == "\r" else end for end in safe]
    plain = read_events("".join(f"{line}\n" for line in lines))
    mixed = read_events("".join(line + end for line, end in zip(lines, ends, strict=False)))
    carried = read_events("".join(f"{line}\r" for line in lines))
    named = [(event.event, event.data, event.ended) for event in plain]
    assert [(event.event, event.data, event.ended) for event in mixed] == named
    assert [(event.event, event.data, event.ended) for event in carried] == named


@settings(deadline=None)
@given(LINES, st.integers(0, 200))
def test_a_cut_changes_only_the_last_event(lines: list[str], at: int) -> None:
    text = "".join(f"{line}\n" for line in lines)
    whole, cut = read_events(text), read_events(text[:at])
    assert cut[:-1] == whole[: max(len(cut) - 1, 0)]
    assert all(event.ended for event in cut[:-1])


# -- what begins as a stream -----------------------------------------------------------------------

NO_STREAMS = [
    ("nothing", ""),
    ("prose", "hello"),
    ("json", '{"data": 1}'),
    ("another-word", "date: x\n"),
    ("no-colon", "data\n\n"),
    ("indented", "  data: x\n"),
    ("http", "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"),
    ("only-comments", ": one\n: two\n"),
    ("yaml", "id: 5\nname: x\n"),
    ("further-down", "hello\ndata: x\n\n"),
    ("blank-lines-then-prose", "\r\n" * 200 + "hello"),  # was exponential: 2 ** 200 ways to read them
    ("comments-then-prose", ": x\r\n" * 5000 + "hello"),
]


@pytest.mark.parametrize("text", [row[1] for row in NO_STREAMS], ids=[row[0] for row in NO_STREAMS])
def test_what_begins_otherwise_is_no_stream(text: str) -> None:
    assert not looks_like_events(text)


STREAMS = [
    ("data", "data: x"),
    ("event", "event: x"),
    ("crlf", "event: x\r\ndata: y\r\n\r\n"),
    ("leading-mark", "\ufeffdata: x"),
    ("comment-first", ": OPENROUTER PROCESSING\n\n: again\n\ndata: x"),
    ("blank-lines-first", "\r\n\n\r" * 50 + "data: x"),
    ("id-first", "id: 1\nretry: 5\ndata: x"),
    ("many-names-first", "event: x\r\n" * 5000 + "x"),
]


@pytest.mark.parametrize("text", [row[1] for row in STREAMS], ids=[row[0] for row in STREAMS])
def test_a_stream_is_told_by_its_first_lines(text: str) -> None:
    assert looks_like_events(text)


# -- JSON lines ------------------------------------------------------------------------------------

LINE_TABLE: list[tuple[str, str, list[tuple[str, int]]]] = [
    ("nothing", "", []),
    ("blank-lines", "\n \r\n\t\n", []),
    ("lf", "1\n2\n", [("1", 0), ("2", 2)]),
    ("crlf-and-cr", "1\r\n2\r3", [("1", 0), ("2", 3), ("3", 5)]),
    ("blanks-are-kept", " 1 \n\n2", [(" 1 ", 0), ("2", 5)]),
    ("only-line-ends-split", '"a\u2028b"\n2', [('"a\u2028b"', 0), ("2", 6)]),
    ("a-wide-blank-line", "1\n" + " " * 100_000 + "\n2", [("1", 0), ("2", 100_003)]),
]


@pytest.mark.parametrize(
    ("text", "expected"), [row[1:] for row in LINE_TABLE], ids=[row[0] for row in LINE_TABLE]
)
def test_json_lines_are_the_lines_that_are_not_blank(text: str, expected: list[tuple[str, int]]) -> None:
    assert read_lines(text) == [Event("", data, start, ended=True) for data, start in expected]


# -- where events stand in the file ----------------------------------------------------------------

STREAM = (
    ": hello\n"
    'event: one\ndata: {"text": "caf\u00e9 \U0001f600"}\nid: 1\n\n'
    "data: first line\ndata:second line\ndata:   third line\n\n"
    'event: last\ndata: {"text": "say \\"hi\\"\\n"}\n\n'
)


@pytest.mark.parametrize("style", STYLES)
def test_each_character_of_an_event_leads_to_its_place(style: str) -> None:
    text = stored(STREAM, style)
    source = text.document.text
    for event in read_events(text):
        assert isinstance(event.data, Text)
        for position, character in enumerate(event.data):
            there = source[event.data.offset(position) :]
            if character not in '"\\\n' and (character.isascii() or style == "literal"):
                assert there.startswith(character)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize(
    ("old", "new"),
    [("", ""), ("e", "E"), ("line", 'a "quoted" \\ word'), ("text", "two\nlines"), (" ", "")],
    ids=["noop", "letter", "escapes", "line-break", "removal"],
)
def test_a_change_of_one_event_leaves_the_others(style: str, number: int, old: str, new: str) -> None:
    text = stored(STREAM, style)
    events = read_events(text)
    data = events[number].data
    assert isinstance(data, Text)
    at = data.find(old)
    changes = [Edit(at, at + len(old), new)] if old and at >= 0 else []
    changed = _apply(text, data, changes)
    wanted = [event.data for event in events]
    wanted[number] = splice(data, changes)
    found = read_events(changed)
    assert [event.data for event in found] == wanted
    assert [event.event for event in found] == ["one", "", "last"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_change_across_data_lines_joins_them(end: str) -> None:
    text = stored(end.join(["data: one", "data: two", "data: three", "", ""]))
    data = read_events(text)[0].data
    assert isinstance(data, Text)
    changed = _apply(text, data, [Edit(2, 5, "+")])
    assert changed == end.join(["data: on+wo", "data: three", "", ""])


def test_a_change_across_a_comment_between_data_lines_is_refused() -> None:
    text = stored("data: one\n: keep\ndata: two\n\n")
    data = read_events(text)[0].data
    assert isinstance(data, Text)
    assert _apply(text, data, [Edit(0, 1, "O"), Edit(5, 6, "W")]) == "data: One\n: keep\ndata: tWo\n\n"
    with pytest.raises(Refused):
        rewrite([(data, [Edit(2, 5, "+")])])


def test_a_json_line_is_changed_where_it_stands() -> None:
    text = stored('{"a": 1}\n\n{"b": "x"}\n', "literal")
    data = read_lines(text)[1].data
    assert isinstance(data, Text)
    assert _apply(text, data, [Edit(7, 8, "yes")]) == '{"a": 1}\n\n{"b": "yes"}\n'
    with pytest.raises(Refused):
        rewrite([(data, [Edit(7, 8, "two\nlines")])])


def _apply(text: Text, data: Text, changes: list[Edit]) -> Text:
    """The stored text of the file with the changes of `data` made."""
    document = text.document
    edits = rewrite([(data, changes)]).get(document, [])
    return again(text, Document(document.name, document.encode(splice(document.text, edits))))


def test_a_blank_that_readers_would_drop_is_refused() -> None:
    body = Text("data:x\n\n", Document("x", b"data:x\n\n"), 0, 8, Style.VERBATIM)
    (event,) = read_events(body)
    assert isinstance(event.data, Text)
    with pytest.raises(Refused):
        rewrite([(event.data, [Edit(0, 1, " y")])])
    assert rewrite([(event.data, [Edit(0, 1, "y")])])

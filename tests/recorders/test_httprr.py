"""httprr: what a trace says, and that it stays one, whatever is edited in it.

The truth is the bytes: records are cut by their lengths, and what is in them is read by `http.client`.
`python -m tests.recorders.test_httprr` compares every trace of the corpus.
"""

import gzip
import io
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse, parse_headers
from pathlib import Path
from typing import NamedTuple, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cassette_cli.errors import Refused, Unreadable
from cassette_cli.model import Body, Cassette
from cassette_cli.recorders import looks_like_cassette, read_cassette
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.text import Joined, Text, rewrite
from cassette_cli.wire.body import read_content, traced
from tests.corpus import CORPUS, dice, name_of, needs_corpus

HEAD = b"httprr trace v1\n"
Pair = tuple[bytes, bytes]


def trace(*pairs: Pair, head: bytes = HEAD) -> bytes:
    return head + b"".join(b"%d %d\n%s%s" % (len(asked), len(said), asked, said) for asked, said in pairs)


def read(raw: bytes) -> Cassette:
    return read_cassette(Document("x.httprr", raw))


# -- the oracle ------------------------------------------------------------------------------------


class Told(NamedTuple):
    """One record as `http.client` reads it."""

    method: str
    target: str
    asked_headers: list[tuple[str, str]]
    asked: bytes
    status: int
    headers: list[tuple[str, str]]
    body: bytes


class _Wire:
    def __init__(self, data: bytes) -> None:
        self.file = io.BytesIO(data)

    def makefile(self, _: str) -> io.BytesIO:
        return self.file


def told(raw: bytes) -> Iterator[Told]:
    """The records of a trace; raises where its lengths are wrong."""
    rest = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
    head, _, rest = rest.partition(b"\n")
    assert head.strip() == HEAD.strip()
    while rest:
        sizes, _, rest = rest.partition(b"\n")
        one, two = map(int, sizes.split())
        assert len(rest) >= one + two
        yield _told(rest[:one], rest[one : one + two])
        rest = rest[one + two :]


def _told(asked: bytes, said: bytes) -> Told:
    wire = io.BytesIO(asked)
    method, target, _ = wire.readline().decode().split()
    headers = parse_headers(wire)
    length = headers.get("Content-Length")
    body = wire.read() if length is None else wire.read(int(length))
    # It knows no later version than this, which frames bodies in the same way.
    socket = cast("io.RawIOBase", _Wire(said.replace(b"HTTP/2.0", b"HTTP/1.1", 1)))
    response = HTTPResponse(socket, method=method)  # type: ignore[arg-type]
    response.begin()
    answer = response.read()
    return Told(method, target, headers.items(), body, response.status, response.getheaders(), answer)


def ours(cassette: Cassette) -> list[Told]:
    return [
        Told(
            str(one.request.method),
            str(one.request.url),
            [(str(name), str(value)) for name, value in one.request.headers],
            one.request.body.bytes,
            one.response.status or 0,
            [(str(name), str(value)) for name, value in one.response.headers],
            one.response.body.bytes,
        )
        for one in cassette.interactions
    ]


# -- forms -----------------------------------------------------------------------------------------

ASKED = (
    b"POST https://a.example/ask?x=1 HTTP/1.1\r\nHost: a.example\r\nContent-Length: 7\r\n\r\n" + b'{"a":1}'
)
GET = b"GET https://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n"
HEADED = b"HEAD https://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n"
SAID = b"HTTP/2.0 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello"
CHUNKS = b"f\r\n0123456789abcde\r\n6;x=y\r\nhell\xc3\xb6\r\n0\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS
BODY = b"\x89PNG\r\n\x1a\n\0\xff\xfe"
IMAGE = b"HTTP/2.0 200 OK\r\nContent-Length: %d\r\nContent-Type: image/png\r\n\r\n%s" % (len(BODY), BODY)
ZIPPED = gzip.compress(b"hello", mtime=0)
PACKED = b"HTTP/2.0 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n%s" % (len(ZIPPED), ZIPPED)

FORMS = [
    ("no-record", ()),
    ("one", ((ASKED, SAID),)),
    ("several", ((ASKED, SAID), (GET, SAID), (GET, CHUNKED))),
    ("no-status-text", ((GET, b"HTTP/2.0 404\r\nContent-Length: 0\r\n\r\n"),)),
    ("until-the-end", ((GET, b"HTTP/2.0 200 OK\r\nConnection: close\r\n\r\nhello"),)),
    ("longer-than-it-says", ((GET, SAID + b" and more"),)),
    ("head", ((HEADED, b"HTTP/2.0 200 OK\r\nContent-Length: 99\r\n\r\n"),)),
    ("no-content", ((GET, b"HTTP/2.0 204 No Content\r\n\r\n"), (ASKED, SAID))),
    ("not-modified", ((GET, b"HTTP/2.0 304 Not Modified\r\nContent-Length: 9\r\n\r\n"), (ASKED, SAID))),
    ("line-feeds", ((GET.replace(b"\r", b""), SAID.replace(b"\r", b"")),)),
    ("a-lone-line-feed", ((GET.replace(b"e\r\n\r\n", b"e\n\r\n"), SAID),)),
    ("an-empty-value", ((GET, SAID.replace(b"text/plain", b"")),)),
    ("blanks-before-a-value", ((GET, SAID.replace(b": text/plain", b":\t  text/plain")),)),
    ("repeated-headers", ((GET, SAID.replace(b"\r\n\r\n", b"\r\nVary: a\r\nVary: b\r\n\r\n")),)),
    ("not-ascii", ((GET, b"HTTP/2.0 200 OK\r\nContent-Length: 6\r\n\r\nhell\xc3\xb6"), (GET, SAID))),
    (
        "chunks-of-an-image",
        ((GET, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n\xff\0\r\n0\r\n\r\n"),),
    ),
    (
        "a-character-over-two-chunks",
        ((GET, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n\xc3\r\n1\r\n\xb6\r\n0\r\n\r\n"),),
    ),
    ("image", ((GET, IMAGE), (GET, SAID))),
    ("gzip", ((GET, PACKED), (GET, SAID))),
]


@pytest.mark.parametrize("pairs", [row[1] for row in FORMS], ids=[row[0] for row in FORMS])
def test_a_trace_reads_as_the_bytes_in_it_do(pairs: tuple[Pair, ...]) -> None:
    raw = trace(*pairs)
    assert looks_like_cassette(raw.decode("latin-1"))
    cassette = read(raw)
    assert (cassette.recorder, cassette.version) == ("httprr", "1")
    assert ours(cassette) == list(told(raw))
    assert cassette.document.encode(cassette.document.text) == raw


@pytest.mark.parametrize("pairs", [row[1] for row in FORMS], ids=[row[0] for row in FORMS])
def test_a_record_is_cut_out_as_a_whole(pairs: tuple[Pair, ...]) -> None:
    cassette = read(trace(*pairs))
    for one in cassette.interactions:
        assert isinstance(one.node, Text)
        after = splice(cassette.document.text, [Edit(one.node.start, one.node.end, "")])
        without = [pair for i, pair in enumerate(pairs) if i != one.index]
        assert cassette.document.encode(after) == trace(*without)


def test_a_zipped_trace_and_one_with_windows_first_line_are_read() -> None:
    raw = trace((ASKED, SAID), head=b"httprr trace v1\r\n")
    for data in (raw, gzip.compress(raw, mtime=0)):
        assert ours(read(data)) == list(told(data))


def test_blanks_behind_a_value_are_no_part_of_it() -> None:
    said = SAID.replace(b"text/plain", b"text/plain \t")
    assert read(trace((GET, said))).interactions[0].response.header("content-type") == "text/plain"


def test_a_folded_header_is_one_value() -> None:
    said = SAID.replace(b"text/plain", b"text/plain;\r\n\tcharset=utf-8")
    assert (
        read(trace((GET, said))).interactions[0].response.header("content-type")
        == "text/plain; charset=utf-8"
    )


def test_a_target_without_a_host_takes_that_of_the_header() -> None:
    asked = b"GET /ask HTTP/1.1\r\nHost: a.example\r\n\r\n"
    assert read(trace((asked, SAID))).interactions[0].request.url == "//a.example/ask"


def test_a_content_coding_is_undone() -> None:
    content = read_content(read(trace((GET, PACKED))).interactions[0].response)
    assert (content.text, content.encoding, content.problems) == ("hello", "gzip", ())


BROKEN = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello"

SHOWN = [
    ("broken-chunks", BROKEN, b"9\r\nhello"),
    ("no-chunk-at-all", BROKEN.replace(b"9\r\nhello", b"hello"), b"hello"),
    ("shorter-than-it-says", SAID.replace(b": 5", b": 9"), b"hello"),
    ("no-length-at-all", SAID.replace(b": 5", b": five"), b"hello"),
]


@pytest.mark.parametrize(("said", "body"), [row[1:] for row in SHOWN], ids=[row[0] for row in SHOWN])
def test_what_is_there_of_a_broken_body_is_shown(said: bytes, body: bytes) -> None:
    cassette = read(trace((GET, said), (GET, SAID)))
    assert [one.response.body.bytes for one in cassette.interactions] == [body, b"hello"]


def bad(raw: bytes) -> str:
    try:
        read(raw)
    except Exception as error:
        return f"{type(error).__name__} {error}".partition(" the ")[0].partition(" a ")[0]
    return "read"


FAULTS = [
    ("cut", trace((GET, SAID))[:-1], "Unreadable x.httprr:2:1:"),
    ("cut-in-the-second", trace((ASKED, SAID), (GET, SAID))[:-1], "Unreadable x.httprr:11:6:"),
    ("longer", trace((GET, SAID)) + b"\n", "Unreadable x.httprr:10:6:"),
    ("no-sizes", HEAD + b"hello", "Unreadable x.httprr:2:1:"),
    ("one-size", HEAD + b"5\nhello", "Unreadable x.httprr:2:1:"),
    ("a-character-cut", HEAD + b"1 1\n\xc3\xb6", "Unreadable x.httprr:2:1:"),
    ("line-ends-changed", trace((GET, SAID)).replace(b"\r\n", b"\n"), "Unreadable x.httprr:2:1:"),
    ("no-status", trace((GET, b"hello\r\n\r\n")), "Unreadable x.httprr:8:1:"),
    ("no-request", trace((b"", SAID)), "Unreadable x.httprr:3:1:"),
    ("no-colon", trace((GET, b"HTTP/1.1 200 OK\r\nhello\r\n\r\n")), "Unreadable x.httprr:7:1:"),
    ("another-version", b"httprr trace v2\n", "Unrecognised x.httprr: not"),
]


@pytest.mark.parametrize(("raw", "fault"), [row[1:] for row in FAULTS], ids=[row[0] for row in FAULTS])
def test_a_broken_trace_is_told_with_its_place(raw: bytes, fault: str) -> None:
    assert bad(raw) == fault


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (trace((GET, SAID))[:-1], "the file ends before this record does: it was cut, or edited"),
        (
            trace((GET, SAID), (GET, SAID))[:-20],
            "the file ends before this record does: it was cut, or edited",
        ),
        (trace((GET, SAID)).replace(b"\r\n", b"\n"), "edited without them, or its line ends were changed"),
        (
            trace((GET, SAID), (GET, SAID)).replace(b"hello", b"hello you", 1),
            "edited without them, or its line",
        ),
    ],
    ids=["cut", "cut-in-the-second", "line-ends-changed", "edited"],
)
def test_a_cut_trace_is_told_from_an_edited_one(raw: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        read(raw)


# -- edits -----------------------------------------------------------------------------------------


def changed(cassette: Cassette, changes: list[tuple[Text | Joined, list[Edit]]]) -> bytes:
    document = cassette.document
    return document.encode(splice(document.text, rewrite(changes)[document]))


def texts(body: Body) -> list[Text | Joined]:
    return [] if body.text is None else [body.text]


EDITS = [
    ("shorter", Edit(0, 3, "")),
    ("longer", Edit(2, 2, "0" * 1000)),
    ("not-ascii", Edit(1, 2, "€😀")),
    ("with-line-ends", Edit(0, 1, "\r\n\n\r")),
    ("at-the-end", Edit(5, 5, "!")),
    ("all", Edit(0, 5, "x")),
    ("nothing-left", Edit(0, 5, "")),
]


@pytest.mark.parametrize(
    "said", [SAID, CHUNKED, b"HTTP/2.0 200 OK\r\n\r\nhello"], ids=["length", "chunks", "neither"]
)
@pytest.mark.parametrize("edit", [row[1] for row in EDITS], ids=[row[0] for row in EDITS])
def test_all_lengths_follow_a_changed_body(said: bytes, edit: Edit) -> None:
    raw = trace((ASKED, said), (ASKED, SAID))
    cassette = read(raw)
    first = cassette.interactions[0]
    asked, answer = first.request.body.text, first.response.body.text
    assert asked is not None
    assert answer is not None
    before, after = list(told(raw)), list(told(changed(cassette, [(asked, [edit]), (answer, [edit])])))
    assert after[1] == before[1]
    assert after[0].asked == splice(before[0].asked.decode(), [edit]).encode()
    assert after[0].body == splice(before[0].body.decode(), [edit]).encode()
    assert dict(after[0].asked_headers)["Content-Length"] == str(len(after[0].asked))


@pytest.mark.parametrize("span", [(0, 15), (15, 20), (0, 20), (3, 20)])
def test_a_chunk_without_a_character_would_end_the_body_so_it_goes(span: tuple[int, int]) -> None:
    cassette = read(trace((GET, CHUNKED), (ASKED, SAID)))
    body = cassette.interactions[0].response.body.text
    assert body is not None
    raw = changed(cassette, [(body, [Edit(*span, "")])])
    assert [one.body.decode() for one in told(raw)] == [splice(body, [Edit(*span, "")]), "hello"]


def test_a_length_that_did_not_fit_is_left_alone() -> None:
    cassette = read(trace((GET, SAID.replace(b": 5", b": 9")), (GET, SAID)))
    body = cassette.interactions[0].response.body.text
    assert body is not None
    after = read(changed(cassette, [(body, [Edit(5, 5, "!!")])]))
    assert after.interactions[0].response.header("content-length") == "9"
    assert after.interactions[0].response.body.bytes == b"hello!!"


def test_a_length_that_is_itself_edited_takes_that_edit() -> None:
    cassette = read(trace((GET, SAID), (GET, SAID)))
    response = cassette.interactions[0].response
    length = next(value for name, value in response.headers if name == "Content-Length")
    assert isinstance(length, Text)
    assert response.body.text is not None
    for new in ("6", "10"):
        raw = changed(cassette, [(length, [Edit(0, 1, new)]), (response.body.text, [Edit(5, 5, "!")])])
        assert read(raw).interactions[0].response.header("content-length") == new
        assert len(read(raw).interactions) == 2


def test_the_same_edit_of_a_length_by_hand_is_no_conflict() -> None:
    cassette = read(trace((GET, SAID)))
    response = cassette.interactions[0].response
    length = next(value for name, value in response.headers if name == "Content-Length")
    assert isinstance(length, Text)
    assert response.body.text is not None
    raw = changed(cassette, [(length, [Edit(0, 1, "6")]), (response.body.text, [Edit(5, 5, "!")])])
    assert next(told(raw)).body == b"hello!"


def test_a_header_takes_no_line_break() -> None:
    cassette = read(trace((GET, SAID)))
    value = cassette.interactions[0].response.headers[1].value
    assert isinstance(value, Text)
    with pytest.raises(Refused):
        changed(cassette, [(value, [Edit(0, 1, "a\r\nx: y")])])


def test_a_word_in_a_stream_over_chunks_is_changed_where_it_stands() -> None:
    stream = b'data: {"a": "one"}\n\ndata: {"a": "two"}\n\n'
    chunks = b"%x\r\n%s\r\n%x\r\n%s\r\n0\r\n\r\n" % (14, stream[:14], len(stream) - 14, stream[14:])
    said = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/event-stream\r\n\r\n" + chunks
    )
    cassette = read(trace((GET, said), (GET, SAID)))
    events = read_content(cassette.interactions[0].response, traced).events
    word = cast("dict[str, Text]", traced(events[0].data))["a"]
    assert cassette.document.text[word.offset() :].startswith("o\r\n1a\r\nne")
    raw = changed(cassette, [(word, [Edit(0, 3, 'a "longer"\nword')])])
    assert [one.body for one in told(raw)] == [stream.replace(b"one", rb"a \"longer\"\nword"), b"hello"]


CHARACTERS = st.text(st.sampled_from('a1 é€😀\r\n\t"\\{:;'), max_size=12)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_random_changes_change_just_what_they_mean(data: st.DataObject) -> None:
    raw = trace((ASKED, CHUNKED), (GET, IMAGE), (ASKED, SAID), (GET, CHUNKED))
    cassette = read(raw)
    before = list(told(raw))
    wanted = [one._asdict() for one in before]
    changes: list[tuple[Text | Joined, list[Edit]]] = []
    for one in cassette.interactions:
        for field, body in (("asked", one.request.body), ("body", one.response.body)):
            for text in texts(body):
                start = data.draw(st.integers(0, len(text)))
                edit = Edit(start, data.draw(st.integers(start, len(text))), data.draw(CHARACTERS))
                changes.append((text, [edit]))
                wanted[one.index][field] = splice(text, [edit]).encode()
    after = list(told(changed(cassette, changes)))
    assert [one._replace(asked_headers=[]) for one in after] == [
        Told(**one)._replace(asked_headers=[], headers=now.headers)
        for one, now in zip(wanted, after, strict=True)
    ]


# -- real traces -----------------------------------------------------------------------------------


def differences(path: Path) -> Iterator[str]:
    """What we read otherwise than `http.client`; and what is wrong after each of some edits."""
    raw = path.read_bytes()
    cassette = read_cassette(Document(path.name, raw))
    before = list(told(raw))
    if ours(cassette) != before:
        yield f"{name_of(path)}: reads otherwise"
    roll = dice(len(raw))
    for one in cassette.interactions:
        for field, body in (("asked", one.request.body), ("body", one.response.body)):
            for text in texts(body):
                start, end = sorted(roll.choices(range(len(text) + 1), k=2))
                edit = Edit(start, min(end, start + 50), roll.choice(["", "x", "€" * 40, "a\r\n\r\nb"]))
                try:
                    after = list(told(changed(cassette, [(text, [edit])])))
                except (ValueError, AssertionError, HTTPException) as error:
                    yield f"{name_of(path)}: #{one.index} {field}: {error}"
                    continue
                wanted = Told(**{**before[one.index]._asdict(), field: splice(text, [edit]).encode()})
                headers = after[one.index].asked_headers, after[one.index].headers
                wanted = wanted._replace(asked_headers=headers[0], headers=headers[1])
                if after != [*before[: one.index], wanted, *before[one.index + 1 :]]:
                    yield f"{name_of(path)}: #{one.index} {field}: an edit reads otherwise"


@needs_corpus
def test_real_traces_read_and_change_as_their_bytes_do() -> None:
    paths = sorted((CORPUS / "httprr").rglob("*.httprr*"))
    assert [line for path in paths for line in differences(path)] == []
    assert len(paths) >= 20


def main() -> None:
    paths = sorted((CORPUS / "httprr").rglob("*.httprr*"))
    count = sum(len(list(told(path.read_bytes()))) for path in paths)
    found = [line for path in paths for line in differences(path)]
    print(f"httprr: {len(paths)} files, {count} interactions, {len(found)} differences", *found, sep="\n  ")


if __name__ == "__main__":
    main()

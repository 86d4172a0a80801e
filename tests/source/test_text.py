"""Texts in texts: every layer knows only the one around it, and a change finds its way down to the file."""

import json
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml

from cassette_cli.errors import Refused
from cassette_cli.source.document import Document, Length
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.jsontree import parse_json
from cassette_cli.source.style import Style
from cassette_cli.source.text import Joined, Text, rewrite
from cassette_cli.source.tree import Mapping
from tests.source.conftest import Framing
from tests.source.oracle import texts

# The word KEY in a URL in a JSON string in an event's data in a YAML scalar.
EVENT = (
    'event: delta\ndata: {"n": 1,\ndata:  "url": "http://h/?a=b%20c&key=K%45Y+x", "t": "it\'s \\u00e9"}\n\n'
)


def _yaml(style: str | None, width: int = 80) -> str:
    class Dumper(yaml.SafeDumper):
        """Writes the body alone in the style."""

    def body(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style if "\n" in value else None)

    Dumper.add_representer(str, body)
    return yaml.dump({"status": 200, "body": EVENT, "z": "end"}, Dumper=Dumper, width=width, sort_keys=False)


BODIES = [
    ("plain-json", json.dumps({"status": 200, "body": EVENT, "z": "end"}, indent=1)),
    ("single", _yaml("'")),
    ("single-folded", _yaml("'", 20)),
    ("double", _yaml('"', 10_000)),
    ("double-folded", _yaml('"', 20)),
    ("literal", _yaml("|")),
    ("folded", _yaml(">", 20)),
]


def _body(document: Document) -> Text:
    return next(text for text in texts(document) if text.startswith("event"))


def _data(body: Text) -> Text:
    first = body.index("data: ") + 6
    return Text.inside(body, first, len(body.rstrip("\n")), Style.SSE)


def _json(data: Text, key: str) -> Text:
    root = parse_json(data)
    assert isinstance(root, Mapping)
    value = root.get(key)
    assert isinstance(value, Text)
    return value


def _parameter(url: Text, name: str) -> Text:
    start = url.index(f"{name}=") + len(name) + 1
    end = url.find("&", start)
    return Text.inside(url, start, end if end > 0 else len(url), Style.FORM)


def _read(text: str) -> tuple[dict[str, list[str]], str, str]:
    """The parameters, the other string and what follows the body, read by other people's code."""
    whole = json.loads(text) if text.startswith("{") else yaml.safe_load(text)
    lines = str(whole["body"]).splitlines()
    data = "\n".join(line[5:].removeprefix(" ") for line in lines if line.startswith("data:"))
    event = json.loads(data)
    assert (event["n"], whole["status"], lines[0]) == (1, 200, "event: delta")
    return parse_qs(urlsplit(event["url"]).query, keep_blank_values=True), event["t"], whole["z"]


def _after(document: Document, changes: list[tuple[Text | Joined, list[Edit]]]) -> str:
    return splice(document.text, rewrite(changes).get(document, []))


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("text", [row[1] for row in BODIES], ids=[row[0] for row in BODIES])
def test_no_change_at_any_depth_is_no_edit(text: str, framing: Framing) -> None:
    document = Document("f", framing(text))
    body = _body(document)
    url = _json(_data(body), "url")
    assert (url, _parameter(url, "key")) == ("http://h/?a=b%20c&key=K%45Y+x", "KEY x")
    layers: list[Text | Joined] = [body, _data(body), url, _parameter(url, "key"), Joined([body, url])]
    assert [layer.depth for layer in layers] == [0, 1, 2, 3, 3]
    for layer in layers:
        assert not any(rewrite([(layer, [])]).values())
        assert not any(rewrite([(layer, [Edit(1, 3, layer[1:3])])]).values())


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    "new",
    ["", "REDACTED", "a b", 'a"b', "it's", "é", "😀", "\n", "\\", "\t", "a&b=c", "100%", "#", ": ", "\x00"],
)
@pytest.mark.parametrize("text", [row[1] for row in BODIES], ids=[row[0] for row in BODIES])
def test_a_change_four_layers_deep_changes_that_alone(text: str, new: str) -> None:
    document = Document("f", text.encode())
    key = _parameter(_json(_data(_body(document)), "url"), "key")
    after = _after(document, [(key, [Edit(0, 3, new)])])
    assert _read(after) == ({"a": ["b c"], "key": [f"{new} x"]}, "it's é", "end")


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("text", [row[1] for row in BODIES], ids=[row[0] for row in BODIES])
def test_changes_of_several_layers_meet_in_one_scalar(text: str, framing: Framing) -> None:
    document = Document("f", framing(text))
    body = _body(document)
    data = _data(body)
    url, other = _json(data, "url"), _json(data, "t")
    after = _after(
        document,
        [
            (body, [Edit(7, 12, "delta")]),
            (_parameter(url, "key"), [Edit(0, 3, "X Y")]),
            (other, [Edit(0, 4, "it is\nnot")]),
            (_parameter(url, "a"), [Edit(1, 3, "")]),
            (url, [Edit(7, 8, "other")]),
            (next(text for text in texts(document) if text == "end"), [Edit(0, 3, "fin")]),
        ],
    )
    assert _read(after) == ({"a": ["b"], "key": ["X Y x"]}, "it is\nnot é", "fin")
    assert "http://other/" in "".join(after.split())


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (lambda body: _json(_data(body), "url"), lambda body: _json(_data(body), "url")),
        (lambda body: _parameter(_json(_data(body), "url"), "key"), lambda body: _json(_data(body), "url")),
        (lambda body: _json(_data(body), "url"), lambda body: body),
    ],
    ids=["the-same-text-read-twice", "a-layer-and-the-one-around-it", "a-layer-and-the-file"],
)
def test_changes_that_overlap_are_refused(one: Callable[[Text], Text], two: Callable[[Text], Text]) -> None:
    document = Document("f", _yaml("|").encode())
    body = _body(document)
    first, second = one(body), two(body)
    with pytest.raises(Refused):
        rewrite([(first, [Edit(0, len(first), "x")]), (second, [Edit(0, len(second), "y")])])


def test_the_same_change_of_two_readings_is_made_once() -> None:
    document = Document("f", _yaml("|").encode())
    body = _body(document)
    change = [Edit(0, 7, "https://")]
    after = _after(document, [(_json(_data(body), "url"), change), (_json(_data(body), "url"), change)])
    assert after.count("https://h/") == 1


def test_what_a_layer_cannot_hold_is_refused_with_its_place() -> None:
    document = Document("f", b'a: 1\nb: "data: x\\ndata: y"\n')
    body = next(text for text in texts(document) if text.startswith("data"))
    with pytest.raises(Refused) as caught:
        rewrite([(Text.inside(body, 6, len(body), Style.SSE), [Edit(2, 3, "\r")])])
    assert caught.value.place == ("f", 2, 20)


PLACES = [  # a text by its layer, a character, and what stands in the file at its place
    ("body", lambda body: body, "delta", "delta"),
    ("data", _data, '"url"', '"url'),
    ("json", lambda body: _json(_data(body), "url"), "key", "key"),
    ("parameter", lambda body: _parameter(_json(_data(body), "url"), "key"), "E", "%45"),
    ("escape", lambda body: _json(_data(body), "t"), "é", "\\u00e9"),
]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("layer", "character", "written"), [row[1:] for row in PLACES], ids=[row[0] for row in PLACES]
)
def test_a_character_knows_its_place_through_all_layers(
    layer: Callable[[Text], Text], character: str, written: str, framing: Framing
) -> None:
    document = Document("f", framing(_yaml("|")))
    text = layer(_body(document))
    offset = text.offset(text.index(character))
    assert document.text.startswith(written, offset)
    line = document.text.count("\n", 0, offset) + 1
    column = offset - document.text.rfind("\n", 0, offset)
    assert text.place(text.index(character)) == ("f", line, column)


# -- joined ----------------------------------------------------------------------------------------

STREAM = "- {t: \"Hel\"}\n- {t: ''}\n- {t: lo wo}\n- {t: 'rl''d'}\n- {t: \"!\\n\"}\n"


def _pieces(document: Document) -> list[Text]:
    return [text for text in texts(document) if text != "t"]


JOINED = [  # start, end, new, the pieces afterwards
    ("in-one", (1, 2, "u"), ["Hul", "", "lo wo", "rl'd", "!\n"]),
    ("at-the-start", (0, 0, "x"), ["xHel", "", "lo wo", "rl'd", "!\n"]),
    ("at-a-seam", (3, 3, "x"), ["Hel", "", "xlo wo", "rl'd", "!\n"]),
    ("at-the-end", (14, 14, "x"), ["Hel", "", "lo wo", "rl'd", "!\nx"]),
    ("over-a-seam", (2, 4, "x"), ["Hex", "", "o wo", "rl'd", "!\n"]),
    ("over-all-seams", (2, 13, "x y"), ["Hex y", "", "", "", "\n"]),
    ("all", (0, 14, "bye"), ["bye", "", "", "", ""]),
    ("one-piece", (3, 8, ""), ["Hel", "", "", "rl'd", "!\n"]),
    ("a-quote", (10, 11, "''"), ["Hel", "", "lo wo", "rl''d", "!\n"]),
]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(("change", "expected"), [row[1:] for row in JOINED], ids=[row[0] for row in JOINED])
def test_a_change_is_dealt_out_to_the_pieces(
    change: tuple[int, int, str], expected: list[str], framing: Framing
) -> None:
    document = Document("f", framing(STREAM))
    whole = Joined(_pieces(document))
    assert whole == "Hello worl'd!\n"
    after = _after(document, [(whole, [Edit(*change)])])
    assert [event["t"] for event in yaml.safe_load(after)] == expected
    assert "".join(expected) == splice(whole, [Edit(*change)])


def test_many_changes_are_dealt_out_at_once() -> None:
    document = Document("f", STREAM.encode())
    whole = Joined(_pieces(document))
    edits = [Edit(0, 1, "J"), Edit(2, 5, "_"), Edit(5, 6, ""), Edit(7, 12, "x"), Edit(12, 12, "?")]
    after = _after(document, [(whole, edits)])
    assert "".join(event["t"] for event in yaml.safe_load(after)) == splice(whole, edits)


def test_joined_texts_can_be_joined_and_hold_texts() -> None:
    document = Document("f", b"- 'data: {\"a\": \"k'\n- 'e'\n- 'y\"}'\n")
    one, *rest = _pieces(document)
    whole = Joined([one, Joined(rest)])
    data = Text.inside(whole, 6, len(whole), Style.SSE)
    value = _json(data, "a")
    assert value == "key"
    assert value.document is document
    assert document.text.startswith("e'", value.offset(1))
    after = _after(document, [(value, [Edit(1, 3, "nee\nl")])])
    assert json.loads("".join(yaml.safe_load(after))[6:]) == {"a": "knee\nl"}


@pytest.mark.parametrize(("start", "end"), [(2, 5), (3, 4), (3, 3)], ids=["across", "inside", "before"])
def test_a_piece_without_a_place_is_refused(start: int, end: int) -> None:
    document = Document("f", STREAM.encode())
    first, *rest = _pieces(document)
    whole = Joined([first, " | ", *rest])
    with pytest.raises(Refused, match="no place of its own"):
        rewrite([(whole, [Edit(start, end, "x")])])
    after = _after(document, [(whole, [Edit(0, 3, "x")])])
    assert after == STREAM.replace('"Hel"', '"x"')


def test_two_documents_are_edited_in_one_batch() -> None:
    one, two = Document("one", b"k: a\n"), Document("two", b'{"k": "a"}')
    edits = rewrite([(texts(one)[1], [Edit(0, 1, "b")]), (texts(two)[1], [Edit(1, 1, "\n")])])
    assert (splice(one.text, edits[one]), splice(two.text, edits[two])) == ("k: b\n", '{"k": "a\\n"}')


# -- lengths ---------------------------------------------------------------------------------------

FRAMES = "13 [5:hello,3:abc] x"
LENGTHS = (Length(4, 5, 6, 11), Length(12, 13, 14, 17, 16, 17), Length(0, 2, 4, 17))  # inner ones first

COUNTED = [  # edits of the text, and what it then is: each number counts the bytes behind it
    ("nothing", [], FRAMES),
    ("outside", [Edit(19, 20, "longer")], "13 [5:hello,3:abc] longer"),
    ("same-size", [Edit(6, 11, "HELLO")], "13 [5:HELLO,3:abc] x"),
    ("grown", [Edit(6, 11, "hello world")], "20 [11:hello world,3:abc] x"),
    ("bytes-not-characters", [Edit(6, 11, "é😀")], "14 [6:é😀,3:abc] x"),
    ("hexadecimal", [Edit(14, 17, "x" * 10)], "20 [5:hello,a:xxxxxxxxxx] x"),
    ("inserted-at-the-end", [Edit(11, 11, "!")], "14 [6:hello!,3:abc] x"),
    ("both", [Edit(6, 8, ""), Edit(14, 17, "abcd")], "12 [3:llo,4:abcd] x"),
    ("the-number-itself", [Edit(4, 5, "7"), Edit(6, 11, "goodbye")], "15 [7:goodbye,3:abc] x"),
    ("nothing-left", [Edit(6, 11, "")], "8 [0:,3:abc] x"),
    ("nothing-left-to-count", [Edit(14, 17, "")], "8 [5:hello,] x"),
]


@pytest.mark.parametrize(("edits", "expected"), [row[1:] for row in COUNTED], ids=[row[0] for row in COUNTED])
def test_lengths_follow_what_they_count(edits: list[Edit], expected: str) -> None:
    document = Document("f", FRAMES.encode())
    document.lengths = LENGTHS
    texts = [Text(FRAMES[e.start : e.end], document, e.start, e.end, Style.VERBATIM) for e in edits]
    changes = [(text, [Edit(0, len(text), edit.text)]) for text, edit in zip(texts, edits, strict=True)]
    after = _after(document, list(changes))
    assert after == expected
    assert int(after.split()[0]) == len(after.partition("[")[2].rpartition("]")[0].encode())

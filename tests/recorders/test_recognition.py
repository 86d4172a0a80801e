"""Which file is whose, which is nobody's, and which is broken: told apart, each with its place."""

import pytest

from cassette_cli.errors import CassetteError
from cassette_cli.recorders import RECORDERS, looks_like_cassette, read_cassette
from cassette_cli.source.document import Document
from tests.corpus import files, name_of, needs_corpus
from tests.recorders.reading import fault, read

VCRPY = "interactions:\n- request: {method: GET, uri: x}\n  response: {status: {code: 200}}\nversion: 1\n"
GOVCR = "version: 1\ninteractions:\n- request: {method: GET, url: x}\n  response: {code: 200}\n"

# -- whose -----------------------------------------------------------------------------------------

JSON = '{"version": 1, "interactions": [{"request": {"method": "GET", "%s": "x"}, "response": {"code": 1}}]}'
LIST = "- request: {method: GET, host: x, path: /, port: 80, protocol: http}\n  response: {}\n"

WHOSE = [
    ("vcrpy", VCRPY, "vcrpy"),
    ("go-vcr", GOVCR, "go-vcr"),
    ("vcrpy-json", JSON % "uri", "vcrpy"),
    ("go-vcr-json", JSON % "url", "go-vcr"),
    ("vcrpy-list", LIST, "vcrpy"),
    ("empty-of-version-1", "version: 1\ninteractions: []\n", "vcrpy"),
    ("empty-of-version-2", "version: 2\ninteractions: []\n", "go-vcr"),
]


@pytest.mark.parametrize(("text", "recorder"), [row[1:] for row in WHOSE], ids=[row[0] for row in WHOSE])
def test_a_file_is_known_by_its_content(text: str, recorder: str) -> None:
    assert looks_like_cassette(text)
    for name in ("cassette.yaml", "cassette.json", "cassette", "-"):
        assert read(text, name).recorder == recorder


def test_the_first_request_tells_whose_a_file_is() -> None:
    text = GOVCR.replace("- request", "- {}\n- request")
    assert fault(text) == ("Unreadable", "cassette.yaml:3:3: request is missing, expected a mapping")
    assert fault(text.replace("url", "uri").replace("code: 200", "status: {}"))[0] == "Unreadable"


@pytest.mark.parametrize("text", [VCRPY, GOVCR], ids=["vcrpy", "go-vcr"])
def test_a_byte_order_mark_and_line_ends_make_no_difference(text: str) -> None:
    for other in (f"\ufeff{text}", text.replace("\n", "\r\n"), f"# a comment\n{text}", f"---\n{text}...\n"):
        assert len(read(other).interactions) == 1


def test_flow_yaml_is_read_where_the_name_says_yaml() -> None:
    text = "{version: 1, interactions: [{request: {method: GET, uri: x}, response: {}}]}"
    for name in ("cassette.yaml", "cassette.yml"):
        assert len(read(text, name).interactions) == 1
    assert fault(text, "cassette.json")[0] == "Unreadable"


def test_yaml_may_be_called_json() -> None:
    assert len(read(VCRPY, "cassette.json").interactions) == 1


def test_keys_that_yaml_cannot_hold_are_read_from_json() -> None:
    key = "k" * 2000
    text = VCRPY_JSON.replace("HEADERS", f'"{key}": ["\\ud83d\\ude00"]')
    assert read(text).interactions[0].request.headers == ((key, "\U0001f600"),)


VCRPY_JSON = (
    '{"version": 1, "interactions": [{"request": {"method": "GET", "uri": "x", "headers": {HEADERS}},'
    ' "response": {"status": {"code": 200}}}]}'
)

# -- nobody's --------------------------------------------------------------------------------------

NOBODYS = [
    ("empty", "", "the file is empty"),
    ("blank", " \n\t\n", "the file is empty"),
    ("comment", "# interactions\n", None),
    ("prose", "hello", None),
    ("list", "- a\n- b\n", None),
    ("empty-list", "[]", None),
    ("empty-mapping", "{}", None),
    ("compose", "version: 3\nservices: {}\n", None),
    ("interactions-of-another-kind", "interactions:\n- user: clicked\n", None),
    ("interactions-of-text", "interactions: many\n", None),
    ("broken-json", '{"a": ', None),
    ("broken-yaml", "a: [b\n", None),
    ("templated", "{{ range .Values }}\na: {{ . }}\n{{ end }}\n", None),
    ("binary", "PK\x03\x04\0\0", None),
]


@pytest.mark.parametrize(("text", "message"), [row[1:] for row in NOBODYS], ids=[row[0] for row in NOBODYS])
def test_what_no_recorder_writes_is_not_recognised(text: str, message: str | None) -> None:
    for name in ("cassette.yaml", "cassette.json"):
        kind, found = fault(text, name)
        assert kind == "Unrecognised"
        assert message is None or message in found


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.yaml", "a.yaml:1:4: not a cassette (not YAML: the quoted text that opens here is never closed)"),
        ("a.toml", "a.toml: not a cassette"),
        ("notes", "notes: not a cassette"),
    ],
)
def test_why_a_file_does_not_parse_is_told_where_it_should(name: str, message: str) -> None:
    assert fault("a: 'b\n", name) == ("Unrecognised", message)


def test_the_known_recorders_are_named() -> None:
    _, message = fault("a: b\n")
    assert all(recorder.ID in message for recorder in RECORDERS)


# -- broken ----------------------------------------------------------------------------------------

CONFLICT = (
    "version: 1\n<<<<<<< HEAD\ninteractions: []\n=======\ninteractions:\n- request: {}\n>>>>>>> branch\n"
)
JSON_CONFLICT = '{"version": 1,\n<<<<<<< a\n"interactions": []\n=======\n>>>>>>> b\n}'
NAMED = "interactions:\n  a:\n    request: {method: GET, uri: x}\n"
MISSING = "interactions:\n- request: {method: GET, uri: x}\n"

BROKEN = [
    ("yaml", VCRPY.replace("code: 200}}", "code: 200}"), "4:1: not YAML: "),
    ("yaml-tab", VCRPY.replace("- request", "\t- request"), "2:1: not YAML: "),
    ("yaml-zero", VCRPY.replace("GET", "G\0T"), "2:22: not YAML: the character U+0000 is not allowed"),
    ("json", VCRPY_JSON.replace("{HEADERS}", "{,}"), "1:87: not JSON: "),
    ("json-cut", '{"version": 1,\n"interactions": [', "2:18: not JSON: the text ends in the middle"),
    ("anchorless", VCRPY.replace("uri: x", "uri: *x"), "2:31: the alias *x has no anchor"),
    ("conflict", CONFLICT, "2:1: the file holds conflict markers of git; resolve them first"),
    ("conflict-of-windows", CONFLICT.replace("\n", "\r\n"), "2:1: the file holds conflict markers of git"),
    ("conflict-in-json", JSON_CONFLICT, "2:1: the file holds conflict markers of git"),
    ("conflict-with-its-base", CONFLICT.replace("=======", "||||||| base\n======="), "2:1: the file holds"),
    ("interactions-under-names", NAMED, "2:3: interactions is a mapping, expected a list"),
    ("an-interaction-is-null", VCRPY.replace("version: 1", "-\nversion: 1"), "4:2: interaction 1 is null"),
    ("response-missing", MISSING, "2:3: response is missing, expected a mapping"),
    (
        "response-misspelt",
        f"{MISSING}  reponse: {{}}\n",
        "2:3: response is missing, expected a mapping (there is reponse)",
    ),
]


@pytest.mark.parametrize(("text", "message"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_broken_cassette_is_told_from_no_cassette(text: str, message: str) -> None:
    name = "cassette.json" if text.startswith("{") else "cassette.yaml"
    kind, found = fault(text, name)
    assert kind == "Unreadable"
    assert found.startswith(f"{name}:{message}"), found


def test_what_is_no_utf8_is_told_with_its_place() -> None:
    raw = VCRPY.encode().replace(b"GET", b"G\xe9T")
    with pytest.raises(CassetteError, match=r"^cassette.yaml:2:22: byte 0xe9 is not UTF-8 text"):
        read_cassette(Document("cassette.yaml", raw))


def test_prose_about_interactions_is_a_cassette_only_at_a_second_look() -> None:
    text = "text: |\n  the interactions: none\n"
    assert fault(text)[0] == "Unrecognised"


@pytest.mark.parametrize("character", ["\n", " ", "\t", "{", ",", '"', "<<<<<<< \n", "- ", "[ "])
def test_a_cheap_look_is_cheap(character: str) -> None:
    assert not looks_like_cassette(character * 20_000)


@needs_corpus
def test_no_real_cassette_is_denied_by_a_cheap_look() -> None:
    denied = []
    for path in files():
        if path.stat().st_size > 200_000:
            continue
        try:
            document = Document(name_of(path), path.read_bytes())
            if not looks_like_cassette(document.text):
                read_cassette(document)
                denied.append(document.name)
        except CassetteError:
            continue
    assert denied == []

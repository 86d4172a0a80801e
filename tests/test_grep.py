"""`cassette grep`: what it finds, where it says that stands, and what it never prints."""

import base64
import gzip
import json
import re
import shutil
import subprocess
from dataclasses import replace
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from cassette_cli.errors import BadRequest, CassetteError
from cassette_cli.grep import Hit, Query, compiled, could_hold, search
from cassette_cli.model import Cassette
from cassette_cli.passages import passages
from cassette_cli.recorders import read_cassette
from cassette_cli.report.hits import View, Writer, document
from cassette_cli.report.machine import show_interaction
from cassette_cli.report.terminal import Screen
from cassette_cli.selection import Reading
from cassette_cli.source.document import Document
from cassette_cli.where import look_up
from cassette_cli.wire.body import traced
from tests.corpus import dice, name_of, needs_corpus, sample
from tests.test_cli import SAMPLES, SEED, cassette, stream, vcrpy

ALL_SAMPLES = [
    path
    for path in sorted(SAMPLES.rglob("*"))
    if path.suffix in (".yaml", ".yml", ".json", ".har")
    and ".expected" not in path.name
    and path.parent.name != "__files"
]


def query(pattern: str, *, ignore_case: bool = False, word: bool = False, fixed: bool = False) -> Query:
    return Query(*compiled(pattern, ignore_case=ignore_case, word=word, fixed=fixed))


def printed(hits: list[Hit], *, only_matching: bool = False, color: bool = False) -> str:
    """What the command prints of hits into a pipe."""
    out = StringIO()
    with Screen(color, out) as screen:
        if hits:
            Writer(screen, View(only_matching)).file(hits)
    return out.getvalue()


def read(path: Path) -> Cassette:
    return read_cassette(Document(str(path), path.read_bytes()))


def parsed(text: str) -> Cassette:
    return read_cassette(Document("a.yaml", text.encode()))


def found(source: str, pattern: str) -> list[tuple[str, str]]:
    return [(hit.where, hit.text) for hit in search(parsed(source), query(pattern))]


# -- what is found ---------------------------------------------------------------------------------

CHAT = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "Is it hot\nin Pisa?"}]})
ANSWER = stream(
    *(
        json.dumps({"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {"content": word}}]})
        for word in ("In Pi", "sa it is ", "hot.")
    ),
    "[DONE]",
)
CONVERSATION = vcrpy(json.dumps(CHAT), ANSWER)


@pytest.mark.parametrize(
    "pattern",
    ["Siena", "^hot", "Pisa$", "In Pi$", "hot\nin", "delta/content", "data:", "gpt-5", r"hot\\nin"],
)
def test_what_no_line_says_is_not_found(pattern: str) -> None:
    assert found(CONVERSATION, pattern) == []


@pytest.mark.parametrize(
    ("pattern", "hits"),
    [
        ("In Pisa", [("reply.text", "In Pisa it is hot.")]),
        ("^in Pisa", [("messages[0].parts[0].text", "in Pisa?")]),
        ("^model: gpt-4", [("request.body/model", "model: gpt-4o")]),
        (
            "[0-9]$",
            [("response.body[0]/id", "id: chatcmpl-1"), ("response.body[0]/choices/0/index", "index: 0")],
        ),
        ("/v1/", [("request.url", "https://api.openai.com/v1/chat/completions")]),
        ("^choices$", [("response.body[0]/choices", "choices")]),
    ],
)
def test_a_line_is_found_as_it_reads(pattern: str, hits: list[tuple[str, str]]) -> None:
    assert found(CONVERSATION, pattern) == hits


def test_what_repeats_is_told_once_with_a_count_unless_all_is_wanted() -> None:
    ids = query("^id: chatcmpl-1$")
    assert [hit.repeats for hit in search(parsed(CONVERSATION), ids)] == [2]
    assert len(search(parsed(CONVERSATION), replace(ids, full=True))) == 3


def test_the_same_line_twice_in_one_text_is_two_hits() -> None:
    assert len(found(vcrpy("''", '"one\\ntwo\\none\\n"'), "one")) == 2


WORD = "flor-ence7"


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(char):04x}" for char in text)


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(json.dumps({"city": WORD})),
        json.dumps('{"city": "' + _escaped(WORD) + '"}'),
        json.dumps(json.dumps({"held": '{"city": "' + _escaped(WORD) + '"}'})),
        json.dumps(json.dumps({"link": "https://a.b/?q=" + "".join(f"%{ord(char):02x}" for char in WORD)})),
        json.dumps(json.dumps({"data": base64.b64encode(f"in {WORD} now".encode()).decode()})),
        "!!binary " + base64.b64encode(f"in {WORD} now".encode()).decode(),
        "!!binary " + base64.b64encode(gzip.compress(f"in {WORD} now".encode())).decode(),
        '"in flor-\\\n  ence7 now"',
        stream(*(json.dumps({"choices": [{"index": 0, "delta": {"content": char}}]}) for char in WORD)),
        stream(*(json.dumps({"said": char}) for char in WORD)),
        json.dumps("\n".join(json.dumps({"said": char}) for char in WORD)),
    ],
    ids=["json", "json-escapes", "json-in-json", "percent", "base64", "binary", "gzip", "yaml-fold",
         "chat-deltas", "deltas", "lines"],
)  # fmt: skip
@pytest.mark.parametrize("case", [False, True], ids=["exact", "ignore-case"])
def test_a_word_is_found_however_it_is_written(body: str, case: bool) -> None:
    source = vcrpy("''", body).replace(
        "headers: {}\n    status", "headers: {content-encoding: [gzip]}\n    status"
    )
    cassette = parsed(source if "H4sI" in body else vcrpy("''", body))
    asked = query(WORD.upper() if case else WORD, ignore_case=case)
    assert asked.literal
    assert [WORD in hit.text for hit in search(cassette, asked)] == [True]


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [
        ("Florence", "Florence"), (r"gpt-4o.*mini", "gpt-4o"), (r"api\.openai\.com", "openai"),
        ("colou?rs", "colo"), ("ab*cde", "cde"), (r"\bhot\b", "hot"),
        ("a|b", ""), ("(?i)hot", ""), ("[hot]", ""), (r"\x41bcd", ""), ("hot{0}", ""), (r"\d+", ""),
    ],
)  # fmt: skip
def test_the_literal_is_what_every_match_holds(pattern: str, literal: str) -> None:
    _, needed = compiled(pattern, ignore_case=False, word=False, fixed=False)
    assert (needed.pattern.replace("\\", "") if needed else "") == literal


def test_a_broken_pattern_is_refused_in_words() -> None:
    with pytest.raises(BadRequest, match="-F takes it as it stands"):
        query("hot (")
    assert query("hot (", fixed=True).pattern.search("so hot (")


# -- where it stands -------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ALL_SAMPLES, ids=lambda path: path.name)
def test_every_where_is_a_path_that_show_takes(path: Path) -> None:
    tape = read(path)
    shown = {
        reading.interaction.index: show_interaction(tape, reading, reveal=True)
        for reading in map(Reading, tape.interactions)
        if not reading.interaction.frames
    }
    for hit in search(tape, replace(query("."), reveal=True)):
        spoken = re.match(r"messages|reply|alternatives|tools|error", hit.where)
        if hit.interaction in shown and (
            spoken or hit.where.startswith(("request.h", "request.u", "response.h"))
        ):
            value = look_up(shown[hit.interaction], hit.where)
            line = hit.text[len(hit.name) + 2 :] if hit.name else hit.text
            said = value if isinstance(value, str) else json.dumps(value)
            assert line in said.replace("\r\n", "\n")


def test_the_line_is_that_of_the_event_in_which_the_match_begins(tmp_path: Path) -> None:
    lines = SEED.read_text("utf-8").split("\n")
    for hit in search(read(SEED), replace(query("Florence|hot"), full=True)):
        first = hit.text[hit.matches[0][0]]
        assert first in lines[hit.line - 1][hit.column - 1 :][:1]


# -- what may not be seen --------------------------------------------------------------------------

SECRETS = """interactions:
- request:
    body: '{"password": "hunter2x", "note": "free"}'
    headers: {authorization: [Bearer sk-h1d2e3n4], cookie: [a=one1; b=two2]}
    method: POST
    uri: https://ada:pass9word@example.com/x?api_key=seven77&page=2
  response:
    body: {string: "login=ada&password=hunter3x"}
    headers: {content-type: [application/x-www-form-urlencoded]}
    status: {code: 200, message: OK}
version: 1
"""
HIDDEN = ("hunter2x", "sk-h1d2e3n4", "one1", "two2", "pass9word", "seven77", "hunter3x")


@pytest.mark.parametrize("pattern", [".", ".*", "..", "h1d2|hunter|one1|two2|pass9|seven|page", "(?<=k)-h."])
def test_no_pattern_prints_a_piece_of_a_secret(pattern: str) -> None:
    hits = search(parsed(SECRETS), replace(query(pattern), full=True, before=2, after=2))
    for text in (
        printed(hits),
        printed(hits, only_matching=True),
        printed(hits, color=True),
        json.dumps(document(hits, 1, [])),
    ):
        assert "****" in text
        for secret in (*HIDDEN, "h1d2", "hunt", "pass9", "seven"):
            assert secret not in text


@pytest.mark.parametrize("secret", HIDDEN)
def test_a_secret_that_one_knows_is_found_and_masked(secret: str) -> None:
    [hit] = search(parsed(SECRETS), query(secret, fixed=True))[:1]
    [(start, end)] = hit.matches
    assert hit.text[start:end] == "****"
    [shown] = search(parsed(SECRETS), replace(query(secret, fixed=True), reveal=True))[:1]
    assert secret in shown.text


def test_what_a_secret_holds_is_that_secret() -> None:
    packed = base64.b64encode(b'{"inner": "hunter4x"}').decode()
    held = {"password": packed, "client_secret": '{"other": {"deep": "hunter5x"}}'}
    text = printed(search(parsed(vcrpy(json.dumps(json.dumps(held)))), replace(query("."), full=True)))
    assert not re.search("inner|other|deep|hunter|eyJ", text)
    [hit] = search(parsed(vcrpy(json.dumps(json.dumps(held)))), query("hunter5x"))
    assert (hit.where, hit.text) == ("request.body/client_secret", "client_secret: ****")


def test_how_long_a_secret_is_is_not_told() -> None:
    hits = [hit for hit in search(parsed(SECRETS), query(".")) if hit.name == "password"]
    assert [hit.text[slice(*hit.matches[-1])] for hit in hits] == ["****", "****"]
    assert {len(hit.matches) for hit in hits} == {len("password: ") + 1}


# -- as grep does it -------------------------------------------------------------------------------

POEM = "The hot sun\nrises over\nPisa. HOT, hotter:\n\nshot [hot]\ncold\nthe end of it\nhot-hot\n"


OPTIONS: list[tuple[str, dict[str, bool], dict[str, Any]]] = [
    ("", {}, {}),
    ("-i", {"ignore_case": True}, {}),
    ("-w", {"word": True}, {}),
    ("-F", {"fixed": True}, {}),
    ("-m2", {}, {"most": 2}),
    ("-o", {}, {}),
    ("-iwo", {"ignore_case": True, "word": True}, {}),
    ("-A1", {}, {"after": 1}),
    ("-B2", {}, {"before": 2}),
    ("-C1", {}, {"before": 1, "after": 1}),
]


@pytest.mark.skipif(not shutil.which("grep"), reason="no grep to compare with")
@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: options[0] or "plain")
def test_lines_are_those_that_grep_prints(options: tuple[str, dict[str, bool], dict[str, Any]]) -> None:
    tape = parsed(vcrpy("''", json.dumps(POEM)))
    letters, of_pattern, of_query = options
    for pattern in ("hot", "the", "[hot]", "^$", "o", "t$", "nothing", "HOT, hot.*", "hot-hot"):
        form = [] if "F" in letters else ["-E"]
        command = ["grep", *form, *([letters] if letters else []), "--", pattern]
        theirs = subprocess.run(command, input=POEM, capture_output=True, text=True, check=False).stdout
        asked = replace(query(pattern, **of_pattern), within=frozenset(("response",)), **of_query)
        ours = printed(search(tape, asked), only_matching="o" in letters).splitlines()
        said = [line if line == "--" else line.partition("response.body")[2][2:] for line in ours]
        assert said == [line.rstrip() for line in theirs.splitlines()], pattern


def test_a_pipe_gets_path_and_line_before_each_hit() -> None:
    run = cassette("grep", "-i", "FLORENCE", SEED, "--in", "reply")
    assert run.stdout.splitlines() == [
        f"{SEED}:29: #0 reply.tool_calls[0].arguments.location: Florence,Italy",
        f"{SEED}:90: #1 reply.text: Right now it’s a hot 40 °C in Florence, Italy.",
    ]


ASKED_CALL = "messages[2].parts[0].arguments.location"


@pytest.mark.parametrize(
    ("arguments", "wheres"),
    [
        (["--in", "messages"], ["messages[1].parts[0].text"] * 2 + [ASKED_CALL]),
        (["--in", "tool-calls,url"], ["reply.tool_calls[0].arguments.location", ASKED_CALL]),
        (["--in", "headers"], []),
        (["--interaction", "0", "--in", "response"], ["reply.tool_calls[0].arguments.location"]),
        (["--status", "404"], []),
    ],
)  # fmt: skip
def test_only_there_and_only_those(arguments: list[str], wheres: list[str]) -> None:
    run = cassette("grep", "Florence", SEED, *arguments, "--json")
    assert sorted(hit["where"] for hit in json.loads(run.stdout)["hits"]) == sorted(wheres)
    assert run.returncode == (0 if wheres else 1)


def test_the_json_names_file_line_column_interaction_where_and_matches() -> None:
    document = json.loads(cassette("grep", "hot", SEED, "--in", "reply", "-C", "1", "--json").stdout)
    assert document == {
        "schema": "cassette.grep/1",
        "files": 1,
        "hits": [
            {
                "path": str(SEED), "line": 78, "column": document["hits"][0]["column"], "interaction": 1,
                "where": "reply.text", "text": "Right now it’s a hot 40 °C in Florence, Italy.",
                "matches": [{"start": 17, "end": 20, "text": "hot"}], "before": [], "after": [], "repeats": 0,
            }
        ],
        "errors": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["hot"], 0), (["nothing"], 1), (["("], 2), (["hot", "--in", "nowhere"], 2), (["hot", "-l", "-c"], 2)],
)
def test_the_exit_code_is_that_of_grep(arguments: list[str], code: int) -> None:
    assert cassette("grep", arguments[0], SEED, *arguments[1:]).returncode == code


def test_one_bad_file_is_an_error_and_the_others_are_searched(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("interactions:\n- request: {url: 'x\n", "utf-8")
    run = cassette("grep", "-l", "Florence", tmp_path / "broken.yaml", SEED)
    assert (run.stdout, run.returncode) == (f"{SEED}\n", 2)
    assert "broken.yaml:2" in run.stderr


def test_what_a_terminal_would_obey_is_written_out(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(vcrpy("''", '"a \\e[31mred\\rline"'), "utf-8")
    assert "a \\x1b[31mred\\x0dline" in cassette("grep", "red", tmp_path / "a.yaml").stdout


def test_a_long_line_is_cut_around_its_match_where_there_is_a_width(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(vcrpy("''", json.dumps("x" * 500 + " hot " + "y" * 500)), "utf-8")
    cut = cassette("grep", "hot", "a.yaml", cwd=tmp_path, COLUMNS="80").stdout.rstrip("\n")
    assert len(cut) <= 80
    assert "…x" in cut
    assert " hot y" in cut
    assert len(cassette("grep", "hot", "a.yaml", "--full", cwd=tmp_path, COLUMNS="80").stdout) > 1000


def test_a_pattern_that_never_ends_is_told_of(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = import_module("cassette_cli.cli.grep")
    monkeypatch.setattr(command, "_PATIENCE", 0.02)
    with command._patience("a.yaml"):
        assert not re.match(r"(a+)+$", "a" * 23 + "b")
    assert "a.yaml: still at it" in capsys.readouterr().err


# -- real cassettes --------------------------------------------------------------------------------


def _tapes(count: int, seed: int) -> list[tuple[str, Cassette]]:
    tapes = []
    for path in sample(count, seed):
        try:
            tapes.append((name_of(path), read(path)))
        except CassetteError:
            continue
    return tapes


@needs_corpus
def test_the_cheap_look_passes_over_nothing() -> None:
    random = dice(7)
    for name, tape in _tapes(25, 7):
        for interaction in tape.interactions[:3]:
            for passage in passages(Reading(interaction, traced)):
                literals = [
                    compiled(word, ignore_case=False, word=False, fixed=True)[1]
                    for word in passage.text.split()
                ]
                literal = random.choice([*filter(None, literals)] or [None])
                if literal and literal.search(passage.text):
                    assert could_hold(Reading(interaction), literal), (name, passage.where)


@needs_corpus
def test_the_reply_is_found_in_the_file_where_it_stands() -> None:
    for name, tape in _tapes(40, 8):
        for hit in search(tape, replace(query("[A-Za-z]{4}"), within=frozenset(("reply",)), reveal=True)):
            assert _begins_there(tape, hit), (name, hit.where, hit.line)


def _begins_there(tape: Cassette, hit: Hit) -> bool:
    """Whether the match begins at the line and column, or what stands there is packed or escaped."""
    rest = tape.document.text[tape.document.offset(hit.line, hit.column) :]
    char = hit.text[hit.matches[0][0]]
    packed = "binary" in tape.document.line(hit.line) or rest.startswith("\\")
    return rest.startswith(char) or packed or not rest[:1].isspace()


FOLDER = SAMPLES / "go-vcr"


def test_files_without_a_match_are_listed_with_greps_exit_code() -> None:
    run = cassette("grep", "-iL", "florence", FOLDER)
    assert (run.returncode, run.stdout) == (0, f"{FOLDER / 'cut_stream.yaml'}\n")
    names = cassette("grep", "-L", "no such words", FOLDER)
    assert (names.returncode, len(names.stdout.splitlines())) == (1, 3)
    both = cassette("grep", "-l", "-L", "x", FOLDER)
    assert (both.returncode, both.stderr) == (2, "cassette: -l and -L do not go together: give one\n")


def test_names_of_files_can_be_left_out() -> None:
    lines = cassette("grep", "-i", "florence", SEED).stdout.splitlines()
    bare = cassette("grep", "-i", "--no-filename", "florence", SEED).stdout.splitlines()
    assert bare == [line.removeprefix(f"{SEED}:") for line in lines]
    assert bare != lines
    assert cassette("grep", "-ic", "--no-filename", "florence", SEED).stdout == "5\n"


def test_the_habits_of_grep_do_no_harm() -> None:
    assert (
        cassette("grep", "-rni", "florence", SEED).stdout == cassette("grep", "-i", "florence", SEED).stdout
    )

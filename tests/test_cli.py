"""The command as people meet it: a real process, its output, its messages and its exit code."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cassette_cli.cli import main

SAMPLES = Path(__file__).parent.parent / "samples"
SEED = SAMPLES / "go-vcr" / "tool_streaming.yaml"
CLEAN = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "NO_COLOR", "FORCE_COLOR")}


def cassette(
    *arguments: str | Path, stdin: bytes = b"", cwd: Path | None = None, **env: str
) -> subprocess.CompletedProcess[str]:
    run = subprocess.run(
        [sys.executable, "-m", "cassette_cli", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        check=False,
        cwd=cwd,
        env=CLEAN | {"PYTHONPATH": str(SAMPLES.parent)} | env,
    )
    return subprocess.CompletedProcess(run.args, run.returncode, run.stdout.decode(), run.stderr.decode())


def in_process(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Exit code, output and error of a command that needs no process of its own: that is slower."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["cassette", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
    told = capfd.readouterr()
    return int(ended.value.code or 0), told.out, told.err


EMPTY = "''"


def vcrpy(body: str, response: str = "") -> str:
    """A cassette of one interaction; the bodies are YAML as they stand."""
    return (
        f"interactions:\n- request:\n    body: {body}\n    headers: {{}}\n    method: POST\n"
        "    uri: https://api.openai.com/v1/chat/completions\n"
        f"  response:\n    body:\n      string: {response or EMPTY}\n    headers: {{}}\n"
        "    status: {code: 200, message: OK}\nversion: 1\n"
    )


def stream(*datas: str) -> str:
    return json.dumps("".join(f"data: {data}\n\n" for data in datas))


ALIAS_BOMB = "interactions: []\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
)
BOMB_BODY = vcrpy("''").replace("body: ''", "parsed_body: *a9", 1)


# -- the main job ----------------------------------------------------------------------------------


def test_the_seed_reads_as_its_two_replies() -> None:
    shown = cassette("show", SEED).stdout
    assert 'weather(location="Florence,Italy")' in shown
    assert "Right now it’s a hot 40 °C in Florence, Italy." in shown


def test_the_version_names_the_parser_that_is_really_used() -> None:
    from ruamel.yaml import YAML
    from ruamel.yaml.parser import Parser

    is_pure = YAML(typ="safe").Parser is Parser
    assert cassette("--version").stdout.endswith("(YAML parser: C)\n") is not is_pure


def test_the_c_parser_is_the_active_one() -> None:
    assert "YAML parser: C" in cassette("--version").stdout


def test_the_json_is_one_document_with_the_errors_in_it(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("interactions:\n- request: {url: 'x\n", "utf-8")
    run = cassette("show", SEED, tmp_path / "broken.yaml", "--json")
    document = json.loads(run.stdout)
    assert document["schema"] == "cassette.show/1"
    assert [len(entry["interactions"]) for entry in document["cassettes"]] == [2]
    assert [error["line"] for error in document["errors"]] == [2]
    assert run.returncode == 2


def test_standard_input_is_a_file_too() -> None:
    run = cassette("show", "-", "-i", "1", "--get", "reply.text", stdin=SEED.read_bytes())
    assert run.stdout == "Right now it’s a hot 40 °C in Florence, Italy.\n"


def test_a_raw_body_is_the_decoded_bytes() -> None:
    path = SAMPLES / "vcrpy" / "images_and_errors.yaml"
    arguments = [sys.executable, "-m", "cassette_cli", "show", str(path), "--raw", "-i", "2"]
    raw = subprocess.run(arguments, capture_output=True, check=True).stdout
    assert raw.startswith(b"\x89PNG")
    assert len(raw) == 123


# -- files, directories, globs ---------------------------------------------------------------------


def test_a_walk_passes_over_what_is_no_cassette_and_what_git_ignores(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    for name in ("a.yaml", "ignored.yaml", "deep/b.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(SEED.read_bytes())
    (tmp_path / ".gitignore").write_text("ignored.yaml\n", "utf-8")
    (tmp_path / "compose.yaml").write_text("services: {web: {image: nginx}}\n", "utf-8")
    (tmp_path / "broken-config.yaml").write_text("a: [1\n", "utf-8")
    run = cassette("show", tmp_path, "-s")
    assert run.returncode == 0
    assert [line.split()[0].rpartition("/")[2] for line in run.stdout.splitlines()[:-1]] == [
        "a.yaml",
        "b.yaml",
    ]
    assert run.stderr == ""


def test_a_quoted_glob_is_expanded_and_exclude_narrows_a_walk(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml", "c.txt"):
        (tmp_path / name).write_bytes(SEED.read_bytes())
    assert "2 cassettes" in cassette("show", str(tmp_path / "*.yaml"), "-s").stdout
    assert "1 cassette " in cassette("show", tmp_path, "-s", "--exclude", "b*").stdout


def test_a_directory_without_cassettes_is_said(tmp_path: Path) -> None:
    run = cassette("show", tmp_path)
    assert (run.returncode, run.stdout) == (0, "")
    assert "no cassettes in" in run.stderr


# -- selectors -------------------------------------------------------------------------------------

MANY = SAMPLES / "vcrpy" / "images_and_errors.yaml"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", [0, 1, 2, 3]),
        ("-i 1", [1]),
        ("-i 0,2-3", [0, 2, 3]),
        ("--method get", [2]),
        ("--method GET,PUT", [2]),
        ("--status 429", [0]),
        ("--status 2xx", [1, 2, 3]),
        ("--status 2xx,429", [0, 1, 2, 3]),
        ("--url *chat/completions", [0, 1]),
        ("--url https://files.example.com/*?size=full*", [2]),
        ("--url *example.com", []),
        ("--model gpt-4*", [0, 1]),
        ("--model gpt-4", []),
        ("--model *-2024-07-18", [1]),
        ("--method POST --status 200", [1, 3]),
        ("--method POST --status 200 --invert", [0, 2]),
    ],
)
def test_selectors(options: str, expected: list[int]) -> None:
    run = cassette("show", MANY, "--json", *options.split())
    found = [item["index"] for entry in json.loads(run.stdout)["cassettes"] for item in entry["interactions"]]
    assert (found, run.returncode) == (expected, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("-i 4", "no interaction 4: the last one is 3 (they count from 0)"),
        ("-i 3-1", "write 0-based numbers and ranges"),
        ("-i one", "write 0-based numbers and ranges"),
        ("--status 5", "write codes or classes"),
        ("--get reply.nothing", "no value reply.nothing"),
        ("--get request.headers.nothing", "there is accept, authorization, content-type"),
        ("--get nothing.at.all", "no value nothing.at.all"),
        ("--json --get reply.text", "--json and --get do not go together: give one"),
        ("--format html -s", "--format html and --summary do not go together: give one"),
        ("--format pdf", "'pdf' is not one of 'text', 'json', 'html', 'markdown'"),
    ],
)
def test_a_request_that_makes_no_sense_is_told_and_is_2(options: str, message: str) -> None:
    run = cassette("show", MANY, *options.split())
    assert run.returncode == 2
    assert message in run.stderr


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("request.method", "POST"),
        ("response.status", "200"),
        ("model", "moonshotai/Kimi-K2-Instruct-0905:groq"),
        ("request.headers.accept[0]", "application/json"),
        ("request.body/tools/0/function/name", "weather"),
        ("exchange.usage.total_tokens", "148"),
        ("usage.total_tokens", "148"),
        ("reply.parts[0].text", "Right now it’s a hot 40 °C in Florence, Italy."),
        ("messages[2].parts[0].arguments", '{"location": "Florence,Italy"}'),
        ("finish_reason", "stop"),
    ],
)
def test_get_prints_one_bare_value(where: str, expected: str) -> None:
    assert cassette("show", SEED, "-i", "1", "--get", where).stdout == expected + "\n"


# -- secrets and hostile content -------------------------------------------------------------------

SECRETS = ("sk-ant-sample", "sk-sample", "sample-not-a", "session=sample", "00000000-0000-4000")


@pytest.mark.parametrize(
    "options",
    [
        "--headers",
        "--json",
        "-s",
        "--full --headers --color",
        "--get request",
        "--format html --full",
        "--format markdown --headers",
    ],
)
def test_no_credential_is_printed_unless_revealed(options: str) -> None:
    files = [SAMPLES / "vcrpy" / "anthropic_tools.yaml", MANY, SAMPLES / "go-vcr" / "cut_stream.yaml"]
    shown = cassette("show", *files, *options.split(), "--url", "*api.*").stdout
    assert shown
    assert not [secret for secret in SECRETS if secret in shown.replace("password=sample-not-a-password", "")]


def test_reveal_prints_credentials() -> None:
    shown = cassette("show", MANY, "--headers", "--reveal").stdout
    assert "Bearer sk-sample-not-a-key" in shown
    assert "token=sample-not-a-token" in shown


def test_content_is_shown_and_never_obeyed(tmp_path: Path) -> None:
    evil = "\x1b]0;owned\x07\x1b[2J\u202e[bold]x[/bold]\x9b31m"
    path = tmp_path / "e\x1b[31mvil.yaml"
    path.write_text(vcrpy("''", json.dumps(evil)), "utf-8")
    for options in ([], ["-s"], ["--json"], ["--color"], ["--format=html"], ["--format=markdown"]):
        run = cassette("show", path, *options)
        out = run.stdout.replace("\x1b[0m", "")
        if "--color" not in options:
            assert "\x1b" not in out
        assert not [char for char in out if char in "\x07\u202e\x9b"]
        assert "\x1b[2J" not in out
        assert "\x1b]0" not in out
    assert "[bold]x[/bold]" in cassette("show", path).stdout


@pytest.mark.parametrize(("form", "end"), [("html", "</html>\n"), ("markdown", "\n")])
def test_a_document_names_what_could_not_be_read(tmp_path: Path, form: str, end: str) -> None:
    (tmp_path / "bad.yaml").write_text("version: 1\ninteractions: [<b>", "utf-8")
    run = cassette("show", tmp_path / "bad.yaml", SEED, "--format", form)
    assert run.returncode == 2
    assert "bad.yaml:3:1: not YAML" in run.stdout
    assert "Florence,Italy?" in run.stdout
    assert run.stdout.endswith(end)


# -- bad input: a message with its place, the code, and the other files ----------------------------

BAD = [
    ("no-yaml", "interactions:\n- request: {url: 'x\n", ":2:18: not YAML: the quoted text that opens here"),
    ("tab", "interactions:\n\t- request: {}\n", ":2:1: not YAML"),
    ("json.json", '{"interactions": [{"request": }]}', ":1:31: not JSON: a value is missing"),
    ("empty", "", ": the file is empty"),
    (
        "full-mapping",
        "interactions:\n  a: {request: {uri: x, method: GET}}\n",
        ":2:3: interactions is a mapping",
    ),
    ("version", "version: 9\ninteractions:\n- request: {url: x}\n", ":1:10: version 9 is not known"),
    ("no-url", "interactions:\n- request: {uri: [1], method: GET}\n  response: {}\n", ":2:18: uri is a list"),
    ("no-response", "interactions:\n- request: {uri: x, method: GET}\n", ":2:3: response is missing"),
    (
        "conflict",
        f"<<<<<<< ours\n{vcrpy('1')}=======\n- x\n>>>>>>> theirs\n",
        ":1:1: the file holds conflict",
    ),
    ("other", "services: {web: {image: nginx}}\n", ": not a cassette"),
    ("self-alias", "interactions: &a [*a]\n", ":1:19: the alias *a"),
    ("deep", "interactions: " + "[" * 300 + "]" * 300, ":1:214: nested more than 200 deep"),
]


@pytest.mark.parametrize(("name", "text", "message"), BAD, ids=[name for name, _, _ in BAD])
def test_a_bad_file_is_told_with_its_place_and_the_others_are_shown(
    tmp_path: Path, name: str, text: str, message: str
) -> None:
    path = tmp_path / (name if "." in name else f"{name}.yaml")
    path.write_text(text, "utf-8")
    run = cassette("show", path, SEED)
    assert run.returncode == 2
    assert f"{path}{message}" in run.stderr
    assert "Traceback" not in run.stderr
    assert "Florence" in run.stdout


BYTES = [
    ("not-utf8", b"interactions:\n- request: {uri: caf\xe9}\n", ":2:21: byte 0xe9 is not UTF-8 text"),
    ("cut-gzip", gzip.compress(SEED.read_bytes())[:-20], ": the gzip file is cut short"),
    ("no-file", None, ": no such file or directory"),
]


@pytest.mark.parametrize(("name", "data", "message"), BYTES, ids=[name for name, _, _ in BYTES])
def test_a_file_that_is_no_text_is_told(tmp_path: Path, name: str, data: bytes | None, message: str) -> None:
    path = tmp_path / f"{name}.yaml"
    if data is not None:
        path.write_bytes(data)
    run = cassette("show", path, SEED)
    assert (run.returncode, f"{path}{message}" in run.stderr) == (2, True)
    assert "Florence" in run.stdout


def test_a_gzip_bomb_is_refused_quickly(tmp_path: Path) -> None:
    block = gzip.compress(b"\0" * 64 * 1024 * 1024, 9)
    (tmp_path / "bomb.yaml.gz").write_bytes(block * 12)
    run = cassette("show", tmp_path / "bomb.yaml.gz")
    assert run.returncode == 2
    assert "unpacks to more than 512 MiB" in run.stderr


@pytest.mark.parametrize(
    "text", [ALIAS_BOMB, ALIAS_BOMB + BOMB_BODY.replace("interactions:", "b:")], ids=["idle", "body"]
)
def test_an_alias_bomb_does_no_harm(tmp_path: Path, text: str) -> None:
    (tmp_path / "bomb.yaml").write_text(text, "utf-8")
    begin = time.monotonic()
    run = cassette("show", tmp_path / "bomb.yaml", "--json")
    assert run.returncode in (0, 2)
    assert time.monotonic() - begin < 5


def test_an_alias_bomb_in_a_body_is_said_and_the_rest_is_shown(tmp_path: Path) -> None:
    text = vcrpy("''").replace("    body: ''\n", "    parsed_body: *a9\n", 1)
    bomb = "\n".join(ALIAS_BOMB.splitlines()[1:])
    (tmp_path / "bomb.yaml").write_text(f"{bomb}\n{text}", "utf-8")
    run = cassette("show", tmp_path / "bomb.yaml")
    assert run.returncode == 0
    assert "stand for over 100,000 values" in run.stdout


SHOWN = [
    ("number-body", vcrpy("42"), "42"),
    ("null-interactions", "interactions: null\nversion: 1\n", "0 interactions"),
    ("empty-mapping", "interactions: {}\n", "0 interactions"),
    (
        "cut-event",
        vcrpy("'{\"messages\": []}'", stream('{"choices": [{"delta": {"content": "Hi"}}]}')[:-9] + '"'),
        "Hi",
    ),
    ("cut-character", vcrpy("''", "!!binary " + "aGVsbG8gd29ybGTw"), "hello world"),
    (
        "bad-chunk",
        vcrpy(
            "'{\"messages\": []}'", stream('{"choices": [{"delta": {"content": "Hi"}}]}', "{oops", "[DONE]")
        ),
        "event 1 is no JSON",
    ),
    (
        "no-dialect-reply",
        vcrpy("'{\"messages\": []}'", "oops, an HTML page"),
        "the reply is text, no JSON",
    ),
    ("bad-base64", vcrpy("''", "!!binary '%%%'"), "not base64"),
]


@pytest.mark.parametrize(("name", "text", "shown"), SHOWN, ids=[name for name, _, _ in SHOWN])
def test_an_odd_cassette_is_shown_all_the_same(tmp_path: Path, name: str, text: str, shown: str) -> None:
    (tmp_path / "odd.yaml").write_text(text, "utf-8")
    run = cassette("show", tmp_path / "odd.yaml")
    assert (run.returncode, run.stderr) == (0, "")
    assert shown in run.stdout


@pytest.mark.parametrize("options", [["show", "-s"], ["stats"], ["stats", "--by", "model"]], ids=" ".join)
def test_where_nothing_was_read_nothing_is_summed_up(options: list[str], tmp_path: Path) -> None:
    run = cassette(*options, tmp_path / "missing.yaml")
    assert (run.returncode, run.stdout) == (2, "")
    assert "no such file" in run.stderr
    assert "1 cassette · 2 interactions" in cassette(*options, tmp_path / "missing.yaml", SEED).stdout


def test_named_files_that_are_no_cassettes_can_be_passed_over(tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text("a: 1\n", "utf-8")
    run = cassette("show", tmp_path / "other.yaml", "--skip-unrecognised")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_wrong_usage_is_2_and_a_hint() -> None:
    run = cassette("show", SEED, "--hedaers")
    assert run.returncode == 2
    assert "--headers" in run.stderr


# -- screens, pipes, signals -----------------------------------------------------------------------


@pytest.mark.parametrize("columns", [40, 80, 160])
def test_no_line_is_wider_than_the_screen(columns: int) -> None:
    from cassette_cli.report.terminal import width_of

    shown = cassette("show", SAMPLES, "--headers", "--full", COLUMNS=str(columns)).stdout
    wide = [line for line in shown.splitlines() if width_of(line) > columns and "samples/" not in line]
    assert wide == []


def test_colour_is_for_terminals_unless_it_is_asked_for() -> None:
    assert "\x1b[" not in cassette("show", SEED).stdout
    assert "\x1b[" in cassette("show", SEED, "--color").stdout
    assert "\x1b[" in cassette("show", SEED, FORCE_COLOR="1").stdout
    assert "\x1b[" not in cassette("show", SEED, FORCE_COLOR="1", NO_COLOR="1").stdout


def test_colour_changes_nothing_but_the_colour() -> None:
    import re

    coloured = cassette("show", SEED, "--color").stdout
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == cassette("show", SEED).stdout


def test_a_closed_pipe_is_no_error(tmp_path: Path) -> None:
    for place in range(200):
        (tmp_path / f"{place}.yaml").write_bytes(SEED.read_bytes())
    command = (
        f"'{sys.executable}' -m cassette_cli show '{tmp_path}' --full | head -1; echo ${{PIPESTATUS[0]}} >&2"
    )
    run = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert run.stderr == "0\n"


def test_ctrl_c_is_130_and_silent(tmp_path: Path) -> None:
    fifo = tmp_path / "slow.yaml"
    os.mkfifo(fifo)
    run = subprocess.Popen(
        [sys.executable, "-m", "cassette_cli", "show", str(fifo)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    time.sleep(1)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=10)
    assert (run.returncode, errors) == (130, b"")


# -- completion ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("cassette validate --select cut-", "cut-multipart\ncut-stream"),
        ("cassette validate --ignore leaks,cut-s", "leaks,cut-stream"),
        ("cassette rules misq", "misquoted-reply"),
        ("cassette redact all --ignore known-", "known-secret"),
        ("cassette diff --unmask rate", "rate-limit"),
        ("cassette diff --only re", "request\nreply"),
    ],
)
def test_the_shell_completes_the_ids_of_rules(line: str, expected: str) -> None:
    code = "import sys; sys.argv = ['cassette']; from cassette_cli.cli import main; main()"
    words = {"COMP_WORDS": line, "COMP_CWORD": str(line.count(" ")), "_CASSETTE_COMPLETE": "complete_bash"}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env={**os.environ, **words}
    )
    assert run.stdout.split() == expected.split()


@pytest.mark.parametrize(
    ("word", "meant"),
    [("lint", "validate"), ("list", "show -s"), ("clean", "redact"), ("help", "--help"), ("shwo", "show")],
)
def test_a_command_of_another_name_is_suggested(
    capfd: pytest.CaptureFixture[str], word: str, meant: str
) -> None:
    code, _, told = in_process(capfd, word, "tests")
    assert code == 2
    assert f"No such command '{word}'. Did you mean '{meant}'?" in told


@pytest.mark.parametrize("command", [(), ("prune",), ("git",)], ids=" ".join)
def test_the_summary_of_each_command_stands_on_its_line(
    capfd: pytest.CaptureFixture[str], command: tuple[str, ...]
) -> None:
    code, told, _ = in_process(capfd, *command, "--help")
    assert code == 0
    assert "..." not in told.partition("Commands:")[2]


REFUSED = [
    (["--html"], "write --format html or --format markdown"),
    (["--status", "6xx"], "status '6xx': write codes or classes of them, as in 404 or 4xx,500"),
    (["--get", "request.body.messages[0].role"], "inside a body, write request.body/messages/0/role"),
    (["--get", "reply.tool_calls[4]"], "reply.tool_calls has 1 entry\n"),
]


@pytest.mark.parametrize(("options", "told"), REFUSED, ids=[" ".join(options) for options, _ in REFUSED])
def test_an_option_that_cannot_be_meant_so_says_how(
    capfd: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    code, _, error = in_process(capfd, "show", SEED, *options)
    assert code == 2
    assert told in error


@pytest.mark.parametrize(
    ("options", "hint"), [(["--method", "FOO"], ""), (["--model", "foo"], "; a GLOB matches the whole value")]
)
def test_what_selects_nothing_speaks_of_globs_only_where_one_was_given(
    capfd: pytest.CaptureFixture[str], options: list[str], hint: str
) -> None:
    code, _, error = in_process(capfd, "show", SEED, *options)
    assert (code, error) == (0, f"cassette: nothing selected of 2 interactions{hint}\n")


def test_a_file_that_looks_like_none_is_no_cassette_and_no_more_is_said(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'a'\n")
    run = cassette("show", "pyproject.toml", cwd=tmp_path)
    assert (run.returncode, run.stderr) == (2, "cassette: pyproject.toml: not a cassette\n")


def test_a_name_with_a_line_break_stands_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "a\nb.yaml").write_text("interactions: [")
    (tmp_path / "c\nd.yaml").write_bytes((SAMPLES / "vcrpy" / "parsed_body.yaml").read_bytes())
    run = cassette("show", "a\nb.yaml", cwd=tmp_path)
    assert run.returncode == 2
    assert run.stderr.startswith(r"cassette: a\nb.yaml:2:1: not YAML")
    assert run.stderr.count("\n") == 1
    assert cassette("set", "c\nd.yaml", "response.status=201", cwd=tmp_path).stdout.startswith(
        r"c\nd.yaml: set"
    )


def test_both_sides_of_a_conflict_are_named_in_the_summary(tmp_path: Path) -> None:
    ours, theirs = vcrpy("'a'"), vcrpy("'b'")
    (tmp_path / "a.yaml").write_text(f"<<<<<<< a\n{ours}=======\n{theirs}>>>>>>> b\n")
    lines = cassette("show", "-s", "a.yaml", cwd=tmp_path).stdout.splitlines()
    assert [lines[0], lines[2]] == ["a.yaml (ours)", "a.yaml (theirs)"]
    assert lines[1].startswith("#0  POST")
    assert lines[3].startswith("#0  POST")


def test_a_reply_of_json_that_is_cut_is_said_to_be_once(tmp_path: Path) -> None:
    asked = json.dumps(json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}]}))
    (tmp_path / "a.yaml").write_text(vcrpy(asked, json.dumps('{"choices": [{"message": {"content": "He')))
    assert cassette("show", "-s", "a.yaml", cwd=tmp_path).stdout.splitlines()[0].split()[-1] == "cut"
    told = cassette("show", "a.yaml", cwd=tmp_path).stdout
    assert told.count("    !  ") == 1
    assert "!           the JSON body is cut: its end is missing" in told


METHODS = [
    ["show", "a.yaml"],
    ["show", "-s", "a.yaml"],
    ["set", "a.yaml", "response.status=201"],
    ["diff", "a.yaml", "b.yaml"],
    ["prune", "interactions", "a.yaml", "--duplicates", "--check"],
]


@pytest.mark.parametrize("command", METHODS, ids=" ".join)
def test_a_method_reads_the_same_in_every_command(tmp_path: Path, command: list[str]) -> None:
    text = vcrpy("'a'").replace("POST", "post")
    (tmp_path / "a.yaml").write_text(text.replace("version: 1\n", text.partition("interactions:\n")[2]))
    (tmp_path / "b.yaml").write_text(text.replace("'a'", "'b'"))
    run = cassette(*command, cwd=tmp_path)
    assert re.search(r"POST +(?:https://)?api\.openai\.com", run.stdout + run.stderr)
    assert "post " not in run.stdout + run.stderr


# -- a key in the path of a URL --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", "a.yaml"],
        ["show", "a.yaml", "-s"],
        ["show", "a.yaml", "--format", "html"],
        ["show", "a.yaml", "--format", "markdown"],
        ["grep", "hook", "a.yaml"],
        ["diff", "a.yaml", "b.yaml"],
        ["diff", "a.yaml", "b.yaml", "--json"],
        ["diff", "a.yaml", "b.yaml", "--format", "markdown"],
        ["prune", "interactions", "a.yaml", "-i", "0", "--check"],
        ["prune", "interactions", "a.yaml", "-i", "0", "--check", "--json"],
        ["set", "a.yaml", "response.status=9", "--check"],
    ],
    ids=" ".join,
)
def test_a_key_in_the_path_of_a_url_is_masked(arguments: list[str], tmp_path: Path) -> None:
    key = "sk-" + "aB3dE5fG7hJ9kL1m" * 2 + "Qz"
    entry = f"- request: {{method: GET, uri: 'https://a.io/hook/{key}/x', body: '', headers: {{}}}}\n"
    for name, body in (("a.yaml", "one"), ("b.yaml", "two")):
        reply = f"  response: {{status: {{code: 200}}, headers: {{}}, body: {{string: {body}}}}}\n"
        (tmp_path / name).write_text(f"interactions:\n{(entry + reply) * 2}version: 1\n")
    run = subprocess.run(
        [sys.executable, "-m", "cassette_cli", *arguments],
        capture_output=True, text=True, check=False, cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)},
    )  # fmt: skip
    assert "hook" in run.stdout + run.stderr
    assert key not in run.stdout + run.stderr

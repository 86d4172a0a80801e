"""`cassette set` as people meet it: processes, files, stdin, exit codes."""

import shutil
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.rules.shapes import make_marked
from tests.test_cli import SAMPLES, cassette, in_process
from tests.test_edit import said, vcrpy

KEY = make_marked("csk-{48m}", Random(3)).text  # a key's shape, but nobody's key


@pytest.fixture
def chat(tmp_path: Path) -> Path:
    return Path(shutil.copy(SAMPLES / "go-vcr" / "tool_streaming.yaml", tmp_path / "chat.yaml"))


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return Path(shutil.copy(SAMPLES / "vcrpy" / "parsed_body.yaml", tmp_path / "whole.yaml"))


def shown(path: Path, where: str, index: int = 0) -> Any:
    return said(path.read_bytes(), where, str(path), index)


def test_a_streamed_reply_is_changed_in_place_and_reads_so(chat: Path) -> None:
    before = shown(chat, "reply.tool_calls", 0)
    run = cassette("set", chat, "-i", "1", "reply.text=It is cold.\nVery.")
    assert (run.returncode, run.stdout, run.stderr) == (0, f"{chat}: set reply.text of #1\n", "")
    assert shown(chat, "reply.text", 1) == "It is cold.\nVery."
    assert shown(chat, "reply.tool_calls", 0) == before


def test_several_values_are_set_at_once(chat: Path) -> None:
    values = ["reply.tool_calls[0].arguments.location=Rome", "request.max_tokens=7", "response.status=503"]
    assert cassette("set", chat, "-i", "0", *values).returncode == 0
    assert shown(chat, "reply.tool_calls[0].arguments") == {"location": "Rome"}
    assert (shown(chat, "params.max_tokens"), shown(chat, "response.status")) == (7, 503)


def test_what_says_so_already_is_left_untouched(chat: Path) -> None:
    before, time = chat.read_bytes(), chat.stat().st_mtime_ns
    run = cassette("set", chat, "-i", "0", "request.max_tokens=4000")
    assert (run.returncode, run.stdout) == (0, f"{chat}: #0 says so already\n")
    assert (chat.read_bytes(), chat.stat().st_mtime_ns) == (before, time)
    assert cassette("set", chat, "-i", "0", "request.max_tokens=4000", "--check").returncode == 0


def test_check_and_diff_write_nothing(chat: Path) -> None:
    before = chat.read_bytes()
    check = cassette("set", chat, "-i", "0", "request.max_tokens=1", "--check")
    assert (check.returncode, check.stdout) == (1, f"{chat}: would set request.max_tokens of #0\n")
    diff = cassette("set", chat, "-i", "0", "request.max_tokens=1", "--diff")
    assert diff.returncode == 0
    assert '"max_tokens":1,' in diff.stdout
    assert chat.read_bytes() == before


def test_what_show_prints_can_be_read_from_a_file_and_from_stdin(whole: Path, tmp_path: Path) -> None:
    text = tmp_path / "new.txt"
    text.write_text("from a file\n\n", "utf-8")
    assert cassette("set", whole, f"reply.text=@{text}").returncode == 0
    assert shown(whole, "reply.text") == "from a file\n"
    assert cassette("set", whole, "reply.text=-", stdin=b"from stdin\n").returncode == 0
    assert shown(whole, "reply.text") == "from stdin"
    assert cassette("set", whole, "reply.text=@@home=1").returncode == 0
    assert shown(whole, "reply.text") == "@home=1"


def test_a_filter_reads_stdin_and_writes_stdout(whole: Path, tmp_path: Path) -> None:
    raw = whole.read_bytes()
    run = cassette("set", "-", "response.status=404", stdin=raw)
    assert run.returncode == 0
    assert run.stdout.encode() == raw.replace(b"code: 200", b"code: 404").replace(b": OK", b": Not Found")
    cassette("set", whole, "response.status=404", "-o", tmp_path / "out.yaml")
    assert (tmp_path / "out.yaml").read_text("utf-8") == run.stdout
    assert whole.read_bytes() == raw


def test_the_interactions_are_listed_where_one_must_be_chosen(chat: Path) -> None:
    run = cassette("set", chat, "request.max_tokens=1")
    assert run.returncode == 2
    assert f"{chat}: there are 2 interactions: say which\n  -i 0  POST https://router" in run.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["reply.text=a", "tide-and-anchor"], "cassette: value 2: write WHERE=VALUE"),  # and tells it not
        (["=x"], "write WHERE=VALUE"),
        (["reply.text=a", "reply.text=b"], "reply.text is given twice"),
        (["reply.text=@nowhere.txt"], "nowhere.txt: no such file"),
        (["reply.text=-", "request.model=-"], "stdin can be read once only"),
        (["reply.txt=x"], "whole.yaml: no value reply.txt"),
        (["request.temperature=warm"], "no JSON (expecting value); it is a number now"),
        (["-i", "7", "reply.text=x"], "no interaction 7: the last one is 0"),
        (["reply.text=x", "--check", "-o", "x.yaml"], "-o writes the result, --check writes none"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_set_is_said_with_2(
    whole: Path, arguments: list[str], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    before = whole.read_bytes()
    code, out, error = in_process(capfd, "set", whole, *arguments)
    assert (code, out) == (2, "")
    assert message in error
    assert whole.read_bytes() == before


def test_a_file_that_is_none_is_said_with_2(tmp_path: Path) -> None:
    assert "no such file" in cassette("set", tmp_path / "x.yaml", "reply.text=x").stderr
    assert "this is a folder: name one cassette" in cassette("set", tmp_path, "reply.text=x").stderr
    (tmp_path / "y.yaml").write_text("a: 1\n", "utf-8")
    assert cassette("set", tmp_path / "y.yaml", "reply.text=x").returncode == 2


def test_no_secret_is_printed_unless_it_is_revealed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(vcrpy(asked=f"{{Authorization: [Bearer {KEY}]}}"), "utf-8")
    other = KEY[:20] + KEY[:19:-1]
    for value in (f"Bearer {other}", "Bearer"):
        arguments = ("set", path, f"request.headers.Authorization={value}")
        for options in (["--diff"], ["--check"], ["--diff", "--color"]):
            _, out, error = in_process(capfd, *arguments, *options)
            assert not {KEY, other} & {word.strip("]}',") for word in (out + error).split()}
    assert KEY in in_process(capfd, "set", path, "request.headers.Authorization=x", "--diff", "--reveal")[1]


def test_an_error_tells_no_secret(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(vcrpy(url=f"https://x.test/?api_key={KEY}"), "utf-8")
    double = path.read_text("utf-8").replace("version: 1\n", "") + path.read_text("utf-8").partition("\n")[2]
    path.write_text(double, "utf-8")
    run = cassette("set", path, "response.status=404")
    assert run.returncode == 2
    assert KEY not in run.stderr


def test_a_name_cannot_reach_the_terminal(whole: Path) -> None:
    path = whole.rename(whole.with_name("a\x1b[31m[bold]b.yaml"))
    run = cassette("set", path, "reply.text=x", "--check", "--color")
    assert r"a\x1b[31m[bold]b.yaml: would set reply.text of #0" in run.stdout


def test_the_interactions_to_choose_from_are_told_by_what_they_replied(chat: Path) -> None:
    told = cassette("set", chat, "reply.text=a").stderr.splitlines()
    assert told[1].endswith(" → 200  weather()")
    assert told[2].endswith(" → 200  Right now it’s a hot 40 °C in Florence, Italy.")


def test_a_reply_with_a_key_is_masked_where_one_must_be_chosen(tmp_path: Path) -> None:
    entry = vcrpy(
        '\'{"model": "m", "messages": []}\'', f'\'{{"choices": [{{"message": {{"content": "{KEY}"}}}}]}}\''
    )
    twice = entry.replace("version: 1\n", "") + entry.partition("interactions:\n")[2]
    (tmp_path / "a.yaml").write_text(twice)
    told = cassette("set", tmp_path / "a.yaml", "reply.text=a").stderr
    assert "there are 2 interactions" in told
    assert "  ****" in told
    assert KEY[:12] not in told


def test_of_the_usage_the_figures_are_named_that_can_be_set(chat: Path) -> None:
    run = cassette("set", chat, "-i", "1", "reply.usage=foo")
    assert run.returncode == 2
    assert (
        "reply.usage: this is put together here: set usage.input_tokens or usage.output_tokens" in run.stderr
    )

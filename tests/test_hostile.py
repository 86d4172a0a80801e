"""Input that wants to do harm, and luck that does: what `.github/SECURITY.md` promises, held.

What is fed to all readers at random is in `tests/fuzz.py`; here are the inputs that once did harm.
"""

import base64
import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cassette_cli import files
from cassette_cli.cli import diff, grep, redact, run, show, stats, validate
from cassette_cli.cli.git import textconv
from cassette_cli.cli.redact_job import Format
from cassette_cli.cli.redact_rules import What
from cassette_cli.errors import BadRequest, CassetteError, Refused, Unreadable
from cassette_cli.files import find, read
from cassette_cli.merge import merge
from cassette_cli.recorders import read_cassette
from cassette_cli.source.document import Document
from cassette_cli.source.inflate import inflate
from cassette_cli.source.jsontree import load_json
from tests import fuzz
from tests.report.pages import HOSTILE, SAMPLES, conversation
from tests.test_cli import cassette, vcrpy

LEAKING = (SAMPLES / "vcrpy" / "leaking.yaml").read_bytes()


@pytest.fixture(autouse=True)
def _exceptions_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASSETTE_DEBUG", "1")


Command = Callable[[str], None]
COMMANDS: dict[str, Command] = {
    "show": lambda path: show.show([path], headers=True, full=True),
    "summary": lambda path: show.show([path], summary=True),
    "json": lambda path: show.show([path], format_=show.Format.JSON),
    "html": lambda path: show.show([path], format_=show.Format.HTML),
    "markdown": lambda path: show.show([path], format_=show.Format.MARKDOWN),
    "grep": lambda path: grep.grep(".+", [path]),
    "stats": lambda path: stats.stats([path]),
    "validate": lambda path: validate.validate([path], enable=["hygiene"]),
    "github": lambda path: validate.validate([path], format_=Format.GITHUB),
    "redact": lambda path: redact.redact(What.ALL, [path], check=True),
    "diff": lambda path: diff.diff([path, str(SAMPLES / "vcrpy" / "leaking.yaml")]),
    "textconv": lambda path: textconv(path),
}
every_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)


def ran(command: Command, path: Path | str) -> str:
    """What the command writes; fails where it breaks, or where a terminal would obey."""
    return fuzz.ran(partial(command, str(path)))


# -- anything at all ---------------------------------------------------------------------------------


@pytest.mark.parametrize("target", fuzz.TARGETS)
def test_no_mutant_of_a_sample_breaks_anything(target: str, tmp_path: Path) -> None:
    cases = fuzz.cases(4, tmp_path, fuzz.samples())
    assert [fuzz.attempt(fuzz.TARGETS[target], next(cases)) for _ in range(10)] == [None] * 10


def test_the_fuzzer_finds_what_there_is_to_find(tmp_path: Path) -> None:
    def broken(case: fuzz.Case) -> None:
        print(json.loads(case.mutant)["interactions"])

    case = next(fuzz.cases(4, tmp_path, fuzz.samples()))._replace(mutant=b"{}")
    assert str(fuzz.attempt(broken, case)).startswith("KeyError: 'interactions'")
    with pytest.raises(fuzz.Find, match="a terminal would obey"):
        fuzz.ran(lambda: print("\x1b[31m"))
    with pytest.raises(fuzz.Find, match="exit -1"):
        fuzz.ran(lambda: None)


# -- what is on the screen -------------------------------------------------------------------------

TEXTS = (
    *HOSTILE,
    "\x1b]8;;http://evil.example/\x1b\\link\x1b]8;;\x1b\\",
    "[bold red]x[/bold red] [/] [link=http://evil.example]y[/link]",
    "\x1b[2J\x1b]0;title\x07\x9b31m\r\x85\u2028\u202e",
)


@every_command
def test_no_text_of_a_cassette_is_obeyed_by_a_terminal(command: Command, tmp_path: Path) -> None:
    for number, text in enumerate(TEXTS):
        path = tmp_path / f"{number}.json"
        path.write_bytes(conversation(text))
        ran(command, path)


@every_command
def test_the_version_that_a_file_claims_is_content_too(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"version": "\x1b]0;own\x07\n\u202e", "interactions": []}))
    ran(command, path)


def test_markup_is_shown_as_it_stands(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(conversation("[bold red]x[/]"))
    assert "[bold red]x[/]" in ran(COMMANDS["show"], path)


NAMES = (
    b"a\nb.yaml",
    b"\x1b[31mred\x1b]0;own\x07.yaml",
    b"--json.yaml",
    b"x" * 250 + b".yaml",
    b"\xff\xfe\x80.yaml",
    "\u202egpj\u2028.yaml".encode(),
    b"[bold]<img src=x onerror=alert(1)>.yaml",
    b"::error file=a,line=1::b%0A.yaml",
    b"`$(touch owned)`|%s{}'\".yaml",
)


@every_command
def test_no_file_name_is_obeyed_by_a_terminal_or_a_shell(command: Command, tmp_path: Path) -> None:
    for name in NAMES:
        path = os.fsencode(tmp_path) + b"/" + name
        try:
            Path(os.fsdecode(path)).write_bytes(LEAKING)
        except OSError:  # a file system that has no such names
            continue
        ran(command, os.fsdecode(path))
        Path(os.fsdecode(path)).unlink()
    assert list(tmp_path.iterdir()) == []


# -- bombs -----------------------------------------------------------------------------------------


def packed(data: bytes, coding: str = "gzip") -> str:
    """A cassette whose reply is these bytes."""
    text = vcrpy("''", f"!!binary {base64.b64encode(data).decode()}")
    return text.replace("headers: {}\n    status", f"headers: {{content-encoding: [{coding}]}}\n    status")


def test_what_stays_small_is_unpacked_whatever_its_ratio(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(packed(gzip.compress(b"word " * 300_000)))
    assert "word word" in ran(COMMANDS["show"], tmp_path / "a.yaml")


def test_a_body_that_unpacks_to_hundreds_of_times_its_size_is_left_packed(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(packed(gzip.compress(b"word " * 500_000)))
    assert "data unpacks to more than 2 MiB; left as it is" in ran(COMMANDS["show"], tmp_path / "a.yaml")


def test_unpacking_takes_time_by_size_and_not_by_members() -> None:
    begin = time.monotonic()
    assert inflate(gzip.compress(b"", mtime=0) * 100_000, 31, 10).ended  # 20 s where each copies what follows
    assert time.monotonic() - begin < 5


def repeated(body: str, times: int) -> bytes:
    """A cassette of one interaction and so many aliases of it."""
    before, _, after = vcrpy("''", json.dumps(body)).partition("- ")
    return f"{before}- &a\n  {after}".replace("version: 1\n", "- *a\n" * times).encode()


def test_an_interaction_may_stand_again_by_aliases() -> None:
    assert len(read_cassette(Document("a.yaml", repeated("x" * 1000, 500))).interactions) == 501


def test_aliases_that_make_a_small_file_huge_are_refused() -> None:
    with pytest.raises(Unreadable, match="aliases repeat bodies to many times the size of the file"):
        read_cassette(Document("a.yaml", repeated("x" * 100_000, 500)))


@pytest.mark.parametrize("depth", [200, 330, 950, 5000])
@every_command
def test_no_depth_of_json_exhausts_the_stack(command: Command, depth: int, tmp_path: Path) -> None:
    deep = '{"a":' * depth + "1" + "}" * depth
    asked = f'{{"model": "m", "messages": [{{"role": "user", "content": "x"}}], "metadata": {deep}}}'
    calls = [{"id": "1", "type": "function", "function": {"name": "f", "arguments": deep}}]
    said = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "", "tool_calls": calls}}]}
    stream = (
        f'data: {{"choices": [{{"index": 0, "delta": {{"content": "a"}}, "x": {deep}}}]}}\n\ndata: {deep}\n\n'
    )
    for number, reply in enumerate((json.dumps(said), stream, f"{deep}\n{deep}", deep)):
        path = tmp_path / f"{number}.yaml"
        path.write_text(vcrpy(json.dumps(asked), json.dumps(reply)))
        ran(command, path)


def test_a_value_as_deep_as_a_tree_may_be_is_read() -> None:
    value = load_json("[" * 200 + "]" * 200)
    for _ in range(199):
        assert isinstance(value, list)
        value = value[0]
    assert value == []


@pytest.mark.parametrize("text", ["[" * 201 + "]" * 201, '{"":' * 201 + "1" + "}" * 201, "[" * 100_000])
def test_a_deeper_value_is_an_error_as_broken_json_is(text: str) -> None:
    with pytest.raises(ValueError, match="nested more than 200 deep"):
        load_json(text)


# -- bytes that are no text ------------------------------------------------------------------------

TEXT = LEAKING.decode()
READ = {
    "utf-16": TEXT.encode("utf-16"),
    "utf-32": TEXT.encode("utf-32"),
    "bom": b"\xef\xbb\xbf" + LEAKING,
    "cr": LEAKING.replace(b"\n", b"\r"),
    "mixed line ends": LEAKING.replace(b"\n", b"\r\n", 7),
}
NOT_READ = {
    "utf-16 without its mark": (TEXT.encode("utf-16-le"), ":1:1: looks like UTF-16 without its byte order"),
    "half a character": (b"\xff\xfea", ":1:1: byte 0x61 is not UTF-16-LE text; save the file as UTF-8"),
    "latin-1": (LEAKING.replace(b"openai", b"op\xe9nai", 1), ":12:9: byte 0xe9 is not UTF-8 text"),
    "a lone surrogate": (
        LEAKING.replace(b"openai", b"\xed\xa0\x80", 1),
        ":12:7: byte 0xed is not UTF-8 text",
    ),
    "nul": (LEAKING.replace(b"openai", b"open\0ai", 1), ":12:11: not YAML: the character U+0000 is not"),
    "nothing but nul": (b"\0" * 1000, ":1:1: not a cassette"),
    "cut gzip": (b"\x1f\x8b\x08\0", ": the gzip file is cut short; restore it"),
}


@pytest.mark.parametrize("data", READ.values(), ids=READ)
def test_the_same_is_redacted_in_any_encoding_and_with_any_line_ends(data: bytes, tmp_path: Path) -> None:
    paths = tmp_path / "a.yaml", tmp_path / "b.yaml"
    for path, content in zip(paths, (data, LEAKING), strict=True):
        path.write_bytes(content)
        fuzz.ran(partial(redact.redact, What.ALL, [str(path)]))
    lines = [Document("x", path.read_bytes()).text.split() for path in paths]
    assert lines[0] == lines[1] != LEAKING.decode().split()


@pytest.mark.parametrize(("data", "message"), NOT_READ.values(), ids=NOT_READ)
def test_what_is_no_text_is_told_with_its_place(data: bytes, message: str) -> None:
    with pytest.raises(CassetteError) as caught:
        read_cassette(Document("a.yaml", data))
    assert f"a.yaml{message}" in str(caught.value)


# -- what is no file -------------------------------------------------------------------------------


def named(*paths: Path) -> list[str]:
    return [Path(found.path).name for found in find(map(str, paths), (".yaml",))]


def test_a_walk_takes_plain_files_and_symlinks_to_them_and_nothing_else(tmp_path: Path) -> None:
    folder, outside = tmp_path / "in", tmp_path / "out.yaml"
    (folder / "dir.yaml").mkdir(parents=True)
    outside.write_bytes(LEAKING)
    (folder / "a.yaml").write_bytes(LEAKING)
    (folder / "inside.yaml").symlink_to("a.yaml")
    (folder / "outside.yaml").symlink_to(outside)
    (folder / "loop.yaml").symlink_to("loop.yaml")
    (folder / "self").symlink_to(".")
    (folder / "zero.yaml").symlink_to("/dev/zero")
    os.mkfifo(folder / "fifo.yaml")
    assert named(folder) == ["a.yaml", "inside.yaml"]
    assert named(folder / "outside.yaml") == ["outside.yaml"]  # by name, it is meant
    subprocess.run(["git", "init", "-q", folder], check=True)
    assert named(folder) == ["a.yaml", "inside.yaml"]


def test_what_has_no_end_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 1024)
    with pytest.raises(Unreadable, match="larger than"):
        read("/dev/zero")


def test_a_name_that_is_too_long_is_told() -> None:
    with pytest.raises(BadRequest, match="file name too long; check the path"):
        list(find(["x" * 300], (".yaml",)))


def stub(folder: Path, body: Callable[[Path], object]) -> Any:
    """The response's body of a stub whose body stands in a file of its own."""
    (folder / "__files").mkdir(parents=True)
    body(folder / "__files" / "photo.httprr")
    request, response = {"method": "GET", "url": "/"}, {"status": 200, "bodyFileName": "photo.httprr"}
    (folder / "a.json").write_text(json.dumps({"request": request, "response": response}))
    document = Document(str(folder / "a.json"), (folder / "a.json").read_bytes())
    return read_cassette(document).interactions[0].response.body


def test_a_body_beside_the_cassette_is_read(tmp_path: Path) -> None:
    assert stub(tmp_path, lambda path: path.write_text("mine")).text == "mine"


def _elsewhere(path: Path) -> None:
    path.parent.rmdir()
    path.parent.symlink_to(SAMPLES / "httprr")


ELSEWHERE: dict[str, Callable[[Path], object]] = {
    "file": lambda path: path.symlink_to(SAMPLES / "vcrpy" / "leaking.yaml"),
    "device": lambda path: path.symlink_to("/dev/zero"),
    "fifo": os.mkfifo,
    "folder": _elsewhere,
}


@pytest.mark.parametrize("link", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_body_that_leads_elsewhere_is_not_followed(link: Callable[[Path], object], tmp_path: Path) -> None:
    body = stub(tmp_path, link)
    assert (body.is_empty, "cannot be read" in body.missing) == (True, True)


def test_a_config_that_is_a_device_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(LEAKING)
    (tmp_path / "pyproject.toml").symlink_to("/dev/zero")
    done = cassette("redact", "all", "--check", "a.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("pyproject.toml: is no plain file; put one there or take it away\n")


# -- the process and its surroundings --------------------------------------------------------------


def shell(line: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(SAMPLES.parent), "CASSETTE_DEBUG": ""}
    command = f'cassette() {{ "{sys.executable}" -m cassette_cli "$@"; }}; {line}'
    return subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, check=False, cwd=cwd, env=environment
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device")
@pytest.mark.parametrize("command", ["show a.yaml", "show a.yaml --format html", "--help", "--version"])
def test_an_output_that_is_full_is_told(command: str, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(LEAKING)
    done = shell(f"cassette {command} > /dev/full", tmp_path)
    assert (done.returncode, done.stderr) == (2, "cassette: cannot write: No space left on device\n")


@pytest.mark.parametrize(
    ("command", "code"),
    [("show a.yaml >&-", 0), ("show - <&-", 2), ("redact all a.yaml <&- >&- 2>&-", 0), ("show x 2>&-", 2)],
)
def test_closed_streams_are_no_bug(command: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(LEAKING)
    assert shell(f"cassette {command}", tmp_path).returncode == code
    assert [path.name for path in tmp_path.iterdir()] == ["a.yaml"]


def test_ctrl_c_while_the_command_starts_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    done = subprocess.run(
        [sys.executable, "-m", "cassette_cli", "--version"],
        capture_output=True,
        check=False,
        env=os.environ | {"PYTHONPATH": f"{tmp_path}:{SAMPLES.parent}"},
    )
    assert (done.returncode, done.stderr) == (-signal.SIGINT, b"")


def test_a_process_that_is_killed_is_told_in_clear_words() -> None:
    code = (
        "import os, signal; from cassette_cli.cli import run\n"
        "kill = lambda n: os.kill(os.getpid(), signal.SIGKILL)\n"
        "run.finish(lambda: list(run._forked(kill, [1, 2], [range(1), range(1, 2)], 2)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "a process was killed" in done.stderr
    assert "run again with --jobs 1" in done.stderr
    assert "bug" not in done.stderr
    assert run.Run().code == 0


def test_several_at_once_on_one_file_leave_it_whole_and_clean(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(LEAKING)
    command = [sys.executable, "-m", "cassette_cli", "redact", "all", str(path)]
    at_once = [
        subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": str(SAMPLES.parent)},
        )
        for _ in range(4)
    ]
    told = [(process.communicate()[1], process.returncode) for process in at_once]
    assert all(code == 0 or (code == 2 and b"by someone else meanwhile" in error) for error, code in told)
    assert 0 in [code for _, code in told]
    fuzz.ran(partial(redact.redact, What.ALL, [str(path)], check=True))
    assert [found.name for found in tmp_path.iterdir()] == ["a.yaml"]


# -- finds of the fuzzer ---------------------------------------------------------------------------


def merged(number: str) -> tuple[str, str]:
    """What a merge makes of a file whose second interaction has this number on one side, and that side."""
    text = (SAMPLES / "go-vcr" / "tool_streaming.yaml").read_text().replace("version: 2", "version: &a 2", 1)
    ours = text.replace("id: 1\n", f"id: {number}\n", 1)
    assert ours != text
    base, own, theirs = (Document("a.yaml", one.encode()) for one in (text, ours, text))
    return merge(base, own, theirs).text, ours


@pytest.mark.parametrize("number", ["7", "0x1", "1_0", "!!int 1", "'1'", "~"])
def test_a_number_that_is_spelt_strangely_is_no_reason_not_to_merge(number: str) -> None:
    text, ours = merged(number)
    assert text == ours


@pytest.mark.parametrize("number", ["&b 1", "*a"])
def test_a_number_with_an_anchor_is_left_to_git(number: str) -> None:
    with pytest.raises(Refused, match="the interactions have anchors"):
        merged(number)


# -- the promises ----------------------------------------------------------------------------------


def test_each_test_that_a_promise_names_exists() -> None:
    root = SAMPLES.parent
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", (root / ".github" / "SECURITY.md").read_text())
    assert len(named) > 20
    for file, test in named:
        assert f"def {test}(" in (root / file).read_text(), f"{file}::{test}"

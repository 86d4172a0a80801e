"""`cassette stats`: sums that agree with what `show` says, and screens that fit."""

import json
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest

from cassette_cli.recorders import read_cassette
from cassette_cli.report.suite import Suite
from cassette_cli.report.terminal import Screen, width_of
from cassette_cli.selection import Selection
from cassette_cli.source.document import Document
from cassette_cli.stats import By, Stats, facts, sum_up
from tests.test_cli import SAMPLES, cassette

FOLDERS = [SAMPLES / "go-vcr", SAMPLES / "vcrpy", SAMPLES / "har"]
FILES = [
    path
    for folder in FOLDERS
    for path in sorted(folder.iterdir())
    if path.suffix in (".yaml", ".har", ".json") and ".expected" not in path.name
]


def suite(*paths: Path, selection: Selection | None = None) -> Stats:
    cassettes = [read_cassette(Document(str(path), path.read_bytes())) for path in paths]
    return sum_up([facts(one, selection or Selection()) for one in cassettes])


def drawn(stats: Stats, width: int, monkeypatch: pytest.MonkeyPatch, by: By | None = None) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    out = StringIO()
    with Screen(False, out) as screen:
        told = Suite(screen, stats, None)
        told.table(by) if by else told.overview()
    return out.getvalue()


def test_nothing_is_nothing() -> None:
    stats = sum_up([])
    assert (stats.total.files, stats.total.interactions, stats.bytes) == (0, 0, 0)
    assert not any(stats.groups.values())


def test_the_counts_are_those_of_show() -> None:
    shown = json.loads(cassette("show", *FOLDERS, "--json").stdout)["cassettes"]
    told = json.loads(cassette("stats", *FOLDERS, "--json").stdout)
    interactions = [one for entry in shown for one in entry["interactions"]]
    exchanges = [one["exchange"] for one in interactions]
    assert (told["files"], told["interactions"]) == (len(shown), len(interactions))
    assert {one["name"]: one["interactions"] for one in told["by"]["dialect"]} == Counter(
        exchange["dialect"] if exchange else None for exchange in exchanges
    )
    assert {one["name"]: one["interactions"] for one in told["by"]["model"]} == Counter(
        exchange["model"] if exchange else None for exchange in exchanges
    )
    frames = {"status": 101}  # a WebSocket's answer, which `show` tells as frames
    statuses = Counter((one["response"] or frames)["status"] for one in interactions)
    assert {one["name"]: one["interactions"] for one in told["by"]["status"]} == {
        str(status) if status else None: count for status, count in statuses.items()
    }
    usages = [exchange["usage"] for exchange in exchanges if exchange and exchange["usage"]]
    assert told["output_tokens"] == sum(usage["output_tokens"] or 0 for usage in usages)
    assert told["cut_streams"] == sum(not exchange["complete"] for exchange in exchanges if exchange)
    assert told["bytes"] == sum(path.stat().st_size for path in FILES)
    longest = max((one["duration_ms"] or 0) for one in interactions)
    assert told["slowest"][0]["duration_ms"] == longest
    assert told["largest"][0]["bytes"] == max(path.stat().st_size for path in FILES)


@pytest.mark.parametrize("by", By)
def test_each_table_counts_every_interaction_once(by: By) -> None:
    stats = suite(*FILES)
    assert sum(group.interactions for group in stats.groups[by]) == stats.total.interactions


@pytest.mark.parametrize("width", [60, 80, 160])
def test_no_line_is_wider_than_the_screen(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    stats = suite(*FILES)
    for text in (drawn(stats, width, monkeypatch), *(drawn(stats, width, monkeypatch, by) for by in By)):
        assert max(map(width_of, text.splitlines()[1:])) <= width


def test_the_longest_bar_is_that_of_the_most_and_none_is_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = drawn(suite(*FILES), 100, monkeypatch, By.STATUS).splitlines()[3:]
    bars = [len(row.rpartition("  ")[2]) for row in rows]
    assert bars == sorted(bars, reverse=True)
    assert min(bars) > 0


def test_what_cannot_draw_blocks_gets_ascii() -> None:
    run = cassette("stats", *FOLDERS, "--by", "status", PYTHONIOENCODING="ascii")
    assert "##" in run.stdout
    assert "█" not in run.stdout


def test_the_selectors_pick_what_is_counted() -> None:
    told = json.loads(cassette("stats", *FOLDERS, "--json", "--status", "4xx").stdout)
    assert [one["name"] for one in told["by"]["status"]] == ["429"]
    assert told["files"] == told["interactions"] == 1


def test_top_tells_that_many_of_each() -> None:
    run = cassette("stats", *FOLDERS, "--by", "host", "--top", "2")
    assert run.stdout.splitlines()[-1].endswith("more (--top)")
    assert len(run.stdout.splitlines()) == 3 + 2 + 1


def test_a_name_that_is_none_is_an_error_and_a_bad_file_does_not_stop_the_others(tmp_path: Path) -> None:
    run = cassette("stats", *FOLDERS, "--by", "colour")
    assert run.returncode == 2
    assert "recorder, dialect, model, host, status" in run.stderr
    (tmp_path / "broken.yaml").write_text("interactions:\n- request: {url: 'x\n", "utf-8")
    run = cassette("stats", tmp_path / "broken.yaml", *FOLDERS, "--json")
    assert (run.returncode, len(json.loads(run.stdout)["errors"])) == (2, 1)


def test_the_newest_are_as_many_as_the_oldest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for day in range(10, 22):
        (tmp_path / f"{day}.yaml").write_text(
            "interactions:\n"
            + "".join(
                f"- request: {{body: null, headers: {{}}, method: GET, uri: 'https://a.example'}}\n"
                f"  response: {{body: {{}}, headers: {{date: [{date!r}]}}, status: {{code: 200}}}}\n"
                for date in (f"2025-01-{day}T00:00:00Z", f"2025-02-{day}T00:00:00Z")
            )
            + "version: 1\n"
        )
    stats = suite(*sorted(tmp_path.iterdir()))
    dates = [line.split()[-3] for line in drawn(stats, 200, monkeypatch).splitlines() if "  #" in line]
    assert dates == [f"2025-01-{day}" for day in range(10, 15)] + [
        f"2025-02-{day}" for day in range(21, 16, -1)
    ]
    few = suite(*sorted(tmp_path.iterdir())[:7])
    assert drawn(few, 200, monkeypatch).count("2025-02") == 2
    told = json.loads(cassette("stats", tmp_path, "--json").stdout)
    assert [one["recorded_at"][:7] for one in told["newest"]] == ["2025-02"] * 5

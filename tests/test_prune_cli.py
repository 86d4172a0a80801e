"""`cassette prune` as people meet it: what it says, what it writes, how it ends."""

import json
from pathlib import Path

import pytest

from tests.test_cli import SAMPLES, cassette
from tests.test_merge import govcr, vcrpy

LEAKING = SAMPLES / "vcrpy" / "leaking.yaml"
SECRET = "csk-qu7qsvgsw2dkd3yb98xwfatcgibqp4sxrxqk994zlikc1o4n"  # noqa: S105 - planted


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "one.yaml").write_text(govcr(*"abca"))
    (tmp_path / "two.yaml").write_text(vcrpy(*"ab"))
    return tmp_path


def _texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["interactions", "one.yaml"], "say which"),
        (["interactions", "one.yaml", "--invert"], "say which"),
        (["interactions", "one.yaml", "-i", "4"], "one.yaml: no interaction 4: the last one is 3"),
        (["interactions", "one.yaml", "-i", "0,4"], "no interaction 4"),
        (["interactions", ".", "-i", "7"], "no interaction 7: the last one is 3"),
        (["interactions", "one.yaml", "-i", "x"], "0-based"),
        (["interactions", "one.yaml", "-i", "0", "-o", "x.yaml", "--check"], "-o writes"),
        (["interactions", ".", "-i", "0", "-o", "x.yaml"], "one file"),
        (["interactions", "none.yaml", "-i", "0"], "no such file"),
        (["headers", "one.yaml"], "--only GLOB"),
        (["headers", "one.yaml", "--only", "a", "--all-but", "b"], "--only GLOB"),
    ],
)
def test_what_makes_no_sense_is_said_and_nothing_is_written(
    folder: Path, options: list[str], words: str
) -> None:
    before = _texts(folder)
    run = cassette("prune", *options, cwd=folder)
    assert run.returncode == 2
    assert words in run.stderr
    assert _texts(folder) == before


@pytest.mark.parametrize(
    "options",
    [
        ["interactions", ".", "--url", "nowhere"],
        ["interactions", ".", "--failed"],
        ["interactions", ".", "--status", "2xx", "--invert"],
        ["headers", ".", "--only", "x-nothing"],
    ],
)
def test_nothing_selected_is_said_and_is_no_error(folder: Path, options: list[str]) -> None:
    before = _texts(folder)
    run = cassette("prune", *options, cwd=folder)
    assert (run.returncode, run.stdout, run.stderr) == (0, "nothing to prune in 2 files\n", "")
    assert _texts(folder) == before


@pytest.mark.parametrize(
    ("options", "one", "two"),
    [
        (["-i", "0"], "bca", "b"),
        (["-i", "1-2"], "aa", "a"),
        (["--url", "*/a"], "bc", "b"),
        (["--url", "*/a", "--invert"], "aa", "a"),
        (["--duplicates"], "abc", "ab"),
        (["--duplicates", "-i", "0-2"], "abca", "ab"),
        (["--url", "*/a", "-i", "3"], "abc", "ab"),
    ],
)
def test_selected_interactions_go(folder: Path, options: list[str], one: str, two: str) -> None:
    assert cassette("prune", "interactions", ".", *options, cwd=folder).returncode == 0
    assert _texts(folder) == {"one.yaml": govcr(*one), "two.yaml": vcrpy(*two)}


def test_check_and_diff_write_nothing(folder: Path) -> None:
    before = _texts(folder)
    check = cassette("prune", "interactions", ".", "-i", "1", "--check", cwd=folder)
    assert check.returncode == 1
    assert check.stdout.splitlines() == [
        "one.yaml",
        "  #1  GET  http://x/b  200",
        "two.yaml",
        "  #1  GET  http://x/b  200",
        "would prune 2 interactions in 2 of 2 files",
    ]
    diff = cassette("prune", "interactions", ".", "-i", "1", "--diff", cwd=folder)
    assert diff.returncode == 0
    assert "-    uri: http://x/b\n" in diff.stdout
    assert _texts(folder) == before


def test_a_diff_masks_what_goes_unless_it_is_to_be_revealed() -> None:
    masked = cassette("prune", "interactions", LEAKING, "-i", "0", "--diff", "--color")
    assert "****" in masked.stdout
    assert SECRET not in masked.stdout
    shown = cassette("prune", "headers", LEAKING, "--only", "authorization", "--diff", "--reveal")
    assert SECRET in shown.stdout


def test_a_filter_reads_stdin_and_writes_stdout(folder: Path) -> None:
    run = cassette("prune", "interactions", "-", "-i", "1", stdin=govcr(*"abc").encode())
    assert (run.returncode, run.stdout, run.stderr) == (0, govcr(*"ac"), "")
    run = cassette("prune", "interactions", "one.yaml", "-i", "1", "-o", "new.yaml", cwd=folder)
    assert (run.returncode, run.stdout) == (0, "")
    assert _texts(folder)["new.yaml"] == govcr(*"aca")
    assert _texts(folder)["one.yaml"] == govcr(*"abca")


def test_duplicates_name_the_first_and_warn_of_replay(folder: Path) -> None:
    run = cassette("prune", "interactions", "one.yaml", "--duplicates", cwd=folder)
    assert "the same as #0" in run.stdout
    assert "gives replies in turn" in run.stderr


def test_json_tells_what_goes(folder: Path) -> None:
    run = cassette("prune", "interactions", ".", "-i", "3", "--json", "--check", cwd=folder)
    assert run.returncode == 1
    assert json.loads(run.stdout) == {
        "schema": "cassette.prune/1",
        "files": 2,
        "pruned": [
            {
                "path": "one.yaml",
                "line": 31,
                "interaction": 3,
                "method": "GET",
                "url": "http://x/a",
                "status": 200,
            }
        ],
        "errors": [],
    }
    run = cassette("prune", "headers", LEAKING, "--only", "auth*", "--json", "--check")
    wheres = [one["where"] for one in json.loads(run.stdout)["pruned"]]
    assert wheres
    assert all(where.startswith("request.headers.authorization") for where in wheres)


def test_one_bad_file_does_not_stop_the_others(folder: Path) -> None:
    (folder / "bad.yaml").write_text("interactions: [")
    run = cassette("prune", "interactions", ".", "-i", "0", cwd=folder)
    assert run.returncode == 2
    assert "bad.yaml" in run.stderr
    assert _texts(folder)["one.yaml"] == govcr(*"bca")
    assert _texts(folder)["two.yaml"] == vcrpy("b")


def test_headers_are_told_and_go(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(LEAKING.read_bytes())
    run = cassette("prune", "headers", "a.yaml", "--request", "--all-but", "content-*", cwd=tmp_path)
    assert run.returncode == 0
    assert "#0  request  authorization" in run.stdout
    assert "authorization" not in (tmp_path / "a.yaml").read_text()
    assert cassette(
        "prune", "headers", "a.yaml", "--request", "--all-but", "content-*", cwd=tmp_path
    ).stdout == ("nothing to prune in 1 file\n")


def test_the_file_of_a_body_is_named_when_its_interaction_goes(tmp_path: Path) -> None:
    (tmp_path / "__files").mkdir()
    (tmp_path / "__files" / "chat.json").write_text("{}")
    (tmp_path / "stubs.json").write_bytes((SAMPLES / "wiremock" / "boats.json").read_bytes())
    run = cassette("prune", "interactions", "stubs.json", "-i", "0", "--check", cwd=tmp_path)
    assert "chat.json: held a body of #0, and stays" in run.stderr
    assert (tmp_path / "__files" / "chat.json").exists()


def test_a_secret_in_the_path_of_a_url_is_masked(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(vcrpy("a", "b").replace("http://x/a", f"http://x/{SECRET}/a"))
    for options in ([], ["--json"]):
        run = cassette("prune", "interactions", "a.yaml", "-i", "0", "--check", *options, cwd=tmp_path)
        assert "http://x/****/a" in run.stdout
        assert SECRET not in run.stdout + run.stderr


def test_a_file_that_cannot_be_written_is_not_said_to_have_nothing(folder: Path) -> None:
    (folder / "two.yaml").chmod(0o444)
    run = cassette("prune", "interactions", "two.yaml", "-i", "0", cwd=folder)
    assert (run.returncode, run.stdout) == (2, "")
    assert "read-only" in run.stderr


def test_a_directory_is_no_place_for_the_result(folder: Path) -> None:
    run = cassette("prune", "interactions", "two.yaml", "-i", "0", "-o", ".", cwd=folder)
    assert (run.returncode, run.stderr) == (2, "cassette: .: is a directory; name a file in it\n")


@pytest.mark.parametrize("paths", [["."], ["one.yaml", "./one.yaml"], [".", "one.yaml"], ["link.yaml", "."]])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_file_that_is_met_again_is_pruned_once(folder: Path, paths: list[str], jobs: str) -> None:
    (folder / "two.yaml").unlink()
    (folder / "link.yaml").symlink_to("one.yaml")
    run = cassette("prune", "interactions", *paths, "-i", "0", "--jobs", jobs, cwd=folder)
    assert run.stdout.endswith("pruned 1 interaction in 1 of 1 file\n")
    assert (folder / "one.yaml").read_text() == govcr(*"bca")


def _failing(*statuses: int) -> str:
    """The cassette of one request to each letter's place, with a status each."""
    return (
        "interactions:\n"
        + "".join(
            f"- request: {{body: null, headers: {{}}, method: GET, uri: 'https://a.example/{number // 2}'}}\n"
            f"  response: {{body: {{string: ''}}, headers: {{}}, status: {{code: {status}, message: OK}}}}\n"
            for number, status in enumerate(statuses)
        )
        + "version: 1\n"
    )


@pytest.mark.parametrize(
    ("statuses", "options", "told"),
    [
        ((500, 200), ["--failed"], ""),  # asked again, it is answered
        ((500, 500), ["--failed"], "#0 and 1 more: a test that makes this request will find no reply"),
        ((200, 200, 500), ["--failed"], "#2: a test that makes this request will find no reply"),
        ((200, 200, 500), ["--failed", "--duplicates"], "will find no reply"),
        ((200, 200, 200), ["--duplicates"], "a test that asks again misses the copies"),
    ],
)
def test_what_a_test_will_miss_is_said_of_what_goes(
    tmp_path: Path, statuses: tuple[int, ...], options: list[str], told: str
) -> None:
    (tmp_path / "a.yaml").write_text(_failing(*statuses))
    run = cassette("prune", "interactions", "a.yaml", *options, "--check", cwd=tmp_path)
    assert run.returncode == 1
    assert told in run.stderr
    assert bool(run.stderr) is bool(told)
    assert ("misses the copies" in run.stderr) is ("--duplicates" in options)


@pytest.mark.parametrize("word", ["tests", "orphan"])
def test_a_group_asks_for_what_is_to_go(word: str) -> None:
    run = cassette("prune", word, "--failed")
    assert run.returncode == 2
    assert f"No such command '{word}': say what: interactions, headers, orphans." in run.stderr

"""Splitting and merging: each interaction as it is written, and nothing lost between."""

import json
from pathlib import Path

import pytest

from cassette_cli.errors import BadRequest
from cassette_cli.model import Cassette
from cassette_cli.prune import prune
from cassette_cli.rewrite import Rewritten
from cassette_cli.split import Part, join, split
from tests.test_cli import SAMPLES, cassette
from tests.test_merge import FORMS, Form, govcr, minified, pretty, ruby, vcrpy
from tests.test_prune import ENDS, read, sample
from tests.test_prune import _polly as polly
from tests.test_prune import _seinfeld as seinfeld
from tests.test_prune import _stubs as stubs


def parts(whole: Cassette) -> list[Part]:
    return list(split(whole, str(Path(whole.document.name).parent)))


def joined(*texts: str) -> str:
    return join([read(text) for text in texts]).decode()


# -- what is refused -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ([vcrpy("a"), ruby("b")], "cannot be one file"),
        ([vcrpy("a"), pretty("b")], "block style"),
        ([pretty("a"), vcrpy("b")], "block style"),
        ([govcr("a"), govcr("b").replace("version: 2", "version: 1")], "has version 1"),
    ],
    ids=["other recorders", "block and flow", "flow and block", "other versions"],
)
def test_files_that_are_not_alike_are_not_merged(texts: list[str], words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        joined(*texts)


def test_entries_of_a_page_need_that_page() -> None:
    first = json.loads(polly(("a", 0)))
    other = json.loads(polly(("b", 0)))
    other["log"]["entries"][0]["pageref"] = "page_1"
    with pytest.raises(BadRequest, match="page"):
        joined(json.dumps(first), json.dumps(other))
    first["log"]["pages"] = [{"id": "page_1"}]
    assert "page_1" in joined(json.dumps(first), json.dumps(other))


@pytest.mark.parametrize("name", ["ddapm/photo_get_4e5f6071.json", "govcr/boats.json"])
def test_one_interaction_is_not_split(name: str) -> None:
    with pytest.raises(BadRequest, match="no two interactions"):
        parts(sample(name)) if len(sample(name).interactions) < 2 else parts(read(vcrpy("a")))


def test_a_body_beside_the_file_must_stay_beside_it(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="a file of its own"):
        list(split(sample("wiremock/boats.json"), str(tmp_path)))


# -- apart and together --------------------------------------------------------------------------------------


@FORMS
@pytest.mark.parametrize("ends", ["as it is", "CRLF", "byte order mark"])
def test_each_part_is_a_recording_of_its_own(form: Form, ends: str) -> None:
    whole = read(ENDS[ends](form(*"abc")))
    assert [part.content.decode() for part in parts(whole)] == [ENDS[ends](form(name)) for name in "abc"]


@FORMS
@pytest.mark.parametrize("ends", ENDS)
def test_merged_is_as_if_recorded_in_one(form: Form, ends: str) -> None:
    change = ENDS[ends]
    if form is not minified:  # in which one entry does not say what stands between two
        assert joined(*map(change, (form("a"), form("b"), form("c")))) == change(form(*"abc"))
    assert joined(change(form(*"ab")), change(form(*"cd")), change(form("e"))) == change(form(*"abcde"))


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(SAMPLES.glob("*/*.*")) if "expected" not in path.name],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_every_sample_is_one_again(path: Path) -> None:
    whole = sample(str(path.relative_to(SAMPLES)))
    if len(whole.interactions) < 2 or "&id0" in whole.document.text:
        return
    apart = [read(part.content, whole.document.name) for part in parts(whole)]
    assert join(apart) == whole.document.raw


def test_an_empty_file_adds_nothing() -> None:
    assert joined(govcr(), govcr("a"), govcr(), govcr("b")) == govcr(*"ab")
    assert joined(vcrpy(), vcrpy()) == vcrpy()


def test_a_list_in_another_column_is_moved() -> None:
    moved = (
        ruby(*"bc")
        .replace("\n", "\n  ")
        .replace("\n  http_", "\nhttp_")
        .replace("\n  recorded_w", "\nrecorded_w")
    )
    moved = moved.rstrip(" ")
    assert len(read(moved).interactions) == 2
    assert joined(ruby("a"), moved) == ruby(*"abc")
    back = joined(moved, ruby("a"))
    assert joined(ruby("d"), back) == ruby(*"dbca")


def test_line_ends_are_those_of_the_first_file() -> None:
    assert joined(vcrpy("a"), ENDS["CRLF"](vcrpy("b"))) == vcrpy(*"ab")
    assert joined(ENDS["CRLF"](vcrpy("a")), vcrpy("b")) == ENDS["CRLF"](vcrpy(*"ab"))


def test_numbers_are_counted_on() -> None:
    assert joined(polly(("a", 0), ("b", 0)), polly(("a", 0), ("a", 1), ("c", 0))) == polly(
        ("a", 0), ("b", 0), ("a", 1), ("a", 2), ("c", 0)
    )
    assert joined(seinfeld(("a", 0)), seinfeld(("a", 0))) == seinfeld(("a", 0), ("a", 1))
    one, two = stubs(("Started", "one"), total=1), stubs(("one", "two"), total=1)
    assert joined(one, two) == stubs(("Started", "one"), ("one", "two"), total=2)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.openai.com/v1/chat/completions", "0-get-v1-chat-completions"),
        ("https://x/v1/files/file-abc123DEF/content?key=sk-123", "0-get-v1-files-content"),
        ("https://x/bot110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw/getMe", "0-get-getme"),
        ("https://x/../../etc/passwd", "0-get-etc-passwd"),
        ("https://x/%2e%2e/\x1b[31m", "0-get"),
        ("https://x", "0-get"),
    ],
)
def test_a_name_speaks_and_tells_no_secret(url: str, name: str) -> None:
    text = pretty("a", "b").replace("http://x/a", json.dumps(url)[1:-1])
    assert parts(read(text, "a.json"))[0].name == f"{name}.json"


# -- the commands --------------------------------------------------------------------------------------------


def test_split_and_merge_write_files_and_overwrite_none(tmp_path: Path) -> None:
    (tmp_path / "chat.yaml").write_text(govcr(*"abc"))
    run = cassette("split", "chat.yaml", "-o", "apart/here", cwd=tmp_path)
    assert (run.returncode, run.stderr) == (0, "")
    names = sorted(path.name for path in (tmp_path / "apart/here").iterdir())
    assert names == ["0-get-a.yaml", "1-get-b.yaml", "2-get-c.yaml"]
    assert run.stdout.splitlines() == [
        *(f"apart/here/{name}" for name in names),
        "split chat.yaml into 3 files",
    ]
    again = cassette("split", "chat.yaml", "-o", "apart/here", cwd=tmp_path)
    assert again.returncode == 2
    assert "--force" in again.stderr
    assert cassette("split", "chat.yaml", "-o", "apart/here", "--force", cwd=tmp_path).returncode == 0

    order = [f"apart/here/{name}" for name in reversed(names)]
    run = cassette("merge", *order, "-o", "new.yaml", cwd=tmp_path)
    assert run.stdout == "merged 3 interactions of 3 files into new.yaml\n"
    assert (tmp_path / "new.yaml").read_text() == govcr(*"cba")
    again = cassette("merge", *order, "-o", "new.yaml", cwd=tmp_path)
    assert again.returncode == 2
    assert (tmp_path / "new.yaml").read_text() == govcr(*"cba")
    assert cassette("merge", "new.yaml", order[0], "-o", "new.yaml", "--force", cwd=tmp_path).returncode == 0
    assert (tmp_path / "new.yaml").read_text() == govcr(*"cbac")
    assert cassette("merge", *order, "-o", "-", cwd=tmp_path).stdout == govcr(*"cba")


def test_a_file_that_cannot_be_read_leaves_all_unmerged(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(govcr("a"))
    (tmp_path / "b.yaml").write_text("interactions: [")
    run = cassette("merge", "a.yaml", "b.yaml", "a.yaml", "-o", "new.yaml", cwd=tmp_path)
    assert run.returncode == 2
    assert "b.yaml" in run.stderr
    assert not (tmp_path / "new.yaml").exists()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("merge . -o all.yaml --force", "all.yaml: is among the files to merge"),
        ("merge one.yaml two.yaml -o all.yaml", "all.yaml: is there already"),
        ("merge one.yaml two.yaml -o folder --force", "folder: is a directory"),
        ("merge one.yaml two.yaml -o none/x.yaml", "none/x.yaml: no such file"),
        ("merge one.yaml list.yaml -o x.yaml", "has no list at its top"),
        ("merge one.yaml ours.yaml -o x.yaml", "conflict markers"),
        ("split ours.yaml -o x", "conflict markers"),
        ("split one.yaml -o -", "-o takes a directory"),
        ("split one.yaml -o all.yaml --force", "all.yaml: is no directory"),
        ("split folder/0-get-a.yaml -o folder --force", "folder/0-get-a.yaml: is the file itself"),
    ],
)
def test_no_file_is_lost_to_a_target_that_makes_no_sense(tmp_path: Path, command: str, words: str) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("one", "two", "all", "folder/0-get-a"):
        (tmp_path / f"{name}.yaml").write_text(vcrpy("a", "b"))
    (tmp_path / "list.yaml").write_bytes((SAMPLES / "vcrpy/list_form.yaml").read_bytes())
    sides = vcrpy("a"), vcrpy("b")
    (tmp_path / "ours.yaml").write_text("<<<<<<< ours\n{}=======\n{}>>>>>>> theirs\n".format(*sides))
    if " . " in command:
        (tmp_path / "list.yaml").unlink()
        (tmp_path / "ours.yaml").unlink()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.yaml")}
    run = cassette(*command.split(), cwd=tmp_path)
    assert run.returncode == 2
    assert words in run.stderr
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.yaml")} == before


def test_what_comes_from_stdin_is_named_by_its_format(tmp_path: Path) -> None:
    for text, suffix in ((vcrpy("a", "b"), ".yaml"), (pretty("a", "b"), ".json")):
        run = cassette("split", "-", "-o", "apart", cwd=tmp_path, stdin=text.encode())
        assert run.stdout.startswith(f"apart/0-get-a{suffix}\n")


def test_a_part_of_a_large_file_does_not_take_the_whole_file(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read(vcrpy(*(f"p{number}" for number in range(64))))
    sizes: list[int] = []

    def counted(cassette: Cassette, gone: range) -> Rewritten:
        sizes.append(len(cassette.interactions))
        return prune(cassette, gone)

    monkeypatch.setattr("cassette_cli.split.prune", counted)
    assert len(parts(whole)) == 64
    assert sum(sizes) == 2 * 64 * 6  # both halves, six times


def test_a_file_that_is_met_again_is_merged_once(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(govcr("a"))
    (tmp_path / "b.yaml").write_text(govcr("b"))
    (tmp_path / "c.yaml").symlink_to("a.yaml")
    assert cassette("merge", ".", "./b.yaml", "-o", "-", cwd=tmp_path).stdout == govcr("a", "b")

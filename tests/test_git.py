"""git and this tool together: real repositories, real git, odd files, and nothing left behind."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cassette_cli.errors import BadRequest, Unreadable
from cassette_cli.git import sides
from tests.test_cli import CLEAN, SAMPLES, SEED
from tests.test_merge import govcr, merged, minified, pretty, ruby, vcrpy

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="no git")
NAME = "tests/my cassettes/it's ü.yaml"


class Repo:
    """A repository whose git knows nothing of the person that runs the tests."""

    def __init__(self, home: Path, folder: Path) -> None:
        self.home = home
        self.folder = folder
        self.env = {key: value for key, value in CLEAN.items() if not key.startswith(("GIT_", "XDG_"))} | {
            "HOME": str(home),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@example.com",
            "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@example.com",
            "PYTHONPATH": str(SAMPLES.parent),
        }  # fmt: skip

    def run(self, *command: str, cwd: str = ".") -> subprocess.CompletedProcess[str]:
        run = subprocess.run(command, cwd=self.folder / cwd, env=self.env, capture_output=True, check=False)
        return subprocess.CompletedProcess(command, run.returncode, run.stdout.decode(), run.stderr.decode())

    def git(self, *args: str, cwd: str = ".") -> str:
        run = self.run("git", *args, cwd=cwd)
        assert run.returncode == 0, run.stderr + run.stdout
        return run.stdout

    def cassette(self, *args: str, cwd: str = ".") -> subprocess.CompletedProcess[str]:
        return self.run(sys.executable, "-m", "cassette_cli", "git", *args, cwd=cwd)

    def write(self, name: str, text: str | bytes | None) -> None:
        path = self.folder / name
        if text is None:
            path.unlink()
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def commit(self, **files: str | bytes | None) -> None:
        """Commit files by their names; `NAME` can be no keyword, so it is `it`."""
        for name, text in files.items():
            self.write(NAME if name == "it" else f"cassettes/{name}.yaml", text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", "x")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    (tmp_path / "home").mkdir()
    folder = tmp_path / "a repository"
    folder.mkdir()
    repo = Repo(tmp_path / "home", folder)
    repo.git("init", "--quiet", "-b", "main")
    return repo


@pytest.fixture
def inside(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """The repository, with this process in it."""
    monkeypatch.chdir(repo.folder)
    for key in [*os.environ]:
        if key.startswith(("GIT_", "XDG_")):
            monkeypatch.delenv(key)
    for key, value in repo.env.items():
        monkeypatch.setenv(key, value)
    return repo


def found(*args: str, staged: bool = False) -> list[tuple[str, bytes | None, bytes | None]]:
    return [side[:3] for side in sides([*args], staged=staged)]


# -- what a file was, and is -------------------------------------------------------------------------------


def test_nothing_differs_where_nothing_does(inside: Repo) -> None:
    assert found() == found(staged=True) == []
    inside.commit(it="1", b="2")
    assert found() == found(staged=True) == found("HEAD") == found("HEAD..HEAD") == []
    os.utime(inside.folder / NAME, (1, 1))  # only git's own notes of the file are old
    assert found() == []


def test_each_form_of_the_arguments_says_what_is_compared(inside: Repo) -> None:
    inside.commit(it="1", b="1")
    inside.git("tag", "first")
    inside.commit(it="2")
    inside.write(NAME, "3")
    inside.git("add", "--all")
    inside.write(NAME, "4")
    assert found() == found(NAME) == found("HEAD") == found("HEAD", "--", NAME) == [(NAME, b"2", b"4")]
    assert found("--", NAME) == found("tests") == found(".") == found("tests/*.yaml") == [(NAME, b"2", b"4")]
    assert found("cassettes") == found("first", "cassettes/b.yaml") == []
    assert found("first") == found("first", NAME) == found("HEAD~1", "tests") == [(NAME, b"1", b"4")]
    assert found("first..HEAD") == found("first..", NAME) == found("first...HEAD") == [(NAME, b"1", b"2")]
    assert found("..first") == [(NAME, b"2", b"1")]
    assert found(staged=True) == found(NAME, staged=True) == [(NAME, b"2", b"3")]
    assert found("first", staged=True) == [(NAME, b"1", b"3")]


def test_three_dots_compare_with_where_the_branches_parted(inside: Repo) -> None:
    inside.commit(it="1")
    inside.git("checkout", "--quiet", "-b", "topic")
    inside.commit(it="2")
    inside.git("checkout", "--quiet", "main")
    inside.commit(b="1")
    assert found("main...topic") == [(NAME, b"1", b"2")]
    assert found("main..topic") == [("cassettes/b.yaml", b"1", None), (NAME, b"1", b"2")]


def test_deleted_new_and_renamed_files(inside: Repo) -> None:
    inside.commit(gone="1", moved="2\n" * 50)
    inside.write("cassettes/gone.yaml", None)
    inside.write("cassettes/new.yaml", "3")
    inside.write("cassettes/untracked.yaml", "4")
    inside.git("mv", "cassettes/moved.yaml", "cassettes/else.yaml")
    inside.write("cassettes/else.yaml", "2\n" * 50 + "5")
    inside.git("add", "--intent-to-add", "cassettes/new.yaml")
    assert found("--", "cassettes/gone.yaml") == [("cassettes/gone.yaml", b"1", None)]
    assert {side[:3] for side in sides([])} == {
        ("cassettes/gone.yaml", b"1", None),
        ("cassettes/new.yaml", None, b"3"),
        ("cassettes/else.yaml", b"2\n" * 50, b"2\n" * 50 + b"5"),
    }
    assert [side.old_name for side in sides([]) if side.old_name != side.name] == ["cassettes/moved.yaml"]


def test_names_are_as_they_are_typed_here(inside: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    inside.commit(it="1", b="1")
    inside.write(NAME, "2")
    inside.write("cassettes/b.yaml", "2")
    monkeypatch.chdir(inside.folder / "tests")
    name = NAME.removeprefix("tests/")
    assert found(".") == found(name) == [(name, b"1", b"2")]
    assert [side.name for side in sides([])] == ["../cassettes/b.yaml", name]
    assert [side.name for side in sides(["../cassettes"])] == ["../cassettes/b.yaml"]


def test_before_the_first_commit_everything_is_new(inside: Repo) -> None:
    inside.write(NAME, "1")
    inside.git("add", "--all")
    inside.write(NAME, "2")
    assert found() == [(NAME, None, b"2")]
    assert found(staged=True) == [(NAME, None, b"1")]


def test_a_work_tree_beside_has_its_own_files(inside: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    inside.commit(it="1")
    inside.git("worktree", "add", "--quiet", "../other", "-b", "topic")
    monkeypatch.chdir(inside.folder.parent / "other")
    assert found() == []
    (inside.folder.parent / "other" / NAME).write_text("2")
    assert found() == [(NAME, b"1", b"2")]


def test_symlinks_submodules_and_other_files_are_passed_over(inside: Repo) -> None:
    inside.write("cassettes/code.py", "1")
    inside.commit(it="1", target="1", turned="1")
    (inside.folder / "cassettes/link.yaml").symlink_to("target.yaml")
    inside.git("add", "--all")
    commit = inside.git("rev-parse", "HEAD").strip()
    inside.git("update-index", "--add", "--cacheinfo", f"160000,{commit},sub.yaml")  # a submodule
    inside.write("cassettes/code.py", "2")
    assert found() == found(staged=True) == []
    inside.write("cassettes/turned.yaml", None)
    (inside.folder / "cassettes/turned.yaml").symlink_to("target.yaml")
    assert found() == [("cassettes/turned.yaml", b"1", None)]


def test_an_unmerged_file_is_compared_once(inside: Repo) -> None:
    inside.commit(it="1\n")
    inside.git("checkout", "--quiet", "-b", "topic")
    inside.commit(it="2\n")
    inside.git("checkout", "--quiet", "main")
    inside.commit(it="3\n")
    assert inside.run("git", "merge", "topic").returncode == 1
    assert [side[:2] for side in sides([])] == [(NAME, b"3\n")]


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["nowhere"], "nowhere: neither a revision nor a file"),
        (["HEAD", "nowhere.yaml"], "no file; put -- before the paths if it was deleted"),
        (["nowhere", "--", "x"], "no revision nowhere in this repository"),
        (["HEAD..nowhere", "--"], "no revision HEAD..nowhere in this repository"),
        (["HEAD", "main", "--"], "one revision, or REV..REV"),
        (["--output=x", "--"], "no revision --output=x in this repository"),
        (["-O"], "neither a revision nor a file"),
        (["main"], "both a revision and a file"),
        (["../.."], "git: "),
    ],
)
def test_what_makes_no_sense_is_said(inside: Repo, args: list[str], words: str) -> None:
    inside.commit(it="1")
    inside.write("main", "a file that is called as the branch is")
    with pytest.raises(BadRequest) as error:
        found(*args)
    assert words in str(error.value)
    assert not (inside.folder / "x").exists()


def test_two_revisions_leave_nothing_to_stage(inside: Repo) -> None:
    inside.commit(it="1")
    with pytest.raises(BadRequest, match="--staged compares the index with one revision"):
        found("HEAD..HEAD", staged=True)


def test_without_a_repository_or_git_that_is_said(
    inside: Repo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadRequest, match="not a git repository"):
        found()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadRequest, match="git is needed for this"):
        found()


def test_a_content_that_the_repository_lacks_is_said(inside: Repo) -> None:
    inside.commit(it="1")
    inside.write(NAME, "2")
    identity = inside.git("rev-parse", f"HEAD:{NAME}").strip()
    (inside.folder / ".git/objects" / identity[:2] / identity[2:]).unlink()
    with pytest.raises(Unreadable, match="is not in the repository"):
        found()


def test_nothing_of_the_repository_is_run(inside: Repo) -> None:
    inside.commit(it="1\n")
    inside.write(NAME, "2\n")
    trap = f"touch '{inside.folder}/trapped'; false"
    for key in ("core.fsmonitor", "diff.external", "diff.trap.command", "diff.trap.textconv"):
        inside.git("config", key, trap)
    inside.write(".gitattributes", "*.yaml diff=trap\n")
    assert found() == [(NAME, b"1\n", b"2\n")]
    assert not (inside.folder / "trapped").exists()


# -- the set-up --------------------------------------------------------------------------------------------


def everything(*folders: Path) -> dict[str, bytes | None]:
    """All files and folders, but what git keeps of objects."""
    found = [path for folder in folders for path in folder.rglob("*") if "objects" not in path.parts]
    return {str(path): path.read_bytes() if path.is_file() else None for path in found}


BEFORE = {
    "no attributes": {},
    "attributes": {".git/info/attributes": "*.png binary\n"},
    "attributes without a last line end": {".git/info/attributes": "*.png binary"},
    "no folder for them": {".git/info/exclude": None},
    "config without a last line end": {".git/config": "[core]\n\tbare = false"},
    "config with CRLF": {".git/config": "[core]\r\n\tbare = false\r\n"},
    "an own driver": {
        ".git/config": '[diff "cassette"]\n\txfuncname = x\n\tcommand = y\n',
        ".git/description": "a",
    },
}


@pytest.mark.parametrize("option", [[], ["--global"]], ids=["here", "global"])
@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE.keys())
def test_install_and_uninstall_leave_nothing_behind(
    repo: Repo, before: dict[str, str | None], option: list[str]
) -> None:
    for name, text in before.items():
        if not option or text is None:
            repo.write(name, text)
        else:
            repo.write(
                f"../home/{name.replace('.git/config', '.gitconfig').replace('.git/info', '.config/git')}",
                text,
            )
    if ".git/info/exclude" in before:
        (repo.folder / ".git/info").rmdir()
    repo.commit(it=vcrpy("a"))
    untouched = everything(repo.folder, repo.home)
    assert repo.cassette("status").returncode == 1
    assert repo.cassette("uninstall", *option).stdout == "nothing was installed\n"
    assert everything(repo.folder, repo.home) == untouched
    for more in ([], ["--attributes", "*.yaml"], []):
        assert repo.cassette("install", *option, *more).returncode == 0
    status = repo.cassette("status")
    assert status.returncode == 0, status.stdout
    assert ": works" in status.stdout
    assert "#0  GET http://x/a" in repo.git("show")  # and what git keeps of textconv is gone, too
    run = repo.cassette("uninstall", *option)
    assert (run.returncode, run.stdout) == (0, "git no longer calls cassette\n")
    assert everything(repo.folder, repo.home) == untouched
    assert repo.cassette("status").returncode == 1


def test_what_others_wrote_meanwhile_stays(repo: Repo) -> None:
    repo.cassette("install")
    repo.git("config", "diff.other.command", "x")
    with (repo.folder / ".git/info/attributes").open("a") as file:
        file.write("*.txt diff=other\n")
    repo.cassette("uninstall")
    assert (repo.folder / ".git/info/attributes").read_text() == "*.txt diff=other\n"
    assert repo.git("config", "--get-regexp", "^diff") == "diff.other.command x\n"


def test_a_config_behind_a_symlink_stays_there(repo: Repo) -> None:
    repo.write("../home/dot files/config", "[x]\n\ty = z\n")
    (repo.home / ".gitconfig").symlink_to("dot files/config")
    repo.cassette("install", "--global")
    assert "cassette" in (repo.home / "dot files/config").read_text()
    repo.cassette("uninstall", "--global")
    assert (repo.home / ".gitconfig").is_symlink()
    assert (repo.home / "dot files/config").read_text() == "[x]\n\ty = z\n"


def test_global_goes_where_git_looks(repo: Repo) -> None:
    repo.git("config", "--global", "core.attributesFile", "~/own attributes")
    repo.cassette("install", "--global")
    assert "diff=cassette" in (repo.home / "own attributes").read_text()
    assert "cachetextconv" not in (repo.home / ".gitconfig").read_text()
    repo.commit(it=vcrpy("a"))
    assert "diff: cassette" in repo.git("check-attr", "diff", "--", NAME)


def test_a_lock_of_git_is_respected(repo: Repo) -> None:
    repo.write(".git/config.lock", "")
    before = everything(repo.folder)
    run = repo.cassette("install")
    assert run.returncode == 2
    assert "another git process writes it" in run.stderr
    assert everything(repo.folder) == before


def test_status_says_what_is_wrong(repo: Repo) -> None:
    repo.cassette("install")
    repo.git("config", "--global", "x.y", "z")
    config = repo.folder / ".git/config"
    whole = config.read_text()
    for text, words in (
        (whole.replace(" git textconv --", "0 git textconv --"), "another Python or version of cassette"),
        (whole.partition("# >>>")[0], "its drivers are not in"),
        (whole + '[diff "cassette"]\n\tcommand = x\n', "another diff.cassette.command overrides it"),
    ):
        config.write_text(text)
        run = repo.cassette("status")
        assert run.returncode == 1
        assert words in run.stdout
    config.write_text(whole)
    (repo.folder / ".git/info/attributes").unlink()
    assert "its patterns are not in" in repo.cassette("status").stdout


def test_attributes_that_were_there_are_told(repo: Repo) -> None:
    repo.write(".gitattributes", "*.yaml -diff merge=union\n")
    repo.commit(it=vcrpy("a"), b="x")
    run = repo.cassette("install")
    assert f"{NAME} had diff=unset merge=union in its attributes" in run.stdout


@pytest.mark.parametrize(
    ("glob", "name", "covered"),
    [
        ("a b/*.yaml", "a b/x.yaml", True),
        ("#x.yaml", "#x.yaml", True),
        ("cassettes/", "cassettes/deep/x.yaml", True),
        ("[ab].yaml", "b.yaml", True),
        ("a b/*.yaml", "a b/c/x.yaml", False),
    ],
)
def test_patterns_are_those_of_gitattributes(repo: Repo, glob: str, name: str, covered: bool) -> None:
    repo.write(name, "")
    assert repo.cassette("install", "--attributes", glob).returncode == 0
    assert ("diff: cassette" in repo.git("check-attr", "diff", "--", name)) is covered


@pytest.mark.parametrize("how", ["the interpreter is gone", "the package is gone"])
def test_git_works_on_when_the_tool_is_gone(repo: Repo, how: str) -> None:
    repo.commit(it=vcrpy("a", "b"))
    if how == "the interpreter is gone":
        alone = repo.home / "bin/py thon"
        alone.parent.mkdir()
        alone.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
        alone.chmod(0o755)
        repo.cassette("install")
        config = repo.folder / ".git/config"
        config.write_text(config.read_text().replace(sys.executable, f"'{alone}'"))
        assert "diff --cassette" in repo.git("show", "--ext-diff")
        alone.unlink()
    else:
        repo.cassette("install")
        repo.env["PYTHONPATH"] = str(repo.home)
        (repo.home / "cassette_cli").mkdir()  # nothing that can be run
        (repo.home / "cassette_cli/__init__.py").touch()
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.commit(it=vcrpy("a2", "b"))
    repo.git("checkout", "--quiet", "main")
    repo.write(NAME, vcrpy("a3", "b"))
    assert "-        reply a\n+        reply a3\n" in repo.git("diff")
    assert "+        reply a2\n" in repo.git("log", "-p", "topic")
    assert repo.run("git", "diff", "--exit-code").returncode == 1
    repo.commit()
    assert repo.run("git", "merge", "topic").returncode == 1
    text = content(repo)
    assert "        reply a3\n=======\n        reply a2\n>>>>>>> theirs\n" in text


@pytest.mark.parametrize("glob", ["", "!x", "a\nb"])
def test_what_is_no_pattern_is_refused(repo: Repo, glob: str) -> None:
    assert repo.cassette("install", "--attributes", glob).returncode == 2
    assert not (repo.folder / ".git/info/attributes").exists()


def test_places_of_other_things_are_taken_where_a_cassette_is_there(repo: Repo) -> None:
    repo.write("pkg/testdata/deployment.yaml", "kind: Deployment\n")
    repo.git("add", "--all")
    assert "testdata" not in repo.cassette("install").stdout
    repo.write("pkg/testdata/x/chat.yaml", govcr("a"))
    repo.git("add", "--all")
    assert "**/testdata/**/*.yaml" in repo.cassette("install").stdout


def test_a_module_that_lies_in_the_repository_is_not_run(repo: Repo) -> None:
    repo.commit(it=vcrpy("a"))
    repo.cassette("install")
    for name in ("typer.py", "cassette_cli.py", "gc.py"):
        repo.write(name, "from pathlib import Path; Path('trapped').touch()")
    repo.write(NAME, vcrpy("a2"))
    assert "diff --cassette" in repo.git("diff")
    assert not (repo.folder / "trapped").exists()


# -- git diff, log and show --------------------------------------------------------------------------------


@pytest.fixture
def installed(repo: Repo) -> Repo:
    assert repo.cassette("install").returncode == 0
    return repo


def test_git_diff_tells_the_conversation_and_never_fails(installed: Repo) -> None:
    installed.commit(it=vcrpy("a"), same=vcrpy("a"), plain="k: 1\n", gone=vcrpy("a"))
    installed.write(NAME, vcrpy("a2"))
    installed.write("cassettes/same.yaml", vcrpy("a").replace("method: GET", "method: 'GET'"))
    installed.write("cassettes/plain.yaml", "k: 2\n")
    installed.write("cassettes/gone.yaml", None)
    installed.write("cassettes/new.yaml", govcr("b"))
    installed.git("add", "--intent-to-add", "cassettes/new.yaml")
    said = installed.git("diff")
    assert f"diff --cassette a/{NAME} b/{NAME}\n" in said
    assert "diff --cassette a/cassettes/gone.yaml b/cassettes/gone.yaml\ndeleted file mode 100644\n" in said
    assert "diff --cassette a/cassettes/new.yaml b/cassettes/new.yaml\nnew file mode 100644\n" in said
    assert "same.yaml" not in said  # only how it is written
    assert "-k: 1\n+k: 2\n" in said
    here = installed.git("diff", "my cassettes", cwd="tests")
    assert here.startswith(f"diff --cassette a/{NAME} b/{NAME}\n")


PLAIN = "k: 1\n"
ASIDE = {  # what is no cassette on one side: git's own difference, to the byte
    "no cassette": (PLAIN, "k: 2\n"),
    "binary": (vcrpy("a"), b"\x00\x01\x02"),
    "was binary": (b"\x00\x01\x02", vcrpy("a")),
    "broken": (vcrpy("a"), vcrpy("a") + "}{\n"),
    "was broken": (vcrpy("a") + "}{\n", vcrpy("a")),
    "empty": (vcrpy("a"), ""),
    "new": (None, PLAIN),
    "deleted": (PLAIN, None),
    "new and empty": (None, ""),
    "no last line end": (PLAIN, "k: 1"),
}


@pytest.mark.parametrize("sort", [[], ["--color=always"], ["--cached"], ["HEAD"]], ids="".join)
@pytest.mark.parametrize(("old", "new"), ASIDE.values(), ids=ASIDE.keys())
def test_what_is_no_cassette_is_told_as_git_tells_it(
    installed: Repo, old: str | bytes | None, new: str | bytes | None, sort: list[str]
) -> None:
    installed.commit(**({"it": old} if old is not None else {}))
    installed.write(NAME, new)
    installed.git("add", "--all", *(() if "--cached" in sort else ("--intent-to-add",)))
    if new is None:
        installed.git("reset", "--quiet")
        if "--cached" in sort:
            installed.git("add", "--all")
    if "--color=always" in sort:
        installed.git("config", "color.ui", "always")
    assert installed.git("diff", *sort) == installed.git("diff", "--no-ext-diff", "--no-textconv", *sort)


def test_a_file_of_another_recorder_is_compared(installed: Repo) -> None:
    installed.commit(it=vcrpy("a"))
    installed.write(NAME, ruby("a2"))
    assert installed.git("diff").startswith(f"diff --cassette a/{NAME}")


def test_a_new_mode_and_a_new_name_are_told(installed: Repo) -> None:
    installed.commit(it=vcrpy("a"), plain=PLAIN * 9)
    (installed.folder / NAME).chmod(0o755)
    assert installed.git("diff").splitlines()[1:] == ["old mode 100644", "new mode 100755"]
    (installed.folder / NAME).chmod(0o644)
    installed.git("mv", NAME, "cassettes/-x.yaml")
    installed.git("mv", "cassettes/plain.yaml", "cassettes/other.yaml")
    installed.write("cassettes/other.yaml", PLAIN * 9 + "k: 2\n")
    installed.write("cassettes/-x.yaml", vcrpy("a").replace("method: GET", "method:  GET"))
    installed.git("add", "--all")
    said = installed.git("diff", "--cached")
    assert f"diff --cassette a/{NAME} b/cassettes/-x.yaml\nsimilarity index" in said
    assert "diff --git a/cassettes/plain.yaml b/cassettes/other.yaml\nsimilarity index" in said
    assert "rename to cassettes/other.yaml\nindex " in said


def test_a_symlink_is_told_as_git_tells_it(installed: Repo) -> None:
    installed.commit(it=vcrpy("a"))
    (installed.folder / "cassettes").mkdir()
    (installed.folder / "cassettes/link.yaml").symlink_to("target")
    installed.git("add", "--all")
    assert installed.git("diff", "--cached") == installed.git("diff", "--cached", "--no-ext-diff")


def version(repo: Repo) -> list[int]:
    return [int(number) for number in repo.git("version").split()[2].split(".")[:2]]


def test_the_exit_code_says_whether_the_conversation_differs_where_git_can_ask(installed: Repo) -> None:
    installed.commit(it=vcrpy("a"))
    assert installed.run("git", "diff", "--exit-code").returncode == 0
    installed.write(NAME, vcrpy("a").replace("method: GET", "method: 'GET'"))
    run = installed.run("git", "diff", "--exit-code")
    assert (run.returncode, run.stdout, run.stderr) == (0 if version(installed) >= [2, 46] else 1, "", "")
    installed.write(NAME, vcrpy("a2"))
    assert installed.run("git", "diff", "--exit-code").returncode == 1
    assert installed.run("git", "diff", "--quiet").returncode == 1
    installed.git("config", "diff.cassette.trustExitCode", "false")
    assert installed.git("diff")


def test_git_log_and_show_write_the_conversation(installed: Repo) -> None:
    installed.commit(it=SEED.read_bytes(), plain=PLAIN)
    installed.commit(it=SEED.read_text().replace("Florence", "Rome"), plain="k: 2\n")
    for command in (["log", "-p", "-1"], ["show"]):
        said = installed.git(*command)
        assert '- ▸  assistant   → weather(location="Florence,Italy")' in said
        assert '+ ▸  assistant   → weather(location="Rome,Italy")' in said
        assert "-k: 1\n+k: 2\n" in said
        assert "chat.completion.chunk" not in said
    assert "[-Florence,Italy?-]{+Rome,Italy?+}" in installed.git("show", "--word-diff")
    assert installed.git("for-each-ref", "refs/notes") == ""  # nothing that a push would take along
    assert "Subproject" not in installed.git("format-patch", "-1", "--stdout")
    patch = installed.git("format-patch", "-1", "--stdout")
    assert "chat.completion.chunk" in patch  # a patch stays one
    installed.git("diff", "--no-ext-diff", "HEAD~1")


def test_what_show_masks_is_masked_for_git_too(installed: Repo) -> None:
    installed.commit(it=(SAMPLES / "vcrpy/leaking.yaml").read_bytes())
    assert "&sig=****" in installed.git("show")


@pytest.mark.parametrize("data", [b"", b"\x00\xff", b"a: 1\n", b"interactions: [\n", b"a\rb\r\nc"])
def test_textconv_gives_what_is_no_cassette_as_it_is(repo: Repo, data: bytes) -> None:
    repo.write("-x.yaml", data)
    command = [sys.executable, "-m", "cassette_cli", "git", "textconv", "--", "-x.yaml"]
    run = subprocess.run(command, cwd=repo.folder, env=repo.env, capture_output=True, check=False)
    assert (run.returncode, run.stdout) == (0, data)


def test_a_work_tree_beside_is_set_up_too(installed: Repo) -> None:
    installed.commit(it=vcrpy("a"))
    installed.git("worktree", "add", "--quiet", "../other", "-b", "topic")
    installed.write(f"../other/{NAME}", vcrpy("a2"))
    assert installed.git("diff", cwd="../other").startswith("diff --cassette")
    assert installed.cassette("status", cwd="../other").returncode == 0
    installed.cassette("uninstall", cwd="../other/tests")
    assert installed.cassette("status").returncode == 1


# -- git merge ---------------------------------------------------------------------------------------------


def branches(repo: Repo, base: str | bytes | None, ours: str | bytes, theirs: str | bytes) -> int:
    """Merge a branch with one content into another; git's exit code."""
    repo.commit(**({"it": base} if base is not None else {}))
    repo.git("checkout", "--quiet", "-b", "topic")
    repo.commit(it=theirs)
    repo.git("checkout", "--quiet", "main")
    repo.commit(it=ours)
    return repo.run("git", "merge", "--quiet", "-m", "m", "topic").returncode


def content(repo: Repo) -> str:
    return (repo.folder / NAME).read_bytes().decode()


@pytest.mark.parametrize("form", [vcrpy, govcr, ruby, pretty, minified])
def test_what_both_sides_appended_is_there(installed: Repo, form: Callable[..., str]) -> None:
    assert branches(installed, form("a"), form("a", "b"), form("a", "c")) == 0
    assert content(installed) == form("a", "b", "c")
    assert installed.git("status", "--short") == ""


def test_a_chain_of_ids_that_a_merge_breaks_is_said(repo: Repo) -> None:
    def asks(call: str) -> dict[str, Any]:
        said = {
            "role": "assistant",
            "tool_calls": [{"id": call, "function": {"name": "f", "arguments": "{}"}}],
        }
        return chat([{"role": "user", "content": "Hi"}], said)

    def answers(call: str) -> dict[str, Any]:
        result = {"role": "tool", "tool_call_id": call, "content": "4"}
        return chat([{"role": "user", "content": "Hi"}, result], {"role": "assistant", "content": "4"})

    texts = [[asks("call_1")], [asks("call_2")], [asks("call_1"), answers("call_1")]]
    for name, entries in zip(("base", "ours", "theirs"), texts, strict=True):
        repo.write(name, json.dumps({"version": 1, "interactions": entries}, indent=1))
    run = repo.cassette("merge-driver", "--", "base", "ours", "theirs", "x.json", "7", "", "", "")
    assert run.returncode == 0
    assert "x.json:21:1: warning: #1 answers a tool call that no reply makes any more" in run.stderr
    assert "call_2" in (repo.folder / "ours").read_text()


def chat(messages: list[Any], said: dict[str, Any]) -> dict[str, Any]:
    """An interaction with OpenAI's chat completions, as vcrpy's JSON serializer writes it."""
    reply = {"object": "chat.completion", "choices": [{"index": 0, "message": said}]}
    asked = json.dumps({"model": "m", "messages": messages})
    uri = "https://api.openai.com/v1/chat/completions"
    return {
        "request": {"method": "POST", "uri": uri, "body": asked, "headers": {}},
        "response": {"status": {"code": 200}, "headers": {}, "body": {"string": json.dumps(reply)}},
    }


def test_both_sides_made_the_file(installed: Repo) -> None:
    assert branches(installed, None, vcrpy("a", "b"), vcrpy("a", "c")) == 0
    assert content(installed) == vcrpy("a", "b", "c")


@pytest.mark.parametrize("style", ["merge", "diff3"])
def test_a_true_conflict_is_one(installed: Repo, style: str) -> None:
    installed.git("config", "merge.conflictStyle", style)
    assert branches(installed, vcrpy("a", "b"), vcrpy("a2", "b"), vcrpy("a3", "b", "c")) == 1
    assert installed.git("status", "--short", "-z").startswith("UU")
    text = content(installed)
    assert text.count("\n<<<<<<< ") == text.count("\n>>>>>>> ") == 1
    assert text.count("\n||||||| ") == (style == "diff3")
    assert text.endswith(vcrpy("b", "c").removeprefix("interactions:\n"))
    if version(installed) >= [2, 45]:
        assert "\n<<<<<<< HEAD\n" in text
        assert "\n>>>>>>> topic\n" in text


def test_the_length_of_markers_is_the_repositorys(installed: Repo) -> None:
    installed.write(".gitattributes", "*.yaml conflict-marker-size=12\n")
    assert branches(installed, vcrpy("a"), vcrpy("a2"), vcrpy("a3")) == 1
    assert f"\n{'<' * 12} " in content(installed)


LEFT = {
    "no cassette": ("a: 1\n\n\n\nb: 2\n", "a: 2\n\n\n\nb: 2\n", "a: 1\n\n\n\nb: 3\n"),
    "a conflict of what is none": ("a: 1\n", "a: 2\n", "a: 3\n"),
    "broken": (vcrpy("a"), vcrpy("a") + "}{\n", "# x\n" + vcrpy("a")),
    "other formats": (vcrpy("a"), ruby("a"), vcrpy("a", "b")),
    "binary": (b"\x00a", b"\x00b", b"\x00c"),
}


@pytest.mark.parametrize(("base", "ours", "theirs"), LEFT.values(), ids=LEFT.keys())
def test_what_is_not_for_us_is_merged_as_git_does_it(
    tmp_path: Path, base: str | bytes, ours: str | bytes, theirs: str | bytes
) -> None:
    results = []
    for name in ("with", "without"):
        (tmp_path / name).mkdir()
        repo = Repo(tmp_path, tmp_path / name)
        repo.git("init", "--quiet", "-b", "main")
        if name == "with":
            repo.cassette("install")
        code = branches(repo, base, ours, theirs)
        text = (repo.folder / NAME).read_bytes()
        lines = [line[:8] if line[:7] in (b"<<<<<<<", b">>>>>>>") else line for line in text.splitlines()]
        results.append((code, lines, repo.git("status", "--short")))
    assert results[0] == results[1]


def test_a_rebase_and_a_cherry_pick_join_too(installed: Repo) -> None:
    installed.commit(it=govcr("a"))
    installed.git("checkout", "--quiet", "-b", "topic")
    installed.commit(it=govcr("a", "c"))
    installed.commit(it=govcr("a", "c", "d"))
    installed.git("checkout", "--quiet", "main")
    installed.commit(it=govcr("a", "b"))
    installed.git("cherry-pick", "topic~1")
    assert content(installed) == govcr("a", "b", "c")
    installed.git("reset", "--quiet", "--hard", "HEAD~1")
    installed.git("checkout", "--quiet", "topic")
    installed.git("rebase", "--quiet", "main")
    assert content(installed) == govcr("a", "b", "c", "d")


def test_the_driver_gives_what_the_merge_gives(repo: Repo) -> None:
    texts = [vcrpy("a", "b"), vcrpy("a", "b2"), vcrpy("a", "b3", "c")]
    for name, text in zip(("base", "ours", "theirs"), texts, strict=True):
        repo.write(name, text)
    run = repo.cassette("merge-driver", "--", "base", "ours", "theirs", "x.yaml", "7", "%S", "%X", "%Y")
    assert run.returncode == 1
    assert (repo.folder / "ours").read_text() == merged(texts[0], texts[1], texts[2]).text


def test_arguments_that_git_does_not_give_are_refused(repo: Repo) -> None:
    assert repo.cassette("diff-driver", "--", "a", "b").returncode == 2
    assert repo.cassette("merge-driver", "--", "a", "b").returncode == 2
    assert repo.cassette("diff-driver", "--", "a.yaml").stdout == "* Unmerged path a.yaml\n"


def test_help_shows_what_people_call(repo: Repo) -> None:
    said = repo.cassette("--help").stdout
    assert all(name in said for name in ("install", "uninstall", "status"))
    assert "driver" not in said

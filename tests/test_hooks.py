"""The hooks under the real pre-commit: what they change, what they refuse, what they pass over."""

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

from cassette_cli.recorders import SUFFIXES
from tests.test_cli import CLEAN, SAMPLES
from tests.test_redact import KEY
from tests.test_redact import cassette as vcrpy


def _repository(folder: Path, hook_id: str) -> Path:
    """A repository with one of our hooks, run from this environment instead of one made by pre-commit."""
    (folder / "tests" / "cassettes").mkdir(parents=True)
    hooks = yaml.safe_load((SAMPLES.parent / ".pre-commit-hooks.yaml").read_text())
    hooks = [hook for hook in hooks if hook["id"] == hook_id]
    for hook in hooks:
        hook |= {
            "language": "system",
            "entry": f"{sys.executable} -m {hook['entry'].replace('cassette ', 'cassette_cli ', 1)}",
        }
    config = {"repos": [{"repo": "local", "hooks": hooks}]}
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    subprocess.run(["git", "init", "-q", "."], cwd=folder, check=True)
    return folder


def _pre_commit(folder: Path) -> subprocess.CompletedProcess[str]:
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    env = CLEAN | {"PRE_COMMIT_HOME": str(folder.parent / "home"), "PYTHONPATH": str(SAMPLES.parent)}
    command = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=env)


def test_the_hook_cleans_and_then_passes(tmp_path: Path) -> None:
    repository = _repository(tmp_path / "with spaces", "cassette-redact")
    folder = repository / "tests" / "cassettes"
    for number in range(30):  # more than pre-commit gives to one process on a machine with several cores
        (folder / f"{number}.yaml").write_text(vcrpy(f"'{KEY}'"))
    (folder / "other.yaml").write_text("a: 1\n")
    (folder / "template.yaml").write_text("b: {{ x }}\n- c")
    first = _pre_commit(repository)
    assert first.returncode == 1
    assert "files were modified by this hook" in first.stdout
    assert all("REDACTED" in (folder / f"{number}.yaml").read_text() for number in range(30))
    second = _pre_commit(repository)
    assert second.returncode == 0, second.stdout
    assert "Passed" in second.stdout


def test_the_hook_finds_what_is_broken_and_passes_when_it_is_mended(tmp_path: Path) -> None:
    repository = _repository(tmp_path / "with spaces", "cassette-validate")
    folder = repository / "tests" / "cassettes"
    (folder / "whole.yaml").write_text(vcrpy("hello"))
    (folder / "other.yaml").write_text("a: 1\n")
    (folder / "template.yaml").write_text("b: {{ x }}\n- c")
    broken = folder / "cut.yaml"
    broken.write_text(vcrpy("hello")[:-20] + "\n<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> main\n")
    first = _pre_commit(repository)
    assert first.returncode == 1
    assert "error conflict-marker" in first.stdout
    assert "template.yaml" not in first.stdout
    broken.unlink()
    second = _pre_commit(repository)
    assert second.returncode == 0, second.stdout
    assert "Passed" in second.stdout


def test_the_hook_finds_cassettes_of_every_suffix_and_looks_at_no_other_file(tmp_path: Path) -> None:
    repository = _repository(tmp_path / "r", "cassette-redact")
    folder = repository / "tests" / "cassettes"
    har = json.loads((SAMPLES / "har" / "polly.har").read_text())
    har["log"]["entries"][0]["request"]["postData"]["text"] = KEY
    (repository / "network.har").write_text(json.dumps(har))
    said = f"HTTP/1.1 200 OK\r\n\r\n{KEY}".encode()
    asked = b"GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n"
    (folder / "a.httprr").write_bytes(b"httprr trace v1\n%d %d\n%s%s" % (len(asked), len(said), asked, said))
    (folder / "b.yaml.gz").write_bytes(gzip.compress(vcrpy(f"'{KEY}'").encode()))
    others = [repository / "prose.yaml", folder / "test_it.py"]
    for path in others:
        path.write_text(vcrpy(f"'{KEY}'"))
    run = _pre_commit(repository)
    assert run.returncode == 1
    assert "redactions in 3 of 3 files" in run.stdout
    assert KEY not in (repository / "network.har").read_text() + (folder / "a.httprr").read_text()
    assert KEY.encode() not in gzip.decompress((folder / "b.yaml.gz").read_bytes())
    assert all(KEY in path.read_text() for path in others)


def test_the_hooks_look_at_every_suffix_that_a_walk_does() -> None:
    for hook in yaml.safe_load((SAMPLES.parent / ".pre-commit-hooks.yaml").read_text()):
        assert all(re.search(hook["files"], f"tests/cassettes/a{suffix}") for suffix in SUFFIXES)
        assert not re.search(hook["files"], "tests/cassettes/a.py")
        assert not re.search(hook["files"], "package.json")
        assert hook["require_serial"]  # or each of several processes tells its own sums


def test_the_manifest_of_the_hooks_is_valid() -> None:
    command = [
        sys.executable,
        "-m",
        "pre_commit",
        "validate-manifest",
        str(SAMPLES.parent / ".pre-commit-hooks.yaml"),
    ]
    subprocess.run(command, check=True, env=dict(os.environ))

"""The hooks under the real pre-commit: what they change, what they refuse, what they pass over."""

import os
import subprocess
import sys
from pathlib import Path

import yaml

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


def test_the_manifest_of_the_hooks_is_valid() -> None:
    command = [
        sys.executable,
        "-m",
        "pre_commit",
        "validate-manifest",
        str(SAMPLES.parent / ".pre-commit-hooks.yaml"),
    ]
    subprocess.run(command, check=True, env=dict(os.environ))

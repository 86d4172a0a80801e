"""`cassette redact` as people meet it: processes, files, exit codes, git, pre-commit, real clients."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from tests import planted
from tests.test_cli import CLEAN, SAMPLES, cassette
from tests.test_redact import KEY
from tests.test_redact import cassette as vcrpy

LEAKING = SAMPLES / "vcrpy" / "leaking.yaml"
SECRETS = (
    "csk-qu7qsvgsw2dkd3yb98xwfatcgibqp4sxrxqk994zlikc1o4n", "harbour-works-3k2", "Q3v9.lk20Tz81",
    "tide-and-anchor-77", "Zm9vZ2hpamts",
)  # fmt: skip


@pytest.fixture
def leaking(tmp_path: Path) -> Path:
    return Path(shutil.copy(LEAKING, tmp_path / "leaking.yaml"))


def test_a_file_is_cleaned_in_place_and_stays_so(leaking: Path) -> None:
    run = cassette("redact", "all", leaking)
    assert run.returncode == 0
    assert "6 redactions in 1 of 1 file" in run.stdout
    assert "git's history" in run.stderr
    written = leaking.read_bytes()
    assert not any(planted.is_left(written, secret) for secret in SECRETS)
    again = cassette("redact", "all", leaking)
    assert (again.returncode, again.stdout, again.stderr) == (0, "nothing to redact in 1 file\n", "")
    assert leaking.read_bytes() == written


def test_of_a_credential_the_scheme_and_the_length_are_told(leaking: Path) -> None:
    assert (
        "Bearer, 52 characters → Bearer REDACTED\n"
        in cassette("redact", "headers", leaking, "--check").stdout
    )


@pytest.mark.parametrize("what", ["headers", "query", "body", "secrets", "all"])
def test_check_writes_nothing_and_says_so_with_1(leaking: Path, what: str) -> None:
    before = leaking.read_bytes()
    run = cassette("redact", what, leaking, "--check")
    assert run.returncode == 1
    assert run.stdout.splitlines()[-1].startswith("would make")
    assert leaking.read_bytes() == before


@pytest.mark.parametrize(
    "options",
    [
        ["--check"], ["--check", "--full"], ["--check", "--json"], ["--check", "--format", "github"],
        ["--check", "--format", "sarif"], ["--diff"], ["--check", "--diff", "--color"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_secret_is_ever_printed(leaking: Path, options: list[str]) -> None:
    run = cassette("redact", "headers", leaking, *options)
    every = cassette("redact", "all", leaking, *options)
    for secret in SECRETS:
        assert not planted.is_left((run.stdout + run.stderr + every.stdout + every.stderr).encode(), secret)
        assert secret[:9] not in run.stdout + every.stdout


def test_a_difference_that_is_revealed_is_taken_by_git(leaking: Path) -> None:
    patch = cassette("redact", "all", leaking.name, "--diff", "--reveal", cwd=leaking.parent)
    assert patch.returncode == 0
    cleaned = cassette("redact", "all", leaking, "-o", "-").stdout
    subprocess.run(["git", "apply", "-"], input=patch.stdout.encode(), cwd=leaking.parent, check=True)
    assert leaking.read_text() == cleaned


def test_a_dash_filters_stdin_to_stdout(leaking: Path) -> None:
    run = cassette("redact", "all", "-", stdin=leaking.read_bytes())
    assert run.returncode == 0
    cassette("redact", "all", leaking)
    assert run.stdout == leaking.read_text()


def test_the_json_document_is_the_contract(leaking: Path) -> None:
    document = json.loads(cassette("redact", "all", leaking, "--check", "--json").stdout)
    assert document["schema"] == "cassette.findings/1"
    assert document["files"] == 1
    assert document["errors"] == []
    first = document["findings"][0]
    assert first["rule"] == "secret-field"
    assert (first["line"], first["column"], first["interaction"]) == (4, 148, 0)
    assert first["where"] == "request.body/metadata/password"
    assert [one["where"] for one in document["findings"]][3] == "reply.text"


def test_fingerprints_do_not_depend_on_the_place(leaking: Path) -> None:
    def prints() -> set[str]:
        document = json.loads(cassette("redact", "all", leaking, "--check", "--json").stdout)
        return {one["fingerprint"] for one in document["findings"]}

    before = prints()
    leaking.write_text("# a line more\n" + leaking.read_text())
    assert prints() == before


def test_a_baseline_accepts_what_is_there_and_nothing_new(leaking: Path) -> None:
    before = leaking.read_bytes()
    assert (
        cassette(
            "redact", "all", leaking, "--baseline", leaking.parent / "b.json", "--write-baseline"
        ).returncode
        == 0
    )
    assert leaking.read_bytes() == before
    run = cassette("redact", "all", leaking, "--baseline", leaking.parent / "b.json", "--check")
    assert (run.returncode, run.stdout) == (0, "nothing to redact in 1 file; the baseline accepts 6\n")
    leaking.write_text(leaking.read_text().replace("harbour-works-3k2", "harbour-works-4k2"))
    run = cassette("redact", "all", leaking, "--baseline", leaking.parent / "b.json", "--check")
    assert run.returncode == 1
    assert "would make 1 redaction in 1 of 1 file; the baseline accepts 5\n" in run.stdout
    run = cassette("redact", "all", leaking, "--baseline", leaking.parent / "b.json")
    assert "1 redaction in 1 of 1 file; the baseline accepts 5\n" in run.stdout


def test_the_configuration_counts_and_flags_win(leaking: Path) -> None:
    config = leaking.parent / ".cassette.toml"
    config.write_text(
        'ignore = ["cookie"]\nper-path-ignores = {"*.yaml" = ["secret-field"]}\n'
        '[redact]\nkeep-headers = ["openai-*"]\n[[redact.rules]]\nid = "harbour"\npattern = "harbour[.]example"\n'
    )
    run = cassette("redact", "all", leaking.name, "--check", "--json", cwd=leaking.parent)
    rules = sorted(one["rule"] for one in json.loads(run.stdout)["findings"])
    assert rules == ["authorization", "cerebras-api-key", "harbour", "secret-parameter"]
    only = cassette(
        "redact", "headers", leaking.name, "--check", "--json", "--only", "content-type", cwd=leaking.parent
    )
    assert {one["where"].split(".")[2] for one in json.loads(only.stdout)["findings"]} == {
        "content-type[0]", "Content-Type[0]",
    }  # fmt: skip


def test_what_the_configuration_excludes_is_passed_over_in_a_walk_and_in_a_hook(leaking: Path) -> None:
    (leaking.parent / ".cassette.toml").write_text('exclude = ["sub/*"]\n')
    (leaking.parent / "sub").mkdir()
    inner = Path(shutil.move(leaking, leaking.parent / "sub" / "x.yaml"))
    assert "no cassettes" in cassette("redact", "all", ".", cwd=inner.parent).stderr
    assert (
        cassette("redact", "all", "x.yaml", "--skip-unrecognised", "--check", cwd=inner.parent).returncode
        == 0
    )
    assert cassette("redact", "all", "x.yaml", "--check", cwd=inner.parent).returncode == 1


def test_dropped_headers_leave_whatever_their_values(leaking: Path) -> None:
    cassette("redact", "headers", leaking)
    assert cassette("redact", "headers", leaking, "--drop").returncode == 0
    text = leaking.read_text()
    assert not any(name in text for name in ("authorization", "openai-organization", "Set-Cookie"))
    assert "content-length" in text
    again = cassette("redact", "headers", leaking, "--drop")
    assert again.stdout == "nothing to redact in 1 file\n"


def test_many_files_are_told_in_order_whatever_the_processes(tmp_path: Path) -> None:
    for number in range(40):
        body = f"the {number}th key is {KEY}, " + "x " * 50_000
        (tmp_path / f"{number:02}.yaml").write_text(vcrpy(f"'{body}'"))
    (tmp_path / "07.yaml").write_text(vcrpy().replace("method:", "method: ["))
    one, two = (cassette("redact", "all", tmp_path, "--check", "--jobs", jobs) for jobs in ("1", "2"))
    assert one.returncode == two.returncode == 2
    assert "would make 39 redactions in 39 of 39 files" in one.stdout
    assert (one.stdout, one.stderr) == (two.stdout, two.stderr)


def test_an_interrupt_ends_all_processes(tmp_path: Path) -> None:
    for number in range(120):
        body = f"the {number}th key is {KEY}, " + "x-y " * 60_000
        (tmp_path / f"{number:03}.yaml").write_text(vcrpy(f"'{body}'"))
    command = [sys.executable, "-m", "cassette_cli", "redact", "all", ".", "--jobs", "2"]
    env = CLEAN | {"PYTHONPATH": str(SAMPLES.parent)}
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=env,
        start_new_session=True,
    )
    time.sleep(0.8)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=10)
    assert process.returncode == 130
    assert said == b""
    time.sleep(0.5)
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert not list(tmp_path.glob(".cassette-*"))


def test_selectors_and_sides_narrow_what_is_changed(leaking: Path) -> None:
    def found(*options: str) -> list[str]:
        run = cassette("redact", "all", leaking, "--check", "--json", *options)
        return [one["where"] for one in json.loads(run.stdout)["findings"]]

    assert found("-i", "1") == ["request.url"]
    assert found("--url", "*cerebras*", "--response") == ["reply.text", "response.headers.Set-Cookie[0]"]


# -- trouble -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["headers", "--key", "x"], "--key goes with body, and with all; not with headers"),
        (["secrets", "--enable", "mail-address"], "did you mean email-address?"),
        (["all", "--ignore", "cooky"], "did you mean cookie?"),
        (["all", "-o", "x", "--check"], "give one"),
        (["all", "--write-baseline"], "--baseline FILE"),
        (["headers", "--only", "a", "--all-but", "b"], "give one"),
        (["body", "--key", "--check"], "--key needs a value, and got an option"),
        (["body", "--path", "a/b"], "begins with a slash"),
        (["body", "--regex", "("], "no regular expression"),
        (["all", "-i", "7"], "no interaction 7: the last one is 1"),
        (["all", "--baseline", "nowhere.json"], "--write-baseline makes it"),
        (["all", "-o", "-", "--json"], "give -o FILE, or --check"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_option_that_makes_no_sense_is_said(leaking: Path, options: list[str], says: str) -> None:
    run = cassette("redact", *options, leaking)
    assert run.returncode == 2
    assert says in run.stderr
    assert leaking.read_bytes() == LEAKING.read_bytes()


def test_one_bad_file_never_stops_the_others(leaking: Path) -> None:
    folder = leaking.parent
    (folder / "a-broken.yaml").write_text(vcrpy().replace("method:", "method: ["))
    (folder / "b-binary.yaml").write_bytes(b"interactions:\n- \xff\xfe")
    locked = folder / "c-locked.yaml"
    locked.write_text(vcrpy(f"'{KEY}'"))
    locked.chmod(0o444)
    run = cassette("redact", "all", folder)
    assert run.returncode == 2
    lines = run.stderr.splitlines()
    assert lines[0].startswith(f"cassette: {folder}/a-broken.yaml:6:8: not YAML")
    assert lines[1].startswith(f"cassette: {folder}/b-binary.yaml:2:3: byte 0xff")
    assert "read-only" in lines[2]
    assert run.stdout.endswith("7 redactions in 2 of 2 files; 1 file not cleaned\n")
    assert KEY not in run.stdout + run.stderr
    assert "REDACTED" in leaking.read_text()
    assert "Traceback" not in run.stderr


def test_what_cannot_be_searched_is_said_and_strict_makes_it_an_error(tmp_path: Path) -> None:
    path = tmp_path / "f.yaml"
    path.write_text(vcrpy(reply="!!binary H4sIAAAA", said="{content-encoding: gzip}"))
    run = cassette("redact", "all", path)
    assert run.returncode == 0
    assert f"{path}:9:24: response.body was not searched: the gzip data is cut short" in run.stderr
    assert cassette("redact", "all", path, "--strict").returncode == 2


def test_a_toml_cassette_is_searched_and_said_to_be_read_only(tmp_path: Path) -> None:
    path = tmp_path / "f.toml"
    path.write_text(
        'version = "1"\n[[interactions]]\n[interactions.request]\nmethod = "GET"\nuri = "https://a.example/"\n'
        f'body_type = "text"\nbody_content = "{KEY}"\n[interactions.request.headers]\n[interactions.response]\n'
        'status = 200\nbody_type = "none"\n[interactions.response.headers]\n'
    )
    before = path.read_bytes()
    run = cassette("redact", "all", path)
    assert run.returncode == 2
    assert "cannot be taken out here" in run.stderr
    assert path.read_bytes() == before


def test_bodies_in_files_of_their_own_are_cleaned_too(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(SAMPLES / "wiremock", tmp_path / "wiremock"))
    body = next((folder / "__files").glob("*.json"))
    body.write_text(body.read_text().replace("Pequod", KEY))
    assert KEY in body.read_text()
    run = cassette("redact", "all", folder / "boats.json")
    assert run.returncode == 0, run.stderr
    assert KEY not in body.read_text()
    assert "not-a-password" not in (folder / "boats.json").read_text()
    assert cassette("redact", "all", folder, "--check").returncode == 0


def test_a_pipe_in_a_folder_is_passed_over(leaking: Path) -> None:
    os.mkfifo(leaking.parent / "pipe.yaml")
    assert cassette("redact", "all", leaking.parent).returncode == 0


def test_a_difference_masks_what_any_rule_finds(leaking: Path) -> None:
    (leaking.parent / ".cassette.toml").write_text('[[redact.rules]]\nid = "boat"\npattern = "Argo-[0-9]+"\n')
    text = leaking.read_text().replace("# recorded", f"# {KEY} recorded").replace("Argo", "Argo-77")
    leaking.write_text(text)
    run = cassette("redact", "query", leaking.name, "--diff", cwd=leaking.parent)
    assert "+    uri: https://files.example.com/boats/7?size=full&sig=REDACTED" in run.stdout
    assert not any(secret in run.stdout for secret in (KEY, "Argo-77", *SECRETS))


def test_a_bug_with_one_file_does_not_stop_the_others(tmp_path: Path, leaking: Path) -> None:
    code = (
        "import sys; import cassette_cli.clean as c; old = c.clean\n"
        "def clean(cassette, *rest):\n"
        "    if 'a-bad' in cassette.document.name: raise KeyError('SECRET')\n"
        "    return old(cassette, *rest)\n"
        "c.clean = clean; sys.argv = ['cassette', 'redact', 'all', '.']\n"
        "from cassette_cli.cli import main; main()"
    )
    shutil.copy(leaking, tmp_path / "a-bad.yaml")
    env = CLEAN | {"PYTHONPATH": str(SAMPLES.parent)}
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, env=env
    )
    assert run.returncode == 3
    assert run.stderr.startswith("cassette: a-bad.yaml: a bug: KeyError at <string>:3")
    assert "SECRET" not in run.stderr
    assert "REDACTED" in leaking.read_text()


def test_a_symlink_stays_one(leaking: Path) -> None:
    link = leaking.parent / "link.yaml"
    link.symlink_to(leaking.name)
    assert cassette("redact", "all", link).returncode == 0
    assert link.is_symlink()
    assert "REDACTED" in leaking.read_text()


def test_a_killed_process_leaves_the_old_file_or_the_new(tmp_path: Path) -> None:
    """Twelve runs here; `python -m tests.proof` has 200."""
    assert kill(tmp_path, runs=12) == []


def kill(folder: Path, runs: int) -> list[str]:
    """What is wrong after so many runs over 20 files, each killed at a random moment."""
    old, random = LEAKING.read_bytes(), Random(1)
    new = cassette("redact", "all", LEAKING, "-o", "-").stdout.encode()
    paths = [folder / f"{number}.yaml" for number in range(20)]
    faults: list[str] = []
    for run in range(runs):
        for path in paths:
            path.write_bytes(old)
        command = [sys.executable, "-m", "cassette_cli", "redact", "all", *map(str, paths)]
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=CLEAN | {"PYTHONPATH": str(SAMPLES.parent)},
        )
        time.sleep(random.uniform(0.1, 0.5))
        process.kill()
        process.wait()
        states = {path.read_bytes() for path in paths}
        faults += [f"run {run}: a file is neither old nor new"] if states - {old, new} else []
    return faults


# -- replay with real clients ------------------------------------------------------------------------


def _openai(path: Path) -> str:
    import openai
    import vcr

    client = openai.OpenAI(base_url="https://api.cerebras.ai/v1", api_key="none", max_retries=0)
    with vcr.use_cassette(str(path), record_mode="none"):
        stream = client.chat.completions.create(
            model="llama-3.3-70b", stream=True, messages=[{"role": "user", "content": "Why does it say 401?"}]
        )
        return "".join(chunk.choices[0].delta.content or "" for chunk in stream)


def _anthropic(path: Path) -> str:
    import anthropic
    import vcr

    client = anthropic.Anthropic(api_key="none", max_retries=0)
    said = []
    with vcr.use_cassette(str(path), record_mode="none"):
        for _ in range(2):
            with client.messages.stream(
                model="claude-sonnet-4-5", max_tokens=9, messages=[{"role": "user", "content": "x"}]
            ) as stream:
                said.append(stream.get_final_message().model_dump_json())
    return "\n".join(said)


@pytest.mark.filterwarnings("ignore")
def test_openai_reads_the_same_reply_but_for_the_secret(leaking: Path) -> None:
    before = _openai(leaking)
    cassette("redact", "all", leaking)
    assert _openai(leaking) == before.replace(SECRETS[0], "REDACTED")


@pytest.mark.filterwarnings("ignore")
def test_anthropic_reads_the_same_replies(tmp_path: Path) -> None:
    path = Path(shutil.copy(SAMPLES / "vcrpy" / "anthropic_tools.yaml", tmp_path))
    before = _anthropic(path)
    assert cassette("redact", "all", path, "--volatile").returncode == 0
    assert path.read_bytes() != (SAMPLES / "vcrpy" / "anthropic_tools.yaml").read_bytes()
    assert _anthropic(path) == before

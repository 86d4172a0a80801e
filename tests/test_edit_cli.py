"""`cassette edit` as people meet it: real editors, a real terminal, and what is left of a text that fails."""

import fcntl
import os
import re
import select
import shlex
import shutil
import stat
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest

from cassette_cli.edit import slots
from cassette_cli.errors import CassetteError
from cassette_cli.form import Form
from cassette_cli.recorders import read_cassette
from cassette_cli.report.machine import show_interaction
from cassette_cli.selection import Reading
from cassette_cli.source.document import Document
from cassette_cli.where import look_up
from tests.corpus import needs_corpus, sample
from tests.test_cli import CLEAN, SAMPLES, cassette, in_process

LEAKING = SAMPLES / "vcrpy" / "leaking.yaml"
SECRETS = ("harbour-works-3k2", "Q3v9.lk20Tz81", "tide-and-anchor-77")

REPLACING = """
import pathlib, sys
pairs, path = sys.argv[1:-1], pathlib.Path(sys.argv[-1])
text = path.read_text("utf-8")
for old, new in zip(pairs[::2], pairs[1::2]):
    assert text.count(old) == 1, old
    text = text.replace(old, new)
path.write_text(text, "utf-8")
print("an editor's own words")
"""


READING = "import os, pathlib, sys\npath = pathlib.Path(sys.argv[-1]); text = path.read_text('utf-8')\n"


class Desk:
    """A cassette to edit, in a folder of its own, with a place for temporary files."""

    def __init__(self, folder: Path, source: Path) -> None:
        self.folder = folder
        self.file = Path(shutil.copy(source, folder / "a.yaml"))
        self.before = self.file.read_bytes()
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.env = {"TMPDIR": str(self.temporary), "VISUAL": "", "HOME": str(folder), "TERM": "xterm"}

    def script(self, code: str) -> str:
        """An editor: a script that is given the path as its last argument."""
        path = self.folder / "editor with a blank.py"
        path.write_text(code, "utf-8")
        return f"{shlex.quote(sys.executable)} {shlex.quote(str(path))}"

    def replacing(self, *pairs: str) -> str:
        """An editor that replaces each first text, which stands there once, with the second."""
        return f"{self.script(REPLACING)} {shlex.join(pairs)}"

    def edit(self, editor: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return cassette("edit", self.file, *arguments, stdin=b"", cwd=self.folder, EDITOR=editor, **self.env)

    @property
    def left(self) -> list[Path]:
        return list(self.temporary.iterdir())

    @property
    def is_as_it_was(self) -> bool:
        return self.file.read_bytes() == self.before

    def get(self, where: str, index: int = 0) -> object:
        """What the file now says there."""
        now = read_cassette(Document(str(self.file), self.file.read_bytes()))
        return look_up(show_interaction(now, Reading(now.interactions[index]), reveal=True), where)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path, LEAKING)


# -- nothing is changed ------------------------------------------------------------------------------

IDLE = {
    "left as it is": "",
    "emptied": "path.write_text(' \\n')",
    "the ends of lines changed": "path.write_bytes(path.read_bytes().replace(b'\\n', b'\\r\\n'))",
    "a byte order mark before it": "path.write_bytes(b'\\xef\\xbb\\xbf' + path.read_bytes())",
    "another file in its place": "path.rename('x'); open(path, 'w').write(text)",
    "json laid out anew": "path.write_text(path.read_text().replace('{\"pass', '{\\n\"pass'))",
}


@pytest.mark.parametrize("act", IDLE.values(), ids=IDLE)
def test_a_form_in_which_nothing_was_changed_changes_not_a_byte(desk: Desk, act: str) -> None:
    os.utime(desk.file, ns=(1, 1))
    run = desk.edit(desk.script(READING + act), "-i", "0")
    assert (run.returncode, run.stdout) == (0, "")
    assert run.stderr == f"cassette: {desk.file}: nothing was changed in #0\n"
    assert desk.is_as_it_was
    assert desk.file.stat().st_mtime_ns == 1
    assert not desk.left


FAILING = {
    "exit code": ("sys.exit(3)", "failed (exit code 3): nothing was written"),
    "killed": ("os.kill(os.getpid(), 15)", "failed (SIGTERM): nothing was written"),
    "the file removed": ("os.unlink(sys.argv[-1])", "the editor left no file: nothing was written"),
}


@pytest.mark.parametrize(("act", "message"), FAILING.values(), ids=FAILING)
def test_an_editor_that_fails_changes_nothing(desk: Desk, act: str, message: str) -> None:
    run = desk.edit(desk.script(f"{READING}path.write_text(text.replace('401', '402'))\n{act}"), "-i", "0")
    assert (run.returncode, run.stdout) == (2, "")
    assert message in run.stderr
    assert desk.is_as_it_was
    assert not desk.left


WRONG = {
    "no such editor": ("no-such-editor", ["-i", "0"], "cannot run the editor no-such-editor: no such file"),
    "unreadable editor": ("vi 'x", ["-i", "0"], "$EDITOR cannot be read: no closing quotation"),
    "no editor and no terminal": (" ", ["-i", "0"], "there is no terminal here for vi: set VISUAL or EDITOR"),
    "no such interaction": ("true", ["-i", "2"], "no interaction 2: the last one is 1 (they count from 0)"),
    "one of several": ("true", [], "there are 2 interactions: say which\n  -i 0  POST https://"),
    "-o and --diff": ("true", ["-i", "0", "--diff", "-o", "x"], "-o writes the result, --diff writes none"),
}


@pytest.mark.parametrize(("editor", "arguments", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_done_is_said(
    *,
    desk: Desk,
    editor: str,
    arguments: list[str],
    message: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (desk.env | {"EDITOR": editor}).items():
        monkeypatch.setenv(name, value)
    code, out, error = in_process(capfd, "edit", desk.file, *arguments)
    assert (code, out) == (2, "")
    assert message in error
    assert desk.is_as_it_was
    assert not desk.left


def test_only_one_file_is_edited_and_never_standard_input(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    paths = {
        "-": "an editor changes a file", str(tmp_path): "name one cassette",
        str(SAMPLES / "vcrpy" / "empty.yaml"): "there is no interaction in it",
    }  # fmt: skip
    for path, message in paths.items():
        code, _, error = in_process(capfd, "edit", path)
        assert code == 2
        assert message in error


# -- something is changed ----------------------------------------------------------------------------


def test_only_what_was_changed_is_written(desk: Desk) -> None:
    pairs = (
        "401?",
        "402?\nAnd “why”",
        "\n200\n",
        "\n503\n",
        "text/event-stream",
        "text/plain",
        "is not known",
        "was",
    )
    run = desk.edit(desk.replacing(*pairs), "-i", "0")
    names = "messages[0].parts[0].text, response.status, response.headers.Content-Type[0], reply.text"
    assert (run.returncode, run.stdout) == (0, f"{desk.file}: changed {names} of #0\n")
    assert not desk.left
    assert desk.get("messages[0].parts[0].text") == "Why does it say 402?\nAnd “why”"
    assert (desk.get("response.status"), desk.get("response.headers.Content-Type[0]")) == (503, "text/plain")
    assert re.fullmatch(r"The key csk-\w+ was: ask Ada\.", str(desk.get("reply.text")))
    old, new = (text.split(b"\n") for text in (desk.before, desk.file.read_bytes()))
    assert len(old) == len(new)
    assert sum(one != two for one, two in zip(old, new, strict=True)) <= 9  # some events, and content-length
    assert cassette("diff", LEAKING, desk.file, "-i", "1").returncode == 0


def test_tool_calls_are_changed_as_json(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SAMPLES / "vcrpy" / "anthropic_tools.yaml")
    run = desk.edit(desk.replacing('"Siena", "unit": "celsius"', '"Lucca", "unit": "kelvin"'), "-i", "0")
    assert run.returncode == 0, run.stderr
    assert desk.get("reply.tool_calls[1].arguments") == {"city": "Lucca", "unit": "kelvin"}


def test_a_credential_is_neither_in_the_form_nor_changed_unless_the_person_does_it(desk: Desk) -> None:
    looking = desk.script(
        f"{READING}seen = path.parent.parent / 'seen.md'\n"
        "seen.write_text(text, 'utf-8'); os.chmod(seen, os.stat(path).st_mode)\n"
        "path.write_text(text.replace('Bearer ****', 'Bearer fresh').replace('; HttpOnly', ''), 'utf-8')\n"
    )
    run = desk.edit(looking, "-i", "0")
    assert run.returncode == 0, run.stderr
    seen = desk.folder / "seen.md"
    assert stat.S_IMODE(seen.stat().st_mode) == 0o600
    assert not any(secret in seen.read_text("utf-8") for secret in SECRETS)
    assert desk.get("request.headers.authorization[0]") == "Bearer fresh"
    assert re.fullmatch(r"__cf_bm=[^*;]+; path=/", str(desk.get("response.headers.Set-Cookie[0]")))
    assert desk.get("params.metadata") == {"password": "tide-and-anchor-77"}
    desk.edit(looking, "-i", "0", "--reveal")
    assert "tide-and-anchor-77" in seen.read_text("utf-8")


def test_a_difference_is_printed_masked_and_nothing_is_written(desk: Desk) -> None:
    new, pairs = "gsk-N3w0ne7Qz2LkP", ("path=/", "path=/a", "is not known", "was not known")
    run = desk.edit(desk.replacing(*pairs, "Bearer ****", f"Bearer {new}"), "-i", "0", "--diff")
    assert run.returncode == 0
    assert "+      - __cf_bm=****; path=/a; HttpOnly\n" in run.stdout
    assert "+      - Bearer ****\n" in run.stdout
    assert not any(secret in run.stdout for secret in (*SECRETS, new))
    assert desk.is_as_it_was
    patch = desk.edit(desk.replacing(*pairs), "-i", "0", "--diff", "--reveal")
    patched = patch.stdout.replace(str(desk.file), "/a.yaml")
    subprocess.run(["git", "apply", "-"], input=patched.encode(), cwd=desk.folder, check=True)
    assert "was not known" in str(desk.get("reply.text"))


def test_the_result_goes_elsewhere_and_the_words_of_the_editor_not_with_it(desk: Desk) -> None:
    editor = desk.replacing("401", "402")
    run = desk.edit(editor, "-i", "0", "-o", "-")
    assert run.returncode == 0
    assert run.stdout == desk.before.decode().replace("401", "402")
    assert "an editor's own words" in run.stderr
    desk.edit(editor, "-i", "0", "-o", desk.folder / "b.yaml")
    assert (desk.folder / "b.yaml").read_text("utf-8") == run.stdout
    assert desk.is_as_it_was


def test_visual_comes_before_editor(desk: Desk) -> None:
    desk.env["VISUAL"] = desk.replacing("401", "402")
    assert desk.edit("false", "-i", "0").returncode == 0
    assert b"402" in desk.file.read_bytes()


# -- what cannot be taken home is kept ---------------------------------------------------------------


def kept(run: subprocess.CompletedProcess[str], desk: Desk) -> Path:
    (path,) = desk.left
    assert run.stderr.endswith(f"cassette: nothing was written; your text is kept in {path}\n")
    assert path.name.startswith("a.yaml-")
    assert path.suffix == ".md"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return path


def test_a_text_that_cannot_be_read_is_kept_and_the_place_is_told(desk: Desk) -> None:
    run = desk.edit(desk.replacing("401", "402", "\n200\n", "\n2OO\n"), "-i", "0")
    assert (run.returncode, run.stdout) == (2, "")
    path = kept(run, desk)
    assert desk.is_as_it_was
    told = re.search(r"cassette: (.+):(\d+): response.status is no JSON: ", run.stderr)
    assert told
    assert told[1] == str(path)
    assert path.read_text("utf-8").split("\n")[int(told[2]) - 1] == "2OO"

    path.write_text(path.read_text("utf-8").replace("2OO", "201"), "utf-8")
    assert desk.edit(f"cp {path}", "-i", "0").returncode == 0  # and so one goes on with it
    assert (desk.get("response.status"), b"402" in desk.file.read_bytes()) == (201, True)


def test_a_text_that_has_no_place_in_the_cassette_is_kept(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SAMPLES / "vcrpy" / "images_and_errors.yaml")
    run = desk.edit(
        desk.replacing("</b> \\u001b", "</b> \\ud83d"), "-i", "3"
    )  # half of what UTF-8 has only whole
    assert run.returncode == 2
    assert "response.body: " in run.stderr
    assert desk.is_as_it_was
    kept(run, desk)


def test_a_text_that_is_no_utf_8_is_kept(desk: Desk) -> None:
    run = desk.edit(desk.script("import sys; open(sys.argv[-1], 'ab').write(b'\\xff')"), "-i", "0")
    assert run.returncode == 2
    assert "not UTF-8 any more" in run.stderr
    kept(run, desk)


def test_a_cassette_that_changed_meanwhile_is_not_overwritten(desk: Desk) -> None:
    editor = desk.script(
        f"{READING}with open({str(desk.file)!r}, 'a') as file: file.write('# x\\n')\n"
        "path.unlink(); path.write_text(text.replace('401', '402'), 'utf-8')"
    )
    run = desk.edit(editor, "-i", "0")
    assert run.returncode == 2
    assert "changed or removed by someone else meanwhile" in run.stderr
    assert desk.file.read_bytes() == desk.before + b"# x\n"
    assert "402" in kept(run, desk).read_text("utf-8")


# -- a real terminal ---------------------------------------------------------------------------------


class Terminal:
    """A command in a terminal of 100 by 40: what it prints, and a person's keys."""

    def __init__(self, desk: Desk, editor: str | None, *arguments: str) -> None:
        env = CLEAN | {"PYTHONPATH": str(SAMPLES.parent), "CASSETTE_PAGER": ""} | desk.env
        env.pop("EDITOR", None)
        if editor is not None:
            env["EDITOR"] = editor
        self.main, side = os.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cassette_cli", "edit", desk.file, *arguments],
            stdin=side, stdout=side, stderr=side, env=env, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(side)
        self.shown = ""

    def wait_for(self, word: str) -> None:
        """Read until the word was printed; what stands before it is gone then."""
        deadline = time.monotonic() + 20
        while word not in self.shown:
            assert self._read(deadline), f"{word} was not shown in {self.shown!r}"
        self.shown = self.shown.partition(word)[2]

    def _read(self, deadline: float) -> bool:
        """Read what was printed, as it looks without colours and the like; False at the end of it."""
        if not select.select([self.main], [], [], max(0, deadline - time.monotonic()))[0]:
            return False
        try:
            more = os.read(self.main, 65536)
        except OSError:  # Linux: the other side is closed
            return False
        self.shown = _SEQUENCE.sub("", self.shown + more.decode("utf-8", "replace"))
        return bool(more)

    def type(self, keys: str) -> None:
        os.write(self.main, keys.encode())

    def end(self) -> tuple[int, str]:
        """The exit code, and what was still printed."""
        deadline = time.monotonic() + 20
        while self._read(deadline):
            pass
        return self.process.wait(timeout=5), self.shown.replace("\r\n", "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.main)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|P.*?\x1b\\|[()].|[=>78])")


def needs(name: str) -> Callable[..., object]:
    return pytest.mark.skipif(shutil.which(name) is None, reason=f"no {name} on this machine")


@needs("vim")
def test_vim_opens_the_form_again_with_the_error_above_until_it_is_right(desk: Desk) -> None:
    with Terminal(desk, "vim -u NONE -N -n", "-i", "0") as at:
        at.wait_for("# ==> response.status")
        at.type("/^200\rcc2OO\x1b/is not known\rcwwas\x1b:wq\r")
        at.wait_for("response.status is no JSON: extra data, at column 2")
        at.type("/^2OO\rcc418\x1b:wq\r")
        code, told = at.end()
    assert code == 0
    assert told.endswith(f"{desk.file}: changed response.status, reply.text of #0\n")
    assert desk.get("response.status") == 418
    assert " was not known: ask Ada." in str(desk.get("reply.text"))
    assert not desk.left


@needs("vi")
def test_vi_is_the_editor_where_none_is_named_and_quitting_it_changes_nothing(desk: Desk) -> None:
    with Terminal(desk, None, "-i", "0") as at:
        at.wait_for("# ==> request.method")
        at.type("\x1b:q!\r")
        code, told = at.end()
    assert code == 0
    assert "nothing was changed in #0" in told
    assert desk.is_as_it_was
    assert not desk.left


@needs("ed")
def test_ed_edits_line_by_line(desk: Desk) -> None:
    with Terminal(desk, "ed", "-i", "0") as at:
        at.type("/401/s/401/402/p\nw\nq\n")
        at.wait_for("Why does it say 402?")
        assert at.end()[0] == 0
    assert b"402" in desk.file.read_bytes()


@needs("sed")
def test_sed_is_an_editor_too(desk: Desk) -> None:
    assert desk.edit("sed -i.old -e 's/ is not / was not /'", "-i", "0").returncode == 0
    assert " was not known" in str(desk.get("reply.text"))


def test_what_has_no_place_in_the_cassette_is_asked_for_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path, SAMPLES / "vcrpy" / "images_and_errors.yaml")
    mending = desk.script(
        f"{READING}old, new = (r'</b> \\ud83d', r'</b> \\u001c') if 'NOT WRITTEN: response.body: ' in text"
        " else (r'</b> \\u001b', r'</b> \\ud83d')\npath.write_text(text.replace(old, new), 'utf-8')"
    )
    with Terminal(desk, mending, "-i", "3") as at:
        code, told = at.end()
    assert (code, told) == (0, f"{desk.file}: changed response.body of #3\n")
    assert "</b> \x1c[31m" in str(desk.get("response.body", 3))
    assert not desk.left


def test_what_is_still_wrong_when_it_is_left_so_ends_it_and_the_text_is_kept(desk: Desk) -> None:
    wrong = desk.script(f"{READING}path.write_text(text.replace('\\n200\\n', '\\n?\\n'), 'utf-8')")
    with Terminal(desk, wrong, "-i", "0") as at:
        code, told = at.end()
    (path,) = desk.left
    line = path.read_text("utf-8").split("\n").index("?") + 1
    assert code == 2
    assert f"{path}:{line}: response.status is no JSON" in told
    assert f"your text is kept in {path}" in told
    assert path.read_text("utf-8").startswith(f"<!--\nNOT WRITTEN: line {line}: response.status is no JSON")
    assert desk.is_as_it_was


def test_ctrl_c_is_for_the_editor(desk: Desk) -> None:
    patient = desk.script(
        f"import time\n{READING}try:\n    print('ready', flush=True); time.sleep(20)\n"
        "except KeyboardInterrupt:\n    path.write_text(text.replace('401', '402'), 'utf-8')"
    )
    with Terminal(desk, patient, "-i", "0") as at:
        at.wait_for("ready")
        at.type("\x03")
        assert at.end()[0] == 0
    assert b"402" in desk.file.read_bytes()


# -- real cassettes ----------------------------------------------------------------------------------


@needs_corpus
def test_every_form_of_a_real_cassette_reads_as_unchanged() -> None:
    seen = 0
    for path in sample(60, seed=7):
        try:
            cassette_ = read_cassette(Document(str(path), path.read_bytes()))
        except CassetteError:
            continue
        for interaction in cassette_.interactions[:3]:
            form = Form("", slots(cassette_, interaction.index))
            assert form.read(form.text) == {}
            seen += 1
    assert seen > 60

"""How fast it is, as ratios from one run: `python -m tests.bench [CORPUS]`.

Start-up is whole processes in turn, reading is this process over all the files of a corpus. Absolute
times depend on the machine; the ratios hardly do.
"""

import gc
import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import NamedTuple

import yaml

from cassette_cli.errors import CassetteError
from cassette_cli.recorders import read_cassette
from cassette_cli.source.document import Document
from tests.corpus import CORPUS

SAMPLE = Path(__file__).parent.parent / "samples" / "go-vcr" / "tool_streaming.yaml"


def start_up(runs: int = 15) -> None:
    """Start-up of two commands against `python -c "import typer"`."""
    with tempfile.TemporaryDirectory() as folder:
        twenty = Path(folder) / "twenty.yaml"
        text = SAMPLE.read_text("utf-8")
        twenty.write_text(text + text.partition("interactions:\n")[2], "utf-8")  # 20 kB
        base = [sys.executable, "-c", "import typer"]
        cassette = [sys.executable, "-m", "cassette_cli"]
        commands = {"--version": [*cassette, "--version"], "show, 20 kB": [*cassette, "show", str(twenty)]}
        for name, command in commands.items():
            pairs = [(_process(command), _process(base)) for _ in range(runs)]
            ratio = median(one / two for one, two in pairs[1:])
            print(f"start-up  cassette {name:<14} {ratio:5.2f}x  of python -c 'import typer'")


def _process(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begin


class _Loader(yaml.CSafeLoader):
    """PyYAML's fastest safe loader, with tags that it does not know read as plain values."""


_Loader.add_multi_constructor("", lambda *_: None)


def reading(rounds: int = 3) -> None:
    """Reading every YAML cassette of the corpus against CSafeLoader loading it."""
    texts = _texts()
    size = sum(len(data) for _, data in texts) / 1e6
    ratios = []
    for _ in range(rounds):
        ours, theirs = _time(_read_all, texts), _time(_load_all, texts)
        ratios.append(ours / theirs)
    print(f"reading   {len(texts):,} files, {size:.0f} MB      {median(ratios):5.2f}x  of PyYAML CSafeLoader")


def rust() -> None:
    """The Rust of cassetter loading the files that it can, against CSafeLoader: the mark to reach."""
    try:
        from cassetter import _core
    except ImportError:
        print("cassetter skipped: it is not installed")
        return
    loaded: list[tuple[str, bytes]] = []
    for name, data in _texts():
        with suppress(Exception):  # a format that is not its own
            _core.Cassette.load(name)
            loaded.append((name, data))

    def load(texts: list[tuple[str, bytes]]) -> None:
        for name, _ in texts:
            _core.Cassette.load(name)

    ratio = _time(load, loaded) / _time(_load_all, loaded)
    print(f"cassetter {len(loaded):,} files               {ratio:5.2f}x  of PyYAML CSafeLoader")


def _read_all(texts: list[tuple[str, bytes]]) -> None:
    for name, data in texts:
        with suppress(CassetteError):
            read_cassette(Document(name, data))


def _load_all(texts: list[tuple[str, bytes]]) -> None:
    for _, data in texts:
        with suppress(yaml.YAMLError):
            for _document in yaml.load_all(io.BytesIO(data), _Loader):
                pass


CHECKS = (("redact", "headers", "--check"), ("redact", "all", "--check"), ("validate", "--statistics"))


def checking(rounds: int = 3) -> None:
    """What reads whole suites, against a script that loads them with CSafeLoader: whole processes."""
    folders = sorted({str(CORPUS / Path(path).relative_to(CORPUS).parts[0]) for path, _ in _texts()})
    script = "import sys; from tests import bench; bench._load_all(bench._texts(*sys.argv[1:]))"
    loader = [sys.executable, "-c", script, *folders]
    for words in CHECKS:
        for jobs in (1, os.cpu_count() or 1):
            command = [sys.executable, "-m", "cassette_cli", *words, f"--jobs={jobs}", *folders]
            ratio = median(_process(command) / _process(loader) for _ in range(rounds))
            name = f"{' '.join(words)}, {jobs} process{'es' * (jobs > 1)}"
            print(f"{name:<40} {ratio:5.2f}x  of PyYAML CSafeLoader loading the files")


def differing(rounds: int = 5) -> None:
    """`diff` of two recordings of 3 MB against git's own diff of the files."""
    text = SAMPLE.read_text("utf-8")
    head, _, rest = text.partition("interactions:\n")
    old = f"{head}interactions:\n{rest * (3_000_000 // len(rest))}"
    new = old.replace('"created":177', '"created":178').replace(" hot ", " warm ", 3)
    with tempfile.TemporaryDirectory() as folder:
        paths = [str(Path(folder) / name) for name in ("old.yaml", "new.yaml")]
        for path, content in zip(paths, (old, new), strict=True):
            Path(path).write_text(content, "utf-8")
        mine = [sys.executable, "-m", "cassette_cli", "diff", *paths]
        git = ["git", "diff", "--no-index", *paths]
        ratio = median(_process(mine) / _process(git) for _ in range(rounds))
        print(f"{'diff, 2 x 3 MB':<40} {ratio:5.2f}x  of git diff --no-index")


# -- growth --------------------------------------------------------------------------------------------

_GROWING = (("show", "-s"), ("show", "--json"), *CHECKS)
_TINY = """- request: {{method: GET, uri: 'https://example.com/{}', headers: {{Accept: ['*/*']}}, body: null}}
  response:
    status: {{code: 200, message: OK}}
    headers: {{Content-Type: [application/json]}}
    body: {{string: '{{"id": {}, "object": "thing"}}'}}
"""
_DELTA = 'data: {{"id":"chatcmpl-1","choices":[{{"index":0,"delta":{{"content":"word{} "}}}}]}}\n\n'
_STREAM = """version: 1
interactions:
- request: {method: POST, uri: 'https://api.openai.com/v1/chat/completions', headers: {}, body: '{}'}
  response:
    status: {code: 200, message: OK}
    headers: {Content-Type: [text/event-stream]}
    body:
      string: |
"""


def _bodies(size: int) -> str:
    """A cassette of many real interactions, of so many bytes."""
    head, _, rest = SAMPLE.read_text("utf-8").partition("interactions:\n")
    return f"{head}interactions:\n{rest * (size // len(rest))}"


def _interactions(count: int) -> str:
    return "version: 1\ninteractions:\n" + "".join(_TINY.format(at, at) for at in range(count))


def _events(count: int) -> str:
    lines = "".join(map(_DELTA.format, range(count))).splitlines()
    return _STREAM + "".join(f"        {line}\n" if line else "\n" for line in lines)


def _line(size: int) -> str:
    words = "all work and no play makes Jack a dull boy, "
    return _STREAM.removesuffix("|\n") + f'"{words * (size // len(words))}"\n'


GROWTH: tuple[tuple[str, Callable[[int], str], int, int], ...] = (
    ("1 → 20 MB of bodies", _bodies, 1_000_000, 20_000_000),
    ("5,000 → 100,000 interactions", _interactions, 5_000, 100_000),
    ("5,000 → 100,000 events in a body", _events, 5_000, 100_000),
    ("a line of 1 → 20 MB", _line, 1_000_000, 20_000_000),
)


def growing() -> None:
    """How time grows with a file of 20 times the size, and what memory the large one takes at most."""
    with tempfile.TemporaryDirectory() as folder:
        for name, make, small, large in GROWTH:
            paths = [Path(folder) / f"{size}.yaml" for size in (small, large)]
            for path, size in zip(paths, (small, large), strict=True):
                path.write_text(make(size), "utf-8")
            megabytes = paths[1].stat().st_size / 1e6
            for words in _GROWING:
                command = [sys.executable, "-m", "cassette_cli", *words]
                base, one, two = (_used([*command, str(path)]) for path in (os.devnull, *paths))
                grown = (two.seconds - base.seconds) / max(one.seconds - base.seconds, 0.01)
                print(
                    f"{name:<33} {' '.join(words):<24} {grown:5.1f}x the time, {two.seconds:4.1f} s", end=""
                )
                print(f"   at most {two.megabytes:4.0f} MB for {megabytes:.0f} MB")


class Used(NamedTuple):
    seconds: float  # of CPU
    megabytes: float  # at the peak


def _used(command: list[str]) -> Used:
    """What a process takes."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    return Used(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def _texts(*folders: str) -> list[tuple[str, bytes]]:
    """The YAML cassettes of the corpus, or of some folders of it."""
    return [
        (str(path), path.read_bytes())
        for folder in folders or (CORPUS,)
        for path in sorted(Path(folder).rglob("*"))
        if path.suffix in (".yaml", ".yml") and "wiremock" not in path.parts
    ]


def _time(run: Callable[[list[tuple[str, bytes]]], None], texts: list[tuple[str, bytes]]) -> float:
    begin = time.process_time()
    run(texts)
    return time.process_time() - begin


def main() -> None:
    gc.set_threshold(200_000, 50, 50)  # as the command does
    start_up()
    differing()
    growing()
    if CORPUS.is_dir():
        reading()
        rust()
        checking()
    else:
        print(f"reading   skipped: no corpus at {CORPUS}")


if __name__ == "__main__":
    main()

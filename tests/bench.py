"""How fast it is, as ratios from one run: `python -m tests.bench [CORPUS]`.

Start-up is whole processes in turn, reading is this process over all the files of a corpus. Absolute
times depend on the machine; the ratios hardly do.
"""

import gc
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from statistics import median

import yaml

from cassette_cli.errors import CassetteError
from cassette_cli.recorders import read_cassette
from cassette_cli.redact import plan
from cassette_cli.rules.providers import SECRETS
from cassette_cli.rules.redaction import Choice, Rules
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
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
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


def _read_all(texts: list[tuple[str, bytes]]) -> None:
    for name, data in texts:
        with suppress(CassetteError):
            read_cassette(Document(name, data))


def _load_all(texts: list[tuple[str, bytes]]) -> None:
    for _, data in texts:
        with suppress(yaml.YAMLError):
            for _document in yaml.load_all(io.BytesIO(data), _Loader):
                pass


def redacting(rounds: int = 3) -> None:
    """What `redact --check` does, reading included, against CSafeLoader loading the same files."""
    texts = _texts()
    kinds = {
        "headers": Rules(Choice(query=False, body=False, secrets=False)),
        "all": Rules(Choice(rules=tuple(rule for rule in SECRETS if rule.default))),
    }
    for name, rules in kinds.items():

        def check(texts: list[tuple[str, bytes]], rules: Rules = rules) -> None:
            for path, data in texts:
                with suppress(CassetteError):
                    plan(read_cassette(Document(path, data)), rules)

        ratio = median(_time(check, texts) / _time(_load_all, texts) for _ in range(rounds))
        print(f"redact    {name:<8} --check         {ratio:5.2f}x  of PyYAML CSafeLoader")


def _texts() -> list[tuple[str, bytes]]:
    """The YAML cassettes of the corpus."""
    return [
        (str(path), path.read_bytes())
        for path in sorted(CORPUS.rglob("*"))
        if path.suffix in (".yaml", ".yml") and "wiremock" not in path.parts
    ]


def _time(run: Callable[[list[tuple[str, bytes]]], None], texts: list[tuple[str, bytes]]) -> float:
    begin = time.process_time()
    run(texts)
    return time.process_time() - begin


def main() -> None:
    gc.set_threshold(200_000, 50, 50)  # as the command does
    start_up()
    if CORPUS.is_dir():
        reading()
        redacting()
    else:
        print(f"reading   skipped: no corpus at {CORPUS}")


if __name__ == "__main__":
    main()

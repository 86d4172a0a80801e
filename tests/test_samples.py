"""Every sample beside what `cassette show --json` must say of it.

`python -m tests.test_samples` writes the expected files anew; review them as you would code.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from cassette_cli.recorders import read_cassette
from cassette_cli.report import machine
from cassette_cli.selection import Selection
from cassette_cli.source.document import Document

SAMPLES = Path(__file__).parent.parent / "samples"
FILES = sorted(
    path
    for path in SAMPLES.rglob("*")
    if path.is_file() and not path.name.endswith(".expected.json") and "__files" not in path.parts
)


def _expected(path: Path) -> Path:
    return path.with_name(f"{path.stem}.expected.json")


def _shown(path: Path) -> Any:
    cassette = read_cassette(Document(path.relative_to(SAMPLES.parent).as_posix(), path.read_bytes()))
    document = machine.show_cassette(cassette, list(Selection().pick(cassette)), reveal=False)
    return json.loads(machine.dumps(document))


def test_there_are_samples_of_every_recorder() -> None:
    assert {path.parent.name for path in FILES} == {
        "azure-test-proxy",
        "betamax",
        "ddapm",
        "easyvcr",
        "exvcr",
        "go-vcr",
        "govcr",
        "har",
        "httprr",
        "okreplay",
        "php-vcr",
        "r-vcr",
        "ruby-vcr",
        "rvcr",
        "seinfeld",
        "vcrpy",
        "wiremock",
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_sample_reads_as_expected(path: Path) -> None:
    assert _shown(path) == json.loads(_expected(path).read_text("utf-8"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_sample_of_a_recorder_is_told_by_its_content(path: Path) -> None:
    assert _shown(path)["recorder"] == path.parent.name


def main() -> None:
    for path in FILES:
        text = json.dumps(_shown(path), ensure_ascii=False, indent=1)
        _expected(path).write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()

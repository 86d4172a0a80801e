"""The real cassettes that the promises are held against; other people's files, never copied in here."""

import random
from pathlib import Path

import pytest

CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus"

YAML = (".yaml", ".yml")
JSON = (".json", ".har")


def files(*suffixes: str) -> list[Path]:
    """The corpus files with one of these suffixes (of all, without any), sorted."""
    return sorted(path for path in CORPUS.rglob("*") if path.is_file() and _has(path, suffixes))


def _has(path: Path, suffixes: tuple[str, ...]) -> bool:
    return not suffixes or path.name.removesuffix(".gz").endswith(suffixes)


def sample(count: int, seed: int) -> list[Path]:
    """The same `count` YAML and JSON files for the same seed; fewer only if there are no more."""
    everything = files(*YAML, *JSON)
    return sorted(dice(seed).sample(everything, min(count, len(everything))))


def dice(seed: int) -> random.Random:
    """Random numbers that are the same in every run."""
    return random.Random(seed)


def name_of(path: Path) -> str:
    """How a proof names a file: its path inside the corpus."""
    return path.relative_to(CORPUS).as_posix()


needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus of real cassettes at {CORPUS}")

"""Rules over real cassettes: silence on the healthy ones, and each break found at its line."""

from functools import cache
from pathlib import Path

import pytest

from cassette_cli.model import Cassette
from tests.corpus import dice, needs_corpus, sample
from tests.mutations import Mutation
from tests.proof_validate import cassettes, healthy_cassettes_are_silent, mutations, prove_mutation

MUTATIONS = mutations()


@needs_corpus
def test_healthy_cassettes_are_silent() -> None:
    assert healthy_cassettes_are_silent(sample(300, seed=5)).faults == []


@needs_corpus
@pytest.mark.parametrize("mutation", MUTATIONS, ids=[f"{one.rule}: {one.name}" for one in MUTATIONS])
def test_a_break_is_found_at_its_line_and_nothing_else_is(mutation: Mutation) -> None:
    _, wrong = prove_mutation(mutation, _some(), each=3, random=dice(3))
    assert wrong == []


@cache
def _some() -> list[tuple[Path, Cassette]]:
    return list(cassettes(sample(250, seed=3)))

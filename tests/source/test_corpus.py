"""The proofs of `tests.proof` over a sample of real cassettes."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.corpus import needs_corpus, sample
from tests.proof import (
    Outcome,
    removals_take_just_those_entries,
    replacements_change_just_that_value,
    scalars_read_as_the_other_parser_reads_them,
)

PROOFS = (
    scalars_read_as_the_other_parser_reads_them,
    replacements_change_just_that_value,
    removals_take_just_those_entries,
)


@needs_corpus
@pytest.mark.parametrize("proof", PROOFS, ids=lambda proof: proof.__name__)
def test_a_sample_of_real_cassettes_keeps_the_promises(proof: Callable[[Iterable[Path]], Outcome]) -> None:
    outcome = proof(sample(60, seed=3))
    assert outcome.faults == []
    assert outcome.counts["files"] > 50

"""Every rule finds what its examples mark with « », there alone, and nothing in their healthy twins."""

import pytest

from cassette_cli.recorders import read_cassette
from cassette_cli.rules.validation import CHECKS, Case, Check
from cassette_cli.source.document import Document
from cassette_cli.validate import problems

Rows = list[tuple[Check, str]]
BAD: Rows = [(check, text) for check in CHECKS for text in check.bad]
GOOD: Rows = [(check, text) for check in CHECKS for text in check.good]


def found_in(text: str, check: Check) -> list[tuple[str, int, int]]:
    """What the rules that are on by default, and this one, find in a cassette, and where."""
    case = Case(read_cassette(Document("example.yaml", text.encode())), check.limits)
    checks = [one for one in CHECKS if one.default or one is check]
    return [(rule.id, located.start, located.end) for rule, located in problems(case, checks)]


def _ids(rows: Rows) -> list[str]:
    return [
        f"{check.id}-{check.bad.index(text) if text in check.bad else check.good.index(text)}"
        for check, text in rows
    ]


@pytest.mark.parametrize(("check", "text"), GOOD, ids=_ids(GOOD))
def test_a_healthy_example_is_silent(check: Check, text: str) -> None:
    assert found_in(text, check) == []


@pytest.mark.parametrize(("check", "text"), BAD, ids=_ids(BAD))
def test_a_broken_example_is_found_at_its_mark_and_nothing_else_is(check: Check, text: str) -> None:
    before, rest = text.split("«")
    marked, after = rest.split("»")
    assert found_in(before + marked + after, check) == [(check.id, len(before), len(before) + len(marked))]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_a_rule_says_what_why_and_how_to_mend_it(check: Check) -> None:
    assert check.bad
    assert check.good
    assert check.summary[0].islower() or not check.summary[0].isalpha()
    assert check.why.endswith(".")
    assert not check.fix.endswith(".")

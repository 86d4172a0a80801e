"""The rules of `cassette validate`: `CHECKS` is the whole list, a module a family.

What leaks is found by the rules of `redact`, and what cannot be read at all is told by the reader; their
rows are in `leaks` and `FAULTS`. To add a rule: a function in its family's module and a row in that
module's table, with a small cassette that trips it and one that does not; they are its test.
"""

from cassette_cli.rules.validation import bodies, conversation, hygiene, replay, streams, structure
from cassette_cli.rules.validation.check import Case, Check, Family, Limits, Problem

__all__ = ["CHECKS", "Case", "Check", "Family", "Limits", "Problem"]

CHECKS: tuple[Check, ...] = (
    *structure.CHECKS,
    *bodies.CHECKS,
    *streams.CHECKS,
    *conversation.CHECKS,
    *replay.CHECKS,
    *hygiene.CHECKS,
)

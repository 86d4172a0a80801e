"""The rules of `cassette validate`: `TABLE` is the whole list, a module a family.

`CHECKS` are those that run here. What cannot be read at all is told by the reader (`faults`), what leaks is
found by the rules of `redact` (`leaks`). To add a rule: a function in its family's module and a row in that
module's table, with a small cassette that trips it and one that does not; they are its test.
"""

from cassette_cli.rules.validation import bodies, conversation, hygiene, replay, streams, structure
from cassette_cli.rules.validation.check import Case, Check, Family, Limits, Problem
from cassette_cli.rules.validation.faults import FAULTS, OF_THE_READER
from cassette_cli.rules.validation.leaks import LEAKS

__all__ = ["CHECKS", "OF_THE_READER", "TABLE", "UNREAD", "Case", "Check", "Family", "Limits", "Problem"]

CHECKS: tuple[Check, ...] = (
    *structure.CHECKS,
    *bodies.CHECKS,
    *streams.CHECKS,
    *conversation.CHECKS,
    *replay.CHECKS,
    *hygiene.CHECKS,
)
UNREAD = frozenset(  # rules that find what could not be read, so that what is secret in it could not be told
    row.id
    for row in CHECKS
    if row.family in (Family.BODIES, Family.STREAMS) or row.id == "unparsable-arguments"
)
TABLE: dict[str, Check] = {check.id: check for check in (*FAULTS, *CHECKS, *LEAKS)}

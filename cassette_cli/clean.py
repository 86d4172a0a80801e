"""One cassette redacted, from the search to the bytes that may be written.

Searches, changes and proves, then searches what came of it, until nothing is left to find: so what is
written is what a second run leaves alone.
"""

from collections.abc import Callable
from typing import NamedTuple

from cassette_cli import redact
from cassette_cli.errors import Place, Refused
from cassette_cli.findings import Finding
from cassette_cli.model import Cassette
from cassette_cli.replay import weakened
from cassette_cli.rewrite import apply
from cassette_cli.rules.redaction import Rules
from cassette_cli.search import BOTH, Note
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.text import Span, difference

_ROUNDS = 5


class Cleaned(NamedTuple):
    """What was found in a cassette, and its files without it."""

    cassette: Cassette
    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()
    lengths: tuple[tuple[str, str, str], ...] = ()  # lengths that followed: which, from, to
    edits: dict[Document, list[Edit]] = {}  # noqa: RUF012 - never changed in place
    spans: tuple[Span, ...] = ()  # where in the old files the secrets stand

    def bytes_of(self, document: Document) -> bytes:
        return document.encode(splice(document.text, self.edits[document]))


class Scope(NamedTuple):
    """Which part of a cassette is searched, and what of it may stay."""

    indexes: frozenset[int] | None = None
    sides: tuple[str, ...] = BOTH
    check: bool = False  # only what is found is wanted, and what follows from it
    accepts: Callable[[Finding], bool] = lambda _: False


def clean(cassette: Cassette, rules: Rules, scope: Scope = Scope()) -> Cleaned:  # noqa: B008 - a constant
    """The cassette without what the rules find; raises Refused where that cannot be proved."""
    plan = redact.plan(cassette, rules, scope.indexes, scope.sides, scope.accepts)
    done = Cleaned(cassette, plan.findings, plan.notes, spans=plan.spans)
    if scope.check and (plan.changes or plan.drops) and not plan.touches_bodies:
        return done._replace(edits={cassette.document: []})  # nothing follows from a header
    for _ in range(_ROUNDS):
        if not plan.changes and not plan.drops:
            break
        made = apply(done.cassette, plan.changes, plan.drops, plan.opened)
        others = {
            document: edits
            for document, edits in made.edits.items()
            if document is not done.cassette.document
        }
        edits = made.edits.get(done.cassette.document, [])
        if done.cassette is not cassette:
            text = splice(done.cassette.document.text, edits)
            edits = [difference(cassette.document.text, text)]
        all_edits = others | ({cassette.document: edits} if edits else {})
        done = done._replace(cassette=made.cassette, lengths=(*done.lengths, *made.lengths), edits=all_edits)
        if others:
            break  # what is in files of their own is read from them: they are not written yet
        plan = redact.plan(made.cassette, rules, scope.indexes, scope.sides, scope.accepts)
        done = done._replace(findings=(*done.findings, *(one for one in plan.findings if one.fixable)))
    else:
        raise Refused(
            "a bug in cassette: there is always more to find; nothing was written", _place(cassette)
        )
    notes = [Note(_line(cassette, index), message) for index, message in weakened(cassette, done.cassette)]
    return done._replace(notes=(*done.notes, *notes))


def _place(cassette: Cassette) -> Place:
    return Place(cassette.document.name)


def _line(cassette: Cassette, index: int) -> Place:
    return Place(cassette.document.name, cassette.line(cassette.interactions[index]), 1)

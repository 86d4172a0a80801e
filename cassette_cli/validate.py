"""What is wrong with one cassette: the rules run, their problems placed, suppressed and put in order.

Pure: a cassette and rules in, findings out. What leaks is found by the rules of `redact`, so the two agree.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from cassette_cli import redact
from cassette_cli.errors import CassetteError, Place, Unreadable
from cassette_cli.findings import Finding, Severity, fingerprint
from cassette_cli.ignores import Ignore, ignores
from cassette_cli.model import Body, Cassette, Interaction
from cassette_cli.rules.redaction import Rules
from cassette_cli.rules.validation import CHECKS, TABLE, Case, Check, Limits, Problem
from cassette_cli.rules.validation.check import Each
from cassette_cli.search import Note, Search
from cassette_cli.selection import Reading
from cassette_cli.source import tree
from cassette_cli.source.document import Document
from cassette_cli.source.jsontree import parse_json
from cassette_cli.source.text import Joined, Span, Text
from cassette_cli.source.tree import Alias, Node, Sequence, document_of, offset_of, resolve


class Choice(NamedTuple):
    """Which rules run, how grave what they find is, and from where on something is too old or too large."""

    rules: frozenset[str]
    severities: Mapping[str, Severity] = {}  # where they are not those of the table
    leaks: Rules | None = None  # None: none of them
    limits: Limits = Limits()
    secrets: Rules | None = None  # what they find is masked in whatever a finding says


class Validated(NamedTuple):
    """What was found in one cassette, by place, and what could not be searched."""

    findings: tuple[Finding, ...]
    notes: tuple[Note, ...] = ()
    secrets: tuple[Span, ...] | None = None  # where those stand that were found; None: some may stay


def validate(cassette: Cassette, choice: Choice) -> Validated:
    """What the chosen rules find, less what comments in the file accept."""
    case = Case(cassette, choice.limits)
    wanted = [check for check in CHECKS if check.id in choice.rules]
    needed = {cause for check in wanted for cause in check.after}
    also = [check for check in CHECKS if check.id in needed and check.id not in choice.rules]
    search = None if choice.leaks is None else Search(cassette, choice.leaks)
    found = [
        _finding(case, check, located)
        for check, located in problems(case, [*wanted, *also], search.look if search else lambda _: None)
        if check.id in choice.rules
    ]
    comments = ignores(cassette)
    found, heeded = _without_ignored(cassette, comments, found)
    notes: tuple[Note, ...] = ()
    secrets = None
    if search is not None:
        plan = redact.plan_of(search)
        notes = plan.notes
        secrets = None if plan.heeded else plan.spans
        heeded |= plan.heeded
        found += [_leak(finding) for finding in plan.findings]
    if "unused-ignore" in choice.rules:
        useless = (one for one in comments if one not in heeded and _is_judged(one, choice))
        found += [_useless(cassette.document, one) for one in useless]
    told = (finding if finding.fixable else _masked(finding, choice.secrets) for finding in found)
    graded = sorted((_graded(finding, choice) for finding in told), key=_order)
    return Validated(tuple(graded), notes, secrets)


def fault(error: Unreadable, choice: Choice) -> Validated | None:
    """What the error of a file comes to; None where the file could not even be opened."""
    if error.rule is None or error.place is None:
        return None
    if error.rule not in choice.rules:
        return Validated(())
    line, column = error.place.line or 1, error.place.column or 1
    finding = Finding(
        error.rule,
        TABLE[error.rule].severity,
        error.message,
        Place(error.place.path, line, column),
        (line, column),
        None,
        "",
        False,
        fingerprint(error.rule),
    )
    return Validated((_graded(_masked(finding, choice.secrets), choice),))


def _order(finding: Finding) -> tuple[str, int, int, str]:
    return finding.place.path, finding.place.line or 0, finding.place.column or 0, finding.rule


def _graded(finding: Finding, choice: Choice) -> Finding:
    severity = choice.severities.get(finding.rule)
    return finding._replace(severity=severity) if severity else finding


def _masked(finding: Finding, rules: Rules | None) -> Finding:
    """The finding without a secret in its words, where a tool's name or a key is one."""
    if rules is None:
        return finding
    return finding._replace(
        message=rules.masked(finding.message),
        where=rules.masked(finding.where),
        detail=rules.masked(finding.detail),
    )


def _leak(finding: Finding) -> Finding:
    """What `redact` found, as graded here, and without what it would do about it."""
    row = TABLE.get(finding.rule)
    severity = row.severity if row else finding.severity
    message = finding.message.removesuffix(f": {finding.detail}")
    return finding._replace(severity=severity, message=message, detail="")


# -- problems ------------------------------------------------------------------------------------------


class Located(NamedTuple):
    """A problem with the place where it stands."""

    problem: Problem
    document: Document
    start: int
    end: int


def problems(
    case: Case, checks: Iterable[Check], look: Callable[[Reading], None] = lambda _: None
) -> Iterator[tuple[Check, Located]]:
    """What the rules find, less what only follows from something else that they find.

    One interaction after the other, for the bodies of one to be in memory at a time; each is shown to `look`.
    """
    runs = [(check, check.run) for check in checks if check.run]
    found: list[tuple[Check, Problem]] = []
    for place, reading in enumerate(case.in_turn()):
        look(reading)
        for check, run in runs:
            if isinstance(run, Each):
                found += [(check, problem) for problem in run.at(case, place)]
    for check, run in runs:
        if not isinstance(run, Each):
            found += [(check, problem) for problem in run(case)]
    told = {(check.id, problem.interaction, _side(problem)) for check, problem in found}
    for check, problem in found:
        if not any((cause, problem.interaction, _side(problem)) in told for cause in check.after):
            yield check, locate(case, problem)


def _finding(case: Case, check: Check, located: Located) -> Finding:
    problem, document = located.problem, located.document
    request = None if problem.interaction is None else _interaction(case, problem.interaction).request
    asked = (request.method, request.url.partition("?")[0]) if request else ()
    return Finding(
        check.id,
        check.severity,
        problem.message,
        document.place(located.start),
        document.line_column(located.end),
        problem.interaction,
        problem.where,
        False,
        fingerprint(check.id, *asked, re.sub(r"\d+", "#", problem.where)),
        problem.note,
    )


def _without_ignored(
    cassette: Cassette, comments: tuple[Ignore, ...], found: list[Finding]
) -> tuple[list[Finding], set[Ignore]]:
    """The findings that no comment accepts, and the comments that accept others."""
    heeded: set[Ignore] = set()
    kept: list[Finding] = []
    for finding in found if comments else ():
        names = (finding.rule, str(TABLE[finding.rule].family))
        covering = [one for one in comments if one.covers(names, _offset(cassette.document, finding))]
        heeded.update(covering)
        kept += [] if covering else [finding]
    return kept if comments else found, heeded


def _is_judged(comment: Ignore, choice: Choice) -> bool:
    """Whether whatever a comment names was looked for, so that it is known to be useless."""
    return all(_meant(word) <= choice.rules for word in comment.words)


def _meant(word: str) -> set[str]:
    """The rules that a word of a comment names: a family's, or the one; none, if no rule is called so."""
    return {row.id for row in TABLE.values() if row.family == word and row.default} or {word} & TABLE.keys()


def _useless(document: Document, comment: Ignore) -> Finding:
    line, column = document.line_column(comment.at)
    unknown = [word for word in comment.words if not _meant(word)]
    message = "nothing is found here that it would ignore"
    if not comment.words:
        message = "it names no rule; write ignore[RULE]"
    elif unknown:
        message = f"no rule is called {unknown[0]}"
    return Finding(
        "unused-ignore",
        TABLE["unused-ignore"].severity,
        message,
        Place(document.name, line, column),
        (line, column + 1),
        None,
        "comment",
        False,
        fingerprint("unused-ignore", *comment.words),
    )


def _offset(document: Document, finding: Finding) -> int:
    """Where in the document a finding stands; nowhere for one in a file beside it."""
    if finding.place.path != document.name or finding.place.line is None:
        return -1
    return document.offset(finding.place.line, finding.place.column or 1)


def _side(problem: Problem) -> str:
    side = re.split(r"[./\[]", problem.where)[0]
    return "response" if side in ("reply", "alternatives") else side


# -- places --------------------------------------------------------------------------------------------


def locate(case: Case, problem: Problem) -> Located:
    """Where in which document a problem stands; of a string without a place, the body or interaction."""
    node = problem.at
    if not isinstance(node, Text | Joined | Alias | tree.Mapping | Sequence):
        node = _fallback(case, problem)
    if node is None:
        return Located(problem, case.cassette.document, 0, 0)
    if problem.pointer:
        node = _pointed(node, problem.pointer)
    if isinstance(node, Text | Joined):
        start, end = problem.span or (0, len(node))
        spans = [outer for span in node.spans(start, end) for outer in redact.outermost(span)]
        if spans:
            root, start = spans[0].root, spans[0].start
            if isinstance(root, Document):
                return Located(problem, root, start, max(span.end for span in spans if span.root is root))
    if isinstance(node, Joined):
        return Located(problem, node.document, node.offset(), node.offset())
    return Located(problem, document_of(node), offset_of(node), _end(node))


def _end(node: Node) -> int:
    return node.end if isinstance(node.parent, Document) else node.parent.offset(node.end)


def _fallback(case: Case, problem: Problem) -> Node | Joined | None:
    """The body, or else the interaction, that a problem is about."""
    if problem.interaction is None:
        return None
    interaction = _interaction(case, problem.interaction)
    bodies = {"request": interaction.request.body, "response": interaction.response.body}
    body = bodies.get(_side(problem), Body())
    return interaction.node if body.node is None or ".headers" in problem.where else body.node


def _interaction(case: Case, index: int) -> Interaction:
    return next(one for one in case.cassette.interactions if one.index == index)


def _pointed(start: Node | Joined, pointer: str) -> Node | Joined:
    """What a JSON pointer leads to in a tree or a text of JSON; as far as it leads."""
    try:
        node = parse_json(start) if isinstance(start, Text | Joined) else resolve(start)
    except (CassetteError, RecursionError):
        return start
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        inner: Node | None = None
        if isinstance(node, tree.Mapping):
            inner = node.get(step)
        elif isinstance(node, Sequence) and step.isdigit() and int(step) < len(node.items):
            inner = resolve(node.items[int(step)])
        if inner is None:
            break
        node = inner
    return node

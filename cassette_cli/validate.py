"""What is wrong with one cassette: the rules run, their problems placed, suppressed and put in order.

Pure: a cassette and rules in, findings out. What leaks is found by the rules of `redact`, so the two agree.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cassette_cli.errors import CassetteError
from cassette_cli.model import Body, Interaction
from cassette_cli.rules.validation import Case, Check, Problem
from cassette_cli.source.document import Document
from cassette_cli.source.jsontree import parse_json
from cassette_cli.source.text import Joined, Span, Text
from cassette_cli.source.tree import Alias, Mapping, Node, Sequence, document_of, offset_of, resolve


class Located(NamedTuple):
    """A problem with the place where it stands."""

    problem: Problem
    document: Document
    start: int
    end: int


def problems(case: Case, checks: Iterable[Check]) -> Iterator[tuple[Check, Located]]:
    """What the rules find, less what only follows from something else that they find."""
    wanted = list(checks)
    found = [(check, problem) for check in wanted for problem in check.run(case)]
    told = {(check.id, problem.interaction, _side(problem)) for check, problem in found}
    for check, problem in found:
        if not any((cause, problem.interaction, _side(problem)) in told for cause in check.after):
            yield check, locate(case, problem)


def _side(problem: Problem) -> str:
    return re.split(r"[./\[]", problem.where)[0]


# -- places --------------------------------------------------------------------------------------------


def locate(case: Case, problem: Problem) -> Located:
    """Where in which document a problem stands; of a string without a place, the body or interaction."""
    node = problem.at
    if not isinstance(node, Text | Joined | Alias | Mapping | Sequence):
        node = _fallback(case, problem)
    if node is None:
        return Located(problem, case.cassette.document, 0, 0)
    if isinstance(node, Text | Joined) and problem.pointer:
        node = _pointed(node, problem.pointer)
    if isinstance(node, Text | Joined):
        start, end = problem.span or (0, len(node))
        spans = [outer for span in node.spans(start, end) for outer in _outermost(span)]
        if spans:
            root, start = spans[0].root, spans[0].start
            if isinstance(root, Document):
                return Located(problem, root, start, max(span.end for span in spans if span.root is root))
    if isinstance(node, Joined):
        return Located(problem, node.document, node.offset(), node.offset())
    return Located(problem, document_of(node), offset_of(node), _end(node))


def _outermost(span: Span) -> Iterator[Span]:
    if isinstance(span.root, Document):
        yield span
    elif isinstance(span.root.parent, Text | Joined):
        for outer in span.root.parent.spans(0, len(span.root.parent)):
            yield from _outermost(outer)


def _end(node: Node) -> int:
    return node.end if isinstance(node.parent, Document) else node.parent.offset(node.end)


def _fallback(case: Case, problem: Problem) -> Node | Joined | None:
    """The body, or else the interaction, that a problem is about."""
    if problem.interaction is None:
        return None
    interaction = _interaction(case, problem.interaction)
    bodies = {"request": interaction.request.body, "response": interaction.response.body}
    body = bodies.get("response" if problem.where.startswith("reply") else _side(problem), Body())
    return interaction.node if body.node is None or ".headers" in problem.where else body.node


def _interaction(case: Case, index: int) -> Interaction:
    return next(one for one in case.cassette.interactions if one.index == index)


def _pointed(text: Text | Joined, pointer: str) -> Node | Joined:
    """What a JSON pointer leads to in a text; as far as it leads."""
    try:
        node: Node = parse_json(text)
    except (CassetteError, RecursionError):
        return text
    for step in pointer.split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        inner: Node | None = None
        if isinstance(node, Mapping):
            inner = node.get(step)
        elif isinstance(node, Sequence) and step.isdigit() and int(step) < len(node.items):
            inner = resolve(node.items[int(step)])
        if inner is None:
            break
        node = inner
    return node

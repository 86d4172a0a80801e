"""Take secrets out of one cassette: what is found, what stands there instead, and the edits for it.

Pure: a cassette and rules in, a plan out; `rewrite` proves and makes its changes.
"""

import re
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from typing import NamedTuple

from cassette_cli.errors import Place
from cassette_cli.fields import Field, Role
from cassette_cli.findings import Finding, Severity, fingerprint
from cassette_cli.ignores import Ignore, ignores
from cassette_cli.layers import TOKENS
from cassette_cli.llm import read_exchange
from cassette_cli.model import Cassette, Interaction
from cassette_cli.rules import credentials
from cassette_cli.rules.placeholders import Placeholders
from cassette_cli.rules.redaction import HEADER_RULES, Match, Rules
from cassette_cli.search import BOTH, Found, Note, Search, copies, known_secrets, without_overlaps
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit
from cassette_cli.source.text import Change, Joined, Span, Text
from cassette_cli.source.tree import plain_scalar
from cassette_cli.wire.body import traced


class Plan(NamedTuple):
    """What was found in a cassette, and the changes after which it is not there."""

    findings: tuple[Finding, ...]
    changes: tuple[Change, ...]
    drops: tuple[Field, ...]  # headers that leave as a whole
    notes: tuple[Note, ...]
    opened: dict[str, list[Field]]  # the strings of the bodies that were looked into
    touches_bodies: bool  # or URLs, or anything but headers that nothing quotes
    spans: tuple[Span, ...]  # of what was found, in its file; of what is packed there, all that packs it
    heeded: frozenset[Ignore] = frozenset()  # the comments that let something pass


def plan(
    cassette: Cassette,
    rules: Rules,
    indexes: frozenset[int] | None = None,
    sides: tuple[str, ...] = BOTH,
    accepts: Callable[[Finding], bool] = lambda _: False,
    *,
    heeds_comments: bool = True,
) -> Plan:
    """What the rules find in a cassette, or in some of its interactions, and how it leaves.

    What `accepts` lets pass, or a comment in the file, stays and is not told.
    """
    return plan_of(Search(cassette, rules, indexes, sides), accepts, heeds_comments=heeds_comments)


def plan_of(
    search: Search, accepts: Callable[[Finding], bool] = lambda _: False, *, heeds_comments: bool = True
) -> Plan:
    """The same for a search that was begun."""
    cassette, rules = search.cassette, search.rules
    found = without_overlaps(search.found(rules.among, rules.named))
    comments = ignores(cassette) if heeds_comments else ()
    heeded: set[Ignore] = set()

    def stays(one: Found) -> bool:
        covering = [comment for comment in comments if comment.covers((one.match.rule, "leaks"), one.offset)]
        heeded.update(covering)
        return bool(covering) or accepts(_finding(cassette, one, one.field.where, ""))

    found = [one for one in found if not stays(one)]
    if rules.choice.secrets and (known := known_secrets(found)) is not None:
        again = search.found(partial(copies, known, rules), values=known.values)
        found = without_overlaps([*found, *(one for one in again if not stays(one))])
    found.sort(key=lambda one: one.offset)
    return _planned(cassette, search, found)._replace(heeded=frozenset(heeded))


# -- planning ------------------------------------------------------------------------------------------


def _planned(cassette: Cassette, search: Search, found: list[Found]) -> Plan:
    dates = [one.value for one in found if one.match.shape == "date"]
    placeholders = Placeholders(cassette.document.text, dates)
    names = _Names(cassette)
    findings: list[Finding] = []
    changes: dict[int, tuple[Text | Joined, list[Edit]]] = {}
    drops: dict[str, Field] = {}
    seen: set[tuple[str, str]] = set()
    for one in found:
        field, match = one.field, one.match
        if not one.spans:  # a reading without places; told once for each value
            if (field.where, one.value) not in seen:
                seen.add((field.where, one.value))
                findings.append(_finding(cassette, one, field.where, "cannot be taken out here"))
            continue
        if search.rules.choice.drop and match.rule in HEADER_RULES:
            drops[f"{field.interaction} {field.where}"] = field
            findings.append(_finding(cassette, one, field.where, "the header is dropped"))
            continue
        if _is_word(field.text):
            continue
        shape = "number" if _is_number(one) else match.shape
        placeholder = placeholders.of(one.value, match.rule, shape, distinct=match.distinct)
        if placeholder == one.value:
            continue
        text = field.text
        if isinstance(text, Text | Joined):
            for target, edit in (*_edits(text, match, placeholder), *_token_bytes(one)):
                changes.setdefault(id(target), (target, []))[1].append(edit)
        findings.append(_finding(cassette, one, names.of(one), _change_words(one, placeholder)))
    secrets = sorted({one.value for one in found if len(one.value) >= 8}, key=len, reverse=True)
    return Plan(
        tuple(_without(secrets, finding) for finding in findings),
        tuple(changes.values()),
        tuple(drops.values()),
        tuple(search.notes),
        search.opened,
        not all(_is_plain_header(one.field) for one in found),
        tuple(span for one in found for inner in one.spans for span in outermost(inner)),
    )


def _is_plain_header(field: Field) -> bool:
    return field.role in (Role.HEADER, Role.COOKIE) and field.name.lower() not in credentials.URL_HEADERS


def _without(secrets: list[str], finding: Finding) -> Finding:
    """The finding with no secret in the name of its place, where a key or a header's name is one."""
    where = finding.where
    for secret in secrets:
        where = where.replace(secret, credentials.MASK)
    if where == finding.where:
        return finding
    return finding._replace(where=where, message=finding.message.replace(finding.where, where))


def outermost(span: Span) -> Iterator[Span]:
    """Where in a document a span stands: of what is packed there, all that packs it."""
    if isinstance(span.root, Document):
        yield span
    elif isinstance(span.root.parent, Text | Joined):
        for outer in span.root.parent.spans(0, len(span.root.parent)):
            yield from outermost(outer)


def _edits(text: Text | Joined, match: Match, placeholder: str) -> Iterator[tuple[Text | Joined, Edit]]:
    """The edits of a match; where a part of it has no place of its own, of each part that has one."""
    parts = list(text.cut(match.start, match.end)) if isinstance(text, Joined) else []
    if all(isinstance(piece, Text | Joined) for piece, _, _ in parts):
        yield text, Edit(match.start, match.end, placeholder)
        return
    for piece, start, end in parts:
        if isinstance(piece, Text | Joined):
            yield piece, Edit(start, end, placeholder)


_BYTES = re.compile(r'"\s*,\s*"logprob"\s*:\s*[-+.\deE]+\s*,\s*"bytes"\s*:\s*(\[[\d,\s]*\])')


def _token_bytes(one: Found) -> Iterator[tuple[Text, Edit]]:
    """Of tokens with log-probabilities, the bytes that spell each one that goes once more."""
    text = one.field.text
    if TOKENS not in one.field.slot or not isinstance(text, Joined):
        return
    for piece, _, _ in text.cut(one.match.start, one.match.end):
        if isinstance(piece, Text) and isinstance(piece.parent, Text):
            spelt = _BYTES.match(piece.parent, piece.end - 1)
            if spelt:
                yield piece.parent, Edit(*spelt.span(1), "null")


def _is_word(text: str) -> bool:
    """Whether a value says no more than true, false or null."""
    return isinstance(text, Text) and isinstance(plain_scalar(text), bool | None)


def _is_number(one: Found) -> bool:
    """Whether what goes is a number as a whole, which a number must replace."""
    text = one.field.text
    if isinstance(text, Text) and isinstance(plain_scalar(text), int | float):
        return True
    return one.match.shape == "value" and re.fullmatch(r"\d+(?:\.\d+)?", one.value) is not None


def _change_words(one: Found, placeholder: str) -> str:
    before = one.field.text[: one.match.start]
    scheme = one.field.role is Role.HEADER and re.fullmatch(r"([A-Za-z][\w-]{0,19}) +", before)
    characters = "character" if len(one.value) == 1 else "characters"
    over = f" over {len(one.spans)} deltas" if one.field.spread and len(one.spans) > 1 else ""
    taken = f"{len(one.value):,} {characters}{over}"
    return f"{scheme[1]}, {taken} → {before}{placeholder}" if scheme else f"{taken} → {placeholder}"


def _finding(cassette: Cassette, one: Found, where: str, detail: str) -> Finding:
    field, match = one.field, one.match
    if one.spans:
        place, end = _place(one.spans[0], end=False), _place(one.spans[-1], end=True)
    else:
        place = end = _stored_place(cassette, field)
    hashed = sha256(one.value.encode("utf-8", "surrogatepass")).hexdigest()
    return Finding(
        match.rule,
        Severity.WARNING if match.rule == "volatile-header" else Severity.ERROR,
        f"{match.summary} in {where}: {detail}",
        place,
        (end.line or 1, end.column or 1),
        field.interaction,
        where,
        bool(one.spans),
        fingerprint(match.rule, hashed),
        detail,
    )


def _place(span: Span, *, end: bool) -> Place:
    if isinstance(span.root, Document):
        return span.root.place(span.end if end else span.start)
    return span.root.place()


def _stored_place(cassette: Cassette, field: Field) -> Place:
    for interaction in cassette.interactions:
        if interaction.index == field.interaction:
            return Place(cassette.document.name, cassette.line(interaction), 1)
    return Place(cassette.document.name, 1, 1)


class _Names:
    """What a place in a streamed body is called in the conversation: reply.text."""

    def __init__(self, cassette: Cassette) -> None:
        self._interactions = {one.index: one for one in cassette.interactions}
        self._read: dict[int, dict[tuple[int, int], str]] = {}

    def of(self, one: Found) -> str:
        field = one.field
        if not field.spread or field.interaction is None or not field.where.startswith("response"):
            return field.where
        if field.interaction not in self._read:
            self._read[field.interaction] = dict(_reply(self._interactions[field.interaction]))
        span = one.field.text.spans(0, 1) if isinstance(one.field.text, Joined) else iter(())
        first = next(span, None)
        return self._read[field.interaction].get(_key(first), field.where) if first else field.where


def _key(span: Span) -> tuple[int, int]:
    return len(span.root.text), span.start


def _reply(interaction: Interaction) -> Iterator[tuple[tuple[int, int], str]]:
    exchange = read_exchange(interaction, loads=traced)
    reply = exchange.reply if exchange else None
    if reply is None:
        return
    texts = {"reply.text": reply.text, "reply.reasoning": reply.reasoning}
    for number, call in enumerate(reply.tool_calls):
        texts[f"reply.tool_calls[{number}].arguments"] = call.raw_arguments
    for where, text in texts.items():
        if isinstance(text, Text | Joined) and (span := next(text.spans(0, 1), None)):
            yield _key(span), where

"""Interactions that cannot all be replayed, or not as they were recorded."""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote

from cassette_cli.errors import CassetteError
from cassette_cli.findings import Severity
from cassette_cli.model import Interaction
from cassette_cli.rules.credentials import is_placeholder, names
from cassette_cli.rules.validation.check import Case, Check, Family, Problem
from cassette_cli.rules.validation.structure import ids_of
from cassette_cli.rules.validation.structure_fields import node_at
from cassette_cli.source.text import Joined, Text
from cassette_cli.source.tree import Mapping, Node, plain

# -- the same request ----------------------------------------------------------------------------------


class _Replay(NamedTuple):
    """How a recorder finds a reply that is not simply the next one: which fields, and which of several."""

    fields: tuple[str, ...] = ()  # of an interaction, of which one must differ; or method, URL and body
    last: bool = False  # the last of several is replayed, not the first


_ANY_ORDER = {
    # https://wiremock.org/docs/stubbing, Stub priority; a scenario puts several into an order
    "wiremock": _Replay(
        ("request", "priority", "scenarioName", "requiredScenarioState", "newScenarioState"), last=True
    ),
    # Manager.serve_mock in httpmock's src/server/state.rs: find() over mocks by id
    "httpmock": _Replay(("when",)),
    # Cassette::playback in php-vcr's src/VCR/Cassette.php
    "php-vcr": _Replay(("request", "index")),
    # VCRHandler.FindMatchingInteraction (C#), BaseInteractionConverter.findMatchingInteraction (Java)
    "easyvcr": _Replay(),
}


def _indistinguishable(case: Case) -> Iterator[Problem]:
    """Interactions that are never replayed, since one with the same request always is."""
    replay = _ANY_ORDER.get(case.cassette.recorder)
    seen: dict[str, Interaction] = {}
    for interaction in _in_turn(case, replay) if replay else ():
        asked = _asked(interaction, replay.fields) if replay else None
        if asked is None or replay is None:
            continue
        first = seen.setdefault(asked, interaction)
        if first is not interaction and not _same_reply(case, first, interaction):
            line = case.cassette.line(first)
            message = f"this is never replayed: the same request is answered otherwise on line {line}"
            at = _asking(interaction.node)
            yield Problem(message, "request", at, note="never replayed", interaction=interaction.index)


def _asking(node: Node) -> Node:
    """The key under which an interaction has its request, or the first of several such."""
    keys = [key for key, _ in node.items if isinstance(key, Text)] if isinstance(node, Mapping) else []
    return next((key for key in keys if key.lower().startswith(("request", "when"))), node)


def _asked(interaction: Interaction, fields: tuple[str, ...]) -> str | None:
    if fields:
        return _written([node_at(interaction.node, field) for field in fields])
    request = interaction.request
    return json.dumps([request.method, request.url, request.body.text])


def _in_turn(case: Case, replay: _Replay) -> list[Interaction]:
    """The interactions, from the one that is replayed on."""
    found = [one for one in case.cassette.interactions if not one.frames]
    return found[::-1] if replay.last else found


def _written(nodes: list[Node | None]) -> str | None:
    """A text that is the same for the same values."""
    try:
        return json.dumps([None if node is None else plain(node) for node in nodes])
    except (CassetteError, ValueError, RecursionError):
        return None


def _same_reply(case: Case, one: Interaction, other: Interaction) -> bool:
    if one.response.status != other.response.status:
        return False
    readings = {reading.interaction.index: reading for reading in case.readings}
    return readings[one.index].said.bytes == readings[other.index].said.bytes


# -- the same interaction ------------------------------------------------------------------------------

_UNIQUE = names(  # headers whose value no server gives twice
    (
        "cf-ray",
        "*request-id",
        "*requestid",
        "*correlation-id",
        "*trace-id",
        "traceparent",
        "x-amz-id-2",
        "x-amz-cf-id",
    )
)


def _duplicate_interaction(case: Case) -> Iterator[Problem]:
    """Interactions that stand in the file already, with something that no two replies have in common."""
    seen: dict[tuple[object, ...], Interaction] = {}
    for interaction in case.cassette.interactions:
        mark = _mark(interaction)
        if mark is None or interaction.frames:
            continue
        first = seen.setdefault(_all_of(interaction), interaction)
        ids = ids_of(case.cassette, interaction)
        if first is interaction or (ids and ids == ids_of(case.cassette, first)):  # then the id is repeated
            continue
        line = case.cassette.line(first)
        message = f"the interaction on line {line} is the very same, its {mark} included"
        at = _asking(interaction.node)
        yield Problem(message, "request", at, note="a copy", interaction=interaction.index)


_ID = re.compile(r"\"id\": ?\"(?:chatcmpl-|msg_|resp_|gen-|cmpl-)\w{12,}")  # of a completion
_HEAD = 2000  # characters of a body, in which an id stands


def _mark(interaction: Interaction) -> str | None:
    """The name of what tells this reply from every other, if it has such a thing."""
    for name, value in interaction.response.headers:
        if value and _UNIQUE.fullmatch(name) and not is_placeholder(value):
            return name
    text = interaction.response.body.text
    return "id" if text and _ID.search(text, 0, _HEAD) else None


def _all_of(interaction: Interaction) -> tuple[object, ...]:
    request, response = interaction.request, interaction.response
    return (
        request.method,
        request.url,
        request.headers,
        _body(interaction, request.body.node),
        response.status,
        response.headers,
        _body(interaction, response.body.node),
    )


def _body(interaction: Interaction, node: Node | Joined | None) -> str | int | None:
    if node is None or isinstance(node, Text | Joined):
        return node
    written = _written([node])
    return interaction.index if written is None else written


# -- redacted --------------------------------------------------------------------------------------------

_FILLS_IN = ("ruby-vcr", "r-vcr", "betamax")  # put the real values back when they load a file
_REDACTED = re.compile(r"REDACTED|FILTERED|MASKED|SCRUBBED|SANITIZED|(?i:redacted)|[<*{\[]|(?i:x{4})|%3C|%5B")
_PART = re.compile(r"[^/?#&=;]+")


def _redacted_match(case: Case) -> Iterator[Problem]:
    """The first placeholder in each URL that was requested."""
    if case.cassette.recorder in _FILLS_IN:
        return
    for interaction in case.cassette.interactions:
        url = interaction.request.url
        if interaction.frames or not _REDACTED.search(url):
            continue
        for part in _PART.finditer(url):
            if _REDACTED.search(part[0]) and is_placeholder(unquote(part[0])):
                message = "a placeholder stands in the URL, by which requests are matched"
                yield Problem(
                    message,
                    "request.url",
                    url,
                    part.span(),
                    note="never asked for",
                    interaction=interaction.index,
                )
                break


# -- the table -----------------------------------------------------------------------------------------


def _stubs(first: str, second: str) -> str:
    """A recording of httpmock in which two requests are answered."""
    return f"""\
when: {{path: /jobs/7, method: GET}}
then: {{status: 200, body: running}}
---
{first}: {{path: {second}, method: GET}}
then: {{status: 200, body: done}}
"""


def _reply(id_: str, path: str = "models") -> str:
    return f"""\
  request: {{method: GET, uri: 'http://example.com/{path}', headers: {{}}, body: null}}
  response:
    status: {{code: 200, message: OK}}
    headers: {{X-Request-Id: [{id_}]}}
    body: {{string: hello}}
"""


def _cassette(*replies: str) -> str:
    return "version: 1\ninteractions:\n" + "".join(f"-{reply[1:]}" for reply in replies)


CHECKS: tuple[Check, ...] = (
    Check(
        "indistinguishable-interactions",
        Family.REPLAY,
        Severity.WARNING,
        "a reply that is never replayed, since another answers the same request",
        "This recorder does not replay replies to the same request one after another: it always "
        "takes the same one.",
        "remove one of the two, or have them differ: by a header, a scenario, an index",
        _indistinguishable,
        (_stubs("«when»", "/jobs/7"),),
        (_stubs("when", "/jobs/8"),),
    ),
    Check(
        "duplicate-interaction",
        Family.REPLAY,
        Severity.WARNING,
        "an interaction that stands in the file already, request id and all",
        "No two replies are that alike, so it is a copy: a merge or a faulty recorder put it there twice. A "
        "test that counts requests, or records new ones, goes wrong.",
        "remove the copy",
        _duplicate_interaction,
        (_cassette(_reply("4f1c2a77"), _reply("4f1c2a77").replace("request", "«request»", 1)),),
        (_cassette(_reply("4f1c2a77"), _reply("9b03d5e1")),),
    ),
    Check(
        "redacted-match",
        Family.REPLAY,
        Severity.WARNING,
        "a placeholder in a URL that is to be matched",
        "A test asks for the real URL, which the recorded one then is not, unless both are filtered alike "
        "when replaying.",
        "filter URLs before they are matched, too, or match on other parts of the request",
        _redacted_match,
        (_cassette(_reply("4f1c2a77", "models?key=«REDACTED»")),),
        (_cassette(_reply("4f1c2a77", "models?key=none")),),
        default=False,
    ),
)

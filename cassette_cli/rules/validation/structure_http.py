"""What HTTP does not know: URLs without a host, statuses that do not exist, bodies where none can be."""

import re
from collections.abc import Iterator
from functools import cache
from http import HTTPStatus

from cassette_cli.findings import Severity
from cassette_cli.model import Interaction
from cassette_cli.recorders.reading import is_null
from cassette_cli.rules.validation.check import Case, Check, Family, Problem, each
from cassette_cli.rules.validation.structure_fields import key_of, node_at, recorder_of
from cassette_cli.selection import Reading
from cassette_cli.source.text import Text
from cassette_cli.wire.body import Kind

# -- addresses -----------------------------------------------------------------------------------------

_PARTIAL = (  # record paths, patterns, or the URLs of other protocols too
    "httpmock",
    "wiremock",
    "exvcr",
    "govcr",
    "httprr",
    "har",
    "pydantic-ai",
    "",
)
_URL = re.compile(r"(?:https?|wss?|https?\+\w+)://[^/?#]", re.IGNORECASE)
_FILLED_IN = re.compile(r"[<{\[$%*]|\w*(?:REDACTED|FILTERED|REMOVED|MASKED|PLACEHOLDER)")  # with a real URL


def _non_http_url(case: Case) -> Iterator[Problem]:
    recorder = recorder_of(case.cassette)
    for interaction in case.cassette.interactions if recorder not in _PARTIAL else ():
        request = interaction.request
        if interaction.frames or request.method.upper() == "CONNECT" or _URL.match(request.url):
            continue
        if _FILLED_IN.match(request.url) or (recorder == "go-vcr" and request.url.startswith("/")):
            continue  # go-vcr's middleware for servers records the path alone
        scheme, mark, rest = request.url.partition("://")
        no_host = mark and _URL.match(f"{scheme}://x") and rest[:1] in ("", "/", "?", "#")
        fault, note = ("has no host", "no host") if no_host else ("is none of HTTP", "not http(s)")
        yield Problem(
            f"the URL of the request {fault}",
            "request.url",
            request.url,
            note=note,
            interaction=interaction.index,
        )


# -- statuses ------------------------------------------------------------------------------------------

_CODES = (  # where recorders keep the number, and the words that go with it
    ("response.status.code", "response.status.message"),
    ("response.code", "response.status"),
    ("response.status", "response.statusText"),
    ("response.status_code", ""),
    ("response.status.status_code", ""),
    ("Response.Status.Code", "Response.Status.Message"),
    ("StatusCode", ""),
    ("Response.StatusCode", ""),
    ("then.status", ""),
)


def status_of(interaction: Interaction) -> tuple[Text | None, Text | None]:
    """Where an interaction's status stands, and its words."""
    for number, words in _CODES:
        found = node_at(interaction.node, number)
        if isinstance(found, Text):
            text = node_at(interaction.node, words) if words else None
            return found, text if isinstance(text, Text) else None
    return None, None


_NO_ANSWER = ("ruby-vcr", "r-vcr", "har")  # write 0 then, as Typhoeus and browsers do
_NEVER_NULL = (
    "go-vcr",
    "ruby-vcr",
    "r-vcr",
    "php-vcr",
    "easyvcr",
    "okreplay",
    "azure-test-proxy",
    "seinfeld",
)


def _impossible_status(case: Case) -> Iterator[Problem]:
    always = case.cassette.recorder in _NEVER_NULL
    for interaction in case.cassette.interactions:
        status = interaction.response.status
        if interaction.frames or (status is not None and 100 <= status <= 599):
            continue
        if status == 999 or (status == 0 and case.cassette.recorder in _NO_ANSWER):
            continue  # what LinkedIn says; where no answer came
        node = status_of(interaction)[0]
        if status is None and not always and is_null(node):  # a mock, or a call that failed
            continue
        message = "the response has no status" if status is None else f"there is no HTTP status {status}"
        at = key_of(interaction.node, "response") if node is None else node
        yield Problem(message, "response.status", at, note="100 to 599", interaction=interaction.index)


_NUMBERED = re.compile(r"\s*(\d{3})(?!\d)")
_ALSO = {  # older names, and those that Go, Ruby, Node and servers have
    "moved temporarily": 302,
    "object moved": 302,
    "authorization required": 401,
    "request entity too large": 413,
    "payload too large": 413,
    "content too large": 413,
    "request uri too long": 414,
    "request-uri too long": 414,
    "uri too long": 414,
    "requested range not satisfiable": 416,
    "range not satisfiable": 416,
    "unprocessable entity": 422,
    "unprocessable content": 422,
    "service temporarily unavailable": 503,
    "gateway time-out": 504,
    "request time-out": 408,
}


@cache
def _phrases() -> dict[str, int]:
    """The standard words of each status."""
    return {status.phrase.lower(): int(status) for status in HTTPStatus} | _ALSO


def _contradictory_status(case: Case) -> Iterator[Problem]:
    for interaction in case.cassette.interactions:
        status = interaction.response.status
        words = status_of(interaction)[1] if status in _known() else None
        if not words:
            continue
        numbered = _NUMBERED.match(words)
        other = int(numbered[1]) if numbered else _phrases().get(words.strip().lower(), status)
        if other != status and 100 <= (other or 0) <= 599:
            message = f"the status is {status}, but the words beside it are those of {other}"
            yield Problem(
                message, "response.status", words, note=f"of {other}", interaction=interaction.index
            )


@cache
def _known() -> frozenset[int]:
    return frozenset(map(int, HTTPStatus))


def _unexpected_body(reading: Reading) -> Iterator[Problem]:
    interaction = reading.interaction
    status, head = interaction.response.status or 200, interaction.request.method.upper() == "HEAD"
    if interaction.frames or not (head or status in (204, 304) or 100 <= status < 200):
        return
    if reading.said.kind is Kind.EMPTY or not (reading.said.text or "-").strip():
        return
    cause = "to HEAD" if head else f"of status {status}"
    message = f"the response has a body, but one {cause} never has"
    yield Problem(message, "response.body", interaction.response.body.node, note="no body expected")


def _unexpected_bodies(case: Case) -> Iterator[Problem]:
    if recorder_of(case.cassette) != "har":  # browsers tell the body that they had in their cache
        yield from each(_unexpected_body)(case)


# -- the table -----------------------------------------------------------------------------------------


def _vcrpy(
    uri: str = "'http://example.com/'",
    method: str = "GET",
    status: str = "200, message: OK",
    body: str = "hello",
) -> str:
    return f"""\
interactions:
- request: {{method: {method}, uri: {uri}, headers: {{}}, body: null}}
  response:
    status: {{code: {status}}}
    headers: {{}}
    body: {{string: {body}}}
version: 1
"""


def _govcr(response: str) -> str:
    return f"""\
version: 2
interactions:
- id: 0
  request: {{method: GET, url: 'http://example.com/', headers: {{}}, body: ""}}
  response: {{{response}, headers: {{}}, body: hello}}
"""


CHECKS: tuple[Check, ...] = (
    Check(
        "non-http-url",
        Family.STRUCTURE,
        Severity.WARNING,
        "a recorded URL without http(s) or without a host",
        "No request of a client has such a URL, so the interaction is never replayed.",
        "write the whole URL as the client sends it",
        _non_http_url,
        (_vcrpy(uri="'«htp://example.com/»'"), _vcrpy(uri="'«http:///v1/models»'")),
        (_vcrpy(), _vcrpy(uri="'<API_BASE>/v1/models'")),
    ),
    Check(
        "impossible-status",
        Family.STRUCTURE,
        Severity.ERROR,
        "a status that HTTP does not have, or none at all",
        "The client that replays it fails, or takes the reply for something that no server says.",
        "write the status that the server answered with, from 100 to 599",
        _impossible_status,
        (_vcrpy(status="«20», message: OK"), _govcr("code: «0»")),
        (_vcrpy(), _vcrpy(status="404, message: Not Found")),
        after=("missing-field", "wrong-type"),
    ),
    Check(
        "contradictory-status",
        Family.STRUCTURE,
        Severity.WARNING,
        "a status whose number and words say different things",
        "One of the two was edited. Clients act on the number, but some show, log or test the words.",
        "write the words that belong to the number, or none",
        _contradictory_status,
        (
            _vcrpy(status="200, message: «Not Found»"),
            _govcr("code: 200, status: «404 Not Found»"),
        ),
        (_vcrpy(status="200, message: Everything is fine"), _vcrpy(status="200, message: ''")),
    ),
    Check(
        "unexpected-body",
        Family.STRUCTURE,
        Severity.WARNING,
        "a body in a reply that never has one",
        "HTTP has no body in replies to HEAD and in those of status 1xx, 204 and 304: clients do not read "
        "it, or take it for the next reply.",
        "empty the body, or write the status that it came with",
        _unexpected_bodies,
        (
            _vcrpy(status="204, message: No Content", body="«hello»"),
            _vcrpy(method="HEAD", body="«hello»"),
        ),
        (_vcrpy(status="204, message: No Content", body="''"),),
    ),
)

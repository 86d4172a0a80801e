"""What a cassette would be better without: opt-in, since each is fine in many healthy ones."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from cassette_cli.findings import Severity
from cassette_cli.llm.messages import Media, Message, Part, ToolResult, base64_size
from cassette_cli.model import Interaction
from cassette_cli.rules.credentials import VOLATILE_HEADERS, is_placeholder, names
from cassette_cli.rules.placeholders import OURS, moment
from cassette_cli.rules.validation.bodies_claims import Side, sides
from cassette_cli.rules.validation.check import Case, Check, Family, Limits, Problem, each
from cassette_cli.rules.validation.structure_http import status_of
from cassette_cli.selection import Reading
from cassette_cli.wire.body import Content, Kind

# -- age and size --------------------------------------------------------------------------------------


def old_recording(case: Case, now: datetime) -> Iterator[Problem]:
    """The oldest interaction of a file, if it is too old."""
    dated = [(time, one, told) for one in case.cassette.interactions for time, told in _recorded(one)]
    time, interaction, told = min(dated, key=lambda found: found[0], default=(now, None, ("", "")))
    age = now - time
    if interaction is not None and age > timedelta(days=case.limits.age_days):
        message = (
            f"this was recorded {age.days} days ago, on {time:%Y-%m-%d}; {case.limits.age_days} are allowed"
        )
        yield Problem(message, told[0], told[1], note=f"{age.days} days ago", interaction=interaction.index)


def _recorded(interaction: Interaction) -> Iterator[tuple[datetime, tuple[str, str]]]:
    """When an interaction was recorded, with where that is told; nothing if it is not."""
    told = [("recorded_at", interaction.recorded_at or "")]
    told += [
        (f"response.headers.{name}[0]", value)
        for name, value in interaction.response.headers
        if name.lower() == "date"
    ]
    found = ((moment(text), (where, text)) for where, text in told)
    return ((time, place) for time, place in found if time and time >= OURS)


def _old_recording(case: Case) -> Iterator[Problem]:
    return old_recording(case, datetime.now(UTC))


def _large_cassette(case: Case) -> Iterator[Problem]:
    size = len(case.cassette.document.raw)
    if size > case.limits.file_bytes:
        yield Problem(
            f"the file has {size:,} bytes; {case.limits.file_bytes:,} are allowed", "", note="too large"
        )


def _large_body(case: Case) -> Iterator[Problem]:
    limit = case.limits.body_bytes
    for reading in case.readings:
        for side in sides(reading):
            size = side.content.size
            if size > limit:
                message = f"the body has {size:,} bytes; {limit:,} are allowed"
                node = side.message.body.node
                index = reading.interaction.index
                yield Problem(message, side.where, node, note=f"{size:,} bytes", interaction=index)


def _empty_cassette(case: Case) -> Iterator[Problem]:
    if not case.cassette.interactions:
        yield Problem("the cassette holds no interactions", "", note="nothing recorded")


# -- what changes with every recording -----------------------------------------------------------------


def _volatile_header(case: Case) -> Iterator[Problem]:
    """The first header of a file that differs in every recording, with the names of all that do."""
    volatile = names(VOLATILE_HEADERS)
    seen: dict[str, None] = {}
    first: Problem | None = None
    for reading in case.readings:
        for side in _messages(reading):
            for name, value in side.message.headers:
                if name not in seen and volatile.fullmatch(name) and value and not is_placeholder(value):
                    seen[name] = None
                    where, index = f"{side.name}.headers.{name}[0]", reading.interaction.index
                    first = first or Problem("", where, value, note="volatile", interaction=index)
    if first:
        yield first._replace(message=f"headers that differ in every recording: {_listed([*seen])}")


def _listed(found: list[str]) -> str:
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return ", ".join(found[:_NAMED]) + more


_NAMED = 5  # headers in a message
_NOTHING = Content(Kind.EMPTY, None, "")


def _messages(reading: Reading) -> tuple[Side, Side]:
    """Both sides of an interaction without a look at their bodies."""
    return (
        Side("request", reading.interaction.request, _NOTHING),
        Side("response", reading.interaction.response, _NOTHING),
    )


# -- replies that nobody wants to keep -----------------------------------------------------------------

_BUSY = re.compile(
    r"overloaded|rate.?limit|too.?many|unavailable|server.?error|timeout|internal", re.IGNORECASE
)


def _error_reply(reading: Reading) -> Iterator[Problem]:
    """A reply that says the server was busy or broken, by its status or in its body."""
    interaction = reading.interaction
    status = interaction.response.status or 0
    if status == 429 or 500 <= status <= 599:
        at = status_of(interaction)[0]
        yield Problem(f"the server answered {status}", "response.status", at, note="an error")
    elif status < 400 and _may_fail(reading):
        error = reading.exchange.answer.error if reading.exchange else None
        if error and _BUSY.search(error.type or ""):
            node = interaction.response.body.node
            yield Problem("the reply is an error of the server", "response.body", node, note="an error")


def _may_fail(reading: Reading) -> bool:
    return reading.said.kind in (Kind.JSON, Kind.SSE, Kind.NDJSON, Kind.EVENTSTREAM) and '"error' in (
        reading.said.text or '"error'
    )


# -- media ---------------------------------------------------------------------------------------------

_DATA_URL = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,")
_BASE64 = re.compile(r"[A-Za-z0-9+/_=-]*+")


def _embedded_media(reading: Reading) -> Iterator[Problem]:
    """Images, audio and files that stand in a body, by what they come to."""
    exchange = reading.exchange
    told = {
        "request": _media(exchange.prompt.messages) if exchange else [],
        "response": _media(exchange.answer.choices) if exchange else [],
    }
    for side in sides(reading):
        sizes = [part.size for part in told[side.name] if part.size] or _data_urls(side.content.text or "")
        if sizes:
            what = "a file or image stands" if len(sizes) == 1 else f"{len(sizes)} files or images stand"
            message = f"{what} in the body as base64, {sum(sizes):,} bytes"
            yield Problem(message, side.where, side.message.body.node, note=f"{sum(sizes):,} bytes of media")


def _media(messages: tuple[Message, ...]) -> list[Media]:
    found: list[Media] = []
    waiting: list[Part] = [part for message in messages for part in message.parts]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Media):
            found.append(part)
        elif isinstance(part, ToolResult):
            waiting += part.parts
    return found


def _data_urls(text: str) -> list[int]:
    """How many bytes each data URL in a text holds."""
    if ";base64," not in text:
        return []
    found = (_BASE64.match(text, head.end()) for head in _DATA_URL.finditer(text))
    return [size for data in found if data and (size := base64_size(data[0]))]


# -- hosts ---------------------------------------------------------------------------------------------

_LOCAL = re.compile(
    r"localhost|.*\.(?:localhost|local|internal|test)|::1|0\.0\.0\.0"
    r"|(?:127\.\d{1,3}|10\.\d{1,3}|192\.168|172\.(?:1[6-9]|2\d|3[01]))\.\d{1,3}\.\d{1,3}"
)


def _local_host(case: Case) -> Iterator[Problem]:
    """The first request to each host that only one machine or network knows."""
    seen: set[str] = set()
    for interaction in case.cassette.interactions:
        url = interaction.request.url
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            continue
        if host and host not in seen and _LOCAL.fullmatch(host):
            seen.add(host)
            start = url.lower().find(host)
            span = (start, start + len(host)) if start >= 0 else None
            message = "the host is known on one machine or network only"
            yield Problem(message, "request.url", url, span, note="local", interaction=interaction.index)


# -- the table -----------------------------------------------------------------------------------------


def _cassette(
    headers: str = "", body: str = "hello", status: str = "200, message: OK", url: str = "http://example.com/"
) -> str:
    return f"""\
interactions:
- request: {{method: GET, uri: '{url}', headers: {{}}, body: null}}
  response:
    status: {{code: {status}}}
    headers: {{{headers}}}
    body: {{string: {body}}}
version: 1
"""


CHECKS: tuple[Check, ...] = (
    Check(
        "old-recording",
        Family.HYGIENE,
        Severity.WARNING,
        "a recording that is older than allowed",
        "The API has gone on since: a test that passes against it says less and less about the real one.",
        "record the cassette again, or allow more days",
        _old_recording,
        (_cassette("Date: ['«Tue, 05 Mar 2024 10:00:00 GMT»']"),),
        (_cassette("Date: ['Sat, 01 Jan 2000 00:00:00 GMT']"), _cassette()),
        default=False,
    ),
    Check(
        "large-cassette",
        Family.HYGIENE,
        Severity.WARNING,
        "a file that is larger than allowed",
        "It slows down the tests, the repository and whoever reads the change.",
        "record less of it: fewer requests, shorter prompts and replies, no media",
        _large_cassette,
        ("«»" + _cassette(),),
        ("interactions: []\nversion: 1\n",),
        default=False,
        limits=Limits(file_bytes=100),
    ),
    Check(
        "large-body",
        Family.HYGIENE,
        Severity.WARNING,
        "a body that is larger than allowed",
        "It slows down the tests, the repository and whoever reads the change.",
        "record a smaller one: ask for less, or cut it in a hook of the recorder",
        _large_body,
        (_cassette(body="«hello-hello-hello»"),),
        (_cassette(),),
        default=False,
        limits=Limits(body_bytes=10),
    ),
    Check(
        "empty-cassette",
        Family.HYGIENE,
        Severity.WARNING,
        "a cassette that holds no interactions",
        "It replays nothing: its test asks for nothing any more, or was never recorded.",
        "remove the file, or record it again",
        _empty_cassette,
        ("«»interactions: []\nversion: 1\n",),
        (_cassette(),),
        default=False,
    ),
    Check(
        "volatile-header",
        Family.HYGIENE,
        Severity.WARNING,
        "headers that differ in every recording",
        "They fill the change when the cassette is recorded again, and no test looks at them.",
        "take them out: `cassette redact headers --volatile`",
        _volatile_header,
        (_cassette("CF-Ray: [«7d1f2a3b4c5d6e7f-FRA»]"),),
        (_cassette("Content-Type: [text/plain]"),),
        default=False,
    ),
    Check(
        "error-reply",
        Family.HYGIENE,
        Severity.WARNING,
        "a reply of a server that was busy or broken",
        "A test that is to see the API answer replays its bad day: a rate limit, an overload, a failure.",
        "record the interaction again, unless the test is about that error",
        each(_error_reply),
        (_cassette(status="«503», message: Service Unavailable"),),
        (_cassette(status="404, message: Not Found"),),
        default=False,
    ),
    Check(
        "embedded-media",
        Family.HYGIENE,
        Severity.WARNING,
        "an image, audio or file that stands in a body",
        "Base64 is most of such a cassette, and nobody can read or compare it.",
        "use the smallest file that the test allows, or one that is known by its URL",
        each(_embedded_media),
        (
            _cassette(
                "Content-Type: [application/json]", '\'«{"url": "data:image/png;base64,iVBORw0KGgo="}»\''
            ),
        ),
        (_cassette("Content-Type: [application/json]", '\'{"url": "http://example.com/cat.png"}\''),),
        default=False,
    ),
    Check(
        "local-host",
        Family.HYGIENE,
        Severity.WARNING,
        "a request to a host of one machine or network",
        "Nobody else can record it again, and a mock may have answered instead of the API.",
        "record against the real host, or keep such requests out of the cassette",
        _local_host,
        (_cassette(url="http://«localhost»:8080/v1"),),
        (_cassette(),),
        default=False,
    ),
)

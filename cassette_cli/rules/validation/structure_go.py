"""What go-vcr records twice: its default matcher compares all of it with a request, so all must agree.

https://github.com/dnaeon/go-vcr, pkg/cassette/cassette.go (`defaultMatcher`, since version 4).
"""

import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl, urlsplit

from cassette_cli.findings import Severity
from cassette_cli.model import Interaction
from cassette_cli.rules.credentials import is_placeholder
from cassette_cli.rules.validation.check import Case, Check, Family, Problem, Run
from cassette_cli.rules.validation.structure_fields import key_of, node_at
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Mapping, Node, Sequence


def _govcr(rule: Callable[[Interaction], Iterator[Problem]]) -> Run:
    """A rule for the interactions of go-vcr."""

    def run(case: Case) -> Iterator[Problem]:
        for interaction in case.cassette.interactions if case.cassette.recorder == "go-vcr" else ():
            yield from (problem._replace(interaction=interaction.index) for problem in rule(interaction))

    return run


# -- protocol and host ---------------------------------------------------------------------------------

_PROTO = re.compile(r"HTTP/(\d)(?:\.(\d))?\Z")


def _contradictory_protocol(interaction: Interaction) -> Iterator[Problem]:
    for side in ("request", "response"):
        proto = node_at(interaction.node, f"{side}.proto")
        told = _PROTO.match(proto) if isinstance(proto, Text) else None
        for name, number in (("proto_major", told[1]), ("proto_minor", told[2] or "0")) if told else ():
            other = node_at(interaction.node, f"{side}.{name}")
            if isinstance(other, Text) and other.isdigit() and other != number:
                message = f"{name} is {other:.9}, but proto says {proto}"
                yield Problem(message, f"{side}.{name}", other, note=f"expected {number}")
                break


_OWN = re.compile(r"localhost\b|[\d.]+(?::\d+)?\Z|\[")  # a test's own server, asked under any name


def _contradictory_host(interaction: Interaction) -> Iterator[Problem]:
    host = node_at(interaction.node, "request.host")
    own = _host(interaction.request.url)
    if not isinstance(host, Text) or not host or not own or _OWN.match(own):
        return
    if _host(f"//{host}") != own and not is_placeholder(host) and not is_placeholder(own):
        yield Problem("host is not the one of the URL", "request.host", host, note="not the URL's")


def _host(url: str) -> str:
    """The host and port of a URL, without a port that goes without saying."""
    try:
        host = urlsplit(url).netloc.rpartition("@")[2].lower()
    except ValueError:
        return ""
    return host.removesuffix(":443").removesuffix(":80")


# -- forms ---------------------------------------------------------------------------------------------

Fields = dict[str, list[str]]


def _contradictory_form(interaction: Interaction) -> Iterator[Problem]:
    """The first field in which a form that was recorded differs from what was sent."""
    form = node_at(interaction.node, "request.form")
    if not isinstance(form, Mapping) or not form.items:
        return
    told = {str(key): _values(value) for key, value in form.items if isinstance(key, Text)}
    sent = _sent(interaction)
    if told in sent or not sent:
        return
    name = min((_differing(told, one) for one in sent), key=len)[0]
    values = [*told.get(name, ()), *sent[-1].get(name, ())]
    if any(value and is_placeholder(value) for value in values):
        return
    what = (
        "is not what the body and the query of the URL have" if name in told else "lacks a field of the body"
    )
    where = f"request.form.{name}" if name in told else "request.form"
    at = key_of(form, name) if name in told else key_of(node_at(interaction.node, "request"), "form")
    yield Problem(f"this form {what}", where, at, note="not as sent")


def _values(node: Node) -> list[str]:
    items = node.items if isinstance(node, Sequence) else (node,)
    return sorted(str(value) for value in items if isinstance(value, Text))


def _differing(told: Fields, sent: Fields) -> list[str]:
    names = dict.fromkeys([*told, *sent])
    return [name for name in names if told.get(name) != sent.get(name)]


def _sent(interaction: Interaction) -> list[Fields]:
    """The fields of the body, and those with the query's: versions record the one or the other."""
    request = interaction.request
    body = request.body.text or ""
    if "x-www-form-urlencoded" not in request.header("content-type"):
        body = ""
    try:
        posted = parse_qsl(body, keep_blank_values=True)
        queried = parse_qsl(urlsplit(request.url).query, keep_blank_values=True)
    except ValueError:
        return []
    return [_grouped(posted), _grouped([*posted, *queried])]


def _grouped(pairs: list[tuple[str, str]]) -> Fields:
    found: Fields = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return {name: sorted(values) for name, values in found.items()}


# -- the table -----------------------------------------------------------------------------------------


def _cassette(
    proto: str = "HTTP/1.1", major: str = "1", host: str = "example.com", form: str = "q: [tea]"
) -> str:
    return f"""\
version: 2
interactions:
- id: 0
  request:
    proto: {proto}
    proto_major: {major}
    proto_minor: 1
    host: {host}
    body: q=tea
    form: {{{form}}}
    headers: {{Content-Type: [application/x-www-form-urlencoded]}}
    url: http://example.com/search
    method: POST
  response: {{code: 200, headers: {{}}, body: hello}}
"""


_WHY = "go-vcr compares both with a request, so none can match any more: one of the two was edited."

CHECKS: tuple[Check, ...] = (
    Check(
        "contradictory-protocol",
        Family.STRUCTURE,
        Severity.WARNING,
        "a version of HTTP that is told twice and differently",
        _WHY,
        "write the same version in `proto`, `proto_major` and `proto_minor`",
        _govcr(_contradictory_protocol),
        (_cassette(major="«2»"),),
        (_cassette(),),
        after=("wrong-type",),
    ),
    Check(
        "contradictory-host",
        Family.STRUCTURE,
        Severity.WARNING,
        "a host that is not the one of the URL",
        _WHY,
        "write the host of the URL",
        _govcr(_contradictory_host),
        (_cassette(host="«example.org»"),),
        (_cassette(), _cassette(host="example.com:80")),
        after=("non-http-url",),
    ),
    Check(
        "contradictory-form",
        Family.STRUCTURE,
        Severity.WARNING,
        "a form that is not what the request sends",
        _WHY,
        "edit `form` as the body and the URL, or record the interaction again",
        _govcr(_contradictory_form),
        (_cassette(form="«q»: [coffee]"), _cassette(form="q: [tea], «page»: ['2']")),
        (_cassette(), _cassette(form="")),
        after=("wrong-type", "duplicate-key"),
    ),
)

"""Fields that a recorder needs when it loads or replays a file, and which our own, lenient reader does not.

Only what is certain from the recorders' sources; `node_at` and `key_of` point into their trees.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cassette_cli.findings import Severity
from cassette_cli.model import Cassette, Interaction
from cassette_cli.recorders.reading import is_null, kind_of
from cassette_cli.rules.validation.check import Case, Check, Family, Problem
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Mapping, Node, Sequence, plain_scalar, resolve

Found = Text | Mapping | Sequence


def node_at(node: Node | None, path: str) -> Found | None:
    """What a dotted path of keys leads to."""
    found = None if node is None else resolve(node)
    for key in path.split(".") if path else ():
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def key_of(node: Node | None, name: str = "") -> Node | None:
    """The key of this name in a mapping, or else its first one."""
    if not isinstance(node, Mapping):
        return node
    keys = [key for key, _ in node.items]
    return next((key for key in keys if key == name), keys[0] if keys else node)


# -- what must be there --------------------------------------------------------------------------------


class Need(NamedTuple):
    """Fields of one mapping of an interaction; of `a|b` either will do."""

    at: str
    fields: tuple[str, ...]


_NEEDS: dict[str, tuple[Need, ...]] = {
    "vcrpy": (  # Request(**dict) in vcr/request.py, and vcr/stubs
        Need("request", ("headers", "body|parsed_body")),  # parsed_body: a serializer in wide use
        Need("response", ("status|status_code", "headers", "body|parsed_body|content")),
        Need("response.status", ("code", "message")),
        Need("response.body", ("string|base64_string",)),
    ),
    "ddapm": (  # CassetteData.from_dict in ddapm_test_agent/vcr_proxy.py
        Need("request", ("headers", "body")),
        Need("response", ("headers", "body")),
    ),
    "betamax": (  # betamax/util.py, deserialize_response and deserialize_prepared_request
        Need("request", ("headers", "body")),
        Need("response", ("status|status_code", "headers", "body")),
        Need("response.status", ("code", "message")),
        Need("response.body", ("encoding",)),
    ),
    "ruby-vcr": (Need("", ("recorded_at",)),),  # HTTPInteraction.from_hash in vcr/structs.rb
    "rvcr": (  # https://docs.rs/vcr-cassette
        Need("", ("recorded_at",)),
        Need("request", ("headers", "body")),
        Need("response", ("status", "headers", "body")),
        Need("response.status", ("code", "message")),
    ),
    "seinfeld": (  # src/format/v1.ts
        Need("", ("id", "matchKey", "callIndex", "recordedAt")),
        Need("request", ("headers",)),
        Need("response", ("status", "headers")),
    ),
    "polly": (Need("", ("_id", "_order")),),  # Persister.findEntry in @pollyjs/persister
}
_NAMES = {"ruby-vcr": "VCR", "polly": "Polly.js", "ddapm": "the test agent"}
_MAPPED = ("vcrpy", "ruby-vcr")  # whose oldest form, a list, is read otherwise


def recorder_of(cassette: Cassette) -> str:
    """The recorder; Polly.js apart from others that write HAR, old lists as none."""
    root = cassette.roots[0] if cassette.roots else None
    if cassette.recorder == "har":
        return "polly" if node_at(root, "log.creator.name") == "Polly.JS" else "har"
    return "" if cassette.recorder in _MAPPED and not isinstance(root, Mapping) else cassette.recorder


def _missing_field(case: Case) -> Iterator[Problem]:
    recorder = recorder_of(case.cassette)
    needs = _NEEDS.get(recorder, ())
    for interaction in case.cassette.interactions if needs else ():
        for need in needs:
            yield from _missing(interaction, need, _NAMES.get(recorder, recorder))


def _missing(interaction: Interaction, need: Need, recorder: str) -> Iterator[Problem]:
    holder = node_at(interaction.node, need.at)
    if not isinstance(holder, Mapping):
        return
    names = {key for key, _ in holder.items if isinstance(key, Text)}
    for field in need.fields:
        if "<<" not in names and names.isdisjoint(field.split("|")):
            name = field.partition("|")[0]
            where = f"{need.at}.{name}" if need.at else name
            message = f"{where} is missing, and {recorder} does not get by without it"
            outer, _, last = need.at.rpartition(".")
            at = key_of(node_at(interaction.node, outer), last)
            yield Problem(message, where, at, note=f"no {name}", interaction=interaction.index)


# -- of which type -------------------------------------------------------------------------------------

_NUMBER, _LISTS, _STRINGS = "a number", "lists by name", "strings by name"
_LIST, _SCALAR, _DATE = "a list", "a string", "a date of HTTP"

_GO = {  # what go-vcr's structs in pkg/cassette/cassette.go are, which go-yaml fills without conversion
    "proto_major": _NUMBER,
    "proto_minor": _NUMBER,
    "content_length": _NUMBER,
    "transfer_encoding": _LIST,
    "trailer": _LISTS,
    "headers": _LISTS,
    "form": _LISTS,
    "code": _NUMBER,
    "body": _SCALAR,
    "status": _SCALAR,
    "host": _SCALAR,
}
_TYPES: dict[str, dict[str, dict[str, str]]] = {  # by recorder, the mapping and its fields
    "go-vcr": {"": {"id": _NUMBER}, "request": _GO, "response": _GO},
    "vcrpy": {  # compared with numbers by every client
        "response.status": {"code": _NUMBER},
        "response": {"status_code": _NUMBER},
    },
    "ddapm": {"response.status": {"code": _NUMBER}},
    "ruby-vcr": {"": {"recorded_at": _DATE}},  # Time.httpdate
    "rvcr": {
        "request": {"headers": _LISTS},
        "response": {"headers": _LISTS},
        "response.status": {"code": _NUMBER, "message": _SCALAR},
    },
    "seinfeld": {
        "": {"callIndex": _NUMBER},
        "request": {"headers": _STRINGS},
        "response": {"headers": _STRINGS, "status": _NUMBER},
    },
}


_HTTP_DATE = re.compile(r"\s*(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d", re.IGNORECASE)


def _wrong_type(case: Case) -> Iterator[Problem]:
    recorder = recorder_of(case.cassette)
    if recorder == "vcrpy" and not case.cassette.interactions:
        yield from _null_interactions(case.cassette)
    types = _TYPES.get(recorder, {})
    for interaction in case.cassette.interactions if types else ():
        for at, fields in types.items():
            holder = node_at(interaction.node, at)
            for key, value in holder.items if isinstance(holder, Mapping) else ():
                expected = fields.get(key) if isinstance(key, Text) else None
                fault = _misfit(resolve(value), expected) if expected else None
                if expected and fault is not None:
                    where = f"{at}.{key}" if at else str(key)
                    told, wanted = where, expected
                    if fault is not resolve(value):
                        told, wanted = f"a value in {where}", "a list" if expected == _LISTS else "a string"
                    name = _NAMES.get(recorder, recorder)
                    message = f"{told} is {kind_of(fault)}, where {name} needs {wanted}"
                    yield Problem(message, where, fault, note=f"not {wanted}", interaction=interaction.index)


def _null_interactions(cassette: Cassette) -> Iterator[Problem]:
    """`interactions:` with nothing behind it, over which vcrpy loops (vcr/serialize.py)."""
    node = node_at(cassette.roots[0], "interactions")
    if node is not None and is_null(node):
        message = "interactions is null, where vcrpy needs a list"
        yield Problem(message, "interactions", node, note="not a list; [] is an empty one")


def _misfit(value: Found, expected: str) -> Found | None:
    """The value, or what in it is not as expected; null is taken for nothing everywhere."""
    if is_null(value):
        return None
    match expected:
        case "a number":
            number = plain_scalar(value) if isinstance(value, Text) else None
            fits = isinstance(number, int | float) and not isinstance(number, bool)
        case "a date of HTTP":
            fits = isinstance(value, Text) and _HTTP_DATE.match(value) is not None
        case "a list":
            fits = isinstance(value, Sequence)
        case "a string":
            fits = isinstance(value, Text)
        case _:
            kind = Sequence if expected == _LISTS else Text
            if isinstance(value, Mapping):
                return next(_not_of(kind, (inner for _, inner in value.items)), None)
            fits = False
    return None if fits else value


def _not_of(kind: type, values: Iterable[Node]) -> Iterator[Found]:
    found = map(resolve, values)
    return (value for value in found if not isinstance(value, kind) and not is_null(value))


# -- the table -----------------------------------------------------------------------------------------


def _vcrpy(request: str, status: str = "code: 200, message: OK") -> str:
    return f"""\
interactions:
- {request}
  response:
    status: {{{status}}}
    headers: {{}}
    body: {{string: hello}}
version: 1
"""


def _govcr(code: str, headers: str) -> str:
    return f"""\
version: 2
interactions:
- id: 0
  request: {{method: GET, url: 'http://example.com/', headers: {{}}, body: ""}}
  response: {{code: {code}, headers: {{{headers}}}, body: hello}}
"""


_WHOLE = "request: {method: GET, uri: 'http://example.com/', headers: {}, body: null}"

CHECKS: tuple[Check, ...] = (
    Check(
        "missing-field",
        Family.STRUCTURE,
        Severity.ERROR,
        "a field that the recorder needs and that is not there",
        "The recorder fails when it loads the cassette or replays the interaction, mostly with an error that "
        "does not say where.",
        "write the field as the recorder does, or record the interaction again",
        _missing_field,
        (
            _vcrpy("«request»: {method: GET, uri: 'http://example.com/', headers: {}}"),
            _vcrpy(_WHOLE, "code: 200").replace("status", "«status»"),
        ),
        (_vcrpy(_WHOLE),),
    ),
    Check(
        "wrong-type",
        Family.STRUCTURE,
        Severity.ERROR,
        "a field that is not of the type that the recorder reads",
        "The recorder fails when it loads the cassette, or the client that replays it gets a value that it "
        "cannot compute with.",
        "write the value as the recorder does: numbers without quotes, values of headers in lists",
        _wrong_type,
        (
            _vcrpy(_WHOLE, "code: '«200»', message: OK"),
            _govcr("200", "Server: «nginx»"),
            "interactions: «null»\nversion: 1\n",
        ),
        ("interactions: []\nversion: 1\n", _vcrpy(_WHOLE), _govcr("200", "Server: [nginx]")),
    ),
)

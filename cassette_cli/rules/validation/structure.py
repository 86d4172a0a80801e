"""What is wrong with the tree of a file: keys that stand twice, tags that run code, ids.

What a recorder cannot do without is in `structure_fields`, what HTTP does not know in `structure_http`, what
go-vcr says twice in `structure_go`; what cannot be read at all, `faults` tell.
"""

import re
from collections.abc import Iterator

from cassette_cli.findings import Severity
from cassette_cli.model import Cassette, Interaction
from cassette_cli.recorders.reading import integer
from cassette_cli.rules.validation import structure_fields, structure_go, structure_http
from cassette_cli.rules.validation.check import Case, Check, Family, Problem
from cassette_cli.rules.validation.structure_fields import node_at, recorder_of
from cassette_cli.source.style import Style
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Mapping, Node, Sequence, document_of, offset_of

# -- the tree ------------------------------------------------------------------------------------------


def _nodes(cassette: Cassette) -> Iterator[Mapping | Sequence]:
    """The mappings and lists of a file; what an alias stands for is met where it is written down."""
    waiting: list[Node] = [*cassette.roots]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            yield node
            waiting += [value for _, value in node.items if not isinstance(value, Text)]
        elif isinstance(node, Sequence):
            yield node
            waiting += [item for item in node.items if not isinstance(item, Text)]


def _duplicate_key(case: Case) -> Iterator[Problem]:
    for node in _nodes(case.cassette):
        if isinstance(node, Mapping) and len({key for key, _ in node.items}) < len(node.items):
            yield from _repeated(case.cassette, node)


def _repeated(cassette: Cassette, mapping: Mapping) -> Iterator[Problem]:
    seen: dict[str, Text] = {}
    for key, _ in mapping.items:
        if not isinstance(key, Text) or (key == "<<" and key.style is Style.PLAIN):
            continue
        first = seen.setdefault(key, key)
        if first is not key and first.tag == key.tag:
            line = document_of(first).line_column(offset_of(first))[0]
            message = f"this key stands in its mapping already, on line {line}; one of the two is lost"
            interaction = _around(cassette, offset_of(key))
            side = _side(interaction, offset_of(key))
            where = f"{side}.{key}" if side else str(key)
            index = interaction.index if interaction else None
            yield Problem(message, where, key, note="a second time", interaction=index)


def _around(cassette: Cassette, offset: int) -> Interaction | None:
    """The interaction that an offset lies in."""
    found = (one for one in cassette.interactions if offset_of(one.node) <= offset < one.node.end)
    return next(found, None)


def _side(interaction: Interaction | None, offset: int) -> str:
    """The field of an interaction, mostly request or response, that an offset lies in."""
    node = interaction.node if interaction else None
    for key, value in node.items if isinstance(node, Mapping) else ():
        if offset_of(value) <= offset < value.end and isinstance(key, Text):
            return str(key)
    return ""


_TAGS = re.compile(r"!(?:!python/|!\w+(?:\.\w+)+|ruby/object|<)")
_OBJECTS = re.compile(r"tag:yaml\.org,2002:(?:python/|\w+(?:\.\w+)+)|!ruby/object")
_HARMLESS = frozenset(  # what vcrpy's safe loader builds by itself, vcr/serializers/yamlserializer.py
    f"tag:yaml.org,2002:python/{name}"
    for name in ("str", "unicode", "tuple", "object/new:_io.BytesIO", "object/apply:builtins.iter")
)


def _unsafe_tag(case: Case) -> Iterator[Problem]:
    """The first of each tag that has a loader build an object."""
    if not _TAGS.search(case.cassette.document.text) or not recorder_of(case.cassette):
        return
    found: dict[str, list[Node]] = {}
    for node in _nodes(case.cassette):
        parts = [node, *(key for key, _ in node.items), *(value for _, value in node.items)] if isinstance(
            node, Mapping
        ) else [node, *node.items]  # fmt: skip
        for part in parts:
            tag = getattr(part, "tag", None)
            if tag and tag not in _HARMLESS and _OBJECTS.match(tag):
                found.setdefault(tag, []).append(part)
    for tag, nodes in found.items():
        places = {id(node): offset_of(node) for node in nodes}
        first = min(nodes, key=lambda node: places[id(node)])
        name = tag.removeprefix("tag:yaml.org,2002:")
        others = f" (and at {len(places) - 1} more places)" if len(places) > 1 else ""
        interaction = _around(case.cassette, offset_of(first))
        index = interaction.index if interaction else None
        message = f"the tag {name} has a loader run code to build an object{others}"
        yield Problem(
            message, _side(interaction, offset_of(first)), first, note="builds an object", interaction=index
        )


# -- ids -----------------------------------------------------------------------------------------------

_IDS = {  # by which a recorder finds or counts interactions
    "go-vcr": ("id",),
    "seinfeld": ("id",),
    "wiremock": ("id",),  # the later of two takes the place of the earlier
    "polly": ("_id", "_order"),  # the first is found, always: Persister.findEntry
}


def ids_of(cassette: Cassette, interaction: Interaction) -> tuple[Text, ...]:
    """What an interaction is numbered by; nothing where its recorder does not number."""
    fields = _IDS.get(recorder_of(cassette), ())
    found = [node_at(interaction.node, field) for field in fields]
    own = tuple(node for node in found if isinstance(node, Text))
    return own if len(own) == len(fields) else ()


def _repeated_id(case: Case) -> Iterator[Problem]:
    """The first id of a file that an earlier interaction has."""
    seen: set[tuple[Text, ...]] = set()
    for interaction in case.cassette.interactions:
        own = ids_of(case.cassette, interaction)
        if own in seen:
            name = " and ".join(_IDS[recorder_of(case.cassette)])
            message = f"an earlier interaction has the same {name}"
            where = name.partition(" ")[0]
            yield Problem(message, where, own[0], note="repeated", interaction=interaction.index)
            return
        if own:
            seen.add(own)


def _unordered_id(case: Case) -> Iterator[Problem]:
    """The first id of a file that is smaller than the one before it."""
    if case.cassette.recorder != "go-vcr":
        return
    before, seen = -1, set[int]()
    for interaction in case.cassette.interactions:
        node = node_at(interaction.node, "id")
        number = integer(node)
        if number is None:
            continue
        if number < before and number not in seen:
            message = f"id {number} stands behind id {before}"
            yield Problem(message, "id", node, note=f"behind {before}", interaction=interaction.index)
            return
        before = number
        seen.add(number)


# -- the table -----------------------------------------------------------------------------------------


def _vcrpy(headers: str = "") -> str:
    return f"""\
interactions:
- request: {{method: GET, uri: 'http://example.com/', headers: {{{headers}}}, body: null}}
  response:
    status: {{code: 200, message: OK}}
    headers: {{}}
    body: {{string: hello}}
version: 1
"""


def _numbered(first: str, second: str) -> str:
    """A cassette of go-vcr with two interactions of these ids."""
    return f"""\
version: 2
interactions:
- id: {first}
  request: {{method: GET, url: 'http://example.com/a', headers: {{}}, body: ""}}
  response: {{code: 200, headers: {{}}, body: hello}}
- id: {second}
  request: {{method: GET, url: 'http://example.com/b', headers: {{}}, body: ""}}
  response: {{code: 200, headers: {{}}, body: hello}}
"""


CHECKS: tuple[Check, ...] = (
    *structure_fields.CHECKS,
    Check(
        "duplicate-key",
        Family.STRUCTURE,
        Severity.ERROR,
        "a key that stands twice in one mapping",
        "Most loaders keep the last of the two and lose the other without a word; go-vcr and others refuse "
        "the file. Mostly a merge put both sides into it.",
        "remove one of the two; a header with several values has one key and a list",
        _duplicate_key,
        (
            _vcrpy(headers="Accept: [text/html], «Accept»: [text/plain]"),
            _vcrpy() + "«version»: 1\n",
        ),
        (_vcrpy(headers="Accept: [text/html, text/plain]"),),
    ),
    Check(
        "unsafe-tag",
        Family.STRUCTURE,
        Severity.WARNING,
        "a YAML tag that has a loader run code",
        "Whoever can change the file can run code where it is loaded. vcrpy refuses such tags since version "
        "8.2.1, so the cassette cannot be replayed with it any more.",
        "remove the tag and write the plain value, or record the cassette again with a current recorder",
        _unsafe_tag,
        (
            _vcrpy(headers="Accept: !!python/object/new:example.Header «[text/html]»")
            .replace("!!", "«!!")
            .replace("«[", "["),
        ),
        (_vcrpy(headers="Accept: !!python/tuple [text/html]"),),
    ),
    Check(
        "repeated-id",
        Family.STRUCTURE,
        Severity.WARNING,
        "an id that two interactions have",
        "An interaction was copied by hand, or two recordings were merged; where the recorder finds replies "
        "by their ids, one of the two is never replayed.",
        "number the interactions as the recorder does, or record the cassette again",
        _repeated_id,
        (_numbered("0", "«0»"),),
        (_numbered("0", "1"),),
    ),
    Check(
        "unordered-id",
        Family.STRUCTURE,
        Severity.WARNING,
        "an id that is smaller than the one before it",
        "go-vcr numbers interactions as it records them and replays them in the order of the file: they were "
        "moved or merged by hand.",
        "put the interactions back into their order, or number them anew",
        _unordered_id,
        (_numbered("1", "«0»"),),
        (_numbered("0", "2"),),
    ),
    *structure_http.CHECKS,
    *structure_go.CHECKS,
)

"""Ways to break the frame of a cassette: keys renamed or doubled, types, ids, URLs and statuses changed."""

import re
from collections.abc import Callable, Iterator
from random import Random

from cassette_cli.errors import CassetteError
from cassette_cli.model import Cassette, Interaction
from cassette_cli.recorders import read_cassette
from cassette_cli.rules.credentials import is_placeholder
from cassette_cli.rules.validation.structure_fields import key_of, node_at, recorder_of
from cassette_cli.rules.validation.structure_http import status_of
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit
from cassette_cli.source.text import Change, Text
from cassette_cli.source.tree import Mapping, Node, Sequence
from tests.mutations import Broken, Mutation, broken, cut_out

Attempt = tuple[list[Change], int] | None  # the changes, and the offset at which they must be found
Make = Callable[[Cassette, Random], Broken | None]


def one_of(attempt: Callable[[Cassette, Interaction, Random], Attempt]) -> Make:
    """A mutation that breaks the first interaction that can be broken, in a random order."""

    def make(cassette: Cassette, random: Random) -> Broken | None:
        several = cassette.interactions
        for interaction in random.sample(several, min(len(several), 8)):
            if interaction.frames:
                continue
            try:
                made = attempt(cassette, interaction, random)
                if made is not None:
                    return broken(cassette, *made)
            except (CassetteError, KeyError):  # a text that cannot be written in this style
                continue
        return None

    return make


def whole(text: Text, new: str) -> Change:
    """All of a text replaced."""
    return text, [Edit(0, len(text), new)]


def spliced(cassette: Cassette, start: int, end: int, new: str, found: int) -> Broken | None:
    """The raw text changed, if it can still be read; to be found at `found` in the new text."""
    text = cut_out(cassette, start, end, new)
    try:
        read_cassette(Document(cassette.document.name, text.encode()))
    except CassetteError:
        return None
    line = text.count("\n", 0, found) + 1
    return Broken(text, line, line)


# -- fields --------------------------------------------------------------------------------------------

_FIELDS = {
    "vcrpy": (
        "request.headers", "request.body", "response.body", "response.status.code", "response.status.message"
    ),
    "ddapm": ("request.headers", "request.body", "response.body"),
    "betamax": ("request.headers", "response.body", "response.status.code", "response.status.message"),
    "ruby-vcr": ("recorded_at",),
    "rvcr": ("request.headers", "request.body", "response.status", "response.status.code", "recorded_at"),
    "seinfeld": ("request.headers", "matchKey", "callIndex", "recordedAt"),
    "polly": ("_id", "_order"),
}  # fmt: skip


def _renamed_field(cassette: Cassette, interaction: Interaction, random: Random) -> Attempt:
    fields = _FIELDS.get(recorder_of(cassette), ())
    found = [field for field in fields if node_at(interaction.node, field) is not None]
    if not found:
        return None
    holder, _, name = random.choice(found).rpartition(".")
    key = key_of(node_at(interaction.node, holder), name)
    outer, _, last = holder.rpartition(".")
    at = key_of(node_at(interaction.node, outer), last)
    if not isinstance(key, Text) or not isinstance(at, Text):
        return None
    return [whole(key, f"{name}z")], at.offset()


def _quoted_status(cassette: Cassette, random: Random) -> Broken | None:
    if cassette.recorder not in ("vcrpy", "go-vcr", "ddapm", "seinfeld", "rvcr") or not cassette.roots:
        return None
    node = status_of(random.choice(cassette.interactions))[0] if cassette.interactions else None
    if node is None or not isinstance(node.parent, Document) or not recorder_of(cassette):
        return None
    return spliced(cassette, node.start, node.end, f'"{node}"', node.start)


def _other_date(cassette: Cassette, interaction: Interaction, _: Random) -> Attempt:
    told = interaction.recorded_at
    if recorder_of(cassette) != "ruby-vcr" or not isinstance(told, Text):
        return None
    return [whole(told, "2024-03-05T10:00:00Z")], told.offset()


def _bare_header(cassette: Cassette, random: Random) -> Broken | None:
    """The only value of a header without its list."""
    if cassette.recorder not in ("go-vcr", "rvcr"):
        return None
    values = [
        value
        for interaction in cassette.interactions
        for side in ("request", "response")
        for _, value in _items(node_at(interaction.node, f"{side}.headers"))
        if isinstance(value, Sequence) and len(value.items) == 1 and not value.flow
    ]
    if not values:
        return None
    value = random.choice(values)
    (item,) = value.items
    text = cassette.document.text[item.start : item.end]
    return spliced(cassette, value.start, value.end, text, value.start)


def _items(node: Node | None) -> tuple[tuple[Node, Node], ...]:
    return node.items if isinstance(node, Mapping) else ()


# -- keys and tags -------------------------------------------------------------------------------------

_FRAMING = re.compile(r"content-|transfer-|<<", re.IGNORECASE)


def _mappings(cassette: Cassette) -> Iterator[Mapping]:
    waiting: list[Node] = [*cassette.roots]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            yield node
            waiting += [value for _, value in node.items]
        elif isinstance(node, Sequence):
            waiting += node.items


def _doubled_key(cassette: Cassette, random: Random) -> Broken | None:
    text = cassette.document.text
    found = [
        (mapping, key, value)
        for mapping in _mappings(cassette)
        for key, value in mapping.items
        if isinstance(mapping.parent, Document)
        and isinstance(key, Text)
        and not _FRAMING.match(key)
        and "\n" not in text[key.start : value.end]
        and value.end > value.start
        and value.end - key.start < 200
    ]
    if not found:
        return None
    mapping, key, value = random.choice(found)
    copy = text[key.start : value.end]
    begin = text.rfind("\n", 0, key.start) + 1
    gap = ", " if mapping.flow else "\n" + " " * (key.start - begin)
    return spliced(cassette, value.end, value.end, gap + copy, value.end + len(gap))


_TAGS = (
    "!!python/object/apply:os.system",
    "!!python/name:builtins.eval",
    "!ruby/object:Gem::Requirement",
    "!!javax.script.ScriptEngineManager",
)


def _tagged(cassette: Cassette, random: Random) -> Broken | None:
    found = [
        value
        for interaction in cassette.interactions
        for _, value in (*interaction.request.headers, *interaction.response.headers)
        if isinstance(value, Text) and isinstance(value.parent, Document) and not value.tag and value
    ]
    if not found or cassette.document.text.lstrip()[:1] in ("{", "[") or not recorder_of(cassette):
        return None
    value = random.choice(found)
    tag = random.choice(_TAGS) + " "
    return spliced(cassette, value.start, value.start, tag, value.start)


# -- ids -----------------------------------------------------------------------------------------------


def _ids(cassette: Cassette, *fields: str) -> list[list[Text]]:
    found = [[node_at(one.node, field) for field in fields] for one in cassette.interactions]
    return [[node for node in nodes if isinstance(node, Text)] for nodes in found]


def _repeated_id(cassette: Cassette, random: Random) -> Broken | None:
    fields = {"go-vcr": ("id",), "seinfeld": ("id",), "polly": ("_id", "_order")}.get(
        recorder_of(cassette), ()
    )
    ids = _ids(cassette, *fields)
    if not fields or len(ids) < 2 or any(len(nodes) != len(fields) for nodes in ids):
        return None
    first, second = sorted(random.sample(range(len(ids)), 2))
    changes = [whole(new, old) for old, new in zip(ids[first], ids[second], strict=True) if old != new]
    return broken(cassette, changes, ids[second][0].offset())


def _swapped_ids(cassette: Cassette, random: Random) -> Broken | None:
    ids = _ids(cassette, "id") if cassette.recorder == "go-vcr" else []
    if len(ids) < 2 or not all(ids):
        return None
    place = random.randrange(len(ids) - 1)
    one, two = ids[place][0], ids[place + 1][0]
    return broken(cassette, [whole(one, two), whole(two, one)], two.offset()) if one != two else None


# -- URLs and statuses ---------------------------------------------------------------------------------


def is_stream(interaction: Interaction) -> bool:
    return re.search("event-?stream", interaction.response.header("content-type")) is not None


def _url(cassette: Cassette, interaction: Interaction) -> Text | None:
    url = interaction.request.url
    known = recorder_of(cassette) not in ("httprr", "har", "exvcr", "wiremock", "httpmock", "govcr")
    return url if known and isinstance(url, Text) and url.startswith("http") else None


def _misspelt_scheme(cassette: Cassette, interaction: Interaction, _: Random) -> Attempt:
    url = _url(cassette, interaction)
    return None if url is None else ([(url, [Edit(1, 2, "")])], url.offset())


def _lost_host(cassette: Cassette, interaction: Interaction, _: Random) -> Attempt:
    url = _url(cassette, interaction)
    host = re.match(r"https?://([^/?#]+)", url) if url else None
    if is_stream(interaction):
        return None  # whose dialect may be told by the host
    return ([(url, [Edit(*host.span(1), "")])], url.offset()) if url and host else None


def _odd_status(cassette: Cassette, interaction: Interaction, random: Random) -> Attempt:
    node, _ = status_of(interaction)
    return None if node is None else ([whole(node, random.choice(("20", "700", "2000")))], node.offset())


def _other_words(cassette: Cassette, interaction: Interaction, _: Random) -> Attempt:
    node, words = status_of(interaction)
    if node is None or not words or interaction.response.status not in (200, 201, 202):
        return None
    new = "404 Not Found" if words[:1].isdigit() else "Not Found"
    return [whole(words, new)], words.offset()


def _other_number(cassette: Cassette, interaction: Interaction, _: Random) -> Attempt:
    node, words = status_of(interaction)
    plain = words is not None and words.upper() in ("OK", "200 OK")
    if node is None or words is None or not plain or interaction.response.status != 200:
        return None
    return [whole(node, "404")], words.offset()


def _no_content(cassette: Cassette, interaction: Interaction, _: Random) -> Attempt:
    node, words = status_of(interaction)
    body = interaction.response.body.text
    if node is None or not isinstance(body, Text) or not body.strip() or recorder_of(cassette) == "har":
        return None
    new = "204 No Content" if words and words[:1].isdigit() else "No Content"
    changes = [whole(node, "204"), *([whole(words, new)] if words else [])]
    return changes, body.offset()


def _asked_head(cassette: Cassette, interaction: Interaction, _: Random) -> Attempt:
    method, body = interaction.request.method, interaction.response.body.text
    if (
        not isinstance(method, Text)
        or method.upper() not in ("GET", "POST")
        or recorder_of(cassette) in ("har", "httprr")
    ):
        return None
    if not isinstance(body, Text) or not body.strip():
        return None
    return [whole(method, "HEAD" if method.isupper() else "head")], body.offset()


# -- go-vcr --------------------------------------------------------------------------------------------


def _govcr(path: str, new: Callable[[Text], str]) -> Make:
    def attempt(cassette: Cassette, interaction: Interaction, _: Random) -> Attempt:
        node = node_at(interaction.node, path) if cassette.recorder == "go-vcr" else None
        if (
            not isinstance(node, Text)
            or not node
            or ("proto" in path and node_at(interaction.node, path[:-6]) is None)
            or is_placeholder(new(node))
            or re.match(r"https?://(?:localhost|[\d.]+)\b", interaction.request.url)
        ):
            return None
        return [whole(node, new(node))], node.offset()

    return one_of(attempt)


def _other_form(cassette: Cassette, interaction: Interaction, random: Random) -> Attempt:
    form = node_at(interaction.node, "request.form") if cassette.recorder == "go-vcr" else None
    fields = [(key, values) for key, values in _items(form) if isinstance(values, Sequence) and values.items]
    if not fields:
        return None
    key, values = random.choice(fields)
    value = values.items[0]
    if not isinstance(value, Text) or not isinstance(key, Text) or (value and is_placeholder(value)):
        return None
    return [(value, [Edit(len(value), len(value), "2")])], key.offset()


MUTATIONS: tuple[Mutation, ...] = (
    Mutation("missing-field", "renamed-field", one_of(_renamed_field)),
    Mutation("wrong-type", "quoted-status", _quoted_status),
    Mutation("wrong-type", "bare-header", _bare_header),
    Mutation("wrong-type", "other-date", one_of(_other_date)),
    Mutation("duplicate-key", "doubled-key", _doubled_key),
    Mutation("unsafe-tag", "tagged-value", _tagged),
    Mutation("repeated-id", "copied-id", _repeated_id),
    Mutation("unordered-id", "swapped-ids", _swapped_ids),
    Mutation("non-http-url", "misspelt-scheme", one_of(_misspelt_scheme)),
    Mutation("non-http-url", "lost-host", one_of(_lost_host)),
    Mutation("impossible-status", "odd-status", one_of(_odd_status)),
    Mutation("contradictory-status", "other-words", one_of(_other_words)),
    Mutation("contradictory-status", "other-number", one_of(_other_number)),
    Mutation("unexpected-body", "no-content", one_of(_no_content)),
    Mutation("unexpected-body", "asked-head", one_of(_asked_head)),
    Mutation(
        "contradictory-protocol",
        "other-major",
        _govcr("request.proto_major", lambda node: str(3 - int(node))),
    ),
    Mutation("contradictory-host", "other-host", _govcr("request.host", lambda node: f"other.{node}")),
    Mutation("contradictory-form", "other-value", one_of(_other_form)),
)

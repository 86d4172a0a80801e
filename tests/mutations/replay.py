"""Ways to break the replay of a cassette: interactions copied, URLs redacted."""

import re
from random import Random

from cassette_cli.model import Cassette, Interaction
from cassette_cli.rules.validation.replay import _mark
from cassette_cli.source.edit import Edit
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Mapping, Node, Sequence
from tests.mutations import Broken, Mutation
from tests.mutations.structure import Attempt, is_stream, one_of, spliced


def _list_of(cassette: Cassette) -> Sequence | None:
    """The list that the interactions stand in."""
    waiting: list[Node] = [*cassette.roots[:1]]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, Sequence):
            return node if any(item is cassette.interactions[0].node for item in node.items) else None
        if isinstance(node, Mapping):
            waiting += [value for _, value in node.items if isinstance(value, Mapping | Sequence)]
    return None


def _copied(cassette: Cassette, interaction: Interaction, old: str, new: str) -> Broken | None:
    """A copy of an interaction behind the last one, with one change; found at its first line."""
    text, node = cassette.document.text, interaction.node
    listed = _list_of(cassette)
    if listed is None or not isinstance(node, Mapping) or len(cassette.roots) > 1:
        return None
    copy = re.sub(old, new, text[node.start : node.end], count=1) if old else text[node.start : node.end]
    last = listed.items[-1]
    if listed.flow:
        gap = ",\n"
    else:
        indent = " " * (node.start - text.rfind("\n", 0, node.start) - 1)
        gap = ("" if text[last.end - 1] == "\n" else "\n") + f"{indent[:-2]}- "
    key = re.search(r"\"?\brequest\w*\"?\s*:", copy, re.IGNORECASE)
    found = last.end + len(gap) + (key.start() if key else 0)
    end = "" if listed.flow else "\n"
    return spliced(cassette, last.end, last.end, gap + copy.rstrip("\n") + end, found)


_NUMBERED = {
    "go-vcr": r"(?<=\bid: )\d+",
    "har": r'(?<="_order": )\d+',
    "seinfeld": r'(?<="id": ")[^"]+',
}


def _copied_interaction(cassette: Cassette, random: Random) -> Broken | None:
    marked = [one for one in cassette.interactions if not one.frames and _mark(one)]
    if not marked or "!!python/object" in cassette.document.text:  # whose finding tells their number
        return None
    number = len(cassette.interactions)
    return _copied(cassette, random.choice(marked), _NUMBERED.get(cassette.recorder, ""), str(number))


def _other_reply(cassette: Cassette, random: Random) -> Broken | None:
    """A copy of an interaction with another status, or of a document."""
    if cassette.recorder in ("easyvcr", "php-vcr") and cassette.interactions:
        status = cassette.interactions[0].response.status
        old = rf'(?i:(?<="code": )){status}' if cassette.recorder == "easyvcr" else rf"(?<=status: ){status}"
        return _copied(cassette, cassette.interactions[0], old, "299")
    text = cassette.document.text
    if cassette.recorder != "httpmock":
        return None
    node = random.choice(cassette.interactions).node
    copy = text[node.start : node.end]
    if not isinstance(node, Mapping) or "\n  status: 200" not in copy:
        return None
    copy = "\n---\n" + copy.replace("\n  status: 200", "\n  status: 299", 1)
    return spliced(cassette, len(text), len(text), copy, len(text) + 5)


def _redacted_url(cassette: Cassette, interaction: Interaction, _: Random) -> Attempt:
    url = interaction.request.url
    if (
        not isinstance(url, Text)
        or is_stream(interaction)
        or cassette.recorder in ("ruby-vcr", "r-vcr", "betamax")
    ):
        return None
    part = re.search(r"(?<=[\w]/)[\w.-]+(?=\?|\Z)|(?<==)[\w.-]+(?=&|\Z)", url)
    return ([(url, [Edit(*part.span(), "REDACTED")])], url.offset(part.start())) if part else None


MUTATIONS: tuple[Mutation, ...] = (
    Mutation("indistinguishable-interactions", "other-reply", _other_reply),
    Mutation("duplicate-interaction", "copied-interaction", _copied_interaction),
    Mutation("redacted-match", "redacted-url", one_of(_redacted_url)),
)

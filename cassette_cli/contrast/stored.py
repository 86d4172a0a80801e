"""Where two files differ in what the model does not carry: a recorder's own fields, and unknown ones.

A recorder notes things besides the messages (WireMock's scenarios, the options of a request, an error that
stood for a reply), and a person may add more. They are compared as values by their place in the file, where
one recorder wrote both.
"""

import re
from collections.abc import Iterator

from cassette_cli.contrast.values import Delta, Path, differences
from cassette_cli.fields import held_nodes
from cassette_cli.model import Cassette, Interaction
from cassette_cli.rules.noise import without_noise
from cassette_cli.rules.volatile import ABSENT, Value
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Alias, Json, Mapping, Node, plain_scalar, resolve

_STATUS = re.compile(r"(?i:status|(?:http_?)?(?:status_?)?code)")  # what the model has as a number
_TOLD = re.compile(
    r"(?i:method|verb|duration|time|recorded(?:_?at)?|started_?date_?time)"
)  # the model has them, too
_TWICE = re.compile(  # what says once more what a message has: news only where the message is the same
    r"(?i:.*/(?:cookies|queryString|query|form|params|curl_info|raw|\w+_raw|\w+_(?:sample|stream))(?:/.*)?"
    r"|.*/(?:status|message|status_?text|url|uri|redirectURL|request_uri|content_?type|mime_?type|sha256|path))"
)


def of_interactions(old: Interaction, new: Interaction, told: list[Delta]) -> Iterator[Delta]:
    """What differs in the entries of two interactions besides what has been told of them."""
    asked = [delta.where.startswith("request") for delta in told]
    for delta in _differences(_entry(old), _entry(new), Path("stored")):
        of_request = delta.where.lower().startswith("stored/request")
        if not (_TWICE.fullmatch(delta.where) and of_request in asked):
            yield delta


def of_files(old: Cassette, new: Cassette) -> Iterator[Delta]:
    """What differs in two files around their interactions."""
    sides: list[list[Json]] = []
    for side in (old, new):
        rest = _Rest(_held(*side.interactions) | {id(one.node) for one in side.interactions})
        sides.append([rest.of(root) or {} for root in side.roots])
    for one, two in zip(*sides, strict=False):
        yield from _differences(one, two, Path("file"))


def _differences(old: Value, new: Value, path: Path) -> Iterator[Delta]:
    """The differences, those of an object on one side only field by field."""
    for where, one, two in differences(old, new, path, without_noise):
        side = one if two is ABSENT else two
        if isinstance(side, dict) and ABSENT in (one, two):
            for name, value in side.items():
                was, now = (ABSENT, value) if one is ABSENT else (value, ABSENT)
                yield from _differences(was, now, Path(where).key(name))
        else:
            yield Delta(where, one, two)


def _entry(interaction: Interaction) -> Json:
    if isinstance(interaction.node, Text) or interaction.frames:
        return {}  # all that it is has been compared
    return _Rest(_held(interaction)).of(interaction.node) or {}


def _held(*interactions: Interaction) -> set[int]:
    held = held_nodes(interactions)
    for request, response in ((one.request, one.response) for one in interactions):
        held |= {id(header.name) for header in (*request.headers, *response.headers)}
    return held


class _Rest:
    """The values of a tree without those of its nodes that are held elsewhere, and without empty ones."""

    def __init__(self, held: set[int]) -> None:
        self._held = held
        self._seen: set[int] = set()

    def of(self, node: Node) -> Json:
        """The node's value; None where nothing is left of it."""
        target = resolve(node)
        if id(target) in self._held:
            return None
        if isinstance(target, Text):
            return plain_scalar(target)
        if isinstance(node, Alias) or target.anchor:
            if id(target) in self._seen:  # once is enough: aliases can stand for very much
                return None
            self._seen.add(id(target))
        if isinstance(target, Mapping):
            items = ((str(key), self.of(value)) for key, value in target.items if self._is_own(key, value))
            return {key: value for key, value in items if value not in _EMPTY} or None
        return [value for value in map(self.of, target.items) if value not in _EMPTY] or None

    def _is_own(self, key: Node, value: Node) -> bool:
        if not isinstance(key, Text) or id(key) in self._held:
            return False
        is_status = _STATUS.fullmatch(key) and isinstance(value, Text) and value.isdigit()
        return not is_status and not _TOLD.fullmatch(key)


_EMPTY: tuple[Json, ...] = (None, "", [], {})

"""What a recorder writes down twice: the words beside a status, a URL's parts beside the whole."""

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import unquote_plus

from cassette_cli.editing.layout import Respelt, respelt
from cassette_cli.model import Cassette, Interaction
from cassette_cli.recorders import har
from cassette_cli.source.document import Document
from cassette_cli.source.style import Style
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Integer, Json, Mapping, Node, Sequence, plain, resolve

Pairs: TypeAlias = list[tuple[str, str]]
_REST = re.compile(r"[ \t]+([^\r\n]*?)[ \t]*(?:[\r\n]|\Z)")


def reasons(interaction: Interaction, new: int) -> Iterator[Respelt]:
    """The words that go with a status, where those of the old one stand beside it: OK, 404 Not Found."""
    status = interaction.response.status
    if not isinstance(status, Integer):
        return
    before, after = _phrase(status), _phrase(new)
    wanted = {before: after or before, f"{status} {before}": f"{new} {after}".strip()}
    for text in _beside(interaction.node, status.node):
        if before and text in wanted and wanted[text] != text:
            yield from respelt(text, wanted[text])


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _beside(root: Node, node: Text) -> Iterator[Text]:
    """The other scalars of the object or list that a node stands in; on the wire, the rest of its line."""
    for inner in _walk(root):
        children = _values(inner)
        if any(child is node for child in children):
            yield from (child for child in children if isinstance(child, Text) and child is not node)
    if node.style is Style.LINE and isinstance(node.parent, Document):
        rest = _REST.match(node.parent.text, node.end)
        if rest:
            yield Text(rest[1], node.parent, *rest.span(1), Style.LINE)


def _values(node: Node) -> list[Node]:
    if isinstance(node, Mapping):
        return [resolve(value) for _, value in node.items]
    return [resolve(item) for item in node.items] if isinstance(node, Sequence) else []


def _walk(root: Node) -> Iterator[Node]:
    stack: list[Node] = [root]
    while stack:
        node = resolve(stack.pop())
        yield node
        stack += _values(node)


# -- HAR's lists of names and values -------------------------------------------------------------------


def listed(cassette: Cassette, old: Interaction, new: Interaction) -> Iterator[Respelt]:
    """The lists of names and values that repeat what of a request has changed, where they did so before."""
    request = old.node.get("request") if isinstance(old.node, Mapping) else None
    if cassette.recorder != har.ID or not isinstance(request, Mapping):
        return
    posted = request.get("postData")
    params = posted.get("params") if isinstance(posted, Mapping) else None
    before, after = old.request, new.request
    yield from _followed(request.get("queryString"), _query(before.url), _query(after.url), "&")
    yield from _followed(request.get("cookies"), before.header("cookie"), after.header("cookie"), "; ")
    if isinstance(before.body.text, Text):  # else the parts are the body themselves
        yield from _followed(params, before.body.text, after.body.text or "", "&")


def _query(url: str) -> str:
    return url.partition("#")[0].partition("?")[2]


def _followed(node: Node | None, before: str, after: str, mark: str) -> Iterator[Respelt]:
    entries = [item for item in node.items if isinstance(item, Mapping)] if isinstance(node, Sequence) else []
    told = [(entry.get("name"), entry.get("value")) for entry in entries]
    for split in (_decoded, _raw):
        if node is not None and before != after and told == split(before, mark):
            values = [plain(entry) for entry in entries]
            yield from respelt(node, list(_said(values, split(after, mark))))
            return


def _said(entries: list[Json], pairs: Pairs) -> Iterator[Json]:
    """Entries that say the pairs; one whose place and name stay keeps its other fields."""
    for place, (name, value) in enumerate(pairs):
        known = entries[place] if place < len(entries) else None
        kept = known if isinstance(known, dict) and known.get("name") == name else {}
        yield kept | {"name": name, "value": value}


def _decoded(text: str, mark: str) -> Pairs:
    return [(unquote_plus(name), unquote_plus(value)) for name, value in _raw(text, mark)]


def _raw(text: str, mark: str) -> Pairs:
    pairs = (pair.partition("=") for pair in text.split(mark) if pair)
    return [(name, value) for name, _, value in pairs]

"""Changes of a cassette made, proved and ready to be written: the one way from a plan to new bytes.

What is proved by reading the new file anew: the tree has the same shape but for what was removed, every
scalar is as before but for those that were to change, and those are what was intended; the bodies that
were opened read, string by string, as intended, in whatever coding they stand. Where the proof fails
there are no new bytes. Lengths (`Content-Length`, a recorder's own) follow a body that they fitted.
"""

import json
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import NamedTuple, TypeAlias

from cassette_cli.errors import CassetteError, Place, Refused
from cassette_cli.fields import Field, Role, bodies
from cassette_cli.layers import opened
from cassette_cli.model import Body, Cassette, Header, Interaction, Request, Response
from cassette_cli.recorders import read_cassette
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.removal import remove
from cassette_cli.source.text import Change, Joined, Text, rewrite
from cassette_cli.source.tree import Alias, Integer, Json, Mapping, Node, Sequence, plain, plain_scalar
from cassette_cli.wire.body import read_content, traced

SIDES = ("request", "response")
Removed: TypeAlias = dict[int, set[int]]  # the entries that leave a container, by its id
Replaced: TypeAlias = dict[int, Json]  # what nodes become as a whole, by their ids


class Rewritten(NamedTuple):
    """A cassette with changes made: the edits and the new bytes of each of its files."""

    cassette: Cassette
    edits: dict[Document, list[Edit]]
    lengths: tuple[tuple[str, str, str], ...]  # what followed: its place in the model, from, to

    def bytes_of(self, document: Document) -> bytes:
        return document.encode(splice(document.text, self.edits[document]))


class Pruned(NamedTuple):
    """Interactions that leave: which, the entries of which lists they are, and the edits that cut them."""

    indexes: frozenset[int] = frozenset()
    entries: Removed = {}  # noqa: RUF012 - never changed in place
    edits: tuple[Edit, ...] = ()

    def stay(self, cassette: Cassette) -> list[Interaction]:
        return [one for one in cassette.interactions if one.index not in self.indexes]


_NONE = Pruned()


def apply(
    cassette: Cassette,
    changes: Iterable[Change],
    drops: Iterable[Field] = (),
    opened_before: dict[str, list[Field]] | None = None,
    pruned: Pruned = _NONE,
    replaced: Replaced | None = None,
) -> Rewritten:
    """The cassette changed, headers and interactions dropped, proved; raises Refused where it cannot be.

    Nodes that are `replaced` by the changes must read as the values given for them, of whatever type.
    """
    changes, drops = list(changes), list(drops)
    removed: Removed = dict(pruned.entries)
    removals: list[Edit] = list(pruned.edits)
    for container, entries, edits in _removals(cassette, drops):
        removed[id(container)] = entries
        removals += edits
    gone = {id(field.text) for field in drops}
    direct = {id(text) for text, _ in changes}
    wanted: dict[int, str] = {}
    made = _made(cassette, changes, removals, wanted)
    stay = pruned.stay(cassette)
    settled = gone | direct  # a length that someone sets is as that one says
    lengths = [length for length in _lengths(stay, made.cassette) if id(length[1]) not in settled]
    if lengths:
        changes += [(text, [Edit(0, len(text), new)]) for _, text, new in lengths]
        wanted.clear()
        made = _made(cassette, changes, removals, wanted)
    fields = [field for opened in (opened_before or {}).values() for field in opened]
    joined = [field.text for field in fields if isinstance(field.text, Joined) and id(field.text) in wanted]
    direct |= {id(piece) for text in joined for piece in text.pieces}
    _prove(
        cassette, made, _Intent(wanted, direct, removed, gone, opened_before or {}, pruned, replaced or {})
    )
    return made._replace(lengths=tuple((where, str(text), new) for where, text, new in lengths))


def _made(
    cassette: Cassette, changes: list[Change], removals: list[Edit], wanted: dict[int, str]
) -> Rewritten:
    document = cassette.document
    edits = rewrite([*changes, (document, removals)] if removals else changes, wanted)
    if not edits:
        return Rewritten(cassette, edits, ())
    raws = {one.name: one.encode(splice(one.text, own)) for one, own in edits.items()}
    new = Document(document.name, raws.pop(document.name, document.raw))
    new.siblings = document.siblings | raws
    try:
        return Rewritten(read_cassette(new), edits, ())
    except CassetteError as error:
        raise Refused(f"the changed file would not be read any more ({error.message})", error.place) from None


# -- headers that leave --------------------------------------------------------------------------------

Parents: TypeAlias = dict[int, tuple[Mapping | Sequence, int]]


def _removals(
    cassette: Cassette, drops: list[Field]
) -> Iterator[tuple[Mapping | Sequence | None, set[int], list[Edit]]]:
    """The entries of containers that hold the headers, with the edits that take them out."""
    if not drops:
        return
    parents = _parents(cassette.roots)
    entries: dict[int, tuple[Mapping | Sequence, set[int]]] = {}
    for container, index in _listed_cookies(parents, cassette, drops):
        entries.setdefault(id(container), (container, set()))[1].add(index)
    for field, name in _named(cassette, drops):
        if not isinstance(name, Text):
            continue  # made of cookies that are listed
        if not cassette.roots and isinstance(field.text, Text | Joined):
            yield None, set(), [_line(cassette.document, name, field.text)]
            continue
        entry = _entry(parents, name, field.text)
        if entry is None:
            place = field.text.place() if isinstance(field.text, Text | Joined) else None
            raise Refused(f"the header {field.name} has no entry of its own to drop", place)
        entries.setdefault(id(entry[0]), (entry[0], set()))[1].add(entry[1])
    for container, indexes in entries.values():
        yield container, indexes, remove(container, indexes)


def _listed_cookies(
    parents: Parents, cassette: Cassette, drops: list[Field]
) -> Iterator[tuple[Mapping | Sequence, int]]:
    """The entries of the cookies that a format lists besides the headers, or instead of one."""
    values = [field.text for field in drops if field.role is Role.COOKIE]
    for field, name in _named(cassette, drops):
        if not isinstance(name, Text) and isinstance(field.text, Joined):
            values += [piece for piece in field.text.pieces if isinstance(piece, Text)]
    for value in values:
        chain = list(_chain(parents, value))
        if len(chain) > 1 and isinstance(chain[0][0], Mapping) and isinstance(chain[1][0], Sequence):
            yield chain[1]


def _named(cassette: Cassette, drops: list[Field]) -> Iterator[tuple[Field, str]]:
    """The headers with the texts of their names."""
    wanted = {(field.interaction, id(field.text)): field for field in drops}
    for interaction in cassette.interactions:
        for header in (*interaction.request.headers, *interaction.response.headers):
            if field := wanted.get((interaction.index, id(header.value))):
                yield field, header.name


def _parents(roots: Iterable[Node]) -> Parents:
    parents: Parents = {}
    stack: list[Node] = list(roots)
    while stack:
        node = stack.pop()
        if not isinstance(node, Mapping | Sequence):
            continue
        for index, item in enumerate(node.items):
            for child in item if isinstance(item, tuple) else (item,):
                parents[id(child)] = (node, index)
                stack.append(child)
    return parents


def _chain(parents: Parents, text: str) -> Iterator[tuple[Mapping | Sequence, int]]:
    node: object = text
    while isinstance(node, Text) and not isinstance(node.parent, Document):
        node = node.parent
    while (above := parents.get(id(node))) is not None:
        yield above
        node = above[0]


def _entry(parents: Parents, name: str, value: str) -> tuple[Mapping | Sequence, int] | None:
    """The innermost entry that holds a header's name and value."""
    above = parents.get(id(name))
    if above and isinstance(above[0], Mapping) and above[0].items[above[1]][0] is name:
        return above  # whose value may be an alias, and stand elsewhere
    names = {id(container): index for container, index in _chain(parents, name)}
    chain = list(_chain(parents, value))
    for place, (container, index) in enumerate(chain):
        if id(container) in names:
            same = names[id(container)] == index
            return (container, index) if same else chain[place + 1] if place + 1 < len(chain) else None
    return None


def _line(document: Document, name: Text, value: Text | Joined) -> Edit:
    """Of a header on the wire, its line, with the lines that go on with it."""
    last = max(span.end for span in value.spans(0, len(value)))
    end = document.text.find("\n", last)
    return Edit(name.start, len(document.text) if end < 0 else end + 1, "")


# -- lengths -------------------------------------------------------------------------------------------


def _lengths(old: list[Interaction], new: Cassette) -> Iterator[tuple[str, Text, str]]:
    """The lengths that fitted a body which has changed: where they stand, and what they become."""
    for before, after in zip(old, new.interactions, strict=False):
        if before is after:
            continue
        if before.request.method.upper() == "HEAD":
            continue
        sides = (("request", before.request, after.request), ("response", before.response, after.response))
        for side, asked, changed in sides:
            if asked.body.is_empty or _same(asked.body, changed.body):
                continue
            sizes = dict(zip(_sizes(asked), _sizes(changed), strict=False))
            for where, text in _length_texts(side, asked):
                if text.isascii() and text.isdigit() and sizes.get(int(text), int(text)) != int(text):
                    yield where, text, str(sizes[int(text)])


def _same(one: Body, two: Body) -> bool:
    if one.tree is not None or two.tree is not None:
        return False
    return one.node == two.node and one.data == two.data


def _sizes(message: Request | Response) -> tuple[int, ...]:
    """How long a body is: decoded, and as it is stored (which counts where both are the same)."""
    content = read_content(message)
    try:
        stored = len(message.body.bytes) if message.body.tree is None else content.size
    except ValueError:
        stored = content.size
    return content.size, stored


def _length_texts(side: str, message: Request | Response) -> Iterator[tuple[str, Text]]:
    yield from (("content_length", text) for text in message.lengths)
    for name, value in message.headers:
        if name.lower() == "content-length" and isinstance(value, Text):
            yield f"{side}.headers.{name}", value


# -- the proof -----------------------------------------------------------------------------------------


class _Intent(NamedTuple):
    wanted: dict[int, str]  # what texts must read as, by their ids
    direct: set[int]  # those of them that were changed themselves, or dealt a part; not for what they hold
    removed: Removed
    gone: set[int]  # the values of headers that leave
    opened: dict[str, list[Field]]
    pruned: Pruned
    replaced: Replaced

    def is_direct(self, text: str) -> bool:
        return id(text) in self.direct and id(text) in self.wanted

    def value(self, text: str) -> str:
        """What a text must read as."""
        if id(text) not in self.wanted and isinstance(text, Joined):
            return "".join(map(self.value, text.pieces))
        return self.wanted.get(id(text), text)


def _prove(old: Cassette, made: Rewritten, intent: _Intent) -> None:
    new, stay = made.cassette, intent.pruned.stay(old)
    # An empty file does not always say which recorder's it is.
    if len(stay) != len(new.interactions) or (stay and old.recorder != new.recorder):
        raise _failed(old, "the interactions are not the same")
    gone = {id(one.node) for one in old.interactions} - {id(one.node) for one in stay}
    for one, two in zip_longest((root for root in old.roots if id(root) not in gone), new.roots):
        _same_trees(old, one, two, intent)
    for before, after in zip(stay, new.interactions, strict=True):
        _same_heads(old, before, after, intent)
        if intent.pruned.indexes and not old.roots and before.node != after.node:
            raise _failed(old, f"#{before.index} reads differently")
        if old.document in made.edits:
            _same_bodies(old, before, after, intent)


def _failed(cassette: Cassette, what: str, place: Place | None = None) -> Refused:
    return Refused(
        f"a bug in cassette: after the change, {what}; nothing was written, please report it",
        place or Place(cassette.document.name),
    )


def _same_trees(cassette: Cassette, one: Node | None, two: Node | None, intent: _Intent) -> None:
    """In lockstep: the same shape, tags and anchors; every scalar as it was, or as it was to become."""
    stack: list[tuple[Node | None, Node | None]] = [(one, two)]
    while stack:
        old, new = stack.pop()
        if id(old) in intent.replaced:
            ok = new is not None and _reads_as(new, intent.replaced[id(old)])
        elif isinstance(old, Text) and isinstance(new, Text):
            ok = new == intent.value(old) and _same_type(old, new, changed=id(old) in intent.wanted)
        elif isinstance(old, Mapping | Sequence) and isinstance(new, Mapping | Sequence):
            gone = intent.removed.get(id(old), set())
            stay = [item for index, item in enumerate(old.items) if index not in gone]
            ok = isinstance(old, Mapping) == isinstance(new, Mapping) and len(stay) == len(new.items)
            stack += zip(_flat(stay), _flat(new.items), strict=False)
        else:
            ok = isinstance(old, Alias) and isinstance(new, Alias)
            if isinstance(old, Alias) and isinstance(new, Alias):
                ok = old.target.anchor == new.target.anchor
        if not ok or _properties(old) != _properties(new):
            raise _failed(cassette, "something else reads differently", _place(cassette, old))


def _reads_as(node: Node, value: Json) -> bool:
    """Whether a node is the value, types included."""
    return json.dumps(plain(node), sort_keys=True) == json.dumps(value, sort_keys=True)


def _place(cassette: Cassette, node: Node | None) -> Place | None:
    return None if node is None else cassette.document.place(node.start)


def _flat(items: Iterable[Node | tuple[Node, Node]]) -> Iterator[Node]:
    for item in items:
        yield from item if isinstance(item, tuple) else (item,)


def _properties(node: Node | None) -> tuple[str | None, str | None] | None:
    return (node.tag, node.anchor) if node is not None and not isinstance(node, Alias) else None


def _same_type(old: Text, new: Text, *, changed: bool) -> bool:
    """Whether a reader takes both for the same kind of value; what was a string must stay one."""
    before, after = plain_scalar(old), plain_scalar(new)
    if not changed:
        return type(before) is type(after)
    return isinstance(after, str) or type(before) is type(after)


def _same_heads(cassette: Cassette, before: Interaction, after: Interaction, intent: _Intent) -> None:
    wanted = [
        (intent.value(header.name), intent.value(header.value))
        for header in _headers(before)
        if id(header.value) not in intent.gone
    ]
    if wanted != _headers(after) or intent.value(before.request.url) != after.request.url:
        raise _failed(cassette, f"the URL or the headers of #{before.index} read differently")
    status = before.response.status
    if isinstance(status, Integer) and id(status.node) in intent.wanted:
        status = int(intent.wanted[id(status.node)])
    if (intent.value(before.request.method), status) != (after.request.method, after.response.status):
        raise _failed(cassette, f"the method or status of #{before.index} reads differently")


def _headers(interaction: Interaction) -> list[Header]:
    return [*interaction.request.headers, *interaction.response.headers]


def _same_bodies(cassette: Cassette, before: Interaction, after: Interaction, intent: _Intent) -> None:
    for one, two in zip_longest(bodies(before, SIDES), bodies(after, SIDES)):
        if one is None or two is None or one.where != two.where:
            raise _failed(cassette, f"#{before.index} has other bodies")
        node = one.message.body.node
        if isinstance(node, Text | Joined) and node.document is not cassette.document:
            continue  # it stands in a file of its own, which is not written yet
        leaves = intent.opened.get(f"{one.interaction} {one.where}")
        if leaves is None or any(not field.whole and intent.is_direct(field.text) for field in leaves):
            continue  # a text was changed that has parts: they need not be the same ones
        read = opened(two, read_content(two.message, traced))
        for old, new in zip_longest(_leaves(leaves), _leaves(read)):
            if old is None or new is None or intent.value(old.text) != new.text:
                raise _failed(cassette, f"{one.where} of #{before.index} reads differently")


def _leaves(fields: Iterable[Field]) -> Iterator[Field]:
    return (field for field in fields if field.whole and not field.spread)

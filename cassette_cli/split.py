"""A cassette as one file for each interaction, and several cassettes as one.

Splitting prunes all others, so each file has all that stands around the interactions. Joining puts the
entries of the others behind those of the first file, as they are written there; a list in block style
is moved to the column of the first one's dashes. Recorders' numbers are counted on.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise
from pathlib import Path, PurePath
from typing import NamedTuple

from cassette_cli.entries import Documents, Listed, Records, Track, alike, tracks
from cassette_cli.errors import BadRequest, Place, Refused, Unreadable
from cassette_cli.model import Cassette, Interaction
from cassette_cli.prune import numbered, prune, totalled
from cassette_cli.recorders import read_cassette
from cassette_cli.rewrite import apply
from cassette_cli.source import tree
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.text import Change, Joined, Text
from cassette_cli.source.tree import Mapping

# -- apart -------------------------------------------------------------------------------------------------


class Part(NamedTuple):
    """A file with one interaction."""

    name: str
    content: bytes


def split(cassette: Cassette, folder: str) -> Iterator[Part]:
    """A file for each interaction, with a name that says which; raises BadRequest where that cannot be."""
    document, count = cassette.document, len(cassette.interactions)
    if count < 2:
        raise BadRequest("there are no two interactions to split", Place(document.name))
    check_bodies(cassette, folder)
    suffix = "".join(PurePath(document.name).suffixes[-2 if document.zipped else -1 :])
    if document.name == "<stdin>":
        suffix = (".json" if document.text.lstrip()[:1] in "{[" else ".yaml") + ".gz" * document.zipped
    for index, single in enumerate(_apart(cassette)):
        number = str(index).zfill(len(str(count - 1)))
        yield Part(f"{number}-{_slug(single.interactions[0])}{suffix}", single.document.raw)


def _apart(cassette: Cassette) -> Iterator[Cassette]:
    """Each interaction alone: by halves of halves, so that thousands do not take thousands of whole files."""
    count = len(cassette.interactions)
    if count == 1:
        yield cassette
        return
    for others in (range(count // 2, count), range(count // 2)):
        yield from _apart(prune(cassette, others).cassette)


_WORD = re.compile(r"[a-z]{1,24}(?:[-_.][a-z]{1,24})*|v\d{1,2}[a-z\d]{0,6}")  # no ids, no secrets


def _slug(interaction: Interaction) -> str:
    """The method and the last words of the URL's path."""
    path = interaction.request.url.lower().partition("://")[2].partition("?")[0].partition("/")[2]
    words = [word for word in re.split(r"[/:]", path) if _WORD.fullmatch(word)]
    method = re.sub(r"[^a-z]", "", interaction.request.method.lower())
    return "-".join([method or "any", *words[-3:]])[:80]


def check_bodies(cassette: Cassette, folder: str) -> None:
    """Raise BadRequest where a body stands in a file beside a cassette that is to stand elsewhere."""
    here = Path(cassette.document.name).parent
    if here.resolve() == Path(folder).resolve():
        return
    for interaction in cassette.interactions:
        for body in (interaction.request.body, interaction.response.body):
            apart = isinstance(body.node, Text | Joined) and body.node.document is not cassette.document
            if apart or body.missing:
                message = f"a body of #{interaction.index} stands in a file of its own, found from here"
                raise BadRequest(f"{message}: write to {here}", Place(cassette.document.name))


# -- together ------------------------------------------------------------------------------------------------


def join(cassettes: Sequence[Cassette]) -> bytes:
    """One file with the interactions of all, in order; raises BadRequest where they do not fit together."""
    filled = [cassette for cassette in cassettes if cassette.interactions]
    if not filled:
        return cassettes[0].document.raw
    first, *others = filled
    for other in others:
        _check_like(first, other)
    try:
        parts = [tracks(cassette) for cassette in filled]
        edits = [edit for own in parts[0] for edit in _put_behind(own, _counterparts(own, parts, filled))]
        text = splice(first.document.text, edits)
        joined = read_cassette(Document(first.document.name, first.document.encode(text)))
        _prove(filled, joined)
    except (Refused, Unreadable) as error:
        raise BadRequest(f"the files are not laid out alike ({error.message})", error.place) from None
    return _counted_on(joined, [len(cassette.interactions) for cassette in filled])


def _check_like(first: Cassette, other: Cassette) -> None:
    place = Place(other.document.name)
    if first.recorder != other.recorder:
        told = f"is {other.recorder}'s, {first.document.name} is {first.recorder}'s: they cannot be one file"
        raise BadRequest(told, place)
    if first.recorder == "go-vcr" and first.version != other.version:
        raise BadRequest(f"has version {other.version}, {first.document.name} has {first.version}", place)
    pages = set(_pages(first))
    for interaction in other.interactions:
        page = interaction.node.get("pageref") if isinstance(interaction.node, Mapping) else None
        if first.recorder == "har" and isinstance(page, Text) and page not in pages:
            raise BadRequest(f"#{interaction.index} is of a page that the first file does not have", place)


def _pages(cassette: Cassette) -> Iterator[str]:
    root = cassette.roots[0] if cassette.roots else None
    log = root.get("log") if isinstance(root, Mapping) else None
    pages = log.get("pages") if isinstance(log, Mapping) else None
    for page in pages if isinstance(pages, tree.Sequence) else ():
        if isinstance(page, Mapping) and isinstance(name := page.get("id"), Text):
            yield name


def _counterparts(own: Track, parts: list[tuple[Track, ...]], filled: list[Cassette]) -> list[Track]:
    """What stands in the other files where this one stands in the first."""
    paths = {track.path for track in parts[0] if isinstance(track, Listed)}
    found = []
    for cassette, others in zip(filled[1:], parts[1:], strict=True):
        for other in others:
            if isinstance(other, Listed) and other.path not in paths:
                place = ".".join(other.path) or "list at its top"
                message = f"the first file has no {place}, in which to put those of this one"
                raise BadRequest(message, Place(cassette.document.name))
            if not isinstance(other, Listed) or (isinstance(own, Listed) and other.path == own.path):
                found.append(other)
    return found


def _put_behind(own: Track, others: list[Track]) -> Iterator[Edit]:
    """The edits that put entries behind a file's own."""
    texts = [(other, other.text[start:end]) for other in others for start, end in other.spans]
    if not texts:
        return
    at = own.spans[-1][1]
    if isinstance(own, Records):
        yield Edit(at, at, "".join(text for _, text in texts))
    elif isinstance(own, Documents):
        end = "" if own.text.endswith("\n") else "\n"
        yield Edit(at, at, end + "".join(f"---\n{text}" + "\n" * (text[-1:] != "\n") for _, text in texts))
    elif any(not isinstance(other, Listed) or other.node.flow is not own.node.flow for other in others):
        raise Refused("one list is in block style, the other is not")
    elif own.node.flow:
        between = _between([own, *others])
        yield Edit(at, at, "".join(f",{between}{text.strip()}" for _, text in texts))
    else:
        moved = "".join(_moved(own, other, text) for other, text in texts)
        ends_open = own.text[at - 1] != "\n"
        yield Edit(at, at, _line_end(own.text) + moved.rstrip("\r\n") if ends_open else moved)


def _between(lists: Iterable[Track]) -> str:
    """The blanks behind the commas of the first list that has one; else those before its entry."""
    known = [(track.text, track.spans) for track in lists]
    for text, spans in known:
        if len(spans) > 1:
            return _blanks(text[slice(*spans[1])])
    text, spans = known[0]
    return _blanks(text[slice(*spans[0])]) or (" " if '": ' in text else "")


def _blanks(text: str) -> str:
    return text[: len(text) - len(text.lstrip())]


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _moved(own: Listed, other: Track, text: str) -> str:
    """The lines of an entry with its dash in the column of another list's, and that file's line ends."""
    by = own.column - (other.column if isinstance(other, Listed) else 0)
    lines = re.findall(r"[^\n]*\n|[^\n]+", text)
    if by > 0:
        lines = [" " * by + line if line.strip() else line for line in lines]
    elif any(line.strip() and not line.startswith(" " * -by) for line in lines):
        raise Refused("a line cannot be moved to the left")
    else:
        lines = [line[-by:] if line.strip() else line for line in lines]
    moved = "".join(lines).replace("\r\n", "\n").replace("\n", _line_end(own.text))
    return moved if moved.endswith("\n") else moved + _line_end(own.text)


def _prove(filled: list[Cassette], joined: Cassette) -> None:
    """Raise Refused unless the joined file holds the entries of all, and what else the first one holds."""
    parts = [tracks(cassette) for cassette in filled]
    for own, made in zip(parts[0], tracks(joined), strict=True):
        wanted = [node for track in (own, *_counterparts(own, parts, filled)) for node in track.nodes]
        found = made.nodes
        if len(wanted) != len(found) or not all(map(alike, wanted, found)):
            raise Refused("what came out does not read as what was meant")
    past = {id(track.node) for track in parts[0] if isinstance(track, Listed)}
    if past and not all(alike(*pair, past) for pair in zip(filled[0].roots, joined.roots, strict=True)):
        raise Refused("what stands around the interactions reads differently")


def _counted_on(joined: Cassette, counts: list[int]) -> bytes:
    """The file with each one's numbers behind those of the one before."""
    changes: list[Change] = list(totalled(joined, counts[0], sum(counts)))
    ends = list(accumulate(counts))
    for row in numbered(joined):
        following = 0
        for start, end in pairwise([0, *ends]):
            own = {index: int(text) for index, text in row.items() if start <= index < end}
            more = following - min(own.values(), default=0) if following else 0
            for index, value in own.items():
                if more:
                    changes.append((row[index], [Edit(0, len(row[index]), str(value + more))]))
            following = max([following, *(value + more + 1 for value in own.values())])
    if not changes:
        return joined.document.raw
    return apply(joined, changes).bytes_of(joined.document)

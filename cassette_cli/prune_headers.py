"""Headers taken out of a cassette, with the copies that a format has of them."""

from collections.abc import Callable, Collection
from typing import NamedTuple

from cassette_cli.errors import BadRequest, Refused
from cassette_cli.fields import Field, Role, heads, others
from cassette_cli.model import Cassette
from cassette_cli.rewrite import SIDES, Rewritten, apply
from cassette_cli.source.text import Joined, Text
from cassette_cli.wire.body import read_content


class Headers(NamedTuple):
    """A cassette without some headers: what came of it, which went, which had to stay."""

    made: Rewritten
    gone: tuple[Field, ...]
    kept: tuple[Field, ...]


_FRAMING = (  # by which a body is read
    "content-encoding",
    "content-length",
    "content-transfer-encoding",
    "content-type",
    "transfer-encoding",
)
_COOKIES = {"request": "Cookie", "response": "Set-Cookie"}


def prune_headers(
    cassette: Cassette, takes: Callable[[str], object], indexes: Collection[int], sides: tuple[str, ...]
) -> Headers:
    """The cassette without the headers whose names are taken, in some interactions, on these sides.

    One stays without which a body would be read otherwise, or that is made of other fields.
    """
    chosen = [one for one in cassette.interactions if one.index in indexes]
    found = [
        field
        for one in chosen
        for field in heads(one, sides)
        if field.role is Role.HEADER and takes(field.name)
    ]
    _check_shared(
        cassette, {id(field.text) for field in found}, {(one.interaction, one.where) for one in found}
    )
    copies = [
        one.field
        for one in others(cassette, [one.node for one in chosen])
        if one.role is Role.COOKIE and takes(_COOKIES.get(side := _side(one.field), "")) and side in sides
    ]
    gone = [field for field in found if not _is_needed(cassette, field)]
    while True:
        try:
            made = apply(cassette, (), [*gone, *copies])
        except Refused:
            held = [field for field in gone if field.name.lower() in _FRAMING]
            if not held:
                raise
        else:
            other = _read_otherwise(cassette, made.cassette)
            held = [one for one in gone if (one.interaction, _side(one)) in other]
            held = [one for one in held if one.name.lower() in _FRAMING]
        if not held:
            return Headers(made, tuple(gone), tuple(field for field in found if field not in gone))
        gone = [field for field in gone if field not in held]


def _side(field: Field) -> str:
    return field.where.partition(".")[0]


def _check_shared(cassette: Cassette, texts: set[int], taken: set[tuple[int | None, str]]) -> None:
    """Raise BadRequest where a header that is to go is another interaction's, too, by an alias."""
    for interaction in cassette.interactions:
        for field in heads(interaction, SIDES):
            if id(field.text) in texts and (field.interaction, field.where) not in taken:
                message = (
                    f"this {field.name} is a header of #{field.interaction}, too, by an alias: take both"
                )
                place = field.text.place() if isinstance(field.text, Text | Joined) else None
                raise BadRequest(message, place)


def _is_needed(cassette: Cassette, field: Field) -> bool:
    """Whether a header is no entry of its own, or something else is told by it: to us or to a client."""
    name = field.name.lower()
    if cassette.recorder == "httprr" and name in (*_FRAMING, "host"):
        return True  # the format is that of the wire
    interaction = cassette.interactions[field.interaction or 0]
    request, response = interaction.request, interaction.response
    message = request if _side(field) == "request" else response
    if name == "content-encoding" and read_content(message).encoding is not None:
        return True
    if name == "content-type" and message is response and not response.body.is_empty:
        return True  # by which clients tell JSON, text and streams apart
    names = {id(value): name for name, value in message.headers}
    return not isinstance(names[id(field.text)], Text) and cassette.recorder != "har"


def _read_otherwise(old: Cassette, new: Cassette) -> set[tuple[int, str]]:
    """The messages whose bodies read otherwise now."""
    found = set()
    for before, after in zip(old.interactions, new.interactions, strict=True):
        sides = (("request", before.request, after.request), ("response", before.response, after.response))
        for side, one, two in sides:
            was, now = read_content(one), read_content(two)
            if (was.kind, was.bytes, len(was.events)) != (now.kind, now.bytes, len(now.events)):
                found.add((before.index, side))
    return found

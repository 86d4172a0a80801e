"""Ways to make a cassette worse than it need be: old, large, full of media and of what changes."""

import re
from collections.abc import Callable
from random import Random

from cassette_cli.model import Cassette, Interaction
from cassette_cli.rules.validation import Limits
from cassette_cli.rules.validation.structure_http import status_of
from cassette_cli.source.edit import Edit
from cassette_cli.source.text import Text
from tests.mutations import Broken, Mutation
from tests.mutations.replay import _list_of
from tests.mutations.structure import Attempt, is_stream, one_of, spliced, whole


def _old_date(_: Cassette, interaction: Interaction, __: Random) -> Attempt:
    dates = [value for name, value in interaction.response.headers if name.lower() == "date"]
    if not dates or not isinstance(dates[0], Text):
        return None
    return [whole(dates[0], "Tue, 05 Mar 2013 10:00:00 GMT")], dates[0].offset()


def _old_record(_: Cassette, interaction: Interaction, __: Random) -> Attempt:
    told = interaction.recorded_at
    if not isinstance(told, Text):
        return None
    return [whole(told, "Tue, 05 Mar 2013 10:00:00 GMT")], told.offset()


def _padded(cassette: Cassette, _: Random) -> Broken | None:
    text, size = cassette.document.text, Limits().file_bytes
    if cassette.recorder == "httprr" or cassette.document.zipped:
        return None
    start = cassette.document.text.lstrip()[:1]
    padding = "\n" * size if start in ("{", "[") else "\n# " + "-" * size + "\n"
    return Broken(text + padding, 1, 1)


def _spaced(cassette: Cassette, interaction: Interaction, _: Random) -> Attempt:
    """A JSON body with blanks behind it."""
    response = interaction.response
    body = response.body.text
    if not isinstance(body, Text) or response.lengths or cassette.document.lengths:
        return None
    if not body.startswith("{") or not body.endswith("}") or "json" not in response.header("content-type"):
        return None
    return [(body, [Edit(len(body), len(body), " " * Limits().body_bytes)])], body.offset()


def _emptied(cassette: Cassette, _: Random) -> Broken | None:
    listed = _list_of(cassette) if cassette.interactions else None
    if listed is None or cassette.recorder == "php-vcr":
        return None
    return spliced(cassette, listed.start, listed.end, " []" + ("" if listed.flow else "\n"), 0)


def _request_id(_: Cassette, interaction: Interaction, __: Random) -> Attempt:
    for name, value in interaction.response.headers:
        framing = re.match(r"content-|transfer-|:", name, re.IGNORECASE)
        if isinstance(name, Text) and isinstance(value, Text) and value and not framing:
            return [whole(name, "CF-Ray"), whole(value, "7d1f2a3b4c5d6e7f-FRA")], value.offset()
    return None


def _unavailable(_: Cassette, interaction: Interaction, __: Random) -> Attempt:
    node, words = status_of(interaction)
    if node is None or interaction.response.status != 200:
        return None
    new = "503 Service Unavailable" if words and words[:1].isdigit() else "Service Unavailable"
    return [whole(node, "503"), *([whole(words, new)] if words else [])], node.offset()


def _pictured(side: str) -> Callable[[Cassette, Interaction, Random], Attempt]:
    def attempt(cassette: Cassette, interaction: Interaction, _: Random) -> Attempt:
        message = interaction.request if side == "request" else interaction.response
        body = message.body.text
        if not isinstance(body, Text) or message.lengths or cassette.document.lengths:
            return None
        if not re.match(r'\{\s*"', body) or "json" not in message.header("content-type"):
            return None
        picture = '"picture":"data:image/png;base64,iVBORw0KGgo=",'
        return [(body, [Edit(1, 1, picture)])], body.offset()

    return attempt


def _localhost(cassette: Cassette, interaction: Interaction, _: Random) -> Attempt:
    url = interaction.request.url
    host = re.match(r"https?://([\w.-]+)", url)
    if not isinstance(url, Text) or not host or is_stream(interaction):
        return None
    return [(url, [Edit(*host.span(1), "localhost")])], url.offset(host.start(1))


MUTATIONS: tuple[Mutation, ...] = (
    Mutation("old-recording", "old-date", one_of(_old_date)),
    Mutation("old-recording", "old-record", one_of(_old_record)),
    Mutation("large-cassette", "padded-file", _padded),
    Mutation("large-body", "spaced-body", one_of(_spaced)),
    Mutation("empty-cassette", "emptied-list", _emptied),
    Mutation("volatile-header", "request-id", one_of(_request_id)),
    Mutation("error-reply", "unavailable", one_of(_unavailable)),
    Mutation("embedded-media", "picture-asked", one_of(_pictured("request"))),
    Mutation("embedded-media", "picture-answered", one_of(_pictured("response"))),
    Mutation("local-host", "localhost", one_of(_localhost)),
)

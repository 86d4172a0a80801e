"""Whether a changed cassette still replays: requests that can be told apart, values that are quoted.

A player finds a recorded reply by its request, mostly by method, URL and body, and a client builds its
next request from the last reply: the URL of an upload, the id of a tool call. What held in the old
cassette and does not in the new one is said. Knows no rule, and no reason for a change.
"""

from collections.abc import Iterator
from typing import TypeAlias

from cassette_cli.llm import read_exchange
from cassette_cli.llm.messages import ToolResult
from cassette_cli.model import Cassette, Interaction, Request, Response
from cassette_cli.wire.body import read_content

Key: TypeAlias = tuple[str, str, bytes]


def weakened(old: Cassette, new: Cassette) -> Iterator[tuple[int, str]]:
    """What no longer holds, by the interaction that it concerns."""
    yield from _merged(old, new)
    changed = {
        before.index
        for before, after in zip(old.interactions, new.interactions, strict=True)
        if _words(before) != _words(after)
    }
    if changed:
        yield from _broken(old, new, changed)


def _key(request: Request) -> Key:
    return request.method, request.url, read_content(request).bytes


def _merged(old: Cassette, new: Cassette) -> Iterator[tuple[int, str]]:
    """Requests that were distinct and are the same now."""
    first: dict[Key, tuple[int, Key]] = {}
    for before, after in zip(old.interactions, new.interactions, strict=True):
        if before.frames:
            continue
        was, now = _key(before.request), _key(after.request)
        index, other = first.setdefault(now, (before.index, was))
        if other != was:
            yield (
                before.index,
                f"the requests of #{index} and #{before.index} are the same now in method, URL and body",
            )


def _words(interaction: Interaction) -> tuple[object, ...]:
    """What a next request can quote, and what can quote: all but the headers of the request."""
    request, response = interaction.request, interaction.response
    return request.url, request.body.node, request.body.data, response.headers, response.body.node


def _broken(old: Cassette, new: Cassette, changed: set[int]) -> Iterator[tuple[int, str]]:
    """Requests that quoted an earlier reply, and do not any more."""
    for number, (before, after) in enumerate(zip(old.interactions, new.interactions, strict=True)):
        for earlier in range(number):
            if not changed & {before.index, old.interactions[earlier].index}:
                continue
            lost = _quotes(old.interactions[earlier], before) - _quotes(new.interactions[earlier], after)
            for what in sorted(lost):
                yield before.index, f"#{before.index} no longer quotes {what} of #{earlier}"


def _quotes(earlier: Interaction, later: Interaction) -> set[str]:
    """The kinds of values that a request took from an earlier reply."""
    found = set()
    url = later.request.url
    if url != earlier.request.url and _says(earlier.response, url):
        found.add("the URL")
    ids = _call_ids(earlier)
    if ids and ids & _answered(later):
        found.add("a tool call's id")
    return found


def _says(response: Response, url: str) -> bool:
    path = "/" + url.partition("://")[2].partition("/")[2]
    if any(value in (url, path) for _, value in response.headers):
        return True
    text = read_content(response).text or ""
    return url in text or url.replace("/", "\\/") in text or url.replace("&", "\\u0026") in text


def _call_ids(interaction: Interaction) -> set[str]:
    exchange = read_exchange(interaction)
    reply = exchange.reply if exchange else None
    return {str(call.id) for call in reply.tool_calls if call.id} if reply else set()


def _answered(interaction: Interaction) -> set[str]:
    exchange = read_exchange(interaction)
    parts = [part for message in exchange.prompt.messages for part in message.parts] if exchange else []
    return {str(part.tool_call_id) for part in parts if isinstance(part, ToolResult) and part.tool_call_id}

"""Whether a changed cassette still replays: requests that can be told apart, values that are quoted.

A player finds a recorded reply by its request, mostly by method, URL and body, and a client builds its
next request from the last reply: the URL of an upload, the id of a tool call. What held in the old
cassette and does not in the new one is said. Knows no rule, and no reason for a change.
"""

from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from typing import TypeAlias

from cassette_cli.llm import read_exchange
from cassette_cli.llm.messages import Exchange, ToolResult
from cassette_cli.model import Cassette, Interaction, Request
from cassette_cli.wire.body import read_content

Key: TypeAlias = tuple[str, str, bytes]


def weakened(old: Cassette, new: Cassette) -> Iterator[tuple[int, str]]:
    """What no longer holds, by the interaction that it concerns."""
    if new is old:
        return
    yield from _merged(old, new)
    changed = {
        number
        for number, (before, after) in enumerate(zip(old.interactions, new.interactions, strict=True))
        if _words(before) != _words(after)
    }
    if changed:
        was, now = [list(map(_Side, cassette.interactions)) for cassette in (old, new)]
        yield from _broken(was, now, changed)


def orphaned(sides: Iterable[Cassette], merged: Cassette) -> Iterator[tuple[int, str]]:
    """The interactions of a merged cassette whose request quotes a reply that a side had, and it has not."""
    read = list(map(_Side, merged.interactions))
    had = [_Side(interaction) for side in sides for interaction in side.interactions]
    gone = {call for side in had for call in side.calls} - {call for side in read for call in side.calls}
    for side in read:
        if side.answers & gone:
            index = side.interaction.index
            yield index, f"#{index} answers a tool call that no reply makes any more: record it again"


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
    """What a next request can quote, and what can quote."""
    request, response = interaction.request, interaction.response
    links = [
        value for name, value in response.headers if name.lower() in _LINKS or name.lower().endswith("url")
    ]
    return request.url, request.body.node, request.body.data, links, response.body.node, response.body.data


_LINKS = ("location", "link", "content-location")


class _Side:
    """What an interaction quotes and offers for quotation, each read when first asked for."""

    def __init__(self, interaction: Interaction) -> None:
        self.interaction = interaction
        self.url = interaction.request.url
        self.path = "/" + self.url.partition("://")[2].partition("/")[2]

    @cached_property
    def said(self) -> str:
        """The reply, its headers too."""
        response = self.interaction.response
        text = (read_content(response).text or "").replace("\\/", "/").replace("\\u0026", "&")
        return "\n".join([*(value for _, value in response.headers), text])

    @cached_property
    def _exchange(self) -> Exchange | None:
        return read_exchange(self.interaction)

    @cached_property
    def calls(self) -> set[str]:
        reply = self._exchange.reply if self._exchange else None
        return {str(call.id) for call in reply.tool_calls if call.id} if reply else set()

    @cached_property
    def answers(self) -> set[str]:
        messages = self._exchange.prompt.messages if self._exchange else ()
        parts = [part for message in messages for part in message.parts if isinstance(part, ToolResult)]
        return {str(part.tool_call_id) for part in parts if part.tool_call_id}

    def quotes_url(self, earlier: "_Side") -> bool:
        return self.url != earlier.url and (
            self.url in earlier.said or f"\n{self.path}\n" in f"\n{earlier.said}"
        )


_FURTHEST = 50  # interactions back that a request is likely to quote


def _broken(was: list[_Side], now: list[_Side], changed: set[int]) -> Iterator[tuple[int, str]]:
    """Requests that quoted an earlier reply, and do not any more."""
    for later in range(len(was)):
        for earlier in range(max(0, later - _FURTHEST), later):
            if later not in changed and earlier not in changed:
                continue
            if was[later].quotes_url(was[earlier]) and not now[later].quotes_url(now[earlier]):
                yield later, f"#{later} no longer quotes the URL of #{earlier}"
            if was[later].answers & was[earlier].calls and not now[later].answers & now[earlier].calls:
                yield later, f"#{later} no longer quotes a tool call's id of #{earlier}"


# -- what leaves -----------------------------------------------------------------------------------------


def quoting(cassette: Cassette, gone: Collection[int]) -> Iterator[tuple[int, str]]:
    """Interactions that stay and quote the reply of one that leaves, unless another one says the same."""
    sides = list(map(_Side, cassette.interactions))
    found: dict[tuple[int, str], list[int]] = {}  # who quotes, by who is quoted, and what
    for at, later in enumerate(sides):
        if at in gone:
            continue
        near = range(max(0, at - _FURTHEST), at)
        kept = [sides[earlier] for earlier in near if earlier not in gone]
        for earlier in (earlier for earlier in near if earlier in gone):
            side = sides[earlier]
            if later.quotes_url(side) and not any(map(later.quotes_url, kept)):
                found.setdefault((earlier, "its URL"), []).append(at)
            if (later.answers & side.calls).difference(*(one.calls for one in kept)):
                found.setdefault((earlier, "a tool call's id"), []).append(at)
    for (earlier, what), quoters in found.items():
        more = f" and {len(quoters) - 1} more" if len(quoters) > 1 else ""
        verb = "quote" if more else "quotes"
        yield quoters[0], f"#{quoters[0]}{more} {verb} {what} from the reply of #{earlier}, which goes"


def unanswered(cassette: Cassette, gone: Collection[int]) -> list[int]:
    """The interactions that leave and whose request none of the others has."""
    keys = {one.index: _key(one.request) for one in cassette.interactions}
    kept = {key for index, key in keys.items() if index not in gone}
    return [index for index in sorted(gone) if keys[index] not in kept]

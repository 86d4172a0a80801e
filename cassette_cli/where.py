"""`where` paths: the names of values that every command shares, looked up in the JSON contract.

`reply.text`, `reply.tool_calls[0].arguments.location`, `request.headers.Authorization[0]`,
`request.body/messages/0/content` (a JSON pointer behind the body). What stands in the exchange is
named without the word, and what a request asks behind `request`, too: `request.temperature`.
"""

import re
from typing import Any, NamedTuple

from cassette_cli.errors import BadRequest

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]|\.")
_MISSING = object()
_ASKED = ("model", "messages", "tools")  # of an exchange, what the request says besides its settings
_ANSWERED = ("finish_reason", "usage")  # what its reply says
_PROSE = ("text", "reasoning")


class Found(NamedTuple):
    """A value of an interaction's JSON document, with the way to it."""

    value: Any
    path: tuple[str | int, ...]  # every step from the interaction on, however it was named
    inside: Any  # the object or list that it stands in


def look_up(interaction: dict[str, Any], where: str) -> Any:
    """The value at a `where` path of an interaction's JSON document; raises BadRequest with what there is."""
    return find(interaction, where).value


def find(interaction: dict[str, Any], where: str) -> Found:
    """The value at a `where` path with the way to it; raises BadRequest with what there is."""
    path, slash, pointer = where.partition("/")
    exchange = interaction.get("exchange") or {}
    steps = [match[1] or int(match[2]) for match in _STEP.finditer(path) if match[0] != "."]
    steps = _in_full(steps, interaction, exchange)
    found = Found(interaction, (), None)
    for step in steps:
        found = _further(found, step, where, exchange if not found.path else {})
    if path.endswith(".body"):
        found = _body(found, where, pointer=bool(slash))
    for token in pointer.split("/") if slash else ():
        key = token.replace("~1", "/").replace("~0", "~")
        number = isinstance(found.value, list) and key.isdigit()
        found = _further(found, int(key) if number else key, where, {})
    return found


def _in_full(
    steps: list[str | int], interaction: dict[str, Any], exchange: dict[str, Any]
) -> list[str | int]:
    """The steps of a path with those that may be left out."""
    match steps:
        case ["request", str(name), *rest] if exchange and name not in (interaction.get("request") or {}):
            return ["exchange", name, *rest] if name in _ASKED else ["exchange", "params", name, *rest]
        case ["reply", str(name), *rest] if name in _ANSWERED:
            return ["exchange", name, *rest]
        case [first, *_] if first not in interaction and first in exchange:
            return ["exchange", *steps]
    return steps


def _further(found: Found, step: str | int, where: str, more: dict[str, Any]) -> Found:
    value = _step(found, step)
    if value is _MISSING:
        raise BadRequest(_complaint(where, found, more))
    return Found(value, (*found.path, step), found.value)


def _step(found: Found, step: str | int) -> Any:
    value = found.value
    if isinstance(step, str) and found.path[-1:] == ("headers",):
        named = [pair[1] for pair in value if pair[0].lower() == step.lower()]
        return named or _MISSING
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and step < len(value) else _MISSING
    if not isinstance(value, dict):
        return _MISSING
    if step in _PROSE and step not in value and "role" in value:
        texts = [part["text"] for part in value.get("parts", ()) if part["type"] == step]
        return texts[0] if len(texts) == 1 else "".join(texts)
    return value.get(step, _MISSING)


def _body(found: Found, where: str, *, pointer: bool) -> Found:
    """A body's value for a pointer into it, else its text."""
    body = found.value
    if "json" not in body and pointer:
        raise BadRequest(f"{where}: this body is {body['kind']}, not json")
    key = next((key for key in ("json", "text", "base64") if key in body), None)
    return Found(body[key] if key else "", (*found.path, key or "text"), body)


def _complaint(where: str, found: Found, more: dict[str, Any]) -> str:
    value, seen = found.value, named(found.path)
    at = f"in {seen} " if seen else ""
    if isinstance(value, list) and found.path[-1:] == ("headers",):
        names = dict.fromkeys(pair[0] for pair in value)
    elif isinstance(value, list):
        return f"no value {where}: {seen} has {len(value)} {'entry' if len(value) == 1 else 'entries'}"
    else:
        names = dict.fromkeys([*value, *more]) if isinstance(value, dict) else {}
    told = f"no value {where}: {at}there is {', '.join(names) or 'nothing below'}"
    if found.path[-1:] == ("body",) and "json" in names:
        start, _, rest = where.partition(".body")
        pointer = re.sub(r"[.[\]]+", "/", rest).strip("/")
        told += f"; inside a body, write {start}.body/{pointer}"
    return told


def named(path: tuple[str | int, ...]) -> str:
    """A path as a person writes it."""
    steps = path[1:] if path[:1] == ("exchange",) else path
    words, pointer = "", False
    for place, step in enumerate(steps):
        if pointer:
            words += "/" + str(step).replace("~", "~0").replace("/", "~1")
        elif step == "json" and steps[place - 1] == "body":
            pointer = True
        elif isinstance(step, int):
            words += f"[{step}]"
        else:
            words += f".{step}" if words else step
    return words

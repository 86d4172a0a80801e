"""`where` paths: the names of values that every command shares, looked up in the JSON contract.

`reply.text`, `reply.tool_calls[0].arguments.location`, `request.headers.Authorization[0]`,
`request.body/messages/0/content` (a JSON pointer behind the body). What stands in the exchange is
named without the word.
"""

import re
from typing import Any

from cassette_cli.errors import BadRequest

_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]|\.")
_MISSING = object()


def look_up(interaction: dict[str, Any], where: str) -> Any:
    """The value at a `where` path of an interaction's JSON document; raises BadRequest with what there is."""
    path, slash, pointer = where.partition("/")
    value: Any = interaction
    steps = [match[1] or int(match[2]) for match in _STEP.finditer(path) if match[0] != "."]
    exchange = interaction.get("exchange") or {}
    if steps and steps[0] not in interaction and steps[0] in exchange:
        value = exchange
    seen = ""
    for step in steps:
        found = _step(value, step, seen)
        if found is _MISSING:
            raise BadRequest(_complaint(where, value, seen, exchange if not seen else {}))
        seen += f"[{step}]" if isinstance(step, int) else f".{step}" if seen else step
        value = found
    if path.endswith(".body"):
        value = _body(value, where, pointer=bool(slash))
    for token in pointer.split("/") if slash else ():
        key = token.replace("~1", "/").replace("~0", "~")
        found = _step(value, int(key) if isinstance(value, list) and key.isdigit() else key, seen)
        if found is _MISSING:
            raise BadRequest(_complaint(where, value, seen, {}))
        seen += f"/{token}"
        value = found
    return value


def _step(value: Any, step: str | int, seen: str) -> Any:
    if isinstance(step, str) and seen.endswith(".headers"):
        named = [pair[1] for pair in value if pair[0].lower() == step.lower()]
        return named or _MISSING
    if isinstance(step, int):
        return value[step] if isinstance(value, list) and step < len(value) else _MISSING
    return value.get(step, _MISSING) if isinstance(value, dict) else _MISSING


def _body(body: dict[str, Any], where: str, *, pointer: bool) -> Any:
    """A body's value for a pointer into it, else its text."""
    if "json" in body:
        return body["json"]
    if pointer:
        raise BadRequest(f"{where}: this body is {body['kind']}, not json")
    return body.get("text", body.get("base64", ""))


def _complaint(where: str, value: Any, seen: str, more: dict[str, Any]) -> str:
    at = f"in {seen} " if seen else ""
    if isinstance(value, list) and seen.endswith(".headers"):
        names = dict.fromkeys(pair[0] for pair in value)
    elif isinstance(value, list):
        return f"no value {where}: {seen} has {len(value)} entries"
    else:
        names = dict.fromkeys([*value, *more]) if isinstance(value, dict) else {}
    return f"no value {where}: {at}there is {', '.join(names) or 'nothing below'}"

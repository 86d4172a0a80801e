"""Tool calls of a reply: whether their arguments can be read and fit, and whether there is such a tool."""

import json
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from cassette_cli.errors import CassetteError
from cassette_cli.llm.messages import Exchange, Item, Object, ToolCall, as_object, as_text, objects
from cassette_cli.rules.validation.check import Case, Problem
from cassette_cli.rules.validation.conversation_schema import misfits
from cassette_cli.selection import Reading
from cassette_cli.source.jsontree import parse_json
from cassette_cli.source.text import Joined, Text
from cassette_cli.source.tree import Json, Mapping, Node, Sequence, resolve


def answered(reading: Reading) -> Exchange | None:
    """The exchange, if it went well: what is answered with an error may well be wrong on purpose."""
    exchange = reading.exchange
    if exchange is None or exchange.answer.error or (reading.interaction.response.status or 0) >= 400:
        return None
    return exchange


class Call(NamedTuple):
    """A tool call that the client is to run, with the path of it."""

    where: str
    call: ToolCall


_CUT_SHORT = (  # finish reasons of replies that may stop in the middle of arguments
    *("length", "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded"),
    *("content_filter", "refusal", "incomplete", "cancelled", "failed", "error", "error_limit"),
)


def replied(exchange: Exchange) -> list[Call]:
    """The calls of the reply and its alternatives, if it is whole."""
    if not exchange.complete or (exchange.answer.finish_reason or "").lower() in _CUT_SHORT:
        return []
    return [
        Call(f"{_choice(number)}.tool_calls[{place}]", call)
        for number, message in enumerate(exchange.answer.choices)
        for place, call in enumerate(message.tool_calls)
    ]


def _choice(number: int) -> str:
    return f"alternatives[{number - 1}]" if number else "reply"


def asked(exchange: Exchange) -> list[Call]:
    """The calls of earlier replies that the request hands back."""
    return [
        Call(f"request.messages[{number}].tool_calls[{place}]", call)
        for number, message in enumerate(exchange.prompt.messages)
        for place, call in enumerate(message.tool_calls)
    ]


# -- arguments -----------------------------------------------------------------------------------------


def unparsable_arguments(case: Case) -> Iterator[Problem]:
    """Arguments that are no JSON; those that later requests hand back are told once."""
    told: set[tuple[str, str]] = set()
    for reading in case.in_turn():
        exchange = answered(reading)
        takes_text = _text_inputs(reading)
        for where, call in [*replied(exchange), *asked(exchange)] if exchange else ():
            fault = _fault(call.raw_arguments)
            seen = (call.id or "", str(call.raw_arguments))
            if fault is None or seen in told or takes_text(call.name):
                continue
            told.add(seen)
            at = max(min(fault, len(call.raw_arguments) - 1), 0)
            yield Problem(
                f"the arguments of {call.name or 'a tool'} are no JSON, from character {fault} on",
                f"{where}.arguments",
                call.raw_arguments,
                (at, at + 1),
                note="no JSON from here",
                interaction=reading.interaction.index,
            )


def _fault(raw: str) -> int | None:
    """Where arguments stop being JSON, or None; a call without arguments may have nothing there."""
    text = raw.rstrip()
    if not text:
        return None
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return error.pos
    except (ValueError, RecursionError):  # more digits or depth than Python reads
        return None
    return None


def _text_inputs(reading: Reading) -> Callable[[str], bool]:
    """Says whether a tool is one whose input is no JSON, or may be such a one for all that is known."""

    @cache
    def kinds() -> dict[Json, bool]:
        found: dict[Json, bool] = {}
        for tool in _tools(reading):
            definition = as_object(tool.get("function") or tool.get("custom")) or tool
            found.setdefault(as_text(definition.get("name")), tool.get("type") == "custom")
        return found

    @cache
    def others() -> bool:
        texts = (reading.asked.text or "", reading.said.text or "")
        return any(mark in text for text in texts for mark in ("custom_tool_call", '"custom"'))

    return lambda name: kinds()[name] if name in kinds() else others()


def _tools(reading: Reading) -> list[Object]:
    return objects(as_object(reading.asked.json).get("tools"))


def mismatched_arguments(reading: Reading) -> Iterator[Problem]:
    """Arguments of the reply that do not fit what the request says that the tool takes."""
    exchange = answered(reading)
    if exchange is None or not exchange.prompt.tools:
        return
    schemas = {tool.name: tool.parameters for tool in exchange.prompt.tools}
    takes_text, trees = _text_inputs(reading), Trees(reading.interaction.response.body.tree)
    for where, call in replied(exchange):
        arguments = call.arguments
        if arguments is None or not isinstance(schemas.get(call.name), dict) or takes_text(call.name):
            continue
        found = misfits(schemas[call.name], arguments)
        if found:
            path, what = found[0]
            more = f", and {len(found) - 1} more" if len(found) > 1 else ""
            pointer = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in path)
            place = f" at {'.'.join(map(str, path))}" if path and len(str(path)) < 120 else ""
            message = f"the arguments of {call.name} do not fit its schema{place}: {what}{more}"
            at = trees.arguments(call)
            if isinstance(at, Mapping | Sequence):
                at, pointer = _led(at, path), ""
            yield Problem(message, f"{where}.arguments", at, None, pointer, what if len(what) <= 40 else "")


_ARGUMENTS = ("arguments", "args", "input", "parameters")


class Trees:
    """What stands around the calls of a body, each text of it parsed once."""

    def __init__(self, tree: Node | None) -> None:
        """`tree` is that of the body, where it is stored as one."""
        self._tree = tree
        self._around: dict[int, dict[int, Mapping]] = {}

    def arguments(self, call: ToolCall) -> Node | Joined | str:
        """What holds a call's arguments: a text, or what stands beside the call's name; or else the name."""
        name = call.name
        if isinstance(call.raw_arguments, Text | Joined) or not isinstance(name, Text):
            return call.raw_arguments
        if id(name.parent) not in self._around:
            self._around[id(name.parent)] = _by_values(self._root(name))
        around = self._around[id(name.parent)].get(name.start)
        found = (around.get(key) for key in _ARGUMENTS) if around else iter(())
        return next((one for one in found if one is not None), name)

    def _root(self, name: Text) -> Node | None:
        try:
            return parse_json(name.parent) if isinstance(name.parent, Text | Joined) else self._tree
        except CassetteError:
            return None


def _by_values(root: Node | None) -> dict[int, Mapping]:
    """The mappings of a tree by where their values that are strings begin."""
    found: dict[int, Mapping] = {}
    waiting = [root] if root is not None else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            found.update({value.start: node for _, value in node.items if isinstance(value, Text)})
            waiting += [value for _, value in node.items]
        elif isinstance(node, Sequence):
            waiting += node.items
    return found


def _led(node: Node, path: tuple[str | int, ...]) -> Node:
    """Where a path leads; as far as it leads."""
    for step in path:
        inner: Node | None = None
        if isinstance(node, Mapping):
            inner = node.get(str(step))
        elif isinstance(node, Sequence) and isinstance(step, int) and step < len(node.items):
            inner = resolve(node.items[step])
        if inner is None:
            break
        node = inner
    return node


# -- which tool ----------------------------------------------------------------------------------------


def undeclared_tool(reading: Reading) -> Iterator[Problem]:
    """A tool that the reply calls and the request does not declare, though it declares others."""
    exchange = answered(reading)
    if exchange is None or not exchange.prompt.tools:
        return
    calls = replied(exchange)
    declared = {tool.name for tool in exchange.prompt.tools}
    if all(call.name in declared for _, call in calls) or _finds_tools(reading, exchange):
        return
    for where, call in calls:
        if call.name not in declared:
            yield Problem(
                f"the reply calls {call.name or 'a tool without a name'}, which the request does not declare",
                f"{where}.name",
                call.name or call.id,
                note="not declared",
            )


_FINDING = ("tool_search", "namespace", "mcp")  # types that stand for tools that are not listed
_FOUND = ("additional_tools", "tool_search_call", "mcp_list_tools", "tools")


def _finds_tools(reading: Reading, exchange: Exchange) -> bool:
    """Whether tools may come from elsewhere than the request's list."""
    if any(tool.name == "systemTool" for tool in exchange.prompt.tools):  # Bedrock's, whose calls look alike
        return True
    if any(as_text(tool.get("type")).startswith(_FINDING) for tool in _tools(reading)):
        return True
    messages = (*exchange.prompt.messages, *exchange.answer.choices)
    return any(
        isinstance(part, Item) and part.type in _FOUND for message in messages for part in message.parts
    )


def repeated_call_id(reading: Reading) -> Iterator[Problem]:
    """Two calls of one reply that a result could not tell apart."""
    exchange = answered(reading)
    for number, message in enumerate(exchange.answer.choices if exchange else ()):
        seen: dict[str, str] = {}
        for place, call in enumerate(message.tool_calls):
            if call.id and call.id in seen:
                yield Problem(
                    f"two calls of the reply have the same id: of {seen[call.id]} and of {call.name}",
                    f"{_choice(number)}.tool_calls[{place}].id",
                    call.id,
                    note="an earlier call's id",
                )
            seen.setdefault(call.id or "", call.name)

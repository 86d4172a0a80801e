"""Ways to break conversations: arguments, tools, ids, results and quotes, each changed in one place only.

What is changed keeps its length, so that no length that a cassette tells is wrong besides.
"""

from collections.abc import Callable, Iterator
from random import Random

from cassette_cli.errors import CassetteError
from cassette_cli.llm.messages import Exchange, Message, ToolCall, ToolResult, as_object
from cassette_cli.model import Cassette
from cassette_cli.rules.validation import Case
from cassette_cli.rules.validation.conversation_calls import replied
from cassette_cli.selection import Reading
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit
from cassette_cli.source.jsontree import parse_json
from cassette_cli.source.style import Style
from cassette_cli.source.text import Change, Joined, Text
from cassette_cli.source.tree import Json, Mapping, Node, Sequence, document_of, offset_of
from tests.mutations import Broken, Mutation, broken

Attempt = tuple[list[Change], int] | None  # the changes, and the offset at which they must be found
_TWICE = ("openai-responses", "gemini-interactions")  # whose streams say everything several times
_ELSEWHERE = ("openai-assistants", "mcp")


def _try(
    attempt: Callable[[Reading, Exchange, Random], Attempt],
) -> Callable[[Cassette, Random], Broken | None]:
    """A mutation of the first interaction that can be broken, in a random order."""

    def make(cassette: Cassette, random: Random) -> Broken | None:
        readings = Case(cassette).readings
        for place in random.sample(range(len(readings)), len(readings)):
            body = readings[place].interaction.response.body.node
            if not _is_sound(readings[place]) or body is None or _root(body) is not cassette.document:
                continue
            reading = Case(cassette).traced.readings[place]
            exchange = reading.exchange
            try:
                made = attempt(reading, exchange, random) if exchange else None
                if made is not None:
                    return broken(cassette, *made)
            except (CassetteError, ValueError, KeyError):  # a text that cannot be written in this style
                continue
        return None

    return make


def _root(node: Node | Joined) -> Document:
    return node.document if isinstance(node, Joined) else document_of(node)


def _is_sound(reading: Reading) -> bool:
    exchange = reading.exchange
    if exchange is None or exchange.answer.error or (reading.interaction.response.status or 0) >= 400:
        return False
    packed = reading.asked.encoding or reading.said.encoding
    return not packed and exchange.complete and exchange.dialect not in _ELSEWHERE


def _altered(text: str) -> str:
    """Another text of the same length."""
    shifted = text.translate(_SHIFT)
    return shifted if shifted != text else text[:-1] + "x"


_SHIFT = str.maketrans("abcdefghijklmnopqrstuvwxyz0123456789", "bcdefghijklmnopqrstuvwxyza1234567890")


def _all(text: Text, new: str) -> Change:
    return text, [Edit(0, len(text), new)]


def _calls(exchange: Exchange, random: Random) -> list[ToolCall]:
    """The calls of the reply, if they can be changed in one place, in a random order."""
    if exchange.streamed and exchange.dialect in _TWICE:
        return []
    names = [call.name for message in exchange.answer.choices for call in message.tool_calls]
    calls = [one.call for one in replied(exchange) if isinstance(one.call.arguments, dict)]
    calls = [call for call in calls if names.count(call.name) == 1]
    return random.sample(calls, len(calls))


# -- calls ---------------------------------------------------------------------------------------------


def _wrong_brace(_: Reading, exchange: Exchange, random: Random) -> Attempt:
    """Arguments that end with a bracket."""
    for call in _calls(exchange, random):
        raw = call.raw_arguments
        end = len(raw.rstrip()) - 1
        if isinstance(raw, Text | Joined) and len(raw) > 2 and _is_json_tool(exchange, call):
            return [(raw, [Edit(end, end + 1, "]")])], raw.offset(end)
    return None


def _wrong_quote(_: Reading, exchange: Exchange, random: Random) -> Attempt:
    """Arguments that a request hands back, with a quote lost."""
    messages = random.sample(exchange.prompt.messages, len(exchange.prompt.messages))
    for call in (call for message in messages for call in message.tool_calls):
        raw = call.raw_arguments
        if isinstance(raw, Text) and raw.startswith('{"') and _is_json_tool(exchange, call):
            return [(raw, [Edit(1, 2, "'")])], raw.offset(1)
    return None


def _is_json_tool(exchange: Exchange, call: ToolCall) -> bool:
    schemas = (as_object(tool.parameters) for tool in exchange.prompt.tools if tool.name == call.name)
    return any("properties" in schema for schema in schemas)


def _fitting(
    reading: Reading, exchange: Exchange, random: Random
) -> Iterator[tuple[ToolCall, Mapping, Mapping]]:
    """The calls of the reply with the schema that was declared and the arguments as they stand."""
    for call in _calls(exchange, random):
        schemas = [tool.parameters for tool in exchange.prompt.tools if tool.name == call.name]
        schema = _node_of(reading.interaction.request.body.tree, schemas[0]) if len(schemas) == 1 else None
        arguments = _arguments(reading, call)
        if schema is not None and isinstance(arguments, Mapping):
            yield call, schema, arguments


def _arguments(reading: Reading, call: ToolCall) -> Node | None:
    if isinstance(call.raw_arguments, Text | Joined):
        return parse_json(call.raw_arguments)
    found = next(iter(_holders(call.name, reading.interaction.response.body.tree)), None)
    if not isinstance(found, Mapping):
        return None
    return next((found.get(key) for key in ("input", "args", "arguments") if key in found), None)


def _node_of(tree: Node | None, schema: Json) -> Mapping | None:
    """The node of a schema, by the first text in it that says a type."""
    given = map(as_object, as_object(as_object(schema).get("properties")).values())
    kinds = [one.get("type") for one in given if "properties" not in one]
    found = _holders(next((kind for kind in kinds if isinstance(kind, Text)), None), tree)
    return next((one for one in found if isinstance(one, Mapping) and "properties" in one), None)


def _holders(text: object, tree: Node | None) -> list[Node]:
    """The nodes that a text stands in, from the innermost on."""
    if not isinstance(text, Text):
        return []
    root = parse_json(text.parent) if isinstance(text.parent, Text | Joined) else tree
    path: list[Node] = []
    return path if root is not None and _finds(root, text, path) else []


def _finds(node: Node, text: Text, path: list[Node]) -> bool:
    if isinstance(node, Text):
        return node.start == text.start
    inner = [value for _, value in node.items] if isinstance(node, Mapping) else []
    inner = [*node.items] if isinstance(node, Sequence) else inner
    if any(_finds(one, text, path) for one in inner):
        path.append(node)
        return True
    return False


def _other_requirement(reading: Reading, exchange: Exchange, random: Random) -> Attempt:
    """A schema that demands what the arguments lack."""
    for call, schema, arguments in _fitting(reading, exchange, random):
        required = schema.get("required")
        names = [one for one in required if isinstance(one, Text)] if isinstance(required, Sequence) else []
        names = [name for name in names if _altered(name) not in names]
        if names:
            name = random.choice(names)
            raw = call.raw_arguments
            at = raw.offset() if isinstance(raw, Text | Joined) else offset_of(arguments)
            return [_all(name, _altered(name))], at
    return None


_OTHER_TYPES = {
    kind: other.upper() if kind.isupper() else other
    for word, other in (("string", "number"), ("number", "string"), ("integer", "boolean"))
    for kind in (word, word.upper())
}


def _other_type(reading: Reading, exchange: Exchange, random: Random) -> Attempt:
    """A schema that wants another type."""
    for _, schema, arguments in _fitting(reading, exchange, random):
        properties = schema.get("properties")
        for key, value in properties.items if isinstance(properties, Mapping) else ():
            kind = value.get("type") if isinstance(value, Mapping) else None
            given = arguments.get(key) if isinstance(key, Text) else None
            new = _OTHER_TYPES.get(kind) if isinstance(kind, Text) else None
            if isinstance(kind, Text) and new and isinstance(given, Text) and given != "null":
                return [_all(kind, new)], given.offset()
    return None


def _other_tool(_: Reading, exchange: Exchange, random: Random) -> Attempt:
    """A tool that is declared under another name."""
    for call in _calls(exchange, random):
        names = [tool.name for tool in exchange.prompt.tools if tool.name == call.name]
        name, own = names[0] if len(names) == 1 else None, call.name
        if isinstance(name, Text) and isinstance(own, Text | Joined):
            return [_all(name, _altered(name))], own.offset()
    return None


def _same_ids(_: Reading, exchange: Exchange, __: Random) -> Attempt:
    if exchange.streamed and exchange.dialect in _TWICE:
        return None
    calls = exchange.reply.tool_calls if exchange.reply else ()
    ids = [call.id for call in calls]
    if len(ids) < 2 or not isinstance(ids[0], Text) or not isinstance(ids[1], Text) or ids[0] == ids[1]:
        return None
    return ([_all(ids[1], ids[0])], ids[1].offset()) if len(ids[0]) == len(ids[1]) else None


# -- results -------------------------------------------------------------------------------------------


def _results(exchange: Exchange, random: Random) -> list[tuple[int, ToolResult]]:
    """The results of a request whose calls go by ids, with their messages' numbers, in a random order."""
    messages = exchange.prompt.messages
    if exchange.prompt.params.keys() & {"previous_response_id", "conversation"}:
        return []
    parts = [(number, part) for number, message in enumerate(messages) for part in message.parts]
    if not all(part.id for _, part in parts if isinstance(part, ToolCall)) or "item_reference" in repr(parts):
        return []
    found = [(number, part) for number, part in parts if isinstance(part, ToolResult) and not part.server]
    ids = [result.tool_call_id for _, result in found]
    return random.sample(found, len(found)) if all(ids) and len(set(ids)) == len(ids) else []


def _call_of(exchange: Exchange, id_: str | None) -> ToolCall | None:
    calls = [call for message in exchange.prompt.messages for call in message.tool_calls]
    return next((call for call in calls if call.id == id_), None)


def _other_result(_: Reading, exchange: Exchange, random: Random) -> Attempt:
    results = _results(exchange, random)
    known = [result.tool_call_id for _, result in results]
    for id_ in known:
        if isinstance(id_, Text) and _altered(id_) not in known and _call_of(exchange, id_):
            return [_all(id_, _altered(id_))], id_.offset()
    return None


_DEMANDING = ("openai-chat", "openai-responses", "anthropic-messages", "bedrock-converse", "mistral-chat")


def _no_result(_: Reading, exchange: Exchange, random: Random) -> Attempt:
    """A result blanked out of the list that it stands in."""
    last = len(exchange.prompt.messages) - 1
    for number, result in _results(exchange, random) if exchange.dialect in _DEMANDING else ():
        id_ = result.tool_call_id
        call = _call_of(exchange, id_)
        others = sum(isinstance(part, ToolResult) for part in exchange.prompt.messages[number].parts) > 1
        fits = _fits_alone(exchange, number, others) and (number < last or others)
        made = _blanked(id_) if fits and isinstance(id_, Text) else None
        if made and call and isinstance(call.id, Text):
            return [made], call.id.offset()
    return None


def _blanked(id_: Text) -> Change | None:
    """The entry of a list that a text stands in, with a comma beside it, made blanks."""
    path = _holders(id_, None)
    place = next((i for i, node in enumerate(path) if isinstance(node, Sequence)), 0)
    outer = path[place] if place else None
    if not isinstance(outer, Sequence) or len(outer.items) < 2 or not isinstance(id_.parent, Text):
        return None
    nth = [*outer.items].index(path[place - 1])
    start = outer.items[nth - 1].end if nth else outer.items[0].start
    end = outer.items[nth].end if nth else outer.items[1].start
    kept = "".join(letter if letter == "\n" else " " for letter in id_.parent[start:end])
    return id_.parent, [Edit(start, end, kept)]


def _fits_alone(exchange: Exchange, number: int, others: bool) -> bool:
    """Whether what is left without a result still has its place: a message's only block, whose turn it is."""
    message = exchange.prompt.messages[number]
    return message.role in ("tool", "function") or (others and len(message.parts) > 1)


# -- quotes --------------------------------------------------------------------------------------------


def _quotes(cassette: Cassette) -> Iterator[tuple[Reading, Message, Message]]:
    """The messages in which requests hand back the reply to the only earlier request that they begin as."""
    readings = [one for one in Case(cassette).traced.readings if _is_sound(one)]
    for place, reading in enumerate(readings):
        messages = reading.exchange.prompt.messages if reading.exchange else ()
        for number, message in enumerate(messages):
            before = [one.exchange for one in readings[:place] if one.exchange]
            before = [one for one in before if _as_heard(one.prompt.messages) == _as_heard(messages[:number])]
            reply = before[0].reply if len(before) == 1 and len(before[0].answer.choices) == 1 else None
            if reply and number and message.role in ("assistant", "model"):
                yield reading, message, reply


def _as_heard(messages: tuple[Message, ...]) -> list[object]:
    return [
        (
            message.role,
            "".join(message.text.split()),
            [(call.name, call.raw_arguments) for call in message.tool_calls],
            [repr(part) for part in message.parts if isinstance(part, ToolResult)],
        )
        for message in messages
    ]


def _try_quote(
    attempt: Callable[[Message, Message, Random], Attempt],
) -> Callable[[Cassette, Random], Broken | None]:
    def make(cassette: Cassette, random: Random) -> Broken | None:
        if len(cassette.interactions) < 2:
            return None
        for _, quote, reply in _quotes(cassette):
            made = attempt(quote, reply, random)
            try:
                if made is not None:
                    return broken(cassette, *made)
            except CassetteError:
                continue
        return None

    return make


def _other_id(quote: Message, reply: Message, _: Random) -> Attempt:
    if [call.id for call in quote.tool_calls] != [call.id for call in reply.tool_calls]:
        return None
    ids = [call.id for call in quote.tool_calls if call.id]
    id_ = ids[0] if ids and len(set(ids)) == len(quote.tool_calls) else None
    return ([_all(id_, _altered(id_))], id_.offset()) if isinstance(id_, Text) else None


def _other_word(quote: Message, reply: Message, random: Random) -> Attempt:
    words = [word for word in set(quote.text.split()) if word.isalpha() and len(word) > 3]
    text = quote.text
    if not words or text != reply.text or not isinstance(text, Text):
        return None
    word = random.choice(sorted(words))
    at = text.index(word)
    return [(text, [Edit(at, at + len(word), "q" * len(word))])], text.offset()


def _other_argument(quote: Message, reply: Message, random: Random) -> Attempt:
    if len(quote.tool_calls) != len(reply.tool_calls):
        return None
    for call in quote.tool_calls:
        raw, given = call.raw_arguments, as_object(call.arguments).values()
        found = [value for value in given if isinstance(value, str) and value.isalpha()]
        if isinstance(raw, Text) and found:
            value = random.choice(found)
            at = raw.find(f'"{value}"')
            if at > 0:
                return [(raw, [Edit(at + 1, at + 1 + len(value), "q" * len(value))])], raw.offset()
    return None


def _other_name(quote: Message, reply: Message, _: Random) -> Attempt:
    name = quote.tool_calls[0].name if len(quote.tool_calls) == len(reply.tool_calls) > 0 else None
    return ([_all(name, _altered(name))], name.offset()) if isinstance(name, Text) else None


def _edited_reply(quote: Message, reply: Message, random: Random) -> Attempt:
    """Another word in the reply than in what is quoted of it."""
    text, own = reply.text, quote.text
    words = sorted({word for word in text.split() if word.isalpha() and len(word) > 3})
    if not words or text != own or not isinstance(text, Text) or not isinstance(own, Text):
        return None
    if isinstance(text.parent, Text) and text.parent.style is Style.SSE:  # where deltas say it, too
        return None
    word = random.choice(words)
    at = text.index(word)
    return [(text, [Edit(at, at + len(word), "q" * len(word))])], own.offset()


# -- roles ---------------------------------------------------------------------------------------------


def _model_first(reading: Reading, exchange: Exchange, _: Random) -> Attempt:
    messages = [message for message in exchange.prompt.messages if message.role != "system"]
    first = messages[0].role if messages else ""
    told = exchange.dialect in ("anthropic-messages", "bedrock-converse") and len(messages) != 2
    if not told or reading.interaction.request.lengths or not isinstance(first, Text):
        return None
    alternating = len(messages) == 1 or exchange.dialect == "anthropic-messages"
    return ([_all(first, "assistant")], first.offset()) if alternating else None


MUTATIONS: tuple[Mutation, ...] = (
    Mutation("unparsable-arguments", "wrong-brace", _try(_wrong_brace)),
    Mutation("unparsable-arguments", "wrong-quote", _try(_wrong_quote)),
    Mutation("mismatched-arguments", "other-requirement", _try(_other_requirement)),
    Mutation("mismatched-arguments", "other-type", _try(_other_type)),
    Mutation("undeclared-tool", "other-tool", _try(_other_tool)),
    Mutation("repeated-call-id", "same-ids", _try(_same_ids)),
    Mutation("orphan-result", "other-result", _try(_other_result)),
    Mutation("unanswered-call", "no-result", _try(_no_result)),
    Mutation("misquoted-reply", "other-id", _try_quote(_other_id)),
    Mutation("misquoted-reply", "other-word", _try_quote(_other_word)),
    Mutation("misquoted-reply", "other-argument", _try_quote(_other_argument)),
    Mutation("misquoted-reply", "other-name", _try_quote(_other_name)),
    Mutation("misquoted-reply", "edited-reply", _try_quote(_edited_reply)),
    Mutation("misplaced-role", "model-first", _try(_model_first)),
)

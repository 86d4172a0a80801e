"""Whether a call's arguments fit the JSON schema of its tool; the judge is `jsonschema_rs`.

Schemas come from strangers: what they refer to elsewhere is never fetched, their patterns run in linear
time, and where the judgement would take long it is not made. OpenAPI's spellings, which Gemini has, are put
into JSON schema's first. A schema that is none fits everything.
"""

import json
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from cassette_cli.llm.messages import Object
from cassette_cli.source.tree import Json

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator


_TOLD = 100
_AUTOMATON = 200_000  # bytes that a compiled pattern may have
_LARGEST = 30_000_000  # characters of a schema times those of what is held against it


class Misfit(NamedTuple):
    """Where arguments break a schema, and how."""

    path: tuple[str | int, ...]
    message: str


def misfits(schema: Json, arguments: Json) -> list[Misfit]:
    """What does not fit; nothing where the schema is none, or too much to judge by."""
    if not isinstance(schema, dict) or not schema:
        return []
    try:
        size = len(json.dumps(arguments, allow_nan=False))
        text = json.dumps(_in_json_schema(schema))
        if size * len(text) > _LARGEST or not _is_quick(json.loads(text), arguments):
            return []
        validator = _validator(text)
        errors = list(islice(validator.iter_errors(arguments), _TOLD)) if validator else []
    except (
        ValueError,
        OverflowError,
        RecursionError,
        SystemError,
    ):  # what it cannot take: lone surrogates, NaN
        return []
    return [Misfit(tuple(error.instance_path), _message(error)) for error in errors]


@lru_cache(maxsize=64)
def _validator(text: str) -> "Validator | None":
    """What judges by a schema; None for one that is none, or that refers to another document."""
    import jsonschema_rs

    try:
        return jsonschema_rs.validator_for(
            json.loads(text),
            retriever=_nothing,
            pattern_options=jsonschema_rs.RegexOptions(_AUTOMATON, 4 * _AUTOMATON),  # cannot backtrack
            validate_formats=False,
        )
    except ValueError:
        return None


def _nothing(uri: str) -> Json:
    raise LookupError(uri)


# -- what is wrong, in words ---------------------------------------------------------------------------


def _message(error: "ValidationError") -> str:
    """What is wrong, without the value."""
    keyword = str(error.schema_path[-1]) if error.schema_path else ""
    reading = _WORDS.get(keyword)
    if reading:
        return reading(error)
    named = any(step in _NAMED for step in error.schema_path[-2:-1])  # the schema `false` for a name
    return f"it breaks the schema's {keyword}" if keyword and not named else "the schema allows no value"


def _missing(error: "ValidationError") -> str:
    return f"the property {str(getattr(error.kind, 'property', ''))[:40]} is missing"


def _unexpected(error: "ValidationError") -> str:
    names = [str(name)[:40] for name in getattr(error.kind, "unexpected", ())]
    return f"the schema has no property {', '.join(names[:3])}"


def _of_type(error: "ValidationError") -> str:
    types = getattr(error.kind, "types", ())
    return f"expected {' or '.join(map(str, types))}, not {_type(error.instance)}"


def _type(value: object) -> str:
    return next((name for type_, name in _TYPES.items() if isinstance(value, type_)), "null")


_TYPES = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
_WORDS: dict[str, Callable[["ValidationError"], str]] = {
    "required": _missing,
    "additionalProperties": _unexpected,
    "type": _of_type,
    "enum": lambda _: "none of the values that the schema allows",
    "const": lambda _: "not the value that the schema demands",
    "anyOf": lambda _: "none of what the schema allows",
    "oneOf": lambda _: "not one of what the schema allows",
}


# -- OpenAPI's spellings -------------------------------------------------------------------------------

_NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTED = ("anyOf", "oneOf", "allOf", "prefixItems")
_SINGLE = ("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames")


def _in_json_schema(schema: Json) -> Json:
    """The schema with types in lower case, and `null` among them where it is `nullable`."""
    if isinstance(schema, list):
        return [_in_json_schema(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made: Object = {}
    for key, value in schema.items():
        if key in _NAMED and isinstance(value, dict):
            made[key] = {name: _in_json_schema(one) for name, one in value.items()}
        else:
            made[key] = _in_json_schema(value) if key in _SINGLE or key in _LISTED else value
    if isinstance(type_ := made.get("type"), str):
        made["type"] = [type_.lower(), "null"] if made.get("nullable") is True else type_.lower()
    if isinstance(allowed := made.get("enum"), list) and made.get("nullable") is True:
        made["enum"] = [*allowed, None]
    return made


# -- how long it would take ----------------------------------------------------------------------------

_MOST = 50_000  # steps: schemas that are held against values
_OF_CHILDREN = (
    *("items", "additionalItems", "prefixItems", "contains", "unevaluatedItems", "propertyNames"),
    *("additionalProperties", "patternProperties", "unevaluatedProperties"),
)
_INERT = ("$defs", "definitions", "enum", "const", "default", "examples", "description")


def _is_quick(root: Json, arguments: Json) -> bool:
    """Whether few enough schemas are held against few enough values: references can multiply them."""
    known: dict[tuple[int, int], int] = {}

    def steps(schema: Json, value: Json) -> int:
        if isinstance(schema, list):
            return sum(steps(one, value) for one in schema)
        if not isinstance(schema, dict):
            return 0
        key = (id(schema), id(value))
        if key not in known:
            known[key] = 0  # what leads back here adds nothing
            known[key] = 1 + sum(steps(*pair) for pair in _held(schema, value, root))
            if known[key] > _MOST or len(known) > _MOST:
                raise OverflowError
        return known[key]

    return steps(root, arguments) <= _MOST


def _held(schema: Object, value: Json, root: Json) -> Iterator[tuple[Json, Json]]:
    """The schemas inside a schema, each with what it is held against."""
    children = [*value.values()] if isinstance(value, dict) else value if isinstance(value, list) else []
    for keyword, inner in schema.items():
        if keyword == "$ref":
            yield _target(root, inner), value
        elif keyword == "properties" and isinstance(inner, dict):
            known = value if isinstance(value, dict) else {}
            yield from ((inner[name], known[name]) for name in inner.keys() & known.keys())
        elif keyword in _OF_CHILDREN:
            below = [*inner.values()] if keyword == "patternProperties" and isinstance(inner, dict) else inner
            yield from ((below, child) for child in children)
        elif keyword in ("$dynamicRef", "$recursiveRef"):
            raise OverflowError
        elif keyword not in _INERT:
            yield inner, value


def _target(root: Json, reference: Json) -> Json:
    """What a reference inside the schema leads to; raises OverflowError for one that leads out of it."""
    if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
        raise OverflowError
    found = root
    for step in reference.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, dict) and name in found:
            found = found[name]
        elif isinstance(found, list) and name.isdecimal() and int(name) < len(found):
            found = found[int(name)]
        else:
            raise OverflowError
    return found

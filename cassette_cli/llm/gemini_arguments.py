"""Function arguments that Gemini on Vertex AI streams in pieces, each with the JSON path of its place.

Knows nothing of the call around them. https://docs.cloud.google.com/vertex-ai/docs/reference/rest/v1/Content
"""

import re

from cassette_cli.llm.messages import Object, as_text, joined
from cassette_cli.source.tree import Json

_STEP = re.compile(r"""\.([^.\[]+)|\[(?:'([^']*)'|"([^"]*)")\]|(\[\d+\])""")
_DEEPEST = 50  # steps of a path
_VALUES = {kind + end for kind in ("string", "number", "bool") for end in ("Value", "_value")}


def streamed_arguments(pieces: list[Object]) -> Json:
    """The arguments that the pieces make up; a string goes on with what stands in its place."""
    root: Object = {}
    for piece in pieces:
        path = as_text(piece.get("jsonPath", piece.get("json_path")))
        steps = ["".join(found) for found in _STEP.findall(path)]
        given = next((piece[key] for key in piece if key in _VALUES), None)
        if 0 < len(steps) < _DEEPEST:
            _place(root, steps, None if isinstance(given, dict | list) else given)
    return _with_lists(root)


def _place(root: Object, steps: list[str], value: Json) -> None:
    at: Json = root
    for step in steps[:-1]:
        at = at.setdefault(step, {}) if isinstance(at, dict) else None
    if not isinstance(at, dict):
        return
    before = at.get(steps[-1])
    more = isinstance(before, str) and isinstance(value, str)
    at[steps[-1]] = joined([as_text(before), as_text(value)]) if more else value


def _with_lists(value: Json) -> Json:
    """The value with its lists, which were put together as objects with the keys [0], [1], ..."""
    if not isinstance(value, dict):
        return value
    items = [_with_lists(item) for item in value.values()]
    is_list = bool(value) and all(key.startswith("[") for key in value)
    return items if is_list else dict(zip(value, items, strict=True))

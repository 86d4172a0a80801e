"""The two promises of an edit, held against other people's parsers; used by tables, properties and proofs.

Each function gives what is wrong in words that show nothing of the text, or None.
"""

from collections.abc import Collection
from collections.abc import Sequence as Seq

import yaml

from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.removal import remove
from cassette_cli.source.text import Text, rewrite
from cassette_cli.source.tree import Mapping, Node, Sequence
from tests.source.oracle import STRING, Shape, expected, is_json, kinds, shape, walk


def reading(document: Document, trees: Seq[Node]) -> str | None:
    """Our tree says what theirs says, and the text as it is encodes to the same bytes."""
    if document.encode(splice(document.text, [])) != document.raw:
        return "encoding the same text gives other bytes"
    if [shape(tree) for tree in trees] != expected(document.text):
        return "the tree is not what the other parser reads"
    return None


def replacing(document: Document, trees: Seq[Node], changes: Seq[tuple[Text, Seq[Edit]]]) -> str | None:
    """The changed texts read as intended, all else as before; what was a string still is one."""
    intended = {id(text): splice(text, edits) for text, edits in changes}
    after = splice(document.text, rewrite(changes).get(document, []))
    fault = _compare(after, [shape(tree, intended) for tree in trees])
    if fault or is_json(document.text):
        return fault
    scalars = [node for tree in trees for node in walk(tree) if isinstance(node, Text)]
    for text, before, now in zip(scalars, kinds(document.text), kinds(after), strict=True):
        if now != before and (before == STRING or id(text) not in intended):
            return f"the {text.style.name} scalar at {text.offset()} was {before}, now is {now}"
    return None


def removing(
    document: Document, trees: Seq[Node], container: Mapping | Sequence, entries: Collection[int]
) -> str | None:
    """Without the entries, the text reads as the tree without them."""
    after = splice(document.text, remove(container, entries))
    return _compare(after, [shape(tree, without=(container, entries)) for tree in trees])


def _compare(text: str, intended: list[Shape]) -> str | None:
    try:
        found = expected(text)
    except yaml.YAMLError as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        return f"the result is not YAML at {mark.index if mark else '?'}"
    return None if found == intended else "the result reads otherwise"

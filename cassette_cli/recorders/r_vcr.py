"""R's vcr (ropensci/vcr): YAML and JSON in the form of Ruby's VCR, with bodies of its own.

Since 2.0 a body is `string`, `raw_gzip` (zlib data in base64), `fields` (a form) or `on_disk` (a
path); before, `{encoding, file, string}` and `{encoding, file, base64_string}`, where `file: yes`
makes the string a path and `string: no` is no body. https://docs.ropensci.org/vcr
"""

import re
import zlib
from collections.abc import Sequence as Roots
from functools import partial

from cassette_cli.model import Body, Cassette
from cassette_cli.recorders import reading, rubyvcr
from cassette_cli.source.document import Document
from cassette_cli.source.inflate import GZIP, TooLarge, inflate, largest
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Mapping, Node, plain_scalar

ID = "r-vcr"
HINT = rubyvcr.HINT


def matches(roots: Roots[Node]) -> bool:
    return bool(re.match(r"(?:VCR-)?vcr/", rubyvcr.recorded_with(roots[0] if roots else None)))


def load(document: Document, roots: Roots[Node]) -> Cassette:
    return rubyvcr.read(ID, document, roots[0], partial(_body, document))


def _body(document: Document, node: Node | None) -> Body:
    if not isinstance(node, Mapping):
        return rubyvcr.stored(node)
    text, path = node.get("string"), node.get("on_disk")
    if isinstance(file := node.get("file"), Text) and plain_scalar(file) is True:
        path = text
    if isinstance(path, Text):
        above = "../" if path.startswith("../") else ""  # the advised place for files
        return reading.body_in_file(document, path.removeprefix(above), above)
    if isinstance(packed := node.get("raw_gzip"), Text):
        return _inflated(Body(packed, base64=True))
    if "fields" in node:
        return Body(node.get("fields"))
    if isinstance(text, Text) and plain_scalar(text) is False:
        return Body()
    return rubyvcr.stored(node)


def _inflated(packed: Body) -> Body:
    """The body that `memCompress(type = "gzip")` packed: zlib's format, in spite of its name."""
    try:
        raw = packed.bytes
        found = inflate(raw, 47, largest(raw))  # zlib's or gzip's, as R reads both
    except (ValueError, zlib.error, TooLarge):
        return packed
    if not found.ended:
        return packed
    wbits = 31 if raw.startswith(GZIP) else 15
    return packed._replace(data=found.data, pack=lambda data: packed.stored(zlib.compress(data, wbits=wbits)))

"""rvcr (ChorusOne/rvcr, for Rust's reqwest) and its fork reqwest-vcr: JSON in the form of Ruby's VCR.

A body that is no UTF-8 text has the encoding `base64`, and stands there without padding.
https://docs.rs/rvcr
"""

from binascii import Error as BadBase64
from binascii import a2b_base64
from collections.abc import Sequence as Roots

from cassette_cli.model import Body, Cassette
from cassette_cli.recorders import rubyvcr
from cassette_cli.source.document import Document
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Mapping, Node

ID = "rvcr"
HINT = rubyvcr.HINT


def matches(roots: Roots[Node]) -> bool:
    return rubyvcr.recorded_with(roots[0] if roots else None).lower().startswith(("rvcr", "reqwest"))


def load(document: Document, roots: Roots[Node]) -> Cassette:
    return rubyvcr.read(ID, document, roots[0], _body)


def _body(node: Node | None) -> Body:
    if not isinstance(node, Mapping) or node.get("encoding") != "base64":
        return rubyvcr.stored(node)
    text = node.get("string")
    if not isinstance(text, Text):
        return rubyvcr.stored(text)
    try:
        data = a2b_base64((text + "=" * (-len(text) % 4)).encode("ascii", "replace"), strict_mode=True)
    except BadBase64:
        return Body(text, base64=True)  # reading it will say what is wrong
    packed = Body(text, base64=True)
    return packed._replace(data=data, pack=lambda data: packed.stored(data).rstrip("="))

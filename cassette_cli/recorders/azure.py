"""Azure SDK test proxy: `Entries`, each with `RequestUri`, `StatusCode`, headers and bodies.

A body of a textual type is a JSON value as it was, a string, or a list of strings to be joined; any
other is base64, `multipart/mixed` a list of strings of which some are (`b64:`). What is textual is
told by the Content-Type alone, as the proxy does it.
https://github.com/Azure/azure-sdk-tools/tree/main/tools/test-proxy (`RecordEntry`, `ContentTypeUtilities`)
"""

import re
from binascii import Error as BadBase64
from binascii import a2b_base64
from collections.abc import Sequence as Roots
from contextlib import suppress

from cassette_cli.model import Body, Cassette, Header, Interaction, Request, Response
from cassette_cli.recorders import reading
from cassette_cli.source.document import Document
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Mapping, Node, Sequence, resolve

ID = "azure-test-proxy"
HINT = re.compile(r'"Entries"\s*:\s*\[')

_TEXTUAL = re.compile(
    r".*; charset=utf-8"
    r"|(?!.*application/vnd\.(?:docker\.distribution\.manifest|oci\.image\.index)\.v)"
    r"(?:text/|application/json|application/x-www-form-urlencoded|.*(?:json|xml|-urlencoded)\Z)",
    re.IGNORECASE,
)
_PACKED = "b64:"


def matches(roots: Roots[Node]) -> bool:
    root = roots[0] if roots else None
    entries = root.get("Entries") if isinstance(root, Mapping) else None
    if not isinstance(root, Mapping) or not isinstance(entries, Sequence):
        return False
    first = next(iter(entries), None)
    return "Variables" in root if first is None else isinstance(first, Mapping) and "RequestUri" in first


def load(document: Document, roots: Roots[Node]) -> Cassette:
    entries = reading.interactions(reading.mapping(roots[0], "the file", roots[0]), "Entries")
    return Cassette(ID, None, tuple(_interaction(i, entry) for i, entry in enumerate(entries)), document)


def _interaction(index: int, entry: Mapping) -> Interaction:
    asked, said = (reading.headers(entry.get(f"{side}Headers"), entry) for side in ("Request", "Response"))
    return Interaction(
        index,
        entry,
        Request(
            reading.string(entry.get("RequestMethod"), "RequestMethod", entry),
            reading.string(entry.get("RequestUri"), "RequestUri", entry),
            asked,
            _body(entry.get("RequestBody"), asked),
        ),
        Response(reading.integer(entry.get("StatusCode")), said, _body(entry.get("ResponseBody"), said)),
    )


def _body(node: Node | None, headers: tuple[Header, ...]) -> Body:
    if node is None or reading.is_null(node):
        return Body()
    types = [value for name, value in headers if name.lower() == "content-type"]
    textual = len(types) == 1 and _TEXTUAL.match(types[0]) is not None
    if not isinstance(node, Sequence):
        return Body(node, base64=isinstance(node, Text) and not textual)
    pieces = [piece for piece in map(resolve, node.items) if isinstance(piece, Text)]
    if any(isinstance(item, Mapping) for item in node):
        return Body(node)  # a value that no version of the proxy writes so; shown as it stands
    if textual or not any(piece.startswith(_PACKED) for piece in pieces):
        return reading.joined_body(pieces)
    return Body(data=b"".join(map(_unpacked, pieces)))


def _unpacked(piece: str) -> bytes:
    if piece.startswith(_PACKED):
        with suppress(BadBase64):
            return a2b_base64(piece[len(_PACKED) :])
    return piece.encode("utf-8", "surrogatepass")

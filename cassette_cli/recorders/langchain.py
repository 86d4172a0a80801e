"""LangChain's own vcrpy serializer: parallel lists of requests and responses, the file gzipped.

`requests[i]` belongs to `responses[i]`; each is as vcrpy writes it.
https://github.com/langchain-ai/langchain (standard-tests, `langchain_tests.conftest`)
"""

import re
from collections.abc import Sequence as Roots

from cassette_cli.errors import Unreadable
from cassette_cli.model import Cassette
from cassette_cli.recorders import reading, vcrpy
from cassette_cli.source.document import Document
from cassette_cli.source.tree import Mapping, Node, Sequence, document_of, offset_of

ID = "langchain"
HINT = re.compile(r"^requests:", re.MULTILINE)


def matches(roots: Roots[Node]) -> bool:
    root = roots[0] if roots else None
    if not isinstance(root, Mapping):
        return False
    requests = root.get("requests")
    first = next(iter(requests), None) if isinstance(requests, Sequence) else None
    return "responses" in root and (first is None or (isinstance(first, Mapping) and "uri" in first))


def load(document: Document, roots: Roots[Node]) -> Cassette:
    root = reading.mapping(roots[0], "the file", roots[0])
    requests, responses = (reading.interactions(root, key) for key in ("requests", "responses"))
    if len(requests) != len(responses):
        raise Unreadable(
            f"{len(requests)} requests stand beside {len(responses)} responses",
            document_of(root).place(offset_of(root)),
        )
    pairs = zip(requests, responses, strict=True)
    interactions = tuple(
        vcrpy.interaction(i, request, request, response) for i, (request, response) in enumerate(pairs)
    )
    return Cassette(ID, None, interactions, document)

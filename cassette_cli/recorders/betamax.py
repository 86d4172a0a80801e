"""betamax (betamaxpy/betamax, for Python's requests): JSON in the form of Ruby's VCR.

`recorded_with` tells it from the others of that family; so does the `url` that its responses have.
Version 0.1 wrote `status_code` and headers without lists. Gzipped bodies stand there as
`base64_string`. https://betamax.readthedocs.io/en/latest/cassettes.html
"""

from collections.abc import Sequence as Roots

from cassette_cli.model import Cassette
from cassette_cli.recorders import rubyvcr
from cassette_cli.source.document import Document
from cassette_cli.source.tree import Mapping, Node, Sequence

ID = "betamax"
HINT = rubyvcr.HINT


def matches(roots: Roots[Node]) -> bool:
    root = roots[0] if roots else None
    told = rubyvcr.recorded_with(root)
    if told or not isinstance(root, Mapping):
        return told.startswith("betamax")
    listed = root.get("http_interactions")
    first = next(iter(listed), None) if isinstance(listed, Sequence) else None
    response = first.get("response") if isinstance(first, Mapping) else None
    return isinstance(response, Mapping) and "url" in response


def load(document: Document, roots: Roots[Node]) -> Cassette:
    return rubyvcr.read(ID, document, roots[0])

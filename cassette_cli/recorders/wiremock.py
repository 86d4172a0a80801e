"""WireMock (https://wiremock.org/docs/stubbing): a stub mapping in JSON, or a list of them in `mappings`.

A request is a pattern. What it must equal is shown as if it had been sent; any other condition (a
regular expression, a part) as its operator and operand, but for the body, which then is not known.
A response's body stands in the mapping, or in a file of the folder `__files` beside `mappings`.
https://wiremock.org/docs/request-matching
"""

import re
from collections.abc import Iterator
from collections.abc import Sequence as Roots

from cassette_cli.model import Body, Cassette, Header, Interaction, Request, Response
from cassette_cli.recorders import reading
from cassette_cli.source.document import Document
from cassette_cli.source.text import Joined, Text
from cassette_cli.source.tree import Mapping, Node, Sequence, resolve

ID = "wiremock"
HINT = re.compile(r'"response"\s*:\s*\{|"mappings"\s*:\s*\[\s*\]')

_URLS = ("url", "urlPath", "urlPathTemplate", "urlPattern", "urlPathPattern")
_WHOLE = ("equalToJson", "equalTo", "equalToXml", "binaryEqualTo")  # what tells a whole body
_OPTIONS = ("caseInsensitive", "ignoreArrayOrder", "ignoreExtraElements")
_FOLDERS = ("__files/", "../__files/", "../../__files/", "../../../__files/", "../../../../__files/")


def matches(roots: Roots[Node]) -> bool:
    root = roots[0] if roots else None
    if not isinstance(root, Mapping):
        return False
    mappings = root.get("mappings")
    if not isinstance(mappings, Sequence):
        return _is_stub(root)
    return _is_stub(resolve(mappings.items[0])) if mappings.items else "meta" in root


def _is_stub(node: Node) -> bool:
    request, response = (
        node.get(key) if isinstance(node, Mapping) else None for key in ("request", "response")
    )
    if not isinstance(request, Mapping) or not isinstance(response, Mapping):
        return False
    headers, status = request.get("headers"), response.get("status")
    patterns = [value for _, value in headers.items] if isinstance(headers, Mapping) else []
    return (
        any(key in request for key in (*_URLS, "method"))
        and all(isinstance(pattern, Mapping) for pattern in patterns)
        and (status is None or reading.integer(status) is not None)
    )


def load(document: Document, roots: Roots[Node]) -> Cassette:
    root = reading.mapping(roots[0], "the file", roots[0])
    stubs = reading.interactions(root, "mappings") if "mappings" in root else [root]
    return Cassette(
        ID, None, tuple(_interaction(document, i, stub) for i, stub in enumerate(stubs)), document
    )


def _interaction(document: Document, index: int, stub: Mapping) -> Interaction:
    request = reading.mapping(stub.get("request"), "request", stub)
    response = reading.mapping(stub.get("response"), "response", stub)
    method, status = request.get("method"), response.get("status")
    return Interaction(
        index,
        stub,
        Request(
            method if isinstance(method, Text) else "ANY", _url(request), _headers(request), _asked(request)
        ),
        Response(
            200 if status is None else reading.integer(status),
            reading.headers(response.get("headers"), response),
            _answer(document, response),
        ),
    )


def _url(request: Mapping) -> str:
    url = next((url for key in _URLS if isinstance(url := request.get(key), Text)), None)
    query = [piece for pair in _equal(request.get("queryParameters")) for piece in ("&", *pair)]
    return Joined((url or "", "?", *query[1:])) if query else url or "*"


def _equal(patterns: Node | None) -> Iterator[tuple[str, str, str]]:
    """What named values must equal, as the pieces of `name=value`."""
    for name, pattern in patterns.items if isinstance(patterns, Mapping) else ():
        for operator, operand in _conditions(resolve(pattern)):
            if operator == "equalTo" and isinstance(name, Text):
                yield name, "=", operand


def _conditions(pattern: Node) -> Iterator[tuple[str, Text]]:
    """The operators of a pattern with their operands, those in lists (`or`, `hasExactly`) too."""
    for key, value in pattern.items if isinstance(pattern, Mapping) else ():
        operand = resolve(value)
        if isinstance(operand, Sequence):
            for inner in operand:
                yield from _conditions(inner)
        elif isinstance(key, Text) and isinstance(operand, Text) and key not in _OPTIONS:
            yield key, operand


def _headers(request: Mapping) -> tuple[Header, ...]:
    found: list[Header] = []
    headers = request.get("headers")
    for name, pattern in headers.items if isinstance(headers, Mapping) else ():
        for operator, operand in _conditions(resolve(pattern)):
            value = operand if operator == "equalTo" else Joined((operator, " ", operand))
            found.append(Header(reading.string(resolve(name), "the name of a header", request), value))
    found += (Header("Cookie", Joined(pair)) for pair in _equal(request.get("cookies")))
    login = request.get("basicAuthCredentials") or request.get("basicAuth")
    if isinstance(login, Mapping):
        user, password = (reading.string(login.get(key), key, login) for key in ("username", "password"))
        found.append(Header("Authorization", Joined(("Basic ", user, ":", password))))
    return tuple(found)


def _asked(request: Mapping) -> Body:
    patterns = request.get("bodyPatterns")
    for pattern in patterns if isinstance(patterns, Sequence) else ():
        for key, body in pattern.items if isinstance(pattern, Mapping) else ():
            if key in _WHOLE:
                return Body(resolve(body), base64=key == "binaryEqualTo")
    form = [piece for pair in _equal(request.get("formParameters")) for piece in ("&", *pair)]
    return reading.joined_body(form[1:])


def _answer(document: Document, response: Mapping) -> Body:
    if isinstance(name := response.get("bodyFileName"), Text):
        # Mappings can stand in subfolders; how deep cannot be told from a relative path.
        found = [reading.body_in_file(document, name, folder) for folder in _FOLDERS]
        return next((body for body in found if not body.missing), found[0])
    if (value := response.get("jsonBody")) is not None and not reading.is_null(value):
        return reading.json_body(value)
    if isinstance(encoded := response.get("base64Body"), Text):
        return Body(encoded, base64=True)
    return reading.body(response.get("body"))

"""`# cassette: ignore[...]`: for what it holds, where it is heeded, and when it is found to be useless."""

import pytest

from cassette_cli.ignores import ignores
from cassette_cli.recorders import read_cassette
from cassette_cli.redact import plan
from cassette_cli.rules.redaction import Choice as Redaction
from cassette_cli.rules.redaction import Rules
from cassette_cli.rules.validation import TABLE
from cassette_cli.source.document import Document
from cassette_cli.validate import Choice, validate

FILE = """\
{head}
interactions:{whole}
- request:{request}
    method: GET
{above}
    uri: http://example.com/?key=k3y0k3y0k3y0{uri}
    headers:{headers}
      Authorization:
      - Bearer 0123456789abcdef{value}
    body: |{block}
      {{"password": "hunter2hunter2"}}
  response:{response}
    status: {{code: 200, message: OK}}
    headers: {{}}
    body: {{string: '{{"password": "hunter3hunter3"}}'}}
version: 1{tail}
"""
SLOTS = (
    "head", "whole", "request", "above", "uri", "headers", "value", "block", "response", "tail",
)  # fmt: skip
LEAKS = "authorization, secret-parameter, secret-field"


def cassette_with(comment: str, slot: str, newline: str = "\n") -> Document:
    own = {name: (f"  {comment}" if name == slot else "") for name in SLOTS}
    text = FILE.format(**own).replace("\n\n", "\n").lstrip("\n")
    return Document("a.yaml", text.replace("\n", newline).encode())


def found_in(document: Document, *rules: str) -> list[str]:
    cassette = read_cassette(document)
    leaks = Rules(Redaction(names=(), rules=()))
    choice = Choice(frozenset(rules or TABLE), leaks=leaks)
    return [finding.rule for finding in validate(cassette, choice).findings if finding.rule in _ASKED]


_ASKED = ("secret-parameter", "authorization", "secret-field", "unused-ignore")
_ALL = ["secret-parameter", "authorization", "secret-field", "secret-field"]


def without(*gone: str) -> list[str]:
    left = list(_ALL)
    for rule in gone:
        left.remove(rule)
    return left


@pytest.mark.parametrize(
    ("slot", "left"),
    [
        ("head", without("secret-parameter", "authorization", "secret-field", "secret-field")),
        ("whole", without("secret-parameter", "authorization", "secret-field", "secret-field")),
        ("request", without("secret-parameter", "authorization", "secret-field", "secret-field")),
        ("above", without("secret-parameter")),
        ("uri", without("secret-parameter")),
        ("headers", without("authorization")),
        ("value", without("authorization")),
        ("block", without("secret-field")),
        ("response", without("secret-field")),
        ("tail", [*_ALL, "unused-ignore"]),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_comment_holds_for_what_begins_on_its_line(slot: str, left: list[str], newline: str) -> None:
    document = cassette_with(f"# cassette: ignore[{LEAKS}]", slot, newline)
    assert found_in(document) == left


@pytest.mark.parametrize(
    ("comment", "left"),
    [
        ("# cassette: ignore[secret-parameter]", without("secret-parameter")),
        ("#cassette:ignore[ secret-parameter ]", without("secret-parameter")),
        ("# cassette: ignore[leaks]", without("secret-parameter")),
        ("# cassette: ignore[secret-parameter] since it is public", without("secret-parameter")),
        ("# cassette: ignore[cookie]", ["unused-ignore", *_ALL]),
        ("# cassette: ignore[no-such-rule]", ["unused-ignore", *_ALL]),
        ("# cassette: ignore", ["unused-ignore", *_ALL]),
        ("# see cassette: ignore[secret-parameter]", _ALL),
    ],
)
def test_a_comment_names_rules_or_families(comment: str, left: list[str]) -> None:
    assert sorted(found_in(cassette_with(comment, "uri"))) == sorted(left)


def test_a_comment_is_not_called_useless_by_a_run_that_did_not_look() -> None:
    document = cassette_with("# cassette: ignore[cut-stream]", "uri")
    assert "unused-ignore" in found_in(document)
    assert "unused-ignore" not in found_in(document, "unused-ignore", "secret-field")


def test_what_stands_in_a_string_is_no_comment() -> None:
    text = FILE.format(**dict.fromkeys(SLOTS, "")).replace("hunter2", "# cassette: ignore[secret-field] ")
    assert ignores(read_cassette(Document("a.yaml", text.encode()))) == ()


@pytest.mark.parametrize("slot", ["request", "uri", "block", "response"])
def test_redact_heeds_the_same_comments(slot: str) -> None:
    document = cassette_with(f"# cassette: ignore[{LEAKS}]", slot)
    rules = Rules(Redaction(names=(), rules=()))
    planned = [finding.rule for finding in plan(read_cassette(document), rules).findings]
    assert planned == [rule for rule in found_in(document) if rule != "unused-ignore"]
    assert len(planned) < len(_ALL)

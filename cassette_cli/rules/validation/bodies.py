"""Bodies that cannot be read: encodings that cannot be undone, JSON that breaks, frames and forms cut.

`bodies_claims` holds what is said of bodies against what they are.
"""

import json
import re
from collections.abc import Callable, Iterator
from functools import partial

from cassette_cli.findings import Severity
from cassette_cli.rules.validation import bodies_claims
from cassette_cli.rules.validation.bodies_claims import Side, sides, whole_sides
from cassette_cli.rules.validation.check import Case, Check, Each, Family, Problem, each
from cassette_cli.selection import Reading
from cassette_cli.source.text import Joined, Text
from cassette_cli.source.tree import Mapping, Node, Sequence
from cassette_cli.wire.body import Kind

# -- JSON ----------------------------------------------------------------------------------------------

_TEMPLATED = ("ruby-vcr", "r-vcr", "betamax", "wiremock")  # fill in placeholders when they replay
_PLACEHOLDER = re.compile(r"<[^<>\r\n]{1,200}>|\{{2,3}[^{}\r\n]{1,200}\}{2}")
_BEGUN = re.compile(r"\s*[{\[]\s*[\"{\[]")
_BLANK = re.compile(r"\s*")
_CUT_ESCAPE = 12  # characters of a surrogate pair's two escapes
_WORDS = {
    "Expecting value": "a value is missing",
    "Expecting property name enclosed in double quotes": "a key in double quotes is missing",
    "Expecting ',' delimiter": "a comma is missing",
    "Expecting ':' delimiter": "a colon is missing",
    "Illegal trailing comma before end of object": "a comma stands before the closing brace",
    "Illegal trailing comma before end of array": "a comma stands before the closing bracket",
    "Invalid control character at": "a line break or control character stands in a string",
    "Invalid \\escape": "a backslash in a string escapes nothing",
    "Invalid \\uXXXX escape": "a backslash in a string escapes nothing",
    "Extra data": "something stands behind its end",
}


@Each
def _unparsable_json(case: Case) -> Callable[[Reading], Iterator[Problem]]:
    return partial(_broken_json, templated=case.cassette.recorder in _TEMPLATED)


def _broken_json(reading: Reading, *, templated: bool) -> Iterator[Problem]:
    for side in whole_sides(reading):
        content, text = side.content, side.content.text
        if (
            len(content.problems) != 1
            or content.kind is not Kind.TEXT
            or not text
            or not _says_json(side, text)
        ):
            continue
        mark = 1 if text.startswith("\ufeff") else 0
        try:
            json.loads(text[mark:])
        except json.JSONDecodeError as error:
            at = error.pos + mark
            several = error.msg == "Extra data" and _is_several(text)
            if not several and not (templated and _is_placeholder(text, at)):
                yield _at_break(side, text, at, error.msg)
        except RecursionError:  # too deep to tell
            continue


def _says_json(side: Side, text: str) -> bool:
    """Whether a body begins as JSON does, and its content type says so or says nothing."""
    if text.lstrip("\ufeff \t\r\n")[:1] not in ("{", "["):
        return False
    media_type = side.media_type
    if media_type.endswith("json"):
        return True
    return "/" not in media_type and _BEGUN.match(text) is not None


def _is_placeholder(text: str, at: int) -> bool:
    """Whether what is no JSON here is `<NAME>` or `{{name}}`, of which JSON can take the first brace."""
    return any(_PLACEHOLDER.match(text, start) for start in (at, max(at - 1, 0)))


def _is_several(text: str) -> bool:
    """Whether several whole values stand one behind another, as some servers stream them."""
    decoder, position, count = json.JSONDecoder(), 0, 0
    while position < len(text):
        try:
            _, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            return False
        count += 1
        blank = _BLANK.match(text, position)
        position = blank.end() if blank else position
    return count > 1


def _at_break(side: Side, text: str, at: int, fault: str) -> Problem:
    end = len(text.rstrip())
    rest = text[at:end]
    cut = (
        not rest
        or fault.startswith("Unterminated")
        or (
            fault == "Expecting value"
            and any(word.startswith(rest) for word in ("true", "false", "null", "-"))
        )
        or (fault.startswith("Invalid \\") and len(rest) < _CUT_ESCAPE and '"' not in rest)
    )
    if cut:
        message, at, note = "the JSON body ends before it is closed", max(end - 1, 0), "ends here"
    else:
        note = _WORDS.get(fault, "no JSON from here")
        message = f"the JSON body does not parse: {note}"
    return Problem(message, side.where, text, (at, at + 1), note=note)


# -- encodings -----------------------------------------------------------------------------------------

_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/=\s\[\]\",]")  # Polly.js keeps base64 in a JSON array
_POLLY_GZIP = '["1f8b08'  # and hexadecimal before its version 6
_NO_HEX = re.compile(r"[^0-9A-Fa-f\s\[\]\",]")


def _undecodable_base64(reading: Reading) -> Iterator[Problem]:
    for side in sides(reading):
        node, name = side.message.body.node, _no_encoding(side)
        if name and isinstance(node, Text | Joined):
            match = (_NO_BASE64 if name == "base64" else _NO_HEX).search(node)
            fault = "this character is not allowed in it" if match else "it is cut short or wrongly padded"
            span = match.span() if match else _last(node)
            yield Problem(f"the body is no {name}: {fault}", side.where, node, span, note=f"no {name}")


def _no_encoding(side: Side) -> str | None:
    """The encoding that the stored body should have and has not."""
    body, content = side.message.body, side.content
    if content.problems and content.data is None and (body.base64 or body.hex):
        return "hexadecimal" if body.hex else "base64"
    packed = content.kind is Kind.JSON and (content.text or "").startswith(_POLLY_GZIP)
    return "hexadecimal" if packed and side.message.header("content-encoding") else None


def _last(node: Text | Joined) -> tuple[int, int]:
    """The last character of a text that is no blank."""
    end = len(node.rstrip())
    return max(end - 1, 0), end


def _undecodable_body(reading: Reading) -> Iterator[Problem]:
    for side in whole_sides(reading):
        node, text = side.message.body.node, side.content.text or ""
        if text.startswith("\x1f\ufffd"):
            message = "the gzip data was stored as text, which has lost some of its bytes"
            yield Problem(message, side.where, text, (0, 2), note="bytes are lost")
        for problem in side.content.problems:
            name = problem.removeprefix("the ").partition(" ")[0]
            if problem.endswith("data is cut short; this is what is left of it"):
                span = _last(node) if isinstance(node, Text | Joined) else None
                yield Problem(f"the {name} data is cut short", side.where, node, span, note="ends too early")
            elif " data cannot be unpacked: " in problem:
                yield Problem(
                    f"the body is no {name} data that can be unpacked", side.where, node, note=f"no {name}"
                )


def _missing_body(reading: Reading) -> Iterator[Problem]:
    """Bodies in files beside the cassette that are not there."""
    for side in sides(reading):
        missing = side.message.body.missing or ""
        if missing.startswith("the body stands in "):
            name = _named(reading.interaction.node, missing)
            yield Problem(missing, side.where, name or reading.interaction.node, note="cannot be read")


def _named(node: Node, missing: str) -> Text | None:
    """The name of a missing file, where it stands in an interaction."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Text) and len(one) > 3 and f"{one}, which" in missing:
            return one
        if isinstance(one, Mapping):
            waiting += [value for _, value in one.items]
        elif isinstance(one, Sequence):
            waiting += one.items
    return None


# -- frames and forms ----------------------------------------------------------------------------------

_FRAMES = "application/vnd.amazon.eventstream"


def _broken_frame(reading: Reading) -> Iterator[Problem]:
    for side in sides(reading):
        content, node = side.content, side.message.body.node
        fault = None
        if content.kind is Kind.EVENTSTREAM:
            fault = next(filter(None, map(_frame_fault, content.problems)), None)
            if not fault and content.events and not content.events[-1].ended:
                fault = f"frame {len(content.events) - 1} is cut short"
        elif content.kind is Kind.BINARY and not content.problems and side.media_type == _FRAMES:
            fault = "it does not begin with a frame"
        if fault:
            yield Problem(f"the event stream is broken: {fault}", side.where, node, note="broken frame")


def _frame_fault(problem: str) -> str | None:
    if problem.startswith("event ") and problem.endswith("checksum does not fit"):
        return "the checksum of frame " + problem.removeprefix("event ").partition(":")[0] + " does not fit"
    found = re.fullmatch(r"the event stream is (?:broken|cut) at byte (\d+)", problem)
    return f"no whole frame begins at byte {found[1]}" if found else None


def _cut_multipart(reading: Reading) -> Iterator[Problem]:
    for side in sides(reading):
        if "the multipart body is cut: its end is missing" in side.content.problems:
            node = side.message.body.node
            span = _last(node) if isinstance(node, Text | Joined) else None
            message = "the multipart body ends without its closing boundary"
            yield Problem(message, side.where, node, span, note="no closing boundary")


# -- the table -----------------------------------------------------------------------------------------


def _cassette(body: str, headers: str = "Content-Type: [application/json]") -> str:
    return f"""\
interactions:
- request: {{method: GET, uri: 'http://example.com/', headers: {{}}, body: null}}
  response:
    status: {{code: 200, message: OK}}
    headers: {{{headers}}}
    body: {{string: {body}}}
version: 1
"""


def _upload(end: str) -> str:
    return f"""\
interactions:
- request:
    method: POST
    uri: 'http://example.com/files'
    headers: {{Content-Type: [multipart/form-data; boundary=frontier]}}
    body: |-
      --frontier
      Content-Disposition: form-data; name="purpose"

      assistants
      {end}
  response:
    status: {{code: 200, message: OK}}
    headers: {{Content-Type: [application/json]}}
    body: {{string: '{{"id": "file-1"}}'}}
version: 1
"""


def _stub(body: str) -> str:
    """A stub of WireMock."""
    return f"""\
{{
  "request": {{"method": "GET", "url": "/"}},
  "response": {{"status": 200, {body}}}
}}
"""


_PACKED = "Content-Type: [application/json], Content-Encoding: [gzip]"
_GZIP = "H4sIAAAAAAACA6tWys9WslIoKSpN1VFQyk0tLk5MTwUKKGWk5uTk"  # without its end

CHECKS: tuple[Check, ...] = (
    Check(
        "unparsable-json",
        Family.BODIES,
        Severity.ERROR,
        "a JSON body that does not parse",
        "The client that replays it fails. The body was cut, or edited by hand.",
        "mend the marked place, or record the interaction again",
        _unparsable_json,
        (
            _cassette("'{\"a\": «o»ops}'"),
            _cassette('\'{"id": "x", "items": [1, 2«,»\''),
        ),
        (_cassette("'{\"a\": 1}'"), _cassette("'<html>Bad gateway</html>'", "Content-Type: [text/html]")),
        after=("cut-stream",),
    ),
    Check(
        "undecodable-base64",
        Family.BODIES,
        Severity.ERROR,
        "a body that should be base64 or hexadecimal and is not",
        "The recorder fails when it loads the cassette, or replays other bytes.",
        "restore the body from git, or record the interaction again",
        each(_undecodable_base64),
        (_cassette("!!binary aGVs«!»G8=", ""), _cassette("!!binary aGVsbG«8»", "")),
        (_cassette("!!binary aGVsbG8=", ""),),
    ),
    Check(
        "undecodable-body",
        Family.BODIES,
        Severity.ERROR,
        "a packed body (gzip, deflate, br, zstd) that cannot be unpacked",
        "The client that replays it fails. Bytes were lost when the body was cut, edited or stored as text.",
        "restore the body from git, or record the interaction again, best with decoded bodies",
        each(_undecodable_body),
        (
            _cassette(f"!!binary {_GZIP[:-1]}«{_GZIP[-1]}»", _PACKED),
            _cassette(r'"«\x1f\ufffd»\b\0\0\ufffdK\ufffd"', _PACKED),
        ),
        (_cassette(f"!!binary {_GZIP}K9UCADicj3YgAAAA", _PACKED),),
    ),
    Check(
        "missing-body",
        Family.BODIES,
        Severity.ERROR,
        "a body in a file beside the cassette that cannot be read",
        "The recorder fails when it replays the interaction: the file was not committed, or was moved.",
        "add the file to git, or record the interaction again",
        each(_missing_body),
        (_stub('"bodyFileName": "«reply.json»"'),),
        (_stub('"body": "hello"'),),
    ),
    Check(
        "broken-frame",
        Family.BODIES,
        Severity.ERROR,
        "an AWS event stream whose frames are broken",
        "The SDK checks the length and checksums of each frame and fails at the first that does not fit.",
        "restore the body from git or record again; `cassette redact` keeps such a body whole",
        each(_broken_frame),
        (
            _cassette(
                "!!binary «AAAAKwAAABTJ6RUBCzpldmVudC10eXBlBwAFY2h1bmt7Im4iOjB912hXZA==»",
                f"Content-Type: [{_FRAMES}]",
            ),
        ),
        (
            _cassette(
                "!!binary AAAAKwAAABTJ6RUBCzpldmVudC10eXBlBwAFY2h1bmt7Im4iOjF912hXZA==",
                f"Content-Type: [{_FRAMES}]",
            ),
        ),
        after=("cut-stream", "undecodable-body"),
    ),
    Check(
        "cut-multipart",
        Family.BODIES,
        Severity.WARNING,
        "a multipart body without its closing boundary",
        "The body was cut; a server or client that parses it fails.",
        "restore the body from git, or record the interaction again",
        each(_cut_multipart),
        (_upload("--frontie«r»"),),
        (_upload("--frontier--"),),
        after=("undecodable-body",),
    ),
    *bodies_claims.CHECKS,
)

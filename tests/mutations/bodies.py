"""Ways to break bodies: JSON cut or mangled, bytes lost, frames and forms broken, claims that do not fit."""

import re
from collections.abc import Callable, Iterable, Iterator
from random import Random

from cassette_cli.errors import CassetteError
from cassette_cli.model import Cassette
from cassette_cli.rules.validation import Case
from cassette_cli.rules.validation.bodies_claims import Side, sides
from cassette_cli.source.edit import Edit
from cassette_cli.source.text import Change, Joined, Text
from cassette_cli.source.tree import Mapping, Node, Sequence
from cassette_cli.wire.body import Kind
from cassette_cli.wire.codings import redo_codings
from tests.mutations import Broken, Mutation, broken

_TRIED = 8  # sides of a cassette, until one can be broken

Attempt = tuple[list[Change], int] | None  # the changes, and the offset at which they must be found


def _try(attempt: Callable[[Side, Random], Attempt]) -> Callable[[Cassette, Random], Broken | None]:
    """A mutation that breaks the first of the cassette's sides that can be broken, in a random order."""

    def make(cassette: Cassette, random: Random) -> Broken | None:
        readings = Case(cassette).traced.readings
        for reading in random.sample(readings, min(len(readings), _TRIED)):
            if (
                reading.interaction.request.method == "HEAD"
                or (reading.interaction.response.status or 0) >= 300
            ):
                continue
            for side in sides(reading):
                if side.content.problems or side.content.kind is Kind.EMPTY:
                    continue
                try:
                    made = attempt(side, random)
                    if made is not None:
                        return broken(cassette, *made)
                except (CassetteError, ValueError, KeyError):  # a text that cannot be written in this style
                    continue
        return None

    return make


def _whole(node: Node | Joined | None, new: str) -> Attempt:
    """All of a text replaced."""
    if not isinstance(node, Text):
        return None
    return [(node, [Edit(0, len(node), new)])], node.offset()


# -- JSON ----------------------------------------------------------------------------------------------


def _json_text(side: Side) -> Text | None:
    text = side.content.text
    if side.content.kind is Kind.JSON and side.media_type.endswith("json") and isinstance(text, Text):
        return text if text.startswith("{") and len(text) > 20 else None
    return None


def _cut_json(side: Side, random: Random) -> Attempt:
    text = _json_text(side)
    if text is None:
        return None
    at = random.randrange(6, text.rindex("}"))
    last = len(text[:at].rstrip()) - 1
    return [(text, [Edit(at, len(text), "")])], text.offset(last)


_VALUE = re.compile(r'(?<!\\)":\s*+(?=[\d{\["tfn])')


def _odd_word(side: Side, random: Random) -> Attempt:
    text = _json_text(side)
    places = [match.end() for match in _VALUE.finditer(text)] if text is not None else []
    if text is None or not places:
        return None
    at = random.choice(places)
    return [(text, [Edit(at, at, "oops")])], text.offset(at)


def _lost_quote(side: Side, random: Random) -> Attempt:
    """A key without its first quote."""
    text = _json_text(side)
    places = [match.end() for match in re.finditer(r'[{\[}\]\d"],\s*+(?="\w+":)', text)] if text else []
    if text is None or not places:
        return None
    at = random.choice(places)
    return [(text, [Edit(at, at + 1, "")])], text.offset(at)


# -- encodings -----------------------------------------------------------------------------------------


def _odd_character(side: Side, random: Random) -> Attempt:
    body, node = side.message.body, side.message.body.node
    if not (body.base64 or body.hex) or not isinstance(node, Text) or len(node) < 9:
        return None
    at = random.choice([match.start() for match in re.finditer(r"\w", node)])
    return [(node, [Edit(at, at + 1, "*")])], node.offset(at)


def _lost_end(side: Side, _: Random) -> Attempt:
    """Base64 without its last character."""
    body, node = side.message.body, side.message.body.node
    if not body.base64 or body.data is not None or not isinstance(node, Text) or len(node) < 9:
        return None
    end = len(node.rstrip())
    return [(node, [Edit(end - 1, end, "")])], node.offset(end - 2)


def _packed(side: Side) -> bytes | None:
    """The stored bytes of a body that its header says is packed."""
    if (
        side.content.encoding
        and side.message.header("content-encoding")
        and side.message.body.node is not None
    ):
        return side.message.body.bytes
    return None


def _cut_packed(side: Side, random: Random) -> Attempt:
    body, data = side.message.body, _packed(side)
    if data is None or len(data) < 60:
        return None
    count = random.randrange(30, len(data) - 9) // 3 * 3
    node = body.node
    if body.pack or not body.base64 or not isinstance(node, Text):
        return _whole(node, body.stored(data[:count]))
    places = [match.end() for match in re.finditer(r"\S", node)]
    at = places[count // 3 * 4 - 1]
    return [(node, [Edit(at, len(node), "")])], node.offset(at - 1)


def _no_packed(side: Side, _: Random) -> Attempt:
    body, data = side.message.body, _packed(side)
    if data is None or (
        body.pack and body.hex
    ):  # without gzip's mark Polly.js's old hexadecimal is just JSON
        return None
    return _whole(body.node, body.stored(b"\x00\x81\x82\x83" + data[4:]))


def _unpacked(side: Side, _: Random) -> Attempt:
    """A body stored unpacked under the header of a coding."""
    name = next((value for key, value in side.message.headers if key.lower() == "content-encoding"), None)
    if _packed(side) is None or side.content.data is None or side.content.text is None:
        return None
    made = _whole(side.message.body.node, side.message.body.stored(side.content.data))
    return (made[0], name.offset()) if made and isinstance(name, Text) else None


def _unnamed(side: Side, _: Random) -> Attempt:
    key = next((key for key, _ in side.message.headers if key.lower() == "content-encoding"), None)
    node = side.message.body.node
    textual = side.media_type.startswith("text/") or side.media_type.endswith("json")
    if side.name == "request" or not textual or (side.content.encoding or "").removeprefix("x-") != "gzip":
        return None
    if not isinstance(key, Text) or not isinstance(node, Text) or side.message.body.pack:
        return None
    return [(key, [Edit(0, len(key), "X-Coding")])], node.offset()


def _odd_byte(side: Side, random: Random) -> Attempt:
    """A byte that stands in no UTF-8."""
    body, content = side.message.body, side.content
    textual = side.media_type.endswith("json") or side.media_type == "text/event-stream"
    if body.node is None or not content.data or not textual or content.kind is Kind.EVENTSTREAM:
        return None
    at = random.randrange(len(content.data) // 2)
    data = content.data[:at] + b"\xff" + content.data[at:]
    return _whole(body.node, body.stored(redo_codings(data, content.encoding, body.bytes)))


# -- frames and forms ----------------------------------------------------------------------------------


def _odd_checksum(side: Side, random: Random) -> Attempt:
    body, content = side.message.body, side.content
    if content.kind is not Kind.EVENTSTREAM or content.encoding or not content.events:
        return None
    data = bytearray(content.data or b"")
    start = random.choice(content.events).start
    total = int.from_bytes(data[start : start + 4], "big")
    data[start + total - 1] ^= 1 << random.randrange(8)
    return _whole(body.node, body.stored(bytes(data)))


def _no_closing(side: Side, _: Random) -> Attempt:
    text = side.content.text if side.content.kind is Kind.MULTIPART else None
    found = re.search(r"(?:\A|\n)--[^\r\n]+--\s*\Z", text) if text and side.content.json else None
    if not isinstance(text, Text) or not found:
        return None
    last = len(text[: found.start() + 1].rstrip()) - 1
    return [(text, [Edit(found.start() + 1, len(text), "")])], text.offset(max(last, 0))


# -- claims --------------------------------------------------------------------------------------------


def _too_long(side: Side, random: Random) -> str:
    return str(2 * side.content.size + random.randrange(60, 1000))


def _wrong_length(side: Side, random: Random) -> Attempt:
    claims = side.message.lengths
    if not claims or side.message.body.tree is not None or side.message.body.is_empty:
        return None
    if side.message.header("content-encoding") and not side.content.encoding:
        return None
    new = _too_long(side, random)
    return [(claim, [Edit(0, len(claim), new)]) for claim in claims], claims[0].offset()


_PLAIN = re.compile(r'(?<!\\)"[A-Z][a-z]+(?= )')


def _grown_body(side: Side, _: Random) -> Attempt:
    """More text in a string of a body whose length is written down."""
    claims, text = side.message.lengths, side.content.text
    if len(claims) != 1 or not isinstance(text, Text) or side.content.kind is not Kind.JSON:
        return None
    if claims[0] != str(side.content.size) or not (match := _PLAIN.search(text)):
        return None
    more = sum(map(text.count, " \n\t")) + 4 * sum(not letter.isascii() for letter in text) + 11
    if more > 2000 or side.message.body.text is None:
        return None
    return [(text, [Edit(match.end(), match.end(), "x" * more)])], claims[0].offset()


def _wrong_header(side: Side, random: Random) -> Attempt:
    found = [value for key, value in side.message.headers if key.lower() == "content-length"]
    if side.message.body.tree is not None or len(found) != 1 or not isinstance(found[0], Text):
        return None
    on_the_wire = found[0].document.text.startswith("httprr")  # where another rule finds it
    if (
        on_the_wire
        or not found[0].isdigit()
        or (side.message.header("content-encoding") and not side.content.encoding)
    ):
        return None
    return [(found[0], [Edit(0, len(found[0]), _too_long(side, random))])], found[0].offset()


def _wrong_wire(side: Side, random: Random) -> Attempt:
    """More than follows, in a trace of raw messages."""
    found = [value for key, value in side.message.headers if key.lower() == "content-length"]
    if len(found) != 1 or not isinstance(found[0], Text) or not found[0].document.text.startswith("httprr"):
        return None
    return [(found[0], [Edit(0, len(found[0]), _too_long(side, random))])], found[0].offset()


def _wrong_type(side: Side, random: Random) -> Attempt:
    """JSON or an image under the type of another."""
    found = [value for key, value in side.message.headers if key.lower() == "content-type"]
    if len(found) != 1 or not isinstance(found[0], Text) or side.message.body.tree is not None:
        return None
    if '"ResponseBody"' in found[0].document.text:  # Azure's proxy goes by the type to tell base64
        return None
    if not side.content.bytes.startswith((b"{", b"[{", b"\x89PNG", b"\xff\xd8\xff\xe0", b"%PDF")):
        return None
    new = random.choice(("image/gif", "image/webp", "audio/wav", "video/mp4"))
    return [(found[0], [Edit(0, len(found[0]), new)])], found[0].offset()


def _error_page(side: Side, _: Random) -> Attempt:
    """A gateway's page in the place of a JSON reply."""
    found = [value for key, value in side.message.headers if key.lower() == "content-type"]
    declared = side.media_type == "application/json" and len(found) == 1
    if side.name == "request" or not declared or not isinstance(found[0], Text):
        return None
    made = _whole(side.message.body.text, "<html><body>502 Bad Gateway</body></html>")
    return (made[0], found[0].offset()) if made else None


def _texts(node: Node) -> Iterator[Text]:
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Text):
            yield one
        elif isinstance(one, Mapping):
            waiting += [value for _, value in one.items]
        elif isinstance(one, Sequence):
            waiting += one.items


def _lost_file(cassette: Cassette, _: Random) -> Broken | None:
    for one in cassette.interactions:
        node = one.response.body.node
        if not isinstance(node, Text) or node.document is cassette.document:
            continue
        names: Iterable[Text] = (text for text in _texts(one.node) if len(text) > 3)
        for name in names:
            if node.document.name.endswith(f"/{name}"):
                return broken(cassette, [(name, [Edit(0, len(name), f"{name}.gone")])], name.offset())
    return None


MUTATIONS: tuple[Mutation, ...] = (
    Mutation("unparsable-json", "json-cut", _try(_cut_json)),
    Mutation("unparsable-json", "odd-word", _try(_odd_word)),
    Mutation("unparsable-json", "lost-quote", _try(_lost_quote)),
    Mutation("undecodable-base64", "odd-character", _try(_odd_character)),
    Mutation("undecodable-base64", "base64-cut", _try(_lost_end)),
    Mutation("undecodable-body", "packed-cut", _try(_cut_packed)),
    Mutation("undecodable-body", "not-packed", _try(_no_packed)),
    Mutation("missing-body", "lost-file", _lost_file),
    Mutation("broken-frame", "odd-checksum", _try(_odd_checksum)),
    Mutation("cut-multipart", "no-closing", _try(_no_closing)),
    Mutation("length-mismatch", "wrong-length", _try(_wrong_length)),
    Mutation("length-mismatch", "wrong-length-on-the-wire", _try(_wrong_wire)),
    Mutation("length-mismatch", "grown-body", _try(_grown_body)),
    Mutation("content-length-mismatch", "wrong-content-length", _try(_wrong_header)),
    Mutation("coding-mismatch", "unpacked-under-a-header", _try(_unpacked)),
    Mutation("unnamed-coding", "unnamed-gzip", _try(_unnamed)),
    Mutation("wrong-charset", "odd-byte", _try(_odd_byte)),
    Mutation("media-type-mismatch", "wrong-type", _try(_wrong_type)),
    Mutation("media-type-mismatch", "error-page", _try(_error_page)),
)

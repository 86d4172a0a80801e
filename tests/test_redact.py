"""What redaction finds, what stands there instead, and that everything else stays: whole files as rows."""

import base64
import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer

from cassette_cli.clean import Cleaned, clean
from cassette_cli.errors import Refused
from cassette_cli.fields import Field, Role
from cassette_cli.layers import joined, opened, streamed
from cassette_cli.model import Cassette
from cassette_cli.recorders import read_cassette
from cassette_cli.redact import Plan
from cassette_cli.rewrite import apply
from cassette_cli.rules.providers import SECRETS
from cassette_cli.rules.redaction import Choice, Rules
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit
from cassette_cli.source.text import Text
from cassette_cli.wire.body import read_content, traced
from tests import planted
from tests.corpus import dice, files, needs_corpus, sample
from tests.proof_redact import planted_secrets_are_found_and_gone, redactions_change_just_what_they_edit
from tests.rules.shapes import make_marked
from tests.wire.test_eventstream import frame

SAMPLES = Path(__file__).parent.parent / "samples"
KEY = make_marked("csk-{48m}", Random(1)).text  # a key's shape, but nobody's key
OTHER = make_marked("csk-{48m}", Random(2)).text
ALL = Choice(rules=planted.RULES)
HEADERS = Choice(query=False, body=False, secrets=False)


def cassette(
    body: str = "''",
    reply: str = "''",
    *,
    url: str = "https://api.example.com/v1/boats",
    asked: str = "{}",
    said: str = "{}",
) -> str:
    """A vcrpy cassette; what is given is YAML as it stands."""
    return (
        f"interactions:\n- request:\n    body: {body}\n    headers: {asked}\n    method: POST\n    uri: {url}\n"
        f"  response:\n    body:\n      string: {reply}\n    headers: {said}\n"
        "    status: {code: 200, message: OK}\nversion: 1\n"
    )


def cleaned(text: str | bytes, choice: Choice = ALL, name: str = "f.yaml") -> tuple[Cassette, Cleaned]:
    raw = text.encode() if isinstance(text, str) else text
    old = read_cassette(Document(name, raw))
    return old, clean(old, Rules(choice))


def redacted(text: str | bytes, choice: Choice = ALL) -> str:
    old, result = cleaned(text, choice)
    raw = result.bytes_of(old.document) if result.edits else old.document.raw
    return raw.decode()


# -- what stays --------------------------------------------------------------------------------------

SCHEMA = '{"tools": [{"parameters": {"properties": {"password": {"type": "string"}, "api_key": {"type": "string"}}}}]}'
NOTHING = {
    "nothing": cassette(),
    "a placeholder in a header": cassette(asked="{authorization: Bearer REDACTED, x-api-key: <API_KEY>}"),
    "placeholders of others": cassette(asked="{authorization: '**FILTERED**', cookie: X-COOKIE-XXX, api-key: test-key}"),
    "a placeholder in a URL": cassette(url="https://a.example/?key=DUMMY&token={{TOKEN}}"),
    "a signed request that is clean": cassette(
        asked="{authorization: 'AWS4-HMAC-SHA256 Credential=<KEY>/<DATE>/x, SignedHeaders=host, Signature=<SIG>'}"
    ),
    "a schema with a password": cassette(f"'{SCHEMA}'"),
    "a page token": cassette(url="https://a.example/?page_token=Zk3mRq81xVbT&next_token=9fKq"),
    "a number of tokens": cassette(reply="""'{"max_tokens": 4000, "token": "the", "usage": {"total_tokens": 7}}'"""),
    "a URL under a secret name": cassette(reply="""'{"secret": "https://a.example/emoji/secret.png"}'"""),
    "sk- in prose": cassette("'a task-force, the desk-lamp, sk-... and sk-your-key-here'"),
    "a key of the manual": cassette("'AKIAIOSFODNN7EXAMPLE'"),
    "cookies' attributes": cassette(said="{set-cookie: 'a=REDACTED; Path=/; Expires=Wed, 09 Jun 2027 10:18:14 GMT'}"),
}  # fmt: skip


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING)
def test_what_is_clean_stays(text: str) -> None:
    _, result = cleaned(text)
    assert not result.findings
    assert not result.edits


def test_a_chance_match_in_an_image_stays() -> None:
    blob = make_marked("{400b}csk-{48m}{400b}", Random(5)).text
    assert not cleaned(cassette(f"""'{{"image": "data:image/png;base64,{blob}"}}'"""))[1].findings


# -- what goes ---------------------------------------------------------------------------------------


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _lines(text: str) -> str:
    return base64.encodebytes(text.encode()).decode()


_B64, _B64_CLEAN = _b64(f'{{"note": "{KEY}"}}'), _b64('{"note": "REDACTED"}')
JWT = make_marked("{jwt}", Random(3)).text
PLAIN_JWT = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJSRURBQ1RFRCJ9.REDACTED"
ROWS = {
    "the scheme stays": (
        cassette(asked=f"{{Authorization: [Bearer {KEY}]}}"),
        cassette(asked="{Authorization: [Bearer REDACTED]}"),
    ),
    "the case of a name does not matter": (
        cassette(asked="{X-API-Key: tide77, oPenAI-Organization: harbour}"),
        cassette(asked="{X-API-Key: REDACTED, oPenAI-Organization: REDACTED}"),
    ),
    "names and attributes of cookies stay": (
        cassette(asked="{cookie: a=1x; b=2y}", said="{set-cookie: ['a=1x; Path=/; HttpOnly', 'b=2y']}"),
        cassette(asked="{cookie: a=REDACTED; b=REDACTED}", said="{set-cookie: ['a=REDACTED; Path=/; HttpOnly', 'b=REDACTED']}"),
    ),
    "the scope of a signature stays": (
        cassette(asked="{authorization: 'AWS4-HMAC-SHA256 Credential=AKIAZ/20250101/us/s3/aws4_request, SignedHeaders=host, Signature=ab12'}"),
        cassette(asked="{authorization: 'AWS4-HMAC-SHA256 Credential=REDACTED/20250101/us/s3/aws4_request, SignedHeaders=host, Signature=REDACTED-2'}"),
    ),
    "parameters of the URL and the password": (
        cassette(url="https://ada:tide77@a.example/?alt=sse&key=abc123&size=2"),
        cassette(url="https://ada:REDACTED@a.example/?alt=sse&key=REDACTED&size=2"),
    ),
    "a parameter in a URL in a body, escaped for Go": (
        cassette(reply=r"""'{"url": "https://a.example/?a=1\u0026sig=Zm9vZ2hpamts\u0026b=2"}'"""),
        cassette(reply=r"""'{"url": "https://a.example/?a=1\u0026sig=REDACTED\u0026b=2"}'"""),
    ),
    "a parameter in Location, which else stays": (
        cassette(said="{location: 'https://a.example/?token=abc123&x=1'}"),
        cassette(said="{location: 'https://a.example/?token=REDACTED&x=1'}"),
    ),
    "a secret under its name": (
        cassette("""'{"user": "ada", "password": "tide & anchor"}'"""),
        cassette("""'{"user": "ada", "password": "REDACTED"}'"""),
    ),
    "in JSON in JSON": (
        cassette(rf"""'{{"arguments": "{{\"client_secret\": \"tide77\", \"n\": \"{KEY}\"}}"}}'"""),
        cassette(r"""'{"arguments": "{\"client_secret\": \"REDACTED\", \"n\": \"REDACTED\"}"}'"""),
    ),
    "behind an escape": (
        cassette(rf"""'{{"text": "the key:\n{KEY}\nis old"}}'"""),
        cassette(r"""'{"text": "the key:\nREDACTED\nis old"}'"""),
    ),
    "spelt with escapes": (
        cassette(rf"""'{{"text": "\u0063sk-{KEY[4:]}"}}'"""),
        cassette("""'{"text": "REDACTED"}'"""),
    ),
    "in a form": (
        cassette(f"user=ada&note=a+{KEY}&password=tide%2077", asked="{content-type: application/x-www-form-urlencoded}"),
        cassette("user=ada&note=a+REDACTED&password=REDACTED", asked="{content-type: application/x-www-form-urlencoded}"),
    ),
    "percent-encoded in a URL": (
        cassette(url=f"https://a.example/?note=API%5FKEY%3D{KEY}%20"),
        cassette(url="https://a.example/?note=API%5FKEY%3DREDACTED%20"),
    ),
    "over the fold of a plain scalar": (
        cassette(f"the\n      key {KEY}\n      is old"), cassette("the\n      key REDACTED\n      is old"),
    ),
    "over the fold of a double-quoted one": (
        cassette(f'"the key {KEY[:20]}\\\n      {KEY[20:]} is old"'), cassette('"the key REDACTED is old"'),
    ),
    "the same secret is the same placeholder, another is another": (
        cassette(f"'{KEY} {OTHER} {KEY}'"), cassette("'REDACTED REDACTED-2 REDACTED'"),
    ),
    "one found by its header goes from the body": (
        cassette("'who is Harbour.77-abcdef?'", asked="{x-api-key: Harbour.77-abcdef}"),
        cassette("'who is REDACTED?'", asked="{x-api-key: REDACTED}"),
    ),
    "a JWT stays one": (
        cassette(f"""'{{"id": "{JWT}"}}'""", asked=f"{{authorization: Bearer {JWT}}}"),
        cassette(f"""'{{"id": "{PLAIN_JWT}"}}'""", asked=f"{{authorization: Bearer {PLAIN_JWT}}}"),
    ),
    "a comment, an anchor and a folded neighbour stay": (
        cassette(asked=f"\n      # the key\n      x-api-key: &k {KEY}  # ours\n      note: >-\n        a\n        b"),
        cassette(asked="\n      # the key\n      x-api-key: &k REDACTED  # ours\n      note: >-\n        a\n        b"),
    ),
    "in a comment": (
        cassette() + f"# the old key was {KEY}\n", cassette() + "# the old key was REDACTED\n",
    ),
    "a key of an object, and a header's name": (
        cassette(f"""'{{"{KEY}": 1}}'""", asked=f"{{x-{KEY}: a}}"),
        cassette("""'{"REDACTED": 1}'""", asked="{x-REDACTED: a}"),
    ),
    "in base64 in JSON, in a data URL, in base64 for URLs": (
        cassette(f"""'{{"a": "{_B64}", "b": "data:application/json;base64,{_B64}"}}'"""),
        cassette(f"""'{{"a": "{_B64_CLEAN}", "b": "data:application/json;base64,{_B64_CLEAN}"}}'"""),
    ),
    "in base64 under a name that says secret": (
        cassette(f"""'{{"access_key": "{_b64('tide and anchor 77')}", "secret": "{_b64('tide and anchor 77')}"}}'"""),
        cassette("""'{"access_key": "REDACTED", "secret": "REDACTED"}'"""),
    ),
    "in base64 that becomes short": (
        cassette(f"""'{{"a": "{_b64(f'see {KEY}')}"}}'"""), cassette(f"""'{{"a": "{_b64('see REDACTED')}"}}'"""),
    ),
    "in base64 of several lines": (
        cassette(json.dumps(json.dumps({"a": _lines(f"{KEY} {'x' * 90}")}))),
        cassette(json.dumps(json.dumps({"a": _lines(f"REDACTED {'x' * 90}")}))),
    ),
    "in a header and a body that are base64 as a whole": (
        cassette(_b64(f"see {KEY}"), asked=f"{{x-note: {_b64(f'see {KEY}, ü')}}}"),
        cassette(_b64("see REDACTED"), asked=f"{{x-note: {_b64('see REDACTED, ü')}}}"),
    ),
    "with slashes that PHP escapes": (
        cassette(r"""'{"u": "https:\/\/ada:tide77@a.example\/x"}'"""),
        cassette(r"""'{"u": "https:\/\/ada:REDACTED@a.example\/x"}'"""),
    ),
    "in a multipart form": (
        cassette(
            '"--b\\r\\nContent-Disposition: form-data; name=\\"password\\"\\r\\n\\r\\ntide 77\\r\\n--b--\\r\\n"',
            asked="{content-type: multipart/form-data; boundary=b}",
        ),
        cassette(
            '"--b\\r\\nContent-Disposition: form-data; name=\\"password\\"\\r\\n\\r\\nREDACTED\\r\\n--b--\\r\\n"',
            asked="{content-type: multipart/form-data; boundary=b}",
        ),
    ),
    "a copy in the reply of what the request names": (
        cassette("""'{"password": "tide-77-ebb"}'""", """'{"error": "tide-77-ebb is too short"}'"""),
        cassette("""'{"password": "REDACTED"}'""", """'{"error": "REDACTED is too short"}'"""),
    ),
    "a length follows what it fitted": (
        cassette(f"'{KEY}'", asked="{content-length: '52'}"), cassette("'REDACTED'", asked="{content-length: '8'}"),
    ),
    "a length stays that did not fit": (
        cassette(f"'{KEY}'", asked="{content-length: '53'}"), cassette("'REDACTED'", asked="{content-length: '53'}"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), ROWS.values(), ids=ROWS)
def test_a_secret_goes_and_nothing_else_changes(before: str, after: str) -> None:
    assert redacted(before) == after
    assert redacted(after) == after


@pytest.mark.parametrize("ends", ["\n", "\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["bare", "BOM"])
@pytest.mark.parametrize("last", ["", "\n"], ids=["no last line end", "last line end"])
def test_line_ends_and_marks_stay(ends: str, mark: bytes, last: str) -> None:
    def spelt(key: str) -> bytes:
        text = cassette(asked=f"\n      authorization: Bearer {key}\n      other: x").rstrip("\n") + last
        return mark + text.replace("\n", ends).encode()

    old, result = cleaned(spelt(KEY))
    assert result.bytes_of(old.document) == spelt("REDACTED")


def test_a_gzipped_file_stays_one() -> None:
    old, result = cleaned(gzip.compress(cassette(f"'{KEY}'").encode(), mtime=7))
    assert gzip.decompress(result.bytes_of(old.document)).decode() == cassette("'REDACTED'")


# -- what is packed ----------------------------------------------------------------------------------


def _body_of(text: str) -> bytes:
    import yaml

    return bytes(yaml.safe_load(text)["interactions"][0]["response"]["body"]["string"])


@pytest.mark.parametrize("coding", ["", "gzip", "deflate", "br", "zstd"])
def test_a_packed_body_is_packed_again(coding: str) -> None:
    import zlib

    import brotli
    import zstandard

    plain = json.dumps({"text": f"see {KEY} – ünd"}).encode()
    pack = {
        "": bytes, "gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress,
        "zstd": zstandard.compress,
    }[coding]  # fmt: skip
    undo = {
        "": bytes, "gzip": gzip.decompress, "deflate": zlib.decompress, "br": brotli.decompress,
        "zstd": zstandard.decompress,
    }[coding]  # fmt: skip
    data = pack(plain)
    lines = base64.encodebytes(data).decode().replace("\n", "\n        ")
    said = f"{{content-type: application/json, content-encoding: '{coding}', content-length: '{len(data)}'}}"
    text = cassette(reply=f"!!binary |\n        {lines}".rstrip(" "), said=said)
    after = redacted(text)
    body = _body_of(after)
    assert json.loads(undo(body)) == {"text": "see REDACTED – ünd"}
    assert f"content-length: '{len(body)}'" in after
    assert all(
        len(line.strip()) <= 76 for line in after.partition("|")[2].partition("    headers")[0].split("\n")
    )


def test_an_event_stream_keeps_its_lengths_and_checksums() -> None:
    pieces = [KEY[:9], KEY[9:30], KEY[30:], " ünd"]
    frames = b"".join(
        frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": piece}}) for piece in pieces
    )
    text = cassette(
        reply=f"!!binary |\n        {base64.b64encode(frames).decode()}\n",
        said="{content-type: application/vnd.amazon.eventstream}",
        url="https://bedrock-runtime.us-east-1.amazonaws.com/model/x/converse-stream",
    )
    buffer = EventStreamBuffer()
    buffer.add_data(_body_of(redacted(text)))
    deltas = [json.loads(event.payload)["delta"]["text"] for event in buffer]
    assert deltas == ["REDACTED", "", "", " ünd"]


# -- what is streamed --------------------------------------------------------------------------------


def _chat(pieces: list[str], index: int = 0) -> Iterator[str]:
    for piece in pieces:
        yield json.dumps({"id": "c1", "choices": [{"index": index, "delta": {"content": piece}}]})


def _anthropic(pieces: list[str]) -> Iterator[str]:
    for piece in pieces:
        delta = {"type": "input_json_delta", "partial_json": piece}
        yield json.dumps({"type": "content_block_delta", "index": 1, "delta": delta})


def _cut(text: str, random: Random) -> list[str]:
    places = sorted(random.choices(range(1, len(text)), k=random.randint(1, 9)))
    return [text[start:end] for start, end in zip([0, *places], [*places, len(text)], strict=True)]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("dialect", [_chat, _anthropic], ids=["chat", "anthropic"])
def test_a_key_that_is_spread_over_deltas_goes(dialect: Any, seed: int) -> None:
    events = list(dialect(_cut(f"the key {KEY} is old", Random(seed))))
    stream = "".join(f"data: {event}\n\n" for event in events)
    text = cassette(reply=json.dumps(stream), said="{content-type: text/event-stream}")
    after = redacted(text)
    assert not planted.is_left(after.encode(), KEY)
    assert any("the key REDACTED is old" in view for view in planted._views(_reply(after), 0))


def _reply(text: str) -> str:
    import yaml

    return str(yaml.safe_load(text)["interactions"][0]["response"]["body"]["string"])


def _sse(*events: dict[str, Any]) -> str:
    return json.dumps("".join(f"data: {json.dumps(event)}\n\n" for event in events))


STREAMS = {
    "behind deltas that repeat": [
        {"choices": [{"index": 0, "delta": {"content": piece}}]}
        for piece in ("        ", "        ", KEY[:20], KEY[20:], " b")
    ],
    "behind a thought in one chunk": [
        {"candidates": [{"content": {"parts": [{"thought": True, "text": "hm"}, {"text": f"a {KEY[:9]}"}]}}]},
        {"candidates": [{"content": {"parts": [{"text": f"{KEY[9:]} b"}]}}]},
    ],
    "under its name in the arguments of a call": [
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}}]}
        for piece in ('{"pass', f'word": "{KEY[:9]}', KEY[9:] + '!", "n": 1}')
    ],
}


@pytest.mark.parametrize("events", STREAMS.values(), ids=STREAMS)
def test_a_key_goes_from_a_stream(events: list[dict[str, Any]]) -> None:
    after = redacted(cassette(reply=_sse(*events)))
    assert "REDACTED" in after
    assert not planted.is_left(after.encode(), KEY)
    assert not any(part in after for part in (KEY[:9], KEY[9:], KEY[20:]))


def _logprobs(text: str) -> dict[str, Any]:
    tokens = [
        {"token": piece, "logprob": -0.1, "bytes": list(piece.encode()), "top_logprobs": []}
        for piece in _cut(text, Random(4))
    ]
    return {"content": tokens}


def test_tokens_with_probabilities_say_it_no_more() -> None:
    text = f"the key {KEY} is old"
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "logprobs": _logprobs(text)}
    whole = redacted(
        cassette(reply=json.dumps(json.dumps({"object": "chat.completion", "choices": [choice]})))
    )
    chunks = [
        {"choices": [{"index": 0, "delta": {"content": token["token"]}, "logprobs": {"content": [token]}}]}
        for token in _logprobs(text)["content"]
    ]
    for after in (whole, redacted(cassette(reply=_sse(*chunks)))):
        assert not any(KEY[at : at + 6] in after for at in range(len(KEY) - 6))
        spelt = json.dumps(list(KEY[8:12].encode()))[1:-1]
        assert spelt not in after
        assert redacted(after) == after


def test_two_calls_in_one_chunk_do_not_mix() -> None:
    calls = [{"functionCall": {"name": "f", "args": {"password": word}}} for word in ("tide-77", "ebb-78")]
    after = redacted(
        cassette(reply=_sse({"candidates": [{"content": {"parts": calls}}]}, {"candidates": []}))
    )
    assert r'"password\": \"REDACTED\"' in after
    assert r'"password\": \"REDACTED-2\"' in after


def test_two_choices_that_are_streamed_at_once_do_not_mix() -> None:
    one, two = _chat([f"a {KEY[:20]}", f"{KEY[20:]} b"]), _chat(["c ", "d"], index=1)
    events = [event for pair in zip(one, two, strict=True) for event in pair]
    text = cassette(reply=json.dumps("".join(f"data: {event}\n\n" for event in events)))
    _, result = cleaned(text)
    assert [finding.rule for finding in result.findings] == ["cerebras-api-key"]
    assert "REDACTED" in redacted(text)


def test_what_every_event_repeats_is_taken_out_of_each() -> None:
    events = [json.dumps({"session": KEY, "delta": word}) for word in ("a", "b", "c")]
    after = redacted(cassette(reply=json.dumps("".join(f"data: {event}\n\n" for event in events))))
    assert after.count("REDACTED") == 3


@needs_corpus
def test_the_cheap_look_at_streams_sees_what_the_thorough_one_sees() -> None:
    seen = 0
    for path in dice(3).sample(files(), 60):
        try:
            old = read_cassette(Document(str(path), path.read_bytes()))
        except Exception:  # noqa: S112 - what is no cassette is no stream
            continue
        for interaction in old.interactions:
            content = read_content(interaction.response)
            if content.kind == "sse":
                events = [event.data for event in content.events]
                field = Field(Role.BODY, "response.body", "", str(content.text))
                thorough = {one.text for one in _spread(field)}
                cheap = "\n".join(streamed(events)).replace('\\"', '"').replace("\\n", "\n")
                assert all(text.replace('\\"', '"').replace("\\n", "\n") in cheap for text in thorough)
                seen += len(thorough)
    assert seen > 50


def _spread(field: Field) -> Iterator[Field]:
    from cassette_cli.layers import inside

    return (one for one in inside(field) if one.spread)


# -- options -----------------------------------------------------------------------------------------

OPTIONS = {
    "more headers": (Choice(names=("x-team-*",)), "{x-team-id: t7, accept: a}", "{x-team-id: REDACTED, accept: a}"),
    "fewer headers": (Choice(keep=("x-api-*",)), "{x-api-key: k7, cookie: c=1}", "{x-api-key: k7, cookie: c=REDACTED}"),
    "just these": (Choice(only=("server",)), "{server: s7, cookie: c=1}", "{server: REDACTED, cookie: c=1}"),
    "all but these, and those that replay needs": (
        Choice(all_but=("accept",)),
        "{accept: a, content-type: b, content-encoding: identity, location: /x, server: s7, via: '7'}",
        "{accept: a, content-type: b, content-encoding: identity, location: /x, server: REDACTED, via: '0'}",
    ),
    "what differs each time": (
        Choice(volatile=True),
        "{x-request-id: r7, openai-processing-ms: '345', date: 'Wed, 20 Nov 2024 10:00:00 GMT', expires: 'Thu, 21 Nov 2024 10:00:00 GMT', accept: a}",
        "{x-request-id: REDACTED, openai-processing-ms: '0', date: 'Sat, 01 Jan 2000 00:00:00 GMT', expires: 'Sat, 01 Jan 2000 00:00:01 GMT', accept: a}",
    ),
    "not this rule": (Choice(ignore=frozenset({"cookie"})), "{x-api-key: k7, cookie: c=1}", "{x-api-key: REDACTED, cookie: c=1}"),
}  # fmt: skip


@pytest.mark.parametrize(("choice", "before", "after"), OPTIONS.values(), ids=OPTIONS)
def test_options_choose_headers(choice: Choice, before: str, after: str) -> None:
    assert redacted(cassette(asked=before), choice) == cassette(asked=after)
    assert redacted(cassette(asked=after), choice) == cassette(asked=after)


BODIES = {
    "a key, at any depth, and what stands under it": (
        Choice(keys=("auth",)), '{"a": [{"auth": {"u": "ada", "n": 7, "ok": true}}]}',
        '{"a": [{"auth": {"u": "REDACTED", "n": 0, "ok": true}}]}',
    ),
    "a path": (
        Choice(paths=("/messages/*/content",)), '{"messages": [{"role": "user", "content": "hi"}], "content": "x"}',
        '{"messages": [{"role": "user", "content": "REDACTED"}], "content": "x"}',
    ),
    "a regex": (Choice(regexes=("acme_[a-z]+",)), '{"a": "acme_tide acme_7"}', '{"a": "REDACTED acme_7"}'),
    "an element and an attribute of XML": (
        Choice(keys=("pin",)), '<a pin="123"><ns:pin x="1">456</ns:pin><pint>7</pint></a>',
        '<a pin="REDACTED"><ns:pin x="1">REDACTED-2</ns:pin><pint>7</pint></a>',
    ),
    "a rule of one's own": (
        Choice(own=(("acme-key", r"\bacme_[a-z0-9]{8}\b", "a key of Acme"),)), r'{"a": "is\nacme_12345678"}',
        r'{"a": "is\nREDACTED"}',
    ),
    "a mail address": (
        Choice(rules=tuple(rule for rule in SECRETS if rule.id == "email-address")),
        '{"to": "ada@harbour.dev, bob@harbour.dev"}',
        '{"to": "redacted@example.com, redacted-2@example.com"}',
    ),
}  # fmt: skip


@pytest.mark.parametrize(("choice", "before", "after"), BODIES.values(), ids=BODIES)
def test_options_choose_values_of_bodies(choice: Choice, before: str, after: str) -> None:
    assert redacted(cassette(f"'{before}'"), choice) == cassette(f"'{after}'")
    assert redacted(cassette(f"'{after}'"), choice) == cassette(f"'{after}'")


@pytest.mark.parametrize("regex", [r"\d+", "[A-Z]", "RED", "."])
def test_a_regex_that_matches_in_a_placeholder_comes_to_an_end(regex: str) -> None:
    after = redacted(cassette("""'{"n": "tide 77 EBB"}'"""), Choice(regexes=(regex,)))
    assert redacted(after, Choice(regexes=(regex,))) == after


@pytest.mark.parametrize("date", ["Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "soon"])
def test_a_date_that_is_none_is_no_fault(date: str) -> None:
    assert date not in redacted(cassette(said=f"{{date: '{date}'}}"), Choice(volatile=True)).replace(
        "'0'", ""
    )


def test_no_secret_is_in_the_name_of_a_place() -> None:
    text = cassette(f"""'{{"{KEY}": "x"}}'""", asked=f"{{x-{KEY}: a, note: '{KEY} {OTHER}'}}")
    for finding in cleaned(text)[1].findings:
        told = f"{finding.where} {finding.message} {finding.detail}"
        assert KEY not in told
        assert OTHER not in told


def test_a_value_that_may_stay_by_its_hash_stays() -> None:
    from hashlib import sha256

    allowed = Choice(rules=planted.RULES, allow=frozenset({sha256(KEY.encode()).hexdigest()}))
    text = cassette(f"'{KEY} {OTHER}'")
    assert redacted(text, allowed) == cassette(f"'{KEY} REDACTED'")


# -- copies and formats ------------------------------------------------------------------------------


def test_a_number_of_a_rule_goes_on_where_the_file_stopped() -> None:
    assert redacted(cassette(f"'REDACTED REDACTED-2 {KEY}'")) == cassette("'REDACTED REDACTED-2 REDACTED-3'")


def test_what_go_vcr_says_twice_goes_twice() -> None:
    text = (
        "version: 2\ninteractions:\n- id: 0\n  request:\n    content_length: 28\n    body: user=ada&password=tide%2077x\n"
        "    form:\n      password:\n      - tide 77x\n      user:\n      - ada\n    headers:\n"
        "      Content-Type:\n      - application/x-www-form-urlencoded\n    url: https://a.example/?token=abc123\n"
        "    request_uri: /?token=abc123\n    method: POST\n  response:\n    content_length: -1\n    body: ''\n    code: 200\n"
    )
    after = redacted(text)
    assert "tide" not in after
    assert "abc123" not in after
    assert "content_length: 26" in after
    assert "content_length: -1" in after


def test_a_header_leaves_with_its_values() -> None:
    text = cassette(asked="\n      accept:\n      - a\n      x-api-key:\n      - k7\n      - k8\n    # end")
    old = read_cassette(Document("f.yaml", text.encode()))
    result = clean(old, Rules(replace(HEADERS, drop=True)))
    after = result.bytes_of(old.document).decode()
    assert after == cassette(asked="\n      accept:\n      - a\n    # end")


def test_a_header_that_replay_needs_stays_though_a_secret_in_it_goes() -> None:
    text = cassette(said="{location: 'https://a.example/?token=abc123', set-cookie: a=b}")
    after = redacted(text, replace(ALL, drop=True))
    assert after == cassette(said="{location: 'https://a.example/?token=REDACTED'}")


def test_cookies_that_a_format_lists_leave_with_their_header() -> None:
    old = read_cassette(Document("b.har", (SAMPLES / "har" / "browser.har").read_bytes()))
    result = clean(old, Rules(replace(HEADERS, drop=True)))
    entries = json.loads(result.bytes_of(old.document))["log"]["entries"]
    assert not any(entry["request"]["cookies"] for entry in entries)


def test_lengths_of_a_trace_follow_a_header_that_leaves() -> None:
    asked = "GET http://a.example/ HTTP/1.1\r\nHost: a.example\r\nAuthorization: Bearer k7\r\n\r\n"
    said = "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 2\r\n\r\nok"
    text = f"httprr trace v1\n{len(asked)} {len(said)}\n{asked}{said}"
    old = read_cassette(Document("t.httprr", text.encode()))
    result = clean(old, Rules(replace(HEADERS, drop=True)))
    assert result.bytes_of(old.document).decode() == (
        "httprr trace v1\n51 40\nGET http://a.example/ HTTP/1.1\r\nHost: a.example\r\n\r\n"
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    )


# -- replay ------------------------------------------------------------------------------------------


def two(first: str, second: str) -> str:
    return cassette(first).replace("version: 1\n", "") + cassette(second).partition("interactions:\n")[2]


def test_requests_that_can_no_longer_be_told_apart_are_said() -> None:
    text = two("""'{"password": "1234"}'""", """'{"password": "5678"}'""")
    assert not cleaned(text)[1].notes  # they become REDACTED and REDACTED-2
    merged = two("""'{"pin": 1234}'""", """'{"pin": 5678}'""")
    notes = cleaned(merged, Choice(keys=("pin",)))[1].notes
    assert [note.message for note in notes] == [
        "the requests of #0 and #1 are the same now in method, URL and body"
    ]


def test_a_url_that_is_no_longer_quoted_is_said() -> None:
    target = "https://a.example/upload/s7Kq2"
    text = (
        cassette(said=f"{{location: '{target}'}}").replace("version: 1\n", "")
        + cassette(url=target).partition("interactions:\n")[2]
    )
    notes = cleaned(text, Choice(only=("location",)))[1].notes
    assert [note.message for note in notes] == ["#1 no longer quotes the URL of #0"]


# -- the proof ---------------------------------------------------------------------------------------


def test_a_change_that_would_break_the_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from cassette_cli import rewrite

    old = read_cassette(Document("f.yaml", cassette("'tide'").encode()))
    monkeypatch.setattr(rewrite, "rewrite", lambda *_: {old.document: [Edit(0, 4, "'")]})
    with pytest.raises(Refused):
        apply(old, [])


def test_a_change_of_anything_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from cassette_cli import rewrite

    text = cassette("'tide'")
    old = read_cassette(Document("f.yaml", text.encode()))
    at = text.index("tide")
    monkeypatch.setattr(rewrite, "rewrite", lambda *_: {old.document: [Edit(at, at + 4, "ebb")]})
    with pytest.raises(Refused, match="reads differently"):
        apply(old, [])


@pytest.mark.parametrize("seed", range(20))
def test_random_changes_of_opened_strings_change_just_those(seed: int) -> None:
    """In whatever layer: the proof of the rewrite itself is the judge."""
    random = Random(seed)
    inner = json.dumps({"a": ["é", {"b": "x y"}], "c": "z"})
    stream = "".join(f"data: {json.dumps({'i': n, 'text': f'w{n} ü', 'in': inner})}\n\n" for n in range(3))
    packed = base64.b64encode(gzip.compress(inner.encode())).decode()
    text = two(json.dumps(stream), f"!!binary {packed}")
    old = read_cassette(Document("f.yaml", text.encode()))
    from cassette_cli.fields import bodies

    found = {}
    for interaction in old.interactions:
        for stored in bodies(interaction, ("request", "response")):
            found[f"{stored.interaction} {stored.where}"] = list(
                opened(stored, read_content(stored.message, traced))
            )
    leaves = [
        one.text for fields in found.values() for one in fields if one.whole and not one.spread and one.name
    ]
    texts = [text for text in leaves if isinstance(text, Text) and text.style != "json-word"]
    chosen = random.sample(texts, 3)
    changes = [
        (text, [Edit(0, len(text), random.choice(["", "n&w", "ä\n", '"q"', "😀"]))]) for text in chosen
    ]
    apply(old, changes, (), found)


def test_joined_fields_are_those_of_one_slot() -> None:
    parts = [Field(Role.BODY, f"b[{n}]", "t", f"p{n}", slot="s") for n in range(3)]
    assert [one.text for one in joined(parts[0], parts)] == ["p0p1p2"]


def test_a_plan_of_nothing_is_empty() -> None:
    from cassette_cli.redact import plan

    found: Plan = plan(read_cassette(Document("f.yaml", cassette().encode())), Rules(ALL))
    assert (found.findings, found.changes, found.drops, found.notes) == ((), (), (), ())


# -- real cassettes ----------------------------------------------------------------------------------


@needs_corpus
def test_real_cassettes_change_just_where_they_are_edited() -> None:
    outcome = redactions_change_just_what_they_edit(sample(36, seed=4))
    assert outcome.counts["edits"] > 100
    assert not outcome.faults


@needs_corpus
def test_secrets_planted_into_real_cassettes_are_found_and_gone() -> None:
    outcome = planted_secrets_are_found_and_gone(sample(40, seed=5))
    assert sum(outcome.counts.values()) > 80
    assert not outcome.faults

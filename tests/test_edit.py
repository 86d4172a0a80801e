"""What one interaction says, changed: where it stands, in each of its copies, and nowhere else."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given, settings
from hypothesis import strategies as st

from cassette_cli import edit
from cassette_cli.editing.dealing import change_of, dealt, is_boundary
from cassette_cli.errors import BadRequest
from cassette_cli.model import Cassette
from cassette_cli.recorders import read_cassette
from cassette_cli.report.machine import show_interaction
from cassette_cli.selection import Reading
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, splice
from cassette_cli.where import look_up
from tests import proof_edit
from tests.corpus import needs_corpus, sample
from tests.test_samples import FILES
from tests.wire.test_eventstream import frame

CHAT = "https://api.openai.com/v1/chat/completions"


def read(text: str | bytes, name: str = "f.yaml") -> Cassette:
    return read_cassette(Document(name, text.encode() if isinstance(text, str) else text))


def changed(cassette: Cassette, values: dict[str, str], index: int = 0) -> str:
    """The text of the file after the change."""
    made = edit.change(cassette, index, values)
    document = cassette.document
    return splice(document.text, made.edits[document]) if document in made.edits else document.text


def said(text: str | bytes, where: str, name: str = "f.yaml", index: int = 0) -> Any:
    """What a file says at a place, as `show --get` reads it."""
    cassette = read(text, name)
    reading = Reading(cassette.interactions[index])
    return look_up(show_interaction(cassette, reading, reveal=True), where)


def vcrpy(body: str = "''", reply: str = "''", asked: str = "{}", told: str = "{}", url: str = CHAT) -> str:
    """A vcrpy cassette; what is given is YAML as it stands."""
    return (
        f"interactions:\n- request:\n    body: {body}\n    headers: {asked}\n    method: POST\n"
        f"    uri: {url}\n"
        f"  response:\n    body:\n      string: {reply}\n    headers: {told}\n"
        "    status:\n      code: 200\n      message: OK\nversion: 1\n"
    )


def stream(*values: Any) -> str:
    """Server-sent events as a YAML scalar in double quotes."""
    return json.dumps("".join(f"data: {json.dumps(value)}\n\n" for value in values))


def delta(**fields: Any) -> dict[str, Any]:
    return {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": fields}]}


def asked(**fields: Any) -> str:
    return json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}], **fields})


# -- nothing to change ---------------------------------------------------------------------------------


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_value_that_is_there_already_changes_not_a_byte(path: Path) -> None:
    cassette = read(path.read_bytes(), str(path))
    for interaction in cassette.interactions:
        for slot in edit.slots(cassette, interaction.index):
            value = str(slot.value) if slot.is_text else json.dumps(slot.value)
            assert not edit.change(cassette, interaction.index, {slot.where: value}).edits, slot.where


# -- every value alone ---------------------------------------------------------------------------------


def test_every_value_of_the_samples_can_be_set_and_changes_alone() -> None:
    outcome = proof_edit.values_change_alone([path for path in FILES if path.name != "empty.yaml"])
    assert outcome.counts.total() > 150
    assert not outcome.faults


# -- how it is written ---------------------------------------------------------------------------------

PRETTY = """|-
      {
        "model": "m",
        "messages": [],
        "stop": [
          "a"
        ]
      }"""
TREE = (
    "\n      model: m\n      messages: []\n      temperature: 0.5  # warm\n"
    "      stop:\n      - a\n      - b\n      metadata: {user: 7, 'on': yes}"
)

SPELLINGS = [
    ("plain", vcrpy(), "request.url", "https://x.test/?a=1", "uri: https://x.test/?a=1\n"),
    ("plain that needs quotes", vcrpy(), "request.method", "no", "method: 'no'\n"),
    ("status", vcrpy(), "response.status", "404", "code: 404\n      message: Not Found\n"),
    (
        "an own word beside a status stays",
        vcrpy().replace("message: OK", "message: Fine"),
        *("response.status", "404", "code: 404\n      message: Fine\n"),
    ),
    ("a date", vcrpy(asked="{V: [2023-06-01]}"), "request.headers.V[0]", "7", "{V: ['7']}"),
    ("header", vcrpy(asked="{A: [b], C: [d, e]}"), "request.headers.c[1]", "x: y", "C: [d, 'x: y']}"),
    ("one header", vcrpy(asked="{A: [b]}"), "request.headers.A", "c", "{A: [c]}"),
    (
        "JSON stays compact",
        vcrpy(f"'{asked(top_p=1.00, stop=None)}'"),
        *("request.stop", '["a", 1]', '"top_p": 1.0, "stop": ["a", 1]}'),
    ),
    ("a number in JSON", vcrpy(f"'{asked(seed=1)}'"), "params.seed", "2.50", '"seed": 2.5}'),
    ("true in JSON", vcrpy(f"'{asked(store=True)}'"), "request.store", "false", '"store": false}'),
    (
        "JSON stays on its lines",
        vcrpy(PRETTY),
        *("request.stop", '["a", "b"]', '"stop": [\n          "a",\n          "b"\n        ]\n'),
    ),
    (
        "text in JSON in quotes",
        vcrpy(f"'{asked()}'"),
        *("messages[0].text", "it's \"so\"\n", r'''"content": "it''s \"so\"\n"'''),
    ),
    ("tree: a word", vcrpy(TREE), "request.temperature", "0.7", "temperature: 0.7  # warm\n"),
    ("tree: null", vcrpy(TREE), "request.temperature", "null", "temperature: null  # warm\n"),
    ("tree: a string", vcrpy(TREE), "request.temperature", '"0"', 'temperature: "0"  # warm\n'),
    ("tree: an entry", vcrpy(TREE), "request.stop", '["a", "c"]', "stop:\n      - a\n      - c\n"),
    ("tree: more", vcrpy(TREE), "request.stop", '["a", "b", {"c": 1}]', "- a\n      - b\n      - c: 1\n"),
    ("tree: no entries", vcrpy(TREE), "request.stop", "[]", "stop: []\n"),
    ("tree: flow", vcrpy(TREE), "request.metadata", '{"user": 8, "on": true}', "{user: 8, 'on': yes}"),
    ("tree: flow anew", vcrpy(TREE), "request.metadata", '{"a": null}', 'metadata: {"a": null}\n'),
    (
        "tree: block from an empty list",
        vcrpy(TREE),
        *("request.body/messages", '[{"role": "user"}]', 'messages: [{"role": "user"}]\n'),
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "where", "value", "wanted"), [row[1:] for row in SPELLINGS], ids=[row[0] for row in SPELLINGS]
)
def test_a_value_is_written_as_what_stands_around_it(text: str, where: str, value: str, wanted: str) -> None:
    text = text.replace("body: \n", "parsed_body:\n").replace("'on': yes", "'on': yes")
    after = changed(read(text), {where: value})
    assert wanted in after
    got = said(after, where)
    got = got[0] if where == "request.headers.A" else got
    assert got == value or got == json.loads(value)


def test_json_files_keep_their_layout() -> None:
    entry = {
        "request": {"method": "GET", "uri": CHAT, "body": None, "headers": {}},
        "response": {"status": 1},
    }
    text = json.dumps({"version": 1, "interactions": [json.loads(json.dumps(entry))]}, indent=3)
    text = text.replace('"body": null', '"parsed_body": {"a": [1, 2], "b": "é"}')
    after = changed(read(text, "f.json"), {"request.body/a": '[1, {"c": "\\u2028"}]'})
    assert json.loads(after)["interactions"][0]["request"]["parsed_body"] == {
        "a": [1, {"c": "\u2028"}],
        "b": "é",
    }
    assert after.startswith(text[: text.index("[1, 2]")])


# -- streams -------------------------------------------------------------------------------------------

HELLO = [
    delta(role="assistant", content=""),
    delta(content="Hello"),
    delta(content=" big"),
    delta(content=" world"),
]


def contents(text: str) -> list[str]:
    body = said(text, "response.body")
    events = [json.loads(line[6:]) for line in body.split("\n") if line.startswith("data: {")]
    return [event["choices"][0]["delta"].get("content", "") for event in events]


DEALT = [
    ("the same words stay", "Hello small world", ["", "Hello", " small", " world"]),
    ("more words at the end", "Hello big world, again", ["", "Hello", " big", " world, again"]),
    ("more words at the start", "Oh, Hello big world", ["", "Oh, Hello", " big", " world"]),
    ("fewer", "Hello world", ["", "Hello", "", " world"]),
    ("none", "", ["", "", "", ""]),
    ("others, cut between words", "A rather long answer", ["", "A rather", " long", " answer"]),
    ("data lines", "data: x\n\ndata: [DONE]", ["", "data: x", "\n\ndata:", " [DONE]"]),
]


@pytest.mark.parametrize(("value", "wanted"), [row[1:] for row in DEALT], ids=[row[0] for row in DEALT])
def test_a_streamed_text_is_dealt_out_over_its_deltas(value: str, wanted: list[str]) -> None:
    after = changed(read(vcrpy(f"'{asked()}'", stream(*HELLO))), {"reply.text": value})
    assert "".join(contents(after)) == value
    assert len(contents(after)) == len(wanted)
    assert contents(after) == wanted


def test_a_reply_that_was_emptied_can_be_filled_again() -> None:
    before = vcrpy(f"'{asked()}'", stream(*HELLO))
    empty = changed(read(before), {"reply.text": ""})
    assert said(empty, "reply.text") == ""
    assert said(changed(read(empty), {"reply.text": "Hello again"}), "reply.text") == "Hello again"


RESPONSE = {"id": "r", "object": "response", "model": "m", "status": "completed"}


def responses(text: str, arguments: str, *, twin: str = "Sunny.") -> list[dict[str, Any]]:
    """A Responses stream that says its text and its call's arguments in every way."""
    part = {"type": "output_text", "text": text, "annotations": []}
    message = {"id": "1", "type": "message", "role": "assistant", "content": [part]}
    call = {"id": "2", "type": "function_call", "call_id": "c", "name": "weather", "arguments": arguments}
    half, rest = len(text) // 2, len(arguments) // 2
    at, of = {"output_index": 0, "content_index": 0}, {"output_index": 1}
    return [
        {"type": "response.created", "response": RESPONSE | {"status": "in_progress", "output": []}},
        {"type": "response.output_item.added", **of, "output_index": 0, "item": message | {"content": []}},
        {"type": "response.output_text.delta", **at, "delta": text[:half]},
        {"type": "response.output_text.delta", **at, "delta": text[half:]},
        {"type": "response.output_text.done", **at, "text": text},
        {"type": "response.content_part.done", **at, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": message},
        {"type": "response.output_item.added", **of, "item": call | {"arguments": ""}},
        {"type": "response.function_call_arguments.delta", **of, "delta": arguments[:rest]},
        {"type": "response.function_call_arguments.delta", **of, "delta": arguments[rest:]},
        {"type": "response.function_call_arguments.done", **of, "arguments": arguments},
        {"type": "response.output_item.done", **of, "item": call},
        {"type": "response.completed", "response": RESPONSE | {"output": [message, call], "user": twin}},
    ]  # fmt: skip


def events_of(text: str) -> list[dict[str, Any]]:
    body = said(text, "response.body")
    return [json.loads(line[6:]) for line in body.split("\n") if line.startswith("data: {")]


def test_a_responses_stream_changes_in_every_copy_and_not_where_the_same_words_stand_by_chance() -> None:
    before = vcrpy('\'{"model": "m", "input": "x"}\'', stream(*responses("Sunny.", '{"at": "Rome"}')))
    values = {"reply.text": 'Rain, "again" 😀', "reply.tool_calls[0].arguments.at": "Oslo"}
    after = changed(read(before.replace(CHAT, "https://api.openai.com/v1/responses")), values)
    new = responses('Rain, "again" 😀', '{"at": "Oslo"}')
    got = events_of(after)
    pieces = [event.pop("delta", None) for event in got]
    assert "".join(piece for piece in pieces[:4] if piece) == 'Rain, "again" 😀'
    assert "".join(piece for piece in pieces[4:] if piece) == '{"at": "Oslo"}'
    assert got == [{key: value for key, value in event.items() if key != "delta"} for event in new]


def test_a_part_is_known_though_its_deltas_count_on_over_items_as_bedrocks_do() -> None:
    told = responses("Sunny.", "{}")
    for event in told:
        event |= {"content_index": 3} if "content_index" in event else {}
    before = vcrpy('\'{"model": "m", "input": "x"}\'', stream(*told))
    after = changed(
        read(before.replace(CHAT, "https://api.openai.com/v1/responses")), {"reply.text": "Rain!"}
    )
    assert "Sunny" not in said(after, "response.body").replace('"user": "Sunny."', "")
    assert "".join(event["delta"] for event in events_of(after)[2:4]) == "Rain!"


def test_reasoning_that_is_streamed_as_such_changes_in_its_part_too() -> None:
    at = {"output_index": 0, "content_index": 0}
    part = {"type": "reasoning_text", "text": "So so."}
    item = {"id": "1", "type": "reasoning", "summary": [], "content": [part]}
    told = [
        {"type": "response.reasoning_text.delta", **at, "delta": "So so."},
        {"type": "response.reasoning_text.done", **at, "text": "So so."},
        {"type": "response.reasoning_part.done", **at, "part": part},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": RESPONSE | {"output": [item]}},
    ]
    before = vcrpy('\'{"model": "m", "input": "x"}\'', stream(*told), url="https://x.test/v1/responses")
    after = changed(read(before), {"reply.reasoning": "Well."})
    assert events_of(after) == json.loads(json.dumps(told).replace("So so.", "Well."))


def test_a_transcript_changes_in_its_deltas_and_as_a_whole() -> None:
    told = [{"type": "transcript.text.delta", "delta": text} for text in ("It ", "rains.")]
    done = {"type": "transcript.text.done", "text": "It rains."}
    text = vcrpy(reply=stream(*told, done), url="https://api.openai.com/v1/audio/transcriptions")
    after = events_of(changed(read(text), {"reply.text": "It snows now."}))
    assert "".join(event["delta"] for event in after[:2]) == after[2]["text"] == "It snows now."


def test_what_a_tool_gave_changes_as_text_and_as_a_value() -> None:
    given = {"content": [{"type": "text", "text": "Sunny."}], "structuredContent": {"result": "Sunny."}}
    asked = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "weather"}})
    text = vcrpy(f"'{asked}'", stream({"jsonrpc": "2.0", "id": 1, "result": given}), url="https://x.test/mcp")
    after = changed(read(text), {"reply.parts[0].parts[0].text": "Rain."})
    assert json.dumps(given).replace("Sunny", "Rain") in said(after, "response.body")


def test_reasoning_under_two_names_changes_under_both_unless_they_differ() -> None:
    def chunk(text: str, other: str) -> dict[str, Any]:
        return delta(reasoning=text, reasoning_details=[{"type": "reasoning.text", "text": other}])

    chunks = [chunk("Let me", "Let me"), chunk(" think", " (thinking)")]
    after = changed(read(vcrpy(f"'{asked()}'", stream(*chunks))), {"reply.reasoning": "We will think"})
    assert events_of(after) == [chunk("We will", "We will"), chunk(" think", " (thinking)")]


def test_log_probabilities_follow_with_their_tokens_and_no_bytes() -> None:
    def told(*words: str) -> dict[str, Any]:
        tokens = [{"token": word, "logprob": -1.5, "bytes": list(word.encode())} for word in words]
        return {"logprobs": {"content": tokens}}

    chunks = [delta(content="Hi"), delta(content=" you there")]
    chunks[0]["choices"][0] |= told("Hi")
    chunks[1]["choices"][0] |= told(" you", " there")
    after = changed(read(vcrpy(f"'{asked()}'", stream(*chunks))), {"reply.text": "Hi all of you"})
    first, second = (event["choices"][0] for event in events_of(after))
    assert first == chunks[0]["choices"][0]
    assert [token["token"] for token in second["logprobs"]["content"]] == [" all", " of you"]
    assert [token["bytes"] for token in second["logprobs"]["content"]] == [None, None]


def test_an_event_stream_keeps_its_checksums() -> None:
    pieces = [
        frame("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}})
        for text in ("It ", "is ", "sunny.")
    ]
    frames = b"".join([*pieces, frame("messageStop", {"stopReason": "end_turn"})])
    url = "https://bedrock-runtime.us-east-1.amazonaws.com/model/m/converse-stream"
    text = vcrpy("'{\"messages\": []}'", f"!!binary |\n        {base64.b64encode(frames).decode()}", url=url)
    after = changed(read(text), {"reply.text": "It was cloudy, with ünits."})
    assert said(after, "reply.text") == "It was cloudy, with ünits."
    buffer = EventStreamBuffer()
    buffer.add_data(read(after).interactions[0].response.body.bytes)
    assert len(list(buffer)) == 4  # botocore checks lengths and checksums


def test_packed_bodies_are_packed_again_and_their_lengths_follow() -> None:
    reply = {"choices": [{"message": {"role": "assistant", "content": "old"}, "finish_reason": "stop"}]}
    packed = gzip.compress(json.dumps(reply).encode(), mtime=7)
    text = vcrpy(
        f"'{asked()}'",
        f"!!binary |\n        {base64.b64encode(packed).decode()}",
        told=f"{{Content-Encoding: [gzip], Content-Length: ['{len(packed)}']}}",
    )
    after = changed(read(text), {"reply.text": "something new", "finish_reason": "length"})
    assert said(after, "reply.text") == "something new"
    assert said(after, "finish_reason") == "length"
    stored = read(after).interactions[0].response
    assert stored.header("content-length") == str(len(stored.body.bytes))
    assert (
        gzip.decompress(stored.body.bytes)
        == json.dumps(reply).replace("old", "something new").replace("stop", "length").encode()
    )


def test_a_length_that_is_set_beside_its_body_is_as_it_was_set() -> None:
    body = asked()
    text = vcrpy(f"'{body}'", asked=f"{{Content-Length: ['{len(body)}']}}")
    after = changed(read(text), {"request.model": "longer", "request.headers.content-length": "7"})
    assert (said(after, "request.model"), said(after, "request.headers.Content-Length")) == ("longer", ["7"])


# -- short names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("request.model", "request.body/model"),
        ("request.seed", "params.seed"),
        ("request.messages[0].text", "messages[0].parts[0].text"),
        ("messages[0].text", "request.body/messages/0/content"),
        ("reply.finish_reason", "exchange.finish_reason"),
        ("reply.usage.output_tokens", "usage.output_tokens"),
    ],
)
def test_a_value_has_short_names(short: str, long: str) -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2}
    reply = json.dumps({"choices": [{"message": {"content": "x"}, "finish_reason": "stop"}], "usage": usage})
    text = vcrpy(f"'{asked(seed=1)}'", f"'{reply}'")
    assert said(text, short) == said(text, long)
    value = "3" if isinstance(said(text, short), int) else "new"
    assert changed(read(text), {short: value}) == changed(read(text), {long: value}) != text


# -- HAR says things twice -----------------------------------------------------------------------------

HAR = next(path for path in FILES if path.name == "browser.har")


def test_har_lists_follow_what_they_repeat() -> None:
    values = {
        "request.url": "https://files.example.com/8.png?token=a%20b&size=2",
        "request.headers.Cookie": "session=x; theme=light",
        "response.status": "404",
    }
    request = json.loads(changed(read(HAR.read_bytes(), "f.har"), values, 1))["log"]["entries"][1]["request"]
    assert [(one["name"], one["value"]) for one in request["queryString"]] == [
        ("token", "a b"),
        ("size", "2"),
    ]
    assert [one["value"] for one in request["cookies"]] == ["x", "light"]


# -- what cannot be set --------------------------------------------------------------------------------

TWO_PARTS = json.dumps(
    {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": "a"}, {"type": "tool_use", "id": "1", "name": "n", "input": {}},
                    {"type": "text", "text": "b"}],
    }
)  # fmt: skip
ANTHROPIC = vcrpy(f"'{asked()}'", f"'{TWO_PARTS}'", url="https://api.anthropic.com/v1/messages")
SHARED = vcrpy(asked="&one {A: [b]}", told="*one")
PLAIN = vcrpy(f"'{asked(seed=1)}'", stream(*HELLO), asked="{A: [b, c]}")

TOML = """version = "1"

[[interactions]]
[interactions.request]
method = "GET"
uri = "https://x.test"
body_type = "none"
[interactions.response]
status = 200
body_type = "none"
"""
GRPC = """version: 1
grpc_interactions:
- request: {method: /a.B/C, body: {type: binary, content: '0a01'}}
  response: {body: {type: binary, content: '0a02'}}
  json_debug: {request: {a: 1}, response: {a: 2}}
"""

REFUSALS = [
    ("several parts", ANTHROPIC, {"reply.text": "x"}, "name one of reply.parts[0].text, reply.parts[2].text"),
    ("several values", PLAIN, {"request.headers.A": "x"}, "of request.headers.A[0], request.headers.A[1]"),
    ("no such value", PLAIN, {"reply.txt": "x"}, "no value reply.txt"),
    ("no JSON", PLAIN, {"params.seed": "one"}, "the new value is no JSON"),
    *((f"no status: {value}", PLAIN, {"response.status": value}, "a status is a number from 100 to 599")
      for value in ("20", "99999", "null", '"x"', "[1]", "true")),
    ("no method", PLAIN, {"request.method": ""}, "a method is one word"),
    ("a method on two lines", PLAIN, {"request.method": "GET\nX"}, "a method is one word"),
    ("no URL", PLAIN, {"request.url": ""}, "a URL is text on one line, and not empty"),
    ("a header on two lines", PLAIN, {"request.headers.A[0]": "b\r\nC: d"}, "text on one line"),
    ("no text to say", vcrpy(f"'{asked()}'", stream(delta(reasoning="So"))), {"reply.text": "x"}, "is none"),
    ("too deep", PLAIN, {"params.seed": "[" * 300 + "]" * 300}, "nested more than 200 deep"),
    ("half a character", vcrpy(TREE), {"params.stop": r'["\ud800"]'}, "cannot be set"),
    ("no JSON word", PLAIN, {"params.seed": "NaN"}, "the new value is no JSON"),
    ("a format that is only read", TOML, {"request.url": "x"}, "change it by hand"),
    ("an own call's explanation", GRPC, {"frames[0].body/a": "2"}, "is replayed from its bytes beside this"),
    ("no text at all", PLAIN, {"reply.reasoning": "x"}, "there is none to change"),
    ("what follows from others", PLAIN, {"complete": "false"}, "not stored as such"),
    ("twice", PLAIN, {"reply.text": "x", "exchange.reply.text": "y"}, "are the same value: give it once"),
    ("one in another", PLAIN, {"request.body": "{}", "request.body/seed": "2"}, "overlap: give one of them"),
    ("by two names", PLAIN, {"request.body/seed": "3", "request.seed": "2"}, "overlap in one text"),
    ("two names of three", PLAIN, {"request.body/seed": "3", "response.status": "201", "request.seed": "2"},
     "request.body/seed and request.seed overlap in one text"),
    ("no such interaction", PLAIN, {"@": ""}, "no interaction 1: the last one is 0"),
    ("what is no text", PLAIN, {"reply.text": "\udc80"}, "not UTF-8 text"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "values", "message"), [row[1:] for row in REFUSALS], ids=[row[0] for row in REFUSALS]
)
def test_what_cannot_be_set_is_refused_in_words(text: str, values: dict[str, str], message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        edit.change(read(text), int("@" in values), values)
    assert message in refused.value.message


def test_half_a_character_can_stand_where_json_has_an_escape_for_it() -> None:
    after = changed(read(vcrpy(f"'{asked(seed=1)}'")), {"request.seed": r'{"é": "\ud800"}'})
    assert said(after, "request.seed") == {"é": "\ud800"}


def test_what_another_interaction_shares_by_an_anchor_is_refused() -> None:
    one = vcrpy(asked="&shared\n      A: [b]")
    two = vcrpy(asked="*shared").partition("\n")[2]
    text = one.replace("version: 1\n", "") + two
    with pytest.raises(BadRequest, match="interaction 0 shares"):
        edit.change(read(text), 1, {"request.headers.A": "c"})
    with pytest.raises(BadRequest, match=r"response.headers.A is the same text"):
        edit.change(read(SHARED), 0, {"request.headers.A": "c"})


# -- dealing out ---------------------------------------------------------------------------------------

WORDS = st.text(st.sampled_from("ab \n\u0301é👩\u200d🇩🇪😀中"), max_size=30)


@settings(max_examples=300, deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=6), WORDS)
def test_pieces_that_are_dealt_a_text_read_as_it_and_are_never_cut_inside_a_character(
    pieces: list[str], new: str
) -> None:
    old = "".join(pieces)
    shares = dealt(pieces, [change_of(old, new)])
    after = [splice(piece, edits) for piece, edits in zip(pieces, shares, strict=True)]
    assert "".join(after) == new
    cuts = {len("".join(after[:place])) for place in range(1, len(after))}
    kept = {len("".join(pieces[:place])) for place in range(1, len(pieces))}
    head = change_of(old, new).start
    tail = len(new) - len(change_of(old, new).text) - head
    for cut in cuts:
        own = head < cut < len(new) - tail
        assert not own or is_boundary(new, cut) or cut in kept


@pytest.mark.parametrize(
    ("text", "cuts"),
    [("ab", [1]), ("e\u0301a", [2]), ("👩\u200d👩a", [3]), ("🇩🇪🇫🇷", [2]), ("👍🏽x", [2]), ("a\r\nb", [1, 3])],
)
def test_a_text_is_cut_between_what_is_read_as_one_character(text: str, cuts: list[int]) -> None:
    assert [place for place in range(1, len(text)) if is_boundary(text, place)] == cuts


def test_a_change_leaves_out_what_both_texts_share() -> None:
    assert change_of("Hello big world", "Hello small world") == Edit(6, 9, "small")
    assert change_of("cafe", "cafe\u0301") == Edit(3, 4, "e\u0301")


# -- real cassettes ------------------------------------------------------------------------------------


@needs_corpus
@pytest.mark.parametrize("proof", proof_edit.PROOFS, ids=lambda proof: proof.__name__)
def test_keeps_its_promises_on_real_cassettes(proof: Any) -> None:
    outcome = proof(sample(24 if "streams" in proof.__name__ else 12, seed=12))
    assert outcome.counts.total() > 10
    assert not outcome.faults

"""Diff is silent where the meaning stayed, tells just what changed, and never hides a change."""

import copy
import gzip
import json
import time
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cassette_cli.contrast.align import Aligner, rising
from cassette_cli.diff import ABSENT, Difference, Scope, compare
from cassette_cli.model import Cassette
from cassette_cli.recorders import read_cassette
from cassette_cli.rules.noise import DEFAULT
from cassette_cli.source.document import Document
from tests import proof_diff
from tests.corpus import needs_corpus, sample

CHAT = "https://api.openai.com/v1/chat/completions"
OLD_ID, NEW_ID = "call_1aB2cD3eF4gH5iJ6", "call_9zY8xW7vU6tS5rQ4"


# -- cassettes made by hand ----------------------------------------------------------------------------


def body(value: Any) -> Any:
    return value if isinstance(value, str | dict) and "base64_string" in value else {"string": text(value)}


def text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def interaction(
    asked: Any = "", said: Any = "", url: str = CHAT, method: str = "POST", status: int = 200, **headers: Any
) -> dict[str, Any]:
    """An interaction as vcrpy's JSON serializer writes it."""
    kind = (
        "text/event-stream"
        if isinstance(said, str) and said.startswith(("data:", "event:", ":"))
        else "application/json"
    )
    names = {name.replace("_", "-"): [value] for name, value in headers.items()}
    return {
        "request": {"method": method, "uri": url, "body": text(asked), "headers": {"Accept": ["*/*"]}},
        "response": {
            "status": {"code": status, "message": "OK"},
            "headers": {"Content-Type": [kind], **names},
            "body": body(said),
        },
    }


def _with(entry: dict[str, Any], side: str, **fields: Any) -> dict[str, Any]:
    """An interaction with other fields on one side."""
    return entry | {side: entry[side] | fields}


def cassette(*interactions: dict[str, Any]) -> Cassette:
    data = {"version": 1, "interactions": interactions}
    return read_cassette(Document("a.json", json.dumps(data).encode()))


def prompt(words: str = "How is it?", **settings: Any) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": words}], **settings}


def reply(
    words: str | None = "It is fine.", calls: list[dict[str, Any]] | None = None, **more: Any
) -> dict[str, Any]:
    message = {"role": "assistant", "content": words} | ({"tool_calls": calls} if calls else {})
    return {
        "id": "chatcmpl-9aB8cD7eF6gH5iJ4",
        "object": "chat.completion",
        "created": 1755097563,
        "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13},
        "system_fingerprint": "fp_51b9c32e14",
        **more,
    }


def call(
    arguments: str = '{"city":"Rome","days":3}', name: str = "weather", id_: str = OLD_ID
) -> dict[str, Any]:
    return {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}


def stream(*pieces: str, finish: str = "stop", **more: Any) -> str:
    """A streamed reply whose text comes in these pieces."""
    head = {
        "id": "chatcmpl-9aB8cD7eF6gH5iJ4",
        "object": "chat.completion.chunk",
        "created": 1755097563,
        **more,
    }
    deltas = [{"role": "assistant", "content": ""}, *({"content": piece} for piece in pieces)]
    events = [head | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    events.append(head | {"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
    return "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"


def responses_stream(*pieces: str) -> str:
    """A Responses stream, which says its text three times and numbers its events."""
    item: dict[str, Any] = {"id": "msg_1aB2cD3eF4gH", "type": "message", "role": "assistant"}
    place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    whole = {"type": "output_text", "text": "".join(pieces), "annotations": []}
    done = item | {"status": "completed", "content": [whole]}
    response = {"id": "resp_1aB2cD3eF4gH", "object": "response", "status": "in_progress", "output": []}
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": response},
        {"type": "response.output_item.added", "output_index": 0, "item": item | {"content": []}},
        *(
            {"type": "response.output_text.delta", **place, "delta": piece, "obfuscation": "x" * len(piece)}
            for piece in pieces
        ),
        {"type": "response.output_text.done", **place, "text": "".join(pieces)},
        {"type": "response.output_item.done", "output_index": 0, "item": done},
        {"type": "response.completed", "response": response | {"status": "completed", "output": [done]}},
    ]
    return "".join(
        f"event: {event['type']}\ndata: {json.dumps(event | {'sequence_number': number})}\n\n"
        for number, event in enumerate(events)
    )


def responds(*pieces: str) -> dict[str, Any]:
    asked = {"model": "gpt-4o", "input": "How is it?"}
    return interaction(asked, responses_stream(*pieces), "https://api.openai.com/v1/responses")


def differ(old: Any, new: Any, scope: Scope = Scope()) -> Difference:  # noqa: B008
    """The difference of two cassettes, each given by its interactions or by the one that it has."""
    one, two = (cassette(*(side if isinstance(side, list) else [side])) for side in (old, new))
    return compare(one, two, scope)


def told(difference: Difference) -> list[tuple[str, Any, Any]]:
    changes = (change for pairing in difference.pairings for change in pairing.changes)
    return [(change.where, change.old, change.new) for change in changes]


def rules(difference: Difference) -> set[str]:
    return {masked.rule for pairing in difference.pairings for masked in pairing.masked}


def kinds(difference: Difference) -> list[str]:
    return [str(pairing.kind) for pairing in difference.pairings]


def asks(value: Any) -> dict[str, Any]:
    return interaction(value, reply())


def says(value: Any, **headers: Any) -> dict[str, Any]:
    return interaction(prompt(), value, **headers)


def gets(value: Any, url: str = "https://api.example.com/things") -> dict[str, Any]:
    return interaction("", value, url, "GET")


# -- nothing changed -----------------------------------------------------------------------------------

PACKED = b64encode(gzip.compress(text(reply()).encode(), mtime=0)).decode()

SAME = {
    "the same": (says(reply()), says(reply())),
    "no interaction at all": ([], []),
    "other spaces in JSON": (says(text(reply())), says(json.dumps(reply(), indent=2))),
    "keys in another order": (gets({"a": 1, "b": [True]}), gets({"b": [True], "a": 1})),
    "one number in two forms": (gets({"a": 1}), gets('{"a": 1.0}')),
    "compressed or not": (says(reply()), says({"base64_string": PACKED}, Content_Encoding="gzip")),
    "a stream cut elsewhere": (says(stream("It is", " fine.")), says(stream("It", " is fi", "ne."))),
    "a stream that repeats itself": (says(stream("ha", "ha", "ha")), says(stream("haha", "ha"))),
    "a Responses stream cut elsewhere": (
        responds("It is", " fine."),
        responds("It", " is fi", "ne."),
    ),
    "comments and pings in a stream": (says(stream("It is")), says(": ping\n\n" + stream("It is"))),
    "arguments with other spaces": (
        says(reply(None, [call('{"city":"Rome"}')])),
        says(reply(None, [call('{ "city": "Rome" }')])),
    ),
    "header names in another case": (says(reply(), x_a="1"), says(reply(), X_A="1")),
}


@pytest.mark.parametrize(("old", "new"), SAME.values(), ids=SAME)
def test_is_silent_where_the_meaning_stayed(old: Any, new: Any) -> None:
    for difference in (differ(old, new), differ(new, old)):
        assert difference.same
        assert not told(difference)


NOISY = {
    "volatile-id": (says(reply()), says(reply(id="chatcmpl-1kL2mN3oP4qR5sT6"))),
    "timestamp": (says(reply()), says(reply(created=1782321905))),
    "fingerprint": (says(reply()), says(reply(system_fingerprint="fp_179b0f92c9"))),
    "usage": (says(reply()), says(reply(usage={"prompt_tokens": 10, "total_tokens": 14}))),
    "tool-call-id": (says(reply(None, [call()])), says(reply(None, [call(id_=NEW_ID)]))),
    "request-id": (says(reply(), X_Request_Id="req_1"), says(reply(), X_Request_Id="req_2")),
    "cookie": (says(reply(), Set_Cookie="a=1"), says(reply())),
    "provider": (says(reply(provider="OpenAI")), says(reply(provider="Azure"))),
}


@pytest.mark.parametrize(("rule", "pair"), NOISY.items(), ids=NOISY)
def test_lets_noise_pass_and_keeps_it_to_be_counted(rule: str, pair: tuple[Any, Any]) -> None:
    difference = differ(*pair)
    assert difference.same
    assert rules(difference) == {rule}
    assert not differ(*pair, Scope(noise=DEFAULT - {rule})).same


def test_with_all_rules_off_every_difference_is_a_change() -> None:
    old, new = says(reply()), says(reply(id="chatcmpl-1kL2mN3oP4qR5sT6", created=1782321905))
    difference = differ(old, new, Scope(noise=frozenset()))
    assert {where for where, _, _ in told(difference)} == {"response.body/id", "response.body/created"}
    assert not rules(difference)


# -- just what changed ---------------------------------------------------------------------------------

TWO = [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
OTHER = {"type": "function", "function": {"name": "news", "description": "What is new?"}}

CUT = stream("It is").partition('"finish_reason": "stop"')[0]
BROKEN = CUT.rpartition("data: ")[2]

CHANGES = {
    "the method": (
        gets(""),
        interaction("", "", "https://api.example.com/things", "DELETE"),
        [("request.method", "GET", "DELETE")],
    ),
    "a parameter of the URL": (
        gets({}, "https://a.io/b?q=x"),
        gets({}, "https://a.io/b?q=y"),
        [("request.url", "https://a.io/b?q=x", "https://a.io/b?q=y")],
    ),
    "the status": (
        says(reply()),
        interaction(prompt(), reply(), status=201),
        [("response.status", 200, 201)],
    ),
    "a header": (says(reply(), X_A="1"), says(reply(), X_A="2"), [("response.headers.X-A", "1", "2")]),
    "a header that came": (says(reply()), says(reply(), X_A="2"), [("response.headers.X-A", ABSENT, "2")]),
    "a word of a message": (
        asks(prompt("How is it?")),
        asks(prompt("How was it?")),
        [("request.body/messages/0/content", "How is it?", "How was it?")],
    ),
    "a message put in": (
        asks(prompt() | {"messages": TWO}),
        asks(prompt() | {"messages": [TWO[0], {"role": "assistant", "content": "c"}, TWO[1]]}),
        [("request.body/messages/1", ABSENT, {"role": "assistant", "content": "c"})],
    ),
    "a message taken out": (
        asks(prompt() | {"messages": TWO}),
        asks(prompt() | {"messages": TWO[1:]}),
        [("request.body/messages/0", TWO[0], ABSENT)],
    ),
    "a tool": (
        asks(prompt(tools=[TOOL])),
        asks(prompt(tools=[TOOL, OTHER])),
        [("request.body/tools/1", ABSENT, OTHER)],
    ),
    "a setting": (
        asks(prompt(temperature=0)),
        asks(prompt(temperature=0.5)),
        [("request.body/temperature", 0, 0.5)],
    ),
    "a setting that went": (asks(prompt(n=1)), asks(prompt()), [("request.body/n", 1, ABSENT)]),
    "true is no 1": (asks(prompt(stop=True)), asks(prompt(stop=1)), [("request.body/stop", True, 1)]),
    "null is not nothing": (asks(prompt(stop=None)), asks(prompt()), [("request.body/stop", None, ABSENT)]),
    "a word of the reply": (
        says(reply("It is fine.")),
        says(reply("It is bad.")),
        [("reply.text", "It is fine.", "It is bad.")],
    ),
    "a word of a streamed reply": (
        says(stream("It is", " fine.")),
        says(stream("It", " is bad.")),
        [("reply.text", "It is fine.", "It is bad.")],
    ),
    "a word that a Responses stream says three times": (
        responds("It is", " fine."),
        responds("It", " is bad."),
        [("reply.text", "It is fine.", "It is bad.")],
    ),
    "JSON in a reply": (
        says(reply('{"a": 1}')),
        says(reply('{"a": 2}')),
        [("reply.text", '{"a": 1}', '{"a": 2}')],
    ),
    "an argument": (
        says(reply(None, [call('{"city":"Rome","days":3}')])),
        says(reply(None, [call('{"city":"Oslo","days":3}')])),
        [("reply.tool_calls[0].arguments.city", "Rome", "Oslo")],
    ),
    "arguments that are no JSON": (
        says(reply(None, [call('{"city":"Ro')])),
        says(reply(None, [call('{"city":"Rom')])),
        [("reply.tool_calls[0].raw_arguments", '{"city":"Ro', '{"city":"Rom')],
    ),
    "the tool that is called": (
        says(reply(None, [call(name="weather")])),
        says(reply(None, [call(name="news")])),
        [("reply.tool_calls[0].name", "weather", "news")],
    ),
    "another call": (
        says(reply(None, [call()])),
        says(reply(None, [call(), call("{}", "news", NEW_ID)])),
        [("reply.tool_calls[1]", ABSENT, {"id": NEW_ID, "name": "news", "arguments": {}})],
    ),
    "the finish reason": (
        says(stream("It is")),
        says(stream("It is", finish="length")),
        [("finish_reason", "stop", "length")],
    ),
    "a field that no one knows": (
        says(reply(mood="good")),
        says(reply(mood="bad")),
        [("response.body/mood", "good", "bad")],
    ),
    "a field of a stream that no one knows": (
        says(stream("It", " is", mood="good")),
        says(stream("It is", mood="bad")),
        [("response.body[*]/mood", "good", "bad")],
    ),
    "two fields of a stream that change alike": (
        says(stream("It is", mood="good", health="good")),
        says(stream("It is", mood="bad", health="bad")),
        [("response.body[*]/mood", "good", "bad"), ("response.body[*]/health", "good", "bad")],
    ),
    "a known value in a field that no one knows": (
        says(reply("It is fine.", mood="stop")),
        says(reply("It is bad.", mood="length")),
        [("reply.text", "It is fine.", "It is bad."), ("response.body/mood", "stop", "length")],
    ),
    "a stream that is none any more": (
        says(stream("It is")),
        says(reply("It is", model=None)),
        [
            ("response.headers.Content-Type", "text/event-stream", "application/json"),
            ("reply.streamed", True, False),
        ],
    ),
    "a stream that breaks off": (
        says(stream("It is")),
        says(CUT),
        [
            ("finish_reason", "stop", ABSENT),
            ("reply.complete", True, False),
            ("reply.problems", [], ["the stream is cut: its last event is broken off"]),
            ("response.body[*]", "[DONE]", BROKEN),
        ],
    ),
    "an id that became a sentence": (
        says(reply()),
        says(reply(id="there is no id today")),
        [("response.body/id", "chatcmpl-9aB8cD7eF6gH5iJ4", "there is no id today")],
    ),
    "text": (gets("one two"), gets("one three"), [("response.body", "one two", "one three")]),
    "a body that came": (gets(""), gets({"a": 1}), [("response.body", ABSENT, {"a": 1})]),
    "an element of a list": (gets({"a": [1, 2, 3]}), gets({"a": [1, 9, 3]}), [("response.body/a/1", 2, 9)]),
    "a key with a slash": (
        gets({"a/b": {"~": 1}}),
        gets({"a/b": {"~": 2}}),
        [("response.body/a~1b/~0", 1, 2)],
    ),
}


@pytest.mark.parametrize(("old", "new", "changes"), CHANGES.values(), ids=CHANGES)
def test_tells_just_what_changed(old: Any, new: Any, changes: list[tuple[str, Any, Any]]) -> None:
    difference = differ(old, new)
    assert kinds(difference) == ["changed"]
    assert told(difference) == changes
    back = [(where, was, now) for where, now, was in told(differ(new, old))]
    assert len(back) == len(changes)


def test_a_change_of_a_reply_is_told_once_and_noise_beside_it_is_none() -> None:
    old = says(reply("It is fine.", usage={"prompt_tokens": 9, "completion_tokens": 4}))
    new = says(reply("It is bad.", usage={"prompt_tokens": 9, "completion_tokens": 5}))
    difference = differ(old, new)
    assert told(difference) == [("reply.text", "It is fine.", "It is bad.")]
    assert rules(difference) == {"usage"}


MESSAGES = "https://api.anthropic.com/v1/messages"


def claude(words: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    """A reply of Anthropic's, some blocks before its text."""
    said = {"id": "msg_01WUQ4q2kHhNVGdPSr4ChBMc", "type": "message", "role": "assistant", "model": "claude"}
    content = [*blocks, {"type": "text", "text": words}]
    return interaction(prompt(), said | {"content": content, "stop_reason": "end_turn"}, MESSAGES)


def searches(query: str) -> dict[str, Any]:
    return {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": query}}


def outputs(words: str, **more: Any) -> dict[str, Any]:
    item = {"id": "msg_1aB2cD3eF4gH", "type": "message", "role": "assistant", **more}
    item["content"] = [{"type": "output_text", "text": words, "annotations": []}]
    said = {"id": "resp_1aB2cD3eF4gH", "object": "response", "status": "completed", "output": [item]}
    return interaction({"model": "gpt-4o", "input": "?"}, said, "https://api.openai.com/v1/responses")


def says_with(words: str, message: dict[str, Any], choice: dict[str, Any]) -> dict[str, Any]:
    said = reply(words)
    said["choices"][0]["message"] |= message
    said["choices"][0] |= choice
    return says(said)


def when(new: bool, **more: Any) -> dict[str, Any]:
    return more if new else {}


FLAG = {"id": "flag_1aB2cD3eF4", "type": "flag", "status": "open"}
HATE: dict[str, Any] = {"status": "blocked", "type": "hate"}
BESIDE = {  # each with the words of the reply, and what changes beside them
    "nothing": (lambda words, _: says(reply(words)), set()),
    "a refusal": (
        lambda words, new: says_with(words, {"refusal": "No, that is wrong." if new else None}, {}),
        {"reply.parts[1]"},
    ),
    "a call that the server ran": (
        lambda words, new: claude(words, searches("boats" if new else "cars")),
        {"reply.parts[0].arguments.query"},
    ),
    "a block that no one knows": (
        lambda words, new: claude(words, *[{"type": "container_upload", "status": "failed"}] * new),
        {"response.body/content/0"},
    ),
    "a field of the same values": (
        lambda words, _: says(reply(words, risk=words)),
        {"response.body/risk"},
    ),
    "a field that shares its words": (
        lambda words, _: says(reply(words, verdict=f"verdict: {words} indeed")),
        {"response.body/verdict"},
    ),
    "an object that came": (
        lambda words, new: says(reply(words, **when(new, flag=FLAG))),
        {"response.body/flag"},
    ),
    "a status that came": (
        lambda words, new: says(reply(words, **when(new, status="completed"))),
        {"response.body/status"},
    ),
    "a status of an item that came": (
        lambda words, new: outputs(words, **when(new, status="completed")),
        {"response.body/output/0/status"},
    ),
    "an object of a stream that came": (
        lambda words, new: says(stream(words, **when(new, moderation=HATE))),
        {"response.body[*]/moderation/status", "response.body[*]/moderation/type"},
    ),
    "a place that came": (
        lambda words, new: says_with(words, {}, {"place": 1} if new else {}),
        {"response.body/choices/0/place"},
    ),
}


@pytest.mark.parametrize(("make", "wheres"), BESIDE.values(), ids=BESIDE)
def test_what_changes_beside_the_words_of_a_reply_is_told_with_them(make: Any, wheres: set[str]) -> None:
    for old, new in ((False, True), (True, False)):
        words = {False: "low and low", True: "high and low"}
        found = [where for where, _, _ in told(differ(make(words[old], old), make(words[new], new)))]
        assert sorted(found) == sorted({"reply.text"} | wheres)


@pytest.mark.parametrize("gone", ["role", "index"])
def test_a_role_or_a_place_that_went_is_told_beside_the_words(gone: str) -> None:
    old, new = reply("low"), reply("high")
    (new["choices"][0]["message"] if gone == "role" else new["choices"][0]).pop(gone)
    found = [where for where, _, _ in told(differ(says(old), says(new)))]
    assert len(found) == 2
    assert found[1].endswith(gone)


def test_long_replies_of_one_letter_are_compared_in_no_time() -> None:
    start = time.perf_counter()
    assert (
        len(told(differ(says(reply("a" * 200_000)), says(reply("a" * 100_000 + "b" + "a" * 100_000))))) == 1
    )
    assert len(told(differ(says(stream("a" * 200_000)), says(stream("a" * 100, "b", "a" * 200_000))))) == 1
    assert time.perf_counter() - start < 5


def test_binary_is_told_by_size_and_hash() -> None:
    one, two = ({"base64_string": b64encode(data).decode()} for data in (b"\xff\0\1", b"\xff\0\1\2"))
    ((where, old, new),) = told(differ(gets(one), gets(two)))
    assert (where, old["size"], new["size"]) == ("response.body", 3, 4)
    assert old["sha256"] != new["sha256"]


# -- interactions put together -------------------------------------------------------------------------

A, B, C, D, E = (
    interaction(prompt(words), reply(f"You said: {words}"))
    for words in ("apples", "boats", "clouds", "dogs", "elks")
)

ORDERS = {
    "nothing": ([], [], []),
    "one more at the end": ([A, B], [A, B, C], ["same", "same", "added"]),
    "one more in front": ([A, B], [C, A, B], ["added", "same", "same"]),
    "one more between": ([A, B], [A, C, B], ["same", "added", "same"]),
    "one less": ([A, B, C], [A, C], ["same", "removed", "same"]),
    "all gone": ([A, B], [], ["removed", "removed"]),
    "two exchanged": ([A, B], [B, A], ["same", "moved"]),
    "the last in front": ([A, B, C, D], [D, A, B, C], ["moved", "same", "same", "same"]),
    "the first behind": ([A, B, C, D], [B, C, D, A], ["same", "same", "same", "moved"]),
    "one of several alike more": ([A, A], [A, A, A], ["same", "same", "added"]),
    "one moved, one more": ([A, B, C], [C, A, D, B], ["moved", "same", "added", "same"]),
}


@pytest.mark.parametrize(("old", "new", "wanted"), ORDERS.values(), ids=ORDERS)
def test_an_insertion_or_a_reordering_is_shown_as_just_that(
    old: list[Any], new: list[Any], wanted: list[str]
) -> None:
    found = kinds(differ(old, new))
    assert sorted(found) == sorted(wanted)
    if "moved" not in wanted:
        assert found == wanted
    assert not told(differ(old, new))


def test_a_cassette_on_one_side_only_is_added_or_removed_whole() -> None:
    assert kinds(compare(None, cassette(A, B))) == ["added", "added"]
    assert kinds(compare(cassette(A), None)) == ["removed"]
    assert compare(None, None).same


def test_a_changed_request_stays_itself_where_others_come_and_go() -> None:
    changed = interaction(prompt("boats and ships"), reply("You said: boats"))
    difference = differ([A, B, C], [D, A, changed, C])
    assert kinds(difference) == ["added", "same", "changed", "same"]
    assert told(difference) == [("request.body/messages/0/content", "boats", "boats and ships")]


def test_of_the_same_request_asked_again_and_again_the_replies_tell_which_is_which() -> None:
    polls = [
        gets({"status": word, "step": step})
        for step, word in enumerate(("queued", "running", "stopping", "done"))
    ]
    assert kinds(differ(polls, polls[1:])) == ["removed", "same", "same", "same"]
    late = gets({"status": "done", "step": 9})
    assert told(differ(polls, [*polls[:3], late])) == [("response.body/step", 3, 9)]


def test_an_id_in_the_path_does_not_part_what_belongs_together() -> None:
    one, two = (
        gets({"a": 1}, f"https://a.io/things/{id_}/parts") for id_ in ("thing_1aB2cD3eF4", "thing_9zY8xW7vU6")
    )
    assert differ([one, A], [two, A]).same


def test_another_host_is_a_change_of_the_url() -> None:
    one, two = (gets({"a": 1, "b": "one two"}, f"https://{host}/things") for host in ("a.io", "b.io"))
    assert told(differ(one, two)) == [("request.url", "https://a.io/things", "https://b.io/things")]


def test_hundreds_of_interactions_are_put_together_in_no_time() -> None:
    olds = [interaction(prompt(f"number {n} of many words"), reply(f"{n}")) for n in range(400)]
    news = [interaction(prompt(f"number {n} of many other words"), reply(f"{n}")) for n in range(3, 400)]
    start = time.perf_counter()
    found = kinds(differ(olds, news))
    assert found.count("changed") >= 390
    assert time.perf_counter() - start < 20  # of which most is spent on bodies


@given(st.lists(st.integers(0, 6), max_size=12), st.lists(st.integers(0, 6), max_size=12))
def test_every_entry_is_put_somewhere_once_and_as_few_as_can_be_move(old: list[int], new: list[int]) -> None:
    aligner = Aligner(len(old), len(new))
    aligner.equal(old, new)
    aligner.crossing(old, new)
    pairs = aligner.in_order()
    assert sorted(i for i, _ in pairs if i is not None) == list(range(len(old)))
    assert [j for _, j in pairs if j is not None] == list(range(len(new)))
    assert all(old[i] == new[j] for i, j in pairs if i is not None and j is not None)
    together = sorted((i, j) for i, j in pairs if i is not None and j is not None)
    assert len(together) == sum(min(old.count(n), new.count(n)) for n in set(old))
    assert len(aligner.moved()) == len(together) - len(rising([j for _, j in together]))


# -- ids that must go together -------------------------------------------------------------------------


def turn(call_id: str, result_id: str) -> dict[str, Any]:
    """A request that hands back what a tool gave."""
    messages = [
        {"role": "user", "content": "How is it?"},
        {"role": "assistant", "tool_calls": [call(id_=call_id)]},
        {"role": "tool", "tool_call_id": result_id, "content": "fine"},
    ]
    return interaction({"model": "gpt-4o", "messages": messages}, reply("It is fine."))


def calls(call_id: str) -> dict[str, Any]:
    return says(reply(None, [call(id_=call_id)]))


def thread(id_: str, step: str) -> dict[str, Any]:
    return interaction(
        {"step": step}, {"thread_id": id_, "ok": True}, f"https://a.io/v1/threads/{id_}/{step}"
    )


ONE, TWO_, THREE, FOUR = "thread_1aB2cD3eF4", "thread_9zY8xW7vU6", "thread_5rQ4pO3nM2", "thread_7hG6fE5dC4"


def test_ids_may_be_renamed_as_long_as_they_are_renamed_alike() -> None:
    difference = differ([calls(OLD_ID), turn(OLD_ID, OLD_ID)], [calls(NEW_ID), turn(NEW_ID, NEW_ID)])
    assert difference.same
    assert rules(difference) == {"tool-call-id"}
    assert differ([thread(ONE, "a"), thread(ONE, "b")], [thread(TWO_, "a"), thread(TWO_, "b")]).same


def test_a_result_that_no_longer_names_its_call_is_a_change() -> None:
    lost = "call_5rQ4pO3nM2lK1jI0"
    wanted = [("request.body/messages/2/tool_call_id", OLD_ID, lost)]
    assert told(differ([calls(OLD_ID), turn(OLD_ID, OLD_ID)], [calls(OLD_ID), turn(OLD_ID, lost)])) == wanted
    assert told(differ([calls(OLD_ID), turn(OLD_ID, OLD_ID)], [calls(NEW_ID), turn(NEW_ID, lost)])) == wanted
    assert told(differ(turn("call_1", "call_1"), turn("call_1", "call_2"))) == [
        ("request.body/messages/2/tool_call_id", "call_1", "call_2")
    ]


def test_requests_that_no_longer_share_a_thread_are_a_change() -> None:
    difference = differ([thread(ONE, "a"), thread(ONE, "b")], [thread(TWO_, "a"), thread(THREE, "b")])
    assert [where for where, _, _ in told(difference)] == ["request.url", "response.body/thread_id"]
    assert kinds(difference) == ["same", "changed"]
    both = differ([thread(ONE, "a"), thread(TWO_, "b")], [thread(THREE, "a"), thread(THREE, "b")])
    assert kinds(both) == ["same", "changed"]


def test_requests_that_no_longer_send_the_session_that_a_reply_gave_are_a_change() -> None:
    def session(given: str, sent: str) -> list[dict[str, Any]]:
        second = interaction({"step": 2}, {"ok": True}, "https://a.io/mcp")
        second["request"]["headers"]["mcp-session-id"] = [sent]
        return [interaction({"step": 1}, {"ok": True}, "https://a.io/mcp", mcp_session_id=given), second]

    old, new, other = "1aB2cD3eF4gH5iJ6", "9zY8xW7vU6tS5rQ4", "5rQ4pO3nM2lK1jI0"
    assert differ(session(old, old), session(new, new)).same
    for made in (session(new, other), session(old, other)):
        assert told(differ(session(old, old), made)) == [("request.headers.mcp-session-id", old, other)]
    assert not differ(session(old, old), session(other, old)).same


PLAIN = {
    "memory_usage": (1, 2), "price_per_second": (1, 2), "provider": ("a", "b"), "cost": (1, 2),
    "context": (1, 2), "departure_date": ("2026-08-19T14:38:15Z", "2026-03-12T18:08:22Z"),
    "p": ("a", "b"), "tokens": (1, 2),
}  # fmt: skip


@pytest.mark.parametrize("name", PLAIN)
def test_a_figure_in_a_reply_that_no_dialect_reads_is_the_matter_itself(name: str) -> None:
    old, new = PLAIN[name]
    assert told(differ(gets({name: old}), gets({name: new}))) == [(f"response.body/{name}", old, new)]


def test_dates_and_counted_tokens_of_such_a_reply_are_noise_all_the_same() -> None:
    assert differ(gets({"created_at": 1755097563}), gets({"created_at": 1782321905})).same
    assert differ(gets({"input_tokens": 14}), gets({"input_tokens": 21})).same


def test_ids_that_no_request_holds_may_be_as_they_like() -> None:
    twice = [says(reply("a")), says(reply("b"))]
    once = [
        says(reply("a", id="chatcmpl-1kL2mN3oP4qR5sT6")),
        says(reply("b", id="chatcmpl-2mN3oP4qR5sT6uV7")),
    ]
    assert differ(twice, once).same


def test_an_id_that_is_quoted_under_another_name_is_renamed_with_it() -> None:
    def pair(id_: str) -> list[dict[str, Any]]:
        return [gets({"id": id_}), interaction({"image": id_}, {"ok": True}, "https://a.io/v1/use")]

    assert differ(pair(ONE), pair(TWO_)).same
    assert told(differ(pair(ONE), [pair(TWO_)[0], pair(THREE)[1]])) == [("request.body/image", ONE, THREE)]


# -- what is asked for ---------------------------------------------------------------------------------

ALL = (
    interaction(prompt("a"), reply("a"), X_A="1"),
    interaction(prompt("b"), reply("b", usage={"prompt_tokens": 7}), X_A="2"),
)
PARTS = {
    "request": {"request.body/messages/0/content"},
    "reply": {"reply.text"},
    "headers": {"response.headers.X-A"},
    "usage": {"usage.input_tokens", "usage.output_tokens", "usage.total_tokens"},
    "timing": set(),
}


@pytest.mark.parametrize(("part", "wanted"), PARTS.items(), ids=PARTS)
def test_only_what_is_asked_for_is_compared(part: str, wanted: set[str]) -> None:
    assert {where for where, _, _ in told(differ(*ALL, Scope(only=frozenset((part,)))))} == wanted
    rest = {where for where, _, _ in told(differ(*ALL, Scope(ignore=frozenset((part,)))))}
    assert not rest & wanted
    assert rest == {
        where for name in ("request", "reply", "headers") if name != part for where in PARTS[name]
    }


# -- input that no one should send ---------------------------------------------------------------------


def nested(depth: int, end: str) -> str:
    return '{"a":' * depth + end + "}" * depth


@pytest.mark.parametrize("depth", [10, 150, 900, 5000])
def test_deep_values_are_compared_all_the_same(depth: int) -> None:
    difference = differ(gets(nested(depth, "1")), gets(nested(depth, "2")))
    assert kinds(difference) == ["changed"]
    assert len(told(difference)) == 1


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "choices",
                    "message",
                    "usage",
                    "delta",
                    "tool_calls",
                    "content",
                    "type",
                    "error",
                    "a/b",
                    "",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(ODD, ODD)
def test_odd_values_never_raise_and_differ_unless_they_are_equal(old: Any, new: Any) -> None:
    for make in (says, asks):
        difference = differ(make(json.dumps(old)), make(json.dumps(new)), Scope(noise=frozenset()))
        assert difference.same is (_shape(old) == _shape(new)) or (old in ("", None) or new in ("", None))
        assert differ(make(json.dumps(old)), make(json.dumps(copy.deepcopy(old)))).same


def _shape(value: Any) -> str:
    """JSON in one form: keys sorted, 1.0 as 1."""
    return json.dumps(json.loads(json.dumps(value), parse_float=_number), sort_keys=True)


def _number(digits: str) -> float | int:
    number = float(digits)
    return int(number) if number.is_integer() else number


@settings(max_examples=100, deadline=None)
@given(st.lists(ODD, max_size=4), st.lists(ODD, max_size=4))
def test_odd_streams_never_raise(old: list[Any], new: list[Any]) -> None:
    streams = [
        "".join(f"data: {json.dumps(event)}\n\n" for event in events) or "data: 1\n\n"
        for events in (old, new)
    ]
    differ(says(streams[0]), says(streams[1]))
    assert differ(says(streams[0]), says(streams[0])).same


# -- what a file has besides the messages ----------------------------------------------------------------

ENTRY = interaction(prompt(), reply())
GOVCR_TRACK = {"Request": {"Method": "GET", "URL": {"Scheme": "https", "Host": "a.io", "Path": "/b"}}}
STORED: tuple[tuple[str, str, Any, Any], ...] = (  # where, which file, without the change and with it
    ("stored/note", "vcrpy", ENTRY, ENTRY | {"note": "flaky"}),
    (
        "stored/response/status/message",
        "vcrpy",
        ENTRY,
        _with(ENTRY, "response", status={"code": 200, "message": "Fine"}),
    ),
    ("file/metadata", "vcrpy file", {}, {"metadata": "by hand"}),
    ("stored/response/type", "exvcr", {"type": "ok"}, {"type": "error"}),
    ("stored/scenarioName", "wiremock", {}, {"scenarioName": "boats"}),
    ("stored/request/bodyPatterns/0/ignoreArrayOrder", "wiremock", {"order": True}, {"order": False}),
)


def _stored(kind: str, more: Any) -> Cassette:
    data: Any
    if kind == "vcrpy":
        data = {"version": 1, "interactions": [more]}
    elif kind == "vcrpy file":
        data = {"version": 1, "interactions": [ENTRY]} | more
    elif kind == "exvcr":
        asked: Any = {"url": "https://a.io/", "method": "get", "headers": [], "body": "", "options": []}
        data = [{"request": asked, "response": {"status_code": 200, "headers": [], "body": "x", **more}}]
    else:
        patterns = [{"equalToJson": "{}", "ignoreArrayOrder": more.pop("order", True)}]
        asked = {"url": "/boats", "method": "POST", "bodyPatterns": patterns}
        data = {"request": asked, "response": {"status": 200, "body": "x"}, **more}
    return read_cassette(Document("a.json", json.dumps(data).encode()))


@pytest.mark.parametrize(
    ("where", "kind", "old", "new"), STORED, ids=[f"{row[1]}-{row[0]}" for row in STORED]
)
def test_what_the_model_does_not_carry_is_compared(where: str, kind: str, old: Any, new: Any) -> None:
    difference = compare(_stored(kind, dict(old)), _stored(kind, dict(new)))
    changes = [*difference.changes, *(one for pairing in difference.pairings for one in pairing.changes)]
    assert [change.where for change in changes] == [where]
    assert not difference.same
    assert compare(_stored(kind, dict(new)), _stored(kind, dict(new))).same


def test_the_order_of_text_and_reasoning_in_a_stream_is_compared() -> None:
    blocks = [("thinking", "thinking", "Hm, Rome."), ("text", "text", "It is fine.")]
    sides = [cassette(interaction(prompt(), _blocks(order))) for order in (blocks, blocks[::-1])]
    changes = compare(sides[0], sides[1]).pairings[0].changes
    assert ("reply.parts", ["reasoning", "text"], ["text", "reasoning"]) in changes


def _blocks(blocks: list[tuple[str, str, str]]) -> str:
    """A stream of Anthropic's Messages."""
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {"role": "assistant", "content": []}}
    ]
    for index, (kind, field, words) in enumerate(blocks):
        events += [
            {"type": "content_block_start", "index": index, "content_block": {"type": kind, field: ""}},
            {"type": "content_block_delta", "index": index, "delta": {"type": f"{kind}_delta", field: words}},
            {"type": "content_block_stop", "index": index},
        ]
    events.append({"type": "message_stop"})
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)


def test_what_a_recorder_notes_for_itself_is_noise() -> None:
    olds = [ENTRY | {"id": 0, "request": ENTRY["request"] | {"proto": "HTTP/1.1"}}]
    news = [ENTRY | {"id": 4, "request": ENTRY["request"] | {"proto": "HTTP/2.0"}}]
    difference = compare(cassette(*olds), cassette(*news))
    assert difference.same
    assert [masked.rule for masked in difference.pairings[0].masked] == ["recorder-note"] * 2


def test_what_says_a_change_once_more_is_told_once() -> None:
    status = {"code": 404, "message": "Not Found"}
    difference = compare(cassette(ENTRY), cassette(_with(ENTRY, "response", status=status)))
    assert [change.where for change in difference.pairings[0].changes] == ["response.status"]


# -- real cassettes ------------------------------------------------------------------------------------


@needs_corpus
@pytest.mark.parametrize("kind", proof_diff.WAYS)
def test_keeps_its_promises_on_real_cassettes(kind: str) -> None:
    counts, faults = proof_diff.prove(sample(30, seed=5), proof_diff.WAYS[kind])
    assert counts.total() > 10
    assert not faults

"""Each noise rule lets pass what it names and nothing else, wherever a cassette has it."""

import pytest

from cassette_cli.rules.noise import DEFAULT, IDS, NOISE, Noise, ids_in, spot_of, told_apart_by, without_noise
from cassette_cli.rules.volatile import MASK, Value, is_random
from cassette_cli.source.tree import Json

Case = tuple[Noise, str, Value, Value]
MISSES = [(rule, *example) for rule in NOISE for example in rule.misses]
HITS = [(rule, *example) for rule in NOISE for example in rule.hits]


def _id(case: object) -> str | None:
    return case.id if isinstance(case, Noise) else case if isinstance(case, str) else None


# -- what is no noise ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "where", "old", "new"), MISSES, ids=_id)
def test_a_miss_differs_in_more_than_any_noise(rule: Noise, where: str, old: Value, new: Value) -> None:
    assert not told_apart_by(spot_of(where), old, new, DEFAULT)
    assert not told_apart_by(spot_of(where), new, old, DEFAULT)
    assert not rule.matches(where, spot_of(where).name, old, new)


NEVER = (  # what diff promises never to ignore, whatever stands there
    "request.method", "request.body/model", "request.body/temperature", "request.body/messages/0/content",
    "request.body/tools/0/name", "response.status", "reply.text", "reply.reasoning",
    "reply.tool_calls[0].arguments.id", "reply.tool_calls[0].arguments.created_at", "finish_reason",
    "response.body/choices/0/message/content", "response.body/unheard_of", "request.headers.Accept",
    "reply.tool_calls[0].name",
)  # fmt: skip
VALUES = (
    ("chatcmpl-9aB8cD7eF6gH5iJ4", "chatcmpl-1kL2mN3oP4qR5sT6"),
    ("2026-08-19T14:38:15Z", "2026-03-12T18:08:22Z"),
    (1755097563, 1782321905),
    (0.25, 0.5),
)


@pytest.mark.parametrize("where", NEVER)
@pytest.mark.parametrize(("old", "new"), VALUES, ids=str)
def test_what_matters_is_never_noise(where: str, old: Value, new: Value) -> None:
    assert not told_apart_by(spot_of(where), old, new, DEFAULT)


WORDS = (  # what people and vendors think up: names of models and tools, dates, versions, words
    "gpt-4o-mini-2024-07-18", "claude-sonnet-4-20250514", "anthropic.claude-3-haiku-20240307-v1:0",
    "GetWeatherForecastToday", "functions.weather:0", "call_1", "text-embedding-3-small", "en-US", "20250514",
    "REDACTED_REDACTED", "<REQUEST_ID>", "00000000-0000-0000-0000-000000000000", "meta-llama/Llama-3.3-70B",
    "application/json", "internationalization", "user@example.com", "", "get_weather",
)  # fmt: skip


@pytest.mark.parametrize("text", WORDS)
def test_a_word_is_not_random(text: str) -> None:
    assert not is_random(text)


# -- what is noise -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("rule", "where", "old", "new"), HITS, ids=_id)
def test_a_hit_is_its_rules_noise_and_no_more_once_the_rule_is_off(
    rule: Noise, where: str, old: Value, new: Value
) -> None:
    spot = spot_of(where)
    assert told_apart_by(spot, old, new, DEFAULT) == {rule.id}
    assert told_apart_by(spot, new, old, DEFAULT) == {rule.id}
    assert rule.matches(where, spot.name, old, new)
    assert not told_apart_by(spot, old, new, DEFAULT - {rule.id})
    assert not told_apart_by(spot, old, new, frozenset())


@pytest.mark.parametrize(
    "text",
    [
        "chatcmpl-DuLdRJdgsTDkaWQbovITznUPevjfI",
        "msg_01WUQ4q2kHhNVGdPSr4ChBMc",
        "5ddd12b8-f693-4a76-8b32-027f49f4c50c",
        "8gCzaajlH53Uz7IPmdH08Q4",
        "89nz05jy",
        "1585800613752881156",
        "5ddd12b8f693",
    ],
)
def test_an_id_is_random(text: str) -> None:
    assert is_random(text)


def test_several_rules_can_be_needed_at_one_place() -> None:
    old = "https://a.io/files/file-1aB2cD3eF4/content?ts=1755097563"
    new = "https://a.io/files/file-9zY8xW7vU6/content?ts=1782321905"
    assert told_apart_by(spot_of("request.url"), old, new, DEFAULT) == {"volatile-id", "url-parameter"}
    assert not told_apart_by(spot_of("request.url"), old, new, DEFAULT - {"url-parameter"})


def test_noise_is_masked_at_any_depth_and_the_rest_stays() -> None:
    value: Json = {
        "id": "run_1aB2cD3eF4",
        "usage": {"total_tokens": 3, "tier": "a"},
        "items": [{"created": 1755097563, "n": 1}],
    }
    masked = {"id": MASK, "usage": {"total_tokens": MASK, "tier": "a"}, "items": [{"created": MASK, "n": 1}]}
    assert without_noise(value, "response.body") == masked


def test_ids_are_found_at_any_depth_and_in_urls() -> None:
    value: Json = {
        "messages": [{"tool_call_id": "call_1", "content": "run_1aB2cD3eF4"}],
        "thread_id": "thread_1aB2cD3eF4",
    }
    assert list(ids_in(value, "request.body")) == ["call_1", "thread_1aB2cD3eF4"]
    assert list(ids_in("https://a.io/threads/thread_1aB2cD3eF4/runs", "request.url")) == ["thread_1aB2cD3eF4"]


# -- the table -----------------------------------------------------------------------------------------


def test_rules_have_names_of_their_own_and_say_what_they_name() -> None:
    assert len({rule.id for rule in NOISE}) == len(NOISE)
    assert {rule.id for rule in NOISE} >= IDS
    assert all(rule.summary and len(rule.hits) >= 2 and len(rule.misses) >= 2 for rule in NOISE)

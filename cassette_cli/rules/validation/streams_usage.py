"""Token counts that contradict one another, by what each API defines them to be.

A total is the sum of parts that differ from API to API; some servers leave a part out or count it twice, so
where they are known to, a total may be of either. Sources: OpenAI's and Google's SDKs (`CompletionUsage`,
`ResponseUsage`, `GenerateContentResponseUsageMetadata`), Bedrock's `TokenUsage`, Anthropic's `Usage`.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from cassette_cli.llm.messages import Object, as_object, count
from cassette_cli.rules.validation.check import Problem
from cassette_cli.rules.validation.streams_events import Said, stream_of
from cassette_cli.selection import Reading
from cassette_cli.source.tree import Json
from cassette_cli.wire.body import Kind


class Account(NamedTuple):
    """What the counts of an API are; their names are paths below the usage."""

    at: tuple[str, ...]  # where the usage stands: JSON pointers of which one leads to it
    total: str = ""
    parts: tuple[str, ...] = ()  # which the total sums up; the first is always told
    also: tuple[str, ...] = ()  # which some servers' total counts besides
    within: tuple[tuple[str, str], ...] = ()  # a count that is a part of another one
    split: tuple[str, tuple[str, ...]] = ("", ())  # a count, and what it is divided into
    whole: bool = True  # all of the parts are told
    grows: bool = False  # what a later event of a stream says is never less


_CHAT = Account(
    ("/usage", "/x_groq/usage"),
    "total_tokens",
    ("prompt_tokens", "completion_tokens"),
    ("completion_tokens_details/reasoning_tokens",),  # xAI
    (("prompt_tokens_details/cached_tokens", "prompt_tokens"), ("num_cached_tokens", "prompt_tokens")),
    grows=True,
)
_RESPONSES = Account(
    ("/response/usage", "/usage"),
    "total_tokens",
    ("input_tokens", "output_tokens"),
    (),
    (
        ("input_tokens_details/cached_tokens", "input_tokens"),
        ("output_tokens_details/reasoning_tokens", "output_tokens"),
    ),
)
ACCOUNTS: dict[str, Account] = {
    "openai-chat": _CHAT,
    "openai-completions": _CHAT,
    "openai-assistants": _CHAT._replace(grows=False),  # each run and each step has its own
    "mistral-chat": _CHAT,
    "openai-responses": _RESPONSES,
    "openai-images": _RESPONSES,
    "openai-embeddings": Account(("/usage",), "total_tokens", ("prompt_tokens",)),
    "gemini": Account(
        ("/usageMetadata", "/response/usageMetadata"),
        "totalTokenCount",
        ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "toolUsePromptTokenCount"),
        (),
        (("cachedContentTokenCount", "promptTokenCount"),),
        whole=False,
    ),
    "gemini-interactions": Account(
        ("/interaction/usage", "/usage"),
        "total_tokens",
        ("total_input_tokens", "total_output_tokens", "total_thought_tokens", "total_tool_use_tokens"),
        (),
        (("total_cached_tokens", "total_input_tokens"),),
        whole=False,
    ),
    "bedrock-converse": Account(
        ("/usage",),
        "totalTokens",
        ("inputTokens", "outputTokens"),
        ("cacheReadInputTokens", "cacheWriteInputTokens"),
    ),
    "anthropic-messages": Account(
        ("/message/usage", "/usage"),
        grows=True,
        parts=("input_tokens", "output_tokens"),
        within=(("output_tokens_details/thinking_tokens", "output_tokens"),),
        split=(
            "cache_creation_input_tokens",
            ("cache_creation/ephemeral_5m_input_tokens", "cache_creation/ephemeral_1h_input_tokens"),
        ),
    ),
}


class _Told(NamedTuple):
    """A usage, and the event (or whole reply) that tells it."""

    said: Said
    pointer: str
    usage: Object

    def number(self, name: str) -> int | None:
        return count(_below(self.usage, name))

    def problem(self, name: str, message: str, note: str) -> Problem:
        return self.said.problem(message, f"{self.pointer}/{name}", note)


def _below(value: Json, path: str) -> Json:
    for step in path.split("/"):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def contradictory_usage(reading: Reading) -> Iterator[Problem]:
    """The first count of a reply that contradicts another one."""
    exchange, content = reading.exchange, reading.said
    if exchange is None or exchange.answer.usage is None or exchange.answer.error:
        return
    model = (exchange.model or "").lower()
    if content.kind is Kind.JSON and isinstance(content.json, dict):
        form = _FORMS.get(exchange.dialect, exchange.dialect)
        found = _found(form, (Said(-1, "", content.json, content.text or ""),), model)
    elif stream := stream_of(reading):
        found = _found(stream.form, stream.events, model)
    else:
        return
    for problem in found:
        yield problem
        return


_FORMS = {"bedrock-invoke": "anthropic-messages"}  # the one of its forms whose usage is like this


def _found(form: str, events: Iterable[Said], model: str) -> Iterator[Problem]:
    account = ACCOUNTS.get(form)
    if account is None:
        return
    before: dict[str, int] = {}
    for told in _usages(events, account):
        yield from _wrong_total(told, account, more="gemini" in model and account is _CHAT)
        yield from _too_large(told, account, model)
        yield from _wrong_split(told, account)
        yield from _fallen(told, account, before)


def _usages(events: Iterable[Said], account: Account) -> Iterator[_Told]:
    for said in events:
        for pointer in account.at:
            if usage := as_object(_below(said.value, pointer[1:])):
                yield _Told(said, pointer, usage)


def _wrong_total(told: _Told, account: Account, *, more: bool) -> Iterator[Problem]:
    """A total that is not the sum; `more` where a server counts thoughts that it does not tell apart."""
    total = told.number(account.total) if account.total else None
    parts = [told.number(name) for name in account.parts]
    if total is None or parts[0] is None or (account.whole and None in parts):
        return
    least = sum(part or 0 for part in parts)
    most = least + sum(told.number(name) or 0 for name in account.also)
    if total in (least, most) or (more and total > least):
        return
    message = f"{account.total} is {total}, but what it sums up makes {least}"
    yield told.problem(account.total, message, f"the sum is {least}")


def _too_large(told: _Told, account: Account, model: str) -> Iterator[Problem]:
    """A part that is larger than the count of which it is one."""
    for name, outer in account.within:
        part, whole = told.number(name), told.number(outer)
        if part is None or whole is None or part <= whole or ("cached" in name and "grok" in model):
            continue  # Azure's Grok counts in what is cached what it does not count in what is read
        message = f"{_last(name)} is {part}, but {outer}, of which it is a part, is only {whole}"
        yield told.problem(name, message, f"more than {whole}")


def _wrong_split(told: _Told, account: Account) -> Iterator[Problem]:
    """A count that is not the sum of what it is divided into."""
    whole_name, names = account.split
    parts = [number for name in names if (number := told.number(name)) is not None]
    whole = told.number(whole_name) if any(parts) else None
    if whole is not None and whole != sum(parts):
        message = f"{whole_name} is {whole}, but the parts it is divided into make {sum(parts)}"
        yield told.problem(whole_name, message, f"the parts make {sum(parts)}")


def _fallen(told: _Told, account: Account, before: dict[str, int]) -> Iterator[Problem]:
    """A count of a stream that is smaller than it was already."""
    for name in account.parts if account.grows else ():
        number = told.number(name)
        if number is None:
            continue
        if 0 < number < before.get(name, 0):
            message = f"{name} is {number}, but an earlier event of the stream says {before[name]}"
            yield told.problem(name, message, f"was {before[name]}")
        before[name] = max(number, before.get(name, 0))


def _last(name: str) -> str:
    return name.rpartition("/")[2]

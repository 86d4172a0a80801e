"""What differs in every recording and says nothing: ids, dates, figures of the server, each by a named rule.

A rule masks: of a value at a place of the model it takes out what is noise, and leaves the value as it is
where it does not look like what the rule names. Two values that are equal once masked differ in noise only,
so an id that became a sentence is a change. Knows no cassette: only places, names and values.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from cassette_cli.rules.credentials import URL_HEADERS, names
from cassette_cli.rules.volatile import (
    ABSENT,
    MASK,
    Absent,
    Mask,
    Value,
    boundary,
    ids_in_url,
    ids_in_words,
    is_day,
    is_duration,
    is_figure,
    is_given,
    is_id,
    is_number,
    is_opaque,
    is_scalar,
    is_sealed,
    is_span,
    is_text,
    is_time,
    is_token,
    is_uuid,
    matching,
    or_nothing,
    same,
    signed_anew,
    volatile_parameters,
    whole,
)
from cassette_cli.source.tree import Json


class Row(NamedTuple):
    """Where a rule looks: in which places of the model, at which names, and how it masks."""

    places: tuple[str, ...]
    names: re.Pattern[str]
    mask: Mask
    under: re.Pattern[str] | None = None  # the key that the value's own must stand under
    below: bool = False  # whether all that stands under such a key is looked at


Example: TypeAlias = tuple[str, Value, Value]  # a place, and what stands there in two recordings


class Noise(NamedTuple):
    """One rule; hits differ in its noise only, misses in more."""

    id: str
    summary: str
    rows: tuple[Row, ...]
    hits: tuple[Example, ...]
    misses: tuple[Example, ...]

    def matches(self, where: str, name: str, old: Value, new: Value) -> bool:
        """Whether two values at a place, under a name, differ in nothing but what this rule masks."""
        spot = spot_of(where)._replace(name=name)
        return self.id in told_apart_by(spot, old, new, frozenset((self.id,)))


class Spot(NamedTuple):
    """A place as the rules know it: of the model, the name of the value there, and the keys around it."""

    place: str
    name: str
    trail: tuple[str, ...] = ()

    def key(self, name: str) -> "Spot":
        return Spot(self.place, name, (*self.trail, self.name) if self.name else self.trail)


@lru_cache(maxsize=16384)
def spot_of(where: str) -> Spot:
    """The spot that a `where` path leads to."""
    head, _, pointer = where.partition("/")
    steps = [step for step in re.split(r"[.\[\]]+", head) if step]
    if steps[1:2] == ["headers"]:
        return Spot(f"{steps[0]}.headers", head.split(".", 2)[2].partition("[")[0].lower())
    place, keys = _SHORT.get(steps[0], steps[0]), steps[1:]
    if steps[0] in ("request", "response"):
        place, keys = ".".join(steps[:2]), steps[2:]
    elif steps[:2] == ["reply", "parts"]:
        place = "response.body"
    elif place == "timing":
        keys = steps
    if pointer:
        keys += [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")]
    keys = [key for key in keys if not key.isdigit()]
    spot = Spot(place, "")
    for key in ["error", *keys] if steps[0] == "error" else keys:
        spot = spot.key(key)
    return spot


_SHORT = {
    "frames": "response.body", "error": "response.body", "alternatives": "reply",
    "duration_ms": "timing", "recorded_at": "timing",
}  # fmt: skip


# -- the table -----------------------------------------------------------------------------------------

_HEADERS = ("request.headers", "response.headers")
_ASKS, _ANSWERS = ("request.headers",), ("response.headers",)
_MODELS = ("response.body",)  # of a reply that a dialect reads
_REPLY = (*_MODELS, "response.plain")  # and of one that none reads, where a figure may be the matter itself
_BODIES = ("request.body", *_REPLY)
_keys = re.compile

_ID = _keys(
    r"(?!.*(?i:model|voice))(?:(?i:(?:.*[_-])?(?:ids?|u?guid|uuid))|.*[a-z](?:Ids?|IDs?|Uuid)"
    r"|(?i:cursor|.*_cursor|(?:.*[_-])?token|.*[a-z]Token|conversation|container|previous_response))"
)
_ASKED_ID = _keys(rf"(?!.*[tT]oken){_ID.pattern}")  # a token that a request names is its own
_URL = _keys(r"(?i:.*(?:ur[li]s?|links?|href|path|location|next|previous|self|name))")
_TIME = _keys(
    r"(?i:(?:.*[_-])?(?:at|on|time|date|timestamp|created|updated|modified|expires|ts|until)|expir\w+|.*datetime)"
    r"|.*[a-z](?:At|On|Time|Date|Timestamp)"
)
_RECORDED = _keys(
    r"(?i:date|timestamp|ts|datetime|(?:created|updated|modified|expir(?:es|ed|ation)|started|completed|finished|ended"
    r"|finalizing|in_progress|cancel\w*|failed|uploaded|submitted|queued|processed|deleted|archived|last_\w+)"
    r"(?:_?(?:at|on|time|date|timestamp))?|last_?modified)"
)
_DURATION = _keys(
    r"(?!.*(?i:timeout|max|min_|ttl|interval|window|limit))(?:"
    r"(?i:(?:.*[_-])?(?:ms|secs?|seconds|millis|time|duration|latency|elapsed|took|per_second|ttft))"
    r"|.*[a-z](?:Ms|Millis|Latency|Duration|Time))"
)
_COUNT = _keys(
    r"(?i:(?:prompt|completion|input|output|total|cached|reasoning|thoughts?|candidates|generated|billed|response"
    r"|cache_\w+)_?tokens?(?:_?count)?|num_tokens|token_?count|(?:prompt_)?eval_count|.*token_?count|.*_cost|cost)"
)
_LOGPROB = _keys(
    "logprobs?|log_?[pP]robs?|avgLogprobs|avg_logprobs|logprobsResult|top_logprobs|token_logprobs"
)
_A_URL = "https://a.io/threads/"
_UUIDS = ("5ddd12b8-f693-4a76-8b32-027f49f4c50c", "0ec45906-904b-49c0-9c2d-3947a7c357ae")
_AWS = "AWS4-HMAC-SHA256 Credential=K/"

# fmt: off
NOISE: tuple[Noise, ...] = (
    Noise("tool-call-id", "ids by which the result of a tool names its call", (
        Row(_BODIES, _keys("(?i:tool_?call_?ids?|call_?id|tool_?use_?id)"), whole(is_token)),
        Row((*_BODIES, "reply"), _keys("id"), whole(is_token),
            under=_keys("(?i:tool_?calls?|function_?(?:call|response)|tool_?response|tool_?use)")),
    ), hits=(
        ("request.body/messages/2/tool_call_id", "call_1", "call_2"),
        ("reply.tool_calls[0].id", "functions.get:0", "call_Ab12Cd34Ef56"),
    ), misses=(
        ("request.body/messages/2/tool_call_id", "call_1", "the first call"),
        ("reply.tool_calls[0].name", "call_1", "call_2"),
        ("reply.tool_calls[0].arguments.id", "call_1", "call_2"),
    )),
    Noise("volatile-id", "ids that a server or a client gave to something", (
        Row(_REPLY, _ID, whole(is_id)),
        Row(("request.body",), _ASKED_ID, whole(is_given)),
        Row(_REPLY, _keys("(?s:.*)"), whole(is_uuid)),
        Row(_REPLY, _URL, ids_in_url),
        Row(_REPLY, _keys("message|detail"), ids_in_words, under=_keys("errors?")),
        Row(("request.url",), _keys(""), ids_in_url),
        Row(_HEADERS, names(tuple(URL_HEADERS)), ids_in_url),
    ), hits=(
        ("response.body/id", "chatcmpl-9aB8cD7eF6gH5iJ4", "chatcmpl-1kL2mN3oP4qR5sT6"),
        ("request.url", f"{_A_URL}thread_1aB2cD3eF4/runs", f"{_A_URL}thread_9zY8xW7vU6/runs"),
        ("response.body/owner", *_UUIDS),
        ("response.body/error/message", "no file file-1aB2cD3eF4gH", "no file file-9zY8xW7vU6tS"),
    ), misses=(
        ("response.body/id", "chatcmpl-9aB8cD7eF6gH5iJ4", "a sentence that stands where an id stood"),
        ("response.body/data/0/id", "gpt-4o-2024-08-06", "gpt-4.1-2025-04-14"),
        ("request.body/owner", *_UUIDS),
        ("response.body/text", "9aB8cD7eF6gH5iJ4", "1kL2mN3oP4qR5sT6"),
        ("request.url", "https://a.io/v1/models", "https://a.io/v1/engines"),
        ("request.url", "https://a.io/v1/gpt4turbo128k/x", "https://a.io/v1/gpt5turbo256k/x"),
        ("request.url", "https://a.io/iphone15promax", "https://a.io/iphone16promax"),
        ("request.url", "https://a.io/orders/1234567890", "https://a.io/orders/1234567891"),
        ("request.body/product_id", 123456, 123457),
        ("request.body/deployment_id", "gpt4turbo128k", "gpt5turbo256k"),
        ("request.body/stop_token", "9aB8cD7eF6gH5iJ4", "1kL2mN3oP4qR5sT6"),
    )),
    Noise("url-parameter", "what signs or dates a URL", (
        Row(("request.url",), _keys(""), volatile_parameters),
        Row(_REPLY, _URL, volatile_parameters),
        Row(_HEADERS, names(tuple(URL_HEADERS)), volatile_parameters),
    ), hits=(
        ("request.url", "https://a.io/b?ts=1755097563&q=x", "https://a.io/b?ts=1782321905&q=x"),
        ("response.body/data/0/url", "https://a.io/b.png?sig=ab%3D", "https://a.io/b.png?sig=cd%3D"),
    ), misses=(
        ("request.url", "https://a.io/b?ts=1&q=x", "https://a.io/b?ts=1&q=y"),
        ("request.url", "https://a.io/b?ts=1", "https://a.io/b"),
        ("request.url", "https://a.io/b?se=north", "https://a.io/b?se=south"),
        ("request.url", "https://a.io/b?policy=strict", "https://a.io/b?policy=lax"),
        ("request.url", "https://a.io/b?expires=60", "https://a.io/b?expires=90"),
    )),
    Noise("request-id", "headers that name one request, one reply or one trace", (
        Row(_HEADERS, names((
            "*request-id", "*requestid", "*correlation-id", "*trace-id", "traceparent", "tracestate",
            "traceresponse", "x-cloud-trace-context", "x-b3-*", "x-amz-id-2", "x-amz-cf-id", "etag",
            "x-guploader-uploadid", "amz-sdk-invocation-id", "idempotency-key", "x-generation-id", "baggage",
            "*-model-session", "x-transaction*", "x-connection-hash", "x-msedge-ref", "original-request",
            "*-session-id", "sentry-trace", "x-opaque-id", "cf-ray",
        )), or_nothing(is_opaque)),
        Row(_ANSWERS, names(("*-uuid",)), or_nothing(is_opaque)),
    ), hits=(
        ("response.headers.X-Request-Id", "req_0a1b2c3d4e", "req_5f6a7b8c9d"),
        ("response.headers.CF-Ray", "96e920874a64c44f-EWR", ABSENT),
    ), misses=(
        ("response.headers.X-Request-Id", "req_0a1b2c3d4e", "none was given"),
        ("response.headers.X-Robots-Tag", "noindex1", "noindex2"),
        ("request.headers.Tenant-UUID", *_UUIDS),
    )),
    Noise("timestamp", "dates and times of the recording", (
        Row(_ASKS, names(("date", "*-date")), or_nothing(is_time)),
        Row(_ANSWERS, names((
            "date", "expires", "last-modified", "age", "*-date", "*-api-call-start", "*-api-call-end",
            "x-api-received", "*-expiration", "x-build-time",
        )), or_nothing(lambda value: is_time(value) or is_span(value))),
        Row(_MODELS, _TIME, whole(is_time)),
        Row(("response.plain",), _RECORDED, whole(is_time)),
        Row(("request.body",), _keys("(?i:created(?:_?at)?|updated_?at|timestamp|ts|sent_?at|request_?time)"),
            whole(is_time)),
        Row(("timing",), _keys("recorded_at"), or_nothing(lambda value: is_time(value) or is_day(value))),
    ), hits=(
        ("response.body/created", 1755097563, 1782321905),
        ("response.headers.Date", "Wed, 13 Aug 2025 15:08:19 GMT", "Wed, 11 Feb 2026 23:43:50 GMT"),
        ("response.body/message/createTime", "2026-08-19T14:38:15.05Z", "2026-03-12T18:08:22.49Z"),
    ), misses=(
        ("response.body/created", 1755097563, 7),
        ("request.headers.X-User-Expiration", "60", "90"),
        ("request.body/start_time", "2026-08-19T14:38:15Z", "2026-03-12T18:08:22Z"),
    )),
    Noise("fingerprint", "what names the server's build, its dice and its checksums", (
        Row(_BODIES, _keys("system_?[fF]ingerprint"), whole(is_token)),
        Row(_REPLY, _keys(r"(?i:etag|(?:.*_)?sha\d*|md5|checksum|digest)"), whole(is_id)),
        Row(_REPLY, _keys("seed"), whole(is_number), under=_keys("x_groq")),
    ), hits=(
        ("response.body/system_fingerprint", "fp_51b9c32e14", "fp_179b0f92c9"),
        ("response.body/x_groq/seed", 1854762339, 12),
    ), misses=(
        ("response.body/system_fingerprint", "fp_51b9c32e14", None),
        ("request.body/seed", 1, 2),
    )),
    Noise("duration", "how long something took", (
        Row(_ANSWERS, names((
            "server-timing", "x-runtime", "*-ms", "*-latency", "*-time", "*-duration", "*-secs", "x-timer",
            "x-time-per-token", "x-compute-*", "perf",
        )), or_nothing(is_opaque)),
        Row(_MODELS, _DURATION, whole(is_duration)),
        Row(_MODELS, _keys("timings|latency_checkpoint|metrics"), whole(is_figure), below=True),
        Row(("timing",), _keys("duration_ms"), or_nothing(is_number)),
    ), hits=(
        ("response.body/queue_time", 0.07, 0.01),
        ("response.headers.OpenAI-Processing-Ms", "1792", "305"),
        ("duration_ms", 348.9, 12.0),
    ), misses=(
        ("response.body/timeout_seconds", 30, 60),
        ("request.headers.X-Timeout-Ms", "100", "200"),
        ("request.headers.X-Max-Time", "1", "2"),
        ("request.headers.Deadline-Secs", "1", "2"),
        ("response.body/queue_time", 0.07, "none"),
    )),
    Noise("rate-limit", "headers that say how much the client may still ask", (
        Row(_ANSWERS, names((
            "*ratelimit*", "*rate-limit*", "retry-after*", "*call-limit*", "*call-remaining*",
        )), or_nothing(matching(".{0,300}"))),
    ), hits=(
        ("response.headers.X-RateLimit-Remaining-Tokens", "79974", "89995"),
        ("response.headers.Retry-After", ABSENT, "2"),
    ), misses=(
        ("response.headers.X-Total-Limit", "1", "2"),
        ("response.body/ratelimit", "1", "2"),
    )),
    Noise("cookie", "cookies", (
        Row(_HEADERS, names(("cookie", "set-cookie", "cookie2", "set-cookie2")), or_nothing(is_text)),
    ), hits=(
        ("response.headers.Set-Cookie", ["__cf_bm=a1"], ["__cf_bm=b2", "_cfuvid=c3"]),
        ("request.headers.Cookie", "a=1", ABSENT),
    ), misses=(
        ("response.headers.Cookies", "a=1", "a=2"),
        ("response.body/cookie", "a=1", "a=2"),
    )),
    Noise("route", "headers that say which machines a reply came through", (
        Row(("response.headers",), names((
            "x-served-by", "via", "x-cache", "x-cache-*", "cf-cache-status", "x-amz-cf-pop", "report-to",
            "*-region", "x-node", "x-hostname", "alt-svc", "x-proxied", "x-version-label", "x-build-commit",
            "x-backend", "source-age", "x-azure-ref*", "nel",
        )), or_nothing(is_text)),
    ), hits=(
        ("response.headers.Via", "1.1 varnish", "1.1 google"),
        ("response.headers.CF-Cache-Status", "DYNAMIC", ABSENT),
    ), misses=(
        ("response.headers.Server", "cloudflare", "envoy"),
        ("request.headers.Via", "1.1 a", "1.1 b"),
    )),
    Noise("framing", "how a body was sent: its length, coding and checksums, the connection", (
        Row(_HEADERS, names((
            "content-length", "transfer-encoding", "connection", "keep-alive",
            "x-amz-content-sha256", "x-amz-checksum-*", "digest", "content-digest", ":method", ":path",
            ":scheme", ":authority", ":status", "content-md5",
        )), or_nothing(is_text)),
        Row(_ANSWERS, names(("content-encoding",)), or_nothing(is_text)),
        Row(_HEADERS, names(("content-type",)), boundary),
    ), hits=(
        ("response.headers.Content-Length", "512", "498"),
        ("response.headers.Content-Encoding", "gzip", ABSENT),
        ("request.headers.Content-Type", "multipart/mixed; boundary=a1", "multipart/mixed; boundary=b2"),
    ), misses=(
        ("response.headers.Content-Type", "application/json", "text/plain"),
        ("response.headers.Content-Language", "en", "de"),
        ("request.headers.Content-Encoding", "gzip", "br"),
    )),
    Noise("recorder-note", "what a recorder notes for itself: numbers, sizes, how it stored a body", (
        Row(("stored",), _keys(
            r"(?i:_?id|uuid|_?order|call_?index|insertion_?index|match_?key"
            r"|(?:content_?|body_?|headers?_?)?(?:length|size)|proto(?:_?major|_?minor)?|(?:http_?)?version"
            r"|remote_?addr|server_?ip_?address|connection|pageref|transfer_?encoding|uncompressed|_from_?type"
            r"|(?:body_?)?encoding|body_?content_?type|on_disk|body_?file_?name|sha256|path|host|binary|kind)"),
            or_nothing(is_scalar)),
        Row(("stored",), _keys("timings|curl_info|cache|_initiator"), or_nothing(bool), below=True),
        Row(("file",), _keys("(?i:version|time|recorded_?with|(?:created|generated|saved)(?:_?at|_?date)?)"),
            or_nothing(is_scalar)),
        Row(("file",), _keys("creator|browser|pages|_recordingName"), or_nothing(bool), below=True),
    ), hits=(
        ("stored/id", 1, 2),
        ("stored/response/proto", "HTTP/1.1", "HTTP/2.0"),
        ("stored/timings/wait", 640, 12),
        ("file/recorded_with", "VCR 6.1.0", "VCR 6.3.1"),
    ), misses=(
        ("stored/scenarioName", "a", "b"),
        ("stored/response/type", "ok", "error"),
        ("response.body/order", 1, 2),
        ("file/Variables/seed", "1", "2"),
    )),
    Noise("user-agent", "what the client says of itself", (
        Row(_ASKS, _keys("(?i:x-stainless-(?!.*(?:timeout|retries)).*)"), or_nothing(is_text)),
        Row(_ASKS, names((
            "user-agent", "x-goog-api-client", "*-user-agent", "*-sdk-version", "x-fern-*",
            "*-telemetry*", "x-crewai-version", "*-client-info",
        )), or_nothing(is_text)),
    ), hits=(
        ("request.headers.User-Agent", "OpenAI/Python 1.99.7", "OpenAI/Python 2.1.0"),
        ("request.headers.X-Stainless-Os", "Linux", ABSENT),
    ), misses=(
        ("request.headers.Anthropic-Version", "2023-06-01", "2024-01-01"),
        ("response.headers.User-Agent", "a", "b"),
        ("request.headers.X-Stainless-Timeout", "60", "600"),
    )),
    Noise("usage", "figures of what was used and what it costs", (
        Row(("usage",), _keys(".*"), or_nothing(is_figure)),
        Row(_MODELS, _keys("(?i:.*usage(?:_?metadata)?|billed_?units|tokens|token_count)"),
            or_nothing(is_figure), below=True),
        Row(_MODELS, _COUNT, or_nothing(is_figure)),
        Row(("response.plain",), _keys(r"(?:prompt|completion|input|output|total|cached|reasoning)_tokens"),
            or_nothing(is_number)),
        Row(("response.plain",), _keys(r".*(?:_tokens|TokenCount)"), or_nothing(is_number),
            under=_keys("(?i:usage(?:_?metadata)?)")),
        Row(("response.headers",), names((
            "num_tokens", "num-tokens", "num_chars", "num-chars", "*-token-count", "*-query-cost",
        )), or_nothing(is_opaque)),
    ), hits=(
        ("usage.input_tokens", 93, 95),
        ("response.body/usage/completion_tokens_details/audio_tokens", 0, ABSENT),
        ("response.body/prompt_eval_count", 26, 31),
    ), misses=(
        ("response.body/usage/service_tier", "default", "priority"),
        ("response.body/max_output_tokens", 100, 200),
        ("request.body/max_tokens", 100, 200),
    )),
    Noise("log-probability", "how likely each token was", (
        Row(_MODELS, _LOGPROB, whole(lambda value: value is not None), below=True),
        Row(_MODELS, _keys("token_ids|prompt_token_ids|context"), whole(is_figure)),
    ), hits=(
        ("response.body/choices/0/logprobs/content/0/logprob", -0.25, -0.5),
        ("response.body/candidates/0/avgLogprobs", -0.79, -1.18),
    ), misses=(
        ("response.body/choices/0/logprobs", None, {"content": []}),
        ("request.body/logprobs", 1, 2),
    )),
    Noise("provider", "which provider a router chose", (
        Row(_MODELS, _keys("provider|provider_name|providerName"), whole(matching(r"[\w .&/-]{1,60}"))),
    ), hits=(
        ("response.body/provider", "OpenAI", "Azure"),
        ("response.body/choices/0/delta/reasoning_details/0/provider", "google-vertex", "anthropic"),
    ), misses=(
        ("response.body/provider", "OpenAI", None),
        ("request.body/provider", "OpenAI", "Azure"),
    )),
    Noise("signature", "what a provider or a client signs with", (
        Row(_BODIES, _keys("signature|thought_?[sS]ignature"), whole(is_sealed)),
        Row(_HEADERS, names(("authorization", "x-amz-security-token", "signature")), signed_anew),
    ), hits=(
        ("request.body/messages/1/content/0/signature", "EtYDCkYICxgCKkAVHEWR", "ErsNCpMBCBAYAipAxGRlBg"),
        ("request.headers.Authorization", f"{_AWS}20260101/x, Signature=a", f"{_AWS}20260202/x, Signature=b"),
    ), misses=(
        ("response.body/signature", "EtYDCkYICxgCKkAVHEWR", "not signed, sorry!"),
        ("request.headers.Authorization", "Bearer a", "Bearer b"),
    )),
    Noise("encrypted-reasoning", "reasoning and pages that only the provider can read", (
        Row(_BODIES, _keys("encrypted_?(?:[cC]ontent|[iI]ndex)|redacted_?[cC]ontent"), whole(is_sealed)),
        Row(_BODIES, _keys("data"), whole(is_sealed), under=_keys("reasoning_details")),
    ), hits=(
        ("response.body/output/0/encrypted_content", "gAAAAABpsx2pQu0135fK", "gAAAAABpqqqqQu0135fKLL"),
        ("request.body/input/2/encrypted_content", "gAAAAABpsx2pQu0135fK", "gAAAAABpqqqqQu0135fKLL"),
    ), misses=(
        ("response.body/output/0/encrypted_content", "gAAAAABpsx2pQu0135fK", ""),
        ("response.body/output/0/content", "gAAAAABpsx2pQu0135fK", "gAAAAABpqqqqQu0135fKLL"),
    )),
    Noise("padding", "characters that hide how long the pieces of a stream are", (
        Row(_MODELS, _keys("obfuscation|p"), or_nothing(matching(r"\w*"))),
    ), hits=(
        ("response.body/obfuscation", "fg", "C7bIm9"),
        ("response.body/obfuscation", ["fg", "C7bIm9"], "kFT"),
    ), misses=(
        ("response.body/obfuscation", "fg", "a sentence"),
        ("request.body/p", "a", "b"),
    )),
)
# fmt: on
RULES = {rule.id: rule for rule in NOISE}
DEFAULT = frozenset(RULES)
ID = "volatile-id"
IDS = frozenset(("tool-call-id", ID))  # what these mask must be renamed consistently


# -- what the table says of a place --------------------------------------------------------------------


@lru_cache(maxsize=16384)
def _masks(spot: Spot) -> tuple[tuple[str, Mask], ...]:
    """The masks of a place, by the rules that they belong to."""
    return tuple((rule.id, row.mask) for rule in NOISE for row in rule.rows if _covers(row, spot))


def _covers(row: Row, spot: Spot) -> bool:
    if spot.place not in row.places:
        return False
    if row.below and any(map(row.names.fullmatch, spot.trail)):
        return True
    if not row.names.fullmatch(spot.name):
        return False
    return row.under is None or bool(spot.trail and row.under.fullmatch(spot.trail[-1]))


def masked(spot: Spot, value: Value, rules: frozenset[str]) -> Value:
    """One value, which has no name of its own inside, without its noise."""
    for rule, mask in _masks(spot):
        if rule in rules:
            value = mask(value)
    return value


def told_apart_by(spot: Spot, old: Value, new: Value, rules: frozenset[str]) -> frozenset[str]:
    """The rules whose noise is all that two values differ in; none, if they differ in more."""
    needed = [rule for rule, _ in _masks(spot) if rule in rules]
    if not needed or not same(masked(spot, old, rules), masked(spot, new, rules)):
        return frozenset()
    for rule in needed:  # one alone, if it is enough
        one = frozenset((rule,))
        if same(masked(spot, old, one), masked(spot, new, one)):
            return one
    return frozenset(needed)


def is_noise(where: str, old: Value, new: Value) -> bool:
    """Whether two values at a place differ in nothing but noise."""
    return bool(told_apart_by(spot_of(where), old, new, DEFAULT))


def is_counted(where: str) -> bool:
    """Whether a figure of what was used stands at a place, be the rule for such on or off."""
    return any(rule == "usage" for rule, _ in _masks(spot_of(where)))


def plain(spot: Spot) -> Spot:
    """The spot, if it is in a reply, as it is in one that no dialect reads."""
    return spot._replace(place="response.plain") if spot.place == "response.body" else spot


def without_noise(value: Json, where: str) -> Json:
    """A value at a place without the noise of any rule in it, however deep."""
    return _without(value, spot_of(where))


_DEEPEST = 80


def _without(value: Json, spot: Spot, depth: int = 0) -> Json:
    clean = masked(spot, value, DEFAULT) if _masks(spot) else value
    if isinstance(clean, Absent):
        return None
    if depth < _DEEPEST and isinstance(clean, dict):
        return {name: _without(item, spot.key(name), depth + 1) for name, item in clean.items()}
    if depth < _DEEPEST and isinstance(clean, list):
        return [_without(item, spot, depth + 1) for item in clean]
    return clean


def ids_in(value: Json, where: str) -> Iterator[str]:
    """The ids that stand in a value at a place, however deep, as those rules see them."""
    yield from _ids(value, spot_of(where))


def _ids(value: Json, spot: Spot, depth: int = 0) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _ids(item, spot.key(name), depth + 1)
    elif isinstance(value, list):
        for item in value:
            yield from _ids(item, spot, depth + 1)
    elif value is not None and not isinstance(value, bool | float):
        yield from (one for one, _ in pairs_of_ids(spot, value, value))


_SESSION = names(("*-session-id",))  # headers that a client sends back as it got them
_STEP = re.compile(r"[/?&=#:,<>;\s]")


def pairs_of_ids(spot: Spot, old: Value, new: Value) -> Iterator[tuple[str, str]]:
    """The ids in two values that differ in nothing else: what each was, and what it became."""
    for rule, mask in _masks(spot):
        named = rule in IDS or (rule == "request-id" and _SESSION.fullmatch(spot.name))
        was, now = (mask(old), mask(new)) if named else (old, new)
        if was == MASK and now == MASK:
            olds, news = (side if isinstance(side, list) else [side] for side in (old, new))
            if len(olds) == len(news):
                yield from ((str(one), str(two)) for one, two in zip(olds, news, strict=True))
            return
        if isinstance(old, str) and isinstance(new, str) and was != old:
            hidden, one, two = (_STEP.split(text) for text in (str(was), old, new))
            if len(one) == len(two) == len(hidden):
                found = zip(hidden, one, two, strict=True)
                yield from ((first, second) for seen, first, second in found if seen == MASK)
            return

"""Which headers and query parameters authenticate or identify, by name, and where in them the secret is.

`show` masks what these rules point at as `****`, `redact` takes it out: the two agree by construction.
A placeholder that already stands in the file (`REDACTED`, `<API_KEY>`) is no secret: it is shown, so a
reader sees at once whether the file is clean, and it stays.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import chain
from typing import TypeAlias

from cassette_cli.source.tree import Json

MASK = "****"

HEADERS = (
    "authorization", "proxy-authorization", "cookie", "set-cookie", "*api-key", "*apikey", "*auth-token",
    "*access-token", "*secret", "*secret-key", "*session-token", "*security-token", "*csrf-token",
    "*subscription-key", "*functions-key", "private-token", "x-token", "x-vault-token", "*password",
    "openai-organization", "openai-project", "anthropic-organization-id",
)  # fmt: skip
VOLATILE_HEADERS = (  # what differs in every recording and says nothing
    "date", "age", "expires", "last-modified", "etag", "*request-id", "*requestid", "*correlation-id",
    "*trace-id", "traceparent", "tracestate", "*ratelimit*", "*rate-limit*", "retry-after", "cf-ray",
    "x-amz-date", "x-amz-cf-id", "x-amz-cf-pop", "x-amz-id-2", "x-amzn-remapped-date", "x-served-by",
    "x-timer", "x-runtime", "server-timing", "x-envoy-upstream-service-time", "*processing-ms", "*-latency",
    "x-cloud-trace-context", "x-b3-*", "report-to", "nel", "x-cache*", "x-groq-region",
    "x-guploader-uploadid", "amz-sdk-invocation-id", "x-stainless-retry-count", "idempotency-key",
    "x-inference-*", "x-compute-*",
)  # fmt: skip
REPLAY_HEADERS = (  # what a client needs to read the reply, or to send its next request
    "content-type", "content-encoding", "content-length", "transfer-encoding", "location",
    "x-amzn-bedrock-*", "x-goog-upload-*", ":method", ":path", ":scheme", ":authority", ":status",
)  # fmt: skip
FRAMING_HEADERS = frozenset(
    ("content-encoding", "content-length", "transfer-encoding")
)  # they describe the body
PARAMETERS = (
    "key", "*api_key", "*api-key", "*apikey", "token", "*_token", "*-token", "accesstoken", "secret",
    "*_secret", "*-secret", "sig", "signature", "*-signature", "x-amz-credential", "x-goog-credential",
    "password", "passwd", "pwd", "*_key_id", "awsaccesskeyid", "jwt", "code_verifier", "sessionid",
    "session_id", "subscription-key",
)  # fmt: skip
PAGES = (  # what a listing goes on with: no secret, and the next request quotes it
    "*page_token", "*page-token", "next_token", "next-token", "continuation_token", "continuation-token",
    "sync_token", "start_token",
)  # fmt: skip
URL_HEADERS = frozenset((":path", "location", "content-location", "referer", "link", "refresh"))

Span: TypeAlias = tuple[int, int]


@cache
def names(globs: tuple[str, ...]) -> re.Pattern[str]:
    """What a whole name must match to be one of these; case does not matter, `*` is anything."""
    return re.compile("|".join(re.escape(name).replace(r"\*", ".*") for name in globs), re.IGNORECASE)


_SCHEME = re.compile(
    r"(?:bearer|basic|token|negotiate|digest|ntlm|apikey|api-key|key|bot|aws4-hmac-sha256) +(?=\S)",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"[\s*x.\-_#•0]*"
    r"|<+[\w .:-]+>+|\[[\w .:-]+\]|\{+[\w .:-]+\}+|\$\{?\w+\}?|%\(?\w+\)?[s%]"
    r"|[\w.*#<>\[\]-]*(?:redacted|removed|filtered|masked|scrubbed|dummy|placeholder|sanitized|hidden|fake)"
    r"[\w.*#<>\[\]-]*"
    r"|[\w-]+[-_]x{3,}|x{3,}[-_][\w-]+"
    r"|(?:test|your|my|some|mock|example|invalid|wrong|bad|none|null|default)(?:[-_ ]?(?:"
    r"api|access|auth|bearer|openai|anthropic|azure|google|gemini|aws|groq|mistral|cohere|org|organization"
    r"|project|session|set|id|key|token|secret|cookie|header|value))*"
    r"|(?:api|access|auth)?[-_ ]?(?:key|token|secret)",
    re.IGNORECASE,
)
_QUERY = re.compile(r"([?&;])([^=&;#\s\"'<>]+)=([^&;#\s\"'<>]*)")
_USERINFO = re.compile(r"(://[^/?#\s@:]*:)([^/?#\s@]+)(?=@)")


@cache
def is_secret_header(name: str) -> bool:
    return names(HEADERS).fullmatch(name) is not None


def is_secret_parameter(name: str) -> bool:
    return names(PARAMETERS).fullmatch(name) is not None and names(PAGES).fullmatch(name) is None


def is_placeholder(value: str) -> bool:
    """Whether a value stands in for a secret that someone has already taken out."""
    return _PLACEHOLDER.fullmatch(value) is not None


# -- where the secret is ---------------------------------------------------------------------------


def header_secrets(name: str, value: str) -> Iterator[Span]:
    """Where the secrets of a header that has some stand: behind its scheme, behind its cookies' names."""
    if name.lower() in ("cookie", "set-cookie"):
        yield from _cookies(value)
        return
    scheme = _SCHEME.match(value)
    start = scheme.end() if scheme else 0
    if scheme and scheme[0].lower().startswith("aws4"):
        yield from (match.span(1) for match in _SIGNED.finditer(value) if not is_placeholder(match[1]))
    elif not is_placeholder(value[start:]):
        yield start, len(value)


_SIGNED = re.compile(r"(?:Credential=|Signature=)([^/,\s]+)")
_ATTRIBUTE = re.compile(
    r"\s*(?:expires|max-age|domain|path|samesite|priority|version|comment|httponly|secure|partitioned)\s*(?:=|\Z)",
    re.IGNORECASE,
)
_COOKIE = re.compile(r"[^;]+")
_NEXT = re.compile(r"(?:,|\n)\s*(?=[^\s=;,]+=)")  # several cookies in one value


def _cookies(value: str) -> Iterator[Span]:
    """The values of a `Cookie` or of a `Set-Cookie`; names and attributes are none."""
    for part in _COOKIE.finditer(value):
        start, end = part.span()
        if _ATTRIBUTE.match(part[0]):
            following = _NEXT.search(value, start, end)
            if not following:
                continue
            start = following.end()
        mark = value.find("=", start, end)
        if mark >= 0:
            start = mark + 1
        found = value[start:end]
        start, end = end - len(found.lstrip()), start + len(found.rstrip())
        if start < end and not is_placeholder(value[start:end].strip('"')):
            yield start, end


def userinfo(url: str) -> Iterator[Span]:
    """Where the password of a URL stands."""
    for match in _USERINFO.finditer(url):
        if not is_placeholder(match[2]):
            yield match.span(2)


def parameters(url: str) -> Iterator[tuple[str, int, int]]:
    """The parameters of a URL that have a value, by name, and where the value stands; no placeholders."""
    for match in _QUERY.finditer(url):
        if match[3] and not is_placeholder(match[3]):
            yield match[2], *match.span(3)


# -- masking ---------------------------------------------------------------------------------------


def _masked(value: str, spans: Iterable[Span]) -> str:
    out, position = [], 0
    for start, end in sorted(spans):
        out += [value[position:start], MASK]
        position = max(position, end)
    return "".join([*out, value[position:]])


def mask_header(name: str, value: str) -> str:
    """A header's value as it may be shown: its scheme (`Bearer`) and the names of cookies stay."""
    if name.lower() in URL_HEADERS:
        return mask_url(value)
    return _masked(value, header_secrets(name, value)) if is_secret_header(name) else value


def mask_url(url: str) -> str:
    """A URL as it may be shown: passwords and secret parameters masked, all else as it stands."""
    secret = ((start, end) for name, start, end in parameters(url) if is_secret_parameter(name))
    return _masked(url, chain(userinfo(url), secret))


def mask_form(form: str) -> str:
    """A form body (or query string) as it may be shown."""
    return mask_url(f"?{form}")[1:]


_JSON_NAMES = re.compile(
    r"(?:.*(?:password|passwd|secret|apikey|accesstoken|refreshtoken|idtoken|authtoken|sessiontoken|privatekey"
    r"|secretkey|secretaccesskey)|bearer|authorizationtoken)",
    re.IGNORECASE,
)


@cache
def is_secret_key(name: str) -> bool:
    """Whether a key of a JSON object, form or element of XML says that its value is a secret."""
    return _JSON_NAMES.fullmatch(re.sub(r"[^a-zA-Z]", "", name)) is not None


def mask_json(value: Json) -> Json:
    """A JSON value as it may be shown: strings under names that say password or key are masked."""
    if isinstance(value, list):
        return [mask_json(item) for item in value]
    if isinstance(value, dict):
        return {key: MASK if _is_secret(key, item) else mask_json(item) for key, item in value.items()}
    return value


def _is_secret(key: str, value: Json) -> bool:
    return isinstance(value, str) and bool(value) and not is_placeholder(value) and is_secret_key(key)

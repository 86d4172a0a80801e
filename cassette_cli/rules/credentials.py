"""Which headers and query parameters authenticate or identify, by name, and how they are masked.

A masked value reads `****`; a placeholder that already stands in the file (`REDACTED`, `<API_KEY>`)
is shown as it is, so a reader sees at once whether the file is clean.
"""

import re

from cassette_cli.source.tree import Json

MASK = "****"

HEADERS = (
    "authorization", "proxy-authorization", "cookie", "set-cookie", "*api-key", "*apikey", "*auth-token",
    "*access-token", "*secret", "*secret-key", "*session-token", "*security-token", "*csrf-token",
    "*subscription-key", "*functions-key", "private-token", "x-token", "x-vault-token", "*password",
    "openai-organization", "openai-project", "anthropic-organization-id",
)  # fmt: skip
PARAMETERS = (
    "key", "*api_key", "*api-key", "*apikey", "token", "*_token", "*-token", "accesstoken", "secret",
    "*_secret", "*-secret", "sig", "signature", "*-signature", "x-amz-credential", "x-goog-credential",
    "password", "passwd", "pwd", "*_key_id", "awsaccesskeyid", "jwt", "code_verifier", "sessionid",
    "session_id", "subscription-key",
)  # fmt: skip
URL_HEADERS = frozenset((":path", "location", "content-location", "referer", "link", "refresh"))


def _names(globs: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(name).replace(r"\*", ".*") for name in globs), re.IGNORECASE)


_HEADERS = _names(HEADERS)
_PARAMETERS = _names(PARAMETERS)
_SCHEME = re.compile(r"(?:bearer|basic|token|negotiate|digest|apikey|api-key|bot) +(?=\S)", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"[\s*x.\-_#•]*"
    r"|<[\w .:-]+>|\[[\w .:-]+\]|\{+[\w .:-]+\}+|\$\{?\w+\}?|%\(?\w+\)?[s%]"
    r"|[\w.-]*(?:redacted|removed|filtered|masked|scrubbed|dummy|placeholder|sanitized|hidden|fake)[\w.-]*"
    r"|(?:test|your|my|some|mock|example|none|null|default)(?:[-_ ]?(?:api|access|auth|openai))?"
    r"(?:[-_ ]?(?:key|token|secret))?",
    re.IGNORECASE,
)
_QUERY = re.compile(r"([?&;])([^=&;#\s\"'<>]+)=([^&;#\s\"'<>]*)")
_USERINFO = re.compile(r"(://[^/?#\s@:]*:)([^/?#\s@]+)(?=@)")


def is_secret_header(name: str) -> bool:
    return _HEADERS.fullmatch(name) is not None


def is_secret_parameter(name: str) -> bool:
    return _PARAMETERS.fullmatch(name) is not None


def is_placeholder(value: str) -> bool:
    """Whether a value stands in for a secret that someone has already taken out."""
    return _PLACEHOLDER.fullmatch(value) is not None


def mask_header(name: str, value: str) -> str:
    """A header's value as it may be shown: its scheme (`Bearer`) stays."""
    if name.lower() in URL_HEADERS:
        return mask_url(value)
    if not is_secret_header(name):
        return value
    scheme = _SCHEME.match(value)
    start = scheme.end() if scheme else 0
    return value if is_placeholder(value[start:]) else value[:start] + MASK


def mask_url(url: str) -> str:
    """A URL as it may be shown: passwords and secret parameters masked, all else as it stands."""

    def mask(match: re.Match[str]) -> str:
        mark, name, value = match.groups()
        hide = is_secret_parameter(name) and not is_placeholder(value)
        return f"{mark}{name}={MASK}" if hide else match[0]

    return _USERINFO.sub(rf"\g<1>{MASK}", _QUERY.sub(mask, url))


def mask_form(form: str) -> str:
    """A form body (or query string) as it may be shown."""
    return mask_url(f"?{form}")[1:]


_JSON_NAMES = re.compile(
    r"(?:.*(?:password|passwd|secret|apikey|accesstoken|refreshtoken|idtoken|authtoken|sessiontoken|privatekey"
    r"|secretkey|secretaccesskey)|bearer|authorizationtoken)",
    re.IGNORECASE,
)


def mask_json(value: Json) -> Json:
    """A JSON value as it may be shown: strings under names that say password or key are masked."""
    if isinstance(value, list):
        return [mask_json(item) for item in value]
    if isinstance(value, dict):
        return {key: MASK if _is_secret(key, item) else mask_json(item) for key, item in value.items()}
    return value


def _is_secret(key: str, value: Json) -> bool:
    if not isinstance(value, str) or not value or is_placeholder(value):
        return False
    return _JSON_NAMES.fullmatch(re.sub(r"[^a-zA-Z]", "", key)) is not None

"""What must not be in git: the rules of `redact`, as rows of the table of checks.

`redact` finds, so `validate` finds a leak just where `redact all` would change the file.
"""

from cassette_cli.findings import Severity
from cassette_cli.rules.providers import SECRETS
from cassette_cli.rules.redaction import RULES
from cassette_cli.rules.validation.check import Check, Family

_WHY = "Whoever reads the repository can read it, and it stays in git's history."
_FIX = "take it out with `cassette redact all`, and revoke it if it was ever committed"
_MILD = {  # what identifies, but opens nothing by itself or for long
    "cookie": "A cookie of a session is a credential as long as it lives, mostly not for long.",
    "organization-id": "It names who recorded, in public and for good.",
    "chosen-header": "The configuration says that such headers do not belong into a recording.",
}


def _row(rule: str, summary: str, *, default: bool = True) -> Check:
    severity = Severity.WARNING if rule in _MILD else Severity.ERROR
    return Check(rule, Family.LEAKS, severity, summary, _MILD.get(rule, _WHY), _FIX, None, (), (), default)


LEAKS = (
    *(_row(rule, summary) for rule, summary in RULES.items() if rule != "volatile-header"),  # see hygiene
    *(_row(secret.id, secret.summary, default=secret.default) for secret in SECRETS),
)

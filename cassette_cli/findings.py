"""What a command found: by which rule, where, how grave. Plain values, never the secret itself."""

from enum import StrEnum
from hashlib import sha256
from typing import NamedTuple

from cassette_cli.errors import Place


class Severity(StrEnum):
    """How grave a finding is; graver ones first."""

    ERROR = "error"
    WARNING = "warning"


class Finding(NamedTuple):
    """One thing found in one file, as every output format tells it."""

    rule: str  # a kebab-case noun: what was found
    severity: Severity
    message: str  # one sentence, complete by itself
    place: Place
    end: tuple[int, int]  # line and column behind the last character
    interaction: int | None  # its place in the file, from 0; None for what belongs to the whole file
    where: str  # a path of the model: request.headers.Authorization[0]
    fixable: bool
    fingerprint: str  # the same wherever in its file the finding stands
    detail: str = ""  # what is done about it, in a few words: 51 characters → REDACTED


def fingerprint(*facts: str) -> str:
    """What stays the same of a finding when the lines of its file move; of a secret, give a hash."""
    return sha256("\0".join(facts).encode("utf-8", "surrogatepass")).hexdigest()[:20]

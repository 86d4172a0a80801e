"""What can go wrong with one file, and the exit codes.

Library code raises; one loop in `cli.py` catches per file. This module knows no file format.
"""

from enum import IntEnum
from typing import NamedTuple


class ExitCode(IntEnum):
    """The process's answer; `json.md`'s codes are the same for every output format."""

    CLEAN = 0
    FOUND = 1
    COULD_NOT = 2
    BUG = 3
    INTERRUPTED = 130


class Place(NamedTuple):
    """Where in which file: line and column are 1-based; None where the whole file is meant."""

    path: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        path = self.path.replace("\r", "\\r").replace("\n", "\\n")  # a name stands in one line
        return ":".join(str(part) for part in (path, *self[1:]) if part is not None)


class CassetteError(Exception):
    """One file cannot be worked on; says what, where, and what to do next."""

    def __init__(self, message: str, place: Place | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.place = place

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message

    def __reduce__(self) -> tuple[type["CassetteError"], tuple[str, Place | None], dict[str, object]]:
        return type(self), (self.message, self.place), vars(self)  # to another process, with its place


class Unreadable(CassetteError):
    """The file cannot be opened, decoded or parsed; `rule` says as what `validate` finds it, if it opened."""

    rule: str | None = None


class Unrecognised(CassetteError):
    """The file parses, but no recorder writes such files."""


class BadRequest(CassetteError):
    """A selector or option makes no sense for this file."""


class Refused(CassetteError):
    """An edit cannot be made, or its proof failed: nothing was written."""

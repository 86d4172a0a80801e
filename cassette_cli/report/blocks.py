"""What there is to tell of an interaction, as blocks; a screen, a page or a comment shows them.

The vocabulary is that of the JSON output. A view says what is asked for, and how much of a text is shown.
"""

from typing import NamedTuple, TypeAlias

from cassette_cli.llm.messages import Object, Tool
from cassette_cli.model import Header
from cassette_cli.report import words
from cassette_cli.report.turns import Turn
from cassette_cli.rules import masking
from cassette_cli.source.tree import Json
from cassette_cli.wire.body import Kind

LONGEST_TEXT = 1500  # characters of a message before it is cut
LONGEST_BODY = 3000  # of a body that is no conversation
LONGEST_FRAME = 300
LONGEST_SETTINGS = 600
LONGEST_UNKNOWN = 300


class View(NamedTuple):
    """What the options of `show` ask to see."""

    full: bool = False
    headers: bool = False
    reveal: bool = False
    request: bool = True
    response: bool = True

    def clip(self, text: str, most: int) -> str:
        """What is shown of a text; masked first, because half a secret has no shape."""
        text = self.masked(text)
        return text if self.full or len(text) <= most else f"{text[: most - 1]}…"

    def cut(self, text: str, most: int) -> tuple[str, int]:
        """What is shown of a text, and how many characters more there are."""
        text = self.masked(text)
        if self.full or len(text) <= most * 1.2:
            return text, 0
        return text[:most], len(text) - most

    def seen(self, text: str, most: int) -> tuple[str, int]:
        """What may be seen of a text on a page, and how many characters more there are."""
        shown, rest = self.cut(words.shrink(text), most)
        return words.visible(shown), rest

    def masked(self, text: str) -> str:
        return text if self.reveal else masking.masked(text)

    def one_line(self, text: str, most: int | None = None) -> str:
        """The text on one line."""
        return words.one_line(self.masked(text), most)

    def masked_value(self, value: Json) -> Json:
        """A JSON value without what has the shape of a secret."""
        return value if self.reveal else masking.masked_value(value)


class Head(NamedTuple):
    """What was asked for, and what came of it."""

    number: int
    method: str
    url: str
    status: int | None
    duration_ms: float | None
    has_status: bool  # a connection has none

    @property
    def outcome(self) -> tuple[str, str]:
        """`200` and `349 ms`; empty for what there is none of."""
        status = str(self.status) if self.status is not None else "no status"
        duration = words.duration(self.duration_ms) if self.duration_ms is not None else ""
        return status if self.has_status else "", duration

    @property
    def style(self) -> str:
        """How the status is taken: good, bad, or neither."""
        return "bad" if self.status is None or self.status >= 400 else "good" if self.status < 300 else ""


class Facts(NamedTuple):
    """The dialect, the models and the sizes."""

    text: str


class Settings(NamedTuple):
    line: str
    params: Object
    tools: tuple[Tool, ...]


class Headers(NamedTuple):
    side: str
    pairs: tuple[Header, ...]


class Same(NamedTuple):
    """What an earlier interaction showed already, and what differs all the same."""

    what: str
    number: int
    notes: str


class Reply(NamedTuple):
    """From here on it is what was replied."""


class Body(NamedTuple):
    side: str
    kind: Kind
    text: str


class Frame(NamedTuple):
    direction: str
    text: str
    at: str | None


class Failure(NamedTuple):
    """The provider's own error."""

    text: str


class Problem(NamedTuple):
    """What is cut or cannot be read."""

    text: str


class Closing(NamedTuple):
    """The finish reason and the usage."""

    text: str
    cut_short: bool


Block: TypeAlias = (
    Facts | Settings | Headers | Same | Turn | Reply | Body | Frame | Failure | Problem | Closing
)

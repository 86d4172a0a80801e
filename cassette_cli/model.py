"""What every recorder's file comes down to: a cassette of interactions.

The model holds what is stored, as it is stored; `wire` undoes content codings. A string that stands
in the file is a `Text` and can be changed through `source.text.rewrite`; one that a recorder does
not write down (a method that it leaves out) is a plain string.
"""

from binascii import Error as BadBase64
from binascii import a2b_base64, b2a_base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from cassette_cli.source.document import Document
from cassette_cli.source.text import Joined, Text
from cassette_cli.source.tree import Node, offset_of

Bytes: TypeAlias = bytes  # the name that `Body` has for its own


class Header(NamedTuple):
    """One name and one value; a name that has several values has several headers."""

    name: str
    value: str


class Body(NamedTuple):
    """A stored body: a scalar (text, or bytes in base64 or hex), a tree, bytes of their own, or nothing.

    Where a scalar packs its bytes otherwise (zlib in base64, Erlang's terms), `data` holds them unpacked,
    and `pack` says what the scalar is for other bytes.
    """

    node: Node | Joined | None = None  # a Joined where a text is stored in several
    base64: bool = False
    data: bytes | None = None
    hex: bool = False
    missing: str | None = None  # why a body that there was cannot be had
    pack: Callable[[Bytes], str] | None = None

    @property
    def is_empty(self) -> bool:
        return self.node is None and self.data is None

    @property
    def tree(self) -> Node | None:
        return None if isinstance(self.node, Text | Joined) else self.node

    @property
    def text(self) -> Text | Joined | None:
        """The body where it is stored as text."""
        return self.node if isinstance(self.node, Text | Joined) and not (self.base64 or self.hex) else None

    @property
    def bytes(self) -> bytes:
        """The stored bytes of a scalar body; raises ValueError where they are not base64 as claimed."""
        if self.data is not None:
            return self.data
        if not isinstance(self.node, Text | Joined):
            return b""
        if self.hex:
            return bytes.fromhex(self.node)
        if not self.base64:
            return self.node.encode("utf-8", "surrogatepass")
        try:
            return a2b_base64("".join(self.node.split()).encode("ascii", "replace"), strict_mode=True)
        except BadBase64 as error:
            raise ValueError(f"not base64: {error}") from None

    def stored(self, data: Bytes) -> str:
        """What the scalar must be for the body to be `data`; raises ValueError where that is not known."""
        old = self.node if isinstance(self.node, Text | Joined) else ""
        if self.pack:
            return self.pack(data)
        if self.data is not None:
            raise ValueError("what packed it here cannot be done again")
        if self.hex:
            return data.hex() if old == old.lower() else data.hex().upper()
        if self.base64:
            return in_lines_like(old, b2a_base64(data, newline=False).decode("ascii"))
        return data.decode("utf-8", "surrogatepass")


def in_lines_like(old: str, text: str) -> str:
    """Text without line breaks, broken into lines as long as the first of `old`, if that has several."""
    first, _, rest = old.rstrip("\n").partition("\n")
    if rest:
        text = "\n".join(text[at : at + len(first)] for at in range(0, len(text), len(first)))
    return text + old[len(old.rstrip("\n")) :]


class Request(NamedTuple):
    method: str
    url: str
    headers: tuple[Header, ...]
    body: Body
    lengths: tuple[Text, ...] = ()  # where the recorder itself says how many bytes the body has

    @property
    def verb(self) -> str:
        """The method as people write it; some recorders have it in small letters."""
        return self.method.upper()

    def header(self, name: str) -> str:
        return joined_values(self.headers, name)


class Response(NamedTuple):
    status: int | None
    headers: tuple[Header, ...]
    body: Body
    lengths: tuple[Text, ...] = ()

    def header(self, name: str) -> str:
        return joined_values(self.headers, name)


def joined_values(headers: tuple[Header, ...], name: str) -> str:
    """The values of a header joined by commas, as HTTP has it, case aside; empty if there is none."""
    wanted = name.lower()
    return ", ".join(value for key, value in headers if key.lower() == wanted)


class Frame(NamedTuple):
    """One message of a recording that is no request and reply (WebSocket, gRPC)."""

    direction: str  # sent, received
    body: Body
    at_ms: float | None = None  # since the recording began


@dataclass(frozen=True, slots=True)
class Interaction:
    """One request with the response that was recorded for it.

    Or the frames of a connection: then the request's method names the protocol, its URL what it is
    known by, and the response is empty.
    """

    index: int  # 0-based place in the file, whatever id the recorder gave it
    node: Node
    request: Request
    response: Response
    duration_ms: float | None = None
    recorded_at: str | None = None
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True)
class Cassette:
    """One file's interactions, in file order."""

    recorder: str
    version: str | None
    interactions: tuple[Interaction, ...]
    document: Document
    roots: tuple[Node, ...] = ()  # the trees of the file, if it has any

    @property
    def written_by(self) -> str:
        """`go-vcr 2`: the recorder, and the version that the file says it has, whatever that is."""
        return f"{self.recorder} {self.version or ''}".strip()

    def line(self, interaction: Interaction) -> int:
        return self.document.line_column(offset_of(interaction.node))[0]

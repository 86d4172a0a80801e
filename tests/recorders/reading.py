"""A cassette as plain values, for tables."""

from typing import NamedTuple

from cassette_cli.errors import CassetteError
from cassette_cli.model import Body, Cassette, Header, Interaction
from cassette_cli.recorders import read_cassette
from cassette_cli.source.document import Document


class Said(NamedTuple):
    """One interaction without places."""

    method: str
    url: str
    asked_headers: tuple[Header, ...]
    asked: bytes | str | None
    status: int | None
    headers: tuple[Header, ...]
    body: bytes | str | None


def read(text: str, name: str = "cassette.yaml") -> Cassette:
    return read_cassette(Document(name, text.encode()))


def said(interaction: Interaction) -> Said:
    request, response = interaction.request, interaction.response
    return Said(
        str(request.method),
        str(request.url),
        request.headers,
        stored(request.body),
        response.status,
        response.headers,
        stored(response.body),
    )


def stored(body: Body) -> bytes | str | None:
    """Text as it stands, bytes where they are base64; None for no body."""
    if body.is_empty:
        return None
    return body.bytes if body.text is None else str(body.text)


def fault(text: str, name: str = "cassette.yaml") -> tuple[str, str]:
    """The kind of error and the whole message that reading gives."""
    try:
        read(text, name)
    except CassetteError as error:
        return type(error).__name__, str(error)
    return "", ""

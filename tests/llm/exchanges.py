"""Exchanges for the dialects' tests: recorded as recorders store them, read as the product reads them."""

import json
import textwrap

from cassette_cli.llm import read_exchange
from cassette_cli.llm.messages import Exchange
from cassette_cli.model import Interaction
from cassette_cli.recorders import read_cassette
from cassette_cli.source.document import Document
from cassette_cli.source.tree import Json
from cassette_cli.wire.body import traced

OPENAI = "https://api.openai.com/v1/chat/completions"
ANTHROPIC = "https://api.anthropic.com/v1/messages"
STREAM = "text/event-stream; charset=utf-8"
STYLES = ("json", "double", "literal")


def recorded(reply: str, asked: Json = None, url: str = OPENAI, style: str = "json") -> Interaction:
    """An interaction with this text for a reply, in a file that writes it in a style."""
    document = Document("cassette.yaml", _written(reply, asked, url, style).encode("utf-8", "surrogatepass"))
    return reread(document)


def reread(document: Document) -> Interaction:
    return read_cassette(document).interactions[0]


def _written(reply: str, asked: Json, url: str, style: str) -> str:
    body = None if asked is None else json.dumps(asked)
    request: dict[str, Json] = {"method": "POST", "uri": url, "headers": {}, "body": body}
    kind = "application/json" if reply.startswith("{") else STREAM
    response = {"status": {"code": 200}, "headers": {"Content-Type": [kind]}}
    if style == "json":
        interaction = {"request": request, "response": response | {"body": {"string": reply}}}
        return json.dumps({"version": 1, "interactions": [interaction]})
    shown = (
        "|+\n" + textwrap.indent(reply, "        ")
        if style == "literal"
        else json.dumps(reply, ensure_ascii=False)
    )
    return (
        f"version: 1\ninteractions:\n- request: {json.dumps(request)}\n  response:\n"
        f"    headers: {json.dumps(response['headers'])}\n    status: {{code: 200}}\n"
        f"    body:\n      string: {shown}\n"
    )


def read(reply: str | Json, asked: Json = None, url: str = OPENAI) -> Exchange:
    """The exchange; the same with places and without."""
    interaction = recorded(reply if isinstance(reply, str) else json.dumps(reply), asked, url)
    found, placed = read_exchange(interaction), read_exchange(interaction, loads=traced)
    assert found is not None
    assert placed is not None
    assert repr(placed._replace(problems=())) == repr(found._replace(problems=()))
    return found


def sse(*events: Json, named: bool = False) -> str:
    """A stream of events; named by their types, as Anthropic's are."""
    return "".join(_event(event, named=named) for event in events)


def _event(event: Json, *, named: bool) -> str:
    data = event if isinstance(event, str) else json.dumps(event, ensure_ascii=False)
    name = f"event: {event['type']}\n" if named and isinstance(event, dict) else ""
    return f"{name}data: {data}\n\n"

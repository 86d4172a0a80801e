"""Cassettes whose every text is chosen, and the documents that `show` makes of them."""

import json
from pathlib import Path
from typing import Any

from cassette_cli.model import Cassette
from cassette_cli.recorders import read_cassette
from cassette_cli.report.blocks import View
from cassette_cli.report.markdown import Comment
from cassette_cli.report.page import Page
from cassette_cli.selection import Reading
from cassette_cli.source.document import Document

SAMPLES = Path(__file__).parent.parent.parent / "samples"

CHAT = "https://api.openai.com/v1/chat/completions"
HOSTILE = (
    "<script>top.owned=1</script><img src=x onerror=top.owned=1>",
    "</pre></div></details></article></main></body></html><h1>out</h1>",
    "\" onmouseover=alert(1) x='",
    "</title></style></summary><svg onload=alert(1)>",
    "<!-- ]]> <![CDATA[ <?php ?> &lt;b&gt; &#60;i&#62; &amp",
    "```\n</details>\n\n# Heading\n\n@octocat #12 GH-3 https://evil.example ![x](http://evil.example/x.png)",
    "`` ` ```` ~~~ \\` [link](javascript:alert(1)) <https://evil.example> www.evil.example a@evil.example",
    "\n\n    indented\n\n> quote\n- list\n1. one\n| a | b |\n| - | - |\n",
    "\x1b[31m\u202eevil\u2066\x00\x07\x9b\ud800\r\ufeff\u2028",
    " ",
    "`",
    "***bold*** __x__ ~~y~~ $$math$$ :smile: [^1] <kbd>",
)


def conversation(text: str) -> bytes:
    """A cassette in which everything that can be content is this text."""
    call = {"id": text, "function": {"name": text, "arguments": json.dumps({text: text})}}
    function = {"name": text, "description": text, "parameters": {text: text}}
    asked = {
        "model": text,
        text: text,
        "stop": [text, {text: text}],
        "tools": [{"type": "function", "function": function}],
        "messages": [
            {"role": "system", "content": text},
            {"role": text, "content": [{"type": "text", "text": text}, {"type": text, text: text}]},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": f"http://x/{text}"}}]},
            {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "tool_call_id": text, "content": text},
        ],
    }
    words = dict.fromkeys(("role", "content", "reasoning_content", "refusal"), text)
    message = {**words, "tool_calls": [call]}
    broken = {"id": text, "function": {"name": text, "arguments": f"{{{text}"}}
    said = {
        "model": text,
        "choices": [
            {"index": 0, "message": message, "finish_reason": text},
            {"index": 1, "message": {**message, "tool_calls": [broken]}, "finish_reason": text},
        ],
    }
    return cassette_of(
        (CHAT, asked, said, text),
        (CHAT, asked, {"error": {"type": text, "message": text}}, text),
        (f"https://example.com/{text}", {text: text}, {text: [text, {text: text}]}, text),
        (f"https://example.com/?a={text}", text, text, text),
    )


def cassette_of(*exchanges: tuple[str, Any, Any, str]) -> bytes:
    """URLs with what is asked and said, as JSON or as text, and the value of a header."""

    def body(value: Any) -> str:
        return value if isinstance(value, str) else json.dumps(value)

    interactions = [
        {
            "request": {"method": "POST", "uri": url, "body": body(asked), "headers": {"x": [header]}},
            "response": {
                "status": {"code": 200, "message": "OK"},
                "headers": {"content-type": ["application/json"], header or "z": [header]},
                "body": {"string": body(said)},
            },
        }
        for url, asked, said, header in exchanges
    ]
    return json.dumps({"version": 1, "interactions": interactions}).encode()


def read(data: bytes, name: str = "x.json") -> Cassette:
    return read_cassette(Document(name, data))


def sample(path: str) -> Cassette:
    return read(SAMPLES.joinpath(path).read_bytes(), path)


def drawn(form: type[Page] | type[Comment], *cassettes: Cassette, view: View | None = None) -> str:
    """The document of these cassettes, by default as the command makes it."""
    pieces: list[str] = []
    with form(view or View(headers=True)) as document:
        for cassette in cassettes:
            document.add(cassette, [Reading(interaction) for interaction in cassette.interactions])
        document.write(pieces.append)
    return "".join(pieces)

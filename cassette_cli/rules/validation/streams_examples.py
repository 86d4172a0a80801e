"""Small cassettes for the rules on streams: one exchange each, of which an example gives the events."""

_CASSETTE = """\
interactions:
- request:
    method: POST
    uri: {uri}
    headers: {{Content-Type: [application/json]}}
    body: '{{"model": "{model}", {extra}"messages": [{{"role": "user", "content": "Hi"}}], "stream": true}}'
  response:
    status: {{code: 200, message: OK}}
    headers: {{Content-Type: [text/event-stream]}}
    body:
      string: |
{events}
version: 1
"""


def _cassette(uri: str, model: str, events: tuple[str, ...], extra: str = "") -> str:
    lines = "\n".join(f"        data: {event}\n" for event in events)
    return _CASSETTE.format(uri=uri, model=model, events=lines, extra=extra)


def chat(*events: str) -> str:
    """A stream of OpenAI's chat completions."""
    return _cassette("https://api.openai.com/v1/chat/completions", "gpt-4o", events)


def feed(*events: str) -> str:
    """A stream that is no LLM's."""
    return _cassette("http://example.com/feed", "none", events)


def open_ended(cassette: str) -> str:
    """A cassette whose stream stops behind the last character of its last event."""
    head, tail = cassette.split("\n\nversion")
    return f"{head}\nversion{tail}".replace("|\n", "|-\n")


def delta(text: str, *, id_: str = "chatcmpl-1", model: str = "gpt-4o") -> str:
    """A chunk of a chat completion."""
    choice = f'{{"index": 0, "delta": {{"content": "{text}"}}}}'
    return f'{{"id": "{id_}", "model": "{model}", "choices": [{choice}]}}'


def call(index: str) -> str:
    """A chunk that begins a tool call."""
    tool = f'{{"index": {index}, "id": "call_{index}", "function": {{"name": "now", "arguments": "{{}}"}}}}'
    return f'{{"id": "chatcmpl-1", "choices": [{{"index": 0, "delta": {{"tool_calls": [{tool}]}}}}]}}'


STOP = '{"id": "chatcmpl-1", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}'
DONE = "[DONE]"


def usage(total: str, cached: str = "0", *, read: int = 9) -> str:
    """The chunk that tells what a chat completion cost, of which 2 tokens were written."""
    details = f'"prompt_tokens_details": {{"cached_tokens": {cached}}}'
    counts = f'"prompt_tokens": {read}, "completion_tokens": 2, "total_tokens": {total}, {details}'
    return f'{{"id": "chatcmpl-1", "choices": [], "usage": {{{counts}}}}}'


def messages(*events: str) -> str:
    """A stream of Anthropic's Messages."""
    uri = "https://api.anthropic.com/v1/messages"
    return _cassette(uri, "claude-sonnet-4-5", events, '"max_tokens": 100, ')


START = '{"type": "message_start", "message": {"type": "message", "role": "assistant", "content": []}}'
END = '{"type": "message_delta", "delta": {"stop_reason": "end_turn"}}'
MESSAGE_STOP = '{"type": "message_stop"}'


def opened(index: str) -> str:
    """The event that opens a block of text."""
    block = '{"type": "text", "text": ""}'
    return f'{{"type": "content_block_start", "index": {index}, "content_block": {block}}}'


def added(index: int, text: str) -> str:
    """The event that adds words to a block."""
    piece = f'{{"type": "text_delta", "text": "{text}"}}'
    return f'{{"type": "content_block_delta", "index": {index}, "delta": {piece}}}'


def closed(index: int) -> str:
    """The event that closes a block."""
    return f'{{"type": "content_block_stop", "index": {index}}}'


def responses(streamed: str, whole: str, last: int = 4) -> str:
    """A stream of OpenAI's Responses whose text comes in one delta and then whole."""
    item = '"item": {"type": "message", "role": "assistant"}'
    events = (
        ("output_item.added", 0, item),
        ("output_text.delta", 1, f'"delta": "{streamed}"'),
        ("output_text.done", 2, f'"text": "{whole}"'),
        ("output_item.done", 3, item),
        ("completed", last, '"response": {"status": "completed"}'),
    )
    lines = (
        f'{{"type": "response.{kind}", "sequence_number": {number}, "output_index": 0, {rest}}}'
        for kind, number, rest in events
    )
    made = _cassette("https://api.openai.com/v1/responses", "gpt-4o", tuple(lines))
    return made.replace('"messages": [{"role": "user", "content": "Hi"}]', '"input": "Hi"')

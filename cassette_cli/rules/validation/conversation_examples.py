"""Small cassettes for the rules on conversations: an example gives each turn's messages and reply."""

_TURN = """\
- request:
    method: POST
    uri: https://api.{api}
    headers: {{Content-Type: [application/json]}}
    body: |-
      {{"model": "{model}", {tools}"messages": [
        {messages}
      ]}}
  response:
    status: {{code: 200, message: OK}}
    headers: {{Content-Type: [application/json]}}
    body:
      string: |-
        {reply}
"""
_SCHEMA = '{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}'
_TOOLS = f"""\
"tools": [
        {{"type": "function", "function": {{"name": "weather", "parameters":
          {_SCHEMA}}}}}
      ], """


def cassette(*turns: str) -> str:
    """A cassette of turns."""
    return f"interactions:\n{''.join(turns)}version: 1\n"


def turn(*messages: str, reply: str, tools: bool = True) -> str:
    """One turn of a chat completion, with a tool that tells the weather."""
    reason = "tool_calls" if "tool_calls" in reply else "stop"
    body = f'{{"choices": [{{"index": 0, "finish_reason": "{reason}", "message":\n          {reply}}}]}}'
    return _turn("openai.com/v1/chat/completions", "gpt-4o", messages, body, _TOOLS if tools else "")


def turn_of_anthropic(*messages: str) -> str:
    """One turn of Anthropic's Messages."""
    body = """\
{"type": "message", "role": "assistant", "content": [{"type": "text", "text": "Fine."}],
         "stop_reason": "end_turn"}"""
    return _turn("anthropic.com/v1/messages", "claude-sonnet-4-5", messages, body, '"max_tokens": 100, ')


def _turn(api: str, model: str, messages: tuple[str, ...], reply: str, tools: str) -> str:
    return _TURN.format(api=api, model=model, messages=",\n        ".join(messages), reply=reply, tools=tools)


def said(role: str, text: str) -> str:
    """A message that says something."""
    return f'{{"role": "{role}", "content": "{text}"}}'


def called(*calls: str) -> str:
    """A message that calls tools."""
    return f'{{"role": "assistant", "content": null, "tool_calls": [\n          {", ".join(calls)}]}}'


def call(id_: str = "call_1", name: str = "weather", arguments: str = r"{\"city\": \"Oslo\"}") -> str:
    """A tool call."""
    function = f'{{"name": "{name}", "arguments": "{arguments}"}}'
    return f'{{"id": "{id_}", "type": "function", "function": {function}}}'


def gave(id_: str, text: str = "rain") -> str:
    """A message with what a tool gave."""
    return f'{{"role": "tool", "tool_call_id": "{id_}", "content": "{text}"}}'

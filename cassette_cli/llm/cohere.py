"""Cohere's chat, version 1 (one message and a history) and version 2 (messages).

A stream is folded into the body that a whole reply would have been; then both are read alike. The
first version streams lines with an `event_type` and ends with the whole reply, the second one
server-sent events with a `type`. https://docs.cohere.com/reference/chat
"""

from collections.abc import Iterable, Iterator

from cassette_cli.llm.messages import (
    Answer,
    Event,
    Item,
    Message,
    Object,
    Part,
    Prompt,
    Prose,
    ProviderError,
    Tool,
    ToolCall,
    ToolResult,
    Unknown,
    Usage,
    View,
    as_object,
    as_text,
    citation,
    compact,
    count,
    data_url,
    joined,
    objects,
    prose,
    settings,
    text_or_none,
)
from cassette_cli.source.tree import Json

ID = "cohere-chat"
END_MARK = "end event"


def matches(view: View) -> bool:
    for value in view.said:
        if value.get("event_type") == "stream-start" and "prompt" not in view.asked:
            return True
        message = as_object(as_object(value.get("delta")).get("message"))
        if value.get("type") == "message-start" and message.get("role") == "assistant":
            return True
        if "generation_id" in value and isinstance(value.get("text"), str):
            return True
        if "finish_reason" in value and "usage" in value and isinstance(value.get("message"), dict):
            return True
    asked = view.path.endswith(("v1/chat", "v2/chat")) and not isinstance(view.asked.get("input"), str)
    return asked and ("message" in view.asked or "cohere" in view.host)

"""What the vendors' own SDKs make of recorded bytes: the truth that a reading is held against.

The SDKs run as they are, over a transport that answers every request with the recording.
"""

import importlib
import json
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple


class Reading(NamedTuple):
    """A reply in common terms; None where the SDK has nothing."""

    text: str
    reasoning: str
    calls: list[tuple[str | None, str, Any]]  # id, name, arguments: OpenAI's as written, Anthropic's parsed
    finish_reason: str | None
    usage: tuple[int | None, int | None] | None  # input, output


class SdkError(Exception):
    """The SDK itself does not read these bytes."""


def _client(sdk: Any, make: Callable[..., Any], status: int, content_type: str, body: bytes) -> Any:
    # The SDKs moved from one HTTP library to its successor: take the one that theirs is made of.
    http = importlib.import_module(sdk.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0])
    transport = http.MockTransport(
        lambda _: http.Response(status, headers={"content-type": content_type}, content=body)
    )
    return make(api_key="test", max_retries=0, http_client=http.Client(transport=transport))


@cache
def _sdk(name: str) -> Any:
    return importlib.import_module(name)


def openai_chat_stream(body: bytes) -> Reading:
    """`create(stream=True)` iterated, the deltas of the first choice joined by index."""
    openai = _sdk("openai")
    client = _client(openai, openai.OpenAI, 200, "text/event-stream", body)
    text, reasoning = "", ""
    calls: dict[int, list[Any]] = {}
    finish, usage = None, None
    try:
        for chunk in client.chat.completions.create(model="m", messages=[], stream=True):
            usage = getattr(chunk, "usage", None) or _groq_usage(chunk) or usage
            for choice in chunk.choices or ():
                if choice.index or choice.delta is None:
                    continue
                text += _content(choice.delta, "text")
                reasoning += _reasoning(choice.delta)
                finish = choice.finish_reason or finish
                for index, id_, function in _functions(choice.delta):
                    known = calls.setdefault(index, [None, "", ""])
                    known[0] = known[0] or id_
                    known[1] += function.name or ""
                    known[2] += function.arguments or ""
    except openai.APIError as error:
        raise SdkError(str(error)) from error
    return Reading(text, reasoning, [(c[0], c[1], c[2]) for c in calls.values()], finish, _counts(usage))


def openai_chat_whole(body: bytes) -> Reading:
    openai = _sdk("openai")
    client = _client(openai, openai.OpenAI, 200, "application/json", body)
    completion = client.chat.completions.create(model="m", messages=[])
    choice = completion.choices[0]
    message = choice.message
    if message is None:  # Azure's content filter leaves it out
        return Reading("", "", [], choice.finish_reason, _counts(completion.usage))
    calls = [(id_, function.name, function.arguments) for _, id_, function in _functions(message)]
    return Reading(
        _content(message, "text"), _reasoning(message), calls, choice.finish_reason, _counts(completion.usage)
    )


def _functions(message: Any) -> list[tuple[int, str | None, Any]]:
    """The calls of a message or a delta: number, id, function; the one of the form before tools has no id."""
    function = message.function_call
    if not message.tool_calls and function and (function.name or function.arguments):  # Snowflake's is empty
        return [(0, None, function)]
    return [(getattr(call, "index", 0), call.id, call.function) for call in message.tool_calls or ()]


def _counts(usage: Any) -> tuple[int | None, int | None] | None:
    if isinstance(usage, dict):
        return usage.get("prompt_tokens"), usage.get("completion_tokens")
    return (usage.prompt_tokens, usage.completion_tokens) if usage else None


def _groq_usage(chunk: Any) -> Any:
    """Where Groq's servers put the counts of a stream, and Groq's own SDK finds them."""
    return (getattr(chunk, "x_groq", None) or {}).get("usage")


def _content(message: Any, wanted: str) -> str:
    """The `text` or the `thinking` of a message; Mistral's servers send both as a list of parts."""
    if isinstance(message.content, str):
        return message.content if wanted == "text" else ""
    found = ""
    for part in message.content or ():
        value = part.get(wanted)
        found += value if isinstance(value, str) else "".join(piece["text"] for piece in value or ())
    return found


def _reasoning(message: Any) -> str:
    """The field that this provider uses; OpenAI's SDK hands unknown fields through."""
    for name in ("reasoning_content", "reasoning"):
        value = getattr(message, name, None)
        if isinstance(value, str) and value:
            return value
    details = getattr(message, "reasoning_details", None) or ()  # OpenRouter's, see its SDK
    told = "".join(detail.get("text") or detail.get("summary") or "" for detail in details)
    return told or _content(message, "thinking")


def anthropic_stream(body: bytes) -> Reading:
    """`messages.stream` to the final message."""
    anthropic = _sdk("anthropic")
    client = _client(anthropic, anthropic.Anthropic, 200, "text/event-stream", body)
    try:
        with client.messages.stream(model="m", max_tokens=1, messages=[]) as stream:
            return _anthropic_message(stream.get_final_message())
    except (anthropic.APIError, AssertionError, RuntimeError, IndexError) as error:
        raise SdkError(str(error)) from error


def anthropic_whole(body: bytes) -> Reading:
    anthropic = _sdk("anthropic")
    client = _client(anthropic, anthropic.Anthropic, 200, "application/json", body)
    return _anthropic_message(client.messages.create(model="m", max_tokens=1, messages=[]))


def _anthropic_message(message: Any) -> Reading:
    blocks = message.content
    return Reading(
        "".join(block.text for block in blocks if block.type == "text"),
        "".join(block.thinking for block in blocks if block.type == "thinking"),
        [(block.id, block.name, block.input) for block in blocks if block.type == "tool_use"],
        message.stop_reason,
        (message.usage.input_tokens, message.usage.output_tokens) if message.usage else None,
    )


def openai_client(body: bytes, content_type: str = "application/json") -> Any:
    """OpenAI's client, to which every answer is the recording."""
    openai = _sdk("openai")
    return _client(openai, openai.OpenAI, 200, content_type, body)


def openai_responses_stream(body: bytes) -> Reading:
    """The response of the last event of `create(stream=True)`; without items, with those streamed before."""
    openai = _sdk("openai")
    client = _client(openai, openai.OpenAI, 200, "text/event-stream", body)
    final, items = None, {}
    try:
        for event in client.responses.create(model="m", input="", stream=True):
            if event.type in ("response.completed", "response.incomplete", "response.failed"):
                final = event.response
            elif event.type == "response.output_item.done":
                items[event.output_index] = event.item
    except openai.APIError as error:
        raise SdkError(str(error)) from error
    if final is None:
        return openai_responses_cut(body)
    return _response(final, final.output or [items[index] for index in sorted(items)])


def openai_responses_cut(body: bytes) -> Reading:
    """What the SDK's own `stream` helper has put together of a stream that does not end."""
    openai = _sdk("openai")
    client = _client(openai, openai.OpenAI, 200, "text/event-stream", body)
    try:
        with client.responses.stream(model="m", input="") as stream:
            stream.until_done()
    except (openai.APIError, RuntimeError, AssertionError, IndexError) as error:
        raise SdkError(str(error)) from error
    state = stream._state
    items = {**state._output_items, **state._completed_output}
    return _response(None, [items[index] for index in sorted(items)])


def openai_responses_whole(body: bytes) -> Reading:
    openai = _sdk("openai")
    client = _client(openai, openai.OpenAI, 200, "application/json", body)
    response = client.responses.create(model="m", input="")
    return _response(response, response.output)


def _response(response: Any, items: list[Any]) -> Reading:
    usage = response.usage if response else None
    thoughts = [item for item in items if item.type == "reasoning"]
    finish = response and (getattr(response.incomplete_details, "reason", None) or response.status)
    return Reading(
        "".join(
            part.text
            for item in items
            if item.type == "message"
            for part in item.content
            if part.type == "output_text"
        ),
        "".join(part.text for item in thoughts for part in (*item.summary, *(item.content or ()))),
        [
            (item.call_id, item.name, item.arguments if item.type == "function_call" else item.input)
            for item in items
            if item.type in ("function_call", "custom_tool_call")
        ],
        finish,
        (usage.input_tokens, usage.output_tokens) if usage else None,
    )


def openai_completions_stream(body: bytes) -> Reading:
    """`create(stream=True)` iterated, the texts of the first choice joined."""
    openai = _sdk("openai")
    client = _client(openai, openai.OpenAI, 200, "text/event-stream", body)
    text, finish, usage = "", None, None
    try:
        for chunk in client.completions.create(model="m", prompt="", stream=True):
            usage = chunk.usage or usage
            text += getattr(chunk, "value", "")  # all that Writer's servers send, and Writer's own SDK reads
            for choice in chunk.choices or ():
                if not choice.index:
                    text += choice.text or ""
                    finish = choice.finish_reason or finish
    except openai.APIError as error:
        raise SdkError(str(error)) from error
    return Reading(text, "", [], finish, _counts(usage))


def openai_completions_whole(body: bytes) -> Reading:
    openai = _sdk("openai")
    client = _client(openai, openai.OpenAI, 200, "application/json", body)
    completion = client.completions.create(model="m", prompt="")
    choice = completion.choices[0]
    return Reading(choice.text, "", [], choice.finish_reason, _counts(completion.usage))


def openai_assistants_stream(body: bytes) -> Reading:
    """`runs.stream` to its final messages and its final run."""
    openai = _sdk("openai")
    client = _client(openai, openai.OpenAI, 200, "text/event-stream", body)
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        helper = client.beta.threads.runs.stream(thread_id="t", assistant_id="a")
    with helper as stream:
        stream.until_done()
        messages, run = stream.get_final_messages(), stream.get_final_run()
    parts = [part for message in messages for part in message.content]
    action = run.required_action.submit_tool_outputs.tool_calls if run.required_action else ()
    return Reading(
        "".join(part.text.value for part in parts if part.type == "text"),
        "",
        [(call.id, call.function.name, call.function.arguments) for call in action],
        run.status,
        _counts(run.usage),
    )


class _Recording:
    """What the next request is answered with."""

    content_type = ""
    body = b""

    @classmethod
    def play(cls, content_type: str, body: bytes) -> None:
        cls.content_type, cls.body = content_type, body


@cache
def _player(library: str) -> Any:
    """A client of an HTTP library that answers every request with the recording."""
    return importlib.import_module(library).Client(transport=_transport(library), base_url="http://test")


def _transport(library: str) -> Any:
    http = importlib.import_module(library)
    return http.MockTransport(
        lambda _: http.Response(
            200, headers={"content-type": _Recording.content_type}, content=_Recording.body
        )
    )


def _parsed(arguments: Any) -> Any:
    """A call's arguments as a value; Cohere's and Mistral's SDKs hand them on as they were written."""
    return json.loads(arguments or "{}") if isinstance(arguments, str) else arguments or {}


# -- Google ----------------------------------------------------------------------------------------


@cache
def _google() -> Any:
    options = _sdk("google.genai.types").HttpOptions(httpx_client=_player("httpx"))
    return _sdk("google.genai").Client(api_key="test", http_options=options)


def gemini_stream(body: bytes) -> Reading:
    """`generate_content_stream` iterated: the parts of the first candidate, the last usage."""
    _Recording.play("text/event-stream", body)
    try:
        return _gemini(list(_google().models.generate_content_stream(model="m", contents="x")))
    except _sdk("google.genai.errors").APIError as error:
        raise SdkError(str(error)) from error


def gemini_whole(body: bytes) -> Reading:
    """`generate_content`; of a body that is an array, as its elements sent as events."""
    value = _named(json.loads(body))
    if isinstance(value, list):
        return gemini_stream(b"".join(b"data: %s\n\n" % json.dumps(one).encode() for one in value))
    _Recording.play("application/json", json.dumps(value).encode())
    return _gemini([_google().models.generate_content(model="m", contents="x")])


_PROTO = ["FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER"]
_ENUMS = {"category", "probability", "modality", "severity", "trafficType"}  # which no reading holds


def _named(value: Any) -> Any:
    """The value with names for the numbers of enums, which older clients ask for and this one cannot read."""
    if isinstance(value, list):
        return [_named(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: item for key, item in value.items() if key not in _ENUMS or not isinstance(item, int)}
    return {
        key: _PROTO[item] if key == "finishReason" and isinstance(item, int) else _named(item)
        for key, item in kept.items()
    }


def _gemini(chunks: list[Any]) -> Reading:
    first = [candidate for chunk in chunks for candidate in (chunk.candidates or ())[:1]]
    parts = [part for one in first for part in (one.content and one.content.parts) or ()]
    reasons = [one.finish_reason for one in first if one.finish_reason]
    reasons += [chunk.prompt_feedback.block_reason for chunk in chunks if chunk.prompt_feedback]
    usages = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata]
    calls = [part.function_call for part in parts if part.function_call]
    return Reading(
        "".join(part.text for part in parts if part.text and not part.thought),
        "".join(part.text for part in parts if part.text and part.thought),
        [(call.id, call.name, call.args or {}) for call in calls],
        reasons[-1].value if reasons else None,
        (usages[-1].prompt_token_count, usages[-1].candidates_token_count) if usages else None,
    )


def interactions_stream(body: bytes) -> Reading:
    """`interactions.create(stream=True)` iterated, the deltas joined by index."""
    _Recording.play("text/event-stream", body)
    steps: dict[int, Any] = {}
    pieces: dict[tuple[int, str], str] = {}
    last = None
    for event in _google().interactions.create(model="m", input="x", stream=True):
        if event.event_type == "step.start":
            steps[event.index] = event.step
        elif event.event_type == "step.delta":
            delta = event.delta
            given = {"text": "text", "arguments_delta": "arguments"}.get(delta.type)
            words = getattr(delta, given) if given else ""
            words = delta.content.text if delta.type == "thought_summary" else words
            key = (event.index, given or delta.type)
            pieces[key] = pieces.get(key, "") + words
        last = getattr(event, "interaction", last)
    found = _interaction(last, list(steps.values()))
    calls = [
        (steps[at].id, steps[at].name, _parsed(raw))
        for (at, key), raw in pieces.items()
        if key == "arguments"
    ]
    text = "".join(words for (_, key), words in pieces.items() if key == "text")
    thought = "".join(words for (_, key), words in pieces.items() if key == "thought_summary")
    return found._replace(text=found.text + text, reasoning=thought, calls=calls)


def interactions_whole(body: bytes) -> Reading:
    _Recording.play("application/json", body)
    interaction = _google().interactions.create(model="m", input="x")
    return _interaction(interaction, interaction.steps or [])


def _interaction(interaction: Any, steps: list[Any]) -> Reading:
    contents = [one for step in steps if step.type == "model_output" for one in step.content or ()]
    thoughts = [one for step in steps if step.type == "thought" for one in step.summary or ()]
    calls = [step for step in steps if step.type == "function_call"]
    usage = interaction.usage
    return Reading(
        "".join(one.text for one in contents if one.type == "text"),
        "".join(one.text for one in thoughts if one.type == "text"),
        [(call.id, call.name, call.arguments) for call in calls],
        interaction.status,
        (usage.total_input_tokens, usage.total_output_tokens) if usage else None,
    )


# -- Cohere ----------------------------------------------------------------------------------------


@cache
def _cohere(version: str) -> Any:
    return getattr(_sdk("cohere"), version)(api_key="test", httpx_client=_player("httpx"))


def cohere_lines(body: bytes) -> Reading:
    """Version 1: `chat_stream` iterated, the texts joined; the last event has the whole reply."""
    _Recording.play("application/x-ndjson", body)
    events = list(_cohere("Client").chat_stream(message="x"))
    text = "".join(event.text for event in events if event.event_type == "text-generation")
    end = next(event for event in events if event.event_type == "stream-end")
    return _cohere_1(end.response, end.finish_reason)._replace(text=text)


def cohere_stream(body: bytes) -> Reading:
    """Version 2: `chat_stream` iterated, the deltas joined by index."""
    _Recording.play("text/event-stream", body)
    text = reasoning = ""
    calls: list[list[Any]] = []
    finish = usage = None
    for event in _cohere("ClientV2").chat_stream(model="m", messages=[]):
        message: Any = getattr(getattr(event, "delta", None), "message", None)
        match event.type:
            case "content-start" | "content-delta":
                text += message.content.text or ""
                reasoning += message.content.thinking or ""
            case "tool-plan-delta":
                reasoning += message.tool_plan
            case "tool-call-start":
                call = message.tool_calls
                calls.append([call.id, call.function.name, call.function.arguments or ""])
            case "tool-call-delta":
                calls[-1][2] += message.tool_calls.function.arguments or ""
            case "message-end":
                finish, usage = event.delta.finish_reason, event.delta.usage
    return Reading(
        text, reasoning, [(c[0], c[1], _parsed(c[2])) for c in calls], finish, _cohere_counts(usage)
    )


def cohere_whole(body: bytes) -> Reading:
    """`chat` of the version that the body is of."""
    _Recording.play("application/json", body)
    if not isinstance(json.loads(body).get("message"), dict):
        reply = _cohere("Client").chat(message="x")
        return _cohere_1(reply, reply.finish_reason)
    reply = _cohere("ClientV2").chat(model="m", messages=[])
    contents = reply.message.content or ()
    thoughts = [one.thinking for one in contents if one.type == "thinking"]
    calls = [
        (call.id, call.function.name, _parsed(call.function.arguments))
        for call in reply.message.tool_calls or ()
    ]
    return Reading(
        "".join(one.text for one in contents if one.type == "text"),
        "".join([*thoughts, reply.message.tool_plan or ""]),
        calls,
        reply.finish_reason,
        _cohere_counts(reply.usage),
    )


def _cohere_1(reply: Any, finish_reason: str | None) -> Reading:
    calls: list[Any] = [(None, call.name, call.parameters) for call in reply.tool_calls or ()]
    return Reading(reply.text, "", calls, finish_reason, _cohere_counts(reply.meta, reply))


def _cohere_counts(usage: Any, reply: Any = None) -> tuple[int | None, int | None] | None:
    """The tokens; of a reply from before there were any, what stood there then, else those billed."""
    older = getattr(reply, "token_count", None)
    if usage and not usage.tokens and older:
        return older["prompt_tokens"], older["response_tokens"]
    told = usage and (usage.tokens or usage.billed_units)
    return (told.input_tokens, told.output_tokens) if told else None


# -- Mistral, Ollama -------------------------------------------------------------------------------


@cache
def _mistral_client() -> Any:
    return _sdk("mistralai.client").Mistral(api_key="test", client=_player("httpx"))


def mistral_stream(body: bytes) -> Reading:
    """`chat.stream` iterated, the deltas of the first choice joined."""
    _Recording.play("text/event-stream", body)
    chunks = [event.data for event in _mistral_client().chat.stream(model="m", messages=[])]
    choices = [choice for chunk in chunks for choice in chunk.choices if choice.index == 0]
    usages = [chunk.usage for chunk in chunks if chunk.usage]
    return _mistral(
        [choice.delta for choice in choices], [choice.finish_reason for choice in choices], usages
    )


def mistral_whole(body: bytes) -> Reading:
    _Recording.play("application/json", body)
    reply = _mistral_client().chat.complete(model="m", messages=[])
    return _mistral([reply.choices[0].message], [reply.choices[0].finish_reason], [reply.usage])


def _mistral(messages: list[Any], reasons: list[Any], usages: list[Any]) -> Reading:
    chunks: list[Any] = []
    for message in messages:
        content = message.content or ()
        chunks += [content] if isinstance(content, str) else content
    texts = [chunk if isinstance(chunk, str) else getattr(chunk, "text", "") for chunk in chunks]
    thoughts = [piece.text for chunk in chunks for piece in getattr(chunk, "thinking", ())]
    calls = [call for message in messages for call in message.tool_calls or ()]
    return Reading(
        "".join(texts),
        "".join(thoughts),
        [(call.id, call.function.name, _parsed(call.function.arguments)) for call in calls],
        next((reason for reason in reversed(reasons) if isinstance(reason, str)), None),
        (usages[-1].prompt_tokens, usages[-1].completion_tokens) if usages else None,
    )


def ollama_chat(body: bytes) -> Reading:
    """`chat(stream=True)` iterated; a whole reply is a stream of one line."""
    lines = list(_ollama_client(body).chat(model="m", messages=[], stream=True))
    messages = [line.message for line in lines]
    calls = [call.function for message in messages for call in message.tool_calls or ()]
    raw = [call for line in body.splitlines() for call in json.loads(line)["message"].get("tool_calls") or ()]
    ids = [
        call.get("id") for call in raw
    ]  # which this SDK leaves out, other than the server and its own clients
    return Reading(
        "".join(message.content or "" for message in messages),
        "".join(message.thinking or "" for message in messages),
        [(id_, call.name, dict(call.arguments)) for id_, call in zip(ids, calls, strict=True)],
        *_ollama_end(lines),
    )


def ollama_generate(body: bytes) -> Reading:
    lines = list(_ollama_client(body).generate(model="m", prompt="x", stream=True))
    return Reading(
        "".join(line.response or "" for line in lines),
        "".join(line.thinking or "" for line in lines),
        [],
        *_ollama_end(lines),
    )


def _ollama_client(body: bytes) -> Any:
    _Recording.play("application/x-ndjson", body)
    return _sdk("ollama").Client("http://test", transport=_transport("httpx"))


def _ollama_end(lines: list[Any]) -> tuple[str | None, tuple[int | None, int | None]]:
    return lines[-1].done_reason, (lines[-1].prompt_eval_count, lines[-1].eval_count)

"""Gemini: generateContent in both streamed forms, Interactions, Vertex AI's predict; google-genai agrees."""

import pytest

from cassette_cli.llm.messages import (
    Item,
    Media,
    Message,
    Object,
    Part,
    Prose,
    ProviderError,
    Tool,
    ToolCall,
    ToolResult,
    Unknown,
    Usage,
    citation,
)
from cassette_cli.source.tree import Json
from tests import oracles
from tests.corpus import needs_corpus
from tests.llm.cases import (
    ARRAY,
    STRANGERS,
    Case,
    check_against_sdk,
    check_corpus,
    check_cuts,
    check_depth,
    check_strangers,
    check_whole,
    read,
    reply,
)

API = "https://generativelanguage.googleapis.com/v1beta/"
VERTEX = "https://aiplatform.googleapis.com/v1/projects/p/locations/l/publishers/google/models/"
STREAM = API + "models/gemini-2.5-flash:streamGenerateContent?alt=sse"
WHOLE = API + "models/gemini-2.5-flash:generateContent"

FIGURES: Json = {
    "promptTokenCount": 9,
    "candidatesTokenCount": 4,
    "cachedContentTokenCount": 2,
    "thoughtsTokenCount": 3,
    "totalTokenCount": 16,
}
USAGE = Usage(9, 4, 2, None, 3, 16)


def chunk(*parts: Json, finish: Json = None, **fields: Json) -> Object:
    candidate: Object = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = finish
    return {"candidates": [candidate | fields]}


def call(name: str, args: Json, **fields: Json) -> Json:
    return {"functionCall": {"name": name, "args": args, **fields}}


def more(*pieces: Json) -> Json:
    """A chunk that goes on with the arguments of a call."""
    return chunk({"functionCall": {"partialArgs": list(pieces), "willContinue": True}})


RAIN: Json = {"web": {"uri": "u", "title": "t"}}
END = chunk(finish="STOP") | {"usageMetadata": FIGURES}

TALK: list[Json] = [
    chunk({"text": "h", "thought": True}),
    chunk({"text": "m", "thought": True}, {"text": "Hel"}),
    chunk({"text": "lo \U0001f600", "thoughtSignature": "c2ln"}),
    END,
]
SAID = (Prose("reasoning", "hm"), Prose("text", "Hello \U0001f600"))

CASES = [
    Case("talk", STREAM, TALK, SAID, "STOP", USAGE, 4, oracle=oracles.gemini_stream),
    Case("array", STREAM.partition("?")[0], TALK, SAID, "STOP", USAGE, 4, ARRAY, oracles.gemini_whole),
    Case(
        "code-assist",
        "https://cloudcode-pa.googleapis.com/v1internal:streamGenerateContent?alt=sse",
        [{"response": chunk({"text": "a"})}, {"response": END}],
        (Prose("text", "a"),),
        "STOP",
        USAGE,
        2,
    ),
    Case(
        "parallel-calls",
        STREAM,
        [chunk(call("f", {"a": 1}, id="x"), call("g", {})), chunk(call("f", {"a": 2})), END],
        (ToolCall("x", "f", '{"a": 1}'), ToolCall(None, "g", ""), ToolCall(None, "f", '{"a": 2}')),
        "STOP",
        USAGE,
        3,
        oracle=oracles.gemini_stream,
    ),
    Case(
        "search",
        VERTEX + "gemini-3:streamGenerateContent?alt=sse",
        [
            chunk({"text": "It rains"}, groundingMetadata={"groundingChunks": [RAIN]}),
            chunk(
                {"text": "."},
                finish="STOP",
                groundingMetadata={
                    "webSearchQueries": ["rain"],
                    "groundingChunks": [RAIN, {"maps": {"uri": "m"}}],
                },
                citationMetadata={"citationSources": [{"uri": "s", "startIndex": 1}]},
            ),
        ],
        (
            Prose("text", "It rains."),
            citation({"uri": "u", "title": "t"}),
            citation({"uri": "m"}),
            citation({"uri": "s", "startIndex": 1}),
            Item("grounding", {"webSearchQueries": ["rain"]}),
        ),
        "STOP",
        None,
        2,
        oracle=oracles.gemini_stream,
    ),
    Case(
        "streamed-arguments",
        VERTEX + "gemini-3:streamGenerateContent?alt=sse",
        [
            chunk(call("book", None, willContinue=True)),
            more({"jsonPath": "$.to", "stringValue": "Flo"}),
            more({"jsonPath": "$.to", "stringValue": "rence"}),
            more(
                {"jsonPath": "$.days[0]['of month']", "numberValue": 3},
                {"jsonPath": "$.days[1]", "boolValue": True},
                {"jsonPath": "$.via", "nullValue": "NULL_VALUE"},
            ),
            chunk({"functionCall": {}}),
            chunk(call("pay", {"sum": 7}), finish="STOP"),
        ],
        (
            ToolCall(None, "book", '{"to": "Florence", "days": [{"of month": 3}, true], "via": null}'),
            ToolCall(None, "pay", '{"sum": 7}'),
        ),
        "STOP",
        None,
        6,
    ),
]

FIGURES_2: Json = {
    "total_input_tokens": 9, "total_output_tokens": 4, "total_cached_tokens": 0, "total_thought_tokens": 3,
    "total_tokens": 16,
}  # fmt: skip


def step(index: int, **delta: Json) -> Json:
    return {"event_type": "step.delta", "index": index, "delta": delta}


def start(index: int, **fields: Json) -> Json:
    return {"event_type": "step.start", "index": index, "step": fields}


def about(event: str, **fields: Json) -> Json:
    interaction: Object = {"id": "i", "object": "interaction", "model": "m", **fields}
    return {"event_type": f"interaction.{event}", "interaction": interaction}


CREATED = about("created", status="in_progress")

INTERACTIONS = [
    Case(
        "steps",
        API + "interactions",
        [
            CREATED,
            {"event_type": "interaction.status_update", "interaction_id": "i", "status": "in_progress"},
            start(0, type="thought"),
            step(0, type="thought_summary", content={"type": "text", "text": "h"}),
            step(0, type="thought_summary", content={"type": "text", "text": "m"}),
            step(0, type="thought_signature", signature="c2ln"),
            {"event_type": "step.stop", "index": 0},
            start(1, type="google_search_call", id="s", arguments={}),
            step(1, type="google_search_call", arguments={"queries": ["rain"]}),
            start(2, type="google_search_result", call_id="s", result=[{"search_suggestions": "more"}]),
            start(3, type="model_output"),
            step(3, type="text", text="It "),
            step(3, type="text", text="rains."),
            step(3, type="text_annotation_delta", annotations=[{"type": "url_citation", "url": "u"}]),
            step(3, type="image", data="AAEC", mime_type="image/png"),
            about("completed", status="completed", usage=FIGURES_2),
            "[DONE]",
        ],
        (
            Prose("reasoning", "hm"),
            ToolCall("s", "google_search", '{"queries": ["rain"]}', server=True),
            ToolResult("s", (Prose("text", '[{"search_suggestions": "more"}]'),), server=True),
            Prose("text", "It rains."),
            citation({"type": "url_citation", "url": "u"}),
            Media("image", "image/png", 3),
        ),
        "completed",
        Usage(9, 4, 0, None, 3, 16),
        16,
        oracle=oracles.interactions_stream,
    ),
    Case(
        "a-call",
        API + "interactions",
        [
            CREATED,
            start(0, type="function_call", id="x", name="f", arguments={}),
            step(0, type="arguments_delta", arguments='{"a":'),
            step(0, type="arguments_delta", arguments=" 1}"),
            about("completed", status="requires_action"),
        ],
        (ToolCall("x", "f", '{"a": 1}'),),
        "requires_action",
        None,
        5,
        oracle=oracles.interactions_stream,
    ),
    Case(
        "outputs-before-steps",
        API + "interactions",
        [
            about("start", status="in_progress"),
            {"event_type": "content.start", "index": 0, "content": {"type": "text"}},
            {"event_type": "content.delta", "index": 0, "delta": {"type": "text", "text": "a"}},
            {"event_type": "content.delta", "index": 0, "delta": {"type": "text", "text": "b"}},
            {"event_type": "content.stop", "index": 0},
            {"event_type": "content.start", "index": 1, "content": {"type": "function_call"}},
            {
                "event_type": "content.delta",
                "index": 1,
                "delta": {"type": "function_call", "id": "x", "name": "f", "arguments": {"a": 1}},
            },
            about("complete", status="completed"),
        ],
        (Prose("text", "ab"), ToolCall("x", "f", '{"a": 1}')),
        "completed",
        None,
        8,
    ),
]

cases = pytest.mark.parametrize("case", [*CASES, *INTERACTIONS], ids=lambda case: case.id)


@cases
def test_a_stream_reads_as_its_reply(case: Case) -> None:
    check_whole(case, "gemini-interactions" if case in INTERACTIONS else "gemini")


@cases
def test_the_sdk_reads_the_same(case: Case) -> None:
    check_against_sdk(case)


@cases
def test_a_cut_stream_says_so(case: Case) -> None:
    check_cuts(case)


@cases
@pytest.mark.parametrize("stranger", STRANGERS, ids=str)
def test_an_unknown_event_changes_nothing_else(case: Case, stranger: Json) -> None:
    check_strangers(case, stranger)


def test_an_array_that_ends_without_a_finish_reason_is_cut() -> None:
    exchange = read(STREAM, {}, [chunk({"text": "a"})])
    assert exchange.streamed
    assert not exchange.complete
    assert exchange.problems == ("the stream is cut: no finish reason",)


# -- the request -----------------------------------------------------------------------------------

PNG: Json = {"mimeType": "image/png", "data": "AAEC"}
PDF: Json = {"mimeType": "application/pdf", "fileUri": "gs://b/c.pdf"}

PARTS: list[tuple[str, Json, tuple[Part, ...]]] = [
    ("text", {"text": "a"}, (Prose("text", "a"),)),
    ("empty", {"text": ""}, ()),
    ("a-thought", {"text": "a", "thought": True}, (Prose("reasoning", "a"),)),
    ("a-signature", {"thoughtSignature": "c2ln"}, ()),
    ("image", {"inlineData": PNG}, (Media("image", "image/png", 3),)),
    ("video", {"inline_data": {"mime_type": "video/mp4", "data": ""}}, (Media("file", "video/mp4", 0),)),
    ("file", {"fileData": PDF}, (Media("file", "application/pdf", None, "gs://b/c.pdf"),)),
    ("call", {"functionCall": {"name": "f"}}, (ToolCall(None, "f", ""),)),
    ("snake", {"function_call": {"name": "f", "args": {"a": 1}}}, (ToolCall(None, "f", '{"a": 1}'),)),
    (
        "output",
        {"functionResponse": {"name": "f", "response": {"output": "ok"}}},
        (ToolResult("f", (Prose("text", "ok"),)),),
    ),
    (
        "failure",
        {"functionResponse": {"id": "x", "name": "f", "response": {"error": {"code": 1}}}},
        (ToolResult("x", (Prose("text", '{"code": 1}'),), is_error=True),),
    ),
    (
        "any-response",
        {"functionResponse": {"name": "f", "response": {"a": 1}, "parts": [{"inlineData": PNG}]}},
        (ToolResult("f", (Prose("text", '{"a": 1}'), Media("image", "image/png", 3))),),
    ),
    (
        "code",
        {"executableCode": {"language": "PYTHON", "code": "1+1"}},
        (ToolCall(None, "code_execution", '{"language": "PYTHON", "code": "1+1"}', server=True),),
    ),
    (
        "code-that-failed",
        {"codeExecutionResult": {"outcome": "OUTCOME_FAILED", "output": "oh"}},
        (ToolResult(None, (Prose("text", "oh"),), is_error=True, server=True),),
    ),
    (
        "server-tool",
        {"toolCall": {"id": "s", "toolType": "FILE_SEARCH", "args": {"q": 1}}},
        (ToolCall("s", "FILE_SEARCH", '{"q": 1}', server=True),),
    ),
    ("unknown", {"hologram": {"data": 1}}, (Unknown({"hologram": {"data": 1}}),)),
]


@pytest.mark.parametrize(("part", "parts"), [row[1:] for row in PARTS], ids=[row[0] for row in PARTS])
def test_a_part_reads_alike_in_request_and_reply(part: Json, parts: tuple[Part, ...]) -> None:
    asked: Json = {"contents": [{"role": "user", "parts": [part]}]}
    exchange = read(WHOLE, asked, chunk(part, finish="STOP"))
    assert exchange.prompt.messages == (Message("user", parts),)
    assert reply(exchange) == Message("model", parts)


CAMEL: Json = {
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
    "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
    "tools": [
        {"functionDeclarations": [{"name": "f", "description": "does f", "parameters": {"type": "OBJECT"}}]},
        {"googleSearch": {}},
    ],
    "generationConfig": {"temperature": 0},
    "safetySettings": [],
}
SNAKE_AND_SINGLE: Json = {
    "system_instruction": {"parts": {"text": "Be brief."}},
    "contents": {"parts": {"text": "Hi"}},
    "tools": [
        {
            "function_declarations": [
                {"name": "f", "description": "does f", "parameters_json_schema": {"type": "OBJECT"}}
            ]
        },
        {"googleSearch": {}},
    ],
    "generation_config": {"temperature": 0},
    "safetySettings": [],
}


@pytest.mark.parametrize(
    "asked", [CAMEL, SNAKE_AND_SINGLE, {"model": "m", "request": CAMEL}], ids=["camel", "snake", "wrapped"]
)
def test_a_request_reads_alike_in_every_spelling(asked: Json) -> None:
    prompt = read(WHOLE, asked, {}).prompt
    assert prompt.messages == (
        Message("system", (Prose("text", "Be brief."),)),
        Message("user", (Prose("text", "Hi"),)),
    )
    assert prompt.tools == (Tool("f", "does f", {"type": "OBJECT"}), Tool("googleSearch"))
    assert prompt.params == {"temperature": 0, "safetySettings": []}


@pytest.mark.parametrize(
    ("url", "asked", "model"),
    [
        (WHOLE, {"model": "models/other"}, "gemini-2.5-flash"),
        (VERTEX + "gemini-3:generateContent", {}, "gemini-3"),
        (API + "tunedModels/mine:generateContent", {}, "mine"),
        ("https://cloudcode-pa.googleapis.com/v1internal:generateContent", {"model": "m"}, "m"),
        ("https://proxy.example/gemini", {"model": "m", "contents": [{"parts": []}]}, "m"),
    ],
)
def test_the_model_is_the_one_in_the_path(url: str, asked: Json, model: str) -> None:
    assert read(url, asked, chunk({"text": "a"})).model == model


# -- whole replies ---------------------------------------------------------------------------------


def test_a_blocked_prompt_says_why() -> None:
    feedback: Json = {"blockReason": "SAFETY", "blockReasonMessage": "No.", "safetyRatings": []}
    exchange = read(WHOLE, {}, {"promptFeedback": feedback})
    parts = (Prose("refusal", "No."), Item("prompt_feedback", {"blockReason": "SAFETY", "safetyRatings": []}))
    assert reply(exchange).parts == parts
    assert exchange.answer.finish_reason == "SAFETY"


def test_a_reply_that_was_stopped_says_why() -> None:
    ratings: Json = [{"category": "A", "blocked": True}, {"category": "B", "probability": "NEGLIGIBLE"}]
    stopped = chunk({"text": "a"}, finish="SAFETY", finishMessage="No more.", safetyRatings=ratings)
    exchange = read(WHOLE, {}, stopped)
    assert reply(exchange).parts == (
        Prose("text", "a"),
        Item("safety", {"category": "A", "blocked": True}),
        Prose("refusal", "No more."),
    )
    assert exchange.answer.finish_reason == "SAFETY"


@pytest.mark.parametrize(
    ("number", "word"), [(1, "STOP"), (2, "MAX_TOKENS"), (5, "OTHER"), (99, "99"), (0, None), (-1, "-1")]
)
def test_a_finish_reason_may_be_a_number(number: int, word: str | None) -> None:
    assert read(WHOLE, {}, chunk({"text": "a"}, finish=number)).answer.finish_reason == word


def test_further_candidates_are_alternatives() -> None:
    first, second = chunk({"text": "a"})["candidates"], chunk({"text": "b"}, index=1)["candidates"]
    assert isinstance(first, list)
    assert isinstance(second, list)
    exchange = read(WHOLE, {}, {"candidates": [*second, *first]})
    assert [choice.text for choice in exchange.answer.choices] == ["a", "b"]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ({"code": 404, "status": "NOT_FOUND", "message": "no"}, ProviderError("NOT_FOUND", "no")),
        ({"code": 404, "message": "no"}, ProviderError("404", "no")),
        ("no", ProviderError(None, "no")),
    ],
)
@pytest.mark.parametrize("listed", [False, True])
def test_an_error_is_told(error: Json, told: ProviderError, listed: bool) -> None:
    body: Json = {"error": error}
    assert read(WHOLE, {}, [body] if listed else body).answer.error == told


VECTOR: Json = {"values": [0.5] * 8}
HELLO: Json = {"parts": [{"text": "Hi"}]}

SUMMARIES: list[tuple[str, str, Json, Json, Part]] = [
    (
        "count",
        "countTokens",
        {"contents": [HELLO]},
        {"totalTokens": 7},
        Item("token_count", {"totalTokens": 7}),
    ),
    (
        "count-of-a-request",
        "countTokens",
        {"generateContentRequest": {"contents": [HELLO]}},
        {"totalTokens": 7},
        Item("token_count", {"totalTokens": 7}),
    ),
    (
        "embedding",
        "embedContent",
        {"content": HELLO},
        {"embedding": VECTOR},
        Item("embedding", {"index": 0, "dimensions": 8}),
    ),
    (
        "embeddings",
        "batchEmbedContents",
        {"requests": [{"model": "m", "content": HELLO}]},
        {"embeddings": [VECTOR]},
        Item("embedding", {"index": 0, "dimensions": 8}),
    ),
]


@pytest.mark.parametrize(
    ("method", "asked", "said", "part"), [row[1:] for row in SUMMARIES], ids=[row[0] for row in SUMMARIES]
)
def test_counts_and_embeddings_are_summed_up(method: str, asked: Json, said: Json, part: Part) -> None:
    exchange = read(f"{API}models/m:{method}", asked, said)
    assert exchange.prompt.messages == (Message("user", (Prose("text", "Hi"),)),)
    assert reply(exchange).parts == (part,)
    assert exchange.complete


# -- interactions ----------------------------------------------------------------------------------

TEXT: Json = {"type": "text", "text": "Hi"}
RESULT: Json = {"type": "function_result", "call_id": "x", "name": "f", "result": "7"}
HI = (Prose("text", "Hi"),)

INPUTS: list[tuple[str, Json, tuple[Message, ...]]] = [
    ("words", "Hi", (Message("user", HI),)),
    ("content", TEXT, (Message("user", HI),)),
    ("contents", [TEXT, TEXT], (Message("user", HI + HI),)),
    (
        "steps",
        [
            {"type": "user_input", "content": [TEXT]},
            {"type": "thought", "summary": [{"type": "text", "text": "hm"}], "signature": "c2ln"},
            {"type": "function_call", "id": "x", "name": "f", "arguments": {"a": 1}},
            RESULT,
        ],
        (
            Message("user", HI),
            Message("model", (Prose("reasoning", "hm"), ToolCall("x", "f", '{"a": 1}'))),
            Message("user", (ToolResult("x", (Prose("text", "7"),)),)),
        ),
    ),
    (
        "turns",
        [{"role": "user", "content": "Hi"}, {"role": "model", "content": [TEXT]}],
        (Message("user", HI), Message("model", HI)),
    ),
]


@pytest.mark.parametrize(("given", "messages"), [row[1:] for row in INPUTS], ids=[row[0] for row in INPUTS])
def test_an_input_reads_as_its_messages(given: Json, messages: tuple[Message, ...]) -> None:
    asked: Json = {
        "model": "m",
        "input": given,
        "system_instruction": "Be brief.",
        "tools": [{"type": "url_context"}],
    }
    prompt = read(API + "interactions", asked, {"status": "completed", "steps": []}).prompt
    assert prompt.messages == (Message("system", (Prose("text", "Be brief."),)), *messages)
    assert prompt.tools == (Tool("url_context"),)


@pytest.mark.parametrize("key", ["steps", "outputs"])
def test_a_whole_interaction_reads_in_its_two_forms(key: str) -> None:
    said: Json = [{"type": "model_output", "content": [TEXT]} if key == "steps" else TEXT]
    exchange = read(API + "interactions", {"input": "x"}, {"status": "completed", "model": "m", key: said})
    assert (reply(exchange), exchange.answer.finish_reason) == (Message("model", HI), "completed")


def test_an_interaction_that_is_read_again_does_not_repeat_its_input() -> None:
    steps: Json = [{"type": "user_input", "content": [TEXT]}, {"type": "model_output", "content": [TEXT]}]
    exchange = read(
        API + "interactions/i", {}, {"object": "interaction", "status": "in_progress", "steps": steps}
    )
    assert (reply(exchange).parts, exchange.answer.finish_reason) == (HI, "in_progress")


def test_an_interaction_that_fails_says_why() -> None:
    exchange = read(
        API + "interactions", {"input": "x"}, {"error": {"code": "invalid_request", "message": "no"}}
    )
    assert exchange.answer.error == ProviderError("invalid_request", "no")
    assert exchange.reply is None


# -- predict ---------------------------------------------------------------------------------------

PREDICTIONS: list[tuple[str, Json, Json, tuple[Part, ...], tuple[Part, ...]]] = [
    (
        "embedding",
        {"content": "Hi", "task_type": "QUERY"},
        {"predictions": [{"embeddings": {"values": [1, 2], "statistics": {"token_count": 1}}}]},
        (*HI, Item("instance", {"task_type": "QUERY"})),
        (Item("embedding", {"index": 0, "dimensions": 2, "token_count": 1}),),
    ),
    (
        "image",
        {"prompt": "Hi", "image": {"gcsUri": "gs://b/i", "mimeType": "image/png"}},
        {"predictions": [{"bytesBase64Encoded": "AAEC", "mimeType": "image/png"}]},
        (*HI, Media("image", "image/png", None, "gs://b/i")),
        (Media("image", "image/png", 3),),
    ),
    ("video", {"prompt": "Hi"}, {"name": "operations/1"}, HI, (Item("operation", {"name": "operations/1"}),)),
    ("other", {"prompt": "Hi"}, {"predictions": [0.5]}, HI, (Unknown(0.5),)),
]


@pytest.mark.parametrize(
    ("instance", "said", "asked_parts", "parts"),
    [row[1:] for row in PREDICTIONS],
    ids=[row[0] for row in PREDICTIONS],
)
def test_a_prediction_is_summed_up(
    instance: Json, said: Json, asked_parts: tuple[Part, ...], parts: tuple[Part, ...]
) -> None:
    exchange = read(VERTEX + "m:predict", {"instances": [instance], "parameters": {"n": 1}}, said)
    assert (exchange.dialect, exchange.model) == ("vertex-predict", "m")
    assert exchange.prompt.messages == (Message("user", asked_parts),)
    assert exchange.prompt.params == {"n": 1}
    assert reply(exchange) == Message("model", parts)


# -- deep ------------------------------------------------------------------------------------------

PART = '{"candidates": [{"content": {"parts": [PART]}}]}'
CHUNK = 'data: {"candidates": [{"groundingMetadata": {"groundingChunks": [{"web": DEEP}]}}]}\n\n'
PIECE = '{"functionCall": {"partialArgs": [{"jsonPath": "$.a", "stringValue": DEEP}]}}'

NESTED = [
    ("args", STREAM, {}, PART.replace("PART", '{"functionCall": {"args": DEEP}}')),
    ("partial-args", STREAM, {}, PART.replace("PART", PIECE)),
    ("response", STREAM, {}, PART.replace("PART", '{"functionResponse": {"response": DEEP}}')),
    ("unknown", STREAM, {}, PART.replace("PART", '{"x": DEEP}')),
    ("source-told-twice", STREAM, {}, CHUNK + CHUNK),
    ("error", STREAM, {}, '[{"error": {"message": DEEP}}]'),
    ("call", API + "interactions", {"input": "x"}, '{"steps": [{"type": "x_call", "arguments": DEEP}]}'),
    ("result", API + "interactions", {"input": "x"}, '{"steps": [{"type": "x_result", "result": DEEP}]}'),
]  # fmt: skip


@pytest.mark.parametrize(
    ("url", "asked", "said"), [row[1:] for row in NESTED], ids=[row[0] for row in NESTED]
)
def test_a_value_at_the_edge_of_the_stack_is_read_or_told(url: str, asked: Json, said: str) -> None:
    check_depth(url, asked, said)


# -- real recordings -------------------------------------------------------------------------------


@needs_corpus
def test_real_replies_read_as_googles_sdk_reads_them() -> None:
    check_corpus(("gemini-generateContent", "gemini-interactions"), ("gemini",), 40)

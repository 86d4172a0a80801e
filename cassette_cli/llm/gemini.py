"""Google's Gemini: generateContent and its kin, from the Gemini API, Vertex AI and Code Assist.

Each value of a stream, be they events or the elements of one JSON array, has the form of a whole
reply and holds the next parts. Fields are written in camelCase or in snake_case, and a list of one
may stand as its element. https://ai.google.dev/api/generate-content
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from cassette_cli.llm.gemini_arguments import streamed_arguments
from cassette_cli.llm.messages import (
    Answer,
    Event,
    Item,
    Media,
    Message,
    Object,
    Part,
    Prompt,
    ProviderError,
    Tool,
    ToolCall,
    ToolResult,
    Unknown,
    Usage,
    View,
    as_object,
    as_text,
    base64_size,
    citation,
    compact,
    count,
    joined_parts,
    objects,
    prose,
    settings,
    text_or_none,
)
from cassette_cli.source.tree import Json

ID = "gemini"
END_MARK = ""

_METHODS = ("generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents")


def matches(view: View) -> bool:
    if any("parts" in content for content in _listed(_content_body(view.asked), "contents")):
        return True
    for value in view.said:
        body = _inner(value, "response")
        found = _listed(body, "candidates")
        if any("content" in one or get(one, "finishReason") for one in found) or get(body, "promptFeedback"):
            return True
    return view.path.rpartition(":")[2] in _METHODS


@cache
def _snake_case(name: str) -> str:
    return re.sub(r"[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def get(fields: Object, name: str) -> Json:
    """A field by its camelCase name, in whichever of the two spellings it stands."""
    return fields[name] if name in fields else fields.get(_snake_case(name))


def _listed(fields: Object, name: str) -> list[Object]:
    value = get(fields, name)
    return [value] if isinstance(value, dict) else objects(value)


def _inner(body: Object, *wrappers: str) -> Object:
    """What stands in a wrapper, as Code Assist and countTokens have one; or the body itself."""
    return next((inner for name in wrappers if (inner := as_object(get(body, name)))), body)


# -- the request -----------------------------------------------------------------------------------


def _content_body(asked: Object) -> Object:
    return _inner(asked, "request", "generateContentRequest")


_KNOWN = (
    "model", "contents", "content", "systemInstruction", "tools", "generationConfig", "requests",
    "request", "generateContentRequest",
)  # fmt: skip


def prompt(view: View) -> Prompt:
    body = _content_body(view.asked)
    system = _parts(get(body, "systemInstruction"))
    messages = [Message("system", system)] if system else []
    embedded = _listed(body, "content") or [
        as_object(one.get("content")) for one in _listed(body, "requests")
    ]
    contents = [*_listed(body, "contents"), *embedded]
    messages += [Message(as_text(one.get("role")) or "user", _parts(one)) for one in contents]
    if isinstance(words := body.get("contents"), str):
        messages.append(Message("user", prose("text", words)))
    known = {*_KNOWN, *map(_snake_case, _KNOWN)}
    params = as_object(get(body, "generationConfig")) | settings(body, *known)
    tools = tuple(tool for group in _listed(body, "tools") for tool in _tools(group))
    return Prompt(model_of(view), tuple(messages), tools, params)


def model_of(view: View) -> str | None:
    """The model that the path names (`.../models/NAME:method`), else the body."""
    parent, _, last = view.path.rpartition("/")
    name, _, method = last.partition(":")
    named = method and parent.rpartition("/")[2] in ("models", "tunedModels", "endpoints")
    return name if named else text_or_none(view.asked.get("model"))


def _tools(group: Object) -> Iterator[Tool]:
    """Functions, and what the provider runs itself under the name of its setting."""
    for key, value in group.items():
        if key not in ("functionDeclarations", "function_declarations"):
            yield Tool(key, parameters=value or None)
    for function in _listed(group, "functionDeclarations"):
        schema = get(function, "parametersJsonSchema") or function.get("parameters")
        yield Tool(as_text(function.get("name")), text_or_none(function.get("description")), schema)


def _parts(content: Json) -> tuple[Part, ...]:
    """A content's parts; of a system instruction, which may be a string, its text."""
    if isinstance(content, str):
        return prose("text", content)
    return tuple(part for piece in _listed(as_object(content), "parts") for part in _part(piece))


def _part(piece: Object) -> Iterable[Part]:
    kind = "reasoning" if piece.get("thought") is True else "text"
    data = {name: as_object(get(piece, name)) for name in _DATA if get(piece, name) is not None}
    words = prose(kind, as_text(piece.get("text")))
    if words or data or not piece.keys() - _QUIET:
        return (*words, *(_DATA[name](value) for name, value in data.items()))
    return (Unknown(piece),)


_QUIET = {"text", "thought", "thoughtSignature", "thought_signature"}


def _call(call: Object) -> ToolCall:
    args = _arguments(call.get("args") or streamed_arguments(_listed(call, "partialArgs")))
    return ToolCall(text_or_none(call.get("id")), as_text(call.get("name")), args)


def _arguments(args: Json) -> str:
    return compact(args) if args else ""


def _result(result: Object) -> ToolResult:
    """What a function gave: by convention under `output` or `error`, else the whole response."""
    response = result.get("response")
    failed = isinstance(response, dict) and response.keys() == {"error"}
    if isinstance(response, dict) and len(response) == 1:
        response = response.get("output", response.get("error", response))
    name = text_or_none(result.get("id")) or text_or_none(result.get("name"))
    media = tuple(part for piece in _listed(result, "parts") if (part := _media_of(piece)))
    told = prose("text", compact(response)) if response or (response is not None and not media) else ()
    return ToolResult(name, (*told, *media), failed)


def _media_of(piece: Object) -> Media | None:
    for name, read in (("inlineData", _inline), ("fileData", _file)):
        if data := as_object(get(piece, name)):
            return read(data)
    return None


def _inline(blob: Object) -> Media:
    size = base64_size(as_text(blob.get("data")))
    return _media(blob, size, text_or_none(get(blob, "displayName")))


def _file(file: Object) -> Media:
    return _media(file, None, text_or_none(get(file, "fileUri")))


def _media(data: Object, size: int | None, url: str | None) -> Media:
    media_type = text_or_none(get(data, "mimeType"))
    kind = (media_type or "").partition("/")[0]
    return Media(kind if kind in ("image", "audio") else "file", media_type, size, url)


def _code(code: Object) -> ToolCall:
    return ToolCall(text_or_none(code.get("id")), "code_execution", compact(settings(code, "id")), True)


def _code_result(result: Object) -> ToolResult:
    failed = as_text(result.get("outcome")) not in ("", "OUTCOME_OK")
    printed = prose("text", as_text(result.get("output")))
    return ToolResult(text_or_none(result.get("id")), printed, failed, server=True)


def _server_call(call: Object) -> ToolCall:
    name = as_text(get(call, "toolType"))
    return ToolCall(text_or_none(call.get("id")), name, _arguments(call.get("args")), True)


def _server_result(result: Object) -> ToolResult:
    given = result.get("response")
    parts = prose("text", compact(given)) if given else ()
    return ToolResult(text_or_none(result.get("id")), parts, server=True)


_DATA: dict[str, Callable[[Object], Part]] = {
    "inlineData": _inline,
    "fileData": _file,
    "functionCall": _call,
    "functionResponse": _result,
    "executableCode": _code,
    "codeExecutionResult": _code_result,
    "toolCall": _server_call,
    "toolResponse": _server_result,
}


# -- the reply -------------------------------------------------------------------------------------


def answer(events: Iterable[Event]) -> Answer:
    """What a stream's values, or the one value of a whole reply, say."""
    candidates: dict[int, _Candidate] = {}
    model = error = blocked = None
    usage: Object = {}
    extra: list[Part] = []
    for _, value in events:
        body = _inner(as_object(value), "response")
        model = model or text_or_none(get(body, "modelVersion"))
        usage = as_object(get(body, "usageMetadata")) or usage
        error = error_of(body) or error
        feedback = as_object(get(body, "promptFeedback"))
        if reason := _word(get(feedback, "blockReason"), _BLOCK_REASONS):
            blocked = reason
            extra += _blocked(feedback)
        extra += _figures(body)
        for place, candidate in enumerate(_listed(body, "candidates")):
            index = count(candidate.get("index"))
            candidates.setdefault(place if index is None else index, _Candidate()).add(candidate)
    ordered = [candidates[index] for index in sorted(candidates)]
    choices = [Message(one.role or "model", one.parts()) for one in ordered]
    if extra and not choices:
        choices = [Message("model", tuple(extra))]
    finish_reason = blocked or (ordered[0].finish_reason if ordered else None)
    return Answer(model, tuple(choices), finish_reason, _usage(usage), error, ended=False)


class _Candidate:
    """One candidate while its parts come in."""

    def __init__(self) -> None:
        self.role: str | None = None
        self.finish_reason: str | None = None
        self._chunks: list[list[Object]] = []
        self._notes: dict[str, Part] = {}  # by what they say, for a stream may say it again
        self._open: list[Json] | None = None  # the arguments of a call that are still coming in

    def add(self, candidate: Object) -> None:
        content = as_object(candidate.get("content"))
        self.role = self.role or text_or_none(content.get("role"))
        self.finish_reason = _word(get(candidate, "finishReason"), _FINISH_REASONS) or self.finish_reason
        self._chunks.append([])
        for piece in _listed(content, "parts"):
            call = get(piece, "functionCall")
            if isinstance(call, dict):
                self._add_call(piece, call)
            else:
                self._chunks[-1].append(piece)
        self._notes |= {compact([*note]): note for note in _notes(candidate, self.finish_reason)}

    def _add_call(self, piece: Object, call: Object) -> None:
        if self._open is None or call.get("name"):
            self._open = []
            whole: Object = settings(call, "partial_args") | {"partialArgs": self._open}
            self._chunks[-1].append(settings(piece, "function_call") | {"functionCall": whole})
        self._open += _listed(call, "partialArgs")
        if not get(call, "willContinue"):
            self._open = None

    def parts(self) -> tuple[Part, ...]:
        chunks = [[part for piece in chunk for part in _part(piece)] for chunk in self._chunks]
        notes = sorted(
            self._notes.values(), key=lambda note: not (isinstance(note, Item) and note.type == "citation")
        )
        return joined_parts([*chunks, *([note] for note in notes)])


def _notes(candidate: Object, finish_reason: str | None) -> Iterator[Part]:
    """What is said beside the content: sources, what was looked up, why it stopped short."""
    grounding = as_object(get(candidate, "groundingMetadata"))
    queries = [key for key, value in grounding.items() if value and key.lower().endswith("queries")]
    if queries:
        yield Item("grounding", {key: grounding[key] for key in queries})
    for chunk in _listed(grounding, "groundingChunks"):
        yield from (citation(source) for source in chunk.values() if isinstance(source, dict))
    cited = as_object(get(candidate, "citationMetadata"))
    for source in _listed(cited, "citations") or _listed(cited, "citationSources"):
        yield citation(source)
    fetched = as_object(get(candidate, "urlContextMetadata"))
    yield from (Item("url_context", page) for page in _listed(fetched, "urlMetadata"))
    yield from (Item("safety", one) for one in _listed(candidate, "safetyRatings") if one.get("blocked"))
    if finish_reason != "STOP":
        yield from prose("refusal", as_text(get(candidate, "finishMessage")))


def _blocked(feedback: Object) -> Iterator[Part]:
    """Why a prompt was not answered."""
    yield from prose("refusal", as_text(get(feedback, "blockReasonMessage")))
    yield Item("prompt_feedback", settings(feedback, "blockReasonMessage", "block_reason_message"))


def _figures(body: Object) -> Iterator[Part]:
    """What countTokens and the embedding methods give."""
    if get(body, "totalTokens") is not None:
        yield Item("token_count", body)
    for index, embedding in enumerate(_listed(body, "embeddings") or _listed(body, "embedding")):
        values = embedding.get("values")
        yield Item(
            "embedding", {"index": index, "dimensions": len(values) if isinstance(values, list) else 0}
        )


# Clients that ask for `enum-encoding=int` get numbers; these are the ones that all versions share.
_FINISH_REASONS = ("", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER")
_BLOCK_REASONS = ("", "SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT")


def _word(value: Json, words: tuple[str, ...]) -> str | None:
    """The name of an enumerated value, which may be given by its number."""
    number = count(value)
    if number is None:
        return text_or_none(value)
    return words[number] or None if 0 <= number < len(words) else str(number)


def error_of(body: Object) -> ProviderError | None:
    """The error that a reply or an event holds."""
    error = body.get("error")
    if not error:
        return None
    fields = as_object(error)
    kind = fields.get("status") or fields.get("code")
    return ProviderError(compact(kind) if kind else None, compact(fields.get("message", error)))


def _usage(usage: Object) -> Usage | None:
    if not usage:
        return None
    return Usage(
        count(get(usage, "promptTokenCount")),
        count(get(usage, "candidatesTokenCount")),
        count(get(usage, "cachedContentTokenCount")),
        None,
        count(get(usage, "thoughtsTokenCount")),
        count(get(usage, "totalTokenCount")),
    )

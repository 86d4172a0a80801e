"""Ruby's VCR, its descendants and small relatives: forms by table, real files against PyYAML and json.

The oracle at the end reads each format as its documentation has it, from nothing but parsed values.
`python -m tests.recorders.test_rubyvcr` compares every file of the corpus.
"""

import base64
import gzip
import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from cassette_cli.model import Body, Cassette, Header, Interaction
from cassette_cli.recorders import looks_like_cassette, read_cassette
from cassette_cli.source.document import Document
from cassette_cli.source.edit import Edit, splice
from cassette_cli.source.text import Text, rewrite
from cassette_cli.wire.body import Kind, read_content
from tests.corpus import CORPUS, name_of, needs_corpus
from tests.recorders.reading import Said, fault, read, said

# -- real files: every reader below is written from a format's documentation -----------------------


class Told(NamedTuple):
    """What an independent reading finds in one interaction; bodies as the bytes that were stored."""

    method: str
    url: str
    asked_headers: list[tuple[str, str]]
    asked: bytes
    status: int | None
    headers: list[tuple[str, str]]
    body: bytes


def _values(text: str) -> Any:
    """Plain values: null and booleans resolved, binary scalars decoded, everything else a string."""
    if text.lstrip()[0] in "{[":
        return json.loads(text)

    def convert(node: Any) -> Any:
        if isinstance(node, yaml.MappingNode):
            return {convert(key): convert(value) for key, value in node.value}
        if isinstance(node, yaml.SequenceNode):
            return [convert(item) for item in node.value]
        if node.tag.removeprefix("tag:yaml.org,2002:").removeprefix("!") == "binary":
            return base64.b64decode(node.value)
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        if kind in ("null", "bool"):
            return None if kind == "null" else node.value.lower() in ("yes", "true", "on")
        return node.value

    return convert(yaml.compose(text, Loader=yaml.CSafeLoader))


def _bytes(value: Any) -> bytes:
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return b"" if value is None else value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


def _pairs(headers: Any) -> list[tuple[str, str]]:
    return [
        (name, str(value))
        for name, values in (headers or {}).items()
        for value in (values if isinstance(values, list) else [values])
    ]


def _http_interactions(root: Any) -> Iterator[Told]:
    """https://benoittgt.github.io/vcr/#/cassettes/format, and what R's vcr and betamax make of it."""
    for entry in root["http_interactions"]:
        asked, answer = entry["request"], entry["response"]
        status = answer.get("status", answer.get("status_code"))
        if isinstance(status, dict):
            status = status.get("code", status.get("status_code"))
        yield Told(
            asked["method"], asked["uri"], _pairs(asked.get("headers")), _vcr_body(asked.get("body")),
            int(status), _pairs(answer.get("headers")), _vcr_body(answer.get("body")),
        )  # fmt: skip


def _vcr_body(body: Any) -> bytes:
    if isinstance(body, dict):
        return base64.b64decode(body["base64_string"]) if "base64_string" in body else _bytes(body.get("string"))
    return _bytes(body)


def _php(root: Any) -> Iterator[Told]:
    for entry in root:
        asked, answer = entry["request"], entry["response"]
        status = answer["status"]
        yield Told(
            asked["method"], asked["url"], _pairs(asked.get("headers")), _bytes(asked.get("body")),
            int(status["code"] if isinstance(status, dict) else status),
            _pairs(answer.get("headers")), _bytes(answer.get("body")),
        )  # fmt: skip


def _exvcr(root: Any) -> Iterator[Told]:
    for entry in root:
        asked, answer = entry["request"], entry["response"]
        status, body = answer["status_code"], answer["body"]
        if answer.get("binary"):
            body = base64.b64decode(body)[6:]  # an Erlang term's version, its tag and its length
        yield Told(
            asked.get("method") or "ANY", asked["url"], _pairs(asked.get("headers")),
            _bytes(asked.get("body") or asked.get("request_body")),
            status[1] if isinstance(status, list) else status, _pairs(answer.get("headers")), _bytes(body),
        )  # fmt: skip


def _easyvcr_csharp(root: Any) -> Iterator[Told]:
    for entry in root:
        asked, answer = entry["Request"], entry["Response"]
        yield Told(
            asked["Method"], asked["Uri"], _pairs(asked["RequestHeaders"]) + _pairs(asked["ContentHeaders"]),
            _bytes(asked["Body"]), answer["Status"]["Code"],
            _pairs(answer["ResponseHeaders"]) + _pairs(answer["ContentHeaders"]), _bytes(answer["Body"]),
        )  # fmt: skip


def _easyvcr_java(root: Any) -> Iterator[Told]:
    for entry in root:
        asked, answer = entry["request"], entry["response"]
        headers = {name: values for name, values in answer["headers"].items() if name != "null"}
        yield Told(
            asked["method"], asked["uri"], _pairs(asked["headers"]), _bytes(asked["body"]),
            answer["status"]["code"], _pairs(headers), _bytes(answer["body"]),
        )  # fmt: skip


def _tape(root: Any) -> Iterator[Told]:
    for entry in root["interactions"]:
        asked, answer = entry["request"], entry["response"]
        yield Told(
            asked["method"], asked["uri"], _pairs(asked.get("headers")), _bytes(asked.get("body")),
            int(answer["status"]), _pairs(answer.get("headers")), _bytes(answer.get("body")),
        )  # fmt: skip


FOLDERS: dict[str, tuple[str, Callable[[Any], Iterator[Told]]]] = {
    "Ruby-VCR": ("ruby-vcr", _http_interactions),
    "Ruby-VCR-json": ("ruby-vcr", _http_interactions),
    "R-vcr": ("r-vcr", _http_interactions),
    "rvcr-json": ("rvcr", _http_interactions),
    "betamax": ("betamax", _http_interactions),
    "php-vcr": ("php-vcr", _php),
    "exvcr": ("exvcr", _exvcr),
    "EasyVCR-csharp": ("easyvcr", _easyvcr_csharp),
    "EasyVCR-java": ("easyvcr", _easyvcr_java),
    "okreplay": ("okreplay", _tape),
}
OTHERS_IN = {"Ruby-VCR/ropensci__vcr": "r-vcr"}  # R's, before it signed its files as a whole


def differences(path: Path) -> list[str]:
    """Where our reading of a real file and the independent one differ; what was compared is not empty."""
    name = name_of(path)
    folder = name.partition("/")[0]
    recorder, reader = FOLDERS[folder]
    recorder = next((other for start, other in OTHERS_IN.items() if name.startswith(start)), recorder)
    document = Document(name, path.read_bytes())
    cassette = read_cassette(document)
    theirs = list(reader(_values(document.text)))
    found = [] if cassette.recorder == recorder else [f"{name}: read as {cassette.recorder}"]
    if not looks_like_cassette(document.text):
        found.append(f"{name}: passed over in a walk")
    if len(theirs) != len(cassette.interactions):
        return [*found, f"{name}: {len(cassette.interactions)} interactions, not {len(theirs)}"]
    for ours, told in zip(cassette.interactions, theirs, strict=True):
        found += [f"{name} #{ours.index}: {line}" for line in _compared(ours, told)]
    return found


def _compared(ours: Interaction, told: Told) -> Iterator[str]:
    asked, answer = read_content(ours.request), read_content(ours.response)
    mine = Told(
        ours.request.method, ours.request.url, [tuple(header) for header in ours.request.headers],
        _plain(ours.request.body), ours.response.status,
        [tuple(header) for header in ours.response.headers], _plain(ours.response.body),
    )  # fmt: skip
    for what, one, two in zip(Told._fields, mine, told, strict=True):
        if one != two:
            yield f"{what} is {one!r:.100}, not {two!r:.100}"
    for side, content, stored in (("request", asked, told.asked), ("response", answer, told.body)):
        if content.bytes != _unzipped(stored) or content.problems:
            yield f"the {side} reads {content.bytes[:50]!r} with {content.problems}, not {stored[:50]!r}"


def _plain(body: Body) -> bytes:
    from cassette_cli.source.tree import plain

    return body.bytes if body.tree is None else _bytes(plain(body.tree))


def _unzipped(data: bytes) -> bytes:
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


def _files(folder: str) -> list[Path]:
    return sorted(path for path in (CORPUS / folder).rglob("*") if path.is_file())


@needs_corpus
@pytest.mark.parametrize("folder", FOLDERS)
def test_real_files_read_as_an_independent_reader_reads_them(folder: str) -> None:
    paths = _files(folder)
    some = random.Random(3).sample(paths, min(60, len(paths)))  # noqa: S311
    assert [line for path in some for line in differences(path)] == []
    assert len(some) >= 3


def main() -> None:
    for folder in FOLDERS:
        paths = _files(folder)
        found = [line for path in paths for line in differences(path)]
        entries = sum(len(read_cassette(Document(path.name, path.read_bytes())).interactions) for path in paths)
        print(f"{folder}: {len(paths)} files, {entries} interactions, {len(found)} differences")  # noqa: T201
        for line in found:
            print(f"  {line}")  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())

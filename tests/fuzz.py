"""Files that nobody would record, made of the samples: no reader, no command may break on one.

    python -m tests.fuzz [SECONDS] [TARGET] [--seed N]

Each target gets mutants for a part of the time. It may work, or say in a `CassetteError` why it cannot;
anything else is a find: another exception, a long wait, a character on the screen that a terminal obeys,
a page that is not well-formed. A find's input is written to a file that is named. The same seed makes the
same mutants.
"""

import argparse
import base64
import gzip
import io
import json
import os
import re
import resource
import signal
import struct
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, TypeAlias
from zlib import crc32

from cassette_cli.errors import CassetteError, Refused
from cassette_cli.source.document import Document
from cassette_cli.source.jsontree import parse_json
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Json, Mapping, Node, Sequence
from cassette_cli.source.yamltree import parse_yaml

SAMPLES = Path(__file__).parent.parent / "samples"
LARGEST = 60_000  # bytes of a mutant
PATIENCE = 10  # seconds that one mutant may take
MEMORY = 4 * 1024**3  # bytes that the process may take

# -- what is put into files ------------------------------------------------------------------------


def _deep(depth: int) -> Json:
    value: Json = json.loads("[" * depth + "]" * depth)
    return value


WEIRD: tuple[Json, ...] = (
    _deep(250), _deep(600),
    None, True, False, 0, -1, 5, 10**30, -(10**30), 1.5, float("nan"), float("inf"), 1e300, 10**4000,
    "", " ", "x", "0", "\ud800", "\udc00\ud800", "\0", "[DONE]",
    "data:", "data:;base64,", "data:image/png;base64,=",
    "null", "{}", "[", "{\"a\":", "data: {}\n\n", "event: x\ndata: [",
    "e30=", "%7B%22a%22%3A1%7D", "%", "%ff%00",
    "\x1b]8;;http://evil/\x1b\\x\x1b]8;;\x1b\\", "\x1b[2J",
    "\x9b31m", "\u202e\u2066x", "[bold red]x[/]", "[/]",
    "</pre><script>", "```\n# x\n", "\r\n\r", "\u2028\u2029\x85",
    "\ufeff", "a" * 3000, "[" * 300, "{\"a\":" * 300,
    "sk-proj-" + "aB3dE6gH9jK2mN5pQ8sT" * 3, "Bearer abcdefghijklmnopqrstuvwxyz0123456789",
    "1e999", "-0", "٣", "²",
    "http://[", "http://a:99999999/", "//", "?&&=", "http://u:p@h/?key=",
    "https://api.openai.com/v1/responses",
    "https://bedrock-runtime.us-east-1.amazonaws.com/model/x/invoke",
    "gzip", "br, zstd, gzip", "text/event-stream",
    "multipart/form-data; boundary=\"", "application/json; charset=utf-16",
    "charset=hex", "charset=idna", "charset=\0",
    "charset=rot13", "charset=unicode_escape", "charset=punycode", "application/x-ndjson",
    [], [None], [[]], ["x"], [5], [{}], [[{"text": "x"}]], {},
    {"": None}, {"text": 5}, {"type": []}, {"x": {"x": {}}},
    {"index": -1}, {"index": 10**30}, {"index": "0"}, {"index": float("nan")}, {"message": {}}, {"error": []},
)  # fmt: skip

TOKENS = (
    *(
        "&a ",
        "*a",
        "<<: *a\n",
        "? ",
        ": ",
        "- ",
        "|",
        "|2-\n",
        ">+\n",
        "!!binary ",
        "!!python/object:os.system ",
        "! ",
    ),
    *(
        "!<x> ",
        "%YAML 1.2\n",
        "---\n",
        "...\n",
        "{",
        "}",
        "[",
        "]",
        ",",
        '"',
        "'",
        "#",
        "\\",
        "\\u0000",
        "\\ud800",
    ),
    *(
        "\\x9b",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "\0",
        "\x1b[31m",
        "\x85",
        "\u2028",
        "\ufeff",
        "\u202e",
        "~",
        "null",
        "1e999",
    ),
    *(
        "0x7fffffffffffffff",
        "-" * 50,
        "[" * 250,
        "{a: " * 250,
        "<<<<<<< a\n",
        "=======\n",
        ">>>>>>> b\n",
        "é",
        "😀",
    ),
    *(
        "interactions:",
        "http_interactions:",
        "request:",
        "response:",
        "body:",
        "version: 3\n",
        "httprr trace v1\n",
    ),
    "9" * 5000,
    *("data: ", "event: ", "[DONE]", "%7B", "====", "H4sI", "application/json", "0 0\n", "9999999999 1\n"),
)

Mutation: TypeAlias = Callable[[bytes, Random], bytes]


def mutate(data: bytes, dice: Random) -> bytes:
    """The file with something wrong in it, by the grammar of its format mostly."""
    for _ in range(dice.choice((1, 1, 1, 2, 3, 8))):
        data = dice.choice(MUTATIONS)(data, dice)
    return data[:LARGEST]


def _bytes(data: bytes, dice: Random) -> bytes:
    """A piece gone, doubled, moved, turned or put in."""
    start = dice.randint(0, len(data))
    end = min(len(data), start + dice.choice((0, 1, 1, 2, 5, 30, 300)))
    piece = data[start:end]
    new = dice.choice(
        (
            b"",
            piece * dice.choice((2, 3, 50)),
            piece[::-1],
            bytes(dice.randrange(256) for _ in range(dice.randint(1, 4))),
            dice.choice(TOKENS).encode("utf-8", "surrogatepass"),
        )
    )
    if dice.random() < 0.05:
        return data[:start]
    return data[:start] + new + data[end:]


def _wrapped(data: bytes, dice: Random) -> bytes:
    """The whole file in another charset, in other line ends, packed, with marks."""
    match dice.randrange(7):
        case 0:
            return data.replace(b"\n", dice.choice((b"\r\n", b"\r", b"\n\n", "\u2028".encode())))
        case 1:
            return dice.choice((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\xff\xfe\0\0")) + data
        case 2:
            charset = dice.choice(("utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"))
            return data.decode("utf-8", "replace").encode(charset, "replace")
        case 3:
            return gzip.compress(data, mtime=0) * dice.choice((1, 1, 2))
        case 4:
            return gzip.compress(data, mtime=0)[: dice.randint(1, 40)]
        case 5:
            return data + b"---\n" + data
        case _:
            lines = data.splitlines(keepends=True)
            dice.shuffle(lines)
            return b"".join(lines) if dice.random() < 0.2 else data


class _Tree(NamedTuple):
    text: str
    nodes: list[Node]

    @property
    def scalars(self) -> list[Text]:
        return [node for node in self.nodes if isinstance(node, Text)]


def _tree(data: bytes) -> _Tree | None:
    """The nodes of a file, keys too; None where it does not parse."""
    try:
        document = Document("x", data)
        text = document.text
        roots = [parse_json(document)] if text.lstrip()[:1] in ("{", "[") else parse_yaml(document)
    except CassetteError:
        return None
    nodes: list[Node] = []
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        nodes.append(node)
        if isinstance(node, Mapping):
            waiting += [part for item in node.items for part in item]
        elif isinstance(node, Sequence):
            waiting += node.items
    return _Tree(text, nodes)


def _with(tree: _Tree, node: Node, new: str) -> bytes:
    end = node.end
    if tree.text[node.start : end].endswith("\n"):  # a block scalar
        new += "\n"
    return (tree.text[: node.start] + new + tree.text[end:]).encode("utf-8", "surrogatepass")


def spelt(value: Json) -> str:
    """A value as both JSON and YAML read it."""
    return json.dumps(value)


def _scalar(data: bytes, dice: Random) -> bytes:
    """One value, or one key, is another."""
    tree = _tree(data)
    if tree is None or not tree.scalars:
        return _bytes(data, dice)
    return _with(tree, dice.choice(tree.scalars), spelt(dice.choice(WEIRD)))


def _moved(data: bytes, dice: Random) -> bytes:
    """One node is what another is."""
    tree = _tree(data)
    if tree is None or not tree.nodes:
        return _bytes(data, dice)
    one, other = dice.choice(tree.nodes), dice.choice(tree.nodes)
    new = tree.text[other.start : other.end]
    if isinstance(other, Text) and dice.random() < 0.5:
        new = spelt(str(other))
    return _with(
        tree, one, dice.choice((new, new, "", "*a", f"&a {new}", f"!!binary {new}", "{}", "[]", "~"))
    )


def _inner(data: bytes, dice: Random) -> bytes:
    """Something is wrong inside a text that is JSON or a stream."""
    tree = _tree(data)
    texts = [text for text in tree.scalars if text[:1] in ("{", "[") or "data:" in text] if tree else []
    if tree is None or not texts:
        return _scalar(data, dice)
    text = dice.choice(texts)
    return _with(tree, text, spelt(_changed(str(text), dice)))


def _changed(text: str, dice: Random) -> str:
    """JSON or a stream with one value wrong, or some bytes."""
    pieces = re.split(r"(?<=data: )(.*)|(?<=\n)(\{.*)", text)
    places = [place for place, piece in enumerate(pieces) if piece and piece[0] in "{["]
    if not places or dice.random() < 0.2:
        return _bytes(text.encode("utf-8", "surrogatepass"), dice).decode("utf-8", "replace")
    place = dice.choice(places)
    try:
        value = json.loads(pieces[place])
    except (ValueError, RecursionError):
        return text[: dice.randint(0, len(text))]
    pieces[place] = json.dumps(_strange(value, dice), ensure_ascii=dice.random() < 0.5)
    return "".join(piece or "" for piece in pieces)


def _strange(value: Any, dice: Random) -> Json:
    """A value with one value in it replaced, left out, wrapped or doubled."""
    if isinstance(value, dict | list) and value and dice.random() < 0.85:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key: Any = dice.choice(keys)
        copy = value.copy()
        if dice.random() < 0.08:
            del copy[key]
        elif isinstance(copy, dict) and dice.random() < 0.05:
            copy[str(dice.choice(WEIRD))] = copy.pop(key)
        elif isinstance(copy, list) and dice.random() < 0.1:
            copy *= dice.choice((2, 5))
        else:
            copy[key] = _strange(value[key], dice)
        return copy
    return dice.choice((dice.choice(WEIRD), dice.choice(WEIRD), [value], {"x": value}))


def _packed(data: bytes, dice: Random) -> bytes:
    """A text is base64 of something packed, framed or cut."""
    tree = _tree(data)
    texts = [text for text in tree.scalars if len(text) > 20] if tree else []
    if tree is None or not texts:
        return _bytes(data, dice)
    text = dice.choice(texts)
    raw = str(text).encode("utf-8", "surrogatepass")
    made = dice.choice(
        (gzip.compress(raw, mtime=0), _framed(raw, dice), _form(raw), raw, raw + b"\0", b"\xff" * 9)
    )
    made = _bytes(made, dice) if dice.random() < 0.4 else made
    return _with(
        tree, text, dice.choice(("", "!!binary ", "!binary ")) + spelt(base64.b64encode(made).decode())
    )


def _framed(data: bytes, dice: Random) -> bytes:
    """Bytes as the messages of an AWS event stream."""
    messages = b""
    for piece in (data[:50], data[50:]):
        name = dice.choice((b":event-type", b":exception-type", b"x", b"\xff" * 20))
        headers = bytes([len(name)]) + name + b"\x07\x00\x05chunk"
        head = struct.pack(">II", 16 + len(headers) + len(piece), len(headers))
        message = head + struct.pack(">I", crc32(head)) + headers + piece
        messages += message + struct.pack(">I", crc32(message))
    return messages


def _form(data: bytes) -> bytes:
    part = b'--x\r\nContent-Disposition: form-data; name="a"; filename="b"\r\n\r\n' + data + b"\r\n"
    return part * 2 + b"--x--\r\n"


MUTATIONS: tuple[Mutation, ...] = (
    *(_bytes, _bytes, _wrapped, _scalar, _scalar, _moved, _moved, _inner, _inner, _inner, _packed),
)


# -- what is tried ---------------------------------------------------------------------------------


class Case(NamedTuple):
    """A sample, two mutants of it, and a folder to work in."""

    name: str
    sample: bytes
    mutant: bytes
    other: bytes
    folder: Path

    def file(self, name: str, data: bytes) -> str:
        path = self.folder / f"{name}{Path(self.name).suffix}"
        path.write_bytes(data)
        return str(path)


class Find(Exception):
    """Something that must not be."""


_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
_CODES = (0, 1, 2)


def ran(command: Callable[[], None], *, is_text: bool = True) -> str:
    """What a command writes to standard output, checked as that and the errors are, and its exit code."""
    import typer

    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    code = -1
    with redirect_stdout(out), redirect_stderr(err):
        try:
            command()
        except typer.Exit as exit_:
            code = exit_.exit_code
        except Refused as refused:  # which would be the code 3
            raise Find(f"refused: {refused.message}") from refused
    texts = []
    for stream in (out, err):
        stream.flush()
        raw = stream.buffer.getvalue()
        texts.append(raw.decode("utf-8", "strict" if is_text else "replace"))
    told = texts[1] + (texts[0] if is_text else "")
    if match := _OBEYED.search(told):
        raise Find(f"a terminal would obey {match[0]!r}: {told[max(0, match.start() - 60) :][:90]!r}")
    if "Traceback" in texts[1] or code not in _CODES:
        raise Find(f"exit {code}: {texts[1][-300:]}")
    return texts[0]


def _recorders(case: Case) -> None:
    from cassette_cli.recorders import read_cassette

    cassette = read_cassette(Document(case.name, case.mutant))
    for interaction in cassette.interactions:
        for message in (interaction.request, interaction.response):
            assert all(isinstance(part, str) for header in message.headers for part in header[:2])
            assert message.body.is_empty in (True, False)


def _wire(case: Case) -> None:
    """The bytes as a body, under whatever headers."""
    from cassette_cli.model import Body, Header, Response
    from cassette_cli.wire.body import read_content, traced

    dice = Random(crc32(case.mutant))
    headers = tuple(
        Header(name, str(dice.choice(WEIRD)) if dice.random() < 0.3 else dice.choice(values))
        for name, values in (("content-encoding", _ENCODINGS), ("content-type", _TYPES))
    )
    data = dice.choice(
        (bytes, lambda raw: gzip.compress(raw, mtime=0), lambda raw: _framed(raw, dice), _form)
    )(case.mutant)
    document = Document("x", json.dumps(base64.b64encode(data).decode()).encode())
    node = parse_json(document)
    assert isinstance(node, Text)
    for body in (
        Body(node, base64=True),
        Body(data=data),
        Body(Text(data.decode("latin-1"), document, 0, 0, node.style)),
    ):
        response = Response(200, headers, body)
        plain, placed = read_content(response), read_content(response, loads=traced)
        if (plain.data, plain.text) != (placed.data, placed.text):
            raise Find("the content differs with and without places")


_ENCODINGS = ("", "", "gzip", "deflate", "br", "zstd", "gzip, br", "x-gzip")
_TYPES = (
    *("", "application/json", "text/event-stream", "application/x-ndjson", "text/plain; charset=utf-16"),
    *("multipart/form-data; boundary=x", "application/x-www-form-urlencoded"),
    "application/vnd.amazon.eventstream",
)


def _llm(case: Case) -> None:
    from cassette_cli.llm import read_exchange
    from cassette_cli.recorders import read_cassette
    from cassette_cli.wire.body import traced

    for interaction in read_cassette(Document(case.name, case.mutant)).interactions:
        plain, placed = read_exchange(interaction), read_exchange(interaction, loads=traced)
        if plain and placed and not plain.problems and repr(plain) != repr(placed):  # nan is not nan
            raise Find("the exchange differs with and without places")


def _show(**options: Any) -> Callable[[Case], None]:
    def target(case: Case) -> None:
        from cassette_cli.cli.show import Format, show

        form = Format(options.get("format_", "text"))
        text = ran(lambda: show([case.file("a", case.mutant)], **options | {"format_": form}))
        if form is Format.JSON:
            json.loads(text)
        elif form is Format.HTML:
            from tests.report.test_html import Seen

            Seen(text)

    return target


def _grep(case: Case) -> None:
    from cassette_cli.cli.grep import grep

    path = case.file("a", case.mutant)
    for pattern in ("e", "(?i)bearer|[^x]$"):
        ran(lambda pattern=pattern: grep(pattern, [path], context=1))  # type: ignore[misc]


def _stats(case: Case) -> None:
    from cassette_cli.cli.stats import stats

    path = case.file("a", case.mutant)
    ran(lambda: stats([path]))
    json.loads(ran(lambda: stats([path], json=True)))


def _diff(case: Case) -> None:
    from cassette_cli.cli.diff import Form, diff

    one, two = case.file("a", case.sample), case.file("b", case.mutant)
    ran(lambda: diff([one, two]))
    json.loads(ran(lambda: diff([two, case.file("c", case.other)], json=True)))
    ran(lambda: diff([two, one], format_=Form.MARKDOWN))


def _validate(case: Case) -> None:
    from cassette_cli.cli.validate import validate

    path = case.file("a", case.mutant)
    ran(lambda: validate([path], enable=["hygiene"]))
    json.loads(ran(lambda: validate([path], json=True, full=True)))


def _redact(case: Case) -> None:
    """Twice is as good as once."""
    from cassette_cli.cli.redact import redact
    from cassette_cli.cli.redact_rules import What

    path = case.file("a", case.mutant)
    ran(
        lambda: redact(What.ALL, [path], diff=True), is_text=False
    )  # in a pipe, a patch of the bytes as they are
    ran(lambda: redact(What.ALL, [path]))
    once = Path(path).read_bytes()
    ran(lambda: redact(What.ALL, [path]))
    if Path(path).read_bytes() != once:
        raise Find("redacting twice changes more")


def _merge(case: Case) -> None:
    from cassette_cli.merge import merge

    for base, ours, theirs in (
        (case.sample, case.mutant, case.other),
        (case.mutant, case.sample, case.mutant),
    ):
        merge(Document(case.name, base), Document(case.name, ours), Document(case.name, theirs))


def _textconv(case: Case) -> None:
    from cassette_cli.cli.git import textconv

    ran(lambda: textconv(case.file("a", case.mutant)), is_text=False)


TARGETS: dict[str, Callable[[Case], None]] = {
    "recorders": _recorders,
    "wire": _wire,
    "llm": _llm,
    "show": _show(headers=True, full=True, color=False),
    "show-summary": _show(summary=True),
    "show-json": _show(format_="json"),
    "show-html": _show(format_="html"),
    "show-markdown": _show(format_="markdown"),
    "grep": _grep,
    "stats": _stats,
    "diff": _diff,
    "validate": _validate,
    "redact": _redact,
    "merge": _merge,
    "textconv": _textconv,
}


# -- the run ---------------------------------------------------------------------------------------


def samples() -> list[tuple[str, bytes]]:
    found = sorted(path for path in SAMPLES.rglob("*") if path.is_file() and ".expected." not in path.name)
    return [(path.name, path.read_bytes()) for path in found]


def cases(seed: int, folder: Path, originals: list[tuple[str, bytes]]) -> Iterator[Case]:
    """Mutants without end, the same for the same seed; now and then of two samples."""
    dice = Random(seed)
    while True:
        name, data = dice.choice(originals)
        yield Case(name, data, mutate(data, dice), mutate(data, dice), folder)


def attempt(target: Callable[[Case], None], case: Case) -> str | None:
    """What must not be and is, by where it comes from; None if all is well."""
    try:
        with _limit(PATIENCE):
            target(case)
    except CassetteError as error:
        return f"refused: {error.message}" if target is not _merge and isinstance(error, Refused) else None
    except Find as find:
        return str(find)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [frame for frame in frames if "cassette_cli" in frame.filename] or frames
        where = " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in own[:-4:-1])
        return f"{type(error).__name__}: {error!s:.100} at {where}"
    return None


class TooLong(Exception):
    """A mutant took more time than it may."""


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    def end(*_: object) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def fuzz(name: str, seconds: float, seed: int, finds: Path) -> tuple[int, Counter[str]]:
    """How many mutants a target got, and what it did wrong, with one input of each kept in a folder."""
    found: Counter[str] = Counter()
    count, end = 0, time.monotonic() + seconds
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        for case in cases(seed, Path(folder), samples()):
            if time.monotonic() >= end:
                break
            count += 1
            if told := attempt(TARGETS[name], case):
                kind = re.sub(r"\d+(?!\d*[: ])", "", told)[:200]
                found[kind] += 1
                if found[kind] == 1:
                    path = finds / f"{name}-{crc32(kind.encode()):08x}{Path(case.name).suffix}"
                    path.write_bytes(case.mutant)
                    print(f"{name}: {told}\n  {path}", flush=True)
    return count, found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("seconds", type=float, nargs="?", default=60.0)
    parser.add_argument("target", choices=TARGETS, nargs="?")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    os.environ["CASSETTE_DEBUG"] = "1"  # an exception is seen as what it is
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    names = [options.target] if options.target else list(TARGETS)
    finds = Path(tempfile.mkdtemp(prefix="cassette-finds-"))
    total = 0
    for name in names:
        began = time.monotonic()
        count, found = fuzz(name, options.seconds / len(names), options.seed, finds)
        total += len(found)
        print(
            f"{name:14} {count:8,} mutants {time.monotonic() - began:6.0f} s {len(found):4} finds", flush=True
        )
    return 1 if total else 0


if __name__ == "__main__":
    raise SystemExit(main())

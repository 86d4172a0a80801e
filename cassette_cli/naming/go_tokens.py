"""Go files as tokens: enough of the language to tell calls, functions and texts, and nothing of its types."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from cassette_cli.naming.shapes import Source

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r]+|//[^\n]*|/\*.*?\*/)|(?P<line>\n)|(?P<raw>`[^`]*`)|(?P<text>"(?:\\.|[^"\\\n])*")"""
    r"""|(?P<rune>'(?:\\.[^']*|[^'\\\n])')|(?P<word>[^\W\d]\w*)|(?P<number>\d[\w.]*)|(?P<mark>:=|\.\.\.|&&|\|\||[=!<>+*/%&|^-]=|.)""",
    re.DOTALL,
)
_OPEN, _CLOSE = "([{", ")]}"


class Token(NamedTuple):
    kind: str
    text: str
    line: int


@dataclass
class Function:
    """A function, or a literal of one: its name, its parameters in order, and its body's tokens."""

    name: str
    parameters: list[str]
    start: int
    end: int
    is_method: bool = False


@dataclass
class File:
    source: Source
    tokens: list[Token]
    functions: list[Function]
    packages: dict[str, str] = field(default_factory=dict)  # name: its import path

    @property
    def is_test(self) -> bool:
        return self.source.name.endswith("_test.go")

    def around(self, place: int) -> list[Function]:
        """The functions that a token stands in, the innermost first."""
        found = [each for each in self.functions if each.start <= place < each.end]
        return sorted(found, key=lambda each: each.end - each.start)


def read(source: Source) -> File:
    """A file's tokens and functions; raises ValueError where brackets or texts do not close."""
    if source.text is None:
        raise ValueError("not text")
    tokens: list[Token] = []
    line = 1
    for match in _TOKEN.finditer(source.text):
        kind = match.lastgroup or ""
        if kind == "mark" and match[0] in "\"'`":
            raise ValueError("a text does not close")
        if kind not in ("space", "line"):
            tokens.append(Token(kind, match[0], line))
        line += match[0].count("\n")
    depth: list[str] = []
    for token in tokens:
        if token.text in ("(", "[", "{") and token.kind == "mark":
            depth.append(_CLOSE[_OPEN.index(token.text)])
        elif (
            token.text in (")", "]", "}")
            and token.kind == "mark"
            and (not depth or depth.pop() != token.text)
        ):
            raise ValueError("a bracket does not close")
    if depth:
        raise ValueError("a bracket does not close")
    tokens += [Token("mark", ";", line)] * 6  # so that whoever looks on from a token finds another
    file = File(source, tokens, [])
    file.functions = list(_functions(file))
    file.packages = _imports(tokens)
    return file


def _imports(tokens: list[Token]) -> dict[str, str]:
    found: dict[str, str] = {}
    for place, token in enumerate(tokens):
        if token.text != "import":
            continue
        end = closing(tokens, place + 1) if tokens[place + 1].text == "(" else place + 3
        for number in range(place + 1, min(end, len(tokens))):
            if tokens[number].kind == "text":
                path = value_of(tokens[number])
                before = tokens[number - 1]
                base = re.sub(r"(/v\d+|\.v\d+)\Z", "", path).rpartition("/")[2]
                found[
                    before.text
                    if before.text == "." or (before.kind == "word" and before.text != "import")
                    else base
                ] = path
    return found


def closing(tokens: list[Token], opening: int) -> int:
    """The place of the bracket that closes the one here."""
    depth = 0
    for place in range(opening, len(tokens)):
        if tokens[place].kind == "mark":
            depth += tokens[place].text in ("(", "[", "{")
            depth -= tokens[place].text in (")", "]", "}")
            if depth == 0:
                return place
    return len(tokens) - 1


def parts_of(tokens: list[Token]) -> list[list[Token]]:
    """What stands between commas that are in no bracket."""
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.kind == "mark":
            depth += token.text in ("(", "[", "{")
            depth -= token.text in (")", "]", "}")
        if token == (token.kind, ",", token.line) and not depth:
            parts.append([])
        else:
            parts[-1].append(token)
    return [part for part in parts if part]


def _functions(file: File) -> Iterator[Function]:
    tokens = file.tokens
    for place, token in enumerate(tokens):
        if token.text != "func" or token.kind != "word":
            continue
        at, name, is_method = place + 1, "", False
        if at < len(tokens) and tokens[at].text == "(" and (after := closing(tokens, at) + 1) < len(tokens):
            is_method = (
                tokens[after].kind == "word" and after + 1 < len(tokens) and tokens[after + 1].text in "(["
            )
            at = after if is_method else at
        if at < len(tokens) and tokens[at].kind == "word":
            name, at = tokens[at].text, at + 1
        if at < len(tokens) and tokens[at].text == "[":
            at = closing(tokens, at) + 1
        if at >= len(tokens) or tokens[at].text != "(":
            continue
        close = closing(tokens, at)
        parameters = [part[0].text for part in parts_of(tokens[at + 1 : close])]
        body = close + 1
        while body < len(tokens) and tokens[body].text != "{" and tokens[body].line == tokens[close].line:
            body = closing(tokens, body) + 1 if tokens[body].text in "([" else body + 1
        if body < len(tokens) and tokens[body].text == "{":
            yield Function(name, parameters, body, closing(tokens, body), is_method)


def value_of(token: Token) -> str:
    """The text that a literal stands for."""
    if token.kind == "raw":
        return token.text[1:-1].replace("\r", "")
    try:
        return str(json.loads(token.text))
    except ValueError:
        return token.text[1:-1].encode("latin-1", "backslashreplace").decode("unicode_escape", "replace")


def split_plus(tokens: list[Token]) -> list[list[Token]]:
    parts: list[list[Token]] = [[]]
    depth = 0
    for token in tokens:
        if token.kind == "mark":
            depth += token.text in ("(", "[", "{")
            depth -= token.text in (")", "]", "}")
        if token.kind == "mark" and token.text == "+" and not depth:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts

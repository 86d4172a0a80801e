"""What Go tests call their cassettes: go-vcr's `recorder.New("testdata/x")`, which adds `.yaml`.

Go runs the tests of a package in its folder. Names are read by tokens: texts, `+`, `filepath.Join`,
`fmt.Sprintf`, `t.Name()`, constants, variables, and the parameters of helpers by who calls them. Subtests
are `TestX/name`, with blanks as `_` (`testing`'s `rewrite`).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property

from cassette_cli.naming.go_tokens import File, Function, Token, closing, parts_of, read, split_plus, value_of
from cassette_cli.naming.shapes import (
    ANY,
    TEMPORARY,
    Claim,
    Names,
    Shape,
    Source,
    claim,
    joined,
    literal,
    merged,
    unique,
)

ID = "Go"
SUFFIXES: tuple[str, ...] = (".go",)
RECORDERS = frozenset({"go-vcr"})

_DEEP = 6  # steps from name to name; a longer chain is anything
_HARMLESS = frozenset(
    {"require", "assert", "suite", "mock", "must", "is", "cmp", "goleak", "gomega", "quicktest"}
)
_MAKERS = frozenset({"New", "NewAsMode", "NewWithOptions", "NewWithFS", "Load", "LoadWithFS"})


def names(sources: Iterable[Source]) -> Names:
    """What the Go files of a suite say."""
    files: list[File] = []
    claims: list[Claim] = []
    for source in sources:
        try:
            files.append(read(source))
        except ValueError:
            how = "does not parse, so any name could stand in it"
            claims.append(Claim(ANY, source.path, 1, how, sure=False))
    suite = _Suite(files)
    found = list(suite.claims())
    strings: dict[str, tuple[str, int]] = {}
    for file in files:
        for token in file.tokens:
            if token.kind in ("text", "raw"):
                strings.setdefault(value_of(token), (file.source.path, token.line))
    return Names([*claims, *found, *suite.shadows()], strings, recorders=bool(found))


class _Suite:
    """The Go files together: who calls whom, what names are bound to."""

    def __init__(self, files: list[File]) -> None:
        self.files = files
        self.calls: dict[str, list[tuple[File, int]]] = defaultdict(list)  # the place of the opening bracket
        self.values: set[str] = set()
        self.tests: list[tuple[File, Function, int]] = []
        self._strangers: dict[str, str] = {}
        for file in files:
            for place, token in enumerate(file.tokens):
                if token.kind != "word":
                    continue
                after = file.tokens[place + 1].text if place + 1 < len(file.tokens) else ""
                before = file.tokens[place - 1].text if place else ""
                if after == "(" and not self._is_declared(file, place):
                    self.calls[token.text].append((file, place + 1))
                elif after not in ("(", ":", ":=") and before != "func":
                    self.values.add(token.text)
            for function in file.functions:
                if (
                    file.is_test
                    and not function.is_method
                    and re.match(r"(?:Test|Fuzz|Benchmark|Example)(?![a-z])", function.name)
                ):
                    self.tests.append((file, function, file.tokens[function.start].line))

    @staticmethod
    def _is_declared(file: File, place: int) -> bool:
        before = file.tokens[place - 1] if place else None
        if before and before.text == "func":
            return True
        if not before or before.text != ")":
            return False
        opening = place - 1
        depth = 0
        while opening >= 0:
            depth += file.tokens[opening].text == ")"
            depth -= file.tokens[opening].text == "("
            if depth == 0:
                break
            opening -= 1
        return opening > 0 and file.tokens[opening - 1].text == "func"

    # -- claims ------------------------------------------------------------------------------------------

    def claims(self) -> Iterator[Claim]:
        for file in self.files:
            ours = {name for name, path in file.packages.items() if "go-vcr" in path}
            if "." in ours:
                yield Claim(ANY, file.source.path, 1, "go-vcr is imported without a name", sure=False)
            for place, token in enumerate(file.tokens):
                if token.kind == "word" and token.text in ours and self._text(file, place + 1) == ".":
                    yield from self._use(file, place)
                elif token.text == "CassetteName" and self._text(file, place + 1) in (":", "=") and ours:
                    yield from self._named(file, place + 2, self._until(file, place + 2), "CassetteName")

    def _text(self, file: File, place: int) -> str:
        return file.tokens[place].text if place < len(file.tokens) else ""

    def _until(self, file: File, place: int) -> int:
        """Where an expression ends: at a comma, a closing bracket, or a line that is not continued."""
        tokens, start = file.tokens, place
        while place < len(tokens):
            text = tokens[place].text if tokens[place].kind == "mark" else ""
            if text in ("(", "[", "{"):
                place = closing(tokens, place) + 1
                continue
            ended = place > start and tokens[place].line > tokens[place - 1].line
            if text in (",", ")", "]", "}", ";") or (
                ended and tokens[place - 1].text not in ("+", ".", "(", ",")
            ):
                break
            place += 1
        return place

    def _use(self, file: File, place: int) -> Iterator[Claim]:
        maker = self._text(file, place + 2)
        if maker not in _MAKERS:
            return
        how = f"{file.tokens[place].text}.{maker}"
        if self._text(file, place + 3) != "(":
            yield Claim(ANY, file.source.path, file.tokens[place].line, f"{how} is handed on", sure=False)
            return
        close = closing(file.tokens, place + 3)
        parts = parts_of(file.tokens[place + 4 : close])
        if maker == "NewWithOptions":
            if not any(token.text == "CassetteName" for token in file.tokens[place:close]):
                yield Claim(
                    ANY, file.source.path, file.tokens[place].line, f"{how} with other options", sure=False
                )
        elif parts:
            yield from self._named(file, place + 4, place + 4 + len(parts[0]), how)

    def _named(self, file: File, start: int, end: int, how: str) -> Iterator[Claim]:
        folder = file.source.folder if file.is_test and not self._moves(file) else None
        for shape in self.shapes(file, start, end):
            yield claim(folder, shape, file.source.path, file.tokens[start].line, how)

    def _moves(self, file: File) -> bool:
        """Whether the tests of a package leave its folder."""
        return any(
            token.text == "Chdir" for other in self.files if other.source.folder == file.source.folder
            for token in other.tokens
        )  # fmt: skip

    def shadows(self) -> Iterator[Claim]:
        """The tests of packages that hand `t` to what is not here: it may name their cassettes after them."""
        for file, function, line in self.tests:
            if stranger := self._stranger(file.source.folder):
                how = f"{stranger} is not among the tests, and may name a cassette after {function.name}"
                for shape in ((None, f"/{function.name}"), (None, f"/{function.name}/", None)):
                    yield Claim(shape, file.source.path, line, how, sure=False)

    def _stranger(self, folder: str) -> str:
        """A function of another package that is given a test's `t`, and cannot be looked into."""
        if folder in self._strangers:
            return self._strangers[folder]
        found = ""
        known = {function.name for file in self.files for function in file.functions}
        for file in self.files:
            for place in range(3, len(file.tokens)) if file.source.folder == folder else ():
                owner, dot, name, opening = (token.text for token in file.tokens[place - 3 : place + 1])
                given = self._text(file, place + 1) in ("t", "tb")
                if (dot, opening) == (".", "(") and given and self._is_strange(owner, name, file, known):
                    found = f"{owner}.{name}"
        self._strangers[folder] = found
        return found

    @staticmethod
    def _is_strange(owner: str, name: str, file: File, known: set[str]) -> bool:
        path = file.packages.get(owner, "")
        return bool(path) and path.split("/")[-1] not in _HARMLESS and name not in known

    # -- expressions -------------------------------------------------------------------------------------

    def shapes(self, file: File, start: int, end: int, depth: int = 0) -> list[Shape]:
        """What the expression between two tokens may be."""
        tokens = file.tokens[start:end]
        if depth > _DEEP or not tokens:
            return [ANY]
        plus = split_plus(tokens)
        if len(plus) > 1:
            at, parts = start, []
            for part in plus:
                parts.append(self.shapes(file, at, at + len(part), depth))
                at += len(part) + 1
            return joined(*parts)
        if len(tokens) == 1:
            if tokens[0].kind in ("text", "raw"):
                return [(value,)] if (value := value_of(tokens[0])) else [()]
            return self._word(file, start, depth) if tokens[0].kind == "word" else [ANY]
        whole = "".join(token.text for token in tokens)
        if re.fullmatch(r"(?:t|tb|b|\w+\.T\(\))\.Name\(\)", whole):
            return self._test_names(file, start)
        if len(tokens) == 3 and tokens[1].text == "." and tokens[0].kind == tokens[2].kind == "word":
            return self._field(file, tokens[2].text, depth)
        if tokens[0].text == "(" and closing(file.tokens, start) == end - 1:
            return self.shapes(file, start + 1, end - 1, depth)
        return self._call(file, start, end, depth)

    def _call(self, file: File, start: int, end: int, depth: int) -> list[Shape]:
        tokens = file.tokens[start:end]
        opening = next((n for n, token in enumerate(tokens) if token.text == "("), None)
        if opening is None or closing(file.tokens, start + opening) != end - 1:
            return [ANY]
        name = "".join(token.text for token in tokens[:opening])
        args: list[list[Shape]] = []
        at = start + opening + 1
        for part in parts_of(tokens[opening + 1 : -1]):
            args.append(self.shapes(file, at, at + len(part), depth + 1))
            at += len(part) + 1
        match name.rpartition(".")[2], args:
            case "TempDir" | "MkdirTemp", _:
                return [TEMPORARY]
            case "Join", [_, *_] if name in ("filepath.Join", "path.Join"):
                return joined(*[part for arg in args for part in ([("/",)], arg)][1:])
            case "Sprintf", [[only], *rest] if (text := literal(only)) is not None:
                return _formatted(text, rest)
            case "ReplaceAll" | "Replace", [of, [old], [new], *_] if name.startswith("strings."):
                return [_replaced(shape, literal(old), literal(new)) for shape in of]
            case "TrimPrefix" | "TrimSuffix", [of, [cut]] if name.startswith("strings."):
                return [_trimmed(shape, name, literal(cut)) for shape in of]
            case "Clean" | "FromSlash" | "ToSlash" | "string", [of]:
                return of
        return self._returned(name, file, depth)

    def _returned(self, name: str, file: File, depth: int) -> list[Shape]:
        """What a function of the suite gives; anything for methods, and for functions from elsewhere."""
        owner, _, last = name.rpartition(".")
        package = file.packages.get(owner, "").rpartition("/")[2] if owner else ""
        found: list[Shape] = []
        for home in self.files if package or not owner else ():
            folder = home.source.folder
            near = folder.rpartition("/")[2] == package if owner else folder == file.source.folder
            for function in home.functions if near else ():
                if function.name == last:
                    found += self._of_returns(home, function, depth)
        return unique(found) or [ANY]

    def _of_returns(self, home: File, function: Function, depth: int) -> list[Shape]:
        found: list[Shape] = []
        for place in range(function.start, function.end):
            if home.tokens[place].text == "return" and home.around(place)[0] is function:
                end = self._until(home, place + 1)
                found += (
                    self.shapes(home, place + 1, end, depth + 1) if self._text(home, end) != "," else [ANY]
                )
        return found or [ANY]

    def _test_names(self, file: File, place: int) -> list[Shape]:
        """What `t.Name()` may be here: the tests of the package, or all for a helper that others call."""
        inside = [each for each in file.around(place) if each.name]
        own = [test for test in self.tests if inside and test[1] is inside[0]]
        near = [test for test in self.tests if test[0].source.folder == file.source.folder]
        tests = own or (near if file.is_test else self.tests)
        return unique(shape for test in tests for shape in self._names_of(test[0], test[1])) or [ANY]

    def _names_of(self, file: File, function: Function) -> Iterator[Shape]:
        """A test and its subtests, as far as they are written out."""
        yield (function.name,)
        if self._hands_on:
            yield (f"{function.name}/", None)
        inside: list[tuple[int, list[Shape]]] = [
            (function.end, [(function.name,)])
        ]  # where it ends, its names
        for place in range(function.start, function.end):
            while place >= inside[-1][0]:
                inside.pop()
            if self._is_run(file, place):
                close = closing(file.tokens, place + 1)
                parts = parts_of(file.tokens[place + 2 : close])
                subs = joined(inside[-1][1], [("/",)], self._subtest(parts[0] if parts else []))
                inside.append((close, subs))
                yield from subs

    @staticmethod
    def _subtest(name: list[Token]) -> list[Shape]:
        """What a subtest is called: a second one of the same name has a number."""
        if len(name) != 1 or name[0].kind not in ("text", "raw"):
            return [ANY]
        text = _rewritten(value_of(name[0]))
        return [(text,), (f"{text}#", None)]

    def _is_run(self, file: File, place: int) -> bool:
        return file.tokens[place].text == "Run" and self._text(file, place - 1) == "." and (
            self._text(file, place + 1) == "("
        )  # fmt: skip

    @cached_property
    def _hands_on(self) -> bool:
        """Whether helpers start subtests anywhere: with a `t` that is handed on, they may be any test's."""
        for other in self.files:
            tests = [each for home, each, _ in self.tests if home is other]
            for place in range(1, len(other.tokens)):
                if self._is_run(other, place) and not any(each.start <= place < each.end for each in tests):
                    return True
        return False

    def _word(self, file: File, place: int, depth: int) -> list[Shape]:
        """What a name is bound to: in the functions around it, by the callers of those, or in the package."""
        name = file.tokens[place].text
        for function in file.around(place):
            found = self._bound(file, name, function.start, function.end, depth)
            if name in function.parameters:
                found += self._passed(file, function, function.parameters.index(name), depth)
            if found:
                return unique(found)
        found = []
        for other in self.files:
            if other.source.folder == file.source.folder:
                found += self._bound(other, name, 0, len(other.tokens), depth, top=True)
        return unique(found) or [ANY]

    def _field(self, file: File, name: str, depth: int) -> list[Shape]:
        """What a field may be: as literals of the package's structs have it, or anything."""
        found: list[Shape] = []
        for other in self.files:
            for place in range(1, len(other.tokens)) if other.source.folder == file.source.folder else ():
                is_key = other.tokens[place].text == name and self._text(other, place + 1) == ":"
                if is_key and self._text(other, place - 1) in ("{", ","):
                    found += self.shapes(other, place + 2, self._until(other, place + 2), depth + 1)
        return unique([*found, ANY])

    def _bound(
        self, file: File, name: str, start: int, end: int, depth: int, *, top: bool = False
    ) -> list[Shape]:
        found: list[Shape] = []
        for place in range(start, end):
            if file.tokens[place].text != name or self._text(file, place - 1) == ".":
                continue
            if top and file.around(place) and self._text(file, place + 1) != "=":
                continue
            if self._text(file, place - 1) == "&":
                found.append(ANY)
            after = place + 1
            while self._text(file, after) in ("string", "*") and not found:
                after += 1  # var name string = "..."
            if self._text(file, after) in ("=", ":=", "+="):
                simple = self._text(file, place - 1) != "," and self._text(file, after) != "+="
                value = after + 1
                if simple and self._text(file, value) != "range":
                    found += self.shapes(file, value, self._until(file, value), depth + 1)
                else:
                    found.append(ANY)
            elif self._text(file, place - 1) == "var" or (
                self._text(file, after) == "," and self._is_target(file, after)
            ):
                found.append(ANY)
        return found

    def _is_target(self, file: File, place: int) -> bool:
        """Whether the list of names that goes on here is assigned to: `name, err := ...`."""
        while self._text(file, place) == "," and place + 1 < len(file.tokens):
            place += 2
        return self._text(file, place) in (":=", "=")

    def _passed(self, file: File, function: Function, index: int, depth: int) -> list[Shape]:
        """What callers pass for a parameter; anything where they cannot all be seen."""
        name = function.name
        is_open_end = not name or name in self.values or (not self.calls[name] and not file.is_test)
        found: list[Shape] = [ANY] * is_open_end
        for caller, opening in self.calls[name] if name else ():
            parts = parts_of(caller.tokens[opening + 1 : closing(caller.tokens, opening)])
            if index >= len(parts) or parts[-1][-1].text == "...":
                found.append(ANY)
                continue
            at = opening + 1 + sum(len(part) + 1 for part in parts[:index])
            found += self.shapes(caller, at, at + len(parts[index]), depth + 1)
        return found


_VERB = re.compile(r"%(%|[-+# 0]*[\d.]*[a-zA-Z])")


def _formatted(text: str, args: list[list[Shape]]) -> list[Shape]:
    parts: list[list[Shape]] = []
    end = count = 0
    for verb in _VERB.finditer(text):
        parts.append([(text[end : verb.start()],)])
        end = verb.end()
        if verb[1] == "%":
            parts.append([("%",)])
            continue
        plain = verb[1] in ("s", "v") and count < len(args)
        parts.append(args[count] if plain else [ANY])
        count += 1
    return joined(*parts, [(text[end:],)]) if "%[" not in text and "*" not in text else [ANY]


def _replaced(shape: Shape, old: str | None, new: str | None) -> Shape:
    text = literal(shape)
    if old is None or new is None or not old or (text is None and len(old) > 1):
        return ANY
    return merged(piece and piece.replace(old, new) for piece in shape)


def _trimmed(shape: Shape, name: str, cut: str | None) -> Shape:
    text = literal(shape)
    if text is None or cut is None:
        return ANY
    return (text.removeprefix(cut) if name.endswith("TrimPrefix") else text.removesuffix(cut),)


def _rewritten(name: str) -> str:
    """A subtest's name as `testing` writes it."""
    return "".join(
        "_" if char.isspace() else char if char.isprintable() else ascii(char)[1:-1] for char in name
    )

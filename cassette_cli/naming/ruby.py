"""What Ruby tests call their cassettes: Ruby VCR's `use_cassette("name")`, and RSpec's metadata.

By VCR's source: a file is its name with every run of other characters than `A-Za-z0-9_-/` as one `_`, and the
serializer's suffix; with `configure_rspec_metadata!` an example that is tagged `:vcr` has its descriptions,
outermost first, with slashes between them. Blocks are told by their indentation, as formatters lay them out.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from cassette_cli.naming.shapes import (
    ANY,
    Claim,
    Names,
    Piece,
    Shape,
    Source,
    claim,
    joined,
    literal,
    merged,
    unique,
)

ID = "Ruby"
SUFFIXES: tuple[str, ...] = (".rb",)
RECORDERS = frozenset({"ruby-vcr"})

_STRING = r"""'(?:\\.|[^'\\])*'|"(?:\\.|\#\{(?:[^{}]|\{[^{}]*\})*\}|[^"\\])*\""""
_LINE_STRING = r"""'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*\""""  # an odd quote costs its own line alone
_COMMENT = re.compile(
    rf"^=begin\b.*?^=end\b|(?P<keep>{_LINE_STRING})|(?<![\w$?])\#(?!\{{)[^\n]*", re.DOTALL | re.MULTILINE
)
_USE = re.compile(r"(?<![\w:])(use_cassette|insert_cassette|use_vcr_cassette)\b[ \t]*(\(?)\s*")
_END = re.compile(r"[ \t]*(?:[,)\n;{]|do\b|\Z)")
_BLOCK = re.compile(
    r"^(?P<indent>[ \t]*)(?:RSpec\.)?[xf]?(?P<word>describe|context|feature|example_group|"
    r"shared_examples(?:_for)?|shared_context|it|specify|example|scenario|its)\b"
    r"(?P<rest>(?:[ \t]*\(|[ \t]+(?![=.])|[ \t]*\{)[^\n]*(?:,\s*\n[^\n]*)*)",
    re.MULTILINE,
)
_OPENS = re.compile(r"\bdo\b[ \t]*(?:\|[^|\n]*\|)?[ \t]*$", re.MULTILINE)
_GROUPS = frozenset({"describe", "context", "feature", "example_group"})
_SHARED = re.compile(r"\b(?:it_behaves_like|it_should_behave_like|include_examples|include_context)\b")
_LIBRARY = re.compile(r"\bcassette_library_dir\s*=\s*([^\n]*)")
_TAG = re.compile(
    r"(?<![\w:]):vcr\b(?!\s*=>)|\bvcr:\s*(?P<new>[^\n]*)|:vcr\s*=>\s*(?P<old>[^\n]*)", re.DOTALL
)
_OPEN = re.compile(r",\s*\*{0,2}[A-Za-z_][\w.]*\s*(?:,|\)|\Z)")  # an argument that may be any metadata
_CASSETTE_NAME = re.compile(r"\bcassette_name(?::|\"?\s*=>)\s*")


def names(sources: Iterable[Source]) -> Names:
    """What the Ruby files of a suite say."""
    claims: list[Claim] = []
    files: list[tuple[Source, str]] = []
    for source in sources:
        if source.text is None or re.search(r"^(?:<<<<<<<|>>>>>>>) ", source.text, re.MULTILINE):
            how = "does not parse, so any name could stand in it"
            claims.append(Claim(ANY, source.path, 1, how, sure=False))
        else:
            files.append((source, _COMMENT.sub(_blanked, source.text)))
    suite = _Suite(files)
    found = [*suite.calls(), *suite.examples()]
    return Names([*claims, *found, *suite.doubts()], suite.strings(), recorders=bool(found))


def _blanked(match: re.Match[str]) -> str:
    """A text as it is; a comment as its line breaks, so that all places stay."""
    return match["keep"] or re.sub(r"[^\n]", " ", match[0])


@dataclass
class Block:
    """A group or an example: how deep it stands, what it is called, what its tag says."""

    indent: int
    names: list[Shape]
    tag: str | None  # what stands behind `vcr:`; "" for a bare :vcr; None where it has none
    arguments: str
    line: int
    shares: bool = False  # whether shared examples are put in here


class _Suite:
    """The Ruby files together."""

    def __init__(self, files: list[tuple[Source, str]]) -> None:
        self.files = files
        whole = "\n".join(text for _, text in files)
        self.has_metadata = "configure_rspec_metadata!" in whole
        self.derived = bool(re.search(r"\[:vcr\]|define_derived_metadata", whole))
        self.folders = unique(_folder(match[1]) for match in _LIBRARY.finditer(whole)) or [()]
        self.whole = whole

    def _claim(
        self, name: Shape, source: Source, line: int, how: str, *, sure: bool = True
    ) -> Iterator[Claim]:
        for shape in dict.fromkeys((sanitised(name), name)):
            for folder in self.folders:
                path = shape if shape == ANY else (*folder, "/" * bool(folder), *shape)
                yield claim(None, merged(path), source.path, line, how, sure=sure)

    # -- use_cassette ------------------------------------------------------------------------------------

    def calls(self) -> Iterator[Claim]:
        for source, text in self.files:
            for match in _USE.finditer(text):
                if text[: match.start()].endswith(("def ", "def self.")):
                    continue
                line = text.count("\n", 0, match.start()) + 1
                for shape in self._argument(text, match.end()):
                    yield from self._claim(shape, source, line, match[1])

    def _argument(self, text: str, place: int) -> list[Shape]:
        """What the first argument that begins here may be."""
        found = re.compile(rf":?({_STRING})|:(\w+)|([a-z_]\w*)(?![\w(.\[:?!])", re.DOTALL).match(text, place)
        if not found or not _END.match(text, found.end()):
            return [ANY]
        if found[1]:
            return [_text(found[1])]
        return [(found[2],)] if found[2] else self._bound(found[3])

    def _bound(self, name: str) -> list[Shape]:
        """What a name that `let` or assignments bind may be; anything if it is a parameter, too."""
        word = re.escape(name)
        if re.search(rf"\|[^|\n]*\b{word}\b[^|\n]*\||\bdef\s[^\n]*\b{word}\b", self.whole):
            return [ANY]
        bindings = [
            *re.finditer(rf"\blet!?\(:{word}\)\s*(?:\{{|do)\s*", self.whole),
            *re.finditer(rf"(?<![\w.@:]){word}\s*\|?\|?=(?![=~>])\s*", self.whole),
        ]
        found: list[Shape] = []
        for match in bindings:
            value = re.compile(rf"({_STRING})[ \t]*(?:\}}|;|\n|\Z)").match(self.whole, match.end())
            found.append(_text(value[1]) if value else ANY)
        return unique(found) or [ANY]

    # -- RSpec's metadata --------------------------------------------------------------------------------

    def examples(self) -> Iterator[Claim]:
        for source, text in self.files if self.has_metadata else ():
            stack: list[Block] = []
            for block, is_group in _blocks(text):
                while stack and stack[-1].indent >= block.indent:
                    stack.pop()
                if is_group:
                    stack.append(block)
                yield from self._of_block(source, [*stack, block] if not is_group else stack, is_group)

    def _of_block(self, source: Source, stack: list[Block], is_group: bool) -> Iterator[Claim]:
        """The claims of an example, or of what a group takes from elsewhere, below all that it stands in."""
        block = stack[-1]
        if is_group and not block.shares:
            return
        tag = next((each.tag for each in reversed(stack) if each.tag is not None), None)
        if tag is None and any(_OPEN.search(each.arguments) for each in stack):
            yield Claim(ANY, source.path, block.line, "metadata that is not written out", sure=False)
        if tag is None and not self.derived:
            return
        if tag is not None and re.match(r"(?:false|nil)\b", tag):
            return
        sure = tag is not None
        title = literal(block.names[0]) or "an example with a computed name"
        how = f"the example {title!r}, tagged vcr" if sure else f"the example {title!r}, which a hook may tag"
        name = _CASSETTE_NAME.search(tag or "")
        if name:
            for shape in self._argument(tag or "", name.end()):
                yield from self._claim(shape, source, block.line, how, sure=sure)
            return
        if "single_cassette" in " ".join(each.arguments for each in stack):
            last = max(n for n, each in enumerate(stack) if "single_cassette" in each.arguments)
            stack = stack[: last + 1]
        parts = [part for each in stack for part in ([("/",)], each.names)][1:]
        if (
            stack == [block] and not is_group
        ):  # in no group, by its indentation, so its place is not understood
            parts, sure = [[ANY], *parts], False
        if is_group:
            parts += [[("/",)], [ANY]]
        for shape in joined(*parts):
            yield from self._claim(shape, source, block.line, how, sure=sure)
        if tag and not re.match(r"true\b|\{[^#]*\}", tag) and not tag.startswith(("{", "'", '"')):
            yield Claim(ANY, source.path, block.line, "vcr: options that are not written out", sure=False)
        for value in re.findall(_STRING, tag or "") if (tag or "").startswith(("'", '"')) else ():
            yield from self._claim(_text(value), source, block.line, how, sure=sure)

    # -- what is not followed ------------------------------------------------------------------------------

    def doubts(self) -> Iterator[Claim]:
        kinds = (
            (r"\buse_cassettes\b", "use_cassettes takes lists of names"),
            (r":(?:use|insert)_cassette\b", "use_cassette is handed on, to be called with any name"),
            (r"\bcucumber_tags\b", "cucumber tags name cassettes after scenarios"),
            (r"\bMinitestVcr\b|minitest-vcr", "minitest-vcr names cassettes after tests"),
            (r"\bcassette_persisters\[", "a persister of its own may name files in any way"),
            (r"\balias_example(?:_group)?_to\b", "examples have other names here"),
            (
                r"[{;|][ \t]*(?:it|specify|example|describe|context)\b[ \t(]*['\"]",
                "several blocks in one line",
            ),
        )
        for source, text in self.files:
            for pattern, how in kinds:
                for match in re.finditer(pattern, text):
                    line = text.count("\n", 0, match.start()) + 1
                    yield Claim(ANY, source.path, line, how, sure=False)
            for one, two in pairwise(_BLOCK.finditer(text) if self.has_metadata else ()):
                between = text[one.start("rest") : two.start()]
                is_deeper = len(two["indent"].expandtabs(8)) > len(one["indent"].expandtabs(8))
                if not is_deeper and _OPENS.search(between) and not re.search(r"\bend\b", between):
                    line = text.count("\n", 0, two.start()) + 1
                    yield Claim(ANY, source.path, line, "blocks are not indented", sure=False)

    def strings(self) -> dict[str, tuple[str, int]]:
        """The texts of the files, as names of files, but for descriptions that are understood."""
        found: dict[str, tuple[str, int]] = {}
        for source, text in self.files:
            described = [
                match.span("rest") for match in _BLOCK.finditer(text) if self.has_metadata
            ]  # their texts are claims of their own
            for match in re.finditer(_STRING, text):
                if any(start <= match.start() < end for start, end in described):
                    continue
                place = (source.path, text.count("\n", 0, match.start()) + 1)
                shape = _text(match[0])
                for value in (literal(shape), literal(sanitised(shape))):
                    if value:
                        found.setdefault(value, place)
        return found


def _blocks(text: str) -> Iterator[tuple[Block, bool]]:
    """The groups and examples of a file in order, each with whether it is a group."""
    in_module = bool(re.search(r"^\s*(?:module|class)\s+[A-Z]", text, re.MULTILINE))
    matches = list(_BLOCK.finditer(text))
    for number, match in enumerate(matches):
        end = matches[number + 1].start() if number + 1 < len(matches) else len(text)
        head = _head(text, match.start("rest"), end)
        is_shared = match["word"].startswith("shared")
        yield (
            Block(
                indent=len(match["indent"].expandtabs(8)),
                names=[ANY] if is_shared else _description(head, in_module=in_module),
                tag=_tag(head),
                arguments=head,
                line=text.count("\n", 0, match.start()) + 1,
                shares=bool(_SHARED.search(text, match.end("rest"), end)),
            ),
            match["word"] in _GROUPS or is_shared,
        )


_HEAD_END = re.compile(
    rf"({_STRING})|\bdo\b\s*(?:\|[^|]*\|)?\s*$|(?<=[\s)])\{{(?!\s*\w+:|\s*:)|\n(?!\s)",
    re.DOTALL | re.MULTILINE,
)


def _head(text: str, start: int, end: int) -> str:
    """The arguments of a block, up to where it opens."""
    for match in _HEAD_END.finditer(text, start, end):
        if not match[1]:
            return text[start : match.start()]
    return text[start : min(end, text.find("\n", start) if "\n" in text[start:] else end)]


def _description(head: str, *, in_module: bool) -> list[Shape]:
    """What a block is called: its first argument, and a text behind a class."""
    match = re.compile(
        rf"[\s(]*(?:({_STRING})|((?:::)?[A-Z][\w:]*)|:(\w+))\s*(?:,\s*({_STRING}))?", re.DOTALL
    ).match(head)
    if not match:
        return [ANY]  # `it { ... }` has a number of its own
    behind = head[match.end() :].lstrip()
    if behind and behind[0] not in ",)":
        return [ANY]
    first = _text(match[1]) if match[1] else (match[2] or match[3] or "",)
    options = [first, (None, *first)] if match[2] and in_module else [first]
    if not match[4]:
        return [shape or ANY for shape in options]
    second = _text(match[4])
    glued = bool(match[2]) and second and re.match(r"#|::|\.", second[0] or "")
    return joined(options, [("" if glued else " ",)], [second])


def _tag(head: str) -> str | None:
    """What a block says of vcr: None for nothing, "" for the bare symbol."""
    plain = re.sub(_STRING, lambda match: " " * len(match[0]), head)  # not what stands in texts
    match = _TAG.search(plain)
    if not match:
        return None
    group = "new" if match["new"] is not None else "old" if match["old"] is not None else None
    return head[match.start(group) : match.end(group)].strip() if group else ""


def _text(spelt: str) -> Shape:
    """A Ruby text: what stands between its quotes, with what is computed in it left open."""
    inner = spelt[1:-1]
    if spelt[0] == "'":
        return (re.sub(r"\\(['\\])", r"\1", inner),) if inner else ()
    pieces: list[Piece] = []
    at = 0
    for match in re.finditer(r"\#\{(?:[^{}]|\{[^{}]*\})*\}", inner):
        pieces += [_unescaped(inner[at : match.start()]), None]
        at = match.end()
    return merged([*pieces, _unescaped(inner[at:])])


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t", "s": " "}.get(match[1], match[1]), text)


def sanitised(name: Shape) -> Shape:
    """The name as VCR writes it to the disk; beside what is computed a run of `_` may be of both."""
    pieces: list[Piece] = []
    for number, piece in enumerate(name):
        if piece is None:
            pieces.append(None)
            continue
        if number + 1 < len(name):
            piece = re.sub(r"[^A-Za-z0-9_\-/]+\Z", "", piece)
        if number:
            piece = re.sub(r"\A[^A-Za-z0-9_\-/]+", "", piece)
        pieces.append(re.sub(r"[^A-Za-z0-9_\-/]+", "_", piece))
    return merged(pieces)


def _folder(value: str) -> Shape:
    """A library's folder, as it is written out; of a joined one, the steps that are texts."""
    whole = re.fullmatch(rf"\s*({_STRING})\s*", value)
    if whole:
        return _text(whole[1])
    texts = rf"(?:{_STRING})(?:\s*,\s*(?:{_STRING}))*"
    if re.fullmatch(rf"\s*[\w.:()]+\.join\(?\s*(?:[\w.:]+\s*,\s*)?{texts}\s*\)?(?:\.to_s)?\s*", value):
        steps = [_text(text) for text in re.findall(_STRING, value)]
        return merged(piece for number, step in enumerate(steps) for piece in ("/" * (number > 0), *step))
    return ()

"""Which cassettes no test names: the texts of the tests and the paths of the cassettes in, verdicts out.

A cassette is used if a test names it, an orphan only if all that its recorder's tests could name is known
and nothing of it fits; whatever else may reach it leaves it unsure. Nothing is run, and nothing is deleted
here.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from cassette_cli.naming import go, python, ruby
from cassette_cli.naming.shapes import ANY, Claim, Names, Source, matches, merged, stem


class Language(Protocol):
    """What a module of `naming` offers."""

    ID: str
    SUFFIXES: tuple[str, ...]  # of its test files
    RECORDERS: frozenset[str]  # whose cassettes it names

    def names(self, sources: Iterable[Source], /) -> Names:
        """What these test files say."""


LANGUAGES: tuple[Language, ...] = (python, go, ruby)
SUFFIXES = tuple(suffix for language in LANGUAGES for suffix in language.SUFFIXES)
_MOST = 5  # claims that are kept for one cassette


class Verdict(StrEnum):
    USED = "used"
    ORPHAN = "orphan"
    UNSURE = "unsure"


class File(NamedTuple):
    """A cassette: its absolute path with `/`, and which recorder wrote it."""

    path: str
    recorder: str


class Judged(NamedTuple):
    """A cassette's verdict: the claims that reach it, or in words why there are none."""

    file: File
    verdict: Verdict
    claims: tuple[Claim, ...] = ()
    why: str = ""


def judge(sources: Iterable[Source], cassettes: Sequence[File]) -> list[Judged]:
    """A verdict for each cassette, in order."""
    sources = list(sources)
    asked = {file.recorder for file in cassettes}
    benches: dict[str, _Bench] = {}
    for language in LANGUAGES:
        if recorders := language.RECORDERS & asked:
            own = [source for source in sources if source.path.endswith(language.SUFFIXES)]
            benches |= dict.fromkeys(recorders, _Bench(language, own))
    judged = [_judged(file, benches.get(file.recorder)) for file in cassettes]
    known = {one.file.recorder for one in judged if any(claim.shape != ANY for claim in one.claims)}
    return [
        one if one.verdict is not Verdict.ORPHAN or one.file.recorder in known else _stray(one)
        for one in judged
    ]


def _stray(one: Judged) -> Judged:
    """Where no cassette at all is named, the tests are more likely the wrong ones, or not understood."""
    why = f"these tests name no {one.file.recorder} cassette that is here: are they its tests?"
    return Judged(one.file, Verdict.UNSURE, why=why)


def _judged(file: File, bench: "_Bench | None") -> Judged:
    if bench is None:
        return Judged(file, Verdict.UNSURE, why=f"tests of {file.recorder} are not read")
    claims = bench.reaching(file.path)
    used = [claim for claim in claims if claim.sure]
    if used:
        return Judged(file, Verdict.USED, tuple(used[:_MOST]))
    if claims:
        return Judged(file, Verdict.UNSURE, tuple(claims[:_MOST]))
    if not bench.names.recorders:
        return Judged(file, Verdict.UNSURE, why=f"no {bench.language} test here uses its recorder")
    return Judged(file, Verdict.ORPHAN, why=bench.evidence)


def _globs(strings: Mapping[str, tuple[str, int]]) -> Iterator[Claim]:
    """Texts that are globs of cassettes: tests that go through a folder may use whatever stands in it."""
    for text, place in strings.items():
        if "*" in text and text.endswith((".yaml", ".yml", ".json")):
            pieces = [None if "*" in piece else piece for piece in re.split(r"(\*+)", text.lstrip("./"))]
            yield Claim(merged((None, "/", *pieces)), *place, "a glob takes it in", sure=False)


class _Bench:
    """The claims of one language, kept by what they end with."""

    def __init__(self, language: Language, sources: list[Source]) -> None:
        self.language = language.ID
        self.names = language.names(sources)
        self._named: dict[str, list[Claim]] = defaultdict(list)
        self._open: dict[str, list[Claim]] = defaultdict(list)  # by the folder that they begin with
        for claim in dict.fromkeys([*self.names.claims, *_globs(self.names.strings)]):
            last = claim.shape[-1] if claim.shape else ""
            if last is not None and "/" in last:
                name = last.rpartition("/")[2]
                for key in {name, stem(name)}:
                    self._named[key].append(claim)
            else:
                self._open[(claim.shape[0] or "").rpartition("/")[0] if claim.shape else ""].append(claim)
        self._strings: dict[str, list[str]] = defaultdict(list)
        for text in self.names.strings:
            key = stem(text) if len(text) < 1000 else ""
            # A text that a claim names is accounted for: elsewhere it may be the name of another file.
            if key and not any(claim.sure for claim in self._named.get(key, ())):
                self._strings[key].append(text)
        count = len({claim.shape for claim in self.names.claims})
        files = f"{len(sources):,} {language.ID} file{'s' * (len(sources) != 1)}"
        self.evidence = f"fits none of {count:,} name{'s' * (count != 1)} in {files}"

    def reaching(self, path: str) -> list[Claim]:
        """The claims that a cassette fits, and the text that is its name, if one is."""
        own = {stem(path), path.rpartition("/")[2]}
        close = [claim for key in own for claim in self._named.get(key, ())]
        found = [claim for claim in dict.fromkeys(close) if matches(claim.shape, path)]
        if any(claim.sure for claim in found):
            return found
        folders = [path[:end] for end, char in enumerate(path) if char == "/"]  # "" among them
        around = [claim for folder in folders for claim in self._open.get(folder, ())]
        found += [claim for claim in around if matches(claim.shape, path)]
        return found or [
            Claim((text,), *self.names.strings[text], "a text in it has its name", sure=False)
            for text in self._strings.get(stem(path), ())
            if f"/{path}".rpartition("/")[0].endswith("/" + text.lstrip("./").rpartition("/")[0])
            or "/" not in text
        ]

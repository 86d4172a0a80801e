"""File formats: which recorder wrote this text, and what it holds in the model's terms.

`RECORDERS` is the whole list; the first module that matches by content reads the file. To add one:
a module with `ID`, `HINT`, `matches` and `load`, and a row here. What is neither YAML nor JSON is in
`RAW_RECORDERS`, and told before any parse.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from cassette_cli.errors import CassetteError, Place, Unreadable, Unrecognised
from cassette_cli.model import Cassette
from cassette_cli.recorders import (
    azure,
    betamax,
    cassetter,
    ddapm,
    easyvcr,
    exvcr,
    govcr,
    govcr_tracks,
    har,
    httpmock,
    httprr,
    langchain,
    okreplay,
    phpvcr,
    pydantic_ai,
    r_vcr,
    rubyvcr,
    rvcr,
    seinfeld,
    vcrpy,
    wiremock,
)
from cassette_cli.source.document import Document
from cassette_cli.source.jsontree import parse_json
from cassette_cli.source.tree import Node, offset_of
from cassette_cli.source.yamltree import parse_yaml


class Recorder(Protocol):
    """What a recorder module offers."""

    ID: str
    HINT: re.Pattern[str]  # found in the raw text of every such file, parsable or not

    def matches(self, roots: Sequence[Node], /) -> bool:
        """Whether these are the roots of this recorder's file, judged by content alone."""

    def load(self, document: Document, roots: Sequence[Node], /) -> Cassette:
        """The file's interactions; raises Unreadable with the place of what is wrong."""


class RawRecorder(Protocol):
    """What the module of a format offers that is neither YAML nor JSON: it is told by its raw text."""

    ID: str
    HINT: re.Pattern[str]  # found at the beginning of every such file

    def load(self, document: Document, /) -> Cassette:
        """The file's interactions; raises Unreadable with the place of what is wrong."""


RECORDERS: tuple[Recorder, ...] = (
    cassetter,
    pydantic_ai,
    govcr,
    vcrpy,
    langchain,
    httpmock,
    betamax,
    r_vcr,
    rvcr,
    rubyvcr,  # behind its descendants, which write the same form
    phpvcr,
    exvcr,
    easyvcr,
    okreplay,
    har,
    azure,
    seinfeld,
    ddapm,
    wiremock,
    govcr_tracks,
)
RAW_RECORDERS: tuple[RawRecorder, ...] = (httprr,)
SUFFIXES = (".yaml", ".yml", ".json", ".gz", ".toml", ".har", ".httprr")  # that a walk looks into

_PARSED = (".yaml", ".yml", ".json", ".har")  # files that should parse, whatever is in them
_ALL: tuple[Recorder | RawRecorder, ...] = (*RECORDERS, *RAW_RECORDERS)
_HEAD = 1_000  # characters of a file in which most hints are found
_TOML = re.compile(r"(?:\s|#[^\n]*\n)*+(?:\[\[interactions\]\]|(?:version|interactions)\s*=)")
_CONFLICT = re.compile(r"^<<<<<<< .*\n(?:.*\n)*?=======\r?\n", re.MULTILINE)


def looks_like_cassette(text: str) -> bool:
    """A cheap look at the raw text: a file that it denies is no cassette, parsable or not."""
    hints = dict.fromkeys(recorder.HINT for recorder in _ALL)
    return any(hint.search(text, 0, _HEAD) for hint in hints) or any(hint.search(text) for hint in hints)


def may_be_broken(document: Document) -> bool:
    """Whether a file that is no cassette may have been one: it does not parse, or has the words of one."""
    try:
        _parse(document)
    except CassetteError:
        return True
    return looks_like_cassette(document.text)


def read_cassette(document: Document) -> Cassette:
    """The cassette that a document holds; raises Unrecognised where no recorder writes such files."""
    if not document.text.strip():
        raise Unrecognised("the file is empty", Place(document.name))
    try:
        return _read(document)
    except Unreadable as error:
        error.rule = error.rule or "malformed-cassette"
        raise


def _read(document: Document) -> Cassette:
    for raw in RAW_RECORDERS:
        if raw.HINT.match(document.text):
            return raw.load(document)
    roots = _parse(document)
    for recorder in RECORDERS:
        if recorder.matches(roots):
            cassette = replace(recorder.load(document, roots), roots=tuple(roots))
            _check_repeats(cassette)
            return cassette
    known = ", ".join(recorder.ID for recorder in _ALL)
    raise Unrecognised(f"not a cassette of a recorder that is known ({known})", Place(document.name))


_MOST_REPEATED = 4 * 1024 * 1024  # characters, besides four times the file's own


def _check_repeats(cassette: Cassette) -> None:
    """Raise Unreadable where aliases make so much of a few bodies that nobody could hold it."""
    document = cassette.document
    room = 4 * len(document.text) + _MOST_REPEATED
    for interaction in cassette.interactions:
        for message in (interaction.request, interaction.response):
            node = message.body.node
            room -= len(node) if isinstance(node, str) else node.end - node.start if node else 0
        if room < 0:
            raise Unreadable(
                "aliases repeat bodies to many times the size of the file; write out those that are needed",
                document.place(offset_of(interaction.node)),
            )


def _parse(document: Document) -> list[Node]:
    try:
        if _TOML.match(document.text):
            return [cassetter.read_toml(document)]
        if document.text.lstrip()[0] not in "{[":
            return parse_yaml(document)
        try:
            return [parse_json(document)]
        except Unreadable as error:
            if document.name.endswith((".yaml", ".yml")):
                return parse_yaml(document)
            raise error
    except Unreadable as error:
        error.rule = "unparsable"
        if match := _CONFLICT.search(document.text):
            error = Unreadable(
                "the file holds conflict markers of git; resolve them first", document.place(match.start())
            )
            error.rule = "conflict-marker"
            raise error from None
        if not looks_like_cassette(document.text):
            if document.name.endswith(_PARSED):
                raise Unrecognised(f"not a cassette ({error.message})", error.place) from None
            raise Unrecognised("not a cassette", Place(document.name)) from None
        raise

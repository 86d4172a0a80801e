"""What becomes of a changed cassette: written in place, put elsewhere, shown as a difference, or counted."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cassette_cli.errors import BadRequest, Place

if TYPE_CHECKING:
    from cassette_cli.model import Cassette
    from cassette_cli.report.terminal import Screen
    from cassette_cli.rules.redaction import Rules
    from cassette_cli.source.document import Document
    from cassette_cli.source.edit import Edit
    from cassette_cli.source.text import Span


class Mode(StrEnum):
    """What becomes of the result."""

    WRITE = "write"
    CHECK = "check"
    DIFF = "diff"
    OUTPUT = "output"
    BASELINE = "baseline"


def mode_of(
    paths: list[str],
    output: str | None,
    *,
    check: bool,
    diff: bool,
    write_baseline: bool = False,
    machine: bool = False,
) -> Mode:
    """The mode that the options mean; raises BadRequest where they contradict one another."""
    from cassette_cli.files import STDIN, is_one_file

    dry = {"--check": check, "--diff": diff, "--write-baseline": write_baseline}
    if output is not None and any(dry.values()):
        named = next(name for name, given in dry.items() if given)
        raise BadRequest(f"-o writes the result, {named} writes none: give one")
    if output is not None and not is_one_file(paths):
        raise BadRequest("-o takes the result of one file; without it, files are changed in place")
    if STDIN in paths and len(paths) > 1:
        raise BadRequest("- is a filter from stdin to stdout: give no other path with it")
    if machine and (output == STDIN or (STDIN in paths and not (check or diff))):
        raise BadRequest("the result goes to stdout, so what was found cannot: give -o FILE, or --check")
    if write_baseline:
        return Mode.BASELINE
    if diff:
        return Mode.DIFF
    if check:
        return Mode.CHECK
    return Mode.OUTPUT if output is not None or STDIN in paths else Mode.WRITE


class Change(NamedTuple):
    """The files that differ, each with its bytes before and after, and how that looks."""

    path: str
    writes: list[tuple[str, bytes, bytes]]
    diff: list[str]

    @classmethod
    def of(
        cls,
        cassette: "Cassette",
        edits: "Mapping[Document, Sequence[Edit]]",
        mode: Mode,
        hidden: "Sequence[Span]" = (),
    ) -> "Change":
        """What the edits make of a cassette's files; the spans are masked in the difference.

        They can be of the files as they were, and of the changed ones of the same names.
        """
        from cassette_cli.report.unified import unified
        from cassette_cli.source.document import Document
        from cassette_cli.source.edit import splice

        writes, diff = list[tuple[str, bytes, bytes]](), list[str]()
        for document, own in edits.items():
            writes.append((document.name, document.raw, document.encode(splice(document.text, own))))
            if mode is Mode.DIFF:
                roots = [(span.root, (span.start, span.end)) for span in hidden]
                old = [place for root, place in roots if root is document]
                new = [
                    place
                    for root, place in roots
                    if root is not document and isinstance(root, Document) and root.name == document.name
                ]
                diff += unified(document.name, document.text, own, old, fresh=new)
        if mode is Mode.OUTPUT and not writes:
            document = cassette.document
            writes.append((document.name, document.raw, document.raw))
        return cls(cassette.document.name, writes, diff)

    @property
    def changed(self) -> bool:
        return any(before != after for _, before, after in self.writes)


def secrets_of(cassette: "Cassette") -> "tuple[Span, ...]":
    """Where secrets stand that no output may show, whatever the configuration lets pass."""
    from cassette_cli.redact import plan

    return plan(cassette, _everything(Path.cwd()), heeds_comments=False).spans


@cache
def _everything(_: Path) -> "Rules":
    """All rules of the configuration that counts in a folder."""
    from cassette_cli.cli.redact_rules import Flags, RuleBook, What
    from cassette_cli.config import load

    return RuleBook(What.ALL, Flags(), load()).everything


def settle(screen: "Screen", change: Change, mode: Mode, output: str | None) -> None:
    """Write a change, put it elsewhere or show it, as the mode says; raises CassetteError if that fails."""
    from cassette_cli.files import write

    if mode is Mode.WRITE:
        for path, before, after in change.writes:
            write(path, before, after)
    elif mode is Mode.OUTPUT:
        for other, _, _ in change.writes:
            if other != change.path:
                raise BadRequest("the body stands in a file of its own: change it in place", Place(other))
        put(screen, output, change.writes[0][2])
    elif mode is Mode.DIFF:
        show_diff(screen, change.diff)


def put(screen: "Screen", output: str | None, content: bytes) -> None:
    """The result to a file of its own, or to stdout."""
    from cassette_cli.files import STDIN

    if output is None or output == STDIN:
        screen.bytes(content)
    else:
        place(output, content)


def place(path: str, content: bytes) -> None:
    """Make a file, or write a new content over the one that is there; raises BadRequest for a directory."""
    from cassette_cli.files import create, read, write

    if Path(path).is_dir():
        raise BadRequest("is a directory; name a file in it", Place(path))
    if Path(path).is_file():
        write(path, read(path), content)
    elif Path(path).exists():  # a device, a pipe
        with Path(path).open("wb") as target:
            target.write(content)
    else:
        create(path, content)


def show_diff(screen: "Screen", lines: Sequence[str]) -> None:
    """The lines of a difference: as they are into a pipe, safe and in colour on a terminal."""
    from cassette_cli.report import words
    from cassette_cli.report.terminal import Span

    for line in lines:
        if screen.is_terminal or screen.color:
            screen.line(Span(words.visible(line.removesuffix("\n")), _STYLES.get(line[0], "")))
        else:
            screen.raw(line)


_STYLES = {"+": "good", "-": "bad", "@": "accent"}

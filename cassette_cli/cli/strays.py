"""Files that a run passed over, as they are no cassettes, beside which cassettes lie: broken ones, perhaps.

A repository is full of YAML and JSON that is nothing to us, so only what lies in one folder with a cassette
and has its suffix is looked at.
"""

from pathlib import Path
from typing import NamedTuple

from cassette_cli.cli.run import Run
from cassette_cli.errors import CassetteError, Place, Unreadable


class Strays(NamedTuple):
    """What lies beside the cassettes; files that are plainly something else are left out."""

    empty: list[Unreadable]  # each as an error of the rule `unparsable`
    doubtful: list[str]  # those that do not parse, or have the words of a cassette


def strays(run: Run) -> Strays:
    """What the run passed over beside cassettes."""
    from cassette_cli.files import read
    from cassette_cli.recorders import may_be_broken
    from cassette_cli.source.document import Document

    found = Strays([], [])
    theirs = {_kind(path) for path in run.read} if run.passed else set()
    for path in run.passed:
        try:
            document = Document(path, read(path)) if _kind(path) in theirs else None
        except CassetteError:  # no text at all
            continue
        if document and not document.text.strip():
            error = Unreadable("the file is empty; restore it, or delete it", Place(path))
            error.rule = "unparsable"
            found.empty.append(error)
        elif document and may_be_broken(document):
            found.doubtful.append(path)
    return found


def _kind(path: str) -> tuple[Path, str]:
    return Path(path).parent, Path(path).suffix


_FEW = 3  # files that are named


def tell(run: Run, doubtful: list[str]) -> None:
    """Say which files may be broken cassettes."""
    if doubtful:
        named = ", ".join(doubtful[:_FEW]) + (", …" if len(doubtful) > _FEW else "")
        files = "1 file" if len(doubtful) == 1 else f"{len(doubtful):,} files"
        how = "broken perhaps, as `cassette show FILE` tells"
        run.tell(f"passed over {files} beside cassettes, {how}: {named}")

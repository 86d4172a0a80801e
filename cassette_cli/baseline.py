"""A file of findings that a project has accepted: what is in it is no news, anything else is.

An entry is a file, a rule and a fingerprint, so it outlasts a finding's move within its file; where the same
finding occurs several times in a file, so many are accepted and no more. One entry a line, sorted: a change
of the baseline is a readable diff. It holds nothing of what was found, so no secret.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple, NoReturn, TypeAlias

from cassette_cli import files
from cassette_cli.errors import BadRequest, Unreadable
from cassette_cli.findings import Finding
from cassette_cli.source.document import Document
from cassette_cli.source.jsontree import parse_json
from cassette_cli.source.style import Style
from cassette_cli.source.text import Text
from cassette_cli.source.tree import Mapping as Object
from cassette_cli.source.tree import Node, Sequence, document_of

SCHEMA = "cassette.baseline/1"
_NUMBER = re.compile(r"[1-9]\d{0,8}", re.ASCII)


class Entry(NamedTuple):
    """What one line of the file accepts."""

    path: str  # relative to the folder of the baseline file, with `/`
    rule: str
    fingerprint: str


class Baseline:
    """The accepted findings of one run; each acceptance uses one of them up."""

    def __init__(self, folder: Path, counts: Mapping[Entry, int]) -> None:
        self._folder = folder
        self._left = Counter(counts)
        self._paths: dict[str, str] = {}  # many findings stand in one file

    def accepts(self, finding: Finding) -> bool:
        """Whether a finding was accepted, and not as often already as the file says."""
        path = finding.place.path
        if path not in self._paths:
            self._paths[path] = files.relative(path, self._folder)
        entry = Entry(self._paths[path], finding.rule, finding.fingerprint)
        if self._left[entry] <= 0:
            return False
        self._left[entry] -= 1
        return True


Judged: TypeAlias = Callable[[str, str], bool]  # whether a file was searched by a rule


def write(path: str, findings: Iterable[Finding], judged: Judged = lambda _file, _rule: True) -> None:
    """Make the file that accepts just these findings; one that is there must be a baseline already.

    Of that one, what was not `judged` stays, if its file is still there. Raises BadRequest where it is no
    baseline, Unwritable where it cannot be written. The same findings, in whatever order, make the same
    bytes.
    """
    folder = Path(path).parent
    counts = Counter(
        Entry(files.relative(finding.place.path, folder), finding.rule, finding.fingerprint)
        for finding in findings
    )
    if not os.access(path, os.F_OK):
        files.create(path, _render(counts))
        return
    before = files.read(path)
    for entry, count in _parse(path, before).items():
        if not judged(str(folder / entry.path), entry.rule) and (folder / entry.path).exists():
            counts[entry] = count
    files.write(path, before, _render(counts))


def _render(counts: Mapping[Entry, int]) -> bytes:
    import json

    def line(entry: Entry) -> str:
        count = {"count": counts[entry]} if counts[entry] > 1 else {}
        return json.dumps(entry._asdict() | count)  # ASCII: every file name, even one that is no Unicode

    lines = ",\n  ".join(map(line, sorted(counts)))
    entries = f"[\n  {lines}\n ]" if lines else "[]"
    return f'{{"schema": "{SCHEMA}",\n "findings": {entries}}}\n'.encode("ascii")


def read(path: str) -> Baseline:
    """The baseline in a file; raises BadRequest with the place where it is broken, Unreadable without it."""
    return Baseline(Path(path).parent.absolute(), _parse(path, files.read(path)))


def _parse(path: str, raw: bytes) -> Counter[Entry]:
    try:
        root = parse_json(Document(path, raw))
    except Unreadable as error:
        raise BadRequest(
            f"not a baseline: {error.message}; mend it, or remove it and write it anew", error.place
        ) from None
    if not isinstance(root, Object):
        _fault(root, "an object is missing")
    schema = root.get("schema")
    if schema != SCHEMA:
        _fault(root if schema is None else schema, f"its schema is not {SCHEMA}")
    entries = root.get("findings")
    if not isinstance(entries, Sequence):
        _fault(root if entries is None else entries, "findings is no list")
    counts = Counter[Entry]()
    for entry in entries:
        if not isinstance(entry, Object):
            _fault(entry, "a finding is no object")
        counts[Entry(*(_text(entry, key) for key in Entry._fields))] += _count(entry)
    return counts


def _text(entry: Object, key: str) -> str:
    value = entry.get(key)
    if not isinstance(value, Text) or value.style is not Style.JSON:
        _fault(entry if value is None else value, f"{key} is {'missing' if value is None else 'no string'}")
    return str(value)


def _count(entry: Object) -> int:
    value = entry.get("count")
    if value is None:
        return 1
    if not isinstance(value, Text) or value.style is not Style.JSON_WORD or not _NUMBER.fullmatch(value):
        _fault(value, "count is no number from 1")
    return int(value)


def _fault(node: Node, message: str) -> NoReturn:
    place = document_of(node).place(node.start)
    raise BadRequest(f"not a baseline: {message}; mend it, or remove it and write it anew", place)

"""What the reader cannot read is told by the rule and at the place that its row's example marks."""

import pytest

from cassette_cli.errors import Unreadable
from cassette_cli.recorders import read_cassette
from cassette_cli.rules.validation import Check
from cassette_cli.rules.validation.faults import FAULTS, OF_THE_READER
from cassette_cli.source.document import Document
from cassette_cli.validate import Choice, Validated, fault, validate


@pytest.mark.parametrize("check", FAULTS, ids=lambda check: check.id)
def test_a_healthy_example_is_read_in_silence(check: Check) -> None:
    for text in check.good:
        cassette = read_cassette(Document("a.yaml", text.encode()))
        assert validate(cassette, Choice(frozenset({check.id}))).findings == ()


@pytest.mark.parametrize("check", OF_THE_READER, ids=lambda check: check.id)
def test_a_broken_example_is_told_at_its_mark(check: Check) -> None:
    for text in check.bad:
        document = Document("a.yaml", text.replace("«", "").replace("»", "").encode())
        with pytest.raises(Unreadable) as caught:
            read_cassette(document)
        told = fault(caught.value, Choice(frozenset({check.id})))
        assert told is not None
        (finding,) = told.findings
        assert finding.rule == check.id
        assert finding.place == document.place(text.index("«"))


def test_a_file_that_cannot_be_opened_is_no_finding() -> None:
    assert fault(Unreadable("no such file"), Choice(frozenset({"unparsable"}))) is None


def test_a_fault_can_be_ignored_like_any_finding() -> None:
    with pytest.raises(Unreadable) as caught:
        read_cassette(Document("a.yaml", b"interactions:\n- request: {\n"))
    assert fault(caught.value, Choice(frozenset({"cut-stream"}))) == Validated(())

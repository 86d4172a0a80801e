"""What all tests share."""

import pytest

from cassette_cli.source import yamltree


@pytest.fixture(params=["C", "pure"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The YAML parser that is in use during the test: each in turn."""
    name = str(request.param)
    monkeypatch.setattr(yamltree, "force_pure", name == "pure")
    return name

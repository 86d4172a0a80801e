"""The ways of writing the same lines into a file."""

import codecs
from collections.abc import Callable
from typing import TypeAlias

import pytest

Framing: TypeAlias = Callable[[str], bytes]

_FRAMINGS: dict[str, Framing] = {
    "LF": lambda text: text.encode(),
    "CRLF": lambda text: text.replace("\n", "\r\n").encode(),
    "BOM": lambda text: codecs.BOM_UTF8 + text.encode(),
}


@pytest.fixture(params=_FRAMINGS)
def framing(request: pytest.FixtureRequest) -> Framing:
    """The bytes of a text in each framing in turn."""
    return _FRAMINGS[str(request.param)]

"""Stand-ins for what an editor is not to show of a value, and that must still be there afterwards.

What must not be seen (credentials, as `show` masks them) or is not worth seeing (long base64) has one of
its own for each text that it stands for, so it can be moved, too. This module must not know what the
values are laid out in.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator

from cassette_cli.rules.credentials import MASK, mask_form, mask_header, mask_json, mask_url
from cassette_cli.source.tree import Json

_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{200,}={0,2}")


class Cover:
    """Stand-ins for what a value holds and does not show; each is found nowhere else in the value."""

    def __init__(self, value: Json) -> None:
        self._whole = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        self._names: dict[str, str] = {}  # of the stand-ins, by what they stand for
        self._numbers: Counter[str] = Counter()  # how many of each sort were made

    @property
    def hidden(self) -> dict[str, str]:
        """What the stand-ins that were made stand for."""
        return {name: text for text, name in self._names.items()}

    def over(self, value: Json, masked: Json) -> Json:
        """The value as it may be seen; `masked` is the same with MASK for what is secret."""
        if isinstance(value, str) and isinstance(masked, str):
            return "".join(self._pieces(value, masked))
        if isinstance(value, list) and isinstance(masked, list):
            return [self.over(one, two) for one, two in zip(value, masked, strict=True)]
        if isinstance(value, dict) and isinstance(masked, dict):
            return {key: self.over(item, masked[key]) for key, item in value.items()}
        return value

    def _pieces(self, text: str, masked: str) -> Iterator[str]:
        """The text, piece by piece: what `masked` kept, and stand-ins between."""
        kept = [masked] if text == masked else masked.split(MASK)
        match = re.fullmatch("(.*?)".join(map(re.escape, kept)), text, re.DOTALL)
        kept, secrets = (kept, match.groups()) if match else (["", ""], (text,))
        for place, piece in enumerate(kept):
            yield _BASE64.sub(self._base64, piece)
            if place < len(secrets):
                yield self._stand_in(secrets[place], MASK, "**{}**")

    def _base64(self, match: re.Match[str]) -> str:
        run = match[0]
        if len(set(run)) < 20:  # a ruler of dashes, a row of one letter
            return run
        told = f"{len(run):,} characters of base64"
        return self._stand_in(run, f"<{told}>", f"<{told}, {{}}>")

    def _stand_in(self, text: str, first: str, others: str) -> str:
        """What stands for a text: the same for the same one, another for another."""
        if text == first:
            return text  # it stands for itself already
        while text not in self._names:
            self._numbers[first] += 1
            name = first if self._numbers[first] == 1 else others.format(self._numbers[first])
            if name not in self._whole:
                self._names[text] = name
        return self._names[text]


def masked(where: str, value: Json) -> Json:
    """A value of an interaction as `show` would print it."""
    if not isinstance(value, str):
        return mask_json(value)
    if header := _HEADER.match(where):
        return mask_header(header[1], value)
    if where.endswith(".url"):
        return mask_url(value)
    if where.endswith(".body"):
        return mask_form(value)
    name = re.sub(r"\[\d+\]$", "", re.split(r"[./]", where)[-1])
    named = mask_json({name: value})
    return named[name] if isinstance(named, dict) else value


_HEADER = re.compile(r"\w+\.headers\.(.+?)(?:\[\d+\])?$", re.DOTALL)

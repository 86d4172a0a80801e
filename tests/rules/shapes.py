"""Secrets made from templates, so that no real-looking one stands in a file of ours.

`{N}` is N random letters and digits; a letter behind it says of which kind. Of letters and digits, capitals
and small ones, whatever the kind has, each occurs at least once if there is room: so do they in real secrets,
nearly always. « » mark the secret in a text that has more around it. Knows no rule.
"""

import base64
import json
import random
import re
import string
from typing import NamedTuple

_BASE64 = string.ascii_letters + string.digits + "+/"
_KINDS = {
    "": string.ascii_letters + string.digits,
    "h": "0123456789abcdef",
    "u": string.ascii_uppercase + "234567",
    "d": string.digits,
    "l": string.ascii_lowercase,
    "m": string.ascii_lowercase + string.digits,
    "w": string.ascii_letters + string.digits + "_-",
    "b": _BASE64,
}
_PART = re.compile(r"\{(\d+)([a-z]?)\}|\{([a-z]+)\}")


class Made(NamedTuple):
    """A text made of a template, and where its secret is."""

    text: str
    start: int
    end: int

    @property
    def secret(self) -> str:
        return self.text[self.start : self.end]


def make(shape: str, random: random.Random) -> str:
    """A text of this shape, its marks left out."""
    return make_marked(shape, random).text


def make_marked(shape: str, random: random.Random) -> Made:
    """A text of this shape, and the part of it that its marks enclose: all of it, without marks."""
    text = _PART.sub(lambda match: _fill(match, random), shape)
    before, mark, rest = text.partition("«")
    if not mark:
        return Made(text, 0, len(text))
    secret, _, after = rest.partition("»")
    return Made(before + secret + after, len(before), len(before) + len(secret))


def _fill(match: re.Match[str], random: random.Random) -> str:
    if match[1]:
        return _draw(_KINDS[match[2]], int(match[1]), random)
    return _WHOLE[match[3]](random)


def _draw(alphabet: str, count: int, random: random.Random) -> str:
    """So many characters: of each class that the alphabet has at least one; last a letter or a digit."""
    classes = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
    chars = random.choices(alphabet, k=count)
    wanted = [[char for char in group if char in alphabet] for group in classes]
    present = [group for group in wanted if group]
    if count >= 2 * len(present):
        for place, group in zip(random.sample(range(count), len(present)), present, strict=True):
            chars[place] = random.choice(group)
    if count and not chars[-1].isalnum():
        chars[-1] = random.choice(present[0])
    return "".join(chars)


def _unpadded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _jwt(random: random.Random) -> str:
    """A JSON Web Token with a random payload and signature."""
    header = json.dumps({"alg": random.choice(("HS256", "RS256")), "typ": "JWT"}, separators=(",", ":"))
    payload = json.dumps({"sub": _draw(_KINDS[""], 12, random), "exp": random.randrange(10**9, 2 * 10**9)})
    return f"{_unpadded(header.encode())}.{_unpadded(payload.encode())}.{_draw(_KINDS['w'], 43, random)}"


def _pem(random: random.Random) -> str:
    """A private key in PEM, of random bytes."""
    lines = [_draw(_BASE64, 64, random) for _ in range(5)]
    return "\n".join(("-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----"))


def _basic(random: random.Random) -> str:
    """User and password as Basic authentication has them."""
    return base64.b64encode(f"ada:{_draw(_KINDS[''], 14, random)}".encode()).decode()


def _discord(random: random.Random) -> str:
    """The first part of the token of a Discord bot: its number."""
    return _unpadded(f"{random.randrange(3 * 10**17, 9 * 10**17)}".encode())


_WHOLE = {"jwt": _jwt, "pem": _pem, "basic": _basic, "discord": _discord}

"""Recorded content and numbers in words that are safe and short on a screen.

What comes out of `visible` holds no control character, escape sequence or bidi override: it shows
them, a terminal never obeys them. Everything that a report prints of a cassette has gone through it.
"""

import base64
import binascii
import json
import re

from cassette_cli.llm.messages import Media, base64_size, data_url
from cassette_cli.source.tree import Json

# C0 but tab and line feed, DEL, C1, line separators, bidi marks and overrides, byte order mark,
# lone surrogates, tag characters: what moves a cursor, starts a sequence or hides what is there.
_UNSAFE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: str) -> str:
    """The text with every character that a terminal might obey written as an escape."""
    return _UNSAFE.sub(_escape, text.replace("\r\n", "\n"))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def one_line(text: str, most: int | None = None) -> str:
    """The visible text on one line, cut to at most so many characters."""
    line = visible(text).replace("\n", "\\n").replace("\t", "\\t")
    return line if most is None or len(line) <= most else line[: most - 1] + "…"


def elide(text: str, most: int, keep: float = 0.6) -> str:
    """The text in so many characters, without its middle; `keep` is the share of what its end gets."""
    if len(text) <= most:
        return text
    tail = int((most - 1) * keep)
    return f"{text[: most - 1 - tail]}…{text[len(text) - tail :]}"


def size(number: int) -> str:
    """Bytes as people read them: 533 B, 1.9 kB, 12 MB."""
    amount, unit = float(number), "B"
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 999.5 or unit == "GB":
            break
        amount /= 1000
    return f"{amount:.1f} {unit}" if amount < 9.95 and unit != "B" else f"{amount:.0f} {unit}"


def duration(milliseconds: float) -> str:
    if milliseconds < 0.9995:
        return f"{milliseconds:.2g} ms"
    return f"{milliseconds:.0f} ms" if milliseconds < 999.5 else f"{milliseconds / 1000:.1f} s"


def amount(number: int, singular: str, plural: str | None = None) -> str:
    """A count with its noun: 1 interaction, 2 interactions."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def media(part: Media) -> str:
    """`image/png, 12 kB`, with the URL or name where there is one."""
    facts = [part.media_type or part.type]
    if part.size is not None:
        facts.append(size(part.size))
    if part.url:
        facts.append(one_line(part.url, 120))
    return f"<{', '.join(facts)}>"


_DATA_URL = re.compile(r"data:[\w.+-]+/[\w.+-]+(?:;[\w=.-]+)*;base64,[A-Za-z0-9+/=_-]{40,}")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4}){40,}+[A-Za-z0-9+/]{0,3}={0,2}|[A-Za-z0-9_-]{200,}={0,2}")
_MAGIC = (
    (b"\x89PNG", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"GIF8", "image/gif"),
    (b"%PDF", "application/pdf"),
    (b"RIFF", "audio/wav"), (b"ID3", "audio/mpeg"), (b"\xff\xfb", "audio/mpeg"), (b"OggS", "audio/ogg"),
    (b"\x1f\x8b", "application/gzip"), (b"PK\x03\x04", "application/zip"), (b"fLaC", "audio/flac"),
)  # fmt: skip


def shrink(text: str) -> str:
    """The text with data URLs and long runs of base64 replaced by what they are and how large."""
    text = _DATA_URL.sub(lambda match: media(data_url("data", match[0])), text)
    return _BASE64.sub(_shrink_base64, text)


def _shrink_base64(match: re.Match[str]) -> str:
    run = match[0]
    if len(set(run)) < 20:  # a ruler of dashes, a row of one letter
        return run
    return f"<{sniff(run) or 'base64'}, {size(base64_size(run))}>"


def sniff(encoded: str) -> str | None:
    """The media type that base64 data begins with, if it is a well-known one."""
    try:
        head = base64.b64decode(encoded[:16])
    except (binascii.Error, ValueError):
        return None
    return media_type(head)


def media_type(head: bytes) -> str | None:
    return next((name for magic, name in _MAGIC if head.startswith(magic)), None)


def pretty(value: Json) -> str:
    """A JSON value laid out to be read: what is short on one line, what is long and opaque shrunk."""
    return _layout(_shrunk(value), "", 0)


def _layout(value: Json, indent: str, used: int) -> str:
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or len(line) + len(indent) + used <= _LINE:
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        keys = [json.dumps(key, ensure_ascii=False) + ": " for key in value]
        items = zip(keys, value.values(), strict=True)
        entries = [key + _layout(item, inner, len(key) + 1) for key, item in items]
    else:
        entries = [_layout(item, inner, 1) for item in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n{inner}" + f",\n{inner}".join(entries) + f"\n{indent}{closing}"


_LINE = 64  # columns that a JSON value may take before it is laid out over several lines


def compact(value: Json) -> str:
    return json.dumps(_shrunk(value), ensure_ascii=False)


def _shrunk(value: Json) -> Json:
    if isinstance(value, str):
        return shrink(value) if len(value) > 100 else value
    if isinstance(value, list):
        if len(value) > 16 and all(isinstance(item, int | float) for item in value):
            return f"<{len(value):,} numbers>"
        return [_shrunk(item) for item in value]
    if isinstance(value, dict):
        return {key: _shrunk(item) for key, item in value.items()}
    return value

"""What stands where a secret stood: the same for the same secret of a file, and of the right shape.

`REDACTED`, then `REDACTED-2` for another secret of the same rule. A token that clients take apart keeps
its shape (a JWT decodes, a PEM has its lines, an address can be parsed), a number stays a number, and
dates keep their order. What is made here is known here again, so that redacting twice changes nothing.
"""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

WORD = "REDACTED"

_OURS = re.compile(
    rf"{WORD}(?:-\d+)?(?:[:;,/= ]{WORD}(?:-\d+)?)*|eyJhbGciOiJub25lIn0\.[\w-]+\.{WORD}"
    r"|redacted(?:-\d+)?(?:@example\.com)?"
    r"|192\.0\.2\.\d+|2001:db8::[\da-f]+"
    rf"|(?:-----BEGIN [A-Z ]+-----)?[\\nr\s]*{WORD}(?:-\d+)?[\\nr\s]*(?:-----END [A-Z ]+-----)?\s*"
)
_PEM = re.compile(
    r"(-----BEGIN [A-Z ]+-----)((?:\\[nr]|\s)*).*?((?:\\[nr]|\s)*)(-----END [A-Z ]+-----\s*)", re.DOTALL
)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


_WITHIN = re.compile(rf"{WORD}(?:-\d+)?")


def is_ours(text: str, start: int, end: int) -> bool:
    """Whether the characters start..end of a text stand for a secret already, or are a part of what does."""
    if _OURS.fullmatch(text, start, end):
        return True
    around = _WITHIN.finditer(text, max(0, start - 16), end + 16)
    return any(match.start() <= start and end <= match.end() for match in around)


class Placeholders:
    """The placeholders of one file."""

    def __init__(self, text: str, dates: Iterable[str] = ()) -> None:
        """`text` is the file's, whose own numbers are not given again; `dates` are all that will be asked."""
        self._given: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        given = re.findall(rf"{WORD}-(\d{{1,6}})", text) if WORD in text else ()
        self._first = max(map(int, given), default=0)
        times = {date: time for date in dates if (time := _time(date))}
        order = sorted(set(times.values()))
        self._dates = {date: _EPOCH + timedelta(seconds=order.index(time)) for date, time in times.items()}

    def of(self, value: str, rule: str, shape: str, *, distinct: bool) -> str:
        """What takes the place of a value that this rule has found."""
        if shape == "number":
            return "0"
        if value in self._dates and shape == "date":
            return _date_like(value, self._dates[value])
        if value not in self._given:
            number = 1
            if distinct:
                number = self._counts[rule] = self._counts.get(rule, self._first) + 1
            self._given[value] = _shaped(shape, value, number)
        return self._given[value]


def _shaped(shape: str, value: str, number: int) -> str:
    tail = f"-{number}" if number > 1 else ""
    match shape:
        case "jwt":
            claims = json.dumps({"sub": WORD + tail}, separators=(",", ":")).encode()
            return f"eyJhbGciOiJub25lIn0.{urlsafe_b64encode(claims).decode().rstrip('=')}.{WORD}"
        case "pem" if match := _PEM.fullmatch(value):
            return f"{match[1]}{match[2]}{WORD}{tail}{match[3]}{match[4]}"
        case "email":
            return f"redacted{tail}@example.com"
        case "home":
            return f"redacted{tail}"
        case "ip":
            return f"2001:db8::{number:x}" if ":" in value else f"192.0.2.{number % 256}"
    return WORD + tail


OURS = datetime(2000, 1, 2, tzinfo=UTC)  # the dates that stand in the place of real ones lie before


def moment(text: str) -> datetime | None:
    """The time that a date of HTTP or of ISO 8601 stands for, in UTC."""
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            time = read(str(text))
            return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def _time(date: str) -> datetime | None:
    """The time that an HTTP date, or the compact form of ISO 8601 that AWS signs with, stands for."""
    try:
        return datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        pass
    try:
        time = parsedate_to_datetime(date)
    except (ValueError, OverflowError):
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _date_like(date: str, time: datetime) -> str:
    return (
        time.strftime("%Y%m%dT%H%M%SZ")
        if re.fullmatch(r"\d{8}T\d{6}Z", date)
        else format_datetime(time, usegmt=True)
    )

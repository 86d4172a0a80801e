"""The screen: styled lines to a terminal, a pipe or a pager.

A line is a list of spans, text with the name of a style. Without colour a line is its text and
nothing else, and rich is not even imported. Only this module knows rich, widths and pagers. What a
report puts on the screen has gone through `words.visible`.
"""

import os
import subprocess
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from shutil import which
from types import TracebackType
from typing import IO, NamedTuple, Self

STYLES = {
    "": "none",
    "title": "bold",
    "path": "bold",
    "accent": "bold cyan",
    "role": "cyan",
    "dim": "dim",
    "thought": "dim italic",
    "call": "green",
    "good": "green",
    "warn": "yellow",
    "bad": "bold red",
}


EDGE = 100  # columns: on a wider screen, what stands at the right edge does not wander off


class Span(NamedTuple):
    text: str
    style: str = ""


def width_of(text: str) -> int:
    """How many columns the text takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0
        if unicodedata.combining(char) or char in "\u200c\u200d\ufe0f"
        else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )


def wrap(text: str, width: int | None, deeper: int = 0) -> list[str]:
    """The text's lines, each at most `width` columns: broken at blanks, a longer word anywhere.

    The rest of a broken line is indented as its beginning is, and so many columns `deeper`.
    """
    lines: list[str] = []
    for line in text.split("\n"):
        line = line.expandtabs(4)
        if width is None or width_of(line) <= width:
            lines.append(line)
        else:
            lines += _broken(line, width, deeper)
    return lines


def _broken(line: str, width: int, deeper: int) -> Iterator[str]:
    blanks = len(line) - len(line.lstrip(" "))
    indent = " " * min((blanks if blanks > 1 else 0) + deeper, width // 2)
    position, before, room = 0, "", width
    while position < len(line):
        end = _fitting(line, position, room)
        if end < len(line):
            blank = line.rfind(" ", position + blanks + 1, end + 1)
            end = blank if blank > position + room // 3 else end
        yield before + line[position:end].rstrip(" ")
        position, before, room, blanks = end, indent, width - len(indent), 0
        while position < len(line) and line[position] == " ":
            position += 1


def _fitting(line: str, start: int, room: int) -> int:
    """Where the characters from `start` on no longer fit into so many columns; at least one does."""
    chunk = line[start : start + room]
    if chunk.isascii():
        return start + len(chunk)
    used = 0
    for place, char in enumerate(chunk):
        used += width_of(char)
        if used > room:
            return start + max(place, 1)
    return start + len(chunk)


class Screen:
    """Where a report goes. Use as a context: it ends a pager that it started."""

    def __init__(self, color: bool | None = None, out: IO[str] | None = None) -> None:
        """`color` None asks the environment: NO_COLOR, FORCE_COLOR, TERM, and whether it is a terminal."""
        self.out = out or sys.stdout
        self.is_terminal = self.out.isatty()
        self.color = _wants_color(self.is_terminal) if color is None else color
        self.width = _width(self.is_terminal)
        self._height = _height() if self.is_terminal else 0
        self._held: list[str] = []
        self._pager: subprocess.Popen[str] | None = None
        self._styles: dict[str, tuple[str, str]] = {}

    def line(self, *spans: Span | str, right: Iterable[Span] = ()) -> None:
        """One line; `right` stands at the right edge if there is room, else two blanks behind."""
        parts = [Span(span) if isinstance(span, str) else span for span in spans]
        if edge := [span for span in right if span.text]:
            used = sum(width_of(span.text) for span in (*parts, *edge))
            parts += [Span(" " * max(2, min(self.width or 0, EDGE) - used)), *edge]
        self._write("".join(self._styled(part) for part in parts).rstrip(" ") + "\n")

    def raw(self, text: str) -> None:
        """Text as it is, for output that another program reads."""
        self._write(text)

    def bytes(self, data: bytes) -> None:
        """Bytes as they are, to what is no terminal."""
        self.out.flush()
        sys.stdout.buffer.write(data)

    def _styled(self, span: Span) -> str:
        if not self.color or not span.style or not span.text:
            return span.text
        if span.style not in self._styles:
            self._styles[span.style] = _ansi(STYLES[span.style])
        before, behind = self._styles[span.style]
        return f"{before}{span.text}{behind}"

    def _write(self, text: str) -> None:
        if not self.is_terminal:
            self.out.write(text)
            return
        if self._pager is None:
            self._held.append(text)
            if sum(held.count("\n") for held in self._held) >= self._height:
                self._pager = _start_pager()
                self._release()
        else:
            self._send(text)

    def _release(self) -> None:
        held, self._held = "".join(self._held), []
        self._send(held)

    def _send(self, text: str) -> None:
        stream = self._pager.stdin if self._pager and self._pager.stdin else self.out
        stream.write(text)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._release()
            (self._pager.stdin if self._pager and self._pager.stdin else self.out).flush()
        finally:
            if self._pager:
                _end_pager(self._pager)


def _wants_color(is_terminal: bool) -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR") or os.environ.get("CLICOLOR_FORCE", "0") != "0":
        return True
    return is_terminal and os.environ.get("TERM") != "dumb"


def _width(is_terminal: bool) -> int | None:
    """Columns to fit into; None in a pipe, where lines stay whole, unless COLUMNS says otherwise."""
    said = os.environ.get("COLUMNS", "")
    if said.isdigit():
        return max(int(said), 40)
    try:
        return max(os.get_terminal_size().columns, 40) if is_terminal else None
    except OSError:
        return 80


def _height() -> int:
    try:
        return os.get_terminal_size().lines
    except OSError:
        return 24


def _ansi(definition: str) -> tuple[str, str]:
    """The escape sequences that begin and end a style."""
    from rich.color import ColorSystem
    from rich.style import Style

    before, _, behind = (
        Style.parse(definition).render("\0", color_system=ColorSystem.STANDARD).partition("\0")
    )
    return before, behind


def _start_pager() -> subprocess.Popen[str] | None:
    """The pager that the environment names, else less; None if there is none or it is `cat`."""
    command = os.environ.get("CASSETTE_PAGER", os.environ.get("PAGER", "less"))
    if not command.strip() or command.strip() == "cat" or not which(command.split()[0]):
        return None
    environment = {"LESS": "FRX", "LV": "-c"} | dict(os.environ)
    try:
        # As git does: the value is a shell command by convention (`less -S`), set by the user.
        return subprocess.Popen(  # noqa: S602
            command, shell=True, stdin=subprocess.PIPE, env=environment, text=True, encoding="utf-8"
        )
    except OSError:
        return None


def _end_pager(pager: subprocess.Popen[str]) -> None:
    """Wait for the person to leave the pager; Ctrl-C is the pager's business meanwhile."""
    try:
        if pager.stdin:
            pager.stdin.close()
    except BrokenPipeError:
        pass
    while True:
        try:
            pager.wait()
        except KeyboardInterrupt:
            continue
        return

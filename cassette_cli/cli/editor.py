"""A person's editor on a text: which it is, how it is run, and the file in which the text lies meanwhile."""

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cassette_cli.errors import BadRequest

_INSTANT = 0.5  # seconds in which nobody has read anything
_ADVICE = "set VISUAL or EDITOR to the editor that you like"


class Unedited(BadRequest):
    """The editor did not do its work: what stands in the file is not what the person wants."""


class Editor:
    """The editor that the environment names, else vi."""

    def __init__(self) -> None:
        """Raises BadRequest where there is none that could be run here."""
        self.command = ["vi"]
        self.was_quick = False
        self.can_ask_again = sys.stdin.isatty()  # without a person, the same mistake would come for ever
        for name in ("VISUAL", "EDITOR"):
            if value := os.environ.get(name, "").strip():
                try:
                    self.command = shlex.split(value)
                except ValueError as error:
                    raise BadRequest(f"${name} cannot be read: {str(error).lower()}") from None
                return
        if not sys.stdin.isatty() or os.environ.get("TERM") == "dumb":
            raise BadRequest(f"there is no terminal here for vi: {_ADVICE}, or use `cassette set`")

    def run(self, path: Path) -> None:
        """Wait until the person leaves the editor; raises Unedited where it fails."""
        before = time.monotonic()
        # Ctrl-C is the editor's business; a handler that does nothing is, unlike SIG_IGN, not handed on.
        handlers = {number: signal.signal(number, lambda *_: None) for number in _INTERRUPTS}
        try:
            code = subprocess.run(  # noqa: S603 - the person's own command
                [*self.command, str(path)], stdout=None if sys.stdout.isatty() else sys.stderr, check=False
            ).returncode
        except OSError as error:
            said = (error.strerror or str(error)).lower()
            raise Unedited(f"cannot run the editor {self.command[0]}: {said}; {_ADVICE}") from None
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        self.was_quick = self.can_ask_again and time.monotonic() - before < _INSTANT
        if code:
            how = f"exit code {code}" if code > 0 else signal.Signals(-code).name
            raise Unedited(f"the editor {self.command[0]} failed ({how}): nothing was written")


_INTERRUPTS = (signal.SIGINT, *([signal.SIGQUIT] if hasattr(signal, "SIGQUIT") else []))


class Sheet:
    """The file that a text lies in while it is edited: its owner's alone, and Markdown, for the heads."""

    def __init__(self, name: str) -> None:
        """`name` is to be in the file's."""
        self.is_precious = False  # holds what a person typed and what is written nowhere else
        self._name = re.sub(r"[^\w.-]+", "_", name)[-100:]
        self.path = self._new()

    def _new(self) -> Path:
        handle, path = tempfile.mkstemp(".md", self._name)
        os.close(handle)
        return Path(path)

    def write(self, text: str) -> None:
        """Put a text into a new file: of one that it knows, an editor would begin where it was left."""
        old, self.path = self.path, self._new()
        self.path.write_text(text, "utf-8", newline="")
        old.unlink(missing_ok=True)

    def read(self) -> str:
        """What stands in it now; raises Unedited where it is gone, BadRequest where it cannot be read."""
        try:
            raw = self.path.read_bytes()
        except OSError:
            self.is_precious = False
            raise Unedited("the editor left no file: nothing was written") from None
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            self.is_precious = True
            raise BadRequest("the text is not UTF-8 any more") from None

    def close(self, tell: Callable[[str], None]) -> None:
        """Remove it, unless it is precious: then say where it is."""
        if self.is_precious:
            self.path.chmod(0o600)  # an editor may have put a file of its own in its place
            tell(f"nothing was written; your text is kept in {self.path}")
        else:
            self.path.unlink(missing_ok=True)


@contextmanager
def sheet(name: str, tell: Callable[[str], None]) -> Iterator[Sheet]:
    """A sheet, which is gone in the end unless it is precious."""
    made = Sheet(name)
    try:
        yield made
    finally:
        made.close(tell)

"""`cassette edit`."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from cassette_cli.cli.options import Color, Reveal
from cassette_cli.cli.run import Run, finish
from cassette_cli.errors import BadRequest, CassetteError, Place

if TYPE_CHECKING:
    from cassette_cli.cli.editor import Editor, Sheet
    from cassette_cli.cli.outcome import Mode
    from cassette_cli.form import Form
    from cassette_cli.model import Cassette
    from cassette_cli.rewrite import Rewritten


def edit(
    file: Annotated[str, typer.Argument(metavar="FILE", help="One cassette.")],
    index: Annotated[
        int | None,
        typer.Option("-i", "--interaction", metavar="N", min=0, help="By place in the file, from 0."),
    ] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; print the difference.")] = False,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Write there; - is stdout.")
    ] = None,
    reveal: Reveal = False,
    color: Color = None,
) -> None:
    """Change an interaction in your editor ($VISUAL, $EDITOR, vi); what you leave alone stays.

    For example:

      cassette edit tests/cassettes/weather.yaml -i 1

      EDITOR='code --wait' cassette edit chat.yaml --diff
    """

    def command() -> int:
        from cassette_cli.cli.editor import sheet
        from cassette_cli.cli.outcome import mode_of
        from cassette_cli.files import STDIN

        if file == STDIN:
            raise BadRequest("an editor changes a file: name one (`cassette set - ...` is a filter)")
        if not Path(file).is_file():
            raise BadRequest("no such file: name one cassette", Place(file))
        task = Task(index, mode_of([file], output, check=False, diff=diff), output, reveal, color)
        run = Run()
        for cassette in run.results([file], None, lambda cassette: cassette):
            with sheet(f"{Path(file).name}-", run.tell) as paper:
                try:
                    task.work(run, cassette, paper)
                except CassetteError as error:
                    error.place = error.place or Place(file)
                    run.report(error)
        return run.code

    finish(command)


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be edited, and what is to become of it."""

    index: int | None
    mode: "Mode"
    output: str | None
    reveal: bool
    color: bool | None

    def work(self, run: Run, cassette: "Cassette", paper: "Sheet") -> None:
        """Open the form of the interaction, and write what was changed in it."""
        from cassette_cli.cli.editor import Editor
        from cassette_cli.cli.set import chosen
        from cassette_cli.edit import slots
        from cassette_cli.form import Form
        from cassette_cli.selection import Reading

        name, index = cassette.document.name, chosen(cassette, self.index)
        exchange = Reading(cassette.interactions[index]).exchange
        roles = [message.role for message in exchange.prompt.messages] if exchange else []
        form = Form(f"#{index} of {name}", slots(cassette, index), roles, reveal=self.reveal)
        if form.is_empty:
            raise BadRequest(f"nothing of #{index} can be edited")
        editor = Editor()
        edited = _edited(cassette, index, form, editor, paper)
        if edited is None:
            window = "; an editor in a window must wait for it: code --wait" if editor.was_quick else ""
            run.tell(f"{name}: nothing was changed in #{index}{window}")
        else:
            self._settle(cassette, index, edited)
        paper.is_precious = False

    def _settle(self, cassette: "Cassette", index: int, edited: "Edited") -> None:
        """Write what was changed, or put or show it elsewhere, and say what it was."""
        from cassette_cli.cli.outcome import Change, Mode, secrets_of, settle
        from cassette_cli.report.terminal import Screen
        from cassette_cli.report.words import visible

        shows = self.mode is Mode.DIFF and not self.reveal
        hidden = (*secrets_of(cassette), *secrets_of(edited.result.cassette)) if shows else ()
        change = Change.of(cassette, edited.result.edits, self.mode, hidden)
        with Screen(self.color) as screen:
            settle(screen, change, self.mode, self.output)
            if self.mode is Mode.WRITE:
                told = f"{cassette.document.name}: changed {', '.join(edited.names)} of #{index}"
                screen.line(visible(told))


class Edited(NamedTuple):
    """The cassette as it was edited, and the names of what was changed."""

    result: "Rewritten"
    names: tuple[str, ...]


def _edited(
    cassette: "Cassette", index: int, form: "Form", editor: "Editor", paper: "Sheet"
) -> "Edited | None":
    """What comes of the form in the editor, None if nothing was changed.

    What cannot be read or made is asked for anew, with the reason on top, until the person leaves it so.
    """
    from cassette_cli.edit import change
    from cassette_cli.form import Misread

    text = form.text
    while True:
        paper.write(text)
        editor.run(paper.path)
        saved = paper.read()
        untouched = saved == text
        if not saved.strip() or (untouched and not paper.is_precious):
            return None
        paper.is_precious = True
        try:
            values = form.read(saved)
            edited = Edited(change(cassette, index, values), tuple(values))
            return edited if edited.result.edits else None
        except BadRequest as error:
            if isinstance(error, Misread):
                error.place = Place(str(paper.path), error.line)
            if untouched or not editor.can_ask_again:
                raise
            text = form.again(saved, error)

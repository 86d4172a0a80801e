"""`cassette edit`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from cassette_cli.cli.options import Color, Diff, Output, Reveal
from cassette_cli.cli.run import Run, finish
from cassette_cli.errors import BadRequest, CassetteError, Place

if TYPE_CHECKING:
    from cassette_cli.cli.editor import Editor, Sheet
    from cassette_cli.cli.set import Outlet
    from cassette_cli.form import Form
    from cassette_cli.model import Cassette
    from cassette_cli.rewrite import Rewritten


def edit(
    file: Annotated[str, typer.Argument(metavar="FILE", help="One cassette.")],
    index: Annotated[
        int | None,
        typer.Option("-i", "--interaction", metavar="N", min=0, help="By place in the file, from 0."),
    ] = None,
    diff: Diff = False,
    output: Output = None,
    reveal: Reveal = False,
    color: Color = None,
) -> None:
    """Change an interaction in your editor.

    That is $VISUAL, $EDITOR, or vi; what you leave alone stays.

    For example:

      cassette edit tests/cassettes/weather.yaml -i 1

      EDITOR='code --wait' cassette edit chat.yaml --diff
    """

    def command() -> int:
        from cassette_cli.cli.editor import sheet
        from cassette_cli.cli.outcome import mode_of
        from cassette_cli.cli.set import Outlet, check_is_file
        from cassette_cli.files import STDIN

        if file == STDIN:
            raise BadRequest("an editor changes a file: name one (`cassette set - ...` is a filter)")
        check_is_file(file)
        mode = mode_of([file], output, check=False, diff=diff)
        outlet = Outlet(mode, output, reveal, color)
        run = Run()
        for cassette in run.results([file], None, lambda cassette: cassette):
            with sheet(f"{Path(file).name}-", run.tell) as paper:
                try:
                    _edit(run, cassette, index, outlet, paper)
                except CassetteError as error:
                    error.place = error.place or Place(file)
                    run.report(error)
        return run.code

    finish(command)


def _edit(run: Run, cassette: "Cassette", index: int | None, outlet: "Outlet", paper: "Sheet") -> None:
    """Open the form of the interaction, and write what was changed in it."""
    from cassette_cli.cli.editor import Editor
    from cassette_cli.cli.set import chosen
    from cassette_cli.edit import slots
    from cassette_cli.form import Form
    from cassette_cli.selection import Reading

    name, index = cassette.document.name, chosen(cassette, index)
    exchange = Reading(cassette.interactions[index]).exchange
    roles = [message.role for message in exchange.prompt.messages] if exchange else []
    form = Form(f"#{index} of {name}", slots(cassette, index), roles, reveal=outlet.reveal)
    if form.is_empty:
        raise BadRequest(f"nothing of #{index} can be edited")
    editor = Editor()
    edited = _edited(cassette, index, form, editor, paper)
    if edited is None:
        window = "; an editor in a window must wait for it: code --wait" if editor.was_quick else ""
        run.tell(f"{Place(name)}: nothing was changed in #{index}{window}")
    else:
        outlet.take(cassette, edited.result, f"changed {', '.join(edited.names)} of #{index}")
    paper.is_precious = False


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

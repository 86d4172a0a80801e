"""`cassette merge`."""

from pathlib import Path
from typing import Annotated

import typer

from cassette_cli.cli.options import Color, Force
from cassette_cli.cli.run import Run, finish
from cassette_cli.errors import BadRequest, Place


def merge(
    files: Annotated[
        list[str], typer.Argument(metavar="FILES...", help="Cassettes of one recorder, in order.")
    ],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="OUT", help="The file to write; - is stdout.")
    ],
    force: Force = False,
    color: Color = None,
) -> None:
    """Put the interactions of several cassettes into one file.

    In order, as they are written there, and numbered on.

    For example:

      cassette merge login.yaml chat.yaml -o session.yaml
    """

    def command() -> int:
        from cassette_cli.cli.outcome import place
        from cassette_cli.files import STDIN, create, is_same
        from cassette_cli.report.terminal import Screen
        from cassette_cli.report.words import amount, one_line
        from cassette_cli.split import check_bodies, join

        if not output:
            raise BadRequest("-o is empty; name a file")
        target = Path(output)
        if output != STDIN and target.is_dir():
            raise BadRequest("is a directory; name a file in it", Place(output))
        if output != STDIN and target.exists() and not force:
            raise BadRequest("is there already; --force writes over it", Place(output))
        run = Run()
        cassettes = list(run.results(files, None, lambda cassette: cassette, once=True))
        if run.errors:  # one less would be another file
            return run.code
        names = {cassette.document.name for cassette in cassettes} - {*files}
        if any(is_same(name, output) for name in names):  # by a folder, so running twice would double all
            raise BadRequest("is among the files to merge; write to a file outside of them", Place(output))
        if len(cassettes) < 2:
            raise BadRequest("give two cassettes or more to merge")
        for cassette in cassettes:
            check_bodies(cassette, "." if output == STDIN else str(target.parent))
        content = join(cassettes)
        with Screen(color) as screen:
            if output == STDIN:
                screen.bytes(content)
            else:
                (place if force else create)(output, content)
                count = amount(sum(len(cassette.interactions) for cassette in cassettes), "interaction")
                screen.line(f"merged {count} of {amount(len(cassettes), 'file')} into {one_line(output)}")
        return run.code

    finish(command)

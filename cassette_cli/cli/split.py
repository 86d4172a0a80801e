"""`cassette split`."""

from pathlib import Path
from typing import Annotated

import typer

from cassette_cli.cli.options import Color, Force
from cassette_cli.cli.run import Run, finish
from cassette_cli.errors import BadRequest, Place


def split(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The cassette; - is stdin.")],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="DIR", help="Where the files go; made if need be.")
    ],
    force: Force = False,
    color: Color = None,
) -> None:
    """Write a file for each interaction of a cassette.

    They are numbered and named by what is asked: 0-post-v1-chat-completions.yaml, 1-get-v1-models.yaml.

    For example:

      cassette split chat.yaml -o tests/cassettes/chat
    """

    def command() -> int:
        from cassette_cli.cli.outcome import place
        from cassette_cli.files import STDIN, create, is_same
        from cassette_cli.report.terminal import Screen
        from cassette_cli.report.words import amount, one_line
        from cassette_cli.split import split

        if output in ("", STDIN):
            raise BadRequest("-o takes a directory: what comes out are several files")
        if Path(output).exists() and not Path(output).is_dir():
            raise BadRequest("is no directory; name one, or a new one", Place(output))
        run = Run()
        for cassette in run.results([file], None, lambda cassette: cassette):
            parts = {str(Path(output, part.name)): part.content for part in split(cassette, output)}
            taken = [path for path in parts if Path(path).exists()]
            if any(is_same(path, file) for path in taken):
                raise BadRequest("is the file itself; name another directory", Place(file))
            if taken and not force:
                raise BadRequest("is there already; --force writes over it", Place(taken[0]))
            Path(output).mkdir(parents=True, exist_ok=True)
            with Screen(color) as screen:
                for path, content in parts.items():
                    (place if force else create)(path, content)
                    screen.line(one_line(path))
                screen.line(f"split {one_line(cassette.document.name)} into {amount(len(parts), 'file')}")
        return run.code

    finish(command)

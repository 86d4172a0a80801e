"""The command line: options, one short function per command, exit codes. The only typer imports.

Everything else is imported on use: `cassette --version` pays for nothing that it does not need.
"""

from typing import Annotated

import typer

from cassette_cli import __version__
from cassette_cli.cli.redact import redact
from cassette_cli.cli.show import show

app = typer.Typer(
    name="cassette",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        from cassette_cli.source.yamltree import parser_name

        typer.echo(f"cassette {__version__} ({parser_name()})")
        raise typer.Exit


@app.callback()
def _cassette(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show version and YAML parser."),
    ] = False,
) -> None:
    """Read, review and clean the HTTP recordings that tests replay."""


app.command()(show)
app.command()(redact)

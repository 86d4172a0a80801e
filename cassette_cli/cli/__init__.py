"""The command line: options, one short function per command, exit codes. The only typer imports.

Everything else is imported on use: `cassette --version` pays for nothing that it does not need.
"""

import os
import sys
from importlib import import_module
from typing import Annotated

import typer

from cassette_cli import __version__
from cassette_cli.cli.commands import Commands
from cassette_cli.errors import ExitCode

COMMANDS = (  # each in a module of its name
    "show",
    "grep",
    "stats",
    "diff",
    "validate",
    "rules",
    "redact",
    "prune",
    "set",
    "edit",
    "split",
    "merge",
    "git",
)
GROUPS = ("prune", "git")  # of those, the ones that have commands of their own

app = typer.Typer(
    name="cassette",
    cls=Commands,
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


def main() -> None:
    """Run the command line; only the command that is asked for is built, since each costs time."""
    first = sys.argv[1] if len(sys.argv) > 1 else ""
    wanted = (first,) if first in COMMANDS else () if first == "--version" else COMMANDS
    for name in wanted:
        module = import_module(f"cassette_cli.cli.{name}")
        if name in GROUPS:
            app.add_typer(module.app)
        else:
            app.command()(getattr(module, name))
    try:
        app()
    except OSError as error:  # --help or --version cannot be written; a command sees to that itself
        typer.echo(f"cassette: cannot write: {error.strerror or error}", err=True)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(ExitCode.COULD_NOT) from None

"""The options that several commands have, with the same words in each."""

from typing import Annotated

import typer

Paths = Annotated[
    list[str], typer.Argument(metavar="PATHS...", help="Files, directories, globs; - is stdin.")
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", metavar="GLOB", help="Pass over such files in directories."),
]
Jobs = Annotated[
    int, typer.Option("--jobs", metavar="N", min=0, help="Processes for many files; 0: one a processor.")
]
SkipUnrecognised = Annotated[
    bool, typer.Option("--skip-unrecognised", help="Pass over named files that are no cassettes.")
]
Indexes = Annotated[
    list[str] | None,
    typer.Option("-i", "--interaction", metavar="N", help="By place in the file, from 0: 0,2-4."),
]
Method = Annotated[str | None, typer.Option("--method", metavar="NAME", help="By method: POST or GET,HEAD.")]
Url = Annotated[str | None, typer.Option("--url", metavar="GLOB", help="By URL: '*/chat/completions'.")]
Status = Annotated[str | None, typer.Option("--status", metavar="CODE", help="By status: 200 or 4xx,500.")]
Model = Annotated[str | None, typer.Option("--model", metavar="GLOB", help="By LLM model: 'gpt-4*'.")]
Invert = Annotated[bool, typer.Option("--invert", help="Take the interactions that these do not select.")]
Color = Annotated[
    bool | None,
    typer.Option("--color/--no-color", help="Colour or not; default: on a terminal, see NO_COLOR."),
]
Json = Annotated[bool, typer.Option("--json", help="Short for --format json.")]
Baseline = Annotated[
    str | None, typer.Option("--baseline", metavar="FILE", help="Findings that are accepted.")
]
Reveal = Annotated[bool, typer.Option("--reveal", help="Show credentials instead of ****.")]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if there is something to do.")]
Diff = Annotated[bool, typer.Option("--diff", help="Write nothing; print the difference.")]
Output = Annotated[
    str | None, typer.Option("-o", "--output", metavar="FILE", help="Write there, of one file; - is stdout.")
]
Force = Annotated[bool, typer.Option("--force", help="Write over files that are there.")]

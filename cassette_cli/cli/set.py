"""`cassette set`."""

from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from cassette_cli.cli.options import Check, Color, Diff, Output, Reveal
from cassette_cli.cli.run import Run, finish
from cassette_cli.errors import BadRequest, CassetteError, ExitCode, Place

if TYPE_CHECKING:
    from cassette_cli.cli.outcome import Mode
    from cassette_cli.model import Cassette, Interaction
    from cassette_cli.rewrite import Rewritten

_LISTED = 20  # interactions that are named where one must be chosen
_BEGINNING = 48  # characters of what each replied


def set(  # noqa: A001 - the command's name
    file: Annotated[str, typer.Argument(metavar="FILE", help="One cassette; - is stdin.")],
    assignments: Annotated[
        list[str],
        typer.Argument(
            metavar="WHERE=VALUE...",
            help="A value's name, as in show --get, and what it becomes; @FILE, - (stdin), @@ for one @.",
        ),
    ],
    index: Annotated[
        int | None,
        typer.Option("-i", "--interaction", metavar="N", min=0, help="By place in the file, from 0."),
    ] = None,
    check: Check = False,
    diff: Diff = False,
    output: Output = None,
    reveal: Reveal = False,
    color: Color = None,
) -> None:
    """Change what an interaction says, wherever it stands.

    VALUE is literal text where a text stands now, and JSON where anything else does. Every other byte stays.

    For example:

      cassette set chat.yaml -i 1 reply.text='It is sunny.'

      cassette set chat.yaml 'reply.tool_calls[0].arguments.location=Paris' request.temperature=0.2

      cassette set chat.yaml reply.text=@answer.txt response.status=429 --diff
    """

    def command() -> int:
        from cassette_cli.cli.outcome import mode_of
        from cassette_cli.files import STDIN

        if file != STDIN:
            check_is_file(file)
        mode = mode_of([file], output, check=check, diff=diff)
        values = _values(assignments, stdin=file == STDIN)
        outlet = Outlet(mode, output, reveal, color)
        run, found = Run(), False
        for cassette in run.results([file], None, lambda cassette: cassette):
            try:
                found = _set(cassette, index, values, outlet, check=check)
            except CassetteError as error:
                error.place = error.place or Place(cassette.document.name)
                run.report(error)
        return max(run.code, ExitCode.FOUND if check and found else ExitCode.CLEAN)

    finish(command)


def _set(
    cassette: "Cassette", index: int | None, values: dict[str, str], outlet: "Outlet", *, check: bool
) -> bool:
    """Make the changes and tell of them; whether there were any."""
    from cassette_cli.edit import change

    index = chosen(cassette, index)
    made = change(cassette, index, values)
    told = f"{'would set' if check else 'set'} {', '.join(values)} of #{index}"
    outlet.take(cassette, made, told if made.edits else f"#{index} says so already")
    return bool(made.edits)


class Outlet(NamedTuple):
    """What becomes of a changed cassette, and how that is shown."""

    mode: "Mode"
    output: str | None
    reveal: bool
    color: bool | None

    def take(self, cassette: "Cassette", made: "Rewritten", told: str) -> None:
        """Write it, or put or show it elsewhere; where nothing else is on the screen, say what was done."""
        from cassette_cli.cli.outcome import Change, Mode, secrets_of, settle
        from cassette_cli.report.terminal import Screen
        from cassette_cli.report.words import visible

        masks = self.mode is Mode.DIFF and not self.reveal
        hidden = (*secrets_of(cassette), *secrets_of(made.cassette)) if masks else ()
        change = Change.of(cassette, made.edits, self.mode, hidden)
        with Screen(self.color) as screen:
            settle(screen, change, self.mode, self.output)
            if self.mode in (Mode.WRITE, Mode.CHECK):
                screen.line(visible(f"{Place(cassette.document.name)}: {told}"))


def check_is_file(path: str) -> None:
    """Raises BadRequest for what is no file."""
    from pathlib import Path

    if not Path(path).is_file():
        what = "this is a folder" if Path(path).is_dir() else "no such file"
        raise BadRequest(f"{what}: name one cassette", Place(path))


def chosen(cassette: "Cassette", index: int | None) -> int:
    """The interaction that is meant; raises BadRequest, with those that there are, where none can be."""
    from cassette_cli.selection import no_interaction

    name, total = Place(cassette.document.name), len(cassette.interactions)
    if not total:
        raise BadRequest("there is no interaction in it", name)
    if index is None and total > 1:
        lines = [f"\n  {_line(one)}" for one in cassette.interactions[:_LISTED]]
        more = f"\n  and {total - _LISTED} more; `cassette show` tells them" if total > _LISTED else ""
        raise BadRequest(f"there are {total} interactions: say which{''.join(lines)}{more}", name)
    if index is not None and index >= total:
        raise no_interaction(index, total - 1, name)
    return index or 0


def _line(interaction: "Interaction") -> str:
    """What tells an interaction from the others: its request, and how its reply begins."""
    from cassette_cli.report.words import one_line
    from cassette_cli.rules.masking import masked, masked_url
    from cassette_cli.selection import Reading

    request, status = interaction.request, interaction.response.status
    told = f"-i {interaction.index}  {request.verb} {masked_url(request.url)}"
    told += f" → {status}" if status else ""
    exchange = Reading(interaction).exchange
    reply = exchange.reply if exchange else None
    said = reply and (reply.text or ", ".join(f"{call.name}()" for call in reply.tool_calls))
    return told + (f"  {one_line(masked(said), _BEGINNING)}" if said else "")


def _values(assignments: list[str], *, stdin: bool) -> dict[str, str]:
    """The new values by their names; raises BadRequest for what is no assignment, or is one twice."""
    values: dict[str, str] = {}
    readers = [text for text in assignments if text.partition("=")[2] == "-"]
    if len(readers) + stdin > 1:
        raise BadRequest("stdin can be read once only: give - once")
    for number, text in enumerate(assignments, 1):
        where, equals, value = text.partition("=")
        if not equals or not where:  # perhaps it is a secret
            raise BadRequest(f"value {number}: write WHERE=VALUE, as in reply.text='It is sunny.'")
        if where in values:
            raise BadRequest(f"{where} is given twice: give it once")
        values[where] = _value(where, value)
    return values


def _value(where: str, value: str) -> str:
    """The value itself; of a file without its last line break, so that what `show --get` printed fits."""
    from cassette_cli.files import STDIN, read

    if value.startswith("@@"):
        return value[1:]
    if value != STDIN and not value.startswith("@"):
        return value
    name = value if value == STDIN else value[1:]
    try:
        text = read(name).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadRequest(f"{where}: {'stdin' if name == STDIN else name} is not UTF-8 text") from None
    return text.removesuffix("\n").removesuffix("\r")

"""Groups of commands: what a name that is none of them may mean."""

from typing import Any

from typer.core import TyperGroup

_MEANT = {  # what other tools call it
    "check": "validate",
    "lint": "validate",
    "clean": "redact",
    "sanitize": "redact",
    "scrub": "redact",
    "find": "grep",
    "search": "grep",
    "help": "--help",
    "list": "show -s",
    "ls": "show -s",
    "cat": "show",
    "view": "show",
    "delete": "prune",
    "remove": "prune",
    "rm": "prune",
}


class Commands(TyperGroup):
    """The commands of the program, known by the names that other tools have for them, too."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        meant = _MEANT.get(args[0])
        if meant and args[0] not in self.commands:
            ctx.fail(f"No such command {args[0]!r}. Did you mean {meant!r}?")
        return super().resolve_command(ctx, args)


class Subcommands(TyperGroup):
    """The commands of a group: of a word that is none of them, it is told that one must stand there."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] not in self.commands and not args[0].startswith("-"):
            known = ", ".join(name for name, command in self.commands.items() if not command.hidden)
            ctx.fail(f"No such command {args[0]!r}: say what: {known}.")
        return super().resolve_command(ctx, args)

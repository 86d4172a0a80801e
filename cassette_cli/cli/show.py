"""`cassette show`."""

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from cassette_cli.cli.options import (
    Color,
    Exclude,
    Indexes,
    Invert,
    Json,
    Method,
    Model,
    Paths,
    Reveal,
    SkipUnrecognised,
    Status,
    Url,
)
from cassette_cli.cli.run import Run, finish
from cassette_cli.errors import BadRequest

if TYPE_CHECKING:
    from cassette_cli.model import Cassette
    from cassette_cli.report.blocks import View
    from cassette_cli.report.terminal import Screen
    from cassette_cli.selection import Reading, Selection


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"
    HTML = "html"
    MARKDOWN = "markdown"


def show(
    paths: Paths,
    indexes: Indexes = None,
    method: Method = None,
    url: Url = None,
    status: Status = None,
    model: Model = None,
    invert: Invert = False,
    summary: Annotated[
        bool, typer.Option("-s", "--summary", help="One line a cassette, or an interaction.")
    ] = False,
    headers: Annotated[bool, typer.Option("--headers", help="Show headers too.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Cut nothing.")] = False,
    raw: Annotated[
        bool, typer.Option("--raw", help="Only the decoded body, as it is (the response's).")
    ] = False,
    get: Annotated[
        str | None,
        typer.Option("--get", metavar="WHERE", help="Only one value, bare: reply.text, request.body/model."),
    ] = None,
    request: Annotated[bool, typer.Option("--request", help="Only the request.")] = False,
    response: Annotated[bool, typer.Option("--response", help="Only the response.")] = False,
    format_: Annotated[
        Format, typer.Option("--format", metavar="FORMAT", help="text, json, html, markdown.")
    ] = Format.TEXT,
    json: Json = False,
    other: Annotated[bool, typer.Option("--html", "--markdown", hidden=True)] = False,
    reveal: Reveal = False,
    exclude: Exclude = None,
    skip_unrecognised: SkipUnrecognised = False,
    color: Color = None,
) -> None:
    """Show cassettes as the conversations that they recorded.

    For example:

      cassette show tests/cassettes/weather.yaml

      cassette show tests/cassettes -s

      cassette show chat.yaml -i 1 --get reply.text

      cassette show tests/cassettes --format html > cassettes.html
    """

    def command() -> int:
        from cassette_cli.files import is_one_file
        from cassette_cli.report.blocks import View
        from cassette_cli.report.terminal import Screen
        from cassette_cli.selection import Selection

        if other:
            raise BadRequest("write --format html or --format markdown")
        form = Format.JSON if json else format_
        named = "--json" if json else f"--format {form}"
        forms = {named: form is not Format.TEXT, "--get": get is not None, "--raw": raw, "--summary": summary}
        if len(given := [name for name, wanted in forms.items() if wanted]) > 1:
            raise BadRequest(f"{' and '.join(given)} do not go together: give one")
        selection = Selection.parse(indexes, method, url, status, model, invert=invert)
        run = Run()
        chosen = _chosen(run, run.cassettes(paths, exclude, skip_unrecognised=skip_unrecognised), selection)
        with Screen(color) as screen:
            if form is Format.JSON:
                _write_json(run, screen, chosen, reveal=reveal)
            elif get is not None:
                _write_values(run, screen, chosen, get, reveal=reveal)
            elif raw:
                _write_raw(screen, chosen, request=request)
            elif summary:
                _write_summary(run, screen, chosen, one_file=is_one_file(paths), reveal=reveal)
            else:
                both = request == response
                view = View(full, headers, reveal, request or both, response or both)
                if form is Format.TEXT:
                    _write_conversations(screen, chosen, view)
                else:
                    _write_page(run, screen, chosen, view, form)
        return run.code

    finish(command)


Chosen = Iterator[tuple["Cassette", list["Reading"]]]


def _chosen(run: Run, cassettes: "Iterator[Cassette]", selection: "Selection") -> Chosen:
    """Each cassette with its selected interactions; an index that no cassette has is an error."""
    from cassette_cli.report.words import amount

    largest, total, none = -1, 0, True
    for cassette in cassettes:
        largest = max(largest, len(cassette.interactions) - 1)
        total += len(cassette.interactions)
        readings = list(selection.pick(cassette))
        if readings or selection.is_everything:
            none = False
            yield cassette, readings
    missing = selection.beyond(largest)
    if missing and (largest >= 0 or not run.errors):
        run.report(missing)
    elif none and total:
        hint = "; a GLOB matches the whole value" if selection.url or selection.model else ""
        run.tell(f"nothing selected of {amount(total, 'interaction')}{hint}")


def _write_conversations(screen: "Screen", chosen: Chosen, view: "View") -> None:
    from cassette_cli.report.conversation import Conversation

    for place, (cassette, readings) in enumerate(chosen):
        if place:
            screen.line()
        Conversation(screen, view).cassette(cassette, readings)


def _write_page(run: Run, screen: "Screen", chosen: Chosen, view: "View", form: Format) -> None:
    """A document that is passed on."""
    from cassette_cli.report.markdown import Comment
    from cassette_cli.report.page import Page

    with Page(view) if form is Format.HTML else Comment(view) as document:
        for cassette, readings in chosen:
            document.add(cassette, readings)
        document.write(screen.raw, run.errors)


def _write_summary(run: Run, screen: "Screen", chosen: Chosen, *, one_file: bool, reveal: bool) -> None:
    from cassette_cli.report.summary import Summary

    table = Summary(reveal)
    add = table.add_interactions if one_file else table.add_cassette
    for cassette, readings in chosen:
        add(cassette, readings)
    if table.files or not run.errors:
        table.write(screen)


def _write_json(run: Run, screen: "Screen", chosen: Chosen, *, reveal: bool) -> None:
    from cassette_cli.report import machine

    cassettes = [machine.show_cassette(cassette, readings, reveal=reveal) for cassette, readings in chosen]
    errors = [machine.error(error) for error in run.errors]
    document = {"schema": "cassette.show/1", "cassettes": cassettes, "errors": errors}
    screen.raw(machine.dumps(document, indent=2 if screen.is_terminal else None) + "\n")


def _write_values(run: Run, screen: "Screen", chosen: Chosen, where: str, *, reveal: bool) -> None:
    """The value of each selected interaction that has it; an error if none has."""
    from cassette_cli.report import machine, words
    from cassette_cli.where import look_up

    missing: BadRequest | None = None
    written = False
    for cassette, readings in chosen:
        for reading in readings:
            try:
                value = look_up(machine.show_interaction(cassette, reading, reveal=reveal), where)
            except BadRequest as error:
                missing = missing or error
                continue
            text = value if isinstance(value, str) else machine.dumps(value)
            screen.raw((words.visible(text) if screen.is_terminal else text) + "\n")
            written = True
    if missing and not written:
        run.report(missing)


def _write_raw(screen: "Screen", chosen: Chosen, *, request: bool) -> None:
    """The decoded bodies, byte for byte into a pipe; what a terminal would obey is shown on one."""
    from cassette_cli.report import words

    for _, readings in chosen:
        for reading in readings:
            content = reading.asked if request else reading.said
            if not screen.is_terminal:
                screen.bytes(content.bytes)
            elif content.text is None:
                screen.line(f"<{content.kind}, {words.size(content.size)}: send it to a file to see it>")
            else:
                screen.raw(words.visible(content.text).removesuffix("\n") + "\n")

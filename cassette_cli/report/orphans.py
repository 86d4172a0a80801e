"""The verdicts of `prune orphans` as lines and as JSON."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from cassette_cli.errors import CassetteError
from cassette_cli.files import relative
from cassette_cli.naming.shapes import ANY, Claim, Shape, is_named
from cassette_cli.orphans import Judged, Verdict
from cassette_cli.report.machine import dumps
from cassette_cli.report.machine import error as error_document
from cassette_cli.report.terminal import Screen, Span, width_of
from cassette_cli.report.words import amount, one_line

_STYLES = {Verdict.ORPHAN: "bad", Verdict.UNSURE: "warn", Verdict.USED: "good"}  # in order
_DOUBTS = 5  # reasons that are told without `-v`


def tell(
    screen: Screen, judged: Sequence[Judged], names: Mapping[str, str], gone: set[str], *, verbose: bool
) -> None:
    """A line an orphan, with `-v` one for every other behind them, what keeps the unsure ones, and a sum."""
    shown = [
        (one_line(names[one.file.path]), "deleted" if one.file.path in gone else str(one.verdict), one)
        for verdict in _STYLES
        for one in judged
        if one.verdict is verdict and (verbose or verdict is Verdict.ORPHAN)
    ]
    wide = max((width_of(name) for name, _, _ in shown), default=0)
    widest = max((len(word) for _, word, _ in shown), default=0)
    above = ""
    for name, word, one in shown:
        reason = _reason(one)
        told = [] if one.verdict is Verdict.ORPHAN and reason == above else [Span(f"  {reason}", "dim")]
        blanks = " " * (widest - len(word)) if told else ""
        gap = " " * (wide - width_of(name) + 2)
        screen.line(Span(name, "path"), gap, Span(word, _STYLES[one.verdict]), blanks, *told)
        above = reason
    unsure = [one for one in judged if one.verdict is Verdict.UNSURE]
    if not verbose:
        _doubts(screen, unsure)
    counts = Counter(one.verdict for one in judged)
    words = [amount(counts[Verdict.ORPHAN], "orphan")]
    words += [f"{counts[Verdict.UNSURE]:,} unsure"] * bool(unsure)
    deleted = f", {len(gone):,} deleted" if gone else ""
    screen.line(
        f"{', '.join(words)}, {counts[Verdict.USED]:,} used of {amount(len(judged), 'cassette')}{deleted}"
    )


def _doubts(screen: Screen, unsure: list[Judged]) -> None:
    """What keeps unsure cassettes, the reason for most of them first."""
    kept: dict[str, int] = defaultdict(int)
    for one in unsure:
        kept[_reason(one)] += 1
    ordered = sorted(kept.items(), key=lambda item: -item[1])
    for reason, count in ordered[:_DOUBTS]:
        screen.line(Span(f"{count:,} unsure", "warn"), f"  {reason}")
    if rest := ordered[_DOUBTS:]:
        screen.line(
            Span(f"{sum(count for _, count in rest):,} unsure", "warn"), "  for other reasons; -v tells all"
        )


def _reason(one: Judged) -> str:
    return _told(one.claims[0]) if one.claims else one.why


def _told(claim: Claim) -> str:
    place = f"{one_line(relative(claim.source, Path.cwd()))}:{claim.line} {one_line(claim.how, 120)}"
    return (
        place
        if is_named(claim.shape) or claim.shape == ANY
        else f"{place}, as {one_line(_glob(claim.shape))}"
    )


def _glob(shape: Shape) -> str:
    """The shape as people write it, with `*` for what is not known, from the folder that they are in."""
    text = "".join("*" if piece is None else piece for piece in shape)
    return text.removeprefix("*/").removeprefix(f"{Path.cwd().resolve().as_posix()}/")


def to_json(
    judged: Sequence[Judged],
    names: Mapping[str, str],
    gone: set[str],
    errors: Sequence[CassetteError],
    *,
    pretty: bool,
) -> str:
    """The document of `--json`."""
    here = Path.cwd()
    cassettes = [
        {
            "path": names[one.file.path],
            "recorder": one.file.recorder,
            "verdict": str(one.verdict),
            "deleted": one.file.path in gone,
            "evidence": [
                {
                    "path": relative(claim.source, here),
                    "line": claim.line,
                    "how": claim.how,
                    "names": _glob(claim.shape),
                }
                for claim in one.claims
            ],
            "reason": one.why or None,
        }
        for one in judged
    ]
    document = {
        "schema": "cassette.orphans/1",
        "cassettes": cassettes,
        "errors": [error_document(error) for error in errors],
    }
    return dumps(document, indent=2 if pretty else None) + "\n"

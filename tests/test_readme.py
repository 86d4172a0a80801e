"""The README cannot drift: its examples are run, its options are the real ones.

`python -m tests.test_readme` writes the examples' output anew; review it as you would code.
"""

import html
import io
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")

EXAMPLE = re.compile(r"^\$ (cassette .*)\n((?:(?!\$ |```).*\n)*)", re.MULTILINE)
EXAMPLES = EXAMPLE.findall(README)
RULES = re.compile(r"(\| family \| rules .*\n\| --- \| --- \|\n)(?:\|.*\n)*")


def _run(command: str, **environment: str) -> str:
    name, *arguments = shlex.split(command)
    assert name == "cassette"
    run = subprocess.run(
        [sys.executable, "-m", "cassette_cli", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if key not in ("COLUMNS", "FORCE_COLOR")}
        | environment,
    )
    assert run.returncode in (0, 1), run.stderr  # 1 is what --check says
    return run.stdout


@pytest.mark.parametrize(("command", "output"), EXAMPLES, ids=[command for command, _ in EXAMPLES])
def test_an_example_prints_what_the_readme_says(command: str, output: str) -> None:
    assert _run(command).rstrip("\n") == output.rstrip("\n")


def test_the_readme_has_examples() -> None:
    assert len(EXAMPLES) >= 8


@pytest.mark.parametrize(
    "name",
    [
        "show",
        "grep",
        "stats",
        "redact",
        "diff",
        "validate",
        "rules",
        "git install",
        "set",
        "edit",
        "prune interactions",
        "prune headers",
        "prune orphans",
        "split",
        "merge",
    ],
)
def test_every_option_of_a_command_is_in_the_readme(name: str) -> None:
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", _run(f"cassette {name} --help")))
    missing = {option for option in options - {"--help"} if option not in README}
    assert not missing


def test_every_rule_of_redact_is_in_the_readme() -> None:
    from cassette_cli.rules.redaction import RULES

    assert all(f"`{rule}`" in README for rule in RULES)


def test_every_noise_rule_is_in_the_readme() -> None:
    from cassette_cli.rules.noise import NOISE

    assert all(f"`{rule.id}`" in README for rule in NOISE)


def test_every_rule_of_validate_is_in_the_readme_as_it_is() -> None:
    assert _rules_table() in README


def _rules_table() -> str:
    """The table of the rules by family; those that leak by their own list, of which there are many."""
    from cassette_cli.rules.validation import TABLE, Family

    rows = []
    for family in Family:
        own = [row for row in TABLE.values() if row.family is family]
        names = [f"`{row.id}`" if row.default else f"*`{row.id}`*" for row in own]
        leaks = "those of `redact`, as checks: `cassette rules leaks`"
        rows.append(f"| {family} | {leaks if family is Family.LEAKS else ', '.join(names)} |\n")
    return "".join(rows)


def test_the_configuration_of_the_readme_is_valid(tmp_path: Path) -> None:
    from cassette_cli.config import load

    (block,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    (tmp_path / "pyproject.toml").write_text(block, "utf-8")
    assert load(tmp_path).redact.rules[0].id == "acme-key"


# -- the picture -----------------------------------------------------------------------------------------

PICTURE = ROOT / ".github" / "show.svg"
PICTURED = "cassette show samples/go-vcr/tool_streaming.yaml"
_FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"


def test_the_picture_shows_what_the_command_prints() -> None:
    svg = html.unescape(re.sub(r"<[^>]+>", "", PICTURE.read_text("utf-8"))).replace("\xa0", " ")
    for words in _run(PICTURED).split():
        assert words in svg.replace("\n", ""), words
    assert "http" not in re.sub(r"http://www\.w3\.org/\S+|https://router\.huggingface\.co", "", svg), (
        "no network"
    )


def _picture() -> str:
    """The output in colour as an image that needs no network."""
    from rich.console import Console
    from rich.text import Text

    coloured = {"FORCE_COLOR": "1", "COLUMNS": "100"}
    console = Console(record=True, width=100, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ {PICTURED}", style="bold"))
    console.print(Text.from_ansi(_run(PICTURED, **coloured)))
    svg = console.export_svg(title="cassette show", unique_id="cassette")
    svg = re.sub(r"@font-face \{.*?\}\n", "", svg, flags=re.DOTALL)
    return svg.replace("Fira Code, monospace", _FONT)


def main() -> None:
    PICTURE.write_text(_picture(), "utf-8")
    text = EXAMPLE.sub(lambda match: f"$ {match[1]}\n{_run(match[1]).rstrip()}\n", README)
    text = RULES.sub(lambda match: match[1] + _rules_table(), text)
    (ROOT / "README.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()

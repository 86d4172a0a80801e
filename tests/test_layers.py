"""Who may import whom: strictly downwards, and the heavy packages only when they are used."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "cassette_cli"

LAYERS: tuple[tuple[str, ...], ...] = (  # lowest first; a folder stands for what is in it
    ("errors",),
    ("source",),
    ("model",),
    ("recorders", "wire"),
    ("llm",),
    ("selection", "where", "files", "fields", "findings"),
    ("layers", "config", "baseline", "ignores", "conflict"),
    ("rules",),
    ("search", "contrast", "passages", "cover", "naming"),
    ("redact", "rewrite", "replay", "diff", "grep", "stats", "entries", "orphans", "editing"),
    ("clean", "validate", "merge", "git", "report", "prune", "prune_headers"),
    ("edit", "split"),
    ("drivers", "form"),
    ("cli",),
    ("__main__",),
)
# A folder's own modules may import one another: a dialect may carry another's messages.
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def _layer(module: str) -> int:
    """The layer of `cassette_cli.NAME...`."""
    name = module.split(".")[1]
    return next(number for number, names in enumerate(LAYERS) if name in names)


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
        elif isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_only_go_down(path: Path) -> None:
    name = path.relative_to(PACKAGE).with_suffix("").parts
    own = ".".join(("cassette_cli", *name))
    for module in _imports(path):
        if module.startswith("cassette_cli.") and module.split(".")[1] != name[0]:
            assert _layer(module) < _layer(own), f"{own} imports {module}"


@pytest.mark.parametrize(
    ("package", "home"),
    [("typer", "cli"), ("rich", "report/terminal.py"), ("ruamel", "source/yamltree.py")],
)
def test_a_package_has_one_home(package: str, home: str) -> None:
    users = [path for path in MODULES if any(name.split(".")[0] == package for name in _imports(path))]
    assert users
    assert all(path == PACKAGE / home or PACKAGE / home in path.parents for path in users)


def _loaded(arguments: str) -> set[str]:
    code = f"import sys; sys.argv = ['cassette', *{arguments.split()!r}]\nimport cassette_cli.cli as cli\n"
    code += "try: cli.main()\nexcept SystemExit: pass\nprint(*sorted(sys.modules), file=sys.stderr)"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    return set(run.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "unwanted"),
    [
        ("--version", {"ruamel.yaml", "rich", "pydantic", "cassette_cli.model"}),
        ("show --help", {"ruamel.yaml", "rich", "pydantic"}),
        ("show samples/vcrpy/json_serializer.json", {"ruamel.yaml", "rich", "pydantic"}),
        ("show samples/go-vcr/tool_streaming.yaml", {"rich", "pydantic", "cassette_cli.source.respell"}),
    ],
)
def test_a_command_loads_nothing_that_it_does_not_need(arguments: str, unwanted: set[str]) -> None:
    assert not _loaded(arguments) & unwanted

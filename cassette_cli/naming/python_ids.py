"""The names that pytest gives tests: `test_x[a-b]`, as far as the marks and fixtures tell them."""

import ast
import re
from collections import Counter

from cassette_cli.naming.python_modules import (
    Function,
    Module,
    argument,
    called,
    dotted,
    is_open,
    parameters,
)
from cassette_cli.naming.python_values import Project
from cassette_cli.naming.shapes import ANY, Shape, joined, literal

_PLAIN = frozenset(
    {
        "request",
        "self",
        "cls",
        "tmp_path",
        "tmpdir",
        "tmp_path_factory",
        "tmpdir_factory",
        "monkeypatch",
        "capsys",
        "capfd",
        "capsysbinary",
        "capfdbinary",
        "caplog",
        "recwarn",
        "pytestconfig",
        "cache",
        "record_property",
        "vcr",
        "vcr_config",
        "vcr_cassette",
        "vcr_cassette_name",
        "record_mode",
        "vcr_markers",
        "vcr_cassette_dir",
        "default_cassette_name",
        "mocker",
        "event_loop",
        "testdir",
        "pytester",
        "httpserver",
        "block_network",
        "allowed_hosts",
        "disable_recording",
        "subtests",
    }
)  # fixtures that are known to have no parameters of their own


def ids(
    function: Function, marks: list[tuple[Module, ast.expr]], module: Module, project: Project
) -> tuple[list[Shape], bool]:
    """What may stand behind the name of a test, and whether that is all; `marks` are closest first."""
    direct = [
        (home, mark) for home, mark in marks if isinstance(mark, ast.Call) and called(mark) == "parametrize"
    ]
    names: set[str] = set()
    parts: list[list[Shape]] = []
    for home, mark in direct:
        assert isinstance(mark, ast.Call)  # noqa: S101 - for the type checker
        own, _ = project.parameter_sets(mark, home)
        names |= set(own)
        parts.append(_ids_of(mark, home, project))
    fixtures, whole = _parametrized(function, names, module, project)
    whole = whole and "pytest_generate_tests" not in project.functions
    if not direct and not fixtures:
        return [()], whole
    if fixtures and (direct or len(fixtures) > 1):
        return [("[", None, "]")], whole
    for home, fixture in fixtures:
        parts.append(_fixture_ids(fixture, home, project))
    dashes = [part for each in parts for part in ([("-",)], each)][1:]
    found = joined([("[",)], *dashes, [("]",)])
    is_hidden = "HIDDEN_PARAM" in (module.source.text or "") and any(None in shape for shape in found)
    return [*found, *([()] * is_hidden)], whole


def _parametrized(
    function: Function, direct: set[str], module: Module, project: Project
) -> tuple[list[tuple[Module, Function]], bool]:
    """The fixtures of a test that have parameters, and whether all of its fixtures are known."""
    found: list[tuple[Module, Function]] = []
    whole = True
    wanted = [name for name in parameters(function) if name not in direct]
    wanted += [name for name, pairs in project.fixtures.items() if any(_is_auto(pair[1]) for pair in pairs)]
    seen: set[str] = set(direct)
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        homes = project.fixtures_of(name, module)
        whole = whole and (bool(homes) or name in _PLAIN or name in project.fixtures)
        for home, fixture in homes:
            wanted += parameters(fixture)
            if _fixture_params(fixture) is not None:
                found.append((home, fixture))
    return found, whole


def _is_auto(fixture: Function) -> bool:
    return any(
        isinstance(each, ast.Call) and argument(each, -1, "autouse") is not None
        for each in fixture.decorator_list
    )


def _fixture_params(fixture: Function) -> ast.Call | None:
    for each in fixture.decorator_list:
        is_fixture = isinstance(each, ast.Call) and "fixture" in called(each)
        if isinstance(each, ast.Call) and is_fixture and (is_open(each) or argument(each, 1, "params")):
            return each
    return None


def _fixture_ids(fixture: Function, module: Module, project: Project) -> list[Shape]:
    call = _fixture_params(fixture)
    if call is None or is_open(call):
        return [ANY]
    rows = project.elements(argument(call, 1, "params"), module)
    if rows is None:
        return [ANY]
    return _each(
        [([row.args[0]] if _is_param(row) and row.args else [row], row) for row in rows],  # type: ignore[attr-defined]
        [fixture.name], argument(call, 3, "ids"), module, project
    )  # fmt: skip


def _ids_of(call: ast.Call, module: Module, project: Project) -> list[Shape]:
    """The ids that one `parametrize` makes; anything where its values are not written out."""
    names, rows = project.parameter_sets(call, module)
    nodes = project.elements(argument(call, 1, "argvalues"), module)
    if rows is None or nodes is None or any(len(row) != len(names) for row in rows):
        return [ANY]
    return _each(list(zip(rows, nodes, strict=True)), names, argument(call, 3, "ids"), module, project)


def _each(
    rows: list[tuple[list[ast.expr], ast.expr]],
    names: list[str],
    given: ast.expr | None,
    module: Module,
    project: Project,
) -> list[Shape]:
    if given is not None and isinstance(given, ast.Constant) and given.value is None:
        given = None
    said = project.elements(given, module) if given is not None else []
    if said is None or "pytest_make_parametrize_id" in project.functions:
        return [ANY]
    found: list[list[Shape]] = []
    for number, (row, node) in enumerate(rows):
        own = argument(node, -1, "id") if _is_param(node) else None  # type: ignore[arg-type]
        if own is not None:
            found.append(project.shapes(own, module))
        elif number < len(said) and not _is_none(said[number]):
            found.append(_value(said[number], None, number, module, project))
        else:
            values = [
                _value(value, name, number, module, project) for value, name in zip(row, names, strict=True)
            ]
            found.append(joined(*[part for each in values for part in ([("-",)], each)][1:]))
    counts = Counter(shape for each in found for shape in each)
    every = [shape if counts[shape] == 1 else (*shape, None) for each in found for shape in each]
    return [form for shape in every for form in _spellings(shape)]


def _is_param(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and called(node) == "param"


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _value(node: ast.expr, name: str | None, number: int, module: Module, project: Project) -> list[Shape]:
    """The id that pytest makes of one value; `name` is that of its parameter."""
    numbered: list[Shape] = [(f"{name}{number}",)] if name else [ANY]
    match node:
        case ast.Constant(value=str(text)):
            return [(text,)] if len(text) <= 100 else [(text,), *numbered]
        case ast.Constant(value=bytes(data)):
            text = data.decode("ascii", "backslashreplace")
            return [(re.sub(r"[\0-\x1f\x7f]", lambda each: ascii(each[0])[1:-1], text),)]
        case ast.Constant(value=value) if value is not ...:
            return [(str(value),)]
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() | complex() as value)):
            return [(str(-value),)]
        case ast.Dict() | ast.List() | ast.Tuple() | ast.Set() | ast.ListComp() | ast.DictComp():
            return numbered
        case ast.Name(id=known) if known in module.classes or known in module.functions:
            return [(known,)]
        case ast.Name() | ast.JoinedStr() | ast.BinOp():
            found = project.shapes(node, module)
            values = (
                [bound for _, bound in project.bound(module, node.id)] if isinstance(node, ast.Name) else []
            )
            is_text = all(isinstance(bound, ast.Constant) for bound in values) or not isinstance(
                node, ast.Name
            )
            return found if is_text and all(literal(shape) is not None for shape in found) else [ANY]
    return [ANY]


def _spellings(shape: Shape) -> list[Shape]:
    """The shape as pytest escapes it, and as it stands where an option turns that off."""
    escaped = tuple(piece and piece.encode("unicode_escape").decode("ascii") for piece in shape)
    return [shape] if escaped == shape else [escaped, shape]


def decorator_root(node: ast.expr) -> str:
    """The first name of a decorator: `pytest` of `@pytest.mark.vcr(...)`."""
    while isinstance(node, ast.Call | ast.Attribute):
        node = node.func if isinstance(node, ast.Call) else node.value
    return dotted(node)

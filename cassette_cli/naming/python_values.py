"""What a Python expression may be, read from the text of the tests alone: never imported, never run.

Names are followed through assignments, imports between test files, helpers (what they return, and who
calls them), fixtures and class attributes. What cannot be followed is anything.
"""

import ast
import posixpath
from collections import defaultdict
from dataclasses import dataclass, field
from string import Formatter

from cassette_cli.naming.python_modules import (
    Function,
    Module,
    argument,
    bindings,
    called,
    default,
    dotted,
    elements,
    fixture_name,
    holds,
    is_injected,
    is_open,
    parameters,
)
from cassette_cli.naming.python_paths import base, changed, parent, path, percent
from cassette_cli.naming.shapes import ANY, TEMPORARY, Shape, joined, literal, unique

_DEEP = 8  # steps from name to name; a longer chain is anything


@dataclass(frozen=True)
class Around:
    """What is known where an expression is evaluated: the parameters, and the test that asks a fixture."""

    function: Function | None = None
    arguments: dict[str, list[Shape]] = field(default_factory=dict)  # of that function
    test_file: str | None = None
    test_names: tuple[Shape, ...] = ()
    test_class: str | None = None
    depth: int = 0

    def deeper(self, function: Function | None = None, **arguments: list[Shape]) -> "Around":
        """One step on; without a function the one that is known already stays so."""
        known = (function, arguments) if function else (self.function, self.arguments)
        return Around(*known, self.test_file, self.test_names, self.test_class, self.depth + 1)


NOWHERE = Around()


class Project:
    """All the Python files of a test suite."""

    def __init__(self, modules: list[Module]) -> None:
        self.modules = modules
        self.calls: dict[str, list[tuple[Module, ast.Call]]] = defaultdict(list)
        self.values: set[str] = set()  # names that are used as values, so who calls them is not known
        self.attributes: dict[str, list[tuple[Module, ast.expr | None]]] = defaultdict(list)
        self.fixtures: dict[str, list[tuple[Module, Function]]] = defaultdict(list)
        self.functions = {name for module in modules for name in module.functions}
        for module in modules:
            self._index(module)

    def _index(self, module: Module) -> None:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call):
                self.calls[called(node)].append((module, node))
            elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load):
                parent = module.parents.get(node)
                if not (isinstance(parent, ast.Call) and parent.func is node):
                    self.values.add(called(node))
            elif isinstance(node, Function):
                for fixture in node.decorator_list:
                    if called(fixture) in ("fixture", "yield_fixture"):
                        self.fixtures[fixture_name(node, fixture)].append((module, node))
            if isinstance(module.parents.get(node), ast.ClassDef):
                for name, value in bindings(node):
                    self.attributes[name].append((module, value))
                if isinstance(node, ast.AnnAssign | Function):  # a field, or a property: of any value
                    name = node.name if isinstance(node, Function) else called(node.target)
                    self.attributes[name] += [(module, None)] * (getattr(node, "value", None) is None)
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                value = None if isinstance(node, ast.AugAssign) else node.value
                for target in targets:
                    if isinstance(target, ast.Attribute):
                        self.attributes[target.attr].append((module, value))

    def imported(self, module: Module, name: str) -> Module | None:
        """The test file that a module has this name from."""
        if name not in module.imports:
            return None
        home, _ = module.imports[name]
        steps = home.lstrip(".").replace(".", "/")
        if home.startswith("."):
            folder = module.source.folder
            for _ in range(len(home) - len(home.lstrip(".")) - 1):
                folder = posixpath.dirname(folder)
            wanted = {
                f"{folder}/{steps}.py",
                f"{folder}/{steps}/__init__.py",
                f"{folder}/__init__.py" * (not steps),
            }
            found = [other for other in self.modules if other.source.path in wanted]
        else:
            ends = (f"/{steps}.py", f"/{steps}/__init__.py")
            found = [other for other in self.modules if other.source.path.endswith(ends)]
        return found[0] if len(found) == 1 else None

    def bound(self, module: Module, name: str) -> list[tuple[Module, ast.expr | None]]:
        """What a module's name is bound to at its top, here or where it was imported from."""
        if name in module.bound:
            return [(module, value) for value in module.bound[name]]
        home = self.imported(module, name)
        return self.bound(home, module.imports[name][1]) if home and home is not module else []

    def defined(self, module: Module, name: str) -> list[tuple[Module, Function]]:
        """The functions that a name means in a module."""
        if name in module.functions:
            return [(module, function) for function in module.functions[name]]
        home = self.imported(module, name)
        return self.defined(home, module.imports[name][1]) if home and home is not module else []

    def elements(self, node: ast.expr | None, module: Module, depth: int = 0) -> list[ast.expr] | None:
        """What stands in a list that is written out, here or where its name is bound; None if open."""
        if node is None or depth > _DEEP:
            return None
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            sides = [self.elements(side, module, depth + 1) for side in (node.left, node.right)]
            return None if sides[0] is None or sides[1] is None else [*sides[0], *sides[1]]
        if isinstance(node, ast.Name):
            values = (
                self.bound(module, node.id) if module.scope(node) is None or node.id in module.bound else []
            )
            return self.elements(values[0][1], values[0][0], depth + 1) if len(values) == 1 else None
        return elements(node)

    def parameter_sets(self, call: ast.Call, module: Module) -> tuple[list[str], list[list[ast.expr]] | None]:
        """The names of a `parametrize`, and its sets of values; None where those cannot be told."""
        given = argument(call, 0, "argnames")
        if isinstance(given, ast.Constant) and isinstance(given.value, str):
            names = [name.strip() for name in given.value.split(",") if name.strip()]
        else:
            parts = elements(given) if given is not None else None
            names = [part.value for part in parts or () if isinstance(part, ast.Constant)]  # type: ignore[misc]
        rows = self.elements(argument(call, 1, "argvalues"), module)
        if rows is None or not names or is_open(call):
            return names, None
        return names, [_row(row, len(names)) for row in rows]

    # -- expressions -------------------------------------------------------------------------------------

    def shapes(self, node: ast.expr | None, module: Module, around: Around = NOWHERE) -> list[Shape]:
        """Everything that the text of an expression lets it be."""
        if node is None or around.depth > _DEEP:
            return [ANY]

        def of(other: ast.expr | None) -> list[Shape]:
            return self.shapes(other, module, around)

        match node:
            case ast.Constant(value=str() | int() | float() as value):
                return [(str(value),) if str(value) else ()]
            case ast.JoinedStr(values=values):
                return joined(*(of(value) for value in values))
            case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
                return of(value)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return joined(of(left), of(right))
            case ast.BinOp(left=left, op=ast.Div(), right=right):
                return path(of(left), of(right))
            case ast.BinOp(left=left, op=ast.Mod(), right=right):
                given = [of(each) for each in (right.elts if isinstance(right, ast.Tuple) else [right])]
                return unique(shape for text in of(left) for shape in percent(literal(text), given))
            case ast.IfExp(body=body, orelse=other):
                return unique([*of(body), *of(other)])
            case ast.BoolOp(values=values):
                return unique(shape for value in values for shape in of(value))
            case ast.Await(value=value) | ast.NamedExpr(value=value):
                return of(value)
            case ast.Name():
                return self._name(node, module, around)
            case ast.Attribute():
                return self._attribute(node, module, around)
            case ast.Call():
                return self._call(node, module, around)
        return [ANY]

    def _name(self, node: ast.Name, module: Module, around: Around) -> list[Shape]:
        if node.id == "__file__":
            return [(module.source.path,)]
        scope = module.scope(node)
        while scope is not None:
            local = [value for inner in ast.walk(scope) for name, value in bindings(inner) if name == node.id]
            found = self._any_of([(module, value) for value in local], around) if local else []
            if node.id in parameters(scope):
                found = [*found, *self._parameter(node.id, scope, module, around)]
            if found:
                return unique(found)
            scope = module.scope(scope)
        owner = module.class_of(node)
        if owner is not None and module.scope(node) is None:
            local = [value for inner in owner.body for name, value in bindings(inner) if name == node.id]
            if local:
                return self._any_of([(module, value) for value in local], around)
        return self._any_of(self.bound(module, node.id), around)

    def _any_of(self, values: list[tuple[Module, ast.expr | None]], around: Around) -> list[Shape]:
        inside = around.deeper()
        found = [shape for module, value in values for shape in self.shapes(value, module, inside)]
        return unique(found) or [ANY]

    def _parameter(
        self, name: str, function: Function | ast.Lambda, module: Module, around: Around
    ) -> list[Shape]:
        """What a parameter may be: by the test's own parameters, the fixture of its name, or the callers."""
        if isinstance(function, ast.Lambda):
            return [ANY]
        if function is around.function:
            return around.arguments.get(name, [ANY])
        for each in function.decorator_list:
            if isinstance(each, ast.Call) and called(each) == "parametrize":
                names, rows = self.parameter_sets(each, module)
                if name in names:
                    values = [row[names.index(name)] for row in rows or () if len(row) == len(names)]
                    whole = rows is not None and len(values) == len(rows)
                    return self._any_of([(module, value) for value in values], around) if whole else [ANY]
        if is_injected(function) and name in ("tmp_path", "tmpdir") and name not in self.fixtures:
            return [TEMPORARY]
        if is_injected(function):
            return self.fixture(name, module, around.deeper()) if name in self.fixtures else [ANY]
        position = parameters(function).index(name)
        is_open_end = function.name in self.values or not self.calls[function.name]
        found: list[Shape] = [ANY] * is_open_end
        for caller, call in self.calls[function.name]:
            shift = isinstance(call.func, ast.Attribute) and parameters(function)[:1] in (["self"], ["cls"])
            passed = argument(call, position - shift, name) or default(function, name)
            if is_open(call):
                passed = None
            found += self.shapes(passed, caller, around.deeper())
        return unique(found)

    def fixture(self, name: str, module: Module, around: Around) -> list[Shape]:
        """What the fixtures of a name give to a test of this module."""
        found: list[Shape] = []
        for home, function in self.fixtures_of(name, module):
            found += self.returned(function, home, around)
        return unique(found) or [ANY]

    def fixtures_of(self, name: str, module: Module) -> list[tuple[Module, Function]]:
        """The fixtures that pytest may mean: the module's own, else the nearest conftest's, else all."""
        known = self.fixtures.get(name, [])
        if own := [pair for pair in known if pair[0] is module]:
            return own
        above = [pair for pair in known if pair[0].is_conftest and holds(pair[0], module)]
        if above:
            nearest = max(len(home.source.folder) for home, _ in above)
            return [pair for pair in above if len(pair[0].source.folder) == nearest]
        return [pair for pair in known if not pair[0].is_conftest]

    def returned(self, function: Function, module: Module, around: Around) -> list[Shape]:
        """What a function returns or yields."""
        found: list[Shape] = []
        for node in ast.walk(function):
            if isinstance(node, ast.Return | ast.Yield) and module.scope(node) is function:
                found += self.shapes(node.value, module, around)
            elif isinstance(node, ast.YieldFrom) and module.scope(node) is function:
                found.append(ANY)
        return unique(found) or [ANY]

    def _attribute(self, node: ast.Attribute, module: Module, around: Around) -> list[Shape]:
        text = dotted(node)
        if text.startswith("request."):
            return _of_request(text, around)
        if text in ("self._testMethodName", "cls._testMethodName"):
            return list(around.test_names) or [ANY]
        if text.startswith(("self.", "cls.")) and text.count(".") == 1:
            known = self.attributes.get(node.attr, [])
            return self._any_of(known, around.deeper()) if known else [ANY]
        of = self.shapes(node.value, module, around)
        match node.attr:
            case "parent" | "dirname":
                return [parent(shape) for shape in of]
            case "stem" | "purebasename":
                return [base(shape, cut=True) for shape in of]
            case "name" | "basename":
                return [base(shape, cut=False) for shape in of]
        return [ANY]

    def _call(self, node: ast.Call, module: Module, around: Around) -> list[Shape]:
        if is_open(node):
            return [ANY]
        name = called(node)
        args = [self.shapes(each, module, around) for each in node.args]
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        in_path = dotted(node.func).endswith("path." + name)
        if name == "join" and (in_path or dotted(node.func) == "join"):
            return path(*args)
        if name in ("Path", "PurePath", "PosixPath", "str", "fspath") and args:
            return path(*args)
        if name in ("abspath", "realpath", "normpath", "expanduser") and in_path and args:
            return args[0]
        if name in ("mkdtemp", "TemporaryDirectory"):
            return [TEMPORARY]
        if name in ("dirname", "basename") and args:
            return [parent(shape) if name == "dirname" else base(shape, cut=False) for shape in args[0]]
        if owner is not None and (found := self._method(name, owner, args, node, module, around)) is not None:
            return found
        functions = self.defined(module, name) if isinstance(node.func, ast.Name) else []
        found = []
        for home, function in functions:
            if is_injected(function) or function.decorator_list:
                return [ANY]
            passed = {
                parameter: self.shapes(
                    argument(node, place, parameter) or default(function, parameter), module, around
                )
                for place, parameter in enumerate(parameters(function))
            }
            found += self.returned(function, home, around.deeper(function, **passed))
        return unique(found) or [ANY]

    def _method(
        self,
        name: str,
        owner: ast.expr,
        args: list[list[Shape]],
        node: ast.Call,
        module: Module,
        around: Around,
    ) -> list[Shape] | None:
        """What a method of a string or a path gives; None if it is no such method."""
        if name == "format" and isinstance(owner, ast.Constant) and isinstance(owner.value, str):
            return self._formatted(owner.value, args, node, module, around)
        if name in ("resolve", "absolute", "as_posix", "expanduser"):
            return self.shapes(owner, module, around)
        if name == "joinpath" or (name == "join" and self.shapes(owner, module, around) == [TEMPORARY]):
            return path(self.shapes(owner, module, around), *args)
        if name in ("lower", "upper", "strip", "replace", "removesuffix", "removeprefix", "with_suffix"):
            given = [literal(shape) for options in args for shape in options[:1]]
            single = all(len(options) == 1 for options in args)
            known = [text for text in given if text is not None]
            if not single or len(known) != len(given):
                return [ANY]
            return [changed(shape, name, known) for shape in self.shapes(owner, module, around)]
        return None

    def _formatted(
        self, text: str, args: list[list[Shape]], node: ast.Call, module: Module, around: Around
    ) -> list[Shape]:
        named = {each.arg: self.shapes(each.value, module, around) for each in node.keywords if each.arg}
        parts: list[list[Shape]] = []
        count = 0
        try:
            for before, place, spec, conversion in Formatter().parse(text):
                parts.append([(before,)])
                if place is None:
                    continue
                key = place or str(count)
                count += not place
                known = args[int(key)] if key.isdigit() and int(key) < len(args) else named.get(key)
                parts.append([ANY] if spec or conversion or known is None else known)
        except ValueError:
            return [ANY]
        return joined(*parts)


def _row(node: ast.expr, count: int) -> list[ast.expr]:
    """The values of one set: those of `pytest.param`, of a tuple, or the one itself."""
    if isinstance(node, ast.Call) and called(node) == "param":
        return list(node.args)
    inner = elements(node) if count > 1 else None
    return [node] if inner is None else inner


def _of_request(text: str, around: Around) -> list[Shape]:
    """What pytest's `request` tells of the test that asks."""
    folder, _, name = (around.test_file or "").rpartition("/")
    if around.test_file:
        for base in _TEST_FILE:
            if text == base:
                return [(around.test_file,)]
            if text in (f"{base}.dirname", f"{base}.parent"):
                return [(folder,)]
            if text in (f"{base}.purebasename", f"{base}.stem"):
                return [(name.removesuffix(".py"),)]
    if text in ("request.node.name", "request.function.__name__", "request.node.originalname"):
        return list(around.test_names) or [ANY]
    if text == "request.module.__name__" and around.test_file:  # with its packages, as pytest imports it
        return [(name.removesuffix(".py"),), (None, f".{name.removesuffix('.py')}")]
    if text == "request.cls.__name__" and around.test_class:
        return [(around.test_class,)]
    return [ANY]


_TEST_FILE = tuple(
    f"request.{name}" for name in ("node.fspath", "fspath", "path", "node.path", "module.__file__")
)

"""Python files as trees: who stands in whom, what names are bound to, what is passed to what."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from cassette_cli.naming.shapes import Source

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Module:
    """A parsed file: who stands in whom, and what its names are bound to."""

    source: Source
    tree: ast.Module
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)
    bound: dict[str, list[ast.expr | None]] = field(default_factory=lambda: defaultdict(list))  # at its top
    functions: dict[str, list[Function]] = field(default_factory=lambda: defaultdict(list))
    classes: dict[str, list[ast.ClassDef]] = field(default_factory=lambda: defaultdict(list))
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)  # name: its module, its name there

    def scope(self, node: ast.AST) -> Function | ast.Lambda | None:
        """The function that a node stands in."""
        at = self.parents.get(node)
        while at is not None and not isinstance(at, Function | ast.Lambda):
            at = self.parents.get(at)
        return at

    def class_of(self, node: ast.AST) -> ast.ClassDef | None:
        at = self.parents.get(node)
        while at is not None and not isinstance(at, ast.ClassDef):
            at = self.parents.get(at)
        return at

    @property
    def is_conftest(self) -> bool:
        return self.source.name == "conftest.py"

    @property
    def stem(self) -> str:
        return self.source.name.removesuffix(".py")


def parse(source: Source) -> Module | None:
    """The module of a file; None for what does not parse."""
    try:
        tree = ast.parse(source.text or "") if source.text is not None else None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        tree = None
    if tree is None:
        return None
    module = Module(source, tree)
    for node in ast.walk(tree):
        for child in ast.iter_child_nodes(node):
            module.parents[child] = node
        if isinstance(node, Function):
            module.functions[node.name].append(node)
        elif isinstance(node, ast.ClassDef):
            module.classes[node.name].append(node)
        elif isinstance(node, ast.Import):
            module.imports |= {
                alias.asname or alias.name.split(".")[0]: (alias.name, "") for alias in node.names
            }
        elif isinstance(node, ast.ImportFrom):
            home = "." * node.level + (node.module or "")
            for alias in node.names:
                name = f"*{home}" if alias.name == "*" else alias.asname or alias.name
                module.imports[name] = (home, alias.name)
    for node in ast.walk(tree):
        if module.scope(node) is None and module.class_of(node) is None:
            for name, value in bindings(node):
                module.bound[name].append(value)
    return module


def bindings(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """The names that a statement binds, each with its value; None where that is no expression of its own."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                if isinstance(target, ast.Name):
                    yield target.id, value
                else:
                    yield from ((name.id, None) for name in ast.walk(target) if isinstance(name, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name), value=value) if value is not None:
            yield name, value
        case ast.NamedExpr(target=ast.Name(id=name), value=value):
            yield name, value
        case ast.AugAssign(target=ast.Name(id=name)):
            yield name, None
        case (
            ast.For(target=target, iter=values)
            | ast.AsyncFor(target=target, iter=values)
            | ast.comprehension(target=target, iter=values)
        ):
            iterated = elements(values) if isinstance(target, ast.Name) else None
            if isinstance(target, ast.Name) and iterated is not None:
                yield from ((target.id, value) for value in iterated)
            else:
                yield from ((name.id, None) for name in ast.walk(target) if isinstance(name, ast.Name))
        case ast.withitem(optional_vars=ast.expr() as target):
            yield from ((name.id, None) for name in ast.walk(target) if isinstance(name, ast.Name))
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            yield from ((name, None) for name in names)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)):
            yield name, None


def elements(node: ast.expr) -> list[ast.expr] | None:
    """What stands in a list, a tuple or a set that is written out; None for anything else."""
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return None if any(isinstance(each, ast.Starred) for each in node.elts) else list(node.elts)
    return None


def called(node: ast.AST) -> str:
    """The last name of what is called or named: `use_cassette` of `my.vcr.use_cassette`."""
    match node:
        case ast.Call(func=func):
            return called(func)
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
    return ""


def dotted(node: ast.AST) -> str:
    """`a.b.c` of names; "" of anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return f"{before}.{name}" if (before := dotted(value)) else ""
    return ""


def argument(call: ast.Call, position: int, name: str) -> ast.expr | None:
    """What is passed by position or name; a call with `*` or `**` passes what nobody knows: see `is_open`."""
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    return call.args[position] if -1 < position < len(call.args) else None


def is_open(call: ast.Call) -> bool:
    return any(isinstance(each, ast.Starred) for each in call.args) or any(
        keyword.arg is None for keyword in call.keywords
    )


def parameters(function: Function | ast.Lambda) -> list[str]:
    given = function.args
    names = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return names + [each.arg for each in (given.vararg, given.kwarg) if each]


def default(function: Function, name: str) -> ast.expr | None:
    given = function.args
    plain = [*given.posonlyargs, *given.args]
    for each, value in zip(reversed(plain), reversed(given.defaults), strict=False):
        if each.arg == name:
            return value
    for each, other in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        if each.arg == name:
            return other
    return None


def is_injected(function: Function) -> bool:
    """Whether pytest passes the arguments: a test or a fixture."""
    return function.name.startswith("test") or any(
        called(each) in ("fixture", "yield_fixture") for each in function.decorator_list
    )


def fixture_name(function: Function, decorator: ast.expr) -> str:
    if isinstance(decorator, ast.Call):
        given = argument(decorator, -1, "name")
        if isinstance(given, ast.Constant) and isinstance(given.value, str):
            return given.value
    return function.name


def holds(conftest: Module, module: Module) -> bool:
    return module.source.path.startswith(f"{conftest.source.folder}/")

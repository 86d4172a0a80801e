"""What Python tests call their cassettes: vcrpy's `use_cassette` and `VCRTestCase`.

By vcrpy's `config.py`: a path is taken as it is, below `cassette_library_dir` where there is one; a decorated
function without a path gives its own name, beside its file. What pytest's plugins add is in `pytest_names`.
"""

import ast
from collections.abc import Iterable, Iterator

from cassette_cli.naming.pytest_names import Suite
from cassette_cli.naming.python_modules import Module, argument, called, dotted, is_open, parse
from cassette_cli.naming.python_values import NOWHERE, Around, Project
from cassette_cli.naming.shapes import ANY, Claim, Names, Shape, Source, claim, joined, literal, merged

ID = "Python"
SUFFIXES: tuple[str, ...] = (".py",)
RECORDERS = frozenset({"vcrpy", "langchain"})


def names(sources: Iterable[Source]) -> Names:
    """What the Python files of a suite say."""
    sources = list(sources)
    modules = {source: parse(source) for source in sources}
    project = Project([module for module in modules.values() if module])
    claims = [
        Claim(ANY, source.path, 1, "does not parse, so any name could stand in it", sure=False)
        for source, module in modules.items()
        if module is None
    ]
    suite = Suite(project)
    calls = list(_calls(project, suite))
    claims += [*calls, *suite.claims(), *_test_cases(project, suite)]
    if "register_persister" in project.calls:
        claims += suite.everywhere("a persister of its own may put the cassette of {} elsewhere")
    uses = bool(calls) or suite.has_marks or any(_is_test_case(module, project) for module in project.modules)
    return Names(claims, _strings(project), recorders=uses)


def _strings(project: Project) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    for module in project.modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.setdefault(node.value, (module.source.path, node.lineno))
    return found


# -- use_cassette --------------------------------------------------------------------------------------


def _calls(project: Project, suite: Suite) -> Iterator[Claim]:
    for module in project.modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and called(node) == "use_cassette":
                yield from _call(node, module, project, suite)
            elif isinstance(node, ast.Call) and dotted(node.func) in (
                "Cassette.load",
                "Cassette.use",
                "vcr.cassette.Cassette.load",
            ):
                path = argument(node, 0, "path")
                yield from _claims(project.shapes(path, module), [()], module, node, dotted(node.func))
            elif (
                isinstance(node, ast.Call)
                and called(node) == "test_case"
                and "vcr" in ast.unparse(node).lower()
            ):
                yield Claim(
                    ANY, module.source.path, node.lineno, "test_case() names cassettes by itself", sure=False
                )
            elif _is_loose(node, module):
                yield from _loose(node, module, project)


def _is_loose(node: ast.AST, module: Module) -> bool:
    """Whether `use_cassette` stands here as a value."""
    if not isinstance(node, ast.Name | ast.Attribute) or called(node) != "use_cassette":
        return False
    parent = module.parents.get(node)
    return not (isinstance(parent, ast.Call) and parent.func is node) and isinstance(node.ctx, ast.Load)


def _loose(node: ast.AST, module: Module, project: Project) -> Iterator[Claim]:
    parent = module.parents.get(node)
    line = getattr(node, "lineno", 1)
    if isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef) and node in parent.decorator_list:
        assert isinstance(node, ast.Name | ast.Attribute)  # noqa: S101 - for the type checker
        yield from _default(parent, [], node, module, project)
    else:
        yield Claim(
            ANY, module.source.path, line, "use_cassette is handed on, to be called with any name", sure=False
        )


def _call(node: ast.Call, module: Module, project: Project, suite: Suite) -> Iterator[Claim]:
    parent = module.parents.get(node)
    path = argument(node, 0, "path")
    is_decorator = (
        isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef) and node in parent.decorator_list
    )
    if is_open(node) and path is None:
        yield Claim(ANY, module.source.path, node.lineno, "use_cassette(**…) may name any", sure=False)
    elif path is None and is_decorator:
        assert isinstance(parent, ast.FunctionDef | ast.AsyncFunctionDef)  # noqa: S101
        yield from _default(parent, node.keywords, node.func, module, project)
    elif path is None:
        yield Claim(ANY, module.source.path, node.lineno, "use_cassette() of what is not known", sure=False)
    else:
        folders, plain = _folders(node.keywords, node.func, module, project)
        around = Around(test_names=tuple(suite.names_below(module)))
        shapes = project.shapes(path, module, around) if plain else [ANY]
        yield from _claims(shapes, folders, module, node, "use_cassette")


def _default(
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    keywords: list[ast.keyword],
    instance: ast.expr,
    module: Module,
    project: Project,
) -> Iterator[Claim]:
    """The name that a decorated function gives: its own, beside its file unless there is a library."""
    folders, plain = _folders(keywords, instance, module, project, beside=(module.source.folder,))
    generated = "func_path_generator" in {each.arg for each in keywords} or _sets(
        project, "func_path_generator"
    )
    shapes: list[Shape] = [(function.name,)] if plain and not generated else [ANY]
    yield from _claims(shapes, folders, module, function, f"use_cassette on {function.name}")


def _claims(
    shapes: list[Shape], folders: list[Shape], module: Module, node: ast.AST, how: str
) -> Iterator[Claim]:
    line = getattr(node, "lineno", 1)
    for folder in folders:
        for shape in shapes:
            starts = (shape[0] or "") if shape else ""
            inside = not folder or starts.startswith("/") or (literal(folder) or "/") in starts
            path = shape if inside else merged((*folder, "/", *shape))
            yield claim(None, path, module.source.path, line, how)


def _folders(
    keywords: list[ast.keyword],
    instance: ast.expr,
    module: Module,
    project: Project,
    beside: Shape = (),
) -> tuple[list[Shape], bool]:
    """Where the cassettes of a VCR stand, as its options say it; whether names stay as they are."""
    given = {each.arg: (module, each.value) for each in keywords if each.arg}
    owner = instance.value if isinstance(instance, ast.Attribute) else instance
    made = _instance(owner, module, project)
    if made is None:  # somebody else's: any of those that are made may be meant
        plain = not _sets(project, "path_transformer") and _is_plain(given.get("path_transformer"))
        return [()], plain
    home, call = made
    options = {each.arg: (home, each.value) for each in call.keywords if each.arg} if call else {}
    options |= given
    plain = _is_plain(options.get("path_transformer")) and not (call and is_open(call))
    changed = "cassette_library_dir" in project.attributes or "path_transformer" in project.attributes
    if changed or (call and is_open(call)):
        return [()], plain and "path_transformer" not in project.attributes
    if "cassette_library_dir" not in options:
        return [beside], plain
    place, value = options["cassette_library_dir"]
    return project.shapes(value, place), plain


def _instance(
    owner: ast.expr, module: Module, project: Project, depth: int = 0
) -> tuple[Module, ast.Call | None] | None:
    """The call that made a VCR; a None for the one that `import vcr` gives; None if that is not known."""
    if isinstance(owner, ast.Call) and called(owner) == "VCR":
        return module, owner
    if not isinstance(owner, ast.Name) or depth > 4:
        return None
    if owner.id in module.imports and module.imports[owner.id][0] == "vcr":
        is_module = module.imports[owner.id][1] in ("", "use_cassette", "default_vcr")
        return (module, None) if is_module else None
    values = (
        project.bound(module, owner.id)
        if module.scope(owner) is None or owner.id in module.bound or (owner.id in module.imports)
        else []
    )
    if len(values) != 1 or values[0][1] is None:
        return None
    return _instance(values[0][1], values[0][0], project, depth + 1)


def _is_plain(option: tuple[Module, ast.expr] | None) -> bool:
    """Whether a path_transformer leaves a name as it is, but for a suffix."""
    return option is None or called(option[1]) == "ensure_suffix"


def _sets(project: Project, option: str) -> bool:
    """Whether any VCR of the suite is made with an option that changes names in ways that are not known."""
    for name, calls in project.calls.items():
        for _, call in calls:
            given = argument(call, -1, option)
            if (given is not None and called(given) != "ensure_suffix") or (name == "VCR" and is_open(call)):
                return True
    return option in project.attributes


# -- VCRTestCase -----------------------------------------------------------------------------------------


def _is_test_case(module: Module, project: Project) -> bool:
    return any(_descends(cls, project) for classes in module.classes.values() for cls in classes)


def _descends(cls: ast.ClassDef, project: Project, depth: int = 0) -> bool:
    """Whether a class comes of vcrpy's test case, by the names of its bases."""
    for base in cls.bases:
        if called(base) in ("VCRMixin", "VCRTestCase"):
            return True
        for other in project.modules:
            if depth < 5 and any(
                _descends(up, project, depth + 1) for up in other.classes.get(called(base), ())
            ):
                return True
    return False


def _test_cases(project: Project, suite: Suite) -> Iterator[Claim]:
    """`Class.method.yaml` in `cassettes` beside the file, as vcrpy's `unittest.py` has it."""
    named = "_get_cassette_name" in project.functions
    for module in project.modules:
        for cls in (each for classes in module.classes.values() for each in classes):
            if not _descends(cls, project):
                continue
            folders = _own_folders(project) or [(module.source.folder + "/cassettes",)]
            for test, line in suite.methods(cls, module):
                shape: Shape = (
                    ANY if named else (f"{cls.name}.{test}.yaml",) if test else (f"{cls.name}.", None)
                )
                for path in joined(folders, [("/",)], [shape]):
                    yield claim(None, path, module.source.path, line, f"VCRTestCase {cls.name}.{test or '…'}")


def _own_folders(project: Project) -> list[Shape]:
    """What the suite's own `_get_cassette_library_dir` may give, and a VCR's options that it passes."""
    found: list[Shape] = []
    for module in project.modules:
        for function in module.functions.get("_get_cassette_library_dir", ()):
            found += project.returned(function, module, NOWHERE)
        if "_get_vcr_kwargs" in module.functions and "cassette_library_dir" in (module.source.text or ""):
            found.append(ANY)
        found += [ANY] * ("_get_vcr" in module.functions)
    return found

"""What may name cassettes in ways that are not followed: each is a doubt, and keeps what it could name."""

import ast
import re
from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING

from cassette_cli.naming.python_modules import Function, Module, called, dotted, is_injected, parameters
from cassette_cli.naming.shapes import ANY, Claim, Shape, claim, merged

if TYPE_CHECKING:
    from cassette_cli.naming.pytest_names import Suite

_COLLECTORS = frozenset({"pytest_collect_file", "pytest_pycollect_makeitem", "pytest_pycollect_makemodule"})
_RECORDS = re.compile(r"vcr|cassette|recorded|recording|replay|(?:^|_)tapes?(?:_|$)", re.IGNORECASE)
_PLUGINS = ("vcr", "vcr_cassette", "vcr_cassette_dir", "vcr_cassette_name", "vcr_config", "vcr_markers")


def doubts(suite: "Suite") -> Iterator[Claim]:
    """The claims, none of them sure, of whatever a suite does that is not followed."""
    yield from _inherited(suite)
    yield from _made(suite)
    yield from _strange(suite)
    yield from _elsewhere(suite)


def _inherited(suite: "Suite") -> Iterator[Claim]:
    """Tests that a class has of a base that is not here: anything behind its own name."""
    for module in suite.project.modules:
        for name in module.imports:
            if name.startswith(("test_", "Test")) and not suite.project.imported(module, name):
                how = f"{name} is imported from what is not among the tests"
                yield Claim((None, f"/{name}", None), module.source.path, 1, how, sure=False)
        for cls in (each for classes in module.classes.values() for each in classes):
            if odd := suite.odd_bases(cls, module):
                yield Claim((None, f"/{cls.name}.", None), module.source.path, cls.lineno, odd, sure=False)


def _made(suite: "Suite") -> Iterator[Claim]:
    """Tests that a file makes as it is imported: names of what is computed, classes in functions."""
    for module in suite.project.modules:
        made: list[tuple[Shape, int]] = []
        if "vcr" in (module.source.text or "") or suite.hooked:
            made = [((name, None), line) for name, line in _bound_tests(module)]
            made += [(ANY, line) for line in _computed_names(module)]
        for (shape, line), folder in product(made, suite.folders(module, [])):
            path = merged((*folder, "/", *shape))
            how = "may make a test as it is imported"
            yield claim(None, path, module.source.path, line, how, sure=False)


def _strange(suite: "Suite") -> Iterator[Claim]:
    """What by its name records, and is not among the tests: a function of any name, a fixture."""
    for module in suite.project.modules:
        for name, (home, there) in module.imports.items():
            known = home.split(".")[0] in ("vcr", "pytest_recording") or suite.project.imported(module, name)
            if _RECORDS.search(there) and not known:
                how = f"{there} of {home} is not among the tests, and may name any"
                yield Claim(ANY, module.source.path, 1, how, sure=False)
    for test in suite.tests:
        for name in parameters(test.function):
            if _RECORDS.search(name) and name not in (*_PLUGINS, *suite.project.fixtures):
                how = f"{name} is not among the tests, and may name a cassette after {test.title}"
                shape: Shape = (None, test.function.name, None)
                yield Claim(shape, test.module.source.path, test.function.lineno, how, sure=False)


def _elsewhere(suite: "Suite") -> Iterator[Claim]:
    """Configuration that moves names in ways that are not followed."""
    for module in suite.project.modules:
        for node in ast.walk(module.tree):
            keys = node.keys if isinstance(node, ast.Dict) else ()
            for key in keys:
                if isinstance(key, ast.Constant) and key.value in (
                    "path_transformer",
                    "func_path_generator",
                ):
                    how = f"{key.value} may change every name"
                    yield Claim(ANY, module.source.path, key.lineno, how, sure=False)
        for name in _COLLECTORS & module.functions.keys():
            line = module.functions[name][0].lineno
            yield Claim(ANY, module.source.path, line, f"{name} makes tests in its own way", sure=False)
        if any(_renames(module)):
            yield from suite.everywhere("a hook may give {} another name")
        if any(home.startswith("pytest_bdd") for home, _ in module.imports.values()):
            yield Claim(ANY, module.source.path, 1, "pytest-bdd makes tests of scenarios", sure=False)
    for module, value in suite.project.attributes.get("path_transformer", ()):
        line = getattr(value, "lineno", 1)
        yield Claim(ANY, module.source.path, line, "path_transformer may change every name", sure=False)


def _renames(module: Module) -> Iterator[bool]:
    """Whether a hook of pytest sets the names of tests."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            hook = module.scope(node)
            named = node.attr in ("name", "_nodeid", "originalname")
            yield named and isinstance(hook, Function) and hook.name.startswith("pytest_")


def _bound_tests(module: Module) -> Iterator[tuple[str, int]]:
    """Names of tests that stand for what an expression gives, and classes of tests inside functions."""
    for node in ast.walk(module.tree):
        owner = module.parents.get(node)
        if isinstance(node, ast.ClassDef) and module.scope(node) is not None:
            yield f"{node.name}.", node.lineno
        elif isinstance(node, ast.Assign) and module.scope(node) is None and not _is_data(node.value):
            prefix = f"{owner.name}." if isinstance(owner, ast.ClassDef) else ""
            for target in node.targets:
                if called(target).startswith("test"):
                    yield prefix + called(target), node.lineno
                elif called(target).startswith("Test"):
                    yield called(target) + ".", node.lineno


def _is_data(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant | ast.List | ast.Tuple | ast.Dict | ast.Set | ast.JoinedStr)


def _computed_names(module: Module) -> Iterator[int]:
    """The lines outside of tests that bind names which are not written out: any test may be made there."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and dotted(node.func) in ("globals", "setattr"):
            function = module.scope(node)
            if not (isinstance(function, Function) and is_injected(function)):
                yield node.lineno

r"""What pytest-recording and pytest-vcr call the cassettes of the tests that are marked `vcr`.

pytest-recording: `cassettes/MODULE/Class.test[id].yaml` beside the test file, with `<>?%*:|"'/\` as
dashes; marks may name further files in that folder, `default_cassette` another name, the fixtures
`vcr_cassette_dir`, `default_cassette_name` and `vcr_config` other places. pytest-vcr: `cassettes/` alone, and
`vcr_cassette_name`. Where it cannot be told which of the two is meant, both are.
"""

import ast
import builtins
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import product

from cassette_cli.naming.pytest_doubts import doubts
from cassette_cli.naming.python_ids import decorator_root, ids
from cassette_cli.naming.python_modules import (
    Function,
    Module,
    called,
    dotted,
    holds,
    is_open,
    parameters,
)
from cassette_cli.naming.python_values import Around, Project
from cassette_cli.naming.shapes import ANY, Claim, Piece, Shape, claim, joined, merged

_FORBIDDEN = str.maketrans(dict.fromkeys("<>?%*:|\"'/\\", "-"))
_KNOWN_DECORATORS = frozenset({
    "pytest", "unittest", "mock", "vcr", "respx", "responses", "requests_mock", "freezegun", "time_machine",
    "hypothesis", "functools", "contextlib", "typing", "typing_extensions", "asyncio", "django", "httpretty",
    "moto", "flaky", "abc",
})  # fmt: skip
_UNNAMED = "is no test by its name"
_COMPOUND = (
    ast.If, ast.Try, ast.TryStar, ast.ExceptHandler, ast.With, ast.For, ast.While, ast.Match, ast.match_case,
)  # fmt: skip
_KNOWN_BASES = frozenset(
    {
        *dir(builtins),
        "TestCase",
        "IsolatedAsyncioTestCase",
        "ABC",
        "Generic",
        "Protocol",
        "VCRMixin",
        "VCRTestCase",
    }
)


@dataclass(frozen=True)
class Test:
    """A test as pytest collects it; `odd` says what is not known of it."""

    module: Module
    function: Function
    cls: ast.ClassDef | None
    names: tuple[Shape, ...]
    whole: bool
    marks: tuple[tuple[Module, ast.expr], ...]  # closest first
    odd: str = ""

    @property
    def title(self) -> str:
        return f"{self.cls.name}.{self.function.name}" if self.cls else self.function.name


class Suite:
    """The tests of a project and their marks."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.hooked = self._is_hooked()
        self.renaming = self._renaming()
        self.tests = [test for module in project.modules for test in self._tests(module)]
        self.has_marks = self.hooked or any(self._uses(test) for test in self.tests)

    # -- collecting --------------------------------------------------------------------------------------

    def _tests(self, module: Module) -> Iterator[Test]:
        file_marks = self._pytestmarks(module.tree.body, module)
        for node in module.tree.body:
            yield from self._below(node, None, module, file_marks, "")
        for name, (_, there) in module.imports.items():  # pytest collects what is imported, too
            home = self.project.imported(module, name)
            for node in home.tree.body if home and home is not module else ():
                if there in ("*", getattr(node, "name", None)):
                    for test in self._below(node, None, home or module, file_marks, ""):
                        yield replace(test, module=module)

    def _below(
        self,
        node: ast.AST,
        cls: ast.ClassDef | None,
        module: Module,
        marks: list[tuple[Module, ast.expr]],
        odd: str,
    ) -> Iterator[Test]:
        if isinstance(node, ast.ClassDef):
            yield from self._of_class(node, module, marks, odd)
        elif isinstance(node, Function) and node.name.startswith("test"):
            yield self._test(node, cls, module, marks, odd)
        elif isinstance(node, Function):
            if not any("fixture" in called(each) for each in node.decorator_list):
                yield self._test(node, cls, module, marks, odd or _UNNAMED)
        elif isinstance(node, _COMPOUND):
            for inner in ast.iter_child_nodes(node):
                yield from self._below(inner, cls, module, marks, odd)

    def _of_class(
        self, cls: ast.ClassDef, module: Module, marks: list[tuple[Module, ast.expr]], odd: str
    ) -> Iterator[Test]:
        """The tests of a class, inherited ones too, with the marks of it and of its bases."""
        odd = odd or self._odd(cls.decorator_list, module) or self.odd_bases(cls, module)
        marks = [*self._marks(cls.decorator_list, module), *self._pytestmarks(cls.body, module), *marks]
        seen: set[str] = set()
        for home, up in self._lineage(cls, module):
            if up is not cls:
                marks = [*self._marks(up.decorator_list, home), *self._pytestmarks(up.body, home), *marks]
        for home, up in self._lineage(cls, module):
            for node in up.body:
                if isinstance(node, ast.ClassDef) and up is cls:
                    yield from self._of_class(node, home, marks, odd)
                elif not (isinstance(node, Function) and node.name in seen):
                    seen |= {node.name} if isinstance(node, Function) else set()
                    for test in self._below(node, cls, home, marks, odd):
                        yield replace(test, module=module, cls=cls)

    def _lineage(
        self, cls: ast.ClassDef, module: Module, depth: int = 0
    ) -> list[tuple[Module, ast.ClassDef]]:
        found = [(module, cls)]
        for base in cls.bases if depth < 6 else ():
            for home, up in self._classes(called(base), module):
                if up is not cls:
                    found += self._lineage(up, home, depth + 1)
        return found

    def _classes(self, name: str, module: Module) -> list[tuple[Module, ast.ClassDef]]:
        if name in module.classes:
            return [(module, cls) for cls in module.classes[name]]
        return [(other, cls) for other in self.project.modules for cls in other.classes.get(name, ())]

    def _test(
        self,
        function: Function,
        cls: ast.ClassDef | None,
        module: Module,
        marks: list[tuple[Module, ast.expr]],
        odd: str,
    ) -> Test:
        own = [*self._marks(reversed(function.decorator_list), module), *marks]
        found, whole = ids(function, own, module, self.project)
        if any(called(mark) == "anyio" for _, mark in own):
            whole = False
        names = tuple(joined([(function.name,)], found))
        return Test(
            module, function, cls, names, whole, tuple(own), odd or self._odd(function.decorator_list, module)
        )

    def _odd(self, decorators: list[ast.expr], module: Module) -> str:
        """Of a decorator that may do anything, what to say."""
        for each in decorators:
            root = decorator_root(each)
            home = module.imports.get(root, ("", ""))[0].split(".")[0]
            known = home in _KNOWN_DECORATORS or called(each) == "use_cassette"
            known = known or (
                root not in module.imports and root in ("staticmethod", "classmethod", "property")
            )
            if not known and not list(self._marks([each], module)):
                return f"@{root or 'a decorator'} may name its cassette"
        return ""

    def odd_bases(self, cls: ast.ClassDef, module: Module) -> str:
        for home, up in self._lineage(cls, module):
            for base in up.bases:
                name = called(base)
                if name not in _KNOWN_BASES and not self._classes(name, home):
                    return f"{name or 'a base'} of {cls.name} is not among the tests"
        return ""

    # -- marks -------------------------------------------------------------------------------------------

    def _pytestmarks(self, body: list[ast.stmt], module: Module) -> list[tuple[Module, ast.expr]]:
        values: list[ast.expr] = []
        for node in _statements(body):
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) and node.value:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                values += [node.value] * any(called(target) == "pytestmark" for target in targets)
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                values += node.value.args * dotted(node.value.func).startswith("pytestmark.")  # append
        return list(self._marks(values, module))

    def _marks(
        self, nodes: Iterable[ast.expr], module: Module, depth: int = 0
    ) -> Iterator[tuple[Module, ast.expr]]:
        """The marks among these expressions: written out, or under the name of a constant."""
        for node in nodes:
            target = node.func if isinstance(node, ast.Call) else node
            if ".mark." in f".{dotted(target)}":
                yield module, node
            elif isinstance(node, ast.List | ast.Tuple | ast.BinOp | ast.IfExp | ast.Starred):
                parts = [each for each in ast.iter_child_nodes(node) if isinstance(each, ast.expr)]
                yield from self._marks(parts, module, depth + 1)
            elif isinstance(target, ast.Name) and depth < 5:
                for home, value in self.project.bound(module, target.id):
                    for place, mark in self._marks([value] if value else [], home, depth + 1):
                        yield (module, _renamed(node, mark)) if isinstance(node, ast.Call) else (place, mark)

    def _is_hooked(self) -> bool:
        """Whether code adds marks that may be `vcr`."""
        for module, call in self._added:
            marks = list(self._marks(call.args[:1], module))
            if not marks or any(called(mark) == "vcr" for _, mark in marks):
                return True
        return any(_touches(module, "own_markers") for module in self.project.modules)

    @property
    def _added(self) -> list[tuple[Module, ast.Call]]:
        return [(module, call) for module, call in self.project.calls["add_marker"] if call.args]

    def _renaming(self) -> list[Shape]:
        """The names that code gives to tests by marks of its own."""
        marks = [each for module, call in self._added for each in self._marks(call.args[:1], module)]
        return [
            shape
            for home, mark in marks
            if called(mark) == "default_cassette" and isinstance(mark, ast.Call)
            for shape in self.project.shapes(mark.args[0] if mark.args else None, home)
        ]

    def _vcr(self, test: Test) -> list[tuple[Module, ast.expr]]:
        return [(home, mark) for home, mark in test.marks if called(mark) == "vcr"]

    def _uses(self, test: Test) -> bool:
        inside = any(
            called(mark) == "vcr"
            for each in test.function.decorator_list
            for mark in ast.walk(each)
            if isinstance(mark, ast.Attribute)
        )  # pytest.param(..., marks=pytest.mark.vcr) too
        wanted = "vcr_cassette" in parameters(test.function) or any(
            called(mark) == "usefixtures" and "vcr_cassette" in ast.unparse(mark) for _, mark in test.marks
        )
        return bool(self._vcr(test)) or inside or wanted

    # -- claims ------------------------------------------------------------------------------------------

    def claims(self) -> Iterator[Claim]:
        for test in self.tests:
            line = test.function.lineno
            if test.odd == _UNNAMED:
                if self._uses(test) or self.hooked:
                    yield from self._of_test(test, sure=False, how="{}, if pytest collects it")
                continue
            if self._uses(test):
                yield from self._of_test(test, sure=True)
            elif self.hooked:
                yield from self._of_test(test, sure=False, how="{}, which a hook may mark")
            if test.odd:
                shape = merged((None, "/", *(("", None) if test.cls else ()), test.function.name, None))
                yield Claim(shape, test.module.source.path, line, f"{test.title}: {test.odd}", sure=False)
        yield from doubts(self)

    def _of_test(self, test: Test, *, sure: bool, how: str = "{} marked vcr") -> Iterator[Claim]:
        path, line = test.module.source.path, test.function.lineno
        said = how.format(test.title)
        folders = self.folders(test.module, self._vcr(test))
        for name in self._names(test):
            for folder in folders:
                yield claim(None, merged((*folder, "/", *name)), path, line, said, sure=sure)
        for folder, name in product(folders, self.renaming):
            how = f"{said}, which a hook may name"
            yield claim(None, merged((*folder, "/", *name)), path, line, how, sure=False)
        for home, mark in self._vcr(test):
            if not isinstance(mark, ast.Call):
                continue
            if is_open(mark):
                yield Claim(ANY, path, line, f"{said} with more than can be told", sure=False)
            for extra in mark.args:
                for shape in self.project.shapes(extra, home):
                    for folder in folders:
                        inside = (
                            shape
                            if shape[:1] and (shape[0] or "").startswith("/")
                            else (*folder, "/", *shape)
                        )
                        yield claim(
                            None, merged(inside), path, line, f"a vcr mark of {test.title}", sure=sure
                        )

    def _names(self, test: Test) -> list[Shape]:
        """The names that either plugin may give, without their suffix."""
        for home, mark in test.marks:
            if called(mark) == "default_cassette" and isinstance(mark, ast.Call):
                return self.project.shapes(mark.args[0] if mark.args else None, home)
        for fixture in ("default_cassette_name", "vcr_cassette_name"):
            if self.project.fixtures_of(fixture, test.module):
                cls = test.cls.name if test.cls else None
                around = Around(test_file=test.module.source.path, test_names=test.names, test_class=cls)
                return self.project.fixture(fixture, test.module, around)
        before: tuple[Piece, ...] = (f"{test.cls.name}.",) if test.cls else ()
        given = [merged((*before, *name)) for name in test.names]
        given += [] if test.whole else [merged((*before, test.function.name, "[", None))]
        clean = [tuple(piece and piece.translate(_FORBIDDEN) for piece in name) for name in given]
        return list(dict.fromkeys([*clean, *given]))

    def folders(self, module: Module, marks: list[tuple[Module, ast.expr]]) -> list[Shape]:
        """Where the cassettes of a test file stand, as paths."""
        around = Around(test_file=module.source.path)
        beside = f"{module.source.folder}/cassettes"
        found: list[Shape] = [(f"{beside}/{module.stem}",), (beside,)]
        fixtures = self.project.fixtures_of("vcr_cassette_dir", module)
        if fixtures:
            given = self.project.fixture("vcr_cassette_dir", module, around)
            near = all(home is module or (home.is_conftest and holds(home, module)) for home, _ in fixtures)
            found = given if near else [*found, *given]
        if "cassette_library_dir" in self.project.attributes:
            found = [ANY]
        configs = self.project.fixtures_of("vcr_config", module)
        for home, function in configs:
            found += [
                shape for value in _options(function) for shape in self.project.shapes(value, home, around)
            ]
        for home, mark in marks:
            for keyword in mark.keywords if isinstance(mark, ast.Call) else ():
                if keyword.arg == "cassette_library_dir":
                    found += self.project.shapes(keyword.value, home, around)
        return found

    def everywhere(self, how: str) -> Iterator[Claim]:
        """The name of every test, in whatever folder."""
        for test in self.tests:
            shape: Shape = (None, test.function.name, None)
            yield Claim(
                shape, test.module.source.path, test.function.lineno, how.format(test.title), sure=False
            )

    # -- for the others ----------------------------------------------------------------------------------

    def names_below(self, module: Module) -> list[Shape]:
        """The names of the tests that can ask for a fixture of this module."""
        tests = [
            test
            for test in self.tests
            if test.odd != _UNNAMED
            and (test.module is module or (module.is_conftest and holds(module, test.module)))
        ]
        if not tests and not module.is_conftest:
            tests = [test for test in self.tests if test.odd != _UNNAMED]
        names = {name: None for test in tests for name in test.names}
        names |= {(test.function.name, "[", None): None for test in tests if not test.whole}
        return list(names)

    def methods(self, cls: ast.ClassDef, module: Module) -> list[tuple[str, int]]:
        """The tests of a class and their lines; "" for those that it may have of a base that is not here."""
        found = [
            (test.function.name, test.function.lineno)
            for test in self.tests
            if test.cls is cls and test.module is module and test.odd != _UNNAMED
        ]
        return [*found, ("", cls.lineno)] if self.odd_bases(cls, module) else found


def _statements(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The statements of a body, those below `if`, `try` and the like too."""
    for node in body:
        yield node
        if isinstance(node, _COMPOUND):
            yield from _statements(ast.iter_child_nodes(node))


def _touches(module: Module, name: str) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr == name for node in ast.walk(module.tree))


def _renamed(call: ast.Call, mark: ast.expr) -> ast.Call:
    """A mark that is called under another name, under its own."""
    func = mark.func if isinstance(mark, ast.Call) else mark
    return ast.copy_location(ast.Call(func=func, args=call.args, keywords=call.keywords), call)


def _options(function: Function) -> Iterator[ast.expr]:
    """What a `vcr_config` gives for `cassette_library_dir`."""
    for node in ast.walk(function):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "cassette_library_dir":
                    yield value
        elif isinstance(node, ast.keyword) and node.arg == "cassette_library_dir":
            yield node.value

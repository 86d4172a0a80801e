"""`prune orphans`: what a test names stays, what none could name goes, and doubt keeps everything.

The recorders make the files where they are installed (vcrpy), pytest itself says what tests are called; for
the others the names are those that their sources give.
"""
# ruff: noqa: E501 - rows of whole files

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from cassette_cli.cli import prune_orphans
from cassette_cli.errors import BadRequest
from cassette_cli.naming.ruby import sanitised
from cassette_cli.naming.shapes import Source, below, matches
from cassette_cli.orphans import File, Judged, Verdict, judge
from tests.corpus import CORPUS, needs_corpus
from tests.test_cli import SAMPLES, cassette

USED, ORPHAN, UNSURE = Verdict.USED, Verdict.ORPHAN, Verdict.UNSURE
_RECORDER = {".py": "vcrpy", ".go": "go-vcr", ".rb": "ruby-vcr"}


def judged(files: dict[str, str | None], *cassettes: str) -> list[Judged]:
    """The verdicts of a suite in /p, whose first file says which recorder writes the cassettes."""
    sources = [Source(f"/p/{path}", text) for path, text in files.items()]
    recorder = _RECORDER[Path(next(iter(files))).suffix]
    return judge(sources, [File(f"/p/{path}", recorder) for path in cassettes])


def verdicts(files: dict[str, str | None], *cassettes: str) -> list[Verdict]:
    return [one.verdict for one in judged(files, *cassettes)]


# -- Python: rows of (files, {cassette: verdict}) --------------------------------------------------------

VCR = "import pytest\nimport vcr\n"
MARKED = VCR + "@pytest.mark.vcr\n"
BESIDE = "t/cassettes/test_a"

PYTHON: dict[str, tuple[dict[str, str | None], dict[str, Verdict]]] = {
    "pytest-recording: a marked test": (
        {"t/test_a.py": MARKED + "def test_x(): ...\ndef test_y(): ..."},
        {
            f"{BESIDE}/test_x.yaml": USED,
            f"{BESIDE}/test_x.json": USED,
            f"{BESIDE}/test_x.yaml.gz": USED,
            f"{BESIDE}/test_y.yaml": ORPHAN,  # has no mark
            f"{BESIDE}/test_z.yaml": ORPHAN,
            f"{BESIDE}/test_x[a].yaml": ORPHAN,
            "t/cassettes/test_b/test_x.yaml": ORPHAN,
            "u/cassettes/test_a/test_x.yaml": ORPHAN,
        },
    ),
    "pytest-vcr: beside, without a folder for the file": (
        {"t/test_a.py": MARKED + "def test_x(): ..."},
        {"t/cassettes/test_x.yaml": USED, "t/cassettes/test_y.yaml": ORPHAN},
    ),
    "a class, by its mark": (
        {"t/test_a.py": MARKED + "class TestC:\n    def test_x(self): ...\n    def helper(self): ..."},
        {
            f"{BESIDE}/TestC.test_x.yaml": USED,
            f"{BESIDE}/test_x.yaml": ORPHAN,
            f"{BESIDE}/TestD.test_x.yaml": ORPHAN,
            f"{BESIDE}/TestC.helper.yaml": UNSURE,
        },
    ),
    "a file, by pytestmark": (
        {"t/test_a.py": VCR + "pytestmark = [pytest.mark.vcr, pytest.mark.slow]\nasync def test_x(): ..."},
        {f"{BESIDE}/test_x.yaml": USED, f"{BESIDE}/test_y.yaml": ORPHAN},
    ),
    "a mark under another name": (
        {
            "t/test_a.py": "from t.marks import recorded\n@recorded\ndef test_x(): ...",
            "t/marks.py": VCR + "recorded = pytest.mark.vcr(record_mode='none')",
        },
        {f"{BESIDE}/test_x.yaml": USED, f"{BESIDE}/test_y.yaml": ORPHAN},
    ),
    "a mark under another name, called": (
        {
            "t/test_a.py": VCR
            + "rec = pytest.mark.vcr\n@rec('shared.yaml')\ndef test_x(): ...\n@rec()\ndef test_y(): ...",
        },
        {
            f"{BESIDE}/test_x.yaml": USED,
            f"{BESIDE}/test_y.yaml": USED,
            f"{BESIDE}/shared.yaml": USED,
            f"{BESIDE}/test_z.yaml": ORPHAN,
        },
    ),
    "a test that is imported from another file": (
        {
            "t/test_a.py": VCR + "from t.shared import *\npytestmark = pytest.mark.vcr",
            "t/shared.py": "def test_x(): ...\nclass TestC:\n    def test_y(self): ...",
        },
        {f"{BESIDE}/test_x.yaml": USED, f"{BESIDE}/TestC.test_y.yaml": USED, f"{BESIDE}/test_z.yaml": ORPHAN},
    ),
    "a test that is imported from what is not here": (
        {"t/test_a.py": MARKED + "def test_w(): ...\nfrom acme import test_x, TestC"},
        {
            f"{BESIDE}/test_w.yaml": USED,
            f"{BESIDE}/test_x.yaml": UNSURE,
            f"{BESIDE}/TestC.test_x.yaml": UNSURE,
            f"{BESIDE}/test_y.yaml": ORPHAN,
        },
    ),
    "a decorator whose name is known, of a home that is not": (
        {"t/test_a.py": MARKED + "def test_w(): ...\nfrom acme import patch\n@patch\ndef test_x(): ..."},
        {f"{BESIDE}/test_w.yaml": USED, f"{BESIDE}/test_x.yaml": UNSURE, f"{BESIDE}/test_y.yaml": ORPHAN},
    ),
    "an inherited test, and the mark of the base": (
        {
            "t/test_a.py": "from t.base import Base\nclass TestC(Base): ...",
            "t/base.py": MARKED + "class Base:\n    def test_x(self): ...",
        },
        {f"{BESIDE}/TestC.test_x.yaml": USED, f"{BESIDE}/TestC.test_y.yaml": ORPHAN},
    ),
    "a base that is not here may have any test": (
        {"t/test_a.py": MARKED + "class TestC(Standard):\n    def test_x(self): ..."},
        {
            f"{BESIDE}/TestC.test_x.yaml": USED,
            f"{BESIDE}/TestC.test_y.yaml": UNSURE,
            f"{BESIDE}/TestD.test_y.yaml": ORPHAN,
        },
    ),
    "further names of a mark": (
        {"t/test_a.py": VCR + "@pytest.mark.vcr('shared.yaml', 'more/b.yaml')\ndef test_x(): ..."},
        {f"{BESIDE}/shared.yaml": USED, f"{BESIDE}/more/b.yaml": USED, f"{BESIDE}/c.yaml": ORPHAN},
    ),
    "default_cassette": (
        {"t/test_a.py": VCR + "@pytest.mark.default_cassette('e.yaml')\n@pytest.mark.vcr\ndef test_x(): ..."},
        {f"{BESIDE}/e.yaml": USED, f"{BESIDE}/test_x.yaml": ORPHAN},
    ),
    "what is forbidden in names is a dash": (
        {
            "t/test_a.py": VCR
            + "@pytest.mark.vcr\n@pytest.mark.parametrize('u', ['a/b', 'c:d'])\ndef test_x(u): ..."
        },
        {
            f"{BESIDE}/test_x[a-b].yaml": USED,
            f"{BESIDE}/test_x[c-d].yaml": USED,
            f"{BESIDE}/test_x[e].yaml": ORPHAN,
        },
    ),
    "parameters that are not written out": (
        {
            "t/test_a.py": VCR
            + "@pytest.mark.vcr\n@pytest.mark.parametrize('u', models())\ndef test_x(u): ..."
        },
        {
            f"{BESIDE}/test_x[a].yaml": UNSURE,
            f"{BESIDE}/test_x.yaml": ORPHAN,
            f"{BESIDE}/test_y[a].yaml": ORPHAN,
        },
    ),
    "a fixture with parameters, of a conftest": (
        {
            "t/test_a.py": MARKED + "def test_x(model): ...",
            "t/conftest.py": VCR + "@pytest.fixture(params=['gpt', 'opus'])\ndef model(request): ...",
        },
        {f"{BESIDE}/test_x[gpt].yaml": USED, f"{BESIDE}/test_x[old].yaml": ORPHAN},
    ),
    "a fixture that is not here may have parameters": (
        {"t/test_a.py": MARKED + "def test_x(stranger): ..."},
        {f"{BESIDE}/test_x.yaml": USED, f"{BESIDE}/test_x[a].yaml": UNSURE, f"{BESIDE}/test_y.yaml": ORPHAN},
    ),
    "pytest_generate_tests": (
        {
            "t/test_a.py": MARKED + "def test_x(): ...",
            "t/conftest.py": "def pytest_generate_tests(metafunc): metafunc.parametrize('a', b)",
        },
        {f"{BESIDE}/test_x[a].yaml": UNSURE, f"{BESIDE}/test_y[a].yaml": ORPHAN},
    ),
    "vcr_cassette_dir": (
        {
            "t/test_a.py": MARKED + "def test_x(): ...",
            "t/conftest.py": "import os, pytest\n@pytest.fixture(scope='module')\ndef vcr_cassette_dir(request):\n"
            "    return os.path.join(os.path.dirname(__file__), 'rec', request.node.fspath.purebasename)",
        },
        {
            "t/rec/test_a/test_x.yaml": USED,
            f"{BESIDE}/test_x.yaml": ORPHAN,
            "t/rec/test_b/test_x.yaml": ORPHAN,
        },
    ),
    "vcr_cassette_dir that is computed": (
        {
            "t/test_a.py": MARKED + "def test_x(): ...",
            "t/conftest.py": "import pytest\n@pytest.fixture\ndef vcr_cassette_dir(request):\n    return where()",
        },
        {"t/rec/test_x.yaml": UNSURE, "t/rec/test_y.yaml": ORPHAN},
    ),
    "vcr_cassette_dir by the name of the module": (
        {
            "t/test_a.py": MARKED + "def test_x(): ...",
            "t/conftest.py": "import pytest\nfrom pathlib import Path\nROOT = Path(__file__).parent\n@pytest.fixture\n"
            "def vcr_cassette_dir(request):\n    return str(ROOT / 'rec' / request.module.__name__)",
        },
        {
            "t/rec/test_a/test_x.yaml": USED,
            "t/rec/t.test_a/test_x.yaml": UNSURE,
            "t/rec/test_b/test_x.yaml": ORPHAN,
        },
    ),
    "a cassette for each class": (
        {
            "t/test_a.py": MARKED + "class TestC:\n    def test_x(self): ...",
            "t/conftest.py": "import pytest\n@pytest.fixture(scope='class')\ndef default_cassette_name(request):\n"
            "    return request.cls.__name__",
        },
        {f"{BESIDE}/TestC.yaml": USED, f"{BESIDE}/TestC.test_x.yaml": ORPHAN},
    ),
    "vcr_config with a library": (
        {
            "t/test_a.py": MARKED + "def test_x(): ...",
            "t/conftest.py": "import pytest\n@pytest.fixture\ndef vcr_config():\n"
            "    return {'cassette_library_dir': 'tests/rec'}",
        },
        {"tests/rec/test_x.yaml": USED, "tests/rec/test_y.yaml": ORPHAN},
    ),
    "names of a fixture": (
        {
            "t/test_a.py": MARKED + "def test_x(): ...",
            "t/conftest.py": "import pytest\n@pytest.fixture\ndef default_cassette_name(request):\n"
            "    return f'rec_{request.node.name}'",
        },
        {f"{BESIDE}/rec_test_x.yaml": USED, f"{BESIDE}/test_x.yaml": ORPHAN},
    ),
    "a hook that adds the mark": (
        {
            "t/test_a.py": "def test_x(): ...",
            "t/conftest.py": "import pytest\ndef pytest_collection_modifyitems(items):\n"
            "    for item in items: item.add_marker(pytest.mark.vcr)",
        },
        {f"{BESIDE}/test_x.yaml": UNSURE, f"{BESIDE}/test_y.yaml": ORPHAN},
    ),
    "a hook that adds another mark": (
        {
            "t/test_a.py": MARKED + "def test_x(): ...\ndef test_y(): ...",
            "t/conftest.py": "import pytest\ndef pytest_collection_modifyitems(items):\n"
            "    for item in items: item.add_marker(pytest.mark.slow)",
        },
        {f"{BESIDE}/test_x.yaml": USED, f"{BESIDE}/test_y.yaml": ORPHAN},
    ),
    "a decorator that nobody knows": (
        {"t/test_a.py": MARKED + "def test_w(): ...\n@magic\ndef test_x(): ..."},
        {f"{BESIDE}/test_x.yaml": UNSURE, f"{BESIDE}/test_y.yaml": ORPHAN},
    ),
    "vcrpy: a path": (
        {"t/test_a.py": "import vcr\ndef test_x():\n    with vcr.use_cassette('fixtures/a.yaml'): ..."},
        {
            "t/fixtures/a.yaml": USED,
            "fixtures/a.yaml": USED,
            "fixtures/b.yaml": ORPHAN,
            "other/a.yaml": ORPHAN,
        },
    ),
    "vcrpy: a library": (
        {
            "t/test_a.py": "from t.conf import my_vcr\n@my_vcr.use_cassette('a')\ndef test_x(): ...\n"
            "@my_vcr.use_cassette\ndef test_y(): ...\n@my_vcr.use_cassette()\ndef test_z(): ...",
            "t/conf.py": "import vcr\nmy_vcr = vcr.VCR(cassette_library_dir='t/rec', "
            "path_transformer=vcr.VCR.ensure_suffix('.yaml'))",
        },
        {
            "t/rec/a.yaml": USED,
            "t/rec/test_y.yaml": USED,
            "t/rec/test_z.yaml": USED,
            "t/rec/test_x.yaml": ORPHAN,
            "t/other/a.yaml": ORPHAN,
        },
    ),
    "vcrpy: the name of the function, beside its file": (
        {"t/test_a.py": "import vcr\n@vcr.use_cassette()\ndef test_x(): ..."},
        {"t/test_x": USED, "t/test_y": ORPHAN, "u/test_x": ORPHAN},
    ),
    "vcrpy: a computed name keeps what it could be": (
        {"t/test_a.py": "import vcr\ndef go(n):\n    with vcr.use_cassette(f'rec/{n()}_chat.yaml'): ..."},
        {"rec/a_chat.yaml": UNSURE, "rec/a_talk.yaml": ORPHAN, "other/a_chat.yaml": ORPHAN},
    ),
    "vcrpy: a helper, by its callers": (
        {
            "t/test_a.py": "from t.helper import recorded\ndef test_x():\n    recorded('one')\n    recorded(name='two')",
            "t/helper.py": "import os, vcr\nHERE = os.path.dirname(__file__)\ndef recorded(name):\n"
            "    return vcr.use_cassette(os.path.join(HERE, 'rec', name + '.yaml'))",
        },
        {"t/rec/one.yaml": USED, "t/rec/two.yaml": USED, "t/rec/three.yaml": ORPHAN},
    ),
    "vcrpy: a helper that is handed on": (
        {
            "t/test_a.py": "import vcr\ndef recorded(name):\n    return vcr.use_cassette('rec/' + name)\n"
            "recorded('one')\nlist(map(recorded, names()))",
        },
        {"rec/one": USED, "rec/three.yaml": UNSURE, "other/three.yaml": ORPHAN},
    ),
    "vcrpy: a helper that makes the path": (
        {
            "t/test_a.py": "import vcr\nfrom pathlib import Path\ndef path(name):\n"
            "    return str(Path(__file__).parent / 'rec' / f'{name}.yaml')\n"
            "def test_x():\n    with vcr.use_cassette(path('one')): ...",
        },
        {"t/rec/one.yaml": USED, "t/rec/two.yaml": ORPHAN},
    ),
    "vcrpy: the parameters of a test": (
        {
            "t/test_a.py": "import pytest, vcr\n@pytest.mark.parametrize('name', ['a', 'b'])\ndef test_x(name):\n"
            "    with vcr.use_cassette(f'rec/{name}.yaml'): ...",
        },
        {"rec/a.yaml": USED, "rec/b.yaml": USED, "rec/c.yaml": ORPHAN},
    ),
    "vcrpy: a fixture that names by the test": (
        {
            "t/test_a.py": "def test_x(recorded): ...\nclass TestC:\n    def test_y(self, recorded): ...",
            "t/conftest.py": "import pytest, vcr\n@pytest.fixture\ndef recorded(request):\n"
            "    with vcr.use_cassette(f'rec/{request.node.name}.yaml'): yield",
        },
        {"rec/test_x.yaml": USED, "rec/test_y.yaml": USED, "rec/test_z.yaml": ORPHAN},
    ),
    "vcrpy: a parameter that is bound anew": (
        {
            "t/test_a.py": "import vcr\ndef go(name=None):\n    if not name:\n        name = 'a'\n"
            "    return vcr.use_cassette('rec/' + name)\ngo(other())",
        },
        {"rec/a": USED, "rec/b": UNSURE},
    ),
    "vcrpy: percent": (
        {
            "t/test_a.py": "import vcr\nPATH = 'rec/%s.%s'\nvcr.use_cassette(PATH % ('a', 'yaml'))\n"
            "vcr.use_cassette('rec/%d' % n)"
        },
        {"rec/a.yaml": USED, "rec/7.yaml": UNSURE, "other/b.yaml": ORPHAN},
    ),
    "vcrpy: a folder of the test's own": (
        {
            "t/test_a.py": "import tempfile, vcr\ndef test_x(tmp_path, tmpdir):\n"
            "    vcr.use_cassette(tmp_path / name())\n    vcr.use_cassette(str(tmpdir.join('a.yaml')))\n"
            "    vcr.use_cassette(tempfile.mkdtemp() + '/a.yaml')\n    vcr.use_cassette('rec/b.yaml')",
        },
        {"rec/a.yaml": ORPHAN, "rec/b.yaml": USED},
    ),
    "vcrpy: a loop": (
        {"t/test_a.py": "import vcr\nfor n in ('a', 'b'):\n    with vcr.use_cassette(f'rec/{n}.yaml'): ..."},
        {"rec/a.yaml": USED, "rec/c.yaml": ORPHAN},
    ),
    "vcrpy: any name at all": (
        {"t/test_a.py": "import vcr\nvcr.use_cassette(names.pop())"},
        {"rec/a.yaml": UNSURE},
    ),
    "vcrpy: use_cassette as a value": (
        {
            "t/test_a.py": "import functools, vcr\nuse = functools.partial(vcr.use_cassette, record_mode='none')"
        },
        {"rec/a.yaml": UNSURE},
    ),
    "vcrpy: a path_transformer that may do anything": (
        {
            "t/test_a.py": "import vcr\nmine = vcr.VCR(path_transformer=shorten)\n"
            "with mine.use_cassette('a'): ...",
        },
        {"rec/b.yaml": UNSURE},
    ),
    "vcrpy: func_path_generator": (
        {
            "t/test_a.py": "import vcr\nmine = vcr.VCR(func_path_generator=name)\n@mine.use_cassette\ndef test_x(): ..."
        },
        {"t/b.yaml": UNSURE},
    ),
    "VCRTestCase": (
        {
            "t/test_a.py": "from vcr.unittest import VCRTestCase\nclass Base(VCRTestCase): ...\n"
            "class C(Base):\n    def test_x(self): ...",
        },
        {"t/cassettes/C.test_x.yaml": USED, "t/cassettes/C.test_y.yaml": ORPHAN},
    ),
    "VCRTestCase with a folder of its own": (
        {
            "t/test_a.py": "import os\nfrom vcr.unittest import VCRMixin\nclass C(VCRMixin):\n    def test_x(self): ...\n"
            "    def _get_cassette_library_dir(self):\n        return os.path.join('t', 'rec')",
        },
        {"t/rec/C.test_x.yaml": USED, "t/cassettes/C.test_x.yaml": ORPHAN},
    ),
    "a file that does not parse could name any": (
        {"t/test_a.py": MARKED + "def test_x(): ...", "t/test_b.py": "def test_y(:", "t/test_c.py": None},
        {f"{BESIDE}/test_x.yaml": USED, f"{BESIDE}/test_y.yaml": UNSURE},
    ),
    "a text that is the name, handed to a helper that is not here": (
        {"t/test_a.py": MARKED + "def test_x():\n    elsewhere.record('old/chat')"},
        {"rec/old/chat.yaml": UNSURE, "rec/new/chat.yaml": ORPHAN},
    ),
    "marks in every form of pytestmark": (
        {
            f"t/test_{name}.py": f"{VCR}{code}\ndef test_x(): ..."
            for name, code in {
                "annotated": "pytestmark: list = [pytest.mark.vcr]",
                "added": "pytestmark = []\npytestmark += [pytest.mark.vcr]",
                "appended": "pytestmark = []\npytestmark.append(pytest.mark.vcr)",
                "either": "pytestmark = [pytest.mark.vcr] if LIVE else []",
                "sum": "pytestmark = [pytest.mark.slow] + [pytest.mark.vcr]",
                "inside": "if LIVE:\n    pytestmark = pytest.mark.vcr",
            }.items()
        },
        {
            f"t/cassettes/test_{name}/test_x.yaml": USED
            for name in ("annotated", "added", "appended", "either", "sum", "inside")
        },
    ),
    "tests below any statement": (
        {
            "t/test_a.py": VCR + "pytestmark = pytest.mark.vcr\ntry:\n    import x\n"
            "except ImportError:\n    def test_x(): ...\nfor _ in '1':\n    def test_y(): ...\n"
            "match 1:\n    case 1:\n        def test_z(): ..."
        },
        {f"{BESIDE}/test_x.yaml": USED, f"{BESIDE}/test_y.yaml": USED, f"{BESIDE}/test_z.yaml": USED},
    ),
    "tests that are bound to names": (
        {
            "t/test_a.py": VCR + "pytestmark = pytest.mark.vcr\ntest_x = make()\nTestA = make()\n"
            "def make():\n    class TestB:\n        def test_y(self): ...\n    return TestB\ntest_data = [1]"
        },
        {
            f"{BESIDE}/test_x.yaml": UNSURE,
            f"{BESIDE}/TestA.test_y.yaml": UNSURE,
            f"{BESIDE}/TestB.test_y.yaml": UNSURE,
            f"{BESIDE}/test_z.yaml": ORPHAN,
            f"{BESIDE}/test_data.yaml": ORPHAN,
        },
    ),
    "tests that are bound to computed names": (
        {"t/test_a.py": MARKED + "def test_x(): ...\nfor n in NAMES:\n    globals()[n] = make(n)"},
        {f"{BESIDE}/test_x.yaml": USED, f"{BESIDE}/test_y.yaml": UNSURE, "t/cassettes2/test_y.yaml": ORPHAN},
    ),
    "setattr in a test makes none": (
        {"t/test_a.py": MARKED + "def test_x():\n    setattr(client, 'key', 1)"},
        {f"{BESIDE}/test_x.yaml": USED, f"{BESIDE}/test_y.yaml": ORPHAN},
    ),
    "a hook that names cassettes": (
        {
            "t/test_a.py": MARKED + "def test_x(): ...",
            "t/conftest.py": "import pytest\ndef pytest_collection_modifyitems(items):\n    for item in items:\n"
            "        item.add_marker(pytest.mark.default_cassette(item.name + '_h.yaml'))",
        },
        {f"{BESIDE}/test_x_h.yaml": UNSURE, f"{BESIDE}/test_y.yaml": ORPHAN, f"{BESIDE}/test_x.yaml": USED},
    ),
    "a hook that marks by itself": (
        {
            "t/test_a.py": MARKED + "def test_x(): ...\ndef test_y(): ...",
            "t/conftest.py": "def pytest_itemcollected(item):\n    item.own_markers.append(MARK)",
        },
        {f"{BESIDE}/test_y.yaml": UNSURE, f"{BESIDE}/test_z.yaml": ORPHAN},
    ),
    "a hook that renames tests": (
        {
            "t/test_a.py": MARKED + "def test_x(): ...",
            "t/conftest.py": "def pytest_collection_modifyitems(items):\n    items[0].name += '_v2'",
        },
        {f"{BESIDE}/test_x_v2.yaml": UNSURE, f"{BESIDE}/test_y.yaml": ORPHAN},
    ),
    "a hook that collects": (
        {"t/test_a.py": MARKED + "def test_x(): ...", "t/conftest.py": "def pytest_collect_file(): ..."},
        {f"{BESIDE}/test_x.yaml": USED, "t/any.yaml": UNSURE},
    ),
    "a step of a folder that may be none": (
        {
            "t/test_a.py": MARKED + "def test_x(): ...",
            "t/conftest.py": "import pytest\nfrom pathlib import Path\nBASE = Path(__file__).parent\n"
            "@pytest.fixture\ndef vcr_cassette_dir(request):\n"
            "    return str(BASE / 'data' / here(request) / Path(request.node.fspath).stem)",
        },
        {
            "t/data/test_a/test_x.yaml": UNSURE,
            "t/data/deep/test_a/test_x.yaml": UNSURE,
            "t/data/test_ab/test_x.yaml": ORPHAN,
        },
    ),
    "a recorder from elsewhere": (
        {
            "t/test_a.py": VCR
            + "from app.testing import use_tape\ndef test_x(n):\n    vcr.use_cassette('known')\n"
            "    use_tape(f'x_{n}')",
        },
        {"t/known.yaml": USED, "t/x_1.yaml": UNSURE},
    ),
    "a recording fixture from elsewhere": (
        {"t/test_a.py": VCR + "def test_x(my_cassette):\n    vcr.use_cassette('known')"},
        {"t/known.yaml": USED, "t/test_x.yaml": UNSURE, "t/test_y.yaml": ORPHAN},
    ),
    "bytes as pytest writes them": (
        {"t/test_a.py": MARKED + "@pytest.mark.parametrize('a', [b'\\xff\\n'])\ndef test_x(a): ..."},
        {f"{BESIDE}/test_x[-xff-n].yaml": USED},
    ),
    "a glob": (
        {
            "t/test_a.py": MARKED
            + "def test_x(): ...\ndef test_all():\n    for path in HERE.glob('all/*.yaml'): read(path)"
        },
        {f"{BESIDE}/test_x.yaml": USED, "t/all/a.yaml": UNSURE, "t/all/b.json": ORPHAN, "t/c.yaml": ORPHAN},
    ),
    "no test uses vcrpy": ({"t/test_a.py": "def test_x(): ..."}, {"rec/a.yaml": UNSURE}),
}


@pytest.mark.parametrize("name", PYTHON)
def test_python_names(name: str) -> None:
    files, expected = PYTHON[name]
    assert dict(zip(expected, verdicts(files, *expected), strict=True)) == expected


# -- Go --------------------------------------------------------------------------------------------------

HEAD = 'package p\nimport (\n"testing"\n"fmt"\n"path/filepath"\n"gopkg.in/dnaeon/go-vcr.v4/pkg/recorder"\n)\n'

GO: dict[str, tuple[dict[str, str | None], dict[str, Verdict]]] = {
    "a name": (
        {"p/a_test.go": HEAD + 'func TestA(t *testing.T) { r, _ := recorder.New("testdata/a") }'},
        {"p/testdata/a.yaml": USED, "p/testdata/b.yaml": ORPHAN, "q/testdata/a.yaml": ORPHAN},
    ),
    "a name that is in a comment only": (
        {
            "p/a_test.go": HEAD
            + '// recorder.New("testdata/a")\nfunc TestA(t *testing.T) { recorder.New("b") }'
        },
        {"p/b.yaml": USED, "p/testdata/a.yaml": ORPHAN},
    ),
    "a name with a suffix is given another": (
        {"p/a_test.go": HEAD + "func TestA(t *testing.T) { recorder.New(`x.cassette`) }"},
        {"p/x.cassette.yaml": USED},
    ),
    "the name of the test": (
        {
            "p/a_test.go": HEAD
            + 'func TestA(t *testing.T) { recorder.New(filepath.Join("testdata", t.Name())) }\nfunc TestB(t *testing.T) {}'
        },
        {"p/testdata/TestA.yaml": USED, "p/testdata/TestB.yaml": ORPHAN, "p/testdata/TestC.yaml": ORPHAN},
    ),
    "a helper, by the name of whatever test calls it": (
        {
            "p/a_test.go": "package p\nfunc TestA(t *testing.T) { rec(t) }\n"
            'func TestSub(t *testing.T) { t.Run("in two words", func(t *testing.T) { rec(t) }) }\n'
            "func TestTable(t *testing.T) { for _, c := range cases { t.Run(c.name, func(t *testing.T) {}) } }",
            "p/h_test.go": HEAD + 'func rec(t *testing.T) { recorder.New("testdata/" + t.Name()) }',
        },
        {
            "p/testdata/TestA.yaml": USED,
            "p/testdata/TestSub/in_two_words.yaml": USED,
            "p/testdata/TestSub/in_two_words#01.yaml": UNSURE,
            "p/testdata/TestSub/other.yaml": ORPHAN,
            "p/testdata/TestTable/any.yaml": UNSURE,
            "p/testdata/TestGone.yaml": ORPHAN,
            "p/testdata/TestGone/any.yaml": ORPHAN,
        },
    ),
    "slashes that are replaced": (
        {
            "p/a_test.go": HEAD.replace('"fmt"', '"strings"') + "func rec(t *testing.T) {\n"
            'name := strings.ReplaceAll(t.Name(), "/", "_")\nrecorder.New(filepath.Join("rec", name))\n}\n'
            'func TestA(t *testing.T) { t.Run("x", func(t *testing.T) { rec(t) }) }',
        },
        {"p/rec/TestA_x.yaml": USED, "p/rec/TestA_y.yaml": ORPHAN},
    ),
    "the parameter of a helper, by its callers": (
        {
            "p/a_test.go": 'package p\nfunc TestA(t *testing.T) { Record(t, "services/list", func() {}); Record(t, nameOf("get"), nil) }\n'
            'func nameOf(s string) string { return fmt.Sprintf("services/%s", s) }',
            "p/h_test.go": HEAD + "func Record(t *testing.T, name string, f func()) {\n"
            'r, err := recorder.New("fixtures/" + name)\n}',
        },
        {
            "p/fixtures/services/list.yaml": USED,
            "p/fixtures/services/get.yaml": USED,
            "p/fixtures/services/old.yaml": ORPHAN,
        },
    ),
    "a helper of another package": (
        {
            "p/a_test.go": 'package p\nfunc TestA(t *testing.T) { help.Record(t, "a") }',
            "help/h.go": HEAD + 'func Record(t *testing.T, name string) { recorder.New("fixtures/" + name) }',
        },
        {"p/fixtures/a.yaml": USED, "p/fixtures/b.yaml": ORPHAN},
    ),
    "a helper that is handed on": (
        {
            "p/a_test.go": HEAD + 'func rec(name string) { recorder.New("fixtures/" + name) }\n'
            'func TestA(t *testing.T) { rec("a"); each(rec) }',
        },
        {"p/fixtures/a.yaml": USED, "p/fixtures/b.yaml": UNSURE, "p/other/b.yaml": ORPHAN},
    ),
    "a table's field": (
        {
            "p/a_test.go": HEAD
            + 'func TestA(t *testing.T) { for _, c := range cs { recorder.New("f/" + c.file + ".rec") } }'
        },
        {"p/f/a.rec.yaml": UNSURE, "p/f/a.yaml": ORPHAN},
    ),
    "a table's field that is written out": (
        {
            "p/a_test.go": HEAD
            + 'func TestA(t *testing.T) { for _, c := range []struct{file string}{{file: "a"}, {name}} {\n'
            + 'recorder.New("f/" + c.file) } }',
        },
        {"p/f/a.yaml": USED, "p/f/b.yaml": UNSURE, "p/g/a.yaml": ORPHAN},
    ),
    "a folder of the test's own": (
        {"p/a_test.go": HEAD + "func TestA(t *testing.T) { recorder.New(filepath.Join(t.TempDir(), name)) }"},
        {"p/f/a.yaml": UNSURE},  # no cassette here is one of these tests
    ),
    "the name of something else than a test": (
        {"p/a_test.go": HEAD + 'func TestA(t *testing.T) { recorder.New("f/" + entry.Name()) }'},
        {"p/f/TestA.yaml": UNSURE, "p/f/a.yaml": UNSURE},
    ),
    "a suite": (
        {
            "p/a_test.go": HEAD
            + "func TestSuite(t *testing.T) { suite.Run(t, new(S)) }\nfunc TestOther(t *testing.T) {}\n"
            + 'func (s *S) TestA() { recorder.New("f/" + s.T().Name()) }',
        },
        {"p/f/TestSuite/TestA.yaml": UNSURE, "p/f/TestGone/TestA.yaml": ORPHAN},
    ),
    "constants": (
        {
            "p/a_test.go": HEAD + 'func TestA(t *testing.T) { recorder.New(dir + "/" + name) }',
            "p/b_test.go": 'package p\nconst dir = "testdata"\nvar name string = "a"',
        },
        {"p/testdata/a.yaml": USED, "p/testdata/b.yaml": ORPHAN},
    ),
    "options": (
        {
            "p/a_test.go": HEAD + "func TestA(t *testing.T) { recorder.NewWithOptions(&recorder.Options{\n"
            'CassetteName: "testdata/a",\nMode: recorder.ModeReplayOnly,\n}) }',
        },
        {"p/testdata/a.yaml": USED, "p/testdata/b.yaml": ORPHAN},
    ),
    "an import under another name": (
        {
            "p/a_test.go": 'package p\nimport vcr "github.com/dnaeon/go-vcr/v2/recorder"\n'
            'func TestA(t *testing.T) { vcr.NewAsMode("a", vcr.ModeReplaying, nil) }',
        },
        {"p/a.yaml": USED, "p/b.yaml": ORPHAN},
    ),
    "t goes to what is not here": (
        {
            "p/a_test.go": HEAD.replace('"fmt"', '"acme.dev/testutil"')
            + "func TestA(t *testing.T) { testutil.Record(t) }\n"
            'func TestB(t *testing.T) { recorder.New("b") }',
        },
        {"p/b.yaml": USED, "p/testdata/TestA.yaml": UNSURE, "p/testdata/TestGone.yaml": ORPHAN},
    ),
    "a test that leaves its folder": (
        {"p/a_test.go": HEAD + 'func TestA(t *testing.T) { t.Chdir("sub"); recorder.New("a") }'},
        {"p/sub/a.yaml": USED, "p/b.yaml": ORPHAN},
    ),
    "a file that does not parse": (
        {
            "p/a_test.go": HEAD + 'func TestA(t *testing.T) { recorder.New("a") }',
            "p/b_test.go": "func TestB( {",
        },
        {"p/a.yaml": USED, "p/b.yaml": UNSURE},
    ),
    "no test uses go-vcr": ({"p/a_test.go": "package p\nfunc TestA(t *testing.T) {}"}, {"p/a.yaml": UNSURE}),
}


@pytest.mark.parametrize("name", GO)
def test_go_names(name: str) -> None:
    files, expected = GO[name]
    assert dict(zip(expected, verdicts(files, *expected), strict=True)) == expected


# -- Ruby ------------------------------------------------------------------------------------------------

SETUP = "VCR.configure do |c|\n  c.cassette_library_dir = 'spec/rec'\n  c.configure_rspec_metadata!\nend\n"

RUBY: dict[str, tuple[dict[str, str | None], dict[str, Verdict]]] = {
    "a name": (
        {
            "spec/a_spec.rb": "it 'x' do\n  VCR.use_cassette('chat one') { }\n  VCR.use_cassette \"b\", record: :none do\n"
            "  end\n  VCR.insert_cassette(:c)\n  # VCR.use_cassette('d')\nend",
            "spec/spec_helper.rb": "c.cassette_library_dir = 'spec/rec'",
        },
        {
            "spec/rec/chat_one.yml": USED,
            "spec/rec/b.yml": USED,
            "spec/rec/c.json": USED,
            "spec/rec/d.yml": ORPHAN,
            "spec/other/b.yml": ORPHAN,
        },
    ),
    "a computed name": (
        {"spec/a_spec.rb": 'VCR.use_cassette("gpt-4.1 #{model}: chat") { }'},
        {
            "rec/gpt-4_1_mini_chat.yml": UNSURE,
            "rec/gpt-4_1_chat.yml": UNSURE,
            "rec/gpt-5_mini_chat.yml": ORPHAN,
        },
    ),
    "a name that is nowhere": ({"spec/a_spec.rb": "VCR.use_cassette(name_of(x)) { }"}, {"rec/a.yml": UNSURE}),
    "let": (
        {"spec/a_spec.rb": "let(:tape) { 'a' }\nit { VCR.use_cassette(tape) { } }"},
        {"rec/a.yml": USED, "rec/b.yml": ORPHAN},
    ),
    "a block's parameter": (
        {"spec/a_spec.rb": "%w[a b].each do |tape|\n  VCR.use_cassette(tape) { }\nend"},
        {"rec/c.yml": UNSURE},
    ),
    "a library that is joined": (
        {"spec/a_spec.rb": "c.cassette_library_dir = Rails.root.join('spec', 'rec')\nVCR.use_cassette('a')"},
        {"spec/rec/a.yml": USED, "a.yml": ORPHAN},
    ),
    "metadata": (
        {
            "spec/a_spec.rb": "module Octokit\n  describe Octokit::Client, :vcr do\n    describe '.markdown' do\n"
            "      it 'renders' do\n        x\n      end\n    end\n    context \"with #{name}\" do\n      it('works') { x }\n    end\n"
            "    it 'is off', vcr: false do\n    end\n  end\nend\n",
            "spec/spec_helper.rb": SETUP,
        },
        {
            "spec/rec/Octokit_Client/_markdown/renders.yml": USED,
            "spec/rec/Octokit_Client/_markdown/renders_all.yml": ORPHAN,
            "spec/rec/Octokit_Client/with_gpt/works.yml": UNSURE,
            "spec/rec/Octokit_Client/works.yml": ORPHAN,
            "spec/rec/Octokit_Client/is_off.yml": ORPHAN,
        },
    ),
    "a tag on the example alone": (
        {
            "spec/a_spec.rb": "RSpec.describe Foo, '#bar' do\n  it 'a', :vcr do\n  end\n  it 'b' do\n  end\n"
            "  it 'c', vcr: { cassette_name: 'named', record: :none } do\n  end\n  it(:vcr) { x }\nend\n",
            "spec/spec_helper.rb": SETUP,
        },
        {"spec/rec/Foo_bar/a.yml": USED, "spec/rec/Foo_bar/b.yml": ORPHAN, "spec/rec/named.yml": USED},
    ),
    "an example without a description has a number": (
        {
            "spec/a_spec.rb": "describe Foo, :vcr do\n  it { is_expected.to be }\nend\n",
            "spec/spec_helper.rb": SETUP,
        },
        {"spec/rec/Foo/1_1.yml": UNSURE, "spec/rec/Bar/1_1.yml": ORPHAN},
    ),
    "shared examples": (
        {
            "spec/a_spec.rb": "describe Foo, :vcr do\n  it_behaves_like 'a thing'\nend\n",
            "spec/spec_helper.rb": SETUP,
        },
        {"spec/rec/Foo/behaves_like_a_thing/x.yml": UNSURE, "spec/rec/Bar/x.yml": ORPHAN},
    ),
    "one cassette for a group": (
        {
            "spec/a_spec.rb": "describe 'Foo', vcr: { single_cassette: true } do\n  it 'a' do\n  end\nend\n",
            "spec/spec_helper.rb": SETUP,
        },
        {"spec/rec/Foo.yml": USED, "spec/rec/Foo/a.yml": ORPHAN},
    ),
    "metadata that a hook derives": (
        {
            "spec/a_spec.rb": "describe Foo do\n  it 'a' do\n  end\nend\n",
            "spec/spec_helper.rb": SETUP
            + "config.define_derived_metadata { |meta| meta[:vcr] = true }\nVCR.use_cassette('z')",
        },
        {"spec/rec/Foo/a.yml": UNSURE, "spec/rec/Foo/b.yml": ORPHAN},
    ),
    "a hook with names of its own": (
        {
            "spec/a_spec.rb": "describe Foo do\n  it 'a', :vcr do\n  end\nend\n",
            "spec/spec_helper.rb": "c.around(:each, :vcr) do |example|\n"
            "  name = example.metadata[:full_description].split(/\\s+/, 2).join('/')\n  VCR.use_cassette(name) { example.call }\nend",
        },
        {"spec/rec/Foo/a.yml": UNSURE},
    ),
    "cucumber": ({"features/env.rb": "VCR.cucumber_tags { |t| t.tag '@a' }"}, {"rec/a.yml": UNSURE}),
    "a file with conflict markers": (
        {
            "spec/a_spec.rb": "VCR.use_cassette('a')",
            "spec/b_spec.rb": "<<<<<<< ours\n=======\n>>>>>>> theirs\n",
        },
        {"rec/a.yml": USED, "rec/b.yml": UNSURE},
    ),
    "an example in the line of a loop": (
        {
            "spec/a_spec.rb": "VCR.configure { |c| c.configure_rspec_metadata! }\ndescribe Foo do\n"
            "  %w[a b].each { |x| it(\"does #{x}\", :vcr) { } }\n  it 'x', :vcr do\n  end\nend\n"
        },
        {"rec/Foo/x.yml": USED, "rec/Foo/does_a.yml": UNSURE},
    ),
    "groups that are not indented": (
        {
            "spec/a_spec.rb": "VCR.configure { |c| c.configure_rspec_metadata! }\ndescribe Foo, :vcr do\n"
            "describe 'a' do\nit 'b' do\nend\nend\nend\n"
        },
        {"rec/Foo/a/b.yml": UNSURE},
    ),
    "no test uses VCR": ({"spec/a_spec.rb": "it 'x'"}, {"rec/b.yml": UNSURE}),
}


@pytest.mark.parametrize("name", RUBY)
def test_ruby_names(name: str) -> None:
    files, expected = RUBY[name]
    assert dict(zip(expected, verdicts(files, *expected), strict=True)) == expected


# -- what the recorders and pytest say themselves ----------------------------------------------------------

PARAMETRIZED = """
import enum
import pytest

class Color(enum.Enum):
    RED = 1

def function(): ...

VALUES = ["first", "second"]
MODEL = "gpt-4.1"
slow = pytest.mark.slow

pytestmark = pytest.mark.vcr

def test_plain(): ...

@pytest.mark.parametrize("a", ["x", "y z", "ü", "a/b", "", "tab\\t"])
def test_texts(a): ...

@pytest.mark.parametrize("a", [1, -2, 1.5, True, None, b"by\\xff", (1, 2), [1], {}, function, Color, Color.RED])
def test_values(a): ...

@pytest.mark.parametrize("a,b", [(1, "x"), pytest.param(2, "y", id="named"), pytest.param(3, "z", marks=slow)])
def test_pairs(a, b): ...

@pytest.mark.parametrize(("a", "b"), [["l", "m"]])
def test_lists(a, b): ...

@pytest.mark.parametrize("a", VALUES)
@pytest.mark.parametrize("b", VALUES + ["third"], ids=["i", None, "k"])
def test_stacked(a, b): ...

@pytest.mark.parametrize("a", ["same", "same", "other", "7", "7"])
def test_repeated(a): ...

@pytest.mark.parametrize("a", [MODEL, f"{MODEL}-mini"])
def test_constants(a): ...

@pytest.mark.parametrize("a", [x for x in VALUES])
def test_computed(a): ...

@pytest.mark.parametrize("a", [1, 2], ids=lambda value: f"n{value}")
def test_called(a): ...

@pytest.mark.parametrize("a", ["LONG"])
def test_long(a): ...

@pytest.mark.parametrize("a", [1], ids=[pytest.HIDDEN_PARAM])
def test_hidden(a): ...

@pytest.mark.parametrize("c", ["outer"])
class TestClass:
    @pytest.mark.parametrize("a", ["inner"])
    def test_both(self, a, c): ...

    class TestNested:
        def test_deep(self, c): ...

@pytest.fixture(params=["p", pytest.param("q", id="queue")])
def fixed(request): ...

@pytest.fixture
def through(fixed): ...

def test_fixture(fixed): ...

def test_deeper(through, tmp_path): ...

@pytest.mark.parametrize("a", ["x"])
def test_mixed(a, fixed): ...

class Base:
    def test_inherited(self): ...

class TestSub(Base): ...

if True:
    def test_under_a_condition(): ...
""".replace("LONG", "long" * 40)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The file that pytest-recording writes for each test that pytest collects, by the rule of its source."""
    folder = tmp_path_factory.mktemp("suite")
    (folder / "test_a.py").write_text(PARAMETRIZED, "utf-8")
    (folder / "conftest.py").write_text(
        "def pytest_collection_modifyitems(items):\n"
        "    for item in items:\n        print('ITEM', ascii((item.cls and item.cls.__name__, item.name)))\n"
    )
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-s", "-p", "no:cacheprovider", "."]
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert "test_plain" in done.stdout, done.stdout + done.stderr
    found = {}
    for line in done.stdout.splitlines():
        if line.startswith("ITEM "):
            cls, name = eval(line[5:])  # noqa: S307 - a pair of strings, from the line above
            for char in "<>?%*:|\"'/\\":
                name = name.replace(char, "-")
            path = f"cassettes/test_a/{f'{cls}.{name}' if cls else name}.yaml"
            found[path] = name
    return found


DYNAMIC = (
    "test_computed",
    "test_called",
    "test_repeated",
    "test_hidden",
    "test_mixed",
    "test_values[Color.RED]",
)


def test_every_test_that_pytest_collects_keeps_its_cassette(collected: dict[str, str]) -> None:
    assert len(collected) > 50
    found = dict(zip(collected, verdicts({"test_a.py": PARAMETRIZED}, *collected), strict=True))
    assert [path for path, verdict in found.items() if verdict is ORPHAN] == []
    unsure = [collected[path] for path, verdict in found.items() if verdict is UNSURE]
    assert [name for name in unsure if not name.startswith(DYNAMIC)] == []


def test_a_test_that_pytest_does_not_collect_leaves_an_orphan(collected: dict[str, str]) -> None:
    plain = "cassettes/test_a/test_plain.yaml"
    gone = [path.replace(".yaml", "-old.yaml").replace("]-old", "-old]") for path in collected]
    found = dict(zip([*gone, plain], verdicts({"test_a.py": PARAMETRIZED}, *gone, plain), strict=True))
    assert [path for path, verdict in found.items() if verdict is USED] == [plain]
    kept = [path for path, verdict in found.items() if verdict is UNSURE]
    computed = ("test_computed", "test_called", "test_repeated", "test_hidden", "test_mixed", "test_values")
    assert [path for path in kept if not path.split("/")[-1].startswith(computed)] == []


class _Server(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Server) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


RECORDING = """
import os, unittest, urllib.request
import vcr
from vcr.unittest import VCRTestCase

HERE = os.path.dirname(__file__)
library = vcr.VCR(cassette_library_dir=os.path.join(HERE, "library"), path_transformer=vcr.VCR.ensure_suffix(".yaml"))
json = vcr.VCR(serializer="json", cassette_library_dir="relative")

def get():
    urllib.request.urlopen(os.environ["SERVER"]).read()

@vcr.use_cassette()
def test_own_name(): get()

@library.use_cassette
def test_in_library(): get()

@library.use_cassette("given")
def test_given(): get()

@json.use_cassette("deep/er.json")
def test_json(): get()

def record(name):
    with vcr.use_cassette(f"{HERE}/helped/{name}.yaml"): get()

def test_helped():
    record("one")
    record(name="two")

def test_plain():
    with vcr.use_cassette(path="plain.yaml"): get()
    with library.use_cassette("with space"): get()

class Base(VCRTestCase):
    def test_based(self): get()

class TestSub(Base):
    def test_method(self): get()
"""


def test_what_vcrpy_records_is_used_and_a_copy_of_it_is_not(server: str, tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_a.py").write_text(RECORDING)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=os.environ | {"SERVER": server, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    (tmp_path / "tests" / "test_own_name").rename(
        tmp_path / "tests" / "test_own_name.yaml"
    )  # a walk needs one
    recorded = {path for path in tmp_path.rglob("*") if path.suffix in (".yaml", ".json")}
    assert len(recorded) == 11
    copies = {path.with_name(f"old_{path.name}") for path in recorded}
    for path in recorded:
        shutil.copy(path, path.with_name(f"old_{path.name}"))
    run = cassette("prune", "orphans", "tests", ".", "--json", cwd=tmp_path)
    found = {(tmp_path / one["path"]): one for one in json.loads(run.stdout)["cassettes"]}
    assert run.returncode == 1
    assert {path for path, one in found.items() if one["verdict"] == "used"} == recorded
    assert {path for path, one in found.items() if one["verdict"] == "orphan"} == copies
    run = cassette("prune", "orphans", "tests", ".", "--delete", cwd=tmp_path)
    assert run.returncode == 0
    assert run.stdout.count("  deleted") == len(copies)
    assert {path for path in tmp_path.rglob("*") if path.suffix in (".yaml", ".json")} == recorded


# -- the names of real cassettes --------------------------------------------------------------------------


def _real(*formats: str) -> list[str]:
    rows = [json.loads(line) for line in (CORPUS / "MANIFEST.jsonl").read_text("utf-8").splitlines()]
    return sorted({row["path"].split("/", 2)[2] for row in rows if row["format"] in formats})


def _python_suite(paths: list[str]) -> dict[str, str]:
    """Test files whose tests, by pytest-recording's rule, have these cassettes."""
    files: dict[str, str] = {}
    for path in paths:
        folder, module, name = path.removesuffix(".yaml").rsplit("/", 2)
        cls, _, test = name.partition("[")[0].rpartition(".")
        ids = name.removesuffix("]").partition("[")[2]
        marks = f"@pytest.mark.parametrize('a', [None], ids=[{ids!r}])\n" * bool(ids)
        body = f"{marks}@pytest.mark.vcr\ndef {test}({'self, ' * bool(cls)}{'a' * bool(ids)}): ...\n"
        if cls:
            body = f"class {cls}:\n" + "".join(f"    {line}\n" for line in body.splitlines())
        file = f"{folder.removesuffix('cassettes')}{module}.py"
        files[file] = files.get(file, "import pytest\n") + body
    return files


def _go_suite(paths: list[str]) -> dict[str, str]:
    """Tests and subtests, written out, that have these cassettes by their names."""
    rec = 'func rec(t *testing.T) { recorder.New("testdata/" + t.Name()) }\n'
    files: dict[str, str] = {}
    for path in paths:
        folder, _, name = path.removesuffix(".yaml").partition("testdata/")
        test, *subs = name.split("/")
        runs = (
            "".join(f't.Run("{sub}", func(t *testing.T) {{ ' for sub in subs) + "rec(t)" + " })" * len(subs)
        )
        file = f"{folder}a_test.go"
        files[file] = files.get(file, HEAD + rec) + f"func {test}(t *testing.T) {{ {runs} }}\n"
    return files


def _ruby_suite(paths: list[str]) -> dict[str, str]:
    """Nested groups, tagged, whose examples have these cassettes."""
    text = SETUP.replace("spec/rec", "spec/cassettes")
    for path in paths:
        *groups, example = path.removeprefix("spec/cassettes/").removesuffix(".json").split("/")
        for depth, group in enumerate(groups):
            text += f"{'  ' * depth}describe '{group}'{', :vcr' * (not depth)} do\n"
        text += f"{'  ' * len(groups)}it '{example}' do\n{'  ' * len(groups)}end\n"
        text += "".join(f"{'  ' * depth}end\n" for depth in reversed(range(len(groups))))
    return {"spec/a_spec.rb": text}


def _is_recorded(path: str) -> bool:
    parts = path.split("/")
    plain = parts[-1].removesuffix(".yaml").partition("[")[0].replace(".", "")
    return (
        parts[-3:-2] == ["cassettes"]
        and parts[-2].isidentifier()
        and plain.isidentifier()
        and "test_" in plain
    )


@needs_corpus
@pytest.mark.parametrize("language", ["Python", "Go", "Ruby"])
def test_real_names_are_used_by_tests_of_those_names_and_orphans_without(language: str) -> None:
    match language:
        case "Python":
            paths, suite = [path for path in _real("vcrpy") if _is_recorded(path)], _python_suite
        case "Go":
            paths = [
                path
                for path in _real("go-vcr-v2")
                if "/testdata/Test" in path and path.count("testdata") == 1
            ]
            suite = _go_suite
        case _:
            paths, suite = (
                [path for path in _real("Ruby-VCR-json") if path.startswith("spec/cass")],
                _ruby_suite,
            )
    assert len(paths) > 45
    kept = dict(zip(paths, verdicts({**suite(paths)}, *paths), strict=True))
    assert [path for path, verdict in kept.items() if verdict is not USED] == []
    half = paths[::2]
    found = dict(zip(paths, verdicts({**suite(half)}, *paths), strict=True))
    assert [path for path in half if found[path] is not USED] == []
    others = [path for path in paths if path not in half and found[path] is ORPHAN]
    assert len(others) > len(paths) * 0.2
    assert [path for path in paths[1::2] if found[path] is USED] == []


# -- the command ------------------------------------------------------------------------------------------


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A test with its cassette, and one of a test that has gone."""
    rec = tmp_path / "tests" / "cassettes" / "test_a"
    rec.mkdir(parents=True)
    (tmp_path / "tests" / "test_a.py").write_text(MARKED + "def test_x(): ...\n")
    for name in ("test_x", "test_gone"):
        shutil.copy(SAMPLES / "vcrpy" / "list_form.yaml", rec / f"{name}.yaml")
    (rec / "notes.yaml").write_text("a: 1\n")
    return tmp_path


GONE, KEPT = "tests/cassettes/test_a/test_gone.yaml", "tests/cassettes/test_a/test_x.yaml"


def test_an_orphan_is_found_and_nothing_is_deleted_unasked(suite: Path) -> None:
    run = cassette("prune", "orphans", "tests", "tests", cwd=suite)
    assert (run.returncode, run.stderr) == (1, "")
    assert run.stdout == (
        f"{GONE}  orphan  fits none of 2 names in 1 Python file\n1 orphan, 1 used of 2 cassettes\n"
    )
    assert (suite / GONE).exists()


def test_delete_deletes_the_orphans_alone_and_says_which(suite: Path) -> None:
    run = cassette("prune", "orphans", "tests", "tests/cassettes", "--delete", cwd=suite)
    assert (run.returncode, run.stderr) == (0, "")
    assert f"{GONE}  deleted  " in run.stdout
    assert run.stdout.endswith("1 orphan, 1 used of 2 cassettes, 1 deleted\n")
    assert not (suite / GONE).exists()
    assert (suite / KEPT).exists()
    assert (suite / "tests/cassettes/test_a/notes.yaml").exists()
    again = cassette("prune", "orphans", "tests", "tests/cassettes", "--delete", cwd=suite)
    assert (again.returncode, again.stdout) == (0, "0 orphans, 1 used of 1 cassette\n")


def test_orphans_for_one_reason_tell_it_once_and_stand_together(suite: Path) -> None:
    shutil.copy(suite / GONE, suite / "tests/cassettes/a.yaml")
    shutil.copy(suite / GONE, suite / KEPT.replace("test_x", "test_y"))
    lines = cassette("prune", "orphans", "tests", "tests", "-v", cwd=suite).stdout.splitlines()
    assert [re.split(r"\s{2,}", line)[1] for line in lines[:4]] == ["orphan"] * 3 + ["used"]
    assert sum("fits none" in line for line in lines) == 1
    assert len({line.index("orphan") for line in lines[:3]}) == 1


def test_verbose_shows_the_evidence_of_the_used(suite: Path) -> None:
    run = cassette("prune", "orphans", "tests", "tests", "-v", cwd=suite)
    assert run.stdout == (
        f"{GONE}  orphan  fits none of 2 names in 1 Python file\n"
        f"{KEPT}     used    tests/test_a.py:4 test_x marked vcr\n"
        "1 orphan, 1 used of 2 cassettes\n"
    )


def test_json_has_the_evidence_of_each(suite: Path) -> None:
    document = json.loads(cassette("prune", "orphans", "tests", "tests", "--json", cwd=suite).stdout)
    assert document["schema"] == "cassette.orphans/1"
    gone, kept = document["cassettes"]
    assert (gone["path"], gone["verdict"], gone["evidence"], gone["deleted"]) == (GONE, "orphan", [], False)
    assert kept["evidence"] == [
        {
            "path": "tests/test_a.py",
            "line": 4,
            "how": "test_x marked vcr",
            "names": "tests/cassettes/test_a/test_x",
        }
    ]
    assert document["errors"] == []


DOUBTS = {
    "a test that does not parse": ("tests/test_b.py", b"def ("),
    "a test that is no UTF-8": ("tests/test_b.py", b"# \xff\n"),
    "a test that git ignores": ("tests/test_b.py", b"import vcr\nvcr.use_cassette(a)"),
    "a conftest above the tests": ("conftest.py", b"import vcr\nvcr.use_cassette(a)"),
}


@pytest.mark.parametrize("name", DOUBTS)
def test_nothing_is_deleted_on_incomplete_evidence(name: str, suite: Path) -> None:
    path, text = DOUBTS[name]
    subprocess.run(["git", "init", "-q"], cwd=suite, check=True)
    (suite / ".gitignore").write_text("test_b.py\n")
    (suite / path).write_bytes(text)
    run = cassette("prune", "orphans", "tests", "tests", "--delete", cwd=suite)
    assert run.returncode == 0
    assert f"1 unsure  {path}:" in run.stdout
    assert (suite / GONE).exists()


def test_what_keeps_the_unsure_is_said_once_with_what_it_could_name(suite: Path) -> None:
    (suite / "tests" / "test_b.py").write_text("import vcr\nvcr.use_cassette(f'test_a/test_g{n()}.yaml')\n")
    shutil.copy(suite / GONE, suite / "tests/cassettes/test_a/test_going.yaml")
    run = cassette("prune", "orphans", "tests", "tests", cwd=suite)
    assert run.returncode == 0
    assert run.stdout == (
        "2 unsure  tests/test_b.py:2 use_cassette, as test_a/test_g*.yaml\n0 orphans, 2 unsure, 1 used of 3 cassettes\n"
    )


BAD = {
    "no such tests": (("nowhere", "tests"), "cassette: nowhere: no such file or directory\n"),
    "no such cassettes": (("tests", "nowhere"), "cassette: nowhere: no such file or directory\n"),
    "standard input": (("tests", "-"), "cassette: -: no such file or directory\n"),
    "no tests at all": (
        ("tests/cassettes", "tests"),
        "cassette: tests/cassettes: no tests here (.py, .go, .rb)\n",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_operands_are_told_and_nothing_is_deleted(name: str, suite: Path) -> None:
    operands, error = BAD[name]
    run = cassette("prune", "orphans", *operands, "--delete", cwd=suite)
    assert (run.returncode, run.stderr) == (2, error)
    assert (suite / GONE).exists()


def test_a_folder_of_tests_that_cannot_be_read_deletes_nothing(
    suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def scandir(path: str | Path) -> object:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(BadRequest, match="permission denied: tests may stand in it"):
        prune_orphans._sources(str(suite / "tests"))


def test_an_accent_that_is_spelt_apart_is_the_same_name(suite: Path) -> None:
    test = "@pytest.mark.parametrize('a', ['caf\u00e9'])\n@pytest.mark.vcr('caf\u00e9.yaml')\ndef test_e(a): ...\n"
    (suite / "tests/test_a.py").write_text(f"import pytest\n{test}")
    (suite / KEPT).rename(suite / KEPT.replace("test_x", "cafe\u0301"))
    run = cassette("prune", "orphans", "tests", "tests", "-v", cwd=suite)
    assert "  used    tests/test_a.py" in run.stdout


def test_a_link_beside_what_it_leads_to_is_left_for_you(suite: Path) -> None:
    inside = (suite / GONE).with_name("elsewhere.yaml")
    shutil.move(suite / GONE, inside)
    (suite / GONE).symlink_to(inside)
    run = cassette("prune", "orphans", "tests", "tests", "--delete", cwd=suite)
    assert run.returncode == 2
    assert f"{GONE}: is no file of its own, and was left" in run.stderr
    assert (suite / GONE).is_symlink()


def test_a_link_and_what_it_leads_to_stay(suite: Path) -> None:
    outside = suite / "outside.yaml"
    shutil.move(suite / GONE, outside)
    (suite / GONE).symlink_to(outside)
    run = cassette("prune", "orphans", "tests", "tests", "--delete", cwd=suite)
    assert (run.returncode, run.stderr) == (0, "")  # a walk does not see it
    assert (suite / GONE).is_symlink()
    assert outside.exists()


def test_a_linked_folder_is_not_left_through(suite: Path) -> None:
    outside = suite / "outside"
    shutil.move(suite / "tests/cassettes/test_a", outside)
    (suite / "tests/cassettes/test_a").symlink_to(outside)
    cassette("prune", "orphans", "tests", "tests", "--delete", cwd=suite)
    cassette("prune", "orphans", "tests", "tests/cassettes", "--delete", cwd=suite)
    assert (outside / "test_gone.yaml").exists()


def test_a_broken_cassette_is_an_error_and_stays(suite: Path) -> None:
    (suite / GONE).write_text("interactions:\n- request: {\n")
    run = cassette("prune", "orphans", "tests", "tests", "--delete", cwd=suite)
    assert run.returncode == 2
    assert (suite / GONE).exists()


def test_a_recorder_whose_tests_are_not_read_keeps_its_cassettes(suite: Path) -> None:
    shutil.copy(SAMPLES / "har" / "polly.har", suite / "tests" / "cassettes" / "a.har")
    run = cassette("prune", "orphans", "tests", "tests", "-v", cwd=suite)
    assert re.search(r"\ntests/cassettes/a.har +unsure  tests of har are not read\n", run.stdout)
    assert "1 orphan, 1 unsure, 1 used of 3 cassettes" in run.stdout


def test_each_recorder_is_held_against_the_tests_of_its_language(tmp_path: Path) -> None:
    files = {
        "go/a_test.go": HEAD + 'func TestA(t *testing.T) { recorder.New("testdata/" + t.Name()) }',
        "ruby/spec/a_spec.rb": "VCR.use_cassette('chat one') { }",
        "py/test_a.py": MARKED + "def test_x(): ...",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text)
    samples = {
        "go/testdata/TestA.yaml": "go-vcr/cut_stream.yaml",
        "go/testdata/TestB.yaml": "go-vcr/cut_stream.yaml",
        "go/testdata/chat_one.yaml": "go-vcr/cut_stream.yaml",  # the name of a Ruby cassette
        "ruby/spec/rec/chat_one.yml": RUBY_SAMPLE,
        "ruby/spec/rec/chat_two.yml": RUBY_SAMPLE,
        "py/cassettes/test_a/test_x.yaml": "vcrpy/list_form.yaml",
        "py/cassettes/test_a/TestA.yaml": "vcrpy/list_form.yaml",
    }
    for path, sample in samples.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SAMPLES / sample, tmp_path / path)
    run = cassette("prune", "orphans", ".", ".", "--delete", cwd=tmp_path)
    assert run.returncode == 0
    left = {path for path in samples if (tmp_path / path).exists()}
    assert left == {"go/testdata/TestA.yaml", "ruby/spec/rec/chat_one.yml", "py/cassettes/test_a/test_x.yaml"}


RUBY_SAMPLE = min(path.relative_to(SAMPLES).as_posix() for path in (SAMPLES / "ruby-vcr").glob("*.yml"))


def test_escapes_in_tests_do_not_reach_the_screen(suite: Path) -> None:
    (suite / "tests" / "test_b.py").write_text(
        "import vcr\n@vcr.use_cassette\ndef go(): ...\nvcr.use_cassette('\x1b[2J' + a)"
    )
    run = cassette("prune", "orphans", "tests", "tests", "-v", cwd=suite)
    assert "\x1b" not in run.stdout


# -- shapes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "shape", "expected"),
    [
        ("/p", ("a/b",), ("/p/a/b",)),
        ("/p", ("../a",), ("/a",)),
        ("/p", ("./a",), ("/p/a",)),
        ("/p", ("/a",), ("/a",)),
        (None, ("a",), (None, "/a")),
        (None, ("../a",), (None, "/a")),
        ("/p", ("x", None, "/../a"), ("/p/", None, "/a")),
        ("/p", (None, "/a"), (None, "/a")),
    ],
)
def test_a_name_is_a_path_below_its_folder(
    folder: str | None, shape: tuple[str | None, ...], expected: object
) -> None:
    assert below(folder, shape) == expected


def test_a_shape_matches_with_the_suffixes_that_recorders_add() -> None:
    assert matches((None, "/a"), "/p/a/a.yaml")
    assert not matches((None, "/a"), "/p/ba.yaml")
    assert matches(("/p", None, "/a"), "/p/q/a.yaml")
    names = ("/a", "/a.yaml", "/a.yml", "/a.json", "/a.json.gz", "/a.yaml.gz", "/a.txt", "/b/a", "/ab")
    assert [name for name in names if matches(("/a",), name)] == list(names[:6])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (("a b: c",), ("a_b_c",)),
        (("gpt-4.1/x",), ("gpt-4_1/x",)),
        (("a: ", None, " b"), ("a", None, "b")),
        (("Größe",), ("Gr_e",)),
    ],
)
def test_names_are_sanitised_as_vcr_does(name: tuple[str | None, ...], expected: object) -> None:
    assert sanitised(name) == expected

"""The config file: what it says holds, what makes no sense is told with the way out."""

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cassette_cli.config import Redact, Rule, Settings, load
from cassette_cli.errors import BadRequest, Unreadable

DIGEST = "0123456789abcdef" * 4


@pytest.fixture(autouse=True)
def elsewhere(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in a folder from which no config of a test is seen, so that messages name it in full."""
    folder = tmp_path_factory.getbasetemp() / "elsewhere"
    folder.mkdir(exist_ok=True)
    monkeypatch.chdir(folder)


def own(folder: Path, text: str) -> Settings:
    (folder / ".cassette.toml").write_text(text, "utf-8")
    return load(folder)


def complaint(folder: Path, text: str | bytes, name: str = ".cassette.toml") -> str:
    """What is said against a config file, without its path."""
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadRequest) as caught:
        load(folder)
    said = str(caught.value)
    assert said.startswith(f"{folder / name}:")
    return said.removeprefix(f"{folder / name}:").strip()


# -- what changes nothing --------------------------------------------------------------------------

NOTHING = [
    ("no-file", {}),
    ("other-tool", {"pyproject.toml": "[tool.ruff]\nline-length = 110\n"}),
    ("no-tool", {"pyproject.toml": "[project]\nname = 'cassette-tests'\n"}),
    ("tool-is-no-table", {"pyproject.toml": "tool = 'cassette'\n"}),
    ("broken-and-not-ours", {"pyproject.toml": "[tool.ruff\n"}),
    ("a-folder", {".cassette.toml/x": "", "pyproject.toml/x": ""}),
    ("below", {"sub/.cassette.toml": "ignore = ['cookie']"}),
    ("behind-the-repository", {"../.cassette.toml": "ignore = ['cookie']"}),
]


@pytest.mark.parametrize(("name", "contents"), NOTHING, ids=[name for name, _ in NOTHING])
def test_without_a_config_the_defaults_hold(tmp_path: Path, name: str, contents: dict[str, str]) -> None:
    folder = tmp_path / "here"
    (folder / ".git").mkdir(parents=True)
    for path, text in contents.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    assert load(folder) == Settings()


@pytest.mark.parametrize("text", ["", "# nothing\n", "[redact]\n", "per-path-ignores = {}\n", "exclude = []"])
def test_an_empty_config_is_the_defaults_in_its_folder(tmp_path: Path, text: str) -> None:
    assert own(tmp_path, text) == Settings(path=str(tmp_path / ".cassette.toml"), folder=tmp_path)


def test_without_a_config_nothing_is_opened_and_no_parser_loaded(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    code = (
        "import sys; from pathlib import Path; from cassette_cli.config import load\n"
        "events = []; sys.addaudithook(lambda event, _: events.append(event)); load(Path(sys.argv[1]))\n"
        "sys.stdout.write(repr((events, 'tomllib' in sys.modules)))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a" / "b")],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent.parent,
    )
    assert run.stdout == "([], False)"


# -- which file counts -----------------------------------------------------------------------------

FOUND = [
    ("here", {".cassette.toml": "ignore = ['here']"}, "here"),
    ("shared", {"pyproject.toml": "[tool.cassette]\nignore = ['here']"}, "here"),
    (
        "own-before-shared",
        {".cassette.toml": "ignore = ['own']", "pyproject.toml": "[tool.cassette]\nignore = ['shared']"},
        "own",
    ),
    ("above", {"../.cassette.toml": "ignore = ['above']"}, "above"),
    ("far-above", {"../../pyproject.toml": "[tool.cassette]\nignore = ['far']"}, "far"),
    (
        "nearest-alone",
        {"pyproject.toml": "[tool.cassette]\nignore = ['near']", "../.cassette.toml": "ignore = ['above']"},
        "near",
    ),
    (
        "shared-of-others-is-passed",
        {"pyproject.toml": "[tool.ruff]\n", "../.cassette.toml": "ignore = ['above']"},
        "above",
    ),
    ("escaped", {"pyproject.toml": '[tool."cass\\u0065tte"]\nignore = ["here"]'}, "here"),
    ("repository", {".git": "gitdir: elsewhere", ".cassette.toml": "ignore = ['here']"}, "here"),
]


@pytest.mark.parametrize(("name", "contents", "expected"), FOUND, ids=[row[0] for row in FOUND])
def test_the_nearest_config_counts_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, contents: dict[str, str], expected: str
) -> None:
    folder = tmp_path / "above" / "here"
    folder.mkdir(parents=True)
    for path, text in contents.items():
        (folder / path).write_text(text)
    assert load(folder).ignore == {expected}
    monkeypatch.chdir(folder)
    assert load().ignore == {expected}


def test_an_empty_table_ends_the_search(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "pyproject.toml").write_text("[tool.cassette]\n")
    (tmp_path / ".cassette.toml").write_text("ignore = ['above']")
    assert load(tmp_path / "here").ignore == frozenset()


def test_messages_name_the_file_as_it_is_seen_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sub").mkdir()
    own(tmp_path, "")
    monkeypatch.chdir(tmp_path)
    assert load().path == ".cassette.toml"
    monkeypatch.chdir(tmp_path / "sub")
    assert load().path == str(tmp_path / ".cassette.toml")


def test_a_working_directory_that_is_gone_has_no_config(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert load() == Settings()


def test_a_config_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    (tmp_path / ".cassette.toml").symlink_to("nowhere")
    with pytest.raises(Unreadable, match="no such file or directory; check the config file"):
        load(tmp_path)


# -- what it says ----------------------------------------------------------------------------------

WHOLE = f"""
[tool.cassette]
exclude = ["old/*"]
ignore = ["cookie"]
per-path-ignores = {{"tests/oauth/*" = ["json-web-token"], "*.har" = ["*"]}}
baseline = "conf/base.json"
[tool.cassette.redact]
headers = ["x-team-*"]
keep-headers = ["cookie"]
only-headers = []
all-but-headers = ["accept", ":path"]
drop = true
volatile = true
parameters = ["ticket"]
keep-parameters = ["page"]
keys = ["password", "password"]
paths = ["/messages/*/content", "/a~1b"]
regexes = ["acme_[a-z]+"]
enable = ["email-address"]
allow = ["{DIGEST.upper()}"]
strict = true
[[tool.cassette.redact.rules]]
id = "acme-key"
pattern = "acme_[a-z0-9]{{32}}"
summary = "a key of Acme"
[[tool.cassette.redact.rules]]
id = "acme-id"
pattern = "A[0-9]+"
"""
WHOLE_REDACT = Redact(
    headers=("x-team-*",),
    keep_headers=("cookie",),
    all_but_headers=("accept", ":path"),
    drop=True,
    volatile=True,
    parameters=("ticket",),
    keep_parameters=("page",),
    keys=("password",),
    paths=("/messages/*/content", "/a~1b"),
    regexes=("acme_[a-z]+",),
    enable=("email-address",),
    allow=frozenset((DIGEST,)),
    strict=True,
    rules=(Rule("acme-key", "acme_[a-z0-9]{32}", "a key of Acme"), Rule("acme-id", "A[0-9]+")),
)


@pytest.mark.parametrize("name", ["pyproject.toml", ".cassette.toml"])
@pytest.mark.parametrize("wrap", [(b"", b"\n"), (b"\xef\xbb\xbf", b"\r\n")], ids=["LF", "BOM-CRLF"])
def test_every_key_arrives_from_either_file(tmp_path: Path, name: str, wrap: tuple[bytes, bytes]) -> None:
    text = (
        WHOLE
        if name == "pyproject.toml"
        else WHOLE.replace("[tool.cassette]\n", "").replace("tool.cassette.", "")
    )
    (tmp_path / name).write_bytes(wrap[0] + text.encode().replace(b"\n", wrap[1]))
    assert load(tmp_path) == Settings(
        path=str(tmp_path / name),
        folder=tmp_path,
        exclude=("old/*",),
        ignore=frozenset(("cookie",)),
        per_path_ignores=(
            ("tests/oauth/*", frozenset(("json-web-token",))),
            ("*.har", frozenset("*")),
        ),
        baseline=tmp_path / "conf" / "base.json",
        redact=WHOLE_REDACT,
    )


def test_settings_are_values(tmp_path: Path) -> None:
    settings = own(tmp_path, WHOLE.replace("[tool.cassette]\n", "").replace("tool.cassette.", ""))
    assert len({settings, load(tmp_path)}) == 1
    assert not hasattr(settings, "__dict__")


GLOBS = [  # glob, path, whether it covers it
    ("tests/oauth/*", "tests/a.yaml", False),
    ("tests/oauth/*", "deep/tests/oauth/a.yaml", False),
    ("tests/oauth/*", "tests/oauth2/a.yaml", False),
    ("tests/*.yaml", "tests/oauth/a.yaml", False),
    ("tests/*.yaml", "tests/a.yaml.bak", False),
    ("./a.yaml", "sub/a.yaml", False),
    ("a?.yaml", "a/.yaml", False),
    ("a.yaml", "A.yaml", False),
    ("[!a]*", "a", False),
    ("*", "../outside.yaml", False),
    ("**/*.yaml", "../outside.yaml", False),
    ("tests/**/x/a", "tests/y/a", False),
    ("tests/oauth/*", "tests/oauth/a.yaml", True),
    ("tests/oauth/*", "tests/oauth/deep/a.yaml", True),
    ("tests/oauth/*", "./tests/../tests/oauth/a.yaml", True),
    ("tests/oauth/*", "{folder}/tests/oauth/a.yaml", True),
    ("tests/oauth", "tests/oauth/a.yaml", True),
    ("tests/oauth/", "tests/oauth/a.yaml", True),
    ("./tests", "tests/oauth/a.yaml", True),
    ("oauth", "tests/oauth/a.yaml", True),
    ("*.yaml", "tests/oauth/a.yaml", True),
    ("./a.yaml", "a.yaml", True),
    ("*", "a.yaml", True),
    ("**", "tests/a.yaml", True),
    ("**/oauth/*", "oauth/a.yaml", True),
    ("tests/**/a.yaml", "tests/a.yaml", True),
    ("tests/**/a.yaml", "tests/x/y/a.yaml", True),
    ("tests/**", "tests/x/y/a.yaml", True),
    ("[ab]?[!x].yaml", "b1c.yaml", True),
    ("[[]a].yaml", "[a].yaml", True),
    ("é *", "é è/a.yaml", True),
]


@pytest.mark.parametrize(("glob", "path", "covers"), GLOBS)
def test_a_glob_of_paths_is_read_as_git_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, glob: str, path: str, covers: bool
) -> None:
    settings = own(tmp_path, f"ignore = ['cookie']\nper-path-ignores = {{'{glob}' = ['jwt', '*']}}")
    monkeypatch.chdir(tmp_path)
    expected = {"cookie", "jwt", "*"} if covers else {"cookie"}
    assert settings.ignored(path.format(folder=tmp_path)) == expected


def test_paths_are_seen_from_the_config_wherever_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = own(tmp_path, "per-path-ignores = {'tests/*' = ['jwt'], 'tests/a.yaml' = ['cookie']}")
    (tmp_path / "tests").mkdir()
    (tmp_path / "link").symlink_to("tests")
    monkeypatch.chdir(tmp_path / "tests")
    assert settings.ignored("a.yaml") == {"jwt", "cookie"}
    assert settings.ignored("../b.yaml") == frozenset()
    assert Settings().ignored("a.yaml") == frozenset()


# -- what makes no sense ---------------------------------------------------------------------------

UNKNOWN = [
    (
        "excludes = []",
        "excludes is no known key; did you mean exclude? (there is baseline, exclude, ignore, per-",
    ),
    (
        "[redact]\nheder = []",
        "redact.heder is no known key; did you mean headers? (there is all-but-headers, ",
    ),
    ("[redact]\nkeep_headers = []", "redact.keep_headers is no known key; did you mean keep-headers?"),
    ("zzz = 1", "zzz is no known key (there is baseline,"),
    ("'a b' = 1", '"a b" is no known key'),
    (
        "[tool.cassette]",
        "tool is no known key; in .cassette.toml the keys stand at the top, without [tool.cassette]",
    ),
    (
        "[[redact.rules]]\nid = 'a'\npattern = 'b'\nsumary = ''",
        "redact.rules[0].sumary is no known key; did you mean summary? (there is id, pattern, summary)",
    ),
]
TYPES = [
    ("ignore = 'cookie'", 'ignore is a string; write a list of strings, as in ["...", "..."]'),
    ("ignore = true", "ignore is a boolean; write a list of strings"),
    ("ignore = ['a', 1]", "ignore[1] is a number; write a string"),
    ("ignore = {a = 1}", "ignore is a table; write a list of strings"),
    ("baseline = ['x']", "baseline is a list; write a string"),
    ("baseline = 1979-05-27", "baseline is a date or time; write a string"),
    ("redact = true", "redact is a boolean, no table; write [redact] and the keys below it"),
    ("per-path-ignores = ['a']", "per-path-ignores is a list, no table"),
    ("per-path-ignores = {'a/*' = 'b'}", 'per-path-ignores."a/*" is a string; write a list'),
    ("per-path-ignores = {'a/*' = [1]}", 'per-path-ignores."a/*"[0] is a number; write a string'),
    ("[redact]\nstrict = 'yes'", "redact.strict is a string; write true or false"),
    ("[redact]\ndrop = 1", "redact.drop is a number; write true or false"),
    ("[redact.rules]\nid = 'a'", "redact.rules is a table; write [[redact.rules]] and the keys below it"),
    ("redact.rules = ['a']", "redact.rules[0] is a string, no table"),
    ("[[redact.rules]]\nid = 'a'", "redact.rules[0].pattern is missing; every rule has one"),
    ("[[redact.rules]]\npattern = 'a'", "redact.rules[0].id is missing; every rule has one"),
]
VALUES = [
    ("ignore = ['Bearer Token']", "ignore[0] is no rule id; write small letters, digits and hyphens"),
    ("baseline = ' '", "baseline is empty"),
    ("exclude = ['']", "exclude[0] is empty"),
    ("exclude = ['a[']", "exclude[0] is no glob: [ is not closed; write [[] for the character itself"),
    ("exclude = ['[!]']", "exclude[0] is no glob: [ is not closed"),
    ("exclude = ['[z-a]']", "exclude[0] is no glob: a range in [] is the wrong way round"),
    ("exclude = ['a**/b']", "exclude[0] is no glob: ** stands for folders, alone between slashes"),
    (
        "per-path-ignores = {'/a' = []}",
        'per-path-ignores."/a" is no glob of a path below this file\'s folder',
    ),
    ("per-path-ignores = {'../a' = []}", 'per-path-ignores."../a" is no glob of a path below'),
    ("per-path-ignores = {'a\\b' = []}", 'per-path-ignores."a\\b" is no glob of a path below'),
    ("[redact]\nheaders = ['cookie: x']", "redact.headers[0] is no name of a header; write it without colon"),
    ("[redact]\nkeys = ['']", "redact.keys[0] is empty"),
    ("[redact]\npaths = ['a/b']", "redact.paths[0] is no JSON pointer; write one, as in /messages/*/content"),
    ("[redact]\npaths = ['/a~']", "redact.paths[0] is no JSON pointer"),
    ("[redact]\nregexes = ['a', '(']", "redact.regexes[1] is no regular expression: missing ), unterminated"),
    ("[redact]\nregexes = ['']", "redact.regexes[0] is empty"),
    ("[redact]\nregexes = ['a{99999999999}']", "redact.regexes[0] is no regular expression: the repetition"),
    (
        "[redact]\nallow = ['hunter2']",
        "redact.allow[0] is no SHA-256; write its 64 hex digits, and never the",
    ),
    (
        "[redact]\nonly-headers=['a']\nall-but-headers=['b']",
        "redact.only-headers is given, and so is all-but-",
    ),
    (
        "[[redact.rules]]\nid = 'a'\npattern = 'a'\n[[redact.rules]]\nid = 'a'\npattern = 'b'",
        "redact.rules[1].id is that of rules[0] too; give it another",
    ),
]


@pytest.mark.parametrize(("text", "message"), UNKNOWN + TYPES + VALUES)
def test_what_makes_no_sense_is_told_with_its_key(tmp_path: Path, text: str, message: str) -> None:
    said = complaint(tmp_path, text)
    assert said.startswith(message)
    assert "hunter2" not in said


def test_in_the_shared_file_keys_are_named_in_full(tmp_path: Path) -> None:
    said = complaint(tmp_path, "[tool.cassette.redact]\nheder = 1", "pyproject.toml")
    assert said.startswith("tool.cassette.redact.heder is no known key; did you mean headers?")
    said = complaint(tmp_path, "[tool]\ncassette = 1", "pyproject.toml")
    assert said == "tool.cassette is a number, no table; write [tool.cassette] and the keys below it"


BROKEN = [
    ("ignore = [", "1:11: not TOML: invalid value"),
    ("ignore = []\nignore = []\n", "2:12: not TOML: cannot overwrite a value"),
    ("a\n", "1:2: not TOML: expected '=' after a key"),
    ("x = 1\n[redact", "2:8: not TOML: expected ']' at the end of a table declaration"),
    ("é = 1", "1:1: not TOML: invalid statement"),
    (b"# \xc3\xa9\nx = '\xe9'", "2:6: byte 0xe9 is not UTF-8; save the file as UTF-8"),
    ("x = " + "[" * 100_000, "not TOML: nested too deep"),
    ("x = " + "1" * 5_000, "not TOML: exceeds the limit (4300 digits)"),
]


@pytest.mark.parametrize(("text", "message"), BROKEN, ids=range(len(BROKEN)))
def test_broken_toml_is_told_with_its_line_and_column(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    assert complaint(tmp_path, text).lower().startswith(message.lower())


def test_a_broken_shared_file_that_names_us_is_told(tmp_path: Path) -> None:
    assert complaint(tmp_path, "[tool.cassette\n", "pyproject.toml").startswith("1:15: not TOML")


RULES = [
    ("ignore = ['json-web-tokn']", "ignore names no rule: json-web-tokn; did you mean json-web-token?"),
    ("per-path-ignores = {'a' = ['x']}", 'per-path-ignores."a" names no rule: x'),
    (
        "[redact]\nenable = ['mail-address']",
        "redact.enable names no rule: mail-address; did you mean email-address?",
    ),
]


@pytest.mark.parametrize(("text", "message"), RULES)
def test_a_rule_that_nobody_knows_is_told(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(BadRequest) as caught:
        own(tmp_path, text).check_rules(["json-web-token", "email-address"])
    assert str(caught.value) == f"{tmp_path / '.cassette.toml'}: {message}"


def test_known_rules_and_those_of_the_project_may_be_named(tmp_path: Path) -> None:
    text = "ignore = ['cookie', 'acme', '*']\nredact.rules = [{id = 'acme', pattern = 'a'}]"
    own(tmp_path, text).check_rules(["cookie"])
    Settings().check_rules([])


VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=5,
)
KEYS = [
    "exclude",
    "ignore",
    "baseline",
    "redact.headers",
    "redact.strict",
    "redact.rules",
    "redact.paths",
    "x",
]


@given(st.dictionaries(st.sampled_from(KEYS), VALUE, max_size=3), st.binary(max_size=9))
def test_whatever_stands_in_the_file_it_is_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, object], junk: bytes
) -> None:
    folder = tmp_path_factory.mktemp("any")
    lines = [f"{key} = {json.dumps(value)}\n".encode() for key, value in values.items()]
    for end in (b"", junk):
        (folder / ".cassette.toml").write_bytes(b"".join(lines) + end)
        with suppress(BadRequest):
            load(folder).ignored("a.yaml")

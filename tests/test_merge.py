"""Merging cassettes: what both sides did is there, with its bytes; what cannot be both is marked."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from cassette_cli.conflict import Marks, ours_and_theirs
from cassette_cli.errors import CassetteError, Refused
from cassette_cli.merge import Merged, merge
from cassette_cli.recorders import read_cassette
from cassette_cli.source.document import Document
from tests import corpus

# -- cassettes of interactions that have letters as names: "a" is asked /a; "a2" is a with another reply ----


def vcrpy(*names: str) -> str:
    entries = "".join(
        f"- request:\n    body: ''\n    headers: {{}}\n    method: GET\n    uri: http://x/{name[0]}\n"
        f"  response:\n    body:\n      string: |\n        reply {name}\n    headers: {{}}\n"
        "    status: {code: 200, message: OK}\n"
        for name in names
    )
    return f"interactions:\n{entries}version: 1\n" if names else "interactions: []\nversion: 1\n"


def ruby(*names: str) -> str:
    entries = "".join(
        f"- request:\n    method: get\n    uri: http://x/{name[0]}\n    body:\n      encoding: UTF-8\n"
        "      string: ''\n    headers: {}\n  response:\n    status:\n      code: 200\n      message: OK\n"
        f"    headers: {{}}\n    body:\n      encoding: UTF-8\n      string: reply {name}\n"
        "  recorded_at: Tue, 25 Nov 2025 17:00:00 GMT\n"
        for name in names
    )
    return f"---\nhttp_interactions:\n{entries}recorded_with: VCR 6.3.1\n"


def govcr(*names: str) -> str:
    entries = "".join(
        f'    - id: {number}\n      request:\n        body: ""\n        method: GET\n        url: http://x/{name[0]}\n'
        f"      response:\n        body: reply {name}\n        headers: {{}}\n        code: 200\n"
        for number, name in enumerate(names)
    )
    return f"---\nversion: 2\ninteractions:\n{entries}" if names else "---\nversion: 2\ninteractions: []\n"


def _json(names: tuple[str, ...], indent: int | None) -> str:
    entries = [
        {
            "request": {"method": "GET", "uri": f"http://x/{name[0]}", "body": None, "headers": {}},
            "response": {"status": {"code": 200}, "headers": {}, "body": {"string": f"reply {name}"}},
        }
        for name in names
    ]
    return json.dumps({"interactions": entries, "version": 1}, indent=indent) + "\n"


def pretty(*names: str) -> str:
    return _json(names, 2)


def minified(*names: str) -> str:
    return _json(names, None)


FORMS = pytest.mark.parametrize("form", [vcrpy, ruby, govcr, pretty, minified])
Form = Callable[..., str]
SUFFIX = {pretty: "json", minified: "json"}


def merged(base: str | None, ours: str, theirs: str, marks: Marks = Marks(), name: str = "a.yaml") -> Merged:  # noqa: B008
    documents = (None if text is None else Document(name, text.encode()) for text in (base, ours, theirs))
    old, own, other = documents
    assert own
    assert other
    return merge(old, own, other, marks)


def replies(text: str) -> list[str]:
    """What the interactions of a cassette are called."""
    cassette = read_cassette(Document("a.yaml", text.encode()))
    return [one.response.body.bytes.decode().strip().removeprefix("reply ") for one in cassette.interactions]


CLEAN = [  # base, ours, theirs, what comes out
    ("a", "a", "a", "a"),
    ("ab", "ab", "ab", "ab"),
    ("a", "ab", "a", "ab"),
    ("a", "a", "ab", "ab"),
    ("abc", "ac", "abc", "ac"),
    ("abc", "abc", "bc", "bc"),
    ("a", "ab", "ab", "ab"),  # both did the same
    ("ab", "a", "a", "a"),
    ("a", "ab", "ac", "abc"),
    ("a", "abc", "ade", "abcde"),
    ("a", "abc", "abd", "abcd"),
    ("a", "ba", "ca", "bca"),
    ("abc", "ab", "bc", "b"),
    ("abc", "abcd", "bc", "bcd"),
    ("ab", "axb", "aby", "axby"),
    ("abcd", "dabc", "abcde", "dabce"),  # moved
    (None, "ab", "ac", "abc"),
    (None, "ac", "b", "acb"),
]
CHANGED = [
    (["a", "b"], ["a2", "b"], ["a", "b"], ["a2", "b"]),
    (["a", "b"], ["a2", "b"], ["a", "b2"], ["a2", "b2"]),
    (["a", "b"], ["a2", "b"], ["a2", "b"], ["a2", "b"]),
    (["a", "b"], ["a2", "b", "c"], ["a", "d"], ["a2", "c", "d"]),
    (["a", "a2"], ["a", "a2", "a3"], ["a", "a2"], ["a", "a2", "a3"]),  # one request, several replies
]


@FORMS
@pytest.mark.parametrize(
    ("base", "ours", "theirs", "expected"),
    [*((b and list(b), list(o), list(t), list(r)) for b, o, t, r in CLEAN), *CHANGED],
    ids=lambda names: "-" if names is None else "".join(names),
)
def test_what_either_side_did_is_joined_to_the_byte(
    form: Form, base: list[str] | None, ours: list[str], theirs: list[str], expected: list[str]
) -> None:
    old = None if base is None else form(*base)
    assert merged(old, form(*ours), form(*theirs)) == Merged(form(*expected), 0)


@pytest.mark.parametrize("form", [vcrpy, govcr])
def test_interactions_of_both_sides_join_in_a_list_that_was_empty(form: Form) -> None:
    assert merged(form(), form("a"), form("b")) == Merged(form("a", "b"), 0)
    assert merged("", form("a"), form("b")) == Merged(form("a", "b"), 0)
    assert merged(form(), form(), form("b")) == Merged(form("b"), 0)


CONFLICTS = [  # base, ours, theirs, the file as ours and as theirs would have it
    (["a"], ["a2"], ["a3"], ["a2"], ["a3"]),
    (["a", "b", "c"], ["a", "b2", "c"], ["a", "b3", "c"], ["a", "b2", "c"], ["a", "b3", "c"]),
    (["a", "b"], ["a2", "b", "c"], ["a3", "b", "d"], ["a2", "b", "c", "d"], ["a3", "b", "c", "d"]),
    (["a"], ["a", "b"], ["a", "b2"], ["a", "b"], ["a", "b2"]),  # both asked the same anew
    (["a", "b"], ["a"], ["a", "b2"], ["a"], ["a", "b2"]),  # removed and changed
    (["a", "b"], ["a", "b2"], ["a"], ["a", "b2"], ["a"]),
    (["a", "b", "c"], ["a2", "b"], ["a3", "b", "c2"], ["a2", "b"], ["a3", "b", "c2"]),
    (["a", "b"], ["a", "c"], ["a", "d"], ["a", "c"], ["a", "d"]),  # replaced by two things
    (None, ["a"], ["a2"], ["a"], ["a2"]),
]


@FORMS
@pytest.mark.parametrize(
    ("base", "ours", "theirs", "as_ours", "as_theirs"),
    CONFLICTS,
    ids=lambda names: "-" if names is None else "".join(names),
)
def test_what_cannot_be_both_is_marked_and_either_can_be_taken(
    form: Form,
    base: list[str] | None,
    ours: list[str],
    theirs: list[str],
    as_ours: list[str],
    as_theirs: list[str],
) -> None:
    old = None if base is None else form(*base)
    for style in (Marks(), Marks(9, "HEAD", "topic (its subject)", "1234567")):
        found = merged(old, form(*ours), form(*theirs), style)
        assert found.conflicts
        sides = ours_and_theirs(found.text)
        assert sides
        assert [replies(side) for side in sides] == [as_ours, as_theirs]


def test_the_markers_stand_around_just_the_interaction() -> None:
    found = merged(vcrpy("a", "b"), vcrpy("a2", "b"), vcrpy("a3", "b", "c"), Marks(7, "HEAD", "topic"))
    one, two, rest = (vcrpy(*names) for names in (["a2"], ["a3"], ["b", "c"]))
    entry = slice(len("interactions:\n"), -len("version: 1\n"))
    expected = f"<<<<<<< HEAD\n{one[entry]}=======\n{two[entry]}>>>>>>> topic\n"
    assert found == Merged(f"interactions:\n{expected}{rest.removeprefix('interactions:' + chr(10))}", 1)


def test_a_conflict_at_the_end_of_a_list_with_commas_holds_the_comma() -> None:
    found = merged(minified("a", "b"), minified("a"), minified("a", "b2"))
    sides = ours_and_theirs(found.text)
    assert sides
    assert [len(json.loads(side)["interactions"]) for side in sides] == [1, 2]


FORMATTING = vcrpy("a", "b").replace("method: GET", "method:   'GET'  # so it is", 1)


def test_what_was_only_written_anew_keeps_its_bytes_and_is_no_conflict() -> None:
    assert merged(vcrpy("a", "b"), FORMATTING, vcrpy("a", "b", "c")).text.startswith(FORMATTING[:-11])
    assert merged(vcrpy("a", "b"), vcrpy("a", "b", "c"), FORMATTING).text.startswith(FORMATTING[:-11])
    assert merged(vcrpy("a", "b"), FORMATTING, vcrpy("a2", "b")) == Merged(vcrpy("a2", "b"), 0)


def test_comments_stay_with_the_interaction_below() -> None:
    def said(*names: str) -> str:
        text = vcrpy(*names)
        for name in names:
            at = text.index(f"/{name}\n")
            dash = text.rindex("- request", 0, at)
            text = f"{text[:dash]}# asks {name}\n# twice\n{text[dash:]}"
        return text

    assert merged(said("a", "b"), said("a", "c", "b"), said("a", "b", "d")) == Merged(
        said("a", "c", "b", "d"), 0
    )


def test_a_dash_may_have_a_line_of_its_own() -> None:
    def said(*names: str) -> str:
        return vcrpy(*names).replace("- request", "-\n  request")

    assert merged(said("a"), said("a", "b"), said("a", "c")) == Merged(said("a", "b", "c"), 0)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ([0, 1, 2], [0, 1, 2], [0, 1, 2, 3]),
        ([0, 2, 5], [0, 2, 7], [0, 2, 5, 7]),  # gaps stay: the recorder left them
        ([1, 2, 3], [1, 2, 3], [1, 2, 3, 4]),
    ],
)
def test_numbers_rise(ours: list[int], theirs: list[int], expected: list[int]) -> None:
    def numbered(names: str, numbers: list[int]) -> str:
        text = govcr(*names)
        for old in reversed(range(len(numbers))):
            text = text.replace(f"- id: {old}\n", f"- id: {numbers[old]}\n")
        return text

    base = numbered("ab", ours[:2])
    assert merged(base, numbered("abc", ours), numbered("abd", theirs)).text == numbered("abcd", expected)


ODD = [  # what is not for us to merge: git's own merge by lines is
    ("not a cassette", "a: 1\n", vcrpy("a"), vcrpy("a")),
    ("broken", vcrpy("a"), vcrpy("a") + "}{", vcrpy("a")),
    ("conflict markers", vcrpy("a"), "<<<<<<< x\n" + vcrpy("a"), vcrpy("a")),
    ("another recorder", vcrpy("a"), ruby("a"), vcrpy("a", "b")),
    ("another layout", vcrpy("a"), minified("a", "b"), vcrpy("a", "c")),
    ("another indent", vcrpy("a"), govcr("a", "b"), govcr("a", "c").replace("\n    ", "\n  ")),
    ("aliases", vcrpy("a"), vcrpy("a").replace("headers: {}", "headers: &x {}", 1), vcrpy("a")),
    ("both changed the frame", vcrpy("a"), vcrpy("a") + "x: 1\n", vcrpy("a") + "x: 2\n"),
    ("all of them removed", vcrpy("a", "b"), vcrpy("a"), vcrpy("b")),
]


@pytest.mark.parametrize(("base", "ours", "theirs"), [row[1:] for row in ODD], ids=[row[0] for row in ODD])
def test_what_is_odd_is_left_to_git(base: str, ours: str, theirs: str) -> None:
    with pytest.raises(CassetteError):
        merged(base, ours, theirs)


def test_what_stands_around_the_interactions_is_merged_too() -> None:
    one, two = (
        ruby(*names).replace("6.3.1", version) for names, version in (("ab", "6.4.0"), ("ac", "6.5.0"))
    )
    assert merged(ruby("a"), one, two).text == ruby(*"abc").replace("6.3.1", "6.4.0")
    more = vcrpy("a").replace("version: 1\n", "version: 1\nmetadata: {x: 1}\n")
    assert merged(vcrpy("a"), vcrpy("a", "b"), more).text == vcrpy("a", "b") + "metadata: {x: 1}\n"


@FORMS
def test_line_ends_marks_and_an_open_last_line_stay(form: Form) -> None:
    def crlf(*names: str) -> bytes:
        return b"\xef\xbb\xbf" + form(*names).replace("\n", "\r\n").encode()

    base, one, two, three, four = (
        Document("a.yaml", crlf(*names))
        for names in (["a", "b"], ["a", "b", "c"], ["a", "b", "d"], ["a2", "b"], ["a3", "b"])
    )
    assert one.encode(merge(base, one, two).text) == crlf("a", "b", "c", "d")
    assert "\n" not in merge(base, three, four).text.replace("\r\n", "")
    left, right = (Document("a.yaml", form(*names).rstrip().encode()) for names in ("a", "ab"))
    assert merge(left, right, left).text == merge(left, left, right).text == form("a", "b").rstrip()


@FORMS
@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_sides_do_each_change_of_one_is_there(form: Form, seed: int) -> None:
    dice = Random(seed)
    for _ in range(40):
        base = [chr(97 + number) for number in range(dice.randint(1, 8))]
        turn = {name: dice.choice(["ours", "theirs", ""]) for name in base}

        def side(which: str, more: str, base: list[str] = base, turn: dict[str, str] = turn) -> list[str]:
            names = [f"{name}2" if turn[name] == which and dice.random() < 0.7 else name for name in base]
            kept = [name for name in names if not (turn[name[0]] == which and len(name) == 1)] or names[:1]
            return kept + [more[number] for number in range(dice.randint(0, 3))]

        ours, theirs = side("ours", "uvw"), side("theirs", "xyz")
        try:
            found = merged(form(*base), form(*ours), form(*theirs))
        except Refused:
            continue  # the last one is gone
        got = replies(found.text)
        assert found.conflicts == 0
        changed = [*ours, *theirs]
        assert all(name in got for name in changed if name[1:] == "2" or name in "uvwxyz")
        assert got == sorted(got, key=lambda name: (name[0] in "uvwxyz", name[0]))
        assert {name[0] for name in got} == {name[0] for name in changed if name in "uvwxyz"} | (
            {name[0] for name in ours} & {name[0] for name in theirs}
        )


# -- markers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "sides"),
    [
        ("", None),
        ("a\nb\n", None),
        ("=======\n", None),
        ("<<<<<<<\n", None),
        ("<<<<<< ours\na\n======\nb\n>>>>>> theirs\n", None),  # too short
        ("<<<<<<< ours\na\n=======\nb\n", None),
        ("<<<<<<< ours\n<<<<<<< ours\n=======\nb\n>>>>>>> theirs\n", None),
        ("x\n<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\ny\n", ("x\na\ny\n", "x\nb\ny\n")),
        ("<<<<<<< ours\na\n||||||| base\nc\n=======\n>>>>>>> theirs", ("a\n", "")),
        ("<<<<<<<\r\na\r\n=======\r\nb\r\n>>>>>>>\r\n", ("a\r\n", "b\r\n")),
        (
            "=======\n<<<<<<< a\n1\n=======\n2\n>>>>>>> b\n=======\n",
            ("=======\n1\n=======\n", "=======\n2\n=======\n"),
        ),
        ("<<<<<<< a\n1\n========\n=======\n2\n>>>>>>> b\n", ("1\n========\n", "2\n")),
        (
            "<<<<<<< a\n1\n||||||| base\n<<<<<<<<< x\n3\n=========\n4\n>>>>>>>>> y\n=======\n2\n>>>>>>> b\n",
            ("1\n", "2\n"),
        ),
        ("<<<<<<< a\n1\u2028<<<<<<<\n=======\n2\n>>>>>>> b\n", ("1\u2028<<<<<<<\n", "2\n")),
    ],
)
def test_the_two_sides_of_a_conflict(text: str, sides: tuple[str, str] | None) -> None:
    assert ours_and_theirs(text) == sides


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
@pytest.mark.parametrize("size", [7, 12])
def test_both_sides_are_read_of_what_git_marked(tmp_path: Path, style: str, size: int) -> None:
    texts = ["a\nb\nc\nd\ne\nf\n", "a\nB\nc\nd\ne\nf1\n", "a\nb2\nb3\nc\nd\ne\nf2\ng\n"]
    files = [tmp_path / name for name in ("base", "ours", "theirs")]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    base, ours, theirs = files
    command = ["git", "-c", f"merge.conflictStyle={style}", "merge-file", "-p", f"--marker-size={size}"]
    marked = subprocess.run([*command, ours, base, theirs], capture_output=True, text=True, check=False)
    assert marked.returncode > 0
    assert ours_and_theirs(marked.stdout) == (texts[1], texts[2])


# -- real cassettes ----------------------------------------------------------------------------------------


@corpus.needs_corpus
def test_real_cassettes_that_only_one_side_changed_come_out_as_that_side() -> None:
    merged_ones = 0
    for path in corpus.sample(60, seed=11):
        try:
            document = Document(str(path), path.read_bytes())
            assert merge(document, document, document) == Merged(document.text, 0), path
            assert merge(None, document, document) == Merged(document.text, 0), path
        except CassetteError:
            continue  # of a form that is left to git
        merged_ones += 1
    assert merged_ones > 30

"""Pruning: what is to go goes as if it had never been recorded, and nothing else changes."""

import json
import re
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest

from cassette_cli.errors import BadRequest
from cassette_cli.model import Cassette
from cassette_cli.prune import duplicates, failed, prune
from cassette_cli.prune_headers import prune_headers
from cassette_cli.recorders import read_cassette
from cassette_cli.replay import quoting
from cassette_cli.rewrite import SIDES
from cassette_cli.selection import Selection
from cassette_cli.source.document import Document
from tests import corpus, proof_prune
from tests.proof import Outcome
from tests.test_cli import SAMPLES
from tests.test_merge import FORMS, Form, govcr, pretty, ruby, vcrpy


def read(text: str | bytes, name: str = "a.yaml") -> Cassette:
    return read_cassette(Document(name, text.encode() if isinstance(text, str) else text))


def sample(name: str) -> Cassette:
    return read((SAMPLES / name).read_bytes(), str(SAMPLES / name))


def pruned(cassette: Cassette, *gone: int) -> str:
    made = prune(cassette, gone)
    return made.bytes_of(cassette.document).decode()


# -- what cannot go ------------------------------------------------------------------------------------------

STUB = {"request": {"method": "GET", "url": "/a"}, "response": {"status": 200}}


@pytest.mark.parametrize(
    ("cassette", "words"),
    [
        (lambda: sample("ddapm/photo_get_4e5f6071.json"), "delete the file"),
        (lambda: read(json.dumps(STUB)), "delete the file"),
        (lambda: read("when: {path: /a}\nthen: {status: 200}\n"), "delete it"),
    ],
    ids=["a file an interaction", "a single stub", "a single document"],
)
def test_a_file_that_is_one_interaction_is_refused_with_advice(
    cassette: Callable[[], Cassette], words: str
) -> None:
    with pytest.raises(BadRequest, match=words):
        prune(cassette(), [0])


@pytest.mark.parametrize(
    "name", ["exvcr/boats.json", "easyvcr/java.json", "php-vcr/boats.yml", "vcrpy/list_form.yaml"]
)
def test_a_bare_list_is_not_emptied_since_nothing_would_tell_whose_it_is(name: str) -> None:
    cassette = sample(name)
    with pytest.raises(BadRequest, match="delete it"):
        prune(cassette, range(len(cassette.interactions)))


def test_toml_is_read_only() -> None:
    text = (
        'version = "1"\n[[interactions]]\n[interactions.request]\nmethod = "GET"\nuri = "http://x/a"\n'
        'body_type = "none"\n[interactions.response]\nstatus = 200\n'
    )
    with pytest.raises(BadRequest, match="TOML"):
        prune(read(text, "a.toml"), [0])


SHARED = vcrpy("a", "b", "c").replace("headers: {}", "headers: &h {}", 1)
ALIASED = "headers: *h".join(SHARED.rsplit("headers: {}", 1))


def test_an_anchor_that_another_interaction_needs_is_refused_with_its_place() -> None:
    with pytest.raises(BadRequest, match=r"\*h stands for") as refused:
        prune(read(ALIASED), [0])
    place = refused.value.place
    assert place
    assert ALIASED.splitlines()[(place.line or 0) - 1][(place.column or 0) - 1 :] == "*h"
    assert "*h" in pruned(read(ALIASED), 1)
    assert "*h" not in pruned(read(ALIASED), 0, 2)


# -- what goes -----------------------------------------------------------------------------------------------

ENDS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "no last line break": lambda text: text.removesuffix("\n"),
    "byte order mark": lambda text: "\ufeff" + text,
}


@FORMS
@pytest.mark.parametrize("ends", ENDS.values(), ids=ENDS)
def test_what_is_left_is_what_a_recorder_would_have_written(form: Form, ends: Callable[[str], str]) -> None:
    for count in (1, 2, 3):
        for gone in combinations(range(4), count):
            left = [name for at, name in enumerate("abcd") if at not in gone]
            assert pruned(read(ends(form(*"abcd"))), *gone) == ends(form(*left)), gone


@pytest.mark.parametrize("form", [vcrpy, govcr, pretty])
def test_the_last_interaction_leaves_an_empty_list(form: Form) -> None:
    assert pruned(read(form(*"ab")), 0, 1) == form()


def test_the_last_interaction_of_rubys_leaves_an_empty_list() -> None:
    assert pruned(read(ruby("a")), 0) == "---\nhttp_interactions: []\nrecorded_with: VCR 6.3.1\n"


def _commented(*lines: str) -> str:
    """A cassette in which these lines stand before, in or behind a, b and c."""
    entries = {
        name: vcrpy(name).removeprefix("interactions:\n").removesuffix("version: 1\n") for name in "abc"
    }
    return "interactions:\n" + "".join(entries.get(line, f"{line}\n") for line in lines)


@pytest.mark.parametrize(
    ("before", "gone", "after"),
    [
        (["# of a", "a", "b", "c"], 0, ["b", "c"]),
        (["a", "# of b", "b", "c"], 0, ["# of b", "b", "c"]),
        (["a", "# of b", "# and more", "b", "c"], 1, ["a", "c"]),
        (["a", "  # in a", "b", "c"], 0, ["b", "c"]),
        (["a", "b", "    # in b", "", "# of c", "c"], 1, ["a", "# of c", "c"]),
        (["a", "", "# of the rest", "", "b", "c"], 0, ["# of the rest", "", "b", "c"]),
        (["a", "", "b", "", "c"], 1, ["a", "", "c"]),
        (["a", "", "b", "", "c"], 0, ["b", "", "c"]),
    ],
)
def test_a_comment_goes_with_what_it_is_about(before: list[str], gone: int, after: list[str]) -> None:
    assert pruned(read(_commented(*before)), gone) == _commented(*after)


def test_no_blank_line_is_left_at_the_end() -> None:
    spaced = ruby(*"ab").replace("recorded_with: VCR 6.3.1\n", "").replace("- request", "\n- request")
    assert pruned(read(spaced), 1) == spaced[: spaced.rindex("\n- request")]


def test_a_block_that_keeps_its_line_breaks_keeps_just_these() -> None:
    first, second = (
        "- request: {method: GET, url: x, headers: {}, body: ''}\n"
        f"  response:\n    code: 200\n    headers: {{}}\n    body: |+\n      {name}\n\n"
        for name in "ab"
    )
    text = f"version: 1\ninteractions:\n{first}{second}\n\n"
    assert pruned(read(text), 1) == f"version: 1\ninteractions:\n{first}"


CASSETTER = """\
version: 1
ws_interactions:
- uri: ws://x/a
  frames: []
- uri: ws://x/b
  frames: []
interactions:
- request: {method: GET, uri: 'http://x/c', body: {type: none}}
  response: {status: 200, body: {type: none}}
"""


@pytest.mark.parametrize(
    ("gone", "after"),
    [
        ([0], CASSETTER[: CASSETTER.index("interactions:\n- req")] + "interactions: []\n"),
        ([1], CASSETTER.replace("- uri: ws://x/a\n  frames: []\n", "")),
        ([1, 2], re.sub(r"ws_interactions:\n(.*\n){4}", "ws_interactions: []\n", CASSETTER)),
        ([0, 2], None),
    ],
)
def test_an_interaction_goes_from_the_list_that_it_is_in(gone: list[int], after: str | None) -> None:
    cassette = read(CASSETTER)
    urls = [one.request.url for one in cassette.interactions if one.index not in gone]
    text = pruned(cassette, *gone)
    assert [one.request.url for one in read(text).interactions] == urls
    assert after in (None, text)


def test_a_request_goes_with_the_response_in_another_list() -> None:
    requests = [f"- {{body: null, headers: {{}}, method: GET, uri: 'http://x/{name}'}}\n" for name in "abc"]
    responses = [
        f"- {{body: {{string: {name}}}, headers: {{}}, status: {{code: 200, message: OK}}}}\n"
        for name in "abc"
    ]

    def langchain(*places: int) -> str:
        asked, said = (("".join(side[at] for at in places)) for side in (requests, responses))
        return f"requests:\n{asked}responses:\n{said}" if places else "requests: []\nresponses: []\n"

    assert pruned(read(langchain(0, 1, 2)), 1) == langchain(0, 2)
    assert pruned(read(langchain(0, 1, 2)), 0, 1, 2) == langchain()


@pytest.mark.parametrize("before", ["", "---\n", "# of all\n---\n"])
def test_a_document_goes_with_a_line_that_divides_it(before: str) -> None:
    a, b, c = (f"# of {name}\nwhen: {{path: /{name}}}\nthen: {{status: 200}}\n" for name in "abc")
    text = f"{before}{a}---\n{b}---\n{c}"
    assert pruned(read(text), 0) == f"{before}{b}---\n{c}"
    assert pruned(read(text), 1) == f"{before}{a}---\n{c}"
    assert pruned(read(text), 2) == f"{before}{a}---\n{b}"
    assert pruned(read(text), 0, 2) == f"{before}{b}"


def test_further_documents_of_a_wrapper_stay() -> None:
    text = govcr(*"ab") + "---\nseed: 7\n"
    assert pruned(read(text), 1) == govcr("a") + "---\nseed: 7\n"


def test_a_record_of_a_trace_goes_with_its_lengths() -> None:
    cassette = sample("httprr/boats.httprr")
    nodes = [str(one.node) for one in cassette.interactions]
    assert pruned(cassette, 1) == "".join(["httprr trace v1\n", *nodes[:1], *nodes[2:]])
    assert pruned(cassette, *range(len(nodes))) == "httprr trace v1\n"


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(SAMPLES.glob("*/*.*")) if "expected" not in path.name],
    ids=lambda path: f"{path.parent.name}/{path.name}",
)
def test_every_sample_loses_any_interaction(path: Path) -> None:
    cassette = sample(str(path.relative_to(SAMPLES)))
    count = len(cassette.interactions)
    if count < 2 or "&id0" in cassette.document.text:  # where others need what would go
        return
    for gone in range(count):
        made = read(prune(cassette, [gone]).bytes_of(cassette.document), cassette.document.name)
        urls = [one.request.url for one in cassette.interactions if one.index != gone]
        assert [one.request.url for one in made.interactions] == urls


@corpus.needs_corpus
@pytest.mark.parametrize("proof", proof_prune.PROOFS, ids=lambda proof: proof.__name__)
def test_the_promises_hold_for_real_cassettes(proof: Callable[..., Outcome]) -> None:
    paths = [path for path in corpus.sample(90, seed=23) if path.stat().st_size < 300_000]
    outcome = proof(paths)
    assert not outcome.faults
    assert outcome.counts


# -- numbers -------------------------------------------------------------------------------------------------


def _ids(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"- id: (\d+)", text)]


@pytest.mark.parametrize(
    ("before", "gone", "after"),
    [
        ([0, 1, 2, 3], [1], [0, 1, 2]),
        ([0, 1, 2, 3], [0, 2], [0, 1]),
        ([0, 2, 4, 9], [1], [0, 3, 8]),  # a gap that was there stays
        ([0, 0, 0, 0], [1], [0, 0, 0]),
        ([0, 0, 1, 2], [1], [0, 1, 2]),  # what a merge left double is not made double again
        ([5, 6, 7, 8], [3], [5, 6, 7]),
        ([0, 1, 10, 11], [0], [0, 9, 10]),
    ],
)
def test_ids_of_go_vcr_are_counted_down(before: list[int], gone: list[int], after: list[int]) -> None:
    numbers = iter(before)
    text = re.sub(r"- id: \d+", lambda _: f"- id: {next(numbers)}", govcr(*"abcd"))
    assert _ids(pruned(read(text), *gone)) == after


def _polly(*numbers: tuple[str, int]) -> str:
    entries = [
        {
            "_id": id_,
            "_order": order,
            "request": {"method": "GET", "url": f"http://x/{id_}", "headers": []},
            "response": {"status": 200, "headers": [], "content": {"size": 0}},
        }
        for id_, order in numbers
    ]
    return json.dumps({"log": {"_recordingName": "x", "version": "1.2", "entries": entries}}, indent=2)


def test_polly_counts_the_same_request_on_its_own() -> None:
    text = _polly(("a", 0), ("b", 0), ("a", 1), ("a", 2), ("b", 1))
    assert pruned(read(text, "a.har"), 0) == _polly(("b", 0), ("a", 0), ("a", 1), ("b", 1))


def _seinfeld(*numbers: tuple[str, int]) -> str:
    message = {"headers": {}, "body": {"kind": "empty"}}
    entries = [
        {
            "callIndex": index,
            "matchKey": key,
            "request": {"method": "GET", "url": f"http://x/{key}", **message},
            "response": {"status": 200, **message},
        }
        for key, index in numbers
    ]
    return json.dumps({"version": 1, "meta": {"createdAt": "x"}, "entries": entries}, indent=2)


def test_seinfeld_counts_the_calls_of_a_key() -> None:
    text = _seinfeld(("a", 0), ("b", 0), ("a", 1), ("a", 2))
    assert pruned(read(text), 2) == _seinfeld(("a", 0), ("b", 0), ("a", 1))


def test_php_vcr_counts_the_same_request_on_its_own() -> None:
    def php(*numbers: tuple[str, int]) -> str:
        entries = [
            {
                "request": {"method": "GET", "url": f"http://x/{name}"},
                "response": {"status": 200},
                "index": index,
            }
            for name, index in numbers
        ]
        return json.dumps(entries, indent=4)

    assert pruned(read(php(("a", 0), ("b", 0), ("a", 1))), 0) == php(("b", 0), ("a", 0))


def _stubs(*states: tuple[str, str], total: int) -> str:
    stubs = [
        {
            "scenarioName": "queue",
            "requiredScenarioState": required,
            "newScenarioState": new,
            "request": {"method": "GET", "url": f"/{new}"},
            "response": {"status": 200},
        }
        for required, new in states
    ]
    return json.dumps({"mappings": stubs, "meta": {"total": total}}, indent=2)


@pytest.mark.parametrize(
    ("gone", "after"),
    [
        ([0], [("Started", "two"), ("two", "three")]),
        ([1], [("Started", "one"), ("one", "three")]),
        ([2], [("Started", "one"), ("one", "two")]),
        ([0, 1], [("Started", "three")]),
    ],
)
def test_wiremocks_states_still_lead_on(gone: list[int], after: list[tuple[str, str]]) -> None:
    text = _stubs(("Started", "one"), ("one", "two"), ("two", "three"), total=3)
    assert pruned(read(text), *gone) == _stubs(*after, total=len(after))


# -- which ---------------------------------------------------------------------------------------------------


def test_a_duplicate_is_all_the_same_and_the_first_one_stays() -> None:
    cassette = read(vcrpy("a", "b", "a", "a2", "a"))
    assert duplicates(cassette) == {2: 0, 4: 0}
    assert duplicates(read(govcr("a", "a"))) == {1: 0}  # the id aside


@pytest.mark.parametrize("at", ["request", "response"])
def test_another_date_makes_another_reply(at: str) -> None:
    text = vcrpy("a", "a")
    start = text.rindex(f" {at}:")
    start = text.index("headers: {}", start)
    other = f"{text[:start]}headers: {{Date: [today]}}{text[start + len('headers: {}') :]}"
    assert duplicates(read(other)) == {}


def test_stubs_that_differ_in_what_they_match_are_no_duplicates() -> None:
    def stub(name: str, pattern: str) -> object:
        return {
            "id": name,
            "request": {"method": "GET", "url": "/a", "bodyPatterns": [{"matches": pattern}]},
            "response": {"status": 200},
        }

    stubs = [stub("1", "x.*"), stub("2", "y.*"), stub("3", "x.*")]
    assert duplicates(read(json.dumps({"mappings": stubs}))) == {2: 0}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("vcrpy/images_and_errors.yaml", [0]),
        ("go-vcr/tool_streaming.yaml", []),
        ("go-vcr/cut_stream.yaml", []),  # which is cut, not failed
    ],
)
def test_what_failed_is_an_error(name: str, expected: list[int]) -> None:
    found = Selection().pick(sample(name))
    assert [reading.interaction.index for reading in found if failed(reading)] == expected


def test_an_error_in_a_stream_is_a_failure() -> None:
    said = (
        'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
    )
    text = vcrpy("a").replace("http://x/a", "https://api.anthropic.com/v1/messages").replace("GET", "POST")
    text = text.replace("body: ''", 'body: \'{"model": "claude", "max_tokens": 1, "messages": []}\'')
    text = text.replace("string: |\n        reply a\n", f"string: {json.dumps(said)}\n")
    assert [failed(reading) for reading in Selection().pick(read(text))] == [True]


def test_a_request_that_quotes_what_goes_is_told() -> None:
    cassette = sample("go-vcr/tool_streaming.yaml")
    assert [
        (index, "tool call's id from the reply of #0" in told) for index, told in quoting(cassette, {0})
    ] == [(1, True)]
    assert not list(quoting(cassette, {1}))
    assert not list(quoting(cassette, {0, 1}))


# -- headers -------------------------------------------------------------------------------------------------


def headers_pruned(cassette: Cassette, *names: str, indexes: set[int] | None = None) -> tuple[str, list[str]]:
    """The text without headers of these names, and what stayed of them."""
    everything = set(range(len(cassette.interactions)))
    done = prune_headers(
        cassette, lambda name: name.lower() in names, everything if indexes is None else indexes, SIDES
    )
    text = done.made.bytes_of(cassette.document).decode() if done.gone else cassette.document.text
    return text, [field.where for field in done.kept]


HEADED = vcrpy("a").replace(
    "headers: {}\n    method", "headers:\n      Accept:\n      - a\n      X-Id:\n      - b\n    method"
)


@pytest.mark.parametrize(
    ("text", "names", "after"),
    [
        (HEADED, ["x-other"], HEADED),
        (HEADED, ["x-id"], HEADED.replace("      X-Id:\n      - b\n", "")),
        (HEADED, ["accept"], HEADED.replace("      Accept:\n      - a\n", "")),
        (HEADED, ["accept", "x-id"], vcrpy("a")),
    ],
)
def test_a_header_goes_with_its_lines(text: str, names: list[str], after: str) -> None:
    result, _ = headers_pruned(read(text), *names)
    assert result.replace("headers: {}", "headers: {}") == after


def test_what_a_body_is_read_by_stays() -> None:
    cassette = sample("vcrpy/images_and_errors.yaml")
    text, kept = headers_pruned(cassette, "content-encoding", "content-type", "openai-organization")
    assert "openai-organization" not in text
    assert "Content-Encoding" in text
    assert "response.headers.Content-Encoding[0]" in kept


def test_a_trace_keeps_the_lengths_of_the_wire() -> None:
    cassette = sample("httprr/boats.httprr")
    names = {header.name.lower() for one in cassette.interactions for header in one.request.headers}
    text, kept = headers_pruned(cassette, *names)
    assert "Host:" in text
    assert kept
    assert len(read(text, "a.httprr").interactions) == len(cassette.interactions)


def test_a_header_that_another_interaction_has_by_an_alias_is_refused() -> None:
    cassette = sample("vcrpy/images_and_errors.yaml")
    with pytest.raises(BadRequest, match="by an alias"):
        headers_pruned(cassette, "authorization", indexes={0})
    assert "id001" not in headers_pruned(cassette, "authorization")[0]


def test_the_cookies_that_a_har_lists_go_with_their_header() -> None:
    cassette = sample("har/browser.har")
    assert "Cookie" in {header.name for one in cassette.interactions for header in one.request.headers}
    text, _ = headers_pruned(cassette, "cookie", "set-cookie")
    left = read(text, "a.har")
    sides = [side for one in left.interactions for side in (one.request, one.response)]
    names = {header.name.lower() for side in sides for header in side.headers}
    assert not names & {"cookie", "set-cookie"}

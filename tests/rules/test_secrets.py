"""Each rule finds its secrets wherever they stand, only them, and nothing in what merely looks like one."""

import re
import string
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cassette_cli.rules.masking import masked
from cassette_cli.rules.providers import SECRETS, entropy
from cassette_cli.rules.redaction import BETWEEN, Choice, Rules
from cassette_cli.rules.secrets import Searcher, Secret, looks_made_up, needles
from tests.corpus import dice
from tests.rules.shapes import make, make_marked

DEFAULT = Searcher(rule for rule in SECRETS if rule.default)
ALL = Searcher(SECRETS)

MISSES = [(rule, number) for rule in SECRETS for number in range(len(rule.misses))]
SHAPES = [(rule, number) for rule in SECRETS for number in range(len(rule.shapes))]
SEEDS = range(8)
SURROUNDINGS = (  # {} is the text of a shape
    "{}", '"{}"', "'{}'", "`{}`", "<{}>", "({})", "key={}", "key: {}", "a line\n{}\nand another", "It is {}.",
    "Take {}, please.", "https://boats.io/a?b={}&c=d", "\\n{}\\n", "%22{}%22", "[{}]", "{};",
)  # fmt: skip


def _searcher(rule: Secret) -> Searcher:
    return DEFAULT if rule.default else ALL


def _id(case: tuple[Secret, int]) -> str:
    return f"{case[0].id}-{case[1]}"


# -- what must not be found ------------------------------------------------------------------------


@pytest.mark.parametrize("case", MISSES, ids=_id)
def test_nothing_is_found_in_a_miss(case: tuple[Secret, int]) -> None:
    rule, number = case
    alone = Searcher([rule])
    for seed in SEEDS:
        text = make(rule.misses[number], dice(seed))
        assert not list(alone.find(text)), "the rule finds something"
        assert not list(alone.find(f"a line\n{text}\nand another")), "the rule finds something inside"


MADE_UP = (
    "sk-ant-api03-your-api-key-goes-here-in-this-place-00000000000",
    "sk-proj-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "sk-1234567890abcdef1234567890abcdef",
    "AKIAIOSFODNN7EXAMPLE",
    "API_KEY=<YOUR_API_KEY>",
    "Authorization: Bearer REDACTED",
    "Authorization: Bearer $OPENAI_API_KEY",
    "ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "AIzaSyDUMMYDUMMYDUMMYDUMMYDUMMYDUMMY123",
    "password: test-key-for-the-recordings-1",
    "hf_abcdefghijklmnopqrstuvwxyz12345678",
)
COMMON = (
    "",
    "sk-",
    "max_tokens=4096 token: str = settings.token_of_version_2",
    '"prompt_tokens": 14, "completion_tokens": 34, "total_tokens": 1024',
    "claude-sonnet-4-5-20250929 and Meta-Llama-3.1-70B-Instruct-Turbo",
    "chatcmpl-{29} msg_01{22} toolu_01{22} resp_{48h} call_{24} req_{24} fs_{32h} rs_{50h} run-{8h}-{4h}",
    "{8h}-{4h}-{4h}-{4h}-{12h} and sha256:{64h} and etag {32h}",
    "https://boats.io/home/page?session=a&state={32}",
    "The password must be at least 16 characters long and contain a digit.",
    "gAAAAA{300w}==",
    "-" * 500 + "=" * 500,
)


@pytest.mark.parametrize("number", range(len(MADE_UP)))
def test_nothing_is_found_in_what_somebody_made_up(number: int) -> None:
    assert not list(DEFAULT.find(MADE_UP[number]))


@pytest.mark.parametrize("number", range(len(COMMON)))
def test_nothing_is_found_in_what_recordings_are_full_of(number: int) -> None:
    for seed in SEEDS:
        assert not list(DEFAULT.find(make(COMMON[number], dice(seed))))


@pytest.mark.parametrize("case", SHAPES, ids=_id)
def test_nothing_is_found_inside_base64_data(case: tuple[Secret, int]) -> None:
    rule, number = case
    for seed in SEEDS:
        made = make_marked(rule.shapes[number], dice(seed))
        if re.fullmatch("[A-Za-z0-9+/=_-]+", made.text) and made.text == made.secret:
            data = make("{200b}/", dice(seed)) + made.text + make("/{200b}", dice(seed))
            assert not list(DEFAULT.find(data)), "data is no secret"


@pytest.mark.parametrize("rule", SECRETS, ids=lambda rule: rule.id)
def test_a_placeholder_is_passed_over(rule: Secret) -> None:
    for word in ("REDACTED", "dummy", "****", "<key>", "${KEY}"):
        made = make_marked(rule.shapes[0], dice(0))
        text = made.text[: made.start] + word + made.text[made.end :]
        assert not [hit for hit in Searcher([rule]).find(text) if hit.start <= made.start < hit.end]


@given(st.text(max_size=200))
def test_nothing_is_found_where_there_are_no_digits_and_few_letters(text: str) -> None:
    plain = re.sub("[A-Za-z0-9]{4,}", "abc", text)
    assert not list(DEFAULT.find(plain))


# -- what must be found ----------------------------------------------------------------------------


@pytest.mark.parametrize("case", SHAPES, ids=_id)
def test_a_secret_is_found_wherever_it_stands(case: tuple[Secret, int]) -> None:
    rule, number = case
    for seed in SEEDS:
        made = make_marked(rule.shapes[number], dice(seed))
        for place, around in enumerate(SURROUNDINGS):
            before, after = around.split("{}")
            text = before + made.text + after
            hits = list(_searcher(rule).find(text))
            assert [hit.rule.id for hit in hits] == [rule.id], f"in surroundings {place}"
            start, end = len(before) + made.start, len(before) + made.end
            assert (hits[0].start, hits[0].end) == (start, end), f"in surroundings {place}"


@pytest.mark.parametrize("case", SHAPES, ids=_id)
def test_the_trigger_fires_wherever_something_is_found(case: tuple[Secret, int]) -> None:
    rule, number = case
    alone = Searcher([rule])
    for seed in SEEDS:
        text = make(rule.shapes[number], dice(seed))
        assert _searcher(rule).places(text)
        assert alone.places(text)


@pytest.mark.parametrize("case", SHAPES, ids=_id)
def test_what_is_shown_masks_it(case: tuple[Secret, int]) -> None:
    rule, number = case
    for seed in SEEDS:
        made = make_marked(rule.shapes[number], dice(seed))
        for place, around in enumerate(SURROUNDINGS):
            text = around.replace("{}", made.text)
            if rule.default:
                assert made.secret not in masked(text), f"in surroundings {place}"
            assert any(needle in text for needle in needles(rule.head))


@pytest.mark.parametrize("case", MISSES, ids=_id)
def test_what_is_shown_keeps_a_miss(case: tuple[Secret, int]) -> None:
    rule, number = case
    text = make(rule.misses[number], dice(1))
    assert (masked(text) == text) is not any(DEFAULT.find(text))


@pytest.mark.parametrize("case", SHAPES, ids=_id)
def test_a_match_begins_with_the_head_of_its_rule(case: tuple[Secret, int]) -> None:
    rule, number = case
    text = make(rule.shapes[number], dice(number))
    matches = list(re.finditer(rule.pattern, text))
    assert matches
    assert all(re.compile(rule.head).match(text, match.start()) for match in matches)


@given(st.data())
def test_several_secrets_are_found_in_their_order(data: st.DataObject) -> None:
    rules = [rule for rule in SECRETS if rule.default]
    chosen = data.draw(st.lists(st.sampled_from(rules), max_size=6))
    seed = data.draw(st.integers(0, 1000))
    texts = [make(rule.shapes[0], dice(seed + number)) for number, rule in enumerate(chosen)]
    found = list(DEFAULT.find("\n\n".join(texts)))
    assert [hit.rule.id for hit in found] == [rule.id for rule in chosen]
    assert all(one.end <= other.start for one, other in pairwise(found))


@given(st.text(alphabet=string.ascii_letters + string.digits + "-_.:=/+@ ", max_size=300))
def test_where_the_trigger_is_silent_nothing_is_found(text: str) -> None:
    if not ALL.places(text):
        assert not list(ALL.find(text))


@pytest.mark.parametrize("length", [20, 40, 100])
def test_what_is_random_does_not_look_made_up(length: int) -> None:
    wrong = sum(looks_made_up(make(f"{{{length}}}", dice(seed))) for seed in range(3000))
    assert wrong <= 1


# -- the table -------------------------------------------------------------------------------------


def test_ids_are_unique_nouns_in_kebab_case() -> None:
    ids = [rule.id for rule in SECRETS]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch("[a-z0-9]+(?:-[a-z0-9]+)*", name) for name in ids)


@pytest.mark.parametrize("rule", SECRETS, ids=lambda rule: rule.id)
def test_a_row_is_whole(rule: Secret) -> None:
    assert len(rule.shapes) >= 2
    assert len(rule.misses) >= 2
    assert re.match("(?:an?|the|user) ", rule.summary), "a summary begins with an article"
    assert not rule.summary.endswith(".")


def test_a_head_must_have_something_to_look_for() -> None:
    rule = SECRETS[0]._replace(head="[A-Za-z0-9]{32}")
    with pytest.raises(ValueError, match="nothing to look for"):
        Searcher([rule])


def test_a_searcher_without_rules_finds_nothing() -> None:
    nothing = Searcher([])
    assert not nothing.places("sk-")
    assert not list(nothing.find("sk-"))


def test_entropy_is_counted_in_bits_a_character() -> None:
    assert entropy("aaaa") == 0
    assert entropy("abcd") == 2


def test_a_trigger_narrowed_to_texts_fires_on_each_as_the_whole_one_does() -> None:
    trigger, random = Rules(Choice(rules=tuple(SECRETS))).trigger, dice(5)
    quiet = ["hello, world", '{"role": "user", "max_tokens": 5}', "application/json", "x" * 5000]
    named = ['{"Password": "a"}', "?API_KEY=b", r"{\"access_token\":1}", "https://u:p@h", r"a\u002db", "%2D"]
    texts = [*quiet, *named, *(make(shape, random) for rule in SECRETS for shape in rule.shapes)]
    loud = [text for text in texts if trigger.fires(text)]
    assert set(named) <= set(loud)
    assert not set(quiet) & set(loud)
    near = trigger.within(BETWEEN.join(texts))
    assert [text for text in texts if near.fires(text)] == loud
    assert trigger.within(BETWEEN.join(quiet)).is_dead

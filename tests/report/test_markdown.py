"""The comment of `show --format markdown`, read by a CommonMark parser."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from cassette_cli.report import words
from cassette_cli.report.blocks import View
from cassette_cli.report.markdown import LARGEST, Comment
from tests.report.pages import CHAT, HOSTILE, cassette_of, conversation, drawn, read, sample

FOLD = re.compile(r"<details( open)?><summary>[^<>]*(<code>[^<>]*</code>)?[^<>]*</summary>|</details>")
OWN = re.compile(  # what is neither code nor a fold: the report's own words, and roles that are one word
    r"(▸ )?[A-Za-z]*( \d+)?|[⚠️→⇒←⇐✗ ]*(refusal|unknown|result|failed|the arguments are no JSON)? ?"
    r"|\((empty|blank)\)|… [\d,]+ more characters|… and [\w, ]+|(settings and )?\d+ messages? as in"
    r"|, with(out the| other) \w+|No interactions\."
)


def tokens(text: str) -> Iterator[Token]:
    """All tokens as CommonMark and GitHub's tables and strikethrough have them."""
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        yield token
        yield from token.children or ()


def check(text: str) -> list[str]:
    """The content of a comment in which nothing but the report's own words is markup."""
    content, depth = [], 0
    for token in tokens(text):
        if token.type in ("fence", "code_inline"):
            content.append(token.content.removesuffix("\n") if token.type == "fence" else token.content)
            assert token.info in ("", "text", "json")
        elif token.type == "html_block":
            for line in filter(None, token.content.split("\n")):
                assert FOLD.fullmatch(line), line
                depth += 1 if line.startswith("<details") else -1
        elif token.type == "text":
            assert OWN.fullmatch(token.content), token.content
        else:
            kinds = "(paragraph|heading|strong|em)_(open|close)|inline|softbreak"
            assert re.fullmatch(kinds, token.type), token
    assert depth == 0
    return content


def _without_blanks(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.parametrize("text", HOSTILE)
def test_content_is_code_and_nothing_else(text: str) -> None:
    content = check(drawn(Comment, read(conversation(text), text), view=View(full=True, headers=True)))
    if text.strip():
        assert _without_blanks(words.visible(text)) in map(_without_blanks, content)
        assert words.one_line(text) in content


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([*HOSTILE, *"<>`~@#\\\n -"]) | st.text(max_size=5), max_size=6))
def test_any_content_is_code_and_is_all_there(pieces: list[str]) -> None:
    text = "a" + "".join(pieces) + "z"
    content = check(drawn(Comment, read(conversation(text)), view=View(full=True, headers=True)))
    assert _without_blanks(words.visible(text)) in map(_without_blanks, content)


def test_a_comment_fits_and_says_what_it_leaves_out() -> None:
    small = drawn(Comment, read(cassette_of(*[("http://x", "", "", "")] * 2000)), view=View())
    check(small)
    assert len(small) < 60_100
    long = read(cassette_of(*[("https://example.com/", "", "word\n" * 600, "h")] * 40))
    text = drawn(Comment, long, sample("vcrpy/anthropic_tools.yaml"))
    check(text)
    assert LARGEST * 0.9 < len(text) < 65_536
    assert re.search(r"\*… and \d+ more interactions\*\n$", text)
    whole = drawn(Comment, long, view=View(full=True))
    check(whole)
    assert "more interaction" not in whole
    assert whole.count("word") == 40 * 600


def test_one_long_conversation_is_cut_between_its_messages() -> None:
    messages = [{"role": "user", "content": f"{number} " + "word " * 250} for number in range(100)]
    text = drawn(Comment, read(cassette_of((CHAT, {"model": "m", "messages": messages}, {}, ""))))
    check(text)
    assert len(text) < 65_536
    assert text.endswith("*… and more*\n\n</details>\n")


def test_prose_is_wrapped_because_a_fence_does_not() -> None:
    asked = {"model": "m", "messages": [{"role": "user", "content": "word " * 200}]}
    text = drawn(Comment, read(cassette_of((CHAT, asked, {}, ""))))
    assert text.count("word") == 200
    assert max(map(len, text.splitlines())) <= 110


@pytest.mark.parametrize("place", ["start", "far"])
def test_secrets_are_masked_by_name_and_by_shape(place: str) -> None:
    key = "sk-proj-" + "aB3dE6gH9jK2mN5pQ8sT" * 3
    text = f"the key is {key}" if place == "start" else "word " * 6 + key
    told = drawn(Comment, read(conversation(text)))
    assert key[8:16] not in told
    assert "****" in told
    assert key in drawn(Comment, read(conversation(key)), view=View(reveal=True))


def test_an_interaction_alone_is_open_and_several_are_folded() -> None:
    assert "<details open>" in drawn(Comment, sample("vcrpy/parsed_body.yaml"))
    assert drawn(Comment, sample("vcrpy/anthropic_tools.yaml")).count("\n<details><summary><code>#") == 2

"""The page of `show --format html`, read by a parser and a browser that know nothing of it."""

import json
import re
import subprocess
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from shutil import which

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cassette_cli.report import page as pages
from cassette_cli.report import words
from cassette_cli.report.blocks import View
from cassette_cli.report.markdown import Comment
from cassette_cli.report.page import Page
from cassette_cli.report.stylesheet import CSS, DARK, LIGHT
from tests.corpus import needs_corpus
from tests.corpus import sample as corpus_sample
from tests.report.pages import CHAT, HOSTILE, SAMPLES, cassette_of, conversation, drawn, read, sample

TAGS = (
    *("html", "head", "meta", "title", "style", "body", "header", "nav", "main", "section", "article"),
    *("h1", "h2", "h3", "h4", "p", "div", "pre", "details", "summary", "dl", "dt", "dd", "ol", "li"),
    *("a", "b", "span", "small", "wbr"),
)
VALUES = {  # of every attribute that there is but those of the head
    "class": r"facts|good|bad|warn|dim|folds|settings|turn (system|user|assistant|tool)|text|reply"
    r"|closing( warn)?|note|media|call|result|problem|same|unseen",
    "id": r"file-\d+(-\d+)?",
    "href": r"#file-\d+(-\d+)?",
    "dir": r"auto",
    "open": r"",
    "lang": r"en",
    "aria-label": r"Index",
}


class Seen(HTMLParser):
    """What a parser makes of a page; a page that is not well-formed does not get through."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.shape: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[int] = []
        self.texts: list[str] = []
        self.pieces: list[str] = []
        self.feed(page)
        self.close()
        assert not self.open
        assert self.rawdata == ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS
        self.shape.append(tag)
        for name, value in attrs if tag != "meta" else ():
            assert re.fullmatch(VALUES[name], value or ""), (tag, name, value)
        known = dict(attrs)
        self.ids += [str(known["id"])] if "id" in known else []
        self.links += [str(known["href"])[1:]] if "href" in known else []
        self.headings += [int(tag[1])] if re.fullmatch(r"h\d", tag) else []
        if tag not in ("meta", "wbr"):
            self._flush()
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self._flush()
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def _flush(self) -> None:
        self.texts.append("".join(self.pieces))
        self.pieces.clear()

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


# -- content is text, whatever it says ---------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE)
def test_content_is_text_and_nothing_else(text: str) -> None:
    seen = Seen(drawn(Page, read(conversation(text), text), view=View(full=True)))
    assert words.visible(text) in [shown.removeprefix("\n") for shown in seen.texts]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from([*HOSTILE, "<", ">", "&", '"', "'", "=", "\n", "x"]) | st.text(max_size=5), max_size=6
    )
)
def test_any_content_leaves_the_page_well_formed_and_is_all_there(pieces: list[str]) -> None:
    text = "a" + "".join(pieces) + "z"
    seen = Seen(drawn(Page, read(conversation(text)), view=View(full=True)))
    assert words.visible(text) in [shown.removeprefix("\n") for shown in seen.texts]


def test_control_and_bidi_characters_are_written_out() -> None:
    page = drawn(Page, read(conversation("\x1b[2J\u202e\u2066\x9b\x00\r\u200b")))
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202a-\u202e\u2066-\u2069]", page)
    assert r"\x1b[2J\u202e\u2066\x9b\x00" in page


@needs_corpus
def test_real_cassettes_make_well_formed_pages() -> None:
    from cassette_cli.errors import CassetteError

    cassettes = []
    for path in corpus_sample(60, seed=29):
        try:
            cassettes.append(read(path.read_bytes(), path.name))
        except CassetteError:
            continue
    seen = Seen(drawn(Page, *cassettes))
    assert len(seen.ids) == len(set(seen.ids)) > 60
    assert set(seen.links) <= set(seen.ids)


# -- one page, alone ---------------------------------------------------------------------------------


def test_the_page_asks_for_nothing_and_its_policy_holds_a_browser_to_that() -> None:
    page = drawn(Page, sample("vcrpy/anthropic_tools.yaml"))
    assert "default-src 'none'; style-src 'sha256-" in page
    assert not re.search(r"<(?:script|link|img|iframe|base|form)\b|\ssrc=|\sstyle=|url\(|@import", page)
    assert len(CSS) < 5000


def test_a_suite_has_an_index_and_a_link_for_each_interaction() -> None:
    cassettes = [sample("go-vcr/tool_streaming.yaml"), sample("vcrpy/images_and_errors.yaml")]
    seen = Seen(drawn(Page, *cassettes))
    assert seen.ids == [
        "file-0", "file-0-0", "file-0-1", "file-1", *(f"file-1-{number}" for number in range(4))
    ]  # fmt: skip
    assert set(seen.ids) == set(seen.links)
    assert "2 cassettes" in seen.texts
    assert "429" in seen.texts


@pytest.mark.parametrize(
    "paths",
    [["vcrpy/anthropic_tools.yaml"], ["vcrpy/empty.yaml"], ["go-vcr/cut_stream.yaml", "har/browser.har"]],
)
def test_headings_go_down_by_one(paths: list[str]) -> None:
    headings = Seen(drawn(Page, *map(sample, paths))).headings
    assert headings[0] == 1
    assert headings.count(1) == 1
    assert all(low - high <= 1 for high, low in pairwise(headings))


def test_a_cut_reply_is_marked_at_its_head_in_the_index_and_below() -> None:
    page = drawn(Page, sample("go-vcr/cut_stream.yaml"))
    assert page.count("<b class=bad>cut</b>") == 2
    assert "<p class=problem>the stream is cut: its last event is broken off</p>" in page


def test_what_was_shown_before_is_linked_to() -> None:
    page = drawn(Page, sample("vcrpy/anthropic_tools.yaml"))
    assert 'settings and 3 messages as in <a href="#file-0-0">#0</a>' in page


# -- bounds and secrets ------------------------------------------------------------------------------


def test_a_long_text_is_cut_with_a_count_unless_all_is_asked_for() -> None:
    cassette = read(cassette_of(("https://example.com/", "", "word " * 2000 + "end", "h")))
    assert "… 7,003 more characters (--full shows them)" in drawn(Page, cassette)
    assert "word end</pre>" in drawn(Page, cassette, view=View(full=True))


def test_a_page_that_is_full_says_what_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "LARGEST", 3000)
    cassettes = [sample("vcrpy/anthropic_tools.yaml"), sample("vcrpy/images_and_errors.yaml")]
    page = drawn(Page, *cassettes)
    assert set(Seen(page).links) <= set(Seen(page).ids)
    assert re.search(r"\d interactions left out", page)
    assert "left out" not in drawn(Page, *cassettes, view=View(full=True))


@pytest.mark.parametrize("full", [True, False])
def test_secrets_are_masked_by_name_and_by_shape(full: bool) -> None:
    key = "sk-proj-" + "aB3dE6gH9jK2mN5pQ8sT" * 3
    told = drawn(Page, read(conversation(f"the key is {key}")))
    assert key[8:20] not in told
    assert "the key is ****" in told
    leaking = drawn(Page, sample("vcrpy/leaking.yaml"), view=View(full))
    assert "hunter2" not in leaking
    assert key in drawn(Page, read(conversation(key)), view=View(reveal=True))


@pytest.mark.parametrize("form", [Page, Comment])
def test_a_secret_that_a_cut_would_halve_is_masked_too(form: type[Page] | type[Comment]) -> None:
    key = "sk-proj-" + "aB3dE6gH9jK2mN5pQ8sT" * 3
    cited = {"type": "url_citation", "url_citation": {"title": "word " * 17 + key, "url": "https://x/"}}
    message = {"role": "assistant", "content": "It is.", "annotations": [cited]}
    tool = {"type": "function", "function": {"name": "word_" * 6 + key}}
    asked = {"model": "m", "messages": [], "user": "word " * 10 + key, "tools": [tool]}
    told = drawn(form, read(cassette_of((CHAT, asked, {"choices": [{"message": message}]}, ""))))
    assert "word word" in told
    assert key[8:12] not in told


def test_a_short_setting_is_in_sight_and_a_long_one_under_a_fold() -> None:
    asked = {"model": "m", "messages": [], "seed": 7, "response_format": {"schema": "x" * 80}}
    page = drawn(Page, read(cassette_of((CHAT, asked, {}, ""))))
    assert "<div><dt>seed</dt><dd>7</dd></div>" in page
    assert "<details><summary>response_format</summary>" in page


def test_a_tool_result_that_is_json_is_laid_out() -> None:
    result = {"role": "tool", "tool_call_id": "a", "content": json.dumps({"rows": ["word " * 8] * 2})}
    page = drawn(Page, read(cassette_of((CHAT, {"model": "m", "messages": [result]}, {}, ""))))
    assert '{\n  "rows": [\n    "word word' in page


def test_media_is_told_by_type_and_size_never_by_its_bytes() -> None:
    page = drawn(Page, sample("vcrpy/images_and_errors.yaml"))
    assert "<p class=media>image/png, 123 B</p>" in page
    assert "iVBOR" not in page


# -- colours -----------------------------------------------------------------------------------------

GROUNDS = {
    "ink": ("ground", "card", "user", "code"),
    "dim": ("ground", "card", "user"),
    "accent": ("ground",),
    "good": ("ground",),
    "warn": ("ground", "card"),
    "bad": ("ground", "card", "user", "alarm"),
}


def _luminance(colour: str) -> float:
    """As WCAG 2 defines it."""
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_has_the_contrast_that_wcag_asks_for(palette: dict[str, str]) -> None:
    for text, grounds in GROUNDS.items():
        for ground in grounds:
            low, high = sorted((_luminance(palette[text]), _luminance(palette[ground])))
            assert (high + 0.05) / (low + 0.05) >= 4.5, (text, ground)


# -- in a browser ------------------------------------------------------------------------------------

BROWSER = next(filter(None, map(which, ("chromium", "chromium-browser", "google-chrome"))), None)
PROBE = """<!DOCTYPE html><body><script>
onmessage = null; window.owned = 0;
onload = () => { const frame = document.querySelector("iframe"), page = frame.contentDocument;
  const wide = [...page.querySelectorAll("body *:not(.unseen)")]
    .filter(one => one.getBoundingClientRect().right > 390.5).length;
  document.title = [page.documentElement.scrollWidth, wide,
    window.owned, page.scripts.length, page.images.length,
    getComputedStyle(page.querySelector("h1")).margin, page.querySelectorAll("article").length].join(" ");
};
</script><iframe style="width:390px;height:800px;border:0" srcdoc="PAGE"></iframe></body>"""


@pytest.mark.skipif(BROWSER is None, reason="no browser on this machine")
def test_a_browser_shows_it_on_a_phone_and_runs_nothing(tmp_path: Path) -> None:
    from html import escape

    cassettes = [read(conversation(" ".join(HOSTILE) + "m" * 300), HOSTILE[0])]
    cassettes += [
        sample(path.relative_to(SAMPLES).as_posix()) for path in sorted(SAMPLES.glob("vcrpy/*.yaml"))
    ]
    page = tmp_path / "probe.html"
    page.write_text(PROBE.replace("PAGE", escape(drawn(Page, *cassettes))), "utf-8")
    options = ["--headless", "--no-sandbox", "--hide-scrollbars", f"--user-data-dir={tmp_path / 'profile'}"]
    run = subprocess.run(
        [str(BROWSER), *options, "--virtual-time-budget=3000", "--dump-dom", page.as_uri()],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    count = sum(len(cassette.interactions) for cassette in cassettes)
    (title,) = re.findall(r"<title>(.*?)</title>", run.stdout)[:1]
    assert title == f"390 0 0 0 0 0px {count}"

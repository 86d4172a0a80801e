"""The readable form: what stands in it, that all is read back, and what it says of what it cannot read."""

import json
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cassette_cli.edit import Slot
from cassette_cli.errors import BadRequest
from cassette_cli.form import LONGEST, Form, Misread
from cassette_cli.source.tree import Json

KEY = "sk-live-8sJ2kQ0pZx7Lm3"
BASE64 = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ" * 12


def text(value: str, where: str = "reply.text") -> Slot:
    return Slot(where, value, is_text=True)


def form(*slots: Slot, reveal: bool = False) -> Form:
    return Form("#0 of a.yaml", slots, reveal=reveal)


def replaced(sheet: str, old: str, new: str) -> str:
    assert sheet.count(old) == 1, (old, sheet)
    return sheet.replace(old, new)


TRICKY = {
    "empty": "",
    "a line": "40 °C",
    "no last line feed": "a\nb",
    "a last line feed": "a\n",
    "only a line feed": "\n",
    "blank lines at the end": "a\n\n\n",
    "blank lines at the start": "\n\na",
    "a head": "# ==> reply.text",
    "a longer head": "x\n# ====> end\n# ==> \n# ===>",
    "a comment": "<!-- a -->\n<!--\nb",
    "an open comment": "-->\n<!--",
    "what the help says": "(JSON)\n****\n<600 characters of base64>",
    "trailing blanks": "a  \n\t\nb \t",
    "tabs": "\ta\tb",
    "CRLF": "a\r\nb\r\n",
    "CR": "a\rb\\r",
    "control characters": "\x00\x1b[31m\x7f\x85\x0b\x0c",
    "separators that only some editors know": "a\u2028b\u2029c",
    "a byte order mark": "\ufeffa",
    "an override of direction": "a\u202eb",
    "half a surrogate pair": "a\ud83d \\ud83d",
    "backslashes": "C:\\new\\u0041",
    "backslashes beside a control character": "C:\\new\\u0041\\\\\x1b\\",
    "emoji": "👩‍👩‍👧 ⚓️",
    "very long base64": BASE64,
    "base64 in words": f"see ![x](data:image/png;base64,{BASE64}=) and {BASE64[::-1]}.",
    "a ruler": "-" * 300,
}


@pytest.mark.parametrize("value", TRICKY.values(), ids=TRICKY)
def test_what_is_left_alone_is_not_changed(value: str) -> None:
    one = form(
        text(value, "messages[0].parts[0].text"), text(value), Slot("params.stop", [value], is_text=False)
    )
    assert one.read(one.text) == {}
    assert one.read(one.text.replace("\n", "\r\n")) == {}
    assert one.read(one.text.removesuffix("\n")) == {}


@pytest.mark.parametrize("value", TRICKY.values(), ids=TRICKY)
def test_a_text_is_read_back_beside_any_other(value: str) -> None:
    one = form(text(value, "messages[0].parts[0].text"), text("old"))
    assert one.read(replaced(one.text, "\nold\n", "\nnew\n\n")) == {"reply.text": "new\n"}


@pytest.mark.parametrize(
    "value", [value for value in TRICKY.values() if not re.search(r"^# ==>|\r\n", value, re.MULTILINE)]
)
def test_a_text_that_someone_types_is_taken_as_it_reads(value: str) -> None:
    one = form(text("old \n"))
    assert one.read(replaced(one.text, "\nold \n\n", f"\n{value}\n")) == {"reply.text": value}


JSONS: dict[str, Json] = {
    "number": 200,
    "null": None,
    "empty object": {},
    "object": {"location": "Florence,Italy", "n": [1, 2.5, True, None]},
    "long object": {"a": "x" * 100, "b": {"c": "y" * 100, "# ==> d": ["\n# ==> e"]}},
    "a thousand numbers": [0.1] * 1000,
    "no number of JSON": float("nan"),
    "text under a key that says secret": {
        "password": KEY,
        "token": "****",
        "other": {"api_key": KEY[::-1]},
    },
    "odd characters": {"a\u2028": "\ud83d\x7f\r\n"},
}


@pytest.mark.parametrize("value", JSONS.values(), ids=JSONS)
def test_json_that_is_left_alone_is_not_changed_however_it_is_laid_out(value: Json) -> None:
    one = form(Slot("reply.tool_calls[0].arguments", value, is_text=False), text("x"))
    assert one.read(one.text) == {}
    section = one.text.split("JSON)\n")[1].split("\n\n# ")[0]
    if value == value:  # not NaN, which no JSON can spell
        anew = json.dumps(json.loads(section), indent=4)
        assert one.read(replaced(one.text, section, f"\n{anew}\n")) == {}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (200, "201"),
        (1, "true"),
        (1, "1.0"),
        ({"a": 1, "b": 2}, '{"b": 2, "a": 1}'),
        ("x", "null"),
        (None, '"y"'),
    ],
)  # fmt: skip
def test_json_that_differs_at_all_is_changed(old: Json, new: str) -> None:
    one = form(Slot("params.n", old, is_text=False))
    assert one.read(replaced(one.text, f"\n{json.dumps(old)}\n", f"\n{new}\n")) == {"params.n": new}


# -- properties ------------------------------------------------------------------------------------

ODD_LINES = ("", " ", "# ==> a", "# ===> end", "# ==>", "<!--", "-->", "****", "**2**", "\\", "\r")
LINES = st.lists(
    st.one_of(
        st.sampled_from(
            ["", " ", "# ==> a", "# ===> end", "# ==>", "<!--", "-->", "****", "**2**", "\\", "\r"]
        ),
        st.text(st.characters(codec=None, categories=None), max_size=12),
    ),
    max_size=6,
).map("\n".join)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | LINES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(LINES | st.just("password"), inner, max_size=3)
    ),
    max_leaves=8,
)
WHERES = st.sampled_from(["reply.text", "request.url", "request.headers.Cookie[0]", "request.body"]) | LINES
SLOTS = st.lists(
    st.builds(text, LINES, WHERES) | st.builds(Slot, WHERES, JSON_VALUES, st.just(False)),
    max_size=4,
    unique_by=lambda slot: slot.where,
)


@given(SLOTS)
def test_whatever_is_rendered_is_read_as_it_was(slots: list[Slot]) -> None:
    one = form(*slots)
    assert one.read(one.text) == {}


@given(SLOTS, st.integers(0, 3), LINES)
def test_a_text_put_in_a_section_changes_this_one_alone(slots: list[Slot], place: int, value: str) -> None:
    old, value = text("the old text, so", "messages[9].text"), value.replace("\r", "")
    one = form(*slots[:place], old, *slots[place:])
    assume(one.text.count(str(old.value)) == one.text.count(old.where) == 1)
    mark = one.text.split(f" {old.where}\n")[0].rpartition("\n")[2]
    assume(not any(line.startswith(mark) for line in value.split("\n")))
    assert one.read(one.text.replace(f"{old.value}\n", f"{value}\n")) == {old.where: value}


# -- what must not be seen, and what is not worth it -----------------------------------------------


def test_credentials_are_masked_as_show_does_it_and_stay() -> None:
    slots = [
        text(f"https://x.example/?key={KEY}&n=1&token={KEY[::-1]}", "request.url"),
        text(f"Bearer {KEY}", "request.headers.Authorization[0]"),
        text(f"a={KEY}; b={KEY[::-1]}; c={KEY}", "request.headers.Cookie[0]"),
        text(f"user=ada&password={KEY}", "request.body"),
        text(KEY, "request.body/api_key"),
        Slot("reply.tool_calls[0].arguments", {"password": KEY, "n": 1}, is_text=False),
    ]
    one = form(*slots)
    assert KEY not in one.text
    assert KEY[::-1] not in one.text
    assert one.read(one.text) == {}
    assert "a=****; b=**2**; c=****\n" in one.text
    sheet = replaced(one.text, "&n=1&", "&n=2&")
    sheet = replaced(sheet, '"n": 1', '"n": 2')
    sheet = replaced(sheet, "a=****; b=**2**; c=****", "b=**2**; a=****")
    sheet = replaced(sheet, "Bearer ****", "Bearer fresh")
    assert one.read(sheet) == {
        "request.url": f"https://x.example/?key={KEY}&n=2&token={KEY[::-1]}",
        "request.headers.Authorization[0]": "Bearer fresh",
        "request.headers.Cookie[0]": f"b={KEY[::-1]}; a={KEY}",
        "reply.tool_calls[0].arguments": json.dumps({"password": KEY, "n": 2}),
    }
    assert form(*slots, reveal=True).text.count(KEY) == 7


def test_a_stand_in_is_none_that_the_value_has_itself() -> None:
    one = form(text(f"a=****; b={KEY}; **2**=x", "request.headers.Cookie[0]"))
    assert "a=****; b=**3**; **2**=x\n" in one.text
    changed = one.read(replaced(one.text, "b=**3**; **2**=x", "b=**3**"))
    assert changed == {"request.headers.Cookie[0]": f"a=****; b={KEY}"}


def test_base64_is_not_shown_and_stays_while_the_words_around_it_change() -> None:
    one = form(text(f"see {BASE64} here"), Slot("request.body", {"image": BASE64, "n": 1}, is_text=False))
    assert BASE64 not in one.text
    sheet = one.text.replace("here", "there").replace('"n": 1', '"n": 2')
    assert one.read(sheet) == {
        "reply.text": f"see {BASE64} there",
        "request.body": json.dumps({"image": BASE64, "n": 2}),
    }


def test_what_is_too_long_to_be_edited_is_named_at_the_end() -> None:
    one = form(text("word " * (LONGEST // 5 + 1)), text("GET", "request.method"))
    assert f"reply.text, {LONGEST + 5:,} characters" in one.text
    assert one.read(replaced(one.text, "\nGET\n", "\nPUT\n")) == {"request.method": "PUT"}
    assert form(text("word " * (LONGEST // 5 + 1))).is_empty


@pytest.mark.parametrize("line", ["vim: set ft=evil :", " vi:set x=1:", "ex: x", "/* vim600: x", "-->"])
def test_content_is_no_setting_for_the_editor(line: str) -> None:
    """Vim reads them from the first and the last five lines of a file."""
    slots = [text(line), text("word " * (LONGEST // 5 + 1), f"request.body/{line}")]
    lines = Form(line, slots).text.removesuffix("\n").split("\n")
    modeline = re.compile(r"(?:^|\s)(?:[vV]im?|ex)[<>=\d]*:")
    assert not any(modeline.search(line) for line in lines[:5] + lines[-5:])
    assert line in lines[5:-5] or "-->" in line


# -- what cannot be read -----------------------------------------------------------------------------

BROKEN = form(
    text("POST", "request.method"),
    Slot("response.status", 200, is_text=False),
    Slot("params.stop", {"a": ["x" * 80, "y" * 80]}, is_text=False),
    text("a\\b\rc"),
)
FAULTS = {
    "no JSON": ("200", "2OO", "2OO", "response.status is no JSON: extra data, at column 2"),
    "no JSON in a deeper line": ("yyy", 'y"yy', 'y"yy', "params.stop is no JSON: expecting ',' delimiter"),
    "no value": ("200", "", "", "response.status is no JSON: expecting value"),
    "a number that JSON lacks": ("200", "NaN", "NaN", "response.status is no JSON: NaN is none"),
    "a lone backslash": ("\\\\b", "\\b", "a\\b", "reply.text: a single backslash"),
    "an unknown section": ("# ==> request.method", "# ==> request.metod", "# ==> request.metod",
                           "there is no section request.metod"),
    "a section without a name": ("# ==> request.method\n", "# ==>\n", "# ==>",
                                 "there is no section without a name"),
    "a section twice": ("# ==> reply.text", "# ==> request.method\nPUT\n\n# ==> reply.text",
                        "# ==> request.method", "request.method is there twice"),
    "a section that is missing": ("# ==> request.method\n", "", "POST", "this stands above the first head"),
    "a whole section that is missing": ("# ==> request.method\nPOST\n\n", "", "# ==> end",
                                        "the section request.method is missing"),
    "no end": ("# ==> end\n", "", "# ==> reply.text", "the end is missing: put `# ==> end` back"),
    "a section below the end": ("# ==> end", "# ==> end\n\n# ==> b", "# ==> b", "the end is missing"),
    "the end twice": ("# ==> end", "# ==> end\n\n# ==> end", "# ==> end", "there is no section end"),
    "a text before the first head": ("# ==> request.method", "so\n# ==> request.method", "so",
                                     "this stands above the first head"),
    "a text below the end": ("# ==> end", "# ==> end\nthus", "thus", "this stands below the end"),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "message"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_told_with_its_line_above_the_text_and_can_be_mended(
    old: str, new: str, line: str, message: str
) -> None:
    sheet = BROKEN.text.replace(old, new, 1) if old == "yyy" else replaced(BROKEN.text, old, new)
    with pytest.raises(Misread) as caught:
        BROKEN.read(sheet)
    assert caught.value.message.startswith(message)
    assert line in sheet.split("\n")[caught.value.line - 1]

    anew = BROKEN.again(sheet, caught.value)
    number, told = re.findall(r"^NOT WRITTEN: line (\d+): (.*)$", anew, re.MULTILINE)[0]
    assert told == caught.value.message
    assert line in anew.split("\n")[int(number) - 1]
    with pytest.raises(Misread) as again:
        BROKEN.read(anew)
    assert again.value.line == int(number)
    assert BROKEN.again(anew, again.value) == anew
    if new:
        mended = old.join(anew.rsplit(new, 1))
        assert BROKEN.read(mended.replace("\nPOST\n", "\nPUT\n")) == {"request.method": "PUT"}


def test_another_fault_is_told_above_the_text_without_a_line() -> None:
    anew = BROKEN.again(BROKEN.text, BadRequest("reply.text: no place for it --> vim: x"))
    assert "\nNOT WRITTEN: reply.text: no place for it -- > vim : x\n" in anew
    assert BROKEN.read(anew) == {}


# -- what editors and people do ----------------------------------------------------------------------


def test_an_editor_that_drops_blanks_at_the_ends_of_lines_changes_nothing() -> None:
    one = form(text("a  \nb"), text("c", "request.method"))
    assert one.read(re.sub(r" +$", "", one.text, flags=re.MULTILINE)) == {}
    mine = replaced(one.text, "\nc\n", "\nd \n")
    assert one.read(replaced(mine, "a  ", "a")) == {"reply.text": "a\nb", "request.method": "d "}


def test_the_comments_can_go_and_so_can_the_empty_lines_between_sections() -> None:
    one = form(text("a"), Slot("response.status", 200, is_text=False))
    bare = re.sub(r"<!--.*?-->", "", one.text, flags=re.DOTALL).replace("\n\n", "\n")
    assert one.read(bare) == {}
    assert one.read(bare.replace("  (JSON)", "")) == {}


def test_a_message_is_told_with_its_role() -> None:
    slots = [
        text("a", "messages[0].parts[0].text"),
        Slot("messages[1].parts[0].arguments", {}, is_text=False),
    ]
    one = Form("", [*slots, text("b", "messages[12].parts[0].text")], ["user", "odd\nrole"])
    heads = [line for line in one.text.split("\n") if line.startswith("# ==> m")]
    assert heads == [
        "# ==> messages[0].parts[0].text  (user)",
        "# ==> messages[1].parts[0].arguments  (odd\\u000arole, JSON)",
        "# ==> messages[12].parts[0].text",
    ]
    assert one.read(one.text) == {}


def test_two_names_that_look_alike_are_two_sections() -> None:
    one = form(text("a", "request.body/x\n"), text("b", "request.body/x\\u000a"))
    assert one.read(replaced(one.text, "\nb\n", "\nc\n")) == {"request.body/x\\u000a": "c"}
    one = form(Slot("request.body/x", 1, is_text=False), text("b", "request.body/x  (JSON)"))
    assert one.read(replaced(one.text, "\nb\n", "\nc\n")) == {"request.body/x  (JSON)": "c"}

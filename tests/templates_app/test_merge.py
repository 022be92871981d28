"""Merge fields: known names are filled in once, everything else stays as it was written."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_app.filling import fill as fill_any
from templates_app.merge import FORMS, merge, names_in

WRITTEN = {
    "sendclean": ["{{NAME}}", "{{ NAME }}"],
    "sendcloud": ["%NAME%"],
    "mailup": ["[NAME]"],
    "octeth": ["%Subscriber:NAME%", "{{ Subscriber:NAME }}", "{{Subscriber:NAME}}"],
}
EVERY = [(syntax, form) for syntax, forms in WRITTEN.items() for form in forms]


def fill(text: str, syntax: str = "sendcloud", **variables: str) -> str:
    return merge(text, syntax, variables, escape_html=False)


@pytest.mark.parametrize(("syntax", "form"), EVERY)
def test_it_works(syntax: str, form: str) -> None:
    assert fill(f"Dear {form}, dear {form}!", syntax, NAME="Jane") == "Dear Jane, dear Jane!"


@pytest.mark.parametrize(("syntax", "form"), EVERY)
def test_unknown_names_and_other_cases_stay(syntax: str, form: str) -> None:
    assert fill(f"Dear {form}", syntax, name="Jane", OTHER="x") == f"Dear {form}"


@pytest.mark.parametrize(("syntax", "form"), EVERY)
def test_a_value_is_never_looked_at_again(syntax: str, form: str) -> None:
    variables = {"NAME": form.replace("NAME", "SECRET") + "{% x %}\\1", "SECRET": "42"}
    assert fill(form, syntax, **variables) == variables["NAME"]


@pytest.mark.parametrize(("syntax", "form"), EVERY)
def test_values_are_escaped_in_html_alone(syntax: str, form: str) -> None:
    variables = {"NAME": "<b>\"Tom\" & 'Jerry'</b>"}
    assert merge(form, syntax, variables, escape_html=False) == variables["NAME"]
    assert merge(form, syntax, variables, escape_html=True) == "&lt;b&gt;&quot;Tom&quot; &amp; &#x27;Jerry&#x27;&lt;/b&gt;"


@pytest.mark.parametrize("syntax", ["", "liquid", "nonsense"])
def test_other_syntaxes_fill_nothing(syntax: str) -> None:
    assert fill("%NAME% [NAME] {{NAME}}", syntax, NAME="Jane") == "%NAME% [NAME] {{NAME}}"


def test_percent_signs_that_are_no_field_do_no_harm() -> None:
    assert fill("5%a%NAME% off, 100% of %NAME%%", NAME="Jane") == "5%aJane off, 100% of Jane%"


def test_names_may_have_any_characters() -> None:
    assert (
        fill("[FIRST NAME] [a.b] [价格]", "mailup", **{"FIRST NAME": "Jane", "a.b": "1", "价格": "1989.0"}) == "Jane 1 1989.0"
    )


def test_neighbouring_fields_are_both_filled() -> None:
    assert fill("%a%%b%", a="1", b="2") == "12"


@given(st.dictionaries(st.text(min_size=1, max_size=5), st.text(max_size=5), max_size=4), st.text(max_size=80))
def test_text_without_the_marks_of_a_field_stays(variables: dict[str, str], text: str) -> None:
    for syntax in FORMS:
        plain = "".join(character for character in text if character not in "%[{")
        assert merge(plain, syntax, variables, escape_html=True) == plain


@given(st.text(min_size=1, max_size=8).filter(lambda name: "%" not in name), st.text(max_size=20))
def test_every_name_and_value_fit(name: str, value: str) -> None:
    assert merge(f"<%{name}%>", "sendcloud", {name: value}, escape_html=False) == f"<{value}>"


@pytest.mark.parametrize(
    ("text", "syntax", "result"),
    [
        ("[a[NAME]]", "mailup", "[aJane]"),
        ("{{{NAME}}}", "sendclean", "{Jane}"),
        ("{{ {{NAME}} }}", "sendclean", "{{ Jane }}"),
        ("{{OTHER}}{{NAME}}", "sendclean", "{{OTHER}}Jane"),
        ("%OTHER%NAME%", "sendcloud", "%OTHERJane"),
        ("%Subscriber:OTHER%Subscriber:NAME%", "octeth", "%Subscriber:OTHERJane"),
        ("%Subscriber:%Subscriber:NAME%", "octeth", "%Subscriber:Jane"),
        ("{{Subscriber: NAME}}", "octeth", "Jane"),
        ("{{\tNAME \t}}", "sendclean", "Jane"),
        ("{{\nNAME}}", "sendclean", "{{\nNAME}}"),
    ],
)
def test_marks_beside_a_field_stay(text: str, syntax: str, result: str) -> None:
    assert fill(text, syntax, NAME="Jane") == result


_MARKS = ["{{ B }}", "{{B}}", "%B%", "[B]", "%Subscriber:B%", "{{ Subscriber:B }}", "{% if true %}", "{{", "%", "["]
_TRICKS = st.lists(st.sampled_from(_MARKS) | st.text(max_size=3), max_size=6).map("".join)


@given(_TRICKS, st.sampled_from([*EVERY, ("liquid", "{{ NAME }}")]))
def test_no_value_is_rendered_again_in_any_syntax(value: str, written: tuple[str, str]) -> None:
    syntax, form = written
    text = f"<{form.replace('NAME', 'A')}|{form.replace('NAME', 'A')}>"
    assert fill_any(text, syntax, {"A": value, "B": "42"}, escape_html=False) == f"<{value}|{value}>"


@given(st.text(), st.sampled_from([*FORMS, ""]))
def test_text_stays_byte_for_byte_where_no_field_has_a_value(text: str, syntax: str) -> None:
    assert fill_any(text, syntax, {"a name that is not there": "x"}, escape_html=True) == text


HOSTILE = [
    "%",
    "%a",
    "[",
    "[a",
    "{{",
    "{{a",
    "{{ \t",
    "}}",
    "%Subscriber:",
    "%Subscriber:a",
    "%Subscriber:a%",
    "{{ Subscriber:",
]


@pytest.mark.parametrize("syntax", FORMS)
@pytest.mark.parametrize("scrap", HOSTILE)
def test_a_thousand_names_and_a_hostile_text_take_little_time(scrap: str, syntax: str) -> None:
    names = {f"{'a' * (number % 30)}{number}{scrap}": "x" for number in range(1_000)}
    began = process_time()
    merge(scrap * (1_000_000 // len(scrap)), syntax, names, escape_html=True)
    assert process_time() - began < 2


@pytest.mark.parametrize(
    ("text", "syntax", "names"),
    [
        ("{{ A }} {{B_1}} {{A}}", "sendclean", ("A", "B_1")),
        ('<td width="50%">%NAME% 100% off %a.b%</td>', "sendcloud", ("NAME", "a.b")),
        ("<!--[if mso]>[FIRST NAME]<![endif]--> [x]", "mailup", ("FIRST NAME", "x")),
        ("%Subscriber:A% {{ Subscriber:B }} {{ C }}", "octeth", ("A", "B")),
        ("{{ A }}", "", ()),
    ],
)
def test_names_are_those_that_an_author_means(text: str, syntax: str, names: tuple[str, ...]) -> None:
    assert names_in(text, syntax) == names

"""Merge fields: known names are filled in once, everything else stays as it was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_app.merge import FORMS, merge

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

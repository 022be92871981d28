"""One way to fill texts, whatever their syntax."""

from __future__ import annotations

import pytest

from templates_app.filling import CannotFill, check, fill, fill_fully, fills, variables_of

VALUES = {"NAME": "Tom & Co"}


@pytest.mark.parametrize(
    ("syntax", "text"),
    [
        ("liquid", "{{ NAME }}"),
        ("sendclean", "{{NAME}}"),
        ("sendcloud", "%NAME%"),
        ("mailup", "[NAME]"),
        ("octeth", "%Subscriber:NAME%"),
    ],
)
def test_it_works(syntax: str, text: str) -> None:
    assert fills(syntax, VALUES)
    assert fill(text, syntax, VALUES, escape_html=False) == "Tom & Co"
    assert fill(text, syntax, VALUES, escape_html=True) == "Tom &amp; Co"
    assert variables_of(text, syntax) == ("NAME",)
    assert fill_fully(text, syntax, {}, escape_html=False).missing == ("NAME",)


def test_liquid_acts_without_values_and_the_others_do_not() -> None:
    assert fills("liquid", {})
    assert fill("{% if x %}a{% else %}b{% endif %}", "liquid", {}, escape_html=False) == "b"
    assert not fills("sendcloud", {})
    assert not fills("", VALUES)


def test_fields_without_a_value_vanish_in_liquid_and_stay_in_the_others() -> None:
    assert fill("<{{ OTHER }}>", "liquid", VALUES, escape_html=False) == "<>"
    assert fill("<{{ OTHER }}>", "sendclean", VALUES, escape_html=False) == "<{{ OTHER }}>"


def test_what_cannot_be_filled_is_said_in_a_sentence() -> None:
    with pytest.raises(CannotFill, match=r"^Line 2: There is no tag {% x %} here; remove it\.$") as error:
        fill("a\n{% x %}", "liquid", {}, escape_html=True)
    assert error.value.line == 2
    with pytest.raises(CannotFill):
        check("{% x %}", "liquid")
    check("{% x %}", "mailup")


@pytest.mark.parametrize(
    ("syntax", "text"),
    [
        ("liquid", "{{ NAME }}"),
        ("sendclean", "{{NAME}}"),
        ("sendcloud", "%NAME%"),
        ("mailup", "[NAME]"),
        ("octeth", "%Subscriber:NAME%"),
    ],
)
def test_a_long_value_that_is_named_many_times_is_refused_before_it_fills_the_memory(syntax: str, text: str) -> None:
    with pytest.raises(CannotFill, match=r"more than [0-9,]+ characters") as error:
        fill(text * 1_000, syntax, {"NAME": "x" * 500_000}, escape_html=False)
    assert error.value.is_limit

"""What a template may say, and the part made from the other."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.base.errors import ContentMissing, TemplateBroken
from templates_app.texts import MAX_BODY, Texts, check_texts, complete, find_faults, names_of

BOMB = "{% for i in (1..9999) %}" * 5 + "x" + "{% endfor %}" * 5


def refuse(texts: Texts, syntax: str = "liquid") -> TemplateBroken:
    with pytest.raises(TemplateBroken) as refused:
        check_texts(texts, syntax)
    return refused.value


def test_it_works() -> None:
    check_texts(Texts(subject="Hi {{ NAME }}", html="<p>{% if A %}{{ B | upcase }}{% endif %}</p>"), "liquid")


@pytest.mark.parametrize("part", ["subject", "html", "text"])
def test_the_part_at_fault_is_named(part: str) -> None:
    refused = refuse(Texts(**{"text": "Hi", part: "{{ x | nope }}"}))
    assert refused.field == part
    assert "Line 1: There is no filter “nope”; correct its name." in refused.message


@pytest.mark.parametrize(
    "texts",
    [
        Texts(subject="x" * 1_001, text="Hi"),
        Texts(html="x" * (MAX_BODY + 1)),
        Texts(text="x" * (MAX_BODY + 1)),
        Texts(text="a\0b"),
        Texts(html="\ud800"),
        Texts(subject="a\r\nBcc: eve@evil.example", text="Hi"),
    ],
)
@pytest.mark.parametrize("syntax", ["liquid", "sendcloud"])
def test_what_no_mail_may_have_is_refused_in_every_syntax(texts: Texts, syntax: str) -> None:
    refuse(texts, syntax)


def test_bombs_are_refused_in_time_in_each_part_that_holds_one() -> None:
    began = process_time()
    faults = list(find_faults(Texts(subject=BOMB, html=BOMB, text=BOMB), "liquid"))
    assert [fault.field for fault in faults] == ["subject", "html", "text"]
    assert process_time() - began < 2


def test_what_explodes_with_some_values_alone_is_refused() -> None:
    assert "steps" in refuse(Texts(text="{% if N == '1' %}" + BOMB + "{% endif %}")).message


@pytest.mark.parametrize(
    "text", ["{{ 6 | divided_by: N }}", "{{ 'a' | append: N }}", "{% for i in (1..N) %}{{ i }}{% endfor %}"]
)
def test_what_works_with_some_values_is_accepted(text: str) -> None:
    check_texts(Texts(text=text), "liquid")


def test_what_works_with_no_values_is_refused() -> None:
    assert "can't divide by 0" in refuse(Texts(text="{{ N | divided_by: 0 }}")).message


def test_liquid_in_another_syntax_is_text() -> None:
    check_texts(Texts(text="{% nothing {{"), "mailup")


def test_something_must_be_said() -> None:
    with pytest.raises(ContentMissing):
        check_texts(Texts(subject="Hi", text=" \n"), "liquid")


def test_names_come_from_all_parts_once() -> None:
    assert names_of(Texts(subject="%A%", html="%B%%A%", text="%C%"), "sendcloud") == ("A", "B", "C")


def test_both_parts_given_stay() -> None:
    texts = Texts(subject="s", html="<p>h</p>", text="t")
    assert complete(texts) is texts
    assert complete(Texts(subject="s")) == Texts(subject="s")


FIELDS = ["{{ a | default: '<b> & \"c\"' }}", "{% if a < b %}", "{% endif %}", "{{\n a }}"]


@given(st.lists(st.sampled_from([*FIELDS, " ", "word", "\n", "<", "&", "\ue0000\ue001", "\ue000"]), max_size=12).map("".join))
def test_fields_come_through_both_ways(text: str) -> None:
    for made in (complete(Texts(html=f"x{text}")).text, complete(Texts(text=f"x{text}")).html):
        assert all(made.count(field) >= text.count(field) for field in FIELDS)

"""Liquid as authors of templates know it, and what it says when they err."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from liquid import Environment
from liquid.exceptions import LiquidError

from templates_app.liquid.rendering import Broken, names_in, render, render_fully

ORDER = {"NAME": "Jane", "ITEMS": "bread,milk", "COUNT": "2"}


def text(template: str, **values: object) -> str:
    return render(template, values, escape_html=False)


def html(template: str, **values: object) -> str:
    return render(template, values, escape_html=True)


@pytest.mark.parametrize(
    ("template", "result"),
    [
        ("Hi {{ NAME }}", "Hi Jane"),
        ("{{NAME|upcase|append:'!'}}", "JANE!"),
        ("{{ NOBODY | default: 'you' }}", "you"),
        ("{% if COUNT == '2' %}two{% else %}many{% endif %}", "two"),
        ("{% unless NOBODY %}none{% endunless %}", "none"),
        ("{% case COUNT %}{% when '1' %}one{% when '2' %}two{% endcase %}", "two"),
        (
            "{% assign items = ITEMS | split: ',' %}{% for item in items %}{{ forloop.index }}{{ item }} {% endfor %}",
            "1bread 2milk ",
        ),
        ("{% for i in (1..3) reversed %}{{ i }}{% endfor %}", "321"),
        ("{% for i in (1..9) limit: 2 offset: 3 %}{{ i }}{% endfor %}", "45"),
        (
            "{% for i in (1..9) %}{% if i == 2 %}{% continue %}{% elsif i == 4 %}{% break %}{% endif %}{{ i }}{% endfor %}",
            "13",
        ),
        ("{% capture x %}<{{ NAME }}>{% endcapture %}{{ x }}{{ x }}", "<Jane><Jane>"),
        ("{{ COUNT | times: 21 }} {{ 7 | divided_by: 2 }} {{ 1.5 | plus: 1 }}", "42 3 2.5"),
        ("{{ '2026-01-02' | date: '%d.%m.%Y' }}", "02.01.2026"),
        ("a {{- NAME -}} b {%- if true -%} c {%- endif -%} d", "aJanebcd"),
        ("{% raw %}{{ NAME }}{% endraw %}", "{{ NAME }}"),
        ("{% comment %}{% if %}{{ x{% endcomment %}after", "after"),
        ("{% comment %}{% comment %}{% endcomment %}still{% endcomment %}after", "after"),
        ("{% # a remark %}after", "after"),
        ("{% increment n %}{% increment n %}{% cycle 'a', 'b' %}", "01a"),
        ("{{ '<p>a&amp;b</p>' | strip_html }}", "a&b"),
        ("a\r\n{{ NAME }}\r\nb\r\n", "a\r\nJane\r\nb\r\n"),
    ],
)
def test_it_works(template: str, result: str) -> None:
    assert text(template, **ORDER) == result


def test_values_are_escaped_in_html_alone() -> None:
    assert html("<b>{{ NAME }}</b>", NAME="<i>'&\"") == "<b>&lt;i&gt;&#39;&amp;&#34;</b>"
    assert text("<b>{{ NAME }}</b>", NAME="<i>'&\"") == "<b><i>'&\"</b>"
    assert html("{{ A | append: B }}{% assign c = A %}{{ c }}", A="<", B=">") == "&lt;&gt;&lt;"
    assert html("{{ NAME | safe }}", NAME="<i>") == "<i>"


def test_what_has_no_value_is_empty_and_known() -> None:
    rendered = render_fully("{{ A }}{% if B %}x{% endif %}{{ C.d }}{{ E }}", {"E": "e"}, escape_html=False)
    assert rendered.text == "e"
    assert rendered.missing == ("A", "B", "C")


def test_names_are_those_that_a_caller_gives() -> None:
    template = "{{ A }}{% assign b = A %}{{ b }}{% for i in LIST %}{{ i }}{{ C | append: D }}{% endfor %}{{ now }}"
    assert sorted(names_in(template)) == ["A", "C", "D", "LIST"]
    assert names_in("no field") == ()


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("a\n{% iff x %}", "Line 2: There is no tag {% iff %} here; remove it."),
        ("{% include 'x' %}", "Line 1: There is no tag {% include %} here; remove it."),
        ("{% render 'x' %}", "Line 1: There is no tag {% render %} here; remove it."),
        ("a\n\n{{ x", "Line 3: “{{” is never closed by “}}”."),
        ("{% if x", "Line 1: “{%” is never closed by “%}”."),
        ("{% if x %}", "{% if %} is never closed; write {% endif %} after it."),
        ("{% endfor %}", "Line 1: {% endfor %} closes nothing; write {% for %} before it or remove it."),
        ("{% raw %}{{ x }}", "Line 1: {% raw %} is never closed by {% endraw %}."),
        ("{% comment %}", "Line 1: {% comment %} is never closed by {% endcomment %}."),
        ("{% %}", "Line 1: There is a tag without a name; write {% raw %} around text that is none."),
        ("\n{% if false %}{{ x | nope }}{% endif %}", "Line 2: There is no filter “nope”; correct its name."),
        ("{% break %}", "Line 1: {% break %} stands outside of a loop; remove it."),
        ("{{ 1 | divided_by: 0 }}", "Line 1: divided_by: can't divide by 0."),
        ("{{ 'x' | append }}", "Line 1: The filter “append” needs something after a colon."),
        ("{{ 'x' | join: ',', environment: y }}", "Line 1: join: there is no option environment."),
    ],
)
def test_errors_say_where_and_what(template: str, sentence: str) -> None:
    with pytest.raises(Broken) as broken:
        text(template)
    assert str(broken.value) == sentence
    assert not broken.value.is_limit


def test_nothing_of_an_object_can_be_reached() -> None:
    template = "{{ x.__class__ }}{{ x['__class__'] }}{{ x.secret }}{{ x.upper }}{{ y.keys }}{{ y.a }}"
    assert text(template, x="text", y={"a": "1"}) == "1"


# A value that holds the marks of every syntax, and of Liquid in it.
_TRICKS = st.lists(
    st.sampled_from(["{{ SECRET }}", "{% if true %}", "%SECRET%", "[SECRET]", "{{", "}}", "{%", "%}", "%Subscriber:SECRET%"])
    | st.text(max_size=4),
    max_size=6,
).map("".join)


@given(_TRICKS)
def test_no_value_is_rendered_again(value: str) -> None:
    assert text("{{ A }}{% assign b = A | append: A %}{{ b }}", A=value, SECRET="42") == value * 3


@given(st.text().filter(lambda value: "{{" not in value and "{%" not in value))
def test_text_without_marks_stays(value: str) -> None:
    assert html(value, A="x") == value


@given(st.text(alphabet="ab-{}% \n\t", max_size=60))
def test_white_space_and_marks_are_read_as_the_library_reads_them(template: str) -> None:
    try:
        expected = Environment().render(template, a="A", b="B")
    except LiquidError:
        return
    assert text(template, a="A", b="B") == expected


_SCRAPS = [*"{{ }} {% %} if for raw endif in (1..9) | a ' [ ] . - : assign b = comment endcomment capture".split(), '"']  # noqa: SIM905  reads better


@given(st.lists(st.sampled_from([*_SCRAPS, " ", "\n"]), max_size=30).map("".join))
def test_whatever_is_written_ends_in_a_text_or_a_sentence(template: str) -> None:
    assert _text_or_sentence(template)


def _text_or_sentence(template: str) -> bool:
    try:
        return bool(html(f"{template}.", a="x"))
    except Broken as broken:
        return str(broken).endswith(".") and "\n" not in str(broken)

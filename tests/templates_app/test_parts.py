"""HTML to text and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from templates_app.parts import html_of, text_of


def test_it_works() -> None:
    html = "<html><head><title>No</title></head><body><h1>Hello &amp; hi</h1><p>One<br>two</p><ul><li>a<li>b</ul></body></html>"
    assert text_of(html) == "Hello & hi\n\nOne\ntwo\n\n- a\n- b"


def test_what_is_not_shown_is_not_said() -> None:
    assert text_of("a<style>p { x }</style>b<script>if (1 < 2) alert('</b>')</script>c<!-- <b>no</b> > -->d<!-- open") == "abcd"


def test_a_less_than_sign_stays() -> None:
    assert text_of("1 < 2 and 3 <4") == "1 < 2 and 3 <4"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<a href="https://x.example/?a=1&amp;b=2">Order</a>.', "Order (https://x.example/?a=1&b=2)."),
        ("<A class=b HREF='http://x.example'><b>The</b> order</A>", "The order (http://x.example)"),
        ("<a href=https://x.example/a>https://x.example/a</a>", "https://x.example/a"),
        ('<a href="https://x.example/?a=1&amp;b">https://x.example/?a=1&amp;b</a>', "https://x.example/?a=1&b"),
        ('<a href="#top">Top</a> <a name="x">x</a> <a href="mailto:a@x.example">a@x.example</a>', "Top x a@x.example"),
        ('<a href="https://x.example/"><img src="x.png"></a>', "(https://x.example/)"),
        ('<a href="https://a.example/">a<a href="https://b.example/">b</a>', "a (https://a.example/)b (https://b.example/)"),
    ],
)
def test_links_keep_their_addresses(html: str, text: str) -> None:
    assert text_of(html) == text


def test_entities_are_no_markup() -> None:
    assert text_of("&lt;b&gt;") == "<b>"


@given(st.text(alphabet="<>!-/ab= \n&;", max_size=200))
def test_no_html_makes_it_stumble(html: str) -> None:
    assert isinstance(text_of(html), str)


def test_a_large_body_is_no_trouble() -> None:
    assert len(text_of("<" * 1_000_000)) == 1_000_000
    assert text_of("<!--" * 200_000) == ""


def test_text_as_html() -> None:
    html = html_of("1 < 2\nhttps://example.com/?a=1&b=2")
    assert "1 &lt; 2<br>\n" in html
    assert '<a href="https://example.com/?a=1&amp;b=2">https://example.com/?a=1&amp;b=2</a>' in html


@given(st.text(max_size=100))
def test_text_as_html_says_the_same(text: str) -> None:
    assert text_of(html_of(text)).split() == text.split() or not text.isprintable()

"""Strangers' HTML in the console: it looks like mail, and does nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts.markup import MOST_PREVIEWED, badge, clean_html, copyable, frame


def test_it_works() -> None:
    mail = '<table width="600"><tr><td style="color:red">Hello <a href="https://acme.example">there</a></td></tr></table>'
    cleaned = clean_html(mail)
    for kept in ('width="600"', 'style="color:red"', 'href="https://acme.example"', "Hello"):
        assert kept in cleaned


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href=javascript:alert(1)>x</a>",
        "<a href='java\tscript:alert(1)'>x</a>",
        "<link rel=preconnect href=//evil.example>",
        "<link rel=dns-prefetch href=//evil.example>",
        "<meta http-equiv=refresh content='0;url=//evil.example'>",
        "<base href=//evil.example>",
        "<iframe src=//evil.example></iframe>",
        "<object data=//evil.example></object>",
        "<embed src=//evil.example>",
        "<form action=//evil.example><input name=q></form>",
        "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
        "<math><mtext><style><img src=x onerror=alert(1)></style></mtext></math>",
        "<style></style><link rel=preconnect href=//evil.example>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "<template><script>alert(1)</script></template>",
        "<video src=//evil.example autoplay></video>",
        "<x x-data='alert(1)' x-init='alert(1)'>",
    ],
)
def test_what_could_act_is_gone(html: str) -> None:
    cleaned = clean_html(html)
    for sign in ("script", "onerror", "evil.example", "x-init", "<svg", "<math", "<form", "<iframe", "<meta", "<link", "<base"):
        assert sign not in cleaned


@given(st.text())
def test_no_text_breaks_out_of_the_frame(html: str) -> None:
    attribute = frame(html).partition('srcdoc="')[2]
    inside, rest = attribute.split('"', 1)
    assert rest == "></iframe>"
    assert "<" not in inside


@given(st.text(), st.text())
def test_no_text_breaks_out_of_a_badge_or_a_copied_value(text: str, shown: str) -> None:
    assert badge(text).count("<") == 2
    assert copyable(text, shown).count("<") == copyable("a").count("<")


def test_frames_are_inert_but_where_reading_is_the_point() -> None:
    assert 'sandbox=""' in frame("x")
    alive = frame("x", alive_at="https://mail.example")
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in alive
    assert "img-src data: https://mail.example" in alive
    assert "allow-scripts" not in alive
    assert "allow-same-origin" not in alive


def test_a_long_mail_is_cut() -> None:
    assert len(clean_html("a" * (MOST_PREVIEWED + 10))) == MOST_PREVIEWED

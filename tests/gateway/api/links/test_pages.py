"""Unsubscribe pages: the tenant's in the reader's language, harmless; the platform's where there is no other."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser
from threading import Event
from typing import Any

import pytest
from django.db import OperationalError

from gateway.api.links import pages
from templates_app.models import UnsubscribePage
from templates_app.unsubscribe_words import WORDS, choose_language
from tests.gateway.api.links.conftest import Ask, path_of
from tests.support.cast import Tenant
from tracking.links import Purpose

pytestmark = pytest.mark.django_db(transaction=True)  # pages are read in a thread of their own
ONE_CLICK = b"List-Unsubscribe=One-Click"
FORM = {"CONTENT_TYPE": "application/x-www-form-urlencoded"}


def make_page(tenant: Tenant, **fields: Any) -> UnsubscribePage:
    values = {"name": "Farewell", "html": "<h1>Going?</h1>{{ button }}<p>We are sorry.</p>"} | fields
    return UnsubscribePage.objects.create(account=tenant.account, **values)


def show(ask: Ask, tenant: Tenant, page: int = 0, accepted: str = "", *, done: bool = False) -> str:
    path = path_of(Purpose.UNSUBSCRIBE, account=tenant.account.pk, page=page)
    given = {"HTTP_ACCEPT_LANGUAGE": accepted}
    answer = ask(path, "POST", ONE_CLICK, **given, **FORM) if done else ask(path, **given)
    assert answer.status == 200
    return answer.body.decode()


def test_it_works(ask: Ask, acme: Tenant) -> None:
    page = make_page(acme, title="Acme: farewell", done_html="<h1>Bye.</h1>")
    shown = show(ask, acme, page.pk)
    assert re.search(r"<h1>Going\?</h1><form .*<button type=\"submit\">Unsubscribe</button></form><p>We are sorry\.</p>", shown)
    assert "<title>Acme: farewell</title>" in shown
    assert "<h1>Bye.</h1>" in show(ask, acme, page.pk, done=True)


def test_without_a_page_the_platforms_is_shown_in_the_readers_language(ask: Ask, acme: Tenant) -> None:
    assert "Do you want to receive no more mail" in show(ask, acme)
    assert "Möchten Sie" in show(ask, acme, accepted="de-AT,de;q=0.9,en;q=0.5")
    assert "退订" in show(ask, acme, accepted="zh-CN")
    assert "退订成功" in show(ask, acme, accepted="zh-CN", done=True)
    assert '<html lang="fr">' in show(ask, acme, accepted="xx, fr;q=0.1")
    assert '<html lang="ja">' in show(ask, acme, accepted="ja-JP,ja;q=0.9,en-US;q=0.8")
    assert "已取消訂閱" in show(ask, acme, accepted="zh-HK", done=True)


def test_the_default_page_is_shown_where_no_other_is_asked_for(ask: Ask, acme: Tenant) -> None:
    make_page(acme, name="Other", html="Other")
    make_page(acme, is_default=True)
    assert "Going?" in show(ask, acme)
    assert "Going?" in show(ask, acme, page=987_654)


def test_a_strangers_page_is_never_shown(ask: Ask, acme: Tenant, globex: Tenant) -> None:
    theirs = make_page(globex, is_default=True, html="canary of globex")
    platform = show(ask, acme)
    assert show(ask, acme, theirs.pk) == platform
    make_page(globex, language="de", html="canary of globex")
    make_page(acme, language="fr")
    assert "canary" not in show(ask, acme, theirs.pk, accepted="de")
    assert show(ask, acme, theirs.pk) == platform


def test_a_page_has_languages(ask: Ask, acme: Tenant) -> None:
    english = make_page(acme, is_default=True)
    german = make_page(acme, language="de", html="<p>Wirklich?</p>", button="Ja, fort damit")
    make_page(acme, name="Other", language="fr", html="Autre")
    assert "Ja, fort damit" in show(ask, acme, english.pk, accepted="de-CH")
    assert "Going?" in show(ask, acme, english.pk, accepted="fr")
    assert "Wirklich?" in show(ask, acme, german.pk, accepted="ja")
    assert "Wirklich?" in show(ask, acme, accepted="de")
    assert "Sie sind abgemeldet" in show(ask, acme, accepted="de", done=True)


def test_a_page_without_a_place_for_the_button_gets_one(ask: Ask, acme: Tenant) -> None:
    make_page(acme, is_default=True, html="<p>Only words.</p>")
    assert re.search(r"<p>Only words\.</p><form .*<button", show(ask, acme))


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><a xlink:href=javascript:alert(1)>x</a></svg>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' java\tscript:alert(1)'>x</a>",
    "<iframe src=https://evil.example></iframe><object data=x></object><embed src=x>",
    "<form action=https://evil.example><input name=a><button>Win</button></form>",
    "<base href=https://evil.example/><meta http-equiv=refresh content='0;url=https://evil.example'>",
    "<link rel=stylesheet href=https://evil.example/a.css>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    '<p title="{{ button }}" onclick=alert(1)>x</p>',
    "<p title='a > {{ button }} onmouseover=alert(1) x'>x</p>",
    "</style></head><body onload=alert(1)>",
    "<style></style><script>alert(1)</script>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
    "{{ button }}{{ button }}<scr{{ button }}ipt>alert(1)</script>",
    "<!--><script>alert(1)</script>-->",
]


FORBIDDEN = {*("script", "svg", "math", "iframe", "object", "embed", "base", "meta", "link", "noscript", "template")}


class Eye(HTMLParser):
    """Sees the tags of a page, with their attributes, and what would act."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    @property
    def acting(self) -> list[tuple[str, dict[str, str]]]:
        return [(tag, attributes) for tag, attributes in self.tags if tag in FORBIDDEN or any(map(_acts, attributes.items()))]


def _acts(attribute: tuple[str, str]) -> bool:
    name, value = attribute
    return name.startswith("on") or re.sub(r"[\s\0]", "", value).lower().startswith(("javascript:", "vbscript:"))


@pytest.mark.parametrize("html", ATTACKS[:6])
def test_the_eye_sees_attacks(html: str) -> None:
    assert Eye(html).acting


@pytest.mark.parametrize("html", ATTACKS)
def test_a_tenants_page_can_do_nothing(ask: Ask, acme: Tenant, html: str) -> None:
    make_page(acme, is_default=True, html=f"<p>Words</p>{html}", done_html=f"<p>Words</p>{html}")
    for is_done in (False, True):
        seen = Eye(show(ask, acme, done=is_done).partition("<body>")[2])
        assert ("p", {}) in seen.tags
        assert seen.acting == []
        assert [attributes for tag, attributes in seen.tags if tag == "form"] == [{"class": "way-out", "method": "post"}][
            is_done:
        ]


def test_a_page_runs_under_a_strict_policy(ask: Ask, acme: Tenant) -> None:
    answer = ask(path_of(Purpose.UNSUBSCRIBE, account=acme.account.pk))
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "img-src https: data:;" in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_database_that_hangs_is_not_waited_for(ask: Ask, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    make_page(acme, is_default=True)
    is_well = Event()
    monkeypatch.setattr(pages, "find_pages", lambda *_: is_well.wait(20) and ())
    begun = time.monotonic()
    assert "Do you want to receive no more mail" in show(ask, acme)
    assert time.monotonic() - begun < 2
    begun = time.monotonic()
    show(ask, acme)
    assert time.monotonic() - begun < pages.DEADLINE  # the next one does not even try
    is_well.set()


def test_a_database_that_is_away_shows_the_platforms_page(ask: Ask, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    def be_away(*_: object) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(pages, "find_pages", be_away)
    assert "Do you want to receive no more mail" in show(ask, acme)


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", None),
        ("*", None),
        ("en", "en"),
        ("EN-gb", "en"),
        ("en_US", "en"),
        ("fr;q=0.5, de;q=0.8", "de"),
        ("de;q=0, fr", "fr"),
        ("pt-PT", "pt-br"),
        ("pt", "pt-br"),
        ("ja, de;q=bad, fr", "fr"),
        (",;,en", "en"),
        ("x" * 5000 + ",en", None),
        (",".join(["xx"] * 30) + ",en", None),
    ],
)
def test_a_language_is_chosen(accepted: str, chosen: str | None) -> None:
    assert choose_language(accepted, ["en", "de", "fr", "pt-br"]) == chosen


def test_the_platform_speaks_at_least_six_languages() -> None:
    assert set(WORDS) >= {"en", "de", "fr", "es", "it", "zh"}

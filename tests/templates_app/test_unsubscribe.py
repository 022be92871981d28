"""Unsubscribe pages: found within their account, with the button in its place, and their room in the console."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from templates_app.models import UnsubscribePage
from templates_app.unsubscribe import find_pages, place_button
from templates_app.unsubscribe_words import WORDS, choose_language, words_of
from tests.support.browsers import log_in
from tests.support.cast import Tenant

FORM = {"name": "Farewell", "language": "en", "html": "<p>Going?</p>{{ button }}", "done_html": "", "title": "", "button": ""}
BUTTON = "<form></form>"


def make_page(tenant: Tenant, **fields: Any) -> UnsubscribePage:
    return UnsubscribePage.objects.create(account=tenant.account, **{"name": "Farewell", "html": "<p>Going?</p>"} | fields)


def test_it_works(acme: Tenant) -> None:
    page = make_page(acme, title="Bye", done_html="<b>Gone</b><script>1</script>")
    (found,) = find_pages(acme.account.pk, page.pk)
    assert (found.language, found.title, found.html, found.done_html) == ("en", "Bye", "<p>Going?</p>", "<b>Gone</b>")


def test_all_languages_are_found_the_named_one_first(acme: Tenant) -> None:
    pages = [make_page(acme, language=language) for language in ("fr", "de", "en")]
    make_page(acme, name="Other", language="it")
    assert [page.language for page in find_pages(acme.account.pk, pages[2].pk)] == ["en", "de", "fr"]


def test_the_default_page_stands_in(acme: Tenant) -> None:
    make_page(acme)
    assert find_pages(acme.account.pk, 0) == ()
    make_page(acme, name="Other", html="Default", is_default=True)
    assert [page.html for page in find_pages(acme.account.pk, 0)] == ["Default"]


def test_a_strangers_pages_are_not_there(acme: Tenant, globex: Tenant) -> None:
    theirs = make_page(globex, is_default=True)
    assert find_pages(acme.account.pk, theirs.pk) == ()
    ours = make_page(acme, language="de")
    assert [page.language for page in find_pages(acme.account.pk, ours.pk)] == ["de"]


@pytest.mark.parametrize(
    ("html", "placed"),
    [
        ("", BUTTON),
        ("<p>a</p>", f"<p>a</p>{BUTTON}"),
        ("<p>a</p>{{ button }}<p>b</p>", f"<p>a</p>{BUTTON}<p>b</p>"),
        ("{{button}}{{  button  }}", BUTTON),
        ('<p title="{{ button }}">a</p>', f'<p title="">a</p>{BUTTON}'),
        ('<p title="{{ button }}">{{ button }}</p>', f'<p title="">{BUTTON}</p>'),
        ("{{ Button }} {{ name }}", "{{ Button }} {{ name }}" + BUTTON),
    ],
)
def test_the_button_stands_where_text_stands(html: str, placed: str) -> None:
    assert place_button(html, BUTTON) == placed


def test_words_of_a_region_are_those_of_its_language() -> None:
    assert words_of("de-at") is WORDS["de"]
    assert words_of("zh-cn") is WORDS["zh"]
    assert words_of("sw") is WORDS["en"]


def test_traditional_chinese_is_one_script_wherever_it_is_read() -> None:
    for tag in ("zh-TW", "zh-HK", "zh-Hant-HK"):
        assert choose_language(f"{tag},en;q=0.5", WORDS) == "zh-tw"
        assert words_of(tag.lower()) is WORDS["zh-tw"]
    assert choose_language("zh-Hans-SG", WORDS) == "zh"
    assert choose_language("zh-TW", ["en", "zh-hant"]) == "zh-hant"
    assert choose_language("zh-TW", ["en", "zh-cn"]) == "zh-cn"
    assert choose_language("zh", ["en", "zh-tw"]) == "zh-tw"


@pytest.mark.parametrize("language", WORDS)
def test_every_language_says_all_in_its_own_words(language: str) -> None:
    said = dataclasses.asdict(WORDS[language])
    assert all(said.values())
    others = [dataclasses.asdict(WORDS[other]) for other in WORDS if other != language]
    assert all(said["question"] != other["question"] and said["done"] != other["done"] for other in others)


def test_one_default_and_one_page_of_a_name_and_language(acme: Tenant, globex: Tenant) -> None:
    make_page(acme, is_default=True)
    make_page(globex, is_default=True)
    for fields in ({"language": "en"}, {"language": "de", "is_default": True}):
        with pytest.raises(IntegrityError), transaction.atomic():
            make_page(acme, **fields)


# The room in the console -------------------------------------------------------------------------------------------


@pytest.fixture
def browser(acme: Tenant) -> Client:
    return log_in(acme.user)


def add(browser: Client, **changed: str) -> Any:
    return browser.post(reverse("admin:templates_app_unsubscribepage_add"), FORM | changed)


def page_of(browser: Client, page: UnsubscribePage) -> str:
    return browser.get(reverse("admin:templates_app_unsubscribepage_change", args=(page.pk,))).content.decode()


def test_a_page_is_added_and_shown_as_readers_see_it(browser: Client, acme: Tenant) -> None:
    add(browser, html="<p>Going?</p>{{ button }}<script>alert(1)</script>", button="Let me go", is_default="on")
    page = UnsubscribePage.objects.for_account(acme.account).get()
    assert page.is_default
    frame = page_of(browser, page).partition("<iframe")[2].partition("</iframe>")[0]
    assert 'sandbox=""' in frame
    assert "Let me go" in frame
    assert "script" not in frame


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "Farewell"}, "already exists"),
        ({"name": "Other", "is_default": "on"}, "Another page is the default one already"),
        ({"name": "Other", "language": "English"}, "written like en"),
        ({"name": "Other", "language": "e' n"}, "written like en"),
    ],
)
def test_what_cannot_be_is_said(browser: Client, acme: Tenant, changed: dict[str, str], said: str) -> None:
    make_page(acme, is_default=True)
    assert said in str(add(browser, **changed).context["errors"])
    assert UnsubscribePage.objects.count() == 1

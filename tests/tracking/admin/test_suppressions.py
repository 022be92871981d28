"""The room of suppressions."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.support.browsers import log_in
from tests.support.cast import Tenant
from tracking.models import Suppression


@pytest.fixture
def browser(acme: Tenant) -> Client:
    return log_in(acme.user)


def test_it_works(browser: Client, acme: Tenant) -> None:
    browser.post(
        reverse("admin:tracking_suppression_add"), {"email": " Legal@Example.COM ", "cause": "manual", "source": "letter"}
    )
    assert Suppression.objects.for_account(acme.account).get().email == "legal@example.com"


@pytest.mark.parametrize(
    ("typed", "kept"), [("Ann@BÜCHER.example", "ann@xn--bcher-kva.example"), ('"ann"@b.example', "ann@b.example")]
)
def test_an_address_stands_as_recipients_have_it(browser: Client, acme: Tenant, typed: str, kept: str) -> None:
    browser.post(reverse("admin:tracking_suppression_add"), {"email": typed, "cause": "manual"})
    assert Suppression.objects.for_account(acme.account).get().email == kept


@pytest.mark.parametrize("typed", ["ann", "Ann <ann@b.example>", "ann@b.example, bob@b.example", "@b.example"])
def test_what_is_no_address_is_refused(browser: Client, typed: str) -> None:
    answer = browser.post(reverse("admin:tracking_suppression_add"), {"email": typed, "cause": "manual"})
    assert "email" in answer.context["adminform"].form.errors
    assert not Suppression.objects.exists()


def test_an_address_is_suppressed_once(browser: Client, acme: Tenant) -> None:
    Suppression.objects.create(account=acme.account, email="a@example.com")
    answer = browser.post(reverse("admin:tracking_suppression_add"), {"email": "A@example.com", "cause": "manual"})
    assert answer.context["adminform"].form.errors
    assert Suppression.objects.count() == 1


def test_the_platforms_suppressions_are_not_shown(browser: Client) -> None:
    Suppression.objects.create(account=None, email="everywhere@example.com")
    assert "everywhere@example.com" not in browser.get(reverse("admin:tracking_suppression_changelist")).content.decode()


def test_an_address_is_found_in_capitals_too(browser: Client, acme: Tenant) -> None:
    Suppression.objects.create(account=acme.account, email="legal@example.com")
    Suppression.objects.create(account=acme.account, email="other@example.com")
    page = browser.get(reverse("admin:tracking_suppression_changelist"), {"q": " Legal@Exam"}).content.decode()
    assert "legal@example.com" in page
    assert "other@example.com" not in page

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


def test_an_address_is_suppressed_once(browser: Client, acme: Tenant) -> None:
    Suppression.objects.create(account=acme.account, email="a@example.com")
    answer = browser.post(reverse("admin:tracking_suppression_add"), {"email": "A@example.com", "cause": "manual"})
    assert answer.context["adminform"].form.errors
    assert Suppression.objects.count() == 1


def test_the_platforms_suppressions_are_not_shown(browser: Client) -> None:
    Suppression.objects.create(account=None, email="everywhere@example.com")
    assert "everywhere@example.com" not in browser.get(reverse("admin:tracking_suppression_changelist")).content.decode()

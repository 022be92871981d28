"""The rooms of suppressions and webhooks."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.support.browsers import log_in
from tests.support.cast import Tenant
from tracking.models import Suppression, Webhook


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


def test_a_webhook_is_changed(browser: Client, acme: Tenant) -> None:
    hook = Webhook.objects.create(account=acme.account, url="https://acme.example/a", sealed_key=b"sealed", events=["opened"])
    path = reverse("admin:tracking_webhook_change", args=(hook.pk,))
    form = {"url": "acme.example/b", "format": "standard", "events": ["delivered", "bounced"], "is_active": "on"}
    assert browser.post(path, form).status_code == 302
    hook.refresh_from_db()
    assert (hook.url, hook.events, bytes(hook.sealed_key)) == ("https://acme.example/b", ["delivered", "bounced"], b"sealed")


@pytest.mark.parametrize("url", ["javascript:alert(1)", "file:///etc/passwd", "x y", "//"])
def test_an_address_that_is_none_is_refused(url: str, browser: Client, acme: Tenant) -> None:
    hook = Webhook.objects.create(account=acme.account, url="https://acme.example/a", sealed_key=b"sealed")
    browser.post(reverse("admin:tracking_webhook_change", args=(hook.pk,)), {"url": url, "format": "standard"})
    hook.refresh_from_db()
    assert hook.url == "https://acme.example/a"


def test_a_key_is_on_no_page(browser: Client, acme: Tenant) -> None:
    hook = Webhook.objects.create(account=acme.account, url="https://acme.example/a", sealed_key=b"the-sealed-key")
    assert "the-sealed-key" not in browser.get(reverse("admin:tracking_webhook_change", args=(hook.pk,))).content.decode()

"""The rooms of webhooks and deliveries: made, watched, tested, replayed, by those who may."""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from standardwebhooks import Webhook as Verifier

from accounts.actions import suspend
from accounts.models import AuditEntry, Membership
from gateway.base import clock
from tests.support.browsers import log_in
from tests.support.cast import Tenant
from tests.support.endpoint import Endpoint
from tests.support.factories import make_person
from tests.tracking.webhooks.conftest import happen, make_fact
from tracking.models import Webhook, WebhookAttempt, WebhookDelivery
from tracking.webhooks import actions
from tracking.webhooks.calls import open_key

ADD = reverse("admin:tracking_webhook_add")


@pytest.fixture
def browser(acme: Tenant) -> Client:
    return log_in(acme.user)


@pytest.fixture
def endpoint(settings: Any) -> Iterator[Endpoint]:
    settings.GATEPOST_WEBHOOK_ALLOW = (ip_network("127.0.0.0/8"),)
    with Endpoint({"/bad": 500}) as endpoint:
        yield endpoint


def path_of(row: Any, page: str = "change") -> str:
    return reverse(f"admin:tracking_{row._meta.model_name}_{page}", args=(row.pk,))


def form_of(url: str, **changes: Any) -> dict[str, Any]:
    return {"url": url, "format": "standard", "events": [], "keeps_log": "on", **changes}


def page_of(browser: Client, row: Any) -> str:
    return browser.get(path_of(row)).content.decode()


def test_it_works(browser: Client, acme: Tenant) -> None:
    answer = browser.post(ADD, form_of("hooks.acme.com/in", events=["opened", "clicked"], description="to the shop"))
    hook = Webhook.objects.for_account(acme.account).get()
    assert (hook.url, hook.events, hook.description, hook.is_active) == (
        "https://hooks.acme.com/in",
        ["opened", "clicked"],
        "to the shop",
        True,
    )
    assert open_key(hook).startswith("whsec_")
    assert open_key(hook) in answer.content.decode()
    assert AuditEntry.objects.get(account=acme.account).action == "added webhook"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", ["/good", "/bad"])
def test_nobody_waits_for_the_answer_of_a_url(path: str, browser: Client, endpoint: Endpoint) -> None:
    ours, within = connections["default"], list[bool]()

    def answer_and_look(_: int) -> int:
        within.append(ours.in_atomic_block)
        return 200 if path == "/good" else 500

    endpoint.script[path] = answer_and_look
    answer = browser.post(ADD, form_of(f"{endpoint.url}{path}", format="sendcloud"))
    assert [hook.url for hook in Webhook.objects.all()] == ([f"{endpoint.url}/good"] if path == "/good" else [])
    assert ("It answered 500" in answer.content.decode()) == (path == "/bad")
    assert within == [False] * (1 if path == "/good" else 2)  # a POST, and a GET where that failed


@pytest.mark.parametrize(
    "url",
    [
        *("javascript:alert(1)", "file:///etc/passwd", "x y", "//", "http://127.0.0.1/", "http://localhost/"),
        *("https://user:secret@acme.example/", "http://169.254.169.254/latest", "http://[::1]/", "https://acme.example:22/"),
    ],
)
def test_an_address_that_can_never_be_called_is_refused(url: str, browser: Client, acme: Tenant) -> None:
    answer = browser.post(ADD, form_of(url))
    assert answer.context["adminform"].form.errors["url"]
    assert not Webhook.objects.exists()


def test_a_url_is_tried_where_the_format_asks_for_it(browser: Client, endpoint: Endpoint) -> None:
    browser.post(ADD, form_of(f"{endpoint.url}/bad", format="sendcloud"))
    assert not Webhook.objects.exists()
    browser.post(ADD, form_of(f"{endpoint.url}/good", format="sendcloud"))
    assert Webhook.objects.get().url == f"{endpoint.url}/good"
    assert [call.path for call in endpoint.calls] == ["/bad", "/bad", "/good"]  # by POST and, where that fails, by GET


def test_no_more_than_the_account_may_have(browser: Client, acme: Tenant) -> None:
    acme.account.max_webhooks = 1
    acme.account.save()
    browser.post(ADD, form_of("https://hooks.acme.com/1"))
    answer = browser.post(ADD, form_of("https://hooks.acme.com/2"))
    assert "may have 1 webhooks" in answer.content.decode()
    assert Webhook.objects.count() == 1


def test_a_change_leaves_alone_what_the_queue_writes(browser: Client, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    hook, key = actions.add_webhook(acme.account, "https://hooks.acme.com/a")
    save = Webhook.save

    def save_late(self: Webhook, *arguments: Any, **options: Any) -> None:
        Webhook.objects.filter(pk=hook.pk).update(delivered=7, failures=3)  # while the form is on its way
        save(self, *arguments, **options)

    monkeypatch.setattr(Webhook, "save", save_late)
    browser.post(path_of(hook), form_of("https://hooks.acme.com/b", events=["delivered", "bounced_hard"], format="octeth"))
    hook.refresh_from_db()
    assert (hook.url, hook.events, hook.format) == ("https://hooks.acme.com/b", ["delivered", "bounced_hard"], "standard")
    assert (hook.delivered, hook.failures, open_key(hook)) == (7, 3, key)


def test_the_page_shows_the_key_to_developers_only(browser: Client, acme: Tenant) -> None:
    hook, key = actions.add_webhook(acme.account, "https://hooks.acme.com/a")
    viewer = log_in(make_person(acme.account, Membership.Role.VIEWER))
    assert key in page_of(browser, hook)
    assert key not in page_of(viewer, hook)


def test_a_key_that_does_not_open_is_no_error(browser: Client, acme: Tenant) -> None:
    hook = Webhook.objects.create(account=acme.account, url="https://acme.example/a", sealed_key=b"the-sealed-key")
    assert "the-sealed-key" not in page_of(browser, hook)
    assert "Reset it first" in page_of(browser, hook)


def test_a_reset_key_is_shown_and_signs_from_now_on(browser: Client, acme: Tenant, endpoint: Endpoint) -> None:
    hook, old = actions.add_webhook(acme.account, endpoint.url + "/")
    page = browser.post(path_of(hook, "reset")).content.decode()
    hook.refresh_from_db()
    assert open_key(hook) != old
    assert open_key(hook) in page
    actions.send_test(hook)
    call = endpoint.calls[0]
    assert Verifier(open_key(hook)).verify(call.body, dict(call.headers))


def test_a_test_event_shows_what_was_answered(browser: Client, acme: Tenant, endpoint: Endpoint) -> None:
    hook, key = actions.add_webhook(acme.account, f"{endpoint.url}/bad")
    page = browser.post(path_of(hook, "test")).content.decode()
    assert "did not arrive" in page
    assert "<dd>500</dd>" in page
    assert "well" in page
    call = endpoint.calls[0]
    assert Verifier(key).verify(call.body, dict(call.headers))["type"] == "email.test"
    assert AuditEntry.objects.get(account=acme.account).action == "sent a test to webhook"
    assert not WebhookDelivery.objects.exists()


def test_disabled_and_enabled(browser: Client, acme: Tenant) -> None:
    hook, _ = actions.add_webhook(acme.account, "https://hooks.acme.com/a")
    happen(make_fact(acme))
    browser.post(path_of(hook, "disable"))
    hook.refresh_from_db()
    assert (hook.is_active, WebhookDelivery.objects.get().state) == (False, "failed")
    assert "Disabled by hand." in page_of(browser, hook)
    happen(make_fact(acme))
    assert WebhookDelivery.objects.count() == 1
    browser.post(path_of(hook, "enable"))
    browser.post(path_of(hook, "replay"))
    hook.refresh_from_db()
    assert (hook.is_active, hook.disabled_reason, WebhookDelivery.objects.get().state) == (True, "", "waiting")


def test_a_delivery_shows_body_and_tries(browser: Client, acme: Tenant) -> None:
    hook, _ = actions.add_webhook(acme.account, "https://hooks.acme.com/a")
    fact = make_fact(acme, subject="Quite <b>bold</b>")
    happen(fact)
    delivery = WebhookDelivery.objects.get()
    WebhookAttempt.objects.create(delivery=delivery, number=1, at=clock.now(), seconds=0.25, status=502, answer="<i>Bad</i>")
    page = page_of(browser, delivery)
    assert json.dumps(fact.recipient).replace('"', "&quot;") in page
    assert "&lt;i&gt;Bad&lt;/i&gt;" in page
    assert "0.250\N{NO-BREAK SPACE}s" in page
    assert f"/gateway/message/{fact.origin.public_id}/" in page
    assert "<b>bold</b>" not in page
    assert hook.url in page


def test_a_delivery_whose_event_is_gone_says_so(browser: Client, acme: Tenant) -> None:
    actions.add_webhook(acme.account, "https://hooks.acme.com/a")
    happen(make_fact(acme))
    WebhookDelivery.objects.update(event_id=1)
    assert "not kept any more" in page_of(browser, WebhookDelivery.objects.get())


def test_a_delivery_is_replayed_once_it_ended(browser: Client, acme: Tenant) -> None:
    actions.add_webhook(acme.account, "https://hooks.acme.com/a")
    happen(make_fact(acme))
    delivery = WebhookDelivery.objects.get()
    assert browser.post(path_of(delivery, "replay")).status_code == 403
    WebhookDelivery.objects.update(state="failed", attempts=13)
    assert browser.post(path_of(delivery, "replay")).status_code == 302
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.attempts_before) == ("waiting", 13, 13)
    assert AuditEntry.objects.filter(action="replayed webhook delivery").exists()


@pytest.mark.parametrize("act", ["test", "reset", "disable", "replay"])
def test_a_viewer_does_nothing(act: str, acme: Tenant) -> None:
    hook, key = actions.add_webhook(acme.account, "https://hooks.acme.com/a")
    happen(make_fact(acme))
    WebhookDelivery.objects.update(state="failed")
    viewer = log_in(make_person(acme.account, Membership.Role.VIEWER))
    assert viewer.post(path_of(hook, act)).status_code == 403
    hook.refresh_from_db()
    assert (hook.is_active, open_key(hook)) == (True, key)
    assert WebhookDelivery.objects.get().state == "failed"


def test_the_chart_counts_what_happened(browser: Client, acme: Tenant) -> None:
    hook, _ = actions.add_webhook(acme.account, "https://hooks.acme.com/a")
    happen(*(make_fact(acme) for _ in range(5)))
    keys = WebhookDelivery.objects.order_by("pk").values_list("pk", flat=True)
    WebhookDelivery.objects.filter(pk__in=keys[:3]).update(state="done")
    WebhookDelivery.objects.filter(pk=keys[3]).update(state="failed")
    assert "3 told, 1 failed, 1 waiting" in page_of(browser, hook)


def test_a_deleted_webhook_is_gone_with_its_deliveries(browser: Client, acme: Tenant) -> None:
    hook, _ = actions.add_webhook(acme.account, "https://hooks.acme.com/a")
    happen(make_fact(acme))
    browser.post(path_of(hook, "delete"), {"post": "yes"})
    assert not Webhook.objects.exists()
    happen(make_fact(acme))  # at once, whatever a cache says: nothing fails
    rooms = browser.get(reverse("admin:tracking_webhookdelivery_changelist")).content.decode()
    assert "Nothing was delivered yet" in rooms


def test_a_webhook_of_a_suspended_account_says_so(browser: Client, acme: Tenant) -> None:
    hook = actions.add_webhook(acme.account, "https://hooks.acme.com/")[0]
    suspend(acme.account)
    assert "held back with its account" in page_of(browser, hook)

"""The commands about webhooks, each with each of its numbers."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Account, AuditEntry, Membership
from domains.models import SenderDomain
from tests.gateway.api.octeth.commands import NOBODY, PATH, ask, done, log_in, refused
from tests.support.cast import Tenant
from tests.support.factories import PASSWORD, make_person
from tracking.models import EventType, Webhook
from tracking.webhooks.actions import add_webhook
from tracking.webhooks.calls import open_key

URL = "https://hooks.example.com/octeth"


def add(client: Client, tenant: Tenant, **change: Any) -> dict[str, Any]:
    call = {"DomainID": str(tenant.domain.pk), "Event": "bounce", "WebhookURL": URL} | change
    return ask(client, tenant, "EmailGateway.AddWebhook", **call)


def test_add_webhook(client: Client, acme: Tenant) -> None:
    answer = done(add(client, acme))
    webhook = Webhook.objects.get()
    assert answer == {"NewWebhookID": str(webhook.pk)}
    assert (webhook.account, webhook.domain, webhook.url, webhook.format) == (acme.account, acme.domain, URL, "octeth")
    assert webhook.events == [EventType.BOUNCED, EventType.EXPIRED]
    assert AuditEntry.objects.get().action == "added webhook"


EVENTS = ["delivery", "bounce", "open", "click", "unsubscribe", "complaint"]
PUBLIC_EVENTS = ["delivered", "bounced", "opened", "clicked", "unsubscribed", "complained"]


@pytest.mark.parametrize("event", [*EVENTS, *PUBLIC_EVENTS, "Bounce"])
def test_every_event_may_be_told(client: Client, acme: Tenant, event: str) -> None:
    assert "NewWebhookID" in done(add(client, acme, Event=event))


@pytest.mark.parametrize(
    ("codes", "change"),
    [
        ([1], {"DomainID": ""}),
        ([2], {"Event": None}),
        ([3], {"Event": "nothing"}),
        ([3], {"Event": ["bounce"]}),
        ([4], {"DomainID": NOBODY}),
        ([4], {"DomainID": "x"}),
        ([5], {"WebhookURL": ""}),
        ([6], {"WebhookURL": "ftp://hooks.example.com/"}),
        ([6], {"WebhookURL": "hooks.example.com"}),
        ([6], {"WebhookURL": 7}),
        ([6], {"WebhookURL": "https://[/"}),
        ([6], {"WebhookURL": f"https://hooks.example.com/{'x' * 2000}"}),
        ([7], {"WebhookURL": "http://localhost/"}),
        ([7], {"WebhookURL": "http://127.0.0.1:8000/"}),
        ([7], {"WebhookURL": "http://[::1]/"}),
        ([7], {"WebhookURL": "https://printer.local/"}),
        ([7], {"WebhookURL": "https://10.0.0.1/"}),
        ([1, 2, 5], {"DomainID": "", "Event": "", "WebhookURL": ""}),
        ([3, 6], {"Event": "nothing", "WebhookURL": "x"}),
    ],
)
def test_add_webhook_refuses(client: Client, acme: Tenant, codes: list[int], change: dict[str, Any]) -> None:
    assert refused(add(client, acme, **change)) == codes
    assert not Webhook.objects.exists()


def test_the_operator_may_open_the_inside(client: Client, acme: Tenant, settings: Settings) -> None:
    settings.GATEPOST_WEBHOOK_ALLOW = (ip_network("127.0.0.0/8"),)
    assert done(add(client, acme, WebhookURL="http://127.0.0.1:8000/"))


def test_more_webhooks_than_are_allowed(client: Client, acme: Tenant) -> None:
    Account.objects.update(max_webhooks=0)
    call = {"DomainID": acme.domain.pk, "Event": "bounce", "WebhookURL": URL, "APIKey": acme.api_secret}
    response = client.post(PATH, {"Command": "EmailGateway.AddWebhook"} | call, "application/json")
    assert (response.status_code, response.json()["ErrorCode"]) == (403, 403)


def test_get_webhooks(client: Client, acme: Tenant) -> None:
    added = [done(add(client, acme, Event=event))["NewWebhookID"] for event in ("click", "opened")]
    answer = done(ask(client, acme, "EmailGateway.GetWebhooks", DomainID=acme.domain.pk))
    assert answer["Webhooks"] == [
        {"WebhookID": key, "URL": URL, "WebhookURL": URL, "Events": [event], "Event": event}
        for key, event in zip(added, ("click", "open"), strict=True)
    ]
    assert {open_key(webhook) for webhook in Webhook.objects.all()} == {answer["SigningKey"]}


def test_a_domain_has_its_key_before_its_first_webhook(client: Client, acme: Tenant) -> None:
    def key_by(command: str) -> str:
        return str(done(ask(client, acme, command, DomainID=acme.domain.pk))["SigningKey"])

    first = key_by("EmailGateway.GetWebhooks")
    assert (len(first), key_by("EmailGateway.GetWebhooks")) == (64, first)
    second = key_by("EmailGateway.RegenerateSigningKey")
    add(client, acme)
    assert key_by("EmailGateway.GetWebhooks") == second != first
    assert open_key(Webhook.objects.get()) == second


def test_a_viewer_sees_no_key(client: Client, acme: Tenant) -> None:
    add(client, acme)
    session = log_in(client, make_person(acme.account, Membership.Role.VIEWER).email, PASSWORD)
    answer = done(ask(client, acme, "EmailGateway.GetWebhooks", DomainID=acme.domain.pk, SessionID=session))
    assert (len(answer["Webhooks"]), answer["SigningKey"]) == (1, "")


def test_a_webhook_of_all_events_names_them_all(client: Client, acme: Tenant) -> None:
    add_webhook(acme.account, URL, format_name="octeth", domain=acme.domain)
    (shown,) = done(ask(client, acme, "EmailGateway.GetWebhooks", DomainID=acme.domain.pk))["Webhooks"]
    assert (shown["Events"], shown["Event"]) == (EVENTS, ",".join(EVENTS))


def test_regenerate_signing_key(client: Client, acme: Tenant) -> None:
    add(client, acme)
    add(client, acme, Event="open")
    before = done(ask(client, acme, "EmailGateway.GetWebhooks", DomainID=acme.domain.pk))["SigningKey"]
    key = done(ask(client, acme, "emailgateway.regeneratesigningkey", DomainID=acme.domain.pk))["SigningKey"]
    assert key != before
    assert {open_key(webhook) for webhook in Webhook.objects.all()} == {key}
    assert AuditEntry.objects.latest("pk").action == "reset the signing key of sender domain"


def test_a_key_that_does_not_open_can_be_regenerated(client: Client, acme: Tenant) -> None:
    add(client, acme)
    SenderDomain.objects.update(sealed_signing_key=b"sealed elsewhere")
    call = {"Command": "EmailGateway.GetWebhooks", "APIKey": acme.api_secret, "DomainID": acme.domain.pk}
    response = client.post(PATH, call, "application/json")
    assert response.status_code == 400
    assert "Regenerate it." in response.json()["ErrorText"]
    assert done(ask(client, acme, "EmailGateway.RegenerateSigningKey", DomainID=acme.domain.pk))["SigningKey"]
    assert done(ask(client, acme, "EmailGateway.GetWebhooks", DomainID=acme.domain.pk))["SigningKey"]


@pytest.mark.parametrize("command", ["EmailGateway.GetWebhooks", "EmailGateway.RegenerateSigningKey"])
def test_the_domain_of_webhooks(client: Client, acme: Tenant, command: str) -> None:
    assert refused(ask(client, acme, command)) == 1
    assert refused(ask(client, acme, command, DomainID=NOBODY)) == 2


def test_delete_webhook(client: Client, acme: Tenant) -> None:
    key = done(add(client, acme))["NewWebhookID"]
    form = {"Command": "EmailGateway.DeleteWebhook", "APIKey": acme.api_secret, "WebhookID": key, "DomainID": acme.domain.pk}
    assert done(client.post(PATH, form).json()) == {}
    assert not Webhook.objects.exists()
    assert AuditEntry.objects.latest("pk").action == "deleted webhook"


def test_delete_webhook_refuses(client: Client, acme: Tenant, globex: Tenant) -> None:
    ours, theirs = (done(add(client, tenant))["NewWebhookID"] for tenant in (acme, globex))
    other = done(ask(client, acme, "EmailGateway.AddDomain", DomainName="shop.example"))["NewSenderDomainID"]
    domain = acme.domain.pk
    cases = [
        (1, {"DomainID": domain}),
        (1, {"WebhookID": ours}),
        (2, {"WebhookID": ours, "DomainID": NOBODY}),
        (2, {"WebhookID": theirs, "DomainID": globex.domain.pk}),
        (3, {"WebhookID": ours, "DomainID": other}),
        (4, {"WebhookID": NOBODY, "DomainID": domain}),
        (4, {"WebhookID": theirs, "DomainID": domain}),
    ]
    for code, call in cases:
        assert refused(ask(client, acme, "EmailGateway.DeleteWebhook", **call)) == code
    assert Webhook.objects.count() == 2

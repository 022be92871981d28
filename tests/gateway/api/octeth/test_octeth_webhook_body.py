"""A webhook in this dialect, from the call that makes it to the bytes that arrive, verified as a receiver would."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.support.cast import Tenant
from tests.tracking.webhooks.conftest import World, _loopback, happen, make_fact, world
from tracking.models import EventType
from tracking.webhooks.keys import find_domain_key, reset_domain_key

__all__ = ["_loopback", "world"]

TYPES = {
    "delivered": EventType.DELIVERED,
    "bounce": EventType.BOUNCED,
    "opened": EventType.OPENED,
    "click": EventType.CLICKED,
    "unsubscribed": EventType.UNSUBSCRIBED,
    "complaint": EventType.COMPLAINED,
}


def register(client: Client, tenant: Tenant, event: str, url: str) -> None:
    headers = {"Authorization": f"Bearer {tenant.domain_secret}"}
    answer = client.post("/api/v1/webhooks", {"Event": event, "WebhookURL": url}, "application/json", headers=headers)
    assert "NewWebhookID" in answer.json()


def is_signed(call: Any, key: str) -> bool:
    return hmac.new(key.encode(), call.body, hashlib.sha256).hexdigest() == call.headers["x-octeth-signature"]


@pytest.mark.django_db(transaction=True)
def test_each_event_arrives_where_it_was_asked_for(client: Client, acme: Tenant, world: Callable[..., World]) -> None:
    here = world()
    for word in TYPES:
        register(client, acme, word, f"{here.endpoint.url}/{word}")
    happen(*(make_fact(acme, kind) for kind in EventType))
    here.run()
    key = find_domain_key(acme.domain)
    for word, kind in TYPES.items():
        calls = here.endpoint.to(f"/{word}")
        told = [json.loads(call.body)["event"] for call in calls]
        assert set(told) == {kind.value}
        assert all(is_signed(call, key) for call in calls)
        assert {call.headers["content-type"] for call in calls} == {"application/json"}
    assert len(here.endpoint.calls) == len(TYPES) + 1  # what expired is a bounce as well


@pytest.mark.django_db(transaction=True)
def test_the_body(client: Client, acme: Tenant, world: Callable[..., World]) -> None:
    here = world()
    register(client, acme, "bounced", f"{here.endpoint.url}/")
    fact = make_fact(acme, EventType.BOUNCED, code=550, enhanced="5.1.1", reply="No such user", category="recipient")
    happen(fact)
    here.run()
    (call,) = here.endpoint.calls
    said = json.loads(call.body)
    assert isinstance(said.pop("logged-at"), int)
    assert said == {
        "event": "bounced",
        "event-id": f"{fact.origin.public_id}-0-2",
        "user-id": acme.account.pk,
        "domain-id": acme.domain.pk,
        "message-id": fact.origin.public_id,
        "message": {
            "headers": {
                "from": "ann@acme.example",
                "to": fact.recipient,
                "subject": "Grüße",
                "SC-Custom-A": "1",
                "SC-Custom-B": "2",
            },
            "to-domain": "inbox.example",
            "tags": ["welcome", "new"],
        },
        "delivery-status": {
            "code": 550,
            "enhanced-code": "5.1.1",
            "message": "No such user",
            "mx-host": "",
            "class": "hard",
        },
        "ip": "",
        "user-agent": "",
        "url": "",
    }


@pytest.mark.django_db(transaction=True)
def test_only_the_domains_own_events_are_told(
    client: Client, acme: Tenant, globex: Tenant, world: Callable[..., World]
) -> None:
    here = world()
    register(client, acme, "delivered", f"{here.endpoint.url}/")
    happen(make_fact(globex), make_fact(acme, domain_id=acme.domain.pk + 1000), make_fact(acme, domain_id=None))
    here.run()
    assert here.endpoint.calls == []


@pytest.mark.django_db(transaction=True)
def test_a_new_key_signs_what_comes_after(client: Client, acme: Tenant, world: Callable[..., World]) -> None:
    here = world()
    register(client, acme, "delivered", f"{here.endpoint.url}/")
    old = find_domain_key(acme.domain)
    happen(make_fact(acme))
    here.run()
    new = reset_domain_key(acme.domain)
    happen(make_fact(acme))
    here.run()
    first, second = here.endpoint.calls
    assert is_signed(first, old)
    assert is_signed(second, new)
    assert not is_signed(second, old)
    assert len(new) == 64
    assert set(new) <= set("0123456789ABCDEF")


@pytest.mark.django_db(transaction=True)
def test_a_failed_try_is_made_again_with_the_same_bytes(client: Client, acme: Tenant, world: Callable[..., World]) -> None:
    here = world({"/": lambda tries: 500 if tries == 0 else 200})
    register(client, acme, "delivered", f"{here.endpoint.url}/")
    happen(make_fact(acme))
    here.run()
    here.later(hours=1)
    here.run()
    first, second = here.endpoint.calls
    assert first.body == second.body
    assert first.headers["x-octeth-signature"] == second.headers["x-octeth-signature"]

"""A world of webhooks: endpoints on loopback, events that happen, and the fan-out that brings them together."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import ip_network
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction

from gateway.base import bulk, clock
from gateway.base.ids import make_public_id
from gateway.listeners.tls import keep_self_signed, make_context
from tests.support.cast import Tenant
from tests.support.endpoint import Endpoint
from tracking import events
from tracking.events import Fact, Origin
from tracking.formats import FORMATS
from tracking.models import EventType, Webhook, WebhookDelivery
from tracking.webhooks import calls, fanout, queue
from tracking.webhooks.actions import add_webhook

_numbers = count(1)


def make_fact(tenant: Tenant, kind: EventType = EventType.DELIVERED, **changes: Any) -> Fact:
    """Make a fact about a recipient that no other fact is about."""
    number = next(_numbers)
    origin: dict[str, Any] = {
        "account_id": tenant.account.pk,
        "domain_id": tenant.domain.pk,
        "smtp_user_id": tenant.smtp_user.pk,
        "message_id": number,
        "public_id": str(make_public_id()),
        "subject": "Grüße",
        "sender": f"ann@{tenant.domain.name}",
        "tags": ["welcome", "new"],
        "campaign": "spring",
        "headers": {"SC-Custom-B": "2", "SC-Custom-A": "1"},
    }
    fact: dict[str, Any] = {
        "type": kind,
        "at": clock.now(),
        "recipient_id": number,
        "position": 0,
        "sequence": 2,
        "recipient": f"bob{number}@inbox.example",
        "recipient_domain": "inbox.example",
        "code": 250,
        "reply": "Ok: queued",
    }
    origin |= {name: changes.pop(name) for name in list(changes) if name in origin}
    return Fact(origin=Origin(**origin), **(fact | changes))


def happen(*facts: Fact) -> None:
    """Let facts happen in one transaction, as the engine does it."""
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        events.record(cursor, facts)


@dataclass
class World:
    """An endpoint of acme's, and the fan-out that sends to it."""

    tenant: Tenant
    endpoint: Endpoint
    fanout: fanout.FanOut

    def hook(self, path: str = "/", **options: Any) -> Webhook:
        return add_webhook(options.pop("account", self.tenant.account), self.endpoint.url + path, **options)[0]

    def happen(self, number: int = 1, kind: EventType = EventType.DELIVERED) -> list[Fact]:
        facts = [make_fact(self.tenant, kind) for _ in range(number)]
        happen(*facts)
        return facts

    def run(self, idle: float = 0.15) -> None:
        """Send all that is due, and settle it."""
        for _ in range(20):
            self.fanout.work(20, idle)
            self.fanout.wait()
            if not queue.is_work_waiting():
                break

    def later(self, **delta: float) -> None:
        """Let time pass: what is due then is due now."""
        passed = timedelta(**delta)
        for delivery in WebhookDelivery.objects.filter(state="waiting"):
            delivery.next_attempt_at -= passed
            delivery.save(update_fields=["next_attempt_at"])
        for webhook in Webhook.objects.exclude(paused_until=None):
            webhook.paused_until = (webhook.paused_until or clock.now()) - passed
            webhook.save(update_fields=["paused_until"])


@pytest.fixture(autouse=True)
def _loopback(settings: Any) -> None:
    settings.GATEPOST_WEBHOOK_ALLOW = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def world(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., World]]:
    """Make a world whose endpoint answers by a script; at most one in a test."""
    monkeypatch.setattr(fanout, "CLOSE_WITHIN", 2.0)  # calls that hang are left behind
    with ExitStack() as stack:

        def make(script: Any = None, **more: Any) -> World:
            endpoint = stack.enter_context(Endpoint(script, **more))
            sender = fanout.FanOut()
            stack.callback(sender.close)
            return World(acme, endpoint, sender)

        yield make


def states() -> dict[str, int]:
    counts: dict[str, int] = {}
    for state in WebhookDelivery.objects.values_list("state", flat=True):
        counts[state] = counts.get(state, 0) + 1
    return counts


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second is enough for a call."""
    formats = {name: replace(form, seconds=0.5) for name, form in FORMATS.items()}
    monkeypatch.setattr(calls, "FORMATS", formats)


@pytest.fixture
def self_signed(tmp_path: Path) -> ssl.SSLContext:
    """The TLS of a server whose certificate nobody vouches for."""
    return make_context(keep_self_signed(tmp_path / "tls.pem", "127.0.0.1"))

"""A tenant whose mail passes every check, and its doors."""

from __future__ import annotations

import pytest
from django.utils import timezone
from pytest_django import Settings

from domains import queries
from domains.keys import add_keys
from domains.models import DKIMKey
from gateway.base import wake
from templates_app.models import UnsubscribePage
from tests.support.cast import Tenant
from tests.support.doors import let_sleep
from tests.wire.doors import ADMIN, Doors


@pytest.fixture
def sender(acme: Tenant, settings: Settings) -> Tenant:
    """Acme with hosts of its own for links and returns, a page to unsubscribe, and no limit of requests.

    It signs by Ed25519 alone, which takes a tenth of the time; that both keys sign, `test_on_sockets.py` checks.
    """
    settings.EMBEDDED = True  # AUTH without TLS
    settings.GATEPOST_URL = "https://mail.example"
    settings.GATEPOST_ADMIN_KEY = ADMIN
    now = timezone.now()
    type(acme.account).objects.filter(pk=acme.account.pk).update(requests_per_minute=0)
    type(acme.domain).objects.filter(pk=acme.domain.pk).update(tracking_at=now, return_path_at=now)
    add_keys(acme.domain)
    acme.domain.dkim_keys.filter(algorithm=DKIMKey.Algorithm.ED25519).update(published_at=now)
    UnsubscribePage.objects.create(account=acme.account, name="Goodbye")
    queries.forget()
    return acme


@pytest.fixture
def doors(sender: Tenant, monkeypatch: pytest.MonkeyPatch) -> Doors:
    let_sleep(monkeypatch)
    monkeypatch.setattr(wake, "hint", lambda _: None)
    return Doors(sender, monkeypatch)

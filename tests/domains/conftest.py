"""What the tests of domains share: DNS that begins empty, and a domain that was just added."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from domains.actions import add_domain
from domains.models import SenderDomain
from gateway.base import clock
from tests.domains.zones import Clock, use
from tests.support.cast import Tenant
from tests.support.dns import FaultyNameServer, serve


@pytest.fixture
def dns(settings: Any) -> Iterator[FaultyNameServer]:
    """An Internet without a record, and the platform with names of its own in it."""
    with serve({}) as server:
        use(server, settings)
        yield server


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of day, in the test's hand."""
    moved = Clock()
    monkeypatch.setattr(clock, "now", lambda: moved.now)
    return moved


@pytest.fixture
def shop(acme: Tenant, dns: FaultyNameServer) -> SenderDomain:
    """acme's domain shop.example, just added: nothing of it is in DNS yet."""
    return add_domain(acme.account, "shop.example")

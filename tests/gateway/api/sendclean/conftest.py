"""Who calls in the tests of SendClean's settings: acme, and globex, who is told nothing of acme."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from tests.domains.zones import use
from tests.gateway.api.sendclean.calls import Call, make_call
from tests.support.cast import Tenant
from tests.support.dns import FaultyNameServer, serve


@pytest.fixture
def call(client: Client, acme: Tenant) -> Call:
    return make_call(client, acme)


@pytest.fixture
def stranger(client: Client, globex: Tenant) -> Call:
    return make_call(client, globex)


@pytest.fixture
def dns(settings: Any) -> Iterator[FaultyNameServer]:
    """A name server that knows nothing yet, which all lookups go to."""
    with serve({}) as server:
        use(server, settings)
        yield server

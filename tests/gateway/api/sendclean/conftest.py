"""Who calls in the tests of SendClean's settings: acme, and globex, who is told nothing of acme."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.gateway.api.sendclean.calls import Call, make_call
from tests.support.cast import Tenant


@pytest.fixture
def call(client: Client, acme: Tenant) -> Call:
    return make_call(client, acme)


@pytest.fixture
def stranger(client: Client, globex: Tenant) -> Call:
    return make_call(client, globex)

"""People at the console."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.support.browsers import log_in
from tests.support.cast import Tenant


@pytest.fixture
def insider(acme: Tenant) -> Client:
    """The browser of acme's owner."""
    return log_in(acme.user)


@pytest.fixture
def outsider(globex: Tenant) -> Client:
    """The browser of globex's owner."""
    return log_in(globex.user)

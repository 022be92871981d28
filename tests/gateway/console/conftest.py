"""People at the console."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import User
from tests.support.cast import Tenant


def log_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def insider(acme: Tenant) -> Client:
    """The browser of acme's owner."""
    return log_in(acme.user)


@pytest.fixture
def outsider(globex: Tenant) -> Client:
    """The browser of globex's owner."""
    return log_in(globex.user)

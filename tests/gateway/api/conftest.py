"""What the tests of every door need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.test.client import ClientHandler

from gateway.base import rates
from gateway.wsgi import DoorHandler
from tests.support.cast import Tenant


class Handler(ClientHandler):
    """The tests' handler without middleware, which is how the doors are served."""

    load_middleware = DoorHandler.load_middleware


@pytest.fixture
def client() -> Client:
    client = Client()
    client.handler = Handler()
    return client


@pytest.fixture(autouse=True)
def _no_requests_counted() -> Iterator[None]:
    rates.forget()
    yield
    rates.forget()


@pytest.fixture
def live_acme(transactional_db: None, acme: Tenant) -> Tenant:
    """Acme, committed: the thread that stores messages sees it."""
    return acme

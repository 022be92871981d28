"""What the tests of every door need."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from django.test import Client
from django.test.client import ClientHandler

from gateway.base import rates
from gateway.wsgi import DoorHandler
from templates_app.actions import add_template
from templates_app.texts import Texts
from tests.domains.zones import use
from tests.gateway.api.customers import ADMIN, Customer, customer_of
from tests.support.cast import Tenant
from tests.support.dns import serve
from tests.support.doors import accept_inline
from tests.support.endpoint import running_endpoint, saying


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


@pytest.fixture
def hook(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of a customer's endpoint, and what else of the world calls need: DNS, the key of the installation, a store."""
    accept_inline(monkeypatch)
    settings.GATEPOST_ADMIN_KEY = ADMIN
    settings.GATEPOST_WEBHOOK_ALLOW = (ip_network("127.0.0.0/8"),)
    with serve({}) as server, running_endpoint({"/": saying(b"God bless you, SendClean")}) as endpoint:
        use(server, settings)
        yield f"{endpoint.url}/"


@pytest.fixture
def ours(client: Client, acme: Tenant, hook: str) -> Customer:
    """A program of acme's."""
    return customer_of(client, acme, _add_template(acme), hook)


@pytest.fixture
def theirs(client: Client, globex: Tenant, hook: str) -> Customer:
    """A program of globex's."""
    return customer_of(client, globex, _add_template(globex), hook)


def _add_template(tenant: Tenant) -> int:
    """Add the template that `bootstrap` makes."""
    texts = Texts(subject="Hello {{ NAME }}", html="<p>Hello {{ NAME }}</p>", text="Hello {{ NAME }}")
    return int(add_template(tenant.account.pk, invoke_name="hello", name="Hello", texts=texts).pk)

"""The cast and the servers that every test may ask for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
from django.core.cache import cache
from django.db import connection, connections

from domains.keys import add_keys
from domains.models import DKIMKey
from gateway.base.cache import TimedCache
from gateway.engine.intake import close_intake
from tests.support import plugin, postgres, redis
from tests.support.cast import Tenant, make_tenant

OURS = ("accounts", "domains", "gateway", "templates_app", "tracking")


@pytest.fixture
def acme(db: None) -> Tenant:
    """Our tenant: acme.example."""
    return make_tenant("acme")


@pytest.fixture
def globex(db: None) -> Tenant:
    """The outsider, who is refused whatever is acme's: globex.example."""
    return make_tenant("globex")


@pytest.fixture
def acme_keys(acme: Tenant) -> list[DKIMKey]:
    """The DKIM keys of acme.example, published: an RSA key and an Ed25519 key."""
    keys = add_keys(acme.domain)
    acme.domain.dkim_keys.update(published_at=acme.domain.verified_at)
    return keys


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Drop no database: each goes with its server or folder, and a thread that still holds a connection is in nobody's way."""
    return True


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Close what outlives a test: the intake's thread with its connection, and this thread's own."""
    yield
    close_intake()
    connections.close_all()


@pytest.fixture(autouse=True)
def _no_memory() -> None:
    """No test sees what another left in a cache: neither in Redis nor in a module that has something to `forget`."""
    cache.clear()
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in OURS:
            _forget(module)


def _forget(module: ModuleType) -> None:
    for name, value in list(vars(module).items()):
        if isinstance(value, TimedCache):
            value.clear()
        elif name == "forget" and value.__module__ == module.__name__:
            value()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of an empty database on a PostgreSQL server of the tests' own, whatever this run is on."""
    server, address = postgres.start_postgres()
    yield address.make_database("gatepost").url
    server.stop()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of a Redis server of the tests' own, whatever this run is on."""
    if plugin.REDIS in os.environ:
        yield os.environ["REDIS_URL"]
        return
    server, address = redis.start_redis()
    yield f"{address.url}/0"
    server.stop()


@pytest.fixture
def process_env(transactional_db: None) -> dict[str, str]:
    """The environment for a process that a test starts, which then works on the test's own database and settings."""
    at = connection.settings_dict
    urls = {
        "sqlite": f"sqlite:///{at['NAME']}",
        "postgresql": f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}",
    }
    return os.environ | {"DATABASE_URL": urls[connection.vendor], "DJANGO_SETTINGS_MODULE": "gateway.settings"}

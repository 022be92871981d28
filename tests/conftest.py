"""The cast and the servers that every test may ask for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import count
from types import ModuleType

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler
from pytest_django import DjangoDbBlocker

from domains import keys
from domains.models import DKIMKey
from gateway.base.cache import TimedCache
from gateway.base.environment import env
from gateway.engine.intake import close_intake
from tests.support import emptying, plugin, postgres, redis
from tests.support.cast import Tenant, make_tenant

OURS = ("accounts", "domains", "gateway", "templates_app", "tracking")
RSA_KEYS = 10  # that a process of the tests makes; more than one test needs


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
    made = keys.add_keys(acme.domain)
    acme.domain.dkim_keys.update(published_at=acme.domain.verified_at)
    return made


@pytest.fixture(scope="session", autouse=True)
def _few_rsa_keys() -> Iterator[None]:
    """Draw RSA keys from a round of a few: making one takes as long as several tests do, and a thousand tests want one."""
    numbers, generate = count(), keys.generate_private_key

    @lru_cache
    def draw(_place: int, exponent: int, bits: int) -> RSAPrivateKey:
        return generate(exponent, bits)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "generate_private_key", lambda *shape: draw(next(numbers) % RSA_KEYS, *shape))
        yield


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """Drop no database: each goes with its server or folder, and a thread that still holds a connection is in nobody's way."""
    return True


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """Empty databases fast; close what outlives a test: the intake's thread with its connection, and this thread's own."""
    emptying.use()
    yield
    close_intake()
    connections.close_all()


@pytest.fixture(autouse=True)
def _no_memory() -> None:
    """No test sees what another left in a cache: neither in Redis nor in a module that has something to `forget`."""
    cache.clear()
    for forget in _memories(len(sys.modules)):
        forget()


@lru_cache(maxsize=1)
def _memories(_modules: int) -> list[Callable[[], object]]:
    """Return what makes each of our modules forget; to be found anew when there are more modules."""
    return [forget for module in _our_modules() for forget in _memories_of(module)]


def _our_modules() -> list[ModuleType]:
    return [module for name, module in sys.modules.items() if name.partition(".")[0] in OURS]


def _memories_of(module: ModuleType) -> Iterator[Callable[[], object]]:
    for name, value in vars(module).items():
        if isinstance(value, TimedCache):
            yield value.clear
        elif name == "forget" and value.__module__ == module.__name__:
            yield value


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of an empty database on a PostgreSQL server of the tests' own, whatever this run is on."""
    server, address = postgres.start_postgres()
    yield address.make_database("gatepost").url
    server.stop()


@pytest.fixture(scope="session")
def _postgres_database(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, request: pytest.FixtureRequest
) -> Iterator[BaseDatabaseWrapper]:
    """A connection to a database on PostgreSQL that has our tables, whatever this run is on."""
    if connection.vendor == "postgresql":
        yield connections["default"]
        return
    config = {"CONN_MAX_AGE": 0} | env.db_url_config(request.getfixturevalue("postgres_url"))
    found = ConnectionHandler({"default": config})["default"]
    with django_db_blocker.unblock(), as_default(found):
        call_command("migrate", verbosity=0)
    yield found
    found.close()


@pytest.fixture
def on_postgresql(transactional_db: None, _postgres_database: BaseDatabaseWrapper) -> Iterator[None]:
    """Have this thread's connection be one to PostgreSQL; to be asked for before whatever makes rows."""
    if _postgres_database is connections["default"]:
        yield
        return
    with as_default(_postgres_database):
        yield
        call_command("flush", verbosity=0, interactive=False, reset_sequences=False, inhibit_post_migrate=True)


@contextmanager
def as_default(other: BaseDatabaseWrapper) -> Iterator[None]:
    """Have `other` be this thread's connection."""
    own = connections["default"]
    _connect_by(other)
    try:
        yield
    finally:
        _connect_by(own)


def _connect_by(one: BaseDatabaseWrapper) -> None:
    connections["default"] = one
    for function in (value for module in _our_modules() for value in vars(module).values() if hasattr(value, "cache_clear")):
        function.cache_clear()  # statements are kept in the words of one database


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

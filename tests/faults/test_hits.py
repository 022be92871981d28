"""PostgreSQL stands still, as a disk or a lock makes it: readers are answered as ever, and their hits arrive, each once."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
import pytest

from tests.support import postgres
from tests.support.installation import Installation, install, production_settings, wait_for
from tests.support.services import Server
from tracking.links import LONGEST_TARGET, Link, Purpose, make_url

SLOW = 2.0  # seconds; usually it is milliseconds, but the machine does other things too
TARGET = "https://shop.example/?a=1"


@dataclass(frozen=True, slots=True)
class World:
    installation: Installation
    database: Server
    account_id: int
    recipient_id: int

    def path(self, purpose: Purpose, target: str = "") -> str:
        base = f"http://{self.installation.endpoint('GATEPOST_HTTP')}"
        link = Link(account_id=self.account_id, recipient_id=self.recipient_id, target=target)
        return make_url(base, purpose, link).removeprefix(base)

    def ask(self, path: str, *, body: str | None = None) -> tuple[int, bytes, float]:
        """Ask on a connection of its own; return the status, the body, and the seconds it took."""
        begun = time.monotonic()
        client = HTTPConnection(*self.installation.endpoint("GATEPOST_HTTP"), timeout=30)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        client.request("GET" if body is None else "POST", path, body, form if body else {})
        answer = client.getresponse()
        said = answer.read()
        client.close()
        return answer.status, said, time.monotonic() - begun

    def count(self, statement: str) -> int:
        with psycopg.connect(self.installation.env["DATABASE_URL"], connect_timeout=10) as connection:
            return connection.execute(statement).fetchone()[0]

    def told(self, kind: str) -> int:
        return self.count(f"SELECT count(*) FROM tracking_event WHERE type = '{kind}'")

    def start_afresh(self) -> None:
        with psycopg.connect(self.installation.env["DATABASE_URL"], autocommit=True) as connection:
            connection.execute("DELETE FROM tracking_event WHERE type <> 'accepted'")
            connection.execute("DELETE FROM tracking_suppression")
            connection.execute("UPDATE gateway_recipient SET marks = 0")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, redis_url: str) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("hits")
    server, address = postgres.start_postgres()
    try:
        settings = production_settings(folder, address.make_database("faults_hits").url, redis_url)
        with install(folder / "data", **settings) as installation:
            given = installation.bootstrap("--no-limits")
            installation.start("web")
            send(installation, given)
            with psycopg.connect(installation.env["DATABASE_URL"]) as connection:
                (row,) = connection.execute("SELECT account_id, id FROM gateway_recipient").fetchall()
            yield World(installation, server, account_id=row[0], recipient_id=row[1])
    finally:
        server.stop()


@pytest.fixture
def world(installed: World) -> World:
    installed.start_afresh()
    return installed


def send(installation: Installation, given: dict[str, Any]) -> None:
    body = {
        "Subject": "Hello",
        "ContentType": "plain",
        "PlainContent": "Hello",
        "From": {"email": "ann@demo.example", "name": "Ann"},
        "To": [{"email": "bob@inbox.example", "name": "Bob"}],
    }
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {given['domain']['api_key']}"}
    url = f"http://{installation.endpoint('GATEPOST_HTTP')}/api/v1/email"
    urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers), timeout=30).close()


@contextmanager
def standing_still(server: Server) -> Iterator[None]:
    """Stop every process of a PostgreSQL server in its tracks; connections stay open, and nothing is answered."""
    parent = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(parent, signal.SIGSTOP)  # first, so that it starts no more
    children = [int(child) for child in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
    for child in children:
        os.kill(child, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in [*children, parent]:
            os.kill(process, signal.SIGCONT)


def read_for_a_while(world: World, times: int) -> list[float]:
    """Open and click so many times each; return the seconds that each answer took."""
    took = []
    for _ in range(times):
        status, body, seconds = world.ask(world.path(Purpose.OPEN))
        assert (status, len(body)) == (200, 43)
        took.append(seconds)
        status, _, seconds = world.ask(world.path(Purpose.CLICK, TARGET))
        assert status == 302
        took.append(seconds)
    return took


def wait_until_told(world: World, kind: str, times: int) -> None:
    wait_for(lambda: world.told(kind) >= times, lambda: f"{world.told(kind)} {kind}: {world.installation.log[-3000:]}")


def test_it_works(world: World) -> None:
    begun = time.monotonic()
    read_for_a_while(world, 1)
    wait_until_told(world, "clicked", 1)
    assert time.monotonic() - begun < 5
    wait_until_told(world, "opened", 1)


def test_the_longest_link_is_followed(world: World) -> None:
    target = f"https://shop.example/{'x' * (LONGEST_TARGET - 21)}"
    status, _, _ = world.ask(world.path(Purpose.CLICK, target))
    assert status == 302
    wait_until_told(world, "clicked", 1)


def test_a_database_that_stands_still_keeps_nobody_waiting(world: World) -> None:
    usual = median(read_for_a_while(world, 20))
    wait_until_told(world, "opened", 20)
    with standing_still(world.database):
        took = read_for_a_while(world, 50)
        status, page, waited = world.ask(world.path(Purpose.UNSUBSCRIBE))
        assert (status, b"<form" in page) == (200, True)
        status, page, seconds = world.ask(world.path(Purpose.UNSUBSCRIBE), body="List-Unsubscribe=One-Click")
        assert (status, b"You are unsubscribed" in page) == (200, True)
        took += read_for_a_while(world, 50)
    assert median(took) < max(3 * usual, 0.05)
    assert max([*took, waited, seconds]) < SLOW
    wait_until_told(world, "opened", 120)
    wait_until_told(world, "clicked", 120)
    wait_until_told(world, "unsubscribed", 1)
    time.sleep(2)  # long enough for a second telling
    assert [world.told(kind) for kind in ("opened", "clicked", "unsubscribed")] == [120, 120, 1]
    assert world.count("SELECT count(*) FROM tracking_suppression WHERE cause = 'unsubscribed'") == 1
    wait_for(lambda: no_segment_is_left(world), lambda: "segments are left")


def test_hits_of_a_killed_web_process_arrive_with_the_next_one(world: World) -> None:
    with standing_still(world.database):
        read_for_a_while(world, 30)
        world.installation.kill("web")
    world.installation.start("web")
    wait_until_told(world, "opened", 30)
    wait_until_told(world, "clicked", 30)
    time.sleep(2)
    assert [world.told(kind) for kind in ("opened", "clicked")] == [30, 30]
    wait_for(lambda: no_segment_is_left(world), lambda: "segments are left")


def no_segment_is_left(world: World) -> bool:
    return not list((world.installation.data / "hits").glob("*.hits"))

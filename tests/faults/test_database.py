"""PostgreSQL is killed under load and comes back: every process goes on by itself, what was acknowledged arrives (D1, D2)."""

from __future__ import annotations

import json
import smtplib
import ssl
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import pytest

from tests.support import postgres
from tests.support.installation import Installation, install, production_settings, wait_for
from tests.support.services import Server

PRODUCT = ("receiver", "web", "submission", "worker", "beat")
PAUSE = 0.02  # seconds between two messages of one client
MAIL = "From: ann@demo.example\r\nTo: {to}\r\nSubject: Hello\r\n\r\n" + 30 * (70 * "x" + "\r\n")


@dataclass(frozen=True, slots=True)
class World:
    installation: Installation
    database: Server
    given: dict[str, Any]


@pytest.fixture
def world(tmp_path: Path, redis_url: str) -> Iterator[World]:
    server, address = postgres.start_postgres()
    try:
        settings = production_settings(tmp_path, address.make_database("faults_database").url, redis_url)
        with install(tmp_path / "data", **settings) as installation:
            given = installation.bootstrap("--no-limits")
            installation.start(*PRODUCT)
            yield World(installation, server, given)
    finally:
        server.stop()


def by_http(world: World, to: str) -> bool:
    body = {
        "Subject": "Hello",
        "ContentType": "plain",
        "PlainContent": "x" * 2000,
        "From": {"email": "ann@demo.example", "name": "Ann"},
        "To": [{"email": to, "name": "Bob"}],
    }
    key = world.given["domain"]["api_key"]
    request = urllib.request.Request(
        f"http://{world.installation.endpoint('GATEPOST_HTTP')}/api/v1/email",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {key}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return "MessageID" in json.load(reply)
    except urllib.error.HTTPError as refusal:
        if refusal.code != 503:
            raise
        return False


def by_smtp(world: World, to: str) -> bool:
    user = world.given["smtp_user"]
    try:
        with smtplib.SMTP(*world.installation.endpoint("GATEPOST_SMTP"), timeout=30) as client:
            client.starttls(context=ssl._create_unverified_context())
            client.login(user["name"], user["password"])
            client.sendmail("ann@demo.example", to, MAIL.format(to=to))
    except smtplib.SMTPResponseException as refusal:
        if refusal.smtp_code >= 500:
            raise
        return False
    return True


def offer(world: World, way: Callable[[World, str], bool], name: str, is_over: Event) -> dict[str, bool]:
    """Hand mail in, one after the other, until it is over; return for each address whether it was acknowledged."""
    asked = {}
    while not is_over.wait(PAUSE):
        to = f"{name}.{len(asked)}@inbox.example"
        asked[to] = way(world, to)
    return asked


def arrived(world: World) -> Counter[str]:
    return Counter(one["address"] for entry in world.installation.caught() for one in entry["rcpt_to"])


def test_a_killed_database_costs_time_and_nothing_else(world: World) -> None:
    is_over = Event()
    with ThreadPoolExecutor(4) as threads:
        ways = {"http1": by_http, "http2": by_http, "smtp1": by_smtp, "smtp2": by_smtp}
        offers = [threads.submit(offer, world, way, name, is_over) for name, way in ways.items()]
        wait_for(lambda: len(arrived(world)) > 20, lambda: world.installation.log[-2000:])
        world.database.kill()
        time.sleep(2)
        world.database.start()
        time.sleep(2)
        is_over.set()
        asked = [each.result(60) for each in offers]
    assert all(False in each.values() for each in asked), "the server was away too short a time to prove anything"
    assert all(list(each.values())[-1] for each in asked), "a door did not find back"
    acknowledged = {to for each in asked for to, is_acknowledged in each.items() if is_acknowledged}
    make_retries_due(world)
    wait_for(lambda: acknowledged <= set(arrived(world)), lambda: world.installation.log[-3000:], seconds=90)
    world.installation.stop()
    states = dict(count_states(world))
    assert set(states) == {"delivered"}, states
    assert states["delivered"] >= len(acknowledged)


def make_retries_due(world: World) -> None:
    """Let the minute pass after which copies are tried again whose final dot could not be noted."""
    with psycopg.connect(world.installation.env["DATABASE_URL"]) as connection:
        connection.execute("UPDATE gateway_recipient SET next_attempt_at = now() WHERE state = 'deferred'")


def count_states(world: World) -> list[tuple[str, int]]:
    with psycopg.connect(world.installation.env["DATABASE_URL"]) as connection:
        return connection.execute("SELECT state, count(*) FROM gateway_recipient GROUP BY state").fetchall()

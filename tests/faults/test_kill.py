"""Every process is killed at once while mail is queued; started again, they deliver all of it (promises I1, I3, I4)."""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql

from tests.support.installation import Installation, install, production_settings, wait_for

MESSAGES = int(os.environ.get("GATEPOST_TEST_MESSAGES", "1500"))
LATE = 2000
SENDERS = ("worker1", "worker2", "beat")


@pytest.fixture
def production(tmp_path: Path, postgres_url: str, redis_url: str) -> Iterator[Installation]:
    base, _, _ = postgres_url.rpartition("/")
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier("faults_kill")))
    with install(tmp_path / "data", **production_settings(tmp_path, f"{base}/faults_kill", redis_url)) as made:
        yield made


def hand_in(installation: Installation, key: str, number: int) -> bool:
    """Send a message by HTTP; return whether it was acknowledged."""
    body = {
        "Subject": f"number {number}",
        "ContentType": "plain",
        "PlainContent": "x" * 5000,
        "From": {"email": "ann@demo.example", "name": "Ann"},
        "To": [{"email": address(number), "name": "Bob"}],
    }
    request = urllib.request.Request(
        f"http://{installation.endpoint('GATEPOST_HTTP')}/api/v1/email",
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {key}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as reply:
            return "MessageID" in json.load(reply)
    except OSError:
        return False  # no reply was seen: accepted or not, both are right


def arrived(installation: Installation) -> Counter[str]:
    return Counter(one["address"] for entry in installation.caught() for one in entry["rcpt_to"])


def test_nothing_acknowledged_is_lost(production: Installation) -> None:
    key = production.bootstrap("--no-limits")["domain"]["api_key"]
    run_sql(production, "UPDATE accounts_account SET quota_total = 1000000")  # so that the recipients are counted
    send = partial(hand_in, production, key)
    production.start("receiver", "web")
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(send, range(MESSAGES)))
        production.start(*SENDERS)
        wait_for(lambda: bool(arrived(production)), lambda: production.log[-2000:])
        late = range(MESSAGES, MESSAGES + LATE)  # web is killed with some of these on their way in
        answers = threads.map(send, late)
        wait_for(lambda: len(arrived(production)) > MESSAGES // 10, lambda: production.log[-2000:])
        production.kill("web", *SENDERS)
        acknowledged = {address(number) for number in range(MESSAGES)}
        acknowledged |= {address(number) for number, done in zip(late, answers, strict=True) if done}
    assert len(arrived(production)) < MESSAGES, "the kill came too late to prove anything"
    production.start("web", *SENDERS)
    wait_for(lambda: acknowledged <= set(arrived(production)), lambda: production.log[-2000:], seconds=120)
    twice = sum(count - 1 for count in arrived(production).values())
    production.stop()
    assert not find_rows(production, "state NOT IN ('delivered')")
    counted, stored = find_usage(production)
    assert counted == stored  # promise I6
    sys.stdout.write(f"acknowledged {len(acknowledged)}, arrived {len(arrived(production))}, twice {twice}\n")
    ambiguous = find_ambiguous(production)
    assert twice <= len(ambiguous)
    assert {one for one, count in arrived(production).items() if count > 1} <= set(ambiguous)  # known as such


def address(number: int) -> str:
    return f"p{number}@inbox.example"


def find_rows(installation: Installation, where: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(installation.env["DATABASE_URL"]) as connection:
        return connection.execute(f"SELECT id, state FROM gateway_recipient WHERE {where}").fetchall()


def find_usage(installation: Installation) -> tuple[int, int]:
    """Return how many recipients the quota has counted, and how many there are."""
    with psycopg.connect(installation.env["DATABASE_URL"]) as connection:
        rows = connection.execute(
            "SELECT (SELECT sum(used) FROM accounts_usagecounter), (SELECT count(*) FROM gateway_recipient)"
        )
        ((counted, stored),) = rows.fetchall()
        return int(counted), int(stored)


def run_sql(installation: Installation, statement: LiteralString) -> None:
    with psycopg.connect(installation.env["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(statement)


def find_ambiguous(installation: Installation) -> list[str]:
    """Return whose mail may have arrived in a try from which nobody came back to say so, once for each such try."""
    with psycopg.connect(installation.env["DATABASE_URL"]) as connection:
        rows = connection.execute(
            "SELECT r.email FROM gateway_attempt a JOIN gateway_recipient r ON r.id = a.recipient_id"
            " WHERE a.is_ambiguous AND a.result = 'lost'"
        )
        return [email for (email,) in rows]

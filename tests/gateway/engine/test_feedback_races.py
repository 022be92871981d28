"""Readers are fast: they open while the delivery is still being settled. Neither waits for the other for ever (PostgreSQL)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random

import pytest
from django.db import connection, transaction
from django.utils import timezone

from gateway.base import bulk
from gateway.base.pipeline import read_query
from gateway.engine import feedback, queue, sql
from gateway.engine.accept import accept
from gateway.engine.feedback import Report
from gateway.engine.letter import Copy
from gateway.engine.outcome import Outcome, Result
from gateway.engine.submission import Addressee
from gateway.models import Lease, Recipient
from tests.gateway.engine.conftest import Make
from tracking.models import Event, EventType

pytestmark = pytest.mark.django_db(transaction=True)

COPIES = 200
ROUNDS = 5
SENT = Outcome(result=Result.DELIVERED, code=250, reply="ok", host="mx.inbox.example", seconds=0.1, size=100)


def tell(copies: Sequence[Copy]) -> None:
    reports = [Report(recipient_id=copy.recipient_id, type=EventType.OPENED, at=timezone.now()) for copy in copies]
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        feedback.tell(cursor, reports)


def settle(copies: Sequence[Copy]) -> None:
    assert queue.settle([queue.Settlement(copy=copy, outcome=SENT, tried_at=timezone.now()) for copy in copies]) == len(copies)


def reclaim(copies: Sequence[Copy]) -> None:
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert queue.reclaim() == len(copies)


def note(copies: Sequence[Copy]) -> None:
    queue.note_data_sent([copy.key for copy in copies])


def release(copies: Sequence[Copy]) -> None:
    queue.release(copies, seconds=0)


def over_and_over(act: Callable[[Sequence[Copy]], None], copies: Sequence[Copy], seed: int, rounds: int = ROUNDS) -> None:
    """Act on all copies, in another order each time; who sends does so over a connection such as its drain has."""
    random = Random(seed)
    if act in (settle, note, release):
        bulk.hold_plans()
    try:
        for _ in range(rounds):
            act(random.sample(copies, len(copies)))
    finally:
        connection.close()


def claim_all(make: Make) -> list[Copy]:
    accept([make(recipients=tuple(Addressee(email=f"r{number}@inbox.example") for number in range(COPIES)))])
    copies: list[Copy] = []
    while found := queue.claim(COPIES):
        copies += found
    assert len(copies) == COPIES
    return copies


@pytest.mark.parametrize("last", [settle, release, reclaim])
def test_who_tells_and_who_sends_never_wait_for_each_other_in_a_ring(make: Make, last) -> None:
    copies = claim_all(make)
    with ThreadPoolExecutor() as threads:
        acts = (tell, tell, note, note)
        running = [threads.submit(over_and_over, act, copies, seed) for seed, act in enumerate(acts)]
        running.append(threads.submit(over_and_over, last, copies, 99, 1))
        for one in running:
            one.result(60)  # a deadlock is an OperationalError here


def test_every_event_of_a_recipient_has_a_number_of_its_own(make: Make) -> None:
    copies = claim_all(make)
    halves = copies[: COPIES // 2], copies[COPIES // 2 :]
    with ThreadPoolExecutor() as threads:
        running = [threads.submit(over_and_over, tell, copies, seed) for seed in range(3)]
        running += [threads.submit(over_and_over, settle, half, 99, 1) for half in halves]
        for one in running:
            one.result(60)
    for recipient in Recipient.objects.all():
        numbers = list(Event.objects.filter(recipient_id=recipient.pk).order_by("sequence").values_list("sequence", flat=True))
        assert numbers == list(range(1, recipient.sequence + 1))
        assert recipient.sequence == 1 + 1 + 3 * ROUNDS
        opened = Event.objects.filter(recipient_id=recipient.pk, type=EventType.OPENED)
        assert opened.filter(is_first=True).count() == 1
        assert opened.get(is_first=True).sequence == opened.order_by("sequence")[0].sequence


@pytest.mark.usefixtures("on_postgresql")
@pytest.mark.parametrize("name", ["_SETTLE", "_RELEASE", "_NOTE_DATA_SENT"])
def test_who_sends_writes_in_the_order_of_keys_whatever_is_known_of_the_table(make: Make, name: str) -> None:
    """A table of few rows is read as it lies, and joined to the keys: rows that moved come out of turn."""
    claim_all(make)
    query = read_query(getattr(sql, name).postgresql)
    bulk.hold_plans()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE gateway_recipient")
        cursor.execute(f"PREPARE asked AS {query.text.decode()}")
        cursor.execute(f"EXPLAIN EXECUTE asked({', '.join('NULL' for _ in query.types)})")
        plan = [line.strip().removeprefix("->").split("(")[0].strip() for (line,) in cursor.fetchall()]
    connection.close()
    # Either our rows are looked up for each key, as they come, or what is joined to the keys is read by key.
    follows_keys = plan[1:3] == ["Nested Loop", "Function Scan on m"]
    reads_by_key = "Index Scan using gateway_recipient_pkey on gateway_recipient r" in plan
    assert follows_keys or reads_by_key, plan

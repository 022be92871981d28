"""Leases: one row for a claim, which ends with its last copy or runs out, and what claims cost the indexes."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from time import sleep

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from gateway.engine import queue
from gateway.engine.accept import accept
from gateway.engine.leases import Held, are_leased
from gateway.engine.letter import Copy
from gateway.engine.outcome import Outcome, Result
from gateway.models import Attempt, Lease, Recipient
from tests.gateway.engine.conftest import Make
from tests.support.cast import Tenant
from tests.support.factories import make_message

pytestmark = pytest.mark.django_db(transaction=True)
State, Line = Recipient.State, Recipient.Line
SENT = Outcome(result=Result.DELIVERED, code=250, reply="ok", host="mx.inbox.example", seconds=0.1, size=100)
AGAIN = Outcome(result=Result.DEFERRED, code=451, enhanced="4.7.1", reply="later")


def settlement(copy: Copy, outcome: Outcome = SENT) -> queue.Settlement:
    due = timezone.now() - timedelta(seconds=1) if outcome is AGAIN else None
    return queue.Settlement(copy=copy, outcome=outcome, tried_at=timezone.now(), next_try=due)


def run_out() -> None:
    Lease.objects.update(until=timezone.now() - timedelta(seconds=1))


def beside(threads: ThreadPoolExecutor, act: Callable[[], int]) -> Future[int]:
    """Act in a thread, on another connection to the same database."""
    ours = connections["default"]

    def run() -> int:
        own = connections["default"] = ours.copy()
        try:
            return act()
        finally:
            own.close()

    return threads.submit(run)


def test_it_works(make: Make) -> None:
    accept([make(), make()])
    one, other = queue.claim(10)
    lease = Lease.objects.get()
    assert lease.pk == one.lease_id == other.lease_id
    assert set(json.loads(lease.recipients)) == {one.recipient_id, other.recipient_id}
    assert timedelta() < lease.until - timezone.now() <= timedelta(seconds=queue.LEASE)
    assert set(Recipient.objects.filter(pk__in=are_leased())) == set(Recipient.objects.all())
    queue.settle([settlement(one), settlement(other)], ends=[lease.pk])
    assert not Lease.objects.exists()
    assert not Recipient.objects.filter(pk__in=are_leased()).exists()


def test_a_claim_of_nothing_has_no_lease(make: Make) -> None:
    assert queue.claim(10) == []
    assert not Lease.objects.exists()


def test_it_is_known_when_a_lease_has_nothing_left(make: Make) -> None:
    accept([make() for _ in range(3)])
    copies = queue.claim(3)
    held = Held()
    held.take(copies)
    assert held.ended_by(copies[:2]) == []
    held.come_back(copies[:2])
    assert held.ended_by(copies[2:]) == [copies[0].lease_id]
    held.come_back(copies[2:])
    assert held.ended_by([]) == []


def test_a_lease_that_nobody_ended_is_dropped_once_it_has_run_out(make: Make) -> None:
    accept([make()])
    (copy,) = queue.claim(10)
    queue.settle([settlement(copy)])
    assert queue.reclaim() == 0
    assert Lease.objects.exists()
    run_out()
    assert queue.reclaim() == 0
    assert not Lease.objects.exists()
    assert Recipient.objects.get().state == State.DELIVERED


def test_who_is_tried_again_is_not_lost_with_the_lease_of_an_earlier_try(make: Make) -> None:
    accept([make()])
    (copy,) = queue.claim(10)
    queue.settle([settlement(copy, AGAIN)])
    (again,) = queue.claim(10)
    run_out()
    assert queue.renew([again.lease_id]) == 1
    assert queue.reclaim() == 0
    assert Recipient.objects.get().state == State.SENDING
    assert Lease.objects.get().pk == again.lease_id


@pytest.mark.parametrize("is_renewed", [True, False])
def test_who_was_given_back_and_claimed_again_is_under_one_lease(make: Make, is_renewed: bool) -> None:
    """Although both tries have the same number: what was given back was none."""
    accept([make()])
    (copy,) = queue.claim(10)
    queue.release([copy], seconds=-1)
    (again,) = queue.claim(10)
    assert again.key == copy.key
    run_out()
    if is_renewed:
        assert queue.renew([again.lease_id]) == 1
    assert queue.reclaim() == (0 if is_renewed else 1)
    assert Recipient.objects.get().state == (State.SENDING if is_renewed else State.QUEUED)
    assert Attempt.objects.count() == (0 if is_renewed else 1)


def test_a_lease_ends_with_what_is_given_back(make: Make) -> None:
    accept([make()])
    (copy,) = queue.claim(10)
    queue.release([copy], seconds=0, ends=[copy.lease_id])
    assert not Lease.objects.exists()


def test_leases_that_ran_out_are_ended_a_few_at_a_time_until_none_is_left(make: Make) -> None:
    accept([make() for _ in range(5)])
    for _ in range(5):
        queue.claim(1)
    run_out()
    assert queue.reclaim(2) == 5
    assert not Lease.objects.exists()


@pytest.mark.usefixtures("on_postgresql")
@pytest.mark.parametrize("is_kept", [True, False])
def test_what_is_just_being_settled_is_waited_for(make: Make, is_kept: bool) -> None:
    """Or nobody would ever take it back where its settling fails: its lease is gone then."""
    accept([make()])
    (copy,) = queue.claim(10)
    run_out()
    with ThreadPoolExecutor() as threads:
        with transaction.atomic():
            queue.settle([settlement(copy)])
            taking = beside(threads, queue.reclaim)
            sleep(0.3)
            assert not taking.done()
            transaction.set_rollback(not is_kept)
        assert taking.result(30) == (0 if is_kept else 1)
    assert Recipient.objects.get().state == (State.DELIVERED if is_kept else State.QUEUED)


@pytest.mark.usefixtures("on_postgresql")
def test_who_settles_does_not_wait_for_who_takes_back(make: Make) -> None:
    accept([make()])
    (copy,) = queue.claim(10)
    with ThreadPoolExecutor() as threads, transaction.atomic():
        Lease.objects.select_for_update().get()
        assert beside(threads, lambda: queue.settle([settlement(copy)], ends=[copy.lease_id])).result(30) == 1


@pytest.mark.usefixtures("on_postgresql")
def test_a_claim_writes_to_no_index_of_recipients(make: Make) -> None:
    accept([make(), make(), make(send_at=timezone.now() - timedelta(hours=1))])
    with transaction.atomic():
        before = count_updates()
        assert len(queue.claim(10, notes_dots=True)) == 3
        assert [after - number for number, after in zip(before, count_updates(), strict=True)] == [3, 3]


def count_updates() -> tuple[int, int]:
    """Return how many recipients this connection updated, and how many of those as heap-only tuples."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_stat_get_xact_tuples_updated(oid), pg_stat_get_xact_tuples_hot_updated(oid)"
            " FROM pg_class WHERE relname = 'gateway_recipient'"
        )
        found: tuple[int, int] = cursor.fetchone()
    return found


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("is_put_off", [True, False])
def test_the_line_follows_from_the_state(acme: Tenant, state: str, is_put_off: bool) -> None:
    make_message(acme.account, state=state)
    Recipient.objects.update(next_attempt_at=timezone.now() if is_put_off else None)
    lines = Recipient.LINES | {State.SENDING: Line.LATER if is_put_off else Line.FRESH}
    assert Recipient.objects.get().line == lines.get(State(state))

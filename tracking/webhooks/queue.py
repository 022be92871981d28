"""Deliveries between their states: the only code that moves them. The database is the queue of record.

    waiting -> sending -> done
                       -> waiting, until the schedule ends -> failed
    sending, its lease run out -> waiting
    waiting, its webhook or account disabled or gone -> failed

What waits for a webhook of a suspended account stays where it is.

Every move is a compare-and-set over a batch, fenced by the number of the attempt.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from django.db import DataError, IntegrityError, transaction

from accounts.models import AuditEntry
from gateway.base import bulk, clock
from tracking import outbox
from tracking.formats import FORMATS
from tracking.models import Webhook, WebhookAttempt, WebhookDelivery
from tracking.webhooks import endpoints, sql, ways
from tracking.webhooks.breaker import Health, Tried, is_probed, judge
from tracking.webhooks.calls import Call, make_call
from tracking.webhooks.endpoints import Endpoint
from tracking.webhooks.schedule import next_try

log = logging.getLogger(__name__)

LEASE: Final = 60  # seconds; a call ends within 10, and its settlement is written soon after
ENDPOINTS: Final = 500  # that one claim serves in turn
GIVE_UP_AT_ONCE: Final = 5000  # deliveries
PURGED_AT_ONCE: Final = 2000  # deliveries
LOST: Final = "The worker that tried this did not come back; whether it arrived is not known."
CLOSED: Final = "The webhook was disabled or deleted, or its account was."
CROWDED: Final = 1.0  # seconds until deliveries come back that there was no room for
KEPT: Final = timedelta(days=30)  # deliveries that ended, and their tries

State = WebhookDelivery.State
Share = Callable[[Sequence[Endpoint]], Mapping[int, int]]  # how many calls each endpoint gets


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A call that was tried, and what came of it. `wait` is the seconds of its Retry-After."""

    call: Call
    tried_at: datetime
    is_success: bool
    status: int = 0
    answer: str = ""
    seconds: float = 0.0
    wait: float = 0.0


def claim(share: Share, *, after: int = 0) -> list[Call]:
    """Lease what is due and return it as calls ready to be made, as many as `share` gives to each endpoint.

    It is asked for them in turn from the one after `after` on, and calls stand in that order.
    """
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        due = endpoints.find_due(cursor, limit=ENDPOINTS, after=after)
        shares = share(due)
        leased = _lease(cursor, {one.webhook_id: one for one in due}, shares)
        turns = {one.webhook_id: place for place, one in enumerate(due)}
        formats = {one.webhook_id: one.format for one in due}
        grouped = sorted(_group(cursor, leased, shares), key=lambda group: turns[group[0].webhook_id])
        events = sql.load_events(cursor, sorted(_keys(grouped)))
        ways.add_ways(cursor, events, _keys(group for group in grouped if FORMATS[formats[group[0].webhook_id]].names_way))
    webhooks = Webhook.objects.in_bulk({group[0].webhook_id for group in grouped})
    return [make_call(webhooks[group[0].webhook_id], group, events) for group in grouped if group[0].webhook_id in webhooks]


def _keys(grouped: Iterable[Sequence[sql.Leased]]) -> set[sql.Key]:
    return {(one.event_at, one.event_id) for group in grouped for one in group}


def settle(settlements: Sequence[Settlement]) -> None:
    """Write what came of calls, the log, and the health of the endpoints, in one commit."""
    if not settlements:
        return
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        webhooks = _lock({one.call.webhook.pk for one in settlements})
        ours = sql.settle(cursor, [move for one in settlements for move in _moves(one)])
        kept = [one for one in settlements if any((row.delivery_id, row.attempt) in ours for row in one.call.deliveries)]
        rows = [row for one in kept if one.call.webhook.keeps_log for row in _log_rows(one, ours)]
        bulk.insert(cursor, bulk.table_of(WebhookAttempt, leaves_out=("id",)), rows)
        _judge(webhooks, kept)


def settle_each(settlements: Sequence[Settlement]) -> None:
    """As settle; where one of them cannot be written, all the others, and that one is tried again after its lease."""
    try:
        settle(settlements)
    except (DataError, IntegrityError, ValueError):
        if len(settlements) > 1:
            for settlement in settlements:
                settle_each([settlement])
            return
        log.exception("What came of a call of webhook %d cannot be written.", settlements[0].call.webhook.pk)


def reclaim(limit: int = 1000) -> int:
    """Take back deliveries whose lease ran out; each gets a try on record that nobody came back from."""
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        lost = sql.reclaim(cursor, limit)
        logged = set(Webhook.objects.filter(keeps_log=True).in_bulk({row.webhook_id for row in lost}))
        now = clock.now()
        rows = [(row.delivery_id, row.attempt, now, 0.0, 0, LOST) for row in lost if row.webhook_id in logged]
        bulk.insert(cursor, bulk.table_of(WebhookAttempt, leaves_out=("id",)), rows)
    return len(lost)


def give_up(limit: int = GIVE_UP_AT_ONCE) -> int:
    """Fail up to `limit` deliveries of each webhook that is closed or whose account is; return how many."""
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        return sum(sql.give_up(cursor, key, answer=CLOSED, limit=limit) for key in endpoints.find_closed(cursor))


def purge(seconds: float) -> int:
    """Delete deliveries that ended longer than KEPT ago, with their tries, for up to `seconds`; return how many.

    They were written in the order of their keys, so what is old is first; some of it may be waiting still.
    """
    end, before, count, after = clock.monotonic() + seconds, clock.now() - KEPT, 0, 0
    while clock.monotonic() < end:
        rows = list(_deliveries_from(after))
        old = [row for row in rows if row[2] < before]
        count += _delete([key for key, state, _ in old if state in _ENDED])
        if len(old) < PURGED_AT_ONCE // 2:
            break
        after = rows[-1][0]
    return count


def is_work_waiting() -> bool:
    """Tell whether anything could be claimed now."""
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        return bool(endpoints.find_due(cursor, limit=1))


_ENDED: Final = frozenset({State.DONE, State.FAILED})


def _deliveries_from(after: int) -> Iterable[tuple[int, str, datetime]]:
    rows = WebhookDelivery.objects.filter(pk__gt=after).order_by("pk")
    return rows.values_list("pk", "state", "event_at")[:PURGED_AT_ONCE]


def _delete(keys: Collection[int]) -> int:
    with transaction.atomic():
        WebhookAttempt.objects.filter(delivery_id__in=keys).delete()
        WebhookDelivery.objects.filter(pk__in=keys, state__in=_ENDED).delete()
    return len(keys)


# Claiming -------------------------------------------------------------------------------------------------------------


def _lease(cursor: bulk.Cursor, due: Mapping[int, Endpoint], shares: Mapping[int, int]) -> list[sql.Leased]:
    """Lease each endpoint's share, with one statement for all that get the same number of deliveries."""
    by_count: dict[int, list[int]] = defaultdict(list)
    for key, calls in shares.items():
        events = 1 if is_probed(due[key].failures) else FORMATS[due[key].format].batch
        by_count[calls * events].append(key)
    return [row for count, keys in by_count.items() for row in sql.lease_due(cursor, sorted(keys), most=count, lease=LEASE)]


def _group(cursor: bulk.Cursor, leased: Sequence[sql.Leased], shares: Mapping[int, int]) -> list[tuple[sql.Leased, ...]]:
    """Return the deliveries of each call. Those that went out together before go together again, all of them or none."""
    calls = _bind(cursor, [row for row in leased if row.batch is None])
    calls += _gather(cursor, [row for row in leased if row.batch is not None])
    kept: list[tuple[sql.Leased, ...]] = []
    crowded: list[tuple[sql.Leased, ...]] = []
    given: dict[int, int] = defaultdict(int)
    for call in calls:
        given[call[0].webhook_id] += 1
        (kept if given[call[0].webhook_id] <= shares[call[0].webhook_id] else crowded).append(call)
    sql.release(cursor, [(row.delivery_id, row.attempt) for call in crowded for row in call], seconds=CROWDED)
    return kept


def _bind(cursor: bulk.Cursor, rows: Sequence[sql.Leased]) -> list[tuple[sql.Leased, ...]]:
    """Put deliveries that are new into calls; where a format tells many events in one body, this binds them for good."""
    formats = dict(Webhook.objects.filter(pk__in={row.webhook_id for row in rows}).values_list("pk", "format"))
    by_webhook: dict[int, list[sql.Leased]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.event_at, row.event_id)):
        by_webhook[row.webhook_id].append(row)
    calls = []
    for key, mine in by_webhook.items():
        size = FORMATS[formats[key]].batch if key in formats else 1
        calls += [_name(mine[at : at + size]) if size > 1 else (mine[at],) for at in range(0, len(mine), size)]
    sql.bind(cursor, [(row.delivery_id, row.batch) for call in calls for row in call if row.batch is not None])
    return calls


def _name(rows: Iterable[sql.Leased]) -> tuple[sql.Leased, ...]:
    batch = uuid4()
    return tuple(row._replace(batch=batch) for row in rows)


def _gather(cursor: bulk.Cursor, rows: Sequence[sql.Leased]) -> list[tuple[sql.Leased, ...]]:
    batches = sorted({row.batch for row in rows if row.batch is not None})
    if not batches:
        return []
    by_batch: dict[object, list[sql.Leased]] = defaultdict(list)
    for row in [*rows, *sql.lease_mates(cursor, batches, lease=LEASE)]:
        by_batch[row.batch].append(row)
    sizes = sql.count_mates(cursor, batches)
    halves = [row for batch in batches for row in by_batch[batch] if len(by_batch[batch]) < sizes[batch]]
    sql.release(cursor, [(row.delivery_id, row.attempt) for row in halves], seconds=CROWDED)
    return [tuple(by_batch[batch]) for batch in batches if len(by_batch[batch]) == sizes[batch]]


# Settling -------------------------------------------------------------------------------------------------------------


def _moves(one: Settlement) -> Iterator[sql.Move]:
    now = clock.now()
    state, due = _state_of(one, now)
    for row in one.call.deliveries:
        yield sql.Move(
            delivery_id=row.delivery_id,
            attempt=row.attempt,
            state=state.value,
            next_attempt_at=due or now,
            done_at=None if state is State.WAITING else now,
            status=one.status,
            answer=one.answer,
        )


def _state_of(one: Settlement, now: datetime) -> tuple[WebhookDelivery.State, datetime | None]:
    if one.is_success:
        return State.DONE, None
    due = None if one.call.problem else next_try(one.call.format.delays, one.call.tries, now, retry_after=one.wait)
    return (State.FAILED, None) if due is None else (State.WAITING, due)


def _log_rows(one: Settlement, ours: Collection[sql.Pair]) -> Iterator[tuple[object, ...]]:
    """Of what is ours still: the other tries are on record as lost."""
    for row in one.call.deliveries:
        if (row.delivery_id, row.attempt) in ours:
            yield (row.delivery_id, row.attempt, one.tried_at, one.seconds, one.status, one.answer)


def _lock(keys: Collection[int]) -> list[Webhook]:
    """Return webhooks, locked in one order, so that two workers never wait for each other."""
    return list(Webhook.objects.select_for_update().filter(pk__in=keys).order_by("pk"))


def _judge(webhooks: Iterable[Webhook], settlements: Sequence[Settlement]) -> None:
    tried: dict[int, list[Tried]] = defaultdict(list)
    for one in settlements:
        if not one.call.problem:
            tried[one.call.webhook.pk].append(_tried(one))
    for webhook in webhooks:
        if webhook.pk in tried:
            longest = max(FORMATS[webhook.format].delays)
            _write_health(webhook, judge(_health_of(webhook), tried[webhook.pk], longest=longest))


def _tried(one: Settlement) -> Tried:
    ended = one.tried_at + timedelta(seconds=one.seconds)
    events = len(one.call.deliveries)
    return Tried(at=ended, is_success=one.is_success, status=one.status, events=events, wait=one.wait)


def _health_of(webhook: Webhook) -> Health:
    return Health(
        failures=webhook.failures,
        paused_until=webhook.paused_until,
        last_success_at=webhook.last_success_at,
        last_failure_at=webhook.last_failure_at,
        failing_since=webhook.failing_since,
        delivered=webhook.delivered,
    )


def _write_health(webhook: Webhook, health: Health) -> None:
    for name in _HEALTH:
        setattr(webhook, name, getattr(health, name))
    webhook.save(update_fields=_HEALTH)
    if health.verdict and webhook.is_active:
        close(webhook, health.verdict, actor="Gatepost")


_HEALTH = ("failures", "paused_until", "last_success_at", "last_failure_at", "failing_since", "delivered")


def close(webhook: Webhook, reason: str, *, actor: str = "") -> None:
    """Disable a webhook and fail what waits for it; by an `actor` of our own it goes into the account's audit."""
    webhook.is_active, webhook.disabled_reason = False, reason
    webhook.save(update_fields=["is_active", "disabled_reason"])
    with bulk.raw_cursor() as cursor:
        sql.give_up(cursor, webhook.pk, answer=f"{CLOSED} {reason}".strip(), limit=GIVE_UP_AT_ONCE)
    outbox.forget()
    if actor:
        log.warning("Webhook %d of account %d was disabled: %s", webhook.pk, webhook.account_id, reason)
        AuditEntry.objects.create(
            account_id=webhook.account_id,
            actor=actor,
            action="disabled webhook",
            target=webhook.url[:200],
            detail={"id": webhook.pk, "reason": reason},
        )

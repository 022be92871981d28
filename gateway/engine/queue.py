"""The queue: what moves a Recipient between states while it is sent. The database is the queue of record.

    queued -> sending -> delivered | bounced | failed | expired | suppressed
                      -> deferred -> sending ...
    sending, its lease run out -> queued, or failed when that happens again and again

Every move is a compare-and-set over a batch, fenced by the number of the attempt: a worker that was paused and lost its lease
changes nothing when it comes back. Leases and due times are judged by the database's clock on PostgreSQL.

Two neighbours move what is not being sent: `control` what waits, as people ask; `feedback` a delivery that bounced after all.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import DataError

from gateway.base import bulk, clock
from gateway.engine import claiming, sql
from gateway.engine.letter import Copy
from gateway.engine.load import load_letters
from gateway.engine.origins import load_origins
from gateway.engine.outcome import Outcome, Result
from gateway.models import Attempt, Recipient
from tracking import events, suppressions
from tracking.models import EventType, Suppression
from tracking.statistics import HARD

log = logging.getLogger(__name__)

LEASE = 30  # seconds; renewed by its holder every third of that
LOST_LEASES = 5  # after so many tries that nobody came back from, a recipient is failed instead of tried again
RETRIES_SHARE = 10  # one in so many of a batch is kept for retries that are due

State = Recipient.State
_LOST = "lost"  # the result of a try that nobody came back from


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A copy that was tried, what came of it, and when to try again (None: never)."""

    copy: Copy
    outcome: Outcome
    tried_at: datetime
    next_try: datetime | None = None


@dataclass(slots=True)
class Turn:
    """Whose turn it is: fresh mail is claimed of the accounts after this one, then from the first one on."""

    after_account: int = 0

    def move(self, served: Collection[int]) -> None:
        """Take that fresh mail of these accounts was claimed."""
        # They went up from the one after the last, and then on from the first: the last one is the highest of the latter.
        self.after_account = max([account for account in served if account <= self.after_account] or served)


def claim(limit: int, turn: Turn | None = None, *, notes_dots: bool = False) -> list[Copy]:
    """Lease up to `limit` recipients for one try and return them with their letters.

    Fresh mail goes first, in turn over the accounts, transactional before bulk; a share is kept for retries that are due.
    `turn` is moved on; retries do not move it, or those of one account could keep others waiting. With `notes_dots`, that the
    final dots are about to go out is noted for all of them already, and holds for a while: `Copy.noted_until`.
    """
    turn = turn or Turn()
    with bulk.raw_cursor() if bulk.is_postgresql() else bulk.transaction() as cursor:  # there, it is a single statement
        fresh = limit - limit // RETRIES_SHARE
        copies, served = claiming.claim(
            cursor, limit, fresh, after_account=turn.after_account, lease=LEASE, notes_dots=notes_dots
        )
    if served:
        turn.move(served)
    return copies


def note_data_sent(copies: Iterable[sql.Pair]) -> set[sql.Pair]:
    """Note, for (recipient, attempt) pairs, that the final dot is about to go out; return those that are still ours."""
    with bulk.raw_cursor() as cursor:
        return sql.note_data_sent(cursor, list(copies))


def renew(leases: Collection[int]) -> int:
    """Extend leases; return how many of them were still ours."""
    with bulk.raw_cursor() as cursor:
        return sql.renew(cursor, leases, lease=LEASE)


def settle(settlements: Sequence[Settlement], *, ends: Collection[int] = ()) -> int:
    """Write what came of tries: states, attempts and events in one commit; return how many were still ours.

    With these, the leases that it `ends` have nothing left that is being sent. One that nobody ends runs out some time.
    """
    with bulk.transaction() as cursor:
        moves = [_move(settlement) for settlement in settlements]
        ours = sql.settle(cursor, moves)
        kept = [settlement for settlement in settlements if settlement.copy.key in ours]
        bulk.insert(cursor, bulk.table_of(Attempt, leaves_out=("id",)), [_attempt_row(one) for one in kept])
        suppressions.add(cursor, [_suppression(one) for one in kept if _is_hard(one.outcome)])
        sql.end_leases(cursor, ends)
        facts = [_fact(one, ours[one.copy.key]) for one in kept]
        events.record(cursor, facts + _cancel_asked(cursor, [one.copy.recipient_id for one in kept if _waits(one)]))
    return len(kept)


def _waits(settlement: Settlement) -> bool:
    return _state_of(settlement)[0] is State.DEFERRED


def _cancel_asked(cursor: bulk.Cursor, recipient_ids: Sequence[int]) -> list[events.Fact]:
    """Cancel what waits again although a cancel was asked for while it was sent; return what is to be told of it."""
    return cancellations(cursor, sql.cancel_asked(cursor, recipient_ids))


def cancellations(cursor: bulk.Cursor, rows: Sequence[sql.Placed]) -> list[events.Fact]:
    """Return the facts of recipients that were cancelled."""
    origins = load_origins(cursor, {row.message_id for row in rows}) if rows else {}
    now = clock.now()
    return [
        events.Fact(
            origin=origins[row.message_id],
            type=EventType.CANCELLED,
            at=now,
            recipient_id=row.recipient_id,
            position=row.position,
            sequence=row.sequence,
            recipient=row.email,
            recipient_domain=row.domain,
        )
        for row in rows
    ]


def _is_hard(outcome: Outcome) -> bool:
    """Tell whether the address itself is bad for good: mail to it again and our reputation suffers."""
    return outcome.result is Result.BOUNCED and outcome.category in HARD


def settle_each(settlements: Sequence[Settlement], *, ends: Collection[int] = ()) -> None:
    """As settle; where a value of one of them cannot be written, all the others, and that one without its words."""
    try:
        settle(settlements, ends=ends)
    except (DataError, ValueError):
        if len(settlements) > 1:
            for settlement in settlements:
                settle_each([settlement])
            return
        log.exception("What came of recipient %d cannot be written as it is.", settlements[0].copy.recipient_id)
        settle([_without_words(settlements[0])])


def _without_words(settlement: Settlement) -> Settlement:
    outcome = settlement.outcome
    bare = Outcome(result=outcome.result, code=outcome.code, seconds=outcome.seconds, is_ambiguous=outcome.is_ambiguous)
    return replace(settlement, outcome=bare)


def release(copies: Iterable[Copy], *, seconds: float, ends: Collection[int] = ()) -> None:
    """Give back copies that were claimed but not tried; they are due again in `seconds`. `ends`: as of settle."""
    with bulk.transaction() as cursor:
        given_back = list(copies)
        sql.release(cursor, [copy.key for copy in given_back], seconds=seconds)
        sql.end_leases(cursor, ends)
        events.record(cursor, _cancel_asked(cursor, [copy.recipient_id for copy in given_back]))


def reclaim(leases: int = 100) -> int:
    """Take back what is still being sent under leases that ran out, so many leases at a time; return how many recipients.

    Each gets an attempt on record that nobody came back from.
    """
    taken, is_done = 0, False
    while not is_done:
        ended, lost = _reclaim(leases)
        taken += lost
        is_done = ended < leases
    return taken


def _reclaim(leases: int) -> tuple[int, int]:
    """Return how many leases were ended and how many recipients were taken back."""
    with bulk.transaction() as cursor:
        ended, lost = sql.take_lost(cursor, leases)
        if not lost:
            return ended, 0
        worn = sql.count_attempts(cursor, [row.recipient_id for row in lost], result=_LOST)
        bulk.insert(cursor, bulk.table_of(Attempt, leaves_out=("id",)), [_lost_row(row) for row in lost])
        facts = _give_up(cursor, [row for row in lost if worn.get(row.recipient_id, 0) + 1 >= LOST_LEASES])
        again = [row.recipient_id for row in lost if worn.get(row.recipient_id, 0) + 1 < LOST_LEASES]
        sql.requeue(cursor, again)
        events.record(cursor, facts + _cancel_asked(cursor, again))
    return ended, len(lost)


def is_work_waiting() -> bool:
    """Tell whether anything could be claimed now."""
    with bulk.raw_cursor() as cursor:
        return sql.is_work_waiting(cursor)


_STATES = {
    Result.DELIVERED: (State.DELIVERED, EventType.DELIVERED),
    Result.BOUNCED: (State.BOUNCED, EventType.BOUNCED),
    Result.SUPPRESSED: (State.SUPPRESSED, EventType.SUPPRESSED),
    Result.FAILED: (State.FAILED, EventType.FAILED),
}


def _state_of(settlement: Settlement) -> tuple[State, EventType]:
    if settlement.outcome.result is not Result.DEFERRED:
        return _STATES[settlement.outcome.result]
    if settlement.next_try is None:
        return State.EXPIRED, EventType.EXPIRED
    return State.DEFERRED, EventType.DEFERRED


def _move(settlement: Settlement) -> sql.Move:
    state, _ = _state_of(settlement)
    return sql.Move(
        recipient_id=settlement.copy.recipient_id,
        attempt=settlement.copy.attempt,
        state=state.value,
        next_attempt_at=settlement.next_try if state is State.DEFERRED else None,
        done_at=None if state is State.DEFERRED else clock.now(),
    )


def _attempt_row(settlement: Settlement) -> tuple[Any, ...]:
    outcome = settlement.outcome
    return (  # in the order of the model's fields
        settlement.copy.recipient_id,
        settlement.copy.attempt,
        settlement.tried_at,
        outcome.result.value,
        outcome.code,
        outcome.enhanced,
        outcome.reply,
        outcome.host,
        outcome.address,
        outcome.source,
        outcome.tls,
        outcome.seconds,
        outcome.size,
        outcome.signed_by,
        outcome.is_ambiguous,
    )


def _lost_row(row: sql.Lost) -> tuple[Any, ...]:
    reply = "The worker that tried this did not come back."
    when = row.until - timedelta(seconds=LEASE)
    arrived = row.data_sent_at is not None
    return (row.recipient_id, row.attempts, when, _LOST, 0, "", reply, "", "", "", "", 0.0, 0, "", arrived)


def _suppression(settlement: Settlement) -> suppressions.Entry:
    copy = settlement.copy
    return suppressions.Entry(
        account_id=copy.letter.account_id,
        email=copy.email,
        cause=Suppression.Cause.BOUNCED,
        source=f"{settlement.outcome.host} said: {settlement.outcome.code} {settlement.outcome.reply}",
    )


def _fact(settlement: Settlement, sequence: int) -> events.Fact:
    copy, outcome = settlement.copy, settlement.outcome
    return events.Fact(
        origin=copy.letter.origin,
        type=_state_of(settlement)[1],
        at=clock.now(),
        recipient_id=copy.recipient_id,
        position=copy.position,
        sequence=sequence,
        recipient=copy.email,
        recipient_domain=copy.domain,
        category=outcome.category,
        code=outcome.code,
        enhanced=outcome.enhanced,
        reply=outcome.reply,
        host=outcome.host,
        address=outcome.address,
    )


def _give_up(cursor: bulk.Cursor, rows: Sequence[sql.Lost]) -> list[events.Fact]:
    """Fail recipients that cost every worker that tried them its life; return what is to be told of it."""
    if not rows:
        return []
    now = clock.now()
    reply = f"Given up: {LOST_LEASES} workers that tried this did not come back."
    letters = load_letters(cursor, {row.message_id for row in rows})
    numbers = sql.settle(
        cursor,
        [
            sql.Move(
                recipient_id=row.recipient_id,
                attempt=row.attempts,
                state=State.FAILED.value,
                next_attempt_at=None,
                done_at=now,
            )
            for row in rows
        ],
    )
    return [
        events.Fact(
            origin=letters[row.message_id].origin,
            type=EventType.FAILED,
            at=now,
            recipient_id=row.recipient_id,
            position=row.position,
            sequence=numbers[row.recipient_id, row.attempts],
            recipient=row.email,
            recipient_domain=row.domain,
            enhanced="4.3.0",
            reply=reply,
        )
        for row in rows
    ]

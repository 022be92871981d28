"""The queue's statements but for the claim, each beside its equivalent for SQLite, and the values that go in and come out.

Times are judged by the database's clock on PostgreSQL. SQLite has one writer at a time, so nothing needs to be skipped there.
Whoever writes to many recipients goes by their keys, here and in `feedback`: so no two wait for each other in a ring. Where a
statement has no ORDER BY, the keys' own order is kept by the plans of `bulk.hold_plans`, which the drain's connections have.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from gateway.base import bulk
from gateway.base.statement import Statement, in_seconds, read_time
from gateway.models import Recipient

Pair = tuple[int, int]  # recipient, attempt


def in_line(state: Recipient.State) -> str:
    """Return the condition of what stands in the line of a state and is not being sent.

    It is not `state = '...'`: PostgreSQL knows how many are in a line, but takes it that a state is as common there as
    everywhere, and thinks that there are next to none.
    """
    return f"line = {Recipient.LINES[state].value} AND state <> 'sending'"


# What may be claimed; of the latter, when it is due.
IS_FRESH = in_line(Recipient.State.QUEUED)
IS_LATER = in_line(Recipient.State.DEFERRED)

# In Recipient.marks: a bounce came back by mail; a cancel was asked for while a try was under way.
BOUNCED_LATER, CANCEL_ASKED = 16, 32


class Placed(NamedTuple):
    """A recipient that was just moved; `sequence` is the number of its last event."""

    recipient_id: int
    message_id: int
    position: int
    email: str
    domain: str
    sequence: int


class Lost(NamedTuple):
    """A recipient that was still being sent when its lease ran out."""

    recipient_id: int
    message_id: int
    position: int
    email: str
    domain: str
    attempts: int
    sequence: int
    until: datetime
    data_sent_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A recipient's way from `sending`, valid while `attempt` is the one that is under way."""

    recipient_id: int
    attempt: int
    state: str
    next_attempt_at: datetime | None
    done_at: datetime | None


_OURS_POSTGRESQL = "FROM unnest(%(c0)b::bigint[], %(c1)b::int[]) AS m(id, attempt)"
_OURS_SQLITE = "FROM (SELECT value ->> 0 AS id, value ->> 1 AS attempt FROM json_each(:rows)) AS m"
_IS_OURS = "r.id = m.id AND r.attempts = m.attempt AND r.state = 'sending'"

_NOTE_DATA_SENT = Statement(
    postgresql=f"""
        UPDATE gateway_recipient r SET data_sent_at = now() {_OURS_POSTGRESQL} WHERE {_IS_OURS} RETURNING r.id, r.attempts
    """,
    sqlite=f"UPDATE gateway_recipient AS r SET data_sent_at = :now {_OURS_SQLITE} WHERE {_IS_OURS} RETURNING id, attempts",
)
_RENEW = Statement(
    postgresql="""
        UPDATE gateway_lease SET until = now() + make_interval(secs => %(lease)b::int)
        WHERE id IN (SELECT id FROM gateway_lease WHERE id = ANY(%(c0)b::bigint[]) ORDER BY id FOR UPDATE) RETURNING id
    """,
    sqlite="UPDATE gateway_lease SET until = :until WHERE id IN (SELECT value ->> 0 FROM json_each(:rows)) RETURNING id",
)
_RELEASE = Statement(
    postgresql=f"""
        UPDATE gateway_recipient r SET state = 'deferred', attempts = attempts - 1,
            next_attempt_at = now() + make_interval(secs => %(seconds)b::float8)
        {_OURS_POSTGRESQL} WHERE {_IS_OURS}
    """,
    sqlite=f"""
        UPDATE gateway_recipient AS r SET state = 'deferred', attempts = attempts - 1, next_attempt_at = :due
        {_OURS_SQLITE} WHERE {_IS_OURS}
    """,
)
# A bounce mail may be faster than our own commit of the delivery: then the delivery is not the end of the story.
_SETTLED = f"CASE WHEN m.state = 'delivered' AND r.marks & {BOUNCED_LATER} <> 0 THEN 'bounced' ELSE m.state END"
_SETTLE = Statement(
    postgresql=f"""
        UPDATE gateway_recipient r SET state = {_SETTLED}, sequence = r.sequence + 1, next_attempt_at = m.next_attempt_at,
            done_at = m.done_at
        FROM unnest(%(c0)b::bigint[], %(c1)b::int[], %(c2)b::text[], %(c3)b::timestamptz[], %(c4)b::timestamptz[])
            AS m(id, attempt, state, next_attempt_at, done_at)
        WHERE {_IS_OURS} RETURNING r.id, r.attempts, r.sequence
    """,
    sqlite=f"""
        UPDATE gateway_recipient AS r SET state = {_SETTLED}, sequence = r.sequence + 1, next_attempt_at = m.next_attempt_at,
            done_at = m.done_at
        FROM (SELECT value ->> 0 AS id, value ->> 1 AS attempt, value ->> 2 AS state,
                     value ->> 3 AS next_attempt_at, value ->> 4 AS done_at FROM json_each(:rows)) AS m
        WHERE {_IS_OURS} RETURNING id, attempts, sequence
    """,
)
_CANCELLED = "state = 'cancelled', sequence = sequence + 1, next_attempt_at = NULL, done_at = {now}"
_IS_TO_CANCEL = f"state IN ('queued', 'deferred') AND marks & {CANCEL_ASKED} <> 0"
_PLACE = "id, message_id, position, email, domain, sequence"
_CANCEL_ASKED = Statement(
    postgresql=f"""
        UPDATE gateway_recipient SET {_CANCELLED.format(now="now()")}
        WHERE id = ANY(%(c0)b::bigint[]) AND {_IS_TO_CANCEL} RETURNING {_PLACE}
    """,
    sqlite=f"""
        UPDATE gateway_recipient SET {_CANCELLED.format(now=":now")}
        WHERE id IN (SELECT value ->> 0 FROM json_each(:rows)) AND {_IS_TO_CANCEL} RETURNING {_PLACE}
    """,
)
_LOST_COLUMNS = "r.id, r.message_id, r.position, r.email, r.domain, r.attempts, r.sequence, l.until, r.data_sent_at"
_END_LEASES = Statement(
    postgresql="""
        DELETE FROM gateway_lease WHERE id IN (
            SELECT id FROM gateway_lease WHERE id = ANY(%(c0)b::bigint[]) FOR UPDATE SKIP LOCKED
        )
    """,
    sqlite="DELETE FROM gateway_lease WHERE id IN (SELECT value ->> 0 FROM json_each(:rows))",
)
_TAKE_EXPIRED = Statement(
    postgresql="""
        DELETE FROM gateway_lease WHERE id IN (
            SELECT id FROM gateway_lease WHERE until < now() ORDER BY id LIMIT %(limit)b::bigint FOR UPDATE SKIP LOCKED
        ) RETURNING id, until, recipients
    """,
    sqlite="""
        DELETE FROM gateway_lease WHERE id IN (SELECT id FROM gateway_lease WHERE until < :now ORDER BY id LIMIT :limit)
        RETURNING id, until, recipients
    """,
)
# A lease may name a recipient that was given back and is being sent under another one since, with the same attempt's number.
_IS_LOST = "r.id = l.recipient AND r.lease_id = l.id AND r.state = 'sending'"
# Nobody is skipped here: what is just being settled is waited for, as no lease would tell of it any more.
_LOST = Statement(
    postgresql=f"""
        SELECT {_LOST_COLUMNS} FROM unnest(%(c0)b::bigint[], %(c1)b::bigint[], %(c2)b::timestamptz[]) AS l(recipient, id, until)
        JOIN gateway_recipient r ON {_IS_LOST} ORDER BY r.id FOR UPDATE OF r
    """,
    sqlite=f"""
        SELECT {_LOST_COLUMNS} FROM (
            SELECT value ->> 0 AS recipient, value ->> 1 AS id, value ->> 2 AS until FROM json_each(:rows)
        ) AS l JOIN gateway_recipient r ON {_IS_LOST} ORDER BY r.id
    """,
)
_QUEUED = "state = 'queued', next_attempt_at = NULL"
_REQUEUE = Statement(
    postgresql=f"UPDATE gateway_recipient SET {_QUEUED} WHERE id = ANY(%(c0)b::bigint[])",
    sqlite=f"UPDATE gateway_recipient SET {_QUEUED} WHERE id IN (SELECT value ->> 0 FROM json_each(:rows))",
)
_COUNT_ATTEMPTS = Statement(
    postgresql="""
        SELECT recipient_id, count(*) FROM gateway_attempt
        WHERE recipient_id = ANY(%(c0)b::bigint[]) AND result = %(result)b::text GROUP BY recipient_id
    """,
    sqlite="""
        SELECT recipient_id, count(*) FROM gateway_attempt
        WHERE recipient_id IN (SELECT value ->> 0 FROM json_each(:rows)) AND result = :result GROUP BY recipient_id
    """,
)
_IS_WORK_WAITING = Statement(
    postgresql=f"""
        SELECT EXISTS (SELECT 1 FROM gateway_recipient WHERE {IS_FRESH})
            OR EXISTS (SELECT 1 FROM gateway_recipient WHERE {IS_LATER} AND next_attempt_at <= now())
    """,
    sqlite=f"""
        SELECT EXISTS (SELECT 1 FROM gateway_recipient WHERE {IS_FRESH})
            OR EXISTS (SELECT 1 FROM gateway_recipient WHERE {IS_LATER} AND next_attempt_at <= :now)
    """,
)


def note_data_sent(cursor: bulk.Cursor, pairs: Sequence[Pair]) -> set[Pair]:
    """Return those pairs that are still ours."""
    return _pairs(_NOTE_DATA_SENT.fetch(cursor, rows=sorted(pairs))) if pairs else set()


def renew(cursor: bulk.Cursor, leases: Collection[int], *, lease: int) -> int:
    """Extend leases by their keys for so many seconds from now; return how many there were still."""
    rows = [(key,) for key in sorted(leases)]
    return len(_RENEW.fetch(cursor, rows=rows, lease=lease, until=in_seconds(lease))) if rows else 0


def end_leases(cursor: bulk.Cursor, leases: Collection[int]) -> None:
    """Remove leases of which everything has come back; not those that somebody else looks at, as that may wait for us."""
    if leases:
        _END_LEASES.run(cursor, rows=[(key,) for key in sorted(leases)])


def release(cursor: bulk.Cursor, pairs: Sequence[Pair], *, seconds: float) -> None:
    if pairs:
        _RELEASE.run(cursor, rows=sorted(pairs), seconds=seconds, due=in_seconds(seconds))


def settle(cursor: bulk.Cursor, moves: Sequence[Move]) -> dict[Pair, int]:
    """Make the moves that are still valid; return, by their pairs, the number of the event that each is to be told by."""
    if not moves:
        return {}
    rows = [
        (move.recipient_id, move.attempt, move.state, move.next_attempt_at, move.done_at)
        for move in sorted(moves, key=lambda move: move.recipient_id)
    ]
    return {(row[0], row[1]): row[2] for row in _SETTLE.fetch(cursor, rows=rows)}


def cancel_asked(cursor: bulk.Cursor, recipient_ids: Sequence[int]) -> list[Placed]:
    """Cancel those recipients that wait again although a cancel was asked for while they were sent."""
    if not recipient_ids:
        return []
    rows = _CANCEL_ASKED.fetch(cursor, rows=[(key,) for key in sorted(recipient_ids)])
    return [Placed._make(row) for row in rows]


def take_lost(cursor: bulk.Cursor, limit: int) -> tuple[int, list[Lost]]:
    """End up to `limit` leases that ran out; return how many, and, locked, the recipients that were still sent under them."""
    expired = _TAKE_EXPIRED.fetch(cursor, limit=limit)
    rows = sorted((key, lease, read_time(until)) for lease, until, keys in expired for key in json.loads(keys))
    lost = _LOST.fetch(cursor, rows=rows) if rows else []
    return len(expired), [Lost._make((*row[:-2], read_time(row[-2]), read_time(row[-1]))) for row in lost]


def requeue(cursor: bulk.Cursor, recipient_ids: Sequence[int]) -> None:
    if recipient_ids:
        _REQUEUE.run(cursor, rows=[(key,) for key in recipient_ids])


def count_attempts(cursor: bulk.Cursor, recipient_ids: Sequence[int], *, result: str) -> dict[int, int]:
    """Return how many attempts of one result each recipient has; those with none are not in it."""
    return dict(_COUNT_ATTEMPTS.fetch(cursor, rows=[(key,) for key in recipient_ids], result=result))


def is_work_waiting(cursor: bulk.Cursor) -> bool:
    return bool(_IS_WORK_WAITING.fetch(cursor)[0][0])


def _pairs(rows: Sequence[tuple[Any, ...]]) -> set[Pair]:
    return {(row[0], row[1]) for row in rows}

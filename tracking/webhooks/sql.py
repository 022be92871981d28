"""The statements of webhook deliveries, each beside its equivalent for SQLite, and the values that come out of them.

Times are judged by the database's clock on PostgreSQL. SQLite has one writer at a time, so nothing needs to be skipped there.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from gateway.base import bulk
from gateway.base.statement import Statement, in_seconds, read_json, read_time
from tracking.formats.base import Telling

Key = tuple[datetime, int]  # of an event
Pair = tuple[int, int]  # delivery, attempt


class Leased(NamedTuple):
    """A delivery that was just leased."""

    delivery_id: int
    webhook_id: int
    event_at: datetime
    event_id: int
    attempt: int
    attempts_before: int
    batch: UUID | None


class Lost(NamedTuple):
    """A delivery whose lease ran out."""

    delivery_id: int
    webhook_id: int
    attempt: int


class Move(NamedTuple):
    """A delivery's way from `sending`, valid while `attempt` is the one that is under way."""

    delivery_id: int
    attempt: int
    state: str
    next_attempt_at: datetime
    done_at: datetime | None
    status: int
    answer: str


_COLUMNS = "id, webhook_id, event_at, event_id, attempts, attempts_before, batch"
_LEASED = ", ".join(f"d.{name}" for name in _COLUMNS.split(", "))
_LEASE = "state = 'sending', attempts = attempts + 1"
_LEASE_DUE = Statement(
    postgresql=f"""
        WITH picked AS MATERIALIZED (
            SELECT q.id FROM unnest(%(c0)b::bigint[]) AS asked(webhook_id) CROSS JOIN LATERAL (
                SELECT d.id FROM tracking_webhookdelivery d
                WHERE d.webhook_id = asked.webhook_id AND d.state = 'waiting' AND d.next_attempt_at <= now()
                ORDER BY d.next_attempt_at LIMIT %(most)b::int FOR UPDATE SKIP LOCKED
            ) q
        )
        UPDATE tracking_webhookdelivery d SET {_LEASE}, lease_until = now() + make_interval(secs => %(lease)b::int)
        FROM picked WHERE d.id = picked.id RETURNING {_LEASED}
    """,
    sqlite=f"""
        UPDATE tracking_webhookdelivery SET {_LEASE}, lease_until = :lease_until WHERE id IN (
            SELECT d.id FROM json_each(:rows) AS asked JOIN tracking_webhookdelivery d ON d.id IN (
                SELECT q.id FROM tracking_webhookdelivery q
                WHERE q.webhook_id = asked.value ->> 0 AND q.state = 'waiting' AND q.next_attempt_at <= :now
                ORDER BY q.next_attempt_at LIMIT :most
            )
        ) RETURNING {_COLUMNS}
    """,
)
# Those of them that ended go again as well: without them the body would be another one.
_LEASE_MATES = Statement(
    postgresql=f"""
        WITH picked AS MATERIALIZED (
            SELECT id FROM tracking_webhookdelivery WHERE batch = ANY(%(c0)b::uuid[]) AND state <> 'sending'
            FOR UPDATE SKIP LOCKED
        )
        UPDATE tracking_webhookdelivery d
        SET {_LEASE}, done_at = NULL, lease_until = now() + make_interval(secs => %(lease)b::int)
        FROM picked WHERE d.id = picked.id RETURNING {_LEASED}
    """,
    sqlite=f"""
        UPDATE tracking_webhookdelivery SET {_LEASE}, done_at = NULL, lease_until = :lease_until
        WHERE batch IN (SELECT value ->> 0 FROM json_each(:rows)) AND state <> 'sending' RETURNING {_COLUMNS}
    """,
)
_COUNT_MATES = Statement(
    postgresql="SELECT batch, count(*) FROM tracking_webhookdelivery WHERE batch = ANY(%(c0)b::uuid[]) GROUP BY batch",
    sqlite="""
        SELECT batch, count(*) FROM tracking_webhookdelivery
        WHERE batch IN (SELECT value ->> 0 FROM json_each(:rows)) GROUP BY batch
    """,
)
_BIND = Statement(
    postgresql="""
        UPDATE tracking_webhookdelivery d SET batch = m.batch
        FROM unnest(%(c0)b::bigint[], %(c1)b::uuid[]) AS m(id, batch) WHERE d.id = m.id
    """,
    sqlite="""
        UPDATE tracking_webhookdelivery AS d SET batch = m.batch
        FROM (SELECT value ->> 0 AS id, value ->> 1 AS batch FROM json_each(:rows)) AS m WHERE d.id = m.id
    """,
)
_RELEASE = Statement(
    postgresql="""
        UPDATE tracking_webhookdelivery d SET state = 'waiting', attempts = attempts - 1, lease_until = NULL,
            next_attempt_at = now() + make_interval(secs => %(seconds)b::float8)
        FROM unnest(%(c0)b::bigint[], %(c1)b::int[]) AS m(id, attempt)
        WHERE d.id = m.id AND d.attempts = m.attempt AND d.state = 'sending'
    """,
    sqlite="""
        UPDATE tracking_webhookdelivery AS d SET state = 'waiting', attempts = attempts - 1, lease_until = NULL,
            next_attempt_at = :due
        FROM (SELECT value ->> 0 AS id, value ->> 1 AS attempt FROM json_each(:rows)) AS m
        WHERE d.id = m.id AND d.attempts = m.attempt AND d.state = 'sending'
    """,
)
_SETTLED = (
    "state = m.state, next_attempt_at = m.next, done_at = m.done, status = m.status, answer = m.answer, lease_until = NULL"
)
_SETTLE = Statement(
    postgresql=f"""
        UPDATE tracking_webhookdelivery d SET {_SETTLED}
        FROM unnest(%(c0)b::bigint[], %(c1)b::int[], %(c2)b::text[], %(c3)b::timestamptz[], %(c4)b::timestamptz[],
                    %(c5)b::int[], %(c6)b::text[]) AS m(id, attempt, state, next, done, status, answer)
        WHERE d.id = m.id AND d.attempts = m.attempt AND d.state = 'sending' RETURNING d.id, d.attempts
    """,
    sqlite=f"""
        UPDATE tracking_webhookdelivery AS d SET {_SETTLED}
        FROM (SELECT value ->> 0 AS id, value ->> 1 AS attempt, value ->> 2 AS state, value ->> 3 AS next,
                     value ->> 4 AS done, value ->> 5 AS status, value ->> 6 AS answer FROM json_each(:rows)) AS m
        WHERE d.id = m.id AND d.attempts = m.attempt AND d.state = 'sending' RETURNING id, attempts
    """,
)
_RECLAIM = Statement(
    postgresql="""
        WITH picked AS MATERIALIZED (
            SELECT id FROM tracking_webhookdelivery WHERE state = 'sending' AND lease_until < now()
            ORDER BY lease_until LIMIT %(limit)b::int FOR UPDATE SKIP LOCKED
        )
        UPDATE tracking_webhookdelivery d SET state = 'waiting', lease_until = NULL, next_attempt_at = now()
        FROM picked WHERE d.id = picked.id RETURNING d.id, d.webhook_id, d.attempts
    """,
    sqlite="""
        UPDATE tracking_webhookdelivery SET state = 'waiting', lease_until = NULL, next_attempt_at = :now WHERE id IN (
            SELECT id FROM tracking_webhookdelivery WHERE state = 'sending' AND lease_until < :now
            ORDER BY lease_until LIMIT :limit
        ) RETURNING id, webhook_id, attempts
    """,
)
_GIVE_UP = Statement(
    postgresql="""
        WITH picked AS MATERIALIZED (
            SELECT id FROM tracking_webhookdelivery WHERE webhook_id = %(webhook_id)b::bigint AND state = 'waiting'
            ORDER BY next_attempt_at LIMIT %(limit)b::int FOR UPDATE SKIP LOCKED
        )
        UPDATE tracking_webhookdelivery d SET state = 'failed', done_at = now(), answer = %(answer)b::text
        FROM picked WHERE d.id = picked.id RETURNING d.id
    """,
    sqlite="""
        UPDATE tracking_webhookdelivery SET state = 'failed', done_at = :now, answer = :answer WHERE id IN (
            SELECT id FROM tracking_webhookdelivery WHERE webhook_id = :webhook_id AND state = 'waiting'
            ORDER BY next_attempt_at LIMIT :limit
        ) RETURNING id
    """,
)
_TOLD: Final = (
    *("at", "id", "type", "account_id", "domain_id", "smtp_user_id", "message_id", "public_id", "position", "sequence"),
    *("subject", "sender", "recipient", "recipient_domain", "tags", "campaign", "headers", "is_first", "category", "code"),
    *("enhanced", "reply", "host", "address", "agent", "url"),
)
_EVENTS = Statement(
    postgresql=f"""
        SELECT {", ".join(f"e.{name}" for name in _TOLD)} FROM unnest(%(c0)b::timestamptz[], %(c1)b::bigint[]) AS k(at, id)
        JOIN tracking_event e ON e.at = k.at AND e.id = k.id
    """,
    sqlite=f"""
        SELECT {", ".join(f"e.{name}" for name in _TOLD)} FROM json_each(:rows) AS k
        JOIN tracking_event e ON e.at = k.value ->> 0 AND e.id = k.value ->> 1
    """,
)


def lease_due(cursor: bulk.Cursor, webhook_ids: Sequence[int], *, most: int, lease: int) -> list[Leased]:
    """Lease up to `most` due deliveries of each webhook, those first that are due longest."""
    rows = [(key,) for key in webhook_ids]
    return _leased(_LEASE_DUE.fetch(cursor, rows=rows, most=most, lease=lease, lease_until=in_seconds(lease)))


def lease_mates(cursor: bulk.Cursor, batches: Sequence[UUID], *, lease: int) -> list[Leased]:
    """Lease what is not on its way of some batches, also what ended; what another worker is at is left out."""
    rows = [(batch,) for batch in batches]
    return _leased(_LEASE_MATES.fetch(cursor, rows=rows, lease=lease, lease_until=in_seconds(lease)))


def count_mates(cursor: bulk.Cursor, batches: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many deliveries each batch has."""
    return {_uuid(row[0]): row[1] for row in _COUNT_MATES.fetch(cursor, rows=[(batch,) for batch in batches])}


def bind(cursor: bulk.Cursor, pairs: Sequence[tuple[int, UUID]]) -> None:
    """Put deliveries into batches, for good."""
    if pairs:
        _BIND.run(cursor, rows=pairs)


def release(cursor: bulk.Cursor, pairs: Sequence[Pair], *, seconds: float) -> None:
    """Give leased deliveries back untried; they are due again in `seconds`."""
    if pairs:
        _RELEASE.run(cursor, rows=pairs, seconds=seconds, due=in_seconds(seconds))


def settle(cursor: bulk.Cursor, moves: Sequence[Move]) -> set[Pair]:
    """Make the moves that are still valid, and return their deliveries and attempts."""
    return {(row[0], row[1]) for row in _SETTLE.fetch(cursor, rows=moves)} if moves else set()


def reclaim(cursor: bulk.Cursor, limit: int) -> list[Lost]:
    """Take back deliveries whose lease ran out."""
    return [Lost._make(row) for row in _RECLAIM.fetch(cursor, limit=limit)]


def give_up(cursor: bulk.Cursor, webhook_id: int, *, answer: str, limit: int) -> int:
    """Fail up to `limit` deliveries of a webhook that are waiting; return how many."""
    return len(_GIVE_UP.fetch(cursor, webhook_id=webhook_id, answer=answer, limit=limit))


def load_events(cursor: bulk.Cursor, keys: Sequence[Key]) -> dict[Key, Telling]:
    """Return events by their keys; those that are not kept any more are not in it."""
    found = (_telling(row) for row in _EVENTS.fetch(cursor, rows=keys)) if keys else ()
    return dict(found)


def _leased(rows: Sequence[tuple[Any, ...]]) -> list[Leased]:
    return [Leased._make((*row[:2], read_time(row[2]), *row[3:6], _uuid(row[6]))) for row in rows]


def _telling(row: tuple[Any, ...]) -> tuple[Key, Telling]:
    values: dict[str, Any] = dict(zip(_TOLD, row, strict=True))
    values |= {
        "at": read_time(values["at"]),
        "public_id": _uuid(values["public_id"]),
        "tags": read_json(values["tags"]),
        "headers": read_json(values["headers"]),
        "is_first": bool(values["is_first"]),
    }
    key = values["at"], values.pop("id")
    return key, Telling(**values)


def _uuid(value: UUID | str | None) -> Any:
    """Return a UUID as the drivers give it (SQLite: text) as one."""
    return UUID(value) if isinstance(value, str) else value

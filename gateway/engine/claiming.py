"""The claim: recipients are leased for one try, and come with all that sending them takes.

A claim changes no column of an index: its rows keep their places in the queue's lines until they are settled, and claims pass
over what is being sent. What was claimed stands in its Lease, one row for all of it.

On PostgreSQL that is one statement and one round trip, but for files. Its commit is not waited for: nobody was told of it, and
the note before the final dot, which is waited for, is written behind it. What a crash takes back, no dot was sent for.

Of a few recipients the claim is that note itself, and waited for: a trip less where each serves next to nobody. After a crash
between the claim and the dot their try then counts as one whose mail may have arrived, although it did not.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gateway.base import bulk, clock
from gateway.base.pipeline import PipelinedCursor
from gateway.base.statement import Statement, in_seconds, read_json
from gateway.engine.letter import Copy, Letter
from gateway.engine.load import LETTER, load_letters, make_letters
from gateway.engine.sql import IS_FRESH, IS_LATER
from gateway.engine.submission import Kind
from tracking import suppressions


class Claimed(NamedTuple):
    """A recipient that was just leased. `is_suppressed` is None where the database could not tell."""

    recipient_id: int
    message_id: int
    account_id: int
    position: int
    kind: str
    email: str
    name: str
    domain: str
    variables: Mapping[str, str] | None
    attempts: int
    sequence: int
    put_off_until: Any  # until now; None: it was queued
    lease_id: int
    is_suppressed: bool | None = None


_CLAIMED = (
    "id, message_id, account_id, position, kind, email, name, domain, variables, attempts, sequence, next_attempt_at, lease_id"
)
_LEASED = ", ".join(f"r.{column}" for column in _CLAIMED.split(", "))
_SENDING = "state = 'sending', attempts = attempts + 1, data_sent_at = CASE WHEN {notes} THEN {now} END"
NOTE_SHARE = 6  # of the lease that the note of a claim holds: long enough to deliver, and nobody else has the mail meanwhile
_IS_SUPPRESSED = suppressions.IS_FOUND.format(account_id="r.account_id", email="r.email")
_SIZE = len(_CLAIMED.split(", ")) + 1  # columns before those of the letter

# A full batch is of so many accounts, where they have enough: each look-up of an account serves for a few of its recipients.
# A higher number lets an account's only mail wait for fewer claims, a lower one makes claims cheaper.
_ACCOUNTS = 23
# One index look-up for each of the accounts that have queued mail and get a share: those after the given one, then the others.
# PostgreSQL makes the look-ups as they are asked for: it goes no further than where the batch is full.
_NEXT = f"""
    SELECT r.account_id FROM gateway_recipient r WHERE {IS_FRESH} AND r.account_id {{which}} ORDER BY r.account_id LIMIT 1
"""
_TENANTS = f"""
    WITH RECURSIVE later(account_id, number) AS (
        SELECT ({_NEXT.format(which="> {after}")}), 1
        UNION ALL
        SELECT ({_NEXT.format(which="> l.account_id")}), number + 1
        FROM later l WHERE l.account_id IS NOT NULL AND number < {{tenants}}
    ), earlier(account_id, number) AS (
        SELECT ({_NEXT.format(which="BETWEEN 0 AND {after}")}), (SELECT count(*) FROM later)
        UNION ALL
        SELECT ({_NEXT.format(which="> e.account_id AND r.account_id <= {after}")}), number + 1
        FROM earlier e WHERE e.account_id IS NOT NULL AND number < {{tenants}}
    ), tenants AS (
        SELECT account_id FROM later WHERE account_id IS NOT NULL
        UNION ALL SELECT account_id FROM earlier WHERE account_id IS NOT NULL
    )
"""
# Rows that are locked stay where they are, so that they are updated by their place. Of a message with many recipients among
# them, one brings the letter; a limit of one keeps that from being planned as a join with all messages there are.
_CLAIM = Statement(
    postgresql=f"""
        {_TENANTS.format(after="%(after)b::bigint", tenants="%(fresh)b::bigint")}, share AS MATERIALIZED (
            SELECT ceil(%(fresh)b::numeric / greatest(count(*), 1))::bigint AS size
            FROM (SELECT account_id FROM tenants LIMIT {_ACCOUNTS}) AS first
        ), fresh AS MATERIALIZED (
            SELECT q.place FROM tenants t CROSS JOIN LATERAL (
                SELECT r.ctid AS place FROM gateway_recipient r
                WHERE {IS_FRESH} AND r.account_id = t.account_id
                ORDER BY r.priority, r.id LIMIT (SELECT size FROM share) FOR UPDATE SKIP LOCKED
            ) q LIMIT %(fresh)b::bigint
        ), due AS MATERIALIZED (
            SELECT ctid AS place FROM gateway_recipient WHERE {IS_LATER} AND next_attempt_at <= now()
            ORDER BY next_attempt_at, id LIMIT (SELECT %(limit)b::bigint - count(*) FROM fresh) FOR UPDATE SKIP LOCKED
        ), key AS MATERIALIZED (
            SELECT nextval('gateway_lease_id_seq') AS id FROM (SELECT 1 FROM fresh UNION ALL SELECT 1 FROM due LIMIT 1) AS one
        ), claimed AS (
            UPDATE gateway_recipient r
            SET {_SENDING.format(notes="%(notes)b::boolean", now="now()")}, lease_id = (SELECT id FROM key)
            FROM (SELECT place FROM fresh UNION ALL SELECT place FROM due) AS picked WHERE r.ctid = picked.place
            RETURNING {_LEASED}
        ), lease AS (
            INSERT INTO gateway_lease (id, until, recipients)
            SELECT (SELECT id FROM key), now() + make_interval(secs => %(lease)b::int), '[' || string_agg(id::text, ',') || ']'
            FROM claimed HAVING count(*) > 0
        )
        SELECT {_LEASED}, {_IS_SUPPRESSED}, letter.*
        FROM (SELECT *, row_number() OVER (PARTITION BY message_id) AS number FROM claimed) AS r LEFT JOIN LATERAL (
            SELECT {LETTER} FROM gateway_message m JOIN gateway_content c ON c.message_id = m.id
            WHERE m.id = r.message_id AND r.number = 1 LIMIT 1
        ) AS letter ON true
        WHERE CASE WHEN %(notes)b::boolean THEN true ELSE (SELECT set_config('synchronous_commit', 'off', true)) IS NOT NULL END
    """,
    sqlite=f"""
        {_TENANTS.format(after=":after", tenants=":fresh")}, fresh AS MATERIALIZED (
            SELECT r.id FROM tenants t JOIN gateway_recipient r ON r.id IN (
                SELECT q.id FROM gateway_recipient q WHERE {IS_FRESH} AND q.account_id = t.account_id
                ORDER BY q.priority, q.id LIMIT (
                    SELECT (:fresh - 1) / max(count(*), 1) + 1 FROM (SELECT account_id FROM tenants LIMIT {_ACCOUNTS})
                )
            ) LIMIT :fresh
        ), due AS MATERIALIZED (
            SELECT id FROM gateway_recipient WHERE {IS_LATER} AND next_attempt_at <= :now
            ORDER BY next_attempt_at, id LIMIT (SELECT :limit - count(*) FROM fresh)
        )
        UPDATE gateway_recipient SET {_SENDING.format(notes=":notes", now=":now")},
            lease_id = 1 + coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'gateway_lease'), 0)
        WHERE id IN (SELECT id FROM fresh UNION ALL SELECT id FROM due) RETURNING {_CLAIMED}
    """,
)


def claim(
    cursor: bulk.Cursor, limit: int, fresh: int, *, after_account: int, lease: int, notes_dots: bool = False
) -> tuple[list[Copy], set[int]]:
    """Lease up to `limit` recipients, at most `fresh` of them no retries; return them, and the accounts of those.

    With `notes_dots`, note that their final dots go out, too.
    """
    noted_until = clock.monotonic() + lease / NOTE_SHARE if notes_dots else 0.0
    found = _CLAIM.fetch(cursor, limit=limit, fresh=fresh, after=after_account, lease=lease, notes=notes_dots)
    if isinstance(cursor, PipelinedCursor):
        rows = [Claimed(*row[:_SIZE]) for row in found]
        letters = make_letters(cursor, [row[_SIZE:] for row in found if row[_SIZE] is not None])
    else:
        rows = [Claimed(*row) for row in found]
        _lease(cursor, rows, lease)
        letters = load_letters(cursor, {row.message_id for row in rows})
    suppressed = _find_suppressed(cursor, rows)
    copies = [
        _copy(row, letters[row.message_id], is_suppressed=row.recipient_id in suppressed, noted_until=noted_until)
        for row in rows
    ]
    return copies, {row.account_id for row in rows if row.put_off_until is None}


def _lease(cursor: bulk.Cursor, rows: Sequence[Claimed], lease: int) -> None:
    """Write the lease of what was claimed on SQLite, in the transaction of the claim."""
    if rows:
        keys = json.dumps([row.recipient_id for row in rows])
        values = {"id": rows[0].lease_id, "until": bulk.to_sqlite(in_seconds(lease)), "keys": keys}
        cursor.execute("INSERT INTO gateway_lease (id, until, recipients) VALUES (:id, :until, :keys)", values)


def _find_suppressed(cursor: bulk.Cursor, rows: Sequence[Claimed]) -> set[int]:
    """Return which recipients are not mailed any more: people unsubscribe and addresses bounce while mail waits."""
    unknown = {row.recipient_id: (row.account_id, row.email.lower()) for row in rows if row.is_suppressed is None}
    listed = suppressions.find(cursor, set(unknown.values()))
    return {row.recipient_id for row in rows if row.is_suppressed} | {key for key, pair in unknown.items() if pair in listed}


def _copy(row: Claimed, letter: Letter, *, is_suppressed: bool, noted_until: float) -> Copy:
    return Copy(
        recipient_id=row.recipient_id,
        letter=letter,
        position=row.position,
        kind=Kind(row.kind),
        email=row.email,
        name=row.name,
        domain=row.domain,
        variables=read_json(row.variables) or {},
        attempt=row.attempts,
        sequence=row.sequence,
        is_suppressed=is_suppressed,
        noted_until=noted_until,
        lease_id=row.lease_id,
    )

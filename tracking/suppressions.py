"""Addresses that are not mailed: by an account, or by the platform as a whole."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from gateway.base import bulk, clock
from gateway.base.statement import Statement
from tracking.models import Suppression

Pair = tuple[int, str]  # account, address in lower case

_LONGEST_SOURCE = 250  # characters

_FIND = Statement(
    postgresql="""
        SELECT s.account_id, s.email FROM unnest(%(c0)b::bigint[], %(c1)b::text[]) AS asked(account_id, email)
        JOIN tracking_suppression s ON s.account_id = asked.account_id AND s.email = asked.email
        UNION ALL SELECT NULL, email FROM tracking_suppression WHERE account_id IS NULL AND email = ANY(%(c1)b::text[])
    """,
    sqlite="""
        SELECT s.account_id, s.email FROM json_each(:rows) AS asked
        JOIN tracking_suppression s ON s.account_id = asked.value ->> 0 AND s.email = asked.value ->> 1
        UNION ALL SELECT NULL, email FROM tracking_suppression
        WHERE account_id IS NULL AND email IN (SELECT value ->> 1 FROM json_each(:rows))
    """,
)
# Whether an address is suppressed, for statements of PostgreSQL; NULL where it has letters whose lower case we know better.
IS_FOUND = """
    CASE WHEN {email} ~ '^[ -~]*$' THEN EXISTS (
        SELECT FROM tracking_suppression WHERE account_id = {account_id} AND email = lower({email} COLLATE "C")
    ) OR EXISTS (
        SELECT FROM tracking_suppression WHERE account_id IS NULL AND email = lower({email} COLLATE "C")
    ) END
"""
_ADD = Statement(
    postgresql="""
        INSERT INTO tracking_suppression (account_id, email, cause, source, created_at)
        SELECT * FROM unnest(%(c0)b::bigint[], %(c1)b::text[], %(c2)b::text[], %(c3)b::text[], %(c4)b::timestamptz[])
        ON CONFLICT DO NOTHING
    """,
    sqlite="""
        INSERT OR IGNORE INTO tracking_suppression (account_id, email, cause, source, created_at)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(:rows)
    """,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An address that is not to be mailed again; `source` says in words what brought it here."""

    account_id: int
    email: str
    cause: Suppression.Cause
    source: str = ""


def find(cursor: bulk.Cursor, pairs: Collection[Pair]) -> set[Pair]:
    """Return those pairs of account and address (lower case) that are suppressed."""
    if not pairs:
        return set()
    rows = set(_FIND.fetch(cursor, rows=sorted(pairs)))
    return {pair for pair in pairs if pair in rows or (None, pair[1]) in rows} if rows else set()


def add(cursor: bulk.Cursor, entries: Iterable[Entry]) -> None:
    """Put addresses on their accounts' lists, in the transaction of the fact; one that stands there stays as it is."""
    now = clock.now()
    rows = {
        (one.account_id, one.email.lower()): (one.cause.value, one.source[:_LONGEST_SOURCE], now) for one in entries
    }  # in one order, so that two transactions never wait for each other
    if rows:
        _ADD.run(cursor, rows=[(*pair, *rest) for pair, rest in sorted(rows.items())])

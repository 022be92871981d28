"""Addresses that are not mailed: by an account, or by the platform as a whole."""

from __future__ import annotations

from collections.abc import Collection

from gateway.base import bulk
from gateway.base.statement import Statement

Pair = tuple[int, str]  # account, address in lower case

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


def find(cursor: bulk.Cursor, pairs: Collection[Pair]) -> set[Pair]:
    """Return those pairs of account and address (lower case) that are suppressed."""
    if not pairs:
        return set()
    rows = set(_FIND.fetch(cursor, rows=sorted(pairs)))
    return {pair for pair in pairs if pair in rows or (None, pair[1]) in rows} if rows else set()

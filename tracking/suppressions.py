"""Addresses that are not mailed: by an account, or by the platform as a whole."""

from __future__ import annotations

import json
from collections.abc import Collection

from gateway.base import bulk

Pair = tuple[int, str]  # account, address in lower case


def find(cursor: bulk.Cursor, pairs: Collection[Pair]) -> set[Pair]:
    """Return those pairs of account and address (lower case) that are suppressed."""
    emails = sorted({email for _, email in pairs})
    if not emails:
        return set()
    if bulk.is_postgresql():
        cursor.execute("SELECT account_id, email FROM tracking_suppression WHERE email = ANY(%b)", [emails])
    else:
        cursor.execute(
            "SELECT account_id, email FROM tracking_suppression WHERE email IN (SELECT value FROM json_each(?))",
            [json.dumps(emails)],
        )
    rows = set(cursor.fetchall())
    return {pair for pair in pairs if pair in rows or (None, pair[1]) in rows} if rows else set()

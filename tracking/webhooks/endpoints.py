"""Which webhooks have something waiting, and how they stand: found by one index look-up each, page by page.

However many of them are paused, those behind them are found.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from itertools import islice
from typing import Final, NamedTuple

from gateway.base import bulk
from gateway.base.statement import Statement

PAGE: Final = 500  # webhooks that one statement looks at


class Standing(StrEnum):
    """What may be done with what is waiting for a webhook."""

    DUE = "due"
    LATER = "later"  # not due yet, or the breaker or the account's suspension holds it back
    CLOSED = "closed"  # never: the webhook or its account is disabled or gone


class Endpoint(NamedTuple):
    """A webhook that may be called now and has something due."""

    webhook_id: int
    account_id: int
    format: str
    failures: int


_WAITING = """
    WITH RECURSIVE waiting(webhook_id, number) AS (
        SELECT (SELECT d.webhook_id FROM tracking_webhookdelivery d
                WHERE d.state = 'waiting' AND d.webhook_id > {after} ORDER BY d.webhook_id LIMIT 1), 1
        UNION ALL
        SELECT (SELECT d.webhook_id FROM tracking_webhookdelivery d
                WHERE d.state = 'waiting' AND d.webhook_id > w.webhook_id ORDER BY d.webhook_id LIMIT 1), number + 1
        FROM waiting w WHERE w.webhook_id IS NOT NULL AND number < {page}
    )
    SELECT q.webhook_id, w.account_id, w.format, w.failures, CASE
        WHEN w.id IS NULL OR NOT w.is_active OR a.status IN ('deleted', 'purged') THEN 'closed'
        WHEN a.status <> 'enabled' OR w.paused_until > {now} THEN 'later'
        WHEN (SELECT d.next_attempt_at FROM tracking_webhookdelivery d WHERE d.webhook_id = w.id AND d.state = 'waiting'
              ORDER BY d.next_attempt_at LIMIT 1) <= {now} THEN 'due'
        ELSE 'later' END
    FROM waiting q LEFT JOIN tracking_webhook w ON w.id = q.webhook_id LEFT JOIN accounts_account a ON a.id = w.account_id
    WHERE q.webhook_id IS NOT NULL ORDER BY q.webhook_id
"""
_PAGE = Statement(
    postgresql=_WAITING.format(after="%(after)b::bigint", page="%(page)b::int", now="now()"),
    sqlite=_WAITING.format(after=":after", page=":page", now=":now"),
)


def find_due(cursor: bulk.Cursor, *, limit: int, after: int = 0) -> list[Endpoint]:
    """Return up to `limit` webhooks with something due: those after `after` first, then those up to it."""
    found = list(islice(_due(cursor, after), limit))
    if after and len(found) < limit:
        first = (one for one in _due(cursor, 0) if one.webhook_id <= after)
        found += islice(first, limit - len(found))
    return found


def find_closed(cursor: bulk.Cursor) -> list[int]:
    """Return webhooks with something waiting that are never called (again)."""
    return [one.webhook_id for one, standing in _walk(cursor, 0) if standing is Standing.CLOSED]


def _due(cursor: bulk.Cursor, after: int) -> Iterator[Endpoint]:
    return (one for one, standing in _walk(cursor, after) if standing is Standing.DUE)


def _walk(cursor: bulk.Cursor, after: int) -> Iterator[tuple[Endpoint, Standing]]:
    while True:
        rows = _PAGE.fetch(cursor, after=after, page=PAGE)
        yield from ((Endpoint._make(row[:4]), Standing(row[4])) for row in rows)
        if len(rows) < PAGE:
            return
        after = rows[-1][0]

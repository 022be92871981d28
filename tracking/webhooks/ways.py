"""The way of a copy beyond what its events keep: which list task made it, and from which address it was delivered.

Events outlive the mail that they tell of, and so may what is said here be gone. The mail's tables belong to the engine, which
stands above: they are read by name, and by one statement.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from gateway.base import bulk
from gateway.base.statement import Statement, read_time
from tracking.formats.base import Telling
from tracking.webhooks.sql import Key

# The lists of one message are taken in one after the other: the members added so far tell which of them a position is of.
_WAY_COLUMNS = """
    SELECT e.at, e.id, (
        SELECT t.id FROM gateway_listtask t WHERE t.message_id = e.message_id AND e.position < (
            SELECT sum(u.added) FROM gateway_listtask u WHERE u.message_id = e.message_id AND u.position <= t.position
        ) ORDER BY t.position LIMIT 1
    ), CASE WHEN e.type = 'delivered' THEN (
        SELECT a.source FROM gateway_attempt a WHERE a.recipient_id = e.recipient_id AND a.result = 'delivered'
        ORDER BY a.number DESC LIMIT 1
    ) END
"""
_WAYS = Statement(
    postgresql=f"""
        {_WAY_COLUMNS} FROM unnest(%(c0)b::timestamptz[], %(c1)b::bigint[]) AS k(at, id)
        JOIN tracking_event e ON e.at = k.at AND e.id = k.id
    """,
    sqlite=f"""
        {_WAY_COLUMNS} FROM json_each(:rows) AS k
        JOIN tracking_event e ON e.at = k.value ->> 0 AND e.id = k.value ->> 1
    """,
)


def add_ways(cursor: bulk.Cursor, events: dict[Key, Telling], keys: Collection[Key]) -> None:
    """Say of some of the events which list task their copy is of, and from where it was delivered, as far as that is kept."""
    wanted = sorted(key for key in keys if key in events)
    for at, number, task_id, source in _WAYS.fetch(cursor, rows=wanted) if wanted else ():
        moment = read_time(at)
        if moment is not None:
            events[moment, number] = replace(events[moment, number], list_task_id=task_id or 0, source=source or "")

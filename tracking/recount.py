"""The hourly roll-ups counted anew from the events, compared with what stands there, and mended.

All of it beside running writers: one statement sees the events and the roll-ups of the same moment, and a difference stays the
same whatever is told meanwhile, as each commit adds to both. So what was found is added, never set.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from gateway.base import bulk
from gateway.base.statement import Statement, read_time
from tracking.statistics import COLUMNS, COUNTERS, KEYS, LONGEST, MOST_TAGS, TYPES, Key, add_counts, hour_of

Differences = dict[Key, tuple[int, ...]]  # what is missing in a row, by its key; below 0: what is too much

STEP: Final = timedelta(hours=6)  # that one statement counts
PAUSE: Final = 0.02  # seconds after a commit on SQLite: the other writers look for their turn now and then only
_ONE_AT_A_TIME = 0x6761_7465_7374  # of PostgreSQL's advisory locks: two that mend would both add the same

_HOURS_POSTGRESQL = "at >= %(since)b::timestamptz AND at < %(until)b::timestamptz"
_ACCOUNT_POSTGRESQL = "(%(account)b::bigint IS NULL OR account_id = %(account)b::bigint)"
_HOURS_SQLITE = "at >= :since AND at < :until"
_ACCOUNT_SQLITE = "(:account IS NULL OR account_id = :account)"
_OF_EVENT = f"account_id, coalesce(domain_id, 0) AS domain_id, coalesce(smtp_user_id, 0) AS smtp_user_id, \
substr(campaign, 1, {LONGEST}) AS campaign, type, category, is_first"
_COUNTED = ", ".join(f"count(*) FILTER (WHERE {counter.condition}) AS {name}" for name, counter in COUNTERS.items())
_STORED = ", ".join(f"-{name}" for name in COUNTERS)
_SUMMED = ", ".join(f"CAST(sum({name}) AS bigint)" for name in COUNTERS)
_DIFFERS = " OR ".join(f"sum({name}) <> 0" for name in COUNTERS)


def _compare(counted_rows: str, hours: str, account: str) -> str:
    keys = ", ".join(KEYS)
    return f"""
        WITH told AS ({counted_rows})
        SELECT {keys}, {_SUMMED} FROM (
            SELECT {keys}, {_COUNTED} FROM told GROUP BY {keys}
            UNION ALL SELECT {keys}, {_STORED} FROM tracking_hourlystatistic WHERE {hours} AND {account}
        ) AS both_sides GROUP BY {keys} HAVING {_DIFFERS} ORDER BY {keys}
    """


_COMPARE = Statement(
    postgresql=_compare(
        f"""
            SELECT date_trunc('hour', at, 'UTC') AS hour, '' AS tag, {_OF_EVENT} FROM tracking_event
            WHERE {_HOURS_POSTGRESQL} AND {_ACCOUNT_POSTGRESQL}
            UNION ALL
            SELECT date_trunc('hour', at, 'UTC') AS hour, tagged.tag, {_OF_EVENT} FROM tracking_event CROSS JOIN LATERAL (
                SELECT DISTINCT substr(value, 1, {LONGEST}) AS tag
                FROM jsonb_array_elements_text(tags) WITH ORDINALITY AS listed(value, place)
                WHERE place <= {MOST_TAGS} AND value <> ''
            ) AS tagged
            WHERE {_HOURS_POSTGRESQL} AND {_ACCOUNT_POSTGRESQL}
        """,
        _HOURS_POSTGRESQL.replace("at ", "hour "),
        _ACCOUNT_POSTGRESQL,
    ),
    sqlite=_compare(
        f"""
            SELECT substr(at, 1, 13) || ':00:00' AS hour, '' AS tag, {_OF_EVENT} FROM tracking_event
            WHERE {_HOURS_SQLITE} AND {_ACCOUNT_SQLITE}
            UNION ALL
            SELECT hour, tag, account_id, domain_id, smtp_user_id, campaign, type, category, is_first FROM (
                SELECT DISTINCT at, tracking_event.id, substr(at, 1, 13) || ':00:00' AS hour,
                    substr(listed.value, 1, {LONGEST}) AS tag, {_OF_EVENT.replace("type,", "tracking_event.type,")}
                FROM tracking_event, json_each(tags) AS listed
                WHERE {_HOURS_SQLITE} AND {_ACCOUNT_SQLITE} AND listed.key < {MOST_TAGS} AND listed.value <> ''
            )
        """,
        _HOURS_SQLITE.replace("at ", "hour "),
        _ACCOUNT_SQLITE,
    ),
)
_EDGES = Statement(
    postgresql=f"""
        SELECT (SELECT min(at) FROM tracking_event),
            greatest((SELECT max(at) FROM tracking_event WHERE {_ACCOUNT_POSTGRESQL}),
                     (SELECT max(hour) FROM tracking_hourlystatistic WHERE {_ACCOUNT_POSTGRESQL}))
    """,
    sqlite=f"""
        SELECT (SELECT min(at) FROM tracking_event),
            (SELECT max(latest) FROM (SELECT max(at) AS latest FROM tracking_event WHERE {_ACCOUNT_SQLITE}
                UNION ALL SELECT max(hour) FROM tracking_hourlystatistic WHERE {_ACCOUNT_SQLITE}))
    """,
)
# Rows that hold too much are there already, and a negative number must not pass an INSERT's CHECK. Locked first, in the order
# of the keys (by code points, as Python sorts), which an UPDATE of many rows does not promise.
_ARRAYS = ", ".join(f"%(c{place})b::{kind}[]" for place, kind in enumerate(TYPES))
_IS_ROW = " AND ".join(f"s.{key} = d.{key}" for key in KEYS)
_LOCK = f"""
    SELECT 1 FROM tracking_hourlystatistic s JOIN unnest({_ARRAYS}) AS d({", ".join(COLUMNS)}) ON {_IS_ROW}
    ORDER BY s.account_id, s.hour, s.domain_id, s.smtp_user_id, s.campaign COLLATE "C", s.tag COLLATE "C" FOR UPDATE OF s
"""
_CHANGES = ", ".join(f"{name} = s.{name} + d.{name}" for name in COUNTERS)
_CORRECT = Statement(
    postgresql=f"""
        UPDATE tracking_hourlystatistic s SET {_CHANGES} FROM unnest({_ARRAYS}) AS d({", ".join(COLUMNS)}) WHERE {_IS_ROW}
    """,
    sqlite=f"""
        UPDATE tracking_hourlystatistic AS s SET {_CHANGES} FROM (
            SELECT {", ".join(f"value ->> {place} AS {name}" for place, name in enumerate(COLUMNS))} FROM json_each(:rows)
        ) AS d
        WHERE {_IS_ROW}
    """,
)
_LOCK_ROWS = Statement(postgresql=_LOCK, sqlite="SELECT 1")
_LOCK_OTHERS_OUT = Statement(
    postgresql=f"SELECT pg_advisory_xact_lock({_ONE_AT_A_TIME})",
    sqlite="SELECT 1",  # a transaction is the only writer there
)


def find_edges(account_id: int | None = None) -> tuple[datetime, datetime] | None:
    """Return the hours that can be counted, from and before which; None when there are none.

    They begin with the oldest event that is kept of any account: roll-ups outlive events, and what is not there any more
    cannot be counted. Whatever forgets events must therefore forget whole hours.
    """
    with bulk.raw_cursor() as cursor:
        first, last = map(read_time, _EDGES.fetch(cursor, account=account_id)[0])
    return (hour_of(first), hour_of(last) + timedelta(hours=1)) if first and last else None


def steps(since: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Cut a span into pieces that one statement counts."""
    while since < until:
        yield since, min(since + STEP, until)
        since += STEP


def find_differences(since: datetime, until: datetime, account_id: int | None = None) -> Differences:
    """Compare the roll-ups of some whole hours, of one account or all, with what their events add up to."""
    with bulk.raw_cursor() as cursor:
        return _find(cursor, since, until, account_id)


def mend(since: datetime, until: datetime, account_id: int | None = None) -> None:
    """Add what is missing to the roll-ups of some whole hours, and take away what is too much."""
    for is_meant, write in ((_is_missing, add_counts), (_is_too_much, _correct)):
        with transaction.atomic(), bulk.raw_cursor() as cursor:
            _LOCK_OTHERS_OUT.fetch(cursor)
            found = _find(cursor, since, until, account_id)
            write(cursor, {key: numbers for key, numbers in found.items() if is_meant(numbers)})
        if not bulk.is_postgresql():
            time.sleep(PAUSE)


def _find(cursor: bulk.Cursor, since: datetime, until: datetime, account_id: int | None) -> Differences:
    rows = _COMPARE.fetch(cursor, since=since, until=until, account=account_id)
    size = len(KEYS)
    return {_key(row[:size]): tuple(row[size:]) for row in rows}


def _key(row: tuple[Any, ...]) -> Key:
    account_id, hour, domain_id, smtp_user_id, campaign, tag = row
    return account_id, read_time(hour), domain_id, smtp_user_id, campaign, tag  # type: ignore[return-value]  # never NULL


def _is_missing(numbers: tuple[int, ...]) -> bool:
    return min(numbers) >= 0


def _is_too_much(numbers: tuple[int, ...]) -> bool:
    return min(numbers) < 0


def _correct(cursor: bulk.Cursor, differences: Mapping[Key, tuple[int, ...]]) -> None:
    rows = [(*key, *differences[key]) for key in sorted(differences)]
    if rows:
        _LOCK_ROWS.fetch(cursor, rows=rows)
        _CORRECT.run(cursor, rows=rows)

"""Where PostgreSQL can be made to stand still in the middle of an accept, so that it can be killed just there.

The commit that is on disk and not answered: it waits for a standby server that does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Final

import psycopg

from tests.support.installation import wait_for

# What a door's session waits for, of those that write messages.
_HALTED: Final = """
    SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE relation = 'gateway_message'::regclass AND mode = 'RowExclusiveLock' AND wait_event = %s
"""
_COMMITS_WAIT: Final = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
_WRITE: Final = "SELECT pg_logical_emit_message(true, 'tests', '')"

IsHalted = Callable[[], bool]


@contextmanager
def before_the_rows(url: str) -> Iterator[IsHalted]:
    """Halt whoever writes a message, until the database is killed; what is yielded tells whether somebody does."""
    holder = psycopg.connect(url)
    holder.execute("LOCK TABLE gateway_message IN SHARE MODE")
    yield lambda: _count(url, _HALTED, "relation") > 0
    holder.close()


@contextmanager
def before_the_answer(url: str) -> Iterator[IsHalted]:
    """Halt every commit that is on disk, until the database is killed, and not when it is there again; as `before_the_rows`."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        connection.execute("SELECT pg_reload_conf()")
    writing = Thread(target=_write_until_killed, args=(url,), name="probe", daemon=True)
    writing.start()
    wait_for(lambda: _count(url, _COMMITS_WAIT) > 0, lambda: "commits do not wait")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
    yield lambda: _count(url, _HALTED, "SyncRep") > 0
    writing.join(60)


def _write_until_killed(url: str) -> None:
    with suppress(psycopg.OperationalError), psycopg.connect(url, autocommit=True) as connection:
        while True:
            connection.execute(_WRITE)


def _count(url: str, statement: str, *values: str) -> int:
    with psycopg.connect(url, connect_timeout=5) as connection:
        row = connection.execute(statement, values).fetchone()  # type: ignore[call-overload]  # constants of ours
    return int(row[0])

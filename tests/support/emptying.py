"""Empties the database after a test that committed, some thirty times as fast as Django does.

Content types and permissions stay, so that they need not be made anew. Of PostgreSQL, rows are deleted, as TRUNCATE makes every
file anew; all tables are locked first, as by TRUNCATE: a thread that is still at work is waited for, and its rows go as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partialmethod
from typing import Any, Final

from django.core.management.commands import flush
from django.db import connection

KEPT: Final = {"django_content_type", "auth_permission"}
LARGE: Final = 8 << 20  # octets of a table that is rather made anew: its dead rows would be in every later test's way

# Whatever refers to a row goes as well, so nothing need look after it.
_EMPTY: Final = """
    DO $$
    DECLARE name text;
    BEGIN
        SET LOCAL session_replication_role = replica;
        LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE;
        FOREACH name IN ARRAY ARRAY[{names}] LOOP
            IF pg_table_size(name::regclass) > {large} THEN
                EXECUTE format('TRUNCATE %s CASCADE', name::regclass);
            ELSE
                EXECUTE format('DELETE FROM %s', name::regclass);
            END IF;
        END LOOP;
    END $$
"""


def use() -> None:
    """Have Django's flush empty the tables of the run's database in this way."""
    flush.emit_post_migrate_signal = _say_nothing
    operations: Any = type(connection.ops)
    if connection.vendor == "postgresql":
        operations.sql_flush = _delete
    else:
        operations.sql_flush = partialmethod(_leave_kept, usual=operations.sql_flush)


def _say_nothing(*_args: Any, **_options: Any) -> None:
    """Take the place of the signal by which content types and permissions are made: they are there."""


def _delete(operations: Any, style: Any, tables: Sequence[str], **_wishes: bool) -> list[str]:
    """Return what empties `tables`, in any order; sequences go on, as no test asks for another thing."""
    quoted = [operations.quote_name(table) for table in tables if table not in KEPT]
    if not quoted:
        return []
    return [_EMPTY.format(tables=", ".join(quoted), names=", ".join(f"'{name}'" for name in quoted), large=LARGE)]


def _leave_kept(operations: Any, style: Any, tables: Sequence[str], *, usual: Any, **wishes: bool) -> list[str]:
    found: list[str] = usual(operations, style, [table for table in tables if table not in KEPT], **wishes)
    return found

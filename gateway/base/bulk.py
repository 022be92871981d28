"""Rows into tables many at a time, past the ORM: the hot path of accept, settle and events.

On PostgreSQL rows go in by one prepared INSERT, a few as VALUES, more with their columns as arrays, and by binary COPY from
about fifty on; on SQLite by `executemany`. All of it runs in the transaction that Django's connection is in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from threading import Lock
from typing import Any, Protocol
from uuid import UUID

from django.db import DatabaseError, connection, models
from django.db import transaction as django_transaction

from gateway.base.pipeline import PipelinedCursor

ARRAYS_FROM = 13  # rows; up to eight take a third less as VALUES, sixteen as much
COPY_FROM = 50  # rows; below that COPY's two extra round trips cost more than they save
BLOCK = 1000  # ids that one nextval() hands out; the migrations give the sequences this step


@dataclass(frozen=True, slots=True)
class Table:
    """Where rows go: a table and its columns in the order of the rows, with PostgreSQL's names of their types.

    `otherwise`, such as `ON CONFLICT DO NOTHING`, says what becomes of a row that cannot be inserted.
    """

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]
    otherwise: str = ""

    @property
    def column_list(self) -> str:
        return ", ".join(f'"{column}"' for column in self.columns)


class Cursor(Protocol):
    """What psycopg's and sqlite3's cursors have in common."""

    def execute(self, query: Any, params: Any = ...) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def fetchone(self) -> Any: ...


@cache
def table_of(model: type[models.Model], *, leaves_out: tuple[str, ...] = ()) -> Table:
    """Return a model's table with its columns in the order of its fields, without generated ones and those in `leaves_out`."""
    meta = model._meta  # noqa: SLF001 - the documented name of a model's description
    fields = {str(field.column): field for field in meta.concrete_fields if not field.generated}
    kept = {column: field for column, field in fields.items() if column not in leaves_out}
    return Table(meta.db_table, tuple(kept), tuple(_postgresql_type(field) for field in kept.values()))


def is_postgresql() -> bool:
    return connection.vendor == "postgresql"


@contextmanager
def raw_cursor() -> Iterator[Cursor]:
    """Yield a cursor past Django's, on its connection; on PostgreSQL one that speaks binary. Errors are Django's."""
    connection.ensure_connection()
    driver = connection.connection
    if is_postgresql():
        with connection.wrap_database_errors:
            yield PipelinedCursor(driver)
    else:
        cursor = driver.cursor()
        try:
            with connection.wrap_database_errors:
                yield cursor
        finally:
            cursor.close()


@contextmanager
def transaction() -> Iterator[Cursor]:
    """Yield a cursor in a transaction, which is committed at the end. Errors are Django's.

    On PostgreSQL, what is written goes out with the next answer that is read, or with the COMMIT: a batch costs two or three
    round trips. An error of what was written comes up there, at the latest at the end.
    """
    if not is_postgresql() or connection.in_atomic_block:
        with django_transaction.atomic(), raw_cursor() as cursor:
            yield cursor
    else:
        with _pipelined() as cursor:
            yield cursor


@contextmanager
def _pipelined() -> Iterator[Cursor]:
    """As `transaction`: what Django's atomic() does, with the COMMIT in the last round trip instead of one of its own."""
    connection.set_autocommit(False)
    try:
        with django_transaction.atomic(savepoint=False), connection.wrap_database_errors:
            cursor = PipelinedCursor(connection.connection, is_eager=False)
            yield cursor
            cursor.commit()
        connection.commit()
    except BaseException:
        _roll_back()
        raise
    finally:
        if connection.connection is not None:
            connection.set_autocommit(True)  # and what waited for the commit is done


def _roll_back() -> None:
    try:
        connection.rollback()
    except DatabaseError:
        connection.close()  # what is left of it is rolled back by the server


def hold_plans() -> None:
    """Have Django's connection plan each statement once: for connections that ask the same few statements for days.

    Plans keep to indexes, as they may be made while there is next to nothing in a table; and what is written to is taken in the
    order of the keys that were given, not as it lies, so that no two wait for each other in a ring. PostgreSQL would plan most
    executions anew, since it takes an array of unknown length for dearer than one it has seen; and with a million recipients
    that are due it would compile every claim, which takes 20 ms.
    """
    if is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute("SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off")


def insert(cursor: Cursor, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Insert `rows`, whose values stand in the order of the table's columns, in Python's types."""
    if not rows:
        return
    if not isinstance(cursor, PipelinedCursor):
        marks = ", ".join("?" * len(table.columns))
        statement = f"{_insert(table)} VALUES ({marks}) {table.otherwise}"
        cursor.executemany(statement, [[to_sqlite(value) for value in row] for row in rows])  # type: ignore[attr-defined]
    elif len(rows) < ARRAYS_FROM:
        cursor.execute(_insert_values(table, len(rows)), [*chain.from_iterable(rows)])
    elif len(rows) < COPY_FROM or table.otherwise:
        cursor.execute(_insert_arrays(table), [*zip(*rows, strict=True)])
    else:
        _copy(cursor, table, rows)


def take_ids(cursor: Cursor, table: Table, count: int) -> list[int]:
    """Return `count` fresh primary keys of a table, from a block of ids that this process holds (hi/lo).

    On SQLite the transaction is the only writer, so that the keys after the highest are free.
    """
    if isinstance(cursor, PipelinedCursor):
        return _blocks_of(table.name).take(cursor, count)
    cursor.execute(f"SELECT coalesce(max(id), 0) FROM {table.name}")  # noqa: S608 - a name of our own
    highest: int = cursor.fetchone()[0]
    return list(range(highest + 1, highest + 1 + count))


def to_sqlite(value: Any) -> Any:
    """Return a value as Django's SQLite backend keeps it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, list | dict | tuple):
        return json.dumps(value)
    return value


class _Blocks:
    """The ids of one sequence that this process may still give out."""

    def __init__(self, table: str) -> None:
        self._sequence = f"SELECT nextval(pg_get_serial_sequence('{table}', 'id'))"
        self._lock = Lock()
        self._next = self._end = 0

    def take(self, cursor: Cursor, count: int) -> list[int]:
        ids: list[int] = []
        with self._lock:
            while len(ids) < count:
                if self._next == self._end:
                    cursor.execute(self._sequence)
                    self._next = cursor.fetchone()[0]
                    self._end = self._next + BLOCK
                taken = min(count - len(ids), self._end - self._next)
                ids.extend(range(self._next, self._next + taken))
                self._next += taken
        return ids


@cache
def _blocks_of(table: str) -> _Blocks:
    return _Blocks(table)


def _postgresql_type(field: models.Field[Any, Any]) -> str:
    kind = field.rel_db_type(connection) if field.remote_field else field.db_type(connection)
    return (kind or "").partition("(")[0]


def _insert(table: Table) -> str:
    return f"INSERT INTO {table.name} ({table.column_list})"


@cache
def _insert_values(table: Table, count: int) -> str:
    marks = ", ".join(f"%b::{kind}" for kind in table.types)
    return f"{_insert(table)} VALUES {', '.join([f'({marks})'] * count)} {table.otherwise}"


@cache
def _insert_arrays(table: Table) -> str:
    marks = ", ".join(f"%b::{kind}[]" for kind in table.types)
    return f"{_insert(table)} SELECT * FROM unnest({marks}) {table.otherwise}"  # noqa: S608 - names of our own


def _copy(cursor: PipelinedCursor, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    statement = f"COPY {table.name} ({table.column_list}) FROM STDIN (FORMAT BINARY)"
    cursor.send()
    with cursor.driver.cursor() as other, other.copy(statement) as copy:
        copy.set_types(table.types)
        write = copy.write_row
        for row in rows:
            write(row)

"""Rows into tables many at a time, past the ORM: the hot path of accept, settle and events.

On PostgreSQL rows go in by one prepared INSERT, its columns as arrays; where no pipeline is on, by binary COPY from about
fifty on. On SQLite they go in by `executemany`. All of it runs in the transaction that Django's connection is in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from threading import Lock
from typing import Any, Protocol
from uuid import UUID

import msgspec
import psycopg
from django.db import DatabaseError, connection, models
from django.db import transaction as django_transaction
from psycopg.types.json import set_json_dumps

COPY_FROM = 50  # rows; below that COPY's two extra round trips cost more than they save
MOST = 1000  # rows of one INSERT
BLOCK = 1000  # ids that one nextval() hands out; the migrations give the sequences this step


@dataclass(frozen=True, slots=True)
class Table:
    """Where rows go: a table and its columns in the order of the rows, with PostgreSQL's names of their types."""

    name: str
    columns: tuple[str, ...]
    types: tuple[str, ...]

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
    """Return a model's table with its columns in the order of its fields, without those in `leaves_out`."""
    meta = model._meta  # noqa: SLF001 - the documented name of a model's description
    fields = {str(field.column): field for field in meta.concrete_fields if field.column}
    kept = {column: field for column, field in fields.items() if column not in leaves_out}
    return Table(meta.db_table, tuple(kept), tuple(_postgresql_type(field) for field in kept.values()))


def is_postgresql() -> bool:
    return connection.vendor == "postgresql"


@contextmanager
def raw_cursor() -> Iterator[Cursor]:
    """Yield the driver's own cursor on Django's connection; on PostgreSQL it speaks binary. Errors are Django's."""
    connection.ensure_connection()
    driver = connection.connection
    if is_postgresql():
        _prepare(driver)
        with connection.wrap_database_errors, psycopg.Cursor(driver) as cursor:
            cursor.format = psycopg.pq.Format.BINARY
            yield cursor
    else:
        cursor = driver.cursor()
        try:
            with connection.wrap_database_errors:
                yield cursor
        finally:
            cursor.close()


@contextmanager
def transaction(rows: int = 0) -> Iterator[Cursor]:
    """Yield the driver's own cursor in a transaction, which is committed at the end. Errors are Django's.

    On PostgreSQL statements go out as a pipeline, unless so many `rows` will go into a table that COPY is faster: what is
    written goes with the next answer that is read, or with the COMMIT, so that a batch costs two or three round trips. An
    error of what was written comes up there, at the latest at the end.
    """
    if not is_postgresql() or rows >= COPY_FROM or connection.in_atomic_block:
        with django_transaction.atomic(), raw_cursor() as cursor:
            yield cursor
    else:
        with _pipelined() as cursor:
            yield cursor


@contextmanager
def _pipelined() -> Iterator[Cursor]:
    """As `transaction`: what Django's atomic() does, but outside of the pipeline where it would wait for an answer."""
    connection.set_autocommit(False)
    try:
        with connection.wrap_database_errors, connection.connection.pipeline():
            with django_transaction.atomic(savepoint=False), raw_cursor() as cursor:
                yield cursor
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
    """Let Django's connection keep to indexes: PostgreSQL keeps a plan that it made while there was next to nothing in a table.

    For connections that ask the same few statements for days.
    """
    if is_postgresql():
        with connection.cursor() as cursor:
            cursor.execute("SET enable_seqscan = off")


def insert(cursor: Cursor, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Insert `rows`, whose values stand in the order of the table's columns, in Python's types."""
    if not rows:
        return
    if not isinstance(cursor, psycopg.Cursor):
        marks = ", ".join("?" * len(table.columns))
        statement = f"INSERT INTO {table.name} ({table.column_list}) VALUES ({marks})"  # noqa: S608 - names of our own
        cursor.executemany(statement, [[to_sqlite(value) for value in row] for row in rows])  # type: ignore[attr-defined]
    elif len(rows) < COPY_FROM or _is_pipelined(cursor):  # there is no COPY in a pipeline
        for begin in range(0, len(rows), MOST):
            _insert(cursor, table, rows[begin : begin + MOST])
    else:
        _copy(cursor, table, rows)


def take_ids(cursor: Cursor, table: Table, count: int) -> list[int]:
    """Return `count` fresh primary keys of a table, from a block of ids that this process holds (hi/lo).

    On SQLite the transaction is the only writer, so that the keys after the highest are free.
    """
    if isinstance(cursor, psycopg.Cursor):
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


def _is_pipelined(cursor: psycopg.Cursor[Any]) -> bool:
    return cursor.connection.pgconn.pipeline_status != psycopg.pq.PipelineStatus.OFF


def _insert(cursor: psycopg.Cursor[Any], table: Table, rows: Sequence[Sequence[Any]]) -> None:
    if len(rows) == 1:
        cursor.execute(_insert_one(table), [_wrap(kind, (value,))[0] for kind, value in zip(table.types, rows[0], strict=True)])
    else:
        columns = zip(*rows, strict=True)
        cursor.execute(_insert_many(table), [_wrap(kind, column) for kind, column in zip(table.types, columns, strict=True)])


@cache
def _insert_one(table: Table) -> str:
    marks = ", ".join(f"%b::{kind}" for kind in table.types)
    return f"INSERT INTO {table.name} ({table.column_list}) VALUES ({marks})"  # noqa: S608 - names of our own


@cache
def _insert_many(table: Table) -> str:
    marks = ", ".join(f"%b::{kind}[]" for kind in table.types)
    return f"INSERT INTO {table.name} ({table.column_list}) SELECT * FROM unnest({marks})"  # noqa: S608 - names of our own


def _wrap(kind: str, column: Iterable[Any]) -> list[Any]:
    if kind == "jsonb":
        return [psycopg.types.json.Jsonb(value) if value is not None else None for value in column]
    return list(column)


def _copy(cursor: psycopg.Cursor[Any], table: Table, rows: Sequence[Sequence[Any]]) -> None:
    statement = f"COPY {table.name} ({table.column_list}) FROM STDIN (FORMAT BINARY)"
    with cursor.copy(statement) as copy:
        copy.set_types(table.types)
        write = copy.write_row
        for row in rows:
            write(row)


_PREPARED = "_gatepost_prepared"


def _prepare(driver: psycopg.Connection[Any]) -> None:
    """Set a new connection up for the hot path, once."""
    if getattr(driver, _PREPARED, False):
        return
    set_json_dumps(msgspec.json.encode, driver)
    driver.prepare_threshold = 1
    setattr(driver, _PREPARED, True)

"""Statements that wait go out together, in order, in one transaction or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from unittest.mock import Mock

import psycopg
import pytest
from psycopg.pq import PipelineStatus, TransactionStatus

from gateway.base import pipeline
from gateway.base.pipeline import PipelinedCursor, read_query

Connect = Callable[[], psycopg.Connection]
INSERT = "INSERT INTO numbers VALUES (%(number)b::int)"


@pytest.fixture
def connect(postgres_url: str) -> Iterator[Connect]:
    made: list[psycopg.Connection] = []

    def make() -> psycopg.Connection:
        made.append(psycopg.connect(postgres_url))
        return made[-1]

    table = make()
    table.execute("DROP TABLE IF EXISTS numbers")
    table.execute("CREATE TABLE numbers (number int PRIMARY KEY)")
    table.commit()
    yield make
    for driver in made:
        driver.close()


def numbers(connect: Connect) -> list[int]:
    with connect() as other:
        return [row[0] for row in other.execute("SELECT number FROM numbers ORDER BY number")]


def insert(cursor: PipelinedCursor, *given: int) -> None:
    for number in given:
        cursor.execute(INSERT, {"number": number, "other": "not asked for"})


def test_what_waits_is_committed_in_one_trip(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    driver = connect()
    trips = Mock(side_effect=driver.wait)
    monkeypatch.setattr(driver, "wait", trips)
    cursor = PipelinedCursor(driver, is_eager=False)
    insert(cursor, 1, 2, 3)
    assert (trips.call_count, numbers(connect)) == (0, [])
    cursor.commit()
    assert (trips.call_count, numbers(connect)) == (1, [1, 2, 3])
    assert driver.pgconn.transaction_status == TransactionStatus.IDLE


def test_an_answer_sends_what_was_asked_before_it(connect: Connect) -> None:
    driver = connect()
    cursor = PipelinedCursor(driver, is_eager=False)
    insert(cursor, 1, 2)
    cursor.execute("SELECT count(*), %b::text FROM numbers WHERE number <> %b::int", ["100%%", 7])
    assert (cursor.fetchone(), numbers(connect)) == ((2, "100%%"), [])
    driver.rollback()
    assert numbers(connect) == []


def test_an_eager_one_asks_at_once(connect: Connect) -> None:
    driver = connect()
    driver.autocommit = True
    insert(PipelinedCursor(driver), 5)
    assert numbers(connect) == [5]


def test_an_error_comes_up_where_it_is_sent_and_undoes_it_all(connect: Connect) -> None:
    driver = connect()
    cursor = PipelinedCursor(driver, is_eager=False)
    insert(cursor, 1, 1, 2)
    with pytest.raises(psycopg.errors.UniqueViolation, match="numbers_pkey"):
        cursor.commit()
    assert driver.pgconn.pipeline_status == PipelineStatus.OFF
    driver.rollback()
    insert(cursor, 3)
    cursor.commit()
    assert numbers(connect) == [3]


def test_a_statement_that_was_not_prepared_for_an_error_is_prepared_later(connect: Connect) -> None:
    driver = connect()
    cursor = PipelinedCursor(driver, is_eager=False)
    cursor.execute("SELECT nothing FROM nowhere")
    insert(cursor, 1)
    with pytest.raises(psycopg.errors.UndefinedTable):
        cursor.commit()
    driver.rollback()
    insert(cursor, 1)
    cursor.commit()
    assert numbers(connect) == [1]


def test_psycopgs_own_statements_mix_with_ours(connect: Connect) -> None:
    driver = connect()
    cursor = PipelinedCursor(driver, is_eager=False)
    driver.execute("INSERT INTO numbers VALUES (1)")
    insert(cursor, 2)
    cursor.send()
    driver.execute("INSERT INTO numbers VALUES (3)")
    cursor.commit()
    assert numbers(connect) == [1, 2, 3]


def test_a_connection_that_broke_is_closed(connect: Connect) -> None:
    driver = connect()
    cursor = PipelinedCursor(driver, is_eager=False)
    insert(cursor, 1)
    cursor.send()
    with connect() as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [driver.info.backend_pid])
    insert(cursor, 2)
    with pytest.raises(psycopg.OperationalError):
        cursor.commit()
    assert driver.closed
    assert numbers(connect) == []


def test_what_waits_is_bounded(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "MOST_OCTETS", 1000)
    driver = connect()
    cursor = PipelinedCursor(driver, is_eager=False)
    cursor.execute("SELECT length(%b::text)", ["x" * 2000])
    assert driver.pgconn.transaction_status == TransactionStatus.INTRANS
    assert cursor.fetchone() == (2000,)


def test_much_goes_both_ways_at_once(connect: Connect) -> None:
    driver = connect()
    cursor = PipelinedCursor(driver, is_eager=False)
    for _ in range(3):
        cursor.execute("SELECT repeat(%b::text, 20)", ["x" * 1_000_000])
    assert len(cursor.fetchall()[0][0]) == 20_000_000


def test_marks_become_numbers() -> None:
    query = read_query("SELECT %(a)b::bigint, %(b)b::text[], %(a)b::numeric, 7 %% 2")
    assert query.text == b"SELECT $1::bigint, $2::text[], $1::numeric, 7 % 2"
    assert (query.names, [kind.oid for kind in query.types]) == (("a", "b"), [20, 1009])


def test_a_mark_without_a_type_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"%\(a\)b needs a cast"):
        read_query("SELECT %(a)b")

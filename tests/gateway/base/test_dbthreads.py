"""Threads with database connections of their own, for event loops."""

from __future__ import annotations

import asyncio
import threading

import pytest
from django.db import connection

from gateway.base import clock, dbthreads
from gateway.base.dbthreads import DatabaseThreads

pytestmark = pytest.mark.django_db(transaction=True)


def ask() -> tuple[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return threading.current_thread().name, cursor.fetchone()[0]


def fail() -> None:
    ask()
    raise ValueError("of its own")


def is_connected() -> bool:
    return connection.connection is not None


def test_it_works() -> None:
    prepared: list[str] = []
    threads = DatabaseThreads(1, "asking", prepare=lambda: prepared.append(threading.current_thread().name))
    try:
        name, answer = asyncio.run(threads.run(ask))
        assert (name, answer) == ("asking-0_0", 1)
        assert prepared == ["asking-0_0"]
    finally:
        threads.close(10)


def test_one_thread_does_it_as_long_as_it_can() -> None:
    threads = DatabaseThreads(3, "warm")

    async def work() -> set[str]:
        for _ in range(3):
            await asyncio.gather(threads.run(ask), threads.run(ask), threads.run(ask), threads.run(ask))
        return {(await threads.run(ask))[0] for _ in range(5)}

    try:
        assert len(asyncio.run(work())) == 1
    finally:
        threads.close(10)


def test_after_an_error_a_thread_begins_with_a_fresh_connection() -> None:
    threads = DatabaseThreads(1, "failing")
    try:
        with pytest.raises(ValueError, match="of its own"):
            asyncio.run(threads.run(fail))
        assert not asyncio.run(threads.run(is_connected))
        assert asyncio.run(threads.run(ask))[1] == 1
    finally:
        threads.close(10)


def test_a_connection_is_asked_whether_it_lives_only_after_a_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    times, looks = [100.0], []
    monkeypatch.setattr(clock, "monotonic", lambda: times[-1])
    monkeypatch.setattr(dbthreads, "close_old_connections", lambda: looks.append(times[-1]))
    threads = DatabaseThreads(1, "asking")
    try:
        for time in (100.0, 100.5, 101.4, 102.5):
            times.append(time)
            asyncio.run(threads.run(ask))
    finally:
        threads.close(10)
    assert looks == [100.0, 102.5]


def test_closed_threads_are_gone() -> None:
    threads = DatabaseThreads(3, "ending")
    asyncio.run(threads.run(ask))
    threads.close(10)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ending")]

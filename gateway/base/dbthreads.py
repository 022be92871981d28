"""Threads that ask the database for an event loop, each with a connection of its own: nothing asynchronous touches the ORM."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

from django.db import close_old_connections, connection

from gateway.base import clock

T = TypeVar("T")

FRESH = 1.0  # seconds after an answer in which a connection is believed to be alive


class DatabaseThreads:
    """`count` threads. `prepare` is called on each fresh connection, before anything is asked of it."""

    def __init__(self, count: int, name: str, *, prepare: Callable[[], None] | None = None) -> None:
        self._count = count
        self._prepare = prepare
        self._threads = ThreadPoolExecutor(count, thread_name_prefix=name)

    async def run(self, act: Callable[..., T], *arguments: Any) -> T:
        """Call `act` in one of the threads, and return what it returns or raise what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, act, *arguments)

    def close(self, seconds: float) -> None:
        """Close every thread's connection, and end them; each step waits at most so many seconds."""
        all_at_it = Barrier(self._count)  # none begins a second time before all have begun
        for closing in [self._threads.submit(_disconnect, all_at_it, seconds) for _ in range(self._count)]:
            closing.result(seconds)
        self._threads.shutdown()

    def _ask(self, act: Callable[..., T], *arguments: Any) -> T:
        drop_broken_connection()
        try:
            if connection.connection is None and self._prepare is not None:
                self._prepare()
            answer = act(*arguments)
        except Exception:
            connection.close()  # whatever state it is in, the next call begins with a fresh one
            raise
        note_answer()
        return answer


def drop_broken_connection() -> None:
    """Close this thread's connection where it is not usable; one that answered a moment ago is not asked whether it is."""
    if clock.monotonic() - getattr(_answered, "at", 0.0) > FRESH:
        close_old_connections()


def note_answer() -> None:
    """Say that this thread's connection has answered just now."""
    _answered.at = clock.monotonic()


_answered = threading.local()


def _disconnect(all_at_it: Barrier, seconds: float) -> None:
    all_at_it.wait(seconds)
    connection.close()

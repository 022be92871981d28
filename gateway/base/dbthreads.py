"""Threads that ask the database for an event loop, each with a connection of its own: nothing asynchronous touches the ORM."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from django.db import close_old_connections, connection

from gateway.base import clock

T = TypeVar("T")

FRESH = 1.0  # seconds after an answer in which a connection is believed to be alive


class DatabaseThreads:
    """`count` threads. `prepare` is called on each fresh connection, before anything is asked of it.

    For one event loop. Who is free and has worked last works next: where there is little to do, one thread does it, and the
    caches of one connection are warm.
    """

    def __init__(self, count: int, name: str, *, prepare: Callable[[], None] | None = None) -> None:
        self._prepare = prepare
        self._all = [ThreadPoolExecutor(1, thread_name_prefix=f"{name}-{number}") for number in range(count)]
        self._free = list(reversed(self._all))
        self._room = asyncio.Semaphore(count)

    async def run(self, act: Callable[..., T], *arguments: Any) -> T:
        """Call `act` in one of the threads, and return what it returns or raise what it raises."""
        async with self._room:
            thread = self._free.pop()
            try:
                return await asyncio.get_running_loop().run_in_executor(thread, self._ask, act, *arguments)
            finally:
                self._free.append(thread)

    def close(self, seconds: float) -> None:
        """Close every thread's connection, and end them; each step waits at most so many seconds."""
        for closing in [thread.submit(_disconnect) for thread in self._all]:
            closing.result(seconds)
        for thread in self._all:
            thread.shutdown()

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


def _disconnect() -> None:
    connection.close()  # each thread has its own behind this name

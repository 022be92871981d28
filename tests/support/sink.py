"""A receiving mail server within the test's process, on a port of its own."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Condition, Thread

import uvloop

from gateway.listeners.journal import Stage, Transaction
from gateway.listeners.listener import Listener
from gateway.listeners.sink import make_sink, parse_rule


@dataclass(slots=True)
class Sink:
    """A running sink: where it listens, and the transactions that have ended, in the order of their ends."""

    port: int = 0
    host: str = "127.0.0.1"
    transactions: list[Transaction] = field(default_factory=list)
    _changed: Condition = field(default_factory=Condition)

    @property
    def messages(self) -> list[Transaction]:
        """The transactions whose message was taken."""
        return [each for each in self.transactions if each.stage is Stage.DOT and each.reply.startswith("2")]

    def record(self, transaction: Transaction) -> None:
        with self._changed:
            self.transactions.append(transaction)
            self._changed.notify_all()

    def wait(self, count: int = 1, *, seconds: float = 10) -> list[Transaction]:
        """Return the transactions once there are `count` of them; fail when they do not come."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.transactions) >= count, seconds):
                raise AssertionError(f"{count} transactions were awaited, but there are only {self.transactions}.")
            return list(self.transactions)


@contextmanager
def running_sink(
    rules: Sequence[str] = (), *, tls: ssl.SSLContext | None = None, without: Sequence[str] = (), size: int = 64_000_000
) -> Generator[Sink]:
    """Run a sink; `rules` are as of `manage.py sink --reply`, with `tls` it offers STARTTLS."""
    sink = Sink()
    listener = make_sink(sink.record, rules=[parse_rule(rule) for rule in rules], tls=tls, without=without, size=size)
    with running(listener) as port:
        sink.port = port
        yield sink


@contextmanager
def running(listener: Listener) -> Generator[int]:
    """Run any listener in a thread, on a port of 127.0.0.1 that is yielded."""
    loop = uvloop.new_event_loop()
    thread = Thread(target=loop.run_forever, name="listener", daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(listener.start("127.0.0.1", 0), loop).result(10)
    finally:
        asyncio.run_coroutine_threadsafe(listener.stop(grace=1), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()

"""How letters are given to clients: as fast as they are taken, or at a steady rate whatever becomes of them."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, Protocol

from tests.bench.load.journal import Journal
from tests.bench.load.letters import Letter, Writer

NEW: Final = 5  # at a steady rate, one letter of so many comes on a connection of its own
PATIENCE: Final = 30.0  # seconds for a log-in, or for what is under way when the last letter was given out


class Client(Protocol):
    """One connection, which calls `ready(client)` when it may send. `sent` counts the letters that were accepted."""

    sent: int

    def send(self, letter: Letter) -> None: ...

    def quit(self) -> None: ...


Connect = Callable[[Journal, Callable[[Client], None], Callable[[], None]], "asyncio.Future[None]"]
"""(journal, ready, gone) -> a connection that is made; `gone()` is called when it has ended."""


async def saturate(
    connect: Connect, journal: Journal, write: Writer, numbers: Sequence[int], *, sessions: int, per_connection: int
) -> None:
    """Send letters over so many `sessions` at once, each with a new connection after `per_connection` letters (0: never)."""
    left = deque(numbers)

    def ready(client: Client) -> None:
        if not left or (per_connection and client.sent >= per_connection):
            client.quit()
        else:
            client.send(write(left.popleft()))

    async def hold() -> None:
        while left:
            gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            await connect(journal, ready, partial(gone.set_result, None))
            await gone

    await asyncio.gather(*(hold() for _ in range(sessions)))


async def hold_rate(
    connect: Connect, journal: Journal, write: Writer, numbers: Sequence[int], *, rate: float, kept: int
) -> None:
    """Send `rate` letters a second, evenly spaced, over so many `kept` connections; every NEW-th over a connection of its own.

    Where no kept connection is free, a letter gets one of its own too: it never waits for another.
    """
    idle: deque[Client] = deque()
    for _ in range(kept):
        await _keep(connect, journal, idle)
    begun = time.monotonic()
    for place, number in enumerate(numbers):
        await asyncio.sleep(begun + place / rate - time.monotonic())
        if idle and place % NEW:
            idle.popleft().send(write(number))
        else:
            await connect(journal, _once(write(number)), lambda: None)
    with suppress(TimeoutError):  # who counts will miss what is missing
        await asyncio.wait_for(journal.is_full.wait(), PATIENCE)
    for client in idle:
        client.quit()


async def _keep(connect: Connect, journal: Journal, idle: deque[Client]) -> None:
    """Make a connection that is among the `idle` ones whenever it is, from the beginning."""
    is_ready = asyncio.Event()

    def ready(client: Client) -> None:
        idle.append(client)
        is_ready.set()

    await connect(journal, ready, lambda: None)
    await asyncio.wait_for(is_ready.wait(), PATIENCE)


def _once(letter: Letter) -> Callable[[Client], None]:
    def ready(client: Client) -> None:
        if client.sent:
            client.quit()
        else:
            client.send(letter)

    return ready

"""The way to one address: its connections, what waits for them, and what was learnt about the host.

A lane opens connections as jobs wait, doubling from one up to what the destination bears, and gives jobs to whichever is free.
A host that cannot be reached fails all that wait for it at once, and is left alone for a while.
"""

from __future__ import annotations

import asyncio
import errno
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Final, Protocol

from gateway.engine.connection import Connection, Deadlines
from gateway.engine.parcel import Job, Verdict
from gateway.engine.parking import Parking
from gateway.engine.routing import Host
from gateway.engine.throttle import Pace
from gateway.engine.verdicts import Peer
from gateway.smtp.client import ClientSession

NO_TLS_FOR: Final = 600.0  # seconds that a host whose handshake failed is spoken to in clear
_OUR_OWN_TROUBLE: Final = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one destination, and one process, may take."""

    per_destination: int = 20  # connections
    messages: int = 100  # over one connection
    connections: int = 400  # to all destinations


class Depot(Protocol):
    """What a lane needs of the pool that it belongs to."""

    hostname: str
    parking: Parking
    limits: Limits
    deadlines: Deadlines
    loop: asyncio.AbstractEventLoop

    def has_room_for(self, lane: Lane) -> bool: ...
    def opened(self, connecting: Coroutine[Any, Any, None]) -> None: ...
    def closed(self) -> None: ...
    def take_turns_soon(self) -> None: ...


class Lane:
    """The way to one address: its connections, what waits for them, and what was learnt about the host."""

    def __init__(self, pool: Depot, host: Host) -> None:
        self.host = host
        self.connections: set[Connection] = set()
        self._pool = pool
        self._pace = Pace(pool.limits.per_destination)
        self._waiting: deque[Job] = deque()
        self._opening: set[Connection] = set()
        self._ready: set[Connection] = set()
        self._idle: list[Connection] = []
        self._messages = pool.limits.messages
        self._no_tls_until = float("-inf")

    @property
    def is_active(self) -> bool:
        return bool(self._waiting or self.connections)

    @property
    def is_forgettable(self) -> bool:
        return not self.is_active and not self._pace.is_paused

    @property
    def wants_connection(self) -> bool:
        """Whether one more would help: the number being opened doubles with those that are open."""
        opening = len(self._opening)
        return opening < min(self._pace.cap - len(self._ready), max(1, len(self._ready)), len(self._waiting))

    # Jobs -------------------------------------------------------------------------------------------------------------

    def add(self, job: Job) -> None:
        if self._pace.is_paused and not self._ready:
            job.settle(self._failure("4.4.1", f"Not tried again so soon. {self._pace.reason}"))
            return
        self._waiting.append(job)
        self.feed()

    def feed(self) -> None:
        """Give waiting jobs to idle connections, and open more where there are not enough."""
        while self._waiting and self._idle:
            self._idle.pop().work()
        while self.wants_connection and self._pool.has_room_for(self):
            self._open()

    def next_job(self) -> Job | None:
        while self._waiting:
            job = self._waiting.popleft()
            if not job.is_given_up:
                return job
        return None

    def put_back(self, job: Job, most: int | None = None) -> None:
        """Take a job back whose connection ended before the server said a word about it.

        `most` is how many messages the server took over that connection, where it said itself that this was enough.
        """
        job.moves += 1
        self._waiting.appendleft(job)
        self._messages = min(self._messages, most or self._messages)

    def drop_waiting(self, verdict: Verdict) -> None:
        waiting, self._waiting = self._waiting, deque()
        for job in waiting:
            job.settle(verdict)

    def expire(self, now: float) -> None:
        """Settle what has waited for too long, and let connections act on their deadlines."""
        for job in [job for job in self._waiting if job.deadline <= now]:
            self._waiting.remove(job)
            job.settle(self._failure("4.4.5", "No connection to the host became free in time."))
        for connection in [connection for connection in self.connections if connection.deadline <= now]:
            connection.expire()

    def close(self) -> None:
        """Settle what waits, and part politely from the server."""
        self._messages = 0
        self.drop_waiting(self._failure("4.3.2", "Not tried: the sending process is stopping."))
        for connection in list(self._idle):
            connection.say_goodbye()
        for connection in list(self._opening):
            connection.cut("The sending process is stopping.")

    def _failure(self, enhanced: str, why: str) -> Verdict:
        return Peer(host=self.host).failed(None, why, enhanced=enhanced)

    # Connections ------------------------------------------------------------------------------------------------------

    def _open(self) -> None:
        session = ClientSession(self._pool.hostname, wants_tls=self._pool.loop.time() >= self._no_tls_until)
        connection = Connection(self, session, self._pool.deadlines, self._pool.parking)
        self.connections.add(connection)
        self._opening.add(connection)
        self._pool.opened(self._connect(connection))

    async def _connect(self, connection: Connection) -> None:
        try:
            async with asyncio.timeout(self._pool.deadlines.connect):
                await self._pool.loop.create_connection(lambda: connection, self.host.address, self.host.port)
        except TimeoutError:
            self._could_not_connect(connection, "no answer in time")
        except OSError as error:
            self._could_not_connect(connection, error.strerror or str(error), is_ours=error.errno in _OUR_OWN_TROUBLE)

    def _could_not_connect(self, connection: Connection, why: str, *, is_ours: bool = False) -> None:
        host = self.host
        if connection not in self.connections:
            return  # cut meanwhile
        verdict = self._failure("4.4.1", f"No connection to {host.name} [{host.address}]:{host.port}: {why}.")
        if is_ours:
            self.drop_waiting(verdict)
        else:
            self.failed_to_open(verdict)
        self.ended(connection)

    def became_ready(self, connection: Connection) -> None:
        self._opening.discard(connection)
        self._ready.add(connection)
        self._pace.connected()
        self._pool.loop.call_soon(self.feed)  # twice as many may be opened now

    def became_idle(self, connection: Connection) -> None:
        self._idle.append(connection)
        self._pool.take_turns_soon()

    def may_serve_more(self, connection: Connection) -> bool:
        return connection.taken < self._messages and len(self._ready) <= self._pace.cap

    def failed_to_open(self, verdict: Verdict) -> None:
        """Take that the host takes no more connections than it has now; or none at all, so that nothing need wait."""
        if self._ready:
            self._pace.limit(len(self._ready))
            return
        self._pace.pause(verdict.outcome.reply)
        self.drop_waiting(verdict)

    def failed_to_secure(self) -> None:
        """Speak in clear to this host for a while: TLS is opportunistic (RFC 7435)."""
        self._no_tls_until = self._pool.loop.time() + NO_TLS_FOR

    def complained(self) -> None:
        self._pace.slow_down(len(self._ready))

    def is_leaving(self, connection: Connection) -> None:
        self._ready.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)

    def ended(self, connection: Connection) -> None:
        if connection not in self.connections:
            return
        self.is_leaving(connection)
        self._opening.discard(connection)
        self.connections.discard(connection)
        self._pool.loop.call_soon(self.feed)
        self._pool.closed()

    def close_one_idle(self) -> bool:
        """Part from a server to make room for another; tell whether a connection was idle."""
        if self._idle:
            self._idle[0].say_goodbye()
            return True
        return False

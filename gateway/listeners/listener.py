"""A listening socket and its clients: how many there may be, how long they may take, and how it stops. No Django here."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from gateway.base.networks import Network, group_client
from gateway.listeners.connection import Connection
from gateway.listeners.gate import Gate
from gateway.smtp.events import Reply
from gateway.smtp.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long clients may take, in seconds. `rate` is how many octets earn one second more than `idle`."""

    idle: float = 300  # RFC 5321 4.5.3.2.7
    rate: float = 1000
    stranger: float = 60  # until AUTH
    message: float = 3600  # from MAIL to the end of the message, however fast it drips
    session: float = 14_400  # of all messages; the last one may be ended
    header: float = 5  # of the PROXY protocol
    handshake: float = 15
    linger: float = 30  # until our last words are read
    sweep: float = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How many connections there may be in all, and from one client: an IPv4 address, or an IPv6 network of 64 bits.

    No message is begun while `octets` or more of others are in memory.
    """

    total: int = 2000
    per_client: int = 200
    octets: int = 512 * 1024 * 1024


class Crowd:
    """The clients of listeners that share their caps, in one event loop: a client gains nothing by another port."""

    def __init__(self, caps: Caps | None = None) -> None:
        self.caps = caps or Caps()
        self.held = 0  # octets of messages in memory, about
        self._total = 0
        self._clients: Counter[str] = Counter()

    def enter(self, client: str) -> Reply | None:
        """Count a new client; return what it is turned away with, None when there is room for it."""
        self._clients[client] += 1
        self._total += 1
        if self._total > self.caps.total:
            return Reply(421, "Too many connections; try again later", "4.3.2")
        if self._clients[client] > self.caps.per_client:
            return Reply(421, "Too many connections from your address", "4.7.0")
        return None

    def leave(self, client: str) -> None:
        """Count a client out."""
        self._clients[client] -= 1
        self._total -= 1
        if not self._clients[client]:
            del self._clients[client]

    def check_room(self) -> Reply | None:
        """Return what DATA is refused with while memory is short, None when there is room."""
        return Reply(452, "Too much mail at once; try again later", "4.3.1") if self.held > self.caps.octets else None


class Listener:
    """Listens on one endpoint, over TLS from the first octet where `is_tls`. Peers in `proxies` speak the PROXY protocol."""

    def __init__(
        self,
        connect: Callable[[Listener], Connection],
        policy: Policy,
        *,
        tls: ssl.SSLContext | None = None,
        is_tls: bool = False,
        crowd: Crowd | None = None,
        patience: Patience | None = None,
        proxies: Sequence[Network] = (),
    ) -> None:
        self.connect = connect
        self.policy = policy
        self.tls = tls
        self.is_tls = is_tls
        self.crowd = crowd or Crowd()
        self.patience = patience or Patience()
        self.proxies = proxies
        self.is_stopping = False
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | Gate | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._last_gone = asyncio.Event()

    async def start(self, host: str, port: int) -> int:
        """Listen; return the port, which the system chooses where `port` is 0. Raise OSError when it cannot be had."""
        if self.proxies:
            self._server = Gate(self)
            port = await self._server.open(host, port)
        else:
            self._server = await self._listen(host, port)
            port = int(self._server.sockets[0].getsockname()[1])
        self._sweep()
        return port

    async def _listen(self, host: str, port: int) -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(
            lambda: self.connect(self),
            host,
            port,
            backlog=1024,
            ssl=self.tls if self.is_tls else None,
            ssl_handshake_timeout=self.patience.handshake if self.is_tls else None,
        )

    async def stop(self, grace: float = 30) -> None:
        """Take no more clients, let those in a transaction finish it, and cut off those that are not done after `grace`."""
        self.is_stopping = True
        self._last_gone.clear()
        if self._timer is not None:
            self._timer.cancel()
        if self._server is not None:
            self._server.close()
        for connection in [each for each in self._connections if not each.server.is_busy]:
            self.dismiss(connection)
        if self._connections:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._last_gone.wait(), grace)
        for connection in list(self._connections):
            connection.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def admit(self, connection: Connection) -> Reply | None:
        """Count a new client; return what it is turned away with, None when it is welcome."""
        self._connections.add(connection)
        refusal = self.crowd.enter(_client_of(connection))
        return Reply(421, "Shutting down", "4.3.2") if self.is_stopping else refusal

    def forget(self, connection: Connection) -> None:
        """Count a client that has gone."""
        if connection in self._connections:
            self._connections.remove(connection)
            self.crowd.leave(_client_of(connection))
        if not self._connections:
            self._last_gone.set()

    @staticmethod
    def dismiss(connection: Connection) -> None:
        connection.hang_up(Reply(421, "Shutting down", "4.3.2"))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a task and hold on to it."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        for connection in list(self._connections):
            connection.check_time(loop.time())
        self._timer = loop.call_later(self.patience.sweep, self._sweep)


def _client_of(connection: Connection) -> str:
    return group_client(connection.client)

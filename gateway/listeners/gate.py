"""Accepts the clients of a listener behind proxies: whom a proxy speaks for is heard before the first word, and before TLS.

Who connects from a network of proxies must send the header of the PROXY protocol; anybody else speaks for themselves. No
Django here.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING

from gateway.base.networks import is_within, unwrap
from gateway.smtp.proxy import LONGEST, NoProxyHeader, ProxyHeader

if TYPE_CHECKING:
    from gateway.listeners.connection import Connection
    from gateway.listeners.listener import Listener

log = logging.getLogger(__name__)

_PAUSE = 0.1  # seconds after an accept that failed, as it does while there are no file descriptors


class Gate:
    """The listening sockets of a listener that trusts proxies."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._sockets: list[socket.socket] = []
        self._arriving: dict[asyncio.Task[bool], socket.socket] = {}  # clients that are not connections yet

    async def open(self, host: str, port: int) -> int:
        """Listen; return the port. Raise OSError when it cannot be had."""
        found = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, address in dict.fromkeys((each[0], each[4]) for each in found):
            listening = socket.create_server(address, family=family, backlog=1024)
            listening.setblocking(False)
            self._sockets.append(listening)
            self._watch(listening)
        return int(self._sockets[0].getsockname()[1])

    def close(self) -> None:
        """Take no more clients, and leave those that have not said yet who they are."""
        for listening in self._sockets:
            self._loop.remove_reader(listening)
            listening.close()
        self._sockets.clear()
        for task in self._arriving:
            task.cancel()

    def _watch(self, listening: socket.socket) -> None:
        if listening in self._sockets:
            self._loop.add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        try:
            arrived, peer = listening.accept()
        except BlockingIOError:
            return
        except OSError as error:
            log.warning("No client could be accepted: %s", error)
            self._loop.remove_reader(listening)
            self._loop.call_later(_PAUSE, self._watch, listening)
            return
        if len(self._arriving) >= self._listener.crowd.caps.total:
            arrived.close()
            return
        arrived.setblocking(False)
        task = self._loop.create_task(self._admit(arrived, peer[0]))
        self._arriving[task] = arrived
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[bool]) -> None:
        arrived = self._arriving.pop(task)
        if task.cancelled() or not task.result():
            arrived.close()

    async def _admit(self, arrived: socket.socket, peer: str) -> bool:
        """Make a connection of a client; return whether it is one."""
        try:
            client = await self._find_client(arrived, peer)
            await self._connect(arrived, client)
        except (NoProxyHeader, OSError) as error:  # ssl.SSLError and TimeoutError are OSErrors
            log.warning("A connection from %s was refused: %s", peer, str(error) or type(error).__name__)
            return False
        return True

    async def _find_client(self, arrived: socket.socket, peer: str) -> str:
        if not is_within(unwrap(ip_address(peer.partition("%")[0])), self._listener.proxies):
            return peer
        async with asyncio.timeout(self._listener.patience.header):
            return await _hear_client(arrived) or peer

    async def _connect(self, arrived: socket.socket, client: str) -> None:
        listener = self._listener
        await self._loop.connect_accepted_socket(
            partial(_make_connection, listener, client),
            arrived,
            ssl=listener.tls if listener.is_tls else None,
            ssl_handshake_timeout=listener.patience.handshake if listener.is_tls else None,
        )


def _make_connection(listener: Listener, client: str) -> Connection:
    connection = listener.connect(listener)
    connection.client = client
    return connection


async def _hear_client(arrived: socket.socket) -> str | None:
    """Read a header and not an octet more: what is behind it may be TLS, which is not ours to read."""
    header = ProxyHeader()
    while not header.is_done:
        await _wait_until_readable(arrived)
        seen = arrived.recv(LONGEST, socket.MSG_PEEK)
        if not seen:
            raise NoProxyHeader("It hung up before its PROXY header")
        arrived.recv(header.take(seen))
    return header.client


async def _wait_until_readable(arrived: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    is_readable = asyncio.Event()
    loop.add_reader(arrived, is_readable.set)
    try:
        await is_readable.wait()
    finally:
        loop.remove_reader(arrived)

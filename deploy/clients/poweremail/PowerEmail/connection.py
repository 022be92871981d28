"""One kept connection of HTTP/1.1, whose every wait ends at a deadline.

The standard library's time-out is one of each read, so that a server which sends an octet now and then would hold a caller
for as long as it likes. Here the deadline is the whole exchange's. Only the look-up of the host's name has none but the
system's own, as Python offers none.
"""

from __future__ import annotations

import io
import os
import selectors
import socket
import ssl
import time
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

IDLE = 25.0  # seconds that a connection is kept unused: less than common proxies and balancers do


class Connection(HTTPConnection):
    """To one host and port; with `tls`, over TLS. Set `deadline`, of time.monotonic(), before each use."""

    def __init__(self, host: str, port: int, *, tls: ssl.SSLContext | None, patience: float) -> None:
        self.default_port = 443 if tls else 80
        super().__init__(host, port)
        self.deadline = 0.0
        self._tls = tls
        self._patience = patience
        self._process = os.getpid()
        self._used_at = 0.0

    def connect(self) -> None:
        """Connect to the first address that answers, each in `patience` seconds, all before the deadline."""
        wire = self._dial()
        try:
            wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            wire.settimeout(self.seconds_left())
            self.sock = _Line(self._tls.wrap_socket(wire, server_hostname=self.host) if self._tls else wire, self)
        except BaseException:
            wire.close()
            raise

    def rest(self) -> None:
        """Note that an exchange is over."""
        self._used_at = time.monotonic()

    def is_usable(self) -> bool:
        """Tell whether the connection can take one more request: it is open, ours, silent, and was not idle for too long."""
        if self.sock is None or self._process != os.getpid() or time.monotonic() - self._used_at > IDLE:
            return False
        with selectors.DefaultSelector() as selector:
            selector.register(self.sock, selectors.EVENT_READ)
            return not selector.select(0)  # what comes unasked is the other side's farewell

    def seconds_left(self) -> float:
        """Return the seconds until the deadline; raise TimeoutError when there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        return left

    def _dial(self) -> socket.socket:
        failure = OSError(f"{self.host} has no address")
        for family, kind, protocol, _, address in socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM):
            wire = socket.socket(family, kind, protocol)
            try:
                wire.settimeout(min(self._patience, self.seconds_left()))
                wire.connect(address)
            except OSError as error:
                wire.close()
                failure = error
            else:
                return wire
        raise failure


class _Line:
    """A socket as HTTPConnection and HTTPResponse use one."""

    def __init__(self, wire: socket.socket, connection: Connection) -> None:
        self._wire = wire
        self._connection = connection

    def sendall(self, octets: Any) -> None:
        self._wire.settimeout(self._connection.seconds_left())
        self._wire.sendall(octets)

    def makefile(self, mode: str) -> io.BufferedReader:
        # A file of the socket's own, as that keeps the socket open for an answer which ends with the connection.
        return io.BufferedReader(_Incoming(self._wire, self._connection))

    def fileno(self) -> int:
        return self._wire.fileno()

    def close(self) -> None:
        self._wire.close()


class _Incoming(io.RawIOBase):
    def __init__(self, wire: socket.socket, connection: Connection) -> None:
        self._wire = wire
        self._connection = connection
        self._file = wire.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        self._wire.settimeout(self._connection.seconds_left())
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()

"""One POST in, one answer out, over connections that are kept for the next.

Redirects are not followed, as the body carries the account's token. Proxies of the environment are not used.
"""

from __future__ import annotations

import socket
import ssl
import time
import weakref
from collections import deque
from collections.abc import Mapping
from http.client import HTTPException, HTTPResponse
from typing import NamedTuple
from urllib.parse import urlsplit

from PowerEmail.connection import Connection
from PowerEmail.errors import NetworkError, UnexpectedAnswer

MAX_ANSWER = 32 << 20  # octets
MAX_KEPT = 10  # connections


class Answer(NamedTuple):
    """What came back; `retry_after` is in seconds."""

    status: int
    body: bytes
    retry_after: float | None


class Transport:
    """Connections to the host of one root, such as `https://api.example.com/v1.0/`. Threads may share it."""

    def __init__(self, root: str, *, timeout: float, connect_timeout: float, ssl_context: ssl.SSLContext | None) -> None:
        self.root = root
        self._parts = urlsplit(root)
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._tls = (ssl_context or ssl.create_default_context()) if self._parts.scheme == "https" else None
        self._kept: deque[Connection] = deque()  # its ends need no lock, and so none that a fork could copy while it is held
        weakref.finalize(self, _close, self._kept)

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Return what the server answers to a request for `path` below the root; raise NetworkError or UnexpectedAnswer."""
        connection = self._take()
        connection.deadline = time.monotonic() + self._timeout
        try:
            answer = self._exchange(connection, path, body, headers)
        except BaseException:
            connection.close()
            raise
        self._keep(connection)
        return answer

    def close(self) -> None:
        """Close the connections that are kept."""
        _close(self._kept)

    def _exchange(self, connection: Connection, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        is_under_way = False
        try:
            if connection.sock is None:
                connection.connect()
            is_under_way = True
            is_heard = self._send(connection, path, body, headers)
            with connection.getresponse() as response:
                answer = self._read(response)
        except (OSError, HTTPException, UnicodeError) as error:
            raise self._explain(error, is_under_way=is_under_way) from error
        if not is_heard:
            connection.close()
        return answer

    def _send(self, connection: Connection, path: str, body: bytes, headers: Mapping[str, str]) -> bool:
        """Tell whether the server took it whole; where it did not, it may have said why, such as that it is too large."""
        try:
            connection.request("POST", self._parts.path + path, body, headers)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def _read(self, response: HTTPResponse) -> Answer:
        body = response.read(MAX_ANSWER + 1)
        if len(body) > MAX_ANSWER:
            raise UnexpectedAnswer(f"{self.root} answered with more than {MAX_ANSWER} octets.")
        if response.length:
            raise ConnectionError(f"the connection ended {response.length} octets before the answer did")
        return Answer(response.status, body, _seconds(response.headers.get("Retry-After", "")))

    def _take(self) -> Connection:
        while self._kept:
            try:
                connection = self._kept.pop()
            except IndexError:  # another thread was faster
                break
            if connection.is_usable():
                return connection
            connection.close()
        host, port, tls = self._parts.hostname or "", self._parts.port, self._tls
        return Connection(host, port or (443 if tls else 80), tls=tls, patience=self._connect_timeout)

    def _keep(self, connection: Connection) -> None:
        if connection.sock is None or len(self._kept) >= MAX_KEPT:
            connection.close()
            return
        connection.rest()
        self._kept.append(connection)

    def _explain(self, error: Exception, *, is_under_way: bool) -> NetworkError:
        # Until Python 3.10 these are two classes.
        if isinstance(error, (TimeoutError, socket.timeout)):
            words = f"No answer from {self.root} in time." if is_under_way else f"Cannot reach {self.root} in time."
        else:
            words = f"{'No answer from' if is_under_way else 'Cannot reach'} {self.root}: {error or type(error).__name__}"
        fault = NetworkError(words)
        fault.may_have_arrived = is_under_way
        return fault


def _close(kept: deque[Connection]) -> None:
    while kept:
        kept.pop().close()


def _seconds(said: str) -> float | None:
    return float(said) if said.isdecimal() and len(said) < 10 else None

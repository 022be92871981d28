"""Clients that submit by SMTP: as many at once as asked for, or at a steady rate. AUTH PLAIN first, PIPELINING throughout."""

from __future__ import annotations

import asyncio
import base64
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from tests.bench.load.journal import Journal
from tests.bench.load.letters import Letter

_HELLO: Final = b"EHLO load.bench.example\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where mail is submitted, by whom, and how: over TLS from the first byte with `tls`. Without a `user` there is no AUTH."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = ""
    tls: ssl.SSLContext | None = None

    async def connect(self, connect: Callable[[], Client]) -> None:
        await asyncio.get_running_loop().create_connection(connect, self.host, self.port, ssl=self.tls)

    @property
    def login(self) -> bytes:
        secret = base64.b64encode(f"\0{self.user}\0{self.password}".encode())
        return b"AUTH PLAIN " + secret + b"\r\n"


class Client(asyncio.Protocol):
    """One connection. Calls `ready(client)` when it has logged in and after each message; the callee sends the next, or quits.

    A reply that is not the one wanted, or the end of the connection in the middle of something, is noted as a failure.
    """

    def __init__(self, door: Door, journal: Journal, ready: Callable[[Client], None], gone: Callable[[], None]) -> None:
        self._door = door
        self._journal = journal
        self._ready = ready
        self._gone = gone
        self._unread = b""
        self._letter: Letter | None = None
        self._has_quit = False
        self._sent_at = 0.0
        self.sent = 0  # messages

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._next = self._greeted
        self._wanted = b"220"

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._has_quit:
            self._journal.fail(f"The connection ended before {self._next.__name__.strip('_')}: {exc}")
        self._gone()

    def data_received(self, data: bytes) -> None:
        *lines, self._unread = (self._unread + data).split(b"\r\n")
        for line in lines:
            if line[3:4] == b"-":
                continue
            if not line.startswith(self._wanted):
                self._fail(line)
                return
            self._next()

    def send(self, letter: Letter) -> None:
        """Send the envelope of a letter; the rest follows by itself."""
        self._letter = letter
        self._expect(b"250", self._sender_taken)
        self._transport.write(
            f"MAIL FROM:<{self._door.sender}> SIZE={len(letter.content)}\r\nRCPT TO:<{letter.recipient}>\r\nDATA\r\n".encode()
        )

    def quit(self) -> None:
        self._has_quit = True
        self._expect(b"221", self._transport.close)
        self._transport.write(b"QUIT\r\n")

    def _expect(self, code: bytes, then: Callable[[], None]) -> None:
        self._wanted, self._next = code, then

    def _fail(self, line: bytes) -> None:
        self._journal.fail(f"Before {self._next.__name__.strip('_')}: {line.decode(errors='replace')}")
        self._has_quit = True
        self._transport.abort()

    def _greeted(self) -> None:
        self._expect(b"250", self._welcomed)
        self._transport.write(_HELLO)

    def _welcomed(self) -> None:
        if not self._door.user:
            self._ready(self)
            return
        self._expect(b"235", self._logged_in)
        self._transport.write(self._door.login)

    def _logged_in(self) -> None:
        self._ready(self)

    def _sender_taken(self) -> None:
        self._expect(b"250", self._recipient_taken)

    def _recipient_taken(self) -> None:
        self._expect(b"354", self._data_wanted)

    def _data_wanted(self) -> None:
        assert self._letter is not None
        self._expect(b"250", self._accepted)
        self._sent_at = time.monotonic()
        self._transport.write(self._letter.content)

    def _accepted(self) -> None:
        assert self._letter is not None
        self._journal.note(self._letter.token, self._sent_at)
        self.sent += 1
        self._ready(self)

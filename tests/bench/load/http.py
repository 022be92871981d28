"""A client that submits by HTTP, one call after another over a connection that is kept."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from tests.bench.load.journal import Journal
from tests.bench.load.letters import Letter

_END: Final = b"\r\n\r\n"
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where calls go."""

    host: str
    port: int

    async def connect(self, connect: Callable[[], Client]) -> None:
        await asyncio.get_running_loop().create_connection(connect, self.host, self.port)


class Client(asyncio.Protocol):
    """One connection. Calls `ready(client)` when it may send, as the one of SMTP does. An answer must have a length."""

    def __init__(self, _: Door, journal: Journal, ready: Callable[[Client], None], gone: Callable[[], None]) -> None:
        self._journal = journal
        self._ready = ready
        self._gone = gone
        self._unread = b""
        self._letter: Letter | None = None
        self._sent_at = 0.0
        self.sent = 0  # letters

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._ready(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._letter is not None:
            self._journal.fail(f"The connection ended before an answer: {exc}")
        self._gone()

    def send(self, letter: Letter) -> None:
        """Send a letter, which is a whole request."""
        self._letter = letter
        self._sent_at = time.monotonic()
        self._transport.write(letter.content)

    def quit(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._unread += data
        head, end, body = self._unread.partition(_END)
        length = _LENGTH.search(head + b"\r\n")
        if not end or (length and len(body) < int(length[1])):
            return
        self._unread = b""
        self._take(head, body)

    def _take(self, head: bytes, body: bytes) -> None:
        letter, self._letter = self._letter, None
        if letter is None or head.split(b" ", 2)[1] != b"200":
            self._journal.fail(f"{head!r} {body!r}")
            self._transport.abort()
            return
        self._journal.note(letter.token, self._sent_at)
        self.sent += 1
        self._ready(self)

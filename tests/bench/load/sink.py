"""`python -m tests.bench.load.sink PORT JOURNAL KEEP EVERY`: a receiving server that costs next to nothing, for its times.

Takes all mail. Each message is a line `token time` of the file JOURNAL: the local part of its recipient, and the seconds of
the monotonic clock (the same for all processes) when its final dot came. Every EVERY-th is kept in the folder KEEP as
<token>.eml. A token that does not stand in its message is written with a question mark: what came is not what was sent.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from itertools import count
from pathlib import Path
from typing import BinaryIO, Final, cast

import uvloop

LINGER: Final = 0.05  # seconds that lines are gathered before they are written
_END: Final = b"\r\n.\r\n"
_EHLO: Final = b"250-sink.bench.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE 100000000\r\n"
_REPLIES: Final = {
    b"EHLO": _EHLO,
    b"HELO": b"250 sink.bench.example\r\n",
    b"MAIL": b"250 2.1.0 Ok\r\n",
    b"RCPT": b"250 2.1.5 Ok\r\n",
    b"DATA": b"354 Go on\r\n",
    b"RSET": b"250 2.0.0 Ok\r\n",
    b"NOOP": b"250 2.0.0 Ok\r\n",
    b"QUIT": b"221 2.0.0 Bye\r\n",
}
_UNKNOWN: Final = b"500 5.5.2 What is that?\r\n"
_TAKEN: Final = b"250 2.0.0 Ok: queued as SINK\r\n"


class Journal:
    """The lines, written many at once, and the messages that are kept."""

    def __init__(self, lines: BinaryIO, folder: Path, every: int) -> None:
        self._lines = lines
        self._folder = folder
        self._every = every
        self._waiting: list[bytes] = []
        self._numbers = count()

    def note(self, token: bytes, content: bytes) -> None:
        if not self._waiting:
            asyncio.get_running_loop().call_later(LINGER, self.flush)
        self._waiting.append(b"%s%s %.6f\n" % (token, b"" if token in content else b"?", time.monotonic()))
        if next(self._numbers) % self._every == 0:
            path = self._folder / f"{token.decode()}.eml"
            path.write_bytes(content.replace(b"\r\n..", b"\r\n."))

    def flush(self) -> None:
        self._lines.write(b"".join(self._waiting))
        self._lines.flush()
        self._waiting.clear()


class Receiver(asyncio.Protocol):
    """One connection. A command or a message is looked at when it has come whole."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._unread = bytearray()
        self._searched = 0  # bytes of `_unread` that hold no end of the message
        self._is_message = False
        self._token = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._transport.write(b"220 sink.bench.example ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._unread += data
        replies: list[bytes] = []
        while (reply := self._take_message() if self._is_message else self._take_command()) is not None:
            replies.append(reply)
        if replies:
            self._transport.write(b"".join(replies))
            if replies[-1] is _REPLIES[b"QUIT"]:
                self._transport.close()

    def _take_command(self) -> bytes | None:
        end = self._unread.find(b"\r\n")
        if end < 0:
            return None
        line = bytes(self._unread[:end])
        del self._unread[: end + 2]
        verb = line[:4].upper()
        if verb == b"RCPT":
            self._token = line[line.find(b"<") + 1 : line.find(b"@")]
        self._is_message = verb == b"DATA"
        return _REPLIES.get(verb, _UNKNOWN)

    def _take_message(self) -> bytes | None:
        end = self._unread.find(_END, self._searched)
        if end < 0:
            self._searched = max(0, len(self._unread) - len(_END) + 1)
            return None
        self._journal.note(self._token, bytes(self._unread[: end + 2]))
        del self._unread[: end + len(_END)]
        self._searched = 0
        self._is_message = False
        return _TAKEN


async def serve(port: int, journal: Journal) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Receiver(journal), "127.0.0.1", port, backlog=512)
    await server.serve_forever()


def main(port: str, path: str, folder: str, every: str) -> None:
    gc.disable()  # there is little to collect, and it lives for one benchmark
    with Path(path).open("ab") as lines:
        uvloop.run(serve(int(port), Journal(lines, Path(folder), int(every))))


if __name__ == "__main__":
    main(*sys.argv[1:])

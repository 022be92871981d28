"""A customer's endpoint on a real socket, which answers webhooks by a script: to play what endpoints do in the world."""

from __future__ import annotations

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from time import monotonic, sleep

HANG, DRIP, RESET, HUGE = (
    "(hang)",
    "(drip)",
    "(reset)",
    "(huge)",
)  # never answer; a byte at a time; cut after the headers; no end


def saying(words: bytes) -> bytes:
    """Return a whole response of status 200 that says so."""
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(words), words)


BLESSED = saying(b"God bless you, Gatepost")  # what SendClean's format wants of a URL that is saved

Answer = int | str | bytes | float  # a status, one of the above, a whole response, or the seconds before a 200


@dataclass(frozen=True, slots=True)
class Call:
    path: str
    headers: Mapping[str, str]  # lower-case names
    body: bytes = field(repr=False)
    at: float
    method: str = "POST"


class Endpoint:
    """Listens while it is entered. `script` maps a path to an answer, or to a function of how often it was called before.

    What is not in it is answered 200.
    """

    def __init__(
        self, script: Mapping[str, Answer | Callable[[int], Answer]] | None = None, *, tls: ssl.SSLContext | None = None
    ):
        self.script = dict(script or {})
        self.calls: list[Call] = []
        self.at_once: dict[str, int] = defaultdict(int)
        self.most_at_once: dict[str, int] = defaultdict(int)
        self._counts: dict[str, int] = defaultdict(int)
        self._tls = tls
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def to(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path]

    def until(self, is_so: Callable[[], bool], seconds: float = 15) -> None:
        """Wait until something is so that a call may have brought about."""
        deadline = monotonic() + seconds
        while not is_so():
            assert monotonic() < deadline, [call.path for call in self.calls][-20:]
            sleep(0.01)

    def __enter__(self) -> Endpoint:
        self._server = self._loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self._tls))
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            while await self._serve(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has gone, as it may, or the test is over
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.calls.append(Call(path, headers, body, monotonic(), method))
        rule = self.script.get(path, 200)
        answer = rule(self._counts[path]) if callable(rule) else rule
        self._counts[path] += 1
        self.at_once[path] += 1
        self.most_at_once[path] = max(self.most_at_once[path], self.at_once[path])
        try:
            return await _answer(answer, writer)
        finally:
            self.at_once[path] -= 1


async def _answer(answer: Answer, writer: asyncio.StreamWriter) -> bool:
    """Answer a call; return whether the connection may be used for another."""
    match answer:
        case float():
            await asyncio.sleep(answer)
            return await _answer(200, writer)
        case int():
            answer = f"HTTP/1.1 {answer} Said\r\nContent-Length: 4\r\n\r\nwell".encode()
        case "(hang)":
            await asyncio.sleep(60)
        case "(drip)":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while True:
                writer.write(b".")
                await writer.drain()
                await asyncio.sleep(0.1)
        case "(reset)":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            await writer.drain()
            writer.transport.abort()
            return False
        case "(huge)":
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while True:
                writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
                await writer.drain()
    if isinstance(answer, bytes):
        writer.write(answer)
        await writer.drain()
    return True


@contextmanager
def running_endpoint(
    script: Mapping[str, Answer | Callable[[int], Answer]] | None = None, **more: ssl.SSLContext
) -> Iterator[Endpoint]:
    with Endpoint(script, **more) as endpoint:
        yield endpoint

"""A receiving server on a real socket that answers by a script, to play the faults of the world."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from gateway.base.environment import Endpoint

CUT, HANG, DRIP = "(cut)", "(hang)", "(drip)"  # close without a reply; never reply; reply a byte at a time, without end
FULL = ("PIPELINING", "8BITMIME", "SIZE 50000000", "SMTPUTF8", "ENHANCEDSTATUSCODES")

Answer = str | Callable[[str, "Visit"], str]


@dataclass
class Letter:
    """A message that was accepted. `raw` is what came between DATA and the final dot, dots still stuffed."""

    mail: str
    rcpt: str
    raw: bytes
    visit: Visit

    @property
    def data(self) -> bytes:
        return (b"\r\n" + self.raw).replace(b"\r\n..", b"\r\n.")[2:]


@dataclass
class Visit:
    """One connection."""

    number: int
    is_secure: bool = False
    accepted: int = 0
    commands: list[str] = field(default_factory=list)


class Receiver:
    """Listens at `endpoint` while it is entered.

    `script` maps greeting, DOT, or a command's verb to an answer: a whole reply without its last CRLF, CUT, HANG, DRIP, or a
    function of the command's argument and the visit; an empty one is the usual answer.

    `injected` goes out in the same segment as the go-ahead to STARTTLS. A receiver without `PIPELINING` notes in `rushed`
    the commands that came before the last one was answered.
    """

    def __init__(
        self,
        script: Mapping[str, Answer] | None = None,
        *,
        extensions: Iterable[str] = FULL,
        tls: ssl.SSLContext | None = None,
        injected: bytes = b"",
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.script = dict(script or {})
        self.extensions = [*extensions, *(["STARTTLS"] if tls or injected else [])]
        self.letters: list[Letter] = []
        self.visits: list[Visit] = []
        self.rushed: list[str] = []
        self._tls = tls
        self._injected = injected
        self._at = (host, port)
        self._heard = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Receiver:
        self._server = await asyncio.start_server(self._accept, *self._at, limit=2**25)
        self.endpoint = Endpoint(*self._server.sockets[0].getsockname()[:2])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def commands(self) -> list[str]:
        return [command for visit in self.visits for command in visit.commands]

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so that a command may have brought about."""
        while not is_so():
            self._heard.clear()
            await self._heard.wait()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        visit = Visit(len(self.visits))
        self.visits.append(visit)
        try:
            await _Conversation(self, visit, reader, writer).hold()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client has gone, as it may, or the test is over
        finally:
            self._tasks.discard(task)
            writer.close()


class _Conversation:
    def __init__(self, owner: Receiver, visit: Visit, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.owner = owner
        self.visit = visit
        self.reader = reader
        self.writer = writer
        self.mail = self.rcpt = ""

    async def hold(self) -> None:
        goes_on = await self._answer("greeting", "", "220 mx.test ESMTP")
        while goes_on:
            line = (await self.reader.readuntil(b"\r\n")).decode().removesuffix("\r\n")
            self.visit.commands.append(line)
            self.owner._heard.set()
            self._note_rush(line)
            verb, _, argument = line.partition(" ")
            goes_on = await self._act(verb.upper(), argument)

    def _note_rush(self, line: str) -> None:
        if "PIPELINING" not in self.owner.extensions and self.reader._buffer:
            self.owner.rushed.append(line)

    async def _act(self, verb: str, argument: str) -> bool:
        if verb == "STARTTLS":
            return await self._start_tls()
        if verb == "DATA":
            return await self._take_data()
        if verb == "MAIL":
            self.mail = argument
        elif verb == "RCPT":
            self.rcpt = argument
        usual = self._greet() if verb == "EHLO" else "221 2.0.0 Bye" if verb == "QUIT" else "250 2.0.0 Ok"
        return await self._answer(verb, argument, usual) and verb != "QUIT"

    def _greet(self) -> str:
        offers = ["mx.test", *(e for e in self.owner.extensions if e != "STARTTLS" or not self.visit.is_secure)]
        return "\r\n".join([*(f"250-{offer}" for offer in offers[:-1]), f"250 {offers[-1]}"])

    async def _start_tls(self) -> bool:
        if "STARTTLS" in self.owner.script:
            return await self._answer("STARTTLS", "", "")
        self.writer.write(b"220 2.0.0 Go ahead\r\n" + self.owner._injected)
        if self.owner._tls is None:
            return False
        await self.writer.start_tls(self.owner._tls)
        self.visit.is_secure = True
        return True

    async def _take_data(self) -> bool:
        answer = self._find("DATA", "", "354 Go on")
        if not await self._say(answer):
            return False
        if not answer.startswith("354"):
            return True
        raw = b"\r\n"
        while not raw.endswith(b"\r\n.\r\n"):
            raw += await self.reader.readuntil(b"\n")
        raw = raw[2:-3]
        answer = self._find("DOT", self.rcpt, "250 2.0.0 Ok: queued")
        if answer.startswith("250") and raw:
            self.visit.accepted += 1
            self.owner.letters.append(Letter(self.mail, self.rcpt, raw, self.visit))
        return await self._say(answer)

    async def _answer(self, stage: str, argument: str, usual: str) -> bool:
        return await self._say(self._find(stage, argument, usual))

    def _find(self, stage: str, argument: str, usual: str) -> str:
        answer = self.owner.script.get(stage, usual)
        return answer if isinstance(answer, str) else answer(argument, self.visit) or usual

    async def _say(self, answer: str) -> bool:
        if answer == CUT:
            return False
        if answer == HANG:
            await asyncio.sleep(60)
        while answer == DRIP:
            self.writer.write(b"2")
            await asyncio.sleep(0.02)
        self.writer.write(answer.encode() + b"\r\n")
        await self.writer.drain()
        return not answer.startswith("421")

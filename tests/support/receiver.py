"""A receiving server on a real socket that answers by a script, to play the faults of the world."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from gateway.base.environment import Endpoint

CUT, HANG = "(cut)", "(hang)"  # close without a reply; never reply
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
    """Listens at `endpoint` while it is entered. `script` maps greeting, EHLO, HELO, STARTTLS, MAIL, RCPT, DATA, DOT, RSET, QUIT
    to an answer: a whole reply without its last CRLF, CUT, HANG, or a function of the command's argument and the visit.

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
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Receiver:
        self._server = await asyncio.start_server(self._accept, *self._at)
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

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        visit = Visit(len(self.visits))
        self.visits.append(visit)
        try:
            await _Conversation(self, visit, reader, writer).hold()
        except (OSError, asyncio.IncompleteReadError):
            pass  # the client has gone, as it may
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
            self._note_rush(line)
            verb, _, argument = line.partition(" ")
            goes_on = await self._act(verb.upper(), argument)

    def _note_rush(self, line: str) -> None:
        if "PIPELINING" not in self.owner.extensions and self.reader._buffer:
            self.owner.rushed.append(line)

    async def _act(self, verb: str, argument: str) -> bool:
        match verb:
            case "EHLO":
                offers = [e for e in self.owner.extensions if e != "STARTTLS" or not self.visit.is_secure]
                return await self._answer(verb, argument, "\r\n250-".join(["250-mx.test", *offers[:-1]]) + f"\r\n250 {offers[-1]}")
            case "STARTTLS":
                return await self._start_tls()
            case "MAIL":
                self.mail = argument
                return await self._answer(verb, argument, "250 2.1.0 Ok")
            case "RCPT":
                self.rcpt = argument
                return await self._answer(verb, argument, "250 2.1.5 Ok")
            case "DATA":
                return await self._take_data()
            case "QUIT":
                await self._answer(verb, argument, "221 2.0.0 Bye")
                return False
            case _:
                return await self._answer(verb, argument, "250 2.0.0 Ok")

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
        self.writer.write(answer.encode() + b"\r\n")
        await self.writer.drain()
        return not answer.startswith("421")

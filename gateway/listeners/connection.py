"""One SMTP client on a socket: carries bytes between it and a server machine, keeps the time, starts TLS.

What each door does with the events is in its own subclass. No Django here.
"""

from __future__ import annotations

import asyncio
import logging
from abc import abstractmethod
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, cast

from gateway.smtp.events import Event, MessageReceived, Reply, TLSRequested
from gateway.smtp.server import Server

if TYPE_CHECKING:
    from gateway.listeners.listener import Listener

log = logging.getLogger(__name__)

FAILED = Reply(451, "Something went wrong here; nothing was accepted. Try again later", "4.3.0")


class Connection(asyncio.Protocol):
    """A client's connection. Subclasses say what comes of an event, in `handle`.

    `handle` answers either at once, with `self.server.answer(...)`, or later, from the loop's thread, with `self.resume(...)`.
    """

    transport: asyncio.Transport

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.loop = asyncio.get_running_loop()
        self.server = Server(listener.policy, is_tls=listener.is_tls)
        self.client = ""  # the IP address; set beforehand where a proxy speaks for it
        self.is_lost = False
        self._is_paused = False
        self._has_ended = False  # the client will say no more
        self.opened_at = self.moved_at = self._idle_at = self.loop.time()  # idle: when it had no transaction
        self._received = 0  # octets since the client last moved on
        self._held = 0  # octets that are still in memory, about

    @abstractmethod
    def handle(self, event: Event) -> None:
        """Act on any event but TLSRequested."""

    def welcome(self) -> None:
        """Greet a new client, or turn it away."""
        self.server.greet(self.listener.admit(self))

    # From the transport -----------------------------------------------------------------------------------------------
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        if not self.client:
            peer = self.transport.get_extra_info("peername")
            self.client = peer[0] if peer else ""
        self.welcome()
        self._flush()

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        self._held += len(data)
        self.listener.crowd.held += len(data)
        self.server.receive(data)
        if self.server.is_waiting:
            self._pause()  # a client that says more than we can act on now waits
        else:
            self._advance()

    def eof_received(self) -> bool:
        """Stay for the answer that a client still waits for when it has said all; over TLS that cannot be."""
        self._has_ended = True
        return self.server.is_waiting and not self.server.is_tls

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        self.listener.crowd.held -= self._held
        self._held = 0
        self.listener.forget(self)

    def pause_writing(self) -> None:
        self._pause()  # a client that does not read our replies is not heard either

    def resume_writing(self) -> None:
        self._resume_reading()

    # From the door ----------------------------------------------------------------------------------------------------
    def resume(self, reply: Reply | None = None) -> None:
        """Answer the event that waits and go on."""
        if self.is_lost:
            return
        self.server.answer(reply)
        self._advance()
        self._resume_reading()

    def spawn(self, answering: Coroutine[Any, Any, Reply | None]) -> None:
        """Run what finds out the answer, and answer with it."""
        self.listener.spawn(self._answer_with(answering))

    async def _answer_with(self, answering: Coroutine[Any, Any, Reply | None]) -> None:
        try:
            reply = await answering
        except Exception:
            log.exception("The session of %s failed.", self.client)
            reply = FAILED
        self.resume(reply)

    def hang_up(self, reply: Reply) -> None:
        """Say a last word and close."""
        self.server.close(reply)
        self._flush()

    # From the listener ------------------------------------------------------------------------------------------------
    def check_time(self, now: float) -> None:
        """Hang up on who is silent or slow, or stays a stranger. While we owe an answer, the client may wait."""
        if not self.server.is_busy:
            self._idle_at = now
        if self.transport.is_closing():
            if now - self.moved_at > self.listener.patience.linger:
                self.transport.abort()
        elif not self.server.is_waiting and (lateness := self._find_lateness(now)):
            self.hang_up(Reply(421, lateness, "4.4.2"))

    def _find_lateness(self, now: float) -> str:
        """Return in words what the client takes too long for, empty when it is in time."""
        patience = self.listener.patience
        if now - self.moved_at > patience.idle + self._received / patience.rate:
            return "Timed out waiting for you"
        if now - self.opened_at > patience.stranger and self.listener.policy.requires_auth and not self.server.is_authenticated:
            return "Timed out waiting for AUTH"
        if now - self._idle_at > patience.message:
            return "Timed out waiting for the end of the message"
        if now - self.opened_at > patience.session and not self.server.is_busy:
            return "This session lasted long enough; begin another"
        return ""

    # Within -----------------------------------------------------------------------------------------------------------
    def _advance(self) -> None:
        while (event := self.server.next_event()) is not None:
            self._move()
            if isinstance(event, TLSRequested):
                self._begin_tls()
                return
            if isinstance(event, MessageReceived):
                self._idle_at = self.moved_at
            self._handle(event)
        self._release()
        self._flush()
        if self.listener.is_stopping and not self.server.is_busy:
            self.listener.dismiss(self)

    def _handle(self, event: Event) -> None:
        try:
            self.handle(event)
        except Exception:
            log.exception("The session of %s failed.", self.client)
            if self.server.is_waiting:
                self.server.answer(FAILED)

    def _release(self) -> None:
        """Count what was received as held no longer, once nothing of it waits for a commit or for its end."""
        if self._held and not self.server.is_holding:
            self.listener.crowd.held -= self._held
            self._held = 0

    def _flush(self) -> None:
        out = self.server.data_to_send()
        if out:
            self._move()
            self.transport.write(out)
        is_over = self.server.is_closed or (self._has_ended and not self.server.is_waiting)
        if is_over and not self.transport.is_closing():
            self.transport.close()

    def _move(self) -> None:
        self.moved_at, self._received = self.loop.time(), 0

    def _pause(self) -> None:
        self._is_paused = True
        self.transport.pause_reading()

    def _resume_reading(self) -> None:
        if self._is_paused and not self.server.is_waiting and not self.transport.is_closing():
            self._is_paused = False
            self.transport.resume_reading()

    def _begin_tls(self) -> None:
        # Nothing may arrive between the 220 and the handshake: without the pause uvloop hands its first bytes to us.
        self.transport.pause_reading()
        self._flush()
        self.listener.spawn(self._start_tls())

    async def _start_tls(self) -> None:
        tls = self.listener.tls
        if tls is None:
            raise RuntimeError("A listener that offers STARTTLS has a TLS context.")
        try:
            transport = await self.loop.start_tls(
                self.transport, self, tls, server_side=True, ssl_handshake_timeout=self.listener.patience.handshake
            )
        except (OSError, TimeoutError):  # ssl.SSLError is an OSError
            self.transport.abort()
            return
        if transport is None or self.is_lost:
            return
        self.transport = transport
        self._move()
        self.server.tls_started()

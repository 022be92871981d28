"""SMTP as the sender speaks it (RFC 5321), as a state machine: bytes in, events and bytes out.

No sockets, no clock, no TLS here. One session is one connection; one transaction has one recipient. Where the receiver
offers PIPELINING (RFC 2920), MAIL, RCPT and DATA go out together, and those of the next transaction right behind the final dot.
The final dot is held back until `finish()`, so that the caller can first note that it is about to go.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from gateway.smtp.reply import Extensions, ProtocolError, Reply, ReplyReader, read_extensions
from gateway.smtp.transaction import Transaction, mail_command, rcpt_command, stuff


class Stage(StrEnum):
    """What a reply answers."""

    GREETING = "greeting"
    EHLO = "EHLO"
    HELO = "HELO"
    STARTTLS = "STARTTLS"
    RSET = "RSET"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "end of data"
    QUIT = "QUIT"


@dataclass(frozen=True, slots=True)
class HandshakeWanted:
    """The server said go ahead to STARTTLS: shake hands, then call `tls_started()`. Bytes received before that are dropped."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Greeting, EHLO and STARTTLS are done: transactions may begin."""

    extensions: Extensions


@dataclass(frozen=True, slots=True)
class DotHeld:
    """Everything but the final dot is in the outgoing bytes: call `finish()` to send it."""

    transaction: Transaction


@dataclass(frozen=True, slots=True)
class Settled:
    """A transaction is over: `reply` is that to the final dot, or the one that refused it at `stage`."""

    transaction: Transaction
    stage: Stage
    reply: Reply


@dataclass(frozen=True, slots=True)
class Closed:
    """The session is over; nothing more can be sent. Transactions that are not settled were not answered.

    `reply` is what ended it (a refusal before `Ready`, a 421), None where the server broke the protocol; `why` is a sentence.
    """

    stage: Stage
    why: str
    reply: Reply | None = None


Event = HandshakeWanted | Ready | DotHeld | Settled | Closed


class _Step:
    """A transaction on its way through the session."""

    __slots__ = ("refusal", "transaction")

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction
        self.refusal: tuple[Stage, Reply] | None = None


class ClientSession:
    """One SMTP connection, seen from the client.

    Feed what arrives to `receive()`, act on the events, and send what `take()` returns after every call. `hostname` is
    what we call ourselves. With `wants_tls`, STARTTLS is used when it is offered (RFC 3207).
    """

    def __init__(self, hostname: str, *, wants_tls: bool = True) -> None:
        self._hostname = hostname.encode("ascii")
        self._wants_tls = wants_tls
        self._reader = ReplyReader()
        self._out: list[bytes] = []
        self._expected: deque[tuple[Stage, _Step | None]] = deque([(Stage.GREETING, None)])
        self._stage = Stage.GREETING  # what the server is answering, or answered last
        self._held: _Step | None = None
        self._handshaking = False
        self._needs_reset = False
        self.extensions = Extensions()
        self.is_closed = False

    # What the caller does ---------------------------------------------------------------------------------------------

    def take(self) -> list[bytes]:
        """Return the bytes to send now, and forget them."""
        out, self._out = self._out, []
        return out

    @property
    def pipelines(self) -> bool:
        """Whether the server takes commands before it has answered the last one (RFC 2920)."""
        return "PIPELINING" in self.extensions

    @property
    def waiting_for(self) -> Stage | None:
        """What the next reply will answer; None when it is our turn."""
        return self._expected[0][0] if self._expected else None

    def tls_started(self) -> None:
        """Go on after a successful handshake, as if nothing had been said before it (RFC 3207 4.2)."""
        self._handshaking = False
        self.extensions = Extensions()
        self._say_hello(Stage.EHLO)

    def start(self, transaction: Transaction) -> None:
        """Begin a transaction on an idle session. See `find_obstacle` for what must not be begun."""
        self._check_idle()
        self._begin(_Step(transaction))

    def finish(self, following: Transaction | None = None) -> None:
        """Send the final dot that is held; where the session `pipelines`, `following` may begin right behind it."""
        if self._held is None:
            raise RuntimeError("No final dot is held back.")
        if following is not None and not self.pipelines:
            raise RuntimeError("The server does not take pipelined commands.")
        step, self._held = self._held, None
        self._command(b".\r\n", Stage.DOT, step)
        if following is not None:
            self._begin(_Step(following))

    def quit(self) -> None:
        """Say goodbye on an idle session."""
        self._check_idle()
        self._command(b"QUIT\r\n", Stage.QUIT)

    def receive(self, received: bytes) -> list[Event]:
        """Take bytes from the server; return what they mean, in order. Nothing is returned once the session is closed."""
        events: list[Event] = []
        if self.is_closed or self._handshaking:
            return events
        try:
            for reply in self._reader.feed(received):
                self._answer(reply, events)
                if self.is_closed or self._handshaking:
                    break
        except ProtocolError as error:
            self._close(events, str(error))
        return events

    def _check_idle(self) -> None:
        if self._expected or self._held or self.is_closed or self._handshaking:
            raise RuntimeError("The session is not idle.")

    # What replies lead to ---------------------------------------------------------------------------------------------

    def _answer(self, reply: Reply, events: list[Event]) -> None:
        if not self._expected:
            self._close(events, "The server spoke although it was not asked.", reply)
            return
        self._stage, step = self._expected.popleft()
        if step is not None:
            self._answer_transaction(self._stage, step, reply, events)
        elif reply.code != 421:
            self._answer_session(self._stage, reply, events)
        if reply.code == 421:
            self._close(events, "The server closed the session.", reply)

    def _answer_session(self, stage: Stage, reply: Reply, events: list[Event]) -> None:
        match stage:
            case Stage.GREETING if reply.code == 220:
                self._say_hello(Stage.EHLO)
            case Stage.EHLO if reply.code >= 500:
                self._say_hello(Stage.HELO)
            case Stage.EHLO | Stage.HELO if reply.is_good:
                self._go_secure_or_ready(stage, reply, events)
            case Stage.STARTTLS:
                self._answer_starttls(reply, events)
            case Stage.QUIT:
                self._close(events, "We said goodbye.", reply)
            case _ if reply.code >= 400:
                self._close(events, "The server refused the session.", reply)
            case _:
                raise _unexpected(stage, reply)

    def _go_secure_or_ready(self, stage: Stage, reply: Reply, events: list[Event]) -> None:
        if stage is Stage.EHLO:
            self.extensions = read_extensions(reply)
        if self._wants_tls and "STARTTLS" in self.extensions:
            self._command(b"STARTTLS\r\n", Stage.STARTTLS)
        else:
            events.append(Ready(self.extensions))

    def _answer_starttls(self, reply: Reply, events: list[Event]) -> None:
        self._wants_tls = False
        if reply.code != 220:
            events.append(Ready(self.extensions))
            return
        self._reader.clear()  # whatever came in clear behind the 220 was not said under TLS
        self._handshaking = True
        events.append(HandshakeWanted())

    def _answer_transaction(self, stage: Stage, step: _Step, reply: Reply, events: list[Event]) -> None:
        if reply.code == 421 or stage is Stage.DOT:
            self._settle(step, stage, reply, events)
        elif stage is Stage.DATA:
            self._answer_data(step, reply, events)
        elif stage is not Stage.RSET and reply.code >= 400:
            self._refuse(step, stage, reply, events)
        elif stage is not Stage.RSET and not reply.is_good:
            raise _unexpected(stage, reply)
        elif not self.pipelines:
            self._go_on(step, stage)

    def _answer_data(self, step: _Step, reply: Reply, events: list[Event]) -> None:
        if reply.code == 354 and step.refusal:
            self._command(b".\r\n", Stage.DOT, step)  # RFC 2920 3.1: it waits for a message although it took no recipient
        elif reply.code == 354:
            self._out.append(stuff(step.transaction.wire))
            self._held = step
            events.append(DotHeld(step.transaction))
        elif reply.code < 400:
            raise _unexpected(Stage.DATA, reply)
        else:
            self._settle(step, Stage.DATA, reply, events)

    def _refuse(self, step: _Step, stage: Stage, reply: Reply, events: list[Event]) -> None:
        step.refusal = step.refusal or (stage, reply)
        if not self.pipelines:
            self._settle(step, stage, reply, events)

    def _settle(self, step: _Step, stage: Stage, reply: Reply, events: list[Event]) -> None:
        if reply.code < 400 and not reply.is_good:
            raise _unexpected(stage, reply)
        self._needs_reset = stage is not Stage.DOT
        decided_at, decisive = step.refusal or (stage, reply)
        events.append(Settled(step.transaction, decided_at, decisive))

    def _close(self, events: list[Event], why: str, reply: Reply | None = None) -> None:
        self.is_closed = True
        self._held = None  # a dot without the message that was dropped with it would be an empty message
        self._out.clear()
        events.append(Closed(self._stage, why, reply))

    # What goes out ----------------------------------------------------------------------------------------------------

    def _command(self, line: bytes, stage: Stage, step: _Step | None = None) -> None:
        self._out.append(line)
        self._expected.append((stage, step))

    def _say_hello(self, stage: Stage) -> None:
        self._command(b"%b %b\r\n" % (stage.encode(), self._hostname), stage)

    def _begin(self, step: _Step) -> None:
        if self._needs_reset:
            self._needs_reset = False
            self._command(b"RSET\r\n", Stage.RSET, step)
            if not self.pipelines:
                return
        mail = mail_command(step.transaction, self.extensions)
        if not self.pipelines:
            self._command(mail, Stage.MAIL, step)
            return
        self._out.append(mail + rcpt_command(step.transaction) + b"DATA\r\n")
        self._expected += ((Stage.MAIL, step), (Stage.RCPT, step), (Stage.DATA, step))

    def _go_on(self, step: _Step, stage: Stage) -> None:
        """Send the command after that of `stage`, where the server wants them one by one."""
        if stage is Stage.RSET:
            self._command(mail_command(step.transaction, self.extensions), Stage.MAIL, step)
        elif stage is Stage.MAIL:
            self._command(rcpt_command(step.transaction), Stage.RCPT, step)
        else:
            self._command(b"DATA\r\n", Stage.DATA, step)


def _unexpected(stage: Stage, reply: Reply) -> ProtocolError:
    return ProtocolError(f"The server answered {stage} with {reply.code}, which SMTP does not allow there.")

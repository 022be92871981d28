"""The receiving side of SMTP (RFC 5321) as a state machine: bytes in, events and bytes out. No sockets, no clock, no policy.

Feed what arrives, act on the events, write what is to be sent:

    server = Server(policy)
    server.greet()
    server.receive(data)
    while (event := server.next_event()) is not None:
        ...                         # now, or later: server.answer()
    transport.write(server.data_to_send())

Input that was pipelined (RFC 2920) behind an event waits until the event is answered. Only CRLF.CRLF, or the stated size of a
last chunk, ends a message. One with bare CR, bare LF or NUL in it is read to that end and refused, so that nobody behind us
can read two messages in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gateway.smtp import authentication, chunking, commands, mailing
from gateway.smtp.events import CommandRefused, Event, Reply
from gateway.smtp.limits import MAX_COMMAND
from gateway.smtp.session import Session

_COMMANDS: Final[Mapping[bytes, Callable[[Session, bytes], Event | None]]] = {
    b"EHLO": commands.on_ehlo,
    b"HELO": commands.on_helo,
    b"STARTTLS": commands.on_starttls,
    b"AUTH": authentication.on_auth,
    b"MAIL": mailing.on_mail,
    b"RCPT": mailing.on_rcpt,
    b"DATA": mailing.on_data,
    b"BDAT": chunking.on_bdat,
    b"RSET": commands.on_rset,
    b"NOOP": commands.on_noop,
    b"VRFY": commands.on_vrfy,
    b"HELP": commands.on_help,
    b"QUIT": commands.on_quit,
}


class Server(Session):
    """One session with one client, for the code around it."""

    @property
    def is_waiting(self) -> bool:
        """Tell whether an event waits for its answer; then no input is read."""
        return self.settle is not None or self.starts_tls

    @property
    def is_busy(self) -> bool:
        """Tell whether a transaction is open, or an event waits for its answer."""
        return self.is_holding or self.transaction is not None

    @property
    def is_holding(self) -> bool:
        """Tell whether a message, or a part of one, is in memory."""
        return self.is_waiting or self.reader.is_in_content or bool(self.transaction and self.transaction.chunks)

    def greet(self, refusal: Reply | None = None) -> None:
        """Say the first word, or turn the client away."""
        if refusal is not None:
            self.close(refusal)
        else:
            self.send(Reply(220, self.policy.words.greeting))

    def receive(self, data: bytes) -> None:
        """Take what arrived. Nothing happens before `next_event`."""
        if not self.starts_tls and not self.is_closed:
            self.reader.receive(data)

    def next_event(self) -> Event | None:
        """Return the next event; None when more input, or an answer, is needed first."""
        while self.settle is None and not self.starts_tls and not self.is_closed:
            try:
                taken = self.reader.read()
                if taken is None:
                    return None
                act, self.act = self.act, None
                event = self._obey(taken) if act is None else act(taken)
            except CommandRefused as error:
                self._complain(error)
                continue
            if event is not None:
                return event
        return None

    def answer(self, reply: Reply | None = None) -> None:
        """Answer the last event; None is the usual yes. A reply below 400 agrees, 421 also ends the session."""
        settle, self.settle = self.settle, None
        if settle is None:
            raise RuntimeError("There is no event to answer.")
        settle(reply)
        if reply is not None and reply.code == 421:
            self.close()

    def tls_started(self) -> None:
        """Begin anew over TLS: nothing from before it counts (RFC 3207 4.2)."""
        if not self.starts_tls:
            raise RuntimeError("TLS was not asked for.")
        self.starts_tls = False
        self.is_tls, self.is_authenticated, self.hello = True, False, ""
        self.forget_transaction()

    def _obey(self, line: bytes) -> Event | None:
        verb, _, argument = line.partition(b" ")
        verb = verb.upper()
        command = _COMMANDS.get(verb)
        if command is None:
            raise CommandRefused(500, "5.5.1", "Unrecognized command")
        if len(line) + 2 > MAX_COMMAND and verb != b"AUTH":
            raise CommandRefused(500, "5.5.6", "Line too long", is_final=verb == b"BDAT")
        return command(self, argument)

    def _complain(self, error: CommandRefused) -> None:
        self.act = None
        self.refuse(error.reply)
        if error.is_final and not self.is_closed:
            self.close()

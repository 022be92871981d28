"""The receiving side of SMTP (RFC 5321) as a state machine: bytes in, events and bytes out. No sockets, no clock, no policy.

Feed what arrives, act on the events, write what is to be sent:

    server = Server(policy)
    server.greet()
    server.receive(data)
    while (event := server.next_event()) is not None:
        ...                         # now, or later: server.answer()
    transport.write(server.data_to_send())

Input that was pipelined (RFC 2920) behind an event waits until the event is answered. Only CRLF.CRLF ends a message. One with
bare CR, bare LF or NUL in it is read to that end and refused, so that nobody behind us can read two messages in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar

from gateway.smtp.addresses import Address
from gateway.smtp.arguments import MAIL_PARAMETERS, check_no_argument, read_name, read_path
from gateway.smtp.events import (
    AuthRequested,
    CommandRefused,
    DataRequested,
    Event,
    HelloReceived,
    MailRequested,
    MessageReceived,
    RecipientRequested,
    Reply,
    ResetRequested,
    TLSRequested,
)
from gateway.smtp.limits import MAX_COMMAND
from gateway.smtp.policy import Policy, write_welcome
from gateway.smtp.reader import Reader, find_stray
from gateway.smtp.sasl import MECHANISMS, Exchange

_TLS_FIRST = "Must issue a STARTTLS command first"


@dataclass(slots=True)
class _Transaction:
    """What one MAIL began."""

    sender: Address | None
    recipients: list[Address] = field(default_factory=list)
    is_utf8: bool = False
    has_too_many: bool = False

    def check(self, address: Address | None) -> None:
        if address is not None and address.needs_smtputf8 and not self.is_utf8:
            raise CommandRefused(553, "5.6.7", "This address needs SMTPUTF8 after MAIL FROM")


class Server:
    """One session with one client."""

    def __init__(self, policy: Policy, *, is_tls: bool = False) -> None:
        self.policy = policy
        self.is_tls = is_tls
        self.is_authenticated = False
        self.is_closed = False  # write what is to be sent, then close
        self.hello = ""  # the name that the client gave
        self._reader = Reader(policy.limits.size)
        self._out = bytearray()
        self._errors = 0
        self._settle: Callable[[Reply | None], None] | None = None  # what to do with the answer that we wait for
        self._starts_tls = False
        self._act: Callable[[bytes], Event | None] = self._on_command  # what to do with the next line or message
        self._transaction: _Transaction | None = None
        self._is_utf8 = False  # the client reads replies in UTF-8

    @property
    def is_waiting(self) -> bool:
        """Tell whether an event waits for its answer; then no input is read."""
        return self._settle is not None or self._starts_tls

    @property
    def is_busy(self) -> bool:
        """Tell whether a transaction is open, or an event waits for its answer."""
        return self.is_holding or self._transaction is not None

    @property
    def is_holding(self) -> bool:
        """Tell whether a message, or a part of one, is in memory."""
        return self.is_waiting or self._reader.is_in_content

    def greet(self, refusal: Reply | None = None) -> None:
        """Say the first word, or turn the client away."""
        if refusal is not None:
            self.close(refusal)
        else:
            self._say(220, f"{self.policy.brand} Inbound Server ESMTP {self.policy.brand} ready")

    def receive(self, data: bytes) -> None:
        """Take what arrived. Nothing happens before `next_event`."""
        if not self._starts_tls and not self.is_closed:
            self._reader.receive(data)

    def next_event(self) -> Event | None:
        """Return the next event; None when more input, or an answer, is needed first."""
        while self._settle is None and not self._starts_tls and not self.is_closed:
            try:
                taken = self._reader.read()
                if taken is None:
                    return None
                act, self._act = self._act, self._on_command
                event = act(taken)
            except CommandRefused as error:
                self._act = self._on_command
                self._refuse(error.reply)
                continue
            if event is not None:
                return event
        return None

    def answer(self, reply: Reply | None = None) -> None:
        """Answer the last event; None is the usual yes. A reply below 400 agrees, 421 also ends the session."""
        settle, self._settle = self._settle, None
        if settle is None:
            raise RuntimeError("There is no event to answer.")
        settle(reply)
        if reply is not None and reply.code == 421:
            self.close()

    def tls_started(self) -> None:
        """Begin anew over TLS: nothing from before it counts (RFC 3207 4.2)."""
        if not self._starts_tls:
            raise RuntimeError("TLS was not asked for.")
        self._starts_tls = False
        self.is_tls, self.is_authenticated, self.hello = True, False, ""
        self._forget_transaction()

    def close(self, reply: Reply | None = None) -> None:
        """End the session, with a last word if one is given."""
        if reply is not None:
            self._send(reply)
        self.is_closed, self._settle = True, None
        self._reader.clear()

    def data_to_send(self) -> bytes:
        """Return what is to be written now; it is returned once."""
        out = bytes(self._out)
        self._out.clear()
        return out

    def _on_command(self, line: bytes) -> Event | None:
        verb, _, argument = line.partition(b" ")
        verb = verb.upper()
        command = self._COMMANDS.get(verb)
        if command is None:
            raise CommandRefused(500, "5.5.1", "Unrecognized command")
        if len(line) + 2 > MAX_COMMAND and verb != b"AUTH":
            raise CommandRefused(500, "5.5.6", "Line too long")
        return command(self, argument)

    # Greeting and TLS -------------------------------------------------------------------------------------------------
    def _on_ehlo(self, argument: bytes) -> Event | None:
        return self._on_hello(argument, is_extended=True)

    def _on_helo(self, argument: bytes) -> Event | None:
        return self._on_hello(argument, is_extended=False)

    def _on_hello(self, argument: bytes, *, is_extended: bool) -> Event | None:
        name = read_name(argument)
        return self._ask(partial(self._settle_hello, name, is_extended=is_extended), HelloReceived, name, is_extended)

    def _settle_hello(self, name: str, reply: Reply | None, *, is_extended: bool) -> None:
        self._forget_transaction()
        if reply is None or reply.is_positive:
            self.hello = name
        if reply is None:
            self._out += write_welcome(self.policy, is_extended=is_extended, is_tls=self.is_tls)
        else:
            self._send(reply)

    def _on_starttls(self, argument: bytes) -> Event | None:
        check_no_argument(argument)
        if self.is_tls or not self.policy.offers_tls:
            raise CommandRefused(503, "5.5.1", "TLS is on already" if self.is_tls else "TLS is not offered")
        self._say(220, "Ready to start TLS")
        self._reader.clear()  # what came with it is no part of the session that begins
        self._starts_tls = True
        return TLSRequested()

    # AUTH (RFC 4954) --------------------------------------------------------------------------------------------------
    @property
    def _takes_auth_now(self) -> bool:
        return self.policy.takes_auth(is_tls=self.is_tls)

    def _on_auth(self, argument: bytes) -> Event | None:
        self._check_auth()
        mechanism, _, initial = argument.partition(b" ")
        begin = MECHANISMS.get(mechanism.upper())
        if begin is None:
            raise CommandRefused(504, "5.5.4", "Use AUTH PLAIN or AUTH LOGIN")
        exchange = begin()
        challenge = next(exchange)
        if initial:
            return self._go_on(exchange, initial)
        self._challenge(exchange, challenge)
        return None

    def _check_auth(self) -> None:
        if not self.policy.requires_auth:
            raise CommandRefused(502, "5.5.1", "AUTH is not offered")
        if not self._takes_auth_now:
            raise CommandRefused(530, "5.7.0", _TLS_FIRST)
        if not self.hello or self.is_authenticated or self._transaction:
            raise CommandRefused(503, "5.5.1", "AUTH comes once, after EHLO and before MAIL")

    def _challenge(self, exchange: Exchange, challenge: str) -> None:
        self._say(334, challenge)
        self._act = partial(self._go_on, exchange)

    def _go_on(self, exchange: Exchange, response: bytes) -> Event | None:
        try:
            challenge = exchange.send(response)
        except StopIteration as end:
            request: AuthRequested = end.value
            self._settle = self._settle_auth
            return request
        self._challenge(exchange, challenge)
        return None

    def _settle_auth(self, reply: Reply | None) -> None:
        if reply is not None and not reply.is_positive:
            self._refuse(reply)
            return
        self.is_authenticated = True
        self._agree(reply, 235, "Authentication successful")

    # A transaction ----------------------------------------------------------------------------------------------------
    def _on_mail(self, argument: bytes) -> Event | None:
        self._check_authenticated()
        if not self.hello or self._transaction:
            raise CommandRefused(503, "5.5.1", "MAIL comes after EHLO, once in a transaction")
        path = read_path(b"FROM:", argument, "5.1.7")
        self._check_mail_parameters(path.parameters)
        transaction = _Transaction(path.address, is_utf8="SMTPUTF8" in path.parameters)
        transaction.check(path.address)
        return self._ask(partial(self._settle_mail, transaction), MailRequested, path.address, path.parameters)

    def _check_authenticated(self) -> None:
        if not self.is_authenticated and self.policy.requires_auth:
            raise CommandRefused(530, "5.7.0", "Authentication required" if self._takes_auth_now else _TLS_FIRST)

    def _check_mail_parameters(self, parameters: Mapping[str, str]) -> None:
        for keyword, value in parameters.items():
            extension, is_valid = MAIL_PARAMETERS.get(keyword, ("", None))
            if is_valid is None or not self._has(extension):
                raise CommandRefused(555, "5.5.4", f"The parameter {keyword} is not known here")
            if not is_valid(value):
                raise CommandRefused(501, "5.5.4", f"The value of {keyword} is not valid")
        if int(parameters.get("SIZE", "0")) > self.policy.limits.size:
            raise CommandRefused(552, "5.3.4", f"A message may have {self.policy.limits.size} bytes")

    def _has(self, extension: str) -> bool:
        return self.is_authenticated if extension == "AUTH" else extension in self.policy.extensions

    def _settle_mail(self, transaction: _Transaction, reply: Reply | None) -> None:
        if reply is None or reply.is_positive:
            self._transaction, self._is_utf8 = transaction, transaction.is_utf8
        self._agree(reply, 250, f"sender <{transaction.sender or ''}> OK")

    def _on_rcpt(self, argument: bytes) -> Event | None:
        transaction = self._get_transaction("RCPT comes after MAIL")
        path = read_path(b"TO:", argument, "5.1.3")
        if path.address is None:
            raise CommandRefused(553, "5.1.3", "<> is no recipient")
        if path.parameters:
            raise CommandRefused(555, "5.5.4", f"The parameter {next(iter(path.parameters))} is not known here")
        transaction.check(path.address)
        if len(transaction.recipients) >= self.policy.limits.recipients:
            transaction.has_too_many = True
            raise CommandRefused(452, "4.5.3", f"A message may have {self.policy.limits.recipients} recipients")
        return self._ask(partial(self._settle_rcpt, transaction, path.address), RecipientRequested, path.address)

    def _settle_rcpt(self, transaction: _Transaction, recipient: Address, reply: Reply | None) -> None:
        if reply is None or reply.is_positive:
            transaction.recipients.append(recipient)
        self._agree(reply, 250, f"recipient <{recipient}> OK")

    def _on_data(self, argument: bytes) -> Event | None:
        check_no_argument(argument)
        transaction = self._get_transaction("DATA comes after MAIL and RCPT")
        if not transaction.recipients:
            raise CommandRefused(554, "5.5.1", "No valid recipients")
        if transaction.has_too_many:
            # A client that overlooks the 452 would believe that all of them get the message.
            raise CommandRefused(550, "5.5.3", f"More than {self.policy.limits.recipients} recipients; nothing was sent")
        return self._ask(partial(self._settle_data, transaction), DataRequested)

    def _settle_data(self, transaction: _Transaction, reply: Reply | None) -> None:
        if reply is None or reply.is_positive:
            self._transaction = None  # it ends with its message, whatever comes of that
            self._act = partial(self._on_content, transaction)
            self._reader.begin_content()
        self._agree(reply, 354, "go ahead, make my day")

    def _on_content(self, transaction: _Transaction, content: bytes) -> Event | None:
        stray = "" if self.policy.takes_bare_newlines else find_stray(content)
        if stray:
            raise CommandRefused(550, "5.6.0", f"The message has {stray} in it; end all lines with CRLF and leave NUL out")
        self._settle = self._settle_message
        return MessageReceived(transaction.sender, tuple(transaction.recipients), content, transaction.is_utf8)

    def _settle_message(self, reply: Reply | None) -> None:
        self._errors = 0
        self._agree(reply, 250, "Queued")

    def _get_transaction(self, complaint: str) -> _Transaction:
        self._check_authenticated()
        if self._transaction is None:
            raise CommandRefused(503, "5.5.1", complaint)
        return self._transaction

    def _forget_transaction(self) -> None:
        self._transaction, self._is_utf8 = None, False

    # The rest ---------------------------------------------------------------------------------------------------------
    def _on_rset(self, argument: bytes) -> Event | None:
        check_no_argument(argument)
        return self._ask(self._settle_rset, ResetRequested)

    def _settle_rset(self, reply: Reply | None) -> None:
        self._forget_transaction()
        self._agree(reply, 250, "OK")

    def _on_noop(self, _: bytes) -> None:
        self._say(250, "OK")

    def _on_vrfy(self, _: bytes) -> None:
        self._say(252, "Not verified, but mail to it can be tried")

    def _on_help(self, _: bytes) -> None:
        self._say(214, "See RFC 5321")

    def _on_quit(self, argument: bytes) -> None:
        check_no_argument(argument)
        self.close(Reply(221, f"{self.policy.brand} Inbound Server closing connection. Have a jolly good day"))

    # Replying ---------------------------------------------------------------------------------------------------------
    def _ask(self, settle: Callable[[Reply | None], None], kind: type[Event], *values: Any) -> Event | None:
        """Return an event of a kind that the policy asks about, for its answer; else settle it with the usual yes."""
        if kind not in self.policy.asks:
            settle(None)
            return None
        self._settle = settle
        return kind(*values)

    def _agree(self, reply: Reply | None, code: int, text: str) -> None:
        """Send a reply; where there is none, the usual yes. An address in `text` may go out as it was taken."""
        if reply is None:
            self._say(code, text)
        else:
            self._send(reply)

    def _say(self, code: int, text: str) -> None:
        self._out += f"{code} {text}\r\n".encode()

    def _send(self, reply: Reply) -> None:
        self._out += reply.encode(is_utf8=self._is_utf8)

    def _refuse(self, reply: Reply) -> None:
        """Say no. Faults of protocol are counted, as who makes many is no mail client; addresses refused are not."""
        self._send(reply)
        self._errors += 500 <= reply.code < 550
        if self._errors > self.policy.limits.errors:
            self.close(Reply(421, "Too many errors", "4.7.0"))

    _COMMANDS: ClassVar[Mapping[bytes, Callable[[Server, bytes], Event | None]]] = {
        b"EHLO": _on_ehlo,
        b"HELO": _on_helo,
        b"STARTTLS": _on_starttls,
        b"AUTH": _on_auth,
        b"MAIL": _on_mail,
        b"RCPT": _on_rcpt,
        b"DATA": _on_data,
        b"RSET": _on_rset,
        b"NOOP": _on_noop,
        b"VRFY": _on_vrfy,
        b"HELP": _on_help,
        b"QUIT": _on_quit,
    }

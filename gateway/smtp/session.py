"""What a receiving session knows and how it replies: what the commands of a client act on. `server` has the session itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gateway.smtp.addresses import Address
from gateway.smtp.events import CommandRefused, Event, Reply
from gateway.smtp.policy import Policy
from gateway.smtp.reader import Reader

TLS_FIRST = "Must issue a STARTTLS command first"


@dataclass(slots=True)
class Transaction:
    """What one MAIL began; `chunks` is the message so far, None before its first BDAT."""

    sender: Address | None
    recipients: list[Address] = field(default_factory=list)
    is_utf8: bool = False
    has_too_many: bool = False
    chunks: bytearray | None = None

    def check(self, address: Address | None) -> None:
        if address is not None and address.needs_smtputf8 and not self.is_utf8:
            raise CommandRefused(553, "5.6.7", "This address needs SMTPUTF8 after MAIL FROM")


class Session:
    """The state of one session with one client, and its replies."""

    def __init__(self, policy: Policy, *, is_tls: bool = False) -> None:
        self.policy = policy
        self.is_tls = is_tls
        self.is_authenticated = False
        self.is_closed = False  # write what is to be sent, then close
        self.hello = ""  # the name that the client gave
        self.transaction: Transaction | None = None
        self.reader = Reader(policy.limits.size)
        self.starts_tls = False
        self.act: Callable[[bytes], Event | None] | None = None  # what to do with the next line or message; None: a command
        self.settle: Callable[[Reply | None], None] | None = None  # what to do with the answer that we wait for
        self.is_utf8 = False  # the client reads replies in UTF-8
        self.errors = 0
        self._out = bytearray()

    @property
    def takes_auth_now(self) -> bool:
        return self.policy.takes_auth(is_tls=self.is_tls)

    def check_authenticated(self) -> None:
        if not self.is_authenticated and self.policy.requires_auth:
            raise CommandRefused(530, "5.7.0", "Authentication required" if self.takes_auth_now else TLS_FIRST)

    def get_transaction(self, complaint: str) -> Transaction:
        """Return what MAIL began; refuse a command of strangers, and one without a MAIL before it with `complaint`."""
        self.check_authenticated()
        if self.transaction is None:
            raise CommandRefused(503, "5.5.1", complaint)
        return self.transaction

    def forget_transaction(self) -> None:
        self.transaction, self.is_utf8 = None, False

    def data_to_send(self) -> bytes:
        """Return what is to be written now; it is returned once."""
        out = bytes(self._out)
        self._out.clear()
        return out

    def close(self, reply: Reply | None = None) -> None:
        """End the session, with a last word if one is given."""
        if reply is not None:
            self.send(reply)
        self.is_closed, self.settle = True, None
        self.reader.clear()

    # Replying ---------------------------------------------------------------------------------------------------------
    def ask(self, settle: Callable[[Reply | None], None], kind: type[Event], *values: Any) -> Event | None:
        """Return an event of a kind that the policy asks about, for its answer; else settle it with the usual yes."""
        if kind not in self.policy.asks:
            settle(None)
            return None
        self.settle = settle
        return kind(*values)

    def agree(self, reply: Reply | None, code: int, text: str) -> None:
        """Send a reply; where there is none, the usual yes. An address in `text` may go out as it was taken."""
        if reply is None:
            self.say(code, text)
        else:
            self.send(reply)

    def say(self, code: int, text: str) -> None:
        self._out += f"{code} {text}\r\n".encode()

    def send(self, reply: Reply) -> None:
        self._out += reply.encode(is_utf8=self.is_utf8)

    def write(self, lines: bytes) -> None:
        """Send a reply that is made already."""
        self._out += lines

    def refuse(self, reply: Reply) -> None:
        """Say no. Faults of protocol are counted, as who makes many is no mail client; addresses refused are not."""
        self.send(reply)
        self.errors += 500 <= reply.code < 550
        if self.errors > self.policy.limits.errors:
            self.close(Reply(421, "Too many errors", "4.7.0"))

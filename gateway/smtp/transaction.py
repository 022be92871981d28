"""One message for one recipient, as an SMTP client sends it: checked bytes, its commands, and what it needs of the server."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from gateway.smtp.reply import Extensions

_is_address = re.compile(
    r'(?:"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*"|[^\s\x00-\x20\x7f<>"]+)@[^\s\x00-\x20\x7f<>@"]+'
).fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """One message for one recipient. `wire` has CRLF line ends only and ends with one; an empty `mail_from` is `<>`.

    Raises ValueError for addresses or bytes that could be read as something else by the far end.
    """

    mail_from: str
    rcpt_to: str
    wire: bytes = field(repr=False)
    needs_8bit: bool = False
    needs_smtputf8: bool = False

    def __post_init__(self) -> None:
        for address in (self.mail_from, self.rcpt_to):
            if address and not _is_address(address):
                raise ValueError(f"{address[:80]!r} cannot stand in an SMTP command.")
            if not address.isascii() and not self.needs_smtputf8:
                raise ValueError(f"{address[:80]!r} needs SMTPUTF8.")
        if not self.rcpt_to:
            raise ValueError("There is no recipient.")
        if not is_canonical(self.wire):
            raise ValueError("The message has a bare CR, a bare LF or a NUL, or does not end with CRLF.")


def is_canonical(wire: bytes) -> bool:
    """Tell whether every CR and every LF of `wire` is part of a CRLF, the last two octets are one, and there is no NUL.

    What another server could read as an end of data inside of a message (SMTP smuggling) is thereby not in it.
    """
    # Put every CR right once more and see whether that changes anything: searching for single octets is what is fast.
    right = wire.replace(b"\r", b"").replace(b"\n", b"\r\n")
    return wire == right and wire.endswith(b"\n") and b"\0" not in wire


def stuff(wire: bytes) -> bytes:
    """Return `wire` with a dot before each line that begins with one (RFC 5321 4.5.2)."""
    if wire.rfind(b"\r\n.") >= 0:
        wire = wire.replace(b"\r\n.", b"\r\n..")
    return b"." + wire if wire.startswith(b".") else wire


def find_obstacle(transaction: Transaction, extensions: Extensions) -> tuple[str, str] | None:
    """Return why a server with `extensions` cannot take a transaction, as enhanced code and sentence; None when it can."""
    if transaction.needs_smtputf8 and "SMTPUTF8" not in extensions:
        return "5.6.7", "The receiver's server does not take international addresses (SMTPUTF8)."
    if transaction.needs_8bit and "8BITMIME" not in extensions:
        return "5.6.3", "The receiver's server does not take 8-bit mail (8BITMIME); send it with 7-bit transfer encodings."
    if 0 < extensions.size < len(transaction.wire):
        return (
            "5.3.4",
            f"The message has {len(transaction.wire)} octets; the receiver's server takes at most {extensions.size}.",
        )
    return None


def mail_command(transaction: Transaction, extensions: Extensions) -> bytes:
    command = b"MAIL FROM:<%b>" % transaction.mail_from.encode()
    if "SIZE" in extensions:
        command += b" SIZE=%d" % len(transaction.wire)
    if transaction.needs_8bit and "8BITMIME" in extensions:
        command += b" BODY=8BITMIME"
    if transaction.needs_smtputf8 and "SMTPUTF8" in extensions:
        command += b" SMTPUTF8"
    return command + b"\r\n"


def rcpt_command(transaction: Transaction) -> bytes:
    return b"RCPT TO:<%b>\r\n" % transaction.rcpt_to.encode()

"""What passes between an SMTP server machine and the code around it: events out, replies in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.smtp.addresses import Address
from gateway.smtp.limits import MAX_REPLY

_MAX_TEXT = MAX_REPLY - len("250-5.7.113 \r\n")
_unprintable = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]").sub


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply of RFC 5321 4.2: a line feed in `text` begins a new line; `enhanced` is the code of RFC 3463, or empty."""

    code: int
    text: str
    enhanced: str = ""

    @property
    def is_positive(self) -> bool:
        return self.code < 400

    def __str__(self) -> str:
        return " ".join(filter(None, (str(self.code), self.enhanced, self.text)))

    def encode(self, *, is_utf8: bool = False) -> bytes:
        """Return the bytes on the wire: no line too long, no control characters, beyond ASCII only with `is_utf8`."""
        lead = f"{self.enhanced} " if self.enhanced else ""
        if self.text.isascii() and self.text.isprintable() and len(self.text) <= _MAX_TEXT:
            return f"{self.code} {lead}{self.text}\r\n".encode()
        lines = [piece for line in self.text.split("\n") for piece in _cut(line, is_utf8=is_utf8)]
        marks = "-" * (len(lines) - 1) + " "
        return b"".join(
            b"%d%b%b%b\r\n" % (self.code, m.encode(), lead.encode(), line) for m, line in zip(marks, lines, strict=True)
        )


def _cut(line: str, *, is_utf8: bool) -> list[bytes]:
    clean = _unprintable("?", line)
    encoded = clean.encode() if is_utf8 else clean.encode("ascii", "backslashreplace")
    if len(encoded) <= _MAX_TEXT:
        return [encoded]
    # Cut by characters, none of which is longer than four octets, so that none is split.
    text, step = encoded.decode(), _MAX_TEXT // 4
    return [text[i : i + step].encode() for i in range(0, len(text), step)]


@dataclass(frozen=True, slots=True)
class HelloReceived:
    """EHLO, or HELO when not `is_extended`. `name` has no characters that could do harm in a header or a log."""

    name: str
    is_extended: bool


@dataclass(frozen=True, slots=True)
class TLSRequested:
    """STARTTLS was taken: write what is to be sent, start TLS, then call `tls_started`. It has no `answer`."""


@dataclass(frozen=True, slots=True)
class AuthRequested:
    """A name and a secret, by AUTH PLAIN or LOGIN."""

    name: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MailRequested:
    """MAIL: `sender` is None for the null sender."""

    sender: Address | None
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RecipientRequested:
    """RCPT."""

    recipient: Address


@dataclass(frozen=True, slots=True)
class DataRequested:
    """DATA, or the first BDAT of a message, after MAIL and at least one recipient."""


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A whole message, however it came: `content` has its dots unstuffed and ends with CRLF, if it is not empty."""

    sender: Address | None
    recipients: tuple[Address, ...]
    content: bytes = field(repr=False)
    is_utf8: bool = False  # MAIL had SMTPUTF8


@dataclass(frozen=True, slots=True)
class ResetRequested:
    """RSET."""


Event = (
    HelloReceived
    | TLSRequested
    | AuthRequested
    | MailRequested
    | RecipientRequested
    | DataRequested
    | MessageReceived
    | ResetRequested
)


class CommandRefused(Exception):
    """What the client sent is refused with `reply`. Raised and caught within the machine.

    `is_final`: nobody can tell where its next command begins, so that the session ends.
    """

    def __init__(self, code: int, enhanced: str, text: str, *, is_final: bool = False) -> None:
        self.reply = Reply(code, text, enhanced)
        self.is_final = is_final
        super().__init__(str(self.reply))

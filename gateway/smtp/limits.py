"""How much one SMTP session may ask of us. Octets count with their CRLF."""

from __future__ import annotations

from dataclasses import dataclass

# RFC 5321 4.5.3.1.4, and what the parameters of MAIL add: SIZE (RFC 1870), BODY (6152), SMTPUTF8 (6531), AUTH (4954).
MAX_COMMAND = 512 + 26 + 17 + 10 + 500
MAX_AUTH_LINE = 12_288  # RFC 4954 4
MAX_REPLY = 512  # RFC 5321 4.5.3.1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`size` is octets of a message, `recipients` per message, `errors` how many faults of protocol end the session."""

    size: int = 16_000_000
    recipients: int = 1_000
    errors: int = 10

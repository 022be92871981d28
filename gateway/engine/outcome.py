"""What came of one try to deliver, as data. SMTP replies are never exceptions."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    DELIVERED = "delivered"
    DEFERRED = "deferred"  # try again later
    BOUNCED = "bounced"  # the world said no for good
    SUPPRESSED = "suppressed"  # the address is not mailed any more
    FAILED = "failed"  # we cannot send this: not signed, not composable, no longer allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one try to deliver one recipient's copy.

    `code` is the SMTP reply code (0: there was no reply), `enhanced` its RFC 3463 code or ours, `reply` the text as received,
    lines joined by a space. `retry_after` in seconds, when the receiver named one.
    """

    result: Result
    code: int = 0
    enhanced: str = ""
    reply: str = ""
    host: str = ""  # the MX's name
    address: str = ""  # the IP address that we spoke to
    source: str = ""  # the IP address that we spoke from
    tls: str = ""  # protocol and cipher, empty without TLS
    category: str = ""  # of a refusal: whom or what it is about, a reply_words.Kind
    retry_after: int = 0
    seconds: float = 0.0
    size: int = 0  # bytes on the wire
    is_ambiguous: bool = False  # the final dot went out, and no reply to it was seen
    signed_by: str = ""  # domains and selectors, "example.com/gp1 example.com/gp2"

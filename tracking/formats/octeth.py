"""Octeth's bodies (contracts 4.4): JSON, one event a call, with HMAC-SHA256 of the body in X-Octeth-Signature.

The shape follows the stored fields of its events, as no version of the vendor's documents shows a body.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from tracking.formats.base import TEST, Format, Parcel, Telling, by_name, write_json
from tracking.models import EventType

HEADER: Final = "X-Octeth-Signature"

WORDS: Final[Mapping[str, str]] = {
    EventType.DELIVERED: "delivered",
    EventType.BOUNCED: "bounced",
    EventType.EXPIRED: "bounced",
    EventType.OPENED: "opened",
    EventType.CLICKED: "clicked",
    EventType.UNSUBSCRIBED: "unsubscribed",
    EventType.COMPLAINED: "complained",
    TEST: "delivered",
}


def make_key() -> str:
    """Return a signing key: 64 hexadecimal digits in upper case."""
    return os.urandom(32).hex().upper()


def sign(parcel: Parcel, body: bytes, now: datetime) -> Mapping[str, str]:  # noqa: ARG001 - the shape of all formats
    return {HEADER: hmac.digest(parcel.key.encode(), body, "sha256").hex()}


def write(parcel: Parcel) -> bytes:
    telling = parcel.only
    return write_json(
        {
            "event": WORDS[telling.type],
            "logged-at": int(telling.at.timestamp()),
            "event-id": telling.id,
            "message-id": str(telling.public_id),
            "message": _message(telling),
            "delivery-status": {"code": telling.code, "enhanced-code": telling.enhanced, "message": telling.reply},
            "ip": telling.address,
            "user-agent": telling.agent,
            "url": telling.url,
        }
    )


def _message(telling: Telling) -> dict[str, Any]:
    return {
        "headers": {"from": telling.sender, "to": telling.recipient, "subject": telling.subject, **by_name(telling.headers)},
        "to-domain": telling.recipient_domain,
        "tags": list(telling.tags),
    }


OCTETH: Final = Format(words=WORDS, write=write, sign=sign, make_key=make_key)

"""Octeth's bodies (contracts 4.4): JSON, one event a call, with HMAC-SHA256 of the body in X-Octeth-Signature.

The shape follows the stored fields of its events, as no version of the vendor's documents shows a body.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Collection, Mapping
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

# What a webhook is told of, as Webhook.events has it: in the words of `/api/v1/webhooks`, and then in those of `/api.php`.
PUBLIC_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "delivered": (EventType.DELIVERED,),
    "bounced": (EventType.BOUNCED, EventType.EXPIRED),
    "opened": (EventType.OPENED,),
    "clicked": (EventType.CLICKED,),
    "unsubscribed": (EventType.UNSUBSCRIBED,),
    "complained": (EventType.COMPLAINED,),
}
PRIVATE_WORDS: Final[Mapping[str, str]] = {
    "delivery": "delivered",
    "bounce": "bounced",
    "open": "opened",
    "click": "clicked",
    "unsubscribe": "unsubscribed",
    "complaint": "complained",
}
CHOICES: Final = {**PUBLIC_CHOICES, **{word: PUBLIC_CHOICES[public] for word, public in PRIVATE_WORDS.items()}}


def words_of(events: Collection[str]) -> list[str]:
    """Return the words of `/api/v1/webhooks` for the events of a webhook, in the order of the table; none is all."""
    return [word for word, types in PUBLIC_CHOICES.items() if not events or not set(events).isdisjoint(types)]


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
            "user-id": telling.account_id,
            "domain-id": telling.domain_id,
            "message-id": str(telling.public_id),
            "message": _message(telling),
            "delivery-status": _status(telling),
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


def _status(telling: Telling) -> dict[str, Any]:
    return {
        "code": telling.code,
        "enhanced-code": telling.enhanced,
        "message": telling.reply,
        "mx-host": telling.host,
        "class": telling.bounce_class,
    }


OCTETH: Final = Format(words=WORDS, write=write, sign=sign, make_key=make_key)

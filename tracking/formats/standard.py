"""Standard Webhooks (standardwebhooks.com): JSON, one event a call, signed with HMAC-SHA256 over id, time and body."""

from __future__ import annotations

import base64
import hmac
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from tracking.formats.base import TEST, Format, Parcel, Telling, by_name, write_json
from tracking.models import EventType

PREFIX: Final = "whsec_"
KEY_SIZE: Final = 32  # octets; the standard asks for 24 to 64


def make_key() -> str:
    """Return a new secret, as the libraries for receivers take it."""
    return PREFIX + base64.b64encode(os.urandom(KEY_SIZE)).decode()


def sign(parcel: Parcel, body: bytes, now: datetime) -> Mapping[str, str]:
    """Return the headers of a try: the id stays, the time is the try's own."""
    seconds = str(int(now.timestamp()))
    key = base64.b64decode(parcel.key.removeprefix(PREFIX))
    mac = hmac.digest(key, f"{parcel.id}.{seconds}.".encode() + body, "sha256")
    signature = f"v1,{base64.b64encode(mac).decode()}"
    return {"webhook-id": parcel.id, "webhook-timestamp": seconds, "webhook-signature": signature}


def write(parcel: Parcel) -> bytes:
    """Return the body: what happened, when, and all that is known of it."""
    telling = parcel.only
    return write_json({"type": WORDS[telling.type], "timestamp": write_time(telling.at), "data": _data(telling)})


def write_time(at: datetime) -> str:
    """Return a time in ISO 8601, in UTC, with microseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _data(telling: Telling) -> dict[str, Any]:
    return {
        "event_id": telling.id,
        "message_id": str(telling.public_id),
        "position": telling.position,  # of the recipient in the message, from 0
        "sequence": telling.sequence,  # of the event in the recipient's story, from 1: restores the order
        "recipient": telling.recipient,
        "recipient_domain": telling.recipient_domain,
        "sender": telling.sender,
        "subject": telling.subject,
        "tags": list(telling.tags),
        "campaign": telling.campaign,
        "headers": by_name(telling.headers),
        "domain_id": telling.domain_id,
        "smtp_user": telling.smtp_user,
        "is_first": telling.is_first,
        "class": telling.bounce_class,
        "category": telling.category,
        "code": telling.code,
        "enhanced_code": telling.enhanced,
        "reply": telling.reply,
        "host": telling.host,
        "address": telling.address,
        "agent": telling.agent,
        "url": telling.url,
    }


WORDS: Final[Mapping[str, str]] = {kind.value: f"email.{kind.value}" for kind in EventType} | {TEST: "email.test"}
STANDARD_WEBHOOKS: Final = Format(words=WORDS, write=write, sign=sign, make_key=make_key)

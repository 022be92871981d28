"""SendCloud's bodies (contracts 2.4): form fields, HMAC-SHA256 over timestamp and token, an answer within three seconds."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlencode

from tracking.formats.base import TEST, Format, Parcel, Telling, by_name, write_json
from tracking.models import EventType
from tracking.webhooks.schedule import MINUTE

TOKEN: Final = 50  # characters

WORDS: Final[Mapping[str, str]] = {
    EventType.ACCEPTED: "request",
    EventType.DELIVERED: "deliver",
    EventType.OPENED: "open",
    EventType.CLICKED: "click",
    EventType.UNSUBSCRIBED: "unsubscribe",
    EventType.COMPLAINED: "report_spam",
    EventType.BOUNCED: "invalid",  # or soft_bounce, see _word
    EventType.SUPPRESSED: "invalid",
    EventType.EXPIRED: "soft_bounce",
    EventType.FAILED: "soft_bounce",
    TEST: "deliver",
}


def write(parcel: Parcel) -> bytes:
    """Return the form. Time and token are the event's own, so that each try says the same."""
    telling = parcel.only
    timestamp, token = str(telling.milliseconds), hashlib.sha256(parcel.id.encode()).hexdigest()[:TOKEN]
    fields = {
        **dict(_fields(telling)),
        "timestamp": timestamp,
        "token": token,
        "signature": hmac.digest(parcel.key.encode(), f"{timestamp}{token}".encode(), "sha256").hex(),
    }
    return urlencode(fields).encode()


def _fields(telling: Telling) -> Iterator[tuple[str, str]]:
    word = _word(telling)
    yield "event", word
    yield "message", telling.reply or telling.type
    yield "apiUser", telling.smtp_user
    yield "category", telling.smtp_user
    yield "labelId", "0"
    yield "labelName", next(iter(telling.tags), "")
    yield "userHeaders", write_json(by_name(telling.headers)).decode()
    if word == "request":
        yield "messageId", telling.inbound_id
        yield "recipientArray", write_json([telling.recipient]).decode()
        yield "emailIds", write_json([telling.email_id]).decode()
        yield "recipientSize", "1"
        return
    yield "messageId", telling.inbound_id
    yield "emailId", telling.email_id
    yield "recipient", telling.recipient
    if word in {"open", "click", "unsubscribe"}:
        yield "ip", telling.address
        yield "userAgent", telling.agent
    if word == "click":
        yield "url", telling.url
    if word == "soft_bounce":
        yield "reason", telling.reply


def _word(telling: Telling) -> str:
    return "soft_bounce" if telling.bounce_class not in {"", "hard"} else WORDS[telling.type]


SENDCLOUD: Final = Format(
    words=WORDS,
    write=write,
    content_type="application/x-www-form-urlencoded",
    seconds=3.0,
    delays=tuple(minutes * MINUTE for minutes in (1, 2, 4, 8, 16)),
    is_success=lambda reply: reply.status == 200,
    tries_url=True,
)

"""SendCloud's bodies (contracts 2.4): form fields, HMAC-SHA256 over timestamp and token, an answer within three seconds."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlencode

from tracking.agents import read_agent
from tracking.formats.base import TEST, Format, Parcel, Telling, by_name, write_json
from tracking.models import BounceType, EventType
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
# What a webhook is told of, by the numbers of webhook/add, as Webhook.events has it.
CHOICES: Final[Mapping[int, tuple[str, ...]]] = {
    1: (EventType.DELIVERED,),
    3: (EventType.COMPLAINED,),
    4: (BounceType.HARD, EventType.SUPPRESSED),
    5: (BounceType.SOFT, EventType.EXPIRED, EventType.FAILED),
    10: (EventType.CLICKED,),
    11: (EventType.OPENED,),
    12: (EventType.UNSUBSCRIBED,),
    18: (EventType.ACCEPTED,),
}
# What `message` says where no server said anything.
MESSAGES: Final[Mapping[str, str]] = {
    "request": "Successfully requested",
    "deliver": "Successfully delivered",
    "open": "Opened",
    "click": "Clicked",
    "unsubscribe": "Unsubscribed",
    "report_spam": "Reported as spam",
    "invalid": "The address is not mailed",
    "soft_bounce": "Not delivered",
}


def write(parcel: Parcel) -> bytes:
    """Return the form. Time and token are the event's own, so that each try says the same."""
    timestamp, token = str(parcel.only.milliseconds), hashlib.sha256(parcel.id.encode()).hexdigest()[:TOKEN]
    fields = {
        **dict(_fields(parcel)),
        "timestamp": timestamp,
        "token": token,
        "signature": hmac.digest(parcel.key.encode(), f"{timestamp}{token}".encode(), "sha256").hex(),
    }
    return urlencode(fields).encode()


def _fields(parcel: Parcel) -> Iterator[tuple[str, str]]:
    telling = parcel.only
    word = _word(telling)
    task_id = str(telling.list_task_id)
    yield "event", word
    yield "message", telling.reply or MESSAGES[word]
    yield "apiUser", telling.smtp_user
    yield "category", telling.smtp_user
    yield "labelId", str(telling.label_id)
    yield "labelName", next(iter(telling.tags), "")
    yield "maillistTaskId", task_id
    yield "mail_list_task_id", task_id
    yield "userHeaders", write_json(by_name(telling.headers)).decode()
    yield "messageId", telling.inbound_id
    if word == "request":
        yield "recipientArray", write_json([one.recipient for one in parcel.tellings]).decode()
        yield "emailIds", write_json([one.email_id for one in parcel.tellings]).decode()
        yield "recipientSize", str(len(parcel.tellings))
        return
    yield "emailId", telling.email_id
    yield "recipient", telling.recipient
    if word == "deliver":
        yield "outIp", telling.source
    if word in {"open", "click", "unsubscribe"}:
        yield from _reader(telling)
    if word == "click":
        yield "url", telling.url
    if word == "soft_bounce":
        yield "reason", telling.reply


def _reader(telling: Telling) -> Iterator[tuple[str, str]]:
    agent = read_agent(telling.agent)
    yield "ip", telling.address
    yield "userAgent", telling.agent
    yield "explorerName", agent.program
    yield "explorerVer", agent.program_version
    yield "oSName", agent.system
    yield "oSVer", agent.system_version


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
    takes_get=True,
    names_way=True,
    gathers=frozenset({EventType.ACCEPTED}),
)

"""What is said of events: in the fields of the seed and in the current ones (contracts 4.3) at once, in JSON or as CSV."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from io import StringIO
from typing import Any, Final

import msgspec
from django.http import HttpResponse

from gateway.api.octeth.answers.base import Done, Part
from tracking.formats.octeth import PRIVATE_WORDS
from tracking.models import Event, EventType
from tracking.queries import Bucket, Count

# Each kind of event in the words that are stored today (contracts 4.4). The vendor keeps none for `deferred`.
WORDS: Final[Mapping[str, str]] = {
    EventType.ACCEPTED: "accepted",
    EventType.DELIVERED: "delivered",
    EventType.DEFERRED: "deferred",
    EventType.BOUNCED: "bounced",
    EventType.EXPIRED: "bounced",
    EventType.SUPPRESSED: "rejected",
    EventType.CANCELLED: "failed",  # decision 24
    EventType.FAILED: "failed",
    EventType.OPENED: "opened",
    EventType.CLICKED: "clicked",
    EventType.UNSUBSCRIBED: "unsubscribed",
    EventType.COMPLAINED: "complained",
}
_SEED_WORDS: Final = {public: private for private, public in PRIVATE_WORDS.items()}  # "opened" -> "open", as the seed has it

COLUMNS: Final = ("Time", "Event", "MessageID", "From", "To", "Subject", "Domain", "SMTPCode")
MOST_EXPORTED: Final = 10_000  # rows of one file
_BOM: Final = "\ufeff"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute


class EventMessage(msgspec.Struct, kw_only=True, frozen=True, rename="kebab"):
    """The message of an event; `headers` are from, to, subject, and those that the customer wanted back."""

    headers: Mapping[str, str]
    to_domain: str
    tags: Sequence[str]


class DeliveryStatus(msgspec.Struct, kw_only=True, frozen=True, rename="kebab"):
    """What the receiver said."""

    code: int
    enhanced_code: str
    message: str
    mx_host: str


class EventItem(msgspec.Struct, kw_only=True, frozen=True, rename="kebab"):
    """One event of /api.php: `event_type` and `timestamp` are the seed's, the others as they are stored."""

    event_type: str = msgspec.field(name="event_type")
    event: str
    timestamp: str
    logged_at: int
    event_id: str
    user_id: int
    domain_id: int | None
    message_id: str
    campaign: str
    message: EventMessage
    delivery_status: DeliveryStatus
    ip: str
    user_agent: str
    url: str


class Events(Done, kw_only=True, frozen=True):
    """What GetEvents answers."""

    total_records: int
    events: list[EventItem]


class AggBucket(msgspec.Struct, kw_only=True, frozen=True):
    """How many events have one value; `doc_count` is what current versions call `count`."""

    key: str | int
    count: int
    doc_count: int


class AggBuckets(Done, kw_only=True, frozen=True):
    """What AggrEvents answers."""

    agg_buckets: list[AggBucket]


class Details(Part, kw_only=True, frozen=True):
    user_agent: str
    ip_address: str = msgspec.field(name="IpAddress")


class Headers(Part, kw_only=True, frozen=True):
    sender: str = msgspec.field(name="From")
    recipient: str = msgspec.field(name="To")
    subject: str


class PublicMessage(Part, kw_only=True, frozen=True):
    headers: Headers


class PublicEvent(Part, kw_only=True, frozen=True):
    """One event of /api/v1: the seed's fields, then the current ones."""

    event_id: str = msgspec.field(name="EventId")
    event_type: str
    event_timestamp: str
    recipient: str
    message_id: str = msgspec.field(name="MessageId")
    campaign_id: str = msgspec.field(name="CampaignId")
    details: Details
    event: str
    logged_at: int
    message: PublicMessage


class PublicEvents(Part, kw_only=True, frozen=True):
    """What GET /api/v1/events answers."""

    total_records: int
    events: list[PublicEvent]


def event_item(event: Event) -> EventItem:
    """Return an event as /api.php shows it."""
    return EventItem(
        event_type=_seed_word(event),
        event=WORDS[event.type],
        timestamp=iso(event.at),
        logged_at=int(event.at.timestamp()),
        event_id=_id(event),
        user_id=event.account_id,
        domain_id=event.domain_id,
        message_id=str(event.public_id),
        campaign=event.campaign,
        message=EventMessage(
            headers={"from": event.sender, "to": event.recipient, "subject": event.subject, **_custom(event)},
            to_domain=event.recipient_domain,
            tags=event.tags,
        ),
        delivery_status=DeliveryStatus(code=event.code, enhanced_code=event.enhanced, message=event.reply, mx_host=event.host),
        ip=event.address,
        user_agent=event.agent,
        url=event.url,
    )


def public_event(event: Event) -> PublicEvent:
    """Return an event as /api/v1 shows it."""
    return PublicEvent(
        event_id=_id(event),
        event_type=_seed_word(event),
        event_timestamp=iso(event.at),
        recipient=event.recipient,
        message_id=str(event.public_id),
        campaign_id=event.campaign,
        details=Details(user_agent=event.agent, ip_address=event.address),
        event=WORDS[event.type],
        logged_at=int(event.at.timestamp()),
        message=PublicMessage(headers=Headers(sender=event.sender, recipient=event.recipient, subject=event.subject)),
    )


def agg_buckets(field: str, found: Iterable[Bucket], limit: int) -> AggBuckets:
    """Return buckets by the vendor's keys; several of our kinds of events are one of the vendor's."""
    counts: Counter[str | int] = Counter()
    for bucket in found:
        counts[_key(field, bucket.key)] += bucket.count
    pairs = counts.most_common(limit) if field == "type" else list(counts.items())
    return AggBuckets(agg_buckets=[AggBucket(key=key, count=number, doc_count=number) for key, number in pairs])


def csv_file(events: Iterable[Event], total: Count, today: datetime) -> HttpResponse:
    """Return events as a file, with what the headers say of its size."""
    sheet = StringIO(newline="")
    sheet.write(_BOM)
    writer = csv.writer(sheet)
    writer.writerow(COLUMNS)
    writer.writerows(_row(event) for event in events)
    response = HttpResponse(sheet.getvalue().encode(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="transactional-events-{today:%Y-%m-%d}.csv"'
    response.headers["X-Octeth-Export-Total"] = str(total.value)
    if total.value > MOST_EXPORTED or not total.is_exact:
        response.headers["X-Octeth-Export-Truncated"] = "1"
        response.headers["X-Octeth-Export-Limit"] = str(MOST_EXPORTED)
    return response


def iso(at: datetime) -> str:
    """Return a time as the seed writes it, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _row(event: Event) -> list[Any]:
    texts = (event.sender, event.recipient, event.subject, event.recipient_domain)
    return [iso(event.at), WORDS[event.type], event.public_id, *map(_harmless, texts), event.code or ""]


def _harmless(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _key(field: str, key: Any) -> str | int:
    if field == "type":
        return WORDS[key]
    if isinstance(key, datetime):
        return iso(key) if field == "hour" else f"{key:%Y-%m-%d}"
    return key if isinstance(key, int) else str(key)


def _custom(event: Event) -> dict[str, str]:
    return {name: value for name, value in sorted(event.headers.items()) if name not in {"from", "to", "subject"}}


def _seed_word(event: Event) -> str:
    return _SEED_WORDS.get(WORDS[event.type], WORDS[event.type])


def _id(event: Event) -> str:
    return f"{event.public_id}-{event.position}-{event.sequence}"

"""What the calls about events take: kinds of events, words to search for, pages, fields to count by."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from gateway.api.fields import Field, integer, text
from gateway.api.octeth.parse.base import identifier
from gateway.api.octeth.parse.times import begin, end, first_day, last_day
from tracking.formats.octeth import CHOICES
from tracking.models import EventType
from tracking.queries.aggregates import MOST_BUCKETS
from tracking.queries.filters import LONGEST_WORDS
from tracking.queries.pages import MOST_SKIPPED

MOST_RETRIEVED: Final = 100  # events of one answer

# Words for kinds of events, beside those of webhooks (contracts 4.4). Here, nothing stands between us and the receiver: what we
# accept is "by-oempro", what the receiver says is "by-mta".
EVENTS: Final[Mapping[str, tuple[str, ...]]] = {
    **CHOICES,
    "accepted": (EventType.ACCEPTED,),
    "accepted-by-oempro": (EventType.ACCEPTED,),
    "accepted-by-mta": (EventType.DELIVERED,),
    "rejected": (EventType.SUPPRESSED,),
    "rejected-by-oempro": (EventType.SUPPRESSED,),
    "rejected-by-mta": (EventType.BOUNCED, EventType.EXPIRED),
    "failed": (EventType.CANCELLED, EventType.FAILED),  # decision 24
    "deferred": (EventType.DEFERRED,),  # not the vendor's, who does not tell of these
}

# Names before a colon in a query, and what we know the field by; the stored names of contracts 4.4 end in one of these.
SEARCHABLE: Final[Mapping[str, str]] = {
    "subject": "subject",
    "from": "sender",
    "to": "recipient",
    "recipient": "recipient",
    "ip": "address",
    "host": "host",
    "mx": "host",
    "mx-host": "host",
    "response": "reply",
    "reply": "reply",
}
_STORED: Final = r"(?:message\.|headers\.|delivery-status\.)*"
_WORD = re.compile(rf'(?<!\S){_STORED}({"|".join(SEARCHABLE)}):\s*(?:"([^"]*)"|(\S+))', re.IGNORECASE)

# Fields to count events by: the seed's `eventType`, the fields of its events, and the stored names of contracts 4.4. A time is
# counted by the day that it is in; seconds are those from the acceptance of the message, as we keep none of a session.
COUNTABLE: Final[Mapping[str, str]] = {
    "event": "type",
    "eventType": "type",
    "tags": "tag",
    "tag": "tag",
    "message.tags": "tag",
    "campaign": "campaign",
    "CampaignId": "campaign",
    "day": "day",
    "hour": "hour",
    "month": "month",
    "logged-at": "day",
    "timestamp": "day",
    "EventTimestamp": "day",
    "user-id": "account_id",
    "domain-id": "domain_id",
    "message-id": "public_id",
    "subject": "subject",
    "message.headers.subject": "subject",
    "from": "sender",
    "message.headers.from": "sender",
    "to": "recipient",
    "Recipient": "recipient",
    "message.headers.to": "recipient",
    "to-domain": "recipient_domain",
    "message.to-domain": "recipient_domain",
    "SMTPCode": "code",
    "delivery-status.code": "code",
    "delivery-status.enhanced-code": "enhanced",
    "delivery-status.message": "reply",
    "SMTPResponse": "reply",
    "delivery-status.mx-host": "host",
    "mx-host": "host",
    "delivery-status.session-seconds": "seconds",
    "session-seconds": "seconds",
    "ip": "address",
    "IpAddress": "address",
    "user-agent": "agent",
    "url": "url",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a query looks for: words anywhere, and words in one field of tracking.queries.filters.SEARCHED each."""

    text: str = ""
    words: Mapping[str, str] = field(default_factory=dict)


def event_types(value: Any) -> tuple[str, ...]:
    """Take a kind of event in either family of the vendor's words, in any case."""
    word = text(value).strip().lower()
    if word in EVENTS:
        return EVENTS[word]
    raise ValueError(f"must be one of {', '.join(EVENTS)}")


def search(value: Any) -> Search:
    """Take words to look for, some of which may name their field: `subject:welcome to:"ann@example.net" shipped`."""
    query = text(value).strip()
    if len(query) > LONGEST_WORDS:
        raise ValueError(f"must be at most {LONGEST_WORDS} characters")
    words: dict[str, str] = {}
    for found in _WORD.finditer(query):
        name = SEARCHABLE[found[1].lower()]
        if name in words:
            raise ValueError(f"names {found[1]} twice")
        words[name] = _bare(found[2] or found[3] or "")
    return Search(text=_bare(" ".join(_WORD.sub("", query).split())), words=words)


def countable(value: Any) -> str:
    """Take the name of a field of events, in any case and with any marks; return tracking.queries.aggregate's name for it."""
    name = _letters(text(value).removesuffix(".keyword"))
    if name in _COUNTABLE:
        return _COUNTABLE[name]
    raise ValueError(f"must be one of {', '.join(COUNTABLE)}")


def place(value: Any) -> int:
    """Take how many events to leave out."""
    number = integer(value)
    if not 0 <= number <= MOST_SKIPPED:
        raise ValueError(f"must be a number from 0 to {MOST_SKIPPED}; to see more, narrow the dates")
    return number


def retrieved(value: Any) -> int:
    """Take how many events to answer; more than the vendor's maximum is that."""
    number = integer(value)
    if number < 1:
        raise ValueError("must be a number from 1")
    return min(number, MOST_RETRIEVED)


def rows(value: Any) -> int:
    """Take how many rows to answer, brought into what can be asked for, as the vendor does."""
    return max(1, min(integer(value), MOST_BUCKETS))


def any_domain(value: Any) -> int | None:
    """Take the id of a domain; 0 is all of them."""
    return None if text(value).strip() == "0" else identifier(value)


def message_id(value: Any) -> UUID:
    """Take a message's id; what can be none is the id of none."""
    try:
        return UUID(text(value).strip())
    except ValueError:
        return UUID(int=0)


START_DATE = Field("StartDate", begin)
END_DATE = Field("EndDate", end)
EVENT = Field("Event", event_types, default=())
QUERY = Field("Query", search, default=Search())
MESSAGE_ID = Field("MessageID", message_id)
GET_EVENTS = (
    Field("DomainID", identifier, required=True, missing=1),
    Field("StartFrom", place, required=True, missing=4),
    Field("RetrieveCount", retrieved, required=True, missing=5),
    START_DATE,
    END_DATE,
    EVENT,
    QUERY,
)
EXPORT_EVENTS = (Field("DomainID", any_domain, invalid=2), START_DATE, END_DATE, EVENT, QUERY, MESSAGE_ID)
PUBLIC_EVENTS = (
    Field("StartFrom", place, default=0, invalid=4),
    Field("RetrieveCount", retrieved, default=5, invalid=5),
    START_DATE,
    END_DATE,
    EVENT,
    MESSAGE_ID,
)
AGGR_EVENTS = (
    Field("DomainID", identifier, required=True, missing=1),
    Field("StartDate", first_day),
    Field("EndDate", last_day),
    Field("AggregatedField", countable, default="type"),
    Field("AggregateSize", rows, default=10),
)


def _bare(words: str) -> str:
    """Return words without quotes and wildcards around them: a part of the field is always enough."""
    return words.strip('" *')


def _letters(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


_COUNTABLE: Final = {_letters(name): field for name, field in COUNTABLE.items()}

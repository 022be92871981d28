"""The one writer of events. Whoever tells the world a fact tells it here, in bulk and in the transaction of the fact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from gateway.base import bulk
from tracking import outbox, statistics
from tracking.models import Event, EventType

LAST_SEQUENCE = 0xFFFF  # events of one recipient; more (a robot that opens for ever) are not told


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What all events of one message have in common."""

    account_id: int
    domain_id: int | None
    smtp_user_id: int | None
    message_id: int
    public_id: str
    subject: str
    sender: str
    tags: Sequence[str] = ()
    campaign: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that happened to one recipient. `sequence` counts the facts of that recipient from 1."""

    origin: Origin
    type: EventType
    at: datetime
    recipient_id: int
    position: int
    sequence: int
    recipient: str
    recipient_domain: str
    is_first: bool = True  # of its type for this recipient
    category: str = ""  # of a refusal: engine.reply_words.Kind
    code: int = 0
    enhanced: str = ""
    reply: str = ""
    host: str = ""
    address: str = ""
    agent: str = ""
    url: str = ""

    @property
    def id(self) -> int:
        """The id of its event."""
        return event_id(self.recipient_id, self.sequence)


def record(cursor: bulk.Cursor, facts: Sequence[Fact]) -> None:
    """Write events and count them, in the transaction that `cursor` is in; last in it, as `statistics.add` says."""
    told = [fact for fact in facts if fact.sequence <= LAST_SEQUENCE]
    bulk.insert(cursor, bulk.table_of(Event), [_row(fact) for fact in told])
    outbox.add(cursor, told)
    statistics.add(cursor, told)


def event_id(recipient_id: int, sequence: int) -> int:
    """Return the id of a recipient's event: no counter is asked, and one fact cannot be told twice under two ids."""
    return recipient_id << 16 | sequence


def _row(fact: Fact) -> tuple[object, ...]:
    origin = fact.origin
    return (  # in the order of the model's fields
        fact.at,
        fact.id,
        origin.account_id,
        origin.domain_id,
        origin.smtp_user_id,
        origin.message_id,
        fact.recipient_id,
        UUID(origin.public_id),
        fact.position,
        fact.sequence,
        fact.type.value,
        origin.subject,
        origin.sender,
        fact.recipient,
        fact.recipient_domain,
        list(origin.tags),
        origin.campaign,
        dict(origin.headers),
        fact.is_first,
        fact.category,
        fact.code,
        fact.enhanced,
        fact.reply,
        fact.host,
        fact.address,
        fact.agent,
        fact.url,
    )

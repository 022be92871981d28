"""How copies stand: of each, the event of its acceptance and the last one that tells how far it came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from tracking.events import LAST_SEQUENCE, event_id
from tracking.models import Event, EventType
from tracking.queries.filters import EventFilter

_FIRST: Final = 1  # an acceptance is the first event of its recipient
_TOLD: Final = (
    EventType.DELIVERED,
    EventType.DEFERRED,
    EventType.BOUNCED,
    EventType.EXPIRED,
    EventType.SUPPRESSED,
    EventType.CANCELLED,
    EventType.FAILED,
)


def find_acceptances(asked: EventFilter, recipients: Mapping[int, int]) -> list[Event]:
    """Return the acceptances of recipients, given as recipient -> message, that a filter holds of; the newest first."""
    ids = [event_id(recipient_id, _FIRST) for recipient_id in recipients]
    return list(asked.events().filter(message_id__in=set(recipients.values()), id__in=ids).order_by("-at", "-id"))


def last_events(account_id: int, acceptances: Sequence[Event]) -> dict[int, Event]:
    """Return by recipient the last event that tells how far a copy came; none for one that was only accepted."""
    wanted = {event.recipient_id for event in acceptances}
    if not wanted:
        return {}
    rows = Event.objects.for_account(account_id).filter(
        message_id__in={event.message_id for event in acceptances},
        # Of a mail to a list they are few among very many, and stand together.
        id__range=(event_id(min(wanted), 0), event_id(max(wanted), LAST_SEQUENCE)),
        recipient_id__in=wanted,
        type__in=_TOLD,
    )
    return {event.recipient_id: event for event in rows.order_by("id")}

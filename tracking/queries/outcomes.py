"""How copies stand: of each, the event of its acceptance and the last one that tells how far it came."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Q

from tracking.events import event_id
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
    copies: dict[int, list[int]] = {}
    for event in acceptances:
        copies.setdefault(event.message_id, []).append(event.recipient_id)
    if not copies:
        return {}
    rows = Event.objects.for_account(account_id).filter(reduce(or_, map(_of_message, copies.items())), type__in=_TOLD)
    wanted = {event.recipient_id for event in acceptances}
    return {event.recipient_id: event for event in rows.order_by("id") if event.recipient_id in wanted}


def _of_message(copies: tuple[int, Iterable[int]]) -> Q:
    """Return what holds of the events of some of a message's copies: of a list they are few among very many."""
    message_id, recipient_ids = copies
    listed = sorted(recipient_ids)
    return Q(message_id=message_id, id__range=(event_id(listed[0], 0), event_id(listed[-1], 0xFFFF)))

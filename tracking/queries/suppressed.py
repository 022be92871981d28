"""Who is not mailed by an account, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Final

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from tracking.models import Event, EventType, Suppression
from tracking.queries.filters import EventFilter

NEWEST: Final = ("-created_at", "-pk")
_LATE: Final = timedelta(days=1)  # how long after a reader's wish its suppression may be written
_MOST_WISHES: Final = 10_000


def find_suppressed(
    account_id: int,
    cause: Suppression.Cause,
    *,
    email: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> QuerySet[Suppression]:
    """Return an account's own suppressions of one cause, the newest first; `since` belongs to the span, `until` does not."""
    given = {"email": email.lower() or None, "created_at__gte": since, "created_at__lt": until}
    rows: QuerySet[Suppression] = Suppression.objects.for_account(account_id).filter(cause=cause)
    return rows.filter(**{name: value for name, value in given.items() if value is not None}).order_by(*NEWEST)


def told_by(rows: QuerySet[Suppression], asked: EventFilter, tags: Sequence[str] = ()) -> QuerySet[Suppression]:
    """Return those of the suppressions that an event tells of, of those that are asked for; with `tags`, one that has any."""
    told = asked.events().filter(reduce(or_, (Q(tags__has_tag=tag) for tag in tags))) if tags else asked.events()
    return rows.filter(email__in=told.annotate(lowered=Lower("recipient")).values("lowered"))


def find_wishes(account_id: int, rows: Sequence[Suppression]) -> dict[str, Event]:
    """Return by address the event that an unsubscribed address came on the list by; none where it came otherwise."""
    if not rows:
        return {}
    times = [row.created_at for row in rows]
    found = EventFilter(
        account_id=account_id, types=[EventType.UNSUBSCRIBED], since=min(times) - _LATE, until=max(times) + _LATE
    )
    named = found.events().annotate(lowered=Lower("recipient")).filter(lowered__in=[row.email for row in rows])
    return {event.recipient.lower(): event for event in reversed(named.order_by("-at", "-id")[:_MOST_WISHES])}

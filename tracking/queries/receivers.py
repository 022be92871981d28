"""What became of the mail to each receiving domain, and how long that took: from the events, as no roll-up knows receivers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from django.db.models import Avg, Case, CharField, Count, F, Max, Min, Q, QuerySet, Value, When

from tracking.models import Event, EventType
from tracking.queries.aggregates import MOST_BUCKETS
from tracking.queries.filters import EventFilter
from tracking.queries.room import room_to_work
from tracking.queries.took import Took

SENT: Final = (EventType.DELIVERED,)
FAILED: Final = (EventType.BOUNCED, EventType.EXPIRED, EventType.SUPPRESSED, EventType.CANCELLED, EventType.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconds:
    """How long copies took from the acceptance of their message to their end."""

    average: float
    least: float
    most: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """The mail to one receiving domain; `seconds` of what was delivered, None where nothing was."""

    domain: str
    sent: int
    failed: int
    sending: int
    seconds: Seconds | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endings:
    """The copies that came to one end; `spread` counts those below each bound and from the one before it, then the others."""

    number: int
    seconds: Seconds
    spread: Sequence[int]


def receivers(asked: EventFilter, limit: int = 50) -> list[Receiver]:
    """Count by receiving domain, those with most delivered mail first."""
    rows = asked.events().filter(type__in=(EventType.ACCEPTED, *SENT, *FAILED)).exclude(recipient_domain="")
    counted = rows.values_list("recipient_domain").annotate(
        sent=Count("id", filter=Q(type__in=SENT)),
        failed=Count("id", filter=Q(type__in=FAILED)),
        accepted=Count("id", filter=Q(type=EventType.ACCEPTED)),
        **_seconds(Took(), only=Q(type__in=SENT)),
    )
    with room_to_work():
        found = list(counted.order_by("-sent", "-failed", "recipient_domain")[: max(1, min(limit, MOST_BUCKETS))])
    return [_receiver(*numbers) for numbers in found]


def endings(asked: EventFilter, bounds: Sequence[float]) -> Mapping[str, Endings]:
    """Count what was `sent` and what `failed`, with how long it took, spread over spans that end at `bounds`, in seconds."""
    with room_to_work():
        return {end: _ending(*numbers) for end, *numbers in _ended(asked.events(), bounds)}


def _ended(rows: QuerySet[Event], bounds: Sequence[float]) -> Iterable[tuple[Any, ...]]:
    end = Case(When(type__in=SENT, then=Value("sent")), default=Value("failed"), output_field=CharField())
    named = rows.filter(type__in=(*SENT, *FAILED)).annotate(end=end, took=Took()).values_list("end")
    below = {f"below_{place}": Count("id", filter=Q(took__lt=bound)) for place, bound in enumerate(bounds)}
    found: Iterable[tuple[Any, ...]] = named.annotate(number=Count("*"), **_seconds(F("took")), **below).order_by("end")
    return found


def _seconds(took: Any, only: Q | None = None) -> dict[str, Any]:
    return {"average": Avg(took, filter=only), "least": Min(took, filter=only), "most": Max(took, filter=only)}


def _receiver(domain: str, sent: int, failed: int, accepted: int, *seconds: float) -> Receiver:
    return Receiver(
        domain=domain,
        sent=sent,
        failed=failed,
        sending=max(0, accepted - sent - failed),  # what was accepted before the span may have ended within it
        seconds=_as_seconds(*seconds) if sent else None,
    )


def _ending(number: int, average: float, least: float, most: float, *below: int) -> Endings:
    spread = [after - before for before, after in pairwise((0, *below, number))]
    return Endings(number=number, seconds=_as_seconds(average, least, most), spread=spread)


def _as_seconds(average: float, least: float, most: float) -> Seconds:
    return Seconds(average=average, least=least, most=most)

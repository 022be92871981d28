"""What the hourly roll-ups say of a filter: sums, without looking at a single event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncDay, TruncHour, TruncMonth

from tracking.models import EventType, HourlyStatistic
from tracking.queries.filters import EventFilter
from tracking.statistics import COUNTERS, TOTALS, hour_of

BUCKETS: Final[Mapping[str, type[TruncHour | TruncDay | TruncMonth]]] = {
    "hour": TruncHour,
    "day": TruncDay,
    "month": TruncMonth,
}


def can_tell(asked: EventFilter) -> bool:
    """Tell whether the roll-ups answer for a filter: they know all that it asks for, and both ends are whole hours."""
    return asked.is_rolled_up and all(end is None or end == hour_of(end) for end in (asked.since, asked.until))


def rows_of(asked: EventFilter, *, every_tag: bool = False) -> QuerySet[Any]:
    """Return the rows of the filter's tag, or of all events; with `every_tag` those of each tag instead."""
    given = {
        "domain_id": asked.domain_id,
        "domain_id__in": asked.domain_ids or None,
        "smtp_user_id": asked.smtp_user_id,
        "smtp_user_id__in": asked.smtp_user_ids or None,
        "hour__gte": asked.since,
        "hour__lt": asked.until,
        "campaign": asked.campaign.replace("\0", "") or None,
        "tag": None if every_tag else asked.tag.replace("\0", ""),
    }
    rows = HourlyStatistic.objects.for_account(asked.account_id)
    rows = rows.filter(**{name: value for name, value in given.items() if value is not None})
    return rows.exclude(tag="") if every_tag else rows


def columns_of(types: Iterable[EventType | str]) -> tuple[str, ...]:
    """Return the columns that count events of some types; of all, when none are named."""
    kinds = [EventType(kind) for kind in types] or list(EventType)
    return tuple(name for kind in kinds for name in TOTALS[kind])


def count_hours(asked: EventFilter) -> int:
    """Count the events of whole hours."""
    return sum(sum_counters(rows_of(asked), columns_of(asked.types)).values())


def sum_counters(rows: QuerySet[Any], names: Iterable[str] = COUNTERS) -> dict[str, int]:
    """Return the sum of each counter, by its name."""
    found = rows.aggregate(**{f"sum_{name}": Sum(name) for name in names})
    return {name.removeprefix("sum_"): number or 0 for name, number in found.items()}


def truncated(bucket: str, column: str, zone: tzinfo = UTC) -> Any:
    """Return the beginning of the hour, day or month of a time, in UTC or in a zone whole hours away from it."""
    return BUCKETS[bucket](column, tzinfo=zone)


def floor(bucket: str, at: datetime) -> datetime:
    """Return the beginning of the hour, day or month in UTC that a time is in."""
    at = hour_of(at)
    if bucket != "hour":
        at = at.replace(hour=0)
    return at.replace(day=1) if bucket == "month" else at

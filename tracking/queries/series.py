"""Counters over time: sums of a span, the same of the span before, and series without gaps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Q, Sum

from tracking.queries.aggregates import MOST_BUCKETS, ROLLED_UP
from tracking.queries.filters import EventFilter
from tracking.queries.rollups import can_tell, floor, rows_of, sum_counters, truncated
from tracking.queries.room import room_to_work
from tracking.statistics import COUNTERS, TOTALS, Counter

MOST_POINTS: Final = 10_000  # of a series; what is older is left out


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What happened in a span, by counter of tracking.statistics.COUNTERS. Shares are of 1, None where there is nothing."""

    counts: Mapping[str, int]

    def __getitem__(self, name: str) -> int:
        return self.counts[name]

    @property
    def bounced(self) -> int:
        return self.counts["bounced_hard"] + self.counts["bounced_soft"] + self.counts["bounced_block"]

    @property
    def ended(self) -> int:
        """The copies whose delivery came to an end, good or bad."""
        return self.counts["delivered"] + self.bounced + self.counts["expired"] + self.counts["failed"]

    @property
    def is_empty(self) -> bool:
        return not any(self.counts.values())

    def share(self, number: int, whole: int) -> float | None:
        return min(1.0, number / whole) if whole else None

    @property
    def delivered_share(self) -> float | None:
        return self.share(self.counts["delivered"], self.ended)

    @property
    def bounced_share(self) -> float | None:
        return self.share(self.bounced, self.ended)

    def share_of_delivered(self, name: str) -> float | None:
        return self.share(self.counts[name], self.counts["delivered"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Numbers by span of time: each list of `values` is as long as `starts`, the beginnings of the spans in UTC."""

    starts: Sequence[datetime]
    values: Mapping[str, Sequence[int]]


def totals(asked: EventFilter) -> Totals:
    """Sum up every counter."""
    with room_to_work():
        if can_tell(asked):
            return Totals(counts=sum_counters(rows_of(asked)))
        return Totals(counts=asked.events().aggregate(**counting()))


def compare(asked: EventFilter) -> tuple[Totals, Totals]:
    """Sum up a span with both ends, and the span of the same length before it."""
    if asked.since is None or asked.until is None:
        raise ValueError("A comparison needs a span with both ends.")
    before = asked.between(asked.since - (asked.until - asked.since), asked.since)
    return totals(asked), totals(before)


def bucketed(asked: EventFilter, bucket: str = "day", by: str = "type") -> Series:
    """Count by hour, day or month from `since` to `until`, both needed; `by` is type, or counter for each of COUNTERS.

    Spans in which nothing happened count 0.
    """
    if asked.since is None or asked.until is None:
        raise ValueError("A series needs a span with both ends.")
    starts = list(_starts(bucket, asked.since, asked.until))[-MOST_POINTS:]
    places = {start: place for place, start in enumerate(starts)}
    counters: dict[str, list[int]] = {name: [0] * len(starts) for name in COUNTERS}
    with room_to_work():
        for start, *numbers in _points(asked, bucket):
            place = places.get(start)
            for values, number in zip(counters.values(), numbers, strict=True):
                if place is not None:
                    values[place] = number or 0
    return Series(starts=starts, values=counters if by == "counter" else _by_type(counters, len(starts)))


def _points(asked: EventFilter, bucket: str) -> Iterable[tuple[Any, ...]]:
    if can_tell(asked):
        rows, column = rows_of(asked), "hour"
        numbers = {f"sum_{name}": Sum(name) for name in COUNTERS}
    else:
        rows, column, numbers = asked.events(), "at", {f"sum_{name}": count for name, count in counting().items()}
    found: Iterable[tuple[Any, ...]] = (
        rows.annotate(start=truncated(bucket, column)).values_list("start").annotate(**numbers).order_by("start")
    )
    return found


def counting() -> dict[str, Any]:
    """Return what counts events by each of COUNTERS, for an aggregation."""
    return {name: Count("id", filter=_condition(counter)) for name, counter in COUNTERS.items()}


def _condition(counter: Counter) -> Q:
    found = Q(type=counter.type.value)
    if counter.categories is not None:
        found &= Q(category__in=counter.categories)
    if counter.others_than:
        found &= ~Q(category__in=counter.others_than)
    return found & Q(is_first=True) if counter.first_only else found


def _starts(bucket: str, since: datetime, until: datetime) -> Iterator[datetime]:
    start = floor(bucket, since)
    while start < until:
        yield start
        start = floor(bucket, start + _LENGTHS[bucket])


_LENGTHS: Final = {"hour": timedelta(hours=1), "day": timedelta(days=1), "month": timedelta(days=32)}


def _by_type(counters: Mapping[str, Sequence[int]], length: int) -> dict[str, list[int]]:
    return {
        kind.value: [sum(counters[name][place] for name in names) for place in range(length)] for kind, names in TOTALS.items()
    }


def break_down(asked: EventFilter, field: str, limit: int = 10) -> list[tuple[Any, Totals]]:
    """Sum up every counter for each tag, campaign, domain_id or smtp_user_id, those with most mail first; from the roll-ups.

    The span is taken in whole hours.
    """
    rows = rows_of(asked, every_tag=field == "tag").exclude(**{field: ROLLED_UP[field]})
    with room_to_work():
        summed = rows.values_list(field).annotate(**{f"sum_{name}": Sum(name) for name in COUNTERS})
        found = list(summed.order_by("-sum_accepted", "-sum_delivered", field)[: max(1, min(limit, MOST_BUCKETS))])
    return [(key, Totals(counts=dict(zip(COUNTERS, numbers, strict=True)))) for key, *numbers in found]

"""What happened by hour or day, SMTP user, tag and receiving domain: a line for each combination that had any mail.

From the roll-ups; where receiving domains are asked for, which no roll-up knows, from the events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any, Final

from django.db.models import BigIntegerField, F, QuerySet, Sum, TextField, Value
from django.db.models.functions import Coalesce

from tracking.queries.filters import EventFilter
from tracking.queries.rollups import can_tell, rows_of, sum_counters, truncated
from tracking.queries.room import room_to_work
from tracking.queries.series import Totals, counting
from tracking.statistics import COUNTERS, LONGEST

KEYS: Final = ("line_start", "line_user", "line_tag", "line_receiver")


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Which events to count, from one whole hour to another, and by what: `bucket` is hour or day, as `zone` has it.

    `zone` is whole hours away from UTC. With `tags` or `receivers` there are lines for these alone, one each; without, lines
    have none and count all mail.
    """

    wanted: EventFilter
    bucket: str = "day"
    zone: tzinfo = UTC
    tags: Sequence[str] = ()
    receivers: Sequence[str] = ()

    @property
    def is_rolled_up(self) -> bool:
        return not self.receivers and can_tell(self.wanted) and all(len(tag) <= LONGEST for tag in self.tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What happened in an hour or day, whose beginning is `start`. `smtp_user_id` is 0 for none."""

    start: datetime
    smtp_user_id: int
    tag: str
    receiver: str
    totals: Totals


def lines(split: Split, *, skip: int, limit: int) -> tuple[int, list[Line]]:
    """Return how many lines there are, and some of them, those of the earliest time first."""
    with room_to_work():
        total, found = page_of([*_parts(split)], skip, limit)
    return total, [_line(*row) for row in found]


def whole(split: Split) -> Totals:
    """Sum up every counter of all lines; what has two of the tags counts twice."""
    with room_to_work():
        if split.is_rolled_up:
            return Totals(counts=sum_counters(_rolled_up(split)))
        sums = sum_up([*events_of(split)], counting())
    return Totals(counts=dict(zip(COUNTERS, sums, strict=True)))


def page_of(parts: Sequence[QuerySet[Any, Any]], skip: int, limit: int) -> tuple[int, list[Any]]:
    """Return how many rows several grouped queries have together, and some of them in the order of KEYS.

    All by two statements, so that the deadline is one for them all, and no row is fetched that is not asked for.
    """
    total = _union([part.values_list(*KEYS) for part in parts]).count()
    return total, list(_union(parts).order_by(*KEYS)[skip : skip + limit])


def sum_up(parts: Sequence[tuple[str, QuerySet[Any]]], counting: Mapping[str, Any]) -> list[int]:
    """Count the events of each tag, by one statement; return the sums over all tags, in the order of `counting`."""
    counted = {f"sum_{name}": count for name, count in counting.items()}
    named = [rows.annotate(line_tag=Value(tag, output_field=TextField())).values_list("line_tag") for tag, rows in parts]
    found = list(_union([rows.annotate(**counted) for rows in named]))
    return [sum(row[place] for row in found) for place in range(1, len(counted) + 1)]


def _union(parts: Sequence[QuerySet[Any, Any]]) -> QuerySet[Any, Any]:
    first, *others = [part.order_by() for part in parts]
    return first.union(*others, all=True) if others else first


def events_of(split: Split) -> Iterator[tuple[str, QuerySet[Any]]]:
    """Yield each of the tags, or none, with its events: one event may have several."""
    receivers = [name.lower().replace("\0", "") for name in split.receivers]
    for tag in split.tags or ("",):
        rows = replace(split.wanted, tag=tag).events()
        yield tag, rows.filter(recipient_domain__in=receivers) if receivers else rows


def by_keys(split: Split, tag: str, rows: QuerySet[Any], *, by_receiver: bool) -> QuerySet[Any, Any]:
    """Group events by KEYS."""
    named: QuerySet[Any, Any] = rows.annotate(
        line_start=truncated(split.bucket, "at", split.zone),
        line_user=Coalesce("smtp_user_id", 0, output_field=BigIntegerField()),
        line_tag=Value(tag, output_field=TextField()),
        line_receiver=F("recipient_domain") if by_receiver else Value("", output_field=TextField()),
    )
    return named.values_list(*KEYS)


def _parts(split: Split) -> Iterator[QuerySet[Any, Any]]:
    if split.is_rolled_up:
        named = _rolled_up(split).annotate(
            line_start=truncated(split.bucket, "hour", split.zone),
            line_user=F("smtp_user_id"),
            line_tag=F("tag"),
            line_receiver=Value("", output_field=TextField()),
        )
        yield named.values_list(*KEYS).annotate(**{f"sum_{name}": Sum(name) for name in COUNTERS})
        return
    counted = {f"sum_{name}": count for name, count in counting().items()}
    for tag, rows in events_of(split):
        yield by_keys(split, tag, rows, by_receiver=bool(split.receivers)).annotate(**counted)


def _rolled_up(split: Split) -> QuerySet[Any]:
    return rows_of(split.wanted, every_tag=True).filter(tag__in=split.tags) if split.tags else rows_of(split.wanted)


def _line(start: datetime, smtp_user_id: int, tag: str, receiver: str, *numbers: int) -> Line:
    counts = dict(zip(COUNTERS, numbers, strict=True))
    return Line(start=start, smtp_user_id=smtp_user_id, tag=tag, receiver=receiver, totals=Totals(counts=counts))

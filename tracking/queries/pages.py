"""Events page by page, newest first, and how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import DateTimeField, ExpressionWrapper, F, QuerySet, Value

from tracking.models import Event
from tracking.queries.filters import EventFilter
from tracking.queries.rollups import count_hours, rows_of
from tracking.queries.room import room_to_work
from tracking.statistics import LONGEST, hour_of

MOST_COUNTED: Final = 10_000
MOST_SKIPPED: Final = 10_000
MOST_ON_A_PAGE: Final = 1_000
READ_FIRST: Final = 50_000  # events that a search without an index looks at before it looks at all
NEWEST: Final = ("-at", "-id")
HOUR: Final = timedelta(hours=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Place = tuple[datetime, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some events, newest first; `older` and `newer` are the cursors of the pages beside it, empty where there is none."""

    events: Sequence[Event]
    older: str = ""
    newer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many there are; where it is not exact, there are more."""

    value: int
    is_exact: bool = True


def find_events(
    asked: EventFilter,
    *,
    before: str | None = None,
    after: str | None = None,
    limit: int = 50,
    skip: int = 0,
    most_skipped: int = MOST_SKIPPED,
) -> Page:
    """Return the newest events; with a cursor, those older than it (`before`) or just newer (`after`).

    A cursor that cannot be read is as none. `skip` leaves out that many, for vendors whose pages are numbered; the database
    walks past them, so that it takes the longer the more they are.
    """
    limit = max(1, min(limit, MOST_ON_A_PAGE))
    newer_than, older_than = _read_cursor(after), _read_cursor(before)
    with room_to_work():
        if newer_than is not None:
            return _newer_page(asked, newer_than, limit)
        return _older_page(asked, older_than, limit, max(0, min(skip, most_skipped)))


def count_events(asked: EventFilter) -> Count:
    """Count exactly where the roll-ups can tell, and up to MOST_COUNTED where the events must be looked at."""
    with room_to_work():
        if asked.is_read_through:  # whoever reads all events to the end reads them side by side; up to a limit, one by one
            return _bounded(asked.events().order_by().count())
        return _count_by_hours(asked) if asked.is_rolled_up else _count_rows(asked.events())


def cursor_of(event: Event) -> str:
    """Return an event's place, for `before` and `after`."""
    microseconds = (event.at - _EPOCH) // timedelta(microseconds=1)
    return f"{microseconds:x}.{event.id:x}"


def _newer_page(asked: EventFilter, newer_than: Place, limit: int) -> Page:
    rows = asked.events().filter(pk__gt=newer_than)
    found = list(rows.order_by("at", "id")[: limit + 1])
    return _page(found[:limit][::-1], has_older=True, has_newer=len(found) > limit)


def _older_page(asked: EventFilter, older_than: Place | None, limit: int, skip: int) -> Page:
    rows = _older(_up_to_the_newest(asked, older_than).events(), older_than)
    wanted = slice(skip, skip + limit + 1)
    found = _read_through(asked, rows, older_than, wanted) if asked.is_read_through else list(rows.order_by(*NEWEST)[wanted])
    return _page(found[:limit], has_older=len(found) > limit, has_newer=older_than is not None or skip > 0)


def _older(rows: QuerySet[Event], older_than: Place | None) -> QuerySet[Event]:
    return rows if older_than is None else rows.filter(pk__lt=older_than)


def _read_through(asked: EventFilter, rows: QuerySet[Event], older_than: Place | None, wanted: slice) -> list[Event]:
    """Look through the latest events in their order; where those have too few, through all of them, side by side."""
    every = _older(Event.objects.for_account(asked.account_id), older_than)
    horizon = every.order_by(*NEWEST).values_list("at", flat=True)[READ_FIRST : READ_FIRST + 1].first()
    near = rows if horizon is None else rows.filter(at__gte=horizon)
    found = list(near.order_by(*NEWEST)[wanted])
    if horizon is None or len(found) == wanted.stop - wanted.start:
        return found
    # An expression has no index, so the database does not walk through one event by event.
    unordered = ExpressionWrapper(F("at") + Value(timedelta(0)), output_field=DateTimeField())
    return list(rows.annotate(when=unordered).order_by("-when", "-id")[wanted])


def _up_to_the_newest(asked: EventFilter, older_than: Place | None) -> EventFilter:
    """Begin where the roll-ups say that a campaign's, domain's or SMTP user's events begin, instead of reading up to there."""
    if not (asked.campaign or asked.domain_id or asked.smtp_user_id or asked.smtp_user_ids) or len(asked.campaign) > LONGEST:
        return asked
    ends = [end for end in (asked.until, older_than[0] + HOUR if older_than else None) if end is not None]
    since = hour_of(asked.since) if asked.since else None
    rows = rows_of(replace(asked, tag="", since=since, until=min(ends, default=None)))
    newest = rows.order_by("-hour").values_list("hour", flat=True).first()
    return asked if newest is None else asked.between(asked.since, min([newest + HOUR, *ends]))


def _page(events: Sequence[Event], *, has_older: bool, has_newer: bool) -> Page:
    return Page(
        events=events,
        older=cursor_of(events[-1]) if events and has_older else "",
        newer=cursor_of(events[0]) if events and has_newer else "",
    )


def _read_cursor(text: str | None) -> Place | None:
    at, _, number = (text or "").partition(".")
    try:
        return _EPOCH + timedelta(microseconds=int(at, 16)), int(number, 16) % (1 << 63)
    except (ValueError, OverflowError):
        return None


def _count_by_hours(asked: EventFilter) -> Count:
    """Count whole hours by the roll-ups, and what is left at both ends by the events."""
    oldest = Event.objects.for_account(asked.account_id).order_by("at", "id").values_list("at", flat=True).first()
    if oldest is None:
        return Count(value=0)
    since = max(asked.since or oldest, hour_of(oldest))  # roll-ups outlive events, and what is counted can be paged to
    first = hour_of(since + HOUR - timedelta(microseconds=1))
    last = hour_of(asked.until) if asked.until else None
    if last is not None and last < first:
        return _count_rows(asked.events())
    ends = [asked.between(since, first)] if since < first else []
    ends += [asked.between(last, asked.until)] if last != asked.until else []
    parts = [_count_rows(end.events()) for end in ends]
    whole = count_hours(asked.between(first, last))
    return Count(value=whole + sum(part.value for part in parts), is_exact=all(part.is_exact for part in parts))


def _count_rows(rows: QuerySet[Event]) -> Count:
    return _bounded(rows.order_by()[: MOST_COUNTED + 1].count())


def _bounded(number: int) -> Count:
    return Count(value=min(number, MOST_COUNTED), is_exact=number <= MOST_COUNTED)

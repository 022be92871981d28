"""StartDate and EndDate. A day is the whole of it, in UTC, and the end is taken in, as the vendor does.

Of events they may also be moments, as Unix seconds or as text (seed, GET /api/v1/events); of statistics a moment stands for its
day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from gateway.api.fields import text
from gateway.base import clock
from tracking.queries.rollups import floor

DAY: Final = timedelta(days=1)
SECOND: Final = timedelta(seconds=1)
_YEARS: Final = range(1970, 2100)


def begin(value: Any) -> datetime:
    """Take a day, or a moment in Unix seconds or text; return its first moment."""
    return _read_time(value)[0]


def end(value: Any) -> datetime:
    """Take the same; return the first moment after it."""
    start, length = _read_time(value)
    return start + length


def first_day(value: Any) -> datetime:
    """Take the same; return the beginning of its day in UTC."""
    return floor("day", begin(value))


def last_day(value: Any) -> datetime:
    """Take the same; return the end of its day in UTC."""
    return first_day(value) + DAY


def span_of(found: Mapping[str, Any], days: int) -> tuple[datetime, datetime]:
    """Return the days that are asked for, up to today and from so many days before the last where they are not named."""
    until = found["EndDate"] or floor("day", clock.now()) + DAY
    since = found["StartDate"] or until - (days + 1) * DAY
    return since, max(until, since + DAY)


def past_of(span: tuple[datetime, datetime]) -> tuple[datetime, datetime]:
    """Return a span of days up to today: what is counted day by day has none to come."""
    since, until = span
    return since, min(until, floor("day", clock.now()) + DAY)


def _read_time(value: Any) -> tuple[datetime, timedelta]:
    words = text(value).strip()
    try:
        when = datetime.fromtimestamp(int(words), UTC) if words.isdecimal() else datetime.fromisoformat(words)
        when = (when if when.tzinfo else when.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        when = datetime.max.replace(tzinfo=UTC)
    if when.year not in _YEARS:
        raise ValueError("must be a date such as 2026-01-31 or 2026-01-31 12:00:00, or a Unix time")
    return when, SECOND if words.isdecimal() or ":" in words else DAY

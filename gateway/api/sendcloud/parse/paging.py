"""What many of SendCloud's calls that list take: which part of a list, and the days that it is about.

    fields = (*PERIOD, Field("email", email, missing=40011, invalid=40012), START, LIMIT)
    span = read_period(asked.given, clock.now(), most_days=30)      # None where the call names no days

Days are those of UTC+8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from gateway.api.fields import Field, fault_in, text
from gateway.api.sendcloud.answers import CHINA
from gateway.api.sendcloud.parse.kinds import whole_number

MOST_ROWS: Final = 100  # of a page
LAST_ROW: Final = 10_000_000  # where a page may begin
_FIRST_DAY, _LAST_DAY = date(1970, 1, 1), date(9990, 12, 31)
_MOST_DAYS = 3660


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The time from `since` to before `until`, both in UTC."""

    since: datetime
    until: datetime


def place(value: Any) -> int:
    """Take the place in a list where a page begins, from 0."""
    return whole_number(value, 0, LAST_ROW)


def page_size(value: Any) -> int:
    """Take how many rows a page has at most, to 100."""
    return whole_number(value, 0, MOST_ROWS)


def days(value: Any) -> int:
    """Take a number of days that end with today; 1 is today alone."""
    return whole_number(value, 1, _MOST_DAYS)


def day(value: Any) -> date:
    """Take a day as in 2013-03-19."""
    try:
        found = datetime.strptime(text(value).strip(), "%Y-%m-%d").date()  # noqa: DTZ007  a day has no zone
    except ValueError:
        raise ValueError("must be a day like 2013-03-19") from None
    if not _FIRST_DAY <= found <= _LAST_DAY:
        raise ValueError(f"must be between {_FIRST_DAY} and {_LAST_DAY}")
    return found


START: Final = Field("start", place, default=0, missing=40001, invalid=40002)
LIMIT: Final = Field("limit", page_size, default=MOST_ROWS, missing=40003, invalid=40004)
DAYS: Final = Field("days", days, invalid=40006)
START_DATE: Final = Field("startDate", day, invalid=40007)
END_DATE: Final = Field("endDate", day, invalid=40008)
PERIOD: Final = (DAYS, START_DATE, END_DATE)


def read_period(given: Mapping[str, Any], now: datetime, *, most_days: int = _MOST_DAYS) -> Period | None:
    """Return the days that a call with PERIOD is about; `days` beats the dates. None where it names none.

    Raises FieldsRefused for one date without the other, dates in the wrong order, and more than `most_days`.
    """
    today = now.astimezone(CHINA).date()
    if given["days"] is not None:
        _check_length("days", 40006, given["days"], most_days)
        return _period(today - timedelta(days=given["days"] - 1), today)
    first, last = given["startDate"], given["endDate"]
    if first is None and last is None:
        return None
    if first is None:
        raise fault_in("startDate", 40007, "startDate must stand beside endDate.")
    if last is None:
        raise fault_in("endDate", 40008, "endDate must stand beside startDate.")
    if last < first:
        raise fault_in("endDate", 40008, "endDate is before startDate.")
    _check_length("endDate", 40008, (last - first).days + 1, most_days)
    return _period(first, last)


def _period(first: date, last: date) -> Period:
    since, until = (datetime.combine(one, time(), CHINA).astimezone(UTC) for one in (first, last + timedelta(days=1)))
    return Period(since=since, until=until)


def _check_length(field: str, code: int, length: int, most: int) -> None:
    if length > most:
        raise fault_in(field, code, f"At most {most} days may be asked for.")

"""What many of SendCloud's calls that list take: which part of a list, and the days that it is about.

    fields = (*PERIOD, Field("email", email, missing=40011, invalid=40012), START, LIMIT)
    span = read_period(asked, clock.now(), most_days=30)        # None where the call names no days

The kinds of values that several modules share stand here too. Days are those of UTC+8.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from gateway.api.fields import Fault, Field, FieldsRefused, integer, pieces, text
from gateway.api.sendcloud.answers import CHINA
from gateway.base.errors import FieldInvalid, FieldMissing
from gateway.smtp.addresses import AddressError, parse_address
from tracking.labels import LONGEST, check_name

MOST_ROWS: Final = 100  # of a page
LAST_ROW: Final = 10_000_000  # where a page may begin
MOST_LISTED: Final = 100  # values in one parameter
_FIRST_DAY, _LAST_DAY = date(1970, 1, 1), date(9990, 12, 31)
_MOST_DAYS = 3660


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """The time from `since` to before `until`, both in UTC."""

    since: datetime
    until: datetime


def place(value: Any) -> int:
    """Take the place in a list where a page begins, from 0."""
    return _within(value, 0, LAST_ROW)


def page_size(value: Any) -> int:
    """Take how many rows a page has at most, to 100."""
    return _within(value, 0, MOST_ROWS)


def days(value: Any) -> int:
    """Take a number of days that end with today; 1 is today alone."""
    return _within(value, 1, _MOST_DAYS)


def day(value: Any) -> date:
    """Take a day as in 2013-03-19."""
    try:
        found = datetime.strptime(text(value).strip(), "%Y-%m-%d").date()  # noqa: DTZ007  a day has no zone
    except ValueError:
        raise ValueError("must be a day like 2013-03-19") from None
    if not _FIRST_DAY <= found <= _LAST_DAY:
        raise ValueError(f"must be between {_FIRST_DAY} and {_LAST_DAY}")
    return found


def email(value: Any) -> str:
    """Take an e-mail address."""
    try:
        return parse_address(text(value).strip()).text
    except AddressError as error:
        raise ValueError(f"is not an address: {error}") from None


def label_id(value: Any) -> int:
    """Take the number of a label."""
    return _within(value, 1, 2**63 - 1)


def label_name(value: Any) -> str:
    """Take the name of a label, in one line."""
    try:
        return check_name(text(value))
    except (FieldInvalid, FieldMissing):
        raise ValueError(f"must have 1 to {LONGEST} characters in one line") from None


def listed(value: Any) -> tuple[str, ...]:
    """Take values separated by `;`, or an array of them; each once."""
    found: dict[str, None] = {}
    for item in pieces(value):
        if len(found) > MOST_LISTED:
            break
        found[item] = None
    if not 0 < len(found) <= MOST_LISTED:
        raise ValueError(f"must have 1 to {MOST_LISTED} values with ; between them")
    return tuple(found)


def label_ids(value: Any) -> tuple[int, ...]:
    """Take the numbers of labels, separated by `;`, or an array of them."""
    return tuple(label_id(item) for item in listed(value))


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
        raise _fault("startDate", 40007, "startDate must stand beside endDate.")
    if last is None:
        raise _fault("endDate", 40008, "endDate must stand beside startDate.")
    if last < first:
        raise _fault("endDate", 40008, "endDate is before startDate.")
    _check_length("endDate", 40008, (last - first).days + 1, most_days)
    return _period(first, last)


def _period(first: date, last: date) -> Period:
    since, until = (datetime.combine(one, time(), CHINA).astimezone(UTC) for one in (first, last + timedelta(days=1)))
    return Period(since=since, until=until)


def _check_length(field: str, code: int, length: int, most: int) -> None:
    if length > most:
        raise _fault(field, code, f"At most {most} days may be asked for.")


def _fault(field: str, code: int, sentence: str) -> FieldsRefused:
    return FieldsRefused(Fault(field=field, error=code, message=sentence))


def _within(value: Any, least: int, most: int) -> int:
    number = integer(value)
    if not least <= number <= most:
        raise ValueError(f"must be a whole number from {least} to {most}")
    return number

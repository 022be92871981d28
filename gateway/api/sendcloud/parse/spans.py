"""Which part of a report a call is about: an address, or days; and whose mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.api.asked import Asked
from gateway.api.fields import Field, fault_in
from gateway.api.sendcloud.parse.kinds import email, label_ids, listed
from gateway.api.sendcloud.parse.paging import PERIOD, read_period
from gateway.base import clock

MOST_DAYS: Final = 100  # of a report

EMAIL: Final = Field("email", email, missing=40011, invalid=40012)
API_USERS: Final = Field("apiUserList", listed, missing=40010, invalid=40016)
LABEL_IDS: Final = Field("labelIdList", label_ids, missing=40009, invalid=40015)
BY_EMAIL_OR_DAYS: Final = (*PERIOD, EMAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """An address at any time, or any address from `since` to before `until`."""

    email: str = ""
    since: datetime | None = None
    until: datetime | None = None


def read_span(asked: Asked, *, most_days: int = MOST_DAYS) -> Span:
    """Return what a call with BY_EMAIL_OR_DAYS is about: an email beats the days, as the vendor has it.

    Raises FieldsRefused for a call that names neither, and for days that cannot be.
    """
    if asked["email"] is not None:
        return Span(email=asked["email"])
    return read_days(asked, most_days=most_days)


def read_days(asked: Asked, *, most_days: int = MOST_DAYS) -> Span:
    """Return the days that a call is about; raise FieldsRefused for none."""
    period = read_period(asked.given, clock.now(), most_days=most_days)
    if period is None:
        raise fault_in("days", 40006, "Either days or startDate and endDate are required.")
    return Span(since=period.since, until=period.until)

"""What data/emailStatus takes."""

from __future__ import annotations

from typing import Final

from gateway.api.asked import Asked
from gateway.api.fields import Field
from gateway.api.sendcloud.parse.kinds import listed
from gateway.api.sendcloud.parse.paging import LIMIT, PERIOD, START, read_period
from gateway.api.sendcloud.parse.spans import API_USERS, EMAIL, Span, read_days
from gateway.base import clock

MOST_DAYS: Final = 30

LIST: Final = (*PERIOD, EMAIL, Field("emailIds", listed, invalid=49906), API_USERS, START, LIMIT)


def read_copies(asked: Asked) -> Span:
    """Return which copies a call is about, beside its emailIds; all that it names must hold.

    Raises FieldsRefused for a call that names neither ids, nor an address, nor days.
    """
    if asked["emailIds"] is None and asked["email"] is None:
        return read_days(asked, most_days=MOST_DAYS)
    period = read_period(asked.given, clock.now(), most_days=MOST_DAYS)
    ends = (period.since, period.until) if period is not None else (None, None)
    return Span(email=asked["email"] or "", since=ends[0], until=ends[1])

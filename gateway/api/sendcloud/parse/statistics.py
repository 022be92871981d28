"""What statday/*, stathour/* and invalidstat/* take. `start` and `limit` are ours: the vendor answers all lines at once."""

from __future__ import annotations

from typing import Any, Final

from gateway.api.fields import Field, boolean
from gateway.api.sendcloud.parse.kinds import listed, whole_number
from gateway.api.sendcloud.parse.paging import PERIOD, START
from gateway.api.sendcloud.parse.spans import API_USERS, LABEL_IDS
from gateway.smtp.addresses import AddressError, parse_domain

MOST_LINES: Final = 10_000  # of one answer


def receivers(value: Any) -> tuple[str, ...]:
    """Take receiving domains, separated by `;`, or an array of them; what can be none has had no mail."""
    return tuple(map(_normal, listed(value)))


def number_of_lines(value: Any) -> int:
    """Take how many lines to answer."""
    return whole_number(value, 1, MOST_LINES)


LIST: Final = (
    *PERIOD,
    API_USERS,
    LABEL_IDS,
    Field("domainList", receivers, missing=40013),
    Field("aggregate", boolean, default=False, invalid=40017),
    START,
    Field("limit", number_of_lines, default=MOST_LINES, missing=40003, invalid=40004),
)


def _normal(name: str) -> str:
    try:
        return parse_domain(name)
    except AddressError:
        return name.lower()

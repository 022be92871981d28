"""What openandclick/* takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gateway.api.fields import Field, integer
from gateway.api.sendcloud.parse.kinds import label_id
from gateway.api.sendcloud.parse.paging import LIMIT, START
from gateway.api.sendcloud.parse.spans import API_USERS, BY_EMAIL_OR_DAYS
from tracking.models import EventType

TRACK_TYPES: Final = {1: EventType.OPENED, 2: EventType.CLICKED}
BOTH: Final = (*TRACK_TYPES.values(),)


def track_type(value: Any) -> Sequence[EventType]:
    """Take 1 for opens, 2 for clicks."""
    number = integer(value)
    if number not in TRACK_TYPES:
        raise ValueError("must be 1 or 2")
    return [TRACK_TYPES[number]]


LIST: Final = (
    *BY_EMAIL_OR_DAYS,
    Field("trackType", track_type, default=BOTH, invalid=49906),
    API_USERS,
    Field("labelId", label_id, missing=40014, invalid=40015),
    START,
    LIMIT,
)

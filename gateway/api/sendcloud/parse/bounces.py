"""What bounce/* takes."""

from __future__ import annotations

from typing import Final

from gateway.api.sendcloud.parse.paging import LIMIT, PERIOD, START
from gateway.api.sendcloud.parse.spans import BY_EMAIL_OR_DAYS

LIST: Final = (*BY_EMAIL_OR_DAYS, START, LIMIT)
DELETE: Final = BY_EMAIL_OR_DAYS
COUNT: Final = PERIOD

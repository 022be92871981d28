"""When a delivery that failed is tried again. The table is what customers are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random
from typing import Final, Protocol

MINUTE: Final = 60
HOUR: Final = 60 * MINUTE

# Seconds after the first try, the second, ...: thirteen tries in not quite three days.
STANDARD: Final = (
    *(5, 30, 2 * MINUTE, 10 * MINUTE, 30 * MINUTE),
    *(1 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, 12 * HOUR, 12 * HOUR, 24 * HOUR),
)
JITTER: Final = 0.1  # so that what failed together does not come back together
LONGEST_WAIT: Final = 24 * HOUR  # that an endpoint may ask for by Retry-After


class _Dice(Protocol):
    def uniform(self, a: float, b: float, /) -> float: ...


DICE: Final = Random()  # noqa: S311 - it spreads load, it guards nothing


def next_try(
    delays: Sequence[int], tries: int, now: datetime, *, retry_after: float = 0, dice: _Dice = DICE
) -> datetime | None:
    """Return when to try again after so many `tries` (from 1) failed; None when the schedule is at its end.

    `retry_after` is the seconds that the endpoint asked for: never sooner than that.
    """
    if tries > len(delays):
        return None
    seconds = delays[tries - 1] * dice.uniform(1 - JITTER, 1 + JITTER)
    return now + timedelta(seconds=max(seconds, retry_after))


def read_retry_after(text: str, now: datetime) -> float:
    """Return the seconds in a Retry-After header, a number or a date (RFC 9110 10.2.3), at most LONGEST_WAIT; 0 for none."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:9]), LONGEST_WAIT))
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when
    return min(max((when - now).total_seconds(), 0.0), LONGEST_WAIT)

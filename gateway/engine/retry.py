"""When a deferred recipient is tried again, and when we give up."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Final, Protocol

LIFETIME: Final = timedelta(days=5)  # RFC 5321 4.5.4.1: at least four to five days
EXPIRED: Final = "4.4.7"  # RFC 3463: delivery time expired
MINUTES: Final = (1, 5, 15, 30, 60, 120, 240, 480)  # after the first try, the second, ...; then the last one for ever
JITTER: Final = 0.2  # so that what was deferred together does not come back together


class _Dice(Protocol):
    def uniform(self, a: float, b: float, /) -> float: ...


_DICE: Final = Random()  # noqa: S311 - it spreads load, it guards nothing


def next_try(attempt: int, accepted_at: datetime, now: datetime, retry_after: float = 0, rng: _Dice = _DICE) -> datetime | None:
    """Return when to try again after try number `attempt` (from 1) was deferred; None when the lifetime is over.

    `retry_after` is the seconds that the receiver asked for: never sooner than that. The last try is at the end of the
    lifetime itself.
    """
    end = accepted_at + LIFETIME
    if now >= end:
        return None
    minutes = MINUTES[min(max(attempt, 1), len(MINUTES)) - 1]
    seconds = max(minutes * 60 * rng.uniform(1 - JITTER, 1 + JITTER), retry_after)
    return min(now + timedelta(seconds=seconds), end)

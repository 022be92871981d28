"""The time, from one place: what a test moves."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> datetime:
    """Return the time of day, aware, in UTC."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Return seconds that never step back, for time-outs and caches."""
    return time.monotonic()

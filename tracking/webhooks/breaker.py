"""Judges endpoints by what they answer: healthy, paused for a while, disabled.

After TOLERATED failures in a row an endpoint is paused; then one probe is sent, and each that fails pauses it for longer, but
never for longer than the schedule of its format lets a delivery wait: whoever is back is found as soon as they were told.
Deliveries wait meanwhile and lose no try. Values in, values out: the queue reads and writes the rows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from tracking.webhooks.schedule import DICE, HOUR, JITTER, MINUTE

TOLERATED: Final = 5  # failures in a row
PAUSES: Final = (30, MINUTE, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR)  # seconds; the last one for ever
LONGEST_PAUSE: Final = HOUR  # that an endpoint may ask for by Retry-After
PATIENCE: Final = timedelta(days=5)  # of nothing but failures; then it is disabled
GONE: Final = 410  # RFC 9110 15.5.11: meant for ever


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """What is remembered of an endpoint; `failures` are those since the last success. `verdict` says why to disable it."""

    failures: int = 0
    paused_until: datetime | None = None
    last_success_at: datetime | None = None
    last_failure_at: datetime | None = None
    failing_since: datetime | None = None
    delivered: int = 0
    verdict: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What came of one call: how many events it told, and the pause that the endpoint asked for with 429 or 503."""

    at: datetime
    is_success: bool
    status: int = 0
    events: int = 1
    wait: float = 0.0


def judge(health: Health, tried: Iterable[Tried], *, longest: float = PAUSES[-1]) -> Health:
    """Return the health of an endpoint after calls, in the order of their ends; we pause it for about `longest` at most."""
    for one in sorted(tried, key=lambda one: one.at):
        health = _succeed(health, one) if one.is_success else _fail(health, one, longest)
    return health


def is_probed(failures: int) -> bool:
    """Tell whether an endpoint with so many failures gets one call at a time."""
    return failures >= TOLERATED


def _succeed(health: Health, one: Tried) -> Health:
    return Health(
        last_success_at=one.at,
        last_failure_at=health.last_failure_at,
        delivered=health.delivered + one.events,
        verdict=health.verdict,
    )


def _fail(health: Health, one: Tried, longest: float) -> Health:
    since = health.failing_since or one.at
    health = replace(health, last_failure_at=one.at, failing_since=since)
    if one.status == GONE:
        return replace(health, verdict="It answered 410 Gone: it wants no events any more.")
    if one.at - since >= PATIENCE:
        return replace(health, verdict=f"Every call failed for {PATIENCE.days} days.")
    if health.paused_until is not None and health.paused_until > one.at:
        return health  # it was on its way when the pause began: one outage is one step
    failures = health.failures + 1
    return replace(health, failures=failures, paused_until=_pause(failures, one, longest))


def _pause(failures: int, one: Tried, longest: float) -> datetime | None:
    seconds = min(one.wait, LONGEST_PAUSE)
    if is_probed(failures):
        pause = min(PAUSES[min(failures - TOLERATED, len(PAUSES) - 1)], longest)
        seconds = max(seconds, pause * DICE.uniform(1 - JITTER, 1 + JITTER))
    return one.at + timedelta(seconds=seconds) if seconds else None

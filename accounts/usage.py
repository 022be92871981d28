"""Quotas: what was used in each window, counted in the database, exact after a crash.

The counters of the accounts concerned are locked until the caller's commit, so that what is counted and what is stored are one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Q

from accounts.models import Account, UsageCounter
from gateway.base import clock

Window = UsageCounter.Window
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Meter:
    """One counter and its limit: of an account (`smtp_user_key` 0) or of one of its SMTP users, in one window."""

    account_id: int
    smtp_user_key: int
    window: Window
    limit: int


class Meters:
    """The counters of a transaction: locked, read, counted up in memory, and written back once.

    Locks are taken in one order, so that two transactions never wait for each other.
    """

    def __init__(self, meters: Iterable[Meter], now: datetime) -> None:
        self._now = now
        fresh = {meter: self._fresh(meter) for meter in sorted(set(meters), key=_place_of)}
        UsageCounter.objects.bulk_create(fresh.values(), ignore_conflicts=True)
        these = reduce(or_, (_is_counter_of(counter) for counter in fresh.values()))
        locked = {_place_of(row): row for row in UsageCounter.objects.select_for_update().filter(these).order_by("pk")}
        self._rows = {meter: locked[_place_of(meter)] for meter in fresh}

    def add(self, demands: Iterable[Meter], amount: int) -> Meter | None:
        """Count `amount` on all of `demands`, or on none: then return the one that it would overrun."""
        rows = {meter: self._rows[meter] for meter in demands}
        for meter, row in rows.items():
            if row.used + amount > meter.limit:
                return meter
        for row in rows.values():
            row.used += amount
        return None

    def room(self, demands: Iterable[Meter]) -> tuple[int, Meter]:
        """Return how many more fit into all of `demands`, of which there is one at least, and which is the narrowest."""
        rooms = [(max(0, meter.limit - self._rows[meter].used), meter) for meter in demands]
        return min(rooms, key=lambda one: one[0])

    def save(self) -> None:
        UsageCounter.objects.bulk_update(self._rows.values(), ["used"])

    def _fresh(self, meter: Meter) -> UsageCounter:
        return UsageCounter(
            account_id=meter.account_id,
            smtp_user_key=meter.smtp_user_key,
            window=meter.window,
            starts_at=start_of(meter.window, self._now),
        )


def _place_of(counted: Meter | UsageCounter) -> tuple[int, int, str]:
    return counted.account_id, counted.smtp_user_key, counted.window


def _is_counter_of(counter: UsageCounter) -> Q:
    return Q(
        account_id=counter.account_id,
        smtp_user_key=counter.smtp_user_key,
        window=counter.window,
        starts_at=counter.starts_at,
    )


def drop_old(now: datetime) -> None:
    """Drop the counters of windows that ended so long ago that nobody looks at them; months and totals stay."""
    kept = {Window.HOUR: timedelta(days=2), Window.DAY: timedelta(days=62)}
    for window, time in kept.items():
        UsageCounter.objects.filter(window=window, starts_at__lt=now - time).delete()


def used_of_quotas(account: Account) -> list[tuple[Window, int, int]]:
    """Return window, limit and what was used of it, for each quota that an account has, as of now."""
    limits = {
        Window.HOUR: account.quota_hour,
        Window.DAY: account.quota_day,
        Window.MONTH: account.quota_month,
        Window.TOTAL: account.quota_total,
    }
    now = clock.now()
    counters = UsageCounter.objects.for_account(account).filter(smtp_user_key=0)
    used = {(row.window, row.starts_at): row.used for row in counters.order_by("-starts_at")[:100]}
    return [
        (window, limit, used.get((window.value, start_of(window, now)), 0))
        for window, limit in limits.items()
        if limit is not None
    ]


def start_of(window: Window, now: datetime) -> datetime:
    """Return when the window that holds `now` began, in UTC."""
    starts: Mapping[Window, datetime] = {
        Window.HOUR: now.replace(minute=0, second=0, microsecond=0),
        Window.DAY: now.replace(hour=0, minute=0, second=0, microsecond=0),
        Window.MONTH: now.replace(day=1, hour=0, minute=0, second=0, microsecond=0),
        Window.TOTAL: _EPOCH,
    }
    return starts[window]


def seconds_left(window: Window, now: datetime) -> int:
    """Return the seconds until the window that holds `now` ends; a day for the total, which never does."""
    start = start_of(window, now)
    lengths = {Window.HOUR: 3600, Window.DAY: 86_400, Window.MONTH: 32 * 86_400}
    if window is Window.TOTAL:
        return 86_400
    end = start.timestamp() + lengths[window]
    if window is Window.MONTH:
        end = datetime.fromtimestamp(end, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp()
    return max(1, int(end - now.timestamp()) + 1)

"""Which submissions of a batch fit into the quotas of their accounts and SMTP users."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from accounts.queries import find_account
from accounts.usage import Meter, Meters, Window, seconds_left
from domains.credentials import get_smtp_user
from gateway.base.errors import QuotaExceeded
from gateway.engine.checks import Draft
from gateway.engine.submission import Submission


def count(drafts: Mapping[int, Draft], now: datetime) -> dict[int, QuotaExceeded]:
    """Count each draft's recipients in its quotas; return the refusals of those that do not fit, by place."""
    demands = {place: meters for place, draft in drafts.items() if (meters := _meters_for(draft.submission))}
    if not demands:
        return {}
    counters = Meters((meter for wanted in demands.values() for meter in wanted), now)
    refusals = {}
    for place, wanted in demands.items():
        full = counters.add(wanted, len(drafts[place].recipients))
        if full is not None:
            refusals[place] = _refusal(full, now)
    counters.save()
    return refusals


def count_some(account_id: int, smtp_user_id: int | None, wanted: int, now: datetime) -> tuple[int, QuotaExceeded | None]:
    """Count as many of `wanted` recipients as fit; return how many, and where these are not all, what is in the way."""
    meters = _meters_of(account_id, smtp_user_id)
    if not meters or not wanted:
        return wanted, None
    counters = Meters(meters, now)
    room, narrowest = counters.room(meters)
    fitting = min(room, wanted)
    counters.add(meters, fitting)
    counters.save()
    return fitting, _refusal(narrowest, now) if fitting < wanted else None


def _meters_for(submission: Submission) -> list[Meter]:
    return _meters_of(submission.account_id, submission.smtp_user_id)


def _meters_of(account_id: int, smtp_user_id: int | None) -> list[Meter]:
    account = find_account(account_id)
    meters = [Meter(account_id, 0, window, limit) for window, limit in (account.quotas if account else {}).items()]
    user = get_smtp_user(smtp_user_id) if smtp_user_id is not None else None
    if user is not None:
        limits = {Window.HOUR: user.hourly_limit, Window.TOTAL: user.total_limit}
        meters += [
            Meter(account_id, user.smtp_user_id or 0, window, limit) for window, limit in limits.items() if limit is not None
        ]
    return meters


def _refusal(meter: Meter, now: datetime) -> QuotaExceeded:
    whose = "SMTP user" if meter.smtp_user_key else "account"
    span = "in all" if meter.window is Window.TOTAL else f"in this {meter.window.value}"
    return QuotaExceeded(
        f"The {whose}'s quota of {meter.limit} recipients {span} is used up.",
        retry_after=seconds_left(meter.window, now),
        limit=meter.limit,
    )

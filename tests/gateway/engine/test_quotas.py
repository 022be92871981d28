"""Quotas are counted in recipients, exactly, per account and per SMTP user."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from accounts.models import Account, UsageCounter
from accounts.usage import Window, drop_old, seconds_left, start_of
from domains.models import SMTPUser
from gateway.base.errors import QuotaExceeded
from gateway.engine.accept import accept
from gateway.engine.submission import Addressee
from gateway.models import Message
from tests.gateway.engine.conftest import Make

NOW = datetime(2026, 2, 28, 23, 59, 30, tzinfo=UTC)


def two(make: Make, **changes: object):
    people = (Addressee(email="a@inbox.example"), Addressee(email="b@inbox.example"))
    return make(recipients=people, **changes)


def test_it_works(make: Make) -> None:
    Account.objects.update(quota_day=5)
    answers = accept([two(make), two(make), two(make), make()])
    assert [type(answer).__name__ for answer in answers] == ["Accepted", "Accepted", "QuotaExceeded", "Accepted"]
    assert UsageCounter.objects.get().used == 5
    assert Message.objects.count() == 3


def test_what_is_refused_for_one_window_counts_in_none(make: Make) -> None:
    Account.objects.update(quota_hour=100, quota_total=1)
    (refusal,) = accept([two(make)])
    assert isinstance(refusal, QuotaExceeded)
    assert set(UsageCounter.objects.values_list("used", flat=True)) == {0}


def test_an_smtp_user_has_limits_of_its_own(make: Make) -> None:
    SMTPUser.objects.update(total_limit=1)
    _, second = accept([make(), make()])
    assert isinstance(second, QuotaExceeded)
    assert "SMTP user" in second.message


def test_without_a_quota_nothing_is_counted(make: Make) -> None:
    accept([make()])
    assert not UsageCounter.objects.exists()


def test_a_replay_is_not_counted_again(make: Make) -> None:
    Account.objects.update(quota_day=1)
    first, again = accept([make(idempotency_key="k"), make(idempotency_key="k")])
    assert first == again
    assert UsageCounter.objects.get().used == 1


@pytest.mark.parametrize(
    ("window", "start", "left"),
    [
        (Window.HOUR, datetime(2026, 2, 28, 23, tzinfo=UTC), 31),
        (Window.DAY, datetime(2026, 2, 28, tzinfo=UTC), 31),
        (Window.MONTH, datetime(2026, 2, 1, tzinfo=UTC), 31),
        (Window.TOTAL, datetime(1970, 1, 1, tzinfo=UTC), 86_400),
    ],
)
def test_windows_are_those_of_utc(window: Window, start: datetime, left: int) -> None:
    assert start_of(window, NOW) == start
    assert seconds_left(window, NOW) == left


def test_old_windows_are_dropped(make: Make) -> None:
    Account.objects.update(quota_hour=9, quota_day=9, quota_month=9, quota_total=9)
    accept([make()])
    UsageCounter.objects.exclude(window="total").update(starts_at=NOW - timedelta(days=100))
    drop_old(NOW)
    assert set(UsageCounter.objects.values_list("window", flat=True)) == {"month", "total"}

"""When DNS is looked at: often at first, then daily; hourly while a domain fails; not for ever."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from accounts.models import Account
from domains import tasks
from domains.actions import add_domain
from domains.models import DKIMKey, SenderDomain, TrackingDomain
from domains.rotation import rotate_keys
from domains.schedule import LEASE, ask_again, claim_due, next_check
from domains.trackinghosts import add_tracking_domain
from domains.verification import check_domain
from gateway.base import wake
from gateway.base.sealing import seal
from tests.domains.zones import Clock, publish, publish_host
from tests.support.cast import Tenant
from tests.support.dns import SERVFAIL, FaultyNameServer

NOW = datetime(2026, 11, 22, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def pause(*, is_verified: bool = False, is_failing: bool = False, waited: timedelta | None = None) -> timedelta | None:
    since = None if waited is None else NOW - waited
    at = next_check(NOW, is_verified=is_verified, is_failing=is_failing, waits_since=since)
    return None if at is None else at - NOW


@pytest.mark.parametrize(
    ("waited", "expected"),
    [
        (timedelta(), MINUTE),
        (4 * MINUTE, MINUTE),
        (6 * MINUTE, 5 * MINUTE),
        (HOUR, 15 * MINUTE),
        (3 * HOUR, HOUR),
        (2 * DAY, 6 * HOUR),
        (4 * DAY, DAY),
        (29 * DAY, DAY),
    ],
)
def test_pauses_grow(waited: timedelta, expected: timedelta) -> None:
    found = pause(waited=waited)
    assert found is not None
    assert 0.9 * expected <= found <= 1.1 * expected


def test_what_never_came_up_is_given_up() -> None:
    assert pause(waited=30 * DAY) is None


@pytest.mark.parametrize(("is_failing", "expected"), [(False, DAY), (True, HOUR)])
def test_verified_domains_are_looked_at_daily_and_hourly_when_they_fail(is_failing: bool, expected: timedelta) -> None:
    found = pause(is_verified=True, is_failing=is_failing)
    assert found is not None
    assert 0.9 * expected <= found <= 1.1 * expected
    old = pause(is_verified=True, is_failing=is_failing, waited=400 * DAY)
    assert old is not None


def test_the_pauses_of_many_are_spread() -> None:
    assert len({pause(is_verified=True) for _ in range(20)}) > 15


def test_it_works(shop: SenderDomain, acme: Tenant, dns: FaultyNameServer, time: Clock) -> None:
    host = add_tracking_domain(acme.account, "links.shop.example")
    publish(dns, shop)
    publish_host(dns, host)
    time.move(minutes=1)
    tasks.check_due()
    for row in (shop, host):
        row.refresh_from_db()
        assert row.verified_at == time.now
        assert row.next_check_at > time.now + 20 * HOUR
    asked = len(dns.asked)
    tasks.check_due()
    assert len(dns.asked) == asked  # nothing is due


def test_a_broken_row_keeps_no_other_from_its_check(
    shop: SenderDomain, dns: FaultyNameServer, time: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    broken = add_domain(shop.account, "broken.example")
    key = broken.dkim_keys.get(algorithm="rsa")
    key.sealed_private_key = seal(b"no key", f"account:{broken.account_id}/dkim:broken.example/{key.selector}")
    key.save()
    publish(dns, shop)
    time.move(minutes=1)
    tasks.check_due()
    shop.refresh_from_db()
    assert shop.is_verified
    assert "The DNS of broken.example could not be checked" in caplog.text
    broken.refresh_from_db()
    assert broken.next_check_at == time.now + LEASE


def test_adding_a_domain_has_it_looked_at_soon(
    acme: Tenant, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hinted: list[str] = []
    monkeypatch.setattr(wake, "hint", hinted.append)
    with django_capture_on_commit_callbacks(execute=True):
        add_domain(acme.account, "shop.example")
        assert hinted == []  # not before it is committed
    assert hinted == [tasks.check_due.name]


def test_a_failing_domain_is_looked_at_hourly(shop: SenderDomain, dns: FaultyNameServer, time: Clock) -> None:
    publish(dns, shop)
    check_domain(shop)
    dns.zone.clear()
    time.move(days=2)
    tasks.check_due()
    shop.refresh_from_db()
    assert shop.failing_since == time.now
    assert shop.next_check_at < time.now + 2 * HOUR


def test_a_domain_whose_dns_does_not_answer_is_asked_again_within_the_hour(
    shop: SenderDomain, dns: FaultyNameServer, time: Clock
) -> None:
    publish(dns, shop)
    check_domain(shop)
    dns.faults = {"_gatepost.shop.example": SERVFAIL}
    time.move(days=2)
    tasks.check_due()
    shop.refresh_from_db()
    assert shop.next_check_at < time.now + 2 * HOUR


def test_a_due_check_is_claimed_once(shop: SenderDomain, time: Clock) -> None:
    SenderDomain.objects.exclude(pk=shop.pk).delete()
    time.move(minutes=1)
    assert claim_due(SenderDomain, time.now, 10) == [shop]
    assert claim_due(SenderDomain, time.now, 10) == []
    time.now += LEASE
    assert claim_due(SenderDomain, time.now, 10) == [shop]  # who claimed it died


def test_batches_are_bounded_and_begin_with_what_waits_longest(acme: Tenant, time: Clock) -> None:
    for number in range(5):
        SenderDomain.objects.create(account=acme.account, name=f"d{number}.example", next_check_at=time.now - number * HOUR)
    claimed = claim_due(SenderDomain, time.now, 3)
    assert {domain.name for domain in claimed} == {"d4.example", "d3.example", "d2.example"}


def overdue(account: Account, count: int, now: datetime, **fields: Any) -> None:
    """Give an account domains that should have been checked hours ago."""
    SenderDomain.objects.bulk_create(
        SenderDomain(account=account, name=f"d{number}.example", next_check_at=now - HOUR, **fields) for number in range(count)
    )


@pytest.mark.parametrize("checked_at", [None, NOW])
def test_a_tenants_backlog_keeps_no_other_from_its_check(
    checked_at: datetime | None, acme: Tenant, globex: Tenant, time: Clock
) -> None:
    SenderDomain.objects.all().delete()
    overdue(acme.account, 100, time.now, checked_at=checked_at)
    theirs = SenderDomain.objects.create(account=globex.account, name="new.example", next_check_at=time.now, checked_at=NOW)
    claimed = claim_due(SenderDomain, time.now, 10)
    assert len(claimed) == 10
    assert theirs in claimed


def test_accounts_share_a_batch(acme: Tenant, globex: Tenant, time: Clock) -> None:
    SenderDomain.objects.all().delete()
    overdue(acme.account, 20, time.now - DAY)
    overdue(globex.account, 20, time.now)
    claimed = [domain.account_id for domain in claim_due(SenderDomain, time.now, 10)]
    assert claimed.count(acme.account.pk) == claimed.count(globex.account.pk) == 5


def test_what_was_never_checked_comes_before_what_is_checked_again(acme: Tenant, globex: Tenant, time: Clock) -> None:
    SenderDomain.objects.all().delete()
    overdue(acme.account, 20, time.now, checked_at=NOW)
    overdue(globex.account, 20, time.now, checked_at=NOW)
    new = [
        SenderDomain.objects.create(account=tenant.account, name="new.example", next_check_at=time.now)
        for tenant in (acme, globex)
    ]
    assert set(claim_due(SenderDomain, time.now, 2)) == set(new)
    new = [SenderDomain.objects.create(account=acme.account, name="newer.example", next_check_at=time.now)]
    assert claim_due(SenderDomain, time.now, 1) == new


def test_with_more_accounts_than_room_each_comes_in_time(db: None, time: Clock) -> None:
    SenderDomain.objects.all().delete()
    for number in range(8):
        overdue(Account.objects.create(name=f"a{number}"), 40, time.now - number * DAY, checked_at=NOW)
    served = {domain.account_id for _ in range(40) for domain in claim_due(SenderDomain, time.now, 4)}
    assert len(served) == 8


@pytest.mark.django_db(transaction=True)
def test_processes_that_claim_at_once_share_what_is_due(acme: Tenant, globex: Tenant, time: Clock) -> None:
    SenderDomain.objects.all().delete()
    overdue(acme.account, 60, time.now)
    overdue(globex.account, 20, time.now)
    with ThreadPoolExecutor(4) as pool:
        claimed = [key for keys in pool.map(lambda _: claim_elsewhere(time.now), range(4)) for key in keys]
    assert len(claimed) == len(set(claimed)) == 80


def claim_elsewhere(now: datetime) -> list[int]:
    try:
        return [domain.pk for _ in range(4) for domain in claim_due(SenderDomain, now, 5)]
    finally:
        connection.close()


@pytest.mark.parametrize("status", [Account.Status.DELETED, Account.Status.PURGED])
def test_domains_of_accounts_that_are_gone_are_left_alone(status: str, shop: SenderDomain, time: Clock) -> None:
    Account.objects.filter(pk=shop.account_id).update(status=status)
    SenderDomain.objects.exclude(pk=shop.pk).delete()
    time.move(minutes=1)
    assert claim_due(SenderDomain, time.now, 10) == []


def test_a_deleted_account_does_not_keep_a_name_for_ever(shop: SenderDomain, dns: FaultyNameServer, time: Clock) -> None:
    publish(dns, shop)
    check_domain(shop)
    Account.objects.filter(pk=shop.account_id).update(status=Account.Status.DELETED)
    dns.zone.clear()
    for _ in range(5):
        time.move(days=1, hours=3)
        tasks.check_due()
    shop.refresh_from_db()
    assert shop.verified_at is None


def test_a_clock_that_was_set_back_stops_no_checks(shop: SenderDomain, dns: FaultyNameServer, time: Clock) -> None:
    time.move(days=10)
    tasks.check_due()
    time.move(days=-10)
    publish(dns, shop)
    tasks.check_due()
    shop.refresh_from_db()
    assert shop.verified_at == shop.checked_at == time.now
    assert shop.next_check_at < time.now + 2 * DAY


def test_after_thirty_days_only_who_asks_is_answered(shop: SenderDomain, dns: FaultyNameServer, time: Clock) -> None:
    time.move(days=31)
    tasks.check_due()
    shop.refresh_from_db()
    assert shop.next_check_at is None
    time.move(days=1)
    publish(dns, shop)
    tasks.check_due()
    shop.refresh_from_db()
    assert shop.verified_at is None
    dns.zone.clear()
    check_domain(shop)
    ask_again(shop, time.now)
    shop.refresh_from_db()
    assert shop.pending_since == time.now
    assert shop.next_check_at <= time.now


def test_retired_keys_are_deleted_when_their_overlap_is_over(shop: SenderDomain, dns: FaultyNameServer, time: Clock) -> None:
    publish(dns, shop)
    check_domain(shop)
    rotate_keys(shop)
    publish(dns, shop)
    time.move(minutes=1)
    check_domain(shop)
    for days, left in ((6, 4), (1, 4), (0.1, 2)):
        time.move(days=days)
        tasks.check_due()
        assert DKIMKey.objects.filter(domain=shop).count() == left
    assert not TrackingDomain.objects.exists()

"""A domain is verified by what DNS shows, for one account at a time, and lost with grace only."""

from __future__ import annotations

import threading
from datetime import timedelta
from time import monotonic

import pytest
from django.db import connection

from accounts.models import AuditEntry
from domains import keys, verification
from domains.actions import add_domain
from domains.checking.findings import Verdict
from domains.keys import signers_for
from domains.models import SenderDomain
from domains.queries import get_sender_domain
from domains.records import Purpose, records_of
from domains.verification import GRACE, check_domain
from tests.domains.zones import Clock, publish, record, results
from tests.support.cast import Tenant
from tests.support.dns import SERVFAIL, SILENT, TRUNCATED, FaultyNameServer


@pytest.fixture
def verified(shop: SenderDomain, dns: FaultyNameServer, time: Clock) -> SenderDomain:
    """shop.example with everything in DNS, verified."""
    publish(dns, shop)
    check_domain(shop)
    assert shop.verified_at is not None
    return shop


def unpublish(dns: FaultyNameServer, domain: SenderDomain, *purposes: Purpose) -> None:
    for one in records_of(domain):
        if one.purpose in purposes:
            dns.zone.pop((one.name, one.type), None)


def acts(domain: SenderDomain) -> list[str]:
    entries = AuditEntry.objects.for_account(domain.account_id).filter(actor=verification.ACTOR)
    return list(entries.order_by("pk").values_list("action", flat=True))


def test_it_works(shop: SenderDomain, dns: FaultyNameServer) -> None:
    publish(dns, shop)
    assert {finding.verdict for finding in check_domain(shop)} == {Verdict.GOOD}
    assert shop.is_verified
    assert shop.check_results[0]["label"] == "ownership"
    facts = get_sender_domain(shop.pk)
    assert facts is not None
    assert (facts.is_verified, facts.return_domain) == (True, "bounce.shop.example")
    assert facts.tracking_url == "http://track.shop.example"
    assert [signer.algorithm for signer in signers_for(shop.pk)] == ["rsa-sha256", "ed25519-sha256"]
    assert acts(shop) == ["verified sender domain"]


def test_nothing_in_dns_verifies_nothing(shop: SenderDomain) -> None:
    assert {finding.verdict for finding in check_domain(shop)} == {Verdict.MISSING}
    assert (shop.verified_at, shop.return_path_at, shop.tracking_at) == (None, None, None)
    assert shop.checked_at is not None
    assert not signers_for(shop.pk)


@pytest.mark.parametrize("kept", [(Purpose.OWNERSHIP,), (Purpose.DKIM,), (Purpose.SPF, Purpose.DMARC, Purpose.TRACKING)])
def test_neither_proof_alone_suffices(kept: tuple[Purpose, ...], shop: SenderDomain, dns: FaultyNameServer) -> None:
    publish(dns, shop)
    unpublish(dns, shop, *(set(Purpose) - set(kept)))
    check_domain(shop)
    assert shop.verified_at is None


@pytest.mark.parametrize("number", [0, 1])
def test_one_of_the_two_keys_suffices_and_signs_alone(number: int, shop: SenderDomain, dns: FaultyNameServer) -> None:
    publish(dns, shop)
    keys = [one for one in records_of(shop) if one.purpose is Purpose.DKIM]
    del dns.zone[keys[number].name, "TXT"]
    check_domain(shop)
    assert shop.verified_at is not None
    assert [signer.selector for signer in signers_for(shop.pk)] == [keys[1 - number].selector]


def test_the_token_of_another_account_or_an_earlier_time_is_none(
    acme: Tenant, globex: Tenant, shop: SenderDomain, dns: FaultyNameServer
) -> None:
    publish(dns, shop)
    theirs = add_domain(globex.account, "shop.example")
    check_domain(theirs)
    assert theirs.verified_at is None
    assert "value of another account" in results(theirs)["ownership"]["sentence"]
    shop.delete()
    again = add_domain(acme.account, "shop.example")
    check_domain(again)
    assert again.verified_at is None


@pytest.fixture
def theirs(globex: Tenant, shop: SenderDomain, dns: FaultyNameServer, time: Clock) -> SenderDomain:
    """globex's domain of the same name, whose proofs stand in DNS beside acme's: the selectors are another month's."""
    time.move(days=40)
    domain = add_domain(globex.account, "SHOP.example.")
    publish(dns, shop)
    ours = dns.zone["_gatepost.shop.example", "TXT"]
    publish(dns, domain)
    dns.zone["_gatepost.shop.example", "TXT"] += ours
    return domain


def test_two_accounts_cannot_both_have_a_domain(shop: SenderDomain, theirs: SenderDomain, time: Clock) -> None:
    check_domain(theirs)
    findings = check_domain(shop)
    assert shop.verified_at is None
    assert theirs.verified_at == time.now
    assert findings[0].verdict is Verdict.TAKEN
    assert "another account has verified shop.example" in results(shop)["ownership"]["sentence"]
    assert acts(shop) == []
    time.move(seconds=1)
    theirs.delete()
    check_domain(shop)
    assert shop.verified_at == time.now


def test_silence_and_servfail_change_no_verdict(verified: SenderDomain, dns: FaultyNameServer, time: Clock) -> None:
    before = SenderDomain.objects.values("verified_at", "return_path_at", "tracking_at", "failing_since").get(pk=verified.pk)
    dns.faults = {one.name: SERVFAIL for one in records_of(verified)}
    time.move(days=30)
    findings = check_domain(verified)
    assert {finding.verdict for finding in findings} == {Verdict.UNKNOWN}
    assert findings[0].sentence.startswith(
        "The TXT record of _gatepost.shop.example could not be looked up: the name server answered SERVFAIL. "
    )
    assert (
        SenderDomain.objects.values("verified_at", "return_path_at", "tracking_at", "failing_since").get(pk=verified.pk)
        == before
    )
    assert len(signers_for(verified.pk)) == 2


def test_a_check_ends_within_five_seconds_when_nobody_answers(shop: SenderDomain, dns: FaultyNameServer) -> None:
    dns.faults = {one.name: SILENT for one in records_of(shop)} | {"_gatepost.shop.example.shop.example": SILENT}
    began = monotonic()
    findings = check_domain(shop)
    assert monotonic() - began < 5
    assert {finding.verdict for finding in findings} == {Verdict.UNKNOWN}
    assert "no name server answered in time" in findings[0].sentence
    assert shop.verified_at is None


def test_large_answers_come_by_tcp(shop: SenderDomain, dns: FaultyNameServer) -> None:
    publish(dns, shop)
    dns.faults = {one.name: TRUNCATED for one in records_of(shop)}
    assert all(finding.is_ok for finding in check_domain(shop))
    assert ("_gatepost.shop.example", "TXT", "tcp") in dns.asked


def look_daily(domain: SenderDomain, time: Clock, *, days: int) -> None:
    for _ in range(days):
        time.move(days=1)
        check_domain(domain)


def test_days_that_nobody_watched_are_no_grace(verified: SenderDomain, dns: FaultyNameServer, time: Clock) -> None:
    unpublish(dns, verified, Purpose.OWNERSHIP)
    check_domain(verified)
    time.move(days=400)  # the clock was wrong, or the machine switched off
    check_domain(verified)
    assert verified.is_verified
    time.move(days=-400)
    check_domain(verified)
    assert (verified.is_verified, verified.failing_since) == (True, time.now)
    look_daily(verified, time, days=3)
    assert not verified.is_verified


def test_a_failing_domain_is_lost_after_its_grace(verified: SenderDomain, dns: FaultyNameServer, time: Clock) -> None:
    unpublish(dns, verified, Purpose.OWNERSHIP)
    failed = time.move(hours=1)
    check_domain(verified)
    assert (verified.is_verified, verified.failing_since) == (True, failed)
    assert len(signers_for(verified.pk)) == 2
    look_daily(verified, time, days=2)
    time.now = failed + GRACE - timedelta(seconds=1)
    check_domain(verified)
    assert verified.is_verified
    time.now = failed + GRACE
    check_domain(verified)
    assert (verified.is_verified, verified.failing_since) == (False, None)
    assert acts(verified) == ["verified sender domain", "lost verification of sender domain"]


def test_keys_that_do_not_open_change_no_verdict(verified: SenderDomain, time: Clock, settings) -> None:
    """The operator's mistake, not the domain's: it is looked at again within the hour, and nothing is lost."""
    settings.GATEPOST_SECRET_KEYS = ("another",)
    keys._private_keys.clear()  # as after a restart
    for _ in range(4):
        time.move(days=1)
        check_domain(verified)
    assert (verified.is_verified, verified.failing_since) == (True, None)
    assert verified.next_check_at < time.now + timedelta(hours=2)
    assert results(verified)["dkim:" + verified.dkim_keys.get(algorithm="rsa").selector]["verdict"] == Verdict.UNKNOWN
    assert not verified.dkim_keys.filter(published_at=None).exists()


def test_a_domain_that_recovers_within_its_grace_is_kept(verified: SenderDomain, dns: FaultyNameServer, time: Clock) -> None:
    since = verified.verified_at
    unpublish(dns, verified, Purpose.DKIM)
    time.move(hours=1)
    check_domain(verified)
    assert verified.failing_since == time.now
    publish(dns, verified)
    time.move(hours=70)
    check_domain(verified)
    assert not verified.failing_since
    assert verified.verified_at == since
    unpublish(dns, verified, Purpose.DKIM)
    time.move(hours=3)
    check_domain(verified)
    assert verified.is_verified  # the grace begins anew


def test_the_last_key_signs_through_the_grace_and_no_longer(verified: SenderDomain, dns: FaultyNameServer, time: Clock) -> None:
    unpublish(dns, verified, Purpose.DKIM)
    time.move(hours=1)
    check_domain(verified)
    assert len(signers_for(verified.pk)) == 2
    look_daily(verified, time, days=3)
    assert not verified.is_verified
    assert signers_for(verified.pk) == ()


def test_a_key_that_goes_missing_beside_a_good_one_signs_no_more(verified: SenderDomain, dns: FaultyNameServer) -> None:
    rsa = record(verified, Purpose.DKIM)
    del dns.zone[rsa.name, "TXT"]
    check_domain(verified)
    assert verified.failing_since is None
    assert [signer.algorithm for signer in signers_for(verified.pk)] == ["ed25519-sha256"]


def test_hosts_that_point_elsewhere_are_given_up_at_once(verified: SenderDomain, dns: FaultyNameServer) -> None:
    unpublish(dns, verified, Purpose.RETURN_PATH, Purpose.TRACKING)
    check_domain(verified)
    facts = get_sender_domain(verified.pk)
    assert facts is not None
    assert (facts.is_verified, facts.return_domain, facts.tracking_url) == (True, "", "")


def test_tracking_hosts_are_not_used_where_the_platform_has_a_port_of_its_own(
    shop: SenderDomain, dns: FaultyNameServer, settings
) -> None:
    settings.GATEPOST_URL = "http://mail.platform.example:8000"
    publish(dns, shop)
    check_domain(shop)
    assert results(shop)["tracking"]["ok"]
    assert shop.tracking_at is None


def test_what_the_command_line_trusts_stays_trusted(shop: SenderDomain, time: Clock) -> None:
    SenderDomain.objects.filter(pk=shop.pk).update(is_trusted=True)
    shop.refresh_from_db()
    for _ in range(3):
        time.move(days=10)
        check_domain(shop)
    assert (shop.is_trusted, shop.is_verified, shop.verified_at) == (True, True, None)
    assert len(signers_for(shop.pk)) == 2


def test_a_trusted_domain_is_no_verified_one_for_others(globex: Tenant, shop: SenderDomain, dns: FaultyNameServer) -> None:
    SenderDomain.objects.filter(pk=shop.pk).update(is_trusted=True)
    theirs = add_domain(globex.account, "shop.example")
    publish(dns, theirs)
    check_domain(theirs)
    assert theirs.is_verified


def test_an_older_look_does_not_undo_a_newer_one(verified: SenderDomain, dns: FaultyNameServer, time: Clock) -> None:
    older = SenderDomain.objects.get(pk=verified.pk)
    began = time.now - timedelta(seconds=3)
    unpublish(dns, verified, Purpose.RETURN_PATH)
    missing = verification.examine([verification._plan(older)])[0]
    verification._record(older, missing, began)
    assert SenderDomain.objects.get(pk=verified.pk).return_path_at is not None


def test_a_newer_look_is_written_over_one_that_came_in_between(
    verified: SenderDomain, dns: FaultyNameServer, time: Clock
) -> None:
    stale = SenderDomain.objects.get(pk=verified.pk)
    time.move(seconds=1)
    check_domain(verified)
    unpublish(dns, verified, Purpose.RETURN_PATH)
    time.move(seconds=1)
    check_domain(stale)
    assert stale.return_path_at is None
    assert SenderDomain.objects.get(pk=verified.pk).return_path_at is None


def test_what_was_changed_meanwhile_is_not_verified_by_the_old_answer(
    shop: SenderDomain, dns: FaultyNameServer, time: Clock
) -> None:
    publish(dns, shop)
    stale = SenderDomain.objects.get(pk=shop.pk)
    findings = verification.examine([verification._plan(stale)])[0]
    SenderDomain.objects.filter(pk=shop.pk).update(subdomain="mail")
    assert not verification._write(stale, findings, time.now)
    assert SenderDomain.objects.get(pk=shop.pk).return_path_at is None


def test_a_domain_that_was_deleted_meanwhile_is_no_error(shop: SenderDomain) -> None:
    SenderDomain.objects.filter(pk=shop.pk).delete()
    assert check_domain(shop)


@pytest.mark.django_db(transaction=True)
def test_of_two_accounts_that_race_one_wins(shop: SenderDomain, theirs: SenderDomain, dns: FaultyNameServer) -> None:
    dns.gate.clear()
    threads = [threading.Thread(target=_check, args=(one,)) for one in (shop, theirs)]
    for thread in threads:
        thread.start()
    dns.gate.set()
    for thread in threads:
        thread.join(20)
    rows = list(SenderDomain.objects.filter(name="shop.example"))
    assert sorted(row.verified_at is not None for row in rows) == [False, True]
    (loser,) = [row for row in rows if row.verified_at is None]
    assert "another account has verified" in results(loser)["ownership"]["sentence"]


def _check(domain: SenderDomain) -> None:
    try:
        check_domain(domain)
    finally:
        connection.close()

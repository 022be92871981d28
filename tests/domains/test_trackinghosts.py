"""Tracking hosts: used while DNS points them to us, by the one account that shows that they are its own."""

from __future__ import annotations

import pytest

from accounts.models import AuditEntry
from domains import tasks, trackinghosts
from domains.actions import delete_domain
from domains.checking.findings import Finding, Verdict
from domains.models import SenderDomain, TrackingDomain
from domains.queries import find_tracking_url
from domains.records import proof_of_tracking
from domains.trackinghosts import add_tracking_domain, check_tracking_domain, delete_tracking_domain, records_of_host
from domains.verification import check_domain
from gateway.base.errors import FieldInvalid, QuotaExceeded
from tests.domains.zones import Clock, publish, publish_host
from tests.support.cast import Tenant
from tests.support.dns import SERVFAIL, FaultyNameServer


@pytest.fixture
def host(acme: Tenant, dns: FaultyNameServer, time: Clock) -> TrackingDomain:
    made = add_tracking_domain(acme.account, "Links.Shop.Example")
    publish_host(dns, made)
    return made


def test_it_works(host: TrackingDomain, time: Clock) -> None:
    assert check_tracking_domain(host).is_ok
    assert (host.name, host.verified_at) == ("links.shop.example", time.now)
    assert TrackingDomain.objects.get(pk=host.pk).check_results[0]["ok"]
    assert AuditEntry.objects.for_account(host.account).get().action == "verified tracking domain"


def test_a_host_that_points_elsewhere_is_given_up_at_once(host: TrackingDomain, dns: FaultyNameServer, time: Clock) -> None:
    check_tracking_domain(host)
    dns.zone[host.name, "CNAME"] = ["elsewhere.example."]
    time.move(hours=1)
    assert "points to elsewhere.example" in check_tracking_domain(host).sentence
    assert host.verified_at is None


def test_no_answer_changes_nothing(host: TrackingDomain, dns: FaultyNameServer, time: Clock) -> None:
    check_tracking_domain(host)
    dns.faults = {host.name: SERVFAIL}
    time.move(days=1)
    assert check_tracking_domain(host).verdict is Verdict.UNKNOWN
    assert host.verified_at is not None


def test_it_is_not_used_where_links_have_a_port(host: TrackingDomain, settings) -> None:
    settings.GATEPOST_URL = "http://mail.platform.example:8000"
    check_tracking_domain(host)
    assert host.verified_at is None


@pytest.mark.parametrize("name", ["co.uk", "links", "a b.com", "mail.platform.example", "LINKS.shop.example."])
def test_names_that_are_refused(name: str, host: TrackingDomain, acme: Tenant) -> None:
    with pytest.raises(FieldInvalid):
        add_tracking_domain(acme.account, name)


def test_two_accounts_cannot_both_have_a_host(host: TrackingDomain, globex: Tenant, dns: FaultyNameServer, time: Clock) -> None:
    check_tracking_domain(host)
    theirs = add_tracking_domain(globex.account, host.name)
    dns.zone[f"_gatepost.{host.name}", "TXT"].append(proof_of_tracking(theirs).value)
    assert check_tracking_domain(theirs).verdict is Verdict.TAKEN
    assert theirs.verified_at is None
    delete_tracking_domain(host)
    time.move(seconds=1)
    assert check_tracking_domain(theirs).is_ok


def test_a_host_within_a_domain_of_another_account_is_theirs(
    shop: SenderDomain, globex: Tenant, dns: FaultyNameServer, time: Clock
) -> None:
    publish(dns, shop)
    theirs = add_tracking_domain(globex.account, shop.tracking_host)
    publish_host(dns, theirs)
    assert check_tracking_domain(theirs).is_ok  # nobody has proven that the domain is theirs
    check_domain(shop)
    time.move(days=1)
    assert check_tracking_domain(theirs).verdict is Verdict.TAKEN
    assert theirs.verified_at is None
    ours = add_tracking_domain(shop.account, shop.tracking_host)
    assert check_tracking_domain(ours).is_ok


def unprove(dns: FaultyNameServer, host: TrackingDomain) -> None:
    dns.zone.pop((f"_gatepost.{host.name}", "TXT"), None)


def test_a_name_that_was_left_behind_is_nobodys_to_take(
    host: TrackingDomain, acme: Tenant, globex: Tenant, dns: FaultyNameServer, time: Clock
) -> None:
    """Its CNAME still points to us, and the former owner's proof may still be there."""
    check_tracking_domain(host)
    delete_tracking_domain(host)
    theirs = add_tracking_domain(globex.account, host.name)
    finding = check_tracking_domain(theirs)
    assert finding.verdict is Verdict.WRONG
    assert "of another account" in finding.sentence
    unprove(dns, theirs)
    time.move(minutes=1)
    finding = check_tracking_domain(theirs)
    assert finding.verdict is Verdict.MISSING
    assert "lies in none of your verified domains: publish this record too" in finding.sentence
    assert theirs.verified_at is None
    assert find_tracking_url(globex.account.pk, host.name) == ""
    assert [(one["label"], one["ok"]) for one in theirs.check_results] == [("tracking", True), ("ownership", False)]


def test_a_proof_without_the_cname_is_not_enough(host: TrackingDomain, dns: FaultyNameServer) -> None:
    del dns.zone[host.name, "CNAME"]
    assert check_tracking_domain(host).record.type == "CNAME"
    assert host.verified_at is None


def test_a_host_is_lost_with_its_proof(host: TrackingDomain, dns: FaultyNameServer, time: Clock) -> None:
    check_tracking_domain(host)
    dns.faults = {f"_gatepost.{host.name}": SERVFAIL}
    time.move(days=1)
    assert check_tracking_domain(host).verdict is Verdict.UNKNOWN
    assert host.verified_at is not None
    dns.faults = {}
    unprove(dns, host)
    time.move(days=1)
    check_tracking_domain(host)
    assert host.verified_at is None


def test_within_a_verified_domain_of_its_own_it_needs_no_other_proof(
    shop: SenderDomain, host: TrackingDomain, dns: FaultyNameServer, time: Clock
) -> None:
    unprove(dns, host)
    check_tracking_domain(host)
    assert host.verified_at is None
    publish(dns, shop)
    time.move(minutes=1)
    check_domain(shop)
    tasks.check_due()  # the host follows its domain at once
    host.refresh_from_db()
    assert host.verified_at == time.now
    assert [one["label"] for one in host.check_results] == ["tracking"]


def test_within_a_domain_that_the_operator_trusts_it_needs_no_other_proof(
    shop: SenderDomain, host: TrackingDomain, dns: FaultyNameServer
) -> None:
    unprove(dns, host)
    SenderDomain.objects.filter(pk=shop.pk).update(is_trusted=True)
    assert check_tracking_domain(host).is_ok
    assert host.verified_at is not None


def test_a_host_is_lost_with_the_domain_that_proved_it(
    shop: SenderDomain, host: TrackingDomain, dns: FaultyNameServer, time: Clock
) -> None:
    unprove(dns, host)
    publish(dns, shop)
    check_domain(shop)
    host.refresh_from_db()
    check_tracking_domain(host)
    assert host.verified_at is not None
    time.move(minutes=1)
    delete_domain(shop)
    tasks.check_due()
    host.refresh_from_db()
    assert host.verified_at is None


def test_a_domain_that_is_lost_while_its_host_is_looked_at_is_noticed(
    shop: SenderDomain, host: TrackingDomain, dns: FaultyNameServer, time: Clock
) -> None:
    unprove(dns, host)
    publish(dns, shop)
    check_domain(shop)
    host.refresh_from_db()
    plan = records_of_host(host)
    assert len(plan) == 1
    read_before = TrackingDomain.objects.get(pk=host.pk)
    time.move(minutes=1)
    delete_domain(shop)
    findings = tuple(Finding(record=one, verdict=Verdict.GOOD) for one in plan)
    trackinghosts._record(read_before, findings, time.now)
    assert read_before.verified_at is None
    assert read_before.next_check_at == time.now


def test_a_domain_next_door_proves_nothing(acme: Tenant, dns: FaultyNameServer, time: Clock) -> None:
    host = add_tracking_domain(acme.account, "links.notacme.example")  # acme has verified acme.example
    publish_host(dns, host)
    unprove(dns, host)
    assert not check_tracking_domain(host).is_ok
    assert host.verified_at is None


def test_an_account_has_so_many_and_no_more(acme: Tenant, globex: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trackinghosts, "MOST", 1)
    add_tracking_domain(acme.account, "links.shop.example")
    with pytest.raises(QuotaExceeded, match="may have 1"):
        add_tracking_domain(acme.account, "more.shop.example")
    assert add_tracking_domain(globex.account, "links.globex.example")

"""Tracking hosts: used while DNS points them to us, by one account only."""

from __future__ import annotations

import pytest

from accounts.models import AuditEntry
from domains.actions import add_domain
from domains.checking.findings import Verdict
from domains.models import SenderDomain, TrackingDomain
from domains.trackinghosts import add_tracking_domain, check_tracking_domain, delete_tracking_domain
from domains.verification import check_domain
from gateway.base.errors import FieldInvalid
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


def test_two_accounts_cannot_both_have_a_host(host: TrackingDomain, globex: Tenant, time: Clock) -> None:
    check_tracking_domain(host)
    theirs = add_tracking_domain(globex.account, host.name)
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
    assert check_tracking_domain(theirs).is_ok  # nobody has proven that the domain is theirs
    check_domain(shop)
    time.move(days=1)
    assert check_tracking_domain(theirs).verdict is Verdict.TAKEN
    assert theirs.verified_at is None
    ours = add_tracking_domain(shop.account, shop.tracking_host)
    assert check_tracking_domain(ours).is_ok


def test_ones_own_sender_domain_is_no_hindrance(acme: Tenant, host: TrackingDomain, dns: FaultyNameServer) -> None:
    domain = add_domain(acme.account, "shop.example")
    publish(dns, domain)
    check_domain(domain)
    assert check_tracking_domain(host).is_ok

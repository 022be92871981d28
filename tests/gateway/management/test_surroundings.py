"""The demo's Internet publishes whatever its people are told to publish."""

from __future__ import annotations

import pytest

from domains.actions import add_domain
from domains.trackinghosts import add_tracking_domain, check_tracking_domain
from domains.verification import check_domain
from gateway.base.nameserver import NameServer
from gateway.management.demo.surroundings import RECEIVER, answer, look_up
from tests.support.cast import Tenant


@pytest.mark.django_db(transaction=True)
def test_a_domain_that_is_added_verifies_for_real(acme: Tenant, settings) -> None:
    with NameServer(answer) as server:
        settings.GATEPOST_DNS = (server.endpoint,)
        domain = add_domain(acme.account, "shop.example")
        hosts = [add_tracking_domain(acme.account, name) for name in ("links.shop.example", "links.elsewhere.example")]
        assert all(finding.is_ok for finding in check_domain(domain))
        assert all(check_tracking_domain(host).is_ok for host in hosts)
    assert domain.verified_at is not None
    assert domain.return_path_at is not None
    assert domain.tracking_at is None  # a browser outside of the demo would not find that host


def test_all_mail_goes_to_the_receiver(db: None) -> None:
    assert look_up("anywhere.example", "MX") == [f"10 {RECEIVER}."]
    assert look_up(RECEIVER, "A") == ["127.0.0.1"]
    assert look_up("anywhere.example", "TXT") == []
    assert look_up("x.localhost", "TXT") is None

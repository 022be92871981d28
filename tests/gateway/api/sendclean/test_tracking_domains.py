"""settings/*TrackingDomain over HTTP: added, looked at, listed, deleted; and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEntry
from domains.models import TrackingDomain
from domains.records import NO_TRACKING, proof_of_tracking, record_of_tracking
from tests.domains.zones import publish_host, zone_of
from tests.gateway.api.sendclean.calls import Call, refused, said
from tests.support.cast import Tenant
from tests.support.dns import FaultyNameServer

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("dns")]

NAME = "links.shop.example"


@pytest.fixture
def host(call: Call, acme: Tenant) -> TrackingDomain:
    """acme's tracking domain links.shop.example, added by the call."""
    call("settings/addTrackingDomain", domain=NAME)
    added: TrackingDomain = TrackingDomain.objects.for_account(acme.account).get(name=NAME)
    return added


def test_it_works(call: Call, acme: Tenant) -> None:
    assert call("settings/addTrackingDomain", domain="Links.Shop.example") == said("Tracking Domain Added")
    host = TrackingDomain.objects.for_account(acme.account).get(name=NAME)
    assert call("settings/deleteTrackingDomain", domain=NAME) == said("Tracking Domain Deleted")
    assert not TrackingDomain.objects.exists()
    entries = AuditEntry.objects.for_account(acme.account).order_by("pk")
    assert [(entry.action, entry.target, entry.detail) for entry in entries] == [
        ("added tracking domain", NAME, {"id": host.pk}),
        ("deleted tracking domain", NAME, {"id": host.pk}),
    ]


def test_a_check_looks_at_dns_now(call: Call, host: TrackingDomain, dns: FaultyNameServer) -> None:
    status, answer = call("settings/checkTrackingDomain", domain=NAME)
    assert (status, answer["domain"], answer["valid_tracking"], answer["cname"]["valid"]) == (200, NAME, "No", "No")
    assert NAME in answer["cname"]["error"]
    assert "error" not in answer
    publish_host(dns, host)
    wanted = {"status": "success", "domain": NAME, "valid_tracking": "Yes", "cname": {"valid": "Yes"}}
    assert call("settings/checkTrackingDomain", domain=NAME) == (200, wanted)


def test_a_right_cname_without_proof_is_not_enough(call: Call, host: TrackingDomain, dns: FaultyNameServer) -> None:
    dns.zone |= zone_of(record_of_tracking(host))
    answer = call("settings/checkTrackingDomain", domain=NAME)[1]
    assert (answer["valid_tracking"], answer["cname"]) == ("No", {"valid": "Yes"})
    assert proof_of_tracking(host).name in answer["error"]


def test_a_server_whose_links_have_a_port_says_so(
    call: Call, host: TrackingDomain, dns: FaultyNameServer, settings: Any
) -> None:
    settings.GATEPOST_URL = "http://mail.platform.example:8000"
    publish_host(dns, host)
    answer = call("settings/checkTrackingDomain", domain=NAME)[1]
    assert (answer["valid_tracking"], answer["cname"]["valid"], answer["error"]) == ("No", "Yes", NO_TRACKING)


def test_the_list_tells_what_was_seen_last(call: Call, host: TrackingDomain, dns: FaultyNameServer) -> None:
    row = {"domain": NAME, "create_date": int(host.created_at.timestamp())}
    listed = call("settings/listTrackingDomain")
    assert listed == (200, {"status": "success", "tracking_domain_list": [row | {"cname": {"valid": "No"}}]})
    publish_host(dns, host)
    call("settings/checkTrackingDomain", domain=NAME)
    assert call("settings/listTrackingDomain")[1]["tracking_domain_list"] == [row | {"cname": {"valid": "Yes"}}]
    assert call("settings/listTrackingDomain", skip_page=1)[1]["tracking_domain_list"] == []


@pytest.mark.parametrize(
    ("action", "fields", "words"),
    [
        ("addTrackingDomain", {}, "domain is required."),
        ("addTrackingDomain", {"domain": "localhost"}, "localhost has no dot"),
        ("addTrackingDomain", {"domain": NAME}, f"{NAME} is a tracking domain of this account already."),
        ("checkTrackingDomain", {"domain": "none.example"}, "This account has no tracking domain none.example."),
        ("deleteTrackingDomain", {"domain": "none.example"}, "This account has no tracking domain none.example."),
        ("listTrackingDomain", {"skip_page": 10**9}, "skip_page must be the number of a page, from 0 to 9,999."),
    ],
)
def test_what_is_wrong_is_said(call: Call, host: TrackingDomain, action: str, fields: dict[str, Any], words: str) -> None:
    status, answer = call(f"settings/{action}", **fields)
    assert (status, answer["type"]) == (400, "ValidationError")
    assert answer["message"].startswith(words)


@pytest.mark.parametrize("action", ["checkTrackingDomain", "deleteTrackingDomain"])
def test_a_stranger_s_host_is_as_good_as_none(action: str, stranger: Call, host: TrackingDomain) -> None:
    for name in (NAME, "none.example"):
        assert stranger(f"settings/{action}", domain=name) == refused(f"This account has no tracking domain {name}.")
    assert stranger("settings/listTrackingDomain")[1]["tracking_domain_list"] == []
    host.refresh_from_db()
    assert host.checked_at is None

"""The commands about sender domains, each with each of its numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from accounts.models import Account, AuditEntry
from domains.models import SenderDomain
from domains.records import Purpose
from gateway.base import clock
from tests.domains.zones import publish, use
from tests.gateway.api.octeth.commands import NOBODY, PATH, ask, done, refused
from tests.support.cast import Tenant
from tests.support.dns import FaultyNameServer, serve


@pytest.fixture
def dns(settings: Any) -> Iterator[FaultyNameServer]:
    with serve({}) as server:
        use(server, settings)
        yield server


def last() -> SenderDomain:
    found: SenderDomain = SenderDomain.objects.latest("pk")
    return found


# AddDomain ------------------------------------------------------------------------------------------------------------


def test_add_domain(client: Client, acme: Tenant) -> None:
    answer = done(ask(client, acme, "EmailGateway.AddDomain", DomainName="Shop.Example"))
    domain = last()
    assert (domain.account, domain.name) == (acme.account, "shop.example")
    assert answer["NewSenderDomainID"] == answer["Domain"]["DomainID"] == domain.pk
    shown = answer["Domain"]
    assert (shown["DomainName"], shown["SenderDomain"]) == ("shop.example", "shop.example")
    assert {shown[name] for name in ("VerificationStatus", "DKIMStatus", "SPFStatus")} == {"Pending"}
    assert (shown["Status"], shown["Verified"], shown["IsActive"]) == ("Approval Pending", False, True)
    records = shown["VerificationMeta"]["DNSRecords"]
    assert records["track.shop.example"][0] == "CNAME"
    assert records["_gatepost.shop.example"] == ["TXT", f"gatepost-verify={domain.verification_token}", False]
    assert AuditEntry.objects.get().action == "added sender domain"


def test_records_in_xml(client: Client, acme: Tenant) -> None:
    call = {"Command": "EmailGateway.GetDomain", "APIKey": acme.api_secret, "DomainID": acme.domain.pk, "ResponseFormat": "XML"}
    record = ET.fromstring(client.post(PATH, call, "application/json").content).find(".//track.acme.example")
    assert record is not None
    assert [(item.tag, item.text) for item in record] == [("node_0", "CNAME"), ("node_1", "localhost"), ("node_2", "false")]


def test_add_domain_with_hosts_of_its_own(client: Client, acme: Tenant) -> None:
    hosts = {"Subdomain": "mail", "TrackPrefix": "go", "TrackMerge": "1", "TrackPrefixDisabled": "true"}
    answer = done(ask(client, acme, "EmailGateway.AddDomain", DomainName="shop.example", **hosts))
    domain = last()
    assert (domain.return_host, domain.tracking_host) == ("mail.shop.example", "go.mail.shop.example")
    assert not domain.uses_tracking_host
    assert answer["Domain"]["Options"] == {
        "LinkTracking": False,
        "OpenTracking": False,
        "UnsubscribeLink": False,
        "CustomSubdomain": "mail",
        "CustomTrackPrefix": "go.mail",
        "TrackPrefixDisabled": True,
    }
    assert "go.mail.shop.example" not in answer["Domain"]["VerificationMeta"]["DNSRecords"]


ADDING: list[tuple[int, dict[str, Any]]] = [
    (1, {}),
    (1, {"DomainName": ""}),
    (2, {"DomainName": "no domain"}),
    (2, {"DomainName": "com"}),
    (2, {"DomainName": "acme.example"}),  # it has that one
    (2, {"DomainName": ["shop.example"]}),
    (4, {"DomainName": "shop.example", "TrackPrefix": "a.b"}),
    (4, {"DomainName": "shop.example", "TrackPrefix": "x" * 33}),
    (4, {"DomainName": "shop.example", "TrackPrefix": "-"}),
    (4, {"DomainName": "shop.example", "Subdomain": "a_b"}),
    (4, {"DomainName": "shop.example", "Subdomain": "mail", "TrackPrefix": "mail"}),
]


@pytest.mark.parametrize(("code", "call"), ADDING)
def test_add_domain_refuses(client: Client, acme: Tenant, code: int, call: dict[str, Any]) -> None:
    assert refused(ask(client, acme, "EmailGateway.AddDomain", **call)) == code
    assert (SenderDomain.objects.count(), AuditEntry.objects.count()) == (1, 0)


def test_add_domain_says_what_is_wrong_in_detail(client: Client, acme: Tenant) -> None:
    answer = ask(client, acme, "EmailGateway.AddDomain", DomainName="co.uk")
    assert answer["ErrorText"] == "Invalid domain name provided"
    assert answer["Detail"].startswith("co.uk is a public suffix")


def test_add_domain_refuses_more_than_are_allowed(client: Client, acme: Tenant) -> None:
    Account.objects.update(max_domains=1)
    assert refused(ask(client, acme, "EmailGateway.AddDomain", DomainName="shop.example")) == 3


# DeleteDomain, GetDomain, GetDomains ----------------------------------------------------------------------------------


def test_delete_domain(client: Client, acme: Tenant) -> None:
    assert done(ask(client, acme, "EmailGateway.DeleteDomain", DomainID=str(acme.domain.pk))) == {}
    assert not SenderDomain.objects.exists()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target) == ("deleted sender domain", "acme.example")


def test_get_domain(client: Client, acme: Tenant) -> None:
    shown = done(ask(client, acme, "EmailGateway.GetDomain", DomainID=acme.domain.pk))["Domain"]
    assert (shown["DomainID"], shown["DomainName"], shown["IsActive"]) == (acme.domain.pk, "acme.example", True)


def test_get_domains(client: Client, acme: Tenant, globex: Tenant) -> None:
    (shown,) = done(ask(client, acme, "EmailGateway.GetDomains"))["Domains"]
    assert (shown["DomainID"], shown["DomainName"]) == (str(acme.domain.pk), "acme.example")
    assert (shown["Verified"], shown["Active"], shown["Status"]) == (True, True, "Enabled")
    assert "Counts" not in shown


def test_get_domains_with_counts(client: Client, acme: Tenant, globex: Tenant) -> None:
    ask(client, acme, "EmailGateway.AddDomain", DomainName="shop.example")
    ask(client, acme, "EmailGateway.AddSMTP", DomainID=acme.domain.pk)
    domains = done(ask(client, acme, "EmailGateway.GetDomains", WithCounts="true"))["Domains"]
    assert [shown["Counts"] for shown in domains] == [
        {"APIKeys": 1, "SMTPs": 1, "Webhooks": 0},
        {"APIKeys": 0, "SMTPs": 0, "Webhooks": 0},
    ]


def test_get_domains_page_by_page(client: Client, acme: Tenant) -> None:
    ask(client, acme, "EmailGateway.AddDomain", DomainName="shop.example")
    pages = [
        done(ask(client, acme, "EmailGateway.GetDomains", StartFrom=start, RetrieveCount=1))["Domains"] for start in range(3)
    ]
    assert [[shown["DomainName"] for shown in page] for page in pages] == [["acme.example"], ["shop.example"], []]


# UpdateDomain ---------------------------------------------------------------------------------------------------------


def test_update_domain(client: Client, acme: Tenant) -> None:
    call = {"LinkTracking": "1", "OpenTracking": 1, "UnsubscribeLink": True, "HostingProvider": "Acme", "Subdomain": "mail"}
    answer = done(ask(client, acme, "EmailGateway.UpdateDomain", DomainID=str(acme.domain.pk), **call))
    shown = answer["Domain"]
    expected = {
        "DomainID": str(acme.domain.pk),
        "LinkTracking": "1",
        "OpenTracking": "1",
        "UnsubscribeLink": "1",
        "HostingProvider": "Acme",
        "Subdomain": "mail",
    }
    assert {name: shown[name] for name in expected} == expected
    assert answer["SubdomainChanged"] is True
    acme.domain.refresh_from_db()
    assert (acme.domain.track_clicks, acme.domain.track_opens, acme.domain.subdomain) == (True, True, "mail")
    assert AuditEntry.objects.get().action == "changed sender domain"


def test_update_domain_leaves_what_is_not_given(client: Client, acme: Tenant) -> None:
    ask(client, acme, "EmailGateway.UpdateDomain", DomainID=acme.domain.pk, LinkTracking=1, Subdomain="mail", TrackPrefix="go")
    answer = done(ask(client, acme, "EmailGateway.UpdateDomain", DomainID=acme.domain.pk, OpenTracking=0))
    shown = answer["Domain"]
    assert (shown["LinkTracking"], shown["OpenTracking"], shown["Subdomain"]) == ("1", "0", "mail")
    assert (shown["TrackPrefix"], answer["SubdomainChanged"]) == ("go", False)


def test_update_domain_does_without_a_tracking_host_and_with_one(client: Client, acme: Tenant) -> None:
    for given in (True, False):
        answer = ask(client, acme, "EmailGateway.UpdateDomain", DomainID=acme.domain.pk, TrackPrefixDisabled=given)
        assert done(answer)["Domain"]["Options"]["TrackPrefixDisabled"] is given


def test_update_domain_puts_the_tracking_host_below_the_subdomain(client: Client, acme: Tenant) -> None:
    for subdomain, merged in (("mail", "track.mail"), ("post", "track.post")):
        call = {"DomainID": acme.domain.pk, "Subdomain": subdomain, "TrackMerge": 1}
        assert done(ask(client, acme, "EmailGateway.UpdateDomain", **call))["Domain"]["TrackPrefix"] == merged


@pytest.mark.parametrize(
    "call",
    [{"Subdomain": "a b"}, {"Subdomain": "x" * 33}, {"TrackPrefix": "ä"}, {"TrackPrefix": []}, {"TrackPrefix": "bounce"}],
)
def test_update_domain_refuses_hosts(client: Client, acme: Tenant, call: dict[str, Any]) -> None:
    answer = ask(client, acme, "EmailGateway.UpdateDomain", DomainID=acme.domain.pk, LinkTracking=1, **call)
    assert refused(answer) == 6
    acme.domain.refresh_from_db()
    assert acme.domain.track_clicks is None


# VerifyDomain ---------------------------------------------------------------------------------------------------------


def test_verify_domain(client: Client, acme: Tenant, dns: FaultyNameServer) -> None:
    ask(client, acme, "EmailGateway.AddDomain", DomainName="shop.example")
    publish(dns, last())
    answer = done(ask(client, acme, "EmailGateway.VerifyDomain", DomainID=last().pk))
    shown = answer["Domain"]
    assert (shown["DomainID"], shown["DomainName"], shown["Status"]) == (str(last().pk), "shop.example", "Enabled")
    assert {shown[name] for name in ("VerificationStatus", "DKIMStatus", "SPFStatus")} == {"Verified"}
    results = answer["DNSVerificationResults"]
    assert {"Host", "Type", "Value", "Verified"} == set(results[0])
    assert all(result["Verified"] for result in results)
    as_map = {result["Host"]: [result["Type"], result["Value"], True] for result in results}
    assert shown["VerificationMeta"]["DNSRecords"] == as_map
    assert last().is_verified


def test_verify_domain_of_which_nothing_is_published(client: Client, acme: Tenant, dns: FaultyNameServer) -> None:
    ask(client, acme, "EmailGateway.AddDomain", DomainName="shop.example")
    answer = done(ask(client, acme, "EmailGateway.VerifyDomain", DomainID=last().pk))
    assert answer["Domain"]["Status"] == "Approval Pending"
    assert {result["Host"] for result in answer["DNSVerificationResults"]} >= {"shop.example", "_gatepost.shop.example"}
    assert not any(result["Verified"] for result in answer["DNSVerificationResults"])


def test_verify_domain_asks_again_after_a_pause(client: Client, acme: Tenant, dns: FaultyNameServer) -> None:
    for pause, asks in ((timedelta(0), True), (timedelta(seconds=1), False), (timedelta(seconds=4), True)):
        SenderDomain.objects.filter(checked_at__isnull=False).update(checked_at=clock.now() - pause)
        dns.asked.clear()
        answer = done(ask(client, acme, "EmailGateway.VerifyDomain", DomainID=acme.domain.pk))
        assert bool(dns.asked) is asks
        assert answer["DNSVerificationResults"]


def test_verify_domain_shows_a_key_that_is_published(client: Client, acme: Tenant, dns: FaultyNameServer) -> None:
    ask(client, acme, "EmailGateway.AddDomain", DomainName="shop.example")
    publish(dns, last())
    for name, kind in list(dns.zone):
        if "_domainkey" not in name or kind != "TXT":
            del dns.zone[name, kind]
    shown = done(ask(client, acme, "EmailGateway.VerifyDomain", DomainID=last().pk))["Domain"]
    assert (shown["DKIMStatus"], shown["SPFStatus"], shown["VerificationStatus"]) == ("Verified", "Pending", "Pending")
    assert {Purpose.DKIM} == {one["purpose"] for one in last().check_results if one["ok"]}


# What all of them refuse ----------------------------------------------------------------------------------------------

NOT_FOUND = {"DeleteDomain": 2, "GetDomain": 2, "UpdateDomain": 5, "VerifyDomain": 2}
WORDS = {
    "DeleteDomain": "Missing required parameter: DomainID",
    "GetDomain": "Required parameter missing: DomainID",
    "UpdateDomain": "Required field 'DomainID' is missing.",
    "VerifyDomain": "Required field 'DomainID' is missing.",
}


@pytest.mark.parametrize("command", NOT_FOUND)
def test_a_domain_is_required(client: Client, acme: Tenant, command: str) -> None:
    for call in ({}, {"DomainID": ""}, {"DomainID": None}):
        answer = ask(client, acme, f"EmailGateway.{command}", **call)
        assert (refused(answer), answer["ErrorText"]) == (1, WORDS[command])


@pytest.mark.parametrize("command", NOT_FOUND)
@pytest.mark.parametrize("domain_id", [NOBODY, "x", -1, 0, 2**64, [1], 1.5])
def test_a_domain_that_is_not_there(client: Client, acme: Tenant, command: str, domain_id: Any) -> None:
    answer = ask(client, acme, f"EmailGateway.{command}", DomainID=domain_id)
    assert refused(answer) == NOT_FOUND[command]
    assert SenderDomain.objects.exists()

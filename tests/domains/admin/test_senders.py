"""The room of domains: a person adds one, sees what to publish and what is wrong, looks at DNS, rotates keys, deletes."""

from __future__ import annotations

import html
import re
from time import monotonic

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Account, AuditEntry, Membership
from domains.models import DKIMKey, SenderDomain, TrackingDomain
from domains.records import Purpose, proof_of_tracking, records_of, write_zone
from domains.verification import check_domain
from tests.domains.zones import Clock, publish, publish_host, record
from tests.support.browsers import log_in
from tests.support.cast import Tenant
from tests.support.dns import SILENT, FaultyNameServer
from tests.support.factories import make_person

ADD = "/console/domains/senderdomain/add/"


@pytest.fixture
def browser(acme: Tenant) -> Client:
    return log_in(acme.user)


def path(domain: SenderDomain | TrackingDomain, page: str = "change") -> str:
    return reverse(f"admin:domains_{domain._meta.model_name}_{page}", args=(domain.pk,))


def shown(browser: Client, where: str) -> str:
    return html.unescape(browser.get(where).content.decode())


def acts(tenant: Tenant) -> list[str]:
    entries = AuditEntry.objects.for_account(tenant.account).filter(actor=tenant.user.email)
    return list(entries.order_by("pk").values_list("action", flat=True))


def test_it_works(browser: Client, acme: Tenant, dns: FaultyNameServer, time: Clock) -> None:
    answer = browser.post(ADD, {"name": "Shop.Example."})
    domain = SenderDomain.objects.get(name="shop.example")
    assert answer.headers["Location"] == path(domain)  # its records are what comes next
    page = shown(browser, path(domain))
    for one in records_of(domain):
        assert f'data-copy="{one.name}"' in page
        assert f'data-copy="{one.value}"' in page
    assert write_zone(records_of(domain)) in page
    assert "Waiting for DNS" in page
    publish(dns, domain)
    browser.post(path(domain, "check"))
    page = shown(browser, path(domain))
    assert "7 of 7 records are right" in page
    assert "Verified" in page
    assert acts(acme) == ["added sender domain"]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("co.uk", "public suffix"),
        ("nonsense", "not a domain name"),
        ("ACME.example", "already exists"),
        ("x.localhost", "this server"),
    ],
)
def test_a_name_that_does_not_fit_is_refused_in_words(name: str, sentence: str, browser: Client, acme: Tenant) -> None:
    answer = browser.post(ADD, {"name": name}, follow=True)
    assert sentence in html.unescape(answer.content.decode())
    assert acme.account.sender_domains.count() == 1
    assert acts(acme) == []


def test_a_limit_is_told_on_the_page(browser: Client, acme: Tenant) -> None:
    Account.objects.filter(pk=acme.account.pk).update(max_domains=1)
    assert "may have 1 sender domains" in browser.post(ADD, {"name": "shop.example"}, follow=True).content.decode()


def test_a_mistake_stands_beside_its_record(browser: Client, shop: SenderDomain, dns: FaultyNameServer) -> None:
    publish(dns, shop)
    dns.zone["bounce.shop.example", "CNAME"] = ["<b>evil</b>.example."]
    dns.zone["shop.example", "TXT"] = ["v=spf1 <script>alert(1)</script>"]
    browser.post(path(shop, "check"))
    page = browser.get(path(shop)).content.decode()
    assert "instead of returns.platform.example" in page
    assert "is not SPF" in page
    assert "<script>alert" not in page
    assert "<b>evil" not in page
    listed = shown(browser, "/console/domains/senderdomain/")
    assert "5 of 7 right, 2 wrong" in listed


def test_checking_answers_within_five_seconds_when_nobody_else_does(
    browser: Client, shop: SenderDomain, dns: FaultyNameServer
) -> None:
    dns.faults = {one.name: SILENT for one in records_of(shop)}
    began = monotonic()
    assert browser.post(path(shop, "check")).status_code == 302
    assert monotonic() - began < 5
    assert "no name server answered in time" in shown(browser, path(shop))


def test_looking_again_at_once_asks_nobody(browser: Client, shop: SenderDomain, dns: FaultyNameServer) -> None:
    browser.post(path(shop, "check"))
    asked = len(dns.asked)
    browser.post(path(shop, "check"))
    assert len(dns.asked) == asked


def test_a_page_refreshes_itself_while_something_is_awaited(browser: Client, shop: SenderDomain, dns: FaultyNameServer) -> None:
    assert f'data-refresh="{path(shop, "dns")}"' in shown(browser, path(shop))
    assert "data-settled" not in shown(browser, path(shop, "dns"))
    publish(dns, shop)
    check_domain(shop)
    assert "data-settled" in shown(browser, path(shop, "dns"))
    assert "data-refresh" not in shown(browser, path(shop))


def test_no_page_needs_a_script_of_its_own(browser: Client, shop: SenderDomain) -> None:
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>", browser.get(path(shop, "dns")).content.decode())


def test_failing_domains_say_until_when(browser: Client, shop: SenderDomain, dns: FaultyNameServer, time: Clock) -> None:
    publish(dns, shop)
    check_domain(shop)
    dns.zone.clear()
    time.move(days=1)
    check_domain(shop)
    page = shown(browser, path(shop))
    assert "Failing" in page
    assert f"Mail is sent until {time.move(days=3):%-d %b %Y %H:%M} UTC" in page


def test_keys_are_rotated_and_the_rotation_cancelled(browser: Client, acme: Tenant, shop: SenderDomain) -> None:
    assert path(shop, "keep") not in shown(browser, path(shop))
    browser.post(path(shop, "rotate"))
    page = shown(browser, path(shop))
    assert "Keys are being rotated" in page
    assert path(shop, "rotate") not in page
    assert DKIMKey.objects.filter(domain=shop).count() == 4
    browser.post(path(shop, "keep"))
    assert DKIMKey.objects.filter(domain=shop).count() == 2
    assert acts(acme) == ["made new DKIM keys for sender domain", "cancelled the key rotation of sender domain"]


FORM = {
    "subdomain": "bounce",
    "track_prefix": "track",
    "uses_tracking_host": "on",
    "is_active": "on",
    "track_opens": "unknown",
    "track_clicks": "unknown",
}


def test_switches_are_set(browser: Client, acme: Tenant, shop: SenderDomain) -> None:
    browser.post(path(shop), {**FORM, "track_opens": "true", "track_clicks": "false", "unsubscribe_link": "on"})
    shop.refresh_from_db()
    assert (shop.track_opens, shop.track_clicks, shop.unsubscribe_link) == (True, False, True)
    assert acts(acme) == ["changed sender domain"]


def test_saving_writes_nothing_that_a_check_writes(
    browser: Client, shop: SenderDomain, dns: FaultyNameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A check that ends between the reading and the writing of a form is not undone by it."""
    publish(dns, shop)
    save = SenderDomain.save

    def check_then_save(row: SenderDomain, **options: object) -> None:
        check_domain(SenderDomain.objects.get(pk=row.pk))
        save(row, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(SenderDomain, "save", check_then_save)
    browser.post(path(shop), {**FORM, "unsubscribe_link": "on"})
    shop.refresh_from_db()
    assert shop.unsubscribe_link
    assert shop.verified_at is not None


def test_new_prefixes_are_looked_for(browser: Client, shop: SenderDomain, dns: FaultyNameServer) -> None:
    publish(dns, shop)
    check_domain(shop)
    browser.post(path(shop), {**FORM, "subdomain": "Mail"})
    shop.refresh_from_db()
    assert (shop.subdomain, shop.return_path_at, record(shop, Purpose.RETURN_PATH).name) == ("mail", None, "mail.shop.example")
    page = shown(browser, path(shop))
    assert "Bounces come back to returns.platform.example" in page


def test_a_domain_goes_without_a_tracking_host(browser: Client, shop: SenderDomain, dns: FaultyNameServer) -> None:
    publish(dns, shop)
    check_domain(shop)
    browser.post(path(shop), {**FORM, "uses_tracking_host": ""})
    shop.refresh_from_db()
    assert (shop.uses_tracking_host, shop.tracking_at, shop.track_prefix) == (False, None, "track")
    assert Purpose.TRACKING not in {one.purpose for one in records_of(shop)}
    browser.post(path(shop), FORM)
    assert SenderDomain.objects.get(pk=shop.pk).uses_tracking_host


@pytest.mark.parametrize("wrong", [{"subdomain": "track"}, {"subdomain": "a_b"}, {"track_prefix": ""}])
def test_prefixes_that_cannot_be(wrong: dict[str, str], browser: Client, shop: SenderDomain) -> None:
    answer = browser.post(path(shop), {**FORM, **wrong})
    assert answer.status_code == 200
    assert SenderDomain.objects.filter(pk=shop.pk, subdomain="bounce", track_prefix="track").exists()


def test_a_domain_is_deleted(browser: Client, acme: Tenant, shop: SenderDomain) -> None:
    browser.post(path(shop, "delete"), {"post": "yes"})
    assert not SenderDomain.objects.filter(pk=shop.pk).exists()
    assert acts(acme) == ["deleted sender domain"]


def test_a_stranger_finds_neither_page_nor_check(globex: Tenant, shop: SenderDomain, dns: FaultyNameServer) -> None:
    stranger = log_in(globex.user)
    for page in ("check", "dns"):
        for method in (stranger.get, stranger.post):
            foreign, missing = method(path(shop, page)), method(path(shop, page).replace(f"/{shop.pk}/", "/987654/"))
            assert (foreign.status_code, foreign.headers["Location"]) == (missing.status_code, missing.headers["Location"])
            assert foreign.status_code == 302
    assert dns.asked == []


def test_a_viewer_looks_but_asks_nothing(acme: Tenant, shop: SenderDomain, dns: FaultyNameServer) -> None:
    viewer = log_in(make_person(acme.account, Membership.Role.VIEWER))
    page = shown(viewer, path(shop))
    assert "_gatepost.shop.example" in page
    assert path(shop, "check") not in page
    assert viewer.post(path(shop, "check")).status_code == 403
    assert viewer.post(path(shop, "rotate")).status_code == 403
    assert dns.asked == []


def test_a_check_asks_for_the_token_of_the_page(acme: Tenant, shop: SenderDomain, dns: FaultyNameServer) -> None:
    assert log_in(acme.user, checks_csrf=True).post(path(shop, "check")).status_code == 403
    assert log_in(acme.user).get(path(shop, "check")).status_code == 405
    assert dns.asked == []


def test_tracking_hosts_are_added_checked_and_deleted(
    browser: Client, acme: Tenant, dns: FaultyNameServer, time: Clock
) -> None:
    browser.post("/console/domains/trackingdomain/add/", {"name": "Links.Acme.Example", "is_secure": "on"})
    host = TrackingDomain.objects.get(name="links.acme.example")
    assert host.is_secure
    assert "Waiting for DNS" in shown(browser, path(host))
    publish_host(dns, host)
    browser.post(path(host, "check"))
    assert "In use" in shown(browser, path(host))
    browser.post(path(host), {"is_secure": ""})
    host.refresh_from_db()
    assert (host.is_secure, host.verified_at) == (False, time.now)
    browser.post(path(host, "delete"), {"post": "yes"})
    assert not TrackingDomain.objects.exists()
    assert acts(acme) == ["added tracking domain", "changed tracking domain", "deleted tracking domain"]


def test_the_proof_of_a_tracking_host_is_shown_where_it_is_needed(
    browser: Client, acme: Tenant, dns: FaultyNameServer, time: Clock
) -> None:
    within = TrackingDomain.objects.create(account=acme.account, name="links.acme.example")
    outside = TrackingDomain.objects.create(account=acme.account, name="links.elsewhere.example")
    assert "_gatepost" not in shown(browser, path(within))
    page = shown(browser, path(outside))
    assert proof_of_tracking(outside).value in page
    assert "publish this record too, which shows that it is yours" in page
    publish_host(dns, outside)
    browser.post(path(outside, "check"))
    assert "In use" in shown(browser, path(outside))


def test_a_stranger_checks_no_tracking_host(acme: Tenant, globex: Tenant, dns: FaultyNameServer) -> None:
    host = TrackingDomain.objects.create(account=acme.account, name="links.acme.example")
    assert log_in(globex.user).post(path(host, "check")).status_code == 302
    assert dns.asked == []

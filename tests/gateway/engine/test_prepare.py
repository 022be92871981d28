"""From a submission to the parcels of its copies: hosts that were asked for, links that lead back, the account's own pages."""

from __future__ import annotations

import re
from pathlib import Path
from time import thread_time
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from domains import queries
from domains.keys import add_keys
from domains.models import DKIMKey, SenderDomain
from gateway.base.errors import FieldInvalid
from gateway.engine import hits, queue
from gateway.engine import prepare as preparing
from gateway.engine.accept import accept
from gateway.engine.compose import Composed, Composer
from gateway.engine.letter import Copy
from gateway.engine.prepare import Later, Ready, prepare
from gateway.engine.returns import read_return_path
from gateway.engine.submission import Addressee, Clicks, Kind, Mailbox
from gateway.models import Message
from templates_app.models import UnsubscribePage
from tests.gateway.engine.conftest import Make
from tests.support.cast import Tenant
from tests.support.letters import parse, parts_of
from tracking.links import Purpose, read_token

SHOP = "https://shop.example/?a=1&b=2"
HTML = '<p><a href="https://shop.example/?a=1&amp;b=2">Shop</a></p>'
JAPANESE = "xn--r8jz45g.xn--zckzah"
ONE_CLICK = "application/x-www-form-urlencoded"  # the type of its body (RFC 8058 3.1)


@pytest.fixture(autouse=True)
def keys(acme_keys: list[DKIMKey], settings: Settings) -> list[DKIMKey]:
    settings.GATEPOST_URL = "https://mail.example"
    return acme_keys


def change_domain(tenant: Tenant, **changes: Any) -> None:
    SenderDomain.objects.filter(pk=tenant.domain.pk).update(**changes)
    queries.forget()


def prepared() -> list[Ready]:
    ready = [item for item in prepare(queue.claim(100)) if isinstance(item, Ready)]
    return sorted(ready, key=lambda item: item.copy.position)


def refusal_of(submission: Any) -> FieldInvalid:
    (refusal,) = accept([submission])
    assert isinstance(refusal, FieldInvalid)
    assert not Message.objects.exists()
    return refusal


def tokens_in(wire: bytes, purpose: Purpose) -> list[tuple[str, str]]:
    """Return host and token of each link of ours in the texts and the header of a mail."""
    message = parse(wire)
    whole = "".join([str(message.items()), *(str(content) for _, content in parts_of(message))])
    return re.findall(rf"https?://([^/]+)/t/{purpose.value}/([\w-]+)", whole)


def test_it_works(make: Make, acme: Tenant) -> None:
    people = (Addressee(email="ann@inbox.example"), Addressee(email="bob@inbox.example"))
    accept([make(html=HTML, recipients=people, track_opens=True, track_clicks=Clicks.HTML)])
    one, two = prepared()
    assert one.parcel.wire != two.parcel.wire
    for item in (one, two):
        for purpose, target in ((Purpose.CLICK, SHOP), (Purpose.OPEN, "")):
            ((host, token),) = tokens_in(item.parcel.wire, purpose)
            link = read_token(token, purpose, host)
            assert link is not None
            assert (host, link.target) == ("mail.example", target)
            assert (link.account_id, link.recipient_id) == (acme.account.pk, item.copy.recipient_id)


def test_the_door_of_readers_knows_every_link_of_a_mail(make: Make, acme: Tenant, client: Client) -> None:
    change_domain(acme, tracking_at=timezone.now())
    accept([make(html=HTML, track_opens=True, track_clicks=Clicks.HTML, unsubscribe_link=True)])
    (item,) = prepared()
    for purpose, answer in ((Purpose.CLICK, SHOP), (Purpose.OPEN, "image/gif"), (Purpose.UNSUBSCRIBE, "text/html")):
        found = set(tokens_in(item.parcel.wire, purpose))
        assert len(found) == 1
        for host, token in found:
            response = client.head(f"/t/{purpose.value}/{token}", headers={"host": host})
            assert answer in (response.headers.get("Location"), response.headers["Content-Type"].partition(";")[0])


def test_one_click_in_one_mail_stops_the_next_that_waits(
    make: Make, client: Client, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.GATEPOST_DATA = tmp_path
    monkeypatch.setattr(hits.Writer, "_run", lambda writer: writer._is_over.wait())
    accept([make(unsubscribe_link=True)])
    (first,) = prepared()
    accept([make(recipients=(Addressee(email="BOB@inbox.example"), Addressee(email="ann@inbox.example")))])
    host, token = tokens_in(first.parcel.wire, Purpose.UNSUBSCRIBE)[0]
    answer = client.post(f"/t/u/{token}", "List-Unsubscribe=One-Click", ONE_CLICK, headers={"host": host})
    hits.close_hits()
    hits.write_waiting()
    assert answer.status_code == 200
    assert {type(item).__name__: item.copy.email for item in prepare(queue.claim(100))} == {
        "Stopped": "BOB@inbox.example",
        "Ready": "ann@inbox.example",
    }


def test_mail_is_not_tracked_where_nobody_asked(make: Make) -> None:
    accept([make(html=HTML)])
    (item,) = prepared()
    assert b"/t/" not in item.parcel.wire
    assert item.parcel.mail_from.endswith("@returns.localhost")


def test_headers_show_the_addresses_that_were_checked(make: Make) -> None:
    people = (Addressee(email='"bob"@EXA\u00admple.com'), Addressee(email="ben@例え。テスト", kind=Kind.CC))
    sender, replies = Mailbox(email="ann@ａｃｍｅ.example", name="Ann"), (Mailbox(email="help@straße.example"),)
    accept([make(sender=sender, recipients=people, reply_to=replies)])
    one, two = prepared()
    message = parse(one.parcel.wire)
    assert (one.parcel.rcpt_to, two.parcel.rcpt_to) == (message["To"], message["Cc"]) == ("bob@example.com", f"ben@{JAPANESE}")
    assert (message["From"], message["Reply-To"]) == ("Ann <ann@acme.example>", "help@xn--strae-oqa.example")
    assert not one.parcel.needs_smtputf8


def test_bulk_mail_offers_a_way_out_unless_it_is_switched_off(make: Make) -> None:
    accept([make(bulk=True), make(bulk=True, unsubscribe_link=False)])
    offered = [parse(item.parcel.wire)["List-Unsubscribe"] for item in prepare(queue.claim(10)) if isinstance(item, Ready)]
    assert sorted(map(bool, offered)) == [False, True]


def test_hosts_of_the_domain_are_in_links_and_return_paths(make: Make, acme: Tenant) -> None:
    change_domain(acme, tracking_at=timezone.now(), return_path_at=timezone.now(), is_tracking_secure=True)
    accept([make(html=HTML, track_opens=True)])
    (item,) = prepared()
    assert [host for host, _ in tokens_in(item.parcel.wire, Purpose.OPEN)] == ["track.acme.example"]
    assert item.parcel.mail_from.endswith("@bounce.acme.example")
    assert read_return_path(item.parcel.mail_from) == item.copy.recipient_id


def test_hosts_that_were_asked_for_are_in_links_and_return_paths(make: Make, acme: Tenant) -> None:
    acme.account.tracking_domains.create(name="t.acme.example", verified_at=timezone.now())
    acme.account.sender_domains.create(
        name="acme2.example", verified_at=timezone.now(), return_path_at=timezone.now(), subdomain="r"
    )
    accept([make(html=HTML, track_opens=True, tracking_domain="t.acme.example", return_domain="r.acme2.example")])
    (item,) = prepared()
    assert [host for host, _ in tokens_in(item.parcel.wire, Purpose.OPEN)] == ["t.acme.example"]
    assert item.parcel.mail_from.endswith("@r.acme2.example")


def test_a_return_host_that_is_gone_when_mail_is_sent_is_not_named(make: Make, acme: Tenant) -> None:
    change_domain(acme, return_path_at=timezone.now())
    accept([make(return_domain="bounce.acme.example")])
    change_domain(acme, return_path_at=None)
    (item,) = prepared()
    assert item.parcel.mail_from.endswith("@returns.localhost")


@pytest.mark.parametrize("owner", ["acme", "globex", "nobody"])
def test_only_the_accounts_own_verified_hosts_track(make: Make, acme: Tenant, globex: Tenant, owner: str) -> None:
    verified = {"acme": None, "globex": timezone.now()}
    for tenant in (acme, globex):
        if tenant.account.owner_id == owner:
            tenant.account.tracking_domains.create(name="t.shop.example", verified_at=verified[owner])
    refusal = refusal_of(make(tracking_domain="t.shop.example"))
    assert refusal.field == "tracking_domain"
    assert "t.shop.example is not a verified tracking domain of this account" in refusal.message


def test_a_tracking_host_of_a_sender_domain_may_be_asked_for(make: Make, acme: Tenant, globex: Tenant) -> None:
    for tenant in (acme, globex):
        change_domain(tenant, tracking_at=timezone.now())
    accept([make(html=HTML, track_opens=True, tracking_domain="track.acme.example")])
    assert len(prepared()) == 1
    (refusal,) = accept([make(tracking_domain="track.globex.example")])
    assert isinstance(refusal, FieldInvalid)


@pytest.mark.parametrize(
    ("host", "at"), [("bounce.globex.example", True), ("bounce.acme.example", False), ("acme.example", True)]
)
def test_only_the_accounts_own_verified_return_paths_are_named(
    make: Make, acme: Tenant, globex: Tenant, host: str, *, at: bool
) -> None:
    for tenant in (acme, globex):
        change_domain(tenant, return_path_at=timezone.now() if at else None)
    refusal = refusal_of(make(return_domain=host))
    assert refusal.field == "return_domain"
    assert host in refusal.message


def test_a_key_of_one_domain_names_no_other_return_path(make: Make, acme: Tenant) -> None:
    acme.account.sender_domains.create(name="acme2.example", verified_at=timezone.now(), return_path_at=timezone.now())
    assert refusal_of(make(return_domain="bounce.acme2.example", domain_id=acme.domain.pk)).field == "return_domain"


def test_an_unsubscribe_page_is_one_of_the_account(make: Make, acme: Tenant, globex: Tenant) -> None:
    ours, theirs = (UnsubscribePage.objects.create(account=tenant.account, name="Bye") for tenant in (acme, globex))
    for page_id in (theirs.pk, 2**62):
        refusal = refusal_of(make(unsubscribe_page_id=page_id))
        assert (refusal.field, str(page_id) in refusal.message) == ("unsubscribe_page_id", True)
    accept([make(unsubscribe_page_id=ours.pk, unsubscribe_link=True)])
    (item,) = prepared()
    (host, token), *_ = tokens_in(item.parcel.wire, Purpose.UNSUBSCRIBE)
    link = read_token(token, Purpose.UNSUBSCRIBE, host)
    assert link is not None
    assert link.page_id == ours.pk


def test_a_tenant_whose_mail_takes_long_keeps_nobody_waiting(
    make: Make, acme: Tenant, globex: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "EACH", 0.1)
    compose = Composer.compose

    def labour(composer: Composer, copy: Copy, signers: Any) -> Composed:
        end = thread_time() + (0.06 if copy.letter.account_id == acme.account.pk else 0)
        while thread_time() < end:
            pass
        return compose(composer, copy, signers)

    monkeypatch.setattr(Composer, "compose", labour)
    add_keys(globex.domain)
    globex.domain.dkim_keys.update(published_at=timezone.now())
    theirs = make(account_id=globex.account.pk, smtp_user_id=None, sender=Mailbox(email="g@globex.example"))
    accept([make() for _ in range(10)])
    accept([theirs, theirs])
    made = prepare(queue.claim(100))
    ours = [item for item in made if item.copy.letter.account_id == acme.account.pk]
    assert [type(item) for item in made if item not in ours] == [Ready, Ready]
    assert [type(item) for item in ours] == [Ready] * 2 + [Later] * 8
    assert [item.copy.letter.account_id for item in made[:4]].count(globex.account.pk) == 2


@pytest.mark.parametrize("limit", ["ALL", "OCTETS"])
def test_a_batch_has_so_much_time_and_space_but_one_copy_always_fits(
    make: Make, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(preparing, limit, 0)
    accept([make(), make(), make()])
    assert sorted(type(item).__name__ for item in prepare(queue.claim(100))) == ["Later", "Later", "Ready"]


def test_copies_that_share_their_octets_count_once(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "OCTETS", 10_000)
    people = tuple(Addressee(email=f"p{number}@inbox.example") for number in range(50))
    accept([make(recipients=people)])
    assert len(prepared()) == 50

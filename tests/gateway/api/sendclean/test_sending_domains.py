"""settings/*SendingDomain over HTTP: added, looked at, mailed about, listed, deleted; and nobody else's."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEntry
from domains.checking import examine
from domains.models import SenderDomain
from domains.records import Purpose
from gateway.models import Message, Recipient
from tests.domains.zones import publish, record
from tests.gateway.api.sendclean.calls import Call, refused, said
from tests.support.cast import Tenant
from tests.support.dns import SILENT, FaultyNameServer
from tracking.models import Suppression

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("dns")]

NAME = "shop.example"


@pytest.fixture
def shop(call: Call, acme: Tenant) -> SenderDomain:
    """acme's domain shop.example, added by the call."""
    call("settings/addSendingDomain", domain=NAME)
    domain: SenderDomain = SenderDomain.objects.for_account(acme.account).get(name=NAME)
    return domain


def test_it_works(call: Call, acme: Tenant) -> None:
    assert call("settings/addSendingDomain", domain=" Shop.Example. ") == said("Sending Domain Added")
    domain = SenderDomain.objects.for_account(acme.account).get(name=NAME)
    assert (domain.is_verified, domain.dkim_keys.count()) == (False, 2)
    assert call("settings/deleteSendingDomain", domain="SHOP.example") == said("Sending Domain Deleted")
    assert not SenderDomain.objects.filter(name=NAME).exists()
    entries = AuditEntry.objects.for_account(acme.account).order_by("pk")
    assert [(entry.action, entry.target, entry.detail) for entry in entries] == [
        ("added sender domain", NAME, {"id": domain.pk}),
        ("deleted sender domain", NAME, {"id": domain.pk}),
    ]


def test_a_check_looks_at_dns_now(call: Call, shop: SenderDomain, dns: FaultyNameServer) -> None:
    status, answer = call("settings/checkSendingDomain", domain=NAME)
    assert (status, answer["status"], answer["domain"]) == (200, "success", NAME)
    assert (answer["dkim"]["valid"], answer["spf"]["valid"], answer["valid_signing"]) == ("No", "No", "No")
    assert "_domainkey" in answer["dkim"]["error"]
    assert "_gatepost" in answer["error"]
    publish(dns, shop)
    assert call("settings/checkSendingDomain", domain=NAME) == (
        200,
        {"status": "success", "domain": NAME, "dkim": {"valid": "Yes"}, "spf": {"valid": "Yes"}, "valid_signing": "Yes"},
    )
    shop.refresh_from_db()
    assert shop.is_verified


def test_one_record_short_is_said(call: Call, shop: SenderDomain, dns: FaultyNameServer) -> None:
    publish(dns, shop)
    del dns.zone[record(shop, Purpose.SPF).name, "TXT"]
    answer = call("settings/checkSendingDomain", domain=NAME)[1]
    assert (answer["dkim"]["valid"], answer["spf"]["valid"], answer["valid_signing"]) == ("Yes", "No", "Yes")
    del dns.zone[record(shop, Purpose.OWNERSHIP).name, "TXT"]
    SenderDomain.objects.filter(pk=shop.pk).update(verified_at=None)
    answer = call("settings/checkSendingDomain", domain=NAME)[1]
    assert (answer["dkim"]["valid"], answer["valid_signing"]) == ("Yes", "No")


def test_silent_dns_is_waited_for_a_while_only(
    call: Call, shop: SenderDomain, dns: FaultyNameServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert examine.DEADLINE < 5
    monkeypatch.setattr(examine.examine, "__kwdefaults__", {"resolver": None, "seconds": 0.3})
    publish(dns, shop)
    for name, _ in dns.zone:
        dns.faults[name] = SILENT
    answer = call("settings/checkSendingDomain", domain=NAME)[1]
    assert (answer["dkim"]["valid"], answer["valid_signing"]) == ("No", "No")
    assert answer["dkim"]["error"]


def test_the_list_tells_what_was_seen_last(call: Call, acme: Tenant, shop: SenderDomain, dns: FaultyNameServer) -> None:
    publish(dns, shop)
    call("settings/checkSendingDomain", domain=NAME)
    status, answer = call("settings/listSendingDomain")
    assert (status, answer["status"]) == (200, "success")
    first, second = answer["sending_domain_list"]
    assert first == {
        "domain": "acme.example",
        "create_date": int(acme.domain.created_at.timestamp()),
        "dkim": {"valid": "No"},
        "spf": {"valid": "No"},
        "verify_domain": {"valid": "Yes"},
    }
    assert (second["domain"], second["dkim"], second["spf"], second["verify_domain"]) == (NAME, *3 * [{"valid": "Yes"}])
    assert call("settings/listSendingDomain", skip_page=1)[1]["sending_domain_list"] == []


@pytest.mark.parametrize(
    ("action", "fields", "words"),
    [
        ("addSendingDomain", {}, "domain is required."),
        ("addSendingDomain", {"domain": "acme.example"}, "acme.example is a sender domain of this account already."),
        ("addSendingDomain", {"domain": "co.uk"}, "co.uk is a public suffix"),
        ("addSendingDomain", {"domain": "a b"}, "'a b' is not a domain name; give the bare name, such as example.com."),
        ("addSendingDomain", {"domain": "x" * 256}, "domain must have at most 255 characters."),
        ("checkSendingDomain", {"domain": "none.example"}, "This account has no sender domain none.example."),
        ("checkSendingDomain", {"domain": "@"}, "'@' is not a domain name"),
        ("verifySendingDomain", {"domain": "acme.example"}, "mailbox is required."),
        ("verifySendingDomain", {"domain": "none.example", "mailbox": "a"}, "This account has no sender domain none.example."),
        (
            "verifySendingDomain",
            {"domain": "acme.example", "mailbox": "a@b.example"},
            "mailbox must be the part of the address",
        ),
        ("deleteSendingDomain", {"domain": 7}, "'7' is not a domain name"),
        ("deleteSendingDomain", {"domain": ""}, "domain is required."),
        ("listSendingDomain", {"skip_page": "x"}, "skip_page must be a whole number."),
    ],
)
def test_what_is_wrong_is_said(call: Call, acme: Tenant, action: str, fields: dict[str, Any], words: str) -> None:
    status, answer = call(f"settings/{action}", **fields)
    assert (status, answer["type"]) == (400, "ValidationError")
    assert answer["message"].startswith(words)


def test_the_account_has_a_limit(call: Call, acme: Tenant) -> None:
    acme.account.max_domains = 1
    acme.account.save()
    words = "The account may have 1 sender domains and has that many; delete one, or ask the operator for more."
    assert call("settings/addSendingDomain", domain=NAME) == refused(words, status=429, kind="GeneralError")


@pytest.mark.parametrize("action", ["checkSendingDomain", "verifySendingDomain", "deleteSendingDomain"])
def test_a_stranger_s_domain_is_as_good_as_none(action: str, stranger: Call, acme: Tenant) -> None:
    before = SenderDomain.objects.values().get(pk=acme.domain.pk)
    words = "This account has no sender domain {}."
    for name in ("acme.example", "none.example"):
        assert stranger(f"settings/{action}", domain=name, mailbox="info") == refused(words.format(name))
    assert SenderDomain.objects.values().get(pk=acme.domain.pk) == before
    assert "acme" not in str(stranger("settings/listSendingDomain"))
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
class TestInstructions:
    """verifySendingDomain mails the records, or says why it cannot."""

    def test_they_come_from_a_domain_of_the_account(self, call: Call, live_acme: Tenant, shop: SenderDomain) -> None:
        answer = call("settings/verifySendingDomain", domain=NAME, mailbox="postmaster")
        assert answer == said("Verification instruction has been sent to postmaster@shop.example")
        message = Message.objects.get()
        assert (message.account, message.sender) == (live_acme.account, "no-reply@acme.example")
        assert Recipient.objects.get().email == "postmaster@shop.example"
        assert f"gatepost-verify={shop.verification_token}" in message.content.text
        assert AuditEntry.objects.order_by("pk").last().action == "mailed the records of sender domain"  # type: ignore[union-attr]

    def test_they_come_from_the_platform_where_it_has_an_address(
        self, call: Call, stranger: Call, live_acme: Tenant, globex: Tenant, settings: Any
    ) -> None:
        settings.GATEPOST_SENDER = "hello@Globex.example"
        SenderDomain.objects.filter(pk=live_acme.domain.pk).update(verified_at=None)
        answer = call("settings/verifySendingDomain", domain="acme.example", mailbox="hostmaster")
        assert answer == said("Verification instruction has been sent to hostmaster@acme.example")
        message = Message.objects.get()
        assert (message.account, message.sender) == (globex.account, "hello@globex.example")

    def test_with_nothing_to_send_from_it_is_refused(self, call: Call, live_acme: Tenant, settings: Any) -> None:
        SenderDomain.objects.update(verified_at=None)
        settings.GATEPOST_SENDER = "hello@nobodys.example"
        status, answer = call("settings/verifySendingDomain", domain="acme.example", mailbox="info")
        assert (status, answer["type"]) == (400, "ValidationError")
        assert answer["message"].startswith("No mail can be sent: this server has no address of its own")
        assert not Message.objects.exists()
        assert not AuditEntry.objects.exists()

    def test_who_does_not_want_it_gets_none(self, call: Call, live_acme: Tenant) -> None:
        Suppression.objects.create(account=live_acme.account, email="info@acme.example")
        status, _ = call("settings/verifySendingDomain", domain="acme.example", mailbox="info")
        assert (status, Message.objects.count()) == (400, 0)

    @pytest.mark.parametrize("mailbox", ["a b", "a,b", "x" * 65, "\r\nBcc: eve", "<info"])
    def test_what_is_no_mailbox_is_refused(self, mailbox: str, call: Call, live_acme: Tenant) -> None:
        status, answer = call("settings/verifySendingDomain", domain="acme.example", mailbox=mailbox)
        assert (status, answer["type"], Message.objects.count()) == (400, "ValidationError", 0)

    def test_nobody_is_flooded(self, call: Call, live_acme: Tenant) -> None:
        fields = {"domain": "acme.example", "mailbox": "info"}
        statuses = [call("settings/verifySendingDomain", **fields)[0] for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        others = [call("settings/verifySendingDomain", domain="acme.example", mailbox=f"info{n}")[0] for n in range(8)]
        assert others == [*7 * [200], 429]

    def test_a_domain_that_is_added_again_has_no_more(self, call: Call, live_acme: Tenant) -> None:
        def mail(number: int) -> int:
            call("settings/addSendingDomain", domain=NAME)
            status, _ = call("settings/verifySendingDomain", domain=NAME, mailbox=f"info{number}")
            call("settings/deleteSendingDomain", domain=NAME)
            return status

        assert [mail(number) for number in range(11)] == [*10 * [200], 429]

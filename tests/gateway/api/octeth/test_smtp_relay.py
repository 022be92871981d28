"""EmailGateway.SMTPRelay: a mail server hands on what its clients submitted, and gives them the reply that it was given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from accounts.models import Account
from domains.models import SenderDomain, SMTPUser
from gateway.api.octeth.errors.commands import SMTP_RELAY
from gateway.models import Message, Recipient
from tests.support.cast import Tenant
from tracking.models import Suppression

ADMIN = "the key of the installation"
MAIL = "From: News <news@acme.example>\nTo: rita@example.com\nSubject: Hello\n\nHello, Rita.\n"


@pytest.fixture(autouse=True)
def _has_admin_key(settings: Any) -> None:
    settings.GATEPOST_ADMIN_KEY = ADMIN


def relay(client: Client, tenant: Tenant, **fields: Any) -> HttpResponse:
    call = {
        "Command": "emailgateway.smtprelay",
        "AdminAPIKey": ADMIN,
        "SMTPUsername": tenant.smtp_user.name,
        "SMTPPassword": tenant.smtp_secret,
    } | fields
    return client.post("/api.php", {name: value for name, value in call.items() if value is not None}, "application/json")


def send(client: Client, tenant: Tenant, **fields: Any) -> HttpResponse:
    mail = {"MailFrom": "x@relay.example", "RcptTo": "rita@example.com, <rob@example.com>", "RawEmail": MAIL}
    return relay(client, tenant, **(mail | fields))


def test_a_login_alone(client: Client, acme: Tenant) -> None:
    assert relay(client, acme).json() == {
        "Success": True,
        "ErrorCode": 0,
        "SMTPUsername": acme.smtp_user.name,
        "SMTPPassword": acme.smtp_secret,
    }
    assert not Message.objects.exists()


def test_a_mail(client: Client, live_acme: Tenant) -> None:
    answer = send(client, live_acme).json()
    assert (answer["Success"], answer["ErrorCode"], answer["SMTPResponse"]) == (True, 0, "250 2.0.0 Ok: queued")
    message = Message.objects.get()
    assert (message.subject, message.sender, message.is_raw) == ("Hello", "news@acme.example", True)
    assert message.smtp_user == live_acme.smtp_user
    assert set(Recipient.objects.values_list("email", flat=True)) == {"rita@example.com", "rob@example.com"}
    assert bytes(message.content.raw) == MAIL.replace("\n", "\r\n").encode()


def test_a_mail_that_comes_again_is_sent_once(client: Client, live_acme: Tenant) -> None:
    answers = [send(client, live_acme, UUID="550e8400-e29b-41d4-a716-446655440000").json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert Message.objects.count() == 1


@pytest.mark.parametrize("key", [None, "", "x", "api_secret"])
def test_only_the_installation_may_call(client: Client, acme: Tenant, key: str | None) -> None:
    given = acme.api_secret if key == "api_secret" else key
    assert relay(client, acme, AdminAPIKey=given).json()["ErrorCode"] == 99998


@pytest.mark.parametrize(("code", "field"), [(1, "SMTPUsername"), (2, "SMTPPassword")])
@pytest.mark.parametrize("value", [None, ""])
def test_what_is_missing(client: Client, acme: Tenant, code: int, field: str, value: str | None) -> None:
    answer = relay(client, acme, **{field: value})
    assert (answer.status_code, answer.json()["ErrorCode"]) == (200, code)


def _disable(_: Tenant) -> None:
    SMTPUser.objects.update(is_enabled=False)


def _set_status(status: str) -> Callable[[Tenant], None]:
    return lambda _: Account.objects.update(status=status)


def _suppress(acme: Tenant) -> None:
    Suppression.objects.create(account=acme.account, email="rita@example.com")


def _use_the_rate_up(acme: Tenant) -> None:
    Account.objects.update(requests_per_minute=1)


# What goes wrong, how the world is changed before, what the call says, and the reply.
Trouble = tuple[int, Callable[[Tenant], object], dict[str, Any], str]
TROUBLES: list[Trouble] = [
    (3, lambda _: None, {"SMTPPassword": "wrong"}, "500 5.0.0 AUTH ERROR"),
    (3, lambda _: None, {"SMTPUsername": "nobody"}, "500 5.0.0 AUTH ERROR"),
    (3, _disable, {}, "500 5.0.0 AUTH ERROR"),
    (4, lambda _: None, {"RawEmail": MAIL.replace("acme.example", "globex.example")}, "550 5.7.1 globex.example is not"),
    (5, lambda _: SenderDomain.objects.update(verified_at=None), {}, "550 5.7.1 The sender domain acme.example is not"),
    (6, _set_status("deleted"), {}, "500 5.0.0 AUTH ERROR"),
    (6, _set_status("purged"), {}, "500 5.0.0 AUTH ERROR"),
    (7, _set_status("suspended"), {}, "500 5.0.0 AUTH ERROR"),
    (8, _suppress, {}, "550 5.7.1 rita@example.com is in the suppression list."),
    (9, lambda _: None, {"RcptTo": ",".join(f"u{n}@example.com" for n in range(1001))}, "550 5.5.3 The message has 1001"),
    (13, lambda _: Account.objects.update(quota_month=0), {}, "452 4.7.1 The account's quota"),
    (400, lambda _: None, {"RcptTo": ""}, "550 5.1.3 At least one recipient"),
    (400, lambda _: None, {"RcptTo": "rita"}, "550 5.1.3 'rita' is not an address"),
    (400, lambda _: None, {"RawEmail": "no header"}, "5"),
    (400, lambda _: None, {"RawEmail": MAIL.replace("\n", "\r\n", 1)}, "554 5.6.0"),
]


@pytest.mark.parametrize("trouble", TROUBLES)
def test_what_is_refused(client: Client, live_acme: Tenant, trouble: Trouble) -> None:
    code, change, fields, reply = trouble
    change(live_acme)
    answer = send(client, live_acme, **fields)
    said = answer.json()
    assert (answer.status_code, said["Success"], said["ErrorCode"]) == (200, False, code)
    assert said["SMTPResponse"].startswith(reply)
    assert not Message.objects.exists()


def test_who_sends_too_often_waits(client: Client, live_acme: Tenant) -> None:
    _use_the_rate_up(live_acme)
    send(client, live_acme)
    said = send(client, live_acme).json()
    assert (said["ErrorCode"], said["SMTPResponse"][:9]) == (12, "450 4.7.1")


def test_every_number_is_reached() -> None:
    reached = {code for code, *_ in TROUBLES} | {12, 413}
    assert {code for code, _ in SMTP_RELAY.values()} == reached


def test_a_large_mail(client: Client, live_acme: Tenant, settings: Any) -> None:
    settings.GATEPOST_MAX_SIZE = 100
    said = send(client, live_acme, RawEmail=MAIL + "x" * 100).json()
    assert (said["ErrorCode"], said["SMTPResponse"][:9]) == (413, "552 5.3.4")


def test_the_name_of_a_mail_is_bounded(client: Client, acme: Tenant) -> None:
    assert send(client, acme, UUID="x" * 201).status_code == 400

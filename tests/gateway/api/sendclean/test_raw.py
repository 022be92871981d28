"""messages/sendRaw: a whole mail by HTTP goes as one by SMTP does, and is judged alike."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from domains.credentials import Credential
from domains.models import DKIMKey
from gateway.api.bodies import Payload
from gateway.api.sendclean.parse.raw import parse_raw
from gateway.listeners.translate import Login, translate
from gateway.models import Recipient
from gateway.smtp.addresses import parse_address
from tests.gateway.api.sendclean.sending import RAW, call_raw, outgoing, refuse, send
from tests.support.cast import Tenant


def refuse_raw(client: Client, tenant: Tenant, raw: Any) -> str:
    status, answer = refuse(client, "sendRaw", call_raw(tenant, raw))
    assert (status, answer["type"]) == (400, "ValidationError")
    return str(answer["message"])


@pytest.mark.parametrize("action", ["sendRaw", "senRaw"])
def test_a_raw_mail_goes_as_it_is_to_whom_it_names(
    client: Client, live_acme: Tenant, acme_keys: list[DKIMKey], action: str
) -> None:
    assert send(client, action, call_raw(live_acme)).status_code == 200
    assert list(Recipient.objects.order_by("position").values_list("email", "kind")) == [
        ("rita@example.com", "to"),
        ("carl@example.com", "cc"),
        ("bea@example.com", "bcc"),
    ]
    wires = {item.parcel.wire for item in outgoing()}
    assert len(wires) == 1
    head, _, body = wires.pop().partition(b"\r\n\r\n")
    assert body == b"<p>Hello</p>\r\n"
    assert b"X-Unique-Id: order 7\r\n" in head
    assert b"Received: from unknown ([127.0.0.1])\r\n\tby localhost with HTTP id " in head
    assert b"bea@example.com" not in head
    kept = [line for line in RAW.encode().partition(b"\r\n\r\n")[0].split(b"\r\n") if not line.startswith(b"Bcc")]
    assert b"\r\n".join(kept) in head


def test_http_hands_in_what_smtp_does() -> None:
    orders = "X-STes-TrackClick: no\r\nX-STes-Autotext: yes\r\nSC-Custom-A: b\r\n" + RAW
    caller = Credential(account_id=1, owner_id="acme", account_status="active", requests_per_minute=None, smtp_user_id=2)
    people = [parse_address(name) for name in ("rita@example.com", "carl@example.com", "bea@example.com")]
    by_smtp = translate(Login(credential=caller), people, orders.encode(), client="192.0.2.1", ehlo="")
    for text in (orders, orders.replace("\r\n", "\n"), orders.removesuffix("\r\n")):
        by_http = parse_raw(Payload(values={"raw_message": text}, client="192.0.2.1"), caller)
        same = ("raw", "track_clicks", "event_headers", "notes", "client", "account_id", "smtp_user_id", "sender")
        assert [getattr(by_http, name) for name in same] == [getattr(by_smtp, name) for name in same]
        assert [one.email for one in by_http.recipients] == [one.email for one in by_smtp.recipients]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("Subject: Hello\r\n", "Subject: Hello\n", "The mail has "),  # one bare LF among line ends
        ("news@acme.example", "news@globex.example", "globex.example is not a sender domain of this account"),
        ("From: Acme <news@acme.example>\r\n", "", "The mail has no From field."),
        ("carl@example.com", "carl", "The Cc field is not a list of addresses: "),
        ("X-Shop: 7", "X-SMTPAPI: e30=", "X-SMTPAPI is not taken by this call"),
        ("X-Shop: 7", "X-STes-TrackOpen: maybe", "x-stes-trackopen must be true or false."),
        ("X-Shop: 7", "X-STes-SigningDomain: globex.example", "globex.example is not a sender domain of this account"),
        ("X-Shop: 7", "no field", "Line 7 of the mail's header"),
    ],
)
@pytest.mark.usefixtures("globex")
def test_a_raw_mail_is_judged_as_by_smtp(client: Client, live_acme: Tenant, old: str, new: str, words: str) -> None:
    assert old in RAW
    assert refuse_raw(client, live_acme, RAW.replace(old, new)).startswith(words)


def test_a_raw_mail_to_nobody_is_refused(client: Client, live_acme: Tenant) -> None:
    to_nobody = "From: news@acme.example\r\nTo: undisclosed-recipients:;\r\nCc:\r\n\r\nHello\r\n"
    assert refuse_raw(client, live_acme, to_nobody) == "At least one recipient is required."
    assert refuse_raw(client, live_acme, "") == "raw_message is required."
    assert refuse_raw(client, live_acme, {"a": "b"}) == "raw_message must be text."


def test_a_raw_mail_has_a_size(client: Client, live_acme: Tenant, settings: Settings) -> None:
    settings.GATEPOST_MAX_SIZE = 300
    status, answer = refuse(client, "sendRaw", call_raw(live_acme, RAW + "x" * 300))
    assert (status, answer["type"]) == (413, "ValidationError")

"""Bodies and signatures of every format: verified as a receiver would, the same bytes in every try."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl
from uuid import UUID

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from gateway.base import clock
from gateway.base.guarded import Answer
from tracking.formats import FORMATS, TEST, Parcel, Telling
from tracking.formats.sendclean import CHOICES
from tracking.models import BounceType, EventType, Webhook

AT = datetime(2026, 11, 22, 1, 2, 3, 456789, tzinfo=UTC)
CLICK = Telling(
    type="clicked",
    at=AT,
    account_id=1,
    domain_id=2,
    smtp_user_id=3,
    message_id=65536 * 5 + 7,
    public_id=UUID(int=(1_795_309_323_000 << 80) | 0x7000_8000_0000_0000_0001),
    position=1,
    sequence=4,
    subject="Grüße & mehr",
    sender="ann@acme.example",
    recipient="bob+tag@inbox.example",
    recipient_domain="inbox.example",
    tags=["welcome"],
    campaign="spring",
    headers={"SC-Custom-B": "2", "SC-Custom-A": "ä"},
    address="192.0.2.9",
    agent="Mozilla/5.0",
    url="https://shop.example/?a=1&b=2",
    smtp_user="smtp_acme",
)
BOUNCE = replace(CLICK, type="bounced", category="recipient", code=550, enhanced="5.1.1", reply="No such user")


def make_parcel(name: str, *tellings: Telling, key: str = "") -> Parcel:
    key = key or FORMATS[name].make_key()
    return Parcel(id="msg_1", url="https://acme.example/hooks?x=1", key=key, tellings=tellings or (CLICK,))


def read_form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))


def test_every_format_has_an_entry_point() -> None:
    assert set(FORMATS) == set(Webhook.Format.values)
    assert set(FORMATS["standard"].words) == {*EventType.values, TEST}


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name, form in FORMATS.items() for kind in form.words])
def test_every_word_can_be_told_and_twice_the_same(name: str, kind: str) -> None:
    form = FORMATS[name]
    key = form.make_key()
    bodies = {form.write(make_parcel(name, replace(CLICK, type=kind), key=key)) for _ in range(2)}
    assert len(bodies) == 1
    body = bodies.pop()
    assert form.words[kind].partition("_")[0] in body.decode() or "soft" in body.decode()
    assert form.headers(make_parcel(name, key=key), body, AT)["Content-Type"] == form.content_type


@pytest.mark.parametrize("name", list(FORMATS))
def test_the_order_in_which_a_database_keeps_keys_does_not_matter(name: str) -> None:
    key = FORMATS[name].make_key()
    other = replace(CLICK, headers=dict(sorted(CLICK.headers.items())))
    first, second = (FORMATS[name].write(make_parcel(name, one, key=key)) for one in (CLICK, other))
    assert first == second


def test_standard_is_verified_by_its_library() -> None:
    form, parcel = FORMATS["standard"], make_parcel("standard")
    body = form.write(parcel)
    headers = form.headers(parcel, body, clock.now())
    said: Any = Verifier(parcel.key).verify(body, headers)
    assert (said["type"], said["timestamp"]) == ("email.clicked", "2026-11-22T01:02:03.456789Z")
    assert said["data"] == {
        "event_id": f"{CLICK.public_id}-1-4",
        "message_id": str(CLICK.public_id),
        "position": 1,
        "sequence": 4,
        "recipient": "bob+tag@inbox.example",
        "recipient_domain": "inbox.example",
        "sender": "ann@acme.example",
        "subject": "Grüße & mehr",
        "tags": ["welcome"],
        "campaign": "spring",
        "headers": {"SC-Custom-A": "ä", "SC-Custom-B": "2"},
        "domain_id": 2,
        "smtp_user": "smtp_acme",
        "is_first": True,
        "class": "",
        "category": "",
        "code": 0,
        "enhanced_code": "",
        "reply": "",
        "host": "",
        "address": "192.0.2.9",
        "agent": "Mozilla/5.0",
        "url": "https://shop.example/?a=1&b=2",
    }


def test_standard_is_not_verified_once_anything_changed() -> None:
    form, parcel = FORMATS["standard"], make_parcel("standard")
    body = form.write(parcel)
    headers = form.headers(parcel, body, clock.now())
    for changed_body, changed in [(body + b" ", {}), (body, {"webhook-id": "msg_2"}), (body, {"webhook-timestamp": "1"})]:
        with pytest.raises(WebhookVerificationError):
            Verifier(parcel.key).verify(changed_body, headers | changed)
    with pytest.raises(WebhookVerificationError):
        Verifier(FORMATS["standard"].make_key()).verify(body, headers)


def test_a_later_try_has_a_new_time_and_the_same_id() -> None:
    form, parcel = FORMATS["standard"], make_parcel("standard")
    body = form.write(parcel)
    first, second = (form.headers(parcel, body, AT + timedelta(hours=hours)) for hours in (0, 1))
    assert first["webhook-id"] == second["webhook-id"]
    assert int(second["webhook-timestamp"]) - int(first["webhook-timestamp"]) == 3600


@pytest.mark.parametrize(
    ("category", "wanted"), [("recipient", "hard"), ("blocked", "block"), ("full", "soft"), ("other", "soft")]
)
def test_a_bounce_has_a_class(category: str, wanted: str) -> None:
    said = json.loads(FORMATS["standard"].write(make_parcel("standard", replace(BOUNCE, category=category))))
    assert said["data"]["class"] == wanted
    assert (said["data"]["code"], said["data"]["enhanced_code"], said["data"]["reply"]) == (550, "5.1.1", "No such user")


def test_sendclean_is_an_array_in_a_form_signed_by_mandrills_rule() -> None:
    form, parcel = FORMATS["sendclean"], make_parcel("sendclean", CLICK, BOUNCE, replace(BOUNCE, category="full"))
    body = form.write(parcel)
    fields = read_form(body)
    events = json.loads(fields["SendCleantes_events"])
    assert [event["event"] for event in events] == ["click", "hard_bounce", "soft_bounce"]
    assert (events[0]["url"], events[0]["ip"], events[0]["ts"]) == (CLICK.url, "192.0.2.9", int(AT.timestamp()))
    assert events[1]["msg"]["diag"] == "550 5.1.1 No such user"
    signed = parcel.url + "".join(name + fields[name] for name in sorted(fields))
    wanted = base64.b64encode(hmac.new(parcel.key.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    assert form.headers(parcel, body, AT)["X-SendCleanTES-SIGNATURE"] == wanted


def test_sendclean_sold_as_poweremail_says_so(settings: Any) -> None:
    settings.GATEPOST_BRAND = "PowerEmail"
    form, parcel = FORMATS["sendclean"], make_parcel("sendclean")
    body = form.write(parcel)
    signed = f"{parcel.url}PowerEmailtes_events{read_form(body)['PowerEmailtes_events']}"
    wanted = base64.b64encode(hmac.new(parcel.key.encode(), signed.encode(), hashlib.sha1).digest()).decode()
    assert form.headers(parcel, body, AT)["X-PowerEmailTES-SIGNATURE"] == wanted


def test_each_choice_of_sendclean_s_is_told_by_its_own_word() -> None:
    kinds = [kind for kinds in CHOICES.values() for kind in kinds]
    assert len(kinds) == len(set(kinds))
    assert {"bounced" if kind in BounceType.values else kind for kind in kinds} == set(FORMATS["sendclean"].words) - {TEST}


def test_sendcloud_is_a_form_whose_token_and_time_are_the_events_own() -> None:
    form, parcel = FORMATS["sendcloud"], make_parcel("sendcloud")
    fields = read_form(form.write(parcel))
    wanted = hmac.new(parcel.key.encode(), (fields["timestamp"] + fields["token"]).encode(), hashlib.sha256).hexdigest()
    assert (fields["signature"], fields["timestamp"], len(fields["token"])) == (wanted, str(int(AT.timestamp() * 1000)), 50)
    assert (fields["event"], fields["url"], fields["ip"], fields["apiUser"]) == ("click", CLICK.url, "192.0.2.9", "smtp_acme")
    assert fields["emailId"] == "1795309323000_0_5_7.localhost-inbound1$bob+tag@inbox.example"
    assert json.loads(fields["userHeaders"]) == {"SC-Custom-A": "ä", "SC-Custom-B": "2"}


def test_sendcloud_names_each_recipient_of_a_request() -> None:
    fields = parse_qs(FORMATS["sendcloud"].write(make_parcel("sendcloud", replace(CLICK, type="accepted"))).decode())
    assert fields["event"] == ["request"]
    assert json.loads(fields["recipientArray"][0]) == ["bob+tag@inbox.example"]
    assert "emailId" not in fields


@pytest.mark.parametrize(("category", "wanted"), [("recipient", "invalid"), ("full", "soft_bounce"), ("policy", "soft_bounce")])
def test_sendcloud_tells_bounces_apart(category: str, wanted: str) -> None:
    assert (
        read_form(FORMATS["sendcloud"].write(make_parcel("sendcloud", replace(BOUNCE, category=category))))["event"] == wanted
    )


def test_octeth_is_signed_over_the_body() -> None:
    form, parcel = FORMATS["octeth"], make_parcel("octeth")
    body = form.write(parcel)
    wanted = hmac.new(parcel.key.encode(), body, hashlib.sha256).hexdigest()
    assert form.headers(parcel, body, AT)["X-Octeth-Signature"] == wanted
    assert json.loads(body)["event"] == "clicked"
    assert len(parcel.key) == 64


@pytest.mark.parametrize("name", ["sendclean", "sendcloud"])
def test_dialects_of_200_take_nothing_else_for_success(name: str) -> None:
    made = {status: FORMATS[name].is_success(Answer(status=status, body=b"", seconds=0)) for status in (200, 201, 204, 302, 0)}
    assert made == {200: True, 201: False, 204: False, 302: False, 0: False}


def test_a_key_is_in_no_repr() -> None:
    parcel = make_parcel("standard")
    assert parcel.key not in repr(parcel)

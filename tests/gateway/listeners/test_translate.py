from __future__ import annotations

import base64
import json

import pytest

from domains.credentials import Credential
from gateway.api.fields import FieldsRefused
from gateway.base.errors import FieldInvalid, HeaderInvalid
from gateway.engine.submission import Addressee, Clicks, Submission, Syntax
from gateway.listeners.translate import Login, translate
from gateway.smtp.addresses import parse_address

MAIL = b"From: shop@acme.example\r\nTo: ben@inbox.example\r\nSubject: Hello\r\n\r\nX-SMTPAPI: in the body\r\n"
CREDENTIAL = Credential(
    account_id=1,
    owner_id="acme",
    account_status="active",
    requests_per_minute=None,
    smtp_user_id=2,
    domain_id=3,
    campaign_code="c1",
)


def submit(mail: bytes = MAIL, *, label: str = "", credential: Credential = CREDENTIAL) -> Submission:
    login = Login(credential=credential, label=label)
    return translate(login, [parse_address("ben@inbox.example")], mail, client="192.0.2.1", ehlo="shop")


def with_order(value: str) -> bytes:
    return b"X-SMTPAPI: " + value.encode() + b"\r\n" + MAIL


def encode(asked: object) -> str:
    return base64.b64encode(json.dumps(asked).encode()).decode()


def test_it_works() -> None:
    assert submit() == Submission(
        account_id=1,
        smtp_user_id=2,
        domain_id=3,
        door="smtp",
        sender=None,
        recipients=(Addressee(email="ben@inbox.example"),),
        raw=MAIL,
        campaign="c1",
        client="192.0.2.1",
        ehlo="shop",
    )


def test_a_label_is_a_tag() -> None:
    assert submit(label="spring").tags == ("spring",)


def test_sendclouds_orders() -> None:
    asked = {
        "to": ["d@163.example", "i@163.example"],
        "sub": {"%name%": ["jack", "rose"]},
        "filters": {"open_tracking": {"settings": {"enable": "1"}}},
    }
    submission = submit(with_order(encode(asked)))
    assert [(each.email, each.variables) for each in submission.recipients] == [
        ("d@163.example", {"name": "jack"}),
        ("i@163.example", {"name": "rose"}),
    ]
    assert submission.one_by_one
    assert submission.syntax is Syntax.SENDCLOUD
    assert submission.track_opens is True


def test_a_folded_order() -> None:
    value = encode({"to": ["d@163.example"], "pubsub": {"%a%": "x" * 200}})
    folded = "\r\n ".join(value[n : n + 60] for n in range(0, len(value), 60))
    assert [each.email for each in submit(with_order(folded)).recipients] == ["d@163.example"]


def test_mailups_orders() -> None:
    submission = submit(
        with_order('{"CampaignCode": "spring", "DynamicFields": [{"N": "name", "V": "Ben"}], "ClickTracking": true}')
    )
    assert submission.campaign == "spring"
    assert submission.variables == {"name": "Ben"}
    assert submission.syntax is Syntax.MAILUP
    assert submission.track_clicks is Clicks.HTML
    assert submission.recipients == (Addressee(email="ben@inbox.example"),)


@pytest.mark.parametrize(
    "value", ["what?", "{}x", '{"to": ["d@163.example"]}', encode([1]), encode("x"), encode({"to": "d@163.example"}), ""]
)
def test_other_orders_are_an_xsmtpapi_error(value: str) -> None:
    with pytest.raises(FieldInvalid) as refused:
        submit(with_order(value))
    assert refused.value.field.startswith("xsmtpapi")


def test_sendcleans_switches() -> None:
    submission = submit(b"X-STes-TrackOpen: yes\r\nx-stes-trackclick: both\r\nX-STes-AutoText: yes\r\n" + MAIL)
    assert (submission.track_opens, submission.track_clicks) == (True, Clicks.BOTH)
    assert submission.notes == ("x-stes-autotext was not used: a whole message stays as it is.",)


def test_the_domains_that_sendcleans_customers_name() -> None:
    named = submit(
        b"X-STes-TrackingDomain: T.acme.example\r\nX-STes-SigningDomain: acme2.example\r\n"
        b"X-STes-ReturnPathDomain: r.acme.example\r\n" + MAIL
    )
    assert (named.tracking_domain, named.signing_domain, named.return_domain) == (
        "t.acme.example",
        "acme2.example",
        "r.acme.example",
    )
    assert named.notes == ()


def test_a_switch_that_is_no_switch_is_refused() -> None:
    with pytest.raises(FieldsRefused, match="trackopen"):
        submit(b"X-STes-TrackOpen: perhaps\r\n" + MAIL)


def test_custom_headers_come_back_with_events() -> None:
    assert submit(b"SC-Custom-Order: 17\r\n" + MAIL).event_headers == {"SC-Custom-Order": "17"}


def test_orders_in_a_header_that_cannot_be_read_are_refused() -> None:
    with pytest.raises(HeaderInvalid):
        submit(b"X-SMTPAPI: {}\r\nno field\r\n" + MAIL)


def test_low_priority_is_bulk() -> None:
    low = Credential(account_id=1, owner_id="a", account_status="active", requests_per_minute=None, smtp_user_id=2, priority=4)
    assert submit(credential=low).bulk
    assert not submit().bulk

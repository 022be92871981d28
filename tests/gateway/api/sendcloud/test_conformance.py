"""Every status code that mail/send can answer, over HTTP, with the vendor's words."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import Account
from domains.credentials import forget
from gateway.api.sendcloud.codes import CODES
from gateway.api.sendcloud.errors import VAGUE
from gateway.api.sendcloud.errors.never import NEVER
from tests.gateway.api.sendcloud.conftest import Send, make_mail
from tests.gateway.api.sendcloud.test_send_calendar import REFUSED as OF_CALENDARS
from tests.gateway.api.sendcloud.test_send_template import REFUSED as OF_TEMPLATES
from tests.gateway.api.sendcloud.test_v1_mail import REFUSED as OF_VERSION_1
from tests.support.cast import Tenant

MANY = ";".join(f"u{number}@b.example" for number in range(101))


def image(content: bytes = b"image") -> SimpleUploadedFile:
    return SimpleUploadedFile("logo.png", content, "image/png")


REFUSED: list[tuple[int, dict[str, Any]]] = [
    (40005, {"apiUser": None}),
    (40005, {"apiUser": ""}),
    (40005, {"apiKey": None}),
    (40005, {"apiKey": "wrong"}),
    (40005, {"apiUser": "nobody"}),
    (40103, {"labelId": "seven"}),
    (40103, {"labelId": "0"}),
    (40106, {"labelId": "987654321"}),
    (40105, {"labelName": "a\r\nb"}),
    (40105, {"labelName": "l" * 256}),
    (40105, {"tag": "a;b;c;d;e;f"}),
    (40801, {"from_": None}),
    (40801, {"from_": ""}),
    (40801, {"from_": "Acme <>"}),
    (40802, {"from_": "nobody"}),
    (40802, {"from_": "news@acme.example;news@acme.example"}),
    (40804, {"fromName": "Acme\r\nBcc: x@y.example"}),
    (40805, {"to": None}),
    (40805, {"to": ""}),
    (40805, {"to": " "}),
    (40805, {"to": ";"}),
    (40806, {"to": "ben@ifaxin.example;nobody"}),
    (40806, {"to": "ben@ifaxin.example,joe@ifaxin.example"}),
    (40806, {"to": "a@b.example>\r\nRCPT TO:<x@y.example"}),
    (40807, {"to": MANY}),
    (40808, {"subject": None}),
    (40808, {"subject": ""}),
    (40809, {"subject": "Hello\r\nBcc: x@y.example"}),
    (40809, {"subject": "s" * 1001}),
    (40810, {"replyTo": ";"}),
    (40811, {"replyTo": "nobody"}),
    (40811, {"replyTo": "a@b.example;c"}),
    (40813, {"xsmtpapi": "nothing"}),
    (40813, {"xsmtpapi": "[]"}),
    (40814, {"xsmtpapi": "{}"}),
    (40815, {"xsmtpapi": '{"sub": {"%a%": ["1"]}}'}),
    (40816, {"xsmtpapi": '{"to": []}'}),
    (40817, {"xsmtpapi": '{"to": ["a@b.example"], "sub": {"%a%": []}}'}),
    (40819, {"attachments": SimpleUploadedFile("a.bin", bytes(10_485_761))}),
    (40827, {"xsmtpapi": json.dumps({"to": MANY.split(";")})}),
    (40829, {"useNotification": "perhaps"}),
    (40852, {"cc": ";"}),
    (40853, {"cc": "nobody"}),
    (40854, {"cc": MANY}),
    (40855, {"bcc": " ; "}),
    (40856, {"bcc": "nobody"}),
    (40857, {"bcc": MANY}),
    (40859, {"respEmailId": "perhaps"}),
    (40862, {"useAddressList": "true", "to": "nobody"}),
    (40864, {"useAddressList": "true", "to": ";".join(["x@maillist.example"] * 6)}),
    (40867, {"attachments": "a.txt"}),
    (40867, {"attachments": SimpleUploadedFile("a.txt", b"a", "text plain")}),
    (40867, {"embeddedCid": "a>b", "embeddedImage": image()}),
    (40869, {"headers": "nothing"}),
    (40869, {"headers": '{"X-A": {}}'}),
    (40869, {"headers": '{"X A": "b"}'}),
    (40869, {"headers": '{"X-A": "b\\r\\nBcc: x@y.example"}'}),
    (40869, {"headers": '{"DKIM-Signature": "v=1"}'}),
    (40870, {"html": None}),
    (40870, {"html": "", "plain": ""}),
    (40872, {"useAddressList": "true", "to": ";"}),
    (40874, {"useAddressList": "perhaps"}),
    (40875, {"embeddedCid": "a;b", "embeddedImage": image()}),
    (40875, {"embeddedImage": image()}),
    (40878, {"contentSummary": "摘" * 67}),
    (40879, {"replyTo": "a@b.example;c@d.example;e@f.example;g@h.example"}),
    (40880, {"xsmtpapi": '{"to": ["nobody"]}'}),
    (40901, {"from_": "news@globex.example"}),
    (40901, {"sendRequestId": "r" * 129}),
    (40901, {"html": "h" * 16_000_001}),
]
IN_JSON: list[tuple[int, dict[str, Any]]] = [
    (40005, {"apiUser": ["smtp_acme"]}),
    (40802, {"from": {}}),
    (40806, {"to": [["a@b.example"]]}),
    (40809, {"subject": ["a"]}),
    (40831, {"plain": {"a": "b"}}),
    (40871, {"html": True}),
    (40813, {"xsmtpapi": 7}),
    (40867, {"attachments": [{"name": "a.txt", "content": "YQ=="}]}),
    (40869, {"headers": []}),
    (49906, {"subject": "\0"}),
]
# What other tests of this page, of test_send.py and of test_send_lists.py see.
SEEN_ELSEWHERE = {40000, 40301, 40821, 40863, 40904, 49901, 49903, 501, 50000, 6001}
OF_OTHERS = {code for code, _ in OF_TEMPLATES + OF_CALENDARS + OF_VERSION_1}


@pytest.mark.parametrize(("code", "parameters"), REFUSED)
def test_what_is_wrong_has_its_code_and_words(send: Send, code: int, parameters: dict[str, Any]) -> None:
    answer = send(**parameters)
    info = answer.pop("info")
    assert answer == {"result": False, "statusCode": code, "message": CODES[code]}
    assert bool(info) is (code in VAGUE)


@pytest.mark.parametrize(("code", "parameters"), IN_JSON)
def test_what_is_wrong_in_json_has_its_code_too(acme: Tenant, code: int, parameters: dict[str, Any]) -> None:
    response = Client().post("/apiv2/mail/send", make_mail(acme) | parameters, "application/json")
    assert (response.status_code, response.json()["statusCode"], response.json()["message"]) == (200, code, CODES[code])


def test_every_code_of_sending_is_seen_or_never_said() -> None:
    seen = {code for code, _ in REFUSED + IN_JSON} | SEEN_ELSEWHERE
    ours = {code for code in CODES if 40800 <= code < 41000 or 49900 < code <= 50001} | {40000, 40005, 501, 6001}
    assert ours - seen - OF_OTHERS == set(NEVER) & ours
    assert not (seen | OF_OTHERS) & set(NEVER)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"is_enabled": False}, 6001),
        ({"is_blocked": True}, 6001),
        ({"blocked_until": timezone.now() + timedelta(days=1)}, 6001),
        ({"is_deleted": True}, 40005),
    ],
)
def test_a_user_who_may_not_send_is_told_so(send: Send, acme: Tenant, changes: dict[str, Any], code: int) -> None:
    for name, value in changes.items():
        setattr(acme.smtp_user, name, value)
    acme.smtp_user.save()
    forget()
    assert send()["statusCode"] == code


@pytest.mark.parametrize(
    ("status", "code"),
    [(Account.Status.SUSPENDED, 6001), (Account.Status.DELETED, 40301), (Account.Status.PURGED, 40301)],
)
def test_an_account_that_may_not_send_is_told_so(send: Send, acme: Tenant, status: Account.Status, code: int) -> None:
    acme.account.status = status
    acme.account.save()
    forget()
    answer = send()
    assert (answer["statusCode"], answer["message"]) == (code, CODES[code])


def test_a_used_up_quota_is_told(send: Send, acme: Tenant) -> None:
    acme.account.quota_day = 1
    acme.account.save()
    assert send()["message"] == "额度检查失败"


def test_a_rate_is_told_by_http_too(acme: Tenant) -> None:
    acme.account.requests_per_minute = 1
    acme.account.save()
    call = make_mail(acme) | {"subject": ""}
    assert Client().post("/apiv2/mail/send", call).status_code == 200
    response = Client().post("/apiv2/mail/send", call)
    assert response.status_code == 429
    assert response.json()["statusCode"] == 50000
    assert 1 <= int(response.headers["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/apiv2/mail/send", 405, 49903),
        ("PUT", "/apiv2/mail/send", 405, 49903),
        ("POST", "/apiv2/mail/nothing", 404, 49901),
        ("GET", "/apiv2/", 404, 49901),
    ],
)
def test_a_wrong_path_or_method_is_told_in_the_envelope(method: str, path: str, status: int, code: int) -> None:
    response = Client().generic(method, path)
    assert response.status_code == status
    assert (response.json()["statusCode"], response.json()["message"]) == (code, CODES[code])


@pytest.mark.parametrize("body", [b'{"apiUser": ', b"[]", b'{"a": "\\ud800"}', b"\xff", b'{"a":' * 100_000])
def test_a_body_that_cannot_be_read_is_told_so(body: bytes) -> None:
    response = Client().post("/apiv2/mail/send", body, "application/json")
    assert (response.status_code, response.json()["statusCode"]) == (200, 49906)

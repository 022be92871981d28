"""Every code that SendMessage can answer, over HTTP, with the vendor's words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account
from domains.credentials import forget
from gateway.api.mailup.errors import CODES
from tests.gateway.api.mailup.conftest import PATH, Send, make_message
from tests.support.cast import Tenant

TOMORROW = timezone.now() + timedelta(days=1)


def error(code: str, **more: str) -> dict[str, str]:
    return {"Status": "error", "Code": code, "Message": CODES[code], **more}


@pytest.mark.parametrize("body", [b"", b"null", b" null\n", b"{}", b"\xef\xbb\xbfnull"])
def test_101_the_input_is_null(body: bytes) -> None:
    response = Client().post(PATH, body, "application/json")
    assert (response.status_code, response.json()) == (403, error("101"))


@pytest.mark.parametrize(
    "user",
    [
        None,
        {},
        "smtp_acme",
        {"Username": "smtp_acme"},
        {"Username": "smtp_acme", "Secret": None},
        {"Username": "smtp_acme", "Secret": "wrong"},
        {"Username": "nobody", "Secret": "wrong"},
    ],
)
def test_102_a_wrong_name_or_secret(send: Send, user: object) -> None:
    assert send(User=user) == (403, error("102"))


def test_102_a_sender_that_is_not_ours(send: Send, globex: Tenant) -> None:
    status, answer = send(From={"Email": "news@globex.example"})
    detail = answer.pop("Detail")
    assert (status, answer) == (403, error("102"))
    assert detail.startswith("globex.example is not a sender domain of this account")


def test_102_a_sender_that_is_not_verified(send: Send, acme: Tenant) -> None:
    acme.domain.verified_at = None
    acme.domain.save()
    status, answer = send()
    assert (status, answer["Code"]) == (403, "102")
    assert "not verified" in answer["Detail"]


BARRED: list[tuple[str, dict[str, Any]]] = [
    ("103", {"is_enabled": False}),
    ("104", {"is_blocked": True}),
    ("105", {"blocked_until": TOMORROW}),
    ("112", {"is_deleted": True}),
]
CLOSED = [("106", Account.Status.PURGED), ("107", Account.Status.SUSPENDED), ("108", Account.Status.DELETED)]


@pytest.mark.parametrize(("code", "changes"), BARRED)
def test_a_user_who_may_not_send_is_told_so(send: Send, acme: Tenant, code: str, changes: dict[str, Any]) -> None:
    bar(acme, changes)
    status, answer = send()
    answer.pop("Detail", None)
    assert (status, answer) == (403, error(code))


@pytest.mark.parametrize(("code", "status"), CLOSED)
def test_an_account_that_may_not_send_is_told_so(send: Send, acme: Tenant, code: str, status: Account.Status) -> None:
    close(acme, status)
    assert send() == (403, error(code))


def test_the_date_of_a_block_is_told(send: Send, acme: Tenant) -> None:
    bar(acme, {"blocked_until": TOMORROW})
    assert f"{TOMORROW:%Y-%m-%d %H:%M:%S}" in send()[1]["Detail"]


def test_the_first_that_holds_is_told(send: Send, acme: Tenant) -> None:
    everything = {name: value for _, changes in BARRED for name, value in changes.items()}
    bar(acme, everything)
    told = []
    for code, status in reversed(CLOSED):
        close(acme, status)
        told.append(send(To=None)[1]["Code"])
        assert told[-1] == code
    close(acme, Account.Status.ENABLED)
    for undo in ({"is_deleted": False}, {"is_enabled": True}, {"is_blocked": False}, {"blocked_until": None}):
        told.append(send(To=None)[1]["Code"])
        bar(acme, undo)
    assert told == ["108", "107", "106", "112", "103", "104", "105"]
    assert send(To=None)[1]["Code"] == "109"


def test_a_wrong_secret_beats_everything(send: Send, acme: Tenant) -> None:
    close(acme, Account.Status.SUSPENDED)
    assert send(User={"Username": acme.smtp_user.name, "Secret": "wrong"})[1]["Code"] == "102"


@pytest.mark.parametrize("nobody", [None, [], [None]])
def test_109_no_recipient(send: Send, nobody: object) -> None:
    assert send(To=nobody, Cc=nobody, Bcc=nobody) == (403, error("109"))


@pytest.mark.parametrize("sender", [None, {}, {"Name": "Acme"}, {"Email": ""}, {"Email": None}, {"Email": " "}])
def test_110_no_sender(send: Send, sender: object) -> None:
    assert send(From=sender) == (403, error("110"))


@pytest.mark.parametrize(
    "members",
    [
        {"From": {"Email": "nobody"}},
        {"From": 7},
        {"To": [{"Email": "nobody"}]},
        {"To": [{"Email": "a@b.example>\r\nRCPT TO:<x@y.example"}]},
        {"To": [7]},
        {"Cc": [{"Email": ["a@b.example"]}]},
        {"To": [{"Email": f"u{number}@b.example"} for number in range(1001)]},
        {"Subject": "Hello\r\nBcc: x@y.example"},
        {"Subject": {}},
        {"Html": None},
        {"Html": {"Body": None}},
        {"Html": "<p>Hello</p>"},
        {"Html": {"Body": "Hi", "BodyTag": "<script>"}},
        {"Html": {"Body": "Hi", "BodyTag": "<body><script>"}},
        {"Html": {"Body": "h" * 16_000_001}},
        {"ReplyTo": "nobody"},
        {"ReplyTo": []},
        {"ExtendedHeaders": {"X-A": "1"}},
        {"ExtendedHeaders": [{"N": "X-A", "V": "1\r\nBcc: x@y.example"}]},
        {"Attachments": [{"Filename": "a.txt"}]},
        {"Attachments": [{"Filename": "a.txt", "Body": "not base64!"}]},
        {"Attachments": [{"Filename": "a.txt", "Body": [256]}]},
        {"Attachments": [{"Filename": "a.txt", "Body": [-1]}]},
        {"Attachments": [{"Filename": "a.txt", "Body": ["a"]}]},
        {"Attachments": [{"Filename": "a.txt", "Body": [1.5]}]},
        {"Attachments": [{"Filename": "a\r\n.txt", "Body": ""}]},
        {"Attachments": {"Filename": "a.txt"}},
        {"EmbeddedImages": [{"Body": "YQ=="}]},
        {"EmbeddedImages": [{"ContentId": "a b", "Body": "YQ=="}]},
        {"XSmtpAPI": []},
        {"XSmtpAPI": {"Priority": 6}},
        {"CharSet": []},
    ],
)
def test_1_everything_else_that_is_wrong(send: Send, members: dict[str, Any]) -> None:
    status, answer = send(**members)
    detail = answer.pop("Detail")
    assert (status, answer) == (400, error("1"))
    assert detail


@pytest.mark.parametrize("body", [b'{"User": ', b"[]", b"7", b'{"a": "\\ud800"}', b"\xff", b'{"a":' * 100_000, b'{"a": NaN}'])
def test_1_a_body_that_cannot_be_read(body: bytes) -> None:
    response = Client().post(PATH, body, "application/json")
    assert (response.status_code, response.json()["Code"]) == (400, "1")


def test_1_a_rate(acme: Tenant) -> None:
    acme.account.requests_per_minute = 1
    acme.account.save()
    call = make_message(acme) | {"To": None}
    assert Client().post(PATH, call, "application/json").status_code == 403
    response = Client().post(PATH, call, "application/json")
    assert (response.status_code, response.json()["Code"]) == (429, "1")
    assert 1 <= int(response.headers["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", PATH, 405), ("PUT", PATH, 405), ("POST", "/API/v2.0/messages/nothing", 404), ("GET", "/api/V2.0/", 404)],
)
def test_1_a_wrong_path_or_method(method: str, path: str, status: int) -> None:
    response = Client().generic(method, path)
    assert (response.status_code, response.json()["Code"]) == (status, "1")


def bar(tenant: Tenant, changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        setattr(tenant.smtp_user, name, value)
    tenant.smtp_user.save()
    forget()


def close(tenant: Tenant, status: Account.Status) -> None:
    tenant.account.status = status
    tenant.account.save()
    forget()

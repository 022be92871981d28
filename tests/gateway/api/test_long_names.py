"""Long names fill no memory: what was looked up is remembered, and who calls need not be known for that."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from domains import credentials
from templates_app import queries
from tests.gateway.api.mails import make_sendclean
from tests.gateway.api.sendclean.sending import call_template
from tests.gateway.api.sendcloud.conftest import make_mail
from tests.support.cast import Tenant

LONG = "n" * 100_000
STRANGERS: list[tuple[str, dict[str, Any]]] = [
    ("/apiv2/label/list", {"apiUser": LONG, "apiKey": "secret"}),
    ("/apiv2/mail/send", {"apiUser": LONG, "apiKey": "secret"}),
    ("/webapi/list.get.json", {"api_user": LONG, "api_key": "secret"}),
    ("/API/v2.0/messages/sendmessage", {"User": {"Username": LONG, "Secret": "secret"}}),
    ("/API/v2.0/users/listuserinfo", {"User": {"Username": LONG, "Secret": "secret"}}),
]


def post(path: str, asked: dict[str, Any]) -> Any:
    return Client().post(path, asked, "application/json").json()


def longest_remembered() -> int:
    names = [*credentials._smtp_users._values, *(name for _, name in queries._named._values)]
    return max(map(len, names), default=0)


@pytest.mark.parametrize(("path", "asked"), STRANGERS)
def test_no_name_of_a_stranger_is_remembered_whole(db: None, path: str, asked: dict[str, Any]) -> None:
    assert post(path, asked) == post(path, {name: "x" if value == LONG else value for name, value in asked.items()})
    assert longest_remembered() < 300


def test_no_name_of_a_customer_is_remembered_whole(acme: Tenant) -> None:
    assert "nnn" in post("/v1.0/messages/sendMail", make_sendclean(acme) | {"smtp_user_name": LONG})["message"]
    assert post("/v1.0/messages/sendTemplate", call_template(acme, LONG))["status"] == "error"
    mail = make_mail(acme) | {"templateInvokeName": LONG, "xsmtpapi": {"to": ["ben@b.example"]}}
    assert post("/apiv2/mail/sendtemplate", mail)["statusCode"] == 40823
    assert longest_remembered() < 300

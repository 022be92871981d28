"""From where an API user may send, which every call that sends asks."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from domains.credentials import forget
from domains.models import SenderDomain, SMTPUser
from gateway.models import Message
from templates_app import queries
from templates_app.actions import add_template
from templates_app.texts import Texts
from tests.gateway.api.sendcloud.conftest import make_mail
from tests.gateway.api.sendcloud.test_send_calendar import MEETING
from tests.support.cast import Tenant
from tests.support.doors import accept_inline
from tests.support.lists import make_list

pytestmark = pytest.mark.django_db

TO_ONE = '{"to": ["ben@b.example"]}'
V2: dict[str, dict[str, Any]] = {
    "mail/send": {},
    "mail/sendtemplate": {"templateInvokeName": "hello", "xsmtpapi": TO_ONE},
    "mail/sendcalendar": MEETING,
}
V1: dict[str, dict[str, Any]] = {
    "mail.send.json": {},
    "mail.send_template.json": {"template_invoke_name": "hello", "substitution_vars": TO_ONE},
}
TO_LIST = {"useAddressList": "true", "to": "news@lists.example"}
CALLS = [
    *((f"/apiv2/{call}", parameters) for call, parameters in V2.items()),
    *((f"/apiv2/{call}", V2[call] | TO_LIST) for call in ("mail/send", "mail/sendtemplate")),
    *((f"/webapi/{call}", parameters) for call, parameters in V1.items()),
]


@pytest.fixture(autouse=True)
def _world(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """What acme sends: a template, and to an address list; from another domain, too."""
    accept_inline(monkeypatch)
    queries.forget()
    add_template(acme.account.pk, invoke_name="hello", name="Hello", texts=Texts(subject="Hi", text="Hi"), syntax="sendcloud")
    make_list(acme.account.pk)
    SenderDomain.objects.create(account=acme.account, name="other.example", verification_token="token", is_trusted=True)


def send(tenant: Tenant, path: str, parameters: dict[str, Any], sender: str) -> bool:
    """Make a call as a tenant's API user; return whether it was done."""
    mail = make_mail(tenant) | parameters | {"from": sender}
    named = {"api_user": mail["apiUser"], "api_key": mail["apiKey"]} if "webapi" in path else {}
    said = Client().post(path, mail | named).json()
    return said["message"] == "success" if "webapi" in path else bool(said["result"])


def limit(tenant: Tenant, **changes: Any) -> None:
    SMTPUser.objects.filter(pk=tenant.smtp_user.pk).update(**changes)
    forget()


@pytest.mark.parametrize(("path", "parameters"), CALLS)
def test_a_domain_is_kept_to(acme: Tenant, path: str, parameters: dict[str, Any]) -> None:
    assert send(acme, path, parameters, "news@other.example")
    limit(acme, domain=acme.domain)
    assert not send(acme, path, parameters, "news@other.example")
    assert send(acme, path, parameters, "news@acme.example")
    assert list(Message.objects.order_by("pk").values_list("sender", flat=True)) == ["news@other.example", "news@acme.example"]


@pytest.mark.parametrize(("path", "parameters"), CALLS)
def test_senders_are_kept_to(acme: Tenant, path: str, parameters: dict[str, Any]) -> None:
    limit(acme, senders="shop@acme.example; other.example")
    found = {
        sender: send(acme, path, parameters, sender) for sender in ("news@acme.example", "shop@acme.example", "x@other.example")
    }
    assert found == {"news@acme.example": False, "shop@acme.example": True, "x@other.example": True}
    assert Message.objects.count() == 2


@pytest.mark.parametrize(("path", "parameters"), CALLS)
def test_another_accounts_domain_is_no_ones(acme: Tenant, globex: Tenant, path: str, parameters: dict[str, Any]) -> None:
    assert not send(acme, path, parameters, "news@globex.example")
    assert not send(acme, path, parameters, "news@nobodys.example")
    assert not Message.objects.exists()

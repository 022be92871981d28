"""A right call of each kind that sends, as acme makes it, and the mail that comes of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.test import Client

from gateway.engine import queue
from gateway.engine.prepare import Ready, prepare
from gateway.models import Message
from templates_app.actions import add_template
from templates_app.models import Template
from templates_app.texts import Texts
from tests.gateway.api.mails import make_sendclean
from tests.support.cast import Tenant

RAW = (
    "From: Acme <news@acme.example>\r\nTo: Rita <rita@example.com>\r\nCc: carl@example.com\r\nBcc: bea@example.com\r\n"
    "Subject: Hello\r\nX-Unique-Id: order 7\r\nX-Shop: 7\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n"
    "<p>Hello</p>\r\n"
)
TEXTS = Texts(subject="Hello {{NAME}}", html="<p>{{NAME}}, {{ Email }}: {{name}}</p>")


def make_template(tenant: Tenant, invoke_name: str = "hello", texts: Texts = TEXTS) -> Template:
    return add_template(tenant.account.pk, invoke_name=invoke_name, name="Hello", texts=texts, syntax=Template.Syntax.SENDCLEAN)


def call_template(tenant: Tenant, template_id: Any, **message: Any) -> dict[str, Any]:
    values = {"NAME": "Bob & Co", "Email": "bob@b.example"}
    given = {"template_id": template_id, "dynamic_value": values, "html": None, "subject": None} | message
    return make_sendclean(tenant, **given)


def call_by_get(tenant: Tenant, template_id: Any) -> dict[str, Any]:
    return credentials(tenant) | {
        "template_id": template_id,
        "subject": "Hello",
        "from_email": "news@acme.example",
        "to": "rita@example.com",
        "dynamic_value[NAME]": "Bob & Co",
        "dynamic_value[Email]": "bob@b.example",
    }


def call_raw(tenant: Tenant, raw: Any = RAW) -> dict[str, Any]:
    return credentials(tenant) | {"raw_message": raw}


def credentials(tenant: Tenant) -> dict[str, Any]:
    return {"owner_id": tenant.account.owner_id, "token": tenant.api_secret, "smtp_user_name": tenant.smtp_user.name}


# By action: the call, made once a tenant is there.
CALLS: dict[str, Callable[[Tenant], dict[str, Any]]] = {
    "sendMail": make_sendclean,
    "sendTemplate": lambda tenant: call_template(tenant, make_template(tenant).pk),
    "sendTemplateHTTPGet": lambda tenant: call_by_get(tenant, make_template(tenant).pk),
    "sendRaw": call_raw,
}


def send(client: Client, action: str, call: dict[str, Any], **headers: str) -> HttpResponse:
    if action == "sendTemplateHTTPGet":
        return client.get(f"/v1.0/messages/{action}", call, headers=headers)
    return client.post(f"/v1.0/messages/{action}", call, "application/json", headers=headers)


def refuse(client: Client, action: str, call: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Return status and answer of a call after which nothing is stored."""
    response = send(client, action, call)
    assert not Message.objects.exists()
    return response.status_code, response.json()


def error(words: str, name: str = "ValidationError") -> dict[str, Any]:
    return {"status": "error", "code": -1, "name": name, "type": name, "message": words}


def outgoing() -> list[Ready]:
    """Return what is due as it would go out now, in the order of the recipients."""
    ready = [item for item in prepare(queue.claim(100)) if isinstance(item, Ready)]
    return sorted(ready, key=lambda item: item.copy.recipient_id)

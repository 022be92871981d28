"""A customer's program: it has what `bootstrap` prints, knows every call of every dialect, and makes for itself all else.

RIGHT has one right call of each, as its fields beside the credentials; a call about something first makes that by another call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from django.http import HttpResponse
from django.test import Client

from tests.gateway.api.sendclean.sending import RAW
from tests.gateway.api.sendcloud import customers as of_sendcloud
from tests.support.cast import Tenant

Fields = dict[str, Any]
ADMIN = "the key of the installation"
HOOK = "https://hooks.example.com/octeth"
FILE = {"type": "text/plain", "name": "a.txt", "content": "ZXhhbXBsZSBmaWxl"}
IMAGE = {"type": "image/png", "name": "logo", "content": "ZXhhbXBsZSBmaWxl"}
SENDCLOUD = ("mail/send", "mail/sendtemplate", "mail/sendcalendar", "webapi/mail.send", "webapi/mail.send_template")
_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Who calls, by what. `given` is what `bootstrap --json` prints; `hook` is a URL that answers as SendClean wants it to."""

    client: Client
    given: Mapping[str, Any]
    hook: str = ""
    tenant: Tenant | None = field(default=None, repr=False)

    def ask(self, name: str, call: Fields, **headers: str) -> HttpResponse:
        """Make a call by its vendor's name; a field that is None is left out, `bearer` is the key in the header."""
        for begins, make in DOORS.items():
            if name.startswith(begins):
                return make(self, name, call, headers)
        raise KeyError(name)

    def right(self, name: str) -> Fields:
        """Return the fields of a right call, credentials and all."""
        return _credentials(self, name) | RIGHT[name](self)

    def made(self, name: str, **fields: Any) -> Any:
        """Make a right call, and return what it is answered."""
        response = self.ask(name, self.right(name) | fields)
        assert is_done(response), (name, response.content)
        return response.json() if response.headers["Content-Type"] == "application/json" else {}

    @property
    def domain_id(self) -> int:
        return int(self.given["domain"]["id"])

    @property
    def domain(self) -> str:
        return str(self.given["domain"]["name"])

    @property
    def sender(self) -> str:
        return f"news@{self.domain}"


def is_done(response: HttpResponse) -> bool:
    """Tell whether a call did what it was asked to, in any dialect."""
    if response.headers["Content-Type"].startswith("text/csv"):
        return response.status_code == 200
    said = response.json()
    wrong = {"Errors", "errors"} & said.keys() or said.get("Success") is False or said.get("result") is False
    wrong = wrong or "error" in {said.get("status"), said.get("Status"), said.get("message")}
    return response.status_code == 200 and not wrong


def customer_of(client: Client, tenant: Tenant, template_id: int = 0, hook: str = "") -> Customer:
    """Return a tenant of the cast as a customer."""
    return Customer(
        client=client,
        hook=hook,
        tenant=tenant,
        given={
            "account": {"id": tenant.account.pk, "owner_id": tenant.account.owner_id, "token": tenant.api_secret},
            "smtp_user": {"name": tenant.smtp_user.name, "password": tenant.smtp_secret},
            "domain": {"id": tenant.domain.pk, "name": tenant.domain.name, "api_key": tenant.domain_secret},
            "api_key": tenant.api_secret,
            "console": {"email": tenant.user.email, "password": tenant.password},
            "template": {"id": template_id, "invoke_name": "hello"},
        },
    )


# How calls are made ---------------------------------------------------------------------------------------------------


def _present(call: Fields) -> Fields:
    return {name: value for name, value in call.items() if value is not None}


def _by_path(customer: Customer, name: str, call: Fields, headers: Mapping[str, str]) -> HttpResponse:
    """POST /api/v1/email"""
    method, path = name.split(" ")
    body = _present(call)
    key = body.pop("bearer", "")
    headers = {**headers, **({"Authorization": f"Bearer {key}"} if key else {})}
    if method == "GET":
        return customer.client.get(path, body, headers=headers)
    return customer.client.generic(method, path, json.dumps(body), "application/json", headers=headers)


def _by_command(customer: Customer, name: str, call: Fields, headers: Mapping[str, str]) -> HttpResponse:
    return customer.client.post("/api.php", {"Command": name} | _present(call), "application/json", headers=headers)


def _by_sendclean(customer: Customer, name: str, call: Fields, headers: Mapping[str, str]) -> HttpResponse:
    if name.endswith("HTTPGet"):
        return customer.client.get(f"/v1.0/{name}", _present(call), headers=headers)
    return customer.client.post(f"/v1.0/{name}", _present(call), "application/json", headers=headers)


def _by_sendcloud(customer: Customer, name: str, call: Fields, headers: Mapping[str, str]) -> HttpResponse:
    return customer.client.post(f"/apiv2/{name}", _present(call), headers=headers)


def _by_sendcloud_v1(customer: Customer, name: str, call: Fields, headers: Mapping[str, str]) -> HttpResponse:
    return customer.client.post(f"/{name}.json", _present(call), headers=headers)


def _by_mailup(customer: Customer, name: str, call: Fields, headers: Mapping[str, str]) -> HttpResponse:
    path = f"/API/v2.0/{'users' if name == 'ListUserInfo' else 'messages'}/{name.lower()}"
    return customer.client.post(path, _present(call), "application/json", headers=headers)


Door = Callable[[Customer, str, Fields, Mapping[str, str]], HttpResponse]
DOORS: Mapping[str, Door] = {
    "messages/": _by_sendclean,
    "settings/": _by_sendclean,
    "account": _by_sendclean,
    "GET /": _by_path,
    "POST /": _by_path,
    "DELETE /": _by_path,
    "EmailGateway.": _by_command,
    "User.": _by_command,
    "Sender.": _by_command,
    "Inbound-": _by_command,
    "webapi/": _by_sendcloud_v1,
    **dict.fromkeys((name for name in of_sendcloud.RIGHT if not name.startswith("webapi/")), _by_sendcloud),
    **dict.fromkeys(("SendMessage", "SendTemplate", "ListUserInfo"), _by_mailup),
}
# The commands of /api.php that are a call of /api/v1 as well.
COMMANDS: Mapping[str, str] = {
    "POST /api/v1/email": "EmailGateway.SendEmail",
    "GET /api/v1/events": "EmailGateway.GetEvents.Public",
    "POST /api/v1/webhooks": "EmailGateway.AddWebhook.Public",
    "GET /api/v1/webhooks": "EmailGateway.GetWebhooks.Public",
    "DELETE /api/v1/webhooks": "EmailGateway.DeleteWebhook.Public",
    "GET /api/v1/sender.domains": "Sender.Domains",
    "GET /api/v1/inbound-relay-domain-check": "Inbound-Relay-Domain-Check",
}


def _credentials(customer: Customer, name: str) -> Fields:
    given = customer.given
    door = next(make for begins, make in DOORS.items() if name.startswith(begins))
    if door is _by_sendclean:
        return {"owner_id": given["account"]["owner_id"], "token": given["account"]["token"]}
    if door is _by_path:
        return {"bearer": given["domain"]["api_key"]}
    if name in COMMANDS.values():
        return {"SenderAPIKey": given["domain"]["api_key"]}
    if door is _by_command:
        return {"APIKey": given["api_key"]} if name != "User.Login" else {}
    user, secret = given["smtp_user"]["name"], given["smtp_user"]["password"]
    if door is _by_sendcloud:
        return {"apiUser": user, "apiKey": secret}
    return {"api_user": user, "api_key": secret} if door is _by_sendcloud_v1 else {"User": {"Username": user, "Secret": secret}}


# Right calls ----------------------------------------------------------------------------------------------------------


def _message(customer: Customer, **more: Any) -> Fields:
    message = {
        "subject": "Hello",
        "from_email": customer.sender,
        "from_name": "Acme",
        "to": [{"email": "rita@inbox.example", "name": "Rita", "type": "to"}],
        "headers": {"Reply-To": f"help@{customer.domain}", "X-Unique-Id": "id"},
        "attachments": [FILE],
        "images": [IMAGE],
    }
    return {"smtp_user_name": customer.given["smtp_user"]["name"], "message": message | more}


def _by_get(customer: Customer) -> Fields:
    return {
        "smtp_user_name": customer.given["smtp_user"]["name"],
        "template_id": str(customer.given["template"]["id"]),
        "subject": "hello",
        "from_email": customer.sender,
        "to": "rita@inbox.example",
        "dynamic_value[NAME]": "xyz",
    }


def _raw(customer: Customer) -> str:
    return RAW.replace("acme.example", customer.domain)


def _name(of: str) -> str:
    """Return a host that no call has named yet."""
    return f"{of}{next(_numbers)}.example"


def _smtp_user(customer: Customer) -> Fields:
    return {"smtp_user_name": customer.made("settings/addSmtp")["smtp_user_name"]}


def _sending_domain(customer: Customer) -> Fields:
    name = _name("sending")
    customer.made("settings/addSendingDomain", domain=name)
    return {"domain": name}


def _tracking_domain(customer: Customer) -> Fields:
    name = _name("tracking")
    customer.made("settings/addTrackingDomain", domain=name)
    return {"domain": name}


def _webhook(customer: Customer) -> Fields:
    customer.made("settings/addWebhook")
    return {"webhook_id": customer.made("settings/listWebhook", skip_page=0)["webhook_list"][-1]["webhook_id"]}


def _listed(make: Callable[[Customer], Fields]) -> Callable[[Customer], Fields]:
    """Have something listed."""

    def right(customer: Customer) -> Fields:
        make(customer)
        return {}

    return right


def _info(customer: Customer) -> Fields:
    customer.made("messages/sendMail")
    return {"x_unique_id": "id", "skip_page": 0}


def _email(customer: Customer) -> Fields:
    return {
        "Subject": "Hello World",
        "ContentType": "html",
        "HtmlContent": "<p>Hello, World!</p>",
        "From": {"email": customer.sender, "name": "John Doe"},
        "To": [{"email": "rita@inbox.example", "name": "Jane Doe"}],
    }


def _of_domain(customer: Customer) -> Fields:
    return {"DomainID": str(customer.domain_id)}


def _new_domain(customer: Customer) -> Fields:
    return {"DomainID": customer.made("EmailGateway.AddDomain")["NewSenderDomainID"]}


def _key(customer: Customer) -> Fields:
    return {"ApiKeyId": customer.made("EmailGateway.AddAPI")["NewAPIKeyID"]}


def _smtp(customer: Customer) -> Fields:
    return {"smtpid": customer.made("EmailGateway.AddSMTP")["NewSMTPID"]}


def _events(customer: Customer) -> Fields:
    customer.made("POST /api/v1/email")
    return _of_domain(customer)


def _having(make: Callable[[Customer], Fields]) -> Callable[[Customer], Fields]:
    """Ask for what the domain has, after something was made."""

    def right(customer: Customer) -> Fields:
        make(customer)
        return _of_domain(customer)

    return right


def _hook_id(customer: Customer) -> Fields:
    return {"WebhookID": customer.made("EmailGateway.AddWebhook")["NewWebhookID"]}


def _mail_by_mailup(customer: Customer) -> Fields:
    return {
        "Subject": "Hello",
        "From": {"Name": "Acme", "Email": customer.sender},
        "To": [{"Name": "Rita", "Email": "rita@inbox.example"}],
    }


SPAN = {"StartDate": "2023-01-01", "EndDate": "2099-12-31"}
RIGHT: dict[str, Callable[[Customer], Fields]] = {
    # SendClean
    "messages/sendMail": lambda one: _message(one, html="<p>Hello</p>", text="Hello"),
    "messages/sendTemplate": lambda one: _message(
        one, template_id=str(one.given["template"]["id"]), dynamic_value={"NAME": "xyz"}
    ),
    "messages/sendTemplateHTTPGet": _by_get,
    "messages/sendRaw": lambda one: {"smtp_user_name": one.given["smtp_user"]["name"], "raw_message": _raw(one)},
    "messages/getMessageInfo": _info,
    "settings/addSmtp": lambda _: {"total_limit": 500, "hourly_limit": 200},
    "settings/editSmtp": lambda one: _smtp_user(one) | {"total_limit": 500, "hourly_limit": 200, "status": "Disable"},
    "settings/resetSmtpPassword": _smtp_user,
    "settings/listSmtp": _listed(_smtp_user),
    "settings/addSendingDomain": lambda _: {"domain": _name("sending")},
    "settings/checkSendingDomain": _sending_domain,
    # From a domain of the account, to a mailbox of the one that is asked about.
    "settings/verifySendingDomain": lambda one: _sending_domain(one) | {"mailbox": "postmaster"},
    "settings/listSendingDomain": _listed(_sending_domain),
    "settings/deleteSendingDomain": _sending_domain,
    "settings/addTrackingDomain": lambda _: {"domain": _name("tracking")},
    "settings/checkTrackingDomain": _tracking_domain,
    "settings/listTrackingDomain": _listed(_tracking_domain),
    "settings/deleteTrackingDomain": _tracking_domain,
    "settings/addWebhook": lambda one: {"url": one.hook, "event": "open,click", "description": "d", "store_log": "Enable"},
    "settings/editWebhook": lambda one: _webhook(one) | {"url": one.hook, "store_log": "Disable"},
    "settings/keyResetWebhook": _webhook,
    "settings/listWebhook": lambda _: {},
    "settings/getWebhookInfo": _webhook,
    "settings/deleteWebhook": _webhook,
    "account/viewUserDetail": lambda _: {},
    "accounts/userDetails": lambda _: {},
    # Octeth, /api/v1
    "POST /api/v1/email": _email,
    "POST /api/v1/webhooks": lambda _: {"Event": "delivered", "WebhookURL": HOOK},
    "GET /api/v1/webhooks": _listed(lambda one: {"": one.made("POST /api/v1/webhooks")}),
    "DELETE /api/v1/webhooks": lambda one: {"WebhookID": one.made("POST /api/v1/webhooks")["NewWebhookID"]},
    "GET /api/v1/events": lambda one: _events(one) and {"StartFrom": 0, "RetrieveCount": 10},
    "GET /api/v1/sender.domains": lambda _: {},
    "GET /api/v1/inbound-relay-domain-check": lambda one: {"Domain": one.domain},
    # Octeth, /api.php
    "User.Login": lambda one: {
        "Username": one.given["console"]["email"],
        "Password": one.given["console"]["password"],
    },
    "EmailGateway.AddDomain": lambda _: {"DomainName": _name("domain")},
    "EmailGateway.DeleteDomain": _new_domain,
    "EmailGateway.GetDomain": lambda one: {"DomainID": one.domain_id},
    "EmailGateway.GetDomains": lambda _: {},
    "EmailGateway.UpdateDomain": lambda one: (
        _new_domain(one)
        | {"LinkTracking": "1", "OpenTracking": "1", "UnsubscribeLink": "1", "HostingProvider": "Yours", "Subdomain": "mail"}
    ),
    "EmailGateway.VerifyDomain": _new_domain,
    "EmailGateway.AddAPI": lambda one: _of_domain(one) | {"Description": "My new API key"},
    "EmailGateway.DeleteAPI": _key,
    "EmailGateway.GetAPIs": _having(_key),
    "EmailGateway.ReplaceAPI": _key,
    "EmailGateway.AddSMTP": _of_domain,
    "EmailGateway.DeleteSMTP": _smtp,
    "EmailGateway.GetSMTPs": _having(_smtp),
    "EmailGateway.ResetSMTPPassword": _smtp,
    "EmailGateway.AddWebhook": lambda one: _of_domain(one) | {"Event": "bounce", "WebhookURL": HOOK},
    "EmailGateway.DeleteWebhook": lambda one: _of_domain(one) | _hook_id(one),
    "EmailGateway.GetWebhooks": _having(_hook_id),
    "EmailGateway.RegenerateSigningKey": _having(_hook_id),
    "EmailGateway.GetEvents": lambda one: _events(one) | SPAN | {"StartFrom": 0, "RetrieveCount": 50},
    "EmailGateway.ExportEvents": lambda one: _events(one) | SPAN,
    "EmailGateway.AggrEvents": lambda one: _events(one) | SPAN | {"AggregatedField": "eventType", "AggregateSize": 10},
    "EmailGateway.ClearDomainQueue": _events,
    "EmailGateway.DomainStats": lambda one: _events(one) | SPAN,
    "EmailGateway.AccountStats": lambda _: SPAN,
    "EmailGateway.DailySeries": lambda one: _events(one) | SPAN,
    "EmailGateway.RecipientDomainStats": lambda one: _events(one) | {"RecipientToDomain": "inbox.example"},
    "EmailGateway.ListRecipientDomains": _events,
    "EmailGateway.SMTPRelay": lambda one: {
        "AdminAPIKey": ADMIN,
        "SMTPUsername": one.given["smtp_user"]["name"],
        "SMTPPassword": one.given["smtp_user"]["password"],
        "RcptTo": "rita@inbox.example",
        "RawEmail": _raw(one),
    },
    # MailUp
    "SendMessage": lambda one: _mail_by_mailup(one) | {"Text": "Hello"},
    "SendTemplate": lambda one: _mail_by_mailup(one) | {"TemplateId": one.given["template"]["id"]},
    "ListUserInfo": lambda one: {"Username": one.given["smtp_user"]["name"]},
}
RIGHT |= of_sendcloud.RIGHT | {command: RIGHT[path] for path, command in COMMANDS.items()}

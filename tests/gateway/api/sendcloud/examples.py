"""What provokes each code that SendCloud's calls document: other values in a right call, after a change to the world where it
takes one. What a field does not take is provoked in one way everywhere; see WRONG.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts import queries
from accounts.models import Account
from domains import credentials
from domains.models import SMTPUser
from templates_app.actions import add_template
from templates_app.texts import Texts
from tests.gateway.api.customers import Customer
from tests.gateway.api.octeth.commands import NOBODY
from tracking.labels import add_label

Fields = Mapping[str, Any]
WRONG: list[dict[str, Any]] = [{}]  # which no field takes, but values of members
LONG = "a" * 251
ALL = ";".join(f"u{number}@b.example" for number in range(1001))
MANY = ";".join(ALL.split(";")[:101])


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Fields that provoke a code once the world was changed; `most` is a limit of the product's own that is lowered to none."""

    change: Callable[[Customer], object] = lambda _: None
    fields: Fields | Callable[[Customer], Fields] | None = None
    most: str = ""


def limit(**fields: Any) -> After:
    """Let the account have or do no more than this."""

    def change(_: Customer) -> None:
        Account.objects.update(**fields)
        credentials.forget()
        queries.forget()

    return After(change=change)


def send_batches(_: Customer) -> None:
    """Let the API user that calls send templates of the type batch only."""
    SMTPUser.objects.update(email_type=1)
    credentials.forget()


def delete_user(one: Customer) -> None:
    """Delete the API user that calls, while it is known for a moment."""
    one.made("apiuser/list")
    SMTPUser.objects.update(is_deleted=True)


def add_silent_template(one: Customer) -> None:
    """Add a template without a subject."""
    texts = Texts(html="<p>Hi</p>")
    add_template(one.given["account"]["id"], invoke_name="silent", name="Silent", texts=texts, syntax="sendcloud")


def make(call: str, name: str, field: str = "", **more: Any) -> After:
    """Name something that is there already."""
    return After(fields=lambda one: {field or name: one.made(call)["info"]["data"][name], **more})


def use_key(one: Customer) -> None:
    """Send another mail by the key that the call comes with."""
    one.ask("mail/send", one.right("mail/send") | {"subject": "Other"}, **KEY)


def use_rate_up(one: Customer) -> None:
    """Let the account make one request a minute, and make it."""
    limit(requests_per_minute=1).change(one)
    one.ask("userinfo/get", one.right("userinfo/get"))


KEY = {"Idempotency-Key": "order 7"}
_TO_LIST = {"useAddressList": True}
COMMON: dict[int, Any] = {
    40301: limit(status="deleted"),
    50000: After(change=use_rate_up),
    6001: limit(status="suspended"),
}
OF_MAIL: dict[int, Any] = {
    40000: After(change=use_key),
    40106: {"labelId": NOBODY},
    40805: {"to": None, "xsmtpapi": {"pubsub": {"%a%": "1"}}},
    40807: {"to": MANY, "xsmtpapi": {"pubsub": {"%a%": "1"}}},
    40810: {"replyTo": ";"},
    40812: {"xsmtpapi": None},
    40814: {"xsmtpapi": {}},
    40815: {"xsmtpapi": {"sub": {"%a%": ["1"]}}},
    40816: {"xsmtpapi": {"to": []}},
    40817: {"xsmtpapi": {"to": ["a@b.example"], "sub": {"%a%": []}}},
    40819: {"attachments": lambda: SimpleUploadedFile("a.bin", bytes(10_485_761))},
    40823: {"templateInvokeName": "nothing"},
    40825: After(change=send_batches),
    40826: After(change=add_silent_template, fields={"templateInvokeName": "silent", "subject": None}),
    40827: {"xsmtpapi": {"to": MANY.split(";")}},
    40846: {"participatorNames": ";"},
    40848: {"participatorNames": "Ben", "participatorEmails": ";"},
    40850: {"participatorNames": "Ben"},
    40852: {"cc": ";"},
    40854: {"cc": MANY},
    40855: {"bcc": ";"},
    40857: {"bcc": MANY},
    40862: _TO_LIST | {"to": "nobody"},
    40863: _TO_LIST | {"to": "nobody@lists.example"},
    40864: _TO_LIST | {"to": ";".join(MANY.split(";")[:6])},
    40865: {"gzip_compress": True, "html": "!"},
    40866: {"gzip_compress": True, "html": None, "plain": "!"},
    40870: {"html": None},
    40872: _TO_LIST | {"to": ";"},
    40879: {"replyTo": ";".join(MANY.split(";")[:4])},
    40880: {"xsmtpapi": {"to": ["nobody"]}},
    40901: {"from": "news@nobodys.example"},
    40904: limit(quota_month=0),
}
# By code, for every call that has it; then by call, where that differs. In the names of version 2.
OWN: dict[int, Any] = {
    40101: After(most="tracking.labels.MOST_LABELS"),
    40106: {"labelId": NOBODY},
    40113: After(change=lambda one: add_label(one.given["account"]["id"], "taken"), fields={"labelName": "taken"}),
    40216: {"invokeName": "nothing"},
    40218: {"name": None},
    40219: After(most="templates_app.actions.MOST_TEMPLATES"),
    40220: make("template/add", "invokeName"),
    40227: {},
    40505: make("addresslist/add", "address"),
    40508: After(most="templates_app.lists.MOST_LISTS"),
    40513: {"members": f"{'a' * 40}@inbox.example"},
    40514: {"members": ";"},
    40515: {"members": ALL},
    40516: {"names": "Ann;Ben;Carl"},
    40517: {"address": "nothing@lists.example"},
    40518: {"members": "nobody"},
    40521: {"vars": "{};{}"},
    40707: {"url": "http://127.0.0.1:1/"},
    40708: make("webhook/add", "url"),
    40709: {"url": "https://hooks.example.com/nobody"},
    40710: limit(max_webhooks=0),
    40712: {"newEvent": None},
    41002: {"name": LONG},
    41005: {"newName": LONG},
    41011: {"verify": "256"},
    41012: limit(max_domains=1),
    41013: {"name": "a.example;b.example"},
    41014: {"name": "nobodys.example"},
    41015: After(fields=lambda one: {"name": one.domain}),
    41016: After(fields=lambda one: {"newName": one.domain}),
    41107: {"domainName": LONG},
    41108: {"domainName": "nobodys.example"},
    41109: After(change=delete_user),
    41112: limit(max_smtp_users=1),
    41119: After(fields=lambda one: {"name": one.given["smtp_user"]["name"]}),
}
OF_CALLS: dict[tuple[str, int], Any] = {
    ("mail/taskinfo", 6001): {"maillistTaskId": NOBODY},
    ("template/submit", 40218): {"cancel": True},
    ("addresslist/add", 40511): {"address": "news"},
    ("webapi/list.create", 40511): {"address": "news"},
    ("addresslist/update", 40505): make("addresslist/add", "address", "newAddress"),
    ("webapi/list.update", 40505): make("addresslist/add", "address", "newAddress"),
    ("webhook/update", 40707): {"newUrl": "http://127.0.0.1:1/", "newEvent": None},
    ("webhook/update", 40708): make("webhook/add", "url", "newUrl", newEvent=None),
}
_OF_LISTS = {"address": "mail_list_addr", "members": "member_addr", "names": "name"}
V1_NAMES: dict[str, Mapping[str, str]] = {
    "webapi/mail.send": {
        "labelId": "label",
        "replyTo": "replyto",
        "xsmtpapi": "x_smtpapi",
        "useAddressList": "use_maillist",
        "attachments": "files",
    },
    "webapi/list.": {"newAddress": "toAddress"},
    "webapi/list_member.": _OF_LISTS,
    "webapi/template.": {"invokeName": "invoke_name"},
}
V1_NAMES["webapi/mail.send_template"] = V1_NAMES["webapi/mail.send"] | {
    "xsmtpapi": "substitution_vars",
    "templateInvokeName": "template_invoke_name",
}


def example_of(name: str, code: int) -> Any:
    """Return what provokes a call's own code, None for one that there is no example of."""
    if (name, code) in OF_CALLS:
        return OF_CALLS[name, code]
    is_mail = name.startswith(("mail/send", "webapi/mail."))
    return (OF_MAIL if is_mail else OWN).get(code) or COMMON.get(code) or ({} if code in OWN else None)


def in_its_names(name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields by the names that a call has for them."""
    names = V1_NAMES.get(name) or next((found for begin, found in V1_NAMES.items() if name.startswith(begin)), {})
    return {names.get(field, field): value for field, value in fields.items()}

"""What SendCloud's fields name: pairs of what is another tenant's and what is nobody's (tests/gateway/api/test_strangers.py).

Every field of every call has a pair, or stands in NO_NAMES or NOT_HERE with the reason.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gateway.base import clock
from templates_app.actions import add_template
from templates_app.texts import Texts
from tests.gateway.api.customers import Customer
from tests.gateway.api.octeth.commands import NOBODY
from tests.gateway.api.sendcloud.reporting import suppress
from tests.support.cast import Tenant
from tests.support.lists import make_list
from tests.tracking.facts import tell_one
from tracking.labels import add_label
from tracking.models import EventType

Pair = tuple[Any, Any]
Names = dict[str, Callable[[Customer], Pair]]

NEW_NAMES = {"newAddress", "newName", "newUrl", "toAddress"}  # after which the call's own example has another name
NO_NAMES = {
    **dict.fromkeys(("to", "cc", "bcc", "replyTo", "replyto", "xsmtpapi", "x_smtpapi"), "of whom the mail is for"),
    **dict.fromkeys(("substitution_vars", "participatorEmails", "participatorNames"), "of whom the mail is for"),
    **dict.fromkeys(("fromName", "fromname", "organizerName", "organizerEmail", "names"), "of a person"),
    **dict.fromkeys(("subject", "html", "plain", "text", "contentSummary", "headers", "title", "location"), "content"),
    **dict.fromkeys(("description", "desc", "vars", "attachments", "files", "embeddedCid"), "content"),
    **dict.fromkeys(("startTime", "endTime", "valarmTime", "days", "startDate", "endDate"), "a time"),
    **dict.fromkeys(("start", "limit"), "a place in a list"),
    **dict.fromkeys(("respEmailId", "resp_email_id", "useNotification", "useAddressList", "use_maillist"), "a switch"),
    **dict.fromkeys(("gzip_compress", "isCancel", "isUpdate", "isSubmitAudit", "cancel", "upsert", "aggregate"), "a switch"),
    **dict.fromkeys(("templateType", "email_type", "templateStat", "listType", "type", "verify", "trackType"), "a kind"),
    **dict.fromkeys(("emailType", "cType", "open", "click", "unsubscribe", "event", "newEvent"), "a kind"),
    "tag": "a label that is made where the account has none of that name",
    "sendRequestId": "chosen by the caller; keys of two accounts never meet (tests/gateway/engine/test_idempotency.py)",
    "uid": "of a meeting, chosen by the caller",
    **dict.fromkeys(("members", "newMembers", "member_addr"), "looked for within the list alone that the call names"),
}
_TITLE = "a title, which may be given twice"
NOT_HERE = {
    **dict.fromkeys(((call, "labelName") for call in ("mail/send", "mail/sendtemplate", "mail/sendcalendar")), NO_NAMES["tag"]),
    **dict.fromkeys(((call, "name") for call in ("template/add", "template/update")), _TITLE),
    **dict.fromkeys(((call, "name") for call in ("addresslist/add", "addresslist/update")), _TITLE),
    **dict.fromkeys(((f"webapi/template.{verb}", "name") for verb in ("add", "update")), _TITLE),
    **dict.fromkeys(((f"webapi/list.{verb}", "name") for verb in ("create", "update")), _TITLE),
    **dict.fromkeys(((f"webapi/list_member.{verb}", "name") for verb in ("add", "update")), NO_NAMES["names"]),
    ("apiuser/add", "name"): "one for the whole installation: who has it logs in by it alone",
    ("unsubscribe/add", "email"): "who is on the list is answered as who comes on it",
}


def tenant_of(one: Customer) -> Tenant:
    assert one.tenant is not None
    return one.tenant


def sender(one: Customer) -> Pair:
    return f"news@{one.domain}", "news@nobodys.example"


def label(one: Customer) -> Pair:
    tell_of(one)
    return add_label(tenant_of(one).account.pk, "theirs").pk, NOBODY


def label_name(one: Customer) -> Pair:
    label(one)
    return "theirs", "nobodys"


def address_list(one: Customer) -> Pair:
    make_list(tenant_of(one).account.pk, 1, "news@theirs.example")
    return "news@theirs.example", "news@nobodys.example"


def task(one: Customer) -> Pair:
    return one.right("mail/taskinfo")["maillistTaskId"], NOBODY


def template(one: Customer) -> Pair:
    texts = Texts(subject="Hello", text="Hello")
    add_template(tenant_of(one).account.pk, invoke_name="theirs", name="Theirs", texts=texts, syntax="sendcloud")
    return "theirs", "nobodys"


def domain(one: Customer) -> Pair:
    return one.domain, "nobodys.example"


def user(one: Customer) -> Pair:
    tell_of(one)
    return one.given["smtp_user"]["name"], "smtp_nobody"


def suppressed(cause: str) -> Callable[[Customer], Pair]:
    def pair(one: Customer) -> Pair:
        suppress(tenant_of(one), "rita@theirs.example", cause)
        return "rita@theirs.example", "rita@nobodys.example"

    return pair


def recipient(one: Customer) -> Pair:
    tell_of(one)
    one.made("mail/send", to="rita@theirs.example")
    return "rita@theirs.example", "rita@nobodys.example"


def receiver(one: Customer) -> Pair:
    tell_of(one)
    return "theirs.example", "nobodys.example"


def email_id(one: Customer) -> Pair:
    (found,) = one.made("mail/send")["info"]["emailIdList"]
    return found, found.replace("sc-", "sc-0")


def url(one: Customer) -> Pair:
    return one.made("webhook/add")["info"]["data"]["url"], f"{one.hook}?nobody"


def tell_of(one: Customer) -> None:
    """Let a copy of the tenant's mail to theirs.example, labelled so, have come to every end there is."""
    fields = {"smtp_user_id": tenant_of(one).smtp_user.pk, "tags": ["theirs"], "at": clock.now()}
    to = {"recipient": "rita@theirs.example", "recipient_domain": "theirs.example"}
    for kind in (EventType.ACCEPTED, EventType.OPENED, EventType.COMPLAINED, EventType.UNSUBSCRIBED, EventType.SUPPRESSED):
        tell_one(tenant_of(one).account.pk, kind, **fields, **to)
    suppress(tenant_of(one), "rita@theirs.example", "unsubscribed", at=clock.now())


_MAIL: Names = {"from": sender, "labelId": label, "to": address_list}
_MAIL_V1: Names = {"from": sender, "label": label, "to": address_list}
_TEMPLATE: Names = {"invokeName": template}
_TEMPLATE_V1: Names = {"invoke_name": template}
_LIST: Names = {"address": address_list}
_LIST_V1: Names = {"mail_list_addr": address_list}
_LABEL: Names = {"labelId": label}
_NUMBERS: Names = {"apiUserList": user, "labelIdList": label, "domainList": receiver}
_HOOK: Names = {"url": url, "categoryName": user}
FOREIGN: dict[str, Names] = {
    "mail/send": _MAIL,
    "mail/sendtemplate": _MAIL | {"templateInvokeName": template},
    "mail/sendcalendar": _MAIL,
    "mail/taskinfo": {"maillistTaskId": task},
    **{f"template/{verb}": _TEMPLATE for verb in ("list", "get", "add", "update", "delete", "submit")},
    **{f"addresslist/{verb}": _LIST for verb in ("list", "add", "delete")},
    "addresslist/update": _LIST | {"newAddress": address_list},
    **{f"addressmember/{verb}": _LIST for verb in ("list", "get", "add", "update", "delete")},
    "label/list": {"query": label_name},
    "label/get": _LABEL,
    "label/add": {"labelName": label_name},
    "label/update": _LABEL | {"labelName": label_name},
    "label/delete": _LABEL,
    "domain/list": {"name": domain},
    "domain/add": {"name": domain},
    "domain/update": {"name": domain, "newName": domain},
    "apiuser/list": {"domainName": domain},
    "apiuser/add": {"domainName": domain},
    "bounce/list": {"email": suppressed("bounced")},
    "bounce/delete": {"email": suppressed("bounced")},
    "unsubscribe/list": {"email": suppressed("unsubscribed"), "apiUserList": user, "labelIdList": label},
    "unsubscribe/delete": {"email": suppressed("unsubscribed")},
    "spamreported/list": {"email": recipient},
    "openandclick/list": {"email": recipient, "apiUserList": user, "labelId": label},
    "data/emailStatus": {"email": recipient, "emailIds": email_id, "apiUserList": user},
    **dict.fromkeys(("statday/list", "stathour/list", "invalidstat/list"), _NUMBERS),
    "webhook/list": _HOOK,
    "webhook/add": _HOOK,
    "webhook/update": _HOOK | {"newUrl": url, "newCategoryName": user},
    "webhook/delete": _HOOK,
    "webapi/mail.send": _MAIL_V1,
    "webapi/mail.send_template": _MAIL_V1 | {"template_invoke_name": template},
    **{f"webapi/list.{verb}": _LIST for verb in ("get", "create", "delete")},
    "webapi/list.update": _LIST | {"toAddress": address_list},
    **{f"webapi/list_member.{verb}": _LIST_V1 for verb in ("get", "add", "update", "delete")},
    **{f"webapi/template.{verb}": _TEMPLATE_V1 for verb in ("get", "add", "update", "delete")},
}


def names_something(call: str, field: str) -> bool:
    """Tell whether a field may name what is somebody's; with lists of addresses, `to` does."""
    is_sent_to = field == "to" and call in FOREIGN
    return is_sent_to or (field not in NO_NAMES and (call, field) not in NOT_HERE)


def put(call: dict[str, Any], field: str, value: Any) -> dict[str, Any]:
    """Return a call with a value in a field. What changes one thing changes no other; one list is for addresses or days."""
    if field == "to":
        return call | {"to": value, "useAddressList": "true", "use_maillist": "true"}
    if field in {"newUrl", "newCategoryName"}:
        call = call | {"newEvent": None}
    if field in {"email", "apiUserList", "labelIdList"}:
        call = call | {"email": None, "emailIds": None, "days": "1"}
    return call | {field: value}

"""Another tenant's ids and names are answered exactly like those of nothing, in every call that takes one.

FOREIGN says what a field names, by the call. That a field may name something is seen by how it is called (LIKE_A_NAME); what
only looks like one stands in NO_NAMES with the reason. That there is something of that name is seen by its owner's own call.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse

from accounts.models import AuditEntry
from domains.models import SenderDomain, TrackingDomain
from domains.trackinghosts import add_tracking_domain
from gateway.base import clock
from gateway.models import Message
from templates_app.models import Member
from tests.gateway.api.conformance import mailup, octeth, sendclean, sendcloud
from tests.gateway.api.customers import COMMANDS, Customer, is_done
from tests.gateway.api.octeth.commands import NOBODY
from tests.gateway.api.sendclean.sending import RAW
from tests.gateway.api.sendcloud import strangers as of_sendcloud
from tests.support.lists import make_list

Pair = tuple[Any, Any]  # what is theirs, and what is nobody's
Names = dict[str, Callable[[Customer], Pair]]  # by field

SENDCLOUD = sendcloud()
CALLS = {**sendclean(), **octeth(), **mailup(), **SENDCLOUD}
LIKE_A_NAME = re.compile(r"(?i)(^|[._-])\w*(id|ids|label|name|domain|user|username|email|from|mailfrom|raw_message)$")
NO_NAMES = {
    "name": "of a person or a file, for the mail",
    "from_name": "of a person, for the mail",
    "email": "of whom the mail is for",
    "filename": "of a file, for the mail",
    "contentid": "of a file within the mail",
    "to": "of whom the mail is for",
    "StartFrom": "a place in a list",
    "Subdomain": "a part of a host of the caller's own domain",
    "RecipientToDomain": "a receiving domain, which is nobody's",
    "UUID": "chosen by the caller; keys of two accounts never meet (tests/gateway/engine/test_idempotency.py)",
    "MailFrom": "not used",
    "JourneyID": "the vendor's own; comes back with events",
    "ActionID": "the vendor's own; comes back with events",
}
# Taken, and of no meaning: the vendor's own list manager's.
OF_NO_MEANING = {("EmailGateway.AddAPI", field) for field in ("ListID", "SubscriberID")}


def domain_id(one: Customer) -> Pair:
    return one.domain_id, NOBODY


def domain_name(one: Customer) -> Pair:
    return one.domain, "nobodys.example"


def address(one: Customer) -> Pair:
    return f"news@{one.domain}", "news@nobodys.example"


def tracking_domain(one: Customer) -> Pair:
    return one.right("settings/checkTrackingDomain")["domain"], "nobodys.example"


def made_by(name: str, field: str, nobody: Any = NOBODY) -> Callable[[Customer], Pair]:
    """Name something that a right call makes or finds for itself."""
    return lambda one: (one.right(name)[field], nobody)


def smtp_user(one: Customer) -> Pair:
    return one.given["smtp_user"]["name"], "smtp_nobody"


def template(one: Customer) -> Pair:
    return str(one.given["template"]["id"]), str(NOBODY)


def address_list(one: Customer) -> Pair:
    assert one.tenant is not None
    return make_list(one.tenant.account.pk, 1).pk, NOBODY


def member(one: Customer) -> Pair:
    address_list(one)
    return Member.objects.latest("pk").pk, NOBODY


def message_id(one: Customer) -> Pair:
    one.made("POST /api/v1/email")
    return str(Message.objects.latest("pk").public_id), "0190163d-8694-739b-aea5-966c26f8ad91"


def account_id(one: Customer) -> Pair:
    return one.given["account"]["id"], NOBODY


def unique_id(one: Customer) -> Pair:
    call = one.right("messages/sendMail")
    headers = {"X-Unique-Id": "theirs"}
    one.made("messages/sendMail", message=call["message"] | {"headers": headers})
    return "theirs", "nobody's"


def host_of_links(one: Customer) -> Pair:
    assert one.tenant is not None
    host = add_tracking_domain(one.tenant.account, f"links.{one.domain}")
    TrackingDomain.objects.filter(pk=host.pk).update(verified_at=clock.now())
    return host.name, "links.nobodys.example"


def return_host(one: Customer) -> Pair:
    assert one.tenant is not None
    SenderDomain.objects.filter(pk=one.domain_id).update(return_path_at=clock.now())
    return one.tenant.domain.return_host, "bounce.nobodys.example"


def whole_mail(one: Customer) -> Pair:
    raw = RAW.replace("acme.example", one.domain)
    return raw, raw.replace(one.domain, "nobodys.example")


_OF_A_MAIL: Names = {
    "smtp_user_name": smtp_user,
    "message.from_email": address,
    "message.headers.x-stes-trackingdomain": host_of_links,
    "message.headers.x-stes-signingdomain": domain_name,
    "message.headers.x-stes-returnpathdomain": return_host,
}
_WEBHOOK: Names = {"webhook_id": made_by("settings/getWebhookInfo", "webhook_id")}
_BY_DOMAIN: Names = {"DomainID": domain_id}
_KEY: Names = {"ApiKeyId": made_by("EmailGateway.DeleteAPI", "ApiKeyId")}
_SMTP: Names = {"smtpid": made_by("EmailGateway.DeleteSMTP", "smtpid")}
FOREIGN: dict[str, Names] = of_sendcloud.FOREIGN | {
    "messages/sendMail": _OF_A_MAIL,
    "messages/sendTemplate": _OF_A_MAIL | {"message.template_id": template},
    "messages/sendTemplateHTTPGet": {"smtp_user_name": smtp_user, "template_id": template, "from_email": address},
    "messages/sendRaw": {"smtp_user_name": smtp_user, "raw_message": whole_mail},
    "messages/getMessageInfo": {"x_unique_id": unique_id},
    "settings/editSmtp": {"smtp_user_name": smtp_user},
    "settings/resetSmtpPassword": {"smtp_user_name": smtp_user},
    "settings/addSendingDomain": {"domain": domain_name},
    "settings/checkSendingDomain": {"domain": domain_name},
    "settings/verifySendingDomain": {"domain": domain_name},
    "settings/deleteSendingDomain": {"domain": domain_name},
    "settings/addTrackingDomain": {"domain": tracking_domain},
    "settings/checkTrackingDomain": {"domain": tracking_domain},
    "settings/deleteTrackingDomain": {"domain": tracking_domain},
    "settings/editWebhook": _WEBHOOK,
    "settings/keyResetWebhook": _WEBHOOK,
    "settings/getWebhookInfo": _WEBHOOK,
    "settings/deleteWebhook": _WEBHOOK,
    "POST /api/v1/email": {
        "From": address,
        "TemplateID": template,
        "TargetListID": address_list,
        "ListID": address_list,
        "SubscriberID": member,
    },
    "DELETE /api/v1/webhooks": {"WebhookID": made_by("DELETE /api/v1/webhooks", "WebhookID")},
    "GET /api/v1/events": {"MessageID": message_id},
    "GET /api/v1/inbound-relay-domain-check": {"Domain": domain_name},
    "User.Login": {"Username": lambda one: (one.given["console"]["email"], "nobody@acme.example"), "AccountID": account_id},
    "EmailGateway.AddDomain": {"DomainName": domain_name},
    "EmailGateway.ReplaceAPI": _KEY,
    "EmailGateway.DeleteAPI": _KEY,
    "EmailGateway.DeleteSMTP": _SMTP,
    "EmailGateway.ResetSMTPPassword": _SMTP,
    "EmailGateway.DeleteWebhook": _BY_DOMAIN | {"WebhookID": made_by("EmailGateway.DeleteWebhook", "WebhookID")},
    "EmailGateway.ExportEvents": _BY_DOMAIN | {"MessageID": message_id},
    "EmailGateway.AccountStats": {"DomainIDs": lambda one: ([one.domain_id], [NOBODY])},
    "EmailGateway.SMTPRelay": {"SMTPUsername": smtp_user, "RawEmail": whole_mail},
    "SendMessage": {"From": address},
    "SendTemplate": {"From": address, "TemplateId": template},
    "ListUserInfo": {"Username": smtp_user},
    **{
        f"EmailGateway.{name}": _BY_DOMAIN
        for name in (
            *("DeleteDomain", "GetDomain", "UpdateDomain", "VerifyDomain", "AddAPI", "GetAPIs", "AddSMTP", "GetSMTPs"),
            *("AddWebhook", "GetWebhooks", "RegenerateSigningKey", "GetEvents", "AggrEvents", "ClearDomainQueue"),
            *("DomainStats", "DailySeries", "RecipientDomainStats", "ListRecipientDomains"),
        )
    },
}
ROWS = [(name, field) for name, fields in FOREIGN.items() for field in fields]
# What is asked, and whose row it is: a call that is a command as well is tried by both.
WAYS = [(asked, name, field) for name, field in ROWS for asked in (name, COMMANDS.get(name, "")) if asked]


def names_something(call: str, field: str) -> bool:
    if call in SENDCLOUD:
        return of_sendcloud.names_something(call, field)
    last = re.split(r"[.\]]", field)[-1]
    return (call, field) not in OF_NO_MEANING and last not in NO_NAMES and LIKE_A_NAME.search(field) is not None


def test_every_field_that_may_name_something_has_a_row() -> None:
    named = {(name, field.name) for name, call in CALLS.items() for field in call.fields if names_something(name, field.name)}
    assert named == {*ROWS}


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_what_is_theirs_is_like_what_is_not_there(ours: Customer, theirs: Customer, way: tuple[str, str, str]) -> None:
    asked, name, field = way
    their_s, nobody_s = FOREIGN[name][field](theirs)
    call = ours.right(asked)
    put = of_sendcloud.put if name in SENDCLOUD else put_in
    audited = AuditEntry.objects.count()
    calls = [call, ours.right(asked) if field in of_sendcloud.NEW_NAMES else call]
    answers = [ours.ask(asked, put(*each)) for each in zip(calls, (field, field), (their_s, nobody_s), strict=True)]
    assert seen(answers[0], their_s) == seen(answers[1], nobody_s)
    assert is_done(answers[0]) or AuditEntry.objects.count() == audited
    own = theirs.ask(asked, put(theirs.right(asked), field, their_s))
    assert seen(own, their_s) != seen(answers[1], nobody_s)  # it is there, for whose it is


def put_in(call: dict[str, Any], field: str, value: Any) -> dict[str, Any]:
    """Return a call with a value in a field, which may be one of a struct: `message.from_email`."""
    if field == "From":
        return call | {"From": {key: value if key.lower() == "email" else said for key, said in call["From"].items()}}
    if field == "TargetListID":
        call = call | {"To": None}
    outer, dot, inner = field.partition(".")
    return call | {outer: put_in(call.get(outer, {}), inner, value) if dot else value}


def seen(response: HttpResponse, value: Any) -> tuple[int, bytes, dict[str, str]]:
    """Return what is seen of an answer, with a mark where it repeats what it was asked; what is made anew differs each time."""
    body = re.sub(rf"(?<=[\s@.\"'(]){re.escape(_word_of(value))}(?!\w)", "*", response.content.decode())
    body = MADE_ANEW.sub("*", body)
    headers = {name: text for name, text in response.headers.items() if name != "Content-Length"}
    return response.status_code, body.encode(), headers


def _word_of(value: Any) -> str:
    """Return the part of what was asked for that an answer may repeat: of an address and of a mail, the sender's domain."""
    word = str(value[0] if isinstance(value, list) else value)
    return re.sub(r"(?s).*?@([\w.]+).*", r"\1", word)


# Ids, tokens and keys of what a call makes; when it did, and the message that was accepted.
MADE_ANEW = re.compile(
    r'(?<="NewSenderDomainID":)\d+|(?<="DomainID":)\d+|(?<="labelId":)\d+|(?<="CreatedAt":")[\d :-]+|gatepost-verify=\w+'
    r'|(?<=p=)[\w+/=]+|(?<="gmtCreated":")[\d :-]+|(?<="gmtUpdated":")[\d :-]+|(?<="appKey":")[^"]+|(?<=_at":")[\d :-]+'
)

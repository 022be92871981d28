"""A right call of each of SendCloud's, as its fields beside the credentials (tests/gateway/api/customers.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.gateway.api.customers import Customer

Fields = dict[str, Any]
MEETING = {
    "startTime": "2030-01-31 09:00:00",
    "endTime": "2030-01-31 10:00:00",
    "title": "Budget",
    "organizerName": "Joe",
    "organizerEmail": "joe@inbox.example",
    "location": "Room 1",
}
TO_RITA = '{"to": ["rita@inbox.example"], "sub": {"%NAME%": ["Rita"]}}'
TODAY = {"days": "1"}
OF_LISTS: Mapping[str, str] = {"address": "address", "members": "members"}
OF_LISTS_V1: Mapping[str, str] = {"address": "mail_list_addr", "members": "member_addr"}
_numbers = count(1)


def _mail(customer: Customer) -> Fields:
    return {"from": customer.sender, "to": "rita@inbox.example", "subject": "Hello", "html": "<p>Hello</p>"}


def _templated(customer: Customer, template: str, values: str) -> Fields:
    name = customer.given["template"]["invoke_name"]
    return {"from": customer.sender, "subject": "Hello", template: name, values: TO_RITA}


def _task(customer: Customer) -> Fields:
    sent = customer.made("mail/send", useAddressList="true", to=_list(customer)["address"])
    return {"maillistTaskId": sent["info"]["maillistTaskId"][0]}


def _number() -> int:
    """Return a number for a name that no call has named yet."""
    return next(_numbers)


def _new_template() -> Fields:
    return {"invokeName": f"t{_number()}", "name": "Welcome", "html": "<p>Hi</p>", "subject": "Hi", "templateType": 0}


def _template(customer: Customer) -> Fields:
    return {"invokeName": customer.made("template/add")["info"]["data"]["invokeName"]}


def _template_v1(customer: Customer) -> Fields:
    return {"invoke_name": _template(customer)["invokeName"]}


def _new_list() -> Fields:
    return {"address": f"l{_number()}@maillist.sendcloud.org", "name": "News"}


def _list(customer: Customer) -> Fields:
    """Make a list with a member."""
    made = {"address": customer.made("addresslist/add")["info"]["data"]["address"]}
    customer.made("addressmember/add", **made)
    return made


def _members(customer: Customer, names: Mapping[str, str] = OF_LISTS) -> Fields:
    return {names["address"]: _list(customer)["address"], names["members"]: "rita@inbox.example"}


def _new_members(names: Mapping[str, str]) -> Callable[[Customer], Fields]:
    def right(customer: Customer) -> Fields:
        made = customer.made("addresslist/add")["info"]["data"]
        return {names["address"]: made["address"], names["members"]: "rita@inbox.example"}

    return right


def _label(customer: Customer) -> Fields:
    return {"labelId": customer.made("label/add")["info"]["data"]["labelId"]}


def _domain(customer: Customer) -> Fields:
    return {"name": customer.made("domain/add")["info"]["data"]["name"]}


def _new_user(customer: Customer) -> Fields:
    return {"name": f"api_user_{_number()}", "emailType": 0, "domainName": customer.domain}


def _unsubscribed(customer: Customer) -> Fields:
    customer.made("unsubscribe/add")
    return {"email": "rita@inbox.example"}


def _new_hook(customer: Customer) -> Fields:
    return {"url": f"{customer.hook}?{_number()}", "categoryName": "all", "event": "1,4"}


def _hook(customer: Customer) -> Fields:
    made = customer.made("webhook/add")["info"]["data"]
    return {"url": made["url"], "categoryName": made["categoryName"]}


RIGHT: dict[str, Callable[[Customer], Fields]] = {
    "mail/send": _mail,
    "mail/sendtemplate": lambda one: _templated(one, "templateInvokeName", "xsmtpapi"),
    "mail/sendcalendar": lambda one: _mail(one) | MEETING,
    "mail/taskinfo": _task,
    "template/list": lambda one: _template(one) | {"templateType": 0, "templateStat": 1, "start": 0, "limit": 10},
    "template/get": _template,
    "template/add": lambda _: _new_template(),
    "template/update": lambda one: _template(one) | {"name": "Goodbye"},
    "template/delete": _template,
    "template/submit": _template,
    "addresslist/list": _list,
    "addresslist/add": lambda _: _new_list(),
    "addresslist/update": lambda one: _list(one) | {"newAddress": _new_list()["address"]},
    "addresslist/delete": _list,
    "addressmember/list": _list,
    "addressmember/get": _members,
    "addressmember/add": _new_members(OF_LISTS),
    "addressmember/update": lambda one: _members(one) | {"newMembers": "rosa@inbox.example", "names": "Rosa"},
    "addressmember/delete": _members,
    "label/list": lambda one: {"query": one.made("label/add")["info"]["data"]["labelName"]},
    "label/get": _label,
    "label/add": lambda _: {"labelName": f"label {_number()}"},
    "label/update": lambda one: _label(one) | {"labelName": f"label {_number()}"},
    "label/delete": _label,
    "domain/list": lambda one: {"name": one.domain, "type": 1},
    "domain/add": lambda _: {"name": f"d{_number()}.example"},
    "domain/update": lambda one: _domain(one) | {"newName": f"d{_number()}.example"},
    "apiuser/list": lambda _: {"emailType": 0, "cType": 1},
    "apiuser/add": _new_user,
    "bounce/list": lambda _: TODAY,
    "bounce/delete": lambda _: {"email": "rita@inbox.example"},
    "bounce/count": lambda _: TODAY,
    "unsubscribe/list": _unsubscribed,
    "unsubscribe/add": lambda _: {"email": "rita@inbox.example"},
    "unsubscribe/delete": _unsubscribed,
    "spamreported/list": lambda _: TODAY,
    "openandclick/list": lambda _: TODAY,
    "data/emailStatus": lambda one: {"emailIds": ";".join(one.made("mail/send")["info"]["emailIdList"])},
    "statday/list": lambda _: TODAY,
    "stathour/list": lambda _: TODAY,
    "invalidstat/list": lambda _: TODAY,
    "webhook/list": lambda one: {"url": _hook(one)["url"]},
    "webhook/add": _new_hook,
    "webhook/update": lambda one: _hook(one) | {"newEvent": "1,3"},
    "webhook/delete": _hook,
    "userinfo/get": lambda _: {},
    "webapi/mail.send": _mail,
    "webapi/mail.send_template": lambda one: _templated(one, "template_invoke_name", "substitution_vars"),
    "webapi/list.get": _list,
    "webapi/list.create": lambda _: _new_list(),
    "webapi/list.update": lambda one: _list(one) | {"toAddress": _new_list()["address"]},
    "webapi/list.delete": _list,
    "webapi/list_member.get": lambda one: {"mail_list_addr": _list(one)["address"]},
    "webapi/list_member.add": _new_members(OF_LISTS_V1),
    "webapi/list_member.update": lambda one: _members(one, OF_LISTS_V1) | {"name": "Rosa"},
    "webapi/list_member.delete": lambda one: _members(one, OF_LISTS_V1),
    "webapi/template.get": _template_v1,
    "webapi/template.add": lambda _: {"invoke_name": f"t{_number()}", "name": "Welcome", "html": "<p>Hi</p>"},
    "webapi/template.update": lambda one: _template_v1(one) | {"name": "Goodbye"},
    "webapi/template.delete": _template_v1,
}

"""apiuser/*: every status over HTTP, secrets that are said once, and nothing of another account's."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from accounts.models import Account, AuditEntry
from domains.actions import add_smtp_user, delete_smtp_user
from domains.credentials import authenticate_smtp_user, forget
from domains.models import SenderDomain, SMTPUser
from gateway.api.sendcloud.codes import CODES
from gateway.api.sendcloud.errors import VAGUE
from gateway.api.sendcloud.errors.never import NEVER
from templates_app.models import UnsubscribePage
from tests.gateway.api.sendcloud.asking import Answer, Ask, ask_as, refusal_of
from tests.gateway.api.sendcloud.conftest import Send, make_mail
from tests.gateway.api.sendcloud.wires import part_of, read_tracked_mails
from tests.support.cast import Tenant
from tests.support.doors import accept_inline
from tracking.links import Purpose, read_token

pytestmark = pytest.mark.django_db

OURS = set(range(41101, 41120))
NEW = {"name": "acme_news", "emailType": 1, "domainName": "acme.example"}
REFUSED: list[tuple[int, str, dict[str, Any]]] = [
    (40002, "apiuser/list", {"start": -1}),
    (40003, "apiuser/list", {"limit": ""}),
    (41101, "apiuser/list", {"emailType": ""}),
    (41101, "apiuser/add", {"emailType": None}),
    (41102, "apiuser/list", {"emailType": 2}),
    (41102, "apiuser/add", {"emailType": "trigger"}),
    (41103, "apiuser/list", {"cType": ""}),
    (41104, "apiuser/list", {"cType": "-1"}),
    (41105, "apiuser/list", {"domainName": ""}),
    (41105, "apiuser/add", {"domainName": None}),
    (41106, "apiuser/list", {"domainName": "no domain"}),
    (41106, "apiuser/add", {"domainName": "acme.example;fresh.example"}),
    (41107, "apiuser/list", {"domainName": "a" * 251}),
    (41107, "apiuser/add", {"domainName": "a" * 251}),
    (41108, "apiuser/list", {"domainName": "nobodys.example"}),
    (41108, "apiuser/add", {"domainName": "nobodys.example"}),
    (41110, "apiuser/add", {"name": None}),
    (41110, "apiuser/add", {"name": ""}),
    (41111, "apiuser/add", {"name": "acme1"}),
    (41111, "apiuser/add", {"name": "a" * 33}),
    (41111, "apiuser/add", {"name": "acme-news"}),
    (41111, "apiuser/add", {"name": "acme_news\n"}),
    (41111, "apiuser/add", {"name": "ａcme_news"}),
    (41113, "apiuser/add", {"open": ""}),
    (41114, "apiuser/add", {"open": "yes"}),
    (41115, "apiuser/add", {"click": ""}),
    (41116, "apiuser/add", {"click": 7}),
    (41117, "apiuser/add", {"unsubscribe": ""}),
    (41118, "apiuser/add", {"unsubscribe": "never"}),
    (41119, "apiuser/add", {"name": "smtp_acme"}),
    (41119, "apiuser/add", {"name": "smtp_globex"}),
]
SEEN_BELOW = {41109, 41112}


def add(ask: Ask, **parameters: Any) -> Answer:
    given = {name: value for name, value in (NEW | parameters).items() if value is not None}
    return ask("apiuser/add", **given)


def names_in(answer: Answer) -> list[str]:
    return [user["name"] for user in answer["info"]["dataList"]]


@pytest.mark.parametrize("way", ["get", "form", "multipart", "json"])
def test_it_works(ask: Ask, acme: Tenant, way: str) -> None:
    added = add(ask, way=way, open=1, click=0, unsubscribe="1")
    assert (added["result"], added["statusCode"], added["message"]) == (True, 200, "请求成功")
    shown = added["info"]["data"]
    secret = shown.pop("nameKey")
    credential = authenticate_smtp_user("acme_news", secret)
    assert (credential.account_id, credential.domain_id, credential.email_type) == (acme.account.pk, acme.domain.pk, 1)
    assert (credential.track_opens, credential.track_clicks, credential.unsubscribe_link) == (True, False, True)
    times = {shown.pop("gmtCreated"), shown.pop("gmtUpdated")}
    assert all(len(time) == len("2015-05-21 16:30:52") for time in times)
    assert shown == {
        "name": "acme_news",
        "cType": "非测试",
        "emailType": "批量",
        "domainName": "acme.example",
        "open": 1,
        "click": 0,
        "unsubscribe": 1,
    }
    listed = ask("apiuser/list", way=way)
    assert (listed["info"]["count"], listed["info"]["total"], names_in(listed)) == (2, 2, ["smtp_acme", "acme_news"])
    assert listed["info"]["dataList"][1]["nameKey"] == secret[:4] + "*" * 12
    assert secret not in str(listed) + str(list(AuditEntry.objects.values()))
    (entry,) = AuditEntry.objects.for_account(acme.account)
    assert (entry.action, entry.target, entry.actor) == ("added SMTP user", "acme_news", "smtp_acme")


@pytest.mark.parametrize(("code", "call", "parameters"), REFUSED)
@pytest.mark.usefixtures("globex")
def test_what_is_wrong_has_its_code_and_words(ask: Ask, code: int, call: str, parameters: dict[str, Any]) -> None:
    answer = add(ask, **parameters) if call == "apiuser/add" else ask(call, **parameters)
    assert refusal_of(answer) == (code, CODES[code])
    assert bool(answer["info"]) is (code in VAGUE)
    assert SMTPUser.objects.count() == 2
    assert not AuditEntry.objects.exists()


def test_every_code_is_seen_or_never_said() -> None:
    seen = {code for code, _, _ in REFUSED} | SEEN_BELOW
    assert OURS - seen == OURS & set(NEVER)
    assert not seen & set(NEVER)


def test_there_are_as_many_as_the_account_may_have(ask: Ask, acme: Tenant) -> None:
    Account.objects.filter(pk=acme.account.pk).update(max_smtp_users=1)
    answer = add(ask)
    assert refusal_of(answer) == (41112, CODES[41112])
    assert "may have 1 SMTP users" in answer["info"]["reason"]


def test_a_caller_that_was_just_deleted_adds_nobody(ask: Ask, acme: Tenant) -> None:
    ask("apiuser/list")  # the caller is known for four seconds
    SMTPUser.objects.filter(pk=acme.smtp_user.pk).update(is_deleted=True)
    assert refusal_of(add(ask)) == (41109, CODES[41109])


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({"emailType": 0}, ["smtp_acme", "acme_trigger"]),
        ({"emailType": "1"}, ["acme_batch"]),
        ({"cType": 1}, ["smtp_acme", "acme_trigger", "acme_batch"]),
        ({"cType": 0}, []),
        ({"domainName": "Acme.Example"}, ["acme_trigger", "acme_batch"]),
        ({"domainName": "acme.example", "emailType": 1}, ["acme_batch"]),
        ({"start": 1, "limit": 1}, ["acme_trigger"]),
    ],
)
def test_a_list_is_of_what_was_asked_for(ask: Ask, parameters: dict[str, Any], found: list[str]) -> None:
    for number, name in enumerate(("acme_trigger", "acme_batch")):
        add(ask, name=name, emailType=number)
    assert names_in(ask("apiuser/list", **parameters)) == found


def test_what_a_user_does_not_say_is_as_the_domain_has_it(ask: Ask, acme: Tenant) -> None:
    Account.objects.filter(pk=acme.account.pk).update(track_opens=True)
    SenderDomain.objects.filter(pk=acme.domain.pk).update(track_clicks=True, unsubscribe_link=True)
    shown = add(ask)["info"]["data"]
    assert (shown["open"], shown["click"], shown["unsubscribe"]) == (1, 1, 1)
    made = SMTPUser.objects.get(name="acme_news")
    assert (made.track_opens, made.track_clicks, made.unsubscribe_link) == (None, None, None)


def test_deleted_users_are_not_listed_and_their_names_not_given_again(ask: Ask, acme: Tenant) -> None:
    add(ask)
    delete_smtp_user(SMTPUser.objects.get(name="acme_news"))
    assert names_in(ask("apiuser/list")) == ["smtp_acme"]
    assert refusal_of(add(ask))[0] == 41119


def test_nobody_makes_a_user_who_may_send_more(ask: Ask, acme: Tenant) -> None:
    other = SenderDomain.objects.create(account=acme.account, name="other.example", verification_token="token")
    SMTPUser.objects.filter(pk=acme.smtp_user.pk).update(domain=acme.domain, senders="news@acme.example")
    forget()
    answer = add(ask, domainName=other.name)
    assert refusal_of(answer) == (41119, CODES[41119])
    assert "other.example" in answer["info"]["reason"]
    add(ask)
    assert SMTPUser.objects.get(name="acme_news").senders == "news@acme.example"


@pytest.mark.parametrize("limits", [{"hourly_limit": 10}, {"total_limit": 100}, {"hourly_limit": 0, "total_limit": 0}])
def test_who_may_send_only_so_much_makes_nobody_to_send_more_with(ask: Ask, acme: Tenant, limits: dict[str, int]) -> None:
    SMTPUser.objects.filter(pk=acme.smtp_user.pk).update(**limits)
    answer = add(ask)
    assert refusal_of(answer) == (41119, CODES[41119])
    assert "only so much" in answer["info"]["reason"]
    assert names_in(ask("apiuser/list")) == ["smtp_acme"]


def test_another_accounts_users_and_domains_are_as_nobodys(ask: Ask, globex: Tenant) -> None:
    add_smtp_user(globex.account, name="globex_news", domain=globex.domain)
    for name in ("globex.example", "nobodys.example"):
        assert refusal_of(ask("apiuser/list", domainName=name)) == (41108, CODES[41108])
        assert refusal_of(add(ask, domainName=name)) == (41108, CODES[41108])
    assert names_in(ask("apiuser/list")) == ["smtp_acme"]
    assert names_in(ask_as(globex)("apiuser/list")) == ["smtp_globex", "globex_news"]


def test_an_added_user_sends_from_its_domain_only(ask: Ask, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    accept_inline(monkeypatch)
    SenderDomain.objects.create(account=acme.account, name="other.example", verification_token="token", is_trusted=True)
    caller = {"apiUser": "acme_news", "apiKey": add(ask)["info"]["data"]["nameKey"]}
    mail = make_mail(acme) | caller
    assert ask("mail/send", **mail)["result"] is True
    answer = ask("mail/send", **mail | {"from": "news@other.example"})
    assert (answer["statusCode"], "acme.example only" in answer["info"]["reason"]) == (40901, True)


FILTERS = {"open_tracking": "0", "click_tracking": "0", "subscription_tracking": "0"}


@pytest.mark.parametrize(
    ("switches", "filters", "found"),
    [
        ({"open": 1, "click": 1, "unsubscribe": 1}, {}, {"o", "c", "u"}),
        ({"open": 1}, {}, {"o"}),
        ({}, {}, set()),
        ({"open": 1, "click": 1, "unsubscribe": 1}, FILTERS, set()),
    ],
)
def test_what_a_user_has_is_in_its_mail_unless_the_call_says_otherwise(
    send: Send, ask: Ask, switches: dict[str, int], filters: dict[str, str], found: set[str]
) -> None:
    caller = {"apiUser": "acme_news", "apiKey": add(ask, **switches)["info"]["data"]["nameKey"]}
    said = {name: {"settings": {"enable": value}} for name, value in filters.items()}
    html = '<p>See <a href="https://shop.example/">the shop</a></p>'
    answer = send(**caller, html=html, xsmtpapi=json.dumps({"to": ["ben@b.example"], "filters": said}))
    assert answer["result"] is True
    (mail,) = read_tracked_mails().values()
    assert set(re.findall(r"/t/([ocu])/", part_of(mail, "html"))) == found


def test_the_page_of_a_call_beats_that_of_the_user(send: Send, ask: Ask, acme: Tenant) -> None:
    pages = [UnsubscribePage.objects.create(account=acme.account, name=name) for name in ("of the user", "of the call")]
    caller = {"apiUser": "acme_news", "apiKey": add(ask, unsubscribe=1)["info"]["data"]["nameKey"]}
    SMTPUser.objects.filter(name="acme_news").update(unsubscribe_page_id=pages[0].pk)
    forget()
    named = {"settings": {"unsubscribe": {"page_id": [pages[1].pk]}}}
    send(**caller, xsmtpapi=json.dumps({"to": ["first@b.example"]}))
    send(**caller, xsmtpapi=json.dumps({"to": ["second@b.example"], **named}))
    found = {email: page_of(part_of(mail, "html")) for email, mail in read_tracked_mails().items()}
    assert found == {"first@b.example": pages[0].pk, "second@b.example": pages[1].pk}


def page_of(html: str) -> int:
    """Return the page that the link to unsubscribe by in a mail leads to."""
    url = urlsplit(re.findall(r'href="([^"]*/t/u/[^"]*)"', html)[0])
    link = read_token(url.path.rpartition("/")[2], Purpose.UNSUBSCRIBE, url.netloc)
    assert link is not None
    return link.page_id

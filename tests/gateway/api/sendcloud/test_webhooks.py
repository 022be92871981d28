"""webhook/*: every status over HTTP, the test of a URL, whose events are told where, and nothing of another account's."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest

from accounts.models import Account, AuditEntry
from domains.actions import add_smtp_user, delete_smtp_user
from domains.models import SMTPUser
from gateway.api.sendcloud.codes import CODES
from gateway.api.sendcloud.errors import VAGUE
from gateway.api.sendcloud.errors.never import NEVER
from tests.gateway.api.sendcloud.asking import Answer, Ask, ask_as, refusal_of
from tests.support.cast import Tenant
from tests.support.endpoint import Endpoint, running_endpoint
from tests.tracking.webhooks.conftest import happen, make_fact
from tracking.models import EventType, Webhook, WebhookDelivery
from tracking.webhooks.actions import add_webhook, disable
from tracking.webhooks.calls import open_key

pytestmark = pytest.mark.django_db

OURS = set(range(40701, 40713))
EVERYTHING = "1,3,4,5,10,11,12,18"
MISSING = "https://hooks.example.com/missing"
# `hook` stands for the URL of acme's webhook, `bad` for one that fails its test, `free` for one that works.
REFUSED: list[tuple[int, str, dict[str, Any]]] = [
    (40001, "webhook/list", {"start": ""}),
    (40004, "webhook/list", {"limit": "many"}),
    (40701, "webhook/add", {"url": "free"}),
    (40701, "webhook/add", {"url": "free", "categoryName": ""}),
    (40701, "webhook/list", {"categoryName": ""}),
    (40701, "webhook/delete", {"url": "hook"}),
    (40701, "webhook/update", {"url": "hook", "categoryName": "all", "newCategoryName": ""}),
    (40702, "webhook/add", {"url": "free", "categoryName": "nobody"}),
    (40702, "webhook/add", {"url": "free", "categoryName": "a" * 65}),
    (40702, "webhook/list", {"categoryName": "nobody"}),
    (40702, "webhook/delete", {"url": "hook", "categoryName": "nobody"}),
    (40702, "webhook/update", {"url": "hook", "categoryName": "all", "newCategoryName": "nobody"}),
    (40703, "webhook/add", {"url": "free", "categoryName": "all", "event": ""}),
    (40703, "webhook/update", {"url": "hook", "categoryName": "all", "newEvent": ""}),
    (40704, "webhook/add", {"url": "free", "categoryName": "all", "event": "deliver"}),
    (40704, "webhook/add", {"url": "free", "categoryName": "all", "event": "1,2"}),
    (40704, "webhook/list", {"event": ","}),
    (40704, "webhook/update", {"url": "hook", "categoryName": "all", "newEvent": "1;3"}),
    (40705, "webhook/add", {"categoryName": "all"}),
    (40705, "webhook/list", {"url": ""}),
    (40705, "webhook/update", {"url": "hook", "categoryName": "all", "newUrl": ""}),
    (40706, "webhook/add", {"url": "hooks.example.com", "categoryName": "all"}),
    (40706, "webhook/add", {"url": "ftp://hooks.example.com/", "categoryName": "all"}),
    (40706, "webhook/add", {"url": "http://10.0.0.1/", "categoryName": "all"}),
    (40706, "webhook/add", {"url": f"http://hooks.example.com/{'a' * 2000}", "categoryName": "all"}),
    (40706, "webhook/update", {"url": "hook", "categoryName": "all", "newUrl": "http://169.254.169.254/"}),
    (40707, "webhook/add", {"url": "bad", "categoryName": "all"}),
    (40707, "webhook/update", {"url": "hook", "categoryName": "all", "newUrl": "bad"}),
    (40708, "webhook/add", {"url": "hook", "categoryName": "all", "event": "18"}),
    (40708, "webhook/update", {"url": "hook", "categoryName": "all", "newUrl": "hook"}),
    (40708, "webhook/update", {"url": "hook", "categoryName": "all", "newCategoryName": "all"}),
    (40709, "webhook/delete", {"url": MISSING, "categoryName": "all"}),
    (40709, "webhook/delete", {"url": "hook", "categoryName": "smtp_acme"}),
    (40709, "webhook/delete", {"url": "hook", "categoryName": "all", "event": "1"}),
    (40709, "webhook/update", {"url": MISSING, "categoryName": "all", "newEvent": "1"}),
    (40712, "webhook/update", {"url": "hook", "categoryName": "all"}),
    (40712, "webhook/update", {"url": "hook", "categoryName": "all", "newEvent": "1", "newCategoryName": "smtp_acme"}),
]
SEEN_BELOW = {40710}


@pytest.fixture
def endpoint(settings: Any) -> Iterator[Endpoint]:
    """A customer's receiver, of which /bad answers no test."""
    settings.GATEPOST_WEBHOOK_ALLOW = (ip_network("127.0.0.0/8"),)
    with running_endpoint({"/bad": 404}) as running:
        yield running


@pytest.fixture
def hook(acme: Tenant, endpoint: Endpoint) -> Webhook:
    """acme's webhook of all mail, for deliveries and reports of spam."""
    webhook, _ = add_webhook(
        acme.account, f"{endpoint.url}/hook", events=("delivered", "complained"), format_name=Webhook.Format.SENDCLOUD
    )
    endpoint.calls.clear()
    return webhook


def listed(answer: Answer) -> list[tuple[str, str, str]]:
    """Return path, category and events of the webhooks in an answer."""
    return [(f"/{hook['url'].rpartition('/')[2]}", hook["categoryName"], hook["event"]) for hook in answer["info"]["dataList"]]


@pytest.mark.parametrize("way", ["get", "form", "multipart", "json"])
def test_it_works(ask: Ask, acme: Tenant, endpoint: Endpoint, way: str) -> None:
    url, name = f"{endpoint.url}/events", acme.smtp_user.name
    added = ask("webhook/add", way=way, url=url, categoryName=name, event="5,1")
    assert (added["result"], added["statusCode"], added["message"]) == (True, 200, "请求成功")
    webhook = Webhook.objects.for_account(acme.account).get()
    shown = added["info"]["data"]
    assert set(shown) == {"url", "categoryName", "event", "appKey", "gmtCreated"}
    assert (shown["url"], shown["categoryName"], shown["event"], shown["appKey"]) == (url, name, "1,5", open_key(webhook))
    assert (webhook.format, webhook.smtp_user, webhook.domain) == ("sendcloud", acme.smtp_user, None)
    assert webhook.events == ["bounced_soft", "delivered", "expired", "failed"]
    answer = ask("webhook/list", way=way)
    assert answer["info"] == {"count": 1, "total": 1, "dataList": [shown]}
    one = {"url": url, "categoryName": name}
    assert ask("webhook/update", way=way, **one, newEvent="1,18")["info"] == {"count": 1}
    assert ask("webhook/delete", way=way, **one, event="18,1")["info"] == {"count": 1}
    assert not Webhook.objects.exists()
    entries = AuditEntry.objects.for_account(acme.account).order_by("pk")
    assert [(entry.action, entry.target, entry.actor) for entry in entries] == [
        (f"{past} webhook", url, "smtp_acme") for past in ("added", "changed", "deleted")
    ]


@pytest.mark.parametrize(("code", "call", "parameters"), REFUSED)
def test_what_is_wrong_has_its_code_and_words(
    ask: Ask, hook: Webhook, code: int, call: str, parameters: dict[str, Any]
) -> None:
    base = hook.url.removesuffix("hook")
    urls = {word: base + word for word in ("hook", "bad", "free")}
    answer = ask(call, **{name: urls.get(value, value) if "rl" in name else value for name, value in parameters.items()})
    assert refusal_of(answer) == (code, CODES[code])
    assert bool(answer["info"]) is (code in VAGUE)
    assert listed(ask("webhook/list")) == [("/hook", "all", "1,3")]
    assert not AuditEntry.objects.exists()


def test_every_code_is_seen_or_never_said() -> None:
    seen = {code for code, _, _ in REFUSED} | SEEN_BELOW
    assert OURS - seen == OURS & set(NEVER)
    assert not seen & set(NEVER)


def test_there_are_as_many_as_the_account_may_have(ask: Ask, acme: Tenant, hook: Webhook) -> None:
    Account.objects.filter(pk=acme.account.pk).update(max_webhooks=1)
    answer = ask("webhook/add", url=f"{hook.url}2", categoryName="all")
    assert refusal_of(answer) == (40710, CODES[40710])
    assert "may have 1 webhooks" in answer["info"]["reason"]


def test_events_may_be_an_array_and_none_are_all(ask: Ask, endpoint: Endpoint) -> None:
    ask("webhook/add", way="json", url=f"{endpoint.url}/a", categoryName="all", event=[18, "10"])
    ask("webhook/add", url=f"{endpoint.url}/b", categoryName="all")
    ask("webhook/add", way="json", url=f"{endpoint.url}/c", categoryName="all", event=11)
    assert listed(ask("webhook/list")) == [("/a", "all", "10,18"), ("/b", "all", EVERYTHING), ("/c", "all", "11")]


def test_a_url_is_tried_by_post_and_by_get(ask: Ask, endpoint: Endpoint) -> None:
    endpoint.script["/get"] = lambda before: 200 if before else 405
    ask("webhook/add", url=f"{endpoint.url}/get", categoryName="all")
    assert [call.method for call in endpoint.to("/get")] == ["POST", "GET"]
    ask("webhook/add", url=f"{endpoint.url}/post", categoryName="all")
    assert [call.method for call in endpoint.to("/post")] == ["POST"]
    refusal = ask("webhook/add", url=f"{endpoint.url}/bad", categoryName="all")
    assert refusal["statusCode"] == 40707
    assert "It answered 404." in refusal["info"]["reason"]
    assert [call.method for call in endpoint.to("/bad")] == ["POST", "GET"]
    assert listed(ask("webhook/list")) == [("/get", "all", EVERYTHING), ("/post", "all", EVERYTHING)]


def test_one_thing_is_changed_at_a_time(ask: Ask, acme: Tenant, hook: Webhook, endpoint: Endpoint) -> None:
    key = open_key(hook)
    ask("webhook/update", url=hook.url, categoryName="all", newUrl=f"{endpoint.url}/new")
    assert [call.path for call in endpoint.calls] == ["/new"]
    assert listed(ask("webhook/list")) == [("/new", "all", "1,3")]
    one = {"url": f"{endpoint.url}/new", "categoryName": "all"}
    ask("webhook/update", **one, event="1,3", newCategoryName="smtp_acme")
    assert listed(ask("webhook/list")) == [("/new", "smtp_acme", "1,3")]
    ask("webhook/update", **one | {"categoryName": "smtp_acme"}, newEvent="4")
    assert listed(ask("webhook/list")) == [("/new", "smtp_acme", "4")]
    hook.refresh_from_db()
    assert (hook.events, open_key(hook)) == (["bounced_hard", "suppressed"], key)


def test_a_new_url_that_works_brings_a_disabled_webhook_back(ask: Ask, hook: Webhook) -> None:
    disable(hook, "It answered 410.")
    ask("webhook/update", url=hook.url, categoryName="all", newUrl=f"{hook.url}2")
    hook.refresh_from_db()
    assert hook.is_active


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({}, ["/hook", "/ours"]),
        ({"categoryName": "all"}, ["/hook"]),
        ({"categoryName": "smtp_acme"}, ["/ours"]),
        ({"event": "3,1"}, ["/hook", "/ours"]),
        ({"event": "18"}, ["/ours"]),
        ({"start": 1}, ["/ours"]),
        ({"limit": 1}, ["/hook"]),
        ({"url": MISSING}, []),
    ],
)
def test_a_list_is_of_what_was_asked_for(ask: Ask, hook: Webhook, parameters: dict[str, Any], found: list[str]) -> None:
    ask("webhook/add", url=hook.url.replace("hook", "ours"), categoryName="smtp_acme")
    add_webhook(hook.account, hook.url)  # of another format, for the console alone
    answer = ask("webhook/list", **parameters)
    assert [path for path, _, _ in listed(answer)] == found
    assert listed(ask("webhook/list", url=hook.url)) == [("/hook", "all", "1,3")]


def test_a_webhook_of_a_user_is_told_of_that_users_mail(ask: Ask, acme: Tenant, hook: Webhook) -> None:
    ask("webhook/add", url=hook.url.replace("hook", "ours"), categoryName="smtp_acme", event="1")
    other, _ = add_smtp_user(acme.account, name="other")
    for user in (acme.smtp_user, other):
        happen(make_fact(acme, EventType.DELIVERED, smtp_user_id=user.pk))
    told = WebhookDelivery.objects.values_list("webhook__url", flat=True).order_by("webhook_id")
    assert [url.rpartition("/")[2] for url in told] == ["hook", "hook", "ours"]


def test_webhooks_of_a_deleted_user_can_still_be_deleted(ask: Ask, acme: Tenant, endpoint: Endpoint) -> None:
    gone, _ = add_smtp_user(acme.account, name="gone_soon")
    one = {"url": f"{endpoint.url}/gone", "categoryName": gone.name}
    ask("webhook/add", **one)
    delete_smtp_user(SMTPUser.objects.get(pk=gone.pk))
    assert ask("webhook/list", categoryName=gone.name)["info"]["count"] == 1
    assert refusal_of(ask("webhook/add", **one | {"url": f"{endpoint.url}/new"}))[0] == 40702
    assert ask("webhook/delete", **one)["info"] == {"count": 1}


def test_another_accounts_webhooks_and_users_are_as_nobodys(ask: Ask, globex: Tenant, endpoint: Endpoint) -> None:
    url = f"{endpoint.url}/theirs"
    theirs = ask_as(globex)
    theirs("webhook/add", url=url, categoryName="all", event="1")
    for named in (url, MISSING):
        assert ask("webhook/list", url=named)["info"] == {"count": 0, "total": 0, "dataList": []}
        for call in ("webhook/update", "webhook/delete"):
            answer = ask(call, url=named, categoryName="all", newEvent="18")
            assert refusal_of(answer) == (40709, CODES[40709])
    for name in ("smtp_globex", "nobody"):
        answer = ask("webhook/add", url=f"{endpoint.url}/ours", categoryName=name)
        assert refusal_of(answer) == (40702, CODES[40702])
    assert ask("webhook/add", url=url, categoryName="all")["result"] is True  # a URL may be of two accounts
    assert listed(theirs("webhook/list")) == [("/theirs", "all", "1")]

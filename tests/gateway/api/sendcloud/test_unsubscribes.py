"""unsubscribe/*: who is not mailed any more as they wished; by which mail, where by one."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.models import AuditEntry
from domains.actions import add_smtp_user
from gateway.api.sendcloud.codes import CODES
from gateway.api.sendcloud.errors.never import NEVER
from tests.gateway.api.sendcloud.asking import Ask, ask_as
from tests.gateway.api.sendcloud.reporting import (
    DAY,
    ELSEWHERE,
    OF_DAYS,
    OF_EMAIL,
    OF_LABELS,
    OF_PAGE,
    OF_USERS,
    check_refused,
    codes_of,
    later,
    suppress,
    told,
)
from tests.support.cast import Tenant
from tracking import labels
from tracking.labels import add_label
from tracking.models import Label, Suppression

NONE = 987_654_321
REFUSED = {
    "unsubscribe/list": [*OF_DAYS, *OF_EMAIL, *OF_PAGE, *OF_USERS, *OF_LABELS],
    "unsubscribe/add": [*OF_EMAIL, (40011, {})],
    "unsubscribe/delete": [*OF_DAYS, *OF_EMAIL],
}


@pytest.fixture(autouse=True)
def spring(acme: Tenant) -> Label:
    labels.forget()
    return add_label(acme.account.pk, "spring")


@pytest.fixture
def _unsubscribed(acme: Tenant) -> None:
    """One by mail with a label, one by mail of another API user, one by hand; and one who bounced."""
    other, _ = add_smtp_user(acme.account, name="smtp_other")
    told(acme, "unsubscribed", recipient="Ann@qq.example", tags=["x", "spring"], at=later(seconds=-3))
    told(acme, "unsubscribed", recipient="bob@qq.example", smtp_user_id=other.pk)
    told(acme, "opened", recipient="cat@qq.example", tags=["spring"])
    for minute, name in enumerate(("ann", "bob", "cat")):
        suppress(acme, f"{name}@qq.example", "unsubscribed", at=later(minutes=-minute))
    suppress(acme, "dan@qq.example", "bounced")


def emails(answer: dict[str, Any]) -> list[str]:
    return [row["email"].partition("@")[0] for row in answer["info"]["dataList"]]


@pytest.mark.usefixtures("_unsubscribed")
def test_it_works(ask: Ask, acme: Tenant, spring: Label) -> None:
    info = ask("unsubscribe/list", **DAY)["info"]
    assert (info["count"], info["total"]) == (3, 3)
    assert info["dataList"][0] == {
        "email": "ann@qq.example",
        "domain": "qq.example",
        "labelId": spring.pk,
        "apiUser": acme.smtp_user.name,
        "unsubscribeTime": "2026-03-10 12:00:00",
    }
    rest = [(row["apiUser"], row["labelId"]) for row in info["dataList"][1:]]
    assert rest == [("smtp_other", 0), ("", 0)]


def test_who_is_added_is_on_the_list(ask: Ask, acme: Tenant) -> None:
    answer = ask("unsubscribe/add", email="Eve@QQ.example")
    assert (answer["result"], answer["statusCode"], answer["message"]) == (True, 40401, CODES[40401])
    said = answer["info"]["data"]
    assert (said["email"], said["domain"], said["labelId"]) == ("eve@qq.example", "qq.example", 0)
    assert said["apiUser"] == acme.smtp_user.name
    (row,) = ask("unsubscribe/list", days=1)["info"]["dataList"]
    assert (row["email"], row["unsubscribeTime"]) == (said["email"], said["unsubscribeTime"])
    assert ask("unsubscribe/add", email="eve@qq.example")["info"] == answer["info"]
    assert Suppression.objects.get().source == f"Added by the API user {acme.smtp_user.name}."
    assert [entry.action for entry in AuditEntry.objects.for_account(acme.account)] == ["unsubscribed suppression"] * 2
    assert ask("unsubscribe/delete", email="eve@qq.example")["info"] == {"count": 1}


def test_who_bounced_and_is_added_stays_when_the_bounce_goes(ask: Ask, acme: Tenant) -> None:
    suppress(acme, "eve@qq.example", "bounced")
    ask("unsubscribe/add", email="eve@qq.example")
    assert ask("bounce/delete", email="eve@qq.example")["info"] == {"count": 0}
    assert emails(ask("unsubscribe/list", days=1)) == ["eve"]


def test_who_complained_is_not_freed_by_an_unsubscribe(ask: Ask, acme: Tenant) -> None:
    suppress(acme, "eve@qq.example", "complained")
    assert ask("unsubscribe/add", email="eve@qq.example")["statusCode"] == 40401
    assert ask("unsubscribe/delete", email="eve@qq.example")["info"] == {"count": 0}
    assert Suppression.objects.get().cause == "complained"


@pytest.mark.usefixtures("_unsubscribed")
@pytest.mark.parametrize("way", ["get", "form", "multipart", "json"])
def test_every_way_of_asking_is_understood(ask: Ask, way: str) -> None:
    assert ask("unsubscribe/add", way=way, email="eve@qq.example")["result"]
    assert emails(ask("unsubscribe/list", way=way, limit=2, **DAY)) == ["ann", "bob"]
    assert ask("unsubscribe/delete", way=way, **DAY)["info"]["count"] == 3


@pytest.mark.usefixtures("_unsubscribed")
def test_some_users_and_labels_may_be_asked_for(ask: Ask, acme: Tenant, spring: Label) -> None:
    name = acme.smtp_user.name
    assert emails(ask("unsubscribe/list", apiUserList=name, **DAY)) == ["ann"]
    assert emails(ask("unsubscribe/list", apiUserList=f"{name};smtp_other", **DAY)) == ["ann", "bob"]
    assert emails(ask("unsubscribe/list", way="json", apiUserList=["smtp_other"], **DAY)) == ["bob"]
    assert emails(ask("unsubscribe/list", labelIdList=f"{NONE};{spring.pk}", **DAY)) == ["ann"]
    assert emails(ask("unsubscribe/list", labelIdList=spring.pk, apiUserList="smtp_other", **DAY)) == []
    assert emails(ask("unsubscribe/list", email="bob@qq.example", **ELSEWHERE)) == ["bob"]
    assert emails(ask("unsubscribe/list", **ELSEWHERE)) == []


@pytest.mark.usefixtures("_unsubscribed")
def test_pages_follow_each_other(ask: Ask) -> None:
    pages = [ask("unsubscribe/list", start=start, limit=1, **DAY) for start in range(4)]
    assert [emails(page) for page in pages] == [["ann"], ["bob"], ["cat"], []]
    assert {page["info"]["total"] for page in pages} == {3}


@pytest.mark.usefixtures("_unsubscribed")
@pytest.mark.parametrize("call", REFUSED)
def test_what_is_wrong_has_its_code_and_words(ask: Ask, call: str) -> None:
    check_refused(ask, call, REFUSED[call])
    assert {code for code, _ in REFUSED[call]} == codes_of(call)
    assert Suppression.objects.count() == 4


def test_every_other_code_is_never_said() -> None:
    assert {40402, 40403, 40404} <= set(NEVER)


@pytest.mark.usefixtures("_unsubscribed")
@pytest.mark.parametrize("asked", [DAY, {"email": "ann@qq.example"}])
def test_anothers_addresses_are_like_none(globex: Tenant, asked: dict[str, str]) -> None:
    theirs = ask_as(globex)
    assert theirs("unsubscribe/list", **asked)["info"] == {"count": 0, "total": 0, "dataList": []}
    assert theirs("unsubscribe/delete", **asked)["info"] == {"count": 0}
    assert Suppression.objects.count() == 4


@pytest.mark.usefixtures("_unsubscribed")
def test_anothers_users_and_labels_are_like_none(acme: Tenant, globex: Tenant, spring: Label) -> None:
    suppress(globex, "ann@qq.example", "unsubscribed")
    told(globex, "unsubscribed", recipient="ann@qq.example", tags=["spring"])
    theirs = ask_as(globex)
    asked = {"apiUserList": (acme.smtp_user.name, "nobody"), "labelIdList": (spring.pk, NONE)}
    for name, (foreign, none) in asked.items():
        assert theirs("unsubscribe/list", **{name: foreign}, **DAY) == theirs("unsubscribe/list", **{name: none}, **DAY)
    assert emails(theirs("unsubscribe/list", apiUserList=globex.smtp_user.name, **DAY)) == ["ann"]
    assert theirs("unsubscribe/list", **DAY)["info"]["dataList"][0]["labelId"] == 0

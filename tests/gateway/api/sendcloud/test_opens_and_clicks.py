"""openandclick/*: what readers opened and clicked."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings

from domains.actions import add_smtp_user
from tests.gateway.api.sendcloud.asking import Ask, ask_as
from tests.gateway.api.sendcloud.reporting import (
    DAY,
    ELSEWHERE,
    OF_DAYS,
    OF_EMAIL,
    OF_PAGE,
    OF_USERS,
    check_refused,
    codes_of,
    later,
    told,
)
from tests.support.cast import Tenant
from tracking import labels
from tracking.labels import add_label
from tracking.models import Event, Label

CALL = "openandclick/list"
NONE = 987_654_321
REFUSED = [
    *OF_DAYS,
    *OF_EMAIL,
    *OF_PAGE,
    *OF_USERS,
    (40014, DAY | {"labelId": ""}),
    (40015, DAY | {"labelId": "spring"}),
    (49906, DAY | {"trackType": "3"}),
    (49906, DAY | {"trackType": "open"}),
]


@pytest.fixture(autouse=True)
def spring(acme: Tenant) -> Label:
    labels.forget()
    return add_label(acme.account.pk, "spring")


@pytest.fixture
def _read(acme: Tenant, globex: Tenant) -> None:
    other, _ = add_smtp_user(acme.account, name="smtp_other")
    told(acme, "opened", recipient="ann@qq.example", address="192.0.2.7", tags=["spring"])
    told(acme, "clicked", recipient="bob@qq.example", url="https://acme.example/", smtp_user_id=other.pk, at=later(hours=1))
    told(acme, "opened", recipient="cat@qq.example", smtp_user_id=None, at=later(hours=2))
    told(acme, "delivered", recipient="dan@qq.example")
    told(globex, "opened", recipient="eve@qq.example", tags=["spring"])


def readers(answer: dict[str, Any]) -> list[str]:
    return [row["email"].partition("@")[0] for row in answer["info"]["dataList"]]


@pytest.mark.usefixtures("_read")
def test_it_works(ask: Ask, acme: Tenant) -> None:
    info = ask(CALL, **DAY)["info"]
    assert (info["count"], info["total"]) == (3, 3)
    cat, bob, ann = info["dataList"]
    number = Event.objects.get(recipient="ann@qq.example").message_id
    assert ann.pop("emailId").endswith(f"_{number}.{settings.GATEPOST_HOSTNAME}-inbound0$ann@qq.example")
    assert ann == {
        "trackType": 1,
        "apiUser": acme.smtp_user.name,
        "email": "ann@qq.example",
        "url": "",
        "ip": "192.0.2.7",
        "currTime": "2026-03-10 12:00:00",
    }
    assert (bob["trackType"], bob["apiUser"], bob["url"]) == (2, "smtp_other", "https://acme.example/")
    assert (cat["apiUser"], cat["currTime"]) == ("", "2026-03-10 14:00:00")


@pytest.mark.usefixtures("_read")
@pytest.mark.parametrize("way", ["get", "form", "multipart", "json"])
def test_every_way_of_asking_is_understood(ask: Ask, way: str) -> None:
    assert readers(ask(CALL, way=way, start="1", limit="1", **DAY)) == ["bob"]
    assert readers(ask(CALL, way=way, trackType="1", **DAY)) == ["cat", "ann"]
    assert readers(ask(CALL, way=way, email="BOB@qq.example", **ELSEWHERE)) == ["bob"]


@pytest.mark.usefixtures("_read")
def test_some_may_be_asked_for(ask: Ask, acme: Tenant, spring: Label) -> None:
    assert readers(ask(CALL, trackType=2, **DAY)) == ["bob"]
    assert readers(ask(CALL, labelId=spring.pk, **DAY)) == ["ann"]
    assert readers(ask(CALL, apiUserList=f"smtp_other;{acme.smtp_user.name}", **DAY)) == ["bob", "ann"]
    assert readers(ask(CALL, apiUserList="smtp_other", trackType=1, **DAY)) == []
    assert readers(ask(CALL, **ELSEWHERE)) == []


@pytest.mark.usefixtures("_read")
def test_pages_follow_each_other(ask: Ask) -> None:
    pages = [ask(CALL, start=start, limit=2, **DAY) for start in (0, 2, 4)]
    assert [readers(page) for page in pages] == [["cat", "bob"], ["ann"], []]
    none = ask(CALL, limit=0, **DAY)
    assert readers(none) == []
    assert {page["info"]["total"] for page in [*pages, none]} == {3}


def test_what_is_wrong_has_its_code_and_words(ask: Ask) -> None:
    check_refused(ask, CALL, REFUSED)
    assert {code for code, _ in REFUSED} == codes_of(CALL)


@pytest.mark.usefixtures("_read")
def test_anothers_users_labels_and_readers_are_like_none(acme: Tenant, globex: Tenant, spring: Label) -> None:
    theirs = ask_as(globex)
    assert readers(theirs(CALL, **DAY)) == ["eve"]
    asked = {
        "apiUserList": (acme.smtp_user.name, "nobody"),
        "labelId": (spring.pk, NONE),
        "email": ("ann@qq.example", "nobody@qq.example"),
    }
    for name, (foreign, none) in asked.items():
        found = theirs(CALL, **{name: foreign}, **DAY)
        assert found == theirs(CALL, **{name: none}, **DAY)
        assert readers(found) == []

"""userinfo/get over HTTP: the account's quota, use and reputation, with the vendor's names and types."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.models import Account
from domains.models import SenderDomain
from gateway.api.sendcloud.answers.user_info import NO_QUOTA
from gateway.base import clock
from tests.gateway.api.sendcloud.asking import Ask, ask_as, refusal_of
from tests.gateway.api.sendcloud.conftest import Send
from tests.support.cast import Tenant
from tests.tracking.webhooks.conftest import happen, make_fact
from tracking.models import EventType

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("way", ["get", "form", "multipart", "json"])
def test_it_works(ask: Ask, acme: Tenant, way: str) -> None:
    Account.objects.filter(pk=acme.account.pk).update(
        quota_day=2500, created_at=datetime(2013, 3, 27, 17, tzinfo=UTC), name="delong"
    )
    answer = ask("userinfo/get", way=way)
    assert answer == {
        "result": True,
        "statusCode": 200,
        "message": "请求成功",
        "info": {
            "avaliableBalance": 0.0,
            "balance": 0.0,
            "email": "owner@acme.example",
            "phone": "",
            "quota": 2500,
            "todayUsedQuota": 0,
            "regTime": "2013-03-28",
            "reputation": 50.0,
            "userName": "delong",
            "accountType": "付费用户",
            "websiteAuthStatus": True,
            "businessAuthStatus": False,
        },
    }
    kinds = {name: type(value) for name, value in answer["info"].items()}
    assert [kinds[name] for name in ("avaliableBalance", "balance", "reputation", "quota")] == [float, float, float, int]


@pytest.mark.parametrize("quota", [100, None])
def test_what_was_sent_today_is_counted(send: Send, ask: Ask, acme: Tenant, quota: int | None) -> None:
    Account.objects.filter(pk=acme.account.pk).update(quota_day=quota)
    assert send()["result"] is True  # to two
    info = ask("userinfo/get")["info"]
    assert (info["quota"], info["todayUsedQuota"]) == (quota or NO_QUOTA, 2)


def test_yesterday_is_not_today(ask: Ask, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: now)
    happen(
        make_fact(acme, EventType.ACCEPTED, at=datetime(2026, 11, 21, 23, 59, tzinfo=UTC)),
        make_fact(acme, EventType.ACCEPTED, at=datetime(2026, 11, 22, 0, 0, tzinfo=UTC)),
    )
    assert ask("userinfo/get")["info"]["todayUsedQuota"] == 1


def test_the_reputation_is_of_what_arrived(ask: Ask, acme: Tenant) -> None:
    happen(make_fact(acme), make_fact(acme), make_fact(acme), make_fact(acme, EventType.COMPLAINED))
    assert ask("userinfo/get")["info"]["reputation"] == 66.0


def test_an_account_without_a_verified_domain_is_told_so(ask: Ask, acme: Tenant) -> None:
    SenderDomain.objects.filter(pk=acme.domain.pk).update(verified_at=None)
    assert ask("userinfo/get")["info"]["websiteAuthStatus"] is False


def test_each_is_told_of_its_own_account(ask: Ask, globex: Tenant) -> None:
    happen(make_fact(globex, EventType.ACCEPTED))
    names = [call("userinfo/get")["info"]["userName"] for call in (ask, ask_as(globex))]
    assert names == ["Acme", "Globex"]
    assert ask("userinfo/get")["info"]["todayUsedQuota"] == 0


@pytest.mark.parametrize(
    ("parameters", "code"), [({"apiKey": "wrong"}, 40005), ({"apiUser": ""}, 40005), ({"apiUser": "smtp_globex"}, 40005)]
)
@pytest.mark.usefixtures("globex")
def test_a_stranger_is_refused(ask: Ask, parameters: dict[str, Any], code: int) -> None:
    assert refusal_of(ask("userinfo/get", **parameters))[0] == code


def test_an_account_that_was_deleted_is_none(ask: Ask, acme: Tenant) -> None:
    Account.objects.filter(pk=acme.account.pk).update(status=Account.Status.DELETED)
    assert refusal_of(ask("userinfo/get")) == (40301, "用户不存在")

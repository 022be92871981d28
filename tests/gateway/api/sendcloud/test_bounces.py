"""bounce/*: who is not mailed any more as the mail bounced, and mailed again; nothing of another account's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.db.models.signals import pre_delete
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry
from gateway.api.sendcloud.errors.never import NEVER
from tests.gateway.api.sendcloud.asking import Ask, ask_as, post
from tests.gateway.api.sendcloud.reporting import (
    DAY,
    ELSEWHERE,
    MIDNIGHT,
    OF_DAYS,
    OF_EMAIL,
    OF_PAGE,
    check_refused,
    codes_of,
    later,
    suppress,
)
from tests.support.cast import Tenant
from tracking import suppressions
from tracking.models import Suppression

REFUSED = {
    "bounce/list": [*OF_DAYS, *OF_EMAIL, *OF_PAGE],
    "bounce/delete": [*OF_DAYS, *OF_EMAIL],
    "bounce/count": OF_DAYS,
}


@pytest.fixture
def _bounced(acme: Tenant) -> None:
    suppress(acme, "old@qq.example", "bounced", source="mx.qq.example said: 550 no such user")
    suppress(acme, "new@qq.example", "bounced", at=later(hours=1), source="mx.qq.example said: 550 gone")
    suppress(acme, "bye@qq.example", "unsubscribed")


@pytest.mark.usefixtures("_bounced")
def test_it_works(ask: Ask) -> None:
    info = ask("bounce/list", **DAY)["info"]
    assert (info["count"], info["total"]) == (2, 2)
    assert info["dataList"] == [
        {
            "email": "new@qq.example",
            "reason": "mx.qq.example said: 550 gone",
            "bounceTime": "2026-03-10 13:00:00",
            "domain": "qq.example",
        },
        {
            "email": "old@qq.example",
            "reason": "mx.qq.example said: 550 no such user",
            "bounceTime": "2026-03-10 12:00:00",
            "domain": "qq.example",
        },
    ]
    assert ask("bounce/count", **DAY)["info"] == {"count": 2}
    assert ask("bounce/delete", email="OLD@qq.example") == {
        "result": True,
        "statusCode": 200,
        "message": "请求成功",
        "info": {"count": 1},
    }
    assert ask("bounce/count", **DAY)["info"] == {"count": 1}
    assert Suppression.objects.filter(email="old@qq.example").exists() is False


@pytest.mark.usefixtures("_bounced")
@pytest.mark.parametrize("way", ["get", "form", "multipart", "json"])
def test_every_way_of_asking_is_understood(ask: Ask, way: str) -> None:
    assert ask("bounce/list", way=way, email="old@qq.example", start="0", limit="1")["info"]["count"] == 1
    assert ask("bounce/count", way=way, **DAY)["info"]["count"] == 2
    assert ask("bounce/delete", way=way, **DAY)["info"]["count"] == 2


@pytest.mark.usefixtures("_bounced")
def test_an_address_beats_the_days(ask: Ask) -> None:
    assert ask("bounce/list", email="old@qq.example", **ELSEWHERE)["info"]["count"] == 1
    assert ask("bounce/delete", email="old@qq.example", **ELSEWHERE)["info"]["count"] == 1


@pytest.mark.parametrize(("offset", "count"), [(-0.001, 0), (0, 1), (86_399, 1), (86_400, 0)])
def test_a_day_is_the_one_in_china(ask: Ask, acme: Tenant, offset: float, count: int) -> None:
    suppress(acme, "a@qq.example", "bounced", at=MIDNIGHT + timedelta(seconds=offset))
    assert ask("bounce/count", **DAY)["info"]["count"] == count


def test_one_day_is_today(ask: Ask, acme: Tenant) -> None:
    suppress(acme, "a@qq.example", "bounced", at=timezone.now())
    suppress(acme, "b@qq.example", "bounced", at=timezone.now() - timedelta(days=1))
    assert [ask("bounce/count", days=days)["info"]["count"] for days in (1, 2, 100)] == [1, 2, 2]


def test_pages_follow_each_other(ask: Ask, acme: Tenant) -> None:
    for number in range(5):
        suppress(acme, f"u{number}@qq.example", "bounced", at=later(minutes=-number))
    pages = [ask("bounce/list", start=start, limit=2, **DAY)["info"] for start in (0, 2, 4, 6)]
    assert [row["email"] for page in pages for row in page["dataList"]] == [f"u{number}@qq.example" for number in range(5)]
    assert {page["total"] for page in pages} == {5}


PAGES: list[tuple[dict[str, int], int]] = [
    ({"limit": 4}, 0),
    ({"start": 2, "limit": 2}, 0),
    ({"limit": 3}, 1),
    ({"start": 9}, 1),
]


@pytest.mark.parametrize(("page", "count"), PAGES)
def test_a_last_page_needs_no_count(ask: Ask, acme: Tenant, page: dict[str, int], count: int) -> None:
    for number in range(3):
        suppress(acme, f"u{number}@qq.example", "bounced")
    with CaptureQueriesContext(connection) as asked:
        info = ask("bounce/list", **DAY, **page)["info"]
    assert info["total"] == 3
    assert sum("COUNT(" in query["sql"] and "tracking_suppression" in query["sql"] for query in asked) == count


@pytest.mark.usefixtures("_bounced")
def test_what_is_deleted_is_remembered(ask: Ask, acme: Tenant) -> None:
    ask("bounce/delete", **DAY)
    (entry,) = AuditEntry.objects.for_account(acme.account)
    assert (entry.actor, entry.action) == (acme.smtp_user.name, "removed bounced addresses of account")
    assert entry.detail["emails"] == ["new@qq.example", "old@qq.example"]
    assert ask("bounce/delete", **DAY)["info"] == {"count": 0}
    assert AuditEntry.objects.count() == 1
    assert list(Suppression.objects.values_list("email", flat=True)) == ["bye@qq.example"]


def test_many_are_deleted_batch_by_batch(transactional_db: None, acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppressions, "REMOVED_AT_ONCE", 2)
    for number in range(5):
        suppress(acme, f"u{number}@qq.example", "bounced")

    def fail_at_the_last(**_: object) -> None:
        if Suppression.objects.count() == 1:
            raise OperationalError

    pre_delete.connect(fail_at_the_last, sender=Suppression)
    try:
        answer = post(
            "/apiv2/bounce/delete", "form", {"apiUser": acme.smtp_user.name, "apiKey": acme.smtp_secret, **DAY}
        ).json()
    finally:
        pre_delete.disconnect(fail_at_the_last, sender=Suppression)
    assert answer["statusCode"] == 501
    assert Suppression.objects.count() == 1
    assert AuditEntry.objects.get().detail["count"] == 5


@pytest.mark.usefixtures("_bounced")
@pytest.mark.parametrize("call", REFUSED)
def test_what_is_wrong_has_its_code_and_words(ask: Ask, call: str) -> None:
    check_refused(ask, call, REFUSED[call])
    assert {code for code, _ in REFUSED[call]} == codes_of(call)
    assert Suppression.objects.count() == 3


def test_every_other_code_is_never_said() -> None:
    assert set(range(40601, 40605)) <= set(NEVER)


@pytest.mark.usefixtures("_bounced")
@pytest.mark.parametrize("asked", [DAY, {"email": "old@qq.example"}])
def test_anothers_addresses_are_like_none(globex: Tenant, asked: dict[str, str]) -> None:
    theirs = ask_as(globex)
    suppress(globex, "none@globex.example", "unsubscribed")
    Suppression.objects.create(email="all@qq.example", cause="bounced")
    assert theirs("bounce/list", **asked)["info"] == {"count": 0, "total": 0, "dataList": []}
    assert theirs("bounce/delete", **asked)["info"] == {"count": 0}
    assert theirs("bounce/count", **DAY)["info"] == {"count": 0}
    assert Suppression.objects.count() == 5

"""spamreported/*: who complained."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.api.sendcloud.asking import Ask, ask_as
from tests.gateway.api.sendcloud.reporting import (
    DAY,
    ELSEWHERE,
    OF_DAYS,
    OF_EMAIL,
    OF_PAGE,
    check_refused,
    codes_of,
    later,
    told,
)
from tests.support.cast import Tenant

CALL = "spamreported/list"
REFUSED = [*OF_DAYS, *OF_EMAIL, *OF_PAGE]


@pytest.fixture
def _complained(acme: Tenant, globex: Tenant) -> None:
    told(acme, "complained", recipient="Ann@qq.example", recipient_domain="qq.example", reply="abuse")
    told(acme, "complained", recipient="bob@qq.example", recipient_domain="qq.example", at=later(hours=1))
    told(acme, "unsubscribed", recipient="cat@qq.example")
    told(globex, "complained", recipient="dan@qq.example")


def receivers(answer: dict[str, Any]) -> list[str]:
    return [row["receiver"].partition("@")[0] for row in answer["info"]["dataList"]]


@pytest.mark.usefixtures("_complained")
def test_it_works(ask: Ask) -> None:
    info = ask(CALL, **DAY)["info"]
    assert (info["count"], info["total"]) == (2, 2)
    assert info["dataList"] == [
        {
            "receiver": "bob@qq.example",
            "reason": "Reported as spam",
            "spamReportedTime": "2026-03-10 13:00:00",
            "domain": "qq.example",
        },
        {"receiver": "Ann@qq.example", "reason": "abuse", "spamReportedTime": "2026-03-10 12:00:00", "domain": "qq.example"},
    ]


@pytest.mark.usefixtures("_complained")
@pytest.mark.parametrize("way", ["get", "form", "multipart", "json"])
def test_every_way_of_asking_is_understood(ask: Ask, way: str) -> None:
    assert receivers(ask(CALL, way=way, start=1, limit=1, **DAY)) == ["Ann"]
    assert receivers(ask(CALL, way=way, email="ann@qq.example", **ELSEWHERE)) == ["Ann"]
    assert receivers(ask(CALL, way=way, **ELSEWHERE)) == []


def test_what_is_wrong_has_its_code_and_words(ask: Ask) -> None:
    check_refused(ask, CALL, REFUSED)
    assert {code for code, _ in REFUSED} == codes_of(CALL)


@pytest.mark.usefixtures("_complained")
def test_anothers_readers_are_like_none(globex: Tenant) -> None:
    theirs = ask_as(globex)
    assert receivers(theirs(CALL, **DAY)) == ["dan"]
    assert theirs(CALL, email="ann@qq.example") == theirs(CALL, email="nobody@qq.example")

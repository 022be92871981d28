"""label/*: every status over HTTP, and nothing of another account's."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.api.sendcloud.codes import CODES
from gateway.api.sendcloud.errors.never import NEVER
from tests.gateway.api.sendcloud.asking import Ask, refusal_of
from tests.support.cast import Tenant
from tracking import labels
from tracking.labels import add_label
from tracking.models import Label

OURS = {40001, 40002, 40003, 40004, *range(40100, 40114)}
NONE = 987_654_321
REFUSED: list[tuple[int, str, dict[str, Any]]] = [
    (40001, "label/list", {"start": ""}),
    (40002, "label/list", {"start": "first"}),
    (40003, "label/list", {"limit": ""}),
    (40004, "label/list", {"limit": 101}),
    (40102, "label/get", {}),
    (40102, "label/delete", {"labelId": ""}),
    (40103, "label/get", {"labelId": "seven"}),
    (40103, "label/update", {"labelId": 2**63, "labelName": "a"}),
    (40104, "label/add", {}),
    (40104, "label/add", {"labelName": ""}),
    (40105, "label/add", {"labelName": "a" * 256}),
    (40105, "label/add", {"labelName": " "}),
    (40105, "label/add", {"labelName": "a\r\nb"}),
    (40106, "label/get", {"labelId": NONE}),
    (40106, "label/update", {"labelId": NONE, "labelName": "a"}),
    (40106, "label/delete", {"labelId": NONE}),
    (40111, "label/list", {"query": ""}),
    (40112, "label/list", {"query": "a" * 256}),
    (40113, "label/add", {"labelName": "taken"}),
]


@pytest.fixture(autouse=True)
def _fresh(db: None) -> None:
    labels.forget()


def test_it_works(ask: Ask) -> None:
    added = ask("label/add", labelName="春")["info"]["data"]
    assert added["labelName"] == "春"
    assert set(added) == {"gmtCreated", "gmtUpdated", "labelId", "labelName"}
    assert ask("label/get", labelId=added["labelId"])["info"] == {"data": added}
    assert ask("label/update", labelId=added["labelId"], labelName="夏") == {
        "result": True,
        "statusCode": 200,
        "message": "请求成功",
        "info": {"count": 1},
    }
    listed = ask("label/list", query="夏")["info"]
    assert (listed["count"], listed["total"], listed["dataList"][0]["labelName"]) == (1, 1, "夏")
    assert ask("label/delete", labelId=str(added["labelId"]))["info"] == {"count": 1}
    assert ask("label/list")["info"] == {"count": 0, "total": 0, "dataList": []}


@pytest.mark.parametrize("way", ["get", "form", "multipart", "json"])
def test_every_way_of_asking_is_understood(ask: Ask, way: str) -> None:
    number = ask("label/add", way=way, labelName="spring")["info"]["data"]["labelId"]
    assert ask("label/get", way=way, labelId=number)["info"]["data"]["labelName"] == "spring"


def test_pages_follow_each_other(ask: Ask, acme: Tenant) -> None:
    for number in range(5):
        add_label(acme.account.pk, f"l{number}")
    pages = [ask("label/list", start=start, limit=2)["info"] for start in (0, 2, 4, 6)]
    assert [row["labelName"] for page in pages for row in page["dataList"]] == [f"l{number}" for number in range(5)]
    assert {page["total"] for page in pages} == {5}


@pytest.mark.parametrize(("code", "call", "parameters"), REFUSED)
def test_what_is_wrong_has_its_code_and_words(ask: Ask, acme: Tenant, code: int, call: str, parameters: dict[str, Any]) -> None:
    add_label(acme.account.pk, "taken")
    assert refusal_of(ask(call, **parameters)) == (code, CODES[code])
    assert [row.name for row in Label.objects.all()] == ["taken"]


def test_a_name_is_taken_once(ask: Ask, acme: Tenant) -> None:
    add_label(acme.account.pk, "taken")
    other = add_label(acme.account.pk, "other")
    assert ask("label/update", labelId=other.pk, labelName="taken")["statusCode"] == 40113


def test_the_most_labels_are_told(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labels, "MOST_LABELS", 0)
    answer = ask("label/add", labelName="a")
    assert refusal_of(answer) == (40101, CODES[40101])
    assert "the most" in answer["info"]["reason"]


def test_every_code_is_seen_or_never_said() -> None:
    seen = {code for code, _, _ in REFUSED} | {40101}
    assert seen == OURS - set(NEVER)


@pytest.mark.parametrize("call", ["label/get", "label/update", "label/delete"])
def test_anothers_label_is_like_none(ask: Ask, globex: Tenant, call: str) -> None:
    theirs = add_label(globex.account.pk, "theirs")
    foreign = ask(call, labelId=theirs.pk, labelName="taken")
    assert foreign == ask(call, labelId=NONE, labelName="taken")
    assert ask("label/list")["info"]["total"] == 0
    assert Label.objects.get().name == "theirs"
    assert ask("label/add", labelName="theirs")["result"]

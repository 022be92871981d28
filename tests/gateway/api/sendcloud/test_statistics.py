"""statday/*, stathour/* and invalidstat/*: numbers by day or hour, API user, label and receiving domain."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from domains.actions import add_smtp_user
from gateway.engine.reply_words import Kind
from tests.gateway.api.sendcloud.asking import Answer, Ask, ask_as
from tests.gateway.api.sendcloud.reporting import (
    DAY,
    ELSEWHERE,
    MIDNIGHT,
    OF_DAYS,
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
from tracking.models import Label

DAYS, HOURS, INVALID = CALLS = ("statday/list", "stathour/list", "invalidstat/list")
NONE = 987_654_321
TWO_DAYS = {"startDate": "2026-03-10", "endDate": "2026-03-11"}
REFUSED = [
    *OF_DAYS,
    *OF_PAGE,
    *OF_USERS,
    *OF_LABELS,
    (40004, DAY | {"limit": "0"}),
    (40013, DAY | {"domainList": ""}),
    (40013, DAY | {"domainList": ";"}),
    (40017, DAY | {"aggregate": "perhaps"}),
]
NOTHING = {"count": 0, "total": 0, "dataList": []}


@pytest.fixture(autouse=True)
def spring(acme: Tenant) -> Label:
    labels.forget()
    return add_label(acme.account.pk, "spring")


@pytest.fixture
def _mailed(acme: Tenant, globex: Tenant) -> None:
    """Three copies of one API user at noon, two of them with a label; one of another at ten; and all kinds of ends."""
    other, _ = add_smtp_user(acme.account, name="smtp_other")
    for domain, tags in (("qq.example", ["spring"]), ("qq.example", ["spring", "x"]), ("163.example", [])):
        told(acme, "accepted", recipient_domain=domain, tags=tags)
    told(acme, "delivered", recipient_domain="qq.example", tags=["spring"])
    told(acme, "delivered", recipient_domain="163.example")
    told(acme, "opened", recipient_domain="qq.example", tags=["spring"], at=later(hours=20))
    told(acme, "opened", recipient_domain="qq.example", tags=["spring"], at=later(hours=20), is_first=False)
    told(acme, "bounced", recipient_domain="qq.example", tags=["spring", "x"], category="recipient")
    told(acme, "accepted", recipient_domain="qq.example", smtp_user_id=other.pk, at=later(hours=-2))
    told(acme, "suppressed", recipient_domain="qq.example", smtp_user_id=other.pk, at=later(hours=-2))
    told(globex, "accepted", recipient_domain="qq.example")


def rows(answer: Answer, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in answer["info"]["dataList"]]


@pytest.mark.usefixtures("_mailed")
def test_it_works(ask: Ask, acme: Tenant) -> None:
    info = ask(DAYS, **TWO_DAYS)["info"]
    assert (info["count"], info["total"]) == (3, 3)
    assert info["dataList"][0] == {
        "sendDate": "2026-03-10",
        "apiUser": acme.smtp_user.name,
        "domain": "",
        "labelId": 0,
        "labelName": None,
        "requestNum": 3,
        "deliveredNum": 2,
        "clickNum": 0,
        "openNum": 0,
        "bounceNum": 0,
        "spamReportedNum": 0,
        "unsubscribeNum": 0,
        "uniqueOpensNum": 0,
        "uniqueClicksNum": 0,
        "invalidEmailsNum": 1,
        "deliveredPercent": 66.66,
        "clickPercent": 0.0,
        "openPercent": 0.0,
        "bouncePercent": 0.0,
        "spamReportedPercent": 0.0,
        "unsubscribePercent": 0.0,
        "uniqueOpensPercent": 0.0,
        "uniqueClicksPercent": 0.0,
        "invalidEmailsPercent": 33.33,
    }
    told_of = rows({"info": info}, "sendDate", "apiUser", "requestNum", "openNum", "uniqueOpensNum", "invalidEmailsNum")
    assert told_of[1:] == [
        ("2026-03-10", "smtp_other", 1, 0, 0, 1),
        ("2026-03-11", acme.smtp_user.name, 0, 2, 1, 0),
    ]


@pytest.mark.usefixtures("_mailed")
def test_hours_are_those_of_china_and_empty_ones_are_left_out(ask: Ask, acme: Tenant) -> None:
    name = acme.smtp_user.name
    found = rows(ask(HOURS, **TWO_DAYS), "sendDate", "sendHour", "apiUser", "requestNum")
    assert found == [("2026-03-10", 10, "smtp_other", 1), ("2026-03-10", 12, name, 3), ("2026-03-11", 8, name, 0)]


def test_no_share_is_more_than_all(ask: Ask, acme: Tenant) -> None:
    for _ in range(3):
        told(acme, "opened")
    told(acme, "delivered")
    (row,) = ask(DAYS, **DAY)["info"]["dataList"]
    assert (row["openNum"], row["openPercent"], row["deliveredPercent"]) == (3, 100.0, 0.0)


@pytest.mark.parametrize(("offset", "day"), [(-1, "2026-03-09"), (0, "2026-03-10"), (86_399, "2026-03-10")])
@pytest.mark.parametrize("more", [{}, {"domainList": "example.net"}])
def test_a_day_is_the_one_in_china(ask: Ask, acme: Tenant, offset: int, day: str, more: dict[str, str]) -> None:
    told(acme, "accepted", at=MIDNIGHT + timedelta(seconds=offset))
    assert rows(ask(DAYS, startDate="2026-03-01", endDate="2026-03-31", **more), "sendDate") == [(day,)]


@pytest.mark.usefixtures("_mailed")
def test_all_lines_in_one(ask: Ask) -> None:
    said = ask(DAYS, aggregate="1", **TWO_DAYS)["info"]["dataList"]
    assert (said["requestNum"], said["deliveredNum"], said["invalidEmailsNum"]) == ("4", "2", "2")
    assert (said["uniqueOpensNum"], said["uniqueOpenNum"], said["uniqueOpensPercent"]) == ("1", "1", 50.0)
    assert (said["deliveredPercent"], said["openPercent"], said["clickPercent"]) == (50.0, 100.0, 0.0)
    assert ask(HOURS, aggregate=True, way="json", **TWO_DAYS)["info"]["dataList"] == said
    by_domain = ask(DAYS, aggregate="true", domainList="qq.example;163.example", **TWO_DAYS)["info"]["dataList"]
    assert by_domain == said


@pytest.mark.usefixtures("_mailed")
def test_some_may_be_asked_for(ask: Ask, acme: Tenant, spring: Label) -> None:
    name = acme.smtp_user.name
    assert rows(ask(DAYS, apiUserList="smtp_other;nobody", **DAY), "apiUser", "requestNum") == [("smtp_other", 1)]
    labelled = ask(DAYS, labelIdList=f"{NONE};{spring.pk}", **DAY)
    assert rows(labelled, "labelId", "labelName", "requestNum", "invalidEmailsNum") == [(spring.pk, "spring", 2, 1)]
    by_domain = ask(DAYS, domainList="QQ.example;163.example;none.example", **DAY)
    assert rows(by_domain, "apiUser", "domain", "requestNum") == [
        (name, "163.example", 1),
        (name, "qq.example", 2),
        ("smtp_other", "qq.example", 1),
    ]
    both = ask(DAYS, domainList="qq.example", labelIdList=spring.pk, apiUserList=name, **TWO_DAYS)
    assert rows(both, "sendDate", "labelId", "domain", "requestNum") == [
        ("2026-03-10", spring.pk, "qq.example", 2),
        ("2026-03-11", spring.pk, "qq.example", 0),
    ]


@pytest.mark.usefixtures("_mailed")
@pytest.mark.parametrize("by_domain", [False, True])
def test_two_labels_have_lines_each(ask: Ask, acme: Tenant, spring: Label, *, by_domain: bool) -> None:
    x = add_label(acme.account.pk, "x")
    asked = {"labelIdList": f"{x.pk};{spring.pk}", **DAY} | ({"domainList": "qq.example"} if by_domain else {})
    assert rows(ask(DAYS, **asked), "labelName", "requestNum") == [("spring", 2), ("x", 1)]
    assert [rows(ask(DAYS, start=start, limit=1, **asked), "labelName") for start in range(3)] == [[("spring",)], [("x",)], []]
    assert ask(DAYS, aggregate=1, **asked)["info"]["dataList"]["requestNum"] == "3"


@pytest.mark.parametrize("aggregate", [0, 1])
@pytest.mark.parametrize("call", CALLS)
def test_a_hundred_labels_take_no_more_statements_than_two(ask: Ask, acme: Tenant, call: str, aggregate: int) -> None:
    added = [add_label(acme.account.pk, f"label {number}") for number in range(100)]
    told(acme, "bounced", recipient_domain="qq.example", category="content", tags=[added[7].name, added[93].name])
    taken = []
    for some in (added[:2], added):
        asked = {"labelIdList": ";".join(str(label.pk) for label in some), "domainList": "qq.example", "aggregate": aggregate}
        with CaptureQueriesContext(connection) as queries:
            answer = ask(call, **asked, **DAY)
        taken.append(len(queries))
    assert abs(taken[0] - taken[1]) <= 1  # the credential is looked up once, and the names of users where there are lines
    if aggregate:
        assert answer["info"]["dataList"]["spamEmails" if call == INVALID else "bounceNum"] in {2, "2"}
    else:
        assert rows(answer, "labelName") == [("label 7",), ("label 93",)]


@pytest.mark.parametrize("call", [DAYS, HOURS])
@pytest.mark.parametrize("more", [{}, {"domainList": "qq.example"}])
def test_the_longest_labels_are_told_apart(ask: Ask, acme: Tenant, call: str, more: dict[str, str]) -> None:
    one, two = (add_label(acme.account.pk, "春" * 254 + end) for end in "ab")
    for label in (one, two, two):
        told(acme, "accepted", recipient_domain="qq.example", tags=[label.name])
    for label, number in ((one, 1), (two, 2)):
        found = rows(ask(call, labelIdList=label.pk, **DAY, **more), "labelId", "labelName", "requestNum")
        assert found == [(label.pk, label.name, number)]
    assert ask(call, labelIdList=f"{one.pk};{two.pk}", aggregate=1, **DAY, **more)["info"]["dataList"]["requestNum"] == "3"


@pytest.mark.usefixtures("_mailed")
@pytest.mark.parametrize("way", ["get", "form", "multipart", "json"])
def test_every_way_of_asking_is_understood(ask: Ask, way: str) -> None:
    for call in CALLS:
        info = ask(call, way=way, start="0", limit="1", apiUserList="smtp_other", **DAY)["info"]
        assert (info["count"], info["total"], info["dataList"][0]["apiUser"]) == (1, 1, "smtp_other")
        assert ask(call, way=way, **ELSEWHERE | {"startDate": "2026-03-12"})["info"] == NOTHING


@pytest.mark.usefixtures("_mailed")
@pytest.mark.parametrize("call", [DAYS, HOURS])
def test_pages_follow_each_other(ask: Ask, call: str) -> None:
    whole = ask(call, **TWO_DAYS)["info"]
    pages = [ask(call, start=start, limit=1, **TWO_DAYS)["info"] for start in range(4)]
    assert [row for page in pages for row in page["dataList"]] == whole["dataList"]
    assert {page["total"] for page in pages} == {3}


REASONS: list[tuple[str, dict[str, str], str]] = [
    ("suppressed", {}, "sendcloudBlacklist"),
    ("suppressed", {"recipient": "Gone@qq.example"}, "ubsubscribe"),
    ("expired", {}, "espUnvaliable"),
    ("expired", {"category": Kind.GREYLIST}, "ipOrDomainRejected"),
    ("bounced", {"category": Kind.NETWORK}, "espUnvaliable"),
    ("bounced", {"category": Kind.SYSTEM}, "espUnvaliable"),
    ("bounced", {"category": Kind.RECIPIENT, "enhanced": "5.1.3"}, "recipientAddressError"),
    ("failed", {"enhanced": "5.1.3"}, "recipientAddressError"),
    ("bounced", {"category": Kind.RECIPIENT, "enhanced": "5.1.1"}, "recipientNotFound"),
    ("bounced", {"category": Kind.BLOCKED}, "ipOrDomainRejected"),
    ("bounced", {"category": Kind.POLICY}, "ipOrDomainRejected"),
    ("bounced", {"category": Kind.AUTHENTICATION}, "ipOrDomainRejected"),
    ("bounced", {"category": Kind.RATE}, "ipOrDomainRejected"),
    ("bounced", {"category": Kind.CONTENT}, "spamEmails"),
    ("bounced", {"category": Kind.FULL}, "senderOrRecipientRejected"),
    ("bounced", {"category": Kind.MAILBOX}, "senderOrRecipientRejected"),
    ("bounced", {"category": Kind.SENDER}, "senderOrRecipientRejected"),
    ("bounced", {"category": Kind.SIZE}, "others"),
    ("bounced", {"category": Kind.PROTOCOL}, "others"),
    ("bounced", {"category": Kind.OTHER}, "others"),
    ("failed", {}, "others"),
]


NAMES = {reason for _, _, reason in REASONS}


def test_every_kind_of_refusal_has_a_reason() -> None:
    assert {fields.get("category") for _, fields, _ in REASONS} >= set(Kind)


def test_why_mail_did_not_arrive(ask: Ask, acme: Tenant) -> None:
    suppress(acme, "gone@qq.example", "unsubscribed")
    told(acme, "delivered")
    for number, (kind, fields, _) in enumerate(REASONS):
        told(acme, kind, recipient_domain=f"d{number}.example", **fields)
    lines = {row["domain"]: row for row in ask(INVALID, **DAY)["info"]["dataList"]}
    found = {domain: {name for name in NAMES if row[name]} for domain, row in lines.items()}
    assert found == {f"d{number}.example": {reason} for number, (_, _, reason) in enumerate(REASONS)}
    whole = ask(INVALID, aggregate=1, **DAY)["info"]["dataList"]
    assert {name: int(whole[name]) for name in NAMES} == Counter(reason for _, _, reason in REASONS)
    assert all(row["spamEmail"] == row["spamEmails"] for row in [whole, *lines.values()])
    assert {row["sendDate"] for row in lines.values()} == {"2026-03-10"}


@pytest.mark.usefixtures("_mailed")
def test_reasons_are_told_of_some(ask: Ask, acme: Tenant, spring: Label) -> None:
    told(acme, "bounced", recipient_domain="163.example", category="content")
    name = acme.smtp_user.name
    every = rows(ask(INVALID, **TWO_DAYS), "apiUser", "domain", "recipientNotFound", "sendcloudBlacklist", "spamEmails")
    assert every == [(name, "163.example", 0, 0, 1), (name, "qq.example", 1, 0, 0), ("smtp_other", "qq.example", 0, 1, 0)]
    assert rows(ask(INVALID, domainList="163.example", **DAY), "domain") == [("163.example",)]
    labelled = ask(INVALID, labelIdList=spring.pk, **DAY)
    assert rows(labelled, "labelId", "labelName", "recipientNotFound") == [(spring.pk, "spring", 1)]
    pages = [rows(ask(INVALID, start=start, limit=1, **DAY), "domain", "apiUser") for start in range(4)]
    assert pages == [[("163.example", name)], [("qq.example", name)], [("qq.example", "smtp_other")], []]


@pytest.mark.parametrize("call", CALLS)
def test_what_is_wrong_has_its_code_and_words(ask: Ask, call: str) -> None:
    check_refused(ask, call, REFUSED)
    assert {code for code, _ in REFUSED} == codes_of(call)


@pytest.mark.usefixtures("_mailed")
@pytest.mark.parametrize("call", CALLS)
def test_anothers_numbers_are_like_none(acme: Tenant, globex: Tenant, spring: Label, call: str) -> None:
    told(globex, "bounced", category="recipient", tags=["spring"])
    theirs = ask_as(globex)
    assert {row["apiUser"] for row in theirs(call, **DAY)["info"]["dataList"]} == {globex.smtp_user.name}
    for name, (foreign, none) in {"apiUserList": (acme.smtp_user.name, "nobody"), "labelIdList": (spring.pk, NONE)}.items():
        found = theirs(call, **{name: foreign}, **DAY)
        assert found == theirs(call, **{name: none}, **DAY)
        assert found["info"] == NOTHING
    assert theirs(call, domainList="163.example", **DAY)["info"] == NOTHING

"""data/emailStatus: how each copy stands, by days, address and id; nothing of another account's."""

from __future__ import annotations

from typing import Any

import pytest

from domains.actions import add_smtp_user
from gateway.base.ids import make_public_id
from gateway.engine.reply_words import Kind
from gateway.models import Message, Recipient
from tests.gateway.api.sendcloud.asking import Answer, Ask, ask_as
from tests.gateway.api.sendcloud.conftest import Send
from tests.gateway.api.sendcloud.reporting import (
    DAY,
    ELSEWHERE,
    NOON,
    OF_DAYS,
    OF_EMAIL,
    OF_PAGE,
    OF_USERS,
    check_refused,
    codes_of,
    later,
)
from tests.support.cast import Tenant
from tests.support.factories import make_event, make_message
from tracking.models import EventType

CALL = "data/emailStatus"
REFUSED = [
    *OF_DAYS,
    *OF_EMAIL,
    *OF_PAGE,
    *OF_USERS,
    (40006, {"days": "31"}),
    (40008, {"startDate": "2026-03-01", "endDate": "2026-03-31"}),
    (40008, {"startDate": "2026-03-01", "endDate": "2026-03-31", "email": "a@b.example"}),
    (49906, {"emailIds": ";"}),
    (49906, {"emailIds": ";".join(f"{number}" for number in range(101))}),
]
STANDS: list[tuple[str, str, str]] = [
    ("", "", "请求中"),
    ("deferred", Kind.GREYLIST, "请求中"),
    ("delivered", "", "投递成功"),
    ("bounced", Kind.RECIPIENT, "无效邮件"),
    ("bounced", Kind.FULL, "软退信"),
    ("bounced", Kind.CONTENT, "软退信"),
    ("expired", Kind.SYSTEM, "软退信"),
    ("failed", "", "软退信"),
    ("suppressed", "", "无效邮件"),
    ("cancelled", "", "已取消"),
]


def make(tenant: Tenant, *emails: str, **fields: Any) -> Message:
    values = {"smtp_user": tenant.smtp_user, "accepted_at": NOON} | fields
    return make_message(tenant.account, emails, public_id=make_public_id(values["accepted_at"]), **values)


def ids_of(message: Message) -> list[str]:
    copies = message.recipients.order_by("position")
    return [f"{message.inbound_id}{copy.position}${copy.email}" for copy in copies]


def copies(answer: Answer) -> list[str]:
    return [row["recipients"].partition("@")[0] for row in answer["info"]["voList"]]


def test_it_works(ask: Ask, acme: Tenant) -> None:
    message = make(acme, "ann@qq.example", "bob@qq.example")
    bob = message.recipients.get(position=1)
    said = {"code": 250, "reply": "2.0.0 Ok: queued"}
    make_event(bob, EventType.DEFERRED, at=later(seconds=3), sequence=2, code=451, reply="4.7.1 Later")
    make_event(bob, EventType.DELIVERED, at=later(seconds=63), sequence=3, **said)
    make_event(bob, EventType.OPENED, at=later(hours=1), sequence=4)
    answer = ask(CALL, **DAY)
    assert (answer["info"]["total"], answer["info"]["voListSize"]) == ("2", 2)
    rows = {row["recipients"]: row for row in answer["info"]["voList"]}
    assert rows["bob@qq.example"] == {
        "emailId": ids_of(message)[1],
        "status": "投递成功",
        "apiUser": acme.smtp_user.name,
        "recipients": "bob@qq.example",
        "requestTime": "2026-03-10 12:00:00",
        "modifiedTime": "2026-03-10 12:01:03",
        "sendLog": "250 2.0.0 Ok: queued",
    }
    ann = rows["ann@qq.example"]
    assert (ann["status"], ann["modifiedTime"], ann["sendLog"]) == ("请求中", "2026-03-10 12:00:00", "")


def test_every_state_has_its_word(ask: Ask, acme: Tenant) -> None:
    message = make(acme, *(f"u{number}@qq.example" for number in range(len(STANDS))))
    for recipient, (kind, category, _) in zip(message.recipients.order_by("position"), STANDS, strict=True):
        if kind:
            make_event(recipient, kind, at=later(seconds=3), sequence=2, category=category)
    told = {row["recipients"]: row["status"] for row in ask(CALL, **DAY)["info"]["voList"]}
    assert told == {f"u{number}@qq.example": status for number, (_, _, status) in enumerate(STANDS)}
    assert {kind for kind, _, _ in STANDS} >= {state.value for state in Recipient.TERMINAL}


def test_what_was_delivered_and_came_back_is_told_as_it_stands(ask: Ask, acme: Tenant) -> None:
    (recipient,) = make(acme, "ann@qq.example").recipients.all()
    make_event(recipient, EventType.DELIVERED, at=later(seconds=3), sequence=2)
    make_event(recipient, EventType.BOUNCED, at=later(hours=3), sequence=3, category="recipient", reply="No such user")
    (row,) = ask(CALL, **DAY)["info"]["voList"]
    assert (row["status"], row["modifiedTime"], row["sendLog"]) == ("无效邮件", "2026-03-10 15:00:00", "No such user")


def test_what_a_send_answers_is_found(ask: Ask, send: Send) -> None:
    ids = send(to="ben@ifaxin.example;Joe@ifaxin.example")["info"]["emailIdList"]
    answer = ask(CALL, emailIds=";".join(ids))
    assert sorted(row["emailId"] for row in answer["info"]["voList"]) == sorted(ids)
    assert answer["info"]["total"] == "2"
    assert [row["emailId"] for row in ask(CALL, emailIds=ids[1], days=1)["info"]["voList"]] == [ids[1]]


@pytest.mark.parametrize("position", [999_999, 1_000_000, 2_147_483_647])
def test_copies_far_down_a_long_list_are_found(ask: Ask, acme: Tenant, position: int) -> None:
    message = make(acme, "ann@qq.example")
    message.recipients.update(position=position)
    (right,) = ids_of(message)
    assert copies(ask(CALL, emailIds=right)) == ["ann"]


def test_ids_of_nothing_find_nothing(ask: Ask, acme: Tenant) -> None:
    (right,) = ids_of(make(acme, "ann@qq.example"))
    numbers, rest = right.partition(".")[::2]
    first, *others = numbers.split("_")
    wrong = [
        "nothing",
        right.replace("inbound0", "inbound1"),
        right.replace("ann@", "bob@"),
        right.replace("$", "#"),
        f"{int(first) + 1}_{'_'.join(others)}.{rest}",
        f"{numbers}1.{rest}",
        f"{first}_99999999999999_9_9.{rest}",
        f"{first}_{'9' * 60}.{rest}",
        right.partition("-inbound")[0],
        *(f"{numbers}.x-inbound{'9' * digits}$ann@qq.example" for digits in (10, 30)),
    ]
    assert copies(ask(CALL, emailIds=";".join(wrong))) == []
    assert copies(ask(CALL, way="json", emailIds=[right, right, *wrong])) == ["ann"]
    assert copies(ask(CALL, emailIds=right.replace("ann@qq", "ANN@QQ"))) == ["ann"]


def test_all_that_is_named_holds(ask: Ask, acme: Tenant) -> None:
    other, _ = add_smtp_user(acme.account, name="smtp_other")
    (ann,) = ids_of(make(acme, "ann@qq.example"))
    (bob,) = ids_of(make(acme, "bob@qq.example", smtp_user=other, accepted_at=later(hours=1)))
    ids = f"{ann};{bob}"
    assert copies(ask(CALL, emailIds=ids)) == ["bob", "ann"]
    assert copies(ask(CALL, emailIds=ids, apiUserList="smtp_other")) == ["bob"]
    assert copies(ask(CALL, emailIds=ids, email="ANN@qq.example", **DAY)) == ["ann"]
    assert copies(ask(CALL, emailIds=ids, **ELSEWHERE)) == []
    assert copies(ask(CALL, email="bob@qq.example")) == ["bob"]
    assert copies(ask(CALL, email="bob@qq.example", apiUserList=acme.smtp_user.name)) == []


@pytest.mark.parametrize("way", ["get", "form", "multipart", "json"])
def test_every_way_of_asking_is_understood(ask: Ask, acme: Tenant, way: str) -> None:
    (ann, bob) = ids_of(make(acme, "ann@qq.example", "bob@qq.example"))
    assert set(copies(ask(CALL, way=way, emailIds=f"{ann};{bob}", start="0", limit="2"))) == {"ann", "bob"}
    assert copies(ask(CALL, way=way, email="bob@qq.example", **DAY)) == ["bob"]


def test_pages_follow_each_other(ask: Ask, acme: Tenant) -> None:
    ids = [ids_of(make(acme, f"u{number}@qq.example", accepted_at=later(minutes=-number)))[0] for number in range(5)]
    for asked in (DAY, {"emailIds": ";".join(ids)}):
        pages = [ask(CALL, start=start, limit=2, **asked) for start in (0, 2, 4, 6)]
        assert [name for page in pages for name in copies(page)] == [f"u{number}" for number in range(5)]
        assert {page["info"]["total"] for page in pages} == {"5"}


def test_what_is_wrong_has_its_code_and_words(ask: Ask) -> None:
    check_refused(ask, CALL, REFUSED)
    assert {code for code, _ in REFUSED} == codes_of(CALL)


def test_anothers_mail_is_like_none(acme: Tenant, globex: Tenant) -> None:
    (ann,) = ids_of(make(acme, "ann@qq.example"))
    make(globex, "eve@qq.example")
    theirs = ask_as(globex)
    assert copies(theirs(CALL, **DAY)) == ["eve"]
    asked = {
        "emailIds": (ann, ann.replace("ann@", "nobody@")),
        "email": ("ann@qq.example", "nobody@qq.example"),
        "apiUserList": (acme.smtp_user.name, "nobody"),
    }
    for name, (foreign, none) in asked.items():
        found = theirs(CALL, **{name: foreign}, **DAY)
        assert found == theirs(CALL, **{name: none}, **DAY)
        assert copies(found) == []

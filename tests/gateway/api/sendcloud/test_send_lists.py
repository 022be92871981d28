"""Sends to address lists, and what mail/taskinfo tells of them."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.engine import lists
from gateway.engine.control import cancel_message
from gateway.models import ListTask, Message, Recipient
from templates_app.actions import add_template
from templates_app.texts import Texts
from tests.gateway.api.sendcloud.asking import Ask, ask_as, refusal_of
from tests.gateway.api.sendcloud.conftest import Send
from tests.gateway.api.sendcloud.wires import part_of, read_mails
from tests.support.cast import Tenant
from tests.support.lists import make_list

NEWS, STAFF = "news@lists.example", "staff@lists.example"
TO_NEWS = {"useAddressList": "true", "to": NEWS}


def expand() -> None:
    """Take in every member of every list."""
    while any(lists.expand_batch(task.pk) for task in ListTask.objects.filter(state__in=["waiting", "running"])):
        pass


def test_it_works(send: Send, acme: Tenant) -> None:
    make_list(acme.account.pk)
    answer = send(**TO_NEWS, html="<p>%N% of %city%</p>", subject="Nr. %N%")
    task = ListTask.objects.get()
    assert answer == {
        "result": True,
        "statusCode": 40821,
        "message": "地址列表任务创建成功",
        "info": {"maillistTaskId": [task.pk]},
    }
    expand()
    mails = read_mails()
    assert [(email, mail["To"], mail["Subject"]) for email, mail in mails.items()] == [
        (f"p{number}@inbox.example", f"p{number}@inbox.example", f"Nr. {number}") for number in range(3)
    ]
    assert part_of(mails["p2@inbox.example"], "html").strip() == "<p>2 of %city%</p>"


def test_up_to_five_lists_are_sent_to_each_once(send: Send, acme: Tenant) -> None:
    names = [f"l{number}@lists.example" for number in range(5)]
    for name in names:
        make_list(acme.account.pk, 1, name)
    answer = send(useAddressList="true", to=";".join([" ", *names[:4], names[4].upper(), ""]))
    assert len(answer["info"]["maillistTaskId"]) == 5
    assert [task.list_address for task in ListTask.objects.order_by("position")] == names


def test_copies_and_xsmtpapi_count_for_nothing(send: Send, acme: Tenant) -> None:
    make_list(acme.account.pk)
    send(**TO_NEWS, cc="carl@b.example", bcc=MANY, xsmtpapi='{"to": ["nobody"], "pubsub": {"%N%": "7"}}', html="%N%")
    expand()
    assert [one.email for one in Recipient.objects.all()] == [f"p{number}@inbox.example" for number in range(3)]
    assert part_of(read_mails()["p1@inbox.example"], "html").strip() == "1"
    assert Message.objects.get().note == "Mail to address lists goes without cc, bcc, xsmtpapi."


MANY = ";".join(f"u{number}@b.example" for number in range(101))


def test_lists_are_named_in_an_array_too(acme: Tenant, send: Send) -> None:
    make_list(acme.account.pk)
    mail = {"from": "news@acme.example", "subject": "Hello", "plain": "Hello", "to": [NEWS], "useAddressList": True}
    assert ask_as(acme)("mail/send", way="json", **mail)["statusCode"] == 40821


@pytest.mark.parametrize("path", ["mail/send", "mail/sendtemplate", "mail/sendcalendar"])
def test_lists_of_others_are_as_unknown_as_none(send: Send, acme: Tenant, globex: Tenant, path: str) -> None:
    make_list(acme.account.pk)
    make_list(globex.account.pk, 1, STAFF)
    extra: dict[str, Any] = {
        "startTime": "2030-01-31 09:00:00",
        "endTime": "2030-01-31 10:00:00",
        "title": "Budget",
        "organizerName": "Joe",
        "organizerEmail": "joe@acme.example",
        "location": "Room 1",
    }
    if path == "mail/sendtemplate":
        make_template(acme)
        extra = {"templateInvokeName": "hello"}
    answer = send(path, useAddressList="true", to=f"{NEWS};{STAFF};none@lists.example", **extra)
    assert refusal_of(answer) == (40863, f"to中有不存在的地址列表. 参数to: {STAFF};none@lists.example")
    assert not Message.objects.exists()


def make_template(tenant: Tenant) -> None:
    texts = Texts(subject="Hello %N%", html="<p>Hello %N%</p>")
    add_template(tenant.account.pk, invoke_name="hello", name="Hello", texts=texts, syntax="sendcloud")


def test_a_send_to_lists_is_done_once(send: Send, acme: Tenant) -> None:
    make_list(acme.account.pk)
    first = send(**TO_NEWS, sendRequestId="order-7")
    assert send(**TO_NEWS, sendRequestId="order-7") == first
    assert ListTask.objects.count() == 1


def test_a_quota_counts_members_as_they_are_taken_in(send: Send, acme: Tenant) -> None:
    make_list(acme.account.pk)
    acme.account.quota_day = 2
    acme.account.save()
    assert send(**TO_NEWS)["statusCode"] == 40821


# What became of it -------------------------------------------------------------------------------------------------------


def test_taskinfo_tells_how_far_it_got(send: Send, ask: Ask, acme: Tenant) -> None:
    make_list(acme.account.pk)
    (task_id,) = send(**TO_NEWS)["info"]["maillistTaskId"]
    asked = ask("mail/taskinfo", maillistTaskId=task_id)
    told = asked["info"]["data"]
    assert (asked["statusCode"], asked["message"]) == (200, "请求成功")
    assert {name: told.pop(name) for name in ("gmtCreated", "gmtUpdated")}.keys() == {"gmtCreated", "gmtUpdated"}
    assert told == {
        "maillistTaskId": task_id,
        "apiUser": acme.smtp_user.name,
        "addressList": NEWS,
        "memberCount": 3,
        "status": "等待处理",
    }
    expand()
    assert ask("mail/taskinfo", maillistTaskId=str(task_id))["info"]["data"]["status"] == "请求完毕"


def test_taskinfo_tells_times_in_china(send: Send, ask: Ask, acme: Tenant) -> None:
    make_list(acme.account.pk)
    (task_id,) = send(**TO_NEWS)["info"]["maillistTaskId"]
    ListTask.objects.update(created_at="2026-01-31T20:00:00Z", updated_at="2026-01-31T20:00:01Z")
    told = ask("mail/taskinfo", way="get", maillistTaskId=task_id)["info"]["data"]
    assert (told["gmtCreated"], told["gmtUpdated"]) == ("2026-02-01 04:00:00", "2026-02-01 04:00:01")


def test_taskinfo_tells_of_a_send_that_was_cancelled(send: Send, ask: Ask, acme: Tenant) -> None:
    make_list(acme.account.pk)
    (task_id,) = send(**TO_NEWS)["info"]["maillistTaskId"]
    cancel_message(acme.account.pk, Message.objects.get().pk)
    assert ask("mail/taskinfo", maillistTaskId=task_id)["info"]["data"]["status"] == "已取消"


@pytest.mark.parametrize("way", ["get", "form", "multipart", "json"])
def test_taskinfo_is_asked_in_every_way(send: Send, ask: Ask, acme: Tenant, way: str) -> None:
    make_list(acme.account.pk)
    (task_id,) = send(**TO_NEWS)["info"]["maillistTaskId"]
    assert ask("mail/taskinfo", way=way, maillistTaskId=task_id)["info"]["data"]["maillistTaskId"] == task_id


def test_the_task_of_others_is_as_unknown_as_none(send: Send, acme: Tenant, globex: Tenant) -> None:
    make_list(acme.account.pk)
    (task_id,) = send(**TO_NEWS)["info"]["maillistTaskId"]
    theirs, nobodys = (ask_as(globex)("mail/taskinfo", maillistTaskId=number) for number in (task_id, 987_654_321))
    assert refusal_of(theirs) == refusal_of(nobodys) == (6001, "你没有权限访问")
    assert theirs["info"]["reason"].replace(str(task_id), "987654321") == nobodys["info"]["reason"]


@pytest.mark.parametrize("wrong", [{}, {"maillistTaskId": ""}, {"maillistTaskId": "seven"}, {"maillistTaskId": 2**63}])
def test_taskinfo_needs_a_number(ask: Ask, wrong: dict[str, Any]) -> None:
    answer = ask("mail/taskinfo", **wrong)
    assert refusal_of(answer)[0] == 49906
    assert "maillistTaskId" in answer["info"]["reason"]

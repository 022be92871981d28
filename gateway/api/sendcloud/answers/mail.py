"""What mail/* says."""

from __future__ import annotations

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendcloud.answers import Told, say_time
from gateway.api.sendcloud.codes import CODES
from gateway.engine.submission import Accepted
from gateway.models import ListTask

# The vendor's documents have the word for a task that is done; the others are ours.
STATUSES: dict[str, str] = {
    ListTask.State.WAITING: "等待处理",
    ListTask.State.RUNNING: "正在处理",
    ListTask.State.HELD: "暂停",
    ListTask.State.DONE: "请求完毕",
    ListTask.State.CANCELLED: "已取消",
    ListTask.State.FAILED: "请求失败",
}


class EmailIds(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The ids of the mails of one call, in the order of its recipients; left out where respEmailId is false."""

    email_id_list: list[str] | msgspec.UnsetType = msgspec.UNSET


class Sent(Told, frozen=True, kw_only=True):
    """That mail was accepted."""

    info: EmailIds


class TaskIds(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The sends to address lists that a call began, in the order of its lists."""

    maillist_task_id: list[int]


class SentToLists(Told, frozen=True, kw_only=True):
    """That mail to address lists was accepted."""

    info: TaskIds
    status_code: int = 40821
    message: str = CODES[40821]


class Task(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A send to an address list."""

    maillist_task_id: int
    api_user: str
    address_list: str
    member_count: int
    gmt_created: str
    gmt_updated: str
    status: str


class TaskData(msgspec.Struct, frozen=True, kw_only=True):
    data: Task


class TaskTold(Told, frozen=True, kw_only=True):
    """How far a send to an address list got."""

    info: TaskData


def say_sent(accepted: Accepted, *, with_ids: bool) -> HttpResponse:
    """Say that mail was accepted: with the tasks of its lists or, `with_ids`, the id of each recipient's mail."""
    if accepted.task_ids:
        return json_answer(SentToLists(info=TaskIds(maillist_task_id=list(accepted.task_ids))))
    return json_answer(Sent(info=EmailIds(email_id_list=email_ids(accepted)) if with_ids else EmailIds()))


def email_ids(accepted: Accepted) -> list[str]:
    """Return messageId + position + `$` + address for each recipient (seeds/002)."""
    return [f"{accepted.inbound_id}{position}${email}" for position, email in enumerate(accepted.emails)]


def say_task(task: ListTask) -> HttpResponse:
    """Say how far a send to a list got; its API user may be gone since."""
    user = task.message.smtp_user if task.message is not None else None
    told = Task(
        maillist_task_id=task.pk,
        api_user=user.name if user is not None else "",
        address_list=task.list_address,
        member_count=task.members,
        gmt_created=say_time(task.created_at),
        gmt_updated=say_time(task.updated_at),
        status=STATUSES[task.state],
    )
    return json_answer(TaskTold(info=TaskData(data=told)))

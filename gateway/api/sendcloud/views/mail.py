"""mail/*: what sends, and how far a send to an address list got."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import msgspec
from django.http import HttpResponse

from domains.credentials import Credential
from gateway.api.asked import Asked
from gateway.api.bodies import Payload
from gateway.api.fields import Field, fault_in
from gateway.api.sendcloud.answers.mail import Sent, SentToLists, TaskTold, say_sent, say_task
from gateway.api.sendcloud.parse.calendar import parse_calendar
from gateway.api.sendcloud.parse.mail import SendCall, parse_send, parse_template
from gateway.api.sendcloud.parse.mail_fields import SEND, SEND_CALENDAR, SEND_TEMPLATE, task_id
from gateway.api.sendcloud.views.base import ModuleView, SendCloudView
from gateway.api.sendcloud.views.sending import complete
from gateway.engine.mailing import find_list_task
from gateway.engine.submission import Accepted
from gateway.models import ListTask


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was accepted, and whether the answer lists the ids of the mails."""

    accepted: Accepted
    with_ids: bool


# What calls that send may answer beside the codes of their fields: of recipients, xsmtpapi, files, lists, and of what is sent.
OF_ALL = (
    *(40000, 40106, 40805, 40807, 40810, 40814, 40815, 40816, 40817, 40819, 40827),
    *(40862, 40863, 40864, 40872, 40879, 40880, 40901, 40904),
)
OF_CONTENT = (40852, 40854, 40855, 40857, 40870)
OF_TEMPLATES = (40812, 40823, 40825, 40826)


class SendingView(SendCloudView):
    """A call that sends."""

    http_method_names: tuple[str, ...] = ("post",)
    files: ClassVar[tuple[str, ...]] = ("attachments", "embeddedImage")
    answers: ClassVar[tuple[type[msgspec.Struct], ...]] = (Sent, SentToLists)

    def act(self, asked: SendCall) -> Done:
        return Done(accepted=super().act(complete(asked)), with_ids=asked.with_ids)

    def answer(self, done: Done) -> HttpResponse:
        return say_sent(done.accepted, with_ids=done.with_ids)


class Send(SendingView):
    """mail/send

    Sends a mail with its own content, to addresses or to address lists.
    """

    fields = SEND
    codes = (*OF_ALL, *OF_CONTENT)

    def parse(self, payload: Payload, credential: Credential) -> SendCall:
        return parse_send(payload, credential)


class SendTemplate(SendingView):
    """mail/sendtemplate

    Sends a stored template, with values for each recipient in its fields.
    """

    fields = SEND_TEMPLATE
    codes = (*OF_ALL, *OF_TEMPLATES)

    def parse(self, payload: Payload, credential: Credential) -> SendCall:
        return parse_template(payload, credential)


class SendCalendar(SendingView):
    """mail/sendcalendar

    Sends a mail that asks people to a meeting: they can take it over into their calendars.
    """

    fields = SEND_CALENDAR
    codes = (*OF_ALL, *OF_CONTENT, 40850)

    def parse(self, payload: Payload, credential: Credential) -> SendCall:
        return parse_calendar(payload, credential)


class TaskInfo(ModuleView):
    """mail/taskinfo

    Tells how far a send to an address list got.
    """

    fields = (Field("maillistTaskId", task_id, required=True, missing=49906, invalid=49906),)
    codes = (6001,)
    answers = (TaskTold,)

    def act(self, asked: Asked) -> ListTask:
        found = find_list_task(asked.account_id, asked["maillistTaskId"])
        if found is None:
            message = f"There is no maillistTaskId {asked['maillistTaskId']}."
            raise fault_in("maillistTaskId", 6001, message)
        return found

    def answer(self, done: ListTask) -> HttpResponse:
        return say_task(done)

"""What SendClean says to messages/*."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendclean.answers import Said
from gateway.engine.reports import Report
from gateway.models import Recipient
from tracking.queries import Hits

# The vendor's spelling, with the space at the end; sendRaw is in no document, and is told what sendMail is.
QUEUED = "message have been Queued ... "
QUEUED_FROM_TEMPLATE = "250 Message Queued..."

State = Recipient.State
# Decision 17; what waits is queued, deferred is what a receiver put off.
STATUS = {
    State.QUEUED: "queued",
    State.HELD: "queued",
    State.SENDING: "sending",
    State.DEFERRED: "deferred",
    State.DELIVERED: "delivered",
    State.BOUNCED: "bounced",
    State.EXPIRED: "bounced",
    State.SUPPRESSED: "dropped",
    State.CANCELLED: "dropped",
    State.FAILED: "dropped",
}


class HitData(msgspec.Struct, frozen=True, kw_only=True):
    """Opens or clicks in their order: addresses, programs and times in milliseconds since 1970, three lists of one length."""

    ip: list[str]
    ua: list[str]
    time: list[int]


class MessageData(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of one copy. Sizes are in bytes, times in milliseconds since 1970.

    `open` and `click` say whether there was any, 1 or 0: in the seed's example they are 1 beside two of each.
    """

    subject: str
    sender: str
    email: str
    send_from: str
    mail_size: int
    attch_size: int
    status: str
    time: int
    open: int
    open_data: HitData
    click_data: HitData
    click: int


class MessageInfo(msgspec.Struct, frozen=True, kw_only=True):
    status: str = "success"
    message_data: list[MessageData]


def answer_sent() -> HttpResponse:
    return json_answer(Said(message=QUEUED))


def answer_sent_from_template() -> HttpResponse:
    return json_answer(Said(message=QUEUED_FROM_TEMPLATE))


def answer_info(reports: Iterable[Report]) -> HttpResponse:
    return json_answer(MessageInfo(message_data=[_describe(report) for report in reports]))


def _describe(report: Report) -> MessageData:
    return MessageData(
        subject=report.subject,
        sender=report.sender,
        email=report.email,
        send_from=report.source,
        mail_size=report.size,
        attch_size=report.files_size,
        status=STATUS[State(report.state)] if report.is_tried or report.state != State.DEFERRED else STATUS[State.QUEUED],
        time=_milliseconds(report.accepted_at),
        open=int(bool(report.opens.times)),
        open_data=_hits(report.opens),
        click_data=_hits(report.clicks),
        click=int(bool(report.clicks.times)),
    )


def _hits(hits: Hits) -> HitData:
    return HitData(ip=list(hits.addresses), ua=list(hits.agents), time=list(hits.times))


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)

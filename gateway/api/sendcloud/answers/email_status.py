"""What data/emailStatus says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendcloud.answers import Told, say_time
from gateway.base.ids import make_inbound_id, milliseconds_of
from tracking.models import Event, EventType
from tracking.statistics import HARD

DELIVERED: Final = "投递成功"
UNDER_WAY: Final = "请求中"
SOFT_BOUNCE: Final = "软退信"
INVALID: Final = "无效邮件"
CANCELLED: Final = "已取消"  # not the vendor's: it takes no mail back

# As in the webhooks: what bounced because the address is bad is invalid, all else that did not arrive is a soft bounce.
STATUS: Final[Mapping[str, str]] = {
    EventType.DELIVERED: DELIVERED,
    EventType.DEFERRED: UNDER_WAY,
    EventType.BOUNCED: SOFT_BOUNCE,  # or INVALID, see _status
    EventType.EXPIRED: SOFT_BOUNCE,
    EventType.FAILED: SOFT_BOUNCE,
    EventType.SUPPRESSED: INVALID,
    EventType.CANCELLED: CANCELLED,
}
UNSAID: Final = "The address is not mailed"


class EmailStatus(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """How one copy stands, when it was asked for and when that changed last, and what the receiving server said."""

    email_id: str
    status: str
    api_user: str
    recipients: str
    request_time: str
    modified_time: str
    send_log: str


class EmailStatuses(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A part of a list: `total` as text, as the vendor has it."""

    total: str
    vo_list_size: int
    vo_list: list[EmailStatus]


class EmailStatusesListed(Told, frozen=True, kw_only=True):
    info: EmailStatuses


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Some of `total` copies by their acceptances, with the last event of each that is further than that."""

    total: int
    acceptances: Sequence[Event]
    last: Mapping[int, Event]  # by recipient
    users: Mapping[int | None, str]


def say_statuses(copies: Copies) -> HttpResponse:
    listed = [
        _email_status(event, copies.last.get(event.recipient_id), copies.users.get(event.smtp_user_id, ""))
        for event in copies.acceptances
    ]
    info = EmailStatuses(total=str(copies.total), vo_list_size=len(listed), vo_list=listed)
    return json_answer(EmailStatusesListed(info=info))


def email_id_of(event: Event) -> str:
    """Return the emailId of the copy that an event tells of (decision 6)."""
    return f"{make_inbound_id(event.message_id, milliseconds_of(event.public_id))}{event.position}${event.recipient}"


def _email_status(accepted: Event, last: Event | None, user: str) -> EmailStatus:
    return EmailStatus(
        email_id=email_id_of(accepted),
        status=_status(last),
        api_user=user,
        recipients=accepted.recipient,
        request_time=say_time(accepted.at),
        modified_time=say_time((last or accepted).at),
        send_log=_send_log(last),
    )


def _status(last: Event | None) -> str:
    if last is None:
        return UNDER_WAY
    return INVALID if last.type == EventType.BOUNCED and last.category in HARD else STATUS[last.type]


def _send_log(last: Event | None) -> str:
    if last is None:
        return ""
    said = f"{last.code} {last.reply}" if last.code else last.reply
    return said or (UNSAID if last.type == EventType.SUPPRESSED else "")

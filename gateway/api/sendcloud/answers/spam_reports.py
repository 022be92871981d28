"""What spamreported/* says."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendcloud.answers import Page, Told, say_time
from tracking.models import Event

UNSAID = "Reported as spam"


class SpamReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A reader who complained: when, and what the report said."""

    receiver: str
    reason: str
    spam_reported_time: str
    domain: str


class SpamReports(Page, frozen=True, kw_only=True, rename="camel"):
    data_list: list[SpamReport]


class SpamReportsListed(Told, frozen=True, kw_only=True):
    info: SpamReports


def say_spam_reports(events: Sequence[Event], total: int) -> HttpResponse:
    listed = [_spam_report(event) for event in events]
    return json_answer(SpamReportsListed(info=SpamReports(count=len(listed), total=total, data_list=listed)))


def _spam_report(event: Event) -> SpamReport:
    return SpamReport(
        receiver=event.recipient,
        reason=event.reply or UNSAID,
        spam_reported_time=say_time(event.at),
        domain=event.recipient_domain,
    )

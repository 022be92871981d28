"""spamreported/*: readers who complained of mail as spam."""

from __future__ import annotations

from django.http import HttpResponse

from gateway.api.asked import Asked
from gateway.api.sendcloud.answers.spam_reports import SpamReportsListed, say_spam_reports
from gateway.api.sendcloud.parse.spam_reports import LIST
from gateway.api.sendcloud.parse.spans import read_span
from gateway.api.sendcloud.views.base import ModuleView
from gateway.api.sendcloud.views.paging import Part
from gateway.api.sendcloud.views.reporting import list_events
from tracking.models import Event, EventType
from tracking.queries import EventFilter


class ListSpamReports(ModuleView):
    """spamreported/list

    Lists the complaints of readers, the latest first: of some days, or of one address.
    """

    fields = LIST
    answers = (SpamReportsListed,)

    def act(self, asked: Asked) -> Part[Event]:
        span = read_span(asked)
        wanted = EventFilter(account_id=asked.account_id, types=[EventType.COMPLAINED], recipient=span.email)
        return list_events(asked, wanted.between(span.since, span.until))

    def answer(self, done: Part[Event]) -> HttpResponse:
        return say_spam_reports(done.rows, done.total)

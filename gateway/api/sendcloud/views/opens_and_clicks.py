"""openandclick/*: what readers opened and clicked."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpResponse

from gateway.api.asked import Asked
from gateway.api.sendcloud.answers.opens_and_clicks import TracksListed, say_tracks
from gateway.api.sendcloud.parse.opens_and_clicks import LIST
from gateway.api.sendcloud.parse.spans import read_span
from gateway.api.sendcloud.views.base import ModuleView
from gateway.api.sendcloud.views.paging import Part
from gateway.api.sendcloud.views.reporting import list_events, tag_of, user_ids, user_names
from tracking.models import Event
from tracking.queries import EventFilter

Found = tuple[Part[Event], Mapping[int | None, str]]


class ListOpensAndClicks(ModuleView):
    """openandclick/list

    Lists opens and clicks, the latest first: of some days, or of one address.
    """

    fields = LIST
    answers = (TracksListed,)

    def act(self, asked: Asked) -> Found:
        span = read_span(asked)
        wanted = EventFilter(
            account_id=asked.account_id,
            types=asked["trackType"],
            recipient=span.email,
            smtp_user_ids=user_ids(asked.account_id, asked["apiUserList"]),
            tag=tag_of(asked.account_id, asked["labelId"]),
        )
        part = list_events(asked, wanted.between(span.since, span.until))
        return part, user_names(asked.account_id, (event.smtp_user_id for event in part.rows))

    def answer(self, done: Found) -> HttpResponse:
        part, users = done
        return say_tracks(part.rows, part.total, users)

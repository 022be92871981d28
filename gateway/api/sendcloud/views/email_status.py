"""data/*: how each copy stands."""

from __future__ import annotations

from django.http import HttpResponse

from gateway.api.asked import Asked
from gateway.api.sendcloud.answers.email_status import Copies, EmailStatusesListed, say_statuses
from gateway.api.sendcloud.parse.email_status import LIST, read_copies
from gateway.api.sendcloud.views.base import ModuleView
from gateway.api.sendcloud.views.paging import Part
from gateway.api.sendcloud.views.reporting import list_events, user_ids, user_names
from gateway.engine.copies import find_copies
from tracking.models import Event, EventType
from tracking.queries import EventFilter
from tracking.queries.outcomes import find_acceptances, last_events


class ListEmailStatus(ModuleView):
    """data/emailStatus

    Tells how each copy stands, the latest first: of some days, of one address, or by their ids; all that is named must hold.
    """

    fields = LIST
    answers = (EmailStatusesListed,)

    def act(self, asked: Asked) -> Copies:
        part = _find(asked)
        return Copies(
            total=part.total,
            acceptances=part.rows,
            last=last_events(asked.account_id, part.rows),
            users=user_names(asked.account_id, (event.smtp_user_id for event in part.rows)),
        )

    def answer(self, done: Copies) -> HttpResponse:
        return say_statuses(done)


def _find(asked: Asked) -> Part[Event]:
    span = read_copies(asked)
    wanted = EventFilter(
        account_id=asked.account_id,
        types=[EventType.ACCEPTED],
        recipient=span.email,
        smtp_user_ids=user_ids(asked.account_id, asked["apiUserList"]),
        since=span.since,
        until=span.until,
    )
    if asked["emailIds"] is None:
        return list_events(asked, wanted)
    found = find_acceptances(wanted, find_copies(asked.account_id, asked["emailIds"]))
    return Part(rows=found[asked["start"] : asked["start"] + asked["limit"]], total=len(found))

"""bounce/*: addresses that are not mailed any more, as their mail bounced for good."""

from __future__ import annotations

from django.http import HttpResponse

from gateway.api.asked import Asked
from gateway.api.sendcloud.answers import Counted, say_count
from gateway.api.sendcloud.answers.bounces import BouncesListed, say_bounces
from gateway.api.sendcloud.parse.bounces import COUNT, DELETE, LIST
from gateway.api.sendcloud.parse.spans import read_days, read_span
from gateway.api.sendcloud.views.base import ModuleView
from gateway.api.sendcloud.views.paging import Part, take_part
from gateway.api.sendcloud.views.suppressed import DeleteSuppressed, suppressed
from tracking.models import Suppression

BOUNCED = Suppression.Cause.BOUNCED


class ListBounces(ModuleView):
    """bounce/list

    Lists the addresses that bounced for good, the latest first: of some days, or one by its address.
    """

    fields = LIST
    answers = (BouncesListed,)

    def act(self, asked: Asked) -> Part[Suppression]:
        return take_part(suppressed(asked, BOUNCED, read_span(asked)), asked)

    def answer(self, done: Part[Suppression]) -> HttpResponse:
        return say_bounces(done.rows, done.total)


class DeleteBounces(DeleteSuppressed):
    """bounce/delete

    Takes addresses off the list of bounces, so that they are mailed again: all of some days, or one by its address.
    """

    fields = DELETE
    cause = BOUNCED


class CountBounces(ModuleView):
    """bounce/count

    Counts the addresses that bounced for good within some days.
    """

    fields = COUNT
    answers = (Counted,)

    def act(self, asked: Asked) -> int:
        return suppressed(asked, BOUNCED, read_days(asked)).count()

    def answer(self, done: int) -> HttpResponse:
        return say_count(done)

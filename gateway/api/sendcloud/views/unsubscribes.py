"""unsubscribe/*: addresses that are not mailed any more, as their readers wished."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import QuerySet
from django.http import HttpResponse

from gateway.api.asked import Asked
from gateway.api.sendcloud.answers.unsubscribes import (
    UnsubscribeAdded,
    UnsubscribesListed,
    Wish,
    say_added,
    say_unsubscribes,
)
from gateway.api.sendcloud.parse.spans import read_span
from gateway.api.sendcloud.parse.unsubscribes import ADD, DELETE, LIST
from gateway.api.sendcloud.views.base import ChangingView, ModuleView
from gateway.api.sendcloud.views.paging import take_part
from gateway.api.sendcloud.views.reporting import tags_of, user_ids, user_names
from gateway.api.sendcloud.views.suppressed import DeleteSuppressed, suppressed
from tracking.labels import find_ids
from tracking.models import EventType, Suppression
from tracking.queries import EventFilter
from tracking.queries.room import room_to_work
from tracking.queries.suppressed import find_wishes, told_by
from tracking.suppressions import unsubscribe

UNSUBSCRIBED = Suppression.Cause.UNSUBSCRIBED


class ListUnsubscribes(ModuleView):
    """unsubscribe/list

    Lists the addresses that unsubscribed, the latest first: of some days, or one by its address. Who came there by no mail has
    no API user and no label.
    """

    fields = LIST
    answers = (UnsubscribesListed,)

    def act(self, asked: Asked) -> tuple[Sequence[Wish], int]:
        with room_to_work():  # the mail that they came by is found among all events of the days
            part = take_part(_asked_for(asked), asked)
            return [*_wishes(asked.account_id, part.rows)], part.total

    def answer(self, done: tuple[Sequence[Wish], int]) -> HttpResponse:
        return say_unsubscribes(*done)


class AddUnsubscribe(ChangingView):
    """unsubscribe/add

    Puts an address on the list of those that unsubscribed, so that it is not mailed any more. One that is there stays.
    """

    fields = ADD
    answers = (UnsubscribeAdded,)

    def change(self, asked: Asked) -> Wish:
        row = unsubscribe(asked.account_id, asked["email"], f"Added by the API user {asked.actor}.")
        asked.remember(row, "unsubscribed")
        return Wish(email=row.email, at=row.created_at, api_user=asked.actor)

    def answer(self, done: Wish) -> HttpResponse:
        return say_added(done)


class DeleteUnsubscribes(DeleteSuppressed):
    """unsubscribe/delete

    Takes addresses off the list of those that unsubscribed, so that they are mailed again: all of some days, or one by its
    address.
    """

    fields = DELETE
    cause = UNSUBSCRIBED


def _asked_for(asked: Asked) -> QuerySet[Suppression]:
    rows = suppressed(asked, UNSUBSCRIBED, read_span(asked))
    if asked["apiUserList"] is None and asked["labelIdList"] is None:
        return rows
    users = user_ids(asked.account_id, asked["apiUserList"])
    told = EventFilter(account_id=asked.account_id, smtp_user_ids=users, types=[EventType.UNSUBSCRIBED])
    return told_by(rows, told, tuple(tags_of(asked.account_id, asked["labelIdList"])))


def _wishes(account_id: int, rows: Sequence[Suppression]) -> Iterator[Wish]:
    """Yield what is told of each, with the mail that it came by."""
    events = find_wishes(account_id, rows)
    names = user_names(account_id, (event.smtp_user_id for event in events.values()))
    labels = find_ids(account_id, {tag for event in events.values() for tag in event.tags})
    for row in rows:
        event = events.get(row.email)
        tags = event.tags if event is not None else ()
        yield Wish(
            email=row.email,
            at=row.created_at,
            api_user=names.get(event.smtp_user_id, "") if event is not None else "",
            label_id=next((labels[tag] for tag in tags if tag in labels), 0),
        )

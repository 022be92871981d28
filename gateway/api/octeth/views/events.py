"""Octeth's calls about events: listed, exported, counted; and of the key of a sender domain, listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.http import HttpResponse

from gateway.api.octeth.answers.events import (
    MOST_EXPORTED,
    AggBuckets,
    Events,
    agg_buckets,
    csv_file,
    event_item,
)
from gateway.api.octeth.parse.events import AGGR_EVENTS, EXPORT_EVENTS, GET_EVENTS
from gateway.api.octeth.parse.times import span_of
from gateway.api.octeth.views.command import Caller, Command
from gateway.base import clock
from gateway.models import Message
from tracking.models import Event, EventType
from tracking.queries import EventFilter, aggregate, count_events, find_events
from tracking.queries.pages import MOST_ON_A_PAGE

EXPORTED_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A page of events: which, and how many of them after how many."""

    wanted: EventFilter
    skip: int
    limit: int


class GetEvents(Command):
    """EmailGateway.GetEvents: the events of a sender domain, newest first."""

    name = "EmailGateway.GetEvents"
    fields = GET_EVENTS
    answers = (Events,)
    errors: ClassVar = {
        1: "Required parameter missing: DomainID",
        2: "Failed to retrieve sender domain",
        4: "Required parameter missing: StartFrom",
        5: "Required parameter missing: RetrieveCount",
    }

    def act(self, asked: Mapping[str, Any], caller: Caller) -> Events:
        domain = caller.domain(asked["DomainID"], error=2)
        wanted = filter_of(caller.account_id, asked, domain_id=domain.pk)
        total, events = list_events(Asked(wanted=wanted, skip=asked["StartFrom"], limit=asked["RetrieveCount"]))
        return Events(total_records=total, events=[event_item(event) for event in events])


class ExportEvents(Command):
    """EmailGateway.ExportEvents: the latest events as CSV, at most 10,000; of one sender domain or of all."""

    name = "EmailGateway.ExportEvents"
    fields = EXPORT_EVENTS
    errors: ClassVar = {2: "Failed to retrieve sender domain"}

    def act(self, asked: Mapping[str, Any], caller: Caller) -> HttpResponse:
        since, until = span_of(asked, EXPORTED_DAYS)
        wanted = filter_of(caller.account_id, asked, domain_id=domain_of(asked, caller)).between(since, until)
        return csv_file(_latest(wanted), count_events(wanted), clock.now())


class AggrEvents(Command):
    """EmailGateway.AggrEvents: the events of a sender domain, counted by one of their fields."""

    name = "EmailGateway.AggrEvents"
    fields = AGGR_EVENTS
    answers = (AggBuckets,)
    errors: ClassVar = {1: "Required parameter missing: DomainID", 2: "Failed to retrieve sender domain"}

    def act(self, asked: Mapping[str, Any], caller: Caller) -> AggBuckets:
        domain = caller.domain(asked["DomainID"], error=2)
        wanted = filter_of(caller.account_id, asked, domain_id=domain.pk)
        field, limit = asked["AggregatedField"], asked["AggregateSize"]
        found = aggregate(wanted, field, len(EventType) if field == "type" else limit)
        return agg_buckets(field, found, limit)


def list_events(asked: Asked) -> tuple[int, Sequence[Event]]:
    """Return how many events there are, exactly up to 10,000 (decision 26), and a page of them, newest first."""
    page = find_events(asked.wanted, skip=asked.skip, limit=asked.limit)
    return count_events(asked.wanted).value, page.events


def domain_of(asked: Mapping[str, Any], caller: Caller) -> int | None:
    """Return the sender domain that is asked for, None for all; raise the number 2 for one that is not the account's."""
    return None if asked["DomainID"] is None else caller.domain(asked["DomainID"], error=2).pk


def filter_of(account_id: int, asked: Mapping[str, Any], *, domain_id: int | None) -> EventFilter:
    """Return which events a call asks for. A MessageID beats a Query, as the vendor has it."""
    message, query = asked.get("MessageID"), asked.get("Query")
    return EventFilter(
        account_id=account_id,
        domain_id=domain_id,
        message_id=None if message is None else _message_of(account_id, message),
        types=asked.get("Event", ()),
        since=asked["StartDate"],
        until=asked["EndDate"],
        text=query.text if query and message is None else "",
        words=query.words if query and message is None else {},
    )


def _message_of(account_id: int, public_id: Any) -> int:
    """Return the key of a message of the account; of one that is not there 0, which has no events."""
    found = Message.objects.for_account(account_id).filter(public_id=public_id).values_list("pk", flat=True).first()
    return found or 0


def _latest(wanted: EventFilter) -> Iterator[Event]:
    """Yield the events of a file, a page at a time."""
    older = None
    for _ in range(MOST_EXPORTED // MOST_ON_A_PAGE):
        page = find_events(wanted, before=older, limit=MOST_ON_A_PAGE)
        yield from page.events
        older = page.older
        if not older:
            return

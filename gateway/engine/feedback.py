"""What the world tells of mail after it was sent: opens, clicks, unsubscribes, complaints, bounces that come back by mail.

    lock       the recipients, in one order
    judge      which reports are news: what can be so once is told once
    mark       the recipients: what was told, the number of their last event, a delivery that bounced after all
    suppress   who unsubscribed, complained, or is not there
    record     the events

All of it in the caller's transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntFlag
from typing import Any, Final

from gateway.base import bulk
from gateway.base.statement import Statement
from gateway.engine.origins import load_origins
from gateway.engine.sql import BOUNCED_LATER, CANCEL_ASKED
from tracking import events, suppressions
from tracking.events import Fact, Origin
from tracking.models import EventType, Suppression
from tracking.statistics import HARD


class Mark(IntFlag):
    """What was told of a recipient already; kept in Recipient.marks."""

    OPENED = 1
    CLICKED = 2
    UNSUBSCRIBED = 4
    COMPLAINED = 8
    BOUNCED = BOUNCED_LATER
    CANCEL_ASKED = CANCEL_ASKED  # not told: it waits for the end of a try


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Something that the world tells of one recipient; `type` is a key of MARKS. `category`: a Kind, of a bounce."""

    recipient_id: int
    type: EventType
    at: datetime
    category: str = ""
    code: int = 0
    enhanced: str = ""
    reply: str = ""
    host: str = ""
    address: str = ""
    agent: str = ""
    url: str = ""


MARKS: Final[Mapping[EventType, Mark]] = {
    EventType.OPENED: Mark.OPENED,
    EventType.CLICKED: Mark.CLICKED,
    EventType.UNSUBSCRIBED: Mark.UNSUBSCRIBED,
    EventType.COMPLAINED: Mark.COMPLAINED,
    EventType.BOUNCED: Mark.BOUNCED,
}
ONCE: Final = Mark.UNSUBSCRIBED | Mark.COMPLAINED | Mark.BOUNCED
LAST_OF_MANY: Final = events.LAST_SEQUENCE - 100  # a robot that opens for ever leaves room for what matters more
_CAUSES: Final = {
    EventType.UNSUBSCRIBED: Suppression.Cause.UNSUBSCRIBED,
    EventType.COMPLAINED: Suppression.Cause.COMPLAINED,
    EventType.BOUNCED: Suppression.Cause.BOUNCED,
}

_LOCK = Statement(
    postgresql="""
        SELECT id, message_id, position, email, domain, sequence, marks FROM gateway_recipient
        WHERE id = ANY(%(c0)b::bigint[]) ORDER BY id FOR UPDATE
    """,
    sqlite="""
        SELECT id, message_id, position, email, domain, sequence, marks FROM gateway_recipient
        WHERE id IN (SELECT value ->> 0 FROM json_each(:rows)) ORDER BY id
    """,
)
_DELIVERED_TO_BOUNCED = f"CASE WHEN r.state = 'delivered' AND m.marks & {BOUNCED_LATER} <> 0 THEN 'bounced' ELSE r.state END"
_MARK = Statement(
    postgresql=f"""
        UPDATE gateway_recipient r SET sequence = m.sequence, marks = m.marks, state = {_DELIVERED_TO_BOUNCED}
        FROM unnest(%(c0)b::bigint[], %(c1)b::int[], %(c2)b::smallint[]) AS m(id, sequence, marks) WHERE r.id = m.id
    """,
    sqlite=f"""
        UPDATE gateway_recipient AS r SET sequence = m.sequence, marks = m.marks, state = {_DELIVERED_TO_BOUNCED}
        FROM (SELECT value ->> 0 AS id, value ->> 1 AS sequence, value ->> 2 AS marks FROM json_each(:rows)) AS m
        WHERE r.id = m.id
    """,
)


@dataclass(slots=True, kw_only=True)
class _Told:
    """A recipient as it is locked, and how far its story goes."""

    recipient_id: int
    message_id: int
    position: int
    email: str
    domain: str
    sequence: int
    marks: Mark

    def take_in(self, report: Report) -> bool:
        """Note a report, and return whether it is the first of its kind."""
        mark = MARKS[report.type]
        is_first = not self.marks & mark
        self.marks |= mark
        self.sequence += 1
        return is_first

    def is_news(self, report: Report) -> bool:
        """Tell whether a report is to be told: not what can be so once only, nor what a robot repeats for ever."""
        mark = MARKS[report.type]
        if mark & ONCE:
            return not self.marks & mark and self.sequence < events.LAST_SEQUENCE
        return self.sequence < LAST_OF_MANY


def tell(cursor: bulk.Cursor, reports: Iterable[Report]) -> list[Fact]:
    """Write down what the world reports, and return the facts that were news.

    Reports of recipients that are not there (any more) are left out. They are told in the order given, recipient by recipient.
    """
    by_recipient: dict[int, list[Report]] = defaultdict(list)
    for report in reports:
        by_recipient[report.recipient_id].append(report)
    if not by_recipient:
        return []
    told = [_told(row) for row in _LOCK.fetch(cursor, rows=[(key,) for key in sorted(by_recipient)])]
    if not told:
        return []
    origins = load_origins(cursor, {one.message_id for one in told})
    news = [pair for one in told for pair in _tell_one(one, by_recipient[one.recipient_id], origins[one.message_id])]
    if news:
        _MARK.run(cursor, rows=[(one.recipient_id, one.sequence, int(one.marks)) for one in told])
    wishes = [entry for one in told for entry in _wishes(one, by_recipient[one.recipient_id], origins[one.message_id])]
    known = [_suppress(report, fact.origin, fact.recipient) for report, fact in news if _suppresses(report)]
    suppressions.add(cursor, [*wishes, *known])
    events.record(cursor, [fact for _, fact in news])
    return [fact for _, fact in news]


def _tell_one(one: _Told, reports: Sequence[Report], origin: Origin) -> Iterator[tuple[Report, Fact]]:
    for report in reports:
        if one.is_news(report):
            is_first = one.take_in(report)
            yield report, _fact(one, report, origin, is_first=is_first)


def _fact(one: _Told, report: Report, origin: Origin, *, is_first: bool) -> Fact:
    return Fact(
        origin=origin,
        type=report.type,
        at=report.at,
        recipient_id=one.recipient_id,
        position=one.position,
        sequence=one.sequence,
        recipient=one.email,
        recipient_domain=one.domain,
        is_first=is_first,
        category=report.category,
        code=report.code,
        enhanced=report.enhanced,
        reply=report.reply,
        host=report.host,
        address=report.address,
        agent=report.agent,
        url=report.url,
    )


def _suppresses(report: Report) -> bool:
    return report.type in _CAUSES and (report.type is not EventType.BOUNCED or report.category in HARD)


def _wishes(one: _Told, reports: Sequence[Report], origin: Origin) -> Iterator[suppressions.Entry]:
    """Yield who wants to be gone, also where that is no news: the address may have come off the list in the meantime."""
    for report in reports:
        if report.type is EventType.UNSUBSCRIBED:
            yield _suppress(report, origin, one.email)


def _suppress(report: Report, origin: Origin, email: str) -> suppressions.Entry:
    said = f": {report.reply}" if report.reply else ""
    return suppressions.Entry(
        account_id=origin.account_id,
        email=email,
        cause=_CAUSES[report.type],
        source=f"{report.type.label} by message {origin.public_id}{said}",
    )


def _told(row: tuple[Any, ...]) -> _Told:
    recipient_id, message_id, position, email, domain, sequence, marks = row
    return _Told(
        recipient_id=recipient_id,
        message_id=message_id,
        position=position,
        email=email,
        domain=domain,
        sequence=sequence,
        marks=Mark(marks),
    )

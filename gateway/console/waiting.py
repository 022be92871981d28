"""What waits in the queue, for the page that shows it: by sender domain, and by destination with what it last said.

Every number comes from a bounded look: a queue of millions shows "10,000+" as fast as a short one its length.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Count, F, Max, Min, Q, QuerySet

from accounts.access import Access
from accounts.scoped import scope
from gateway.engine.leases import are_leased
from gateway.models import Attempt, ListTask, Recipient

State = Recipient.State

MOST = 10_000  # recipients that are looked at in each state
MOST_ROWS = 50  # of each table
WAITING = (State.QUEUED, State.SENDING, State.DEFERRED, State.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number of recipients, and whether there are more than were looked at."""

    value: int
    is_more: bool = False

    def __str__(self) -> str:
        return f"{self.value:,}{'+' if self.is_more else ''}"


@dataclass(slots=True, kw_only=True)
class Line:
    """What waits of one sender domain of one account."""

    account_id: int
    account: str
    domain_id: int
    domain: str
    states: dict[str, int] = field(default_factory=dict)
    oldest: datetime | None = None

    @property
    def total(self) -> int:
        return sum(self.states.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where mail is put off, and why: `reply` is what that host said last."""

    domain: str
    number: int
    next_try: datetime | None
    reply: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    totals: Mapping[str, Number]
    lines: tuple[Line, ...]
    destinations: tuple[Destination, ...]
    sends: tuple[ListTask, ...]  # to lists, with members that are no recipients yet

    @property
    def is_empty(self) -> bool:
        return not self.sends and not any(total.value for total in self.totals.values())


def look(access: Access) -> Waiting:
    """Return what waits in the accounts that a person may see."""
    rows = {state: scope(_rows(state), access).order_by() for state in WAITING}
    counts = {state: found[: MOST + 1].count() for state, found in rows.items()}
    totals = {state.value: Number(value=min(count, MOST), is_more=count > MOST) for state, count in counts.items()}
    return Waiting(
        totals=totals,
        lines=_lines(rows),
        destinations=_destinations(rows[State.DEFERRED]),
        sends=tuple(_open_sends(access)[:MOST_ROWS]),
    )


def _open_sends(access: Access) -> QuerySet[ListTask]:
    rows = ListTask.objects.filter(state__in=ListTask.OPEN).select_related("message", "account")
    return scope(rows, access).order_by("pk")


def _rows(state: State) -> QuerySet[Recipient]:
    if state in Recipient.LINES:
        return Recipient.objects.filter(line=Recipient.LINES[state]).exclude(state=State.SENDING)
    return Recipient.objects.filter(state=state, pk__in=are_leased())


def _lines(rows: Mapping[State, QuerySet[Recipient]]) -> tuple[Line, ...]:
    lines: dict[tuple[int, int], Line] = {}
    for state, found in rows.items():
        for group in _by_domain(found):
            fresh = _line(group)
            line = lines.setdefault((fresh.account_id, fresh.domain_id), fresh)
            line.states[state.value] = line.states.get(state.value, 0) + group["number"]
            line.oldest = min(line.oldest or group["oldest"], group["oldest"])
    return tuple(sorted(lines.values(), key=lambda line: -line.total)[:MOST_ROWS])


def _by_domain(found: QuerySet[Recipient]) -> Iterable[dict[str, Any]]:
    looked_at = Recipient.objects.filter(pk__in=found.values("pk")[:MOST])
    keys = ("account_id", "account__name", "message__domain_id", "message__domain__name")
    groups = looked_at.values(*keys).annotate(number=Count("pk"), oldest=Min("message__accepted_at"))
    rows: Iterable[dict[str, Any]] = groups[: MOST_ROWS * 4]
    return rows


def _line(group: Mapping[str, Any]) -> Line:
    return Line(
        account_id=group["account_id"],
        account=group["account__name"],
        domain_id=group["message__domain_id"] if group["message__domain__name"] else 0,  # deleted ones together
        domain=group["message__domain__name"] or "",
    )


def _destinations(deferred: QuerySet[Recipient]) -> tuple[Destination, ...]:
    """Return where mail was tried and put off, the most first."""
    tried = Recipient.objects.filter(pk__in=deferred.filter(attempts__gt=0).values("pk")[:MOST])
    groups = (
        tried.values("domain")
        .annotate(number=Count("pk"), next_try=Min("next_attempt_at"), last=Max("pk"))
        .order_by(F("number").desc())[:MOST_ROWS]
    )
    found = list(groups)
    replies = _last_replies([group["last"] for group in found])
    return tuple(
        Destination(
            domain=group["domain"],
            number=group["number"],
            next_try=group["next_try"],
            reply=replies.get(group["last"], ""),
        )
        for group in found
    )


def _last_replies(recipient_ids: list[int]) -> dict[int, str]:
    """Return what was said at the last try of each of these recipients."""
    tries = Attempt.objects.filter(Q(recipient_id__in=recipient_ids)).order_by("recipient_id", "number")
    return {row.recipient_id: f"{row.code or ''} {row.reply}".strip() for row in tries[: MOST_ROWS * 20]}

"""Why mail did not arrive: copies that came to an end without being delivered, by reason; from the events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import BooleanField, Case, Count, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Lower

from tracking.models import EventType, Suppression
from tracking.queries.lines import Split, by_keys, events_of, page_of, sum_up
from tracking.queries.room import room_to_work

ENDS: Final = (EventType.BOUNCED, EventType.EXPIRED, EventType.SUPPRESSED, EventType.FAILED)
OTHER: Final = "other"

_ANSWERED: Final = (EventType.BOUNCED, EventType.EXPIRED)  # what a receiver said, for good or until we gave up
_MALFORMED = Q(enhanced="5.1.3")  # RFC 3463: bad destination mailbox address syntax
_SILENT = Q(type=EventType.EXPIRED, category="")


def _said(*kinds: str) -> Q:
    """Return what holds of refusals of these kinds (gateway.engine.reply_words.Kind)."""
    return Q(type__in=_ANSWERED, category__in=kinds) & ~_MALFORMED


# The first that holds; whatever none of these says is OTHER.
REASONS: Final[Mapping[str, Q]] = {
    "suppressed": Q(type=EventType.SUPPRESSED, is_wish=False),
    "unsubscribed": Q(type=EventType.SUPPRESSED, is_wish=True),
    "unreachable": _said("network", "system") | _SILENT,
    "malformed": Q(type__in=(*_ANSWERED, EventType.FAILED)) & _MALFORMED,
    "unwelcome": _said("blocked", "policy", "authentication", "rate", "greylist"),
    "unknown": _said("recipient"),
    "content": _said("content"),
    "mailbox": _said("mailbox", "full", "sender"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusals:
    """How many copies did not arrive in an hour or day, by each of REASONS and OTHER. `smtp_user_id` is 0 for none."""

    start: datetime
    smtp_user_id: int
    tag: str
    receiver: str
    counts: Mapping[str, int]


def refusals(split: Split, *, skip: int, limit: int) -> tuple[int, list[Refusals]]:
    """Return how many lines there are, and some of them, those of the earliest time first; always by receiving domain."""
    parts = [by_keys(split, tag, rows, by_receiver=True).annotate(**_counting()) for tag, rows in _ends(split)]
    with room_to_work():
        total, found = page_of(parts, skip, limit)
    return total, [_line(*row) for row in found]


def whole(split: Split) -> dict[str, int]:
    """Sum up the reasons of all lines."""
    with room_to_work():
        return _by_reason(sum_up([*_ends(split)], _counting()))


def _ends(split: Split) -> Iterator[tuple[str, QuerySet[Any]]]:
    wishes = Suppression.objects.for_account(split.wanted.account_id).filter(
        email=Lower(OuterRef("recipient")), cause=Suppression.Cause.UNSUBSCRIBED
    )
    # Asked of those alone that it may hold of.
    is_wish = Case(When(type=EventType.SUPPRESSED, then=Exists(wishes)), default=Value(False), output_field=BooleanField())
    for tag, rows in events_of(split):
        yield tag, rows.filter(type__in=ENDS).annotate(is_wish=is_wish)


def _counting() -> dict[str, Any]:
    return {"all": Count("id"), **{f"of_{name}": Count("id", filter=condition) for name, condition in REASONS.items()}}


def _line(start: datetime, smtp_user_id: int, tag: str, receiver: str, *numbers: int) -> Refusals:
    return Refusals(start=start, smtp_user_id=smtp_user_id, tag=tag, receiver=receiver, counts=_by_reason(numbers))


def _by_reason(numbers: Any) -> dict[str, int]:
    every, *known = numbers
    return {**dict(zip(REASONS, known, strict=True)), OTHER: every - sum(known)}

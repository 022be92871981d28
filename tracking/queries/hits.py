"""Who opened and clicked, and when: the arrays of getMessageInfo (SendClean)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from tracking.models import Event, EventType

MOST_HITS: Final = 1_000  # of one recipient, the first ones, opens and clicks each
MOST_RECIPIENTS: Final = 1_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """Opens or clicks of one recipient in their order: four lists of one length. Times are milliseconds since 1970."""

    times: Sequence[int] = ()
    addresses: Sequence[str] = ()
    agents: Sequence[str] = ()
    urls: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interactions:
    opens: Hits = field(default_factory=Hits)
    clicks: Hits = field(default_factory=Hits)


def interactions(account_id: int, recipients: Mapping[int, int]) -> dict[int, Interactions]:
    """Return the opens and clicks of recipients, given as recipient -> message: events are found by message.

    Whoever neither opened nor clicked has empty lists; so has another account's.
    """
    if len(recipients) > MOST_RECIPIENTS:
        raise ValueError(f"At most {MOST_RECIPIENTS} recipients at once.")
    hits: dict[tuple[int, str], list[Event]] = defaultdict(list)
    for event in _hits(account_id, recipients.keys(), set(recipients.values())):
        hits[event.recipient_id, event.type].append(event)
    return {
        recipient_id: Interactions(
            opens=_hits_of(hits[recipient_id, EventType.OPENED.value]),
            clicks=_hits_of(hits[recipient_id, EventType.CLICKED.value]),
        )
        for recipient_id in recipients
    }


def _hits(account_id: int, recipient_ids: Collection[int], message_ids: Collection[int]) -> Sequence[Event]:
    rows = Event.objects.for_account(account_id).filter(
        message_id__in=message_ids, recipient_id__in=recipient_ids, type__in=(EventType.OPENED, EventType.CLICKED)
    )
    place = Window(RowNumber(), partition_by=[F("recipient_id"), F("type")], order_by=[F("at"), F("id")])
    return list(rows.annotate(place=place).filter(place__lte=MOST_HITS).order_by("at", "id"))


def _hits_of(events: Sequence[Event]) -> Hits:
    return Hits(
        times=[(event.at - _EPOCH) // timedelta(milliseconds=1) for event in events],
        addresses=[event.address for event in events],
        agents=[event.agent for event in events],
        urls=[event.url for event in events],
    )

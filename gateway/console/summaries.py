"""What the list of messages says of each one's recipients: one query for a whole page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.db.models import Case, Count, Min, When

from gateway.models import Message, Recipient

ORDER = {state: place for place, state in enumerate(Recipient.State.values)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The recipients of a message: the first one's address, how many there are, and how many in each state."""

    first: str = ""
    total: int = 0
    states: dict[str, int] = field(default_factory=dict)

    @property
    def others(self) -> int:
        return self.total - 1


def summarise(messages: Iterable[Message]) -> dict[int, Summary]:
    """Return the summaries of messages by primary key; a message without recipients has none."""
    rows = (
        Recipient.objects.filter(message_id__in=[message.pk for message in messages])
        .values_list("message_id", "state")
        .annotate(number=Count("pk"), first=Min(Case(When(position=0, then="email"))))
        .order_by("message_id")
    )
    summaries: dict[int, Summary] = {}
    for message_id, state, number, first in rows:
        known = summaries.get(message_id, Summary())
        summaries[message_id] = Summary(
            first=known.first or first or "",
            total=known.total + number,
            states=dict(sorted({**known.states, state: number}.items(), key=lambda item: ORDER.get(item[0], 99))),
        )
    return summaries

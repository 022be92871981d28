"""Leases: which claims a drain has copies of, and which recipients are being sent.

That a recipient is being sent stands in no index of its own, as each claim would have to write to it: who looks for what is
being sent goes by the leases, which name it and some that have just ended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from django.db.models.expressions import RawSQL

from gateway.base import bulk
from gateway.base.statement import Statement
from gateway.engine.letter import Copy

# A query for the keys of recipients that are being sent, or were a moment ago.
RECIPIENTS: Final = Statement(
    postgresql="SELECT key::bigint FROM gateway_lease l CROSS JOIN json_array_elements_text(l.recipients::json) AS key",
    sqlite="SELECT key.value FROM gateway_lease l JOIN json_each(l.recipients) AS key",
)


def are_leased() -> RawSQL:
    """Return RECIPIENTS for a queryset of the ORM: `pk__in=are_leased()`."""
    return RawSQL(RECIPIENTS.postgresql if bulk.is_postgresql() else RECIPIENTS.sqlite, ())  # noqa: S611 - words of our own


class Held:
    """Counts the copies that a drain has of each claim, from the claim until what came of them is written."""

    def __init__(self) -> None:
        self._copies: Counter[int] = Counter()

    def take(self, copies: Iterable[Copy]) -> None:
        """Take that these were claimed."""
        self._copies.update(copy.lease_id for copy in copies)

    def ended_by(self, copies: Iterable[Copy]) -> list[int]:
        """Return the leases that have nothing left once these have come back."""
        return [lease for lease, number in Counter(copy.lease_id for copy in copies).items() if self._copies[lease] == number]

    def come_back(self, copies: Iterable[Copy]) -> None:
        """Take that what came of these is written."""
        for copy in copies:
            self._copies[copy.lease_id] -= 1
            if not self._copies[copy.lease_id]:
                del self._copies[copy.lease_id]

"""What an account's mail says of its sender, in one number."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.base import clock
from tracking.queries import EventFilter, totals

SPAN: Final = timedelta(days=30)
UNKNOWN: Final = 50  # of an account that has sent nothing lately


def reputation_of(account_id: int) -> int:
    """Return the percentage of an account's copies of the last 30 days that arrived and drew no complaint.

    It is of those that arrived, were sent to addresses that do not exist, or were not wanted: full mailboxes and servers that
    are down say nothing of the sender.
    """
    now = clock.now()
    counts = totals(EventFilter(account_id=account_id, since=now - SPAN, until=now)).counts
    judged = counts["delivered"] + counts["bounced_hard"] + counts["bounced_block"]
    return max(0, 100 * (counts["delivered"] - counts["complained"]) // judged) if judged else UNKNOWN

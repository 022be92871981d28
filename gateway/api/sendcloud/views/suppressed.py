"""What bounce/* and unsubscribe/* have in common: they list and delete the account's suppressions of one cause."""

from __future__ import annotations

from typing import ClassVar

from django.db.models import QuerySet

from accounts.audit import remember
from gateway.api.asked import Asked
from gateway.api.sendcloud.parse.spans import Span, read_span
from gateway.api.sendcloud.views.base import ChangingView
from tracking.models import Suppression
from tracking.queries.suppressed import find_suppressed
from tracking.suppressions import remove

MOST_NAMED = 100  # addresses that the audit names


def suppressed(asked: Asked, cause: Suppression.Cause, span: Span) -> QuerySet[Suppression]:
    """Return the account's suppressions of a cause that a call is about, the newest first."""
    return find_suppressed(asked.account_id, cause, email=span.email, since=span.since, until=span.until)


class DeleteSuppressed(ChangingView):
    """Takes addresses off the list; it answers with how many they were."""

    cause: ClassVar[Suppression.Cause]
    is_atomic = False  # they go in batches

    def change(self, asked: Asked) -> int:
        rows = suppressed(asked, self.cause, read_span(asked))
        emails = list(rows.values_list("email", flat=True)[:MOST_NAMED])
        if not emails:
            return 0
        done = f"removed {self.cause.value} addresses of"
        how = {"count": rows.count(), "emails": emails}
        remember(asked.get_account(), done, actor=asked.actor, address=asked.client, **how)
        return remove(rows)

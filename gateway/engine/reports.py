"""What became of the mail that a customer gave an id of its own (X-Unique-Id): page by page, one report for each copy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.models import Attempt, Recipient
from tracking.queries import Hits, Interactions, interactions

PAGE: Final = 100
MOST_PAGES: Final = 10_000

_FIELDS: Final = ("id", "message_id", "email", "state", "attempts")
_OF_MESSAGE: Final = ("subject", "sender", "size", "files_size", "accepted_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One copy and what became of it. Sizes are in bytes; of a copy that was tried, `size` is that of the mail as it went out.

    `source` is the address of ours that the last try came from, empty before the first.
    """

    subject: str
    sender: str
    email: str
    source: str
    size: int
    files_size: int
    state: str  # of Recipient.State
    is_tried: bool
    accepted_at: datetime
    opens: Hits
    clicks: Hits


def report_on(account_id: int, unique_id: str, page: int = 0) -> list[Report]:
    """Return page `page`, from 0, of an account's copies with this id: the oldest message first, copies by their positions.

    The order never changes, so that pages do not shift while mail goes out. Beyond the last page there is nothing.
    """
    copies = _find_copies(account_id, unique_id, page) if unique_id else []
    tries = _last_tries(account_id, [copy["id"] for copy in copies])
    read = interactions(account_id, {copy["id"]: copy["message_id"] for copy in copies})
    return [_report(copy, tries.get(copy["id"], ("", 0)), read[copy["id"]]) for copy in copies]


def _find_copies(account_id: int, unique_id: str, page: int) -> list[dict[str, Any]]:
    rows = Recipient.objects.for_account(account_id).filter(message__account_id=account_id, message__unique_id=unique_id)
    fields = (*_FIELDS, *(f"message__{name}" for name in _OF_MESSAGE))
    return list(rows.order_by("message_id", "position").values(*fields)[page * PAGE : (page + 1) * PAGE])


def _last_tries(account_id: int, recipient_ids: Collection[int]) -> dict[int, tuple[str, int]]:
    """Return source and size of each recipient's last try; one that is under way has none yet."""
    tries = Attempt.objects.for_account(account_id).filter(recipient_id__in=recipient_ids).order_by("recipient_id", "number")
    return {key: (source, size) for key, source, size in tries.values_list("recipient_id", "source", "size")}


def _report(copy: Mapping[str, Any], last: tuple[str, int], read: Interactions) -> Report:
    source, size = last
    return Report(
        subject=copy["message__subject"],
        sender=copy["message__sender"],
        email=copy["email"],
        source=source,
        size=size or copy["message__size"],
        files_size=copy["message__files_size"],
        state=copy["state"],
        is_tried=copy["attempts"] > 0,
        accepted_at=copy["message__accepted_at"],
        opens=read.opens,
        clicks=read.clicks,
    )

"""What is read of webhooks: which an account has, how they fare, and what exactly was sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from gateway.base import bulk, clock
from gateway.base.errors import FieldInvalid
from tracking import outbox
from tracking.formats import FORMATS
from tracking.models import Webhook, WebhookDelivery
from tracking.statistics import hour_of
from tracking.webhooks import sql, ways
from tracking.webhooks.calls import Call, make_call

HOURS: Final = 24  # that the chart shows
MOST_CHARTED: Final = 10_000  # deliveries that it counts, the latest first
MOST_MATES: Final = max(outbox.GATHERED, *(form.batch for form in FORMATS.values()))  # deliveries of one body
PAGE: Final = 1000  # webhooks of a list
LAST_KEY: Final = 2**63 - 1

_COLUMNS: Final = ("pk", "webhook_id", "event_at", "event_id", "attempts", "attempts_before", "batch")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """What became of one hour's events."""

    at: datetime
    done: int = 0
    failed: int = 0
    waiting: int = 0

    @property
    def total(self) -> int:
        return self.done + self.failed + self.waiting


def get_webhook(account_id: int, key: int, *, format_name: str) -> Webhook:
    """Return an account's webhook of a format by its primary key; raise FieldInvalid where it has none of that key."""
    rows = Webhook.objects.for_account(account_id).filter(format=format_name)
    found: Webhook | None = rows.filter(pk=key).first() if 0 < key <= LAST_KEY else None
    if found is None:
        raise FieldInvalid("webhook_id", f"This account has no webhook {key}.", value=str(key))
    return found


def list_webhooks(account_id: int, page: int = 0, *, format_name: str) -> list[Webhook]:
    """Return a page of an account's webhooks of a format, the oldest first; pages count from 0."""
    rows = Webhook.objects.for_account(account_id).filter(format=format_name)
    return list(rows.order_by("pk")[page * PAGE : (page + 1) * PAGE])


def load_hours(webhook: Webhook) -> list[Hour]:
    """Return the last hours, oldest first, counted over the latest MOST_CHARTED deliveries."""
    this = hour_of(clock.now())
    hours = [this - timedelta(hours=back) for back in reversed(range(HOURS))]
    rows = WebhookDelivery.objects.filter(webhook=webhook, event_at__gte=hours[0]).order_by("-event_at", "-event_id")
    counts: dict[tuple[datetime, str], int] = {}
    for at, state in rows.values_list("event_at", "state")[:MOST_CHARTED]:
        key = hour_of(at), "waiting" if state == WebhookDelivery.State.SENDING else state
        counts[key] = counts.get(key, 0) + 1
    return [Hour(at=at, **{name: counts.get((at, name), 0) for name in ("done", "failed", "waiting")}) for at in hours]


def load_call(delivery: WebhookDelivery) -> Call:
    """Return the call that a delivery went out with, its body to the byte, its headers as they would be now."""
    mates = WebhookDelivery.objects.filter(webhook_id=delivery.webhook_id)
    mates = mates.filter(batch=delivery.batch) if delivery.batch else mates.filter(pk=delivery.pk)
    rows = [sql.Leased._make(row) for row in mates.order_by("pk").values_list(*_COLUMNS)[:MOST_MATES]]
    with bulk.raw_cursor() as cursor:
        keys = [(row.event_at, row.event_id) for row in rows]
        events = sql.load_events(cursor, keys)
        ways.add_ways(cursor, events, keys if FORMATS[delivery.webhook.format].names_way else ())
    return make_call(delivery.webhook, rows, events)

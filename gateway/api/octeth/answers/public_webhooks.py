"""What the calls of /api/v1/webhooks say: the seed's shapes, and those of newer versions beside them (contracts.md 4.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.api.octeth.answers.base import Part
from tracking.formats.octeth import words_of
from tracking.models import Webhook


class WebhookAdded(Part, kw_only=True, frozen=True):
    """The answer to POST."""

    new_webhook_id: str


class WebhookRow(Part, kw_only=True, frozen=True):
    """A webhook and an event that it is told of; one that is told of several has a row for each."""

    webhook_id: int
    event: str
    url: str
    webhook_url: str
    status: str  # Active or Disabled


class WebhookRows(Part, kw_only=True, frozen=True):
    """The answer to GET."""

    webhooks: list[WebhookRow]
    total_records: int  # webhooks, of all pages


class WebhookDeleted(Part, kw_only=True, frozen=True):
    """The answer to DELETE; newer versions answer an empty object, which this is as well to who looks for nothing in it."""

    message: str = "Webhook successfully deleted."


def list_rows(webhooks: Iterable[Webhook]) -> list[WebhookRow]:
    return [row for webhook in webhooks for row in _rows_of(webhook)]


def _rows_of(webhook: Webhook) -> Iterator[WebhookRow]:
    status = "Active" if webhook.is_active else "Disabled"
    for word in words_of(webhook.events):
        yield WebhookRow(webhook_id=webhook.pk, event=word, url=webhook.url, webhook_url=webhook.url, status=status)

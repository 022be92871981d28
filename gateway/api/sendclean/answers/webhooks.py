"""What SendClean says of webhooks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from django.http import HttpResponse

from gateway.api.base import json_answer
from gateway.api.sendclean.answers.settings import seconds_of
from gateway.base.sealing import CannotOpen
from tracking.formats.sendclean import CHOICES
from tracking.models import BounceType, EventType, Webhook
from tracking.webhooks.calls import open_key


class WebhookKey(msgspec.Struct, frozen=True, kw_only=True):
    """A webhook's new key."""

    status: str = "success"
    message: str
    webhook_id: int
    key: str


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One webhook. `key` is empty where it does not open any more; reset it then."""

    webhook_id: int
    url: str
    event: str
    key: str
    store_log: str
    description: str
    create_date: int


class Told(Listed, frozen=True, kw_only=True):
    """One webhook and how it fares: when events last arrived there, null for never, and how many did in all."""

    last_success: int | None
    total_event: int


class WebhookList(msgspec.Struct, frozen=True, kw_only=True):
    """The account's webhooks."""

    status: str = "success"
    webhook_list: list[Listed]


class WebhookInfo(msgspec.Struct, frozen=True, kw_only=True):
    """All about one webhook."""

    status: str = "success"
    webhook_data: Told


def answer_key(message: str, webhook: Webhook, key: str) -> HttpResponse:
    return json_answer(WebhookKey(message=message, webhook_id=webhook.pk, key=key))


def answer_webhooks(webhooks: Iterable[Webhook]) -> HttpResponse:
    return json_answer(WebhookList(webhook_list=[Listed(**_columns(webhook)) for webhook in webhooks]))


def answer_webhook(webhook: Webhook) -> HttpResponse:
    at = webhook.last_success_at
    told = Told(**_columns(webhook), last_success=seconds_of(at) if at else None, total_event=webhook.delivered)
    return json_answer(WebhookInfo(webhook_data=told))


def words_of(webhook: Webhook) -> str:
    """Return the events that a webhook is told of, in the vendor's words; none chosen are all."""
    chosen = set(webhook.events)
    if EventType.BOUNCED in chosen:
        chosen |= set(BounceType.values)
    return ",".join(word for word, kinds in CHOICES.items() if not chosen or chosen & set(kinds))


def _columns(webhook: Webhook) -> dict[str, Any]:
    return {
        "webhook_id": webhook.pk,
        "url": webhook.url,
        "event": words_of(webhook),
        "key": _key_of(webhook),
        "store_log": "Enable" if webhook.keeps_log else "Disable",
        "description": webhook.description,
        "create_date": seconds_of(webhook.created_at),
    }


def _key_of(webhook: Webhook) -> str:
    try:
        return open_key(webhook)
    except CannotOpen:
        return ""

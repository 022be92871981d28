"""Webhooks as the commands show them: the seed's fields, and those of newer versions beside them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from gateway.api.octeth.answers.base import Done, Part
from tracking.formats.octeth import PRIVATE_WORDS, words_of
from tracking.models import Webhook

_PRIVATE: Final = {public: private for private, public in PRIVATE_WORDS.items()}


class WebhookItem(Part, kw_only=True, frozen=True):
    """A webhook. Newer versions know one event for each, which `event` names; of several, all with commas."""

    webhook_id: str
    url: str
    webhook_url: str
    events: list[str]
    event: str


class WebhookAdded(Done, kw_only=True, frozen=True):
    new_webhook_id: str


class WebhookList(Done, kw_only=True, frozen=True):
    """`signing_key` is empty for those who may only look."""

    signing_key: str
    webhooks: list[WebhookItem]


class SigningKeyChanged(Done, kw_only=True, frozen=True):
    signing_key: str


def show(webhook: Webhook) -> WebhookItem:
    words = _words(webhook.events)
    url = webhook.url
    return WebhookItem(webhook_id=str(webhook.pk), url=url, webhook_url=url, events=words, event=",".join(words))


def _words(events: Collection[str]) -> list[str]:
    return [_PRIVATE[word] for word in words_of(events)]

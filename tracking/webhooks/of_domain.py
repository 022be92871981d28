"""The webhooks of one sender domain, in Octeth's format: listed, added, deleted. They share the domain's key (keys.py)."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import QuerySet

from domains.models import SenderDomain
from gateway.base.errors import FieldInvalid
from tracking.models import Webhook
from tracking.webhooks import actions
from tracking.webhooks.keys import FORMAT


def webhooks_of(account_id: int, domain_id: int) -> QuerySet[Webhook]:
    """Return the webhooks of an account's domain, the oldest first."""
    return Webhook.objects.for_account(account_id).filter(domain_id=domain_id, format=FORMAT).order_by("pk")


def add_webhook(domain: SenderDomain, url: str, events: Collection[str]) -> Webhook:
    """Make a webhook of a domain; raise FieldInvalid for a `url` that cannot be called, and QuotaExceeded."""
    webhook, _ = actions.add_webhook(domain.account, url, events=events, format_name=FORMAT, domain=domain)
    return webhook


def delete_webhook(account_id: int, domain_id: int, webhook_id: int) -> None:
    """Delete a webhook of a domain; raise FieldInvalid for `webhook` where it has none of that key."""
    found = webhooks_of(account_id, domain_id).filter(pk=webhook_id).first()
    if found is None:
        raise FieldInvalid("webhook", f"There is no webhook {webhook_id}.", value=str(webhook_id))
    actions.delete(found)

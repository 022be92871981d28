"""The webhooks of one sender domain, in Octeth's format: listed, added, deleted, and all signed with one key, the domain's."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from domains.models import SenderDomain
from gateway.base import sealing
from gateway.base.errors import FieldInvalid, Unsupported
from gateway.base.sealing import CannotOpen
from tracking import outbox
from tracking.formats import FORMATS
from tracking.models import Webhook
from tracking.webhooks.actions import check_limit, check_works, keep_new
from tracking.webhooks.calls import open_key, place_of

FORMAT: Final = Webhook.Format.OCTETH


def webhooks_of(account_id: int, domain_id: int) -> QuerySet[Webhook]:
    """Return the webhooks of an account's domain, the oldest first."""
    return Webhook.objects.for_account(account_id).filter(domain_id=domain_id, format=FORMAT).order_by("pk")


def add_webhook(domain: SenderDomain, url: str, events: Collection[str]) -> Webhook:
    """Make a webhook of a domain; raise FieldInvalid for a `url` that cannot be called, and QuotaExceeded."""
    check_limit(domain.account)
    check_works(url, FORMAT, key="")
    webhook = Webhook(account=domain.account, domain=domain, url=url, events=sorted(events), format=FORMAT)
    with transaction.atomic():
        _lock(domain)
        keep_new(webhook, find_key(domain) or FORMATS[FORMAT].make_key())
    return webhook


def delete_webhook(account_id: int, domain_id: int, webhook_id: int) -> None:
    """Delete a webhook of a domain; raise FieldInvalid for `webhook` where it has none of that key."""
    found = webhooks_of(account_id, domain_id).filter(pk=webhook_id).first()
    if found is None:
        raise FieldInvalid("webhook", f"There is no webhook {webhook_id}.", value=str(webhook_id))
    found.delete()
    outbox.forget()


def find_key(domain: SenderDomain) -> str:
    """Return the key that a domain's calls are signed with, empty while it has no webhook; raise Unsupported."""
    first = webhooks_of(domain.account_id, domain.pk).first()
    try:
        return open_key(first) if first is not None else ""
    except CannotOpen:
        raise Unsupported("The signing key does not open, as GATEPOST_SECRET_KEYS was changed. Regenerate it.") from None


def reset_key(domain: SenderDomain) -> str:
    """Sign the calls of all webhooks of a domain with a new key from now on, and return it."""
    key = FORMATS[FORMAT].make_key()
    with transaction.atomic():
        _lock(domain)
        for webhook in webhooks_of(domain.account_id, domain.pk):
            webhook.sealed_key = sealing.seal(key.encode(), place_of(webhook.account_id, webhook.pk))
            webhook.save(update_fields=["sealed_key"])
    return key


def _lock(domain: SenderDomain) -> None:
    """Let two changes of a domain's webhooks come one after the other: both the first ones, they would have two keys."""
    SenderDomain.objects.select_for_update().get(pk=domain.pk)

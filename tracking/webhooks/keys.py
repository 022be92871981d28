"""Which key a webhook's calls are signed with: its own, or in Octeth's format its sender domain's, which they all share.

The domain keeps that key, so that it is there before its first webhook and after its last. Each webhook has a copy, sealed for
its own row: whoever calls it looks at the webhook alone.
"""

from __future__ import annotations

from typing import Final

from django.db import transaction

from domains.models import SenderDomain
from gateway.base import sealing
from gateway.base.errors import FieldInvalid, Unsupported
from gateway.base.sealing import CannotOpen
from tracking.formats import FORMATS
from tracking.models import Webhook
from tracking.webhooks.calls import place_of

FORMAT: Final = Webhook.Format.OCTETH


def keep_key(webhook: Webhook, key: str) -> None:
    """Store the key of a webhook."""
    webhook.sealed_key = sealing.seal(key.encode(), place_of(webhook.account_id, webhook.pk))
    webhook.save(update_fields=["sealed_key"])


def has_domain_key(webhook: Webhook) -> bool:
    """Tell whether a webhook's key is that of its domain."""
    return webhook.format == FORMAT and webhook.domain_id is not None


def find_domain_key(domain: SenderDomain) -> str:
    """Return a domain's key, made when it is first asked for; raise Unsupported where it does not open."""
    if domain.sealed_signing_key:
        return _open(domain)
    with transaction.atomic():
        return hold_domain_key(domain.pk)


def hold_domain_key(domain_id: int) -> str:
    """Return a domain's key as `find_domain_key`, and keep it as it is until the transaction ends."""
    domain = _lock(domain_id)
    if not domain.sealed_signing_key:
        _keep(domain, FORMATS[FORMAT].make_key())
    return _open(domain)


def reset_domain_key(domain: SenderDomain) -> str:
    """Sign the calls of all webhooks of a domain with a new key from now on, and return it."""
    key = FORMATS[FORMAT].make_key()
    with transaction.atomic():
        _keep(_lock(domain.pk), key)
        for webhook in Webhook.objects.for_account(domain.account_id).filter(domain_id=domain.pk, format=FORMAT):
            keep_key(webhook, key)
    return key


def _lock(domain_id: int) -> SenderDomain:
    found = SenderDomain.objects.select_for_update().filter(pk=domain_id).first()
    if found is None:
        raise FieldInvalid("domain", "The sender domain was deleted meanwhile.", value=str(domain_id))
    return found


def _keep(domain: SenderDomain, key: str) -> None:
    domain.sealed_signing_key = sealing.seal(key.encode(), _place_of(domain))
    domain.save(update_fields=["sealed_signing_key"])


def _open(domain: SenderDomain) -> str:
    try:
        return sealing.unseal(bytes(domain.sealed_signing_key), _place_of(domain)).decode()
    except CannotOpen:
        raise Unsupported("The signing key does not open, as GATEPOST_SECRET_KEYS was changed. Regenerate it.") from None


def _place_of(domain: SenderDomain) -> str:
    return f"account:{domain.account_id}/domain:{domain.pk}/signing"

"""Webhooks in SendCloud's format, which their customers know by URL and SMTP user: found, listed, added, changed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Account
from accounts.queries import hold_account
from domains.models import SMTPUser
from gateway.base.errors import FieldInvalid
from tracking import outbox
from tracking.formats import FORMATS
from tracking.formats.sendcloud import CHOICES
from tracking.models import BounceType, EventType, Webhook
from tracking.webhooks import actions

FORMAT: Final = Webhook.Format.SENDCLOUD


def webhooks_of(account_id: int) -> QuerySet[Webhook]:
    """Return an account's webhooks, the oldest first."""
    return Webhook.objects.for_account(account_id).filter(format=FORMAT).select_related("smtp_user").order_by("pk")


def choices_of(webhook: Webhook) -> frozenset[int]:
    """Return the numbers of the kinds of events that a webhook is told of; none chosen are all."""
    chosen = set(webhook.events)
    if EventType.BOUNCED in chosen:
        chosen |= set(BounceType.values)
    return frozenset(number for number, types in CHOICES.items() if not chosen or chosen & set(types))


def get_webhook(account_id: int, url: str, smtp_user: SMTPUser | None, choices: Collection[int] | None = None) -> Webhook:
    """Return an account's webhook of a URL and an SMTP user, None for all; raise FieldInvalid for `webhook_id`.

    With `choices` it must be told of those kinds of events.
    """
    for found in webhooks_of(account_id).filter(url=url, smtp_user=smtp_user):
        if choices is None or choices_of(found) == set(choices):
            return found
    raise FieldInvalid("webhook_id", f"This account has no such webhook of {url[:200]}.", value=url)


def add_webhook(account: Account, url: str, smtp_user: SMTPUser | None, choices: Collection[int]) -> Webhook:
    """Make a webhook of all mail, or of that of an SMTP user. `choices` are kinds of events, none for all.

    Raises FieldInvalid for `webhook` where there is one of that URL and user, and for `url` as actions.add_webhook, and
    QuotaExceeded.
    """
    _check_free(account.pk, url, smtp_user)
    actions.check_limit(account)
    key = FORMATS[FORMAT].make_key()
    actions.check_works(url, FORMAT, key=key)
    webhook = Webhook(account=account, url=url, smtp_user=smtp_user, events=_types_of(choices), format=FORMAT)
    with transaction.atomic():
        hold_account(account.pk)  # two at once cannot both be the first
        _check_free(account.pk, url, smtp_user)
        actions.keep_new(webhook, key)
    return webhook


def move(webhook: Webhook, url: str) -> None:
    """Give a webhook another URL; raise FieldInvalid as `add_webhook`."""
    _check_free(webhook.account_id, url, webhook.smtp_user)
    actions.try_url(webhook, url)
    with transaction.atomic():
        _hold(webhook)
        _check_free(webhook.account_id, url, webhook.smtp_user)
        actions.keep_tried(webhook, url)


def tell_of(webhook: Webhook, smtp_user: SMTPUser | None) -> None:
    """Tell a webhook of another SMTP user's mail, or of all; raise FieldInvalid where there is one of that user and URL."""
    with transaction.atomic():
        _hold(webhook)
        _check_free(webhook.account_id, webhook.url, smtp_user)
        webhook.smtp_user = smtp_user
        webhook.save(update_fields=["smtp_user"])
    outbox.forget()


def choose(webhook: Webhook, choices: Collection[int]) -> None:
    """Tell a webhook of other kinds of events."""
    webhook.events = _types_of(choices)
    webhook.save(update_fields=["events"])
    outbox.forget()


def _types_of(choices: Collection[int]) -> list[str]:
    return sorted(str(kind) for number in choices for kind in CHOICES[number])


def _hold(webhook: Webhook) -> None:
    """Read a webhook anew while its account is held: two that change at once cannot both become the same."""
    hold_account(webhook.account_id)
    try:
        webhook.refresh_from_db()
    except Webhook.DoesNotExist:
        raise FieldInvalid("webhook_id", "The webhook was deleted meanwhile.", value=webhook.url) from None


def _check_free(account_id: int, url: str, smtp_user: SMTPUser | None) -> None:
    if webhooks_of(account_id).filter(url=url, smtp_user=smtp_user).exists():
        raise FieldInvalid("webhook", f"There is a webhook of {url[:200]} for this API user already.", value=url)

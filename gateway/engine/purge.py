"""Removes all that a purged account had, in batches of short commits. What stays: the account's row, its SMTP users' names and
secrets' hashes (so that their owners are told that the account is gone, decision 21, and no name is given twice), and the
audit of who purged it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, Final

from django.db import DatabaseError
from django.db.models import QuerySet

from accounts.models import Account, ApiSession, AuditEntry, IdempotencyKey, Membership, UsageCounter, User
from domains.models import APIKey, DKIMKey, SenderDomain, SMTPUser, TrackingDomain
from gateway.base import clock
from gateway.models import Attachment, Attempt, Content, ListTask, Message, Recipient
from templates_app.models import AddressList, Member, Template, TemplateVersion, UnsubscribePage
from tracking.models import Event, HourlyStatistic, Label, Suppression, Webhook, WebhookAttempt, WebhookDelivery

log = logging.getLogger(__name__)

BATCH: Final = 1000  # rows of one commit
KEPT: Final = (Account, SMTPUser, AuditEntry)

# What belongs to an account, each before what it hangs on, so that no delete has to look for rows below.
_ORDER: Final = (
    Event,
    HourlyStatistic,
    WebhookAttempt,
    WebhookDelivery,
    Webhook,
    Attempt,
    Recipient,
    Attachment,
    Content,
    ListTask,
    Message,
    Label,
    Suppression,
    Member,
    AddressList,
    TemplateVersion,
    Template,
    UnsubscribePage,
    APIKey,
    DKIMKey,
    TrackingDomain,
    SenderDomain,
    IdempotencyKey,
    UsageCounter,
    ApiSession,
)
_NO_FRAME: Final = dict.fromkeys(("header_html", "header_text", "footer_html", "footer_text"), "")
_PATHS: Final = {Attachment: "message__account_id", Content: "message__account_id"}  # which are never asked for by themselves


def purge_all(seconds: float) -> bool:
    """Go on with the accounts that are to be purged for as long as that; return whether nothing is left to do."""
    end = clock.monotonic() + seconds
    for account in Account.objects.filter(status=Account.Status.PURGED).exclude(name="").order_by("status_at"):
        try:
            for _ in _purge(account):
                if clock.monotonic() > end:
                    return False
        except DatabaseError:  # whatever is wrong with one account, the others are purged; this one is tried again
            log.exception("Account %d could not be purged.", account.pk)
    return True


def _purge(account: Account) -> Iterator[int]:
    """Remove an account's rows; yield after each commit how many were removed."""
    SMTPUser.objects.for_account(account).update(domain=None, is_deleted=True, note="", senders="")
    for model in _ORDER:
        while removed := _remove_batch(_rows(model, account)):
            yield removed
    _remove_people(account)
    # The name goes last: it is what tells that there is something left to do.
    Account.objects.filter(pk=account.pk).update(name="", **_NO_FRAME)


def _rows(model: Any, account: Account) -> QuerySet[Any]:
    path = _PATHS.get(model)
    rows: QuerySet[Any] = model.objects.filter(**{path: account.pk}) if path else model.objects.for_account(account)
    return rows


def _remove_batch(rows: QuerySet[Any]) -> int:
    keys = list(rows.order_by().values_list("pk", flat=True)[:BATCH])
    if keys:
        rows.model._default_manager.filter(pk__in=keys).delete()  # noqa: SLF001  Django's public name for it
    return len(keys)


def _remove_people(account: Account) -> None:
    """Remove the people who were in this account only, and everybody's role in it."""
    people = list(Membership.objects.for_account(account).values_list("user_id", flat=True))
    Membership.objects.for_account(account).delete()
    User.objects.filter(pk__in=people, is_operator=False, memberships=None).delete()
    AuditEntry.objects.for_account(account).exclude(action__startswith="purged").delete()

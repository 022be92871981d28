"""What changes webhooks: for the console and for every dialect's calls."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from accounts.models import Account
from accounts.queries import hold_account
from domains.models import SenderDomain, SMTPUser
from gateway.base import clock, wake
from gateway.base.errors import FieldInvalid, QuotaExceeded, Unsupported
from gateway.base.guarded import Answer, Client, check_url
from gateway.base.ids import make_name, make_public_id
from gateway.base.sealing import CannotOpen
from tracking import outbox
from tracking.formats import FORMATS, TEST, Format, Parcel, Telling
from tracking.models import Webhook, WebhookDelivery
from tracking.webhooks import keys, queue
from tracking.webhooks.calls import Call, open_key, with_names, write_call
from tracking.webhooks.fanout import post

REPLAYED_AT_ONCE: Final = 10_000  # deliveries of one replay; press again for more
LONGEST_URL: Final = 2000

State = WebhookDelivery.State


def add_webhook(
    account: Account,
    url: str,
    *,
    events: Collection[str] = (),
    format_name: str = Webhook.Format.STANDARD,
    domain: SenderDomain | None = None,
    smtp_user: SMTPUser | None = None,
    description: str = "",
    keeps_log: bool = True,
) -> tuple[Webhook, str]:
    """Make a webhook of an account and return it and its key, which may be read again at any time.

    `events` are types of events, none for all. Raises FieldInvalid for a URL that cannot be called, or that fails the test of
    a format that asks for one, and QuotaExceeded where the account has as many as it may.
    """
    check_limit(account)
    key = FORMATS[format_name].make_key()
    check_works(url, format_name, key=key)
    webhook = Webhook(
        account=account,
        url=url,
        events=sorted(events),
        format=format_name,
        domain=domain,
        smtp_user=smtp_user,
        description=description,
        keeps_log=keeps_log,
    )
    return webhook, keep_new(webhook, key)


def edit_webhook(
    webhook: Webhook,
    *,
    url: str,
    events: Collection[str] | None = None,
    description: str | None = None,
    keeps_log: bool | None = None,
) -> None:
    """Change a webhook's URL and what else is given, and leave what is None as it is; raise FieldInvalid as `add_webhook`.

    The URL is tried even where it stays the same, so a webhook that was disabled is enabled: it has just shown that it works.
    """
    try_url(webhook, url)
    given = {
        "events": None if events is None else sorted(events),
        "description": description,
        "keeps_log": keeps_log,
    }
    keep_tried(webhook, url, **{name: value for name, value in given.items() if value is not None})


def try_url(webhook: Webhook, url: str) -> None:
    """Raise FieldInvalid as `add_webhook` for a URL that a webhook is to have; it is called, so not within a transaction."""
    check_works(url, webhook.format, key=_open_key(webhook))


def keep_tried(webhook: Webhook, url: str, **changes: Any) -> None:
    """Store a URL that was tried, and what else changes; enable the webhook."""
    for name, value in {"url": url, **changes}.items():
        setattr(webhook, name, value)
    webhook.save(update_fields=["url", *changes])
    if not webhook.is_active:
        enable(webhook)
    outbox.forget()


def keep_new(webhook: Webhook, key: str) -> str:
    """Store a webhook that was checked, with its key, or with that of its domain instead; return which it is.

    Raises QuotaExceeded where another took the last place meanwhile.
    """
    with transaction.atomic():
        check_limit(hold_account(webhook.account_id))  # two at once cannot both be the last
        if webhook.domain_id is not None and keys.has_domain_key(webhook):
            key = keys.hold_domain_key(webhook.domain_id)
        webhook.sealed_key = b""
        webhook.save()
        keys.keep_key(webhook, key)
    outbox.forget()
    return key


def check_limit(account: Account) -> None:
    """Raise QuotaExceeded where an account has as many webhooks as it may."""
    most = account.max_webhooks
    if most is not None and account.webhooks.count() >= most:
        raise QuotaExceeded(f"The account may have {most} webhooks; delete one first.", limit=most)


def check_works(url: str, format_name: str, *, key: str) -> None:
    """Raise FieldInvalid for a URL that can never be called, or that fails the test which its format asks for."""
    problem = f"It is longer than {LONGEST_URL} characters." if len(url) > LONGEST_URL else check_url(url)
    if problem:
        raise FieldInvalid("url", f"This URL cannot be called. {problem}", value=url)
    if FORMATS[format_name].tries_url:
        fault = find_fault(format_name, _post_test(Webhook(url=url, format=format_name), key))
        if fault and not _answers_get(url, FORMATS[format_name]):
            raise FieldInvalid("url", f"This URL failed the test that is sent before it is saved. {fault}", value=url)


def find_fault(format_name: str, answer: Answer) -> str:
    """Say in a sentence why the answer to a test is none that its format wants; "" where it is."""
    if not FORMATS[format_name].is_success(answer):
        return answer.problem or f"It answered {answer.status}."
    return FORMATS[format_name].find_fault(answer)


def reset_key(webhook: Webhook) -> str:
    """Give a webhook a new key, or a new one to all that share it, and return it; calls are signed with it from now on."""
    if webhook.domain is not None and keys.has_domain_key(webhook):
        return keys.reset_domain_key(webhook.domain)
    key = FORMATS[webhook.format].make_key()
    keys.keep_key(webhook, key)
    return key


def follow_domain(webhook: Webhook) -> None:
    """Take up the key of the domain that a webhook is of now."""
    if webhook.domain_id is not None and keys.has_domain_key(webhook):
        with transaction.atomic():
            keys.keep_key(webhook, keys.hold_domain_key(webhook.domain_id))


def disable(webhook: Webhook, reason: str = "") -> None:
    """Send nothing more to a webhook, and fail what waits for it; `replay_failed` brings that back."""
    with transaction.atomic():
        queue.close(webhook, reason)


def enable(webhook: Webhook) -> None:
    """Send to a webhook (again), as if it had never failed."""
    webhook.is_active, webhook.disabled_reason = True, ""
    webhook.failures, webhook.paused_until, webhook.failing_since = 0, None, None
    webhook.save(update_fields=["is_active", "disabled_reason", "failures", "paused_until", "failing_since"])
    outbox.forget()


def delete(webhook: Webhook) -> None:
    """Delete a webhook. What waits for it is failed by the sweep, and goes with the deliveries that ended long ago."""
    webhook.delete()
    outbox.forget()


def send_test(webhook: Webhook) -> Answer:
    """Send an event that says it is a test, by the same client and in the same format, and return the answer within 10 s."""
    return _post_test(webhook, open_key(webhook))


def replay(delivery: WebhookDelivery) -> int:
    """Send a delivery that ended once more, with the same id and bytes, and those that went out with it; return how many."""
    mates = WebhookDelivery.objects.filter(webhook_id=delivery.webhook_id, state__in=(State.DONE, State.FAILED))
    return _replay(mates.filter(batch=delivery.batch) if delivery.batch else mates.filter(pk=delivery.pk))


def replay_failed(webhook: Webhook, since: datetime | None = None) -> int:
    """Send again what failed, of events from `since` on, at most REPLAYED_AT_ONCE with the oldest first; return how many."""
    failed = WebhookDelivery.objects.filter(webhook=webhook, state=State.FAILED)
    failed = failed.filter(event_at__gte=since) if since is not None else failed
    keys = list(failed.order_by("event_at", "event_id").values_list("pk", "batch")[:REPLAYED_AT_ONCE])
    batches: set[UUID] = {batch for _, batch in keys if batch is not None}
    alone = [key for key, batch in keys if batch is None]
    rows = WebhookDelivery.objects.filter(webhook=webhook, state=State.FAILED)
    return _replay(rows.filter(pk__in=alone)) + _replay(rows.filter(batch__in=batches))


def _replay(rows: QuerySet[WebhookDelivery]) -> int:
    now = clock.now()
    count = rows.update(state=State.WAITING, next_attempt_at=now, attempts_before=F("attempts"), lease_until=None, done_at=None)
    if count:
        transaction.on_commit(lambda: wake.hint(outbox.TASK))
    return count


def _open_key(webhook: Webhook) -> str:
    try:
        return open_key(webhook)
    except CannotOpen:
        raise Unsupported("The webhook's key does not open, as GATEPOST_SECRET_KEYS was changed. Reset it first.") from None


def _post_test(webhook: Webhook, key: str) -> Answer:
    form = FORMATS[webhook.format]
    parcel = Parcel(id=f"test_{make_name(16)}", url=webhook.url, key=key, tellings=(with_names(_test_telling(webhook), form),))
    call = write_call(Call(webhook=webhook, deliveries=(), format=form), parcel, clock.now())
    return asyncio.run(_post(call))


def _answers_get(url: str, form: Format) -> bool:
    """Tell whether a URL answers a GET, where its format takes that for an answer to its test too."""
    return form.takes_get and form.is_success(asyncio.run(_get(url, form.seconds)))


async def _get(url: str, seconds: float) -> Answer:
    async with Client() as client:
        return await client.get(url, {}, seconds=seconds)


async def _post(call: Call) -> Answer:
    async with Client() as client:
        return await post(client, call)


def _test_telling(webhook: Webhook) -> Telling:
    """Return an event that nobody can take for a real one: it names no message that exists."""
    return Telling(
        type=TEST,
        at=clock.now(),
        account_id=webhook.account_id or 0,
        domain_id=webhook.domain_id,
        smtp_user_id=webhook.smtp_user_id,
        message_id=0,
        public_id=make_public_id(),
        position=0,
        sequence=1,
        subject="Test of a webhook",
        sender="sender@example.com",
        recipient="recipient@example.com",
        recipient_domain="example.com",
        reply="This is a test: no mail was sent.",
    )

"""The outbox of webhooks: for each fact a row per endpoint that wants it, in the commit of the event."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid4

from django.db import transaction

from accounts.models import Account
from gateway.base import bulk, clock, wake
from gateway.base.cache import TimedCache
from tracking.formats import FORMATS
from tracking.models import BounceType, EventType, Webhook, WebhookDelivery
from tracking.statistics import HARD

if TYPE_CHECKING:
    from tracking.events import Fact

TASK: Final = "tracking.tasks.deliver_webhooks"
GATHERED: Final = 1000  # events of one message, at most, that are told in one body
_CLOSED: Final = (Account.Status.DELETED, Account.Status.PURGED)  # a suspended account hears later


Company = tuple[int, EventType]  # of which message, and what happened


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What one active webhook wants to hear of: types of events or bounces, of all mail or of a domain's or an SMTP user's."""

    webhook_id: int
    types: frozenset[str]
    gathers: frozenset[str] = frozenset()  # types, see Format
    domain_id: int | None = None
    smtp_user_id: int | None = None

    def wants(self, fact: Fact) -> bool:
        return (
            (fact.type.value in self.types or _bounce_of(fact) in self.types)
            and self.domain_id in {None, fact.origin.domain_id}
            and self.smtp_user_id in {None, fact.origin.smtp_user_id}
        )


def _bounce_of(fact: Fact) -> BounceType | None:
    if fact.type is not EventType.BOUNCED:
        return None
    return BounceType.HARD if fact.category in HARD else BounceType.SOFT


def add(cursor: bulk.Cursor, facts: Sequence[Fact]) -> None:
    """Write a delivery of each fact to each active webhook of its account that wants it, and wake the fan-out after commit.

    Which webhooks there are is known to two seconds.
    """
    accounts = {fact.origin.account_id for fact in facts}
    wanted = {account: found for account in accounts if (found := _subscriptions.get(account, _load))}
    if not wanted:
        return
    rows = list(_rows(facts, wanted))
    if rows:
        bulk.insert(cursor, bulk.table_of(WebhookDelivery, leaves_out=("id",)), rows)
        transaction.on_commit(partial(wake.hint, TASK))


def forget() -> None:
    """Forget what was looked up, so that this process sees a change at once."""
    _subscriptions.clear()


def _rows(facts: Sequence[Fact], wanted: dict[int, tuple[Subscription, ...]]) -> Iterator[tuple[Any, ...]]:
    now = clock.now()
    sizes = Counter(map(_company_of, facts))
    places: Counter[Company] = Counter()
    batches: defaultdict[tuple[int, Company, int], UUID] = defaultdict(uuid4)
    for fact in facts:
        company = _company_of(fact)
        for subscription in wanted.get(fact.origin.account_id, ()):
            if subscription.wants(fact):
                is_gathered = fact.type in subscription.gathers and sizes[company] > 1
                body = (subscription.webhook_id, company, places[company] // GATHERED)
                yield _row(subscription.webhook_id, fact, now, batches[body] if is_gathered else None)
        places[company] += 1


def _company_of(fact: Fact) -> Company:
    return fact.origin.message_id, fact.type


def _row(webhook_id: int, fact: Fact, now: datetime, batch: UUID | None) -> tuple[Any, ...]:
    """Return a row in the order of the model's fields: after the state tries, when due, lease, batch, end, last answer."""
    return (webhook_id, fact.at, fact.id, WebhookDelivery.State.WAITING.value, 0, 0, now, None, batch, None, 0, "")


def _load(account_id: int) -> tuple[Subscription, ...]:
    rows = Webhook.objects.for_account(account_id).filter(is_active=True).exclude(account__status__in=_CLOSED)
    columns = rows.values_list("pk", "format", "events", "domain_id", "smtp_user_id")
    return tuple(_subscription(*row) for row in columns)


def _subscription(
    webhook_id: int, format_name: str, events: Sequence[str], domain_id: int | None, smtp_user_id: int | None
) -> Subscription:
    told = frozenset(FORMATS[format_name].words)
    told |= frozenset(BounceType.values if EventType.BOUNCED in told else ())
    types = told & frozenset(map(str, events)) if events else told
    gathers = FORMATS[format_name].gathers
    return Subscription(webhook_id=webhook_id, types=types, gathers=gathers, domain_id=domain_id, smtp_user_id=smtp_user_id)


_subscriptions: TimedCache[int, tuple[Subscription, ...]] = TimedCache(seconds=2)

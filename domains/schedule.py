"""When DNS is looked at again: often while somebody waits for it, daily when all is well, hourly when it went wrong."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Final, TypeVar

from django.db import transaction
from django.db.models import Q

from accounts.models import Account
from domains.models import SenderDomain, TrackingDomain
from gateway.base import bulk
from gateway.base.statement import Statement

Checked = TypeVar("Checked", SenderDomain, TrackingDomain)

DAILY: Final = timedelta(days=1)
FAILING: Final = timedelta(hours=1)
CHECK_TASK: Final = "domains.tasks.check_due"
GIVE_UP: Final = timedelta(days=30)  # after which a domain that never came up is looked at only when somebody asks
LEASE: Final = timedelta(minutes=5)  # after which a check that was begun and never told of is taken up again
_JITTER: Final = 0.1
_FARTHEST: Final = 2 * DAILY  # that a check can lie ahead, unless the clock was set back since it was planned

# How long DNS is awaited already, and the pause until the next look.
_GROWING: Final = (
    (timedelta(minutes=5), timedelta(minutes=1)),
    (timedelta(minutes=30), timedelta(minutes=5)),
    (timedelta(hours=2), timedelta(minutes=15)),
    (timedelta(days=1), timedelta(hours=1)),
    (timedelta(days=3), timedelta(hours=6)),
)


def next_check(now: datetime, *, is_verified: bool, is_failing: bool, waits_since: datetime | None) -> datetime | None:
    """Return when to look again, None when nobody waits any more.

    `waits_since` is set where some record is still awaited, `is_failing` where DNS gave no answer or is about to undo a
    verification.
    """
    if is_verified and is_failing:
        return now + _spread(FAILING)
    waited = now - waits_since if waits_since is not None else GIVE_UP
    if not is_verified and waited >= GIVE_UP:
        return None
    return now + _spread(next((pause for age, pause in _GROWING if waited < age), DAILY))


def claim_due(model: type[Checked], now: datetime, most: int) -> list[Checked]:
    """Return up to `most` rows whose check is due, the accounts in turn, which no other process will take within LEASE."""
    with transaction.atomic(), bulk.raw_cursor() as cursor:
        found = _CLAIM[model].fetch(cursor, most=most, due_at=now, farthest=now + _FARTHEST, lease=now + LEASE)
    keys = [key for (key,) in found]
    return list(model.objects.filter(pk__in=keys))


def _claim_from(model: type[SenderDomain] | type[TrackingDomain]) -> Statement:
    """Return the statement that claims rows of a model, the accounts in turn: each one's first, then each one's second.

    An account's rows that were never checked come before its others. Of rows of the same turn these come first, too, then
    chance decides: a batch may have less room than there are accounts, and none of them waits for another's backlog.
    """
    table = model._meta.db_table  # noqa: SLF001 - the documented name of a model's description
    is_due = "(d.next_check_at <= {due_at} OR d.next_check_at > {farthest})"
    claim = f"""
        WITH ranked AS MATERIALIZED (
            SELECT d.id, row_number() OVER (
                PARTITION BY d.account_id ORDER BY d.checked_at IS NOT NULL, d.next_check_at, d.id
            ) AS turn
            FROM {table} d JOIN accounts_account a ON a.id = d.account_id
            WHERE {is_due} AND a.status <> '{Account.Status.PURGED}'
            -- A deleted account loses what it can no longer prove, for those who can.
            AND (a.status <> '{Account.Status.DELETED}' OR d.verified_at IS NOT NULL)
        ), picked AS MATERIALIZED (
            SELECT d.id FROM ranked JOIN {table} d ON d.id = ranked.id WHERE {is_due}
            ORDER BY ranked.turn, d.checked_at IS NOT NULL, random() LIMIT {{most}} {{locking}}
        )
        UPDATE {table} SET next_check_at = {{lease}} WHERE id IN (SELECT id FROM picked) RETURNING id
    """
    values = {"due_at": "timestamptz", "farthest": "timestamptz", "lease": "timestamptz", "most": "int"}
    return Statement(
        postgresql=claim.format(
            locking="FOR UPDATE OF d SKIP LOCKED", **{name: f"%({name})b::{kind}" for name, kind in values.items()}
        ),
        sqlite=claim.format(locking="", **{name: f":{name}" for name in values}),
    )


def wait_anew(row: SenderDomain | TrackingDomain, now: datetime) -> None:
    """Begin to wait for DNS anew: a record was changed, or somebody asks again after we gave up."""
    type(row).objects.filter(pk=row.pk).update(pending_since=now, next_check_at=now)


def look_at_hosts_within(domain: SenderDomain, now: datetime) -> None:
    """Have an account's tracking hosts within a domain looked at soon: what proved that they are its own has changed."""
    hosts = TrackingDomain.objects.for_account(domain.account_id).filter(
        Q(name=domain.name) | Q(name__endswith=f".{domain.name}")
    )
    keys = list(hosts.order_by("pk").select_for_update().values_list("pk", flat=True))  # in one order, so that no ring is made
    TrackingDomain.objects.filter(pk__in=keys).update(next_check_at=now)


def ask_again(row: SenderDomain | TrackingDomain, now: datetime) -> None:
    """Begin to wait anew where we had given up."""
    type(row).objects.filter(pk=row.pk, next_check_at=None).update(pending_since=now, next_check_at=now)


def _spread(pause: timedelta) -> timedelta:
    return pause * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311  nothing secret


_CLAIM: Final = {model: _claim_from(model) for model in (SenderDomain, TrackingDomain)}

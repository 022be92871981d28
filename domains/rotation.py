"""DKIM keys change with an overlap: new ones are made, DNS shows them, they sign, and the old ones' records stay for a while.

A key is next (neither active nor retired), active (signs new mail) or retired (signs nothing; its record is left for mail that
is under way), and then it is deleted together with its sealed private half.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from domains import keys
from domains.models import DKIMKey, SenderDomain
from domains.records import OVERLAP
from domains.schedule import wait_anew
from gateway.base import clock
from gateway.base.errors import FieldInvalid


def next_keys(domain: SenderDomain) -> QuerySet[DKIMKey]:
    """Return the keys of a rotation that waits for DNS."""
    rows: QuerySet[DKIMKey] = domain.dkim_keys.filter(is_active=False, retired_at=None)
    return rows


@transaction.atomic
def rotate_keys(domain: SenderDomain) -> list[DKIMKey]:
    """Make new keys, which take over one by one as a check finds them in DNS; return them.

    Raises FieldInvalid while earlier ones still wait for DNS.
    """
    SenderDomain.objects.select_for_update().get(pk=domain.pk)
    if next_keys(domain).exists():
        raise FieldInvalid("keys", f"New keys of {domain.name} wait for their records already; publish these, or cancel them.")
    made = keys.add_keys(domain, is_active=False)
    wait_anew(domain, clock.now())
    return made


@transaction.atomic
def cancel_rotation(domain: SenderDomain) -> int:
    """Delete the new keys that have not taken over; return how many."""
    return next_keys(domain).delete()[0]


def take_over(domain: SenderDomain, published: Collection[str], now: datetime) -> list[DKIMKey]:
    """Let next keys whose selectors are published sign, each in place of the active one of its algorithm; return them."""
    done = list(next_keys(domain).filter(selector__in=published).select_for_update())
    for key in done:
        domain.dkim_keys.filter(is_active=True, algorithm=key.algorithm).update(is_active=False, retired_at=now)
        key.is_active, key.published_at = True, now
        key.save(update_fields=["is_active", "published_at"])
    return done


def delete_retired(now: datetime, most: int = 1000) -> int:
    """Delete keys that were retired long enough ago; return how many."""
    old = DKIMKey.objects.filter(retired_at__lt=now - OVERLAP).order_by("retired_at").values_list("pk", flat=True)[:most]
    return int(DKIMKey.objects.filter(pk__in=list(old)).delete()[0])
